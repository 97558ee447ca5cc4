// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every bound of the model, from both sides: what is the last that still counts, what is
 * the first that does not, and that what was left out is said.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/allocs.h"
#include "tests/unit/bounds.h"

/* ---- who is joined with whom ---- */

/* A source that was seen from its third MiB on, and a destination that got @mib. */
static void late_source(uint32_t mib)
{
	struct event *ev;
	uint32_t i;

	begin_anew();
	device(2, 200, 2, "");
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	s.host = 1;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "qemu-system-x86", "");
	ev = synth_add(&s, EV_STREAM_OPEN, 0, 0);
	ev->stream = s.stream = 99;
	ev->stream_open.adopted = 1;
	ev->stream_open.ops = ev->stream_open.hooked = STREAM_OP_READ | STREAM_OP_RELEASE;
	synth_read(&s, MIB, 50 * US);
	s.state = MIG_PRE_COPY;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	s.host = 2;
	s.device = 2;
	s.pid = s.tid = 200;
	s.stream = 1;
	s.state = MIG_RESUMING;
	for (i = 0; i < mib; i++)
		synth_write(&s, MIB, 50 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	look();
}

static void test_late_source(void **state)
{
	(void)state;
	/* More written than the source was seen to read: what came before was not seen. */
	late_source(4);
	assert_int_equal(model_migrations(m), 1);
	assert_int_equal(model_migration(m, 1)->joined.how, JOINED_TIME);
	/* As much by chance: that proves nothing. */
	late_source(2);
	assert_int_equal(model_migrations(m), 1);
	assert_int_equal(model_migration(m, 1)->joined.how, JOINED_TIME);
}

/* Equal devices with equal bytes: whose was opened first belongs to whose was. */
static void test_open_order(void **state)
{
	static const uint32_t order[2][2] = { { 1, 2 }, { 12, 11 } };
	uint32_t stream[2][2], i, k;

	(void)state;
	for (i = 0; i < 2; i++)
		for (k = 0; k < 2; k++)
			device(1 + i, 100 * (1 + i), order[i][k], "web");
	/* In the order of their numbers on both sides. */
	for (k = 0; k < 2; k++) {
		s.host = 2;
		s.pid = s.tid = 200;
		s.device = 11 + k;
		s.state = MIG_RUNNING;
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
		stream[1][k] = s.stream;
	}
	for (k = 0; k < 2; k++) {
		s.host = 1;
		s.pid = s.tid = 100;
		s.device = 1 + k;
		s.state = MIG_RUNNING;
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY, MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
		stream[0][k] = s.stream;
	}
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 2; k++) {
			s.host = 1 + i;
			s.pid = s.tid = 100 * (1 + i);
			s.device = i ? 11 + k : 1 + k;
			s.stream = stream[i][k];
			s.state = i ? MIG_RESUMING : MIG_STOP_COPY;
			if (i)
				synth_write(&s, MIB, 50 * US);
			else
				synth_read(&s, MIB, 50 * US);
			if (!i)
				synth_read(&s, 0, US);
			synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
		}
	}
	look();
	assert_int_equal(model_migrations(m), 1);
	for (i = 1; i <= model_sessions(m); i++) {
		const struct session *g = model_session(m, i), *p = model_session(m, g->peer);

		assert_non_null(p);
		assert_true(g->peer_by_order);
		/* 1 and 12 were the first. */
		assert_int_equal(g->device + p->device, 13);
	}
}

/* @n devices on each side, whose bytes differ where the sums do not. */
static void many_devices(uint32_t n)
{
	uint32_t side, i;

	begin_anew();
	for (side = 0; side < 2; side++) {
		for (i = 0; i < n; i++) {
			device(1 + side, 100 * (1 + side), 1 + i + side * 1000, "");
			synth_set_state(&s,
					side ? SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING) :
					       SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY),
					US);
		}
	}
	for (side = 0; side < 2; side++) {
		for (i = 0; i < n; i++) {
			s.host = 1 + side;
			s.pid = s.tid = 100 * (1 + side);
			s.device = 1 + i + side * 1000;
			s.stream = 1 + i + side * n;
			s.state = side ? MIG_RESUMING : MIG_STOP_COPY;
			/* The destination's first got a byte of the second's. */
			if (side)
				synth_write(&s, (int64_t)(100 + 3 * i + (i == 0) - (i == 1)), US);
			else
				synth_read(&s, (int64_t)(100 + 3 * i), US);
			if (!side)
				synth_read(&s, 0, US);
			synth_set_state(&s, SYNTH_PATH(MIG_STOP), US);
		}
	}
	look();
	assert_int_equal(model_migrations(m), 1);
}

/* Beyond so many devices the sums are compared, and no device has a peer. */
static void test_devices_max(void **state)
{
	(void)state;
	many_devices(256);
	assert_int_equal(model_migration(m, 1)->joined.how, JOINED_TIME);
	assert_true(model_session(m, 1)->peer != 0);
	assert_true(model_session(m, 256)->peer != 0);
	many_devices(257);
	assert_int_equal(model_migration(m, 1)->joined.how, JOINED_BYTES);
	assert_int_equal(model_session(m, 1)->peer, 0);
}

/* Two hosts count their processes alike. */
static void test_processes_of_hosts(void **state)
{
	(void)state;
	device(1, 100, 1, "web");
	device(2, 100, 2, "db");
	look();
	assert_string_equal(model_vm(m, 1, 100), "web");
	assert_string_equal(model_vm(m, 2, 100), "db");
}

static void host(uint32_t number)
{
	struct event *ev;

	s.host = number;
	s.device = 0;
	ev = synth_add(&s, EV_HOST, 0, 0);
	snprintf(ev->host_def.name, sizeof(ev->host_def.name), "h%u", number);
}

static void test_hosts_max(void **state)
{
	(void)state;
	host(1);
	host(4096);
	host(4097);
	host(UINT32_MAX);
	look();
	assert_string_equal(model_host(m, 1), "h1");
	assert_string_equal(model_host(m, 4096), "h4096");
	assert_null(model_host(m, 4095));
	assert_null(model_host(m, 4097));
	assert_int_equal(model_hosts(m), 4096);
}

/* ---- calls that are out ---- */

static void test_flights_max(void **state)
{
	uint32_t i;

	(void)state;
	device(0, 100, 1, "web");
	for (i = 0; i < 4097; i++)
		stuck(1000 + i, EV_SET_STATE);
	look();
	assert_int_equal(model_flights(m), 4096);
	assert_int_equal(model_flight(m, 4095)->tid, 1000 + 4095);
	assert_null(model_flight(m, 4096));
}

static void process_ends(uint32_t on, uint32_t pid)
{
	s.host = on;
	s.pid = s.tid = pid;
	s.device = 0;
	synth_add(&s, EV_PROCESS_EXIT, 0, 0);
}

/* What happens to a process or a thread of the same number on another host is nothing to them. */
static void test_flights_of_hosts(void **state)
{
	uint32_t on;

	(void)state;
	for (on = 2; on > 0; on--) {
		begin_anew();
		device(1, 100, 1, "web");
		stuck(100, EV_SET_STATE);
		process_ends(on, 100);
		look();
		assert_int_equal(model_flights(m), on == 1 ? 0 : 1);
		begin_anew();
		device(1, 100, 1, "web");
		stuck(100, EV_SET_STATE);
		s.host = on;
		synth_add(&s, EV_GET_STATE, 20 * US, 0)->device = on;
		look();
		assert_int_equal(model_flights(m), on == 1 ? 0 : 1);
		assert_int_equal(count_of(RULE_CALL_STUCK, SEV_ERROR), on == 1 ? 0 : 1);
	}
}

/* Of a source whose device was closed under it the process's end says why, if it comes soon. */
static void test_exit_after(void **state)
{
	static const uint64_t after[] = { SEC, 10 * SEC, 10 * SEC + 1 };
	const struct side *x;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		begin_anew();
		device(0, 100, 1, "web");
		precopy(&s);
		s.gap = 0;
		synth_close(&s);
		synth_pause(&s, after[i]);
		process_ends(0, 100);
		look();
		x = model_side(m, 1);
		assert_true(x->ended);
		assert_int_equal(x->exit.kind, i < 2 ? EV_PROCESS_EXIT : EV_NONE);
	}
}

/* What is withdrawn leaves no hole in the numbers. */
static void test_withdrawn(void **state)
{
	size_t i;

	(void)state;
	device(0, 100, 1, "web");
	stuck(7, EV_SET_STATE);
	device(0, 300, 2, "db");
	stuck(9, EV_SET_STATE);
	s.device = 1;
	s.pid = 100;
	s.tid = 7;
	synth_add(&s, EV_SET_STATE, 7 * SEC, 0)->set_state.target = MIG_RUNNING;
	look();
	assert_int_equal(found(RULE_CALL_STUCK)->device, 2);
	for (i = 0; i < judge_findings(j); i++)
		assert_int_equal(judge_finding(j, i)->id, i + 1);
	assert_true(judge_findings(j) > 0);
}

/* ---- what a session keeps ---- */

static void test_folded(void **state)
{
	const struct session *g;
	uint32_t i;

	(void)state;
	device(0, 100, 1, "web");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (i = 1; i < SESSION_STATES_MAX; i++)
		synth_set_state(&s, i % 2 ? SYNTH_PATH(MIG_PRE_COPY_P2P) : SYNTH_PATH(MIG_PRE_COPY),
				MS);
	look();
	g = model_session(m, 1);
	assert_int_equal(g->n_states, SESSION_STATES_MAX);
	assert_int_equal(g->states_folded, 0);
	for (; i < SESSION_ARCS_MAX + 7; i++)
		synth_set_state(&s, i % 2 ? SYNTH_PATH(MIG_PRE_COPY_P2P) : SYNTH_PATH(MIG_PRE_COPY),
				(i + 1) * MS);
	look();
	g = model_session(m, 1);
	assert_int_equal(g->n_states, SESSION_STATES_MAX);
	assert_int_equal(g->states_folded, i - SESSION_STATES_MAX);
	assert_int_equal(g->n_arcs, SESSION_ARCS_MAX);
	assert_int_equal(g->arcs_folded, i - SESSION_ARCS_MAX);
	/* The last one is always there. */
	assert_int_equal(g->arcs[SESSION_ARCS_MAX - 1].dur_ns, i * MS);
	assert_int_equal(g->states[SESSION_STATES_MAX - 1].state, s.state);
}

/* Samples thin out evenly: two that are neighbours are never closer than two others. */
static void test_trend_thins_out(void **state)
{
	const struct session *g;
	uint64_t step;
	uint32_t i;

	(void)state;
	device(0, 100, 1, "web");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (i = 0; i < SESSION_TREND_MAX; i++)
		synth_info(&s, MIB, i);
	look();
	assert_int_equal(model_session(m, 1)->n_trend, SESSION_TREND_MAX);
	for (; i < 5 * SESSION_TREND_MAX; i++)
		synth_info(&s, MIB, i);
	look();
	g = model_session(m, 1);
	step = g->trend[1].dirty_bytes - g->trend[0].dirty_bytes;
	assert_int_equal(step, 8);
	for (i = 0; i < g->n_trend; i++)
		assert_int_equal(g->trend[i].dirty_bytes, i * step);
}

/* Of a folded run of zeros at the end the first read is the one that told. */
static void test_end_in_a_run(void **state)
{
	uint64_t begin;

	(void)state;
	device(0, 100, 1, "web");
	precopy(&s);
	stop_copy(&s);
	synth_read(&s, MIB, 50 * US);
	begin = s.now;
	synth_empty_run(&s, 0, 3, 20 * US, 500 * US);
	look();
	assert_true(model_session(m, 1)->eof);
	assert_int_equal(model_session(m, 1)->eof_ns, begin + 20 * US);
}

/* @n calls fail, each in its own way, all but the last are made good; it is given back. */
static const struct migration *failures(uint32_t n)
{
	uint32_t i;

	begin_anew();
	device(0, 100, 1, "web");
	precopy(&s);
	for (i = 0; i < n; i++)
		synth_add(&s, EV_SET_STATE, 10 * US, -EIO)->set_state.target = 100 + i;
	for (i = 0; i + 1 < n; i++)
		synth_add(&s, EV_SET_STATE, 10 * US, 0)->set_state.target = 100 + i;
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	much_later();
	look();
	return model_migration(m, 1);
}

static void test_failures_max(void **state)
{
	const struct migration *g;

	(void)state;
	g = failures(32);
	assert_int_equal(g->outcome, OUTCOME_FAILED);
	assert_int_equal(g->cause[0].target, 100 + 31);
	/* One more than is kept. */
	g = failures(33);
	assert_int_equal(g->outcome, OUTCOME_CANCELLED);
}

/* What a host's VMM does beside its devices is that host's. */
static void test_rest_of_other_host(void **state)
{
	static const struct synth_plan plan = { 4, 4, true };
	const struct side *x;
	uint32_t on, i;

	(void)state;
	for (on = 1; on <= 2; on++) {
		begin_anew();
		for (i = 0; i < 2; i++) {
			device(i ? 1 : on, 100 + i, 1 + i, i ? "web" : "db");
			synth_source(&s, &plan);
			synth_close(&s);
		}
		look();
		x = model_side(m, 2);
		assert_int_equal(x->forecast.n_devices, 1);
		assert_int_equal(x->forecast.rest_samples, on == 1 ? 1 : 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_late_source),	  T(test_open_order),
		T(test_devices_max),	  T(test_processes_of_hosts),
		T(test_hosts_max),	  T(test_flights_max),
		T(test_flights_of_hosts), T(test_exit_after),
		T(test_withdrawn),	  T(test_folded),
		T(test_trend_thins_out),  T(test_end_in_a_run),
		T(test_failures_max),	  T(test_rest_of_other_host),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
