// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfetto.c - the trace that ui.perfetto.dev opens
 *
 * A device is a group of tracks: its state, calls and arcs, its data FDs, the
 * bytes left and moved, and the findings.  Calls are slices from their start
 * to their end; what overlaps (concurrent readers) goes to a track of its own,
 * for slices of one track must nest.  Trace time is CLOCK_MONOTONIC; clock
 * pairs become snapshots, so that it can be laid beside traces of other tools.
 *
 * Field numbers are those of protos/perfetto/trace/perfetto_trace.proto, which
 * promises to keep them.
 */
#include <errno.h>
#include <stdlib.h>

#include "util/pb.h"
#include "view/common.h"
#include "view/rows.h"
#include "view/value.h"

/* Trace, TracePacket */
#define TRACE_PACKET			1
#define PACKET_CLOCK_SNAPSHOT		6
#define PACKET_TIMESTAMP		8
#define PACKET_SEQUENCE_ID		10
#define PACKET_TRACK_EVENT		11
#define PACKET_SEQUENCE_FLAGS		13
#define PACKET_CLOCK_ID			58
#define PACKET_TRACK_DESCRIPTOR		60
#define SEQ_INCREMENTAL_STATE_CLEARED	1
/* ClockSnapshot */
#define SNAPSHOT_CLOCKS			1
#define SNAPSHOT_PRIMARY		2
#define CLOCK_ID			1
#define CLOCK_TIMESTAMP			2
#define CLOCK_ID_REALTIME		1
#define CLOCK_ID_MONOTONIC		3
#define CLOCK_ID_BOOTTIME		6
/* TrackDescriptor, CounterDescriptor */
#define TRACK_UUID			1
#define TRACK_NAME			2
#define TRACK_PARENT			5
#define TRACK_COUNTER			8
#define TRACK_CHILD_ORDERING		11
#define TRACK_RANK			12
#define CHILD_ORDERING_EXPLICIT		3
#define COUNTER_UNIT			3
#define UNIT_SIZE_BYTES			3
/* TrackEvent, DebugAnnotation */
#define EVENT_ANNOTATIONS		4
#define EVENT_TYPE			9
#define EVENT_TRACK			11
#define EVENT_CATEGORIES		22
#define EVENT_NAME			23
#define EVENT_COUNTER_VALUE		30
#define TYPE_SLICE_BEGIN		1
#define TYPE_SLICE_END			2
#define TYPE_INSTANT			3
#define TYPE_COUNTER			4
#define ANNOTATION_BOOL			2
#define ANNOTATION_UINT			3
#define ANNOTATION_INT			4
#define ANNOTATION_STRING		6
#define ANNOTATION_NAME			10

/* What a track shows; below a device in this order. */
enum track_kind {
	TRACK_DEVICE, TRACK_STATE, TRACK_FINDINGS, TRACK_ARCS, TRACK_CALLS, TRACK_STREAM,
	TRACK_ENOMSG, TRACK_INITIAL, TRACK_DIRTY, TRACK_MOVED, TRACK_LOSS, TRACK_MARKS,
};

struct track {
	uint64_t uuid;
	uint64_t last_ns;		/* the end of its last slice */
	bool open;			/* TRACK_STATE: a slice for @state is under way */
	uint32_t state;
	uint32_t stream;		/* TRACK_MOVED: @bytes are this one's */
	uint64_t bytes;
};

struct perfetto {
	FILE *f;
	struct rows *rows;
	struct buf buf;
	struct track **track;		/* a hash by uuid, never more than half full */
	uint32_t track_cap, track_n;
	uint64_t last_ns;
	bool any;			/* the first packet is written */
	int err;
};

/* ---- packets ---- */

static size_t packet_begin(struct perfetto *p, uint64_t t_ns)
{
	size_t packet = pb_begin(&p->buf, TRACE_PACKET);

	pb_u64(&p->buf, PACKET_TIMESTAMP, t_ns);
	pb_u64(&p->buf, PACKET_CLOCK_ID, CLOCK_ID_MONOTONIC);
	pb_u64(&p->buf, PACKET_SEQUENCE_ID, 1);
	return packet;
}

static void packet_end(struct perfetto *p, size_t packet)
{
	pb_end(&p->buf, packet);
	if (p->buf.failed)
		p->err = -ENOMEM;
	else
		fwrite(p->buf.data, 1, p->buf.len, p->f);
	buf_reset(&p->buf);
}

static void put_clock(struct buf *b, uint64_t id, uint64_t ns)
{
	size_t clock = pb_begin(b, SNAPSHOT_CLOCKS);

	pb_u64(b, CLOCK_ID, id);
	pb_u64(b, CLOCK_TIMESTAMP, ns);
	pb_end(b, clock);
}

/* Trace time must be named before the first use of any. */
static void put_snapshot(struct perfetto *p, const struct event *ev)
{
	size_t packet = pb_begin(&p->buf, TRACE_PACKET), snapshot;

	pb_u64(&p->buf, PACKET_SEQUENCE_ID, 1);
	if (!p->any)
		pb_u64(&p->buf, PACKET_SEQUENCE_FLAGS, SEQ_INCREMENTAL_STATE_CLEARED);
	snapshot = pb_begin(&p->buf, PACKET_CLOCK_SNAPSHOT);
	put_clock(&p->buf, CLOCK_ID_MONOTONIC, ev->t_ns);
	if (ev->kind == EV_CLOCK) {
		put_clock(&p->buf, CLOCK_ID_REALTIME, ev->clock.realtime_ns);
		if (ev->clock.boottime_ns)
			put_clock(&p->buf, CLOCK_ID_BOOTTIME, ev->clock.boottime_ns);
	}
	pb_u64(&p->buf, SNAPSHOT_PRIMARY, CLOCK_ID_MONOTONIC);
	pb_end(&p->buf, snapshot);
	packet_end(p, packet);
}

static void put_safe(struct buf *b, uint32_t field, const char *s, size_t len)
{
	char safe[TEXT_SAFE_LEN(FINDING_TEXT_LEN)];

	pb_string(b, field, text_safe(safe, sizeof(safe), s, len));
}

static void note_u64(struct buf *b, const char *name, uint64_t v)
{
	size_t note = pb_begin(b, EVENT_ANNOTATIONS);

	pb_string(b, ANNOTATION_NAME, name);
	pb_u64(b, ANNOTATION_UINT, v);
	pb_end(b, note);
}

static void note_s64(struct buf *b, const char *name, int64_t v)
{
	size_t note = pb_begin(b, EVENT_ANNOTATIONS);

	pb_string(b, ANNOTATION_NAME, name);
	pb_u64(b, ANNOTATION_INT, (uint64_t)v);
	pb_end(b, note);
}

static void note_text(struct buf *b, const char *name, const char *s, size_t len)
{
	size_t note = pb_begin(b, EVENT_ANNOTATIONS);

	pb_string(b, ANNOTATION_NAME, name);
	put_safe(b, ANNOTATION_STRING, s, len);
	pb_end(b, note);
}

static void note_value(struct buf *b, const char *name, struct value *v)
{
	char buf[BIT_NAME_LEN], list[256] = "";
	const char *bit;
	size_t note, n = 0;

	switch (v->type) {
	case VALUE_S64:
		note_s64(b, name, v->s64);
		break;
	case VALUE_TEXT:
		note_text(b, name, v->text, v->len);
		break;
	case VALUE_BITS:
		while ((bit = value_next_bit(v, &v->u64, buf)) && n < sizeof(list) - 1)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? "|" : "", bit);
		note_text(b, name, list, sizeof(list));
		break;
	case VALUE_BOOL:
		note = pb_begin(b, EVENT_ANNOTATIONS);
		pb_string(b, ANNOTATION_NAME, name);
		pb_u64(b, ANNOTATION_BOOL, v->u64 != 0);
		pb_end(b, note);
		break;
	default:
		note_u64(b, name, v->u64);
		break;
	}
}

/* Who did it, how it went, and the body's fields. */
static void put_notes(struct buf *b, const struct event *ev, const struct event_context *ctx)
{
	const struct event_field *fields;
	char err[UNITS_LEN];
	struct value v;
	size_t n, i;

	note_u64(b, "seq", ev->seq);
	if (ev->pid) {
		note_u64(b, "pid", ev->pid);
		note_u64(b, "tid", ev->tid);
		note_text(b, "comm", ev->comm, sizeof(ev->comm));
	}
	if (ctx->vm)
		note_text(b, "vm", ctx->vm, EVENT_NAME_LEN);
	if (ctx->session)
		note_u64(b, "migration", ctx->session);
	if (value_has_result(ev->kind)) {
		note_s64(b, "ret", ev->ret);
		if (ev->ret < 0)
			note_text(b, "errno", errno_label(err, ev->ret), sizeof(err));
	}
	fields = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++)
		if (value_of(ev, &fields[i], &v))
			note_value(b, fields[i].name, &v);
}

/* ---- tracks ---- */

/* Unlikely to be another producer's. */
static uint64_t uuid_of(enum track_kind kind, uint32_t number, uint32_t lane)
{
	return 0x76ULL << 56 | (uint64_t)kind << 48 | (uint64_t)number << 8 | (lane & 0xff);
}

/* Where the track is, or belongs. */
static struct track **find(struct track **t, uint32_t cap, uint64_t uuid)
{
	uint32_t i = (uint32_t)((uuid * 0x9e3779b97f4a7c15ULL) >> 32) & (cap - 1);

	while (t[i] && t[i]->uuid != uuid)
		i = (i + 1) & (cap - 1);
	return &t[i];
}

static int grow(struct perfetto *p)
{
	uint32_t cap = p->track_cap ? p->track_cap * 2 : 64, i;
	struct track **t = calloc(cap, sizeof(*t));

	if (!t)
		return -ENOMEM;
	for (i = 0; i < p->track_cap; i++)
		if (p->track[i])
			*find(t, cap, p->track[i]->uuid) = p->track[i];
	free(p->track);
	p->track = t;
	p->track_cap = cap;
	return 0;
}

/* A track that is new; it stays where it is. */
static struct track *add_track(struct perfetto *p, uint64_t uuid)
{
	struct track *t = calloc(1, sizeof(*t));

	if (t && p->track_n * 2 >= p->track_cap && grow(p)) {
		free(t);
		t = NULL;
	}
	if (!t) {
		p->err = -ENOMEM;
		return NULL;
	}
	t->uuid = uuid;
	*find(p->track, p->track_cap, uuid) = t;
	p->track_n++;
	return t;
}

static const char *track_name(enum track_kind kind, uint32_t number, const struct event_context *ctx,
			      char buf[2 * NAME_LEN + 32])
{
	char dev[NAME_LEN], drv[NAME_LEN];
	static const char *const names[] = {
		[TRACK_STATE] = "state", [TRACK_FINDINGS] = "findings", [TRACK_ARCS] = "arcs",
		[TRACK_CALLS] = "calls", [TRACK_ENOMSG] = "ENOMSG",
		[TRACK_INITIAL] = "initial bytes", [TRACK_DIRTY] = "dirty bytes",
		[TRACK_MOVED] = "bytes moved", [TRACK_LOSS] = "lost events", [TRACK_MARKS] = "marks",
	};

	if (kind == TRACK_STREAM) {
		snprintf(buf, 2 * NAME_LEN + 32, "data FD %u%s%s", number,
			 ctx && ctx->stream && ctx->stream->defined ? ", " : "",
			 ctx && ctx->stream && ctx->stream->defined ?
			 event_direction_name(ctx->stream->direction) : "");
		return buf;
	}
	if (kind != TRACK_DEVICE)
		return names[kind];
	if (!number)
		return "the evidence";
	device_label(dev, ctx ? ctx->device : NULL, number);
	snprintf(buf, 2 * NAME_LEN + 32, "%s%s%s%s", dev, ctx && ctx->device && ctx->device->driver[0] ? " (" : "",
		 ctx && ctx->device ? safe_name(drv, ctx->device->driver) : "",
		 ctx && ctx->device && ctx->device->driver[0] ? ")" : "");
	return buf;
}

/* The track, described before its first use; NULL: out of memory. */
static struct track *track_of(struct perfetto *p, enum track_kind kind, uint32_t number,
			      uint32_t lane, const struct event_context *ctx)
{
	uint64_t uuid = uuid_of(kind, number, lane), parent = 0;
	uint32_t device = kind == TRACK_STREAM ? (ctx->device ? ctx->device->number : 0) : number;
	char name[2 * NAME_LEN + 32];
	size_t packet, desc, counter;
	struct track *t = p->track_cap ? *find(p->track, p->track_cap, uuid) : NULL;

	if (t)
		return t;
	if (kind != TRACK_DEVICE) {
		t = track_of(p, TRACK_DEVICE, device, 0, ctx);
		if (!t)
			return NULL;
		parent = t->uuid;
	}
	packet = pb_begin(&p->buf, TRACE_PACKET);
	pb_u64(&p->buf, PACKET_SEQUENCE_ID, 1);
	desc = pb_begin(&p->buf, PACKET_TRACK_DESCRIPTOR);
	pb_u64(&p->buf, TRACK_UUID, uuid);
	pb_string(&p->buf, TRACK_NAME, track_name(kind, number, ctx, name));
	if (parent) {
		pb_u64(&p->buf, TRACK_PARENT, parent);
		pb_u64(&p->buf, TRACK_RANK, kind);
	} else {
		pb_u64(&p->buf, TRACK_CHILD_ORDERING, CHILD_ORDERING_EXPLICIT);
	}
	if (kind == TRACK_INITIAL || kind == TRACK_DIRTY || kind == TRACK_MOVED) {
		counter = pb_begin(&p->buf, TRACK_COUNTER);
		pb_u64(&p->buf, COUNTER_UNIT, UNIT_SIZE_BYTES);
		pb_end(&p->buf, counter);
	}
	pb_end(&p->buf, desc);
	packet_end(p, packet);
	return add_track(p, uuid);
}

static size_t event_begin(struct perfetto *p, const struct track *t, uint64_t type, uint64_t t_ns,
			  size_t *packet)
{
	size_t ev;

	*packet = packet_begin(p, t_ns);
	ev = pb_begin(&p->buf, PACKET_TRACK_EVENT);
	pb_u64(&p->buf, EVENT_TYPE, type);
	pb_u64(&p->buf, EVENT_TRACK, t->uuid);
	return ev;
}

static void event_end(struct perfetto *p, size_t ev, size_t packet)
{
	pb_end(&p->buf, ev);
	packet_end(p, packet);
}

static void put_slice_end(struct perfetto *p, const struct track *t, uint64_t t_ns)
{
	size_t packet, ev = event_begin(p, t, TYPE_SLICE_END, t_ns, &packet);

	event_end(p, ev, packet);
}

/* A slice or, where @end_ns is @start_ns and @instant, an instant. */
static void put_named(struct perfetto *p, const struct track *t, const char *name,
		      uint64_t start_ns, uint64_t end_ns, bool instant, const struct event *e,
		      const struct event_context *ctx)
{
	size_t packet, ev;

	ev = event_begin(p, t, instant ? TYPE_INSTANT : TYPE_SLICE_BEGIN, start_ns, &packet);
	pb_string(&p->buf, EVENT_CATEGORIES, "vfio");
	put_safe(&p->buf, EVENT_NAME, name, EVENT_TEXT_LEN);
	put_notes(&p->buf, e, ctx);
	event_end(p, ev, packet);
	if (!instant)
		put_slice_end(p, t, end_ns);
}

static void put_counter(struct perfetto *p, enum track_kind kind, uint32_t device,
			const struct event_context *ctx, uint64_t t_ns, uint64_t value)
{
	const struct track *t = track_of(p, kind, device, 0, ctx);
	size_t packet, ev;

	if (!t)
		return;
	ev = event_begin(p, t, TYPE_COUNTER, t_ns, &packet);
	pb_u64(&p->buf, EVENT_COUNTER_VALUE, value);
	event_end(p, ev, packet);
}

/* The first track of the kind on which nothing is under way at @start_ns. */
static struct track *free_track(struct perfetto *p, enum track_kind kind, uint32_t number,
				const struct event_context *ctx, uint64_t start_ns, uint64_t end_ns)
{
	struct track *t = NULL;
	uint32_t lane;

	for (lane = 0; lane < 256; lane++) {
		t = track_of(p, kind, number, lane, ctx);
		if (!t || t->last_ns <= start_ns)
			break;
	}
	if (t)
		t->last_ns = end_ns;
	return t;
}

/* ---- events ---- */

static void take_state(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	struct track *t = track_of(p, TRACK_STATE, ev->device, 0, ctx);
	uint64_t t_ns = event_end_ns(ev);
	char name[UNITS_LEN];
	size_t packet, e;

	if (!t || (t->open ? t->state == ctx->state : ctx->state == MIG_UNKNOWN))
		return;
	if (t_ns < t->last_ns)
		t_ns = t->last_ns;
	if (t->open)
		put_slice_end(p, t, t_ns);
	t->open = ctx->state != MIG_UNKNOWN;
	t->state = ctx->state;
	t->last_ns = t_ns;
	if (!t->open)
		return;
	e = event_begin(p, t, TYPE_SLICE_BEGIN, t_ns, &packet);
	pb_string(&p->buf, EVENT_CATEGORIES, "vfio");
	pb_string(&p->buf, EVENT_NAME, state_label(name, ctx->state));
	event_end(p, e, packet);
}

static void put_moved(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	struct track *t = track_of(p, TRACK_MOVED, ev->device, 0, ctx);

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

static void take_bytes(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	const struct track *t;
	char name[64] = "ENOMSG";

	put_moved(p, ev, ctx);
	if (ev->kind != EV_READ || ev->ret != -ENOMSG)
		return;
	t = track_of(p, TRACK_ENOMSG, ev->device, 0, ctx);
	if (!t)
		return;
	if (event_calls(ev) > 1)
		snprintf(name, sizeof(name), "ENOMSG x%llu", (unsigned long long)event_calls(ev));
	put_named(p, t, name, ev->t_ns, ev->t_ns, true, ev, ctx);
}

static void take_info(struct perfetto *p, const struct event *ev, const struct event_context *ctx)
{
	if (ev->ret < 0)
		return;
	put_counter(p, TRACK_INITIAL, ev->device, ctx, event_end_ns(ev),
		    ev->precopy_info.initial_bytes);
	put_counter(p, TRACK_DIRTY, ev->device, ctx, event_end_ns(ev), ev->precopy_info.dirty_bytes);
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
		snprintf(buf, 128, "%s(%s)%.20s", kind, ev->set_state.target >= 0 ?
			 state_label(a, (uint32_t)ev->set_state.target) : "?", err);
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
	case EV_STUCK:
		snprintf(buf, 128, "%s: %s for %s", kind, event_kind_name(ev->stuck.call) ?: "a call",
			 units_duration(a, ev->stuck.age_ns));
		break;
	default:
		snprintf(buf, 128, "%s%.20s", kind, err);
		break;
	}
	return buf;
}

static void put_event(void *arg, const struct event *ev, const struct event_context *ctx,
		      uint64_t realtime_ns)
{
	uint64_t start_ns = ev->t_ns, end_ns = event_end_ns(ev);
	enum track_kind kind = TRACK_CALLS;
	uint32_t number = ev->device;
	struct perfetto *p = arg;
	bool instant = false;
	struct track *t;
	char name[128];

	(void)realtime_ns;
	if (end_ns > p->last_ns)
		p->last_ns = end_ns;
	if (ctx->has_state && ev->device)
		take_state(p, ev, ctx);
	switch (ev->kind) {
	case EV_ARC:
		kind = TRACK_ARCS;
		break;
	case EV_READ:
	case EV_WRITE:
		take_bytes(p, ev, ctx);
		kind = TRACK_STREAM;
		number = ev->stream;
		break;
	case EV_PRECOPY_INFO:
		take_info(p, ev, ctx);
		kind = TRACK_STREAM;
		number = ev->stream;
		break;
	case EV_POLL:
	case EV_STREAM_CLOSE:
		kind = TRACK_STREAM;
		number = ev->stream;
		break;
	case EV_STREAM_OPEN:
	case EV_STREAM_RELEASE:
		kind = TRACK_STREAM;
		number = ev->stream;
		instant = true;
		start_ns = end_ns;
		break;
	case EV_LOSS:
		kind = TRACK_LOSS;
		number = 0;
		start_ns = ev->loss.t_from_ns;
		end_ns = ev->loss.t_to_ns;
		break;
	case EV_MARK:
		kind = TRACK_MARKS;
		number = 0;
		instant = true;
		break;
	case EV_STUCK:
	case EV_DEVICE_RESET:
		instant = true;
		break;
	}
	if (end_ns < start_ns)
		end_ns = start_ns;
	t = instant ? track_of(p, kind, number, 0, ctx) :
		      free_track(p, kind, number, ctx, start_ns, end_ns);
	if (t)
		put_named(p, t, ev->kind == EV_MARK ? ev->mark.text : name_of(ev, name), start_ns,
			  end_ns, instant, ev, ctx);
}

static void put_finding(struct perfetto *p, struct model *m, const struct finding *x)
{
	struct event_context ctx = { .device = model_device(m, x->device) };
	const struct rule *r = judge_rule(x->rule);
	const struct track *t = track_of(p, TRACK_FINDINGS, x->device, 0, &ctx);
	size_t packet, ev;

	if (!t)
		return;
	ev = event_begin(p, t, TYPE_INSTANT, x->t_ns, &packet);
	pb_string(&p->buf, EVENT_CATEGORIES, "vfio");
	pb_string(&p->buf, EVENT_NAME, r->name);
	note_text(&p->buf, "severity", severity_name(x->severity), UNITS_LEN);
	note_text(&p->buf, "party", party_name(x->party), UNITS_LEN);
	note_text(&p->buf, "text", x->text, sizeof(x->text));
	note_text(&p->buf, "basis", r->basis, FINDING_TEXT_LEN);
	if (x->session)
		note_u64(&p->buf, "migration", x->session);
	note_u64(&p->buf, "count", x->count);
	event_end(p, ev, packet);
}

struct perfetto *perfetto_create(FILE *f, const struct view_options *opt)
{
	struct perfetto *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->f = f;
	p->rows = rows_create(opt, put_event, p);
	if (!p->rows) {
		free(p);
		return NULL;
	}
	return p;
}

int perfetto_event(struct perfetto *p, const struct model *m, const struct event *ev,
		   const struct event_context *ctx)
{
	int err;

	/* The first thing in the trace says what its times are. */
	if (ev->kind == EV_CLOCK || !p->any)
		put_snapshot(p, ev);
	p->any = true;
	err = rows_event(p->rows, m, ev, ctx);
	return err ? err : p->err ? p->err : ferror(p->f) ? -EIO : 0;
}

int perfetto_finish(struct perfetto *p, const struct view_evidence *t,
		    const struct view_options *opt)
{
	const struct finding *x;
	uint32_t i;
	size_t k;

	rows_finish(p->rows);
	for (i = 0; i < p->track_cap; i++)
		if (p->track[i] && p->track[i]->open)
			put_slice_end(p, p->track[i], p->last_ns > p->track[i]->last_ns ?
				      p->last_ns : p->track[i]->last_ns);
	for (k = 0; t->judge && (x = judge_finding(t->judge, k)); k++) {
		struct event at = { .t_ns = x->t_ns };

		if ((!opt->migration || x->session == opt->migration) &&
		    time_window_has(&opt->window, t->model, &at))
			put_finding(p, t->model, x);
	}
	return p->err ? p->err : ferror(p->f) ? -EIO : 0;
}

void perfetto_destroy(struct perfetto *p)
{
	uint32_t i;

	if (!p)
		return;
	rows_destroy(p->rows);
	buf_free(&p->buf);
	for (i = 0; i < p->track_cap; i++)
		free(p->track[i]);
	free(p->track);
	free(p);
}
