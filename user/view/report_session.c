// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_session.c - one device's session in full: states, arcs, its own stop,
 * estimates, runs of empty reads, latency.  80 columns.
 */
#include <stdlib.h>
#include <string.h>

#include "model/forecast.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/findings.h"
#include "view/inside.h"
#include "view/report.h"

static const char *dur(char buf[UNITS_LEN], uint64_t ns)
{
	return units_duration(buf, ns);
}

/* "-" for nothing: zeros in a table hide what is there. */
static const char *count_or_dash(char buf[UNITS_LEN], uint64_t n)
{
	if (!n)
		return "-";
	return units_count(buf, n);
}

/* Columns that an instant takes. */
static size_t when_width(const struct report *r)
{
	return r->opt->time == TIME_WALL || r->opt->time == TIME_MONO ? 15 : 13;
}

/* What was put together, wrapped behind a label. */
static void close_wrapped(FILE *f, struct words *l)
{
	char *text = words_close(l);

	wrap_text(f, text ?: "", sizeof(INDENT) - 1, sizeof(INDENT) - 1, 80);
	free(text);
}

static void print_right(FILE *f, const char *s, size_t width)
{
	text_pad(f, s, width, true);
}

static void print_title(struct report *r, const struct session *g)
{
	const struct side *side = model_side(r->m, g->side);
	const struct model_device *d = model_device(r->m, g->device);
	char dev[NAME_LEN], drv[NAME_LEN], host[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN];
	const char *on = host_label(host, r->e, g->host, g->device, g->start_ns);
	FILE *f = r->f;

	fprintf(f, "\n%sSESSION %u%s  of migration %u, %s: %s", paint(r->opt, C_BOLD), g->id,
		paint(r->opt, C_OFF), side ? side->migration : 0,
		g->direction == DIR_SAVE ? "source" : "destination",
		device_on_host(dev, d, g->device));
	if (d && d->driver[0])
		fprintf(f, " (%s)", safe_name(drv, d->driver));
	if (on)
		fprintf(f, "\n  on %s;", on);
	else
		fputs("\n ", f);
	fprintf(f, " %s%s%s %s %s, %s %s\n", paint(r->opt, outcome_color(g->outcome)),
		outcome_caps(g->outcome), paint(r->opt, C_OFF),
		g->outcome == OUTCOME_COMPLETED ? "in" : "after", dur(a, g->end_ns - g->start_ns),
		report_size(r, b, g->bytes_total), g->direction == DIR_SAVE ? "read" : "written");
}

static void print_failure(struct report *r, const struct session *g)
{
	char text[FAILURE_TEXT_LEN], b[UNITS_LEN];

	if (!g->failures)
		return;
	fprintf(r->f, LABEL "%s%s%s\n" INDENT "at %s", "failed call", paint(r->opt, C_RED),
		judge_failure_text(&g->failure, text), paint(r->opt, C_OFF),
		report_when(r, b, g->failure.t_ns));
	if (g->failures > 1)
		fprintf(r->f, ", and %llu more failed", (unsigned long long)g->failures - 1);
	fputc('\n', r->f);
}

static void print_who(struct report *r, const struct session *g)
{
	const struct model_stream *s = model_stream(r->m, g->stream);
	char comm[NAME_LEN], name[NAME_LEN], a[UNITS_LEN];
	FILE *f = r->f;
	struct words l;

	fprintf(f, LABEL "%s, pid %u; began %s\n", "process",
		text_safe(comm, sizeof(comm), g->comm, sizeof(g->comm)), g->pid,
		report_when(r, a, g->start_ns));
	if (g->peer)
		fprintf(f, LABEL "session %u%s\n", "other side", g->peer,
			g->peer_by_order ? ", paired by nothing but the order of opens" : "");
	if (g->attempt)
		fprintf(f, LABEL "none: the call that should have handed it out failed\n",
			"data FD");
	else if (!g->stream)
		fprintf(f, LABEL "its hand-out is not in the evidence\n", "data FD");
	else
		fprintf(f, LABEL "stream %u%s%s%s, %s%s\n", "data FD", g->stream,
			s && s->name[0] ? " \"" : "", s ? safe_name(name, s->name) : "",
			s && s->name[0] ? "\"" : "", event_direction_name(g->direction),
			s && s->open ? ", still open at the end" : "");
	if (s && s->defined) {
		static const unsigned int bits[] = { 0, 1, 2, 3, 4 };
		uint32_t unseen = s->ops & ~s->hooked;
		size_t i;

		if (!(s->ops & STREAM_OP_POLL))
			fputs(INDENT "the driver has no .poll: polls are invisible\n", f);
		for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
			if (unseen >> bits[i] & 1)
				fprintf(f, INDENT "%s.%s is NOT HOOKED: such calls are missing%s\n",
					paint(r->opt, C_YELLOW), event_stream_op_name(bits[i]),
					paint(r->opt, C_OFF));
	}
	if (g->joined_late)
		fprintf(f, LABEL "%sits begin is not in the evidence%s\n", "joined late",
			paint(r->opt, C_YELLOW), paint(r->opt, C_OFF));
	if (g->holes) {
		fprintf(f, LABEL "%s", "HOLES", paint(r->opt, C_RED));
		if (words_open(&l)) {
			if (g->lost)
				fprintf(l.f, "%llu event%s lost", (unsigned long long)g->lost,
					plural(g->lost));
			else
				fputs("events lost, nobody knows how many,", l.f);
			fprintf(l.f, " in %llu place%s that it may have touched:",
				(unsigned long long)g->holes, plural(g->holes));
			close_wrapped(f, &l);
		}
		fprintf(f, INDENT "its figures are lower bounds%s\n", paint(r->opt, C_OFF));
	}
	if (g->resets)
		fprintf(f, LABEL "%llu of the device during the session\n", "resets",
			(unsigned long long)g->resets);
}

static void print_phases(struct report *r, const struct session *g)
{
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN];
	FILE *f = r->f;
	uint32_t i;

	if (!g->n_states)
		return;
	fprintf(f, "\n%s  %-13s %*s %10s %11s %9s%s%s\n", paint(r->opt, C_BOLD), "State",
		(int)when_width(r), "Entered", "Stayed", save ? "Read" : "Written",
		save ? "Reads" : "Writes", save ? "  ENOMSG   Zero" : "", paint(r->opt, C_OFF));
	r->prev_ns = g->start_ns;
	for (i = 0; i < g->n_states; i++) {
		const struct session_state *s = &g->states[i];

		if (g->states_folded && i + 1 == g->n_states)
			fprintf(f, "  ... %llu more\n", (unsigned long long)g->states_folded);
		fputs("  ", f);
		text_pad(f, state_label(a, s->state), 13, false);
		fputc(' ', f);
		print_right(f, report_when(r, a, s->enter_ns), when_width(r));
		fputc(' ', f);
		/* The last one of a finished migration is where it ended. */
		if (g->ended && i + 1 == g->n_states)
			print_right(f, "(end)", 10);
		else
			print_right(f, dur(a, s->dwell_ns), 10);
		fputc(' ', f);
		print_right(f, s->bytes ? report_size(r, a, s->bytes) : "-", 11);
		fputc(' ', f);
		print_right(f, count_or_dash(a, save ? s->reads : s->writes), 9);
		if (save) {
			fputc(' ', f);
			print_right(f, count_or_dash(a, s->enomsg), 7);
			fputc(' ', f);
			print_right(f, count_or_dash(a, s->zero_reads), 6);
		}
		fputc('\n', f);
	}
	if (save && g->bytes_unplaced)
		fprintf(f, "  %s of it were read while the state was not known\n",
			report_size(r, a, g->bytes_unplaced));
}

static void print_arcs(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t max = 1;
	FILE *f = r->f;
	uint32_t i, bar;

	if (!g->n_arcs) {
		fputs("\n  no arc of the state machine is in the evidence\n", f);
		return;
	}
	for (i = 0; i < g->n_arcs; i++)
		if (g->arcs[i].dur_ns > max)
			max = g->arcs[i].dur_ns;
	fprintf(f, "\n%s  %-29s %*s %10s%s\n", paint(r->opt, C_BOLD), "Arc", (int)when_width(r),
		"Began", "Took", paint(r->opt, C_OFF));
	r->prev_ns = g->start_ns;
	for (i = 0; i < g->n_arcs; i++) {
		const struct session_arc *arc = &g->arcs[i];

		if (g->arcs_folded && i + 1 == g->n_arcs)
			fprintf(f, "  ... %llu more\n", (unsigned long long)g->arcs_folded);
		fprintf(f, "  %12s -> %-13s ", state_label(a, arc->from), state_label(b, arc->to));
		print_right(f, report_when(r, a, arc->start_ns), when_width(r));
		fputc(' ', f);
		print_right(f, dur(a, arc->dur_ns), 10);
		if (arc->ret < 0) {
			fprintf(f, "  %sFAILED: %s%s\n", paint(r->opt, C_RED),
				errno_label(a, arc->ret), paint(r->opt, C_OFF));
			continue;
		}
		bar = (uint32_t)((double)arc->dur_ns * 20 / (double)max);
		if (bar)
			fputs("  ", f);
		for (; bar > 0; bar--)
			fputc('#', f);
		fputc('\n', f);
	}
}

static void print_window(struct report *r, const struct session *g)
{
	const struct session_window *w = &g->window;
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	FILE *f = r->f;
	struct words l;

	if (w->start_ns == MODEL_NONE) {
		fprintf(f, "\n%s  Stop window%s   %s\n", paint(r->opt, C_BOLD),
			paint(r->opt, C_OFF),
			g->n_arcs || !g->joined_late ?
				"none: the device was not stopped" :
				"not known: no change of state is in the evidence");
		return;
	}
	/* A destination's device is stopped from the set-up on: no downtime yet. */
	fprintf(f, "\n%s  %s%s   ", paint(r->opt, C_BOLD), save ? "Stop window" : "Not running",
		paint(r->opt, C_OFF));
	if (words_open(&l)) {
		fprintf(l.f, "%s on this host, from %s to %s", dur(a, w->total_ns),
			report_when(r, b, w->start_ns),
			save && g->eof && w->end_ns <= g->eof_ns ? "the read() that gave 0" :
			!g->ended				 ? "the last call seen" :
								   report_when(r, c, w->end_ns));
		close_wrapped(f, &l);
	}
	if (w->start_ns < g->start_ns && g->start_ns - w->start_ns > w->total_ns / 10)
		fprintf(f, "  of it %s before the data FD was handed out: already stopped then\n",
			dur(a, g->start_ns - w->start_ns));
	downtime_text(f, r->m, g);
}

static void print_ratio(FILE *f, uint64_t truth, uint64_t estimate)
{
	if (estimate)
		fprintf(f, ", %.2f times as much", (double)truth / (double)estimate);
	fputc('\n', f);
}

/* What the driver said was left, by both ways to ask. */
static void print_left(struct report *r, const struct session *g)
{
	bool over = g->switch_ns != MODEL_NONE;
	const struct left *l = over ? &g->at_switch : &g->left;
	uint64_t info = left_by_info(l), length = left_by_size(l);
	enum left_source source;
	char a[UNITS_LEN], b[UNITS_LEN];

	if (left_bytes(l, &source, NULL) == MODEL_NONE || (!over && g->session_over))
		return;
	fprintf(r->f,
		LABEL "precopy info %s, MIG_DATA_SIZE %s;\n" INDENT "by the younger, %s; "
		      "each less what was read since\n",
		over ? "left then" : "left",
		info == MODEL_NONE ? "not seen" : report_size(r, a, info),
		length == MODEL_NONE ? "not seen" : report_size(r, b, length),
		left_source_name(source));
}

static void print_estimate(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	print_left(r, g);
	if (g->estimate == MODEL_NONE) {
		if (g->bytes_stop_copy)
			fprintf(f, LABEL "none was asked for; %s read in STOP_COPY\n", "estimate",
				report_size(r, a, g->bytes_stop_copy));
		return;
	}
	fprintf(f, LABEL "%s at the switchover (%s);\n" INDENT, "estimate",
		report_size(r, a, g->estimate),
		g->estimate_is_data_size ? "MIG_DATA_SIZE" : "last initial + dirty");
	fprintf(f, "%s%s read in STOP_COPY", g->eof ? "" : "so far ",
		report_size(r, b, g->bytes_stop_copy));
	print_ratio(f, g->bytes_stop_copy, g->estimate);
	if (g->first_read_ns != MODEL_NONE)
		fprintf(f, INDENT "the first read() of STOP_COPY took %s\n",
			dur(a, g->first_read_ns));
}

/* Eight heights; the axis is logarithmic or gigabytes would hide megabytes. */
static void print_trend(struct report *r, const struct session *g)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	char a[UNITS_LEN];
	uint64_t max = 0, v;
	FILE *f = r->f;
	uint32_t i;

	for (i = 0; i < g->n_trend; i++) {
		v = sat_add(g->trend[i].initial_bytes, g->trend[i].dirty_bytes);
		max = v > max ? v : max;
	}
	if (g->n_trend < 4 || max < 2)
		return;
	fprintf(f, LABEL, "left");
	for (i = 0; i < g->n_trend; i++) {
		unsigned int bits, top = 64 - __builtin_clzll(max);

		v = sat_add(g->trend[i].initial_bytes, g->trend[i].dirty_bytes);
		bits = v ? 64 - __builtin_clzll(v) : 0;
		/* The lowest block is a thousandth of the highest. */
		if (v && bits + 10 < top)
			bits = 1;
		else if (v)
			bits = 1 + (bits + 10 - top) * 7 / 10;
		fputs(blocks[bits], f);
	}
	fprintf(f, " log, max %s\n" INDENT "(initial + dirty bytes, info by info)\n",
		report_size(r, a, max));
}

static void print_infos(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	if (!g->precopy_infos) {
		if (g->infos_failed)
			fprintf(f, LABEL "asked %s time%s, and each failed\n", "precopy info",
				units_count(a, g->infos_failed), plural(g->infos_failed));
		else if (g->bytes_precopy)
			fprintf(f, LABEL "never asked for\n", "precopy info");
		return;
	}
	fprintf(f, LABEL "answered %s time%s", "precopy info", units_count(a, g->precopy_infos),
		plural(g->precopy_infos));
	if (g->infos_failed)
		fprintf(f, ", and failed %s time%s", units_count(b, g->infos_failed),
			plural(g->infos_failed));
	if (g->reinits)
		fprintf(f, "; REINIT told %s time%s", units_count(b, g->reinits),
			plural(g->reinits));
	fputc('\n', f);
	fprintf(f, INDENT "initial bytes %s -> %s", report_size(r, a, g->initial_first),
		report_size(r, b, g->initial_last));
	if (g->initial_zero_ns != MODEL_NONE && g->initial_first)
		fprintf(f, ", 0 first seen at %s", report_when(r, a, g->initial_zero_ns));
	if (!g->dirty_max) {
		fputs("\n" INDENT "dirty bytes 0 throughout\n", f);
		print_trend(r, g);
		return;
	}
	fprintf(f, "\n" INDENT "dirty bytes %s at first, %s at last",
		report_size(r, a, g->dirty_first), report_size(r, b, g->dirty_last));
	fprintf(f, ",\n" INDENT "max %s at %s, ", report_size(r, a, g->dirty_max),
		report_when(r, b, g->dirty_max_ns));
	fprintf(f, "rose %llu time%s, fell %llu time%s\n", (unsigned long long)g->dirty_rises,
		plural(g->dirty_rises), (unsigned long long)g->dirty_falls, plural(g->dirty_falls));
	print_trend(r, g);
}

static void print_empty(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	fprintf(f, LABEL, "empty reads");
	if (!g->empty_reads) {
		fputs("none\n", f);
		return;
	}
	if (g->eof && g->empty_reads == 1) {
		fputs("only the last one, which gave 0\n", f);
		return;
	}
	fprintf(f, "%s: %s ENOMSG", units_count(a, g->empty_reads), units_count(b, g->enomsg));
	fprintf(f, ", %s gave 0\n", units_count(a, g->empty_reads - g->enomsg));
	if (g->runs.runs) {
		fprintf(f, INDENT "%s run%s of two or more, %s in all;\n",
			units_count(a, g->runs.runs), plural(g->runs.runs),
			dur(b, g->runs.span_ns));
		fprintf(f, INDENT "longest ×%s in %s", units_count(a, g->runs.longest),
			dur(b, g->runs.longest_span_ns));
		fprintf(f, " at %s\n", report_when(r, a, g->runs.longest_start_ns));
	}
	if (g->zero_reads_precopy)
		fprintf(f, INDENT "read() gave 0 in PRE_COPY %s time%s (uAPI: should be ENOMSG)\n",
			units_count(a, g->zero_reads_precopy), plural(g->zero_reads_precopy));
	if (g->enomsg_stop_copy)
		fprintf(f, INDENT "read() gave ENOMSG in STOP_COPY %s time%s (uAPI: may not)\n",
			units_count(a, g->enomsg_stop_copy), plural(g->enomsg_stop_copy));
}

static void print_io(struct report *r, const struct session *g)
{
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	FILE *f = r->f;

	fprintf(f, LABEL, save ? "read latency" : "write latency");
	if (!g->io_measured)
		fputs("no call moved data\n", f);
	else
		fprintf(f, "p50 %s, p99 %s, max %s\n", dur(a, g->io_p50_ns), dur(b, g->io_p99_ns),
			dur(c, g->io_max_ns));
	if (g->io_measured)
		fprintf(f, INDENT "of %s %s%s that moved data, largest buffer %s\n",
			units_count(a, g->io_measured), save ? "read" : "write",
			plural(g->io_measured), report_size(r, b, g->max_io_size));
	if (g->io_errors)
		fprintf(f, INDENT "%s failed\n", units_count(a, g->io_errors));
	if (g->polls)
		fprintf(f, LABEL "%s\n", "polls", units_count(a, g->polls));
	if (g->sizes_failed)
		fprintf(f, LABEL "failed %s time%s\n", "MIG_DATA_SIZE",
			units_count(a, g->sizes_failed), plural(g->sizes_failed));
}

static void print_inside(struct report *r, const struct session *g)
{
	const struct session_inside *s;
	char text[INSIDE_LINE_LEN], a[UNITS_LEN];
	uint32_t n, i;

	s = model_session_inside(r->m, g->id, &n);
	for (i = 0; i < n; i++, s++) {
		fprintf(r->f, LABEL, i ? "" : "inside");
		wrap_text(r->f, inside_words(r->m, s, text), 16, 18, 80);
		if (s->calls && s->longest_t_ns != MODEL_NONE)
			fprintf(r->f, INDENT "  at %s\n", report_when(r, a, s->longest_t_ns));
		if (s->unseen == UNSEEN_NOT && s->since_ns > g->start_ns)
			fprintf(r->f, INDENT "  not seen before %s\n",
				report_when(r, a, s->since_ns));
	}
}

void report_session(struct report *r, const struct session *g)
{
	r->prev_ns = g->start_ns;
	print_title(r, g);
	print_failure(r, g);
	print_who(r, g);
	print_phases(r, g);
	print_arcs(r, g);
	print_window(r, g);
	fputc('\n', r->f);
	if (g->direction == DIR_SAVE) {
		if (!g->ended) {
			struct forecast x;

			forecast_session(r->m, g->id, model_last_ns(r->m), &x);
			forecast_text(r->f, &x, r->opt);
		}
		if (g->eof && g->window.start_ns != MODEL_NONE)
			forecast_truth_text(r->f, &g->forecast,
					    g->window.arcs_ns + g->window.io_ns);
		print_estimate(r, g);
		print_infos(r, g);
		print_empty(r, g);
	}
	print_io(r, g);
	print_inside(r, g);
}
