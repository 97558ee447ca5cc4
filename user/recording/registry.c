// SPDX-License-Identifier: GPL-2.0-only
#include "recording/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool event_same(const struct event *a, const struct event *b)
{
	const struct event_field *f;
	size_t i, n;

	if (a->t_ns != b->t_ns || a->dur_ns != b->dur_ns || a->ret != b->ret ||
	    a->kind != b->kind || a->cpu != b->cpu || a->pid != b->pid || a->tid != b->tid ||
	    a->device != b->device || a->stream != b->stream || a->host != b->host ||
	    strncmp(a->comm, b->comm, sizeof(a->comm)))
		return false;
	f = event_fields(a->kind, &n);
	for (i = 0; i < n; i++) {
		const char *x = (const char *)a + f[i].offset;
		const char *y = (const char *)b + f[i].offset;

		if (f[i].type == EF_STR ? strncmp(x, y, f[i].size) : memcmp(x, y, f[i].size))
			return false;
	}
	return true;
}

/* A task's number is its own host's. */
static uint64_t number_of(const struct event *ev)
{
	switch (ev->kind) {
	case EV_HOST:
		return ev->host;
	case EV_DEVICE:
		return ev->device;
	case EV_TASK:
		return (uint64_t)ev->host << 32 | ev->pid;
	case EV_CLOCK:
		return 0;
	case EV_FUNCTION:
		return ev->host;
	}
	return ev->stream;
}

/* Functions have a name for a number: their host's own. */
static bool same_one(const struct event *a, const struct event *b)
{
	return number_of(a) == number_of(b) &&
	       (a->kind != EV_FUNCTION ||
		!strncmp(a->function_def.name, b->function_def.name, sizeof(a->function_def.name)));
}

/* The kinds of a class share the place of their number, so any of them finds. */
static struct event *find(const struct registry_class *c, const struct event *ev)
{
	size_t i;

	/* What comes in is mostly about the latest. */
	for (i = c->n; i-- > 0;)
		if (same_one(&c->ev[i], ev))
			return &c->ev[i];
	return NULL;
}

int registry_learn(struct registry *r, const struct event *ev)
{
	int k = registry_class(ev->kind);
	size_t max = r->max ? r->max : REGISTRY_MAX;
	struct registry_class *c;
	struct event *e;

	if (k < 0)
		return 0;
	c = &r->class[k];
	e = find(c, ev);
	if (e) {
		size_t i = e - c->ev;

		memmove(e, e + 1, (c->n - i - 1) * sizeof(*e));
		c->n--;
	}
	if (ev->kind == EV_STREAM_RELEASE)
		return 0;
	if (c->n == max) {
		memmove(c->ev, c->ev + 1, (c->n - 1) * sizeof(*c->ev));
		c->n--;
	}
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 8;

		e = realloc(c->ev, cap * sizeof(*e));
		if (!e)
			return -ENOMEM;
		c->ev = e;
		c->cap = cap;
	}
	c->ev[c->n++] = *ev;
	return 0;
}

const struct event *registry_find(const struct registry *r, const struct event *ev)
{
	int k = registry_class(ev->kind);

	return k < 0 ? NULL : find(&r->class[k], ev);
}

const struct event *registry_at(const struct registry *r, uint32_t kind, size_t i)
{
	int k = registry_class(kind);

	return k >= 0 && i < r->class[k].n ? &r->class[k].ev[i] : NULL;
}

bool registry_knows(const struct registry *r, const struct event *ev)
{
	const struct event *e = registry_find(r, ev);

	return e && event_same(e, ev);
}

size_t registry_count(const struct registry *r)
{
	size_t i, n = 0;

	for (i = 0; i < REGISTRY_CLASSES; i++)
		n += r->class[i].n;
	return n;
}

void registry_free(struct registry *r)
{
	size_t i;

	for (i = 0; i < REGISTRY_CLASSES; i++)
		free(r->class[i].ev);
	memset(r, 0, sizeof(*r));
}
