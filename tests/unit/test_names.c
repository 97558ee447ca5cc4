// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_names.c - the name of any value can be printed
 *
 * Values come out of recordings and rings: one that no enum has is "unknown" or another
 * word, never NULL, except where the header says NULL.  tests/static fails when a
 * function of that kind is declared and not in this list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/discover.h"
#include "event.h"
#include "exercise/device.h"
#include "exercise/exercise.h"
#include "judge/judge.h"
#include "model/forecast.h"
#include "model/model.h"
#include "protocol.h"
#include "recording/recording.h"
#include "tui/internal.h"
#include "view/diff.h"
#include "tests/unit/allocs.h"
#include "tests/unit/golden.h"

static const char *of_proto(uint32_t v)
{
	return proto_name((enum proto)v);
}

static const char *of_store_kind(uint32_t v)
{
	return store_kind_name((enum store_kind)v);
}

static const char *of_errno(uint32_t v)
{
	return errno_name((int)v);
}

enum may {
	NEVER,	  /* NULL */
	EMPTY,	  /* neither, but "" where there is nothing to say */
	SAYS_NULL /* its header says so, for what has no name */
};

static const struct {
	const char *what;
	const char *(*name)(uint32_t value);
	enum may may;
} names[] = {
	{ "event_call_name", event_call_name, NEVER },
	{ "event_reset_how_name", event_reset_how_name, NEVER },
	{ "event_feature_op_name", event_feature_op_name, NEVER },
	{ "event_direction_name", event_direction_name, NEVER },
	{ "event_loss_cause_name", event_loss_cause_name, NEVER },
	{ "event_vm_source_name", event_vm_source_name, NEVER },
	{ "downtime_why_text", downtime_why_text, EMPTY },
	{ "joined_how_text", joined_how_text, EMPTY },
	{ "joined_why_text", joined_why_text, EMPTY },
	{ "forecast_trend_name", forecast_trend_name, NEVER },
	{ "forecast_basis_text", forecast_basis_text, NEVER },
	{ "outcome_name", outcome_name, NEVER },
	{ "exercise_outcome_name", exercise_outcome_name, NEVER },
	{ "exercise_verified_name", exercise_verified_name, NEVER },
	{ "state_name", state_name, NEVER },
	{ "proto_name", of_proto, NEVER },
	{ "diff_metric_name", diff_metric_name, NEVER },
	{ "severity_name", severity_name, NEVER },
	{ "party_name", party_name, NEVER },
	{ "verdict_name", verdict_name, NEVER },
	{ "protocol_verdict_name", protocol_verdict_name, NEVER },
	{ "left_source_name", left_source_name, NEVER },
	{ "store_kind_name", of_store_kind, NEVER },
	{ "event_kind_name", event_kind_name, SAYS_NULL },
	{ "mig_state_name", mig_state_name, SAYS_NULL },
	{ "errno_name", of_errno, SAYS_NULL },
	{ "event_poll_bit_name", event_poll_bit_name, SAYS_NULL },
	{ "event_mig_flag_name", event_mig_flag_name, SAYS_NULL },
	{ "event_stream_op_name", event_stream_op_name, SAYS_NULL },
	{ "recording_frame_type_name", recording_frame_type_name, SAYS_NULL },
};

static void one(size_t i, uint32_t value)
{
	const char *s = names[i].name(value);

	if (names[i].may == SAYS_NULL && !s)
		return;
	if (!s || (names[i].may != EMPTY && !*s))
		fail_msg("%s(%u) is %s", names[i].what, value, s ? "empty" : "NULL");
	assert_true(strlen(s) < 200);
}

static void test_any_value(void **state)
{
	size_t i;
	uint32_t v;
	int bit;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (v = 0; v < 1000; v++) {
			one(i, v);
			one(i, UINT32_MAX - v);
		}
		for (bit = 0; bit < 32; bit++)
			one(i, 1U << bit);
	}
}

/* And which it is: tests/data/values/names.txt. */
static void test_which(void **state)
{
	char *text = NULL;
	size_t len, i;
	uint32_t v;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *other = names[i].name(UINT32_MAX - 7);

		fprintf(f, "%s: else %s\n", names[i].what, other ?: "NULL");
		/* What has its number in it has no name. */
		for (v = 0; v < 600; v++) {
			const char *s = names[i].name(v);
			char number[16];

			snprintf(number, sizeof(number), "%u", v);
			if (s && (!other || strcmp(s, other)) && !strstr(s, number))
				fprintf(f, " %u %s\n", v, s);
		}
	}
	fclose(f);
	golden("tests/data/values/names.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_value),
		cmocka_unit_test(test_which),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
