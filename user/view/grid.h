/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grid.h - a table of text whose columns are as wide as they have to be
 *
 * Promises: the first column is to the left, the others to the right; a column
 * in which nobody has anything ("" or "-") is left out; a first cell that is very
 * wide stands on a line of its own.  Cells must be harmless already.
 */
#ifndef VFIOSCOPE_VIEW_GRID_H
#define VFIOSCOPE_VIEW_GRID_H

#include <stddef.h>

#include "view/view.h"

#define GRID_COLUMNS 12

struct grid;

/* @titles ends with NULL; static storage.  NULL without memory: all else takes that. */
struct grid *grid_create(const char *const *titles);
void grid_destroy(struct grid *g);
/* The next cell, row by row. */
void grid_cell(struct grid *g, const char *text);
/* A line under the last row. */
void grid_note(struct grid *g, const char *text);
void grid_print(FILE *f, const struct grid *g, const struct view_options *opt);

#endif
