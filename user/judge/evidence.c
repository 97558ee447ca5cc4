// SPDX-License-Identifier: GPL-2.0-only
/*
 * evidence.c - what keeps a judgement from being one: holes
 */
#include <errno.h>
#include <string.h>

#include "judge/internal.h"

static struct finding hole(enum rule_id rule, uint64_t t_ns, uint64_t seq)
{
	return (struct finding){
		.rule = rule,
		.severity = SEV_INCONCLUSIVE,
		.party = PARTY_ADMIN,
		.t_ns = t_ns,
		.seq = seq,
	};
}

/* Calls that are no part of a session, and that no rule looks at. */
static bool is_harmless(uint32_t what)
{
	switch (what) {
	case EV_FEATURE:
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
	case EV_MARK:
		return true;
	default:
		return false;
	}
}

/* Is the stream of a session that has ended still somebody's? */
static bool is_stream_alive(const struct judge *j, uint32_t session)
{
	size_t i;

	for (i = 0; i < j->n_streams; i++)
		if (j->streams[i]->session == session)
			return true;
	return false;
}

/* Can the loss have been of the session? */
static bool is_touched(const struct look *l, uint32_t id)
{
	const struct session *g = model_session_peek(l->model, id);
	const struct event *ev = l->ev;

	if ((ev->device && ev->device != g->device) ||
	    (ev->host && g->host && ev->host != g->host) || g->start_ns > ev->loss.t_to_ns)
		return false;
	return !(g->ended && g->end_ns < ev->loss.t_from_ns &&
		 (!is_stream_alive(l->j, id) || is_harmless(ev->loss.what)));
}

void rule_lost_events(struct look *l)
{
	const struct event *ev = l->ev;
	bool damage, touched = false;
	struct finding f;
	uint32_t id;

	if (!ev) { /* the end: what was lost outside every session */
		if (!l->j->idle_lost_seq)
			return;
		f = hole(RULE_LOST_EVENTS, l->j->idle_lost_ns, l->j->idle_lost_seq);
		find_at(l->j, &f,
			"%llu event%s lost outside of the migrations that were seen: "
			"there may have been another, or something wrong",
			ULL(l->j->idle_lost), l->j->idle_lost == 1 ? "" : "s");
		return;
	}
	if (!event_is_hole(ev))
		return;
	damage = ev->loss.cause == LOSS_DAMAGE;
	for (id = 1; id <= model_sessions(l->model); id++) {
		const struct session *g = model_session_peek(l->model, id);

		if (!is_touched(l, id))
			continue;
		touched = true;
		f = hole(damage ? RULE_DAMAGED_TRACE : RULE_LOST_EVENTS, ev->t_ns, ev->seq);
		f.device = g->device;
		f.stream = g->stream;
		f.session = id;
		if (damage) {
			find_at(l->j, &f,
				"a part of the recording that cannot be read lies in "
				"this migration");
			continue;
		}
		f.count = ev->loss.count;
		find_at(l->j, &f, "events were lost that may have been of this migration");
	}
	if (touched || damage || is_harmless(ev->loss.what))
		return;
	if (!l->j->idle_lost_seq) {
		l->j->idle_lost_seq = ev->seq;
		l->j->idle_lost_ns = ev->t_ns;
	}
	l->j->idle_lost += ev->loss.count;
}

void rule_damaged_trace(struct look *l)
{
	const struct source_health *h = l->evidence->health;
	struct finding f = hole(RULE_DAMAGED_TRACE, model_last_ns(l->model), 0);

	if (!h)
		return;
	if (health_unreadable(h))
		find_at(l->j, &f, "%llu bytes of the recording cannot be read%s",
			ULL(h->bytes_skipped), h->ended ? "" : ", and it did not end cleanly");
	else if (!h->ended)
		find_at(l->j, &f, "the recording did not end cleanly: what came last is missing");
	if (h->ended)
		return;
	/* Whoever was under way goes on in what is missing. */
	{
		uint32_t id;

		for (id = 1; id <= model_sessions(l->model); id++) {
			const struct session *g = model_session_peek(l->model, id);

			if (g->ended)
				continue;
			f = hole(RULE_DAMAGED_TRACE, g->end_ns, 0);
			f.device = g->device;
			f.stream = g->stream;
			f.session = id;
			find_at(l->j, &f, "the recording was cut off in this migration");
		}
	}
}

void rule_joined_late(struct look *l)
{
	const struct session *g = model_session_peek(l->model, l->session);

	if (!g)
		return;
	if (g->joined_late && g->first_seq == l->ev->seq)
		find(l, RULE_JOINED_LATE, "the capture began in the middle of this migration");
	else if (!g->joined_late && l->ev->kind == EV_STREAM_OPEN && l->ev->stream_open.adopted)
		find(l, RULE_JOINED_LATE,
		     "the birth of its data FD was not seen, only that it was there later: "
		     "what was read or written before is not in the evidence");
}

void rule_hook_missing(struct look *l)
{
	static const char *const needed[] = {
		" device_ioctl ", " arc ", " device_open ", " device_close ", " stream_close ",
	};
	const struct meta *m;
	struct finding f;
	uint32_t unseen;
	size_t i, k;

	if (l->ev) {
		unseen = l->ev->stream_open.ops & ~l->ev->stream_open.hooked;
		for (i = 0; i < 5; i++)
			if (unseen >> i & 1)
				find(l, RULE_HOOK_MISSING,
				     "the data FD's %s is not hooked: such calls are not in the "
				     "evidence",
				     event_stream_op_name(i));
		return;
	}
	m = l->evidence->meta;
	for (i = 0; m && i < m->n; i++) {
		if (strcmp(m->entries[i].key, "hook") || !strstr(m->entries[i].value, " failed"))
			continue;
		for (k = 0; k < sizeof(needed) / sizeof(needed[0]); k++) {
			if (!strstr(m->entries[i].value, needed[k]))
				continue;
			f = hole(RULE_HOOK_MISSING, model_first_ns(l->model), 0);
			find_at(l->j, &f, "the capture ran without its%shook: see 'vfioscope info'",
				needed[k]);
		}
	}
}

/* What each device answered when it was asked whether it can be migrated. */
static void tell_devices(struct look *l)
{
	uint32_t i;

	for (i = 0; i < model_devices(l->model); i++) {
		const struct model_device *d = model_device_at(l->model, i);
		struct finding f = hole(RULE_NO_MIGRATION, model_first_ns(l->model), 0);
		char a[32];

		f.device = d->number;
		f.host = d->host;
		if (d->flags_asked && d->flags_ret < 0)
			find_at(l->j, &f, "GET MIGRATION gave %s: %s", errno_text(d->flags_ret, a),
				d->flags_ret == -ENOTTY ?
					"the driver has no migration for this device" :
					"the device does not say that it can be migrated");
		else if (d->has_flags && !(d->migration_flags & MIG_FLAG_STOP_COPY))
			find_at(l->j, &f,
				"GET MIGRATION gave flags without STOP_COPY: the device cannot "
				"be migrated");
		else if (d->flags_asked)
			find_at(l->j, &f, "the device can be migrated, and nobody asked it to be");
		else
			find_at(l->j, &f, "the device was not asked whether it can be migrated");
	}
}

void rule_no_migration(struct look *l)
{
	struct finding f = hole(RULE_NO_MIGRATION, model_first_ns(l->model), 0);
	uint32_t n = model_migrations(l->model), id;

	if (l->evidence->migration > n) {
		find_at(l->j, &f, "migration %u is not in the evidence: it has %u",
			l->evidence->migration, n);
		return;
	}
	for (id = 1; id <= n; id++)
		if (model_migration(l->model, id)->end_ns >= l->evidence->from_ns)
			return;
	/* That there is none may be what was expected. */
	if (l->j->opts.expects_completed && !l->j->opts.expect_completed)
		return;
	if (n) {
		find_at(l->j, &f,
			"no migration is in the time that was asked for, of %u in the "
			"evidence",
			n);
		return;
	}
	find_at(l->j, &f, "no migration is in the evidence");
	tell_devices(l);
}
