// SPDX-License-Identifier: GPL-2.0-only
#include "model/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/sat.h"

#define OWNER_GAP  UINT32_MAX
#define OWNER_HOLE (UINT32_MAX - 1)
#define OWNERS_MAX (1U << 22)

/* A call adds so many spans at most: a gap, itself, and two cuts of another. */
#define SPANS_A_CALL 4

void path_start(struct path *p, uint64_t t_ns)
{
	path_drop(p);
	p->active = true;
	p->start_ns = p->cursor_ns = t_ns;
}

void path_drop(struct path *p)
{
	free(p->devs);
	memset(p, 0, sizeof(*p));
}

int path_copy(struct path *to, const struct path *from)
{
	*to = *from;
	to->devs = NULL;
	to->cap_devs = to->n_devs = 0;
	if (!from->n_devs)
		return 0;
	to->devs = malloc(from->n_devs * sizeof(*to->devs));
	if (!to->devs)
		return -ENOMEM;
	memcpy(to->devs, from->devs, from->n_devs * sizeof(*to->devs));
	to->n_devs = to->cap_devs = from->n_devs;
	return 0;
}

int path_know(struct path *p, uint32_t owner, uint32_t device)
{
	uint32_t i;

	if (owner >= OWNERS_MAX)
		return 0;
	if (array_room(&p->devs, (size_t)owner + 1, &p->cap_devs, sizeof(*p->devs)))
		return -ENOMEM;
	for (i = p->n_devs; i <= owner; i++) {
		memset(&p->devs[i], 0, sizeof(p->devs[i]));
		p->devs[i].eof_ns = MODEL_NONE;
	}
	if (owner >= p->n_devs)
		p->n_devs = owner + 1;
	p->devs[owner].device = device;
	return 0;
}

/* Move @ns into an account, or out of it. */
static void book(struct path *p, uint32_t owner, uint32_t part, uint64_t ns, bool in)
{
	struct side_device *d = owner < p->n_devs ? &p->devs[owner] : NULL;
	uint64_t *sum, *own = NULL;

	if (owner == OWNER_GAP) {
		sum = part == GAP_NR ? &p->unnamed_ns : &p->sum.gap_ns[part];
		own = &p->sum.outside_ns;
	} else if (part == PART_ARC || part == PART_LOAD) {
		sum = part == PART_ARC ? &p->sum.arcs_ns : &p->sum.load_ns;
		own = d ? &d->arcs_ns : NULL;
	} else if (part == PART_IO) {
		sum = &p->sum.io_ns;
		own = d ? &d->io_ns : NULL;
	} else if (part == PART_DIRTY_SYNC) {
		sum = &p->sum.dirty_sync_ns;
	} else {
		sum = &p->sum.unattributed_ns;
		own = d ? &d->other_ns : NULL;
	}
	*sum += in ? ns : -ns;
	if (own)
		*own += in ? ns : -ns;
}

static void spend(struct path *p, uint32_t owner, uint32_t part, uint64_t end_ns)
{
	book(p, owner, part, end_ns - p->cursor_ns, true);
	p->n_unnamed += owner == OWNER_GAP && part == GAP_NR;
	p->spans[p->n_spans++] = (struct path_span){ p->cursor_ns, end_ns, owner, part };
	p->cursor_ns = end_ns;
}

static void give(struct path *p, struct path_span *s, uint32_t owner, uint32_t part)
{
	book(p, s->owner, s->part, s->end_ns - s->start_ns, false);
	p->n_unnamed -= s->owner == OWNER_GAP && s->part == GAP_NR;
	s->owner = owner;
	s->part = part;
	book(p, owner, part, s->end_ns - s->start_ns, true);
}

/* Of span @i: what is before @t_ns becomes a span of its own, before it. */
static void split(struct path *p, uint32_t i, uint64_t t_ns)
{
	memmove(p->spans + i + 1, p->spans + i, (p->n_spans - i) * sizeof(p->spans[0]));
	p->n_spans++;
	p->n_unnamed += p->spans[i].owner == OWNER_GAP && p->spans[i].part == GAP_NR;
	p->spans[i].end_ns = t_ns;
	p->spans[i + 1].start_ns = t_ns;
}

/* What is oldest stays as it is. */
static void make_room(struct path *p, uint32_t spans)
{
	uint32_t i;

	if (p->n_spans - p->first + spans > PATH_SPANS) {
		for (i = 0; i < SPANS_A_CALL; i++, p->first++)
			p->n_unnamed -= p->spans[p->first].owner == OWNER_GAP &&
					p->spans[p->first].part == GAP_NR;
	}
	if (p->n_spans + spans <= PATH_ROOM)
		return;
	p->n_spans -= p->first;
	memmove(p->spans, p->spans + p->first, p->n_spans * sizeof(p->spans[0]));
	p->first = 0;
}

/* A gap has the name of what ends it: an arc, or a read() or write(). */
static void name_gaps(struct path *p, enum path_part part)
{
	enum window_gap name;
	uint32_t i, k;

	if (part == PART_IO)
		name = p->any_io ? GAP_IO : GAP_FIRST_IO;
	else
		name = !p->any_io ? GAP_ARCS : !p->arc_after_io ? GAP_LOAD : GAP_START;
	for (i = p->n_spans; i > p->first && p->n_unnamed; i--) {
		struct path_span *s = &p->spans[i - 1];

		if (s->owner == OWNER_GAP && s->part == GAP_NR) {
			s->part = name;
			p->n_unnamed--;
		}
	}
	p->sum.gap_ns[name] += p->unnamed_ns;
	p->unnamed_ns = 0;
	for (k = 0; k < WHY_SUMS; k++) {
		sat_inc(&p->sum.gap_why_ns[name][k], p->unnamed_why_ns[k]);
		p->unnamed_why_ns[k] = 0;
	}
	p->arc_after_io = part != PART_IO && p->any_io;
	p->any_io |= part == PART_IO;
}

void path_add(struct path *p, uint32_t owner, enum path_part part, uint64_t start_ns,
	      uint64_t end_ns)
{
	uint32_t i;

	if (!p->active || end_ns <= p->start_ns || end_ns < start_ns)
		return;
	make_room(p, SPANS_A_CALL);
	/* What was lost may have been a call: nobody knows. */
	if (start_ns > p->cursor_ns)
		spend(p, p->hole ? OWNER_HOLE : OWNER_GAP, p->hole ? PART_OTHER : GAP_NR, start_ns);
	p->hole = false;
	for (i = p->n_spans; i > p->first && p->spans[i - 1].end_ns > start_ns; i--) {
		/* One that is told late covers no more than it lasted. */
		if (p->spans[i - 1].owner == owner || p->spans[i - 1].owner == OWNER_HOLE ||
		    p->spans[i - 1].start_ns >= end_ns)
			continue;
		if (p->spans[i - 1].end_ns > end_ns)
			split(p, i - 1, end_ns);
		if (p->spans[i - 1].start_ns < start_ns)
			split(p, i++ - 1, start_ns);
		give(p, &p->spans[i - 1], owner, part);
	}
	if (end_ns > p->cursor_ns)
		spend(p, owner, part, end_ns);
	if (part == PART_ARC || part == PART_LOAD || part == PART_IO)
		name_gaps(p, part);
}

void path_add_run(struct path *p, uint32_t owner, enum path_part part, uint64_t start_ns,
		  uint64_t end_ns, uint64_t inside_ns)
{
	uint64_t span_ns = end_ns > start_ns ? end_ns - start_ns : 0;

	path_add(p, owner, part, start_ns, start_ns + (inside_ns < span_ns ? inside_ns : span_ns));
	/* Between the calls of a run nothing was in flight. */
	if (!p->active || end_ns <= p->cursor_ns)
		return;
	make_room(p, 1);
	spend(p, OWNER_GAP, GAP_IO, end_ns);
}

void path_why(struct path *p, uint32_t owner, enum path_part part, uint64_t start_ns,
	      uint64_t end_ns, const struct call_why *w)
{
	uint64_t own = 0, from, to;
	uint32_t i, k;

	if (!p->active)
		return;
	for (i = p->n_spans; i > p->first && p->spans[i - 1].end_ns > start_ns; i--) {
		const struct path_span *s = &p->spans[i - 1];

		from = s->start_ns > start_ns ? s->start_ns : start_ns;
		to = s->end_ns < end_ns ? s->end_ns : end_ns;
		if (s->owner == owner && s->part == part && to > from)
			own += to - from;
	}
	if (own > w->dur_ns)
		own = w->dur_ns;
	for (k = 0; k < WHY_SUMS; k++)
		if (w->ns[k] != MODEL_NONE)
			sat_inc(&p->sum.why_ns[part][k], sat_scale(w->ns[k], own, w->dur_ns));
}

void path_gap_why(struct path *p, uint64_t start_ns, const struct call_why *w)
{
	uint64_t left = w->dur_ns, ns, *sum;
	bool own = true;
	uint32_t i, k;

	for (i = p->active ? p->n_spans : 0; i > p->first && left; i--) {
		const struct path_span *s = &p->spans[i - 1];

		/* What comes after the call's begin is the call, or another thread's. */
		if (s->owner != OWNER_GAP || s->end_ns > start_ns)
			continue;
		if ((!own || s->end_ns < start_ns) && left > EVENT_WHY_MIN_NS)
			left = EVENT_WHY_MIN_NS;
		own = false;
		ns = s->end_ns - s->start_ns < left ? s->end_ns - s->start_ns : left;
		left -= ns;
		sum = s->part == GAP_NR ? p->unnamed_why_ns : p->sum.gap_why_ns[s->part];
		for (k = 0; k < WHY_SUMS; k++)
			if (w->ns[k] != MODEL_NONE)
				sat_inc(&sum[k], sat_scale(w->ns[k], ns, w->dur_ns));
	}
}

void path_result(const struct path *p, struct session_window *out)
{
	enum window_gap name;
	uint32_t k;

	*out = p->sum;
	out->start_ns = p->start_ns;
	out->end_ns = p->cursor_ns;
	out->total_ns = p->cursor_ns - p->start_ns;
	/* What comes next is not known yet. */
	name = p->arc_after_io ? GAP_START : p->any_io ? GAP_IO : GAP_FIRST_IO;
	out->gap_ns[name] += p->unnamed_ns;
	for (k = 0; k < WHY_SUMS; k++)
		sat_inc(&out->gap_why_ns[name][k], p->unnamed_why_ns[k]);
}
