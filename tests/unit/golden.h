/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * golden.h - a whole text against a file of tests/golden
 *
 * With BLESS=1 in the environment the file is written anew: read the diff before committing it.
 */
#ifndef VFIOSCOPE_TESTS_GOLDEN_H
#define VFIOSCOPE_TESTS_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_MAX (1 << 18)

/* @text of @len bytes is what @path holds, or the test fails with the first line that is another. */
static inline void golden_hold(const char *path, const char *text, size_t len)
{
	static char want[GOLDEN_MAX + 1];
	const char *a = want, *b = text;
	size_t n;
	FILE *f;

	if (getenv("BLESS")) {
		f = fopen(path, "w");
		assert_non_null(f);
		assert_int_equal(fwrite(text, 1, len, f), len);
		assert_int_equal(fclose(f), 0);
	}
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(want, 1, GOLDEN_MAX, f);
	fclose(f);
	want[n] = '\0';
	if (n == len && !memcmp(want, text, n))
		return;
	while (*a && *a == *b)
		a++, b++;
	while (a > want && a[-1] != '\n')
		a--, b--;
	fail_msg("%s: '%.*s' instead of '%.*s'", path, (int)strcspn(b, "\n"), b,
		 (int)strcspn(a, "\n"), a);
}

#endif
