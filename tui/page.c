// SPDX-License-Identifier: GPL-2.0-only
#include "tui/page.h"

#include <stdarg.h>
#include <string.h>

bool page_row(const struct page *p, int *row)
{
	*row = p->r.row + 1 + p->n - p->scroll;
	return *row > p->r.row && *row < p->r.row + p->r.rows;
}

void page_line(struct page *p, unsigned int role, unsigned int attr, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	bool seen;
	int row;

	seen = page_row(p, &row);
	p->n++;
	if (!seen)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cells_field(p->s->cells, row, p->r.col + 1, p->r.cols - 2, false, role, attr, text);
}

void page_field(struct page *p, const char *name, const char *fmt, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	page_line(p, ROLE_TEXT, 0, "%-18s %s", name, text);
}

void page_blank(struct page *p)
{
	page_line(p, ROLE_TEXT, 0, "%s", "");
}

size_t page_line_end(const char *text, size_t width)
{
	size_t len = strlen(text), cut = width;

	if (len <= width)
		return len;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : width;
}

void page_text(struct page *p, unsigned int role, const char *text)
{
	int width = p->r.cols - 6;
	size_t cut;

	while (*text) {
		cut = page_line_end(text, width > 0 ? (size_t)width : strlen(text));
		page_line(p, role, 0, "  %.*s", (int)cut, text);
		text += cut;
		while (*text == ' ')
			text++;
	}
}
