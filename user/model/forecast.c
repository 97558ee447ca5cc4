// SPDX-License-Identifier: GPL-2.0-only
#include "model/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SEC	1e9

/* A stop window that is over and whose parts are all known. */
static bool is_known_window(const struct migration *g)
{
	return g->direction == DIR_SAVE && g->eof && !g->holes && !g->joined_late &&
	       !g->bytes_unplaced && g->window.start_ns != MODEL_NONE && g->window.total_ns;
}

bool estimate_of(struct model *m, uint32_t id, struct estimate_sample *out)
{
	const struct migration *g = model_migration(m, id);
	const struct model_device *d = g ? model_device(m, g->device) : NULL;

	if (!g || !is_known_window(g))
		return false;
	out->driver = d ? d->driver : "";
	out->data_size = g->estimate_is_data_size ? g->estimate : MODEL_NONE;
	out->precopy_info = g->precopy_infos ? g->initial_last + g->dirty_last : MODEL_NONE;
	out->bytes = g->bytes_stop_copy;
	out->window_ns = g->window.total_ns;
	out->driver_ns = g->window.arcs_ns + g->window.io_ns;
	return true;
}

/* ---- rank correlation ---- */

struct ranked {
	uint64_t value;
	size_t at;
};

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

static void rank(const uint64_t *v, size_t n, struct ranked *tmp, double *out)
{
	size_t i, k, e;

	for (i = 0; i < n; i++) {
		tmp[i].value = v[i];
		tmp[i].at = i;
	}
	qsort(tmp, n, sizeof(*tmp), by_value);
	for (i = 0; i < n; i = e) {
		for (e = i; e < n && tmp[e].value == tmp[i].value; e++)
			;
		for (k = i; k < e; k++)
			out[tmp[k].at] = (double)(i + e - 1) / 2;
	}
}

bool rank_correlation(const uint64_t *x, const uint64_t *y, size_t n, double *rho)
{
	double *rx, *ry, mean = ((double)n - 1) / 2, sxy = 0, sxx = 0, syy = 0;
	struct ranked *tmp;
	bool ok = false;
	size_t i;

	if (n < ESTIMATE_MIN_SAMPLES)
		return false;
	rx = calloc(n, sizeof(*rx));
	ry = calloc(n, sizeof(*ry));
	tmp = calloc(n, sizeof(*tmp));
	if (rx && ry && tmp) {
		rank(x, n, tmp, rx);
		rank(y, n, tmp, ry);
		for (i = 0; i < n; i++) {
			sxy += (rx[i] - mean) * (ry[i] - mean);
			sxx += (rx[i] - mean) * (rx[i] - mean);
			syy += (ry[i] - mean) * (ry[i] - mean);
		}
		ok = sxx > 0 && syy > 0;
		if (ok)
			*rho = sxy / sqrt(sxx * syy);
	}
	free(rx);
	free(ry);
	free(tmp);
	return ok;
}

/* ---- forecast ---- */

const char *forecast_trend_name(uint32_t trend)
{
	static const char *const names[] = {
		"unknown", "converging", "not-converging", "done",
	};

	return trend < 4 ? names[trend] : NULL;
}

const char *forecast_basis_text(uint32_t basis)
{
	static const char *const texts[] = {
		"nothing is known yet",
		"earlier migrations of this device",
		"earlier migrations of this driver's devices",
		"this session's own rate and arcs",
	};

	return basis < 4 ? texts[basis] : NULL;
}

static uint64_t sample_left(const struct migration_sample *s)
{
	return s->initial_bytes + s->dirty_bytes;
}

/* Was all read that one of the samples from @i on told of, before the next? */
static bool was_emptied(const struct migration *g, uint32_t i)
{
	for (; i < g->n_trend; i++) {
		uint64_t upto = i + 1 < g->n_trend ? g->trend[i + 1].moved : g->bytes_total;

		if (upto - g->trend[i].moved >= sample_left(&g->trend[i]))
			return true;
	}
	return false;
}

/*
 * Is it read empty again and again, and again and again as much comes back?  The
 * measure of the judge's not-converging.
 */
#define COMES_BACK	5
static bool comes_back(const struct migration *g)
{
	const struct migration_sample *now = NULL, *first = NULL;
	uint64_t least = UINT64_MAX;
	uint32_t i, n = 0;

	for (i = g->n_trend; i > 0 && n < COMES_BACK; i--) {
		const struct migration_sample *s = &g->trend[i - 1];

		if (s->initial_bytes)
			break;
		if (!s->dirty_bytes)
			continue;
		now = now ?: s;
		first = s;
		least = s->dirty_bytes < least ? s->dirty_bytes : least;
		n++;
	}
	return n == COMES_BACK && now->t_ns >= first->t_ns + 1000000000ULL &&
	       now->dirty_bytes >= first->dirty_bytes && least >= now->dirty_bytes / 2;
}

/*
 * Over the newer half of the samples: how much was left then and now tells,
 * together with what was read, how much got dirty.
 */
static void take_trend(const struct migration *g, uint64_t now_ns, struct forecast *f)
{
	const struct migration_sample *a, *b;
	uint64_t before, after, since;
	double span, read;

	f->read_bps = f->dirty_bps = MODEL_NONE;
	if (g->precopy_infos &&
	    g->initial_last + g->dirty_last <= g->bytes_total - g->info_moved)
		f->trend = TREND_DONE;
	if (g->n_trend < 2)
		return;
	a = &g->trend[g->n_trend / 2 - (g->n_trend < 4)];
	b = &g->trend[g->n_trend - 1];
	now_ns = now_ns > b->t_ns ? now_ns : b->t_ns;
	span = (double)(now_ns - a->t_ns) / NS_PER_SEC;
	if (span <= 0 || !g->bytes_precopy)
		return;
	/* What was read since the last info is less left; what got dirty since, nobody knows. */
	read = (double)(g->bytes_total - a->moved);
	before = sample_left(a);
	after = sample_left(b);
	since = g->bytes_total - b->moved;
	after = after > since ? after - since : 0;
	f->read_bps = (uint64_t)(read / span);
	read += (double)after - (double)before;
	f->dirty_bps = read > 0 ? (uint64_t)(read / span) : 0;
	if (f->trend == TREND_UNKNOWN)
		f->trend = comes_back(g) ? TREND_NOT_CONVERGING : after < before ||
			   was_emptied(g, (uint32_t)(a - g->trend)) ? TREND_CONVERGING :
			   TREND_NOT_CONVERGING;
}

/*
 * An earlier window as a guess for this one: what does not go with size stays,
 * what does is scaled.
 */
static double scaled(const struct migration *g, uint64_t left)
{
	double fixed = (double)(g->window.total_ns - g->window.io_ns);
	double io = (double)g->window.io_ns;

	if (g->bytes_stop_copy && left != MODEL_NONE)
		io *= (double)left / (double)g->bytes_stop_copy;
	return fixed + io;
}

struct guess {
	double ns;
	uint32_t id;			/* of the earlier migration */
};

static int by_ns(const void *a, const void *b)
{
	const struct guess *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

#define GUESSES	64

/* The newest windows of the device (or of the driver's devices). */
static size_t guesses(struct model *m, const struct migration *g, uint64_t left, bool device,
		      struct guess out[GUESSES])
{
	const struct model_device *d = model_device(m, g->device), *other;
	uint32_t id;
	size_t n = 0;

	for (id = g->id; id > 1 && n < GUESSES; id--) {
		const struct migration *e = model_migration(m, id - 1);

		if (!is_known_window(e))
			continue;
		if (device) {
			if (e->device != g->device)
				continue;
		} else {
			other = model_device(m, e->device);
			if (!d || !other || !d->driver[0] || strcmp(d->driver, other->driver))
				continue;
		}
		out[n].ns = scaled(e, left);
		out[n++].id = e->id;
	}
	return n;
}

/* The parts of the guess that is in the middle. */
static void set_parts(struct model *m, const struct guess *from, struct forecast *f)
{
	const struct migration *e = model_migration(m, from->id);

	f->arcs_ns = e->window.arcs_ns;
	f->other_ns = e->window.total_ns - e->window.arcs_ns - e->window.io_ns;
	f->drain_ns = (uint64_t)from->ns - f->arcs_ns - f->other_ns;
	if (e->downtime_ns != MODEL_NONE && e->downtime_ns > e->window.total_ns)
		f->load_ns = e->downtime_ns - e->window.total_ns;
}

static void set_range(struct forecast *f, double low, double mid, double high)
{
	f->low_ns = (uint64_t)low;
	f->mid_ns = (uint64_t)mid;
	f->high_ns = (uint64_t)high;
}

void forecast_migration(struct model *m, uint32_t id, uint64_t now_ns, struct forecast *out)
{
	const struct migration *g = model_migration(m, id);
	struct guess guess[GUESSES];
	double margin, arcs, mid;
	uint32_t i;
	size_t n;

	memset(out, 0, sizeof(*out));
	out->read_bps = out->dirty_bps = out->left_bytes = MODEL_NONE;
	out->low_ns = out->mid_ns = out->high_ns = MODEL_NONE;
	out->arcs_ns = out->drain_ns = out->other_ns = out->load_ns = MODEL_NONE;
	if (!g || g->direction != DIR_SAVE || g->session_over || g->window.start_ns != MODEL_NONE)
		return;
	take_trend(g, now_ns, out);
	/* Whichever estimate is the younger. */
	if (g->precopy_infos) {
		uint64_t left = g->initial_last + g->dirty_last;
		uint64_t since = g->bytes_total - g->info_moved;

		out->left_bytes = left > since ? left - since : 0;
		out->left_age_ns = now_ns - g->info_ns;
	}
	if (g->data_size_last != MODEL_NONE && !(g->data_size_last >> 63) &&
	    (out->left_bytes == MODEL_NONE || now_ns - g->data_size_last_ns <=
	     out->left_age_ns + 1000000)) {
		out->left_bytes = g->data_size_last;
		out->left_is_data_size = true;
		out->left_age_ns = now_ns - g->data_size_last_ns;
	}
	n = guesses(m, g, out->left_bytes, true, guess);
	out->basis = FORECAST_DEVICE;
	if (n < 3) {
		n = guesses(m, g, out->left_bytes, false, guess);
		out->basis = FORECAST_DRIVER;
	}
	if (n) {
		/*
		 * The middle of what was, and the outer ones widened: by a
		 * sixth with many samples, by a half with a single one.
		 */
		qsort(guess, n, sizeof(guess[0]), by_ns);
		margin = n >= 8 ? 1.0 / 6 : n >= 3 ? 0.25 : 0.5;
		/* With many, the outermost tenth on each side is left out. */
		i = (uint32_t)(n / 10);
		set_range(out, guess[i].ns * (1 - margin), guess[n / 2].ns,
			  guess[n - 1 - i].ns * (1 + margin));
		set_parts(m, &guess[n / 2], out);
		out->samples = (uint32_t)n;
		return;
	}
	out->basis = FORECAST_NONE;
	if (out->left_bytes == MODEL_NONE || !g->io_measured || !g->bytes_precopy ||
	    now_ns <= g->start_ns)
		return;
	/*
	 * Nothing but this session: as long as the arc to PRE_COPY took twice,
	 * and what is left at the pace of a read() so far; a VMM that reads at
	 * its own pace, or sends RAM first, takes longer.
	 */
	for (i = 0, arcs = 0; i < g->n_arcs; i++)
		arcs += (double)g->arcs[i].dur_ns;
	mid = (double)out->left_bytes * (double)g->io_p50_ns * (double)g->io_measured /
	      (double)g->bytes_precopy;
	out->basis = FORECAST_SESSION;
	set_range(out, (arcs + mid) / 2, 2 * arcs + mid, 4 * (arcs + mid) + 1e6);
	out->arcs_ns = (uint64_t)(2 * arcs);
	out->drain_ns = out->mid_ns - out->arcs_ns;
}
