// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - vfioscope export: a recording for other tools
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/evidence.h"

struct export_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	int format;
	bool schema;
	const char *output;
};

enum { FORMAT_NDJSON, FORMAT_CSV, FORMAT_PERFETTO, FORMAT_OPENMETRICS };

static const char *const formats[] = { "ndjson", "csv", "perfetto", "openmetrics", NULL };

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

/* What takes the events, by format; one of them is there. */
struct exporter {
	struct ndjson *ndjson;
	struct csv *csv;
	struct perfetto *perfetto;
	bool cannot_write;
};

static int exporter_open(struct exporter *x, int format, FILE *f, const struct view_options *view)
{
	switch (format) {
	case FORMAT_CSV:
		x->csv = csv_create(f, view);
		return x->csv ? 0 : -ENOMEM;
	case FORMAT_PERFETTO:
		x->perfetto = perfetto_create(f, view);
		return x->perfetto ? 0 : -ENOMEM;
	default:
		x->ndjson = ndjson_create(f, view);
		return x->ndjson ? 0 : -ENOMEM;
	}
}

static int exporter_event(void *arg, struct model *m, const struct event *ev,
			  const struct event_context *ctx)
{
	struct exporter *x = arg;
	int err = x->csv ? csv_event(x->csv, m, ev, ctx) :
		  x->perfetto ? perfetto_event(x->perfetto, m, ev, ctx) :
		  ndjson_event(x->ndjson, m, ev, ctx);

	x->cannot_write = err == -EIO;
	return err;
}

static int exporter_finish(struct exporter *x, const struct view_evidence *e,
			   const struct view_options *view)
{
	return x->csv ? csv_finish(x->csv) :
	       x->perfetto ? perfetto_finish(x->perfetto, e, view) : ndjson_finish(x->ndjson);
}

static void exporter_close(struct exporter *x)
{
	ndjson_destroy(x->ndjson);
	csv_destroy(x->csv);
	perfetto_destroy(x->perfetto);
}

/* 0, or an exit code with the error told. */
static int export_events(struct evidence *e, FILE *f, int format, const struct view_options *view)
{
	struct exporter x = { 0 };
	struct evidence_opts how = {
		.without_judge = format != FORMAT_PERFETTO, .each = exporter_event, .arg = &x,
	};
	int status = EXIT_OK, err;

	if (exporter_open(&x, format, f, view)) {
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
		goto out;
	}
	status = evidence_read(e, &how);
	/* Whoever closes the output says why it failed, and whether that is an error. */
	if (x.cannot_write)
		status = EXIT_OK;
	else if (status)
		goto out;
	if (!status && !x.cannot_write)
		evidence_tell_damage(e);
	err = x.cannot_write ? 0 : exporter_finish(&x, &e->view, view);
	if (err == -ENOMEM)
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
out:
	exporter_close(&x);
	return status;
}

/* Sums need the whole of it and no event. */
static int export_sums(struct evidence *e, FILE *f, const struct view_options *view)
{
	struct evidence_opts how = { .window = &view->window };
	int status = evidence_read(e, &how);

	if (status)
		return status;
	evidence_tell_damage(e);
	openmetrics(f, &e->view, view);
	return 0;
}

int cmd_export(int argc, char **argv)
{
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
	if (o.format == FORMAT_PERFETTO && (!o.output || !strcmp(o.output, "-")) &&
	    isatty(STDOUT_FILENO))
		return cmd_fail(EXIT_USAGE, "a perfetto trace is binary: it is not written to a terminal");
	status = evidence_open(&e, argv + first, (size_t)(argc - first), false);
	if (status)
		goto out;
	f = cmd_open_output(o.output);
	if (!f) {
		status = EXIT_BAD_FILE;
		goto out;
	}
	status = o.format == FORMAT_OPENMETRICS ? export_sums(&e, f, &view) :
						  export_events(&e, f, o.format, &view);
	status = cmd_close_output(f, status);
out:
	evidence_close(&e);
	return status;
}

const struct command command_export = {
	.name = "export",
	.summary = "A recording for other tools",
	.args = "FILE...",
	.text = "FILE is a recording, or '-' for one that comes on standard input; several are\n"
		"one evidence, on one clock.\n"
		"ndjson  one JSON object per event (the default)\n"
		"csv     one row per event, the fields of all kinds as columns\n"
		"perfetto     a trace that ui.perfetto.dev opens\n"
		"openmetrics  counters and gauges per migration, for a textfile collector",
	.examples = "  vfioscope export FILE | jq -c 'select(.kind == \"arc\")'\n"
		    "  vfioscope export --format perfetto -o migration.pftrace FILE\n"
		    "  vfioscope export --json-schema",
	.opts = opts,
	.run = cmd_export,
};
