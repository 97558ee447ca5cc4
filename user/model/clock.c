// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock.c - the time of day of what happened
 *
 * CLOCK_REALTIME may be set while it is watched.  What happened before is dated by what
 * it showed then, what came after by what it showed then: an event has one date, whoever
 * asks and whenever.  So a pair speaks only for what came behind everything that was
 * there before the pair was.
 */
#include "model/clock.h"

#include <errno.h>

#include "model/internal.h"
#include "util/array.h"

int clock_take(struct model *m, const struct event *ev)
{
	const struct clock_pair pair = { ev->t_ns, ev->clock.realtime_ns }, before = m->last_pair;
	struct clock_span *last = m->n_clocks ? &m->clocks[m->n_clocks - 1] : NULL;
	bool step;

	/* One again, out of a snapshot, and late: no news. */
	if (last && pair.mono_ns <= before.mono_ns)
		return 0;
	m->last_pair = pair;
	step = last && clock_is_step(&before, &pair);
	if (step && !m->steps++)
		m->first_step = (struct clock_step){
			.from_ns = before.mono_ns,
			.to_ns = pair.mono_ns,
			.by_ns = sat_adds(clock_offset(&pair), sat_neg(clock_offset(&before))),
		};
	/* A slew is followed, too, but not each nanosecond of it. */
	if (last && !step && clock_change(&last->pair, &pair) <= CLOCK_JITTER_NS)
		return 0;
	if (array_room(&m->clocks, m->n_clocks + 1, &m->cap_clocks, sizeof(*m->clocks)))
		return -ENOMEM;
	last = &m->clocks[m->n_clocks++];
	last->pair = pair;
	last->from_ns = pair.mono_ns > m->last_ns ? pair.mono_ns : sat_add(m->last_ns, 1);
	return 0;
}

uint64_t model_realtime_ns(const struct model *m, uint64_t t_ns)
{
	uint32_t lo = 0, hi = m->n_clocks, mid;

	if (!hi)
		return 0;
	/* The first speaks for what was before it, too. */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (m->clocks[mid].from_ns <= t_ns)
			lo = mid;
		else
			hi = mid;
	}
	return t_ns + (uint64_t)clock_offset(&m->clocks[lo].pair);
}

static uint64_t instant_by(const struct clock_span *s, uint64_t real_ns)
{
	int64_t off = clock_offset(&s->pair);

	return off < 0 ? sat_add(real_ns, -(uint64_t)off) : sat_sub(real_ns, (uint64_t)off);
}

bool model_instant_of(const struct model *m, uint64_t real_ns, uint64_t *t_ns)
{
	uint64_t t, from, end;
	bool beyond = false;
	uint32_t i;

	for (i = 0; i < m->n_clocks; i++) {
		t = instant_by(&m->clocks[i], real_ns);
		from = m->clocks[i].from_ns;
		if (!i && m->any && m->first_ns < from)
			from = m->first_ns;
		end = i + 1 < m->n_clocks ? m->clocks[i + 1].from_ns : UINT64_MAX;
		if (t >= from && (t < end || end == UINT64_MAX)) {
			*t_ns = t;
			return true;
		}
		/* Left out, when it was put forward. */
		if (t < from && beyond) {
			*t_ns = from;
			return true;
		}
		beyond = t >= end;
	}
	/* Before all of it. */
	if (m->n_clocks)
		*t_ns = instant_by(&m->clocks[0], real_ns);
	return m->n_clocks;
}

uint32_t model_clock_steps(const struct model *m, struct clock_step *first)
{
	*first = m->first_step;
	return m->steps;
}
