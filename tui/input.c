// SPDX-License-Identifier: GPL-2.0-only
/*
 * input.c - what is typed and clicked, as requests
 */
#include <errno.h>
#include <string.h>

#include "tui/internal.h"

static void input_done(struct scope *s)
{
	enum prompt p = s->prompt;

	s->prompt = PROMPT_NONE;
	switch (p) {
	case PROMPT_COMMAND:
		scope_obey_line(s, s->input);
		break;
	case PROMPT_SEARCH:
		scope_set_search(s, s->input);
		break;
	case PROMPT_FILTER:
		scope_set_filter(s, s->input);
		break;
	case PROMPT_FLEET:
		scope_set_fleet(s, s->input);
		break;
	case PROMPT_MARK:
		scope_mark_here(s, s->input);
		break;
	case PROMPT_NONE:
		break;
	}
}

static void input_key(struct scope *s, int key)
{
	char utf8[5];
	size_t n = 0;

	switch (key) {
	case SKEY_ENTER:
	case '\n':
		input_done(s);
		return;
	case SKEY_ESC:
	case 'c' & 0x1f:
		s->prompt = PROMPT_NONE;
		return;
	case SKEY_BACKSPACE:
	case '\b':
		if (!s->input_len) {
			s->prompt = PROMPT_NONE;
			return;
		}
		do
			s->input_len--;
		while (s->input_len && (s->input[s->input_len] & 0xc0) == 0x80);
		s->input[s->input_len] = '\0';
		return;
	case 'u' & 0x1f:
		s->input[0] = '\0';
		s->input_len = 0;
		return;
	}
	if (key < 0x20 || key >= 0x110000 || key == 0x7f)
		return;
	if (key < 0x80) {
		utf8[n++] = (char)key;
	} else if (key < 0x800) {
		utf8[n++] = (char)(0xc0 | key >> 6);
		utf8[n++] = (char)(0x80 | (key & 0x3f));
	} else {
		if (key >= 0x10000) {
			utf8[n++] = (char)(0xf0 | key >> 18);
			utf8[n++] = (char)(0x80 | (key >> 12 & 0x3f));
		} else {
			utf8[n++] = (char)(0xe0 | key >> 12);
		}
		utf8[n++] = (char)(0x80 | (key >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (key & 0x3f));
	}
	if (s->input_len + n >= sizeof(s->input))
		return;
	memcpy(s->input + s->input_len, utf8, n);
	s->input_len += n;
	s->input[s->input_len] = '\0';
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

void scope_mouse(struct scope *s, enum scope_mouse what, int row, int col)
{
	enum pane_id p = layout_pane_at(&s->layout, row, col);
	int dir = what == MOUSE_WHEEL_UP ? -1 : 1;

	s->dirty = true;
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
	if (what == MOUSE_DOUBLE)
		scope_obey(s, REQ_ENTER, NULL);
}
