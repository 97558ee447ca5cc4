// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - what leaves the scope: marks, screens, reports, events
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/output.h"
#include "tui/internal.h"

/* ---- files ---- */

/* What is being written, and its name. */
struct out {
	struct output *output;
	FILE *f;
	char path[512];
};

/* An existing file is replaced only where that was said, with a '!'; a recording never. */
static int out_open(struct scope *s, const char *arg, const char *suffix, struct out *o)
{
	unsigned int flags = OUTPUT_DEVICE | (s->force ? OUTPUT_REPLACE : 0);
	char err[OUTPUT_ERR_LEN];
	int ret;

	if (arg && *arg) {
		snprintf(o->path, sizeof(o->path), "%s", arg);
		ret = output_open(&o->output, o->path, flags, err);
		if (ret == -EEXIST)
			snprintf(err, sizeof(err),
				 "%.400s exists; with a '!' behind the command it is replaced",
				 o->path);
	} else {
		do {
			snprintf(o->path, sizeof(o->path), "vfioscope-%u%s", ++s->saved, suffix);
			ret = output_open(&o->output, o->path, 0, err);
		} while (ret == -EEXIST && s->saved < 10000);
	}
	if (ret) {
		scope_say(s, true, "%s", err);
		return -EINVAL;
	}
	o->f = output_stream(o->output);
	if (o->f)
		return 0;
	scope_say(s, true, "%s: %s", o->path, strerror(errno));
	output_close(o->output);
	return -EINVAL;
}

static int out_close(struct scope *s, struct out *o, int err, const char *what)
{
	int cause;
	bool bad = !output_stream_end(o->f, &cause);

	/* That a write failed is not yet why. */
	if (bad && (!err || err == -EIO))
		err = -cause;
	if (!err && !bad)
		err = output_publish(o->output);
	output_close(o->output);
	if (!err && !bad) {
		scope_say(s, false, "%s: %s", what, o->path);
		return 0;
	}
	scope_say(s, true, "%s: %s", o->path, err ? strerror(-err) : "could not be written");
	return -EINVAL;
}

int scope_save_screen(struct scope *s, const char *arg)
{
	struct out o;

	if (out_open(s, arg, ".txt", &o))
		return -EINVAL;
	/* What one sees, not what was said of the last one. */
	s->message[0] = '\0';
	cells_print(scope_draw(s), o.f);
	return out_close(s, &o, 0, "screen");
}

/* What each cell of the screen is about, as a map of letters; for goldens and pictures. */
int scope_save_roles(struct scope *s, const char *arg)
{
	struct out o;

	if (out_open(s, arg, ".roles", &o))
		return -EINVAL;
	s->message[0] = '\0';
	cells_print_roles(scope_draw(s), o.f);
	return out_close(s, &o, 0, "roles");
}

/* The model of the cursor, of the migration on the screen, when there is one. */
int scope_write_report(struct scope *s, const char *arg)
{
	struct view_options v = { .time = s->opt.time, .bytes = s->opt.bytes };
	struct view_evidence t;
	struct view_file file;
	struct model *m;
	const struct migration *g;
	struct out o;

	scope_settle(s);
	m = scope_model(s);
	if (!m)
		return -EINVAL;
	if (out_open(s, arg, ".report.txt", &o))
		return -EINVAL;
	scope_evidence(s, m, &t, &file);
	/* The judge has seen all of it: it has no say in the middle. */
	if (s->cursor == store_count(s->store))
		t.judge = s->judged ? s->judge : NULL;
	g = scope_migration(s, m);
	if (g)
		v.migration = g->id;
	report_text(o.f, &t, &v);
	return out_close(s, &o, 0, "report");
}

int scope_export_view(struct scope *s, const char *arg)
{
	struct view_options v = { 0 };
	struct event_context ctx;
	uint64_t n, end, written = 0;
	struct model *m = NULL;
	struct ndjson *j = NULL;
	struct event ev;
	char what[64];
	struct out o;
	int err = 0;

	scope_settle(s);
	if (out_open(s, arg, ".ndjson", &o))
		return -EINVAL;
	n = s->from_ns ? store_position(s->store, s->from_ns - 1) : 0;
	end = store_position(s->store, s->to_ns);
	m = store_model_at(s->store, n);
	m = m ? model_clone(m) : NULL;
	j = ndjson_create(o.f, &v, store_model(s->store));
	if (!m || !j)
		err = -ENOMEM;
	for (; !err && n < end && store_get(s->store, n, &ev); n++) {
		err = model_feed(m, &ev, &ctx);
		if (err || (s->filter.n && !match_event(&s->filter, &ev, scope_ask(s))))
			continue;
		err = ndjson_event(j, m, &ev, &ctx);
		written += event_kind_is_public(ev.kind);
	}
	if (!err)
		err = ndjson_finish(j);
	ndjson_destroy(j);
	model_destroy(m);
	snprintf(what, sizeof(what), "%" PRIu64 " events in view", written);
	return out_close(s, &o, err, what);
}
