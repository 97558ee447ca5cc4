/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tmpdir.h - a directory of a test's own
 *
 * tmpdir_enter() and tmpdir_leave() are a test's setup and teardown: it runs in an empty
 * directory, whose path tmpdir_path() gives and which goes away with all that is in it.
 */
#ifndef VFIOSCOPE_TESTS_TMPDIR_H
#define VFIOSCOPE_TESTS_TMPDIR_H

int tmpdir_enter(void **state);
int tmpdir_leave(void **state);
const char *tmpdir_path(void);

#endif
