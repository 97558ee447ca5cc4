// SPDX-License-Identifier: GPL-2.0-only
/*
 * stop.c - where the time goes while a device stands still: its own window, its
 * process's stop, and what comes after a source's last byte
 */
#include <errno.h>

#include "model/internal.h"

/* In a path's accounts, no device's number. */
#define OWNER_CONTAINER (UINT32_MAX - 3)

/*
 * The device counts for the stop of its process no longer.  @runs: it runs again,
 * and when all do, that stop was one.
 */
void stop_leave(struct model *m, struct dev *d, uint64_t t_ns, bool runs)
{
	struct proc *p = proc_at(m, d->proc);

	if (!d->stopped)
		return;
	d->stopped = false;
	if (!p || --p->n_stopped)
		return;
	if (runs)
		side_stop_ended(m, p, t_ns);
	else
		side_stop_left(m, p);
	path_drop(&p->stop);
}

void stop_end(struct model *m, struct dev *d, uint64_t t_ns, bool runs)
{
	d->window.active = false;
	stop_leave(m, d, t_ns, runs);
}

int stop_begin(struct model *m, struct dev *d, uint64_t t_ns)
{
	struct proc *p = proc_at(m, d->proc);
	struct sess *g = sess_of(m, d->sess);
	enum left_source from;

	stop_leave(m, d, t_ns, true);
	if (p && !p->n_stopped) {
		struct sid *side = side_of(m, p->side[DIR_SAVE]);

		/* The first of the VM's devices: what would it take, as far as is known? */
		if (side && !side->pub.ended)
			forecast_side(m, side->pub.id, t_ns, &side->pub.forecast);
	}
	if (p) {
		if (!p->n_stopped++)
			path_start(&p->stop, t_ns);
		d->stopped = true;
		if (path_know(&p->stop, d->owner, d->pub.number))
			return -ENOMEM;
	}
	forecast_stop(m, d, t_ns, &d->forecast);
	path_start(&d->window, t_ns);
	d->n_recent = 0;
	d->estimate = left_by_size(&d->left);
	d->estimate_is_data_size = d->estimate != MODEL_NONE;
	if (g) {
		g->pub.forecast = d->forecast;
		d->estimate = left_bytes(&g->pub.left, &from, NULL);
		d->estimate_is_data_size = from == LEFT_DATA_SIZE;
		g->pub.estimate = d->estimate;
		g->pub.estimate_is_data_size = d->estimate_is_data_size;
		g->pub.lead_ns = MODEL_NONE;
		if (g->last_io_end_ns != MODEL_NONE && g->last_io_end_ns <= t_ns)
			g->pub.lead_ns = t_ns - g->last_io_end_ns;
	}
	return 0;
}

bool stop_is_arriving(const struct model *m, const struct dev *d)
{
	const struct sess *g = sess_of(m, d->sess ? d->sess : d->last_sess);

	return g && g->pub.direction == DIR_RESUME;
}

void stop_spend_in(struct model *m, struct dev *d, struct proc *p, enum path_part part,
		   uint64_t start_ns, uint64_t end_ns)
{
	path_spend(m, &d->window, d->owner, part == PART_LOAD ? PART_ARC : part, start_ns, end_ns);
	if (!p)
		return;
	/* Where one process is both, what arrives is no part of what leaves. */
	if (stop_is_arriving(m, d))
		side_spend(m, p, d->owner, part, start_ns, end_ns);
	else if (p->stop.active)
		path_spend(m, &p->stop, d->owner, part, start_ns, end_ns);
}

/*
 * A sync of the container's dirty log names no device: it is that of all of
 * its process.
 */
int stop_container(struct model *m, const struct event *ev)
{
	struct proc *p = proc_at(m, proc_index(m, ev->host, ev->pid));
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	const struct sid *s = p ? side_of(m, p->side[DIR_SAVE]) : NULL;
	enum path_part part = flight_part(ev->kind);
	uint32_t i;

	for (i = 0; s && i < s->pub.n_devices; i++) {
		struct dev *d = dev_get(m, s->devs[i].pub.device);
		struct sess *g = d ? sess_of(m, d->sess) : NULL;

		if (!d || proc_at(m, d->proc) != p)
			continue;
		path_spend(m, &d->window, OWNER_CONTAINER, part, ev->t_ns, end_ns);
		if (g && ev->kind == EV_DMA_LOG_REPORT)
			g->pub.dma_log_reports++;
	}
	if (p && p->stop.active)
		path_spend(m, &p->stop, OWNER_CONTAINER, part, ev->t_ns, end_ns);
	return side_call(m, NULL, NULL, ev, NULL);
}

bool stop_begins_with(const struct dev *d, uint32_t from, uint32_t to)
{
	if (protocol_runs_freely(to) || !mig_state_is_running(from))
		return false;
	return protocol_runs_freely(from) || !d->window.active;
}
