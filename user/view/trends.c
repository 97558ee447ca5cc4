// SPDX-License-Identifier: GPL-2.0-only
#include "view/trends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/sat.h"

/* As fine as anything is worth drawing; a second is 256 of them and more. */
#define PART_NS 1000000ULL

struct series {
	struct trend pub;
	bool has_left;
	uint64_t initial, dirty; /* left to read now */
};

struct trends {
	struct series **of; /* by session - 1 */
	uint32_t n;
};

struct trends *trends_create(void)
{
	return calloc(1, sizeof(struct trends));
}

void trends_destroy(struct trends *t)
{
	uint32_t i;

	for (i = 0; t && i < t->n; i++)
		free(t->of[i]);
	if (t)
		free(t->of);
	free(t);
}

const struct trend *trends_of(const struct trends *t, uint32_t id)
{
	return t && id && id <= t->n && t->of[id - 1] ? &t->of[id - 1]->pub : NULL;
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* @b comes after @a. */
static void add_part(struct trend_part *a, const struct trend_part *b)
{
	sat_inc(&a->bytes, b->bytes);
	sat_inc(&a->enomsg, b->enomsg);
	sat_inc(&a->zero, b->zero);
	a->waited |= b->waited;
	a->failed |= b->failed;
	if (!b->has_left)
		return;
	a->initial_max = max_of(a->initial_max, b->initial_max);
	a->dirty_max = max_of(a->dirty_max, b->dirty_max);
	a->initial_last = b->initial_last;
	a->dirty_last = b->dirty_last;
	a->has_left = true;
}

static void widen(struct trend *t)
{
	uint32_t i;

	for (i = 0; i < TREND_PARTS / 2; i++) {
		struct trend_part p = t->part[2 * i];

		add_part(&p, &t->part[2 * i + 1]);
		t->part[i] = p;
	}
	memset(&t->part[i], 0, sizeof(t->part[0]) * (TREND_PARTS - i));
	t->n = (t->n + 1) / 2;
	t->part_ns *= 2;
}

static uint32_t index_of(struct trend *t, uint64_t t_ns)
{
	uint64_t at;

	/* A destination's first arcs may lie before it. */
	if (t_ns < t->start_ns)
		t_ns = t->start_ns;
	while ((at = (t_ns - t->start_ns) / t->part_ns) >= TREND_PARTS)
		widen(t);
	if (at >= t->n)
		t->n = (uint32_t)at + 1;
	return (uint32_t)at;
}

static struct series *series_of(struct trends *t, const struct model *m, uint32_t id)
{
	struct series **of;

	if (id > t->n) {
		of = realloc(t->of, id * sizeof(*of));
		if (!of)
			return NULL;
		memset(of + t->n, 0, (id - t->n) * sizeof(*of));
		t->of = of;
		t->n = id;
	}
	if (!t->of[id - 1]) {
		t->of[id - 1] = calloc(1, sizeof(struct series));
		if (t->of[id - 1]) {
			t->of[id - 1]->pub.start_ns = model_session_peek(m, id)->start_ns;
			t->of[id - 1]->pub.part_ns = PART_NS;
		}
	}
	return t->of[id - 1];
}

static void take_left(struct series *s, struct trend_part *p)
{
	if (!s->has_left)
		return;
	p->initial_max = max_of(p->initial_max, s->initial);
	p->dirty_max = max_of(p->dirty_max, s->dirty);
	p->initial_last = s->initial;
	p->dirty_last = s->dirty;
	p->has_left = true;
}

static void take_io(struct series *s, const struct event *ev, struct trend_part *p)
{
	uint64_t n = (uint64_t)ev->ret, initial;

	if (ev->ret < 0) {
		p->failed |= event_failed(ev);
		return;
	}
	sat_inc(&p->bytes, n);
	if (!s->has_left || ev->kind != EV_READ)
		return;
	initial = n < s->initial ? n : s->initial;
	s->initial -= initial;
	n -= initial;
	s->dirty -= n < s->dirty ? n : s->dirty;
	take_left(s, p);
}

/* The end of the stream, in STOP_COPY, is no wait. */
static void take_empty(struct trend *t, const struct event *ev, uint32_t state)
{
	uint32_t last, i;

	/* The later one first: it may widen the parts. */
	last = index_of(t, event_end_ns(ev) > ev->t_ns ? event_end_ns(ev) : ev->t_ns);
	i = index_of(t, ev->t_ns);

	if (ev->ret == -ENOMSG)
		sat_inc(&t->part[i].enomsg, event_calls(ev));
	else if (mig_state_is_precopy(state))
		sat_inc(&t->part[i].zero, event_calls(ev));
	else
		return;
	for (; i <= last; i++)
		t->part[i].waited = true;
}

int trends_event(struct trends *t, const struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	struct trend_part *p;
	struct series *s;

	if (!ctx->session)
		return 0;
	s = series_of(t, m, ctx->session);
	if (!s)
		return -ENOMEM;
	p = &s->pub.part[index_of(&s->pub, event_end_ns(ev))];
	if (event_is_empty_read(ev)) {
		take_empty(&s->pub, ev, ctx->state);
	} else if (ev->kind == EV_READ || ev->kind == EV_WRITE) {
		take_io(s, ev, p);
	} else if (ev->kind == EV_PRECOPY_INFO && ev->ret >= 0) {
		s->has_left = true;
		s->initial = ev->precopy_info.initial_bytes;
		s->dirty = ev->precopy_info.dirty_bytes;
		take_left(s, p);
	}
	return 0;
}
