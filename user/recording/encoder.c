// SPDX-License-Identifier: GPL-2.0-only
/*
 * encoder.c - events to columns
 *
 * What costs bytes are the nanoseconds: everything else in a stream of reads
 * repeats.  So
 * - t_ns is stored as its distance from where the same task's event before it
 *   ended.  The jitter of a call is then paid for once, in its duration, and
 *   not again in the start of the next;
 * - numbers are stored byte plane by byte plane: the low planes are noise that
 *   nothing compresses, the high planes are nearly constant.  Mixed, as in a
 *   varint, neither the entropy coder nor the decoder has an easy time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/codec.h"
#include "recording/format.h"
#include "util/varint.h"

/* Below this a plane of its own statistics costs more than it saves. */
#define SPLIT_MIN  512
#define SPLITS_MAX 1024
#define DICT_TRY   64 /* distinct values that are still looked for */

struct task {
	uint32_t host, pid, tid;
	char comm[EVENT_COMM_LEN];
	uint64_t end_ns; /* where its last event ended */
	uint32_t next;	 /* in its hash chain; 0: none */
};

struct encoder {
	size_t max;
	uint64_t *v, *r, *t; /* values, residues, start times of the values */
	uint32_t *task;	     /* task index of each event */
	uint32_t *idx;	     /* events of one kind */
	struct task *tasks;
	size_t n_tasks;
	uint32_t *hash; /* task index + 1 */
	size_t hash_mask;
	uint64_t dict[DICT_TRY];
	uint8_t dict_slot[256];
	size_t n_dict;
	size_t splits[SPLITS_MAX];
	size_t n_splits;
};

struct encoder *encoder_new(size_t max)
{
	struct encoder *e = calloc(1, sizeof(*e));
	size_t hash = 1;

	if (!e)
		return NULL;
	while (hash < max)
		hash *= 2;
	e->max = max;
	e->hash_mask = hash - 1;
	e->v = malloc(max * sizeof(*e->v));
	e->r = malloc(max * sizeof(*e->r));
	e->t = malloc(max * sizeof(*e->t));
	e->task = malloc(max * sizeof(*e->task));
	e->idx = malloc(max * sizeof(*e->idx));
	e->tasks = malloc(max * sizeof(*e->tasks));
	e->hash = malloc(hash * sizeof(*e->hash));
	if (!e->v || !e->r || !e->t || !e->task || !e->idx || !e->tasks || !e->hash) {
		encoder_free(e);
		return NULL;
	}
	return e;
}

void encoder_free(struct encoder *e)
{
	if (!e)
		return;
	free(e->v);
	free(e->r);
	free(e->t);
	free(e->task);
	free(e->idx);
	free(e->tasks);
	free(e->hash);
	free(e);
}

const size_t *encoder_splits(const struct encoder *e, size_t *n)
{
	*n = e->n_splits;
	return e->splits;
}

static void split(struct encoder *e, const struct buf *out)
{
	size_t last = e->n_splits ? e->splits[e->n_splits - 1] : 0;

	if (e->n_splits < SPLITS_MAX && out->len > last)
		e->splits[e->n_splits++] = out->len;
}

static void put_column(struct buf *out, uint32_t kind, uint32_t field, const uint8_t *head,
		       size_t head_len, size_t body_len)
{
	buf_put_varint(out, kind);
	buf_put_varint(out, field);
	buf_put_varint(out, head_len + body_len);
	buf_put(out, head, head_len);
}

static void put_planes(struct encoder *e, struct buf *out, const uint64_t *r, size_t n,
		       unsigned int width)
{
	unsigned int k;

	if (n >= SPLIT_MIN && width)
		split(e, out);
	for (k = 0; k < width; k++) {
		uint8_t *p = buf_room(out, n);
		size_t i;

		if (!p)
			return;
		for (i = 0; i < n; i++)
			p[i] = (uint8_t)(r[i] >> (8 * k));
		buf_advance(out, n);
		if (n >= SPLIT_MIN)
			split(e, out);
	}
}

static unsigned int bits(uint64_t v)
{
	return v ? 64 - __builtin_clzll(v) : 0;
}

static unsigned int bytes(uint64_t v)
{
	return (bits(v) + 7) / 8;
}

/*
 * The sum of the bit lengths of what remains above the smallest: near enough to
 * what the noise in the column will cost.
 */
static uint64_t cost(const uint64_t *v, size_t n, int64_t *min, uint64_t *all)
{
	int64_t m = n ? (int64_t)v[0] : 0;
	uint64_t sum = 0, or = 0;
	size_t i;

	for (i = 1; i < n; i++)
		if ((int64_t)v[i] < m)
			m = (int64_t)v[i];
	for (i = 0; i < n; i++) {
		uint64_t r = v[i] - (uint64_t)m;

		or |= r;
		sum += bits(r);
	}
	*min = m;
	*all = or ;
	return sum;
}

static unsigned int dict_hash(uint64_t v)
{
	return (v * 0x9e3779b97f4a7c15ULL) >> 56;
}

/* The index of @v in the dictionary, which grows; -1 when it is full. */
static int dict_index(struct encoder *e, uint64_t v)
{
	unsigned int h = dict_hash(v);

	while (e->dict_slot[h]) {
		if (e->dict[e->dict_slot[h] - 1] == v)
			return e->dict_slot[h] - 1;
		h = (h + 1) & 255;
	}
	if (e->n_dict == DICT_TRY)
		return -1;
	e->dict[e->n_dict++] = v;
	e->dict_slot[h] = e->n_dict;
	return e->n_dict - 1;
}

/* Are they few?  Then *@c is what indices and dictionary cost. */
static bool dict_build(struct encoder *e, const uint64_t *v, size_t n, uint64_t *c)
{
	size_t i;

	e->n_dict = 0;
	memset(e->dict_slot, 0, sizeof(e->dict_slot));
	for (i = 0; i < n; i++)
		if (dict_index(e, v[i]) < 0)
			return false;
	*c = n * bits(e->n_dict - 1);
	for (i = 0; i < e->n_dict; i++)
		*c += 8 + bits(zigzag(e->dict[i]));
	return true;
}

/*
 * Store e->v[0..n) as a column; all zero is what a reader takes a column for
 * that is not there.  @times: may be times, related to e->t[0..n).
 */
static void put_numbers(struct encoder *e, struct buf *out, uint32_t kind, uint32_t field, size_t n,
			bool times)
{
	uint8_t head[4 * VARINT_MAX + DICT_TRY * VARINT_MAX];
	uint64_t *v = e->v, *r = e->r;
	uint64_t best, c, all, best_all;
	int mode = MODE_PLAIN;
	int64_t base, b;
	size_t i, len = 0;

	for (i = 1; i < n && v[i] == v[0]; i++)
		;
	if (i == n) {
		if (!v[0])
			return;
		head[0] = MODE_PLAIN;
		head[1] = 0;
		len = 2 + varint_put(head + 2, zigzag((int64_t)v[0]));
		put_column(out, kind, field, head, len, 0);
		return;
	}

	best = cost(v, n, &base, &best_all);

	/* Where the first delta is the smallest, it takes no part. */
	for (i = 1; i < n; i++)
		r[i] = v[i] - v[i - 1];
	c = cost(r + 1, n - 1, &b, &all);
	if (c < best) {
		best = c;
		base = b;
		best_all = all;
		mode = MODE_DELTA;
	}
	if (times && best_all >> 32) {
		bool fits = true;

		for (i = 0; i < n; i++) {
			uint64_t z = zigzag((int64_t)(v[i] - e->t[i]));

			if (v[i] && z == UINT64_MAX)
				fits = false;
			r[i] = v[i] ? z + 1 : 0;
		}
		c = cost(r, n, &b, &all);
		if (fits && c < best) {
			best = c;
			base = b;
			best_all = all;
			mode = MODE_TIME;
		}
	}
	if (bytes(best_all) > 1 && dict_build(e, v, n, &c) && c < best)
		mode = MODE_DICT;

	head[len++] = mode;
	switch (mode) {
	case MODE_PLAIN:
		for (i = 0; i < n; i++)
			r[i] = v[i] - (uint64_t)base;
		break;
	case MODE_DELTA:
		r[0] = 0;
		for (i = 1; i < n; i++)
			r[i] = v[i] - v[i - 1] - (uint64_t)base;
		break;
	case MODE_TIME:
		for (i = 0; i < n; i++)
			r[i] = (v[i] ? zigzag((int64_t)(v[i] - e->t[i])) + 1 : 0) - (uint64_t)base;
		break;
	case MODE_DICT:
		for (i = 0; i < n; i++)
			r[i] = dict_index(e, v[i]);
		best_all = e->n_dict - 1;
		break;
	}
	head[len++] = bytes(best_all);
	if (mode == MODE_DICT) {
		len += varint_put(head + len, e->n_dict);
		for (i = 0; i < e->n_dict; i++)
			len += varint_put(head + len, zigzag((int64_t)e->dict[i]));
	} else {
		len += varint_put(head + len, zigzag(base));
		if (mode == MODE_DELTA)
			len += varint_put(head + len, zigzag((int64_t)(v[0] - (uint64_t)base)));
	}
	put_column(out, kind, field, head, len, n * (size_t)head[1]);
	put_planes(e, out, r, n, head[1]);
}

static uint32_t task_index(struct encoder *e, const struct event *ev)
{
	size_t comm_len = strnlen(ev->comm, EVENT_COMM_LEN - 1);
	uint32_t h = (ev->pid * 0x9e3779b1U) ^ (ev->tid * 0x85ebca6bU) ^ (ev->host * 0xc2b2ae35U);
	struct task *t;
	uint32_t i;

	h = (h ^ (h >> 15)) & e->hash_mask;
	for (i = e->hash[h]; i; i = t->next) {
		t = &e->tasks[i - 1];
		if (t->pid == ev->pid && t->tid == ev->tid && t->host == ev->host &&
		    !strncmp(t->comm, ev->comm, EVENT_COMM_LEN - 1))
			return i - 1;
	}
	t = &e->tasks[e->n_tasks++];
	t->host = ev->host;
	t->pid = ev->pid;
	t->tid = ev->tid;
	memset(t->comm, 0, sizeof(t->comm));
	memcpy(t->comm, ev->comm, comm_len);
	t->end_ns = 0;
	t->next = e->hash[h];
	e->hash[h] = e->n_tasks;
	return e->n_tasks - 1;
}

static void put_tasks(struct encoder *e, struct buf *out, const struct event *ev, size_t n)
{
	uint8_t head[VARINT_MAX];
	size_t i, len, body = 0;

	memset(e->hash, 0, (e->hash_mask + 1) * sizeof(*e->hash));
	e->n_tasks = 0;
	for (i = 0; i < n; i++) {
		if (i && ev[i].tid == ev[i - 1].tid && ev[i].pid == ev[i - 1].pid &&
		    ev[i].host == ev[i - 1].host &&
		    !strncmp(ev[i].comm, ev[i - 1].comm, EVENT_COMM_LEN - 1))
			e->task[i] = e->task[i - 1];
		else
			e->task[i] = task_index(e, &ev[i]);
	}
	len = varint_put(head, e->n_tasks);
	for (i = 0; i < e->n_tasks; i++) {
		uint8_t tmp[VARINT_MAX];
		size_t l = strlen(e->tasks[i].comm);

		body += varint_put(tmp, e->tasks[i].pid) + varint_put(tmp, e->tasks[i].tid) +
			varint_put(tmp, l) + l;
	}
	put_column(out, 0, COL_TASKS, head, len, body);
	for (i = 0; i < e->n_tasks; i++) {
		buf_put_varint(out, e->tasks[i].pid);
		buf_put_varint(out, e->tasks[i].tid);
		buf_put_bytes(out, e->tasks[i].comm, strlen(e->tasks[i].comm));
	}
}

/* See "Start times" in vfioscope-recording(5). */
static void put_gaps(struct encoder *e, struct buf *out, const struct event *ev, size_t n,
		     uint64_t first_ns)
{
	uint64_t end = first_ns;
	size_t i;

	for (i = 0; i < e->n_tasks; i++)
		e->tasks[i].next = 0; /* from here on: seen in this frame */
	for (i = 0; i < n; i++) {
		struct task *t = &e->tasks[e->task[i]];

		e->v[i] = ev[i].t_ns - (t->next ? t->end_ns : end - ev[i].dur_ns);
		end = ev[i].t_ns + ev[i].dur_ns;
		t->end_ns = end;
		t->next = 1;
	}
	put_numbers(e, out, 0, COL_GAP, n, false);
}

static void put_strings(struct encoder *e, struct buf *out, const struct event *ev, size_t n,
			uint32_t kind, const struct event_field *f)
{
	size_t i, body = 0;

	for (i = 0; i < n; i++) {
		const char *s = (const char *)&ev[e->idx[i]] + f->offset;
		uint8_t tmp[VARINT_MAX];
		size_t l = strnlen(s, f->size - 1);

		body += varint_put(tmp, l) + l;
	}
	if (body == n)
		return;
	put_column(out, kind, f->id, NULL, 0, body);
	for (i = 0; i < n; i++) {
		const char *s = (const char *)&ev[e->idx[i]] + f->offset;

		buf_put_bytes(out, s, strnlen(s, f->size - 1));
	}
}

static void put_kind(struct encoder *e, struct buf *out, const struct event *ev, size_t n,
		     uint32_t kind)
{
	const struct event_field *f;
	size_t i, j, m = 0, n_fields;

	f = event_fields(kind, &n_fields);
	if (!n_fields)
		return;
	for (i = 0; i < n; i++) {
		if (ev[i].kind == kind) {
			e->t[m] = ev[i].t_ns;
			e->idx[m++] = i;
		}
	}
	for (j = 0; j < n_fields; j++, f++) {
		if (f->type == EF_STR) {
			put_strings(e, out, ev, m, kind, f);
			continue;
		}
		for (i = 0; i < m; i++) {
			const char *p = (const char *)&ev[e->idx[i]] + f->offset;

			if (f->size == 8) {
				memcpy(&e->v[i], p, 8);
				/* What is not seen becomes 0: what is not there. */
				if (f->flags & EFF_LATER)
					e->v[i]++;
			} else {
				uint32_t x;

				memcpy(&x, p, 4);
				e->v[i] = x;
			}
		}
		put_numbers(e, out, kind, f->id, m, f->type == EF_U64);
	}
}

#define PUT_COMMON(id, member)                            \
	do {                                              \
		for (i = 0; i < n; i++)                   \
			e->v[i] = (uint64_t)ev[i].member; \
		put_numbers(e, out, 0, id, n, false);     \
	} while (0)

int encoder_encode(struct encoder *e, const struct event *ev, size_t n, uint64_t first_ns,
		   struct buf *out)
{
	uint64_t kinds = 0;
	uint32_t k;
	size_t i;

	_Static_assert(EV_KIND_NR <= 64, "the set of kinds is one word");
	e->n_splits = 0;
	if (!n)
		return 0;
	for (i = 0; i < n; i++)
		kinds |= 1ULL << ev[i].kind;
	put_tasks(e, out, ev, n);
	PUT_COMMON(COL_KIND, kind);
	for (i = 0; i < n; i++)
		e->v[i] = e->task[i];
	put_numbers(e, out, 0, COL_TASK, n, false);
	PUT_COMMON(COL_DUR, dur_ns);
	put_gaps(e, out, ev, n, first_ns);
	PUT_COMMON(COL_CPU, cpu);
	PUT_COMMON(COL_DEVICE, device);
	PUT_COMMON(COL_STREAM, stream);
	PUT_COMMON(COL_RET, ret);
	PUT_COMMON(COL_HOST, host);
	for (k = 0; k < EV_KIND_NR; k++)
		if (kinds & (1ULL << k))
			put_kind(e, out, ev, n, k);
	return out->failed ? -ENOMEM : 0;
}
