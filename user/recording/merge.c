// SPDX-License-Identifier: GPL-2.0-only
#include "recording/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/hosts.h"
#include "util/array.h"
#include "util/numbers.h"

struct input {
	struct event_source *src;
	bool ended;
	int err; /* why it ended early, or 0 */
	/* Read and not delivered yet; of those only the last has a time of its own. */
	struct event *queue;
	size_t head, n, cap;
	uint64_t key_ns; /* when they are due, on its own clock */
	size_t boot;	 /* the first source of the same boot */
	bool has_clock;
	uint64_t booted_ns; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	uint64_t shift_ns;  /* to the clock of all */
	struct numbers devices, streams, hosts;
};

struct merge {
	struct event_source source;
	const struct merge_opts *opts; /* or NULL */
	struct input *in;
	size_t n;
	uint64_t seq;
	size_t clock;		   /* whose clock it is */
	struct event pair;	   /* the last one of it; EV_NONE: none yet */
	size_t from;		   /* whose event was delivered last */
	uint32_t devices, streams; /* numbers given out */
	struct hosts hosts;
	bool several; /* hosts: else events keep 0 */
	struct meta meta;
	size_t meta_n; /* entries of all sources that are in @meta */
	bool begun;    /* get_to_know() is done */
};

/* ---- making one event of many sources' ---- */

static int renumber(struct numbers *p, uint32_t *number, uint32_t *given)
{
	uint32_t *to;

	if (!*number)
		return 0;
	to = numbers_at(p, *number);
	if (!to)
		return -ENOMEM;
	if (!*to)
		*to = ++*given;
	*number = *to;
	return 0;
}

/* The number of @ev's host, which is one of @in, in all of them together. */
static int renumber_host(struct merge *m, struct input *in, const struct event *ev,
			 uint32_t *number)
{
	struct host_part unheard_of = { 0 };
	uint32_t *to;
	int err;

	if (!m->several) {
		*number = 0;
		return 0;
	}
	to = numbers_at(&in->hosts, ev->host);
	if (!to)
		return -ENOMEM;
	if (!*to) {
		/* META does not name it, or was damaged. */
		if (ev->kind == EV_HOST)
			memcpy(unheard_of.name, ev->host_def.name, sizeof(unheard_of.name));
		unheard_of.name[sizeof(unheard_of.name) - 1] = '\0';
		err = hosts_number(&m->hosts, &unheard_of, to);
		if (err)
			return err;
	}
	*number = *to;
	return 0;
}

/* A time of @in on the clock of all. */
static uint64_t on_clock(const struct merge *m, const struct input *in, uint64_t t_ns)
{
	return m->opts ? m->opts->to_clock(m->opts->arg, (size_t)(in - m->in), t_ns) :
			 t_ns + in->shift_ns;
}

/* An instant; 0 stays "none". */
static void shift(const struct merge *m, const struct input *in, uint64_t *t_ns)
{
	if (*t_ns)
		*t_ns = on_clock(m, in, *t_ns);
}

static int adopt(struct merge *m, size_t i, struct event *ev)
{
	struct input *in = &m->in[i];
	int err;

	err = renumber(&in->devices, &ev->device, &m->devices);
	err = err ?: renumber(&in->streams, &ev->stream, &m->streams);
	if (err)
		return err;
	/* Ends stay in order as starts do, also where a clock is slewed. */
	if (m->opts && event_calls(ev) == 1)
		ev->dur_ns = on_clock(m, in, ev->t_ns + ev->dur_ns) - on_clock(m, in, ev->t_ns);
	shift(m, in, &ev->t_ns);
	if (ev->kind == EV_READ || ev->kind == EV_WRITE) {
		shift(m, in, &ev->io.t_last_ns);
	} else if (ev->kind == EV_INSIDE) {
		shift(m, in, &ev->inside.call_t_ns);
	} else if (ev->kind == EV_LOSS) {
		shift(m, in, &ev->loss.t_from_ns);
		shift(m, in, &ev->loss.t_to_ns);
	}
	return 0;
}

/* ---- reading ahead ---- */

static int enqueue(struct input *in, const struct event *ev)
{
	if (in->head && in->head == in->n)
		in->head = in->n = 0;
	if (array_room(&in->queue, in->n + 1, &in->cap, sizeof(*in->queue)))
		return -ENOMEM;
	in->queue[in->n++] = *ev;
	return 0;
}

/* It stopped without its end: what came after is missing, nobody knows how much. */
static int enqueue_cut(struct input *in)
{
	struct source_health h = { 0 };
	struct event ev = { .kind = EV_LOSS };

	in->src->ops->health(in->src, &h);
	if (h.ended)
		return 0;
	ev.t_ns = ev.loss.t_from_ns = ev.loss.t_to_ns = h.last_ns;
	ev.loss.cause = LOSS_DAMAGE;
	in->key_ns = h.last_ns;
	return enqueue(in, &ev);
}

/* Have an event with a time at hand, if there is one.  0 or -ENOMEM. */
static int fill(const struct merge *m, struct input *in, int timeout_ms)
{
	struct event ev;
	int rc;

	while (!in->ended &&
	       (in->head == in->n || !event_kind_is_public(in->queue[in->n - 1].kind))) {
		rc = in->src->ops->next(in->src, &ev, timeout_ms);
		if (rc == 0)
			return 0;
		if (rc < 0) {
			in->ended = true;
			in->err = rc == -ENODATA ? 0 : rc;
			return m->opts && m->opts->cut_is_loss && !in->err ? enqueue_cut(in) : 0;
		}
		if (ev.kind == EV_CLOCK && !in->has_clock) {
			in->has_clock = true;
			in->booted_ns = ev.clock.realtime_ns - ev.t_ns;
		}
		if (event_kind_is_public(ev.kind) || ev.kind == EV_CLOCK)
			in->key_ns = event_end_ns(&ev);
		rc = enqueue(in, &ev);
		if (rc)
			return rc;
	}
	return 0;
}

static bool same_clock(const struct meta *a, const struct meta *b)
{
	const char *x = meta_get(a, "boot_id"), *y = meta_get(b, "boot_id");

	return x && y && *x && !strcmp(x, y);
}

/* Which hosts @in is of; each boot has one number, in however many sources it is. */
static int know_hosts(struct merge *m, struct input *in)
{
	size_t i, n;
	struct host_part *p = host_parts(in->src->ops->meta(in->src), &n);
	uint32_t *to;
	int err = p ? 0 : -ENOMEM;

	for (i = 0; i < n && !err; i++) {
		to = numbers_at(&in->hosts, p[i].host);
		err = !to ? -ENOMEM : *to ? 0 : hosts_number(&m->hosts, &p[i], to);
	}
	free(p);
	return err;
}

/* Once every source has begun: how their clocks and hosts go together. */
static int get_to_know(struct merge *m)
{
	struct input *in;
	size_t i, k;
	int err;

	for (i = 0; i < m->n; i++) {
		in = &m->in[i];
		err = know_hosts(m, in);
		if (err)
			return err;
		for (k = 0; k < i; k++)
			if (same_clock(m->in[k].src->ops->meta(m->in[k].src),
				       in->src->ops->meta(in->src)))
				break;
		in->boot = k;
		/* No instant is before a boot: the clock that runs longest holds them all. */
		if (in->has_clock &&
		    (!m->in[m->clock].has_clock || (in->booted_ns < m->in[m->clock].booted_ns &&
						    in->boot != m->in[m->clock].boot)))
			m->clock = i;
	}
	m->several = m->hosts.n > 1;
	if (m->opts)
		m->clock = m->opts->clock;
	for (i = 0; i < m->n; i++) {
		in = &m->in[i];
		if (in->has_clock && in->boot != m->in[m->clock].boot)
			in->shift_ns = m->in[in->boot].booted_ns - m->in[m->clock].booted_ns;
	}
	m->begun = true;
	return 0;
}

/*
 * Before anything else of a host: its name.  True: *@ev is that now, and what it was
 * waits; false: it is known.
 */
static bool introduce(struct merge *m, struct event *ev)
{
	struct event def = { .kind = EV_HOST, .host = ev->host, .t_ns = ev->t_ns };
	struct host *h = ev->host ? &m->hosts.h[ev->host - 1] : NULL;

	if (!h || h->introduced)
		return false;
	h->introduced = true;
	memcpy(def.host_def.name, h->name, sizeof(def.host_def.name));
	*ev = def;
	return true;
}

/*
 * Of the one clock of all the pairs; of any other that its host was watched until then,
 * and what the one clock shows.  False: nobody knows that yet.
 */
static bool tell_clock(struct merge *m, const struct input *in, struct event *ev)
{
	uint64_t since;

	if (ev->kind != EV_CLOCK)
		return true;
	if (in->boot == m->in[m->clock].boot) {
		m->pair = *ev;
		return true;
	}
	if (m->pair.kind != EV_CLOCK || ev->t_ns < m->pair.t_ns)
		return false;
	since = ev->t_ns - m->pair.t_ns;
	ev->clock = m->pair.clock;
	sat_inc(&ev->clock.realtime_ns, since);
	/* 0: not told. */
	if (ev->clock.boottime_ns)
		sat_inc(&ev->clock.boottime_ns, since);
	return true;
}

static int merge_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct merge *m = (struct merge *)src;
	struct input *in, *best = NULL;
	bool waiting = false;
	size_t i;
	int err;

	for (i = 0; i < m->n; i++) {
		in = &m->in[i];
		/* Only one that keeps nobody waiting may take its time. */
		err = fill(m, in, m->begun && m->n > 1 ? 0 : timeout_ms);
		if (err)
			return err;
		waiting |= !in->ended && in->head == in->n;
	}
	if (!m->begun) {
		if (waiting)
			return 0;
		err = get_to_know(m);
		if (err)
			return err;
	}
	for (;;) {
		for (best = NULL, i = 0; i < m->n; i++) {
			in = &m->in[i];
			if (in->head < in->n && (!best || on_clock(m, in, in->key_ns) <
								  on_clock(m, best, best->key_ns)))
				best = in;
		}
		if (!best)
			break;
		*ev = best->queue[best->head];
		err = renumber_host(m, best, &best->queue[best->head], &ev->host);
		err = err ?: adopt(m, (size_t)(best - m->in), ev);
		if (err)
			return err;
		/* A host is introduced below, once, by the name that it has among all. */
		if (ev->kind == EV_HOST || !tell_clock(m, best, ev)) {
			best->head++;
			continue;
		}
		best->head += !introduce(m, ev);
		m->from = (size_t)(best - m->in);
		ev->seq = ++m->seq;
		return 1;
	}
	for (i = 0; i < m->n; i++) {
		in = &m->in[i];
		if (!in->ended) {
			/* All wait: so do we, at the first that may have something. */
			err = fill(m, in, timeout_ms);
			return err ?: in->head < in->n ? merge_next(src, ev, 0) : 0;
		}
	}
	for (i = 0; i < m->n; i++)
		if (m->in[i].err)
			return m->in[i].err;
	return -ENODATA;
}

/* ---- what is known of all ---- */

static const struct meta *merge_meta(struct event_source *src)
{
	struct merge *m = (struct merge *)src;
	const struct meta *one;
	size_t i, k, all = 0;

	for (i = 0; i < m->n; i++)
		all += m->in[i].src->ops->meta(m->in[i].src)->n;
	if (all == m->meta_n)
		return &m->meta;
	meta_clear(&m->meta);
	for (i = 0; i < m->n; i++) {
		one = m->in[i].src->ops->meta(m->in[i].src);
		for (k = 0; k < one->n; k++)
			if (meta_add(&m->meta, one->entries[k].key, one->entries[k].value))
				break;
	}
	m->meta_n = all;
	return &m->meta;
}

static void merge_health(struct event_source *src, struct source_health *out)
{
	struct merge *m = (struct merge *)src;
	struct source_health one;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->ended = true;
	for (i = 0; i < m->n; i++) {
		m->in[i].src->ops->health(m->in[i].src, &one);
		health_join(out, &one);
		if (one.last_ns && on_clock(m, &m->in[i], one.last_ns) > out->last_ns)
			out->last_ns = on_clock(m, &m->in[i], one.last_ns);
	}
}

static const char *merge_error(struct event_source *src)
{
	struct merge *m = (struct merge *)src;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->in[i].err)
			return m->in[i].src->ops->error(m->in[i].src);
	}
	return "";
}

static void merge_close(struct event_source *src)
{
	struct merge *m = (struct merge *)src;
	size_t i;

	for (i = 0; i < m->n; i++) {
		m->in[i].src->ops->close(m->in[i].src);
		free(m->in[i].queue);
		numbers_free(&m->in[i].devices);
		numbers_free(&m->in[i].streams);
		numbers_free(&m->in[i].hosts);
	}
	hosts_free(&m->hosts);
	free(m->in);
	meta_clear(&m->meta);
	free(m);
}

size_t merge_from(const struct event_source *src)
{
	return ((const struct merge *)src)->from;
}

int merge_open(struct event_source **out, struct event_source **sources, size_t n,
	       const struct merge_opts *opts)
{
	static const struct event_source_ops ops = {
		.next = merge_next,
		.meta = merge_meta,
		.health = merge_health,
		.error = merge_error,
		.close = merge_close,
	};
	struct merge *m = calloc(1, sizeof(*m));
	size_t i;

	if (m)
		m->in = calloc(n, sizeof(*m->in));
	if (!m || !m->in) {
		for (i = 0; i < n; i++)
			sources[i]->ops->close(sources[i]);
		free(m);
		return -ENOMEM;
	}
	m->source.ops = &ops;
	m->opts = opts;
	m->n = n;
	for (i = 0; i < n; i++)
		m->in[i].src = sources[i];
	*out = (struct event_source *)m;
	return 0;
}
