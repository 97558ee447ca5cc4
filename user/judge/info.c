// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - rules about what the driver estimates: GET_PRECOPY_INFO and
 * MIG_DATA_SIZE
 */
#include <errno.h>

#include "judge/internal.h"

#define ULL(x)	((unsigned long long)(x))

/* An answer that counts: given, and in the running session of a save stream. */
static bool is_answer(const struct look *l)
{
	return l->ev->ret >= 0 && l->st && !l->st->over && l->settled &&
	       mig_state_is_precopy(l->dev->state);
}

/* The first of its session, which was seen from its birth; nothing was read. */
static bool is_first(const struct look *l)
{
	const struct jstream *s = l->st;

	return is_answer(l) && s->defined && !s->tainted && !s->n_infos && !s->moved &&
	       (s->hooked & STREAM_OP_READ);
}

static bool has_v2(const struct look *l)
{
	return l->ctx->device && l->ctx->device->precopy_info_v2;
}

static bool is_reinit(const struct look *l)
{
	return has_v2(l) && (l->ev->precopy_info.flags & PRECOPY_INFO_REINIT);
}

/* More than twice, and more than a MiB. */
static bool is_far_above(uint64_t truth, uint64_t estimate)
{
	return truth > estimate && truth - estimate > MIB && truth / 2 > estimate;
}

void rule_initial_bytes_zero(struct look *l)
{
	if (is_first(l) && !l->ev->precopy_info.initial_bytes)
		suspect_unread(l, RULE_INITIAL_BYTES_ZERO,
			       "the first info of the session, before anything was read, "
			       "has initial_bytes 0");
}

void rule_dirty_bytes_at_start(struct look *l)
{
	if (is_first(l) && l->ev->precopy_info.dirty_bytes)
		suspect_unread(l, RULE_DIRTY_BYTES_AT_START,
			       "the first info of the session, before anything was read, "
			       "has dirty_bytes %llu", ULL(l->ev->precopy_info.dirty_bytes));
}

void rule_initial_bytes_grew(struct look *l)
{
	const struct jstream *s = l->st;

	if (is_answer(l) && s->n_infos && l->ev->t_ns >= s->info.end_ns &&
	    l->ev->precopy_info.initial_bytes > s->info.initial && !is_reinit(l))
		suspect(l, RULE_INITIAL_BYTES_GREW,
			"initial_bytes rose from %llu to %llu without REINIT",
			ULL(s->info.initial), ULL(l->ev->precopy_info.initial_bytes));
}

void rule_initial_bytes_stuck(struct look *l)
{
	const struct jstream *s = l->st;

	/* Reads in flight meanwhile can only have moved more. */
	if (is_answer(l) && s->n_infos && s->info.initial && !is_reinit(l) &&
	    l->ev->t_ns >= s->info.end_ns && s->moved_end_ns <= l->ev->t_ns &&
	    l->ev->precopy_info.initial_bytes == s->info.initial &&
	    s->between >= s->info.initial)
		suspect(l, RULE_INITIAL_BYTES_STUCK,
			"initial_bytes stayed %llu although %llu bytes were read between two infos",
			ULL(s->info.initial), ULL(s->between));
}

void rule_reinit_dirty_kept(struct look *l)
{
	if (is_answer(l) && is_reinit(l) && l->ev->precopy_info.dirty_bytes)
		suspect(l, RULE_REINIT_DIRTY_KEPT,
			"REINIT announces new initial data, yet dirty_bytes is %llu and not 0",
			ULL(l->ev->precopy_info.dirty_bytes));
}

void rule_unknown_info_flags(struct look *l)
{
	uint32_t odd = l->ev->precopy_info.flags & ~PRECOPY_INFO_REINIT;

	if (is_answer(l) && has_v2(l) && odd)
		suspect(l, RULE_UNKNOWN_INFO_FLAGS,
			"the info's flags have bits that mean nothing: %#x", odd);
}

void rule_info_outside_precopy(struct look *l)
{
	if (l->settled && l->st && l->ev->ret >= 0 && !mig_state_is_precopy(l->dev->state))
		suspect(l, RULE_INFO_OUTSIDE_PRECOPY,
			"GET_PRECOPY_INFO succeeded in %s; it must give EINVAL there",
			mig_state_name(l->dev->state));
}

void rule_info_missing(struct look *l)
{
	const struct model_device *d = l->ctx->device;
	const struct event *ev = l->ev;

	if (!d || !d->has_flags || !(d->migration_flags & MIG_FLAG_PRE_COPY) || !l->dev)
		return;
	if (ev->kind == EV_STREAM_OPEN) {
		/* The birth may be told before its arc: the thread's call knows both. */
		if (ev->stream_open.direction == DIR_SAVE && ev->stream_open.ops &&
		    !(ev->stream_open.ops & STREAM_OP_IOCTL) &&
		    mig_state_is_precopy(l->dev->state))
			find(l, RULE_INFO_MISSING,
			     "the device claims PRE_COPY, and the file of its data FD has no ioctl "
			     "at all: GET_PRECOPY_INFO cannot work");
		return;
	}
	if (l->settled && l->st && !l->st->over && ev->ret == -ENOTTY &&
	    mig_state_is_precopy(l->dev->state) &&
	    (!l->st->defined || l->st->direction == DIR_SAVE))
		suspect(l, RULE_INFO_MISSING,
			"the device claims PRE_COPY, and GET_PRECOPY_INFO gave ENOTTY in %s",
			mig_state_name(l->dev->state));
}

void rule_data_size_absurd(struct look *l)
{
	uint64_t size = l->ev->data_size.stop_copy_length;

	if (l->ev->ret >= 0 && size >> 63)
		find(l, RULE_DATA_SIZE_ABSURD,
		     "MIG_DATA_SIZE says %llu bytes: as a signed number that is %lld, %s",
		     ULL(size), (long long)size,
		     (int64_t)size > -4096 ? "a negative errno" : "no size of anything");
}

/* A source that was read to its end, without a hole: the truth is known. */
static bool knows_truth(const struct look *l)
{
	const struct session *g = l->g;

	return g->direction == DIR_SAVE && g->eof && !g->holes && !g->joined_late &&
	       !g->bytes_unplaced && !g->enomsg_stop_copy;
}

void rule_data_size_off(struct look *l)
{
	const struct session *g = l->g;
	uint64_t low, high = g->estimate, truth = g->bytes_stop_copy;

	if (!knows_truth(l) || g->estimate == MODEL_NONE || !g->estimate_is_data_size ||
	    !l->mig->enter_stop_copy_ns)
		return;
	/* Asked for only before pre-copy moved most of it: it misled nobody. */
	if (g->bytes_precopy && !l->mig->size_in_session)
		return;
	if (high >> 63)		/* told already */
		return;
	/* What was read since may or may not have been part of it. */
	low = high > l->mig->switch_since_size ? high - l->mig->switch_since_size : 0;
	if (is_far_above(truth, high) || is_far_above(low, truth))
		find(l, RULE_DATA_SIZE_OFF,
		     "MIG_DATA_SIZE said %llu bytes before the switch, STOP_COPY gave %llu",
		     ULL(high), ULL(truth));
}

void rule_estimate_off(struct look *l)
{
	const struct session *g = l->g;

	if (knows_truth(l) && l->mig->switch_estimate != MODEL_NONE &&
	    is_far_above(g->bytes_stop_copy, l->mig->switch_estimate))
		find(l, RULE_ESTIMATE_OFF,
		     "initial + dirty bytes were %llu at the switch, STOP_COPY gave %llu",
		     ULL(l->mig->switch_estimate), ULL(g->bytes_stop_copy));
}

void rule_precopy_as_probe(struct look *l)
{
	const struct session *g = l->g;

	if (knows_truth(l) && g->precopy_infos && g->initial_zero_ns != MODEL_NONE &&
	    !g->dirty_max && g->bytes_total >= MIB && g->bytes_precopy < g->bytes_total / 20)
		find(l, RULE_PRECOPY_AS_PROBE,
		     "pre-copy moved %llu of %llu bytes, reported nothing dirty and was done: "
		     "the state itself all came in STOP_COPY", ULL(g->bytes_precopy),
		     ULL(g->bytes_total));
}
