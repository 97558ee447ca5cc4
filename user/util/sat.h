/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sat.h - arithmetic on times and sizes that never wraps
 *
 * Times, durations and byte counts come out of recordings, and a recording may
 * hold any number.  So whoever adds, subtracts or scales one does it here.
 * What all promise: a result that does not fit is the nearest that does (0 or
 * the largest), hence every function is monotonic in each of its arguments and
 * never undefined.  None says that it was at the limit: what needs to know
 * compares before.
 *
 * A sum of parts that must be exact is no case for it: check the parts instead.
 */
#ifndef VFIOSCOPE_UTIL_SAT_H
#define VFIOSCOPE_UTIL_SAT_H

#include <stdint.h>

/* @a + @b, at most UINT64_MAX. */
static inline uint64_t sat_add(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

/* @a - @b, at least 0: how long after @b is @a?  Not at all, if it is before. */
static inline uint64_t sat_sub(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* @a * @b, at most UINT64_MAX. */
static inline uint64_t sat_mul(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

/*
 * @a * @num / @den in 128 bits, rounded down, at most UINT64_MAX: shares, rates and
 * places on an axis.  By zero: UINT64_MAX, or 0 where @a * @num is 0, too.
 */
static inline uint64_t sat_scale(uint64_t a, uint64_t num, uint64_t den)
{
	unsigned __int128 p = (unsigned __int128)a * num;

	if (!den)
		return p ? UINT64_MAX : 0;
	p /= den;
	return p > UINT64_MAX ? UINT64_MAX : (uint64_t)p;
}

/* *@sum += @v: totals. */
static inline void sat_inc(uint64_t *sum, uint64_t v)
{
	*sum = sat_add(*sum, v);
}

/* @a + @b with their signs, between INT64_MIN and INT64_MAX. */
static inline int64_t sat_adds(int64_t a, int64_t b)
{
	int64_t r;

	if (!__builtin_add_overflow(a, b, &r))
		return r;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

/* -@v; INT64_MIN's is INT64_MAX. */
static inline int64_t sat_neg(int64_t v)
{
	return v == INT64_MIN ? INT64_MAX : -v;
}

/*
 * The integer part of @d: 0 for what is no number or below 0, UINT64_MAX for
 * what is beyond it.  A cast would be undefined there (C11 6.3.1.4).
 */
static inline uint64_t sat_u64(double d)
{
	if (!(d > 0))
		return 0;
	/* 2^64: the first that does not fit; UINT64_MAX itself is no double */
	return d >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)d;
}

/* How much of @whole @part is, to the nearest 1 %; 0 of nothing. */
static inline uint64_t sat_percent(uint64_t part, uint64_t whole)
{
	return whole ? sat_u64(100.0 * (double)part / (double)whole + 0.5) : 0;
}

/* The same with a sign: between INT64_MIN and INT64_MAX, 0 for no number. */
static inline int64_t sat_s64(double d)
{
	if (d != d)
		return 0;
	if (d >= 9223372036854775808.0)
		return INT64_MAX;
	return d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

#endif
