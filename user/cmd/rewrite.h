/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rewrite.h - events of recordings into another recording: merge and cut
 *
 * The file is whole or not there (recording/output.h), and sums itself up at its end.
 */
#ifndef VFIOSCOPE_CMD_REWRITE_H
#define VFIOSCOPE_CMD_REWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "source.h"

struct rewrite;

/*
 * Can it be written, and is it none of the @n recordings @paths that are read?  0, or the
 * exit code with the error told.
 */
int rewrite_check(const char *path, bool force, char *const *paths, size_t n);
/*
 * Begin with @meta, which is the caller's and outlives it; @bound_ns: how far the clocks
 * of its hosts may be apart, as evidence_join_bound_ns().  0, or the exit code with the error told;
 * *@rw NULL with 0: nobody reads the pipe any more.
 */
int rewrite_begin(struct rewrite **rw, const char *path, bool force, const struct meta *meta,
		  uint64_t bound_ns);
/* 0 or -errno. */
int rewrite_put(struct rewrite *rw, const struct event *ev);
/*
 * @err: why the events end, 0: all are there; then @ended says whether the recording ends,
 * or stops as one whose recorder was killed.  Free it; 0, or the exit code with the error
 * told, and no file is left.
 */
int rewrite_end(struct rewrite *rw, int err, bool ended);
/* Free it, and no file is left: something else has failed, which the caller tells. */
void rewrite_abandon(struct rewrite *rw);

#endif
