/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * html.h - what a page of HTML is made of
 *
 * Promises: text that goes through here is text to a browser, whatever is in
 * it: harmless as for a terminal (util/text.h), and with no character left that
 * ends a text or a quoted attribute.  What is embedded needs no network and no
 * script.
 */
#ifndef VFIOSCOPE_VIEW_HTML_H
#define VFIOSCOPE_VIEW_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Up to NUL or @len bytes, for an element's text or a quoted attribute. */
void html_text(FILE *f, const char *s, size_t len);
/* A printf format, all of it as html_text(). */
void html_printf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * Harmless words of another view as html_text(), what paint() (view/common.h) put
 * around some of them as <b>.
 */
void html_painted(FILE *f, const char *s);
/*
 * A section of one of our own pages ("## name" up to the next), as paragraphs,
 * quotes, lists and code; NULL: what stands before the first section, without
 * the title.  False: it has no such section, and nothing was written.
 */
bool html_page_section(FILE *f, const char *page, const char *name);

/* The begin of the page up to <body>, and its end. */
void html_begin(FILE *f, const char *title);
void html_end(FILE *f);

#endif
