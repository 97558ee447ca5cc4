// SPDX-License-Identifier: GPL-2.0-only
/*
 * join.c - which sides are one migration
 *
 * A source and a destination belong together when they overlap in time, their
 * VMs' names do not differ, the drivers fit, and the destination has not written
 * more than the source has read.  Of several that could, the one that fits best is
 * taken, and only when each is the other's single best: what is not joined says
 * why, and never is one taken for the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"
#include "util/stats.h"

const char *joined_how_text(uint32_t how)
{
	static const char *const texts[] = {
		[JOINED_NOT] = "",
		[JOINED_VM_BYTES] = "vm and bytes",
		[JOINED_VM_ORDER] = "vm and order",
		[JOINED_VM] = "vm and time",
		[JOINED_BYTES] = "bytes",
		[JOINED_TIME] = "time",
		[JOINED_PROCESS] = "one process",
	};

	return how < sizeof(texts) / sizeof(texts[0]) ? texts[how] : "unknown";
}

const char *joined_why_text(uint32_t why)
{
	static const char *const texts[] = {
		[ALONE_NOT] = "",
		[ALONE_NOT_IN_EVIDENCE] = "not in the evidence",
		[ALONE_NOT_YET] = "not yet in the evidence",
		[ALONE_NO_OVERLAP] = "no overlap in time",
		[ALONE_AMBIGUOUS] = "ambiguous",
	};

	return why < sizeof(texts) / sizeof(texts[0]) ? texts[why] : "unknown";
}

/* How well two sides fit: bits in order of weight; 0: they do not. */
#define FIT	    (1U << 0)
#define FIT_OVERLAP (1U << 1) /* without the clocks' bound */
#define FIT_BYTES   (1U << 2) /* the bytes of each device, to the last one */
#define FIT_VM	    (1U << 3) /* one name */
#define FIT_PROCESS (1U << 4)

/* Beyond so many devices sums are compared, not each device. */
#define DEVICES_MAX 256

struct edge {
	uint32_t src, dst; /* index into the sides */
	uint32_t fit;
	bool gone;
};

struct join {
	struct model *m;
	uint32_t *src, n_src; /* by begin */
	struct edge *edges;
	uint32_t n_edges;
	size_t cap_edges;
	uint32_t *partner;	    /* of each side: index + 1; 0 */
	uint32_t *fit, *candidates; /* of each side: that joined it; how many could */
	bool *namesake;		    /* one of the same VM, at another time */
};

static uint64_t end_of(const struct model *m, const struct side *s)
{
	return s->ended ? s->end_ns : m->last_ns > s->end_ns ? m->last_ns : s->end_ns;
}

/*
 * The first bytes of a VMM's stream are on their way when its source has failed
 * already: the destination, which gets none of the devices', begins later than that.
 */
#define LATE_NS 2000000000ULL

static uint64_t late_ns(const struct side *src, const struct side *dst)
{
	return src->outcome == OUTCOME_FAILED && !dst->bytes_total ? LATE_NS : 0;
}

static const struct session *session_at(const struct model *m, const struct sid *s, uint32_t i)
{
	return &sess_of(m, s->devs[i].pub.session)->pub;
}

/* Has each device of the one its like in the other, byte for byte? */
static bool same_bytes(const struct model *m, const struct sid *src, const struct sid *dst)
{
	uint64_t a[DEVICES_MAX], b[DEVICES_MAX];
	uint32_t n = src->pub.n_devices, i;

	if (!n || n != dst->pub.n_devices || !dst->pub.bytes_total || src->pub.holes ||
	    dst->pub.holes || src->pub.joined_late || dst->pub.joined_late)
		return false;
	if (n > DEVICES_MAX)
		return src->pub.bytes_total == dst->pub.bytes_total;
	for (i = 0; i < n; i++) {
		a[i] = session_at(m, src, i)->bytes_total;
		b[i] = session_at(m, dst, i)->bytes_total;
	}
	stats_sort_u64(a, n);
	stats_sort_u64(b, n);
	return !memcmp(a, b, n * sizeof(a[0]));
}

static const char *driver_at(const struct model *m, const struct sid *s, uint32_t i)
{
	const struct dev *d = dev_get(m, s->devs[i].pub.device);

	return d ? d->pub.driver : "";
}

/* Is there a device of its driver in @of for each of @each's? */
static bool has_like(const struct model *m, const struct sid *of, const struct sid *each)
{
	bool used[DEVICES_MAX] = { false };
	uint32_t i, k;

	for (i = 0; i < each->pub.n_devices; i++) {
		const char *driver = driver_at(m, each, i);

		for (k = 0; k < of->pub.n_devices; k++) {
			const char *other = driver_at(m, of, k);

			if (!used[k] && (!driver[0] || !other[0] || !strcmp(driver, other)))
				break;
		}
		if (k == of->pub.n_devices)
			return false;
		used[k] = true;
	}
	return true;
}

/*
 * A source has what the destination has: one that joined it later, or has left it, is
 * no proof.  Of one that failed, was given back or is under way some were never asked.
 */
static bool drivers_fit(const struct model *m, const struct sid *src, const struct sid *dst)
{
	if (!src->pub.n_devices || src->pub.n_devices > DEVICES_MAX ||
	    dst->pub.n_devices > DEVICES_MAX)
		return true;
	if (src->pub.n_devices < dst->pub.n_devices && src->pub.outcome != OUTCOME_COMPLETED)
		return has_like(m, dst, src);
	return has_like(m, src, dst);
}

static bool share_a_device(const struct sid *src, const struct sid *dst)
{
	uint32_t i, k;

	if (src->pub.n_devices > DEVICES_MAX || dst->pub.n_devices > DEVICES_MAX)
		return false;
	for (i = 0; i < src->pub.n_devices; i++)
		for (k = 0; k < dst->pub.n_devices; k++)
			if (src->devs[i].pub.device == dst->devs[k].pub.device)
				return true;
	return false;
}

static uint32_t fit_of(const struct join *j, const struct sid *src, const struct sid *dst)
{
	const struct model *m = j->m;
	uint64_t bound = src->pub.host != dst->pub.host ? m->bound_ns : 0;
	uint32_t fit = FIT;
	bool named = side_is_named(&src->pub) && side_is_named(&dst->pub);

	if (named && strcmp(src->pub.vm, dst->pub.vm))
		return 0;
	if (src->pub.begin_ns > end_of(m, &dst->pub) + bound ||
	    dst->pub.begin_ns > end_of(m, &src->pub) + bound + late_ns(&src->pub, &dst->pub))
		return 0;
	/* One that comes late is known by nothing but its name. */
	if (dst->pub.begin_ns > end_of(m, &src->pub) + bound && !named)
		return 0;
	if (src->pub.begin_ns <= end_of(m, &dst->pub) && dst->pub.begin_ns <= end_of(m, &src->pub))
		fit |= FIT_OVERLAP;
	if (share_a_device(src, dst) || !drivers_fit(m, src, dst))
		return 0;
	/* A destination is never ahead of its source. */
	if (dst->pub.bytes_total > src->pub.bytes_total && !src->pub.holes &&
	    !src->pub.joined_late && !(src->pub.host != dst->pub.host && !src->pub.ended))
		return 0;
	if (same_bytes(m, src, dst))
		fit |= FIT_BYTES;
	if (named)
		fit |= FIT_VM;
	if (src->pub.host == dst->pub.host && src->pub.pid == dst->pub.pid)
		fit |= FIT_PROCESS;
	return fit;
}

static int add_edge(struct join *j, uint32_t src, uint32_t dst, uint32_t fit)
{
	if (array_room(&j->edges, j->n_edges + 1, &j->cap_edges, sizeof(*j->edges)))
		return -ENOMEM;
	j->edges[j->n_edges++] = (struct edge){ src, dst, fit, false };
	j->candidates[src]++;
	j->candidates[dst]++;
	return 0;
}

static int find_edges(struct join *j)
{
	const struct model *m = j->m;
	uint32_t i, k, fit;

	for (k = 0; k < m->n_sides; k++) {
		const struct sid *dst = m->sides[k];

		if (dst->pub.direction != DIR_RESUME)
			continue;
		for (i = 0; i < j->n_src; i++) {
			const struct sid *src = m->sides[j->src[i]];

			if (src->pub.begin_ns > end_of(m, &dst->pub) + m->bound_ns)
				break;
			if (end_of(m, &src->pub) + m->bound_ns + late_ns(&src->pub, &dst->pub) <
			    dst->pub.begin_ns)
				continue;
			fit = fit_of(j, src, dst);
			if (fit && add_edge(j, j->src[i], k, fit))
				return -ENOMEM;
		}
	}
	return 0;
}

/* The best fit of each side among what is left, and how many have it. */
struct best {
	uint32_t fit, n;
};

static void look_for_best(const struct join *j, struct best *best)
{
	uint32_t i, k;

	memset(best, 0, j->m->n_sides * sizeof(*best));
	for (i = 0; i < j->n_edges; i++) {
		const struct edge *e = &j->edges[i];
		uint32_t ends[2] = { e->src, e->dst };

		for (k = 0; k < 2 && !e->gone; k++) {
			struct best *b = &best[ends[k]];

			if (e->fit > b->fit) {
				b->fit = e->fit;
				b->n = 1;
			} else {
				b->n += e->fit == b->fit;
			}
		}
	}
}

/* Take those that are each other's single best, until there are no more. */
static int match(struct join *j)
{
	struct best *best = calloc(j->m->n_sides ? j->m->n_sides : 1, sizeof(*best));
	bool any = true;
	uint32_t i;

	if (!best)
		return -ENOMEM;
	while (any) {
		any = false;
		look_for_best(j, best);
		for (i = 0; i < j->n_edges; i++) {
			struct edge *e = &j->edges[i];

			if (e->gone)
				continue;
			if (j->partner[e->src] || j->partner[e->dst]) {
				e->gone = true;
				continue;
			}
			if (e->fit != best[e->src].fit || best[e->src].n != 1 ||
			    e->fit != best[e->dst].fit || best[e->dst].n != 1)
				continue;
			j->partner[e->src] = e->dst + 1;
			j->partner[e->dst] = e->src + 1;
			j->fit[e->src] = j->fit[e->dst] = e->fit;
			e->gone = any = true;
		}
	}
	free(best);
	return 0;
}

/* ---- the devices of two that are joined ---- */

static bool alike(const struct model *m, const struct sid *src, uint32_t i, const struct sid *dst,
		  uint32_t k, bool bytes)
{
	const char *a = driver_at(m, src, i), *b = driver_at(m, dst, k);

	if (a[0] && b[0] && strcmp(a, b))
		return false;
	return !bytes || session_at(m, src, i)->bytes_total == session_at(m, dst, k)->bytes_total;
}

static void pair(struct model *m, const struct sid *src, uint32_t i, const struct sid *dst,
		 uint32_t k, bool by_order)
{
	struct session *a = &sess_of(m, src->devs[i].pub.session)->pub;
	struct session *b = &sess_of(m, dst->devs[k].pub.session)->pub;

	a->peer = b->id;
	b->peer = a->id;
	a->peer_by_order = b->peer_by_order = by_order;
}

/* The one device of the other side that is like this one; n: how many are. */
static uint32_t only_like(const struct model *m, const struct sid *src, const struct sid *dst,
			  uint32_t at, bool from_src, bool bytes, uint32_t *n)
{
	uint32_t max = from_src ? dst->pub.n_devices : src->pub.n_devices, i, found = 0;

	for (i = 0, *n = 0; i < max && *n < 2; i++) {
		uint32_t a = from_src ? at : i, b = from_src ? i : at;

		if (session_at(m, src, a)->peer || session_at(m, dst, b)->peer ||
		    !alike(m, src, a, dst, b, bytes))
			continue;
		found = i;
		(*n)++;
	}
	return found;
}

/* @i-th of the side in order of open; the devices' numbers where no open was seen. */
static uint64_t open_order(const struct model *m, const struct sid *s, uint32_t i)
{
	const struct dev *d = dev_get(m, s->devs[i].pub.device);

	return d && d->pub.order ? d->pub.order : (1ULL << 32) + s->devs[i].pub.device;
}

static uint32_t next_in_order(const struct model *m, const struct sid *s)
{
	uint32_t i, found = UINT32_MAX;

	for (i = 0; i < s->pub.n_devices; i++)
		if (!session_at(m, s, i)->peer &&
		    (found == UINT32_MAX || open_order(m, s, i) < open_order(m, s, found)))
			found = i;
	return found;
}

static void pair_devices(struct model *m, const struct sid *src, const struct sid *dst)
{
	uint32_t i, k, n, pass;

	if (src->pub.n_devices > DEVICES_MAX || dst->pub.n_devices > DEVICES_MAX)
		return;
	/* By the bytes, then by the driver: where only one on each side is left. */
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < src->pub.n_devices; i++) {
			if (session_at(m, src, i)->peer ||
			    (!pass && !session_at(m, src, i)->bytes_total))
				continue;
			k = only_like(m, src, dst, i, true, !pass, &n);
			if (n != 1)
				continue;
			only_like(m, src, dst, k, false, !pass, &n);
			if (n == 1)
				pair(m, src, i, dst, k, false);
		}
	}
	/* What is alike goes by the order in which it was opened. */
	while ((i = next_in_order(m, src)) != UINT32_MAX) {
		uint32_t best = UINT32_MAX;

		for (k = 0; k < dst->pub.n_devices; k++)
			if (!session_at(m, dst, k)->peer && alike(m, src, i, dst, k, false) &&
			    (best == UINT32_MAX ||
			     open_order(m, dst, k) < open_order(m, dst, best)))
				best = k;
		if (best == UINT32_MAX)
			break;
		pair(m, src, i, dst, best, true);
	}
}

static bool any_by_order(const struct model *m, const struct sid *s)
{
	uint32_t i;

	for (i = 0; i < s->pub.n_devices; i++)
		if (session_at(m, s, i)->peer_by_order)
			return true;
	return false;
}

/* ---- the result ---- */

static void describe(const struct join *j, struct migration *g, uint32_t at, bool joined)
{
	const struct model *m = j->m;
	const struct sid *s = m->sides[at];

	g->joined.candidates = j->candidates[at];
	if (!joined) {
		g->joined.why = j->candidates[at] > 1 ? ALONE_AMBIGUOUS :
				!s->pub.ended	      ? ALONE_NOT_YET :
				j->candidates[at]     ? ALONE_AMBIGUOUS :
				j->namesake[at]	      ? ALONE_NO_OVERLAP :
							ALONE_NOT_IN_EVIDENCE;
		return;
	}
	g->joined.sure = j->candidates[at] == 1 || (j->fit[at] & (FIT_VM | FIT_PROCESS));
	if (j->fit[at] & FIT_PROCESS)
		g->joined.how = JOINED_PROCESS;
	else if (j->fit[at] & FIT_VM)
		g->joined.how = any_by_order(m, s)     ? JOINED_VM_ORDER :
				j->fit[at] & FIT_BYTES ? JOINED_VM_BYTES :
							 JOINED_VM;
	else
		g->joined.how = j->fit[at] & FIT_BYTES ? JOINED_BYTES : JOINED_TIME;
}

static int by_begin(const void *a, const void *b)
{
	const struct migration *x = a, *y = b;

	if (x->begin_ns != y->begin_ns)
		return x->begin_ns < y->begin_ns ? -1 : 1;
	/* At the same instant: in the order of their sides. */
	return (int)(x->source ? x->source : x->destination) -
	       (int)(y->source ? y->source : y->destination);
}

/* Of what is alone: is there one of the same VM in the other direction? */
static void look_for_namesakes(struct join *j)
{
	const struct model *m = j->m;
	uint32_t i, k;

	for (i = 0; i < m->n_sides; i++) {
		const struct side *a = &m->sides[i]->pub;

		for (k = 0; k < m->n_sides && k < 1024 && !j->partner[i] && side_is_named(a) &&
			    !j->namesake[i];
		     k++) {
			const struct side *b = &m->sides[k]->pub;

			j->namesake[i] = b->direction != a->direction && side_is_named(b) &&
					 !strcmp(a->vm, b->vm);
		}
	}
}

static int make_migrations(struct join *j)
{
	struct model *m = j->m;
	uint32_t i, n = 0;

	free(m->migs);
	m->n_migs = 0;
	m->migs = calloc(m->n_sides ? m->n_sides : 1, sizeof(*m->migs));
	if (!m->migs)
		return -ENOMEM;
	for (i = 0; i < m->n_sides; i++) {
		struct sid *s = m->sides[i], *other;
		struct migration *g = &m->migs[n];

		other = j->partner[i] ? m->sides[j->partner[i] - 1] : NULL;
		/* Of two it is told once, with its source. */
		if (s->pub.direction == DIR_RESUME && other)
			continue;
		if (other)
			pair_devices(m, s, other);
		g->source = s->pub.direction == DIR_SAVE ? s->pub.id : 0;
		g->destination = other ? other->pub.id : g->source ? 0 : s->pub.id;
		g->begin_ns = s->pub.begin_ns;
		if (other && other->pub.begin_ns < g->begin_ns)
			g->begin_ns = other->pub.begin_ns;
		describe(j, g, i, other);
		n++;
	}
	qsort(m->migs, n, sizeof(*m->migs), by_begin);
	m->n_migs = n;
	for (i = 0; i < n; i++) {
		struct migration *g = &m->migs[i];
		struct sid *src = side_of(m, g->source), *dst = side_of(m, g->destination);

		g->id = i + 1;
		if (src)
			src->pub.migration = g->id;
		if (dst)
			dst->pub.migration = g->id;
		migration_settle(m, g, src, dst);
	}
	return 0;
}

static int source_by_begin(const void *a, const void *b, void *arg)
{
	const struct model *m = arg;
	const struct side *x = &m->sides[*(const uint32_t *)a]->pub;
	const struct side *y = &m->sides[*(const uint32_t *)b]->pub;

	return x->begin_ns < y->begin_ns ? -1 : x->begin_ns > y->begin_ns;
}

int join_sides(struct model *m)
{
	size_t n = m->n_sides ? m->n_sides : 1;
	struct join j = {
		.m = m,
		.src = calloc(n, sizeof(*j.src)),
		.partner = calloc(n, sizeof(*j.partner)),
		.fit = calloc(n, sizeof(*j.fit)),
		.candidates = calloc(n, sizeof(*j.candidates)),
		.namesake = calloc(n, sizeof(*j.namesake)),
	};
	int err = -ENOMEM;
	uint32_t i;

	if (!j.src || !j.partner || !j.fit || !j.candidates || !j.namesake)
		goto out;
	for (i = 0; i < m->n_sess; i++) {
		m->sess[i]->pub.peer = 0;
		m->sess[i]->pub.peer_by_order = false;
	}
	for (i = 0; i < m->n_sides; i++) {
		side_refresh(m, m->sides[i]);
		if (m->sides[i]->pub.direction == DIR_SAVE)
			j.src[j.n_src++] = i;
	}
	qsort_r(j.src, j.n_src, sizeof(*j.src), source_by_begin, m);
	err = find_edges(&j);
	if (!err)
		err = match(&j);
	if (!err) {
		look_for_namesakes(&j);
		err = make_migrations(&j);
	}
out:
	free(j.src);
	free(j.partner);
	free(j.fit);
	free(j.candidates);
	free(j.namesake);
	free(j.edges);
	return err;
}
