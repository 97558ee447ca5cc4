// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_hands.c - what is typed and where one goes: editing, completion, the language of
 * search, moments, marks, the configuration
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/recording.h"
#include "tests/unit/scope_help.h"

static struct synth made;

static struct scope *one_migration(const struct scope_options *o)
{
	synth_one_migration(&made);
	return scope_drawn(made.ev, made.n, o);
}

static void type(struct scope *s, const char *text)
{
	for (; *text; text++)
		scope_key(s, (unsigned char)*text);
}

static void test_line(void **state)
{
	struct history h = { 0 };
	struct line l;

	(void)state;
	line_set(&l, "seek 1.5s");
	assert_true(line_key(&l, 'w' & 0x1f));
	assert_string_equal(l.text, "seek ");
	assert_true(line_key(&l, SKEY_HOME) && line_insert(&l, 0xe9) && line_insert(&l, 'x'));
	assert_string_equal(l.text, "éxseek ");
	assert_true(line_key(&l, SKEY_LEFT) && line_key(&l, SKEY_LEFT));
	assert_int_equal(l.at, 0);
	assert_true(line_key(&l, SKEY_DELETE));
	assert_string_equal(l.text, "xseek ");
	assert_true(line_key(&l, SKEY_RIGHT) && line_key(&l, 'k' & 0x1f));
	assert_string_equal(l.text, "x");
	assert_true(line_key(&l, 'u' & 0x1f));
	assert_string_equal(l.text, "");
	/* nothing is before the first, nothing behind the last */
	assert_true(line_key(&l, SKEY_BACKSPACE) && line_key(&l, SKEY_DELETE) &&
		    line_key(&l, SKEY_LEFT) && line_key(&l, SKEY_RIGHT));
	assert_string_equal(l.text, "");
	assert_false(line_insert(&l, 0x1b));
	assert_false(line_insert(&l, 0xd800));
	while (line_insert(&l, 0x1f600))
		;
	assert_true(l.len < sizeof(l.text) && l.len > sizeof(l.text) - 6);

	history_add(&h, "one");
	history_add(&h, "two");
	history_add(&h, "two");
	history_add(&h, "");
	line_set(&l, "thr");
	history_step(&h, &l, -1);
	assert_string_equal(l.text, "two");
	history_step(&h, &l, -1);
	assert_string_equal(l.text, "one");
	history_step(&h, &l, -1);
	assert_string_equal(l.text, "one");
	history_step(&h, &l, 1);
	history_step(&h, &l, 1);
	assert_string_equal(l.text, "thr");
	history_free(&h);
}

static void test_completion(void **state)
{
	struct scope *s = one_migration(NULL);

	(void)state;
	/* What could be meant is said, not only that it is not clear. */
	assert_int_equal(scope_command(s, "se"), -EINVAL);
	assert_non_null(strstr(scope_message(s), "search"));
	assert_non_null(strstr(scope_message(s), "seek"));
	assert_int_equal(scope_command(s, "nonsense"), -EINVAL);
	assert_non_null(strstr(scope_message(s), "no command 'nonsense'"));
	type(s, ":see\t");
	assert_string_equal(s->edit.text, "seek ");
	scope_key(s, SKEY_ESC);
	type(s, ":sea\t");
	assert_string_equal(s->edit.text, "search");
	assert_non_null(strstr(screen(s), "search-next"));
	scope_key(s, SKEY_ESC);
	type(s, ":zoom st\t");
	assert_string_equal(s->edit.text, "zoom st");
	type(s, "o\t");
	assert_string_equal(s->edit.text, "zoom stop ");
	scope_key(s, SKEY_ESC);
	type(s, "/kind=prec\t");
	assert_string_equal(s->edit.text, "kind=precopy_info");
	scope_key(s, SKEY_ESC);
	type(s, "&err !dev\t");
	assert_string_equal(s->edit.text, "err !device=");
	type(s, "\t");
	assert_string_equal(s->edit.text, "err !device=0000:3b:00.2 ");
	scope_key(s, SKEY_ESC);
	type(s, "/vm=w\t");
	assert_string_equal(s->edit.text, "vm=web-07 ");
	/* what was typed before comes back, each prompt has its own */
	scope_key(s, SKEY_ENTER);
	settle(s);
	type(s, "/");
	scope_key(s, SKEY_UP);
	assert_string_equal(s->edit.text, "vm=web-07 ");
	scope_key(s, SKEY_ESC);
	type(s, ":");
	scope_key(s, SKEY_UP);
	assert_string_equal(s->edit.text, "");
	scope_key(s, SKEY_ESC);
	/* what is pasted is text: it neither leaves the prompt nor is it a command */
	scope_paste(s, 'q');
	assert_false(scope_done(s));
	type(s, ":");
	scope_paste(s, 'q');
	scope_paste(s, '\r');
	assert_int_equal(s->prompt, PROMPT_COMMAND);
	assert_string_equal(s->edit.text, "q ");
	assert_false(scope_done(s));
	scope_destroy(s);
}

static unsigned int hits(struct scope *s, const char *words)
{
	char err[MATCH_TEXT * 2];
	struct event ev;
	struct match m;
	unsigned int n = 0;
	uint64_t i;

	assert_int_equal(match_parse(&m, words, err), 0);
	for (i = 0; store_get(s->store, i, &ev); i++)
		n += event_kind_is_public(ev.kind) && match_event(&m, &ev, scope_ask(s));
	return n;
}

static void test_words(void **state)
{
	struct scope *s = one_migration(NULL);
	unsigned int all = hits(s, "");
	char err[MATCH_TEXT * 2];
	struct match m;

	(void)state;
	assert_true(all > 60);
	assert_int_equal(hits(s, "dur>1ns") + hits(s, "!dur>1ns"), all);
	assert_true(hits(s, "kind=read dur<1s") == hits(s, "kind=read"));
	assert_int_equal(hits(s, "kind=read dur<1ns"), 0);
	assert_true(hits(s, "size>0") > 0 && hits(s, "size>0") < all);
	assert_int_equal(hits(s, "kind=read size<1") + hits(s, "kind=read size>0") +
				 hits(s, "kind=read errno=ENOMSG"),
			 hits(s, "kind=read"));
	assert_true(hits(s, "state=STOP_COPY") > 0);
	assert_true(hits(s, "state=STOP_COPY") < hits(s, "state=PRE_COPY"));
	assert_int_equal(hits(s, "t>0ns") + hits(s, "!t>0ns"), all);
	assert_int_equal(hits(s, "t>10s"), 0);
	assert_int_equal(hits(s, "t<10s"), all);
	assert_int_equal(hits(s, "device=3b:00.2"), hits(s, "dev=3b:00.2"));
	assert_int_equal(hits(s, "device=nowhere"), 0);
	assert_int_equal(match_parse(&m, "state=NOWHERE", err), -EINVAL);
	assert_int_equal(match_parse(&m, "dur<soon", err), -EINVAL);
	/* a search goes around the end, says so, and counts */
	assert_int_equal(scope_command(s, "last"), 0);
	assert_int_equal(scope_command(s, "search kind=arc"), 0);
	settle(s);
	assert_non_null(strstr(scope_message(s), "around the end"));
	snprintf(err, sizeof(err), "1 of %u", hits(s, "kind=arc"));
	assert_non_null(strstr(scope_message(s), err));
	assert_int_equal(scope_command(s, "search-next"), 0);
	settle(s);
	snprintf(err, sizeof(err), "2 of %u", hits(s, "kind=arc"));
	assert_non_null(strstr(scope_message(s), err));
	assert_int_equal(scope_command(s, "search nowhere-to-be-found"), 0);
	settle(s);
	assert_non_null(strstr(scope_message(s), "nothing here matches"));
	scope_destroy(s);
}

/* Two devices; one is refused its STOP_COPY in the middle of reads of the other. */
static struct scope *with_failure(void)
{
	static const uint64_t all = MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY;
	unsigned int i;

	synth_free(&made);
	synth_init(&made);
	synth_task(&made, 4711, "qemu", "web-07");
	synth_device(&made, 1, "0000:3b:00.2", "mlx5_vfio_pci", all);
	synth_open(&made);
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&made, 64 * MIB, 0);
	for (i = 0; i < 20; i++)
		synth_read(&made, MIB + i, i == 12 ? 300 * MS : MS);
	synth_device(&made, 2, "0000:3b:00.3", "mlx5_vfio_pci", all);
	synth_open(&made);
	made.state = MIG_RUNNING;
	synth_set_state(&made, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state_fails(&made, MIG_STOP_COPY, 5);
	synth_device(&made, 3, "0000:3b:00.4", "mlx5_vfio_pci", all);
	synth_open(&made);
	return scope_drawn(made.ev, made.n, NULL);
}

static void test_moments(void **state)
{
	struct scope *s = with_failure();
	uint64_t slow, failure, end = scope_cursor(s);
	struct event ev;

	(void)state;
	type(s, "g");
	/* the slow call and the outlier are the same one here */
	type(s, ".");
	settle(s);
	slow = scope_cursor(s);
	assert_true(store_get(s->store, slow - 1, &ev));
	assert_int_equal(ev.kind, EV_READ);
	assert_int_equal(ev.dur_ns, 300 * MS);
	assert_int_equal(s->device, 1);
	type(s, "g^");
	settle(s);
	assert_int_equal(scope_cursor(s), slow);
	/* the failure: moment and subject */
	type(s, "x");
	settle(s);
	failure = scope_cursor(s);
	assert_true(failure > slow && store_get(s->store, failure - 1, &ev));
	assert_true(ev.ret < 0);
	assert_int_equal(s->device, 2);
	/* back and forth, subject included */
	type(s, "(");
	assert_int_equal(scope_cursor(s), slow);
	assert_int_equal(s->device, 1);
	type(s, ")");
	assert_int_equal(scope_cursor(s), failure);
	assert_int_equal(s->device, 2);
	type(s, ")");
	assert_int_equal(scope_cursor(s), failure);
	/* findings in both directions */
	type(s, "g");
	type(s, "i");
	assert_true(scope_cursor(s) > 0 && scope_cursor(s) <= end);
	assert_non_null(strstr(scope_message(s), "("));
	type(s, "G");
	assert_int_equal(scope_command(s, "prev finding"), 0);
	assert_true(scope_cursor(s) < end);
	assert_int_equal(scope_command(s, "next nonsense"), -EINVAL);
	assert_int_equal(scope_command(s, "slow 1s"), 0);
	type(s, "g.");
	settle(s);
	assert_non_null(strstr(scope_message(s), "no call of over"));
	/* an event that is stepped to is what the screen is about */
	type(s, "g");
	type(s, "l");
	assert_int_equal(s->device, 1);
	scope_destroy(s);
}

static void test_axis(void **state)
{
	struct scope *s = one_migration(NULL);
	const struct migration *g;
	uint64_t from, to, t;
	char cmd[80];

	(void)state;
	g = model_migration(store_model(s->store), 1);
	assert_true(g->stop.start_ns != MODEL_NONE);
	type(s, "Z");
	scope_draw(s);
	assert_true(s->from_ns <= g->stop.start_ns);
	assert_true(s->to_ns >= g->stop.start_ns + g->stop.total_ns);
	assert_true(s->to_ns - s->from_ns < g->stop.total_ns * 2);
	/* a state */
	snprintf(cmd, sizeof(cmd), "seek @%llu", (unsigned long long)g->stop.start_ns - 1);
	assert_int_equal(scope_command(s, cmd), 0);
	type(s, "T");
	assert_true(store_state_span(s->store, s->device, s->cursor_ns, &from, &to));
	assert_true(s->from_ns <= from && s->to_ns >= to && s->from_ns < to);
	/* between two marks; what is measured there is what was read there */
	snprintf(cmd, sizeof(cmd), "seek @%llu", (unsigned long long)from);
	assert_int_equal(scope_command(s, cmd), 0);
	assert_int_equal(scope_command(s, "mark one"), 0);
	t = s->cursor_ns;
	assert_int_equal(scope_command(s, "last"), 0);
	assert_int_equal(scope_command(s, "mark two"), 0);
	type(s, "B");
	assert_true(s->from_ns <= t && s->to_ns >= s->cursor_ns);
	type(s, "M");
	assert_non_null(strstr(screen(s), "MEASURE"));
	snprintf(cmd, sizeof(cmd), "%s in ",
		 units_size((char[UNITS_LEN]){ 0 },
			    model_session(store_model(s->store), 1)->bytes_total, false));
	assert_non_null(strstr(screen(s), cmd));
	scope_key(s, SKEY_ESC);
	/* the list of marks goes to one */
	type(s, "\"");
	assert_non_null(strstr(screen(s), "two"));
	scope_key(s, SKEY_UP);
	scope_key(s, SKEY_ENTER);
	assert_int_equal(s->cursor_ns, t);
	/* the mouse draws the axis */
	type(s, "0");
	scope_draw(s);
	from = s->from_ns;
	to = s->to_ns;
	scope_mouse(s, MOUSE_CLICK, s->plot.row, s->plot.col + s->plot.cols / 4);
	scope_mouse(s, MOUSE_RELEASE, s->plot.row, s->plot.col + s->plot.cols / 2);
	assert_true(s->from_ns > from && s->to_ns < to);
	assert_true(s->to_ns - s->from_ns < (to - from) / 3);
	scope_destroy(s);
}

static void test_play(void **state)
{
	struct scope *s = one_migration(NULL);
	uint64_t at;

	(void)state;
	type(s, "g");
	at = s->cursor_ns;
	scope_tick(s, 1000 * MS);
	type(s, "p");
	scope_tick(s, 1000 * MS);
	scope_tick(s, 1020 * MS);
	assert_int_equal(s->cursor_ns, at + 20 * MS);
	assert_int_equal(scope_command(s, "play 0.1x"), 0);
	scope_tick(s, 2000 * MS);
	scope_tick(s, 2100 * MS);
	assert_int_equal(s->cursor_ns, at + 30 * MS);
	type(s, "p");
	scope_tick(s, 3000 * MS);
	assert_int_equal(s->cursor_ns, at + 30 * MS);
	/* it stops at the end */
	assert_int_equal(scope_command(s, "play 1000000"), 0);
	scope_tick(s, 3001 * MS);
	scope_tick(s, 9000 * MS);
	scope_tick(s, 9001 * MS);
	assert_false(scope_playing(s));
	assert_int_equal(scope_command(s, "play backwards"), -EINVAL);
	scope_destroy(s);
}

static void test_copy(void **state)
{
	struct scope_options o = { .path = "it's.vfs" };
	struct scope *s = one_migration(&o);
	char *text;

	(void)state;
	assert_null(scope_take_clip(s));
	type(s, "Y");
	text = scope_take_clip(s);
	assert_non_null(text);
	/* what the screen has room for of it */
	assert_true(strlen(text) > 60);
	text[60] = '\0';
	assert_non_null(strstr(screen(s), text));
	free(text);
	type(s, "C");
	text = scope_take_clip(s);
	assert_non_null(text);
	assert_non_null(strstr(text, "vfioscope report --to @"));
	assert_non_null(strstr(text, " --migration 1 'it'\\''s.vfs'"));
	free(text);
	type(s, "y");
	text = scope_take_clip(s);
	assert_non_null(text);
	free(text);
	assert_null(scope_take_clip(s));
	scope_destroy(s);
}

/* A step looks at no more than a bounded work's worth of events, whatever the filter. */
static void test_no_match_is_quick(void **state)
{
	struct scope *s = one_migration(NULL);
	struct log_row row;
	uint64_t budget;

	(void)state;
	assert_int_equal(scope_command(s, "filter nowhere-to-be-found"), 0);
	budget = 160;
	assert_false(log_prev(s, scope_cursor(s), &row, &budget));
	assert_int_equal(budget, 0);
	assert_int_equal(scope_command(s, "filter dur>1h"), 0);
	budget = 2;
	/* a whole chunk in which no call took so long is one look */
	assert_false(log_prev(s, scope_cursor(s), &row, &budget));
	/* and what was looked at once is not looked at again */
	assert_int_equal(scope_command(s, "filter nowhere-to-be-found"), 0);
	budget = UINT64_MAX;
	assert_false(log_prev(s, store_count(s->store), &row, &budget));
	budget = 1;
	assert_false(log_prev(s, store_count(s->store), &row, &budget));
	assert_false(log_next(s, 0, &row, &budget));
	assert_int_equal(budget, 1);
	assert_int_equal(scope_command(s, "filter"), 0);
	budget = 1000;
	assert_true(log_prev(s, store_count(s->store), &row, &budget));
	scope_destroy(s);
}

static void check_config(const char *text, unsigned int bad_line, const char *says)
{
	struct scope_config c;
	char err[CONFIG_ERR_LEN];
	unsigned int line = 0;

	config_init(&c);
	assert_int_equal(config_parse(&c, text, strlen(text), &line, err), -EINVAL);
	assert_int_equal(line, bad_line);
	if (!strstr(err, says))
		fail_msg("'%s' does not say '%s'", err, says);
}

static void test_config(void **state)
{
	static const char good[] =
		"# mine\n\ntheme = light\n  colour warn = yellow\n"
		"key x = next failure\nkey <Ctrl-T> = time wall\nkey = = zoom-in\n"
		"colour key = 99";
	struct scope_options o = { 0 };
	struct scope_config c;
	char err[CONFIG_ERR_LEN];
	unsigned int line;
	struct scope *s;

	(void)state;
	config_init(&c);
	assert_int_equal(config_parse(&c, good, strlen(good), &line, err), 0);
	assert_int_equal(c.n_binds, 3);
	assert_int_equal(c.theme.look[ROLE_WARN].fg8, 3);
	assert_int_equal(c.theme.look[ROLE_KEY].fg256, 99);
	check_config("theme = dark\ntheme = pink\n", 2, "dark, light, 8");
	check_config("\n\ncolour nothing = red\n", 3, "nothing");
	check_config("colour bad = reddish", 1, "reddish");
	check_config("key xx = quit", 1, "xx");
	check_config("key x = explode", 1, "explode");
	check_config("key x=quit", 1, "WHAT = VALUE");
	check_config("keys x = quit", 1, "keys x");
	check_config("key \033 = quit", 1, "no key");
	/* a bound key is its command */
	o.binds = c.bind;
	o.n_binds = c.n_binds;
	s = one_migration(&o);
	assert_int_equal(s->opt.time, TIME_REL);
	scope_key(s, 't' & 0x1f);
	assert_int_equal(s->opt.time, TIME_WALL);
	scope_destroy(s);
}

/* Red is trouble and nothing else; all roles have a name. */
static void test_themes(void **state)
{
	static const short reds[] = { 1, 9, 124, 160, 196, 203 };
	struct theme t;
	int i, role;
	size_t k;

	(void)state;
	assert_false(theme_by_name(&t, "nonsense"));
	for (i = 0; theme_names[i]; i++) {
		assert_true(theme_by_name(&t, theme_names[i]));
		for (role = 0; role < ROLE_NR; role++) {
			bool red = false;

			assert_non_null(theme_role_names[role]);
			for (k = 0; k < sizeof(reds) / sizeof(reds[0]); k++)
				red |= t.look[role].fg256 == reds[k];
			assert_int_equal(t.look[role].fg8 == 1, role == ROLE_BAD);
			assert_int_equal(red, role == ROLE_BAD);
		}
	}
}

/* The cursor is on the axis, and in what was zoomed to, not in the margin beside it. */
static void test_cursor_on_the_axis(void **state)
{
	const struct migration *g;
	uint64_t stop_ns, pad;
	struct scope *s;

	(void)state;
	synth_one_migration(&made);
	synth_pause(&made, 10 * SEC);
	synth_add(&made, EV_MARK, 0, 0)->device = 0;
	s = scope_drawn(made.ev, made.n, NULL);
	g = model_migration(store_model(s->store), 1);
	stop_ns = g->stop.start_ns;
	assert_int_equal(scope_command(s, "migration 1"), 0);
	assert_int_equal(scope_command(s, "zoom migration"), 0);
	scope_seek_event(s, made.n);
	scope_draw(s);
	assert_in_range(s->cursor_ns, s->from_ns, s->to_ns);
	pad = (g->stop.total_ns) / 20;
	scope_seek_time(s, stop_ns - pad / 2);
	assert_int_equal(scope_zoom_to(s, "stop"), 0);
	assert_in_range(s->cursor_ns, stop_ns, s->to_ns);
	scope_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor_on_the_axis),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_axis),
		cmocka_unit_test(test_play),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_no_match_is_quick),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_themes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	synth_free(&made);
	return failed;
}
