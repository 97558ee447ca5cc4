// SPDX-License-Identifier: GPL-2.0-only
#include "model/align.h"

#include <stdlib.h>
#include <string.h>

#include "model/model.h"

/* A clock that goes wrong by more than this is not slewed but set. */
#define SLEW_PPM	1000
#define STEP_NS		1000000ULL

struct pair {
	uint64_t mono_ns, real_ns;
};

/* Bytes of a stream up to which calls had moved, and when. */
struct mark {
	uint64_t bytes, t_ns;
};

struct marks {
	uint32_t stream;
	bool reads;
	struct mark *m;
	size_t n, cap;
};

struct side {
	struct model *model;
	char host[EVENT_NAME_LEN], boot[64];
	struct pair *pair;
	size_t n_pairs, cap_pairs;
	struct marks *marks;
	size_t n_marks;
	bool stepped;
};

struct align {
	struct side side[2];
	struct alignment align;
	int64_t shift_ns;		/* on top of what the clocks say */
};

struct align *align_create(void)
{
	struct align *m = calloc(1, sizeof(*m));
	int i;

	for (i = 0; m && i < 2; i++)
		m->side[i].model = model_create();
	if (m && m->side[0].model && m->side[1].model)
		return m;
	align_destroy(m);
	return NULL;
}

void align_destroy(struct align *m)
{
	size_t k;
	int i;

	for (i = 0; m && i < 2; i++) {
		struct side *s = &m->side[i];

		for (k = 0; k < s->n_marks; k++)
			free(s->marks[k].m);
		free(s->marks);
		free(s->pair);
		model_destroy(s->model);
	}
	free(m);
}

/* Room for one more. */
static int grow(void *array, size_t n, size_t *cap, size_t size)
{
	void **p = array, *q;
	size_t want = *cap ? *cap * 2 : 64;

	if (n < *cap)
		return 0;
	q = realloc(*p, want * size);
	if (!q)
		return -ENOMEM;
	*p = q;
	*cap = want;
	return 0;
}

/* ---- first pass ---- */

static int add_pair(struct side *s, const struct event *ev)
{
	/* Delivered late, after damage: an older one. */
	if (s->n_pairs && ev->t_ns <= s->pair[s->n_pairs - 1].mono_ns)
		return 0;
	if (grow(&s->pair, s->n_pairs, &s->cap_pairs, sizeof(*s->pair)))
		return -ENOMEM;
	s->pair[s->n_pairs].mono_ns = ev->t_ns;
	s->pair[s->n_pairs++].real_ns = ev->clock.realtime_ns;
	return 0;
}

static struct marks *marks_of(struct side *s, uint32_t stream, bool reads)
{
	struct marks *k;
	size_t i;

	for (i = s->n_marks; i-- > 0;)
		if (s->marks[i].stream == stream && s->marks[i].reads == reads)
			return &s->marks[i];
	k = realloc(s->marks, (s->n_marks + 1) * sizeof(*k));
	if (!k)
		return NULL;
	s->marks = k;
	k += s->n_marks++;
	memset(k, 0, sizeof(*k));
	k->stream = stream;
	k->reads = reads;
	return k;
}

static int add_mark(struct side *s, const struct event *ev)
{
	bool reads = ev->kind == EV_READ;
	struct marks *k = marks_of(s, ev->stream, reads);

	if (!k || grow(&k->m, k->n, &k->cap, sizeof(*k->m)))
		return -ENOMEM;
	k->m[k->n].bytes = (k->n ? k->m[k->n - 1].bytes : 0) + (uint64_t)ev->ret;
	/* A byte is there when its read() has returned, and before its write() begins. */
	k->m[k->n++].t_ns = reads ? event_end_ns(ev) : ev->t_ns;
	return 0;
}

static int scan_event(struct side *s, const struct event *ev)
{
	int err = model_feed(s->model, ev, NULL);

	if (!err && ev->kind == EV_CLOCK)
		err = add_pair(s, ev);
	if (!err && (ev->kind == EV_READ || ev->kind == EV_WRITE) && ev->ret > 0)
		err = add_mark(s, ev);
	return err;
}

static void copy(char *dst, size_t n, const char *src)
{
	memset(dst, 0, n);
	if (src)
		strncpy(dst, src, n - 1);
}

int align_scan(struct align *m, enum align_side side, struct event_source *src)
{
	struct side *s = &m->side[side];
	const struct meta *meta;
	struct event ev;
	int err;

	while ((err = src->ops->next(src, &ev, -1)) > 0) {
		err = scan_event(s, &ev);
		if (err)
			return err;
	}
	if (err != -ENODATA)
		return err;
	meta = src->ops->meta(src);
	copy(s->host, sizeof(s->host), meta ? meta_get(meta, "host") : NULL);
	copy(s->boot, sizeof(s->boot), meta ? meta_get(meta, "boot_id") : NULL);
	return 0;
}

const char *align_host(const struct align *m, enum align_side side)
{
	const char *host = m->side[side].host;

	/* A machine that nobody named has such a name. */
	if (!host[0] || !strcmp(host, "(none)") || !strcmp(host, "localhost") ||
	    !strcmp(m->side[0].host, m->side[1].host))
		return side == ALIGN_SRC ? "source" : "destination";
	return host;
}

/* ---- the clocks ---- */

static int64_t offset(const struct pair *p)
{
	return (int64_t)(p->real_ns - p->mono_ns);
}

/* CLOCK_REALTIME less CLOCK_MONOTONIC at @mono_ns, between the pairs around it. */
static int64_t real_offset(const struct side *s, uint64_t mono_ns)
{
	const struct pair *p = s->pair, *last = p + s->n_pairs - 1;
	size_t lo = 0, hi = s->n_pairs - 1, mid;

	if (s->stepped || mono_ns >= last->mono_ns)
		return offset(last);
	if (mono_ns <= p->mono_ns)
		return offset(p);
	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (p[mid].mono_ns <= mono_ns)
			lo = mid;
		else
			hi = mid;
	}
	return offset(&p[lo]) + (int64_t)((double)(offset(&p[hi]) - offset(&p[lo])) *
		(double)(mono_ns - p[lo].mono_ns) / (double)(p[hi].mono_ns - p[lo].mono_ns));
}

static bool is_stepped(const struct side *s)
{
	uint64_t span, change;
	int64_t d;
	size_t i;

	for (i = 1; i < s->n_pairs; i++) {
		d = offset(&s->pair[i]) - offset(&s->pair[i - 1]);
		change = (uint64_t)(d < 0 ? -d : d);
		span = s->pair[i].mono_ns - s->pair[i - 1].mono_ns;
		if (change > span / 1000000 * SLEW_PPM + STEP_NS)
			return true;
	}
	return false;
}

/* The destination's time on the source's clock. */
static uint64_t to_source(const struct align *m, uint64_t t_ns)
{
	const struct side *src = &m->side[ALIGN_SRC], *dst = &m->side[ALIGN_DST];
	uint64_t real, t;
	int i;

	if (m->align.clock != ALIGN_CLOCK_REALTIME)
		return t_ns + (uint64_t)m->shift_ns;
	real = t_ns + (uint64_t)real_offset(dst, t_ns);
	t = real - (uint64_t)real_offset(src, src->pair[0].mono_ns);
	/* The offset is that of the moment looked for; it changes slowly. */
	for (i = 0; i < 3; i++)
		t = real - (uint64_t)real_offset(src, t);
	return t + (uint64_t)m->shift_ns;
}

/* ---- causality ---- */

/* Both byte counts are exact: as model.c pairs, but for the times. */
static bool may_be_pair(const struct session *from, const struct session *to)
{
	return from->direction == DIR_SAVE && to->direction == DIR_RESUME &&
	       from->bytes_total && from->bytes_total == to->bytes_total && from->eof &&
	       to->session_over && !from->holes && !to->holes && !from->joined_late &&
	       !to->joined_late;
}

static const struct session *only_partner(struct model *of, const struct session *g, bool is_from)
{
	const struct session *found = NULL, *x;
	uint32_t id;

	for (id = 1; id <= model_sessions(of); id++) {
		x = model_session(of, id);
		if (!(is_from ? may_be_pair(g, x) : may_be_pair(x, g)))
			continue;
		if (found)
			return NULL;
		found = x;
	}
	return found;
}

static const struct marks *find_marks(const struct side *s, uint32_t stream, bool reads)
{
	size_t i;

	for (i = 0; i < s->n_marks; i++)
		if (s->marks[i].stream == stream && s->marks[i].reads == reads)
			return &s->marks[i];
	return NULL;
}

/* The least time between a byte's read() on side @from and its write() on the other. */
static void look_at_pair(struct align *m, enum align_side from, const struct session *g,
			 const struct session *h)
{
	const struct marks *r = find_marks(&m->side[from], g->stream, true);
	const struct marks *w = find_marks(&m->side[!from], h->stream, false);
	struct alignment *a = &m->align;
	size_t i, k = 0;
	int64_t way;

	m->align.pairs++;
	for (i = 0; r && w && i < w->n; i++) {
		while (k < r->n && r->m[k].bytes < w->m[i].bytes)
			k++;
		if (k == r->n)
			break;
		way = from == ALIGN_SRC ?
			(int64_t)(to_source(m, w->m[i].t_ns) - r->m[k].t_ns) :
			(int64_t)(w->m[i].t_ns - to_source(m, r->m[k].t_ns));
		if (!a->has_way[from] || way < a->way_ns[from])
			a->way_ns[from] = way;
		a->has_way[from] = true;
	}
}

static void look_at_pairs(struct align *m, enum align_side from)
{
	struct model *a = m->side[from].model, *b = m->side[!from].model;
	const struct session *g, *h;
	uint32_t id;

	for (id = 1; id <= model_sessions(a); id++) {
		g = model_session(a, id);
		h = only_partner(b, g, true);
		if (h && only_partner(a, h, false) == g)
			look_at_pair(m, from, g, h);
	}
}

static void correct(struct align *m)
{
	struct alignment *a = &m->align;
	/* The shift must be lo at least and hi at most. */
	int64_t lo = a->has_way[ALIGN_SRC] ? -a->way_ns[ALIGN_SRC] : INT64_MIN;
	int64_t hi = a->has_way[ALIGN_DST] ? a->way_ns[ALIGN_DST] : INT64_MAX;

	if (a->clock == ALIGN_CLOCK_SAME)
		return;
	if (a->clock == ALIGN_CLOCK_NONE) {
		if (!a->has_way[ALIGN_SRC] && !a->has_way[ALIGN_DST])
			return;
		a->clock = ALIGN_CLOCK_CAUSALITY;
	}
	if (lo > hi) {
		a->contradicts = true;
		a->correction_ns = lo / 2 + hi / 2;
	} else if (a->clock == ALIGN_CLOCK_CAUSALITY) {
		a->correction_ns = !a->has_way[ALIGN_SRC] ? hi : !a->has_way[ALIGN_DST] ? lo :
			lo + (hi - lo) / 2;
	} else if (lo > 0) {
		a->correction_ns = lo;
	} else if (hi < 0) {
		a->correction_ns = hi;
	}
	m->shift_ns = a->correction_ns;
}

void align_clocks(struct align *m, struct alignment *out)
{
	struct side *src = &m->side[ALIGN_SRC], *dst = &m->side[ALIGN_DST];
	struct alignment *a = &m->align;
	uint64_t first = model_first_ns(dst->model), last = model_last_ns(dst->model);
	int64_t d;
	int i;

	memset(a, 0, sizeof(*a));
	m->shift_ns = 0;
	for (i = 0; i < 2; i++)
		a->stepped[i] = m->side[i].stepped = is_stepped(&m->side[i]);
	if (src->boot[0] && !strcmp(src->boot, dst->boot))
		a->clock = ALIGN_CLOCK_SAME;
	else if (src->n_pairs && dst->n_pairs)
		a->clock = ALIGN_CLOCK_REALTIME;
	look_at_pairs(m, ALIGN_SRC);
	look_at_pairs(m, ALIGN_DST);
	correct(m);
	a->offset_ns = (int64_t)(to_source(m, first) - first);
	d = (int64_t)(to_source(m, last) - last) - a->offset_ns;
	a->drift_ns = (uint64_t)(d < 0 ? -d : d);
	*out = *a;
}

uint64_t align_time(const void *align, size_t side, uint64_t t_ns)
{
	return side == ALIGN_SRC ? t_ns : to_source(align, t_ns);
}
