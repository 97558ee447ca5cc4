// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - vfioscope report: the post-mortem
 */
#include "cmd/evidence.h"

struct report_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	bool bytes, sessions, schema;
	const char *output;
	struct opt_list logs;
};

enum { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML };

static const char *const formats[] = { "text", "json", "html", NULL };

static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct report_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct report_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct report_opts, bytes),
	  .help = "sizes exactly, in bytes" },
	{ 0, "sessions", OPT_FLAG, OPT_AT(struct report_opts, sessions),
	  .help = "text: every device's session in full, too" },
	{ 0, "json-schema", OPT_FLAG, OPT_AT(struct report_opts, schema),
	  .help = "print the JSON Schema of --format json and end" },
	OPT_TABLE(cmd_vmm_log_opts, struct report_opts, logs),
	OPT_TABLE(cmd_reader_opts, struct report_opts, reader),
	OPT_TABLE(cmd_common_opts, struct report_opts, common),
	OPT_END,
};

int cmd_report(int argc, char **argv)
{
	struct report_opts o = { .format = FORMAT_TEXT };
	struct view_options view = { 0 };
	struct evidence_opts how = { .window = &view.window };
	struct evidence e;
	int first, status;
	FILE *f;

	first = cmd_parse(&command_report, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (o.schema) {
		f = cmd_open_output(o.output);
		if (!f)
			return EXIT_BAD_FILE;
		report_json_schema(f);
		return cmd_close_output(f, EXIT_OK);
	}
	if (first == argc)
		return cmd_fail(EXIT_USAGE, "report: which recording? 'vfioscope report FILE...'");
	status = cmd_reader_window(&o.reader, &view.window);
	if (status)
		return status;
	how.migration = (uint32_t)o.reader.migration;
	how.with_trends = o.format == FORMAT_HTML;
	status = evidence_open(&e, argv + first, (size_t)(argc - first), EVIDENCE_ONCE);
	if (!status)
		status = evidence_add_logs(&e, &o.logs);
	if (!status)
		status = evidence_read(&e, &how);
	if (status)
		goto out;
	evidence_tell_logs(&e);
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	view.bytes = o.bytes;
	view.sessions = o.sessions;
	view.time = o.reader.time;
	view.migration = (uint32_t)o.reader.migration;
	view.color = text_use_color(o.common.color, f);
	if (o.format == FORMAT_JSON)
		report_json(f, &e.view, &view);
	else if (o.format == FORMAT_HTML)
		report_html(f, &e.view, &view);
	else
		report_text(f, &e.view, &view);
	status = cmd_close_output(f, EXIT_OK);
out:
	evidence_close(&e);
	opt_list_free(&o.logs);
	return status;
}

const struct command command_report = {
	.name = "report",
	.summary = "The post-mortem: what happened, where the stop went",
	.args = "FILE...",
	.text = "FILE is a recording, or '-' for one that comes on standard input. Loss and\n"
		"damage are said loudly and do not change the exit code: only 'check' judges.\n"
		"--vmm-log, which may be given several times, takes a log of the VMM's: QEMU's of\n"
		"its trace events, or one with a time of day before each line. The moments of a\n"
		"downtime that QEMU names in it (vmstate_downtime_checkpoint) stand beside the\n"
		"devices'.",
	.examples =
		"  vfioscope report vfioscope-node7-20260102T030405Z.vfs\n"
		"  vfioscope report --format html -o incident.html src.vfs dst.vfs\n"
		"  vfioscope report --vmm-log qemu.log vfioscope-node7-20260102T030405Z.vfs\n"
		"  vfioscope report --format json --migration 2 FILE | jq .migrations[0].outcome",
	.opts = opts,
	.run = cmd_report,
};
