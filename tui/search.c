// SPDX-License-Identifier: GPL-2.0-only
/*
 * search.c - search and filter, which know nothing of each other, and what else is hunted for
 *
 * A hunt looks at some events at a time, between two looks at the keyboard.  It goes around the
 * end, and then counts how many there are.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"
#include "util/array.h"

/* Hits that are kept to say which of them one is. */
#define HITS_MAX (1U << 20)

/* ---- the hunt ---- */

static void begin(struct scope *s, const struct match *m, const char *what, int dir, bool count)
{
	struct hunt *h = &s->hunt;

	h->match = *m;
	snprintf(h->what, sizeof(h->what), "%s", what);
	h->dir = dir;
	h->at = s->cursor;
	h->left = store_count(s->store);
	h->wrapped = h->counting = false;
	h->count = count;
	s->searching = true;
}

void scope_search_begin(struct scope *s, int dir)
{
	if (!s->search.n) {
		scope_say(s, false, "search for what? / asks");
		return;
	}
	begin(s, &s->search, s->search_text, dir, true);
}

void scope_hunt(struct scope *s, const char *words, const char *what, int dir)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	if (!match_parse(&m, words, err))
		begin(s, &m, what, dir, false);
}

static bool matches(struct scope *s, uint64_t n, struct event *ev)
{
	return store_get(s->store, n, ev) && event_kind_is_public(ev->kind) &&
	       match_event(&s->hunt.match, ev, scope_ask(s));
}

static void found(struct scope *s, uint64_t n, const struct event *ev)
{
	struct hunt *h = &s->hunt;

	scope_remember(s);
	scope_seek_event(s, n + 1);
	scope_pin_event(s, n + 1);
	h->found = n;
	scope_say(s, false, "%s%s: %s",
		  !h->wrapped ? "" :
		  h->dir > 0  ? "around the end, from the first on, " :
				"around the beginning, from the last back, ",
		  h->count ? "found" : h->what, scope_line(s, ev));
}

/* The next event to look at; UINT64_MAX: around the end. */
static uint64_t next_of(struct hunt *h, uint64_t count)
{
	if (h->dir > 0)
		return h->at < count ? h->at++ : UINT64_MAX;
	return h->at > 1 ? --h->at - 1 : UINT64_MAX;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* All hits are known: which one is it? */
static void say_count(struct scope *s)
{
	struct hunt *h = &s->hunt;
	const uint64_t *at =
		s->n_hits ? bsearch(&h->found, s->hits, s->n_hits, sizeof(*s->hits), by_number) :
			    NULL;
	char text[sizeof(s->message)];

	snprintf(text, sizeof(text), "%s", s->message);
	if (at)
		scope_say(s, false, "%zu of %zu%s, %s", (size_t)(at - s->hits) + 1, s->n_hits,
			  s->n_hits == HITS_MAX ? " or more" : "", text);
}

static bool hits_are_known(const struct scope *s)
{
	return s->hits_of == store_count(s->store) && !strcmp(s->hits_text, s->search_text);
}

/* @budget events more are counted; true: all are. */
static bool count_step(struct scope *s, uint64_t budget, uint64_t cost)
{
	struct hunt *h = &s->hunt;
	uint64_t first, last, count = store_count(s->store);
	struct event ev;

	while (h->at < count && s->n_hits < HITS_MAX) {
		if (budget < cost)
			return false;
		budget -= cost;
		if (!store_chunk_may_have(s->store, h->at, h->match.kinds, h->match.errors,
					  h->match.longer_ns, &first, &last)) {
			h->at = last + 1;
			continue;
		}
		if (matches(s, h->at, &ev) &&
		    !array_room(&s->hits, s->n_hits + 1, &s->cap_hits, sizeof(*s->hits)))
			s->hits[s->n_hits++] = h->at;
		h->at++;
	}
	s->hits_of = count;
	snprintf(s->hits_text, sizeof(s->hits_text), "%s", s->search_text);
	say_count(s);
	return true;
}

bool scope_search_step(struct scope *s)
{
	struct hunt *h = &s->hunt;
	uint64_t count = store_count(s->store), budget = SEARCH_STEP, first, last, n;
	uint64_t cost = match_is_dear(&h->match) ? 16 : 1, skipped;
	struct event ev;

	if (h->counting)
		return count_step(s, budget, cost);
	while (budget >= cost && h->left) {
		budget -= cost;
		n = next_of(h, count);
		if (n == UINT64_MAX) {
			if (h->wrapped)
				break;
			h->wrapped = true;
			h->at = h->dir > 0 ? 0 : count + 1;
			continue;
		}
		h->left--;
		if (!store_chunk_may_have(s->store, n, h->match.kinds, h->match.errors,
					  h->match.longer_ns, &first, &last)) {
			skipped = h->dir > 0 ? last - n : n - first;
			h->left -= skipped < h->left ? skipped : h->left;
			h->at = h->dir > 0 ? last + 1 : first + 1;
			continue;
		}
		if (!matches(s, n, &ev))
			continue;
		found(s, n, &ev);
		if (!h->count)
			return true;
		if (hits_are_known(s)) {
			say_count(s);
			return true;
		}
		h->counting = true;
		h->at = 0;
		s->n_hits = 0;
		return false;
	}
	if (h->left && budget < cost) {
		scope_say(s, false, "searching '%s', %" PRIu64 " %% ... (Esc stops)", h->what,
			  100 - h->left * 100 / (count + 1));
		return false;
	}
	scope_say(s, true, h->count ? "nothing here matches '%s', nor elsewhere" : "no %s anywhere",
		  h->what);
	return true;
}

int scope_set_search(struct scope *s, const char *text)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	/* An empty one repeats the last, as in less and vi. */
	if (*text) {
		if (match_parse(&m, text, err)) {
			scope_say(s, true, "search: %s", err);
			return -EINVAL;
		}
		s->search = m;
		snprintf(s->search_text, sizeof(s->search_text), "%s", text);
	}
	scope_search_begin(s, 1);
	return 0;
}

int scope_set_filter(struct scope *s, const char *text)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	if (match_parse(&m, text, err)) {
		scope_say(s, true, "filter: %s", err);
		return -EINVAL;
	}
	s->filter = m;
	s->barren_from = s->barren_to = 0;
	snprintf(s->filter_text, sizeof(s->filter_text), "%s", text);
	scope_say(s, false,
		  m.n ? "filter: only what matches; & and Enter shows all" : "filter: none");
	return 0;
}
