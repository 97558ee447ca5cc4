/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * align.h - how the clocks of recordings of several hosts go together
 *
 * The clock of all, the reference, is the CLOCK_MONOTONIC of the host that has
 * the most sources of migrations.  Other hosts' times are brought there by the
 * CLOCK_REALTIME that recordings hold beside their own clock, pair by pair, so
 * that a clock that is slewed during the capture is followed.  What
 * CLOCK_REALTIME cannot promise, causality checks: no byte is written before it
 * was read.  Promises:
 * - what the clocks say is corrected only where causality proves it wrong, and
 *   then by the least that it takes; both are told;
 * - streams of different hosts are compared only where their bytes allow no
 *   other pairing, or where it does not matter which of several equal ones is
 *   whose;
 * - recordings of one boot share their clock as it is;
 * - the same recordings give the same result.
 */
#ifndef VFIOSCOPE_MODEL_ALIGN_H
#define VFIOSCOPE_MODEL_ALIGN_H

#include "source.h"

enum align_kind {
	ALIGN_NONE = 0, /* nothing ties it to the reference */
	ALIGN_SAME = 1, /* it is the reference */
	ALIGN_REALTIME = 2,
	ALIGN_CAUSALITY = 3, /* no pair of clocks in it, or in the reference */
};

/* Which way bytes went, seen from one clock. */
enum align_way { ALIGN_IN = 0, ALIGN_OUT = 1 };

/* How one clock goes to the reference. */
struct align_tie {
	enum align_kind kind;
	int64_t offset_ns; /* to add to its first time, all in all */
	uint64_t drift_ns; /* by how much that changes until its last time */
	bool stepped;	   /* CLOCK_REALTIME was set during the capture */
	uint32_t streams;  /* that are seen on both sides, with another clock */
	/*
	 * The least time from a read() on the one host to the write() of the same
	 * bytes on the other, by the clocks alone (of the other with its own
	 * correction); negative: they are wrong by so much.  [ALIGN_IN]: written
	 * on this clock's host; [ALIGN_OUT]: read there.  has_way: there are
	 * streams to see it in.
	 */
	bool has_way[2];
	int64_t way_ns[2];
	int64_t correction_ns; /* what causality added; in offset_ns */
	bool contradicts;      /* no offset fits both ways; the middle was taken */
};

struct align;

/* NULL: out of memory. */
struct align *align_create(void);
void align_destroy(struct align *a);

/*
 * Read @src, the next input (numbers from 0), to its end.  0, -ENOMEM, or what
 * next() failed with.
 */
int align_scan(struct align *a, struct event_source *src);
/* When its first event began and its last ended, on its own clock; 0: no event. */
void align_span(const struct align *a, size_t input, uint64_t *first_ns, uint64_t *last_ns);

/* CLOCK_REALTIME of a time of @input by its own clock pairs; false: it has none. */
bool align_wall(const struct align *a, size_t input, uint64_t t_ns, uint64_t *real_ns);

/* After all: tie the clocks.  0 or -ENOMEM. */
int align_clocks(struct align *a);

/* Clocks are numbered from 0 in the order of the inputs. */
size_t align_n(const struct align *a);
size_t align_clock_of(const struct align *a, size_t input);
size_t align_reference(const struct align *a);
const struct align_tie *align_tie(const struct align *a, size_t clock);
/*
 * How far two instants of different hosts may be from the truth, as far as
 * causality tells: the quickest way of bytes, the larger where both ways are
 * seen; 0: one clock, UINT64_MAX: nothing tells.
 */
uint64_t align_bound_ns(const struct align *a);

/* A time of @input on the reference clock: a to_clock of recording/merge.h. */
uint64_t align_time(const void *align, size_t input, uint64_t t_ns);

#endif
