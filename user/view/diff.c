// SPDX-License-Identifier: GPL-2.0-only
#include "view/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"
#include "view/common.h"
#include "view/findings.h"

enum unit { UNIT_TEXT, UNIT_TIME, UNIT_SIZE, UNIT_COUNT };

static const struct { const char *name; enum unit unit; } metrics[DIFF_NR] = {
	[DIFF_OUTCOME] = { "outcome", UNIT_TEXT },
	[DIFF_FINDINGS] = { "findings", UNIT_TEXT },
	[DIFF_DOWNTIME] = { "downtime", UNIT_TIME },
	[DIFF_STOP_WINDOW] = { "stop-window", UNIT_TIME },
	[DIFF_ARCS] = { "arcs", UNIT_TIME },
	[DIFF_IO] = { "io", UNIT_TIME },
	[DIFF_DIRTY_SYNC] = { "dirty-sync", UNIT_TIME },
	[DIFF_OUTSIDE] = { "outside", UNIT_TIME },
	[DIFF_DURATION] = { "duration", UNIT_TIME },
	[DIFF_BYTES] = { "bytes", UNIT_SIZE },
	[DIFF_STOP_COPY] = { "stop-copy", UNIT_SIZE },
	[DIFF_CALLS] = { "calls", UNIT_COUNT },
	[DIFF_ENOMSG] = { "enomsg", UNIT_COUNT },
	[DIFF_LATENCY_P50] = { "latency-p50", UNIT_TIME },
	[DIFF_LATENCY_P99] = { "latency-p99", UNIT_TIME },
};

#define TEXT_LEN	160

struct value {
	uint64_t n;			/* MODEL_NONE: not known */
	char text[TEXT_LEN];
};

/* One migration beside the other; NULL: it has no counterpart. */
struct pair {
	const struct session *g[2];
	bool hole;			/* its figures prove nothing */
	bool differs;
	struct value v[DIFF_NR][2];
	bool beyond[DIFF_NR];
};

struct diff {
	const struct view_evidence *ab;
	const struct diff_options *o;
	struct pair *pair;
	size_t n;
	bool hole[2];
	enum diff_verdict verdict;
};

const char *diff_metric_name(uint32_t metric)
{
	return metric < DIFF_NR ? metrics[metric].name : NULL;
}

/* ---- options ---- */

void diff_options_init(struct diff_options *o)
{
	uint32_t i;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < DIFF_NR; i++) {
		o->threshold[i].percent = metrics[i].unit == UNIT_TEXT ? 0 : 10;
		o->threshold[i].absolute = metrics[i].unit == UNIT_TIME ? 1000000 :
					   metrics[i].unit == UNIT_SIZE ? 65536 :
					   metrics[i].unit == UNIT_COUNT ? 10 : 0;
	}
}

static int parse_threshold(enum unit unit, const char *s, struct diff_threshold *t)
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
			-EINVAL : 0;
	}
	switch (unit) {
	case UNIT_TIME:
		return units_parse_duration(s, &t->absolute);
	case UNIT_SIZE:
		return units_parse_size(s, &t->absolute);
	case UNIT_COUNT:
		return units_parse_u64(s, &t->absolute);
	default:
		return -EINVAL;
	}
}

int diff_options_set(struct diff_options *o, const char *setting, char err[DIFF_ERR_LEN])
{
	size_t len = strcspn(setting, "=");
	struct diff_threshold t;
	bool all, known = false;
	uint32_t i;

	if (!setting[len]) {
		snprintf(err, DIFF_ERR_LEN, "'%.40s' is no NAME=THRESHOLD", setting);
		return -EINVAL;
	}
	all = len == 3 && !strncmp(setting, "all", 3);
	for (i = 0; i < DIFF_NR; i++) {
		if (all ? metrics[i].unit == UNIT_TEXT :
			  strlen(metrics[i].name) != len || strncmp(metrics[i].name, setting, len))
			continue;
		known = true;
		/* One number cannot be a time and a size; a text has no per cent. */
		if (parse_threshold(all ? UNIT_TEXT : metrics[i].unit, setting + len + 1, &t) ||
		    (metrics[i].unit == UNIT_TEXT && !t.off)) {
			snprintf(err, DIFF_ERR_LEN, "'%.40s' is no threshold of %.*s (%s)",
				 setting + len + 1, (int)(len < 20 ? len : 20), setting,
				 all || metrics[i].unit == UNIT_TEXT ? all ? "10%, off" : "off" :
				 metrics[i].unit == UNIT_TIME ? "10%, 5ms, off" :
				 metrics[i].unit == UNIT_SIZE ? "10%, 1MiB, off" : "10%, 100, off");
			return -EINVAL;
		}
		o->threshold[i] = t;
	}
	if (known)
		return 0;
	snprintf(err, DIFF_ERR_LEN, "nothing that is compared is called '%.*s'",
		 (int)(len < 40 ? len : 40), setting);
	return -EINVAL;
}

/* ---- comparing ---- */

/* Rules that count against the migration, in the order of the rules. */
static void list_findings(const struct view_evidence *t, const struct session *g,
			  char out[TEXT_LEN])
{
	bool found[RULE_NR] = { false };
	const struct finding *x;
	size_t i, n = 0;
	uint32_t r;

	for (i = 0; t->judge && (x = judge_finding(t->judge, i)); i++)
		if (x->session == g->id && judge_counts(t->judge, x))
			found[x->rule] = true;
	out[0] = '\0';
	for (r = 0; r < RULE_NR; r++)
		if (found[r] && n < TEXT_LEN)
			n += (size_t)snprintf(out + n, TEXT_LEN - n, "%s%s", n ? "," : "",
					      judge_rule(r)->name);
	if (!n)
		snprintf(out, TEXT_LEN, "none");
}

static void look(const struct view_evidence *t, const struct session *g, struct value v[DIFF_NR][2],
		 int side)
{
	bool save = g->direction == DIR_SAVE, stopped = g->window.start_ns != MODEL_NONE;
	const struct session_window *w = &g->window;
	uint32_t i;

	for (i = 0; i < DIFF_NR; i++)
		v[i][side].n = MODEL_NONE;
	snprintf(v[DIFF_OUTCOME][side].text, TEXT_LEN, "%s", outcome_name(g->outcome));
	list_findings(t, g, v[DIFF_FINDINGS][side].text);
	v[DIFF_DOWNTIME][side].n = g->downtime_ns;
	if (stopped) {
		v[DIFF_STOP_WINDOW][side].n = w->total_ns;
		v[DIFF_ARCS][side].n = w->arcs_ns;
		v[DIFF_IO][side].n = w->io_ns;
		v[DIFF_DIRTY_SYNC][side].n = w->dirty_sync_ns;
		v[DIFF_OUTSIDE][side].n = w->outside_ns;
	}
	v[DIFF_DURATION][side].n = g->end_ns - g->start_ns;
	v[DIFF_BYTES][side].n = g->bytes_total;
	v[DIFF_CALLS][side].n = save ? g->reads : g->writes;
	if (save) {
		v[DIFF_STOP_COPY][side].n = g->bytes_stop_copy;
		v[DIFF_ENOMSG][side].n = g->enomsg;
	}
	if (g->io_measured) {
		v[DIFF_LATENCY_P50][side].n = g->io_p50_ns;
		v[DIFF_LATENCY_P99][side].n = g->io_p99_ns;
	}
}

static bool is_beyond(const struct diff_options *o, uint32_t metric, const struct value v[2])
{
	const struct diff_threshold *t = &o->threshold[metric];
	uint64_t a = v[0].n, b = v[1].n, d;

	if (t->off)
		return false;
	if (metrics[metric].unit == UNIT_TEXT)
		return strcmp(v[0].text, v[1].text);
	if (a == MODEL_NONE || b == MODEL_NONE)
		return a != b;
	if (o->worse && b <= a)
		return false;
	d = b > a ? b - a : a - b;
	return d > t->absolute && (double)d > (double)a * t->percent / 100;
}

static bool has_hole(const struct view_evidence *t)
{
	return model_loss(t->model)->places ||
	       (t->health && (!t->health->ended || t->health->bytes_skipped ||
			      t->health->frames_damaged));
}

static bool is_same(const struct diff *d, const struct session *a, const struct session *b)
{
	const struct model_device *x = model_device(d->ab[0].model, a->device);
	const struct model_device *y = model_device(d->ab[1].model, b->device);

	if (a->direction != b->direction)
		return false;
	return d->o->by_order || (!strcmp(a->vm, b->vm) &&
				  !strcmp(x ? x->name : "", y ? y->name : ""));
}

static void compare(struct diff *d, struct pair *p)
{
	uint32_t i;
	int s;

	for (s = 0; s < 2; s++) {
		/* What has no counterpart may be in the other's hole. */
		if (!p->g[s]) {
			p->hole |= d->hole[s];
			continue;
		}
		p->hole |= p->g[s]->holes || p->g[s]->joined_late ||
			   (!p->g[s]->ended && d->hole[s]);
		look(&d->ab[s], p->g[s], p->v, s);
	}
	p->differs = !p->g[0] || !p->g[1];
	for (i = 0; i < DIFF_NR && p->g[0] && p->g[1]; i++) {
		p->beyond[i] = is_beyond(d->o, i, p->v[i]);
		p->differs |= p->beyond[i];
	}
	if (p->hole && d->verdict < DIFF_INCONCLUSIVE)
		d->verdict = DIFF_INCONCLUSIVE;
	if (p->differs && !p->hole)
		d->verdict = DIFF_DIFFERENT;
}

static int diff_run(struct diff *d, const struct view_evidence ab[2], const struct diff_options *o)
{
	uint32_t n[2] = { model_sessions(ab[0].model), model_sessions(ab[1].model) }, i, k;
	bool *taken = calloc(n[1] + 1, sizeof(*taken));
	int s;

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
		struct pair *p = &d->pair[d->n++];

		p->g[0] = model_session(ab[0].model, i);
		for (k = 1; k <= n[1] && !p->g[1]; k++) {
			if (taken[k] || !is_same(d, p->g[0], model_session(ab[1].model, k)))
				continue;
			p->g[1] = model_session(ab[1].model, k);
			taken[k] = true;
		}
	}
	for (k = 1; k <= n[1]; k++)
		if (!taken[k])
			d->pair[d->n++].g[1] = model_session(ab[1].model, k);
	free(taken);
	/* A hole, or nothing at all, claims no sameness. */
	if (d->hole[0] || d->hole[1] || !n[0] || !n[1])
		d->verdict = DIFF_INCONCLUSIVE;
	for (i = 0; i < d->n; i++)
		compare(d, &d->pair[i]);
	return 0;
}

/* ---- in words ---- */

static const char *show(char buf[UNITS_LEN], uint32_t metric, uint64_t n,
			const struct view_options *opt)
{
	if (n == MODEL_NONE)
		return "-";
	switch (metrics[metric].unit) {
	case UNIT_TIME:
		return units_duration(buf, n);
	case UNIT_SIZE:
		return units_size(buf, n, opt->bytes);
	default:
		return units_count(buf, n);
	}
}

static void put_threshold(FILE *f, const struct diff *d, uint32_t metric,
			  const struct view_options *opt)
{
	const struct diff_threshold *t = &d->o->threshold[metric];
	char a[UNITS_LEN];

	fprintf(f, "  > %.4g %%", t->percent);
	if (t->absolute)
		fprintf(f, ", %s", show(a, metric, t->absolute, opt));
}

static void put_metric(FILE *f, const struct diff *d, const struct pair *p, uint32_t metric,
		       const struct view_options *opt)
{
	const struct value *v = p->v[metric];
	const char *color = p->beyond[metric] && !p->hole ? paint(opt, C_RED) : "";
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t diff;
	char sign;

	if (metrics[metric].unit == UNIT_TEXT) {
		if (p->beyond[metric] || metric == DIFF_OUTCOME)
			fprintf(f, "  %s%-12s %s%s%s%s\n", color, metrics[metric].name, v[0].text,
				p->beyond[metric] ? " -> " : "", p->beyond[metric] ? v[1].text : "",
				*color ? paint(opt, C_OFF) : "");
		return;
	}
	if (v[0].n == MODEL_NONE && v[1].n == MODEL_NONE)
		return;
	fprintf(f, "  %s%-12s", color, metrics[metric].name);
	text_pad(f, show(a, metric, v[0].n, opt), 13, true);
	text_pad(f, show(b, metric, v[1].n, opt), 13, true);
	if (v[0].n != MODEL_NONE && v[1].n != MODEL_NONE && v[0].n != v[1].n) {
		diff = v[1].n > v[0].n ? v[1].n - v[0].n : v[0].n - v[1].n;
		sign = v[1].n > v[0].n ? '+' : '-';
		snprintf(a, sizeof(a), "%c%.*s", sign, UNITS_LEN - 2, show(b, metric, diff, opt));
		text_pad(f, a, 13, true);
		if (v[0].n) {
			snprintf(a, sizeof(a), "%c%.1f %%", sign,
				 100.0 * (double)diff / (double)v[0].n);
			text_pad(f, a, 11, true);
		} else if (p->beyond[metric]) {
			fprintf(f, "%11s", "");
		}
	} else if (p->beyond[metric]) {
		fprintf(f, "%24s", "");
	}
	if (p->beyond[metric])
		put_threshold(f, d, metric, opt);
	fprintf(f, "%s\n", *color ? paint(opt, C_OFF) : "");
}

static void put_who(FILE *f, const struct diff *d, const struct pair *p,
		    const struct view_options *opt)
{
	int s = p->g[0] ? 0 : 1;
	const struct session *g = p->g[s];
	const struct model_device *dev = model_device(d->ab[s].model, g->device);
	bool save = g->direction == DIR_SAVE;
	char vm[NAME_LEN], name[NAME_LEN], drv[NAME_LEN];

	fprintf(f, "\n%s", paint(opt, C_BOLD));
	if (g->vm[0])
		fprintf(f, "%s %s with ", safe_name(vm, g->vm), save ? "leaves" : "arrives");
	fprintf(f, "%s%s", device_label(name, dev, g->device),
		g->vm[0] ? "" : save ? " leaves" : " arrives");
	if (dev && dev->driver[0])
		fprintf(f, " (%s)", safe_name(drv, dev->driver));
	fprintf(f, "%s\n", paint(opt, C_OFF));
}

enum diff_verdict diff_text(FILE *f, const struct view_evidence ab[2], const struct diff_options *o,
			    const struct view_options *opt)
{
	static const char *const color[] = { C_GREEN, C_YELLOW, C_RED };
	size_t i, differ = 0, open = 0;
	char text[TEXT_SAFE_LEN(160)];
	enum diff_verdict verdict;
	struct diff d;
	uint32_t k;
	int s;

	if (diff_run(&d, ab, o)) {
		fputs("out of memory\n", f);
		free(d.pair);
		return DIFF_INCONCLUSIVE;
	}
	for (s = 0; s < 2; s++)
		fprintf(f, "%c  %s: %u migration%s%s%s%s\n", 'A' + s,
			text_safe(text, sizeof(text), ab[s].files[0].path, 160),
			model_sessions(ab[s].model), model_sessions(ab[s].model) == 1 ? "" : "s",
			d.hole[s] ? paint(opt, C_RED) : "",
			d.hole[s] ? ", THE EVIDENCE HAS A HOLE" : "",
			d.hole[s] ? paint(opt, C_OFF) : "");
	for (i = 0; i < d.n; i++) {
		const struct pair *p = &d.pair[i];

		put_who(f, &d, p, opt);
		differ += p->differs && !p->hole;
		open += p->hole;
		if (!p->g[0] || !p->g[1]) {
			fprintf(f, "  only in %c%s\n", p->g[0] ? 'A' : 'B', p->hole ?
				"; the other may have lost it" : "");
			continue;
		}
		fprintf(f, "  %smigration%s  %11u%13u%s%s\n", paint(opt, C_DIM), paint(opt, C_OFF),
			p->g[0]->id, p->g[1]->id, p->hole ? "   its figures are lower bounds:" : "",
			p->hole ? " nothing is proven" : "");
		for (k = 0; k < DIFF_NR; k++)
			put_metric(f, &d, p, k, opt);
	}
	verdict = d.verdict;
	fprintf(f, "\n%s%s%s", paint(opt, color[verdict]), verdict == DIFF_SAME ? "SAME" :
		verdict == DIFF_DIFFERENT ? "DIFFERENT" : "INCONCLUSIVE", paint(opt, C_OFF));
	if (verdict == DIFF_SAME)
		fputs(": nothing is beyond the thresholds", f);
	if (differ)
		fprintf(f, ": %zu of %zu migrations", differ, d.n);
	if (!d.n)
		fputs(": no migration is in the evidence", f);
	else if (open || d.verdict == DIFF_INCONCLUSIVE)
		fprintf(f, "%s the evidence has a hole", differ ? "," : ":");
	fputc('\n', f);
	free(d.pair);
	return verdict;
}

/* ---- JSON ---- */

static void put_metric_json(struct json *j, const struct pair *p, uint32_t metric)
{
	static const char *const units[] = { NULL, "ns", "bytes", "calls" };
	const struct value *v = p->v[metric];

	json_object_begin(j);
	json_kstring(j, "name", metrics[metric].name);
	json_kname(j, "unit", units[metrics[metric].unit]);
	if (metrics[metric].unit == UNIT_TEXT) {
		json_kstring(j, "a", v[0].text);
		json_kstring(j, "b", v[1].text);
	} else {
		json_known(j, "a", v[0].n);
		json_known(j, "b", v[1].n);
		json_key(j, "difference");
		if (v[0].n == MODEL_NONE || v[1].n == MODEL_NONE)
			json_null(j);
		else
			json_s64(j, (int64_t)(v[1].n - v[0].n));
	}
	json_kbool(j, "beyond", p->beyond[metric]);
	json_object_end(j);
}

enum diff_verdict diff_json(FILE *f, const struct view_evidence ab[2], const struct diff_options *o)
{
	static const char *const verdicts[] = { "same", "inconclusive", "different" };
	struct json *j = json_create(f, true);
	enum diff_verdict verdict;
	struct diff d;
	uint32_t k;
	size_t i;
	int s;

	if (diff_run(&d, ab, o) || !j) {
		json_destroy(j);
		free(d.pair);
		return DIFF_INCONCLUSIVE;
	}
	json_object_begin(j);
	json_tool(j);
	json_key(j, "traces");
	json_array_begin(j);
	for (s = 0; s < 2; s++) {
		json_object_begin(j);
		json_kstring(j, "path", ab[s].files[0].path);
		json_kname(j, "host", ab[s].meta ? meta_get(ab[s].meta, "host") : NULL);
		json_ku64(j, "migrations", model_sessions(ab[s].model));
		json_kbool(j, "hole", d.hole[s]);
		json_object_end(j);
	}
	json_array_end(j);
	json_key(j, "migrations");
	json_array_begin(j);
	for (i = 0; i < d.n; i++) {
		const struct pair *p = &d.pair[i];
		const struct session *g = p->g[0] ? p->g[0] : p->g[1];
		const struct model_device *dev = model_device(ab[!p->g[0]].model, g->device);

		json_object_begin(j);
		json_known(j, "a", p->g[0] ? p->g[0]->id : MODEL_NONE);
		json_known(j, "b", p->g[1] ? p->g[1]->id : MODEL_NONE);
		json_kname(j, "vm", g->vm);
		json_kname(j, "device", dev ? dev->name : NULL);
		json_kname(j, "driver", dev ? dev->driver : NULL);
		json_kstring(j, "direction", event_direction_name(g->direction));
		json_kbool(j, "differs", p->differs && !p->hole);
		json_kbool(j, "inconclusive", p->hole);
		json_key(j, "metrics");
		json_array_begin(j);
		for (k = 0; k < DIFF_NR && p->g[0] && p->g[1]; k++)
			put_metric_json(j, p, k);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
	verdict = d.verdict;
	json_kstring(j, "verdict", verdicts[verdict]);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
	free(d.pair);
	return verdict;
}
