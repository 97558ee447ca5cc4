// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_hole.c - what could not be read
 *
 * Whatever is no good frame opens a "hole".  The next good frame closes it and says
 * by its number and its first seq exactly what was in it.
 */
#include "recording/reader.h"

#include <string.h>

void reader_tell_frame(struct recording *r, const struct frame_head *h, uint64_t offset,
		       uint64_t length, bool damaged)
{
	struct recording_frame f = { .offset = offset, .length = length, .damaged = damaged };

	if (!r->frame_fn || r->frame_ret)
		return;
	if (h) {
		f.type = h->type;
		f.count = h->count;
		f.raw_length = h->raw_length;
		f.first_seq = h->first_seq;
		f.first_ns = h->first_ns;
		f.last_ns = h->last_ns;
	}
	r->frame_ret = r->frame_fn(&f, r->frame_arg);
}

void reader_skip(struct recording *r, size_t n, const struct frame_head *h)
{
	struct hole *hole = &r->hole;

	if (!hole->open) {
		memset(hole, 0, sizeof(*hole));
		hole->open = true;
		hole->offset = r->offset;
		hole->known = true;
	}
	if (h) {
		uint64_t next = h->first_seq;

		if (h->type == RECORDING_EVENTS)
			next += h->count;
		if (next > hole->next_seq)
			hole->next_seq = next;
		if (h->last_ns > hole->last_ns)
			hole->last_ns = h->last_ns;
		if (!hole->frames++)
			hole->head = *h;
	} else {
		hole->known = false;
	}
	reader_consume(r, n);
	r->health.bytes_skipped += n;
}

static void hole_told(struct recording *r)
{
	struct hole *hole = &r->hole;

	if (hole->open)
		reader_tell_frame(r, hole->known && hole->frames == 1 ? &hole->head : NULL,
				  hole->offset, r->offset - hole->offset, true);
	hole->open = false;
}

/* What is missing is missing since the last event delivered. */
static void loss_begins(struct recording *r)
{
	if (!r->lost && !r->lost_unknown)
		r->lost_from_ns = r->health.last_ns;
}

void reader_lose(struct recording *r, uint64_t n)
{
	loss_begins(r);
	r->lost += n;
}

/* Events from next_seq up to @seq are missing. */
static void lost_up_to(struct recording *r, uint64_t seq)
{
	if (seq <= r->next_seq)
		return;
	reader_lose(r, seq - r->next_seq);
	r->next_seq = seq;
}

void reader_hole_close(struct recording *r, const struct frame_head *h)
{
	if (h->number > r->next_number)
		r->health.frames_damaged += h->number - r->next_number;
	if (h->number > r->next_number || r->hole.open)
		r->want_snapshot = true;
	lost_up_to(r, h->first_seq);
	hole_told(r);
}

void reader_hole_close_at_end(struct recording *r)
{
	struct hole *hole = &r->hole;

	if (!hole->open)
		return;
	r->health.frames_damaged += hole->frames ? hole->frames : 1;
	if (hole->known) {
		lost_up_to(r, hole->next_seq);
	} else {
		loss_begins(r);
		r->lost_unknown = true;
	}
	hole_told(r);
}

void reader_tell_lost(struct recording *r, uint64_t until_ns)
{
	struct event *ev = &r->told;

	if (!r->lost && !r->lost_unknown)
		return;
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_LOSS;
	ev->loss.cause = LOSS_DAMAGE;
	ev->loss.count = r->lost_unknown ? 0 : r->lost;
	ev->loss.t_from_ns = r->lost_from_ns;
	ev->loss.t_to_ns = until_ns > r->lost_from_ns ? until_ns : r->lost_from_ns;
	ev->t_ns = ev->loss.t_to_ns;
	r->lost = 0;
	r->lost_unknown = false;
	r->batch = ev;
	r->order[0] = 0;
	r->batch_n = 1;
	r->batch_i = 0;
}
