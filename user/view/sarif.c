// SPDX-License-Identifier: GPL-2.0-only
/*
 * sarif.c - the judgement as SARIF 2.1.0, and as annotations of a CI job
 *
 * What a code-scanning page shows: a result per finding with its rule, whose help is the
 * page of explain.  A finding that keeps the verdict open is "open", one that is ignored is
 * suppressed, one that only follows from another says so; that the run could not be judged
 * is a notification.
 */
#include <stdlib.h>
#include <string.h>

#include "judge/page.h"
#include "view/common.h"
#include "view/findings.h"

#define SCHEMA                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/" \
	"os/schemas/sarif-schema-2.1.0.json"

/* An open one is none of them: it is not known. */
static const char *level_of(const struct judge *j, const struct finding *f)
{
	if (f->severity == SEV_INCONCLUSIVE)
		return "none";
	if (f->because_of)
		return "note";
	switch (f->severity) {
	case SEV_ERROR:
		return "error";
	case SEV_WARNING:
		return "warning";
	default:
		return judge_options(j)->strict ? "warning" : "note";
	}
}

static void put_text(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_object_begin(j);
	json_kstring(j, "text", text);
	json_object_end(j);
}

/* ---- the tool and its rules ---- */

static void put_rule(struct json *j, uint32_t id)
{
	static const char *const levels[] = {
		[SEV_ERROR] = "error",
		[SEV_WARNING] = "warning",
		[SEV_ADVICE] = "note",
		[SEV_INCONCLUSIVE] = "none",
	};
	const struct rule *r = judge_rule(id);
	const struct page *p = page_find("rule", r->name);

	json_object_begin(j);
	json_kstring(j, "id", r->name);
	put_text(j, "shortDescription", r->summary);
	if (p) {
		json_key(j, "help");
		json_object_begin(j);
		json_kstring(j, "text", p->text);
		json_kstring(j, "markdown", p->text);
		json_object_end(j);
	}
	json_key(j, "defaultConfiguration");
	json_object_begin(j);
	json_kstring(j, "level", levels[r->severity]);
	json_object_end(j);
	json_key(j, "properties");
	json_object_begin(j);
	json_key(j, "tags");
	json_array_begin(j);
	json_string(j, "vfio");
	json_string(j, r->protocol ? "protocol" : "migration");
	json_array_end(j);
	json_kname(j, "basis", r->basis);
	json_object_end(j);
	json_object_end(j);
}

static void put_tool(struct json *j, const bool *used)
{
	uint32_t id;

	json_key(j, "tool");
	json_object_begin(j);
	json_key(j, "driver");
	json_object_begin(j);
	json_kstring(j, "name", "vfioscope");
	json_kstring(j, "semanticVersion", VFIOSCOPE_VERSION);
	json_key(j, "rules");
	json_array_begin(j);
	for (id = 0; used && id < RULE_NR; id++)
		if (used[id])
			put_rule(j, id);
	json_array_end(j);
	json_object_end(j);
	json_object_end(j);
}

/* ---- a result ---- */

/*
 * A path as a relative or absolute reference: what a URI does not take is percent-encoded,
 * so is a colon, before which a scheme would stand.
 */
static void put_uri(struct json *j, const char *path)
{
	static const char hex[] = "0123456789ABCDEF";
	char uri[3 * 1024 + 1];
	size_t n = 0;

	for (; *path && n + 3 < sizeof(uri); path++) {
		unsigned char c = (unsigned char)*path;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("/._~-+@,=", c)) {
			uri[n++] = (char)c;
			continue;
		}
		uri[n++] = '%';
		uri[n++] = hex[c >> 4];
		uri[n++] = hex[c & 15];
	}
	uri[n] = '\0';
	json_kstring(j, "uri", uri);
}

/* What it is about, in words: the device, its driver and host, the VM. */
static void describe(char *buf, size_t size, const struct view_evidence *e,
		     const struct finding_at *at)
{
	const struct finding *f = at->f;
	const struct model_device *d = model_device(e->model, f->device);
	const struct migration *g = f->migration ? model_migration(e->model, f->migration) : NULL;
	char dev[NAME_LEN], drv[NAME_LEN], vm[NAME_LEN];

	snprintf(buf, size, "%s%s%s%s%s%s", g && g->vm ? safe_name(vm, g->vm) : "",
		 g && g->vm && f->device ? " with " : "",
		 f->device ? device_on_host(dev, d, f->device) : "",
		 f->device && d && d->driver[0] ? " (" : "",
		 f->device && d && d->driver[0] ? safe_name(drv, d->driver) : "",
		 f->device && d && d->driver[0] ? ")" : "");
}

static void put_location(struct json *j, const struct view_evidence *e, const struct finding_at *at)
{
	const struct finding *f = at->f;
	size_t file = view_file_of(e, at->host, f->t_ns);
	char what[3 * NAME_LEN];

	describe(what, sizeof(what), e, at);
	json_key(j, "locations");
	json_array_begin(j);
	json_object_begin(j);
	json_key(j, "physicalLocation");
	json_object_begin(j);
	json_key(j, "artifactLocation");
	json_object_begin(j);
	put_uri(j, e->files[file].path);
	json_object_end(j);
	/* A recording has no lines; who shows results at lines wants one. */
	json_key(j, "region");
	json_object_begin(j);
	json_ku64(j, "startLine", 1);
	json_object_end(j);
	json_object_end(j);
	if (*what) {
		json_key(j, "logicalLocations");
		json_array_begin(j);
		json_object_begin(j);
		json_kstring(j, "fullyQualifiedName", what);
		json_object_end(j);
		json_array_end(j);
	}
	json_object_end(j);
	json_array_end(j);
}

/* The same from run to run, by which a page knows that it has seen it: no path, no time. */
static void put_fingerprint(struct json *j, const struct view_evidence *e,
			    const struct finding_at *at)
{
	char what[3 * NAME_LEN], all[4 * NAME_LEN];

	describe(what, sizeof(what), e, at);
	snprintf(all, sizeof(all), "%s/%s", judge_rule(at->f->rule)->name, what);
	json_key(j, "partialFingerprints");
	json_object_begin(j);
	json_kstring(j, "vfioscope/v1", all);
	json_object_end(j);
}

static void put_properties(struct json *j, const struct view_evidence *e, const struct finding *f)
{
	char when[UNITS_LEN];
	uint64_t real = f->t_ns ? model_realtime_ns(e->model, f->t_ns) : 0;

	json_key(j, "properties");
	json_object_begin(j);
	json_ku64(j, "finding", f->id);
	json_kstring(j, "severity", severity_name(f->severity));
	json_kstring(j, "party", party_name(f->party));
	if (f->migration)
		json_ku64(j, "migration", f->migration);
	if (real)
		json_kstring(j, "time", units_rfc3339(when, real));
	if (f->seq)
		json_ku64(j, "event", f->seq);
	if (f->because_of)
		json_ku64(j, "because_of", f->because_of);
	json_object_end(j);
}

static void put_result(struct json *j, const struct view_evidence *e, const struct finding_at *at,
		       uint64_t rule_index)
{
	const struct finding *f = at->f;

	json_object_begin(j);
	json_kstring(j, "ruleId", judge_rule(f->rule)->name);
	json_ku64(j, "ruleIndex", rule_index);
	json_kstring(j, "kind", f->severity == SEV_INCONCLUSIVE ? "open" : "fail");
	json_kstring(j, "level", level_of(e->judge, f));
	put_text(j, "message", f->text);
	put_location(j, e, at);
	put_fingerprint(j, e, at);
	json_ku64(j, "occurrenceCount", f->count ? f->count : 1);
	if (f->ignored) {
		json_key(j, "suppressions");
		json_array_begin(j);
		json_object_begin(j);
		json_kstring(j, "kind", "external");
		json_kstring(j, "justification", "--ignore");
		json_object_end(j);
		json_array_end(j);
	}
	put_properties(j, e, f);
	json_object_end(j);
}

/* ---- the log ---- */

static void begin(struct json *j)
{
	json_object_begin(j);
	json_kstring(j, "$schema", SCHEMA);
	json_kstring(j, "version", "2.1.0");
	json_key(j, "runs");
	json_array_begin(j);
	json_object_begin(j);
}

/* @error: why nothing could be judged; NULL: it was. */
static void put_invocation(struct json *j, const char *error)
{
	char safe[TEXT_SAFE_LEN(1024)];

	json_key(j, "invocations");
	json_array_begin(j);
	json_object_begin(j);
	json_kbool(j, "executionSuccessful", !error);
	if (error) {
		json_key(j, "toolExecutionNotifications");
		json_array_begin(j);
		json_object_begin(j);
		json_kstring(j, "level", "error");
		put_text(j, "message", text_safe(safe, sizeof(safe), error, 1024));
		json_object_end(j);
		json_array_end(j);
	}
	json_object_end(j);
	json_array_end(j);
}

static void finish(struct json *j)
{
	json_object_end(j);
	json_array_end(j);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}

void check_sarif(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct json *j = json_create(f, true);
	bool used[RULE_NR] = { false };
	uint64_t index[RULE_NR], n = 0;
	struct finding_walk w;
	uint32_t id;

	if (!j)
		return;
	findings_begin(&w, e, opt);
	while (findings_next(&w))
		used[w.at.f->rule] = true;
	for (id = 0; id < RULE_NR; id++)
		index[id] = used[id] ? n++ : 0;
	begin(j);
	put_tool(j, used);
	put_invocation(j, NULL);
	json_key(j, "results");
	json_array_begin(j);
	findings_begin(&w, e, opt);
	while (findings_next(&w))
		put_result(j, e, &w.at, index[w.at.f->rule]);
	json_array_end(j);
	finish(j);
}

void check_sarif_error(FILE *f, const char *text)
{
	struct json *j = json_create(f, true);

	if (!j)
		return;
	begin(j);
	put_tool(j, NULL);
	put_invocation(j, text);
	json_key(j, "results");
	json_array_begin(j);
	json_array_end(j);
	finish(j);
}

/* ---- annotations ---- */

/* As GitHub's runner wants a message, and @property, which ends at more. */
static void put_escaped(FILE *f, const char *s, bool property)
{
	for (; *s; s++) {
		if (*s == '%' || *s == '\r' || *s == '\n' || (property && (*s == ':' || *s == ',')))
			fprintf(f, "%%%02X", (unsigned char)*s);
		else
			fputc(*s, f);
	}
}

void check_annotations(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	char path[TEXT_SAFE_LEN(160)], what[3 * NAME_LEN];
	struct finding_walk w;

	findings_begin(&w, e, opt);
	while (findings_next(&w)) {
		const struct finding *x = w.at.f;
		bool counts = judge_counts(e->judge, x);

		/* What follows from another, or is ignored, would be a second sign at one thing. */
		if (x->ignored || x->because_of)
			continue;
		describe(what, sizeof(what), e, &w.at);
		fprintf(f, "::%s file=",
			counts && x->severity == SEV_ERROR  ? "error" :
			counts || judge_doubts(e->judge, x) ? "warning" :
							      "notice");
		text_safe(path, sizeof(path), e->files[view_file_of(e, w.at.host, x->t_ns)].path,
			  160);
		put_escaped(f, path, true);
		fputs(",title=", f);
		put_escaped(f, judge_rule(x->rule)->name, true);
		fputs("::", f);
		if (*what) {
			put_escaped(f, what, false);
			fputs(": ", f);
		}
		put_escaped(f, x->text, false);
		fputc('\n', f);
	}
}

void check_annotations_error(FILE *f, const char *text)
{
	char safe[TEXT_SAFE_LEN(1024)];

	fputs("::error title=vfioscope::", f);
	put_escaped(f, text_safe(safe, sizeof(safe), text, 1024), false);
	fputc('\n', f);
}
