// SPDX-License-Identifier: GPL-2.0-only
/*
 * live.c - this machine's migrations as they happen: the scope at a terminal,
 * else one line per event
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd/judging.h"
#include "cmd/keep.h"
#include "cmd/live_once.h"
#include "cmd/live_scope.h"
#include "cmd/scope_config.h"
#include "cmd/watch.h"
#include "recording/fold.h"
#include "util/mono.h"

struct live_opts {
	struct cmd_common common;
	struct cmd_watch watch;
	struct cmd_judging judging;
	bool once;
	int format;
	int time, graph;
	bool bytes, force;
	const char *record, *config;
	struct scope_config scope;
	uint64_t duration;
};

enum { FORMAT_AUTO, FORMAT_TEXT, FORMAT_JSON };
static const char *const formats[] = { "auto", "text", "json", NULL };

/* How long --once looks on: a migration under way shows its trend in that. */
#define ONCE_NS 1000000000ULL

static const struct opt live_opts[] = {
	{ 0, "once", OPT_FLAG, OPT_AT(struct live_opts, once),
	  .help = "look on for a second (or --duration), print one snapshot, and end" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct live_opts, format), .values = formats,
	  .help = "the scope at a terminal (auto), lines for people, or NDJSON; of --once: the screen, or report's JSON" },
	{ 0, "record", OPT_STRING, OPT_AT(struct live_opts, record), .arg = "FILE",
	  .help = "keep the evidence in FILE, marks included" },
	{ 'f', "force", OPT_FLAG, OPT_AT(struct live_opts, force),
	  .help = "overwrite an existing FILE" },
	{ 0, "graph", OPT_ENUM, OPT_AT(struct live_opts, graph), .values = scope_glyphs_names,
	  .help = "what the scope's plots are drawn with" },
	{ 0, "config", OPT_STRING, OPT_AT(struct live_opts, config), .arg = "FILE",
	  .help = "the scope's keys and colours (~/.config/vfioscope/scope.conf)" },
	{ 0, "time", OPT_ENUM, OPT_AT(struct live_opts, time), .values = time_base_names,
	  .help = "how times are shown" },
	{ 0, "bytes", OPT_FLAG, OPT_AT(struct live_opts, bytes), .help = "sizes exactly" },
	{ 0, "duration", OPT_DURATION, OPT_AT(struct live_opts, duration),
	  .help = "stop after this long" },
	OPT_TABLE(cmd_judging_opts, struct live_opts, judging),
	OPT_TABLE(cmd_watch_opts, struct live_opts, watch),
	OPT_TABLE(cmd_common_opts, struct live_opts, common),
	OPT_END,
};

/* The end of the pipe: events become lines. */
struct live {
	struct event_sink sink;
	struct model *model;
	struct lines *lines;
	struct ndjson *ndjson;
};

static int live_put(struct event_sink *sink, const struct event *ev)
{
	struct live *l = (struct live *)sink;
	struct event_context ctx;
	int err;

	err = model_feed(l->model, ev, &ctx);
	if (err)
		return err;
	if (l->ndjson)
		return ndjson_event(l->ndjson, l->model, ev, &ctx);
	return lines_event(l->lines, l->model, ev, &ctx);
}

static int run(struct live_opts *o, struct event_source *src, struct event_sink *sink,
	       struct fold *fold, struct keep *keep, struct capture *capture)
{
	uint64_t now, begin = mono_ns();
	bool stopping = false;
	struct event ev;
	int n, err = 0;

	for (;;) {
		n = src->ops->next(src, &ev, 50);
		if (n == -ENODATA && stopping)
			return fold ? fold_flush(fold) : 0;
		if (n < 0)
			return n;
		if (n > 0) {
			err = sink->put(sink, &ev);
		} else {
			now = mono_ns();
			err = fold ? fold_tick(fold, now) : 0;
			if (keep)
				keep_tick(keep, now);
			fflush(stdout);
		}
		/* Whatever the view calls it: who closes stdout says what is wrong with it. */
		if (ferror(stdout))
			return -EPIPE;
		if (err)
			return err;
		if (!stopping &&
		    (cmd_watch_signal || (o->duration && mono_ns() - begin >= o->duration))) {
			capture_stop(capture);
			stopping = true;
		}
	}
}

/* What happened before the end, for the recording alone: nobody reads the lines. */
static int drain(struct event_source *src, struct event_sink *sink, struct fold *fold,
		 struct capture *capture)
{
	struct event ev;
	int n;

	capture_stop(capture);
	while ((n = src->ops->next(src, &ev, 0)) > 0)
		sink->put(sink, &ev);
	if (fold)
		fold_flush(fold);
	/* An END would say that nothing is missing. */
	return n == -ENODATA ? 0 : n < 0 ? n : -EIO;
}

/* The scope; -1 when the terminal is none that it can use. */
static int at_terminal(const struct live_opts *o, const struct judge_opts *jo,
		       struct capture *capture, int argc, char **argv)
{
	struct live_scope_opts so = {
		.record = o->record,
		.force = o->force,
		.watch = &o->watch,
		.bytes = o->bytes,
		.color = text_use_color(o->common.color, stdout),
		.time = o->time,
		.graph = o->graph,
		.duration = o->duration,
		.judge = jo,
		.config = &o->scope,
		.argc = argc,
		.argv = argv,
	};

	return live_scope(&so, capture);
}

int cmd_live(int argc, char **argv)
{
	struct live_opts o = { .judging.command = "live" };
	struct view_options view = {};
	struct scope_options so = { .live = true };
	struct live_once *once = NULL;
	struct judge_opts jo;
	struct live l = { .sink.put = live_put };
	struct event_sink *sink = &l.sink;
	struct event_source *src = NULL;
	struct capture *capture = NULL;
	struct fold *fold = NULL;
	struct keep *keep = NULL;
	char attached[400];
	int first, status, err;

	first = cmd_parse(&command_live, argc, argv, &o, &status);
	if (first < 0)
		goto out;
	if (first < argc) {
		status =
			cmd_fail(EXIT_USAGE,
				 "live: '%s': it takes no argument; 'record -- CMD' runs a command",
				 argv[first]);
		goto out;
	}
	status = cmd_judging_options(&o.judging, &jo);
	/* What is wrong there is told before anything is attached. */
	if (!status && (o.config || (!o.once && o.format == FORMAT_AUTO && isatty(STDOUT_FILENO))))
		status = scope_config_read(&o.scope, o.config);
	if (status)
		goto out;
	if (o.once && !o.duration)
		o.duration = ONCE_NS;
	cmd_watch_signals();
	view.time = o.time;
	view.bytes = o.bytes;
	view.color = text_use_color(o.common.color, stdout);
	l.model = model_create();
	if (o.format == FORMAT_JSON)
		l.ndjson = ndjson_create(stdout, &view, NULL);
	else
		l.lines = lines_create(stdout, &view);
	if (!l.model || (!l.ndjson && !l.lines)) {
		status = cmd_fail(EXIT_NO_ATTACH, "out of memory");
		goto out;
	}
	status = cmd_watch_open(&o.watch, &o.common, &capture);
	if (status)
		goto out;
	src = capture_source(capture);
	if (o.once) {
		so.glyphs = o.graph;
		so.time = o.time;
		so.bytes = o.bytes;
		so.judge = &jo;
		once = live_once_create(&so, src, o.format == FORMAT_JSON);
		if (!once) {
			status = cmd_fail(EXIT_NO_ATTACH, "out of memory");
			goto out;
		}
		sink = live_once_sink(once);
	} else if (o.format == FORMAT_AUTO && isatty(STDOUT_FILENO)) {
		status = at_terminal(&o, &jo, capture, argc, argv);
		if (status >= 0)
			goto out;
	}
	if (o.record) {
		status = keep_open(&keep, &(struct keep_opts){
						  .path = o.record,
						  .force = o.force,
						  .watch = &o.watch,
						  .src = src,
						  .next = sink,
						  .argc = argc,
						  .command = argc,
						  .argv = argv,
						  .cancel = &cmd_watch_signal,
					  });
		if (status)
			goto out;
		sink = keep_sink(keep);
	}
	if (!o.watch.no_fold) {
		err = fold_open(&fold, sink, 0);
		if (err) {
			status = cmd_fail(EXIT_NO_ATTACH, "out of memory");
			goto out;
		}
		sink = fold_sink(fold);
	}
	cmd_watch_settle(false, false);
	cmd_watch_attached(capture, attached, sizeof(attached));
	if (!once)
		cmd_note("%s, watching; Ctrl-C ends it", attached);

	err = run(&o, src, sink, fold, keep, capture);
	if (!err && once)
		err = live_once_print(once, mono_ns(), stdout);
	else if (!err && l.ndjson)
		err = ndjson_finish(l.ndjson);
	if (err && ferror(stdout))
		err = -EPIPE;
	/* The reader of the lines is gone; the evidence is whole all the same. */
	if (err == -EPIPE && keep && !drain(src, sink, fold, capture))
		keep_end(keep);
	else if (keep && !err)
		keep_end(keep);
	if (keep && keep_error(keep))
		status = cmd_fail(EXIT_BAD_FILE, "%s", keep_error(keep));
	else if (err && err != -EPIPE)
		status = cmd_fail(EXIT_NO_ATTACH, "%s",
				  src->ops->error(src)[0] ? src->ops->error(src) : strerror(-err));
	else
		status = cmd_close_output(stdout, EXIT_OK);
out:
	opt_list_free(&o.watch.inside);
	fold_close(fold);
	keep_close(keep);
	cmd_watch_close(capture);
	live_once_destroy(once);
	lines_destroy(l.lines);
	ndjson_destroy(l.ndjson);
	model_destroy(l.model);
	cmd_judging_free(&o.judging);
	return status;
}

const struct command command_live = {
	.name = "live",
	.summary = "Watch this machine's migrations as they happen",
	.text = "At a terminal it is the scope (? shows its keys); elsewhere it prints one line\n"
		"per event until a signal comes or --duration is over. --once prints one\n"
		"snapshot, at a terminal too. Budgets (--max-...) are the scope's and --once's:\n"
		"lines are not judged.",
	.opts = live_opts,
	.privileged = true,
	.run = cmd_live,
};
