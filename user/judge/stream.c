// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - rules about the data FD: read(), its ends, poll()
 */
#include <errno.h>
#include <string.h>

#include "judge/internal.h"
#include "util/units.h"

/* include/uapi/linux/eventpoll.h */
#define EPOLLIN_ANY  (0x1 | 0x40)	   /* EPOLLIN, EPOLLRDNORM */
#define EPOLLERR_ANY (0x8 | 0x10 | 0x2000) /* EPOLLERR, EPOLLHUP, EPOLLRDHUP */

static bool is_session_read(const struct look *l)
{
	return l->settled && l->st && !l->ms->over && l->ev->io.size &&
	       (!l->ms->defined || l->ms->direction == DIR_SAVE);
}

void rule_enomsg_in_stop_copy(struct look *l)
{
	if (is_session_read(l) && l->state == MIG_STOP_COPY && l->ev->ret == -ENOMSG)
		suspect(l, RULE_ENOMSG_IN_STOP_COPY,
			"read() gave ENOMSG in STOP_COPY: \"nothing now\" where only data or 0, "
			"the end, may come");
}

void rule_eof_in_precopy(struct look *l)
{
	if (is_session_read(l) && mig_state_is_precopy(l->state) && l->ev->ret == 0)
		suspect(l, RULE_EOF_IN_PRECOPY,
			"read() gave 0, the permanent end of the stream, in %s; "
			"the temporary end is ENOMSG",
			mig_state_name(l->state));
}

void rule_premature_enomsg(struct look *l)
{
	const struct jstream *s = l->st;
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t announced;

	if (!is_session_read(l) || !mig_state_is_precopy(l->state) || l->ev->ret != -ENOMSG ||
	    !s->n_infos || s->empty_since || l->ev->t_ns < s->info.end_ns)
		return;
	announced = s->info.initial + s->info.dirty;
	if (announced <= s->since)
		return;
	if (!s->since)
		suspect_as(l, RULE_PREMATURE_ENOMSG, SEV_WARNING, PARTY_DRIVER, true,
			   "the last info announced %s, nothing was read since, and read() gave "
			   "ENOMSG",
			   size_text(a, announced));
	else
		suspect_as(l, RULE_PREMATURE_ENOMSG, SEV_ADVICE, PARTY_DRIVER, true,
			   "the last info announced %s, but read() gave ENOMSG after %s",
			   size_text(a, announced), size_text(b, s->since));
}

void rule_data_after_eof(struct look *l)
{
	const struct jstream *s = l->st;
	char a[UNITS_LEN];

	if (is_session_read(l) && l->state == MIG_STOP_COPY && l->ev->ret > 0 && s->eof_ns &&
	    l->ev->t_ns >= s->eof_ns)
		suspect(l, RULE_DATA_AFTER_EOF,
			"read() gave %s after it had given 0 in STOP_COPY, which is the end",
			size_text(a, (uint64_t)l->ev->ret));
}

void rule_poll_idle_at_eof(struct look *l)
{
	const struct jstream *s = l->st;

	if (l->settled && s && !l->ms->over && l->state == MIG_STOP_COPY && s->eof_ns &&
	    l->ev->t_ns >= s->eof_ns && l->ev->ret >= 0 &&
	    !(l->ev->poll.mask & (EPOLLIN_ANY | EPOLLERR_ANY)))
		suspect(l, RULE_POLL_IDLE_AT_EOF,
			"poll said \"not readable\" at the end of the stream in STOP_COPY: "
			"a reader that waits there never learns of the end");
}

void rule_poll_never_wakes(struct look *l)
{
	const struct jstream *s = l->st;
	uint32_t i;

	if (!s || !s->n_waiters || l->ms->over)
		return;
	/* Any call of anybody shows how late it is; only sleepers are looked at. */
	for (i = 0; i < JWAITERS; i++) {
		const struct jwaiter *w = &s->waiters[i];

		if (w->tid && w->ready_ns && l->ev->t_ns >= w->ready_ns + NS_PER_SEC)
			find(l, RULE_POLL_NEVER_WAKES,
			     "a waiter in poll slept on for over a second although the stream "
			     "was readable: another call saw it, and no new info came between");
	}
}

void rule_stale_stream_alive(struct look *l)
{
	const struct jstream *s = l->st;
	char a[UNITS_LEN];

	if (s && l->ms->over && l->ev->ret > 0 && l->ev->t_ns >= l->ms->over_ns)
		suspect(l, RULE_STALE_STREAM_ALIVE, "%s() moved %s on a data FD %s",
			l->ev->kind == EV_READ ? "read" : "write",
			size_text(a, (uint64_t)l->ev->ret),
			l->ms->ended_by == SESSION_END_RESET ? "after the device was reset" :
							       "whose session was over");
}

/* Whose fault it is that a call failed so, as far as the errno tells. */
static uint32_t io_party(const struct event *ev)
{
	switch (ev->ret) {
	case -EFAULT: /* a bad buffer of the VMM's, or a driver's word for a bad stream */
	case -EBADF:
	case -EINVAL:
	case -ESPIPE:
	case -EPERM:
		return PARTY_UNKNOWN;
	case -ENOMEM: /* of a write(): so much was never asked for by the protocol */
		return ev->kind == EV_WRITE ? PARTY_UNKNOWN : PARTY_DRIVER;
	default:
		return PARTY_DRIVER;
	}
}

void rule_io_failed(struct look *l)
{
	char a[32], b[UNITS_LEN];

	if (!l->st || l->ms->over || !event_failed(l->ev) || !l->ev->io.size)
		return;
	/* Two at a time: that one of them is refused is the VMM's own doing. */
	if (l->st->last_io.tid && l->st->last_io.tid != l->ev->tid &&
	    l->ev->t_ns < l->st->last_io.end_ns && l->end_ns > l->st->last_io.t_ns)
		return;
	/* In a state that allows no such call it fails as it must. */
	if (l->state != MIG_UNKNOWN &&
	    (l->ev->kind == EV_READ ? !mig_state_is_saving(l->state) : l->state != MIG_RESUMING))
		return;
	suspect_as(l, RULE_IO_FAILED, SEV_ERROR, io_party(l->ev), false,
		   "%s() gave %s after %s, in a live session: no arc, reset or close explains it",
		   l->ev->kind == EV_READ ? "read" : "write", errno_text(l->ev->ret, a),
		   size_text(b, l->st->moved));
}

void rule_read_after_end(struct look *l)
{
	if (l->st && l->ms->over && l->st->dead && l->ev->t_ns >= l->ms->over_ns &&
	    l->ev->ret == -ENODEV)
		find(l, RULE_READ_AFTER_END,
		     "read() on a data FD whose session is over, after it had given ENODEV already");
}

/* ---- what the rules remember ---- */

static void waiter_wakes(struct jstream *s, uint32_t tid)
{
	uint32_t i;

	for (i = 0; s->n_waiters && i < JWAITERS; i++) {
		if (!s->waiters[i].tid || s->waiters[i].tid != tid)
			continue;
		s->waiters[i].tid = 0;
		s->n_waiters--;
	}
}

static void waiters_forget(struct jstream *s)
{
	memset(s->waiters, 0, sizeof(s->waiters));
	s->n_waiters = 0;
}

/* Somebody saw that the stream is readable: those who sleep should not. */
static void waiters_ready(struct jstream *s, uint32_t tid, uint64_t t_ns)
{
	uint32_t i;

	for (i = 0; s->n_waiters && i < JWAITERS; i++) {
		struct jwaiter *w = &s->waiters[i];

		if (w->tid && w->tid != tid && !w->ready_ns && t_ns >= w->since_ns)
			w->ready_ns = t_ns;
	}
}

static void remember_io(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;

	if (event_calls(ev) <= 1 && (l->end_ns >= s->last_io.end_ns ||
				     (ev->kind == EV_READ && s->last_io.tid == ev->tid))) {
		s->last_io.tid = ev->tid;
		s->last_io.t_ns = ev->t_ns;
		s->last_io.end_ns = l->end_ns;
		s->last_io.ret = ev->ret;
	}
	if (ev->ret <= 0)
		return;
	s->moved += (uint64_t)ev->ret;
	if (l->end_ns > s->moved_end_ns)
		s->moved_end_ns = l->end_ns;
}

/* The run of empty reads under way. */
static void remember_spin(struct look *l)
{
	struct jstream *s = l->st;

	if (!event_is_empty_read(l->ev) || !l->dev || !mig_state_is_precopy(l->ctx->state))
		return;
	if (!s->spin) {
		s->spin_t_ns = l->ev->t_ns;
		s->spin_seq = l->ev->seq;
	}
	s->spin += event_calls(l->ev);
}

static void remember_read(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;

	waiter_wakes(s, ev->tid);
	if (!ev->io.size)
		return;
	s->any_read = true;
	s->read_failed = event_failed(ev) ||
			 (ev->ret == -ENOMSG && !(l->dev && mig_state_is_precopy(l->ctx->state)));
	s->dead |= l->ms->over && ev->ret == -ENODEV;
	remember_io(l);
	if (ev->ret > 0) {
		pending_was_reading(l->j, ev);
		s->spin = 0;
		waiters_ready(s, ev->tid, ev->t_ns);
	} else if (ev->ret == 0) {
		if (!l->dev || l->ctx->state == MIG_STOP_COPY || l->ctx->state == MIG_UNKNOWN)
			s->maybe_drained = true;
		if (l->settled && l->state == MIG_STOP_COPY && !s->eof_ns && !l->ms->over)
			s->eof_ns = l->end_ns;
	}
	remember_spin(l);
}

static void remember_poll(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;
	uint32_t i;

	s->spin = 0;
	waiter_wakes(s, ev->tid);
	if (ev->poll.mask & EPOLLIN_ANY) {
		waiters_ready(s, ev->tid, ev->t_ns);
		return;
	}
	if (!ev->poll.waits || ev->poll.mask || ev->ret < 0)
		return;
	for (i = 0; i < JWAITERS; i++) {
		if (s->waiters[i].tid)
			continue;
		s->waiters[i].tid = ev->tid;
		s->n_waiters += ev->tid != 0;
		s->waiters[i].since_ns = l->end_ns;
		s->waiters[i].ready_ns = 0;
		return;
	}
}

void remember_stream(struct look *l)
{
	struct jstream *s = l->st;

	switch (l->ev->kind) {
	case EV_STREAM_OPEN:
		s->device = l->ev->device;
		s->tainted = l->ev->stream_open.adopted || s->any_read || s->n_infos;
		s->maybe_drained |= s->tainted;
		break;
	case EV_READ:
		remember_read(l);
		break;
	case EV_WRITE:
		remember_io(l);
		break;
	case EV_POLL:
		remember_poll(l);
		break;
	case EV_PRECOPY_INFO:
		if (l->ev->ret < 0)
			break;
		s->spin = 0;
		waiters_forget(s);
		break;
	case EV_STREAM_CLOSE:
		/*
		 * Of one of several numbers, or of a child's copy, it is not the
		 * last.  What the driver took of one that was found nobody knows.
		 */
		if (!l->ms || l->ms->adopted ||
		    l->ev->stream_close.refs <= l->ev->stream_close.driver_refs)
			s->closed = true;
		break;
	case EV_STREAM_RELEASE:
		s->closed = true;
		break;
	default:
		break;
	}
}

void forget_stream(struct jstream *s)
{
	s->tainted = s->holed = true;
	s->n_infos = 0;
	s->n_samples = 0;
	s->since = s->between = 0;
	s->spin = 0;
	s->eof_ns = 0;
	s->maybe_drained = true;
	waiters_forget(s);
	memset(&s->last_io, 0, sizeof(s->last_io));
}
