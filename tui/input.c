// SPDX-License-Identifier: GPL-2.0-only
/*
 * input.c - what is typed and clicked, as requests
 */
#include <string.h>

#include "tui/internal.h"

static void input_done(struct scope *s)
{
	enum prompt p = s->prompt;

	s->prompt = PROMPT_NONE;
	switch (p) {
	case PROMPT_COMMAND:
		scope_command(s, s->input);
		break;
	case PROMPT_SEARCH:
		scope_set_search(s, s->input);
		break;
	case PROMPT_FILTER:
		scope_set_filter(s, s->input);
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

void scope_mouse(struct scope *s, enum scope_mouse what, int row, int col)
{
	enum pane p = layout_pane_at(&s->layout, row, col);
	const struct rect *plot = &s->plot;

	s->dirty = true;
	s->message[0] = '\0';
	if (s->overlay) {
		if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN)
			scope_up_down(s, what == MOUSE_WHEEL_UP ? -1 : 1);
		else
			s->overlay = OVERLAY_NONE;
		return;
	}
	if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN) {
		int dir = what == MOUSE_WHEEL_UP ? -1 : 1;

		if (p == PANE_BYTES || p == PANE_LATENCY)
			scope_zoom(s, -dir);
		else if (p == PANE_DEVICES)
			scope_step_device(s, dir);
		else
			scope_step_event(s, dir);
		return;
	}
	if (p >= PANE_FIRST && p < PANE_NR)
		scope_focus(s, p);
	if (p == PANE_BYTES && col >= plot->col && col < plot->col + plot->cols) {
		uint64_t width = s->to_ns - s->from_ns;

		scope_seek_time(s, s->from_ns + (uint64_t)((unsigned __int128)width *
							   (2 * (col - plot->col) + 1) /
							   (2 * plot->cols)));
	} else if (p == PANE_EVENTS && row >= s->log_row && row < s->log_row + s->log_n) {
		scope_seek_event(s, s->log[row - s->log_row].last + 1);
		scope_pin_event(s, s->cursor);
	} else if (p == PANE_DEVICES && row >= s->table_row && row < s->table_row + s->table_n) {
		const struct table_row *r = &s->table[row - s->table_row];
		struct model *m = scope_model(s);

		if (r->device)
			scope_pin(s, r->side, r->device);
		else if (m && r->migration <= model_migrations(m))
			scope_pin_migration(s, m, model_migration(m, r->migration));
	} else if (p == PANE_PROBLEMS && row >= s->listed_row &&
		   row < s->listed_row + s->listed_n) {
		s->problem = s->listed[row - s->listed_row];
		scope_enter_problem(s);
		return;
	}
	if (what == MOUSE_DOUBLE)
		scope_obey(s, REQ_ENTER, NULL);
}
