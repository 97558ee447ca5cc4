// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_sides.c - source and destination on one axis, the downtime across both; or two
 * migrations, one below the other
 */
#include <errno.h>
#include <string.h>

#include "tui/axis.h"
#include "tui/internal.h"

#define NAME 15 /* columns in front of a lane */

static void merge(struct store_column *sum, const struct store_column *c, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		sum[i].bytes += c[i].bytes;
		sum[i].calls += c[i].calls;
	}
}

/* A lane per device, as many as have room, then what all of them moved.  The next row. */
static int draw_side(struct scope *s, struct model *m, struct rect r, int row, uint32_t id, int n,
		     int rows)
{
	const struct side *x = model_side(m, id);
	struct store_column sum[PLOT_COLS_MAX];
	char name[NAME_LEN], a[UNITS_LEN];
	int end = row + rows;
	uint32_t i, device;

	if (rows < 1)
		return row;
	memset(sum, 0, sizeof(sum));
	for (i = 0; i < x->n_devices; i++) {
		device = model_side_device(m, id, i)->device;
		store_columns(s->store, device, s->from_ns, s->to_ns, (unsigned int)n, s->columns);
		merge(sum, s->columns, n);
		if (row + 1 >= end)
			continue;
		cells_field(s->cells, row, r.col + 1, NAME - 2, false,
			    device == s->device ? ROLE_KEY : ROLE_TEXT, 0,
			    scope_device_name(m, device, NAME - 2, name));
		lane_states(s, device, row++, r.col + NAME, n);
	}
	snprintf(name, sizeof(name), "%s %s", x->direction == DIR_SAVE ? "read" : "wrote",
		 scope_size(s, a, x->bytes_total));
	cells_field(s->cells, row, r.col + 1, NAME - 1, false, ROLE_DIM, 0, name);
	lane_moved(s, row++, r.col + NAME, sum, n);
	return row;
}

/* From the first arc of the stop until the VM ran again, through all lanes. */
static void draw_downtime(struct scope *s, const struct migration *g, struct rect r, int row,
			  int first, int last, int n)
{
	uint64_t from = g->stop.start_ns, ns, to;
	char a[UNITS_LEN], text[UNITS_LEN + 32];
	int at, end, k, w;
	bool whole = g->downtime_ns != MODEL_NONE;

	if (from == MODEL_NONE) {
		cells_text(s->cells, row, r.col + 1, ROLE_DIM, 0, "no stop yet");
		return;
	}
	ns = whole ? g->downtime_ns : g->stop.total_ns;
	to = from + ns;
	cells_field(s->cells, row, r.col + 1, NAME - 2, false, ROLE_WARN, CELL_BOLD,
		    whole ? "downtime" : "stop");
	if (to < s->from_ns || from > s->to_ns)
		return;
	at = lane_column(s, from < s->from_ns ? s->from_ns : from, n);
	end = lane_column(s, to > s->to_ns ? s->to_ns : to, n);
	for (k = at; k <= end; k++)
		cells_put(s->cells, row, r.col + NAME + k, 0x2588, ROLE_WARN, 0);
	snprintf(text, sizeof(text), " %s%s", units_duration(a, ns),
		 whole	  ? "" :
		 g->ended ? "" :
			    " so far");
	w = cells_width(text);
	/* Behind the bar, or in front of it where there is no room. */
	cells_text(s->cells, row,
		   r.col + NAME +
			   (end + w < n ? end + 1 :
			    at > w	? at - w - 1 :
					  0),
		   ROLE_WARN, CELL_BOLD, text);
	for (k = first; k < last; k++) {
		if (k == row)
			continue;
		cells_attr(s->cells, (struct rect){ k, r.col + NAME + at, 1, 1 }, CELL_REVERSE);
		cells_attr(s->cells, (struct rect){ k, r.col + NAME + end, 1, 1 }, CELL_REVERSE);
	}
}

static void draw_sides(struct scope *s, struct model *m, const struct migration *g, struct rect r)
{
	int n = r.cols - NAME - 1, row = r.row + 1, half = (r.rows - 3) / 2, middle, cur, k;

	if (n > PLOT_COLS_MAX)
		n = PLOT_COLS_MAX;
	if (n < 4)
		return;
	pane_title(s, PANE_SIDES, r, "SIDES", "source above, destination below, on one axis");
	if (g->source)
		row = draw_side(s, m, r, row, g->source, n, half);
	else
		cells_text(s->cells, row++, r.col + 1, ROLE_DIM, 0, joined_why_text(g->joined.why));
	middle = row++;
	if (g->destination)
		row = draw_side(s, m, r, row, g->destination, n, r.row + r.rows - row);
	else
		cells_field(s->cells, row++, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    joined_why_text(g->joined.why));
	draw_downtime(s, g, r, middle, r.row + 1, row, n);
	cur = lane_column(s, s->cursor_ns, n);
	for (k = r.row + 1; cur >= 0 && k < row; k++)
		cells_attr(s->cells, (struct rect){ k, r.col + NAME + cur, 1, 1 },
			   CELL_REVERSE | CELL_BOLD);
}

/* ---- two migrations ---- */

/* Where both are put on top of each other. */
static uint64_t anchor(const struct scope *s, const struct migration *g)
{
	return s->ab_switch && g->stop.start_ns != MODEL_NONE ? g->stop.start_ns : g->begin_ns;
}

/* What was left of all its devices, as an area of @rows. */
static void draw_left(struct scope *s, struct model *m, const struct side *x, struct rect r,
		      uint64_t from, uint64_t to, uint64_t max)
{
	struct store_column sum[PLOT_COLS_MAX];
	struct scale sc;
	int i, k, h;
	uint32_t d;

	memset(sum, 0, sizeof(sum));
	for (d = 0; d < x->n_devices; d++) {
		store_columns(s->store, model_side_device(m, x->id, d)->device, from, to,
			      (unsigned int)r.cols, s->columns);
		for (i = 0; i < r.cols; i++)
			if (s->columns[i].has_left)
				sum[i].rest_max += s->columns[i].initial_max +
						   s->columns[i].rest_max;
	}
	scale_fit(&sc, max, r.rows, 8);
	for (i = 0; i < r.cols; i++) {
		h = scale_height(&sc, sum[i].rest_max);
		for (k = 0; k < r.rows && h > 0; k++, h -= 8)
			cells_put(s->cells, r.row + r.rows - 1 - k, r.col + i,
				  s->opt.glyphs == GLYPHS_ASCII ? '#' : lane_block(s, h > 8 ? 8 : h),
				  ROLE_INITIAL, 0);
	}
}

static uint64_t most_left(struct scope *s, struct model *m, const struct side *x)
{
	uint64_t sum = 0;
	uint32_t d;

	for (d = 0; d < x->n_devices; d++) {
		store_columns(s->store, model_side_device(m, x->id, d)->device, x->begin_ns,
			      x->end_ns + 1, 1, s->columns);
		if (s->columns[0].has_left)
			sum = sat_add(sum,
				      sat_add(s->columns[0].initial_max, s->columns[0].rest_max));
	}
	return sum;
}

static void figures(struct scope *s, struct model *m, const struct migration *g, int row, int col,
		    char sign, int width)
{
	const struct side *own = model_side(m, g->source ? g->source : g->destination);
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], vm[NAME_LEN], text[512];
	enum stop_kind kind;
	unsigned int role;
	uint64_t stop = scope_stop_ns(s, m, g, &kind);
	const char *does = scope_does(g->source != 0, g->ended, g->outcome, &role);

	snprintf(text, sizeof(text), "%c: migration %u %s %s; %s in %s; %s %s", sign, g->id,
		 g->vm ? safe_name(vm, g->vm) : "", does, scope_size(s, a, own->bytes_total),
		 units_duration(b, g->end_ns - g->begin_ns),
		 g->downtime_ns != MODEL_NONE ? "downtime" : "stop",
		 stop == MODEL_NONE ? "none" : units_duration(c, stop));
	cells_field(s->cells, row, col, width, false, role == ROLE_BAD ? ROLE_BAD : ROLE_TEXT,
		    CELL_BOLD, text);
}

static void draw_ab(struct scope *s, struct model *m, struct rect r)
{
	const struct migration *g[2];
	uint64_t before = 0, after = 1, at[2], max = 0, most, step, t;
	int rows = (r.rows - 2) / 2 - 1, n = r.cols - 3, i, row = r.row + 1;
	const struct side *x[2];
	char a[UNITS_LEN];

	pane_title(s, PANE_SIDES, r, "A AND B", "on top of each other %s  (:ab ends)",
		   s->ab_switch ? "at their stop" : "at their begin");
	for (i = 0; i < 2; i++) {
		g[i] = scope_migration_of(m, s->ab[i]);
		if (!g[i]) {
			cells_printf(s->cells, row, r.col + 1, ROLE_DIM, 0,
				     "%c is not yet there at this moment", 'A' + i);
			return;
		}
		x[i] = model_side(m, g[i]->source ? g[i]->source : g[i]->destination);
		at[i] = anchor(s, g[i]);
		before = at[i] - g[i]->begin_ns > before ? at[i] - g[i]->begin_ns : before;
		after = g[i]->end_ns - at[i] > after ? g[i]->end_ns - at[i] : after;
		most = most_left(s, m, x[i]);
		max = most > max ? most : max;
	}
	if (n > PLOT_COLS_MAX)
		n = PLOT_COLS_MAX;
	for (i = 0; i < 2 && rows > 0 && n > 8; i++) {
		struct rect plot = { row + 1, r.col + 2, rows, n };

		figures(s, m, g[i], row, r.col + 1, (char)('A' + i), r.cols - 2);
		if (max && at[i] >= before)
			draw_left(s, m, x[i], plot, at[i] - before, at[i] + after, max);
		row += rows + 1;
	}
	step = axis_step(before + after, 5);
	for (t = before % step; t != UINT64_MAX; t = axis_next(t, step, before + after)) {
		int col = (int)sat_scale(t, (uint64_t)n, before + after + 1);

		axis_time(a, t > before ? t - before : before - t, step);
		if (col + cells_width(a) + 2 < n)
			cells_printf(s->cells, row, r.col + 2 + col, ROLE_DIM, 0, "└%s%s",
				     t < before ? "-" :
				     t > before ? "+" :
						  "",
				     a);
	}
}

int scope_ab(struct scope *s, const char *arg)
{
	struct model *m = store_model(s->store);
	const struct migration *g, *now;
	char at[16] = "";
	uint32_t n[2] = { 0 };
	uint64_t end = 0;
	int i, got;

	s->ab[0] = s->ab[1] = 0;
	if (!arg)
		return 0;
	got = sscanf(arg, "%u %u %15s", &n[0], &n[1], at);
	if (got < 2 && sscanf(arg, "%u %15s", &n[0], at) < 1)
		n[0] = 0;
	now = scope_migration(s, m);
	if (got < 2 && now) {
		/* One number: that one beside the one on the screen. */
		n[1] = n[0];
		n[0] = now->id;
	}
	if (*at && strcmp(at, "begin") && strcmp(at, "stop")) {
		scope_say(s, true,
			  "ab N [M] [begin|stop]: two migrations, by the numbers of 'report'");
		return -EINVAL;
	}
	for (i = 0; i < 2; i++) {
		if (!n[i] || n[i] > model_migrations(m)) {
			scope_say(s, true, "there %s %u migration%s to compare",
				  model_migrations(m) == 1 ? "is" : "are", model_migrations(m),
				  plural(model_migrations(m)));
			s->ab[0] = 0;
			return -EINVAL;
		}
		g = model_migration(m, n[i]);
		s->ab[i] = g->source ? g->source : g->destination;
		end = g->end_ns > end ? g->end_ns : end;
	}
	s->ab_switch = !strcmp(at, "stop");
	/* Both are to be there. */
	if (s->cursor_ns < end) {
		scope_remember(s);
		scope_seek_time(s, end);
	}
	s->focus = s->main = PANE_SIDES;
	s->focused = true;
	return 0;
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	const struct migration *g = scope_migration(s, m);

	if (s->ab[0] && s->ab[1]) {
		draw_ab(s, m, r);
	} else if (g) {
		draw_sides(s, m, g, r);
	} else {
		pane_title(s, PANE_SIDES, r, "SIDES", "no migration yet");
	}
}

const struct pane pane_sides = {
	.name = "sides",
	.place = PLACE_MAIN,
	.least = 6,
	.draw = draw,
	.page = device_page,
	.wheel_zooms = true,
};
