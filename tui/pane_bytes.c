// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_bytes.c - the bytes that are left over time, on a logarithmic axis, with
 * the device's states, the marks and the throughput below
 *
 * Two areas stand on the axis, the lower one in front, so that megabytes of
 * dirty data show beside gigabytes of initial data.  Between a column's least
 * and its greatest value the area is lighter: no spike is averaged away.
 */
#include <string.h>

#include "tui/axis.h"
#include "tui/internal.h"

#define AXIS 7 /* columns of the axis and its labels */

/* The most that was left of what the columns know. */
static uint64_t most_left(const struct store_column *c, int n)
{
	uint64_t max = 0;
	int i;

	for (i = 0; i < n; i++) {
		if (!c[i].has_left)
			continue;
		if (c[i].initial_max > max)
			max = c[i].initial_max;
		if (c[i].rest_max > max)
			max = c[i].rest_max;
	}
	return max;
}

/* Of all devices of its side, that one device can be held against another. */
static uint64_t most_of_side(struct scope *s, struct model *m, int n)
{
	const struct side *x = scope_side(s, m);
	uint64_t max = 0, here;
	uint32_t i;

	for (i = 0; x && x->direction == DIR_SAVE && i < x->n_devices && i < 64; i++) {
		store_columns(s->store, model_side_device(m, x->id, i)->device, s->from_ns,
			      s->to_ns, (unsigned int)n, s->columns);
		here = most_left(s->columns, n);
		max = here > max ? here : max;
	}
	return max;
}

/* The glyph of a cell filled up to @part of @steps, of area @dirty or initial. */
static uint32_t area_glyph(const struct scope *s, int part, int steps, bool dirty, bool light)
{
	/* dots filled from below; dirty every other dot */
	static const uint32_t full[] = { 0x2800, 0x28c0, 0x28e4, 0x28f6, 0x28ff };
	static const uint32_t sparse[] = { 0x2800, 0x2840, 0x2860, 0x2862, 0x286a };

	if (part <= 0)
		return ' ';
	switch (s->opt.glyphs) {
	case GLYPHS_ASCII:
		return light ? '.' : dirty ? ':' : '#';
	case GLYPHS_BRAILLE:
		part = part * 4 / steps;
		return light || dirty ? sparse[part ? part : 1] : full[part ? part : 1];
	default:
		if (light)
			return 0x2591;
		if (dirty)
			return 0x2592;
		return lane_block(s, part * 8 / steps ? part * 8 / steps : 1);
	}
}

static void draw_cell(struct scope *s, int row, int col, int base, int steps, const int h[4],
		      bool later)
{
	/* h: initial min and max, dirty min and max, in steps above the foot */
	bool dirty_front = h[3] <= h[1];
	int front_lo = dirty_front ? h[2] : h[0], front_hi = dirty_front ? h[3] : h[1];
	int back_lo = dirty_front ? h[0] : h[2], back_hi = dirty_front ? h[1] : h[3];
	bool dirty, light;
	int top;

	if (front_hi > base && front_hi > 0) {
		dirty = dirty_front;
		light = front_lo <= base;
		top = light ? front_hi : front_lo;
		/* where the front ends inside the cell the back shows through */
		if (front_hi - base < steps && back_hi - base >= steps) {
			dirty = !dirty_front;
			light = back_lo <= base;
			top = back_hi;
		}
	} else if (back_hi > base) {
		dirty = !dirty_front;
		light = back_lo <= base;
		top = light ? back_hi : back_lo;
	} else {
		return;
	}
	top -= base;
	if (top > steps)
		top = steps;
	cells_put(s->cells, row, col, area_glyph(s, top, steps, dirty, light),
		  later ? ROLE_DIM :
		  dirty ? ROLE_DIRTY :
			  ROLE_INITIAL,
		  light || later ? CELL_DIM : 0);
}

static void draw_areas(struct scope *s, const struct scale *sc, struct rect r,
		       const struct store_column *c, int n)
{
	int i, row, h[4], now = lane_column(s, s->cursor_ns, n);

	/* What comes after the moment that all else is about stands back. */
	if (now < 0)
		now = s->cursor_ns < s->from_ns ? -1 : n;

	for (i = 0; i < n; i++) {
		if (!c[i].has_left)
			continue;
		h[0] = scale_height(sc, c[i].initial_min);
		h[1] = scale_height(sc, c[i].initial_max);
		h[2] = scale_height(sc, c[i].rest_min);
		h[3] = scale_height(sc, c[i].rest_max);
		for (row = 0; row < sc->rows; row++)
			draw_cell(s, r.row + sc->rows - 1 - row, r.col + i, row * sc->steps,
				  sc->steps, h, i > now);
	}
}

static void draw_axis(struct scope *s, const struct scale *sc, struct rect r)
{
	char label[UNITS_LEN];
	int row;

	for (row = 0; row < sc->rows; row++) {
		bool told = row % 2 == 0;

		if (told) {
			scale_label(sc, row, label);
			cells_field(s->cells, r.row + row, r.col, AXIS - 1, true, ROLE_DIM, 0,
				    label);
		}
		cells_put(s->cells, r.row + row, r.col + AXIS - 1, told ? 0x2524 : 0x2502, ROLE_DIM,
			  0);
	}
}

static void draw_marks(struct scope *s, int row, int col, const struct store_column *c, int n)
{
	size_t k;
	int i;

	cells_field(s->cells, row, col - AXIS, AXIS - 1, true, ROLE_DIM, 0, "marks");
	for (i = 0; i < n; i++) {
		uint32_t f = c[i].flags;

		/* The worst of a column is shown. */
		if (f & COLUMN_ERROR)
			cells_put(s->cells, row, col + i, 'X', ROLE_BAD, CELL_BOLD);
		else if (f & COLUMN_LOSS)
			cells_put(s->cells, row, col + i, 'L', ROLE_BAD, CELL_BOLD);
		else if (f & COLUMN_SWITCH)
			cells_put(s->cells, row, col + i, 'S', ROLE_WARN, CELL_BOLD);
		else if (f & COLUMN_REINIT)
			cells_put(s->cells, row, col + i, 'R', ROLE_WARN, CELL_BOLD);
		else if (f & COLUMN_MARK)
			cells_put(s->cells, row, col + i, 'm', ROLE_MARK, CELL_BOLD);
		else if (f & COLUMN_ENOMSG)
			cells_put(s->cells, row, col + i, 'o', ROLE_MARK, 0);
	}
	for (k = 0; k < s->n_marks; k++) {
		i = lane_column(s, s->marks[k].t_ns, n);
		if (i >= 0)
			cells_put(s->cells, row, col + i, 'm', ROLE_MARK, CELL_BOLD);
	}
}

/* Times in round steps; of relative ones the trace's begin is 0. */
static void draw_times(struct scope *s, int row, int col, int n)
{
	bool wall = s->opt.time == TIME_WALL, mono = s->opt.time == TIME_MONO;
	uint64_t zero = mono ? 0 : store_first_ns(s->store), step, t, real = 0;
	char label[UNITS_LEN], day[UNITS_LEN];
	int at, w, next = 0;

	if (wall) {
		real = model_realtime_ns(store_model(s->store), s->from_ns);
		wall = real != 0;
	}
	step = axis_step(s->to_ns - s->from_ns, n > 90 ? 6 : 4);
	cells_field(s->cells, row, col - AXIS, AXIS - 1, true, ROLE_DIM, 0, wall ? "UTC" : "time");
	/* A round time of day is one whatever the clock began with. */
	if (wall)
		zero = s->from_ns - real % step;
	t = s->from_ns > zero ? zero + (s->from_ns - zero + step - 1) / step * step : zero;
	for (; t <= s->to_ns && t != UINT64_MAX; t = axis_next(t, step, s->to_ns)) {
		at = lane_column(s, t, n);
		if (at < 0)
			continue;
		if (wall)
			snprintf(label, sizeof(label), "%.*s", step < 1000000000 ? 12 : 8,
				 units_clock(day, model_realtime_ns(store_model(s->store), t)));
		else
			axis_time(label, t - zero, step);
		w = cells_width(label) + 1;
		if (at < next || at + w > n)
			continue;
		cells_put(s->cells, row, col + at, 0x2514, ROLE_DIM, 0);
		cells_text(s->cells, row, col + at + 1, ROLE_DIM, 0, label);
		next = at + w + 1;
	}
}

/* How long the axis is, and the calls of the session up to the cursor. */
static void draw_calls(struct scope *s, const struct session *g, int row, int col)
{
	char c[UNITS_LEN], d[UNITS_LEN], e[UNITS_LEN], text[256];
	bool save = g && g->direction == DIR_SAVE;
	uint64_t calls = !g ? 0 : save ? g->reads : g->writes;
	size_t len;

	cells_field(s->cells, row, col - AXIS, AXIS - 1, true, ROLE_DIM, 0, "shown");
	snprintf(text, sizeof(text), "%s", units_duration(c, s->to_ns - s->from_ns));
	if (calls) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "; so far %s %s%s%s%s%s%s%s",
			 units_count(c, calls), save ? "read" : "write", plural(calls),
			 save ? ", " : "", save ? units_count(d, g->enomsg) : "",
			 save ? " ENOMSG" : "", g->io_measured ? ", p99 " : "",
			 g->io_measured ? units_duration(e, g->io_p99_ns) : "");
	}
	cells_text(s->cells, row, col, ROLE_DIM, 0, text);
}

static void cursor_line(struct scope *s, struct rect r, int n)
{
	int col = lane_column(s, s->cursor_ns, n), row;

	if (col < 0)
		return;
	for (row = r.row; row < r.row + r.rows; row++) {
		struct cell *at = &s->cells->at[row * s->cells->cols + r.col + col];

		if (at->ch == ' ')
			cells_put(s->cells, row, r.col + col, 0x2502, ROLE_KEY, CELL_BOLD);
		else
			at->attr |= CELL_REVERSE;
	}
}

/* The number that all is about, where the cursor stands. */
static void cursor_label(struct scope *s, struct model *m, struct rect r, int n)
{
	const struct session *g = scope_session(s, m);
	int col = lane_column(s, s->cursor_ns, n), w;
	enum left_source source;
	uint64_t left = session_left(g, &source);
	char a[UNITS_LEN], what[UNITS_LEN + 16], text[UNITS_LEN + 32];

	if (col < 0)
		return;
	if (left != MODEL_NONE)
		snprintf(what, sizeof(what), "%s %s", scope_size(s, a, left),
			 g->ended && !g->eof ? "unread" : "left");
	else if (!g)
		snprintf(what, sizeof(what), "not migrating yet");
	else
		return;
	snprintf(text, sizeof(text), "◀ now: %s", what);
	w = cells_width(text);
	if (col + w < n) {
		cells_text(s->cells, r.row, r.col + col + 1, ROLE_KEY, CELL_BOLD, text);
		return;
	}
	snprintf(text, sizeof(text), "now: %s ▶", what);
	if (col >= w)
		cells_text(s->cells, r.row, r.col + col - w, ROLE_KEY, CELL_BOLD, text);
}

/*
 * A destination does not know what is left, and a source's VMM need not ask: the
 * rate is what there is to see.  Bytes per second into the initial area.
 */
static bool rates_instead(struct scope *s, struct store_column *c, int n)
{
	double seconds = (double)(s->to_ns - s->from_ns) / n / 1e9;
	bool any = false;
	int i;

	for (i = 0; i < n; i++) {
		c[i].has_left = c[i].bytes != 0;
		c[i].initial_min = c[i].initial_max = sat_u64((double)c[i].bytes / seconds);
		c[i].rest_min = c[i].rest_max = 0;
		any |= c[i].bytes != 0;
	}
	return any;
}

static void say_nothing(struct scope *s, struct rect r)
{
	struct model *all = store_model(s->store);

	cells_field(s->cells, r.row + r.rows / 2, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
		    scope_session(s, all) ?
			    "nothing was read or written in this stretch; 0 fits the axis" :
		    scope_migration(s, all) ? "it ended before anything could be read or written" :
					      "this device has not migrated");
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	bool ascii = s->opt.glyphs == GLYPHS_ASCII, braille = s->opt.glyphs == GLYPHS_BRAILLE;
	int n = r.cols - AXIS - 1, extra, steps = ascii ? 1 : braille ? 4 : 8;
	char dev[NAME_LEN];
	struct rect plot;
	struct scale sc;
	uint64_t max;
	bool any, told = false;

	if (n > PLOT_COLS_MAX)
		n = PLOT_COLS_MAX;
	if (n < 4)
		return;
	/* states, marks, throughput, times, calls: what there is room for */
	extra = r.rows >= 10 ? 5 : r.rows >= 9 ? 4 : r.rows >= 7 ? 3 : 2;
	plot = (struct rect){ r.row + 1, r.col + AXIS, r.rows - 1 - extra, n };
	s->plot = plot;
	if (!s->device) {
		pane_title(s, PANE_BYTES, r, "BYTES LEFT", "no device");
		return;
	}
	scope_device_name(m, s->device, r.cols < 100 ? 13 : 20, dev);
	max = most_of_side(s, m, n);
	store_columns(s->store, s->device, s->from_ns, s->to_ns, (unsigned int)n, s->columns);
	any = most_left(s->columns, n) > 0;
	if (any) {
		scale_fit(&sc, max ?: most_left(s->columns, n), plot.rows, steps);
		enum left_source source;

		told = true;
		session_left(scope_session(s, m), &source);
		/* MIG_DATA_SIZE does not tell dirty bytes from those that only STOP_COPY gives. */
		pane_title(s, PANE_BYTES, r, "BYTES LEFT",
			   r.cols >= 76 ? "%s %s initial %s %s  o empty R reinit S switch" :
			   r.cols >= 66 ? "%s %s initial %s %s  o empty S switch" :
					  "%s %s initial %s %s",
			   dev,
			   ascii   ? "#" :
			   braille ? "⣿" :
				     "█",
			   ascii   ? ":" :
			   braille ? "⡪" :
				     "▒",
			   source == LEFT_DATA_SIZE ? "rest" : "dirty");
	} else if (rates_instead(s, s->columns, n)) {
		any = true;
		scale_fit(&sc, most_left(s->columns, n), plot.rows, steps);
		pane_title(s, PANE_BYTES, r, "BYTES MOVED", "%s per second, log scale", dev);
	} else {
		pane_title(s, PANE_BYTES, r, "BYTES LEFT", "%s", dev);
	}
	if (any) {
		draw_axis(s, &sc, (struct rect){ plot.row, r.col, plot.rows, AXIS });
		draw_areas(s, &sc, plot, s->columns, n);
	} else {
		say_nothing(s, (struct rect){ plot.row, plot.col, plot.rows, n });
	}
	cells_field(s->cells, plot.row + plot.rows, r.col, AXIS - 1, true, ROLE_DIM, 0, "state");
	lane_states(s, s->device, plot.row + plot.rows, plot.col, n);
	draw_marks(s, plot.row + plot.rows + 1, plot.col, s->columns, n);
	if (extra > 2) {
		cells_field(s->cells, plot.row + plot.rows + 2, r.col, AXIS - 1, true, ROLE_DIM, 0,
			    "moved");
		lane_moved(s, plot.row + plot.rows + 2, plot.col, s->columns, n);
	}
	if (extra > 3)
		draw_times(s, plot.row + plot.rows + 3, plot.col, n);
	if (extra > 4)
		draw_calls(s, scope_session(s, m), plot.row + plot.rows + 4, plot.col);
	plot.rows += extra > 3 ? 3 : extra;
	cursor_line(s, plot, n);
	if (told)
		cursor_label(s, m, plot, n);
}

static void click(struct scope *s, int row, int col)
{
	const struct rect *plot = &s->plot;

	(void)row;
	if (col < plot->col || col >= plot->col + plot->cols)
		return;
	scope_seek_time(s, s->from_ns + sat_scale(s->to_ns - s->from_ns,
						  2 * (uint64_t)(col - plot->col) + 1,
						  2 * (uint64_t)plot->cols));
}

const struct pane pane_bytes = {
	.name = "bytes",
	.place = PLACE_MAIN,
	.least = 6,
	.draw = draw,
	.click = click,
	.page = device_page,
	.wheel_zooms = true,
};
