/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fold.h - identical empty reads in a row become one event
 *
 * A VMM spins: QEMU reads an empty stream every 25-40 us.  The fold is a sink in
 * front of another sink that turns a run of such reads into one EV_READ with
 * io.count, io.t_last_ns and dur_ns.
 *
 * What it promises:
 * - totals are exact: the sum of event_calls() and of dur_ns over the output is
 *   that over the input, for every thread and stream;
 * - only empty reads (event_is_empty_read()) with equal pid, tid, comm, device,
 *   stream, size and ret fold; all else goes through unchanged but for @seq;
 * - the order of everything else is exact: a run ends before any event that is
 *   not an empty read of a run.  Several runs may be open at once (a VMM with
 *   two devices alternates); they come out in the order of their last
 *   completion;
 * - a run of one is the event itself;
 * - the output's seq counts from 1 without gaps.
 */
#ifndef VFIOSCOPE_RECORDING_FOLD_H
#define VFIOSCOPE_RECORDING_FOLD_H

#include <stdint.h>

#include "event.h"
#include "source.h"

#define FOLD_RUNS	8 /* open at once */
#define FOLD_MAX_AGE_NS 200000000ULL

struct fold;

/*
 * @out must live until fold_close(); it is not owned.  @max_age_ns: a run is
 * handed on at the latest so long after its first read began (0: the default).
 * 0 or -ENOMEM.
 */
int fold_open(struct fold **f, struct event_sink *out, uint64_t max_age_ns);

/* The sink to put events into; lives and dies with @f. */
struct event_sink *fold_sink(struct fold *f);

/*
 * Hand on the open runs if one of them is too old at @now_ns (CLOCK_MONOTONIC).
 * Returns what the sink behind returned, 0 if nothing was due.
 */
int fold_tick(struct fold *f, uint64_t now_ns);

/* Hand on all open runs now; to be called at the end. */
int fold_flush(struct fold *f);

/* Free; open runs are lost unless fold_flush() came first.  NULL is fine. */
void fold_close(struct fold *f);

#endif
