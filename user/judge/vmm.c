// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm.c - rules about what the user space side does
 */
#include <errno.h>

#include "judge/internal.h"

#define ULL(x)	((unsigned long long)(x))

/* So many empty reads at such a rate are a spin and no look now and then. */
#define SPIN_READS	100
#define SPIN_PERIOD_NS	(5 * NS_PER_MS)
/* Time in which a VMM may still be about to close a data FD, or to go on. */
#define LATER_NS	(10 * NS_PER_SEC)

static struct finding undrained(const struct jdev *d)
{
	return (struct finding){
		.rule = RULE_STREAM_NOT_DRAINED, .severity = SEV_ERROR, .party = PARTY_VMM,
		.device = d->number, .stream = d->undrained.stream,
		.session = d->undrained.session, .t_ns = d->undrained.t_ns,
		.seq = d->undrained.seq,
	};
}

static void tell_undrained(struct judge *j, const struct jdev *d, enum severity sev,
			   const char *then)
{
	struct finding f = undrained(d);

	f.severity = sev;
	if (sev == SEV_INCONCLUSIVE)
		f.party = PARTY_ADMIN;
	find_at(j, &f, "STOP_COPY was left for STOP after %llu bytes, before read() gave 0%s",
		ULL(d->undrained.bytes), then);
}

void rule_stream_not_drained(struct look *l)
{
	struct jdev *d = l->dev;
	uint32_t i;

	if (l->ev) {
		if (!d || !d->undrained.seq)
			return;
		if (l->ev->kind == EV_DEVICE_CLOSE) {
			const struct model_device *md = l->ctx->device;

			if (!md || !md->open_count)
				tell_undrained(l->j, d, SEV_ERROR, "; then the device was closed");
		} else if (l->ev->ret >= 0 && l->ev->arc.from == MIG_STOP &&
			   (l->ev->arc.to == MIG_STOP_COPY || l->ev->arc.to == MIG_RESUMING)) {
			tell_undrained(l->j, d, SEV_ERROR, "; then another session began");
		}
		return;
	}
	for (i = 0; i < l->j->n_devs; i++) {
		const struct jstream *s;

		d = l->j->devs[i];
		if (!d->undrained.seq)
			continue;
		/* It may have been about to go back to RUNNING, which is a cancel. */
		s = judge_stream(l->j, d->undrained.stream);
		if (!s || s->closed ||
		    model_last_ns(l->model) > d->undrained.end_ns + NS_PER_SEC)
			tell_undrained(l->j, d, SEV_ERROR, "");
		else
			tell_undrained(l->j, d, SEV_INCONCLUSIVE,
				       "; the evidence ends before it is known whether that "
				       "was a cancel");
	}
}

void rule_precopy_thrown_away(struct look *l)
{
	const struct jdev *d = l->dev;

	if (d && d->thrown_away && l->ev->ret >= 0 && l->ev->arc.from == MIG_STOP &&
	    l->ev->arc.to == MIG_STOP_COPY)
		find(l, RULE_PRECOPY_THROWN_AWAY,
		     "PRE_COPY was left through RUNNING for STOP, and STOP_COPY began a new "
		     "session: all that pre-copy had moved is moved again");
}

void rule_left_precopy_early(struct look *l)
{
	const struct jstream *s = l->dev ? judge_stream(l->j, l->dev->stream) : NULL;

	if (!s || !s->n_infos || l->ev->ret < 0 || l->ev->arc.to != MIG_STOP_COPY ||
	    !mig_state_is_precopy(l->ev->arc.from))
		return;
	/* A VMM that subtracts what it read, as QEMU does, knows as much. */
	if (s->info.initial > s->since && !s->empty_since)
		find(l, RULE_LEFT_PRECOPY_EARLY,
		     "PRE_COPY was left for STOP_COPY with %llu initial bytes not yet read: the "
		     "switch may be slower, the data is still all there",
		     ULL(s->info.initial - s->since));
}

/* Is the read the one that makes a run of empty reads a spin? */
static bool is_spin(const struct look *l)
{
	const struct jstream *s = l->st;
	uint64_t n, span, begin;

	if (!l->settled || !s || s->over || !s->defined || !event_is_empty_read(l->ev) ||
	    !mig_state_is_precopy(l->dev->state))
		return false;
	n = s->spin + event_calls(l->ev);
	begin = s->spin ? s->spin_t_ns : l->ev->t_ns;
	span = event_end_ns(l->ev) - begin;
	return n >= SPIN_READS && span / n <= SPIN_PERIOD_NS;
}

void rule_enomsg_spin(struct look *l)
{
	/* A poll that exists and is not seen may well have been made. */
	if (is_spin(l) && (l->st->ops & l->st->hooked & STREAM_OP_POLL))
		find(l, RULE_ENOMSG_SPIN,
		     "%llu empty reads without a poll or an info between them: the VMM burns a "
		     "CPU while it could wait in poll",
		     ULL(l->st->spin + event_calls(l->ev)));
}

void rule_poll_missing(struct look *l)
{
	if (is_spin(l) && !(l->st->ops & STREAM_OP_POLL))
		find(l, RULE_POLL_MISSING,
		     "%llu empty reads in a row: the driver has no .poll, so there is nothing "
		     "that a VMM could wait in", ULL(l->st->spin + event_calls(l->ev)));
}

void rule_reset_in_session(struct look *l)
{
	const struct jdev *d = l->dev;
	const struct jstream *s;

	if (!d || l->ev->ret < 0 || d->set_state_failed || !mig_state_is_saving(d->state))
		return;
	s = judge_stream(l->j, d->stream);
	if (!s || s->over || s->read_failed)
		return;
	find(l, RULE_RESET_IN_SESSION,
	     "the device was reset in %s while its stream was being saved: the session is over "
	     "and the device runs", mig_state_name(d->state));
}

void rule_stream_left_open(struct look *l)
{
	const struct jstream *s = l->st;
	uint64_t now = l->ev ? l->ev->t_ns : model_last_ns(l->model);
	struct finding f;

	/* A lost close looks like none. */
	if (!s || s->lost || s->closed || s->holed)
		return;
	if (s->orphan_seq) {
		/*
		 * A process that exits flushes every file before the first is
		 * released: the close would have been seen by now.
		 */
		if (!l->j->saw_close)
			return;
		f = (struct finding){
			.t_ns = s->orphan_ns, .seq = s->orphan_seq,
		};
	} else if (s->over && now > s->over_ns + LATER_NS && (s->hooked & STREAM_OP_RELEASE)) {
		f = (struct finding){ .t_ns = s->over_ns };
	} else {
		return;
	}
	f.rule = RULE_STREAM_LEFT_OPEN;
	f.severity = SEV_WARNING;
	f.party = PARTY_VMM;
	f.device = s->device;
	f.stream = s->number;
	f.session = s->session;
	if (s->orphan_seq)
		find_at(l->j, &f, "the device was closed while the data FD was still open");
	else
		find_at(l->j, &f, "the data FD is still open %llu s after its session was over",
			ULL((now - s->over_ns) / NS_PER_SEC));
}

static bool runs_freely(uint32_t state)
{
	return state == MIG_RUNNING || state == MIG_PRE_COPY;
}

/* A sibling of @d that still does peer-to-peer DMA, and one that saves. */
static const struct jdev *running_sibling(const struct look *l, bool *saves)
{
	const struct model_device *me = l->ctx->device, *md;
	const struct jdev *found = NULL;
	uint32_t i;

	*saves = mig_state_is_saving(l->ev->arc.from) || mig_state_is_saving(l->ev->arc.to);
	for (i = 0; i < l->j->n_devs; i++) {
		const struct jdev *d = l->j->devs[i];

		md = model_device(l->model, d->number);
		if (d == l->dev || !md || md->pid != me->pid || !md->has_flags ||
		    !(md->migration_flags & MIG_FLAG_P2P) || d->state == MIG_UNKNOWN)
			continue;
		if (mig_state_is_saving(d->state))
			*saves = true;
		/* An arc into a P2P state that is still under way is none yet. */
		if (runs_freely(d->state) && d->settled_ns <= l->ev->t_ns && !d->flight_ns &&
		    md->state == d->state)
			found = d;
	}
	return found;
}

/* Leaves the states in which the device may master the bus. */
static bool stops_now(const struct event *ev)
{
	return ev->ret >= 0 && mig_state_is_running(ev->arc.from) &&
	       (ev->arc.to == MIG_STOP || ev->arc.to == MIG_STOP_COPY) &&
	       (ev->arc.target == MIG_STOP || ev->arc.target == MIG_STOP_COPY);
}

void rule_p2p_skipped(struct look *l)
{
	const struct model_device *me = l->ctx->device;
	struct jdev *d = l->dev;
	const struct jdev *sibling;
	struct finding f;
	bool saves;

	if (!d || !me || !me->has_flags || !(me->migration_flags & MIG_FLAG_P2P))
		return;
	if (stops_now(l->ev)) {
		sibling = running_sibling(l, &saves);
		if (!sibling)
			return;
		if (saves)
			find(l, RULE_P2P_SKIPPED,
			     "asked to stop while device %u of the same process still runs "
			     "outside a P2P state: its DMA may hit a stopped device",
			     sibling->number);
		else if (!d->skipped_seq) {
			/* So far a mere pause; a save in this stop makes it one. */
			d->skipped_seq = l->ev->seq;
			d->skipped_ns = l->ev->t_ns;
			d->skipped_sibling = sibling->number;
		}
	} else if (l->ev->ret >= 0 && l->ev->arc.to == MIG_STOP_COPY && d->skipped_seq) {
		f = (struct finding){
			.rule = RULE_P2P_SKIPPED, .severity = SEV_WARNING, .party = PARTY_VMM,
			.device = d->number, .session = l->session,
			.t_ns = d->skipped_ns, .seq = d->skipped_seq,
		};
		find_at(l->j, &f, "asked to stop while device %u of the same process still ran "
			"outside a P2P state: its DMA may have hit a stopped device",
			d->skipped_sibling);
	}
}

void rule_concurrent_io(struct look *l)
{
	const struct jstream *s = l->st;
	const struct event *ev = l->ev;

	if (!s || event_calls(ev) > 1 || !ev->io.size || !s->last_io.tid ||
	    s->last_io.tid == ev->tid)
		return;
	if (ev->t_ns < s->last_io.end_ns && l->end_ns > s->last_io.t_ns &&
	    (ev->ret > 0 || s->last_io.ret > 0) && ev->ret >= 0 && s->last_io.ret >= 0)
		find(l, RULE_CONCURRENT_IO,
		     "two threads were inside %s() of one stream at a time: its order is lost",
		     ev->kind == EV_READ ? "read" : "write");
}
