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

/* ---- marks ---- */

static int mark_keep(struct scope *s, uint64_t t_ns, const char *text)
{
	struct scope_mark *marks;

	if (s->n_marks == MARKS_MAX)
		return -ENOSPC;
	marks = realloc(s->marks, (s->n_marks + 1) * sizeof(*marks));
	if (!marks)
		return -ENOMEM;
	s->marks = marks;
	marks[s->n_marks].t_ns = t_ns;
	snprintf(marks[s->n_marks].text, EVENT_TEXT_LEN, "%s", text);
	s->n_marks++;
	return 0;
}

/* FILE.marks: one line a mark, "NANOSECONDS TEXT"; lines with # are comments. */
void scope_marks_load(struct scope *s)
{
	char line[512], *text;
	struct stat st;
	uint64_t t;
	FILE *f;
	int fd;

	if (!s->opt.marks_path)
		return;
	/* somebody else may have put a FIFO there */
	fd = open(s->opt.marks_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	f = !fstat(fd, &st) && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	if (!f) {
		close(fd);
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		t = strtoull(line, &text, 10);
		if (text == line)
			continue;
		if (mark_keep(s, t, *text == ' ' ? text + 1 : text))
			break;
	}
	fclose(f);
}

static int mark_write(struct scope *s, const char *text)
{
	char err[OUTPUT_ERR_LEN];
	int fd = output_append(s->opt.marks_path, err);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "a");
	long before;

	if (fd < 0) {
		scope_say(s, true, "%s", err);
		return -EINVAL;
	}
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	fseek(f, 0, SEEK_END);
	before = ftell(f);
	if (!before)
		fputs("# marks of vfioscope: CLOCK_MONOTONIC nanoseconds, text\n", f);
	fprintf(f, "%" PRIu64 " %s\n", s->cursor_ns, text);
	if (fflush(f)) {
		scope_say(s, true, "%s: %s", s->opt.marks_path, strerror(errno));
		/* half a line would swallow the next mark */
		if (before < 0 || ftruncate(fd, before))
			before = -1;
		fclose(f);
		return -EINVAL;
	}
	return fclose(f) ? -EINVAL : 0;
}

int scope_mark_here(struct scope *s, const char *text)
{
	char safe[TEXT_SAFE_LEN(EVENT_TEXT_LEN)];
	int err;

	if (s->opt.live && s->opt.mark) {
		err = s->opt.mark(s->opt.arg, text);
		scope_say(s, err, err ? "the mark could not be recorded: %s" : "marked%s%s",
			  err	? strerror(-err) :
			  *text ? ": " :
				  "",
			  err ? "" : text);
		return err;
	}
	if (!store_count(s->store))
		return 0;
	text_safe(safe, sizeof(safe), text, EVENT_TEXT_LEN);
	if (s->opt.marks_path) {
		err = mark_write(s, safe);
		if (err)
			return err;
	}
	err = mark_keep(s, s->cursor_ns, safe);
	if (err)
		scope_say(s, true, "no room for another mark");
	else
		scope_say(s, false,
			  s->opt.marks_path ? "marked, in %s" :
					      "marked, for as long as this runs%s",
			  s->opt.marks_path ?: "");
	return err ? -EINVAL : 0;
}

static uint64_t next_mark(struct scope *s, uint64_t after)
{
	uint64_t best = UINT64_MAX;
	struct event ev;
	uint64_t n, first, last, count = store_count(s->store);
	size_t i;

	for (i = 0; i < s->n_marks; i++)
		if (s->marks[i].t_ns > after && s->marks[i].t_ns < best)
			best = s->marks[i].t_ns;
	/* Those that the recorder took into the evidence. */
	for (n = store_position(s->store, after); n < count; n++) {
		if (!store_chunk_may_have(s->store, n, 1ULL << EV_MARK, false, &first, &last)) {
			n = last;
			continue;
		}
		if (store_get(s->store, n, &ev) && ev.kind == EV_MARK &&
		    event_end_ns(&ev) > after) {
			if (event_end_ns(&ev) < best)
				best = event_end_ns(&ev);
			break;
		}
	}
	return best;
}

void scope_next_mark(struct scope *s)
{
	uint64_t t = next_mark(s, s->cursor_ns);
	size_t i;

	if (t == UINT64_MAX)
		t = next_mark(s, 0);
	if (t == UINT64_MAX) {
		scope_say(s, false, "no mark yet; m makes one");
		return;
	}
	scope_seek_time(s, t);
	for (i = 0; i < s->n_marks; i++)
		if (s->marks[i].t_ns == t)
			scope_say(s, false, "mark: %s", s->marks[i].text);
}

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
	bool bad = ferror(o->f);

	bad |= fclose(o->f) != 0;
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
	view_one_file(&t, &file, m, s->opt.path ?: "live", s->status.meta,
		      s->status.has_health ? &s->status.health : NULL);
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
		if (err || (s->filter.n && !match_event(&s->filter, &ev, m, scope_line_of, s)))
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
