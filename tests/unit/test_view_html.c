// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_html.c - the page: what it says, that no name gets out of its
 * place, and the numbers that its plots are drawn from
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "judge/page.h"
#include "tests/unit/synth.h"
#include "view/html.h"
#include "view/plots.h"
#include "view/trends.h"
#include "view/view.h"

static struct synth s;
static struct model *m;
static struct judge *j;
static struct trends *tr;
static struct view_options opt;
static struct source_health health;
static struct meta meta;
static char *out;
static size_t out_len;

static int setup(void **state)
{
	(void)state;
	synth_init(&s);
	memset(&opt, 0, sizeof(opt));
	memset(&health, 0, sizeof(health));
	health.ended = true;
	m = model_create();
	j = judge_create(NULL);
	tr = trends_create();
	meta_add(&meta, "host", "node7");
	return m && j && tr ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	trends_destroy(tr);
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
	meta_clear(&meta);
	free(out);
	out = NULL;
	return 0;
}

static void feed(void)
{
	struct event_context ctx;
	size_t i;

	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(judge_feed(j, m, &s.ev[i], &ctx), 0);
		assert_int_equal(trends_event(tr, m, &s.ev[i], &ctx), 0);
	}
	assert_int_equal(judge_finish(j, m, &(struct judge_evidence){ .health = &health }), 0);
}

static void show(const char *path)
{
	FILE *f = (free(out), open_memstream(&out, &out_len));
	struct view_evidence e;
	struct view_file file;

	view_one_file(&e, &file, m, path, &meta, &health);
	e.judge = j;
	e.trends = tr;
	report_html(f, &e, &opt);
	fclose(f);
}

static void has(const char *what)
{
	if (!strstr(out, what))
		fail_msg("'%s' is missing in:\n%s", what, out);
}

static void lacks(const char *what)
{
	if (strstr(out, what))
		fail_msg("'%s' should not be in:\n%s", what, out);
}

static void test_says(void **state)
{
	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	s.ops = STREAM_OP_READ | STREAM_OP_POLL | STREAM_OP_IOCTL | STREAM_OP_RELEASE;
	synth_source(&s, &(struct synth_plan){ 8, 4, true });
	feed();
	show("x.vfs");
	has("<span class=big>PASS</span>");
	has("protocol: clean; migrations: 1 completed");
	has("</a>: web-07 with 0000:3b:00.2 (mlx5_vfio_pci), leaving node7: <b class=t-good>COMPLETED</b>");
	has("no downtime is known: the destination is not in the evidence");
	has("to no destination: ");
	has("12.1 MiB");
	/* arcs 15 ms, sync 2 ms, 4 reads of 80 us and one of 2 us, the rest is outside */
	has("<h3>Where the stop on the source went: ");
	has("This device's own stop: ");
	has("nothing for now: ENOMSG 212 times<");
	has("title=\"PRE_COPY for ");
	has("<td>none<td>none</tr>");
	/* 212 empty reads in a row are worth advice. */
	has("<a href=\"#findings\">");
	lacks("<script");
	lacks("http:");
	lacks("https:");
}

#define EVIL_VM	 "a\"><script>alert('x')</script>&amp;"
#define EVIL_DEV "<img src=x onerror=y>"

static void test_hostile(void **state)
{
	static const char bidi[] = "\xe2\x80\xae\033[31m\xff";

	(void)state;
	synth_device(&s, 1, EVIL_DEV, "</title>", 7);
	synth_task(&s, 100, "'\"<b>", EVIL_VM);
	synth_open(&s);
	synth_source(&s, &(struct synth_plan){ 8, 4, true });
	synth_device(&s, 2, bidi, "d", 7);
	synth_open(&s);
	synth_source(&s, &(struct synth_plan){ 2, 1, true });
	meta_clear(&meta);
	meta_add(&meta, "host", "<h1>\"'");
	meta_add(&meta, "kernel", "6.<i>");
	feed();
	show("<path>\"&'.vfs");
	lacks("<script");
	lacks("<img");
	lacks("<h1>&quot;");
	lacks("<b>,");
	lacks("<path>");
	lacks("\033");
	lacks("\xe2\x80\xae");
	lacks("\xff");
	lacks("6.<i>");
	has("a&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;");
	has("&lt;img src=x onerror=y&gt;");
	has("(&lt;/title&gt;)");
	has("&lt;path&gt;&quot;&amp;&#39;.vfs");
	has("\\u202e\\x1b[31m\\xff");
}

static void test_findings(void **state)
{
	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_info(&s, MIB, 0);
	synth_read(&s, MIB, 60 * US);
	synth_read(&s, 0, 2 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_loss(&s, 7, s.now, s.now, EV_READ);
	feed();
	health.ended = false;
	show("x.vfs");
	has("<span class=big>FINDINGS</span>");
	has("<li><a href=\"#f1\">eof-in-precopy</a>, <b class=t-warn>warning</b> (driver): ");
	has("id=\"f1\"");
	has("<h4>What it means</h4><p>A read() that returns 0 is the end");
	has("<blockquote>When read() is done on this temporary end");
	has("<h4>What to change</h4><p>Driver: return -ENOMSG");
	has("7 EVENTS LOST in 1 place<");
	has("IT DID NOT END CLEANLY");
	has("Its figures are lower bounds");
}

/* A migration that failed: the call, its errno, where, whose turn; in the table, too. */
static void test_failed(void **state)
{
	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_info(&s, MIB, 0);
	synth_read(&s, MIB, 60 * US);
	synth_set_state_fails(&s, MIG_STOP_COPY, EIO);
	synth_close(&s);
	feed();
	show("x.vfs");
	has("migrations: 1 failed");
	has("<b class=t-bad>FAILED</b> after ");
	has("<dt>cause<dd class=loud>SET_STATE(STOP_COPY) gave EIO");
	has("on 0000:3b:00.2 of node7, by mig (pid 100), at +");
	has("<dt>whose turn<dd>the driver has to act");
	has("<tr class=note><td colspan=10><span>");
	has("FAILED STEP PRE_COPY to ");
	has("<b class=t-bad>FAILED: EIO</b>");
	/* Nothing stood still: there is no waterfall to draw, and no forecast was held against it. */
	lacks("<div class=fall>");
	lacks("<dt>forecast");
}

/* What a stop would cost now is among the facts of what is under way. */
static void test_forecast(void **state)
{
	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_info(&s, 8 * MIB, 0);
	synth_read(&s, MIB, 60 * US);
	synth_info(&s, 7 * MIB, 0);
	feed();
	show("x.vfs");
	has("<dt>forecast<dd>7.00 MiB to move if it switched now; ");
}

/* A read() that has not returned, and a dirty log that nobody saw: neither is 0. */
static void test_not_seen(void **state)
{
	struct event *ev;

	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_data_size(&s, MIB);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	ev = synth_add(&s, EV_STUCK, 0, 0);
	ev->stuck.call = EV_READ;
	ev->stuck.age_ns = 42 * SEC;
	ev->t_ns += 42 * SEC;
	feed();
	show("x.vfs");
	has("42.000 s of it in a call that had not returned when it was last seen.");
	has("dirty sync</div><div class=\"b\"></div><div class=\"num\">not seen</div>");
	has("<td>dirty sync<td class=num>not seen");
	has("it is not over when the evidence ends");
}

/* Of many devices each has a row, and is told in full behind a fold. */
static void test_many(void **state)
{
	char name[32];
	uint32_t i;

	(void)state;
	synth_task(&s, 100, "mig", "web-07");
	for (i = 1; i <= 16; i++) {
		snprintf(name, sizeof(name), "0000:3b:00.%x", i);
		synth_device(&s, i, name, "mlx5_vfio_pci", 7);
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 0);
	}
	feed();
	show("x.vfs");
	has("web-07 with 16 devices");
	has("<summary>Each of the 16 sessions in full</summary>");
	has("<tr><td><a href=\"#s16\">0000:3b:00.10</a>");
	has("<details id=\"s16\"><summary>");
	lacks("Migration 2");
}

/* Where many devices are drawn twice, the whole beside its stop, the whole is behind a fold. */
static void test_whole_folded(void **state)
{
	static const struct {
		uint32_t devices;
		uint64_t before_ns;
		bool folded;
	} of[] = { { 8, 10 * SEC, false }, { 9, 10 * SEC, true }, { 9, 0, false } };
	char name[32];
	size_t k;
	uint32_t i;

	(void)state;
	for (k = 0; k < sizeof(of) / sizeof(of[0]); k++) {
		teardown(NULL);
		setup(NULL);
		synth_task(&s, 100, "mig", "web-07");
		for (i = 1; i <= of[k].devices; i++) {
			snprintf(name, sizeof(name), "0000:3b:00.%x", i);
			synth_device(&s, i, name, "mlx5_vfio_pci", 7);
			synth_open(&s);
			synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 0);
		}
		synth_pause(&s, of[k].before_ns);
		for (i = 1; i <= of[k].devices; i++) {
			s.device = s.stream = i;
			s.state = MIG_PRE_COPY;
			synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
			synth_read(&s, 0, US);
		}
		feed();
		show("x.vfs");
		if (of[k].folded) {
			has("<h3>The stop, device by device</h3>");
			has("<details><summary>The whole migration, device by device</summary>");
			lacks("<h3>The whole migration, device by device</h3>");
		} else {
			has("<h3>The whole migration, device by device</h3>");
			lacks("<summary>The whole migration");
		}
	}
}

static uint32_t count(const char *what)
{
	const char *at;
	uint32_t n = 0;

	for (at = out; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* On the migration's axis so many findings have a place; on their own sessions' all. */
static void test_pins_max(void **state)
{
	uint32_t n, i, pins[2];
	char name[32];

	(void)state;
	for (n = 64; n <= 65; n++) {
		teardown(NULL);
		setup(NULL);
		synth_task(&s, 100, "mig", "web-07");
		for (i = 1; i <= n; i++) {
			snprintf(name, sizeof(name), "0000:3b:%02x.0", i);
			synth_device(&s, i, name, "mlx5_vfio_pci", 7);
			synth_open(&s);
			synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), US);
			synth_info(&s, MIB, 0);
			synth_read(&s, MIB, US);
			synth_read(&s, 0, US);
		}
		/* No call can be under way any more. */
		synth_pause(&s, 20 * SEC);
		synth_add(&s, EV_MARK, 0, 0)->device = 0;
		feed();
		show("x.vfs");
		assert_int_equal(count("<summary>Each of the"), 1);
		pins[n - 64] = count("\" title=\"eof-in-precopy\">");
	}
	assert_int_equal(pins[0], 2 * 64);
	assert_int_equal(pins[1], 64 + 65);
}

/* Whatever times there are: few ticks, and each in its place. */
static void test_axis(void **state)
{
	static const uint64_t times[] = {
		0,
		1,
		2,
		5,
		6,
		7,
		999,
		SEC,
		7 * SEC + 1,
		86400 * SEC,
		1ULL << 62,
		(1ULL << 63) - 1,
		1ULL << 63,
		3ULL * 1000000000000000000ULL,
		UINT64_MAX / 6,
		UINT64_MAX - SEC,
		UINT64_MAX - 1,
		UINT64_MAX,
	};
	const size_t n = sizeof(times) / sizeof(times[0]);
	struct axis x;
	const char *at;
	size_t i;
	FILE *f;

	(void)state;
	for (i = 0; i < n * n * n; i++) {
		free(out);
		f = open_memstream(&out, &out_len);
		x = axis_of(times[i % n], times[i / n % n], times[i / n / n]);
		axis_ticks(f, &x);
		axis_span(f, &x, times[i / n / n], times[i % n]);
		fclose(f);
		assert_true(count("<span") <= AXIS_TICKS_MAX);
		for (at = out; (at = strstr(at, "left:")); at++) {
			assert_true(strtod(at + 5, NULL) >= 0);
			assert_true(strtod(at + 5, NULL) <= 100);
		}
		at = strstr(out, ";width:");
		assert_true(strtod(at + 7, NULL) >= 0 && strtod(at + 7, NULL) <= 100);
	}
	/* Round places, and the digits that tell them apart. */
	free(out);
	f = open_memstream(&out, &out_len);
	x = axis_of(1000 * SEC + 1300 * MS, 1000 * SEC + 1379 * MS, 1000 * SEC);
	axis_ticks(f, &x);
	fclose(f);
	has(">+1.30 s<");
	has(">+1.32 s<");
	has(">+1.36 s<");
	assert_int_equal(count("<span"), 4);
}

/* A clock that ends: the page does, too. */
static void test_endless(void **state)
{
	static const uint64_t starts[] = { UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2, 1ULL << 63 };
	uint32_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
		synth_task(&s, 100, "mig", "web-07");
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
		synth_info(&s, UINT64_MAX, UINT64_MAX);
		synth_read(&s, INT64_MAX, 60 * US);
		synth_empty_run(&s, -ENOMSG, 5, US, 2 * SEC);
		s.now = starts[i];
		synth_read(&s, INT64_MAX, UINT64_MAX);
		synth_info(&s, UINT64_MAX, 0);
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), UINT64_MAX / 3);
		synth_read(&s, MIB, UINT64_MAX);
		feed();
		show("x.vfs");
		has("</html>");
		assert_true(out_len < 256 * KIB);
		teardown(state);
		setup(state);
	}
}

/* What other views paint is bold here, and nothing else gets through. */
static void test_painted(void **state)
{
	FILE *f = (free(out), open_memstream(&out, &out_len));

	(void)state;
	html_painted(f, "a \033[31m<b>\033[0m c\033[1md\033[32me\033[0m\033[2J\033]0;x");
	fclose(f);
	assert_string_equal(out, "a <b class=t-bad>&lt;b&gt;</b> c<b>d</b><b class=t-good>e</b>"
				 "\\x1b[2J\\x1b]0;x");
}

/* Without a judge, without plots, without a migration: still a page. */
static void test_bare(void **state)
{
	FILE *f = (free(out), open_memstream(&out, &out_len));
	struct view_evidence e;
	struct view_file file;

	(void)state;
	view_one_file(&e, &file, m, "x", NULL, NULL);
	report_html(f, &e, &opt);
	fclose(f);
	has("No migration is in this evidence.");
	lacks("PASS");
	has("</html>");
}

static void test_escaping(void **state)
{
	char *long_name = malloc(3001);
	FILE *f = (free(out), open_memstream(&out, &out_len));

	(void)state;
	/* Characters of three bytes over the ends of chunks; cut by the length given. */
	memset(long_name, 0, 3001);
	while (strlen(long_name) < 2998)
		strcat(long_name, "\xe2\x82\xac");
	html_text(f, long_name, 3000);
	html_text(f, "ab<c", 3);
	fclose(f);
	assert_int_equal(strlen(out), strlen(long_name) + strlen("ab&lt;"));
	assert_memory_equal(out, long_name, strlen(long_name));
	has("ab&lt;");
	free(long_name);
}

static void test_pages(void **state)
{
	const struct page *p;
	unsigned int i;
	FILE *f;

	(void)state;
	/* Every page of ours has what the report prints of it. */
	for (i = 0; i < page_count; i++) {
		p = &page_table[i];
		if (strcmp(p->kind, "rule"))
			continue;
		free(out);
		f = open_memstream(&out, &out_len);
		assert_true(html_page_section(f, p->text, "What it means"));
		assert_true(html_page_section(f, p->text, "The sentence"));
		assert_true(html_page_section(f, p->text, "What to change"));
		assert_false(html_page_section(f, p->text, "What"));
		fclose(f);
		has("</p>");
		lacks("## ");
	}
	free(out);
	f = open_memstream(&out, &out_len);
	html_page_section(f,
			  "# t\n\nlead `a<b`\nmore\n\n## S\n\n- one\n  two\n- three\n\n    code\n"
			  "    end\n\n> q\n> r\n",
			  NULL);
	html_page_section(
		f, "# t\n\nx\n\n## S\n\n- one\n  two\n- three\n\n    code\n    end\n\n> q\n> r\n",
		"S");
	fclose(f);
	assert_string_equal(out, "<p>lead <code>a&lt;b</code> more</p>\n"
				 "<p class=item>one two</p>\n<p class=item>three</p>\n"
				 "<pre>code\nend</pre>\n<blockquote>q r</blockquote>\n");
}

static void test_trend(void **state)
{
	uint64_t bytes = 0, enomsg = 0, part = 0;
	const struct trend *t;
	uint32_t i;

	(void)state;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 0);
	synth_info(&s, 2 * MIB, MIB);
	synth_read(&s, MIB, US);
	feed();
	t = trends_of(tr, 1);
	assert_non_null(t);
	assert_null(trends_of(tr, 2));
	assert_int_equal(t->n, 1);
	assert_int_equal(t->part[0].initial_max, 2 * MIB);
	assert_int_equal(t->part[0].initial_last, MIB);
	assert_int_equal(t->part[0].dirty_last, MIB);
	/* Initial bytes go first, then dirty ones, and never below nothing. */
	s.n = 0;
	synth_pause(&s, 10 * SEC);
	synth_read(&s, 1536 * KIB, US);
	synth_read(&s, MIB, US);
	synth_empty_run(&s, -ENOMSG, 5, US, 2 * SEC);
	synth_read(&s, -EIO, US);
	for (i = 0; i < s.n; i++) {
		struct event_context ctx;

		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(trends_event(tr, m, &s.ev[i], &ctx), 0);
	}
	t = trends_of(tr, 1);
	assert_true(t->n <= TREND_PARTS && t->n > TREND_PARTS / 2);
	assert_true(t->part_ns * t->n >= 18 * SEC);
	for (i = 0; i < t->n; i++) {
		bytes += t->part[i].bytes;
		enomsg += t->part[i].enomsg;
		if (t->part[i].initial_max)
			assert_int_equal(i, 0);
		if (t->part[i].waited)
			part++;
	}
	assert_int_equal(bytes, 3 * MIB + 512 * KIB);
	assert_int_equal(enomsg, 5);
	/* The run lasts for 8 s. */
	assert_in_range(part * t->part_ns, 8 * SEC, 8 * SEC + 2 * t->part_ns);
	i = (uint32_t)((10 * SEC + 20 * US) / t->part_ns);
	assert_true(t->part[i].has_left);
	assert_int_equal(t->part[i].dirty_max, 512 * KIB);
	assert_int_equal(t->part[i].dirty_last, 0);
	assert_true(t->part[t->n - 1].failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_says, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_findings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forecast, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_folded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pins_max, setup, teardown),
		cmocka_unit_test_setup_teardown(test_axis, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_painted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_escaping, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trend, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
