// SPDX-License-Identifier: GPL-2.0-only
#include "model/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"

#define NS_PER_SEC 1e9

/* A stop window that is over and whose parts are all known. */
static bool is_known_window(const struct session *g)
{
	return g->direction == DIR_SAVE && g->eof && !g->holes && !g->joined_late &&
	       !g->bytes_unplaced && g->window.start_ns != MODEL_NONE && g->window.total_ns;
}

bool estimate_of(struct model *m, uint32_t id, struct estimate_sample *out)
{
	const struct session *g = model_session(m, id);
	const struct model_device *d = g ? model_device(m, g->device) : NULL;

	if (!g || !is_known_window(g))
		return false;
	out->driver = d ? d->driver : "";
	out->data_size = g->estimate_is_data_size ? g->estimate : MODEL_NONE;
	out->precopy_info = g->precopy_infos ? sat_add(g->initial_last, g->dirty_last) : MODEL_NONE;
	out->bytes = g->bytes_stop_copy;
	out->window_ns = g->window.total_ns;
	out->driver_ns = g->window.arcs_ns + g->window.io_ns;
	out->low_ns = g->forecast.basis ? g->forecast.low_ns : MODEL_NONE;
	out->high_ns = g->forecast.basis ? g->forecast.high_ns : MODEL_NONE;
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
		"unknown",
		"converging",
		"not-converging",
		"done",
	};

	return trend < 4 ? names[trend] : "unknown";
}

const char *forecast_basis_text(uint32_t basis)
{
	static const char *const texts[] = {
		"nothing is known yet",
		"earlier migrations of this device",
		"earlier migrations of this driver's devices",
		"this session's own rate and arcs",
	};

	return basis < 4 ? texts[basis] : "unknown";
}

static uint64_t sample_left(const struct session_sample *s)
{
	return sat_add(s->initial_bytes, s->dirty_bytes);
}

/* Was all read that one of the samples from @i on told of, before the next? */
static bool was_emptied(const struct session *g, uint32_t i)
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
#define COMES_BACK 5
static bool comes_back(const struct session *g)
{
	const struct session_sample *now = NULL, *first = NULL;
	uint64_t least = UINT64_MAX;
	uint32_t i, n = 0;

	for (i = g->n_trend; i > 0 && n < COMES_BACK; i--) {
		const struct session_sample *s = &g->trend[i - 1];

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
static void take_trend(const struct session *g, uint64_t now_ns, struct forecast *f)
{
	const struct session_sample *a, *b;
	uint64_t before, after, since;
	double span, read;

	f->read_bps = f->dirty_bps = MODEL_NONE;
	if (g->precopy_infos &&
	    sat_add(g->initial_last, g->dirty_last) <= g->bytes_total - g->info_moved)
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
	f->read_bps = sat_u64(read / span);
	read += (double)after - (double)before;
	f->dirty_bps = sat_u64(read / span);
	if (f->trend == TREND_UNKNOWN)
		f->trend = comes_back(g) ? TREND_NOT_CONVERGING :
			   after < before || was_emptied(g, (uint32_t)(a - g->trend)) ?
					   TREND_CONVERGING :
					   TREND_NOT_CONVERGING;
}

/* ---- the stop window ---- */

#define SAMPLES	   32	 /* the newest earlier windows */
#define ENOUGH	   12	 /* of one device; else those of all of its driver */
#define PACE_BYTES 65536 /* under this a pace is nothing but noise */

/* What a device took of an earlier stop: what went with its size, and what did not. */
struct stop {
	double total, drain, arcs, bytes;
	double pace;   /* ns a byte, of its pre-copy; 0: not known */
	uint64_t left; /* estimated when it began; MODEL_NONE */
};

static const struct session *session_of(const struct model *m, const struct dev *d)
{
	const struct sess *g = sess_of(m, d->sess);

	return g ? &g->pub : NULL;
}

static double pace_of(const struct session *g)
{
	return g->pace_bytes >= PACE_BYTES ? (double)g->pace_ns / (double)g->pace_bytes : 0;
}

/* The same device; by its name where the number is another trace's. */
static bool is_of_driver(const struct dev *d, const struct model_device *other)
{
	return d->pub.driver[0] && !strcmp(other->driver, d->pub.driver);
}

static struct stop stop_of(const struct session *e)
{
	const struct session_window *w = &e->window;

	return (struct stop){
		.total = (double)(w->arcs_ns + w->io_ns),
		.drain = (double)w->io_ns,
		.arcs = (double)w->arcs_ns,
		.bytes = (double)e->bytes_stop_copy,
		.pace = pace_of(e),
		.left = e->forecast.left_bytes,
	};
}

/* No further back than this: what was long ago tells little, and looking costs. */
#define LOOK_BACK 512

/* The newest stops of the device or, unless @device, of its driver's devices. */
static size_t stops(const struct model *m, const struct dev *d, bool device,
		    struct stop out[SAMPLES])
{
	uint32_t id, looked = 0;
	size_t n = 0;

	for (id = model_sessions(m); id > 0 && n < SAMPLES && looked++ < LOOK_BACK; id--) {
		const struct session *e = &sess_of(m, id)->pub;
		const struct model_device *other;

		/* A window is final when its stream has ended. */
		if (id == d->sess || !is_known_window(e))
			continue;
		if (e->device != d->pub.number) {
			other = device ? NULL : model_device(m, e->device);
			if (!other || !is_of_driver(d, other))
				continue;
		}
		out[n++] = stop_of(e);
	}
	return n;
}

/* Ascending; they are few, and mostly in order: no call for each comparison. */
static void sort(double *v, size_t n)
{
	size_t i, k;
	double x;

	for (i = 1; i < n; i++) {
		x = v[i];
		for (k = i; k > 0 && x < v[k - 1]; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static double median(double *v, size_t n)
{
	sort(v, n);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Sorted values, of which one at a time is left out. */
struct sorted {
	double v[SAMPLES];
	size_t n;
};

static void sorted_add(struct sorted *s, double x)
{
	s->v[s->n++] = x;
}

/* Without one that is @without, unless that is NULL; one is left at least. */
static double middle(const struct sorted *s, const double *without)
{
	size_t at = without ? 0 : s->n, n = s->n - !!without;

	while (at < n && s->v[at] < *without)
		at++;
#define LEFT(i) s->v[(i) + ((i) >= at)]
	return n % 2 ? LEFT(n / 2) : (LEFT(n / 2 - 1) + LEFT(n / 2)) / 2;
#undef LEFT
}

/* What goes with the size of an earlier stop: ns a byte. */
struct slope {
	double ns, pace, by_pace;
	size_t stop;
};

/* Earlier stops as one way sees them. */
struct past {
	enum forecast_way way;
	const struct stop *stop;
	size_t n;
	struct sorted fixed, slope, small; /* of those of next to nothing: their drain */
	struct slope paced[SAMPLES];	   /* WAY_PACE: by what they are at any pace */
	size_t n_paced;
};

static double fixed_of(const struct past *p, size_t i)
{
	return p->way == WAY_SAME ? p->stop[i].total : p->stop[i].total - p->stop[i].drain;
}

static double slope_of(const struct past *p, size_t i)
{
	return p->stop[i].drain / p->stop[i].bytes;
}

static bool is_small(const struct past *p, size_t i)
{
	return p->stop[i].bytes < PACE_BYTES;
}

static void add_paced(struct past *p, size_t i)
{
	struct slope s = { .ns = slope_of(p, i), .pace = p->stop[i].pace, .stop = i };
	size_t k;

	if (p->stop[i].pace <= 0)
		return;
	s.by_pace = s.ns / s.pace;
	for (k = p->n_paced++; k > 0 && s.by_pace < p->paced[k - 1].by_pace; k--)
		p->paced[k] = p->paced[k - 1];
	p->paced[k] = s;
}

static void look_back(struct past *p, enum forecast_way way, const struct stop *stop, size_t n)
{
	size_t i;

	p->way = way;
	p->stop = stop;
	p->n = n;
	p->fixed.n = p->slope.n = p->small.n = p->n_paced = 0;
	for (i = 0; i < n; i++) {
		sorted_add(&p->fixed, fixed_of(p, i));
		if (way == WAY_SAME)
			continue;
		if (is_small(p, i))
			sorted_add(&p->small, stop[i].drain);
		else if (way == WAY_SIZE)
			sorted_add(&p->slope, slope_of(p, i));
		else
			add_paced(p, i);
	}
	sort(p->fixed.v, p->fixed.n);
	sort(p->slope.v, p->slope.n);
	sort(p->small.v, p->small.n);
}

#define ALL SIZE_MAX

/* False: none of them has one. */
static bool middle_slope(const struct past *p, double pace, size_t without, double *out)
{
	bool less = without != ALL && !is_small(p, without);
	double v[SAMPLES], x = less ? slope_of(p, without) : 0;
	size_t i, k = 0;

	if (p->way == WAY_SIZE) {
		if (p->slope.n == less)
			return false;
		*out = middle(&p->slope, less ? &x : NULL);
		return true;
	}
	for (i = 0; i < p->n_paced; i++)
		if (p->paced[i].stop != without)
			v[k++] = p->paced[i].ns * (pace / p->paced[i].pace);
	if (k)
		*out = median(v, k);
	return k;
}

/* One way's guess from earlier stops but @without; negative: it has none. */
static double guess(const struct past *p, uint64_t left, double pace, size_t without)
{
	bool less = without != ALL && p->way != WAY_SAME && is_small(p, without);
	double v, x = without != ALL ? fixed_of(p, without) : 0;

	if (p->way != WAY_SAME && left == MODEL_NONE)
		return -1;
	if (p->way == WAY_PACE && pace <= 0)
		return -1;
	v = middle(&p->fixed, without != ALL ? &x : NULL);
	if (p->way == WAY_SAME)
		return v;
	if (middle_slope(p, pace, without, &x))
		v += x * (double)left;
	else if (left >= PACE_BYTES)
		return -1;
	/* What the reads of next to nothing cost is in every drain. */
	if (p->small.n == less)
		return v;
	x = less ? p->stop[without].drain : 0;
	return v + middle(&p->small, less ? &x : NULL);
}

/* Guesses of another size are off for other reasons: one stall doubles a short stop. */
#define ALIKE	     1.5
#define ALIKE_ENOUGH 8

/* How far off a way is, as factors: each stop against what the others say of it. */
struct errors {
	double guess[SAMPLES], factor[SAMPLES];
	size_t n;
};

static void errors_of(const struct past *p, struct errors *e)
{
	double v;
	size_t i;

	e->n = 0;
	for (i = 0; p->n > 1 && i < p->n; i++) {
		v = guess(p, p->stop[i].left, p->stop[i].pace, i);
		if (v <= 0)
			continue;
		e->guess[e->n] = v;
		e->factor[e->n++] = p->stop[i].total / v;
	}
}

/* Those of guesses about as long as @like, ascending; all when these are few. */
static size_t alike(const struct errors *e, double like, double out[SAMPLES])
{
	size_t i, k, all;

	for (all = 0; all < 2; all++) {
		for (i = k = 0; i < e->n; i++)
			if (all || (e->guess[i] < like * ALIKE && e->guess[i] > like / ALIKE))
				out[k++] = e->factor[i];
		if (k >= ALIKE_ENOUGH)
			break;
	}
	sort(out, k);
	return k;
}

#define TRUSTED 5 /* guesses that a way must have made */

/* The narrowest range of factors that all but every 16th lie in. */
static void spread(const double *e, size_t n, double *low, double *high)
{
	size_t keep = n - n / 16, i;

	*low = e[0];
	*high = e[keep - 1];
	for (i = 1; i + keep <= n; i++) {
		if (e[i + keep - 1] / e[i] < *high / *low) {
			*low = e[i];
			*high = e[i + keep - 1];
		}
	}
}

static enum forecast_way believe(const struct errors e[FORECAST_WAYS], const struct forecast *f)
{
	double factors[SAMPLES], low, high, best = 0;
	enum forecast_way way, won = FORECAST_WAYS;
	size_t k;

	for (way = 0; way < FORECAST_WAYS; way++) {
		if (f->guess_ns[way] == MODEL_NONE)
			continue;
		if (won == FORECAST_WAYS)
			won = way;
		k = alike(&e[way], (double)f->guess_ns[way], factors);
		if (k < TRUSTED)
			continue;
		spread(factors, k, &low, &high);
		if (!(best > 0) || high / low < best) {
			best = high / low;
			won = way;
		}
	}
	return won;
}

/* Some 285 years: no such time is MODEL_NONE. */
#define LONGEST_NS 9000000000000000000ULL

/* A time that numbers of a recording made: it may be of any size. */
static uint64_t whole(double ns)
{
	uint64_t v = sat_u64(ns);

	return v < LONGEST_NS ? v : LONGEST_NS;
}

static void set_range(struct forecast *f, double low, double mid, double high)
{
	f->low_ns = whole(low);
	f->mid_ns = whole(mid);
	f->high_ns = whole(high);
}

/* By the factors by which the believed way is off. */
static void range(struct forecast *f, const struct errors *e)
{
	double v = (double)f->guess_ns[f->way], factors[SAMPLES], low, high, margin;
	size_t k = alike(e, v, factors);

	if (!k) {
		set_range(f, v / 2, v, v * 2);
		return;
	}
	margin = 1.1 + 1 / (double)(k + 3);
	spread(factors, k, &low, &high);
	set_range(f, v * low / margin, v * factors[k / 2], v * high * margin);
}

/* What the middle of the range is made of. */
static void set_parts(struct forecast *f, const struct stop *s, size_t n)
{
	double arcs[SAMPLES], a;
	size_t i;

	for (i = 0; i < n; i++)
		arcs[i] = s[i].arcs;
	a = median(arcs, n);
	f->arcs_ns = a < (double)f->mid_ns ? sat_u64(a) : f->mid_ns;
	f->drain_ns = f->mid_ns - f->arcs_ns;
}

/* Whichever estimate of what is left is the younger. */
static void take_left(const struct model *m, const struct dev *d, uint64_t now_ns,
		      struct forecast *f)
{
	const struct session *g = session_of(m, d);
	enum left_source source;
	uint64_t t_ns;

	f->left_bytes = left_bytes(g ? &g->left : &d->left, &source, &t_ns);
	if (f->left_bytes == MODEL_NONE)
		return;
	f->left_is_data_size = source == LEFT_DATA_SIZE;
	f->left_age_ns = sat_sub(now_ns, t_ns);
}

/*
 * Nothing but this session: as long as the arc to PRE_COPY took twice, and what is
 * left at the pace of the time inside read() alone.
 */
static void guess_alone(const struct model *m, const struct dev *d, struct forecast *f)
{
	const struct session *g = session_of(m, d);
	double arcs = 0, inside, mid;
	uint32_t i;

	if (!g || f->left_bytes == MODEL_NONE || !g->bytes_precopy)
		return;
	for (i = 0; i < g->n_arcs; i++)
		arcs += g->arcs[i].ret < 0 ? 0 : (double)g->arcs[i].dur_ns;
	inside = (double)f->left_bytes * (double)hist_percentile(sess_of(m, d->sess)->io, 50) *
		 (double)sess_of(m, d->sess)->io->count / (double)g->bytes_precopy;
	mid = 2 * arcs + inside;
	f->basis = FORECAST_SESSION;
	f->way = WAY_PACE;
	f->guess_ns[WAY_PACE] = whole(mid);
	set_range(f, (arcs + inside) / 2, mid, 4 * (arcs + inside) + 1e6);
	f->arcs_ns = whole(2 * arcs) < f->mid_ns ? whole(2 * arcs) : f->mid_ns;
	f->drain_ns = f->mid_ns - f->arcs_ns;
}

static void forecast_nothing(struct forecast *f)
{
	uint32_t way;

	memset(f, 0, sizeof(*f));
	f->read_bps = f->dirty_bps = f->left_bytes = MODEL_NONE;
	f->low_ns = f->mid_ns = f->high_ns = MODEL_NONE;
	f->arcs_ns = f->drain_ns = MODEL_NONE;
	for (way = 0; way < FORECAST_WAYS; way++)
		f->guess_ns[way] = MODEL_NONE;
}

void forecast_stop(const struct model *m, const struct dev *d, uint64_t now_ns,
		   struct forecast *out)
{
	const struct session *g = session_of(m, d);
	struct errors e[FORECAST_WAYS];
	struct stop s[SAMPLES];
	struct past past;
	enum forecast_way way;
	double v;
	size_t n;

	forecast_nothing(out);
	if (g && (g->direction != DIR_SAVE || g->session_over))
		return;
	if (g)
		take_trend(g, now_ns, out);
	take_left(m, d, now_ns, out);
	out->basis = FORECAST_DEVICE;
	n = stops(m, d, true, s);
	if (n < ENOUGH) {
		n = stops(m, d, false, s);
		out->basis = FORECAST_DRIVER;
	}
	for (way = 0; n && way < FORECAST_WAYS; way++) {
		look_back(&past, way, s, n);
		v = guess(&past, out->left_bytes, g ? pace_of(g) : 0, ALL);
		if (v > 0)
			out->guess_ns[way] = whole(v);
		errors_of(&past, &e[way]);
	}
	out->way = n ? believe(e, out) : FORECAST_WAYS;
	out->samples = (uint32_t)n;
	if (out->way != FORECAST_WAYS) {
		range(out, &e[out->way]);
		set_parts(out, s, n);
		return;
	}
	out->basis = FORECAST_NONE;
	out->samples = 0;
	guess_alone(m, d, out);
}

void forecast_session(struct model *m, uint32_t id, uint64_t now_ns, struct forecast *out)
{
	const struct session *g = model_session(m, id);
	const struct dev *d = g ? dev_get(m, g->device) : NULL;

	/* Not one that is over, nor one whose device stands still already. */
	if (d && d->sess == g->id && g->direction == DIR_SAVE && !g->session_over &&
	    g->window.start_ns == MODEL_NONE)
		forecast_stop(m, d, now_ns, out);
	else
		forecast_nothing(out);
}

/* ---- the VM's stop ---- */

/* What was nobody's of the devices in a stop that is over. */
static bool rest_of(const struct side *s, double *ns)
{
	const struct session_window *w = &s->stop;

	if (s->direction != DIR_SAVE || !s->stop_over || s->outcome != OUTCOME_COMPLETED ||
	    s->holes || s->paused_before || s->joined_late || w->start_ns == MODEL_NONE)
		return false;
	*ns = (double)w->total_ns - (double)w->arcs_ns - (double)w->load_ns - (double)w->io_ns;
	return true;
}

/* From earlier stops on this host: there is no other way to know it. */
static void forecast_rest(const struct model *m, uint32_t host, uint32_t except,
			  struct stop_forecast *f)
{
	double rest[SAMPLES], low, high, mid, margin;
	uint32_t id, looked = 0;
	size_t n = 0;

	for (id = model_sides(m); id > 0 && n < SAMPLES && looked++ < LOOK_BACK; id--) {
		const struct side *s = model_side_peek(m, id);

		if (id == except || s->host != host || !rest_of(s, &rest[n]))
			continue;
		n++;
	}
	f->rest_samples = (uint32_t)n;
	if (!n)
		return;
	mid = median(rest, n); /* sorts */
	low = rest[0];
	high = rest[n - 1];
	margin = n < TRUSTED ? 2 : 1.1 + 1 / (double)n;
	f->rest_low_ns = whole(low / margin);
	f->rest_mid_ns = whole(mid);
	f->rest_high_ns = whole(high * margin + 1e6);
}

bool stop_forecast_total(const struct stop_forecast *f, uint64_t *low_ns, uint64_t *mid_ns,
			 uint64_t *high_ns)
{
	bool whole = f->rest_mid_ns != MODEL_NONE;

	*low_ns = sat_add(f->devices_low_ns, whole ? f->rest_low_ns : 0);
	*mid_ns = sat_add(f->devices_mid_ns, whole ? f->rest_mid_ns : 0);
	*high_ns = sat_add(f->devices_high_ns, whole ? f->rest_high_ns : 0);
	return whole;
}

void forecast_side(const struct model *m, uint32_t side, uint64_t now_ns, struct stop_forecast *out)
{
	const struct sid *s = side_of(m, side);
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->devices_low_ns = out->devices_mid_ns = out->devices_high_ns = MODEL_NONE;
	out->rest_low_ns = out->rest_mid_ns = out->rest_high_ns = out->left_bytes = MODEL_NONE;
	if (!s || s->pub.direction != DIR_SAVE || s->pub.ended)
		return;
	for (i = 0; i < s->pub.n_devices; i++) {
		const struct dev *d = dev_get(m, s->devs[i].pub.device);
		struct forecast one;

		if (!d)
			continue;
		forecast_stop(m, d, now_ns, &one);
		if (!out->n_devices++) {
			out->devices_low_ns = out->devices_mid_ns = out->devices_high_ns = 0;
			out->left_bytes = 0;
			out->basis = one.basis;
			out->samples = one.samples;
		}
		/* Of one without it there is no sum: MODEL_NONE is where sums end. */
		sat_inc(&out->devices_low_ns, one.low_ns);
		sat_inc(&out->devices_mid_ns, one.mid_ns);
		sat_inc(&out->devices_high_ns, one.high_ns);
		sat_inc(&out->left_bytes, one.left_bytes);
		if (!one.basis || (out->basis && one.basis > out->basis))
			out->basis = one.basis;
		if (one.samples < out->samples)
			out->samples = one.samples;
	}
	if (out->n_devices)
		forecast_rest(m, s->pub.host, side, out);
}
