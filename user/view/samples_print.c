// SPDX-License-Identifier: GPL-2.0-only
/*
 * samples_print.c - two sets of migrations, in words and as JSON
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"
#include "util/sat.h"
#include "view/common.h"
#include "view/samples_sets.h"

#define PLOT_WIDTH 44

static const char *show(char buf[UNITS_LEN], uint32_t metric, double v)
{
	uint64_t n = sat_u64(v + 0.5);

	switch (diff_metric_unit(metric)) {
	case UNIT_TIME:
		return units_duration(buf, n);
	case UNIT_SIZE:
		return units_size(buf, n, false);
	default:
		return units_count(buf, n);
	}
}

static const char *signed_show(char buf[UNITS_LEN + 1], uint32_t metric, double v)
{
	buf[0] = v < 0 ? '-' : '+';
	show(buf + 1, metric, fabs(v));
	return buf;
}

static const char *label(char buf[3 * UNITS_LEN], const struct sample_figure *f)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	bool dst = f->direction == DIR_RESUME || f->destination_alone;

	if (f->metric == DIFF_ARC)
		snprintf(buf, 3 * UNITS_LEN, "%s to %s%s", state_label(a, f->from),
			 state_label(b, f->to), dst ? " (destination)" : "");
	else
		snprintf(buf, 3 * UNITS_LEN, "%s%s", diff_metric_name(f->metric),
			 dst ? " (destination)" : "");
	return buf;
}

static const char *change_text(const struct sample_figure *f)
{
	switch (f->change) {
	case CHANGE_WORSE:
		return "worse";
	case CHANGE_BETTER:
		return "better";
	case CHANGE_LESS_WORK:
		return "work not done";
	default:
		return "same";
	}
}

static double percent(const struct sample_figure *f, double by)
{
	return f->median[0] > 0 ? 100 * by / f->median[0] : 0;
}

/* ---- in words ---- */

static void put_set(FILE *f, const struct samples *s, int i)
{
	size_t n = 0, o;

	for (o = 0; o <= OUTCOME_FAILED; o++)
		n += s->outcome[i][o];
	fprintf(f, "%s  %zu migration%s in %zu recording%s: %zu completed", i ? "NEW " : "BASE", n,
		plural(n), s->recordings[i], plural(s->recordings[i]),
		s->outcome[i][OUTCOME_COMPLETED]);
	for (o = 0; o <= OUTCOME_FAILED; o++)
		if (o != OUTCOME_COMPLETED && s->outcome[i][o])
			fprintf(f, ", %zu %s", s->outcome[i][o], outcome_name((uint32_t)o));
	if (s->holes[i])
		fprintf(f, "; %zu with a hole in the evidence", s->holes[i]);
	fprintf(f, "; %zu compared\n", s->used[i]);
}

/* Where a value stands between the ends of the plot. */
static int column(double v, double low, double high)
{
	double at = high > low ? (v - low) / (high - low) : 0.5;

	return (int)(at * (PLOT_WIDTH - 1) + 0.5);
}

/* From the least to the most, the quartiles as a box, the median in it. */
static void put_plot(FILE *f, const struct sample_figure *x)
{
	double low = INFINITY, high = -INFINITY;
	char line[PLOT_WIDTH + 1], a[UNITS_LEN], b[UNITS_LEN];
	int i, k;

	for (i = 0; i < 2; i++) {
		low = x->v[i][0] < low ? x->v[i][0] : low;
		high = x->v[i][x->n[i] - 1] > high ? x->v[i][x->n[i] - 1] : high;
	}
	for (i = 0; i < 2; i++) {
		memset(line, ' ', PLOT_WIDTH);
		line[PLOT_WIDTH] = '\0';
		for (k = column(x->v[i][0], low, high);
		     k <= column(x->v[i][x->n[i] - 1], low, high); k++)
			line[k] = '-';
		for (k = column(x->q1[i], low, high); k <= column(x->q3[i], low, high); k++)
			line[k] = '=';
		line[column(x->median[i], low, high)] = '#';
		fprintf(f, "    %s |%s|\n", i ? "new " : "base", line);
	}
	fprintf(f, "          %-*s%s\n", PLOT_WIDTH - (int)strlen(show(b, x->metric, high)) + 2,
		show(a, x->metric, low), show(b, x->metric, high));
}

static void put_changed(FILE *f, const struct sample_figure *x, const struct view_options *opt)
{
	char name[3 * UNITS_LEN], a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN + 1], d[UNITS_LEN + 1];
	char e[UNITS_LEN + 1];

	fprintf(f, "\n  %s%s: %s%s\n", paint(opt, x->change == CHANGE_BETTER ? C_GREEN : C_RED),
		label(name, x), change_text(x), paint(opt, C_OFF));
	fprintf(f, "    median %s -> %s, %+.1f %%; by %s (95 %%: %s to %s); p %.2g\n",
		show(a, x->metric, x->median[0]), show(b, x->metric, x->median[1]),
		percent(x, x->median[1] - x->median[0]), signed_show(c, x->metric, x->shift),
		signed_show(d, x->metric, x->low), signed_show(e, x->metric, x->high), x->p_all);
	if (x->by_p95)
		fprintf(f, "    p95 %s -> %s: beyond its threshold, of which no test is made\n",
			show(a, x->metric, x->p95[0]), show(b, x->metric, x->p95[1]));
	put_plot(f, x);
}

static void put_all(FILE *f, const struct samples *s)
{
	char name[3 * UNITS_LEN], a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], need[UNITS_LEN];
	size_t i;

	fprintf(f, "\n  %-34s %9s %9s %9s %8s %6s %7s\n", "medians", "base", "quartiles", "new",
		"change", "p", "runs/5%");
	for (i = 0; i < s->n_figures; i++) {
		const struct sample_figure *x = &s->figure[i];

		if (!x->compared || (!x->v[0][x->n[0] - 1] && !x->v[1][x->n[1] - 1]))
			continue;
		snprintf(need, sizeof(need), x->needed ? "%zu" : "-", x->needed);
		fprintf(f, "  ");
		text_pad(f, label(name, x), 34, false);
		fputc(' ', f);
		text_pad(f, show(a, x->metric, x->median[0]), 9, true);
		fputc(' ', f);
		text_pad(f, show(c, x->metric, x->q3[0] - x->q1[0]), 9, true);
		fputc(' ', f);
		text_pad(f, show(b, x->metric, x->median[1]), 9, true);
		fprintf(f, " %+7.1f%% %6.2g %7s\n", percent(x, x->median[1] - x->median[0]),
			x->p_all, need);
	}
	fputs("  (quartiles: how far apart they are; p: of all figures together; runs/5%: how\n"
	      "  many migrations each set needs to show a change of 5 % of the median)\n",
	      f);
}

static void put_verdict(FILE *f, const struct samples *s, const struct view_options *opt)
{
	char name[3 * UNITS_LEN];
	const char *sep = "";
	size_t i;

	switch (s->verdict) {
	case DIFF_INCONCLUSIVE:
		fprintf(f, "%sINCONCLUSIVE: ", paint(opt, C_YELLOW));
		if (s->used[0] < SAMPLES_MIN || s->used[1] < SAMPLES_MIN)
			fprintf(f,
				"%d completed migrations of whole evidence are the least of each set",
				SAMPLES_MIN);
		else
			fputs("what was asked for is not known of both", f);
		break;
	case DIFF_SAME:
		fprintf(f, "%sSAME: no figure differs by more than its threshold and chance",
			paint(opt, C_GREEN));
		break;
	default:
		fprintf(f, "%s%s: ", paint(opt, s->verdict == DIFF_BETTER ? C_GREEN : C_RED),
			s->verdict == DIFF_BETTER ? "BETTER" : "DIFFERENT");
		if (s->worse_outcome) {
			fputs("more migrations fail", f);
			sep = ", ";
		}
		for (i = 0; i < s->n_figures; i++) {
			const struct sample_figure *x = &s->figure[i];

			if (!x->change ||
			    (s->verdict == DIFF_DIFFERENT && !diff_counts(&s->o.median, x->change)))
				continue;
			fprintf(f, "%s%s %+.1f %% (%+.1f to %+.1f)", sep, label(name, x),
				percent(x, x->median[1] - x->median[0]), percent(x, x->low),
				percent(x, x->high));
			sep = ", ";
		}
	}
	fprintf(f, "%s\n", paint(opt, C_OFF));
}

int samples_text(FILE *f, struct samples *s, const struct view_options *opt, enum diff_verdict *v)
{
	size_t i;
	int err = samples_compare(s);

	if (err)
		return err;
	put_set(f, s, 0);
	put_set(f, s, 1);
	for (i = 0; i < s->n_figures; i++)
		if (s->figure[i].change)
			put_changed(f, &s->figure[i], opt);
	put_all(f, s);
	put_verdict(f, s, opt);
	*v = s->verdict;
	return 0;
}

/* ---- JSON ---- */

static void put_number(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_double(j, v);
}

static void json_set(struct json *j, const struct samples *s, int i)
{
	uint32_t o;

	json_key(j, i ? "new" : "base");
	json_object_begin(j);
	json_ku64(j, "recordings", s->recordings[i]);
	json_key(j, "outcomes");
	json_object_begin(j);
	for (o = 0; o <= OUTCOME_FAILED; o++)
		json_ku64(j, outcome_name(o), s->outcome[i][o]);
	json_object_end(j);
	json_ku64(j, "with_holes", s->holes[i]);
	json_ku64(j, "compared", s->used[i]);
	json_object_end(j);
}

static void json_sample(struct json *j, const struct sample_figure *x, int i)
{
	json_key(j, i ? "new" : "base");
	if (!x->n[i]) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_ku64(j, "n", x->n[i]);
	put_number(j, "median", x->median[i]);
	put_number(j, "q1", x->q1[i]);
	put_number(j, "q3", x->q3[i]);
	put_number(j, "p95", x->p95[i]);
	put_number(j, "min", x->v[i][0]);
	put_number(j, "max", x->v[i][x->n[i] - 1]);
	json_object_end(j);
}

static void json_figure(struct json *j, const struct samples *s, const struct sample_figure *x)
{
	static const char *const units[] = { "text", "ns", "bytes", "count" };
	char a[UNITS_LEN], b[UNITS_LEN];

	json_object_begin(j);
	json_kstring(j, "name", diff_metric_name(x->metric));
	json_kname(j, "side",
		   x->direction == DIR_RESUME || x->destination_alone ? "destination" : "source");
	json_kname(j, "from", x->metric == DIFF_ARC ? state_label(a, x->from) : NULL);
	json_kname(j, "to", x->metric == DIFF_ARC ? state_label(b, x->to) : NULL);
	json_kstring(j, "unit", units[diff_metric_unit(x->metric)]);
	json_sample(j, x, 0);
	json_sample(j, x, 1);
	json_key(j, "shift");
	if (x->compared) {
		json_object_begin(j);
		put_number(j, "by", x->shift);
		put_number(j, "low", x->low);
		put_number(j, "high", x->high);
		json_object_end(j);
		put_number(j, "p", x->p);
		put_number(j, "p_of_all", x->p_all);
	} else {
		json_null(j);
		json_knull(j, "p");
		json_knull(j, "p_of_all");
	}
	if (x->needed)
		json_ku64(j, "runs_for_5_percent", x->needed);
	else
		json_knull(j, "runs_for_5_percent");
	json_kstring(j, "change", x->compared ? change_text(x) : "not in both");
	json_kbool(j, "counts", diff_counts(&s->o.median, x->change));
	json_object_end(j);
}

int samples_json(FILE *f, struct samples *s, enum diff_verdict *v)
{
	static const char *const verdicts[] = { "same", "better", "inconclusive", "different" };
	struct json *j;
	size_t i;
	int err = samples_compare(s);

	j = err ? NULL : json_create(f, true);
	if (!j)
		return -ENOMEM;
	json_object_begin(j);
	json_ku64(j, "version", 2);
	json_tool(j);
	json_kstring(j, "by", "sample");
	json_set(j, s, 0);
	json_set(j, s, 1);
	json_kbool(j, "more_fail", s->worse_outcome);
	json_key(j, "figures");
	json_array_begin(j);
	for (i = 0; i < s->n_figures; i++)
		json_figure(j, s, &s->figure[i]);
	json_array_end(j);
	json_kstring(j, "verdict", verdicts[s->verdict]);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
	*v = s->verdict;
	return 0;
}
