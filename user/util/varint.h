/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * varint.h - LEB128 numbers and little-endian loads and stores
 *
 * A varint holds 7 bits a byte, the lowest first; the top bit says that more
 * follow; at most VARINT_MAX bytes.  zigzag maps small negative numbers to
 * small unsigned ones.  No function reads or writes beyond what it is given.
 */
#ifndef VFIOSCOPE_UTIL_VARINT_H
#define VFIOSCOPE_UTIL_VARINT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VARINT_MAX 10

/* Store @v at @p, which has room for VARINT_MAX bytes; the bytes used. */
static inline size_t varint_put(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)v | 0x80;
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

/*
 * Take a varint from *@p, which ends at @end, and advance *@p.  False, with *@p
 * untouched, when it is cut or exceeds 64 bits.
 */
static inline bool varint_get(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	const uint8_t *q = *p;
	uint64_t r = 0;
	unsigned int shift;

	for (shift = 0; shift < 64 && q < end; shift += 7) {
		uint8_t b = *q++;

		if (shift == 63 && b > 1)
			return false;
		r |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*p = q;
			*v = r;
			return true;
		}
	}
	return false;
}

static inline uint64_t zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t v)
{
	return (int64_t)((v >> 1) ^ -(v & 1));
}

#define VARINT_LE(bits)                                               \
	static inline void put_le##bits(uint8_t *p, uint##bits##_t v) \
	{                                                             \
		v = htole##bits(v);                                   \
		memcpy(p, &v, sizeof(v));                             \
	}                                                             \
	static inline uint##bits##_t get_le##bits(const uint8_t *p)   \
	{                                                             \
		uint##bits##_t v;                                     \
                                                                      \
		memcpy(&v, p, sizeof(v));                             \
		return le##bits##toh(v);                              \
	}

VARINT_LE(16)
VARINT_LE(32)
VARINT_LE(64)

#undef VARINT_LE

#endif
