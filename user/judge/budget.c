// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget.c - rules about time: trends, the first byte, and what the user set
 */
#include "judge/internal.h"

#define ULL(x)	((unsigned long long)(x))
#define MS(x)	((double)(x) / (double)NS_PER_MS)

/* Less than this is no burden whatever its trend. */
#define CONVERGE_MIN	(64 * 1024)

void rule_not_converging(struct look *l)
{
	const struct jstream *s = l->st;
	uint64_t now = l->ev->precopy_info.dirty_bytes, least = now, read;
	uint32_t i;

	/* Samples are infos that left something to read; this is the next. */
	if (!s || s->over || l->ev->ret < 0 || !l->settled ||
	    !mig_state_is_precopy(l->dev->state) || l->ev->precopy_info.initial_bytes ||
	    now < CONVERGE_MIN || s->n_samples < JSAMPLES - 1)
		return;
	for (i = 0; i < s->n_samples; i++)
		least = s->samples[i].least < least ? s->samples[i].least : least;
	read = s->moved - s->samples[0].moved;
	/* Every time it was read empty, or nearly, and every time as much came back. */
	if (l->ev->t_ns < s->samples[0].t_ns + NS_PER_SEC || now < s->samples[0].left ||
	    least < now / 2 || read < s->samples[0].left)
		return;
	find(l, RULE_NOT_CONVERGING,
	     "in %.1f s %llu bytes were read and dirty_bytes went from %llu to %llu: the device "
	     "dirties as fast as it is read",
	     (double)(l->ev->t_ns - s->samples[0].t_ns) / NS_PER_SEC, ULL(read),
	     ULL(s->samples[0].left), ULL(now));
}

void rule_slow_first_byte(struct look *l)
{
	const struct session *g = l->g;
	uint64_t first;

	if (g->direction != DIR_SAVE || g->first_read_ns == MODEL_NONE || !l->mig->stop_copy_arc_ns ||
	    !g->eof || g->holes || g->window.start_ns == MODEL_NONE)
		return;
	/* Between the two the VMM synchronises its RAM: not the driver's. */
	first = l->mig->stop_copy_arc_ns + g->first_read_ns;
	if (first >= 50 * NS_PER_MS && first > g->window.total_ns / 2)
		find(l, RULE_SLOW_FIRST_BYTE,
		     "the arc to STOP_COPY (%.1f ms) and the first read() (%.1f ms) are %.0f %% of "
		     "the stop window", MS(l->mig->stop_copy_arc_ns), MS(g->first_read_ns),
		     100.0 * (double)first / (double)g->window.total_ns);
}

static struct finding about(const struct session *g, enum rule_id rule)
{
	return (struct finding){
		.rule = rule, .severity = SEV_ERROR, .party = PARTY_ADMIN,
		.device = g->device, .stream = g->stream, .session = g->id,
		.t_ns = g->window.start_ns == MODEL_NONE ? g->start_ns : g->window.start_ns,
	};
}

void rule_downtime_budget(struct look *l)
{
	const struct judge_opts *o = &l->j->opts;
	uint32_t id;

	for (id = 1; id <= model_sessions(l->model); id++) {
		const struct session *g = model_session(l->model, id);
		const struct session_window *w = &g->window;
		const struct jmig *m = judge_mig(l->j, id);
		struct finding f = about(g, RULE_DOWNTIME_BUDGET);

		if (m)
			f.seq = m->stop_seq ? m->stop_seq : m->last_seq;
		if (g->direction != DIR_SAVE || w->start_ns == MODEL_NONE)
			continue;
		if (o->max_stop_window_ns && w->total_ns > o->max_stop_window_ns)
			find_at(l->j, &f, "the stop window is %.1f ms, the budget %.1f ms",
				MS(w->total_ns), MS(o->max_stop_window_ns));
		if (o->max_dirty_sync_ns && w->dirty_sync_ns > o->max_dirty_sync_ns)
			find_at(l->j, &f, "dirty-log syncs took %.1f ms of the stop window, the "
				"budget is %.1f ms", MS(w->dirty_sync_ns), MS(o->max_dirty_sync_ns));
		if (!o->max_downtime_ns)
			continue;
		if (g->downtime_ns != MODEL_NONE) {
			if (g->downtime_ns > o->max_downtime_ns)
				find_at(l->j, &f, "the downtime is %.1f ms, the budget %.1f ms",
					MS(g->downtime_ns), MS(o->max_downtime_ns));
		} else if (w->total_ns > o->max_downtime_ns) {
			find_at(l->j, &f, "the stop window of this host alone is %.1f ms, the "
				"budget for the downtime %.1f ms", MS(w->total_ns),
				MS(o->max_downtime_ns));
		} else if (g->outcome == OUTCOME_COMPLETED) {
			f.severity = SEV_INCONCLUSIVE;
			find_at(l->j, &f, "%.1f ms of the downtime are known; the destination's "
				"part is not in the evidence (--max-stop-window judges one host)",
				MS(w->total_ns));
		}
	}
}

static void over(struct look *l, const char *what, uint64_t took, uint64_t budget,
		 uint64_t t_ns, uint64_t seq)
{
	struct finding f = about(l->g, RULE_ARC_BUDGET);

	f.t_ns = t_ns;
	f.seq = seq;
	find_at(l->j, &f, "%s took %.1f ms, the budget is %.1f ms", what, MS(took), MS(budget));
}

void rule_arc_budget(struct look *l)
{
	const struct judge_opts *o = &l->j->opts;
	const struct session *g = l->g;
	uint32_t i, k;

	for (i = 0; i < g->n_arcs; i++) {
		const struct session_arc *arc = &g->arcs[i];
		uint64_t budget = o->max_arc_ns;
		const char *from = mig_state_name(arc->from), *to = mig_state_name(arc->to);
		struct finding f = about(g, RULE_ARC_BUDGET);

		for (k = 0; k < o->n_arcs; k++)
			if (o->arc[k].from == arc->from && o->arc[k].to == arc->to)
				budget = o->arc[k].ns;
		if (!budget || arc->dur_ns <= budget)
			continue;
		f.t_ns = arc->start_ns;
		f.seq = l->mig->last_seq;
		find_at(l->j, &f, "the arc %s to %s took %.1f ms, the budget is %.1f ms",
			from ? from : "?", to ? to : "?", MS(arc->dur_ns), MS(budget));
	}
	if (o->max_read_ns && l->mig->max_read_ns > o->max_read_ns)
		over(l, "a read() in STOP_COPY", l->mig->max_read_ns, o->max_read_ns,
		     l->mig->max_read_t_ns, l->mig->max_read_seq);
	if (o->max_write_ns && l->mig->max_write_ns > o->max_write_ns)
		over(l, "a write()", l->mig->max_write_ns, o->max_write_ns,
		     l->mig->max_write_t_ns, l->mig->max_write_seq);
}
