// SPDX-License-Identifier: GPL-2.0-only
#include "tui/layout.h"

#include <string.h>

#define TINY_COLS 60
#define TINY_ROWS 15
/* From here on there is a column to the right. */
#define WIDE_COLS 110
#define WIDE_ROWS 26

static int least(enum pane_id p)
{
	return panes[p]->least;
}

bool layout_has(const struct layout *l, enum pane_id p)
{
	return p < PANE_NR && l->at[p].rows > 0 && l->at[p].cols > 0;
}

enum pane_id layout_pane_at(const struct layout *l, int row, int col)
{
	int p;

	for (p = 0; p < PANE_NR; p++) {
		const struct rect *r = &l->at[p];

		if (row >= r->row && row < r->row + r->rows && col >= r->col &&
		    col < r->col + r->cols)
			return (enum pane_id)p;
	}
	return PANE_NR;
}

static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static void place(struct layout *l, enum pane_id p, int row, int col, int rows, int cols)
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

/* Those of the side in the order in which they are served; how many. */
static int side_panes(enum pane_id out[PANE_NR])
{
	int n = 0, p, i;

	for (p = PANE_FIRST; p < PANE_NR; p++) {
		if (panes[p]->place != PLACE_SIDE)
			continue;
		for (i = n++; i > 0 && panes[out[i - 1]]->rank > panes[p]->rank; i--)
			out[i] = out[i - 1];
		out[i] = (enum pane_id)p;
	}
	return n;
}

/*
 * The column to the right: first the least that each needs, the one with the
 * focus first of all, then more for those that have more to say.
 */
static void place_side(struct layout *l, int row, int col, int rows, int cols,
		       const struct layout_options *opt)
{
	int want[PANE_NR] = { 0 }, left = rows, i, n, most;
	enum pane_id side[PANE_NR], p;

	n = side_panes(side);
	for (i = 0; i < n; i++)
		if (side[i] == opt->focus)
			want[side[i]] = grant(&left, clamp(left, 0, panes[side[i]]->rows));
	for (i = 0; i < n; i++)
		if (!want[side[i]])
			want[side[i]] = grant(&left, panes[side[i]]->rows);
	for (i = 0; i < n; i++) {
		p = side[i];
		most = panes[p]->most;
		/* What is wrong is told in full, when it is little. */
		if (p == PANE_PROBLEMS)
			most = clamp(1 + 3 * opt->problems, panes[p]->rows, most);
		if (want[p])
			want[p] += grant(&left, clamp(most - want[p], 0, left));
	}
	/* The rest to whoever lists things. */
	for (i = n - 1; i >= 0 && left; i--) {
		p = want[PANE_PROBLEMS] ? PANE_PROBLEMS : side[i];
		if (want[p])
			want[p] += grant(&left, left);
	}
	/* On the screen they stand in the order of their numbers. */
	for (i = PANE_FIRST; i < PANE_NR; i++) {
		if (!want[i])
			continue;
		place(l, (enum pane_id)i, row, col, want[i], cols);
		row += want[i];
	}
}

/* One column: the main pane, maybe some of the side's, the log. */
static void place_column(struct layout *l, int row, int rows, int cols,
			 const struct layout_options *opt, bool side)
{
	int main_rows, extra[PANE_NR] = { 0 }, spare = rows - 24, n, i;
	enum pane_id order[PANE_NR], main = opt->main;

	if (main < PANE_FIRST || main >= PANE_NR || panes[main]->place != PLACE_MAIN)
		main = PANE_BYTES;
	if (panes[opt->focus]->place == PLACE_MAIN ||
	    (!side && panes[opt->focus]->place == PLACE_SIDE))
		main = opt->focus;
	n = side_panes(order);
	/* A tall narrow screen has room for what a wide one has beside. */
	for (i = 0; i < n && !side; i++) {
		int want = panes[order[i]]->column;

		if (order[i] == main || !want || spare < want)
			continue;
		extra[order[i]] = want;
		spare -= want;
		rows -= want;
	}
	main_rows = clamp(rows * 3 / 5, least(main), 24);
	if (rows - main_rows < least(PANE_EVENTS))
		main_rows = rows - least(PANE_EVENTS);
	place(l, main, row, 0, main_rows, cols);
	row += main_rows;
	for (i = 0; i < n; i++) {
		if (!extra[order[i]])
			continue;
		place(l, order[i], row, 0, extra[order[i]], cols);
		row += extra[order[i]];
	}
	place(l, PANE_EVENTS, row, 0, rows - main_rows, cols);
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
	devices = clamp(devices, 2, rows - 3 - least(PANE_BYTES) - least(PANE_EVENTS));
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
