/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mono.h - what time it is on the clock of all events
 */
#ifndef VFIOSCOPE_UTIL_MONO_H
#define VFIOSCOPE_UTIL_MONO_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, in ns. */
static inline uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

#endif
