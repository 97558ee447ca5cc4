/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * buf.h - a byte buffer that grows
 *
 * What it promises:
 * - { 0 } is a valid empty buffer;
 * - a failed allocation sets @failed and makes every later append a no-op, so
 *   that a sequence of appends is checked once, at its end;
 * - @data[0..len) are the contents; the pointer may change with every append.
 */
#ifndef VFIOSCOPE_UTIL_BUF_H
#define VFIOSCOPE_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len, cap;
	bool failed;
};

/*
 * Make room for @n more bytes and return where they begin, NULL on failure.
 * They do not count until buf_advance().
 */
uint8_t *buf_room(struct buf *b, size_t n);
/* @n bytes of the room are now filled. */
void buf_advance(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *data, size_t n);
void buf_put_varint(struct buf *b, uint64_t v);
/* As a varint the length, then the bytes. */
void buf_put_bytes(struct buf *b, const void *data, size_t n);
/* Empty it, forget a failure, keep the memory. */
void buf_reset(struct buf *b);
/* Free the memory; the buffer is empty and usable. */
void buf_free(struct buf *b);

#endif
