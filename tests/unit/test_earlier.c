// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_earlier.c - a hint becomes a call under way only when nothing else can
 * explain it
 *
 * What the kernel says is here: attach_earlier() and process_user_time() of this
 * file stand in for the library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/earlier.h"
#include "capture/process.h"
#include "tests/unit/allocs.h"

static struct kernel_says {
	uint64_t id, user_time;
	struct wire_earlier call;
} says[4];
static size_t n_says;
static size_t looks;

void attach_earlier(struct attach *a,
		    void (*fn)(uint64_t id, const struct wire_earlier *call, void *arg), void *arg)
{
	size_t i;

	(void)a;
	looks++;
	for (i = 0; i < n_says; i++)
		fn(says[i].id, &says[i].call, arg);
}

uint64_t process_user_time(uint32_t tid)
{
	size_t i;

	for (i = 0; i < n_says; i++)
		if ((uint32_t)says[i].id == tid)
			return says[i].user_time;
	return 0;
}

/* Of a SET_STATE(STOP_COPY) whose argument is here, in this process. */
static struct {
	uint32_t argsz, flags, state, fd;
} argument = {
	16,
	VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE,
	3,
	0,
};

static void kernel_begins(void)
{
	size_t i;

	memset(says, 0, sizeof(says));
	n_says = 2;
	looks = 0;
	for (i = 0; i < n_says; i++)
		says[i] = (struct kernel_says) {
			.id = (uint64_t)getpid() << 32 | (100 + i), .user_time = 7,
			.call = {
				.user_arg = (uintptr_t)&argument, .sp = 0x7000, .ip = 0x400,
				.kind = WIRE_FEATURE, .cmd = 0x3b75, .device = 1 + i,
			},
		};
}

static struct attach_flight told[8];
static size_t n_told;

static void take(const struct attach_flight *f, void *arg)
{
	(void)arg;
	told[n_told++] = *f;
}

static size_t look(struct earlier *e)
{
	n_told = 0;
	earlier_flights(e, NULL, take, NULL);
	return n_told;
}

static void test_stays(void **state)
{
	struct earlier *e;

	(void)state;
	kernel_begins();
	e = earlier_create(NULL);
	assert_non_null(e);
	/* Later nobody may read that: the recorder's filter forbids it. */
	argument.state = 9;
	assert_int_equal(look(e), 2);
	argument.state = 3;
	assert_int_equal(told[0].tid, 100);
	assert_int_equal(told[0].pid, getpid());
	assert_int_equal(told[1].device, 2);
	assert_true(told[0].has_target);
	assert_int_equal(told[0].feature_target, 3);
	assert_true(told[0].start_ns && told[0].news && told[1].news);
	assert_int_equal(look(e), 2);
	assert_false(told[0].news || told[1].news);
	earlier_destroy(e);
}

static void test_other_argument(void **state)
{
	struct earlier *e;

	(void)state;
	kernel_begins();
	says[0].call.user_arg = 8; /* nobody may read that */
	says[1].call.kind = WIRE_READ;
	e = earlier_create(NULL);
	assert_int_equal(look(e), 2);
	assert_false(told[0].has_target || told[1].has_target);
	earlier_destroy(e);
}

/* Whatever changes, it is over, and for good. */
static void test_over(void **state)
{
	struct kernel_says was;
	struct earlier *e;
	int how;

	(void)state;
	for (how = 0; how < 6; how++) {
		kernel_begins();
		e = earlier_create(NULL);
		was = says[0];
		switch (how) {
		case 0:
			says[0].call.sp++;
			break;
		case 1:
			says[0].call.ip++;
			break;
		case 2:
			says[0].call.user_arg++;
			break;
		case 3:
			says[0].user_time++;
			break;
		case 4:
			says[0] = says[--n_says];
			break;
		case 5:
			earlier_over(e, 100);
			break;
		}
		assert_int_equal(look(e), 1);
		assert_int_equal(told[0].tid, 101);
		n_says = 2;
		says[1] = says[0].id == was.id ? says[1] : says[0];
		says[0] = was;
		assert_int_equal(look(e), 1);
		assert_int_equal(told[0].tid, 101);
		earlier_destroy(e);
	}
}

/* What begins later is the hooks' business; where nothing was, nothing is looked at. */
static void test_later(void **state)
{
	struct earlier *e;

	(void)state;
	kernel_begins();
	n_says = 1;
	e = earlier_create(NULL);
	n_says = 2;
	assert_int_equal(look(e), 1);
	earlier_over(e, 100);
	looks = 0;
	assert_int_equal(look(e), 0);
	assert_int_equal(looks, 0);
	earlier_destroy(e);
	n_says = 0;
	e = earlier_create(NULL);
	assert_null(e);
	earlier_over(e, 100);
	assert_int_equal(look(e), 0);
	earlier_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stays),
		cmocka_unit_test(test_other_argument),
		cmocka_unit_test(test_over),
		cmocka_unit_test(test_later),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
