// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - vfioscope export: a recording for other tools
 */
#include <errno.h>
#include <string.h>

#include "cmd/cmd.h"
#include "model/model.h"

struct export_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	bool schema;
	const char *output;
};

static const char *const formats[] = { "ndjson", NULL };

/*
 * --time would have no effect here: every line has the monotonic and the wall
 * time of its event.  It is taken, as every reader does.
 */
static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct export_opts, format), .values = formats,
	  .help = "one JSON object per event (the default)" },
	{ 0, "json-schema", OPT_FLAG, OPT_AT(struct export_opts, schema),
	  .help = "print the JSON Schema of an ndjson line and exit" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct export_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	OPT_TABLE(cmd_reader_opts, struct export_opts, reader),
	OPT_TABLE(cmd_common_opts, struct export_opts, common),
	OPT_END
};

static int print_schema(const char *path)
{
	FILE *f = cmd_open_output(path);

	if (!f)
		return EXIT_BAD_FILE;
	ndjson_schema(f);
	return cmd_close_output(f, EXIT_OK);
}

/* 0, or an exit code with the error told. */
static int export_events(const char *path, struct event_source *src, FILE *f,
			 const struct view_options *view)
{
	struct model *m = model_create();
	struct ndjson *out = ndjson_create(f, view);
	struct event_context ctx;
	struct event ev;
	int err = m && out ? 0 : -ENOMEM;
	int status = EXIT_OK;

	while (!err) {
		err = src->ops->next(src, &ev, -1);
		if (err <= 0)
			break;
		err = model_feed(m, &ev, &ctx);
		if (!err)
			err = ndjson_event(out, m, &ev, &ctx);
	}
	if (err == -ENODATA && out)
		err = ndjson_finish(out);
	else if (err != -EIO && err != -ENOMEM)
		status = cmd_fail(EXIT_BAD_FILE, "%s: %s", path, src->ops->error(src));
	if (err == -ENOMEM)
		status = cmd_fail(EXIT_BAD_FILE, "%s: out of memory", path);
	/* -EIO: the output failed; whoever closes it says why. */
	if (err == -EIO && !ferror(f))
		status = cmd_fail(EXIT_BAD_FILE, "%s: %s", path, src->ops->error(src));
	ndjson_destroy(out);
	model_destroy(m);
	return status;
}

int cmd_export(int argc, char **argv)
{
	struct export_opts o = { 0 };
	struct view_options view = { 0 };
	struct event_source *src = NULL;
	int first, status;
	FILE *f;

	first = cmd_parse(&command_export, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (o.schema)
		return print_schema(o.output);
	if (first == argc)
		return cmd_fail(EXIT_USAGE, "export: which recording? 'vfioscope export FILE'");
	if (argc - first > 1)
		return cmd_fail(EXIT_USAGE, "export: one recording at a time; '%s' is too many",
				argv[first + 1]);
	status = cmd_reader_window(&o.reader, &view.window);
	if (status)
		return status;
	view.migration = (uint32_t)o.reader.migration;
	status = cmd_open(argv[first], &src);
	if (status)
		return status;
	f = cmd_open_output(o.output);
	if (f) {
		status = export_events(argv[first], src, f, &view);
		status = cmd_close_output(f, status);
	} else {
		status = EXIT_BAD_FILE;
	}
	src->ops->close(src);
	return status;
}

const struct command command_export = {
	.name = "export",
	.summary = "A recording as NDJSON, one event per line",
	.args = "FILE",
	.text = "FILE is a recording, or '-' for one that comes on standard input.",
	.examples = "  vfioscope export FILE | jq -c 'select(.kind == \"arc\")'\n"
		    "  vfioscope export --json-schema",
	.opts = opts,
	.run = cmd_export,
};
