/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scope.h - the scope itself: events in, keys in, a screen of cells out
 *
 * Knows no terminal and no clock.  Promises:
 * - one engine: live is a replay whose end moves; the same panes, keys and
 *   numbers, and every number comes from the model that `report` prints;
 * - everything on the screen is about one moment, the cursor;
 * - pausing freezes the cursor, never the taking of events;
 * - the same events and keys give the same screen;
 * - evidence is never altered: marks of a recording lie beside it.
 */
#ifndef VFIOSCOPE_TUI_SCOPE_H
#define VFIOSCOPE_TUI_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "source.h"
#include "tui/cells.h"
#include "tui/config.h"
#include "view/view.h"

/* No screen is larger, whoever says so. */
#define SCOPE_ROWS_MAX 2000
#define SCOPE_COLS_MAX 4000

enum scope_glyphs { GLYPHS_BLOCK, GLYPHS_BRAILLE, GLYPHS_ASCII };
/* The words of --graph in enum order, NULL-terminated. */
extern const char *const scope_glyphs_names[];

/* Keys that are no character. */
enum {
	KEY_BASE = 0x200000,
	SKEY_UP,
	SKEY_DOWN,
	SKEY_LEFT,
	SKEY_RIGHT,
	SKEY_HOME,
	SKEY_END,
	SKEY_PGUP,
	SKEY_PGDN,
	SKEY_BACKTAB,
	SKEY_DELETE,
	SKEY_ENTER = '\r',
	SKEY_ESC = 27,
	SKEY_BACKSPACE = 127,
	SKEY_TAB = '\t',
};

enum scope_mouse { MOUSE_CLICK, MOUSE_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN, MOUSE_RELEASE };

struct scope_options {
	bool live;
	const char *path;	/* the recording's name; NULL: none */
	const char *marks_path; /* marks are kept there; NULL: nowhere */
	enum scope_glyphs glyphs;
	enum time_base time;
	bool bytes;			/* sizes exactly */
	const struct judge_opts *judge; /* budgets and the like; NULL: none */
	/*
	 * Live: put an EV_MARK with this text into the evidence.  0 or -errno.
	 * NULL: marks are kept beside it.
	 */
	int (*mark)(void *arg, const char *text);
	void *arg;
	/* Keys that mean a command, before all others; must live as long as the scope. */
	const struct bind *binds;
	size_t n_binds;
};

/* What only the outside knows; shown in the header. */
struct scope_status {
	bool recording; /* the evidence goes to a file */
	uint64_t recorded_bytes;
	bool loading;		 /* the source has not ended yet */
	const struct meta *meta; /* or NULL */
	struct source_health health;
	bool has_health;
	const struct meta *clock; /* as view_evidence has them; or NULL */
	uint64_t clock_bound_ns;
	const char *error; /* why the source broke, or NULL */
};

struct scope;

/* Strings of @o must live as long as the scope.  NULL: out of memory. */
struct scope *scope_create(const struct scope_options *o);
void scope_destroy(struct scope *s);

/* How far the clocks of several hosts may be off, ns; 0, also before: not at all. */
void scope_set_clock_bound(struct scope *s, uint64_t bound_ns);
/* Take the next event.  0 or -ENOMEM. */
int scope_feed(struct scope *s, const struct event *ev);
/* The source has ended: judge what only the end shows.  Once. */
int scope_end(struct scope *s);
void scope_set_status(struct scope *s, const struct scope_status *st);
/* The time, CLOCK_MONOTONIC; a recording needs none.  Also goes on with a search. */
void scope_tick(struct scope *s, uint64_t now_ns);

void scope_key(struct scope *s, int key);
/* A character that was pasted and not typed: it is never obeyed. */
void scope_paste(struct scope *s, int ch);
/* What somebody wants in the clipboard, once, to be freed; or NULL.  It is harmless text. */
char *scope_take_clip(struct scope *s);
/* Does the cursor go on by itself, so that scope_tick() is wanted often? */
bool scope_playing(const struct scope *s);
void scope_mouse(struct scope *s, enum scope_mouse what, int row, int col);
/*
 * A command line as after ':', "seek 1.5s".  0, or -EINVAL: the message line says
 * why.  In a script also "resize ROWSxCOLS" and "tick DURATION".
 */
int scope_command(struct scope *s, const char *line);

void scope_resize(struct scope *s, int rows, int cols);
/* The screen as it is now; owned by the scope, drawn anew. */
const struct cells *scope_draw(struct scope *s);
/* Has anything changed since the last scope_draw()? */
bool scope_dirty(const struct scope *s);
bool scope_done(const struct scope *s);
/* Did somebody ask for the shell (Ctrl-Z)?  Says so once. */
bool scope_wants_suspend(struct scope *s);
/* Is a search under way?  scope_tick() goes on with it. */
bool scope_searching(const struct scope *s);
/* The message line, "" when there is none. */
const char *scope_message(const struct scope *s);

/* What a test wants to know: the cursor as a number of events, and their count. */
uint64_t scope_cursor(const struct scope *s);
uint64_t scope_count(const struct scope *s);

#endif
