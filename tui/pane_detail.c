// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_detail.c - the event at the cursor, in words
 */
#include "tui/page.h"

static void draw(struct scope *s, struct model *m, struct rect r)
{
	struct page p = { .s = s, .r = r };
	struct log_row row;
	struct event ev;

	if (!scope_current(s, &ev, &row)) {
		pane_title(s, PANE_DETAIL, r, "DETAIL", "no event yet at this moment");
		return;
	}
	pane_title(s, PANE_DETAIL, r, "DETAIL",
		   row.first == row.last ? "event %llu" : "events %llu to %llu",
		   (unsigned long long)row.first + 1, (unsigned long long)row.last + 1);
	event_words(&p, m, &ev, &row);
}

const struct pane pane_detail = {
	.name = "detail",
	.place = PLACE_SIDE,
	.least = 4,
	.rows = 6,
	.most = 14,
	.column = 9,
	.rank = 5,
	.draw = draw,
};
