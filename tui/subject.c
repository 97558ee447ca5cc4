// SPDX-License-Identifier: GPL-2.0-only
/*
 * subject.c - what the screen is about: a migration, one of its sides, one device of it
 *
 * Migrations are ordered by how much they want to be looked at.  A side's number stays
 * while the evidence grows, a migration's may not: what is chosen is side and device.
 */
#include <string.h>

#include "tui/internal.h"

/* ---- from a device to its migration ---- */

bool scope_device_shown(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);

	/* It is defined in front of its first event, which may be later than now. */
	return d && (d->pid || d->state != MIG_UNKNOWN);
}

static uint32_t last_session(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);
	uint32_t id;

	if (!d || !d->sessions)
		return 0;
	if (d->session)
		return d->session;
	for (id = model_sessions(m); id > 0; id--)
		if (model_session_peek(m, id)->device == device)
			return id;
	return 0;
}

static uint32_t session_in(struct model *m, uint32_t side, uint32_t device)
{
	uint32_t id = 0, found = 0;

	while ((id = model_side_session(m, side, id)) != 0)
		if (model_session_peek(m, id)->device == device)
			found = id;
	return found;
}

/* The device's newest side, which may have failed before it had a session. */
static uint32_t side_of(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);
	uint32_t session = last_session(m, device), first, id;

	first = session ? model_session_peek(m, session)->side : 0;
	for (id = model_sides(m); d && id > first; id--) {
		const struct side *x = model_side_peek(m, id);

		if (x->cause.kind != EV_NONE && x->cause.device ?
			    x->cause.device == device :
			    !x->n_sessions && x->host == d->host && x->pid == d->pid)
			return id;
	}
	return first;
}

uint32_t scope_side_now(struct scope *s, struct model *m)
{
	/* One that is chosen, but for a moment at which it was not there yet. */
	if (s->side && s->side <= model_sides(m))
		return s->side;
	return s->device ? side_of(m, s->device) : 0;
}

const struct side *scope_side(struct scope *s, struct model *m)
{
	uint32_t id = scope_side_now(s, m);

	return id ? model_side(m, id) : NULL;
}

const struct session *scope_session(struct scope *s, struct model *m)
{
	uint32_t side = scope_side_now(s, m), id;

	if (!s->device || !side)
		return NULL;
	id = session_in(m, side, s->device);
	return id ? model_session(m, id) : NULL;
}

const struct session *scope_session_of(struct model *m, uint32_t side, uint32_t device)
{
	uint32_t id = side ? session_in(m, side, device) : last_session(m, device);

	return id ? model_session(m, id) : NULL;
}

static uint32_t migration_of(struct model *m, uint32_t side)
{
	uint32_t n = model_migrations(m), id;

	id = side && side <= model_sides(m) ? model_side_peek(m, side)->migration : 0;
	return id <= n ? id : 0;
}

const struct migration *scope_migration_of(struct model *m, uint32_t side)
{
	uint32_t id = migration_of(m, side);

	return id ? model_migration(m, id) : NULL;
}

const struct migration *scope_migration(struct scope *s, struct model *m)
{
	return scope_migration_of(m, scope_side_now(s, m));
}

uint64_t scope_side_left(struct model *m, uint32_t side, enum left_source *source)
{
	const struct side *x = side ? model_side(m, side) : NULL;
	enum left_source from;
	uint64_t sum = 0, left;
	uint32_t i;

	*source = LEFT_NOT_SEEN;
	if (!x || x->direction != DIR_SAVE || !x->n_devices)
		return MODEL_NONE;
	for (i = 0; i < x->n_devices; i++) {
		const struct side_device *d = model_side_device(m, side, i);

		left = session_left(model_session_peek(m, d->session), &from);
		if (left == MODEL_NONE)
			return MODEL_NONE;
		sum = left < UINT64_MAX - sum ? sum + left : UINT64_MAX - 1;
		if (from != LEFT_NOT_SEEN)
			*source = from;
	}
	return sum;
}

const struct model_flight *scope_stuck(struct scope *s, struct model *m, const struct migration *g)
{
	uint64_t after = judge_options(s->judge)->stuck_after_ns;
	uint32_t i;

	for (i = 0; i < model_flights(m); i++) {
		const struct model_flight *f = model_flight(m, i);

		if (f->side && (f->side == g->source || f->side == g->destination) &&
		    f->seen_ns > f->start_ns && f->seen_ns - f->start_ns >= after)
			return f;
	}
	return NULL;
}

bool scope_stop_over(const struct migration *g, const struct side *src)
{
	return src->stop_over || g->ended || g->outcome == OUTCOME_FAILED;
}

/*
 * What its stop took or takes: the downtime, what is known of it, or while it leaves what
 * stopping now would cost.
 */
uint64_t scope_stop_ns(struct scope *s, struct model *m, const struct migration *g,
		       enum stop_kind *kind)
{
	const struct side *src = g->source ? model_side(m, g->source) : NULL;
	uint64_t low, mid, high;
	struct stop_forecast f;

	*kind = STOP_MEASURED;
	if (g->downtime_ns != MODEL_NONE)
		return g->downtime_ns;
	if (g->stopped_ns != MODEL_NONE)
		return g->stopped_ns;
	if (!src)
		return MODEL_NONE;
	if (src->stop.start_ns != MODEL_NONE) {
		if (scope_stop_over(g, src) || scope_stuck(s, m, g))
			return src->stop.total_ns;
		return s->cursor_ns > src->stop.start_ns ? s->cursor_ns - src->stop.start_ns : 0;
	}
	if (g->ended)
		return MODEL_NONE;
	forecast_side(m, g->source, model_last_ns(m), &f);
	if (!f.n_devices || f.devices_mid_ns == MODEL_NONE)
		return MODEL_NONE;
	*kind = stop_forecast_total(&f, &low, &mid, &high) ? STOP_FORECAST : STOP_AT_LEAST;
	return mid;
}

/* ---- what wants to be looked at ---- */

/* The side and device of a migration that tell most of it. */
void scope_choose_in(struct scope *s, struct model *m, const struct migration *g)
{
	const struct model_flight *stuck = scope_stuck(s, m, g);
	const struct side *x;
	uint32_t i;

	if (g->n_causes) {
		const struct failure *f = &g->cause[0];

		s->side = f->session ? model_session_peek(m, f->session)->side : g->source;
		if (f->host && s->side && model_side_peek(m, s->side)->host != f->host &&
		    g->destination)
			s->side = g->destination;
		if (!s->side)
			s->side = g->destination;
		s->device = f->device;
	} else if (stuck) {
		s->side = stuck->side;
		s->device = stuck->device;
	} else {
		s->side = g->source ? g->source : g->destination;
		s->device = 0;
	}
	if (s->device)
		return;
	x = model_side_peek(m, s->side);
	if (x->n_devices) {
		s->device = model_side_device(m, s->side, 0)->device;
		return;
	}
	for (i = 0; i < model_devices(m); i++) {
		const struct model_device *d = model_device_at(m, i);

		if (d->host == x->host && d->pid == x->pid && scope_device_shown(m, d->number)) {
			s->device = d->number;
			return;
		}
	}
}

void scope_pin(struct scope *s, uint32_t side, uint32_t device)
{
	s->side = side;
	s->device = device;
	s->device_pinned = true;
	s->dirty = true;
}

void scope_pin_migration(struct scope *s, struct model *m, const struct migration *g)
{
	scope_choose_in(s, m, g);
	scope_pin(s, s->side, s->device);
	s->fit_side = s->side;
}

void scope_pin_event(struct scope *s, uint64_t n)
{
	struct model *m = scope_model(s);
	struct event ev;
	uint32_t device;

	if (!n || !m || !store_get(s->store, n - 1, &ev))
		return;
	device = model_event_device(m, &ev);
	if (device && scope_device_shown(m, device))
		scope_pin(s, side_of(m, device), device);
}
