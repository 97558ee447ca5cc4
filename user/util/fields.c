// SPDX-License-Identifier: GPL-2.0-only
#include "util/fields.h"

#include <string.h>

#include "util/varint.h"

/* A field is its number times two, plus one for text, and then its value. */

static uint64_t number_of(const struct field *f, const void *p)
{
	uint32_t u32;
	uint64_t u64;
	int64_t s64;
	bool b;

	switch (f->type) {
	case FIELD_U32:
		memcpy(&u32, p, sizeof(u32));
		return u32;
	case FIELD_U64:
		/* "Not seen" is all ones, and frequent: with one more it is a single byte. */
		memcpy(&u64, p, sizeof(u64));
		return u64 ? u64 + 1 : 0;
	case FIELD_S64:
		memcpy(&s64, p, sizeof(s64));
		return zigzag(s64);
	default:
		memcpy(&b, p, sizeof(b));
		return b;
	}
}

static bool is_zero(const struct field *f, const void *p)
{
	static const uint8_t zeros[sizeof(uint64_t)];

	return f->type == FIELD_TEXT ? !*(const char *)p : !memcmp(p, zeros, f->size);
}

void fields_put(struct buf *out, const struct field *table, const void *values)
{
	const struct field *f;

	for (f = table; f->id; f++) {
		const void *p = (const char *)values + f->offset;

		if (is_zero(f, p))
			continue;
		buf_put_varint(out, (uint64_t)f->id << 1 | (f->type == FIELD_TEXT));
		if (f->type == FIELD_TEXT)
			buf_put_bytes(out, p, strnlen(p, f->size - 1));
		else
			buf_put_varint(out, number_of(f, p));
	}
}

static bool store(const struct field *f, void *p, uint64_t v)
{
	uint32_t u32 = (uint32_t)v;
	int64_t s64 = unzigzag(v);
	bool b = v;

	switch (f->type) {
	case FIELD_U32:
		memcpy(p, &u32, sizeof(u32));
		return v == u32;
	case FIELD_U64:
		v--;
		memcpy(p, &v, sizeof(v));
		return true;
	case FIELD_S64:
		memcpy(p, &s64, sizeof(s64));
		return true;
	case FIELD_BOOL:
		memcpy(p, &b, sizeof(b));
		return v <= 1;
	default:
		return false;
	}
}

bool fields_get(const uint8_t *data, size_t len, const struct field *table, void *values)
{
	const uint8_t *p = data, *end = data + len;
	const struct field *f;
	uint64_t key, v;
	size_t n;
	char *to;

	while (p < end) {
		if (!varint_get(&p, end, &key) || !varint_get(&p, end, &v))
			return false;
		for (f = table; f->id && f->id != key >> 1; f++)
			;
		if (key & 1 && v > (uint64_t)(end - p))
			return false;
		if (f->id && (f->type == FIELD_TEXT) != (key & 1))
			return false;
		if (!(key & 1)) {
			if (f->id && !store(f, (char *)values + f->offset, v))
				return false;
			continue;
		}
		if (f->id) {
			to = (char *)values + f->offset;
			n = v < f->size ? (size_t)v : f->size - 1;
			memcpy(to, p, n);
			to[n] = '\0';
		}
		p += v;
	}
	return true;
}
