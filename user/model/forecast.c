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

/*
 * Over the newer half of the samples: how much was left then and now tells,
 * together with what was read, how much got dirty.
 */
static void take_trend(const struct migration *g, struct forecast *f)
{
	const struct migration_sample *a, *b;
	uint64_t before, after;
	double span, read;

	f->read_bps = f->dirty_bps = MODEL_NONE;
	if (g->precopy_infos &&
	    g->initial_last + g->dirty_last <= g->bytes_total - g->info_moved)
		f->trend = TREND_DONE;
	if (g->n_trend < 2)
		return;
	a = &g->trend[g->n_trend / 2 - (g->n_trend < 4)];
	b = &g->trend[g->n_trend - 1];
	span = (double)(b->t_ns - a->t_ns) / NS_PER_SEC;
	if (span <= 0 || !g->bytes_precopy)
		return;
	read = (double)(b->moved - a->moved);
	before = a->initial_bytes + a->dirty_bytes;
	after = b->initial_bytes + b->dirty_bytes;
	f->read_bps = (uint64_t)(read / span);
	read += (double)after - (double)before;
	f->dirty_bps = read > 0 ? (uint64_t)(read / span) : 0;
	if (f->trend == TREND_UNKNOWN)
		f->trend = after < before ? TREND_CONVERGING : TREND_NOT_CONVERGING;
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

static int by_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

#define GUESSES	64

/* The newest windows of the device (or of the driver's devices). */
static size_t guesses(struct model *m, const struct migration *g, uint64_t left, bool device,
		      double out[GUESSES])
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
		out[n++] = scaled(e, left);
	}
	return n;
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
	double guess[GUESSES], margin, arcs, mid;
	uint32_t i;
	size_t n;

	memset(out, 0, sizeof(*out));
	out->read_bps = out->dirty_bps = out->left_bytes = MODEL_NONE;
	out->low_ns = out->mid_ns = out->high_ns = MODEL_NONE;
	if (!g || g->direction != DIR_SAVE || g->session_over || g->window.start_ns != MODEL_NONE)
		return;
	take_trend(g, out);
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
		qsort(guess, n, sizeof(guess[0]), by_double);
		margin = n >= 8 ? 1.0 / 6 : n >= 3 ? 0.25 : 0.5;
		/* With many, the outermost tenth on each side is left out. */
		i = (uint32_t)(n / 10);
		set_range(out, guess[i] * (1 - margin), guess[n / 2],
			  guess[n - 1 - i] * (1 + margin));
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
}
