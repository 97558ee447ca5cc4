/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hist.h - a log-linear histogram of unsigned numbers
 *
 * Promises: any uint64_t goes in; a percentile is wrong by at most 6.25 %
 * (16 buckets per power of two; values below 32 exactly), never above the
 * maximum; count and maximum are exact; merging two histograms gives the one
 * of both inputs.  Fixed size, no allocation: zero bytes are an empty one.
 */
#ifndef VFIOSCOPE_UTIL_HIST_H
#define VFIOSCOPE_UTIL_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS 4
#define HIST_BUCKETS  ((64 - HIST_SUB_BITS + 1) << HIST_SUB_BITS)

struct hist {
	uint64_t count;
	uint64_t max;
	uint64_t buckets[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t value, uint64_t times);
void hist_merge(struct hist *into, const struct hist *from);
/*
 * The smallest value that at least @percent (0..100) of the values do not
 * exceed, rounded up within its bucket; 0 when empty.  100 gives the maximum.
 */
uint64_t hist_percentile(const struct hist *h, double percent);

/* A bucket's index for @value, and the value range [*lo, *hi] of a bucket. */
unsigned int hist_bucket(uint64_t value);
void hist_range(unsigned int bucket, uint64_t *lo, uint64_t *hi);

#endif
