// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfetto.c - the trace that ui.perfetto.dev opens
 *
 * First the migrations: each is a group of tracks, with its time from begin to end,
 * its stop, the parts of its downtime and what those were spent on.  Then a group per
 * process, with a track per thread that has its calls, arcs and functions inside them; then
 * one per device: its state, data FDs, findings, the reads that gave nothing, the bytes
 * left and moved.  A flow leads from the last read() of a device on the source to the
 * load of its state.
 *
 * Calls are slices from their start to their end; what overlaps and does not nest goes
 * to a track of its own.  Trace time is CLOCK_MONOTONIC; clock pairs become snapshots,
 * so that it can be laid beside traces of other tools.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/export.h"
#include "view/findings.h"
#include "view/perfetto_pack.h"
#include "view/value.h"

/* From a device's last read() on the source to the load of its state. */
static void put_flow(struct perfetto *p, const struct row *row)
{
	const struct event *ev = row->ev;
	const struct session *g = model_session_peek(p->e->model, row->ctx->session);
	const struct session *peer = g && g->peer ? model_session_peek(p->e->model, g->peer) : NULL;

	if (!peer)
		return;
	if (ev->kind == EV_READ && ev->ret == 0 && g->direction == DIR_SAVE &&
	    g->eof_ns == event_end_ns(ev))
		pb_fixed64(&p->buf, EVENT_FLOW, g->id);
	else if (ev->kind == EV_ARC && protocol_is_load(ev->arc.from, ev->arc.to) &&
		 g->direction == DIR_RESUME && g->load_start_ns == ev->t_ns &&
		 peer->eof_ns != MODEL_NONE)
		pb_fixed64(&p->buf, EVENT_FLOW_END, peer->id);
}

/* An event with a name; more fields may come before pf_event_end(). */
static void begin(struct perfetto *p, const struct track *t, uint64_t type, const char *name,
		  uint64_t t_ns, size_t at[2])
{
	at[0] = pf_event_begin(p, t, type, t_ns, &at[1]);
	pb_string(&p->buf, EVENT_CATEGORIES, "vfio");
	pf_safe(&p->buf, EVENT_NAME, name, EVENT_TEXT_LEN);
}

static void put_begin(struct perfetto *p, const struct track *t, const char *name, uint64_t type,
		      uint64_t t_ns, const struct row *row)
{
	size_t at[2];

	begin(p, t, type, name, t_ns, at);
	pf_notes(&p->buf, row);
	put_flow(p, row);
	pf_event_end(p, at[0], at[1]);
}

static void put_slice(struct perfetto *p, const struct track *t, const char *name,
		      uint64_t start_ns, uint64_t end_ns, const struct row *row)
{
	put_begin(p, t, name, TYPE_SLICE_BEGIN, start_ns, row);
	pf_slice_end(p, t, end_ns);
}

static void put_counter(struct perfetto *p, enum track_kind kind, uint32_t device,
			const struct event_context *ctx, uint64_t t_ns, uint64_t value)
{
	const struct track *t = pf_track(p, kind, device, ctx);
	size_t packet, ev;

	if (!t)
		return;
	ev = pf_event_begin(p, t, TYPE_COUNTER, t_ns, &packet);
	pb_u64(&p->buf, EVENT_COUNTER_VALUE, value);
	pf_event_end(p, ev, packet);
}

/* The first track of the kind on which nothing is under way at @start_ns. */
#define LANES_MAX 256
static struct track *free_track(struct perfetto *p, struct track_id id, const struct row *row,
				uint64_t start_ns)
{
	struct track *t = NULL;

	for (; id.lane < LANES_MAX; id.lane++) {
		t = pf_track_at(p, &id, row->ev, row->ctx);
		if (!t || t->last_ns <= start_ns)
			break;
	}
	return t;
}

/* ---- calls of threads ---- */

/* What begins first, and of those what ends last; what came last is around the others. */
static int by_begin(const void *a, const void *b)
{
	const struct held_slice *x = a, *y = b;

	if (x->from_ns != y->from_ns)
		return x->from_ns < y->from_ns ? -1 : 1;
	if (x->to_ns != y->to_ns)
		return x->to_ns > y->to_ns ? -1 : 1;
	return x->at > y->at ? -1 : x->at < y->at;
}

static void inside_free(struct inside *in)
{
	buf_free(&in->packets);
	free(in->slice);
}

/* What waits for its call goes out without it, or inside (@end_ns). */
static void put_inside(struct perfetto *p, uint32_t i, struct track *t, uint64_t end_ns)
{
	struct inside *in = &p->inside[i];
	size_t k, open = 0;

	qsort(in->slice, in->n, sizeof(*in->slice), by_begin);
	for (k = 0; k < in->n; k++) {
		/* The first @open are those that are under way: each was read before its place was taken. */
		struct held_slice now = in->slice[k];

		for (; open && in->slice[open - 1].to_ns <= now.from_ns; open--)
			pf_slice_end(p, in->track, in->slice[open - 1].to_ns);
		fwrite(in->packets.data + now.at, 1, now.len, p->f);
		in->slice[open++] = now;
	}
	for (; open; open--)
		pf_slice_end(p, in->track, in->slice[open - 1].to_ns);
	if (t && t->last_ns < end_ns)
		t->last_ns = end_ns;
	inside_free(in);
	memmove(in, in + 1, (--p->n_inside - i) * sizeof(*in));
}

static struct inside *inside_of(struct perfetto *p, const struct event *ev, uint32_t *at)
{
	uint32_t i;

	for (i = 0; i < p->n_inside; i++) {
		if (p->inside[i].tid == ev->tid && p->inside[i].host == ev->host) {
			*at = i;
			return &p->inside[i];
		}
	}
	return NULL;
}

static void put_inside_alone(struct perfetto *p, uint32_t i)
{
	put_inside(p, i, p->inside[i].track, p->inside[i].to_ns);
}

/* Has it begun within a slice that was over before it? */
static bool is_across(const struct inside *in, uint64_t from_ns)
{
	size_t k;

	for (k = in->n; k && in->slice[k - 1].to_ns > from_ns; k--)
		if (in->slice[k - 1].from_ns < from_ns)
			return true;
	return false;
}

/* It comes before its call, which began earlier. */
static void hold(struct perfetto *p, const struct row *row, const struct track_id *id,
		 const char *name, uint64_t end_ns)
{
	const struct event *ev = row->ev;
	struct held_slice *slice;
	struct inside *in;
	struct track *t;
	uint32_t i;

	in = inside_of(p, ev, &i);
	if (in && (end_ns < in->to_ns || in->n == INSIDE_SLICES_MAX)) {
		put_inside_alone(p, i);
		in = NULL;
	}
	if (in && is_across(in, ev->t_ns)) {
		struct track_id beside = in->track->id;

		beside.lane++;
		t = free_track(p, beside, row, ev->t_ns);
		if (t) {
			put_slice(p, t, name, ev->t_ns, end_ns, row);
			t->last_ns = end_ns;
		}
		return;
	}
	if (!in) {
		t = free_track(p, *id, row, ev->t_ns);
		if (!t)
			return;
		if (p->n_inside == INSIDE_MAX)
			put_inside_alone(p, 0);
		in = &p->inside[p->n_inside++];
		*in = (struct inside){ .track = t,
				       .host = ev->host,
				       .tid = ev->tid,
				       .from_ns = ev->t_ns };
	}
	if (array_room(&in->slice, in->n + 1, &in->cap, sizeof(*in->slice))) {
		p->err = -ENOMEM;
		return;
	}
	if (ev->t_ns < in->from_ns)
		in->from_ns = ev->t_ns;
	in->to_ns = end_ns;
	slice = &in->slice[in->n++];
	*slice = (struct held_slice){ ev->t_ns, end_ns, in->packets.len, 0 };
	p->into = &in->packets;
	put_begin(p, in->track, name, TYPE_SLICE_BEGIN, ev->t_ns, row);
	p->into = NULL;
	slice->len = in->packets.len - slice->at;
}

static void put_call(struct perfetto *p, const struct row *row, const char *name, uint64_t end_ns)
{
	const struct event *ev = row->ev;
	const struct track_id id = { .kind = TRACK_TASK,
				     .number = ev->pid,
				     .sub = ev->tid,
				     .host = ev->host };
	struct inside *in;
	struct track *t;
	uint32_t i = 0;

	if (ev->kind == EV_ARC || ev->kind == EV_INSIDE) {
		hold(p, row, &id, name, end_ns);
		return;
	}
	in = inside_of(p, ev, &i);
	if (in && (in->from_ns < ev->t_ns || in->to_ns > end_ns || in->track->last_ns > ev->t_ns)) {
		put_inside_alone(p, i);
		in = NULL;
	}
	t = in ? in->track : free_track(p, id, row, ev->t_ns);
	if (!t)
		return;
	put_begin(p, t, name, TYPE_SLICE_BEGIN, ev->t_ns, row);
	if (in)
		put_inside(p, i, NULL, 0);
	pf_slice_end(p, t, end_ns);
	t->last_ns = end_ns;
}

/* ---- events ---- */

static void take_state(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	struct track *t = pf_track(p, TRACK_STATE, ev->device, ctx);
	uint64_t t_ns = event_end_ns(ev);
	char name[UNITS_LEN];
	size_t at[2];

	if (!t || (t->open ? t->state == ctx->state : ctx->state == MIG_UNKNOWN))
		return;
	if (t_ns < t->last_ns)
		t_ns = t->last_ns;
	if (t->open)
		pf_slice_end(p, t, t_ns);
	t->open = ctx->state != MIG_UNKNOWN;
	t->state = ctx->state;
	t->last_ns = t_ns;
	if (!t->open)
		return;
	begin(p, t, TYPE_SLICE_BEGIN, state_label(name, ctx->state), t_ns, at);
	pf_event_end(p, at[0], at[1]);
}

static void put_moved(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	struct track *t = pf_track(p, TRACK_MOVED, ev->device, ctx);

	if (!t)
		return;
	if (t->stream != ev->stream) {
		t->stream = ev->stream;
		t->bytes = 0;
		put_counter(p, TRACK_MOVED, ev->device, ctx, ev->t_ns, 0);
	}
	if (ev->ret > 0) {
		t->bytes += (uint64_t)ev->ret;
		put_counter(p, TRACK_MOVED, ev->device, ctx, event_end_ns(ev), t->bytes);
	}
}

static void take_info(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	if (ev->ret < 0)
		return;
	put_counter(p, TRACK_INITIAL, ev->device, ctx, event_end_ns(ev),
		    ev->precopy_info.initial_bytes);
	put_counter(p, TRACK_DIRTY, ev->device, ctx, event_end_ns(ev),
		    ev->precopy_info.dirty_bytes);
}

/* A data FD's life is a slice; what became of one that was not born here is an instant. */
static void put_life(struct perfetto *p, const struct row *row, const char *name)
{
	struct track *t = pf_track(p, TRACK_STREAM, row->ev->stream, row->ctx);
	uint64_t t_ns = event_end_ns(row->ev);

	if (!t)
		return;
	if (t_ns < t->last_ns)
		t_ns = t->last_ns;
	t->last_ns = t_ns;
	if (row->ev->kind == EV_STREAM_OPEN) {
		if (t->open)
			pf_slice_end(p, t, t_ns);
		put_begin(p, t, name, TYPE_SLICE_BEGIN, t_ns, row);
		t->open = true;
		return;
	}
	put_begin(p, t, name, TYPE_INSTANT, t_ns, row);
	if (t->open)
		pf_slice_end(p, t, t_ns);
	t->open = false;
}

/* A stretch of reads that gave nothing overlaps other calls of its thread. */
static bool is_empty_stretch(const struct event *ev)
{
	return ev->kind == EV_READ && (ev->ret == -ENOMSG || event_calls(ev) > 1);
}

static const char *name_of(const struct event *ev, char buf[128])
{
	char a[UNITS_LEN], b[UNITS_LEN], err[UNITS_LEN] = "";
	const char *kind = event_kind_name(ev->kind);

	if (value_has_result(ev->kind) && ev->ret < 0)
		snprintf(err, sizeof(err), " %s", errno_label(a, ev->ret));
	switch (ev->kind) {
	case EV_ARC:
		snprintf(buf, 128, "%s -> %s%.20s", state_label(a, ev->arc.from),
			 state_label(b, ev->arc.to), err);
		break;
	case EV_SET_STATE:
		snprintf(buf, 128, "%s(%s)%.20s", kind,
			 ev->set_state.target >= 0 ?
				 state_label(a, (uint32_t)ev->set_state.target) :
				 "?",
			 err);
		break;
	case EV_READ:
	case EV_WRITE:
		if (event_calls(ev) > 1)
			snprintf(buf, 128, "%s%.20s x%llu", kind, ev->ret < 0 ? err : " 0",
				 (unsigned long long)event_calls(ev));
		else
			snprintf(buf, 128, "%s%.40s%.20s", kind, ev->ret == 0 ? " 0" : "", err);
		break;
	case EV_LOSS:
		if (ev->loss.count)
			snprintf(buf, 128, "%llu events lost", (unsigned long long)ev->loss.count);
		else
			snprintf(buf, 128, "events lost");
		break;
	case EV_INSIDE:
		if (ev->inside.folded)
			snprintf(buf, 128, "%.64s x%llu %s", ev->inside.function,
				 (unsigned long long)ev->inside.count,
				 units_duration(a, ev->inside.total_ns));
		else
			snprintf(buf, 128, "%.64s", ev->inside.function);
		break;
	case EV_STUCK:
		snprintf(buf, 128, "%s: %s for %s", kind,
			 event_kind_name(ev->stuck.call) ?: "a call",
			 units_duration(a, ev->stuck.age_ns));
		break;
	default:
		snprintf(buf, 128, "%s%.20s", kind, err);
		break;
	}
	return buf;
}

static void put_at(struct perfetto *p, const struct track_id *id, const struct row *row,
		   const char *name, uint64_t t_ns)
{
	const struct track *t = pf_track_at(p, id, row->ev, row->ctx);

	if (t)
		put_begin(p, t, name, TYPE_INSTANT, t_ns, row);
}

static void put_instant(struct perfetto *p, const struct track_id *id, const struct row *row,
			const char *name)
{
	put_at(p, id, row, name, row->ev->t_ns);
}

/* Of a call that is still out, when it was looked at; between two calls, when that ended. */
static void put_why(struct perfetto *p, const struct track_id *id, const struct row *row)
{
	char text[WHY_TEXT_LEN];

	put_at(p, id, row, judge_why_of(row->ev, text)[0] ? text : "why", event_end_ns(row->ev));
}

static void put_apart(struct perfetto *p, enum track_kind kind, uint32_t number,
		      const struct row *row, const char *name, uint64_t start_ns, uint64_t end_ns)
{
	struct track *t =
		free_track(p, (struct track_id){ .kind = kind, .number = number }, row, start_ns);

	if (!t)
		return;
	put_slice(p, t, name, start_ns, end_ns, row);
	t->last_ns = end_ns;
}

static void put_event(void *arg, const struct row *row)
{
	const struct event *ev = row->ev;
	const struct event_context *ctx = row->ctx;
	uint64_t start_ns = ev->t_ns, end_ns = event_end_ns(ev);
	struct track_id id = { .kind = TRACK_HAPPENED, .number = ev->device };
	struct perfetto *p = arg;
	char name[128];

	if (end_ns > p->last_ns)
		p->last_ns = end_ns;
	if (ctx->has_state && ev->device)
		take_state(p, ev, ctx);
	if (ev->kind == EV_READ || ev->kind == EV_WRITE)
		put_moved(p, ev, ctx);
	else if (ev->kind == EV_PRECOPY_INFO)
		take_info(p, ev, ctx);
	name_of(ev, name);
	switch (ev->kind) {
	case EV_STREAM_OPEN:
	case EV_STREAM_RELEASE:
		put_life(p, row, name);
		return;
	case EV_LOSS:
		start_ns = ev->loss.t_from_ns;
		end_ns = ev->loss.t_to_ns > start_ns ? ev->loss.t_to_ns : start_ns;
		put_apart(p, TRACK_LOSS, 0, row, name, start_ns, end_ns);
		return;
	case EV_MARK:
		id = (struct track_id){ .kind = TRACK_MARKS };
		put_instant(p, &id, row, ev->mark.text);
		return;
	case EV_PROCESS_EXIT:
		id = (struct track_id){ .kind = TRACK_PROC, .number = ev->pid, .host = ev->host };
		put_instant(p, &id, row, name);
		return;
	case EV_STUCK:
		id = (struct track_id){ .kind = TRACK_TASK,
					.number = ev->pid,
					.sub = ev->tid,
					.host = ev->host };
		put_instant(p, &id, row, name);
		return;
	case EV_DEVICE_RESET:
		put_instant(p, &id, row, name);
		return;
	case EV_INSIDE:
		if (!ev->inside.folded)
			break;
		/* Nobody told when each of them was. */
		id = (struct track_id){ .kind = TRACK_TASK,
					.number = ev->pid,
					.sub = ev->tid,
					.host = ev->host };
		put_at(p, &id, row, name, end_ns);
		return;
	case EV_WHY:
		/* That of a call is in the notes of its slice. */
		if (!ev->why.so_far && ev->why.call != EV_NONE)
			return;
		id = (struct track_id){ .kind = TRACK_TASK,
					.number = ev->pid,
					.sub = ev->tid,
					.host = ev->host };
		put_why(p, &id, row);
		return;
	}
	if (end_ns < start_ns)
		end_ns = start_ns;
	if (is_empty_stretch(ev))
		put_apart(p, TRACK_EMPTY, ev->device, row, name, start_ns, end_ns);
	else
		put_call(p, row, name, end_ns);
}

/* ---- the migrations ---- */

static void put_plain(struct perfetto *p, const struct track *t, const char *name,
		      uint64_t start_ns, uint64_t ns)
{
	size_t at[2];

	begin(p, t, TYPE_SLICE_BEGIN, name, start_ns, at);
	pf_event_end(p, at[0], at[1]);
	pf_slice_end(p, t, start_ns + ns);
}

static void put_side(struct perfetto *p, const struct migration *g, uint32_t number)
{
	const struct track_id id = { .kind = TRACK_SIDE, .number = g->id, .sub = number };
	const struct side *s = model_side(p->e->model, number);
	const struct track *t = s ? pf_track_at(p, &id, NULL, NULL) : NULL;
	char cause[FAILURE_TEXT_LEN];
	size_t at[2];

	if (!t)
		return;
	begin(p, t, TYPE_SLICE_BEGIN, outcome_name(s->outcome), s->begin_ns, at);
	pf_note_u64(&p->buf, "side", s->id);
	pf_note_u64(&p->buf, "pid", s->pid);
	pf_note_u64(&p->buf, "devices", s->n_devices);
	pf_note_u64(&p->buf, "bytes", s->bytes_total);
	if (s->cause.kind != EV_NONE)
		pf_note_text(&p->buf, "cause", judge_failure_text(&s->cause, cause), sizeof(cause));
	pf_event_end(p, at[0], at[1]);
	pf_slice_end(p, t, s->end_ns);
}

/* The whole, and inside it what the source and what the destination had of it. */
static void put_stop(struct perfetto *p, const struct migration *g)
{
	const struct track *t;
	uint64_t from_ns = g->stop.start_ns, ns = g->downtime_ns;
	char name[64], d[UNITS_LEN];
	size_t at[2];

	if (from_ns == MODEL_NONE)
		return;
	t = pf_track(p, TRACK_STOP, g->id, NULL);
	if (!t)
		return;
	if (ns != MODEL_NONE) {
		snprintf(name, sizeof(name), "downtime %s", units_duration(d, ns));
	} else {
		ns = g->stopped_ns != MODEL_NONE ? g->stopped_ns : g->stop.total_ns;
		snprintf(name, sizeof(name), "stopped on its source for %s", units_duration(d, ns));
	}
	begin(p, t, TYPE_SLICE_BEGIN, name, from_ns, at);
	pf_note_u64(&p->buf, "ns", ns);
	if (g->downtime_ns == MODEL_NONE)
		pf_note_text(&p->buf, "downtime_why", downtime_why_text(g->downtime_why),
			     EVENT_TEXT_LEN);
	pf_event_end(p, at[0], at[1]);
	if (g->downtime_ns != MODEL_NONE) {
		put_plain(p, t, "the source's part", from_ns, g->stop.total_ns);
		put_plain(p, t, "the destination's part", from_ns + g->stop.total_ns,
			  g->landing.total_ns);
	}
	pf_slice_end(p, t, from_ns + ns);
}

static void put_part(struct perfetto *p, const struct track *t, const struct downtime_part *part,
		     uint64_t t_ns)
{
	char name[UNITS_LEN], why[WHY_SENTENCE_LEN], inside[INSIDE_WORDS_LEN];
	size_t at[2];

	begin(p, t, TYPE_SLICE_BEGIN, downtime_part_name(part, name), t_ns, at);
	pf_note_u64(&p->buf, "ns", part->ns);
	if (part->who)
		pf_note_text(&p->buf, "who", part->who, EVENT_TEXT_LEN);
	if (part->when)
		pf_note_text(&p->buf, "when", part->when, EVENT_TEXT_LEN);
	if (part_why_sentence(&part->why, why)[0])
		pf_note_text(&p->buf, "why", why, sizeof(why));
	if (part_why_inside(&part->why, inside)[0])
		pf_note_text(&p->buf, "inside", inside, sizeof(inside));
	pf_event_end(p, at[0], at[1]);
}

/* Each as long as its sum, one after the other; shares inside what they are of. */
static void put_parts(struct perfetto *p, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(p->e->model, g, part), i;
	uint64_t t_ns = g->stop.start_ns, share_ns = 0, end_ns = 0;
	const struct track *t = n ? pf_track(p, TRACK_PARTS, g->id, NULL) : NULL;
	bool open = false;

	for (i = 0; t && i < n; i++) {
		if (part[i].ns == MODEL_NONE || !part[i].ns)
			continue;
		if (part[i].share) {
			put_part(p, t, &part[i], share_ns);
			share_ns += part[i].ns;
			pf_slice_end(p, t, share_ns);
			continue;
		}
		if (open)
			pf_slice_end(p, t, end_ns);
		put_part(p, t, &part[i], t_ns);
		share_ns = t_ns;
		end_ns = t_ns += part[i].ns;
		open = true;
	}
	if (open)
		pf_slice_end(p, t, end_ns);
}

/* One of them, with what is known more of it. */
static void put_reason(struct perfetto *p, const struct track *t, const struct spent *spent,
		       enum why_part part, uint64_t start_ns)
{
	char name[32];
	size_t at[2];
	int k;

	begin(p, t, TYPE_SLICE_BEGIN, why_part_words(part), start_ns, at);
	for (k = WHY_PARTS; k < WHY_SUMS; k++) {
		if (why_detail_of((enum why_part)k) != part ||
		    !why_detail_known(spent->why_ns, (enum why_part)k))
			continue;
		snprintf(name, sizeof(name), "%s_ns", why_part_key((enum why_part)k));
		pf_note_u64(&p->buf, name, spent->why_ns[k]);
	}
	pf_event_end(p, at[0], at[1]);
	pf_slice_end(p, t, start_ns + spent->why_ns[part]);
}

/* Below each part what it was spent on, of those of which something was recorded. */
static void put_reasons(struct perfetto *p, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(p->e->model, g, part), i;
	uint64_t t_ns = g->stop.start_ns, at_ns;
	const struct track *t = NULL;
	uint32_t k;

	for (i = 0; i < n; i++) {
		const struct spent *spent = &part[i].why.spent;

		if (part[i].share || part[i].ns == MODEL_NONE)
			continue;
		if (spent->any && !t) {
			t = pf_track(p, TRACK_REASONS, g->id, NULL);
			if (!t)
				return;
		}
		at_ns = t_ns;
		for (k = 0; spent->any && k < WHY_PARTS; k++) {
			if (spent->why_ns[k])
				put_reason(p, t, spent, (enum why_part)k, at_ns);
			at_ns = sat_add(at_ns, spent->why_ns[k]);
		}
		if (spent->rest_ns)
			put_plain(p, t, "not recorded", at_ns, spent->rest_ns);
		t_ns = sat_add(t_ns, part[i].ns);
	}
}

static void put_migration(struct perfetto *p, const struct migration *g)
{
	const struct track *t = pf_track(p, TRACK_MIGRATION, g->id, NULL);
	char cause[FAILURE_TEXT_LEN];
	size_t at[2];
	uint32_t i;

	if (!t)
		return;
	begin(p, t, TYPE_SLICE_BEGIN, outcome_name(g->outcome), g->begin_ns, at);
	pf_note_u64(&p->buf, "migration", g->id);
	if (g->vm)
		pf_note_text(&p->buf, "vm", g->vm, EVENT_NAME_LEN);
	if (g->downtime_ns != MODEL_NONE)
		pf_note_u64(&p->buf, "downtime_ns", g->downtime_ns);
	else
		pf_note_text(&p->buf, "downtime_why", downtime_why_text(g->downtime_why),
			     EVENT_TEXT_LEN);
	if (g->joined.how != JOINED_NOT)
		pf_note_text(&p->buf, "joined", joined_how_text(g->joined.how), EVENT_TEXT_LEN);
	else
		pf_note_text(&p->buf, "not_joined", joined_why_text(g->joined.why), EVENT_TEXT_LEN);
	for (i = 0; i < g->n_causes; i++)
		pf_note_text(&p->buf, "cause", judge_failure_text(&g->cause[i], cause),
			     sizeof(cause));
	pf_event_end(p, at[0], at[1]);
	pf_slice_end(p, t, g->end_ns);
	put_side(p, g, g->source);
	put_side(p, g, g->destination);
	put_stop(p, g);
	put_parts(p, g);
	put_reasons(p, g);
}

static void put_migrations(struct perfetto *p)
{
	const struct migration *g;
	uint32_t i;

	for (i = 1; i <= model_migrations(p->e->model); i++) {
		g = model_migration(p->e->model, i);
		if (view_wants(p->e, &p->opt, g))
			put_migration(p, g);
	}
}

static void put_finding(struct perfetto *p, struct model *m, const struct finding *x)
{
	struct event_context ctx = { .device = model_device(m, x->device) };
	const struct rule *r = judge_rule(x->rule);
	const struct track *t = pf_track(p, TRACK_FINDINGS, x->device, &ctx);
	size_t at[2];

	if (!t)
		return;
	begin(p, t, TYPE_INSTANT, r->name, x->t_ns, at);
	pf_note_text(&p->buf, "severity", severity_name(x->severity), UNITS_LEN);
	pf_note_text(&p->buf, "party", party_name(x->party), UNITS_LEN);
	pf_note_text(&p->buf, "text", x->text, sizeof(x->text));
	pf_note_text(&p->buf, "basis", r->basis, FINDING_TEXT_LEN);
	if (x->migration)
		pf_note_u64(&p->buf, "migration", x->migration);
	if (x->session)
		pf_note_u64(&p->buf, "session", x->session);
	pf_note_u64(&p->buf, "count", x->count);
	pf_event_end(p, at[0], at[1]);
}

static void put_findings(struct perfetto *p)
{
	struct finding_walk w;

	findings_begin(&w, p->e, &p->opt);
	while (findings_next(&w))
		put_finding(p, p->e->model, w.at.f);
}

/* ---- export ---- */

static void destroy(void *x)
{
	struct perfetto *p = x;
	uint32_t i;

	if (!p)
		return;
	rows_destroy(p->rows);
	buf_free(&p->buf);
	for (i = 0; i < p->n_inside; i++)
		inside_free(&p->inside[i]);
	for (i = 0; i < p->track_cap; i++)
		free(p->track[i]);
	free(p->track);
	free(p);
}

static void *create(FILE *f, const struct view_options *opt, const struct view_evidence *e)
{
	struct perfetto *p = calloc(1, sizeof(*p));
	uint32_t i;

	if (!p)
		return NULL;
	p->f = f;
	p->e = e;
	p->opt = *opt;
	p->rows = rows_create(opt, e->model, put_event, p);
	if (!p->rows) {
		destroy(p);
		return NULL;
	}
	/* Sessions learn their peers when one looks. */
	for (i = 1; i <= model_sessions(e->model); i++)
		model_session(e->model, i);
	return p;
}

static int event(void *x, const struct model *m, const struct event *ev,
		 const struct event_context *ctx)
{
	struct perfetto *p = x;
	int err;

	/* The first thing in the trace says what its times are. */
	if (ev->kind == EV_CLOCK || !p->any)
		pf_snapshot(p, ev);
	if (!p->any)
		put_migrations(p);
	p->any = true;
	err = rows_event(p->rows, m, ev, ctx);
	return err ? err : p->err ? p->err : ferror(p->f) ? -EIO : 0;
}

static int finish(void *x)
{
	struct perfetto *p = x;
	uint32_t i;

	rows_finish(p->rows);
	while (p->n_inside)
		put_inside_alone(p, 0);
	for (i = 0; i < p->track_cap; i++)
		if (p->track[i] && p->track[i]->open)
			pf_slice_end(p, p->track[i],
				     p->last_ns > p->track[i]->last_ns ? p->last_ns :
									 p->track[i]->last_ns);
	put_findings(p);
	return p->err ? p->err : ferror(p->f) ? -EIO : 0;
}

const struct export_format export_perfetto = {
	.binary = true,
	.judged = true,
	.create = create,
	.event = event,
	.finish = finish,
	.destroy = destroy,
};
