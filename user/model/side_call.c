// SPDX-License-Identifier: GPL-2.0-only
/*
 * side_call.c - what a side's process does: its calls, its dirty logging, resets of
 * its devices, its end
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

/* A VMM that failed closes its devices, then ends. */
#define EXIT_AFTER_NS 10000000000ULL

static void dirty_log(struct model *m, struct proc *p, struct dev *d, const struct event *ev)
{
	struct sid *s = side_of(m, p->side[DIR_SAVE]);
	bool live = s && !s->pub.ended;

	if (live && ev->ret >= 0)
		s->pub.dirty_log_seen = true;
	switch (ev->kind) {
	case EV_DMA_LOG_START:
		if (ev->ret < 0)
			return;
		if (!proc_logs(p)) {
			p->log_since_ns = ev->t_ns;
			if (live)
				s->pub.log_is_own = true;
		}
		if (!d)
			p->container_logs = true;
		else if (!d->logging)
			p->n_logging++;
		if (d)
			d->logging = true;
		if (live)
			s->pub.dma_log_starts++;
		return;
	case EV_DMA_LOG_STOP:
		if (live)
			s->pub.dma_log_stops++;
		if (!d)
			p->container_logs = false;
		else if (d->logging)
			p->n_logging--;
		if (d)
			d->logging = false;
		if (!proc_logs(p))
			p->log_since_ns = MODEL_NONE;
		if (live)
			side_check_end(m, s, event_end_ns(ev));
		return;
	default:
		if (live)
			s->pub.dma_log_reports++;
	}
}

/* The side under way of a call that is no sign of one and belongs to no session. */
static struct sid *side_at(struct model *m, const struct proc *p)
{
	struct sid *s = NULL;
	uint32_t dir;

	for (dir = DIR_SAVE; !s && dir <= DIR_RESUME; dir++) {
		s = side_of(m, p->side[dir]);
		if (s && s->pub.ended)
			s = NULL;
	}
	return s;
}

/* What is no call of a data FD may be the sign of a side, or about its dirty logging. */
static int query(struct model *m, struct proc *p, struct dev *d, const struct event *ev)
{
	struct sid *s;

	if (ev->kind == EV_DATA_SIZE || (ev->kind == EV_DMA_LOG_START && event_failed(ev))) {
		s = side_sign(m, ev, d, DIR_SAVE, ev->t_ns, false);
		if (!s)
			return -ENOMEM;
		if (ev->kind == EV_DMA_LOG_START) {
			s->pub.dma_log_refused++;
		} else {
			s->pub.data_sizes++;
			s->pub.sizes_failed += event_failed(ev);
			if (d && !d->sized_in && d->in_side[DIR_SAVE] != s->pub.id) {
				d->sized_in = s->pub.id;
				s->n_sized++;
			}
		}
	}
	if (ev->kind == EV_DMA_LOG_START || ev->kind == EV_DMA_LOG_STOP ||
	    ev->kind == EV_DMA_LOG_REPORT)
		dirty_log(m, p, d, ev);
	return 0;
}

/* A call that failed, or only was interrupted. */
static void call_failed(struct model *m, struct sid *s, const struct sess *g,
			const struct event *ev, const struct model_call *call)
{
	if (failure_is_cause(ev, g)) {
		failure_note(m, s, g, ev, call);
		side_check_end(m, s, event_end_ns(ev));
	} else if (event_failed(ev)) {
		s->pub.failures_beside++;
	} else if (!event_is_interrupted(ev) && s->n_failures) {
		failure_made_good(s, ev);
	}
}

int side_call(struct model *m, struct dev *d, struct sess *g, const struct event *ev,
	      const struct model_call *call)
{
	uint32_t traits = event_traits(ev->kind);
	struct sid *s = g ? side_of(m, g->pub.side) : NULL;
	uint64_t end_ns;
	struct proc *p;
	int err = 0;

	/* A session's call of its data FD: its process is known, and nothing to ask it. */
	if (!s || !(traits & EVT_STREAM) || !ev->pid) {
		p = proc_of_event(m, d, ev, &err);
		if (!p)
			return err;
		/* What is no call has no part in it but by what it moves. */
		if (!(traits & EVT_CALL))
			return 0;
		err = query(m, p, d, ev);
		if (err)
			return err;
		s = s ?: side_at(m, p);
		if (!s)
			return 0;
	} else if (!(traits & EVT_CALL)) {
		return 0;
	}
	if (!s->pub.ended) {
		s->pub.last_seq = ev->seq;
		end_ns = event_end_ns(ev);
		if (end_ns > s->pub.end_ns)
			s->pub.end_ns = end_ns;
		if ((traits & EVT_IO) && ev->ret > 0 && g)
			s->pub.bytes_total += (uint64_t)ev->ret;
	}
	if (ev->kind == EV_ARC)
		return 0;
	if (ev->ret < 0)
		call_failed(m, s, g, ev, call);
	else if (s->n_failures)
		failure_made_good(s, ev);
	return 0;
}

void side_reset(struct model *m, struct dev *d, struct sess *g, const struct event *ev)
{
	struct sid *s;
	struct sidedev *sd = side_of_dev(m, d, side_direction_of(m, d), &s);
	struct failure *f = s && s->n_failures ? &s->failures[s->n_failures - 1] : NULL;

	if (!sd)
		return;
	/* The user's call is told after what it did to the device. */
	if (f && ev->kind == EV_RESET && f->kind == EV_DEVICE_RESET && f->device == d->pub.number &&
	    f->t_ns >= ev->t_ns && f->t_ns <= event_end_ns(ev)) {
		m->join_dirty = true;
		/* In RESUMING it is the VMM's way out. */
		if (s->pub.direction == DIR_RESUME) {
			failure_forget(s, s->n_failures - 1);
			return;
		}
		f->kind = EV_RESET;
		f->t_ns = ev->t_ns;
		f->seq = ev->seq;
		return;
	}
	if (!g || g->pub.session_over)
		return;
	s->pub.resets++;
	/* In RESUMING the VMM's is the way out; no guest is there to ask for one. */
	if (!g->pub.holes && (g->pub.direction == DIR_SAVE ||
			      (ev->kind == EV_DEVICE_RESET && ev->device_reset.by == EV_NONE)))
		failure_note(m, s, g, ev, NULL);
	s->unsure |= g->pub.holes != 0;
}

void side_was_reset(struct model *m, struct dev *d, uint64_t t_ns)
{
	struct sid *s;
	struct sidedev *sd = side_of_dev(m, d, side_direction_of(m, d), &s);

	if (!sd || s->pub.ended)
		return;
	if (sd->phase == PHASE_ASKED || sd->phase == PHASE_DONE)
		side_set_phase(s, sd, PHASE_BACK);
	side_check_end(m, s, t_ns);
}

void side_dropped(struct model *m, struct dev *d, const struct sess *g, uint64_t t_ns)
{
	struct sid *s;
	struct sidedev *sd = side_of_dev(m, d, g->pub.direction, &s);

	if (!sd || s->pub.ended || sd->phase != PHASE_ASKED)
		return;
	s->unsure = true;
	side_set_phase(s, sd, PHASE_BACK);
	side_check_end(m, s, t_ns);
}

void side_attempted(struct model *m, struct dev *d, uint64_t t_ns)
{
	struct sid *s;
	struct sidedev *sd = side_of_dev(m, d, side_direction_of(m, d), &s);

	if (!sd)
		return;
	/* It is where it was; one that was stopped is waited for. */
	if (d->pub.likely == MIG_RUNNING || d->pub.likely == MIG_UNKNOWN || s->pub.paused_before)
		side_set_phase(s, sd, PHASE_BACK);
	side_check_end(m, s, t_ns);
}

uint32_t side_at_event(const struct model *m, const struct event *ev)
{
	const struct proc *p = proc_at(m, proc_index(m, ev->host, ev->pid));
	const struct sid *s;
	uint32_t dir;

	for (dir = DIR_SAVE; p && dir <= DIR_RESUME; dir++) {
		s = side_of(m, p->side[dir]);
		if (s && (!s->pub.ended || s->pub.end_ns == event_end_ns(ev)))
			return s->pub.id;
	}
	return 0;
}

void side_exit(struct model *m, const struct event *ev)
{
	struct proc *p = proc_at(m, proc_index(m, ev->host, ev->pid));
	uint32_t dir;

	for (dir = DIR_SAVE; p && dir <= DIR_RESUME; dir++) {
		struct sid *s = side_of(m, p->side[dir]);

		if (!s || s->pub.exit.kind ||
		    (s->pub.ended &&
		     (!s->n_phase[PHASE_GONE] || sat_sub(ev->t_ns, s->pub.end_ns) > EXIT_AFTER_NS)))
			continue;
		failure_init(&s->pub.exit, ev);
		s->pub.exit.session = s->pub.last_session;
		m->join_dirty = true;
		if (!s->pub.n_devices)
			side_end(m, s, ev->t_ns);
	}
	flight_exited(m, ev->host, ev->pid);
}
