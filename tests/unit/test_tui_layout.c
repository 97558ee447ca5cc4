// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_layout.c - for every size and every wish: nothing overlaps, nothing
 * is outside, what is shown has room
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tui/layout.h"

static unsigned char used[110][310];

static void check(int rows, int cols, const struct layout_options *o)
{
	struct layout l;
	int p, r, c;

	layout_compute(&l, rows, cols, o);
	memset(used, 0, sizeof(used));
	for (p = 0; p < PANE_NR; p++) {
		const struct rect *at = &l.at[p];

		if (!layout_has(&l, p))
			continue;
		assert_true(at->row >= 0 && at->col >= 0);
		assert_true(at->row + at->rows <= rows);
		assert_true(at->col + at->cols <= cols);
		if (!l.tiny)
			assert_true(at->rows >= panes[p]->least || p == PANE_SENTENCE);
		for (r = at->row; r < at->row + at->rows; r++)
			for (c = at->col; c < at->col + at->cols; c++)
				assert_int_equal(used[r][c]++, 0);
		assert_int_equal(layout_pane_at(&l, at->row, at->col), p);
	}
	assert_true(layout_has(&l, PANE_SENTENCE));
	assert_int_equal(l.tiny, rows < 15 || cols < 60);
	if (l.tiny) {
		assert_true(rows <= 2 || layout_has(&l, PANE_DEVICES));
		return;
	}
	assert_true(layout_has(&l, PANE_HEADER));
	assert_true(layout_has(&l, PANE_KEYS));
	assert_true(layout_has(&l, o->focus));
	if (o->zoomed)
		return;
	assert_true(layout_has(&l, PANE_DEVICES));
	assert_true(layout_has(&l, PANE_EVENTS));
	if (cols >= 120 && rows >= 40) {
		/* Of those of PLACE_MAIN the one that was asked for; what asks last gives way. */
		assert_true(layout_has(&l, PANE_BYTES) || panes[o->focus]->place == PLACE_MAIN);
		assert_true(layout_has(&l, PANE_STATES));
		assert_true(layout_has(&l, PANE_DOWNTIME));
		assert_true(layout_has(&l, PANE_LATENCY) || o->focus == PANE_DETAIL);
		assert_true(layout_has(&l, PANE_PROBLEMS));
	}
}

static void test_every_size(void **state)
{
	static const int devices[] = { 0, 1, 3, 64 }, problems[] = { 0, 2, 40 };
	struct layout_options o;
	int rows, cols, d, p, f;

	(void)state;
	for (rows = 1; rows <= 100; rows++) {
		for (cols = 1; cols <= 300; cols++) {
			for (f = PANE_FIRST; f < PANE_NR; f++) {
				d = (rows + cols + f) % 4;
				p = (rows + f) % 3;
				memset(&o, 0, sizeof(o));
				o.devices = devices[d];
				o.problems = problems[p];
				o.focus = (enum pane_id)f;
				check(rows, cols, &o);
				if (rows % 5 == 0) {
					o.zoomed = true;
					check(rows, cols, &o);
				}
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_size) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
