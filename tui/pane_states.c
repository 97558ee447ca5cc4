// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_states.c - the state machine: where the device is, how it came there
 *
 * Boxes and arcs are those of vfio_mig_get_next_state(), placed by hand.
 */
#include <string.h>

#include "tui/internal.h"

struct taken {
	uint64_t count, last_ns;
};

static struct taken arc_taken(const struct session *g, uint32_t from, uint32_t to)
{
	struct taken t = { 0 };
	uint32_t i;

	for (i = 0; g && i < g->n_arcs; i++) {
		if (g->arcs[i].from != from || g->arcs[i].to != to)
			continue;
		t.count++;
		t.last_ns = g->arcs[i].dur_ns;
	}
	return t;
}

static bool supported(const struct model_device *d, uint32_t state)
{
	uint64_t f = d->migration_flags;

	if (!d->has_flags)
		return true;
	switch (state) {
	case MIG_RUNNING_P2P:
		return f & MIG_FLAG_P2P;
	case MIG_PRE_COPY:
		return f & MIG_FLAG_PRE_COPY;
	case MIG_PRE_COPY_P2P:
		return (f & MIG_FLAG_PRE_COPY) && (f & MIG_FLAG_P2P);
	default:
		return f & MIG_FLAG_STOP_COPY;
	}
}

static void box(struct scope *s, const struct model_device *d, int row, int col, uint32_t state)
{
	char a[UNITS_LEN];
	const char *name = state_label(a, state);
	bool here = d->state == state;

	if (here)
		cells_printf(s->cells, row, col, state == MIG_ERROR ? ROLE_BAD : ROLE_STATE,
			     CELL_REVERSE | CELL_BOLD, "[%s]", name);
	else if (!supported(d, state))
		cells_printf(s->cells, row, col, ROLE_DIM, CELL_DIM, "(%s)", name);
	else
		cells_printf(s->cells, row, col, ROLE_TEXT, 0, " %s ", name);
}

/* "→ 812 µs ×2", or dots for an arc that is possible and was not taken. */
static void arc_across(struct scope *s, const struct session *g, int row, int from, int to,
		       uint32_t a, uint32_t b)
{
	bool left = to < from;
	struct taken t = arc_taken(g, a, b);
	int lo = left ? to : from, hi = left ? from : to, i;
	char text[64], d[UNITS_LEN];

	for (i = lo; i < hi; i++)
		cells_put(s->cells, row, i, t.count ? 0x2500 : 0x2504,
			  t.count ? ROLE_STATE : ROLE_DIM, 0);
	cells_put(s->cells, row, left ? lo : hi - 1, left ? 0x25c0 : 0x25b6,
		  t.count ? ROLE_STATE : ROLE_DIM, 0);
	if (!t.count)
		return;
	snprintf(text, sizeof(text), t.count > 1 ? "%s ×%llu" : "%s", units_duration(d, t.last_ns),
		 (unsigned long long)t.count);
	if (cells_width(text) <= hi - lo - 2)
		cells_text(s->cells, row, lo + (hi - lo - cells_width(text)) / 2 + (left ? 1 : 0),
			   ROLE_STATE, CELL_BOLD, text);
}

static void arc_down(struct scope *s, const struct session *g, int row, int col, uint32_t a,
		     uint32_t b)
{
	struct taken down = arc_taken(g, a, b), up = arc_taken(g, b, a);
	char d[UNITS_LEN];

	if (!down.count && !up.count) {
		cells_put(s->cells, row, col, 0x250a, ROLE_DIM, 0);
		return;
	}
	cells_put(s->cells, row, col, up.count && !down.count ? 0x25b2 : 0x25bc, ROLE_STATE,
		  CELL_BOLD);
	if (up.count && down.count)
		cells_put(s->cells, row, col - 1, 0x25b2, ROLE_STATE, CELL_BOLD);
	if (down.count > 1 || up.count > 1)
		cells_printf(s->cells, row, col + 2, ROLE_STATE, CELL_BOLD, "%s ×%llu",
			     units_duration(d, down.count ? down.last_ns : up.last_ns),
			     (unsigned long long)(down.count ? down.count : up.count));
	else
		cells_text(s->cells, row, col + 2, ROLE_STATE, CELL_BOLD,
			   units_duration(d, down.count ? down.last_ns : up.last_ns));
}

static void draw_machine(struct scope *s, const struct model_device *d, const struct session *g,
			 struct rect r)
{
	int left = r.col + 1, right = r.col + r.cols - 16, mid = left + 5, rmid = right + 7;
	int row = r.row, gap = r.rows >= 9 ? 2 : 1;
	bool p2p = supported(d, MIG_RUNNING_P2P);

	box(s, d, row, left, MIG_RUNNING);
	box(s, d, row, right, MIG_PRE_COPY);
	/* Back from PRE_COPY is a cancel: shown when it happened. */
	if (arc_taken(g, MIG_PRE_COPY, MIG_RUNNING).count)
		arc_across(s, g, row, right - 1, left + 10, MIG_PRE_COPY, MIG_RUNNING);
	else
		arc_across(s, g, row, left + 10, right - 1, MIG_RUNNING, MIG_PRE_COPY);
	if (gap > 1) {
		arc_down(s, g, row + 1, mid, MIG_RUNNING, p2p ? MIG_RUNNING_P2P : MIG_STOP);
		arc_down(s, g, row + 1, rmid, MIG_PRE_COPY, p2p ? MIG_PRE_COPY_P2P : MIG_STOP_COPY);
	}
	row += gap;
	box(s, d, row, left, MIG_RUNNING_P2P);
	box(s, d, row, right, MIG_PRE_COPY_P2P);
	if (arc_taken(g, MIG_PRE_COPY_P2P, MIG_RUNNING_P2P).count)
		arc_across(s, g, row, right - 1, left + 14, MIG_PRE_COPY_P2P, MIG_RUNNING_P2P);
	else
		arc_across(s, g, row, left + 14, right - 1, MIG_RUNNING_P2P, MIG_PRE_COPY_P2P);
	if (gap > 1) {
		arc_down(s, g, row + 1, mid, MIG_RUNNING_P2P, MIG_STOP);
		arc_down(s, g, row + 1, rmid, MIG_PRE_COPY_P2P, MIG_STOP_COPY);
	}
	row += gap;
	box(s, d, row, left, MIG_STOP);
	box(s, d, row, right, MIG_STOP_COPY);
	if (arc_taken(g, MIG_STOP, MIG_STOP_COPY).count)
		arc_across(s, g, row, left + 7, right - 1, MIG_STOP, MIG_STOP_COPY);
	else
		arc_across(s, g, row, right - 1, left + 7, MIG_STOP_COPY, MIG_STOP);
	if (gap > 1)
		arc_down(s, g, row + 1, mid, MIG_STOP, MIG_RESUMING);
	row += gap;
	box(s, d, row, left, MIG_RESUMING);
	box(s, d, row, right, MIG_ERROR);
	if (d->state == MIG_UNKNOWN)
		cells_text(s->cells, row + (gap > 1 ? 2 : 1), left, ROLE_WARN, CELL_BOLD,
			   store_state(s->store, d->number, s->cursor_ns) == STORE_CLOSED ?
				   "closed: the VMM has let go of the device" :
				   "the state is not known: nothing proved it yet");
	else
		cells_field(s->cells, row + (gap > 1 ? 2 : 1), left, r.cols - 2, false, ROLE_DIM, 0,
			    "[here]  ── taken  ┄┄ possible  (not supported)");
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	const struct model_device *d = model_device(m, s->device);
	char dev[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN], text[NAME_LEN + 2 * UNITS_LEN + 8];
	size_t len;

	if (!d) {
		pane_title(s, PANE_STATES, r, "STATES", "no device");
		return;
	}
	snprintf(text, sizeof(text), "%s %s%s%s", scope_device_name(m, s->device, 16, dev),
		 scope_state_label(s, d, a),
		 s->cursor_ns >= d->state_since_ns && d->state_since_ns ? " for " : "",
		 s->cursor_ns >= d->state_since_ns && d->state_since_ns ?
			 units_duration(b, s->cursor_ns - d->state_since_ns) :
			 "");
	/* Not room for all of it: the device is in other panes, too. */
	len = cells_width(text) > r.cols - 13 ? strlen(dev) + 1 : 0;
	pane_title(s, PANE_STATES, r, "STATES", "%s", text + len);
	/* Taller or wider than this helps nobody. */
	r.row++;
	r.rows--;
	if (r.cols > 64)
		r.cols = 64;
	draw_machine(s, d, scope_session(s, m), r);
}

const struct pane pane_states = {
	.name = "states",
	.place = PLACE_SIDE,
	.least = 5,
	.rows = 8,
	.most = 11,
	.column = 11,
	.rank = 1,
	.page = device_page,
	.draw = draw,
};
