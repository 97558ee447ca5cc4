// SPDX-License-Identifier: GPL-2.0-only
/*
 * list_html.c - list as one page
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/common.h"
#include "view/html.h"
#include "view/list.h"

#define CELL_LEN TEXT_SAFE_LEN(LIST_TEXT_LEN)

static void put_duration(FILE *f, bool known, uint64_t ns)
{
	char a[UNITS_LEN];

	html_printf(f, "%s", known ? units_duration(a, ns) : "-");
}

static void put_sums_row(FILE *f, const char *name, const struct list_sums *s)
{
	fputs("<tr><td>", f);
	html_text(f, name, strlen(name));
	fprintf(f,
		"<td class=num>%zu<td class=num>%zu<td class=num>%zu<td class=num>%zu<td class=num>%zu",
		s->n, s->outcome[OUTCOME_FAILED], s->outcome[OUTCOME_CANCELLED],
		s->outcome[OUTCOME_UNFINISHED], s->findings);
	fputs("<td class=num>", f);
	put_duration(f, s->downtime.n, s->downtime.p50_ns);
	fputs("<td class=num>", f);
	put_duration(f, s->downtime.n, s->downtime.p95_ns);
	fputs("<td class=num>", f);
	put_duration(f, s->downtime.n, s->downtime.max_ns);
	fputs("</tr>\n", f);
}

static int put_group(FILE *f, const struct list *list, const struct list_key *key)
{
	struct list_sums *g;
	size_t n, i;
	int err = list_groups(list, key, &g, &n);

	if (!err) {
		fprintf(f,
			"<section><h2>By %s</h2><div class=scroll><table><tr><th>%s<th>migrations"
			"<th>failed<th>cancelled<th>unfinished<th>with findings<th>downtime, median"
			"<th>p95<th>longest</tr>\n",
			key->name, key->title);
		for (i = 0; i < n; i++)
			put_sums_row(f, g[i].name[0] ? g[i].name : "(not known)", &g[i]);
		fputs("</table></div></section>\n", f);
	}
	list_groups_free(g, n);
	return err;
}

static int put_rows(FILE *f, const struct list *list, const struct list_query *q)
{
	size_t rows = list_printed(list, q), i;
	char *cell = malloc(CELL_LEN);
	const struct list_key *k;

	if (!cell)
		return -ENOMEM;
	fputs("<section><h2>Migrations</h2><div class=scroll><table><tr>", f);
	for (k = list_keys; k->name; k++)
		fprintf(f, "<th>%s", k->title);
	fputs("</tr>\n", f);
	for (i = 0; i < rows; i++) {
		fputs("<tr>", f);
		for (k = list_keys; k->name; k++) {
			list_cell(&list->row[i], k, false, cell, CELL_LEN);
			fputs(k->number ? "<td class=num>" : "<td>", f);
			html_text(f, cell, strlen(cell));
		}
		fputs("</tr>\n", f);
	}
	fputs("</table></div></section>\n", f);
	free(cell);
	return 0;
}

static void put_errors(FILE *f, const struct list *list)
{
	bool any = false;
	size_t i;

	for (i = 0; i < list->n_files; i++) {
		if (!list->file[i].error)
			continue;
		fputs(any ? "" : "<section><h2>Not read</h2><ul>\n", f);
		any = true;
		fputs("<li class=loud>", f);
		html_text(f, list->file[i].error, strlen(list->file[i].error));
		fputs("</li>\n", f);
	}
	fputs(any ? "</ul></section>\n" : "", f);
}

int list_html(FILE *f, const struct list *list, const struct list_query *q)
{
	struct list_sums s;
	size_t i;
	int err = list_sums(list, &s);

	if (err)
		return err;
	html_begin(f, "vfioscope: migrations");
	fprintf(f, "<h1>vfioscope: %zu migration%s in %zu recording%s</h1>\n", s.n, plural(s.n),
		list->n_files, plural(list->n_files));
	fputs("<section><h2>All</h2><div class=scroll><table><tr><th><th>migrations<th>failed"
	      "<th>cancelled<th>unfinished<th>with findings<th>downtime, median<th>p95<th>longest</tr>\n",
	      f);
	put_sums_row(f, "all", &s);
	fputs("</table></div></section>\n", f);
	put_errors(f, list);
	for (i = 0; i < q->n_groups && !err; i++)
		err = put_group(f, list, q->group[i]);
	if (!err && q->limit)
		err = put_rows(f, list, q);
	html_end(f);
	return err;
}
