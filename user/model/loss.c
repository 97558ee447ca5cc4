// SPDX-License-Identifier: GPL-2.0-only
/*
 * loss.c - what an EV_LOSS leaves unknown: states, calls under way, exact counts
 */
#include <string.h>

#include "model/internal.h"

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
		step_to(m, d, MIG_UNKNOWN, ev->loss.t_from_ns, true);
}

void loss_take(struct model *m, const struct event *ev)
{
	struct model_stream *s;
	struct dev *d;
	uint32_t i;

	/* The calls are there, and all that counts of them. */
	if (ev->loss.what == EV_WHY) {
		sat_inc(&m->loss.reasons, ev->loss.count);
		return;
	}
	if (ev->loss.what == EV_INSIDE) {
		sat_inc(&m->loss.insides, ev->loss.count);
		return;
	}
	if (event_is_close_unseen(ev)) {
		sat_inc(&m->loss.closes, ev->loss.count);
		s = map_get(&m->streams, ev->stream);
		if (s)
			s->closed = true;
		return;
	}
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
