// SPDX-License-Identifier: GPL-2.0-only
#include "view/perfetto_pack.h"

#include <errno.h>
#include <stdlib.h>

#include "view/common.h"
#include "view/value.h"

/* Trace, TracePacket */
#define TRACE_PACKET		      1
#define PACKET_CLOCK_SNAPSHOT	      6
#define PACKET_TIMESTAMP	      8
#define PACKET_SEQUENCE_ID	      10
#define PACKET_TRACK_EVENT	      11
#define PACKET_SEQUENCE_FLAGS	      13
#define PACKET_CLOCK_ID		      58
#define PACKET_TRACK_DESCRIPTOR	      60
#define SEQ_INCREMENTAL_STATE_CLEARED 1
/* ClockSnapshot */
#define SNAPSHOT_CLOCKS		      1
#define SNAPSHOT_PRIMARY	      2
#define CLOCK_ID		      1
#define CLOCK_TIMESTAMP		      2
#define CLOCK_ID_REALTIME	      1
#define CLOCK_ID_MONOTONIC	      3
#define CLOCK_ID_BOOTTIME	      6
/* TrackDescriptor, CounterDescriptor */
#define TRACK_UUID		      1
#define TRACK_NAME		      2
#define TRACK_PROCESS		      3
#define TRACK_THREAD		      4
#define TRACK_PARENT		      5
#define TRACK_COUNTER		      8
#define TRACK_CHILD_ORDERING	      11
#define TRACK_RANK		      12
#define CHILD_ORDERING_EXPLICIT	      3
#define PROCESS_PID		      1
#define PROCESS_NAME		      6
#define THREAD_PID		      1
#define THREAD_TID		      2
#define THREAD_NAME		      5
#define COUNTER_UNIT		      3
#define UNIT_SIZE_BYTES		      3
/* TrackEvent, DebugAnnotation */
#define EVENT_ANNOTATIONS	      4
#define EVENT_TYPE		      9
#define EVENT_TRACK		      11
#define ANNOTATION_BOOL		      2
#define ANNOTATION_UINT		      3
#define ANNOTATION_INT		      4
#define ANNOTATION_STRING	      6
#define ANNOTATION_NAME		      10

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
	else if (p->into)
		buf_put(p->into, p->buf.data, p->buf.len);
	else
		fwrite(p->buf.data, 1, p->buf.len, p->f);
	if (p->into && p->into->failed)
		p->err = -ENOMEM;
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
void pf_snapshot(struct perfetto *p, const struct event *ev)
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

void pf_safe(struct buf *b, uint32_t field, const char *s, size_t len)
{
	char safe[TEXT_SAFE_LEN(FINDING_TEXT_LEN)];

	pb_string(b, field, text_safe(safe, sizeof(safe), s, len));
}

void pf_note_u64(struct buf *b, const char *name, uint64_t v)
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

void pf_note_text(struct buf *b, const char *name, const char *s, size_t len)
{
	size_t note = pb_begin(b, EVENT_ANNOTATIONS);

	pb_string(b, ANNOTATION_NAME, name);
	pf_safe(b, ANNOTATION_STRING, s, len);
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
		pf_note_text(b, name, v->text, v->len);
		break;
	case VALUE_BITS:
		while ((bit = value_next_bit(v, &v->u64, buf)) && n < sizeof(list) - 1)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? "|" : "",
					      bit);
		pf_note_text(b, name, list, sizeof(list));
		break;
	case VALUE_BOOL:
		note = pb_begin(b, EVENT_ANNOTATIONS);
		pb_string(b, ANNOTATION_NAME, name);
		pb_u64(b, ANNOTATION_BOOL, v->u64 != 0);
		pb_end(b, note);
		break;
	default:
		pf_note_u64(b, name, v->u64);
		break;
	}
}

/* Who did it, how it went, and the body's fields. */
static void note_why(struct buf *b, const struct call_why *w)
{
	char name[40], text[WHY_TEXT_LEN];
	int k;

	if (judge_why_text(w, text)[0])
		pf_note_text(b, "why", text, sizeof(text));
	for (k = 0; k < WHY_SUMS; k++) {
		snprintf(name, sizeof(name), "why_%s_ns", why_part_key((enum why_part)k));
		if (w->ns[k] != MODEL_NONE)
			pf_note_u64(b, name, w->ns[k]);
	}
	if (w->faults != MODEL_NONE)
		pf_note_u64(b, "why_faults", w->faults);
	if (w->stack[0])
		pf_note_text(b, "why_stack", w->stack, sizeof(w->stack));
}

void pf_notes(struct buf *b, const struct row *row)
{
	const struct event_context *ctx = row->ctx;
	const struct event_field *fields;
	const struct event *ev = row->ev;
	char err[UNITS_LEN], dev[NAME_LEN];
	struct value v;
	size_t n, i;

	pf_note_u64(b, "seq", ev->seq);
	if (ev->pid) {
		pf_note_u64(b, "pid", ev->pid);
		pf_note_u64(b, "tid", ev->tid);
		pf_note_text(b, "comm", ev->comm, sizeof(ev->comm));
	}
	if (ctx->vm)
		pf_note_text(b, "vm", ctx->vm, EVENT_NAME_LEN);
	if (ctx->host)
		pf_note_text(b, "host", ctx->host, EVENT_NAME_LEN);
	if (ctx->device)
		pf_note_text(b, "device", device_label(dev, ctx->device, ev->device), sizeof(dev));
	if (ev->stream)
		pf_note_u64(b, "stream", ev->stream);
	if (row->migration)
		pf_note_u64(b, "migration", row->migration);
	if (ctx->side)
		pf_note_u64(b, "side", ctx->side);
	if (ctx->session)
		pf_note_u64(b, "session", ctx->session);
	if (value_has_result(ev->kind)) {
		note_s64(b, "ret", ev->ret);
		if (ev->ret < 0)
			pf_note_text(b, "errno", errno_label(err, ev->ret), sizeof(err));
	}
	fields = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++)
		if (value_of(ev, &fields[i], &v))
			note_value(b, fields[i].name, &v);
	if (row->ctx->why)
		note_why(b, row->ctx->why);
}

/* ---- tracks ---- */

static bool is_same(const struct track_id *a, const struct track_id *b)
{
	return a->kind == b->kind && a->number == b->number && a->sub == b->sub &&
	       a->host == b->host && a->lane == b->lane;
}

/* Where the track is, or belongs. */
static struct track **find_track(struct track **t, uint32_t cap, const struct track_id *id)
{
	uint64_t h = id->number;
	uint32_t i;

	h = (h << 32 | id->sub) * 0x9e3779b97f4a7c15ULL;
	h ^= ((uint64_t)id->host << 16 | (uint64_t)id->lane << 8 | id->kind) *
	     0xff51afd7ed558ccdULL;
	i = (uint32_t)((h * 0x9e3779b97f4a7c15ULL) >> 32) & (cap - 1);
	while (t[i] && !is_same(&t[i]->id, id))
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
			*find_track(t, cap, &p->track[i]->id) = p->track[i];
	free(p->track);
	p->track = t;
	p->track_cap = cap;
	return 0;
}

/* A track that is new; it stays where it is. */
static struct track *add_track(struct perfetto *p, const struct track_id *id)
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
	t->id = *id;
	/* Unlikely to be another producer's. */
	t->uuid = 0x76ULL << 56 | ++p->track_n;
	*find_track(p->track, p->track_cap, id) = t;
	return t;
}

#define TRACK_NAME_LEN (3 * NAME_LEN + 64)

/* "web-07: " of a host among several; else nothing. */
static const char *host_prefix(const struct perfetto *p, uint32_t host, char buf[NAME_LEN + 2])
{
	const char *name = model_hosts(p->e->model) > 1 ? model_host(p->e->model, host) : NULL;
	char safe[NAME_LEN];

	snprintf(buf, NAME_LEN + 2, "%s%s", name ? safe_name(safe, name) : "", name ? ": " : "");
	return buf;
}

static void name_device(const struct perfetto *p, uint32_t number, char buf[TRACK_NAME_LEN])
{
	const struct model_device *d = model_device(p->e->model, number);
	char dev[NAME_LEN], drv[NAME_LEN], host[NAME_LEN + 2];
	bool driver = d && d->driver[0];

	if (!number) {
		snprintf(buf, TRACK_NAME_LEN, "the evidence");
		return;
	}
	snprintf(buf, TRACK_NAME_LEN, "%s%s%s%s%s", host_prefix(p, d ? d->host : 0, host),
		 device_label(dev, d, number), driver ? " (" : "",
		 driver ? safe_name(drv, d->driver) : "", driver ? ")" : "");
}

static void name_process(const struct perfetto *p, const struct track_id *id,
			 char buf[TRACK_NAME_LEN])
{
	const struct model_process *proc = model_process(p->e->model, id->host, id->number);
	char host[NAME_LEN + 2], comm[TEXT_SAFE_LEN(EVENT_COMM_LEN)], vm[NAME_LEN];
	bool has_vm = proc && proc->vm;

	snprintf(buf, TRACK_NAME_LEN, "%s%s %u%s%s", host_prefix(p, id->host, host),
		 proc ? text_safe(comm, sizeof(comm), proc->comm, sizeof(proc->comm)) : "process",
		 id->number, has_vm ? ", " : "", has_vm ? safe_name(vm, proc->vm) : "");
}

static void name_side(const struct perfetto *p, uint32_t number, char buf[TRACK_NAME_LEN])
{
	const struct side *s = model_side_peek(p->e->model, number);
	char host[NAME_LEN + 2], comm[TEXT_SAFE_LEN(EVENT_COMM_LEN)];

	snprintf(buf, TRACK_NAME_LEN, "%s%s, %s %u", host_prefix(p, s->host, host),
		 s->direction == DIR_SAVE ? "source" : "destination",
		 text_safe(comm, sizeof(comm), s->comm, sizeof(s->comm)), s->pid);
}

static void name_migration(const struct perfetto *p, uint32_t number, char buf[TRACK_NAME_LEN])
{
	const struct migration *g = model_migration(p->e->model, number);
	char vm[NAME_LEN];

	snprintf(buf, TRACK_NAME_LEN, "migration %u%s%s", number, g->vm ? " of " : "",
		 g->vm ? safe_name(vm, g->vm) : "");
}

static void name_track(const struct perfetto *p, const struct track_id *id,
		       const struct event_context *ctx, char buf[TRACK_NAME_LEN])
{
	static const char *const names[] = {
		[TRACK_STOP] = "stop",
		[TRACK_PARTS] = "where the time went: sums, end to end",
		[TRACK_REASONS] = "what it was spent on: sums, end to end",
		[TRACK_STATE] = "state",
		[TRACK_FINDINGS] = "findings",
		[TRACK_HAPPENED] = "resets",
		[TRACK_EMPTY] = "empty reads",
		[TRACK_INITIAL] = "initial bytes",
		[TRACK_DIRTY] = "dirty bytes",
		[TRACK_MOVED] = "bytes moved",
		[TRACK_LOSS] = "lost events",
		[TRACK_MARKS] = "marks",
	};
	const struct model_stream *s = ctx ? ctx->stream : NULL;

	switch (id->kind) {
	case TRACK_MIGRATION:
		name_migration(p, id->number, buf);
		break;
	case TRACK_SIDE:
		name_side(p, id->sub, buf);
		break;
	case TRACK_PROC:
		name_process(p, id, buf);
		break;
	case TRACK_TASK:
		snprintf(buf, TRACK_NAME_LEN, "thread %u", id->sub);
		break;
	case TRACK_DEVICE:
		name_device(p, id->number, buf);
		break;
	case TRACK_STREAM:
		snprintf(buf, TRACK_NAME_LEN, "data FD %u%s%s", id->number,
			 s && s->defined ? ", " : "",
			 s && s->defined ? event_direction_name(s->direction) : "");
		break;
	default:
		snprintf(buf, TRACK_NAME_LEN, "%s", names[id->kind]);
		break;
	}
}

/*
 * What joins a track with what other tools recorded of the same process.  Of several
 * hosts no: numbers of one would be taken for those of the other.
 */
static void put_task(struct perfetto *p, const struct track_id *id, const struct event *ev)
{
	const struct model_process *proc;
	size_t at;

	if (!id->number || id->lane || model_hosts(p->e->model) > 1)
		return;
	if (id->kind == TRACK_PROC) {
		proc = model_process(p->e->model, id->host, id->number);
		at = pb_begin(&p->buf, TRACK_PROCESS);
		pb_u64(&p->buf, PROCESS_PID, id->number);
		if (proc)
			pf_safe(&p->buf, PROCESS_NAME, proc->comm, sizeof(proc->comm));
		pb_end(&p->buf, at);
	} else if (id->kind == TRACK_TASK) {
		at = pb_begin(&p->buf, TRACK_THREAD);
		pb_u64(&p->buf, THREAD_PID, id->number);
		pb_u64(&p->buf, THREAD_TID, id->sub);
		if (ev)
			pf_safe(&p->buf, THREAD_NAME, ev->comm, sizeof(ev->comm));
		pb_end(&p->buf, at);
	}
}

/* What it is below; false: nothing. */
static bool parent_of(const struct track_id *id, const struct event_context *ctx,
		      struct track_id *parent)
{
	*parent = (struct track_id){ .number = id->number, .host = id->host };
	switch (id->kind) {
	case TRACK_MIGRATION:
	case TRACK_PROC:
	case TRACK_DEVICE:
		return false;
	case TRACK_SIDE:
	case TRACK_STOP:
	case TRACK_PARTS:
	case TRACK_REASONS:
		parent->kind = TRACK_MIGRATION;
		break;
	case TRACK_TASK:
		parent->kind = TRACK_PROC;
		break;
	case TRACK_STREAM:
		parent->number = ctx->device ? ctx->device->number : 0;
		/* fall through */
	default:
		parent->kind = TRACK_DEVICE;
		break;
	}
	return true;
}

/* The track, described before its first use; NULL: out of memory. */
struct track *pf_track_at(struct perfetto *p, const struct track_id *id, const struct event *ev,
			  const struct event_context *ctx)
{
	struct track *t = p->track_cap ? *find_track(p->track, p->track_cap, id) : NULL, *up = NULL;
	char name[TRACK_NAME_LEN];
	size_t packet, desc, counter;
	struct track_id parent;

	if (t)
		return t;
	if (parent_of(id, ctx, &parent)) {
		up = pf_track_at(p, &parent, ev, ctx);
		if (!up)
			return NULL;
	}
	t = add_track(p, id);
	if (!t)
		return NULL;
	packet = pb_begin(&p->buf, TRACE_PACKET);
	pb_u64(&p->buf, PACKET_SEQUENCE_ID, 1);
	desc = pb_begin(&p->buf, PACKET_TRACK_DESCRIPTOR);
	pb_u64(&p->buf, TRACK_UUID, t->uuid);
	name_track(p, id, ctx, name);
	pb_string(&p->buf, TRACK_NAME, name);
	put_task(p, id, ev);
	if (up) {
		pb_u64(&p->buf, TRACK_PARENT, up->uuid);
		pb_u64(&p->buf, TRACK_RANK, id->kind);
	} else {
		pb_u64(&p->buf, TRACK_CHILD_ORDERING, CHILD_ORDERING_EXPLICIT);
	}
	if (id->kind == TRACK_INITIAL || id->kind == TRACK_DIRTY || id->kind == TRACK_MOVED) {
		counter = pb_begin(&p->buf, TRACK_COUNTER);
		pb_u64(&p->buf, COUNTER_UNIT, UNIT_SIZE_BYTES);
		pb_end(&p->buf, counter);
	}
	pb_end(&p->buf, desc);
	packet_end(p, packet);
	return t;
}

struct track *pf_track(struct perfetto *p, enum track_kind kind, uint32_t number,
		       const struct event_context *ctx)
{
	const struct track_id id = { .kind = kind, .number = number };

	return pf_track_at(p, &id, NULL, ctx);
}

size_t pf_event_begin(struct perfetto *p, const struct track *t, uint64_t type, uint64_t t_ns,
		      size_t *packet)
{
	size_t ev;

	*packet = packet_begin(p, t_ns);
	ev = pb_begin(&p->buf, PACKET_TRACK_EVENT);
	pb_u64(&p->buf, EVENT_TYPE, type);
	pb_u64(&p->buf, EVENT_TRACK, t->uuid);
	return ev;
}

void pf_event_end(struct perfetto *p, size_t ev, size_t packet)
{
	pb_end(&p->buf, ev);
	packet_end(p, packet);
}

void pf_slice_end(struct perfetto *p, const struct track *t, uint64_t t_ns)
{
	size_t packet, ev = pf_event_begin(p, t, TYPE_SLICE_END, t_ns, &packet);

	pf_event_end(p, ev, packet);
}
