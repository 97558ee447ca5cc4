// SPDX-License-Identifier: GPL-2.0-only
#include "model/align.h"

#include <stdlib.h>
#include <string.h>

#include "model/clock.h"
#include "model/flow.h"
#include "util/array.h"
#include "util/sat.h"

/* No constraint: less than any shift that a time can need. */
#define NO_LIMIT INT64_MIN

struct input {
	size_t clock;
	uint64_t first_ns, last_ns;
};

struct clock {
	char boot[64];
	struct clock_pair *pair;
	size_t n_pairs, cap_pairs;
	uint64_t first_ns, last_ns;
	uint32_t sources;
	struct align_tie tie;
	int64_t shift_ns; /* on top of what the clocks say */
	bool placed;
};

struct align {
	struct input *in;
	size_t n_in;
	struct clock *c;
	size_t n;
	struct flows flows;
	size_t ref;
	/* [from * n + to]: by how much to's shift must exceed from's, at least. */
	int64_t *limit;
};

struct align *align_create(void)
{
	return calloc(1, sizeof(struct align));
}

void align_destroy(struct align *a)
{
	size_t i;

	if (!a)
		return;
	for (i = 0; i < a->n; i++)
		free(a->c[i].pair);
	flows_free(&a->flows);
	free(a->limit);
	free(a->in);
	free(a->c);
	free(a);
}

/* ---- first pass ---- */

static int add_pair(struct clock *c, const struct event *ev)
{
	if (array_room(&c->pair, c->n_pairs + 1, &c->cap_pairs, sizeof(*c->pair)))
		return -ENOMEM;
	c->pair[c->n_pairs++] = (struct clock_pair){ ev->t_ns, ev->clock.realtime_ns };
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct clock_pair *x = a, *y = b;

	if (x->mono_ns != y->mono_ns)
		return x->mono_ns < y->mono_ns ? -1 : 1;
	return x->real_ns < y->real_ns ? -1 : x->real_ns > y->real_ns;
}

/* In order; a second one of the same moment, after damage, is no news. */
static void sort_pairs(struct clock *c)
{
	size_t i, n = 0;

	if (c->n_pairs)
		qsort(c->pair, c->n_pairs, sizeof(*c->pair), by_time);
	for (i = 0; i < c->n_pairs; i++)
		if (!n || c->pair[n - 1].mono_ns != c->pair[i].mono_ns)
			c->pair[n++] = c->pair[i];
	c->n_pairs = n;
}

static int scan_event(struct align *a, size_t input, struct clock *c, const struct event *ev)
{
	struct input *in = &a->in[input];

	if (event_kind_is_public(ev->kind)) {
		if (!in->first_ns || ev->t_ns < in->first_ns)
			in->first_ns = ev->t_ns;
		if (event_end_ns(ev) > in->last_ns)
			in->last_ns = event_end_ns(ev);
	}
	if (ev->kind == EV_CLOCK)
		return add_pair(c, ev);
	return flows_event(&a->flows, input, ev);
}

/* The clock of the boot that @src is of: a new one, or that of an input before. */
static int clock_of(struct align *a, struct event_source *src, size_t *out)
{
	const struct meta *meta = src->ops->meta(src);
	const char *boot = meta ? meta_get(meta, "boot_id") : NULL;
	struct clock *c;
	size_t i;

	for (i = 0; boot && *boot && i < a->n; i++) {
		if (!strncmp(a->c[i].boot, boot, sizeof(a->c[i].boot) - 1)) {
			*out = i;
			return 0;
		}
	}
	c = realloc(a->c, (a->n + 1) * sizeof(*c));
	if (!c)
		return -ENOMEM;
	a->c = c;
	c += a->n;
	memset(c, 0, sizeof(*c));
	if (boot)
		strncpy(c->boot, boot, sizeof(c->boot) - 1);
	*out = a->n++;
	return 0;
}

int align_scan(struct align *a, struct event_source *src)
{
	struct input *in = realloc(a->in, (a->n_in + 1) * sizeof(*in));
	struct event ev;
	bool any = false;
	int err, fed = 0;
	size_t clock = 0;

	if (!in)
		return -ENOMEM;
	a->in = in;
	in += a->n_in++;
	memset(in, 0, sizeof(*in));
	while ((err = src->ops->next(src, &ev, -1)) > 0) {
		/* META is in front: only now has it been read. */
		if (!any)
			fed = clock_of(a, src, &clock);
		any = true;
		if (!fed)
			fed = scan_event(a, a->n_in - 1, &a->c[clock], &ev);
		if (fed)
			return fed;
	}
	if (err == -ENODATA && !any)
		fed = clock_of(a, src, &clock);
	in->clock = clock;
	if (a->n > clock)
		sort_pairs(&a->c[clock]);
	if (fed)
		return fed;
	return err == -ENODATA ? 0 : err;
}

void align_span(const struct align *a, size_t input, uint64_t *first_ns, uint64_t *last_ns)
{
	*first_ns = a->in[input].first_ns;
	*last_ns = a->in[input].last_ns;
}

/* ---- the clocks ---- */

/* CLOCK_REALTIME less CLOCK_MONOTONIC at @mono_ns, between the pairs around it. */
static int64_t real_offset(const struct clock *c, uint64_t mono_ns)
{
	const struct clock_pair *p = c->pair, *last = p + c->n_pairs - 1;
	size_t lo = 0, hi = c->n_pairs - 1, mid;

	if (c->tie.stepped || mono_ns >= last->mono_ns)
		return clock_offset(last);
	if (mono_ns <= p->mono_ns)
		return clock_offset(p);
	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (p[mid].mono_ns <= mono_ns)
			lo = mid;
		else
			hi = mid;
	}
	return sat_adds(clock_offset(&p[lo]),
			sat_s64((double)sat_adds(clock_offset(&p[hi]),
						 sat_neg(clock_offset(&p[lo]))) *
				(double)(mono_ns - p[lo].mono_ns) /
				(double)(p[hi].mono_ns - p[lo].mono_ns)));
}

static bool is_stepped(const struct clock *c)
{
	size_t i;

	for (i = 1; i < c->n_pairs; i++)
		if (clock_is_step(&c->pair[i - 1], &c->pair[i]))
			return true;
	return false;
}

bool align_wall(const struct align *a, size_t input, uint64_t t_ns, uint64_t *real_ns)
{
	const struct clock *c = &a->c[a->in[input].clock];

	if (!c->n_pairs)
		return false;
	*real_ns = t_ns + (uint64_t)real_offset(c, t_ns);
	return true;
}

/* A time of @c on the reference clock, by what the clocks say. */
static uint64_t by_clocks(const struct align *a, const struct clock *c, uint64_t t_ns)
{
	const struct clock *ref = &a->c[a->ref];
	uint64_t real, t;
	int i;

	if (c->tie.kind != ALIGN_REALTIME)
		return t_ns;
	real = t_ns + (uint64_t)real_offset(c, t_ns);
	t = real - (uint64_t)real_offset(ref, ref->pair[0].mono_ns);
	/* The offset is that of the moment looked for; it changes slowly. */
	for (i = 0; i < 3; i++)
		t = real - (uint64_t)real_offset(ref, t);
	return t;
}

static uint64_t to_reference(const struct align *a, const struct clock *c, uint64_t t_ns)
{
	return by_clocks(a, c, t_ns) + (uint64_t)c->shift_ns;
}

/* ---- causality ---- */

static uint64_t flow_time(const void *arg, size_t input, uint64_t t_ns)
{
	const struct align *a = arg;

	return by_clocks(a, &a->c[a->in[input].clock], t_ns);
}

static size_t flow_clock(const void *arg, size_t input)
{
	return ((const struct align *)arg)->in[input].clock;
}

static int64_t add(int64_t x, int64_t y)
{
	int64_t sum;

	if (x == NO_LIMIT || y == NO_LIMIT)
		return NO_LIMIT;
	if (__builtin_add_overflow(x, y, &sum))
		return x < 0 ? NO_LIMIT + 1 : INT64_MAX;
	return sum;
}

/* What bytes that went from clock to clock say. */
static void find_limits(struct align *a)
{
	struct flow_view v = { .arg = a, .time = flow_time, .clock = flow_clock };
	size_t i, j, n = a->n;
	uint32_t streams;
	int64_t way;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			int64_t *l = &a->limit[i * n + j];

			*l = NO_LIMIT;
			if (i == j)
				continue;
			streams = flows_way(&a->flows, &v, i, j, &way);
			a->c[i].tie.streams += streams;
			a->c[j].tie.streams += streams;
			if (streams && way != INT64_MAX)
				*l = way == INT64_MIN ? INT64_MAX : -way;
		}
	}
}

/*
 * And what follows from that by way of third clocks: after it, whatever is chosen
 * for some leaves a choice for the others.  Where the limits contradict each
 * other nothing follows: they stay as they are, and place() takes the middle.
 */
static int close_limits(struct align *a)
{
	size_t n = a->n, size = n * n * sizeof(*a->limit), i, j, k;
	int64_t *l = malloc(size + 1), over;
	bool fits = true;

	if (!l)
		return -ENOMEM;
	memcpy(l, a->limit, size);
	for (k = 0; k < n; k++) {
		for (i = 0; i < n; i++) {
			for (j = 0; j < n; j++) {
				over = add(l[i * n + k], l[k * n + j]);
				if (over > l[i * n + j])
					l[i * n + j] = over;
			}
		}
	}
	for (i = 0; i < n; i++)
		fits &= l[i * n + i] <= 0;
	if (fits)
		memcpy(a->limit, l, size);
	free(l);
	return 0;
}

static int64_t middle(int64_t lo, int64_t hi)
{
	return lo / 2 + hi / 2 + (lo % 2 + hi % 2) / 2;
}

/* Shift clock @i by the least that those placed before it allow. */
static void place(struct align *a, size_t i)
{
	struct clock *c = &a->c[i];
	struct align_tie *t = &c->tie;
	int64_t lo = NO_LIMIT, hi = INT64_MAX, l;
	size_t k;

	for (k = 0; k < a->n; k++) {
		if (!a->c[k].placed)
			continue;
		l = add(a->limit[k * a->n + i], a->c[k].shift_ns);
		lo = l > lo ? l : lo;
		l = a->limit[i * a->n + k];
		if (l != NO_LIMIT && add(a->c[k].shift_ns, -l) < hi)
			hi = add(a->c[k].shift_ns, -l);
	}
	c->placed = true;
	t->has_way[ALIGN_IN] = lo != NO_LIMIT;
	t->has_way[ALIGN_OUT] = hi != INT64_MAX;
	t->way_ns[ALIGN_IN] = t->has_way[ALIGN_IN] ? -lo : 0;
	t->way_ns[ALIGN_OUT] = t->has_way[ALIGN_OUT] ? hi : 0;
	if (t->kind == ALIGN_NONE) {
		if (!t->has_way[ALIGN_IN] && !t->has_way[ALIGN_OUT])
			return;
		t->kind = ALIGN_CAUSALITY;
	}
	if (lo > hi) {
		t->contradicts = true;
		t->correction_ns = middle(lo, hi);
	} else if (t->kind == ALIGN_CAUSALITY) {
		t->correction_ns = !t->has_way[ALIGN_IN]  ? hi :
				   !t->has_way[ALIGN_OUT] ? lo :
							    lo + (hi - lo) / 2;
	} else if (lo > 0) {
		t->correction_ns = lo;
	} else if (hi < 0) {
		t->correction_ns = hi;
	}
	c->shift_ns = t->correction_ns;
}

static bool is_bound(const struct align *a, size_t i)
{
	size_t k;

	for (k = 0; k < a->n; k++)
		if (a->c[k].placed &&
		    (a->limit[k * a->n + i] != NO_LIMIT || a->limit[i * a->n + k] != NO_LIMIT))
			return true;
	return false;
}

/* Those that the wall clock ties first, then whom bytes tie to one of them. */
static void place_all(struct align *a)
{
	bool more = true;
	size_t i;

	a->c[a->ref].placed = true;
	for (i = 0; i < a->n; i++)
		if (a->c[i].tie.kind == ALIGN_REALTIME)
			place(a, i);
	while (more) {
		more = false;
		for (i = 0; i < a->n; i++) {
			if (a->c[i].placed || !is_bound(a, i))
				continue;
			place(a, i);
			more = true;
		}
	}
}

/* By the wall clock: does @c begin before @ref's host had booted? */
static bool is_before_boot(const struct clock *c, const struct clock *ref)
{
	return c->n_pairs && ref->n_pairs &&
	       c->first_ns + (uint64_t)clock_offset(&c->pair[0]) <
		       (uint64_t)clock_offset(&ref->pair[0]);
}

static void choose_reference(struct align *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		a->c[i].sources =
			flows_sources(&a->flows,
				      &(struct flow_view){ .arg = a, .clock = flow_clock }, i);
	for (i = 1; i < a->n; i++) {
		const struct clock *c = &a->c[i], *r = &a->c[a->ref];

		if (c->sources > r->sources ||
		    (c->sources == r->sources && c->n_pairs && !r->n_pairs))
			a->ref = i;
	}
	/* No instant is before a boot: else the clock that has run longest holds them all. */
	for (i = 0; i < a->n; i++)
		if (is_before_boot(&a->c[i], &a->c[a->ref]))
			break;
	for (i = i < a->n ? 0 : a->n; i < a->n; i++)
		if (a->c[i].n_pairs &&
		    clock_offset(&a->c[i].pair[0]) < clock_offset(&a->c[a->ref].pair[0]))
			a->ref = i;
}

int align_clocks(struct align *a)
{
	struct clock *c;
	int64_t d;
	size_t i;

	a->limit = calloc(a->n * a->n + 1, sizeof(*a->limit));
	if (!a->limit)
		return -ENOMEM;
	for (i = 0; i < a->n_in; i++) {
		c = &a->c[a->in[i].clock];
		if (a->in[i].first_ns && (!c->first_ns || a->in[i].first_ns < c->first_ns))
			c->first_ns = a->in[i].first_ns;
		if (a->in[i].last_ns > c->last_ns)
			c->last_ns = a->in[i].last_ns;
	}
	choose_reference(a);
	for (i = 0; i < a->n; i++) {
		c = &a->c[i];
		c->tie.stepped = is_stepped(c);
		c->tie.kind = i == a->ref			 ? ALIGN_SAME :
			      c->n_pairs && a->c[a->ref].n_pairs ? ALIGN_REALTIME :
								   ALIGN_NONE;
	}
	find_limits(a);
	if (close_limits(a))
		return -ENOMEM;
	place_all(a);
	for (i = 0; i < a->n; i++) {
		c = &a->c[i];
		c->tie.offset_ns = (int64_t)(to_reference(a, c, c->first_ns) - c->first_ns);
		d = (int64_t)(to_reference(a, c, c->last_ns) - c->last_ns) - c->tie.offset_ns;
		c->tie.drift_ns = (uint64_t)(d < 0 ? -d : d);
	}
	return 0;
}

size_t align_n(const struct align *a)
{
	return a->n;
}

size_t align_clock_of(const struct align *a, size_t input)
{
	return a->in[input].clock;
}

size_t align_reference(const struct align *a)
{
	return a->ref;
}

const struct align_tie *align_tie(const struct align *a, size_t clock)
{
	return &a->c[clock].tie;
}

static uint64_t bound_of(const struct align_tie *t)
{
	int64_t in = t->has_way[ALIGN_IN] ? add(t->way_ns[ALIGN_IN], t->correction_ns) : -1;
	int64_t out = t->has_way[ALIGN_OUT] ? add(t->way_ns[ALIGN_OUT], -t->correction_ns) : -1;

	if (t->kind == ALIGN_SAME)
		return 0;
	if (t->contradicts)
		return (uint64_t)(in < 0 ? -in : in);
	return in < 0 && out < 0 ? UINT64_MAX : (uint64_t)(in > out ? in : out);
}

uint64_t align_bound_ns(const struct align *a)
{
	uint64_t bound = 0, one;
	size_t i;

	for (i = 0; i < a->n; i++) {
		one = bound_of(&a->c[i].tie);
		bound = one > bound ? one : bound;
	}
	return bound;
}

uint64_t align_time(const void *align, size_t input, uint64_t t_ns)
{
	const struct align *a = align;

	return to_reference(a, &a->c[a->in[input].clock], t_ns);
}
