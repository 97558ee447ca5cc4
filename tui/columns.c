// SPDX-License-Identifier: GPL-2.0-only
/*
 * columns.c - a stretch of time in columns, of sums as large as fit into one
 */
#include <string.h>

#include "tui/store_internal.h"

struct axis {
	uint64_t from, to;
	unsigned int n;
};

/* The column of a time; -1 before, n behind. */
static int64_t column_of(const struct axis *a, uint64_t t)
{
	if (t < a->from)
		return -1;
	if (t >= a->to)
		return a->n;
	return (int64_t)sat_scale(t - a->from, a->n, a->to - a->from);
}

/* How the device stood when chunk number @chunk began. */
static void said_before(const struct store *s, size_t chunk, uint32_t device, struct said *st)
{
	const uint8_t *sum;
	size_t span, i;

	said_init(st);
	while (chunk > 0) {
		/* The largest that ends there: of it the end, or it is one look. */
		for (i = LEVELS, span = WIDEST; i > 0; i--, span /= GROUP)
			if (chunk % span == 0 && chunk / span <= s->level[i - 1].n)
				break;
		sum = sums_find(i ? &s->level[i - 1].at[chunk / span - 1].sums :
				    &s->chunks[chunk - 1].all.sums,
				device);
		if (sum) {
			sum_take(sum, NULL, st);
			return;
		}
		chunk -= span;
	}
}

/* The first change of a state behind more than @n events. */
static size_t states_behind(const struct changes *l, uint64_t n)
{
	size_t lo = 0, hi = l->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (l->at[mid].n <= n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* An event-by-event look at a chunk that lies across columns. */
static void columns_exact(struct store *s, size_t chunk, uint32_t device, const struct axis *a,
			  struct store_column *out, struct said *st)
{
	const struct cached *k = store_load(s, chunk);
	const struct changes *moves = &s->states;
	struct left_notes notes = { .from = &s->chunks[chunk].left };
	size_t move = states_behind(moves, chunk * CHUNK);
	bool v2 = has_reinit(s->model, device);
	uint32_t i;

	left_next(&notes);
	for (i = 0; i < k->n; i++) {
		const struct event *ev = &k->ev[i];
		bool all = (ev->kind == EV_LOSS || ev->kind == EV_MARK) && !ev->device;
		int64_t col;

		/* What the events before this one moved. */
		for (; move < moves->n && moves->at[move].n <= chunk * CHUNK + i; move++)
			if (moves->at[move].device == device)
				st->state = moves->at[move].state == STORE_CLOSED ?
						    MIG_UNKNOWN :
						    moves->at[move].state;
		if (!event_kind_is_public(ev->kind))
			continue;
		if (!all && model_event_device(s->model, ev) != device)
			continue;
		col = column_of(a, event_end_ns(ev));
		if (col >= 0 && col < a->n)
			column_event(&out[col], ev, st->state, v2);
		if (all)
			continue;
		left_behind(&notes, i, ev, st);
		if (col >= 0 && col < a->n)
			column_left(&out[col], st);
	}
}

/* Does it all lie in one column, and in which? */
static bool whole(const struct axis *a, const struct stretch *t, int64_t *col)
{
	*col = column_of(a, t->lo_ns);
	return t->lo_ns <= t->hi_ns && *col == column_of(a, t->hi_ns);
}

/* What the device did and what concerned all, into a column (or none). */
static void take_sums(const struct sums *sums, uint32_t device, struct store_column *col,
		      struct said *st)
{
	const uint8_t *sum = sums_find(sums, device), *all = sums_of_all(sums);
	struct said none;

	if (all && col)
		sum_take(all, col, &none);
	if (sum)
		sum_take(sum, col, st);
}

/* The largest group that begins with chunk @i and fits into a column; its chunks, 0: there is none. */
static size_t take_group(const struct store *s, size_t i, uint32_t device, const struct axis *a,
			 struct store_column *out, struct said *st)
{
	size_t span = WIDEST;
	unsigned int l;
	int64_t col;

	for (l = LEVELS; l > 0; l--, span /= GROUP) {
		const struct tier *level = &s->level[l - 1];

		if (i % span || i / span >= level->n || !whole(a, &level->at[i / span], &col) ||
		    col < 0 || col >= (int64_t)a->n)
			continue;
		take_sums(&level->at[i / span].sums, device, &out[col], st);
		return span;
	}
	return 0;
}

void store_columns(struct store *s, uint32_t device, uint64_t from_ns, uint64_t to_ns,
		   unsigned int n, struct store_column *out)
{
	struct axis a = { .from = from_ns, .to = to_ns > from_ns ? to_ns : from_ns + 1, .n = n };
	size_t lo = 0, hi = s->n_chunks, mid, i, skip;
	struct store_column *before = NULL;
	struct said st, first;
	unsigned int k;
	int64_t col;

	memset(out, 0, n * sizeof(*out));
	sums_pack(s);
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->chunks[mid].after_ns < from_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	said_before(s, lo, device, &first);
	st = first;
	for (i = lo; i < s->n_chunks; i += skip) {
		const struct chunk *c = &s->chunks[i];

		skip = take_group(s, i, device, &a, out, &st);
		if (skip)
			continue;
		skip = 1;
		if (c->all.lo_ns == UINT64_MAX)
			continue;
		if (c->all.lo_ns >= a.to && c->before_ns >= a.to)
			break;
		if (whole(&a, &c->all, &col)) {
			take_sums(&c->all.sums, device,
				  col >= 0 && col < (int64_t)n ? &out[col] : NULL, &st);
		} else if (sums_find(&c->all.sums, device) || sums_of_all(&c->all.sums)) {
			columns_exact(s, i, device, &a, out, &st);
			take_sums(&c->all.sums, device, NULL, &st);
		}
	}
	/* What was left stays left until something else, or nothing any more, is known. */
	for (k = 0; k < n; k++) {
		if (out[k].own)
			before = &out[k];
		else if (!before)
			column_left(&out[k], &first);
		else if (before->left_last)
			column_takes(&out[k], before->initial_last, before->rest_last);
	}
}
