// SPDX-License-Identifier: GPL-2.0-only
/*
 * step.c - moves a device: its state, and the sessions that begin with that
 */
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* ---- a session begins ---- */

/* The session of the other direction, or of another time, that ends unseen. */
static void drop_session(struct model *m, struct dev *d, uint64_t t_ns)
{
	struct sess *g = sess_of(m, d->sess);

	sess_abandoned(m, d, g, t_ns, SESSION_END_OTHER);
	side_dropped(m, d, g, t_ns);
}

struct sess *session_begin(struct model *m, struct dev *d, uint32_t direction,
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
void step_to(struct model *m, struct dev *d, uint32_t state, uint64_t t_ns, bool proven)
{
	uint32_t known = proven ? state : MIG_UNKNOWN;

	set_likely(m, d, state, t_ns);
	if (d->pub.state == known)
		return;
	d->pub.state = known;
	d->pub.state_since_ns = t_ns > d->pub.state_since_ns ? t_ns : d->pub.state_since_ns;
}

/* Bookkeeping after a move, by an arc or by a call whose arcs are not known. */
void step_moved(struct model *m, struct dev *d, uint32_t from, uint32_t to, uint64_t t_ns,
		bool final, struct event_context *ctx, bool proven)
{
	struct sess *g = sess_of(m, d->sess);

	ctx->move.any = true;
	ctx->move.final = final;
	ctx->move.proven = proven;
	ctx->move.from = from;
	ctx->move.to = to;
	step_to(m, d, to, t_ns, true);
	if (g)
		sess_moved(m, d, g, from, to, t_ns, final);
	side_moved(m, d, to, t_ns);
	if (protocol_runs_freely(to)) {
		stop_end(m, d, t_ns, true);
		/* Back in PRE_COPY: it was no stop, or not yet the last one. */
		g = sess_of(m, d->sess);
		if (g)
			g->pub.window = (struct session_window){ .start_ns = MODEL_NONE };
	}
}
