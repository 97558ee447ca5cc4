// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - vfioscope check: the protocol judge and the budgets
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/traces.h"

struct check_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	const char *output, *policy;
	const char *max_downtime, *max_stop_window, *max_dirty_sync, *max_read, *max_write;
	const char *stuck_after, *expect;
	struct opt_list max_arc, ignore;
	bool strict;
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT };

static const char *const formats[] = { "text", "json", "junit", NULL };

static const struct opt opts[] = {
	{ 0, "max-downtime", OPT_STRING, OPT_AT(struct check_opts, max_downtime), .arg = "TIME",
	  .help = "budget for the downtime, both hosts together" },
	{ 0, "max-stop-window", OPT_STRING, OPT_AT(struct check_opts, max_stop_window),
	  .arg = "TIME", .help = "budget for one host's stop window" },
	{ 0, "max-dirty-sync", OPT_STRING, OPT_AT(struct check_opts, max_dirty_sync),
	  .arg = "TIME", .help = "budget for the dirty-log syncs in a stop window" },
	{ 0, "max-arc", OPT_LIST, OPT_AT(struct check_opts, max_arc), .arg = "[FROM:TO=]TIME",
	  .help = "budget for every arc, or for one (PRE_COPY_P2P:STOP_COPY=20ms)" },
	{ 0, "max-read", OPT_STRING, OPT_AT(struct check_opts, max_read), .arg = "TIME",
	  .help = "budget for one read() in STOP_COPY" },
	{ 0, "max-write", OPT_STRING, OPT_AT(struct check_opts, max_write), .arg = "TIME",
	  .help = "budget for one write()" },
	{ 0, "stuck-after", OPT_STRING, OPT_AT(struct check_opts, stuck_after), .arg = "TIME",
	  .help = "a call that is out for longer is stuck (5s)" },
	{ 0, "expect", OPT_STRING, OPT_AT(struct check_opts, expect), .arg = "completed=N",
	  .help = "how many migrations must have completed" },
	{ 0, "policy", OPT_STRING, OPT_AT(struct check_opts, policy), .arg = "FILE",
	  .help = "read 'key = value' lines with these settings; the command line wins" },
	{ 0, "strict", OPT_FLAG, OPT_AT(struct check_opts, strict),
	  .help = "advice is a finding, too" },
	{ 0, "ignore", OPT_LIST, OPT_AT(struct check_opts, ignore), .arg = "RULE[,RULE]",
	  .help = "show what the rule finds and do not count it" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct check_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct check_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	OPT_TABLE(cmd_reader_opts, struct check_opts, reader),
	OPT_TABLE(cmd_common_opts, struct check_opts, common),
	OPT_END
};

#define POLICY_MAX	65536

static int read_policy(const char *path, struct judge_opts *jo)
{
	char *text = malloc(POLICY_MAX + 1), err[JUDGE_ERR_LEN];
	unsigned int line;
	int status = 0;
	size_t len;
	FILE *f;

	if (!text)
		return cmd_fail(EXIT_USAGE, "out of memory");
	f = fopen(path, "re");
	if (!f) {
		status = cmd_fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
		goto out;
	}
	len = fread(text, 1, POLICY_MAX + 1, f);
	if (ferror(f))
		status = cmd_fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	else if (len > POLICY_MAX)
		status = cmd_fail(EXIT_USAGE, "%s: a policy is shorter than that", path);
	else if (judge_policy(jo, text, len, &line, err))
		status = cmd_fail(EXIT_USAGE, "%s:%u: %s", path, line, err);
	fclose(f);
out:
	free(text);
	return status;
}

static int set(struct judge_opts *jo, const char *key, const char *value)
{
	char err[JUDGE_ERR_LEN];

	if (value && judge_opts_set(jo, key, value, err))
		return cmd_fail(EXIT_USAGE, "check: --%s", err);
	return 0;
}

static int set_options(const struct check_opts *o, struct judge_opts *jo)
{
	const struct { const char *key, *value; } settings[] = {
		{ "max-downtime", o->max_downtime },
		{ "max-stop-window", o->max_stop_window },
		{ "max-dirty-sync", o->max_dirty_sync },
		{ "max-read", o->max_read },
		{ "max-write", o->max_write },
		{ "stuck-after", o->stuck_after },
		{ "expect", o->expect },
	};
	int status = 0;
	size_t i;

	judge_opts_init(jo);
	if (o->policy)
		status = read_policy(o->policy, jo);
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]) && !status; i++)
		status = set(jo, settings[i].key, settings[i].value);
	for (i = 0; i < o->max_arc.n && !status; i++)
		status = set(jo, "max-arc", o->max_arc.items[i]);
	for (i = 0; i < o->ignore.n && !status; i++)
		status = set(jo, "ignore", o->ignore.items[i]);
	jo->strict |= o->strict;
	return status;
}

int cmd_check(int argc, char **argv)
{
	static const int codes[] = {
		[VERDICT_PASS] = EXIT_OK,
		[VERDICT_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
		[VERDICT_FINDINGS] = EXIT_FINDINGS,
	};
	struct check_opts o = { .format = FORMAT_TEXT };
	struct view_options view = { 0 };
	struct traces ts = { 0 };
	struct judge_opts jo;
	int first, status;
	FILE *f;

	first = cmd_parse(&command_check, argc, argv, &o, &status);
	if (first < 0)
		goto out;
	status = cmd_reader_window(&o.reader, &view.window);
	if (!status && first == argc)
		status = cmd_fail(EXIT_USAGE, "check: which recording? 'vfioscope check FILE...'");
	if (!status && o.reader.migration > UINT32_MAX)
		status = cmd_fail(EXIT_USAGE, "check: no migration has that number");
	if (!status)
		status = set_options(&o, &jo);
	if (!status)
		status = traces_read(&ts, argv + first, argc - first, &jo);
	if (status)
		goto out;
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	view.time = o.reader.time;
	view.migration = (uint32_t)o.reader.migration;
	view.color = text_use_color(o.common.color, f);
	switch (o.format) {
	case FORMAT_JSON:
		check_json(f, ts.view, ts.n, &view);
		break;
	case FORMAT_JUNIT:
		check_junit(f, ts.view, ts.n, &view);
		break;
	default:
		check_text(f, ts.view, ts.n, &view);
	}
	status = cmd_close_output(f, codes[view_verdict(ts.view, ts.n, &view)]);
out:
	traces_close(&ts);
	opt_list_free(&o.max_arc);
	opt_list_free(&o.ignore);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "Judge a recording by the protocol's rules and by budgets",
	.args = "FILE...",
	.text =
"Exit status: 0 pass, 1 findings, 3 inconclusive (the evidence has a hole, or no\n"
"migration), 2 usage, 5 the file cannot be read. Errors and warnings are\n"
"findings, advice only with --strict; a proven finding outranks a hole.\n\n"
"A policy file has the long options without their dashes, one per line:\n"
"  max-downtime = 300ms        # '#' begins a comment\n"
"  max-arc = PRE_COPY_P2P:STOP_COPY=20ms\n"
"  ignore = poll-missing, enomsg-spin\n"
"  strict = yes\n"
"  expect = completed=1",
	.examples =
"  vfioscope check --max-stop-window 300ms --expect completed=1 FILE\n"
"  vfioscope check --format junit -o report.xml src.vfs dst.vfs\n"
"  vfioscope explain eof-in-precopy",
	.opts = opts,
	.run = cmd_check,
};
