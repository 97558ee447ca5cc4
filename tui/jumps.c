// SPDX-License-Identifier: GPL-2.0-only
/*
 * jumps.c - where one has been, back and forth
 */
#include <string.h>

#include "tui/internal.h"

static struct jump here(const struct scope *s)
{
	return (struct jump){ s->cursor, s->cursor_ns, s->side, s->device };
}

static void push(struct scope *s)
{
	if (s->n_jumps == JUMPS_MAX) {
		memmove(s->jumps, s->jumps + 1, (JUMPS_MAX - 1) * sizeof(s->jumps[0]));
		s->n_jumps--;
	}
	s->jumps[s->n_jumps++] = here(s);
}

void scope_remember(struct scope *s)
{
	const struct jump *last = s->n_jumps ? &s->jumps[s->n_jumps - 1] : NULL;

	if (s->jump_at < s->n_jumps)
		s->n_jumps = s->jump_at;
	if (!last || last->cursor != s->cursor || last->ns != s->cursor_ns)
		push(s);
	s->jump_at = s->n_jumps;
}

void scope_jump(struct scope *s, int dir)
{
	const struct jump *j;

	if (dir < 0 ? !s->jump_at : s->jump_at + 1 >= s->n_jumps) {
		scope_say(s, false,
			  dir < 0 ? "there is no jump before this" :
				    "there is no jump behind this");
		return;
	}
	/* The way back leads here again. */
	if (dir < 0 && s->jump_at == s->n_jumps) {
		push(s);
		s->jump_at = s->n_jumps - 1;
	}
	s->jump_at += dir < 0 ? -1 : 1;
	j = &s->jumps[s->jump_at];
	scope_seek_event(s, j->cursor);
	if (j->ns > s->cursor_ns)
		s->cursor_ns = j->ns;
	if (j->device)
		scope_pin(s, j->side, j->device);
}
