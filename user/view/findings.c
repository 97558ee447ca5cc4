// SPDX-License-Identifier: GPL-2.0-only
#include "view/findings.h"

#include <stdlib.h>
#include <string.h>

#include "view/common.h"

void findings_begin(struct finding_walk *w, const struct view_evidence *e,
		    const struct view_options *opt)
{
	memset(w, 0, sizeof(*w));
	w->e = e;
	w->opt = opt;
}

/*
 * What is about a migration is wanted where that is, whenever it was found.  A hole
 * that is about none in particular may touch what is asked for.
 */
static bool is_wanted(const struct finding_walk *w)
{
	const struct finding *f = w->at.f;
	const struct migration *g = model_migration(w->e->model, f->migration);
	struct event at = { .t_ns = f->t_ns };

	if (g)
		return view_wants(w->e, w->opt, g);
	/* They are about all that was asked for. */
	if (f->rule == RULE_NO_MIGRATION || f->rule == RULE_EXPECT_COMPLETED ||
	    (f->rule == RULE_HOOK_MISSING && !f->device))
		return true;
	if (w->opt->migration)
		return false;
	return f->severity == SEV_INCONCLUSIVE ||
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
	/* A migration that is asked for and is not there has not passed, nor what is not known whole. */
	if (opt->migration > model_migrations(e->model) ||
	    (e->judge && judge_omitted_matters(e->judge)))
		v = verdict_worse(v, VERDICT_INCONCLUSIVE);
	return v;
}

enum protocol_verdict view_protocol(const struct view_evidence *e, const struct view_options *opt,
				    size_t *n)
{
	struct finding_walk w;
	struct outcomes o;
	bool doubt;

	/* Of nothing nothing can be said. */
	outcomes_of(e, opt, &o);
	doubt = !o.total;
	*n = 0;
	findings_begin(&w, e, opt);
	while (findings_next(&w)) {
		*n += judge_counts_for_protocol(e->judge, w.at.f);
		doubt |= judge_doubts_protocol(e->judge, w.at.f);
	}
	return *n ? PROTOCOL_FINDINGS : doubt ? PROTOCOL_CANNOT_SAY : PROTOCOL_CLEAN;
}

void findings_json(struct json *j, const struct view_evidence *e, const struct view_options *opt)
{
	struct finding_walk w;

	json_key(j, "findings");
	json_array_begin(j);
	findings_begin(&w, e, opt);
	while (findings_next(&w)) {
		const struct finding *f = w.at.f;
		char host[NAME_LEN];

		json_object_begin(j);
		json_ku64(j, "id", f->id);
		json_kstring(j, "rule", judge_rule(f->rule)->name);
		json_kstring(j, "severity", severity_name(f->severity));
		json_kstring(j, "party", party_name(f->party));
		json_kname(j, "host", host_label(host, e, w.at.host, f->device, f->t_ns));
		device_json(j, e, f->device);
		json_known(j, "stream", f->stream ? f->stream : MODEL_NONE);
		json_known(j, "session", f->session ? f->session : MODEL_NONE);
		json_known(j, "migration", f->migration ? f->migration : MODEL_NONE);
		json_ku64(j, "trace", view_file_of(e, w.at.host, f->t_ns));
		json_ku64(j, "t_ns", f->t_ns);
		json_known(j, "seq", f->seq ? f->seq : MODEL_NONE);
		json_ku64(j, "count", f->count);
		json_kstring(j, "text", f->text);
		json_kstring(j, "basis", judge_rule(f->rule)->basis);
		json_known(j, "because_of", f->because_of ? f->because_of : MODEL_NONE);
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

/* Blanks before what belongs to a finding that is @depth causes deep. */
#define INDENT(depth) ((depth) ? 17 : 15)

/* @alone: no line before it says which migration it is about. */
static void put_finding(FILE *f, const struct view_evidence *e, const struct finding_at *at,
			const struct view_options *opt, bool alone, bool deep)
{
	const struct finding *x = at->f;
	struct model *m = e->model;
	const struct model_device *d = model_device(m, x->device);
	char dev[NAME_LEN], drv[NAME_LEN], on[NAME_LEN], t[UNITS_LEN], n[UNITS_LEN];
	const char *host = host_label(on, e, at->host, x->device, x->t_ns);
	uint64_t ref = model_first_ns(m);
	bool migration = alone && x->migration, place = x->device || (x->migration && host);
	/* What is not there is at no time. */
	bool when = x->t_ns && x->rule != RULE_NO_MIGRATION;

	fprintf(f, "  %s%s%-12s%s %s%s%s", deep ? "  " : "", severity_paint(opt, x),
		severity_name(x->severity), paint(opt, C_OFF), paint(opt, C_BOLD),
		judge_rule(x->rule)->name, paint(opt, C_OFF));
	if (x->severity != SEV_INCONCLUSIVE)
		fprintf(f, "  (%s)", party_name(x->party));
	if (x->ignored)
		fputs("  IGNORED", f);
	fprintf(f, "  #%u\n%*s", x->id, INDENT(deep), "");
	wrap_text(f, x->text, INDENT(deep), INDENT(deep), 79);
	if (!when && !migration && !place && !x->because_of)
		return;
	fprintf(f, "%*s", INDENT(deep), "");
	if (migration)
		fprintf(f, "migration %u%s", x->migration, place ? ", " : "");
	if (x->device)
		fprintf(f, "%s", device_on_host(dev, d, x->device));
	if (x->device && d && d->driver[0])
		fprintf(f, " (%s)", safe_name(drv, d->driver));
	if (host && place)
		fprintf(f, "%son %s", x->device ? " " : "", host);
	if ((migration || place) && when)
		fprintf(f, "\n%*s", INDENT(deep), "");
	if (when)
		fprintf(f, "at %s", time_label(t, opt, m, x->t_ns, ref, ref));
	if (x->seq)
		fprintf(f, ", event %llu", (unsigned long long)x->seq);
	if (x->count > 1)
		fprintf(f, ", %s times", units_count(n, x->count));
	if (x->because_of)
		fprintf(f, "; because of #%u, not counted", x->because_of);
	fputc('\n', f);
}

/* The findings of one heading. */
struct group {
	FILE *f;
	const struct view_evidence *e;
	const struct view_options *opt;
	struct finding_at *at;
	bool *told;
	size_t n;
	bool alone;
};

static bool has_cause(const struct group *g, const struct finding *x)
{
	size_t i;

	for (i = 0; x->because_of && i < g->n; i++)
		if (g->at[i].f->id == x->because_of)
			return true;
	return false;
}

static bool has_consequences(const struct group *g, const struct finding *x)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (g->at[i].f->because_of == x->id)
			return true;
	return false;
}

/* The same of another device, word for word. */
static bool is_repeated(const struct group *g, const struct finding_at *a,
			const struct finding_at *b)
{
	return a->f->rule == b->f->rule && a->f->severity == b->f->severity &&
	       a->f->migration == b->f->migration && a->f->ignored == b->f->ignored &&
	       a->f->device && b->f->device && a->host == b->host && !b->f->because_of &&
	       !strcmp(a->f->text, b->f->text) && !has_consequences(g, b->f);
}

/* A VM with 16 devices is told once what all of them do. */
static void put_repeated(struct group *g, const struct finding_at *at)
{
	const struct finding *x;
	char *text, dev[NAME_LEN];
	struct words w;
	size_t i, n = 0;

	if (!words_open(&w))
		return;
	for (i = (size_t)(at - g->at) + 1; i < g->n; i++) {
		x = g->at[i].f;
		if (g->told[i] || !is_repeated(g, at, &g->at[i]))
			continue;
		g->told[i] = true;
		fprintf(w.f, "%s%s #%u", n++ ? ", " : "also on ",
			device_on_host(dev, model_device(g->e->model, x->device), x->device),
			x->id);
	}
	text = words_close(&w);
	if (n && text) {
		fprintf(g->f, "%*s", INDENT(false), "");
		wrap_text(g->f, text, INDENT(false), INDENT(false), 79);
	}
	free(text);
}

static void put_with_consequences(struct group *g, const struct finding_at *at, bool deep)
{
	size_t i;

	put_finding(g->f, g->e, at, g->opt, g->alone, deep);
	if (!deep && !has_consequences(g, at->f))
		put_repeated(g, at);
	for (i = 0; i < g->n; i++)
		if (g->at[i].f->because_of == at->f->id)
			put_with_consequences(g, &g->at[i], true);
}

/* Errors first, then what keeps the verdict open. */
const enum severity severity_order[SEVERITIES] = {
	SEV_ERROR,
	SEV_WARNING,
	SEV_INCONCLUSIVE,
	SEV_ADVICE,
};

/* Those of @migration (0: of none), or of all with @alone. */
static void put_group(FILE *f, const struct view_evidence *e, const struct view_options *opt,
		      uint32_t migration, bool alone)
{
	size_t max = e->judge ? judge_findings(e->judge) : 0, i, k;
	struct group g = {
		.f = f,
		.e = e,
		.opt = opt,
		.alone = alone,
		.at = calloc(max + 1, sizeof(*g.at)),
		.told = calloc(max + 1, sizeof(*g.told)),
	};
	struct finding_walk w;

	if (!g.at || !g.told) {
		fputs("  out of memory\n", f);
		goto out;
	}
	findings_begin(&w, e, opt);
	while (findings_next(&w))
		if (alone || w.at.f->migration == migration)
			g.at[g.n++] = w.at;
	for (i = 0; i < SEVERITIES; i++)
		for (k = 0; k < g.n; k++)
			if (!g.told[k] && g.at[k].f->severity == severity_order[i] &&
			    !has_cause(&g, g.at[k].f))
				put_with_consequences(&g, &g.at[k], false);
out:
	free(g.at);
	free(g.told);
}

void findings_of_text(FILE *f, const struct view_evidence *e, const struct view_options *opt,
		      uint32_t migration)
{
	put_group(f, e, opt, migration, false);
}

static void put_count(FILE *f, const char **sep, uint64_t n, const char *what)
{
	if (!n)
		return;
	fprintf(f, "%s%llu %s", *sep, (unsigned long long)n, what);
	*sep = ", ";
}

void protocol_and_outcomes_text(FILE *f, const struct view_evidence *e,
				const struct view_options *opt)
{
	enum protocol_verdict protocol;
	const char *sep = "";
	struct outcomes n;
	size_t findings;

	protocol = view_protocol(e, opt, &findings);
	fputs("protocol: ", f);
	if (protocol == PROTOCOL_FINDINGS)
		fprintf(f, "%zu finding%s", findings, plural(findings));
	else
		fputs(protocol_verdict_name(protocol), f);
	outcomes_of(e, opt, &n);
	fputs("; migrations: ", f);
	if (!n.total)
		fputs("none", f);
	put_count(f, &sep, n.completed, "completed");
	put_count(f, &sep, n.failed, "failed");
	put_count(f, &sep, n.cancelled, "cancelled");
	put_count(f, &sep, n.unfinished, "unfinished");
	put_count(f, &sep, n.ran_again, "of them ran again on the source");
	fputc('\n', f);
}

void verdict_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	static const char *const color[] = { C_GREEN, C_YELLOW, C_RED };
	uint64_t counts[4] = { 0 }, consequences = 0, ignored = 0, omitted;
	enum verdict v = view_verdict(e, opt);
	struct finding_walk w;
	const char *sep = ": ";
	char word[32];
	size_t i;

	findings_begin(&w, e, opt);
	while (findings_next(&w)) {
		if (w.at.f->because_of)
			consequences++;
		else if (w.at.f->ignored)
			ignored++;
		else
			counts[w.at.f->severity]++;
	}
	omitted = e->judge ? judge_omitted(e->judge) : 0;
	if (omitted)
		fprintf(f, "  %llu more findings were not kept\n", (unsigned long long)omitted);
	fprintf(f, "%s%s%s", paint(opt, color[v]), verdict_caps(v), paint(opt, C_OFF));
	for (i = 0; i < 4; i++) {
		snprintf(word, sizeof(word), "%s%s", severity_name(severity_order[i]),
			 severity_order[i] == SEV_ERROR || severity_order[i] == SEV_WARNING ?
				 plural(counts[severity_order[i]]) :
				 "");
		put_count(f, &sep, counts[severity_order[i]], word);
	}
	put_count(f, &sep, consequences, "in consequence");
	put_count(f, &sep, ignored, "ignored");
	fputc('\n', f);
	if (v != VERDICT_PASS || counts[SEV_ADVICE])
		fputs("'vfioscope explain RULE' tells what a finding means and what to do.\n", f);
	protocol_and_outcomes_text(f, e, opt);
}

void findings_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct finding_walk w;

	findings_begin(&w, e, opt);
	if (!findings_next(&w))
		fputs("  none\n", f);
	put_group(f, e, opt, 0, true);
	verdict_text(f, e, opt);
}
