/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * line.h - a line that is typed: editing as a shell has it, and what was typed before
 */
#ifndef VFIOSCOPE_TUI_LINE_H
#define VFIOSCOPE_TUI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_MAX_LEN 256
#define HISTORY_MAX  32

/* UTF-8; @at is the byte in front of which one types. */
struct line {
	char text[LINE_MAX_LEN];
	size_t len, at;
};

struct history {
	char *line[HISTORY_MAX];  /* the newest last */
	size_t n, at;		  /* @at == @n: none of them is shown */
	char typed[LINE_MAX_LEN]; /* what was there before one looked back */
};

/* The cursor behind it; what does not fit is cut. */
void line_set(struct line *l, const char *text);
/* False: no room, nothing changed. */
bool line_insert(struct line *l, uint32_t ch);
/* Replace what is between @from and the cursor. */
void line_replace(struct line *l, size_t from, const char *text);
/* An editing key (scope.h's, and Ctrl-A, -B, -D, -E, -F, -K, -U, -W); false: it is none. */
bool line_key(struct line *l, int key);

/* Twice the same is kept once, nothing not at all. */
void history_add(struct history *h, const char *text);
/* One older (@dir < 0) or newer, into the line. */
void history_step(struct history *h, struct line *l, int dir);
void history_free(struct history *h);

#endif
