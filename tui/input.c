// SPDX-License-Identifier: GPL-2.0-only
/*
 * input.c - what is typed and clicked, as requests
 */
#include <errno.h>
#include <string.h>

#include "tui/internal.h"

static void input_done(struct scope *s)
{
	const char *text = s->edit.text;
	enum prompt p = s->prompt;

	s->prompt = PROMPT_NONE;
	history_add(&s->history[p], text);
	switch (p) {
	case PROMPT_COMMAND:
		scope_obey_line(s, text);
		break;
	case PROMPT_SEARCH:
		scope_set_search(s, text);
		break;
	case PROMPT_FILTER:
		scope_set_filter(s, text);
		break;
	case PROMPT_FLEET:
		scope_set_fleet(s, text);
		break;
	case PROMPT_MARK:
		scope_mark_here(s, text);
		break;
	case PROMPT_NONE:
	case PROMPT_NR:
		break;
	}
}

static void input_key(struct scope *s, int key)
{
	s->hint[0] = '\0';
	switch (key) {
	case SKEY_ENTER:
	case '\n':
		input_done(s);
		return;
	case SKEY_ESC:
	case 'c' & 0x1f:
		s->prompt = PROMPT_NONE;
		return;
	case SKEY_TAB:
		scope_complete(s);
		return;
	case SKEY_UP:
	case 'p' & 0x1f:
		history_step(&s->history[s->prompt], &s->edit, -1);
		return;
	case SKEY_DOWN:
	case 'n' & 0x1f:
		history_step(&s->history[s->prompt], &s->edit, 1);
		return;
	case SKEY_BACKSPACE:
	case '\b':
		if (!s->edit.len) {
			s->prompt = PROMPT_NONE;
			return;
		}
		break;
	}
	if (!line_key(&s->edit, key) && key > 0)
		line_insert(&s->edit, (uint32_t)key);
}

void scope_paste(struct scope *s, int ch)
{
	s->dirty = true;
	/* What somebody else wrote is text, never a command. */
	if (s->prompt)
		line_insert(&s->edit, ch == '\r' || ch == '\n' || ch == '\t' ? ' ' : (uint32_t)ch);
	else
		scope_say(s, false, "pasted text is taken where one types: after : / & or m");
}

/* A key that the configuration has a command for. */
static bool bound(struct scope *s, int key)
{
	size_t i;

	for (i = 0; i < s->opt.n_binds; i++) {
		if (s->opt.binds[i].key != key)
			continue;
		scope_obey_line(s, s->opt.binds[i].command);
		return true;
	}
	return false;
}

void scope_key(struct scope *s, int key)
{
	const struct request_entry *e;
	const char *arg;

	s->dirty = true;
	if (s->prompt) {
		input_key(s, key);
		return;
	}
	e = request_by_key(key, s->focus, &arg);
	if (s->searching && !(e && e->req == REQ_BACK))
		s->searching = false;
	s->message[0] = '\0';
	if (bound(s, key))
		return;
	if (!e) {
		char buf[12];

		if (key >= 0x20 && key < 0x110000)
			scope_say(s, false, "no such key: %s   (? lists them)",
				  request_key_name(key, buf));
		return;
	}
	scope_obey(s, e->req, arg);
}

static int type_keys(struct scope *s, const char *text)
{
	char name[16];
	uint32_t ch;
	size_t n;

	while (*text) {
		if (*text == '<' && sscanf(text, "<%15[^>]>", name) == 1 &&
		    text[1 + strlen(name)] == '>') {
			if (!request_key_by_name(name)) {
				scope_say(s, true, "no key <%s>", name);
				return -EINVAL;
			}
			scope_key(s, request_key_by_name(name));
			text += strlen(name) + 2;
			continue;
		}
		n = text_utf8(text, strlen(text), &ch);
		if (!n)
			return -EINVAL;
		scope_key(s, (int)ch);
		text += n;
	}
	return 0;
}

int scope_command(struct scope *s, const char *line)
{
	/* Keys that a script types; nobody types that they are typed. */
	if (!strncmp(line, ":keys ", 6))
		line++;
	if (!strncmp(line, "keys ", 5))
		return type_keys(s, line + 5);
	return scope_obey_line(s, line);
}

/* From where the button went down to here: that is the axis. */
static void drag(struct scope *s, int col)
{
	const struct rect *plot = &s->plot;
	int from = s->drag_col - plot->col, to = col - plot->col;
	uint64_t width = s->to_ns - s->from_ns, begin = s->from_ns;

	if (s->drag_col < 0 || plot->cols < 2)
		return;
	s->drag_col = -1;
	if (to < from) {
		int swap = from;

		from = to;
		to = swap;
	}
	from = from < 0 ? 0 : from;
	to = to > plot->cols ? plot->cols : to;
	if (to - from < 2)
		return;
	scope_remember(s);
	scope_set_axis(s, begin + sat_scale(width, (uint64_t)from, (uint64_t)plot->cols),
		       begin + sat_scale(width, (uint64_t)to, (uint64_t)plot->cols));
}

void scope_mouse(struct scope *s, enum scope_mouse what, int row, int col)
{
	enum pane_id p = layout_pane_at(&s->layout, row, col);
	int dir = what == MOUSE_WHEEL_UP ? -1 : 1;

	s->dirty = true;
	if (what == MOUSE_RELEASE) {
		drag(s, col);
		return;
	}
	s->drag_col = -1;
	s->message[0] = '\0';
	if (s->overlay) {
		if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN)
			scope_up_down(s, dir);
		else
			s->overlay = OVERLAY_NONE;
		return;
	}
	if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN) {
		if (p < PANE_NR && panes[p]->wheel_zooms)
			scope_zoom(s, -dir);
		else if (p < PANE_NR && panes[p]->step)
			panes[p]->step(s, dir);
		else
			scope_step_event(s, dir);
		return;
	}
	if (p < PANE_FIRST || p >= PANE_NR)
		return;
	scope_focus(s, p);
	if (panes[p]->click)
		panes[p]->click(s, row, col);
	if (p == PANE_BYTES && col >= s->plot.col && col < s->plot.col + s->plot.cols)
		s->drag_col = col;
	if (what == MOUSE_DOUBLE)
		scope_obey(s, REQ_ENTER, NULL);
}
