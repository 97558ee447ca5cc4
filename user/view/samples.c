// SPDX-License-Identifier: GPL-2.0-only
#include "view/samples.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "util/array.h"
#include "util/stats.h"
#include "view/samples_sets.h"

/* What is not by chance, of all figures together. */
#define LEVEL	 0.05
/*
 * A time that is less matters to nobody, and the test says of it what is true and no use:
 * another process on the same machine takes its microseconds otherwise, each time it runs.
 */
#define LEAST_NS 100000

/* ---- options ---- */

void samples_options_init(struct samples_options *o)
{
	uint32_t i;

	diff_options_init(&o->median);
	diff_options_init(&o->p95);
	for (i = 0; i < DIFF_NR; i++) {
		if (diff_metric_unit(i) != UNIT_TEXT)
			o->median.threshold[i].percent = 5;
		o->median.threshold[i].absolute = diff_metric_unit(i) == UNIT_TIME ? LEAST_NS : 0;
		o->p95.threshold[i].off = true;
	}
}

int samples_options_set(struct samples_options *o, const char *setting, char err[DIFF_ERR_LEN])
{
	const char *dot = strstr(setting, ".p95");
	bool named = false;
	char plain[200];
	uint32_t i;
	int ret;

	if (!dot || (dot[4] && dot[4] != '='))
		return diff_options_set(&o->median, setting, err);
	snprintf(plain, sizeof(plain), "%.*s%s", (int)(dot - setting), setting, dot + 4);
	ret = diff_options_set(&o->p95, plain, err);
	/* What nobody named does not count any more, here as there. */
	for (i = 0; i < DIFF_NR; i++)
		named |= o->median.threshold[i].named;
	for (i = 0; i < DIFF_NR && !named; i++)
		o->median.threshold[i].off = true;
	return ret;
}

/* ---- the values ---- */

struct samples *samples_create(const struct samples_options *o)
{
	struct samples *s = calloc(1, sizeof(*s));

	if (s)
		s->o = *o;
	return s;
}

void samples_destroy(struct samples *s)
{
	size_t i;

	for (i = 0; s && i < s->n_figures; i++) {
		free(s->figure[i].v[0]);
		free(s->figure[i].v[1]);
	}
	if (s)
		free(s->figure);
	free(s);
}

static struct sample_figure *figure_of(struct samples *s, const struct diff_pair *p,
				       const struct diff_figure *x)
{
	bool alone = !x->device[0] && p->direction == DIR_RESUME;
	struct sample_figure *f;
	size_t i;

	for (i = 0; i < s->n_figures; i++) {
		f = &s->figure[i];
		if (f->metric == x->metric && f->direction == x->direction && f->from == x->from &&
		    f->to == x->to && f->destination_alone == alone)
			return f;
	}
	if (array_room(&s->figure, s->n_figures + 1, &s->cap, sizeof(*s->figure)))
		return NULL;
	f = &s->figure[s->n_figures++];
	f->metric = x->metric;
	f->direction = x->direction;
	f->from = x->from;
	f->to = x->to;
	f->destination_alone = alone;
	return f;
}

/* Of several devices the mean: a migration is one value. */
static int add_value(struct samples *s, int which, const struct diff_pair *p, size_t at)
{
	const struct diff_figure *x = &p->figure[at];
	struct sample_figure *f;
	double sum = 0;
	size_t i, n = 0;

	for (i = 0; i < p->n; i++) {
		const struct diff_figure *y = &p->figure[i];

		if (y->metric != x->metric || y->direction != x->direction || y->from != x->from ||
		    y->to != x->to || !y->device[0] != !x->device[0] || y->v[0] == MODEL_NONE)
			continue;
		/* The first of them speaks for all. */
		if (i < at)
			return 0;
		sum += (double)y->v[0];
		n++;
	}
	if (!n)
		return 0;
	f = figure_of(s, p, x);
	if (!f || array_room(&f->v[which], f->n[which] + 1, &f->cap[which], sizeof(*f->v[which])))
		return -ENOMEM;
	f->v[which][f->n[which]++] = sum / (double)n;
	return 0;
}

int samples_add(struct samples *s, int which, const struct view_evidence *e)
{
	/* Held against itself each migration shows its figures. */
	const struct view_evidence twice[2] = { *e, *e };
	struct diff d;
	size_t i, k;
	int err = diff_run(&d, twice, &s->o.median);

	s->recordings[which]++;
	for (i = 0; i < d.n && !err; i++) {
		const struct diff_pair *p = &d.pair[i];

		s->outcome[which][p->g[0]->outcome]++;
		if (p->hole)
			s->holes[which]++;
		if (p->hole || p->g[0]->outcome != OUTCOME_COMPLETED)
			continue;
		s->used[which]++;
		for (k = 0; k < p->n && !err; k++)
			if (diff_metric_unit(p->figure[k].metric) != UNIT_TEXT)
				err = add_value(s, which, p, k);
	}
	diff_free(&d);
	return err;
}

/* ---- the comparison ---- */

static bool is_beyond(const struct diff_threshold *t, double a, double b)
{
	double d = fabs(b - a);

	return !t->off && d > (double)t->absolute && d > a * t->percent / 100;
}

static void sum_up(struct sample_figure *f)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (!f->n[i])
			continue;
		stats_sort(f->v[i], f->n[i]);
		f->median[i] = stats_quantile(f->v[i], f->n[i], 0.5);
		f->q1[i] = stats_quantile(f->v[i], f->n[i], 0.25);
		f->q3[i] = stats_quantile(f->v[i], f->n[i], 0.75);
		f->p95[i] = stats_quantile(f->v[i], f->n[i], 0.95);
	}
	f->compared = f->n[0] >= SAMPLES_MIN && f->n[1] >= SAMPLES_MIN;
	if (f->n[0])
		f->needed = stats_needed(f->v[0], f->n[0], f->median[0] * 0.05);
}

/* Less of what is the work itself is no improvement: as diff.h has it. */
static bool is_less_work(const struct sample_figure *f)
{
	bool work = f->metric == DIFF_BYTES || f->metric == DIFF_DEVICE_BYTES ||
		    (f->metric == DIFF_ARC && protocol_is_load(f->from, f->to));

	return work && f->median[1] <= f->median[0] / 100;
}

static void judge_figure(const struct samples *s, struct sample_figure *f)
{
	const struct diff_threshold *p95 = &s->o.p95.threshold[f->metric];

	if (f->p_all <= LEVEL &&
	    is_beyond(&s->o.median.threshold[f->metric], f->median[0], f->median[1]))
		f->change = f->median[1] > f->median[0] ? CHANGE_WORSE :
			    is_less_work(f)		? CHANGE_LESS_WORK :
							  CHANGE_BETTER;
	if (f->p95[1] > f->p95[0] && is_beyond(p95, f->p95[0], f->p95[1])) {
		f->by_p95 = f->change < CHANGE_WORSE;
		f->change = CHANGE_WORSE;
	}
}

static bool is_armed(const struct samples *s, const struct sample_figure *f)
{
	return !s->o.median.threshold[f->metric].off;
}

/* The tests of what counts, and what each is worth beside the others. */
static int test(struct samples *s)
{
	double *p = calloc(s->n_figures ? s->n_figures : 1, sizeof(*p));
	size_t i, n = 0;
	int err = p ? 0 : -ENOMEM;

	for (i = 0; i < s->n_figures && !err; i++) {
		struct sample_figure *f = &s->figure[i];

		f->p = f->p_all = 1;
		if (!f->compared)
			continue;
		f->p = stats_rank_test(f->v[0], f->n[0], f->v[1], f->n[1]);
		stats_shift(f->v[0], f->n[0], f->v[1], f->n[1], &f->shift, &f->low, &f->high);
		if (is_armed(s, f))
			p[n++] = f->p;
	}
	if (!err && stats_holm(p, n))
		err = -ENOMEM;
	for (i = 0, n = 0; i < s->n_figures && !err; i++)
		if (s->figure[i].compared && is_armed(s, &s->figure[i]))
			s->figure[i].p_all = p[n++];
	free(p);
	return err;
}

static size_t total(const struct samples *s, int which)
{
	size_t n = 0, o;

	for (o = 0; o <= OUTCOME_FAILED; o++)
		n += s->outcome[which][o];
	return n;
}

int samples_compare(struct samples *s)
{
	bool better = false, worse = false, named_unknown = false;
	size_t i;
	int err;

	for (i = 0; i < s->n_figures; i++)
		sum_up(&s->figure[i]);
	err = test(s);
	for (i = 0; i < s->n_figures && !err; i++) {
		struct sample_figure *f = &s->figure[i];

		if (f->compared)
			judge_figure(s, f);
		else
			named_unknown |= s->o.median.threshold[f->metric].named ||
					 s->o.p95.threshold[f->metric].named;
		worse |= diff_counts(&s->o.median, f->change);
		better |= f->change == CHANGE_BETTER;
	}
	/* A share of failures that grew by more than one of them. */
	s->worse_outcome = !s->o.median.threshold[DIFF_OUTCOME].off &&
			   s->outcome[1][OUTCOME_FAILED] * (total(s, 0) + 1) >
				   (s->outcome[0][OUTCOME_FAILED] + 1) * (total(s, 1) + 1);
	if (worse || s->worse_outcome)
		s->verdict = DIFF_DIFFERENT;
	else if (s->used[0] < SAMPLES_MIN || s->used[1] < SAMPLES_MIN || named_unknown)
		s->verdict = DIFF_INCONCLUSIVE;
	else
		s->verdict = better ? DIFF_BETTER : DIFF_SAME;
	return err;
}
