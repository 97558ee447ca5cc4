// SPDX-License-Identifier: GPL-2.0-only
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/text.h"

static char buf[256];

static const char *safe(const char *s)
{
	return text_safe(buf, sizeof(buf), s, strlen(s));
}

static void test_safe(void **state)
{
	(void)state;
	assert_string_equal(safe("0000:3b:00.2"), "0000:3b:00.2");
	assert_string_equal(safe("\033[31mred\a"), "\\x1b[31mred\\x07");
	assert_string_equal(safe("a\nb\r\tc\x7f"), "a\\x0ab\\x0d\\x09c\\x7f");
	assert_string_equal(safe("\xff\xc3("), "\\xff\\xc3(");
	assert_string_equal(safe("\xe0\x80\x9b"), "\\xe0\\x80\\x9b"); /* overlong */
	assert_string_equal(safe("\xc2\x9b"
				 "2J"),
			    "\\u009b2J"); /* C1 */
	assert_string_equal(safe("\xe2\x80\xae"
				 "evil"),
			    "\\u202eevil");
	assert_string_equal(safe("a\xe2\x80\x8b"
				 "b"),
			    "a\\u200bb"); /* zero width */
	assert_string_equal(safe("\xe2\x81\xa6"), "\\u2066");
	assert_string_equal(safe("\xef\xbb\xbf"), "\\ufeff");
	assert_string_equal(safe("\xf3\xa0\x81\x81"), "\\ue0041"); /* tag */
	assert_string_equal(safe("grün 虚拟机 \xf0\x9f\x98\x80"), "grün 虚拟机 \xf0\x9f\x98\x80");
}

static void test_safe_cut(void **state)
{
	char small[8];

	(void)state;
	/* Never half a character, never half an escape. */
	assert_string_equal(text_safe(small, 8, "abcdefg\x1b", 8), "abcdefg");
	assert_string_equal(text_safe(small, 8, "abcd\x1b", 5), "abcd");
	assert_string_equal(text_safe(small, 8, "abcde\xe8\x99\x9a", 8), "abcde");
	assert_string_equal(text_safe(small, 1, "abc", 3), "");
	assert_string_equal(text_safe(small, 8, "ab\0cd", 5), "ab");
	assert_string_equal(text_safe(small, 8, "abcdef", 3), "abc");
}

/* Whatever goes in, what comes out holds nothing that a terminal obeys. */
static void test_safe_always(void **state)
{
	char out[TEXT_SAFE_LEN(40)];
	unsigned int seed = 1, i, k;

	(void)state;
	for (i = 0; i < 100000; i++) {
		char in[40];
		size_t n, len;
		uint32_t cp;
		const char *p;

		for (k = 0; k < sizeof(in); k++) {
			seed = seed * 1103515245 + 12345;
			in[k] = (char)(seed >> 16);
		}
		text_safe(out, sizeof(out), in, sizeof(in));
		len = strlen(out);
		for (p = out; len; p += n, len -= n) {
			n = text_utf8(p, len, &cp);
			assert_true(n > 0);
			assert_true(cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0));
			assert_false(cp >= 0x202a && cp <= 0x202e);
		}
	}
}

static const char *pad(const char *s, size_t width, bool right)
{
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	text_pad(f, s, width, right);
	fputc('\0', f);
	fclose(f);
	return buf;
}

static void test_pad(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("µs"), 2);
	assert_int_equal(text_width("虚拟"), 4);
	assert_string_equal(pad("ab", 4, false), "ab  ");
	assert_string_equal(pad("ab", 4, true), "  ab");
	assert_string_equal(pad("µ", 3, true), "  µ");
	assert_string_equal(pad("虚拟", 6, false), "虚拟  ");
	assert_string_equal(pad("abcdef", 4, false), "abc…");
	assert_string_equal(pad("虚拟机", 4, false), "虚… ");
	assert_string_equal(pad("abc", 0, false), "abc");
}

/* What is written is what is read, and as short as it can be. */
static void test_utf8(void **state)
{
	uint32_t cp, got = 0;
	char out[4];
	size_t n;

	(void)state;
	for (cp = 0; cp < 0x110000; cp++) {
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		n = text_utf8_put(out, cp);
		if (text_utf8(out, n, &got) != n || got != cp)
			fail_msg("U+%04X becomes %zu bytes that are U+%04X", cp, n, got);
	}
}

static void test_color(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(text_use_color(COLOR_ALWAYS, f));
	assert_false(text_use_color(COLOR_AUTO, f)); /* no terminal */
	assert_false(text_use_color(COLOR_NEVER, f));
	setenv("NO_COLOR", "1", 1);
	assert_true(text_use_color(COLOR_ALWAYS, f));
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),	    cmocka_unit_test(test_safe_cut),
		cmocka_unit_test(test_safe_always), cmocka_unit_test(test_pad),
		cmocka_unit_test(test_color),	    cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
