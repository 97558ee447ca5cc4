// SPDX-License-Identifier: GPL-2.0-only
#include "util/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* What stays where there is no randomness yet, as early in a boot. */
uint64_t numbers_secret = 0x9e3779b97f4a7c15ULL;

/* Before there is a second thread. */
__attribute__((constructor)) static void choose_secret(void)
{
	uint64_t x;

	if (getrandom(&x, sizeof(x), GRND_NONBLOCK) == (ssize_t)sizeof(x))
		numbers_secret = x | 1;
}

/* Where it is, or would be. */
static struct numbers_pair *place_of(const struct numbers *m, uint64_t key)
{
	size_t i = numbers_slot(key, m->n_slots);

	while (m->at[i].key && m->at[i].key != key + 1)
		i = (i + 1) & (m->n_slots - 1);
	return &m->at[i];
}

uint32_t *numbers_find(const struct numbers *m, uint64_t key)
{
	struct numbers_pair *p = m->n ? place_of(m, key) : NULL;

	return p && p->key ? &p->value : NULL;
}

static int make_room(struct numbers *m)
{
	struct numbers wider = { .n = m->n, .n_slots = m->n_slots ? m->n_slots * 2 : 64 };
	size_t i;

	if ((m->n + 1) * 2 <= m->n_slots)
		return 0;
	wider.at = calloc(wider.n_slots, sizeof(*wider.at));
	if (!wider.at)
		return -ENOMEM;
	for (i = 0; i < m->n_slots; i++)
		if (m->at[i].key)
			*place_of(&wider, m->at[i].key - 1) = m->at[i];
	free(m->at);
	*m = wider;
	return 0;
}

uint32_t *numbers_at(struct numbers *m, uint64_t key)
{
	struct numbers_pair *p;

	if (make_room(m))
		return NULL;
	p = place_of(m, key);
	if (!p->key) {
		p->key = key + 1;
		m->n++;
	}
	return &p->value;
}

void numbers_free(struct numbers *m)
{
	free(m->at);
	memset(m, 0, sizeof(*m));
}
