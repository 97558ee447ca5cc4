// SPDX-License-Identifier: GPL-2.0-only
/*
 * stop_page.c - a stop call by call: each has its own bar, a run of equal ones one together
 */
#include <string.h>

#include "tui/page.h"

#define CALLS_MAX 2000

/* Is it a call on a device of the migration, of either side? */
static bool of_migration(struct model *m, const struct migration *g, const struct event *ev)
{
	const uint32_t sides[] = { g->source, g->destination };
	size_t i;

	if (!event_kind_is_public(ev->kind) || !ev->dur_ns)
		return false;
	for (i = 0; i < 2; i++) {
		const struct side *x = sides[i] ? model_side_peek(m, sides[i]) : NULL;

		if (x && x->host == ev->host && x->pid == ev->pid)
			return true;
	}
	return false;
}

static void bar(struct page *p, int row, int col, int width, uint64_t from, uint64_t to,
		uint64_t total, unsigned int role)
{
	int a, b;

	if (width < 2 || !total)
		return;
	to = to > total ? total : to;
	from = from > to ? to : from;
	a = (int)sat_scale(from, (uint64_t)width, total);
	b = (int)sat_scale(to, (uint64_t)width, total);
	a = a >= width ? width - 1 : a;
	if (b > a)
		cells_fill(p->s->cells, (struct rect){ row, col + a, 1, b - a }, 0x2588, role, 0);
	else
		cells_put(p->s->cells, row, col + a, 0x258c, role, 0);
}

static unsigned int role_of(const struct event *ev)
{
	if (event_failed(ev))
		return ROLE_BAD;
	if (ev->kind == EV_ARC || ev->kind == EV_SET_STATE)
		return ROLE_WARN;
	if (ev->kind == EV_INSIDE)
		return ROLE_DIM;
	return ev->kind == EV_READ || ev->kind == EV_WRITE ? ROLE_DIRTY : ROLE_MARK;
}

/* One call, or a run of them: when, how long, where in the stop, on which device, what. */
static void call(struct page *p, struct model *m, const struct log_row *row, const struct event *ev,
		 uint64_t from, uint64_t total)
{
	char a[UNITS_LEN], b[UNITS_LEN], name[NAME_LEN], times[32] = "";
	int width = (p->r.cols - 46) / 2, at;
	uint64_t begin, end;
	struct event last;

	if (!store_get(p->s->store, row->last, &last))
		return;
	begin = ev->t_ns > from ? ev->t_ns - from : 0;
	end = event_end_ns(&last) > from ? event_end_ns(&last) - from : 0;
	if (row->calls > 1)
		snprintf(times, sizeof(times), " ×%llu", (unsigned long long)row->calls);
	snprintf(b, sizeof(b), "+%s", units_duration(a, begin));
	if (page_row(p, &at)) {
		cells_field(p->s->cells, at, p->r.col + 1, 10, true, ROLE_DIM, 0, b);
		cells_field(p->s->cells, at, p->r.col + 12, 9, true, ROLE_TEXT, CELL_BOLD,
			    units_duration(a, end - begin));
		bar(p, at, p->r.col + 22, width, begin, end, total, role_of(ev));
		cells_printf(p->s->cells, at, p->r.col + 23 + width,
			     role_of(ev) == ROLE_BAD ? ROLE_BAD : ROLE_TEXT, 0, "%s %s%s",
			     scope_device_name(m, ev->device, 12, name), scope_line(p->s, ev),
			     times);
	}
	p->n++;
}

void stop_page(struct page *p, struct model *m)
{
	const struct migration *g = scope_migration(p->s, m);
	uint64_t from, total, n, count = p->s->cursor;
	bool whole = g && g->downtime_ns != MODEL_NONE;
	struct log_row row;
	struct event ev;
	char a[UNITS_LEN], b[UNITS_LEN];
	bool more = false;
	int calls = 0;

	if (!g || g->stop.start_ns == MODEL_NONE) {
		device_page(p, m);
		return;
	}
	from = g->stop.start_ns;
	total = whole ? g->downtime_ns : g->stop.total_ns;
	page_line(p, ROLE_TITLE, CELL_BOLD, "%s of %s from %s, call by call",
		  whole ? "DOWNTIME" : "STOP", units_duration(a, total), scope_time(p->s, b, from));
	for (n = store_position(p->s->store, from); n < count; n = row.last + 1) {
		row.last = n;
		if (!store_get(p->s->store, n, &ev) || ev.t_ns > from + total)
			break;
		if (!of_migration(m, g, &ev) || event_end_ns(&ev) < from)
			continue;
		more = calls == CALLS_MAX;
		if (more)
			break;
		log_row_at(p->s, n, &row);
		call(p, m, &row, &ev, from, total);
		calls++;
	}
	if (more)
		page_line(p, ROLE_DIM, 0, "... and more");
}
