// SPDX-License-Identifier: GPL-2.0-only
/*
 * junit.c - the judgement for a CI server: a suite per migration and one for the
 * evidence, a case per rule
 *
 * Names are the same from run to run: a suite is called by its VM, a case by its
 * rule; numbers, paths, addresses and times stand in properties and messages.  A
 * finding that counts is a failure, one that keeps the verdict open an error; what
 * does not apply to a migration is skipped, with the reason.
 */
#include <stdlib.h>
#include <string.h>

#include "model/spent.h"
#include "util/text.h"

#include "view/common.h"
#include "view/findings.h"
#include "view/sentence.h"

/* ---- XML ---- */

static void xml(FILE *f, const char *s)
{
	text_markup(f, s, strlen(s));
}

static void put_attribute(FILE *f, const char *key, const char *value)
{
	fprintf(f, " %s=\"", key);
	xml(f, value);
	fputc('"', f);
}

static void put_property(FILE *f, const char *key, const char *value)
{
	fputs("      <property", f);
	put_attribute(f, "name", key);
	put_attribute(f, "value", value);
	fputs("/>\n", f);
}

/* UTC, to the second: what the schemas of JUnit take; nothing when it is not known. */
static void put_timestamp(FILE *f, uint64_t real_ns)
{
	char buf[UNITS_LEN];

	if (!real_ns)
		return;
	units_rfc3339(buf, real_ns);
	fprintf(f, " timestamp=\"%.19s\"", buf);
}

static void put_seconds(FILE *f, uint64_t ns)
{
	fprintf(f, " time=\"%llu.%06llu\"", (unsigned long long)(ns / 1000000000),
		(unsigned long long)(ns / 1000 % 1000000));
}

/* ---- what applies ---- */

enum need {
	NEED_NOTHING = 0,
	NEED_SOURCE,
	NEED_DESTINATION,
	NEED_BOTH,
	NEED_SESSION,
	NEED_PRECOPY,
	NEED_INFO,
	NEED_SIZE,
	NEED_POLL,
	NEED_STOP_COPY,
	NEED_LOAD,
	NEED_WHY,
	NEED_BUDGET,
	NEED_CALL_BUDGET,
	NEED_EVIDENCE, /* it is about no migration */
};

static const struct {
	enum need need;
	const char *why;
} needs[] = {
	{ NEED_SOURCE, "its source is not in the evidence" },
	{ NEED_DESTINATION, "its destination is not in the evidence" },
	{ NEED_BOTH, "only one of its sides is in the evidence" },
	{ NEED_SESSION, "no data FD was asked for" },
	{ NEED_PRECOPY, "no device was in PRE_COPY" },
	{ NEED_INFO, "no precopy info was asked for" },
	{ NEED_SIZE, "no MIG_DATA_SIZE was asked for" },
	{ NEED_POLL, "no poll() was seen" },
	{ NEED_STOP_COPY, "no device was in STOP_COPY" },
	{ NEED_LOAD, "no device went from RESUMING to STOP" },
	{ NEED_WHY, "what its stop was spent on was not recorded" },
	{ NEED_BUDGET, "no such budget is set" },
	{ NEED_CALL_BUDGET, "no such budget is set" },
};

static const enum need rule_needs[RULE_NR] = {
	[RULE_ENOMSG_IN_STOP_COPY] = NEED_STOP_COPY,
	[RULE_EOF_IN_PRECOPY] = NEED_PRECOPY,
	[RULE_PREMATURE_ENOMSG] = NEED_PRECOPY,
	[RULE_DATA_AFTER_EOF] = NEED_SOURCE,
	[RULE_POLL_IDLE_AT_EOF] = NEED_POLL,
	[RULE_POLL_NEVER_WAKES] = NEED_POLL,
	[RULE_STALE_STREAM_ALIVE] = NEED_SESSION,
	[RULE_IO_FAILED] = NEED_SESSION,
	[RULE_READ_AFTER_END] = NEED_SOURCE,
	[RULE_INITIAL_BYTES_ZERO] = NEED_INFO,
	[RULE_INITIAL_BYTES_GREW] = NEED_INFO,
	[RULE_INITIAL_BYTES_STUCK] = NEED_INFO,
	[RULE_DIRTY_BYTES_AT_START] = NEED_INFO,
	[RULE_REINIT_DIRTY_KEPT] = NEED_INFO,
	[RULE_UNKNOWN_INFO_FLAGS] = NEED_INFO,
	[RULE_INFO_OUTSIDE_PRECOPY] = NEED_SOURCE,
	[RULE_INFO_MISSING] = NEED_PRECOPY,
	[RULE_DATA_SIZE_ABSURD] = NEED_SIZE,
	[RULE_DATA_SIZE_OFF] = NEED_SIZE,
	[RULE_ESTIMATE_OFF] = NEED_STOP_COPY,
	[RULE_PRECOPY_AS_PROBE] = NEED_PRECOPY,
	[RULE_FD_MISSING] = NEED_SESSION,
	[RULE_FD_UNEXPECTED] = NEED_SESSION,
	[RULE_FD_LOST] = NEED_SESSION,
	[RULE_ILLEGAL_ARC] = NEED_SESSION,
	[RULE_STATE_DESYNC] = NEED_SESSION,
	[RULE_ERROR_STATE] = NEED_SESSION,
	[RULE_RAN_AGAIN] = NEED_SOURCE,
	[RULE_WRITE_AFTER_ERROR] = NEED_DESTINATION,
	[RULE_RESUME_SHORT] = NEED_BOTH,
	[RULE_RESUME_REJECTED] = NEED_LOAD,
	[RULE_STREAM_NOT_DRAINED] = NEED_STOP_COPY,
	[RULE_PRECOPY_THROWN_AWAY] = NEED_PRECOPY,
	[RULE_LEFT_PRECOPY_EARLY] = NEED_PRECOPY,
	[RULE_ENOMSG_SPIN] = NEED_PRECOPY,
	[RULE_POLL_MISSING] = NEED_PRECOPY,
	[RULE_RESET_IN_SESSION] = NEED_SESSION,
	[RULE_STREAM_LEFT_OPEN] = NEED_SESSION,
	[RULE_P2P_SKIPPED] = NEED_SESSION,
	[RULE_CONCURRENT_IO] = NEED_SESSION,
	[RULE_PRECOPY_UNUSED] = NEED_SOURCE,
	[RULE_NOT_CONVERGING] = NEED_INFO,
	[RULE_SLOW_FIRST_BYTE] = NEED_STOP_COPY,
	[RULE_NETWORK_BOUND] = NEED_WHY,
	[RULE_CPU_STARVED] = NEED_WHY,
	[RULE_DIRTY_LOG_BOUND] = NEED_WHY,
	[RULE_DOWNTIME_BUDGET] = NEED_BUDGET,
	[RULE_ARC_BUDGET] = NEED_CALL_BUDGET,
	[RULE_EXPECT_COMPLETED] = NEED_EVIDENCE,
	[RULE_NO_MIGRATION] = NEED_EVIDENCE,
};

/* Which needs a migration meets, a bit for each. */
static uint32_t met_by_session(const struct session *s)
{
	uint32_t met = 1U << NEED_SESSION, i;

	for (i = 0; i < s->n_states; i++) {
		if (mig_state_is_precopy(s->states[i].state))
			met |= 1U << NEED_PRECOPY;
		else if (s->states[i].state == MIG_STOP_COPY)
			met |= 1U << NEED_STOP_COPY;
	}
	if (s->precopy_infos)
		met |= 1U << NEED_INFO;
	if (s->data_sizes)
		met |= 1U << NEED_SIZE;
	if (s->polls)
		met |= 1U << NEED_POLL;
	if (s->load_tried)
		met |= 1U << NEED_LOAD;
	return met;
}

static bool is_explained(const struct migration *g)
{
	uint64_t ns[WHY_SUMS] = { 0 };

	return migration_spent_on(g, STOP_ARCS, LAND_OTHER, ns);
}

static uint32_t met_by(const struct view_evidence *e, const struct migration *g)
{
	const struct judge_opts *o = judge_options(e->judge);
	uint32_t met = 1U << NEED_NOTHING, sides[2] = { g->source, g->destination }, i, id;

	for (i = 0; i < 2; i++) {
		if (!sides[i])
			continue;
		met |= 1U << (i ? NEED_DESTINATION : NEED_SOURCE);
		if (model_side_peek(e->model, sides[i])->data_sizes)
			met |= 1U << NEED_SIZE;
		for (id = model_side_session(e->model, sides[i], 0); id;
		     id = model_side_session(e->model, sides[i], id))
			met |= met_by_session(model_session_peek(e->model, id));
	}
	if (sides[0] && sides[1])
		met |= 1U << NEED_BOTH;
	if (is_explained(g))
		met |= 1U << NEED_WHY;
	if (o->max_downtime_ns || o->max_stop_window_ns || o->max_dirty_sync_ns)
		met |= 1U << NEED_BUDGET;
	if (o->max_arc_ns || o->n_arcs || o->max_read_ns || o->max_write_ns)
		met |= 1U << NEED_CALL_BUDGET;
	return met;
}

/* Why a rule does not apply to a migration; NULL: it does. */
static const char *skipped_because(uint32_t met, const struct migration *g, uint32_t rule)
{
	enum need need = rule_needs[rule];
	size_t i;

	if (need == NEED_BUDGET && met >> need & 1)
		return budget_skipped_text(g);
	if (met >> need & 1)
		return NULL;
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].need == need)
			return needs[i].why;
	return NULL;
}

/* ---- a case ---- */

struct suite {
	FILE *f; /* NULL: only count */
	const struct view_evidence *e;
	char whose[2 * NAME_LEN + 64]; /* the VM; "": it is about the evidence */
	struct finding_at *at;	       /* what was found about it; room for all */
	size_t n;
	uint64_t tests, failures, errors, skipped;
};

enum rank { CLEAN, TOLD, IGNORED, OPEN, FAILED };

static enum rank rank_of(const struct judge *j, const struct finding *x)
{
	return judge_counts(j, x) ? FAILED :
	       judge_doubts(j, x) ? OPEN :
	       x->ignored	  ? IGNORED :
				    TOLD;
}

/* A finding in a line, with where it was: not in the name, so it may change. */
static void put_line(FILE *f, const struct suite *s, const struct finding_at *at)
{
	const struct finding *x = at->f;
	char dev[NAME_LEN], on[NAME_LEN], t[UNITS_LEN];
	const struct model_device *d = model_device(s->e->model, x->device);
	const char *host = host_label(on, s->e, at->host, x->device, x->t_ns);
	const struct view_options plain = { 0 };
	uint64_t first = model_first_ns(s->e->model);

	xml(f, x->text);
	if (x->device) {
		fputs(" [", f);
		xml(f, device_on_host(dev, d, x->device));
	}
	if (host) {
		fputs(x->device ? " on " : " [on ", f);
		xml(f, host);
	}
	if (x->t_ns)
		fprintf(f, "%sat %s s", x->device || host ? ", " : " [",
			time_label(t, &plain, s->e->model, x->t_ns, first, first));
	fprintf(f, "%s\n", x->device || host || x->t_ns ? "]" : "");
}

static void put_case_head(struct suite *s, const char *name, uint64_t ns)
{
	fputs("    <testcase", s->f);
	fputs(" classname=\"vfioscope", s->f);
	fputs(s->whose[0] ? ".migration." : ".evidence", s->f);
	xml(s->f, s->whose);
	fputc('"', s->f);
	put_attribute(s->f, "name", name);
	put_seconds(s->f, ns);
}

/* All findings of one rule. */
static void put_case(struct suite *s, uint32_t rule, const char *skipped, uint64_t ns)
{
	static const char *const elements[] = {
		[TOLD] = "system-out",
		[IGNORED] = "skipped",
		[OPEN] = "error",
		[FAILED] = "failure",
	};
	const struct judge *judge = s->e->judge;
	const struct finding *worst = NULL;
	enum rank rank = CLEAN, r;
	size_t i;

	for (i = 0; i < s->n; i++) {
		r = s->at[i].f->rule == rule ? rank_of(judge, s->at[i].f) : CLEAN;
		if (r > rank) {
			rank = r;
			worst = s->at[i].f;
		}
	}
	if (!skipped && judge_omitted_matters(judge))
		skipped = "more was found than is kept";
	s->tests++;
	s->failures += rank == FAILED;
	s->errors += rank == OPEN;
	s->skipped += rank == IGNORED || (rank == CLEAN && skipped);
	if (!s->f)
		return;
	put_case_head(s, judge_rule(rule)->name, ns);
	if (rank == CLEAN && !skipped) {
		fputs("/>\n", s->f);
		return;
	}
	fprintf(s->f, ">\n      <%s", rank == CLEAN ? "skipped" : elements[rank]);
	if (rank == CLEAN) {
		put_attribute(s->f, "message", skipped);
		fputs("/>\n    </testcase>\n", s->f);
		return;
	}
	if (rank == IGNORED) {
		fputs(" message=\"ignored: ", s->f);
		xml(s->f, worst->text);
		fputs("\"/>\n    </testcase>\n", s->f);
		return;
	}
	if (rank >= OPEN) {
		put_attribute(s->f, "type", severity_name(worst->severity));
		put_attribute(s->f, "message", worst->text);
	}
	fputc('>', s->f);
	for (i = 0; i < s->n; i++) {
		const struct finding *x = s->at[i].f;

		if (x->rule != rule)
			continue;
		if (rank == TOLD)
			fprintf(s->f, "%s: ",
				x->because_of ? "in consequence" : severity_name(x->severity));
		put_line(s->f, s, &s->at[i]);
	}
	if (rank >= OPEN) {
		fprintf(s->f, "party: %s\nbasis: ", party_name(worst->party));
		xml(s->f, judge_rule(rule)->basis);
	}
	fprintf(s->f, "</%s>\n    </testcase>\n", elements[rank]);
}

/* ---- a suite ---- */

/* The driver of a migration whose VM nobody named; "": several, or not known. */
static const char *driver_of(const struct view_evidence *e, const struct migration *g)
{
	const struct side *s = model_side_peek(e->model, g->source ? g->source : g->destination);

	return side_driver(e->model, s) ?: "";
}

static bool is_alike(const struct view_evidence *e, const struct migration *a,
		     const struct migration *b)
{
	if (a->vm || b->vm)
		return a->vm && b->vm && !strcmp(a->vm, b->vm);
	return !strcmp(driver_of(e, a), driver_of(e, b));
}

/* Whose migration it is, by nothing that changes from run to run. */
static void name_suite(struct suite *s, const struct migration *g)
{
	static const char *const nth[] = {
		"",	   ", second",	", third",  ", fourth", ", fifth",
		", sixth", ", seventh", ", eighth", ", ninth",	", tenth",
	};
	char name[NAME_LEN], more[64];
	const char *driver;
	uint32_t id, before = 0;

	for (id = 1; id < g->id; id++)
		before += is_alike(s->e, model_migration(s->e->model, id), g);
	if (before < sizeof(nth) / sizeof(nth[0]))
		snprintf(more, sizeof(more), "%s", nth[before]);
	else
		snprintf(more, sizeof(more), ", %u before it", before);
	if (g->vm) {
		snprintf(s->whose, sizeof(s->whose), "%s%s", safe_name(name, g->vm), more);
		return;
	}
	driver = driver_of(s->e, g);
	snprintf(s->whose, sizeof(s->whose), "a VM without a name%s%s%s", *driver ? ", " : "",
		 *driver ? safe_name(name, driver) : "", more);
}

static void put_migration_cases(struct suite *s, const struct migration *g)
{
	uint32_t met = met_by(s->e, g), rule;

	for (rule = 0; rule < RULE_NR; rule++) {
		if (rule_needs[rule] == NEED_EVIDENCE)
			continue;
		/* What it all took is the time of the case that tells how it came out. */
		put_case(s, rule, skipped_because(met, g, rule),
			 rule == RULE_MIGRATION_FAILED ? g->end_ns - g->begin_ns : 0);
	}
}

static void put_evidence_cases(struct suite *s)
{
	static const uint32_t always[] = {
		RULE_LOST_EVENTS,  RULE_DAMAGED_TRACE,	  RULE_HOOK_MISSING,
		RULE_NO_MIGRATION, RULE_EXPECT_COMPLETED,
	};
	bool any[RULE_NR] = { false };
	uint32_t rule;
	size_t i;

	s->tests++;
	if (s->f) {
		put_case_head(s, "readable", 0);
		fputs("/>\n", s->f);
	}
	for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		any[always[i]] = true;
	for (i = 0; i < s->n; i++)
		any[s->at[i].f->rule] = true;
	for (rule = 0; rule < RULE_NR; rule++)
		if (any[rule])
			put_case(s, rule,
				 rule == RULE_EXPECT_COMPLETED &&
						 !judge_options(s->e->judge)->expects_completed ?
					 "nothing is expected" :
					 NULL,
				 0);
}

static void put_suite_properties(struct suite *s, const struct migration *g)
{
	char buf[UNITS_LEN], path[TEXT_SAFE_LEN(160)];
	size_t i;

	fputs("    <properties>\n", s->f);
	if (g) {
		snprintf(buf, sizeof(buf), "%u", g->id);
		put_property(s->f, "migration", buf);
		put_property(s->f, "outcome", outcome_name(g->outcome));
		put_property(s->f, "downtime",
			     g->downtime_ns == MODEL_NONE ? downtime_why_text(g->downtime_why) :
							    units_duration(buf, g->downtime_ns));
	} else {
		for (i = 0; i < s->e->n_files; i++)
			put_property(s->f, "recording",
				     text_safe(path, sizeof(path), s->e->files[i].path, 160));
	}
	fputs("    </properties>\n", s->f);
}

/* @g: NULL: the evidence. */
static void put_suite(FILE *f, const struct view_evidence *e, const struct view_options *opt,
		      const struct migration *g, struct suite *sum)
{
	const struct side *side = g ? model_side(e->model, g->source ? g->source : g->destination) :
				      NULL;
	uint64_t begin_ns = g ? g->begin_ns : model_first_ns(e->model);
	uint64_t end_ns = g ? g->end_ns : model_first_ns(e->model);
	char host[NAME_LEN], *text;
	struct suite s = { .e = e };
	struct finding_walk walk;
	struct words w;
	int pass;

	if (g)
		name_suite(&s, g);
	s.at = sum->at;
	findings_begin(&walk, e, opt);
	while (findings_next(&walk))
		if (walk.at.f->migration == (g ? g->id : 0))
			s.at[s.n++] = walk.at;
	for (pass = 0; pass < 2; pass++) {
		if (pass) {
			s.f = f;
			fputs("  <testsuite", f);
			fprintf(f, " name=\"%s", g ? "migration of " : "evidence");
			xml(f, s.whose);
			fputc('"', f);
			put_attribute(f, "hostname",
				      (side ? side_host(host, e, side) : NULL) ?: "localhost");
			put_timestamp(f, model_realtime_ns(e->model, begin_ns));
			put_seconds(f, end_ns - begin_ns);
			fprintf(f,
				" tests=\"%llu\" failures=\"%llu\" errors=\"%llu\" skipped=\"%llu\">\n",
				(unsigned long long)s.tests, (unsigned long long)s.failures,
				(unsigned long long)s.errors, (unsigned long long)s.skipped);
			put_suite_properties(&s, g);
			sum->tests += s.tests;
			sum->failures += s.failures;
			sum->errors += s.errors;
		}
		if (g)
			put_migration_cases(&s, g);
		else
			put_evidence_cases(&s);
	}
	if (g && words_open(&w)) {
		migration_sentence(w.f, e, g, &(struct view_options){ .bytes = opt->bytes });
		text = words_close(&w);
		fputs("    <system-out>", f);
		xml(f, text ? text : "");
		fputs("</system-out>\n", f);
		free(text);
	}
	fputs("  </testsuite>\n", f);
}

static void put_suites(FILE *f, const struct view_evidence *e, const struct view_options *opt,
		       struct suite *sum)
{
	uint32_t id;

	for (id = 1; id <= model_migrations(e->model); id++) {
		const struct migration *g = model_migration(e->model, id);

		if (view_wants(e, opt, g))
			put_suite(f, e, opt, g, sum);
	}
	put_suite(f, e, opt, NULL, sum);
}

static void put_head(FILE *f, const struct suite *sum)
{
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites name=\"vfioscope check\" tests=\"%llu\" failures=\"%llu\" "
		"errors=\"%llu\">\n",
		(unsigned long long)sum->tests, (unsigned long long)sum->failures,
		(unsigned long long)sum->errors);
}

void check_junit(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct suite sum = { .at = calloc(judge_findings(e->judge) + 1, sizeof(*sum.at)) };
	char *text = NULL;
	struct words w;

	/* The head tells what only the suites know; half a report would be a pass. */
	if (sum.at && words_open(&w)) {
		put_suites(w.f, e, opt, &sum);
		text = words_close(&w);
	}
	if (!text) {
		check_junit_error(f, "out of memory",
				  model_realtime_ns(e->model, model_last_ns(e->model)));
	} else {
		put_head(f, &sum);
		fputs(text, f);
		fputs("</testsuites>\n", f);
	}
	free(sum.at);
	free(text);
}

void check_junit_error(FILE *f, const char *text, uint64_t real_ns)
{
	struct suite sum = { .tests = 1, .errors = 1 }, s = { .f = f };
	char safe[TEXT_SAFE_LEN(1024)];

	put_head(f, &sum);
	fputs("  <testsuite name=\"evidence\" hostname=\"localhost\"", f);
	put_timestamp(f, real_ns);
	put_seconds(f, 0);
	fputs(" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n    <properties/>\n", f);
	put_case_head(&s, "readable", 0);
	fputs(">\n      <error type=\"unreadable\"", f);
	put_attribute(f, "message", text_safe(safe, sizeof(safe), text, 1024));
	fputs("/>\n    </testcase>\n  </testsuite>\n</testsuites>\n", f);
}
