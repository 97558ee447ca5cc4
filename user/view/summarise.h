/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summarise.h - what goes into a recording is summed up on its way
 *
 * Whoever writes a recording shows each event to a summariser, too, and lets it write
 * the SUMMARY before the end: the same that list would find out by reading it all.
 * Where it cannot (no memory), the recording has none, and nothing else is lost.
 */
#ifndef VFIOSCOPE_VIEW_SUMMARISE_H
#define VFIOSCOPE_VIEW_SUMMARISE_H

#include "judge/judge.h"
#include "recording/recording.h"
#include "source.h"
#include "view/summary.h"

struct summariser;

/*
 * @budgets (NULL: none; copied): what to hold it against beside, for
 * summariser_over_budget(); a SUMMARY knows of no budget.  NULL without memory: all
 * else takes that.
 */
struct summariser *summariser_create(const struct judge_opts *budgets);
void summariser_destroy(struct summariser *s);
void summariser_take(struct summariser *s, const struct event *ev);
/* How far the clocks of several hosts may be apart: as evidence_join_bound_ns(). */
void summariser_bound(struct summariser *s, uint64_t bound_ns);
/*
 * No event comes any more: hand it to @w, which is about to end.  @meta as written.
 * Where @out is not NULL it is filled in, and summary_free() is due.  False: it could not be
 * summed up, and @out is empty.
 */
bool summariser_write(struct summariser *s, struct recording_writer *w, const struct meta *meta,
		      struct summary *out);
/* What it was summed up from; NULL: there is none. */
struct model *summariser_model(const struct summariser *s);
/* After that: was one of the budgets exceeded? */
bool summariser_over_budget(const struct summariser *s);

#endif
