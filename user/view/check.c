// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - the judgement alone: text, JSON, JUnit
 */
#include <string.h>

#include "view/common.h"
#include "view/findings.h"

void check_text(FILE *f, const struct view_trace *traces, size_t n,
		const struct view_options *opt)
{
	char path[TEXT_SAFE_LEN(160)];
	size_t i;

	for (i = 0; i < n; i++) {
		fprintf(f, "%s%s%s: %u migration%s\n", paint(opt, C_BOLD),
			text_safe(path, sizeof(path), traces[i].path, 160), paint(opt, C_OFF),
			model_sessions(traces[i].model),
			model_sessions(traces[i].model) == 1 ? "" : "s");
	}
	findings_text(f, traces, n, opt);
}

/* What a reader of the findings needs to know of their migrations. */
static void put_migrations(struct json *j, const struct view_trace *traces, size_t n)
{
	uint32_t base = 0, id;
	size_t i;

	json_key(j, "migrations");
	json_array_begin(j);
	for (i = 0; i < n; i++) {
		for (id = 1; id <= model_sessions(traces[i].model); id++) {
			const struct session *g = model_session(traces[i].model, id);
			const struct model_device *d = model_device(traces[i].model, g->device);

			json_object_begin(j);
			json_ku64(j, "id", base + id);
			json_key(j, "peer");
			if (g->peer)
				json_u64(j, base + g->peer);
			else
				json_null(j);
			json_ku64(j, "trace", i);
			json_key(j, "device");
			if (d && d->name[0])
				json_string(j, d->name);
			else
				json_null(j);
			json_kstring(j, "direction", event_direction_name(g->direction));
			json_kstring(j, "outcome", outcome_name(g->outcome));
			json_object_end(j);
		}
		base += model_sessions(traces[i].model);
	}
	json_array_end(j);
}

void check_json(FILE *f, const struct view_trace *traces, size_t n,
		const struct view_options *opt)
{
	struct json *j = json_create(f, true);

	if (!j)
		return;
	json_object_begin(j);
	json_tool(j);
	traces_json(j, traces, n);
	put_migrations(j, traces, n);
	findings_json(j, traces, n, opt);
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
	const struct view_trace *traces;
	size_t n;
	const struct view_options *opt;
	uint64_t tests, failures, errors, skipped;
};

/* All findings of one rule about one migration (0: about the trace as such). */
static void put_case(struct suite *s, const char *class_, uint32_t migration, size_t trace,
		     uint32_t rule)
{
	const struct finding *worst = NULL;
	const struct judge *judge = NULL;
	struct finding_walk w;
	int rank = 0;

	findings_begin(&w, s->traces, s->n, s->opt);
	while (findings_next(&w)) {
		const struct finding *x = w.at.f;
		int r;

		if (w.at.migration != migration || w.at.index != trace || x->rule != rule)
			continue;
		judge = w.at.trace->judge;
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
	struct finding_walk w;
	uint32_t base = 0, id, rule;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct view_trace *t = &s->traces[i];
		bool any[RULE_NR] = { false };

		text_safe(path, sizeof(path), t->path, 80);
		for (id = 1; id <= model_sessions(t->model); id++) {
			const struct session *g = model_session(t->model, id);
			const struct model_device *d = model_device(t->model, g->device);

			if (s->opt->migration && s->opt->migration != base + id)
				continue;
			snprintf(class_, sizeof(class_), "%s.session %u %s %s %s", path,
				 base + id, event_direction_name(g->direction),
				 device_label(dev, d, g->device),
				 d && d->driver[0] ? safe_name(drv, d->driver) : "");
			for (rule = 0; rule < RULE_NR; rule++)
				if (!is_about_trace(rule))
					put_case(s, class_, base + id, i, rule);
		}
		base += model_sessions(t->model);
		if (s->opt->migration)
			continue;
		/* What is about no migration: those that are always asked, and what was found. */
		findings_begin(&w, s->traces, s->n, s->opt);
		while (findings_next(&w))
			if (w.at.index == i && !w.at.migration)
				any[w.at.f->rule] = true;
		snprintf(class_, sizeof(class_), "%s.trace", path);
		for (rule = 0; rule < RULE_NR; rule++)
			if (any[rule] || rule == RULE_NO_MIGRATION ||
			    rule == RULE_DAMAGED_TRACE || rule == RULE_LOST_EVENTS)
				put_case(s, class_, 0, i, rule);
	}
}

void check_junit(FILE *f, const struct view_trace *traces, size_t n,
		 const struct view_options *opt)
{
	struct suite s = { .traces = traces, .n = n, .opt = opt };
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
