// SPDX-License-Identifier: GPL-2.0-only
/*
 * list_sums.c - what the rows of list come to: counts and percentiles
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/stats.h"
#include "view/list.h"

static void spread(uint64_t *v, size_t n, struct list_spread *out)
{
	memset(out, 0, sizeof(*out));
	out->n = n;
	if (!n)
		return;
	stats_sort_u64(v, n);
	out->p50_ns = stats_nearest_rank(v, n, 50);
	out->p95_ns = stats_nearest_rank(v, n, 95);
	out->p99_ns = stats_nearest_rank(v, n, 99);
	out->max_ns = v[n - 1];
}

/* Of the rows with these numbers. */
static int sum_up(const struct list *list, const size_t *row, size_t n, struct list_sums *out)
{
	uint64_t *down = calloc(n ? n : 1, sizeof(*down)), *stop = calloc(n ? n : 1, sizeof(*stop));
	size_t i, n_down = 0, n_stop = 0;

	if (!down || !stop) {
		free(down);
		free(stop);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		const struct list_row *r = &list->row[row ? row[i] : i];

		out->n++;
		out->outcome[r->l->outcome]++;
		out->findings += r->verdict == VERDICT_FINDINGS;
		out->doubtful += r->verdict == VERDICT_INCONCLUSIVE;
		if (r->l->downtime_ns != MODEL_NONE)
			down[n_down++] = r->l->downtime_ns;
		if (r->l->stop_ns != MODEL_NONE)
			stop[n_stop++] = r->l->stop_ns;
	}
	spread(down, n_down, &out->downtime);
	spread(stop, n_stop, &out->stop);
	free(down);
	free(stop);
	return 0;
}

int list_sums(const struct list *list, struct list_sums *out)
{
	memset(out, 0, sizeof(*out));
	return sum_up(list, NULL, list->n, out);
}

/* A value of a row. */
struct value_at {
	char *value;
	size_t row;
};

static int by_text(const void *a, const void *b)
{
	const struct value_at *x = a, *y = b;
	int c = strcmp(x->value, y->value);

	return c ?: (x->row > y->row) - (x->row < y->row);
}

struct values {
	struct value_at *v;
	size_t n, cap;
};

static int add_values(struct values *all, const struct list_row *r, size_t row,
		      void (*text)(const struct list_row *r, char *buf, size_t size))
{
	char buf[LIST_TEXT_LEN], *value, *next;

	text(r, buf, sizeof(buf));
	for (value = buf; value; value = next) {
		next = strchr(value, '\n');
		if (next)
			*next++ = '\0';
		if (array_room(&all->v, all->n + 1, &all->cap, sizeof(*all->v)))
			return -ENOMEM;
		all->v[all->n].row = row;
		all->v[all->n].value = strdup(value);
		if (!all->v[all->n++].value)
			return -ENOMEM;
	}
	return 0;
}

static int most_first(const void *a, const void *b)
{
	const struct list_sums *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int make_groups(const struct list *list, struct values *all, bool sums,
		       struct list_sums **out, size_t *n)
{
	size_t *row = calloc(all->n ? all->n : 1, sizeof(*row)), i, k;
	int err = 0;

	*out = calloc(all->n ? all->n : 1, sizeof(**out));
	if (!row || !*out)
		err = -ENOMEM;
	if (all->n)
		qsort(all->v, all->n, sizeof(*all->v), by_text);
	for (i = 0; i < all->n && !err; i += k) {
		struct list_sums *g = &(*out)[*n];

		for (k = 0; i + k < all->n && !strcmp(all->v[i + k].value, all->v[i].value); k++)
			row[k] = all->v[i + k].row;
		g->name = strdup(all->v[i].value);
		if (!g->name) {
			err = -ENOMEM;
			break;
		}
		(*n)++;
		if (sums)
			err = sum_up(list, row, k, g);
		else
			g->n = k;
	}
	if (*out)
		qsort(*out, *n, sizeof(**out), most_first);
	free(row);
	return err;
}

static int group(const struct list *list, bool sums,
		 void (*text)(const struct list_row *r, char *buf, size_t size),
		 struct list_sums **out, size_t *n)
{
	struct values all = { 0 };
	size_t i;
	int err = 0;

	*out = NULL;
	*n = 0;
	for (i = 0; i < list->n && !err; i++)
		err = add_values(&all, &list->row[i], i, text);
	if (!err)
		err = make_groups(list, &all, sums, out, n);
	for (i = 0; i < all.n; i++)
		free(all.v[i].value);
	free(all.v);
	return err;
}

int list_groups(const struct list *list, const struct list_key *key, struct list_sums **out,
		size_t *n)
{
	return group(list, true, key->text, out, n);
}

static void text_findings(const struct list_row *r, char *buf, size_t size)
{
	char *p;

	snprintf(buf, size, "%s", r->rules);
	for (p = buf; *p; p++)
		if (*p == ',')
			*p = '\n';
}

int list_findings(const struct list *list, struct list_sums **out, size_t *n)
{
	size_t i, kept = 0;
	int err = group(list, false, text_findings, out, n);

	/* Rows without any are no finding. */
	for (i = 0; i < *n; i++) {
		if ((*out)[i].name[0])
			(*out)[kept++] = (*out)[i];
		else
			free((char *)(*out)[i].name);
	}
	*n = kept;
	return err;
}

void list_groups_free(struct list_sums *groups, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free((char *)groups[i].name);
	free(groups);
}
