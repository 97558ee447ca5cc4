// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - what leaves the scope: marks, screens, reports, events
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
	uint64_t t;
	FILE *f;

	if (!s->opt.marks_path)
		return;
	f = fopen(s->opt.marks_path, "re");
	if (!f)
		return;
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

int scope_mark_here(struct scope *s, const char *text)
{
	char safe[TEXT_SAFE_LEN(EVENT_TEXT_LEN)];
	FILE *f;
	int err;

	if (s->opt.live && s->opt.mark) {
		err = s->opt.mark(s->opt.arg, text);
		scope_say(s, err, err ? "the mark could not be recorded: %s" : "marked%s%s",
			  err ? strerror(-err) : *text ? ": " : "", err ? "" : text);
		return err;
	}
	if (!store_count(s->store))
		return 0;
	text_safe(safe, sizeof(safe), text, EVENT_TEXT_LEN);
	if (s->opt.marks_path) {
		f = fopen(s->opt.marks_path, "ae");
		if (!f) {
			scope_say(s, true, "%s: %s", s->opt.marks_path, strerror(errno));
			return -EINVAL;
		}
		if (ftell(f) == 0)
			fputs("# marks of vfioscope: CLOCK_MONOTONIC nanoseconds, text\n", f);
		fprintf(f, "%" PRIu64 " %s\n", s->cursor_ns, safe);
		if (fclose(f)) {
			scope_say(s, true, "%s: %s", s->opt.marks_path, strerror(errno));
			return -EINVAL;
		}
	}
	err = mark_keep(s, s->cursor_ns, safe);
	if (err)
		scope_say(s, true, "no room for another mark");
	else
		scope_say(s, false, s->opt.marks_path ? "marked, in %s" :
			  "marked, for as long as this runs%s", s->opt.marks_path ?: "");
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

static FILE *out_open(struct scope *s, const char *arg, const char *suffix, char *path, size_t size)
{
	FILE *f;

	if (arg && *arg) {
		snprintf(path, size, "%s", arg);
		f = fopen(path, "we");
	} else {
		/* Never over what is there. */
		do {
			snprintf(path, size, "vfioscope-%u%s", ++s->saved, suffix);
			f = fopen(path, "wxe");
		} while (!f && errno == EEXIST && s->saved < 10000);
	}
	if (!f)
		scope_say(s, true, "%s: %s", path, strerror(errno));
	return f;
}

static int out_close(struct scope *s, FILE *f, const char *path, const char *what)
{
	bool bad = ferror(f);

	if (fclose(f) || bad) {
		scope_say(s, true, "%s: could not be written", path);
		return -EINVAL;
	}
	scope_say(s, false, "%s: %s", what, path);
	return 0;
}

int scope_save_screen(struct scope *s, const char *arg)
{
	char path[512];
	FILE *f = out_open(s, arg, ".txt", path, sizeof(path));

	if (!f)
		return -EINVAL;
	/* What one sees, not what was said of the last one. */
	s->message[0] = '\0';
	cells_print(scope_draw(s), f);
	return out_close(s, f, path, "screen");
}

/* What each cell of the screen is about, as a map of letters; for goldens and pictures. */
int scope_save_roles(struct scope *s, const char *arg)
{
	char path[512];
	FILE *f = out_open(s, arg, ".roles", path, sizeof(path));

	if (!f)
		return -EINVAL;
	s->message[0] = '\0';
	cells_print_roles(scope_draw(s), f);
	return out_close(s, f, path, "roles");
}

/* The model of the cursor, of the migration on the screen, when there is one. */
int scope_write_report(struct scope *s, const char *arg)
{
	struct view_options v = { .time = s->opt.time, .bytes = s->opt.bytes };
	struct view_evidence t;
	struct view_file file;
	struct model *m;
	const struct session *g;
	char path[512];
	FILE *f;

	scope_settle(s);
	m = scope_model(s);
	if (!m)
		return -EINVAL;
	f = out_open(s, arg, ".report.txt", path, sizeof(path));
	if (!f)
		return -EINVAL;
	view_one_file(&t, &file, m, s->opt.path ?: "live", s->status.meta,
		      s->status.has_health ? &s->status.health : NULL);
	/* The judge has seen all of it: it has no say in the middle. */
	if (s->cursor == store_count(s->store))
		t.judge = insight_judge(s->insight);
	g = scope_migration(s, m);
	if (g)
		v.migration = g->id;
	report_text(f, &t, &v);
	return out_close(s, f, path, "report");
}

int scope_export_view(struct scope *s, const char *arg)
{
	struct view_options v = { 0 };
	struct event_context ctx;
	uint64_t n, end, written = 0;
	struct model *m = NULL;
	struct ndjson *j = NULL;
	struct event ev;
	char path[512], what[64];
	int err = 0;
	FILE *f;

	scope_settle(s);
	f = out_open(s, arg, ".ndjson", path, sizeof(path));
	if (!f)
		return -EINVAL;
	n = s->from_ns ? store_position(s->store, s->from_ns - 1) : 0;
	end = store_position(s->store, s->to_ns);
	m = store_model_at(s->store, n);
	m = m ? model_clone(m) : NULL;
	j = ndjson_create(f, &v);
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
	if (err) {
		fclose(f);
		scope_say(s, true, "%s: %s", path, strerror(-err));
		return -EINVAL;
	}
	snprintf(what, sizeof(what), "%" PRIu64 " events in view", written);
	return out_close(s, f, path, what);
}
