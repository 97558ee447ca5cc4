/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * axis.h - axes in round steps
 */
#ifndef VFIOSCOPE_TUI_AXIS_H
#define VFIOSCOPE_TUI_AXIS_H

#include <stdint.h>

#include "util/units.h"

/* A logarithmic axis of bytes: every row of cells is the same whole number of doublings. */
struct scale {
	double lo, hi;	 /* log2 of bytes at the foot and the top */
	int rows, steps; /* sub-steps in a row of cells */
};

/* For values up to @max, which is not 0. */
void scale_fit(struct scale *sc, uint64_t max, int rows, int steps);
/* Sub-steps above the foot; at least one for what is not nothing. */
int scale_height(const struct scale *sc, uint64_t bytes);
/* "16M": what the top of @row (0: the highest) stands for. */
void scale_label(const struct scale *sc, int row, char buf[UNITS_LEN]);

/* The largest number of 1, 2 or 5 times a power of ten (ns) that parts @width_ns into @parts or more. */
uint64_t axis_step(uint64_t width_ns, unsigned int parts);
/* "250 ms", "1.5 s", "105.453 s": a multiple of @step, with no digit more than that needs. */
char *axis_time(char buf[UNITS_LEN], uint64_t ns, uint64_t step);
/*
 * The time that is @step behind @t, for a label; UINT64_MAX, where all times end and no
 * label stands: there is none up to @to.
 */
uint64_t axis_next(uint64_t t, uint64_t step, uint64_t to);

#endif
