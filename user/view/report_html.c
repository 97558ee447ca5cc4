// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_html.c - the post-mortem as one page, for people who were not there
 *
 * The verdict and a sentence per migration come first; what they rest on
 * follows.  Numbers are those of the text report, from the same functions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/page.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/findings.h"
#include "view/html.h"
#include "view/trends.h"

struct page_of {
	FILE *f;
	const struct view_options *opt;
	const struct view_evidence *e;
};

/* One migration where it stands, and the time axis that its lanes share. */
struct lane {
	FILE *f;
	const struct view_options *opt;
	const struct view_evidence *t;
	const struct session *g;
	uint32_t id;
	uint64_t start_ns, span_ns;
};

static const char *outcome_word(uint32_t outcome)
{
	static const char *const words[] = {
		[OUTCOME_UNFINISHED] = "UNFINISHED", [OUTCOME_COMPLETED] = "COMPLETED",
		[OUTCOME_CANCELLED] = "CANCELLED", [OUTCOME_FAILED] = "FAILED",
	};

	return words[outcome];
}

static const char *outcome_class(uint32_t outcome)
{
	return outcome == OUTCOME_COMPLETED ? "good" : outcome == OUTCOME_FAILED ? "bad" : "warn";
}

static const char *state_class(uint32_t state)
{
	static const char *const classes[MIG_STATE_NR] = {
		[MIG_ERROR] = "err", [MIG_STOP] = "stp", [MIG_RUNNING] = "run",
		[MIG_STOP_COPY] = "copy", [MIG_RESUMING] = "res", [MIG_RUNNING_P2P] = "p2p",
		[MIG_PRE_COPY] = "pre", [MIG_PRE_COPY_P2P] = "prep",
	};

	return state < MIG_STATE_NR ? classes[state] : "unk";
}

static bool is_wanted(const struct view_evidence *t, const struct view_options *opt,
		      const struct session *g)
{
	struct event span = { .t_ns = g->start_ns, .dur_ns = g->end_ns - g->start_ns };

	return (!opt->migration || opt->migration == g->id) &&
	       time_window_has(&opt->window, t->model, &span);
}

/* Not all is on the page: what would be pointed to may be missing. */
static bool is_narrowed(const struct view_options *opt)
{
	return opt->migration || opt->window.from.ref != TIME_REF_OPEN ||
	       opt->window.to.ref != TIME_REF_OPEN;
}

/* "vm0 leaves with 0000:01:00.0 (driver)" */
static void put_who(FILE *f, const struct view_evidence *t, const struct session *g)
{
	const struct model_device *d = model_device(t->model, g->device);
	bool save = g->direction == DIR_SAVE;
	char dev[NAME_LEN];

	if (g->vm[0]) {
		html_text(f, g->vm, sizeof(g->vm));
		fputs(save ? " leaves with " : " arrives with ", f);
	}
	html_printf(f, "%s", device_label(dev, d, g->device));
	if (!g->vm[0])
		fputs(save ? " leaves" : " arrives", f);
	if (d && d->driver[0]) {
		fputs(" (", f);
		html_text(f, d->driver, sizeof(d->driver));
		fputc(')', f);
	}
}

static void put_failure(FILE *f, const struct session *g)
{
	char a[UNITS_LEN];

	fputs(event_kind_name(g->failure.kind), f);
	if (g->failure.target >= 0 && g->failure.target < MIG_STATE_NR)
		fprintf(f, "(%s)", mig_state_name((uint32_t)g->failure.target));
	fprintf(f, " gave %s", errno_label(a, g->failure.ret));
}

/* ---- where the time went ---- */

/* The longest part that is not made of shares; NULL: there is none. */
static const struct downtime_part *longest_part(const struct downtime_part *p, size_t n)
{
	const struct downtime_part *best = NULL;
	bool parent;
	size_t i;

	for (i = 0; i < n; i++) {
		parent = !p[i].share && i + 1 < n && p[i + 1].share;
		if (!parent && (!best || p[i].ns > best->ns))
			best = &p[i];
	}
	return best && best->ns ? best : NULL;
}

static uint64_t stop_total(const struct session *g)
{
	return g->direction == DIR_SAVE && g->downtime_ns != MODEL_NONE ? g->downtime_ns :
	       g->window.total_ns;
}

static const char *part_class(const struct downtime_part *p)
{
	/* An arc is the driver's. */
	if (!p->name || (p->who && strstr(p->who, "driver")))
		return "drv";
	return p->who && (strstr(p->who, "VMM") || strstr(p->who, "source")) ? "vmm" : "oth";
}

static double percent(uint64_t ns, uint64_t total)
{
	return total ? 100.0 * (double)ns / (double)total : 0;
}

static void put_waterfall(FILE *f, const struct session *g)
{
	struct downtime_part part[DOWNTIME_PARTS_MAX];
	size_t n = downtime_parts(g, part), i;
	uint64_t total = stop_total(g), at = 0, share_at = 0;
	char a[UNITS_LEN], b[UNITS_LEN];
	bool landing = false;

	if (!n)
		return;
	fprintf(f, "<h3>Where the %s went: ", g->direction == DIR_SAVE ? "stop" : "time");
	fprintf(f, "%s %s</h3>\n", units_duration(a, total),
		g->direction != DIR_SAVE ? "from the set-up until the device ran" :
		g->downtime_ns != MODEL_NONE ? "on both hosts" : "on this host");
	fputs("<div class=fall>\n", f);
	for (i = 0; i < n; i++) {
		const char *share = part[i].share ? " share" : "";
		uint64_t from = part[i].share ? share_at : at;

		if (part[i].landing && !landing) {
			fputs("<div class=sep>after the source's last byte: the destination</div>\n", f);
			landing = true;
		}
		fprintf(f, "<div class=row><div class=\"n%s\" title=\"%s\">", share, part[i].when);
		html_printf(f, "%s", downtime_part_name(&part[i], b));
		fprintf(f, "</div><div class=\"b%s\">", share);
		if (part[i].ns)
			fprintf(f, "<i class=%s style=\"left:%.3f%%;width:%.3f%%\"></i>",
				part_class(&part[i]), fmin(percent(from, total), 99.8),
				percent(part[i].ns, total));
		fprintf(f, "</div><div class=\"num%s\">%s</div><div class=\"num%s\">%.1f %%</div>"
			"<div class=\"w%s\">", share, units_duration(a, part[i].ns), share,
			percent(part[i].ns, total), share);
		html_printf(f, "%s", part[i].who ? part[i].who : "");
		fputs("</div></div>\n", f);
		if (part[i].share) {
			share_at += part[i].ns;
		} else {
			share_at = at;
			at += part[i].ns;
		}
	}
	fputs("</div>\n<p class=legend><i class=drv></i>in the driver<i class=vmm></i>"
	      "VMM, RAM, network<i class=oth></i>other</p>\n", f);
	if (g->lead_ns != MODEL_NONE && g->direction == DIR_SAVE)
		fprintf(f, "<p class=dim>The first arc of the stop came %s after the last read() "
			"of pre-copy.</p>\n", units_duration(a, g->lead_ns));
	if (g->direction == DIR_SAVE && g->downtime_ns == MODEL_NONE && g->eof)
		fputs("<p class=dim>The destination's part of the downtime is not in the evidence.</p>\n",
		      f);
}

/* ---- the lanes: one time axis for all ---- */

static double x_of(const struct lane *l, uint64_t t_ns)
{
	if (t_ns <= l->start_ns)
		return 0;
	return fmin(percent(t_ns - l->start_ns, l->span_ns), 100);
}

static void put_states(const struct lane *l)
{
	const struct session *g = l->g;
	char name[UNITS_LEN], a[UNITS_LEN];
	uint32_t i;

	fputs("<div class=lane><div class=cap>device state</div><div class=bar>", l->f);
	for (i = 0; i < g->n_states; i++) {
		const struct session_state *s = &g->states[i];
		double from = x_of(l, s->enter_ns), to = x_of(l, s->enter_ns + s->dwell_ns);

		if (g->ended && i + 1 == g->n_states && !s->dwell_ns)
			continue;
		fprintf(l->f, "<i class=%s style=\"left:%.3f%%;width:%.3f%%\" title=\"", state_class(s->state),
			fmin(from, 99.8), to - from);
		html_printf(l->f, "%s for %s", state_label(name, s->state),
			    units_duration(a, s->dwell_ns));
		fputs("\">", l->f);
		if (to - from > 6)
			html_printf(l->f, "%s", state_label(name, s->state));
		fputs("</i>", l->f);
	}
	fputs("</div></div>\n", l->f);
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
static void put_area(const struct lane *l, const struct trend *t, enum what w, double hi)
{
	static const char *const colors[] = { "var(--init)", "var(--dirty)" };
	uint64_t max, last = 0;
	bool any = false;
	double x0, x1;
	uint32_t i;

	fputs("<path d=\"", l->f);
	for (i = 0; i < t->n; i++) {
		const struct trend_part *p = &t->part[i];

		if (!any && !p->has_left)
			continue;
		x0 = x_of(l, t->start_ns + i * t->part_ns) * 10;
		x1 = x_of(l, t->start_ns + (i + 1) * t->part_ns) * 10;
		if (!any)
			fprintf(l->f, "M%.1f 100", x0);
		any = true;
		max = last;
		if (p->has_left) {
			max = w == INITIAL ? p->initial_max : p->dirty_max;
			last = w == INITIAL ? p->initial_last : p->dirty_last;
		}
		fprintf(l->f, "L%.1f %.1fL%.1f %.1f", x0, 100 - height(max, hi), x1,
			100 - height(last, hi));
	}
	if (any)
		fprintf(l->f, "L%.1f 100Z", x1);
	fprintf(l->f, "\" fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\" stroke-width=\"1.5\" "
		"vector-effect=\"non-scaling-stroke\"/>", colors[w], w == INITIAL ? ".3" : ".45",
		colors[w]);
}

#define SVG	"<svg viewBox=\"0 0 1000 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"

static void put_left(const struct lane *l, const struct trend *t)
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
	hi = fmin(ceil(log2((double)max) + 0.2), 63);
	fputs("<div class=lane><div class=cap>left to read before the switch, by the driver's own "
	      "infos less what was read (log scale)</div><div class=plot>" SVG, l->f);
	for (step = 4; step < 13 && step < hi; step += 4)
		fprintf(l->f, "<path d=\"M0 %.1fH1000\" stroke=\"var(--line)\" "
			"vector-effect=\"non-scaling-stroke\"/>",
			100 - height(1ULL << (unsigned int)(hi - step), hi));
	put_area(l, t, INITIAL, hi);
	put_area(l, t, DIRTY, hi);
	fputs("</svg>", l->f);
	for (step = 0; step < 13 && step < hi; step += 4) {
		y = 100 - height(1ULL << (unsigned int)(hi - step), hi);
		if (y > 90)
			break;
		fprintf(l->f, "<u style=\"top:%.1f%%\">%s</u>", y,
			units_size(a, 1ULL << (unsigned int)(hi - step), false));
	}
	fputs("</div></div>\n", l->f);
}

static void put_rate(const struct lane *l, const struct trend *t)
{
	bool save = l->g->direction == DIR_SAVE;
	uint64_t max = 0;
	char a[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < t->n; i++)
		max = t->part[i].bytes > max ? t->part[i].bytes : max;
	if (!max)
		return;
	fprintf(l->f, "<div class=lane><div class=cap>throughput: %s per second</div>"
		"<div class=\"plot low\">" SVG, save ? "read" : "written");
	fputs("<path fill=\"var(--rate)\" d=\"", l->f);
	for (i = 0; i < t->n; i++) {
		double x0 = x_of(l, t->start_ns + i * t->part_ns) * 10;
		double x1 = x_of(l, t->start_ns + (i + 1) * t->part_ns) * 10;

		if (t->part[i].bytes)
			fprintf(l->f, "M%.1f 100V%.1fH%.1fV100Z", x0,
				100 - fmax(3, 95.0 * (double)t->part[i].bytes / (double)max),
				fmax(x1, x0 + 1));
	}
	fprintf(l->f, "\"/></svg><u style=\"top:0%%\">up to %s/s</u></div></div>\n",
		units_size(a, (uint64_t)((double)max * 1e9 / (double)t->part_ns), false));
}

static void put_waits(const struct lane *l, const struct trend *t)
{
	uint64_t enomsg = 0, zero = 0;
	char a[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		enomsg += t->part[i].enomsg;
		zero += t->part[i].zero;
	}
	if (!enomsg && !zero)
		return;
	fputs("<div class=lane><div class=cap>read() found nothing for now: ", l->f);
	if (enomsg)
		fprintf(l->f, "ENOMSG %s time%s", units_count(a, enomsg), enomsg == 1 ? "" : "s");
	if (zero)
		fprintf(l->f, "%s0, as if at the end, %s time%s", enomsg ? ", " : "",
			units_count(a, zero), zero == 1 ? "" : "s");
	fputs("</div><div class=\"plot strip\">" SVG "<path fill=\"var(--s-unk)\" d=\"", l->f);
	for (i = 0; i < t->n; i++) {
		double x0 = x_of(l, t->start_ns + i * t->part_ns) * 10;
		double x1 = x_of(l, t->start_ns + (i + 1) * t->part_ns) * 10;

		if (t->part[i].waited)
			fprintf(l->f, "M%.1f 0H%.1fV100H%.1fZ", x0, fmax(x1, x0 + 2), x0);
	}
	fputs("\"/></svg></div></div>\n", l->f);
}

static const char *severity_class(uint32_t severity)
{
	return severity == SEV_ERROR ? "bad" : severity == SEV_ADVICE ? "dim" : "warn";
}

static void put_pins(const struct lane *l, const struct page_of *p)
{
	struct finding_walk w;
	bool any = false;

	findings_begin(&w, p->e, p->opt);
	while (findings_next(&w)) {
		if (w.at.f->session != l->id || w.at.f->severity == SEV_INCONCLUSIVE)
			continue;
		if (!any)
			fputs("<div class=lane><div class=cap>findings</div><div class=pins>", l->f);
		any = true;
		fprintf(l->f, "<a href=\"#f%u\" class=t-%s style=\"left:%.3f%%\" title=\"", w.at.f->id,
			severity_class(w.at.f->severity),
			fmax(1, fmin(99, x_of(l, w.at.f->t_ns))));
		html_printf(l->f, "%s", judge_rule(w.at.f->rule)->name);
		fprintf(l->f, "\">%u</a>", w.at.f->id);
	}
	if (any)
		fputs("</div></div>\n", l->f);
}

static void put_axis(const struct lane *l)
{
	uint64_t step = 1, t;
	char a[UNITS_LEN];
	int k;

	/* 1, 2, 5, 10, ... until there are six at most. */
	for (k = 0; l->span_ns / step > 6; k++)
		step = step / (k % 3 == 1 ? 2 : 1) * (k % 3 == 1 ? 5 : 2);
	fputs("<div class=axis>", l->f);
	for (t = 0; t <= l->span_ns; t += step)
		fprintf(l->f, "<span%s style=\"left:%.3f%%\">%s%s</span>",
			percent(t, l->span_ns) > 94 ? " class=end" : "", percent(t, l->span_ns),
			t ? "+" : "", t ? units_duration(a, t) : "0");
	fputs("</div>\n", l->f);
}

static void put_lanes(const struct lane *l, const struct page_of *p)
{
	const struct trend *t = trends_of(l->t->trends, l->g->id);
	const struct session_window *w = &l->g->window;
	bool shown[MIG_STATE_NR + 1] = { false }, save = l->g->direction == DIR_SAVE;
	char a[UNITS_LEN], name[UNITS_LEN];
	uint32_t i;

	fputs("<div class=lanes>\n", l->f);
	put_states(l);
	if (t) {
		put_left(l, t);
		put_rate(l, t);
		put_waits(l, t);
	}
	put_pins(l, p);
	if (save && w->start_ns != MODEL_NONE)
		fprintf(l->f, "<div class=window style=\"left:%.3f%%;width:%.3f%%\" title=\"stopped\">"
			"</div>\n", fmin(x_of(l, w->start_ns), 99.8),
			x_of(l, w->end_ns) - x_of(l, w->start_ns));
	put_axis(l);
	fputs("</div>\n<p class=legend>", l->f);
	for (i = 0; i < l->g->n_states; i++) {
		uint32_t s = l->g->states[i].state < MIG_STATE_NR ? l->g->states[i].state : MIG_STATE_NR;

		if (shown[s] || (l->g->ended && i + 1 == l->g->n_states))
			continue;
		shown[s] = true;
		fprintf(l->f, "<i class=%s></i>", state_class(s));
		html_printf(l->f, "%s", state_label(name, l->g->states[i].state));
	}
	if (t && l->g->precopy_infos)
		fputs("<i class=k-init></i>initial bytes<i class=k-dirty></i>dirty bytes", l->f);
	if (t && l->g->bytes_total)
		fputs("<i class=k-rate></i>throughput", l->f);
	if (t && (l->g->enomsg || l->g->zero_reads_precopy))
		fputs("<i class=k-wait></i>nothing to read", l->f);
	if (save && w->start_ns != MODEL_NONE) {
		fprintf(l->f, "<i class=k-stop></i>the switch: stopped for %s",
			units_duration(a, w->total_ns));
		if (w->end_ns >= l->g->start_ns)
			fputs(" on this host", l->f);
	}
	fputs("</p>\n", l->f);
}

/* ---- the tables ---- */

static void put_phases(const struct lane *l)
{
	const struct session *g = l->g;
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], name[UNITS_LEN];
	uint64_t prev = g->start_ns;
	uint32_t i;

	fprintf(l->f, "<h3>States</h3><div class=scroll><table><tr><th>state<th class=num>entered"
		"<th class=num>stayed<th class=num>%s<th class=num>%s%s</tr>\n",
		save ? "read" : "written", save ? "reads" : "writes",
		save ? "<th class=num>ENOMSG<th class=num>gave 0" : "");
	for (i = 0; i < g->n_states; i++) {
		const struct session_state *s = &g->states[i];

		if (g->states_folded && i + 1 == g->n_states)
			fprintf(l->f, "<tr><td colspan=7 class=dim>%llu more</tr>\n",
				(unsigned long long)g->states_folded);
		fputs("<tr><td>", l->f);
		html_printf(l->f, "%s", state_label(name, s->state));
		fprintf(l->f, "<td class=num>%s", time_label(a, l->opt, l->t->model, s->enter_ns,
							     g->start_ns, prev));
		prev = s->enter_ns;
		fprintf(l->f, "<td class=num>%s", g->ended && i + 1 == g->n_states ? "(end)" :
			units_duration(a, s->dwell_ns));
		fprintf(l->f, "<td class=num>%s", units_size(a, s->bytes, l->opt->bytes));
		fprintf(l->f, "<td class=num>%s", units_count(a, save ? s->reads : s->writes));
		if (save) {
			fprintf(l->f, "<td class=num>%s", units_count(a, s->enomsg));
			fprintf(l->f, "<td class=num>%s", units_count(a, s->zero_reads));
		}
		fputs("</tr>\n", l->f);
	}
	fputs("</table></div>\n", l->f);
}

static void put_arcs(const struct lane *l)
{
	const struct session *g = l->g;
	char a[UNITS_LEN], name[UNITS_LEN];
	uint64_t prev = g->start_ns;
	uint32_t i;

	if (!g->n_arcs) {
		fputs("<p>No arc of the state machine is in the evidence.</p>\n", l->f);
		return;
	}
	fputs("<h3>Arcs: what each change of state took in the driver</h3><div class=scroll><table>"
	      "<tr><th>from<th>to<th class=num>began<th class=num>took</tr>\n", l->f);
	for (i = 0; i < g->n_arcs; i++) {
		if (g->arcs_folded && i + 1 == g->n_arcs)
			fprintf(l->f, "<tr><td colspan=4 class=dim>%llu more</tr>\n",
				(unsigned long long)g->arcs_folded);
		fputs("<tr><td>", l->f);
		html_printf(l->f, "%s", state_label(name, g->arcs[i].from));
		fputs("<td>", l->f);
		html_printf(l->f, "%s", state_label(name, g->arcs[i].to));
		fprintf(l->f, "<td class=num>%s", time_label(a, l->opt, l->t->model,
							     g->arcs[i].start_ns, g->start_ns, prev));
		prev = g->arcs[i].start_ns;
		fprintf(l->f, "<td class=num>%s</tr>\n", units_duration(a, g->arcs[i].dur_ns));
	}
	fputs("</table></div>\n", l->f);
}

static void put_tile(FILE *f, const char *value, const char *what)
{
	fputs("<div class=tile><b>", f);
	html_printf(f, "%s", value);
	fputs("</b><span>", f);
	html_printf(f, "%s", what);
	fputs("</span></div>\n", f);
}

static void put_tiles(const struct lane *l)
{
	const struct session *g = l->g;
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], b[UNITS_LEN], text[3 * UNITS_LEN];
	FILE *f = l->f;

	fputs("<div class=tiles>\n", f);
	if (g->downtime_ns != MODEL_NONE)
		put_tile(f, units_duration(a, g->downtime_ns), "downtime, both hosts");
	if (save)
		put_tile(f, g->window.start_ns == MODEL_NONE ? "none" :
			 units_duration(a, g->window.total_ns), "stop window on this host");
	put_tile(f, units_duration(a, g->end_ns - g->start_ns), "the whole migration");
	put_tile(f, units_size(a, g->bytes_total, l->opt->bytes), save ? "read" : "written");
	if (save && g->bytes_stop_copy) {
		if (g->estimate != MODEL_NONE)
			snprintf(text, sizeof(text), "of it while stopped; %s were estimated",
				 units_size(b, g->estimate, l->opt->bytes));
		else
			snprintf(text, sizeof(text), "of it while stopped; no estimate was asked for");
		put_tile(f, units_size(a, g->bytes_stop_copy, l->opt->bytes), text);
	}
	if (g->io_measured) {
		snprintf(text, sizeof(text), "p99 of %s(); the slowest took %s",
			 save ? "read" : "write", units_duration(b, g->io_max_ns));
		put_tile(f, units_duration(a, g->io_p99_ns), text);
	}
	fputs("</div>\n", f);
}

static void put_facts(const struct lane *l)
{
	const struct session *g = l->g;
	const struct model_stream *s = model_stream(l->t->model, g->stream);
	const struct model_device *d = model_device(l->t->model, g->device);
	const char *host = d ? model_host(l->t->model, d->host) : NULL;
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t real = model_realtime_ns(l->t->model, g->start_ns);
	FILE *f = l->f;

	fputs("<p class=dim>", f);
	html_text(f, g->comm, sizeof(g->comm));
	fprintf(f, ", pid %u", g->pid);
	if (host) {
		fputs(" on ", f);
		html_text(f, host, EVENT_NAME_LEN);
	}
	if (real)
		fprintf(f, "; began %s", units_rfc3339(a, real));
	if (s && s->name[0]) {
		fputs("; data FD \xe2\x80\x9c", f);
		html_text(f, s->name, sizeof(s->name));
		fputs("\xe2\x80\x9d", f);
	}
	if (g->peer && is_narrowed(l->opt))
		fprintf(f, "; the other side is migration %u", l->id - g->id + g->peer);
	else if (g->peer)
		fprintf(f, "; the other side is <a href=\"#m%u\">migration %u</a>",
			l->id - g->id + g->peer, l->id - g->id + g->peer);
	fputs("</p>\n", f);
	if (g->failures) {
		fputs("<p class=loud>", f);
		put_failure(f, g);
		fprintf(f, " at %s",
			time_label(b, l->opt, l->t->model, g->failure.t_ns, g->start_ns, g->start_ns));
		if (g->failures > 1)
			fprintf(f, ", and %llu more failed", (unsigned long long)g->failures - 1);
		fputs(".</p>\n", f);
	}
	if (g->joined_late)
		fputs("<p class=loud>Joined late: its begin is not in the evidence.</p>\n", f);
	if (g->holes)
		fprintf(f, "<p class=loud>Holes: %llu events lost in %llu places that it may have "
			"touched. Its figures are lower bounds.</p>\n", (unsigned long long)g->lost,
			(unsigned long long)g->holes);
}

static void put_migration(const struct page_of *p, const struct session *g)
{
	struct lane l = {
		.f = p->f, .opt = p->opt, .t = p->e, .g = g, .id = g->id,
		.start_ns = g->start_ns, .span_ns = g->end_ns - g->start_ns ?: 1,
	};

	fprintf(p->f, "<section class=mig id=\"m%u\">\n<h2>Migration %u: ", l.id, l.id);
	put_who(p->f, p->e, g);
	fprintf(p->f, " <span class=\"tag t-%s\">%s</span></h2>\n", outcome_class(g->outcome),
		outcome_word(g->outcome));
	put_facts(&l);
	put_tiles(&l);
	put_lanes(&l, p);
	put_waterfall(p->f, g);
	put_phases(&l);
	put_arcs(&l);
	fputs("</section>\n", p->f);
}

/* ---- the head ---- */

static void put_sentence(const struct page_of *p, const struct session *g)
{
	struct downtime_part part[DOWNTIME_PARTS_MAX];
	const struct downtime_part *worst = longest_part(part, downtime_parts(g, part));
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = p->f;

	fprintf(f, "<li><a href=\"#m%u\">", g->id);
	put_who(f, p->e, g);
	fprintf(f, "</a>: <b class=t-%s>%s</b> %s %s, %s %s", outcome_class(g->outcome),
		outcome_word(g->outcome), g->outcome == OUTCOME_COMPLETED ? "in" : "after",
		units_duration(a, g->end_ns - g->start_ns),
		units_size(b, g->bytes_total, p->opt->bytes), save ? "read" : "written");
	if (g->failures) {
		fputs("; <b class=t-bad>", f);
		put_failure(f, g);
		fputs("</b>", f);
	}
	if (save && stop_total(g) && g->window.start_ns != MODEL_NONE) {
		fprintf(f, "; <b>down for %s</b> %s", units_duration(a, stop_total(g)),
			g->downtime_ns != MODEL_NONE ? "on both hosts" : "on this host alone");
		if (worst) {
			fprintf(f, ", %.0f&#160;%% of it <b>", percent(worst->ns, stop_total(g)));
			html_printf(f, "%s", worst->when);
			fputs("</b>", f);
			if (worst->who)
				html_printf(f, " (%s)", worst->who);
		}
	}
	fputs(".</li>\n", f);
}

#define HEADLINES	6

/* What makes the verdict, by name. */
static void put_headlines(const struct page_of *p)
{
	struct finding_walk w;
	uint32_t n = 0;

	findings_begin(&w, p->e, p->opt);
	while (findings_next(&w)) {
		const struct finding *x = w.at.f;

		if (!judge_counts(p->e->judge, x) && !judge_doubts(p->e->judge, x))
			continue;
		if (++n > HEADLINES)
			continue;
		fprintf(p->f, "<li><a href=\"#f%u\">%s</a>, ", x->id, judge_rule(x->rule)->name);
		if (x->severity == SEV_INCONCLUSIVE)
			fputs("inconclusive: ", p->f);
		else
			fprintf(p->f, "<b class=t-%s>%s</b> of the %s: ", severity_class(x->severity),
				severity_name(x->severity), party_name(x->party));
		html_printf(p->f, "%s", x->text);
		fputs(".</li>\n", p->f);
	}
	if (n > HEADLINES)
		fprintf(p->f, "<li><a href=\"#findings\">and %u more</a></li>\n", n - HEADLINES);
}

static void put_verdict(const struct page_of *p)
{
	static const char *const classes[] = { "good", "warn", "bad" };
	static const char *const words[] = { "PASS", "INCONCLUSIVE", "FINDINGS" };
	uint64_t counts[4] = { 0 };
	const char *sep = "";
	struct finding_walk w;
	enum verdict v = view_verdict(p->e, p->opt);
	uint32_t id, shown = 0;
	size_t i;

	findings_begin(&w, p->e, p->opt);
	while (findings_next(&w))
		if (!w.at.f->ignored && !w.at.f->because_of)
			counts[w.at.f->severity]++;
	if (p->e->judge) {
		fprintf(p->f, "<section class=\"verdict %s\"><span class=big>%s</span>\n", classes[v],
			words[v]);
		if (v == VERDICT_INCONCLUSIVE)
			fputs("the evidence has a hole, a pass cannot be claimed", p->f);
		else if (v == VERDICT_PASS)
			fputs("no rule of the protocol was broken", p->f);
		sep = v == VERDICT_FINDINGS ? "" : ": ";
		for (i = 0; i < 4; i++) {
			if (!counts[i])
				continue;
			fprintf(p->f, "%s<a href=\"#findings\">%llu %s%s</a>", sep,
				(unsigned long long)counts[i], severity_name((uint32_t)i),
				counts[i] > 1 && i <= SEV_WARNING ? "s" : "");
			sep = ", ";
		}
	} else {
		fputs("<section class=verdict>\n", p->f);
	}
	fputs("\n<ul>\n", p->f);
	for (id = 1; id <= model_sessions(p->e->model); id++) {
		const struct session *g = model_session(p->e->model, id);

		if (!is_wanted(p->e, p->opt, g))
			continue;
		put_sentence(p, g);
		shown++;
	}
	if (!shown)
		fprintf(p->f, "<li>No migration %s.</li>\n", model_sessions(p->e->model) ?
			"in what was asked for" : "is in this evidence");
	put_headlines(p);
	fputs("</ul></section>\n", p->f);
}

static void put_evidence(const struct page_of *p)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = p->f;
	size_t i;

	fputs("<section><h2>The evidence</h2><div class=scroll><table><tr><th>recording<th>host<th>kernel"
	      "<th>covers<th>loss<th>damage</tr>\n", f);
	for (i = 0; i < p->e->n_files; i++) {
		const struct view_file *t = &p->e->files[i];
		const struct source_health *h = t->health;
		const char *host = t->meta ? meta_get(t->meta, "host") : NULL;
		const char *kernel = t->meta ? meta_get(t->meta, "kernel") : NULL;
		uint64_t real = t->first_ns ? model_realtime_ns(p->e->model, t->first_ns) : 0;

		fputs("<tr><td>", f);
		html_printf(f, "%s", t->path);
		fputs("<td>", f);
		html_printf(f, "%s", host ? host : "not known");
		fputs("<td>", f);
		html_text(f, kernel ? kernel : "not known", kernel ? strcspn(kernel, " ") : 16);
		fprintf(f, "<td>%s, %s events", units_duration(a, t->last_ns - t->first_ns),
			units_count(b, t->events));
		if (real)
			fprintf(f, ", from %s", units_rfc3339(a, real));
		if (t->loss_places && t->lost)
			fprintf(f, "<td class=loud>%s EVENTS LOST in %llu place%s", units_count(a, t->lost),
				(unsigned long long)t->loss_places, t->loss_places == 1 ? "" : "s");
		else
			fputs(t->loss_places ? "<td class=loud>EVENTS LOST, nobody knows how many" : "<td>none", f);
		if (!h || (h->ended && !h->bytes_skipped && !h->frames_damaged)) {
			fputs("<td>none</tr>\n", f);
			continue;
		}
		fputs("<td class=loud>", f);
		if (h->bytes_skipped || h->frames_damaged)
			fprintf(f, "%s SKIPPED as unreadable. ", units_size(a, h->bytes_skipped, p->opt->bytes));
		fputs(h->ended ? "</tr>\n" : "IT DID NOT END CLEANLY</tr>\n", f);
	}
	fputs("</table></div>\n", f);
	for (i = 0; p->e->clock && i < p->e->clock->n; i++) {
		fprintf(f, "<p>%s: ", p->e->clock->entries[i].key);
		html_printf(f, "%s", p->e->clock->entries[i].value);
		fputs(".</p>\n", f);
	}
	fputs("</section>\n", f);
}

/* ---- findings ---- */

static void put_finding(const struct page_of *p, const struct finding_at *at)
{
	const struct finding *x = at->f;
	const struct rule *r = judge_rule(x->rule);
	const struct page *page = page_find("rule", r->name);
	const struct session *g = model_session(p->e->model, x->session);
	const struct model_device *d = model_device(p->e->model, x->device);
	uint64_t ref = g ? g->start_ns : model_first_ns(p->e->model);
	char dev[NAME_LEN], a[UNITS_LEN];
	FILE *f = p->f;

	fprintf(f, "<div class=\"finding %s\" id=\"f%u\"><h3>%u. %s</h3> <span class=\"tag t-%s\">%s</span>",
		severity_class(x->severity), x->id, x->id, r->name, severity_class(x->severity),
		severity_name(x->severity));
	if (x->severity != SEV_INCONCLUSIVE)
		fprintf(f, " the %s has to act", party_name(x->party));
	if (x->ignored)
		fputs(" <b>ignored</b>", f);
	fputs("\n<p>", f);
	html_printf(f, "%s", x->text);
	fputs(".</p>\n<p class=dim>", f);
	if (x->session)
		fprintf(f, "<a href=\"#m%u\">migration %u</a>, ", x->session, x->session);
	if (x->device)
		html_printf(f, "%s, ", device_label(dev, d, x->device));
	fprintf(f, "at %s", time_label(a, p->opt, p->e->model, x->t_ns, ref, ref));
	if (x->seq)
		fprintf(f, ", event %llu", (unsigned long long)x->seq);
	if (x->count > 1)
		fprintf(f, ", %s times", units_count(a, x->count));
	if (x->because_of && is_narrowed(p->opt))
		fprintf(f, "; because of %u, not counted", x->because_of);
	else if (x->because_of)
		fprintf(f, "; because of <a href=\"#f%u\">%u</a>, not counted", x->because_of,
			x->because_of);
	fputs("</p>\n", f);
	if (page) {
		fputs("<h4>What it means</h4>", f);
		html_page_section(f, page->text, "What it means");
		if (html_page_section(f, page->text, "The sentence"))
			fputs("<h4>What to change</h4>", f);
		html_page_section(f, page->text, "What to change");
	}
	fputs("</div>\n", f);
}

static void put_findings(const struct page_of *p)
{
	static const enum severity order[] = {
		SEV_ERROR, SEV_WARNING, SEV_INCONCLUSIVE, SEV_ADVICE,
	};
	uint64_t omitted = judge_omitted(p->e->judge);
	struct finding_walk w;
	bool any = false;
	size_t i;

	fputs("<section id=findings><h2>Findings</h2>\n", p->f);
	for (i = 0; i < 4; i++) {
		findings_begin(&w, p->e, p->opt);
		while (findings_next(&w)) {
			if (w.at.f->severity != order[i])
				continue;
			put_finding(p, &w.at);
			any = true;
		}
	}
	if (!any)
		fputs("<p>None.</p>\n", p->f);
	if (omitted)
		fprintf(p->f, "<p>%llu more findings were not kept.</p>\n",
			(unsigned long long)omitted);
	fputs("</section>\n", p->f);
}

/* What another view says in columns, but for its title; nothing when it says nothing. */
static void put_columns(const struct page_of *p, const char *title, const char *its_title,
			void (*print)(FILE *f, const struct page_of *p))
{
	char *text = NULL;
	size_t len = 0;
	FILE *m = open_memstream(&text, &len);
	const char *line;

	if (!m)
		return;
	print(m, p);
	if (!fclose(m) && len) {
		fprintf(p->f, "<section><h2>%s</h2><pre>", title);
		line = text + strspn(text, "\n");
		if (its_title && !strncmp(line, its_title, strlen(its_title)))
			line += strlen(its_title) + strspn(line + strlen(its_title), "\n");
		for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			html_text(p->f, line, strcspn(line, "\n"));
			fputc('\n', p->f);
		}
		fputs("</pre></section>\n", p->f);
	}
	free(text);
}

static void print_estimates(FILE *f, const struct page_of *p)
{
	estimates_text(f, p->e, p->opt);
}

void report_html(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct view_options plain = *opt;
	struct page_of p = { .f = f, .opt = &plain, .e = e };
	uint32_t id;

	plain.color = false;
	html_begin(f, "vfioscope report");
	fputs("<h1>vfioscope: what happened to the migration</h1>\n", f);
	put_verdict(&p);
	for (id = 1; id <= model_sessions(e->model); id++) {
		const struct session *g = model_session(e->model, id);

		if (is_wanted(e, opt, g))
			put_migration(&p, g);
	}
	put_columns(&p, "Estimates against truth", "ESTIMATES AGAINST TRUTH", print_estimates);
	if (e->judge)
		put_findings(&p);
	put_evidence(&p);
	fprintf(f, "<p class=dim>Made by vfioscope %s. The page needs no network and no script.</p>\n",
		VFIOSCOPE_VERSION);
	html_end(f);
}
