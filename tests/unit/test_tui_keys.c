// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_keys.c - keys, commands, mouse and sizes as they come, on every recording of
 * the tests: each is answered with a frame, and none of them takes long
 *
 * KEYS=10000 build/tests/unit/test_tui_keys	what is worth a night; SEED=N others
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording/recording.h"
#include "tests/unit/tmpdir.h"
#include "tui/internal.h"

/* Of the processor, ns: a hang and not a slow machine. */
#define HANG_NS 2000000000ULL

/* Where recordings are: the test itself runs in a folder of its own. */
static char *home;
static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static struct scope *scope_of_file(const char *path)
{
	struct scope_options o = { .path = path, .marks_path = "marks" };
	struct scope *s = scope_create(&o);
	struct scope_status st = { .has_health = true };
	struct event_source *src;
	struct event ev;
	char err[512];

	assert_non_null(s);
	/* What cannot be opened is a scope without an event, as it is for the user. */
	if (!recording_open(&src, path, err, sizeof(err))) {
		while (src->ops->next(src, &ev, -1) > 0)
			assert_int_equal(scope_feed(s, &ev), 0);
		src->ops->health(src, &st.health);
		src->ops->close(src);
	}
	st.health.ended = true;
	scope_set_status(s, &st);
	assert_int_equal(scope_end(s), 0);
	return s;
}

/* What no hand could press by accident, and would end it. */
static bool leaves(const struct request_entry *r)
{
	return r->req == REQ_QUIT || r->req == REQ_SUSPEND;
}

/* A command out of the table with an argument that may fit it. */
static void command(struct scope *s, char line[128])
{
	static const char *const args[] = {
		"",	      "1",
		"2 1 stop",   "5s",
		"1s 6s",      "failure",
		"finding",    "outlier",
		"slow",	      "stop",
		"state",      "marks",
		"fleet",      "migration",
		"kind=read",  "err dur>1ms",
		"!kind=read", "size>1M vm=web-04",
		"zzz",	      "10x",
		"0.1x",	      "name",
		"left",	      "sentence",
		"report",     "wall",
		"braille",    "ascii",
		"@99",	      "end",
		"-1s",	      "\"",
		"100ms",      "8",
		"read",
	};
	size_t n, i;

	for (n = 0; requests[n].req != REQ_NONE; n++)
		;
	do
		i = rnd(n);
	while (leaves(&requests[i]) || !requests[i].name || requests[i].req == REQ_RESIZE);
	/* What is written lies in a folder of our own. */
	snprintf(line, 128, "%s%s %s", requests[i].name, request_writes(requests[i].req) ? "!" : "",
		 request_writes(requests[i].req) ? "written" :
						   args[rnd(sizeof(args) / sizeof(args[0]))]);
	scope_command(s, line);
}

static void key(struct scope *s, char line[128])
{
	static const char text[] = "abkdmnstuvz019 =<>!:/&.,?-";
	size_t n, i;
	int c;

	for (n = 0; requests[n].req != REQ_NONE; n++)
		;
	i = rnd(n);
	c = requests[i].keys[rnd(4)];
	if (s->prompt != PROMPT_NONE && rnd(4))
		c = rnd(8) ? text[rnd(sizeof(text) - 1)] : SKEY_ENTER;
	else if (!c)
		c = text[rnd(sizeof(text) - 1)];
	/* At a prompt they are a letter; what is typed might name a file elsewhere. */
	if ((leaves(&requests[i]) && s->prompt == PROMPT_NONE) ||
	    (c == '/' && s->prompt == PROMPT_COMMAND))
		c = SKEY_ESC;
	snprintf(line, 128, "key %d, '%.60s'", c, s->prompt != PROMPT_NONE ? s->edit.text : "");
	scope_key(s, c);
}

static void one(struct scope *s, char line[128])
{
	static const int sizes[][2] = { { 24, 80 }, { 40, 120 }, { 60, 200 },
					{ 20, 60 }, { 9, 40 },	 { 1, 1 } };
	const int *size;

	switch (rnd(40)) {
	case 0:
		size = sizes[rnd(sizeof(sizes) / sizeof(sizes[0]))];
		snprintf(line, 128, "resize %dx%d", size[0], size[1]);
		scope_resize(s, size[0], size[1]);
		break;
	case 1:
	case 2:
	case 3:
	case 4:
		command(s, line);
		break;
	case 5:
	case 6:
		snprintf(line, 128, "mouse");
		scope_mouse(s, (enum scope_mouse)rnd(MOUSE_RELEASE + 1), (int)rnd(62) - 1,
			    (int)rnd(202) - 1);
		break;
	case 7:
		snprintf(line, 128, "tick");
		scope_tick(s, s->now_ns + rnd(3000000000ULL));
		break;
	default:
		key(s, line);
	}
}

/* The slowest of all. */
static struct {
	uint64_t ns;
	char what[160];
} worst;

static void took(uint64_t since, const char *path, const char *line, uint64_t number)
{
	uint64_t ns = cpu_ns() - since;

	if (ns > HANG_NS)
		fail_msg("%s: %s, number %llu: %llu ms", path, line, (unsigned long long)number,
			 (unsigned long long)(ns / 1000000));
	/* What writes a file takes as long as that takes. */
	if (ns <= worst.ns || strstr(line, "written") || strstr(line, "key 111"))
		return;
	worst.ns = ns;
	snprintf(worst.what, sizeof(worst.what), "%s, on %s", line, strrchr(path, '/') + 1);
}

static void press(const char *path, uint64_t keys)
{
	struct scope *s = scope_of_file(path);
	uint64_t t0, i, events = scope_count(s);
	char line[128];

	scope_resize(s, 24, 80);
	for (i = 0; i < keys; i++) {
		t0 = cpu_ns();
		one(s, line);
		scope_draw(s);
		took(t0, path, line, i);
		/* A search goes on between two looks at the keyboard. */
		while (scope_searching(s)) {
			t0 = cpu_ns();
			scope_tick(s, s->now_ns);
			scope_draw(s);
			took(t0, path, "a piece of a search", i);
		}
		/* ":q" may come, too. */
		if (scope_done(s)) {
			scope_destroy(s);
			s = scope_of_file(path);
			scope_resize(s, 24, 80);
		}
		assert_int_equal(scope_count(s), events);
		assert_true(scope_cursor(s) <= events);
	}
	scope_destroy(s);
	unlink("marks");
}

static void test_keys(void **state)
{
	static const char *const where[] = {
		"tests/data/*/*.vfs",
		"tests/tui/data/*.vfs",
	};
	uint64_t keys = number_of("KEYS", 250);
	char path[4096];
	size_t i, k, n = 0;
	glob_t g;

	(void)state;
	seed += number_of("SEED", 0);
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, where[i]);
		assert_int_equal(glob(path, 0, NULL, &g), 0);
		for (k = 0; k < g.gl_pathc; k++, n++)
			press(g.gl_pathv[k], keys);
		globfree(&g);
	}
	printf("%llu keys on each of %zu recordings, the slowest took %.1f ms: %s\n",
	       (unsigned long long)keys, n, (double)worst.ns / 1e6, worst.what);
	assert_true(n >= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys, tmpdir_enter, tmpdir_leave),
	};

	home = getcwd(NULL, 0);
	if (!home)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
