/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pb.h - writes protocol buffers
 *
 * As much of the encoding as a writer of one format needs, on top of buf.h: a
 * failed allocation shows in buf.failed.  Debian's C libraries for it come with
 * a compiler and generated code, for what is a page here.
 */
#ifndef VFIOSCOPE_UTIL_PB_H
#define VFIOSCOPE_UTIL_PB_H

#include <string.h>

#include "util/buf.h"

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_LEN = 2 };

static inline void pb_tag(struct buf *b, uint32_t field, enum pb_wire wire)
{
	buf_put_varint(b, (uint64_t)field << 3 | wire);
}

/* uint32, uint64, bool, enum; int32 and int64 by a cast. */
static inline void pb_u64(struct buf *b, uint32_t field, uint64_t v)
{
	pb_tag(b, field, PB_VARINT);
	buf_put_varint(b, v);
}

static inline void pb_fixed64(struct buf *b, uint32_t field, uint64_t v)
{
	uint8_t le[8];
	int i;

	pb_tag(b, field, PB_FIXED64);
	for (i = 0; i < 8; i++)
		le[i] = (uint8_t)(v >> 8 * i);
	buf_put(b, le, sizeof(le));
}

/* string (valid UTF-8) or bytes */
static inline void pb_string(struct buf *b, uint32_t field, const char *s)
{
	pb_tag(b, field, PB_LEN);
	buf_put_bytes(b, s, strlen(s));
}

/*
 * A message within: what is put until pb_end() is its content.  Its length
 * takes four bytes, so that it can be filled in behind; under 256 MiB.
 */
static inline size_t pb_begin(struct buf *b, uint32_t field)
{
	pb_tag(b, field, PB_LEN);
	buf_put(b, "\x80\x80\x80\0", 4);
	return b->len;
}

static inline void pb_end(struct buf *b, size_t begin)
{
	size_t n = b->len - begin, i;

	if (b->failed)
		return;
	for (i = 0; i < 4; i++)
		b->data[begin - 4 + i] = (uint8_t)((n >> 7 * i & 0x7f) | (i < 3 ? 0x80 : 0));
}

#endif
