// SPDX-License-Identifier: GPL-2.0-only
/*
 * codec.c - one event of the store in bytes: varints, what differs from those before
 */
#include <string.h>

#include "tui/store_internal.h"
#include "util/varint.h"

enum {
	H_CPU = 1 << 0,
	H_TASK = 1 << 1, /* pid, tid, comm */
	H_DEVICE = 1 << 2,
	H_STREAM = 1 << 3,
	H_RET = 1 << 4, /* differs from the last of its kind */
	H_BODY = 1 << 5,
	H_DUR = 1 << 6, /* is not 0 */
	H_HOST = 1 << 7,
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

static bool body_equal(const struct event *a, const struct event *b, const struct event_field *f,
		       size_t n)
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

void codec_put(const struct codec *c, struct buf *b, const struct event *ev)
{
	const struct event *prev = &c->prev, *last = &c->last[ev->kind];
	const struct event_field *f;
	uint8_t flags = 0;
	size_t n, i;

	f = event_fields(ev->kind, &n);
	if (ev->cpu != prev->cpu)
		flags |= H_CPU;
	if (ev->pid != prev->pid || ev->tid != prev->tid ||
	    strncmp(ev->comm, prev->comm, sizeof(ev->comm)))
		flags |= H_TASK;
	if (ev->host != prev->host)
		flags |= H_HOST;
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
	if (flags & H_HOST)
		buf_put_varint(b, ev->host);
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

uint64_t codec_varint(const uint8_t **p)
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
	size_t len = codec_varint(p);

	memset(dst, 0, size);
	memcpy(dst, *p, len);
	*p += len;
}

void codec_reset(struct codec *c)
{
	memset(c, 0, sizeof(*c));
}

void codec_took(struct codec *c, const struct event *ev)
{
	c->prev = c->last[ev->kind] = *ev;
}

const uint8_t *codec_take(struct codec *c, const uint8_t *p, struct event *ev)
{
	const struct event *prev = &c->prev;
	const struct event_field *f;
	uint8_t flags = *p++;
	const struct event *same;
	uint32_t kind;
	size_t n, i;

	kind = codec_varint(&p);
	same = &c->last[kind];
	*ev = *same;
	ev->kind = kind;
	ev->t_ns = prev->t_ns + unzigzag(codec_varint(&p));
	ev->dur_ns = flags & H_DUR ? codec_varint(&p) : 0;
	ev->cpu = flags & H_CPU ? codec_varint(&p) : prev->cpu;
	if (flags & H_TASK) {
		ev->pid = codec_varint(&p);
		ev->tid = codec_varint(&p);
		take_string(&p, ev->comm, sizeof(ev->comm));
	} else {
		ev->pid = prev->pid;
		ev->tid = prev->tid;
		memcpy(ev->comm, prev->comm, sizeof(ev->comm));
	}
	ev->host = flags & H_HOST ? codec_varint(&p) : prev->host;
	ev->device = flags & H_DEVICE ? codec_varint(&p) : prev->device;
	ev->stream = flags & H_STREAM ? codec_varint(&p) : prev->stream;
	if (flags & H_RET)
		ev->ret = (int64_t)unzigzag(codec_varint(&p));
	if (flags & H_BODY) {
		f = event_fields(kind, &n);
		for (i = 0; i < n; i++) {
			if (f[i].type == EF_STR)
				take_string(&p, (char *)ev + f[i].offset, f[i].size);
			else if (f[i].size == sizeof(uint32_t))
				set_int(ev, &f[i], codec_varint(&p));
			else
				set_int(ev, &f[i],
					get_int(same, &f[i]) + unzigzag(codec_varint(&p)));
		}
	}
	codec_took(c, ev);
	return p;
}
