// SPDX-License-Identifier: GPL-2.0-only
/*
 * path.c - what a process waited for while its devices stood still
 *
 * Calls come in order of completion, so that whoever comes now returned last:
 * it takes what it covers from the gaps and from the calls of other devices.
 * Calls of one device are nested (the arcs in a SET_STATE): there the inner one
 * keeps its time.
 */
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"

#define PATH_GAP	(MODEL_STOP_DEVICES)
#define PATH_CONTAINER	(MODEL_STOP_DEVICES + 1)
#define PATH_REST	(MODEL_STOP_DEVICES + 2)

struct path *path_create(uint32_t id, uint32_t pid, uint64_t t_ns)
{
	struct path *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pub.id = id;
	p->pub.pid = pid;
	p->pub.start_ns = p->pub.end_ns = p->cursor_ns = t_ns;
	return p;
}

static uint32_t owner_of(const struct path *p, uint32_t device)
{
	uint32_t i;

	if (!device)
		return PATH_CONTAINER;
	for (i = 0; i < p->pub.n_devices; i++)
		if (p->pub.devices[i].device == device)
			return i;
	return PATH_REST;
}

void path_join(struct path *p, uint32_t device)
{
	struct model_stop_device *d;

	p->alive++;
	if (owner_of(p, device) != PATH_REST || p->pub.n_devices == MODEL_STOP_DEVICES)
		return;
	d = &p->pub.devices[p->pub.n_devices++];
	d->device = device;
	d->eof_ns = MODEL_NONE;
}

static uint64_t *account(struct path *p, uint32_t owner, uint32_t part)
{
	struct model_stop_device *d;

	if (owner == PATH_GAP)
		return &p->pub.outside_ns;
	if (part == PART_DIRTY_SYNC)
		return &p->pub.dirty_sync_ns;
	if (owner >= MODEL_STOP_DEVICES)
		return &p->pub.rest_ns;
	d = &p->pub.devices[owner];
	return part == PART_ARC ? &d->arcs_ns : part == PART_IO ? &d->io_ns : &d->other_ns;
}

static void spend(struct path *p, uint32_t owner, uint32_t part, uint64_t end_ns)
{
	*account(p, owner, part) += end_ns - p->cursor_ns;
	p->spans[p->n_spans++] = (struct path_span){ p->cursor_ns, end_ns, owner, part };
	p->cursor_ns = end_ns;
}

/* Of span @i: what is before @t_ns becomes a span of its own, before it. */
static void split(struct path *p, uint32_t i, uint64_t t_ns)
{
	memmove(p->spans + i + 1, p->spans + i, (p->n_spans - i) * sizeof(p->spans[0]));
	p->n_spans++;
	p->spans[i].end_ns = t_ns;
	p->spans[i + 1].start_ns = t_ns;
}

void path_add(struct path *p, uint32_t device, enum window_part part, uint64_t start_ns,
	      uint64_t end_ns)
{
	uint32_t owner = owner_of(p, device), i;

	if (end_ns <= p->pub.start_ns || end_ns < start_ns)
		return;
	/* A call makes four at most; what is oldest stays as it is. */
	if (p->n_spans > PATH_SPANS - 4)
		memmove(p->spans, p->spans + 4, (p->n_spans -= 4) * sizeof(p->spans[0]));
	if (start_ns > p->cursor_ns)
		spend(p, PATH_GAP, 0, start_ns);
	for (i = p->n_spans; i > 0 && p->spans[i - 1].end_ns > start_ns; i--) {
		struct path_span *s;

		/* One that is told late covers no more than it lasted. */
		if (p->spans[i - 1].owner == owner || p->spans[i - 1].start_ns >= end_ns)
			continue;
		if (p->spans[i - 1].end_ns > end_ns)
			split(p, i - 1, end_ns);
		if (p->spans[i - 1].start_ns < start_ns)
			split(p, i++ - 1, start_ns);
		s = &p->spans[i - 1];
		*account(p, s->owner, s->part) -= s->end_ns - s->start_ns;
		s->owner = owner;
		s->part = part;
		*account(p, owner, part) += s->end_ns - s->start_ns;
	}
	if (end_ns > p->cursor_ns)
		spend(p, owner, part, end_ns);
}

void path_eof(struct path *p, uint32_t device, uint32_t migration, uint64_t t_ns,
	      struct model_stop *out)
{
	uint32_t i = owner_of(p, device);

	if (i < MODEL_STOP_DEVICES) {
		p->pub.n_eof += p->pub.devices[i].eof_ns == MODEL_NONE;
		p->pub.devices[i].eof_ns = t_ns;
		p->pub.devices[i].session = migration;
		p->pub.last = i;
	}
	p->pub.end_ns = p->cursor_ns;
	*out = p->pub;
}
