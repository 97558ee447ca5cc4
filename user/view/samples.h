/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples.h - two sets of migrations, compared as samples of two things
 *
 * Each migration gives one value of each figure that diff.h has; of several devices
 * their mean.  Promises:
 * - a figure differs when its median is beyond the threshold and a rank test says that
 *   it is not by chance, corrected for how many figures are looked at;
 * - only completed migrations of whole evidence give values; the others are counted;
 * - too few to tell is inconclusive, and how many would tell is said.
 */
#ifndef VFIOSCOPE_VIEW_SAMPLES_H
#define VFIOSCOPE_VIEW_SAMPLES_H

#include "view/diff.h"

struct samples;

/* Fewer than these tell nothing: of three and three even the farthest is chance at 5 %. */
#define SAMPLES_MIN 4

struct samples_options {
	struct diff_options median, p95; /* thresholds; of p95 those that are named */
};
/* 5 % of every median, and of a time 0.1 ms, both; no p95. */
void samples_options_init(struct samples_options *o);
/* As diff_options_set(); "arc.p95=10%" is of the 95th percentile. */
int samples_options_set(struct samples_options *o, const char *setting, char err[DIFF_ERR_LEN]);

/* NULL without memory. */
struct samples *samples_create(const struct samples_options *o);
void samples_destroy(struct samples *s);
/* The migrations of one more recording of A (@which 0) or B (1).  0 or -ENOMEM. */
int samples_add(struct samples *s, int which, const struct view_evidence *e);

/* No recording comes any more.  *@v as for diff; 0 or -ENOMEM. */
int samples_text(FILE *f, struct samples *s, const struct view_options *opt, enum diff_verdict *v);
int samples_json(FILE *f, struct samples *s, enum diff_verdict *v);

#endif
