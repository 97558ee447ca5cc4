// SPDX-License-Identifier: GPL-2.0-only
/*
 * move.c - where the scope is: the cursor, the time axis, the selected device
 */
#include <errno.h>
#include <string.h>

#include "tui/internal.h"

/* ---- moving the cursor ---- */

void scope_at_end(struct scope *s)
{
	s->cursor = store_count(s->store);
	s->cursor_ns = store_last_ns(s->store);
	if (s->opt.live && s->follow && s->now_ns > s->cursor_ns)
		s->cursor_ns = s->now_ns;
}

void scope_seek_event(struct scope *s, uint64_t n)
{
	if (n > store_count(s->store))
		n = store_count(s->store);
	s->follow = false;
	s->cursor = n;
	s->cursor_ns = store_time(s->store, n);
	s->dirty = true;
}

void scope_seek_time(struct scope *s, uint64_t t_ns)
{
	uint64_t first = store_first_ns(s->store), last = store_last_ns(s->store);

	if (t_ns < first)
		t_ns = first;
	if (t_ns > last)
		t_ns = last;
	s->follow = false;
	s->cursor = store_position(s->store, t_ns);
	s->cursor_ns = t_ns;
	s->dirty = true;
}

/* With what is drawn behind it a step stays below 50 ms, whatever the filter. */
#define STEP_EVENTS 20000U

/* The line of the event that the cursor stands behind. */
static bool current_row(struct scope *s, struct log_row *row)
{
	uint64_t budget = STEP_EVENTS;

	if (!s->cursor)
		return false;
	return log_prev(s, s->cursor, row, &budget);
}

/* Behind a line of the log: the moment and what it is about. */
static void go_row(struct scope *s, const struct log_row *row)
{
	scope_seek_event(s, row->last + 1);
	scope_pin_event(s, row->last + 1);
}

void scope_step_event(struct scope *s, int dir)
{
	uint64_t budget = STEP_EVENTS;
	struct log_row row;

	if (dir > 0) {
		if (log_next(s, s->cursor, &row, &budget))
			go_row(s, &row);
		else
			scope_say(s, false,
				  budget ? "no event line behind this one" :
					   "none near by; n searches on");
		return;
	}
	/* Stand behind the line before the current one. */
	if (!current_row(s, &row) || !row.first) {
		scope_seek_event(s, 0);
		return;
	}
	budget = STEP_EVENTS;
	if (row.last + 1 < s->cursor)
		scope_seek_event(s, row.last + 1);
	else if (log_prev(s, row.first, &row, &budget))
		go_row(s, &row);
	else if (budget)
		scope_seek_event(s, 0);
	else
		scope_say(s, false, "none near by; N searches on");
}

void scope_step_moment(struct scope *s, enum store_moment list, int dir)
{
	uint64_t n = store_moment(s->store, list, s->cursor, dir, 0);

	if (n == UINT64_MAX) {
		scope_say(s, false, "no %s %s",
			  list == MOMENT_ARC ? "arc" : "begin or end of a migration",
			  dir > 0 ? "after this" : "before this");
		return;
	}
	scope_seek_event(s, n);
	scope_pin_event(s, n);
}

/* ---- axis and selection ---- */

static void fit_axis(struct scope *s, struct model *m)
{
	uint64_t first = store_first_ns(s->store), last = store_last_ns(s->store), pad;

	if (s->opt.live && s->follow && s->now_ns > last)
		last = s->now_ns;
	if (s->fit == FIT_MANUAL) {
		uint64_t width = s->to_ns - s->from_ns;

		/* The end moves: go with it. */
		if (s->follow && (s->to_ns < s->cursor_ns || s->from_ns > s->cursor_ns)) {
			s->to_ns = s->cursor_ns + width / 10;
			s->from_ns = s->to_ns - width;
		} else if (s->cursor_ns < s->from_ns || s->cursor_ns > s->to_ns) {
			s->from_ns = s->cursor_ns > width / 2 ? s->cursor_ns - width / 2 : 0;
			s->to_ns = s->from_ns + width;
		}
		return;
	}
	s->from_ns = first;
	s->to_ns = last;
	if (s->fit == FIT_MIGRATION) {
		/* As the whole trace knows it: the axis stands still while one scrubs. */
		struct model *whole = store_model(s->store);
		const struct migration *all;

		/* Nor does it move with a selection that only follows the event. */
		if (!s->fit_side)
			s->fit_side = scope_side_now(s, m);
		all = s->fit_side ? scope_migration_of(whole, s->fit_side) :
				    scope_migration(s, whole);
		if (all) {
			s->from_ns = all->begin_ns;
			s->to_ns = all->ended ? all->end_ns : last;
			pad = (s->to_ns - s->from_ns) / 40;
			s->from_ns = s->from_ns > first + pad ? s->from_ns - pad : first;
			s->to_ns = s->to_ns + pad < last ? s->to_ns + pad : last;
			/* A cursor outside of it is not to be lost. */
			if (s->cursor_ns < s->from_ns)
				s->from_ns = s->cursor_ns;
			if (s->cursor_ns > s->to_ns && !s->follow)
				s->to_ns = s->cursor_ns;
		}
	}
	if (s->to_ns <= s->from_ns)
		s->to_ns = s->from_ns + 1000;
}

void scope_settle(struct scope *s)
{
	struct model *m;

	if (s->follow)
		scope_at_end(s);
	m = scope_model(s);
	if (!m)
		return;
	scope_rank(s, m);
	if (!s->device_pinned)
		scope_choose(s, m);
	if (!s->focused)
		s->focus = s->n_fleet > 1 ? PANE_DEVICES : PANE_EVENTS;
	scope_rows(s, m, ROWS_SHOWN);
	scope_problems(s, m);
	fit_axis(s, m);
}

void scope_zoom(struct scope *s, int dir)
{
	uint64_t width = s->to_ns - s->from_ns, at = s->cursor_ns, before;

	if (at < s->from_ns || at > s->to_ns)
		at = s->from_ns + width / 2;
	before = at - s->from_ns;
	if (dir > 0) {
		if (width < 2000) {
			scope_say(s, false, "a microsecond is the least");
			return;
		}
		width /= 2;
		before /= 2;
	} else {
		if (width > store_last_ns(s->store) - store_first_ns(s->store)) {
			s->fit = FIT_ALL;
			return;
		}
		width *= 2;
		before *= 2;
	}
	s->fit = FIT_MANUAL;
	s->from_ns = at > before ? at - before : 0;
	s->to_ns = s->from_ns + width;
}

void scope_pan(struct scope *s, int dir)
{
	uint64_t step = (s->to_ns - s->from_ns) / 4;

	s->fit = FIT_MANUAL;
	if (dir < 0 && s->from_ns < step)
		return;
	s->from_ns += dir < 0 ? -step : step;
	s->to_ns += dir < 0 ? -step : step;
	/* The cursor stays in sight. */
	if (s->cursor_ns < s->from_ns)
		scope_seek_time(s, s->from_ns);
	else if (s->cursor_ns > s->to_ns)
		scope_seek_time(s, s->to_ns);
}

int scope_select_device(struct scope *s, const char *name)
{
	struct model *m = store_model(s->store);
	uint32_t i;

	if (!*name) {
		s->device_pinned = false;
		s->side = s->fit_side = 0;
		s->level = LEVEL_FLEET;
		return 0;
	}
	for (i = 0; i < model_devices(m); i++) {
		const struct model_device *d = model_device_at(m, i);
		size_t len = strlen(d->name);

		if (strlen(name) > len || strcmp(d->name + len - strlen(name), name))
			continue;
		scope_pin(s, 0, d->number);
		s->fit_side = 0;
		s->level = LEVEL_MIGRATION;
		return 0;
	}
	scope_say(s, true, "no device's name ends with '%s'", name);
	return -EINVAL;
}
