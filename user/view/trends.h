/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trends.h - the bytes of each session over its time, for plots
 *
 * Fed beside the model, for views that draw: the model keeps a sample per
 * precopy info, this keeps what reads and writes did between them.  Promises:
 * - a session's time is cut into equal parts, and when it outgrows
 *   TREND_PARTS the parts grow: memory is bounded by the number of sessions;
 * - nothing is averaged away: a part keeps the greatest and the last value of
 *   what was left, and the sums of what moved;
 * - a call counts where it ended, a folded run of empty reads all along.
 */
#ifndef VFIOSCOPE_VIEW_TRENDS_H
#define VFIOSCOPE_VIEW_TRENDS_H

#include "model/model.h"

#define TREND_PARTS 256

struct trend_part {
	uint64_t bytes;	 /* moved */
	uint64_t enomsg; /* reads that gave -ENOMSG, begun in it */
	uint64_t zero;	 /* or 0, in PRE_COPY* */
	/*
	 * The last info's bytes less what was read since, initial ones first.
	 * Without has_left: as in the part before.
	 */
	uint64_t initial_max, initial_last, dirty_max, dirty_last;
	bool has_left;
	bool waited; /* such reads went on in it */
	bool failed; /* a read or write failed */
};

struct trend {
	uint64_t start_ns, part_ns; /* part i begins at start_ns + i * part_ns */
	uint32_t n;		    /* parts up to the last event */
	struct trend_part part[TREND_PARTS];
};

struct trends;

/* NULL: out of memory. */
struct trends *trends_create(void);
void trends_destroy(struct trends *t);
/* The event that @m has just taken, and what model_feed() said of it.  0 or -ENOMEM. */
int trends_event(struct trends *t, const struct model *m, const struct event *ev,
		 const struct event_context *ctx);
/* Of session @id; NULL when nothing of it was fed. */
const struct trend *trends_of(const struct trends *t, uint32_t id);

#endif
