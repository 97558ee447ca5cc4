/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tui.h - the scope on a terminal, or driven by a script
 *
 * Promises: a key is answered within 50 ms whatever arrives; the source is
 * emptied before anything is drawn, and goes on being emptied while a terminal does not
 * take what it is given; at most ten screens a second are drawn
 * unasked; the terminal is restored on every way out.
 */
#ifndef VFIOSCOPE_TUI_TUI_H
#define VFIOSCOPE_TUI_TUI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "source.h"
#include "tui/scope.h"

/* A scope and where its events come from. */
struct tui_trace {
	struct scope *scope;
	struct event_source *src;
	/* Takes the source's events and hands them to the scope, too; NULL: scope_feed(). */
	struct event_sink *sink;
	/*
	 * Called at least every 50 ms: the time for whoever records; may fill in
	 * what only it knows of @st.  0 or -errno, which ends the run.  Or NULL.
	 */
	int (*tick)(void *arg, uint64_t now_ns, struct scope_status *st);
	void *arg;
	/* Commands for when the source has ended, NULL-terminated; or NULL. */
	const char *const *at_end;

	struct scope_status status;
	bool ended;
};

struct tui_options {
	struct tui_trace *trace;
	bool color;
	const struct theme *theme;	     /* NULL: the dark one */
	bool force_glyphs;		     /* even where the locale is not UTF-8 */
	const volatile sig_atomic_t *signal; /* set by a handler: leave; or NULL */
	uint64_t duration_ns;		     /* leave after this; 0: never */
};

#define TUI_ERR_LEN 256

/*
 * Run until somebody leaves.  0, or -errno with one line in @err.  -ENOTTY: there
 * is no terminal; nothing has been read then.
 */
int tui_run(const struct tui_options *o, char err[TUI_ERR_LEN]);

/*
 * Read the trace to its end, then obey @script line by line: ":command",
 * or keys as one types them with <Enter>, <Left> and the like; '#' begins a comment.
 * No terminal, no clock but :tick.  0, or -EINVAL with line and reason in @err.
 */
int tui_script(struct tui_trace *t, FILE *script, char err[TUI_ERR_LEN]);

#endif
