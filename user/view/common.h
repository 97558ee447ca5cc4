/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * common.h - what the views share: harmless names, times, colour, JSON of the model
 */
#ifndef VFIOSCOPE_VIEW_COMMON_H
#define VFIOSCOPE_VIEW_COMMON_H

#include "util/json.h"
#include "util/text.h"
#include "util/units.h"
#include "view/view.h"

/* Overridden by the Makefile. */
#ifndef VFIOSCOPE_VERSION
#define VFIOSCOPE_VERSION "0.1.0"
#endif

#define NAME_LEN	TEXT_SAFE_LEN(EVENT_NAME_LEN)

#define C_BOLD		"\033[1m"
#define C_DIM		"\033[2m"
#define C_RED		"\033[31m"
#define C_GREEN		"\033[32m"
#define C_YELLOW	"\033[33m"
#define C_OFF		"\033[0m"

/* The escape sequence, or "" without colour. */
static inline const char *paint(const struct view_options *opt, const char *seq)
{
	return opt->color ? seq : "";
}

/* The harmless form of a name of the traced system. */
static inline const char *safe_name(char buf[NAME_LEN], const char *name)
{
	return text_safe(buf, NAME_LEN, name, EVENT_NAME_LEN);
}

/* A device's name, or "#N" when nobody said it. */
const char *device_label(char buf[NAME_LEN], const struct model_device *d, uint32_t number);

/* "PRE_COPY", or the number of a state without a name. */
const char *state_label(char buf[UNITS_LEN], uint32_t state);

/* "ENOMSG", or "error N" for a negative result without a name. */
const char *errno_label(char buf[UNITS_LEN], int64_t ret);

/*
 * An instant in @opt's base, without unit for the clock, with it else.
 * @ref_ns: what relative times count from; @prev_ns: the line before.
 */
char *time_label(char buf[UNITS_LEN], const struct view_options *opt, const struct model *m,
		 uint64_t t_ns, uint64_t ref_ns, uint64_t prev_ns);

/* null where @v is MODEL_NONE. */
void json_known(struct json *j, const char *key, uint64_t v);

/*
 * Words of @s, harmless already, in lines of at most @width columns that begin behind
 * @indent blanks, and a newline; @col: how much of the first line is printed.
 */
void print_words(FILE *f, const char *s, size_t indent, size_t width, size_t col);

/* "tool": who wrote this object. */
void json_tool(struct json *j);

#endif
