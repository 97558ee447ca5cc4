/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * merge.h - several recordings as one source: one clock, one set of numbers
 *
 * Promises:
 * - every event of every source once, in order of completion on the clock of the
 *   host that has run longest; each source's own events keep their order;
 * - recordings of one boot share their clock as it is; those of several are brought
 *   together by the wall clocks that they hold, as exactly as those went;
 * - device and stream numbers are made unique, and so are the numbers of processes
 *   that two hosts both have (they get a number in front: 1 becomes 10000001);
 * - devices get the name of their host in front, or their recording's number where
 *   hosts have no names or the same: "node7/0000:3b:00.2";
 * - a source that breaks ends; the others go on, and the failure is told at the end;
 * - a stream that has nothing to say right now does not keep the others waiting.
 */
#ifndef VFIOSCOPE_RECORDING_MERGE_H
#define VFIOSCOPE_RECORDING_MERGE_H

#include "source.h"

/*
 * Make one source of @n, which it owns from then on: also when it fails they are
 * closed.  0 or -ENOMEM.
 */
int merge_open(struct event_source **out, struct event_source **sources, size_t n);

#endif
