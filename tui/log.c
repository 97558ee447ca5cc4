// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - the lines of the event log, found from any event in both directions
 *
 * No list of lines is kept: a filter may change with every key, and ten million
 * events have a few dozen lines on the screen.
 */
#include "tui/internal.h"

/* An endless run is shown in pieces of so many events: looking at it is dear. */
#define RUN_MAX 4096U

/* Reads and writes of one stream that went alike; how long each took may differ. */
static bool same_run(const struct event *a, const struct event *b)
{
	return a->kind == b->kind && (event_traits(b->kind) & EVT_IO) && a->ret == b->ret &&
	       a->stream == b->stream && a->device == b->device && a->tid == b->tid &&
	       a->io.size == b->io.size && event_is_empty_read(a) == event_is_empty_read(b);
}

/* A call that failed stands by itself. */
static bool can_fold(const struct event *ev)
{
	return (event_traits(ev->kind) & EVT_IO) && (ev->ret >= 0 || event_is_empty_read(ev));
}

void log_row_at(struct scope *s, uint64_t n, struct log_row *row)
{
	struct event ev, e;
	uint64_t k, looked;

	row->first = row->last = n;
	row->calls = 1;
	if (!store_get(s->store, n, &ev))
		return;
	row->calls = event_calls(&ev);
	if (!can_fold(&ev) || (n >= s->unfold_first && n < s->unfold_end))
		return;
	for (k = n, looked = 0; k > 0 && looked < RUN_MAX; k--, looked++) {
		if (!store_get(s->store, k - 1, &e) || !same_run(&ev, &e))
			break;
		row->first = k - 1;
		row->calls += event_calls(&e);
	}
	for (k = n + 1, looked = 0; looked < RUN_MAX; k++, looked++) {
		if (!store_get(s->store, k, &e) || !same_run(&ev, &e))
			break;
		row->last = k;
		row->calls += event_calls(&e);
	}
}

static const char *line_of(void *arg, const struct event *ev)
{
	return scope_line(arg, ev);
}

static bool failed(const struct event *ev)
{
	return (ev->ret < 0 && !event_is_empty_read(ev) && ev->kind != EV_FEATURE &&
		ev->kind != EV_MARK) ||
	       ev->kind == EV_LOSS || ev->kind == EV_STUCK;
}

static bool wanted(struct scope *s, const struct event *ev)
{
	if (!event_kind_is_public(ev->kind))
		return false;
	if (s->problems_only && !failed(ev))
		return false;
	return !s->filter.n || match_event(&s->filter, ev, store_model(s->store), line_of, s);
}

static bool chunk_may_have(struct scope *s, uint64_t n, uint64_t *first, uint64_t *last)
{
	return store_chunk_may_have(s->store, n, s->filter.kinds, s->filter.errors, first, last);
}

bool log_prev(struct scope *s, uint64_t n, struct log_row *row, uint64_t *budget)
{
	uint64_t first, last;
	struct event ev;

	if (n > store_count(s->store))
		n = store_count(s->store);
	while (n > 0 && *budget) {
		--*budget;
		if (!chunk_may_have(s, n - 1, &first, &last)) {
			n = first;
			continue;
		}
		n--;
		if (!store_get(s->store, n, &ev) || !wanted(s, &ev))
			continue;
		log_row_at(s, n, row);
		return true;
	}
	return false;
}

bool log_next(struct scope *s, uint64_t n, struct log_row *row, uint64_t *budget)
{
	uint64_t first, last, count = store_count(s->store);
	struct event ev;

	while (n < count && *budget) {
		--*budget;
		if (!chunk_may_have(s, n, &first, &last)) {
			n = last + 1;
			continue;
		}
		if (store_get(s->store, n, &ev) && wanted(s, &ev)) {
			log_row_at(s, n, row);
			return true;
		}
		n++;
	}
	return false;
}
