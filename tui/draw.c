// SPDX-License-Identifier: GPL-2.0-only
/*
 * draw.c - the screen of the moment: the panes where the layout has them, and what lies over them
 */
#include "tui/internal.h"

static void layout_now(struct scope *s)
{
	struct layout_options o = {
		.devices = s->n_rows < 1000 ? (int)s->n_rows : 1000,
		.fleet = s->n_fleet > 1,
		.problems = s->n_found < 100 ? (int)s->n_found : 100,
		.focus = s->focus,
		.main = s->main,
		.zoomed = s->zoomed,
	};

	layout_compute(&s->layout, s->rows, s->cols, &o);
}

const struct cells *scope_draw(struct scope *s)
{
	struct rect body;
	struct model *m;
	int p;

	s->dirty = false;
	cells_clear(s->cells);
	s->log_n = s->table_n = s->listed_n = 0;
	s->plot.cols = 0;
	scope_settle(s);
	m = scope_model(s);
	if (!m) {
		cells_text(s->cells, 0, 0, ROLE_BAD, 0, "out of memory");
		return s->cells;
	}
	layout_now(s);
	body = (struct rect){ 2, 0, s->rows - 3, s->cols };
	for (p = 0; p < PANE_NR; p++) {
		/* Before the first event there is nothing to show but why. */
		if (!layout_has(&s->layout, p) ||
		    (p >= PANE_FIRST && scope_is_empty(s) && !s->layout.tiny))
			continue;
		cells_clip(s->cells, s->layout.at[p]);
		panes[p]->draw(s, m, s->layout.at[p]);
	}
	if (s->layout.side_col) {
		struct rect line = { s->layout.side_row, s->layout.side_col,
				     s->rows - 1 - s->layout.side_row, 1 };

		cells_clip_none(s->cells);
		if (!scope_is_empty(s))
			cells_fill(s->cells, line, 0x2502, ROLE_TITLE, 0);
	}
	if (s->layout.tiny)
		body = s->layout.at[PANE_DEVICES];
	cells_clip(s->cells, body);
	if (s->overlay && body.rows > 0)
		overlay_draw(s, m, body);
	else if (scope_is_empty(s) && body.rows > 0)
		empty_draw(s, body);
	cells_clip_none(s->cells);
	if (s->opt.glyphs == GLYPHS_ASCII)
		cells_to_ascii(s->cells);
	return s->cells;
}
