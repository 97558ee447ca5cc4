// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every bound of the judge, from both sides, as test_limits.c has the model's.
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
#include "view/summary.h"

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
