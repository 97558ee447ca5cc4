// SPDX-License-Identifier: GPL-2.0-only
/*
 * check.c - vfioscope check: the protocol judge and the budgets
 */
#include <time.h>

#include "cmd/evidence.h"
#include "cmd/judging.h"

struct check_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	struct cmd_judging judging;
	const char *output;
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_JUNIT, FORMAT_SARIF, FORMAT_ANNOTATIONS };

static const char *const formats[] = { "text", "json", "junit", "sarif", "annotations", NULL };

static const struct opt opts[] = {
	OPT_TABLE(cmd_judging_opts, struct check_opts, judging),
	{ 0, "format", OPT_ENUM, OPT_AT(struct check_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct check_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	OPT_TABLE(cmd_reader_opts, struct check_opts, reader),
	OPT_TABLE(cmd_common_opts, struct check_opts, common),
	OPT_END,
};

/*
 * A CI server reads the report of the run that there was, not of the one before: what
 * kept it from being judged is in it.
 */
static int report_error(const struct check_opts *o, int status)
{
	struct timespec now;
	FILE *f;

	if (o->format < FORMAT_JUNIT || (!o->output && status != EXIT_BAD_FILE))
		return status;
	f = cmd_open_output(o->output);
	if (!f)
		return status;
	clock_gettime(CLOCK_REALTIME, &now);
	switch (o->format) {
	case FORMAT_SARIF:
		check_sarif_error(f, cmd_last_error());
		break;
	case FORMAT_ANNOTATIONS:
		check_annotations_error(f, cmd_last_error());
		break;
	default:
		check_junit_error(f, cmd_last_error(), (uint64_t)now.tv_sec * 1000000000ULL);
	}
	return cmd_close_output(f, EXIT_OK) ?: status;
}

static int judge_files(struct check_opts *o, char **paths, size_t n, struct evidence *e)
{
	struct view_options view = { .time = o->reader.time };
	struct judge_opts jo;
	struct evidence_opts how = { .judge = &jo, .window = &view.window };
	int status;
	FILE *f;

	status = cmd_reader_window(&o->reader, &view.window);
	if (!status && !n)
		status = cmd_fail(EXIT_USAGE, "check: which recording? 'vfioscope check FILE...'");
	if (!status)
		status = cmd_judging_options(&o->judging, &jo);
	how.migration = view.migration = (uint32_t)o->reader.migration;
	if (!status)
		status = evidence_open(e, paths, n, EVIDENCE_ONCE);
	if (!status)
		status = evidence_read(e, &how);
	if (status)
		return report_error(o, status);
	f = cmd_open_output(o->output);
	if (!f)
		return EXIT_BAD_FILE;
	view.color = text_use_color(o->common.color, f);
	switch (o->format) {
	case FORMAT_JSON:
		check_json(f, &e->view, &view);
		break;
	case FORMAT_JUNIT:
		check_junit(f, &e->view, &view);
		break;
	case FORMAT_SARIF:
		check_sarif(f, &e->view, &view);
		break;
	case FORMAT_ANNOTATIONS:
		check_annotations(f, &e->view, &view);
		break;
	default:
		check_text(f, &e->view, &view);
	}
	return cmd_close_output(f, cmd_judging_status(view_verdict(&e->view, &view)));
}

int cmd_check(int argc, char **argv)
{
	struct check_opts o = { .format = FORMAT_TEXT, .judging.command = "check" };
	struct evidence e = { 0 };
	int first, status;

	first = cmd_parse(&command_check, argc, argv, &o, &status);
	if (first >= 0)
		status = judge_files(&o, argv + first, (size_t)(argc - first), &e);
	else if (status)
		status = report_error(&o, status);
	evidence_close(&e);
	cmd_judging_free(&o.judging);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "Judge a recording by the protocol's rules and by budgets",
	.args = "FILE...",
	.text = "Exit status: 0 pass, 1 findings, 3 inconclusive (the evidence has a hole, or no\n"
		"migration), 2 usage, 5 the file cannot be read. Errors and warnings are\n"
		"findings, advice only with --strict; a proven finding outranks a hole.\n\n"
		"A policy file has the long options without their dashes, one per line:\n"
		"  max-downtime = 300ms        # '#' begins a comment\n"
		"  max-arc = PRE_COPY_P2P:STOP_COPY=20ms\n"
		"  ignore = poll-missing, enomsg-spin\n"
		"  strict = yes\n"
		"  expect = completed=1\n"
		"  [lab]                       # and what --profile lab adds",
	.examples = "  vfioscope check --max-stop-window 300ms --expect completed=1 FILE\n"
		    "  vfioscope check --format junit -o report.xml src.vfs dst.vfs\n"
		    "  vfioscope check --format sarif -o report.sarif FILE\n"
		    "  vfioscope explain eof-in-precopy",
	.opts = opts,
	.run = cmd_check,
};
