/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.h - lines of text that open over the panes, shown from a scroll position
 */
#ifndef VFIOSCOPE_TUI_PAGE_H
#define VFIOSCOPE_TUI_PAGE_H

#include "tui/internal.h"

struct page {
	struct scope *s;
	struct rect r; /* its first row is the title's */
	int n;	       /* lines so far */
	int scroll;    /* lines above its first row */
};

void page_line(struct page *p, unsigned int role, unsigned int attr, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* "name      value" */
void page_field(struct page *p, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void page_blank(struct page *p);
/* A long text over several lines, broken at blanks. */
void page_text(struct page *p, unsigned int role, const char *text);
/* How many bytes of @text are a line of at most @width: up to a blank; the texts are our own. */
size_t page_line_end(const char *text, size_t width);
/* Where the next line will be on the screen; false: out of sight. */
bool page_row(const struct page *p, int *row);

#endif
