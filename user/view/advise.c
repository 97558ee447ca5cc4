// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "view/advise.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/sat.h"
#include "util/stats.h"
#include "view/advise_items.h"
#include "view/common.h"
#include "view/downtime.h"

/* What QEMU takes when nobody sets it: 300 ms (migration/options.c). */
#define DEFAULT_LIMIT_NS 300000000ULL
/* What is less of a stop is not worth a setting. */
#define WORTH_PERCENT	 5

/* What a limit of so many ns is set to: two digits, upwards. */
static uint64_t round_up(uint64_t ns)
{
	uint64_t unit = 1;

	while (ns / unit >= 100)
		unit *= 10;
	return (ns + unit - 1) / unit * unit;
}

/* "12 s", "1.4 s", "270 ms": a limit as one types it. */
static const char *limit_text(char buf[UNITS_LEN], uint64_t ns)
{
	if (ns >= 1000000000)
		snprintf(buf, UNITS_LEN, "%g s", (double)ns / 1e9);
	else
		snprintf(buf, UNITS_LEN, "%g ms", (double)ns / 1e6);
	return buf;
}

/* ---- sentences ---- */

static struct advice_item *item(struct advice *a, const char *topic, enum advice_kind kind)
{
	struct advice_item *x;

	if (array_room(&a->item, a->n + 1, &a->cap, sizeof(*a->item))) {
		a->failed = true;
		return NULL;
	}
	x = &a->item[a->n++];
	x->topic = topic;
	x->kind = kind;
	x->value_ns = x->of_ns = MODEL_NONE;
	return x;
}

static void say(struct advice *a, char **to, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct advice *a, char **to, const char *fmt, ...)
{
	char *more = NULL, *all = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&more, fmt, ap) < 0) {
		more = NULL;
		a->failed = true;
	}
	va_end(ap);
	if (more && *to) {
		if (asprintf(&all, "%s%s", *to, more) < 0) {
			all = NULL;
			a->failed = true;
		}
		free(*to);
		free(more);
		*to = all;
	} else if (more) {
		*to = more;
	}
}

/* ---- the stops ---- */

static void take_stop(struct advice *a, const struct view_evidence *e, const struct migration *g)
{
	const struct side *src = model_side(e->model, g->source);
	struct advice_stop *s;
	uint32_t i;

	if (!src || g->stop.start_ns == MODEL_NONE || g->outcome != OUTCOME_COMPLETED ||
	    src->holes || src->joined_late)
		return;
	if (array_room(&a->stop, a->n_stops + 1, &a->cap_stops, sizeof(*a->stop))) {
		a->failed = true;
		return;
	}
	s = &a->stop[a->n_stops++];
	s->g = g;
	s->src = src;
	s->both = g->downtime_ns != MODEL_NONE;
	s->ns = migration_stop_ns(g);
	for (i = 0; i < src->n_devices; i++) {
		const struct side_device *d = model_side_device(e->model, src->id, i);
		const struct session *x = model_session(e->model, d->session);
		const struct model_device *md = model_device(e->model, d->device);

		if (!x)
			continue;
		if (x->window.start_ns != MODEL_NONE && x->window.io_ns > s->io_max_ns)
			s->io_max_ns = x->window.io_ns;
		/* Who did not say may have some. */
		if (x->initial_first &&
		    !(md && md->migration_flags && !(md->migration_flags & MIG_FLAG_PRE_COPY)))
			s->initial = true;
	}
}

/* Of what each stop says, MODEL_NONE left out: the median, and how many said it. */
static uint64_t median_of(struct advice *a, uint64_t (*get)(const struct advice_stop *s), size_t *n)
{
	uint64_t *v = calloc(a->n_stops + 1, sizeof(*v)), x, m = MODEL_NONE;
	size_t i;

	*n = 0;
	if (!v) {
		a->failed = true;
		return m;
	}
	for (i = 0; i < a->n_stops; i++) {
		x = get(&a->stop[i]);
		if (x != MODEL_NONE)
			v[(*n)++] = x;
	}
	if (*n) {
		stats_sort_u64(v, *n);
		m = stats_nearest_rank(v, *n, 50);
	}
	free(v);
	return m;
}

/* "migration 1" or "12 migrations": whose figures they are. */
static void say_whose(struct advice *a, char **to, size_t n)
{
	size_t i;

	if (n > 4) {
		say(a, to, "%zu migrations", n);
		return;
	}
	for (i = 0; i < a->n_stops && i < n; i++)
		say(a, to, "%s%u", !i ? (n == 1 ? "migration " : "migrations ") : ", ",
		    a->stop[i].g->id);
}

/* ---- what to set ---- */

static void advise_limit(struct advice *a)
{
	uint64_t *v = calloc(a->n_stops + 1, sizeof(*v)), p95;
	char t[UNITS_LEN], u[UNITS_LEN], w[UNITS_LEN];
	struct advice_item *x = item(a, "downtime limit", ADVICE_SET);
	size_t i, alone = 0;

	if (!v || !x) {
		a->failed = true;
		free(v);
		return;
	}
	for (i = 0; i < a->n_stops; i++) {
		v[i] = a->stop[i].ns;
		alone += !a->stop[i].both;
	}
	stats_sort_u64(v, a->n_stops);
	p95 = stats_nearest_rank(v, a->n_stops, 95);
	x->value_ns = round_up(p95);
	x->of_ns = p95;
	say(a, &x->text, "set it to %s: ", limit_text(t, x->value_ns));
	if (a->n_stops == 1)
		say(a, &x->text, "the one stop that was seen took %s", units_duration(u, p95));
	else
		say(a, &x->text, "of %zu stops 95 %% took no more than %s (from %s to %s)",
		    a->n_stops, units_duration(u, p95), units_duration(t, v[0]),
		    units_duration(w, v[a->n_stops - 1]));
	if (a->n_stops > 1 && a->n_stops < 20)
		say(a, &x->text, "; of fewer than 20 that is the longest");
	if (alone && a->n_stops == 1)
		say(a, &x->text, "; the destination was not seen, and its part comes on top");
	else if (alone)
		say(a, &x->text, "; of %zu the destination was not seen, and its part comes on top",
		    alone);
	say_whose(a, &x->source, a->n_stops);
	say(a, &x->source, "%s",
	    alone == a->n_stops ? ", stop window on the source" :
	    alone		? ", downtime, or stop window on the source" :
				  ", downtime");
	free(v);
}

/* ---- what would help ---- */

static uint64_t whole(const struct advice_stop *s)
{
	return s->ns;
}

/*
 * The destination took the initial data in before the stop: at most what its driver did
 * after the source's last byte.  What lies before the load is the VMM's, as ever.
 */
static uint64_t by_ack(const struct advice_stop *s)
{
	const struct landing *l = &s->g->landing;

	if (!s->initial)
		return 0;
	if (!s->both || !s->g->parts_known)
		return MODEL_NONE;
	return l->write_ns + l->load_ns;
}

/*
 * All devices at once, and more than one channel.  Where they are read at once already,
 * only what is longer than the longest is left to gain.
 */
static uint64_t by_multifd(const struct advice_stop *s)
{
	return sat_sub(s->g->stop.io_ns, s->io_max_ns) + s->g->stop.gap_ns[GAP_IO];
}

/* A gap, but for what no network makes shorter: the receiver did not read. */
static uint64_t on_the_network(const struct advice_stop *s, enum window_gap gap)
{
	struct spent spent;

	window_gap_spent(&s->g->stop, gap, &spent);
	return sat_sub(spent.ns, spent.why_ns[WHY_SEND_RECEIVER]);
}

/* The last of the RAM goes over the network, too. */
static uint64_t by_bandwidth(const struct advice_stop *s)
{
	uint64_t on_its_way = s->both && s->g->parts_known ? s->g->landing.transfer_ns : 0;

	return on_the_network(s, GAP_FIRST_IO) + on_the_network(s, GAP_IO) + on_its_way;
}

static uint64_t by_cpus(const struct advice_stop *s)
{
	return s->g->stop.gap_ns[GAP_ARCS] + s->g->stop.gap_ns[GAP_FIRST_IO];
}

static uint64_t by_dirty_log(const struct advice_stop *s)
{
	return s->src->dirty_log_seen ? s->g->stop.dirty_sync_ns : MODEL_NONE;
}

static const struct help {
	const char *topic, *gives, *part;
	const char *alone;  /* instead of @gives where each VM has one device; or NULL */
	const char *unseen; /* why it is not known; NULL: it is */
	const char *none;   /* why it gives nothing at all, or NULL */
	uint64_t (*at_most)(const struct advice_stop *s);
} helps[] = {
	{ .topic = "switchover-ack",
	  .gives = "the destination takes the initial data in before the stop, not in it",
	  .part = "the destination's write(), final load",
	  .unseen = "what the destination did after the last byte was not seen",
	  .none = "no device has initial data",
	  .at_most = by_ack },
	{ .topic = "multifd",
	  .gives = "the devices' states are read at once and sent on several channels",
	  .alone = "the device's state is sent on several channels",
	  .part = "in read() beyond the longest device's, and between reads",
	  .at_most = by_multifd },
	{ .topic = "bandwidth",
	  .gives = "a faster network",
	  .part = "to 1st read (RAM), between reads, and on its way, but for a slow receiver",
	  .at_most = by_bandwidth },
	{ .topic = "cpus",
	  .gives = "more or faster cpus for the VMM, or a guest that writes less RAM",
	  .part = "between arcs, and to 1st read",
	  .at_most = by_cpus },
	{ .topic = "dirty log",
	  .gives = "another way to track what devices write (the IOMMU's, the VMM's)",
	  .part = "dirty sync",
	  .unseen = "dirty-log syncs were not seen",
	  .at_most = by_dirty_log },
};

static bool of_one_device(const struct advice *a)
{
	size_t i;

	for (i = 0; i < a->n_stops; i++)
		if (a->stop[i].src->n_devices > 1)
			return false;
	return true;
}

/* @of: what a stop takes. */
static void advise_help(struct advice *a, const struct help *h, uint64_t of)
{
	char t[UNITS_LEN], u[UNITS_LEN];
	size_t n;
	uint64_t at_most = median_of(a, h->at_most, &n);
	struct advice_item *x;

	if (!n) {
		x = item(a, h->topic, ADVICE_UNKNOWN);
		if (x) {
			say(a, &x->text, "not known whether it helps: %s", h->unseen);
			say_whose(a, &x->source, a->n_stops);
		}
		return;
	}
	at_most = at_most < of ? at_most : of;
	x = item(a, h->topic, at_most * 100 >= of * WORTH_PERCENT ? ADVICE_HELPS : ADVICE_NO_HELP);
	if (!x)
		return;
	x->value_ns = at_most;
	x->of_ns = of;
	if (!at_most && h->none)
		say(a, &x->text, "would not be felt: %s", h->none);
	else
		say(a, &x->text, "%s: at most %s of %s%s",
		    x->kind != ADVICE_HELPS	 ? "would not be felt" :
		    h->alone && of_one_device(a) ? h->alone :
						   h->gives,
		    units_duration(t, at_most), units_duration(u, of),
		    a->n_stops > 1 ? " (medians)" : "");
	say_whose(a, &x->source, n);
	say(a, &x->source, ", %s", !at_most && h->none ? "precopy info" : h->part);
}

/* ---- devices ---- */

/* A device's own part of a stop, and the least that it ever was. */
static struct advice_device *device_of(struct advice *a, const char *name, const char *driver)
{
	struct advice_device *d;
	size_t i;

	for (i = 0; i < a->n_devices; i++)
		if (!strcmp(a->device[i].name, name) && !strcmp(a->device[i].driver, driver))
			return &a->device[i];
	if (array_room(&a->device, a->n_devices + 1, &a->cap_devices, sizeof(*a->device))) {
		a->failed = true;
		return NULL;
	}
	d = &a->device[a->n_devices++];
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(d->driver, sizeof(d->driver), "%s", driver);
	d->least_ns = MODEL_NONE;
	return d;
}

static bool was_found(const struct view_evidence *e, uint32_t rule, uint32_t session)
{
	const struct finding *f;
	size_t i;

	for (i = 0; e->judge && (f = judge_finding(e->judge, i)); i++)
		if (f->rule == rule && f->session == session)
			return true;
	return false;
}

static void take_devices(struct advice *a, const struct view_evidence *e,
			 const struct advice_stop *s)
{
	uint32_t i;

	for (i = 0; i < s->src->n_devices; i++) {
		const struct side_device *sd = model_side_device(e->model, s->src->id, i);
		const struct session *g = model_session(e->model, sd->session);
		const struct model_device *md = model_device(e->model, sd->device);
		char name[NAME_LEN], driver[NAME_LEN];
		struct advice_device *d;
		uint64_t ns;

		if (!g || g->window.start_ns == MODEL_NONE)
			continue;
		d = device_of(a, device_on_host(name, md, sd->device),
			      md ? safe_name(driver, md->driver) : "");
		if (!d)
			return;
		ns = g->window.arcs_ns + g->window.io_ns;
		d->stops++;
		if (ns >= d->least_ns)
			continue;
		d->least_ns = ns;
		d->arcs_ns = g->window.arcs_ns;
		d->bytes = g->bytes_stop_copy;
		d->migration = s->g->id;
		d->never_converges = was_found(e, RULE_NOT_CONVERGING, g->id);
		d->left = g->estimate;
	}
}

static void advise_devices(struct advice *a)
{
	char t[UNITS_LEN], u[UNITS_LEN], v[UNITS_LEN], w[UNITS_LEN];
	struct advice_item *x;
	size_t i;

	for (i = 0; i < a->n_devices; i++) {
		const struct advice_device *d = &a->device[i];

		if (d->least_ns <= DEFAULT_LIMIT_NS)
			continue;
		x = item(a, "device", ADVICE_NEVER_FITS);
		if (!x)
			return;
		x->value_ns = d->least_ns;
		x->of_ns = DEFAULT_LIMIT_NS;
		say(a, &x->text,
		    "%s%s%s%s fits no limit under %s, not QEMU's 300 ms either: its own part of the stop was "
		    "never less (arcs %s, %s in read())",
		    d->name, d->driver[0] ? " (" : "", d->driver, d->driver[0] ? ")" : "",
		    units_duration(t, d->least_ns), units_duration(u, d->arcs_ns),
		    units_size(v, d->bytes, false));
		if (d->never_converges && d->left != MODEL_NONE)
			say(a, &x->text,
			    "; waiting does not help, for it dirties as fast as it is read: %s were left",
			    units_size(w, d->left, false));
		say(a, &x->source,
		    "migration %u of %zu stop%s of it, arcs and read() of the device", d->migration,
		    d->stops, plural(d->stops));
	}
}

/* ---- a pre-copy that was longer than it had to be ---- */

static void advise_sooner(struct advice *a, const struct view_evidence *e,
			  const struct advice_stop *s)
{
	uint64_t first = model_first_ns(e->model), left = 0, at = MODEL_NONE;
	const struct session *g;
	char t[UNITS_LEN], u[UNITS_LEN], v[UNITS_LEN], w[UNITS_LEN];
	struct advice_item *x;
	uint32_t i;

	if (s->src->n_devices != 1)
		return;
	g = model_session(e->model, s->src->first_session);
	if (!g || g->n_trend < 3 || !g->trend[g->n_trend - 1].dirty_bytes)
		return;
	left = sat_add(g->trend[g->n_trend - 1].dirty_bytes,
		       g->trend[g->n_trend - 1].initial_bytes);
	/* As little as at the end, or next to it: from then on waiting gave nothing. */
	for (i = g->n_trend; i-- > 0;) {
		uint64_t then = sat_add(g->trend[i].dirty_bytes, g->trend[i].initial_bytes);

		if (then > left + left / 10)
			break;
		at = g->trend[i].t_ns;
	}
	/* A tenth of it, and some seconds, or it is not worth a word. */
	if (at == MODEL_NONE || g->switch_ns == MODEL_NONE || g->switch_ns < at + 5000000000ULL ||
	    (g->switch_ns - at) * 10 < g->switch_ns - g->start_ns)
		return;
	x = item(a, "time", ADVICE_SET);
	if (!x)
		return;
	x->value_ns = g->switch_ns - at;
	x->of_ns = g->switch_ns - g->start_ns;
	say(a, &x->text,
	    "the last %s of %s of pre-copy gave nothing: at +%s as little was left as at the end (%s); a "
	    "limit that is met then ends it there",
	    units_duration(t, x->value_ns), units_duration(u, x->of_ns),
	    units_duration(v, sat_sub(at, first)), units_size(w, left, false));
	say(a, &x->source, "migration %u, initial and dirty bytes over time", s->g->id);
}

struct advice *advise(const struct view_evidence *e, const struct view_options *opt)
{
	struct advice *a = calloc(1, sizeof(*a));
	uint32_t id;
	uint64_t of;
	size_t i;

	if (!a)
		return NULL;
	for (id = 1; id <= model_migrations(e->model); id++) {
		const struct migration *g = model_migration(e->model, id);

		if (!view_wants(e, opt, g))
			continue;
		a->migrations++;
		take_stop(a, e, g);
	}
	for (i = 0; i < a->n_stops; i++)
		take_devices(a, e, &a->stop[i]);
	if (a->n_stops) {
		advise_limit(a);
		of = median_of(a, whole, &i);
		for (i = 0; i < sizeof(helps) / sizeof(helps[0]); i++)
			advise_help(a, &helps[i], of);
		advise_devices(a);
		for (i = 0; i < a->n_stops && i < 16; i++)
			advise_sooner(a, e, &a->stop[i]);
	}
	if (!a->failed)
		return a;
	advice_free(a);
	return NULL;
}

void advice_free(struct advice *a)
{
	size_t i;

	for (i = 0; a && i < a->n; i++) {
		free(a->item[i].text);
		free(a->item[i].source);
	}
	if (!a)
		return;
	free(a->item);
	free(a->stop);
	free(a->device);
	free(a);
}

size_t advice_stops(const struct advice *a)
{
	return a->n_stops;
}
