// SPDX-License-Identifier: GPL-2.0-only
#include "util/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void stats_sort(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
}

double stats_quantile(const double *v, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = (size_t)at;

	if (i + 1 >= n)
		return v[n - 1];
	return v[i] + (at - (double)i) * (v[i + 1] - v[i]);
}

static int by_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

void stats_sort_u64(uint64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_u64);
}

uint64_t stats_nearest_rank(const uint64_t *v, size_t n, size_t percent)
{
	size_t rank = (n * percent + 99) / 100;

	return v[rank ? rank - 1 : 0];
}

/* Both samples as one, each value with twice its mean rank: whole numbers, ties or not. */
static double *ranks(const double *a, size_t na, const double *b, size_t nb, size_t *twice,
		     size_t *sum_a, double *ties)
{
	size_t n = na + nb, i = 0, j = 0, k, at = 0;
	double *all = malloc((n ?: 1) * sizeof(*all));

	*sum_a = 0;
	*ties = 0;
	if (!all)
		return NULL;
	while (i < na || j < nb) {
		double v = j == nb || (i < na && a[i] <= b[j]) ? a[i] : b[j];
		size_t from = at, mine = 0;

		for (; i < na && a[i] <= v; i++, mine++)
			all[at++] = v;
		for (; j < nb && b[j] <= v; j++)
			all[at++] = v;
		/* Ranks from + 1 to at: their mean, twice. */
		for (k = from; k < at; k++)
			twice[k] = from + 1 + at;
		*sum_a += mine * (from + 1 + at);
		k = at - from;
		*ties += (double)k * (double)k * (double)k - (double)k;
	}
	return all;
}

/*
 * In how many of all ways to choose @na of the ranks is their sum as far from its mean
 * as it is, or farther?
 */
static double exact(const size_t *twice, size_t n, size_t na, size_t sum_a)
{
	size_t max = n * (n + 1) + 1, mean = na * (n + 1), i, k, s;
	double *ways = calloc((na + 1) * max, sizeof(*ways));
	double all = 0, far = 0;
	size_t off = sum_a > mean ? sum_a - mean : mean - sum_a;

	if (!ways)
		return 1;
	ways[0] = 1;
	for (i = 0; i < n; i++)
		for (k = i + 1 < na ? i + 1 : na; k > 0; k--)
			for (s = max; s-- > twice[i];)
				ways[k * max + s] += ways[(k - 1) * max + s - twice[i]];
	for (s = 0; s < max; s++) {
		double w = ways[na * max + s];

		all += w;
		far += (s > mean ? s - mean : mean - s) >= off ? w : 0;
	}
	free(ways);
	return all > 0 ? far / all : 1;
}

static double by_normal(size_t na, size_t nb, size_t sum_a, double ties)
{
	double n = (double)(na + nb), x = (double)na, y = (double)nb;
	double u = (double)sum_a / 2 - x * (x + 1) / 2;
	double var = x * y / 12 * (n + 1 - ties / (n * (n - 1)));
	double z = fabs(u - x * y / 2) - 0.5;

	if (var <= 0 || z <= 0)
		return 1;
	return erfc(z / sqrt(var) / sqrt(2));
}

double stats_rank_test(const double *a, size_t na, const double *b, size_t nb)
{
	size_t n = na + nb, sum_a;
	size_t *twice = malloc((n ? n : 1) * sizeof(*twice));
	double ties, p = 1, *all;

	all = na && nb && twice ? ranks(a, na, b, nb, twice, &sum_a, &ties) : NULL;
	if (all)
		p = n <= STATS_EXACT_MAX ? exact(twice, n, na, sum_a) :
					   by_normal(na, nb, sum_a, ties);
	free(all);
	free(twice);
	return p > 1 ? 1 : p;
}

/* Doubles as whole numbers in the same order, and back. */
static uint64_t ordered(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits >> 63 ? ~bits : bits | 1ULL << 63;
}

static double unordered(uint64_t n)
{
	uint64_t bits = n >> 63 ? n & ~(1ULL << 63) : ~n;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* How many of all differences b - a are not above @v. */
static size_t differences_to(const double *a, size_t na, const double *b, size_t nb, double v)
{
	size_t i, j = 0, n = 0;

	for (i = 0; i < na; i++) {
		while (j < nb && b[j] - a[i] <= v)
			j++;
		n += j;
	}
	return n;
}

/*
 * The @k-th of all differences in their order, from 0. They are as many as the product
 * of both, so they are not made: what it can be is halved until it is one number.
 */
static double nth_difference(const double *a, size_t na, const double *b, size_t nb, size_t k)
{
	uint64_t low = ordered(b[0] - a[na - 1]), high = ordered(b[nb - 1] - a[0]);

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (differences_to(a, na, b, nb, unordered(mid)) > k)
			high = mid;
		else
			low = mid + 1;
	}
	return unordered(low);
}

void stats_shift(const double *a, size_t na, const double *b, size_t nb, double *shift, double *low,
		 double *high)
{
	size_t n = na * nb, k;
	double c;

	*shift = nth_difference(a, na, b, nb, n / 2);
	if (n % 2 == 0)
		*shift += (nth_difference(a, na, b, nb, n / 2 - 1) - *shift) / 2;
	c = (double)n / 2 - 1.96 * sqrt((double)n * (double)(na + nb + 1) / 12);
	/* Fewer than some four each have no such range. */
	k = c > 0 ? (size_t)c : 0;
	*low = nth_difference(a, na, b, nb, k);
	*high = nth_difference(a, na, b, nb, n - 1 - k);
}

size_t stats_needed(const double *v, size_t n, double by)
{
	size_t i, below = 0, upto = 0;
	double above = 0, p, need;

	if (n < 4 || by <= 0)
		return 0;
	for (i = 0; i < n; i++) {
		while (below < n && v[below] < v[i] + by)
			below++;
		while (upto < n && v[upto] <= v[i] + by)
			upto++;
		above += (double)below + (double)(upto - below) / 2;
		/* Of the others. */
		above -= v[i] + by > v[i] ? 1 : 0.5;
	}
	p = above / ((double)n * (double)(n - 1)) - 0.5;
	if (p <= 0.01)
		return 0;
	/* 1.96 for 5 % two-sided, 0.84 for four of five. */
	need = ceil((1.96 + 0.84) * (1.96 + 0.84) / (6 * p * p));
	return (size_t)need;
}

struct test {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct test *x = a, *y = b;

	return x->p < y->p ? -1 : x->p > y->p;
}

int stats_holm(double *p, size_t n)
{
	struct test *t = malloc((n ? n : 1) * sizeof(*t));
	double worst = 0, q;
	size_t i;

	if (!t)
		return -1;
	for (i = 0; i < n; i++)
		t[i] = (struct test){ p[i], i };
	qsort(t, n, sizeof(*t), by_p);
	for (i = 0; i < n; i++) {
		q = t[i].p * (double)(n - i);
		worst = q > worst ? q : worst;
		p[t[i].at] = worst < 1 ? worst : 1;
	}
	free(t);
	return 0;
}
