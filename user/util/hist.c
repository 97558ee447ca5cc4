// SPDX-License-Identifier: GPL-2.0-only
#include "util/hist.h"

#include <math.h>

#define SUB (1U << HIST_SUB_BITS)

unsigned int hist_bucket(uint64_t v)
{
	unsigned int shift;

	if (v < 2 * SUB)
		return v;
	shift = 63 - __builtin_clzll(v) - HIST_SUB_BITS;
	return (shift << HIST_SUB_BITS) + (v >> shift);
}

void hist_range(unsigned int b, uint64_t *lo, uint64_t *hi)
{
	unsigned int shift;
	uint64_t mant;

	if (b < 2 * SUB) {
		*lo = *hi = b;
		return;
	}
	shift = (b >> HIST_SUB_BITS) - 1;
	mant = (b & (SUB - 1)) + SUB;
	*lo = mant << shift;
	*hi = *lo + ((1ULL << shift) - 1);
}

void hist_add(struct hist *h, uint64_t value, uint64_t times)
{
	if (!times)
		return;
	h->buckets[hist_bucket(value)] += times;
	h->count += times;
	if (value > h->max)
		h->max = value;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	into->count += from->count;
	if (from->max > into->max)
		into->max = from->max;
}

uint64_t hist_percentile(const struct hist *h, double percent)
{
	uint64_t rank, seen = 0, lo, hi;
	unsigned int i;

	if (!h->count)
		return 0;
	if (percent >= 100.0)
		return h->max;
	rank = percent <= 0.0 ? 1 : (uint64_t)ceil(percent / 100.0 * (double)h->count);
	if (!rank)
		rank = 1;
	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank) {
			hist_range(i, &lo, &hi);
			return hi < h->max ? hi : h->max;
		}
	}
	return h->max;
}
