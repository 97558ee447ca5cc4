// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_judge_walk.c - random walks over the state machine
 *
 * A walker that keeps every rule drives a device from state to state, reading
 * and asking on the way.  The model must say where it is after every event and
 * the judge must find nothing; with events dropped and the loss recorded there
 * is never a pass, and nobody is accused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/allocs.h"
#include "tests/unit/judge_help.h"

static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 10) % n;
}

/* The expansion of each request with all flags (the table of the core, 0x7). */
static const uint8_t paths[MIG_STATE_NR][MIG_STATE_NR][6] = {
#define P(...)                   \
	{                        \
		__VA_ARGS__, 255 \
	}
#define R  MIG_RUNNING
#define RP MIG_RUNNING_P2P
#define PC MIG_PRE_COPY
#define PP MIG_PRE_COPY_P2P
#define S  MIG_STOP
#define SC MIG_STOP_COPY
#define RE MIG_RESUMING
	[R] = { [RP] = P(RP),
		[PC] = P(PC),
		[PP] = P(RP, PP),
		[S] = P(RP, S),
		[SC] = P(RP, S, SC),
		[RE] = P(RP, S, RE) },
	[RP] = { [R] = P(R), [PC] = P(R, PC), [PP] = P(PP), [S] = P(S), [SC] = P(S, SC), [RE] = P(S, RE) },
	[PC] = { [R] = P(R), [RP] = P(R, RP), [PP] = P(PP), [SC] = P(PP, SC) },
	[PP] = { [R] = P(RP, R), [RP] = P(RP), [PC] = P(PC), [SC] = P(SC) },
	[S] = { [R] = P(RP, R),
		[RP] = P(RP),
		[PC] = P(RP, R, PC),
		[PP] = P(RP, PP),
		[SC] = P(SC),
		[RE] = P(RE) },
	[SC] = { [R] = P(S, RP, R), [RP] = P(S, RP), [S] = P(S), [RE] = P(S, RE) },
	[RE] = { [R] = P(S, RP, R), [RP] = P(S, RP), [S] = P(S), [SC] = P(S, SC), [PC] = P(S, RP, R, PC) },
};

struct walker {
	uint64_t initial, dirty, stop; /* what the device has to give */
	bool open, drained, told;
};

static void close_stream(struct synth *s, struct walker *w)
{
	if (w->open)
		synth_stream_close(s);
	w->open = false;
}

static void go(struct synth *s, struct walker *w, uint32_t to)
{
	uint32_t from = s->state, stream = s->stream;
	bool was_open = w->open;
	const uint8_t *p = paths[from][to];
	size_t n;

	synth_set_state(s, p, 100 * US);
	for (n = 0; p[n] != 255; n++)
		;
	if (s->stream != stream) {
		/* the old session ended on the way; now its FD is closed */
		uint32_t now = s->stream;

		if (was_open) {
			s->stream = stream;
			synth_stream_close(s);
			s->stream = now;
		}
		w->open = true;
		w->initial = to == SC ? 0 : (1 + rnd(4)) * MIB;
		w->dirty = 0;
		w->stop = (1 + rnd(4)) * MIB;
		w->told = w->drained = false;
	} else if (w->open && !mig_state_is_saving(to) && to != RE) {
		close_stream(s, w);
	}
}

static void give(struct synth *s, uint64_t *have)
{
	uint64_t n = *have < MIB ? *have : MIB;

	synth_read(s, (int64_t)n, 40 * US);
	*have -= n;
}

static void act(struct synth *s, struct walker *w)
{
	if (s->state == RE) {
		synth_write(s, 32 * KIB, 10 * US);
		return;
	}
	if (mig_state_is_precopy(s->state)) {
		if (!w->told || rnd(4) == 0) {
			if (!w->initial && rnd(2))
				w->dirty += rnd(256) * KIB;
			synth_info(s, w->initial, w->dirty);
			w->told = true;
		} else if (w->initial) {
			give(s, &w->initial);
		} else if (w->dirty) {
			give(s, &w->dirty);
		} else {
			synth_read(s, -ENOMSG, US);
		}
		return;
	}
	if (s->state == SC) {
		if (w->initial)
			give(s, &w->initial);
		else if (w->dirty)
			give(s, &w->dirty);
		else if (w->stop)
			give(s, &w->stop);
		else
			synth_read(s, 0, US);
		return;
	}
	synth_data_size(s, (1 + rnd(4)) * MIB);
}

/* What a good VMM does not do. */
static bool is_good(const struct synth *s, const struct walker *w, uint32_t to)
{
	if (to == s->state || paths[s->state][to][0] == 0 || to == MIG_ERROR)
		return false;
	/* STOP_COPY is left for STOP (or another session) only when it is empty */
	if (s->state == SC && (to == S || to == RE))
		return w->drained;
	return true;
}

static void walk(struct synth *s, uint32_t steps)
{
	struct walker w = { 0 };
	uint32_t i, to;

	begin(s, "walk", 7);
	for (i = 0; i < steps; i++) {
		if (rnd(3)) {
			act(s, &w);
			if (s->state == SC && last(s)->kind == EV_READ && last(s)->ret == 0)
				w.drained = true;
			continue;
		}
		do
			to = rnd(MIG_STATE_NR);
		while (!is_good(s, &w, to));
		go(s, &w, to);
	}
	/* A device that is closed in mid-session is a VMM that was killed. */
	if (mig_state_is_saving(s->state))
		go(s, &w, R);
	close_stream(s, &w);
	synth_close(s);
	synth_pause(s, 2 * SEC);
	synth_add(s, EV_MARK, 0, 0);
}

static bool is_accusation(const struct finding *f)
{
	return f->severity == SEV_ERROR || f->severity == SEV_WARNING;
}

static void complain(const struct judge *j, uint32_t n)
{
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		print_message("walk %u: %s at event %llu: %s\n", n,
			      judge_rule(judge_finding(j, i)->rule)->name,
			      (unsigned long long)judge_finding(j, i)->seq,
			      judge_finding(j, i)->text);
}

static bool hands_out(const struct event *ev)
{
	uint32_t from = ev->arc.from, to = ev->arc.to;

	return ev->kind == EV_ARC && ((from == R && to == PC) || (from == RP && to == PP) ||
				      (from == S && (to == SC || to == RE)));
}

/* Each session of the walk is a migration of the model, with all of its calls. */
static void assert_reproduced(const struct synth *s, struct model *m)
{
	const struct event *began = NULL, *ev;
	uint32_t id = 0;
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		uint64_t reads = 0, writes = 0, bytes = 0, infos = 0, enomsg = 0, precopy = 0;
		const struct session *g;
		uint32_t at = MIG_UNKNOWN;

		if (hands_out(&s->ev[i]))
			began = &s->ev[i];
		if (s->ev[i].kind != EV_STREAM_OPEN)
			continue;
		assert_non_null(began);
		g = model_session(m, ++id);
		assert_non_null(g);
		assert_int_equal(g->start_ns, began->t_ns);
		assert_int_equal(g->stream, s->ev[i].stream);
		assert_int_equal(g->direction, began->arc.to == RE ? DIR_RESUME : DIR_SAVE);
		for (k = 0; k < s->n; k++) {
			ev = &s->ev[k];
			if (ev->kind == EV_ARC)
				at = ev->arc.to;
			if (ev->stream != g->stream)
				continue;
			reads += ev->kind == EV_READ ? event_calls(ev) : 0;
			writes += ev->kind == EV_WRITE ? event_calls(ev) : 0;
			infos += ev->kind == EV_PRECOPY_INFO;
			enomsg += ev->kind == EV_READ && ev->ret == -ENOMSG ? event_calls(ev) : 0;
			if ((ev->kind == EV_READ || ev->kind == EV_WRITE) && ev->ret > 0) {
				bytes += (uint64_t)ev->ret;
				if (mig_state_is_precopy(at))
					precopy += (uint64_t)ev->ret;
			}
		}
		assert_int_equal(g->reads, reads);
		assert_int_equal(g->writes, writes);
		assert_int_equal(g->precopy_infos, infos);
		assert_int_equal(g->enomsg, enomsg);
		assert_int_equal(g->bytes_total, bytes);
		assert_int_equal(g->bytes_precopy, precopy);
		assert_int_equal(g->bytes_unplaced, 0);
		assert_true(g->ended && !g->joined_late && !g->holes);
		began = NULL;
	}
	assert_int_equal(model_sessions(m), id);
}

static void test_walk(void **state)
{
	uint32_t n, i;

	(void)state;
	judge_opts_init(&opts);
	for (n = 1; n <= 300; n++) {
		struct event_context ctx;
		struct synth s;
		struct model *m;
		struct judge *j;
		uint32_t at = MIG_UNKNOWN;

		seed = n;
		synth_init(&s);
		walk(&s, 200);
		m = model_create();
		for (i = 0; i < s.n; i++) {
			assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
			if (s.ev[i].kind == EV_DEVICE_OPEN)
				at = MIG_RUNNING;
			if (s.ev[i].kind == EV_ARC)
				at = s.ev[i].arc.to;
			if (s.ev[i].kind == EV_DEVICE_CLOSE)
				at = MIG_UNKNOWN;
			if (ctx.has_state)
				assert_int_equal(ctx.state, at);
		}
		assert_reproduced(&s, m);
		model_destroy(m);
		judge_synth(&s, &m, &j);
		for (i = 0; i < judge_findings(j); i++) {
			if (is_accusation(judge_finding(j, i))) {
				complain(j, n);
				assert_false(true);
			}
		}
		/* Too short a walk may hold no migration, or end in one, or close a destination. */
		for (i = 0; i < judge_findings(j); i++) {
			const struct finding *f = judge_finding(j, i);

			if (model_sessions(m) && f->severity == SEV_INCONCLUSIVE &&
			    f->rule != RULE_EVIDENCE_ENDS && f->rule != RULE_RAN_AGAIN) {
				complain(j, n);
				assert_false(true);
			}
		}
		assert_int_not_equal(judge_verdict(j), VERDICT_FINDINGS);
		judge_destroy(j);
		model_destroy(m);
		synth_free(&s);
	}
}

/* Drop @drop of the events in one place and say so there. */
static void drop(struct synth *s, size_t from, size_t count, bool say_what)
{
	struct event *ev = &s->ev[from], first = *ev, last_ = s->ev[from + count - 1];

	memmove(ev + 1, ev + count, (s->n - from - count) * sizeof(*ev));
	s->n -= count - 1;
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_LOSS;
	ev->seq = first.seq;
	ev->t_ns = first.t_ns;
	ev->loss.count = count;
	ev->loss.t_from_ns = first.t_ns;
	ev->loss.t_to_ns = event_end_ns(&last_) > first.t_ns ? event_end_ns(&last_) : first.t_ns;
	ev->loss.what = say_what && count == 1 ? first.kind : 0;
}

static bool is_droppable(const struct synth *s, size_t from, size_t count)
{
	size_t i;

	for (i = from; i < from + count; i++)
		if (!event_kind_is_public(s->ev[i].kind) || s->ev[i].kind == EV_MARK ||
		    s->ev[i].kind == EV_LOSS)
			return false;
	return true;
}

static void test_holes(void **state)
{
	uint32_t n, k;
	size_t i;

	(void)state;
	judge_opts_init(&opts);
	for (n = 1; n <= 1500; n++) {
		uint32_t holes, made = 0;
		struct synth s;
		struct model *m;
		struct judge *j;

		seed = n;
		synth_init(&s);
		walk(&s, 120);
		seed = n * 7919;
		holes = 1 + rnd(3);
		for (k = 0; k < 50 && made < holes; k++) {
			size_t count = 1 + rnd(4), from = 3 + rnd((uint32_t)(s.n - count - 4));

			if (!is_droppable(&s, from, count))
				continue;
			drop(&s, from, count, rnd(2));
			made++;
		}
		judge_synth(&s, &m, &j);
		if (made)
			assert_int_not_equal(judge_verdict(j), VERDICT_PASS);
		for (i = 0; i < judge_findings(j); i++) {
			if (is_accusation(judge_finding(j, i))) {
				complain(j, n);
				assert_false(true);
			}
		}
		judge_destroy(j);
		model_destroy(m);
		synth_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_holes),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
