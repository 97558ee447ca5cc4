// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "model/internal.h"

void window_start(struct window *w, uint64_t t_ns)
{
	memset(w, 0, sizeof(*w));
	w->active = true;
	w->start_ns = w->cursor_ns = t_ns;
}

static void push_gap(struct window *w, uint64_t start_ns, uint64_t end_ns)
{
	uint32_t at = (w->gap_head + w->n_gaps) % WINDOW_GAPS;

	/* Full: the oldest can no longer be taken back. */
	if (w->n_gaps == WINDOW_GAPS)
		w->gap_head = (w->gap_head + 1) % WINDOW_GAPS;
	else
		w->n_gaps++;
	w->gaps[at].start_ns = start_ns;
	w->gaps[at].end_ns = end_ns;
	w->gaps[at].name = GAP_NR;
	w->gap_ns[GAP_NR] += end_ns - start_ns;
}

/* A gap has the name of what ends it: an arc, or a read() or write(). */
static void name_gaps(struct window *w, enum window_part part)
{
	enum window_gap name;
	uint32_t i;

	if (part == PART_IO)
		name = w->any_io ? GAP_IO : GAP_FIRST_IO;
	else
		name = !w->any_io ? GAP_ARCS : !w->arc_after_io ? GAP_LOAD : GAP_START;
	for (i = w->n_gaps; i > 0; i--) {
		uint32_t at = (w->gap_head + i - 1) % WINDOW_GAPS;

		if (w->gaps[at].name != GAP_NR)
			break;
		w->gaps[at].name = name;
	}
	w->gap_ns[name] += w->gap_ns[GAP_NR];
	w->gap_ns[GAP_NR] = 0;
	w->arc_after_io = part == PART_ARC && w->any_io;
	w->any_io |= part == PART_IO;
}

/* Take back what counted as outside since @from_ns: a call was in flight. */
static uint64_t take_back(struct window *w, uint64_t from_ns)
{
	uint64_t sum = 0;

	while (w->n_gaps) {
		uint32_t top = (w->gap_head + w->n_gaps - 1) % WINDOW_GAPS;
		uint64_t start = w->gaps[top].start_ns, end = w->gaps[top].end_ns;
		uint64_t *named = &w->gap_ns[w->gaps[top].name];

		if (end <= from_ns)
			break;
		if (start < from_ns) {
			sum += end - from_ns;
			*named -= end - from_ns;
			w->gaps[top].end_ns = from_ns;
			break;
		}
		sum += end - start;
		*named -= end - start;
		w->n_gaps--;
	}
	w->outside_ns -= sum;
	return sum;
}

static uint64_t *part_of(struct window *w, enum window_part part)
{
	switch (part) {
	case PART_ARC:
		return &w->arcs_ns;
	case PART_IO:
		return &w->io_ns;
	case PART_DIRTY_SYNC:
		return &w->dirty_sync_ns;
	default:
		return &w->other_ns;
	}
}

/* Returns how much of the call was new. */
static uint64_t add(struct window *w, enum window_part part, uint64_t start_ns,
		    uint64_t end_ns)
{
	uint64_t new_ns = 0;

	if (!w->active || end_ns <= w->start_ns || end_ns < start_ns)
		return 0;
	/* No gap is older than the window: what is before it does not count. */
	if (start_ns < w->cursor_ns) {
		new_ns = take_back(w, start_ns);
	} else if (start_ns > w->cursor_ns) {
		/* What was lost may have been a call: nobody knows. */
		if (w->hole) {
			w->other_ns += start_ns - w->cursor_ns;
		} else {
			w->outside_ns += start_ns - w->cursor_ns;
			push_gap(w, w->cursor_ns, start_ns);
		}
		w->cursor_ns = start_ns;
	}
	w->hole = false;
	if (end_ns > w->cursor_ns) {
		new_ns += end_ns - w->cursor_ns;
		w->cursor_ns = end_ns;
	}
	*part_of(w, part) += new_ns;
	if (part == PART_ARC || part == PART_IO)
		name_gaps(w, part);
	return new_ns;
}

void window_add(struct window *w, enum window_part part, uint64_t start_ns,
		uint64_t end_ns)
{
	add(w, part, start_ns, end_ns);
}

void window_add_run(struct window *w, enum window_part part, uint64_t start_ns,
		    uint64_t end_ns, uint64_t inside_ns)
{
	uint64_t new_ns = add(w, part, start_ns, end_ns);

	/* Between the calls of a run nothing was in flight. */
	if (new_ns > inside_ns) {
		*part_of(w, part) -= new_ns - inside_ns;
		w->outside_ns += new_ns - inside_ns;
		w->gap_ns[GAP_IO] += new_ns - inside_ns;
	}
}

void window_result(const struct window *w, struct session_window *out)
{
	out->start_ns = w->start_ns;
	out->end_ns = w->cursor_ns;
	out->total_ns = w->cursor_ns - w->start_ns;
	out->arcs_ns = w->arcs_ns;
	out->io_ns = w->io_ns;
	out->dirty_sync_ns = w->dirty_sync_ns;
	out->outside_ns = w->outside_ns;
	memcpy(out->gap_ns, w->gap_ns, sizeof(out->gap_ns));
	/* What comes next is not known yet. */
	out->gap_ns[w->arc_after_io ? GAP_START : w->any_io ? GAP_IO : GAP_FIRST_IO] +=
		w->gap_ns[GAP_NR];
	out->unattributed_ns = w->other_ns;
}
