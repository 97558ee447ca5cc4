// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "util/units.h"

static char buf[UNITS_LEN];

static void test_sizes(void **state)
{
	(void)state;
	assert_string_equal(units_size(buf, 0, false), "0 B");
	assert_string_equal(units_size(buf, 1023, false), "1023 B");
	assert_string_equal(units_size(buf, 1024, false), "1.00 KiB");
	assert_string_equal(units_size(buf, 96ULL << 20, false), "96.0 MiB");
	assert_string_equal(units_size(buf, 96ULL << 20, true), "100663296 B");
	assert_string_equal(units_size(buf, 1955ULL << 20, false), "1.91 GiB");
	assert_string_equal(units_size(buf, (1ULL << 20) - 1, false), "1.00 MiB");
	assert_string_equal(units_size(buf, 1023ULL << 10, false), "1023 KiB");
	assert_string_equal(units_size(buf, UINT64_MAX, false), "16.0 EiB");
}

static void test_durations(void **state)
{
	(void)state;
	assert_string_equal(units_duration(buf, 0), "0 ns");
	assert_string_equal(units_duration(buf, 999), "999 ns");
	assert_string_equal(units_duration(buf, 1000), "1.00 µs");
	assert_string_equal(units_duration(buf, 61000), "61.0 µs");
	assert_string_equal(units_duration(buf, 999499), "999 µs");
	assert_string_equal(units_duration(buf, 999500), "1.00 ms");
	assert_string_equal(units_duration(buf, 214000000), "214 ms");
	assert_string_equal(units_duration(buf, 999999999), "1.000 s");
	assert_string_equal(units_duration(buf, 8412000000ULL), "8.412 s");
	assert_string_equal(units_duration(buf, 99999499999ULL), "99.999 s");
	assert_string_equal(units_duration(buf, 99999500000ULL), "1m40s");
	assert_string_equal(units_duration(buf, 133000000000ULL), "2m13s");
	assert_string_equal(units_duration(buf, 3600000000000ULL * 3 + 300000000000ULL), "3h05m");
	assert_string_equal(units_duration(buf, UINT64_MAX), "213503d23h");
}

static void test_counts(void **state)
{
	(void)state;
	assert_string_equal(units_count(buf, 0), "0");
	assert_string_equal(units_count(buf, 9999), "9999");
	assert_string_equal(units_count(buf, 12675), "12 675");
	assert_string_equal(units_count(buf, UINT64_MAX), "18 446 744 073 709 551 615");
}

static void test_parse(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(units_parse_size("1.5MiB", &v), 0);
	assert_int_equal(v, 1572864);
	assert_int_equal(units_parse_size("4096", &v), 0);
	assert_int_equal(v, 4096);
	assert_int_equal(units_parse_size("1MB", &v), 0);
	assert_int_equal(v, 1000000);
	assert_int_equal(units_parse_size("64k", &v), 0);
	assert_int_equal(v, 65536);
	assert_int_equal(units_parse_size("16000000T", &v), 0);
	assert_int_equal(units_parse_size("18000000T", &v), -ERANGE);
	assert_int_equal(units_parse_size("", &v), -EINVAL);
	assert_int_equal(units_parse_size("-1", &v), -EINVAL);
	assert_int_equal(units_parse_size("1X", &v), -EINVAL);
	assert_int_equal(units_parse_duration("300ms", &v), 0);
	assert_int_equal(v, 300000000);
	assert_int_equal(units_parse_duration("2s", &v), 0);
	assert_int_equal(v, 2000000000);
	assert_int_equal(units_parse_duration("1.5", &v), 0);
	assert_int_equal(v, 1500000000);
	assert_int_equal(units_parse_duration("0.000000001s", &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(units_parse_duration("10µs", &v), 0);
	assert_int_equal(v, 10000);
	assert_int_equal(units_parse_duration("2M", &v), -EINVAL);
	assert_int_equal(units_parse_duration("99999999999999999999s", &v), -ERANGE);
	assert_int_equal(units_parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(units_parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(units_parse_u64("1 ", &v), -EINVAL);
}

static void test_rfc3339(void **state)
{
	uint64_t v;

	(void)state;
	assert_string_equal(units_rfc3339(buf, 0), "1970-01-01T00:00:00.000000000Z");
	assert_string_equal(units_rfc3339(buf, 1767323045000000006ULL),
			    "2026-01-02T03:04:05.000000006Z");
	assert_string_equal(units_clock(buf, 1767323045000006000ULL), "03:04:05.000006");
	assert_int_equal(units_parse_rfc3339("2026-01-02T03:04:05.000000006Z", &v), 0);
	assert_int_equal(v, 1767323045000000006ULL);
	assert_int_equal(units_parse_rfc3339("2026-01-02T04:34:05+01:30", &v), 0);
	assert_int_equal(v, 1767323045000000000ULL);
	assert_int_equal(units_parse_rfc3339("2024-02-29T00:00:00Z", &v), 0);
	assert_int_equal(units_parse_rfc3339("2025-02-29T00:00:00Z", &v), -EINVAL);
	assert_int_equal(units_parse_rfc3339("2016-12-31T23:59:60Z", &v), 0);
	assert_int_equal(v, 1483228800000000000ULL);
	assert_int_equal(units_parse_rfc3339("2026-01-02T03:04:05", &v), -EINVAL);
	assert_int_equal(units_parse_rfc3339("2026-01-02", &v), -EINVAL);
	assert_int_equal(units_parse_rfc3339("1969-12-31T23:59:59Z", &v), -ERANGE);
}

/* Every day until 2400 against the C library, and back. */
static void test_calendar(void **state)
{
	uint64_t s, v;

	(void)state;
	for (s = 12345; s < 13569465600ULL; s += 86399) {
		time_t t = (time_t)s;
		char want[64];
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm);
		assert_string_equal(units_rfc3339(buf, s * 1000000000ULL), want);
		assert_int_equal(units_parse_rfc3339(want, &v), 0);
		assert_int_equal(v, s * 1000000000ULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	cmocka_unit_test(test_durations),
		cmocka_unit_test(test_counts),	cmocka_unit_test(test_parse),
		cmocka_unit_test(test_rfc3339), cmocka_unit_test(test_calendar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
