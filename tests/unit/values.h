/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * values.h - all that model and judge know, as text
 *
 * Left out is what is 0; of instants, which are told from the first event on, and of
 * what need not be known it is MODEL_NONE, which is "none" elsewhere.
 */
#ifndef VFIOSCOPE_TESTS_VALUES_H
#define VFIOSCOPE_TESTS_VALUES_H

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "judge/judge.h"
#include "model/forecast.h"
#include "model/model.h"

enum value_type { V_NUMBER, V_SIGNED, V_FLAG, V_TEXT, V_INSTANT, V_MAYBE };

struct value {
	const char *name;
	size_t offset, size;
	enum value_type type;
};

#define VALUE(type, member, what)                                                  \
	{                                                                          \
#member, offsetof(type, member), sizeof(((type *)0)->member), what \
	}
#define NUMBER(type, member)  VALUE(type, member, V_NUMBER)
#define SIGNED(type, member)  VALUE(type, member, V_SIGNED)
#define FLAG(type, member)    VALUE(type, member, V_FLAG)
#define TEXT(type, member)    VALUE(type, member, V_TEXT)
#define INSTANT(type, member) VALUE(type, member, V_INSTANT)
/* MODEL_NONE, as long as nothing is known. */
#define MAYBE(type, member)   VALUE(type, member, V_MAYBE)

/* Of many alike the first say enough. */
#define VALUES_EACH 4

/* The first event's start: what instants are told from. */
static uint64_t values_begin_ns;

static inline void put_ns(FILE *f, const char *name, uint64_t ns)
{
	if (!ns)
		fprintf(f, " %s=0", name);
	else
		fprintf(f, " %s=%+" PRId64, name, (int64_t)(ns - values_begin_ns));
}

static inline void put_text(FILE *f, const char *name, const char *s)
{
	fprintf(f, " %s=", name);
	for (; *s; s++) {
		if (*s > ' ' && *s < 127 && *s != '%')
			fputc(*s, f);
		else
			fprintf(f, "%%%02x", (unsigned char)*s);
	}
}

static inline void put_value(FILE *f, const struct value *v, const char *p)
{
	uint64_t n = 0;

	if (v->type == V_TEXT) {
		if (*p)
			put_text(f, v->name, p);
		return;
	}
	memcpy(&n, p, v->size); /* little-endian, as every machine with VFIO migration */
	if (n == (v->type == V_INSTANT || v->type == V_MAYBE ? MODEL_NONE : 0))
		return;
	if (v->type == V_INSTANT)
		put_ns(f, v->name, n);
	else if (v->type == V_FLAG)
		fprintf(f, " %s", v->name);
	else if (v->type == V_SIGNED)
		fprintf(f, " %s=%" PRId64, v->name, (int64_t)n);
	else if (n == MODEL_NONE)
		fprintf(f, " %s=none", v->name);
	else
		fprintf(f, " %s=%" PRIu64, v->name, n);
}

static inline void put_values(FILE *f, const char *what, const struct value *v, size_t n,
			      const void *of)
{
	size_t i;

	fprintf(f, "%s:", what);
	for (i = 0; i < n; i++)
		put_value(f, &v[i], (const char *)of + v[i].offset);
	fputc('\n', f);
}
#define PUT_VALUES(f, what, table, of) \
	put_values(f, what, table, sizeof(table) / sizeof((table)[0]), of)

static inline void put_why(FILE *f, const char *what, uint32_t nr, const uint64_t *ns)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < WHY_PARTS; i++) {
		if (ns[i]) {
			if (!any)
				fprintf(f, "%s %u:", what, nr);
			fprintf(f, " %s=%" PRId64, why_part_key(i), (int64_t)ns[i]);
			any = true;
		}
	}
	if (any)
		fputc('\n', f);
}

static inline void put_window(FILE *f, const char *what, const struct session_window *w)
{
#define W(kind, member) kind(struct session_window, member)
	static const struct value values[] = {
		W(INSTANT, start_ns),	      W(INSTANT, end_ns),
		W(NUMBER, total_ns),	      W(NUMBER, arcs_ns),
		W(NUMBER, load_ns),	      W(NUMBER, io_ns),
		W(NUMBER, dirty_sync_ns),     W(NUMBER, outside_ns),
		W(NUMBER, gap_ns[GAP_ARCS]),  W(NUMBER, gap_ns[GAP_FIRST_IO]),
		W(NUMBER, gap_ns[GAP_IO]),    W(NUMBER, gap_ns[GAP_LOAD]),
		W(NUMBER, gap_ns[GAP_START]), W(NUMBER, unattributed_ns),
		W(NUMBER, in_flight_ns),
	};
#undef W
	uint32_t i;

	if (w->start_ns == MODEL_NONE && !w->total_ns)
		return;
	PUT_VALUES(f, what, values, w);
	for (i = 0; i < PART_NR; i++)
		put_why(f, "   spent", i, w->why_ns[i]);
	for (i = 0; i < GAP_NR; i++)
		put_why(f, "   between", i, w->gap_why_ns[i]);
}

static inline void put_failure(FILE *f, const char *what, const struct failure *x)
{
#define X(kind, member) kind(struct failure, member)
	static const struct value values[] = {
		X(NUMBER, kind),   X(NUMBER, host),   X(NUMBER, pid),	  X(NUMBER, tid),
		X(NUMBER, device), X(NUMBER, stream), X(NUMBER, session), X(SIGNED, ret),
		X(SIGNED, target), X(NUMBER, from),   X(NUMBER, to),	  X(NUMBER, code),
		X(NUMBER, signal), X(INSTANT, t_ns),  X(INSTANT, end_ns), X(NUMBER, seq),
		X(NUMBER, bytes),  X(NUMBER, size),   X(TEXT, comm),
	};
#undef X
	char text[FAILURE_TEXT_LEN];

	if (!x->kind)
		return;
	PUT_VALUES(f, what, values, x);
	fprintf(f, "   \"%s\" of %s\n", judge_failure_text(x, text),
		party_name(judge_failure_party(x)));
}

static inline void put_forecast(FILE *f, const char *what, const struct forecast *x)
{
#define X(kind, member) kind(struct forecast, member)
	static const struct value values[] = {
		X(NUMBER, trend),
		X(MAYBE, read_bps),
		X(MAYBE, dirty_bps),
		X(MAYBE, left_bytes),
		X(FLAG, left_is_data_size),
		X(NUMBER, left_age_ns),
		X(NUMBER, basis),
		X(NUMBER, samples),
		X(MAYBE, low_ns),
		X(MAYBE, mid_ns),
		X(MAYBE, high_ns),
		X(MAYBE, arcs_ns),
		X(MAYBE, drain_ns),
		X(MAYBE, guess_ns[WAY_PACE]),
		X(MAYBE, guess_ns[WAY_SIZE]),
		X(MAYBE, guess_ns[WAY_SAME]),
		X(NUMBER, way),
	};
#undef X
	if (x->trend || x->basis || x->left_bytes != MODEL_NONE)
		PUT_VALUES(f, what, values, x);
}

static inline void put_left(FILE *f, const char *what, const struct left *x)
{
#define X(kind, member) kind(struct left, member)
	static const struct value values[] = {
		X(MAYBE, info_bytes), X(INSTANT, info_ns), X(NUMBER, info_since),
		X(MAYBE, size_bytes), X(INSTANT, size_ns), X(NUMBER, size_since),
	};
#undef X
	if (x->info_bytes == MODEL_NONE && x->size_bytes == MODEL_NONE)
		return;
	PUT_VALUES(f, what, values, x);
}

static inline void put_calls(FILE *f, const char *what, const struct call_why *w, uint32_t n)
{
#define X(kind, member) kind(struct call_why, member)
	static const struct value values[] = {
		X(NUMBER, call),   X(NUMBER, from),   X(NUMBER, to),	     X(NUMBER, part),
		X(FLAG, so_far),   X(FLAG, seen),     X(FLAG, in_stop),	     X(INSTANT, t_ns),
		X(NUMBER, dur_ns), X(NUMBER, own_ns), X(NUMBER, longest_ns), X(NUMBER, faults),
	};
#undef X
	char text[WHY_TEXT_LEN];

	for (; n; n--, w++) {
		PUT_VALUES(f, what, values, w);
		fprintf(f, "   \"%s\"\n", judge_why_text(w, text));
	}
}

static inline void put_session_lists(FILE *f, const struct session *g)
{
	uint32_t i;

	for (i = 0; i < g->n_states; i++) {
		const struct session_state *x = &g->states[i];

		fprintf(f, "  state %s", mig_state_name(x->state));
		put_ns(f, "enter", x->enter_ns);
		fprintf(f, " dwell=%" PRIu64, x->dwell_ns);
		fprintf(f,
			" %" PRIu64 "B %" PRIu64 "r %" PRIu64 "w %" PRIu64 "e %" PRIu64 "z %" PRIu64
			"i\n",
			x->bytes, x->reads, x->writes, x->enomsg, x->zero_reads, x->infos);
	}
	for (i = 0; i < g->n_arcs; i++) {
		const struct session_arc *x = &g->arcs[i];

		fprintf(f, "  arc %s %s %" PRId64, mig_state_name(x->from), mig_state_name(x->to),
			x->ret);
		put_ns(f, "at", x->start_ns);
		fprintf(f, " took=%" PRIu64 "\n", x->dur_ns);
	}
	for (i = 0; i < g->n_trend; i++) {
		const struct session_sample *x = &g->trend[i];

		fprintf(f, "  info");
		put_ns(f, "at", x->t_ns);
		fprintf(f, " %" PRIu64 " %" PRIu64 " moved=%" PRIu64 "\n", x->initial_bytes,
			x->dirty_bytes, x->moved);
	}
}

static inline void put_session(FILE *f, struct model *m, uint32_t id)
{
#define X(kind, member) kind(struct session, member)
	static const struct value values[] = {
		X(NUMBER, id),
		X(NUMBER, side),
		X(NUMBER, peer),
		X(FLAG, peer_by_order),
		X(NUMBER, host),
		X(NUMBER, device),
		X(NUMBER, stream),
		X(NUMBER, direction),
		X(NUMBER, outcome),
		X(NUMBER, pid),
		X(TEXT, comm),
		X(TEXT, vm),
		X(FLAG, attempt),
		X(FLAG, ended),
		X(FLAG, joined_late),
		X(FLAG, session_over),
		X(NUMBER, ended_by),
		X(FLAG, eof),
		X(INSTANT, eof_ns),
		X(INSTANT, start_ns),
		X(INSTANT, end_ns),
		X(NUMBER, first_seq),
		X(NUMBER, last_seq),
		X(NUMBER, states_folded),
		X(NUMBER, arcs_folded),
		X(NUMBER, bytes_precopy),
		X(NUMBER, bytes_stop_copy),
		X(NUMBER, bytes_unplaced),
		X(NUMBER, bytes_total),
		X(NUMBER, reads),
		X(NUMBER, writes),
		X(NUMBER, enomsg),
		X(NUMBER, empty_reads),
		X(NUMBER, zero_reads_precopy),
		X(NUMBER, enomsg_stop_copy),
		X(NUMBER, io_errors),
		X(NUMBER, polls),
		X(NUMBER, precopy_infos),
		X(NUMBER, data_sizes),
		X(NUMBER, infos_failed),
		X(NUMBER, sizes_failed),
		X(NUMBER, reinits),
		X(NUMBER, dma_log_reports),
		X(NUMBER, max_io_size),
		X(NUMBER, pace_ns),
		X(NUMBER, pace_bytes),
		X(MAYBE, first_read_ns),
		X(NUMBER, runs.runs),
		X(NUMBER, runs.longest),
		X(INSTANT, runs.longest_start_ns),
		X(NUMBER, runs.longest_span_ns),
		X(NUMBER, runs.span_ns),
		X(MAYBE, initial_first),
		X(MAYBE, initial_last),
		X(MAYBE, dirty_first),
		X(MAYBE, dirty_last),
		X(MAYBE, dirty_max),
		X(INSTANT, dirty_max_ns),
		X(NUMBER, dirty_rises),
		X(NUMBER, dirty_falls),
		X(INSTANT, info_ns),
		X(NUMBER, info_moved),
		X(INSTANT, initial_zero_ns),
		X(NUMBER, switch_from),
		X(INSTANT, switch_ns),
		X(NUMBER, switch_arc_ns),
		X(NUMBER, switch_seq),
		X(MAYBE, data_size_last),
		X(INSTANT, data_size_last_ns),
		X(MAYBE, estimate),
		X(FLAG, estimate_is_data_size),
		X(MAYBE, lead_ns),
		X(FLAG, load_tried),
		X(FLAG, loaded),
		X(SIGNED, load_ret),
		X(INSTANT, load_start_ns),
		X(MAYBE, load_ns),
		X(NUMBER, load_seq),
		X(FLAG, gap),
		X(NUMBER, gap_bytes),
		X(NUMBER, gap_seq),
		X(INSTANT, gap_ns),
		X(NUMBER, io_p50_ns),
		X(NUMBER, io_p99_ns),
		X(NUMBER, io_max_ns),
		X(NUMBER, io_measured),
		X(NUMBER, failures),
		X(NUMBER, resets),
		X(NUMBER, lost),
		X(NUMBER, holes),
	};
#undef X
	const struct session *g = model_session(m, id);
	const struct call_why *w;
	enum left_source from;
	struct forecast fc;
	uint32_t n;

	PUT_VALUES(f, "session", values, g);
	put_session_lists(f, g);
	if (g->direction == DIR_SAVE) {
		fprintf(f, "  left=%" PRId64, (int64_t)session_left(g, &from));
		fprintf(f, " by=%s\n", left_source_name(from));
		put_left(f, "  said", &g->left);
		put_left(f, "  at the switch", &g->at_switch);
		put_forecast(f, "  forecast", &g->forecast);
		forecast_session(m, id, model_last_ns(m), &fc);
		put_forecast(f, "  forecast now", &fc);
	}
	put_window(f, "  window", &g->window);
	put_failure(f, "  failure", &g->failure);
	w = model_session_slow(m, id, &n);
	put_calls(f, "  slow", w, n);
	w = model_session_gaps(m, id, &n);
	put_calls(f, "  gap", w, n);
}

static inline void put_side(FILE *f, struct model *m, uint32_t id)
{
#define X(kind, member) kind(struct side, member)
	static const struct value values[] = {
		X(NUMBER, id),
		X(NUMBER, migration),
		X(NUMBER, host),
		X(NUMBER, pid),
		X(TEXT, comm),
		X(TEXT, vm),
		X(NUMBER, vm_source),
		X(NUMBER, direction),
		X(NUMBER, outcome),
		X(FLAG, ended),
		X(FLAG, joined_late),
		X(FLAG, paused_before),
		X(FLAG, log_is_own),
		X(INSTANT, begin_ns),
		X(INSTANT, end_ns),
		X(INSTANT, ran_again_ns),
		X(NUMBER, first_seq),
		X(NUMBER, last_seq),
		X(NUMBER, first_session),
		X(NUMBER, last_session),
		X(NUMBER, n_sessions),
		X(NUMBER, n_devices),
		X(NUMBER, bytes_total),
		X(INSTANT, eof_ns),
		X(INSTANT, run_ns),
		X(NUMBER, data_sizes),
		X(NUMBER, sizes_failed),
		X(NUMBER, dma_log_starts),
		X(NUMBER, dma_log_refused),
		X(NUMBER, dma_log_reports),
		X(NUMBER, dma_log_stops),
		X(NUMBER, resets),
		X(NUMBER, lost),
		X(NUMBER, holes),
		X(NUMBER, failures_beside),
		X(FLAG, stop_over),
		X(FLAG, dirty_log_seen),
		X(NUMBER, stop_last_device),
		X(MAYBE, stopped_ns),
		X(NUMBER, forecast.n_devices),
		X(NUMBER, forecast.basis),
		X(NUMBER, forecast.samples),
		X(MAYBE, forecast.devices_low_ns),
		X(MAYBE, forecast.devices_mid_ns),
		X(MAYBE, forecast.devices_high_ns),
		X(NUMBER, forecast.rest_samples),
		X(MAYBE, forecast.rest_low_ns),
		X(MAYBE, forecast.rest_mid_ns),
		X(MAYBE, forecast.rest_high_ns),
		X(MAYBE, forecast.left_bytes),
	};
#undef X
	const struct side *d = model_side(m, id);
	uint32_t i, k = 0;

	PUT_VALUES(f, "side", values, d);
	fprintf(f, "  sessions");
	while ((k = model_side_session(m, id, k)))
		fprintf(f, " %u", k);
	fputc('\n', f);
	for (i = 0; i < d->n_devices && i < VALUES_EACH; i++) {
		const struct side_device *x = model_side_device(m, id, i);

		fprintf(f, "  device %u session=%u", x->device, x->session);
		if (x->eof_ns != MODEL_NONE)
			put_ns(f, "eof", x->eof_ns);
		fprintf(f, " arcs=%" PRIu64 " io=%" PRIu64 " other=%" PRIu64 "\n", x->arcs_ns,
			x->io_ns, x->other_ns);
	}
	put_window(f, "  stop", &d->stop);
	put_failure(f, "  exit", &d->exit);
	put_failure(f, "  cause", &d->cause);
}

static inline void put_migration(FILE *f, struct model *m, uint32_t id)
{
#define X(kind, member) kind(struct migration, member)
	static const struct value values[] = {
		X(NUMBER, id),
		X(NUMBER, source),
		X(NUMBER, destination),
		X(NUMBER, outcome),
		X(FLAG, ended),
		X(FLAG, ran_again),
		X(INSTANT, begin_ns),
		X(INSTANT, end_ns),
		X(NUMBER, joined.how),
		X(FLAG, joined.sure),
		X(NUMBER, joined.why),
		X(NUMBER, joined.candidates),
		X(NUMBER, n_causes),
		X(NUMBER, consequence),
		X(MAYBE, downtime_ns),
		X(NUMBER, downtime_why),
		X(FLAG, parts_known),
		X(MAYBE, stopped_ns),
		X(MAYBE, still_ns),
		X(NUMBER, landing.transfer_ns),
		X(NUMBER, landing.write_ns),
		X(NUMBER, landing.before_load_ns),
		X(NUMBER, landing.load_ns),
		X(NUMBER, landing.arcs_ns),
		X(NUMBER, landing.start_ns),
		X(NUMBER, landing.unattributed_ns),
		X(NUMBER, landing.total_ns),
	};
#undef X
#define X(kind, member) kind(struct estimate_sample, member)
	static const struct value estimate[] = {
		X(NUMBER, data_size), X(NUMBER, precopy_info), X(NUMBER, bytes),
		X(NUMBER, window_ns), X(NUMBER, driver_ns),    X(MAYBE, low_ns),
		X(MAYBE, high_ns),
	};
#undef X
	const struct migration *g = model_migration(m, id);
	struct estimate_sample e;
	const char *text;
	uint32_t i;

	PUT_VALUES(f, "migration", values, g);
	if (g->vm) {
		put_text(f, "  vm", g->vm);
		fputc('\n', f);
	}
	put_window(f, "  stop", &g->stop);
	for (i = 0; i < g->n_causes; i++)
		put_failure(f, "  cause", &g->cause[i]);
	text = judge_consequence_text(m, g);
	if (text)
		fprintf(f, "  and %s\n", text);
	if (estimate_of(m, id, &e))
		PUT_VALUES(f, "  estimates", estimate, &e);
}

static inline void put_flights(FILE *f, struct model *m)
{
#define X(kind, member) kind(struct model_flight, member)
	static const struct value flight[] = {
		X(NUMBER, host),   X(NUMBER, pid),	 X(NUMBER, tid),      X(NUMBER, device),
		X(NUMBER, stream), X(NUMBER, session),	 X(NUMBER, side),     X(NUMBER, call),
		X(NUMBER, state),  X(INSTANT, start_ns), X(INSTANT, seen_ns), X(NUMBER, seq),
	};
#undef X
	uint32_t i;

	for (i = 0; i < model_flights(m); i++) {
		PUT_VALUES(f, "flight", flight, model_flight(m, i));
		if (model_flight(m, i)->why.call)
			put_calls(f, "  spent", &model_flight(m, i)->why, 1);
	}
}

static inline void put_devices(FILE *f, const struct model *m)
{
#define X(kind, member) kind(struct model_device, member)
	static const struct value values[] = {
		X(NUMBER, number),
		X(FLAG, defined),
		X(TEXT, name),
		X(TEXT, driver),
		X(TEXT, bus),
		X(NUMBER, host),
		X(NUMBER, migration_flags),
		X(FLAG, has_flags),
		X(FLAG, flags_asked),
		X(SIGNED, flags_ret),
		X(FLAG, precopy_info_v2),
		X(NUMBER, state),
		X(INSTANT, state_since_ns),
		X(NUMBER, likely),
		X(INSTANT, settled_ns),
		X(NUMBER, session),
		X(NUMBER, stream),
		X(NUMBER, sessions),
		X(NUMBER, open_count),
		X(NUMBER, order),
		X(NUMBER, pid),
		X(NUMBER, failures),
	};
#undef X
#define X(kind, member) kind(struct model_device, failure.member)
	static const struct value failure[] = { X(INSTANT, t_ns), X(SIGNED, ret),
						X(SIGNED, target) };
#undef X
#define X(kind, member) kind(struct model_stream, member)
	static const struct value stream[] = {
		X(NUMBER, number),   X(FLAG, defined),	X(FLAG, adopted),   X(FLAG, open),
		X(FLAG, closed),     X(NUMBER, device), X(NUMBER, session), X(NUMBER, direction),
		X(NUMBER, ops),	     X(NUMBER, hooked), X(FLAG, over),	    X(INSTANT, over_ns),
		X(NUMBER, ended_by), X(TEXT, name),
	};
#undef X
	uint64_t left, initial;
	uint32_t i;

	for (i = 0; i < model_devices(m) && i < VALUES_EACH; i++) {
		const struct model_device *d = model_device_at(m, i);

		PUT_VALUES(f, "device", values, d);
		if (d->failures)
			PUT_VALUES(f, "  failure", failure, d);
		left = model_left(m, d->number, &initial);
		if ((left && left != MODEL_NONE) || initial)
			fprintf(f, "  left=%" PRIu64 " initial=%" PRIu64 "\n", left, initial);
	}
	for (i = 1; i <= VALUES_EACH; i++)
		if (model_stream(m, i))
			PUT_VALUES(f, "stream", stream, model_stream(m, i));
}

/* @under_way: only what has not ended. */
static inline void put_values_of(FILE *f, struct model *m, const struct judge *j, bool under_way)
{
#define X(kind, member) kind(struct model_loss, member)
	static const struct value loss[] = {
		X(NUMBER, events),  X(NUMBER, places), X(NUMBER, damage),
		X(NUMBER, reasons), X(NUMBER, closes),
	};
#undef X
#define X(kind, member) kind(struct finding, member)
	static const struct value finding[] = {
		X(NUMBER, id),	       X(NUMBER, severity), X(NUMBER, party),	X(NUMBER, host),
		X(NUMBER, device),     X(NUMBER, stream),   X(NUMBER, session), X(NUMBER, side),
		X(NUMBER, migration),  X(INSTANT, t_ns),    X(NUMBER, seq),	X(NUMBER, count),
		X(NUMBER, because_of), X(FLAG, ignored),
	};
#undef X
	struct clock_step step;
	uint32_t i, n = 0;
	size_t k;

	values_begin_ns = model_first_ns(m);
	fprintf(f, "events=%" PRIu64 " calls=%" PRIu64 " hosts=%u", model_events(m), model_calls(m),
		model_hosts(m));
	put_ns(f, "last", model_last_ns(m));
	i = model_clock_steps(m, &step);
	fprintf(f, " steps=%u", i);
	if (i) {
		put_ns(f, "from", step.from_ns);
		put_ns(f, "to", step.to_ns);
		fprintf(f, " by=%" PRId64, step.by_ns);
	}
	fprintf(f, " realtime=%" PRIu64 "\n", model_realtime_ns(m, model_last_ns(m)));
	PUT_VALUES(f, "lost", loss, model_loss(m));
	if (under_way)
		put_flights(f, m);
	else
		put_devices(f, m);
	for (i = 1; i <= model_sessions(m); i++)
		if (!(under_way && model_session_peek(m, i)->ended) && n++ < VALUES_EACH)
			put_session(f, m, i);
	for (i = 1; i <= model_sides(m); i++)
		if (!under_way || !model_side_peek(m, i)->ended)
			put_side(f, m, i);
	for (i = 1; i <= model_migrations(m); i++)
		if (!under_way || !model_migration(m, i)->ended)
			put_migration(f, m, i);
	for (k = 0; k < judge_findings(j); k++) {
		const struct finding *x = judge_finding(j, k);

		PUT_VALUES(f, judge_rule(x->rule)->name, finding, x);
		fprintf(f, "   %s\n", x->text);
	}
	fprintf(f, "%s\n", verdict_name(judge_verdict(j)));
}

#endif
