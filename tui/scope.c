// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope.c - the state of the scope, and how it obeys requests
 */
#define _GNU_SOURCE
#include "tui/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"

const char *const scope_glyphs_names[] = { "block", "braille", "ascii", NULL };

/* ---- requests ---- */

void scope_focus(struct scope *s, enum pane p)
{
	s->focus = p;
	if (p == PANE_PROBLEMS)
		s->problem = 0;
}

static int request_pane(struct scope *s, const char *arg)
{
	int p;

	if (arg[0] >= '1' && arg[0] <= '7' && !arg[1]) {
		scope_focus(s, PANE_FIRST + (arg[0] - '1'));
		return 0;
	}
	for (p = PANE_FIRST; p < PANE_NR; p++) {
		if (!strcmp(pane_name(p), arg)) {
			scope_focus(s, p);
			return 0;
		}
	}
	scope_say(s, true, "panes are 1 to 7");
	return -EINVAL;
}

static void problem_step(struct scope *s, int dir)
{
	if (dir > 0 && s->problem + 1 < s->n_found)
		s->problem++;
	else if (dir < 0 && s->problem)
		s->problem--;
}

void scope_up_down(struct scope *s, int dir)
{
	if (s->overlay) {
		s->scroll += dir;
		if (s->scroll < 0)
			s->scroll = 0;
		return;
	}
	if (s->focus == PANE_DEVICES)
		scope_step_device(s, dir);
	else if (s->focus == PANE_PROBLEMS)
		problem_step(s, dir);
	else
		scope_step_event(s, dir);
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
		scope_step_event(s, dir);
}

/* Go to the moment of the selected finding; a second Enter explains it. */
void scope_enter_problem(struct scope *s)
{
	const struct finding *f;
	struct model *m;
	size_t i;

	if (s->problem >= s->n_found)
		return;
	i = s->found[s->problem];
	f = judge_finding(s->judge, i);
	if (s->cursor == f->seq) {
		s->overlay = OVERLAY_DETAIL;
		s->scroll = 0;
		return;
	}
	scope_seek_event(s, f->seq);
	m = scope_model(s);
	if (m && f->device && scope_device_shown(m, f->device))
		scope_pin(s, f->side <= model_sides(m) ? f->side : 0, f->device);
	/* Later findings have gone from the list. */
	scope_settle(s);
	for (s->problem = 0; s->problem + 1 < s->n_found && s->found[s->problem] != i; s->problem++)
		;
	scope_say(s, false, "%s: Enter again explains", judge_rule(f->rule)->name);
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
	uint64_t first = store_first_ns(s->store), ns;

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
		if (model_instant_of(store_model(s->store), ns, t_ns)) {
			*t_ns = *t_ns > first ? *t_ns : first;
			return 0;
		}
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

/* To the end of a migration, by the number that `report` gives it. */
static int go_migration(struct scope *s, const char *arg)
{
	struct model *m = store_model(s->store);
	uint32_t n = model_migrations(m);
	const struct migration *g;
	uint64_t id;

	if (units_parse_u64(arg, &id) || !id || id > n) {
		scope_say(s, true, "no migration has the number '%s'; there %s %u", arg,
			  n == 1 ? "is" : "are", n);
		return -EINVAL;
	}
	g = model_migration(m, (uint32_t)id);
	scope_pin_migration(s, m, g);
	s->fit = FIT_MIGRATION;
	scope_seek_time(s, g->end_ns);
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

int scope_obey(struct scope *s, enum request req, const char *arg)
{
	int rows, cols;
	char more;
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
			return scope_set_search(s, arg);
		prompt(s, PROMPT_SEARCH);
		break;
	case REQ_FILTER:
		if (arg)
			return scope_set_filter(s, arg);
		prompt(s, PROMPT_FILTER);
		break;
	case REQ_SEARCH_NEXT:
		scope_search_begin(s, 1);
		break;
	case REQ_SEARCH_PREV:
		scope_search_begin(s, -1);
		break;
	case REQ_PAUSE:
		s->follow = !s->follow;
		if (s->follow)
			scope_at_end(s);
		break;
	case REQ_FOLLOW:
		s->follow = true;
		scope_at_end(s);
		break;
	case REQ_EVENT_NEXT:
		scope_step_event(s, 1);
		break;
	case REQ_EVENT_PREV:
		scope_step_event(s, -1);
		break;
	case REQ_UP:
		scope_up_down(s, -1);
		break;
	case REQ_DOWN:
		scope_up_down(s, 1);
		break;
	case REQ_PAGE_NEXT:
		page(s, 1);
		break;
	case REQ_PAGE_PREV:
		page(s, -1);
		break;
	case REQ_FIRST:
		scope_seek_event(s, 0);
		scope_step_event(s, 1);
		break;
	case REQ_LAST:
		scope_seek_event(s, store_count(s->store));
		/* The end of what still grows is the end to follow. */
		s->follow = s->opt.live || s->status.loading;
		break;
	case REQ_ARC_NEXT:
		scope_step_moment(s, MOMENT_ARC, 1);
		break;
	case REQ_ARC_PREV:
		scope_step_moment(s, MOMENT_ARC, -1);
		break;
	case REQ_MIGRATION_NEXT:
		scope_step_moment(s, MOMENT_MIGRATION, 1);
		break;
	case REQ_MIGRATION_PREV:
		scope_step_moment(s, MOMENT_MIGRATION, -1);
		break;
	case REQ_ZOOM_IN:
		scope_zoom(s, 1);
		break;
	case REQ_ZOOM_OUT:
		scope_zoom(s, -1);
		break;
	case REQ_ZOOM_FIT:
		s->fit = s->fit == FIT_MIGRATION ? FIT_ALL : FIT_MIGRATION;
		break;
	case REQ_PAN_LEFT:
		scope_pan(s, -1);
		break;
	case REQ_PAN_RIGHT:
		scope_pan(s, 1);
		break;
	case REQ_PANE:
		return request_pane(s, arg ?: "");
	case REQ_PANE_NEXT:
		scope_focus(s, s->focus + 1 == PANE_NR ? PANE_FIRST : s->focus + 1);
		break;
	case REQ_PANE_PREV:
		scope_focus(s, s->focus == PANE_FIRST ? PANE_NR - 1 : s->focus - 1);
		break;
	case REQ_MAXIMIZE:
		s->zoomed = !s->zoomed;
		break;
	case REQ_DEVICE_NEXT:
		scope_step_device(s, 1);
		break;
	case REQ_DEVICE_PREV:
		scope_step_device(s, -1);
		break;
	case REQ_VM_NEXT:
		scope_step_migration(s, 1);
		break;
	case REQ_VM_PREV:
		scope_step_migration(s, -1);
		break;
	case REQ_DEVICE:
		return scope_select_device(s, arg ?: "");
	case REQ_ENTER:
		if (s->overlay) {
			s->overlay = OVERLAY_NONE;
		} else if (s->focus == PANE_PROBLEMS) {
			scope_enter_problem(s);
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
		scope_say(s, false,
			  s->problems_only ? "log: only events that failed; e shows all" :
					     "log: all events");
		break;
	case REQ_MARK:
		if (arg)
			return scope_mark_here(s, arg);
		prompt(s, PROMPT_MARK);
		break;
	case REQ_MARK_NEXT:
		scope_next_mark(s);
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
		return scope_save_screen(s, arg);
	case REQ_SAVE_ROLES:
		return scope_save_roles(s, arg);
	case REQ_WRITE_REPORT:
		return scope_write_report(s, arg);
	case REQ_EXPORT:
		return scope_export_view(s, arg);
	case REQ_SEEK:
		return seek(s, arg ?: "");
	case REQ_RESIZE:
		if (!arg || sscanf(arg, "%5dx%5d%c", &rows, &cols, &more) != 2 || rows < 1 ||
		    cols < 1 || rows > SCOPE_ROWS_MAX || cols > SCOPE_COLS_MAX) {
			scope_say(s, true, "resize ROWSxCOLS, up to %dx%d", SCOPE_ROWS_MAX,
				  SCOPE_COLS_MAX);
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
	int ret;

	while (*line == ':' || *line == ' ')
		line++;
	if (!*line)
		return 0;
	len = strcspn(line, " ");
	arg = line + len;
	while (*arg == ' ')
		arg++;
	s->force = len > 1 && line[len - 1] == '!';
	e = request_by_name(line, len - s->force);
	if (!e) {
		scope_say(s, true, "no command '%.*s' (or several); ? lists them", (int)len, line);
		return -EINVAL;
	}
	if (*arg && !e->arg) {
		scope_say(s, true, "%s takes no argument", e->name);
		return -EINVAL;
	}
	if (s->force && !request_writes(e->req)) {
		s->force = false;
		scope_say(s, true, "%s takes no '!'", e->name);
		return -EINVAL;
	}
	/* As a command it does not ask; an empty filter is no filter. */
	if (e->req == REQ_FILTER || e->req == REQ_MARK)
		return scope_obey(s, e->req, arg);
	if (e->req == REQ_QUIT) {
		s->done = true;
		return 0;
	}
	ret = scope_obey(s, e->req, *arg ? arg : NULL);
	s->force = false;
	return ret;
}

/* ---- feeding and drawing ---- */

void scope_set_clock_bound(struct scope *s, uint64_t bound_ns)
{
	model_set_clock_bound(store_model(s->store), bound_ns);
}

int scope_feed(struct scope *s, const struct event *ev)
{
	struct event_context ctx;
	int err;

	err = store_append(s->store, ev, &ctx);
	if (err)
		return err;
	s->dirty |= s->follow;
	return judge_feed(s->judge, store_model(s->store), ev, &ctx);
}

int scope_end(struct scope *s)
{
	struct judge_evidence e = {
		.health = s->status.has_health ? &s->status.health : NULL,
		.meta = s->status.meta,
	};

	s->dirty = true;
	s->judged = true;
	return judge_finish(s->judge, store_model(s->store), &e);
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
		s->searching = !scope_search_step(s);
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

static void layout_now(struct scope *s)
{
	struct layout_options o = {
		.devices = s->n_rows < 1000 ? (int)s->n_rows : 1000,
		.fleet = s->n_fleet > 1,
		.problems = s->n_found < 100 ? (int)s->n_found : 100,
		.focus = s->focus,
		.zoomed = s->zoomed,
	};

	layout_compute(&s->layout, s->rows, s->cols, &o);
}

const struct cells *scope_draw(struct scope *s)
{
	static void (*const draw[PANE_NR])(struct scope *, struct model *, struct rect) = {
		[PANE_HEADER] = pane_header,	 [PANE_SENTENCE] = pane_sentence,
		[PANE_KEYS] = pane_keys,	 [PANE_DEVICES] = pane_devices,
		[PANE_BYTES] = pane_bytes,	 [PANE_STATES] = pane_states,
		[PANE_DOWNTIME] = pane_downtime, [PANE_EVENTS] = pane_events,
		[PANE_LATENCY] = pane_latency,	 [PANE_PROBLEMS] = pane_problems,
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
	layout_now(s);
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
		struct rect line = { s->layout.side_row, s->layout.side_col,
				     s->rows - 1 - s->layout.side_row, 1 };

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
	s->judge = judge_create(o->judge);
	s->cells = cells_create(s->rows, s->cols);
	s->columns = calloc(PLOT_COLS_MAX, sizeof(*s->columns));
	if (!s->store || !s->judge || !s->cells || !s->columns) {
		scope_destroy(s);
		return NULL;
	}
	scope_marks_load(s);
	return s;
}

void scope_destroy(struct scope *s)
{
	if (!s)
		return;
	store_destroy(s->store);
	judge_destroy(s->judge);
	cells_destroy(s->cells);
	free(s->columns);
	free(s->marks);
	free(s->fleet);
	free(s->rowlist);
	free(s->line);
	free(s);
}
