// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_cells.c - nothing that somebody else wrote reaches a terminal as a
 * command; nothing is drawn where it may not be
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tui/cells.h"

static void check_harmless(const struct cells *c)
{
	int i;

	for (i = 0; i < c->rows * c->cols; i++) {
		uint32_t ch = c->at[i].ch;

		assert_true(ch >= 0x20 && ch <= 0x10ffff);
		assert_false(ch >= 0x7f && ch < 0xa0);
		assert_false(ch >= 0xd800 && ch < 0xe000);
		assert_false(ch >= 0x202a && ch <= 0x202e);
		assert_false(ch >= 0x2066 && ch <= 0x2069);
	}
}

static void test_hostile_text(void **state)
{
	static const char *const texts[] = {
		"\033[2J\033]0;owned\007",
		"a\r\nb\tc",
		"\xe2\x80\xae"
		"gpj.exe",
		"\xff\xfe\x80 broken",
		"\xc3",
		"\xed\xa0\x80",
		"\x7f\xc2\x9b"
		"31m",
		"\xf4\x90\x80\x80",
		"\xe2\x80\x8b\xef\xbb\xbf",
	};
	struct cells *c = cells_create(3, 20);
	uint32_t ch;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cells_clear(c);
		cells_text(c, 0, 0, 0, 0, texts[i]);
		cells_field(c, 1, 0, 7, false, 0, 0, texts[i]);
		cells_field(c, 2, 3, 7, true, 0, 0, texts[i]);
		check_harmless(c);
	}
	for (ch = 0; ch < 0x3000; ch++) {
		cells_put(c, 0, (int)(ch % 18), ch, 0, 0);
		check_harmless(c);
	}
	cells_to_ascii(c);
	for (i = 0; i < 60; i++)
		assert_true(c->at[i].ch >= 0x20 && c->at[i].ch < 0x7f);
	cells_destroy(c);
}

static void test_clip(void **state)
{
	struct rect r = { 1, 2, 2, 5 };
	struct cells *c = cells_create(5, 12);
	int row, col;

	(void)state;
	cells_clip(c, r);
	for (row = -3; row < 9; row++)
		cells_text(c, row, -4, 0, 0, "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX");
	cells_fill(c, (struct rect){ -9, -9, 99, 99 }, 'Y', 0, 0);
	cells_put(c, 1 << 30, 1 << 30, 'Z', 0, 0);
	for (row = 0; row < 5; row++)
		for (col = 0; col < 12; col++)
			assert_int_equal(c->at[row * 12 + col].ch,
					 row >= 1 && row < 3 && col >= 2 && col < 7 ? 'Y' : ' ');
	cells_destroy(c);
}

static void test_wide(void **state)
{
	struct cells *c = cells_create(1, 6);
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)state;
	assert_int_equal(cells_text(c, 0, 0, 0, 0, "\xe4\xb8\xad\xe6\x96\x87"), 4);
	assert_int_equal(cells_width("\xe4\xb8\xad\xe6\x96\x87"), 4);
	/* overwriting one half leaves no half behind */
	cells_put(c, 0, 1, 'x', 0, 0);
	assert_int_equal(c->at[0].ch, ' ');
	cells_put(c, 0, 2, 'y', 0, 0);
	assert_int_equal(c->at[3].ch, ' ');
	assert_int_equal(c->at[3].attr & CELL_HALF, 0);
	/* no room for both halves: neither */
	cells_text(c, 0, 5, 0, 0, "\xe4\xb8\xad");
	assert_int_equal(c->at[5].ch, ' ');
	f = open_memstream(&text, &len);
	cells_print(c, f);
	fclose(f);
	assert_string_equal(text, " xy\n");
	free(text);
	cells_destroy(c);
}

static void test_field(void **state)
{
	struct cells *c = cells_create(1, 10);

	(void)state;
	cells_field(c, 0, 0, 5, false, 0, 0, "abcdefgh");
	assert_int_equal(c->at[3].ch, 'd');
	assert_int_equal(c->at[4].ch, 0x2026);
	assert_int_equal(c->at[5].ch, ' ');
	cells_field(c, 0, 0, 5, true, 0, 0, "ab");
	assert_int_equal(c->at[2].ch, ' ');
	assert_int_equal(c->at[4].ch, 'b');
	cells_destroy(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_field),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
