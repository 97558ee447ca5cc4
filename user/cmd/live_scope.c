// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/live_scope.h"

#include <errno.h>
#include <string.h>

#include "cmd/keep.h"
#include "cmd/watch.h"
#include "recording/fold.h"
#include "tui/tui.h"
#include "util/mono.h"

struct live_scope {
	struct event_sink sink; /* the end: the scope */
	struct scope *scope;
	struct capture *capture;
	struct event_source *src;
	struct keep *keep;	  /* or NULL */
	struct fold *fold;	  /* or NULL */
	struct event_sink *first; /* where the capture's events go */
};

static int scope_put(struct event_sink *sink, const struct event *ev)
{
	struct live_scope *l = (struct live_scope *)sink;

	return scope_feed(l->scope, ev);
}

static int tick(void *arg, uint64_t now_ns, struct scope_status *st)
{
	struct live_scope *l = arg;
	struct recording_writer_stats written;
	int err = l->fold ? fold_tick(l->fold, now_ns) : 0;

	cmd_watch_let_go(l->capture);
	if (l->keep) {
		keep_tick(l->keep, now_ns);
		st->recording = !keep_error(l->keep);
		keep_stats(l->keep, &written);
		st->recorded_bytes = written.bytes;
		st->error = keep_error(l->keep);
	}
	return err;
}

/* A mark is an event like any other: it goes the same way. */
static int mark(void *arg, const char *text)
{
	struct live_scope *l = arg;
	struct event ev = { .kind = EV_MARK };

	ev.t_ns = mono_ns();
	strncpy(ev.mark.text, text, sizeof(ev.mark.text) - 1);
	return l->first->put(l->first, &ev);
}

/* What happened before the end belongs to the evidence. */
static int finish(struct live_scope *l)
{
	struct event ev;
	int n, err;

	capture_stop(l->capture);
	while ((n = l->src->ops->next(l->src, &ev, 0)) > 0) {
		err = l->first->put(l->first, &ev);
		if (err)
			return err;
	}
	/* An END would say that nothing is missing. */
	if (n != -ENODATA)
		return n < 0 ? n : -EIO;
	err = 0;
	if (l->fold)
		err = fold_flush(l->fold);
	if (!err && l->keep)
		err = keep_end(l->keep);
	return err;
}

int live_scope(const struct live_scope_opts *o, struct capture *capture)
{
	struct live_scope l = { .sink.put = scope_put, .capture = capture };
	struct scope_options so = {
		.live = true,
		.glyphs = (enum scope_glyphs)o->graph,
		.time = (enum time_base)o->time,
		.bytes = o->bytes,
		.judge = o->judge,
		.binds = o->config->bind,
		.n_binds = o->config->n_binds,
		.mark = mark,
		.arg = &l,
	};
	struct tui_trace trace = { 0 };
	struct tui_options to = {
		.trace = &trace,
		.color = o->color,
		.theme = &o->config->theme,
		.signal = &cmd_watch_signal,
		.duration_ns = o->duration,
	};
	char err[TUI_ERR_LEN];
	int status = EXIT_OK, rc;

	l.src = capture_source(capture);
	l.first = &l.sink;
	l.scope = scope_create(&so);
	if (!l.scope)
		return cmd_fail(EXIT_NO_ATTACH, "out of memory");
	if (o->record) {
		status = keep_open(&l.keep,
				   &(struct keep_opts){
					   .path = o->record,
					   .force = o->force,
					   .watch = o->watch,
					   .src = l.src,
					   .next = l.first,
					   .argc = o->argc,
					   .command = o->argc,
					   .argv = o->argv,
					   .cancel = &cmd_watch_signal,
				   });
		if (status)
			goto out;
		l.first = keep_sink(l.keep);
	}
	if (!o->watch->no_fold) {
		if (fold_open(&l.fold, l.first, 0)) {
			status = cmd_fail(EXIT_NO_ATTACH, "out of memory");
			goto out;
		}
		l.first = fold_sink(l.fold);
	}
	cmd_watch_settle(false, false);
	trace.scope = l.scope;
	trace.src = l.src;
	trace.sink = l.first;
	trace.tick = tick;
	trace.arg = &l;
	rc = tui_run(&to, err);
	if (rc == -ENOTTY && !l.keep) {
		cmd_note("%s: printing lines instead", err);
		status = -1;
		goto out;
	}
	if (rc)
		status = cmd_fail(EXIT_NO_ATTACH, "%s", err);
	rc = finish(&l);
	if (l.keep && keep_error(l.keep))
		status = cmd_fail(EXIT_BAD_FILE, "%s", keep_error(l.keep));
	else if (rc)
		status = cmd_fail(EXIT_NO_ATTACH, "%s", strerror(-rc));
	else if (l.keep)
		cmd_note("recorded to %s", o->record);
out:
	fold_close(l.fold);
	keep_close(l.keep);
	scope_destroy(l.scope);
	return status;
}
