/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * past.h - what came before: the definitions in force and the last few seconds
 *
 * For whoever begins a recording in the middle of a stream that he saw from its start:
 * a migration's first sign is no more than that, the logging that it counts on and the
 * birth of its data FD may have come before.  Promises:
 * - the last PAST_NS of events, PAST_EVENTS at most, and the last definition of each
 *   device, task and function of the last PAST_DEFINITIONS: bounded, however long it runs;
 * - nothing of it is made up: definitions keep their times.
 */
#ifndef VFIOSCOPE_RECORDING_PAST_H
#define VFIOSCOPE_RECORDING_PAST_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"

/* Dirty logging that was started so long before belongs to a migration: model/side.h. */
#define PAST_NS		 12000000000ULL
#define PAST_EVENTS	 2048
#define PAST_DEFINITIONS 16384 /* of each class: a host that is up for years has that many */

struct past;

/* NULL without memory. */
struct past *past_create(void);
void past_destroy(struct past *p);
/* Remember @ev.  0 or -ENOMEM. */
int past_take(struct past *p, const struct event *ev);

/* Those remembered that are no definitions, oldest first: i from 0 to past_count() - 1. */
size_t past_count(const struct past *p);
const struct event *past_event(const struct past *p, size_t i);
/* The last definition, until the next past_take(); NULL: there was none. */
const struct event *past_device(const struct past *p, uint32_t device);
const struct event *past_task(const struct past *p, uint32_t host, uint32_t pid);
/* Functions that are timed within calls, as they stand now: i from 0; NULL: there are no more. */
const struct event *past_function(const struct past *p, size_t i);
/* The last pair of clocks. */
const struct event *past_clock(const struct past *p);

#endif
