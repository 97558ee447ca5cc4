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

/* Where a line of at most @width bytes ends: at a blank; the texts are our own. */
static size_t line_end(const char *text, size_t width)
{
	size_t len = strlen(text), cut = width;

	if (len <= width)
		return len;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : width;
}

static void listed(struct scope *s, int row, size_t problem)
{
	int i = row - s->listed_row;

	if (i < 0 || i >= (int)(sizeof(s->listed) / sizeof(s->listed[0])))
		return;
	s->listed[i] = problem;
	s->listed_n = i + 1;
}

/* What made a migration fail is a problem whether or not a rule has a word for it. */
static int failed_call(struct scope *s, struct model *m, struct rect r, int row)
{
	const struct session *g = scope_migration(s, m);
	char err[UNITS_LEN], when[UNITS_LEN], text[200];
	const char *target = NULL;

	if (!g || !g->failures || r.rows < 3)
		return row;
	if (g->failure.target >= 0 && g->failure.target < MIG_STATE_NR)
		target = mig_state_name((uint32_t)g->failure.target);
	scope_time(s, when, g->failure.t_ns);
	snprintf(text, sizeof(text), "%s%s%s%s gave %s%s%s", event_kind_name(g->failure.kind),
		 target ? "(" : "", target ?: "", target ? ")" : "",
		 errno_label(err, g->failure.ret), r.cols < 60 ? "" : " at ", r.cols < 60 ? "" : when);
	cells_text(s->cells, row, r.col + 1, ROLE_BAD, CELL_BOLD, "FAILED");
	cells_field(s->cells, row, r.col + 8, r.cols - 8, false, ROLE_BAD, CELL_BOLD, text);
	return row + 1;
}

void pane_problems(struct scope *s, struct model *m, struct rect r)
{
	const struct session *g = scope_migration(s, m);
	size_t all = insight_findings(s->insight), i, shown = 0, now = 0, skip;
	struct insight_finding f;
	char when[UNITS_LEN], dev[NAME_LEN], text[600];
	int row = r.row + 1, rows = r.rows - 1, col;
	size_t each, told;
	const char *rest;
	bool roomy;

	for (i = 0; i < all; i++)
		now += scope_finding(s, i, &f);
	if (!all && g && g->failures)
		pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", "a call failed; no rule was broken");
	else if (now < all)
		pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", "%zu so far, %zu later", now, all - now);
	else
		pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", now ? "%zu, Enter goes there" : "none",
			   now);
	row = failed_call(s, m, r, row);
	if (!now && row > r.row + 1)
		return;
	if (!now) {
		cells_field(s->cells, row, r.col + 1, r.cols - 2, false, all ? ROLE_DIM : ROLE_GOOD, 0,
			    all ? "none yet at this moment" : "nothing wrong was seen");
		return;
	}
	if (s->problem >= now)
		s->problem = now - 1;
	rows -= row - r.row - 1;
	/* With room for it, a finding is told in full. */
	each = (size_t)rows / now;
	roomy = each > 1;
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
		col = r.col + 8;
		if (r.cols >= 90) {
			cells_field(s->cells, row, col, 15, true, ROLE_DIM, 0, when);
			col += 16;
		}
		snprintf(text, sizeof(text), "%s%s%s (%s)%s%s", f.device ?
			 scope_device_name(m, f.device, 14, dev) : "", f.device ? " " : "", f.rule,
			 f.party, roomy ? "" : ": ", roomy ? "" : f.text);
		cells_field(s->cells, row, col, r.col + r.cols - col, false, ROLE_TEXT,
			    sel ? CELL_BOLD : 0, text);
		listed(s, row, shown - 1);
		for (rest = f.text, told = 1; told < each && *rest && row + 1 < r.row + r.rows; told++) {
			size_t cut = line_end(rest, (size_t)(r.cols - 9));

			snprintf(text, sizeof(text), "%.*s", (int)cut, rest);
			if (told + 1 == each && rest[cut])
				snprintf(text + cut, sizeof(text) - cut, "…");
			cells_field(s->cells, ++row, r.col + 8, r.cols - 8, false, ROLE_DIM, 0, text);
			listed(s, row, shown - 1);
			rest += cut;
			while (*rest == ' ')
				rest++;
		}
		row++;
	}
}
