// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edges of the scope: searches over the ends of chunks and beyond one step, runs of the
 * log that are cut, the least and the last of the time axis, as many words as fit.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/scope_help.h"
#include "tui/axis.h"
#include "tui/pane.h"
#include "tui/store_internal.h"

static struct synth made;

static int setup(void **state)
{
	(void)state;
	synth_init(&made);
	synth_task(&made, 4711, "qemu-system-x86", "web-07");
	synth_device(&made, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	synth_free(&made);
	return 0;
}

static struct scope *scope_of_made(void)
{
	return scope_drawn(made.ev, made.n, NULL);
}

/* Reads up to event @n, counted from 0. */
static void up_to(size_t n)
{
	while (made.n < n)
		synth_read(&made, MIB, US);
}

/* ---- search ---- */

static void test_search_over_chunks(void **state)
{
	/* The first and the last of chunks, and neighbours; some next to chunks that have none. */
	static const size_t at[] = { 100,  255,	 256,  257,  511,  512,
				     1023, 1024, 1279, 1792, 2047, 2048 };
	size_t n = sizeof(at) / sizeof(at[0]), i;
	struct scope *s;

	(void)state;
	assert_int_equal(CHUNK, 256);
	for (i = 0; i < n; i++) {
		up_to(at[i]);
		synth_add(&made, EV_GET_STATE, US, 0)->get_state.reported = MIG_PRE_COPY;
	}
	up_to(at[n - 1] + 300);
	s = scope_of_made();
	scope_key(s, 'g');
	assert_int_equal(scope_command(s, "search kind=get_state"), 0);
	for (i = 0; i < n; i++) {
		settle(s);
		assert_int_equal(scope_cursor(s), at[i] + 1);
		scope_key(s, 'n');
	}
	/* Beyond the last it begins anew. */
	settle(s);
	assert_int_equal(scope_cursor(s), at[0] + 1);
	scope_key(s, 'G');
	for (i = n; i-- > 0;) {
		scope_key(s, 'N');
		settle(s);
		assert_int_equal(scope_cursor(s), at[i] + 1);
	}
	scope_key(s, 'N');
	settle(s);
	assert_int_equal(scope_cursor(s), at[n - 1] + 1);
	scope_destroy(s);
}

/* What is further away than one step looks is found all the same, both ways. */
static void test_search_far(void **state)
{
	struct scope *s;
	size_t first, last;

	(void)state;
	up_to(20);
	first = made.n + 1;
	synth_read(&made, MIB, 2 * SEC);
	up_to(made.n + SEARCH_STEP + 500);
	last = made.n + 1;
	synth_read(&made, MIB, 2 * SEC);
	up_to(made.n + SEARCH_STEP + 500);
	s = scope_of_made();
	scope_key(s, 'g');
	assert_int_equal(scope_command(s, "search dur>1s"), 0);
	settle(s);
	assert_int_equal(scope_cursor(s), first);
	scope_key(s, 'n');
	settle(s);
	assert_int_equal(scope_cursor(s), last);
	scope_key(s, 'G');
	scope_key(s, 'N');
	assert_true(scope_searching(s));
	settle(s);
	assert_int_equal(scope_cursor(s), last);
	scope_key(s, 'N');
	settle(s);
	assert_int_equal(scope_cursor(s), first);
	scope_destroy(s);
}

static void test_words(void **state)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	(void)state;
	assert_int_equal(match_parse(&m, "1 2 3 4 5 6 7 8", err), 0);
	assert_int_equal(m.n, MATCH_TERMS);
	assert_int_equal(match_parse(&m, "1 2 3 4 5 6 7 8 9", err), -EINVAL);
	assert_string_equal(err, "at most 8 words");
}

/* ---- the log ---- */

static void test_runs(void **state)
{
	const size_t most = 1024, n = 3 * most;
	struct log_row row;
	struct scope *s;
	size_t first, i;

	(void)state;
	first = made.n;
	for (i = 0; i < n; i++)
		synth_read(&made, -ENOMSG, US);
	synth_read(&made, MIB, US);
	s = scope_of_made();
	log_row_at(s, first + 10, &row);
	assert_int_equal(row.first, first);
	assert_int_equal(row.last, first + 10 + most);
	assert_int_equal(row.calls, 10 + 1 + most);
	log_row_at(s, first + n / 2, &row);
	assert_int_equal(row.first, first + n / 2 - most);
	assert_int_equal(row.last, first + n / 2 + most);
	log_row_at(s, first + n - 10, &row);
	assert_int_equal(row.last, first + n - 1);
	log_row_at(s, first + n, &row);
	assert_int_equal(row.first, row.last);
	scope_destroy(s);
}

/* Whatever differs begins another line. */
static void test_runs_of_one(void **state)
{
	struct log_row row;
	struct scope *s;
	size_t first = made.n, i;
	struct event *ev;

	(void)state;
	for (i = 0; i < 6; i++) {
		synth_read(&made, -ENOMSG, US);
		ev = &made.ev[made.n - 1];
		switch (i) {
		case 1:
			ev->stream = 7;
			break;
		case 2:
			ev->tid = 7;
			break;
		case 3:
			ev->device = 7;
			break;
		case 4:
			ev->io.size = 4096;
			break;
		case 5:
			ev->ret = 0;
			break;
		}
	}
	s = scope_of_made();
	for (i = 0; i < 6; i++) {
		log_row_at(s, first + i, &row);
		assert_int_equal(row.first, first + i);
		assert_int_equal(row.last, first + i);
	}
	scope_destroy(s);
}

/* ---- latencies ---- */

static const char *line_of(struct scope *s, int row, char line[1024])
{
	static char *text;
	const char *at;
	size_t len;
	FILE *f;

	free(text);
	f = open_memstream(&text, &len);
	cells_print(s->cells, f);
	fclose(f);
	for (at = text; row > 0; row--)
		at = strchr(at, '\n') + 1;
	snprintf(line, 1024, "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

/* Where there is no room for all, the quick ones share the last line, and no line is too many. */
static void test_latencies_that_fit(void **state)
{
	static const char *const want[] = { "300 ms", "100 ms", "30 ms", "10 ms" };
	struct rect r = { 20, 0, 6, 120 };
	char line[1024];
	struct scope *s;
	uint64_t ns;
	int i;

	(void)state;
	for (ns = 2 * US; ns < 3 * SEC; ns *= 3)
		synth_read(&made, MIB, ns);
	s = scope_of_made();
	s->kind = SK_READ;
	cells_clear(s->cells);
	panes[PANE_LATENCY]->draw(s, scope_model(s), r);
	for (i = 0; i < 4; i++) {
		assert_non_null(strstr(line_of(s, 21 + i, line), "\u2524"));
		if (!strstr(line, want[i]))
			fail_msg("%d: %s is not in: %s", i, want[i], line);
	}
	assert_null(strstr(line_of(s, 25, line), "\u2524"));
	scope_destroy(s);
}

/* ---- time ---- */

/* An event is over when its end has come: from then on it is before the cursor. */
static void test_at_its_end(void **state)
{
	struct store *st = store_create();
	size_t i;

	(void)state;
	up_to(700);
	for (i = 0; i < made.n; i++)
		assert_int_equal(store_append(st, &made.ev[i], NULL), 0);
	for (i = made.n - 300; i < made.n; i++) {
		assert_int_equal(store_position(st, event_end_ns(&made.ev[i])), i + 1);
		assert_int_equal(store_position(st, event_end_ns(&made.ev[i]) - 1), i);
		assert_int_equal(store_time(st, i + 1), event_end_ns(&made.ev[i]));
	}
	store_destroy(st);
}

static void test_zoom(void **state)
{
	struct scope *s;
	uint64_t width;
	int i;

	(void)state;
	up_to(300);
	s = scope_of_made();
	for (i = 0; i < 80; i++) {
		scope_key(s, '+');
		scope_draw(s);
	}
	assert_string_equal(scope_message(s), "a microsecond is the least");
	width = s->to_ns - s->from_ns;
	assert_true(width >= 1000 && width < 2000);
	scope_destroy(s);
}

/* Labels stand at round times, up to where all times end. */
static void test_axis_ends(void **state)
{
	(void)state;
	assert_int_equal(axis_next(10, 5, 20), 15);
	assert_int_equal(axis_next(15, 5, 20), 20);
	assert_int_equal(axis_next(20, 5, 20), UINT64_MAX);
	assert_int_equal(axis_next(UINT64_MAX - 7, 5, UINT64_MAX), UINT64_MAX - 2);
	assert_int_equal(axis_next(UINT64_MAX - 2, 5, UINT64_MAX), UINT64_MAX);
}

/* The axis goes its way, and the cursor stays in sight. */
static void test_pan(void **state)
{
	struct scope *s;
	uint64_t width, from;
	int i;

	(void)state;
	up_to(3000);
	s = scope_of_made();
	for (i = 0; i < 4; i++)
		scope_key(s, '+');
	scope_draw(s);
	width = s->to_ns - s->from_ns;
	for (i = 0; i < 12; i++) {
		from = s->from_ns;
		scope_key(s, '<');
		assert_int_equal(s->from_ns, from - width / 4);
		assert_int_equal(s->to_ns - s->from_ns, width);
		assert_true(s->cursor_ns >= s->from_ns && s->cursor_ns <= s->to_ns);
	}
	for (i = 0; i < 8; i++) {
		from = s->from_ns;
		scope_key(s, '>');
		assert_int_equal(s->from_ns, from + width / 4);
		assert_true(s->cursor_ns >= s->from_ns && s->cursor_ns <= s->to_ns);
	}
	scope_destroy(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_search_over_chunks),
		T(test_search_far),
		T(test_words),
		T(test_runs),
		T(test_runs_of_one),
		T(test_latencies_that_fit),
		T(test_at_its_end),
		T(test_zoom),
		T(test_axis_ends),
		T(test_pan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
