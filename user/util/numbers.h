/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * numbers.h - what numbers stand for that somebody else chose
 *
 * A map from numbers to numbers.  Looking up takes the same time whatever the numbers
 * are: where they lie depends on a secret of the process, so that no recording can
 * choose them to lie badly.  A zeroed one is empty.
 */
#ifndef VFIOSCOPE_UTIL_NUMBERS_H
#define VFIOSCOPE_UTIL_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

/* Odd, another one in each process. */
extern uint64_t numbers_secret;

/* Which of @n_slots (a power of two, at most 2^32) @key belongs to. */
static inline size_t numbers_slot(uint64_t key, size_t n_slots)
{
	return (key * numbers_secret >> 32) * n_slots >> 32;
}

struct numbers_pair {
	uint64_t key; /* and one; 0: free */
	uint32_t value;
};

struct numbers {
	struct numbers_pair *at;
	size_t n, n_slots;
};

/* The value of @key (below UINT64_MAX), until the next numbers_at(); NULL: it has none. */
uint32_t *numbers_find(const struct numbers *m, uint64_t key);
/* The same, a new one being 0.  NULL: out of memory. */
uint32_t *numbers_at(struct numbers *m, uint64_t key);
void numbers_free(struct numbers *m);

#endif
