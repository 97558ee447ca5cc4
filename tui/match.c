// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "tui/match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/units.h"

enum { T_TEXT, T_KIND, T_DEVICE, T_ERR, T_ERRNO, T_VM, T_PID, T_DUR, T_SIZE };

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

static int parse_term(struct match_term *t, const char *w)
{
	t->not = *w == '!' && w[1];
	if (t->not )
		w++;
	snprintf(t->text, sizeof(t->text), "%s", w);
	t->what = T_TEXT;
	if (!strcmp(w, "err")) {
		t->what = T_ERR;
	} else if (!strncmp(w, "kind=", 5)) {
		t->what = T_KIND;
		return parse_kinds(w + 5, &t->number);
	} else if (!strncmp(w, "dev=", 4)) {
		t->what = T_DEVICE;
		snprintf(t->text, sizeof(t->text), "%s", w + 4);
	} else if (!strncmp(w, "vm=", 3)) {
		t->what = T_VM;
		snprintf(t->text, sizeof(t->text), "%s", w + 3);
	} else if (!strncmp(w, "errno=", 6)) {
		t->what = T_ERRNO;
		return parse_errno(w + 6, &t->number);
	} else if (!strncmp(w, "pid=", 4)) {
		t->what = T_PID;
		return units_parse_u64(w + 4, &t->number);
	} else if (!strncmp(w, "dur>", 4)) {
		t->what = T_DUR;
		return units_parse_duration(w + 4, &t->number);
	} else if (!strncmp(w, "size>", 5)) {
		t->what = T_SIZE;
		return units_parse_size(w + 5, &t->number);
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
	}
	return 0;
}

static bool failed(const struct event *ev)
{
	return ev->ret < 0 && !event_is_empty_read(ev) && ev->kind != EV_LOSS &&
	       ev->kind != EV_STUCK && ev->kind != EV_MARK && ev->kind != EV_FEATURE;
}

static bool holds(const struct match_term *t, const struct event *ev, const struct model *model,
		  const char *(*line)(void *arg, const struct event *ev), void *arg)
{
	const struct model_device *d;
	const struct model_stream *s;
	const char *vm;

	switch (t->what) {
	case T_KIND:
		return t->number >> ev->kind & 1;
	case T_ERR:
		return failed(ev);
	case T_ERRNO:
		return ev->ret == -(int64_t)t->number && ev->kind != EV_LOSS;
	case T_PID:
		return ev->pid == t->number;
	case T_DUR:
		return ev->dur_ns > t->number;
	case T_SIZE:
		return (ev->kind == EV_READ || ev->kind == EV_WRITE) && ev->ret > 0 &&
		       (uint64_t)ev->ret > t->number;
	case T_VM:
		vm = model_vm(model, ev->host, ev->pid);
		return vm && strcasestr(vm, t->text);
	case T_DEVICE:
		s = ev->device ? NULL : model_stream(model, ev->stream);
		d = model_device(model, s ? s->device : ev->device);
		return d && strcasestr(d->name, t->text);
	default:
		return strcasestr(line(arg, ev), t->text) != NULL;
	}
}

bool match_event(const struct match *m, const struct event *ev, const struct model *model,
		 const char *(*line)(void *arg, const struct event *ev), void *arg)
{
	unsigned int i;

	if (!(m->kinds >> ev->kind & 1))
		return false;
	for (i = 0; i < m->n; i++)
		if (holds(&m->terms[i], ev, model, line, arg) == m->terms[i].not )
			return false;
	return true;
}
