/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plots.h - bars and plots over a time axis, as HTML and SVG
 *
 * Times come out of recordings, so any may be there.  Promises:
 * - every place on an axis is from 0 to 100 %, whatever the times are;
 * - what is drawn is bounded: AXIS_TICKS_MAX ticks, SESSION_STATES_MAX bars,
 *   TREND_PARTS points, whatever a span or a size is.
 */
#ifndef VFIOSCOPE_VIEW_PLOTS_H
#define VFIOSCOPE_VIEW_PLOTS_H

#include <stdio.h>

#include "model/model.h"
#include "view/trends.h"

#define AXIS_TICKS_MAX 6

struct axis {
	uint64_t start_ns, span_ns; /* the span is 1 at least */
	uint64_t first_ns;	    /* what its labels count from */
};

struct axis axis_of(uint64_t start_ns, uint64_t end_ns, uint64_t first_ns);
/* Percent of the width, 0 to 100. */
double axis_x(const struct axis *x, uint64_t t_ns);
/* From @from_ns to @to_ns as "left:...%;width:...%", with a place where it is seen. */
void axis_span(FILE *f, const struct axis *x, uint64_t from_ns, uint64_t to_ns);
/* Ticks at round times, with labels; an element of its own. */
void axis_ticks(FILE *f, const struct axis *x);

/* Percent of @total, 0 to 100; 0 of nothing. */
double plot_percent(uint64_t ns, uint64_t total);

const char *state_class(uint32_t state);
/* The device's states; with @words their names are in the bars where they fit. */
void plot_states(FILE *f, const struct axis *x, const struct session *g, bool words);
/* A lane each, or nothing where there is nothing to draw. */
void plot_left(FILE *f, const struct axis *x, const struct trend *t);
void plot_rate(FILE *f, const struct axis *x, const struct trend *t, bool save);
void plot_waits(FILE *f, const struct axis *x, const struct trend *t);

#endif
