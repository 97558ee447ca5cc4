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

static void forecast(struct scope *s, struct model *m, const struct migration *g, struct rect r)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	struct insight_forecast f;
	int row = r.row + 1, end = r.row + r.rows;
	uint64_t drain;

	insight_forecast(m, g->id, s->cursor_ns, &f);
	if (f.known)
		pane_title(s, PANE_DOWNTIME, r, "IF STOPPED NOW", "≈ %s (%s to %s)",
			   units_duration(a, f.likely_ns), units_duration(b, f.low_ns),
			   units_duration(c, f.high_ns));
	else
		pane_title(s, PANE_DOWNTIME, r, "IF STOPPED NOW", "nothing to go by yet");
	if (f.known) {
		bar(s, r, row++, "at best", f.low_ns, f.high_ns, NULL, ROLE_GOOD);
		bar(s, r, row++, "likely", f.likely_ns, f.high_ns, NULL, ROLE_INITIAL);
		bar(s, r, row++, "at worst", f.high_ns, f.high_ns, NULL, ROLE_WARN);
	}
	if (f.left_bytes != MODEL_NONE && f.read_bps != MODEL_NONE && f.read_bps && row < end) {
		drain = (uint64_t)((double)f.left_bytes / (double)f.read_bps * 1e9);
		cells_printf(s->cells, row++, r.col + 1, ROLE_TEXT, 0, "to drain      %s in %s",
			     scope_size(s, a, f.left_bytes), units_duration(b, drain));
	}
	if (row < end)
		cells_printf(s->cells, row++, r.col + 1, ROLE_TEXT, 0,
			     "read %s, dirtied %s", rate(s, a, f.read_bps), rate(s, b, f.dirty_bps));
	if (row < end)
		cells_text(s->cells, row++, r.col + 1, !f.converges ? ROLE_WARN : ROLE_TEXT,
			   CELL_BOLD, f.done ? "nothing is left: it waits" :
			   f.converges > 0 ? "converging: read faster than dirtied" :
			   f.converges < 0 ? "whether it converges cannot be said yet" :
			   "NOT CONVERGING: dirtied at least as fast as read");
	if (row < end && f.known)
		cells_printf(s->cells, row, r.col + 1, ROLE_DIM, 0, "from %s", f.basis);
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
