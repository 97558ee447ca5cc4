/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * each_sources.h - what record consists of, as it is, in one translation unit
 *
 * For tests that stand around it: each of these files has a few names of its own that the
 * others have, too.
 */
#ifndef VFIOSCOPE_TESTS_EACH_SOURCES_H
#define VFIOSCOPE_TESTS_EACH_SOURCES_H

#include "user/cmd/toolmeta.c"
#define failed	   keep_failed
#define write_meta keep_write_meta
#define begin	   keep_begin
#include "user/cmd/keep.c"
#undef failed
#undef write_meta
#undef begin
#define add   keep_if_add
#define words keep_if_words
#define holds keep_if_one_holds
#include "user/cmd/keep_if.c"
#undef add
#undef words
#undef holds
#define clock_ns shelf_clock_ns
#define finish	 shelf_finish
#define tell	 shelf_tell
#include "user/cmd/shelf.c"
#undef clock_ns
#undef finish
#undef tell
#define take each_take
#define own  each_own
#include "user/cmd/each.c"
#undef take
#undef own

#endif
