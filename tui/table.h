/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - the columns of the table of migrations and devices, and what stands in them
 */
#ifndef VFIOSCOPE_TUI_TABLE_H
#define VFIOSCOPE_TUI_TABLE_H

#include "tui/internal.h"

enum {
	C_VM,
	C_DEVICE,
	C_DOES,
	C_DRIVER,
	C_STATE,
	C_FOR,
	C_SPARK, /* drawn, no text */
	C_MOVED,
	C_LEFT,
	C_STOP,
	C_PART,
	C_BAD,
	C_NR
};

/* "" where there is nothing to say, "–" where nothing is known. */
struct table_line {
	char text[C_NR][NAME_LEN];
	unsigned int role[C_NR];
};

/*
 * A migration: what failed or hangs stands where others have their sides.  A device of
 * one, or of none.  Names are cut to @width of their column.
 */
void table_migration(struct scope *s, struct model *m, const int width[C_NR],
		     const struct migration *g, struct table_line *l);
void table_device(struct scope *s, struct model *m, const int width[C_NR],
		  const struct table_row *r, struct table_line *l);

#endif
