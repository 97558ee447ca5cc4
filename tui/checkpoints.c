// SPDX-License-Identifier: GPL-2.0-only
/*
 * checkpoints.c - the model at any position: models kept here and there, one fed on
 */
#include <stdlib.h>
#include <string.h>

#include "tui/store_internal.h"
#include "util/array.h"

/* A model is kept after so many events; doubled when they cost too much. */
#define CHECKPOINT 8192U
#define MODELS_MAX (192ULL << 20)
#define NEAR	   (sizeof(((struct checkpoints *)0)->near) / sizeof(struct checkpoint))

void checkpoints_init(struct checkpoints *p)
{
	memset(p, 0, sizeof(*p));
	p->spacing = CHECKPOINT;
}

void checkpoints_free(struct checkpoints *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		model_destroy(p->at[i].model);
	free(p->at);
	for (i = 0; i < NEAR; i++)
		model_destroy(p->near[i].model);
	model_destroy(p->cursor);
}

/* Every other one goes. */
static void thin(struct checkpoints *p)
{
	size_t i, k = 0;

	p->cost = 0;
	for (i = 0; i < p->n; i++) {
		if (i % 2 == 0) {
			model_destroy(p->at[i].model);
			continue;
		}
		p->at[k] = p->at[i];
		p->cost += p->at[k++].cost;
	}
	p->n = k;
	p->spacing *= 2;
}

/* A model that could not be kept makes a later seek slower, nothing else. */
void checkpoint(struct checkpoints *p, const struct model *m, uint64_t count)
{
	struct checkpoint *at;

	if (count % p->spacing)
		return;
	if (array_room(&p->at, p->n + 1, &p->cap, sizeof(*p->at)))
		return;
	at = &p->at[p->n];
	at->n = count;
	at->model = model_clone(m);
	if (!at->model)
		return;
	/* directories and pages of the registry; and what sessions and sides keep */
	at->cost = 24 * 1024 + 8 * 1024 * (uint64_t)model_devices(m) +
		   (sizeof(struct session) + 512) * (uint64_t)model_sessions(m) +
		   (sizeof(struct side) + 512) * (uint64_t)model_sides(m);
	p->cost += at->cost;
	p->n++;
	if (p->cost > MODELS_MAX && p->n > 4)
		thin(p);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* On the way to @n: in place of the one that is the farthest from there. */
static void keep_near(struct checkpoints *p, uint64_t n)
{
	struct checkpoint *at = &p->near[0];
	size_t i;

	if (p->cursor_n % CHECKPOINT || n - p->cursor_n > (NEAR - 1) * CHECKPOINT ||
	    p->spacing == CHECKPOINT)
		return;
	for (i = 0; i < NEAR; i++) {
		struct checkpoint *k = &p->near[i];

		if (k->model && k->n == p->cursor_n)
			return;
		if (!k->model || (at->model && distance(k->n, n) > distance(at->n, n)))
			at = k;
	}
	model_destroy(at->model);
	at->model = model_clone(p->cursor);
	at->n = p->cursor_n;
}

static int run_to(struct store *s, struct checkpoints *p, uint64_t n)
{
	const struct cached *k;
	int err;

	while (p->cursor_n < n) {
		keep_near(p, n);
		k = store_load(s, p->cursor_n / CHUNK);
		err = model_feed(p->cursor, &k->ev[p->cursor_n % CHUNK], NULL);
		if (err)
			return err;
		p->cursor_n++;
	}
	return 0;
}

struct model *store_model_at(struct store *s, uint64_t n)
{
	struct checkpoints *p = &s->points;
	size_t lo = 0, hi = p->n, mid;
	struct model *from = NULL;
	uint64_t at = 0;

	if (n >= s->count) {
		if (s->looked != s->count)
			model_look_anew(s->model);
		s->looked = s->count;
		return s->model;
	}
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (p->at[mid].n <= n)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo) {
		from = p->at[lo - 1].model;
		at = p->at[lo - 1].n;
	}
	for (lo = 0; lo < NEAR; lo++) {
		if (!p->near[lo].model || p->near[lo].n > n || p->near[lo].n <= at)
			continue;
		from = p->near[lo].model;
		at = p->near[lo].n;
	}
	if (!p->cursor || p->cursor_n > n || p->cursor_n < at) {
		model_destroy(p->cursor);
		p->cursor = from ? model_clone(from) : model_create();
		p->cursor_n = at;
		if (!p->cursor)
			return NULL;
		model_set_clock_bound(p->cursor, model_clock_bound(s->model));
	}
	at = p->cursor_n;
	if (run_to(s, p, n)) {
		model_destroy(p->cursor);
		p->cursor = NULL;
	} else if (at != n) {
		model_look_anew(p->cursor);
	}
	return p->cursor;
}
