// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_text.c - the post-mortem, for somebody at 3 am
 *
 * Per migration: one sentence, then what the sentence rests on.  80 columns.
 */
#include <stdarg.h>
#include <string.h>

#include "view/common.h"
#include "view/downtime.h"
#include "view/findings.h"

struct report {
	FILE *f;
	const struct view_options *opt;
	const struct view_evidence *e;
	struct model *m;
	uint64_t prev_ns;		/* for --time delta */
};

#define LABEL	"  %-14s"
#define INDENT	"                "

static const char *dur(char buf[UNITS_LEN], uint64_t ns)
{
	return units_duration(buf, ns);
}

static const char *size(const struct report *r, char buf[UNITS_LEN], uint64_t bytes)
{
	return units_size(buf, bytes, r->opt->bytes);
}

/* An instant of the migration; what is relative counts from its begin. */
static const char *when(struct report *r, char buf[UNITS_LEN], const struct session *g,
			uint64_t t_ns)
{
	time_label(buf, r->opt, r->m, t_ns, g->start_ns, r->prev_ns);
	r->prev_ns = t_ns;
	return buf;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
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

static void print_right(FILE *f, const char *s, size_t width)
{
	text_pad(f, s, width, true);
}

/* ---- the head: which evidence this is ---- */

static void print_evidence(struct report *r, const struct view_file *t)
{
	const struct source_health *h = t->health;
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	fprintf(f, LABEL, "loss");
	if (!t->loss_places) {
		fputs("none\n", f);
	} else {
		fprintf(f, "%s", paint(r->opt, C_RED));
		if (t->lost)
			fprintf(f, "%s EVENT%s LOST in %llu place%s",
				units_count(a, t->lost), t->lost == 1 ? "" : "S",
				(unsigned long long)t->loss_places, plural(t->loss_places));
		else
			fprintf(f, "EVENTS LOST in %llu place%s, nobody knows how many",
				(unsigned long long)t->loss_places, plural(t->loss_places));
		fprintf(f, "%s\n" INDENT "figures of migrations marked HOLES are lower bounds\n",
			paint(r->opt, C_OFF));
	}
	fprintf(f, LABEL, "damage");
	if (!h || (!h->frames_damaged && !h->bytes_skipped && h->ended)) {
		fputs("none\n", f);
		return;
	}
	fputs(paint(r->opt, C_RED), f);
	if (h->frames_damaged || h->bytes_skipped)
		fprintf(f, "%s SKIPPED as unreadable (%llu damaged frame%s)",
			units_size(a, h->bytes_skipped, r->opt->bytes),
			(unsigned long long)h->frames_damaged, plural(h->frames_damaged));
	if (!h->ended) {
		if (h->frames_damaged || h->bytes_skipped)
			fputs(";\n" INDENT, f);
		fprintf(f, "THE RECORDING DID NOT END CLEANLY, %s kept",
			dur(b, t->last_ns - t->first_ns));
	}
	fprintf(f, "%s\n", paint(r->opt, C_OFF));
}

static void print_head(struct report *r, const struct view_file *t)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], text[TEXT_SAFE_LEN(160)];
	const struct meta *meta = t->meta;
	const char *host, *kernel;
	uint64_t real = t->first_ns ? model_realtime_ns(r->m, t->first_ns) : 0;
	FILE *f = r->f;

	fprintf(f, "%s%s%s\n", paint(r->opt, C_BOLD),
		text_safe(text, sizeof(text), t->path, 160), paint(r->opt, C_OFF));
	host = meta ? meta_get(meta, "host") : NULL;
	kernel = meta ? meta_get(meta, "kernel") : NULL;
	if (host || kernel) {
		fprintf(f, LABEL, "recorded");
		if (host)
			fprintf(f, "on %s%s", text_safe(text, sizeof(text), host, 60),
				kernel ? ", " : "");
		if (kernel)
			fprintf(f, "kernel %.*s", (int)strcspn(
					text_safe(text, sizeof(text), kernel, 60), " "), text);
		fputc('\n', f);
	}
	fprintf(f, LABEL, "covers");
	if (!t->events) {
		fputs("nothing: no event\n", f);
	} else {
		fprintf(f, "%s", dur(a, t->last_ns - t->first_ns));
		if (real)
			fprintf(f, " from %s", units_rfc3339(b, real));
		fprintf(f, "\n" INDENT "%s event%s", units_count(b, t->events),
			plural(t->events));
		if (t->calls != t->events)
			fprintf(f, " (%s calls: identical empty reads are folded)",
				units_count(c, t->calls));
		fputc('\n', f);
	}
	print_evidence(r, t);
}

static void print_clock(struct report *r)
{
	const struct meta *m = r->e->clock;
	char safe[TEXT_SAFE_LEN(512)];
	size_t i;

	for (i = 0; m && i < m->n; i++) {
		fprintf(r->f, LABEL, m->entries[i].key);
		text_safe(safe, sizeof(safe), m->entries[i].value, 512);
		print_words(r->f, safe, sizeof(INDENT) - 1, 80, sizeof(INDENT) - 1);
	}
}

/* ---- one migration ---- */

static void print_sentence(struct report *r, const struct session *g)
{
	const struct model_device *d = model_device(r->m, g->device);
	bool save = g->direction == DIR_SAVE;
	char vm[NAME_LEN], dev[NAME_LEN], drv[NAME_LEN], a[UNITS_LEN];
	const char *color = C_YELLOW, *what;
	FILE *f = r->f;

	fprintf(f, "\n%sMIGRATION %u%s  ", paint(r->opt, C_BOLD), g->id,
		paint(r->opt, C_OFF));
	if (g->vm[0])
		fprintf(f, "%s %s with %s", safe_name(vm, g->vm), save ? "leaves" : "arrives",
			device_label(dev, d, g->device));
	else
		fprintf(f, "%s %s", device_label(dev, d, g->device), save ? "leaves" : "arrives");
	if (d && d->driver[0])
		fprintf(f, " (%s)", safe_name(drv, d->driver));
	switch (g->outcome) {
	case OUTCOME_COMPLETED:
		what = "COMPLETED";
		color = C_GREEN;
		break;
	case OUTCOME_CANCELLED:
		what = "CANCELLED";
		break;
	case OUTCOME_FAILED:
		what = "FAILED";
		color = C_RED;
		break;
	default:
		what = "UNFINISHED";
		break;
	}
	fprintf(f, "\n  %s%s%s ", paint(r->opt, color), what, paint(r->opt, C_OFF));
	if (g->outcome == OUTCOME_UNFINISHED)
		fprintf(f, "after %s%s", dur(a, g->end_ns - g->start_ns),
			g->ended ? ": the session was given up" : " when the evidence ends");
	else
		fprintf(f, "%s %s", g->outcome == OUTCOME_COMPLETED ? "in" : "after",
			dur(a, g->end_ns - g->start_ns));
	fprintf(f, ", %s %s", size(r, a, g->bytes_total), save ? "read" : "written");
	if (g->downtime_ns != MODEL_NONE)
		fprintf(f, ", downtime %s (both sides seen)", dur(a, g->downtime_ns));
	else if (save && g->window.start_ns != MODEL_NONE)
		fprintf(f, ",%sstopped for %s on this host",
			g->outcome == OUTCOME_UNFINISHED ? "\n  " : " ",
			dur(a, g->window.total_ns));
	fputs(".\n", f);
}

static void print_failure(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	if (!g->failures)
		return;
	fprintf(f, LABEL "%s", "failed call", paint(r->opt, C_RED));
	fprintf(f, "%s", event_kind_name(g->failure.kind));
	if (g->failure.target >= 0 && g->failure.target < MIG_STATE_NR)
		fprintf(f, "(%s)", mig_state_name((uint32_t)g->failure.target));
	fprintf(f, " gave %s%s at %s", errno_label(a, g->failure.ret), paint(r->opt, C_OFF),
		when(r, b, g, g->failure.t_ns));
	if (g->failures > 1)
		fprintf(f, ", and %llu more failed", (unsigned long long)g->failures - 1);
	fputc('\n', f);
}

static void print_who(struct report *r, const struct session *g)
{
	const struct model_stream *s = model_stream(r->m, g->stream);
	char comm[NAME_LEN], name[NAME_LEN], a[UNITS_LEN];
	uint64_t real = model_realtime_ns(r->m, g->start_ns);
	const struct model_device *d = model_device(r->m, g->device);
	const char *host = d ? model_host(r->m, d->host) : NULL;
	FILE *f = r->f;

	fprintf(f, LABEL "%s, pid %u", "process", text_safe(comm, sizeof(comm), g->comm,
							   sizeof(g->comm)), g->pid);
	if (host)
		fprintf(f, " on %s", safe_name(name, host));
	if (real)
		fprintf(f, "%sbegan %s", host ? "\n" INDENT : "; ", units_rfc3339(a, real));
	fputc('\n', f);
	if (g->peer)
		fprintf(f, LABEL "migration %u (same bytes, overlapping in time, no other fits)\n",
			"other side", g->peer);
	fprintf(f, LABEL, "data FD");
	if (!g->stream)
		fputs("its hand-out is not in the evidence\n", f);
	else
		fprintf(f, "stream %u%s%s%s, %s%s\n", g->stream, s && s->name[0] ? " \"" : "",
			s ? safe_name(name, s->name) : "", s && s->name[0] ? "\"" : "",
			event_direction_name(g->direction),
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
	if (g->holes)
		fprintf(f, LABEL "%s%llu event%s lost in %llu place%s that it may have touched:\n"
			INDENT "its figures are lower bounds%s\n", "HOLES", paint(r->opt, C_RED),
			(unsigned long long)g->lost, plural(g->lost),
			(unsigned long long)g->holes, plural(g->holes), paint(r->opt, C_OFF));
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
		(int)when_width(r), "Entered", "Stayed", save ? "Read" : "Written", save ? "Reads" : "Writes",
		save ? "  ENOMSG   Zero" : "", paint(r->opt, C_OFF));
	r->prev_ns = g->start_ns;
	for (i = 0; i < g->n_states; i++) {
		const struct session_state *s = &g->states[i];

		if (g->states_folded && i + 1 == g->n_states)
			fprintf(f, "  ... %llu more\n", (unsigned long long)g->states_folded);
		fputs("  ", f);
		text_pad(f, state_label(a, s->state), 13, false);
		fputc(' ', f);
		print_right(f, when(r, a, g, s->enter_ns), when_width(r));
		fputc(' ', f);
		/* The last one of a finished migration is where it ended. */
		if (g->ended && i + 1 == g->n_states)
			print_right(f, "(end)", 10);
		else
			print_right(f, dur(a, s->dwell_ns), 10);
		fputc(' ', f);
		print_right(f, s->bytes ? size(r, a, s->bytes) : "-", 11);
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
			size(r, a, g->bytes_unplaced));
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
	fprintf(f, "\n%s  %-29s %*s %10s%s\n", paint(r->opt, C_BOLD), "Arc",
		(int)when_width(r), "Began", "Took", paint(r->opt, C_OFF));
	r->prev_ns = g->start_ns;
	for (i = 0; i < g->n_arcs; i++) {
		const struct session_arc *arc = &g->arcs[i];

		if (g->arcs_folded && i + 1 == g->n_arcs)
			fprintf(f, "  ... %llu more\n", (unsigned long long)g->arcs_folded);
		fprintf(f, "  %12s -> %-13s ", state_label(a, arc->from), state_label(b, arc->to));
		print_right(f, when(r, a, g, arc->start_ns), when_width(r));
		fputc(' ', f);
		print_right(f, dur(a, arc->dur_ns), 10);
		bar = (uint32_t)(arc->dur_ns * 20 / max);
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
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	if (w->start_ns == MODEL_NONE) {
		fprintf(f, "\n%s  Stop window%s   %s\n", paint(r->opt, C_BOLD),
			paint(r->opt, C_OFF), g->n_arcs || !g->joined_late ?
			"none: the device was not stopped" :
			"not known: no change of state is in the evidence");
		return;
	}
	/* A destination's device is stopped from the set-up on: no downtime yet. */
	fprintf(f, "\n%s  %s%s   %s on this host, from %s to ", paint(r->opt, C_BOLD),
		save ? "Stop window" : "Not running", paint(r->opt, C_OFF),
		dur(a, w->total_ns), when(r, b, g, w->start_ns));
	if (save && g->eof && w->end_ns <= g->eof_ns)
		fputs("the read() that gave 0\n", f);
	else if (!g->ended)
		fputs("the last call seen\n", f);
	else
		fprintf(f, "%s\n", when(r, b, g, w->end_ns));
	if (w->start_ns < g->start_ns && g->start_ns - w->start_ns > w->total_ns / 10)
		fprintf(f, "  of it %s before the data FD was handed out: already stopped then\n",
			dur(a, g->start_ns - w->start_ns));
	downtime_text(f, g);
}

static void print_ratio(FILE *f, uint64_t truth, uint64_t estimate)
{
	if (estimate)
		fprintf(f, ", %.2f times as much", (double)truth / (double)estimate);
	fputc('\n', f);
}

static void print_estimate(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	if (g->estimate == MODEL_NONE) {
		if (g->bytes_stop_copy)
			fprintf(f, LABEL "none was asked for; %s read in STOP_COPY\n", "estimate",
				size(r, a, g->bytes_stop_copy));
		return;
	}
	fprintf(f, LABEL "%s at the switchover (%s);\n" INDENT, "estimate", size(r, a, g->estimate),
		g->estimate_is_data_size ? "MIG_DATA_SIZE" : "last initial + dirty");
	fprintf(f, "%s%s read in STOP_COPY", g->eof ? "" : "so far ", size(r, b, g->bytes_stop_copy));
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
		v = g->trend[i].initial_bytes + g->trend[i].dirty_bytes;
		max = v > max ? v : max;
	}
	if (g->n_trend < 4 || max < 2)
		return;
	fprintf(f, LABEL, "left");
	for (i = 0; i < g->n_trend; i++) {
		unsigned int bits, top = 64 - __builtin_clzll(max);

		v = g->trend[i].initial_bytes + g->trend[i].dirty_bytes;
		bits = v ? 64 - __builtin_clzll(v) : 0;
		/* The lowest block is a thousandth of the highest. */
		if (v && bits + 10 < top)
			bits = 1;
		else if (v)
			bits = 1 + (bits + 10 - top) * 7 / 10;
		fputs(blocks[bits], f);
	}
	fprintf(f, " log, max %s\n" INDENT "(initial + dirty bytes, info by info)\n",
		size(r, a, max));
}

static void print_infos(struct report *r, const struct session *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;

	if (!g->precopy_infos) {
		if (g->bytes_precopy)
			fprintf(f, LABEL "never asked for\n", "precopy info");
		return;
	}
	fprintf(f, LABEL "asked %s time%s\n", "precopy info", units_count(a, g->precopy_infos),
		plural(g->precopy_infos));
	fprintf(f, INDENT "initial bytes %s -> %s", size(r, a, g->initial_first),
		size(r, b, g->initial_last));
	if (g->initial_zero_ns != MODEL_NONE && g->initial_first)
		fprintf(f, ", 0 first seen at %s", when(r, a, g, g->initial_zero_ns));
	if (!g->dirty_max) {
		fputs("\n" INDENT "dirty bytes 0 throughout\n", f);
		print_trend(r, g);
		return;
	}
	fprintf(f, "\n" INDENT "dirty bytes %s at first, %s at last", size(r, a, g->dirty_first),
		size(r, b, g->dirty_last));
	fprintf(f, ",\n" INDENT "max %s at %s, ", size(r, a, g->dirty_max),
		when(r, b, g, g->dirty_max_ns));
	fprintf(f, "rose %llu time%s, fell %llu time%s\n",
		(unsigned long long)g->dirty_rises, plural(g->dirty_rises),
		(unsigned long long)g->dirty_falls, plural(g->dirty_falls));
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
		fprintf(f, " at %s\n", when(r, a, g, g->runs.longest_start_ns));
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
			plural(g->io_measured), size(r, b, g->max_io_size));
	if (g->io_errors)
		fprintf(f, INDENT "%s failed\n", units_count(a, g->io_errors));
	if (g->polls)
		fprintf(f, LABEL "%s\n", "polls", units_count(a, g->polls));
}

static void print_migration(struct report *r, const struct session *g)
{
	r->prev_ns = g->start_ns;
	print_sentence(r, g);
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
			forecast_truth_text(r->f, &g->forecast, g->window.total_ns);
		print_estimate(r, g);
		print_infos(r, g);
		print_empty(r, g);
	}
	print_io(r, g);
}

/* Devices without a migration, and requests that began none. */
static void print_others(struct report *r)
{
	char dev[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < model_devices(r->m); i++) {
		const struct model_device *d = model_device_at(r->m, i);

		if (!d || (d->sessions && !d->failures))
			continue;
		fprintf(r->f, "\n  %s", device_label(dev, d, i));
		if (!d->sessions)
			fprintf(r->f, ": no migration; %s at the end", state_label(a, d->state));
		if (d->failures) {
			fprintf(r->f, "%s %llu SET_STATE%s failed outside any migration",
				d->sessions ? ":" : ",\n   ", (unsigned long long)d->failures,
				plural(d->failures));
			if (d->failure.target >= 0 && d->failure.target < MIG_STATE_NR)
				fprintf(r->f, ",\n    the last: %s gave %s",
					mig_state_name((uint32_t)d->failure.target),
					errno_label(b, d->failure.ret));
		}
		fputc('\n', r->f);
	}
}

static bool is_wanted(const struct report *r, const struct session *g)
{
	struct event span = { .t_ns = g->start_ns, .dur_ns = g->end_ns - g->start_ns };

	return (!r->opt->migration || r->opt->migration == g->id) &&
	       time_window_has(&r->opt->window, r->m, &span);
}

void report_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct report r = { .f = f, .opt = opt, .e = e, .m = e->model };
	uint32_t id, shown = 0;
	size_t i;

	for (i = 0; i < e->n_files; i++)
		print_head(&r, &e->files[i]);
	print_clock(&r);
	for (id = 1; id <= model_sessions(r.m); id++) {
		const struct session *g = model_session(r.m, id);

		if (!is_wanted(&r, g))
			continue;
		print_migration(&r, g);
		shown++;
	}
	if (!shown)
		fprintf(f, "\n  No migration %s.\n", model_sessions(r.m) ?
			"in what was asked for" : "is in this evidence");
	if (!opt->migration)
		print_others(&r);
	estimates_text(f, e, opt);
	if (e->judge) {
		fprintf(f, "\n%sFINDINGS%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
		findings_text(f, e, opt);
	}
}
