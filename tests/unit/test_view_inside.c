// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_inside.c - functions within calls, in words: of a call, of a session, of all sessions
 * of a side together, each by itself, and what does not fit
 */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/internal.h"
#include "view/inside.h"

#include "tests/unit/why_help.h"

#define EXEC "mlx5_cmd_exec"
#define DO   "mlx5_cmd_do"
/* Of a function in a call: how often, how long in all, and the longest. */
#define RAN(f, n, sum, longest)                                                           \
	{                                                                                 \
		.function = (f), .calls = (n), .total_ns = (sum), .longest_ns = (longest) \
	}
/* As often as can be, and the words of it. */
#define OFTEN	 12222222222222222222ULL
#define LONG_SUM "12 222 222 222 222 222 222 times 9.000 s, the longest 8.000 s"
#define NR(a)	 (sizeof(a) / sizeof((a)[0]))

/* EXEC and DO are functions 0 and 1; of 9 nobody knows the name. */
static void named(void)
{
	synth_function(&s, EXEC, UNSEEN_NOT);
	synth_function(&s, DO, UNSEEN_NOT);
	feed(EV_FUNCTION);
}

static void test_of_call(void **state)
{
	static const struct {
		struct call_why why;
		const char *words;
	} of[] = {
		{ { .n_inside = 0 }, "" },
		{ { .n_inside = 1, .inside = { RAN(0, 1, 2 * MS, 2 * MS) } },
		  EXEC " once 2.00 ms" },
		{ { .n_inside = 1, .inside = { RAN(0, 2, 3 * MS, 2 * MS) } },
		  EXEC " 2 times 3.00 ms, the longest 2.00 ms" },
		{ { .n_inside = 1, .inside = { RAN(9, 1, 2 * MS, 2 * MS) } }, "? once 2.00 ms" },
		{ { .n_inside = 2,
		    .inside = { RAN(0, 3, 401 * MS, 390 * MS), RAN(1, 1, 2 * MS, 2 * MS) } },
		  EXEC " 3 times 401 ms, the longest 390 ms; " DO " once 2.00 ms" },
		{ { .n_inside = 1, .inside_left_out = 1, .inside = { RAN(1, 1, 7, 7) } },
		  DO " once 7 ns; and 1 more" },
		{ { .n_inside = 0, .inside_left_out = 12 }, "; and 12 more" },
	};
	char buf[INSIDE_WORDS_LEN];
	size_t i;

	(void)state;
	named();
	for (i = 0; i < NR(of); i++) {
		memset(buf, '#', sizeof(buf));
		assert_string_equal(inside_call_words(m, &of[i].why, buf), of[i].words);
	}
}

static void test_of_session(void **state)
{
	static const struct {
		struct session_inside x;
		const char *words;
	} of[] = {
		{ { .unseen = UNSEEN_ABSENT },
		  EXEC
		  " not seen: no function has that name: inlined, or its module is not loaded" },
		{ { .unseen = UNSEEN_REFUSED, .err = -EPERM },
		  EXEC " not seen: the kernel takes no probe on it: EPERM" },
		/* Only an error is one. */
		{ { .unseen = UNSEEN_REFUSED, .err = 0 },
		  EXEC " not seen: the kernel takes no probe on it" },
		{ { .unseen = UNSEEN_REFUSED, .err = 1 },
		  EXEC " not seen: the kernel takes no probe on it" },
		/* What it is said to have done while nobody looked is nothing. */
		{ { .unseen = UNSEEN_NO_SIGN, .calls = 3, .total_ns = 5 },
		  EXEC " not seen: nothing has begun to migrate" },
		{ { .function = 9, .unseen = UNSEEN_NO_SIGN },
		  "? not seen: nothing has begun to migrate" },
		{ { .calls = 0 }, EXEC " not called" },
		{ { .function = 1, .calls = 0 }, DO " not called" },
		{ { .calls = 1,
		    .total_ns = 4,
		    .longest_ns = 4,
		    .longest_call = EV_ARC,
		    .longest_from = MIG_STOP,
		    .longest_to = MIG_STOP_COPY },
		  EXEC " once 4 ns in STOP -> STOP_COPY" },
		{ { .calls = 2,
		    .total_ns = 7,
		    .longest_ns = 4,
		    .longest_call = EV_SET_STATE,
		    .longest_from = MIG_UNKNOWN,
		    .longest_to = MIG_STOP },
		  EXEC " 2 times 7 ns, the longest 4 ns in SET_STATE(STOP)" },
		{ { .calls = 1,
		    .total_ns = 4,
		    .longest_ns = 4,
		    .longest_call = EV_SET_STATE,
		    .longest_from = MIG_UNKNOWN,
		    .longest_to = MIG_UNKNOWN },
		  EXEC " once 4 ns in SET_STATE" },
		{ { .calls = 1,
		    .total_ns = 4,
		    .longest_ns = 4,
		    .longest_call = EV_READ,
		    .longest_from = MIG_UNKNOWN,
		    .longest_to = MIG_STOP },
		  EXEC " once 4 ns in read()" },
	};
	char buf[INSIDE_LINE_LEN];
	size_t i;

	(void)state;
	named();
	for (i = 0; i < NR(of); i++)
		assert_string_equal(inside_words(m, &of[i].x, buf), of[i].words);
}

/* What fits of @want stands in a buffer of @size, and behind that nothing was written. */
static void fits(const char *got, size_t size, const char *want)
{
	size_t len = strlen(want);

	len = len < size ? len : size - 1;
	assert_memory_equal(got, want, len);
	assert_int_equal(got[len], '\0');
	assert_memory_equal(got + size, "########", 8);
}

/* A name of every length, each of whose characters is escaped. */
static const char *name_of_length(char safe[4 * EVENT_NAME_LEN], size_t len)
{
	char name[EVENT_NAME_LEN] = "";
	size_t i;

	/* Each one is told as four, and the rest as it is, so that all lengths come. */
	memset(name, 1, len / 4);
	memset(name + len / 4, 'x', len % 4);
	safe[0] = '\0';
	for (i = 0; i < len / 4; i++)
		strcat(safe, "\\x01");
	strcat(safe, &"xxx"[3 - len % 4]);
	teardown(NULL);
	assert_int_equal(setup(NULL), 0);
	synth_function(&s, name, UNSEEN_NOT);
	feed(EV_FUNCTION);
	assert_string_equal(model_function(m, 0)->name, name);
	return safe;
}

static void test_too_long(void **state)
{
	static const struct session_inside in[] = {
		{ .longest_call = EV_ARC,
		  .longest_from = MIG_PRE_COPY_P2P,
		  .longest_to = MIG_STOP_COPY },
		{ .longest_call = EV_SET_STATE, .longest_to = MIG_STOP_COPY },
		{ .longest_call = EV_READ },
	};
	static const char *const where[] = {
		" in PRE_COPY_P2P -> STOP_COPY",
		" in SET_STATE(STOP_COPY)",
		" in read()",
	};
	char name[4 * EVENT_NAME_LEN], words[INSIDE_WORDS_LEN + 8], want[8 * INSIDE_WORDS_LEN];
	struct call_why why = { .inside_left_out = 1 };
	struct session_inside x;
	size_t len, i, n;

	(void)state;
	for (i = 0; i < CALL_INSIDE_MAX; i++)
		why.inside[i] = (struct inside_sum)RAN(0, OFTEN, 9 * SEC, 8 * SEC);
	for (len = 4; len <= 4 * (EVENT_NAME_LEN - 1); len++) {
		if (len / 4 + len % 4 >= EVENT_NAME_LEN)
			continue;
		name_of_length(name, len);
		for (why.n_inside = 1; why.n_inside <= CALL_INSIDE_MAX; why.n_inside++) {
			for (want[0] = '\0', i = 0; i < why.n_inside; i++) {
				n = strlen(want);
				snprintf(want + n, sizeof(want) - n, "%s%s " LONG_SUM,
					 i ? "; " : "", name);
			}
			strcat(want, "; and 1 more");
			memset(words, '#', sizeof(words));
			fits(inside_call_words(m, &why, words), INSIDE_WORDS_LEN, want);
		}
		for (i = 0; i < NR(in); i++) {
			x = in[i];
			x.calls = OFTEN;
			x.total_ns = 9 * SEC;
			x.longest_ns = 8 * SEC;
			snprintf(want, sizeof(want), "%s " LONG_SUM "%s", name, where[i]);
			memset(words, '#', sizeof(words));
			fits(inside_words(m, &x, words), INSIDE_LINE_LEN, want);
		}
	}
}

/* Two devices of a VM: the first's read(), and a step of the other's. */
static void both(uint64_t first_ns, uint64_t second_ns)
{
	device(1, 100);
	to_stop_copy(4 * MS);
	synth_read(&s, MIB, 50 * MS);
	synth_inside(&s, EV_READ, EXEC, 0, first_ns);
	device(2, 100);
	to_stop_copy(60 * MS);
	synth_inside(&s, EV_ARC, EXEC, 0, second_ns);
	feed(EV_ARC);
}

static void test_of_side(void **state)
{
	static const struct {
		uint64_t first_ns, second_ns, longest_ns;
		uint32_t longest_call;
	} of[] = {
		{ 9 * MS, 8 * MS, 9 * MS, EV_READ },
		{ 8 * MS, 9 * MS, 9 * MS, EV_ARC },
		/* Of two that are as long the first. */
		{ 9 * MS, 9 * MS, 9 * MS, EV_READ },
	};
	struct session_inside *x;
	uint32_t n, id;
	size_t i;

	(void)state;
	for (i = 0; i < NR(of); i++) {
		teardown(NULL);
		assert_int_equal(setup(NULL), 0);
		synth_function(&s, EXEC, UNSEEN_NOT);
		synth_function(&s, DO, UNSEEN_ABSENT);
		both(of[i].first_ns, of[i].second_ns);
		assert_int_not_equal(model_side_session(m, 1, 1), 0);
		x = inside_of_side(m, 1, &n);
		assert_non_null(x);
		assert_int_equal(n, 2);
		assert_int_equal(x[0].function, 0);
		assert_int_equal(x[0].calls, 2);
		assert_int_equal(x[0].total_ns, of[i].first_ns + of[i].second_ns);
		assert_int_equal(x[0].longest_ns, of[i].longest_ns);
		assert_int_equal(x[0].longest_call, of[i].longest_call);
		assert_int_equal(x[0].longest_from,
				 of[i].longest_call == EV_ARC ? MIG_PRE_COPY : MIG_UNKNOWN);
		id = of[i].longest_call == EV_ARC ? model_side_session(m, 1, 1) : 1;
		assert_int_equal(x[0].longest_t_ns, model_session_inside(m, id, &n)->longest_t_ns);
		assert_int_equal(x[0].longest_to,
				 of[i].longest_call == EV_ARC ? MIG_STOP_COPY : MIG_UNKNOWN);
		assert_int_equal(x[1].unseen, UNSEEN_ABSENT);
		free(x);
	}
	x = inside_of_side(m, 2, &n);
	assert_null(x);
	assert_int_equal(n, 0);
	/* None was asked for. */
	teardown(NULL);
	assert_int_equal(setup(NULL), 0);
	device(1, 100);
	to_stop_copy(4 * MS);
	feed(EV_ARC);
	assert_null(inside_of_side(m, 1, &n));
	assert_int_equal(n, 0);
}

/* It is seen where any of them saw it, and then only that counts. */
static void test_seen_by_one(void **state)
{
	static const uint32_t unseen[][2] = {
		{ UNSEEN_NOT, UNSEEN_NOT },
		{ UNSEEN_NOT, UNSEEN_NO_SIGN },
		{ UNSEEN_NO_SIGN, UNSEEN_NOT },
		{ UNSEEN_NO_SIGN, UNSEEN_ABSENT },
	};
	static const uint64_t ns[] = { 8 * MS, 9 * MS };
	struct session_inside *x;
	uint64_t total, calls;
	uint32_t n, k;
	size_t i;

	(void)state;
	for (i = 0; i < NR(unseen); i++) {
		teardown(NULL);
		assert_int_equal(setup(NULL), 0);
		synth_function(&s, EXEC, UNSEEN_NOT);
		both(ns[0], ns[1]);
		for (total = calls = 0, k = 0; k < 2; k++) {
			sess_of(m, k + 1)->inside[0].unseen = unseen[i][k];
			if (unseen[i][k] == UNSEEN_NOT) {
				total += ns[k];
				calls++;
			}
		}
		x = inside_of_side(m, 1, &n);
		assert_int_equal(n, 1);
		if (calls) {
			assert_int_equal(x->unseen, UNSEEN_NOT);
			assert_int_equal(x->calls, calls);
			assert_int_equal(x->total_ns, total);
		} else {
			assert_int_equal(x->unseen, UNSEEN_NO_SIGN);
		}
		free(x);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_of_call), T(test_of_session),  T(test_too_long),
		T(test_of_side), T(test_seen_by_one),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
