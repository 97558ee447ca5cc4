// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bounds of what the model and the judge keep for themselves, from both sides: calls
 * and waiters of one device, spans of a stop, ends that wait for their other half,
 * streams that are compared, stops that a forecast looks at.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/align.h"
#include "model/forecast.h"
#include "model/path.h"
#include "tests/unit/allocs.h"
#include "tests/unit/judged.h"

static void device(uint32_t host, uint32_t pid, uint32_t number, const char *driver)
{
	s.host = host;
	synth_device(&s, number, "0000:3b:00.2", driver, 7);
	synth_task(&s, pid, "qemu-system-x86", "");
	synth_open(&s);
}

static struct model *fed(void)
{
	struct model *model = model_create();
	size_t i;

	assert_non_null(model);
	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(model, &s.ev[i], NULL), 0);
	return model;
}

/* ---- one device ---- */

/* Of @n threads that poll one stream, only the last is still asleep when it could read. */
static uint32_t slept_on(uint32_t n)
{
	uint32_t i, found = 0;
	struct model *model;
	struct judge *judge;

	begin_anew();
	s.ops = OPS_POLL;
	begin(&s, "mlx5_vfio_pci", 7);
	initial(&s);
	for (i = 0; i < n; i++) {
		synth_poll(&s, 0);
		last(&s)->tid = 101 + i;
	}
	synth_read(&s, 64 * KIB, US);
	for (i = 0; i < n; i++) {
		if (i == n - 1)
			synth_pause(&s, 1500 * MS);
		synth_poll(&s, 0x41);
		last(&s)->tid = 101 + i;
	}
	synth_info(&s, 0, 0);
	stop_copy(&s);
	drain(&s);
	judge_synth(&s, &model, &judge);
	for (i = 0; i < judge_findings(judge); i++)
		found += judge_finding(judge, i)->rule == RULE_POLL_NEVER_WAKES;
	judge_destroy(judge);
	model_destroy(model);
	return found;
}

static void test_waiters_of_a_stream(void **state)
{
	(void)state;
	assert_int_equal(slept_on(1), 1);
	assert_int_equal(slept_on(4), 1);
	/* One too many is not watched, and nothing is said of it. */
	assert_int_equal(slept_on(5), 0);
}

/* One step of a device that runs and is stopped in turn, the first of them number 0. */
static struct event *step(uint32_t n, uint64_t ns, int ret)
{
	struct event *ev = synth_add(&s, EV_ARC, ns, ret);

	ev->arc.from = n % 2 ? MIG_STOP : MIG_RUNNING;
	ev->arc.to = ev->arc.target = n % 2 ? MIG_RUNNING : MIG_STOP;
	return ev;
}

static void one_device(void)
{
	begin_anew();
	device(1, 100, 1, "mlx5_vfio_pci");
}

/* How many of @n threads, each in a SET_STATE of one device, have their arcs when they return. */
static uint32_t known_calls(uint32_t n)
{
	struct model *model = model_create();
	uint32_t i, known = 0;
	struct event_context ctx;
	struct event *ev;
	size_t k;

	one_device();
	for (i = 0; i < n; i++) {
		ev = step(i, MS, 0);
		ev->tid = 200 + i;
	}
	for (i = 0; i < n; i++) {
		ev = synth_add(&s, EV_SET_STATE, MS, 0);
		ev->tid = 200 + i;
		ev->set_state.target = i % 2 ? MIG_RUNNING : MIG_STOP;
	}
	for (k = 0; k < s.n; k++) {
		assert_int_equal(model_feed(model, &s.ev[k], &ctx), 0);
		if (s.ev[k].kind != EV_SET_STATE || !ctx.call)
			continue;
		assert_int_equal(ctx.call->tid, s.ev[k].tid);
		assert_int_equal(ctx.call->n_arcs, 1);
		known++;
	}
	model_destroy(model);
	return known;
}

static void test_calls_of_a_device(void **state)
{
	(void)state;
	assert_int_equal(known_calls(4), 4);
	assert_int_equal(known_calls(5), 4);
}

/* A SET_STATE that failed in its arc number @n. */
static void failed_in(uint32_t n)
{
	uint32_t i;

	one_device();
	for (i = 1; i <= n; i++)
		step(i - 1, i * US, i < n ? 0 : -EIO)->arc.target = MIG_STOP_COPY;
	synth_add(&s, EV_SET_STATE, MS, -EIO)->set_state.target = MIG_STOP_COPY;
}

static void test_arcs_of_a_call(void **state)
{
	uint32_t n;

	(void)state;
	for (n = 7; n <= 9; n++) {
		const struct session *g;
		struct model *model;

		failed_in(n);
		model = fed();
		g = model_session(model, 1);
		assert_non_null(g);
		assert_int_equal(g->n_arcs, n < 8 ? n : 8);
		assert_int_equal(g->arcs_folded, n - g->n_arcs);
		/* It says with which one it ended, and what that gave. */
		assert_int_equal(g->arcs[0].dur_ns, US);
		assert_int_equal(g->arcs[g->n_arcs - 1].dur_ns, n * US);
		assert_int_equal(g->arcs[g->n_arcs - 1].ret, -EIO);
		model_destroy(model);
	}
}

/* ---- a stop's time ---- */

/* What of @n calls of 1 us each an arc covers that lasted as long as all, and is told last. */
static uint64_t covered(uint32_t n)
{
	struct session_window out;
	struct path p = { 0 };
	uint32_t i;

	path_start(&p, 1000);
	for (i = 0; i < n; i++)
		path_add(&p, 0, PART_IO, 1000 + i * US, 1000 + (i + 1) * US);
	path_add(&p, 1, PART_ARC, 1000, 1000 + n * US);
	path_result(&p, &out);
	assert_int_equal(out.total_ns, n * US);
	assert_int_equal(out.arcs_ns + out.io_ns, n * US);
	path_drop(&p);
	return out.arcs_ns;
}

static void test_spans(void **state)
{
	(void)state;
	assert_int_equal(covered(60), 60 * US);
	/* The oldest four are settled. */
	assert_int_equal(covered(61), 57 * US);
	assert_int_equal(covered(1000), (1000 - 940) * US);
}

static void test_owners(void **state)
{
	struct path p = { 0 };

	(void)state;
	path_start(&p, 1000);
	assert_int_equal(path_know(&p, 1U << 22, 1), 0);
	assert_int_equal(path_know(&p, UINT32_MAX, 1), 0);
	assert_int_equal(p.n_devs, 0);
	/* Its time is the stop's all the same. */
	path_add(&p, 1U << 22, PART_ARC, 1000, 1000 + US);
	assert_int_equal(p.sum.arcs_ns, US);
	path_drop(&p);
}

/* ---- two ends ---- */

/* @n sources end while one destination waits; the last one is its other half. */
static void one_of(uint32_t n)
{
	uint32_t i;

	begin_anew();
	for (i = 0; i < n; i++) {
		device(1, 100 + i, 1 + i, "mlx5_vfio_pci");
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	}
	device(2, 100, 500, "mlx5_vfio_pci");
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	for (i = 0; i < n; i++) {
		s.host = 1;
		s.device = 1 + i;
		s.pid = s.tid = 100 + i;
		s.stream = 1 + i;
		s.state = MIG_PRE_COPY;
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
		synth_read(&s, (int64_t)(MIB + i), US);
		synth_read(&s, 0, US);
	}
	s.host = 2;
	s.device = 500;
	s.pid = s.tid = 100;
	s.stream = 1 + n;
	s.state = MIG_RESUMING;
	synth_write(&s, (int64_t)(MIB + n - 1), US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_stream_close(&s);
	/* The sources are over as well. */
	for (i = 0; i < n; i++) {
		s.host = 1;
		s.device = 1 + i;
		s.pid = s.tid = 100 + i;
		s.stream = 1 + i;
		s.state = MIG_STOP_COPY;
		synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
		synth_stream_close(&s);
		synth_close(&s);
	}
}

static void test_ends_that_wait(void **state)
{
	static const uint32_t sources[] = { 16, 17 };
	const struct migration *g;
	struct model *model;
	uint32_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		one_of(sources[i]);
		model = fed();
		assert_int_equal(model_migrations(model), sources[i]);
		g = model_migration(model, model_side(model, model_sides(model))->migration);
		assert_true(g->source && g->destination);
		assert_int_equal(model_side(model, g->source)->pid, 100 + sources[i] - 1);
		/* The downtime does not hang on it; what it was made of does. */
		assert_int_equal(g->downtime_why, DOWNTIME_KNOWN);
		assert_int_equal(g->parts_known, sources[i] == 16);
		model_destroy(model);
	}
}

/* ---- equal streams ---- */

static void scan(struct align *a, struct synth *y, const char *host)
{
	struct event_source *src = synth_as_source(y);
	struct meta *meta = (struct meta *)src->ops->meta(src);

	meta_clear(meta);
	meta_add(meta, "host", host);
	meta_add(meta, "boot_id", host);
	assert_int_equal(align_scan(a, src), 0);
	src->ops->close(src);
}

/* Streams of two hosts that are compared, of @n that went at once and @arrived that came. */
static uint32_t compared(uint32_t n, uint32_t arrived)
{
	struct align *a = align_create();
	const struct align_tie *tie;
	struct synth to;
	uint32_t i, streams;

	begin_anew();
	synth_init(&to);
	for (i = 0; i < n; i++) {
		synth_device(&s, 1 + i, "0000:3b:00.2", "mlx5_vfio_pci", 7);
		synth_task(&s, 100, "mig", "");
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), US);
		synth_read(&s, MIB, US);
		synth_read(&s, 0, US);
	}
	to.now = s.now;
	for (i = 0; i < arrived; i++) {
		synth_device(&to, 1 + i, "0000:3b:00.2", "mlx5_vfio_pci", 7);
		synth_task(&to, 100, "mig", "");
		synth_open(&to);
		synth_set_state(&to, SYNTH_PATH(MIG_STOP, MIG_RESUMING), US);
		synth_write(&to, MIB, US);
	}
	scan(a, &s, "a");
	scan(a, &to, "b");
	assert_int_equal(align_clocks(a), 0);
	tie = align_tie(a, align_clock_of(a, 1));
	streams = tie->streams;
	assert_int_equal(tie->has_way[ALIGN_IN], streams > 0);
	align_destroy(a);
	synth_free(&to);
	return streams;
}

static void test_equal_streams(void **state)
{
	(void)state;
	assert_int_equal(compared(256, 256), 256);
	/* Nobody knows which is whose: none is compared. */
	assert_int_equal(compared(257, 257), 0);
	assert_int_equal(compared(256, 257), 0);
}

/* ---- what a forecast rests on ---- */

static void one_stop(void)
{
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 500 * US);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(&s);
	synth_close(&s);
	s.state = MIG_RUNNING;
	synth_pause(&s, 20 * SEC);
	synth_open(&s);
}

/* Of the device that is about to leave, its host's stops and its own. */
static void forecasts(uint32_t *stops, uint32_t *rests)
{
	struct stop_forecast of_side;
	struct forecast of_session;
	struct model *model;

	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, 0, MIB);
	model = fed();
	forecast_session(model, model_sessions(model), s.now, &of_session);
	forecast_side(model, model_sides(model), s.now, &of_side);
	*stops = of_session.samples;
	*rests = of_side.rest_samples;
	model_destroy(model);
}

static void test_samples(void **state)
{
	uint32_t n, stops, rests;

	(void)state;
	for (n = 31; n <= 33; n++) {
		uint32_t i;

		begin_anew();
		device(1, 100, 1, "mlx5_vfio_pci");
		for (i = 0; i < n; i++)
			one_stop();
		forecasts(&stops, &rests);
		assert_int_equal(stops, n < 32 ? n : 32);
		assert_int_equal(rests, n < 32 ? n : 32);
	}
}

/* One stop, then @n attempts of another driver's device on another host. */
static void long_ago(uint32_t n, uint32_t *stops, uint32_t *rests)
{
	uint32_t i;

	one_device();
	one_stop();
	device(2, 200, 2, "pds_vfio_pci");
	for (i = 0; i < n; i++) {
		synth_set_state_fails(&s, MIG_STOP_COPY, EIO);
		synth_close(&s);
		s.state = MIG_RUNNING;
		synth_pause(&s, 20 * SEC);
		synth_open(&s);
	}
	s.host = 1;
	s.device = 1;
	s.pid = s.tid = 100;
	s.state = MIG_RUNNING;
	forecasts(stops, rests);
}

/* A migration that is over takes no more than any before it: nothing of it grows on. */
static void test_over_is_over(void **state)
{
	const struct synth_plan plan = { .precopy = true, .precopy_reads = 3, .stop_copy_reads = 2 };
	struct model *model;
	struct judge *judge;
	struct event_context ctx;
	long before = 0, grew = 0, each = 0;
	size_t fed = 0, i;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	model = model_create();
	judge = judge_create(NULL);
	assert_true(model && judge);
	begin_anew();
	device(1, 100, 1, "mlx5_vfio_pci");
	device(2, 200, 2, "mlx5_vfio_pci");
	for (i = 0; i < 40; i++) {
		s.host = s.device = 2;
		s.pid = s.tid = 200;
		s.state = MIG_RUNNING;
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
		s.host = s.device = 1;
		s.pid = s.tid = 100;
		s.state = MIG_RUNNING;
		synth_source(&s, &plan);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
		s.host = s.device = 2;
		s.pid = s.tid = 200;
		s.state = MIG_RESUMING;
		s.stream = 2 * (uint32_t)i + 1;
		synth_write(&s, (int64_t)(5 * MIB + 96 * KIB), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING), MS);
		synth_stream_close(&s);
		synth_pause(&s, 20 * SEC);
		for (; fed < s.n; fed++) {
			assert_int_equal(model_feed(model, &s.ev[fed], &ctx), 0);
			assert_int_equal(judge_feed(judge, model, &s.ev[fed], &ctx), 0);
		}
		assert_int_equal(model_migrations(model), i + 1);
		grew = allocs - before;
		before = allocs;
		/* The tables grow now and then, which makes no block more. */
		if (i == 20)
			each = grew;
		if (i > 20)
			assert_int_equal(grew, each);
	}
	assert_in_range(each, 1, 20);
	judge_destroy(judge);
	model_destroy(model);
}

static void test_long_ago(void **state)
{
	uint32_t stops, rests;

	(void)state;
	/* With its own and the first one it is 512. */
	long_ago(510, &stops, &rests);
	assert_int_equal(stops, 1);
	assert_int_equal(rests, 1);
	long_ago(511, &stops, &rests);
	assert_int_equal(stops, 0);
	assert_int_equal(rests, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_waiters_of_a_stream),
		T(test_calls_of_a_device),
		T(test_arcs_of_a_call),
		T(test_spans),
		T(test_owners),
		T(test_ends_that_wait),
		T(test_equal_streams),
		T(test_samples),
		T(test_over_is_over),
		T(test_long_ago),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
