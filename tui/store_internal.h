/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_internal.h - what the store's own files share; nobody else includes it
 *
 * store.c keeps events in chunks and answers for positions, chunk.c reads them again,
 * codec.c is one event in bytes, sums.c what a device did per chunk and column, checkpoints.c the models
 * kept here and there.
 */
#ifndef VFIOSCOPE_TUI_STORE_INTERNAL_H
#define VFIOSCOPE_TUI_STORE_INTERNAL_H

#include "protocol.h"
#include "tui/store.h"
#include "util/buf.h"

#define CHUNK 256U
#define CACHE 8U
/* So many chunks have sums of their own: a screen of everything stays cheap. */
#define GROUP 32U

/* ---- codec.c ---- */

/* What an event is told as the difference to: those before it in its chunk. */
struct codec {
	struct event prev;
	struct event last[EV_KIND_NR]; /* of each kind */
};

void codec_reset(struct codec *c);
/* @ev is not taken note of: codec_took() does, when it was kept. */
void codec_put(const struct codec *c, struct buf *b, const struct event *ev);
void codec_took(struct codec *c, const struct event *ev);
/* The event at @p, without its seq; what comes behind it. */
const uint8_t *codec_take(struct codec *c, const uint8_t *p, struct event *ev);

/* ---- sums.c ---- */

/* How a device stands, as far as a plot wants to know it at every read(). */
struct standing {
	uint32_t state;
	bool session; /* its data FD is out */
	bool stale;   /* @left is of a session that is over */
	bool eof;     /* read() gave 0 in STOP_COPY, nothing since */
	struct left left;
	uint64_t initial; /* of the last info, less what was read since */
};

/* What one device did in one chunk; device 0: what may concern all (losses, marks). */
struct sum {
	uint32_t device;
	struct standing end;
	struct store_column col;
};

struct sums { /* sorted by device once complete */
	struct sum *at;
	uint32_t n;
	bool sorted;
};

struct chunk {
	uint8_t *data;
	uint32_t len, cap;
	uint32_t n;
	uint64_t lo_ns, hi_ns;	      /* ends of its events */
	uint64_t before_ns, after_ns; /* times of the positions around it */
	uint64_t kinds;
	bool errors;
	uint64_t longest_ns;
	struct sums sums;
};

/* GROUP chunks together. */
struct group {
	uint64_t lo_ns, hi_ns;
	struct sums sums;
};

struct track {
	uint32_t device;
	struct standing now;
};

/* A track per device that had an event, found by its number however large that is. */
struct tracks {
	struct track *at;
	size_t n, cap;
	uint32_t *slots; /* place in @at plus 1; 0: free */
	size_t n_slots;	 /* a power of two, or 0 */
};

/*
 * The event into the sums of its chunk; the model has taken it, and @t is the
 * track of @device (NULL: it concerns all).  0 or -ENOMEM.
 */
int sums_add(struct chunk *c, const struct event *ev, uint32_t device, struct track *t, bool v2);
/* After the model told the state of @t behind the last event. */
void sums_end(struct chunk *c, const struct track *t);
/* Nothing comes into the chunk any more. */
void sums_close(struct sums *sums);
/* The last GROUP chunks are complete.  Nothing happens when memory is short. */
void group_close(struct store *s);

/* ---- tracks.c ---- */

/* NULL: out of memory. */
struct track *track_of(struct tracks *t, uint32_t device);
void tracks_free(struct tracks *t);

/* ---- checkpoints.c ---- */

struct checkpoints {
	struct checkpoint {
		uint64_t n;
		struct model *model;
		uint64_t cost;
	} * at;
	size_t n, cap;
	uint64_t cost, spacing;
	/* The model of a position that somebody looks at. */
	struct model *cursor;
	uint64_t cursor_n;
};

void checkpoints_init(struct checkpoints *p);
void checkpoints_free(struct checkpoints *p);
/* Keep a copy of @m, which was fed @count events, when it is time to. */
void checkpoint(struct checkpoints *p, const struct model *m, uint64_t count);

/* ---- store.c ---- */

struct cached {
	uint64_t chunk; /* UINT64_MAX: free */
	uint64_t used;
	uint32_t n;
	struct event ev[CHUNK];
};

struct changes {
	struct change {
		uint64_t n, t_ns;
		uint32_t device, state;
	} * at;
	size_t n, cap;
};

struct store {
	struct chunk *chunks;
	size_t n_chunks, cap_chunks;
	struct group *groups; /* of complete chunks */
	size_t n_groups, cap_groups;
	uint64_t count;
	uint64_t looked; /* @count when the model of all was asked for last */
	uint64_t first_ns, last_ns;
	struct codec codec; /* of the chunk being filled */
	struct buf scratch;
	struct cached *cache[CACHE];
	uint64_t clock;

	struct model *model;
	struct checkpoints points;
	struct tracks tracks;
	struct changes moments[MOMENT_LISTS];
	struct changes states;
};

/* ---- chunk.c ---- */

/* The events of a chunk; valid until CACHE others were asked for. */
const struct cached *store_load(struct store *s, uint64_t chunk);

#endif
