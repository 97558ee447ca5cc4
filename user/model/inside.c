// SPDX-License-Identifier: GPL-2.0-only
/*
 * inside.c - functions of the kernel that somebody named, within calls
 *
 * An EV_INSIDE stands before the event of its call, or of its step: what a thread's call
 * has of them is kept until that comes, and goes with it into its session, and to whoever
 * is told of it.  Which functions are seen is known from the EV_FUNCTIONs: a session keeps
 * what was so while it went on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* A recording of many hosts has so many; what a lie names beyond that is not told of. */
#define FUNCTIONS_MAX 256
/* Threads in calls, and steps, at once. */
#define PENDING_MAX   1024

static int function_number(struct model *m, uint32_t host, const char *name, uint32_t *number)
{
	struct model_function *f;
	uint32_t i;

	for (i = 0; i < m->n_functions; i++) {
		f = &m->functions[i];
		if (f->host == host && !strncmp(f->name, name, sizeof(f->name) - 1)) {
			*number = i;
			return 0;
		}
	}
	*number = FUNCTIONS_MAX;
	if (m->n_functions == FUNCTIONS_MAX)
		return 0;
	if (array_room(&m->functions, m->n_functions + 1, &m->cap_functions, sizeof(*m->functions)))
		return -ENOMEM;
	f = &m->functions[m->n_functions];
	memset(f, 0, sizeof(*f));
	f->host = host;
	/* Its definition may be in a hole: what ran was seen. */
	f->unseen = UNSEEN_NOT;
	memcpy(f->name, name, strnlen(name, sizeof(f->name) - 1));
	*number = m->n_functions++;
	return 0;
}

static struct session_inside *of_session(const struct sess *g, uint32_t function)
{
	uint32_t i;

	for (i = 0; i < g->n_inside; i++)
		if (g->inside[i].function == function)
			return &g->inside[i];
	return NULL;
}

/* What is known of @function, as it stands, is so of @g. */
static int stands(const struct model *m, struct sess *g, uint32_t function)
{
	const struct model_function *f = &m->functions[function];
	struct session_inside *s = of_session(g, function);

	if (!s) {
		if (array_room(&g->inside, g->n_inside + 1, &g->cap_inside, sizeof(*g->inside)))
			return -ENOMEM;
		s = &g->inside[g->n_inside++];
		*s = (struct session_inside){
			.function = function,
			.longest_t_ns = MODEL_NONE,
			.longest_from = MIG_UNKNOWN,
			.longest_to = MIG_UNKNOWN,
		};
	}
	/* What ran in it was seen, whatever comes then. */
	if (f->unseen == UNSEEN_NOT || !s->calls) {
		s->unseen = f->unseen;
		s->err = f->err;
		s->since_ns = f->since_ns;
	}
	return 0;
}

int inside_begin(const struct model *m, struct sess *g)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < m->n_functions && !err; i++)
		if (m->functions[i].host == g->pub.host)
			err = stands(m, g, i);
	return err;
}

int inside_define(struct model *m, const struct event *ev)
{
	struct model_function *f;
	struct sess *g;
	uint32_t i, n;
	int err = function_number(m, ev->host, ev->function_def.name, &n);

	if (err || n == FUNCTIONS_MAX)
		return err;
	f = &m->functions[n];
	f->unseen = ev->function_def.unseen;
	f->err = ev->ret;
	f->since_ns = ev->t_ns;
	memcpy(f->symbol, ev->function_def.symbol, sizeof(f->symbol));
	f->symbol[sizeof(f->symbol) - 1] = '\0';
	for (i = 0; i < m->devices.n && !err; i++) {
		g = sess_of(m, ((const struct dev *)m->devices.item[i])->sess);
		if (g && !g->pub.ended && g->pub.host == ev->host)
			err = stands(m, g, n);
	}
	return err;
}

/* ---- a call's ---- */

static void sum_add(struct inside_sum *s, const struct event *ev)
{
	sat_inc(&s->calls, ev->inside.count);
	sat_inc(&s->total_ns, ev->inside.total_ns);
	if (!s->calls || ev->inside.longest_ns < s->longest_ns)
		return;
	s->longest_ns = ev->inside.longest_ns;
	/* Of the short ones nobody told when each was. */
	s->longest_t_ns = ev->inside.folded ? MODEL_NONE : ev->t_ns;
}

static struct inside_pending *
pending_of(struct model *m, uint32_t host, uint32_t tid, bool step, uint64_t call_t_ns)
{
	uint32_t i;

	for (i = 0; i < m->n_insides; i++) {
		struct inside_pending *p = &m->insides[i];

		if (p->tid == tid && p->host == host && p->step == step &&
		    p->call_t_ns == call_t_ns)
			return p;
	}
	return NULL;
}

int inside_take(struct model *m, const struct event *ev)
{
	bool step = ev->inside.call == EV_ARC;
	struct inside_pending *p = pending_of(m, ev->host, ev->tid, step, ev->inside.call_t_ns);
	uint32_t i, n;
	int err = function_number(m, ev->host, ev->inside.function, &n);

	if (err || n == FUNCTIONS_MAX)
		return err;
	if (!p) {
		if (m->n_insides == PENDING_MAX)
			return 0;
		if (array_room(&m->insides, m->n_insides + 1, &m->cap_insides, sizeof(*p)))
			return -ENOMEM;
		p = &m->insides[m->n_insides++];
		*p = (struct inside_pending){ .host = ev->host,
					      .tid = ev->tid,
					      .step = step,
					      .call_t_ns = ev->inside.call_t_ns };
	}
	for (i = 0; i < p->n && p->sum[i].function != n; i++)
		;
	/* No recorder watches more at once. */
	if (i == INSIDE_FUNCTIONS)
		return 0;
	if (i == p->n)
		p->sum[p->n++] = (struct inside_sum){ .function = n, .longest_t_ns = MODEL_NONE };
	sum_add(&p->sum[i], ev);
	return 0;
}

/* What calls and steps of that thread had that have not come: they began before, and were lost. */
static void forget_before(struct model *m, const struct event *ev)
{
	struct inside_pending *p;
	uint32_t i = 0;

	while (i < m->n_insides) {
		p = &m->insides[i];
		/* The call around a step has not returned. */
		if (p->tid == ev->tid && p->host == ev->host && p->call_t_ns <= ev->t_ns &&
		    (p->step || ev->kind != EV_ARC))
			*p = m->insides[--m->n_insides];
		else
			i++;
	}
}

/* Those with the largest sums, the largest first. */
static void tell_call(struct call_why *w, const struct inside_pending *p)
{
	uint32_t i, k;

	for (i = 0; i < p->n; i++) {
		k = w->n_inside < CALL_INSIDE_MAX ? w->n_inside++ : CALL_INSIDE_MAX;
		if (k == CALL_INSIDE_MAX) {
			w->inside_left_out++;
			if (p->sum[i].total_ns <= w->inside[--k].total_ns)
				continue;
		}
		for (; k && p->sum[i].total_ns > w->inside[k - 1].total_ns; k--)
			w->inside[k] = w->inside[k - 1];
		w->inside[k] = p->sum[i];
	}
}

void inside_of_event(struct model *m, const struct event *ev)
{
	const struct inside_pending *p;

	m->has_inside = false;
	if (!m->n_insides || !(event_traits(ev->kind) & (EVT_CALL | EVT_STREAM)))
		return;
	p = pending_of(m, ev->host, ev->tid, ev->kind == EV_ARC, ev->t_ns);
	m->has_inside = p != NULL;
	if (p)
		m->inside = *p;
	forget_before(m, ev);
	if (p && m->why)
		tell_call(&m->last_why, &m->inside);
}

int inside_book(struct model *m, struct sess *g, const struct event *ev)
{
	const struct inside_sum *from;
	struct session_inside *to;
	uint32_t i;

	for (i = 0; i < m->inside.n; i++) {
		from = &m->inside.sum[i];
		if (!of_session(g, from->function) && stands(m, g, from->function))
			return -ENOMEM;
		to = of_session(g, from->function);
		to->unseen = UNSEEN_NOT;
		to->err = 0;
		if (!to->calls || from->longest_ns > to->longest_ns) {
			to->longest_ns = from->longest_ns;
			to->longest_t_ns = from->longest_t_ns;
			to->longest_call = ev->kind;
			to->longest_from = to->longest_to = MIG_UNKNOWN;
			if (ev->kind == EV_ARC) {
				to->longest_from = ev->arc.from;
				to->longest_to = ev->arc.to;
			} else if (ev->kind == EV_SET_STATE && ev->set_state.target >= 0 &&
				   ev->set_state.target < MIG_STATE_NR) {
				to->longest_to = (uint32_t)ev->set_state.target;
			}
		}
		sat_inc(&to->calls, from->calls);
		sat_inc(&to->total_ns, from->total_ns);
	}
	return 0;
}

/* ---- what is asked of them ---- */

int inside_copy(struct sess *to, const struct sess *from)
{
	to->inside = NULL;
	to->n_inside = 0;
	to->cap_inside = 0;
	if (!from->n_inside)
		return 0;
	if (array_room(&to->inside, from->n_inside, &to->cap_inside, sizeof(*to->inside)))
		return -ENOMEM;
	to->n_inside = from->n_inside;
	memcpy(to->inside, from->inside, from->n_inside * sizeof(*to->inside));
	return 0;
}

uint32_t model_functions(const struct model *m)
{
	return m->n_functions;
}

const struct model_function *model_function(const struct model *m, uint32_t number)
{
	return number < m->n_functions ? &m->functions[number] : NULL;
}

const struct session_inside *model_session_inside(const struct model *m, uint32_t id, uint32_t *n)
{
	const struct sess *g = sess_of(m, id);

	*n = g ? g->n_inside : 0;
	return *n ? g->inside : NULL;
}
