// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_html_time.c - where the time of a migration went: its downtime as a
 * waterfall, and all its devices on one axis
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/sat.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/html.h"
#include "view/report_html.h"
#include "view/vmm_words.h"

/* So many rows are drawn; all are in the tables. */
#define TIMELINE_ROWS 64
/* With more rows than this the whole is folded where the stop is told closer. */
#define TIMELINE_FOLD 8

/* ---- all devices of a migration on one axis ---- */

static void put_row(struct report *r, const struct axis *x, const struct session *g,
		    const struct migration *m)
{
	const struct model_device *d = model_device(r->m, g->device);
	char dev[NAME_LEN];

	fputs("<div class=trow><span>", r->f);
	html_printf(r->f, "%s", device_on_host(dev, d, g->device));
	fputs("</span><div class=bar>", r->f);
	plot_states(r->f, x, g, false);
	if (m->stop.start_ns != MODEL_NONE) {
		fputs("<b class=window style=\"", r->f);
		axis_span(r->f, x, m->stop.start_ns,
			  sat_add(m->stop.start_ns, migration_stop_ns(m)));
		fputs("\"></b>", r->f);
	}
	fputs("</div></div>\n", r->f);
}

static void put_legend(struct report *r, const struct migration *m, uint32_t seen)
{
	uint32_t i;

	fputs("<p class=legend>", r->f);
	for (i = 0; i < MIG_STATE_NR; i++)
		if (seen >> i & 1)
			fprintf(r->f, "<i class=%s></i>%s", state_class(i), mig_state_name(i));
	if (m->stop.start_ns != MODEL_NONE)
		fprintf(r->f, "<i class=k-stop></i>%s",
			m->downtime_ns != MODEL_NONE ? "the VM stands still" :
						       "stopped, on the source");
	fputs("</p>\n", r->f);
}

static void put_timeline(struct report *r, const struct migration *m, const struct axis *x)
{
	uint32_t sides[2] = { m->source, m->destination }, i, k, id, n = 0, seen = 0;
	char host[NAME_LEN];
	FILE *f = r->f;

	fputs("<div class=timeline>\n", f);
	for (i = 0; i < 2; i++) {
		const struct side *s = model_side(r->m, sides[i]);
		const char *on = s ? side_host(host, r->e, s) : NULL;

		if (!s || !s->n_sessions)
			continue;
		fprintf(f, "<div class=cap>%s", i ? "destination" : "source");
		if (on)
			html_printf(f, " %s", on);
		fputs("</div>\n", f);
		for (id = model_side_session(r->m, s->id, 0); id;
		     id = model_side_session(r->m, s->id, id)) {
			const struct session *g = model_session(r->m, id);

			if (n++ >= TIMELINE_ROWS)
				continue;
			put_row(r, x, g, m);
			for (k = 0; k < g->n_states; k++)
				if (g->states[k].dwell_ns && g->states[k].state < MIG_STATE_NR)
					seen |= 1U << g->states[k].state;
		}
	}
	if (n > TIMELINE_ROWS)
		fprintf(f, "<div class=cap>%u more are in the tables below</div>\n",
			n - TIMELINE_ROWS);
	fputs("<div class=trow><span></span><div>", f);
	html_pins(r, x, m->id, 0);
	axis_ticks(f, x);
	fputs("</div></div>\n</div>\n", f);
	put_legend(r, m, seen);
}

/* All of it, and the stop closer where it would be too narrow to read. */
void html_timelines(struct report *r, const struct migration *m, uint32_t rows)
{
	uint64_t first = model_first_ns(r->m), stop = migration_stop_ns(m), lead = stop / 50;
	struct axis x = axis_of(m->begin_ns, m->end_ns, first);
	bool closer = stop && stop < x.span_ns / 3;
	bool fold = closer && rows > TIMELINE_FOLD;

	if (closer) {
		struct axis near = axis_of(sat_sub(m->stop.start_ns, lead),
					   sat_add(m->stop.start_ns, sat_add(stop, lead)), first);

		fputs("<h3>The stop, device by device</h3>\n", r->f);
		put_timeline(r, m, &near);
	}
	if (fold)
		fputs("<details><summary>The whole migration, device by device</summary>\n", r->f);
	else
		fputs("<h3>The whole migration, device by device</h3>\n", r->f);
	put_timeline(r, m, &x);
	if (fold)
		fputs("</details>\n", r->f);
}

/* ---- where the time went ---- */

static const char *part_class(const struct downtime_part *p)
{
	return p->party & PARTY_DRIVER ? "drv" : p->party & PARTY_VMM ? "vmm" : "oth";
}

static void put_part(FILE *f, const struct downtime_part *p, uint64_t from)
{
	const char *share = p->share ? " share" : "";
	char a[UNITS_LEN], b[UNITS_LEN], why[WHY_SENTENCE_LEN], inside[INSIDE_WORDS_LEN];
	double left = fmin(plot_percent(from, p->total_ns), 99.8);

	fprintf(f, "<div class=row><div class=\"n%s\" title=\"%s\">", share, p->when);
	html_printf(f, "%s", downtime_part_name(p, b));
	fprintf(f, "</div><div class=\"b%s\">", share);
	if (p->ns && p->ns != MODEL_NONE)
		fprintf(f, "<i class=%s style=\"left:%.3f%%;width:%.3f%%\"></i>", part_class(p),
			left, fmin(plot_percent(p->ns, p->total_ns), 100 - left));
	fprintf(f, "</div><div class=\"num%s\">", share);
	if (p->ns == MODEL_NONE)
		fprintf(f, "not seen</div><div class=\"num%s\">", share);
	else
		fprintf(f, "%s</div><div class=\"num%s\">%.1f %%", units_duration(a, p->ns), share,
			plot_percent(p->ns, p->total_ns));
	fprintf(f, "</div><div class=\"w%s\">", share);
	html_printf(f, "%s", p->who ? p->who : "");
	fputs("</div></div>\n", f);
	if (part_why_sentence(&p->why, why)[0]) {
		fputs("<div class=why>", f);
		html_printf(f, "%s", why);
		fputs("</div>\n", f);
	}
	if (part_why_inside(&p->why, inside)[0]) {
		fputs("<div class=why>", f);
		html_printf(f, "%s", inside);
		fputs("</div>\n", f);
	}
}

static void put_sep(struct report *r, const char *what, uint32_t side)
{
	const struct side *s = model_side(r->m, side);
	char host[NAME_LEN];
	const char *on = s ? side_host(host, r->e, s) : NULL;

	fprintf(r->f, "<div class=sep>%s", what);
	if (on)
		html_printf(r->f, " %s", on);
	fputs("</div>\n", r->f);
}

void html_waterfall(struct report *r, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(r->m, g, part), i;
	uint64_t at = 0, share_at = 0, took;
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;
	bool landing = false;

	if (!n)
		return;
	fprintf(f, "<h3>Where the %s went: %s (100 %%), from %s</h3>\n<div class=fall>\n",
		g->downtime_ns != MODEL_NONE ? "downtime" : "stop on the source",
		units_duration(a, migration_stop_ns(g)), report_when(r, b, g->stop.start_ns));
	put_sep(r, "source", g->source);
	for (i = 0; i < n; i++) {
		if (part[i].landing && !landing)
			put_sep(r, "after the source's last byte: destination", g->destination);
		landing = part[i].landing;
		put_part(f, &part[i], part[i].share ? share_at : at);
		took = part[i].ns == MODEL_NONE ? 0 : part[i].ns;
		if (!part[i].share)
			share_at = at;
		if (part[i].share)
			sat_inc(&share_at, took);
		else
			sat_inc(&at, took);
	}
	fputs("</div>\n<p class=legend><i class=drv></i>in the driver<i class=vmm></i>"
	      "VMM, RAM, network<i class=oth></i>other</p>\n"
	      "<p class=dim>Kinds of time one behind the other, summed over all devices: they add up "
	      "to 100 %; what is set in is a share of the line above it.</p>\n",
	      f);
	if (g->stop.in_flight_ns)
		fprintf(f,
			"<p class=loud>%s of it in a call that had not returned when it was last "
			"seen.</p>\n",
			units_duration(a, g->stop.in_flight_ns));
}

void html_words(struct report *r, const struct migration *g)
{
	char *text = NULL, *line;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	vmm_words_text(f, r->e, g, r->opt, 0);
	fclose(f);
	if (text && text[0]) {
		fputs("<h3>QEMU's checkpoints, and the devices' moments</h3>\n<pre>", r->f);
		/* Line by line: in a text an end of line is a control character, and shown as one. */
		for (line = text; *line; line += len + (line[len] == '\n')) {
			len = strcspn(line, "\n");
			html_text(r->f, line, len);
			fputc('\n', r->f);
		}
		fputs("</pre>\n", r->f);
	}
	free(text);
}
