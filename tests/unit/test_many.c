// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_many.c - thousands of migrations: model, judge and every report are linear in them
 *
 * Measured in the process' own CPU time, four times as many against one: a square would
 * take sixteen times as long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "synth.h"
#include "view/trends.h"
#include "view/view.h"

#define FEW	1250U
#define TIMES	4U
#define DEVICES 8U
#define GROWTH	9.0 /* linear: 4; what grows with the logarithm, caches: some more */
#define NOISE	0.2 /* s of which no growth can be told */
#define LIMIT_S 40.0

static double cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Each VM has a name of its own, all are called alike, or half of them fail. */
enum shape { OWN_NAMES, ONE_NAME, FAILING, SHAPES };

static void play(struct synth *s, uint32_t n, enum shape shape)
{
	uint32_t i, device;
	char vm[32], name[32];

	for (i = 0; i < n; i++) {
		device = 1 + i % DEVICES;
		snprintf(vm, sizeof(vm), "vm-%u", shape == OWN_NAMES ? i : 0);
		snprintf(name, sizeof(name), "0000:3b:00.%u", device);
		synth_device(s, device, name, "mlx5_vfio_pci", 7);
		s->device = device;
		s->state = MIG_RUNNING;
		synth_task(s, 100 + i, "qemu", vm);
		s->pid = s->tid = 100 + i;
		synth_open(s);
		if (shape == FAILING && i % 2)
			synth_set_state_fails(s, MIG_STOP_COPY, 5);
		else
			synth_source(s, &(struct synth_plan){ 2, 1, true });
		synth_close(s);
	}
}

enum { FEED, TEXT, JSON, HTML, CHECK, JUNIT, INFO, STEPS };
static const char *const what[STEPS] = { "feed", "text", "json", "html", "check", "junit", "info" };

static void run(uint32_t n, enum shape shape, double took[STEPS])
{
	struct source_health health = { .ended = true };
	struct view_options opt = { 0 };
	struct model *m = model_create();
	struct judge *j = judge_create(NULL);
	struct trends *tr = trends_create();
	FILE *f = fopen("/dev/null", "w");
	struct event_context ctx;
	struct view_evidence e;
	struct view_file file;
	struct meta meta = { 0 };
	struct synth s;
	double t;
	size_t i;

	synth_init(&s);
	play(&s, n, shape);
	t = cpu();
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(judge_feed(j, m, &s.ev[i], &ctx), 0);
		assert_int_equal(trends_event(tr, m, &s.ev[i], &ctx), 0);
	}
	assert_int_equal(judge_finish(j, m, &(struct judge_evidence){ .health = &health }), 0);
	view_one_file(&e, &file, m, "many.vfs", &meta, &health);
	e.judge = j;
	e.trends = tr;
	assert_int_equal(model_migrations(m), n);
	for (i = FEED; i < STEPS; i++) {
		if (i == TEXT)
			report_text(f, &e, &opt);
		else if (i == JSON)
			report_json(f, &e, &opt);
		else if (i == HTML)
			report_html(f, &e, &opt);
		else if (i == CHECK)
			check_text(f, &e, &opt);
		else if (i == JUNIT)
			check_junit(f, &e, &opt);
		else if (i == INFO)
			info_text(f, &e, NULL, &opt);
		took[i] = cpu() - t;
		t = cpu();
	}
	fclose(f);
	trends_destroy(tr);
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
}

static bool grows_too_fast(double few, double many)
{
	return many > GROWTH * few + NOISE || many > LIMIT_S;
}

/* Whatever else the machine does costs cpu time, too, now and then: the least of so many counts. */
#define TRIES 3

static void test_linear(void **state)
{
	double few[STEPS], many[STEPS], least[STEPS];
	int shape, i, tries;
	bool again;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++) {
		run(FEW, (enum shape)shape, few);
		for (i = 0; i < STEPS; i++)
			least[i] = 1e9;
		for (tries = 0, again = true; again && tries < TRIES; tries++) {
			run(FEW * TIMES, (enum shape)shape, many);
			for (i = 0, again = false; i < STEPS; i++) {
				if (many[i] < least[i])
					least[i] = many[i];
				again |= grows_too_fast(few[i], least[i]);
			}
		}
		for (i = 0; i < STEPS; i++) {
			if (grows_too_fast(few[i], least[i]))
				fail_msg("shape %d, %s: %u take %.2f s, %u take %.2f s", shape,
					 what[i], FEW, few[i], FEW * TIMES, least[i]);
			print_message("shape %d %s: %.3f s, %.3f s\n", shape, what[i], few[i],
				      least[i]);
		}
	}
}

/* A VM of so many devices, all in the midst of it: what info takes. */
static double info_of_devices(uint32_t n)
{
	struct source_health health = { .ended = true };
	struct view_options opt = { 0 };
	struct model *m = model_create();
	FILE *f = fopen("/dev/null", "w");
	struct view_evidence e;
	struct view_file file;
	struct meta meta = { 0 };
	struct synth s;
	uint32_t i;
	double t;
	size_t k;

	synth_init(&s);
	s.pid = s.tid = 100;
	for (i = 1; i <= n; i++) {
		synth_device(&s, i, "0000:3b:00.1", "mlx5_vfio_pci", 7);
		s.device = i;
		s.state = MIG_RUNNING;
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
		synth_read(&s, MIB, US);
	}
	for (k = 0; k < s.n; k++)
		assert_int_equal(model_feed(m, &s.ev[k], NULL), 0);
	view_one_file(&e, &file, m, "many.vfs", &meta, &health);
	t = cpu();
	info_text(f, &e, NULL, &opt);
	info_json(f, &e, NULL, &opt);
	t = cpu() - t;
	fclose(f);
	model_destroy(m);
	synth_free(&s);
	return t;
}

static void test_devices(void **state)
{
	double few = info_of_devices(FEW), many = info_of_devices(FEW * TIMES);
	int tries;

	(void)state;
	for (tries = 1; tries < TRIES && grows_too_fast(few, many); tries++)
		many = info_of_devices(FEW * TIMES);
	if (grows_too_fast(few, many))
		fail_msg("info: %u devices take %.2f s, %u take %.2f s", FEW, few, FEW * TIMES,
			 many);
}

/* What is kept between two looks holds until anything is fed: a definition, too. */
static void test_looked_at_again(void **state)
{
	struct model *m = model_create();
	struct synth s;
	size_t i, named;

	(void)state;
	synth_init(&s);
	synth_device(&s, 1, "0000:3b:00.1", "mlx5_vfio_pci", 7);
	s.device = 1;
	s.state = MIG_RUNNING;
	s.pid = s.tid = 100;
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	named = s.n;
	synth_task(&s, 100, "qemu", "web-07");
	for (i = 0; i < named; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	assert_string_equal(model_side(m, 1)->vm, "");
	assert_null(model_migration(m, 1)->vm);
	for (; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	assert_string_equal(model_side(m, 1)->vm, "web-07");
	assert_string_equal(model_migration(m, 1)->vm, "web-07");
	model_destroy(m);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looked_at_again),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
