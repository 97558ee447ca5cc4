// SPDX-License-Identifier: GPL-2.0-only
/*
 * title.c - the line that begins a pane
 */
#include <stdarg.h>

#include "tui/internal.h"

void pane_title(struct scope *s, enum pane_id p, struct rect r, const char *name, const char *fmt,
		...)
{
	unsigned int attr = s->focus == p ? CELL_REVERSE : 0;
	char text[512], key[3] = { (char)pane_key(p), ' ', '\0' };
	va_list ap;
	int col;

	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, 0x2500, ROLE_TITLE, 0);
	col = cells_printf(s->cells, r.row, r.col + 1, ROLE_TITLE, CELL_BOLD | attr, " %s%s ",
			   key[0] ? key : "", name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (*text)
		cells_printf(s->cells, r.row, col + 1, ROLE_TITLE, 0, " %s ", text);
}
