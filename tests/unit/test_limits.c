// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every bound of the model and the judge, from both sides: what is the last that still
 * counts, what is the first that does not, and that what was left out is said.
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
#include "tests/unit/judged.h"
#include "view/summary.h"

/* Long after all that was: nothing can be under way. */
static void much_later(void)
{
	synth_pause(&s, 20 * SEC);
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
}

static uint32_t count_of(uint32_t rule, uint32_t severity)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		n += judge_finding(j, i)->rule == rule && judge_finding(j, i)->severity == severity;
	return n;
}

static const struct finding *found(uint32_t rule)
{
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		if (judge_finding(j, i)->rule == rule)
			return judge_finding(j, i);
	fail_msg("no %s in: %s", judge_rule(rule)->name, judge_line(j));
	return NULL;
}

static void device(uint32_t host, uint32_t pid, uint32_t number, const char *vm)
{
	s.host = host;
	synth_device(&s, number, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, pid, "qemu-system-x86", vm);
	synth_open(&s);
}

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

static void stuck(uint32_t tid, uint32_t call)
{
	struct event *ev;

	s.tid = tid;
	ev = synth_add(&s, EV_STUCK, 0, 0);
	ev->stuck.call = call;
	ev->stuck.age_ns = 6 * SEC;
}

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

/* ---- what the judge keeps ---- */

/* An arc that no table has, of each of @n devices. */
static void illegal(uint32_t n)
{
	struct event *ev;
	uint32_t i;

	begin_anew();
	for (i = 1; i <= n; i++) {
		device(0, 100, i, "web");
		ev = synth_add(&s, EV_ARC, MS, 0);
		ev->arc.from = MIG_RUNNING;
		ev->arc.to = ev->arc.target = MIG_RESUMING;
	}
	much_later();
	look();
}

static void test_findings_max(void **state)
{
	size_t each, once;

	(void)state;
	illegal(1);
	once = judge_findings(j);
	illegal(2);
	each = judge_findings(j) - once;
	assert_int_equal(judge_omitted(j), 0);
	assert_true(each > 0);
	illegal(FINDINGS_MAX + 3);
	assert_int_equal(judge_findings(j), FINDINGS_MAX);
	assert_int_equal(judge_findings(j) + judge_omitted(j), once + each * (FINDINGS_MAX + 2));
}

/* One of device @number that left PRE_COPY early, which is advice. */
static void leaves_early(uint32_t number)
{
	device(0, 100, number, "web");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, 10 * MIB, 0);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), MS);
	synth_read(&s, 10 * MIB, 50 * US);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(&s);
	synth_close(&s);
}

static void fails(uint32_t number)
{
	device(0, 100, number, "web");
	synth_set_state_fails(&s, MIG_PRE_COPY, EIO);
	synth_stream_close(&s);
}

/* Migrations that left PRE_COPY early, and one more that fails. */
static void many_early_and_one_fails(uint32_t early)
{
	uint32_t i;

	begin_anew();
	for (i = 1; i <= early; i++)
		leaves_early(i);
	fails(i);
	much_later();
	look();
}

/* Whatever else there is, a failure is kept, and counts. */
static void test_no_advice_keeps_a_failure_out(void **state)
{
	(void)state;
	many_early_and_one_fails(FINDINGS_MAX + 8);
	assert_int_equal(judge_findings(j), FINDINGS_MAX);
	assert_int_equal(judge_findings(j) + judge_omitted(j), FINDINGS_MAX + 9);
	assert_int_equal(found(RULE_MIGRATION_FAILED)->severity, SEV_ERROR);
	assert_int_equal(found(RULE_MIGRATION_FAILED)->id, FINDINGS_MAX);
	/* What was kept of the advice came first, and is numbered as before. */
	assert_int_equal(count_of(RULE_LEFT_PRECOPY_EARLY, SEV_ADVICE), FINDINGS_MAX - 1);
	assert_int_equal(judge_finding(j, 5)->id, 6);
	assert_true(judge_finding(j, 4)->t_ns < judge_finding(j, 5)->t_ns);
	assert_false(judge_omitted_matters(j));
	assert_int_equal(judge_verdict(j), VERDICT_FINDINGS);
	/* With advice that counts the same holds, and what is left out matters. */
	opts.strict = true;
	many_early_and_one_fails(FINDINGS_MAX + 8);
	assert_non_null(found(RULE_MIGRATION_FAILED));
	assert_true(judge_omitted_matters(j));
	opts.ignore[RULE_LEFT_PRECOPY_EARLY] = opts.ignore[RULE_MIGRATION_FAILED] = true;
	many_early_and_one_fails(FINDINGS_MAX + 8);
	assert_false(judge_omitted_matters(j));
	assert_int_equal(judge_verdict(j), VERDICT_PASS);
}

/* So many calls that are out are known one by one; of more it is said that there were. */
static void begin_stuck(uint32_t n)
{
	uint32_t i;

	begin_anew();
	for (i = 1; i <= n; i++) {
		synth_device(&s, i, "0000:3b:00.2", "mlx5_vfio_pci", 7);
		s.pid = 100;
		stuck(1000 + i, EV_SET_STATE);
	}
}

static void many_stuck(uint32_t n)
{
	begin_stuck(n);
	look();
}

static void test_stuck_max(void **state)
{
	(void)state;
	many_stuck(FINDINGS_MAX + 3);
	assert_int_equal(count_of(RULE_CALL_STUCK, SEV_ERROR), FINDINGS_MAX);
	assert_true(judge_omitted(j) >= 3);
}

static bool summary_says_omitted(void)
{
	struct view_evidence e;
	struct view_file file;
	struct summary sum;
	bool says;

	view_one_file(&e, &file, m, "x.vfs", NULL, NULL);
	e.judge = j;
	assert_int_equal(summary_of(&sum, &e), 0);
	says = sum.omitted;
	summary_free(&sum);
	return says;
}

/* All that is kept is ignored, by a driver's name, and what is not kept might not be. */
static void test_what_is_left_out_may_count(void **state)
{
	char err[JUDGE_ERR_LEN];

	(void)state;
	assert_int_equal(
		judge_opts_set(&opts, "ignore", "call-stuck@mlx5_vfio_pci,no-migration", err), 0);
	many_stuck(FINDINGS_MAX - 1);
	assert_false(judge_omitted_matters(j));
	assert_int_equal(judge_verdict(j), VERDICT_PASS);
	assert_false(summary_says_omitted());
	many_stuck(FINDINGS_MAX + 3);
	assert_true(judge_omitted_matters(j));
	assert_int_equal(judge_verdict(j), VERDICT_INCONCLUSIVE);
	assert_true(summary_says_omitted());
}

/* Nor do other errors. */
static void test_no_error_keeps_a_failure_out(void **state)
{
	(void)state;
	begin_stuck(FINDINGS_MAX);
	fails(FINDINGS_MAX + 1);
	look();
	assert_int_equal(judge_findings(j), FINDINGS_MAX);
	assert_int_equal(found(RULE_MIGRATION_FAILED)->id, FINDINGS_MAX);
	assert_int_equal(count_of(RULE_CALL_STUCK, SEV_ERROR), FINDINGS_MAX - 1);
}

/* A call whose finding had to go comes back: what has that one's place by now stays. */
static void test_back_after_its_finding_went(void **state)
{
	(void)state;
	opts.ignore[RULE_CALL_STUCK] = true;
	begin_stuck(FINDINGS_MAX);
	leaves_early(FINDINGS_MAX + 1);
	s.tid = 1000 + FINDINGS_MAX;
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	look();
	assert_int_equal(found(RULE_LEFT_PRECOPY_EARLY)->severity, SEV_ADVICE);
}

/* -ENOMSG in STOP_COPY on @n data FDs, which is no finding before it is settled. */
static void pending(uint32_t n)
{
	uint32_t i;

	begin_anew();
	for (i = 1; i <= n; i++) {
		device(0, 100, i, "web");
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
		synth_read(&s, MIB, 50 * US);
		synth_read(&s, -ENOMSG, US);
	}
	much_later();
	look();
}

static void test_pending_max(void **state)
{
	(void)state;
	pending(256);
	assert_int_equal(count_of(RULE_ENOMSG_IN_STOP_COPY, SEV_ERROR), 256);
	assert_int_equal(judge_omitted(j), 0);
	pending(259);
	assert_int_equal(count_of(RULE_ENOMSG_IN_STOP_COPY, SEV_ERROR), 256);
	assert_int_equal(judge_omitted(j), 3);
}

/* What is found and what cannot be said stay two, though all else of them is alike. */
static void test_severities(void **state)
{
	static const struct synth_plan plan = { 4, 4, true };

	(void)state;
	device(0, 100, 1, "web");
	synth_source(&s, &plan);
	/* As if nobody had asked for its dirty log. */
	for (size_t i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_DMA_LOG_REPORT)
			s.ev[i].kind = EV_FEATURE;
	synth_close(&s);
	much_later();
	opts.max_stop_window_ns = MS;
	opts.max_dirty_sync_ns = SEC;
	look();
	assert_int_equal(count_of(RULE_DOWNTIME_BUDGET, SEV_ERROR) +
				 count_of(RULE_DOWNTIME_BUDGET, SEV_WARNING),
			 1);
	assert_int_equal(count_of(RULE_DOWNTIME_BUDGET, SEV_INCONCLUSIVE), 1);
}

/* @ns after it had returned the evidence ends. */
static void ends_after(uint64_t ns)
{
	begin_anew();
	device(0, 100, 1, "web");
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 50 * US);
	s.gap = 0;
	synth_read(&s, -ENOMSG, US);
	synth_pause(&s, ns);
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
	look();
}

static void test_tail(void **state)
{
	(void)state;
	ends_after(SEC);
	assert_int_equal(count_of(RULE_ENOMSG_IN_STOP_COPY, SEV_ERROR), 1);
	ends_after(SEC - 1);
	assert_int_equal(count_of(RULE_ENOMSG_IN_STOP_COPY, SEV_ERROR), 0);
	assert_int_equal(count_of(RULE_ENOMSG_IN_STOP_COPY, SEV_INCONCLUSIVE), 1);
}

/* @n empty reads, the last of which ends @span_ns after the first began. */
static void spins(uint32_t n, uint64_t span_ns)
{
	uint32_t i;

	begin_anew();
	s.ops = OPS_POLL;
	device(0, 100, 1, "web");
	initial(&s);
	s.gap = 0;
	for (i = 0; i < n; i++)
		synth_read(&s, -ENOMSG, span_ns / n);
	much_later();
	look();
}

static void test_spin(void **state)
{
	(void)state;
	spins(99, 99 * US);
	assert_null(strstr(judge_line(j), "enomsg-spin"));
	spins(100, 100 * US);
	assert_non_null(strstr(judge_line(j), "enomsg-spin"));
	spins(100, 100 * 5 * MS);
	assert_non_null(strstr(judge_line(j), "enomsg-spin"));
	spins(100, 100 * (5 * MS + 1));
	assert_null(strstr(judge_line(j), "enomsg-spin"));
}

/* Each wave of @each is read empty and comes back, four times a second. */
static void dirties(uint32_t waves, uint64_t each, uint32_t larger_before)
{
	uint32_t i;

	begin_anew();
	device(0, 100, 1, "web");
	initial(&s);
	for (i = 0; i < larger_before + waves; i++) {
		uint64_t left = i < larger_before ? (larger_before - i) * 100 * MIB : each;

		synth_info(&s, 0, left);
		synth_read(&s, (int64_t)left, 50 * US);
		synth_pause(&s, 260 * MS);
	}
	stop_copy(&s);
	drain(&s);
	look();
}

static void test_not_converging(void **state)
{
	(void)state;
	dirties(12, 64 * KIB, 0);
	assert_non_null(strstr(judge_line(j), "not-converging"));
	dirties(12, 64 * KIB - 1, 0);
	assert_null(strstr(judge_line(j), "not-converging"));
	/* What was long before its last second says nothing of it. */
	dirties(12, MIB, 8);
	assert_non_null(strstr(judge_line(j), "not-converging"));
}

/* ---- budgets: as much as was allowed is kept ---- */

static void budgets(void)
{
	begin_anew();
	device(1, 100, 1, "web");
	device(2, 200, 2, "web");
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	s.host = 1;
	s.device = 1;
	s.pid = s.tid = 100;
	s.state = MIG_RUNNING;
	precopy(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), 7 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 3 * MS);
	synth_read(&s, MIB, 50 * US);
	synth_read(&s, -EINTR, 90 * MS);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(&s);
	s.host = 2;
	s.device = 2;
	s.pid = s.tid = 200;
	s.stream = 1;
	s.state = MIG_RESUMING;
	synth_write(&s, MIB, 60 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_stream_close(&s);
	much_later();
	look();
}

static void test_budgets(void **state)
{
	struct {
		uint64_t *limit, most;
		uint32_t rule;
	} t[] = {
		{ &opts.max_downtime_ns, 0, RULE_DOWNTIME_BUDGET },
		{ &opts.max_stop_window_ns, 0, RULE_DOWNTIME_BUDGET },
		{ &opts.max_arc_ns, 7 * MS, RULE_ARC_BUDGET },
		/* One that a signal ended moved nothing: it is no slow read. */
		{ &opts.max_read_ns, 50 * US, RULE_ARC_BUDGET },
		{ &opts.max_write_ns, 60 * US, RULE_ARC_BUDGET },
	};
	size_t i;

	(void)state;
	budgets();
	t[0].most = model_migration(m, 1)->downtime_ns;
	t[1].most = model_migration(m, 1)->stop.total_ns;
	assert_true(t[0].most != MODEL_NONE && t[0].most > t[1].most);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		*t[i].limit = t[i].most;
		budgets();
		if (strstr(judge_line(j), "budget"))
			fail_msg("%zu: %s", i, judge_line(j));
		*t[i].limit = t[i].most - 1;
		budgets();
		assert_int_equal(found(t[i].rule)->rule, t[i].rule);
		*t[i].limit = 0;
	}
	/* One arc's own budget is none of another that begins where it does. */
	opts.n_arcs = 1;
	opts.arc[0].from = MIG_PRE_COPY;
	opts.arc[0].to = MIG_STOP_COPY;
	opts.arc[0].ns = 1;
	budgets();
	assert_null(strstr(judge_line(j), "arc-budget"));
	opts.arc[0].to = MIG_PRE_COPY_P2P;
	budgets();
	assert_non_null(strstr(judge_line(j), "arc-budget"));
}

/* As many arcs, and as many rules of a driver, as an option may name. */
static void test_option_lists(void **state)
{
	char err[JUDGE_ERR_LEN], value[64];
	uint32_t i, k, n = 0;

	(void)state;
	for (i = 0; i < MIG_STATE_NR; i++) {
		for (k = 0; k < MIG_STATE_NR && n <= JUDGE_ARC_BUDGETS; k++) {
			snprintf(value, sizeof(value), "%s:%s=1ms", mig_state_name(i),
				 mig_state_name(k));
			assert_int_equal(judge_opts_set(&opts, "max-arc", value, err),
					 n++ < JUDGE_ARC_BUDGETS ? 0 : -EINVAL);
		}
	}
	assert_int_equal(n, JUDGE_ARC_BUDGETS + 1);
	/* One that is there already is set anew. */
	snprintf(value, sizeof(value), "%s:%s=7ms", mig_state_name(0), mig_state_name(0));
	assert_int_equal(judge_opts_set(&opts, "max-arc", value, err), 0);
	assert_int_equal(opts.arc[0].ns, 7 * MS);
	for (i = 0; i <= JUDGE_IGNORES_AT; i++) {
		snprintf(value, sizeof(value), "slow-call@driver-%u", i);
		assert_int_equal(judge_opts_set(&opts, "ignore", value, err),
				 i < JUDGE_IGNORES_AT ? 0 : -EINVAL);
	}
}

/* ---- what was lost ---- */

static void test_lost_outside(void **state)
{
	(void)state;
	device(1, 100, 1, "web");
	synth_loss(&s, 3, s.now - US, s.now, EV_READ);
	synth_loss(&s, 4, s.now - US, s.now, EV_READ);
	look();
	assert_int_equal(strncmp(found(RULE_LOST_EVENTS)->text, "7 events lost ", 14), 0);
}

/* What one host lost was not the other's. */
static void test_lost_elsewhere(void **state)
{
	uint32_t on;

	(void)state;
	for (on = 1; on <= 2; on++) {
		begin_anew();
		device(1, 100, 1, "web");
		precopy(&s);
		s.host = on;
		synth_loss(&s, 3, s.now - US, s.now, EV_READ);
		s.host = 1;
		stop_copy(&s);
		drain(&s);
		look();
		assert_int_equal(found(RULE_LOST_EVENTS)->session, on == 1 ? 1 : 0);
	}
}

/* A reset of the bus is told at its end: what was just before may have been in it. */
static void test_reset_window(void **state)
{
	static const uint64_t before[] = { 199 * MS, 201 * MS };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin_anew();
		device(0, 100, 1, "web");
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
		synth_read(&s, MIB, 50 * US);
		s.gap = 0;
		synth_read(&s, -ENOMSG, US);
		synth_pause(&s, before[i]);
		synth_add(&s, EV_DEVICE_RESET, 0, 0);
		much_later();
		look();
		assert_int_equal(count_of(RULE_ENOMSG_IN_STOP_COPY, SEV_ERROR), i);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_late_source),
		T(test_open_order),
		T(test_devices_max),
		T(test_processes_of_hosts),
		T(test_hosts_max),
		T(test_flights_max),
		T(test_flights_of_hosts),
		T(test_exit_after),
		T(test_withdrawn),
		T(test_folded),
		T(test_trend_thins_out),
		T(test_end_in_a_run),
		T(test_failures_max),
		T(test_rest_of_other_host),
		T(test_findings_max),
		T(test_no_advice_keeps_a_failure_out),
		T(test_what_is_left_out_may_count),
		T(test_no_error_keeps_a_failure_out),
		T(test_back_after_its_finding_went),
		T(test_stuck_max),
		T(test_pending_max),
		T(test_severities),
		T(test_tail),
		T(test_spin),
		T(test_not_converging),
		T(test_budgets),
		T(test_option_lists),
		T(test_lost_outside),
		T(test_lost_elsewhere),
		T(test_reset_window),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
