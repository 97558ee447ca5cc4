// SPDX-License-Identifier: GPL-2.0-only
/*
 * look.c - what is known of the evidence as a whole
 */
#include "model/internal.h"

void model_set_clock_bound(struct model *m, uint64_t bound_ns)
{
	m->bound_ns = bound_ns;
	m->join_dirty = true;
}

void model_look_anew(struct model *m)
{
	m->join_dirty = true;
}

uint64_t model_clock_bound(const struct model *m)
{
	return m->bound_ns;
}

uint32_t model_sessions(const struct model *m)
{
	return m->n_sess;
}

const struct session *model_session_peek(const struct model *m, uint32_t id)
{
	const struct sess *g = sess_of(m, id);

	return g ? &g->pub : NULL;
}

uint64_t model_left(const struct model *m, uint32_t device, uint64_t *initial)
{
	const struct dev *d = dev_get(m, device);
	const struct sess *g = d ? sess_of(m, d->sess) : NULL;
	uint64_t left;

	*initial = 0;
	if (!d)
		return MODEL_NONE;
	if (!g) {
		left = left_bytes(&d->left, NULL, NULL);
		if (left != MODEL_NONE)
			return left;
		g = sess_of(m, d->last_sess);
	}
	left = session_left(g ? &g->pub : NULL, NULL);
	if (left != MODEL_NONE && g->pub.initial_last != MODEL_NONE) {
		*initial = sat_sub(g->pub.initial_last, g->pub.left.info_since);
		if (*initial > left)
			*initial = left;
	}
	return left;
}

const struct model_loss *model_loss(const struct model *m)
{
	return &m->loss;
}

uint64_t model_first_ns(const struct model *m)
{
	return m->first_ns;
}

uint64_t model_last_ns(const struct model *m)
{
	return m->last_ns;
}

uint64_t model_events(const struct model *m)
{
	return m->events;
}

uint64_t model_events_of(const struct model *m, uint32_t kind)
{
	return kind < EV_KIND_NR ? m->kinds[kind] : 0;
}

uint64_t model_calls(const struct model *m)
{
	return m->calls;
}
