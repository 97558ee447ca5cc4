// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_keeper.c - hooks that go slowly, and one that does not go
 *
 * What stands for a hook is a clock of perf's, which needs no privilege; closing one takes as long as the test says.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/keeper.h"

#define HOOKS	 8
/* Each takes long, and much less than is waited for the next one to go; all together take longer than that. */
#define SLOW_MS	 250
#define LONG_MS	 1500
#define SHORT_MS 100

/* In the keeper: a hook takes so long, and after so many none goes any more. */
static struct {
	pid_t test;
	int ms, go;
} * slow;
static int hook[HOOKS];

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	struct timespec wait = { .tv_nsec = slow ? slow->ms * 1000000L : 0 };
	int i, ret = __real_close(fd);

	if (!slow || getpid() == slow->test)
		return ret;
	for (i = 0; i < HOOKS; i++) {
		if (fd != hook[i])
			continue;
		nanosleep(&wait, NULL);
		while (!slow->go--)
			pause();
	}
	return ret;
}

static int open_clock(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static pid_t begin(int ms, int go)
{
	pid_t keeper;
	int i;

	slow->ms = ms;
	slow->go = go;
	for (i = 0; i < HOOKS; i++) {
		hook[i] = open_clock();
		if (hook[i] < 0)
			skip(); /* kernel.perf_event_paranoid */
	}
	keeper = keeper_start();
	assert_true(keeper > 0);
	return keeper;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* All of them take longer than the time that one is given. */
static void test_slow(void **state)
{
	pid_t keeper = begin(SLOW_MS, -1);
	int i;

	(void)state;
	assert_int_equal(keeper_finish(keeper, LONG_MS), 0);
	for (i = 0; i < HOOKS; i++)
		assert_false(is_open(hook[i]));
	/* Nothing else was closed. */
	assert_true(is_open(STDERR_FILENO));
}

/* Some go, then none does: that is told, and what is left stays open. */
static void test_hangs(void **state)
{
	pid_t keeper = begin(1, 3);
	int i, left = 0;

	(void)state;
	assert_int_equal(keeper_finish(keeper, SHORT_MS), -ETIMEDOUT);
	for (i = 0; i < HOOKS; i++)
		left += is_open(hook[i]);
	assert_int_equal(left, HOOKS - 4);
	kill(keeper, SIGKILL);
	assert_int_equal(waitpid(keeper, NULL, 0), keeper);
	for (i = 0; i < HOOKS; i++)
		if (is_open(hook[i]))
			__real_close(hook[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_hangs),
	};

	slow = mmap(NULL, sizeof(*slow), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (slow == MAP_FAILED)
		return 1;
	slow->test = getpid();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
