// SPDX-License-Identifier: GPL-2.0-only
/*
 * store.c - events in chunks, found by number and by time; where something changed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store_internal.h"
#include "util/array.h"

/* ---- positions and times ---- */

uint64_t store_count(const struct store *s)
{
	return s->count;
}

uint64_t store_first_ns(const struct store *s)
{
	return s->first_ns;
}

uint64_t store_last_ns(const struct store *s)
{
	return s->last_ns;
}

uint64_t store_time(struct store *s, uint64_t n)
{
	const struct cached *k;
	uint64_t t, i;

	if (!n || !s->count)
		return s->first_ns;
	if (n >= s->count)
		return s->last_ns;
	k = store_load(s, (n - 1) / CHUNK);
	t = s->chunks[(n - 1) / CHUNK].before_ns ?: s->first_ns;
	for (i = 0; i <= (n - 1) % CHUNK; i++)
		if (event_kind_is_public(k->ev[i].kind) && event_end_ns(&k->ev[i]) > t)
			t = event_end_ns(&k->ev[i]);
	return t;
}

uint64_t store_position(struct store *s, uint64_t t_ns)
{
	size_t lo = 0, hi = s->n_chunks, mid;
	const struct cached *k;
	uint32_t i;

	/* The first chunk that goes beyond the time. */
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->chunks[mid].after_ns <= t_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n_chunks)
		return s->count;
	k = store_load(s, lo);
	for (i = 0; i < k->n; i++)
		if (event_kind_is_public(k->ev[i].kind) && event_end_ns(&k->ev[i]) > t_ns)
			break;
	return lo * CHUNK + i;
}

bool store_chunk_may_have(const struct store *s, uint64_t n, uint64_t kinds, bool errors,
			  uint64_t longer_ns, uint64_t *first, uint64_t *last)
{
	const struct chunk *c = &s->chunks[n / CHUNK];

	*first = n / CHUNK * CHUNK;
	*last = *first + c->n - 1;
	return (c->kinds & kinds) && (!errors || c->errors) &&
	       (!longer_ns || c->longest_ns > longer_ns);
}

/* ---- appending ---- */

static int change_add(struct changes *l, uint64_t n, uint64_t t_ns, uint32_t device, uint32_t state)
{
	if (array_room(&l->at, l->n + 1, &l->cap, sizeof(*l->at)))
		return -ENOMEM;
	l->at[l->n++] = (struct change){ .n = n, .t_ns = t_ns, .device = device, .state = state };
	return 0;
}

static int note_state(struct store *s, struct track *t, uint64_t t_ns, uint32_t kind)
{
	const struct model_device *d = model_device(s->model, t->device);

	if (!d || d->state == t->now.state)
		return 0;
	t->now.state = d->state;
	return change_add(&s->states, s->count, d->state_since_ns > t_ns ? t_ns : d->state_since_ns,
			  t->device,
			  d->state == MIG_UNKNOWN && kind == EV_DEVICE_CLOSE ? STORE_CLOSED :
									       d->state);
}

/* A loss can have touched every device: those that it made unknown are noted. */
static int note_losses(struct store *s, uint64_t t_ns)
{
	struct track *t = s->tracks.at;
	size_t i;
	int err = 0;

	for (i = 0; i < s->tracks.n; i++, t++) {
		if (t->now.state == MIG_UNKNOWN)
			continue;
		err |= note_state(s, t, t_ns, EV_LOSS);
		if (t->now.state == MIG_UNKNOWN)
			sums_end(s, t);
	}
	return err;
}

/* What the event adds to the sums and lists; the model has taken it. */
static int note(struct store *s, struct chunk *c, const struct event *ev,
		const struct event_context *ctx)
{
	uint32_t device = ctx->device ? ctx->device->number : 0;
	uint64_t end_ns = event_end_ns(ev);
	struct track *t;
	int err = 0;

	if (ctx->side_began || ctx->side_ended)
		err |= change_add(&s->moments[MOMENT_MIGRATION], s->count, end_ns, device, 0);
	if (ev->kind == EV_LOSS || ev->kind == EV_MARK) {
		/* Without a device it may concern everybody. */
		t = ev->device ? track_of(&s->tracks, ev->device) : NULL;
		if (ev->device && !t)
			return -ENOMEM;
		err |= sums_add(s, c, ev, ev->device, t);
		if (ev->kind == EV_LOSS)
			err |= note_losses(s, end_ns);
		return err ? -ENOMEM : 0;
	}
	if (!device || !event_kind_is_public(ev->kind))
		return err ? -ENOMEM : 0;
	t = track_of(&s->tracks, device);
	if (!t)
		return -ENOMEM;
	err |= sums_add(s, c, ev, device, t);
	err |= note_state(s, t, end_ns, ev->kind);
	sums_end(s, t);
	if (ev->kind == EV_ARC || (ev->kind == EV_SET_STATE && ev->ret < 0))
		err |= change_add(&s->moments[MOMENT_ARC], s->count, end_ns, device, 0);
	return err ? -ENOMEM : 0;
}

static struct chunk *open_chunk(struct store *s)
{
	struct chunk *c;

	if (s->n_chunks && s->chunks[s->n_chunks - 1].n < CHUNK)
		return &s->chunks[s->n_chunks - 1];
	if (array_room(&s->chunks, s->n_chunks + 1, &s->cap_chunks, sizeof(*s->chunks)))
		return NULL;
	/* The one before is complete: give back what it does not need. */
	if (s->n_chunks) {
		c = &s->chunks[s->n_chunks - 1];
		if (c->cap > c->len) {
			uint8_t *data = realloc(c->data, c->len);

			if (data) {
				c->data = data;
				c->cap = c->len;
			}
		}
	}
	if (s->n_chunks && !sums_pack(s))
		return NULL;
	s->open.n = 0;
	groups_close(s);
	c = &s->chunks[s->n_chunks++];
	memset(c, 0, sizeof(*c));
	c->all.lo_ns = UINT64_MAX;
	c->before_ns = c->after_ns = s->last_ns;
	codec_reset(&s->codec);
	return c;
}

int store_append(struct store *s, const struct event *ev, struct event_context *out)
{
	struct event_context ctx;
	struct chunk *c;
	struct buf *b = &s->scratch;
	uint64_t end_ns = event_end_ns(ev);
	int err;

	if (out)
		memset(out, 0, sizeof(*out));
	if (ev->kind >= EV_KIND_NR)
		return 0;
	c = open_chunk(s);
	if (!c)
		return -ENOMEM;
	buf_reset(b);
	codec_put(&s->codec, b, ev);
	if (b->failed || c->len + b->len > c->cap) {
		uint32_t cap = c->cap ? c->cap * 2 : 4096;
		uint8_t *data;

		while (cap < c->len + b->len)
			cap *= 2;
		data = b->failed ? NULL : realloc(c->data, cap);
		if (!data)
			return -ENOMEM;
		c->data = data;
		c->cap = cap;
	}
	err = model_feed(s->model, ev, &ctx);
	if (err)
		return err;
	if (out)
		*out = ctx;
	memcpy(c->data + c->len, b->data, b->len);
	c->len += b->len;
	codec_took(&s->codec, ev);
	c->n++;
	c->kinds |= 1ULL << ev->kind;
	c->errors |= event_failed(ev);
	if (ev->dur_ns > c->longest_ns)
		c->longest_ns = ev->dur_ns;
	if (event_kind_is_public(ev->kind)) {
		if (!s->first_ns)
			s->first_ns = ev->t_ns;
		if (end_ns > s->last_ns)
			s->last_ns = end_ns;
		if (end_ns < c->all.lo_ns)
			c->all.lo_ns = end_ns;
		if (end_ns > c->all.hi_ns)
			c->all.hi_ns = end_ns;
	}
	c->after_ns = s->last_ns;
	s->count++;
	/* What is missing in a sum is a plot that lies; say so. */
	err = note(s, c, ev, &ctx);
	checkpoint(&s->points, s->model, s->count);
	return err;
}

struct model *store_model(struct store *s)
{
	return s->model;
}

/* ---- moments and states ---- */

uint64_t store_moment(const struct store *s, enum store_moment list, uint64_t n, int dir,
		      uint32_t device)
{
	const struct changes *l = &s->moments[list];
	size_t lo = 0, hi = l->n, mid;

	/* The first that is not before @n. */
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (l->at[mid].n < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (dir > 0) {
		for (; lo < l->n; lo++)
			if (l->at[lo].n > n && (!device || l->at[lo].device == device))
				return l->at[lo].n;
	} else {
		for (; lo > 0; lo--)
			if (l->at[lo - 1].n < n && (!device || l->at[lo - 1].device == device))
				return l->at[lo - 1].n;
	}
	return UINT64_MAX;
}

uint32_t store_state(const struct store *s, uint32_t device, uint64_t t_ns)
{
	const struct changes *l = &s->states;
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (l->at[mid].t_ns <= t_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo > 0; lo--)
		if (l->at[lo - 1].device == device)
			return l->at[lo - 1].state;
	return MIG_UNKNOWN;
}

bool store_state_span(const struct store *s, uint32_t device, uint64_t t_ns, uint64_t *from,
		      uint64_t *to)
{
	const struct changes *l = &s->states;
	bool known = false;
	size_t i;

	*to = s->last_ns;
	for (i = 0; i < l->n; i++) {
		if (l->at[i].device != device)
			continue;
		if (l->at[i].t_ns > t_ns) {
			*to = l->at[i].t_ns;
			break;
		}
		*from = l->at[i].t_ns;
		known = l->at[i].state < MIG_STATE_NR;
	}
	return known;
}

/* ---- life ---- */

struct store *store_create(void)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	checkpoints_init(&s->points);
	s->model = model_create();
	if (!s->model)
		goto fail;
	s->cache[0] = malloc(sizeof(*s->cache[0]));
	if (!s->cache[0])
		goto fail;
	s->cache[0]->chunk = UINT64_MAX;
	return s;
fail:
	store_destroy(s);
	return NULL;
}

void store_destroy(struct store *s)
{
	size_t i, k;

	if (!s)
		return;
	for (i = 0; i < s->n_chunks; i++) {
		free(s->chunks[i].data);
		sums_free(&s->chunks[i].all.sums);
		buf_free(&s->chunks[i].left);
	}
	free(s->chunks);
	for (k = 0; k < LEVELS; k++) {
		for (i = 0; i < s->level[k].n; i++)
			sums_free(&s->level[k].at[i].sums);
		free(s->level[k].at);
	}
	free(s->open.at);
	checkpoints_free(&s->points);
	for (i = 0; i < CACHE; i++)
		free(s->cache[i]);
	for (i = 0; i < MOMENT_LISTS; i++)
		free(s->moments[i].at);
	free(s->states.at);
	tracks_free(&s->tracks);
	buf_free(&s->scratch);
	model_destroy(s->model);
	free(s);
}
