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

/* ---- the events of a device ---- */

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
	step_to(m, d, MIG_RUNNING, end_ns, true);
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
	step_to(m, d, MIG_RUNNING, end_ns, true);
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
	step_to(m, d, MIG_UNKNOWN, end_ns, true);
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
		step_to(m, d, reported, end_ns, true);
		return;
	}
	if (g && from == MIG_UNKNOWN)
		sess_prove_start(g, reported);
	step_moved(m, d, from, reported, end_ns, true, ctx, false);
	d->pub.settled_ns = end_ns;
}

static int take_device_event(struct model *m, struct dev *d, const struct event *ev,
			     struct event_context *ctx)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct sess *g = sess_of(m, d->sess);
	int err;

	/* Of a stream that nobody knows. */
	err = sess_room_for_io(g, ev);
	if (err)
		return err;
	/* Before the move: a call that ends the session still belongs to it. */
	if (g && ev->kind != EV_ARC && ev->kind != EV_DEVICE_CLOSE)
		sess_call(d, g, ev, likely_at(d, ev->t_ns));
	if (ev->kind == EV_SET_STATE)
		return arc_take_call(m, d, ev, ctx, ctx->call);
	if (ev->kind != EV_DEVICE_CLOSE)
		err = side_call(m, d, g, ev, NULL);
	if (err)
		return err;

	switch (ev->kind) {
	case EV_ARC:
		return arc_take(m, d, ev, ctx);
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
		g = session_begin(m, d, ev->kind == EV_WRITE ? DIR_RESUME : DIR_SAVE, ev, ev->t_ns);
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
		c = arc_call(d, ev->tid, true);
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
		g = session_begin(m, d, s->direction, ev, ev->t_ns);
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
	struct proc *p;
	bool eof = g && g->pub.eof;

	/*
	 * A folded run at the end of the stream: the session's window ends with
	 * its first read, so that one is accounted for by itself.
	 */
	first_ns = calls > 1 ? ev->dur_ns / calls : ev->dur_ns;
	stop_spend(m, d, PART_IO, ev->t_ns, ev->t_ns + first_ns);
	if (g && !g->pub.ended)
		sess_call(d, g, ev, state);
	if (g && g->pub.eof && !eof && side_eof(m, d, g))
		return -ENOMEM;
	if (calls == 1)
		return 0;
	p = proc_at(m, d->proc);
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
	err = sess_room_for_io(g, ev) ?: side_call(m, d, g, ev, NULL);
	if (err)
		return err;
	if (event_traits(ev->kind) & EVT_IO)
		return take_io(m, d, g, ev);
	stop_spend(m, d, PART_OTHER, ev->t_ns, ev->t_ns + ev->dur_ns);
	if (g && !g->pub.ended)
		sess_call(d, g, ev, likely_at(d, ev->t_ns));
	return 0;
}

/* ---- one event ---- */

/* Which sessions of @d began or ended, and which the event belongs to; @before: number. */
static void tell_sessions(const struct model *m, struct event_context *ctx, const struct event *ev,
			  const struct dev *d, uint32_t before)
{
	const struct sess *g = sess_of(m, before), *last = sess_of(m, d->last_sess);

	if (d->sess != before)
		ctx->session_began = d->sess;
	if (g && g->pub.ended)
		ctx->session_ended = before;
	/* An attempt begins and ends with one event. */
	if (!d->sess && d->last_sess != before && last && last->pub.attempt &&
	    last->pub.last_seq == ev->seq)
		ctx->session_began = ctx->session_ended = d->last_sess;
	if (ctx->session_ended == d->last_sess && last && last->pub.attempt && !ctx->session)
		ctx->session = d->last_sess;
	if (ctx->session)
		return;
	if (g)
		ctx->session = before;
	else if (d->sess)
		ctx->session = d->sess;
	/* The SET_STATE around the arc that ended it. */
	else if (last && ev->t_ns < last->pub.end_ns && ev->t_ns >= last->pub.start_ns)
		ctx->session = d->last_sess;
	/* An arc that began another session belongs to that one. */
	if (g && d->sess && before != d->sess && ev->kind == EV_ARC)
		ctx->session = d->sess;
}

static void fill_context(const struct model *m, struct event_context *ctx, const struct event *ev,
			 const struct dev *d, uint32_t before, const struct model_stream *s)
{
	const struct sess *g = sess_of(m, before);
	const struct proc *p = proc_if_same(m, d, ev);

	p = p ?: proc_at(m, proc_index(m, ev->host, ev->pid));
	ctx->vm = p && p->vm[0] ? p->vm : NULL;
	ctx->host = ev->host ? model_host(m, ev->host) : NULL;
	ctx->stream = s;
	if (s)
		ctx->session = s->session;
	if (d) {
		ctx->device = &d->pub;
		ctx->state = d->pub.state;
		ctx->has_state = true;
		/* In the midst of a session it is that, and nothing began or ended. */
		if (!g || g->pub.ended || d->sess != before)
			tell_sessions(m, ctx, ev, d, before);
		else if (!ctx->session)
			ctx->session = before;
	}
	if (ctx->session != before)
		g = sess_of(m, ctx->session);
	if (g)
		ctx->side = g->pub.side;
	if (!ctx->side)
		ctx->side = side_at_event(m, ev);
}

/* What the thread's arcs have told of the call: of a SET_STATE that is all. */
static void take_call(struct model *m, struct dev *d, const struct event *ev,
		      struct event_context *ctx)
{
	struct model_call *c = arc_call(d, ev->tid, false);

	if (!c)
		return;
	m->last_call = *c;
	ctx->call = &m->last_call;
	if (ev->kind == EV_SET_STATE)
		memset(c, 0, sizeof(*c));
}

static int take(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct model_stream *s = NULL;
	const struct sid *side;
	struct dev *d = NULL;
	struct sess *g;
	uint32_t before, number, sides = m->n_sides;
	bool was_over, stood = false;
	int err = 0;

	m->why = m->before = NULL;
	m->has_inside = false;
	if (ev->kind == EV_LOSS) {
		loss_take(m, ev);
		d = dev_get(m, ev->device);
		before = d ? d->sess : 0;
		goto tell;
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
	if (ev->kind == EV_WHY) {
		why_take(m, ev);
		goto tell;
	}
	if (ev->kind == EV_INSIDE) {
		err = inside_take(m, ev);
		if (err)
			return err;
		goto tell;
	}
	g = sess_of(m, before);
	was_over = !g || g->pub.session_over;
	stood = d && d->window.active;
	if (d) {
		ctx->state_before = d->pub.state;
		ctx->settled = d->pub.state != MIG_UNKNOWN && ev->t_ns >= d->pub.settled_ns;
		if (ev->kind == EV_SET_STATE || ev->kind == EV_ARC || ev->kind == EV_STREAM_OPEN)
			take_call(m, d, ev, ctx);
	}
	why_of_event(m, ev, ctx);
	inside_of_event(m, ev);
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
tell:
	fill_context(m, ctx, ev, d, before, s);
	if (m->has_inside) {
		g = sess_of(m, ctx->session);
		if (g && inside_book(m, g, ev))
			return -ENOMEM;
	}
	if (m->why || m->before) {
		g = sess_of(m, ctx->session);
		if (g && m->why && why_keep(g, m->why, stood || (d && d->window.active)))
			return -ENOMEM;
		/* What a guest did not wait for is nobody's reason. */
		if (g && m->before && stood && why_keep(g, m->before, true))
			return -ENOMEM;
	}
	side = ev->kind != EV_LOSS ? side_of(m, ctx->side) : NULL;
	if (side && side->pub.ended && side->pub.end_ns == event_end_ns(ev))
		ctx->side_ended = ctx->side;
	return 0;
}

static void host_seen(struct model *m, uint32_t host, uint64_t t_ns)
{
	if (host < m->n_hosts && t_ns > m->hosts[host].seen_ns)
		m->hosts[host].seen_ns = t_ns;
}

int model_feed(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct event_context unused;
	uint64_t end_ns;

	ctx = ctx ? ctx : &unused;
	*ctx = context_of_nothing;
	m->fed++;
	if (ev->kind == EV_CLOCK) {
		host_seen(m, ev->host, ev->t_ns);
		return clock_take(m, ev);
	}
	if (!event_kind_is_public(ev->kind))
		return define(m, ev, ctx);
	if (!m->any) {
		m->any = true;
		m->first_ns = ev->t_ns;
	}
	end_ns = event_end_ns(ev);
	if (end_ns > m->last_ns)
		m->last_ns = end_ns;
	host_seen(m, ev->host, end_ns);
	m->events++;
	m->kinds[ev->kind]++;
	m->calls += event_calls(ev);
	ctx->failed = event_failed(ev);
	return take(m, ev, ctx);
}
