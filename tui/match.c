// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "tui/match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/units.h"

enum {
	T_TEXT,
	T_KIND,
	T_DEVICE,
	T_ERR,
	T_ERRNO,
	T_VM,
	T_PID,
	T_LONGER,
	T_SHORTER,
	T_LARGER,
	T_SMALLER,
	T_STATE,
	T_AFTER,
	T_BEFORE,
	T_OUTLIER,
};

const char *const match_words[] = {
	"kind=", "device=", "vm=",  "err", "errno=", "state=",	"dur>", "dur<",
	"size>", "size<",   "pid=", "t>",  "t<",     "outlier", NULL
};

static int parse_kinds(const char *list, uint64_t *kinds)
{
	char word[MATCH_TEXT], *save = NULL, *w;
	uint32_t k;

	snprintf(word, sizeof(word), "%s", list);
	*kinds = 0;
	for (w = strtok_r(word, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		k = event_kind_from_name(w);
		if (k == EV_NONE)
			return -EINVAL;
		*kinds |= 1ULL << k;
	}
	return *kinds ? 0 : -EINVAL;
}

static int parse_errno(const char *name, uint64_t *err)
{
	int e;

	for (e = 1; e < 4096; e++) {
		const char *n = errno_name(e);

		if (n && !strcasecmp(n, name)) {
			*err = (uint64_t)e;
			return 0;
		}
	}
	return units_parse_u64(name, err);
}

static int parse_state(const char *name, uint64_t *state)
{
	uint32_t i;

	for (i = 0; i < MIG_STATE_NR; i++) {
		if (!strcasecmp(mig_state_name(i), name)) {
			*state = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_any(const char *text, uint64_t *v)
{
	(void)text;
	(void)v;
	return 0;
}

static int parse_term(struct match_term *t, const char *w)
{
	static const struct {
		const char *word;
		int what;
		int (*parse)(const char *text, uint64_t *v);
	} terms[] = {
		{ "kind=", T_KIND, parse_kinds },
		{ "dev=", T_DEVICE, parse_any },
		{ "device=", T_DEVICE, parse_any },
		{ "vm=", T_VM, parse_any },
		{ "errno=", T_ERRNO, parse_errno },
		{ "state=", T_STATE, parse_state },
		{ "pid=", T_PID, units_parse_u64 },
		{ "dur>", T_LONGER, units_parse_duration },
		{ "dur<", T_SHORTER, units_parse_duration },
		{ "size>", T_LARGER, units_parse_size },
		{ "size<", T_SMALLER, units_parse_size },
		{ "t>", T_AFTER, units_parse_duration },
		{ "t<", T_BEFORE, units_parse_duration },
	};
	size_t i, len;

	t->not = *w == '!' && w[1];
	if (t->not )
		w++;
	snprintf(t->text, sizeof(t->text), "%s", w);
	t->what = !strcmp(w, "err") ? T_ERR : !strcmp(w, "outlier") ? T_OUTLIER : T_TEXT;
	for (i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		len = strlen(terms[i].word);
		if (strncmp(w, terms[i].word, len))
			continue;
		t->what = terms[i].what;
		snprintf(t->text, sizeof(t->text), "%s", w + len);
		return terms[i].parse(w + len, &t->number);
	}
	return 0;
}

int match_parse(struct match *m, const char *text, char err[MATCH_TEXT * 2])
{
	char copy[512], *save = NULL, *w;

	memset(m, 0, sizeof(*m));
	m->kinds = UINT64_MAX;
	snprintf(copy, sizeof(copy), "%s", text);
	for (w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		struct match_term *t = &m->terms[m->n];

		if (m->n == MATCH_TERMS) {
			snprintf(err, MATCH_TEXT * 2, "at most %d words", MATCH_TERMS);
			return -EINVAL;
		}
		if (parse_term(t, w)) {
			snprintf(err, MATCH_TEXT * 2, "'%.80s' is not understood", w);
			return -EINVAL;
		}
		m->n++;
		if (t->what == T_KIND)
			m->kinds &= t->not ? ~t->number : t->number;
		if ((t->what == T_ERR) && !t->not )
			m->errors = true;
		if (t->what == T_LONGER && !t->not &&t->number > m->longer_ns)
			m->longer_ns = t->number;
	}
	return 0;
}

bool match_failed(const struct event *ev)
{
	return ev->ret < 0 && !event_is_empty_read(ev) && ev->kind != EV_LOSS &&
	       ev->kind != EV_STUCK && ev->kind != EV_MARK && ev->kind != EV_FEATURE;
}

static bool in_state(uint32_t state, const struct event *ev, const struct match_ask *ask)
{
	switch (ev->kind) {
	case EV_ARC:
		return ev->arc.from == state || ev->arc.to == state;
	case EV_SET_STATE:
		if (ev->set_state.target == (int64_t)state)
			return true;
		break;
	case EV_GET_STATE:
		return ev->ret >= 0 && ev->get_state.reported == state;
	}
	return ask->state && ask->state(ask->arg, ev) == state;
}

static bool holds(const struct match_term *t, const struct event *ev, const struct match_ask *ask)
{
	bool moved = (ev->kind == EV_READ || ev->kind == EV_WRITE) && ev->ret >= 0;
	const struct model_device *d;
	const char *vm;

	switch (t->what) {
	case T_KIND:
		return t->number >> ev->kind & 1;
	case T_ERR:
		return match_failed(ev);
	case T_ERRNO:
		return ev->ret == -(int64_t)t->number && ev->kind != EV_LOSS;
	case T_PID:
		return ev->pid == t->number;
	case T_LONGER:
		return ev->dur_ns > t->number;
	case T_SHORTER:
		return (event_traits(ev->kind) & EVT_CALL) && ev->dur_ns < t->number;
	case T_LARGER:
		return moved && (uint64_t)ev->ret > t->number;
	case T_SMALLER:
		return moved && (uint64_t)ev->ret < t->number;
	case T_STATE:
		return in_state((uint32_t)t->number, ev, ask);
	case T_AFTER:
		return event_end_ns(ev) > ask->first_ns + t->number;
	case T_BEFORE:
		return event_end_ns(ev) < ask->first_ns + t->number;
	case T_OUTLIER:
		return ask->outlier && ask->outlier(ask->arg, ev);
	case T_VM:
		vm = model_vm(ask->model, ev->host, ev->pid);
		return vm && strcasestr(vm, t->text);
	case T_DEVICE:
		d = model_device(ask->model, model_event_device(ask->model, ev));
		return d && strcasestr(d->name, t->text);
	default:
		return strcasestr(ask->line(ask->arg, ev), t->text) != NULL;
	}
}

bool match_is_dear(const struct match *m)
{
	unsigned int i;

	for (i = 0; i < m->n; i++)
		if (m->terms[i].what == T_TEXT)
			return true;
	return false;
}

bool match_event(const struct match *m, const struct event *ev, const struct match_ask *ask)
{
	unsigned int i;
	int dear;

	if (!(m->kinds >> ev->kind & 1))
		return false;
	/* The text last: what is cheap to say decides most. */
	for (dear = 0; dear < 2; dear++)
		for (i = 0; i < m->n; i++)
			if ((m->terms[i].what == T_TEXT) == dear &&
			    holds(&m->terms[i], ev, ask) == m->terms[i].not )
				return false;
	return true;
}
