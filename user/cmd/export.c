// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - vfioscope export: a recording for other tools
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/evidence.h"
#include "view/export.h"

struct export_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	bool schema;
	const char *output;
};

#define FORMAT(name, text) &export_##name,
static const struct export_format *const format_of[] = { EXPORT_FORMATS(FORMAT) };

#define NAME(name, text) #name,
static const char *const formats[] = { EXPORT_FORMATS(NAME) NULL };

#define LINE(name, text) "\n" #name "  " text

/*
 * --time would have no effect here: each event has its monotonic and its wall
 * time.  It is taken, as every reader does.
 */
static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct export_opts, format), .values = formats,
	  .help = "an object or a row per event, a trace for ui.perfetto.dev, or sums (ndjson)" },
	{ 0, "json-schema", OPT_FLAG, OPT_AT(struct export_opts, schema),
	  .help = "print the JSON Schema of an ndjson line and exit" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct export_opts, output), .arg = "FILE",
	  .help = "write to FILE instead of stdout" },
	OPT_TABLE(cmd_reader_opts, struct export_opts, reader),
	OPT_TABLE(cmd_common_opts, struct export_opts, common),
	OPT_END,
};

static int print_schema(const char *path)
{
	FILE *f = cmd_open_output(path);

	if (!f)
		return EXIT_BAD_FILE;
	ndjson_schema(f);
	return cmd_close_output(f, EXIT_OK);
}

/* What takes the events. */
struct exporter {
	const struct export_format *format;
	void *x;
	bool cannot_write;
};

static int take_event(void *arg, struct model *m, const struct event *ev,
		      const struct event_context *ctx)
{
	struct exporter *x = arg;
	int err = x->format->event(x->x, m, ev, ctx);

	x->cannot_write = err == -EIO;
	return err;
}

/* 0, or an exit code with the error told. */
static int export_events(struct evidence *e, FILE *f, const struct export_format *format,
			 const struct view_options *view)
{
	struct exporter x = { .format = format, .x = format->create(f, view, &e->view) };
	const struct evidence_opts how = { .each = take_event, .arg = &x };
	int status;

	if (!x.x)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	status = evidence_again(e, &how);
	/* Whoever closes the output says why it failed, and whether that is an error. */
	if (x.cannot_write)
		status = EXIT_OK;
	else if (!status && format->finish(x.x) == -ENOMEM)
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
	format->destroy(x.x);
	return status;
}

static int export(struct evidence *e, FILE *f, const struct export_format *format,
		  const struct view_options *view)
{
	const struct evidence_opts how = {
		/* Numbers and outcomes are those at the end; sums are of the moment. */
		.window = format->sums ? &view->window : NULL,
		.without_judge = !format->judged,
	};
	int status = evidence_read(e, &how);

	if (status)
		return status;
	evidence_tell_damage(e);
	/* What other outputs have a place for. */
	if (meta_get(e->view.clock, "step"))
		cmd_note("%s", meta_get(e->view.clock, "step"));
	if (!format->sums)
		return export_events(e, f, format, view);
	format->sums(f, &e->view, view);
	return 0;
}

int cmd_export(int argc, char **argv)
{
	const struct export_format *format;
	struct export_opts o = { 0 };
	struct view_options view = { 0 };
	struct evidence e = { 0 };
	int first, status;
	FILE *f;

	first = cmd_parse(&command_export, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (o.schema)
		return print_schema(o.output);
	if (first == argc)
		return cmd_fail(EXIT_USAGE, "export: which recording? 'vfioscope export FILE...'");
	status = cmd_reader_window(&o.reader, &view.window);
	if (status)
		return status;
	view.migration = (uint32_t)o.reader.migration;
	format = format_of[o.format];
	if (format->binary && (!o.output || !strcmp(o.output, "-")) && isatty(STDOUT_FILENO))
		return cmd_fail(EXIT_USAGE, "a %s trace is binary: it is not written to a terminal",
				formats[o.format]);
	status = evidence_open(&e, argv + first, (size_t)(argc - first),
			       format->sums ? EVIDENCE_ONCE : EVIDENCE_TWICE);
	if (status)
		goto out;
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	status = export(&e, f, format, &view);
	status = cmd_close_output(f, status);
out:
	evidence_close(&e);
	return status;
}

const struct command command_export = {
	.name = "export",
	.summary = "A recording for other tools",
	.args = "FILE...",
	.text = "FILE is a recording, or '-' for one that comes on standard input, which is\n"
		"read to its end first ('live --format json' has lines as they happen);\n"
		"several are one evidence, on one clock." EXPORT_FORMATS(LINE),
	.examples = "  vfioscope export FILE | jq -c 'select(.kind == \"arc\")'\n"
		    "  vfioscope export --format perfetto -o migration.pftrace FILE\n"
		    "  vfioscope export --json-schema",
	.opts = opts,
	.run = cmd_export,
};
