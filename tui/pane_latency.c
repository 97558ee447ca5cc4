// SPDX-License-Identifier: GPL-2.0-only
/*
 * pane_latency.c - how long calls of one kind took, over time
 */
#include <string.h>

#include "tui/internal.h"

#define AXIS 8

static const char *floor_label(char buf[UNITS_LEN], unsigned int row)
{
	static const char *const labels[STORE_LATENCY_ROWS] = {
		"<1 µs", "1 µs",  "3 µs",  "10 µs",  "30 µs",  "100 µs", "300 µs", "1 ms",
		"3 ms",	 "10 ms", "30 ms", "100 ms", "300 ms", "1 s",	 "3 s",	   "10 s",
	};

	(void)buf;
	return labels[row];
}

/* How full, in four steps by orders of magnitude of the fullest. */
static int shade(uint64_t count, uint64_t max)
{
	uint64_t edge = max;
	int level = 4;

	if (!count)
		return 0;
	while (level > 1 && count * 4 <= edge) {
		edge /= 4;
		level--;
	}
	return level;
}

static unsigned int first_row(const uint64_t rows[STORE_LATENCY_ROWS])
{
	unsigned int r = 0;

	while (r < STORE_LATENCY_ROWS - 1 && !rows[r])
		r++;
	return r;
}

enum store_kind scope_kind_shown(struct scope *s)
{
	struct store_column all;
	unsigned int i, k;

	if (!s->device)
		return s->kind;
	store_columns(s->store, s->device, s->from_ns, s->to_ns, 1, &all);
	for (i = 0; i < SK_NR; i++) {
		enum store_kind kind = (s->kind + i) % SK_NR;

		for (k = 0; k < STORE_LATENCY_ROWS; k++)
			if (all.heat[kind][k])
				return kind;
	}
	return s->kind;
}

static void draw(struct scope *s, struct model *m, struct rect r)
{
	static const uint32_t block[] = { ' ', 0xb7, 0x2591, 0x2592, 0x2588 };
	static const char ascii[] = " .:*#";
	const struct session *g = scope_session(s, m);
	uint64_t rows[STORE_LATENCY_ROWS] = { 0 }, max = 0, total = 0;
	int n = r.cols - AXIS - 1, i, k, height = r.rows - 2, span, row, cur;
	enum store_kind kind = scope_kind_shown(s);
	unsigned int lo, hi;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];

	if (n > PLOT_COLS_MAX)
		n = PLOT_COLS_MAX;
	if (n < 4 || height < 1)
		return;
	if (!s->device) {
		pane_title(s, PANE_LATENCY, r, "LATENCY", "no device");
		return;
	}
	store_columns(s->store, s->device, s->from_ns, s->to_ns, (unsigned int)n, s->columns);
	for (i = 0; i < n; i++) {
		for (k = 0; k < STORE_LATENCY_ROWS; k++) {
			rows[k] += s->columns[i].heat[kind][k];
			total += s->columns[i].heat[kind][k];
			if (s->columns[i].heat[kind][k] > max)
				max = s->columns[i].heat[kind][k];
		}
	}
	/* Four shades by orders of magnitude: what they stand for. */
	units_count(a, max);
	pane_title(s, PANE_LATENCY, r, "LATENCY",
		   r.cols >= 62 ? "%s: %llu call%s, %s 1 to %s %s  (k: next kind)" :
				  "%s: %llu call%s, %s 1 to %s %s",
		   store_kind_name(kind), (unsigned long long)total, plural(total),
		   s->opt.glyphs == GLYPHS_ASCII ? "." :
		   max < 4			 ? "█" :
						   "·",
		   a, s->opt.glyphs == GLYPHS_ASCII ? "#" : "█");
	if (!total) {
		cells_printf(s->cells, r.row + 1, r.col + 2, ROLE_DIM, 0, "no %s in this stretch",
			     store_kind_name(kind));
		return;
	}
	lo = first_row(rows);
	for (hi = STORE_LATENCY_ROWS - 1; hi > lo && !rows[hi]; hi--)
		;
	/* What does not fit is merged into the lowest row: the slow ones matter. */
	span = (int)(hi - lo) + 1;
	if (span > height)
		lo = hi - (unsigned int)height + 1;
	span = (int)(hi - lo) + 1;
	cur = lane_column(s, s->cursor_ns, n);
	for (k = 0; k < span; k++) {
		unsigned int level = hi - (unsigned int)k;

		row = r.row + 1 + k;
		cells_field(s->cells, row, r.col, AXIS - 1, true, ROLE_DIM, 0,
			    floor_label(a, level));
		cells_put(s->cells, row, r.col + AXIS - 1, 0x2524, ROLE_DIM, 0);
		for (i = 0; i < n; i++) {
			uint64_t count = s->columns[i].heat[kind][level];
			unsigned int below;
			int sh;

			for (below = 0; k == span - 1 && below < level; below++)
				count += s->columns[i].heat[kind][below];
			sh = shade(count, max);
			if (sh)
				cells_put(s->cells, row, r.col + AXIS + i,
					  s->opt.glyphs == GLYPHS_ASCII ? (uint32_t)ascii[sh] :
									  block[sh],
					  ROLE_HEAT1 + (unsigned int)sh - 1, 0);
			if (i == cur && sh)
				cells_attr(s->cells, (struct rect){ row, r.col + AXIS + i, 1, 1 },
					   CELL_REVERSE);
			else if (i == cur)
				cells_put(s->cells, row, r.col + AXIS + i, 0x2502, ROLE_KEY,
					  CELL_BOLD);
		}
	}
	row = r.row + 1 + span;
	if (g && g->io_measured && (kind == SK_READ || kind == SK_WRITE) && row < r.row + r.rows)
		cells_printf(s->cells, row, r.col + 1, ROLE_TEXT, 0,
			     r.cols >= 62 ? "with data, at the cursor: p50 %s, p99 %s, max %s" :
					    "data: p50 %s, p99 %s, max %s",
			     units_duration(a, g->io_p50_ns), units_duration(b, g->io_p99_ns),
			     units_duration(c, g->io_max_ns));
}

const struct pane pane_latency = {
	.name = "latency",
	.place = PLACE_SIDE,
	.least = 5,
	.rows = 7,
	.most = 18,
	.column = 12,
	.rank = 4,
	.wheel_zooms = true,
	.draw = draw,
};
