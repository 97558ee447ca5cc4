// SPDX-License-Identifier: GPL-2.0-only
/*
 * why.c - what the time of calls was spent on
 *
 * An EV_WHY stands before the event of its call: it is kept until that comes, and goes
 * with it into the windows that the call is part of, and to whoever is told of it.  That
 * of a call that has not returned comes after the EV_STUCK, and goes to the flight.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

void call_why_of(const struct event *ev, struct call_why *w)
{
	const uint64_t ns[WHY_PARTS] = {
		[WHY_ON_CPU] = ev->why.on_cpu_ns,     [WHY_ASLEEP] = ev->why.asleep_ns,
		[WHY_BLOCKED] = ev->why.blocked_ns,   [WHY_LOCK] = ev->why.lock_ns,
		[WHY_RUNQUEUE] = ev->why.runqueue_ns, [WHY_FAULT] = ev->why.fault_ns,
	};

	memset(w, 0, sizeof(*w));
	w->call = ev->why.call;
	w->from = w->to = MIG_UNKNOWN;
	w->part = flight_part(w->call);
	w->so_far = ev->why.so_far != 0;
	w->t_ns = ev->t_ns;
	w->dur_ns = ev->dur_ns;
	memcpy(w->ns, ns, sizeof(w->ns));
	w->seen = ns[WHY_ON_CPU] != EVENT_NOT_SEEN;
	w->faults = ev->why.faults;
	w->longest_ns = ev->why.longest_ns;
	memcpy(w->stack, ev->why.stack, sizeof(w->stack));
	w->stack[sizeof(w->stack) - 1] = '\0';
}

void why_take(struct model *m, const struct event *ev)
{
	struct why_pending *at;
	uint32_t i;

	if (ev->why.so_far) {
		for (i = 0; i < m->n_flights; i++) {
			struct model_flight *f = &m->flights[i].pub;

			if (f->tid == ev->tid && f->host == ev->host && f->call == ev->why.call)
				call_why_of(ev, &f->why);
		}
		return;
	}
	/* The oldest goes: its call was lost. */
	at = &m->pending[m->next_pending++ % WHY_PENDING];
	at->tid = ev->tid;
	at->host = ev->host;
	call_why_of(ev, &at->why);
	m->n_pending = m->n_pending < WHY_PENDING ? m->n_pending + 1 : WHY_PENDING;
}

/* Of a SET_STATE is the rest what its steps do not have. */
static void leave_steps_out(struct call_why *rest, const struct model_call *c)
{
	int k;

	rest->dur_ns = sat_sub(rest->dur_ns, c->why_dur_ns);
	for (k = 0; k < WHY_PARTS; k++)
		if (rest->ns[k] != EVENT_NOT_SEEN)
			rest->ns[k] = sat_sub(rest->ns[k], c->why_ns[k]);
}

void why_of_event(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct why_pending *p;
	uint32_t i;

	m->why = NULL;
	if (!m->n_pending || !(event_traits(ev->kind) & (EVT_CALL | EVT_STREAM)) ||
	    event_calls(ev) > 1)
		return;
	for (i = 0; i < WHY_PENDING; i++) {
		p = &m->pending[i];
		if (p->why.call == ev->kind && p->tid == ev->tid && p->host == ev->host &&
		    p->why.t_ns == ev->t_ns)
			break;
	}
	if (i == WHY_PENDING)
		return;
	m->last_why = p->why;
	p->why.call = EV_NONE;
	m->n_pending--;
	m->why = ctx->why = &m->last_why;
	if (ev->kind == EV_ARC) {
		m->last_why.from = ev->arc.from;
		m->last_why.to = ev->arc.to;
		if (protocol_is_load(ev->arc.from, ev->arc.to))
			m->last_why.part = PART_LOAD;
	} else if (ev->kind == EV_SET_STATE) {
		/* What is not in its arcs is nobody's own part. */
		m->last_why.part = PART_OTHER;
		if (ev->set_state.target >= 0 && ev->set_state.target < MIG_STATE_NR)
			m->last_why.to = (uint32_t)ev->set_state.target;
	}
	m->why_rest = m->last_why;
	if (ctx->call)
		leave_steps_out(&m->why_rest, ctx->call);
	m->last_why.own_ns = m->why_rest.dur_ns;
}

void why_of_step(struct model_call *c, const struct call_why *w)
{
	int k;

	sat_inc(&c->why_dur_ns, w->dur_ns);
	for (k = 0; k < WHY_PARTS; k++)
		if (w->ns[k] != EVENT_NOT_SEEN)
			sat_inc(&c->why_ns[k], w->ns[k]);
}

void path_spend(const struct model *m, struct path *p, uint32_t owner, enum path_part part,
		uint64_t start_ns, uint64_t end_ns)
{
	path_add(p, owner, part, start_ns, end_ns);
	if (m->why && m->why->seen && m->why->t_ns == start_ns)
		path_why(p, owner, part, start_ns, end_ns, &m->why_rest);
}

/* Those of a stop first, then the longer. */
static bool comes_before(const struct call_why *a, const struct call_why *b)
{
	return a->in_stop != b->in_stop ? a->in_stop : a->dur_ns > b->dur_ns;
}

int why_keep(struct sess *g, const struct call_why *w, bool in_stop)
{
	struct call_why *list, now = *w;
	uint32_t i;

	now.in_stop = in_stop;
	if (!g->slow) {
		g->slow = calloc(SESSION_SLOW_MAX, sizeof(*g->slow));
		if (!g->slow)
			return -ENOMEM;
	}
	list = g->slow;
	for (i = g->n_slow; i && comes_before(&now, &list[i - 1]); i--)
		if (i < SESSION_SLOW_MAX)
			list[i] = list[i - 1];
	if (i == SESSION_SLOW_MAX)
		return 0;
	list[i] = now;
	if (g->n_slow < SESSION_SLOW_MAX)
		g->n_slow++;
	return 0;
}

const struct call_why *model_session_slow(const struct model *m, uint32_t id, uint32_t *n)
{
	const struct sess *g = sess_of(m, id);

	*n = g ? g->n_slow : 0;
	return *n ? g->slow : NULL;
}
