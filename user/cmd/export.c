// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - vfioscope export: a recording for other tools
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/traces.h"

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
	struct judge *judge;		/* for its findings */
};

static int exporter_open(struct exporter *x, int format, FILE *f, const struct view_options *view)
{
	switch (format) {
	case FORMAT_CSV:
		x->csv = csv_create(f, view);
		return x->csv ? 0 : -ENOMEM;
	case FORMAT_PERFETTO:
		x->perfetto = perfetto_create(f, view);
		x->judge = judge_create(NULL);
		return x->perfetto && x->judge ? 0 : -ENOMEM;
	default:
		x->ndjson = ndjson_create(f, view);
		return x->ndjson ? 0 : -ENOMEM;
	}
}

static int exporter_event(struct exporter *x, struct model *m, const struct event *ev,
			  const struct event_context *ctx)
{
	int err = 0;

	if (x->judge)
		err = judge_feed(x->judge, m, ev, ctx);
	if (err)
		return err;
	return x->csv ? csv_event(x->csv, m, ev, ctx) :
	       x->perfetto ? perfetto_event(x->perfetto, m, ev, ctx) :
	       ndjson_event(x->ndjson, m, ev, ctx);
}

static int exporter_finish(struct exporter *x, struct model *m, struct event_source *src,
			   const struct view_options *view)
{
	struct source_health health;
	struct judge_evidence e = { .health = &health, .meta = src->ops->meta(src) };
	struct view_trace t = { .model = m, .judge = x->judge };
	int err;

	if (x->csv)
		return csv_finish(x->csv);
	if (!x->perfetto)
		return ndjson_finish(x->ndjson);
	src->ops->health(src, &health);
	err = judge_finish(x->judge, m, &e);
	return err ? err : perfetto_finish(x->perfetto, &t, view);
}

static void exporter_close(struct exporter *x)
{
	ndjson_destroy(x->ndjson);
	csv_destroy(x->csv);
	perfetto_destroy(x->perfetto);
	judge_destroy(x->judge);
}

/* 0, or an exit code with the error told. */
static int export_events(const char *path, struct event_source *src, FILE *f, int format,
			 const struct view_options *view)
{
	struct model *m = model_create();
	struct source_health health;
	struct exporter x = { 0 };
	struct event_context ctx;
	struct event ev;
	int err = exporter_open(&x, format, f, view);
	int status = EXIT_OK;

	if (!m)
		err = -ENOMEM;
	while (!err) {
		err = src->ops->next(src, &ev, -1);
		if (err <= 0)
			break;
		err = model_feed(m, &ev, &ctx);
		if (!err)
			err = exporter_event(&x, m, &ev, &ctx);
	}
	src->ops->health(src, &health);
	cmd_note_trailing(path, &health);
	if (err == -ENODATA)
		err = exporter_finish(&x, m, src, view);
	else if (err != -EIO && err != -ENOMEM)
		status = cmd_fail(EXIT_BAD_FILE, "%s: %s", path, src->ops->error(src));
	if (err == -ENOMEM)
		status = cmd_fail(EXIT_BAD_FILE, "%s: out of memory", path);
	/* -EIO: the output failed; whoever closes it says why. */
	if (err == -EIO && !ferror(f))
		status = cmd_fail(EXIT_BAD_FILE, "%s: %s", path, src->ops->error(src));
	exporter_close(&x);
	model_destroy(m);
	return status;
}

/* Sums need the whole trace and no event. */
static int export_sums(char **path, const char *output, const struct view_options *view)
{
	struct traces ts = { 0 };
	int status = traces_read(&ts, path, 1, NULL, &view->window);
	FILE *f = status ? NULL : cmd_open_output(output);

	if (f) {
		openmetrics(f, ts.view, ts.n, view);
		status = cmd_close_output(f, EXIT_OK);
	} else if (!status) {
		status = EXIT_BAD_FILE;
	}
	traces_close(&ts);
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
	if (o.format == FORMAT_PERFETTO && (!o.output || !strcmp(o.output, "-")) &&
	    isatty(STDOUT_FILENO))
		return cmd_fail(EXIT_USAGE, "a perfetto trace is binary: it is not written to a terminal");
	if (o.format == FORMAT_OPENMETRICS)
		return export_sums(argv + first, o.output, &view);
	status = cmd_open(argv[first], &src);
	if (status)
		return status;
	f = cmd_open_output(o.output);
	if (f) {
		status = export_events(argv[first], src, f, o.format, &view);
		status = cmd_close_output(f, status);
	} else {
		status = EXIT_BAD_FILE;
	}
	src->ops->close(src);
	return status;
}

const struct command command_export = {
	.name = "export",
	.summary = "A recording for other tools",
	.args = "FILE",
	.text = "FILE is a recording, or '-' for one that comes on standard input.\n"
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
