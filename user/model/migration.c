// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration.c - how a migration went: outcome, cause and downtime
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

const char *downtime_why_text(uint32_t why)
{
	static const char *const texts[] = {
		[DOWNTIME_KNOWN] = "",
		[DOWNTIME_NO_SOURCE] = "the source is not in the evidence",
		[DOWNTIME_NO_DESTINATION] = "the destination is not in the evidence",
		[DOWNTIME_PAUSED_BEFORE] = "paused before",
		[DOWNTIME_NEVER_STOPPED] = "no device was stopped",
		[DOWNTIME_GIVEN_BACK] = "the source runs on: there is no downtime",
		[DOWNTIME_NOT_RUNNING] = "the destination does not run",
		[DOWNTIME_HOLE] = "events were lost that may hide its begin or its end",
		[DOWNTIME_NO_OVERLAP] = "no other side is joined to it: no overlap in time",
		[DOWNTIME_JOINED_LATE] = "the VM stood still already when the capture began",
		[DOWNTIME_AMBIGUOUS] = "no other side is joined to it: several could be it",
		[DOWNTIME_IN_FLIGHT] = "a change of state on the source has not returned",
	};

	return why < sizeof(texts) / sizeof(texts[0]) ? texts[why] : "unknown";
}

/* ---- outcome and cause ---- */

static bool source_gave_all(const struct sid *s)
{
	return s->pub.n_devices && s->n_eof >= s->pub.n_devices;
}

static bool was_given_back(const struct sid *s)
{
	return s->pub.ended && s->pub.n_devices && s->n_phase[PHASE_BACK] == s->pub.n_devices;
}

static enum outcome outcome_of(const struct sid *src, const struct sid *dst)
{
	if (!src || !dst)
		return (src ? src : dst)->pub.outcome;
	if (dst->pub.outcome == OUTCOME_FAILED)
		return OUTCOME_FAILED;
	if (dst->pub.outcome == OUTCOME_COMPLETED)
		return source_gave_all(src) ? OUTCOME_COMPLETED : src->pub.outcome;
	/* A destination closed in RESUMING takes its source's outcome. */
	if (src->pub.outcome != OUTCOME_COMPLETED)
		return src->pub.outcome;
	/* Complete, taken back, and never run by the other. */
	return src->pub.ran_again_ns != MODEL_NONE ? OUTCOME_CANCELLED : OUTCOME_UNFINISHED;
}

static bool closer_than_the_clocks(const struct model *m, const struct failure *a,
				   const struct failure *b)
{
	uint64_t apart = a->end_ns > b->end_ns ? a->end_ns - b->end_ns : b->end_ns - a->end_ns;

	return a->host != b->host && apart <= m->bound_ns;
}

static void take_causes(const struct model *m, struct migration *g, const struct sid *src,
			const struct sid *dst)
{
	const struct failure *a = src && src->pub.cause.kind ? &src->pub.cause : NULL;
	const struct failure *b = dst && dst->pub.cause.kind ? &dst->pub.cause : NULL;
	const struct failure *t;

	if (g->outcome != OUTCOME_FAILED)
		return;
	/* That a destination ended after its source had given up is no cause of that. */
	if (b && !b->ret && b->kind == EV_PROCESS_EXIT && !b->signal)
		b = NULL;
	if (a && b && b->end_ns < a->end_ns) {
		t = a;
		a = b;
		b = t;
	}
	if (!a) {
		a = b;
		b = NULL;
	}
	if (!a)
		return;
	g->cause[g->n_causes++] = *a;
	if (b && closer_than_the_clocks(m, a, b))
		g->cause[g->n_causes++] = *b;
	/* The other side did not fail by itself: that it was given back followed. */
	if (src && dst)
		g->consequence =
			a->host == src->pub.host && a->pid == src->pub.pid && a == &src->pub.cause ?
				dst->pub.id :
				src->pub.id;
}

/* ---- downtime ---- */

/* What is in the evidence and not joined is not told to be missing. */
static enum downtime_why why_alone(const struct migration *g, enum downtime_why missing)
{
	return g->joined.why == ALONE_NO_OVERLAP ? DOWNTIME_NO_OVERLAP :
	       g->joined.why == ALONE_AMBIGUOUS	 ? DOWNTIME_AMBIGUOUS :
						   missing;
}

/* Was a device of it found in a stop that is not in the evidence, or not its begin? */
static bool stood_still_before(const struct model *m, const struct sid *src)
{
	const struct sess *g;
	uint32_t id;

	for (id = src->pub.first_session; (g = sess_of(m, id)); id = g->next)
		if (g->pub.joined_late && g->pub.n_states &&
		    !protocol_runs_freely(g->pub.states[0].state) &&
		    g->pub.states[0].state != MIG_UNKNOWN)
			return true;
	return false;
}

/* Is a SET_STATE of one of its devices out?  Where to, its return will tell. */
static bool is_asked_to_move(const struct model *m, const struct sid *s)
{
	uint32_t i;

	for (i = 0; i < m->n_flights; i++)
		if (m->flights[i].pub.side == s->pub.id && m->flights[i].pub.call == EV_SET_STATE)
			return true;
	return false;
}

static enum downtime_why why_none(const struct model *m, const struct migration *g,
				  const struct sid *src, const struct sid *dst)
{
	if (!src)
		return why_alone(g, DOWNTIME_NO_SOURCE);
	if (src->pub.stop.start_ns == MODEL_NONE)
		return stood_still_before(m, src) ? DOWNTIME_JOINED_LATE :
		       is_asked_to_move(m, src)	  ? DOWNTIME_IN_FLIGHT :
						    DOWNTIME_NEVER_STOPPED;
	if (g->outcome != OUTCOME_COMPLETED &&
	    (was_given_back(src) || src->pub.ran_again_ns != MODEL_NONE))
		return DOWNTIME_GIVEN_BACK;
	if (src->pub.paused_before)
		return DOWNTIME_PAUSED_BEFORE;
	if (!dst)
		return why_alone(g, DOWNTIME_NO_DESTINATION);
	if (dst->pub.run_ns == MODEL_NONE || !dst->pub.ended ||
	    dst->n_phase[PHASE_DONE] != dst->pub.n_devices)
		return DOWNTIME_NOT_RUNNING;
	if (stood_still_before(m, src))
		return DOWNTIME_JOINED_LATE;
	if (src->pub.holes || dst->pub.holes || !source_gave_all(src))
		return DOWNTIME_HOLE;
	return DOWNTIME_KNOWN;
}

static void take_off(uint64_t *part, uint64_t *excess)
{
	uint64_t n = *part < *excess ? *part : *excess;

	*part -= n;
	*excess -= n;
}

/*
 * The destination ran before the source had read its last: by the clocks, or a
 * VMM that does so.  The downtime ends with it; what is too much comes off what
 * was nobody's first.
 */
static void cut_stop(struct session_window *w, uint64_t end_ns)
{
	uint64_t excess = sat_sub(w->end_ns, end_ns), outside;
	int i;

	w->end_ns = end_ns;
	w->total_ns = sat_sub(end_ns, w->start_ns);
	outside = w->outside_ns;
	take_off(&w->outside_ns, &excess);
	outside -= w->outside_ns;
	for (i = GAP_NR - 1; i >= 0; i--)
		take_off(&w->gap_ns[i], &outside);
	take_off(&w->unattributed_ns, &excess);
	take_off(&w->dirty_sync_ns, &excess);
	take_off(&w->io_ns, &excess);
	take_off(&w->load_ns, &excess);
	take_off(&w->arcs_ns, &excess);
}

static void take_landing(struct migration *g, const struct sid *src, const struct sid *dst)
{
	struct landing *l = &g->landing;
	struct session_window w;

	l->total_ns = sat_sub(dst->pub.run_ns, g->stop.end_ns);
	if (!l->total_ns) {
		g->parts_known = true;
		return;
	}
	if (!side_tail(dst, src->pub.id, &w))
		return;
	if (w.start_ns != g->stop.end_ns || w.total_ns != l->total_ns)
		return;
	g->parts_known = true;
	l->transfer_ns = w.gap_ns[GAP_FIRST_IO] + w.gap_ns[GAP_IO];
	l->write_ns = w.io_ns;
	/* The first gap that an arc ends lies before the load, the others between the arcs. */
	l->before_load_ns = w.gap_ns[GAP_ARCS] + w.gap_ns[GAP_LOAD];
	l->load_ns = w.load_ns;
	l->arcs_ns = w.arcs_ns;
	l->start_ns = w.gap_ns[GAP_START];
	l->unattributed_ns = w.unattributed_ns + w.dirty_sync_ns;
	memcpy(l->why_ns, w.why_ns, sizeof(l->why_ns));
	memcpy(l->gap_why_ns, w.gap_why_ns, sizeof(l->gap_why_ns));
}

/* Until when nothing of it can have happened that is not in the evidence. */
static uint64_t watched_until(const struct model *m, const struct sid *s)
{
	uint64_t ns = s->pub.holes ? 0 : host_seen_ns(m, s->pub.host);

	return ns > s->pub.end_ns ? ns : s->pub.end_ns;
}

/* Whatever else is not in the evidence: nobody can run yet. */
static bool is_in_stop(const struct sid *src)
{
	return src && src->pub.stop.start_ns != MODEL_NONE && !src->pub.paused_before &&
	       !src->pub.stop_over && !src->pub.ended && !src->pub.holes;
}

static uint64_t still_so_far(const struct model *m, const struct sid *src, const struct sid *dst)
{
	uint64_t until = watched_until(m, src), bound = 0, ns;

	/* All is read: the destination may run, or the source again. */
	if (!is_in_stop(src)) {
		bound = src->pub.host != dst->pub.host ? m->bound_ns : 0;
		if (!dst->pub.ended && watched_until(m, dst) < until)
			until = watched_until(m, dst);
		if (dst->pub.ended || dst->pub.end_ns > until)
			until = dst->pub.end_ns;
	}
	ns = sat_sub(sat_sub(until, src->pub.stop.start_ns), bound);
	return ns > src->pub.stop.total_ns ? ns : src->pub.stop.total_ns;
}

static void take_downtime(const struct model *m, struct migration *g, const struct sid *src,
			  const struct sid *dst)
{
	g->downtime_ns = g->stopped_ns = g->still_ns = MODEL_NONE;
	g->stop.start_ns = MODEL_NONE;
	g->downtime_why = why_none(m, g, src, dst);
	if (src)
		g->stop = src->pub.stop;
	if (g->downtime_why == DOWNTIME_GIVEN_BACK && !stood_still_before(m, src))
		g->stopped_ns = src->pub.ran_again_ns != MODEL_NONE ?
					sat_sub(src->pub.ran_again_ns, src->pub.stop.start_ns) :
					src->pub.stopped_ns;
	if (g->downtime_why == DOWNTIME_NOT_RUNNING ||
	    (!dst && g->downtime_why != DOWNTIME_GIVEN_BACK && is_in_stop(src)))
		g->still_ns = still_so_far(m, src, dst);
	if (g->downtime_why != DOWNTIME_KNOWN)
		return;
	g->downtime_ns = sat_sub(dst->pub.run_ns, g->stop.start_ns);
	if (dst->pub.run_ns < g->stop.end_ns)
		cut_stop(&g->stop,
			 dst->pub.run_ns > g->stop.start_ns ? dst->pub.run_ns : g->stop.start_ns);
	take_landing(g, src, dst);
}

/* The name that the VMM gave it, on whichever side, before what a cgroup is called. */
static const char *vm_of(const struct sid *src, const struct sid *dst)
{
	const struct sid *s = src ?: dst;

	if (dst && dst->pub.vm[0] &&
	    (!s->pub.vm[0] || (!side_is_named(&s->pub) && side_is_named(&dst->pub))))
		s = dst;
	return s->pub.vm[0] ? s->pub.vm : NULL;
}

void migration_settle(struct model *m, struct migration *g, struct sid *src, struct sid *dst)
{
	const struct sid *any = src ? src : dst;

	g->outcome = outcome_of(src, dst);
	g->ended = (!src || src->pub.ended) && (!dst || dst->pub.ended);
	g->ran_again = src && src->pub.outcome == OUTCOME_COMPLETED &&
		       src->pub.ran_again_ns != MODEL_NONE;
	g->vm = vm_of(src, dst);
	g->end_ns = any->pub.end_ns;
	if (src && dst && dst->pub.end_ns > g->end_ns)
		g->end_ns = dst->pub.end_ns;
	take_causes(m, g, src, dst);
	take_downtime(m, g, src, dst);
}

/* ---- looking ---- */

static void look(struct model *m)
{
	if (!m->join_dirty)
		return;
	m->join_err = join_sides(m);
	if (m->join_err)
		m->n_migs = 0;
	m->join_dirty = false;
}

int model_join_error(struct model *m)
{
	look(m);
	return m->join_err;
}

uint32_t model_migrations(struct model *m)
{
	look(m);
	return m->n_migs;
}

/* Whoever looks often, and nothing happens meanwhile, looks for nothing. */
static void refresh(const struct model *m, struct sid *s)
{
	if (!s || s->refreshed == m->fed)
		return;
	side_refresh(m, s);
	s->refreshed = m->fed;
}

const struct migration *model_migration(struct model *m, uint32_t id)
{
	struct migration *g;

	look(m);
	if (!id || id > m->n_migs)
		return NULL;
	g = &m->migs[id - 1];
	/* One under way: its stop and its end go on with every call. */
	if (!g->ended) {
		struct sid *src = side_of(m, g->source), *dst = side_of(m, g->destination);
		struct sid *any = src ? src : dst;
		struct migration now = {
			.id = g->id,
			.source = g->source,
			.destination = g->destination,
			.begin_ns = g->begin_ns,
			.joined = g->joined,
		};

		if (any->settled == m->fed)
			return g;
		refresh(m, src);
		refresh(m, dst);
		any->settled = m->fed;
		migration_settle(m, &now, src, dst);
		*g = now;
	}
	return g;
}

const struct side *model_side(struct model *m, uint32_t id)
{
	struct sid *s = side_of(m, id);

	look(m);
	if (s && !s->pub.ended)
		refresh(m, s);
	return s ? &s->pub : NULL;
}

const struct session *model_session(struct model *m, uint32_t id)
{
	struct sess *g = sess_of(m, id);
	const struct sid *s;

	if (!g)
		return NULL;
	look(m);
	if (!g->pub.ended)
		sess_refresh(m, g);
	s = side_of(m, g->pub.side);
	if (!g->pub.vm[0] && s)
		memcpy(g->pub.vm, s->pub.vm, sizeof(g->pub.vm));
	return &g->pub;
}
