/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * golden.h - what a test made, held against a file of the tree
 *
 * With BLESS=1 the file is written anew instead: read the diff, it says what is right.
 */
#ifndef VFIOSCOPE_TESTS_GOLDEN_H
#define VFIOSCOPE_TESTS_GOLDEN_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* @path is from the top of the tree. */
static inline void golden(const char *path, const char *got)
{
	size_t size = 0, i, line = 1, begin = 0;
	char *want = NULL;
	FILE *f;

	if (getenv("BLESS")) {
		f = fopen(path, "w");
		if (!f || fputs(got, f) < 0 || fclose(f))
			fail_msg("%s: %s", path, strerror(errno));
		return;
	}
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	if (getdelim(&want, &size, '\0', f) < 0)
		fail_msg("%s: empty", path);
	fclose(f);
	for (i = 0; got[i] && got[i] == want[i]; i++) {
		if (got[i] == '\n') {
			line++;
			begin = i + 1;
		}
	}
	if (got[i] != want[i])
		fail_msg("%s:%zu:\nis   %.*s\nnot  %.*s", path, line,
			 (int)strcspn(got + begin, "\n"), got + begin,
			 (int)strcspn(want + begin, "\n"), want + begin);
	free(want);
}

#endif
