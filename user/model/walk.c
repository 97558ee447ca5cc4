// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk.c - takes the events in: moves the devices' states, begins and ends
 * sessions, books time, and says of each event what it changed
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* ---- sessions ---- */

/* The session of the other direction, or of another time, that ends unseen. */
static void drop_session(struct model *m, struct dev *d, uint64_t t_ns)
{
	struct sess *g = sess_of(m, d->sess);

	sess_abandoned(m, d, g, t_ns, SESSION_END_OTHER);
	side_dropped(m, d, g, t_ns);
}

static struct sess *begin_session(struct model *m, struct dev *d, uint32_t direction,
				  const struct event *ev, uint64_t begin_ns)
{
	struct sess *g;
	struct sid *s;

	if (d->sess)
		drop_session(m, d, ev->t_ns);
	s = side_sign(m, ev, d, direction, begin_ns, true);
	if (!s || array_room(&m->sess, m->n_sess + 1, &m->cap_sess, sizeof(*m->sess)))
		return NULL;
	g = sess_create(m, d, direction, ev);
	if (!g)
		return NULL;
	g->pub.id = m->n_sess + 1;
	m->sess[m->n_sess++] = g;
	if (side_session(m, s, d, g))
		return NULL;
	d->sess = g->pub.id;
	d->pub.session = g->pub.id;
	d->pub.sessions++;
	return g;
}

/*
 * The session that a call on @s belongs to.  A stream whose birth was lost, or
 * that was open before the capture began, makes a session that joined late.
 */
static int session_of(struct model *m, struct dev *d, struct model_stream *s,
		      const struct event *ev, struct sess **out)
{
	struct sess *g = sess_of(m, s->session);

	*out = g;
	if (g || !d || (ev->kind != EV_READ && ev->kind != EV_WRITE && ev->kind != EV_PRECOPY_INFO))
		return 0;
	g = sess_of(m, d->sess);
	if (!g || g->pub.stream || g->pub.session_over) {
		g = begin_session(m, d, ev->kind == EV_WRITE ? DIR_RESUME : DIR_SAVE, ev, ev->t_ns);
		if (!g)
			return -ENOMEM;
		g->pub.joined_late = true;
		g->pub.holes = m->loss.places != 0;
		sess_push_state(g, d->pub.likely, ev->t_ns);
		side_of(m, g->pub.side)->pub.joined_late = true;
	}
	g->pub.stream = s->number;
	s->session = g->pub.id;
	s->device = d->pub.number;
	s->direction = g->pub.direction;
	d->pub.stream = s->number;
	*out = g;
	return 0;
}

/* ---- states ---- */

static void set_likely(struct model *m, struct dev *d, uint32_t state, uint64_t t_ns)
{
	struct sess *g = sess_of(m, d->sess);

	if (d->pub.likely == state)
		return;
	if (t_ns < d->likely_since_ns)
		t_ns = d->likely_since_ns;
	d->prev_likely = d->pub.likely;
	d->pub.likely = state;
	d->likely_since_ns = t_ns;
	if (g)
		sess_push_state(g, state, t_ns);
}

/* @proven: what @state is is certain; else it is where drivers stay. */
static void set_state(struct model *m, struct dev *d, uint32_t state, uint64_t t_ns, bool proven)
{
	uint32_t known = proven ? state : MIG_UNKNOWN;

	set_likely(m, d, state, t_ns);
	if (d->pub.state == known)
		return;
	d->pub.state = known;
	d->pub.state_since_ns = t_ns > d->pub.state_since_ns ? t_ns : d->pub.state_since_ns;
}

uint32_t likely_at(const struct dev *d, uint64_t t_ns)
{
	return t_ns < d->likely_since_ns ? d->prev_likely : d->pub.likely;
}

/* Bookkeeping after a move, by an arc or by a call whose arcs are not known. */
static void moved(struct model *m, struct dev *d, uint32_t from, uint32_t to, uint64_t t_ns,
		  bool final, struct event_context *ctx, bool proven)
{
	struct sess *g = sess_of(m, d->sess);

	ctx->move.any = true;
	ctx->move.final = final;
	ctx->move.proven = proven;
	ctx->move.from = from;
	ctx->move.to = to;
	set_state(m, d, to, t_ns, true);
	if (g)
		sess_moved(m, d, g, from, to, t_ns, final);
	side_moved(m, d, to, t_ns);
	if (protocol_runs_freely(to)) {
		stop_end(m, d, t_ns, true);
		/* Back in PRE_COPY: it was no stop, or not yet the last one. */
		g = sess_of(m, d->sess);
		if (g)
			g->pub.window.start_ns = MODEL_NONE;
	}
}

/* ---- SET_STATE and its arcs ---- */

static struct model_call *call_of(struct dev *d, uint32_t tid, bool make)
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

static void note_arc(struct dev *d, const struct event *ev, const struct session_arc *arc)
{
	struct model_call *c = call_of(d, ev->tid, true);

	if (!c)
		return;
	if (!c->n_arcs++) {
		c->t_ns = ev->t_ns;
		c->from0 = ev->arc.from;
	}
	if (c->n_arcs <= MODEL_CALL_ARCS)
		c->arcs[c->n_arcs - 1] = *arc;
	c->from = ev->arc.from;
	c->to = ev->arc.to;
	c->ret = ev->ret;
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
	set_state(m, d, from, end_ns, ev->arc.to >= MIG_STATE_NR);
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
	const struct model_call *c = call_of(d, ev->tid, false);
	uint64_t begin_ns = c && c->n_arcs ? c->t_ns : ev->t_ns;
	struct sess *g = sess_of(m, d->sess);

	/* The stream may have been told of before its arc was over. */
	if (g && !g->started_by_arc && !g->pub.joined_late && !g->pub.n_arcs &&
	    !g->pub.session_over && g->pub.direction == direction) {
		g->pub.start_ns = ev->t_ns;
		g->pub.n_states = 0;
	} else {
		g = begin_session(m, d, direction, ev, begin_ns);
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

static int take_arc(struct model *m, struct dev *d, const struct event *ev,
		    struct event_context *ctx)
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

	note_arc(d, ev, &arc);
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
		set_state(m, d, from, ev->t_ns, true);
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
	moved(m, d, from, to, end_ns, to == ev->arc.target, ctx, true);
	d->pub.settled_ns = end_ns;
	return 0;
}

/* It should have handed out a data FD: a session that died at once. */
static int attempt(struct model *m, struct dev *d, const struct event *ev, uint32_t direction,
		   const struct model_call *c)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = begin_session(m, d, direction, ev, ev->t_ns);
	uint32_t i;
	int err;

	if (!g)
		return -ENOMEM;
	for (i = 0; c && i < c->n_arcs && i < MODEL_CALL_ARCS; i++)
		sess_push_arc(g, &c->arcs[i]);
	sess_call(d, g, ev, d->pub.likely);
	err = side_call(m, d, g, ev, c);
	if (err)
		return err;
	sess_attempted(m, d, g, end_ns);
	side_attempted(m, d, end_ns);
	return 0;
}

static int take_set_state(struct model *m, struct dev *d, const struct event *ev,
			  struct event_context *ctx, const struct model_call *c)
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
		moved(m, d, from, (uint32_t)target, end_ns, true, ctx, false);
		d->pub.settled_ns = end_ns;
		goto out;
	} else if (target >= 0 && target < MIG_STATE_NR) {
		/* What it succeeded in is where the device is. */
		set_state(m, d, (uint32_t)target, end_ns, true);
	}
	stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
out:
	/* A reset meanwhile may have come before or after what this reached. */
	if (d->reset_ns > ev->t_ns)
		d->pub.state = MIG_UNKNOWN;
	return 0;
}

/* ---- the other events of a device ---- */

static int take_reset(struct model *m, struct dev *d, const struct event *ev,
		      struct event_context *ctx)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = sess_of(m, d->sess);
	uint32_t from = d->pub.state;

	if (ev->ret < 0)
		return 0;
	side_reset(m, d, g, ev);
	stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
	set_state(m, d, MIG_RUNNING, end_ns, true);
	if (g)
		sess_reset(m, d, g, end_ns);
	side_was_reset(m, d, end_ns);
	stop_end(m, d, end_ns, true);
	ctx->move.any = from != MIG_RUNNING;
	ctx->move.from = from;
	ctx->move.to = MIG_RUNNING;
	d->pub.settled_ns = d->reset_ns = end_ns;
	return 0;
}

static void take_open(struct model *m, struct dev *d, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct proc *p = proc_at(m, d->proc);

	if (ev->ret < 0)
		return;
	d->pub.order = ++m->opens;
	if (p)
		p->n_open++;
	/*
	 * The core lets the first opener find a device that runs.  During a
	 * session this is another opener, of a device whose first open came
	 * before the capture.
	 */
	if (d->pub.open_count++ || d->sess)
		return;
	set_state(m, d, MIG_RUNNING, end_ns, true);
	d->pub.settled_ns = end_ns;
}

static int take_close(struct model *m, struct dev *d, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = sess_of(m, d->sess);
	struct proc *p = proc_at(m, d->proc);

	if (p && p->n_open)
		p->n_open--;
	if (d->pub.open_count && --d->pub.open_count)
		return 0;
	if (g)
		sess_abandoned(m, d, g, end_ns, SESSION_END_CLOSE);
	side_closed(m, d, ev);
	set_state(m, d, MIG_UNKNOWN, end_ns, true);
	stop_end(m, d, end_ns, false);
	left_init(&d->left);
	memset(d->calls, 0, sizeof(d->calls));
	d->pub.settled_ns = end_ns;
	return 0;
}

static void take_get_state(struct model *m, struct dev *d, const struct event *ev,
			   struct event_context *ctx)
{
	uint32_t reported = ev->get_state.reported, from = d->pub.likely;
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = sess_of(m, d->sess);

	stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
	/* One that overlaps a move tells of before or after it. */
	if (ev->ret < 0 || reported >= MIG_STATE_NR || ev->t_ns < d->pub.settled_ns)
		return;
	if (reported == from) {
		set_state(m, d, reported, end_ns, true);
		return;
	}
	if (g && from == MIG_UNKNOWN)
		sess_prove_start(g, reported);
	moved(m, d, from, reported, end_ns, true, ctx, false);
	d->pub.settled_ns = end_ns;
}

static int take_device_event(struct model *m, struct dev *d, const struct event *ev,
			     struct event_context *ctx)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = sess_of(m, d->sess);
	int err = 0;

	/* Before the move: a call that ends the session still belongs to it. */
	if (g && ev->kind != EV_ARC && ev->kind != EV_DEVICE_CLOSE)
		sess_call(d, g, ev, likely_at(d, ev->t_ns));
	if (ev->kind == EV_SET_STATE)
		return take_set_state(m, d, ev, ctx, ctx->call);
	if (ev->kind != EV_DEVICE_CLOSE)
		err = side_call(m, d, g, ev, NULL);
	if (err)
		return err;

	switch (ev->kind) {
	case EV_ARC:
		return take_arc(m, d, ev, ctx);
	case EV_GET_STATE:
		take_get_state(m, d, ev, ctx);
		return 0;
	case EV_RESET:
	case EV_DEVICE_RESET:
		return take_reset(m, d, ev, ctx);
	case EV_DEVICE_OPEN:
		take_open(m, d, ev);
		return 0;
	case EV_DEVICE_CLOSE:
		return take_close(m, d, ev);
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
		stop_spend(m, d, PART_DIRTY_SYNC, ev->t_ns, end_ns);
		return 0;
	case EV_MIGRATION_FLAGS:
		d->pub.flags_asked = true;
		d->pub.flags_ret = ev->ret;
		if (ev->ret >= 0) {
			d->pub.migration_flags = ev->migration_flags.flags;
			d->pub.has_flags = true;
		}
		break;
	case EV_PRECOPY_INFO_V2:
		if (ev->ret >= 0)
			d->pub.precopy_info_v2 = true;
		break;
	case EV_DATA_SIZE:
		if (ev->ret >= 0 && !g)
			left_took_size(&d->left, ev->data_size.stop_copy_length, ev->t_ns);
		break;
	case EV_STUCK:
		return flight_stuck(m, ev, d);
	default:
		break;
	}
	stop_spend(m, d, PART_OTHER, ev->t_ns, end_ns);
	return 0;
}

/* ---- data FDs ---- */

static int take_stream_open(struct model *m, struct dev *d, struct model_stream *s,
			    const struct event *ev, const struct event_context *ctx)
{
	struct sess *g = d ? sess_of(m, d->sess) : NULL;
	bool late = ev->stream_open.adopted || (m->loss.places && event_end_ns(ev) < m->hole_to_ns);
	struct model_call *c;

	s->defined = true;
	s->adopted = ev->stream_open.adopted;
	s->device = ev->device;
	s->direction = ev->stream_open.direction == DIR_RESUME ? DIR_RESUME : DIR_SAVE;
	s->ops = ev->stream_open.ops;
	s->hooked = ev->stream_open.hooked;
	copy_name(s->name, ev->stream_open.name, sizeof(s->name));
	if (d && !s->adopted) {
		c = call_of(d, ev->tid, true);
		if (c)
			c->born = s->number;
	}
	/* A definition that comes after its first use: the session is there. */
	if (s->session || !d)
		return 0;
	/* A data FD that no arc of its call should have handed out is no session's. */
	if (g && g->pub.stream && !g->pub.session_over && !late && ctx->call && ctx->call->n_arcs &&
	    !protocol_is_fd_arc(ctx->call->from, ctx->call->to, NULL))
		return 0;
	if (!g || g->pub.stream || g->pub.session_over || g->pub.direction != s->direction) {
		g = begin_session(m, d, s->direction, ev, ev->t_ns);
		if (!g)
			return -ENOMEM;
		g->pub.joined_late = late;
		side_of(m, g->pub.side)->pub.joined_late |= late;
		/* Not found but lost: whatever came with it is lost, too. */
		g->pub.holes = late && !s->adopted;
		if (late)
			sess_push_state(g, d->pub.likely, ev->t_ns);
	}
	g->pub.stream = s->number;
	s->session = g->pub.id;
	d->pub.stream = s->number;
	return 0;
}

static int take_io(struct model *m, struct dev *d, struct sess *g, const struct event *ev)
{
	uint64_t calls = event_calls(ev), end_ns = event_end_ns(ev), first_ns;
	uint32_t state = likely_at(d, ev->t_ns);
	struct proc *p = proc_at(m, d->proc);
	bool eof = g && g->pub.eof;

	/*
	 * A folded run at the end of the stream: the session's window ends with
	 * its first read, so that one is accounted for by itself.
	 */
	first_ns = ev->dur_ns / calls;
	stop_spend(m, d, PART_IO, ev->t_ns, ev->t_ns + first_ns);
	if (g && !g->pub.ended)
		sess_call(d, g, ev, state);
	if (g && g->pub.eof && !eof && side_eof(m, d, g))
		return -ENOMEM;
	if (calls == 1)
		return 0;
	path_add_run(&d->window, d->owner, PART_IO, ev->t_ns + first_ns, end_ns,
		     ev->dur_ns - first_ns);
	if (p && p->stop.active && !stop_is_arriving(m, d))
		path_add(&p->stop, d->owner, PART_IO, ev->t_ns + first_ns, ev->t_ns + ev->dur_ns);
	return 0;
}

static int take_stream_event(struct model *m, struct dev *d, struct model_stream *s,
			     const struct event *ev, const struct event_context *ctx)
{
	struct sess *g;
	int err;

	if (ev->kind == EV_STREAM_OPEN)
		return take_stream_open(m, d, s, ev, ctx);
	err = session_of(m, d, s, ev, &g);
	if (err)
		return err;
	if (ev->kind == EV_STREAM_CLOSE || ev->kind == EV_STREAM_RELEASE)
		s->closed = true;
	if (ev->kind == EV_STREAM_RELEASE) {
		s->open = false;
		if (d && d->pub.stream == s->number)
			d->pub.stream = 0;
	}
	if (!d)
		return 0;
	err = side_call(m, d, g, ev, NULL);
	if (err)
		return err;
	if (event_traits(ev->kind) & EVT_IO)
		return take_io(m, d, g, ev);
	stop_spend(m, d, PART_OTHER, ev->t_ns, ev->t_ns + ev->dur_ns);
	if (g && !g->pub.ended)
		sess_call(d, g, ev, likely_at(d, ev->t_ns));
	return 0;
}

/* ---- what was lost ---- */

/* Can the loss of such events hide a change of state? */
static bool loss_hides_state(uint32_t what)
{
	switch (what) {
	case EV_NONE:
	case EV_DEVICE_OPEN:
	case EV_DEVICE_CLOSE:
	case EV_RESET:
	case EV_DEVICE_RESET:
	case EV_SET_STATE:
	case EV_ARC:
		return true;
	default:
		return what >= EV_KIND_NR;
	}
}

static void lose(struct model *m, struct dev *d, const struct event *ev)
{
	uint32_t touched[2] = { d->sess, d->last_sess }, i;
	struct proc *p = proc_at(m, d->proc);

	for (i = 0; i < 2; i++) {
		struct sess *g = sess_of(m, touched[i]);
		struct sid *s = g ? side_of(m, g->pub.side) : NULL;

		if (!g || g->pub.start_ns > ev->loss.t_to_ns ||
		    (g->pub.ended && g->pub.end_ns < ev->loss.t_from_ns))
			continue;
		g->pub.lost += ev->loss.count;
		g->pub.holes++;
		if (ev->loss.t_to_ns > g->hole_to_ns)
			g->hole_to_ns = ev->loss.t_to_ns;
		if (s) {
			s->pub.lost += ev->loss.count;
			s->pub.holes++;
		}
	}
	d->window.hole = true;
	if (p)
		p->stop.hole = true;
	memset(d->calls, 0, sizeof(d->calls));
	if (loss_hides_state(ev->loss.what))
		set_state(m, d, MIG_UNKNOWN, ev->loss.t_from_ns, true);
}

static void take_loss(struct model *m, const struct event *ev)
{
	struct dev *d;
	uint32_t i;

	m->loss.events += ev->loss.count;
	m->loss.places++;
	m->loss.damage += ev->loss.cause == LOSS_DAMAGE;
	if (ev->loss.t_to_ns > m->hole_to_ns)
		m->hole_to_ns = ev->loss.t_to_ns;
	m->join_dirty = true;
	if (ev->device) {
		d = dev_get(m, ev->device);
		if (d)
			lose(m, d, ev);
		return;
	}
	for (i = 0; i < m->devices.n; i++) {
		d = m->devices.item[i];
		/* What was lost on one host is no hole of another. */
		if (!ev->host || !d->pub.host || d->pub.host == ev->host)
			lose(m, d, ev);
	}
}

/* ---- one event ---- */

static void fill_context(const struct model *m, struct event_context *ctx, const struct event *ev,
			 const struct dev *d, uint32_t before, const struct model_stream *s)
{
	const struct sess *g = sess_of(m, before), *last;

	ctx->vm = model_vm(m, ev->host, ev->pid);
	ctx->host = model_host(m, ev->host);
	ctx->stream = s;
	if (s && s->session)
		ctx->session = s->session;
	if (d) {
		ctx->device = &d->pub;
		ctx->state = d->pub.state;
		ctx->has_state = true;
		if (d->sess != before)
			ctx->session_began = d->sess;
		last = sess_of(m, d->last_sess);
		if (g && g->pub.ended)
			ctx->session_ended = before;
		/* An attempt begins and ends with one event. */
		if (!d->sess && d->last_sess != before && last && last->pub.attempt &&
		    last->pub.last_seq == ev->seq)
			ctx->session_began = ctx->session_ended = d->last_sess;
		if (ctx->session_ended == d->last_sess && last && last->pub.attempt &&
		    !ctx->session)
			ctx->session = d->last_sess;
		if (!ctx->session) {
			if (g)
				ctx->session = before;
			else if (d->sess)
				ctx->session = d->sess;
			/* The SET_STATE around the arc that ended it. */
			else if (last && ev->t_ns < last->pub.end_ns &&
				 ev->t_ns >= last->pub.start_ns)
				ctx->session = d->last_sess;
			/* An arc that began another session belongs to that one. */
			if (g && d->sess && before != d->sess && ev->kind == EV_ARC)
				ctx->session = d->sess;
		}
	}
	g = sess_of(m, ctx->session);
	if (g)
		ctx->side = g->pub.side;
	if (!ctx->side)
		ctx->side = side_at_event(m, ev);
}

static int take(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct model_stream *s = NULL;
	struct dev *d = NULL;
	struct sess *g;
	struct model_call *c;
	uint32_t before, number, sides = m->n_sides;
	bool was_over;
	int err = 0;

	if (ev->kind == EV_LOSS) {
		take_loss(m, ev);
		d = dev_get(m, ev->device);
		fill_context(m, ctx, ev, d, d ? d->sess : 0, NULL);
		return 0;
	}
	if (m->n_flights)
		flight_returned(m, ev);
	if (ev->stream)
		s = stream_of(m, ev->stream, &err);
	number = ev->device || !s ? ev->device : s->device;
	if (number && !err)
		d = dev_of(m, number, &err);
	if (d && !err && ev->kind != EV_STUCK)
		err = adopt_device(m, d, ev);
	if (err)
		return err;
	before = d ? d->sess : 0;
	g = sess_of(m, before);
	was_over = !g || g->pub.session_over;
	if (d) {
		ctx->state_before = d->pub.state;
		ctx->settled = d->pub.state != MIG_UNKNOWN && ev->t_ns >= d->pub.settled_ns;
		c = call_of(d, ev->tid, false);
		if (c && (ev->kind == EV_SET_STATE || ev->kind == EV_ARC ||
			  ev->kind == EV_STREAM_OPEN)) {
			m->last_call = *c;
			ctx->call = &m->last_call;
		}
		if (c && ev->kind == EV_SET_STATE)
			memset(c, 0, sizeof(*c));
	}
	if (ev->kind == EV_PROCESS_EXIT)
		side_exit(m, ev);
	else if (!d && (event_traits(ev->kind) & EVT_CALL) && !s)
		err = stop_container(m, ev);
	else if (!d && ev->kind == EV_STUCK)
		err = flight_stuck(m, ev, NULL);
	/* A SET_STATE names the stream that it handed out, and is none of its calls. */
	else if (s && (event_traits(ev->kind) & EVT_STREAM))
		err = take_stream_event(m, d, s, ev, ctx);
	else if (d)
		err = take_device_event(m, d, ev, ctx);
	if (err)
		return err;
	if (g && !was_over && g->pub.session_over) {
		struct model_stream *own =
			g->pub.stream ? map_get(&m->streams, g->pub.stream) : NULL;

		ctx->session_over = before;
		if (own) {
			own->over = true;
			own->over_ns = event_end_ns(ev);
			own->ended_by = g->pub.ended_by;
		}
	}
	if (m->n_sides != sides)
		ctx->side_began = m->n_sides;
	fill_context(m, ctx, ev, d, before, s);
	if (ctx->side && side_of(m, ctx->side)->pub.ended &&
	    side_of(m, ctx->side)->pub.end_ns == event_end_ns(ev))
		ctx->side_ended = ctx->side;
	return 0;
}

int model_feed(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct event_context unused;

	ctx = ctx ? ctx : &unused;
	memset(ctx, 0, sizeof(*ctx));
	ctx->state = ctx->state_before = MIG_UNKNOWN;
	if (ev->kind == EV_CLOCK) {
		m->has_clock = true;
		m->clock_mono_ns = ev->t_ns;
		m->clock_real_ns = ev->clock.realtime_ns;
		return 0;
	}
	if (!event_kind_is_public(ev->kind))
		return define(m, ev, ctx);
	if (!m->any) {
		m->any = true;
		m->first_ns = ev->t_ns;
	}
	if (event_end_ns(ev) > m->last_ns)
		m->last_ns = event_end_ns(ev);
	m->events++;
	m->kinds[ev->kind]++;
	m->calls += event_calls(ev);
	ctx->failed = event_failed(ev);
	return take(m, ev, ctx);
}
