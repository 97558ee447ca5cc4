/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * value.h - the fields of an event as values, for views that print them all
 *
 * From the tables of event.h, so that every export names and leaves out the
 * same fields.
 */
#ifndef VFIOSCOPE_VIEW_VALUE_H
#define VFIOSCOPE_VIEW_VALUE_H

#include "event.h"
#include "model/model.h"

enum value_type { VALUE_U64, VALUE_S64, VALUE_BOOL, VALUE_TEXT, VALUE_BITS };

struct value {
	enum value_type type;
	uint64_t u64; /* also of VALUE_BOOL and VALUE_BITS */
	int64_t s64;
	const char *text; /* untrusted, @len bytes */
	size_t len;
	const char *(*bit_name)(unsigned int bit);
};

/* The value of @ev's field @fd.  False: it means nothing here, and is left out. */
bool value_of(const struct event *ev, const struct event_field *fd, struct value *v);

/*
 * The name of the lowest bit of *@bits, which is taken out; "BIT_n" in @buf for
 * one without a name.  NULL: none is left.
 */
#define BIT_NAME_LEN 16
const char *value_next_bit(const struct value *v, uint64_t *bits, char buf[BIT_NAME_LEN]);

/* Is the event a call, with a result?  The others only tell something. */
bool value_has_result(uint32_t kind);

#endif
