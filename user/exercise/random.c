// SPDX-License-Identifier: GPL-2.0-only
#include "exercise/random.h"

#include <string.h>

/* SplitMix64 (G. Steele et al., 2014): any seed is a good one. */
uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void random_seed(struct random *r, uint64_t seed, uint64_t stream)
{
	r->state = seed;
	r->state = random_next(r) ^ (stream * 0xd1342543de82ef95ULL);
	random_next(r);
}

uint64_t random_below(struct random *r, uint64_t n)
{
	return random_next(r) % n;
}

void random_fill(struct random *r, void *buf, size_t n)
{
	uint8_t *at = buf;

	while (n) {
		uint64_t x = random_next(r);
		size_t part = n < sizeof(x) ? n : sizeof(x);

		memcpy(at, &x, part);
		at += part;
		n -= part;
	}
}

/*
 * Sizes that end inside of whatever unit a driver works in: within a word, a
 * record's head, a page; and now and then one that spans a lot of them.
 */
size_t sizes_next(struct sizes *s)
{
	static const size_t most[] = { 7, 500, 20000, SIZES_MAX };

	if (s->fixed)
		return s->fixed;
	return 1 + random_below(&s->random, most[random_below(&s->random, 4)]);
}
