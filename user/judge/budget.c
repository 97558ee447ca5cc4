// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget.c - rules about time: trends, the first byte, and what the user set
 */
#include <stdio.h>
#include <string.h>

#include "judge/internal.h"
#include "model/spent.h"
#include "util/sat.h"
#include "util/units.h"

/* Less than this is no burden whatever its trend. */
#define CONVERGE_MIN (64 * 1024)

void rule_not_converging(struct look *l)
{
	const struct jstream *s = l->st;
	uint64_t now = l->ev->precopy_info.dirty_bytes, least = now, read;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], d[UNITS_LEN];
	uint32_t i;

	/* Samples are infos that left something to read; this is the next. */
	if (!s || l->ms->over || l->ev->ret < 0 || !l->settled || !mig_state_is_precopy(l->state) ||
	    l->ev->precopy_info.initial_bytes || now < CONVERGE_MIN || s->n_samples < JSAMPLES - 1)
		return;
	for (i = 0; i < s->n_samples; i++)
		least = s->samples[i].least < least ? s->samples[i].least : least;
	read = s->moved - s->samples[0].moved;
	/* Every time it was read empty, or nearly, and every time as much came back. */
	if (l->ev->t_ns < s->samples[0].t_ns + NS_PER_SEC || now < s->samples[0].left ||
	    least < now / 2 || read < s->samples[0].left)
		return;
	find(l, RULE_NOT_CONVERGING,
	     "in %s %s were read and dirty_bytes went from %s to %s: the device dirties as fast as "
	     "it is read",
	     ms_text(a, l->ev->t_ns - s->samples[0].t_ns), size_text(b, read),
	     size_text(c, s->samples[0].left), size_text(d, now));
}

/* Why the longer of the two took its time; "": that is not recorded. */
static void why_first_byte(const struct look *l, char why[WHY_TEXT_LEN])
{
	const struct session *g = l->g;
	bool arc = g->switch_arc_ns > g->first_read_ns;
	const struct call_why *w;
	uint32_t n, i;

	why[0] = '\0';
	w = model_session_slow(l->model, g->id, &n);
	for (i = 0; i < n; i++)
		if (arc ? w[i].call == EV_ARC && w[i].t_ns == g->switch_ns :
			  w[i].call == EV_READ && w[i].dur_ns == g->first_read_ns)
			judge_why_text(&w[i], why);
}

void rule_slow_first_byte(struct look *l)
{
	const struct session *g = l->g;
	char a[UNITS_LEN], b[UNITS_LEN], why[WHY_TEXT_LEN];
	uint64_t first;

	if (g->direction != DIR_SAVE || g->first_read_ns == MODEL_NONE ||
	    g->switch_ns == MODEL_NONE || !g->eof || g->holes || g->window.start_ns == MODEL_NONE ||
	    !g->window.total_ns)
		return;
	/* Between the two the VMM synchronises its RAM: not the driver's. */
	first = g->switch_arc_ns + g->first_read_ns;
	if (first < 50 * NS_PER_MS || first <= g->window.total_ns / 2)
		return;
	why_first_byte(l, why);
	find(l, RULE_SLOW_FIRST_BYTE,
	     "the arc to STOP_COPY (%s) and the first read() (%s) are %.0f %% of the stop window%s%s",
	     ms_text(a, g->switch_arc_ns), ms_text(b, g->first_read_ns),
	     100.0 * (double)first / (double)g->window.total_ns, why[0] ? ": " : "", why);
}

/* ---- what a stop was bound by ---- */

/* A shorter one is no burden, whatever it was spent on. */
#define BOUND_MIN_NS (100 * NS_PER_MS)

static struct finding about(const struct migration *g, const struct side *s, enum rule_id rule)
{
	struct finding f = finding_of(rule, g->begin_ns, s ? s->last_seq : 0);

	if (s && s->stop.start_ns != MODEL_NONE)
		f.t_ns = s->stop.start_ns;
	f.side = s ? s->id : g->source ? g->source : g->destination;
	f.migration = g->id;
	f.host = s ? s->host : 0;
	return f;
}

/* Is the stop known as a whole, and did a guest wait for it? */
static bool is_worth(struct model *m, const struct migration *g)
{
	const struct side *src = model_side(m, g->source);

	/* A VM that was stopped before, or is saved to a file, waits for nothing. */
	return src && src->stop_over && !src->holes && !src->joined_late && !src->paused_before &&
	       !(g->ran_again && !g->destination) && g->outcome != OUTCOME_FAILED &&
	       g->outcome != OUTCOME_CANCELLED && migration_stop_ns(g) >= BOUND_MIN_NS;
}

#define MORE_LEN (LIMITS_TEXT_LEN + 80)

/* What a stop may have been bound by; of its time that counts two sums are told. */
struct bound {
	enum rule_id rule;
	void (*add)(enum stop_part part, const struct spent *spent, uint64_t ns[2]);
	const char *what, *of[2]; /* "took" the time; of the sums */
	uint32_t party[2];	  /* besides the rule's, where the one or the other is more */
	bool by_side;		  /* the second is the destination's */
	/* What more is known of the first: words that follow, and who has to act besides. */
	const char *(*more)(const struct migration *g, uint32_t *party, char buf[MORE_LEN]);
};

static void tell_bound(struct look *l, const struct bound *b, const struct migration *g,
		       const uint64_t ns[2])
{
	char sum_text[UNITS_LEN], stop_text[UNITS_LEN], text[2][UNITS_LEN], more[MORE_LEN] = "";
	uint64_t stop = migration_stop_ns(g), sum = sat_add(ns[0], ns[1]);
	bool second = ns[1] > ns[0], landing = b->by_side && second;
	struct finding f =
		about(g, model_side(l->model, landing ? g->destination : g->source), b->rule);

	if (landing)
		f.t_ns = g->stop.end_ns;
	if (ns[0] != ns[1])
		f.party |= b->party[second];
	if (b->more && !second)
		b->more(g, &f.party, more);
	find_at(l->j, &f, "%s %s of the %s of %s (%.0f %%): %s%s%s%s%s%s%s%s", b->what,
		ms_text(sum_text, sum),
		g->downtime_ns != MODEL_NONE ? "downtime" : "stop on the source",
		ms_text(stop_text, stop), 100.0 * (double)sum / (double)stop,
		ns[0] ? ms_text(text[0], ns[0]) : "", ns[0] ? " " : "", ns[0] ? b->of[0] : "", more,
		ns[0] && ns[1] ? ", " : "", ns[1] ? ms_text(text[1], ns[1]) : "", ns[1] ? " " : "",
		ns[1] ? b->of[1] : "");
}

/* Is it over half of the stop? */
static void find_bound(struct look *l, const struct bound *b)
{
	uint32_t id, part;

	for (id = 1; id <= model_migrations(l->model); id++) {
		const struct migration *g = model_migration(l->model, id);
		uint64_t ns[2] = { 0, 0 };

		if (!is_worth(l->model, g))
			continue;
		for (part = 0; part < STOP_PARTS; part++) {
			struct spent spent;

			migration_spent(g, (enum stop_part)part, &spent);
			b->add((enum stop_part)part, &spent, ns);
		}
		if (sat_add(ns[0], ns[1]) > migration_stop_ns(g) / 2)
			tell_bound(l, b, g, ns);
	}
}

static bool is_landing(enum stop_part part)
{
	return part > STOP_OTHER;
}

/*
 * A source waits to send.  Once it has given its last byte its destination waits for what is
 * on its way, as the write() shows that ends the wait; what either waits for besides may be an
 * answer, or whoever lets the guest go on.
 */
static void on_network(enum stop_part part, const struct spent *spent, uint64_t ns[2])
{
	if (!is_landing(part))
		sat_inc(&ns[0], spent->why_ns[WHY_SEND]);
	else if (part == LAND_TRANSFER)
		sat_inc(&ns[1], sat_add(spent->why_ns[WHY_RECEIVE], spent->why_ns[WHY_POLL]));
}

/* What the source's sending was limited by, and what follows where that is most of it. */
static const char *sending_limited(const struct migration *g, uint32_t *party, char buf[MORE_LEN])
{
	static const char *const most[] = {
		[WHY_SEND_RECEIVER] = ": its receiver is slow, not the network",
		[WHY_SEND_BUFFERS] = ": they are small for that round trip",
		[WHY_SEND_NETWORK] = "",
	};
	uint64_t ns[WHY_SUMS] = { 0 };
	char limits[LIMITS_TEXT_LEN];
	const char *follows = "";
	uint32_t k;

	migration_spent_on(g, STOP_ARCS, STOP_OTHER, ns);
	if (!judge_limits_text(ns, NULL, limits)[0])
		return buf;
	for (k = WHY_SEND_RECEIVER; k <= WHY_SEND_NETWORK; k++)
		if (ns[k] > ns[WHY_SEND] / 2)
			follows = most[k];
	/* Who receives is the destination's VMM, or whatever takes the data in its place. */
	if (ns[WHY_SEND_RECEIVER] > ns[WHY_SEND] / 2)
		*party |= PARTY_VMM;
	snprintf(buf, MORE_LEN, " (%s%s)", limits, follows);
	return buf;
}

void rule_network_bound(struct look *l)
{
	static const struct bound b = {
		.rule = RULE_NETWORK_BOUND,
		.add = on_network,
		.what = "the VMM waited",
		.of = { "to send on the source", "for what was sent on the destination" },
		/* Who waits for data does not see what its sender did instead. */
		.party = { 0, PARTY_VMM },
		.by_side = true,
		.more = sending_limited,
	};

	find_bound(l, &b);
}

static void for_a_cpu(enum stop_part part, const struct spent *spent, uint64_t ns[2])
{
	sat_inc(&ns[is_landing(part)], spent->why_ns[WHY_RUNQUEUE]);
}

void rule_cpu_starved(struct look *l)
{
	static const struct bound b = {
		.rule = RULE_CPU_STARVED,
		.add = for_a_cpu,
		.what = "the VMM's threads waited for a cpu for",
		.of = { "on the source", "on the destination" },
		.by_side = true,
	};

	find_bound(l, &b);
}

/* A wait for a cpu is that, wherever it is. */
static void in_dirty_logs(enum stop_part part, const struct spent *spent, uint64_t ns[2])
{
	if (part == STOP_DIRTY_SYNC)
		sat_inc(&ns[0], sat_sub(spent->ns, spent->why_ns[WHY_RUNQUEUE]));
	sat_inc(&ns[1], spent->why_ns[WHY_KVM_LOG]);
}

void rule_dirty_log_bound(struct look *l)
{
	static const struct bound b = {
		.rule = RULE_DIRTY_LOG_BOUND,
		.add = in_dirty_logs,
		.what = "dirty logs took",
		.of = { "that of the devices' DMA", "KVM's" },
		.party = { PARTY_DRIVER, 0 },
	};

	find_bound(l, &b);
}

/* ---- the user's budgets for a migration ---- */

enum budget_state
judge_downtime_budget(struct model *m, const struct migration *g, uint64_t budget_ns)
{
	const struct side *src = model_side(m, g->source);

	if (!budget_ns)
		return BUDGET_NONE;
	if (g->outcome == OUTCOME_FAILED || g->outcome == OUTCOME_CANCELLED)
		return BUDGET_SKIPPED;
	if (g->downtime_ns != MODEL_NONE)
		return g->downtime_ns > budget_ns ? BUDGET_EXCEEDED : BUDGET_KEPT;
	/* One side alone, or a call in flight, may be too much already. */
	if (g->still_ns != MODEL_NONE && g->still_ns > budget_ns)
		return BUDGET_EXCEEDED;
	if (src && !src->paused_before && src->stop.start_ns != MODEL_NONE &&
	    src->stop.total_ns > budget_ns)
		return BUDGET_EXCEEDED;
	return BUDGET_UNKNOWN;
}

static void doubt(struct judge *j, struct finding f, const char *what, const char *why)
{
	f.severity = SEV_INCONCLUSIVE;
	find_at(j, &f, "the budget for the %s is not decided: %s", what, why);
}

static void judge_downtime(struct look *l, const struct migration *g)
{
	uint64_t budget = l->j->opts.max_downtime_ns;
	const struct side *src = model_side(l->model, g->source);
	struct finding f = about(g, src, RULE_DOWNTIME_BUDGET);
	char a[UNITS_LEN], b[UNITS_LEN];

	switch (judge_downtime_budget(l->model, g, budget)) {
	case BUDGET_EXCEEDED:
		if (g->downtime_ns != MODEL_NONE)
			find_at(l->j, &f, "the downtime is %s, the budget %s",
				ms_text(a, g->downtime_ns), ms_text(b, budget));
		else if (g->still_ns != MODEL_NONE &&
			 (g->destination || g->still_ns > src->stop.total_ns))
			find_at(l->j, &f,
				"the guest has stood still for %s, and its %s; the budget for "
				"the downtime is %s",
				ms_text(a, g->still_ns),
				src->stop_over ? "destination does not run" :
						 "stop on the source is not over",
				ms_text(b, budget));
		else
			find_at(l->j, &f,
				"the stop on the source alone is %s, the budget for the "
				"downtime %s",
				ms_text(a, src->stop.total_ns), ms_text(b, budget));
		break;
	case BUDGET_UNKNOWN:
		doubt(l->j, f, "downtime",
		      g->downtime_why ? downtime_why_text(g->downtime_why) :
					"the migration is under way");
		break;
	default:
		break;
	}
}

/* A budget for the source's host alone. */
static void judge_stop(struct look *l, const struct migration *g)
{
	const struct judge_opts *o = &l->j->opts;
	const struct side *s = model_side(l->model, g->source);
	struct finding f = about(g, s, RULE_DOWNTIME_BUDGET);
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t total, sync;

	if (!s || g->outcome == OUTCOME_FAILED || g->outcome == OUTCOME_CANCELLED)
		return;
	total = s->stop.start_ns == MODEL_NONE ? 0 : s->stop.total_ns;
	/* It goes on while nothing happens. */
	if (total && !s->stop_over && !s->ended && g->still_ns != MODEL_NONE)
		total = g->still_ns;
	sync = s->stop.start_ns == MODEL_NONE ? 0 : s->stop.dirty_sync_ns;
	if (o->max_stop_window_ns && total > o->max_stop_window_ns)
		find_at(l->j, &f, "the stop window is %s, the budget %s", ms_text(a, total),
			ms_text(b, o->max_stop_window_ns));
	else if (o->max_stop_window_ns && (!s->stop_over || s->holes))
		doubt(l->j, f, "stop window",
		      s->holes ? "events were lost" : "the stop is not over in the evidence");
	if (o->max_dirty_sync_ns && sync > o->max_dirty_sync_ns)
		find_at(l->j, &f, "dirty-log syncs took %s of the stop window, the budget is %s",
			ms_text(a, sync), ms_text(b, o->max_dirty_sync_ns));
	else if (o->max_dirty_sync_ns && !s->dirty_log_seen)
		doubt(l->j, f, "dirty-log syncs", "no dirty log was seen");
	else if (o->max_dirty_sync_ns && (!s->stop_over || s->holes))
		doubt(l->j, f, "dirty-log syncs",
		      s->holes ? "events were lost" : "the stop is not over in the evidence");
}

void rule_downtime_budget(struct look *l)
{
	uint32_t id;

	for (id = 1; id <= model_migrations(l->model); id++) {
		const struct migration *g = model_migration(l->model, id);

		judge_downtime(l, g);
		judge_stop(l, g);
	}
}

/* ---- and for a call ---- */

static void over(struct look *l, const char *what, uint64_t took, uint64_t budget, uint64_t t_ns,
		 uint64_t seq)
{
	struct finding f = finding_of(RULE_ARC_BUDGET, t_ns, seq);
	char a[UNITS_LEN], b[UNITS_LEN];

	f.device = l->g->device;
	f.stream = l->g->stream;
	f.session = l->g->id;
	find_at(l->j, &f, "%s took %s, the budget is %s", what, ms_text(a, took),
		ms_text(b, budget));
}

static uint64_t arc_budget(const struct judge_opts *o, const struct session_arc *arc)
{
	uint32_t k;

	for (k = 0; k < o->n_arcs; k++)
		if (o->arc[k].from == arc->from && o->arc[k].to == arc->to)
			return o->arc[k].ns;
	return o->max_arc_ns;
}

/* One that has not returned took as long as it was seen out, at least. */
static void judge_flights(struct look *l)
{
	const struct judge_opts *o = &l->j->opts;
	uint32_t i;

	for (i = 0; i < model_flights(l->model); i++) {
		const struct model_flight *f = model_flight(l->model, i);
		uint64_t age = f->seen_ns > f->start_ns ? f->seen_ns - f->start_ns : 0, budget = 0;

		if (f->session != l->g->id)
			continue;
		if (f->call == EV_SET_STATE)
			budget = o->max_arc_ns;
		else if (f->call == EV_READ && f->state == MIG_STOP_COPY)
			budget = o->max_read_ns;
		else if (f->call == EV_WRITE)
			budget = o->max_write_ns;
		if (budget && age > budget)
			over(l,
			     f->call == EV_SET_STATE ? "a SET_STATE that has not returned" :
			     f->call == EV_READ	     ? "a read() that has not returned" :
						       "a write() that has not returned",
			     age, budget, f->start_ns, f->seq);
	}
}

void rule_arc_budget(struct look *l)
{
	const struct judge_opts *o = &l->j->opts;
	const struct session *g = l->g;
	uint32_t i;

	for (i = 0; i < g->n_arcs; i++) {
		const struct session_arc *arc = &g->arcs[i];
		uint64_t budget = arc_budget(o, arc);
		char what[96], a[32], b[32];

		if (!budget || arc->dur_ns <= budget)
			continue;
		snprintf(what, sizeof(what), "the arc %s to %s", state_text(arc->from, a),
			 state_text(arc->to, b));
		over(l, what, arc->dur_ns, budget, arc->start_ns, g->last_seq);
	}
	if (o->max_read_ns && l->sess->read.ns > o->max_read_ns)
		over(l, "a read() in STOP_COPY", l->sess->read.ns, o->max_read_ns,
		     l->sess->read.t_ns, l->sess->read.seq);
	if (o->max_write_ns && l->sess->write.ns > o->max_write_ns)
		over(l, "a write()", l->sess->write.ns, o->max_write_ns, l->sess->write.t_ns,
		     l->sess->write.seq);
	judge_flights(l);
}

/* ---- what the rules remember ---- */

static void remember_slow(struct jslow *slow, const struct event *ev)
{
	if (event_calls(ev) > 1 || ev->ret < 0 || ev->dur_ns <= slow->ns)
		return;
	slow->ns = ev->dur_ns;
	slow->t_ns = ev->t_ns;
	slow->seq = ev->seq;
}

/* Infos that left something to read, no more often than a trend is worth. */
static void remember_sample(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;
	uint64_t dirty = ev->precopy_info.dirty_bytes;

	if (ev->precopy_info.initial_bytes) {
		s->n_samples = 0;
		return;
	}
	if (!dirty)
		return;
	if (s->n_samples && ev->t_ns < s->samples[s->n_samples - 1].t_ns + JSAMPLE_NS) {
		if (dirty < s->samples[s->n_samples - 1].least)
			s->samples[s->n_samples - 1].least = dirty;
		return;
	}
	if (s->n_samples == JSAMPLES)
		memmove(s->samples, s->samples + 1, (JSAMPLES - 1) * sizeof(s->samples[0]));
	else
		s->n_samples++;
	s->samples[s->n_samples - 1].t_ns = ev->t_ns;
	s->samples[s->n_samples - 1].left = s->samples[s->n_samples - 1].least = dirty;
	s->samples[s->n_samples - 1].moved = s->moved;
}

void remember_time(struct look *l)
{
	const struct event *ev = l->ev;

	if (ev->kind == EV_PRECOPY_INFO && ev->ret >= 0)
		remember_sample(l);
	if (!l->sess)
		return;
	if (ev->kind == EV_READ && l->ctx->state == MIG_STOP_COPY)
		remember_slow(&l->sess->read, ev);
	else if (ev->kind == EV_WRITE)
		remember_slow(&l->sess->write, ev);
}
