// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlay.c - what opens over the panes: the help, and the why of one thing
 */
#include <string.h>

#include "tui/page.h"

static void help(struct page *p)
{
	const struct request_entry *e;
	char keys[64], name[40], k12[12];
	const char *cmd, *arg, *what;
	bool narrow;
	int k, key;
	size_t i;

	page_line(p, ROLE_TITLE, CELL_BOLD, "KEYS          COMMAND            what it does");
	for (e = requests; e->req; e++) {
		if (!e->help)
			continue;
		keys[0] = '\0';
		if (e->req == REQ_PANE)
			strcpy(keys, request_pane_keys());
		for (i = 0; i < 4 && e->keys[i]; i++) {
			if (e->keys[i] == '\n')
				continue;
			snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys), "%s%s",
				 i ? " " : "", request_key_name(e->keys[i], k12));
		}
		snprintf(name, sizeof(name), "%s%s%s", e->name, e->arg ? " " : "", e->arg ?: "");
		/* What a key does is never cut: it has a line of its own then. */
		narrow = 34 + cells_width(e->help) > p->r.cols;
		page_line(p, ROLE_TEXT, 0, "%s%*s :%-17s %s", keys,
			  12 - cells_width(keys) > 0 ? 12 - cells_width(keys) : 0, "", name,
			  narrow ? "" : e->help);
		if (narrow)
			page_line(p, ROLE_TEXT, 0, "  %s", e->help);
		for (k = PANE_FIRST; e->req == REQ_PANE && k < PANE_NR; k++)
			page_line(p, ROLE_TEXT, 0, "%*s %c %s", 32, "", pane_key(k) ?: ' ',
				  panes[k]->name);
	}
	page_blank(p);
	for (i = 0; i < request_more_keys(i, &key, &cmd, &arg, &what); i++)
		if (what)
			page_line(p, ROLE_TEXT, 0, "%-12c :%s %-*s %s", key, cmd,
				  16 - (int)strlen(cmd), arg, what);
	page_blank(p);
	page_line(p, ROLE_TITLE, CELL_BOLD, "WORDS of / and &: all must hold, ! turns one around");
	page_line(p, ROLE_TEXT, 0,
		  "kind=read,arc  device=3b:00  vm=web  state=STOP_COPY  pid=4711");
	page_line(p, ROLE_TEXT, 0,
		  "err  errno=ENOMSG  dur>1ms dur<1s  size>1MiB size<4KiB  outlier");
	page_line(p, ROLE_TEXT, 0, "t>1.5s t<2s  anything else is looked for in the line");
	page_line(p, ROLE_TEXT, 0,
		  "Typing: Tab completes, arrows bring back what was typed before.");
	page_blank(p);
	page_line(p, ROLE_TITLE, CELL_BOLD, "THE TABLE");
	page_line(p, ROLE_TEXT, 0,
		  "LEFT→ what was left over time; each step of a bar is a doubling");
	page_line(p, ROLE_TEXT, 0, "STOP ≈ forecast, > forecast of the devices alone  ! findings:");
	page_line(p, ROLE_TEXT, 0, "E error  W warning  A advice  ? inconclusive, and how many");
	page_blank(p);
	page_line(p, ROLE_TITLE, CELL_BOLD, "THE PLOT");
	page_line(p, ROLE_TEXT, 0,
		  "full: what was always left in a column; ░ what was left at times");
	page_blank(p);
	page_line(p, ROLE_TITLE, CELL_BOLD, "MARKS under the plot");
	page_line(p, ROLE_TEXT, 0,
		  "o the stream was empty (ENOMSG)  R REINIT  S switch to STOP_COPY");
	page_line(p, ROLE_TEXT, 0, "X a call failed  L events were lost  m a mark");
	page_line(p, ROLE_TEXT, 0,
		  "Mouse: a click sets the moment or selects, the wheel zooms or scrolls.");
}

void overlay_draw(struct scope *s, struct model *m, struct rect r)
{
	static const char *const names[] = { "", "HELP", "WHY", "MARKS", "MEASURE" };
	struct page p = { .s = s, .r = r };
	int rows;

	cells_fill(s->cells, r, ' ', ROLE_TEXT, 0);
	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, 0x2500, ROLE_TITLE, 0);
again:
	p.n = 0;
	p.scroll = s->scroll;
	if (s->overlay == OVERLAY_HELP)
		help(&p);
	else if (s->overlay == OVERLAY_MARKS)
		marks_page(&p);
	else if (s->overlay == OVERLAY_MEASURE)
		measure_page(&p, m);
	else if (panes[s->focus]->page)
		panes[s->focus]->page(&p, m);
	else
		event_page(&p, m);
	/* Scrolled beyond the end: once more, at the end. */
	rows = r.rows - 1;
	if (s->scroll > 0 && s->scroll > p.n - rows) {
		s->scroll = p.n > rows ? p.n - rows : 0;
		cells_fill(s->cells, (struct rect){ r.row + 1, r.col, r.rows - 1, r.cols }, ' ',
			   ROLE_TEXT, 0);
		goto again;
	}
	cells_printf(s->cells, r.row, r.col + 1, ROLE_TITLE, CELL_BOLD,
		     p.n > rows ? " %s: %d of %d lines, arrows scroll, Esc closes " :
				  " %s: Esc closes ",
		     names[s->overlay], p.n > rows ? s->scroll + rows : 0, p.n);
}
