// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a function is hooked (bpf/hook.bpf.h), by a kernel of our own that skips
 * programs: every way in which the programs of three calls of a task are skipped
 * while kprobes come to a function that has fentry and fexit programs and take
 * over.  Each call is told once at most, and what is told and what is counted as
 * skipped make all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/wire.h"
#include "capture/attach_internal.h"

/* What the programs get from the kernel and from record.bpf.h. */
#define VFIOSCOPE_RECORD_BPF_H
#define SEC(name)
#define __weak
#define __uint(name, val)     int(*name)[val]
#define __type(name, val)     typeof(val) *name
#define BPF_ANY		      0
#define BPF_MAP_TYPE_HASH     1
#define BPF_MAP_TYPE_LRU_HASH 9
#ifndef __always_inline
#define __always_inline inline
#endif

static struct wire_counters now;

static struct wire_counters *counters_get(void)
{
	return &now;
}

/* Maps of one entry: there is one task and one hook. */
static struct {
	const void *map;
	bool there;
	_Alignas(8) uint8_t value[64];
} maps[2];

static size_t map_of(const void *map)
{
	size_t i;

	for (i = 0; maps[i].map && maps[i].map != map; i++)
		assert_true(i + 1 < 2);
	maps[i].map = map;
	return i;
}

static void *map_lookup(const void *map)
{
	size_t i = map_of(map);

	return maps[i].there ? maps[i].value : NULL;
}

static void map_update(const void *map, const void *value, size_t len)
{
	size_t i = map_of(map);

	assert_true(len <= sizeof(maps[i].value));
	memcpy(maps[i].value, value, len);
	maps[i].there = true;
}

#define bpf_map_lookup_elem(map, key) ((void)(key), map_lookup(map))
#define bpf_map_update_elem(map, key, value, flags) \
	((void)(key), map_update(map, value, sizeof(*(value))))
#define bpf_map_delete_elem(map, key) ((void)(key), maps[map_of(map)].there = false)
#define bpf_get_current_pid_tgid()    1
#define bpf_get_attach_cookie(ctx)    (*(__u64 *)(ctx))

static unsigned int lost_exits;

static void record_lost_exit(__u32 call, __u64 start_ns, __u32 device, __u32 stream)
{
	(void)call;
	(void)start_ns;
	(void)device;
	(void)stream;
	lost_exits++;
}

#include "bpf/hook.bpf.h"
#include "tests/unit/allocs.h"

__u8 by_kprobe[WIRE_HOOKS];

#define HOOK_ID WIRE_HOOK_read
#define CALLS	3
#define STEPS	(CALLS * 4)

/* In the order of a call's programs. */
enum step { KENTRY, FENTRY, FEXIT, KEXIT };

/* When, in steps, the kprobe and the kretprobe come, and when they take over. */
struct coming {
	int kprobe, kretprobe, take_over;
};

static struct hook_misses misses;
static bool others; /* a call was told with another one's arguments */
static unsigned int told[CALLS];

#define SKIP(call, step) (1U << ((call)*4 + (step)))

/*
 * May @call be told with what call @of had for arguments?  Its kprobe was skipped, and
 * a fentry program that shows which of the two an entry is of.
 */
static bool excused(unsigned int skipped, __u64 of, int call, bool beside)
{
	return skipped & SKIP(call, KENTRY) &&
	       (!beside || skipped & (SKIP(call, FENTRY) | SKIP(of, FENTRY)));
}

/* Which programs the kernel skips: a bit each, by step.  @cookie: of the kprobes */
static void run(unsigned int skipped, const struct coming *when, __u64 cookie)
{
	bool beside = cookie == WIRE_COOKIE_BESIDE_FEXIT;
	__u64 a[4], taken[4];
	bool kretprobe = false;
	int i, call;

	memset(&now, 0, sizeof(now));
	memset(&misses, 0, sizeof(misses));
	memset(told, 0, sizeof(told));
	memset(maps, 0, sizeof(maps));
	by_kprobe[HOOK_ID] = 0;
	lost_exits = 0;
	others = false;
	for (i = 0; i < STEPS; i++) {
		bool skip = skipped >> i & 1;

		call = i / 4;
		a[0] = a[1] = a[2] = a[3] = call;
		if (i == when->take_over)
			by_kprobe[HOOK_ID] = 1;
		switch (i % 4) {
		case KENTRY:
			kretprobe = i >= when->kretprobe;
			if (i >= when->kprobe && !skip)
				kargs_save(HOOK_ID, a, by_kprobe[HOOK_ID]);
			break;
		case FENTRY:
			if (beside && !skip && by_kprobe[HOOK_ID])
				kargs_mark(HOOK_ID);
			break;
		case FEXIT:
			if (!beside)
				break;
			if (skip)
				misses.fexit++;
			else if (fexit_is_due(HOOK_ID))
				told[call]++;
			break;
		case KEXIT:
			if (!kretprobe)
				break;
			if (skip)
				misses.kexit++;
			else if (kargs_take(HOOK_ID, taken, &cookie)) {
				told[call]++;
				others |= taken[0] != (__u64)call &&
					  !excused(skipped, taken[0], call, beside);
			}
			break;
		}
	}
}

static uint64_t all_skipped(void)
{
	return hook_skipped(&misses, &now, HOOK_ID);
}

static unsigned int all_told(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < CALLS; i++) {
		assert_true(told[i] <= 1);
		n += told[i];
	}
	return n;
}

/* Every way in which kprobes come, with every way of skipping. */
static void each(void (*check)(unsigned int skipped, const struct coming *when))
{
	unsigned int skipped;
	struct coming c;

	for (c.kprobe = 0; c.kprobe <= STEPS; c.kprobe++)
		for (c.kretprobe = c.kprobe; c.kretprobe <= STEPS; c.kretprobe++)
			for (c.take_over = c.kretprobe; c.take_over <= STEPS; c.take_over++)
				for (skipped = 0; skipped < 1U << STEPS; skipped++)
					check(skipped, &c);
}

static void fail_run(unsigned int skipped, const struct coming *c)
{
	fail_msg("skipped %#x, kprobe at %d, kretprobe at %d, take-over at %d: %u told, %u lost",
		 skipped, c->kprobe, c->kretprobe, c->take_over, all_told(),
		 (unsigned int)all_skipped());
}

/* And the kprobe knows nothing of it. */
static bool told_just_before(unsigned int skipped, const struct coming *when)
{
	int entry = when->take_over - KEXIT;

	return entry % 4 == KENTRY && (when->kprobe > entry || skipped >> entry & 1);
}

static void check_exact(unsigned int skipped, const struct coming *when)
{
	run(skipped, when, WIRE_COOKIE_BESIDE_FEXIT);
	if (all_told() + all_skipped() != CALLS || others)
		fail_run(skipped, when);
	/* One is said to be lost where it is, unless fexit told it just before they took over. */
	if (lost_exits > all_skipped() && !told_just_before(skipped, when))
		fail_run(skipped, when);
}

/* Another function of the hook has kprobes alone, and of its calls two were skipped. */
static void check_beside_another(unsigned int skipped, const struct coming *when)
{
	run(skipped, when, WIRE_COOKIE_BESIDE_FEXIT);
	misses.kprobe_alone = true;
	misses.kexit += 2;
	if (all_told() + all_skipped() < CALLS + 2)
		fail_run(skipped, when);
}

static void test_all_are_told_or_counted(void **state)
{
	(void)state;
	each(check_exact);
	each(check_beside_another);
}

/* What the kretprobes of a function missed is no loss where fexit told it, and one loss else. */
static void test_beside_another(void **state)
{
	const struct coming when = {};

	(void)state;
	run(SKIP(1, KENTRY) | SKIP(1, KEXIT) | SKIP(2, KENTRY) | SKIP(2, KEXIT), &when,
	    WIRE_COOKIE_BESIDE_FEXIT);
	misses.kprobe_alone = true;
	assert_int_equal(all_told(), 3);
	/* Whether a kretprobe was there is not known of the first that fexit tells. */
	assert_int_equal(all_skipped(), 1);
	misses.kexit += 5;
	assert_int_equal(all_skipped(), 6);

	run(SKIP(1, KEXIT) | SKIP(2, FEXIT), &when, WIRE_COOKIE_BESIDE_FEXIT);
	misses.kprobe_alone = true;
	assert_int_equal(all_told(), 2);
	assert_int_equal(all_skipped(), 1);
}

/* The one that only the kretprobe is shown is told as lost at its place. */
static void test_lost_at_its_place(void **state)
{
	const struct coming when = {};

	(void)state;
	run(SKIP(1, KENTRY) | SKIP(1, FEXIT), &when, WIRE_COOKIE_BESIDE_FEXIT);
	assert_int_equal(lost_exits, 1);
	run(SKIP(1, KENTRY) | SKIP(1, FENTRY) | SKIP(1, FEXIT), &when, WIRE_COOKIE_BESIDE_FEXIT);
	assert_int_equal(lost_exits, 1);
	run(SKIP(1, KENTRY), &when, 0);
	assert_int_equal(lost_exits, 1);
}

/* What a skipped return has left is no reason to stand back. */
static void test_fexit_tells_after_a_skipped_return(void **state)
{
	const struct coming when = {};

	(void)state;
	run(SKIP(0, KEXIT) | SKIP(1, KENTRY) | SKIP(1, FENTRY) | SKIP(1, KEXIT) | SKIP(2, KENTRY) |
		    SKIP(2, FENTRY),
	    &when, WIRE_COOKIE_BESIDE_FEXIT);
	assert_int_equal(told[0], 0);
	assert_int_equal(told[1], 1);
	assert_int_equal(told[2], 1);
	assert_int_equal(all_skipped(), 1);
}

static void test_kprobes_alone(void **state)
{
	const struct coming when = {};
	unsigned int skipped;

	(void)state;
	for (skipped = 0; skipped < 1U << STEPS; skipped++) {
		run(skipped, &when, 0);
		misses.kprobe_alone = true;
		/* What a skipped return left may be taken for the entry of the next: told, once. */
		if (all_told() + all_skipped() != CALLS)
			fail_run(skipped, &when);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_told_or_counted),
		cmocka_unit_test(test_beside_another),
		cmocka_unit_test(test_lost_at_its_place),
		cmocka_unit_test(test_fexit_tells_after_a_skipped_return),
		cmocka_unit_test(test_kprobes_alone),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
