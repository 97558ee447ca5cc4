// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_exercise_calls.c - what exercise does for a plan, call by call, and what it says
 * of it: as tests/data/exercise/ has it
 *
 * On a clock of its own: each call takes CALL_NS.  BLESS=1 writes the files anew: read
 * the diff.
 */
#include "tests/unit/air.h"
#include "tests/unit/golden.h"

#include <time.h>

#define CALL_NS 200000ULL

/* ---- the clock ---- */

static uint64_t now_ns;

int __real_clock_gettime(clockid_t which, struct timespec *ts);
int __wrap_clock_gettime(clockid_t which, struct timespec *ts);
int __wrap_nanosleep(const struct timespec *ts, struct timespec *left);

int __wrap_clock_gettime(clockid_t which, struct timespec *ts)
{
	if (which != CLOCK_MONOTONIC)
		return __real_clock_gettime(which, ts);
	ts->tv_sec = (time_t)(now_ns / 1000000000);
	ts->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}

int __wrap_nanosleep(const struct timespec *ts, struct timespec *rest)
{
	char line[64];

	(void)rest;
	now_ns += (uint64_t)ts->tv_sec * 1000000000 + (uint64_t)ts->tv_nsec;
	snprintf(line, sizeof(line), "sleep %lld.%09ld", (long long)ts->tv_sec, ts->tv_nsec);
	if (heard)
		heard(line);
	return 0;
}

static void wait_in_poll(int ms)
{
	now_ns += (uint64_t)ms * 1000000;
}

/* ---- the text ---- */

static char *text;
static size_t text_len;
static FILE *out;
static char before[256];
static unsigned int repeated;
static bool quiet; /* no calls, only what is said of them */

static void put_before(void)
{
	if (repeated > 1)
		fprintf(out, "  %s (%u times)\n", before, repeated);
	else if (repeated)
		fprintf(out, "  %s\n", before);
	repeated = 0;
}

static void hear(const char *line)
{
	now_ns += CALL_NS;
	if (quiet)
		return;
	if (repeated && strcmp(line, before))
		put_before();
	snprintf(before, sizeof(before), "%s", line);
	repeated++;
}

static void note(void *ctx, int level, const char *line)
{
	(void)ctx;
	if (quiet && level == 2)
		return;
	put_before();
	fprintf(out, "  (%d) %s\n", level, line);
}

static void put_result(int ret, const char *err, const struct exercise_result *r)
{
	put_before();
	if (err[0])
		fprintf(out, " %d \"%s\"\n", ret, err);
	if (!r->number)
		return;
	fprintf(out, " %d %s %s", ret, exercise_outcome_name(r->outcome),
		exercise_verified_name(r->verified));
	fprintf(out, " precopy=%llu stop_copy=%llu written=%llu verified=%llu",
		(unsigned long long)r->bytes_precopy, (unsigned long long)r->bytes_stop_copy,
		(unsigned long long)r->bytes_written, (unsigned long long)r->verified_bytes);
	fprintf(out, " reads=%llu writes=%llu empty=%llu infos=%llu", (unsigned long long)r->reads,
		(unsigned long long)r->writes, (unsigned long long)r->empty,
		(unsigned long long)r->infos);
	if (r->has_left)
		fprintf(out, " left=%llu,%llu", (unsigned long long)r->initial_left,
			(unsigned long long)r->dirty_left);
	if (r->has_data_size)
		fprintf(out, " size=%llu", (unsigned long long)r->data_size);
	fprintf(out, " took=%llu,%llu,%llu,%llu us%s\n", (unsigned long long)r->total_ns / 1000,
		(unsigned long long)r->precopy_ns / 1000, (unsigned long long)r->stop_ns / 1000,
		(unsigned long long)r->load_ns / 1000, r->gave_up ? " gave-up" : "");
	if (r->how[0])
		fprintf(out, " how: %s\n", r->how);
	if (r->why[0])
		fprintf(out, " why: %s\n", r->why);
	if (r->error[0])
		fprintf(out, " error: %s\n", r->error);
}

static void perform(struct exercise_plan *p)
{
	char err[EXERCISE_ERR_LEN] = "";
	struct exercise_result r;
	int ret;

	p->note = note;
	heard = hear;
	waited = wait_in_poll;
	now_ns = 5000000000;
	ret = run(p, &r, err);
	heard = NULL;
	waited = NULL;
	put_result(ret, err, &r);
	assert_int_equal(n_open, 0);
}

static void begin_text(void)
{
	out = open_memstream(&text, &text_len);
	assert_non_null(out);
	quiet = false;
}

static void end_text(const char *name)
{
	char path[128];

	fclose(out);
	snprintf(path, sizeof(path), "tests/data/exercise/%s.txt", name);
	golden(path, text);
	free(text);
}

/* ---- the plans ---- */

static void what_devices_can(void **state)
{
	static const struct {
		const char *name;
		uint32_t flags;
	} can[] = {
		{ "all", ALL },
		{ "no P2P", ALL & ~UAPI_FLAG_P2P },
		{ "no PRE_COPY", ALL & ~UAPI_FLAG_PRE_COPY },
		{ "STOP_COPY alone", UAPI_FLAG_STOP_COPY },
		{ "nothing", 0 },
	};
	struct exercise_plan p;
	size_t i, to;

	(void)state;
	begin_text();
	for (i = 0; i < sizeof(can) / sizeof(can[0]); i++) {
		for (to = 0; to < 2; to++) {
			fprintf(out, "== %s%s\n", can[i].name, to ? ", to another" : "");
			prepare(can[i].flags);
			p = plan_of(to);
			perform(&p);
		}
	}
	end_text("abilities");
}

static void what_is_asked(void **state)
{
	static const struct {
		const char *name;
		struct exercise_plan p; /* as far as it differs */
	} ways[] = {
		{ "initial bytes", { .policy.kind = POLICY_INITIAL } },
		{ "at once", { .policy.kind = POLICY_AT_ONCE } },
		{ "no pre-copy", { .policy.kind = POLICY_NONE } },
		{ "below", { .policy = { .kind = POLICY_BELOW, .value = 20000 } } },
		{ "a time", { .policy = { .kind = POLICY_AFTER, .value = 40000000 } } },
		{ "the limit before it", { .policy = { POLICY_AFTER, 40000000, 30000000 } } },
		{ "slowly", { .bandwidth = 100000 } },
		{ "late",
		  { .delay_read_ns = 3000000, .delay_arc_ns = 5000000, .delay_load_ns = 7000000 } },
		{ "spin", { .wait = WAIT_SPIN } },
		{ "info", { .wait = WAIT_INFO } },
		{ "no load", { .no_load = true } },
		{ "no P2P states", { .no_p2p = true } },
		{ "no probes", { .no_probes = true } },
		{ "no P2P states, with a sibling", { .no_p2p = true, .with = "02:00.0" } },
		{ "with a sibling", { .with = "02:00.0" } },
		{ "by its stream", { .compare = { .given = true, .stream = true } } },
		{ "a part",
		  { .compare = { .given = true, .index = 2, .offset = 100, .length = 5000 } } },
		{ "cancel in PRE_COPY", { .cancel = STAGE_PRECOPY } },
		{ "cancel in STOP_COPY", { .cancel = STAGE_STOP_COPY } },
		{ "reset in PRE_COPY", { .reset = STAGE_PRECOPY } },
		{ "reset in STOP_COPY", { .reset = STAGE_STOP_COPY } },
		{ "reset in RESUMING", { .reset = STAGE_RESUMING } },
		{ "cancel in STOP_COPY, with a sibling",
		  { .cancel = STAGE_STOP_COPY, .with = "02:00.0" } },
	};
	struct exercise_plan p;
	size_t i, to;

	(void)state;
	begin_text();
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		for (to = 0; to < 2; to++) {
			fprintf(out, "== %s%s\n", ways[i].name, to ? ", to another" : "");
			prepare(ALL);
			p = plan_of(to);
			p.policy.kind = ways[i].p.policy.kind;
			p.policy.value = ways[i].p.policy.value;
			if (ways[i].p.policy.limit_ns)
				p.policy.limit_ns = ways[i].p.policy.limit_ns;
			p.bandwidth = ways[i].p.bandwidth;
			p.delay_read_ns = ways[i].p.delay_read_ns;
			p.delay_arc_ns = ways[i].p.delay_arc_ns;
			p.delay_load_ns = ways[i].p.delay_load_ns;
			p.wait = ways[i].p.wait;
			p.no_load = ways[i].p.no_load;
			p.no_p2p = ways[i].p.no_p2p;
			p.no_probes = ways[i].p.no_probes;
			p.with = ways[i].p.with;
			p.cancel = ways[i].p.cancel;
			p.reset = ways[i].p.reset;
			if (ways[i].p.compare.given)
				p.compare = ways[i].p.compare;
			perform(&p);
		}
	}
	/* By the other way, and with sizes that chance decides. */
	fprintf(out, "== by cdev\n");
	has_cdevs = true;
	prepare(ALL);
	p = plan_of(true);
	perform(&p);
	has_cdevs = false;
	for (i = 0; i < 4; i++) {
		fprintf(out, "== sizes of seed %zu\n", i);
		prepare(ALL);
		p = plan_of(true);
		p.buffer = 0;
		p.seed = i;
		perform(&p);
	}
	for (i = 0; i < 8; i++) {
		fprintf(out, "== varied by seed %zu\n", i);
		prepare(i < 6 ? ALL : UAPI_FLAG_STOP_COPY);
		p = plan_of(i & 1);
		p.vary = true;
		p.seed = i;
		perform(&p);
	}
	end_text("plans");
}

/* But for that which reads from two threads: there chance has a say. */
static void what_is_wrong(void **state)
{
	struct exercise_plan p;
	uint32_t fault, to;

	(void)state;
	begin_text();
	for (fault = FAULT_NONE + 1; fault < FAULT_NR; fault++) {
		if (fault == FAULT_CONCURRENT_IO)
			continue;
		for (to = 0; to < 2; to++) {
			fprintf(out, "== %s%s\n", fault_info(fault)->name,
				to ? ", to another" : "");
			prepare(ALL);
			p = plan_of(to);
			p.with = "02:00.0";
			p.fault = fault;
			perform(&p);
		}
	}
	end_text("faults");
}

/* Each call of a migration fails once: what is said then. */
static void what_fails(void **state)
{
	/* Interrupted ones are made again; in use, and not allowed, have words of their own. */
	static const int errors[] = { EIO, EIO, EIO, EIO, EIO, EIO, EINTR, EINTR, EBUSY, EACCES };
	struct exercise_plan p;
	unsigned int way, k;

	(void)state;
	begin_text();
	quiet = true;
	for (way = 0; way < sizeof(errors) / sizeof(errors[0]); way++) {
		fails_with = errors[way];
		for (k = 1;; k++) {
			fprintf(out, "== way %u, call %u\n", way, k);
			prepare(ALL);
			p = plan_of(way & 1);
			p.buffer = 20000;
			p.policy.kind = way & 2 ? POLICY_NONE : POLICY_CONVERGED;
			p.with = way & 2 ? "02:00.0" : NULL;
			p.compare.stream = way & 4;
			p.seed = way;
			fail_to_error = way & 2;
			fail_at = k;
			perform(&p);
			if (calls < k)
				break;
		}
	}
	fail_to_error = false;
	fails_with = EIO;
	end_text("failures");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_devices_can),
		cmocka_unit_test(what_is_asked),
		cmocka_unit_test(what_is_wrong),
		cmocka_unit_test(what_fails),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
