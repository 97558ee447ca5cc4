// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - vfioscope report: the post-mortem
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "model/model.h"

struct report_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	bool bytes;
	const char *output;
};

enum { FORMAT_TEXT, FORMAT_JSON };

static const char *const formats[] = { "text", "json", NULL };

static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct report_opts, format), .values = formats,
	  .help = "how to print" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct report_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct report_opts, bytes),
	  .help = "sizes exactly, in bytes" },
	OPT_TABLE(cmd_reader_opts, struct report_opts, reader),
	OPT_TABLE(cmd_common_opts, struct report_opts, common),
	OPT_END
};

struct input {
	struct event_source *src;
	struct source_health health;
	struct model *model;
};

/* All of one trace into its model.  0 or an exit code. */
static int read_trace(const char *path, struct input *in)
{
	struct event ev;
	int err;

	err = cmd_open(path, &in->src);
	if (err)
		return err;
	in->model = model_create();
	if (!in->model)
		return cmd_fail(EXIT_BAD_FILE, "%s: out of memory", path);
	while ((err = in->src->ops->next(in->src, &ev, -1)) > 0) {
		err = model_feed(in->model, &ev, NULL);
		if (err)
			return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, strerror(-err));
	}
	if (err != -ENODATA)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, in->src->ops->error(in->src));
	in->src->ops->health(in->src, &in->health);
	return 0;
}

int cmd_report(int argc, char **argv)
{
	struct report_opts o = { .format = FORMAT_TEXT };
	struct view_options view = { 0 };
	struct view_trace *traces = NULL;
	struct input *inputs = NULL;
	int first, status, n = 0, i;
	FILE *f;

	first = cmd_parse(&command_report, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (first == argc)
		return cmd_fail(EXIT_USAGE, "report: which recording? 'vfioscope report FILE...'");
	status = cmd_reader_window(&o.reader, &view.window);
	if (status)
		return status;
	if (o.reader.migration > UINT32_MAX)
		return cmd_fail(EXIT_USAGE, "report: no migration has that number");
	n = argc - first;
	inputs = calloc(n, sizeof(*inputs));
	traces = calloc(n, sizeof(*traces));
	if (!inputs || !traces) {
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
		goto out;
	}
	for (i = 0; i < n; i++) {
		status = read_trace(argv[first + i], &inputs[i]);
		if (status)
			goto out;
		traces[i].path = argv[first + i];
		traces[i].meta = inputs[i].src->ops->meta(inputs[i].src);
		traces[i].health = &inputs[i].health;
		traces[i].model = inputs[i].model;
	}
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	view.bytes = o.bytes;
	view.time = o.reader.time;
	view.migration = (uint32_t)o.reader.migration;
	view.color = text_use_color(o.common.color, f);
	if (o.format == FORMAT_JSON)
		report_json(f, traces, n, &view);
	else
		report_text(f, traces, n, &view);
	status = cmd_close_output(f, EXIT_OK);
out:
	for (i = 0; inputs && i < n; i++) {
		model_destroy(inputs[i].model);
		if (inputs[i].src)
			inputs[i].src->ops->close(inputs[i].src);
	}
	free(inputs);
	free(traces);
	return status;
}

const struct command command_report = {
	.name = "report",
	.summary = "The post-mortem: what happened, where the stop went",
	.args = "FILE...",
	.text = "FILE is a recording, or '-' for one that comes on standard input. Loss and damage\n"
		"are said loudly and do not change the exit code: only 'check' judges.",
	.examples = "  vfioscope report vfioscope-node7-20260102T030405Z.vfs\n"
		    "  vfioscope report --format json --migration 2 FILE | jq .migrations[0].outcome",
	.opts = opts,
	.run = cmd_report,
};
