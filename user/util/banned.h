/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * banned.h - functions that nobody here calls (git's idea)
 *
 * The Makefile includes it in front of every file.  Each writes without knowing how
 * much room there is, keeps its state where others change it, or cannot tell an
 * error; what to call instead stands behind it.
 */
#ifndef VFIOSCOPE_UTIL_BANNED_H
#define VFIOSCOPE_UTIL_BANNED_H

/* Their declarations must come before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(instead) _Static_assert(0, "banned: use " #instead)

#undef sprintf
#define sprintf(...) BANNED(snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsnprintf)
#undef gets
#define gets(s) BANNED(fgets)
#undef strtok
#define strtok(...) BANNED(strcspn)
#undef gmtime
#define gmtime(t) BANNED(gmtime_r)
#undef localtime
#define localtime(t) BANNED(localtime_r)
#undef ctime
#define ctime(t) BANNED(units_rfc3339)
#undef asctime
#define asctime(t) BANNED(units_rfc3339)
#undef tmpnam
#define tmpnam(s) BANNED(mkostemp)
#undef tempnam
#define tempnam(...) BANNED(mkostemp)
#undef mktemp
#define mktemp(s) BANNED(mkostemp)
#undef atol
#define atol(s) BANNED(units_parse_u64)
#undef atoll
#define atoll(s) BANNED(units_parse_u64)
#undef alloca
#define alloca(n) BANNED(malloc)
#undef rand
#define rand() BANNED(exercise_random)

#endif
