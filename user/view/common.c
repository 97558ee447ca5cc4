// SPDX-License-Identifier: GPL-2.0-only
#include "view/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const time_base_names[] = { "rel", "wall", "mono", "delta", NULL };

const char *device_label(char buf[NAME_LEN], const struct model_device *d, uint32_t number)
{
	if (d && d->name[0])
		return safe_name(buf, d->name);
	snprintf(buf, NAME_LEN, "#%u", number);
	return buf;
}

const char *state_label(char buf[UNITS_LEN], uint32_t state)
{
	const char *name = mig_state_name(state);

	if (name)
		return name;
	snprintf(buf, UNITS_LEN, "state %u", state);
	return buf;
}

const char *errno_label(char buf[UNITS_LEN], int64_t ret)
{
	const char *name = ret < 0 && ret > -4096 ? errno_name((int)-ret) : NULL;

	if (name)
		return name;
	snprintf(buf, UNITS_LEN, "error %lld", (long long)ret);
	return buf;
}

static char *seconds(char buf[UNITS_LEN], const char *sign, uint64_t ns)
{
	snprintf(buf, UNITS_LEN, "%s%llu.%06llu", sign, (unsigned long long)(ns / 1000000000),
		 (unsigned long long)(ns % 1000000000 / 1000));
	return buf;
}

char *time_label(char buf[UNITS_LEN], const struct view_options *opt, const struct model *m,
		 uint64_t t_ns, uint64_t ref_ns, uint64_t prev_ns)
{
	uint64_t real;

	switch (opt->time) {
	case TIME_WALL:
		real = model_realtime_ns(m, t_ns);
		if (real)
			return units_clock(buf, real);
		/* No clock pair in the evidence: the next best. */
		/* fall through */
	case TIME_MONO:
		return seconds(buf, "", t_ns);
	case TIME_DELTA:
		ref_ns = prev_ns;
		/* fall through */
	default:
		if (t_ns < ref_ns)
			return seconds(buf, "-", ref_ns - t_ns);
		return seconds(buf, "+", t_ns - ref_ns);
	}
}

/* @first: when the trace began. */
static uint64_t instant(const struct model *m, uint64_t first, uint64_t ns, enum time_ref ref,
			uint64_t open)
{
	uint64_t t_ns;

	switch (ref) {
	case TIME_REF_FIRST:
		return first + ns;
	case TIME_REF_REALTIME:
		return model_instant_of(m, ns, &t_ns) ? t_ns : open;
	case TIME_REF_MONO:
		return ns;
	default:
		return open;
	}
}

bool time_window_has(const struct time_window *w, const struct model *m, const struct event *ev)
{
	if (event_end_ns(ev) < time_window_begin_ns(w, m))
		return false;
	return !time_window_is_over(w, m, ev);
}

bool time_window_is_over(const struct time_window *w, const struct model *m, const struct event *ev)
{
	/* The model may not have taken the first one yet: then it is this. */
	uint64_t first = model_first_ns(m) ?: ev->t_ns;

	return event_end_ns(ev) > instant(m, first, w->to.ns, w->to.ref, UINT64_MAX);
}

uint64_t time_window_begin_ns(const struct time_window *w, const struct model *m)
{
	return instant(m, model_first_ns(m), w->from.ns, w->from.ref, 0);
}

void view_one_file(struct view_evidence *e, struct view_file *file, struct model *m,
		   const char *path, const struct meta *meta, const struct source_health *health)
{
	*file = (struct view_file){
		.path = path,
		.meta = meta,
		.health = health,
		.first_ns = model_first_ns(m),
		.last_ns = model_last_ns(m),
		.events = model_events(m),
		.calls = model_calls(m),
		.lost = model_loss(m)->events,
		.loss_places = model_loss(m)->places,
	};
	*e = (struct view_evidence){
		.model = m,
		.files = file,
		.n_files = 1,
		.meta = meta,
		.health = health,
	};
}

static bool holds(const struct view_file *f, uint32_t host)
{
	size_t i;

	for (i = 0; i < f->n_hosts; i++)
		if (f->hosts[i] == host)
			return true;
	return !f->n_hosts;
}

size_t view_file_of(const struct view_evidence *e, uint32_t host, uint64_t t_ns)
{
	size_t i, last = 0;
	bool any = false;

	for (i = 0; i < e->n_files; i++) {
		const struct view_file *f = &e->files[i];

		if (!holds(f, host))
			continue;
		if (f->first_ns <= t_ns && t_ns <= f->last_ns)
			return i;
		/* In none of them: in the last that began before. */
		if (!any || (f->first_ns <= t_ns && f->first_ns >= e->files[last].first_ns))
			last = i;
		any = true;
	}
	return last;
}

/* Columns of the @len bytes at @s, without escape sequences. */
static size_t columns(const char *s, size_t len)
{
	char plain[256];
	size_t n = 0, i;

	for (i = 0; i < len && n + 1 < sizeof(plain); i++) {
		if (s[i] == '\033') {
			while (i < len && s[i] != 'm')
				i++;
			continue;
		}
		plain[n++] = s[i];
	}
	plain[n] = '\0';
	return text_width(plain);
}

/* A number and its unit stay in one line. */
static bool is_unit(const char *s)
{
	static const char *const units[] = {
		"ns", "µs", "ms", "s", "B", "KiB", "MiB", "GiB", "TiB", "%",
	};
	size_t len = strcspn(s, " ,;:.()"), i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i]) == len && !strncmp(s, units[i], len))
			return true;
	return false;
}

/* "263" of "27 263": units_count() sets them apart. */
static bool is_thousands(const char *s)
{
	return strspn(s, "0123456789") == 3;
}

static size_t word_len(const char *s)
{
	size_t len = strcspn(s, " ");

	while (len && s[len - 1] >= '0' && s[len - 1] <= '9' && s[len] == ' ' &&
	       (is_unit(s + len + 1) || is_thousands(s + len + 1)))
		len += 1 + strcspn(s + len + 1, " ");
	return len;
}

FILE *words_open(struct words *w)
{
	w->text = NULL;
	w->f = open_memstream(&w->text, &w->len);
	return w->f;
}

char *words_close(struct words *w)
{
	if (!fclose(w->f))
		return w->text;
	free(w->text);
	return NULL;
}

void wrap_text(FILE *f, const char *s, size_t at, size_t indent, size_t width)
{
	size_t col = at, len, w;
	bool first = true;

	for (s += strspn(s, " "); *s; s += len + strspn(s + len, " ")) {
		len = word_len(s);
		w = columns(s, len);
		if (!first && col + 1 + w > width) {
			fprintf(f, "\n%*s", (int)indent, "");
			col = indent;
		} else if (!first) {
			fputc(' ', f);
			col++;
		}
		fprintf(f, "%.*s", (int)len, s);
		col += w;
		first = false;
	}
	fputc('\n', f);
}

void device_json(struct json *j, const struct view_evidence *e, uint32_t number)
{
	const struct model_device *d = model_device(e->model, number);
	char text[16];

	if (d && d->name[0]) {
		json_kstring(j, "device", d->name);
	} else if (number) {
		snprintf(text, sizeof(text), "#%u", number);
		json_kstring(j, "device", text);
	} else {
		json_knull(j, "device");
	}
	json_kname(j, "driver", d ? d->driver : NULL);
}

const char *verdict_caps(enum verdict v)
{
	static const char *const words[] = { "PASS", "INCONCLUSIVE", "FINDINGS" };

	return words[v];
}

const char *outcome_caps(uint32_t outcome)
{
	static const char *const words[] = {
		[OUTCOME_UNFINISHED] = "UNFINISHED",
		[OUTCOME_COMPLETED] = "COMPLETED",
		[OUTCOME_CANCELLED] = "CANCELLED",
		[OUTCOME_FAILED] = "FAILED",
	};

	return outcome < sizeof(words) / sizeof(words[0]) ? words[outcome] : "UNKNOWN";
}

const char *outcome_color(uint32_t outcome)
{
	return outcome == OUTCOME_COMPLETED ? C_GREEN :
	       outcome == OUTCOME_FAILED    ? C_RED :
					      C_YELLOW;
}

bool view_wants(const struct view_evidence *e, const struct view_options *opt,
		const struct migration *g)
{
	struct event span = { .t_ns = g->begin_ns, .dur_ns = g->end_ns - g->begin_ns };

	return (!opt->migration || opt->migration == g->id) &&
	       time_window_has(&opt->window, e->model, &span);
}

/* Merged recordings of old name a device "host/device". */
static size_t host_prefix(const struct model_device *d)
{
	const char *slash = d ? strchr(d->name, '/') : NULL;

	return slash ? (size_t)(slash - d->name) : 0;
}

const char *device_on_host(char buf[NAME_LEN], const struct model_device *d, uint32_t number)
{
	size_t n = host_prefix(d);

	if (n && d->name[n + 1])
		return safe_name(buf, d->name + n + 1);
	return device_label(buf, d, number);
}

const char *host_label(char buf[NAME_LEN], const struct view_evidence *e, uint32_t host,
		       uint32_t device, uint64_t t_ns)
{
	const char *name = model_host(e->model, host);
	const struct model_device *d = model_device(e->model, device);
	const struct meta *meta;

	if (name && name[0])
		return safe_name(buf, name);
	if (host_prefix(d))
		return text_safe(buf, NAME_LEN, d->name, host_prefix(d));
	meta = e->n_files ? e->files[view_file_of(e, host, t_ns)].meta : NULL;
	name = meta ? meta_get(meta, "host") : NULL;
	/* What the kernel calls a host that nobody gave a name. */
	if (!name || !name[0] || !strcmp(name, "(none)"))
		return NULL;
	return safe_name(buf, name);
}

const char *side_host(char buf[NAME_LEN], const struct view_evidence *e, const struct side *s)
{
	const struct session *g = model_session_peek(e->model, s->first_session);

	return host_label(buf, e, s->host, g ? g->device : s->cause.device, s->begin_ns);
}

const char *side_driver(const struct model *m, const struct side *s)
{
	const struct model_device *d;
	const char *driver = NULL;
	uint32_t id;

	for (id = model_side_session(m, s->id, 0); id; id = model_side_session(m, s->id, id)) {
		d = model_device(m, model_session_peek(m, id)->device);
		if (!d || !d->driver[0] || (driver && strcmp(d->driver, driver)))
			return NULL;
		driver = d->driver;
	}
	return driver;
}

const struct session *migration_first_session(struct model *m, const struct migration *g)
{
	const struct side *src = model_side(m, g->source), *dst = model_side(m, g->destination);

	if (src && src->first_session)
		return model_session(m, src->first_session);
	return dst && dst->first_session ? model_session(m, dst->first_session) : NULL;
}

uint32_t migration_devices(struct model *m, const struct migration *g)
{
	const struct side *src = model_side(m, g->source), *dst = model_side(m, g->destination);
	uint32_t a = src ? src->n_devices : 0, b = dst ? dst->n_devices : 0;

	return a > b ? a : b;
}

uint64_t migration_bytes(struct model *m, const struct migration *g)
{
	const struct side *side = model_side(m, g->source ? g->source : g->destination);

	return side ? side->bytes_total : 0;
}

uint32_t migration_party(const struct view_evidence *e, const struct migration *g)
{
	uint32_t party = PARTY_UNKNOWN, i;
	size_t k;

	for (k = 0; e->judge && k < judge_findings(e->judge); k++) {
		const struct finding *f = judge_finding(e->judge, k);

		if (f->rule == RULE_MIGRATION_FAILED && f->migration == g->id)
			return f->party;
	}
	for (i = 0; i < g->n_causes; i++)
		party |= judge_failure_party(&g->cause[i]);
	return party;
}

void outcomes_of(const struct view_evidence *e, const struct view_options *opt,
		 struct outcomes *out)
{
	uint32_t id;

	memset(out, 0, sizeof(*out));
	for (id = 1; id <= model_migrations(e->model); id++) {
		const struct migration *g = model_migration(e->model, id);

		if (!view_wants(e, opt, g))
			continue;
		out->total++;
		out->completed += g->outcome == OUTCOME_COMPLETED;
		out->failed += g->outcome == OUTCOME_FAILED;
		out->cancelled += g->outcome == OUTCOME_CANCELLED;
		out->unfinished += g->outcome == OUTCOME_UNFINISHED;
		out->ran_again += g->ran_again;
	}
}

void json_known(struct json *j, const char *key, uint64_t v)
{
	if (v == MODEL_NONE)
		json_knull(j, key);
	else
		json_ku64(j, key, v);
}

void json_tool(struct json *j)
{
	json_key(j, "tool");
	json_object_begin(j);
	json_kstring(j, "name", "vfioscope");
	json_kstring(j, "version", VFIOSCOPE_VERSION);
	json_object_end(j);
}
