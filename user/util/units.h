/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * units.h - sizes, durations and times, for people and back
 *
 * Formatting writes to the caller's buffer, always NUL-terminated, and
 * returns it; UNITS_LEN is enough for each.  Parsing takes the whole string
 * or nothing: 0, -EINVAL (not understood) or -ERANGE (does not fit).
 */
#ifndef VFIOSCOPE_UTIL_UNITS_H
#define VFIOSCOPE_UTIL_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNITS_LEN 40

/* "512 B", "96.0 MiB", "1.91 GiB"; @exact: "100663296 B". */
char *units_size(char buf[UNITS_LEN], uint64_t bytes, bool exact);
/* "850 ns", "61.0 us" as "61.0 µs", "214 ms", "8.412 s", "2m13s", "3h05m". */
char *units_duration(char buf[UNITS_LEN], uint64_t ns);
/* "1 234 567" without the spaces below 10000. */
char *units_count(char buf[UNITS_LEN], uint64_t n);
/* RFC 3339 in UTC with nanoseconds: "2026-01-02T03:04:05.000000006Z". */
char *units_rfc3339(char buf[UNITS_LEN], uint64_t realtime_ns);
/* The time of day of it: "03:04:05.000006". */
char *units_clock(char buf[UNITS_LEN], uint64_t realtime_ns);

/* "4096", "4096B", "1KiB", "1.5M" = "1.5MiB" (1024); "1MB" = 1000000. */
int units_parse_size(const char *s, uint64_t *bytes);
/* "300ms", "2s", "1.5s", "10us", "10µs", "5m", "1h", "90ns"; a bare number is seconds. */
int units_parse_duration(const char *s, uint64_t *ns);
/* "2026-01-02T03:04:05[.frac]Z" (or a +hh:mm offset) to CLOCK_REALTIME ns. */
int units_parse_rfc3339(const char *s, uint64_t *realtime_ns);
int units_parse_u64(const char *s, uint64_t *v);

#endif
