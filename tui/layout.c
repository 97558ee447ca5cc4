// SPDX-License-Identifier: GPL-2.0-only
#include "tui/layout.h"

#include <string.h>

#define TINY_COLS 60
#define TINY_ROWS 15
/* From here on there is a column to the right. */
#define WIDE_COLS 110
#define WIDE_ROWS 26

int layout_min_rows(enum pane p)
{
	switch (p) {
	case PANE_DEVICES:
		return 2;
	case PANE_BYTES:
		return 6;
	case PANE_STATES:
		return 5;
	case PANE_DOWNTIME:
		return 5;
	case PANE_EVENTS:
		return 3;
	case PANE_LATENCY:
		return 5;
	case PANE_PROBLEMS:
		return 2;
	default:
		return 1;
	}
}

bool layout_has(const struct layout *l, enum pane p)
{
	return p < PANE_NR && l->at[p].rows > 0 && l->at[p].cols > 0;
}

enum pane layout_pane_at(const struct layout *l, int row, int col)
{
	int p;

	for (p = 0; p < PANE_NR; p++) {
		const struct rect *r = &l->at[p];

		if (row >= r->row && row < r->row + r->rows && col >= r->col &&
		    col < r->col + r->cols)
			return (enum pane)p;
	}
	return PANE_NR;
}

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static void place(struct layout *l, enum pane p, int row, int col, int rows, int cols)
{
	l->at[p] = (struct rect){ row, col, rows, cols };
}

/* Rows for a pane if they are left; what it got. */
static int grant(int *left, int want)
{
	if (want > *left)
		return 0;
	*left -= want;
	return want;
}

/*
 * The column to the right: first the least that each needs, the one with the
 * focus first of all, then more for those that have more to say.
 */
static void place_side(struct layout *l, int row, int col, int rows, int cols,
		       const struct layout_options *opt)
{
	static const enum pane shown[] = { PANE_STATES, PANE_DOWNTIME, PANE_PROBLEMS,
					   PANE_LATENCY };
	static const int least[PANE_NR] = {
		[PANE_STATES] = 8,
		[PANE_DOWNTIME] = 7,
		[PANE_PROBLEMS] = 3,
		[PANE_LATENCY] = 7,
	};
	int want[PANE_NR] = { 0 }, left = rows, more, i,
	    n = (int)(sizeof(shown) / sizeof(shown[0]));

	for (i = 0; i < n; i++)
		if (shown[i] == opt->focus)
			want[shown[i]] = grant(&left, clamp(left, 0, least[shown[i]]));
	for (i = 0; i < n; i++)
		if (!want[shown[i]])
			want[shown[i]] = grant(&left, least[shown[i]]);
	if (want[PANE_STATES] == 8)
		want[PANE_STATES] += grant(&left, 3);
	/* What is wrong is told in full, when it is little; the stop in its parts. */
	if (want[PANE_PROBLEMS]) {
		more = clamp(1 + 3 * opt->problems, 3, 10) - want[PANE_PROBLEMS];
		want[PANE_PROBLEMS] += grant(&left, clamp(more, 0, left));
	}
	if (want[PANE_DOWNTIME])
		want[PANE_DOWNTIME] += grant(&left, clamp(3, 0, left));
	if (want[PANE_LATENCY])
		want[PANE_LATENCY] += grant(&left, clamp(18 - want[PANE_LATENCY], 0, left));
	/* The rest to whoever lists things. */
	for (i = n - 1; i >= 0 && left; i--) {
		enum pane p = want[PANE_PROBLEMS] ? PANE_PROBLEMS : shown[i];

		if (want[p])
			want[p] += grant(&left, left);
	}
	for (i = 0; i < n; i++) {
		if (!want[shown[i]])
			continue;
		place(l, shown[i], row, col, want[shown[i]], cols);
		row += want[shown[i]];
	}
}

/* One column: the main pane, maybe a second one, the log. */
static void place_column(struct layout *l, int row, int rows, int cols,
			 const struct layout_options *opt, bool side)
{
	enum pane main = PANE_BYTES;
	int main_rows, extra[PANE_NR] = { 0 }, log, i;
	static const enum pane order[] = { PANE_PROBLEMS, PANE_DOWNTIME, PANE_STATES,
					   PANE_LATENCY };

	if (!side && opt->focus != PANE_EVENTS && opt->focus >= PANE_STATES)
		main = opt->focus;
	main_rows = clamp(rows * 3 / 5, layout_min_rows(main), 24);
	if (rows - main_rows < layout_min_rows(PANE_EVENTS))
		main_rows = rows - layout_min_rows(PANE_EVENTS);
	log = rows - main_rows;
	if (!side) {
		/* A tall narrow screen has room for what a wide one has beside. */
		static const int want[PANE_NR] = {
			[PANE_PROBLEMS] = 4,
			[PANE_DOWNTIME] = 8,
			[PANE_STATES] = 11,
			[PANE_LATENCY] = 12,
		};
		int spare = rows - 24;

		for (i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++) {
			if (order[i] == main || spare < want[order[i]])
				continue;
			extra[order[i]] = want[order[i]];
			spare -= want[order[i]];
			rows -= want[order[i]];
		}
		main_rows = clamp(rows * 3 / 5, layout_min_rows(main), 24);
		if (rows - main_rows < layout_min_rows(PANE_EVENTS))
			main_rows = rows - layout_min_rows(PANE_EVENTS);
		log = rows - main_rows;
	}
	place(l, main, row, 0, main_rows, cols);
	row += main_rows;
	for (i = 0; i < (int)(sizeof(order) / sizeof(order[0])); i++) {
		if (!extra[order[i]])
			continue;
		place(l, order[i], row, 0, extra[order[i]], cols);
		row += extra[order[i]];
	}
	place(l, PANE_EVENTS, row, 0, log, cols);
}

void layout_compute(struct layout *l, int rows, int cols, const struct layout_options *opt)
{
	int devices, row, rest, side_cols;

	memset(l, 0, sizeof(*l));
	if (rows < 1 || cols < 1)
		return;
	if (rows < TINY_ROWS || cols < TINY_COLS) {
		l->tiny = true;
		place(l, PANE_SENTENCE, 0, 0, rows > 2 ? 2 : 1, cols);
		if (rows > 2)
			place(l, PANE_DEVICES, 2, 0, rows - 2, cols);
		return;
	}
	place(l, PANE_HEADER, 0, 0, 1, cols);
	place(l, PANE_SENTENCE, 1, 0, 1, cols);
	place(l, PANE_KEYS, rows - 1, 0, 1, cols);
	if (opt->zoomed && opt->focus >= PANE_FIRST && opt->focus < PANE_NR) {
		place(l, opt->focus, 2, 0, rows - 3, cols);
		return;
	}
	/* A list of devices may take a sixth, and more when it is asked for or is of many VMs. */
	devices = 1 +
		  clamp(opt->devices, 1,
			opt->fleet ? rows * 3 / 8 : rows / (opt->focus == PANE_DEVICES ? 4 : 6));
	/* The main pane and the log below keep what they need. */
	devices = clamp(devices, 2,
			rows - 3 - layout_min_rows(PANE_BYTES) - layout_min_rows(PANE_EVENTS));
	place(l, PANE_DEVICES, 2, 0, devices, cols);
	row = 2 + devices;
	rest = rows - 1 - row;
	if (cols >= WIDE_COLS && rows >= WIDE_ROWS) {
		side_cols = clamp(cols * 2 / 5, 46, 76);
		place_side(l, row, cols - side_cols, rest, side_cols, opt);
		place_column(l, row, rest, cols - side_cols - 1, opt, true);
		l->side_row = row;
		l->side_col = cols - side_cols - 1;
	} else {
		place_column(l, row, rest, cols, opt, false);
	}
}
