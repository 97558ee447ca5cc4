/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - which pane is where, for any size of the screen
 *
 * A pure function.  Promises, for every size from 20x5 to 300x100 and beyond:
 * - rectangles do not overlap and lie inside of the screen;
 * - there is always the sentence; below 60x15 besides it only the device table;
 * - from 60x15 up header, sentence, devices, a main pane, the event log and the key line; a pane
 *   that is on the screen has the room that it needs to say something
 *   (layout_min_rows());
 * - the pane that has the focus is on the screen.
 */
#ifndef VFIOSCOPE_TUI_LAYOUT_H
#define VFIOSCOPE_TUI_LAYOUT_H

#include "tui/cells.h"

enum pane {
	PANE_HEADER,
	PANE_SENTENCE,
	PANE_KEYS,
	/* these have numbers, from 1 */
	PANE_DEVICES,
	PANE_BYTES,
	PANE_STATES,
	PANE_DOWNTIME,
	PANE_EVENTS,
	PANE_LATENCY,
	PANE_PROBLEMS,
	PANE_NR
};
#define PANE_FIRST PANE_DEVICES

struct layout_options {
	int devices;  /* rows that the device table has to show */
	bool fleet;   /* of several migrations: it may take more */
	int problems; /* rows that the problem list has to show */
	enum pane focus;
	bool zoomed; /* the focused pane alone, below the sentence */
};

struct layout {
	struct rect at[PANE_NR]; /* rows 0: not on the screen */
	int side_row, side_col;	 /* the line between two columns of panes; 0: none */
	bool tiny;		 /* below 60x15 */
};

void layout_compute(struct layout *l, int rows, int cols, const struct layout_options *opt);
/* Rows, its title included, that a pane needs at least. */
int layout_min_rows(enum pane p);
bool layout_has(const struct layout *l, enum pane p);
/* The pane at a cell, PANE_NR: none. */
enum pane layout_pane_at(const struct layout *l, int row, int col);

#endif
