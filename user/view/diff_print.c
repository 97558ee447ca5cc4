// SPDX-License-Identifier: GPL-2.0-only
/*
 * diff_print.c - what diff.c found, in words and as JSON
 */
#include <inttypes.h>
#include <string.h>

#include "util/json.h"
#include "view/common.h"
#include "view/diff_pair.h"

#define LABEL (-21)

static const char *show(char buf[UNITS_LEN], uint32_t metric, uint64_t n,
			const struct view_options *opt)
{
	if (n == MODEL_NONE)
		return "-";
	switch (diff_metric_unit(metric)) {
	case UNIT_TIME:
		return units_duration(buf, n);
	case UNIT_SIZE:
		return units_size(buf, n, opt->bytes);
	default:
		return units_count(buf, n);
	}
}

static const char *change_text(enum diff_change c)
{
	switch (c) {
	case CHANGE_WORSE:
		return "worse";
	case CHANGE_BETTER:
		return "better";
	case CHANGE_LESS_WORK:
		return "work not done";
	case CHANGE_UNKNOWN:
		return "not in both";
	default:
		return "same";
	}
}

static const char *arc_label(char buf[2 * UNITS_LEN], const struct diff_figure *x)
{
	char a[UNITS_LEN], b[UNITS_LEN];

	snprintf(buf, 2 * UNITS_LEN, "%s to %s", state_label(a, x->from), state_label(b, x->to));
	return buf;
}

static const char *color_of(const struct view_options *opt, const struct diff_pair *p,
			    const struct diff_figure *x)
{
	if (p->hole || x->change == CHANGE_NONE)
		return "";
	return paint(opt, x->change >= CHANGE_WORSE  ? C_RED :
			  x->change == CHANGE_BETTER ? C_GREEN :
						       C_YELLOW);
}

static void put_texts(FILE *f, const struct diff_pair *p, const struct diff_figure *x,
		      const struct view_options *opt)
{
	const char *color = color_of(opt, p, x);
	bool differ = strcmp(x->text[0], x->text[1]);

	if (!differ && x->metric != DIFF_OUTCOME)
		return;
	fprintf(f, "  %s%*s %s%s%s%s%s%s\n", color, LABEL, diff_metric_name(x->metric), x->text[0],
		differ ? " -> " : "", differ ? x->text[1] : "", x->change ? "  " : "",
		x->change ? change_text(x->change) : "", *color ? paint(opt, C_OFF) : "");
}

static void put_figure(FILE *f, const struct diff_pair *p, const struct diff_figure *x,
		       const struct view_options *opt)
{
	const char *color = color_of(opt, p, x);
	char a[UNITS_LEN], b[UNITS_LEN], arc[2 * UNITS_LEN];
	const char *name = x->metric == DIFF_ARC ? arc_label(arc, x) : diff_metric_name(x->metric);
	uint64_t more = x->v[1] > x->v[0] ? x->v[1] - x->v[0] : x->v[0] - x->v[1];
	char sign = x->v[1] > x->v[0] ? '+' : '-';

	if (x->v[0] == MODEL_NONE && x->v[1] == MODEL_NONE)
		return;
	fprintf(f, "  %s%*s", color, LABEL, name);
	text_pad(f, show(a, x->metric, x->v[0], opt), strlen(name) > 21 ? 8 : 11, true);
	text_pad(f, show(b, x->metric, x->v[1], opt), 11, true);
	if (x->v[0] != MODEL_NONE && x->v[1] != MODEL_NONE && more) {
		snprintf(a, sizeof(a), "%c%.*s", sign, UNITS_LEN - 2,
			 show(b, x->metric, more, opt));
		text_pad(f, a, 11, true);
		if (x->v[0] && more / 10 >= x->v[0])
			fputs(" > 999 %", f);
		else if (x->v[0])
			fprintf(f, " %c%.1f %%", sign, 100.0 * (double)more / (double)x->v[0]);
	}
	if (x->change)
		fprintf(f, "  %s", change_text(x->change));
	fprintf(f, "%s\n", *color ? paint(opt, C_OFF) : "");
}

static void put_device(FILE *f, const struct diff *d, const struct diff_figure *x)
{
	char a[NAME_LEN], b[NAME_LEN];
	const char *from =
		device_on_host(a, model_device(d->ab[0].model, x->device[0]), x->device[0]);
	const char *to =
		device_on_host(b, model_device(d->ab[1].model, x->device[1]), x->device[1]);

	fprintf(f, "  %s%s%s, %s:\n", from, strcmp(from, to) ? " / " : "",
		strcmp(from, to) ? to : "", x->direction == DIR_SAVE ? "source" : "destination");
}

/* Of devices only what has changed: of a VM with 16 the rest is a wall of figures. */
static void put_figures(FILE *f, const struct diff *d, const struct diff_pair *p,
			const struct view_options *opt)
{
	const struct diff_figure *last = NULL;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct diff_figure *x = &p->figure[i];

		if (x->device[0] && !x->change)
			continue;
		if (x->device[0] &&
		    (!last || last->device[0] != x->device[0] || last->direction != x->direction))
			put_device(f, d, x);
		if (x->device[0])
			last = x;
		if (diff_metric_unit(x->metric) == UNIT_TEXT)
			put_texts(f, p, x, opt);
		else
			put_figure(f, p, x, opt);
	}
}

static void put_pair(FILE *f, const struct diff *d, const struct diff_pair *p,
		     const struct view_options *opt)
{
	const struct migration *g = p->g[0] ? p->g[0] : p->g[1];
	char vm[NAME_LEN], a[16], b[16];
	uint32_t n[2];

	fprintf(f, "\n%s%s%s\n", paint(opt, C_BOLD),
		g->vm ? safe_name(vm, g->vm) : "a VM without a name", paint(opt, C_OFF));
	if (!p->g[0] || !p->g[1]) {
		fprintf(f, "  only in %c%s\n", p->g[0] ? 'A' : 'B',
			d->hole[p->g[0] ? 1 : 0] ? "; the other may have lost it" : "");
		return;
	}
	snprintf(a, sizeof(a), "A %u", p->g[0]->id);
	snprintf(b, sizeof(b), "B %u", p->g[1]->id);
	fprintf(f, "  %s%*s%s%11s%11s%s\n", paint(opt, C_DIM), LABEL, "migration",
		paint(opt, C_OFF), a, b, p->hole ? "   lower bounds: nothing is proven" : "");
	n[0] = migration_devices(d->ab[0].model, p->g[0]);
	n[1] = migration_devices(d->ab[1].model, p->g[1]);
	if (n[0] != n[1])
		fprintf(f, "  %*s%11u%11u\n", LABEL, "devices", n[0], n[1]);
	put_figures(f, d, p, opt);
}

static void put_head(FILE *f, const struct diff *d, int s, const struct view_options *opt)
{
	uint32_t n = model_migrations(d->ab[s].model);
	char text[TEXT_SAFE_LEN(160)];
	size_t i;

	fprintf(f, "%c  ", 'A' + s);
	for (i = 0; i < d->ab[s].n_files; i++)
		fprintf(f, "%s%s", i ? " + " : "",
			text_safe(text, sizeof(text), d->ab[s].files[i].path, 160));
	fprintf(f, ": %u migration%s%s%s%s\n", n, plural(n), d->hole[s] ? paint(opt, C_RED) : "",
		d->hole[s] ? ", THE EVIDENCE HAS A HOLE" : "", d->hole[s] ? paint(opt, C_OFF) : "");
}

/* What counted, by name: "RESUMING to STOP, downtime". */
static void put_names(FILE *f, const struct diff *d)
{
	const char *sep = " (";
	size_t i, k, n = 0;
	char arc[2 * UNITS_LEN];
	bool said[DIFF_NR] = { false };

	for (i = 0; i < d->n; i++) {
		for (k = 0; k < d->pair[i].n && !d->pair[i].hole; k++) {
			const struct diff_figure *x = &d->pair[i].figure[k];

			if (!diff_counts(d->o, x->change) ||
			    (x->metric != DIFF_ARC && said[x->metric]) || n == 8)
				continue;
			said[x->metric] = true;
			fprintf(f, "%s%s%s", sep,
				x->metric == DIFF_ARC ? arc_label(arc, x) :
							diff_metric_name(x->metric),
				x->change == CHANGE_LESS_WORK ? ": work not done" : "");
			sep = ", ";
			n++;
		}
	}
	if (n)
		fputc(')', f);
}

/* Of all that differ: what their stops were spent on more than before. */
static void put_grown(FILE *f, const struct diff *d)
{
	const struct diff_figure *x, *most = NULL;
	char a[UNITS_LEN];
	size_t i;

	for (i = 0; i < d->n; i++) {
		x = d->pair[i].differs && !d->pair[i].hole ? diff_grown_most(d, &d->pair[i]) : NULL;
		if (x && (!most || x->v[1] - x->v[0] > most->v[1] - most->v[0]))
			most = x;
	}
	if (most)
		fprintf(f, "; the reason that grew most: %s, +%s",
			why_part_words((enum why_part)(most->metric - DIFF_WHY)),
			units_duration(a, most->v[1] - most->v[0]));
}

static void put_verdict(FILE *f, const struct diff *d, const struct view_options *opt)
{
	static const char *const color[] = { C_GREEN, C_GREEN, C_YELLOW, C_RED };
	static const char *const words[] = { "SAME", "BETTER", "INCONCLUSIVE", "DIFFERENT" };
	size_t i, differ = 0, open = 0, unknown = 0;
	bool none[2] = { !model_migrations(d->ab[0].model), !model_migrations(d->ab[1].model) };

	for (i = 0; i < d->n; i++) {
		differ += d->pair[i].differs && !d->pair[i].hole;
		open += d->pair[i].hole;
		unknown += d->pair[i].unknown;
	}
	fprintf(f, "\n%s%s%s", paint(opt, color[d->verdict]), words[d->verdict], paint(opt, C_OFF));
	if (d->verdict == DIFF_SAME)
		fputs(": nothing is beyond the thresholds", f);
	else if (d->verdict == DIFF_BETTER)
		fprintf(f, ": nothing is worse, and %zu figure%s better", d->better,
			d->better == 1 ? " is" : "s are");
	if (differ) {
		fprintf(f, ": %zu of %zu migration%s", differ, d->n, plural(d->n));
		put_names(f, d);
		put_grown(f, d);
	}
	if (none[0] || none[1])
		fprintf(f, ": no migration is in %s%s",
			!none[0] ? "B" :
			!none[1] ? "A" :
				   "the evidence",
			d->hole[0] || d->hole[1] ? ", the evidence has a hole" : "");
	else if (unknown && !open)
		fprintf(f, "%s what was asked for is not known of both", differ ? "," : ":");
	else if (open || d->verdict == DIFF_INCONCLUSIVE)
		fprintf(f, "%s the evidence has a hole", differ ? "," : ":");
	fputc('\n', f);
}

enum diff_verdict diff_text(FILE *f, const struct view_evidence ab[2], const struct diff_options *o,
			    const struct view_options *opt)
{
	enum diff_verdict verdict = DIFF_INCONCLUSIVE;
	struct diff d;
	size_t i;
	int s;

	if (diff_run(&d, ab, o)) {
		fputs("out of memory\n", f);
		goto out;
	}
	for (s = 0; s < 2; s++)
		put_head(f, &d, s, opt);
	for (i = 0; i < d.n; i++)
		put_pair(f, &d, &d.pair[i], opt);
	put_verdict(f, &d, opt);
	verdict = d.verdict;
out:
	diff_free(&d);
	return verdict;
}

/* ---- JSON ---- */

static void put_state(struct json *j, const char *key, uint32_t state)
{
	char buf[UNITS_LEN];

	json_kstring(j, key, state_label(buf, state));
}

static void put_figure_json(struct json *j, const struct diff *d, const struct diff_figure *x)
{
	static const char *const units[] = { NULL, "ns", "bytes", "calls" };
	uint32_t unit = diff_metric_unit(x->metric);

	json_object_begin(j);
	json_kstring(j, "name", diff_metric_name(x->metric));
	if (x->device[0]) {
		const struct model_device *a = model_device(d->ab[0].model, x->device[0]);
		const struct model_device *b = model_device(d->ab[1].model, x->device[1]);

		json_kname(j, "device", a ? a->name : NULL);
		json_kname(j, "device_b", b ? b->name : NULL);
		json_kstring(j, "side", x->direction == DIR_SAVE ? "source" : "destination");
	}
	if (x->metric == DIFF_ARC) {
		put_state(j, "from", x->from);
		put_state(j, "to", x->to);
	}
	json_kname(j, "unit", units[unit]);
	if (unit == UNIT_TEXT) {
		json_kstring(j, "a", x->text[0]);
		json_kstring(j, "b", x->text[1]);
	} else {
		json_known(j, "a", x->v[0]);
		json_known(j, "b", x->v[1]);
		json_key(j, "difference");
		if (x->v[0] == MODEL_NONE || x->v[1] == MODEL_NONE)
			json_null(j);
		else
			json_s64(j, (int64_t)(x->v[1] - x->v[0]));
	}
	json_kstring(j, "change", change_text(x->change));
	json_kbool(j, "counts", diff_counts(d->o, x->change));
	json_object_end(j);
}

static void put_pair_json(struct json *j, const struct diff *d, const struct diff_pair *p)
{
	const struct migration *g = p->g[0] ? p->g[0] : p->g[1];
	size_t k;

	json_object_begin(j);
	json_known(j, "a", p->g[0] ? p->g[0]->id : MODEL_NONE);
	json_known(j, "b", p->g[1] ? p->g[1]->id : MODEL_NONE);
	json_kname(j, "vm", g->vm);
	json_kbool(j, "differs", p->differs && !p->hole);
	json_kbool(j, "inconclusive", p->hole || p->unknown);
	json_key(j, "metrics");
	json_array_begin(j);
	for (k = 0; k < p->n; k++)
		put_figure_json(j, d, &p->figure[k]);
	json_array_end(j);
	json_object_end(j);
}

static void put_evidence_json(struct json *j, const struct diff *d, int s)
{
	const struct view_evidence *e = &d->ab[s];
	size_t i;

	json_object_begin(j);
	json_key(j, "paths");
	json_array_begin(j);
	for (i = 0; i < e->n_files; i++)
		json_string(j, e->files[i].path);
	json_array_end(j);
	json_ku64(j, "migrations", model_migrations(e->model));
	json_kbool(j, "hole", d->hole[s]);
	json_object_end(j);
}

enum diff_verdict diff_json(FILE *f, const struct view_evidence ab[2], const struct diff_options *o)
{
	static const char *const verdicts[] = { "same", "better", "inconclusive", "different" };
	enum diff_verdict verdict = DIFF_INCONCLUSIVE;
	struct json *j = json_create(f, true);
	struct diff d;
	size_t i;
	int s;

	if (diff_run(&d, ab, o) || !j)
		goto out;
	json_object_begin(j);
	json_tool(j);
	json_key(j, "traces");
	json_array_begin(j);
	for (s = 0; s < 2; s++)
		put_evidence_json(j, &d, s);
	json_array_end(j);
	json_key(j, "migrations");
	json_array_begin(j);
	for (i = 0; i < d.n; i++)
		put_pair_json(j, &d, &d.pair[i]);
	json_array_end(j);
	json_ku64(j, "better", d.better);
	verdict = d.verdict;
	json_kstring(j, "verdict", verdicts[verdict]);
	json_object_end(j);
	json_line_end(j);
out:
	json_destroy(j);
	diff_free(&d);
	return verdict;
}
