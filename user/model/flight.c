// SPDX-License-Identifier: GPL-2.0-only
/*
 * flight.c - calls that have not returned
 *
 * Such a call is told again and again while it is out (EV_STUCK); it is forgotten
 * when its thread turns out to have gone on.
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* More threads than that in one driver are no evidence, they are an attack. */
#define FLIGHTS_MAX 4096

enum path_part flight_part(uint32_t call)
{
	switch (call) {
	case EV_SET_STATE:
	case EV_ARC:
		return PART_ARC;
	case EV_READ:
	case EV_WRITE:
		return PART_IO;
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
		return PART_DIRTY_SYNC;
	default:
		return PART_OTHER;
	}
}

int flight_stuck(struct model *m, const struct event *ev, const struct dev *d)
{
	struct model_flight *f;
	uint32_t i;

	for (i = 0; i < m->n_flights; i++) {
		f = &m->flights[i].pub;
		if (f->tid == ev->tid && f->host == ev->host && f->call == ev->stuck.call) {
			if (ev->t_ns > f->seen_ns)
				f->seen_ns = ev->t_ns;
			return 0;
		}
	}
	if (m->n_flights == FLIGHTS_MAX)
		return 0;
	if (array_room(&m->flights, m->n_flights + 1, &m->cap_flights, sizeof(*m->flights)))
		return -ENOMEM;
	f = &m->flights[m->n_flights++].pub;
	memset(f, 0, sizeof(*f));
	f->host = ev->host;
	f->pid = ev->pid;
	f->tid = ev->tid;
	f->device = d ? d->pub.number : 0;
	f->stream = ev->stream;
	f->session = d ? d->sess : 0;
	/* The call that would hand out the data FD belongs to what its process is at. */
	f->side = f->session ? sess_of(m, f->session)->pub.side : side_at_event(m, ev);
	f->call = ev->stuck.call;
	f->state = d ? d->pub.state : MIG_UNKNOWN;
	f->seen_ns = ev->t_ns;
	f->start_ns = sat_sub(ev->t_ns, ev->stuck.age_ns);
	f->seq = ev->seq;
	return 0;
}

static void forget(struct model *m, uint32_t i)
{
	memmove(&m->flights[i], &m->flights[i + 1], (m->n_flights - i - 1) * sizeof(*m->flights));
	m->n_flights--;
}

void flight_returned(struct model *m, const struct event *ev)
{
	uint32_t i = 0;

	/* An arc is told while the SET_STATE around it is still out. */
	if (!(event_traits(ev->kind) & EVT_CALL) || ev->kind == EV_ARC || !ev->tid)
		return;
	while (i < m->n_flights) {
		const struct model_flight *f = &m->flights[i].pub;

		if (f->tid == ev->tid && f->host == ev->host && event_end_ns(ev) >= f->start_ns)
			forget(m, i);
		else
			i++;
	}
}

void flight_exited(struct model *m, uint32_t host, uint32_t pid)
{
	uint32_t i = 0;

	while (i < m->n_flights) {
		if (m->flights[i].pub.pid == pid && m->flights[i].pub.host == host)
			forget(m, i);
		else
			i++;
	}
}

uint32_t model_flights(const struct model *m)
{
	return m->n_flights;
}

const struct model_flight *model_flight(const struct model *m, uint32_t i)
{
	return i < m->n_flights ? &m->flights[i].pub : NULL;
}
