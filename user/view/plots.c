// SPDX-License-Identifier: GPL-2.0-only
#include "view/plots.h"

#include <math.h>

#include "util/sat.h"
#include "view/common.h"
#include "view/html.h"

/* ---- the axis ---- */

struct axis axis_of(uint64_t start_ns, uint64_t end_ns, uint64_t first_ns)
{
	return (struct axis){
		.start_ns = start_ns,
		.span_ns = sat_sub(end_ns, start_ns) ?: 1,
		.first_ns = first_ns,
	};
}

double plot_percent(uint64_t ns, uint64_t total)
{
	return total ? fmin(100, 100.0 * (double)ns / (double)total) : 0;
}

double axis_x(const struct axis *x, uint64_t t_ns)
{
	return plot_percent(sat_sub(t_ns, x->start_ns), x->span_ns);
}

void axis_span(FILE *f, const struct axis *x, uint64_t from_ns, uint64_t to_ns)
{
	double from = fmin(axis_x(x, from_ns), 99.8);

	fprintf(f, "left:%.3f%%;width:%.3f%%", from,
		fmin(fmax(axis_x(x, to_ns) - from, 0), 100 - from));
}

/* 1, 2, 5, 10, ... ns: the first that leaves AXIS_TICKS_MAX at most; 5e18 at most. */
static uint64_t tick_step(uint64_t span_ns)
{
	uint64_t step = 1;
	int k;

	for (k = 0; span_ns / step >= AXIS_TICKS_MAX; k++)
		step = k % 3 == 1 ? sat_mul(step / 2, 5) : sat_mul(step, 2);
	return step;
}

/* With the digits that tell one tick from the next. */
static void put_tick(FILE *f, uint64_t ns, uint64_t step)
{
	uint64_t unit = 1000000000;
	int digits = 0;

	for (; unit > step; unit /= 10)
		digits++;
	fprintf(f, "+%llu", (unsigned long long)(ns / 1000000000));
	if (digits)
		fprintf(f, ".%0*llu", digits, (unsigned long long)(ns % 1000000000 / unit));
	fputs(" s", f);
}

void axis_ticks(FILE *f, const struct axis *x)
{
	uint64_t step = tick_step(x->span_ns), from = sat_sub(x->start_ns, x->first_ns);
	uint64_t t = from / step * step;
	double at;
	int n;

	if (t < from)
		t = sat_add(t, step);
	fputs("<div class=axis>", f);
	for (n = 0; n < AXIS_TICKS_MAX && t - from <= x->span_ns; n++) {
		at = plot_percent(t - from, x->span_ns);
		fprintf(f, "<span%s style=\"left:%.3f%%\">",
			at > 90 ? " class=end" :
			at < 6	? " class=begin" :
				  "",
			at);
		put_tick(f, t, step);
		fputs("</span>", f);
		/* The end of time: no tick is beyond it. */
		if (sat_add(t, step) - t < step)
			break;
		t += step;
	}
	fputs("</div>\n", f);
}

/* ---- states ---- */

const char *state_class(uint32_t state)
{
	static const char *const classes[MIG_STATE_NR] = {
		[MIG_ERROR] = "err",	  [MIG_STOP] = "stp",	       [MIG_RUNNING] = "run",
		[MIG_STOP_COPY] = "copy", [MIG_RESUMING] = "res",      [MIG_RUNNING_P2P] = "p2p",
		[MIG_PRE_COPY] = "pre",	  [MIG_PRE_COPY_P2P] = "prep",
	};

	return state < MIG_STATE_NR ? classes[state] : "unk";
}

void plot_states(FILE *f, const struct axis *x, const struct session *g, bool words)
{
	char name[UNITS_LEN], a[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < g->n_states; i++) {
		const struct session_state *s = &g->states[i];
		uint64_t to = sat_add(s->enter_ns, s->dwell_ns);

		if (g->ended && i + 1 == g->n_states && !s->dwell_ns)
			continue;
		fprintf(f, "<i class=%s style=\"", state_class(s->state));
		axis_span(f, x, s->enter_ns, to);
		fputs("\" title=\"", f);
		html_printf(f, "%s for %s", state_label(name, s->state),
			    units_duration(a, s->dwell_ns));
		fputs("\">", f);
		if (words && axis_x(x, to) - axis_x(x, s->enter_ns) > 6)
			html_printf(f, "%s", state_label(name, s->state));
		fputs("</i>", f);
	}
}

/* ---- plots of a trend ---- */

#define SVG "<svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"

/* Where part @i begins, of 1000. */
static double part_x(const struct axis *x, const struct trend *t, uint32_t i)
{
	return axis_x(x, sat_add(t->start_ns, sat_mul(i, t->part_ns))) * 10;
}

/* Bytes as a height, on an axis of 13 doublings below @hi (log2). */
static double height(uint64_t bytes, double hi)
{
	double lo = hi > 13 ? hi - 13 : 0;

	if (!bytes)
		return 0;
	return fmin(100, fmax(2, (log2((double)bytes) - lo) / (hi - lo) * 100));
}

enum what { INITIAL, DIRTY };

/* A filled step line; the part's greatest value stands over all of it. */
static void put_area(FILE *f, const struct axis *x, const struct trend *t, enum what w, double hi)
{
	static const char *const colors[] = { "var(--init)", "var(--dirty)" };
	uint64_t max, last = 0;
	bool any = false;
	double x0, x1 = 0;
	uint32_t i;

	fputs("<path d=\"", f);
	for (i = 0; i < t->n; i++) {
		const struct trend_part *p = &t->part[i];

		if (!any && !p->has_left)
			continue;
		x0 = part_x(x, t, i);
		x1 = part_x(x, t, i + 1);
		if (!any)
			fprintf(f, "M%.1f 100", x0);
		any = true;
		max = last;
		if (p->has_left) {
			max = w == INITIAL ? p->initial_max : p->dirty_max;
			last = w == INITIAL ? p->initial_last : p->dirty_last;
		}
		fprintf(f, "L%.1f %.1fL%.1f %.1f", x0, 100 - height(max, hi), x1,
			100 - height(last, hi));
	}
	if (any)
		fprintf(f, "L%.1f 100Z", x1);
	fprintf(f,
		"\" fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\" stroke-width=\"1.5\" "
		"vector-effect=\"non-scaling-stroke\"/>",
		colors[w], w == INITIAL ? ".3" : ".45", colors[w]);
}

void plot_left(FILE *f, const struct axis *x, const struct trend *t)
{
	uint64_t max = 0;
	char a[UNITS_LEN];
	double hi, y;
	uint32_t i;
	int step;

	for (i = 0; i < t->n; i++) {
		max = t->part[i].initial_max > max ? t->part[i].initial_max : max;
		max = t->part[i].dirty_max > max ? t->part[i].dirty_max : max;
	}
	if (!max)
		return;
	hi = fmax(1, fmin(ceil(log2((double)max) + 0.2), 63));
	fputs("<div class=lane><div class=cap>left to read before the switch, by the driver's own "
	      "infos less what was read (log scale)</div><div class=plot>" SVG,
	      f);
	for (step = 4; step < 13 && step < hi; step += 4)
		fprintf(f,
			"<path d=\"M0 %.1fH1000\" stroke=\"var(--line)\" "
			"vector-effect=\"non-scaling-stroke\"/>",
			100 - height(1ULL << (unsigned int)(hi - step), hi));
	put_area(f, x, t, INITIAL, hi);
	put_area(f, x, t, DIRTY, hi);
	fputs("</svg>", f);
	for (step = 0; step < 13 && step < hi; step += 4) {
		y = 100 - height(1ULL << (unsigned int)(hi - step), hi);
		if (y > 90)
			break;
		fprintf(f, "<u style=\"top:%.1f%%\">%s</u>", y,
			units_size(a, 1ULL << (unsigned int)(hi - step), false));
	}
	fputs("</div></div>\n", f);
}

void plot_rate(FILE *f, const struct axis *x, const struct trend *t, bool save)
{
	uint64_t max = 0;
	char a[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < t->n; i++)
		max = t->part[i].bytes > max ? t->part[i].bytes : max;
	if (!max)
		return;
	fprintf(f,
		"<div class=lane><div class=cap>throughput: %s per second</div>"
		"<div class=\"plot low\">" SVG,
		save ? "read" : "written");
	fputs("<path fill=\"var(--rate)\" d=\"", f);
	for (i = 0; i < t->n; i++) {
		double x0 = fmin(part_x(x, t, i), 999), x1 = part_x(x, t, i + 1);

		if (t->part[i].bytes)
			fprintf(f, "M%.1f 100V%.1fH%.1fV100Z", x0,
				100 - fmax(3, 95.0 * (double)t->part[i].bytes / (double)max),
				fmax(x1, x0 + 1));
	}
	fprintf(f, "\"/></svg><u style=\"top:0%%\">up to %s/s</u></div></div>\n",
		units_size(a, sat_scale(max, 1000000000, t->part_ns), false));
}

void plot_waits(FILE *f, const struct axis *x, const struct trend *t)
{
	uint64_t enomsg = 0, zero = 0;
	char a[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		sat_inc(&enomsg, t->part[i].enomsg);
		sat_inc(&zero, t->part[i].zero);
	}
	if (!enomsg && !zero)
		return;
	fputs("<div class=lane><div class=cap>read() found nothing for now: ", f);
	if (enomsg)
		fprintf(f, "ENOMSG %s time%s", units_count(a, enomsg), plural(enomsg));
	if (zero)
		fprintf(f, "%s0, as if at the end, %s time%s", enomsg ? ", " : "",
			units_count(a, zero), plural(zero));
	fputs("</div><div class=\"plot strip\">" SVG "<path fill=\"var(--s-unk)\" d=\"", f);
	for (i = 0; i < t->n; i++) {
		double x0 = fmin(part_x(x, t, i), 998), x1 = part_x(x, t, i + 1);

		if (t->part[i].waited)
			fprintf(f, "M%.1f 0H%.1fV100H%.1fZ", x0, fmax(x1, x0 + 2), x0);
	}
	fputs("\"/></svg></div></div>\n", f);
}
