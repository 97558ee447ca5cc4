// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_sat - arithmetic that ends at its limits
 *
 * Every function against the same sum done in 128 bits, over all pairs of the
 * numbers at which something could wrap.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/sat.h"
#include "tests/unit/allocs.h"

typedef __int128 wide;
typedef unsigned __int128 uwide;

static const uint64_t edges[] = {
	0,
	1,
	2,
	3,
	7,
	999,
	1000,
	1000000000,
	UINT32_MAX - 1ULL,
	UINT32_MAX,
	UINT32_MAX + 1ULL,
	1ULL << 53,
	(1ULL << 53) + 1,
	INT64_MAX - 1ULL,
	INT64_MAX,
	INT64_MAX + 1ULL,
	INT64_MAX + 2ULL,
	UINT64_MAX - 1000,
	UINT64_MAX - 1,
	UINT64_MAX,
};
#define N (sizeof(edges) / sizeof(edges[0]))

static uint64_t u(wide v)
{
	return v < 0 ? 0 : v > (wide)UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}

static int64_t s(wide v)
{
	return v < INT64_MIN ? INT64_MIN : v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* By doubles, which know 53 bits: within 1 of the nearest. */
static void percents(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < N; i++) {
		for (k = 0; k < N; k++) {
			uwide want = edges[k] ? ((uwide)edges[i] * 200 + edges[k]) / edges[k] / 2 :
						0;

			if (want > 1000)
				assert_true(sat_percent(edges[i], edges[k]) > 999);
			else
				assert_in_range(sat_percent(edges[i], edges[k]) + 1, want,
						want + 2);
		}
	}
	assert_int_equal(sat_percent(199, 200), 100);
	assert_int_equal(sat_percent(1, 201), 0);
	assert_int_equal(sat_percent(1, 200), 1);
}

static void pairs(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < N; i++) {
		for (k = 0; k < N; k++) {
			uint64_t a = edges[i], b = edges[k], sum = a;
			uwide p = (uwide)a * b;

			assert_true(sat_add(a, b) == u((wide)a + b));
			assert_true(sat_sub(a, b) == u((wide)a - b));
			assert_true(sat_mul(a, b) == (p > UINT64_MAX ? UINT64_MAX : (uint64_t)p));
			assert_true(sat_adds((int64_t)a, (int64_t)b) ==
				    s((wide)(int64_t)a + (int64_t)b));
			sat_inc(&sum, b);
			assert_true(sum == u((wide)a + b));
		}
		assert_true(sat_neg((int64_t)edges[i]) == s(-(wide)(int64_t)edges[i]));
	}
}

static void scale(void **state)
{
	size_t i, k, l;

	(void)state;
	for (i = 0; i < N; i++)
		for (k = 0; k < N; k++)
			for (l = 0; l < N; l++) {
				uwide p = (uwide)edges[i] * edges[k];
				uint64_t r = sat_scale(edges[i], edges[k], edges[l]);

				if (!edges[l])
					assert_true(r == (p ? UINT64_MAX : 0));
				else if (p / edges[l] > UINT64_MAX)
					assert_true(r == UINT64_MAX);
				else
					assert_true(r == (uint64_t)(p / edges[l]));
			}
	/* what a product of 64 bits gets wrong: the middle of an axis 584 years long */
	assert_true(sat_scale(UINT64_MAX / 2, 1000, UINT64_MAX) == 499);
}

/* At run time: a compiler that folds a cast gives what the machine may not. */
static uint64_t to_u64(double d)
{
	volatile double v = d;

	return sat_u64(v);
}

static int64_t to_s64(double d)
{
	volatile double v = d;

	return sat_s64(v);
}

static void doubles(void **state)
{
	(void)state;
	assert_true(to_u64(0.0) == 0 && to_u64(-0.0) == 0);
	assert_true(to_u64(-1.5) == 0 && to_u64(-1e300) == 0 && to_u64(-INFINITY) == 0);
	assert_true(to_u64(NAN) == 0 && to_u64(-NAN) == 0);
	assert_true(to_u64(0.999) == 0 && to_u64(1.999) == 1);
	assert_true(to_u64(9007199254740993.0) == 9007199254740992ULL);
	/* the largest below 2^64, and 2^64 */
	assert_true(to_u64(18446744073709549568.0) == 18446744073709549568ULL);
	assert_true(to_u64(18446744073709551616.0) == UINT64_MAX);
	assert_true(to_u64((double)UINT64_MAX) == UINT64_MAX);
	assert_true(to_u64(1e300) == UINT64_MAX && to_u64(INFINITY) == UINT64_MAX);

	assert_true(to_s64(NAN) == 0 && to_s64(-1.9) == -1 && to_s64(1.9) == 1);
	assert_true(to_s64(9223372036854774784.0) == 9223372036854774784LL);
	assert_true(to_s64(9223372036854775808.0) == INT64_MAX);
	assert_true(to_s64(-9223372036854775808.0) == INT64_MIN);
	assert_true(to_s64(INFINITY) == INT64_MAX && to_s64(-INFINITY) == INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(percents),
		cmocka_unit_test(scale),
		cmocka_unit_test(doubles),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
