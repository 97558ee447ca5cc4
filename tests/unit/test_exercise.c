// SPDX-License-Identifier: GPL-2.0-only
/* What of exercise needs no device: policies, words, sizes by seed, faults. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exercise/dirty.h"
#include "exercise/exercise.h"
#include "exercise/random.h"
#include "exercise/verify.h"
#include "judge/judge.h"

#define MS 1000000ULL
#define S  1000000000ULL

static struct policy_view view_at(uint64_t initial, uint64_t dirty)
{
	struct policy_view v;

	policy_begin(&v, 10 * S);
	policy_info(&v, initial, dirty);
	return v;
}

static enum policy_answer ask(enum policy_kind kind, uint64_t value, const struct policy_view *v,
			      uint64_t after)
{
	struct policy p = { .kind = kind, .value = value, .limit_ns = 30 * S };

	return policy_ask(&p, v, v->began_ns + after);
}

static void policies(void **state)
{
	struct policy_view v = view_at(1000, 500);

	(void)state;
	assert_int_equal(ask(POLICY_AT_ONCE, 0, &v, 0), POLICY_SWITCH);
	assert_int_equal(ask(POLICY_INITIAL, 0, &v, S), POLICY_STAY);
	assert_int_equal(ask(POLICY_BELOW, 1499, &v, S), POLICY_STAY);
	assert_int_equal(ask(POLICY_BELOW, 1500, &v, S), POLICY_SWITCH);
	assert_int_equal(ask(POLICY_AFTER, S, &v, S - 1), POLICY_STAY);
	assert_int_equal(ask(POLICY_AFTER, S, &v, S), POLICY_SWITCH);
	assert_int_equal(ask(POLICY_CONVERGED, 0, &v, S), POLICY_STAY);

	/* What was read since is not known to be gone: the device may have dirtied. */
	policy_read(&v, 1500);
	assert_int_equal(policy_left(&v), 0);
	assert_int_equal(ask(POLICY_BELOW, 1000, &v, S), POLICY_STAY);
	assert_int_equal(ask(POLICY_INITIAL, 0, &v, S), POLICY_STAY);
	policy_info(&v, 0, 700);
	assert_int_equal(ask(POLICY_INITIAL, 0, &v, S), POLICY_SWITCH);
	assert_int_equal(ask(POLICY_CONVERGED, 0, &v, S), POLICY_STAY);
	policy_info(&v, 0, 0);
	assert_int_equal(ask(POLICY_CONVERGED, 0, &v, S), POLICY_SWITCH);
}

static void policy_limits(void **state)
{
	struct policy p = { .kind = POLICY_BELOW, .value = 1, .limit_ns = 2 * S };
	struct policy_view v = view_at(0, 4096);
	int i;

	(void)state;
	assert_int_equal(policy_ask(&p, &v, v.began_ns + 2 * S - 1), POLICY_STAY);
	assert_int_equal(policy_ask(&p, &v, v.began_ns + 2 * S), POLICY_GIVE_UP);
	assert_int_equal(policy_deadline(&p, &v), v.began_ns + 2 * S);
	p = (struct policy){ .kind = POLICY_AFTER, .value = S, .limit_ns = 2 * S };
	assert_int_equal(policy_deadline(&p, &v), v.began_ns + S);

	/* It becomes less, and less, and then no more. */
	p = (struct policy){ .kind = POLICY_CONVERGED, .limit_ns = 30 * S };
	v = view_at(0, 1 << 20);
	for (i = 0; i < 3 * POLICY_PATIENCE; i++)
		policy_info(&v, 0, (1 << 20) >> (i / 4));
	assert_int_equal(policy_ask(&p, &v, v.began_ns), POLICY_STAY);
	for (i = 0; i < POLICY_PATIENCE; i++)
		policy_info(&v, 0, 1 << 18);
	assert_int_equal(policy_ask(&p, &v, v.began_ns), POLICY_GIVE_UP);
}

/* A driver without infos is left when there is nothing more for now. */
static void policy_uninformed(void **state)
{
	struct policy_view v;

	(void)state;
	policy_begin(&v, 10 * S);
	policy_read(&v, 4096);
	assert_int_equal(ask(POLICY_CONVERGED, 0, &v, S), POLICY_STAY);
	assert_int_equal(ask(POLICY_INITIAL, 0, &v, S), POLICY_STAY);
	assert_int_equal(ask(POLICY_BELOW, 1 << 20, &v, S), POLICY_STAY);
	policy_read(&v, 0);
	assert_int_equal(ask(POLICY_CONVERGED, 0, &v, S), POLICY_SWITCH);
	assert_int_equal(ask(POLICY_INITIAL, 0, &v, S), POLICY_SWITCH);
	assert_int_equal(ask(POLICY_BELOW, 1 << 20, &v, S), POLICY_SWITCH);
}

static void words(void **state)
{
	static const char *const bad_switch[] = {
		"", "convergd", "after", "after=", "after=x", "below=", "below=-1"
	};
	static const char *const bad_dirty[] = { "",   "x",  "2:", "2:0", "2:4x",
						 ":4", "-1", "2 ", "256", "99999999999999999999" };
	static const char *const bad_compare[] = {
		"", "2:", "2:0x", "2:1:", "2:1:0", "2:x", "2:0x-1", "2:1:2:3"
	};
	static const char *const bad_buffer[] = { "", "0", "2GiB", "odd" };
	static const char *const bad_delay[] = { "", "read", "read=", "write=1s", "load=x" };
	char err[EXERCISE_ERR_LEN];
	struct exercise_plan plan = { 0 };
	struct exercise_region r;
	struct policy p;
	uint64_t size;
	size_t i;

	(void)state;
	assert_int_equal(exercise_parse_switch("below=64KiB", &p, err), 0);
	assert_int_equal(p.kind, POLICY_BELOW);
	assert_int_equal(p.value, 65536);
	assert_int_equal(exercise_parse_switch("after=250ms", &p, err), 0);
	assert_int_equal(p.kind, POLICY_AFTER);
	assert_int_equal(p.value, 250 * MS);
	assert_int_equal(exercise_parse_switch("no-precopy", &p, err), 0);
	assert_int_equal(p.kind, POLICY_NONE);

	assert_int_equal(exercise_parse_dirty("2", &r, err), 0);
	assert_true(r.given && r.index == 2 && r.rate == 1 << 20);
	assert_int_equal(exercise_parse_dirty("0:max", &r, err), 0);
	assert_true(r.given && r.index == 0 && !r.rate);
	assert_int_equal(exercise_parse_dirty("9:4MiB/s", &r, err), 0);
	assert_true(r.index == 9 && r.rate == 4 << 20);
	assert_int_equal(exercise_parse_dirty("255", &r, err), 0);
	assert_int_equal(r.index, 255);
	assert_int_equal(exercise_parse_dirty("256", &r, err), -EINVAL);

	assert_int_equal(exercise_parse_compare("2:0x1000:8KiB", &r, err), 0);
	assert_true(r.index == 2 && r.offset == 4096 && r.length == 8192);
	assert_false(r.stream);
	assert_int_equal(exercise_parse_compare("stream", &r, err), 0);
	assert_true(r.given && r.stream);
	assert_int_equal(exercise_parse_compare("2:64KiB", &r, err), 0);
	assert_true(r.offset == 65536 && !r.length);

	assert_int_equal(exercise_parse_buffer("random", &size, err), 0);
	assert_int_equal(size, 0);
	assert_int_equal(exercise_parse_buffer("4099", &size, err), 0);
	assert_int_equal(size, 4099);
	assert_int_equal(exercise_parse_delay("load=50ms", &plan, err), 0);
	assert_true(plan.delay_load_ns == 50 * MS && !plan.delay_read_ns && !plan.delay_arc_ns);

	for (i = 0; i < sizeof(bad_switch) / sizeof(bad_switch[0]); i++)
		assert_int_equal(exercise_parse_switch(bad_switch[i], &p, err), -EINVAL);
	for (i = 0; i < sizeof(bad_dirty) / sizeof(bad_dirty[0]); i++)
		assert_int_equal(exercise_parse_dirty(bad_dirty[i], &r, err), -EINVAL);
	for (i = 0; i < sizeof(bad_compare) / sizeof(bad_compare[0]); i++)
		assert_int_equal(exercise_parse_compare(bad_compare[i], &r, err), -EINVAL);
	for (i = 0; i < sizeof(bad_buffer) / sizeof(bad_buffer[0]); i++)
		assert_int_equal(exercise_parse_buffer(bad_buffer[i], &size, err), -EINVAL);
	for (i = 0; i < sizeof(bad_delay) / sizeof(bad_delay[0]); i++)
		assert_int_equal(exercise_parse_delay(bad_delay[i], &plan, err), -EINVAL);
}

static void contradictions(void **state)
{
	const struct exercise_plan fine = { .device = "a", .to = "b", .with = "c" };
	char err[EXERCISE_ERR_LEN];
	struct exercise_plan p = fine;
	uint32_t i;

	(void)state;
	assert_int_equal(exercise_plan_check(&p, err), 0);
	p.to = "a";
	assert_int_equal(exercise_plan_check(&p, err), -EINVAL);
	p = fine;
	p.with = "b";
	assert_int_equal(exercise_plan_check(&p, err), -EINVAL);
	p = fine;
	p.no_load = true;
	assert_int_equal(exercise_plan_check(&p, err), -EINVAL);
	p = fine;
	p.cancel = STAGE_PRECOPY;
	assert_int_equal(exercise_plan_check(&p, err), 0);
	p.policy.kind = POLICY_NONE;
	assert_int_equal(exercise_plan_check(&p, err), -EINVAL);
	p = fine;
	p.cancel = STAGE_PRECOPY;
	p.reset = STAGE_PRECOPY;
	assert_int_equal(exercise_plan_check(&p, err), -EINVAL);

	/* A fault says what it cannot be shown without. */
	for (i = FAULT_NONE + 1; i < FAULT_NR; i++) {
		uint32_t needs = fault_info(i)->needs;

		p = (struct exercise_plan){ .device = "a", .fault = i };
		assert_int_equal(exercise_plan_check(&p, err),
				 needs & (FAULT_NEEDS_TO | FAULT_NEEDS_WITH | FAULT_NEEDS_DIRTY) ?
					 -EINVAL :
					 0);
		p.to = "b";
		p.with = "c";
		p.dirty.given = true;
		assert_int_equal(exercise_plan_check(&p, err), 0);
		p.cancel = STAGE_STOP_COPY;
		assert_int_equal(exercise_plan_check(&p, err), -EINVAL);
	}
}

/* Each fault is a rule of the judge's, and its word is in its place. */
static void faults(void **state)
{
	uint32_t i;

	(void)state;
	for (i = FAULT_NONE + 1; i < FAULT_NR; i++) {
		uint32_t rule;

		assert_non_null(fault_info(i));
		assert_string_equal(fault_words[i], fault_info(i)->name);
		assert_int_equal(fault_from_name(fault_info(i)->name), i);
		rule = judge_rule_from_name(fault_info(i)->name);
		assert_int_not_equal(rule, RULE_NR);
	}
	assert_int_equal(fault_from_name("none"), FAULT_NONE);
	assert_int_equal(fault_from_name("list"), FAULT_NR);
	assert_string_equal(fault_words[FAULT_WORD_LIST], "list");
	assert_null(fault_words[FAULT_WORD_LIST + 1]);
	assert_null(fault_info(FAULT_NONE));
	assert_null(fault_info(FAULT_NR));
}

static void sizes(void **state)
{
	struct sizes a = { 0 }, b = { 0 }, c = { 0 };
	unsigned int small = 0, odd = 0, large = 0, same = 0, i;

	(void)state;
	random_seed(&a.random, 7, 0);
	random_seed(&b.random, 7, 0);
	random_seed(&c.random, 7, 1);
	for (i = 0; i < 4000; i++) {
		size_t n = sizes_next(&a);

		assert_true(n >= 1 && n <= SIZES_MAX);
		assert_int_equal(n, sizes_next(&b));
		same += n == sizes_next(&c);
		small += n < 8;
		odd += n % 2;
		large += n > 65536;
	}
	/* A quarter of each kind; another stream of the same seed is another one. */
	assert_in_range(small, 800, 1200);
	assert_in_range(odd, 1700, 2400);
	assert_in_range(large, 700, 1200);
	assert_true(same < 1000);
	a.fixed = 4099;
	assert_int_equal(sizes_next(&a), 4099);
}

/* Every choice is made now and then, none contradicts itself, and the seed decides. */
static void variety(void **state)
{
	const struct exercise_plan base = {
		.device = "a",
		.to = "b",
		.vary = true,
		.seed = 3,
		.dirty = { .given = true },
		.policy.limit_ns = 30 * S,
	};
	unsigned int kinds[POLICY_NONE + 1] = { 0 }, cancels = 0, random = 0, limited = 0, max = 0;
	char how[EXERCISE_HOW_LEN], again[EXERCISE_HOW_LEN], err[EXERCISE_ERR_LEN];
	struct exercise_plan p, q;
	uint32_t i, same = 0;

	(void)state;
	for (i = 1; i <= 1000; i++) {
		p = q = base;
		exercise_vary(&p, i, how);
		exercise_vary(&q, i, again);
		assert_string_equal(how, again);
		assert_memory_equal(&p, &q, sizeof(p));
		q.seed = 4;
		exercise_vary(&q, i, again);
		same += !strcmp(how, again);
		assert_true(strlen(how) < EXERCISE_HOW_LEN - 1);
		kinds[p.policy.kind]++;
		cancels += p.cancel != STAGE_NEVER;
		random += !p.buffer;
		limited += p.bandwidth > 0;
		max += !p.dirty.rate;
		assert_true(p.policy.limit_ns == 30 * S && p.buffer <= 4 << 20 && !p.reset);
		p.vary = false;
		assert_int_equal(exercise_plan_check(&p, err), 0);
	}
	assert_true(same < 10);
	assert_in_range(kinds[POLICY_AFTER], 200, 400);
	assert_in_range(kinds[POLICY_BELOW], 100, 300);
	assert_in_range(kinds[POLICY_NONE], 50, 200);
	assert_in_range(kinds[POLICY_INITIAL], 50, 250);
	assert_in_range(kinds[POLICY_CONVERGED], 150, 450);
	/* Which the uAPI advises against. */
	assert_int_equal(kinds[POLICY_AT_ONCE], 0);
	assert_in_range(cancels, 50, 160);
	assert_in_range(random, 400, 600);
	assert_in_range(limited, 300, 500);
	assert_in_range(max, 50, 160);
	p = base;
	p.cancel = STAGE_PRECOPY;
	assert_int_equal(exercise_plan_check(&p, err), -EINVAL);
}

static void noise(void **state)
{
	uint8_t a[67] = { 0 }, b[67] = { 0 };
	struct random r;
	size_t zeros = 0, i;

	(void)state;
	random_seed(&r, 1, 2);
	random_fill(&r, a, sizeof(a) - 1);
	random_seed(&r, 1, 2);
	random_fill(&r, b, sizeof(b) - 1);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(a[66], 0);
	for (i = 0; i < 66; i++)
		zeros += !a[i];
	assert_true(zeros < 6);
	for (i = 0; i < 1000; i++)
		assert_true(random_below(&r, 3) < 3);
}

/* A file does for a device: regions are read and written at offsets of its FD. */
#define REGION_AT   12288
#define REGION_SIZE (5 * 4096 + 20)

static FILE *file_device(struct device *d, struct region *r)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), REGION_AT + REGION_SIZE + 4096), 0);
	*d = (struct device){ .fd = fileno(f), .iommu = -1, .group_fd = -1 };
	*r = (struct region){ .offset = REGION_AT, .size = REGION_SIZE };
	return f;
}

static void prints(void **state)
{
	struct print a = { 0 }, b = { 0 }, c = { 0 };
	struct random noise;
	struct region r;
	struct device d;
	size_t first = 77;
	uint8_t byte = 0;
	FILE *f = file_device(&d, &r);

	(void)state;
	/* Whatever was there before. */
	memset(&a, 0x55, sizeof(a));
	assert_int_equal(print_take(&a, &d, &r), 0);
	assert_int_equal(a.n, 6);
	random_seed(&noise, 1, 0);
	assert_int_equal(dirty_stamp(&d, &r, &noise), 0);
	/* Each page got some, the last one too, and nothing beside the region. */
	assert_int_equal(print_take(&b, &d, &r), 0);
	assert_int_equal(print_compare(&a, &b, &first), 6);
	assert_int_equal(first, 0);
	assert_int_equal(pread(d.fd, &byte, 1, REGION_AT - 1), 1);
	assert_int_equal(byte, 0);
	assert_int_equal(pread(d.fd, &byte, 1, REGION_AT + REGION_SIZE), 1);
	assert_int_equal(byte, 0);

	/* One bit of one page, and the very last byte. */
	assert_int_equal(pread(d.fd, &byte, 1, REGION_AT + 2 * 4096 + 4095), 1);
	byte ^= 1;
	assert_int_equal(pwrite(d.fd, &byte, 1, REGION_AT + 2 * 4096 + 4095), 1);
	byte = 0xa5;
	assert_int_equal(pwrite(d.fd, &byte, 1, REGION_AT + REGION_SIZE - 1), 1);
	assert_int_equal(print_take(&c, &d, &r), 0);
	assert_int_equal(print_compare(&b, &c, &first), 2);
	assert_int_equal(first, 2);
	assert_int_equal(print_compare(&c, &c, &first), 0);
	print_free(&c);
	assert_int_equal(print_compare(&a, &c, &first), 6);

	/* What cannot be read whole is no print. */
	r.size += 1 << 20;
	assert_int_not_equal(print_take(&c, &d, &r), 0);
	print_free(&a);
	print_free(&b);
	print_free(&c);
	fclose(f);
}

/* The same bytes are the same however they are cut. */
static void stream_prints(void **state)
{
	struct stream_print a, b, c;
	uint8_t bytes[1000], buf[1000];
	struct random r;
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	random_seed(&r, 1, 0);
	random_fill(&r, bytes, sizeof(bytes));
	assert_int_equal(pwrite(fileno(f), bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(stream_print_take(&a, fileno(f), buf, sizeof(buf)), 0);
	assert_int_equal(a.bytes, sizeof(bytes));
	lseek(fileno(f), 0, SEEK_SET);
	assert_int_equal(stream_print_take(&b, fileno(f), buf, 7), 0);
	assert_true(stream_print_equal(&a, &b));
	bytes[999] ^= 1;
	assert_int_equal(pwrite(fileno(f), bytes, sizeof(bytes), 0), sizeof(bytes));
	lseek(fileno(f), 0, SEEK_SET);
	assert_int_equal(stream_print_take(&b, fileno(f), buf, 7), 0);
	assert_false(stream_print_equal(&a, &b));
	/* Two zeros are not one. */
	assert_int_equal(ftruncate(fileno(f), 0), 0);
	assert_int_equal(ftruncate(fileno(f), 1), 0);
	lseek(fileno(f), 0, SEEK_SET);
	assert_int_equal(stream_print_take(&b, fileno(f), buf, 7), 0);
	assert_int_equal(ftruncate(fileno(f), 2), 0);
	lseek(fileno(f), 0, SEEK_SET);
	assert_int_equal(stream_print_take(&c, fileno(f), buf, 7), 0);
	assert_false(stream_print_equal(&b, &c));
	fclose(f);
	assert_int_equal(stream_print_take(&c, -1, buf, 7), -EBADF);
}

static void dirtying(void **state)
{
	struct print a = { 0 }, b = { 0 };
	struct random noise;
	struct dirtier *dirtier;
	struct region r;
	struct device d;
	unsigned int wait_us = 100000;
	struct timespec from, to;
	uint64_t bytes;
	size_t first;
	int err;
	FILE *f = file_device(&d, &r);

	(void)state;
	random_seed(&noise, 1, 0);
	assert_int_equal(print_take(&a, &d, &r), 0);
	/* On a busy machine the thread may have to wait. */
	for (bytes = 0; !bytes && wait_us < 10000000; wait_us *= 2) {
		clock_gettime(CLOCK_MONOTONIC, &from);
		assert_int_equal(dirtier_start(&dirtier, &d, &r, 1 << 20, &noise), 0);
		usleep(wait_us);
		bytes = dirtier_stop(dirtier, &err);
		clock_gettime(CLOCK_MONOTONIC, &to);
		assert_int_equal(err, 0);
	}
	assert_true(bytes > 0);
	/* 1 MiB a second, and no more. */
	assert_true((double)bytes <= (1 << 20) * ((double)(to.tv_sec - from.tv_sec) +
						  (double)(to.tv_nsec - from.tv_nsec) / 1e9));
	assert_int_equal(bytes % 4096, 0);
	assert_int_equal(print_take(&b, &d, &r), 0);
	assert_true(print_compare(&a, &b, &first) > 0);
	print_free(&a);

	/* Nobody writes any more. */
	usleep(20000);
	assert_int_equal(print_take(&a, &d, &r), 0);
	assert_int_equal(print_compare(&a, &b, &first), 0);

	/* A write that fails ends it, and is told. */
	fclose(f);
	d.fd = -1;
	for (err = 0, wait_us = 50000; !err && wait_us < 10000000; wait_us *= 2) {
		assert_int_equal(dirtier_start(&dirtier, &d, &r, 0, &noise), 0);
		usleep(wait_us);
		assert_int_equal(dirtier_stop(dirtier, &err), 0);
	}
	assert_int_equal(err, -EBADF);
	assert_int_equal(dirtier_stop(NULL, &err), 0);
	assert_int_equal(err, 0);
	print_free(&a);
	print_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(policy_limits),
		cmocka_unit_test(policy_uninformed),
		cmocka_unit_test(words),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(faults),
		cmocka_unit_test(sizes),
		cmocka_unit_test(variety),
		cmocka_unit_test(noise),
		cmocka_unit_test(prints),
		cmocka_unit_test(stream_prints),
		cmocka_unit_test(dirtying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
