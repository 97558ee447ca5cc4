// SPDX-License-Identifier: GPL-2.0-only
/*
 * decoder.c - columns to events
 *
 * A payload is taken apart once, which checks every length; then events are
 * made a batch at a time, column by column, so that the inner loops are over
 * plain arrays and the batch stays in the cache.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/codec.h"
#include "recording/format.h"
#include "util/varint.h"

#define BATCH DECODER_BATCH

struct column {
	bool present;
	uint8_t mode, width;
	uint16_t n_dict;
	uint32_t n, pos; /* values in all, and handed out */
	uint64_t base, prev;
	const uint8_t *planes;
	const uint8_t *p, *end; /* strings; dictionary until it is read */
	uint64_t *dict;		/* DICT_MAX of them once one was needed */
};

struct task {
	uint32_t pid, tid;
	char comm[EVENT_COMM_LEN];
	uint64_t end_ns;
	bool seen;
};

struct decoder {
	uint32_t count, pos;
	uint64_t end_ns;
	struct column common[COL_NR];
	struct column *fields; /* all kinds' fields, one behind the other */
	size_t n_fields;
	uint16_t first_field[EV_KIND_NR];
	uint32_t kind_count[EV_KIND_NR];
	struct task *tasks;
	uint32_t n_tasks, cap_tasks;
	struct event batch[BATCH];
	bool is_long[BATCH]; /* what is beyond BODY_SHORT may not be zero */
	bool long_kind[EV_KIND_NR];
};

/* The body's begin; nearly all kinds but definitions end before BODY_SHORT. */
#define BODY	   offsetof(struct event, io)
#define BODY_SHORT 128

struct decoder *decoder_new(void)
{
	struct decoder *d = calloc(1, sizeof(*d));
	const struct event_field *f;
	size_t i;
	uint32_t k;

	if (!d)
		return NULL;
	for (k = 0; k < EV_KIND_NR; k++) {
		size_t n;

		f = event_fields(k, &n);
		d->first_field[k] = d->n_fields;
		d->n_fields += n;
		for (i = 0; i < n; i++)
			d->long_kind[k] |= f[i].offset + f[i].size > BODY_SHORT;
	}
	d->fields = calloc(d->n_fields, sizeof(*d->fields));
	if (!d->fields) {
		free(d);
		return NULL;
	}
	return d;
}

void decoder_free(struct decoder *d)
{
	size_t i;

	if (!d)
		return;
	for (i = 0; i < COL_NR; i++)
		free(d->common[i].dict);
	for (i = 0; i < d->n_fields; i++)
		free(d->fields[i].dict);
	free(d->fields);
	free(d->tasks);
	free(d);
}

static void column_clear(struct column *c)
{
	uint64_t *dict = c->dict;

	memset(c, 0, sizeof(*c));
	c->dict = dict;
}

/* Read the head of a column of @n numbers, and check its length. */
static int column_begin(struct column *c, uint32_t n)
{
	const uint8_t *p = c->p, *end = c->end;
	uint64_t x;
	uint32_t i;

	c->n = n;
	c->pos = 0;
	if (!c->present)
		return 0;
	if (end - p < 2)
		return -EBADMSG;
	c->mode = *p++;
	c->width = *p++;
	if (c->mode > MODE_DICT || c->width > 8)
		return -EBADMSG;
	if (c->mode == MODE_DICT) {
		if (!varint_get(&p, end, &x) || !x || x > DICT_MAX || c->width > 1)
			return -EBADMSG;
		c->n_dict = x;
		if (!c->dict) {
			c->dict = malloc(DICT_MAX * sizeof(*c->dict));
			if (!c->dict)
				return -ENOMEM;
		}
		for (i = 0; i < c->n_dict; i++) {
			if (!varint_get(&p, end, &x))
				return -EBADMSG;
			c->dict[i] = (uint64_t)unzigzag(x);
		}
	} else {
		if (!varint_get(&p, end, &x))
			return -EBADMSG;
		c->base = (uint64_t)unzigzag(x);
		if (c->mode == MODE_DELTA) {
			if (!varint_get(&p, end, &x))
				return -EBADMSG;
			c->prev = (uint64_t)unzigzag(x);
		}
	}
	if ((size_t)(end - p) != (size_t)n * c->width)
		return -EBADMSG;
	c->planes = p;
	return 0;
}

/* The next @m numbers; @t are the start times they may be related to. */
static int column_take(struct column *c, uint64_t *v, uint32_t m, const uint64_t *t)
{
	const uint8_t *p;
	uint32_t i, k;

	if (!c->present) {
		memset(v, 0, m * sizeof(*v));
		return 0;
	}
	p = c->width ? c->planes + c->pos : NULL;
	c->pos += m;
	switch (p ? c->width : 0) {
	case 0:
		memset(v, 0, m * sizeof(*v));
		break;
	case 1:
		for (i = 0; i < m; i++)
			v[i] = p[i];
		break;
	case 2: {
		const uint8_t *q = p + c->n;

		for (i = 0; i < m; i++)
			v[i] = p[i] | (uint32_t)q[i] << 8;
		break;
	}
	case 3: {
		const uint8_t *q = p + c->n, *r = q + c->n;

		for (i = 0; i < m; i++)
			v[i] = p[i] | (uint32_t)q[i] << 8 | (uint32_t)r[i] << 16;
		break;
	}
	default:
		for (i = 0; i < m; i++)
			v[i] = p[i];
		for (k = 1; k < c->width; k++) {
			p += c->n;
			for (i = 0; i < m; i++)
				v[i] |= (uint64_t)p[i] << (8 * k);
		}
	}
	switch (c->mode) {
	case MODE_PLAIN:
		for (i = 0; i < m; i++)
			v[i] += c->base;
		break;
	case MODE_DELTA: {
		uint64_t prev = c->prev;

		for (i = 0; i < m; i++) {
			prev += v[i] + c->base;
			v[i] = prev;
		}
		c->prev = prev;
		break;
	}
	case MODE_TIME:
		for (i = 0; i < m; i++) {
			uint64_t x = v[i] + c->base;

			/* NOLINTNEXTLINE: the analyzer does not follow who set @t */
			v[i] = x ? (t ? t[i] : 0) + (uint64_t)unzigzag(x - 1) : 0;
		}
		break;
	case MODE_DICT:
		for (i = 0; i < m; i++) {
			if (v[i] >= c->n_dict)
				return -EBADMSG;
			v[i] = c->dict[v[i]];
		}
		break;
	}
	return 0;
}

static int take_string(struct column *c, char *dst, size_t size)
{
	uint64_t len;
	size_t n;

	if (!c->present)
		return 0;
	if (!varint_get(&c->p, c->end, &len) || len > (uint64_t)(c->end - c->p))
		return -EBADMSG;
	n = len < size - 1 ? len : size - 1;
	memcpy(dst, c->p, n); /* the rest of the event is zero */
	c->p += len;
	return 0;
}

static int read_tasks(struct decoder *d)
{
	struct column *c = &d->common[COL_TASKS];
	const uint8_t *p = c->p, *end = c->end;
	uint64_t n, pid, tid, len;
	uint32_t i;

	if (!c->present || !varint_get(&p, end, &n) || !n || n > d->count)
		return -EBADMSG;
	if (n > d->cap_tasks) {
		struct task *t = realloc(d->tasks, n * sizeof(*t));

		if (!t)
			return -ENOMEM;
		d->tasks = t;
		d->cap_tasks = n;
	}
	d->n_tasks = n;
	memset(d->tasks, 0, n * sizeof(*d->tasks));
	for (i = 0; i < n; i++) {
		struct task *t = &d->tasks[i];

		if (!varint_get(&p, end, &pid) || !varint_get(&p, end, &tid) ||
		    !varint_get(&p, end, &len) || pid > UINT32_MAX || tid > UINT32_MAX ||
		    len > (uint64_t)(end - p))
			return -EBADMSG;
		t->pid = pid;
		t->tid = tid;
		memcpy(t->comm, p, len < EVENT_COMM_LEN ? len : EVENT_COMM_LEN - 1);
		p += len;
	}
	return p == end ? 0 : -EBADMSG;
}

static int count_kinds(struct decoder *d)
{
	struct column *c = &d->common[COL_KIND];
	uint64_t v[BATCH], prev = c->prev;
	uint32_t i, m, left;
	int err;

	memset(d->kind_count, 0, sizeof(d->kind_count));
	if (c->mode == MODE_PLAIN && !c->width) {
		if (c->base > UINT32_MAX)
			return -EBADMSG;
		if (c->base < EV_KIND_NR)
			d->kind_count[c->base] = d->count;
		return 0;
	}
	for (left = d->count; left; left -= m) {
		m = left < BATCH ? left : BATCH;
		err = column_take(c, v, m, NULL);
		if (err)
			return err;
		for (i = 0; i < m; i++) {
			if (v[i] > UINT32_MAX)
				return -EBADMSG;
			if (v[i] < EV_KIND_NR)
				d->kind_count[v[i]]++;
		}
	}
	c->pos = 0;
	c->prev = prev;
	return 0;
}

static struct column *column_of(struct decoder *d, uint64_t kind, uint64_t id)
{
	const struct event_field *f;
	size_t i, n;

	if (!kind)
		return id && id < COL_NR ? &d->common[id] : NULL;
	if (kind >= EV_KIND_NR)
		return NULL;
	f = event_fields(kind, &n);
	for (i = 0; i < n; i++)
		if (f[i].id == id)
			return &d->fields[d->first_field[kind] + i];
	return NULL;
}

int decoder_begin(struct decoder *d, const uint8_t *payload, size_t len, uint32_t count,
		  uint64_t first_ns)
{
	const uint8_t *p = payload, *end = payload + len;
	uint32_t i, k;
	int err;

	d->count = 0;
	d->pos = 0;
	d->end_ns = first_ns;
	for (i = 0; i < COL_NR; i++)
		column_clear(&d->common[i]);
	for (i = 0; i < d->n_fields; i++)
		column_clear(&d->fields[i]);

	while (p < end) {
		uint64_t kind, id, n;
		struct column *c;

		if (!varint_get(&p, end, &kind) || !varint_get(&p, end, &id) ||
		    !varint_get(&p, end, &n) || n > (uint64_t)(end - p))
			return -EBADMSG;
		c = column_of(d, kind, id);
		if (c) {
			if (c->present)
				return -EBADMSG;
			c->present = true;
			c->p = p;
			c->end = p + n;
		}
		p += n;
	}
	if (!count)
		return 0;

	d->count = count;
	err = read_tasks(d);
	if (!err && !d->common[COL_KIND].present)
		err = -EBADMSG;
	for (i = COL_KIND; i < COL_NR && !err; i++)
		err = column_begin(&d->common[i], count);
	if (!err)
		err = count_kinds(d);
	for (k = 0; k < EV_KIND_NR && !err; k++) {
		const struct event_field *f;
		size_t j, n;

		f = event_fields(k, &n);
		for (j = 0; j < n && !err; j++)
			if (f[j].type != EF_STR)
				err = column_begin(&d->fields[d->first_field[k] + j],
						   d->kind_count[k]);
	}
	if (err)
		d->count = 0;
	return err;
}

static void gather(const uint64_t *all, const uint8_t *idx, uint32_t m, uint64_t *out)
{
	uint32_t i;

	for (i = 0; i < m; i++)
		out[i] = all[idx[i]];
}

static void set_u64(struct event *ev, const struct event_field *f, uint64_t v)
{
	memcpy((char *)ev + f->offset, &v, sizeof(v));
}

/* The fields of the @m events of @kind in the batch, at @idx. */
static int take_fields(struct decoder *d, uint32_t kind, const uint8_t *idx, uint32_t m,
		       const uint64_t *t_all)
{
	struct column *c = &d->fields[d->first_field[kind]];
	const struct event_field *f;
	uint64_t v[BATCH], t[BATCH], over = 0;
	struct event *ev = d->batch;
	bool have_t = false;
	size_t j, n;
	uint32_t i;
	int err;

	f = event_fields(kind, &n);
	for (j = 0; j < n; j++, f++, c++) {
		if (!c->present) {
			for (i = 0; i < m && f->flags & EFF_LATER; i++)
				set_u64(&ev[idx[i]], f, EVENT_NOT_SEEN);
			continue;
		}
		if (f->type == EF_STR) {
			for (i = 0; i < m; i++) {
				err = take_string(c, (char *)&ev[idx[i]] + f->offset, f->size);
				if (err)
					return err;
			}
			continue;
		}
		if (c->mode == MODE_TIME && !have_t) {
			gather(t_all, idx, m, t);
			have_t = true;
		}
		err = column_take(c, v, m, t);
		if (err)
			return err;
		if (f->size == 8) {
			for (i = 0; i < m; i++)
				set_u64(&ev[idx[i]], f, v[i] - !!(f->flags & EFF_LATER));
		} else {
			for (i = 0; i < m; i++) {
				uint32_t x = v[i];

				over |= v[i] >> 32;
				memcpy((char *)&ev[idx[i]] + f->offset, &x, 4);
			}
		}
	}
	return over ? -EBADMSG : 0;
}

/* The bodies of the batch before as if they had never been. */
static void clear_bodies(struct decoder *d, uint32_t m)
{
	uint32_t i;

	for (i = 0; i < m; i++) {
		memset((char *)&d->batch[i] + BODY, 0, BODY_SHORT - BODY);
		if (d->is_long[i])
			memset((char *)&d->batch[i] + BODY_SHORT, 0,
			       sizeof(d->batch[i]) - BODY_SHORT);
		d->is_long[i] = false;
	}
}

/* Store a common column into a 32-bit member of all events of the batch. */
#define TAKE_U32(id, member)                                   \
	do {                                                   \
		if (!d->common[id].present) {                  \
			for (i = 0; i < m; i++)                \
				ev[i].member = 0;              \
			break;                                 \
		}                                              \
		err = column_take(&d->common[id], v, m, NULL); \
		if (err)                                       \
			return err;                            \
		for (i = 0; i < m; i++) {                      \
			over |= v[i] >> 32;                    \
			ev[i].member = (uint32_t)v[i];         \
		}                                              \
	} while (0)

static int take_calls(struct decoder *d, uint32_t m, uint64_t *t)
{
	uint64_t v[BATCH], dur[BATCH], end = d->end_ns;
	struct event *ev = d->batch;
	uint32_t i;
	int err;

	err = column_take(&d->common[COL_DUR], dur, m, NULL);
	if (!err)
		err = column_take(&d->common[COL_GAP], t, m, NULL);
	if (!err)
		err = column_take(&d->common[COL_TASK], v, m, NULL);
	if (err)
		return err;
	for (i = 0; i < m; i++) {
		struct task *task;

		if (v[i] >= d->n_tasks)
			return -EBADMSG;
		task = &d->tasks[v[i]];
		t[i] += task->seen ? task->end_ns : end - dur[i];
		end = t[i] + dur[i];
		task->end_ns = end;
		task->seen = true;
		ev[i].t_ns = t[i];
		ev[i].dur_ns = dur[i];
		ev[i].pid = task->pid;
		ev[i].tid = task->tid;
		memcpy(ev[i].comm, task->comm, sizeof(task->comm));
	}
	d->end_ns = end;
	return 0;
}

/* The bodies, kind by kind. */
static int take_bodies(struct decoder *d, uint32_t m, const uint64_t *t)
{
	uint8_t idx[EV_KIND_NR][BATCH], n[EV_KIND_NR] = { 0 };
	uint64_t kinds = 0;
	uint32_t i, k;
	int err;

	_Static_assert(EV_KIND_NR <= 64, "a word has a bit for each kind");
	for (i = 0; i < m; i++) {
		k = d->batch[i].kind;
		if (k >= EV_KIND_NR)
			continue;
		kinds |= 1ULL << k;
		idx[k][n[k]++] = i;
		d->is_long[i] = d->long_kind[k];
	}
	for (k = 0; kinds; k++, kinds >>= 1) {
		err = kinds & 1 ? take_fields(d, k, idx[k], n[k], t) : 0;
		if (err)
			return err;
	}
	return 0;
}

int decoder_next(struct decoder *d, const struct event **out)
{
	uint64_t v[BATCH], t[BATCH], over = 0;
	uint32_t i, m = d->count - d->pos;
	struct event *ev = d->batch;
	int err;

	if (m > BATCH)
		m = BATCH;
	*out = ev;
	if (!m)
		return 0;
	clear_bodies(d, m);
	TAKE_U32(COL_KIND, kind);
	TAKE_U32(COL_CPU, cpu);
	TAKE_U32(COL_DEVICE, device);
	TAKE_U32(COL_STREAM, stream);
	TAKE_U32(COL_HOST, host);
	if (over)
		return -EBADMSG;
	err = column_take(&d->common[COL_RET], v, m, NULL);
	if (err)
		return err;
	for (i = 0; i < m; i++)
		ev[i].ret = (int64_t)v[i];
	err = take_calls(d, m, t);
	if (!err)
		err = take_bodies(d, m, t);
	if (err)
		return err;
	d->pos += m;
	return m;
}
