// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_downtime.c - where the time went while devices stood still: every part
 * from its own events, and all of them together exactly the whole
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/internal.h"
#include "tests/unit/allocs.h"
#include "tests/unit/modelled.h"
#include "view/downtime.h"

#define GAP (10 * US)

static void feed(void)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
}

static void assert_adds_up(const struct session_window *w)
{
	uint64_t gaps = 0;
	uint32_t i;

	for (i = 0; i < GAP_NR; i++)
		gaps += w->gap_ns[i];
	assert_int_equal(gaps, w->outside_ns);
	assert_int_equal(w->total_ns, w->arcs_ns + w->load_ns + w->io_ns + w->dirty_sync_ns +
					      w->outside_ns + w->unattributed_ns);
}

/* Who counts by parts knows each. */
static size_t assert_parts_are_listed(const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(m, g, part), i, k;

	for (i = 0; i < n; i++) {
		if (part[i].share)
			continue;
		for (k = 0; k < MIGRATION_PART_KEYS; k++)
			if (!strcmp(migration_part_keys[k], part[i].key))
				break;
		assert_in_range(k, 0, MIGRATION_PART_KEYS - 1);
	}
	return n;
}

/* A device of its own process, which is left as what the next events carry. */
static void device(uint32_t number, uint32_t pid)
{
	char name[EVENT_NAME_LEN] = "0000:3b:00.0";

	name[11] = (char)('0' + number);
	synth_device(&s, number, name, "mlx5_vfio_pci", 7);
	synth_task(&s, pid, "qemu", "web-07");
	synth_open(&s);
}

static void precopy(void)
{
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, MIB, 0);
	synth_read(&s, MIB, 100 * US);
}

static void test_gaps(void **state)
{
	const struct session_window *w;

	(void)state;
	device(1, 100);
	precopy();
	synth_pause(&s, 7 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_pause(&s, 3 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 2 * MS);
	synth_pause(&s, 20 * MS);
	synth_dma_report(&s, 4 * MS);
	/* one of the container: it names no device */
	synth_dma_report(&s, 5 * MS);
	s.ev[s.n - 1].device = 0;
	synth_pause(&s, 30 * MS);
	synth_read(&s, MIB, 50 * US);
	synth_pause(&s, 40 * MS);
	synth_read(&s, 0, US);
	feed();
	w = &model_session(m, 1)->window;
	assert_adds_up(w);
	assert_int_equal(w->arcs_ns, 3 * MS);
	assert_int_equal(w->dirty_sync_ns, 9 * MS);
	assert_int_equal(w->io_ns, 51 * US);
	assert_int_equal(w->unattributed_ns, 3 * 2 * US);
	assert_int_equal(w->gap_ns[GAP_ARCS], 3 * MS + GAP);
	assert_int_equal(w->gap_ns[GAP_FIRST_IO], 50 * MS + 3 * GAP);
	assert_int_equal(w->gap_ns[GAP_IO], 40 * MS + GAP);
	assert_int_equal(w->gap_ns[GAP_LOAD] + w->gap_ns[GAP_START], 0);
	assert_int_equal(model_session(m, 1)->lead_ns, 7 * MS + GAP + 2 * US);
	assert_int_equal(model_session(m, 1)->dma_log_reports, 2);
}

/* A sync that is in flight when the arc begins takes the gap back. */
static void test_sync_over_a_gap(void **state)
{
	const struct session_window *w;
	struct event *ev;

	(void)state;
	device(1, 100);
	precopy();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_pause(&s, 10 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_pause(&s, 10 * MS);
	ev = synth_add(&s, EV_DMA_LOG_REPORT, 0, 0);
	/* from the middle of the gap between the arcs, over the second */
	ev->t_ns -= 16 * MS;
	ev->dur_ns = 16 * MS;
	synth_read(&s, 0, US);
	feed();
	w = &model_session(m, 1)->window;
	assert_adds_up(w);
	assert_int_equal(w->arcs_ns, 2 * MS);
	assert_int_equal(w->gap_ns[GAP_FIRST_IO], GAP);
	/* 1 ms of the 16 was the arc's, 4 us and 2 us the ioctl's own */
	assert_in_range(w->dirty_sync_ns, 15 * MS - 10 * US, 15 * MS);
	assert_in_range(w->gap_ns[GAP_ARCS], 5 * MS - 30 * US, 5 * MS + 30 * US);
}

/* Events in order of completion, numbered anew. */
static int by_end(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	uint64_t p = event_end_ns(x), q = event_end_ns(y);

	return p != q ? (p < q ? -1 : 1) : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void in_order(size_t from)
{
	qsort(s.ev + from, s.n - from, sizeof(*s.ev), by_end);
}

/* Both sides: each nanosecond of the downtime is in one part. */
static void test_landing(void **state)
{
	const struct landing *l;
	const struct migration *g;
	const struct session *src, *dst;
	uint64_t eof, t;
	size_t from;

	(void)state;
	device(1, 100);
	precopy();
	device(2, 200);
	from = s.n;
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(&s, (int64_t)MIB, 3 * MS);
	s.device = 1;
	s.pid = s.tid = 100;
	s.stream = 1;
	s.state = MIG_PRE_COPY;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, US);
	eof = s.now - s.gap;
	/* The write that was under way then; another one; then the rest. */
	s.device = 2;
	s.pid = s.tid = 200;
	s.stream = 2;
	s.state = MIG_RESUMING;
	s.now = eof - 2 * MS;
	synth_write(&s, (int64_t)MIB / 2, 5 * MS);
	synth_pause(&s, 6 * MS - s.gap);
	synth_write(&s, (int64_t)MIB / 2, 4 * MS);
	s.now -= s.gap;
	synth_pause(&s, 8 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P), 30 * MS);
	t = s.now;
	synth_pause(&s, 9 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 2 * MS);
	in_order(from);
	feed();
	src = model_session(m, 1);
	dst = model_session(m, 2);
	assert_int_equal(src->peer, 2);
	assert_int_equal(src->eof_ns, eof);
	assert_int_equal(model_migrations(m), 1);
	g = model_migration(m, 1);
	assert_int_equal(g->outcome, OUTCOME_COMPLETED);
	l = &g->landing;
	assert_true(g->parts_known);
	assert_int_equal(l->write_ns, (3 + 4) * MS);
	assert_int_equal(l->transfer_ns, 6 * MS);
	assert_int_equal(l->before_load_ns, 8 * MS);
	assert_int_equal(l->load_ns, 30 * MS);
	assert_int_equal(l->arcs_ns, 30 * MS + 2 * MS);
	/* The device runs when its arc is over: of the last ioctl nothing is known yet. */
	assert_int_equal(l->start_ns, 9 * MS + GAP + 2 * US);
	/* the first ioctl's own time before and after its arcs */
	assert_int_equal(l->unattributed_ns, 4 * US);
	assert_true(t > 0);
	assert_int_equal(g->stop.total_ns, src->window.total_ns);
	assert_int_equal(g->downtime_ns, g->stop.total_ns + l->total_ns);
	assert_int_equal(l->total_ns,
			 l->write_ns + l->transfer_ns + l->before_load_ns + l->load_ns +
				 l->arcs_ns + l->start_ns + l->unattributed_ns);
	assert_adds_up(&src->window);
	assert_adds_up(&dst->window);
	assert_true(dst->window.gap_ns[GAP_LOAD] >= 8 * MS);
	assert_true(dst->window.gap_ns[GAP_START] >= 9 * MS);
	assert_true(assert_parts_are_listed(g) > 10);
	((struct migration *)g)->parts_known = false;
	assert_true(assert_parts_are_listed(g) > 5);
}

/* The parts are the stop, and the devices' shares are their parts. */
static void assert_stop_adds_up(const struct side *p)
{
	uint64_t shares = 0, calls = p->stop.arcs_ns + p->stop.load_ns + p->stop.io_ns;
	uint32_t i;

	assert_adds_up(&p->stop);
	for (i = 0; i < p->n_devices; i++) {
		const struct side_device *d = model_side_device(m, p->id, i);

		shares += d->arcs_ns + d->io_ns + d->other_ns;
	}
	assert_true(shares >= calls);
	assert_true(shares <= calls + p->stop.unattributed_ns);
}

static void as(uint32_t dev, uint32_t stream, uint32_t state)
{
	s.device = dev;
	s.stream = stream;
	s.state = state;
}

/* Two devices, one after the other, as QEMU does it without multifd. */
static void test_two_devices(void **state)
{
	const struct side *p;

	(void)state;
	device(1, 100);
	precopy();
	device(2, 100);
	precopy();
	as(1, 1, MIG_PRE_COPY);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	as(2, 2, MIG_PRE_COPY);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), 2 * MS);
	as(1, 1, MIG_PRE_COPY_P2P);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 3 * MS);
	as(2, 2, MIG_PRE_COPY_P2P);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 4 * MS);
	synth_pause(&s, 20 * MS);
	synth_dma_report(&s, 5 * MS);
	s.ev[s.n - 1].device = 0;
	as(1, 1, MIG_STOP_COPY);
	synth_read(&s, MIB, 6 * MS);
	synth_read(&s, 0, US);
	as(2, 2, MIG_STOP_COPY);
	synth_read(&s, MIB, 7 * MS);
	synth_read(&s, 0, US);
	feed();
	assert_int_equal(model_sides(m), 1);
	p = model_side(m, 1);
	assert_stop_adds_up(p);
	assert_int_equal(p->pid, 100);
	assert_int_equal(p->n_devices, 2);
	assert_true(p->stop_over);
	assert_int_equal(p->stop_last_device, 2);
	assert_int_equal(model_side_device(m, 1, 0)->arcs_ns, 4 * MS);
	assert_int_equal(model_side_device(m, 1, 1)->arcs_ns, 6 * MS);
	assert_int_equal(model_side_device(m, 1, 0)->io_ns, 6 * MS + US);
	assert_int_equal(model_side_device(m, 1, 1)->io_ns, 7 * MS + US);
	assert_int_equal(p->stop.dirty_sync_ns, 5 * MS);
	assert_true(p->dirty_log_seen);
	assert_int_equal(p->stop.start_ns, model_session(m, 1)->window.start_ns);
	assert_int_equal(p->stop.end_ns, model_session(m, 2)->eof_ns);
	assert_int_equal(model_session(m, 1)->side, 1);
	assert_int_equal(model_session(m, 2)->side, 1);
}

/* In parallel, as by multifd: what returned last is what was waited for. */
static void test_in_parallel(void **state)
{
	const struct side *p;
	struct model *c;
	uint64_t t;
	size_t from;

	(void)state;
	device(1, 100);
	precopy();
	device(2, 100);
	precopy();
	as(1, 1, MIG_PRE_COPY);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	as(2, 2, MIG_PRE_COPY);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	from = s.n;
	t = s.now;
	as(1, 1, MIG_STOP_COPY);
	synth_read(&s, MIB, 10 * MS); /* 0 to 10 */
	s.now -= s.gap;
	synth_read(&s, 0, US); /* 10 */
	s.now = t + 4 * MS;
	as(2, 2, MIG_STOP_COPY);
	s.tid = 101;
	synth_read(&s, MIB, 20 * MS); /* 4 to 24 */
	s.now -= s.gap;
	synth_read(&s, 0, US);
	in_order(from);
	feed();
	p = model_side(m, 1);
	assert_stop_adds_up(p);
	assert_int_equal(model_side_device(m, 1, 0)->io_ns, 4 * MS);
	assert_int_equal(model_side_device(m, 1, 1)->io_ns, 20 * MS + US);
	assert_int_equal(p->stop_last_device, 2);
	/* a copy has the same, also of what is still under way */
	c = model_clone(m);
	assert_non_null(c);
	model_side(c, 1);
	p = model_side(m, 1);
	assert_memory_equal(model_side(c, 1), p, sizeof(*p));
	model_destroy(c);
}

/* A copy that is made in mid-stop goes on as the model does, device by device. */
static void test_copy_goes_on(void **state)
{
	struct model *c;
	uint32_t i;
	size_t at;

	(void)state;
	for (i = 1; i <= 2; i++) {
		device(i, 100);
		precopy();
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	}
	synth_read(&s, MIB, 10 * MS);
	feed();
	c = model_clone(m);
	assert_non_null(c);
	at = s.n;
	synth_read(&s, MIB, 5 * MS);
	synth_read(&s, 0, US);
	as(1, 1, MIG_STOP_COPY);
	synth_read(&s, MIB, MS);
	synth_read(&s, 0, US);
	for (; at < s.n; at++) {
		assert_int_equal(model_feed(m, &s.ev[at], NULL), 0);
		assert_int_equal(model_feed(c, &s.ev[at], NULL), 0);
	}
	assert_memory_equal(model_side(c, 1), model_side(m, 1), sizeof(struct side));
	for (i = 0; i < 2; i++)
		assert_memory_equal(model_side_device(c, 1, i), model_side_device(m, 1, i),
				    sizeof(struct side_device));
	assert_int_equal(model_side_device(c, 1, 0)->io_ns, MS + US);
	assert_int_equal(model_side_device(c, 1, 1)->io_ns, 15 * MS + US);
	model_destroy(c);
}

/* A call that is told late takes what it covered, and nothing after it. */
static void test_told_late(void **state)
{
	struct session_window out;
	struct path p = { 0 };

	(void)state;
	path_start(&p, 1000);
	assert_int_equal(path_know(&p, 0, 1), 0);
	assert_int_equal(path_know(&p, 1, 2), 0);
	path_add(&p, 0, PART_IO, 1000, 1100);
	path_add(&p, 1, PART_IO, 1020, 1050);
	path_result(&p, &out);
	assert_adds_up(&out);
	assert_int_equal(p.devs[0].io_ns, 70);
	assert_int_equal(p.devs[1].io_ns, 30);
	path_drop(&p);
}

/* Two processes have a stop each; one that is called off leaves nothing. */
static void test_stops_apart(void **state)
{
	(void)state;
	device(1, 100);
	precopy();
	device(2, 200);
	precopy();
	as(1, 1, MIG_PRE_COPY);
	s.pid = s.tid = 100;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	as(2, 2, MIG_PRE_COPY);
	s.pid = s.tid = 200;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	as(1, 1, MIG_PRE_COPY_P2P);
	s.pid = s.tid = 100;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, 0, US);
	as(2, 2, MIG_PRE_COPY);
	s.pid = s.tid = 200;
	synth_pause(&s, SEC);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, 0, US);
	feed();
	assert_int_equal(model_sides(m), 2);
	assert_stop_adds_up(model_side(m, 1));
	assert_stop_adds_up(model_side(m, 2));
	assert_int_equal(model_side(m, 1)->n_devices, 1);
	assert_int_equal(model_side_device(m, 2, 0)->device, 2);
	assert_true(model_side(m, 2)->stop.total_ns < 3 * MS);
}

/* One process that has both ends: the destination's stop is not the source's. */
static void test_both_ends_in_one(void **state)
{
	(void)state;
	device(2, 100);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_pause(&s, SEC);
	device(1, 100);
	precopy();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, 0, US);
	feed();
	assert_int_equal(model_sides(m), 2);
	assert_int_equal(model_side(m, 2)->direction, DIR_SAVE);
	assert_int_equal(model_side(m, 2)->n_devices, 1);
	assert_int_equal(model_side(m, 2)->stop.start_ns, model_session(m, 2)->window.start_ns);
	assert_stop_adds_up(model_side(m, 2));
}

/* Whatever overlaps whatever, the parts are the whole and never more. */
static void test_any_overlap(void **state)
{
	uint32_t seed, n, k;

	(void)state;
	for (seed = 1; seed <= 200; seed++) {
		uint64_t end = 1000, x = seed * 2654435761U, shares = 0;
		struct session_window out;
		struct path p = { 0 };

		path_start(&p, 1000);
		for (k = 0; k < 20; k++)
			assert_int_equal(path_know(&p, k, k + 1), 0);
		for (n = 0; n < 400; n++) {
			uint64_t start;

			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			end += x >> 60;
			if (n % 7 == 3 && end > 1050)
				end -= (x >> 20) % 50;
			start = end - ((x >> 40) % 200 > end ? end : (x >> 40) % 200);
			if (n % 11 == 5)
				p.hole = true;
			if (n % 13 == 7)
				path_add_run(&p, (uint32_t)(x >> 33) % 20, PART_IO, start, end,
					     (end - start) / 3);
			else
				path_add(&p, (uint32_t)(x >> 33) % 20, (x >> 50) % 5, start, end);
			path_result(&p, &out);
			assert_adds_up(&out);
			assert_true(p.n_spans - p.first <= PATH_SPANS);
			assert_true(p.n_spans <= PATH_ROOM);
		}
		for (k = p.first + 1; k < p.n_spans; k++)
			assert_int_equal(p.spans[k].start_ns, p.spans[k - 1].end_ns);
		assert_int_equal(out.total_ns, p.cursor_ns - 1000);
		for (k = 0; k < p.n_devs; k++)
			shares += p.devs[k].arcs_ns + p.devs[k].io_ns + p.devs[k].other_ns;
		assert_true(shares <= out.arcs_ns + out.load_ns + out.io_ns + out.unattributed_ns);
		assert_true(shares >= out.arcs_ns + out.load_ns + out.io_ns);
		path_drop(&p);
	}
}

/* A device that is taken back into pre-copy has not been stopped: nothing of it is kept. */
static void test_back_in_precopy(void **state)
{
	const struct session_window *w;
	size_t i;

	(void)state;
	device(1, 100);
	precopy();
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	assert_true(model_session(m, 1)->window.total_ns);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	w = &model_session(m, 1)->window;
	assert_true(w->start_ns == MODEL_NONE);
	assert_int_equal(w->total_ns, 0);
	assert_int_equal(w->arcs_ns, 0);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_back_in_precopy),  T(test_gaps),	       T(test_sync_over_a_gap),
		T(test_landing),	  T(test_two_devices), T(test_in_parallel),
		T(test_copy_goes_on),	  T(test_told_late),   T(test_stops_apart),
		T(test_both_ends_in_one), T(test_any_overlap),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
