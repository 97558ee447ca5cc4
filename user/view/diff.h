/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * diff.h - two recordings, migration by migration
 *
 * A pure function of two judged evidences.  Promises:
 * - a migration of A is held against the one of B with the same VM, device and
 *   direction, the first against the first and so on;
 * - a figure differs when it is beyond both parts of its threshold, and only
 *   where the evidence of both sides is whole: a lower bound proves nothing;
 * - what is in one and not in the other is a difference, unless a hole may have
 *   swallowed it.
 */
#ifndef VFIOSCOPE_VIEW_DIFF_H
#define VFIOSCOPE_VIEW_DIFF_H

#include "view/view.h"

enum diff_metric {
	DIFF_OUTCOME, DIFF_FINDINGS, DIFF_DOWNTIME, DIFF_STOP_WINDOW, DIFF_ARCS, DIFF_IO,
	DIFF_DIRTY_SYNC, DIFF_OUTSIDE, DIFF_DURATION, DIFF_BYTES, DIFF_STOP_COPY, DIFF_CALLS,
	DIFF_ENOMSG, DIFF_LATENCY_P50, DIFF_LATENCY_P99,
	DIFF_NR
};

/* "outcome", "downtime", ...; NULL for a number that is none. */
const char *diff_metric_name(uint32_t metric);

/* Of a figure; what is text differs or not. */
struct diff_threshold {
	bool off;			/* shown, and does not count */
	double percent;			/* of A's */
	uint64_t absolute;		/* ns, bytes or calls */
};

struct diff_options {
	struct diff_threshold threshold[DIFF_NR];
	bool by_order;			/* VM and device do not matter */
	bool worse;			/* only more of it is a difference */
};

/* 10 % and 1 ms, 64 KiB or 10 calls. */
void diff_options_init(struct diff_options *o);
/*
 * "downtime=10%", "arcs=5ms", "bytes=1MiB", "enomsg=100", "io=off"; "all=5%" is
 * of every figure.  0, or -EINVAL with one line without newline in @err.
 */
#define DIFF_ERR_LEN	160
int diff_options_set(struct diff_options *o, const char *setting, char err[DIFF_ERR_LEN]);

enum diff_verdict { DIFF_SAME = 0, DIFF_INCONCLUSIVE = 1, DIFF_DIFFERENT = 2 };

enum diff_verdict diff_text(FILE *f, const struct view_evidence ab[2], const struct diff_options *o,
			    const struct view_options *opt);
enum diff_verdict diff_json(FILE *f, const struct view_evidence ab[2], const struct diff_options *o);

#endif
