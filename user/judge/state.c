// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - rules about the state machine, its data FDs, and calls that do
 * not come back
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge/internal.h"
#include "util/array.h"
#include "util/units.h"

/* The arcs of this call were seen, all of them, and the last one came true. */
static bool arrived(const struct look *l)
{
	return l->call && l->call->n_arcs && l->call->ret >= 0 && l->call->t_ns >= l->ev->t_ns &&
	       (int64_t)l->call->to == l->ev->set_state.target;
}

/* A birth without a hook looks the same as no birth. */
static bool births_are_hooked(const struct look *l)
{
	const struct meta *m = l->evidence->meta;
	bool any = false;
	size_t i;

	if (l->j->saw_birth)
		return true;
	for (i = 0; m && i < m->n; i++) {
		if (strcmp(m->entries[i].key, "hook"))
			continue;
		any = true;
		if (strstr(m->entries[i].value, " set_state ") &&
		    strstr(m->entries[i].value, " ok"))
			return true;
	}
	return !any;
}

static void tell_missing_fds(struct look *l)
{
	uint32_t i;

	for (i = 0; i < l->j->n_devs; i++) {
		const struct jdev *d = l->j->devs[i];
		struct finding f = {
			.rule = RULE_FD_MISSING,
			.severity = SEV_ERROR,
			.party = PARTY_DRIVER,
			.device = d->number,
			.session = d->fd_missing.session,
			.t_ns = d->fd_missing.t_ns,
			.seq = d->fd_missing.seq,
		};
		char a[32], b[32];

		if (d->fd_missing.seq && births_are_hooked(l))
			find_at(l->j, &f, "the arc %s to %s succeeded and handed out no data FD",
				state_text(d->fd_missing.from, a), state_text(d->fd_missing.to, b));
	}
}

void rule_fd_missing(struct look *l)
{
	struct jdev *d = l->dev;

	if (!l->ev) {
		tell_missing_fds(l);
		return;
	}
	/* Born unseen, and found: it was there. */
	if (l->ev->kind == EV_STREAM_OPEN) {
		if (d && l->ev->stream_open.adopted)
			d->fd_missing.seq = 0;
		return;
	}
	/* Told at the end, when it is known whether births are seen at all. */
	if (d && l->ev->ret >= 0 && arrived(l) &&
	    protocol_is_fd_arc(l->call->from, l->call->to, NULL) && !l->call->born &&
	    !l->ev->stream && !d->fd_missing.seq) {
		d->fd_missing.seq = l->ev->seq;
		d->fd_missing.t_ns = l->ev->t_ns;
		d->fd_missing.session = l->session;
		d->fd_missing.from = l->call->from;
		d->fd_missing.to = l->call->to;
	}
}

void rule_fd_unexpected(struct look *l)
{
	char a[32], b[32];

	if (l->ev->ret >= 0 && arrived(l) &&
	    !protocol_is_fd_arc(l->call->from, l->call->to, NULL) && l->call->born)
		find(l, RULE_FD_UNEXPECTED,
		     "the arc %s to %s handed out a data FD; only the four arcs that begin a "
		     "session do",
		     state_text(l->call->from, a), state_text(l->call->to, b));
}

void rule_fd_lost(struct look *l)
{
	char a[32], b[32];

	if (l->ev->ret < 0 && l->call && l->call->born && l->call->t_ns >= l->ev->t_ns &&
	    (!l->call->n_arcs || l->call->ret >= 0))
		find(l, RULE_FD_LOST,
		     "SET_STATE(%s) gave %s after the driver had made the data FD: the state "
		     "changed, and nobody holds the stream",
		     state_text((uint32_t)l->ev->set_state.target, a), errno_text(l->ev->ret, b));
}

void rule_illegal_arc(struct look *l)
{
	const struct event *ev = l->ev;
	int64_t target = ev->kind == EV_ARC ? ev->arc.to : ev->set_state.target;
	uint32_t from;
	char a[32], b[32];

	if (ev->ret < 0 || target < 0 || !l->dev || (ev->kind == EV_ARC && target == MIG_UNKNOWN))
		return;
	if (ev->kind == EV_ARC) {
		/* One step; the request as a whole is judged when it returns. */
		if (ev->arc.to == MIG_ERROR || (int64_t)ev->arc.target == target)
			return;
		from = ev->arc.from;
	} else if (l->call && l->call->n_arcs) {
		if (l->call->t_ns < ev->t_ns)
			return;
		from = l->call->from0;
	} else {
		if (!l->settled || target == l->state)
			return;
		from = l->state;
	}
	if (target >= MIG_STATE_NR || target == MIG_ERROR)
		find(l, RULE_ILLEGAL_ARC, "SET_STATE(%s) succeeded: nobody may ask for that",
		     state_text((uint32_t)target, a));
	else if (!protocol_claims((uint32_t)target, l->ctx->device->has_flags,
				  l->ctx->device->migration_flags))
		find(l, RULE_ILLEGAL_ARC, "the device went to %s, which it does not claim to have",
		     state_text((uint32_t)target, a));
	else if (protocol_is_forbidden(from, (uint32_t)target))
		find(l, RULE_ILLEGAL_ARC, "%s to %s succeeded; the state machine forbids it",
		     state_text(from, a), state_text((uint32_t)target, b));
}

void rule_state_desync(struct look *l)
{
	const struct event *ev = l->ev;
	uint32_t found = ev->kind == EV_ARC ? ev->arc.from : ev->get_state.reported;
	char a[32], b[32];

	/* Of a refused arc the state was still looked up. */
	if (!l->settled || found >= MIG_STATE_NR || found == l->state ||
	    (ev->kind == EV_GET_STATE && ev->ret < 0))
		return;
	/* A request that failed may have left it anywhere on its way. */
	if (ev->kind == EV_ARC)
		find(l, RULE_STATE_DESYNC,
		     "the device was left in %s and is found in %s: nobody asked, nothing reset it",
		     state_text(l->state, a), state_text(found, b));
	else
		suspect(l, RULE_STATE_DESYNC,
			"the device was left in %s and says %s: nobody asked, nothing reset it",
			state_text(l->state, a), state_text(found, b));
}

void rule_error_state(struct look *l)
{
	const struct event *ev = l->ev;

	if (!l->dev || l->state == MIG_ERROR)
		return;
	if ((ev->kind == EV_ARC &&
	     ((ev->ret >= 0 && ev->arc.to == MIG_ERROR) || ev->arc.from == MIG_ERROR)) ||
	    (ev->kind == EV_GET_STATE && ev->ret >= 0 && ev->get_state.reported == MIG_ERROR) ||
	    (ev->kind == EV_SET_STATE && ev->ret >= 0 && ev->set_state.target == MIG_ERROR))
		find(l, RULE_ERROR_STATE, "the device is in ERROR: only a reset brings it back");
}

/* Pre-copy data may never come: waiting for it is what read() is for. */
static bool may_wait(uint32_t call, uint32_t state)
{
	return call == EV_POLL ||
	       (call == EV_READ && (state == MIG_UNKNOWN || mig_state_is_precopy(state)));
}

static struct jstuck *stuck_of(struct judge *j, const struct event *ev, uint32_t call)
{
	uint32_t i;

	for (i = 0; i < j->n_stuck; i++)
		if (j->stuck[i].tid == ev->tid && j->stuck[i].host == ev->host &&
		    j->stuck[i].call == call)
			return &j->stuck[i];
	return NULL;
}

/* Its reason comes after it. */
static void say_why_stuck(struct look *l)
{
	const struct event *ev = l->ev;
	const struct jstuck *known = stuck_of(l->j, ev, ev->why.call);
	const struct model_flight *f;
	char a[UNITS_LEN], why[WHY_TEXT_LEN];
	uint32_t i;

	for (i = 0; known && ev->why.so_far && i < model_flights(l->model); i++) {
		f = model_flight(l->model, i);
		if (f->tid == ev->tid && f->host == ev->host && f->call == ev->why.call &&
		    judge_why_text(&f->why, why)[0])
			finding_retell(l->j, known->finding, "%s has not returned for %s: %s",
				       event_call_name(f->call), ms_text(a, ev->dur_ns), why);
	}
}

void rule_call_stuck(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstuck *known;
	char a[UNITS_LEN];
	struct finding f;

	if (ev->kind == EV_WHY) {
		say_why_stuck(l);
		return;
	}
	known = stuck_of(l->j, ev, ev->stuck.call);
	if (ev->stuck.age_ns <= l->j->opts.stuck_after_ns || may_wait(ev->stuck.call, l->state))
		return;
	/* One finding a call: it tells its age as it was last seen. */
	if (!known) {
		if (l->j->n_stuck == FINDINGS_MAX) {
			finding_omitted(l->j, RULE_CALL_STUCK, SEV_ERROR);
			return;
		}
		if (array_room(&l->j->stuck, l->j->n_stuck + 1, &l->j->cap_stuck,
			       sizeof(*l->j->stuck))) {
			l->j->failed = true;
			return;
		}
		f = finding_of(RULE_CALL_STUCK,
			       ev->t_ns > ev->stuck.age_ns ? ev->t_ns - ev->stuck.age_ns : 0,
			       ev->seq);
		f.host = ev->host;
		f.device = l->dev ? l->dev->number : 0;
		f.stream = ev->stream;
		f.session = l->session;
		f.side = l->ctx->side;
		known = &l->j->stuck[l->j->n_stuck];
		known->tid = ev->tid;
		known->host = ev->host;
		known->call = ev->stuck.call;
		known->finding = find_at(l->j, &f, " ");
		l->j->n_stuck++;
	}
	finding_retell(l->j, known->finding, "%s has not returned for %s",
		       event_call_name(ev->stuck.call), ms_text(a, ev->stuck.age_ns));
}

void rule_slow_call(struct look *l)
{
	const struct event *ev = l->ev;
	char a[UNITS_LEN], why[WHY_TEXT_LEN] = "";

	if (event_calls(ev) > 1 || ev->dur_ns <= NS_PER_SEC)
		return;
	if (ev->kind == EV_READ && (!l->settled || mig_state_is_precopy(l->state)))
		return;
	if (l->ctx->why)
		judge_why_text(l->ctx->why, why);
	find(l, RULE_SLOW_CALL, "%s took %s%s%s", event_call_name(ev->kind), ms_text(a, ev->dur_ns),
	     why[0] ? ": " : "", why);
}

/* ---- what the rules remember ---- */

void remember_state(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s;

	if (ev->kind == EV_STREAM_OPEN && l->dev && !ev->stream_open.adopted)
		l->j->saw_birth = true;
	if (ev->kind != EV_SET_STATE || ev->ret >= 0 || !l->call || !l->call->born)
		return;
	s = judge_stream(l->j, l->call->born);
	if (s)
		s->lost = true;
}

void forget_device(struct judge *j, struct jdev *d)
{
	uint32_t number = d->number;

	memset(d, 0, sizeof(*d));
	d->number = number;
	pending_drop(j, number);
}
