// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope.c - the state of the scope: its life, and what it is fed
 */
#define _GNU_SOURCE
#include "tui/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"

const char *const scope_glyphs_names[] = { "block", "braille", "ascii", NULL };

void scope_set_clock_bound(struct scope *s, uint64_t bound_ns)
{
	model_set_clock_bound(store_model(s->store), bound_ns);
}

int scope_feed(struct scope *s, const struct event *ev)
{
	struct event_context ctx;
	int err;

	err = store_append(s->store, ev, &ctx);
	if (err)
		return err;
	s->dirty |= s->follow;
	return judge_feed(s->judge, store_model(s->store), ev, &ctx);
}

int scope_end(struct scope *s)
{
	struct judge_evidence e = {
		.health = s->status.has_health ? &s->status.health : NULL,
		.meta = s->status.meta,
	};

	s->dirty = true;
	s->judged = true;
	return judge_finish(s->judge, store_model(s->store), &e);
}

void scope_set_status(struct scope *s, const struct scope_status *st)
{
	if (st->recorded_bytes != s->status.recorded_bytes || st->loading != s->status.loading ||
	    st->error != s->status.error)
		s->dirty = true;
	s->status = *st;
}

void scope_tick(struct scope *s, uint64_t now_ns)
{
	/* Times in a live screen go on by themselves, ten times a second. */
	if (s->opt.live && s->follow && now_ns / 100000000 != s->now_ns / 100000000)
		s->dirty = true;
	s->now_ns = now_ns;
	if (s->playing)
		scope_play_step(s, now_ns);
	if (s->searching) {
		s->searching = !scope_search_step(s);
		s->dirty = true;
	}
}

void scope_resize(struct scope *s, int rows, int cols)
{
	if (cells_resize(s->cells, rows, cols))
		return;
	s->rows = s->cells->rows;
	s->cols = s->cells->cols;
	s->dirty = true;
}

bool scope_dirty(const struct scope *s)
{
	return s->dirty;
}

bool scope_done(const struct scope *s)
{
	return s->done;
}

bool scope_wants_suspend(struct scope *s)
{
	bool wants = s->suspend;

	s->suspend = false;
	return wants;
}

bool scope_searching(const struct scope *s)
{
	return s->searching;
}

bool scope_playing(const struct scope *s)
{
	return s->playing;
}

const char *scope_message(const struct scope *s)
{
	return s->message;
}

uint64_t scope_cursor(const struct scope *s)
{
	return s->cursor;
}

uint64_t scope_count(const struct scope *s)
{
	return store_count(s->store);
}

struct scope *scope_create(const struct scope_options *o)
{
	struct scope *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->opt = *o;
	s->follow = true;
	s->focus = PANE_EVENTS;
	s->status.loading = true;
	s->rows = 24;
	s->cols = 80;
	s->dirty = true;
	s->filter.kinds = s->search.kinds = UINT64_MAX;
	s->slow_ns = 100000000;
	s->drag_col = -1;
	s->store = store_create();
	s->judge = judge_create(o->judge);
	s->cells = cells_create(s->rows, s->cols);
	s->columns = calloc(PLOT_COLS_MAX, sizeof(*s->columns));
	if (!s->store || !s->judge || !s->cells || !s->columns) {
		scope_destroy(s);
		return NULL;
	}
	scope_marks_load(s);
	return s;
}

void scope_destroy(struct scope *s)
{
	int i;

	if (!s)
		return;
	store_destroy(s->store);
	judge_destroy(s->judge);
	cells_destroy(s->cells);
	free(s->columns);
	free(s->marks);
	free(s->hits);
	free(s->clip);
	for (i = 0; i < PROMPT_NR; i++)
		history_free(&s->history[i]);
	free(s->fleet);
	free(s->rowlist);
	free(s->line);
	free(s);
}
