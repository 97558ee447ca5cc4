// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/traces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_trace(const char *path, struct trace *t, const struct trace *before,
		      const struct judge_opts *opts, const struct time_window *window)
{
	bool over = false;
	struct event_context ctx;
	struct event ev;
	int err;

	err = cmd_open(path, &t->src);
	if (err)
		return err;
	t->model = model_create();
	t->judge = judge_create(opts);
	if (!t->model || !t->judge)
		return cmd_fail(EXIT_BAD_FILE, "%s: out of memory", path);
	if (before)
		model_comes_after(t->model, before->model);
	while ((err = t->src->ops->next(t->src, &ev, -1)) > 0) {
		/*
		 * The first event tells when the trace began, so it is inside or
		 * nothing is.  Beyond the window only damage is still of interest.
		 */
		if (window && !over && event_kind_is_public(ev.kind))
			over = time_window_is_over(window, t->model, &ev);
		if (over)
			continue;
		err = model_feed(t->model, &ev, &ctx);
		if (!err)
			err = judge_feed(t->judge, t->model, &ev, &ctx);
		if (!err && t->trends)
			err = trends_event(t->trends, t->model, &ev, &ctx);
		if (err)
			return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, strerror(-err));
	}
	if (err != -ENODATA)
		return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, t->src->ops->error(t->src));
	t->src->ops->health(t->src, &t->health);
	cmd_note_trailing(path, &t->health);
	return 0;
}

static bool has_hole(const struct trace *t)
{
	return model_loss(t->model)->places || t->health.bytes_skipped ||
	       t->health.frames_damaged || !t->health.ended;
}

/* What can be said only when all are known. */
static int judge_all(struct traces *ts)
{
	uint64_t completed = 0;
	uint32_t migrations = 0, id;
	bool hole = false;
	int err = 0;
	size_t i;

	for (i = 0; i < ts->n; i++)
		migrations += model_sessions(ts->t[i].model);
	for (i = 0; i < ts->n && !err; i++) {
		struct trace *t = &ts->t[i];
		struct judge_evidence e = {
			.health = &t->health, .meta = t->src->ops->meta(t->src),
			/* One of several empty traces says that there is none. */
			.migrations_elsewhere = migrations || i,
		};

		err = judge_finish(t->judge, t->model, &e);
		for (id = 1; id <= model_sessions(t->model); id++)
			completed += model_session(t->model, id)->outcome == OUTCOME_COMPLETED;
		hole |= has_hole(t);
	}
	if (!err)
		err = judge_expectation(ts->t[0].judge, completed, hole);
	return err ? cmd_fail(EXIT_BAD_FILE, "%s", strerror(-err)) : 0;
}

int traces_read(struct traces *ts, char **paths, int n, const struct judge_opts *opts,
		const struct time_window *window)
{
	int err;

	ts->t = calloc(n, sizeof(*ts->t));
	ts->view = calloc(n, sizeof(*ts->view));
	if (!ts->t || !ts->view)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	for (ts->n = 0; ts->n < (size_t)n; ) {
		struct trace *t = &ts->t[ts->n];
		struct view_trace *v = &ts->view[ts->n];

		if (ts->with_trends && !(t->trends = trends_create()))
			return cmd_fail(EXIT_BAD_FILE, "out of memory");
		err = read_trace(paths[ts->n++], t, t > ts->t ? t - 1 : NULL, opts, window);
		if (err)
			return err;
		v->path = paths[ts->n - 1];
		v->meta = t->src->ops->meta(t->src);
		v->health = &t->health;
		v->model = t->model;
		v->judge = t->judge;
		v->trends = t->trends;
	}
	return judge_all(ts);
}

void traces_close(struct traces *ts)
{
	size_t i;

	for (i = 0; ts->t && i < ts->n; i++) {
		trends_destroy(ts->t[i].trends);
		judge_destroy(ts->t[i].judge);
		model_destroy(ts->t[i].model);
		if (ts->t[i].src)
			ts->t[i].src->ops->close(ts->t[i].src);
	}
	free(ts->t);
	free(ts->view);
}
