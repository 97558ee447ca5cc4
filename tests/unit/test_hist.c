// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/hist.h"
#include "tests/unit/allocs.h"

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The buckets lie side by side, and no value is off by more than a sixteenth. */
static void test_buckets(void **state)
{
	uint64_t lo, hi, next = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < HIST_BUCKETS; i++) {
		hist_range(i, &lo, &hi);
		assert_int_equal(lo, next);
		assert_int_equal(hist_bucket(lo), i);
		assert_int_equal(hist_bucket(hi), i);
		assert_true((hi - lo) <= lo / 16);
		next = hi + 1;
	}
	assert_int_equal(next, 0); /* the last one ends with UINT64_MAX */
}

static void test_against_sorted(void **state)
{
	static const double percents[] = { 0, 1, 25, 50, 90, 99, 99.9, 100 };
	static struct hist h;
	uint64_t v[3000];
	size_t round, i, n;

	(void)state;
	for (round = 0; round < 300; round++) {
		memset(&h, 0, sizeof(h));
		n = 1 + rnd() % 3000;
		for (i = 0; i < n; i++) {
			v[i] = rnd() >> (rnd() % 64);
			hist_add(&h, v[i], 1);
		}
		qsort(v, n, sizeof(v[0]), compare);
		assert_int_equal(h.count, n);
		assert_int_equal(h.max, v[n - 1]);
		for (i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
			size_t rank = (size_t)(percents[i] / 100 * (double)n + 0.999999999);
			uint64_t want = v[(rank ? rank : 1) - 1];
			uint64_t got = hist_percentile(&h, percents[i]);

			assert_true(got >= want);
			assert_true(got - want <= want / 16);
			assert_true(got <= h.max);
		}
	}
}

static void test_merge(void **state)
{
	static struct hist a, b, both;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		uint64_t v = rnd() >> (rnd() % 64), times = 1 + rnd() % 3;

		hist_add(i % 2 ? &a : &b, v, times);
		hist_add(&both, v, times);
	}
	hist_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
}

static void test_empty(void **state)
{
	struct hist *h = calloc(1, sizeof(*h));

	(void)state;
	assert_int_equal(hist_percentile(h, 50), 0);
	hist_add(h, 5, 0);
	assert_int_equal(h->count, 0);
	hist_add(h, 0, 1);
	assert_int_equal(hist_percentile(h, 50), 0);
	assert_int_equal(h->count, 1);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_against_sorted),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_empty),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
