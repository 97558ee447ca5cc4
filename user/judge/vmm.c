// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm.c - rules about what the user space side does
 */
#include <errno.h>
#include <string.h>

#include "judge/internal.h"
#include "util/units.h"

/* So many empty reads at such a rate are a spin and no look now and then. */
#define SPIN_READS     100
#define SPIN_PERIOD_NS (5 * NS_PER_MS)
static struct finding undrained(const struct jdev *d)
{
	return (struct finding){
		.rule = RULE_STREAM_NOT_DRAINED,
		.severity = SEV_ERROR,
		.party = PARTY_VMM,
		.device = d->number,
		.stream = d->undrained.stream,
		.session = d->undrained.session,
		.t_ns = d->undrained.t_ns,
		.seq = d->undrained.seq,
	};
}

static void tell_undrained(struct judge *j, const struct jdev *d, enum severity sev,
			   const char *then)
{
	struct finding f = undrained(d);
	char a[UNITS_LEN];

	f.severity = sev;
	if (sev == SEV_INCONCLUSIVE)
		f.party = PARTY_ADMIN;
	find_at(j, &f, "STOP_COPY was left for STOP after %s, before read() gave 0%s",
		size_text(a, d->undrained.bytes), then);
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
		const struct model_stream *s;

		d = l->j->devs[i];
		if (!d->undrained.seq)
			continue;
		/* It may have been about to go back to RUNNING, which is a cancel. */
		s = model_stream(l->model, d->undrained.stream);
		if (!s || s->closed || model_last_ns(l->model) > d->undrained.end_ns + NS_PER_SEC)
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
	const struct jstream *s = l->dev ? stream_under_way(l) : NULL;
	char a[UNITS_LEN];

	if (!s || !s->n_infos || l->ev->ret < 0 || l->ev->arc.to != MIG_STOP_COPY ||
	    !mig_state_is_precopy(l->ev->arc.from))
		return;
	/* A VMM that subtracts what it read, as QEMU does, knows as much. */
	if (s->info.initial > s->since && !s->empty_since)
		find(l, RULE_LEFT_PRECOPY_EARLY,
		     "PRE_COPY was left for STOP_COPY with %s of initial bytes not yet read: the "
		     "switch may be slower, the data is still all there",
		     size_text(a, s->info.initial - s->since));
}

/* Is the read the one that makes a run of empty reads a spin? */
static bool is_spin(const struct look *l)
{
	const struct jstream *s = l->st;
	uint64_t n, span, begin;

	if (!l->settled || !s || l->ms->over || !l->ms->defined || !event_is_empty_read(l->ev) ||
	    !mig_state_is_precopy(l->state))
		return false;
	n = s->spin + event_calls(l->ev);
	begin = s->spin ? s->spin_t_ns : l->ev->t_ns;
	span = event_end_ns(l->ev) - begin;
	return n >= SPIN_READS && span / n <= SPIN_PERIOD_NS;
}

void rule_enomsg_spin(struct look *l)
{
	/* A poll that exists and is not seen may well have been made. */
	if (is_spin(l) && (l->ms->ops & l->ms->hooked & STREAM_OP_POLL))
		find(l, RULE_ENOMSG_SPIN,
		     "%llu empty reads without a poll or an info between them: the VMM burns a "
		     "CPU while it could wait in poll",
		     ULL(l->st->spin + event_calls(l->ev)));
}

void rule_poll_missing(struct look *l)
{
	if (is_spin(l) && !(l->ms->ops & STREAM_OP_POLL))
		find(l, RULE_POLL_MISSING,
		     "%llu empty reads in a row: the driver has no .poll, so there is nothing "
		     "that a VMM could wait in",
		     ULL(l->st->spin + event_calls(l->ev)));
}

void rule_reset_in_session(struct look *l)
{
	const struct session *g = model_session_peek(l->model, l->session);
	const struct jstream *s;

	if (!l->dev || l->ev->ret < 0 || l->dev->set_state_failed ||
	    !mig_state_is_saving(l->state) || !g || g->direction != DIR_SAVE || !g->stream)
		return;
	s = judge_stream(l->j, g->stream);
	/* The user's call is told after the reset that it made: that one told all. */
	if (!s || s->read_failed || l->ctx->session_over != g->id)
		return;
	find(l, RULE_RESET_IN_SESSION,
	     "the device was reset in %s while its stream was being saved: the session is over "
	     "and the device runs",
	     mig_state_name(l->state));
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
			.t_ns = s->orphan_ns,
			.seq = s->orphan_seq,
		};
	} else if (l->ms->over && now > l->ms->over_ns + LATER_NS &&
		   (l->ms->hooked & STREAM_OP_RELEASE)) {
		f = (struct finding){ .t_ns = l->ms->over_ns };
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
			ULL((now - l->ms->over_ns) / NS_PER_SEC));
}

/* A sibling of the device that still does peer-to-peer DMA, and whether one saves. */
static uint32_t running_sibling(const struct look *l, bool *saves)
{
	const struct model_device *me = l->ctx->device;
	uint32_t found = 0, i;

	*saves = mig_state_is_saving(l->ev->arc.from) || mig_state_is_saving(l->ev->arc.to);
	for (i = 0; i < l->j->n_devs; i++) {
		const struct model_device *d = model_device(l->model, l->j->devs[i]->number);

		/* Another recording's number of the same device, or that of its last driver, is none. */
		if (!d || d == me || (*d->name && !strcmp(d->name, me->name)) ||
		    d->pid != me->pid || d->host != me->host || !d->has_flags ||
		    !(d->migration_flags & MIG_FLAG_P2P) || d->state == MIG_UNKNOWN)
			continue;
		if (mig_state_is_saving(d->state))
			*saves = true;
		/* An arc into a P2P state that is still under way is none yet. */
		if (protocol_runs_freely(d->state) && d->settled_ns <= l->ev->t_ns &&
		    !device_in_flight(l->model, d->number))
			found = d->number;
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
	char name[DEVICE_TEXT_LEN];
	struct finding f;
	uint32_t sibling;
	bool saves;

	if (!d || !me || !me->has_flags || !(me->migration_flags & MIG_FLAG_P2P))
		return;
	if (stops_now(l->ev)) {
		sibling = running_sibling(l, &saves);
		if (!sibling)
			return;
		if (saves)
			find(l, RULE_P2P_SKIPPED,
			     "asked to stop while %s of the same process still runs "
			     "outside a P2P state: its DMA may hit a stopped device",
			     device_text(l->model, sibling, name));
		else if (!d->skipped_seq) {
			/* So far a mere pause; a save in this stop makes it one. */
			d->skipped_seq = l->ev->seq;
			d->skipped_ns = l->ev->t_ns;
			d->skipped_sibling = sibling;
		}
	} else if (l->ev->ret >= 0 && l->ev->arc.to == MIG_STOP_COPY && d->skipped_seq) {
		f = finding_of(RULE_P2P_SKIPPED, d->skipped_ns, d->skipped_seq);
		f.device = d->number;
		f.session = l->session;
		find_at(l->j, &f,
			"asked to stop while %s of the same process still ran "
			"outside a P2P state: its DMA may have hit a stopped device",
			device_text(l->model, d->skipped_sibling, name));
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

void rule_precopy_unused(struct look *l)
{
	const struct session *g = l->g;
	const struct model_device *d = model_device(l->model, g->device);
	const struct side *s = model_side_peek(l->model, g->side);
	char a[UNITS_LEN];

	/* A VM that was paused first had nothing to run on with. */
	if (g->direction != DIR_SAVE || !g->eof || g->joined_late || g->holes || g->bytes_precopy ||
	    g->precopy_infos || g->bytes_stop_copy < MIB || !d || !d->has_flags ||
	    !(d->migration_flags & MIG_FLAG_PRE_COPY) || (s && s->paused_before) ||
	    g->switch_ns == MODEL_NONE || mig_state_is_precopy(g->switch_from))
		return;
	/* The second session of a migration that was paused and went on is none of it. */
	if (s && s->first_session != g->id)
		return;
	find(l, RULE_PRECOPY_UNUSED,
	     "the device offers PRE_COPY, and its %s all moved in STOP_COPY: none was entered",
	     size_text(a, g->bytes_stop_copy));
}

/* ---- what the rules remember ---- */

/* STOP_COPY was left for STOP: was all read? */
static void remember_undrained(struct look *l)
{
	const struct session *g = model_session_peek(l->model, l->session);
	const struct jstream *s = g ? judge_stream(l->j, g->stream) : NULL;
	const struct model_stream *ms = g ? model_stream(l->model, g->stream) : NULL;
	const struct side *side = g ? model_side_peek(l->model, g->side) : NULL;
	struct jdev *d = l->dev;

	if (!s || !ms || s->tainted || s->lost || s->maybe_drained || s->read_failed ||
	    !(ms->hooked & STREAM_OP_READ) || (side && side->paused_before))
		return;
	d->undrained.t_ns = l->ev->t_ns;
	d->undrained.end_ns = l->end_ns;
	d->undrained.seq = l->ev->seq;
	d->undrained.bytes = s->moved;
	d->undrained.stream = s->number;
	d->undrained.session = l->session;
}

static void remember_move(struct look *l)
{
	uint32_t from = l->ctx->move.from, to = l->ctx->move.to;
	bool final = l->ctx->move.final;
	struct jdev *d = l->dev;

	if (protocol_is_fd_arc(from, to, NULL))
		d->set_state_failed = false;
	if (mig_state_is_precopy(from) && !mig_state_is_saving(to))
		d->thrown_away = final && to == MIG_RUNNING ? 0 : l->session;
	else if (mig_state_is_saving(to) || to == MIG_RESUMING || (to == MIG_RUNNING && final))
		d->thrown_away = 0;
	if (protocol_runs_freely(to))
		d->skipped_seq = 0;
	if (from == MIG_STOP_COPY && to == MIG_STOP && final)
		remember_undrained(l);
	else if (to != MIG_STOP)
		d->undrained.seq = 0;
}

/* The device was closed: who has not closed its data FD? */
static void remember_orphans(struct look *l)
{
	size_t i;

	for (i = 0; i < l->j->n_streams; i++) {
		struct jstream *s = l->j->streams[i];
		const struct model_stream *ms = model_stream(l->model, s->number);

		if (s->device != l->dev->number || !ms || s->closed || s->lost || s->orphan_seq)
			continue;
		s->orphan_ns = l->ev->t_ns;
		s->orphan_seq = l->ev->seq;
	}
}

static void forget_stop(struct jdev *d)
{
	d->thrown_away = 0;
	d->undrained.seq = 0;
	d->skipped_seq = 0;
}

void remember_vmm(struct look *l)
{
	const struct event *ev = l->ev;

	switch (ev->kind) {
	case EV_SET_STATE:
		l->dev->set_state_failed |= ev->ret < 0;
		if (l->ctx->move.any)
			remember_move(l);
		break;
	case EV_ARC:
		if (l->ctx->move.any)
			remember_move(l);
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		if (ev->ret >= 0)
			forget_stop(l->dev);
		break;
	case EV_DEVICE_CLOSE:
		if (l->ctx->device->open_count)
			break;
		remember_orphans(l);
		forget_stop(l->dev);
		break;
	default:
		break;
	}
}
