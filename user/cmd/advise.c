// SPDX-License-Identifier: GPL-2.0-only
/*
 * advise.c - vfioscope advise: what to set, and why
 */
#include "cmd/evidence.h"
#include "view/advise.h"

struct advise_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	const char *output;
};

enum { FORMAT_TEXT, FORMAT_JSON };

static const char *const formats[] = { "text", "json", NULL };

static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct advise_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct advise_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	OPT_TABLE(cmd_reader_opts, struct advise_opts, reader),
	OPT_TABLE(cmd_common_opts, struct advise_opts, common),
	OPT_END,
};

int cmd_advise(int argc, char **argv)
{
	struct advise_opts o = { .format = FORMAT_TEXT };
	struct view_options view = { 0 };
	struct evidence_opts how = { .window = &view.window };
	struct advice *a = NULL;
	struct evidence e;
	int first, status;
	FILE *f;

	first = cmd_parse(&command_advise, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (first == argc)
		return cmd_fail(EXIT_USAGE, "advise: which recording? 'vfioscope advise FILE...'");
	status = cmd_reader_window(&o.reader, &view.window);
	if (status)
		return status;
	view.migration = (uint32_t)o.reader.migration;
	view.time = o.reader.time;
	how.migration = view.migration;
	status = evidence_open(&e, argv + first, (size_t)(argc - first), EVIDENCE_ONCE);
	if (!status)
		status = evidence_read(&e, &how);
	if (status)
		goto out;
	a = advise(&e.view, &view);
	if (!a) {
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
		goto out;
	}
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	view.color = text_use_color(o.common.color, f);
	if (o.format == FORMAT_JSON)
		advice_json(f, a);
	else
		advice_text(f, a, &view);
	status = cmd_close_output(f, advice_stops(a) ? EXIT_OK : EXIT_INCONCLUSIVE);
out:
	advice_free(a);
	evidence_close(&e);
	return status;
}

const struct command command_advise = {
	.name = "advise",
	.summary = "What to set and why, from what was seen",
	.args = "FILE...",
	.text = "A downtime limit that 95 % of the stops meet; what switchover-ack, multifd, more\n"
		"bandwidth or cpus would give at most, which is the time that went where each\n"
		"helps; devices that fit no limit; and time that waiting gave nothing. Each with\n"
		"its figure, and the migrations and parts that it is from.\n\n"
		"Exit status: 0, 3 no migration completed with its source in whole evidence, 2\n"
		"usage, 5 a file cannot be read.",
	.examples = "  vfioscope advise incident.vfs\n"
		    "  vfioscope advise --format json src.vfs dst.vfs | jq '.advice[0].ns'",
	.opts = opts,
	.run = cmd_advise,
};
