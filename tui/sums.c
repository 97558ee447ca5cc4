// SPDX-License-Identifier: GPL-2.0-only
/*
 * sums.c - what each device did, per chunk, per group of chunks and per column
 *
 * Everything goes by the devices that had an event, never by their numbers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/store_internal.h"
#include "util/array.h"

/* ---- columns of a plot ---- */

static const char *const kind_names[SK_NR] = {
	[SK_READ] = "read",	      [SK_WRITE] = "write",	  [SK_ARC] = "arc",
	[SK_SET_STATE] = "set_state", [SK_INFO] = "precopy_info", [SK_DATA_SIZE] = "data_size",
	[SK_DMA_LOG] = "dma_log",     [SK_RESET] = "reset",
};

const char *store_kind_name(enum store_kind k)
{
	return k < SK_NR ? kind_names[k] : "unknown";
}

uint64_t store_latency_floor(unsigned int row)
{
	static const uint64_t floors[STORE_LATENCY_ROWS] = {
		0,	   1000,       3000,	   10000,	30000,	  100000,
		300000,	   1000000,    3000000,	   10000000,	30000000, 100000000,
		300000000, 1000000000, 3000000000, 10000000000,
	};

	return row < STORE_LATENCY_ROWS ? floors[row] : UINT64_MAX;
}

static unsigned int latency_row(uint64_t ns)
{
	unsigned int row = STORE_LATENCY_ROWS - 1;

	while (store_latency_floor(row) > ns)
		row--;
	return row;
}

int store_kind_of(uint32_t kind)
{
	switch (kind) {
	case EV_READ:
		return SK_READ;
	case EV_WRITE:
		return SK_WRITE;
	case EV_ARC:
		return SK_ARC;
	case EV_SET_STATE:
		return SK_SET_STATE;
	case EV_PRECOPY_INFO:
		return SK_INFO;
	case EV_DATA_SIZE:
		return SK_DATA_SIZE;
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
		return SK_DMA_LOG;
	case EV_RESET:
		return SK_RESET;
	default:
		return -1;
	}
}

/* What was asked since the last session ended is of the next one. */
static void session_begins(struct standing *st)
{
	if (st->session)
		return;
	if (st->stale)
		left_init(&st->left);
	st->session = true;
	st->stale = st->eof = false;
	st->initial = 0;
}

/* What was left then stays in sight until something is asked anew. */
static void session_ends(struct standing *st)
{
	st->session = false;
	st->stale = true;
}

/*
 * What an event does to the bytes that are left.  The model says it at a moment;
 * a plot wants it between infos, at every read(), and by the same rules.
 */
static void standing_after(struct standing *st, const struct event *ev)
{
	switch (ev->kind) {
	case EV_ARC:
		if (ev->ret >= 0 && protocol_is_fd_arc(ev->arc.from, ev->arc.to, NULL))
			session_begins(st);
		else if (ev->ret >= 0 && st->session &&
			 protocol_ends_session(ev->arc.from, ev->arc.to))
			session_ends(st);
		break;
	case EV_SET_STATE:
		/* It should have handed out a data FD, and did not. */
		if (event_failed(ev) && !st->session &&
		    protocol_wants_fd(ev->set_state.target, NULL))
			session_ends(st);
		break;
	case EV_STREAM_OPEN:
		session_begins(st);
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		if (ev->ret >= 0 && st->session)
			session_ends(st);
		break;
	case EV_DEVICE_CLOSE:
		session_ends(st);
		break;
	case EV_PRECOPY_INFO:
		if (ev->ret < 0)
			break;
		left_took_info(&st->left, ev->precopy_info.initial_bytes,
			       ev->precopy_info.dirty_bytes, ev->t_ns);
		st->initial = ev->precopy_info.initial_bytes;
		break;
	case EV_DATA_SIZE:
		if (ev->ret < 0)
			break;
		if (st->stale) {
			left_init(&st->left);
			st->stale = st->eof = false;
			st->initial = 0;
		}
		left_took_size(&st->left, ev->data_size.stop_copy_length, ev->t_ns);
		break;
	case EV_READ:
		if (ev->ret == 0 && st->state == MIG_STOP_COPY)
			st->eof = true;
		if (ev->ret <= 0)
			break;
		st->eof = false;
		left_read(&st->left, (uint64_t)ev->ret);
		st->initial -= (uint64_t)ev->ret < st->initial ? (uint64_t)ev->ret : st->initial;
		break;
	}
}

static void column_takes(struct store_column *c, uint64_t initial, uint64_t rest)
{
	if (!c->has_left) {
		c->initial_min = c->initial_max = initial;
		c->rest_min = c->rest_max = rest;
	} else {
		if (initial < c->initial_min)
			c->initial_min = initial;
		if (initial > c->initial_max)
			c->initial_max = initial;
		if (rest < c->rest_min)
			c->rest_min = rest;
		if (rest > c->rest_max)
			c->rest_max = rest;
	}
	c->has_left = true;
	c->initial_last = initial;
	c->rest_last = rest;
}

/* What is left, as the model has it; the initial bytes of it are read first. */
static void column_left(struct store_column *c, const struct standing *st)
{
	uint64_t left = left_bytes(&st->left, NULL, NULL), initial = st->initial;

	c->own = true;
	c->left_last = left != PROTOCOL_NONE;
	if (!c->left_last)
		return;
	if (st->eof)
		left = 0;
	if (initial > left)
		initial = left;
	column_takes(c, initial, left - initial);
}

/* One event into a column; @state is the device's before it. */
static void column_event(struct store_column *c, const struct event *ev, uint32_t state, bool v2)
{
	uint64_t calls = event_calls(ev);
	int k = store_kind_of(ev->kind);

	c->any = true;
	if (k >= 0 && calls)
		c->heat[k][latency_row(ev->dur_ns / calls)] += (uint32_t)calls;
	if (event_failed(ev))
		c->flags |= COLUMN_ERROR;
	switch (ev->kind) {
	case EV_READ:
	case EV_WRITE:
		c->calls += calls;
		if (ev->ret > 0) {
			c->bytes += (uint64_t)ev->ret;
			if (ev->dur_ns > c->io_max_ns)
				c->io_max_ns = ev->dur_ns;
		} else if (ev->kind == EV_READ && ev->ret == -ENOMSG) {
			c->enomsg += calls;
			c->flags |= COLUMN_ENOMSG;
		} else if (ev->kind == EV_READ && !ev->ret && mig_state_is_precopy(state)) {
			c->flags |= COLUMN_ENOMSG;
		}
		break;
	case EV_PRECOPY_INFO:
		if (v2 && ev->ret >= 0 && (ev->precopy_info.flags & PRECOPY_INFO_REINIT))
			c->flags |= COLUMN_REINIT;
		break;
	case EV_ARC:
		if (ev->ret >= 0 && ev->arc.to == MIG_STOP_COPY)
			c->flags |= COLUMN_SWITCH;
		if (ev->ret >= 0 && ev->arc.to == MIG_ERROR)
			c->flags |= COLUMN_ERROR;
		break;
	case EV_LOSS:
		c->flags |= COLUMN_LOSS;
		break;
	case EV_MARK:
		c->flags |= COLUMN_MARK;
		break;
	}
}

static void column_merge(struct store_column *c, const struct store_column *o)
{
	unsigned int k, r;

	if (o->has_left) {
		column_takes(c, o->initial_min, o->rest_min);
		column_takes(c, o->initial_max, o->rest_max);
		column_takes(c, o->initial_last, o->rest_last);
	}
	if (o->own) {
		c->own = true;
		c->left_last = o->left_last;
	}
	if (!o->any)
		return;
	c->any = true;
	c->bytes += o->bytes;
	c->calls += o->calls;
	c->enomsg += o->enomsg;
	c->flags |= o->flags;
	if (o->io_max_ns > c->io_max_ns)
		c->io_max_ns = o->io_max_ns;
	for (k = 0; k < SK_NR; k++)
		for (r = 0; r < STORE_LATENCY_ROWS; r++)
			c->heat[k][r] += o->heat[k][r];
}

/* ---- a device's own ---- */

static struct sum *sum_of(struct sums *all, uint32_t device)
{
	struct sum *at;
	uint32_t i;

	/* It is most often the last one again. */
	for (i = all->n; i > 0; i--)
		if (all->at[i - 1].device == device)
			return &all->at[i - 1];
	at = realloc(all->at, (all->n + 1) * sizeof(*at));
	if (!at)
		return NULL;
	all->at = at;
	memset(&at[all->n], 0, sizeof(*at));
	at[all->n].device = device;
	return &at[all->n++];
}

static int by_device(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return x->device < y->device ? -1 : x->device > y->device;
}

static const struct sum *sum_find(const struct sums *all, uint32_t device)
{
	struct sum key = { .device = device };
	uint32_t i;

	if (all->sorted)
		return bsearch(&key, all->at, all->n, sizeof(key), by_device);
	for (i = 0; i < all->n; i++)
		if (all->at[i].device == device)
			return &all->at[i];
	return NULL;
}

void sums_close(struct sums *all)
{
	if (all->n)
		qsort(all->at, all->n, sizeof(*all->at), by_device);
	all->sorted = all->n > 0;
}

int sums_add(struct chunk *c, const struct event *ev, uint32_t device, struct track *t, bool v2)
{
	struct sum *sum = sum_of(&c->sums, t ? device : 0);

	if (!sum)
		return -ENOMEM;
	column_event(&sum->col, ev, t ? t->now.state : MIG_UNKNOWN, v2);
	if (!t)
		return 0;
	standing_after(&t->now, ev);
	column_left(&sum->col, &t->now);
	return 0;
}

void sums_end(struct chunk *c, const struct track *t)
{
	struct sum *sum = sum_of(&c->sums, t->device);

	if (sum)
		sum->end = t->now;
}

/* Runs of equal devices become one. */
static void sums_squeeze(struct sums *all)
{
	uint32_t i, k = 0;

	for (i = 1; i < all->n; i++) {
		if (all->at[i].device == all->at[k].device) {
			column_merge(&all->at[k].col, &all->at[i].col);
			all->at[k].end = all->at[i].end;
		} else {
			all->at[++k] = all->at[i];
		}
	}
	all->n = all->n ? k + 1 : 0;
}

void group_close(struct store *s)
{
	size_t first = s->n_groups * GROUP, i, n = 0;
	uint32_t k, best, next[GROUP] = { 0 };
	struct group *g;
	struct sum *at;

	if (array_room(&s->groups, s->n_groups + 1, &s->cap_groups, sizeof(*s->groups)))
		return;
	g = &s->groups[s->n_groups];
	memset(g, 0, sizeof(*g));
	g->lo_ns = UINT64_MAX;
	for (i = first; i < first + GROUP; i++) {
		const struct chunk *c = &s->chunks[i];

		if (c->lo_ns < g->lo_ns)
			g->lo_ns = c->lo_ns;
		if (c->hi_ns > g->hi_ns)
			g->hi_ns = c->hi_ns;
		n += c->sums.n;
	}
	g->sums.at = n ? malloc(n * sizeof(*g->sums.at)) : NULL;
	if (n && !g->sums.at)
		return;
	/* All are sorted: the least of what is next, of equal ones the earliest chunk's. */
	while (g->sums.n < n) {
		for (best = GROUP, k = 0; k < GROUP; k++) {
			const struct sums *c = &s->chunks[first + k].sums;

			if (next[k] < c->n &&
			    (best == GROUP ||
			     c->at[next[k]].device <
				     s->chunks[first + best].sums.at[next[best]].device))
				best = k;
		}
		/* One has it, as long as fewer than all are taken. */
		/* cppcheck-suppress arrayIndexOutOfBounds */
		g->sums.at[g->sums.n++] = s->chunks[first + best].sums.at[next[best]++];
	}
	sums_squeeze(&g->sums);
	g->sums.sorted = g->sums.n > 0;
	at = realloc(g->sums.at, g->sums.n * sizeof(*at));
	if (at)
		g->sums.at = at;
	s->n_groups++;
}

/* ---- a stretch of time ---- */

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
static void standing_before(const struct store *s, size_t chunk, uint32_t device,
			    struct standing *st)
{
	const struct sum *sum;

	memset(st, 0, sizeof(*st));
	st->state = MIG_UNKNOWN;
	left_init(&st->left);
	while (chunk > 0) {
		/* A whole group without the device is one look. */
		if (chunk % GROUP == 0 && chunk / GROUP <= s->n_groups &&
		    !sum_find(&s->groups[chunk / GROUP - 1].sums, device)) {
			chunk -= GROUP;
			continue;
		}
		sum = sum_find(&s->chunks[--chunk].sums, device);
		if (!sum)
			continue;
		*st = sum->end;
		return;
	}
}

/* An event-by-event look at a chunk that lies across columns. */
static void columns_exact(struct store *s, size_t chunk, uint32_t device, const struct axis *a,
			  struct store_column *out, struct standing *st)
{
	const struct model_device *dev = model_device(s->model, device);
	const struct cached *k = store_load(s, chunk);
	bool v2 = dev && dev->precopy_info_v2;
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		const struct event *ev = &k->ev[i];
		bool all = (ev->kind == EV_LOSS || ev->kind == EV_MARK) && !ev->device;
		int64_t col;

		if (!event_kind_is_public(ev->kind))
			continue;
		if (!all && model_event_device(s->model, ev) != device)
			continue;
		col = column_of(a, event_end_ns(ev));
		if (col >= 0 && col < a->n)
			column_event(&out[col], ev, st->state, v2);
		if (all)
			continue;
		standing_after(st, ev);
		if (ev->kind == EV_ARC && ev->ret >= 0)
			st->state = ev->arc.to;
		if (col >= 0 && col < a->n)
			column_left(&out[col], st);
	}
}

/* Does it all lie in one column, and in which? */
static bool whole(const struct axis *a, uint64_t lo_ns, uint64_t hi_ns, int64_t *col)
{
	*col = column_of(a, lo_ns);
	return lo_ns <= hi_ns && *col == column_of(a, hi_ns);
}

/* What the device did and what concerned all, into a column (or none). */
static void merge_sums(const struct sums *sums, uint32_t device, struct store_column *col,
		       struct standing *st)
{
	const struct sum *sum = sum_find(sums, device), *all = sum_find(sums, 0);

	if (all && col)
		column_merge(col, &all->col);
	if (!sum)
		return;
	if (col)
		column_merge(col, &sum->col);
	*st = sum->end;
}

void store_columns(struct store *s, uint32_t device, uint64_t from_ns, uint64_t to_ns,
		   unsigned int n, struct store_column *out)
{
	struct axis a = { .from = from_ns, .to = to_ns > from_ns ? to_ns : from_ns + 1, .n = n };
	size_t lo = 0, hi = s->n_chunks, mid, i;
	struct store_column *before = NULL;
	struct standing st, first;
	unsigned int k;
	int64_t col;

	memset(out, 0, n * sizeof(*out));
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->chunks[mid].after_ns < from_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	standing_before(s, lo, device, &first);
	st = first;
	for (i = lo; i < s->n_chunks; i++) {
		const struct chunk *c = &s->chunks[i];

		if (i % GROUP == 0 && i / GROUP < s->n_groups) {
			const struct group *g = &s->groups[i / GROUP];

			if (whole(&a, g->lo_ns, g->hi_ns, &col) && col >= 0 && col < (int64_t)n) {
				merge_sums(&g->sums, device, &out[col], &st);
				i += GROUP - 1;
				continue;
			}
		}
		if (c->lo_ns == UINT64_MAX)
			continue;
		if (c->lo_ns >= a.to && c->before_ns >= a.to)
			break;
		if (whole(&a, c->lo_ns, c->hi_ns, &col)) {
			merge_sums(&c->sums, device,
				   col >= 0 && col < (int64_t)n ? &out[col] : NULL, &st);
		} else if (sum_find(&c->sums, device) || sum_find(&c->sums, 0)) {
			columns_exact(s, i, device, &a, out, &st);
			/* The model knows more of its state than arcs tell. */
			merge_sums(&c->sums, device, NULL, &st);
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
