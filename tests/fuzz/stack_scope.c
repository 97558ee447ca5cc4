// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/stack.h"
#include "tui/internal.h"

/* Screens cost; keys without end find nothing that fewer do not. */
#define STEPS 60

static void command(struct scope *s, struct bytes *in)
{
	static const char *const words[] = {
		"seek %llu",
		"seek @%llu",
		"seek %llus",
		"migration %llu",
		"axis %llu %llu",
		"axis @%llu end",
		"device %llu",
		"pane %llu",
		"mark %llu",
		"filter dur>%llu",
		"filter size>%llu",
		"search pid=%llu",
		"search err",
		"filter !err",
		"filter",
		"graph braille",
		"graph ascii",
		"time wall",
		"time delta",
		"time mono",
		"resize %llux%llu",
		"tick %lluns",
		"search kind=read,arc",
		"save-screen! x",
		"write-report! y",
		"export! z",
		"vm-next",
		"units",
		"%llu",
		"keys <Enter>%llu",
		"zoom-fit",
		"device",
	};
	const char *w = words[take8(in) % (sizeof(words) / sizeof(words[0]))];
	unsigned long long a = take_odd(in, s->cursor_ns), b = 0;
	char line[128];

	/* A size is what a terminal claims: terminal.c keeps it to this. */
	if (!strncmp(w, "resize", 6)) {
		a = 1 + a % 400;
		b = 1 + take(in, 2) % 600;
	} else if (strstr(w, "axis %")) {
		b = take_odd(in, a);
	}
	/* Each takes two numbers, or fewer, of one type. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	snprintf(line, sizeof(line), w, a, b);
#pragma GCC diagnostic pop
	scope_command(s, line);
}

static void step(struct scope *s, struct bytes *in)
{
	static const int keys[] = { SKEY_UP,  SKEY_DOWN, SKEY_LEFT,	 SKEY_RIGHT,   SKEY_HOME,
				    SKEY_END, SKEY_PGUP, SKEY_PGDN,	 SKEY_BACKTAB, SKEY_ENTER,
				    SKEY_ESC, SKEY_TAB,	 SKEY_BACKSPACE, 0x1f4a9,      0x0301,
				    0x10ffff, -1,	 KEY_BASE + 99 };
	uint8_t c = take8(in);

	if (c < 128) {
		/* What is typed may name a file: in this folder. */
		if (c != '/' || s->prompt != PROMPT_COMMAND)
			scope_key(s, c);
	} else if (c < 176) {
		scope_key(s, keys[c % (sizeof(keys) / sizeof(keys[0]))]);
	} else if (c < 192) {
		scope_resize(s, 1 + take8(in) % 120, 1 + take(in, 2) % 400);
	} else if (c < 208) {
		scope_mouse(s, c & 3, take8(in), take8(in) - 4);
	} else if (c < 216) {
		scope_tick(s, s->now_ns + take(in, 4));
	} else {
		command(s, in);
	}
	while (scope_searching(s))
		scope_tick(s, s->now_ns);
	/* A large screen costs, and shows what a small one does. */
	if (s->rows * s->cols <= 10000 || stack_some(8))
		scope_draw(s);
}

static int no_mark(void *arg, const char *text)
{
	(void)arg;
	(void)text;
	return -EIO;
}

void stack_scope(const struct trace *t, struct bytes *in)
{
	uint8_t how = take8(in);
	struct scope_options o = {
		.live = how & 1,
		.path = how & 2 ? STACK_A : NULL,
		.marks_path = how & 4 ? STACK_A ".marks" : NULL,
		.glyphs = (how >> 3) % 3,
		.time = how >> 5 & 3,
		.bytes = how >> 7,
		.mark = how & 1 && how & 8 ? no_mark : NULL,
	};
	struct scope *s = scope_create(&o);
	unsigned int steps = 0, every = 1 + take8(in);
	size_t i;

	scope_resize(s, 1 + take8(in) % 80, 1 + take8(in));
	for (i = 0; i < t->n; i++) {
		if (scope_feed(s, &t->ev[i]))
			fuzz_die("out of memory");
		if (o.live && i % every == 0 && in->n && steps++ < STEPS / 2)
			step(s, in);
	}
	if (scope_end(s))
		fuzz_die("out of memory");
	while (in->n && steps++ < STEPS && !scope_done(s))
		step(s, in);
	if (scope_count(s) != t->n || scope_cursor(s) > t->n)
		fuzz_die("the scope has %llu events of %zu, and is at %llu",
			 (unsigned long long)scope_count(s), t->n,
			 (unsigned long long)scope_cursor(s));
	scope_destroy(s);
}
