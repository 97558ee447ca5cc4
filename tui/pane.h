/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pane.h - what a pane is, and the table of them all
 *
 * A new pane is one file and one line: the file says what it is in a struct pane of its
 * own, pane_NAME, and SCOPE_PANES() below names it.  Its number, its key, its place in
 * the help and on the screen follow from these.
 */
#ifndef VFIOSCOPE_TUI_PANE_H
#define VFIOSCOPE_TUI_PANE_H

#include <stdbool.h>

#include "tui/cells.h"

struct scope;
struct model;
struct page;

/* In the order of their numbers, from 1; the first nine are keys, all have a name and are in Tab's way. */
#define SCOPE_PANES(P)        \
	P(DEVICES, devices)   \
	P(BYTES, bytes)       \
	P(STATES, states)     \
	P(DOWNTIME, downtime) \
	P(EVENTS, events)     \
	P(LATENCY, latency)   \
	P(PROBLEMS, problems) \
	P(DETAIL, detail)     \
	P(SIDES, sides)

#define PANE_NUMBER(ID, name) PANE_##ID,
enum pane_id {
	/* lines of their own, without a number */
	PANE_HEADER,
	PANE_SENTENCE,
	PANE_KEYS,
	SCOPE_PANES(PANE_NUMBER) PANE_NR,
	PANE_FIRST = PANE_KEYS + 1,
};
#undef PANE_NUMBER

/* The key of a pane, a digit; 0: it has none. */
static inline int pane_key(enum pane_id p)
{
	return p >= PANE_FIRST && p < PANE_FIRST + 9 && p < PANE_NR ? '1' + (int)p - PANE_FIRST : 0;
}

enum pane_place {
	PLACE_LINE,  /* where layout_compute() has it */
	PLACE_TABLE, /* below the sentence, all across */
	PLACE_MAIN,  /* the largest; of several the one that was asked for last */
	PLACE_LOG,   /* below it */
	PLACE_SIDE,  /* to the right, or below the main one; or instead of it when asked for */
};

struct pane {
	const char *name; /* of its command, and in the help */
	enum pane_place place;
	int least; /* rows, its title included, in which it says something */
	/*
	 * PLACE_SIDE: rows that it wants there, and up to how many it can use; rows without
	 * which it is left out of a single column; 1 is served first.
	 */
	int rows, most, column, rank;
	/* Into the rectangle, which is the clip, too. */
	void (*draw)(struct scope *s, struct model *m, struct rect r);
	/* A click on a cell of the screen; or NULL.  The focus is set already. */
	void (*click)(struct scope *s, int row, int col);
	/* Enter; true: done.  NULL, or false: its page opens. */
	bool (*enter)(struct scope *s);
	/* What stands behind Enter; NULL: what there is to say of the event. */
	void (*page)(struct page *p, struct model *m);
	/* Up and down, and the mouse's wheel; NULL: an event of the log. */
	void (*step)(struct scope *s, int dir);
	/* Search in what it lists from what is selected on; true: found.  NULL: in the log. */
	bool (*search)(struct scope *s, const char *text, int dir);
	bool wheel_zooms; /* and does not step */
};

#define PANE_DECLARE(ID, name) extern const struct pane pane_##name;
PANE_DECLARE(HEADER, header)
PANE_DECLARE(SENTENCE, sentence)
PANE_DECLARE(KEYS, keys)
SCOPE_PANES(PANE_DECLARE)
#undef PANE_DECLARE

/* By enum pane_id; never NULL. */
extern const struct pane *const panes[PANE_NR];

#endif
