// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack_views.c - the commands that read, as they are, in this process
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmd/cmd.h"
#include "tests/fuzz/stack.h"

#define ARGS 16

struct printed {
	char *text;
	size_t len;
	int status;
};

static FILE *null;

void stack_views_begin(void)
{
	/* What goes wrong with a hostile recording is said, every time. */
	null = fopen("/dev/null", "we");
	if (!null)
		fuzz_die("/dev/null: cannot be opened");
}

/* Options that narrow, judge or dress: the same for all that have to agree. */
struct options {
	char text[6][48];
	const char *argv[7];
};

static void run(struct printed *p, const struct command *c, const char *const *argv)
{
	FILE *out = stdout, *err = stderr, *f;
	char *args[ARGS + 1] = { NULL };
	int n = 0;

	args[n++] = (char *)c->name;
	for (; argv[n - 1] && n < ARGS; n++)
		args[n] = (char *)argv[n - 1];
	p->text = NULL;
	f = open_memstream(&p->text, &p->len);
	if (!f)
		fuzz_die("out of memory");
	stdout = f;
	stderr = null;
	p->status = c->run(n, args);
	stdout = out;
	stderr = err;
	/* memory.c takes an old errno for what the stream died of. */
	errno = 0;
	if (fclose(f) || !p->text)
		fuzz_die("out of memory");
	if (p->status != EXIT_OK && p->status != EXIT_FINDINGS && p->status != EXIT_USAGE &&
	    p->status != EXIT_INCONCLUSIVE && p->status != EXIT_BAD_FILE)
		fuzz_die("%s: exit status %d", c->name, p->status);
}

static void forget(struct printed *p)
{
	free(p->text);
	p->text = NULL;
}

/* Words, then options, then recordings: at most ARGS. */
static void run_on(struct printed *p, const struct command *c, const char *format,
		   const struct options *o, const char *a, const char *b)
{
	const char *argv[ARGS + 1] = { NULL };
	unsigned int n = 0, i;

	if (format) {
		argv[n++] = "--format";
		argv[n++] = format;
	}
	for (i = 0; o && o->argv[i]; i++)
		argv[n++] = o->argv[i];
	argv[n++] = a;
	if (b)
		argv[n++] = b;
	run(p, c, argv);
}

/* ---- is what was printed well-formed? ---- */

/* A number may be one that no int64_t holds. */
#define HOW (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

static json_t *parse(const char *what, const char *text, size_t len)
{
	json_error_t e;
	json_t *j = json_loadb(text, len, HOW, &e);

	if (!j)
		fuzz_die("%s: no JSON: line %d: %s: %.200s", what, e.line, e.text, text);
	return j;
}

static size_t lines_of_json(const char *what, const struct printed *p)
{
	const char *at = p->text, *end;
	size_t n = 0;

	for (; *at; at = end + 1, n++) {
		end = strchr(at, '\n');
		if (!end)
			fuzz_die("%s: the last line does not end", what);
		json_decref(parse(what, at, (size_t)(end - at)));
	}
	return n;
}

/* Nothing that a terminal obeys, and UTF-8. */
static void harmless(const char *what, const struct printed *p)
{
	json_t *j;
	size_t i;

	for (i = 0; i < p->len; i++)
		if (((unsigned char)p->text[i] < 32 && p->text[i] != '\n') || p->text[i] == 127)
			fuzz_die("%s: prints the control character %d", what, p->text[i]);
	j = json_stringn(p->text, p->len);
	if (!j)
		fuzz_die("%s: prints no UTF-8", what);
	json_decref(j);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* Records, not lines: a quoted field may hold one. */
static size_t csv_rows(const struct printed *p)
{
	bool quoted = false;
	size_t i, n = 0;

	for (i = 0; i < p->len; i++) {
		quoted ^= p->text[i] == '"';
		n += p->text[i] == '\n' && !quoted;
	}
	if (quoted)
		fuzz_die("csv: a quote does not end");
	return n;
}

/* Perfetto: fields 1 of bytes, one after the other, up to the end. */
static void packets(const struct printed *p)
{
	const uint8_t *at = (const uint8_t *)p->text, *end = at + p->len;
	unsigned int shift;
	uint64_t n;

	while (at < end) {
		if (*at++ != 0x0a)
			fuzz_die("perfetto: no packet where one should begin");
		for (n = 0, shift = 0; at < end && shift < 64; shift += 7) {
			n |= (uint64_t)(*at & 0x7f) << shift;
			if (!(*at++ & 0x80))
				break;
		}
		if (n > (uint64_t)(end - at))
			fuzz_die("perfetto: a packet is longer than what is there");
		at += n;
	}
}

/* ---- what they say ---- */

/* Of check or report --format json. */
struct said {
	json_t *all;
	const char *verdict, *protocol;
	json_t *outcomes;
	size_t migrations, findings;
};

static struct said said(const char *what, const struct printed *p)
{
	struct said s = { .all = parse(what, p->text, p->len) };

	s.verdict = json_string_value(json_object_get(s.all, "verdict"));
	s.protocol = json_string_value(json_object_get(s.all, "protocol"));
	s.outcomes = json_object_get(s.all, "outcomes");
	s.migrations = json_array_size(json_object_get(s.all, "migrations"));
	s.findings = json_array_size(json_object_get(s.all, "findings"));
	if (!s.verdict || !s.protocol || !s.outcomes)
		fuzz_die("%s: says no verdict, protocol or outcomes", what);
	return s;
}

static void status_is_verdict(const struct printed *p, const struct said *s)
{
	int want = !strcmp(s->verdict, "pass")	       ? EXIT_OK :
		   !strcmp(s->verdict, "inconclusive") ? EXIT_INCONCLUSIVE :
							 EXIT_FINDINGS;

	if (p->status != want)
		fuzz_die("check says %s and gives %d", s->verdict, p->status);
}

static double outcome(const struct said *s, const char *name)
{
	return json_number_value(json_object_get(s->outcomes, name));
}

/* Two that saw the same evidence. */
static void same_evidence(const char *what, const struct said *a, const struct said *b, bool judged)
{
	if (!json_equal(a->outcomes, b->outcomes) || a->migrations != b->migrations)
		fuzz_die("%s: other outcomes than check's", what);
	if (judged && (strcmp(a->verdict, b->verdict) || strcmp(a->protocol, b->protocol) ||
		       a->findings != b->findings))
		fuzz_die("%s: %s, protocol %s, %zu findings; check: %s, %s, %zu", what, b->verdict,
			 b->protocol, b->findings, a->verdict, a->protocol, a->findings);
}

/* ---- the views ---- */

enum view {
	VIEW_CHECK,
	VIEW_JUNIT,
	VIEW_REPORT,
	VIEW_SESSIONS,
	VIEW_REPORT_JSON,
	VIEW_HTML,
	VIEW_INFO,
	VIEW_INFO_JSON,
	VIEW_EVENTS, /* ndjson and csv */
	VIEW_PERFETTO,
	VIEW_OPENMETRICS,
	VIEW_DIFF_SELF,
	VIEW_DIFF,
	VIEW_BOTH,
	VIEW_MERGE,
	VIEW_REPLAY,
	VIEW_NR,
};

struct context {
	const struct trace *t;
	const struct options *o, *narrow; /* judging ones, and those that all readers have */
	const struct said *plain;	  /* check of the first recording without options */
	const struct said *narrowed;	  /* and with @narrow */
	bool two;
};

static void text(const char *what, const struct command *c, const char *format,
		 const struct options *o, int status)
{
	struct printed p;

	run_on(&p, c, format, o, STACK_A, NULL);
	if (status >= 0 && p.status != status)
		fuzz_die("%s: exit status %d, not %d", what, p.status, status);
	harmless(what, &p);
	if (p.status != EXIT_BAD_FILE && p.status != EXIT_USAGE && !p.len)
		fuzz_die("%s: prints nothing", what);
	forget(&p);
}

static void json(const char *what, const struct command *c, const struct options *o)
{
	struct printed p;

	run_on(&p, c, "json", o, STACK_A, NULL);
	harmless(what, &p);
	json_decref(parse(what, p.text, p.len));
	forget(&p);
}

static void json_report(const struct context *x)
{
	struct printed p;
	struct said s;

	run_on(&p, &command_report, "json", x->narrow, STACK_A, NULL);
	harmless("report", &p);
	s = said("report", &p);
	same_evidence("report", x->narrowed, &s, true);
	json_decref(s.all);
	forget(&p);
}

static void junit(const struct context *x)
{
	struct printed p;

	run_on(&p, &command_check, "junit", x->narrow, STACK_A, NULL);
	harmless("junit", &p);
	/* One more is the evidence's own. */
	if (count(p.text, "<testsuite ") != x->narrowed->migrations + 1)
		fuzz_die("junit: %zu suites, and %zu migrations", count(p.text, "<testsuite "),
			 x->narrowed->migrations);
	forget(&p);
}

static void events(const struct context *x)
{
	struct printed p, q;
	size_t lines, i, public = 0;

	run_on(&p, &command_export, "ndjson", NULL, STACK_A, NULL);
	run_on(&q, &command_export, "csv", NULL, STACK_A, NULL);
	harmless("ndjson", &p);
	lines = lines_of_json("ndjson", &p);
	for (i = 0; i < x->t->n; i++)
	public += event_kind_is_public(x->t->ev[i].kind);
	if (x->t->whole && lines != public)
		fuzz_die("ndjson: %zu lines of %zu events", lines, public);
	if (csv_rows(&q) != lines + 1)
		fuzz_die("csv: %zu rows with its head, ndjson: %zu lines", csv_rows(&q), lines);
	forget(&p);
	forget(&q);
}

static void openmetrics(const struct context *x)
{
	static const char *const names[] = { "completed", "failed", "cancelled", "unfinished" };
	struct printed p;
	char line[64], *at;
	size_t n[4] = { 0 }, i;

	run_on(&p, &command_export, "openmetrics", NULL, STACK_A, NULL);
	harmless("openmetrics", &p);
	if (p.len < 6 || strcmp(p.text + p.len - 6, "# EOF\n"))
		fuzz_die("openmetrics: does not end with # EOF");
	for (at = p.text; (at = strstr(at, "\nvfioscope_migration_info{")); at++)
		for (i = 0; i < 4; i++) {
			char *end = strchr(at + 1, '\n'), *found;

			snprintf(line, sizeof(line), ",outcome=\"%s\"", names[i]);
			found = strstr(at, line);
			n[i] += found && found < end;
		}
	for (i = 0; i < 4; i++)
		if ((double)n[i] != outcome(x->plain, names[i]))
			fuzz_die("openmetrics: %zu %s, check: %g", n[i], names[i],
				 outcome(x->plain, names[i]));
	forget(&p);
}

static void diff(const char *what, const char *format, const char *a, const char *b, bool self)
{
	struct printed p;

	run_on(&p, &command_diff, format, NULL, a, b);
	harmless(what, &p);
	if (format)
		json_decref(parse(what, p.text, p.len));
	if (self && p.status == EXIT_FINDINGS)
		fuzz_die("%s: a recording differs from itself", what);
	forget(&p);
}

/* Both hosts' together, and merged before. */
static void both(const struct context *x, bool merge)
{
	struct printed p, q;
	struct said one, two;

	if (!x->two)
		return;
	run_on(&p, &command_check, "json", NULL, STACK_A, STACK_B);
	if (p.status != EXIT_USAGE && p.status != EXIT_BAD_FILE) {
		two = said("check of two", &p);
		status_is_verdict(&p, &two);
		json_decref(two.all);
	}
	if (merge) {
		const char *const argv[] = {
			"-f", "-q", "-o", STACK_MERGED, STACK_A, STACK_B, NULL
		};

		run(&q, &command_merge, argv);
		/* Inconclusive: nothing ties their clocks, and nothing was merged. */
		if ((q.status == EXIT_OK || q.status == EXIT_INCONCLUSIVE) !=
		    (p.status != EXIT_USAGE && p.status != EXIT_BAD_FILE))
			fuzz_die("merge gives %d, and check of the two %d", q.status, p.status);
		forget(&q);
		if (q.status == EXIT_OK) {
			run_on(&q, &command_check, "json", NULL, STACK_MERGED, NULL);
			one = said("check of the merged", &q);
			two = said("check of two", &p);
			same_evidence("merged", &two, &one, false);
			json_decref(one.all);
			json_decref(two.all);
			forget(&q);
		}
	}
	forget(&p);
}

static void replay(void)
{
	static const char script[] =
		":resize 30x100\nG[{\n:migration 1\n:resize 7x33\nn3z<Enter>\n:save-screen! s\n";
	const char *const argv[] = { "--script", "script", STACK_A, NULL };
	FILE *f = fopen("script", "we");
	struct printed p;

	if (!f || fputs(script, f) < 0 || fclose(f))
		fuzz_die("a script cannot be written");
	run(&p, &command_replay, argv);
	forget(&p);
}

static void view(const struct context *x, enum view which)
{
	switch (which) {
	case VIEW_CHECK:
		text("check", &command_check, NULL, x->o, -1);
		break;
	case VIEW_JUNIT:
		junit(x);
		break;
	case VIEW_REPORT:
		text("report", &command_report, NULL, x->narrow, EXIT_OK);
		break;
	case VIEW_SESSIONS: {
		static const struct options sessions = { .argv = { "--sessions", "--bytes", NULL } };

		text("report --sessions", &command_report, NULL, &sessions, EXIT_OK);
		break;
	}
	case VIEW_REPORT_JSON:
		json_report(x);
		break;
	case VIEW_HTML:
		text("report in html", &command_report, "html", x->narrow, EXIT_OK);
		break;
	case VIEW_INFO:
		text("info", &command_info, NULL, NULL, EXIT_OK);
		break;
	case VIEW_INFO_JSON:
		json("info", &command_info, x->narrow);
		break;
	case VIEW_EVENTS:
		events(x);
		break;
	case VIEW_PERFETTO: {
		struct printed p;

		/* Binary is not for a terminal, which is what a test may run on. */
		const char *const argv[] = { "--format", "perfetto", "-o", "trace", STACK_A, NULL };
		FILE *f;

		run(&p, &command_export, argv);
		forget(&p);
		f = fopen("trace", "re");
		if (!f || fseek(f, 0, SEEK_END))
			fuzz_die("perfetto: nothing was written");
		p.len = (size_t)ftell(f);
		p.text = malloc(p.len + 1);
		rewind(f);
		if (!p.text || fread(p.text, 1, p.len, f) != p.len)
			fuzz_die("perfetto: what was written cannot be read");
		fclose(f);
		packets(&p);
		forget(&p);
		break;
	}
	case VIEW_OPENMETRICS:
		openmetrics(x);
		break;
	case VIEW_DIFF_SELF:
		diff("diff with itself", NULL, STACK_A, STACK_A, true);
		break;
	case VIEW_DIFF:
		if (x->two) {
			diff("diff", NULL, STACK_A, STACK_B, false);
			diff("diff", "json", STACK_B, STACK_A, false);
		}
		break;
	case VIEW_BOTH:
		both(x, false);
		break;
	case VIEW_MERGE:
		both(x, true);
		break;
	case VIEW_REPLAY:
		replay();
		break;
	case VIEW_NR:
		break;
	}
}

/* Of the options that all readers have, some; they are kept to what can be meant. */
static void choose(struct options *o, struct bytes *in, const struct trace *t, bool judging)
{
	static const char *const budgets[] = {
		"--max-downtime=%lluns", "--max-stop-window=%lluus", "--max-arc=%llums",
		"--max-read=%lluns",	 "--expect=completed=%llu",  "--stuck-after=%llums"
	};
	uint64_t first = t->n ? t->ev[0].t_ns : 0;
	uint8_t how = take8(in);
	unsigned int n = 0;

	memset(o, 0, sizeof(*o));
	if (how & 1)
		snprintf(o->text[n++], sizeof(o->text[0]), "--migration=%u", 1 + take8(in) % 3);
	if (how & 2)
		snprintf(o->text[n++], sizeof(o->text[0]), "--from=@%llu",
			 (unsigned long long)take_odd(in, first));
	if (how & 4)
		snprintf(o->text[n++], sizeof(o->text[0]), "--to=@%llu",
			 (unsigned long long)take_odd(in, first));
	if (how & 8)
		snprintf(o->text[n++], sizeof(o->text[0]), "--time=%s",
			 how & 16 ? "wall" :
			 how & 32 ? "mono" :
				    "delta");
	if (judging) {
		how = take8(in);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(o->text[n++], sizeof(o->text[0]), budgets[how % 6],
			 (unsigned long long)take(in, 4));
#pragma GCC diagnostic pop
		if (how & 128)
			snprintf(o->text[n++], sizeof(o->text[0]), "--strict");
	}
	while (n--)
		o->argv[n] = o->text[n];
}

/* It is told what part to look at, and held against check's word of that. */
static bool takes_part(enum view which)
{
	return which == VIEW_CHECK || which == VIEW_JUNIT || which == VIEW_REPORT ||
	       which == VIEW_REPORT_JSON || which == VIEW_HTML || which == VIEW_INFO_JSON;
}

/* check of a part; one that there cannot be, --from after --to, is the whole. */
static void check_part(struct context *x, struct options *narrow, struct options *judging,
		       struct said *s)
{
	struct printed p;

	run_on(&p, &command_check, "json", narrow, STACK_A, NULL);
	if (p.status == EXIT_USAGE) {
		memset(narrow, 0, sizeof(*narrow));
		memset(judging, 0, sizeof(*judging));
		forget(&p);
		run_on(&p, &command_check, "json", narrow, STACK_A, NULL);
	}
	*s = said("check of a part", &p);
	status_is_verdict(&p, s);
	forget(&p);
	x->narrow = narrow;
	x->o = judging;
	x->narrowed = s;
}

/* A file that is no recording: everybody says so, and nothing else. */
static void refused(const uint8_t which[STACK_VIEWS])
{
	const struct command *const readers[] = { &command_check, &command_report, &command_info,
						  &command_export, &command_diff };
	const struct command *c = readers[which[0] % (sizeof(readers) / sizeof(readers[0]))];
	struct printed p;

	run_on(&p, c, NULL, NULL, STACK_A, c == &command_diff ? STACK_B : NULL);
	if (p.status != EXIT_BAD_FILE || p.len)
		fuzz_die("%s: no recording, and exit status %d", c->name, p.status);
	forget(&p);
}

void stack_views(const struct trace *t, const uint8_t which[STACK_VIEWS], struct bytes *in,
		 bool two)
{
	struct context x = { .t = t, .two = two };
	struct options narrow, judging;
	struct said plain, narrowed = { NULL };
	struct printed once, twice;
	unsigned int n = stack_some(8) ? STACK_VIEWS : 1, i;
	bool part = stack_some(8);

	if (!t->readable) {
		refused(which);
		return;
	}
	choose(&narrow, in, t, false);
	choose(&judging, in, t, true);
	run_on(&once, &command_check, "json", NULL, STACK_A, NULL);
	if (stack_some(8)) {
		run_on(&twice, &command_check, "json", NULL, STACK_A, NULL);
		if (once.status != twice.status || once.len != twice.len ||
		    memcmp(once.text, twice.text, once.len))
			fuzz_die("check says something else the second time");
		forget(&twice);
	}
	/* What follows the end of a recording: what is there is not judged. */
	if (once.status == EXIT_BAD_FILE) {
		json_decref(parse("check", once.text, once.len));
		forget(&once);
		return;
	}
	harmless("check", &once);
	plain = said("check", &once);
	status_is_verdict(&once, &plain);
	x.plain = &plain;
	for (i = 0; i < n; i++)
		part |= takes_part(which[i] % VIEW_NR);
	if (part)
		check_part(&x, &narrow, &judging, &narrowed);
	for (i = 0; i < n; i++)
		view(&x, which[i] % VIEW_NR);
	json_decref(plain.all);
	json_decref(narrowed.all);
	forget(&once);
}
