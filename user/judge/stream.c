// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - rules about the data FD: read(), its ends, poll()
 */
#include <errno.h>

#include "judge/internal.h"

#define EPOLLIN_ANY	(0x1 | 0x40)	/* EPOLLIN, EPOLLRDNORM */
#define EPOLLERR_ANY	(0x8 | 0x10 | 0x2000)	/* EPOLLERR, EPOLLHUP, EPOLLRDHUP */

static bool is_session_read(const struct look *l)
{
	return l->settled && l->st && !l->st->over && l->ev->io.size &&
	       (!l->st->defined || l->st->direction == DIR_SAVE);
}

void rule_enomsg_in_stop_copy(struct look *l)
{
	if (is_session_read(l) && l->dev->state == MIG_STOP_COPY && l->ev->ret == -ENOMSG)
		suspect(l, RULE_ENOMSG_IN_STOP_COPY,
			"read() gave ENOMSG in STOP_COPY: \"nothing now\" where only data or 0, "
			"the end, may come");
}

void rule_eof_in_precopy(struct look *l)
{
	if (is_session_read(l) && mig_state_is_precopy(l->dev->state) && l->ev->ret == 0)
		suspect(l, RULE_EOF_IN_PRECOPY,
			"read() gave 0, the permanent end of the stream, in %s; "
			"the temporary end is ENOMSG", mig_state_name(l->dev->state));
}

void rule_premature_enomsg(struct look *l)
{
	const struct jstream *s = l->st;
	unsigned long long announced;

	if (!is_session_read(l) || !mig_state_is_precopy(l->dev->state) ||
	    l->ev->ret != -ENOMSG || !s->n_infos || s->empty_since ||
	    l->ev->t_ns < s->info.end_ns)
		return;
	announced = s->info.initial + s->info.dirty;
	if (announced <= s->since)
		return;
	if (!s->since)
		suspect_as(l, RULE_PREMATURE_ENOMSG, SEV_WARNING, true,
			   "the last info announced %llu bytes, nothing was read since, "
			   "and read() gave ENOMSG", announced);
	else
		suspect_as(l, RULE_PREMATURE_ENOMSG, SEV_ADVICE, true,
			   "the last info announced %llu bytes, but read() gave ENOMSG after %llu",
			   announced, (unsigned long long)s->since);
}

void rule_data_after_eof(struct look *l)
{
	const struct jstream *s = l->st;

	if (is_session_read(l) && l->dev->state == MIG_STOP_COPY && l->ev->ret > 0 &&
	    s->eof_ns && l->ev->t_ns >= s->eof_ns)
		suspect(l, RULE_DATA_AFTER_EOF,
			"read() gave %lld bytes after it had given 0 in STOP_COPY, which is the end",
			(long long)l->ev->ret);
}

void rule_poll_idle_at_eof(struct look *l)
{
	const struct jstream *s = l->st;

	if (l->settled && s && !s->over && l->dev->state == MIG_STOP_COPY && s->eof_ns &&
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

	if (!s || s->over)
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

	if (s && s->over && l->ev->ret > 0 && l->ev->t_ns >= s->over_ns)
		suspect(l, RULE_STALE_STREAM_ALIVE,
			"%s() moved %lld bytes on a data FD %s",
			l->ev->kind == EV_READ ? "read" : "write", (long long)l->ev->ret,
			s->by_reset ? "after the device was reset" : "whose session was over");
}
