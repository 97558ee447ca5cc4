// SPDX-License-Identifier: GPL-2.0-only
/*
 * lane.c - what several panes draw along the time axis
 */
#include <string.h>

#include "tui/internal.h"

int lane_column(const struct scope *s, uint64_t t_ns, int n)
{
	if (t_ns < s->from_ns || t_ns > s->to_ns)
		return -1;
	if (t_ns == s->to_ns)
		return n - 1;
	return (int)sat_scale(t_ns - s->from_ns, (uint64_t)n, s->to_ns - s->from_ns);
}

static uint64_t time_of(const struct scope *s, int col, int n)
{
	return s->from_ns + sat_scale(s->to_ns - s->from_ns, (uint64_t)col, (uint64_t)n);
}

/* The state over time: its name where there is room, a boundary where it changes. */
void lane_states(struct scope *s, uint32_t device, int row, int col, int n)
{
	uint32_t state, before = MIG_STATE_NR + 1;
	int i, at = 0, k;

	for (i = 0; i <= n; i++) {
		state = i < n ? store_state(s->store, device, time_of(s, i + 1, n)) :
				MIG_STATE_NR + 1;
		if (i < n && state == before)
			continue;
		if (i) {
			char a[UNITS_LEN];
			const char *name =
				before == STORE_CLOSED ? "closed" : state_label(a, before);
			unsigned int role = before == MIG_ERROR	  ? ROLE_BAD :
					    before > MIG_STATE_NR ? ROLE_DIM :
								    ROLE_STATE;

			cells_put(s->cells, row, col + at, 0x2502, ROLE_DIM, 0);
			for (k = at + 1; k < i; k++)
				cells_put(s->cells, row, col + k, 0x2500, role, CELL_DIM);
			if (i - at - 1 >= (int)strlen(name))
				cells_text(s->cells, row, col + at + 1, role, 0, name);
			else
				for (k = at + 1; k < i; k++)
					cells_put(s->cells, row, col + k,
						  (unsigned char)name[k - at - 1], role, 0);
		}
		before = state;
		at = i;
	}
}

uint32_t lane_block(const struct scope *s, int eighths)
{
	static const uint32_t blocks[] = { ' ',	   0x2581, 0x2582, 0x2583, 0x2584,
					   0x2585, 0x2586, 0x2587, 0x2588 };
	static const char ascii[] = " .:-=+*#@";

	return s->opt.glyphs == GLYPHS_ASCII ? (uint32_t)ascii[eighths] : blocks[eighths];
}

void lane_moved(struct scope *s, int row, int col, const struct store_column *c, int n)
{
	uint64_t max = 0;
	int i, h;

	for (i = 0; i < n; i++)
		max = c[i].bytes > max ? c[i].bytes : max;
	for (i = 0; i < n && max; i++) {
		h = c[i].bytes ? 1 + (int)((double)c[i].bytes * 7 / (double)max) : 0;
		if (h)
			cells_put(s->cells, row, col + i, lane_block(s, h), ROLE_INITIAL, 0);
	}
}
