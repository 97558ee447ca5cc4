// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_html_session.c - one device's session in full: lanes over one time axis,
 * states, arcs, its own stop
 */
#include <string.h>

#include "util/sat.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/html.h"
#include "view/report_html.h"

static bool has_stop(const struct session *g)
{
	return g->direction == DIR_SAVE && g->window.start_ns != MODEL_NONE;
}

/* ---- the lanes ---- */

static void put_legend(struct report *r, const struct session *g, const struct trend *t)
{
	bool shown[MIG_STATE_NR + 1] = { false };
	char a[UNITS_LEN], name[UNITS_LEN];
	FILE *f = r->f;
	uint32_t i;

	fputs("<p class=legend>", f);
	for (i = 0; i < g->n_states; i++) {
		uint32_t s = g->states[i].state < MIG_STATE_NR ? g->states[i].state : MIG_STATE_NR;

		if (shown[s] || (g->ended && i + 1 == g->n_states))
			continue;
		shown[s] = true;
		fprintf(f, "<i class=%s></i>", state_class(s));
		html_printf(f, "%s", state_label(name, g->states[i].state));
	}
	if (t && g->precopy_infos)
		fputs("<i class=k-init></i>initial bytes<i class=k-dirty></i>dirty bytes", f);
	if (t && g->bytes_total)
		fputs("<i class=k-rate></i>throughput", f);
	if (t && (g->enomsg || g->zero_reads_precopy))
		fputs("<i class=k-wait></i>nothing to read", f);
	if (has_stop(g))
		fprintf(f, "<i class=k-stop></i>this device's stop: %s on this host",
			units_duration(a, g->window.total_ns));
	fputs("</p>\n", f);
}

static void put_lanes(struct report *r, const struct session *g)
{
	const struct trend *t = trends_of(r->e->trends, g->id);
	const struct side *side = model_side(r->m, g->side);
	struct axis x = axis_of(g->start_ns, g->end_ns, model_first_ns(r->m));

	fputs("<div class=lanes>\n<div class=lane><div class=cap>device state</div>"
	      "<div class=bar>",
	      r->f);
	plot_states(r->f, &x, g, true);
	fputs("</div></div>\n", r->f);
	if (t) {
		plot_left(r->f, &x, t);
		plot_rate(r->f, &x, t, g->direction == DIR_SAVE);
		plot_waits(r->f, &x, t);
	}
	html_pins(r, &x, side ? side->migration : 0, g->id);
	if (has_stop(g)) {
		fputs("<div class=window style=\"", r->f);
		axis_span(r->f, &x, g->window.start_ns, g->window.end_ns);
		fputs("\" title=\"stopped\"></div>\n", r->f);
	}
	axis_ticks(r->f, &x);
	fputs("</div>\n", r->f);
	put_legend(r, g, t);
}

/* ---- the tables ---- */

static void put_count(FILE *f, uint64_t n)
{
	char a[UNITS_LEN];

	fprintf(f, "<td class=num>%s", n ? units_count(a, n) : "-");
}

static void put_states(struct report *r, const struct session *g)
{
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], name[UNITS_LEN];
	FILE *f = r->f;
	uint32_t i;

	if (!g->n_states)
		return;
	fprintf(f,
		"<h4>States</h4><div class=scroll><table><tr><th>state<th class=num>entered"
		"<th class=num>stayed<th class=num>%s<th class=num>%s%s</tr>\n",
		save ? "read" : "written", save ? "reads" : "writes",
		save ? "<th class=num>ENOMSG<th class=num>gave 0" : "");
	r->prev_ns = g->start_ns;
	for (i = 0; i < g->n_states; i++) {
		const struct session_state *s = &g->states[i];

		if (g->states_folded && i + 1 == g->n_states)
			fprintf(f, "<tr><td colspan=7 class=dim>%llu more</tr>\n",
				(unsigned long long)g->states_folded);
		fputs("<tr><td>", f);
		html_printf(f, "%s", state_label(name, s->state));
		fprintf(f, "<td class=num>%s", report_when(r, a, s->enter_ns));
		fprintf(f, "<td class=num>%s",
			g->ended && i + 1 == g->n_states ? "(end)" : units_duration(a, s->dwell_ns));
		fprintf(f, "<td class=num>%s", s->bytes ? report_size(r, a, s->bytes) : "-");
		put_count(f, save ? s->reads : s->writes);
		if (save) {
			put_count(f, s->enomsg);
			put_count(f, s->zero_reads);
		}
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

static void put_arcs(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], name[UNITS_LEN];
	FILE *f = r->f;
	uint32_t i;

	if (!g->n_arcs) {
		fputs("<p>No arc of the state machine is in the evidence.</p>\n", f);
		return;
	}
	fputs("<h4>Arcs: what each change of state took in the driver</h4><div class=scroll><table>"
	      "<tr><th>from<th>to<th class=num>began<th class=num>took</tr>\n",
	      f);
	r->prev_ns = g->start_ns;
	for (i = 0; i < g->n_arcs; i++) {
		const struct session_arc *arc = &g->arcs[i];

		if (g->arcs_folded && i + 1 == g->n_arcs)
			fprintf(f, "<tr><td colspan=4 class=dim>%llu more</tr>\n",
				(unsigned long long)g->arcs_folded);
		fputs("<tr><td>", f);
		html_printf(f, "%s", state_label(name, arc->from));
		fputs("<td>", f);
		html_printf(f, "%s", arc->to == MIG_UNKNOWN ? "?" : state_label(name, arc->to));
		if (arc->ret < 0)
			fprintf(f, " <b class=t-bad>FAILED: %s</b>", errno_label(a, arc->ret));
		fprintf(f, "<td class=num>%s", report_when(r, a, arc->start_ns));
		fprintf(f, "<td class=num>%s</tr>\n", units_duration(a, arc->dur_ns));
	}
	fputs("</table></div>\n", f);
}

/* No percentages: those of the page are all of the VM's downtime. */
static void put_window(struct report *r, const struct session *g)
{
	struct downtime_part part[DOWNTIME_PARTS_MAX];
	size_t n = session_parts(r->m, g, part), i;
	char a[UNITS_LEN], b[UNITS_LEN], why[WHY_SENTENCE_LEN], inside[INSIDE_WORDS_LEN];
	FILE *f = r->f;

	if (!n) {
		fputs("<p>This device was not stopped.</p>\n", f);
		return;
	}
	fprintf(f,
		"<h4>%s: %s on this host, from %s</h4><div class=scroll><table><tr><th>part"
		"<th class=num>took<th>whose</tr>\n",
		g->direction == DIR_SAVE ? "This device's own stop" : "Not running",
		units_duration(a, g->window.total_ns), report_when(r, b, g->window.start_ns));
	for (i = 0; i < n; i++) {
		fprintf(f, "<tr%s><td>", part[i].share ? " class=share" : "");
		html_printf(f, "%s", downtime_part_name(&part[i], b));
		fprintf(f, "<td class=num>%s<td>",
			part[i].ns == MODEL_NONE ? "not seen" : units_duration(a, part[i].ns));
		html_printf(f, "%s", part[i].who ? part[i].who : "");
		fputs("</tr>\n", f);
		if (!part_why_sentence(&part[i].why, why)[0])
			continue;
		fputs("<tr class=share><td colspan=3>", f);
		html_printf(f, "%s", why);
		fputs("</tr>\n", f);
		if (!part_why_inside(&part[i].why, inside)[0])
			continue;
		fputs("<tr class=share><td colspan=3>", f);
		html_printf(f, "%s", inside);
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
	if (g->window.in_flight_ns)
		fprintf(f,
			"<p class=loud>%s of it in a call that had not returned when it was last "
			"seen.</p>\n",
			units_duration(a, g->window.in_flight_ns));
	if (g->lead_ns != MODEL_NONE && g->direction == DIR_SAVE)
		fprintf(f,
			"<p class=dim>The first arc of the stop came %s after the last read() "
			"of pre-copy.</p>\n",
			units_duration(a, g->lead_ns));
}

static const char *size_or_none(const struct report *r, char buf[UNITS_LEN], uint64_t n)
{
	return n == MODEL_NONE ? "not seen" : report_size(r, buf, n);
}

static void put_infos(struct report *r, const struct session *g)
{
	const struct left *l = g->switch_ns != MODEL_NONE ? &g->at_switch : &g->left;
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	if (g->precopy_infos || g->infos_failed) {
		fprintf(f, "<p>Precopy info answered %s time%s", units_count(a, g->precopy_infos),
			plural(g->precopy_infos));
		if (g->infos_failed)
			fprintf(f, ", <b class=t-bad>failed %s time%s</b>",
				units_count(a, g->infos_failed), plural(g->infos_failed));
		if (g->precopy_infos)
			fprintf(f, "; initial bytes %s to %s", size_or_none(r, a, g->initial_first),
				size_or_none(r, b, g->initial_last));
		if (g->precopy_infos && g->dirty_max != MODEL_NONE)
			fprintf(f, ", dirty bytes %s at most, %s at last",
				report_size(r, a, g->dirty_max), size_or_none(r, b, g->dirty_last));
		if (g->reinits)
			fprintf(f, "; REINIT told %s time%s", units_count(a, g->reinits),
				plural(g->reinits));
		fputs(".</p>\n", f);
	}
	if (left_bytes(l, NULL, NULL) != MODEL_NONE &&
	    (g->switch_ns != MODEL_NONE || !g->session_over))
		fprintf(f, "<p>%s: by precopy info %s, by MIG_DATA_SIZE %s.</p>\n",
			g->switch_ns != MODEL_NONE ? "Left to read at the switch" : "Left to read",
			size_or_none(r, a, left_by_info(l)), size_or_none(r, b, left_by_size(l)));
	if (g->bytes_stop_copy)
		fprintf(f, "<p>%s read in STOP_COPY; %s estimated at the switch.</p>\n",
			report_size(r, a, g->bytes_stop_copy),
			g->estimate == MODEL_NONE ? "nothing was" : report_size(r, b, g->estimate));
}

static void put_io(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	FILE *f = r->f;

	if (!g->io_measured)
		return;
	fprintf(f, "<p>One %s() that moved data took %s (p50), ",
		g->direction == DIR_SAVE ? "read" : "write", units_duration(a, g->io_p50_ns));
	fprintf(f, "%s (p99), %s at most; %s of them", units_duration(a, g->io_p99_ns),
		units_duration(b, g->io_max_ns), units_count(c, g->io_measured));
	if (g->io_errors)
		fprintf(f, ", and <b class=t-bad>%s failed</b>", units_count(a, g->io_errors));
	fputs(".</p>\n", f);
}

static void put_inside(struct report *r, const struct session *g)
{
	const struct session_inside *s;
	char text[INSIDE_LINE_LEN], a[UNITS_LEN];
	FILE *f = r->f;
	uint32_t n, i;

	s = model_session_inside(r->m, g->id, &n);
	if (!n)
		return;
	fputs("<h4>Inside its calls: functions that were asked for</h4><p class=dim>The time of one is "
	      "also that of those it ran in.</p>\n",
	      f);
	for (i = 0; i < n; i++, s++) {
		fputs("<p>", f);
		html_printf(f, "%s", inside_words(r->m, s, text));
		if (s->calls && s->longest_t_ns != MODEL_NONE)
			fprintf(f, " at %s", report_when(r, a, s->longest_t_ns));
		if (s->unseen == UNSEEN_NOT && s->since_ns > g->start_ns)
			fprintf(f, "; not seen before %s", report_when(r, a, s->since_ns));
		fputs(".</p>\n", f);
	}
}

/* ---- the whole ---- */

static void put_facts(struct report *r, const struct session *g)
{
	const struct model_stream *s = model_stream(r->m, g->stream);
	const struct session *peer = model_session_peek(r->m, g->peer);
	const struct side *other = peer ? model_side(r->m, peer->side) : NULL;
	char a[UNITS_LEN], text[FAILURE_TEXT_LEN];
	FILE *f = r->f;

	fputs("<p class=dim>", f);
	html_text(f, g->comm, sizeof(g->comm));
	fprintf(f, ", pid %u; began %s", g->pid, report_when(r, a, g->start_ns));
	if (g->attempt)
		fputs("; no data FD: the call that should have handed it out failed", f);
	else if (!g->stream)
		fputs("; the hand-out of its data FD is not in the evidence", f);
	if (s && s->name[0]) {
		fputs("; data FD \xe2\x80\x9c", f);
		html_text(f, s->name, sizeof(s->name));
		fputs("\xe2\x80\x9d", f);
	}
	if (s && s->defined && !(s->ops & STREAM_OP_POLL))
		fputs("; its driver has no .poll: polls are invisible", f);
	if (other && view_wants(r->e, r->opt, model_migration(r->m, other->migration)))
		fprintf(f, "; the other side is <a href=\"#s%u\">session %u</a>%s", g->peer,
			g->peer,
			g->peer_by_order ? ", paired by nothing but the order of opens" : "");
	fputs("</p>\n", f);
	if (g->failures) {
		fputs("<p class=loud>", f);
		html_printf(f, "%s", judge_failure_text(&g->failure, text));
		fprintf(f, " at %s", report_when(r, a, g->failure.t_ns));
		if (g->failures > 1)
			fprintf(f, ", and %s more failed", units_count(a, g->failures - 1));
		fputs(".</p>\n", f);
	}
	if (g->joined_late)
		fputs("<p class=loud>Joined late: its begin is not in the evidence.</p>\n", f);
	if (g->holes)
		fprintf(f,
			"<p class=loud>Holes: %llu events lost in %llu places that it may have "
			"touched. Its figures are lower bounds.</p>\n",
			(unsigned long long)g->lost, (unsigned long long)g->holes);
}

void html_session(struct report *r, const struct session *g, bool open)
{
	const struct model_device *d = model_device(r->m, g->device);
	char dev[NAME_LEN], a[UNITS_LEN];
	bool save = g->direction == DIR_SAVE;
	FILE *f = r->f;

	fprintf(f, "<details id=\"s%u\"%s><summary>Session %u: ", g->id, open ? " open" : "",
		g->id);
	html_printf(f, "%s", device_on_host(dev, d, g->device));
	if (d && d->driver[0]) {
		fputs(" (", f);
		html_text(f, d->driver, sizeof(d->driver));
		fputc(')', f);
	}
	fprintf(f, " <b class=t-%s>%s</b> %s %s", outcome_class(g->outcome),
		outcome_caps(g->outcome), g->outcome == OUTCOME_COMPLETED ? "in" : "after",
		units_duration(a, sat_sub(g->end_ns, g->start_ns)));
	fprintf(f, ", %s %s</summary>\n", report_size(r, a, g->bytes_total),
		save ? "read" : "written");
	put_facts(r, g);
	put_lanes(r, g);
	if (save)
		put_infos(r, g);
	put_io(r, g);
	put_inside(r, g);
	put_states(r, g);
	put_arcs(r, g);
	put_window(r, g);
	fputs("</details>\n", f);
}
