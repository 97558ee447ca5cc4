/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - two samples: are they the same, and by how much are they not
 *
 * Rank statistics alone: nothing is assumed of how times are spread, and one that took
 * very long is one rank more and no mean's ruin.  Samples are sorted in ascending order
 * by the caller (stats_sort()), @n of them from 1 on where nothing else is said.
 */
#ifndef VFIOSCOPE_UTIL_STATS_H
#define VFIOSCOPE_UTIL_STATS_H

#include <stddef.h>
#include <stdint.h>

void stats_sort(double *v, size_t n);
/* The @q-th quantile, 0 to 1, linear between two (what R and numpy do by default). */
double stats_quantile(const double *v, size_t n, double q);

void stats_sort_u64(uint64_t *v, size_t n);
/* The smallest of @v that @percent of them are not above: one that was measured. */
uint64_t stats_nearest_rank(const uint64_t *v, size_t n, size_t percent);

/*
 * Mann and Whitney's test: how probable two samples at least as far apart are when both
 * come from one, two-sided.  Exact, ties included, up to STATS_EXACT_MAX values in both
 * together; beyond that by the normal approximation, corrected for ties.  1 when a sample
 * is empty or memory is out.
 */
#define STATS_EXACT_MAX 60
double stats_rank_test(const double *a, size_t na, const double *b, size_t nb);

/*
 * Hodges and Lehmann's estimate of how much @b is more than @a, the median of all
 * differences, and the 95 % range that goes with the test.  In time linear in both.
 */
void stats_shift(const double *a, size_t na, const double *b, size_t nb, double *shift, double *low,
		 double *high);

/*
 * How many values each sample must have so that a difference of @by is found, at 5 % and
 * four times of five (Noether 1987), going by how @v spreads; 0: not to be told from so
 * few, or with any number.
 */
size_t stats_needed(const double *v, size_t n, double by);

/*
 * Holm's correction: of @n tests at once; p[i] becomes what is to be held against the
 * level that was meant for all together.  0, or -1 without memory.
 */
int stats_holm(double *p, size_t n);

#endif
