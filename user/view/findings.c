// SPDX-License-Identifier: GPL-2.0-only
#include "view/findings.h"

#include <string.h>

#include "view/common.h"

void findings_begin(struct finding_walk *w, const struct view_trace *traces, size_t n,
		    const struct view_options *opt)
{
	memset(w, 0, sizeof(*w));
	w->traces = traces;
	w->n = n;
	w->opt = opt;
}

/* A hole that is about no migration in particular may touch what is asked for. */
static bool is_wanted(const struct finding_walk *w)
{
	const struct finding *f = w->at.f;
	struct event at = { .t_ns = f->t_ns };

	if (w->opt->migration)
		return w->at.migration == w->opt->migration;
	return (!f->session && f->severity == SEV_INCONCLUSIVE) ||
	       time_window_has(&w->opt->window, w->at.trace->model, &at);
}

bool findings_next(struct finding_walk *w)
{
	while (w->trace < w->n) {
		const struct view_trace *t = &w->traces[w->trace];
		const struct finding *f = t->judge ? judge_finding(t->judge, w->next) : NULL;

		if (!f) {
			w->finding_base += t->judge ? (uint32_t)judge_findings(t->judge) : 0;
			w->migration_base += model_sessions(t->model);
			w->trace++;
			w->next = 0;
			continue;
		}
		w->next++;
		w->at.trace = t;
		w->at.index = w->trace;
		w->at.f = f;
		w->at.id = w->finding_base + f->id;
		w->at.because_of = f->because_of ? w->finding_base + f->because_of : 0;
		w->at.migration = f->session ? w->migration_base + f->session : 0;
		if (is_wanted(w))
			return true;
	}
	return false;
}

enum verdict view_verdict(const struct view_trace *traces, size_t n,
			  const struct view_options *opt)
{
	enum verdict v = VERDICT_PASS;
	struct finding_walk w;

	findings_begin(&w, traces, n, opt);
	while (findings_next(&w)) {
		if (judge_counts(w.at.trace->judge, w.at.f))
			v = verdict_worse(v, VERDICT_FINDINGS);
		else if (judge_doubts(w.at.trace->judge, w.at.f))
			v = verdict_worse(v, VERDICT_INCONCLUSIVE);
	}
	/* A migration that is asked for and is not there has not passed. */
	if (opt->migration && opt->migration > w.migration_base)
		v = verdict_worse(v, VERDICT_INCONCLUSIVE);
	return v;
}

void findings_json(struct json *j, const struct view_trace *traces, size_t n,
		   const struct view_options *opt)
{
	struct finding_walk w;
	uint64_t omitted = 0;
	bool judged = false;
	size_t i;

	json_key(j, "findings");
	json_array_begin(j);
	findings_begin(&w, traces, n, opt);
	while (findings_next(&w)) {
		const struct finding *f = w.at.f;
		const struct model_device *d = model_device(w.at.trace->model, f->device);
		char number[16];

		json_object_begin(j);
		json_ku64(j, "id", w.at.id);
		json_kstring(j, "rule", judge_rule(f->rule)->name);
		json_kstring(j, "severity", severity_name(f->severity));
		json_kstring(j, "party", party_name(f->party));
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
		json_key(j, "migration");
		if (w.at.migration)
			json_u64(j, w.at.migration);
		else
			json_null(j);
		json_ku64(j, "trace", w.at.index);
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
		if (w.at.because_of)
			json_u64(j, w.at.because_of);
		else
			json_null(j);
		json_kbool(j, "ignored", f->ignored);
		json_kbool(j, "counts", judge_counts(w.at.trace->judge, f));
		json_object_end(j);
	}
	json_array_end(j);
	for (i = 0; i < n; i++) {
		judged |= traces[i].judge != NULL;
		omitted += traces[i].judge ? judge_omitted(traces[i].judge) : 0;
	}
	json_ku64(j, "findings_omitted", omitted);
	json_key(j, "verdict");
	if (judged)
		json_string(j, verdict_name(view_verdict(traces, n, opt)));
	else
		json_null(j);
}

/* Words of @s in lines of at most @width columns, each after @indent blanks. */
static void wrap(FILE *f, const char *s, int indent, int width)
{
	int col = -1;

	while (*s) {
		int len = (int)strcspn(s, " ");

		if (col < 0 || col + 1 + len > width) {
			fprintf(f, "%s%*s", col < 0 ? "" : "\n", indent, "");
			col = 0;
		} else {
			fputc(' ', f);
			col++;
		}
		fprintf(f, "%.*s", len, s);
		col += len;
		s += len;
		s += strspn(s, " ");
	}
	fputc('\n', f);
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

static void put_finding(FILE *f, const struct finding_at *at, const struct view_options *opt)
{
	const struct finding *x = at->f;
	struct model *m = at->trace->model;
	const struct model_device *d = model_device(m, x->device);
	const struct session *g = model_session(m, x->session);
	char dev[NAME_LEN], drv[NAME_LEN], t[UNITS_LEN], n[UNITS_LEN];
	uint64_t ref = g ? g->start_ns : model_first_ns(m);

	fprintf(f, "  %s%-12s%s %s%s%s", severity_paint(opt, x), severity_name(x->severity),
		paint(opt, C_OFF), paint(opt, C_BOLD), judge_rule(x->rule)->name,
		paint(opt, C_OFF));
	if (x->severity != SEV_INCONCLUSIVE)
		fprintf(f, "  (%s)", party_name(x->party));
	if (x->ignored)
		fputs("  IGNORED", f);
	fprintf(f, "  #%u\n", at->id);
	wrap(f, x->text, 15, 64);
	fprintf(f, "%15s", "");
	if (at->migration)
		fprintf(f, "migration %u, ", at->migration);
	if (x->device)
		fprintf(f, "%s", device_label(dev, d, x->device));
	if (x->device && d && d->driver[0])
		fprintf(f, " (%s)", safe_name(drv, d->driver));
	if (x->device || at->migration)
		fputs("\n               ", f);
	fprintf(f, "at %s", time_label(t, opt, m, x->t_ns, ref, ref));
	if (x->seq)
		fprintf(f, ", event %llu", (unsigned long long)x->seq);
	if (x->count > 1)
		fprintf(f, ", %s times", units_count(n, x->count));
	if (at->because_of)
		fprintf(f, "; because of #%u, not counted", at->because_of);
	fputc('\n', f);
}

void findings_text(FILE *f, const struct view_trace *traces, size_t n,
		   const struct view_options *opt)
{
	/* Errors first, then what keeps the verdict open. */
	static const enum severity order[] = {
		SEV_ERROR, SEV_WARNING, SEV_INCONCLUSIVE, SEV_ADVICE,
	};
	uint64_t counts[4] = { 0 }, consequences = 0, ignored = 0, omitted = 0;
	enum verdict v = view_verdict(traces, n, opt);
	static const char *const color[] = { C_GREEN, C_YELLOW, C_RED };
	static const char *const words[] = { "PASS", "INCONCLUSIVE", "FINDINGS" };
	struct finding_walk w;
	const char *sep = ": ";
	size_t i;

	for (i = 0; i < 4; i++) {
		findings_begin(&w, traces, n, opt);
		while (findings_next(&w)) {
			if (w.at.f->severity != order[i])
				continue;
			put_finding(f, &w.at, opt);
			if (w.at.f->ignored)
				ignored++;
			else if (w.at.because_of)
				consequences++;
			else
				counts[order[i]]++;
		}
	}
	for (i = 0; i < n; i++)
		omitted += traces[i].judge ? judge_omitted(traces[i].judge) : 0;
	if (opt->migration && opt->migration > w.migration_base)
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
