/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keeper.h - a process that lets go of the hooks, so that nobody else waits
 *
 * Detaching can block: while a cpu is stuck in the kernel, closing the link of
 * a fentry program sleeps until that cpu moves.  So the links are closed by a
 * process that nobody waits for.  It shares the table of open files, hence a
 * death of the recorder, by whatever signal, closes nothing by itself; the
 * keeper then does, and ends.
 */
#ifndef VFIOSCOPE_KEEPER_H
#define VFIOSCOPE_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Is the keeper of an earlier capture still at it, and does not one of its hooks
 * go for @timeout_ms?  Whoever attaches meanwhile waits for the same locks of the
 * kernel, and no signal ends that.
 */
bool keeper_hangs(int timeout_ms);

/* Start it, before any hook is attached.  Its process number, or -errno. */
pid_t keeper_start(void);

/*
 * Have it close every BPF link and perf event that this process has, and wait
 * for that as long as some go in each @timeout_ms.  0: done, it is gone; -ETIMEDOUT: it is still at
 * it, the hooks are left behind until the kernel lets go of them, and the
 * caller must close none of their descriptors.
 */
int keeper_finish(pid_t keeper, int timeout_ms);

#endif
