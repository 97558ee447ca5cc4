// SPDX-License-Identifier: GPL-2.0-only
#include "util/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

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
	double *all = malloc(n * sizeof(*all));

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

int stats_shift(const double *a, size_t na, const double *b, size_t nb, double *shift, double *low,
		double *high)
{
	size_t n = na * nb, i, j, k;
	double *d = malloc((n ? n : 1) * sizeof(*d)), c;

	if (!d || !n) {
		free(d);
		return -1;
	}
	for (i = 0, k = 0; i < na; i++)
		for (j = 0; j < nb; j++)
			d[k++] = b[j] - a[i];
	stats_sort(d, n);
	*shift = stats_quantile(d, n, 0.5);
	c = (double)n / 2 - 1.96 * sqrt((double)n * (double)(na + nb + 1) / 12);
	/* Fewer than some four each have no such range. */
	k = c > 0 ? (size_t)c : 0;
	*low = d[k];
	*high = d[n - 1 - k];
	free(d);
	return 0;
}

size_t stats_needed(const double *v, size_t n, double by)
{
	double above = 0, pairs = 0, p, need;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			if (i == j)
				continue;
			pairs++;
			above += v[i] + by > v[j] ? 1 : v[i] + by < v[j] ? 0 : 0.5;
		}
	}
	if (n < 4 || by <= 0)
		return 0;
	p = above / pairs - 0.5;
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
