/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * align.h - how the clocks of two recordings, of the source's and of the
 * destination's host, go together
 *
 * The clock is the source's CLOCK_MONOTONIC.  The destination's times are
 * brought there by the CLOCK_REALTIME that both recordings hold beside their
 * own, pair by pair, so that a clock that is slewed during the capture is
 * followed.  What CLOCK_REALTIME cannot promise, causality checks: no byte is
 * written before it was read.  Promises:
 * - what the clocks say is corrected only where causality proves it wrong, and
 *   then by the least that it takes; both are told;
 * - the same recordings give the same result.
 */
#ifndef VFIOSCOPE_MODEL_ALIGN_H
#define VFIOSCOPE_MODEL_ALIGN_H

#include "source.h"

enum align_side { ALIGN_SRC = 0, ALIGN_DST = 1 };

enum align_clock {
	ALIGN_CLOCK_NONE = 0,	/* nothing ties the two together */
	ALIGN_CLOCK_SAME = 1,	/* one boot of one machine: they share it */
	ALIGN_CLOCK_REALTIME = 2,
	ALIGN_CLOCK_CAUSALITY = 3,	/* no pair of clocks in one of them */
};

struct alignment {
	enum align_clock clock;
	int64_t offset_ns;	/* to add to the destination's first time, all in all */
	uint64_t drift_ns;	/* by how much it changes until its last time */
	bool stepped[2];	/* CLOCK_REALTIME was set during the capture */
	uint32_t pairs;		/* of migrations that are two sides of one */
	/*
	 * The least time from a read() of the one side to the write() of the same
	 * bytes on the other, by the clocks alone; negative: they are wrong by
	 * so much.  [ALIGN_SRC]: read on the source's host; [ALIGN_DST]: the way
	 * back.  has_way: there is a pair to see it in.
	 */
	bool has_way[2];
	int64_t way_ns[2];
	int64_t correction_ns;	/* what causality added; in offset_ns */
	bool contradicts;	/* no offset fits both ways; the middle was taken */
};

struct align;

/* NULL: out of memory. */
struct align *align_create(void);
void align_destroy(struct align *m);

/* Read @src to its end.  0, -ENOMEM, or what next() failed with. */
int align_scan(struct align *m, enum align_side side, struct event_source *src);
/* After both: how the clocks are tied, also when they are not. */
void align_clocks(struct align *m, struct alignment *out);

/* The host's name, or what it is: "source". */
const char *align_host(const struct align *m, enum align_side side);

/* A time of @side on the source's clock: a to_clock of recording/merge.h. */
uint64_t align_time(const void *align, size_t side, uint64_t t_ns);

#endif
