// SPDX-License-Identifier: GPL-2.0-only
/*
 * arc.c - SET_STATE and its arcs, which come before the call that makes them
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

struct model_call *arc_call(struct dev *d, uint32_t tid, bool make)
{
	struct model_call *c, *free_ = NULL;

	for (c = d->calls; c < d->calls + DEV_CALLS; c++) {
		if (c->tid == tid && tid)
			return c;
		if (!c->tid && !free_)
			free_ = c;
	}
	if (!make || !free_)
		return NULL;
	memset(free_, 0, sizeof(*free_));
	free_->tid = tid;
	return free_;
}

static void note_arc(struct dev *d, const struct event *ev, const struct session_arc *arc,
		     const struct call_why *w)
{
	struct model_call *c = arc_call(d, ev->tid, true);
	uint32_t at;

	if (!c)
		return;
	at = c->n_arcs < MODEL_CALL_ARCS ? c->n_arcs : MODEL_CALL_ARCS - 1;
	if (!c->n_arcs++) {
		c->t_ns = ev->t_ns;
		c->from0 = ev->arc.from;
	}
	/* Of too many the first ones, and the last. */
	c->arcs[at] = *arc;
	c->from = ev->arc.from;
	c->to = ev->arc.to;
	c->ret = ev->ret;
	if (w)
		why_of_step(c, w);
}

/*
 * "current device_state may be the original operating state or some other state
 * along the combination transition path" (uAPI, SET_STATE): only a step that was
 * refused before it had a name left everything as it was.
 */
static void arc_failed(struct model *m, struct dev *d, const struct event *ev)
{
	uint32_t from = ev->arc.from < MIG_STATE_NR ? ev->arc.from : MIG_UNKNOWN;
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = sess_of(m, d->sess);

	if (g && d->pub.likely == MIG_UNKNOWN)
		sess_prove_start(g, from);
	step_to(m, d, from, end_ns, ev->arc.to >= MIG_STATE_NR);
	if (g && protocol_is_load(ev->arc.from, ev->arc.to) && !event_is_interrupted(ev)) {
		g->pub.load_tried = true;
		g->pub.load_ret = ev->ret;
		g->pub.load_seq = ev->seq;
		g->pub.load_start_ns = ev->t_ns;
		g->pub.load_ns = ev->dur_ns;
	}
	d->pub.settled_ns = end_ns;
}

/* The device's arc hands out a data FD: the session's begin. */
static int arc_begins(struct model *m, struct dev *d, const struct event *ev, uint32_t direction)
{
	const struct model_call *c = arc_call(d, ev->tid, false);
	uint64_t begin_ns = c && c->n_arcs ? c->t_ns : ev->t_ns;
	struct sess *g = sess_of(m, d->sess);

	/* The stream may have been told of before its arc was over. */
	if (g && !g->started_by_arc && !g->pub.joined_late && !g->pub.n_arcs &&
	    !g->pub.session_over && g->pub.direction == direction) {
		g->pub.start_ns = ev->t_ns;
		g->pub.n_states = 0;
	} else {
		g = session_begin(m, d, direction, ev, begin_ns);
		if (!g)
			return -ENOMEM;
	}
	g->started_by_arc = true;
	/* A VM that was paused before: its stop is as old as the side. */
	if (side_of(m, g->pub.side)->pub.paused_before && d->window.active &&
	    d->window.start_ns < begin_ns)
		path_start(&d->window, begin_ns);
	return 0;
}

int arc_take(struct model *m, struct dev *d, const struct event *ev, struct event_context *ctx)
{
	uint32_t from = ev->arc.from, to = ev->arc.to, direction, i;
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct session_arc arc = {
		.from = from,
		.to = to,
		.ret = ev->ret,
		.start_ns = ev->t_ns,
		.dur_ns = ev->dur_ns,
	};
	enum path_part part = protocol_is_load(from, to) ? PART_LOAD : PART_ARC;
	struct sess *g = sess_of(m, d->sess);
	bool begins;

	note_arc(d, ev, &arc, m->why);
	if (ev->ret < 0 || to >= MIG_STATE_NR) {
		/* It did not happen, but it took its time. */
		stop_spend(m, d, part, ev->t_ns, end_ns);
		arc_failed(m, d, ev);
		if (g)
			sess_push_arc(g, &arc);
		return 0;
	}
	/* The table of the state machine was asked with this state. */
	if (from < MIG_STATE_NR) {
		if (g && d->pub.likely == MIG_UNKNOWN)
			sess_prove_start(g, from);
		step_to(m, d, from, ev->t_ns, true);
	}
	begins = protocol_is_fd_arc(from, to, &direction);
	if (begins && arc_begins(m, d, ev, direction))
		return -ENOMEM;
	if ((stop_begins_with(d, from, to) || (begins && from == MIG_STOP && !d->window.active)) &&
	    stop_begin(m, d, ev->t_ns))
		return -ENOMEM;
	/* A destination stands still for longer; nobody's guest waits for that. */
	if (begins && direction == DIR_RESUME)
		stop_leave(m, d, ev->t_ns, false);
	stop_spend(m, d, part, ev->t_ns, end_ns);
	g = sess_of(m, d->sess);
	if (begins && d->window.active) {
		/* What led here within the same stop is part of it. */
		for (i = 0; i < d->n_recent; i++)
			if (d->recent[i].start_ns >= d->window.start_ns)
				sess_push_arc(g, &d->recent[i]);
	}
	if (d->window.active && d->n_recent < sizeof(d->recent) / sizeof(d->recent[0]))
		d->recent[d->n_recent++] = arc;
	if (g) {
		sess_push_arc(g, &arc);
		if (end_ns > g->pub.end_ns)
			g->pub.end_ns = end_ns;
		if (begins)
			g->pub.n_states = 0;
		if (to == MIG_STOP_COPY) {
			g->pub.at_switch = g->pub.left;
			g->pub.switch_from = from;
			g->pub.switch_ns = ev->t_ns;
			g->pub.switch_arc_ns = ev->dur_ns;
			g->pub.switch_seq = ev->seq;
		}
		if (part == PART_LOAD) {
			g->pub.load_tried = true;
			g->pub.load_ret = 0;
			g->pub.load_seq = ev->seq;
			g->pub.load_start_ns = ev->t_ns;
			g->pub.load_ns = ev->dur_ns;
		}
	}
	step_moved(m, d, from, to, end_ns, to == ev->arc.target, ctx, true);
	d->pub.settled_ns = end_ns;
	return 0;
}

/* It should have handed out a data FD: a session that died at once. */
static int attempt(struct model *m, struct dev *d, const struct event *ev, uint32_t direction,
		   const struct model_call *c)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = session_begin(m, d, direction, ev, ev->t_ns);
	uint32_t i;
	int err;

	if (!g)
		return -ENOMEM;
	for (i = 0; c && i < c->n_arcs && i < MODEL_CALL_ARCS; i++)
		sess_push_arc(g, &c->arcs[i]);
	if (c && c->n_arcs > MODEL_CALL_ARCS)
		g->pub.arcs_folded += c->n_arcs - MODEL_CALL_ARCS;
	sess_call(d, g, ev, d->pub.likely);
	err = side_call(m, d, g, ev, c);
	if (err)
		return err;
	sess_attempted(m, d, g, end_ns);
	side_attempted(m, d, end_ns);
	return 0;
}

int arc_take_call(struct model *m, struct dev *d, const struct event *ev, struct event_context *ctx,
		  const struct model_call *c)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	int64_t target = ev->set_state.target;
	uint32_t from = d->pub.likely, direction;
	struct sess *g = sess_of(m, d->sess), *last = sess_of(m, d->last_sess);
	int err = 0;

	if (event_failed(ev) && !g && protocol_wants_fd(target, &direction) && (!c || !c->born)) {
		stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
		return attempt(m, d, ev, direction, c);
	}
	err = side_call(m, d, g, ev, c);
	if (err)
		return err;
	if (ev->ret < 0) {
		if (!g && !(last && ev->t_ns < last->pub.end_ns)) {
			d->pub.failures++;
			d->pub.failure.t_ns = ev->t_ns;
			d->pub.failure.ret = ev->ret;
			d->pub.failure.target = target;
		}
		/* Without its arcs: it asked to leave RESUMING and was refused. */
		if (g && !c && event_failed(ev) && d->pub.likely == MIG_RESUMING &&
		    !g->pub.load_tried && target != MIG_RESUMING) {
			g->pub.load_tried = true;
			g->pub.load_ret = ev->ret;
			g->pub.load_seq = ev->seq;
			g->pub.load_start_ns = ev->t_ns;
		}
	} else if (target >= 0 && target < MIG_STATE_NR && from != target) {
		/* A driver that does not walk the table, or arcs that were lost. */
		if (stop_begins_with(d, from, (uint32_t)target) && stop_begin(m, d, ev->t_ns))
			return -ENOMEM;
		stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
		step_moved(m, d, from, (uint32_t)target, end_ns, true, ctx, false);
		d->pub.settled_ns = end_ns;
		goto out;
	} else if (target >= 0 && target < MIG_STATE_NR) {
		/* What it succeeded in is where the device is. */
		step_to(m, d, (uint32_t)target, end_ns, true);
	}
	stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
out:
	/* A reset meanwhile may have come before or after what this reached. */
	if (d->reset_ns > ev->t_ns)
		d->pub.state = MIG_UNKNOWN;
	return 0;
}
