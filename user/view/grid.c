// SPDX-License-Identifier: GPL-2.0-only
#include "view/grid.h"

#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "view/common.h"

/* What is wider than that pushes all else out of sight. */
#define FIRST_MAX 20
#define INDENT	  2

struct grid {
	const char *const *titles;
	size_t n_columns;
	struct item {
		char *text;
		bool note;
	} * items;
	size_t n, cap;
};

struct grid *grid_create(const char *const *titles)
{
	struct grid *g = calloc(1, sizeof(*g));

	for (; g && titles[g->n_columns]; g->n_columns++)
		;
	if (g)
		g->titles = titles;
	return g;
}

void grid_destroy(struct grid *g)
{
	size_t i;

	for (i = 0; g && i < g->n; i++)
		free(g->items[i].text);
	if (g)
		free(g->items);
	free(g);
}

static void add(struct grid *g, const char *text, bool note)
{
	if (!g || array_room(&g->items, g->n + 1, &g->cap, sizeof(*g->items)))
		return;
	g->items[g->n].note = note;
	g->items[g->n++].text = strdup(text);
}

void grid_cell(struct grid *g, const char *text)
{
	add(g, text, false);
}

void grid_note(struct grid *g, const char *text)
{
	add(g, text, true);
}

static bool is_empty(const char *s)
{
	return !s || !*s || !strcmp(s, "-");
}

void grid_print(FILE *f, const struct grid *g, const struct view_options *opt)
{
	size_t width[GRID_COLUMNS] = { 0 }, i, c = 0, w;
	bool used[GRID_COLUMNS] = { true }, only = true;

	if (!g || !g->n)
		return;
	for (i = 0; i < g->n; i++) {
		if (g->items[i].note)
			continue;
		w = text_width(g->items[i].text ?: "");
		if (c || w <= FIRST_MAX)
			width[c] = w > width[c] ? w : width[c];
		used[c] |= !is_empty(g->items[i].text);
		c = (c + 1) % g->n_columns;
	}
	fprintf(f, "%s%*s", paint(opt, C_BOLD), INDENT, "");
	for (c = 0; c < g->n_columns; c++) {
		w = text_width(g->titles[c]);
		width[c] = w > width[c] ? w : width[c];
		only &= !c || !used[c];
	}
	/* No blanks at the end of a line. */
	if (only)
		width[0] = 0;
	for (c = 0; c < g->n_columns; c++) {
		if (c && used[c])
			fputs("  ", f);
		if (used[c])
			text_pad(f, g->titles[c], width[c], c);
	}
	fprintf(f, "%s\n", paint(opt, C_OFF));
	for (i = 0, c = 0; i < g->n; i++) {
		const char *text = g->items[i].text ?: "";

		if (g->items[i].note) {
			fprintf(f, "%*s%s", INDENT + 2, "", paint(opt, C_YELLOW));
			wrap_text(f, text, INDENT + 2, INDENT + 4, 80);
			fputs(paint(opt, C_OFF), f);
			continue;
		}
		if (!c)
			fprintf(f, "%*s", INDENT, "");
		else if (used[c])
			fputs("  ", f);
		if (!c && !only && text_width(text) > width[0])
			fprintf(f, "%s\n%*s", text, (int)(INDENT + width[0]), "");
		else if (used[c])
			text_pad(f, text, width[c], c);
		c = (c + 1) % g->n_columns;
		if (!c)
			fputc('\n', f);
	}
}
