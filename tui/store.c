// SPDX-License-Identifier: GPL-2.0-only
/*
 * store.c - events in chunks of varints, sums per chunk, models kept here and there
 */
#include "tui/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/varint.h"

#define CHUNK		256U
#define CACHE		8U
/* So many chunks have sums of their own: a screen of everything stays cheap. */
#define GROUP		32U
/* A model is kept after so many events; doubled when they cost too much. */
#define CHECKPOINT	8192U
#define MODELS_MAX	(96ULL << 20)

/* What one device did in one chunk. */
struct sum {
	uint32_t device;
	bool left_known;		/* at its end: */
	uint32_t state;
	uint64_t initial, dirty;
	struct store_column col;
};

struct chunk {
	uint8_t *data;
	uint32_t len, cap;
	uint32_t n;
	uint64_t lo_ns, hi_ns;		/* ends of its events */
	uint64_t before_ns, after_ns;	/* times of the positions around it */
	uint64_t kinds;
	bool errors;
	struct sum *sums;
	uint32_t n_sums;
};

/* GROUP chunks together. */
struct group {
	uint64_t lo_ns, hi_ns;
	struct sum *sums;
	uint32_t n_sums;
};

struct cached {
	uint64_t chunk;			/* UINT64_MAX: free */
	uint64_t used;
	uint32_t n;
	struct event ev[CHUNK];
};

struct checkpoint {
	uint64_t n;
	struct model *model;
	uint64_t cost;
};

struct change {
	uint64_t n, t_ns;
	uint32_t device, state;
};

struct track {
	uint32_t device;
	uint32_t state;
	uint64_t initial, dirty;
	bool has_left;
};

struct changes {
	struct change *at;
	size_t n, cap;
};

struct store {
	struct chunk *chunks;
	size_t n_chunks, cap_chunks;
	struct group *groups;		/* of complete chunks */
	size_t n_groups, cap_groups;
	uint64_t count;
	uint64_t first_ns, last_ns;
	struct event last[EV_KIND_NR];	/* of the chunk being filled */
	struct event prev;
	struct buf scratch;
	struct cached *cache[CACHE];
	uint64_t clock;

	struct model *model;
	struct model *cursor;
	uint64_t cursor_n;
	struct checkpoint *points;
	size_t n_points, cap_points;
	uint64_t points_cost, spacing;

	struct track *tracks;
	size_t n_tracks, cap_tracks;
	struct changes moments[MOMENT_LISTS];
	struct changes states;
	uint32_t migrations;
};

/* ---- one event in bytes ---- */

enum {
	H_CPU = 1 << 0,
	H_TASK = 1 << 1,		/* pid, tid, comm */
	H_DEVICE = 1 << 2,
	H_STREAM = 1 << 3,
	H_RET = 1 << 4,			/* differs from the last of its kind */
	H_BODY = 1 << 5,
	H_DUR = 1 << 6,			/* is not 0 */
};

static uint64_t get_int(const struct event *ev, const struct event_field *f)
{
	uint32_t v;
	uint64_t w;

	if (f->size == sizeof(v)) {
		memcpy(&v, (const char *)ev + f->offset, sizeof(v));
		return v;
	}
	memcpy(&w, (const char *)ev + f->offset, sizeof(w));
	return w;
}

static void set_int(struct event *ev, const struct event_field *f, uint64_t w)
{
	uint32_t v = (uint32_t)w;

	if (f->size == sizeof(v))
		memcpy((char *)ev + f->offset, &v, sizeof(v));
	else
		memcpy((char *)ev + f->offset, &w, sizeof(w));
}

static bool body_equal(const struct event *a, const struct event *b,
		       const struct event_field *f, size_t n)
{
	for (; n; n--, f++) {
		if (f->type == EF_STR) {
			if (strncmp((const char *)a + f->offset, (const char *)b + f->offset,
				    f->size))
				return false;
		} else if (get_int(a, f) != get_int(b, f)) {
			return false;
		}
	}
	return true;
}

static void put_string(struct buf *b, const char *s, size_t size)
{
	buf_put_bytes(b, s, strnlen(s, size - 1));
}

static void encode(struct buf *b, const struct event *ev, const struct event *prev,
		   const struct event *last)
{
	const struct event_field *f;
	uint8_t flags = 0;
	size_t n, i;

	f = event_fields(ev->kind, &n);
	if (ev->cpu != prev->cpu)
		flags |= H_CPU;
	if (ev->pid != prev->pid || ev->tid != prev->tid ||
	    strncmp(ev->comm, prev->comm, sizeof(ev->comm)))
		flags |= H_TASK;
	if (ev->device != prev->device)
		flags |= H_DEVICE;
	if (ev->stream != prev->stream)
		flags |= H_STREAM;
	if (ev->ret != last->ret)
		flags |= H_RET;
	if (ev->dur_ns)
		flags |= H_DUR;
	if (!body_equal(ev, last, f, n))
		flags |= H_BODY;
	buf_put(b, &flags, 1);
	buf_put_varint(b, ev->kind);
	buf_put_varint(b, zigzag(ev->t_ns - prev->t_ns));
	if (flags & H_DUR)
		buf_put_varint(b, ev->dur_ns);
	if (flags & H_CPU)
		buf_put_varint(b, ev->cpu);
	if (flags & H_TASK) {
		buf_put_varint(b, ev->pid);
		buf_put_varint(b, ev->tid);
		put_string(b, ev->comm, sizeof(ev->comm));
	}
	if (flags & H_DEVICE)
		buf_put_varint(b, ev->device);
	if (flags & H_STREAM)
		buf_put_varint(b, ev->stream);
	if (flags & H_RET)
		buf_put_varint(b, zigzag((uint64_t)ev->ret));
	if (!(flags & H_BODY))
		return;
	for (i = 0; i < n; i++) {
		if (f[i].type == EF_STR)
			put_string(b, (const char *)ev + f[i].offset, f[i].size);
		else if (f[i].size == sizeof(uint32_t))
			buf_put_varint(b, get_int(ev, &f[i]));
		else
			buf_put_varint(b, zigzag(get_int(ev, &f[i]) - get_int(last, &f[i])));
	}
}

/* The bytes are our own: they need no checking. */
static uint64_t take_varint(const uint8_t **p)
{
	uint64_t v = 0;
	unsigned int shift = 0;

	do {
		v |= (uint64_t)(**p & 0x7f) << shift;
		shift += 7;
	} while (*(*p)++ & 0x80);
	return v;
}

static void take_string(const uint8_t **p, char *dst, size_t size)
{
	size_t len = take_varint(p);

	memset(dst, 0, size);
	memcpy(dst, *p, len);
	*p += len;
}

static const uint8_t *decode(const uint8_t *p, struct event *ev, const struct event *prev,
			     struct event *last)
{
	const struct event_field *f;
	uint8_t flags = *p++;
	struct event *same;
	uint32_t kind;
	size_t n, i;

	kind = take_varint(&p);
	same = &last[kind];
	*ev = *same;
	ev->kind = kind;
	ev->t_ns = prev->t_ns + unzigzag(take_varint(&p));
	ev->dur_ns = flags & H_DUR ? take_varint(&p) : 0;
	ev->cpu = flags & H_CPU ? take_varint(&p) : prev->cpu;
	if (flags & H_TASK) {
		ev->pid = take_varint(&p);
		ev->tid = take_varint(&p);
		take_string(&p, ev->comm, sizeof(ev->comm));
	} else {
		ev->pid = prev->pid;
		ev->tid = prev->tid;
		memcpy(ev->comm, prev->comm, sizeof(ev->comm));
	}
	ev->device = flags & H_DEVICE ? take_varint(&p) : prev->device;
	ev->stream = flags & H_STREAM ? take_varint(&p) : prev->stream;
	if (flags & H_RET)
		ev->ret = (int64_t)unzigzag(take_varint(&p));
	if (flags & H_BODY) {
		f = event_fields(kind, &n);
		for (i = 0; i < n; i++) {
			if (f[i].type == EF_STR)
				take_string(&p, (char *)ev + f[i].offset, f[i].size);
			else if (f[i].size == sizeof(uint32_t))
				set_int(ev, &f[i], take_varint(&p));
			else
				set_int(ev, &f[i], get_int(same, &f[i]) +
					unzigzag(take_varint(&p)));
		}
	}
	*same = *ev;
	return p;
}

/* ---- looking at events ---- */

static struct cached *load(struct store *s, uint64_t chunk)
{
	static const struct event zero;
	struct event last[EV_KIND_NR];
	const struct event *prev = &zero;
	const struct chunk *c = &s->chunks[chunk];
	const uint8_t *p = c->data;
	struct cached *slot = NULL;
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
	memset(last, 0, sizeof(last));
	for (i = 0; i < c->n; i++) {
		p = decode(p, &slot->ev[i], prev, last);
		slot->ev[i].seq = chunk * CHUNK + i + 1;
		prev = &slot->ev[i];
	}
	slot->chunk = chunk;
	slot->n = c->n;
	slot->used = ++s->clock;
	return slot;
}

bool store_get(struct store *s, uint64_t n, struct event *ev)
{
	if (n >= s->count)
		return false;
	*ev = load(s, n / CHUNK)->ev[n % CHUNK];
	return true;
}

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
	k = load(s, (n - 1) / CHUNK);
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
	k = load(s, lo);
	for (i = 0; i < k->n; i++)
		if (event_kind_is_public(k->ev[i].kind) && event_end_ns(&k->ev[i]) > t_ns)
			break;
	return lo * CHUNK + i;
}

bool store_chunk_may_have(const struct store *s, uint64_t n, uint64_t kinds, bool errors,
			  uint64_t *first, uint64_t *last)
{
	const struct chunk *c = &s->chunks[n / CHUNK];

	*first = n / CHUNK * CHUNK;
	*last = *first + c->n - 1;
	return (c->kinds & kinds) && (!errors || c->errors);
}

/* ---- sums ---- */

static const char *const kind_names[SK_NR] = {
	[SK_READ] = "read", [SK_WRITE] = "write", [SK_ARC] = "arc",
	[SK_SET_STATE] = "set_state", [SK_INFO] = "precopy_info",
	[SK_DATA_SIZE] = "data_size", [SK_DMA_LOG] = "dma_log", [SK_RESET] = "reset",
};

const char *store_kind_name(enum store_kind k)
{
	return k < SK_NR ? kind_names[k] : NULL;
}

uint64_t store_latency_floor(unsigned int row)
{
	static const uint64_t floors[STORE_LATENCY_ROWS] = {
		0, 1000, 3000, 10000, 30000, 100000, 300000, 1000000, 3000000, 10000000,
		30000000, 100000000, 300000000, 1000000000, 3000000000, 10000000000,
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

static int heat_kind(uint32_t kind)
{
	switch (kind) {
	case EV_READ: return SK_READ;
	case EV_WRITE: return SK_WRITE;
	case EV_ARC: return SK_ARC;
	case EV_SET_STATE: return SK_SET_STATE;
	case EV_PRECOPY_INFO: return SK_INFO;
	case EV_DATA_SIZE: return SK_DATA_SIZE;
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT: return SK_DMA_LOG;
	case EV_RESET: return SK_RESET;
	default: return -1;
	}
}

static bool has_failed(const struct event *ev)
{
	return ev->ret < 0 && !event_is_empty_read(ev) && event_kind_is_public(ev->kind) &&
	       ev->kind != EV_LOSS && ev->kind != EV_MARK && ev->kind != EV_STUCK &&
	       /* asking what there is gets ENOTTY for an answer */
	       ev->kind != EV_FEATURE && ev->ret != -EINTR && ev->ret != -EAGAIN &&
	       !(ev->ret <= -512 && ev->ret >= -516);
}

/*
 * What an event does to the bytes that are left.  Kept beside the model because
 * a plot wants it between infos, at every read.
 */
static void left_after(struct track *t, const struct event *ev)
{
	uint64_t n;

	switch (ev->kind) {
	case EV_STREAM_OPEN:
	case EV_RESET:
	case EV_DEVICE_RESET:
		t->has_left = false;
		t->initial = t->dirty = 0;
		break;
	case EV_PRECOPY_INFO:
		if (ev->ret < 0)
			break;
		t->has_left = true;
		t->initial = ev->precopy_info.initial_bytes;
		t->dirty = ev->precopy_info.dirty_bytes;
		break;
	case EV_READ:
		if (!t->has_left)
			break;
		if (ev->ret == 0 && t->state == MIG_STOP_COPY) {
			t->initial = t->dirty = 0;
			break;
		}
		if (ev->ret <= 0)
			break;
		n = (uint64_t)ev->ret;
		if (n < t->initial) {
			t->initial -= n;
			break;
		}
		n -= t->initial;
		t->initial = 0;
		t->dirty = n < t->dirty ? t->dirty - n : 0;
		break;
	}
}

static void column_left(struct store_column *c, bool has, uint64_t initial, uint64_t dirty)
{
	if (!has)
		return;
	if (!c->has_left) {
		c->initial_min = c->initial_max = initial;
		c->dirty_min = c->dirty_max = dirty;
	} else {
		if (initial < c->initial_min)
			c->initial_min = initial;
		if (initial > c->initial_max)
			c->initial_max = initial;
		if (dirty < c->dirty_min)
			c->dirty_min = dirty;
		if (dirty > c->dirty_max)
			c->dirty_max = dirty;
	}
	c->has_left = true;
	c->initial_last = initial;
	c->dirty_last = dirty;
}

/* One event into a column; @t is the device's track after it. */
static void column_event(struct store_column *c, const struct event *ev, uint32_t state,
			 bool v2)
{
	uint64_t calls = event_calls(ev);
	int k = heat_kind(ev->kind);

	c->any = true;
	if (k >= 0 && calls)
		c->heat[k][latency_row(ev->dur_ns / calls)] += (uint32_t)calls;
	if (has_failed(ev))
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
		column_left(c, true, o->initial_min, o->dirty_min);
		column_left(c, true, o->initial_max, o->dirty_max);
		column_left(c, true, o->initial_last, o->dirty_last);
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

static struct sum *sum_in(struct sum **all, uint32_t *n, uint32_t device)
{
	struct sum *sums;
	uint32_t i;

	for (i = 0; i < *n; i++)
		if ((*all)[i].device == device)
			return &(*all)[i];
	sums = realloc(*all, (*n + 1) * sizeof(*sums));
	if (!sums)
		return NULL;
	*all = sums;
	memset(&sums[*n], 0, sizeof(*sums));
	sums[*n].device = device;
	return &sums[(*n)++];
}

static struct sum *sum_of(struct chunk *c, uint32_t device)
{
	return sum_in(&c->sums, &c->n_sums, device);
}

static const struct sum *find(const struct sum *sums, uint32_t n, uint32_t device)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (sums[i].device == device)
			return &sums[i];
	return NULL;
}

static const struct sum *sum_find(const struct chunk *c, uint32_t device)
{
	return find(c->sums, c->n_sums, device);
}

/* The last GROUP chunks are complete: sum them up.  Not at all, when memory is short. */
static void group_close(struct store *s)
{
	size_t first = s->n_groups * GROUP, i;
	struct group *g;
	uint32_t k;

	if (s->n_groups == s->cap_groups) {
		size_t cap = s->cap_groups ? s->cap_groups * 2 : 64;

		g = realloc(s->groups, cap * sizeof(*g));
		if (!g)
			return;
		s->groups = g;
		s->cap_groups = cap;
	}
	g = &s->groups[s->n_groups];
	memset(g, 0, sizeof(*g));
	g->lo_ns = UINT64_MAX;
	for (i = first; i < first + GROUP; i++) {
		const struct chunk *c = &s->chunks[i];

		if (c->lo_ns < g->lo_ns)
			g->lo_ns = c->lo_ns;
		if (c->hi_ns > g->hi_ns)
			g->hi_ns = c->hi_ns;
		for (k = 0; k < c->n_sums; k++) {
			struct sum *sum = sum_in(&g->sums, &g->n_sums, c->sums[k].device);

			if (!sum) {
				free(g->sums);
				return;
			}
			column_merge(&sum->col, &c->sums[k].col);
			sum->left_known = c->sums[k].left_known;
			sum->state = c->sums[k].state;
			sum->initial = c->sums[k].initial;
			sum->dirty = c->sums[k].dirty;
		}
	}
	s->n_groups++;
}

static struct track *track_of(struct store *s, uint32_t device)
{
	struct track *t;
	size_t i;

	for (i = 0; i < s->n_tracks; i++)
		if (s->tracks[i].device == device)
			return &s->tracks[i];
	if (s->n_tracks == s->cap_tracks) {
		size_t cap = s->cap_tracks ? s->cap_tracks * 2 : 8;

		t = realloc(s->tracks, cap * sizeof(*t));
		if (!t)
			return NULL;
		s->tracks = t;
		s->cap_tracks = cap;
	}
	t = &s->tracks[s->n_tracks++];
	memset(t, 0, sizeof(*t));
	t->device = device;
	t->state = MIG_UNKNOWN;
	return t;
}

/* ---- appending ---- */

static int change_add(struct changes *l, uint64_t n, uint64_t t_ns, uint32_t device,
		      uint32_t state)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct change *at = realloc(l->at, cap * sizeof(*at));

		if (!at)
			return -ENOMEM;
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n++] = (struct change){ .n = n, .t_ns = t_ns, .device = device, .state = state };
	return 0;
}

static void points_thin(struct store *s)
{
	size_t i, k = 0;

	s->points_cost = 0;
	for (i = 0; i < s->n_points; i++) {
		if (i % 2 == 0) {
			model_destroy(s->points[i].model);
			continue;
		}
		s->points[k] = s->points[i];
		s->points_cost += s->points[k++].cost;
	}
	s->n_points = k;
	s->spacing *= 2;
}

/* A model that could not be kept makes a later seek slower, nothing else. */
static void checkpoint(struct store *s)
{
	struct checkpoint *p;

	if (s->count % s->spacing)
		return;
	if (s->n_points == s->cap_points) {
		size_t cap = s->cap_points ? s->cap_points * 2 : 32;

		p = realloc(s->points, cap * sizeof(*p));
		if (!p)
			return;
		s->points = p;
		s->cap_points = cap;
	}
	p = &s->points[s->n_points];
	p->n = s->count;
	p->model = model_clone(s->model);
	if (!p->model)
		return;
	/* directories and pages of the registry; and what a migration keeps */
	p->cost = 24 * 1024 + 5 * 1024 * (uint64_t)model_sessions(s->model) +
		  8 * 1024 * (uint64_t)model_devices(s->model);
	s->points_cost += p->cost;
	s->n_points++;
	if (s->points_cost > MODELS_MAX && s->n_points > 4)
		points_thin(s);
}

static int note_state(struct store *s, uint32_t device, uint64_t t_ns, uint32_t kind)
{
	const struct model_device *d = model_device(s->model, device);
	struct track *t = track_of(s, device);

	if (!t)
		return -ENOMEM;
	if (!d || d->state == t->state)
		return 0;
	t->state = d->state;
	return change_add(&s->states, s->count, d->state_since_ns > t_ns ? t_ns :
			  d->state_since_ns, device,
			  d->state == MIG_UNKNOWN && kind == EV_DEVICE_CLOSE ? STORE_CLOSED :
			  d->state);
}

/* How the device stands after the last event of a chunk. */
static void sum_end(struct sum *sum, const struct track *t)
{
	sum->left_known = t->has_left;
	sum->state = t->state;
	sum->initial = t->initial;
	sum->dirty = t->dirty;
}

static void sum_goes_on(struct track *t, const struct sum *sum)
{
	t->has_left = sum->left_known;
	t->state = sum->state;
	t->initial = sum->initial;
	t->dirty = sum->dirty;
}

/* What the event adds to the sums and lists; the model has taken it. */
static int note(struct store *s, struct chunk *c, const struct event *ev,
		const struct event_context *ctx, uint32_t before)
{
	uint32_t device = ctx->device ? ctx->device->number : 0, i, k, n;
	uint64_t end_ns = event_end_ns(ev);
	struct track *t = NULL;
	struct sum *sum;
	int err = 0;

	if (ev->kind == EV_LOSS || ev->kind == EV_MARK) {
		/* It may concern everybody. */
		for (k = 0; k < model_devices(s->model); k++) {
			i = model_device_at(s->model, k)->number;
			if (ev->device && ev->device != i)
				continue;
			sum = sum_of(c, i);
			if (!sum)
				return -ENOMEM;
			t = track_of(s, i);
			if (!t)
				return -ENOMEM;
			column_event(&sum->col, ev, MIG_UNKNOWN, false);
			if (ev->kind == EV_LOSS)
				err |= note_state(s, i, end_ns, ev->kind);
			sum_end(sum, track_of(s, i));
		}
		return err ? -ENOMEM : 0;
	}
	if (!device || !event_kind_is_public(ev->kind))
		return 0;
	t = track_of(s, device);
	sum = t ? sum_of(c, device) : NULL;
	if (!sum)
		return -ENOMEM;
	column_event(&sum->col, ev, t->state, ctx->device->precopy_info_v2);
	left_after(t, ev);
	column_left(&sum->col, t->has_left, t->initial, t->dirty);
	err |= note_state(s, device, end_ns, ev->kind);
	sum_end(sum, t);
	if (ev->kind == EV_ARC || (ev->kind == EV_SET_STATE && ev->ret < 0))
		err |= change_add(&s->moments[MOMENT_ARC], s->count, end_ns, device, 0);
	n = model_sessions(s->model);
	if (n != s->migrations || before != ctx->device->session) {
		s->migrations = n;
		err |= change_add(&s->moments[MOMENT_MIGRATION], s->count, end_ns, device, 0);
	}
	return err ? -ENOMEM : 0;
}

static struct chunk *open_chunk(struct store *s)
{
	struct chunk *c;

	if (s->n_chunks && s->chunks[s->n_chunks - 1].n < CHUNK)
		return &s->chunks[s->n_chunks - 1];
	if (s->n_chunks == s->cap_chunks) {
		size_t cap = s->cap_chunks ? s->cap_chunks * 2 : 64;

		c = realloc(s->chunks, cap * sizeof(*c));
		if (!c)
			return NULL;
		s->chunks = c;
		s->cap_chunks = cap;
	}
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
	if (s->n_chunks >= (s->n_groups + 1) * GROUP)
		group_close(s);
	c = &s->chunks[s->n_chunks++];
	memset(c, 0, sizeof(*c));
	c->lo_ns = UINT64_MAX;
	c->before_ns = c->after_ns = s->last_ns;
	memset(s->last, 0, sizeof(s->last));
	memset(&s->prev, 0, sizeof(s->prev));
	return c;
}

int store_append(struct store *s, const struct event *ev, struct event_context *out)
{
	const struct model_device *d;
	struct event_context ctx;
	struct chunk *c;
	struct buf *b = &s->scratch;
	uint64_t end_ns = event_end_ns(ev);
	uint32_t before;
	int err;

	if (out)
		memset(out, 0, sizeof(*out));
	if (ev->kind >= EV_KIND_NR)
		return 0;
	c = open_chunk(s);
	if (!c)
		return -ENOMEM;
	buf_reset(b);
	encode(b, ev, &s->prev, &s->last[ev->kind]);
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
	d = model_device(s->model, ev->device);
	before = d ? d->session : 0;
	err = model_feed(s->model, ev, &ctx);
	if (err)
		return err;
	if (out)
		*out = ctx;
	memcpy(c->data + c->len, b->data, b->len);
	c->len += b->len;
	s->prev = s->last[ev->kind] = *ev;
	c->n++;
	c->kinds |= 1ULL << ev->kind;
	c->errors |= has_failed(ev);
	if (event_kind_is_public(ev->kind)) {
		if (!s->first_ns)
			s->first_ns = ev->t_ns;
		if (end_ns > s->last_ns)
			s->last_ns = end_ns;
		if (end_ns < c->lo_ns)
			c->lo_ns = end_ns;
		if (end_ns > c->hi_ns)
			c->hi_ns = end_ns;
	}
	c->after_ns = s->last_ns;
	s->count++;
	/* What is missing in a sum is a plot that lies; say so. */
	err = note(s, c, ev, &ctx, before);
	checkpoint(s);
	return err;
}

/* ---- the model at a position ---- */

struct model *store_model(struct store *s)
{
	return s->model;
}

static int run_to(struct store *s, uint64_t n)
{
	struct cached *k;
	int err;

	while (s->cursor_n < n) {
		k = load(s, s->cursor_n / CHUNK);
		err = model_feed(s->cursor, &k->ev[s->cursor_n % CHUNK], NULL);
		if (err)
			return err;
		s->cursor_n++;
	}
	return 0;
}

struct model *store_model_at(struct store *s, uint64_t n)
{
	size_t lo = 0, hi = s->n_points, mid;
	struct model *from = NULL;
	uint64_t at = 0;

	if (n >= s->count)
		return s->model;
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->points[mid].n <= n)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo) {
		from = s->points[lo - 1].model;
		at = s->points[lo - 1].n;
	}
	if (!s->cursor || s->cursor_n > n || s->cursor_n < at) {
		model_destroy(s->cursor);
		s->cursor = from ? model_clone(from) : model_create();
		s->cursor_n = at;
		if (!s->cursor)
			return NULL;
	}
	if (run_to(s, n)) {
		model_destroy(s->cursor);
		s->cursor = NULL;
	}
	return s->cursor;
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

/* ---- columns ---- */

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
	return (int64_t)((unsigned __int128)(t - a->from) * a->n / (a->to - a->from));
}

/* The device that an event is of, as the model has it; 0: none. */
static uint32_t device_of(const struct store *s, const struct event *ev)
{
	const struct model_stream *st;

	if (ev->device || !ev->stream)
		return ev->device;
	st = model_stream(s->model, ev->stream);
	return st ? st->device : 0;
}

/* How the device stood, and what was left, when chunk number @chunk began. */
static void left_before(const struct store *s, size_t chunk, struct track *t)
{
	const struct sum *sum;

	t->has_left = false;
	t->initial = t->dirty = 0;
	for (; chunk > 0; chunk--) {
		sum = sum_find(&s->chunks[chunk - 1], t->device);
		if (!sum)
			continue;
		sum_goes_on(t, sum);
		return;
	}
}

bool store_left(struct store *s, uint32_t device, uint64_t n, uint64_t *initial,
		uint64_t *dirty)
{
	struct track t = { .device = device, .state = MIG_UNKNOWN };
	const struct cached *k;
	uint64_t i;

	if (n > s->count)
		n = s->count;
	if (!n)
		return false;
	left_before(s, (n - 1) / CHUNK, &t);
	k = load(s, (n - 1) / CHUNK);
	for (i = 0; i <= (n - 1) % CHUNK; i++) {
		const struct event *ev = &k->ev[i];

		if (device_of(s, ev) != device || !event_kind_is_public(ev->kind))
			continue;
		if (ev->kind == EV_ARC && ev->ret >= 0)
			t.state = ev->arc.to;
		left_after(&t, ev);
	}
	*initial = t.initial;
	*dirty = t.dirty;
	return t.has_left;
}

/* An event-by-event look at a chunk that lies across columns. */
static void columns_exact(struct store *s, size_t chunk, uint32_t device,
			  const struct axis *a, struct store_column *out, struct track *t)
{
	const struct model_device *dev = model_device(s->model, device);
	const struct cached *k = load(s, chunk);
	bool v2 = dev && dev->precopy_info_v2;
	uint32_t i;

	for (i = 0; i < k->n; i++) {
		const struct event *ev = &k->ev[i];
		bool all = (ev->kind == EV_LOSS || ev->kind == EV_MARK) && !ev->device;
		int64_t col;

		if (!event_kind_is_public(ev->kind))
			continue;
		if (!all && device_of(s, ev) != device)
			continue;
		col = column_of(a, event_end_ns(ev));
		if (ev->kind == EV_ARC && ev->ret >= 0)
			t->state = ev->arc.to;
		if (!all)
			left_after(t, ev);
		if (col < 0 || col >= a->n)
			continue;
		column_event(&out[col], ev, t->state, v2);
		column_left(&out[col], t->has_left, t->initial, t->dirty);
	}
}

void store_columns(struct store *s, uint32_t device, uint64_t from_ns, uint64_t to_ns,
		   unsigned int n, struct store_column *out)
{
	struct axis a = { .from = from_ns, .to = to_ns > from_ns ? to_ns : from_ns + 1, .n = n };
	struct track t = { .device = device, .state = MIG_UNKNOWN };
	size_t lo = 0, hi = s->n_chunks, mid, i;
	const struct sum *sum;
	unsigned int k;

	memset(out, 0, n * sizeof(*out));
	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (s->chunks[mid].after_ns < from_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	left_before(s, lo, &t);
	for (i = lo; i < s->n_chunks; i++) {
		const struct chunk *c = &s->chunks[i];
		int64_t first, last;

		if (i % GROUP == 0 && i / GROUP < s->n_groups) {
			const struct group *g = &s->groups[i / GROUP];

			first = column_of(&a, g->lo_ns);
			if (g->lo_ns <= g->hi_ns && first >= 0 && first < (int64_t)n &&
			    first == column_of(&a, g->hi_ns)) {
				sum = find(g->sums, g->n_sums, device);
				if (sum) {
					column_merge(&out[first], &sum->col);
					sum_goes_on(&t, sum);
				}
				i += GROUP - 1;
				continue;
			}
		}

		if (c->lo_ns == UINT64_MAX)
			continue;
		if (c->lo_ns >= a.to && c->before_ns >= a.to)
			break;
		sum = sum_find(c, device);
		if (!sum)
			continue;
		first = column_of(&a, c->lo_ns);
		last = column_of(&a, c->hi_ns);
		if (first != last)
			columns_exact(s, i, device, &a, out, &t);
		else if (first >= 0 && first < (int64_t)n)
			column_merge(&out[first], &sum->col);
		sum_goes_on(&t, sum);
	}
	/* What was left stays left until something else is known. */
	left_before(s, lo, &t);
	for (k = 0; k < n; k++) {
		if (out[k].has_left) {
			t.has_left = true;
			t.initial = out[k].initial_last;
			t.dirty = out[k].dirty_last;
		} else {
			column_left(&out[k], t.has_left, t.initial, t.dirty);
		}
	}
}

/* ---- life ---- */

struct store *store_create(void)
{
	struct store *s = calloc(1, sizeof(*s));
	uint32_t i;

	if (!s)
		return NULL;
	s->spacing = CHECKPOINT;
	s->model = model_create();
	if (!s->model)
		goto fail;
	for (i = 0; i < CACHE; i++) {
		s->cache[i] = malloc(sizeof(*s->cache[i]));
		if (!s->cache[i])
			goto fail;
		s->cache[i]->chunk = UINT64_MAX;
		s->cache[i]->used = 0;
	}
	return s;
fail:
	store_destroy(s);
	return NULL;
}

void store_destroy(struct store *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->n_chunks; i++) {
		free(s->chunks[i].data);
		free(s->chunks[i].sums);
	}
	free(s->chunks);
	for (i = 0; i < s->n_groups; i++)
		free(s->groups[i].sums);
	free(s->groups);
	for (i = 0; i < s->n_points; i++)
		model_destroy(s->points[i].model);
	free(s->points);
	for (i = 0; i < CACHE; i++)
		free(s->cache[i]);
	for (i = 0; i < MOMENT_LISTS; i++)
		free(s->moments[i].at);
	free(s->states.at);
	free(s->tracks);
	buf_free(&s->scratch);
	model_destroy(s->model);
	model_destroy(s->cursor);
	free(s);
}

void store_usage(const struct store *s, struct store_usage *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < s->n_chunks; i++) {
		out->events += sizeof(struct chunk) + s->chunks[i].cap;
		out->sums += s->chunks[i].n_sums * sizeof(struct sum);
	}
	out->models = s->points_cost;
	out->checkpoints = (uint32_t)s->n_points;
}
