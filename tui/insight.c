// SPDX-License-Identifier: GPL-2.0-only
#include "tui/insight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "model/forecast.h"

struct insight {
	struct judge *judge;
	bool finished;
};

struct insight *insight_create(const struct judge_opts *opts)
{
	struct insight *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->judge = judge_create(opts);
	if (!in->judge) {
		free(in);
		return NULL;
	}
	return in;
}

void insight_destroy(struct insight *in)
{
	if (!in)
		return;
	judge_destroy(in->judge);
	free(in);
}

int insight_feed(struct insight *in, struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	return judge_feed(in->judge, m, ev, ctx);
}

int insight_finish(struct insight *in, struct model *m, const struct source_health *health,
		   const struct meta *meta)
{
	struct judge_evidence e = { .health = health, .meta = meta };

	in->finished = true;
	return judge_finish(in->judge, m, &e);
}

size_t insight_findings(const struct insight *in)
{
	return judge_findings(in->judge);
}

bool insight_finding(const struct insight *in, size_t i, struct insight_finding *out)
{
	const struct finding *f = i < judge_findings(in->judge) ? judge_finding(in->judge, i) : NULL;
	const struct rule *r;

	if (!f)
		return false;
	r = judge_rule(f->rule);
	out->rule = r ? r->name : "?";
	out->severity = f->severity;
	out->party = party_name(f->party);
	out->device = f->device;
	out->session = f->session;
	out->t_ns = f->t_ns;
	out->seq = f->seq;
	out->count = f->count;
	out->consequence = f->because_of || f->ignored;
	out->text = f->text;
	out->basis = r && r->basis ? r->basis : "";
	return true;
}

uint64_t insight_budget(const struct insight *in, bool *downtime)
{
	const struct judge_opts *o = judge_options(in->judge);

	*downtime = !o->max_stop_window_ns;
	return o->max_stop_window_ns ?: o->max_downtime_ns;
}

const struct judge *insight_judge(const struct insight *in)
{
	return in->finished ? in->judge : NULL;
}

void insight_forecast(struct model *m, uint32_t id, uint64_t now_ns,
		      struct insight_forecast *out)
{
	struct forecast f;

	memset(out, 0, sizeof(*out));
	forecast_session(m, id, now_ns, &f);
	out->known = f.basis != FORECAST_NONE && f.mid_ns != MODEL_NONE;
	out->likely_ns = f.mid_ns;
	out->low_ns = f.low_ns;
	out->high_ns = f.high_ns;
	out->left_bytes = f.left_bytes;
	out->read_bps = f.read_bps;
	out->dirty_bps = f.dirty_bps;
	out->arcs_ns = f.arcs_ns;
	out->drain_ns = f.drain_ns;
	out->other_ns = MODEL_NONE;
	out->load_ns = MODEL_NONE;
	out->done = f.trend == TREND_DONE;
	out->converges = f.trend == TREND_UNKNOWN ? -1 : f.trend != TREND_NOT_CONVERGING;
	if (f.samples)
		snprintf(out->basis, sizeof(out->basis), "%s (%u)", forecast_basis_text(f.basis),
			 f.samples);
	else
		snprintf(out->basis, sizeof(out->basis), "%s", forecast_basis_text(f.basis) ?: "");
}
