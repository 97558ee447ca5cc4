// SPDX-License-Identifier: GPL-2.0-only
#include "util/json.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

#define MAX_DEPTH 32
#define FLUSH_AT  (64 * 1024)

enum place {
	TOP, /* before or after the one top value */
	IN_ARRAY,
	IN_OBJECT, /* a key must come */
	AFTER_KEY, /* a value must come */
};

struct json {
	FILE *f;
	bool pretty;
	int err;
	char *buf;
	size_t len, cap;
	unsigned int depth;
	bool top_done;
	struct {
		enum place place;
		bool any; /* something came before: a comma is due */
	} stack[MAX_DEPTH];
};

static bool room(struct json *j, size_t n)
{
	size_t cap = j->cap ? j->cap : 256;
	char *p;

	if (j->buf && j->cap - j->len > n) /* one more for the NUL */
		return true;
	while (cap - j->len <= n)
		cap *= 2;
	p = realloc(j->buf, cap);
	if (!p) {
		j->err = -ENOMEM;
		return false;
	}
	j->buf = p;
	j->cap = cap;
	return true;
}

static void put(struct json *j, const char *s, size_t n)
{
	if (!room(j, n))
		return;
	memcpy(j->buf + j->len, s, n);
	j->len += n;
}

static void putch(struct json *j, char c)
{
	put(j, &c, 1);
}

static void newline(struct json *j)
{
	unsigned int i;

	if (!j->pretty)
		return;
	putch(j, '\n');
	for (i = 0; i < j->depth; i++)
		put(j, "  ", 2);
}

/* What must stand before a value at this place. */
static void before_value(struct json *j)
{
	if (!j->depth) {
		assert(!j->top_done);
		j->top_done = true;
		return;
	}
	switch (j->stack[j->depth - 1].place) {
	case IN_ARRAY:
		if (j->stack[j->depth - 1].any)
			putch(j, ',');
		j->stack[j->depth - 1].any = true;
		newline(j);
		break;
	case AFTER_KEY:
		j->stack[j->depth - 1].place = IN_OBJECT;
		break;
	default:
		assert(!"a value where a key must be");
	}
}

static void after_value(struct json *j)
{
	if (j->f && j->len >= FLUSH_AT)
		json_flush(j);
}

struct json *json_create(FILE *f, bool pretty)
{
	struct json *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->f = f;
	j->pretty = pretty;
	return j;
}

void json_destroy(struct json *j)
{
	if (!j)
		return;
	json_flush(j);
	free(j->buf);
	free(j);
}

static void begin(struct json *j, char c, enum place place)
{
	before_value(j);
	assert(j->depth < MAX_DEPTH);
	putch(j, c);
	j->stack[j->depth].place = place;
	j->stack[j->depth].any = false;
	j->depth++;
}

static void end(struct json *j, char c, enum place place)
{
	bool any;

	assert(j->depth > 0 && j->stack[j->depth - 1].place == place);
	any = j->stack[--j->depth].any;
	if (any)
		newline(j);
	putch(j, c);
	after_value(j);
}

void json_object_begin(struct json *j)
{
	begin(j, '{', IN_OBJECT);
}

void json_object_end(struct json *j)
{
	end(j, '}', IN_OBJECT);
}

void json_array_begin(struct json *j)
{
	begin(j, '[', IN_ARRAY);
}

void json_array_end(struct json *j)
{
	end(j, ']', IN_ARRAY);
}

/* A character that stays as it is, whatever its neighbours are. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_quoted(struct json *j, const char *s, size_t len)
{
	size_t i = 0, n;
	uint32_t cp;
	char esc[8];

	putch(j, '"');
	while (i < len) {
		for (n = i; n < len && is_plain((unsigned char)s[n]); n++)
			;
		put(j, s + i, n - i);
		i = n;
		if (i == len)
			break;
		if (s[i] == '"' || s[i] == '\\') {
			esc[0] = '\\';
			esc[1] = s[i];
			put(j, esc, 2);
			i++;
			continue;
		}
		n = text_utf8(s + i, len - i, &cp);
		/* C1 controls are escape sequences to some terminals. */
		if (n > 1 && cp >= 0xa0) {
			put(j, s + i, n);
			i += n;
			continue;
		}
		if (!n) {
			cp = (unsigned char)s[i];
			n = 1;
		}
		snprintf(esc, sizeof(esc), "\\u%04x", (unsigned int)cp);
		put(j, esc, 6);
		i += n;
	}
	putch(j, '"');
}

void json_key(struct json *j, const char *key)
{
	assert(j->depth > 0 && j->stack[j->depth - 1].place == IN_OBJECT);
	if (j->stack[j->depth - 1].any)
		putch(j, ',');
	j->stack[j->depth - 1].any = true;
	newline(j);
	put_quoted(j, key, strlen(key));
	putch(j, ':');
	if (j->pretty)
		putch(j, ' ');
	j->stack[j->depth - 1].place = AFTER_KEY;
}

void json_string_len(struct json *j, const char *s, size_t len)
{
	before_value(j);
	put_quoted(j, s, len);
	after_value(j);
}

void json_string(struct json *j, const char *s)
{
	json_string_len(j, s, strlen(s));
}

static void put_u64(struct json *j, uint64_t v)
{
	char tmp[20], *p = tmp + sizeof(tmp);

	do {
		*--p = '0' + v % 10;
		v /= 10;
	} while (v);
	put(j, p, tmp + sizeof(tmp) - p);
}

void json_u64(struct json *j, uint64_t v)
{
	before_value(j);
	put_u64(j, v);
	after_value(j);
}

void json_s64(struct json *j, int64_t v)
{
	before_value(j);
	if (v < 0)
		putch(j, '-');
	put_u64(j, v < 0 ? -(uint64_t)v : (uint64_t)v);
	after_value(j);
}

void json_bool(struct json *j, bool v)
{
	before_value(j);
	put(j, v ? "true" : "false", v ? 4 : 5);
	after_value(j);
}

void json_null(struct json *j)
{
	before_value(j);
	put(j, "null", 4);
	after_value(j);
}

void json_double(struct json *j, double v)
{
	char tmp[40];
	char *comma;

	if (!isfinite(v)) {
		json_null(j);
		return;
	}
	before_value(j);
	snprintf(tmp, sizeof(tmp), "%.12g", v);
	comma = strchr(tmp, ','); /* LC_NUMERIC of some locales */
	if (comma)
		*comma = '.';
	put(j, tmp, strlen(tmp));
	after_value(j);
}

void json_kstring(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_string(j, s);
}

void json_ku64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

void json_ks64(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_s64(j, v);
}

void json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

void json_knull(struct json *j, const char *key)
{
	json_key(j, key);
	json_null(j);
}

void json_kname(struct json *j, const char *key, const char *s)
{
	if (s && *s)
		json_kstring(j, key, s);
	else
		json_knull(j, key);
}

void json_line_end(struct json *j)
{
	assert(!j->depth && j->top_done);
	putch(j, '\n');
	j->top_done = false;
	after_value(j);
}

void json_flush(struct json *j)
{
	if (!j->f || !j->len)
		return;
	if (fwrite(j->buf, 1, j->len, j->f) != j->len && !j->err)
		j->err = -EIO;
	j->len = 0;
}

int json_error(const struct json *j)
{
	return j->err;
}

const char *json_buffer(struct json *j, size_t *len)
{
	if (len)
		*len = j->len;
	if (!room(j, 0))
		return "";
	j->buf[j->len] = '\0';
	return j->buf;
}
