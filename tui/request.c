// SPDX-License-Identifier: GPL-2.0-only
/*
 * request.c - the one table that keys, help, commands and scripts come from
 */
#include <stdio.h>
#include <string.h>

#include "tui/internal.h"

#define CTRL(c) ((c)&0x1f)

const struct request_entry requests[] = {
	{ .req = REQ_HELP, "help", NULL, { '?' }, "this list" },
	{ .req = REQ_COMMAND, "command", NULL, { ':' }, "type a command; every line here is one" },
	{ .req = REQ_EVENT_PREV, "event-prev", NULL, { SKEY_LEFT, 'h' }, "one event line back" },
	{ .req = REQ_EVENT_NEXT, "event-next", NULL, { SKEY_RIGHT, 'l' }, "one event line on" },
	{ .req = REQ_KIND,
	  "kind",
	  "KIND",
	  { 'k' },
	  "in the latency pane: the next kind of call",
	  PANE_LATENCY },
	{ .req = REQ_UP, "up", NULL, { SKEY_UP, 'k' }, "up in the pane that has the focus" },
	{ .req = REQ_DOWN, "down", NULL, { SKEY_DOWN, 'j' }, "down in it" },
	{ .req = REQ_PAGE_PREV,
	  "page-prev",
	  NULL,
	  { SKEY_PGUP, CTRL('b') },
	  "a page of events back" },
	{ .req = REQ_PAGE_NEXT, "page-next", NULL, { SKEY_PGDN, CTRL('f') }, "a page of events on" },
	{ .req = REQ_FIRST, "first", NULL, { 'g', SKEY_HOME }, "to the first event" },
	{ .req = REQ_LAST, "last", NULL, { 'G', SKEY_END }, "to the last event" },
	{ .req = REQ_ARC_PREV, "arc-prev", NULL, { '[' }, "to the arc before (state change)" },
	{ .req = REQ_ARC_NEXT, "arc-next", NULL, { ']' }, "to the next arc" },
	{ .req = REQ_MIGRATION_PREV,
	  "migration-prev",
	  NULL,
	  { '{' },
	  "to where the migration before began or ended" },
	{ .req = REQ_MIGRATION_NEXT,
	  "migration-next",
	  NULL,
	  { '}' },
	  "to where the next begins or ends" },
	{ .req = REQ_NEXT,
	  "next",
	  "WHAT",
	  { 0 },
	  "to the next failure, finding, outlier, slow, arc, ..." },
	{ .req = REQ_PREV, "prev", "WHAT", { 0 }, "to the one before" },
	{ .req = REQ_SLOW, "slow", "TIME", { 0 }, "what 'slow' is: a call of over TIME (100ms)" },
	{ .req = REQ_JUMP_BACK, "jump-back", NULL, { '(' }, "back to where one was before a jump" },
	{ .req = REQ_JUMP_FORTH, "jump-forth", NULL, { ')' }, "and forth again" },
	{ .req = REQ_PLAY_TOGGLE,
	  "play-pause",
	  NULL,
	  { 'p' },
	  "the cursor goes on by itself, or stops" },
	{ .req = REQ_PLAY,
	  "play",
	  "SPEED",
	  { 'P' },
	  "1x, 10x, 0.1x, stop; without: the next speed" },
	{ .req = REQ_PAUSE,
	  "pause",
	  NULL,
	  { ' ' },
	  "hold the cursor; nothing stops being recorded" },
	{ .req = REQ_FOLLOW, "follow", NULL, { 'f' }, "go with the end" },
	{ .req = REQ_SEARCH,
	  "search",
	  "WORDS",
	  { '/' },
	  "find an event: text, kind=read, err, dur>1ms" },
	{ .req = REQ_SEARCH_NEXT, "search-next", NULL, { 'n' }, "the next one found" },
	{ .req = REQ_SEARCH_PREV, "search-prev", NULL, { 'N' }, "the one before" },
	{ .req = REQ_FILTER, "filter", "WORDS", { '&' }, "show only such events; empty: all" },
	{ .req = REQ_PROBLEMS_ONLY,
	  "problems-only",
	  NULL,
	  { 'e' },
	  "only events that failed, in the log" },
	{ .req = REQ_PROBLEMS_ALL,
	  "problems-all",
	  NULL,
	  { 'a' },
	  "problems of all migrations, or of this one" },
	{ .req = REQ_ENTER,
	  "why",
	  NULL,
	  { SKEY_ENTER, '\n' },
	  "why: all of an event or device; a problem's moment" },
	{ .req = REQ_BACK, "back", NULL, { SKEY_ESC }, "close what is open; stop a search" },
	{ .req = REQ_ZOOM_IN,
	  "zoom-in",
	  NULL,
	  { '+', '=' },
	  "half the time axis, around the cursor" },
	{ .req = REQ_ZOOM_OUT, "zoom-out", NULL, { '-' }, "twice the time axis" },
	{ .req = REQ_ZOOM_FIT,
	  "zoom-fit",
	  NULL,
	  { '0' },
	  "fit the axis: the migration, or everything" },
	{ .req = REQ_ZOOM,
	  "zoom",
	  "WHAT",
	  { 'Z' },
	  "the axis to the stop; or to state, marks, migration, all" },
	{ .req = REQ_PAN_LEFT, "pan-left", NULL, { '<' }, "move the axis back" },
	{ .req = REQ_PAN_RIGHT, "pan-right", NULL, { '>' }, "move the axis on" },
	{ .req = REQ_PANE, "pane", "PANE", { 0 }, "a pane by its number or its name" },
	{ .req = REQ_PANE_NEXT, "pane-next", NULL, { SKEY_TAB }, "the next pane" },
	{ .req = REQ_PANE_PREV, "pane-prev", NULL, { SKEY_BACKTAB }, "the pane before" },
	{ .req = REQ_MAXIMIZE, "maximize", NULL, { 'z' }, "this pane alone, and back" },
	{ .req = REQ_DEVICE_NEXT, "device-next", NULL, { 'd' }, "the next device" },
	{ .req = REQ_DEVICE_PREV, "device-prev", NULL, { 'D' }, "the device before" },
	{ .req = REQ_VM_NEXT,
	  "vm-next",
	  NULL,
	  { 'v' },
	  "the next migration in the table, worst first" },
	{ .req = REQ_VM_PREV, "vm-prev", NULL, { 'V' }, "the one before" },
	{ .req = REQ_DEVICE,
	  "device",
	  "NAME",
	  { 0 },
	  "the device whose name ends so; empty: automatic" },
	{ .req = REQ_LEVEL,
	  "level",
	  "LEVEL",
	  { 0 },
	  "the table: fleet (all), or the chosen migration" },
	{ .req = REQ_SORT,
	  "sort",
	  "BY",
	  { 'O' },
	  "migrations by worst, left, moved, stop, newest, name" },
	{ .req = REQ_FLEET,
	  "fleet",
	  "WORDS",
	  { 'F' },
	  "show only migrations with these words; empty: all" },
	{ .req = REQ_SEEK, "seek", "TIME", { 0 }, "to 1.5s from the first event, or @NANOSECONDS" },
	{ .req = REQ_MIGRATION, "migration", "N", { 0 }, "to the end of migration N" },
	{ .req = REQ_AXIS, "axis", "FROM TO", { 0 }, "the time axis from one time to another" },
	{ .req = REQ_MARK, "mark", "TEXT", { 'm' }, "mark this moment" },
	{ .req = REQ_MARK_NEXT, "mark-next", NULL, { '\'' }, "to the next mark, around the end" },
	{ .req = REQ_AB,
	  "ab",
	  "N M AT",
	  { 0 },
	  "migrations N and M on top of each other at begin or stop" },
	{ .req = REQ_MARKS, "marks", NULL, { '"' }, "list them; Enter goes to one" },
	{ .req = REQ_MEASURE,
	  "measure",
	  "FROM TO",
	  { 'M' },
	  "time, bytes, calls between two marks or times" },
	{ .req = REQ_COPY,
	  "copy",
	  "WHAT",
	  { 'y' },
	  "event; or sentence, command: to the terminal's clipboard" },
	{ .req = REQ_TIME, "time", "BASE", { 't' }, "time base: rel, wall, mono, delta" },
	{ .req = REQ_GRAPH, "graph", "SET", { 'b' }, "graph set: block, braille, ascii" },
	{ .req = REQ_UNITS, "units", NULL, { 'u' }, "sizes rounded or in bytes" },
	{ .req = REQ_SAVE_SCREEN, "save-screen", "FILE", { 's' }, "this screen as text" },
	{ .req = REQ_WRITE_REPORT,
	  "write-report",
	  "FILE",
	  { 'w' },
	  "the report of what is on screen" },
	{ .req = REQ_EXPORT, "export", "FILE", { 'o' }, "the events in view as NDJSON" },
	{ .req = REQ_REDRAW, "redraw", NULL, { CTRL('l') }, "draw everything anew" },
	{ .req = REQ_SUSPEND, "suspend", NULL, { CTRL('z') }, "back to the shell; fg returns" },
	{ .req = REQ_QUIT, "quit", NULL, { 'q', CTRL('c') }, "leave" },
	{ .req = REQ_SAVE_ROLES, "save-roles", "FILE", { 0 }, NULL },
	{ .req = REQ_RESIZE, "resize", "ROWSxCOLS", { 0 }, NULL },
	{ .req = REQ_TICK, "tick", "DURATION", { 0 }, NULL },
	{ .req = REQ_NONE, NULL, NULL, { 0 }, NULL },
};

static const struct {
	int key;
	const char *name, *shown;
} names[] = {
	{ SKEY_UP, "Up", "↑" },
	{ SKEY_DOWN, "Down", "↓" },
	{ SKEY_LEFT, "Left", "←" },
	{ SKEY_RIGHT, "Right", "→" },
	{ SKEY_HOME, "Home", "Home" },
	{ SKEY_END, "End", "End" },
	{ SKEY_PGUP, "PgUp", "PgUp" },
	{ SKEY_PGDN, "PgDn", "PgDn" },
	{ SKEY_BACKTAB, "BackTab", "S-Tab" },
	{ SKEY_ENTER, "Enter", "Enter" },
	{ SKEY_ESC, "Esc", "Esc" },
	{ SKEY_TAB, "Tab", "Tab" },
	{ ' ', "Space", "Space" },
	{ SKEY_BACKSPACE, "Backspace", "Backspace" },
	{ SKEY_DELETE, "Del", "Del" },
};

/* Keys of a command with an argument. */
static const struct {
	int key;
	enum request req;
	const char *arg, *help;
} more_keys[] = {
	{ 'x', REQ_NEXT, "failure", "the next call that failed; X the one before" },
	{ 'X', REQ_PREV, "failure", NULL },
	{ 'i', REQ_NEXT, "finding", "the next finding; I the one before" },
	{ 'I', REQ_PREV, "finding", NULL },
	{ '^', REQ_NEXT, "outlier", "the next outlier; _ the one before" },
	{ '_', REQ_PREV, "outlier", NULL },
	{ '.', REQ_NEXT, "slow", "the next slow call; , the one before" },
	{ ',', REQ_PREV, "slow", NULL },
	{ 'T', REQ_ZOOM, "state", "the axis to the state that the device is in" },
	{ 'B', REQ_ZOOM, "marks", "the axis to what lies between two marks" },
	{ 'Y', REQ_COPY, "sentence", "copy the sentence" },
	{ 'C', REQ_COPY, "command", "copy the 'report --to' of this moment" },
};

static const struct request_entry *entry_of(enum request req)
{
	const struct request_entry *e;

	for (e = requests; e->req != req; e++)
		;
	return e;
}

size_t request_more_keys(size_t i, int *key, const char **name, const char **arg, const char **help)
{
	size_t n = sizeof(more_keys) / sizeof(more_keys[0]);

	if (i >= n)
		return n;
	*key = more_keys[i].key;
	*name = entry_of(more_keys[i].req)->name;
	*arg = more_keys[i].arg;
	*help = more_keys[i].help;
	return n;
}

const char *request_pane_keys(void)
{
	static char text[] = "1-?";

	text[2] = PANE_NR - PANE_FIRST < 9 ? '0' + PANE_NR - PANE_FIRST : '9';
	return text;
}

const struct request_entry *request_by_key(int key, enum pane_id focus, const char **arg)
{
	static char digit[2];
	const struct request_entry *e;
	size_t i;

	*arg = NULL;
	for (e = requests; e->req; e++) {
		if (e->req == REQ_PANE && key >= '1' && key <= '9' &&
		    PANE_FIRST + key - '1' < PANE_NR) {
			digit[0] = (char)key;
			*arg = digit;
			return e;
		}
		/* A key that one pane has for itself comes first in the table. */
		if (e->only != PANE_HEADER && e->only != focus)
			continue;
		for (i = 0; i < sizeof(e->keys) / sizeof(e->keys[0]) && e->keys[i]; i++)
			if (e->keys[i] == key)
				return e;
	}
	for (i = 0; i < sizeof(more_keys) / sizeof(more_keys[0]); i++) {
		if (more_keys[i].key != key)
			continue;
		*arg = more_keys[i].arg;
		return entry_of(more_keys[i].req);
	}
	return NULL;
}

void request_candidates(const char *name, size_t len, char *buf, size_t size)
{
	const struct request_entry *e;
	size_t used = 0;

	*buf = '\0';
	for (e = requests; e->req; e++)
		if (e->help && len && !strncmp(e->name, name, len) && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 e->name);
}

const struct request_entry *request_by_name(const char *name, size_t len)
{
	const struct request_entry *e, *found = NULL;
	unsigned int n = 0;

	if (!len)
		return NULL;
	for (e = requests; e->req; e++) {
		if (strncmp(e->name, name, len))
			continue;
		if (strlen(e->name) == len)
			return e;
		found = e;
		n++;
	}
	return n == 1 ? found : NULL;
}

bool request_writes(enum request req)
{
	return req == REQ_SAVE_SCREEN || req == REQ_SAVE_ROLES || req == REQ_WRITE_REPORT ||
	       req == REQ_EXPORT;
}

const char *request_key_name(int key, char buf[12])
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].key == key)
			return names[i].shown;
	if (key > 0 && key < 0x20)
		snprintf(buf, 12, "Ctrl-%c", key + 0x40);
	else
		snprintf(buf, 12, "%c", key);
	return buf;
}

int request_key_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, name))
			return names[i].key;
	if (!strncmp(name, "Ctrl-", 5) && name[5] && !name[6])
		return CTRL(name[5]);
	if (!strcmp(name, "lt"))
		return '<';
	return 0;
}
