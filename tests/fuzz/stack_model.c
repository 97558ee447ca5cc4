// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "judge/judge.h"
#include "model/model.h"
#include "tests/fuzz/stack.h"
#include "tui/store.h"
#include "view/downtime.h"

static void window_sums(const char *whose, uint32_t id, const struct session_window *w)
{
	uint64_t sum, gaps = 0;
	unsigned int i;

	if (w->start_ns == MODEL_NONE) {
		if (w->total_ns)
			fuzz_die("%s %u: nothing was stopped, and it took time", whose, id);
		return;
	}
	if (w->end_ns - w->start_ns != w->total_ns || w->end_ns < w->start_ns)
		fuzz_die("%s %u: the stop is not as long as from its begin to its end", whose, id);
	sum = w->arcs_ns + w->load_ns + w->io_ns + w->dirty_sync_ns + w->outside_ns +
	      w->unattributed_ns;
	if (sum != w->total_ns)
		fuzz_die("%s %u: the parts of the stop are %llu ns, it is %llu ns", whose, id,
			 (unsigned long long)sum, (unsigned long long)w->total_ns);
	for (i = 0; i < GAP_NR; i++)
		gaps += w->gap_ns[i];
	if (gaps != w->outside_ns)
		fuzz_die("%s %u: the gaps are %llu ns, outside it is %llu ns", whose, id,
			 (unsigned long long)gaps, (unsigned long long)w->outside_ns);
	if (w->in_flight_ns > w->total_ns)
		fuzz_die("%s %u: more is in flight than there is", whose, id);
}

static void landing_sums(const struct migration *g)
{
	const struct landing *l = &g->landing;
	uint64_t sum = l->transfer_ns + l->write_ns + l->before_load_ns + l->load_ns + l->arcs_ns +
		       l->start_ns + l->unattributed_ns;

	if (sum != l->total_ns)
		fuzz_die("migration %u: the parts of the landing are %llu ns, it is %llu ns", g->id,
			 (unsigned long long)sum, (unsigned long long)l->total_ns);
}

static void migration_sums(struct model *m, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(m, g, part), i;
	uint64_t sum = 0;

	if (g->ended && g->end_ns < g->begin_ns)
		fuzz_die("migration %u: it ends before it begins", g->id);
	if ((g->downtime_ns == MODEL_NONE) != (g->downtime_why != DOWNTIME_KNOWN))
		fuzz_die("migration %u: a downtime, and a reason why there is none", g->id);
	if ((!g->source || !g->destination) && g->joined.how != JOINED_NOT)
		fuzz_die("migration %u: joined with nothing", g->id);
	window_sums("migration", g->id, &g->stop);
	if (g->downtime_ns == MODEL_NONE || !g->parts_known)
		return;
	landing_sums(g);
	for (i = 0; i < n; i++)
		if (!part[i].share && part[i].ns != MODEL_NONE)
			sum += part[i].ns;
	if (sum != g->downtime_ns || g->stop.total_ns + g->landing.total_ns != g->downtime_ns)
		fuzz_die("migration %u: the parts are %llu ns, the downtime is %llu ns", g->id,
			 (unsigned long long)sum, (unsigned long long)g->downtime_ns);
}

static void sums(struct model *m)
{
	uint32_t i, k;

	for (i = 1; i <= model_sessions(m); i++) {
		const struct session *g = model_session(m, i);

		window_sums("session", i, &g->window);
		if (g->id != i || g->side > model_sides(m))
			fuzz_die("session %u: its number or its side's is wrong", i);
	}
	for (i = 1; i <= model_migrations(m); i++) {
		const struct migration *g = model_migration(m, i);

		if (g->id != i)
			fuzz_die("migration %u is called %u", i, g->id);
		migration_sums(m, g);
	}
	for (i = 1; i <= model_sides(m); i++) {
		const struct side *s = model_side(m, i);

		window_sums("side", i, &s->stop);
		if (s->ended && s->end_ns < s->begin_ns)
			fuzz_die("side %u: it ends before it begins", i);
		if (!s->migration || s->migration > model_migrations(m))
			fuzz_die("side %u: it is of no migration", i);
		for (k = 0; k < s->n_devices; k++)
			if (!model_side_device(m, i, k))
				fuzz_die("side %u: it has %u devices and not this one", i,
					 s->n_devices);
	}
}

/* Two models that were fed the same say the same. */
static void same(struct model *a, struct model *b, const char *what)
{
	uint32_t i;

	if (model_sessions(a) != model_sessions(b) || model_sides(a) != model_sides(b) ||
	    model_migrations(a) != model_migrations(b) || model_devices(a) != model_devices(b) ||
	    model_events(a) != model_events(b) || model_calls(a) != model_calls(b) ||
	    model_flights(a) != model_flights(b) || model_last_ns(a) != model_last_ns(b))
		fuzz_die("%s: not as many", what);
	for (i = 1; i <= model_sessions(a); i++) {
		const struct session *x = model_session(a, i), *y = model_session(b, i);

		if (x->outcome != y->outcome || x->side != y->side ||
		    memcmp(&x->window, &y->window, sizeof(x->window)))
			fuzz_die("%s: session %u is another", what, i);
	}
	for (i = 1; i <= model_migrations(a); i++) {
		const struct migration *x = model_migration(a, i), *y = model_migration(b, i);

		if (x->outcome != y->outcome || x->source != y->source ||
		    x->destination != y->destination || x->downtime_ns != y->downtime_ns ||
		    x->joined.how != y->joined.how || x->n_causes != y->n_causes)
			fuzz_die("%s: migration %u is another", what, i);
	}
	for (i = 0; i < model_devices(a); i++)
		if (model_device_at(a, i)->state != model_device_at(b, i)->state)
			fuzz_die("%s: device number %u has another state", what,
				 model_device_at(a, i)->number);
}

static void feed(struct model *m, struct judge *j, const struct event *ev)
{
	struct event_context ctx;

	if (model_feed(m, ev, &ctx) || (j && judge_feed(j, m, ev, &ctx)))
		fuzz_die("out of memory");
	if (ctx.session > model_sessions(m) || ctx.side > model_sides(m))
		fuzz_die("event %llu is of a session or a side that is not there",
			 (unsigned long long)ev->seq);
}

static void same_findings(const struct judge *a, const struct judge *b)
{
	size_t i;

	if (judge_verdict(a) != judge_verdict(b) || judge_findings(a) != judge_findings(b) ||
	    judge_omitted(a) != judge_omitted(b))
		fuzz_die("a judge's copy has another verdict");
	for (i = 0; i < judge_findings(a); i++)
		if (judge_finding(a, i)->rule != judge_finding(b, i)->rule ||
		    strcmp(judge_finding(a, i)->text, judge_finding(b, i)->text))
			fuzz_die("a judge's copy has another finding %zu", i + 1);
}

void stack_model(const struct trace *t, struct bytes *in)
{
	const struct judge_evidence je = { .health = &t->health };
	struct model *m = model_create(), *copy = NULL;
	struct judge *j = judge_create(NULL), *judge_copy = NULL;
	size_t at = t->n ? take(in, 2) % t->n : 0, i;
	bool look = take8(in) & 1, twins = stack_some(2);

	for (i = 0; i < t->n; i++) {
		if (twins && i == at) {
			copy = model_clone(m);
			judge_copy = judge_clone(j);
		}
		feed(m, j, &t->ev[i]);
		if (copy)
			feed(copy, judge_copy, &t->ev[i]);
		/* Whoever looks while it grows changes nothing. */
		if (look && i % 64 == 0)
			sums(m);
	}
	if (judge_finish(j, m, &je) || (copy && judge_finish(judge_copy, copy, &je)))
		fuzz_die("out of memory");
	sums(m);
	if (copy) {
		same(m, copy, "a model's copy");
		same_findings(j, judge_copy);
	}
	judge_destroy(j);
	judge_destroy(judge_copy);
	model_destroy(m);
	model_destroy(copy);
}

void stack_store(const struct trace *t, struct bytes *in)
{
	struct store *s = store_create();
	struct model *m;
	struct event ev;
	unsigned int k;
	size_t i, n;

	for (i = 0; i < t->n; i++)
		if (store_append(s, &t->ev[i], NULL))
			fuzz_die("out of memory");
	for (k = 0; k < 3; k++) {
		n = take(in, 2) % (t->n + 1);
		m = model_create();
		for (i = 0; i < n; i++)
			feed(m, NULL, &t->ev[i]);
		same(store_model_at(s, n), m, "the store's model");
		model_destroy(m);
		if (n < t->n && (!store_get(s, n, &ev) || ev.t_ns != t->ev[n].t_ns ||
				 ev.kind != t->ev[n].kind || ev.ret != t->ev[n].ret))
			fuzz_die("the store gives another event %zu", n);
		if (n && store_time(s, n) < store_time(s, n - 1))
			fuzz_die("the store's times fall");
	}
	store_destroy(s);
}
