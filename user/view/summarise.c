// SPDX-License-Identifier: GPL-2.0-only
#include "view/summarise.h"

#include <stdlib.h>
#include <string.h>

#include "model/model.h"

struct summariser {
	struct model *model;
	struct judge *judge;
	struct judge *budgets; /* NULL: there are none */
	uint64_t last_ns;
	bool failed;
};

struct summariser *summariser_create(const struct judge_opts *budgets)
{
	struct summariser *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->model = model_create();
	s->judge = judge_create(NULL);
	if (budgets)
		s->budgets = judge_create(budgets);
	s->failed = !s->model || !s->judge || (budgets && !s->budgets);
	return s;
}

void summariser_destroy(struct summariser *s)
{
	if (!s)
		return;
	judge_destroy(s->judge);
	judge_destroy(s->budgets);
	model_destroy(s->model);
	free(s);
}

void summariser_take(struct summariser *s, const struct event *ev)
{
	struct event_context ctx;
	uint64_t end = event_end_ns(ev);

	if (!s || s->failed)
		return;
	if (end > s->last_ns)
		s->last_ns = end;
	s->failed = model_feed(s->model, ev, &ctx) || judge_feed(s->judge, s->model, ev, &ctx) ||
		    (s->budgets && judge_feed(s->budgets, s->model, ev, &ctx));
}

void summariser_bound(struct summariser *s, uint64_t bound_ns)
{
	if (s && !s->failed)
		model_set_clock_bound(s->model, bound_ns);
}

bool summariser_write(struct summariser *s, struct recording_writer *w, const struct meta *meta,
		      struct summary *out)
{
	struct source_health health = { .ended = true };
	struct judge_evidence je = { .health = &health, .meta = meta };
	struct summary own = { 0 }, *sum = out ? out : &own;
	struct view_evidence e;
	struct buf bytes = { 0 };
	struct view_file file;
	bool done = false;

	memset(sum, 0, sizeof(*sum));
	if (!s || s->failed)
		return false;
	health.last_ns = s->last_ns;
	view_one_file(&e, &file, s->model, "", meta, &health);
	e.judge = s->judge;
	if (!judge_finish(s->judge, s->model, &je) &&
	    (!s->budgets || !judge_finish(s->budgets, s->model, &je)) && !summary_of(sum, &e)) {
		done = true;
		summary_encode(&bytes, sum);
		if (!bytes.failed)
			recording_writer_summary(w, bytes.data, bytes.len);
	}
	s->failed = !done;
	buf_free(&bytes);
	if (sum == &own || !done) {
		summary_free(sum);
		memset(sum, 0, sizeof(*sum));
	}
	return done;
}

struct model *summariser_model(const struct summariser *s)
{
	return s ? s->model : NULL;
}

bool summariser_over_budget(const struct summariser *s)
{
	size_t i;

	if (!s || s->failed || !s->budgets)
		return false;
	for (i = 0; i < judge_findings(s->budgets); i++) {
		const struct finding *f = judge_finding(s->budgets, i);

		if ((f->rule == RULE_DOWNTIME_BUDGET || f->rule == RULE_ARC_BUDGET) &&
		    judge_counts(s->budgets, f))
			return true;
	}
	return false;
}
