// SPDX-License-Identifier: GPL-2.0-only
/*
 * search.c - search and filter, which know nothing of each other
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "tui/internal.h"

void scope_search_begin(struct scope *s, int dir)
{
	if (!s->search.n) {
		scope_say(s, false, "search for what? / asks");
		return;
	}
	s->searching = true;
	s->search_dir = dir;
	s->search_at = s->cursor;
	s->search_left = store_count(s->store);
}

const char *scope_line_of(void *arg, const struct event *ev)
{
	return scope_line(arg, ev);
}

/* Look at some events; true: the search is over. */
bool scope_search_step(struct scope *s)
{
	uint64_t count = store_count(s->store), budget = SEARCH_STEP, first, last, n;
	struct event ev;

	while (budget && s->search_left) {
		budget--;
		s->search_left--;
		if (s->search_dir > 0)
			n = s->search_at < count ? s->search_at++ : UINT64_MAX;
		else
			n = s->search_at > 1 ? --s->search_at - 1 : UINT64_MAX;
		if (n == UINT64_MAX)
			break;
		if (!store_chunk_may_have(s->store, n, s->search.kinds, s->search.errors, &first,
					  &last)) {
			s->search_at = s->search_dir > 0 ? last + 1 : first + 1;
			continue;
		}
		if (!store_get(s->store, n, &ev) || !event_kind_is_public(ev.kind))
			continue;
		if (match_event(&s->search, &ev, store_model(s->store), scope_line_of, s)) {
			scope_seek_event(s, n + 1);
			scope_say(s, false, "found: %s", scope_line(s, &ev));
			return true;
		}
	}
	if (budget || !s->search_left) {
		scope_say(s, true, "nothing %s this moment matches '%s'",
			  s->search_dir > 0 ? "after" : "before", s->search_text);
		return true;
	}
	scope_say(s, false, "searching '%s', %" PRIu64 " %% ... (Esc stops)", s->search_text,
		  s->search_dir > 0 ? s->search_at * 100 / (count + 1) :
				      100 - s->search_at * 100 / (count + 1));
	return false;
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
	snprintf(s->filter_text, sizeof(s->filter_text), "%s", text);
	scope_say(s, false,
		  m.n ? "filter: only what matches; & and Enter shows all" : "filter: none");
	return 0;
}
