// SPDX-License-Identifier: GPL-2.0-only
/*
 * failure.c - why a side failed: calls that failed and that nothing made good, the
 * end of its process, a device that was closed or reset in mid-session
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

void failure_init(struct failure *f, const struct event *ev)
{
	memset(f, 0, sizeof(*f));
	f->kind = ev->kind;
	f->host = ev->host;
	f->pid = ev->pid;
	f->tid = ev->tid;
	f->device = ev->device;
	f->stream = ev->stream;
	f->ret = ev->ret;
	f->target = ev->kind == EV_SET_STATE ? ev->set_state.target : EVENT_TARGET_NONE;
	f->from = f->to = MIG_UNKNOWN;
	f->size = event_traits(ev->kind) & EVT_IO ? ev->io.size : 0;
	f->t_ns = ev->t_ns;
	f->end_ns = event_end_ns(ev);
	f->seq = ev->seq;
	memcpy(f->comm, ev->comm, sizeof(f->comm));
	if (ev->kind == EV_PROCESS_EXIT) {
		f->code = ev->process_exit.code;
		f->signal = ev->process_exit.signal;
	}
}

static bool is_about(const struct failure *f, const struct event *ev)
{
	return f->kind == ev->kind && f->device == ev->device &&
	       (ev->kind != EV_SET_STATE || f->target == ev->set_state.target);
}

void failure_forget(struct sid *s, uint32_t i)
{
	memmove(&s->failures[i], &s->failures[i + 1],
		(s->n_failures - i - 1) * sizeof(s->failures[0]));
	s->n_failures--;
}

/* A later call of that kind succeeded: what failed before did not matter. */
void failure_made_good(struct sid *s, const struct event *ev)
{
	uint32_t i = 0;

	/* After a write() that failed the stream has a gap, whatever comes. */
	if (ev->kind == EV_WRITE)
		return;
	while (i < s->n_failures) {
		if (is_about(&s->failures[i], ev))
			failure_forget(s, i);
		else
			i++;
	}
}

void failure_note(struct model *m, struct sid *s, const struct sess *g, const struct event *ev,
		  const struct model_call *call)
{
	struct failure *f;
	uint32_t i;

	for (i = 0; i < s->n_failures; i++)
		if (is_about(&s->failures[i], ev))
			return; /* the first one counts */
	if (s->n_failures == SIDE_FAILURES)
		return;
	f = &s->failures[s->n_failures++];
	failure_init(f, ev);
	if (g) {
		f->session = g->pub.id;
		f->stream = g->pub.stream;
		f->bytes = g->pub.bytes_total;
	}
	if (call && call->n_arcs && call->ret < 0) {
		f->from = call->from;
		f->to = call->to;
	}
	m->join_dirty = true;
}

/* The first in causal order: that which was known first. */
void failure_take_cause(struct sid *s)
{
	const struct failure *first = NULL, *f;
	uint32_t i;

	for (i = 0; i < s->n_failures; i++) {
		f = &s->failures[i];
		if (!first || f->end_ns < first->end_ns)
			first = f;
	}
	/* The process's end, which its devices' closes follow from, else the first close. */
	f = NULL;
	if (s->pub.exit.kind && (s->n_phase[PHASE_ASKED] || s->closed.kind ||
				 (s->pub.direction == DIR_RESUME && s->n_phase[PHASE_GONE]) ||
				 (!s->pub.n_devices && !s->pub.dma_log_refused)))
		f = &s->pub.exit;
	else if (s->pub.direction == DIR_SAVE && s->closed.kind)
		f = &s->closed;
	if (f && (!first || f->end_ns < first->end_ns))
		first = f;
	if (first)
		s->pub.cause = *first;
	else
		memset(&s->pub.cause, 0, sizeof(s->pub.cause));
}

bool failure_is_cause(const struct event *ev, const struct sess *g)
{
	if (!event_failed(ev) || !(event_traits(ev->kind) & EVT_CAUSE) || ev->kind == EV_RESET)
		return false;
	/* A data FD whose session is over is dead: that it says so is nothing new. */
	return !(event_traits(ev->kind) & EVT_IO) || (g && !g->pub.session_over);
}
