/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - which pane is where, for any size of the screen
 *
 * A pure function of the table of panes.  Promises, for every size from 20x5 to 300x100 and beyond:
 * - rectangles do not overlap and lie inside of the screen;
 * - there is always the sentence; below 60x15 besides it only the device table;
 * - from 60x15 up header, sentence, devices, a main pane, the event log and the key line; a pane
 *   that is on the screen has the least rows that its entry in the table names;
 * - the pane that has the focus is on the screen.
 */
#ifndef VFIOSCOPE_TUI_LAYOUT_H
#define VFIOSCOPE_TUI_LAYOUT_H

#include "tui/pane.h"

struct layout_options {
	int devices;		  /* rows that the device table has to show */
	bool fleet;		  /* of several migrations: it may take more */
	int problems;		  /* rows that the problem list has to show */
	enum pane_id focus, main; /* @main: of those of PLACE_MAIN the one to show */
	bool zoomed;		  /* the focused pane alone, below the sentence */
};

struct layout {
	struct rect at[PANE_NR]; /* rows 0: not on the screen */
	int side_row, side_col;	 /* the line between two columns of panes; 0: none */
	bool tiny;		 /* below 60x15 */
};

void layout_compute(struct layout *l, int rows, int cols, const struct layout_options *opt);
bool layout_has(const struct layout *l, enum pane_id p);
/* The pane at a cell, PANE_NR: none. */
enum pane_id layout_pane_at(const struct layout *l, int row, int col);

#endif
