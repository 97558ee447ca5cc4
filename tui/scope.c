// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope.c - the state of the scope, and how it obeys requests
 */
#define _GNU_SOURCE
#include "tui/scope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tui/internal.h"

/* Events that a search looks at between two looks at the keyboard. */
#define SEARCH_STEP	60000U

const char *const scope_glyphs_names[] = { "block", "braille", "ascii", NULL };

/* ---- what all files of the scope ask ---- */

void scope_say(struct scope *s, bool bad, const char *fmt, ...)
{
	char raw[sizeof(s->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_safe(s->message, sizeof(s->message), raw, sizeof(raw));
	s->message_bad = bad;
	s->dirty = true;
}

struct model *scope_model(struct scope *s)
{
	return store_model_at(s->store, s->cursor);
}

bool scope_device_shown(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);

	/* It is defined in front of its first event, which may be later than now. */
	return d && (d->pid || d->state != MIG_UNKNOWN);
}

const struct migration *scope_migration_of(struct model *m, uint32_t device)
{
	const struct model_device *d = model_device(m, device);
	const struct migration *g;
	uint32_t id;

	if (!d || !d->migrations)
		return NULL;
	if (d->migration)
		return model_migration(m, d->migration);
	for (id = model_migrations(m); id > 0; id--) {
		g = model_migration(m, id);
		if (g->device == device)
			return g;
	}
	return NULL;
}

const struct migration *scope_migration(struct scope *s, struct model *m)
{
	return s->device ? scope_migration_of(m, s->device) : NULL;
}

char *scope_time(struct scope *s, char buf[UNITS_LEN], uint64_t t_ns)
{
	struct view_options v = { .time = s->opt.time };

	return time_label(buf, &v, store_model(s->store), t_ns, store_first_ns(s->store),
			  s->cursor_ns);
}

char *scope_size(struct scope *s, char buf[UNITS_LEN], uint64_t bytes)
{
	return units_size(buf, bytes, s->opt.bytes);
}

const char *scope_device_name(struct model *m, uint32_t device, int width, char buf[NAME_LEN])
{
	char name[NAME_LEN];
	size_t len;

	snprintf(name, sizeof(name), "%s", device_label(buf, model_device(m, device), device));
	len = strlen(name);
	/* Only plain names can be cut by bytes; all the kernel's are. */
	if (cells_width(name) <= width || len != (size_t)cells_width(name) || width < 6) {
		memcpy(buf, name, len + 1);
		return buf;
	}
	snprintf(buf, NAME_LEN, "%.*s…%s", width / 3, name, name + len - (width - width / 3 - 1));
	return buf;
}

const char *scope_state_label(struct scope *s, const struct model_device *d,
			      char buf[UNITS_LEN])
{
	if (d->state == MIG_UNKNOWN &&
	    store_state(s->store, d->number, s->cursor_ns) == STORE_CLOSED)
		return "closed";
	return state_label(buf, d->state);
}

const char *scope_line(struct scope *s, const struct event *ev)
{
	struct view_options v = { .bytes = s->opt.bytes };
	struct event_context ctx = { 0 };
	struct model *m = store_model(s->store);
	FILE *f;

	ctx.stream = ev->stream ? model_stream(m, ev->stream) : NULL;
	ctx.device = model_device(m, ev->device ? ev->device : ctx.stream ?
				  ctx.stream->device : 0);
	free(s->line);
	s->line = NULL;
	f = open_memstream(&s->line, &s->line_size);
	if (!f)
		return "";
	lines_text(f, &v, ev, &ctx);
	if (fclose(f) || !s->line)
		return "";
	return s->line;
}

bool scope_finding(struct scope *s, size_t i, struct insight_finding *f)
{
	return insight_finding(s->insight, i, f) && f->seq <= s->cursor;
}

size_t scope_findings(struct scope *s, uint32_t device, uint32_t *worst)
{
	size_t n = 0, i, all = insight_findings(s->insight);
	struct insight_finding f;

	*worst = INSIGHT_INCONCLUSIVE + 1;
	for (i = 0; i < all; i++) {
		if (!scope_finding(s, i, &f) || f.consequence ||
		    (device && f.device != device))
			continue;
		if (f.severity < *worst)
			*worst = f.severity;
		n++;
	}
	return n;
}

bool scope_worst(struct scope *s, const struct migration *g, struct insight_finding *f)
{
	size_t i, all = insight_findings(s->insight);
	struct insight_finding one;
	bool any = false;

	for (i = 0; i < all; i++) {
		if (!scope_finding(s, i, &one) || one.consequence ||
		    one.severity > INSIGHT_WARNING)
			continue;
		if (one.migration ? one.migration != g->id :
		    one.device != g->device || one.t_ns < g->start_ns)
			continue;
		if (!any || one.severity < f->severity)
			*f = one;
		any = true;
	}
	return any;
}

const struct insight_forecast *scope_switch_forecast(const struct scope *s, uint32_t id)
{
	size_t i;

	for (i = s->n_switches; i > 0; i--)
		if (s->switches[i - 1].migration == id)
			return &s->switches[i - 1].f;
	return NULL;
}

uint64_t scope_left_at_end(const struct migration *g)
{
	uint64_t left = g->initial_last + g->dirty_last, since = g->bytes_total - g->info_moved;

	if (g->direction != DIR_SAVE || !g->ended || !g->precopy_infos ||
	    g->outcome == OUTCOME_COMPLETED)
		return MODEL_NONE;
	return left > since ? left - since : 0;
}

bool scope_is_empty(const struct scope *s)
{
	/* Clocks and names of devices are events, too, but none to look at. */
	return !store_first_ns(s->store);
}

void scope_hooks(const struct scope *s, unsigned int *attached, unsigned int *all)
{
	const struct meta *meta = s->status.meta;
	char method[32], rest[8];
	size_t i;

	*attached = *all = 0;
	for (i = 0; meta && i < meta->n; i++) {
		if (strcmp(meta->entries[i].key, "hook"))
			continue;
		(*all)++;
		/* "MODULE FUNCTION KIND METHOD ok ..." */
		if (sscanf(meta->entries[i].value, "%*s %*s %*s %31s %7s", method, rest) >= 1 &&
		    strcmp(method, "none"))
			(*attached)++;
	}
}

/* ---- moving the cursor ---- */

static void at_end(struct scope *s)
{
	s->cursor = store_count(s->store);
	s->cursor_ns = store_last_ns(s->store);
	if (s->opt.live && s->follow && s->now_ns > s->cursor_ns)
		s->cursor_ns = s->now_ns;
}

void scope_seek_event(struct scope *s, uint64_t n)
{
	if (n > store_count(s->store))
		n = store_count(s->store);
	s->follow = false;
	s->cursor = n;
	s->cursor_ns = store_time(s->store, n);
	s->dirty = true;
}

void scope_seek_time(struct scope *s, uint64_t t_ns)
{
	uint64_t first = store_first_ns(s->store), last = store_last_ns(s->store);

	if (t_ns < first)
		t_ns = first;
	if (t_ns > last)
		t_ns = last;
	s->follow = false;
	s->cursor = store_position(s->store, t_ns);
	s->cursor_ns = t_ns;
	s->dirty = true;
}

/* The line of the event that the cursor stands behind. */
static bool current_row(struct scope *s, struct log_row *row)
{
	uint64_t budget = SEARCH_STEP;

	if (!s->cursor)
		return false;
	return log_prev(s, s->cursor, row, &budget);
}

static void step_event(struct scope *s, int dir)
{
	uint64_t budget = SEARCH_STEP * 4;
	struct log_row row;

	if (dir > 0) {
		if (log_next(s, s->cursor, &row, &budget))
			scope_seek_event(s, row.last + 1);
		else
			scope_say(s, false, budget ? "no event line behind this one" :
				  "none near by; n searches on");
		return;
	}
	/* Stand behind the line before the current one. */
	if (!current_row(s, &row) || !row.first) {
		scope_seek_event(s, 0);
		return;
	}
	if (row.last + 1 < s->cursor)
		scope_seek_event(s, row.last + 1);
	else if (log_prev(s, row.first, &row, &budget))
		scope_seek_event(s, row.last + 1);
	else if (budget)
		scope_seek_event(s, 0);
}

static void step_moment(struct scope *s, enum store_moment list, int dir)
{
	uint64_t n = store_moment(s->store, list, s->cursor, dir, 0);

	if (n == UINT64_MAX)
		scope_say(s, false, "no %s %s", list == MOMENT_ARC ? "arc" : "begin or end of a migration",
			  dir > 0 ? "after this" : "before this");
	else
		scope_seek_event(s, n);
}

/* ---- axis and selection ---- */

/* How much a migration wants to be looked at, of those around the newest one. */
static int weight(const struct migration *g)
{
	if (g->direction == DIR_SAVE)
		return g->ended ? 2 : 3;
	return g->ended ? 0 : 1;
}

/*
 * The device that a newcomer should look at: one that leaves, also when it has
 * left and its destination still loads; else one that arrives.
 */
static uint32_t choose_device(struct scope *s, struct model *m)
{
	const struct migration *g, *newest, *best;
	uint32_t i, n = model_migrations(m);

	newest = best = n ? model_migration(m, n) : NULL;
	/* Older ones than this say nothing about now. */
	for (i = n; i > 0 && n - i < 64; i--) {
		g = model_migration(m, i);
		if (g->ended && g->end_ns < newest->start_ns)
			continue;
		if (weight(g) > weight(best))
			best = g;
	}
	if (best)
		return best->device;
	if (s->device && scope_device_shown(m, s->device))
		return s->device;
	for (i = 1; i <= model_devices_max(m); i++)
		if (scope_device_shown(m, i))
			return i;
	return 0;
}

static void fit_axis(struct scope *s, struct model *m)
{
	uint64_t first = store_first_ns(s->store), last = store_last_ns(s->store), pad;
	const struct migration *g = scope_migration(s, m);

	if (s->opt.live && s->follow && s->now_ns > last)
		last = s->now_ns;
	if (s->fit == FIT_MANUAL) {
		uint64_t width = s->to_ns - s->from_ns;

		/* The end moves: go with it. */
		if (s->follow && (s->to_ns < s->cursor_ns || s->from_ns > s->cursor_ns)) {
			s->to_ns = s->cursor_ns + width / 10;
			s->from_ns = s->to_ns - width;
		} else if (s->cursor_ns < s->from_ns || s->cursor_ns > s->to_ns) {
			s->from_ns = s->cursor_ns > width / 2 ? s->cursor_ns - width / 2 : 0;
			s->to_ns = s->from_ns + width;
		}
		return;
	}
	s->from_ns = first;
	s->to_ns = last;
	if (s->fit == FIT_MIGRATION) {
		/* As the whole trace knows it: the axis stands still while one scrubs. */
		const struct migration *all = NULL;

		if (!g)
			all = scope_migration(s, store_model(s->store));
		else if (g->id <= model_migrations(store_model(s->store)))
			all = model_migration(store_model(s->store), g->id);
		if (all) {
			s->from_ns = all->window.start_ns < all->start_ns ?
				all->window.start_ns : all->start_ns;
			s->to_ns = all->ended ? all->end_ns : last;
			pad = (s->to_ns - s->from_ns) / 40;
			s->from_ns = s->from_ns > first + pad ? s->from_ns - pad : first;
			s->to_ns = s->to_ns + pad < last ? s->to_ns + pad : last;
			/* A cursor outside of it is not to be lost. */
			if (s->cursor_ns < s->from_ns)
				s->from_ns = s->cursor_ns;
			if (s->cursor_ns > s->to_ns && !s->follow)
				s->to_ns = s->cursor_ns;
		}
	}
	if (s->to_ns <= s->from_ns)
		s->to_ns = s->from_ns + 1000;
}

void scope_settle(struct scope *s)
{
	struct model *m;

	if (s->follow)
		at_end(s);
	m = scope_model(s);
	if (!m)
		return;
	if (!s->device_pinned)
		s->device = choose_device(s, m);
	fit_axis(s, m);
}

static void zoom(struct scope *s, int dir)
{
	uint64_t width = s->to_ns - s->from_ns, at = s->cursor_ns, before;

	if (at < s->from_ns || at > s->to_ns)
		at = s->from_ns + width / 2;
	before = at - s->from_ns;
	if (dir > 0) {
		if (width < 2000) {
			scope_say(s, false, "a microsecond is the least");
			return;
		}
		width /= 2;
		before /= 2;
	} else {
		if (width > store_last_ns(s->store) - store_first_ns(s->store)) {
			s->fit = FIT_ALL;
			return;
		}
		width *= 2;
		before *= 2;
	}
	s->fit = FIT_MANUAL;
	s->from_ns = at > before ? at - before : 0;
	s->to_ns = s->from_ns + width;
}

static void pan(struct scope *s, int dir)
{
	uint64_t step = (s->to_ns - s->from_ns) / 4;

	s->fit = FIT_MANUAL;
	if (dir < 0 && s->from_ns < step)
		return;
	s->from_ns += dir < 0 ? -step : step;
	s->to_ns += dir < 0 ? -step : step;
	/* The cursor stays in sight. */
	if (s->cursor_ns < s->from_ns)
		scope_seek_time(s, s->from_ns);
	else if (s->cursor_ns > s->to_ns)
		scope_seek_time(s, s->to_ns);
}

static void step_device(struct scope *s, int dir)
{
	struct model *m = store_model(s->store);
	uint32_t max = model_devices_max(m), i, d = s->device;

	for (i = 0; i < max; i++) {
		d = dir > 0 ? d % max + 1 : (d <= 1 ? max : d - 1);
		if (model_device(m, d))
			break;
	}
	if (!max || !model_device(m, d))
		return;
	s->device = d;
	s->device_pinned = true;
}

static int select_device(struct scope *s, const char *name)
{
	struct model *m = store_model(s->store);
	uint32_t i;

	if (!*name) {
		s->device_pinned = false;
		return 0;
	}
	for (i = 1; i <= model_devices_max(m); i++) {
		const struct model_device *d = model_device(m, i);
		size_t len = d ? strlen(d->name) : 0;

		if (!d || strlen(name) > len || strcmp(d->name + len - strlen(name), name))
			continue;
		s->device = i;
		s->device_pinned = true;
		return 0;
	}
	scope_say(s, true, "no device's name ends with '%s'", name);
	return -EINVAL;
}

/* ---- search ---- */

static void search_begin(struct scope *s, int dir)
{
	if (!s->search.n) {
		scope_say(s, false, "search for what? / asks");
		return;
	}
	s->searching = true;
	s->search_dir = dir;
	s->search_at = s->cursor;
	s->search_left = store_count(s->store);
}

static const char *line_of(void *arg, const struct event *ev)
{
	return scope_line(arg, ev);
}

/* Look at some events; true: the search is over. */
static bool search_step(struct scope *s)
{
	uint64_t count = store_count(s->store), budget = SEARCH_STEP, first, last, n;
	struct event ev;

	while (budget && s->search_left) {
		budget--;
		s->search_left--;
		if (s->search_dir > 0)
			n = s->search_at < count ? s->search_at++ : UINT64_MAX;
		else
			n = s->search_at > 1 ? --s->search_at - 1 : UINT64_MAX;
		if (n == UINT64_MAX)
			break;
		if (!store_chunk_may_have(s->store, n, s->search.kinds, s->search.errors, &first,
					  &last)) {
			s->search_at = s->search_dir > 0 ? last + 1 : first + 1;
			continue;
		}
		if (!store_get(s->store, n, &ev) || !event_kind_is_public(ev.kind))
			continue;
		if (match_event(&s->search, &ev, store_model(s->store), line_of, s)) {
			scope_seek_event(s, n + 1);
			scope_say(s, false, "found: %s", scope_line(s, &ev));
			return true;
		}
	}
	if (budget || !s->search_left) {
		scope_say(s, true, "nothing %s this moment matches '%s'",
			  s->search_dir > 0 ? "after" : "before", s->search_text);
		return true;
	}
	scope_say(s, false, "searching '%s', %" PRIu64 " %% ... (Esc stops)", s->search_text,
		  s->search_dir > 0 ? s->search_at * 100 / (count + 1) :
		  100 - s->search_at * 100 / (count + 1));
	return false;
}

static int set_search(struct scope *s, const char *text)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	/* An empty one repeats the last, as in less and vi. */
	if (*text) {
		if (match_parse(&m, text, err)) {
			scope_say(s, true, "search: %s", err);
			return -EINVAL;
		}
		s->search = m;
		snprintf(s->search_text, sizeof(s->search_text), "%s", text);
	}
	search_begin(s, 1);
	return 0;
}

static int set_filter(struct scope *s, const char *text)
{
	char err[MATCH_TEXT * 2];
	struct match m;

	if (match_parse(&m, text, err)) {
		scope_say(s, true, "filter: %s", err);
		return -EINVAL;
	}
	s->filter = m;
	snprintf(s->filter_text, sizeof(s->filter_text), "%s", text);
	scope_say(s, false, m.n ? "filter: only what matches; & and Enter shows all" :
		  "filter: none");
	return 0;
}

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
static void marks_load(struct scope *s)
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

static int mark_here(struct scope *s, const char *text)
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

static void go_next_mark(struct scope *s)
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

static int save_screen(struct scope *s, const char *arg)
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
static int save_roles(struct scope *s, const char *arg)
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
static int write_report(struct scope *s, const char *arg)
{
	struct view_options v = { .time = s->opt.time, .bytes = s->opt.bytes };
	struct view_trace t = { 0 };
	const struct migration *g;
	char path[512];
	FILE *f;

	scope_settle(s);
	t.model = scope_model(s);
	if (!t.model)
		return -EINVAL;
	f = out_open(s, arg, ".report.txt", path, sizeof(path));
	if (!f)
		return -EINVAL;
	t.path = s->opt.path ?: "live";
	t.meta = s->status.meta;
	t.health = s->status.has_health ? &s->status.health : NULL;
	/* The judge has seen all of it: it has no say in the middle. */
	if (s->cursor == store_count(s->store))
		t.judge = insight_judge(s->insight);
	g = scope_migration(s, t.model);
	if (g)
		v.migration = g->id;
	report_text(f, &t, 1, &v);
	return out_close(s, f, path, "report");
}

static int export_view(struct scope *s, const char *arg)
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
		if (err || (s->filter.n && !match_event(&s->filter, &ev, m, line_of, s)))
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

/* ---- requests ---- */

static void focus(struct scope *s, enum pane p)
{
	s->focus = p;
	if (p == PANE_PROBLEMS)
		s->problem = 0;
}

static int request_pane(struct scope *s, const char *arg)
{
	int p;

	if (arg[0] >= '1' && arg[0] <= '7' && !arg[1]) {
		focus(s, PANE_FIRST + (arg[0] - '1'));
		return 0;
	}
	for (p = PANE_FIRST; p < PANE_NR; p++) {
		if (!strcmp(pane_name(p), arg)) {
			focus(s, p);
			return 0;
		}
	}
	scope_say(s, true, "panes are 1 to 7");
	return -EINVAL;
}

static void problem_step(struct scope *s, int dir)
{
	size_t shown = 0, i, all = insight_findings(s->insight);
	struct insight_finding f;

	for (i = 0; i < all; i++)
		shown += scope_finding(s, i, &f);
	if (dir > 0 && s->problem + 1 < shown)
		s->problem++;
	else if (dir < 0 && s->problem)
		s->problem--;
}

static void up_down(struct scope *s, int dir)
{
	if (s->overlay) {
		s->scroll += dir;
		if (s->scroll < 0)
			s->scroll = 0;
		return;
	}
	if (s->focus == PANE_DEVICES)
		step_device(s, dir);
	else if (s->focus == PANE_PROBLEMS)
		problem_step(s, dir);
	else
		step_event(s, dir);
}

static void page(struct scope *s, int dir)
{
	int i, n = s->log_n > 2 ? s->log_n - 1 : 10;

	if (s->overlay) {
		s->scroll += dir * 10;
		if (s->scroll < 0)
			s->scroll = 0;
		return;
	}
	for (i = 0; i < n; i++)
		step_event(s, dir);
}

/* Go to the moment of the selected finding; a second Enter explains it. */
static void enter_problem(struct scope *s)
{
	size_t i, shown = 0, all = insight_findings(s->insight);
	struct insight_finding f;

	for (i = 0; i < all; i++) {
		if (!scope_finding(s, i, &f))
			continue;
		if (shown++ == s->problem)
			break;
	}
	if (i == all)
		return;
	if (s->cursor == f.seq) {
		s->overlay = OVERLAY_DETAIL;
		s->scroll = 0;
		return;
	}
	if (f.device) {
		s->device = f.device;
		s->device_pinned = true;
	}
	scope_seek_event(s, f.seq);
	/* Later findings have gone from the list: this one is its last. */
	for (shown = 0, i = 0; i < all; i++) {
		struct insight_finding g;

		if (!scope_finding(s, i, &g))
			continue;
		if (g.seq == f.seq && g.rule == f.rule && g.device == f.device)
			s->problem = shown;
		shown++;
	}
	scope_say(s, false, "%s: Enter again explains", f.rule);
}

static int set_time(struct scope *s, const char *arg)
{
	int i;

	if (!arg || !*arg) {
		s->opt.time = (s->opt.time + 1) % 4;
		scope_say(s, false, "times: %s", time_base_names[s->opt.time]);
		return 0;
	}
	for (i = 0; time_base_names[i]; i++) {
		if (!strcmp(arg, time_base_names[i])) {
			s->opt.time = (enum time_base)i;
			return 0;
		}
	}
	scope_say(s, true, "times are rel, wall, mono, delta");
	return -EINVAL;
}

static int set_kind(struct scope *s, const char *arg)
{
	int i;

	if (!arg || !*arg) {
		s->kind = (scope_kind_shown(s) + 1) % SK_NR;
		s->kind = scope_kind_shown(s);
		return 0;
	}
	for (i = 0; i < SK_NR; i++) {
		if (!strcmp(arg, store_kind_name(i))) {
			s->kind = (enum store_kind)i;
			if (scope_kind_shown(s) != s->kind)
				scope_say(s, false, "no %s of this device in this stretch", arg);
			return 0;
		}
	}
	scope_say(s, true, "no kind '%s'", arg);
	return -EINVAL;
}

static int set_graph(struct scope *s, const char *arg)
{
	int i;

	if (!arg || !*arg) {
		/* A terminal that shows only ASCII stays with it. */
		if (s->opt.glyphs == GLYPHS_BLOCK)
			s->opt.glyphs = GLYPHS_BRAILLE;
		else if (s->opt.glyphs == GLYPHS_BRAILLE)
			s->opt.glyphs = GLYPHS_BLOCK;
		return 0;
	}
	for (i = 0; scope_glyphs_names[i]; i++) {
		if (!strcmp(arg, scope_glyphs_names[i])) {
			s->opt.glyphs = (enum scope_glyphs)i;
			return 0;
		}
	}
	scope_say(s, true, "graph sets are block, braille, ascii");
	return -EINVAL;
}

/* "1.5s" from the first event, "@NANOSECONDS", or an RFC 3339 time. */
static int parse_time(struct scope *s, const char *arg, uint64_t *t_ns)
{
	uint64_t first = store_first_ns(s->store), real, ns;

	if (arg[0] == '@' && !units_parse_u64(arg + 1, t_ns))
		return 0;
	if (!strcmp(arg, "end")) {
		*t_ns = store_last_ns(s->store);
		return 0;
	}
	if (!units_parse_duration(arg[0] == '+' ? arg + 1 : arg, &ns)) {
		*t_ns = first + ns;
		return 0;
	}
	if (!units_parse_rfc3339(arg, &ns)) {
		real = model_realtime_ns(store_model(s->store), first);
		*t_ns = real && ns > real ? first + (ns - real) : first;
		if (real)
			return 0;
		scope_say(s, true, "this recording does not tell the time of day");
		return -EINVAL;
	}
	scope_say(s, true, "'%s' is not a time (1.5s, an RFC 3339 time, @NANOSECONDS)", arg);
	return -EINVAL;
}

static int seek(struct scope *s, const char *arg)
{
	uint64_t t_ns;

	if (parse_time(s, arg, &t_ns))
		return -EINVAL;
	scope_seek_time(s, t_ns);
	return 0;
}

static int set_axis(struct scope *s, const char *arg)
{
	char from[64], to[64];
	uint64_t a, b;

	if (sscanf(arg, "%63s %63s", from, to) != 2) {
		scope_say(s, true, "axis FROM TO");
		return -EINVAL;
	}
	if (parse_time(s, from, &a) || parse_time(s, to, &b))
		return -EINVAL;
	if (b <= a) {
		scope_say(s, true, "the axis ends before it begins");
		return -EINVAL;
	}
	s->fit = FIT_MANUAL;
	s->from_ns = a;
	s->to_ns = b;
	if (s->cursor_ns < a || s->cursor_ns > b)
		scope_seek_time(s, b);
	return 0;
}

/* To the end of a migration, by its number. */
static int go_migration(struct scope *s, const char *arg)
{
	struct model *m = store_model(s->store);
	uint64_t id;

	if (units_parse_u64(arg, &id) || !id || id > model_migrations(m)) {
		scope_say(s, true, "no migration has the number '%s'; there are %u", arg,
			  model_migrations(m));
		return -EINVAL;
	}
	s->device = model_migration(m, (uint32_t)id)->device;
	s->device_pinned = true;
	s->fit = FIT_MIGRATION;
	scope_seek_time(s, model_migration(m, (uint32_t)id)->end_ns);
	return 0;
}

static int type_keys(struct scope *s, const char *text)
{
	char name[16];
	uint32_t ch;
	size_t n;

	while (*text) {
		if (*text == '<' && sscanf(text, "<%15[^>]>", name) == 1 &&
		    text[1 + strlen(name)] == '>') {
			if (!request_key_by_name(name)) {
				scope_say(s, true, "no key <%s>", name);
				return -EINVAL;
			}
			scope_key(s, request_key_by_name(name));
			text += strlen(name) + 2;
			continue;
		}
		n = text_utf8(text, strlen(text), &ch);
		if (!n)
			return -EINVAL;
		scope_key(s, (int)ch);
		text += n;
	}
	return 0;
}

static void prompt(struct scope *s, enum prompt p)
{
	s->prompt = p;
	s->input[0] = '\0';
	s->input_len = 0;
	if (p == PROMPT_FILTER) {
		snprintf(s->input, sizeof(s->input), "%s", s->filter_text);
		s->input_len = strlen(s->input);
	}
}

static int obey(struct scope *s, enum request req, const char *arg)
{
	int rows, cols;
	uint64_t ns;

	s->dirty = true;
	/* Before the first screen, too, the cursor and the axis are somewhere. */
	scope_settle(s);
	switch (req) {
	case REQ_HELP:
		s->overlay = s->overlay == OVERLAY_HELP ? OVERLAY_NONE : OVERLAY_HELP;
		s->scroll = 0;
		break;
	case REQ_COMMAND:
		prompt(s, PROMPT_COMMAND);
		break;
	case REQ_SEARCH:
		if (arg)
			return set_search(s, arg);
		prompt(s, PROMPT_SEARCH);
		break;
	case REQ_FILTER:
		if (arg)
			return set_filter(s, arg);
		prompt(s, PROMPT_FILTER);
		break;
	case REQ_SEARCH_NEXT:
		search_begin(s, 1);
		break;
	case REQ_SEARCH_PREV:
		search_begin(s, -1);
		break;
	case REQ_PAUSE:
		s->follow = !s->follow;
		if (s->follow)
			at_end(s);
		break;
	case REQ_FOLLOW:
		s->follow = true;
		at_end(s);
		break;
	case REQ_EVENT_NEXT:
		step_event(s, 1);
		break;
	case REQ_EVENT_PREV:
		step_event(s, -1);
		break;
	case REQ_UP:
		up_down(s, -1);
		break;
	case REQ_DOWN:
		up_down(s, 1);
		break;
	case REQ_PAGE_NEXT:
		page(s, 1);
		break;
	case REQ_PAGE_PREV:
		page(s, -1);
		break;
	case REQ_FIRST:
		scope_seek_event(s, 0);
		step_event(s, 1);
		break;
	case REQ_LAST:
		scope_seek_event(s, store_count(s->store));
		/* The end of what still grows is the end to follow. */
		s->follow = s->opt.live || s->status.loading;
		break;
	case REQ_ARC_NEXT:
		step_moment(s, MOMENT_ARC, 1);
		break;
	case REQ_ARC_PREV:
		step_moment(s, MOMENT_ARC, -1);
		break;
	case REQ_MIGRATION_NEXT:
		step_moment(s, MOMENT_MIGRATION, 1);
		break;
	case REQ_MIGRATION_PREV:
		step_moment(s, MOMENT_MIGRATION, -1);
		break;
	case REQ_ZOOM_IN:
		zoom(s, 1);
		break;
	case REQ_ZOOM_OUT:
		zoom(s, -1);
		break;
	case REQ_ZOOM_FIT:
		s->fit = s->fit == FIT_MIGRATION ? FIT_ALL : FIT_MIGRATION;
		break;
	case REQ_PAN_LEFT:
		pan(s, -1);
		break;
	case REQ_PAN_RIGHT:
		pan(s, 1);
		break;
	case REQ_PANE:
		return request_pane(s, arg ?: "");
	case REQ_PANE_NEXT:
		focus(s, s->focus + 1 == PANE_NR ? PANE_FIRST : s->focus + 1);
		break;
	case REQ_PANE_PREV:
		focus(s, s->focus == PANE_FIRST ? PANE_NR - 1 : s->focus - 1);
		break;
	case REQ_MAXIMIZE:
		s->zoomed = !s->zoomed;
		break;
	case REQ_DEVICE_NEXT:
		step_device(s, 1);
		break;
	case REQ_DEVICE_PREV:
		step_device(s, -1);
		break;
	case REQ_DEVICE:
		return select_device(s, arg ?: "");
	case REQ_ENTER:
		if (s->overlay) {
			s->overlay = OVERLAY_NONE;
		} else if (s->focus == PANE_PROBLEMS) {
			enter_problem(s);
		} else {
			s->overlay = OVERLAY_DETAIL;
			s->scroll = 0;
		}
		break;
	case REQ_BACK:
		if (s->searching)
			s->searching = false;
		else if (s->overlay)
			s->overlay = OVERLAY_NONE;
		else
			s->zoomed = false;
		s->message[0] = '\0';
		break;
	case REQ_PROBLEMS_ONLY:
		s->problems_only = !s->problems_only;
		scope_say(s, false, s->problems_only ? "log: only events that failed; e shows all" :
			  "log: all events");
		break;
	case REQ_MARK:
		if (arg)
			return mark_here(s, arg);
		prompt(s, PROMPT_MARK);
		break;
	case REQ_MARK_NEXT:
		go_next_mark(s);
		break;
	case REQ_TIME:
		return set_time(s, arg);
	case REQ_KIND:
		return set_kind(s, arg);
	case REQ_GRAPH:
		return set_graph(s, arg);
	case REQ_UNITS:
		s->opt.bytes = !s->opt.bytes;
		break;
	case REQ_SAVE_SCREEN:
		return save_screen(s, arg);
	case REQ_SAVE_ROLES:
		return save_roles(s, arg);
	case REQ_WRITE_REPORT:
		return write_report(s, arg);
	case REQ_EXPORT:
		return export_view(s, arg);
	case REQ_SEEK:
		return seek(s, arg ?: "");
	case REQ_RESIZE:
		if (!arg || sscanf(arg, "%dx%d", &rows, &cols) != 2 || rows < 1 || cols < 1) {
			scope_say(s, true, "resize ROWSxCOLS");
			return -EINVAL;
		}
		scope_resize(s, rows, cols);
		break;
	case REQ_TICK:
		if (!arg || units_parse_duration(arg, &ns)) {
			scope_say(s, true, "tick DURATION");
			return -EINVAL;
		}
		scope_tick(s, s->now_ns + ns);
		break;
	case REQ_KEYS:
		return type_keys(s, arg ?: "");
	case REQ_REDRAW:
		break;
	case REQ_MIGRATION:
		return go_migration(s, arg ?: "");
	case REQ_AXIS:
		return set_axis(s, arg ?: "");
	case REQ_SUSPEND:
		s->suspend = true;
		break;
	case REQ_QUIT:
		/* What is open is left first. */
		if (s->overlay)
			s->overlay = OVERLAY_NONE;
		else
			s->done = true;
		break;
	case REQ_NONE:
		break;
	}
	return 0;
}

int scope_command(struct scope *s, const char *line)
{
	const struct request_entry *e;
	const char *arg;
	size_t len;

	while (*line == ':' || *line == ' ')
		line++;
	if (!*line)
		return 0;
	len = strcspn(line, " ");
	arg = line + len;
	while (*arg == ' ')
		arg++;
	e = request_by_name(line, len);
	if (!e) {
		scope_say(s, true, "no command '%.*s' (or several); ? lists them", (int)len, line);
		return -EINVAL;
	}
	if (*arg && !e->arg) {
		scope_say(s, true, "%s takes no argument", e->name);
		return -EINVAL;
	}
	/* As a command it does not ask; an empty filter is no filter. */
	if (e->req == REQ_FILTER || e->req == REQ_MARK)
		return obey(s, e->req, arg);
	if (e->req == REQ_QUIT) {
		s->done = true;
		return 0;
	}
	return obey(s, e->req, *arg ? arg : NULL);
}

/* ---- keys and mouse ---- */

static void input_done(struct scope *s)
{
	enum prompt p = s->prompt;

	s->prompt = PROMPT_NONE;
	switch (p) {
	case PROMPT_COMMAND:
		scope_command(s, s->input);
		break;
	case PROMPT_SEARCH:
		set_search(s, s->input);
		break;
	case PROMPT_FILTER:
		set_filter(s, s->input);
		break;
	case PROMPT_MARK:
		mark_here(s, s->input);
		break;
	case PROMPT_NONE:
		break;
	}
}

static void input_key(struct scope *s, int key)
{
	char utf8[5];
	size_t n = 0;

	switch (key) {
	case SKEY_ENTER:
	case '\n':
		input_done(s);
		return;
	case SKEY_ESC:
	case 'c' & 0x1f:
		s->prompt = PROMPT_NONE;
		return;
	case SKEY_BACKSPACE:
	case '\b':
		if (!s->input_len) {
			s->prompt = PROMPT_NONE;
			return;
		}
		do
			s->input_len--;
		while (s->input_len && (s->input[s->input_len] & 0xc0) == 0x80);
		s->input[s->input_len] = '\0';
		return;
	case 'u' & 0x1f:
		s->input[0] = '\0';
		s->input_len = 0;
		return;
	}
	if (key < 0x20 || key >= 0x110000 || key == 0x7f)
		return;
	if (key < 0x80) {
		utf8[n++] = (char)key;
	} else if (key < 0x800) {
		utf8[n++] = (char)(0xc0 | key >> 6);
		utf8[n++] = (char)(0x80 | (key & 0x3f));
	} else {
		if (key >= 0x10000) {
			utf8[n++] = (char)(0xf0 | key >> 18);
			utf8[n++] = (char)(0x80 | (key >> 12 & 0x3f));
		} else {
			utf8[n++] = (char)(0xe0 | key >> 12);
		}
		utf8[n++] = (char)(0x80 | (key >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (key & 0x3f));
	}
	if (s->input_len + n >= sizeof(s->input))
		return;
	memcpy(s->input + s->input_len, utf8, n);
	s->input_len += n;
	s->input[s->input_len] = '\0';
}

void scope_key(struct scope *s, int key)
{
	const struct request_entry *e;
	const char *arg;

	s->dirty = true;
	if (s->prompt) {
		input_key(s, key);
		return;
	}
	e = request_by_key(key, s->focus, &arg);
	if (s->searching && !(e && e->req == REQ_BACK))
		s->searching = false;
	s->message[0] = '\0';
	if (!e) {
		char buf[12];

		if (key >= 0x20 && key < 0x110000)
			scope_say(s, false, "no such key: %s   (? lists them)",
				  request_key_name(key, buf));
		return;
	}
	obey(s, e->req, arg);
}

void scope_mouse(struct scope *s, enum scope_mouse what, int row, int col)
{
	enum pane p = layout_pane_at(&s->layout, row, col);
	const struct rect *plot = &s->plot;

	s->dirty = true;
	s->message[0] = '\0';
	if (s->overlay) {
		if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN)
			up_down(s, what == MOUSE_WHEEL_UP ? -1 : 1);
		else
			s->overlay = OVERLAY_NONE;
		return;
	}
	if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN) {
		int dir = what == MOUSE_WHEEL_UP ? -1 : 1;

		if (p == PANE_BYTES || p == PANE_LATENCY)
			zoom(s, -dir);
		else if (p == PANE_DEVICES)
			step_device(s, dir);
		else
			step_event(s, dir);
		return;
	}
	if (p >= PANE_FIRST && p < PANE_NR)
		focus(s, p);
	if (p == PANE_BYTES && col >= plot->col && col < plot->col + plot->cols) {
		uint64_t width = s->to_ns - s->from_ns;

		scope_seek_time(s, s->from_ns + (uint64_t)((unsigned __int128)width *
			(2 * (col - plot->col) + 1) / (2 * plot->cols)));
	} else if (p == PANE_EVENTS && row >= s->log_row && row < s->log_row + s->log_n) {
		scope_seek_event(s, s->log[row - s->log_row].last + 1);
	} else if (p == PANE_DEVICES && row >= s->table_row && row < s->table_row + s->table_n) {
		s->device = s->table[row - s->table_row];
		s->device_pinned = true;
	} else if (p == PANE_PROBLEMS && row >= s->listed_row &&
		   row < s->listed_row + s->listed_n) {
		s->problem = s->listed[row - s->listed_row];
		enter_problem(s);
		return;
	}
	if (what == MOUSE_DOUBLE)
		obey(s, REQ_ENTER, NULL);
}

/* ---- feeding and drawing ---- */

/*
 * The device is about to be stopped: what would that cost?  Kept, to be held
 * against what it did cost.
 */
static int note_forecast(struct scope *s, const struct event *ev)
{
	struct model *m = store_model(s->store);
	const struct model_device *d = model_device(m, ev->device);
	struct switch_forecast *all;
	struct insight_forecast f;

	if (!d || !d->migration)
		return 0;
	insight_forecast(m, d->migration, ev->t_ns, &f);
	if (!f.known)
		return 0;
	if (s->n_switches && s->switches[s->n_switches - 1].migration == d->migration) {
		s->switches[s->n_switches - 1].f = f;
		return 0;
	}
	all = realloc(s->switches, (s->n_switches + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	s->switches = all;
	all[s->n_switches].migration = d->migration;
	all[s->n_switches++].f = f;
	return 0;
}

int scope_feed(struct scope *s, const struct event *ev)
{
	struct event_context ctx;
	int err;

	if (ev->kind == EV_ARC && note_forecast(s, ev))
		return -ENOMEM;
	err = store_append(s->store, ev, &ctx);
	if (err)
		return err;
	s->dirty |= s->follow;
	return insight_feed(s->insight, store_model(s->store), ev, &ctx);
}

int scope_end(struct scope *s)
{
	s->dirty = true;
	return insight_finish(s->insight, store_model(s->store),
			      s->status.has_health ? &s->status.health : NULL, s->status.meta);
}

void scope_set_status(struct scope *s, const struct scope_status *st)
{
	if (st->recorded_bytes != s->status.recorded_bytes || st->loading != s->status.loading ||
	    st->error != s->status.error)
		s->dirty = true;
	s->status = *st;
}

void scope_tick(struct scope *s, uint64_t now_ns)
{
	/* Times in a live screen go on by themselves, ten times a second. */
	if (s->opt.live && s->follow && now_ns / 100000000 != s->now_ns / 100000000)
		s->dirty = true;
	s->now_ns = now_ns;
	if (s->searching) {
		s->searching = !search_step(s);
		s->dirty = true;
	}
}

void scope_resize(struct scope *s, int rows, int cols)
{
	if (cells_resize(s->cells, rows, cols))
		return;
	s->rows = s->cells->rows;
	s->cols = s->cells->cols;
	s->dirty = true;
}

static void layout_now(struct scope *s, struct model *m)
{
	struct layout_options o = { .focus = s->focus, .zoomed = s->zoomed };
	const struct migration *g;
	struct insight_finding f;
	uint32_t i;
	size_t k;

	for (i = 1; i <= model_devices_max(m); i++)
		o.devices += scope_device_shown(m, i);
	for (k = 0; k < insight_findings(s->insight) && o.problems < 100; k++)
		o.problems += scope_finding(s, k, &f);
	g = scope_migration(s, m);
	o.problems += g && g->failures;
	layout_compute(&s->layout, s->rows, s->cols, &o);
}

const struct cells *scope_draw(struct scope *s)
{
	static void (*const draw[PANE_NR])(struct scope *, struct model *, struct rect) = {
		[PANE_HEADER] = pane_header, [PANE_SENTENCE] = pane_sentence,
		[PANE_KEYS] = pane_keys, [PANE_DEVICES] = pane_devices,
		[PANE_BYTES] = pane_bytes, [PANE_STATES] = pane_states,
		[PANE_DOWNTIME] = pane_downtime, [PANE_EVENTS] = pane_events,
		[PANE_LATENCY] = pane_latency, [PANE_PROBLEMS] = pane_problems,
	};
	struct rect body;
	struct model *m;
	int p;

	s->dirty = false;
	cells_clear(s->cells);
	s->log_n = s->table_n = s->listed_n = 0;
	s->plot.cols = 0;
	scope_settle(s);
	m = scope_model(s);
	if (!m) {
		cells_text(s->cells, 0, 0, ROLE_BAD, 0, "out of memory");
		return s->cells;
	}
	layout_now(s, m);
	body = (struct rect){ 2, 0, s->rows - 3, s->cols };
	for (p = 0; p < PANE_NR; p++) {
		/* Before the first event there is nothing to show but why. */
		if (!layout_has(&s->layout, p) ||
		    (p >= PANE_FIRST && scope_is_empty(s) && !s->layout.tiny))
			continue;
		cells_clip(s->cells, s->layout.at[p]);
		draw[p](s, m, s->layout.at[p]);
	}
	if (s->layout.side_col) {
		struct rect line = { s->layout.side_row, s->layout.side_col, s->rows - 1 -
				     s->layout.side_row, 1 };

		cells_clip_none(s->cells);
		if (!scope_is_empty(s))
			cells_fill(s->cells, line, 0x2502, ROLE_TITLE, 0);
	}
	if (s->layout.tiny)
		body = s->layout.at[PANE_DEVICES];
	cells_clip(s->cells, body);
	if (s->overlay && body.rows > 0)
		overlay_draw(s, m, body);
	else if (scope_is_empty(s) && body.rows > 0)
		empty_draw(s, body);
	cells_clip_none(s->cells);
	if (s->opt.glyphs == GLYPHS_ASCII)
		cells_to_ascii(s->cells);
	return s->cells;
}

bool scope_dirty(const struct scope *s)
{
	return s->dirty;
}

bool scope_done(const struct scope *s)
{
	return s->done;
}

bool scope_wants_suspend(struct scope *s)
{
	bool wants = s->suspend;

	s->suspend = false;
	return wants;
}

bool scope_searching(const struct scope *s)
{
	return s->searching;
}

const char *scope_message(const struct scope *s)
{
	return s->message;
}

uint64_t scope_cursor(const struct scope *s)
{
	return s->cursor;
}

uint64_t scope_count(const struct scope *s)
{
	return store_count(s->store);
}

struct scope *scope_create(const struct scope_options *o)
{
	struct scope *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->opt = *o;
	s->follow = true;
	s->focus = PANE_EVENTS;
	s->status.loading = true;
	s->rows = 24;
	s->cols = 80;
	s->dirty = true;
	s->filter.kinds = s->search.kinds = UINT64_MAX;
	s->store = store_create();
	s->insight = insight_create(o->judge);
	s->cells = cells_create(s->rows, s->cols);
	s->columns = calloc(PLOT_COLS_MAX, sizeof(*s->columns));
	if (!s->store || !s->insight || !s->cells || !s->columns) {
		scope_destroy(s);
		return NULL;
	}
	marks_load(s);
	return s;
}

void scope_destroy(struct scope *s)
{
	if (!s)
		return;
	store_destroy(s->store);
	insight_destroy(s->insight);
	cells_destroy(s->cells);
	free(s->columns);
	free(s->marks);
	free(s->switches);
	free(s->line);
	free(s);
}
