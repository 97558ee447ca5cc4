// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_model.c - what made-up migrations add up to, to the nanosecond
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "tests/unit/allocs.h"
#include "tests/unit/synth.h"

#define GAP (10 * US)

static struct synth s;
static struct model *m;
static struct event_context ctx;

static int setup(void **state)
{
	(void)state;
	synth_init(&s);
	m = model_create();
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	model_destroy(m);
	synth_free(&s);
	return 0;
}

static void begin(void)
{
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig/src/main", "web-07");
	synth_open(&s);
}

/* Feed what the builder has, from event @from on. */
static void feed_from(size_t from)
{
	for (; from < s.n; from++)
		assert_int_equal(model_feed(m, &s.ev[from], &ctx), 0);
}

static void feed(void)
{
	feed_from(0);
}

static void assert_window_adds_up(const struct session_window *w)
{
	assert_int_equal(w->total_ns, w->end_ns - w->start_ns);
	assert_int_equal(w->total_ns, w->arcs_ns + w->io_ns + w->dirty_sync_ns + w->outside_ns +
					      w->unattributed_ns);
}

static void test_source(void **state)
{
	const struct synth_plan plan = {
		.precopy = true,
		.precopy_reads = 10,
		.stop_copy_reads = 4,
	};
	const struct session *g;
	uint64_t arc0, t;

	(void)state;
	begin();
	arc0 = s.now + 5 * US + GAP + 2 * US; /* data_size, then the ioctl's own 2 us */
	synth_source(&s, &plan);
	feed();

	assert_int_equal(model_sessions(m), 1);
	g = model_session(m, 1);
	assert_int_equal(g->direction, DIR_SAVE);
	assert_int_equal(g->outcome, OUTCOME_COMPLETED);
	assert_true(g->ended && g->eof && !g->joined_late);
	assert_string_equal(g->vm, "web-07");
	assert_int_equal(g->start_ns, arc0);
	assert_int_equal(g->reads, 10 + 212 + 1 + 4 + 1);
	assert_int_equal(g->enomsg, 212);
	assert_int_equal(g->empty_reads, 213);
	assert_int_equal(g->zero_reads_precopy, 0);
	assert_int_equal(g->bytes_precopy, 10 * MIB + 96 * KIB);
	assert_int_equal(g->bytes_stop_copy, 4 * MIB);
	assert_int_equal(g->bytes_total, 14 * MIB + 96 * KIB);
	assert_int_equal(g->bytes_unplaced, 0);
	assert_int_equal(g->precopy_infos, 4);
	assert_int_equal(g->initial_first, 10 * MIB);
	assert_int_equal(g->initial_last, 0);
	assert_int_equal(g->dirty_last, 0);
	assert_int_equal(g->dirty_max, 96 * KIB);
	assert_int_equal(g->dirty_rises, 1);
	assert_int_equal(g->dirty_falls, 1);
	assert_int_equal(g->n_trend, 4);
	assert_int_equal(g->estimate, 4 * MIB);
	assert_true(g->estimate_is_data_size);
	assert_int_equal(g->first_read_ns, 80 * US);
	assert_int_equal(g->runs.runs, 1);
	assert_int_equal(g->runs.longest, 212);
	assert_int_equal(g->runs.longest_span_ns, 211 * 40 * US);
	assert_int_equal(g->io_measured, 15);
	assert_int_equal(g->io_max_ns, 80 * US);
	assert_int_equal(g->failures, 0);

	/* The arcs, each with its own time. */
	assert_int_equal(g->n_arcs, 4);
	assert_int_equal(g->arcs[0].to, MIG_PRE_COPY);
	assert_int_equal(g->arcs[0].dur_ns, 900 * US);
	assert_int_equal(g->arcs[1].dur_ns, 3 * MS);
	assert_int_equal(g->arcs[2].dur_ns, 12 * MS);
	assert_int_equal(g->arcs[3].from, MIG_STOP_COPY);

	/* The states, without a hole between them. */
	assert_int_equal(g->n_states, 4);
	assert_int_equal(g->states[0].state, MIG_PRE_COPY);
	assert_int_equal(g->states[0].enter_ns, arc0 + 900 * US);
	t = g->states[0].enter_ns;
	for (uint32_t i = 0; i < g->n_states; i++) {
		assert_int_equal(g->states[i].enter_ns, t);
		t += g->states[i].dwell_ns;
	}
	assert_int_equal(t, g->end_ns);
	assert_int_equal(g->states[0].enomsg, 212);
	assert_int_equal(g->states[2].state, MIG_STOP_COPY);
	assert_int_equal(g->states[2].bytes, 4 * MIB);
	assert_int_equal(g->states[2].zero_reads, 1);

	/*
	 * The stop window, by hand: from the P2P arc to the end of the read()
	 * that gave 0; the clean-up arc 150 ms later is none of it.
	 */
	assert_window_adds_up(&g->window);
	assert_int_equal(g->window.start_ns, g->arcs[1].start_ns);
	assert_int_equal(g->window.end_ns, g->eof_ns);
	assert_int_equal(g->window.arcs_ns, 15 * MS);
	assert_int_equal(g->window.io_ns, 4 * 80 * US + 2 * US);
	assert_int_equal(g->window.dirty_sync_ns, 2 * MS);
	/* 20 ms of RAM, and the gaps between seven calls. */
	assert_int_equal(g->window.outside_ns, 20 * MS + 7 * GAP);
	/* The ioctls' own time: behind the first arc, around the second. */
	assert_int_equal(g->window.unattributed_ns, 3 * 2 * US);
}

static void test_destination_and_pair(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 2, .stop_copy_reads = 1 };
	struct synth d;
	const struct session *src, *dst;
	size_t i, k;

	(void)state;
	begin();
	synth_source(&s, &plan);
	/* The other side, in the same trace, a little later. */
	synth_init(&d);
	synth_device(&d, 2, "0000:3b:00.3", "mlx5_vfio_pci", 7);
	synth_task(&d, 200, "qemu", "web-07");
	synth_open(&d);
	d.next_stream = 50;
	d.now += 60 * MS;
	synth_destination(&d, 3 * MIB + 96 * KIB);
	/* In order of completion. */
	for (i = k = 0; i < s.n || k < d.n;) {
		bool first = k == d.n ||
			     (i < s.n && event_end_ns(&s.ev[i]) <= event_end_ns(&d.ev[k]));
		struct event *ev = first ? &s.ev[i++] : &d.ev[k++];

		assert_int_equal(model_feed(m, ev, NULL), 0);
	}
	assert_int_equal(model_sessions(m), 2);
	src = model_session(m, 1);
	dst = model_session(m, 2);
	assert_int_equal(dst->direction, DIR_RESUME);
	assert_int_equal(dst->outcome, OUTCOME_COMPLETED);
	assert_int_equal(dst->writes, 99);
	assert_int_equal(dst->bytes_total, 3 * MIB + 96 * KIB);
	assert_int_equal(dst->io_measured, 99);
	assert_int_equal(dst->n_arcs, 6);
	assert_int_equal(dst->states[0].state, MIG_RESUMING);
	assert_int_equal(dst->states[dst->n_states - 1].state, MIG_RUNNING);
	assert_int_equal(dst->window.arcs_ns, 64 * MS);
	assert_window_adds_up(&dst->window);
	assert_int_equal(src->peer, 2);
	assert_int_equal(dst->peer, 1);
	assert_int_equal(model_migration(m, 1)->downtime_ns, dst->end_ns - src->window.start_ns);
	synth_free(&d);
}

/* Two destinations that both fit: nobody knows, so nobody is told. */
static void test_no_guessed_pair(void **state)
{
	const struct synth_plan plan = { .precopy = false, .stop_copy_reads = 1 };
	struct synth d[2];
	uint32_t n;
	size_t i;

	(void)state;
	begin();
	synth_source(&s, &plan);
	/* The order of feeding does not matter for times that overlap. */
	feed();
	for (n = 0; n < 2; n++) {
		synth_init(&d[n]);
		synth_device(&d[n], 2 + n, "0000:3b:00.3", "mlx5_vfio_pci", 7);
		synth_task(&d[n], 200 + n, "qemu", "web-07");
		synth_open(&d[n]);
		d[n].next_stream = 50 + n;
		d[n].now += 10 * MS;
		synth_destination(&d[n], 1 * MIB);
		for (i = 0; i < d[n].n; i++)
			assert_int_equal(model_feed(m, &d[n].ev[i], NULL), 0);
		assert_int_equal(model_session(m, 1)->peer, n ? 0 : 2);
		synth_free(&d[n]);
	}
	assert_int_equal(model_session(m, 3)->peer, 0);
	assert_true(model_migration(m, 1)->downtime_ns == MODEL_NONE);
}

static void test_cancelled_in_precopy(void **state)
{
	const struct session *g;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, 5 * MIB, 0);
	synth_read(&s, MIB, 50 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_CANCELLED);
	assert_true(g->window.start_ns == MODEL_NONE);
	assert_int_equal(model_device(m, 1)->session, 0);
	assert_int_equal(model_device(m, 1)->state, MIG_RUNNING);
}

static void test_cancelled_after_the_end(void **state)
{
	const struct session *g;
	uint64_t end;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, 2 * US);
	synth_pause(&s, 7 * MS);
	/* What QEMU does when the destination failed: one SET_STATE, three arcs. */
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	end = s.now - GAP - 2 * US;
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_CANCELLED);
	assert_int_equal(g->end_ns, end - MS - 2 * US - GAP - 2 * US);
	/* The guest was down beyond the end of the stream. */
	assert_window_adds_up(&g->window);
	assert_int_equal(g->window.arcs_ns, 4 * MS);
	assert_int_equal(g->window.end_ns, g->end_ns);
}

static void test_failed(void **state)
{
	const struct session *g;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, -ENOMSG, US);
	synth_set_state_fails(&s, MIG_STOP_COPY, EIO);
	synth_reset(&s);
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_FAILED);
	assert_int_equal(g->failures, 1);
	assert_int_equal(g->failure.kind, EV_SET_STATE);
	assert_int_equal(g->failure.ret, -EIO);
	assert_int_equal(g->failure.target, MIG_STOP_COPY);
	/* the failed step is listed for what it was */
	assert_int_equal(g->n_arcs, 2);
	assert_int_equal(g->arcs[0].ret, 0);
	assert_int_equal(g->arcs[1].ret, -EIO);
	assert_int_equal(g->resets, 1);
	assert_int_equal(model_device(m, 1)->state, MIG_RUNNING);
}

/* A SET_STATE that should have handed out a data FD and failed is a session, and over. */
static void test_failed_to_begin(void **state)
{
	(void)state;
	begin();
	synth_set_state_fails(&s, MIG_PRE_COPY, EBUSY);
	feed();
	assert_int_equal(model_sessions(m), 1);
	assert_true(model_session(m, 1)->attempt);
	assert_true(model_session(m, 1)->ended);
	assert_int_equal(model_session(m, 1)->outcome, OUTCOME_FAILED);
	assert_int_equal(model_session(m, 1)->stream, 0);
	assert_int_equal(model_migrations(m), 1);
	assert_int_equal(model_migration(m, 1)->outcome, OUTCOME_FAILED);
	assert_int_equal(model_migration(m, 1)->n_causes, 1);
	assert_int_equal(model_migration(m, 1)->cause[0].kind, EV_SET_STATE);
	assert_int_equal(model_migration(m, 1)->cause[0].ret, -EBUSY);
	assert_int_equal(model_migration(m, 1)->cause[0].target, MIG_PRE_COPY);
	assert_int_equal(model_device(m, 1)->likely, MIG_RUNNING);
}

/* A SET_STATE that fails on the way leaves the device where it came, likely: nothing proves it. */
static void test_fails_half_way(void **state)
{
	struct event *ev;

	(void)state;
	begin();
	ev = synth_add(&s, EV_ARC, MS, 0);
	ev->arc.from = MIG_RUNNING;
	ev->arc.to = MIG_RUNNING_P2P;
	ev->arc.target = MIG_STOP;
	ev = synth_add(&s, EV_ARC, MS, -EIO);
	ev->arc.from = MIG_RUNNING_P2P;
	ev->arc.to = MIG_STOP;
	ev->arc.target = MIG_STOP;
	ev = synth_add(&s, EV_SET_STATE, 3 * MS, -EIO);
	ev->set_state.target = MIG_STOP;
	feed();
	assert_int_equal(model_device(m, 1)->state, MIG_UNKNOWN);
	assert_int_equal(model_device(m, 1)->likely, MIG_RUNNING_P2P);
	/* No side was under way: it is the device's own trouble. */
	assert_int_equal(model_migrations(m), 0);
}

/* The same state saved once more, as it stands still: nobody asked how much it is. */
static void test_saved_again(void **state)
{
	const struct synth_plan plan = {
		.precopy = true,
		.precopy_reads = 2,
		.stop_copy_reads = 1,
	};

	(void)state;
	begin();
	synth_source(&s, &plan);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, 2 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	feed();
	assert_int_equal(model_sessions(m), 2);
	assert_int_equal(model_session(m, 1)->estimate, 1 * MIB);
	assert_int_equal(model_session(m, 2)->estimate, MODEL_NONE);
	assert_int_equal(model_session(m, 2)->bytes_stop_copy, MIB);
}

static void test_stop_copy_only(void **state)
{
	const struct synth_plan plan = { .precopy = false, .stop_copy_reads = 3 };
	const struct session *g;

	(void)state;
	begin();
	synth_source(&s, &plan);
	feed();
	assert_int_equal(model_sessions(m), 1);
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_COMPLETED);
	assert_int_equal(g->bytes_precopy, 0);
	assert_int_equal(g->bytes_stop_copy, 3 * MIB);
	assert_int_equal(g->estimate, 3 * MIB);
	/* The stop began before the session, and its arcs are part of it. */
	assert_int_equal(g->n_arcs, 4);
	assert_int_equal(g->arcs[0].from, MIG_RUNNING);
	assert_int_equal(g->window.start_ns, g->arcs[0].start_ns);
	assert_true(g->start_ns > g->window.start_ns);
	assert_int_equal(g->window.arcs_ns, 2 * 3 * MS + 12 * MS);
	assert_window_adds_up(&g->window);
}

static void test_unfinished(void **state)
{
	const struct session *g;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_UNFINISHED);
	assert_false(g->ended);
	assert_int_equal(model_device(m, 1)->session, 1);

	/* Drained and left for STOP, but not asked to stay there: still open. */
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	feed_from(s.n - 5);
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_UNFINISHED); /* not drained */
	assert_false(g->ended);
	assert_true(g->session_over);
}

static void test_close_gives_up(void **state)
{
	const struct session *g;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_close(&s);
	feed();
	g = model_session(m, 1);
	assert_true(g->ended);
	assert_int_equal(g->outcome, OUTCOME_UNFINISHED);
	assert_int_equal(model_device(m, 1)->state, MIG_UNKNOWN);
}

/* Every start and pause of a guest moves the device: that is no migration. */
static void test_pause_is_none(void **state)
{
	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
	feed();
	assert_int_equal(model_sessions(m), 0);
	assert_int_equal(model_device(m, 1)->state, MIG_RUNNING);
}

static void test_loss(void **state)
{
	const struct session *g;
	uint64_t t;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	t = s.now;
	/* Lost reads hide no change of state ... */
	synth_loss(&s, 3, t - GAP, t, EV_READ);
	feed();
	assert_int_equal(model_device(m, 1)->state, MIG_PRE_COPY);
	/* ... but who knows what these were. */
	synth_loss(&s, 4, t, t, EV_NONE);
	synth_read(&s, MIB, 50 * US);
	feed_from(s.n - 2);
	assert_int_equal(ctx.state, MIG_UNKNOWN);
	assert_int_equal(ctx.session, 1);
	g = model_session(m, 1);
	assert_int_equal(g->lost, 7);
	assert_int_equal(g->holes, 2);
	assert_int_equal(g->bytes_precopy, MIB);
	assert_int_equal(g->bytes_unplaced, MIB);
	assert_int_equal(g->bytes_total, 2 * MIB);
	/* An arc proves the state that it left. */
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	feed_from(s.n - 2);
	g = model_session(m, 1);
	assert_int_equal(g->n_states, 4);
	assert_int_equal(g->states[1].state, MIG_UNKNOWN);
	assert_int_equal(g->states[2].state, MIG_PRE_COPY);
	assert_int_equal(model_loss(m)->events, 7);
	assert_int_equal(model_loss(m)->places, 2);
}

/* A driver that does not ask the table for its arcs: SET_STATE is the proof. */
static void test_no_arcs(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 2, .stop_copy_reads = 1 };
	const struct session *g;
	size_t i, k;

	(void)state;
	begin();
	synth_source(&s, &plan);
	for (i = k = 0; i < s.n; i++)
		if (s.ev[i].kind != EV_ARC)
			s.ev[k++] = s.ev[i];
	s.n = k;
	feed();
	assert_int_equal(model_sessions(m), 1);
	g = model_session(m, 1);
	assert_int_equal(g->outcome, OUTCOME_COMPLETED);
	assert_int_equal(g->n_arcs, 0);
	assert_int_equal(g->bytes_precopy, 2 * MIB + 96 * KIB);
	assert_int_equal(g->bytes_stop_copy, MIB);
	assert_int_equal(g->states[0].state, MIG_PRE_COPY);
	assert_window_adds_up(&g->window);
	assert_int_equal(g->window.arcs_ns, 0);
	assert_int_equal(g->window.unattributed_ns, 15 * MS + 2 * 4 * US);
}

/* A loss in the stop window: the gap that it may have filled is nobody's. */
static void test_loss_in_window(void **state)
{
	const struct session *g;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	synth_loss(&s, 1, s.now - GAP, s.now, EV_READ);
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, US);
	feed();
	g = model_session(m, 1);
	assert_window_adds_up(&g->window);
	assert_int_equal(g->window.unattributed_ns, 2 * US + GAP);
	assert_int_equal(g->window.outside_ns, 2 * GAP);
}

static void test_joined_late(void **state)
{
	const struct session *g;
	struct event *ev;

	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig/src/main", "web-07");
	ev = synth_add(&s, EV_STREAM_OPEN, 0, 0);
	ev->stream = s.stream = 9;
	ev->stream_open.adopted = 1;
	ev->stream_open.ops = ev->stream_open.hooked = STREAM_OP_READ;
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, US);
	feed();
	g = model_session(m, 1);
	assert_true(g->joined_late);
	assert_int_equal(ctx.state, MIG_UNKNOWN);
	assert_int_equal(g->bytes_unplaced, MIB);
	/* The first arc proves where it had been all along. */
	s.state = MIG_PRE_COPY;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	feed_from(s.n - 2);
	g = model_session(m, 1);
	assert_int_equal(g->bytes_precopy, MIB);
	assert_int_equal(g->bytes_unplaced, 0);
	assert_int_equal(g->zero_reads_precopy, 1);
	assert_int_equal(g->states[0].state, MIG_PRE_COPY);
	assert_int_equal(g->n_states, 2);
}

/* The capture began in the drain. */
static void test_joined_in_stop_copy(void **state)
{
	const struct session *g;

	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	s.stream = 9; /* nobody defined it */
	s.state = MIG_STOP_COPY;
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	feed();
	g = model_session(m, 1);
	assert_true(g->joined_late);
	assert_int_equal(g->outcome, OUTCOME_COMPLETED);
	assert_int_equal(g->bytes_stop_copy, MIB);
}

static void test_two_devices(void **state)
{
	uint32_t stream[3];

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	stream[1] = s.stream;
	synth_device(&s, 2, "0000:3b:00.3", "mlx5_vfio_pci", 7);
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	stream[2] = s.stream;
	for (int i = 0; i < 5; i++) {
		s.device = 1 + i % 2;
		s.stream = stream[s.device];
		synth_read(&s, s.device * MIB, 50 * US);
	}
	feed();
	assert_int_equal(model_sessions(m), 2);
	assert_int_equal(model_session(m, 1)->bytes_total, 3 * MIB);
	assert_int_equal(model_session(m, 2)->bytes_total, 4 * MIB);
	assert_int_equal(ctx.session, 1);
	assert_string_equal(ctx.device->name, "0000:3b:00.2");
	assert_string_equal(ctx.vm, "web-07");
}

/* A call that covers what looked like gaps takes them back. */
static void test_overlapping_calls(void **state)
{
	const struct session *g;
	struct event *ev;
	uint64_t t;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
	feed();
	t = s.now;
	synth_read(&s, MIB, 20 * US);
	synth_read(&s, MIB, 20 * US);
	ev = synth_add(&s, EV_DMA_LOG_REPORT, 0, 0);
	ev->t_ns = t - 5 * US;
	ev->dur_ns = s.now + 5 * US - ev->t_ns;
	s.now = ev->t_ns + ev->dur_ns;
	feed_from(s.n - 3);
	g = model_session(m, 1);
	assert_window_adds_up(&g->window);
	assert_int_equal(g->window.io_ns, 40 * US);
	assert_int_equal(g->window.outside_ns, 5 * US);
	assert_int_equal(g->window.dirty_sync_ns, ev->dur_ns - 40 * US);
}

/* Folded runs while stopped: inside and between are told apart. */
static void test_runs_in_window(void **state)
{
	const struct session *g;
	uint64_t t;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
	synth_empty_run(&s, -ENOMSG, 5, 2 * US, 30 * US);
	t = s.now;
	synth_empty_run(&s, 0, 4, 2 * US, 30 * US); /* the first one is the end */
	synth_read(&s, 0, US);
	feed();
	g = model_session(m, 1);
	assert_window_adds_up(&g->window);
	assert_int_equal(g->enomsg_stop_copy, 5);
	assert_int_equal(g->eof_ns, t + 2 * US);
	assert_int_equal(g->window.end_ns, g->eof_ns);
	assert_int_equal(g->window.io_ns, 5 * 2 * US + 2 * US);
	/*
	 * Four gaps in the run; what follows it counts from the start of its
	 * last read, whose own time is in the sum: 2 us more.
	 */
	assert_int_equal(g->window.outside_ns, 110 * US + 2 * US + 2 * GAP);
}

/* All of a run is in the window, however short it is. */
static void test_short_runs(void **state)
{
	uint32_t n;

	for (n = 1; n < 4; n++) {
		teardown(state);
		setup(state);
		begin();
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
		synth_empty_run(&s, -ENOMSG, n, 2 * US, 30 * US);
		synth_read(&s, 0, US);
		feed();
		assert_window_adds_up(&model_session(m, 1)->window);
		assert_int_equal(model_session(m, 1)->window.io_ns, (2 * n + 1) * US);
	}
}

/* How long reads took: the longest is no percentile. */
static void test_longest_read(void **state)
{
	const struct session *g;
	uint32_t i;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (i = 0; i < 1000; i++)
		synth_read(&s, MIB, i == 500 ? 5 * MS : i % 4 ? 10 * US : 100 * US);
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->io_measured, 1000);
	assert_int_equal(g->io_max_ns, 5 * MS);
	/* Within what a histogram keeps of them. */
	assert_in_range(g->io_p50_ns, 9 * US, 11 * US);
	assert_in_range(g->io_p99_ns, 90 * US, 110 * US);
}

/* A read counts where it began, even when it ends after the arc. */
static void test_read_across_an_arc(void **state)
{
	const struct session *g;
	struct event *ev;
	uint64_t t;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	t = s.now;
	s.now += 5 * US;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	ev = synth_add(&s, EV_READ, 0, MIB);
	ev->stream = s.stream;
	ev->io.size = MIB;
	ev->t_ns = t;
	ev->dur_ns = s.now - t;
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->bytes_precopy, MIB);
	assert_int_equal(g->bytes_stop_copy, 0);
	assert_int_equal(g->states[0].bytes, MIB);
	assert_window_adds_up(&g->window);
}

static void test_context(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 1, .stop_copy_reads = 1 };
	size_t i;

	(void)state;
	begin();
	synth_source(&s, &plan);
	for (i = 0; i < s.n; i++) {
		const struct event *ev = &s.ev[i];

		assert_int_equal(model_feed(m, ev, &ctx), 0);
		if (!event_kind_is_public(ev->kind))
			continue;
		/* All but the open and the first data_size belong to it. */
		assert_int_equal(ctx.session, ev->seq > 5 ? 1 : 0);
		assert_true(ctx.has_state);
		assert_int_equal(ctx.stream != NULL, ev->stream != 0);
		if (ev->kind == EV_ARC)
			assert_int_equal(ctx.state, ev->arc.to);
	}
}

/* Undefined and absurd numbers: nothing is believed, nothing breaks. */
static void test_absurd_numbers(void **state)
{
	struct event *ev;
	uint32_t kind;

	(void)state;
	synth_task(&s, 100, "x", "");
	for (kind = 0; kind < EV_KIND_NR + 3; kind++) {
		static const uint32_t numbers[] = { 0, 1, 77, 1U << 22, UINT32_MAX };

		for (size_t i = 0; i < 25; i++) {
			ev = synth_add(&s, kind, US, i % 2 ? 0 : -5);
			memset((char *)ev + offsetof(struct event, reset), (int)(i * 37),
			       sizeof(*ev) - offsetof(struct event, reset));
			ev->device = numbers[i % 5];
			ev->stream = numbers[i / 5];
		}
	}
	feed();
	for (uint32_t i = 1; i <= model_sessions(m); i++)
		assert_non_null(model_session(m, i));
	for (uint32_t i = 0; i < model_devices(m); i++)
		assert_non_null(model_device_at(m, i));
	for (uint32_t i = 1; i <= model_migrations(m); i++)
		assert_non_null(model_migration(m, i));
	assert_null(model_device(m, 2));
}

static uint32_t rnd_state = 1;

static uint32_t rnd(uint32_t n)
{
	rnd_state = rnd_state * 1103515245 + 12345;
	return (rnd_state >> 16) % n;
}

/* A walk over the state machine: states and dwell times come out as walked. */
static void test_random_walk(void **state)
{
	/* Arcs of a device with P2P and PRE_COPY, STOP_COPY never back. */
	static const uint8_t arcs[][2] = {
		{ MIG_RUNNING, MIG_RUNNING_P2P },
		{ MIG_RUNNING_P2P, MIG_RUNNING },
		{ MIG_RUNNING_P2P, MIG_STOP },
		{ MIG_STOP, MIG_RUNNING_P2P },
		{ MIG_STOP, MIG_STOP_COPY },
		{ MIG_STOP_COPY, MIG_STOP },
		{ MIG_STOP, MIG_RESUMING },
		{ MIG_RESUMING, MIG_STOP },
		{ MIG_RUNNING, MIG_PRE_COPY },
		{ MIG_PRE_COPY, MIG_RUNNING },
		{ MIG_PRE_COPY, MIG_PRE_COPY_P2P },
		{ MIG_PRE_COPY_P2P, MIG_PRE_COPY },
		{ MIG_PRE_COPY_P2P, MIG_RUNNING_P2P },
		{ MIG_PRE_COPY_P2P, MIG_STOP_COPY },
		{ MIG_RUNNING_P2P, MIG_PRE_COPY_P2P },
	};
	uint32_t sessions = 0, i;
	uint64_t entered = 0;
	size_t fed;

	(void)state;
	begin();
	feed();
	fed = s.n;
	for (i = 0; i < 20000; i++) {
		const uint8_t *arc = arcs[rnd(sizeof(arcs) / 2)];
		bool begins;

		if (arc[0] != s.state)
			continue;
		begins = (arc[0] == MIG_RUNNING && arc[1] == MIG_PRE_COPY) ||
			 (arc[0] == MIG_RUNNING_P2P && arc[1] == MIG_PRE_COPY_P2P) ||
			 (arc[0] == MIG_STOP && arc[1] >= MIG_STOP_COPY && arc[1] <= MIG_RESUMING);
		sessions += begins;
		entered = s.now + 2 * US + (1 + i) * US;
		synth_set_state(&s, SYNTH_PATH(arc[1]), (1 + i) * US);
		synth_pause(&s, rnd(1000) * US);
		feed_from(fed);
		fed = s.n;
		assert_int_equal(model_device(m, 1)->state, arc[1]);
		assert_int_equal(model_device(m, 1)->state_since_ns, entered);
		assert_int_equal(model_sessions(m), sessions);
	}
	assert_true(sessions > 100);
	for (i = 1; i <= sessions; i++) {
		const struct session *g = model_session(m, i);
		uint64_t t = g->states[0].enter_ns;

		if (g->window.start_ns != MODEL_NONE)
			assert_window_adds_up(&g->window);
		for (uint32_t k = 0; k < g->n_states && !g->states_folded; k++) {
			assert_int_equal(g->states[k].enter_ns, t);
			t += g->states[k].dwell_ns;
		}
		if (!g->states_folded)
			assert_int_equal(t, g->end_ns);
	}
}

/* A long trend stays bounded and keeps its first sample. */
static void test_trend(void **state)
{
	const struct session *g;

	(void)state;
	begin();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (uint32_t i = 0; i < 10000; i++)
		synth_info(&s, 10000 - i, i);
	feed();
	g = model_session(m, 1);
	assert_int_equal(g->precopy_infos, 10000);
	assert_true(g->n_trend <= SESSION_TREND_MAX && g->n_trend >= SESSION_TREND_MAX / 2);
	assert_int_equal(g->trend[0].initial_bytes, 10000);
	for (uint32_t i = 2; i < g->n_trend; i++)
		assert_int_equal(g->trend[i].dirty_bytes - g->trend[i - 1].dirty_bytes,
				 g->trend[1].dirty_bytes - g->trend[0].dirty_bytes);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_source),
		T(test_destination_and_pair),
		T(test_no_guessed_pair),
		T(test_cancelled_in_precopy),
		T(test_cancelled_after_the_end),
		T(test_failed),
		T(test_failed_to_begin),
		T(test_fails_half_way),
		T(test_saved_again),
		T(test_stop_copy_only),
		T(test_unfinished),
		T(test_close_gives_up),
		T(test_pause_is_none),
		T(test_loss),
		T(test_no_arcs),
		T(test_loss_in_window),
		T(test_joined_late),
		T(test_joined_in_stop_copy),
		T(test_two_devices),
		T(test_overlapping_calls),
		T(test_runs_in_window),
		T(test_short_runs),
		T(test_longest_read),
		T(test_read_across_an_arc),
		T(test_context),
		T(test_absurd_numbers),
		T(test_random_walk),
		T(test_trend),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
