// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_metrics_text.c - all that an always-on recorder tells Prometheus, held against
 * tests/golden/metrics.prom: every bound of every histogram, reached and passed by one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "recording/recording.h"
#include "tests/unit/golden.h"
#include "view/metrics.h"

#define GOLDEN "tests/golden/metrics.prom"
#define US     1000ULL
#define MS     1000000ULL

/* Of them there are more than there are drivers with a series of their own, and three are odd. */
static const char *const drivers[] = {
	"mlx5_vfio_pci",
	"",
	"\"quoted\\\033\"",
	"a, b",
	"d4",
	"d5",
	"d6",
	"d7",
	"d8",
	"d9",
	"d10",
	"d11",
	"d12",
	"d13",
	"d14",
	"d15",
	"beyond",
	"beyond, too",
};
#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

static struct metrics *m;
static struct model *none, *model;

static int setup(void **state)
{
	struct event_source *src;
	struct event ev;
	char err[256];

	(void)state;
	m = metrics_create();
	none = model_create();
	model = model_create();
	if (recording_open(&src, "tests/data/judge/reference-qemu.vfs", err, sizeof(err)))
		return -1;
	while (src->ops->next(src, &ev, -1) == 1)
		if (model_feed(model, &ev, NULL))
			return -1;
	src->ops->close(src);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	metrics_destroy(m);
	model_destroy(none);
	model_destroy(model);
	return 0;
}

static void one(const char *driver, uint32_t outcome, uint64_t downtime_ns, uint64_t stop_ns,
		uint64_t duration_ns, const char *rules)
{
	static uint64_t n;
	struct summary_migration l = {
		.outcome = outcome,
		.downtime_ns = downtime_ns,
		.stop_ns = stop_ns,
		.duration_ns = duration_ns,
		.bytes = 1000 + n,
		/* of every third one it is not known */
		.end_real_ns = n % 3 ? 1767323045123456789ULL + n * 1000 * MS : 0,
	};
	struct summary sum = { .migration = &l, .n = 1 };

	n++;
	snprintf(l.driver, sizeof(l.driver), "%s", driver);
	snprintf(l.rules, sizeof(l.rules), "%s", rules);
	metrics_take(m, &sum, none);
}

static void test_all(void **state)
{
	/* In us and ms, as user/view/metrics.c has them; a bound belongs to its bucket. */
	static const uint64_t stops[] = {
		1000,	2500,	5000,	 10000,	  25000,   50000,    100000,   200000,
		300000, 500000, 1000000, 2000000, 5000000, 10000000, 30000000,
	};
	static const uint64_t durations[] = { 500,   1000,   2000,   5000,   10000,   30000,
					      60000, 120000, 300000, 600000, 1800000, 3600000 };
	const struct metrics_recorder r = {
		.start_real_ns = 1767323045000000001ULL,
		.under_way = 2,
		.kept = 3,
		.dropped = 4,
		.trimmed = 5,
		.cut = 6,
		.missed = 7,
		.events = 8,
		.events_missed = 9,
		.lost = 10,
		.bytes = 11,
		.clock_steps = 12,
	};
	struct summary sum = { 0 };
	uint32_t outcome;
	char *text;
	size_t len, i;
	FILE *f;

	(void)state;
	/* Known, and never migrated; what has no name is none of them. */
	metrics_know(m, "mlx5_vfio_pci");
	metrics_know(m, "");
	metrics_know(m, "mlx5_vfio_pci");
	/* So many at each bound of one, and one more behind it. */
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		one(drivers[0], OUTCOME_COMPLETED, stops[i] * US, stops[i] * US + 1, 1, "");
		if (i % 2)
			one(drivers[0], OUTCOME_COMPLETED, stops[i] * US + 1, MODEL_NONE, 1, "");
	}
	for (outcome = 0; outcome <= OUTCOME_FAILED; outcome++)
		for (i = outcome; i < sizeof(durations) / sizeof(durations[0]); i++) {
			one(drivers[0], outcome, MODEL_NONE, MODEL_NONE, durations[i] * MS, "");
			one(drivers[0], outcome, outcome == OUTCOME_CANCELLED ? 5 : MODEL_NONE,
			    outcome == OUTCOME_FAILED ? 77 * MS : MODEL_NONE, durations[i] * MS + 1,
			    "");
		}
	/* An outcome that nobody knows is none. */
	one(drivers[0], 99, MODEL_NONE, MODEL_NONE, MODEL_NONE, "");
	for (i = 0; i < DRIVERS; i++)
		one(drivers[i], i % (OUTCOME_FAILED + 1), MODEL_NONE, MODEL_NONE, i, "");
	/* Severities as they are, and as a policy has made them; a rule that nobody knows. */
	one(drivers[0], OUTCOME_FAILED, MODEL_NONE, MODEL_NONE, 3,
	    "error:migration-failed,warning:eof-in-precopy,advice:estimate-off,inconclusive:evidence-ends");
	one(drivers[0], OUTCOME_FAILED, MODEL_NONE, MODEL_NONE, 4,
	    "advice:migration-failed,error:no-such-rule,error:migration-failed,warning:estimate-off");
	snprintf(sum.rules, sizeof(sum.rules), "error:io-failed,inconclusive:no-migration");
	metrics_take(m, &sum, model);
	metrics_take(m, &sum, model);
	f = open_memstream(&text, &len);
	metrics_print(f, m, &r);
	fclose(f);
	golden(GOLDEN, text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, setup, teardown)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
