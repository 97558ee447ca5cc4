/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fields.h - a struct as bytes that later versions can add to
 *
 * A table names the members; each is stored behind a number that is never used for
 * anything else.  What it promises:
 * - a member that is 0 or "" takes no room, and what is not there reads as that;
 * - numbers that the reader does not know are skipped, whatever they hold;
 * - no function reads beyond what it is given, and no text lacks its NUL.
 */
#ifndef VFIOSCOPE_UTIL_FIELDS_H
#define VFIOSCOPE_UTIL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

enum field_type {
	FIELD_U32,
	FIELD_U64, /* UINT64_MAX is short, too */
	FIELD_S64,
	FIELD_BOOL,
	FIELD_TEXT, /* char[] with a NUL */
};

struct field {
	uint32_t id; /* from 1; 0 ends the table */
	enum field_type type;
	size_t offset, size; /* of the member */
};

#define FIELD(id_, type_, struct_, member_)                                               \
	{                                                                                 \
		.id = (id_), .type = FIELD_##type_, .offset = offsetof(struct_, member_), \
		.size = sizeof(((struct_ *)0)->member_)                                   \
	}
#define FIELDS_END      \
	{               \
		.id = 0 \
	}

/* Append what @values, a struct of @table, holds. */
void fields_put(struct buf *out, const struct field *table, const void *values);
/*
 * Read @data[0..len) into @values, which is zeroed already.  Text that does not fit
 * is cut.  False: it is no such thing.
 */
bool fields_get(const uint8_t *data, size_t len, const struct field *table, void *values);

#endif
