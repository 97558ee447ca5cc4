// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_forecast.c - ranks, samples, and windows that lie in what was forecast
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/forecast.h"
#include "tests/unit/allocs.h"
#include "tests/unit/synth.h"

static void test_rank(void **state)
{
	const uint64_t up[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, down[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
	const uint64_t flat[] = { 5, 5, 5, 5, 5, 5, 5, 5 };
	const uint64_t ties[] = { 1, 1, 2, 2, 3, 3, 4, 4 },
		       odd[] = { 1, 2, 3, 4, 5, 6, 7, 1000000 };
	double rho;

	(void)state;
	assert_false(rank_correlation(up, up, 7, &rho));
	assert_false(rank_correlation(up, flat, 8, &rho));
	assert_true(rank_correlation(up, odd, 8, &rho));
	assert_true(rho > 0.999 && rho < 1.001);
	assert_true(rank_correlation(up, down, 8, &rho));
	assert_true(rho < -0.999 && rho > -1.001);
	/* 1.5 1.5 3.5 3.5 ...: 40 / sqrt(42 * 40) */
	assert_true(rank_correlation(up, ties, 8, &rho));
	assert_true(rho > 0.975 && rho < 0.977);
}

static void feed(struct model *m, const struct synth *s, size_t *from)
{
	for (; *from < s->n; (*from)++)
		assert_int_equal(model_feed(m, &s->ev[*from], NULL), 0);
}

static uint32_t seed;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static void begin_vm(struct synth *s)
{
	synth_init(s);
	synth_device(s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(s, 100, "mig/src/main", "web-07");
	synth_open(s);
}

/* Migrations of one device with their own sizes and noise: how good is it? */
static void test_range(void **state)
{
	struct model *m = model_create();
	uint32_t i, k, inside = 0, judged = 0;
	double ratios[100];
	struct forecast f;
	struct synth s;
	size_t from = 0;

	(void)state;
	seed = 7;
	begin_vm(&s);
	for (i = 0; i < 100; i++) {
		/* each in its own pace, which nothing before the switch tells */
		uint32_t reads = 4 + rnd(60), pace = 300 + rnd(200);
		const struct session *g;

		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_info(&s, 4 * MIB, 0);
		for (k = 0; k < 4; k++)
			synth_read(&s, MIB, 500 * US);
		synth_data_size(&s, reads * MIB);
		synth_info(&s, 0, reads * MIB);
		feed(m, &s, &from);
		forecast_session(m, i + 1, s.now, &f);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS + rnd(300) * US);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 5 * MS + rnd(2000) * US);
		for (k = 0; k < reads; k++)
			synth_read(&s, MIB, pace * US + rnd(200) * US);
		synth_read(&s, 0, US);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
		synth_stream_close(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
		feed(m, &s, &from);
		g = model_session(m, i + 1);
		assert_true(f.low_ns <= f.mid_ns && f.mid_ns <= f.high_ns);
		/* what is kept is what was said before, not what is known now */
		assert_int_equal(g->forecast.low_ns, f.low_ns);
		assert_int_equal(g->forecast.mid_ns, f.mid_ns);
		assert_int_equal(g->forecast.high_ns, f.high_ns);
		assert_int_equal(g->forecast.way, f.way);
		assert_int_equal(f.basis, i == 0 ? FORECAST_SESSION :
					  i < 12 ? FORECAST_DRIVER :
						   FORECAST_DEVICE);
		inside += g->window.total_ns >= f.low_ns && g->window.total_ns <= f.high_ns;
		ratios[judged++] = (double)f.high_ns / (double)f.low_ns;
	}
	for (i = 0; i < judged; i++)
		for (k = i + 1; k < judged; k++)
			if (ratios[k] < ratios[i]) {
				double t = ratios[i];

				ratios[i] = ratios[k];
				ratios[k] = t;
			}
	print_message("%u of 100 windows in the range, median high/low %.2f\n", inside,
		      ratios[judged / 2]);
	assert_true(inside >= 90);
	assert_true(ratios[judged / 2] <= 2);
	model_destroy(m);
	synth_free(&s);
}

/* A size that no device has, at the slowest pace there was: long, and still a time. */
/* What was read since the device's last word is no longer left. */
static void test_rates(void **state)
{
	struct model *m = model_create();
	struct forecast f;
	struct synth s;
	size_t from = 0;
	uint32_t k;

	(void)state;
	begin_vm(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, 0, 8 * MIB);
	for (k = 0; k < 4; k++)
		synth_read(&s, MIB, 10 * MS);
	synth_info(&s, 0, 6 * MIB);
	for (k = 0; k < 4; k++)
		synth_read(&s, MIB, 10 * MS);
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	/* 8 MiB of 8 were read, and 2 are left: they got dirty. */
	assert_in_range(f.read_bps, 4 * f.dirty_bps - 8, 4 * f.dirty_bps + 8);
	model_destroy(m);
	synth_free(&s);
}

/* One stop in sixteen may be of another kind: the range is not made wide for it. */
static void test_one_of_sixteen(void **state)
{
	struct model *m = model_create();
	struct forecast f = { 0 };
	struct synth s;
	size_t from = 0;
	uint32_t i, k;

	(void)state;
	begin_vm(&s);
	for (i = 0; i < 17; i++) {
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_data_size(&s, 8 * MIB);
		feed(m, &s, &from);
		forecast_session(m, i + 1, s.now, &f);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), i == 8 ? 500 * MS : 5 * MS);
		for (k = 0; k < 8; k++)
			synth_read(&s, MIB, 400 * US);
		synth_read(&s, 0, US);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
		synth_stream_close(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
	}
	assert_in_range(f.mid_ns, 8 * MS, 12 * MS);
	assert_true(f.high_ns < 20 * MS);
	model_destroy(m);
	synth_free(&s);
}

static void test_beyond_all_times(void **state)
{
	struct model *m = model_create();
	struct forecast f;
	struct synth s;
	size_t from = 0;

	(void)state;
	begin_vm(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(&s, MIB, 1000 * SEC);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, 0, UINT64_MAX - 1);
	feed(m, &s, &from);
	forecast_session(m, 2, s.now, &f);
	assert_int_equal(f.basis, FORECAST_DRIVER);
	assert_int_equal(f.left_bytes, UINT64_MAX - 1);
	assert_int_equal(f.guess_ns[WAY_SIZE], 9000000000000000000ULL);
	assert_true(f.low_ns <= f.mid_ns && f.mid_ns <= f.high_ns);
	model_destroy(m);
	synth_free(&s);
}

static void test_silence(void **state)
{
	struct model *m = model_create();
	int i;
	struct forecast f;
	struct synth s;
	size_t from = 0;

	(void)state;
	begin_vm(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	assert_int_equal(f.basis, FORECAST_NONE);
	assert_int_equal(f.trend, TREND_UNKNOWN);
	assert_true(f.mid_ns == MODEL_NONE);
	forecast_session(m, 2, s.now, &f);
	assert_true(f.mid_ns == MODEL_NONE);
	/* 4 MiB left, 1 MiB read since: 3 MiB; then it gets dirty faster */
	synth_info(&s, 0, 4 * MIB);
	synth_read(&s, MIB, 500 * US);
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	assert_int_equal(f.left_bytes, 3 * MIB);
	synth_pause(&s, SEC);
	synth_info(&s, 0, 6 * MIB);
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	assert_int_equal(f.trend, TREND_NOT_CONVERGING);
	assert_int_equal(f.left_bytes, 6 * MIB);
	assert_true(f.dirty_bps > f.read_bps);
	synth_read(&s, 6 * MIB, 500 * US);
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	assert_int_equal(f.trend, TREND_DONE);
	/* A wave, read out, and the next: whoever reads keeps up. */
	synth_info(&s, 0, 0);
	synth_pause(&s, SEC);
	synth_info(&s, 0, MIB);
	synth_read(&s, MIB, 500 * US);
	synth_pause(&s, SEC);
	synth_info(&s, 0, 3 * MIB);
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	assert_int_equal(f.trend, TREND_CONVERGING);
	/* But not when every wave is as large as the last. */
	for (i = 0; i < 5; i++) {
		synth_read(&s, 3 * MIB, 500 * US);
		synth_info(&s, 0, 0);
		synth_pause(&s, SEC);
		synth_info(&s, 0, 3 * MIB);
	}
	feed(m, &s, &from);
	forecast_session(m, 1, s.now, &f);
	assert_int_equal(f.trend, TREND_NOT_CONVERGING);
	model_destroy(m);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_one_of_sixteen),
		cmocka_unit_test(test_beyond_all_times),
		cmocka_unit_test(test_silence),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
