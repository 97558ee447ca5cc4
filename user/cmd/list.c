// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - vfioscope list: the migrations of many recordings, a row each
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cmd/recordings.h"
#include "util/units.h"

struct list_opts {
	struct cmd_common common;
	int format;
	const char *sort, *group, *columns, *since, *until;
	const char *vm, *host, *driver, *kernel, *outcome, *rule;
	struct opt_list where;
	uint64_t limit;
	bool reverse, bytes, schema;
	const char *output, *cache;
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV, FORMAT_HTML };

static const char *const formats[] = { "text", "json", "csv", "html", NULL };
static const char *const outcomes[] = { "completed", "failed", "cancelled", "unfinished", NULL };

static const struct opt opts[] = {
	{ 0, "since", OPT_STRING, OPT_AT(struct list_opts, since), .arg = "TIME",
	  .help = "begun at TIME or later: an RFC 3339 time, a day (2026-01-02), or how long ago (24h, 7d)" },
	{ 0, "until", OPT_STRING, OPT_AT(struct list_opts, until), .arg = "TIME",
	  .help = "begun before TIME" },
	{ 0, "vm", OPT_STRING, OPT_AT(struct list_opts, vm), .arg = "PATTERN[,...]",
	  .help = "of VMs with such a name (web-*)" },
	{ 0, "host", OPT_STRING, OPT_AT(struct list_opts, host), .arg = "PATTERN[,...]",
	  .help = "from or to such a host" },
	{ 0, "driver", OPT_STRING, OPT_AT(struct list_opts, driver), .arg = "PATTERN[,...]",
	  .help = "of a device with such a driver" },
	{ 0, "kernel", OPT_STRING, OPT_AT(struct list_opts, kernel), .arg = "PATTERN[,...]",
	  .help = "on such a kernel" },
	{ 0, "outcome", OPT_STRING, OPT_AT(struct list_opts, outcome), .arg = "OUTCOME[,...]",
	  .help = "that came out so: completed, failed, cancelled, unfinished",
	  .values = outcomes },
	{ 0, "rule", OPT_STRING, OPT_AT(struct list_opts, rule), .arg = "PATTERN[,...]",
	  .help = "with a finding of such a rule" },
	{ 0, "where", OPT_LIST, OPT_AT(struct list_opts, where), .arg = "CONDITION",
	  .help = "KEY and =, !=, <, <=, > or >=, and a value: downtime>300ms, vm!=test-*" },
	{ 0, "sort", OPT_STRING, OPT_AT(struct list_opts, sort), .arg = "[-]KEY[,...]",
	  .help = "the order of the rows, with - from large to small (time)" },
	{ 'r', "reverse", OPT_FLAG, OPT_AT(struct list_opts, reverse),
	  .help = "the other way round" },
	{ 'n', "limit", OPT_U64, OPT_AT(struct list_opts, limit), .arg = "N",
	  .help = "print N rows at most; 0: only the sums, which are of all" },
	{ 0, "group-by", OPT_STRING, OPT_AT(struct list_opts, group), .arg = "KEY[,...]",
	  .help = "the tables above the rows, each in full; none (driver,host,vm,kernel)" },
	{ 0, "columns", OPT_STRING, OPT_AT(struct list_opts, columns), .arg = "KEY[,...]",
	  .help = "text: the columns of the rows" },
	{ 0, "cache", OPT_STRING, OPT_AT(struct list_opts, cache), .arg = "FILE",
	  .help = "keep in FILE what recordings without a summary came to, and read it from there" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct list_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct list_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct list_opts, bytes),
	  .help = "sizes exactly, in bytes" },
	{ 0, "json-schema", OPT_FLAG, OPT_AT(struct list_opts, schema),
	  .help = "print the JSON Schema of --format json and end" },
	OPT_TABLE(cmd_common_opts, struct list_opts, common),
	OPT_END,
};

/* An instant, a day, or how long ago. */
static int parse_when(const char *s, char rfc3339[UNITS_LEN])
{
	uint64_t ns, n;
	char buf[UNITS_LEN];
	struct timespec now;
	size_t len = strlen(s);

	if (!units_parse_rfc3339(s, &ns)) {
		units_rfc3339(rfc3339, ns);
		return 0;
	}
	if (len == 10) {
		snprintf(buf, sizeof(buf), "%sT00:00:00Z", s);
		if (!units_parse_rfc3339(buf, &ns)) {
			units_rfc3339(rfc3339, ns);
			return 0;
		}
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (len && len < 8 && s[len - 1] == 'd') {
		snprintf(buf, sizeof(buf), "%.*s", (int)len - 1, s);
		if (units_parse_u64(buf, &n))
			return -EINVAL;
		ns = n * 86400 * 1000000000ULL;
	} else if (!s[strspn(s, "0123456789.")] || units_parse_duration(s, &ns)) {
		return -EINVAL;
	}
	n = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
	units_rfc3339(rfc3339, n > ns ? n - ns : 0);
	return 0;
}

static int when(struct list_query *q, const char *option, const char *sign, const char *s)
{
	char t[UNITS_LEN], condition[UNITS_LEN + 8], err[LIST_ERR_LEN];

	if (!s)
		return 0;
	if (parse_when(s, t))
		return cmd_fail(
			EXIT_USAGE,
			"list: --%s: '%.80s' is not a time (2026-01-02T03:04:05Z, 2026-01-02, 24h, 7d)",
			option, s);
	snprintf(condition, sizeof(condition), "time%s%s", sign, t);
	return list_query_where(q, condition, err) ?
		       cmd_fail(EXIT_USAGE, "list: --%s: %s", option, err) :
		       0;
}

static int make_query(const struct list_opts *o, struct list_query *q)
{
	const struct {
		const char *key, *patterns;
	} filters[] = {
		{ "vm", o->vm },	 { "host", o->host },	    { "driver", o->driver },
		{ "kernel", o->kernel }, { "outcome", o->outcome }, { "rule", o->rule },
	};
	char err[LIST_ERR_LEN];
	int status;
	size_t i;

	list_query_init(q);
	q->reverse = o->reverse;
	q->limit = o->limit;
	status = when(q, "since", ">=", o->since) ?: when(q, "until", "<", o->until);
	for (i = 0; i < sizeof(filters) / sizeof(filters[0]) && !status; i++)
		if (filters[i].patterns &&
		    list_query_filter(q, filters[i].key, filters[i].patterns, err))
			status = cmd_fail(EXIT_USAGE, "list: --%s: %s", filters[i].key, err);
	for (i = 0; i < o->where.n && !status; i++)
		if (list_query_where(q, o->where.items[i], err))
			status = cmd_fail(EXIT_USAGE, "list: --where: %s", err);
	if (!status && o->sort && list_query_sort(q, o->sort, err))
		status = cmd_fail(EXIT_USAGE, "list: --sort: %s", err);
	if (!status && o->group && list_query_group(q, o->group, err))
		status = cmd_fail(EXIT_USAGE, "list: --group-by: %s", err);
	if (!status && o->columns && list_query_columns(q, o->columns, err))
		status = cmd_fail(EXIT_USAGE, "list: --columns: %s", err);
	return status;
}

static int print(const struct list_opts *o, const struct list *list, const struct list_query *q,
		 int status)
{
	struct view_options view = { .bytes = o->bytes };
	FILE *f = cmd_open_output(o->output);
	int err;

	if (!f)
		return EXIT_BAD_FILE;
	view.color = text_use_color(o->common.color, f);
	switch (o->format) {
	case FORMAT_JSON:
		err = list_json(f, list, q);
		break;
	case FORMAT_CSV:
		err = list_csv(f, list, q);
		break;
	case FORMAT_HTML:
		err = list_html(f, list, q);
		break;
	default:
		err = list_text(f, list, q, &view);
	}
	/* Nothing that is half is published: cmd/memory.h. */
	return cmd_close_output(f, err ? cmd_fail(EXIT_BAD_FILE, "out of memory") : status);
}

static int print_schema(const char *path)
{
	FILE *f = cmd_open_output(path);

	if (!f)
		return EXIT_BAD_FILE;
	list_json_schema(f);
	return cmd_close_output(f, EXIT_OK);
}

int cmd_list(int argc, char **argv)
{
	struct list_opts o = { .limit = UINT64_MAX };
	struct recordings r = { 0 };
	struct list list = { 0 };
	struct list_files n;
	struct list_query q;
	int first, status;

	first = cmd_parse(&command_list, argc, argv, &o, &status);
	if (first < 0)
		goto out;
	if (o.schema) {
		status = print_schema(o.output);
		goto out;
	}
	status = make_query(&o, &q);
	if (!status && first == argc)
		status = cmd_fail(EXIT_USAGE,
				  "list: which recordings? 'vfioscope list DIR|FILE...'");
	if (!status)
		status = recordings_read(&r, argv + first, (size_t)(argc - first), o.cache,
					 o.format == FORMAT_JSON);
	if (status)
		goto out;
	if (list_build(&list, r.file, r.n)) {
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
		goto out;
	}
	list_apply(&list, &q);
	list_files(&list, &n);
	if (n.analysed > 1 && o.common.verbose)
		cmd_note("%zu recordings have no summary at their end, and were read whole",
			 n.analysed);
	status = print(&o, &list, &q, n.bad ? EXIT_BAD_FILE : EXIT_OK);
out:
	list_free(&list);
	recordings_free(&r);
	opt_list_free(&o.where);
	return status;
}

const struct command command_list = {
	.name = "list",
	.summary = "The migrations of many recordings, a row each",
	.args = "DIR|FILE...",
	.text = "Of a directory all *.vfs in it are read, at any depth. Of each recording its end\n"
		"alone is read, where record left what it comes to; one without that (an old one,\n"
		"one whose recorder was killed) is analysed, and takes its time. Whether the\n"
		"rest of a recording is sound only 'check' tells. The two hosts' recordings of\n"
		"one migration make one row; its downtime is then by CLOCK_REALTIME of both, and\n"
		"'report SRC DST' knows more.\n\n"
		"KEY: time, vm, host (source, destination), driver, kernel, outcome, cause,\n"
		"party, duration, downtime, stop (the source's window), part (where most of it\n"
		"went), part-time, devices, bytes, findings (errors and warnings), rule, verdict,\n"
		"file.\n"
		"A condition on what is not known of a migration leaves it out.\n\n"
		"Exit status: 0, 2 usage, 5 a recording cannot be read; the others are listed all\n"
		"the same.",
	.examples =
		"  vfioscope list /var/lib/vfioscope\n"
		"  vfioscope list --since 24h --outcome failed --columns time,vm,host,cause DIR\n"
		"  vfioscope list --where 'downtime>300ms' --sort -downtime -n 10 DIR\n"
		"  vfioscope list --format json DIR | jq '.summary.downtime.p95_ns'",
	.opts = opts,
	.run = cmd_list,
};
