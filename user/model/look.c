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
