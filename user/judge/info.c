// SPDX-License-Identifier: GPL-2.0-only
/*
 * info.c - rules about what the driver estimates: GET_PRECOPY_INFO and
 * MIG_DATA_SIZE
 */
#include <errno.h>
#include <string.h>

#include "judge/internal.h"
#include "util/units.h"

/* An answer that counts: given, and in the running session of a save stream. */
static bool is_answer(const struct look *l)
{
	return l->ev->ret >= 0 && l->st && !l->ms->over && l->settled &&
	       mig_state_is_precopy(l->state);
}

/* The first of its session, which was seen from its birth; nothing was read. */
static bool is_first(const struct look *l)
{
	const struct jstream *s = l->st;

	return is_answer(l) && l->ms->defined && !s->tainted && !s->n_infos && !s->moved &&
	       (l->ms->hooked & STREAM_OP_READ);
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
	char a[UNITS_LEN];

	if (is_first(l) && l->ev->precopy_info.dirty_bytes)
		suspect_unread(l, RULE_DIRTY_BYTES_AT_START,
			       "the first info of the session, before anything was read, "
			       "has dirty_bytes %s",
			       size_text(a, l->ev->precopy_info.dirty_bytes));
}

void rule_initial_bytes_grew(struct look *l)
{
	const struct jstream *s = l->st;
	char a[UNITS_LEN], b[UNITS_LEN];

	if (is_answer(l) && s->n_infos && l->ev->t_ns >= s->info.end_ns &&
	    l->ev->precopy_info.initial_bytes > s->info.initial && !is_reinit(l))
		suspect(l, RULE_INITIAL_BYTES_GREW,
			"initial_bytes rose by %s, to %s, without REINIT",
			size_text(a, l->ev->precopy_info.initial_bytes - s->info.initial),
			size_text(b, l->ev->precopy_info.initial_bytes));
}

void rule_initial_bytes_stuck(struct look *l)
{
	const struct jstream *s = l->st;
	char a[UNITS_LEN], b[UNITS_LEN];

	/* Reads in flight meanwhile can only have moved more. */
	if (is_answer(l) && s->n_infos && s->info.initial && !is_reinit(l) &&
	    l->ev->t_ns >= s->info.end_ns && s->moved_end_ns <= l->ev->t_ns &&
	    l->ev->precopy_info.initial_bytes == s->info.initial && s->between >= s->info.initial)
		suspect(l, RULE_INITIAL_BYTES_STUCK,
			"initial_bytes stayed %s although %s were read between two infos",
			size_text(a, s->info.initial), size_text(b, s->between));
}

void rule_reinit_dirty_kept(struct look *l)
{
	char a[UNITS_LEN];

	if (is_answer(l) && is_reinit(l) && l->ev->precopy_info.dirty_bytes)
		suspect(l, RULE_REINIT_DIRTY_KEPT,
			"REINIT announces new initial data, yet dirty_bytes is %s and not 0",
			size_text(a, l->ev->precopy_info.dirty_bytes));
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
	if (l->settled && l->st && l->ev->ret >= 0 && !mig_state_is_precopy(l->state))
		suspect(l, RULE_INFO_OUTSIDE_PRECOPY,
			"GET_PRECOPY_INFO succeeded in %s; it must give EINVAL there",
			mig_state_name(l->state));
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
		    !(ev->stream_open.ops & STREAM_OP_IOCTL) && mig_state_is_precopy(l->state))
			find(l, RULE_INFO_MISSING,
			     "the device claims PRE_COPY, and the file of its data FD has no ioctl "
			     "at all: GET_PRECOPY_INFO cannot work");
		return;
	}
	if (l->settled && l->st && !l->ms->over && ev->ret == -ENOTTY &&
	    mig_state_is_precopy(l->state) && (!l->ms->defined || l->ms->direction == DIR_SAVE))
		suspect(l, RULE_INFO_MISSING,
			"the device claims PRE_COPY, and GET_PRECOPY_INFO gave ENOTTY in %s",
			mig_state_name(l->state));
}

void rule_data_size_absurd(struct look *l)
{
	uint64_t size = l->ev->data_size.stop_copy_length;

	if (l->ev->ret >= 0 && size >> 63)
		find(l, RULE_DATA_SIZE_ABSURD,
		     "MIG_DATA_SIZE says %llu B: as a signed number that is %lld, %s", ULL(size),
		     (long long)size,
		     (int64_t)size > -4096 ? "a negative errno" : "no size of anything");
}

/* A source that was read to its end, without a hole: the truth is known. */
static bool knows_truth(const struct session *g)
{
	return g->direction == DIR_SAVE && g->eof && !g->holes && !g->joined_late &&
	       !g->bytes_unplaced && !g->enomsg_stop_copy;
}

void rule_data_size_off(struct look *l)
{
	const struct session *g = l->g;
	uint64_t high = g->at_switch.size_bytes, low, truth = g->bytes_stop_copy;
	char a[UNITS_LEN], b[UNITS_LEN];

	if (!knows_truth(g) || g->switch_ns == MODEL_NONE || high == MODEL_NONE)
		return;
	/* Asked for only before pre-copy moved most of it: it misled nobody. */
	if (g->bytes_precopy && !g->data_sizes)
		return;
	/* What was read since may or may not have been part of it. */
	low = left_by_size(&g->at_switch);
	if (is_far_above(truth, high) || is_far_above(low, truth))
		find(l, RULE_DATA_SIZE_OFF,
		     "MIG_DATA_SIZE said %s before the switch, STOP_COPY gave %s",
		     size_text(a, high), size_text(b, truth));
}

/* One tail is no lie: a driver that does so again and again misleads. */
#define MISLED_TIMES 3

static bool has_size(const struct session *g)
{
	return g->at_switch.size_bytes != MODEL_NONE && (g->data_sizes || !g->bytes_precopy);
}

static const char *driver_of(struct model *m, uint32_t session)
{
	const struct session *g = model_session_peek(m, session);
	const struct model_device *d = g ? model_device(m, g->device) : NULL;

	return d ? d->driver : "";
}

/* Did devices of the driver do so in several migrations? */
static bool is_habit(const struct look *l, uint32_t session)
{
	uint32_t last_side = 0, n = 0, id;

	/* Sessions of one side follow one another. */
	for (id = 1; id <= l->j->n_sess && n < MISLED_TIMES; id++) {
		const struct session *g = model_session_peek(l->model, id);

		if (!l->j->sess[id - 1].misled || g->side == last_side ||
		    strcmp(driver_of(l->model, session), driver_of(l->model, id)))
			continue;
		last_side = g->side;
		n++;
	}
	return n >= MISLED_TIMES;
}

/* At the end: of each driver, those that gave far more than the info said, without a size. */
static void tell_misled(struct look *l)
{
	uint32_t id;

	for (id = 1; id <= l->j->n_sess; id++) {
		const struct session *g = model_session_peek(l->model, id);
		char a[UNITS_LEN], b[UNITS_LEN];
		struct finding f;

		if (!l->j->sess[id - 1].misled)
			continue;
		if (!is_habit(l, id))
			continue;
		f = finding_of(RULE_ESTIMATE_OFF, g->end_ns, g->last_seq);
		f.device = g->device;
		f.stream = g->stream;
		f.session = id;
		find_at(l->j, &f,
			"initial + dirty bytes were %s at the switch, STOP_COPY gave %s, as in "
			"other migrations of this driver",
			size_text(a, l->j->sess[id - 1].misled_by),
			size_text(b, g->bytes_stop_copy));
	}
}

void rule_estimate_off(struct look *l)
{
	const struct session *g = l->g;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN];
	uint64_t info;

	if (!g) {
		tell_misled(l);
		return;
	}
	if (!knows_truth(g) || g->switch_ns == MODEL_NONE || !mig_state_is_precopy(g->switch_from))
		return;
	info = left_by_info(&g->at_switch);
	if (info == MODEL_NONE || !is_far_above(g->bytes_stop_copy, info))
		return;
	if (!has_size(g)) {
		l->sess->misled = true;
		l->sess->misled_by = info;
	} else if (is_far_above(g->bytes_stop_copy, g->at_switch.size_bytes)) {
		find(l, RULE_ESTIMATE_OFF,
		     "at the switch initial + dirty bytes were %s and MIG_DATA_SIZE said %s; "
		     "STOP_COPY gave %s",
		     size_text(a, info), size_text(b, g->at_switch.size_bytes),
		     size_text(c, g->bytes_stop_copy));
	}
}

void rule_precopy_as_probe(struct look *l)
{
	const struct session *g = l->g;
	char a[UNITS_LEN], b[UNITS_LEN];

	if (knows_truth(g) && g->precopy_infos && g->initial_zero_ns != MODEL_NONE &&
	    !g->dirty_max && g->bytes_total >= MIB && g->bytes_precopy < g->bytes_total / 20)
		find(l, RULE_PRECOPY_AS_PROBE,
		     "pre-copy moved %s of %s, reported nothing dirty and was done: the state itself "
		     "all came in STOP_COPY",
		     size_text(a, g->bytes_precopy), size_text(b, g->bytes_total));
}

/* ---- what the rules remember ---- */

static void remember_read(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;

	if (!ev->io.size)
		return;
	s->empty_since |= event_is_empty_read(ev);
	if (ev->ret <= 0)
		return;
	s->empty_since = false;
	s->since += (uint64_t)ev->ret;
	if (s->n_infos && ev->t_ns >= s->info.end_ns)
		s->between += (uint64_t)ev->ret;
}

void remember_info(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;

	if (ev->kind == EV_READ)
		remember_read(l);
	if (ev->kind != EV_PRECOPY_INFO || ev->ret < 0)
		return;
	s->info.t_ns = ev->t_ns;
	s->info.end_ns = l->end_ns;
	s->info.initial = ev->precopy_info.initial_bytes;
	s->info.dirty = ev->precopy_info.dirty_bytes;
	s->info.flags = ev->precopy_info.flags;
	/* A read that returned while this was under way: nobody knows which was first. */
	s->since = s->moved_end_ns > ev->t_ns ? 1 : 0;
	s->between = 0;
	s->empty_since = false;
	s->n_infos++;
}
