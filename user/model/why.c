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
#include "model/spent.h"
#include "util/array.h"

/* Known together or not at all; a recording may claim more of it than the wait took. */
static void know_details(struct call_why *w)
{
	uint64_t told[WHY_PARTS] = { 0 };
	enum why_part of;
	int k;

	for (k = WHY_PARTS; k < WHY_SUMS; k++)
		sat_inc(&told[why_detail_of((enum why_part)k)], w->ns[k]);
	for (k = WHY_PARTS; k < WHY_SUMS; k++) {
		of = why_detail_of((enum why_part)k);
		if (w->ns[of] == MODEL_NONE || told[of] > w->ns[of])
			w->ns[k] = MODEL_NONE;
	}
}

void call_why_of(const struct event *ev, struct call_why *w)
{
	uint64_t futex = ev->why.futex_ns, vcpu = ev->why.futex_vcpu_ns;
	const uint64_t ns[WHY_SUMS] = {
		[WHY_ON_CPU] = ev->why.on_cpu_ns,
		[WHY_ASLEEP] = ev->why.asleep_ns,
		[WHY_BLOCKED] = ev->why.blocked_ns,
		[WHY_LOCK] = ev->why.lock_ns,
		[WHY_RUNQUEUE] = ev->why.runqueue_ns,
		[WHY_FAULT] = ev->why.fault_ns,
		[WHY_SEND] = ev->why.send_ns,
		[WHY_RECEIVE] = ev->why.receive_ns,
		[WHY_POLL] = ev->why.poll_ns,
		[WHY_FUTEX] = ev->why.futex_ns,
		[WHY_STOPPED] = ev->why.stopped_ns,
		[WHY_KVM_LOG] = ev->why.kvm_log_ns,
		[WHY_SEND_RECEIVER] = ev->why.send_receiver_ns,
		[WHY_SEND_BUFFERS] = ev->why.send_buffers_ns,
		[WHY_SEND_NETWORK] = ev->why.send_network_ns,
		[WHY_FUTEX_VCPU] = vcpu,
		[WHY_FUTEX_OTHER] = vcpu == EVENT_NOT_SEEN ? vcpu : sat_sub(futex, vcpu),
	};

	memset(w, 0, sizeof(*w));
	w->call = ev->why.call;
	w->from = w->to = MIG_UNKNOWN;
	w->part = w->call == EV_NONE ? PART_GAP : flight_part(w->call);
	w->so_far = ev->why.so_far != 0;
	w->t_ns = ev->t_ns;
	w->dur_ns = ev->dur_ns;
	memcpy(w->ns, ns, sizeof(w->ns));
	know_details(w);
	w->seen = ns[WHY_ON_CPU] != EVENT_NOT_SEEN;
	w->faults = ev->why.faults;
	w->longest_ns = ev->why.longest_ns;
	w->srtt_ns = ev->why.srtt_ns;
	w->cwnd = ev->why.cwnd;
	w->retransmits = ev->why.retransmits;
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
	m->n_pending += !at->used;
	at->used = true;
	at->tid = ev->tid;
	at->host = ev->host;
	call_why_of(ev, &at->why);
}

/* Of a SET_STATE is the rest what its steps do not have. */
static void leave_steps_out(struct call_why *rest, const struct model_call *c)
{
	int k;

	rest->dur_ns = sat_sub(rest->dur_ns, c->why_dur_ns);
	for (k = 0; k < WHY_SUMS; k++)
		if (rest->ns[k] != EVENT_NOT_SEEN)
			rest->ns[k] = sat_sub(rest->ns[k], c->why_ns[k]);
}

static struct why_pending *pending_of(struct model *m, const struct event *ev, bool between)
{
	struct why_pending *p;

	for (p = m->pending; p < m->pending + WHY_PENDING; p++) {
		if (!p->used || p->tid != ev->tid || p->host != ev->host ||
		    (p->why.call == EV_NONE) != between)
			continue;
		/* What the thread did before a call ended when that, or what it is in, began. */
		if (between ? event_end_ns(ev) >= sat_add(p->why.t_ns, p->why.dur_ns) :
			      p->why.call == ev->kind && p->why.t_ns == ev->t_ns)
			return p;
	}
	return NULL;
}

static void take_out(struct model *m, struct why_pending *p, struct call_why *to)
{
	*to = p->why;
	p->used = false;
	m->n_pending--;
}

void why_of_event(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct why_pending *p;

	m->why = m->before = NULL;
	if (!m->n_pending || !(event_traits(ev->kind) & (EVT_CALL | EVT_STREAM)))
		return;
	p = pending_of(m, ev, true);
	if (p) {
		take_out(m, p, &m->last_before);
		m->last_before.own_ns = m->last_before.dur_ns;
		m->before = &m->last_before;
	}
	p = event_calls(ev) > 1 ? NULL : pending_of(m, ev, false);
	if (!p)
		return;
	take_out(m, p, &m->last_why);
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
	for (k = 0; k < WHY_SUMS; k++)
		if (w->ns[k] != EVENT_NOT_SEEN)
			sat_inc(&c->why_ns[k], w->ns[k]);
}

void path_spend(const struct model *m, struct path *p, uint32_t owner, enum path_part part,
		uint64_t start_ns, uint64_t end_ns)
{
	path_add(p, owner, part, start_ns, end_ns);
	if (m->why && m->why->seen && m->why->t_ns == start_ns)
		path_why(p, owner, part, start_ns, end_ns, &m->why_rest);
	if (m->before)
		path_gap_why(p, start_ns, m->before);
}

/* Those of a stop first, then the longer. */
static bool comes_before(const struct call_why *a, const struct call_why *b)
{
	return a->in_stop != b->in_stop ? a->in_stop : a->dur_ns > b->dur_ns;
}

int why_keep(struct sess *g, const struct call_why *w, bool in_stop)
{
	struct why_list *to = w->call == EV_NONE ? &g->gaps : &g->slow;
	struct call_why now = *w;
	uint32_t i;

	now.in_stop = in_stop;
	if (!to->list) {
		to->list = calloc(SESSION_SLOW_MAX, sizeof(*to->list));
		if (!to->list)
			return -ENOMEM;
	}
	for (i = to->n; i && comes_before(&now, &to->list[i - 1]); i--)
		if (i < SESSION_SLOW_MAX)
			to->list[i] = to->list[i - 1];
	if (i == SESSION_SLOW_MAX)
		return 0;
	to->list[i] = now;
	if (to->n < SESSION_SLOW_MAX)
		to->n++;
	return 0;
}

void why_list_drop(struct why_list *l)
{
	free(l->list);
	memset(l, 0, sizeof(*l));
}

int why_list_copy(struct why_list *to, const struct why_list *from)
{
	memset(to, 0, sizeof(*to));
	if (!from->list)
		return 0;
	to->list = malloc(SESSION_SLOW_MAX * sizeof(*to->list));
	if (!to->list)
		return -ENOMEM;
	memcpy(to->list, from->list, SESSION_SLOW_MAX * sizeof(*to->list));
	to->n = from->n;
	return 0;
}

const struct call_why *model_session_slow(const struct model *m, uint32_t id, uint32_t *n)
{
	const struct sess *g = sess_of(m, id);

	*n = g ? g->slow.n : 0;
	return *n ? g->slow.list : NULL;
}

const struct call_why *model_session_gaps(const struct model *m, uint32_t id, uint32_t *n)
{
	const struct sess *g = sess_of(m, id);

	*n = g ? g->gaps.n : 0;
	return *n ? g->gaps.list : NULL;
}
