/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * samples_sets.h - what samples.c compares and samples_print.c prints; nobody else's
 */
#ifndef VFIOSCOPE_VIEW_SAMPLES_SETS_H
#define VFIOSCOPE_VIEW_SAMPLES_SETS_H

#include "view/diff_pair.h"
#include "view/samples.h"

struct sample_figure {
	uint32_t metric, direction; /* of its side; DIR_SAVE for those of a migration with one */
	bool destination_alone;	    /* of a recording that has no source */
	uint32_t from, to;	    /* the arc */
	double *v[2];		    /* sorted */
	size_t n[2], cap[2];
	double median[2], q1[2], q3[2], p95[2];
	double p, p_all; /* of it alone; of all that were looked at */
	double shift, low, high;
	size_t needed; /* runs of each that show 5 % */
	bool compared; /* there are enough of both */
	enum diff_change change;
	bool by_p95; /* it is that one's threshold */
};

struct samples {
	struct samples_options o;
	struct sample_figure *figure;
	size_t n_figures, cap;
	size_t recordings[2], outcome[2][OUTCOME_FAILED + 1], holes[2], used[2];
	bool worse_outcome;
	enum diff_verdict verdict;
};

/* 0 or -ENOMEM. */
int samples_compare(struct samples *s);

#endif
