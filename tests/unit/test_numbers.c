// SPDX-License-Identifier: GPL-2.0-only
/* test_numbers.c - what numbers stand for: any of them, in any order, in the same time */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "util/numbers.h"
#include "tests/unit/allocs.h"

#define MANY 400000U

static uint64_t descending(uint32_t i)
{
	return MANY - i;
}

static uint64_t ascending(uint32_t i)
{
	return i;
}

/* What all lie in one place of, where the place is the low bits or those of a known product. */
static uint64_t spread(uint32_t i)
{
	return (uint64_t)i << 32;
}

/* Of the multiplier that everybody knows: an inverse, so that every product is small. */
static uint64_t chosen(uint32_t i)
{
	return (uint64_t)i * 0xf1de83e19937733dULL;
}

static void one_order(uint64_t (*key)(uint32_t))
{
	struct numbers m = { 0 };
	clock_t began = clock();
	uint32_t i, *v;

	assert_null(numbers_find(&m, key(0)));
	for (i = 0; i < MANY; i++) {
		v = numbers_at(&m, key(i));
		assert_non_null(v);
		assert_int_equal(*v, 0);
		*v = i + 1;
	}
	assert_int_equal(m.n, MANY);
	for (i = 0; i < MANY; i++)
		assert_int_equal(*numbers_find(&m, key(i)), i + 1);
	assert_null(numbers_find(&m, ~1ULL));
	numbers_free(&m);
	/* a tenth of a second; of the square of it nobody would see the end */
	assert_true(clock() - began < 10 * CLOCKS_PER_SEC);
}

static void test_orders(void **state)
{
	(void)state;
	one_order(ascending);
	one_order(descending);
	one_order(spread);
	one_order(chosen);
}

static void test_secret(void **state)
{
	(void)state;
	assert_true(numbers_secret & 1);
	/* one in 2^63 says otherwise */
	assert_true(numbers_secret != 0x9e3779b97f4a7c15ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_secret),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
