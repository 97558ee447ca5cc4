/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.h - the pages of docs/rules, docs/words, docs/states and docs/errnos, built in
 *
 * docs/embed makes the table at build time from the pages themselves: they
 * are the one source.  A page is Markdown: "# name", a paragraph, then "##"
 * sections; quotes begin with "> ".  A line "Also: A, B." under the name tells
 * what else the page is asked for by.
 */
#ifndef VFIOSCOPE_JUDGE_PAGE_H
#define VFIOSCOPE_JUDGE_PAGE_H

struct page {
	const char *kind; /* "rule", "word", "state" or "errno" */
	const char *name;
	const char *text;
};

extern const struct page page_table[];
extern const unsigned int page_count;

/* NULL when there is none. */
const struct page *page_find(const char *kind, const char *name);

#endif
