// SPDX-License-Identifier: GPL-2.0-only
/*
 * sums.c - what each device did, per chunk and per group of them, and what was left
 *
 * Everything goes by the devices that had an event, never by their numbers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store_internal.h"
#include "util/array.h"

/* ---- what is left, event by event ---- */

/*
 * What the model said behind each event is kept, for a plot wants it at every read(). A read
 * takes what it gave, most often, and all else changes nothing; what the model said
 * otherwise is written down.
 */
static void said_expect(struct said *st, const struct event *ev)
{
	if (ev->kind != EV_READ || ev->ret <= 0 || st->left == MODEL_NONE)
		return;
	st->initial = sat_sub(st->initial, (uint64_t)ev->ret);
	st->left = sat_sub(st->left, (uint64_t)ev->ret);
}

void said_init(struct said *st)
{
	*st = (struct said){ .state = MIG_UNKNOWN, .left = MODEL_NONE };
}

/* Behind the last event of the chunk. */
static int left_note(struct chunk *c, const struct model *m, const struct event *ev,
		     struct track *t)
{
	struct said st = t->now;
	uint64_t initial, left = model_left(m, t->device, &initial);

	said_expect(&st, ev);
	t->now.left = left;
	t->now.initial = initial;
	if (left == st.left && initial == st.initial)
		return 0;
	buf_put_varint(&c->left, c->n - c->left_at);
	/* Wraps to 0 where nothing is known. */
	buf_put_varint(&c->left, left + 1);
	buf_put_varint(&c->left, initial);
	c->left_at = c->n;
	return c->left.failed ? -ENOMEM : 0;
}

void left_next(struct left_notes *l)
{
	const uint8_t *p;

	if (l->pos >= l->from->len) {
		l->at = UINT32_MAX;
		return;
	}
	p = l->from->data + l->pos;
	l->at += (uint32_t)codec_varint(&p);
	l->left = codec_varint(&p) - 1;
	l->initial = codec_varint(&p);
	l->pos = (size_t)(p - l->from->data);
}

void left_behind(struct left_notes *l, uint32_t i, const struct event *ev, struct said *st)
{
	said_expect(st, ev);
	while (l->at < i + 1)
		left_next(l);
	if (l->at != i + 1)
		return;
	st->left = l->left;
	st->initial = l->initial;
}

/* ---- of the chunk that is being filled ---- */

static struct sum *sum_of(struct open_sums *all, uint32_t device)
{
	size_t i;

	/* It is most often the last one again. */
	for (i = all->n; i > 0; i--)
		if (all->at[i - 1].device == device)
			return &all->at[i - 1];
	if (array_room(&all->at, all->n + 1, &all->cap, sizeof(*all->at)))
		return NULL;
	memset(&all->at[all->n], 0, sizeof(*all->at));
	all->at[all->n].device = device;
	return &all->at[all->n++];
}

bool has_reinit(const struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);

	return d && d->precopy_info_v2;
}

int sums_add(struct store *s, struct chunk *c, const struct event *ev, uint32_t device,
	     struct track *t)
{
	struct sum *sum = sum_of(&s->open, t ? device : 0);
	int err;

	if (!sum)
		return -ENOMEM;
	s->open.packed = false;
	column_event(&sum->col, ev, t ? t->now.state : MIG_UNKNOWN, has_reinit(s->model, device));
	if (!t)
		return 0;
	err = left_note(c, s->model, ev, t);
	column_left(&sum->col, &t->now);
	return err;
}

void sums_end(struct store *s, const struct track *t)
{
	struct sum *sum = sum_of(&s->open, t->device);

	if (sum)
		sum->end = t->now;
	s->open.packed = false;
}

/* ---- of one that is over ---- */

static int by_device(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->device < y->device ? -1 : x->device > y->device;
}

/* Takes over the buffers; false: out of memory, and it stays as it was. */
static bool sums_keep(struct sums *all, struct buf *keys, struct buf *data)
{
	if (keys->failed || data->failed) {
		buf_free(keys);
		buf_free(data);
		return false;
	}
	sums_free(all);
	all->key = (struct sum_key *)(void *)keys->data;
	all->n = keys->len / sizeof(*all->key);
	all->data = data->data;
	return true;
}

/* The next device's, in order; its bytes follow in @data. */
static void key_put(struct buf *keys, const struct buf *data, uint32_t device)
{
	struct sum_key key = { device, (uint32_t)data->len };

	buf_put(keys, &key, sizeof(key));
}

bool sums_pack(struct store *s)
{
	struct buf keys = { 0 }, data = { 0 };
	struct open_sums *o = &s->open;
	size_t i;

	if (o->packed || !s->n_chunks)
		return true;
	if (o->n)
		qsort(o->at, o->n, sizeof(*o->at), by_device);
	for (i = 0; i < o->n; i++) {
		key_put(&keys, &data, o->at[i].device);
		sum_put(&data, &o->at[i]);
	}
	o->packed = sums_keep(&s->chunks[s->n_chunks - 1].all.sums, &keys, &data);
	return o->packed;
}

void sums_free(struct sums *all)
{
	free(all->key);
	free(all->data);
	memset(all, 0, sizeof(*all));
}

const uint8_t *sums_find(const struct sums *all, uint32_t device)
{
	uint32_t lo = 0, hi = all->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (all->key[mid].device < device)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < all->n && all->key[lo].device == device ? all->data + all->key[lo].at : NULL;
}

/* ---- GROUP of them together ---- */

/* The @i-th of what the level is made of: chunks, or stretches of the level below. */
static const struct stretch *part_of(const struct store *s, unsigned int level, size_t i)
{
	return level ? &s->level[level - 1].at[i] : &s->chunks[i].all;
}

static bool group_close(struct store *s, unsigned int level)
{
	struct tier *l = &s->level[level];
	size_t first = l->n * GROUP;
	struct buf keys = { 0 }, data = { 0 };
	uint32_t k, next[GROUP] = { 0 }, device;
	struct stretch *g;
	struct sum sum;
	bool more;

	if (array_room(&l->at, l->n + 1, &l->cap, sizeof(*l->at)))
		return false;
	g = &l->at[l->n];
	*g = (struct stretch){ .lo_ns = UINT64_MAX };
	for (k = 0; k < GROUP; k++) {
		const struct stretch *p = part_of(s, level, first + k);

		g->lo_ns = p->lo_ns < g->lo_ns ? p->lo_ns : g->lo_ns;
		g->hi_ns = p->hi_ns > g->hi_ns ? p->hi_ns : g->hi_ns;
	}
	for (;;) {
		/* All are sorted: the least device of what is next. */
		for (more = false, device = 0, k = 0; k < GROUP; k++) {
			const struct sums *p = &part_of(s, level, first + k)->sums;

			if (next[k] < p->n && (!more || p->key[next[k]].device < device)) {
				device = p->key[next[k]].device;
				more = true;
			}
		}
		if (!more)
			break;
		memset(&sum, 0, sizeof(sum));
		for (k = 0; k < GROUP; k++) {
			const struct sums *p = &part_of(s, level, first + k)->sums;

			if (next[k] < p->n && p->key[next[k]].device == device)
				sum_take(p->data + p->key[next[k]++].at, &sum.col, &sum.end);
		}
		key_put(&keys, &data, device);
		sum_put(&data, &sum);
	}
	if (!sums_keep(&g->sums, &keys, &data))
		return false;
	l->n++;
	return true;
}

void groups_close(struct store *s)
{
	size_t parts = s->n_chunks;
	unsigned int i;

	for (i = 0; i < LEVELS; i++) {
		if (parts < (s->level[i].n + 1) * GROUP || !group_close(s, i))
			return;
		parts = s->level[i].n;
	}
}
