/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - the one JSON writer
 *
 * Streaming: what is written goes to a FILE or to a growing buffer at once;
 * no tree.  Promises:
 * - what comes out is valid JSON in valid UTF-8 whatever bytes go in: control
 *   characters and bytes that are no UTF-8 become \u00XX;
 * - misuse (a value where a key must be, an unbalanced end, two top values)
 *   is a bug of the caller and asserts;
 * - pretty mode indents by two blanks; compact mode has no whitespace at all
 *   and json_line_end() ends a line of NDJSON;
 * - running out of memory or a failed write is remembered: json_error().
 */
#ifndef VFIOSCOPE_UTIL_JSON_H
#define VFIOSCOPE_UTIL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json;

/* To @f (not closed by the writer), or to a buffer when @f is NULL. */
struct json *json_create(FILE *f, bool pretty);
/* Flush and free. */
void json_destroy(struct json *j);

void json_object_begin(struct json *j);
void json_object_end(struct json *j);
void json_array_begin(struct json *j);
void json_array_end(struct json *j);
/* The name of the next value; only inside an object. */
void json_key(struct json *j, const char *key);

void json_string(struct json *j, const char *s);
void json_string_len(struct json *j, const char *s, size_t len);
void json_u64(struct json *j, uint64_t v);
void json_s64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
/* Not finite: null. */
void json_double(struct json *j, double v);

/* Key and value in one. */
void json_kstring(struct json *j, const char *key, const char *s);
void json_ku64(struct json *j, const char *key, uint64_t v);
void json_ks64(struct json *j, const char *key, int64_t v);
void json_kbool(struct json *j, const char *key, bool v);
void json_knull(struct json *j, const char *key);
/* null where @s is NULL or "": there is none. */
void json_kname(struct json *j, const char *key, const char *s);

/* Newline after a complete top value; the next one may follow. */
void json_line_end(struct json *j);
/* Hand what is buffered to the FILE. */
void json_flush(struct json *j);
/* 0, -ENOMEM or -EIO. */
int json_error(const struct json *j);
/* The buffer so far (NUL-terminated), in buffer mode; owned by @j. */
const char *json_buffer(struct json *j, size_t *len);

#endif
