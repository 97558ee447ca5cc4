// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_problems.c - what is wrong, worst of its moment first to act on
 */
#include <string.h>

#include "tui/internal.h"

static const char *severity_word(uint32_t severity)
{
	static const char *const words[] = { "ERROR", "WARN", "ADVICE", "?" };

	return words[severity <= INSIGHT_INCONCLUSIVE ? severity : INSIGHT_INCONCLUSIVE];
}

static unsigned int severity_role(uint32_t severity)
{
	return severity == INSIGHT_ERROR ? ROLE_BAD : severity == INSIGHT_ADVICE ? ROLE_TEXT :
	       ROLE_WARN;
}

void pane_problems(struct scope *s, struct model *m, struct rect r)
{
	size_t all = insight_findings(s->insight), i, shown = 0, now = 0, skip;
	struct insight_finding f;
	char when[UNITS_LEN], dev[NAME_LEN], text[600];
	int row = r.row + 1, rows = r.rows - 1;

	for (i = 0; i < all; i++)
		now += scope_finding(s, i, &f);
	if (now < all)
		pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", "%zu so far, %zu later", now, all - now);
	else
		pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", now ? "%zu, Enter goes there" : "none",
			   now);
	if (!now) {
		cells_field(s->cells, row, r.col + 1, r.cols - 2, false, all ? ROLE_DIM : ROLE_GOOD, 0,
			    all ? "none yet at this moment" : "nothing wrong was seen");
		return;
	}
	if (s->problem >= now)
		s->problem = now - 1;
	skip = rows > 0 && s->problem >= (size_t)rows ? s->problem - (size_t)rows + 1 : 0;
	s->listed_row = row;
	for (i = 0; i < all && row < r.row + r.rows; i++) {
		bool sel;

		if (!scope_finding(s, i, &f))
			continue;
		if (shown++ < skip)
			continue;
		sel = s->focus == PANE_PROBLEMS && shown - 1 == s->problem;
		cells_text(s->cells, row, r.col, ROLE_KEY, CELL_BOLD, sel ? "▶" : " ");
		cells_field(s->cells, row, r.col + 1, 7, false, severity_role(f.severity), CELL_BOLD,
			    f.consequence ? " └" : severity_word(f.severity));
		scope_time(s, when, f.t_ns);
		snprintf(text, sizeof(text), "%s%s%s %s: %s", f.device ?
			 scope_device_name(m, f.device, 14, dev) : "", f.device ? " " : "", f.rule,
			 f.party, f.text);
		if (r.cols >= 90) {
			cells_field(s->cells, row, r.col + 8, 15, true, ROLE_DIM, 0, when);
			cells_field(s->cells, row, r.col + 24, r.cols - 24, false, ROLE_TEXT,
				    sel ? CELL_BOLD : 0, text);
		} else {
			cells_field(s->cells, row, r.col + 8, r.cols - 8, false, ROLE_TEXT,
				    sel ? CELL_BOLD : 0, f.text[0] ? text : f.rule);
		}
		if (s->listed_n < (int)(sizeof(s->listed) / sizeof(s->listed[0])))
			s->listed[s->listed_n++] = shown - 1;
		row++;
	}
}
