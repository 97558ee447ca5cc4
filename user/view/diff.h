/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diff.h - two evidences, migration by migration
 *
 * A pure function of two judged evidences.  Promises:
 * - a migration of A is held against the one of B with the same VM, the first
 *   against the first and so on, and each device of it against the one with the
 *   same name, else in order; how many recordings a side came in does not matter;
 * - figures are compared of what both have: the source's if both have the source;
 * - more time, more bytes, more calls, a worse outcome, a new finding is a regression
 *   when it is beyond both parts of its threshold; less is an improvement and none,
 *   but for work that was not done: a load that takes next to nothing, state that
 *   did not come;
 * - what the stop was spent on explains a figure, and counts only where it is named;
 * - only where the evidence of both is whole: a lower bound proves nothing;
 * - what is in one and not in the other is a difference, unless a hole may have
 *   swallowed it.
 */
#ifndef VFIOSCOPE_VIEW_DIFF_H
#define VFIOSCOPE_VIEW_DIFF_H

#include "view/view.h"

enum diff_metric {
	/* of a migration */
	DIFF_OUTCOME,
	DIFF_FINDINGS,
	DIFF_DOWNTIME,
	DIFF_STOP_WINDOW,
	DIFF_ARCS,
	DIFF_IO,
	DIFF_DIRTY_SYNC,
	DIFF_OUTSIDE,
	DIFF_TRANSFER,
	DIFF_WRITE,
	DIFF_BEFORE_LOAD,
	DIFF_LOAD,
	DIFF_START,
	DIFF_DURATION,
	DIFF_BYTES,
	DIFF_STOP_COPY,
	DIFF_CALLS,
	DIFF_ENOMSG,
	/* what its stop was spent on, by enum why_part */
	DIFF_WHY,
	DIFF_WHY_LAST = DIFF_WHY + WHY_SUMS - 1,
	/* of each device */
	DIFF_ARC,
	DIFF_DEVICE_BYTES,
	DIFF_LATENCY_P50,
	DIFF_LATENCY_P99,
	DIFF_NR
};

/* "outcome", "downtime", ...; "unknown", never NULL. */
const char *diff_metric_name(uint32_t metric);

/* Of a figure; what is text differs or not. */
struct diff_threshold {
	bool off;	   /* shown, and does not count */
	bool named;	   /* somebody asked for it */
	double percent;	   /* of A's */
	uint64_t absolute; /* ns, bytes or calls */
};

struct diff_options {
	struct diff_threshold threshold[DIFF_NR];
	bool by_order;	/* VM and device do not matter */
	bool both_ways; /* an improvement is a difference, too */
};

/* 10 % and 1 ms, 64 KiB or 10 calls, of every figure. */
void diff_options_init(struct diff_options *o);
/*
 * "downtime=10%", "arc=5ms", "bytes=1MiB", "enomsg=100", "findings" (of a text, which
 * has no threshold), "io=off"; "all=5%" is of every figure.  The first that is named
 * disarms all others; "off" names none.  0, or -EINVAL with one line without newline
 * in @err.
 */
#define DIFF_ERR_LEN 160
int diff_options_set(struct diff_options *o, const char *setting, char err[DIFF_ERR_LEN]);

enum diff_verdict { DIFF_SAME = 0, DIFF_BETTER, DIFF_INCONCLUSIVE, DIFF_DIFFERENT };

enum diff_verdict diff_text(FILE *f, const struct view_evidence ab[2], const struct diff_options *o,
			    const struct view_options *opt);
enum diff_verdict diff_json(FILE *f, const struct view_evidence ab[2],
			    const struct diff_options *o);

#endif
