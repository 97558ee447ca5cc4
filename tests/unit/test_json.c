// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/json.h"
#include "tests/unit/allocs.h"

static struct json *j;

static int setup(void **state)
{
	(void)state;
	j = json_create(NULL, false);
	return j ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	json_destroy(j);
	return 0;
}

static const char *text(void)
{
	return json_buffer(j, NULL);
}

static void test_nesting(void **state)
{
	(void)state;
	json_object_begin(j);
	json_kstring(j, "a", "x");
	json_key(j, "b");
	json_array_begin(j);
	json_u64(j, 1);
	json_array_begin(j);
	json_array_end(j);
	json_object_begin(j);
	json_object_end(j);
	json_null(j);
	json_array_end(j);
	json_kbool(j, "c", true);
	json_object_end(j);
	json_line_end(j);
	json_u64(j, 2);
	assert_string_equal(text(), "{\"a\":\"x\",\"b\":[1,[],{},null],\"c\":true}\n2");
	assert_int_equal(json_error(j), 0);
}

/* A name that is missing is null, never "". */
static void test_names(void **state)
{
	(void)state;
	json_object_begin(j);
	json_kname(j, "a", "x");
	json_kname(j, "b", "");
	json_kname(j, "c", NULL);
	json_object_end(j);
	assert_string_equal(text(), "{\"a\":\"x\",\"b\":null,\"c\":null}");
}

static void test_numbers(void **state)
{
	(void)state;
	json_array_begin(j);
	json_u64(j, UINT64_MAX);
	json_s64(j, INT64_MIN);
	json_s64(j, -42);
	json_double(j, 0.5);
	json_double(j, NAN);
	json_double(j, INFINITY);
	json_array_end(j);
	assert_string_equal(text(),
			    "[18446744073709551615,-9223372036854775808,-42,0.5,null,null]");
}

static void test_strings(void **state)
{
	(void)state;
	json_array_begin(j);
	json_string(j, "q\" b\\ /");
	json_string(j, "\033[31m\n\t\x7f");
	json_string(j, "\xff\xc3(\xe2\x80");	/* no UTF-8 */
	json_string(j, "\xc0\xaf\xed\xa0\x80"); /* overlong, surrogate */
	json_string(j, "\xc2\x9b"
		       "31m"); /* C1 control sequence introducer */
	json_string(j, "µ→\xf0\x9f\x98\x80");
	json_string_len(j, "a\0b", 3);
	json_array_end(j);
	assert_string_equal(
		text(), "[\"q\\\" b\\\\ /\",\"\\u001b[31m\\u000a\\u0009\\u007f\","
			"\"\\u00ff\\u00c3(\\u00e2\\u0080\",\"\\u00c0\\u00af\\u00ed\\u00a0\\u0080\","
			"\"\\u009b31m\",\"µ→\xf0\x9f\x98\x80\",\"a\\u0000b\"]");
}

static void test_pretty(void **state)
{
	(void)state;
	json_destroy(j);
	j = json_create(NULL, true);
	json_object_begin(j);
	json_key(j, "a");
	json_array_begin(j);
	json_u64(j, 1);
	json_u64(j, 2);
	json_array_end(j);
	json_key(j, "b");
	json_array_begin(j);
	json_array_end(j);
	json_object_end(j);
	assert_string_equal(text(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}");
}

/* More than the buffer holds before it is handed to the file. */
static void test_file(void **state)
{
	char *buf;
	size_t len, i;
	FILE *f = open_memstream(&buf, &len);
	struct json *jf = json_create(f, false);

	(void)state;
	for (i = 0; i < 20000; i++) {
		json_object_begin(jf);
		json_ku64(jf, "n", i);
		json_object_end(jf);
		json_line_end(jf);
	}
	assert_int_equal(json_error(jf), 0);
	json_destroy(jf);
	fclose(f);
	assert_int_equal(len, 10 * 8 + 90 * 9 + 900 * 10 + 9000 * 11 + 10000 * 12);
	assert_memory_equal(buf + len - 12, "{\"n\":19999}\n", 12);
	free(buf);
}

static void test_write_error(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct json *jf;

	(void)state;
	if (!f)
		skip();
	setvbuf(f, NULL, _IONBF, 0);
	jf = json_create(f, false);
	json_u64(jf, 1);
	json_flush(jf);
	assert_int_equal(json_error(jf), -5);
	json_destroy(jf);
	fclose(f);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_nesting), T(test_names), T(test_numbers),     T(test_strings),
		T(test_pretty),	 T(test_file),	T(test_write_error),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
