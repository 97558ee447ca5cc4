// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_samples.c - what the rank statistics give, and that of twenty runs and twenty a
 * slower arc is found and nothing else is
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "judge/judge.h"
#include "tests/unit/synth.h"
#include "util/stats.h"
#include "view/samples_sets.h"

static void close_to(double a, double b, double by)
{
	if (!(fabs(a - b) <= by))
		fail_msg("%.12g is not %.12g", a, b);
}

/* ---- statistics ---- */

static void test_rank_test(void **state)
{
	/* Counted by hand: 2 of 70 ways are as far as all of the one below all of the other. */
	static const double a[] = { 1, 2, 3, 4 }, b[] = { 5, 6, 7, 8 },
			    c[] = { 1.5, 2.5, 3.5, 4.5 };
	static const double t[] = { 1, 1, 1, 1 }, u[] = { 1, 1, 2, 2 };
	double x[40], y[40];
	size_t i;

	(void)state;
	close_to(stats_rank_test(a, 4, b, 4), 2.0 / 70, 1e-12);
	close_to(stats_rank_test(b, 4, a, 4), 2.0 / 70, 1e-12);
	close_to(stats_rank_test(a, 4, c, 4), 0.685714285714, 1e-9);
	/* All the same, and two that are more: 6 + 6 of 70 ways are as far. */
	close_to(stats_rank_test(t, 4, t, 4), 1, 1e-12);
	close_to(stats_rank_test(t, 4, u, 4), 0.428571428571, 1e-9);
	close_to(stats_rank_test(a, 0, b, 4), 1, 0);
	/* Beyond the exact ones: U 1165, mean 800, variance 10800, half a rank for continuity. */
	for (i = 0; i < 40; i++) {
		x[i] = (double)i;
		y[i] = (double)i + 10.5;
	}
	close_to(stats_rank_test(x, 40, y, 40), 4.525e-4, 1e-7);
	assert_true(stats_rank_test(x, 30, y, 30) < 0.001);
}

static uint64_t seed;

static double uniform(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(seed >> 11) / 9007199254740992.0;
}

/* What counts differences without making them gives what all of them in order give: also with ties, below zero, and huge. */
static void test_shift_is_that_of_all_differences(void **state)
{
	static const double scales[] = { 5, 1e3, 1e19 };
	double a[30], b[30], all[900], shift, low, high, c;
	size_t round, na, nb, i, k, n, needed;

	(void)state;
	seed = 99;
	for (round = 0; round < 300; round++) {
		na = 1 + (size_t)(uniform() * 29);
		nb = 1 + (size_t)(uniform() * 29);
		for (i = 0; i < na; i++)
			a[i] = floor((uniform() - 0.5) * scales[round % 3]);
		for (i = 0; i < nb; i++)
			b[i] = floor((uniform() - 0.3) * scales[round % 3]);
		stats_sort(a, na);
		stats_sort(b, nb);
		for (i = 0, n = 0; i < na; i++)
			for (k = 0; k < nb; k++)
				all[n++] = b[k] - a[i];
		stats_sort(all, n);
		stats_shift(a, na, b, nb, &shift, &low, &high);
		close_to(shift, stats_quantile(all, n, 0.5), fabs(shift) * 1e-12);
		c = (double)n / 2 - 1.96 * sqrt((double)n * (double)(na + nb + 1) / 12);
		k = c > 0 ? (size_t)c : 0;
		close_to(low, all[k], 0);
		close_to(high, all[n - 1 - k], 0);
		/* And so does what is needed, of all pairs. */
		for (i = 0, c = 0; i < na; i++)
			for (k = 0; k < na; k++)
				if (i != k)
					c += a[i] + 2 > a[k] ? 1 : a[i] + 2 < a[k] ? 0 : 0.5;
		c = na < 4 ? 0 : c / ((double)na * (double)(na - 1)) - 0.5;
		needed = c <= 0.01 ? 0 : (size_t)ceil(2.8 * 2.8 / (6 * c * c));
		assert_in_range(stats_needed(a, na, 2), needed ? needed - 1 : 0,
				needed ? needed + 1 : 0);
	}
}

static void test_shift_and_quantiles(void **state)
{
	static const double a[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	uint64_t n[] = { 20, UINT64_MAX, 10, 40, 30 };
	double b[10], shift, low, high;
	size_t i;

	(void)state;
	stats_sort_u64(n, 5);
	for (i = 0; i < 10; i++)
		b[i] = a[i] + 2.5;
	stats_shift(a, 10, b, 10, &shift, &low, &high);
	close_to(shift, 2.5, 1e-12);
	assert_true(low < 2.5 && high > 2.5 && low >= -2.5 && high <= 7.5);
	close_to(stats_quantile(a, 10, 0.5), 5.5, 1e-12);
	close_to(stats_quantile(a, 10, 0.25), 3.25, 1e-12);
	close_to(stats_quantile(a, 10, 1), 10, 1e-12);
	close_to(stats_quantile(a, 1, 0.95), 1, 0);
	assert_int_equal(stats_nearest_rank(n, 5, 50), 30);
	assert_int_equal(stats_nearest_rank(n, 5, 95), UINT64_MAX);
	assert_int_equal(stats_nearest_rank(n, 5, 20), 10);
	assert_int_equal(stats_nearest_rank(n, 5, 21), 20);
	assert_int_equal(stats_nearest_rank(n, 1, 0), 10);
	/* One that is far from all others needs few; one within the spread many or none. */
	assert_in_range(stats_needed(a, 10, 100), 5, 7);
	assert_true(stats_needed(a, 10, 1) > 30);
	assert_int_equal(stats_needed(a, 3, 100), 0);
}

static void test_holm(void **state)
{
	double p[] = { 0.01, 0.04, 0.03, 0.9 };

	(void)state;
	assert_int_equal(stats_holm(p, 4), 0);
	close_to(p[0], 0.04, 1e-12);
	close_to(p[2], 0.09, 1e-12);
	close_to(p[1], 0.09, 1e-12);
	close_to(p[3], 0.9, 1e-12);
}

/* ---- sets ---- */

/* As times are: always more than something, and now and then much more. */
static uint64_t noisy(uint64_t ns, double spread)
{
	double n = sqrt(-2 * log(uniform() + 1e-12)) * cos(2 * M_PI * uniform());

	return (uint64_t)((double)ns * exp(spread * n) * (uniform() < 0.02 ? 1.5 : 1));
}

/* Of the runs to come. */
static uint32_t devices = 1;
static bool fails;
/* What their last arc takes of a millisecond. */
static double brief = 1;

/* Another device of the VM, while the first is in PRE_COPY. */
static void run_beside(struct synth *s)
{
	uint32_t stream = s->stream;

	synth_device(s, 2, "0000:02:00.0", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_open(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 5 * MS);
	synth_read(s, 0, 2 * US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(s);
	s->device = 1;
	s->stream = stream;
	s->state = MIG_PRE_COPY;
}

/*
 * One run, every call with its own noise; @slower: what the arc to STOP_COPY takes more,
 * @piece: what a read() gives.
 */
static void run(struct synth *s, double slower, int64_t piece)
{
	uint32_t i;

	synth_init(s);
	synth_device(s, 1, "0000:01:00.0", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_task(s, 100, "qemu", "web-1");
	synth_open(s);
	synth_data_size(s, 4 * MIB);
	if (fails) {
		synth_set_state_fails(s, MIG_PRE_COPY, EIO);
		synth_close(s);
		return;
	}
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY), noisy(900 * US, 0.05));
	synth_info(s, 10 * MIB, 0);
	for (i = 0; i < 10; i++)
		synth_read(s, piece, noisy(60 * US, 0.1));
	synth_info(s, 0, 0);
	if (devices == 2)
		run_beside(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), noisy(3 * MS, 0.05));
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY),
			(uint64_t)((double)noisy(12 * MS, 0.05) * slower));
	synth_pause(s, noisy(20 * MS, 0.2));
	for (i = 0; i < 4; i++)
		synth_read(s, piece, noisy(80 * US, 0.1));
	synth_read(s, 0, 2 * US);
	synth_pause(s, noisy(150 * MS, 0.2));
	synth_set_state(s, SYNTH_PATH(MIG_STOP), (uint64_t)((double)noisy(MS, 0.05) * brief));
	synth_stream_close(s);
}

static void add_pieces(struct samples *x, int which, double slower, int64_t piece)
{
	struct source_health health = { .ended = true };
	struct judge_evidence je = { .health = &health };
	struct model *m = model_create();
	struct judge *j = judge_create(NULL);
	struct event_context ctx;
	struct view_evidence e;
	struct view_file file;
	struct synth s;
	size_t i;

	run(&s, slower, piece);
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(judge_feed(j, m, &s.ev[i], &ctx), 0);
	}
	assert_int_equal(judge_finish(j, m, &je), 0);
	view_one_file(&e, &file, m, "run", NULL, &health);
	e.judge = j;
	assert_int_equal(samples_add(x, which, &e), 0);
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
}

static void add_run(struct samples *x, int which, double slower)
{
	add_pieces(x, which, slower, MIB);
}

static struct samples *sets(size_t na, size_t nb, double slower)
{
	struct samples_options o;
	struct samples *x;
	size_t i;

	samples_options_init(&o);
	x = samples_create(&o);
	for (i = 0; i < na; i++)
		add_run(x, 0, 1);
	for (i = 0; i < nb; i++)
		add_run(x, 1, slower);
	assert_int_equal(samples_compare(x), 0);
	return x;
}

static bool names_the_arc(const struct samples *x)
{
	size_t i;

	for (i = 0; i < x->n_figures; i++)
		if (x->figure[i].metric == DIFF_ARC && x->figure[i].to == MIG_STOP_COPY)
			return x->figure[i].change == CHANGE_WORSE;
	return false;
}

/* The arc alone, or what it is a part of. */
static bool names_another(const struct samples *x)
{
	size_t i;

	for (i = 0; i < x->n_figures; i++)
		if (x->figure[i].metric == DIFF_ARC && x->figure[i].to != MIG_STOP_COPY &&
		    x->figure[i].change)
			return true;
	return false;
}

static void test_a_tenth_more_in_one_arc_is_found(void **state)
{
	size_t found = 0, others = 0, k;

	(void)state;
	seed = 20261129;
	for (k = 0; k < 20; k++) {
		struct samples *x = sets(20, 20, 1.1);

		found += x->verdict == DIFF_DIFFERENT && names_the_arc(x);
		others += names_another(x);
		samples_destroy(x);
	}
	if (found < 19)
		fail_msg("found in %zu of 20", found);
	assert_true(others <= 1);
}

static void test_the_same_is_not_different(void **state)
{
	size_t same = 0, k;

	(void)state;
	seed = 4711;
	for (k = 0; k < 20; k++) {
		struct samples *x = sets(20, 20, 1);

		same += x->verdict != DIFF_DIFFERENT;
		samples_destroy(x);
	}
	if (same < 19)
		fail_msg("the same in %zu of 20", same);
}

static void test_too_few(void **state)
{
	struct samples *x;
	size_t i;

	(void)state;
	seed = 1;
	x = sets(3, 20, 2);
	assert_int_equal(x->verdict, DIFF_INCONCLUSIVE);
	samples_destroy(x);
	x = sets(20, 20, 1);
	for (i = 0; i < x->n_figures; i++)
		if (x->figure[i].metric == DIFF_ARC && x->figure[i].to == MIG_STOP_COPY)
			assert_in_range(x->figure[i].needed, 8, 60);
	samples_destroy(x);
}

static void test_thresholds(void **state)
{
	struct samples_options o;
	char err[DIFF_ERR_LEN];
	struct samples *x;
	size_t i;

	(void)state;
	samples_options_init(&o);
	assert_int_equal(samples_options_set(&o, "arc=30%", err), 0);
	seed = 2;
	x = samples_create(&o);
	for (i = 0; i < 20; i++) {
		add_run(x, 0, 1);
		add_run(x, 1, 1.2);
	}
	assert_int_equal(samples_compare(x), 0);
	/* More than chance, and less than anybody minds. */
	assert_int_equal(x->verdict, DIFF_SAME);
	samples_destroy(x);
	samples_options_init(&o);
	assert_int_equal(samples_options_set(&o, "arc.p95=10%", err), 0);
	x = samples_create(&o);
	for (i = 0; i < 20; i++) {
		add_run(x, 0, 1);
		add_run(x, 1, 1.5);
	}
	assert_int_equal(samples_compare(x), 0);
	assert_int_equal(x->verdict, DIFF_DIFFERENT);
	assert_true(names_the_arc(x));
	samples_destroy(x);
	assert_int_equal(samples_options_set(&o, "arc.p95=10", err), -EINVAL);
	assert_int_equal(samples_options_set(&o, "arc.p9=10%", err), -EINVAL);
	assert_int_equal(samples_options_set(&o, "nothing.p95=10%", err), -EINVAL);
}

/* State that did not come is no improvement; time that was not needed is one. */
/* Ten runs of each: of A's the last arc takes 20 times @of_ms, of B's 30 times. */
static enum diff_verdict of_a_brief_arc(double of_ms, const char *threshold)
{
	struct samples_options o;
	enum diff_verdict v;
	char err[DIFF_ERR_LEN];
	struct samples *x;
	size_t i;

	samples_options_init(&o);
	if (threshold)
		assert_int_equal(samples_options_set(&o, threshold, err), 0);
	seed = 5;
	x = samples_create(&o);
	for (i = 0; i < 10; i++) {
		brief = 20 * of_ms;
		add_run(x, 0, 1);
		brief = 30 * of_ms;
		add_run(x, 1, 1);
	}
	brief = 1;
	assert_int_equal(samples_compare(x), 0);
	v = x->verdict;
	samples_destroy(x);
	return v;
}

/* It is no chance, and half as much again: of a time that nobody waits for. */
static void test_microseconds_count_by_name(void **state)
{
	(void)state;
	assert_int_equal(of_a_brief_arc(0.009, NULL), DIFF_SAME);
	assert_int_equal(of_a_brief_arc(0.012, NULL), DIFF_DIFFERENT);
	assert_int_equal(of_a_brief_arc(0.001, "arc=5%"), DIFF_DIFFERENT);
}

static void test_work_not_done(void **state)
{
	struct samples_options o;
	struct samples *x;
	size_t i, seen = 0;

	(void)state;
	samples_options_init(&o);
	x = samples_create(&o);
	seed = 3;
	for (i = 0; i < 8; i++) {
		add_run(x, 0, 1);
		add_pieces(x, 1, 0.001, MIB / 200);
	}
	assert_int_equal(samples_compare(x), 0);
	for (i = 0; i < x->n_figures; i++) {
		const struct sample_figure *f = &x->figure[i];

		if (f->metric == DIFF_BYTES || f->metric == DIFF_DEVICE_BYTES) {
			assert_int_equal(f->change, CHANGE_LESS_WORK);
			seen++;
		} else if (f->metric == DIFF_ARC && f->to == MIG_STOP_COPY) {
			assert_int_equal(f->change, CHANGE_BETTER);
			seen++;
		}
	}
	assert_int_equal(seen, 3);
	assert_int_equal(x->verdict, DIFF_DIFFERENT);
	samples_destroy(x);
}

/* Of two devices a migration has one value: the mean of what they took. */
static void test_two_devices(void **state)
{
	struct samples_options o;
	struct sample_figure *f = NULL;
	struct samples *x;
	size_t i;

	(void)state;
	seed = 3;
	samples_options_init(&o);
	x = samples_create(&o);
	devices = 2;
	for (i = 0; i < 6; i++)
		add_run(x, 0, 1);
	devices = 1;
	for (i = 0; i < x->n_figures; i++)
		if (x->figure[i].metric == DIFF_ARC && x->figure[i].to == MIG_STOP_COPY)
			f = &x->figure[i];
	assert_non_null(f);
	assert_int_equal(f->n[0], 6);
	samples_destroy(x);
}

/* One failure more is chance, two are not. */
static void test_one_failure_more(void **state)
{
	struct samples *x;
	size_t i;

	(void)state;
	seed = 4;
	x = sets(20, 19, 1);
	for (i = 0; i < 2; i++) {
		fails = true;
		add_run(x, 1, 1);
		fails = false;
		assert_int_equal(samples_compare(x), 0);
		assert_int_equal(x->outcome[1][OUTCOME_FAILED], i + 1);
		assert_int_equal(x->worse_outcome, i);
	}
	samples_destroy(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rank_test),
		cmocka_unit_test(test_shift_is_that_of_all_differences),
		cmocka_unit_test(test_shift_and_quantiles),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_a_tenth_more_in_one_arc_is_found),
		cmocka_unit_test(test_the_same_is_not_different),
		cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_microseconds_count_by_name),
		cmocka_unit_test(test_work_not_done),
		cmocka_unit_test(test_two_devices),
		cmocka_unit_test(test_one_failure_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
