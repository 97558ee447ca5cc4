// SPDX-License-Identifier: GPL-2.0-only
/*
 * fleet.c - all migrations: their order, which of them are shown, the rows of the table
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"
#include "util/array.h"

/* ---- how much they want to be looked at ---- */

/* Does one of the devices that leave get dirty as fast as it is read? */
static bool diverges(struct model *m, const struct migration *g)
{
	const struct side *x = g->source ? model_side_peek(m, g->source) : NULL;
	struct forecast f;
	uint32_t i;

	if (!x || g->ended || x->stop.start_ns != MODEL_NONE)
		return false;
	for (i = 0; i < x->n_devices; i++) {
		uint32_t id = model_side_device(m, g->source, i)->session;

		if (model_session_peek(m, id)->ended)
			continue;
		forecast_session(m, id, model_last_ns(m), &f);
		if (f.trend == TREND_NOT_CONVERGING)
			return true;
	}
	return false;
}

static enum rank rank_of(struct scope *s, struct model *m, const struct migration *g)
{
	uint64_t budget = judge_options(s->judge)->max_downtime_ns,
		 window = judge_options(s->judge)->max_stop_window_ns;
	const struct side *src = g->source ? model_side_peek(m, g->source) : NULL;

	if (g->outcome == OUTCOME_FAILED)
		return RANK_FAILED;
	if (scope_stuck(s, m, g))
		return RANK_STUCK;
	if (budget && judge_downtime_budget(m, g, budget) == BUDGET_EXCEEDED)
		return RANK_OVER;
	if (window && src && src->stop.start_ns != MODEL_NONE && src->stop.total_ns > window)
		return RANK_OVER;
	if (diverges(m, g))
		return RANK_DIVERGES;
	if (!g->ended)
		return RANK_UNDER_WAY;
	return g->outcome == OUTCOME_COMPLETED && !g->ran_again ? RANK_DONE : RANK_OTHER;
}

/* ---- their order ---- */

const char *const fleet_sort_names[] = { "worst", "left", "moved", "stop", "newest", "name", NULL };

static int by_rank(const struct fleet_row *x, const struct fleet_row *y)
{
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->migration < y->migration ? -1 : x->migration > y->migration;
}

/* What nobody knows is at the end, whatever is sorted by. */
static uint64_t known(uint64_t v)
{
	return v == MODEL_NONE ? 0 : v < UINT64_MAX ? v + 1 : v;
}

static uint64_t sort_key(struct scope *s, struct model *m, const struct migration *g)
{
	const struct side *own = model_side(m, g->source ? g->source : g->destination);
	enum left_source source;
	enum stop_kind kind;

	switch (s->sort) {
	case SORT_LEFT:
		return known(scope_side_left(m, g->source, &source));
	case SORT_MOVED:
		return known(own->bytes_total);
	case SORT_STOP:
		return known(scope_stop_ns(s, m, g, &kind));
	case SORT_NEWEST:
		return g->begin_ns;
	default:
		return 0;
	}
}

struct sorting {
	struct model *m;
	bool by_name;
};

static int compare(const void *a, const void *b, void *arg)
{
	const struct fleet_row *x = a, *y = b;
	const struct sorting *how = arg;
	const char *n, *o;
	int diff;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	if (!how->by_name)
		return by_rank(x, y);
	n = model_migration(how->m, x->migration)->vm;
	o = model_migration(how->m, y->migration)->vm;
	diff = strcmp(n ?: "", o ?: "");
	return diff ? diff : by_rank(x, y);
}

void scope_rank(struct scope *s, struct model *m)
{
	uint32_t n = model_migrations(m), i;
	struct sorting how = { m, s->sort == SORT_NAME };
	struct fleet_row *rows;
	enum left_source source;

	if (n > s->cap_fleet) {
		rows = realloc(s->fleet, n * sizeof(*rows));
		if (!rows)
			n = s->cap_fleet;
		else
			s->fleet = rows, s->cap_fleet = n;
	}
	for (i = 0; i < n; i++) {
		const struct migration *g = model_migration(m, i + 1);
		struct fleet_row *r = &s->fleet[i];

		r->migration = g->id;
		r->rank = rank_of(s, m, g);
		r->key = sort_key(s, m, g);
		/* Of those under way by what remains, of others the newest first. */
		r->weight = g->begin_ns;
		if (r->rank == RANK_UNDER_WAY || r->rank == RANK_DIVERGES) {
			r->weight = scope_side_left(m, g->source, &source);
			if (r->weight == MODEL_NONE)
				r->weight = g->source ? 1 : 0;
		}
	}
	s->n_fleet = n;
	if (n)
		qsort_r(s->fleet, n, sizeof(*s->fleet), compare, &how);
}

/*
 * While something is under way, older ones say nothing about now: only what overlaps in
 * time with it counts.  Else the worst of all.
 */
static const struct migration *choose_migration(struct scope *s, struct model *m)
{
	const struct fleet_row *worst = NULL;
	uint64_t since = UINT64_MAX;
	size_t i;

	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);

		if (!g->ended && g->begin_ns < since)
			since = g->begin_ns;
	}
	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);

		if ((since == UINT64_MAX || !g->ended || g->end_ns >= since) &&
		    (!worst || by_rank(&s->fleet[i], worst) < 0))
			worst = &s->fleet[i];
	}
	return worst ? model_migration(m, worst->migration) : NULL;
}

void scope_choose(struct scope *s, struct model *m)
{
	const struct migration *g = choose_migration(s, m);
	uint32_t i;

	s->side = 0;
	if (g) {
		scope_choose_in(s, m, g);
		s->fit_side = s->side;
		return;
	}
	if (s->device && scope_device_shown(m, s->device))
		return;
	s->device = 0;
	for (i = 0; i < model_devices(m) && !s->device; i++)
		if (scope_device_shown(m, model_device_at(m, i)->number))
			s->device = model_device_at(m, i)->number;
}

int scope_set_sort(struct scope *s, const char *arg)
{
	int i;

	if (!arg || !*arg) {
		s->sort = (s->sort + 1) % SORT_NR;
		scope_say(s, false, "migrations by: %s", fleet_sort_names[s->sort]);
		return 0;
	}
	i = scope_name_at(fleet_sort_names, arg);
	if (i >= 0) {
		s->sort = (enum fleet_sort)i;
		return 0;
	}
	scope_say(s, true, "migrations are sorted by worst, left, moved, stop, newest, name");
	return -EINVAL;
}

/* ---- which are shown ---- */

/* "leaves", "FAILED", ...: what a migration or a device of it does, or how that ended. */
const char *scope_does(bool save, bool ended, uint32_t outcome, unsigned int *role)
{
	*role = ROLE_STATE;
	if (outcome == OUTCOME_FAILED) {
		*role = ROLE_BAD;
		return "FAILED";
	}
	if (!ended)
		return save ? "leaves" : "comes";
	if (outcome == OUTCOME_COMPLETED) {
		*role = ROLE_GOOD;
		return save ? "done" : "came";
	}
	*role = ROLE_WARN;
	return outcome == OUTCOME_CANCELLED ? "stays" : "no end";
}

static size_t put_devices(struct model *m, uint32_t side, char *out, size_t size)
{
	const struct side *x = side ? model_side_peek(m, side) : NULL;
	const char *host = x ? model_host(m, x->host) : NULL;
	size_t len = 0;
	uint32_t i;

	for (i = 0; x && i < x->n_devices && len < size; i++) {
		const struct model_device *d =
			model_device(m, model_side_device(m, side, i)->device);

		if (d)
			len += (size_t)snprintf(out + len, size - len, " %s %s", d->name,
						d->driver);
	}
	if (host && len < size)
		len += (size_t)snprintf(out + len, size - len, " %s", host);
	return len < size ? len : size;
}

static bool shows(struct scope *s, struct model *m, const struct migration *g)
{
	char words[sizeof(s->fleet_filter)], hay[2048], *save = NULL, *w;
	unsigned int role;
	size_t len;

	if (!s->fleet_filter[0])
		return true;
	len = (size_t)snprintf(hay, sizeof(hay), "%s %s%s", g->vm ?: "",
			       scope_does(g->source != 0, g->ended, g->outcome, &role),
			       scope_stuck(s, m, g) ? " stuck" : "");
	len += put_devices(m, g->source, hay + len, sizeof(hay) - len);
	put_devices(m, g->destination, hay + len, sizeof(hay) - len);
	snprintf(words, sizeof(words), "%s", s->fleet_filter);
	for (w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		bool not = *w == '!' && w[1];

		if ((strcasestr(hay, w + not ) != NULL) == not )
			return false;
	}
	return true;
}

int scope_set_fleet(struct scope *s, const char *text)
{
	struct model *m = scope_model(s);
	size_t i, n = 0;

	snprintf(s->fleet_filter, sizeof(s->fleet_filter), "%s", text);
	if (!m)
		return 0;
	scope_rank(s, m);
	for (i = 0; i < s->n_fleet; i++)
		n += shows(s, m, model_migration(m, s->fleet[i].migration));
	scope_say(s, false,
		  *text ? "%zu of %zu migrations; F and Enter shows all" :
			  "all migrations are shown",
		  n, s->n_fleet);
	return 0;
}

/* ---- the rows of the table ---- */

bool scope_is_fleet(const struct scope *s)
{
	return s->n_fleet > 1 && (s->level == LEVEL_FLEET || !s->opened);
}

static bool row_add(struct scope *s, uint32_t migration, uint32_t side, uint32_t device)
{
	if (array_room(&s->rowlist, s->n_rows + 1, &s->cap_rows, sizeof(*s->rowlist)))
		return false;
	s->rowlist[s->n_rows++] = (struct table_row){ migration, side, device };
	return true;
}

static void rows_of_side(struct scope *s, struct model *m, const struct migration *g, uint32_t side)
{
	const struct side *x = side ? model_side_peek(m, side) : NULL;
	uint32_t i;

	for (i = 0; x && i < x->n_devices; i++)
		row_add(s, g->id, side, model_side_device(m, side, i)->device);
	/* What was refused before there was a data FD. */
	if (x && !x->n_devices && x->cause.kind != EV_NONE && x->cause.device)
		row_add(s, g->id, side, x->cause.device);
}

static void rows_of_migrations(struct scope *s, struct model *m, enum rows_of what)
{
	const struct migration *open = scope_migration(s, m);
	size_t i;

	for (i = 0; i < s->n_fleet; i++) {
		const struct migration *g = model_migration(m, s->fleet[i].migration);
		bool is_open = open && open->id == g->id;

		if (what == ROWS_ALL || is_open || s->n_fleet < 2) {
			if (s->n_fleet > 1)
				row_add(s, g->id, 0, 0);
			if (what == ROWS_SHOWN && scope_is_fleet(s))
				continue;
			rows_of_side(s, m, g, g->source);
			rows_of_side(s, m, g, g->destination);
		} else if (scope_is_fleet(s) && shows(s, m, g)) {
			row_add(s, g->id, 0, 0);
		}
	}
}

void scope_rows(struct scope *s, struct model *m, enum rows_of what)
{
	size_t i, migrating;
	uint32_t k;

	s->n_rows = 0;
	s->opened = scope_migration(s, m) != NULL;
	rows_of_migrations(s, m, what);
	migrating = s->n_rows;
	/* A migration that was opened has the screen for itself. */
	for (k = 0; k < model_devices(m); k++) {
		const struct model_device *d = model_device_at(m, k);

		if (d->sessions || !scope_device_shown(m, d->number) ||
		    (what == ROWS_SHOWN && s->n_fleet > 1 && !scope_is_fleet(s)))
			continue;
		for (i = 0; i < migrating && s->rowlist[i].device != d->number; i++)
			;
		if (i == migrating)
			row_add(s, 0, 0, d->number);
	}
}

bool scope_row_selected(struct scope *s, struct model *m, const struct table_row *r)
{
	const struct migration *g;

	if (r->device)
		return r->device == s->device && (!r->side || r->side == scope_side_now(s, m));
	g = scope_is_fleet(s) ? scope_migration(s, m) : NULL;
	return g && g->id == r->migration;
}

void scope_step_device(struct scope *s, int dir)
{
	struct model *m = scope_model(s);
	size_t i, k;

	if (!m)
		return;
	scope_rank(s, m);
	scope_rows(s, m, ROWS_ALL);
	for (i = 0;
	     i < s->n_rows && !(s->rowlist[i].device && scope_row_selected(s, m, &s->rowlist[i]));
	     i++)
		;
	if (i == s->n_rows)
		i = dir > 0 ? s->n_rows - 1 : 0;
	for (k = 0; k < s->n_rows; k++) {
		i = dir > 0 ? (i + 1) % s->n_rows : (i + s->n_rows - 1) % s->n_rows;
		if (s->rowlist[i].device) {
			scope_pin(s, s->rowlist[i].side, s->rowlist[i].device);
			return;
		}
	}
}

void scope_step_migration(struct scope *s, int dir)
{
	struct model *m = scope_model(s);
	const struct migration *now, *g;
	size_t i, k, n;

	if (!m)
		return;
	scope_rank(s, m);
	now = scope_migration(s, m);
	n = s->n_fleet;
	if (!n) {
		scope_say(s, false, "no migration yet");
		return;
	}
	for (i = 0; i < n && (!now || s->fleet[i].migration != now->id); i++)
		;
	if (i == n)
		i = dir > 0 ? n - 1 : 0;
	for (k = 0; k < n; k++) {
		i = dir > 0 ? (i + 1) % n : (i + n - 1) % n;
		g = model_migration(m, s->fleet[i].migration);
		if (!shows(s, m, g))
			continue;
		scope_pin_migration(s, m, g);
		return;
	}
}

void scope_step_row(struct scope *s, int dir)
{
	if (scope_is_fleet(s))
		scope_step_migration(s, dir);
	else
		scope_step_device(s, dir);
}
