// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_problems.c - what is wrong, worst of its moment first to act on
 */
#include <string.h>

#include "tui/page.h"

static const char *severity_word(uint32_t severity)
{
	static const char *const words[] = { "ERROR", "WARN", "ADVICE", "?" };

	return words[severity <= SEV_INCONCLUSIVE ? severity : SEV_INCONCLUSIVE];
}

static unsigned int severity_role(uint32_t severity)
{
	return severity == SEV_ERROR ? ROLE_BAD : severity == SEV_ADVICE ? ROLE_TEXT : ROLE_WARN;
}

static void listed(struct scope *s, int row, size_t problem)
{
	int i = row - s->listed_row;

	if (i < 0 || i >= (int)(sizeof(s->listed) / sizeof(s->listed[0])))
		return;
	s->listed[i] = problem;
	s->listed_n = i + 1;
}

/* What made a migration fail is a problem also before the judge has its last word. */
static int failed_call(struct scope *s, struct model *m, struct rect r, int row)
{
	const struct migration *g = scope_migration(s, m);
	char what[FAILURE_TEXT_LEN];

	if (s->judged || !g || !g->n_causes || r.rows < 3)
		return row;
	cells_text(s->cells, row, r.col + 1, ROLE_BAD, CELL_BOLD, "FAILED");
	cells_field(s->cells, row, r.col + 8, r.cols - 8, false, ROLE_BAD, CELL_BOLD,
		    judge_failure_text(&g->cause[0], what));
	return row + 1;
}

/* What comes of another finding, or is ignored, is listed and is none more. */
static size_t counted(const struct scope *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n_found; i++)
		n += scope_finding_counts(judge_finding(s->judge, s->found[i]));
	return n;
}

static void title(struct scope *s, struct rect r, bool failed)
{
	size_t all = judge_findings(s->judge), later = all - s->n_found - s->n_elsewhere;
	size_t n = counted(s);
	char text[128];
	size_t len;

	if (!all) {
		pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", failed ? "what failed" : "none");
		return;
	}
	len = (size_t)snprintf(text, sizeof(text), "%zu%s", n,
			       s->n_elsewhere			 ? " here" :
			       s->n_fleet > 1 && s->problems_all ? " of all" :
			       later				 ? " so far" :
								   "");
	if (n < s->n_found)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " + %zu that follow%s",
					s->n_found - n, s->n_found - n == 1 ? "s" : "");
	if (s->n_elsewhere)
		len += (size_t)snprintf(text + len, sizeof(text) - len, ", %zu elsewhere (a: all)",
					s->n_elsewhere);
	if (later)
		snprintf(text + len, sizeof(text) - len, ", %zu later", later);
	else if (!s->n_elsewhere && n == s->n_found)
		snprintf(text + len, sizeof(text) - len, ", Enter goes there");
	pane_title(s, PANE_PROBLEMS, r, "PROBLEMS", "%s", text);
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	char when[UNITS_LEN], dev[NAME_LEN], text[600];
	int row = failed_call(s, m, r, r.row + 1), rows, col;
	size_t each, told, skip, i;
	const char *rest;
	bool roomy;

	title(s, r, row > r.row + 1);
	if (!s->n_found && row > r.row + 1)
		return;
	if (!s->n_found) {
		bool later = judge_findings(s->judge) > 0;

		cells_field(s->cells, row, r.col + 1, r.cols - 2, false,
			    later ? ROLE_DIM : ROLE_GOOD, 0,
			    s->n_elsewhere ? "none of this migration" :
			    later	   ? "none yet at this moment" :
					     "nothing wrong was seen");
		return;
	}
	if (s->problem >= s->n_found)
		s->problem = s->n_found - 1;
	rows = r.row + r.rows - row;
	/* With room for it, a finding is told in full. */
	each = (size_t)rows / s->n_found;
	roomy = each > 1;
	skip = rows > 0 && s->problem >= (size_t)rows ? s->problem - (size_t)rows + 1 : 0;
	s->listed_row = row;
	for (i = skip; i < s->n_found && row < r.row + r.rows; i++) {
		const struct finding *f = judge_finding(s->judge, s->found[i]);
		bool sel = s->focus == PANE_PROBLEMS && i == s->problem;

		cells_text(s->cells, row, r.col, ROLE_KEY, CELL_BOLD, sel ? "▶" : " ");
		cells_field(s->cells, row, r.col + 1, 7, false, severity_role(f->severity),
			    CELL_BOLD, scope_finding_counts(f) ? severity_word(f->severity) : " └");
		scope_time(s, when, f->t_ns);
		col = r.col + 8;
		if (r.cols >= 90) {
			cells_field(s->cells, row, col, 15, true, ROLE_DIM, 0, when);
			col += 16;
		}
		snprintf(text, sizeof(text), "%s%s%s (%s)%s%s",
			 f->device ? scope_device_name(m, f->device, 14, dev) : "",
			 f->device ? " " : "", judge_rule(f->rule)->name, party_name(f->party),
			 roomy ? "" : ": ", roomy ? "" : f->text);
		/* Of another migration: it stands back. */
		cells_field(s->cells, row, col, r.col + r.cols - col, false,
			    s->n_fleet < 2 || scope_finding_of(f, scope_migration(s, m)) ?
				    ROLE_TEXT :
				    ROLE_DIM,
			    sel ? CELL_BOLD : 0, text);
		listed(s, row, i);
		for (rest = f->text, told = 1; told < each && *rest && row + 1 < r.row + r.rows;
		     told++) {
			size_t cut = page_line_end(rest, (size_t)(r.cols - 9));

			snprintf(text, sizeof(text), "%.*s", (int)cut, rest);
			if (told + 1 == each && rest[cut])
				snprintf(text + cut, sizeof(text) - cut, "…");
			cells_field(s->cells, ++row, r.col + 8, r.cols - 8, false, ROLE_DIM, 0,
				    text);
			listed(s, row, i);
			rest += cut;
			while (*rest == ' ')
				rest++;
		}
		row++;
	}
}

static void page(struct page *p, struct model *m)
{
	struct scope *s = p->s;
	char name[NAME_LEN], a[UNITS_LEN];
	const struct finding *f;
	const struct rule *r;

	if (s->problem >= s->n_found) {
		page_line(p, ROLE_DIM, 0, "no problem here");
		return;
	}
	f = judge_finding(s->judge, s->found[s->problem]);
	r = judge_rule(f->rule);
	page_line(p, ROLE_TITLE, CELL_BOLD, "%s", r->name);
	page_blank(p);
	page_text(p, ROLE_TEXT, f->text);
	page_blank(p);
	page_field(p, "whose turn", "%s", party_name(f->party));
	if (f->device)
		page_field(p, "device", "%s", scope_device_name(m, f->device, 60, name));
	page_field(p, "first seen", "%s, event %llu", scope_time(s, a, f->t_ns),
		   (unsigned long long)f->seq);
	page_field(p, "seen", "%llu time%s", (unsigned long long)f->count, plural(f->count));
	if (r->basis && r->basis[0]) {
		page_blank(p);
		page_line(p, ROLE_TITLE, 0, "It rests on:");
		page_text(p, ROLE_TEXT, r->basis);
	}
	page_blank(p);
	page_line(p, ROLE_DIM, 0, "'vfioscope explain %s' has the whole page.", r->name);
}

/* Go to the moment of the selected finding; a second time: explain it. */
static bool enter(struct scope *s)
{
	const struct finding *f;
	struct model *m;
	size_t i;

	if (s->problem >= s->n_found)
		return true;
	i = s->found[s->problem];
	f = judge_finding(s->judge, i);
	if (s->cursor == f->seq)
		return false;
	scope_remember(s);
	scope_seek_event(s, f->seq);
	m = scope_model(s);
	if (m && f->device && scope_device_shown(m, f->device))
		scope_pin(s, f->side <= model_sides(m) ? f->side : 0, f->device);
	/* Later findings have gone from the list. */
	scope_settle(s);
	for (s->problem = 0; s->problem + 1 < s->n_found && s->found[s->problem] != i; s->problem++)
		;
	scope_say(s, false, "%s: Enter again explains", judge_rule(f->rule)->name);
	return true;
}

static void click(struct scope *s, int row, int col)
{
	(void)col;
	if (row < s->listed_row || row >= s->listed_row + s->listed_n)
		return;
	s->problem = s->listed[row - s->listed_row];
	enter(s);
}

static void step(struct scope *s, int dir)
{
	if (dir > 0 && s->problem + 1 < s->n_found)
		s->problem++;
	else if (dir < 0 && s->problem)
		s->problem--;
}

const struct pane pane_problems = {
	.name = "problems",
	.place = PLACE_SIDE,
	.least = 2,
	.rows = 3,
	.most = 10,
	.column = 4,
	.rank = 2,
	.draw = draw,
	.click = click,
	.enter = enter,
	.page = page,
	.step = step,
};
