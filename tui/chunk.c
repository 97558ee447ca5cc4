// SPDX-License-Identifier: GPL-2.0-only
/*
 * chunk.c - the events of a chunk, and one of them
 */
#include "tui/store_internal.h"

const struct cached *store_load(struct store *s, uint64_t chunk)
{
	const struct chunk *c = &s->chunks[chunk];
	const uint8_t *p = c->data;
	struct cached *slot = NULL;
	struct codec codec;
	uint32_t i;

	for (i = 0; i < CACHE; i++) {
		struct cached *k = s->cache[i];

		if (k->chunk == chunk && k->n == c->n) {
			k->used = ++s->clock;
			return k;
		}
		if (k->chunk == chunk) {
			slot = k;
			break;
		}
		if (!slot || k->used < slot->used)
			slot = k;
	}
	codec_reset(&codec);
	for (i = 0; i < c->n; i++) {
		p = codec_take(&codec, p, &slot->ev[i]);
		slot->ev[i].seq = chunk * CHUNK + i + 1;
	}
	slot->chunk = chunk;
	slot->n = c->n;
	slot->used = ++s->clock;
	return slot;
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
