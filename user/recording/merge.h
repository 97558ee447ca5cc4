/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * merge.h - several recordings as one source: one clock, one set of numbers
 *
 * Promises:
 * - every event of every source once, in order of completion on the clock of the
 *   host that has run longest; each source's own events keep their order;
 * - recordings of one boot share their clock as it is; those of several are brought
 *   together by the wall clocks that they hold, as exactly as those went;
 * - device and stream numbers are made unique;
 * - processes and devices keep what they are called on their host, and when there
 *   is more than one each event says its host: numbers from 1 in the order of the
 *   sources, one per boot, defined by an EV_HOST before its first other event.
 *   Hosts without a name, or with the same, get one that tells them apart;
 * - a source that breaks ends; the others go on, and the failure is told at the end;
 * - a stream that has nothing to say right now does not keep the others waiting.
 */
#ifndef VFIOSCOPE_RECORDING_MERGE_H
#define VFIOSCOPE_RECORDING_MERGE_H

#include "source.h"

/* For who knows more of the sources than they tell while they are read. */
struct merge_opts {
	size_t clock; /* whose clock it is */
	/* Brings a time of source number @i to it; of one source it never goes back. */
	uint64_t (*to_clock)(const void *arg, size_t i, uint64_t t_ns);
	const void *arg;
	/* Where a source stops without its end, a loss of unknown size is put. */
	bool cut_is_loss;
};

/*
 * Make one source of @n, which it owns from then on: also when it fails they are
 * closed.  @opts, or NULL, and what it points to are kept for as long as @out.  0 or
 * -ENOMEM.
 */
int merge_open(struct event_source **out, struct event_source **sources, size_t n,
	       const struct merge_opts *opts);

/* Which of @src's sources the event came from that it delivered last. */
size_t merge_from(const struct event_source *src);

#endif
