// SPDX-License-Identifier: GPL-2.0-only
/*
 * list_text.c - list for people and for spreadsheets
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view/common.h"
#include "view/csv.h"
#include "view/grid.h"
#include "view/list.h"

#define CELL_LEN    TEXT_SAFE_LEN(LIST_TEXT_LEN)
/* A group has at most so many lines, but for who asks for it. */
#define GROUP_LINES 8
/* What is wider pushes all else out of sight. */
#define COLUMN_MAX  40

static void put_outcomes(FILE *f, const struct list_sums *s)
{
	static const uint32_t order[] = { OUTCOME_COMPLETED, OUTCOME_FAILED, OUTCOME_CANCELLED,
					  OUTCOME_UNFINISHED };
	const char *sep = "";
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!s->outcome[order[i]])
			continue;
		fprintf(f, "%s%zu %s", sep, s->outcome[order[i]], outcome_name(order[i]));
		sep = ", ";
	}
	fputc('\n', f);
}

static void put_spread(FILE *f, const char *what, const struct list_spread *s, size_t of)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], d[UNITS_LEN];

	if (!s->n) {
		fprintf(f, "  %-12s  not known of any\n", what);
		return;
	}
	fprintf(f, "  %-12s  median %s, p95 %s, p99 %s, longest %s", what,
		units_duration(a, s->p50_ns), units_duration(b, s->p95_ns),
		units_duration(c, s->p99_ns), units_duration(d, s->max_ns));
	if (s->n != of)
		fprintf(f, " (known of %zu)", s->n);
	fputc('\n', f);
}

static void put_files(FILE *f, const struct list *list)
{
	struct list_files n;

	list_files(list, &n);
	fprintf(f, "  %-12s  %zu", "recordings", list->n_files);
	if (n.bad)
		fprintf(f, ", %zu cannot be read", n.bad);
	if (n.without_migration)
		fprintf(f, ", %zu without a migration", n.without_migration);
	if (n.not_ended)
		fprintf(f, ", %zu did not end cleanly", n.not_ended);
	if (n.damaged)
		fprintf(f, ", %zu damaged", n.damaged);
	if (list->twice)
		fprintf(f, "; %zu migration%s left out that another one holds, too", list->twice,
			list->twice == 1 ? " is" : "s are");
	fputc('\n', f);
}

static int put_findings(FILE *f, const struct list *list, const struct list_sums *sums)
{
	struct list_sums *found;
	struct words w;
	size_t n, i;
	char *text;
	int err = list_findings(list, &found, &n);

	if (err || !words_open(&w)) {
		list_groups_free(found, n);
		return -ENOMEM;
	}
	fprintf(w.f, "%zu of them with an error or a warning", sums->findings);
	if (sums->doubtful)
		fprintf(w.f, ", %zu inconclusive", sums->doubtful);
	for (i = 0; i < n; i++) {
		const char *colon = strchr(found[i].name, ':');
		const struct rule *rule = judge_rule(judge_rule_from_name(colon ? colon + 1 : ""));
		size_t len = colon ? (size_t)(colon - found[i].name) : 0;
		char name[TEXT_SAFE_LEN(64)];

		/* All rules that found something, whatever that weighs. */
		fprintf(w.f, "%s%s", i ? ", " : "; found: ",
			text_safe(name, sizeof(name), colon ? colon + 1 : found[i].name, 64));
		/* No error and no warning, or of another severity than most of that rule. */
		if (rule &&
		    (rule->severity > SEV_WARNING || strlen(severity_name(rule->severity)) != len ||
		     strncmp(severity_name(rule->severity), found[i].name, len)))
			fprintf(w.f, " (%s)", text_safe(name, sizeof(name), found[i].name, len));
		fprintf(w.f, " %zu", found[i].n);
	}
	list_groups_free(found, n);
	text = words_close(&w);
	if (!text)
		return -ENOMEM;
	fprintf(f, "  %-12s  ", "findings");
	wrap_text(f, text, 16, 16, 80);
	free(text);
	return 0;
}

static void put_time(struct grid *g, bool known, uint64_t ns)
{
	char a[UNITS_LEN];

	grid_cell(g, known ? units_duration(a, ns) : "-");
}

static void put_count(struct grid *g, size_t n)
{
	char a[UNITS_LEN];

	snprintf(a, sizeof(a), "%zu", n);
	grid_cell(g, n ? a : "-");
}

static int put_group(FILE *f, const struct list *list, const struct list_key *key, bool all,
		     const struct view_options *opt)
{
	const char *titles[] = { key->title, "Migrations", "Failed", "Cancelled", "Unfinished",
				 "Findings", "Median",	   "p95",    "Longest",	  NULL };
	char name[TEXT_SAFE_LEN(256)];
	struct list_sums *g;
	struct grid *grid;
	size_t n, i, shown;
	int err = list_groups(list, key, &g, &n);

	/* All the same is no table. */
	if (err || (!all && n < 2))
		goto out;
	grid = grid_create(titles);
	shown = all || n <= GROUP_LINES ? n : GROUP_LINES;
	for (i = 0; i < shown; i++) {
		grid_cell(grid, g[i].name[0] ? text_safe(name, sizeof(name), g[i].name, 256) :
					       "(not known)");
		put_count(grid, g[i].n);
		put_count(grid, g[i].outcome[OUTCOME_FAILED]);
		put_count(grid, g[i].outcome[OUTCOME_CANCELLED]);
		put_count(grid, g[i].outcome[OUTCOME_UNFINISHED]);
		put_count(grid, g[i].findings);
		put_time(grid, g[i].downtime.n, g[i].downtime.p50_ns);
		put_time(grid, g[i].downtime.n, g[i].downtime.p95_ns);
		put_time(grid, g[i].downtime.n, g[i].downtime.max_ns);
	}
	fputc('\n', f);
	grid_print(f, grid, opt);
	grid_destroy(grid);
	if (shown < n)
		fprintf(f, "  (and %zu more: --group-by %s)\n", n - shown, key->name);
out:
	list_groups_free(g, n);
	return err;
}

/* Rows as wide as they have to be; numbers to the right. */
static int put_rows(FILE *f, const struct list *list, const struct list_query *q,
		    const struct view_options *opt)
{
	size_t width[sizeof(q->column) / sizeof(q->column[0])] = { 0 }, i, c, w;
	size_t rows = list_printed(list, q);
	char *cell = malloc(CELL_LEN);

	if (!cell)
		return -ENOMEM;
	for (c = 0; c < q->n_columns; c++)
		width[c] = text_width(q->column[c]->title);
	for (i = 0; i < rows; i++) {
		for (c = 0; c < q->n_columns; c++) {
			list_cell(&list->row[i], q->column[c], opt->bytes, cell, CELL_LEN);
			w = text_width(cell);
			w = w < COLUMN_MAX || c + 1 == q->n_columns ? w : COLUMN_MAX;
			width[c] = w > width[c] ? w : width[c];
		}
	}
	fprintf(f, "\n%s", paint(opt, C_BOLD));
	for (c = 0; c < q->n_columns; c++) {
		bool right = q->column[c]->number && q->column[c]->unit != LIST_INSTANT;

		fputs(c ? "  " : "", f);
		if (c + 1 == q->n_columns && !right)
			fputs(q->column[c]->title, f);
		else
			text_pad(f, q->column[c]->title, width[c], right);
	}
	fprintf(f, "%s\n", paint(opt, C_OFF));
	for (i = 0; i < rows; i++) {
		const struct list_row *r = &list->row[i];

		for (c = 0; c < q->n_columns; c++) {
			bool right = q->column[c]->number && q->column[c]->unit != LIST_INSTANT;
			bool outcome = !strcmp(q->column[c]->name, "outcome");

			list_cell(r, q->column[c], opt->bytes, cell, CELL_LEN);
			fputs(c ? "  " : "", f);
			if (outcome)
				fputs(paint(opt, outcome_color(r->l->outcome)), f);
			if (c + 1 == q->n_columns && !right)
				fputs(cell, f);
			else
				text_pad(f, cell, width[c], right);
			if (outcome)
				fputs(paint(opt, C_OFF), f);
		}
		fputc('\n', f);
	}
	free(cell);
	return 0;
}

int list_text(FILE *f, const struct list *list, const struct list_query *q,
	      const struct view_options *opt)
{
	struct list_sums s;
	size_t i;
	int err = list_sums(list, &s);

	if (err)
		return err;
	fprintf(f, "%s%zu migration%s%s", paint(opt, C_BOLD), s.n, plural(s.n), paint(opt, C_OFF));
	fputs(s.n ? ": " : "\n", f);
	if (s.n)
		put_outcomes(f, &s);
	put_files(f, list);
	if (!s.n)
		return 0;
	put_spread(f, "downtime", &s.downtime, s.n);
	put_spread(f, "stop window", &s.stop, s.n);
	err = put_findings(f, list, &s);
	for (i = 0; i < q->n_groups && !err; i++)
		err = put_group(f, list, q->group[i], q->all_groups, opt);
	if (!err && q->limit)
		err = put_rows(f, list, q, opt);
	if (list->n > q->limit)
		fprintf(f, "%s(%" PRIu64 " of %zu migrations)\n", q->limit ? "" : "\n", q->limit,
			list->n);
	return err;
}

int list_csv(FILE *f, const struct list *list, const struct list_query *q)
{
	size_t rows = list_printed(list, q), i;
	char buf[LIST_TEXT_LEN], out[UNITS_LEN], *p;
	const struct list_key *k;

	for (k = list_keys; k->name; k++)
		fprintf(f, "%s%s%s", k == list_keys ? "" : ",", k->name,
			k->unit == LIST_TIME ? "_ns" : "");
	fputs("\r\n", f);
	for (i = 0; i < rows; i++) {
		for (k = list_keys; k->name; k++) {
			uint64_t v = k->number ? k->number(&list->row[i]) : 0;

			fputs(k == list_keys ? "" : ",", f);
			if (k->text) {
				k->text(&list->row[i], buf, sizeof(buf));
				for (p = buf; *p; p++)
					if (*p == '\n')
						*p = '|';
				csv_text(f, buf, sizeof(buf));
			} else if (v != MODEL_NONE && k->unit == LIST_INSTANT) {
				fputs(units_rfc3339(out, v), f);
			} else if (v != MODEL_NONE) {
				fprintf(f, "%" PRIu64, v);
			}
		}
		fputs("\r\n", f);
	}
	return 0;
}
