// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_downtime.c - where the stop went, or what it would cost now
 */
#include <string.h>

#include "tui/internal.h"
#include "view/downtime.h"

#define NAME	15	    /* columns of a row's name */
#define BAR	(NAME + 17) /* where bars begin */
#define BAR_MAX 60

/* Rows that are drawn one below the other, as long as there is room. */
struct rows {
	struct scope *s;
	struct rect r;
	int row, width;	     /* the next row; columns of a full bar */
	const char *nothing; /* what is said of a part that is not there */
	uint64_t total;
};

static void rows_begin(struct rows *w, struct scope *s, struct rect r, uint64_t total)
{
	w->s = s;
	w->nothing = "not seen";
	w->r = r;
	w->row = r.row + 1;
	w->total = total;
	w->width = r.cols - BAR - 1;
	if (w->width > BAR_MAX)
		w->width = BAR_MAX;
}

static bool rows_left(const struct rows *w)
{
	return w->row < w->r.row + w->r.rows;
}

static int part_of(const struct rows *w, uint64_t ns)
{
	if (!w->total || w->width < 1)
		return 0;
	if (ns > w->total)
		ns = w->total;
	return (int)sat_scale(ns, (uint64_t)w->width, w->total);
}

/* Name, time and share; the bar is somebody else's. */
static void label(struct rows *w, const char *name, uint64_t ns)
{
	struct cells *c = w->s->cells;
	char a[UNITS_LEN];

	cells_field(c, w->row, w->r.col + 1, NAME, false, ROLE_TEXT, 0, name);
	if (ns == MODEL_NONE) {
		cells_text(c, w->row, w->r.col + NAME + 2, ROLE_DIM, 0, w->nothing);
		return;
	}
	cells_field(c, w->row, w->r.col + NAME + 1, 9, true, ROLE_TEXT, CELL_BOLD,
		    units_duration(a, ns));
	if (w->total)
		cells_printf(c, w->row, w->r.col + NAME + 11, ROLE_DIM, 0, "%3u %%",
			     (unsigned int)sat_percent(ns, w->total));
}

/* A bar from one moment of the whole to another; a sliver is one column. */
static void bar(struct rows *w, uint64_t from, uint64_t to, unsigned int role)
{
	int a = part_of(w, from), b = part_of(w, to), col = w->r.col + BAR;

	if (to <= from || w->width < 1)
		return;
	if (a >= w->width)
		a = w->width - 1;
	if (b > a)
		cells_fill(w->s->cells, (struct rect){ w->row, col + a, 1, b - a }, 0x2588, role,
			   0);
	else
		cells_put(w->s->cells, w->row, col + a, 0x258c, role, 0);
}

static const char *arc_name(char buf[UNITS_LEN + 8], uint32_t to)
{
	char a[UNITS_LEN];

	snprintf(buf, UNITS_LEN + 8, "→ %s", state_label(a, to));
	return buf;
}

/* The arcs of a destination's stop, each where it was: it ends with the last of them. */
static void arcs(struct rows *w, const struct session *g, int room)
{
	const struct session_window *win = &g->window;
	char name[UNITS_LEN + 8];
	uint32_t i, n = 0;

	for (i = 0; i < g->n_arcs; i++)
		n += g->arcs[i].start_ns >= win->start_ns;
	if (!n || (int)n > room || g->arcs_folded) {
		label(w, "state arcs", win->arcs_ns);
		for (i = 0; i < g->n_arcs; i++)
			if (g->arcs[i].start_ns >= win->start_ns)
				bar(w, g->arcs[i].start_ns - win->start_ns,
				    g->arcs[i].start_ns + g->arcs[i].dur_ns - win->start_ns,
				    ROLE_WARN);
		w->row++;
		return;
	}
	for (i = 0; i < g->n_arcs; i++) {
		if (g->arcs[i].start_ns < win->start_ns)
			continue;
		label(w, arc_name(name, g->arcs[i].to), g->arcs[i].dur_ns);
		bar(w, g->arcs[i].start_ns - win->start_ns,
		    g->arcs[i].start_ns + g->arcs[i].dur_ns - win->start_ns, ROLE_WARN);
		w->row++;
	}
}

/*
 * Calls are too many to be drawn one by one: a column in which one ended, and
 * those that the longest of it reached back over.
 */
static void calls(struct rows *w, const struct session *g, bool io, uint8_t busy[BAR_MAX])
{
	const struct session_window *win = &g->window;
	uint64_t each = w->width > 0 ? w->total / (uint64_t)w->width : 0;
	struct store_column *c = w->s->columns;
	int i, k, back;

	if (!each)
		return;
	store_columns(w->s->store, g->device, win->start_ns, win->start_ns + w->total,
		      (unsigned int)w->width, c);
	for (i = 0; i < w->width; i++) {
		bool any = io && c[i].calls;

		for (k = 0; !io && k < STORE_LATENCY_ROWS; k++)
			any |= c[i].heat[SK_DMA_LOG][k] != 0;
		if (!any)
			continue;
		back = io ? (int)(c[i].io_max_ns / each) : 0;
		for (k = 0; k <= back && k <= i; k++)
			busy[i - k] |= 1;
	}
}

static void busy_bar(struct rows *w, const uint8_t busy[BAR_MAX], bool invert, uint64_t upto,
		     unsigned int role)
{
	int i;

	/* What is not over yet is somebody else's. */
	for (i = 0; i < part_of(w, upto); i++)
		if (!busy[i] == invert)
			cells_put(w->s->cells, w->row, w->r.col + BAR + i, 0x2588, role, 0);
}

static void held(struct rows *w, const char *name, uint64_t low, uint64_t mid, uint64_t high,
		 uint64_t took, bool over)
{
	char a[UNITS_LEN], b[UNITS_LEN], text[3 * UNITS_LEN];

	if (mid == MODEL_NONE || !rows_left(w))
		return;
	cells_field(w->s->cells, w->row, w->r.col + 1, NAME, false, ROLE_DIM, 0, name);
	cells_field(w->s->cells, w->row, w->r.col + NAME + 1, 9, true, ROLE_TEXT, 0,
		    units_duration(a, mid));
	units_duration(a, low);
	units_duration(b, high);
	if (took > high)
		snprintf(text, sizeof(text), "exceeded: up to %s", b);
	else if (!over)
		snprintf(text, sizeof(text), "up to %s", b);
	else if (took < low)
		snprintf(text, sizeof(text), "it took less than %s", a);
	else
		snprintf(text, sizeof(text), "kept: up to %s", b);
	cells_text(w->s->cells, w->row++, w->r.col + BAR - 4, ROLE_DIM, 0, text);
}

/* What was measured beside what was forecast, each part against its own. */
static void beside_forecast(struct rows *w, const struct migration *g, const struct side *src)
{
	const struct session_window *stop = &src->stop;
	const struct stop_forecast *f = &src->forecast;
	uint64_t devices = stop->arcs_ns + stop->load_ns + stop->io_ns;

	/* A stop that was given up measures nothing that was forecast. */
	if (!f->n_devices || g->outcome == OUTCOME_FAILED ||
	    (src->ended && src->outcome != OUTCOME_COMPLETED))
		return;
	held(w, "devices, guess", f->devices_low_ns, f->devices_mid_ns, f->devices_high_ns, devices,
	     src->stop_over);
	held(w, "the rest, guess", f->rest_low_ns, f->rest_mid_ns, f->rest_high_ns,
	     stop->total_ns > devices ? stop->total_ns - devices : 0, src->stop_over);
}

static unsigned int part_role(const struct downtime_part *p)
{
	if (p->landing)
		return ROLE_STATE;
	if (!p->name || !strcmp(p->name, "state arcs"))
		return ROLE_WARN;
	if (p->who && strstr(p->who, "driver"))
		return ROLE_DIRTY;
	return p->who && strstr(p->who, "dirty") ? ROLE_MARK : ROLE_INITIAL;
}

/* Is there a row more than the @after that the parts behind need? */
static bool rows_spare(const struct rows *w, int after)
{
	return w->row + after < w->r.row + w->r.rows;
}

/* What its calls were spent on, in what room there is. */
static void say_why(struct rows *w, const struct downtime_part *p, int after)
{
	char why[WHY_SENTENCE_LEN];

	if (!rows_spare(w, after) || !part_why_sentence(&p->why, why)[0])
		return;
	cells_field(w->s->cells, w->row++, w->r.col + 3, w->r.cols - 4, false, ROLE_DIM, 0, why);
}

/* Functions within its longest call, from where the part begins: each is a share of it. */
static void say_inside(struct rows *w, const struct model *m, const struct downtime_part *p,
		       uint64_t from, int after)
{
	const struct call_why *worst = p->why.spent.any ? p->why.worst : NULL;
	const struct model_function *f;
	char name[NAME_LEN + 1];
	uint32_t i;

	for (i = 0; worst && i < worst->n_inside && rows_spare(w, after); i++) {
		f = model_function(m, worst->inside[i].function);
		if (!f)
			continue;
		name[0] = ' ';
		safe_name(name + 1, f->name);
		label(w, name, worst->inside[i].total_ns);
		bar(w, from, from + worst->inside[i].total_ns, ROLE_DIM);
		w->row++;
	}
}

/* Why there is none; of what is under way: not yet. */
static const char *no_downtime(const struct migration *g)
{
	if (g->ended)
		return downtime_why_text(g->downtime_why);
	if (g->source && !g->destination)
		return "the destination has not been seen yet";
	return g->downtime_why == DOWNTIME_NOT_RUNNING ? "the destination does not run yet" :
							 downtime_why_text(g->downtime_why);
}

/*
 * Which parts have no row of their own where there are only @rows: the shortest, which
 * are one row together.  What they come to.
 */
static uint64_t leave_out(const struct downtime_part *part, size_t n, int rows,
			  bool out[MIGRATION_PARTS_MAX])
{
	uint64_t rest = 0, ns, least_ns = 0;
	size_t i, least;
	int shown = 0;

	for (i = 0; i < n; i++) {
		out[i] = false;
		shown += part[i].ns && !part[i].share;
	}
	if (shown <= rows)
		return 0;
	for (; shown >= rows; shown--) {
		for (least = n, i = 0; i < n; i++) {
			/* What was not seen is least of all. */
			ns = part[i].ns == MODEL_NONE ? 0 : part[i].ns;
			if (!part[i].ns || part[i].share || out[i] || (least < n && ns >= least_ns))
				continue;
			least = i;
			least_ns = ns;
		}
		if (least == n)
			break;
		out[least] = true;
		rest += least_ns;
	}
	return rest;
}

/* How many rows parts and shares behind @i have. */
static int rows_after(const struct downtime_part *part, size_t n, size_t i)
{
	int rows = 0;

	while (++i < n)
		rows += part[i].ns != 0;
	return rows;
}

/*
 * The parts of the VM's downtime, or of the stop on its source: one after the other, the
 * next bar beginning where the one before ended.  False: the source stopped nothing.
 */
static bool parts(struct scope *s, struct model *m, const struct migration *g, struct rect r,
		  uint64_t pending)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(m, g, part), i, named = 0;
	const struct side *src = g->source ? model_side(m, g->source) : NULL;
	uint64_t at = 0, total = 0, share = 0, rest;
	char name[UNITS_LEN], a[UNITS_LEN];
	bool shares, out[MIGRATION_PARTS_MAX];
	struct rows w;

	if (!n)
		return false;
	for (i = 0; i < n; i++) {
		total += part[i].share || part[i].ns == MODEL_NONE ? 0 : part[i].ns;
		named += part[i].ns != 0;
	}
	pane_title(s, PANE_DOWNTIME, r, g->downtime_ns != MODEL_NONE ? "DOWNTIME" : "STOP", "%s%s",
		   units_duration(a, total + pending),
		   g->downtime_ns != MODEL_NONE ? " of the VM" :
		   scope_stop_over(g, src)	? " on the source" :
						  " so far, on the source");
	rows_begin(&w, s, r, total + pending);
	if (!scope_stop_over(g, src))
		w.nothing = "not yet";
	/* What is nothing goes first, then what only explains a part. */
	shares = (int)named + 1 <= r.rows - 1;
	rest = leave_out(part, n, r.rows - 1 - (pending != 0), out);
	for (i = 0; i < n && rows_left(&w); i++) {
		if (!part[i].ns || (part[i].share && !shares))
			continue;
		if (out[i]) {
			at += part[i].ns == MODEL_NONE ? 0 : part[i].ns;
			continue;
		}
		if (part[i].share) {
			char inner[UNITS_LEN + 2];

			snprintf(inner, sizeof(inner), " %s", downtime_part_name(&part[i], name));
			label(&w, inner, part[i].ns);
			bar(&w, share, share + part[i].ns, ROLE_DIM);
			share += part[i].ns;
			w.row++;
			continue;
		}
		label(&w, downtime_part_name(&part[i], name), part[i].ns);
		if (part[i].ns != MODEL_NONE) {
			bar(&w, at, at + part[i].ns, part_role(&part[i]));
			share = at;
			at += part[i].ns;
		}
		w.row++;
		if (shares) {
			int after = rows_after(part, n, i) + (rest != 0) + (pending != 0);

			say_why(&w, &part[i], after);
			say_inside(&w, m, &part[i], share, after);
		}
	}
	if (rest && rows_left(&w)) {
		label(&w, "all else", rest);
		w.row++;
	}
	if (rows_left(&w) && pending) {
		/* A call may be out, or none: the next event tells. */
		label(&w, "since then", pending);
		bar(&w, at, at + pending, ROLE_DIM);
		w.row++;
	}
	beside_forecast(&w, g, src);
	if (rows_left(&w) && g->downtime_ns == MODEL_NONE)
		cells_field(s->cells, w.row++, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    no_downtime(g));
	return true;
}

static void measured(struct scope *s, const struct session *g, struct rect r, uint64_t pending)
{
	const struct session_window *win = &g->window;
	bool save = g->direction == DIR_SAVE;
	uint8_t io[BAR_MAX] = { 0 }, sync[BAR_MAX] = { 0 }, any[BAR_MAX] = { 0 };
	struct rows w;
	uint32_t i;
	int k;

	rows_begin(&w, s, r, win->total_ns + pending);
	calls(&w, g, true, io);
	calls(&w, g, false, sync);
	for (k = 0; k < w.width; k++)
		any[k] = io[k] | sync[k];
	for (i = 0; i < g->n_arcs; i++)
		if (g->arcs[i].start_ns >= win->start_ns)
			for (k = part_of(&w, g->arcs[i].start_ns - win->start_ns);
			     k <
			     part_of(&w, g->arcs[i].start_ns + g->arcs[i].dur_ns - win->start_ns);
			     k++)
				any[k] = 1;
	/* Five rows are for the rest. */
	arcs(&w, g, r.rows - 1 - 5);
	if (rows_left(&w)) {
		label(&w, save ? "in read()" : "in write()", win->io_ns);
		busy_bar(&w, io, false, win->total_ns, ROLE_DIRTY);
		w.row++;
	}
	if (rows_left(&w) && (win->dirty_sync_ns || r.rows > 9)) {
		label(&w, "dirty sync", win->dirty_sync_ns);
		if (win->dirty_sync_ns)
			busy_bar(&w, sync, false, win->total_ns, ROLE_MARK);
		w.row++;
	}
	if (rows_left(&w)) {
		label(&w, "outside: VMM", win->outside_ns);
		if (win->outside_ns)
			busy_bar(&w, any, true, win->total_ns, ROLE_INITIAL);
		w.row++;
	}
	if (rows_left(&w)) {
		label(&w, "unattributed", win->unattributed_ns);
		w.row++;
	}
	if (rows_left(&w) && pending) {
		/* A call may be out, or none: the next event tells. */
		label(&w, "since then", pending);
		bar(&w, win->total_ns, win->total_ns + pending, ROLE_DIM);
		w.row++;
	}
}

/* "1.10 GiB/s", or "not known". */
static const char *rate(struct scope *s, char buf[UNITS_LEN], uint64_t bps)
{
	if (bps == MODEL_NONE)
		return strcpy(buf, "not known");
	scope_size(s, buf, bps);
	if (strlen(buf) + 3 < UNITS_LEN)
		strcat(buf, "/s");
	return buf;
}

static void part(struct rows *w, const char *name, uint64_t ns, uint64_t *at, unsigned int role)
{
	if (!rows_left(w))
		return;
	label(w, name, ns);
	if (ns != MODEL_NONE) {
		bar(w, *at, *at + ns, role);
		*at += ns;
	}
	w->row++;
}

/* What a stop of the VM would take now: the devices' part, the rest, and of the device why. */
static void forecast(struct scope *s, struct model *m, uint32_t side, const struct session *g,
		     struct rect r)
{
	uint64_t budget = judge_options(s->judge)->max_stop_window_ns, at = 0, sum, low, high;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	int end = r.row + r.rows, row = r.row + 1;
	struct stop_forecast v;
	struct forecast f;
	bool whole, waves;
	struct rows w;

	forecast_side(m, side, model_last_ns(m), &v);
	if (v.n_devices && v.devices_mid_ns != MODEL_NONE) {
		whole = stop_forecast_total(&v, &low, &sum, &high);
		/* The devices' part alone is no total. */
		pane_title(s, PANE_DOWNTIME, r, "IF STOPPED NOW",
			   r.cols >= 60 ? "%s%s (%s to %s)" : "%s%s", whole ? "≈" : "devices ≈",
			   units_duration(a, sum), units_duration(b, low), units_duration(c, high));
		rows_begin(&w, s, r, sum);
		w.nothing = "not known";
		part(&w, v.n_devices == 1 ? "the device" : "the devices", v.devices_mid_ns, &at,
		     ROLE_DIRTY);
		part(&w, "VMM, network", v.rest_mid_ns, &at, ROLE_INITIAL);
		row = w.row;
		if (row < end && budget)
			cells_printf(s->cells, row++, r.col + 1,
				     sum > budget ? ROLE_BAD :
				     whole	  ? ROLE_GOOD :
						    ROLE_TEXT,
				     CELL_BOLD, "budget        %s %s", units_duration(a, budget),
				     sum > budget  ? "would be EXCEEDED" :
				     !whole	   ? "cannot be said" :
				     high > budget ? "likely kept" :
						     "kept");
		if (row < end && v.samples)
			cells_printf(s->cells, row++, r.col + 1, ROLE_DIM, 0, "from %s (%u)",
				     forecast_basis_text(v.basis), v.samples);
		else if (row < end)
			cells_printf(s->cells, row++, r.col + 1, ROLE_DIM, 0, "from %s",
				     forecast_basis_text(v.basis) ?: "");
	} else {
		pane_title(s, PANE_DOWNTIME, r, "IF STOPPED NOW", "nothing to go by yet");
	}
	forecast_session(m, g->id, model_last_ns(m), &f);
	/* What comes in waves that are each read out gets dirty faster than it is read. */
	waves = f.trend == TREND_CONVERGING && f.read_bps != MODEL_NONE &&
		f.dirty_bps >= f.read_bps;
	rate(s, a, f.read_bps);
	rate(s, b, f.dirty_bps);
	if (row < end && f.read_bps == MODEL_NONE)
		cells_text(s->cells, row++, r.col + 1, ROLE_TEXT, 0,
			   "how fast it gets dirty was not told yet");
	else if (row < end && waves)
		cells_printf(s->cells, row++, r.col + 1, ROLE_TEXT, 0,
			     "gets dirty in waves, %s in all", b);
	else if (row < end)
		cells_printf(s->cells, row++, r.col + 1, ROLE_TEXT, 0, "read %s, dirtied %s", a, b);
	if (row < end)
		cells_text(s->cells, row++, r.col + 1,
			   f.trend == TREND_NOT_CONVERGING ? ROLE_WARN : ROLE_TEXT, CELL_BOLD,
			   f.trend == TREND_DONE ?
				   "nothing is left: it waits" :
			   f.trend == TREND_CONVERGING ?
				   waves ? "converging: each wave is read out in full" :
					   "converging: read faster than dirtied" :
			   f.trend == TREND_UNKNOWN ? "whether it converges cannot be said yet" :
			   r.cols >= 52 ? "NOT CONVERGING: dirtied at least as fast as read" :
					  "NOT CONVERGING: dirtied as fast as read");
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	const struct migration *v = scope_migration(s, m);
	const struct session *g = scope_session(s, m);
	const struct side *src = v && v->source ? model_side(m, v->source) : NULL;
	uint64_t pending = 0;
	char a[UNITS_LEN];
	bool over;

	if (!v) {
		pane_title(s, PANE_DOWNTIME, r, "DOWNTIME", "no migration yet");
		cells_field(s->cells, r.row + 1, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    "what a stop would cost, and then did cost");
		return;
	}
	if (src && !scope_stop_over(v, src) && !model_flights(m) &&
	    src->stop.start_ns != MODEL_NONE && s->cursor_ns > src->stop.end_ns)
		pending = s->cursor_ns - src->stop.end_ns;
	if (parts(s, m, v, r, pending))
		return;
	if (!g || g->window.start_ns == MODEL_NONE) {
		if (g && !g->ended && g->direction == DIR_SAVE) {
			forecast(s, m, g->side, g, r);
			return;
		}
		pane_title(s, PANE_DOWNTIME, r, "DOWNTIME", "nothing was stopped");
		cells_field(s->cells, r.row + 1, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    no_downtime(v));
		return;
	}
	over = g->ended || g->eof || g->session_over;
	if (!over && s->cursor_ns > g->window.end_ns)
		pending = s->cursor_ns - g->window.end_ns;
	pane_title(s, PANE_DOWNTIME, r, "NOT RUNNING", "%s on this host%s",
		   units_duration(a, g->window.total_ns + pending), over ? "" : " so far");
	measured(s, g, r, pending);
}

const struct pane pane_downtime = {
	.name = "downtime",
	.place = PLACE_SIDE,
	.least = 5,
	.rows = 7,
	.most = 10,
	.column = 8,
	.rank = 3,
	.page = stop_page,
	.draw = draw,
};
