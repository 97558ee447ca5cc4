// SPDX-License-Identifier: GPL-2.0-only
#include "view/rows.h"

#include <errno.h>
#include <stdlib.h>

#include "view/value.h"

/* Tasks in a poll at once whose wait is looked for. */
#define WAITERS_MAX 64

struct held {
	struct event ev;
	struct event_context ctx;
	/* The model's own are gone when it is fed, and it may be when the last is put. */
	struct model_device device;
	struct model_stream stream;
	char vm[EVENT_NAME_LEN], host[EVENT_NAME_LEN];
	struct call_why why;
	uint64_t realtime_ns;
	uint32_t migration;
	bool waits; /* for its task's next call */
	bool wanted;
};

struct rows {
	rows_put_fn put;
	void *arg;
	struct view_options opt;
	struct model *ended;
	struct held *ring;
	uint32_t head, n;
	struct {
		uint32_t tid, at;
	} waiters[WAITERS_MAX];
	uint32_t n_waiters;
};

struct rows *rows_create(const struct view_options *opt, struct model *ended, rows_put_fn put,
			 void *arg)
{
	struct rows *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	/* Sides get their numbers when one looks. */
	if (ended)
		model_migrations(ended);
	r->ended = ended;
	r->opt = *opt;
	r->put = put;
	r->arg = arg;
	return r;
}

void rows_destroy(struct rows *r)
{
	if (r)
		free(r->ring);
	free(r);
}

/* Hand out what no longer waits, in order. */
static void drain(struct rows *r)
{
	while (r->n && !r->ring[r->head].waits) {
		struct held *h = &r->ring[r->head];

		const struct row row = { &h->ev, &h->ctx, h->realtime_ns, h->migration };

		if (h->wanted)
			r->put(r->arg, &row);
		r->head = (r->head + 1) % NDJSON_HOLD_MAX;
		r->n--;
	}
}

static void drop_waiter(struct rows *r, uint32_t i)
{
	r->ring[r->waiters[i].at].waits = false;
	r->waiters[i] = r->waiters[--r->n_waiters];
}

/* The oldest line has waited long enough. */
static void give_up_oldest(struct rows *r)
{
	uint32_t i;

	for (i = 0; i < r->n_waiters; i++) {
		if (r->waiters[i].at == r->head) {
			drop_waiter(r, i);
			break;
		}
	}
	drain(r);
}

/* What happens inside another call of the task is no next call. */
static bool is_call(uint32_t kind)
{
	return value_has_result(kind) && kind != EV_ARC && kind != EV_STREAM_OPEN &&
	       kind != EV_DEVICE_RESET && kind != EV_STREAM_RELEASE;
}

static void end_wait(struct rows *r, const struct event *ev)
{
	uint32_t i;

	for (i = 0; i < r->n_waiters; i++) {
		struct event *poll = &r->ring[r->waiters[i].at].ev;
		uint64_t end_ns;

		if (r->waiters[i].tid != ev->tid)
			continue;
		end_ns = poll->t_ns + poll->dur_ns;
		poll->poll.wait_ns = ev->t_ns > end_ns ? ev->t_ns - end_ns : 0;
		drop_waiter(r, i);
		return;
	}
}

static uint32_t migration_of(const struct rows *r, uint32_t side)
{
	const struct side *s = r->ended && side ? model_side_peek(r->ended, side) : NULL;

	return s ? s->migration : 0;
}

static const char *keep(char buf[EVENT_NAME_LEN], const char *name)
{
	snprintf(buf, EVENT_NAME_LEN, "%s", name ?: "");
	return name ? buf : NULL;
}

static void hold_context(struct held *h, const struct event_context *ctx)
{
	h->ctx = *ctx;
	h->ctx.vm = keep(h->vm, ctx->vm);
	h->ctx.host = keep(h->host, ctx->host);
	if (ctx->device) {
		h->device = *ctx->device;
		h->ctx.device = &h->device;
	}
	if (ctx->stream) {
		h->stream = *ctx->stream;
		h->ctx.stream = &h->stream;
	}
	h->ctx.call = NULL;
	if (ctx->why) {
		h->why = *ctx->why;
		h->ctx.why = &h->why;
	}
}

int rows_event(struct rows *r, const struct model *m, const struct event *ev,
	       const struct event_context *ctx)
{
	bool wanted, waits;
	struct row row = { .ev = ev, .ctx = ctx };
	struct held *h;
	uint32_t at;

	if (!event_kind_is_public(ev->kind))
		return 0;
	row.migration = migration_of(r, ctx->side);
	/* A loss is everybody's. */
	wanted = (!r->opt.migration || row.migration == r->opt.migration || ev->kind == EV_LOSS) &&
		 time_window_has(&r->opt.window, m, ev);
	if (r->n_waiters && is_call(ev->kind)) {
		end_wait(r, ev);
		drain(r);
	}
	waits = ev->kind == EV_POLL && ev->poll.wait_ns == EVENT_WAIT_UNKNOWN && wanted;
	if (!waits && !r->n) {
		row.realtime_ns = model_realtime_ns(r->ended ?: m, ev->t_ns);
		if (wanted)
			r->put(r->arg, &row);
		return 0;
	}
	if (!r->ring) {
		r->ring = calloc(NDJSON_HOLD_MAX, sizeof(*r->ring));
		if (!r->ring)
			return -ENOMEM;
	}
	while (r->n == NDJSON_HOLD_MAX || (waits && r->n_waiters == WAITERS_MAX))
		give_up_oldest(r);
	at = (r->head + r->n++) % NDJSON_HOLD_MAX;
	h = &r->ring[at];
	h->ev = *ev;
	hold_context(h, ctx);
	h->migration = row.migration;
	h->realtime_ns = model_realtime_ns(r->ended ?: m, ev->t_ns);
	h->wanted = wanted;
	h->waits = waits;
	if (waits) {
		r->waiters[r->n_waiters].tid = ev->tid;
		r->waiters[r->n_waiters++].at = at;
	}
	return 0;
}

void rows_finish(struct rows *r)
{
	while (r->n_waiters)
		drop_waiter(r, 0);
	drain(r);
}
