// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_walks.c - the scope on the way through recordings and plays: every command, key and
 * click, at many moments and in many sizes, and what stands on the screen after each step,
 * colours, message and clipboard included
 *
 * tests/data/values/walks.txt has a sum of each walk; BLESS=1 writes it anew.  To see what
 * became different, hold the screens of two builds side by side:
 *
 *	SHOW='RECORDING: WALK' build/tests/unit/test_tui_walks
 */
#define _GNU_SOURCE
#include "tests/unit/evidence.h"

#include <limits.h>
#include <time.h>

#include "tests/unit/tmpdir.h"
#include "tui/internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NEVER	 UINT64_MAX

static FILE *out;
static int home; /* the top of the tree */

/* ---- what is looked at ---- */

static struct {
	struct scope *s;
	uint32_t sum;
	bool show;
	uint64_t seed;
} at;

static void add(const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		at.sum = (at.sum ^ *p++) * 16777619U;
}

static void add_text(const char *text)
{
	add(text, strlen(text) + 1);
}

static uint64_t rnd(uint64_t below)
{
	at.seed ^= at.seed << 13;
	at.seed ^= at.seed >> 7;
	at.seed ^= at.seed << 17;
	return at.seed % below;
}

/* The screen, and what else a step can leave behind. */
static void look(const char *step, int ret)
{
	const struct cells *c = scope_draw(at.s);
	uint64_t n[] = { (uint64_t)(int64_t)ret, scope_cursor(at.s), scope_playing(at.s),
			 scope_searching(at.s),	 scope_done(at.s),   scope_wants_suspend(at.s) };
	char *clip = scope_take_clip(at.s);
	int i;

	add(n, sizeof(n));
	for (i = 0; i < c->rows * c->cols; i++) {
		uint32_t cell = c->at[i].ch << 8 ^ (uint32_t)c->at[i].role << 3 ^
				(uint32_t)c->at[i].attr << 24;

		at.sum = (at.sum ^ cell) * 16777619U;
	}
	add_text(scope_message(at.s));
	if (clip)
		add_text(clip);
	if (at.show) {
		printf("---- %s: %d, event %llu, '%s', clipboard '%s', sum %08x\n", step, ret,
		       (unsigned long long)scope_cursor(at.s), scope_message(at.s), clip ?: "",
		       at.sum);
		cells_print(c, stdout);
		cells_print_roles(c, stdout);
	}
	free(clip);
}

/* A search goes on between two looks at the keyboard. */
static void settle(void)
{
	unsigned int n = 0;

	while (scope_searching(at.s) && n++ < 10000)
		scope_tick(at.s, at.s->now_ns);
	assert_true(n < 10000);
}

static void does(const char *line)
{
	int ret = scope_command(at.s, line);

	settle();
	look(line, ret);
}

static void presses(const char *keys)
{
	char line[160];

	snprintf(line, sizeof(line), "keys %s", keys);
	does(line);
}

static void clicks(enum scope_mouse what, int row, int col)
{
	char line[64];

	scope_mouse(at.s, what, row, col);
	snprintf(line, sizeof(line), "mouse %d at %d,%d", what, row, col);
	look(line, 0);
}

static void seeks(unsigned int part, unsigned int of)
{
	char line[64];

	snprintf(line, sizeof(line), "to event %u/%u", part, of);
	scope_seek_event(at.s, scope_count(at.s) * part / of);
	look(line, 0);
}

static void sizes(int rows, int cols)
{
	char line[64];

	snprintf(line, sizeof(line), "resize %dx%d", rows, cols);
	does(line);
}

static void all_of(const char *const *lines, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		does(lines[i]);
}

#define ALL_OF(...)                                                 \
	do {                                                        \
		static const char *const lines[] = { __VA_ARGS__ }; \
		all_of(lines, COUNT(lines));                        \
	} while (0)

/* ---- the walks ---- */

static void walk_moments(void)
{
	static const int size[][2] = { { 24, 80 },  { 40, 120 }, { 60, 200 }, { 15, 60 },
				       { 30, 100 }, { 9, 40 },	 { 27, 111 } };
	size_t i;
	unsigned int k;

	for (i = 0; i < COUNT(size); i++) {
		sizes(size[i][0], size[i][1]);
		for (k = 0; k <= 12; k++)
			seeks(k, 12);
	}
}

/* Each pane alone and among others, and what its keys do. */
static void walk_panes(void)
{
	static const unsigned int part[] = { 0, 3, 5, 6, 8 };
	char line[32];
	size_t i;
	int p;

	for (p = PANE_FIRST; p < PANE_NR; p++) {
		sizes(p % 2 ? 24 : 40, p % 2 ? 80 : 130);
		snprintf(line, sizeof(line), "pane %s", panes[p]->name);
		does(line);
		for (i = 0; i < COUNT(part); i++)
			seeks(part[i], 8);
		does("maximize");
		for (i = 0; i < COUNT(part); i++)
			seeks(part[i], 8);
		ALL_OF("down", "down", "up", "kind", "why", "down", "page-next", "back", "up",
		       "page-prev", "page-next", "maximize", "keys kjd", "keys jkD", "keys <Enter>",
		       "keys jj", "keys <Esc>", "first", "down", "last", "up");
	}
	ALL_OF("pane-next", "pane-next", "pane-prev", "pane nothing", "pane 99", "pane");
	for (p = 0; p < 12; p++)
		does("pane-next");
	for (p = 0; p < 12; p++)
		does("pane-prev");
}

/* All of an event, of a device, of a stop, at events of every kind. */
static void walk_pages(void)
{
	unsigned int k;
	char line[64];

	sizes(36, 110);
	for (k = 0; k < EV_KIND_NR; k++) {
		if (!event_kind_is_public(k))
			continue;
		does("first");
		snprintf(line, sizeof(line), "search kind=%s", event_kind_name(k));
		does(line);
		ALL_OF("pane 5", "why", "back", "search-next", "why", "back", "search-prev", "copy",
		       "copy sentence", "copy command");
	}
	for (k = 1; k <= 12; k++) {
		seeks(k, 12);
		ALL_OF("pane 5", "why", "page-next", "down", "page-prev", "page-prev", "back",
		       "pane 1", "why", "page-next", "down", "up", "back", "pane 4", "why", "down",
		       "page-next", "page-prev", "back", "back");
	}
	ALL_OF("help", "down", "page-next", "page-next", "page-next", "page-next", "page-next",
	       "page-prev", "up", "help", "resize 12x60", "help", "page-next", "keys q");
}

static void walk_jumps(void)
{
	char line[64];
	size_t i, k;

	sizes(30, 110);
	for (i = 0; moment_names[i]; i++) {
		does("first");
		for (k = 0; k < 5; k++) {
			snprintf(line, sizeof(line), "next %s", moment_names[i]);
			does(line);
		}
		does("last");
		for (k = 0; k < 5; k++) {
			snprintf(line, sizeof(line), "prev %s", moment_names[i]);
			does(line);
		}
	}
	presses("((()))((((((((((((((((((((((((((()))))))))))))))))))))))");
	does("first");
	for (i = 0; i < 8; i++)
		presses(i % 3 ? "]" : "}");
	for (i = 0; i < 8; i++)
		presses(i % 3 ? "[" : "{");
	ALL_OF("next", "next nothing", "prev", "slow 1ms", "next slow", "next slow", "prev slow",
	       "slow 10us", "next slow", "slow 0s", "slow", "slow x", "keys x", "keys X", "keys i",
	       "keys I", "keys ^", "keys _", "keys .", "keys ,", "first", "event-next",
	       "event-next", "event-next", "event-prev", "page-next", "page-next", "page-prev",
	       "last", "page-prev", "event-prev", "event-next", "event-next", "seek 0s", "seek 1s",
	       "seek 5.2s", "seek +3s", "seek 1h", "seek end", "seek @0", "seek @1000500000000",
	       "seek @99999999999999999", "seek never", "seek", "seek 2026-01-02T03:04:06Z",
	       "migration 1", "migration 2", "migration 3", "migration 0", "migration 99",
	       "migration x", "migration");
}

static void walk_axis(void)
{
	unsigned int k;

	sizes(40, 120);
	for (k = 2; k <= 8; k += 2) {
		seeks(k, 9);
		ALL_OF("zoom-fit", "zoom-in", "zoom-in", "zoom-in", "pan-left", "pan-left",
		       "pan-right", "pan-right", "pan-right", "zoom-out", "event-next", "zoom-fit",
		       "zoom stop", "zoom-out", "zoom state", "pan-left", "zoom-in",
		       "zoom migration", "zoom all", "zoom-in", "zoom-in", "zoom-in", "zoom-in",
		       "zoom-in", "zoom-in", "zoom-in", "zoom-in", "zoom marks", "zoom nothing",
		       "zoom", "zoom-fit");
	}
	for (k = 0; k < 40; k++)
		does("zoom-in");
	ALL_OF("pan-left", "pan-left", "pan-right", "pan-right");
	for (k = 0; k < 50; k++)
		does("zoom-out");
	ALL_OF("axis 0s end", "axis 1s 2s", "axis 1s 1s", "axis 2s 1s", "axis 1s", "axis",
	       "axis x y", "axis 0s 1ms", "pan-left", "axis 5s 5.0001s", "zoom-in", "pan-right",
	       "axis 0s 1000h", "zoom-out", "pan-right", "ab 1 2", "ab 1 2 stop", "zoom-in",
	       "ab 2 1 begin", "ab 1", "ab 2 stop", "ab 1 1", "ab 9 1", "ab x", "ab 1 2 x", "ab",
	       "measure 0s 1s", "measure 1s 6s", "page-next", "back", "measure 0s 1000s", "back",
	       "measure 1s 1s", "measure 1s", "measure x y", "measure");
}

static void walk_words(void)
{
	static const char *const words[] = {
		"err",
		"!err",
		"kind=arc,set_state",
		"!kind=read",
		"kind=read err",
		"device=00",
		"!device=1",
		"vm=web",
		"!vm=v",
		"errno=ENOMSG",
		"errno=5",
		"state=STOP_COPY",
		"state=PRE_COPY kind=read",
		"!state=RUNNING",
		"dur>1ms",
		"dur>100us kind=read",
		"dur<20us",
		"size>512KiB",
		"size<1",
		"size<1M !kind=write",
		"pid=4711",
		"t>2s",
		"t<1s",
		"t>1s t<3s",
		"outlier",
		"!outlier dur>5ms",
		"STOP",
		"!read",
		"nothing-has-this",
		"",
		"kind=nothing",
		"dur>x",
		"a b c d e f g h i",
	};
	char line[128];
	size_t i;

	sizes(24, 100);
	for (i = 0; i < COUNT(words); i++) {
		snprintf(line, sizeof(line), "filter %s", words[i]);
		does(line);
		ALL_OF("first", "event-next", "page-next", "last", "event-prev", "page-prev");
		does("filter");
		snprintf(line, sizeof(line), "search %s", words[i]);
		does(line);
		ALL_OF("search-next", "search-prev", "search-prev");
		seeks((unsigned int)i % 5, 5);
		ALL_OF("search-next", "search-next");
	}
	ALL_OF("search err", "filter kind=read", "search-next", "search-prev", "filter",
	       "problems-only", "first", "event-next", "event-next", "last", "event-prev",
	       "problems-only", "pane 7", "problems-all", "down", "down", "why", "back", "up",
	       "why", "why", "problems-all", "down", "why");
}

static void walk_fleet(void)
{
	static const int size[][2] = { { 24, 80 }, { 40, 120 }, { 18, 60 } };
	char line[64];
	size_t i, k;

	for (i = 0; i < COUNT(size); i++) {
		sizes(size[i][0], size[i][1]);
		seeks(3 + 2 * (unsigned int)i, 8);
		does("level fleet");
		for (k = 0; fleet_sort_names[k]; k++) {
			snprintf(line, sizeof(line), "sort %s", fleet_sort_names[k]);
			does(line);
			ALL_OF("vm-next", "vm-next", "vm-prev", "device-next", "device-next",
			       "device-prev", "pane 1", "down", "down", "up");
		}
		ALL_OF("sort", "sort", "sort nothing", "fleet vm", "fleet !vm", "fleet leaves",
		       "fleet done", "fleet !done", "fleet FAILED", "fleet mlx5", "fleet 0000",
		       "vm-next", "fleet nothing-has-this", "vm-next", "fleet", "pane 1", "why",
		       "why", "back", "level migration", "down", "why", "back", "back", "level x",
		       "device", "device 0", "device 1", "device 00.0", "device nothing", "device",
		       "last", "vm-next", "vm-next", "vm-next", "vm-prev", "vm-prev", "first",
		       "vm-next");
	}
}

static void walk_looks(void)
{
	unsigned int k;
	size_t i, g, t;
	char line[64];

	sizes(34, 120);
	for (k = 3; k <= 8; k += 5)
		for (t = 0; time_base_names[t]; t++)
			for (g = 0; scope_glyphs_names[g]; g++) {
				seeks(k, 8);
				snprintf(line, sizeof(line), "time %s", time_base_names[t]);
				does(line);
				snprintf(line, sizeof(line), "graph %s", scope_glyphs_names[g]);
				does(line);
				does("units");
				for (i = 0; i < 3 && t < 2; i++)
					does("pane-next");
			}
	ALL_OF("time", "time", "time", "time", "time x", "graph", "graph", "graph ascii", "graph",
	       "graph x", "units", "kind", "kind", "kind", "kind read", "kind arc", "kind x",
	       "redraw", "suspend", "tick 1s", "tick x", "resize 0x0", "resize 1x1", "resize 3x3",
	       "resize 24x80x", "resize 2001x10", "resize 24x80", "help!", "help 1", "nothing", "n",
	       "ne", ":", "  ", ":::first");
}

static void walk_mouse(void)
{
	int size[][2] = { { 24, 80 }, { 40, 120 } }, row, col;
	size_t i;

	for (i = 0; i < COUNT(size); i++) {
		sizes(size[i][0], size[i][1]);
		seeks(5, 8);
		for (row = 0; row < size[i][0]; row += 1 + row % 2)
			for (col = row * 7 % 9; col < size[i][1]; col += 29) {
				clicks(MOUSE_CLICK, row, col);
				clicks(MOUSE_RELEASE, row, col + (row % 3 - 1) * 11);
				if (col % 4 == 0)
					clicks(MOUSE_WHEEL_DOWN, row, col);
				if (col % 4 == 1)
					clicks(MOUSE_WHEEL_UP, row, col);
				if (col % 8 == 2) {
					clicks(MOUSE_DOUBLE, row, col);
					clicks(MOUSE_WHEEL_DOWN, row, col);
					clicks(MOUSE_CLICK, row, col);
				}
			}
		does("zoom-fit");
		for (col = -1; col < size[i][1] + 2; col += 13) {
			clicks(MOUSE_CLICK, 8, col);
			clicks(MOUSE_RELEASE, 8, col + 25);
			clicks(MOUSE_CLICK, 8, col);
			clicks(MOUSE_RELEASE, 8, col - 1);
			clicks(MOUSE_CLICK, 8, col);
			clicks(MOUSE_RELEASE, 8, col + 2);
		}
		clicks(MOUSE_RELEASE, -1, -1);
		clicks(MOUSE_CLICK, -1, -1);
		clicks(MOUSE_CLICK, 99, 999);
	}
}

static void walk_typing(void)
{
	static const char *const typed[] = {
		":<Tab>",
		":z<Tab>",
		":zoom <Tab>",
		":zoom st<Tab>",
		":zoom st<Tab><Enter>",
		":next <Tab>",
		":next f<Tab>",
		":next fi<Tab><Enter>",
		":prev o<Tab>",
		":time <Tab>w<Tab><Enter>",
		":graph b<Tab>",
		":sort <Tab>",
		":pane <Tab>",
		":pane b<Tab>",
		":level <Tab>",
		":kind <Tab>",
		":copy <Tab>",
		":play <Tab>",
		":ab 1 2 <Tab>",
		":migration <Tab>",
		":device <Tab>",
		":device 0<Tab>",
		":fleet <Tab>",
		":search <Tab>",
		":nothing <Tab>",
		":first x<Tab>",
		"/k<Tab>",
		"/kind=<Tab>",
		"/kind=s<Tab>",
		"/!kind=s<Tab>",
		"/state=S<Tab>",
		"/device=<Tab>",
		"/vm=<Tab>",
		"/err d<Tab>",
		"&t<Tab>",
		"&err<Enter>&<BackTab>!<Home>x<End>y<Enter>&",
		"&<Backspace><Backspace><Backspace><Backspace><Backspace><Enter>",
		"Fvm<Enter>F",
		"F<Backspace><Backspace><Enter>",
		":time rel<Left><Left><Left>x<Del><Right><End><Enter>",
		":<Up>",
		":<Up><Up><Down>",
		":<Up><Up><Up><Up><Down><Down><Down><Down><Down>",
		"/<Up><Enter>",
		"/<Up><Up><Enter>",
		":abc<Ctrl-U>def<Ctrl-W><Ctrl-A><Ctrl-K><Ctrl-P><Ctrl-N>",
		":abc<Ctrl-C>",
		":<Backspace>",
		"mhere<Enter>",
		"m<Enter>",
		"m <Enter>",
		"!;\\~`é",
	};
	size_t i;
	const char *p;

	sizes(24, 80);
	seeks(4, 9);
	for (i = 0; i < COUNT(typed); i++) {
		presses(typed[i]);
		presses("<Esc>");
	}
	for (p = "one\ttwo\r\nthree \xc3"; *p; p++)
		scope_paste(at.s, (unsigned char)*p);
	look("pasted", 0);
	presses(":");
	for (p = "one\ttwo\r\nthree \x7f"; *p; p++)
		scope_paste(at.s, (unsigned char)*p);
	look("pasted", 0);
	presses("<Esc>");
	/* The hint of what a long line could become, where there is no room for it. */
	ALL_OF("resize 15x60", "keys :<Tab>", "keys mig<Tab>", "keys <Ctrl-U>", "keys <Esc>",
	       "keys :aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	       "keys <Left><Left>", "keys <Home>", "keys <Esc>", "keys <Nothing>", "keys <");
}

static void put_file(const char *path)
{
	size_t size = 0;
	char *text = NULL;
	FILE *f = fopen(path, "r");

	if (!f) {
		add_text("no such file");
		return;
	}
	if (getdelim(&text, &size, '\0', f) >= 0)
		add_text(text);
	if (at.show)
		printf("---- %s:\n%s", path, text ?: "");
	free(text);
	fclose(f);
}

static void walk_files(void)
{
	static const char *const files[] = { "marks",	"vfioscope-1.txt", "vfioscope-2.txt",
					     "report1", "report2",	   "vfioscope-3.report.txt",
					     "events1", "events2",	   "vfioscope-4.ndjson",
					     "roles" };
	size_t i;

	sizes(24, 80);
	seeks(2, 9);
	ALL_OF("mark early", "marks", "back", "zoom marks", "measure", "back");
	seeks(5, 9);
	ALL_OF("mark in the middle", "mark", "marks", "back", "measure", "back", "zoom marks",
	       "write-report report1", "export events1", "filter kind=read", "export events2",
	       "filter", "save-screen", "save-screen", "save-roles roles", "save-roles roles",
	       "save-roles! roles", "write-report", "write-report! report1");
	seeks(8, 9);
	ALL_OF("mark \xc3\xa9nd <b>", "marks", "down", "down", "up", "down", "why", "marks", "up",
	       "up", "up", "why", "mark-next", "mark-next", "mark-next", "mark-next", "mark-next",
	       "mark-next", "measure", "page-next", "back", "zoom marks", "export", "last",
	       "write-report report2", "next mark", "prev mark", "prev mark", "prev mark",
	       "next mark", "measure 0s 2s", "save-screen /nonexistent/x", "save-screen!",
	       "resize 9x40", "marks", "down", "down", "down", "down", "back");
	for (i = 0; i < COUNT(files); i++) {
		put_file(files[i]);
	}
}

/* Going on by itself. */
static void walk_play(void)
{
	char line[64];
	size_t i;

	sizes(24, 80);
	does("first");
	ALL_OF("play 1x", "tick 100ms", "tick 1s", "tick 1s", "play 10x", "tick 1s", "tick 10ms",
	       "play-pause", "tick 1s", "play-pause", "tick 1s", "play 0.1x", "tick 1s", "tick 1s",
	       "play", "play", "play", "play", "play", "play", "play stop", "tick 1s", "play x",
	       "play 0x", "play -1x", "play 1e9x", "tick 100ms", "tick 1000h", "play 1x", "pause",
	       "tick 1s", "pause", "follow", "tick 1s", "first", "play 2x", "event-next",
	       "tick 1s");
	for (i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "tick %zums", 10 + i * i * 100);
		does(line);
	}
}

/* What chance presses. */
static void walk_chance(void)
{
	static const char keys[] =
		"?hlkjgG[]{}()pPf nNea+=-0Z<>zdDvVOM'\"ytbuxXiI^_.,TB123456789z\r\r\t\033";
	static const int more[] = { SKEY_UP,   SKEY_DOWN, SKEY_LEFT,	SKEY_RIGHT, SKEY_HOME,
				    SKEY_END,  SKEY_PGUP, SKEY_PGDN,	SKEY_DOWN,  SKEY_UP,
				    SKEY_DOWN, SKEY_TAB,  SKEY_BACKTAB, SKEY_RIGHT, SKEY_LEFT };
	static const int
		size[][2] = { { 24, 80 }, { 40, 120 }, { 60, 200 }, { 20, 60 }, { 31, 97 } };
	char line[64];
	size_t i;
	int c;

	at.seed = 88172645463325252ULL;
	for (i = 0; i < 160; i++) {
		if (i % 20 == 0) {
			sizes(size[i / 20 % COUNT(size)][0], size[i / 20 % COUNT(size)][1]);
			seeks((unsigned int)rnd(9), 8);
		}
		c = rnd(3) ? keys[rnd(sizeof(keys) - 1)] : more[rnd(COUNT(more))];
		snprintf(line, sizeof(line), "key %d", c);
		scope_key(at.s, c);
		settle();
		look(line, 0);
	}
}

static int mark_ok(void *arg, const char *text)
{
	(void)arg;
	return strcmp(text, "fails") ? 0 : -ENOSPC;
}

static const struct walk {
	const char *name;
	void (*go)(void);
	bool brief; /* of the many pieces of evidence that are alike it is enough */
} walks[] = {
	{ "moments", walk_moments, true }, { "panes", walk_panes, false },
	{ "pages", walk_pages, false },	   { "jumps", walk_jumps, false },
	{ "axis", walk_axis, false },	   { "words", walk_words, false },
	{ "fleet", walk_fleet, false },	   { "looks", walk_looks, false },
	{ "mouse", walk_mouse, false },	   { "typing", walk_typing, false },
	{ "files", walk_files, false },	   { "play", walk_play, false },
	{ "chance", walk_chance, true },
};

/* ---- the scopes ---- */

static struct scope *create(const char *path, bool live)
{
	struct scope_options o = { .path = path, .marks_path = "marks" };
	struct judge_opts budgets;
	struct scope *s;

	judge_opts_init(&budgets);
	budgets.max_downtime_ns = 300000000;
	budgets.max_arc_ns = budgets.max_read_ns = 10000000;
	o.judge = &budgets;
	if (live) {
		o.live = true;
		o.marks_path = NULL;
		o.mark = mark_ok;
	}
	s = scope_create(&o);
	assert_non_null(s);
	scope_set_clock_bound(s, e.bound_ns);
	return s;
}

static void ended(struct scope *s)
{
	struct scope_status st = { .has_health = true,
				   .health = e.health,
				   .meta = &e.meta,
				   .clock_bound_ns = e.bound_ns };

	st.health.ended = true;
	scope_set_status(s, &st);
	assert_int_equal(scope_end(s), 0);
}

/* The end moves: what happens meanwhile is there when somebody looks again. */
static void walk_live(void)
{
	static const char *const lines[] = {
		"pause",    "tick 100ms",  "event-prev",   "tick 1s",	 "pause",    "tick 10ms",
		"mark now", "keys l",	   "last",	   "mark fails", "first",    "follow",
		"keys v",   "zoom-in",	   "event-prev",   "zoom-out",	 "pane 3",   "keys d",
		"follow",   "pane 1",	   "next failure", "follow",	 "play 1x",  "tick 1s",
		"follow",   "level fleet", "copy command", "zoom-fit",	 "arc-prev", "follow"
	};
	struct scope_status st = { .has_health = true, .loading = true, .meta = &e.meta };
	size_t i, k = 0, piece = e.n / 60 + 1;

	for (i = 0; i < e.n; i++) {
		assert_int_equal(scope_feed(at.s, &e.ev[i]), 0);
		if (i % piece)
			continue;
		st.recording = k % 3;
		st.recorded_bytes = k * 1000;
		st.health.bytes_skipped = k > 30 ? k : 0;
		scope_set_status(at.s, &st);
		scope_tick(at.s, event_end_ns(&e.ev[i]) + k % 4 * 1500000000ULL);
		look("tick", scope_dirty(at.s));
		does(lines[k++ % COUNT(lines)]);
		if (k == 20 || k == 40)
			sizes(k * 2 - 10, (int)k + 75);
	}
	st.loading = false;
	st.error = "the source broke";
	scope_set_status(at.s, &st);
	look("broken", 0);
	ended(at.s);
	look("ended", 0);
}

static void one_walk(const char *evidence, const char *name, void (*go)(void), bool live)
{
	const char *show = getenv("SHOW");
	char title[160];
	size_t i;

	snprintf(title, sizeof(title), "%s: %s", evidence, name);
	at.show = show && !strcmp(show, title);
	at.sum = 2166136261U;
	at.s = create(evidence, live);
	if (!live) {
		for (i = 0; i < e.n; i++)
			assert_int_equal(scope_feed(at.s, &e.ev[i]), 0);
		ended(at.s);
	}
	/* What it writes lies in a folder of its own. */
	assert_int_equal(tmpdir_enter(NULL), 0);
	go();
	assert_int_equal(tmpdir_leave(NULL), 0);
	assert_int_equal(fchdir(home), 0);
	scope_destroy(at.s);
	fprintf(out, " %s %08x", name, at.sum);
}

static void walk_all(const char *evidence, bool brief)
{
	size_t i;

	fprintf(out, "%s:", evidence);
	for (i = 0; i < COUNT(walks); i++)
		if (!brief || walks[i].brief)
			one_walk(evidence, walks[i].name, walks[i].go, false);
	one_walk(evidence, "live", walk_live, true);
	fputc('\n', out);
}

static void walk_play_of(const char *play)
{
	walk_all(play, true);
}

static void test_walks(void **state)
{
	static const char *const plays[] = { "failures", "vms", "evidence" };
	static const struct {
		const char *where;
		bool brief;
	} files[] = {
		{ "tests/tui/data/*.vfs", false },
		{ "tests/data/cut/*.vfs", false },
		{ "tests/data/recordings/*.vfs", false },
		{ "tests/data/judge/inside.vfs", false },
		{ "tests/data/judge/waits-to-send.vfs", false },
		/* Those of QEMU the scope has itself. */
		{ "tests/data/judge/[c-r]*-*[!u].vfs", true },
		{ "tests/data/cases/[0-9S]*.vfs", true },
	};
	char *text = NULL;
	size_t len, i, k;
	glob_t g;

	(void)state;
	home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(home >= 0);
	out = open_memstream(&text, &len);
	assert_non_null(out);
	for (i = 0; i < COUNT(files); i++) {
		assert_int_equal(glob(files[i].where, 0, NULL, &g), 0);
		for (k = 0; k < g.gl_pathc; k++) {
			evidence_of(&g.gl_pathv[k], 1);
			walk_all(g.gl_pathv[k], files[i].brief);
		}
		globfree(&g);
	}
	for (i = 0; i < COUNT(plays); i++)
		each_play(plays[i], walk_play_of);
	fclose(out);
	close(home);
	golden("tests/data/values/walks.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_walks, forget_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
