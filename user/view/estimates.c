// SPDX-License-Identifier: GPL-2.0-only
/*
 * estimates.c - what drivers estimated against what came
 *
 * Whether "the closer to 0 the faster" holds is measured, per driver, and not
 * assumed; under ESTIMATE_MIN_SAMPLES there is a table and no correlation.
 */
#include <stdlib.h>
#include <string.h>

#include "model/forecast.h"
#include "util/stats.h"
#include "view/common.h"
#include "view/findings.h"

struct table {
	struct estimate_sample *s;
	size_t n;
};

static int by_driver(const void *a, const void *b)
{
	const struct estimate_sample *x = a, *y = b;
	int c = strcmp(x->driver, y->driver);

	if (c)
		return c;
	return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static int collect(struct table *t, const struct view_evidence *e)
{
	uint32_t id, total = model_sessions(e->model);

	t->n = 0;
	t->s = calloc(total + 1, sizeof(*t->s));
	if (!t->s)
		return -1;
	for (id = 1; id <= total; id++)
		t->n += estimate_of(e->model, id, &t->s[t->n]);
	qsort(t->s, t->n, sizeof(*t->s), by_driver);
	return 0;
}

enum which { BY_DATA_SIZE, BY_PRECOPY_INFO };

static uint64_t estimate(const struct estimate_sample *s, enum which w)
{
	return w == BY_DATA_SIZE ? s->data_size : s->precopy_info;
}

/* Of the estimate against the bytes, or against the driver's time. */
static bool correlate(const struct estimate_sample *s, size_t n, enum which w, bool time,
		      size_t *used, double *rho)
{
	uint64_t *x = calloc(n, sizeof(*x)), *y = calloc(n, sizeof(*y));
	bool ok = false;
	size_t i;

	*used = 0;
	if (x && y) {
		for (i = 0; i < n; i++) {
			if (estimate(&s[i], w) == MODEL_NONE)
				continue;
			x[*used] = estimate(&s[i], w);
			y[(*used)++] = time ? s[i].driver_ns : s[i].bytes;
		}
		ok = rank_correlation(x, y, *used, rho);
	}
	free(x);
	free(y);
	return ok;
}

static size_t driver_end(const struct table *t, size_t from)
{
	size_t to = from;

	while (to < t->n && !strcmp(t->s[to].driver, t->s[from].driver))
		to++;
	return to;
}

static const char *size_or_dash(char buf[UNITS_LEN], uint64_t v, const struct view_options *opt)
{
	return v == MODEL_NONE ? "-" : units_size(buf, v, opt->bytes);
}

/* How the forecasts of the devices' own parts of stops came out. */
struct kept {
	size_t made, within;
	double ratio; /* the median of high / low; 0: none was made */
};

static struct kept forecasts_kept(const struct estimate_sample *s, size_t n)
{
	double *ratio = calloc(n, sizeof(*ratio));
	struct kept k = { 0 };
	size_t i;

	for (i = 0; ratio && i < n; i++) {
		if (s[i].low_ns == MODEL_NONE || !s[i].low_ns)
			continue;
		ratio[k.made++] = (double)s[i].high_ns / (double)s[i].low_ns;
		k.within += s[i].driver_ns >= s[i].low_ns && s[i].driver_ns <= s[i].high_ns;
	}
	if (k.made) {
		stats_sort(ratio, k.made);
		k.ratio = ratio[k.made / 2];
	}
	free(ratio);
	return k;
}

#define ROWS 12

static void put_driver(FILE *f, const struct estimate_sample *s, size_t n,
		       const struct view_options *opt)
{
	static const char *const what[] = { "MIG_DATA_SIZE", "initial + dirty" };
	char drv[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	size_t i, step = n > ROWS ? (n + ROWS - 1) / ROWS : 1, used;
	struct kept kept = forecasts_kept(s, n);
	double rho, rho_time;
	bool timed;
	int w;

	fprintf(f, "\n  %s: %zu session%s%s\n",
		s->driver[0] ? safe_name(drv, s->driver) : "driver not known", n, n == 1 ? "" : "s",
		step > 1 ? ", some of them:" : "");
	fprintf(f, "%s  %14s %15s %14s %12s %12s%s\n", paint(opt, C_BOLD), "MIG_DATA_SIZE",
		"initial+dirty", "STOP_COPY gave", "driver took", "stop window", paint(opt, C_OFF));
	for (i = 0; i < n; i += step) {
		fputs("  ", f);
		text_pad(f, size_or_dash(a, s[i].data_size, opt), 14, true);
		fputc(' ', f);
		text_pad(f, size_or_dash(b, s[i].precopy_info, opt), 15, true);
		fputc(' ', f);
		text_pad(f, units_size(c, s[i].bytes, opt->bytes), 14, true);
		fputc(' ', f);
		text_pad(f, units_duration(a, s[i].driver_ns), 12, true);
		fputc(' ', f);
		text_pad(f, units_duration(b, s[i].window_ns), 12, true);
		fputc('\n', f);
	}
	for (w = BY_DATA_SIZE; w <= BY_PRECOPY_INFO; w++) {
		if (!correlate(s, n, w, false, &used, &rho)) {
			if (used && used < ESTIMATE_MIN_SAMPLES)
				fprintf(f, "  %s: no correlation under %d samples\n", what[w],
					ESTIMATE_MIN_SAMPLES);
			else if (used)
				fprintf(f, "  %s: never or always the same: no correlation\n",
					what[w]);
			continue;
		}
		fprintf(f, "  %s: rank correlation %+.2f with the bytes", what[w], rho);
		timed = correlate(s, n, w, true, &used, &rho_time);
		if (timed)
			fprintf(f, ",\n    %+.2f with the driver's time", rho_time);
		fprintf(f, " (%zu)\n", used);
		if (timed)
			fprintf(f, "    \"the closer to 0 the faster\" %s for this driver\n",
				rho_time >= 0.7 ? "holds" :
				rho_time >= 0.3 ? "holds weakly" :
						  "does not hold");
	}
	if (kept.made)
		fprintf(f,
			"  forecast before the switch: %zu of %zu of the driver's times lay in the "
			"range,\n    high/low %.2f\n",
			kept.within, kept.made, kept.ratio);
}

void estimates_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct table t;
	size_t i, end;

	if (collect(&t, e) || t.n < 2)
		goto out;
	fprintf(f, "\n%sESTIMATES AGAINST TRUTH%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
	for (i = 0; i < t.n; i = end) {
		end = driver_end(&t, i);
		put_driver(f, t.s + i, end - i, opt);
	}
out:
	free(t.s);
}

static void put_rho(struct json *j, const char *key, const struct estimate_sample *s, size_t n,
		    enum which w, bool time)
{
	double rho;
	size_t used;

	json_key(j, key);
	if (correlate(s, n, w, time, &used, &rho))
		json_double(j, rho);
	else
		json_null(j);
}

void estimates_json(struct json *j, const struct view_evidence *e)
{
	struct table t;
	struct kept kept;
	size_t i, k, end;

	json_key(j, "estimates");
	json_array_begin(j);
	if (collect(&t, e))
		t.n = 0;
	for (i = 0; i < t.n; i = end) {
		const struct estimate_sample *s = t.s + i;

		end = driver_end(&t, i);
		json_object_begin(j);
		json_key(j, "driver");
		if (s->driver[0])
			json_string(j, s->driver);
		else
			json_null(j);
		json_ku64(j, "samples", end - i);
		put_rho(j, "rho_data_size_bytes", s, end - i, BY_DATA_SIZE, false);
		put_rho(j, "rho_data_size_time", s, end - i, BY_DATA_SIZE, true);
		put_rho(j, "rho_precopy_info_bytes", s, end - i, BY_PRECOPY_INFO, false);
		put_rho(j, "rho_precopy_info_time", s, end - i, BY_PRECOPY_INFO, true);
		kept = forecasts_kept(s, end - i);
		json_ku64(j, "forecasts", kept.made);
		json_ku64(j, "forecasts_within", kept.within);
		json_key(j, "forecasts_ratio");
		if (kept.made)
			json_double(j, kept.ratio);
		else
			json_null(j);
		json_key(j, "table");
		json_array_begin(j);
		for (k = i; k < end; k++) {
			json_object_begin(j);
			json_known(j, "data_size", t.s[k].data_size);
			json_known(j, "precopy_info", t.s[k].precopy_info);
			json_ku64(j, "bytes_stop_copy", t.s[k].bytes);
			json_ku64(j, "driver_ns", t.s[k].driver_ns);
			json_ku64(j, "stop_window_ns", t.s[k].window_ns);
			json_object_end(j);
		}
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
	free(t.s);
}

bool migration_forecast(struct model *m, const struct migration *g, struct stop_forecast *out,
			bool *now)
{
	const struct side *src = model_side(m, g->source);

	memset(out, 0, sizeof(*out));
	*now = src && src->stop.start_ns == MODEL_NONE;
	if (!src || (*now && src->ended))
		return false;
	if (*now)
		forecast_side(m, src->id, model_last_ns(m), out);
	else
		*out = src->forecast;
	return out->n_devices &&
	       (out->devices_mid_ns != MODEL_NONE || out->left_bytes != MODEL_NONE);
}

void migration_forecast_truth(struct model *m, const struct migration *g, uint64_t *devices_ns,
			      uint64_t *rest_ns)
{
	const struct side *src = model_side(m, g->source);

	*devices_ns = *rest_ns = MODEL_NONE;
	if (!src || !src->stop_over)
		return;
	*devices_ns = src->stop.arcs_ns + src->stop.load_ns + src->stop.io_ns;
	*rest_ns = src->stop.total_ns - *devices_ns;
}

void forecast_text(FILE *f, const struct forecast *x, const struct view_options *opt)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];

	if (x->trend == TREND_UNKNOWN && x->basis == FORECAST_NONE)
		return;
	fprintf(f, "  %-14s%s", "forecast",
		x->trend == TREND_DONE		 ? "nothing is left to pre-copy" :
		x->trend == TREND_CONVERGING	 ? "converging" :
		x->trend == TREND_NOT_CONVERGING ? "not converging" :
						   "trend not known");
	if (x->left_bytes != MODEL_NONE)
		fprintf(f, ", %s to move (%s)", units_size(a, x->left_bytes, opt->bytes),
			x->left_is_data_size ? "MIG_DATA_SIZE" : "initial + dirty");
	fputc('\n', f);
	if (x->basis == FORECAST_NONE)
		return;
	fprintf(f,
		"                switched now the device takes %s (%s to %s),\n"
		"                by %s",
		units_duration(a, x->mid_ns), units_duration(b, x->low_ns),
		units_duration(c, x->high_ns), forecast_basis_text(x->basis));
	if (x->samples)
		fprintf(f, " (%u)", x->samples);
	fputc('\n', f);
}

void forecast_truth_text(FILE *f, const struct forecast *x, uint64_t took_ns)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];

	if (x->basis == FORECAST_NONE)
		return;
	fprintf(f, "  %-14s%s for the device itself (%s to %s),\n", "forecast",
		units_duration(a, x->mid_ns), units_duration(b, x->low_ns),
		units_duration(c, x->high_ns));
	fprintf(f, "                by %s", forecast_basis_text(x->basis));
	if (x->samples)
		fprintf(f, " (%u)", x->samples);
	fprintf(f, ";\n                it took %s%s\n", units_duration(a, took_ns),
		took_ns < x->low_ns  ? ", less" :
		took_ns > x->high_ns ? ", more" :
				       "");
}

void forecast_json(struct json *j, const char *key, const struct forecast *x)
{
	static const char *const ways[FORECAST_WAYS] = {
		[WAY_PACE] = "pace",
		[WAY_SIZE] = "size",
		[WAY_SAME] = "same",
	};

	json_key(j, key);
	if (x->trend == TREND_UNKNOWN && x->basis == FORECAST_NONE) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_kstring(j, "trend", forecast_trend_name(x->trend));
	json_known(j, "read_bps", x->read_bps);
	json_known(j, "dirty_bps", x->dirty_bps);
	json_known(j, "left_bytes", x->left_bytes);
	json_kstring(j, "basis", forecast_basis_text(x->basis));
	json_ku64(j, "samples", x->samples);
	json_key(j, "way");
	if (x->basis == FORECAST_NONE)
		json_null(j);
	else
		json_string(j, ways[x->way]);
	json_known(j, "low_ns", x->low_ns);
	json_known(j, "mid_ns", x->mid_ns);
	json_known(j, "high_ns", x->high_ns);
	json_object_end(j);
}
