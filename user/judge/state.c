// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - rules about the state machine, its data FDs, and calls that do
 * not come back
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "judge/internal.h"

#define ULL(x)	((unsigned long long)(x))

static const char *name_of(uint32_t state, char buf[32])
{
	const char *name = mig_state_name(state);

	if (name)
		return name;
	snprintf(buf, sizeof(char[32]), "state %u", state);
	return buf;
}

static const char *err_of(int64_t ret, char buf[32])
{
	const char *name = ret < 0 && ret > -4096 ? errno_name((int)-ret) : NULL;

	if (name)
		return name;
	snprintf(buf, sizeof(char[32]), "error %lld", (long long)ret);
	return buf;
}

/* The arcs of this call were seen, all of them, and the last one came true. */
static bool arrived(const struct look *l)
{
	return l->call && l->call->n_arcs && l->call->ret >= 0 &&
	       l->call->t_ns >= l->ev->t_ns &&
	       (int64_t)l->call->to == l->ev->set_state.target;
}

/* A birth without a hook looks the same as no birth. */
static bool births_are_hooked(const struct look *l)
{
	const struct meta *m = l->evidence->meta;
	bool any = false;
	size_t i;

	if (l->j->saw_birth)
		return true;
	for (i = 0; m && i < m->n; i++) {
		if (strcmp(m->entries[i].key, "hook"))
			continue;
		any = true;
		if (strstr(m->entries[i].value, " set_state ") &&
		    strstr(m->entries[i].value, " ok"))
			return true;
	}
	return !any;
}

static void tell_missing_fds(struct look *l)
{
	uint32_t i;

	for (i = 0; i < l->j->n_devs; i++) {
		const struct jdev *d = l->j->devs[i];
		struct finding f = {
			.rule = RULE_FD_MISSING, .severity = SEV_ERROR, .party = PARTY_DRIVER,
			.device = d->number, .session = d->fd_missing.session,
			.t_ns = d->fd_missing.t_ns, .seq = d->fd_missing.seq,
		};
		char a[32], b[32];

		if (d->fd_missing.seq && births_are_hooked(l))
			find_at(l->j, &f, "the arc %s to %s succeeded and handed out no data FD",
				name_of(d->fd_missing.from, a), name_of(d->fd_missing.to, b));
	}
}

void rule_fd_missing(struct look *l)
{
	struct jdev *d = l->dev;

	if (!l->ev) {
		tell_missing_fds(l);
		return;
	}
	/* Born unseen, and found: it was there. */
	if (l->ev->kind == EV_STREAM_OPEN) {
		if (d && l->ev->stream_open.adopted)
			d->fd_missing.seq = 0;
		return;
	}
	/* Told at the end, when it is known whether births are seen at all. */
	if (d && l->ev->ret >= 0 && arrived(l) && is_fd_arc(l->call->from, l->call->to) &&
	    !l->call->born && !l->ev->stream && !d->fd_missing.seq) {
		d->fd_missing.seq = l->ev->seq;
		d->fd_missing.t_ns = l->ev->t_ns;
		d->fd_missing.session = l->session;
		d->fd_missing.from = l->call->from;
		d->fd_missing.to = l->call->to;
	}
}

void rule_fd_unexpected(struct look *l)
{
	char a[32], b[32];

	if (l->ev->ret >= 0 && arrived(l) && !is_fd_arc(l->call->from, l->call->to) &&
	    l->call->born)
		find(l, RULE_FD_UNEXPECTED,
		     "the arc %s to %s handed out a data FD; only the four arcs that begin a "
		     "session do", name_of(l->call->from, a), name_of(l->call->to, b));
}

void rule_fd_lost(struct look *l)
{
	char a[32], b[32];

	if (l->ev->ret < 0 && l->call && l->call->born && l->call->t_ns >= l->ev->t_ns &&
	    (!l->call->n_arcs || l->call->ret >= 0))
		find(l, RULE_FD_LOST,
		     "SET_STATE(%s) gave %s after the driver had made the data FD: the state "
		     "changed, and nobody holds the stream",
		     name_of((uint32_t)l->ev->set_state.target, a), err_of(l->ev->ret, b));
}

static bool may_be_state(uint32_t state, const struct model_device *d)
{
	uint64_t need = state == MIG_RUNNING_P2P ? MIG_FLAG_P2P :
			state == MIG_PRE_COPY ? MIG_FLAG_PRE_COPY :
			state == MIG_PRE_COPY_P2P ? MIG_FLAG_PRE_COPY | MIG_FLAG_P2P : 0;

	return !need || !d || !d->has_flags || (d->migration_flags & need) == need;
}

void rule_illegal_arc(struct look *l)
{
	const struct event *ev = l->ev;
	int64_t target = ev->kind == EV_ARC ? ev->arc.to : ev->set_state.target;
	uint32_t from;
	char a[32], b[32];

	if (ev->ret < 0 || target < 0 || !l->dev || (ev->kind == EV_ARC && target == MIG_UNKNOWN))
		return;
	if (ev->kind == EV_ARC) {
		/* One step; the request as a whole is judged when it returns. */
		if (ev->arc.to == MIG_ERROR || (int64_t)ev->arc.target == target)
			return;
		from = ev->arc.from;
	} else if (l->call && l->call->n_arcs) {
		if (l->call->t_ns < ev->t_ns)
			return;
		from = l->call->from0;
	} else {
		if (!l->settled || target == l->dev->state)
			return;
		from = l->dev->state;
	}
	if (target >= MIG_STATE_NR || target == MIG_ERROR)
		find(l, RULE_ILLEGAL_ARC, "SET_STATE(%s) succeeded: nobody may ask for that",
		     name_of((uint32_t)target, a));
	else if (!may_be_state((uint32_t)target, l->ctx->device))
		find(l, RULE_ILLEGAL_ARC, "the device went to %s, which it does not claim to have",
		     name_of((uint32_t)target, a));
	else if ((from == MIG_STOP_COPY && mig_state_is_precopy((uint32_t)target)) ||
		 (from == MIG_ERROR && target != MIG_ERROR))
		find(l, RULE_ILLEGAL_ARC, "%s to %s succeeded; the state machine forbids it",
		     name_of(from, a), name_of((uint32_t)target, b));
}

void rule_state_desync(struct look *l)
{
	const struct event *ev = l->ev;
	uint32_t found = ev->kind == EV_ARC ? ev->arc.from : ev->get_state.reported;
	char a[32], b[32];

	/* Of a refused arc the state was still looked up. */
	if (!l->settled || found >= MIG_STATE_NR || found == l->dev->state ||
	    (ev->kind == EV_GET_STATE && ev->ret < 0))
		return;
	/* A request that failed may have left it anywhere on its way. */
	if (ev->kind == EV_ARC)
		find(l, RULE_STATE_DESYNC,
		     "the device was left in %s and is found in %s: nobody asked, nothing reset it",
		     name_of(l->dev->state, a), name_of(found, b));
	else
		suspect(l, RULE_STATE_DESYNC,
			"the device was left in %s and says %s: nobody asked, nothing reset it",
			name_of(l->dev->state, a), name_of(found, b));
}

void rule_error_state(struct look *l)
{
	const struct event *ev = l->ev;

	if (!l->dev || l->dev->state == MIG_ERROR)
		return;
	if ((ev->kind == EV_ARC && ((ev->ret >= 0 && ev->arc.to == MIG_ERROR) ||
				    ev->arc.from == MIG_ERROR)) ||
	    (ev->kind == EV_GET_STATE && ev->ret >= 0 && ev->get_state.reported == MIG_ERROR) ||
	    (ev->kind == EV_SET_STATE && ev->ret >= 0 && ev->set_state.target == MIG_ERROR))
		find(l, RULE_ERROR_STATE,
		     "the device is in ERROR: only a reset brings it back");
}

static const char *call_name(uint32_t kind)
{
	switch (kind) {
	case EV_SET_STATE:
		return "SET_STATE";
	case EV_RESET:
		return "a reset";
	case EV_READ:
		return "a read()";
	default:
		return "a write()";
	}
}

static bool is_judged_call(uint32_t kind)
{
	return kind == EV_SET_STATE || kind == EV_RESET || kind == EV_READ || kind == EV_WRITE;
}

void rule_call_stuck(struct look *l)
{
	const struct event *ev = l->ev;

	if (ev->stuck.age_ns <= l->j->opts.stuck_after_ns || !is_judged_call(ev->stuck.call))
		return;
	/* Pre-copy data may never come: waiting for it is what read() is for. */
	if (ev->stuck.call == EV_READ &&
	    (!l->dev || l->dev->state == MIG_UNKNOWN || mig_state_is_precopy(l->dev->state)))
		return;
	find(l, RULE_CALL_STUCK, "%s has not returned for %llu ms", call_name(ev->stuck.call),
	     ULL(ev->stuck.age_ns / NS_PER_MS));
}

void rule_slow_call(struct look *l)
{
	const struct event *ev = l->ev;

	if (event_calls(ev) > 1 || ev->dur_ns <= NS_PER_SEC)
		return;
	if (ev->kind == EV_READ &&
	    (!l->settled || mig_state_is_precopy(l->dev->state)))
		return;
	find(l, RULE_SLOW_CALL, "%s took %llu ms", call_name(ev->kind),
	     ULL(ev->dur_ns / NS_PER_MS));
}

/* ---- the two ends of a stream ---- */

static bool overlap(const struct session *a, const struct session *b)
{
	return a->start_ns < b->end_ns && b->start_ns < a->end_ns;
}

/* Can the two be ends of one stream, whatever their byte counts? */
static bool may_be_ends(struct model *m, const struct session *src,
			const struct session *dst)
{
	const struct model_device *a, *b;

	if (src->direction != DIR_SAVE || dst->direction != DIR_RESUME ||
	    src->device == dst->device || !overlap(src, dst))
		return false;
	if (src->vm[0] && dst->vm[0] && strcmp(src->vm, dst->vm))
		return false;
	a = model_device(m, src->device);
	b = model_device(m, dst->device);
	return !a || !b || !a->driver[0] || !b->driver[0] || !strcmp(a->driver, b->driver);
}

/*
 * The only source that can be the other end of @dst, and @dst its only
 * destination; those that the model paired by their bytes are out.
 */
static const struct session *other_end(struct model *m, const struct session *dst)
{
	const struct session *src = NULL, *g;
	uint32_t id, n = 0;

	if (dst->peer)
		return model_session(m, dst->peer);
	for (id = 1; id <= model_sessions(m); id++) {
		g = model_session(m, id);
		if (!g->peer && may_be_ends(m, g, dst)) {
			src = g;
			n++;
		}
	}
	if (n != 1)
		return NULL;
	for (id = 1, n = 0; id <= model_sessions(m); id++) {
		g = model_session(m, id);
		n += !g->peer && may_be_ends(m, src, g);
	}
	return n == 1 ? src : NULL;
}

static bool is_sound(const struct session *g)
{
	return !g->holes && !g->joined_late;
}

static struct finding about(const struct look *l, uint32_t id, enum rule_id rule)
{
	const struct session *g = model_session_peek(l->model, id);
	const struct jmig *m = judge_mig(l->j, id);
	struct finding f = {
		.rule = rule, .severity = judge_rule(rule)->severity,
		.party = judge_rule(rule)->party, .device = g->device, .stream = g->stream,
		.session = id, .t_ns = m->load_ns, .seq = m->load_seq,
	};

	return f;
}

void rule_resume_short(struct look *l)
{
	uint32_t id;

	for (id = 1; id <= model_sessions(l->model); id++) {
		const struct session *dst = model_session(l->model, id), *src;
		const struct jmig *m = judge_mig(l->j, id);
		struct finding f;

		if (dst->direction != DIR_RESUME || !m || m->loaded <= 0 || !is_sound(dst))
			continue;
		src = other_end(l->model, dst);
		if (!src || !is_sound(src) || dst->bytes_total >= src->bytes_total)
			continue;
		f = about(l, id, RULE_RESUME_SHORT);
		find_at(l->j, &f, "%llu of the %llu bytes that were read from the source were "
			"written, and RESUMING to STOP succeeded all the same",
			ULL(dst->bytes_total), ULL(src->bytes_total));
	}
}

void rule_resume_rejected(struct look *l)
{
	char a[32];
	uint32_t id;

	for (id = 1; id <= model_sessions(l->model); id++) {
		const struct session *dst = model_session(l->model, id), *src;
		const struct jmig *m = judge_mig(l->j, id);
		const char *err;
		struct finding f;

		if (dst->direction != DIR_RESUME || !m || m->loaded >= 0)
			continue;
		err = m->load_ret ? err_of(m->load_ret, a) : "ERROR";
		src = is_sound(dst) ? other_end(l->model, dst) : NULL;
		f = about(l, id, RULE_RESUME_REJECTED);
		if (src && is_sound(src) &&
		    (dst->bytes_total < src->bytes_total || !src->eof)) {
			f.party = PARTY_VMM;
			find_at(l->j, &f, "RESUMING to STOP gave %s: only %llu bytes were written, "
				"the source's stream %s", err, ULL(dst->bytes_total),
				src->eof ? "is longer" : "was not read to its end");
		} else if (src && is_sound(src) && dst->bytes_total == src->bytes_total) {
			f.party = PARTY_DRIVER;
			find_at(l->j, &f, "RESUMING to STOP gave %s although the whole stream of "
				"the source, %llu bytes, was written", err,
				ULL(dst->bytes_total));
		} else {
			f.severity = SEV_INCONCLUSIVE;
			f.party = PARTY_ADMIN;
			find_at(l->j, &f, "RESUMING to STOP gave %s after %llu bytes; without its "
				"source in the evidence nobody can say whose fault it is", err,
				ULL(dst->bytes_total));
		}
	}
}
