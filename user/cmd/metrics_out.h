/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metrics_out.h - record --metrics: where an always-on recorder's sums go
 *
 * A file, replaced whole (a textfile collector's), or "unix:PATH", a socket that answers
 * whoever connects: with HTTP who sends a GET, with the text alone who sends nothing.
 * Written when something has changed, at most once a second, and every minute, so that its
 * age tells whether the recorder is alive.  That it cannot be written is told once, and
 * tried again.
 */
#ifndef VFIOSCOPE_CMD_METRICS_OUT_H
#define VFIOSCOPE_CMD_METRICS_OUT_H

#include "cmd/each.h"
#include "view/metrics.h"

struct metrics_out;

/* 0, or the exit code with the error told.  @where is the caller's and outlives it. */
int metrics_out_open(struct metrics_out **m, const char *where);
/* Does it listen, hence accept() later? */
bool metrics_out_serves(const struct metrics_out *m);
/* What is to be counted, for each_opts. */
struct metrics *metrics_out_sums(struct metrics_out *m);
/* To be called with each tick, once privileges are given away. */
void metrics_out_tick(struct metrics_out *m, const struct each *e, uint64_t now_ns);
/* The last word, now. */
void metrics_out_end(struct metrics_out *m, const struct each *e);
void metrics_out_close(struct metrics_out *m);

#endif
