/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cells.h - a screen of characters, before any terminal
 *
 * Panes draw here; curses, a test or a file takes it from here.  Promises:
 * - a cell never holds a control character, an invalid code point or anything
 *   that changes the direction of text: cells_put() replaces them, so nothing
 *   that a traced system wrote can reach a terminal as a command;
 * - drawing outside of the clip rectangle does nothing;
 * - a double-width character takes two cells or none; half of one that is
 *   overwritten becomes a blank;
 * - what a colour says is also said by a glyph, a word or an attribute: without
 *   roles the screen reads the same.
 */
#ifndef VFIOSCOPE_TUI_CELLS_H
#define VFIOSCOPE_TUI_CELLS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct rect {
	int row, col, rows, cols;
};

/* What a cell is about; a terminal maps it to a colour, a test to a letter. */
enum role {
	ROLE_TEXT,
	ROLE_HEADER,
	ROLE_TITLE,
	ROLE_KEY,
	ROLE_DIM,
	ROLE_GOOD,
	ROLE_WARN,
	ROLE_BAD,
	ROLE_INITIAL,
	ROLE_DIRTY,
	ROLE_STATE,
	ROLE_MARK,
	ROLE_HEAT1,
	ROLE_HEAT2,
	ROLE_HEAT3,
	ROLE_HEAT4,
	ROLE_NR
};

#define CELL_BOLD      (1U << 0)
#define CELL_REVERSE   (1U << 1)
#define CELL_DIM       (1U << 2)
#define CELL_UNDERLINE (1U << 3)
#define CELL_HALF      (1U << 7) /* the right half of a wide character */

struct cell {
	uint32_t ch;
	uint8_t role, attr;
};

struct cells {
	int rows, cols;
	struct rect clip;
	struct cell *at;
};

/* NULL: out of memory.  All blank, the clip is the whole. */
struct cells *cells_create(int rows, int cols);
void cells_destroy(struct cells *c);
/* Another size; contents are lost.  0 or -ENOMEM, unchanged then. */
int cells_resize(struct cells *c, int rows, int cols);
void cells_clear(struct cells *c);

/* Draw only inside of @r (and the screen) from now on; coordinates stay absolute. */
void cells_clip(struct cells *c, struct rect r);
void cells_clip_none(struct cells *c);

void cells_put(struct cells *c, int row, int col, uint32_t ch, unsigned int role,
	       unsigned int attr);
/* UTF-8; the column after the text, also when it was cut. */
int cells_text(struct cells *c, int row, int col, unsigned int role, unsigned int attr,
	       const char *text);
int cells_printf(struct cells *c, int row, int col, unsigned int role, unsigned int attr,
		 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* In exactly @width columns: cut with an ellipsis, padded. */
void cells_field(struct cells *c, int row, int col, int width, bool right, unsigned int role,
		 unsigned int attr, const char *text);
void cells_fill(struct cells *c, struct rect r, uint32_t ch, unsigned int role, unsigned int attr);
/* Add an attribute to what is there. */
void cells_attr(struct cells *c, struct rect r, unsigned int attr);

/* Columns that a UTF-8 text takes, as cells_text() draws it. */
int cells_width(const char *text);

/* Replace what ASCII does not have by what looks like it; no cell is left over. */
void cells_to_ascii(struct cells *c);

/* As UTF-8 lines without trailing blanks. */
void cells_print(const struct cells *c, FILE *f);
/*
 * The roles as a map of the same shape, a letter a cell: '.' for plain text, the
 * role's letter otherwise, upper case when reversed ('R' for reversed text),
 * '*' bold text, ',' dim text.
 */
void cells_print_roles(const struct cells *c, FILE *f);

#endif
