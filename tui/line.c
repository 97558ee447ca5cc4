// SPDX-License-Identifier: GPL-2.0-only
#include "tui/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/scope.h"
#include "util/text.h"

#define CTRL(c) ((c)&0x1f)

static size_t before(const struct line *l, size_t at)
{
	if (!at)
		return 0;
	do
		at--;
	while (at && (l->text[at] & 0xc0) == 0x80);
	return at;
}

static size_t after(const struct line *l, size_t at)
{
	if (at >= l->len)
		return l->len;
	do
		at++;
	while (at < l->len && (l->text[at] & 0xc0) == 0x80);
	return at;
}

void line_set(struct line *l, const char *text)
{
	snprintf(l->text, sizeof(l->text), "%s", text);
	l->len = strlen(l->text);
	l->at = l->len;
}

static void cut(struct line *l, size_t from, size_t to)
{
	memmove(l->text + from, l->text + to, l->len - to + 1);
	l->len -= to - from;
	l->at = from;
}

static bool put(struct line *l, const char *text, size_t n)
{
	if (l->len + n >= sizeof(l->text))
		return false;
	memmove(l->text + l->at + n, l->text + l->at, l->len - l->at + 1);
	memcpy(l->text + l->at, text, n);
	l->len += n;
	l->at += n;
	return true;
}

bool line_insert(struct line *l, uint32_t ch)
{
	char utf8[4];

	if (ch < 0x20 || ch >= 0x110000 || ch == 0x7f || (ch >= 0xd800 && ch < 0xe000))
		return false;
	return put(l, utf8, text_utf8_put(utf8, ch));
}

void line_replace(struct line *l, size_t from, const char *text)
{
	cut(l, from, l->at);
	put(l, text, strlen(text));
}

static size_t word_before(const struct line *l)
{
	size_t at = l->at;

	while (at && l->text[at - 1] == ' ')
		at--;
	while (at && l->text[at - 1] != ' ')
		at--;
	return at;
}

bool line_key(struct line *l, int key)
{
	switch (key) {
	case SKEY_LEFT:
	case CTRL('b'):
		l->at = before(l, l->at);
		return true;
	case SKEY_RIGHT:
	case CTRL('f'):
		l->at = after(l, l->at);
		return true;
	case SKEY_HOME:
	case CTRL('a'):
		l->at = 0;
		return true;
	case SKEY_END:
	case CTRL('e'):
		l->at = l->len;
		return true;
	case SKEY_BACKSPACE:
	case '\b':
		cut(l, before(l, l->at), l->at);
		return true;
	case SKEY_DELETE:
	case CTRL('d'):
		cut(l, l->at, after(l, l->at));
		return true;
	case CTRL('k'):
		cut(l, l->at, l->len);
		return true;
	case CTRL('u'):
		cut(l, 0, l->at);
		return true;
	case CTRL('w'):
		cut(l, word_before(l), l->at);
		return true;
	default:
		return false;
	}
}

void history_add(struct history *h, const char *text)
{
	char *copy;

	h->at = h->n;
	if (!*text || (h->n && !strcmp(h->line[h->n - 1], text)))
		return;
	copy = strdup(text);
	if (!copy)
		return;
	if (h->n == HISTORY_MAX) {
		free(h->line[0]);
		memmove(h->line, h->line + 1, (HISTORY_MAX - 1) * sizeof(h->line[0]));
		h->n--;
	}
	h->line[h->n++] = copy;
	h->at = h->n;
}

void history_step(struct history *h, struct line *l, int dir)
{
	if (dir < 0 ? !h->at : h->at >= h->n)
		return;
	if (h->at == h->n)
		snprintf(h->typed, sizeof(h->typed), "%s", l->text);
	h->at += dir < 0 ? -1 : 1;
	line_set(l, h->at == h->n ? h->typed : h->line[h->at]);
}

void history_free(struct history *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		free(h->line[i]);
	h->n = 0;
}
