// SPDX-License-Identifier: GPL-2.0-only
#include "view/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/spent.h"
#include "util/array.h"
#include "util/sat.h"
#include "view/common.h"
#include "view/diff_pair.h"

static const struct {
	const char *name;
	enum diff_unit unit;
} metrics[DIFF_NR] = {
	[DIFF_OUTCOME] = { "outcome", UNIT_TEXT },
	[DIFF_FINDINGS] = { "findings", UNIT_TEXT },
	[DIFF_DOWNTIME] = { "downtime", UNIT_TIME },
	[DIFF_STOP_WINDOW] = { "stop-window", UNIT_TIME },
	[DIFF_ARCS] = { "arcs", UNIT_TIME },
	[DIFF_IO] = { "io", UNIT_TIME },
	[DIFF_DIRTY_SYNC] = { "dirty-sync", UNIT_TIME },
	[DIFF_OUTSIDE] = { "outside", UNIT_TIME },
	[DIFF_TRANSFER] = { "transfer", UNIT_TIME },
	[DIFF_WRITE] = { "write", UNIT_TIME },
	[DIFF_BEFORE_LOAD] = { "before-load", UNIT_TIME },
	[DIFF_LOAD] = { "load", UNIT_TIME },
	[DIFF_START] = { "start", UNIT_TIME },
	[DIFF_DURATION] = { "duration", UNIT_TIME },
	[DIFF_BYTES] = { "bytes", UNIT_SIZE },
	[DIFF_STOP_COPY] = { "stop-copy", UNIT_SIZE },
	[DIFF_CALLS] = { "calls", UNIT_COUNT },
	[DIFF_ENOMSG] = { "enomsg", UNIT_COUNT },
	[DIFF_WHY + WHY_ON_CPU] = { "why-on-cpu", UNIT_TIME },
	[DIFF_WHY + WHY_ASLEEP] = { "why-asleep", UNIT_TIME },
	[DIFF_WHY + WHY_BLOCKED] = { "why-blocked", UNIT_TIME },
	[DIFF_WHY + WHY_LOCK] = { "why-lock", UNIT_TIME },
	[DIFF_WHY + WHY_RUNQUEUE] = { "why-runqueue", UNIT_TIME },
	[DIFF_WHY + WHY_FAULT] = { "why-fault", UNIT_TIME },
	[DIFF_WHY + WHY_SEND] = { "why-send", UNIT_TIME },
	[DIFF_WHY + WHY_RECEIVE] = { "why-receive", UNIT_TIME },
	[DIFF_WHY + WHY_POLL] = { "why-poll", UNIT_TIME },
	[DIFF_WHY + WHY_FUTEX] = { "why-futex", UNIT_TIME },
	[DIFF_WHY + WHY_STOPPED] = { "why-stopped", UNIT_TIME },
	[DIFF_WHY + WHY_KVM_LOG] = { "why-kvm-log", UNIT_TIME },
	[DIFF_WHY + WHY_SEND_RECEIVER] = { "why-send-receiver", UNIT_TIME },
	[DIFF_WHY + WHY_SEND_BUFFERS] = { "why-send-buffers", UNIT_TIME },
	[DIFF_WHY + WHY_SEND_NETWORK] = { "why-send-network", UNIT_TIME },
	[DIFF_WHY + WHY_FUTEX_VCPU] = { "why-futex-vcpu", UNIT_TIME },
	[DIFF_WHY + WHY_FUTEX_OTHER] = { "why-futex-other", UNIT_TIME },
	[DIFF_ARC] = { "arc", UNIT_TIME },
	[DIFF_DEVICE_BYTES] = { "device-bytes", UNIT_SIZE },
	[DIFF_LATENCY_P50] = { "latency-p50", UNIT_TIME },
	[DIFF_LATENCY_P99] = { "latency-p99", UNIT_TIME },
};

const char *diff_metric_name(uint32_t metric)
{
	return metric < DIFF_NR ? metrics[metric].name : "unknown";
}

enum diff_unit diff_metric_unit(uint32_t metric)
{
	return metrics[metric].unit;
}

bool diff_metric_is_reason(uint32_t metric)
{
	return metric >= DIFF_WHY && metric <= DIFF_WHY_LAST;
}

/* ---- options ---- */

void diff_options_init(struct diff_options *o)
{
	uint32_t i;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < DIFF_NR; i++) {
		o->threshold[i].percent = metrics[i].unit == UNIT_TEXT ? 0 : 10;
		o->threshold[i].absolute = metrics[i].unit == UNIT_TIME	 ? 1000000 :
					   metrics[i].unit == UNIT_SIZE	 ? 65536 :
					   metrics[i].unit == UNIT_COUNT ? 10 :
									   0;
		o->threshold[i].off = diff_metric_is_reason(i);
	}
}

static int parse_threshold(enum diff_unit unit, const char *s, struct diff_threshold *t)
{
	size_t len = strlen(s);
	char *end;

	memset(t, 0, sizeof(*t));
	if (!strcmp(s, "off")) {
		t->off = true;
		return 0;
	}
	if (len && s[len - 1] == '%') {
		t->percent = strtod(s, &end);
		return end == s || strcmp(end, "%") || !(t->percent >= 0 && t->percent < 1e9) ?
			       -EINVAL :
			       0;
	}
	switch (unit) {
	case UNIT_TIME:
		/* Nobody knows what 300 is. */
		return !s[strspn(s, "0123456789.")] ? -EINVAL :
						      units_parse_duration(s, &t->absolute);
	case UNIT_SIZE:
		return units_parse_size(s, &t->absolute);
	case UNIT_COUNT:
		return units_parse_u64(s, &t->absolute);
	default:
		return -EINVAL;
	}
}

/* What nobody named does not count any more. */
static void disarm_the_rest(struct diff_options *o)
{
	uint32_t i;

	for (i = 0; i < DIFF_NR; i++)
		o->threshold[i].off |= !o->threshold[i].named;
}

static int refuse(uint32_t metric, bool all, const char *setting, size_t len,
		  char err[DIFF_ERR_LEN])
{
	static const char *const units[] = { "off", "10%, 5ms, off", "10%, 1MiB, off",
					     "10%, 100, off" };

	snprintf(err, DIFF_ERR_LEN, "'%.40s' is no threshold of %.*s (%s)", setting + len + 1,
		 (int)(len < 20 ? len : 20), setting,
		 all ? "10%, off" : units[metrics[metric].unit]);
	return -EINVAL;
}

int diff_options_set(struct diff_options *o, const char *setting, char err[DIFF_ERR_LEN])
{
	size_t len = strcspn(setting, "=");
	bool all = len == 3 && !strncmp(setting, "all", 3), known = false, named = false;
	struct diff_threshold t;
	uint32_t i;

	for (i = 0; i < DIFF_NR; i++) {
		bool text = metrics[i].unit == UNIT_TEXT;

		if (all ? text :
			  strlen(metrics[i].name) != len || strncmp(metrics[i].name, setting, len))
			continue;
		known = true;
		if (!setting[len] && !text) {
			snprintf(err, DIFF_ERR_LEN, "'%.40s' is no NAME=THRESHOLD", setting);
			return -EINVAL;
		}
		/* One number cannot be a time and a size; a text has no threshold. */
		memset(&t, 0, sizeof(t));
		if (setting[len] &&
		    (parse_threshold(all ? UNIT_TEXT : metrics[i].unit, setting + len + 1, &t) ||
		     (text && !t.off)))
			return refuse(i, all, setting, len, err);
		t.named = !t.off;
		named |= t.named;
		o->threshold[i] = t;
	}
	if (!known) {
		snprintf(err, DIFF_ERR_LEN, "nothing that is compared is called '%.*s'",
			 (int)(len < 40 ? len : 40), setting);
		return -EINVAL;
	}
	if (named)
		disarm_the_rest(o);
	return 0;
}

/* ---- figures ---- */

static struct diff_figure *add(struct diff_pair *p, uint32_t metric)
{
	struct diff_figure *f;

	if (array_room(&p->figure, p->n + 1, &p->cap, sizeof(*p->figure)))
		return NULL;
	f = &p->figure[p->n++];
	memset(f, 0, sizeof(*f));
	f->metric = metric;
	f->v[0] = f->v[1] = MODEL_NONE;
	return f;
}

static bool is_beyond(const struct diff_threshold *t, uint64_t a, uint64_t b)
{
	uint64_t d = b > a ? b - a : a - b;

	return d > t->absolute && (double)d > (double)a * t->percent / 100;
}

/* How a figure of which more is worse has changed. */
static enum diff_change change_of(const struct diff_options *o, const struct diff_figure *f)
{
	const struct diff_threshold *t = &o->threshold[f->metric];

	if (t->off || (f->v[0] == MODEL_NONE && f->v[1] == MODEL_NONE))
		return CHANGE_NONE;
	if (f->v[0] == MODEL_NONE || f->v[1] == MODEL_NONE)
		return t->named ? CHANGE_UNKNOWN : CHANGE_NONE;
	if (!is_beyond(t, f->v[0], f->v[1]))
		return CHANGE_NONE;
	return f->v[1] > f->v[0] ? CHANGE_WORSE : CHANGE_BETTER;
}

static int put(struct diff *d, struct diff_pair *p, uint32_t metric, uint64_t a, uint64_t b)
{
	struct diff_figure *f = add(p, metric);

	if (!f)
		return -ENOMEM;
	f->v[0] = a;
	f->v[1] = b;
	f->change = change_of(d->o, f);
	return 0;
}

/* ---- of a migration ---- */

static const struct side *side_of(const struct diff *d, const struct diff_pair *p, int i)
{
	return model_side(d->ab[i].model,
			  p->direction == DIR_SAVE ? p->g[i]->source : p->g[i]->destination);
}

struct sums {
	uint64_t stop_copy, calls, enomsg;
};

static struct sums sums_of(struct model *m, const struct side *s)
{
	struct sums x = { 0 };
	uint32_t id;

	for (id = model_side_session(m, s->id, 0); id; id = model_side_session(m, s->id, id)) {
		const struct session *g = model_session_peek(m, id);

		x.stop_copy += g->bytes_stop_copy;
		x.enomsg += g->enomsg;
		x.calls += s->direction == DIR_SAVE ? g->reads : g->writes;
	}
	return x;
}

/* A worse one of two outcomes; nobody knows what became of one that is unfinished. */
static enum diff_change compare_outcome(uint32_t a, uint32_t b)
{
	static const int rank[] = {
		[OUTCOME_COMPLETED] = 0,
		[OUTCOME_CANCELLED] = 1,
		[OUTCOME_FAILED] = 2,
	};

	if (a == b)
		return CHANGE_NONE;
	if (a == OUTCOME_UNFINISHED || b == OUTCOME_UNFINISHED)
		return CHANGE_UNKNOWN;
	return rank[b] > rank[a] ? CHANGE_WORSE : CHANGE_BETTER;
}

/* Rules that count against the migration, a bit each, and in words. */
static uint64_t list_findings(const struct view_evidence *t, const struct migration *g, char **out)
{
	const struct finding *x;
	uint64_t found = 0;
	size_t i, len;
	uint32_t r;
	FILE *f;

	_Static_assert(RULE_NR <= 64, "a bit for each rule");
	for (i = 0; t->judge && (x = judge_finding(t->judge, i)); i++)
		if (x->migration == g->id && judge_counts(t->judge, x))
			found |= 1ULL << x->rule;
	f = open_memstream(out, &len);
	if (!f)
		return found;
	for (r = 0, i = 0; r < RULE_NR; r++)
		if (found >> r & 1)
			fprintf(f, "%s%s", i++ ? "," : "", judge_rule(r)->name);
	if (!found)
		fputs("none", f);
	fclose(f);
	return found;
}

static int compare_texts(struct diff *d, struct diff_pair *p)
{
	struct diff_figure *f = add(p, DIFF_OUTCOME);
	uint64_t found[2];
	int i;

	if (!f)
		return -ENOMEM;
	for (i = 0; i < 2; i++)
		f->text[i] = strdup(outcome_name(p->g[i]->outcome));
	if (!d->o->threshold[DIFF_OUTCOME].off)
		f->change = compare_outcome(p->g[0]->outcome, p->g[1]->outcome);
	if (!f->text[0] || !f->text[1])
		return -ENOMEM;
	f = add(p, DIFF_FINDINGS);
	if (!f)
		return -ENOMEM;
	for (i = 0; i < 2; i++)
		found[i] = list_findings(&d->ab[i], p->g[i], &f->text[i]);
	if (!f->text[0] || !f->text[1])
		return -ENOMEM;
	if (!d->o->threshold[DIFF_FINDINGS].off)
		f->change = found[1] & ~found[0] ? CHANGE_WORSE :
			    found[0] & ~found[1] ? CHANGE_BETTER :
						   CHANGE_NONE;
	return 0;
}

static uint64_t part(bool known, uint64_t ns)
{
	return known ? ns : MODEL_NONE;
}

static int compare_times(struct diff *d, struct diff_pair *p)
{
	const struct migration *a = p->g[0], *b = p->g[1];
	bool save = p->direction == DIR_SAVE;
	const struct side *x = side_of(d, p, 0), *y = side_of(d, p, 1);
	const struct session_window *v = &x->stop, *w = &y->stop;
	bool s = save && v->start_ns != MODEL_NONE, t = save && w->start_ns != MODEL_NONE;
	int err;

	err = put(d, p, DIFF_DOWNTIME, a->downtime_ns, b->downtime_ns);
	if (!err)
		err = put(d, p, DIFF_STOP_WINDOW, part(s, v->total_ns), part(t, w->total_ns));
	if (!err)
		err = put(d, p, DIFF_ARCS, part(s, v->arcs_ns), part(t, w->arcs_ns));
	if (!err)
		err = put(d, p, DIFF_IO, part(s, v->io_ns), part(t, w->io_ns));
	if (!err)
		err = put(d, p, DIFF_DIRTY_SYNC, part(s && x->dirty_log_seen, v->dirty_sync_ns),
			  part(t && y->dirty_log_seen, w->dirty_sync_ns));
	if (!err)
		err = put(d, p, DIFF_OUTSIDE, part(s, v->outside_ns), part(t, w->outside_ns));
	s = a->parts_known;
	t = b->parts_known;
#define LANDING(metric, what) \
	(err = err ?: put(d, p, metric, part(s, a->landing.what), part(t, b->landing.what)))
	LANDING(DIFF_TRANSFER, transfer_ns);
	LANDING(DIFF_WRITE, write_ns);
	LANDING(DIFF_BEFORE_LOAD, before_load_ns);
	LANDING(DIFF_LOAD, load_ns);
#undef LANDING
	if (!err)
		err = put(d, p, DIFF_START, part(s, a->landing.arcs_ns + a->landing.start_ns),
			  part(t, b->landing.arcs_ns + b->landing.start_ns));
	return err ?: put(d, p, DIFF_DURATION, x->end_ns - x->begin_ns, y->end_ns - y->begin_ns);
}

/*
 * Of the parts that both have, MODEL_NONE: not known; false: nothing of them was
 * recorded.
 */
static bool reasons_of(const struct migration *g, bool stop, bool landing, uint64_t ns[WHY_SUMS])
{
	bool any = false, known[WHY_SUMS];
	uint32_t k;

	memset(ns, 0, WHY_SUMS * sizeof(*ns));
	if (stop)
		any |= migration_spent_on(g, STOP_ARCS, STOP_OTHER, ns);
	if (landing)
		any |= migration_spent_on(g, LAND_TRANSFER, LAND_OTHER, ns);
	for (k = WHY_PARTS; k < WHY_SUMS; k++)
		known[k] = why_detail_known(ns, (enum why_part)k);
	for (k = WHY_PARTS; k < WHY_SUMS; k++)
		ns[k] = known[k] ? ns[k] : MODEL_NONE;
	return any;
}

static int compare_reasons(struct diff *d, struct diff_pair *p)
{
	bool stop = p->direction == DIR_SAVE;
	bool landing = p->g[0]->parts_known && p->g[1]->parts_known;
	uint64_t a[WHY_SUMS], b[WHY_SUMS];
	bool s = reasons_of(p->g[0], stop, landing, a), t = reasons_of(p->g[1], stop, landing, b);
	int err = 0;
	uint32_t k;

	for (k = 0; k < WHY_SUMS && !err && (s || t); k++)
		if ((s && a[k] && a[k] != MODEL_NONE) || (t && b[k] && b[k] != MODEL_NONE))
			err = put(d, p, DIFF_WHY + k, part(s, a[k]), part(t, b[k]));
	return err;
}

const struct diff_figure *diff_grown_most(const struct diff *d, const struct diff_pair *p)
{
	const struct diff_figure *best = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct diff_figure *x = &p->figure[i];

		/* What is in another one is not named apart from it. */
		if (diff_metric_is_reason(x->metric) && x->metric < DIFF_WHY + WHY_PARTS &&
		    x->v[0] != MODEL_NONE && x->v[1] != MODEL_NONE && x->v[1] > x->v[0] &&
		    is_beyond(&d->o->threshold[x->metric], x->v[0], x->v[1]) &&
		    (!best || x->v[1] - x->v[0] > best->v[1] - best->v[0]))
			best = x;
	}
	return best;
}

/*
 * Less work: what took its time, or was so many bytes, is next to nothing now.  That is
 * no improvement where it is the device's state that goes this way.
 */
#define NEXT_TO_NOTHING 100

static bool is_next_to_nothing(uint64_t a, uint64_t b)
{
	return a != MODEL_NONE && b != MODEL_NONE && b <= a / NEXT_TO_NOTHING;
}

static void look_for_missing_bytes(struct diff_figure *f)
{
	if (f->change == CHANGE_BETTER && is_next_to_nothing(f->v[0], f->v[1]))
		f->change = CHANGE_LESS_WORK;
}

static int compare_amounts(struct diff *d, struct diff_pair *p)
{
	const struct side *x = side_of(d, p, 0), *y = side_of(d, p, 1);
	struct sums a = sums_of(d->ab[0].model, x), b = sums_of(d->ab[1].model, y);
	bool save = p->direction == DIR_SAVE;
	int err;

	err = put(d, p, DIFF_BYTES, x->bytes_total, y->bytes_total);
	if (err)
		return err;
	look_for_missing_bytes(&p->figure[p->n - 1]);
	err = put(d, p, DIFF_STOP_COPY, part(save, a.stop_copy), part(save, b.stop_copy));
	if (!err)
		err = put(d, p, DIFF_CALLS, a.calls, b.calls);
	return err ?: put(d, p, DIFF_ENOMSG, part(save, a.enomsg), part(save, b.enomsg));
}

/* ---- of its devices ---- */

static const struct session *
session_of(const struct diff *d, int i, const struct side *s, uint32_t k)
{
	return model_session(d->ab[i].model, model_side_device(d->ab[i].model, s->id, k)->session);
}

/* All arcs from @from to @to that succeeded; MODEL_NONE: there is none. */
static uint64_t arc_ns(const struct session *g, uint32_t from, uint32_t to)
{
	uint64_t ns = MODEL_NONE;
	uint32_t i;

	for (i = 0; i < g->n_arcs; i++)
		if (g->arcs[i].from == from && g->arcs[i].to == to && g->arcs[i].ret >= 0)
			ns = (ns == MODEL_NONE ? 0 : ns) + g->arcs[i].dur_ns;
	return ns;
}

static struct diff_figure *put_device(struct diff *d, struct diff_pair *p, uint32_t metric,
				      const struct session *const g[2], uint64_t a, uint64_t b)
{
	struct diff_figure *f;

	if (put(d, p, metric, a, b))
		return NULL;
	f = &p->figure[p->n - 1];
	f->device[0] = g[0]->device;
	f->device[1] = g[1]->device;
	f->direction = g[0]->direction;
	return f;
}

/*
 * A load that takes next to nothing has loaded nothing, unless the driver does it in
 * its write()s now.
 */
static void look_for_missing_load(struct diff_figure *f, const struct session *const g[2])
{
	uint64_t a = f->v[0] + g[0]->window.io_ns, b = f->v[1] + g[1]->window.io_ns;

	if (f->change == CHANGE_BETTER && protocol_is_load(f->from, f->to) &&
	    is_next_to_nothing(f->v[0], f->v[1]) && b <= a / 2)
		f->change = CHANGE_LESS_WORK;
}

static bool had_arc(const struct session *g, uint32_t n, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (g->arcs[i].from == from && g->arcs[i].to == to)
			return true;
	return false;
}

static int compare_arcs(struct diff *d, struct diff_pair *p, const struct session *const g[2])
{
	struct diff_figure *f;
	bool missing = false;
	uint32_t i, s;

	for (s = 0; s < 2; s++) {
		for (i = 0; i < g[s]->n_arcs; i++) {
			const struct session_arc *arc = &g[s]->arcs[i];

			if (arc->to == MIG_UNKNOWN || had_arc(g[s], i, arc->from, arc->to) ||
			    (s && had_arc(g[0], g[0]->n_arcs, arc->from, arc->to)))
				continue;
			f = put_device(d, p, DIFF_ARC, g, arc_ns(g[0], arc->from, arc->to),
				       arc_ns(g[1], arc->from, arc->to));
			if (!f)
				return -ENOMEM;
			f->from = arc->from;
			f->to = arc->to;
			/* An arc that only one has is another way to go: time tells. */
			if (f->change == CHANGE_UNKNOWN)
				f->change = CHANGE_NONE;
			look_for_missing_load(f, g);
			missing |= f->change == CHANGE_LESS_WORK;
		}
	}
	for (i = 0; missing && i < p->n; i++)
		if (p->figure[i].metric == DIFF_LOAD && p->figure[i].change == CHANGE_BETTER)
			p->figure[i].change = CHANGE_LESS_WORK;
	return 0;
}

static int compare_device(struct diff *d, struct diff_pair *p, const struct session *const g[2])
{
	bool seen[2] = { g[0]->io_measured, g[1]->io_measured };
	struct diff_figure *f;
	int err;

	err = compare_arcs(d, p, g);
	if (err)
		return err;
	f = put_device(d, p, DIFF_DEVICE_BYTES, g, g[0]->bytes_total, g[1]->bytes_total);
	if (!f)
		return -ENOMEM;
	look_for_missing_bytes(f);
	if (!put_device(d, p, DIFF_LATENCY_P50, g, part(seen[0], g[0]->io_p50_ns),
			part(seen[1], g[1]->io_p50_ns)) ||
	    !put_device(d, p, DIFF_LATENCY_P99, g, part(seen[0], g[0]->io_p99_ns),
			part(seen[1], g[1]->io_p99_ns)))
		return -ENOMEM;
	return 0;
}

static const char *name_at(const struct diff *d, int i, const struct session *g, char buf[NAME_LEN])
{
	return device_on_host(buf, model_device(d->ab[i].model, g->device), g->device);
}

/* By name, and what is left in order: a new host has other addresses. */
static int compare_devices(struct diff *d, struct diff_pair *p, const struct side *const s[2])
{
	uint32_t n[2] = { s[0]->n_devices, s[1]->n_devices }, i, k, *with;
	bool *taken = calloc(n[1] + 1, sizeof(*taken));
	const struct session *g[2];
	char a[NAME_LEN], b[NAME_LEN];
	int err = 0;

	with = calloc(n[0] + 1, sizeof(*with));
	if (!taken || !with)
		err = -ENOMEM;
	for (i = 0; i < n[0] && !err && !d->o->by_order; i++) {
		g[0] = session_of(d, 0, s[0], i);
		for (k = 0; k < n[1] && g[0] && !with[i]; k++) {
			g[1] = session_of(d, 1, s[1], k);
			if (taken[k] || !g[1] ||
			    strcmp(name_at(d, 0, g[0], a), name_at(d, 1, g[1], b)))
				continue;
			taken[k] = true;
			with[i] = k + 1;
		}
	}
	for (i = 0, k = 0; i < n[0] && !err; i++) {
		if (with[i])
			continue;
		while (k < n[1] && taken[k])
			k++;
		if (k < n[1])
			with[i] = ++k;
	}
	for (i = 0; i < n[0] && !err; i++) {
		g[0] = with[i] ? session_of(d, 0, s[0], i) : NULL;
		g[1] = with[i] ? session_of(d, 1, s[1], with[i] - 1) : NULL;
		if (g[0] && g[1])
			err = compare_device(d, p, g);
	}
	free(with);
	free(taken);
	return err;
}

static int compare_sides(struct diff *d, struct diff_pair *p)
{
	const uint32_t ids[2][2] = {
		{ p->g[0]->source, p->g[1]->source },
		{ p->g[0]->destination, p->g[1]->destination },
	};
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		const struct side *s[2] = {
			model_side(d->ab[0].model, ids[i][0]),
			model_side(d->ab[1].model, ids[i][1]),
		};

		if (s[0] && s[1])
			err = compare_devices(d, p, s);
	}
	return err;
}

/* ---- pairs ---- */

static bool has_hole(const struct view_evidence *t)
{
	return model_loss(t->model)->places || health_damaged(t->health);
}

static bool is_unsure(const struct diff *d, const struct diff_pair *p, int i)
{
	uint32_t sides[2] = { p->g[i]->source, p->g[i]->destination }, k;

	for (k = 0; k < 2; k++) {
		const struct side *s = model_side(d->ab[i].model, sides[k]);

		if (s && (s->holes || s->joined_late || (!s->ended && d->hole[i])))
			return true;
	}
	return false;
}

static int compare(struct diff *d, struct diff_pair *p)
{
	size_t k;
	int err, i;

	for (i = 0; i < 2; i++) {
		/* What has no counterpart may be in the other's hole; one without any is none. */
		if (!p->g[i])
			p->hole |= d->hole[i] || !model_migrations(d->ab[i].model);
		else
			p->hole |= is_unsure(d, p, i);
	}
	p->differs = !p->g[0] || !p->g[1];
	if (!p->differs) {
		p->direction = p->g[0]->source && p->g[1]->source ? DIR_SAVE : DIR_RESUME;
		err = compare_texts(d, p);
		/* A source alone and a destination alone have no figure in common. */
		if (!err && side_of(d, p, 0) && side_of(d, p, 1)) {
			err = compare_times(d, p);
			if (!err)
				err = compare_amounts(d, p);
			if (!err)
				err = compare_reasons(d, p);
			if (!err)
				err = compare_sides(d, p);
		} else {
			p->hole = true;
		}
		if (err)
			return err;
	}
	for (k = 0; k < p->n; k++) {
		enum diff_change c = p->figure[k].change;

		p->better += c == CHANGE_BETTER;
		p->unknown += c == CHANGE_UNKNOWN;
		p->worse += diff_counts(d->o, c);
	}
	p->differs |= p->worse;
	d->better += p->hole ? 0 : p->better;
	if ((p->hole || p->unknown) && d->verdict < DIFF_INCONCLUSIVE)
		d->verdict = DIFF_INCONCLUSIVE;
	if (p->differs && !p->hole)
		d->verdict = DIFF_DIFFERENT;
	if (d->better && d->verdict == DIFF_SAME)
		d->verdict = DIFF_BETTER;
	return 0;
}

static bool is_same(const struct diff *d, const struct migration *a, const struct migration *b)
{
	return d->o->by_order || !strcmp(a->vm ?: "", b->vm ?: "");
}

int diff_run(struct diff *d, const struct view_evidence ab[2], const struct diff_options *o)
{
	uint32_t n[2] = { model_migrations(ab[0].model), model_migrations(ab[1].model) }, i, k;
	bool *taken = calloc(n[1] + 1, sizeof(*taken));
	int s, err = 0;

	memset(d, 0, sizeof(*d));
	d->ab = ab;
	d->o = o;
	d->pair = calloc((size_t)n[0] + n[1] + 1, sizeof(*d->pair));
	if (!d->pair || !taken) {
		free(taken);
		return -ENOMEM;
	}
	for (s = 0; s < 2; s++)
		d->hole[s] = has_hole(&ab[s]);
	for (i = 1; i <= n[0]; i++) {
		struct diff_pair *p = &d->pair[d->n++];

		p->g[0] = model_migration(ab[0].model, i);
		for (k = 1; k <= n[1] && !p->g[1]; k++) {
			if (taken[k] || !is_same(d, p->g[0], model_migration(ab[1].model, k)))
				continue;
			p->g[1] = model_migration(ab[1].model, k);
			taken[k] = true;
		}
	}
	for (k = 1; k <= n[1]; k++)
		if (!taken[k])
			d->pair[d->n++].g[1] = model_migration(ab[1].model, k);
	free(taken);
	/* A hole, or nothing at all, claims no sameness. */
	if (d->hole[0] || d->hole[1] || !n[0] || !n[1])
		d->verdict = DIFF_INCONCLUSIVE;
	for (i = 0; i < d->n && !err; i++)
		err = compare(d, &d->pair[i]);
	return err;
}

void diff_free(struct diff *d)
{
	size_t i, k;

	for (i = 0; d->pair && i < d->n; i++) {
		for (k = 0; k < d->pair[i].n; k++) {
			free(d->pair[i].figure[k].text[0]);
			free(d->pair[i].figure[k].text[1]);
		}
		free(d->pair[i].figure);
	}
	free(d->pair);
}
