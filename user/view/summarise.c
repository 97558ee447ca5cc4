// SPDX-License-Identifier: GPL-2.0-only
#include "view/summarise.h"

#include <stdlib.h>

#include "judge/judge.h"
#include "model/model.h"
#include "view/summary.h"

struct summariser {
	struct model *model;
	struct judge *judge;
	uint64_t last_ns;
	bool failed;
};

struct summariser *summariser_create(void)
{
	struct summariser *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->model = model_create();
	s->judge = judge_create(NULL);
	s->failed = !s->model || !s->judge;
	return s;
}

void summariser_destroy(struct summariser *s)
{
	if (!s)
		return;
	judge_destroy(s->judge);
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
	s->failed = model_feed(s->model, ev, &ctx) || judge_feed(s->judge, s->model, ev, &ctx);
}

void summariser_bound(struct summariser *s, uint64_t bound_ns)
{
	if (s && !s->failed)
		model_set_clock_bound(s->model, bound_ns);
}

void summariser_write(struct summariser *s, struct recording_writer *w, const struct meta *meta)
{
	struct source_health health = { .ended = true };
	struct judge_evidence je = { .health = &health, .meta = meta };
	struct summary sum = { 0 };
	struct view_evidence e;
	struct buf out = { 0 };
	struct view_file file;

	if (!s || s->failed)
		return;
	health.last_ns = s->last_ns;
	view_one_file(&e, &file, s->model, "", meta, &health);
	e.judge = s->judge;
	if (!judge_finish(s->judge, s->model, &je) && !summary_of(&sum, &e)) {
		summary_encode(&out, &sum);
		if (!out.failed)
			recording_writer_summary(w, out.data, out.len);
	}
	buf_free(&out);
	summary_free(&sum);
}
