// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracks.c - a track per device, found by its number however large that is
 */
#include <stdlib.h>
#include <string.h>

#include "tui/store_internal.h"
#include "util/array.h"

static size_t slot_of(const struct tracks *t, uint32_t device)
{
	size_t i = device * 2654435761U & (t->n_slots - 1);

	while (t->slots[i] && t->at[t->slots[i] - 1].device != device)
		i = (i + 1) & (t->n_slots - 1);
	return i;
}

static bool tracks_grow(struct tracks *t)
{
	size_t n = t->n_slots ? t->n_slots * 2 : 16, i;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return false;
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	for (i = 0; i < t->n; i++)
		slots[slot_of(t, t->at[i].device)] = (uint32_t)i + 1;
	return true;
}

struct track *track_of(struct tracks *t, uint32_t device)
{
	struct track *at;
	size_t slot;

	if (t->n * 2 >= t->n_slots && !tracks_grow(t))
		return NULL;
	slot = slot_of(t, device);
	if (t->slots[slot])
		return &t->at[t->slots[slot] - 1];
	if (array_room(&t->at, t->n + 1, &t->cap, sizeof(*t->at)))
		return NULL;
	at = &t->at[t->n++];
	memset(at, 0, sizeof(*at));
	at->device = device;
	said_init(&at->now);
	t->slots[slot] = (uint32_t)t->n;
	return at;
}

void tracks_free(struct tracks *t)
{
	free(t->at);
	free(t->slots);
}
