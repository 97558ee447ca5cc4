/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h - when is a change between two clock pairs no slewing any more?
 */
#ifndef VFIOSCOPE_MODEL_CLOCK_H
#define VFIOSCOPE_MODEL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "util/sat.h"

/* What two clocks that are read one after the other may seem to differ by. */
#define CLOCK_JITTER_NS 1000000ULL
/* And what NTP makes one go faster or slower by, at most. */
#define CLOCK_SLEW_PPM	1000

/* A CLOCK_MONOTONIC and the CLOCK_REALTIME of the same moment. */
struct clock_pair {
	uint64_t mono_ns, real_ns;
};

/* CLOCK_REALTIME less CLOCK_MONOTONIC; any number, where a recording is made up. */
static inline int64_t clock_offset(const struct clock_pair *p)
{
	return (int64_t)(p->real_ns - p->mono_ns);
}

/* By how much the offset of @b is another than that of @a, whatever the sign. */
static inline uint64_t clock_change(const struct clock_pair *a, const struct clock_pair *b)
{
	int64_t d = sat_adds(clock_offset(b), sat_neg(clock_offset(a)));

	return (uint64_t)(d < 0 ? sat_neg(d) : d);
}

/* Was CLOCK_REALTIME set between the two, @a before @b? */
static inline bool clock_is_step(const struct clock_pair *a, const struct clock_pair *b)
{
	return clock_change(a, b) >
	       (b->mono_ns - a->mono_ns) / 1000000 * CLOCK_SLEW_PPM + CLOCK_JITTER_NS;
}

#endif
