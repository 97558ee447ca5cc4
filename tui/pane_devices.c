// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_devices.c - the table: migrations, worst first, or the devices of one
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui/table.h"

struct column {
	const char *name;
	int width; /* with the blank that parts it from its neighbour; 0: not shown */
	bool right;
};

static const struct column all[C_NR] = {
	[C_VM] = { "VM", 7, false },
	[C_DEVICE] = { "DEVICE", 13, false },
	[C_DOES] = { "DOES", 7, false },
	[C_DRIVER] = { "DRIVER", 18, false },
	[C_STATE] = { "STATE", 13, false },
	[C_FOR] = { "FOR", 8, true },
	[C_SPARK] = { " LEFT→", 12, false },
	[C_MOVED] = { "MOVED", 9, true },
	[C_LEFT] = { "LEFT", 9, true },
	[C_STOP] = { "STOP", 9, true },
	[C_PART] = { " MOST OF IT", 20, false },
	[C_BAD] = { "!", 4, true },
};

/* What a narrow screen has least use for goes first. */
#define DROPS 8
static const int all_drops[2][DROPS] = {
	/* of devices, of migrations */
	{ C_DRIVER, C_BAD, C_FOR, C_MOVED, C_VM, C_DOES, C_STOP, C_LEFT },
	{ C_DRIVER, C_PART, C_FOR, C_MOVED, C_SPARK, C_BAD, C_VM, C_STOP },
};

static int sum_of(const struct column c[C_NR])
{
	int i, sum = 2;

	for (i = 0; i < C_NR; i++)
		sum += c[i].width;
	return sum;
}

/* The room that is left, for those that are cut soonest. */
static void spread(struct column c[C_NR], int cols)
{
	static const struct {
		int column, most;
	} wants[] = { { C_STATE, 15 }, { C_VM, 10 },   { C_DEVICE, 19 }, { C_BAD, 5 },
		      { C_SPARK, 18 }, { C_PART, 26 }, { C_DOES, 8 },	 { C_FOR, 9 },
		      { C_MOVED, 11 }, { C_LEFT, 11 }, { C_STOP, 10 },	 { C_VM, 30 },
		      { C_DEVICE, 39 } };
	size_t i;
	int room, more;

	for (i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
		struct column *at = &c[wants[i].column];

		room = cols - sum_of(c);
		more = wants[i].most - at->width;
		if (!at->width || room <= 0 || more <= 0)
			continue;
		at->width += more < room ? more : room;
	}
}

static void choose_columns(const struct scope *s, int cols, struct column c[C_NR])
{
	bool fleet = scope_is_fleet(s);
	const int *drops = all_drops[fleet];
	int i;

	memcpy(c, all, sizeof(all));
	if (fleet)
		c[C_DRIVER].width = 0;
	else
		c[C_PART].width = c[C_SPARK].width = 0;
	for (i = 0; i < DROPS && sum_of(c) > cols; i++) {
		/* Better three columns of findings than none. */
		if (drops[i] == C_BAD && sum_of(c) - 1 <= cols)
			c[C_BAD].width = 3;
		else
			c[drops[i]].width = 0;
	}
	spread(c, cols);
}

/* A figure is never cut: a column grows, and others give or go for it. */
static void fit_columns(const struct scope *s, const struct table_line *l, int n, int cols,
			struct column c[C_NR])
{
	const int *drops = all_drops[scope_is_fleet(s)];
	int i, row, need[C_NR];

	for (i = 0; i < C_NR; i++) {
		need[i] = c[i].right ? cells_width(c[i].name) + 1 : c[i].width;
		for (row = 0; c[i].right && row < n; row++)
			if (cells_width(l[row].text[i]) >= need[i])
				need[i] = cells_width(l[row].text[i]) + 1;
		if (c[i].width && c[i].width < need[i])
			c[i].width = need[i];
	}
	/* What is wider than it has to be gives first. */
	for (i = 0; i < C_NR; i++)
		while (sum_of(c) > cols && i != C_SPARK &&
		       c[i].width > (c[i].right ? need[i] : all[i].width))
			c[i].width--;
	for (i = 0; i < DROPS && sum_of(c) > cols; i++)
		c[drops[i]].width = 0;
}

/* ---- what is left, over the time of the migration so far ---- */

#define SPARK_MAX  32
/* Devices that one drawing looks at: a made-up fleet must not make it slow. */
#define SPARKS_MAX 512

static void draw_spark(struct scope *s, struct model *m, uint32_t side, int row, int col, int width)
{
	const struct side *x = side ? model_side(m, side) : NULL;
	struct store_column part[SPARK_MAX];
	uint64_t left[SPARK_MAX] = { 0 }, max = 0, to;
	bool known[SPARK_MAX] = { false };
	int i, n = width < SPARK_MAX ? width : SPARK_MAX, level;
	uint32_t k;

	if (!x || x->direction != DIR_SAVE || n < 1)
		return;
	to = x->ended && x->end_ns < s->cursor_ns ? x->end_ns : s->cursor_ns;
	if (to <= x->begin_ns)
		return;
	for (k = 0; k < x->n_devices && s->sparks; k++, s->sparks--) {
		store_columns(s->store, model_side_device(m, side, k)->device, x->begin_ns, to + 1,
			      (unsigned int)n, part);
		for (i = 0; i < n; i++) {
			if (!part[i].has_left)
				continue;
			known[i] = true;
			/* The most of a stretch; of the last one what is left now. */
			left[i] = sat_add(left[i],
					  i + 1 < n ?
						  sat_add(part[i].initial_max, part[i].rest_max) :
						  sat_add(part[i].initial_last, part[i].rest_last));
			if (left[i] > max)
				max = left[i];
		}
	}
	for (i = 0; i < n; i++) {
		/* Logarithmic, as the plot is: a full one is the most of this row. */
		level = !left[i] ? 0 : 8 + (int)(log2((double)left[i]) - log2((double)max));
		level = level < 1 && left[i] ? 1 : level;
		cells_put(s->cells, row, col + i, known[i] ? lane_block(s, level) : 0xb7,
			  known[i] ? ROLE_INITIAL : ROLE_DIM, 0);
	}
}

/* ---- rows ---- */

static void draw_line(struct scope *s, struct model *m, const struct column c[C_NR], int row,
		      struct rect r, const struct table_row *t, const struct table_line *l)
{
	bool sel = scope_row_selected(s, m, t);
	unsigned int attr = sel ? CELL_BOLD : 0;
	int col = r.col + 2, i;

	cells_text(s->cells, row, r.col, sel ? ROLE_KEY : ROLE_DIM, CELL_BOLD,
		   sel	     ? "▶" :
		   t->device ? " " :
			       "▾");
	if (!t->device && !sel && scope_is_fleet(s))
		cells_text(s->cells, row, r.col, ROLE_DIM, 0, "▸");
	for (i = 0; i < C_NR; i++) {
		if (!c[i].width)
			continue;
		if (i == C_SPARK && !t->device)
			draw_spark(s, m, model_migration(m, t->migration)->source, row, col + 1,
				   c[i].width - 2);
		else if (i != C_SPARK)
			cells_field(s->cells, row, col, c[i].right ? c[i].width : c[i].width - 1,
				    c[i].right, l->role[i], t->device ? attr : CELL_BOLD,
				    l->text[i]);
		col += c[i].width;
	}
}

static void draw_head(struct scope *s, const struct column c[C_NR], struct rect r)
{
	unsigned int attr = s->focus == PANE_DEVICES ? CELL_REVERSE : 0;
	int col = r.col + 2, i;

	cells_fill(s->cells, (struct rect){ r.row, r.col, 1, r.cols }, ' ', ROLE_TITLE, attr);
	for (i = 0; i < C_NR; i++) {
		if (!c[i].width)
			continue;
		cells_field(s->cells, r.row, col, c[i].right ? c[i].width : c[i].width - 1,
			    c[i].right, ROLE_TITLE, CELL_BOLD | attr, c[i].name);
		col += c[i].width;
	}
}

#define LINES_MAX ((int)(sizeof(((struct scope *)0)->table) / sizeof(struct table_row)))

static void draw(struct scope *s, struct model *m, struct rect r)
{
	int width[C_NR], i, rows = r.rows - 1, n = 0;
	struct table_line *lines;
	size_t first = 0, at = 0, k;
	struct column c[C_NR];
	char more[64];

	s->sparks = SPARKS_MAX;
	choose_columns(s, r.cols, c);
	for (i = 0; i < C_NR; i++)
		width[i] = c[i].width > 1 ? c[i].width - 1 : 12;
	for (k = 0; k < s->n_rows; k++)
		if (scope_row_selected(s, m, &s->rowlist[k]))
			at = k;
	rows = rows < LINES_MAX ? rows : LINES_MAX;
	/* The selected one is in sight. */
	if (rows > 0 && at >= (size_t)rows)
		first = at - (size_t)rows + 1;
	lines = rows > 0 ? calloc((size_t)rows, sizeof(*lines)) : NULL;
	for (; lines && n < rows && first + (size_t)n < s->n_rows; n++) {
		const struct table_row *t = &s->rowlist[first + (size_t)n];

		if (t->device)
			table_device(s, m, width, t, &lines[n]);
		else
			table_migration(s, m, width, model_migration(m, t->migration), &lines[n]);
		s->table[n] = *t;
	}
	fit_columns(s, lines, n, r.cols, c);
	draw_head(s, c, r);
	s->table_row = r.row + 1;
	s->table_n = n;
	for (i = 0; i < n; i++)
		draw_line(s, m, c, r.row + 1 + i, r, &s->table[i], &lines[i]);
	free(lines);
	if (rows > 0 && s->n_rows > (size_t)rows && r.cols > 120) {
		snprintf(more, sizeof(more), " %zu of %zu ", at + 1, s->n_rows);
		cells_text(s->cells, r.row, r.col + r.cols - cells_width(more), ROLE_DIM, 0, more);
	}
	if (!n && scope_is_fleet(s) && rows > 0)
		cells_field(s->cells, r.row + 1, r.col + 2, r.cols - 2, false, ROLE_DIM, 0,
			    "no migration has these words; F and Enter shows all");
}

static void click(struct scope *s, int row, int col)
{
	struct model *m = scope_model(s);
	const struct table_row *r;

	(void)col;
	if (row < s->table_row || row >= s->table_row + s->table_n)
		return;
	r = &s->table[row - s->table_row];
	if (r->device)
		scope_pin(s, r->side, r->device);
	else if (m && r->migration <= model_migrations(m))
		scope_pin_migration(s, m, model_migration(m, r->migration));
}

/* From all migrations into one; from there to all of a device, which is its page. */
static bool enter(struct scope *s)
{
	struct model *m = scope_model(s);
	const struct migration *g;

	if (!m || !scope_is_fleet(s))
		return false;
	g = scope_migration(s, m);
	if (!g)
		return false;
	scope_pin_migration(s, m, g);
	s->level = LEVEL_MIGRATION;
	s->fit = FIT_MIGRATION;
	return true;
}

const struct pane pane_devices = {
	.name = "devices",
	.place = PLACE_TABLE,
	.least = 2,
	.draw = draw,
	.click = click,
	.enter = enter,
	.page = device_page,
	.step = scope_step_row,
};
