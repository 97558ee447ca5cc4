// SPDX-License-Identifier: GPL-2.0-only
/*
 * subject.c - what the screen is about: a migration, one of its sides, one device of it
 *
 * Migrations are ordered by how much they want to be looked at.  A side's number stays
 * while the evidence grows, a migration's may not: what is chosen is side and device.
 */
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"
#include "util/array.h"

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

static uint32_t side_now(struct scope *s, struct model *m)
{
	/* One that is chosen, but for a moment at which it was not there yet. */
	if (s->side && s->side <= model_sides(m))
		return s->side;
	return s->device ? side_of(m, s->device) : 0;
}

const struct side *scope_side(struct scope *s, struct model *m)
{
	uint32_t id = side_now(s, m);

	return id ? model_side(m, id) : NULL;
}

const struct session *scope_session(struct scope *s, struct model *m)
{
	uint32_t side = side_now(s, m), id;

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
	return scope_migration_of(m, side_now(s, m));
}

uint64_t scope_left(const struct session *g, enum left_source *source)
{
	*source = LEFT_NOT_SEEN;
	if (!g || g->direction != DIR_SAVE)
		return MODEL_NONE;
	/* The stream has said so itself. */
	if (g->eof)
		return 0;
	return left_bytes(&g->left, source, NULL);
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

		left = scope_left(model_session_peek(m, d->session), &from);
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

/* ---- the order of migrations ---- */

/* Does one of the devices that leave get dirty as fast as it is read? */
static bool diverges(struct scope *s, struct model *m, const struct migration *g)
{
	const struct side *x = g->source ? model_side_peek(m, g->source) : NULL;
	struct forecast f;
	uint32_t i;

	if (!x || g->ended || x->stop.start_ns != MODEL_NONE)
		return false;
	for (i = 0; i < x->n_devices; i++) {
		uint32_t id = model_side_device(m, g->source, i)->session;

		if (model_session_peek(m, id)->ended)
			continue;
		forecast_session(m, id, s->cursor_ns, &f);
		if (f.trend == TREND_NOT_CONVERGING)
			return true;
	}
	return false;
}

static enum rank rank_of(struct scope *s, struct model *m, const struct migration *g)
{
	uint64_t budget = judge_options(s->judge)->max_downtime_ns;

	if (g->outcome == OUTCOME_FAILED)
		return RANK_FAILED;
	if (scope_stuck(s, m, g))
		return RANK_STUCK;
	if (budget && judge_downtime_budget(m, g, budget) == BUDGET_EXCEEDED)
		return RANK_OVER;
	if (diverges(s, m, g))
		return RANK_DIVERGES;
	if (!g->ended)
		return RANK_UNDER_WAY;
	return g->outcome == OUTCOME_COMPLETED && !g->ran_again ? RANK_DONE : RANK_OTHER;
}

static int by_rank(const void *a, const void *b)
{
	const struct fleet_row *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->migration < y->migration ? -1 : x->migration > y->migration;
}

void scope_rank(struct scope *s, struct model *m)
{
	uint32_t n = model_migrations(m), i;
	struct fleet_row *rows;
	enum left_source source;

	if (n > s->cap_fleet) {
		rows = realloc(s->fleet, n * sizeof(*rows));
		if (!rows)
			n = s->cap_fleet;
		else
			s->fleet = rows, s->cap_fleet = n;
	}
	for (i = 0; i < n; i++) {
		const struct migration *g = model_migration(m, i + 1);
		struct fleet_row *r = &s->fleet[i];

		r->migration = g->id;
		r->rank = rank_of(s, m, g);
		/* Of those under way by what remains, of others the newest first. */
		r->weight = g->begin_ns;
		if (r->rank == RANK_UNDER_WAY || r->rank == RANK_DIVERGES) {
			r->weight = scope_side_left(m, g->source, &source);
			if (r->weight == MODEL_NONE)
				r->weight = g->source ? 1 : 0;
		}
	}
	s->n_fleet = n;
	if (n)
		qsort(s->fleet, n, sizeof(*s->fleet), by_rank);
}

/* ---- what wants to be looked at ---- */

/* The side and device of a migration that tell most of it. */
static void choose_in(struct scope *s, struct model *m, const struct migration *g)
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

/*
 * While something is under way, older ones say nothing about now: only what overlaps in
 * time with it counts.  Else the worst of all.
 */
static const struct migration *choose_migration(struct scope *s, struct model *m)
{
	uint64_t since = UINT64_MAX;
	size_t i;

	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);

		if (!g->ended && g->begin_ns < since)
			since = g->begin_ns;
	}
	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);

		if (since == UINT64_MAX || !g->ended || g->end_ns >= since)
			return g;
	}
	return NULL;
}

void scope_choose(struct scope *s, struct model *m)
{
	const struct migration *g = choose_migration(s, m);
	uint32_t i;

	s->side = 0;
	if (g) {
		choose_in(s, m, g);
		return;
	}
	if (s->device && scope_device_shown(m, s->device))
		return;
	s->device = 0;
	for (i = 0; i < model_devices(m) && !s->device; i++)
		if (scope_device_shown(m, model_device_at(m, i)->number))
			s->device = model_device_at(m, i)->number;
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
	choose_in(s, m, g);
	scope_pin(s, s->side, s->device);
}

void scope_pin_event(struct scope *s, uint64_t n)
{
	struct model *m = scope_model(s);
	const struct model_stream *st;
	struct event ev;

	if (!n || !m || !store_get(s->store, n - 1, &ev))
		return;
	st = ev.device || !ev.stream ? NULL : model_stream(m, ev.stream);
	if (st)
		ev.device = st->device;
	if (ev.device && scope_device_shown(m, ev.device))
		scope_pin(s, side_of(m, ev.device), ev.device);
}

/* ---- the rows of the table ---- */

static bool row_add(struct scope *s, uint32_t migration, uint32_t side, uint32_t device)
{
	if (array_room(&s->rowlist, s->n_rows + 1, &s->cap_rows, sizeof(*s->rowlist)))
		return false;
	s->rowlist[s->n_rows++] = (struct table_row){ migration, side, device };
	return true;
}

static void rows_of_side(struct scope *s, struct model *m, const struct migration *g, uint32_t side)
{
	const struct side *x = side ? model_side_peek(m, side) : NULL;
	uint32_t i;

	for (i = 0; x && i < x->n_devices; i++)
		row_add(s, g->id, side, model_side_device(m, side, i)->device);
	/* What was refused before there was a data FD. */
	if (x && !x->n_devices && x->cause.kind != EV_NONE && x->cause.device)
		row_add(s, g->id, side, x->cause.device);
}

void scope_rows(struct scope *s, struct model *m, bool all)
{
	uint32_t open = migration_of(m, side_now(s, m)), k;
	size_t i, migrating;

	s->n_rows = 0;
	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);

		if (s->n_fleet > 1)
			row_add(s, g->id, 0, 0);
		if (!all && s->n_fleet > 1 && g->id != open)
			continue;
		rows_of_side(s, m, g, g->source);
		rows_of_side(s, m, g, g->destination);
	}
	migrating = s->n_rows;
	for (k = 0; k < model_devices(m); k++) {
		const struct model_device *d = model_device_at(m, k);

		if (d->sessions || !scope_device_shown(m, d->number))
			continue;
		for (i = 0; i < migrating && s->rowlist[i].device != d->number; i++)
			;
		if (i == migrating)
			row_add(s, 0, 0, d->number);
	}
}

bool scope_row_selected(struct scope *s, struct model *m, const struct table_row *r)
{
	return r->device && r->device == s->device && (!r->side || r->side == side_now(s, m));
}

void scope_step_device(struct scope *s, int dir)
{
	struct model *m = scope_model(s);
	size_t i, k;

	if (!m)
		return;
	scope_rank(s, m);
	scope_rows(s, m, true);
	for (i = 0; i < s->n_rows && !scope_row_selected(s, m, &s->rowlist[i]); i++)
		;
	if (i == s->n_rows)
		i = dir > 0 ? s->n_rows - 1 : 0;
	for (k = 0; k < s->n_rows; k++) {
		i = dir > 0 ? (i + 1) % s->n_rows : (i + s->n_rows - 1) % s->n_rows;
		if (s->rowlist[i].device) {
			scope_pin(s, s->rowlist[i].side, s->rowlist[i].device);
			return;
		}
	}
}

void scope_step_migration(struct scope *s, int dir)
{
	struct model *m = scope_model(s);
	uint32_t now;
	size_t i, n;

	if (!m)
		return;
	scope_rank(s, m);
	now = migration_of(m, side_now(s, m));
	n = s->n_fleet;
	if (!n) {
		scope_say(s, false, "no migration yet");
		return;
	}
	for (i = 0; i < n && s->fleet[i].migration != now; i++)
		;
	if (i == n)
		i = dir > 0 ? n - 1 : 0;
	i = dir > 0 ? (i + 1) % n : (i + n - 1) % n;
	scope_pin_migration(s, m, model_migration(m, s->fleet[i].migration));
}

/* ---- what the judge says of it ---- */

bool scope_finding_of(const struct finding *f, const struct migration *g)
{
	return g && f->side && (f->side == g->source || f->side == g->destination);
}

const struct finding *scope_finding(struct scope *s, size_t i)
{
	const struct finding *f = i < judge_findings(s->judge) ? judge_finding(s->judge, i) : NULL;

	return f && f->seq <= s->cursor ? f : NULL;
}

bool scope_finding_counts(const struct finding *f)
{
	return !f->because_of && !f->ignored;
}

struct worst_first {
	bool other;
	uint32_t severity;
	bool beside;
	uint64_t seq;
	size_t i;
};

static int by_severity(const void *a, const void *b)
{
	const struct worst_first *x = a, *y = b;

	if (x->other != y->other)
		return x->other ? 1 : -1;
	if (x->beside != y->beside)
		return x->beside ? 1 : -1;
	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq ? 1 : x->i < y->i ? -1 : 1;
}

void scope_problems(struct scope *s, struct model *m)
{
	struct worst_first all[FINDINGS_MAX];
	const struct migration *g = scope_migration(s, m);
	size_t i, n = 0;

	s->n_own = 0;
	for (i = 0; i < judge_findings(s->judge) && n < FINDINGS_MAX; i++) {
		const struct finding *f = scope_finding(s, i);

		if (!f)
			continue;
		all[n++] = (struct worst_first){ !scope_finding_of(f, g), f->severity,
						 !scope_finding_counts(f), f->seq, i };
		s->n_own += scope_finding_of(f, g);
	}
	qsort(all, n, sizeof(*all), by_severity);
	for (i = 0; i < n; i++)
		s->found[i] = (uint16_t)all[i].i;
	s->n_found = n;
}

const struct finding *scope_worst(struct scope *s, const struct migration *g)
{
	const struct finding *worst = NULL;
	size_t i;

	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = scope_finding(s, i);

		if (!f || !scope_finding_counts(f) || f->severity > SEV_WARNING ||
		    !scope_finding_of(f, g))
			continue;
		/* Who failed and why is said anyhow. */
		if (f->rule == RULE_MIGRATION_FAILED)
			continue;
		if (!worst || f->severity < worst->severity)
			worst = f;
	}
	return worst;
}

size_t scope_findings(struct scope *s, const struct migration *g, uint32_t device, uint32_t *worst)
{
	size_t n = 0, i;

	*worst = SEV_INCONCLUSIVE + 1;
	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = scope_finding(s, i);

		if (!f || !scope_finding_counts(f) || (g && !scope_finding_of(f, g)) ||
		    (device && f->device != device))
			continue;
		if (f->severity < *worst)
			*worst = f->severity;
		n++;
	}
	return n;
}
