// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_downtime.c - where the stop went, or what it would cost now
 */
#include <string.h>

#include "tui/internal.h"

static void bar(struct scope *s, struct rect r, int row, const char *name, uint64_t ns,
		uint64_t total, const char *note, unsigned int role)
{
	int width = r.cols - 36, fill;
	char a[UNITS_LEN];

	if (row >= r.row + r.rows)
		return;
	cells_field(s->cells, row, r.col + 1, 13, false, ROLE_TEXT, 0, name);
	cells_field(s->cells, row, r.col + 14, 9, true, ROLE_TEXT, CELL_BOLD,
		    units_duration(a, ns));
	if (total)
		cells_printf(s->cells, row, r.col + 24, ROLE_DIM, 0, "%3u %%",
			     (unsigned int)((ns * 100 + total / 2) / total));
	if (width > 40)
		width = 40;
	fill = total && width > 0 ? (int)((unsigned __int128)ns * (unsigned int)width / total) : 0;
	cells_fill(s->cells, (struct rect){ row, r.col + 30, 1, fill }, 0x2588, role, 0);
	if (ns && !fill)
		cells_put(s->cells, row, r.col + 30, 0x258c, role, 0);
	if (note)
		cells_field(s->cells, row, r.col + 31 + fill, r.cols - 32 - fill, false, ROLE_DIM, 0,
			    note);
}

static void measured(struct scope *s, const struct migration *g, struct rect r)
{
	const struct migration_window *w = &g->window;
	bool save = g->direction == DIR_SAVE;
	int row = r.row + 1;
	char a[UNITS_LEN];

	bar(s, r, row++, "state arcs", w->arcs_ns, w->total_ns, "the driver", ROLE_WARN);
	bar(s, r, row++, save ? "in read()" : "in write()", w->io_ns, w->total_ns, "the driver",
	    ROLE_WARN);
	bar(s, r, row++, "dirty sync", w->dirty_sync_ns, w->total_ns, "the dirty log", ROLE_WARN);
	bar(s, r, row++, "outside", w->outside_ns, w->total_ns, "VMM, RAM, network", ROLE_INITIAL);
	bar(s, r, row++, "unattributed", w->unattributed_ns, w->total_ns, "other calls, holes",
	    ROLE_DIM);
	if (row < r.row + r.rows && g->downtime_ns != MODEL_NONE)
		cells_printf(s->cells, row++, r.col + 1, ROLE_TEXT, CELL_BOLD,
			     "downtime of the guest %s (both sides seen)",
			     units_duration(a, g->downtime_ns));
	else if (row < r.row + r.rows && save && g->eof)
		cells_field(s->cells, row, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    "the destination's part is not in the evidence");
}

static void forecast(struct scope *s, struct model *m, const struct migration *g, struct rect r)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	struct insight_forecast f;
	int row = r.row + 1;

	insight_forecast(m, g->id, &f);
	pane_title(s, PANE_DOWNTIME, r, "IF STOPPED NOW", f.known ? "≈ %s (%s to %s)" : "%s%s%s",
		   f.known ? units_duration(a, f.total_ns) : "nothing to go by yet",
		   f.known ? units_duration(b, f.low_ns) : "",
		   f.known ? units_duration((char[UNITS_LEN]){ 0 }, f.high_ns) : "");
	if (!f.known) {
		cells_field(s->cells, row, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    "a forecast needs a rate of reading and what is left");
		return;
	}
	bar(s, r, row++, "state arcs", f.arcs_ns, f.total_ns, NULL, ROLE_WARN);
	bar(s, r, row++, "drain", f.drain_ns, f.total_ns, NULL, ROLE_WARN);
	bar(s, r, row++, "load", f.load_ns, f.total_ns, f.load_known ? NULL : "not known",
	    ROLE_INITIAL);
	bar(s, r, row++, "other", f.other_ns, f.total_ns, NULL, ROLE_DIM);
	if (row < r.row + r.rows)
		cells_field(s->cells, row++, r.col + 1, r.cols - 2, false, ROLE_DIM, 0, f.basis);
	if (row < r.row + r.rows && f.converges >= 0)
		cells_text(s->cells, row, r.col + 1, f.converges ? ROLE_GOOD : ROLE_WARN, CELL_BOLD,
			   f.converges ? "converging: read faster than dirtied" :
			   "NOT CONVERGING: dirtied at least as fast as read");
}

void pane_downtime(struct scope *s, struct model *m, struct rect r)
{
	const struct migration *g = scope_migration(s, m);
	char a[UNITS_LEN];

	if (!g) {
		pane_title(s, PANE_DOWNTIME, r, "DOWNTIME", "no migration yet");
		cells_field(s->cells, r.row + 1, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    "shows what a stop would cost, then where it went");
		return;
	}
	if (g->window.start_ns == MODEL_NONE) {
		if (!g->ended && g->direction == DIR_SAVE) {
			forecast(s, m, g, r);
			return;
		}
		pane_title(s, PANE_DOWNTIME, r, "DOWNTIME", "the device was not stopped");
		cells_field(s->cells, r.row + 1, r.col + 1, r.cols - 2, false, ROLE_DIM, 0,
			    g->n_arcs || !g->joined_late ? "no stop window in this migration" :
			    "no change of state is in the evidence");
		return;
	}
	pane_title(s, PANE_DOWNTIME, r, g->direction == DIR_SAVE ? "STOP WINDOW" : "NOT RUNNING",
		   "%s on this host%s", units_duration(a, g->window.total_ns),
		   g->ended || g->eof ? "" : " so far");
	measured(s, g, r);
}
