// SPDX-License-Identifier: GPL-2.0-only
/* test_clock.c - the time of day of an event is one, whoever asks and whenever, also where the clock is set */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "model/align.h"
#include "model/model.h"
#include "synth.h"
#include "tests/unit/allocs.h"

#define BOOT 1767323045000000000ULL /* CLOCK_REALTIME at CLOCK_MONOTONIC 0 */

static void pair(struct model *m, uint64_t mono_ns, uint64_t real_ns)
{
	struct event ev = { .kind = EV_CLOCK, .t_ns = mono_ns, .clock.realtime_ns = real_ns };

	assert_int_equal(model_feed(m, &ev, NULL), 0);
}

struct dated {
	uint64_t t_ns, real_ns;
};

static void mark(struct model *m, uint64_t t_ns, struct dated *d)
{
	struct event ev = { .kind = EV_MARK, .t_ns = t_ns };

	assert_int_equal(model_feed(m, &ev, NULL), 0);
	*d = (struct dated){ t_ns, model_realtime_ns(m, t_ns) };
	assert_true(d->real_ns);
}

/* As it was when it was fed, so it is at the end, in the model and in its copy. */
static void same(const struct model *m, const struct dated *d, size_t n)
{
	struct model *c = model_clone(m);
	size_t i;

	assert_non_null(c);
	for (i = 0; i < n; i++) {
		assert_int_equal(model_realtime_ns(m, d[i].t_ns), d[i].real_ns);
		assert_int_equal(model_realtime_ns(c, d[i].t_ns), d[i].real_ns);
	}
	model_destroy(c);
}

static void test_step(void **state)
{
	struct model *m = model_create();
	struct clock_step s;
	struct dated d[5];
	uint64_t t;

	(void)state;
	assert_int_equal(model_realtime_ns(m, 5 * SEC), 0);
	assert_false(model_instant_of(m, BOOT, &t));
	pair(m, 10 * SEC, BOOT + 10 * SEC);
	assert_int_equal(model_realtime_ns(m, 5 * SEC), BOOT + 5 * SEC);
	mark(m, 15 * SEC, &d[0]);
	pair(m, 20 * SEC, BOOT + 20 * SEC + 300); /* jitter */
	mark(m, 21 * SEC, &d[1]);
	assert_int_equal(d[1].real_ns, BOOT + 21 * SEC);
	assert_int_equal(model_clock_steps(m, &s), 0);
	/* an hour back, seen only after something that came later was */
	mark(m, 31 * SEC, &d[2]);
	pair(m, 30 * SEC, BOOT + 30 * SEC - 3600 * SEC);
	mark(m, 40 * SEC, &d[3]);
	assert_int_equal(d[3].real_ns, BOOT + 40 * SEC - 3600 * SEC);
	/* out of a snapshot: old */
	pair(m, 10 * SEC, BOOT + 10 * SEC);
	pair(m, 50 * SEC, BOOT + 50 * SEC + 5 * SEC);
	mark(m, 60 * SEC, &d[4]);
	assert_int_equal(d[4].real_ns, BOOT + 65 * SEC);
	same(m, d, 5);
	assert_int_equal(model_clock_steps(m, &s), 2);
	assert_int_equal(s.from_ns, 20 * SEC);
	assert_int_equal(s.to_ns, 30 * SEC);
	assert_int_equal(s.by_ns, -(int64_t)(3600 * SEC) - 300);
	/* what a date is copied from is found by it */
	for (t = 0; t < 5; t++) {
		uint64_t at;

		assert_true(model_instant_of(m, d[t].real_ns, &at));
		assert_int_equal(at, d[t].t_ns);
	}
	/* a date that never was is where it was left out */
	assert_true(model_instant_of(m, BOOT + 52 * SEC, &t));
	assert_int_equal(t, 50 * SEC);
	assert_true(model_instant_of(m, 1, &t));
	assert_int_equal(t, 0);
	model_destroy(m);
}

/* What is slewed is followed, and not set. */
static void test_slew(void **state)
{
	struct model *m = model_create();
	struct clock_step s;
	struct dated d[100];
	uint64_t i, off;

	(void)state;
	for (i = 0; i < 100; i++) {
		pair(m, (10 + i * 10) * SEC, BOOT + (10 + i * 10) * SEC + i * MS);
		mark(m, (15 + i * 10) * SEC, &d[i]);
		off = d[i].real_ns - BOOT - d[i].t_ns;
		assert_true(off <= i * MS && off + MS >= i * MS);
	}
	same(m, d, 100);
	assert_int_equal(model_clock_steps(m, &s), 0);
	model_destroy(m);
}

/* Whatever a recording says. */
static void test_absurd(void **state)
{
	static const uint64_t odd[] = { 0, 1, INT64_MAX, 1ULL << 63, UINT64_MAX };
	struct model *m = model_create();
	struct clock_step s;
	uint64_t i, k, t;

	(void)state;
	for (i = 0; i < 5; i++)
		for (k = 0; k < 5; k++)
			pair(m, odd[i], odd[k]);
	for (i = 0; i < 5; i++) {
		model_realtime_ns(m, odd[i]);
		assert_true(model_instant_of(m, odd[i], &t));
	}
	model_clock_steps(m, &s);
	model_destroy(m);
}

static const struct meta no_meta;
static uint32_t n_left;

static int descending_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	(void)src;
	(void)timeout_ms;
	if (!n_left)
		return -ENODATA;
	*ev = (struct event){ .kind = EV_CLOCK, .t_ns = n_left * 1000ULL };
	ev->clock.realtime_ns = BOOT + n_left-- * 1000ULL;
	return 1;
}

static const struct meta *descending_meta(struct event_source *src)
{
	(void)src;
	return &no_meta;
}

/* Pairs in the wrong order take no longer. */
static void test_descending(void **state)
{
	static const struct event_source_ops ops = { .next = descending_next,
						     .meta = descending_meta };
	struct event_source src = { &ops };
	struct align *a = align_create();
	clock_t began = clock();
	uint64_t real;

	(void)state;
	n_left = 300000;
	assert_int_equal(align_scan(a, &src), 0);
	assert_true(align_wall(a, 0, 1234, &real));
	assert_int_equal(real, BOOT + 1234);
	align_destroy(a);
	assert_true(clock() - began < 5 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_slew),
		cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_descending),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
