// SPDX-License-Identifier: GPL-2.0-only
#include "exercise/policy.h"

void policy_begin(struct policy_view *v, uint64_t now_ns)
{
	*v = (struct policy_view){ .began_ns = now_ns, .least = UINT64_MAX };
}

void policy_info(struct policy_view *v, uint64_t initial, uint64_t dirty)
{
	uint64_t left = initial + dirty;

	v->informed = true;
	v->initial = initial;
	v->dirty = dirty;
	v->since = 0;
	if (initial)
		return;
	/* A hair less each time is no way to get there. */
	if (v->least == UINT64_MAX || left < v->least - v->least / 16) {
		v->least = left;
		v->stale = 0;
	} else {
		v->stale++;
	}
}

void policy_read(struct policy_view *v, uint64_t bytes)
{
	v->since += bytes;
	v->empty = !bytes;
}

uint64_t policy_left(const struct policy_view *v)
{
	uint64_t left = v->initial + v->dirty;

	return left > v->since ? left - v->since : 0;
}

uint64_t policy_deadline(const struct policy *p, const struct policy_view *v)
{
	uint64_t stay = p->limit_ns;

	if (p->kind == POLICY_AFTER && p->value < stay)
		stay = p->value;
	return v->began_ns + stay;
}

enum policy_answer policy_ask(const struct policy *p, const struct policy_view *v, uint64_t now_ns)
{
	/* An info that is as old as the last read speaks for now. */
	bool fresh = v->informed && !v->since;
	/* Without infos the end of what is there now is all that one can know. */
	bool drained = v->informed ? fresh && !v->initial && !v->dirty : v->empty;

	switch (p->kind) {
	case POLICY_NONE:
	case POLICY_AT_ONCE:
		return POLICY_SWITCH;
	case POLICY_AFTER:
		if (now_ns - v->began_ns >= p->value)
			return POLICY_SWITCH;
		break;
	case POLICY_INITIAL:
		if (v->informed ? fresh && !v->initial : v->empty)
			return POLICY_SWITCH;
		break;
	case POLICY_BELOW:
		if (v->informed ? fresh && policy_left(v) <= p->value : v->empty)
			return POLICY_SWITCH;
		break;
	case POLICY_CONVERGED:
		if (drained)
			return POLICY_SWITCH;
		if (v->stale >= POLICY_PATIENCE)
			return POLICY_GIVE_UP;
		break;
	}
	return now_ns - v->began_ns >= p->limit_ns ? POLICY_GIVE_UP : POLICY_STAY;
}
