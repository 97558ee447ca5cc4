// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/live_once.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "judge/judge.h"
#include "view/view.h"

struct live_once {
	struct event_sink sink;
	struct event_source *src;
	struct view_options view;
	/* text: */
	struct scope *scope;
	/* JSON: */
	struct model *model;
	struct judge *judge;
};

static int put(struct event_sink *sink, const struct event *ev)
{
	struct live_once *o = (struct live_once *)sink;
	struct event_context ctx;
	int err;

	if (o->scope)
		return scope_feed(o->scope, ev);
	err = model_feed(o->model, ev, &ctx);
	return err ?: judge_feed(o->judge, o->model, ev, &ctx);
}

struct live_once *live_once_create(const struct scope_options *so, struct event_source *src,
				   bool json)
{
	struct live_once *o = calloc(1, sizeof(*o));
	struct scope_options opt = *so;

	if (!o)
		return NULL;
	o->sink.put = put;
	o->src = src;
	o->view.bytes = so->bytes;
	o->view.time = so->time;
	if (json) {
		o->model = model_create();
		o->judge = judge_create(so->judge);
	} else {
		setlocale(LC_CTYPE, "");
		if (strcmp(nl_langinfo(CODESET), "UTF-8"))
			opt.glyphs = GLYPHS_ASCII;
		o->scope = scope_create(&opt);
	}
	if (!o->scope && !(o->model && o->judge)) {
		live_once_destroy(o);
		return NULL;
	}
	return o;
}

void live_once_destroy(struct live_once *o)
{
	if (!o)
		return;
	scope_destroy(o->scope);
	judge_destroy(o->judge);
	model_destroy(o->model);
	free(o);
}

struct event_sink *live_once_sink(struct live_once *o)
{
	return &o->sink;
}

static int print_json(struct live_once *o, const struct source_health *health, FILE *f)
{
	struct judge_evidence e = { .health = health, .meta = o->src->ops->meta(o->src) };
	struct view_evidence t;
	struct view_file file;
	int err = judge_finish(o->judge, o->model, &e);

	view_one_file(&t, &file, o->model, "live", e.meta, health);
	t.judge = o->judge;
	if (!err)
		report_json(f, &t, &o->view);
	return err;
}

static int print_screen(struct live_once *o, const struct source_health *health, uint64_t now_ns,
			FILE *f)
{
	struct scope_status st = { .meta = o->src->ops->meta(o->src),
				   .health = *health,
				   .has_health = true };
	struct winsize w = { 0 };
	struct cells shown;

	if (ioctl(fileno(f), TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col) {
		w.ws_row = 40;
		w.ws_col = 120;
	}
	scope_resize(o->scope, w.ws_row, w.ws_col);
	scope_set_status(o->scope, &st);
	scope_tick(o->scope, now_ns);
	/* Nobody types: the row of keys at the bottom stays away. */
	shown = *scope_draw(o->scope);
	shown.rows--;
	cells_print(&shown, f);
	return 0;
}

int live_once_print(struct live_once *o, uint64_t now_ns, FILE *f)
{
	struct source_health health;

	o->src->ops->health(o->src, &health);
	if (o->scope)
		return print_screen(o, &health, now_ns, f);
	return print_json(o, &health, f);
}
