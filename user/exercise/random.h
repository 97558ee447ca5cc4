/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * random.h - numbers that a seed decides, and the buffer sizes made of them
 *
 * The same seed gives the same sequence on every machine.  No cryptography.
 */
#ifndef VFIOSCOPE_EXERCISE_RANDOM_H
#define VFIOSCOPE_EXERCISE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* Sequences of different @stream numbers have nothing in common. */
void random_seed(struct random *r, uint64_t seed, uint64_t stream);
uint64_t random_next(struct random *r);
/* 0 <= result < @n; @n > 0. */
uint64_t random_below(struct random *r, uint64_t n);
void random_fill(struct random *r, void *buf, size_t n);

/* How large the next read() or write() is. */
struct sizes {
	size_t fixed; /* 0: by chance, of 1 byte to SIZES_MAX */
	struct random random;
};

#define SIZES_MAX ((size_t)1 << 20)

size_t sizes_next(struct sizes *s);

#endif
