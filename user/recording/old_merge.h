/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * old_merge.h - recordings merged before events had a host
 *
 * They told hosts apart by names and numbers: a device was "node7/0000:3b:00.2", and
 * a process of the second host whose number the first had, too, got 10000000 in
 * front.  This takes that back.  Promises:
 * - devices, processes and threads are called what they were on their host, and
 *   events of a device say the host, as those of a recording merged today;
 * - what says no device gets the host of its process where that is known, else 0;
 *   the name of a process' VM waits for it;
 * - any other recording passes through untouched.
 */
#ifndef VFIOSCOPE_RECORDING_OLD_MERGE_H
#define VFIOSCOPE_RECORDING_OLD_MERGE_H

#include "source.h"

/* Put *@src, which is owned from then on, behind it.  0, or -ENOMEM: *@src is closed. */
int old_merge_open(struct event_source **src);

#endif
