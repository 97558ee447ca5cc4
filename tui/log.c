// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - the lines of the event log, found from any event in both directions
 *
 * No list of lines is kept: a filter may change with every key, and ten million
 * events have a few dozen lines on the screen.
 */
#include "tui/internal.h"

/*
 * An endless run is shown in pieces: looking at it is dear.  It is cut at the
 * multiples of this many events that as many of the run stand before, so that each of
 * its events finds the same pieces.
 */
#define RUN_MAX 1024U

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

/* A part of a run, none of it (@calls 0) or all of it. */
struct part {
	uint64_t calls, least_ns, most_ns;
};

static void part_takes(struct part *part, const struct event *ev)
{
	uint64_t calls = event_calls(ev), each = ev->dur_ns / calls;

	if (!part->calls || each < part->least_ns)
		part->least_ns = each;
	part->most_ns = each > part->most_ns ? each : part->most_ns;
	part->calls += calls;
}

static void row_takes(struct log_row *row, const struct part *part)
{
	if (!part->calls)
		return;
	row->calls += part->calls;
	row->least_ns = part->least_ns < row->least_ns ? part->least_ns : row->least_ns;
	row->most_ns = part->most_ns > row->most_ns ? part->most_ns : row->most_ns;
}

void log_row_at(struct scope *s, uint64_t n, struct log_row *row)
{
	/* Where the run may be cut, before @n and behind it, and one piece further. */
	uint64_t cut = n - n % RUN_MAX, next = cut + RUN_MAX;
	uint64_t least = cut > RUN_MAX ? cut - RUN_MAX : 0, most = next + RUN_MAX;
	uint64_t first = n, end = n + 1;
	struct part before = {}, piece = {}, behind = {};
	const struct event *e;
	struct event ev;

	*row = (struct log_row){ .first = n, .last = n, .calls = 1 };
	if (!store_get(s->store, n, &ev))
		return;
	row->calls = 0;
	row->least_ns = UINT64_MAX;
	part_takes(&piece, &ev);
	if (can_fold(&ev) && !(n >= s->unfold_first && n < s->unfold_end)) {
		for (; first > least; first--) {
			e = store_peek(s->store, first - 1);
			if (!same_run(&ev, e))
				break;
			part_takes(first > cut ? &piece : &before, e);
		}
		for (; end < most; end++) {
			e = store_peek(s->store, end);
			if (!e || !same_run(&ev, e))
				break;
			part_takes(end < next ? &piece : &behind, e);
		}
	}
	row_takes(row, &piece);
	if (first <= cut && end > next)
		end = next;
	else
		row_takes(row, &behind);
	if (cut >= RUN_MAX && first == cut - RUN_MAX)
		first = cut;
	else
		row_takes(row, &before);
	row->first = first;
	row->last = end - 1;
}

static bool failed(const struct event *ev)
{
	return match_failed(ev) || ev->kind == EV_LOSS || ev->kind == EV_STUCK;
}

static bool wanted(struct scope *s, const struct event *ev)
{
	if (!event_kind_is_public(ev->kind))
		return false;
	if (s->problems_only && !failed(ev))
		return false;
	return !s->filter.n || match_event(&s->filter, ev, scope_ask(s));
}

static bool chunk_may_have(struct scope *s, uint64_t n, uint64_t *first, uint64_t *last)
{
	return store_chunk_may_have(s->store, n, s->filter.kinds, s->filter.errors,
				    s->filter.longer_ns, first, last);
}

/* What looking at an event costs of a budget: its text is worth many. */
static void pay(const struct scope *s, uint64_t *budget)
{
	uint64_t cost = s->filter.n && match_is_dear(&s->filter) ? 16 : 1;

	*budget -= cost < *budget ? cost : *budget;
}

/* [@from, @to) has no line: what is looked at once need not be looked at again. */
static void barren(struct scope *s, uint64_t from, uint64_t to)
{
	if (to <= from)
		return;
	if (from <= s->barren_to && to >= s->barren_from && s->barren_to) {
		s->barren_from = from < s->barren_from ? from : s->barren_from;
		s->barren_to = to > s->barren_to ? to : s->barren_to;
	} else if (to - from > s->barren_to - s->barren_from) {
		s->barren_from = from;
		s->barren_to = to;
	}
}

bool log_prev(struct scope *s, uint64_t n, struct log_row *row, uint64_t *budget)
{
	uint64_t first, last, begin;
	struct event ev;

	if (n > store_count(s->store))
		n = store_count(s->store);
	begin = n;
	while (n > 0 && *budget) {
		if (n > s->barren_from && n <= s->barren_to) {
			n = s->barren_from;
			continue;
		}
		pay(s, budget);
		if (!chunk_may_have(s, n - 1, &first, &last)) {
			n = first;
			continue;
		}
		n--;
		if (!store_get(s->store, n, &ev) || !wanted(s, &ev))
			continue;
		barren(s, n + 1, begin);
		log_row_at(s, n, row);
		return true;
	}
	barren(s, n, begin);
	return false;
}

bool log_next(struct scope *s, uint64_t n, struct log_row *row, uint64_t *budget)
{
	uint64_t first, last, count = store_count(s->store), begin = n;
	struct event ev;

	while (n < count && *budget) {
		if (n >= s->barren_from && n < s->barren_to) {
			n = s->barren_to;
			continue;
		}
		pay(s, budget);
		if (!chunk_may_have(s, n, &first, &last)) {
			n = last + 1;
			continue;
		}
		if (store_get(s->store, n, &ev) && wanted(s, &ev)) {
			barren(s, begin, n);
			log_row_at(s, n, row);
			return true;
		}
		n++;
	}
	barren(s, begin, n < count ? n : count);
	return false;
}
