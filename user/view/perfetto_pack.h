/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto_pack.h - packets and tracks of a Perfetto trace
 *
 * perfetto.c says what is shown, this how it is written.  Field numbers are those of
 * protos/perfetto/trace/perfetto_trace.proto, which promises to keep them.
 */
#ifndef VFIOSCOPE_VIEW_PERFETTO_PACK_H
#define VFIOSCOPE_VIEW_PERFETTO_PACK_H

#include "util/pb.h"
#include "view/rows.h"
#include "view/view.h"

/* Of a TrackEvent */
#define EVENT_CATEGORIES    22
#define EVENT_NAME	    23
#define EVENT_COUNTER_VALUE 30
#define EVENT_FLOW	    47 /* fixed64 */
#define EVENT_FLOW_END	    48
#define TYPE_SLICE_BEGIN    1
#define TYPE_SLICE_END	    2
#define TYPE_INSTANT	    3
#define TYPE_COUNTER	    4

/* What a track shows; below what it belongs to in this order. */
enum track_kind {
	TRACK_MIGRATION,
	TRACK_SIDE,
	TRACK_STOP,
	TRACK_PARTS,
	TRACK_REASONS,
	TRACK_PROC,
	TRACK_TASK,
	TRACK_DEVICE,
	TRACK_STATE,
	TRACK_FINDINGS,
	TRACK_HAPPENED,
	TRACK_STREAM,
	TRACK_EMPTY,
	TRACK_INITIAL,
	TRACK_DIRTY,
	TRACK_MOVED,
	TRACK_LOSS,
	TRACK_MARKS,
};

struct track_id {
	enum track_kind kind;
	uint32_t number; /* a migration, a process, a device, a stream */
	uint32_t sub;	 /* a side, a thread */
	uint32_t host;	 /* of a process */
	uint32_t lane;	 /* from 0: the same again, for what overlaps */
};

struct track {
	struct track_id id;
	uint64_t uuid;
	uint64_t last_ns; /* the end of its last slice */
	bool open;	  /* a slice is under way, for @state if it has states */
	uint32_t state;
	uint32_t stream; /* TRACK_MOVED: @bytes are this one's */
	uint64_t bytes;
};

/* A slice whose begin is held back: so many bytes at that place of the packets. */
struct held_slice {
	uint64_t from_ns, to_ns;
	size_t at, len;
};

/*
 * Arcs, and functions, within a call that has not returned; they go inside it.  They come in
 * the order of their ends, and are written in that of their begins.
 */
struct inside {
	struct track *track;
	uint32_t host, tid;
	uint64_t from_ns, to_ns;
	struct buf packets;
	struct held_slice *slice;
	size_t n, cap;
};
#define INSIDE_MAX	  64   /* calls */
#define INSIDE_SLICES_MAX 4096 /* of one: more of them go out without it */

struct perfetto {
	FILE *f;
	const struct view_evidence *e;
	struct view_options opt;
	struct rows *rows;
	struct buf buf;
	struct track **track; /* a hash, never more than half full */
	uint32_t track_cap, track_n;
	struct inside inside[INSIDE_MAX]; /* the oldest first */
	uint32_t n_inside;
	struct buf *into; /* where packets go; NULL: to @f */
	uint64_t last_ns;
	bool any; /* the first packet is written */
	int err;
};

/* The clocks of @ev; the first packet of a trace says what its times are. */
void pf_snapshot(struct perfetto *p, const struct event *ev);
/* One event of a track: its fields come between the two. */
size_t pf_event_begin(struct perfetto *p, const struct track *t, uint64_t type, uint64_t t_ns,
		      size_t *packet);
void pf_event_end(struct perfetto *p, size_t ev, size_t packet);
void pf_slice_end(struct perfetto *p, const struct track *t, uint64_t t_ns);

/* Fields of the event that is begun: a text made harmless, notes, all that @row has. */
void pf_safe(struct buf *b, uint32_t field, const char *s, size_t len);
void pf_note_u64(struct buf *b, const char *name, uint64_t v);
void pf_note_text(struct buf *b, const char *name, const char *s, size_t len);
void pf_notes(struct buf *b, const struct row *row);

/* The track, described before its first use; NULL: out of memory, and p->err says so. */
struct track *pf_track_at(struct perfetto *p, const struct track_id *id, const struct event *ev,
			  const struct event_context *ctx);
struct track *pf_track(struct perfetto *p, enum track_kind kind, uint32_t number,
		       const struct event_context *ctx);

#endif
