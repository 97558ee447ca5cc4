// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_judge_closes.c - who has left a data FD open: its closes and releases, seen or not,
 * of several numbers or one, and when the device is closed or the evidence ends
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/allocs.h"
#include "tests/unit/judged.h"

enum {
	CLOSE = 1,	 /* the last reference but the driver's */
	CLOSE_ONE = 2,	 /* others remain */
	RELEASE = 4,	 /* it is gone */
	ADOPTED = 8,	 /* it was found, not born, in the capture */
	NOT_HOOKED = 16, /* its release cannot be seen */
	DEVICE = 32,	 /* the device is closed right after */
	NO_CLOSES = 64,	 /* no close() was ever seen before */
	LOST = 128,	 /* something of it is lost */
	LATE = 256,	 /* the device is closed later than LATER_NS */
};

static const char *left_open(uint32_t how, uint64_t after_ns)
{
	static char line[sizeof(((struct finding *)0)->text)];
	struct event *ev;
	size_t i;

	begin_anew();
	begin(&s, "mlx5_vfio_pci", 7);
	if (!(how & NO_CLOSES)) {
		initial(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
		synth_stream_close(&s);
	}
	initial(&s);
	for (i = 0; i < s.n; i++) {
		if (s.ev[i].kind != EV_STREAM_OPEN || s.ev[i].stream != s.stream)
			continue;
		s.ev[i].stream_open.adopted = how & ADOPTED ? 1 : 0;
		if (how & NOT_HOOKED)
			s.ev[i].stream_open.hooked &= ~STREAM_OP_RELEASE;
	}
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	if (how & (CLOSE | CLOSE_ONE)) {
		ev = synth_add(&s, EV_STREAM_CLOSE, US, 0);
		ev->stream = s.stream;
		ev->stream_close.refs = how & CLOSE_ONE ? 2 : 1;
		ev->stream_close.driver_refs = 1;
	}
	if (how & RELEASE)
		synth_add(&s, EV_STREAM_RELEASE, US, 0)->stream = s.stream;
	if (how & LOST)
		synth_loss(&s, 2, s.now - MS, s.now, EV_STREAM_CLOSE);
	if (how & DEVICE)
		synth_close(&s);
	/* From the end of the session's last arc. */
	for (i = s.n; s.ev[i - 1].kind != EV_ARC;)
		i--;
	s.now = event_end_ns(&s.ev[i - 1]) + after_ns;
	if (how & LATE)
		synth_close(&s);
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
	look();
	for (i = 0; i < judge_findings(j); i++)
		if (judge_finding(j, i)->rule == RULE_STREAM_LEFT_OPEN)
			break;
	snprintf(line, sizeof(line), "%s", i < judge_findings(j) ? judge_finding(j, i)->text : "");
	return line;
}

#define AT_CLOSE "the device was closed while the data FD was still open"

static void test_left_open(void **state)
{
	static const struct {
		uint32_t how;
		uint64_t after_ns;
		const char *text;
	} ways[] = {
		{ 0, 2 * SEC, "" },
		{ 0, 10 * SEC, "" },
		{ 0, 10 * SEC + 1, "the data FD is still open 10 s after its session was over" },
		{ 0, 25 * SEC, "the data FD is still open 25 s after its session was over" },
		{ CLOSE, 25 * SEC, "" },
		{ RELEASE, 25 * SEC, "" },
		{ CLOSE | RELEASE, 25 * SEC, "" },
		{ CLOSE_ONE, 25 * SEC,
		  "the data FD is still open 25 s after its session was over" },
		{ CLOSE_ONE | RELEASE, 25 * SEC, "" },
		/* What the driver holds of one that was found nobody knows. */
		{ ADOPTED | CLOSE_ONE, 25 * SEC, "" },
		{ ADOPTED | CLOSE, 25 * SEC, "" },
		{ NOT_HOOKED, 25 * SEC, "" },
		{ LOST, 25 * SEC, "" },
		{ DEVICE, 2 * SEC, AT_CLOSE },
		{ DEVICE | CLOSE, 2 * SEC, "" },
		{ DEVICE | RELEASE, 2 * SEC, "" },
		{ DEVICE | CLOSE_ONE, 2 * SEC, AT_CLOSE },
		{ DEVICE | ADOPTED | CLOSE_ONE, 2 * SEC, "" },
		{ DEVICE | NOT_HOOKED, 2 * SEC, AT_CLOSE },
		{ DEVICE | NO_CLOSES, 2 * SEC, "" },
		{ DEVICE | LOST, 2 * SEC, "" },
		{ LATE, 25 * SEC, AT_CLOSE },
		{ LATE | CLOSE, 25 * SEC, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(left_open(ways[i].how, ways[i].after_ns), ways[i].text))
			fail_msg("%zu (%x): '%s'", i, ways[i].how,
				 left_open(ways[i].how, ways[i].after_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_left_open, setup, teardown),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
