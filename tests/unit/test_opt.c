// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/opt.h"
#include "tests/unit/allocs.h"

struct inner {
	uint64_t n;
	bool deep;
};

struct values {
	bool flag;
	unsigned int verbose;
	const char *file;
	uint64_t size, age;
	int format;
	struct opt_list names;
	struct inner inner;
};

static const char *const formats[] = { "text", "json", "ndjson", NULL };

static const struct opt inner_table[] = {
	{ 'n', "number", OPT_U64, OPT_AT(struct inner, n), .help = "a number" },
	{ 0, "deep", OPT_FLAG, OPT_AT(struct inner, deep), .help = "deeper" },
	{ 0, "nth", OPT_ORDINAL, OPT_AT(struct inner, n), .help = "which" },
	{ 0, "deeper", OPT_U64, OPT_AT(struct inner, n), .help = "deeper still" },
	OPT_END,
};

static const struct opt table[] = {
	{ 'f', "flag", OPT_FLAG, OPT_AT(struct values, flag), .help = "a flag" },
	{ 'v', "verbose", OPT_COUNT, OPT_AT(struct values, verbose), .help = "more" },
	{ 'o', "output", OPT_STRING, OPT_AT(struct values, file), .arg = "FILE", .help = "where" },
	{ 0, "size", OPT_SIZE, OPT_AT(struct values, size), .help = "a size" },
	{ 0, "age", OPT_DURATION, OPT_AT(struct values, age), .help = "an age" },
	{ 0, "format", OPT_ENUM, OPT_AT(struct values, format), .values = formats, .help = "how" },
	{ 0, "name", OPT_LIST, OPT_AT(struct values, names), .help = "a name; may repeat" },
	{ 0, "hidden", OPT_FLAG, OPT_AT(struct values, flag), .help = NULL },
	OPT_TABLE(inner_table, struct values, inner),
	OPT_END,
};

static struct values v;
static char err[OPT_ERR_LEN];
static char *args[16];
static int n_args;
static bool help;

static int parse_flags(unsigned int flags, const char *first, va_list ap)
{
	const char *a;

	memset(&v, 0, sizeof(v));
	n_args = 0;
	args[n_args++] = (char *)"cmd";
	for (a = first; a; a = va_arg(ap, const char *))
		args[n_args++] = (char *)a;
	args[n_args] = NULL;
	return opt_parse(table, n_args, args, &v, flags, &help, err);
}

static int parse(const char *first, ...)
{
	va_list ap;
	int ret;

	va_start(ap, first);
	ret = parse_flags(0, first, ap);
	va_end(ap);
	return ret;
}

static int parse_stop(const char *first, ...)
{
	va_list ap;
	int ret;

	va_start(ap, first);
	ret = parse_flags(OPTS_STOP_AT_ARG, first, ap);
	va_end(ap);
	return ret;
}

static void test_all_forms(void **state)
{
	int first;

	(void)state;
	first = parse("a", "-fvv", "-oX", "--size=1.5KiB", "--age", "300ms", "b", "--format",
		      "json", "-n", "7", "--deep", NULL);
	assert_int_equal(first, n_args - 2);
	assert_string_equal(args[first], "a");
	assert_string_equal(args[first + 1], "b");
	assert_true(v.flag && v.inner.deep);
	assert_int_equal(v.verbose, 2);
	assert_string_equal(v.file, "X");
	assert_int_equal(v.size, 1536);
	assert_int_equal(v.age, 300000000);
	assert_int_equal(v.format, 1);
	assert_int_equal(v.inner.n, 7);
}

static void test_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL), 1);
	assert_int_equal(parse("-", NULL), 1);
	assert_string_equal(args[1], "-");
	assert_int_equal(parse("a", "--", "-f", "--", NULL), 2);
	assert_false(v.flag);
	assert_string_equal(args[2], "a");
	assert_string_equal(args[3], "-f");
	assert_string_equal(args[4], "--");
	assert_int_equal(parse_stop("-f", "sleep", "-v", NULL), 2);
	assert_string_equal(args[2], "sleep");
	assert_string_equal(args[3], "-v");
	assert_int_equal(v.verbose, 0);
}

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(parse("--name", "a", "--name=b", NULL), 4);
	assert_int_equal(v.names.n, 2);
	assert_string_equal(v.names.items[1], "b");
	opt_list_free(&v.names);
}

static void test_prefix(void **state)
{
	(void)state;
	assert_int_equal(parse("--verb", NULL), 2);
	assert_int_equal(v.verbose, 1);
	assert_int_equal(parse("--f", NULL), -EINVAL); /* flag, format */
	assert_string_equal(err, "option '--f' is ambiguous");
	assert_int_equal(parse("--flag", NULL), 2);
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_int_equal(parse("--fomat", "json", NULL), -EINVAL);
	assert_string_equal(err, "unknown option '--fomat'; did you mean '--format'?");
	assert_int_equal(parse("--fomat=json", NULL), -EINVAL);
	assert_string_equal(err, "unknown option '--fomat'; did you mean '--format'?");
	assert_int_equal(parse("--zzzzzz", NULL), -EINVAL);
	assert_string_equal(err, "unknown option '--zzzzzz'");
	assert_int_equal(parse("-x", NULL), -EINVAL);
	assert_string_equal(err, "unknown option '-x'");
	assert_int_equal(parse("--output", NULL), -EINVAL);
	assert_string_equal(err, "option '--output' needs a value");
	assert_int_equal(parse("-o", NULL), -EINVAL);
	assert_string_equal(err, "option '-o' needs a value");
	assert_int_equal(parse("--flag=1", NULL), -EINVAL);
	assert_string_equal(err, "option '--flag' takes no value");
	assert_int_equal(parse("--format", "jsn", NULL), -EINVAL);
	assert_string_equal(
		err, "--format: 'jsn' is not one of text, json, ndjson; did you mean 'json'?");
	assert_int_equal(parse("-n", "1x", NULL), -EINVAL);
	assert_string_equal(err, "--number: '1x' is not a number");
	/* What counts from 1 on has none before. */
	assert_int_equal(parse("--nth", "0", NULL), -EINVAL);
	assert_string_equal(err, "--nth: '0' is not a number from 1 on");
	assert_true(parse("--nth", "1", NULL) >= 0);
	assert_int_equal(v.inner.n, 1);
	assert_true(parse("-n", "0", NULL) >= 0);
	assert_int_equal(v.inner.n, 0);
	assert_int_equal(parse("--age", "soon", NULL), -EINVAL);
	assert_string_equal(err, "--age: 'soon' is not a duration (300ms, 2s, 5m)");
	assert_int_equal(parse("--=x", NULL), -EINVAL);
}

static void test_help(void **state)
{
	char *text;
	size_t len;
	FILE *f;

	(void)state;
	parse("-f", "--help", "--nonsense", NULL);
	assert_true(help);
	parse("-h", NULL);
	assert_true(help);
	parse("-fh", NULL);
	assert_true(help);
	parse("-f", NULL);
	assert_false(help);
	f = open_memstream(&text, &len);
	opt_print_help(table, f);
	fclose(f);
	assert_non_null(strstr(text, "  -o, --output FILE         where\n"));
	assert_non_null(strstr(text, "      --format text|json|ndjson\n"));
	assert_non_null(strstr(text, "  -n, --number N            a number\n"));
	assert_non_null(strstr(text, "  -h, --help"));
	assert_null(strstr(text, "hidden"));
	free(text);
}

static void count(const struct opt *o, void *ctx)
{
	(void)o;
	(*(int *)ctx)++;
}

static void test_for_each(void **state)
{
	int n = 0;

	(void)state;
	opt_for_each(table, count, &n);
	assert_int_equal(n, 12);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "live", "record", "report", "export", "info", NULL };
	/* One or two edits, of which less than half of the name, and half of the word at most. */
	static const struct {
		const char *word, *name;
		bool is;
	} near[] = {
		{ "abcdef", "abcdef", true },	/* itself */
		{ "abcdeg", "abcdef", true },	/* another at the end */
		{ "xbcdef", "abcdef", true },	/* at the begin */
		{ "abdef", "abcdef", true },	/* one is missing */
		{ "abccdef", "abcdef", true },	/* twice */
		{ "bacdef", "abcdef", true },	/* swapped */
		{ "bacdfe", "abcdef", true },	/* two pairs */
		{ "cbadef", "abcdef", true },	/* two replaced */
		{ "badcfe", "abcdef", false },	/* three pairs */
		{ "xyzdef", "abcdef", false },	/* three */
		{ "abcdefgh", "abcdef", true }, /* two more */
		{ "abcdefghi", "abcdef", false },
		{ "abc", "abcdef", true }, /* begun */
		{ "ab", "abcdef", false },
		{ "abc", "abcde", true },
		{ "ax", "ab", false },	/* half of the name */
		{ "ax", "abc", false }, /* two of three */
		{ "ac", "abc", true },	/* one of three, one of two */
		{ "c", "bc", false },
		{ "b", "abc", false },
		{ "a", "abcd", false },
		{ "abd", "abcd", true },
		{ "ad", "abcd", false }, /* two of four */
		{ "axy", "abcde", false },
		{ "ade", "abcde", true }, /* two of five, and of three */
		{ "de", "abcde", false },
		{ "bcx", "abcde", false },
		{ "abxy", "abcde", false },
		{ "acxe", "abcde", true },
		{ "0123456789012345678901234567890123456789",
		  "012345678901234567890123456789012345678x", true }, /* 40 */
		{ "01234567890123456789012345678901234567890",
		  "0123456789012345678901234567890123456789x", false }, /* too long to be typed */
	};
	size_t i;

	(void)state;
	assert_string_equal(opt_nearest("recrod", names), "record");
	assert_string_equal(opt_nearest("reprot", names), "report");
	assert_string_equal(opt_nearest("exp", names), "export");
	assert_string_equal(opt_nearest("inof", names), "info");
	for (i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		const char *const one[] = { near[i].name, NULL };

		if (!opt_nearest(near[i].word, one) == near[i].is)
			fail_msg("%s, %s", near[i].word, near[i].name);
	}
	/* The nearest, and of two as near the first. */
	assert_string_equal(
		opt_nearest("abcdxf", (const char *const[]){ "abcdxy", "abcdef", "xbcdxf", NULL }),
		"abcdxy");
	assert_string_equal(
		opt_nearest("abcdxf", (const char *const[]){ "abcwzf", "abcdef", NULL }), "abcdef");
	assert_null(opt_nearest("frobnicate", names));
	assert_null(opt_nearest("x", names));
	assert_null(opt_nearest("", names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_forms), cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_list),	  cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_help),
		cmocka_unit_test(test_for_each),  cmocka_unit_test(test_nearest),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
