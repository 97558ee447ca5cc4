// SPDX-License-Identifier: GPL-2.0-only
/*
 * list_json.c - list for programs: names and numbers as in report's version 2
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view/common.h"
#include "view/list.h"
#include "view/schema.h"

static void put_spread(struct json *j, const char *key, const struct list_spread *s)
{
	json_key(j, key);
	json_object_begin(j);
	json_ku64(j, "known", s->n);
	json_known(j, "p50_ns", s->n ? s->p50_ns : MODEL_NONE);
	json_known(j, "p95_ns", s->n ? s->p95_ns : MODEL_NONE);
	json_known(j, "p99_ns", s->n ? s->p99_ns : MODEL_NONE);
	json_known(j, "max_ns", s->n ? s->max_ns : MODEL_NONE);
	json_object_end(j);
}

static void put_sums(struct json *j, const struct list_sums *s)
{
	uint32_t o;

	json_ku64(j, "migrations", s->n);
	json_key(j, "outcomes");
	json_object_begin(j);
	for (o = 0; o <= OUTCOME_FAILED; o++)
		json_ku64(j, outcome_name(o), s->outcome[o]);
	json_object_end(j);
	json_ku64(j, "with_findings", s->findings);
	json_ku64(j, "inconclusive", s->doubtful);
	put_spread(j, "downtime", &s->downtime);
	put_spread(j, "stop_window", &s->stop);
}

/* Of "severity:rule". */
static void put_finding_of(struct json *j, const char *word)
{
	size_t len = strcspn(word, ":");

	json_key(j, "severity");
	json_string_len(j, word, len);
	json_kstring(j, "rule", word + len + (word[len] == ':'));
}

static int put_summary(struct json *j, const struct list *list, const struct list_query *q)
{
	struct list_sums all, *g;
	size_t n, i, k;
	int err = list_sums(list, &all);

	if (err)
		return err;
	json_key(j, "summary");
	json_object_begin(j);
	put_sums(j, &all);
	err = list_findings(list, &g, &n);
	json_key(j, "findings");
	json_array_begin(j);
	for (i = 0; i < n && !err; i++) {
		json_object_begin(j);
		put_finding_of(j, g[i].name);
		json_ku64(j, "migrations", g[i].n);
		json_object_end(j);
	}
	json_array_end(j);
	list_groups_free(g, n);
	json_key(j, "by");
	json_object_begin(j);
	for (k = 0; k < q->n_groups && !err; k++) {
		err = list_groups(list, q->group[k], &g, &n);
		json_key(j, q->group[k]->name);
		json_array_begin(j);
		for (i = 0; i < n && !err; i++) {
			json_object_begin(j);
			json_kname(j, "name", g[i].name);
			put_sums(j, &g[i]);
			json_object_end(j);
		}
		json_array_end(j);
		list_groups_free(g, n);
	}
	json_object_end(j);
	json_object_end(j);
	return err;
}

static void put_recordings(struct json *j, const struct list *list)
{
	struct list_files n;
	size_t i;

	list_files(list, &n);
	json_key(j, "recordings");
	json_object_begin(j);
	json_ku64(j, "total", list->n_files);
	json_ku64(j, "unreadable", n.bad);
	json_ku64(j, "without_summary", n.analysed);
	json_ku64(j, "without_migration", n.without_migration);
	json_ku64(j, "not_ended", n.not_ended);
	json_ku64(j, "damaged", n.damaged);
	json_ku64(j, "migrations_held_twice", list->twice);
	json_object_end(j);
	json_key(j, "errors");
	json_array_begin(j);
	for (i = 0; i < list->n_files; i++) {
		if (!list->file[i].error)
			continue;
		json_object_begin(j);
		json_kstring(j, "file", list->file[i].path);
		json_kstring(j, "error", list->file[i].error);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_time(struct json *j, const char *key, uint64_t real_ns)
{
	char t[UNITS_LEN];

	json_kname(j, key, real_ns ? units_rfc3339(t, real_ns) : NULL);
}

static void put_side(struct json *j, const struct list_row *r, int which)
{
	static const char *const names[] = { "source", "destination" };
	const struct summary_side *s = &r->l->side[which];

	json_key(j, names[which]);
	if (!r->file[which]) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_kname(j, "host", s->host);
	json_kname(j, "kernel", s->kernel);
	json_kstring(j, "file", r->file[which]->path);
	json_object_end(j);
}

/* The values of a key of text. */
static void put_values(struct json *j, const char *key, const struct list_row *r, const char *name)
{
	char buf[LIST_TEXT_LEN], *p = buf;
	size_t n;

	list_key(name, strlen(name))->text(r, buf, sizeof(buf));
	json_key(j, key);
	json_array_begin(j);
	for (; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		json_string_len(j, p, n);
	}
	json_array_end(j);
}

static void put_findings(struct json *j, const struct list_row *r)
{
	char word[SUMMARY_WORD_LEN];
	const char *p = r->rules;

	json_key(j, "findings");
	json_array_begin(j);
	while (*p) {
		p = summary_next(p, word);
		json_object_begin(j);
		put_finding_of(j, word);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_row(struct json *j, const struct list_row *r)
{
	const struct summary_migration *l = r->l;

	json_object_begin(j);
	json_kname(j, "vm", l->vm);
	json_kname(j, "process", l->process);
	put_values(j, "drivers", r, "driver");
	json_kstring(j, "outcome", outcome_name(l->outcome));
	json_kbool(j, "ended", l->ended);
	json_kbool(j, "ran_again", l->ran_again);
	json_kname(j, "cause", l->cause);
	json_kname(j, "party", l->outcome == OUTCOME_FAILED ? party_name(l->party) : NULL);
	put_time(j, "begin", l->begin_real_ns);
	put_time(j, "end", l->end_real_ns);
	json_ku64(j, "duration_ns", l->duration_ns);
	json_known(j, "downtime_ns", l->downtime_ns);
	json_kname(j, "downtime_why",
		   l->downtime_ns == MODEL_NONE ? downtime_why_text(l->downtime_why) : NULL);
	json_known(j, "stop_window_ns", l->stop_ns);
	json_known(j, "stopped_ns", l->stopped_ns);
	json_key(j, "largest_part");
	if (l->part[0]) {
		json_object_begin(j);
		json_kstring(j, "part", l->part);
		json_ku64(j, "ns", l->part_ns);
		json_object_end(j);
	} else {
		json_null(j);
	}
	json_ku64(j, "devices", l->devices);
	json_ku64(j, "bytes_total", l->bytes);
	json_kname(j, "joined", joined_how_text(l->joined));
	/* Then the downtime is by CLOCK_REALTIME of both hosts. */
	json_kbool(j, "joined_across_recordings", r->joined);
	json_key(j, "sides");
	json_object_begin(j);
	put_side(j, r, SUMMARY_SOURCE);
	put_side(j, r, SUMMARY_DESTINATION);
	json_object_end(j);
	put_findings(j, r);
	json_kstring(j, "verdict", verdict_name(r->verdict));
	json_object_end(j);
}

int list_json(FILE *f, const struct list *list, const struct list_query *q)
{
	size_t rows = list_printed(list, q), i;
	struct json *j = json_create(f, true);
	int err;

	if (!j)
		return -ENOMEM;
	json_object_begin(j);
	json_ku64(j, "version", 2);
	json_tool(j);
	put_recordings(j, list);
	err = put_summary(j, list, q);
	json_key(j, "migrations");
	json_array_begin(j);
	for (i = 0; i < rows; i++)
		put_row(j, &list->row[i]);
	json_array_end(j);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
	return err;
}

#define SUMS                                                                               \
	"migrations:u outcomes:@outcomes with_findings:u inconclusive:u downtime:@spread " \
	"stop_window:@spread "

static const struct schema_object objects[] = {
	{ "list", "the migrations of many recordings",
	  "version:u tool:@tool recordings:@recordings errors:[@error] summary:@summary "
	  "migrations:[@migration]" },
	{ "tool", "who wrote it", "name:s version:s" },
	{ "recordings", "how many, and how many of them were what",
	  "total:u unreadable:u without_summary:u without_migration:u not_ended:u damaged:u "
	  "migrations_held_twice:u" },
	{ "error", "a recording that was not read", "file:s error:s" },
	{ "summary", "of all migrations that were asked for, printed or not",
	  SUMS "findings:[@findings] by:{[@group]}" },
	{ "outcomes", "", "completed:u failed:u cancelled:u unfinished:u" },
	{ "spread", "of the known ones, by nearest rank",
	  "known:u p50_ns:u? p95_ns:u? p99_ns:u? max_ns:u?" },
	{ "findings", "", "severity:s rule:s migrations:u" },
	{ "group", "of one value; a migration with two values is in two", "name:s? " SUMS },
	{ "migration",
	  "joined_across_recordings: then its downtime is by CLOCK_REALTIME of both hosts",
	  "vm:s? process:s? drivers:[s] outcome:unfinished|completed|cancelled|failed ended:b "
	  "ran_again:b cause:s? party:s? begin:s? end:s? duration_ns:u downtime_ns:u? "
	  "downtime_why:s? stop_window_ns:u? stopped_ns:u? largest_part:@part? devices:u "
	  "bytes_total:u joined:s? joined_across_recordings:b sides:@sides findings:[@finding] "
	  "verdict:pass|inconclusive|findings" },
	{ "part", "where most of the downtime, or of the stop, went", "part:s ns:u" },
	{ "sides", "", "source:@side? destination:@side?" },
	{ "side", "", "host:s? kernel:s? file:s" },
	{ "finding", "", "severity:s rule:s" },
};

void list_json_schema(FILE *f)
{
	schema_print(f, "vfioscope list --format json, version 2", objects,
		     sizeof(objects) / sizeof(objects[0]));
}
