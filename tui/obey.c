// SPDX-License-Identifier: GPL-2.0-only
/*
 * obey.c - what is done of what is asked for
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "tui/internal.h"

void scope_focus(struct scope *s, enum pane_id p)
{
	s->focus = p;
	s->focused = true;
	if (panes[p]->place == PLACE_MAIN)
		s->main = p;
	if (p == PANE_PROBLEMS)
		s->problem = 0;
}

static int request_pane(struct scope *s, const char *arg)
{
	int p;

	for (p = PANE_FIRST; p < PANE_NR; p++) {
		if (!strcmp(panes[p]->name, arg) || (arg[0] && arg[0] == pane_key(p) && !arg[1])) {
			scope_focus(s, p);
			return 0;
		}
	}
	scope_say(s, true, "panes are %s", request_pane_keys());
	return -EINVAL;
}

void scope_up_down(struct scope *s, int dir)
{
	if (s->overlay == OVERLAY_MARKS) {
		/* The list keeps what it stands on in sight, and within what there is. */
		s->mark = dir < 0 ? s->mark - (s->mark > 0) : s->mark + 1;
		s->scroll = s->mark > 5 ? (int)s->mark - 5 : 0;
		return;
	}
	if (s->overlay) {
		s->scroll += dir;
		if (s->scroll < 0)
			s->scroll = 0;
		return;
	}
	if (panes[s->focus]->step)
		panes[s->focus]->step(s, dir);
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

static int set_time(struct scope *s, const char *arg)
{
	int i;

	if (!arg || !*arg) {
		s->opt.time = (s->opt.time + 1) % 4;
		scope_say(s, false, "times: %s", time_base_names[s->opt.time]);
		return 0;
	}
	i = scope_name_at(time_base_names, arg);
	if (i >= 0) {
		s->opt.time = (enum time_base)i;
		return 0;
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
	i = scope_name_at(scope_glyphs_names, arg);
	if (i >= 0) {
		s->opt.glyphs = (enum scope_glyphs)i;
		return 0;
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
	scope_set_axis(s, a, b);
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
	s->level = LEVEL_MIGRATION;
	s->fit = FIT_MIGRATION;
	scope_seek_time(s, g->end_ns);
	return 0;
}

/* "FROM TO"; nothing: between marks. */
static int measure(struct scope *s, const char *arg)
{
	char from[64], to[64];

	s->measure_from = s->measure_to = 0;
	if (arg) {
		if (sscanf(arg, "%63s %63s", from, to) != 2) {
			scope_say(s, true, "measure FROM TO, or nothing: between marks");
			return -EINVAL;
		}
		if (parse_time(s, from, &s->measure_from) || parse_time(s, to, &s->measure_to))
			return -EINVAL;
		if (s->measure_to <= s->measure_from) {
			scope_say(s, true, "there is no time between these");
			return -EINVAL;
		}
	}
	s->overlay = OVERLAY_MEASURE;
	s->scroll = 0;
	return 0;
}

/* Does it go somewhere else, so that one may want to come back? */
static bool is_jump(enum request req)
{
	switch (req) {
	case REQ_FIRST:
	case REQ_LAST:
	case REQ_ARC_NEXT:
	case REQ_ARC_PREV:
	case REQ_MIGRATION_NEXT:
	case REQ_MIGRATION_PREV:
	case REQ_SEEK:
	case REQ_MIGRATION:
	case REQ_MARK_NEXT:
		return true;
	default:
		return false;
	}
}

static int set_level(struct scope *s, const char *arg)
{
	if (strcmp(arg, "fleet") && strcmp(arg, "migration")) {
		scope_say(s, true, "levels are fleet, migration");
		return -EINVAL;
	}
	s->level = !strcmp(arg, "fleet") ? LEVEL_FLEET : LEVEL_MIGRATION;
	return 0;
}

static void prompt(struct scope *s, enum prompt p)
{
	s->prompt = p;
	s->hint[0] = '\0';
	line_set(&s->edit, p == PROMPT_FILTER ? s->filter_text :
			   p == PROMPT_FLEET  ? s->fleet_filter :
						"");
}

int scope_obey(struct scope *s, enum request req, const char *arg)
{
	int rows, cols;
	char more;
	uint64_t ns;

	s->dirty = true;
	/* Before the first screen, too, the cursor and the axis are somewhere. */
	scope_settle(s);
	if (is_jump(req))
		scope_remember(s);
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
		s->playing = false;
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
	case REQ_NEXT:
		return scope_next(s, arg ?: "", 1);
	case REQ_PREV:
		return scope_next(s, arg ?: "", -1);
	case REQ_SLOW:
		return scope_set_slow(s, arg);
	case REQ_ZOOM:
		return scope_zoom_to(s, arg ?: "stop");
	case REQ_JUMP_BACK:
		scope_jump(s, -1);
		break;
	case REQ_JUMP_FORTH:
		scope_jump(s, 1);
		break;
	case REQ_PLAY_TOGGLE:
		scope_play_toggle(s);
		break;
	case REQ_PLAY:
		return scope_play(s, arg);
	case REQ_MARKS:
		s->overlay = s->overlay == OVERLAY_MARKS ? OVERLAY_NONE : OVERLAY_MARKS;
		s->scroll = 0;
		break;
	case REQ_MEASURE:
		return measure(s, arg);
	case REQ_AB:
		return scope_ab(s, arg);
	case REQ_COPY:
		return scope_copy(s, arg ?: "event");
	case REQ_PROBLEMS_ALL:
		s->problems_all = !s->problems_all;
		s->problem = 0;
		scope_say(s, false,
			  s->problems_all ? "problems: of all migrations, by severity" :
					    "problems: of this migration");
		break;
	case REQ_LEVEL:
		return set_level(s, arg ?: "");
	case REQ_SORT:
		return scope_set_sort(s, arg);
	case REQ_FLEET:
		if (arg)
			return scope_set_fleet(s, arg);
		prompt(s, PROMPT_FLEET);
		break;
	case REQ_ZOOM_FIT:
		s->fit_side = 0;
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
			if (s->overlay == OVERLAY_MARKS)
				scope_go_mark(s);
			s->overlay = OVERLAY_NONE;
		} else if (!panes[s->focus]->enter || !panes[s->focus]->enter(s)) {
			s->overlay = OVERLAY_DETAIL;
			s->scroll = 0;
		}
		break;
	case REQ_BACK:
		if (s->searching)
			s->searching = false;
		else if (s->overlay)
			s->overlay = OVERLAY_NONE;
		else if (s->unfold_end)
			s->unfold_first = s->unfold_end = 0;
		else if (s->zoomed)
			s->zoomed = false;
		else
			s->level = LEVEL_FLEET;
		s->message[0] = '\0';
		break;
	case REQ_PROBLEMS_ONLY:
		s->problems_only = !s->problems_only;
		s->barren_from = s->barren_to = 0;
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

int scope_obey_line(struct scope *s, const char *line)
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
		char could[160], safe[TEXT_SAFE_LEN(40)];

		request_candidates(line, len - s->force, could, sizeof(could));
		text_safe(safe, sizeof(safe), line, len < 40 ? len : 40);
		if (*could)
			scope_say(s, true, "'%s' could be %s", safe, could);
		else
			scope_say(s, true, "no command '%s'; ? lists them", safe);
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
	if (e->req == REQ_FILTER || e->req == REQ_MARK || e->req == REQ_FLEET)
		return scope_obey(s, e->req, arg);
	if (e->req == REQ_QUIT) {
		s->done = true;
		return 0;
	}
	ret = scope_obey(s, e->req, *arg ? arg : NULL);
	s->force = false;
	return ret;
}
