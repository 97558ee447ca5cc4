// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_why_vcpu.c - whether it was a vCPU's thread that was waited for, where that was seen
 */
#include <locale.h>

#include "tests/unit/judge_help.h"

/* Behind those whose functions have an s of their own. */
#include "tests/unit/why_help.h"

/* A source's stop of 500 ms, of which it waited for another thread for 400; of that for a vCPU's. */
static void play(uint64_t vcpu_ns)
{
	struct event *ev;

	synth_free(&s);
	synth_init(&s);
	device(1, 100);
	to_stop_copy(20 * US);
	ev = synth_between(&s, 499 * MS);
	ev->why.futex_ns = 400 * MS;
	ev->why.on_cpu_ns = 99 * MS;
	ev->why.futex_vcpu_ns = vcpu_ns;
	synth_read(&s, 0, 30 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_close(&s);
	model_destroy(m);
	m = model_create();
	feed(EV_READ);
}

static uint64_t had(enum why_part part)
{
	return model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO][part];
}

static void
says(void (*report)(FILE *f, const struct view_evidence *e, const struct view_options *opt),
     const char *text)
{
	char *out = report_of(report);

	has(out, text);
	free(out);
}

static void
says_nothing(void (*report)(FILE *f, const struct view_evidence *e, const struct view_options *opt),
	     const char *text)
{
	char *out = report_of(report);

	assert_null(strstr(out, text));
	free(out);
}

static void test_some(void **state)
{
	(void)state;
	play(100 * MS);
	assert_int_equal(had(WHY_FUTEX), 400 * MS);
	assert_int_equal(had(WHY_FUTEX_VCPU), 100 * MS);
	assert_int_equal(had(WHY_FUTEX_OTHER), 300 * MS);
	/* They are in that of the wait, not besides. */
	assert_int_equal(sum_of(model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO]), 499 * MS);
	says(report_text, "thread (a vCPU's for 100 ms)");
	says(report_html, "400 ms waiting for another thread (a vCPU&#39;s for 100 ms)");
	says(report_json, "\"futex_vcpu_ns\": 100000000");
	says(report_json, "\"futex_other_ns\": 300000000");
	says(report_json, "\"send_receiver_ns\": 0");
}

/* All of it has no time of its own; a twentieth is told, and less is not. */
static void test_shares(void **state)
{
	(void)state;
	play(400 * MS);
	assert_int_equal(had(WHY_FUTEX_OTHER), 0);
	says(report_text, "(a vCPU's)");
	play(380 * MS);
	says(report_text, "(a vCPU's)");
	play(379 * MS);
	says(report_text, "(a vCPU's for 379 ms)");
	play(20 * MS);
	says(report_text, "(a vCPU's for 20.0 ms)");
	play(20 * MS - 1);
	says_nothing(report_text, "a vCPU");
}

/* None was seen, or nobody looked: that is not the same. */
static void test_unseen(void **state)
{
	(void)state;
	play(0);
	assert_int_equal(had(WHY_FUTEX_OTHER), 400 * MS);
	says_nothing(report_text, "a vCPU");
	says(report_json, "\"futex_vcpu_ns\": 0,");
	play(EVENT_NOT_SEEN);
	assert_int_equal(had(WHY_FUTEX), 400 * MS);
	assert_int_equal(had(WHY_FUTEX_VCPU), 0);
	assert_int_equal(had(WHY_FUTEX_OTHER), 0);
	says_nothing(report_text, "a vCPU");
	says(report_json, "\"futex_vcpu_ns\": null");
	says(report_json, "\"futex_other_ns\": null");
	says_nothing(report_json, "\"futex_vcpu_ns\": 0");
}

/* A recording may claim more than the wait took: nothing of it is believed. */
static void test_lies(void **state)
{
	struct call_why w;
	struct event ev = { .kind = EV_WHY };
	uint64_t lie;

	(void)state;
	for (lie = 400 * MS + 1; lie; lie = lie == UINT64_MAX - 1 ? 0 : UINT64_MAX - 1) {
		play(lie);
		assert_int_equal(had(WHY_FUTEX_VCPU), 0);
		assert_int_equal(had(WHY_FUTEX_OTHER), 0);
		assert_int_equal(had(WHY_FUTEX), 400 * MS);
		says_nothing(report_text, "a vCPU");
	}
	/* Of what itself is not seen there is nothing more to know. */
	ev.why.futex_ns = EVENT_NOT_SEEN;
	ev.why.futex_vcpu_ns = 5;
	call_why_of(&ev, &w);
	assert_int_equal(w.ns[WHY_FUTEX_VCPU], MODEL_NONE);
	assert_int_equal(w.ns[WHY_FUTEX_OTHER], MODEL_NONE);
	/* What one part lies about is not the other's fault. */
	ev.why.send_ns = 9;
	ev.why.send_receiver_ns = 4;
	call_why_of(&ev, &w);
	assert_int_equal(w.ns[WHY_SEND_RECEIVER], 4);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { T(test_some), T(test_shares), T(test_unseen),
					    T(test_lies) };

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
