// SPDX-License-Identifier: GPL-2.0-only
#include "util/buf.h"

#include <stdlib.h>
#include <string.h>

#include "util/varint.h"

uint8_t *buf_room(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > b->cap - b->len) {
		size_t cap = b->cap ? b->cap : 256;
		uint8_t *data;

		if (n > SIZE_MAX / 4 - b->len) {
			b->failed = true;
			return NULL;
		}
		while (cap - b->len < n)
			cap *= 2;
		data = realloc(b->data, cap);
		if (!data) {
			b->failed = true;
			return NULL;
		}
		b->data = data;
		b->cap = cap;
	}
	return b->data + b->len;
}

void buf_advance(struct buf *b, size_t n)
{
	if (!b->failed)
		b->len += n;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
	uint8_t *p;

	if (!n)
		return;
	p = buf_room(b, n);
	if (p) {
		memcpy(p, data, n);
		b->len += n;
	}
}

void buf_put_varint(struct buf *b, uint64_t v)
{
	uint8_t *p = buf_room(b, VARINT_MAX);

	if (p)
		b->len += varint_put(p, v);
}

void buf_put_bytes(struct buf *b, const void *data, size_t n)
{
	buf_put_varint(b, n);
	buf_put(b, data, n);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
