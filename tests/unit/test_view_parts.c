// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_parts.c - names and objects that the views are made of, each by itself: where one of
 * the things that they are made of is not known
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol.h"
#include "util/json.h"
#include "view/findings.h"
#include "view/why.h"

/* A call is named with the state that it asks for, if that is one. */
static void test_call_names(void **state)
{
	static const struct {
		struct call_why why;
		const char *name;
	} of[] = {
		{ { .call = EV_NONE, .to = MIG_UNKNOWN }, "between two calls" },
		{ { .call = EV_ARC, .to = MIG_STOP_COPY }, "arc to STOP_COPY" },
		{ { .call = EV_SET_STATE, .to = MIG_STOP_COPY }, "SET_STATE(STOP_COPY)" },
		{ { .call = EV_SET_STATE, .to = MIG_UNKNOWN }, "SET_STATE" },
		{ { .call = EV_READ, .to = MIG_UNKNOWN }, "read()" },
	};
	char name[CALL_NAME_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		assert_string_equal(call_why_name(&of[i].why, name), of[i].name);
}

/* A forecast is one by its trend or by what it rests on; by neither it is none. */
static void test_forecast_object(void **state)
{
	struct forecast x;
	uint32_t trend, basis;
	struct json *j;

	(void)state;
	for (trend = 0; trend < 2; trend++) {
		for (basis = 0; basis < 2; basis++) {
			memset(&x, 0, sizeof(x));
			x.read_bps = x.dirty_bps = x.left_bytes = MODEL_NONE;
			x.low_ns = x.mid_ns = x.high_ns = MODEL_NONE;
			x.trend = trend ? TREND_CONVERGING : TREND_UNKNOWN;
			x.basis = basis ? FORECAST_DRIVER : FORECAST_NONE;
			j = json_create(NULL, false);
			assert_non_null(j);
			json_object_begin(j);
			forecast_json(j, "forecast", &x);
			json_object_end(j);
			assert_int_equal(!strcmp(json_buffer(j, NULL), "{\"forecast\":null}"),
					 !trend && !basis);
			json_destroy(j);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_names),
		cmocka_unit_test(test_forecast_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
