/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rest.h - what is attached around migrations, and at rest at other times
 *
 * Some hooks are on functions that the whole host goes through: every close(), every
 * thread's end (hook_type.rests); the scheduler's programs (why.h) are as well.  A sign of
 * a migration (a query of its size, a dirty log begun, a SET_STATE, a data FD) wakes them,
 * and REST_NS after the last one, when no data FD is alive, they rest.  A capture that
 * does not wait for migrations keeps the hooks attached all along.
 *
 * Between the sign and the hooks some ms go by.  What may have been missed in that time:
 * - the close() of a data FD that was born in it: told as a loss of that data FD, when its
 *   last one was not seen;
 * - the end of a process that holds a device: its own closes tell it, which are always
 *   hooked; where others go on holding what it held, it is counted as skipped.
 */
#ifndef VFIOSCOPE_REST_H
#define VFIOSCOPE_REST_H

#include <stdbool.h>
#include <stdint.h>

struct attach;
struct capture_hook;

#define REST_NS 5000000000ULL

/* Of a data FD whose last close() no hook saw, which is known now. */
struct rest_close {
	uint64_t from_ns, to_ns; /* CLOCK_MONOTONIC: when it was */
	uint32_t device, stream;
};

/* What came of an update. */
struct rest_told {
	/* Hooks that could not be attached again, once; valid until the next hook is added. */
	const struct capture_hook *failed[2];
	/* True: it is told; else the release of the data FD tells it. */
	bool (*closed)(const struct rest_close *close, void *arg);
	void *arg;
};

/*
 * Attach or detach, where that is due; at @now_ns, on CLOCK_MONOTONIC.  @waits: the capture
 * waits for migrations.  @hangs: a call is out for long, and a cpu that is stuck would keep
 * us waiting: nothing is detached.  @told.closed and .arg are the caller's, and called
 * meanwhile; the rest is filled.
 */
void rest_update(struct attach *a, uint64_t now_ns, bool waits, bool hangs, struct rest_told *told);

#endif
