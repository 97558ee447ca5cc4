// SPDX-License-Identifier: GPL-2.0-only
/*
 * chunk.c - the events of a chunk, and one of them
 */
#include <stdlib.h>

#include "tui/store_internal.h"

const struct cached *store_load(struct store *s, uint64_t chunk)
{
	const struct chunk *c = &s->chunks[chunk];
	struct cached **slot = &s->cache[chunk % CACHE], *k;
	const uint8_t *p = c->data;
	struct codec codec;
	uint32_t i;

	if (!*slot) {
		*slot = malloc(sizeof(**slot));
		if (*slot)
			(*slot)->chunk = UINT64_MAX;
	}
	/* Without memory all share the first one. */
	k = *slot ?: s->cache[0];
	if (k->chunk == chunk && k->n == c->n)
		return k;
	codec_reset(&codec);
	for (i = 0; i < c->n; i++) {
		p = codec_take(&codec, p, &k->ev[i]);
		k->ev[i].seq = chunk * CHUNK + i + 1;
	}
	k->chunk = chunk;
	k->n = c->n;
	return k;
}

const struct event *store_peek(struct store *s, uint64_t n)
{
	return n < s->count ? &store_load(s, n / CHUNK)->ev[n % CHUNK] : NULL;
}

bool store_get(struct store *s, uint64_t n, struct event *ev)
{
	if (n >= s->count)
		return false;
	*ev = store_load(s, n / CHUNK)->ev[n % CHUNK];
	return true;
}
