// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "view/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/sat.h"
#include "view/common.h"

/* ---- rows ---- */

static int take_rules(struct list_row *r)
{
	char rules[SUMMARY_RULES_LEN] = "";
	bool omitted = false;
	int k;

	summary_add_rules(rules, r->l->rules, NULL);
	for (k = 0; k < SUMMARY_SIDES; k++) {
		if (!r->file[k])
			continue;
		summary_add_rules(rules, r->file[k]->sum.rules, "no-migration");
		omitted |= r->file[k]->sum.omitted;
	}
	r->rules = strdup(rules);
	if (!r->rules)
		return -ENOMEM;
	r->verdict = summary_count(r->rules, SEV_ERROR) || summary_count(r->rules, SEV_WARNING) ?
			     VERDICT_FINDINGS :
		     summary_count(r->rules, SEV_INCONCLUSIVE) || omitted ?
			     VERDICT_INCONCLUSIVE :
			     VERDICT_PASS;
	return 0;
}

static int first_rows(struct list *list)
{
	size_t i, k, n = 0;
	int s;

	for (i = 0; i < list->n_files; i++)
		n += list->file[i].sum.n;
	list->row = calloc(n ? n : 1, sizeof(*list->row));
	if (!list->row)
		return -ENOMEM;
	for (i = 0; i < list->n_files; i++) {
		for (k = 0; k < list->file[i].sum.n; k++) {
			struct list_row *r = &list->row[list->n++];

			r->l = &list->file[i].sum.migration[k];
			for (s = 0; s < SUMMARY_SIDES; s++)
				if (r->l->side[s].is)
					r->file[s] = &list->file[i];
		}
	}
	return 0;
}

/* ---- what several recordings hold ---- */

struct place {
	size_t row;
	int which; /* SUMMARY_* */
	const struct list_file *file;
	const struct summary_side *side;
	uint64_t begin; /* CLOCK_REALTIME */
	bool both;	/* the row has the other side, too */
};

static int by_side(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = strcmp(x->side->host, y->side->host);

	if (!c)
		c = x->which - y->which;
	if (!c && x->side->digest.side.pid != y->side->digest.side.pid)
		c = x->side->digest.side.pid < y->side->digest.side.pid ? -1 : 1;
	if (!c && x->begin != y->begin)
		c = x->begin < y->begin ? -1 : 1;
	return c ?: (x->file > y->file) - (x->file < y->file);
}

static const char *first_device(const struct place *p)
{
	const struct digest *d = &p->side->digest;

	return d->n_devices ? d->device[0].name : "";
}

/* A process begins no second side in the same direction within a moment. */
static bool is_same_side(const struct place *a, const struct place *b)
{
	return a->file != b->file && a->which == b->which && a->side->host[0] &&
	       !strcmp(a->side->host, b->side->host) &&
	       a->side->digest.side.pid == b->side->digest.side.pid &&
	       !strcmp(a->side->digest.side.vm, b->side->digest.side.vm) &&
	       !strcmp(first_device(a), first_device(b)) &&
	       a->side->digest.side.bytes_total == b->side->digest.side.bytes_total &&
	       b->begin - a->begin <= LIST_BOUND_NS;
}

static size_t find_places(const struct list *list, struct place *p)
{
	size_t i, n = 0;
	int s;

	for (i = 0; i < list->n; i++) {
		const struct list_row *r = &list->row[i];

		for (s = 0; s < SUMMARY_SIDES; s++) {
			if (!r->file[s] || !r->file[s]->sum.has_clock)
				continue;
			p[n++] = (struct place){
				.row = i,
				.which = s,
				.file = r->file[s],
				.side = &r->l->side[s],
				.begin = r->l->side[s].digest.side.begin_ns +
					 r->file[s]->sum.ahead_ns,
				.both = r->file[0] && r->file[1],
			};
		}
	}
	return n;
}

static void drop(struct list *list, const bool *gone)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++)
		if (!gone[i])
			list->row[n++] = list->row[i];
	list->n = n;
}

static int drop_twice(struct list *list)
{
	struct place *p = calloc(2 * list->n + 1, sizeof(*p));
	bool *gone = calloc(list->n + 1, sizeof(*gone));
	size_t n, i, kept;

	if (!p || !gone) {
		free(p);
		free(gone);
		return -ENOMEM;
	}
	n = find_places(list, p);
	qsort(p, n, sizeof(*p), by_side);
	for (i = 1, kept = 0; i < n; i++) {
		if (gone[p[kept].row] || !is_same_side(&p[kept], &p[i])) {
			kept = i;
			continue;
		}
		/* Who has the other side, too, tells more. */
		if (p[i].both && !p[kept].both) {
			list->twice += !gone[p[kept].row];
			gone[p[kept].row] = true;
			kept = i;
		} else {
			list->twice += !gone[p[i].row];
			gone[p[i].row] = true;
		}
	}
	drop(list, gone);
	free(p);
	free(gone);
	return 0;
}

/* ---- sides that were recorded apart ---- */

/* A row that has one side, in order of time. */
struct single {
	size_t row;
	int which;
	uint64_t begin, end; /* CLOCK_REALTIME */
};

/*
 * Of a fleet only those come into one model that may belong together: a model holds more
 * of a side than a row does.
 */
struct apart {
	struct single *single;
	size_t n;
	bool *gone; /* of each row */
	/* One model's: */
	struct model *model;
	size_t *row; /* of each side, by its number - 1 */
	uint32_t n_sides;
};

static const struct summary_side *side_of(const struct list *list, const struct single *x)
{
	return &list->row[x->row].l->side[x->which];
}

/* A name that another VM cannot have: join.c. */
static bool has_name(const struct side *s)
{
	return s->vm[0] && s->vm_source != VM_SOURCE_CGROUP;
}

static int by_begin(const void *a, const void *b)
{
	const struct single *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static int by_vm(const void *a, const void *b, void *arg)
{
	const struct list *list = arg;
	int c = strcmp(side_of(list, a)->digest.side.vm, side_of(list, b)->digest.side.vm);

	return c ?: by_begin(a, b);
}

static void find_singles(const struct list *list, struct apart *a)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		const struct list_row *r = &list->row[i];
		int s = r->file[SUMMARY_SOURCE] ? SUMMARY_SOURCE : SUMMARY_DESTINATION;
		const struct side *x = &r->l->side[s].digest.side;

		/* Where the clocks cannot be compared nothing is joined. */
		if ((r->file[0] && r->file[1]) || !r->file[s]->sum.has_clock)
			continue;
		a->single[a->n++] = (struct single){
			.row = i,
			.which = s,
			.begin = x->begin_ns + r->file[s]->sum.ahead_ns,
			.end = x->end_ns + r->file[s]->sum.ahead_ns,
		};
	}
	qsort(a->single, a->n, sizeof(*a->single), by_begin);
}

/* By its name; one without a name is nobody else's. */
static uint32_t host_number(const struct list *list, const struct apart *a, const char *name)
{
	uint32_t i;
	int k;

	for (i = 0; i < a->n_sides && *name; i++)
		for (k = 0; k < SUMMARY_SIDES; k++)
			if (!strcmp(list->row[a->row[i]].l->side[k].host, name))
				return i + 1;
	return a->n_sides + 1;
}

/* Two rows as one: the source's is it, the destination's goes. */
static int put_together(struct list *list, struct apart *a, const struct migration *g)
{
	struct list_row *src = &list->row[a->row[g->source - 1]];
	struct list_row *dst = &list->row[a->row[g->destination - 1]];
	struct view_evidence e = { .model = a->model };
	struct summary_migration *l = calloc(1, sizeof(*l));
	/* Its end is in the evidence now. */
	const char *except = g->outcome == OUTCOME_UNFINISHED ? NULL : "evidence-ends";

	if (!l)
		return -ENOMEM;
	summary_line(l, &e, g, true, 0);
	summary_add_rules(l->rules, src->l->rules, except);
	summary_add_rules(l->rules, dst->l->rules, except);
	/* What the judge of a recording found out, nobody here does. */
	if (g->outcome == OUTCOME_FAILED)
		l->party = dst->l->outcome == OUTCOME_FAILED ? dst->l->party : src->l->party;
	memcpy(l->side[0].kernel, src->l->side[0].kernel, sizeof(l->side[0].kernel));
	memcpy(l->side[1].kernel, dst->l->side[1].kernel, sizeof(l->side[1].kernel));
	src->file[SUMMARY_DESTINATION] = dst->file[SUMMARY_DESTINATION];
	src->l = l;
	src->joined = true;
	a->gone[a->row[g->destination - 1]] = true;
	return 0;
}

/* @n of them that may belong together. */
static int join_some(struct list *list, struct apart *a, const struct single *x, size_t n)
{
	uint32_t id;
	int err = 0;
	size_t i;

	if (n < 2)
		return 0;
	a->model = model_create();
	a->n_sides = 0;
	if (!a->model)
		return -ENOMEM;
	model_set_clock_bound(a->model, LIST_BOUND_NS);
	for (i = 0; i < n && !err; i++) {
		const struct summary_side *s = side_of(list, &x[i]);
		struct digest d = s->digest;

		digest_shift(&d, list->row[x[i].row].file[x[i].which]->sum.ahead_ns);
		err = model_add_digest(a->model, &d, host_number(list, a, s->host), s->host, &id);
		a->row[a->n_sides++] = x[i].row;
	}
	if (!err)
		err = model_join_error(a->model);
	for (id = 1; !err && id <= model_migrations(a->model); id++) {
		const struct migration *g = model_migration(a->model, id);

		if (g->source && g->destination)
			err = put_together(list, a, g);
	}
	model_destroy(a->model);
	return err;
}

/*
 * @n that overlap in time.  Names that differ forbid; where somebody has none, all may
 * belong together.
 */
static int join_overlapping(struct list *list, struct apart *a, struct single *x, size_t n)
{
	size_t i, k;
	int err = 0;

	for (i = 0; i < n; i++)
		if (!has_name(&side_of(list, &x[i])->digest.side))
			return join_some(list, a, x, n);
	qsort_r(x, n, sizeof(*x), by_vm, list);
	for (i = 0; i < n && !err; i += k) {
		for (k = 1; i + k < n && !strcmp(side_of(list, &x[i])->digest.side.vm,
						 side_of(list, &x[i + k])->digest.side.vm);
		     k++)
			;
		err = join_some(list, a, x + i, k);
	}
	return err;
}

/* How far from each other's end and begin two may still be one: join.c's late_ns(), the clocks. */
#define APART_NS (3 * LIST_BOUND_NS)

static int join(struct list *list)
{
	struct apart a = {
		.single = calloc(list->n + 1, sizeof(*a.single)),
		.row = calloc(list->n + 1, sizeof(*a.row)),
		.gone = calloc(list->n + 1, sizeof(*a.gone)),
	};
	int err = a.single && a.row && a.gone ? 0 : -ENOMEM;
	uint64_t end;
	size_t i, k;

	if (!err)
		find_singles(list, &a);
	for (i = 0; i < a.n && !err; i += k) {
		end = a.single[i].end;
		for (k = 1; i + k < a.n && a.single[i + k].begin <= sat_add(end, APART_NS); k++)
			if (a.single[i + k].end > end)
				end = a.single[i + k].end;
		err = join_overlapping(list, &a, a.single + i, k);
	}
	if (!err)
		drop(list, a.gone);
	free(a.single);
	free(a.row);
	free(a.gone);
	return err;
}

int list_by_time(const void *a, const void *b)
{
	const struct list_row *x = a, *y = b;

	if (x->l->begin_real_ns != y->l->begin_real_ns)
		return x->l->begin_real_ns < y->l->begin_real_ns ? -1 : 1;
	return strcmp(x->l->vm, y->l->vm);
}

int list_build(struct list *list, const struct list_file *file, size_t n)
{
	size_t i;
	int err;

	memset(list, 0, sizeof(*list));
	list->file = file;
	list->n_files = n;
	err = first_rows(list);
	if (!err)
		err = drop_twice(list);
	if (!err)
		err = join(list);
	for (i = 0; i < list->n && !err; i++)
		err = take_rules(&list->row[i]);
	if (!err && list->n)
		qsort(list->row, list->n, sizeof(*list->row), list_by_time);
	return err;
}

void list_files(const struct list *list, struct list_files *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < list->n_files; i++) {
		const struct list_file *x = &list->file[i];

		out->bad += !!x->error;
		out->analysed += x->analysed;
		out->without_migration += !x->error && !x->sum.n;
		out->not_ended += !x->error && !x->sum.ended;
		out->damaged += !x->error && x->sum.unreadable;
	}
}

void list_row_free(struct list_row *r)
{
	free(r->rules);
	if (r->joined)
		free(r->l);
}

void list_free(struct list *list)
{
	size_t i;

	for (i = 0; list->row && i < list->n; i++)
		list_row_free(&list->row[i]);
	free(list->row);
}
