// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay.c - vfioscope replay: the scope on recordings, or on a stream
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/evidence.h"
#include "cmd/judging.h"
#include "cmd/scope_config.h"
#include "tui/tui.h"

struct replay_opts {
	struct cmd_common common;
	struct cmd_reader reader;
	struct cmd_judging judging;
	int graph;
	bool bytes;
	const char *script, *config;
	struct scope_config scope;
};

static const struct opt opts[] = {
	{ 0, "graph", OPT_ENUM, OPT_AT(struct replay_opts, graph), .values = scope_glyphs_names,
	  .help = "what plots are drawn with (block; ascii where the locale is not UTF-8)" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct replay_opts, bytes), .help = "sizes exactly" },
	{ 0, "script", OPT_STRING, OPT_AT(struct replay_opts, script), .arg = "FILE",
	  .help = "obey the lines of FILE (- is standard input) instead of a terminal" },
	{ 0, "config", OPT_STRING, OPT_AT(struct replay_opts, config), .arg = "FILE",
	  .help = "keys and colours (~/.config/vfioscope/scope.conf; a script has none)" },
	OPT_TABLE(cmd_judging_opts, struct replay_opts, judging),
	OPT_TABLE(cmd_reader_opts, struct replay_opts, reader),
	OPT_TABLE(cmd_common_opts, struct replay_opts, common),
	OPT_END,
};

/* What the scope is told of its recordings. */
struct input {
	struct evidence evidence;
	char *marks; /* beside the (first) recording */
	char name[256];
	char commands[3][96];
	const char *at_end[4];
};

/* What --from, --to and --migration mean when everything has been read. */
static void plan(const struct replay_opts *o, struct input *in)
{
	size_t n = 0;

	if (o->reader.migration) {
		snprintf(in->commands[n], sizeof(in->commands[n]), "migration %llu",
			 (unsigned long long)o->reader.migration);
		in->at_end[n] = in->commands[n];
		n++;
	}
	if (o->reader.from || o->reader.to) {
		snprintf(in->commands[n], sizeof(in->commands[n]), "axis %.40s %.40s",
			 o->reader.from ?: "0s", o->reader.to ?: "end");
		in->at_end[n] = in->commands[n];
		n++;
	}
	if (o->reader.to) {
		snprintf(in->commands[n], sizeof(in->commands[n]), "seek %.40s", o->reader.to);
		in->at_end[n] = in->commands[n];
	}
}

/* "src.vfs + dst.vfs" */
static void name_all(struct input *in, char *const *paths, size_t n)
{
	size_t len = 0, i;

	for (i = 0; i < n && len < sizeof(in->name); i++) {
		const char *base = strrchr(paths[i], '/');

		len += (size_t)snprintf(in->name + len, sizeof(in->name) - len, "%s%s",
					i ? " + " : "",
					!strcmp(paths[i], "-") ? "(stdin)" :
					base		       ? base + 1 :
								 paths[i]);
	}
}

static int open_trace(const struct replay_opts *o, const struct judge_opts *jo, char *const *paths,
		      size_t n, struct tui_trace *t, struct input *in)
{
	struct scope_options so = { 0 };
	int status;

	status = evidence_open(&in->evidence, paths, n, EVIDENCE_FOLLOW);
	if (status)
		return status;
	t->src = in->evidence.src;
	if (strcmp(paths[0], "-") && asprintf(&in->marks, "%s.marks", paths[0]) < 0)
		in->marks = NULL;
	name_all(in, paths, n);
	so.path = n == 1 && strcmp(paths[0], "-") ? paths[0] : in->name;
	so.marks_path = in->marks;
	so.glyphs = (enum scope_glyphs)o->graph;
	so.time = (enum time_base)o->reader.time;
	so.bytes = o->bytes;
	so.judge = jo;
	so.binds = o->scope.bind;
	so.n_binds = o->scope.n_binds;
	t->scope = scope_create(&so);
	if (!t->scope)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	status = evidence_say_clocks(&in->evidence);
	if (status)
		return status;
	t->status.clock = in->evidence.view.clock;
	t->status.clock_bound_ns = in->evidence.view.bound_ns;
	scope_set_clock_bound(t->scope, evidence_join_bound_ns(&in->evidence));
	plan(o, in);
	t->at_end = in->at_end;
	return 0;
}

static int run_script(const struct replay_opts *o, struct tui_trace *t)
{
	char err[TUI_ERR_LEN];
	FILE *f = strcmp(o->script, "-") ? fopen(o->script, "re") : stdin;
	int rc;

	if (!f)
		return cmd_fail(EXIT_USAGE, "%s: %s", o->script, strerror(errno));
	rc = tui_script(t, f, err);
	if (f != stdin)
		fclose(f);
	return rc ? cmd_fail(EXIT_USAGE, "%s: %s", o->script, err) : EXIT_OK;
}

static int run_terminal(const struct replay_opts *o, struct tui_trace *t)
{
	struct tui_options to = {
		.trace = t,
		.color = text_use_color(o->common.color, stdout),
		.theme = &o->scope.theme,
	};
	char err[TUI_ERR_LEN];
	int rc = tui_run(&to, err);

	if (rc == -ENOTTY)
		return cmd_fail(EXIT_USAGE, "replay: %s; 'vfioscope report' prints", err);
	return rc ? cmd_fail(EXIT_BAD_FILE, "replay: %s", err) : EXIT_OK;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_opts o = { .graph = GLYPHS_BLOCK, .judging.command = "replay" };
	struct judge_opts jo;
	struct tui_trace trace = { 0 };
	struct time_window window;
	struct input in = { 0 };
	int first, status, i;

	first = cmd_parse(&command_replay, argc, argv, &o, &status);
	if (first < 0)
		goto out;
	/* A mistyped time is told before anything is read. */
	status = cmd_reader_window(&o.reader, &window);
	if (!status && first >= argc)
		status =
			cmd_fail(EXIT_USAGE, "replay: which recording? 'vfioscope replay FILE...'");
	for (i = first; !status && i < argc; i++)
		if (o.script && !strcmp(o.script, "-") && !strcmp(argv[i], "-"))
			status = cmd_fail(
				EXIT_USAGE,
				"replay: script and recording cannot both be standard input");
	if (!status)
		status = cmd_judging_options(&o.judging, &jo);
	/* What a script shows is the same for everybody. */
	if (!status && (o.config || !o.script))
		status = scope_config_read(&o.scope, o.config);
	if (status)
		goto out;
	status = open_trace(&o, &jo, argv + first, (size_t)(argc - first), &trace, &in);
	if (!status)
		status = o.script ? run_script(&o, &trace) : run_terminal(&o, &trace);
	/* What could be read was shown, with the reason; scripts see it, too. */
	if (!status && trace.status.error && trace.status.error[0])
		status = cmd_fail(EXIT_BAD_FILE, "%s", trace.status.error);
out:
	scope_destroy(trace.scope);
	evidence_close(&in.evidence);
	free(in.marks);
	cmd_judging_free(&o.judging);
	return status;
}

const struct command command_replay = {
	.name = "replay",
	.summary = "The scope on recordings, or on a stream from another host",
	.args = "FILE...",
	.text = "FILE is a recording, or '-' for a stream on standard input; keys then come from\n"
		"the terminal. Several are shown as one, on one clock: those of one boot share\n"
		"theirs, those of several hosts meet by their wall clocks. ? shows all keys. A\n"
		"mark is kept in the first FILE.marks, the recording stays as it is.",
	.examples = "  vfioscope replay vfioscope-node7-20260102T030405Z.vfs\n"
		    "  vfioscope replay source.vfs destination.vfs\n"
		    "  ssh node7 vfioscope record -o - | vfioscope replay -",
	.opts = opts,
	.run = cmd_replay,
};
