/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * terminal.h - cells onto a terminal, keys from it: the only file with curses
 *
 * Promises:
 * - the terminal is as it was before on every way out: return, exit(), a signal
 *   that ends the process, a crash;
 * - only cells reach it (cells.h: no command of anybody else's);
 * - only what changed is sent: a slow link gets no whole screens;
 * - what a terminal claims is not trusted: an impossible size becomes 80x24,
 *   a locale without UTF-8 gets ASCII, no colours are no reason to fail.
 *
 * One terminal a process.
 */
#ifndef VFIOSCOPE_TUI_TERMINAL_H
#define VFIOSCOPE_TUI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "tui/cells.h"
#include "tui/theme.h"

struct terminal;

enum terminal_input {
	INPUT_NONE,
	INPUT_KEY,
	INPUT_PASTE, /* @key: a character that was not typed */
	INPUT_MOUSE,
	INPUT_RESIZE,
	INPUT_FOCUS,   /* @key: 1 it came, 0 it went */
	INPUT_NOTHING, /* a sequence that means nothing here, swallowed whole */
	INPUT_GONE,
};

struct terminal_event {
	enum terminal_input what;
	int key;	     /* of scope.h */
	int mouse, row, col; /* enum scope_mouse */
};

/*
 * Take over the terminal of stdout, with colours of @theme if @color; keys come from stdin, or from /dev/tty when
 * that is no terminal.  0, or -errno with one line in @err.
 */
int terminal_open(struct terminal **t, bool color, const struct theme *theme, char *err,
		  size_t err_len);
void terminal_close(struct terminal *t);

bool terminal_is_utf8(const struct terminal *t);
void terminal_size(struct terminal *t, int *rows, int *cols);
void terminal_paint(struct terminal *t, const struct cells *c);
/* Into the clipboard, where the terminal allows it (OSC 52); @text is sent encoded. */
void terminal_copy(struct terminal *t, const char *text);
/* What was typed, without waiting. */
void terminal_read(struct terminal *t, struct terminal_event *ev);
/* The descriptor that keys come from, for poll(). */
int terminal_fd(const struct terminal *t);
/* Draw everything anew with the next painting. */
void terminal_redraw(struct terminal *t);
/* Stop the process as Ctrl-Z does; returns when it goes on. */
void terminal_suspend(struct terminal *t);

#endif
