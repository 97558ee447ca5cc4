// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_parts.c - what the scope says in places that no golden screen has
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/scope_help.h"

static struct synth y;

static void reads(uint32_t n)
{
	while (n--)
		synth_read(&y, MIB, MS);
}

/* A VM of two devices, of which the first one leaves. */
static int setup(void **state)
{
	static const uint64_t all = MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY;

	(void)state;
	synth_init(&y);
	y.pid = y.tid = 4711;
	synth_task(&y, 4711, "qemu", "web-07");
	synth_device(&y, 2, "0000:3b:00.3", "mlx5_vfio_pci", all);
	synth_open(&y);
	synth_device(&y, 1, "0000:3b:00.2", "mlx5_vfio_pci", all);
	synth_open(&y);
	synth_set_state(&y, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&y, 64 * MIB, 0);
	reads(20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	synth_free(&y);
	return 0;
}

/* What is refused later does not yet do anything, whatever its VM does. */
static void test_not_yet(void **state)
{
	struct scope *s;

	(void)state;
	y.device = 2;
	y.stream = 0;
	y.state = MIG_RUNNING;
	synth_set_state_fails(&y, MIG_PRE_COPY, EIO);
	s = scope_drawn(y.ev, y.n, NULL);
	assert_non_null(strstr(screen(s), "0000:3b:00.3       FAILED  mlx5_vfio_pci"));
	scope_seek_event(s, 13);
	assert_non_null(strstr(screen(s), "0000:3b:00.2       leaves  mlx5_vfio_pci"));
	assert_non_null(strstr(screen(s), "0000:3b:00.3       –       mlx5_vfio_pci"));
	scope_destroy(s);
}

/* What no call returned has no error to be named by, however narrow the screen is. */
static void test_process_dies(void **state)
{
	static const int cols[] = { 80, 100, 160 };
	char text[FAILURE_TEXT_LEN];
	const struct migration *g;
	struct scope *s;
	size_t i;

	(void)state;
	y.device = y.stream = 0;
	synth_add(&y, EV_PROCESS_EXIT, 0, 0)->process_exit.signal = 9;
	s = scope_of(y.ev, y.n, NULL);
	g = model_migration(store_model(s->store), 1);
	assert_int_equal(g->n_causes, 1);
	judge_failure_text(&g->cause[0], text);
	for (i = 0; i < sizeof(cols) / sizeof(cols[0]); i++) {
		scope_resize(s, 24, cols[i]);
		assert_non_null(strstr(screen(s), text));
	}
	scope_destroy(s);
}

/* Times since the line before: the first line has none, also if it is a run of many calls. */
static void test_first_line(void **state)
{
	struct scope_options o = { .time = TIME_DELTA };
	const char *line, *runs = NULL;
	struct scope *s;
	int rows;

	(void)state;
	synth_info(&y, 44 * MIB, 0);
	s = scope_of(y.ev, y.n, &o);
	/* Until it has room for no other. */
	for (rows = 24; rows > 8; rows--) {
		scope_resize(s, rows, 120);
		line = strstr(screen(s), " EVENTS ");
		if (!line || !s->log_n)
			continue;
		line = strchr(line, '\n') + 1;
		assert_non_null(strstr(line, "+0.000000 "));
		assert_true(strstr(line, "+0.000000 ") < strchr(line, '\n'));
		if (s->log[0].first != s->log[0].last)
			runs = line;
	}
	assert_non_null(runs);
	scope_destroy(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_not_yet),
		T(test_process_dies),
		T(test_first_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
