/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diff_pair.h - what diff.c compares and diff_print.c prints; nobody else's
 */
#ifndef VFIOSCOPE_VIEW_DIFF_PAIR_H
#define VFIOSCOPE_VIEW_DIFF_PAIR_H

#include "view/diff.h"

enum diff_unit { UNIT_TEXT, UNIT_TIME, UNIT_SIZE, UNIT_COUNT };
enum diff_unit diff_metric_unit(uint32_t metric);
/* Is it one of DIFF_WHY to DIFF_WHY_LAST? */
bool diff_metric_is_reason(uint32_t metric);

enum diff_change {
	CHANGE_NONE = 0, /* within the threshold, or nobody looks */
	CHANGE_UNKNOWN,	 /* asked for by name, and one of the two has it not */
	CHANGE_BETTER,
	CHANGE_WORSE,
	CHANGE_LESS_WORK, /* less, and that is no improvement */
};

struct diff_figure {
	uint32_t metric;
	uint32_t from, to;  /* the arc, of DIFF_ARC */
	uint32_t direction; /* of its device's side */
	uint32_t device[2]; /* 0: it is the migration's */
	uint64_t v[2];	    /* MODEL_NONE: not known */
	char *text[2];	    /* of a metric that is text */
	enum diff_change change;
};

/* One migration beside the other; NULL: it has no counterpart. */
struct diff_pair {
	const struct migration *g[2];
	bool hole; /* its figures prove nothing */
	bool differs;
	uint32_t direction; /* of the side that figures are of */
	struct diff_figure *figure;
	size_t n, cap;
	size_t better, worse, unknown;
};

struct diff {
	const struct view_evidence *ab;
	const struct diff_options *o;
	struct diff_pair *pair;
	size_t n;
	size_t better;
	bool hole[2];
	enum diff_verdict verdict;
};

/* Does the change make the two different? */
static inline bool diff_counts(const struct diff_options *o, enum diff_change c)
{
	return c >= (o->both_ways ? CHANGE_BETTER : CHANGE_WORSE);
}

/*
 * Of what the stop was spent on that which grew most, beyond its threshold whether or not it
 * counts; NULL: nothing, or it was not recorded of both.
 */
const struct diff_figure *diff_grown_most(const struct diff *d, const struct diff_pair *p);

/* 0 or -ENOMEM; diff_free() is due in both cases. */
int diff_run(struct diff *d, const struct view_evidence ab[2], const struct diff_options *o);
void diff_free(struct diff *d);

#endif
