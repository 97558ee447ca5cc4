// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - the judgement alone: text, JSON, JUnit
 */
#include <string.h>

#include "view/common.h"
#include "view/findings.h"

void check_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	uint32_t migrations = model_sessions(e->model);
	char path[TEXT_SAFE_LEN(160)];
	size_t i;

	for (i = 0; i < e->n_files; i++)
		fprintf(f, "%s%s%s%s", i ? " + " : "", paint(opt, C_BOLD),
			text_safe(path, sizeof(path), e->files[i].path, 160), paint(opt, C_OFF));
	fprintf(f, ": %u migration%s\n", migrations, migrations == 1 ? "" : "s");
	findings_text(f, e, opt);
}

/* What a reader of the findings needs to know of their migrations. */
static void put_migrations(struct json *j, const struct view_evidence *e)
{
	uint32_t id;

	json_key(j, "migrations");
	json_array_begin(j);
	for (id = 1; id <= model_sessions(e->model); id++) {
		const struct session *g = model_session(e->model, id);
		const struct model_device *d = model_device(e->model, g->device);

		json_object_begin(j);
		json_ku64(j, "id", id);
		json_known(j, "peer", g->peer ? g->peer : MODEL_NONE);
		json_kname(j, "host", d ? model_host(e->model, d->host) : NULL);
		json_ku64(j, "trace", view_file_of(e, d ? d->host : 0, g->start_ns));
		json_kname(j, "device", d ? d->name : NULL);
		json_kstring(j, "direction", event_direction_name(g->direction));
		json_kstring(j, "outcome", outcome_name(g->outcome));
		json_object_end(j);
	}
	json_array_end(j);
}

void check_json(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct json *j = json_create(f, true);

	if (!j)
		return;
	json_object_begin(j);
	json_tool(j);
	traces_json(j, e);
	put_migrations(j, e);
	findings_json(j, e, opt);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}

/*
 * Text in XML 1.0: what text_safe() left is valid UTF-8 without controls;
 * the non-characters that XML refuses as well are its business, too.
 */
static void xml(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			/* U+FFFE and U+FFFF */
			if (!strncmp(s, "\xef\xbf\xbe", 3) || !strncmp(s, "\xef\xbf\xbf", 3)) {
				fputs("?", f);
				s += 2;
			} else {
				fputc(*s, f);
			}
		}
	}
}

struct suite {
	FILE *f;				/* NULL: only count */
	const struct view_evidence *e;
	const struct view_options *opt;
	uint64_t tests, failures, errors, skipped;
};

/* All findings of one rule about one migration (0: about the evidence as such). */
static void put_case(struct suite *s, const char *class_, uint32_t migration, uint32_t rule)
{
	const struct judge *judge = s->e->judge;
	const struct finding *worst = NULL;
	struct finding_walk w;
	int rank = 0;

	findings_begin(&w, s->e, s->opt);
	while (findings_next(&w)) {
		const struct finding *x = w.at.f;
		int r;

		if (x->session != migration || x->rule != rule)
			continue;
		r = judge_counts(judge, x) ? 4 : judge_doubts(judge, x) ? 3 : x->ignored ? 2 : 1;
		if (r > rank) {
			rank = r;
			worst = x;
		}
	}
	s->tests++;
	s->failures += rank == 4;
	s->errors += rank == 3;
	s->skipped += rank == 2;
	if (!s->f)
		return;
	fputs("    <testcase classname=\"", s->f);
	xml(s->f, class_);
	fprintf(s->f, "\" name=\"%s\"", judge_rule(rule)->name);
	if (!rank) {
		fputs("/>\n", s->f);
		return;
	}
	fputs(">\n      ", s->f);
	if (rank >= 3)
		fprintf(s->f, "<%s type=\"%s\" message=\"", rank == 4 ? "failure" : "error",
			severity_name(worst->severity));
	else if (rank == 2)
		fputs("<skipped message=\"ignored: ", s->f);
	else
		fprintf(s->f, "<system-out>%s: ", worst->because_of ? "in consequence" :
			severity_name(worst->severity));
	xml(s->f, worst->text);
	if (rank >= 3) {
		fputs("\">", s->f);
		fprintf(s->f, "party: %s\ncount: %llu\nseq: %llu\nbasis: ", party_name(worst->party),
			(unsigned long long)worst->count, (unsigned long long)worst->seq);
		xml(s->f, judge_rule(rule)->basis);
		fprintf(s->f, "</%s>\n", rank == 4 ? "failure" : "error");
	} else {
		fputs(rank == 2 ? "\"/>\n" : "</system-out>\n", s->f);
	}
	fputs("    </testcase>\n", s->f);
}

/* Rules that a migration cannot break: they are about the trace. */
static bool is_about_trace(uint32_t rule)
{
	return rule == RULE_NO_MIGRATION || rule == RULE_EXPECT_COMPLETED;
}

static void put_cases(struct suite *s)
{
	char class_[512], path[TEXT_SAFE_LEN(80)], dev[NAME_LEN], drv[NAME_LEN];
	const struct view_evidence *e = s->e;
	bool any[RULE_NR] = { false };
	struct finding_walk w;
	uint32_t id, rule;

	for (id = 1; id <= model_sessions(e->model); id++) {
		const struct session *g = model_session(e->model, id);
		const struct model_device *d = model_device(e->model, g->device);
		size_t file = view_file_of(e, d ? d->host : 0, g->start_ns);

		if (s->opt->migration && s->opt->migration != id)
			continue;
		snprintf(class_, sizeof(class_), "%s.session %u %s %s %s",
			 text_safe(path, sizeof(path), e->files[file].path, 80), id,
			 event_direction_name(g->direction), device_label(dev, d, g->device),
			 d && d->driver[0] ? safe_name(drv, d->driver) : "");
		for (rule = 0; rule < RULE_NR; rule++)
			if (!is_about_trace(rule))
				put_case(s, class_, id, rule);
	}
	if (s->opt->migration)
		return;
	/* What is about no migration: those that are always asked, and what was found. */
	findings_begin(&w, e, s->opt);
	while (findings_next(&w))
		if (!w.at.f->session)
			any[w.at.f->rule] = true;
	snprintf(class_, sizeof(class_), "%s.trace",
		 text_safe(path, sizeof(path), e->files[0].path, 80));
	for (rule = 0; rule < RULE_NR; rule++)
		if (any[rule] || rule == RULE_NO_MIGRATION ||
		    rule == RULE_DAMAGED_TRACE || rule == RULE_LOST_EVENTS)
			put_case(s, class_, 0, rule);
}

void check_junit(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct suite s = { .e = e, .opt = opt };
	int pass;

	put_cases(&s);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", f);
	for (pass = 0; pass < 2; pass++)
		fprintf(f, "%s<testsuite%s name=\"vfioscope check\" tests=\"%llu\" failures=\"%llu\" "
			"errors=\"%llu\" skipped=\"%llu\">\n", pass ? "  " : "", pass ? "" : "s",
			(unsigned long long)s.tests, (unsigned long long)s.failures,
			(unsigned long long)s.errors, (unsigned long long)s.skipped);
	s.f = f;
	put_cases(&s);
	fputs("  </testsuite>\n</testsuites>\n", f);
}
