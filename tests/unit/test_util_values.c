// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_util_values.c - what numbers look like, and what words are numbers; widths, sums
 * and ranks: of many, at the bounds of each: tests/data/values/util.txt
 */
#include "util/fields.h"
#include "util/hist.h"
#include "util/stats.h"
#include "util/text.h"
#include "util/units.h"

#include "tests/unit/golden.h"

#include <inttypes.h>

static FILE *out;

static void put_number(uint64_t n)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], d[UNITS_LEN];

	fprintf(out, "%" PRIu64 ": %s, %s, %s, %s\n", n, units_size(a, n, false),
		units_size(b, n, true), units_duration(c, n), units_count(d, n));
}

static void put_numbers(void)
{
	static const uint64_t around[] = {
		0,
		9,
		10,
		99,
		100,
		999,
		1000,
		9995,
		9999,
		10000,
		99949,
		99950,
		99999,
		100000,
		999499,
		999500,
		999999,
		1000000,
		60000000000,
		59999999999,
		3600000000000,
		86400000000000,
		1024,
		10240,
		1048576,
		1073741824,
		1099511627776,
		1125899906842624,
		1152921504606846976,
		UINT32_MAX,
		INT64_MAX,
		UINT64_MAX,
		1500,
		1536,
		1047552,
		1048063,
		1048064,
		1048575,
		12345678,
		123456789,
		1234567890,
		12345678901,
		123456789012,
		9999999999,
		99999999999,
		999999999999,
		9999999999999,
		59999500000,
		59999499999,
		9994999,
		9995000,
		99949999,
		99950000,
	};
	size_t i;

	for (i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		put_number(around[i] - 1);
		put_number(around[i]);
		put_number(around[i] + 1);
	}
}

static void put_times(void)
{
	static const uint64_t times[] = {
		0,
		1,
		999999999,
		1000000000,
		951782400000000000,
		951868800000000001,
		1767323045123456789,
		4107542399999999999,
		INT64_MAX,
		UINT64_MAX
	};
	char a[UNITS_LEN], b[UNITS_LEN];
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		fprintf(out, "%" PRIu64 ": %s %s\n", times[i], units_rfc3339(a, times[i]),
			units_clock(b, times[i]));
}

static void put_parsed(void)
{
	static const char *const words[] = {
		"",
		" ",
		"0",
		"00",
		"1",
		"-1",
		"+1",
		"1 ",
		" 1",
		"1x",
		"0x10",
		"1.",
		".5",
		"1.5",
		"1.50",
		"1,5",
		"18446744073709551615",
		"18446744073709551616",
		"99999999999999999999",
		"1B",
		"1 B",
		"1b",
		"1K",
		"1k",
		"1KiB",
		"1kB",
		"1KB",
		"1 KiB",
		"1.5KiB",
		"1.0001KiB",
		"1M",
		"1MiB",
		"2MB",
		"1G",
		"1GiB",
		"1T",
		"1TiB",
		"1P",
		"16777215TiB",
		"16777216TiB",
		"16383PiB",
		"16384PiB",
		"0.5B",
		"1e3",
		"1ns",
		"1us",
		"1 us",
		"1ms",
		"1s",
		"1m",
		"1min",
		"1h",
		"1d",
		"1.5s",
		"0.1ms",
		"0.1ns",
		"1.0000000001s",
		"18446744073s",
		"18446744074s",
		"5124095h",
		"5124096h",
		"1sec",
		"1S",
		"s",
		"ms",
		"1 s s",
		"2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05",
		"2026-01-02 03:04:05Z",
		"2026-01-02T03:04:05.5Z",
		"2026-01-02T03:04:05.123456789Z",
		"2026-01-02T03:04:05.1234567891Z",
		"2026-01-02T03:04:05.Z",
		"2026-01-02T03:04:05+01:00",
		"2026-01-02T03:04:05-11:30",
		"2026-01-02T03:04:05+24:00",
		"2026-01-02T03:04:05+01:60",
		"2026-01-02T03:04Z",
		"2026-01-02",
		"2026-13-02T03:04:05Z",
		"2026-00-02T03:04:05Z",
		"2026-02-29T03:04:05Z",
		"2024-02-29T03:04:05Z",
		"2100-02-29T00:00:00Z",
		"2000-02-29T00:00:00Z",
		"2026-04-31T03:04:05Z",
		"2026-04-30T23:59:59Z",
		"2026-01-02T24:00:00Z",
		"2026-01-02T03:60:05Z",
		"2026-01-02T03:04:60Z",
		"2026-01-02T03:04:61Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00Z",
		"1970-01-01T00:00:00+00:01",
		"2554-07-21T23:34:33Z",
		"2554-07-21T23:34:34Z",
		"9999-12-31T23:59:59Z",
		"2026-1-02T03:04:05Z",
		"@0",
		"now",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint64_t v[4] = { 7, 7, 7, 7 };
		int rc[4] = {
			units_parse_u64(words[i], &v[0]),
			units_parse_size(words[i], &v[1]),
			units_parse_duration(words[i], &v[2]),
			units_parse_rfc3339(words[i], &v[3]),
		};
		size_t k;

		fprintf(out, "'%s':", words[i]);
		for (k = 0; k < 4; k++) {
			if (rc[k])
				fprintf(out, " %d", rc[k]);
			else
				fprintf(out, " =%" PRIu64, v[k]);
		}
		fputc('\n', out);
	}
}

static void put_texts(void)
{
	static const struct {
		const char *s;
		size_t len;
	} texts[] = {
		{ "", 0 },
		{ "plain", 5 },
		{ "tab\there", 8 },
		{ "line\nfeed\r", 10 },
		{ "\x1b[31m", 5 },
		{ "\x7f\x80\xff", 3 },
		{ "h\xc3\xb6st", 5 },
		{ "\xc3", 1 },
		{ "\xc3(", 2 },
		{ "\xc0\x80", 2 },
		{ "\xe2\x82\xac", 3 },
		{ "\xe2\x82", 2 },
		{ "\xe0\x80\x80", 3 },
		{ "\xed\xa0\x80", 3 },	   /* half of a pair */
		{ "\xf0\x9f\x98\x80", 4 }, /* wide */
		{ "\xf4\x90\x80\x80", 4 }, /* beyond the last */
		{ "\xf5\x80\x80\x80", 4 },
		{ "\xe4\xb8\xad\xe6\x96\x87", 6 }, /* wide */
		{ "e\xcc\x81", 3 },		   /* combining */
		{ "\xe2\x80\x8b", 3 },		   /* of no width */
		{ "\xe2\x80\xae", 3 },		   /* turns what follows around */
		{ "\xc2\x85\xc2\xa0", 4 },	   /* C1, and a blank that keeps together */
		{ "\xef\xbb\xbf", 3 },
		{ "a<b>&\"c'", 8 },
		{ "nul\0behind", 10 },
	};
	char safe[200], safe_mark[400], small[8], one[4], *marked;
	size_t i, k, n;
	uint32_t cp;
	FILE *f;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cp = 0;
		n = texts[i].len ? text_utf8(texts[i].s, texts[i].len, &cp) : 0;
		fprintf(out, "text %zu: first %zu %x, width %zu, '%s'", i, n, cp,
			text_width(texts[i].s),
			text_safe(safe, sizeof(safe), texts[i].s, texts[i].len));
		for (k = 1; k <= sizeof(small); k++)
			fprintf(out, ",'%s'", text_safe(small, k, texts[i].s, texts[i].len));
		fputs(" <", out);
		f = open_memstream(&marked, &n);
		assert_non_null(f);
		text_markup(f, texts[i].s, texts[i].len);
		fclose(f);
		fputs(text_safe(safe_mark, sizeof(safe_mark), marked, n), out);
		free(marked);
		fputs("> |", out);
		text_pad(out, safe, 6, false);
		fputs("|", out);
		text_pad(out, safe, 6, true);
		fputs("|\n", out);
	}
	for (i = 0; i < 14; i++) {
		static const uint32_t cps[] = { 0,	 0x7f,	   0x80,     0x7ff,	0x800,
						0xd7ff,	 0xd800,   0xdfff,   0xe000,	0xffff,
						0x10000, 0x10ffff, 0x110000, UINT32_MAX };

		n = text_utf8_put(one, cps[i]);
		fprintf(out, "%x: %zu", cps[i], n);
		for (k = 0; k < n; k++)
			fprintf(out, " %02x", (uint8_t)one[k]);
		fputc('\n', out);
	}
}

static void put_hist(void)
{
	struct hist a = { 0 }, b = { 0 };
	uint64_t lo, hi, v;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		for (v = (1ULL << i) - 1; v <= (1ULL << i) + 1; v++) {
			hist_range(hist_bucket(v), &lo, &hi);
			fprintf(out, "%" PRIu64 " in %u: %" PRIu64 " to %" PRIu64 "\n", v,
				hist_bucket(v), lo, hi);
		}
	}
	for (v = 1; v < 2000; v = v * 5 / 4 + 1) {
		hist_add(&a, v, v % 3);
		hist_add(&b, v * v, 1);
		fprintf(out, "%" PRIu64 ":", v);
		for (i = 0; i <= 100; i += 10)
			fprintf(out, " %" PRIu64, hist_percentile(&a, i));
		fprintf(out, " of %" PRIu64 " up to %" PRIu64 "\n", a.count, a.max);
	}
	hist_merge(&a, &b);
	for (i = 0; i <= 1000; i += 25)
		fprintf(out, " %" PRIu64, hist_percentile(&a, i / 10.0));
	fprintf(out, " of %" PRIu64 " up to %" PRIu64 "\n", a.count, a.max);
}

/* Two samples of each size, the second higher by more and more, with ties now and then. */
static void put_stats(void)
{
	double a[70], b[70], p[6], shift, low, high;
	uint64_t u[70];
	size_t na, nb, i, by;

	for (na = 1; na <= 70; na += na < 9 ? 1 : 20) {
		for (nb = na; nb <= 70; nb += nb < 9 ? 2 : 30) {
			for (by = 0; by < 4; by++) {
				for (i = 0; i < na; i++)
					a[i] = (double)((i * 37 + 11) % 64) / 4;
				for (i = 0; i < nb; i++)
					b[i] = (double)((i * 23 + 5) % 64) / 4 + (double)(by * by);
				stats_shift(a, na, b, nb, &shift, &low, &high);
				fprintf(out, "%zu %zu %zu: %.6g, %.6g from %.6g to %.6g\n", na, nb,
					by, stats_rank_test(a, na, b, nb), shift, low, high);
			}
		}
		for (i = 0; i < na; i++) {
			a[i] = (double)((i * 37 + 11) % 64) / 4;
			u[i] = (i * 37 + 11) % 64;
		}
		stats_sort(a, na);
		stats_sort_u64(u, na);
		fprintf(out, "%zu:", na);
		for (i = 0; i <= 100; i += 10)
			fprintf(out, " %.6g/%" PRIu64, stats_quantile(a, na, (double)i / 100),
				stats_nearest_rank(u, na, i));
		fprintf(out, " needed %zu %zu\n", stats_needed(a, na, 1), stats_needed(a, na, 10));
	}
	for (i = 0; i < 6; i++) {
		static const double ps[6][6] = {
			{ 0.01, 0.02, 0.03, 0.04, 0.05, 0.06 },
			{ 0.06, 0.05, 0.04, 0.03, 0.02, 0.01 },
			{ 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 },
			{ 0, 1, 0.3, 0.3, 0, 1 },
			{ 0.001, 0.9, 0.02, 0.8, 0.03, 0.7 },
			{ 0.2, 0.001, 0.2, 0.001, 0.2, 0.001 },
		};
		size_t k;

		for (na = 0; na <= 6; na++) {
			memcpy(p, ps[i], sizeof(p));
			fprintf(out, "holm %zu of %zu: %d", i, na, stats_holm(p, na));
			for (k = 0; k < na; k++)
				fprintf(out, " %.6g", p[k]);
			fputc('\n', out);
		}
	}
}

struct all {
	uint32_t u32;
	uint64_t u64;
	int64_t s64;
	bool flag;
	char text[8];
};

static const struct field table[] = {
	FIELD(1, U32, struct all, u32),	    FIELD(2, U64, struct all, u64),
	FIELD(3, S64, struct all, s64),	    FIELD(5, BOOL, struct all, flag),
	FIELD(130, TEXT, struct all, text), FIELDS_END,
};

/* Put, and taken again: whole, cut at each byte, and with each byte another. */
static void put_fields(void)
{
	static const struct all ways[] = {
		{ 0 },
		{ 1, 2, 3, true, "text" },
		{ UINT32_MAX, UINT64_MAX, INT64_MIN, true, "1234567" },
		{ 127, 128, -1, false, "" },
		{ 128, 16384, -64, false, "\xff" },
		{ 0, UINT64_MAX - 1, INT64_MAX, true, "" },
	};
	char safe[TEXT_SAFE_LEN(8)];
	size_t i, k;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct buf b = { 0 };
		struct all got;

		fields_put(&b, table, &ways[i]);
		fprintf(out, "fields %zu:", i);
		for (k = 0; k < b.len; k++)
			fprintf(out, " %02x", b.data[k]);
		fputc('\n', out);
		for (k = 0; k <= 2 * b.len; k++) {
			bool ok;

			memset(&got, 0, sizeof(got));
			if (k > b.len)
				b.data[k - b.len - 1] += 3;
			ok = fields_get(b.data, k < b.len ? k : b.len, table, &got);
			if (k > b.len)
				b.data[k - b.len - 1] -= 3;
			fprintf(out, " %d %x %" PRIx64 " %" PRIx64 " %d '%s'\n", ok, got.u32,
				got.u64, (uint64_t)got.s64, got.flag,
				text_safe(safe, sizeof(safe), got.text, strnlen(got.text, 8)));
		}
		buf_free(&b);
	}
}

static void test_values(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	out = open_memstream(&text, &len);
	assert_non_null(out);
	put_numbers();
	put_times();
	put_parsed();
	put_texts();
	put_hist();
	put_stats();
	put_fields();
	fclose(out);
	golden("tests/data/values/util.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
