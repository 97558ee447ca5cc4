// SPDX-License-Identifier: GPL-2.0-only
#include "view/findings.h"

#include <string.h>

#include "view/common.h"

void findings_begin(struct finding_walk *w, const struct view_evidence *e,
		    const struct view_options *opt)
{
	memset(w, 0, sizeof(*w));
	w->e = e;
	w->opt = opt;
}

/* A hole that is about no migration in particular may touch what is asked for. */
static bool is_wanted(const struct finding_walk *w)
{
	const struct finding *f = w->at.f;
	struct event at = { .t_ns = f->t_ns };

	if (w->opt->migration)
		return f->migration == w->opt->migration;
	return (!f->migration && f->severity == SEV_INCONCLUSIVE) ||
	       time_window_has(&w->opt->window, w->e->model, &at);
}

bool findings_next(struct finding_walk *w)
{
	const struct model_device *d;

	while (w->e->judge && (w->at.f = judge_finding(w->e->judge, w->next))) {
		w->next++;
		if (!is_wanted(w))
			continue;
		d = model_device(w->e->model, w->at.f->device);
		w->at.host = w->at.f->host ? w->at.f->host : d ? d->host : 0;
		w->at.file = view_file_of(w->e, w->at.host, w->at.f->t_ns);
		return true;
	}
	return false;
}

enum verdict view_verdict(const struct view_evidence *e, const struct view_options *opt)
{
	enum verdict v = VERDICT_PASS;
	struct finding_walk w;

	findings_begin(&w, e, opt);
	while (findings_next(&w)) {
		if (judge_counts(e->judge, w.at.f))
			v = verdict_worse(v, VERDICT_FINDINGS);
		else if (judge_doubts(e->judge, w.at.f))
			v = verdict_worse(v, VERDICT_INCONCLUSIVE);
	}
	/* A migration that is asked for and is not there has not passed. */
	if (opt->migration > model_migrations(e->model))
		v = verdict_worse(v, VERDICT_INCONCLUSIVE);
	return v;
}

void findings_json(struct json *j, const struct view_evidence *e, const struct view_options *opt)
{
	struct finding_walk w;

	json_key(j, "findings");
	json_array_begin(j);
	findings_begin(&w, e, opt);
	while (findings_next(&w)) {
		const struct finding *f = w.at.f;
		const struct model_device *d = model_device(e->model, f->device);
		char number[16], host[NAME_LEN];

		json_object_begin(j);
		json_ku64(j, "id", f->id);
		json_kstring(j, "rule", judge_rule(f->rule)->name);
		json_kstring(j, "severity", severity_name(f->severity));
		json_kstring(j, "party", party_name(f->party));
		json_kname(j, "host", host_label(host, e, w.at.host, f->device, f->t_ns));
		json_key(j, "device");
		if (d && d->name[0]) {
			json_string(j, d->name);
		} else if (f->device) {
			snprintf(number, sizeof(number), "#%u", f->device);
			json_string(j, number);
		} else {
			json_null(j);
		}
		json_key(j, "driver");
		if (d && d->driver[0])
			json_string(j, d->driver);
		else
			json_null(j);
		json_key(j, "stream");
		if (f->stream)
			json_u64(j, f->stream);
		else
			json_null(j);
		json_known(j, "session", f->session ? f->session : MODEL_NONE);
		json_known(j, "migration", f->migration ? f->migration : MODEL_NONE);
		json_ku64(j, "trace", w.at.file);
		json_ku64(j, "t_ns", f->t_ns);
		json_key(j, "seq");
		if (f->seq)
			json_u64(j, f->seq);
		else
			json_null(j);
		json_ku64(j, "count", f->count);
		json_kstring(j, "text", f->text);
		json_kstring(j, "basis", judge_rule(f->rule)->basis);
		json_key(j, "because_of");
		if (f->because_of)
			json_u64(j, f->because_of);
		else
			json_null(j);
		json_kbool(j, "ignored", f->ignored);
		json_kbool(j, "counts", judge_counts(e->judge, f));
		json_object_end(j);
	}
	json_array_end(j);
	json_ku64(j, "findings_omitted", e->judge ? judge_omitted(e->judge) : 0);
	json_key(j, "verdict");
	if (e->judge)
		json_string(j, verdict_name(view_verdict(e, opt)));
	else
		json_null(j);
}

static const char *severity_paint(const struct view_options *opt, const struct finding *f)
{
	switch (f->severity) {
	case SEV_ERROR:
		return paint(opt, C_RED);
	case SEV_WARNING:
	case SEV_INCONCLUSIVE:
		return paint(opt, C_YELLOW);
	default:
		return paint(opt, C_DIM);
	}
}

static void put_finding(FILE *f, const struct view_evidence *e, const struct finding_at *at,
			const struct view_options *opt)
{
	const struct finding *x = at->f;
	struct model *m = e->model;
	const struct model_device *d = model_device(m, x->device);
	char dev[NAME_LEN], drv[NAME_LEN], on[NAME_LEN], t[UNITS_LEN], n[UNITS_LEN];
	const char *host = host_label(on, e, at->host, x->device, x->t_ns);
	uint64_t ref = model_first_ns(m);

	fprintf(f, "  %s%-12s%s %s%s%s", severity_paint(opt, x), severity_name(x->severity),
		paint(opt, C_OFF), paint(opt, C_BOLD), judge_rule(x->rule)->name,
		paint(opt, C_OFF));
	if (x->severity != SEV_INCONCLUSIVE)
		fprintf(f, "  (%s)", party_name(x->party));
	if (x->ignored)
		fputs("  IGNORED", f);
	fprintf(f, "  #%u\n", x->id);
	print_words(f, x->text, 15, 79, 0);
	fprintf(f, "%15s", "");
	if (x->migration)
		fprintf(f, "migration %u%s", x->migration, x->device || host ? ", " : "");
	if (x->device)
		fprintf(f, "%s", device_on_host(dev, d, x->device));
	if (x->device && d && d->driver[0])
		fprintf(f, " (%s)", safe_name(drv, d->driver));
	if (host && (x->device || x->migration))
		fprintf(f, "%s%s", x->device ? " on " : "", host);
	if (x->device || x->migration)
		fputs("\n               ", f);
	fprintf(f, "at %s", time_label(t, opt, m, x->t_ns, ref, ref));
	if (x->seq)
		fprintf(f, ", event %llu", (unsigned long long)x->seq);
	if (x->count > 1)
		fprintf(f, ", %s times", units_count(n, x->count));
	if (x->because_of)
		fprintf(f, "; because of #%u, not counted", x->because_of);
	fputc('\n', f);
}

void findings_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	/* Errors first, then what keeps the verdict open. */
	static const enum severity order[] = {
		SEV_ERROR, SEV_WARNING, SEV_INCONCLUSIVE, SEV_ADVICE,
	};
	uint64_t counts[4] = { 0 }, consequences = 0, ignored = 0, omitted = 0;
	enum verdict v = view_verdict(e, opt);
	static const char *const color[] = { C_GREEN, C_YELLOW, C_RED };
	static const char *const words[] = { "PASS", "INCONCLUSIVE", "FINDINGS" };
	struct finding_walk w;
	const char *sep = ": ";
	size_t i;

	for (i = 0; i < 4; i++) {
		findings_begin(&w, e, opt);
		while (findings_next(&w)) {
			if (w.at.f->severity != order[i])
				continue;
			put_finding(f, e, &w.at, opt);
			if (w.at.f->ignored)
				ignored++;
			else if (w.at.f->because_of)
				consequences++;
			else
				counts[order[i]]++;
		}
	}
	omitted = e->judge ? judge_omitted(e->judge) : 0;
	if (opt->migration > model_migrations(e->model))
		fprintf(f, "  migration %u is not in this evidence\n", opt->migration);
	if (omitted)
		fprintf(f, "  %llu more findings were not kept\n", (unsigned long long)omitted);
	fprintf(f, "%s%s%s", paint(opt, color[v]), words[v], paint(opt, C_OFF));
	for (i = 0; i < 4; i++) {
		if (!counts[order[i]])
			continue;
		fprintf(f, "%s%llu %s%s", sep, (unsigned long long)counts[order[i]],
			severity_name(order[i]),
			counts[order[i]] > 1 && (order[i] == SEV_ERROR || order[i] == SEV_WARNING) ?
			"s" : "");
		sep = ", ";
	}
	if (consequences)
		fprintf(f, "%s%llu in consequence", sep, (unsigned long long)consequences);
	sep = consequences ? ", " : sep;
	if (ignored)
		fprintf(f, "%s%llu ignored", sep, (unsigned long long)ignored);
	fputc('\n', f);
	if (v != VERDICT_PASS || counts[SEV_ADVICE])
		fputs("'vfioscope explain RULE' tells what a finding means and what to do.\n", f);
}
