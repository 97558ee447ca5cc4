/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store_internal.h - what the store's own files share; nobody else includes it
 *
 * store.c keeps events in chunks and answers for positions, chunk.c reads them again,
 * codec.c is one event in bytes, column.c one column of a plot, sums.c what a device did per
 * chunk, columns.c a stretch of time, checkpoints.c the models kept here and there.
 */
#ifndef VFIOSCOPE_TUI_STORE_INTERNAL_H
#define VFIOSCOPE_TUI_STORE_INTERNAL_H

#include "tui/store.h"
#include "util/buf.h"

#define CHUNK 256U
/* Chunks that are there as events: as many as a wide screen has columns, each begins in one. */
#define CACHE 256U
#define GROUP 8U

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
/* The bytes are our own: they need no checking. */
uint64_t codec_varint(const uint8_t **p);
/* The event at @p, without its seq; what comes behind it. */
const uint8_t *codec_take(struct codec *c, const uint8_t *p, struct event *ev);

/* ---- column.c ---- */

/* What the model said of a device: its proven state, and model_left(). */
struct said {
	uint32_t state;
	uint64_t left, initial;
};

/* What one device did in a chunk or more; device 0: what may concern all (losses, marks). */
struct sum {
	uint32_t device;
	struct said end;
	struct store_column col;
};

/* So much is left at a moment of it. */
void column_takes(struct store_column *c, uint64_t initial, uint64_t rest);
/* One event into a column; @state is the device's before it. */
void column_event(struct store_column *c, const struct event *ev, uint32_t state, bool v2);
/* What is left, of which the initial bytes are read first. */
void column_left(struct store_column *c, const struct said *st);
/* A sum in bytes; these into a column (NULL: none), and how the device stood at its end. */
void sum_put(struct buf *b, const struct sum *sum);
void sum_take(const uint8_t *p, struct store_column *c, struct said *st);

/* ---- sums.c ---- */

/* Of the chunk that is being filled, in any order. */
struct open_sums {
	struct sum *at;
	size_t n, cap;
	bool packed; /* the chunk has them as they are now */
};

/* By device, which are in order; each in bytes. */
struct sums {
	struct sum_key {
		uint32_t device, at;
	} * key;
	uint32_t n;
	uint8_t *data;
};

struct stretch {
	uint64_t lo_ns, hi_ns; /* ends of its events */
	struct sums sums;
};

struct chunk {
	uint8_t *data;
	uint32_t len, cap;
	uint32_t n;
	uint64_t before_ns, after_ns; /* times of the positions around it */
	uint64_t kinds;
	bool errors;
	uint64_t longest_ns;
	struct stretch all;
	/* What the model said was left behind an event, where one could not expect it. */
	struct buf left;
	uint32_t left_at; /* event of the last of them, plus 1 */
};

/* GROUP chunks together, GROUP of these, ...: a screen of everything stays cheap. */
#define LEVELS 4
#define WIDEST ((size_t)GROUP * GROUP * GROUP * GROUP)

struct tier {
	struct stretch *at;
	size_t n, cap;
};

struct track {
	uint32_t device;
	struct said now;
};

/* A track per device that had an event, found by its number however large that is. */
struct tracks {
	struct track *at;
	size_t n, cap;
	uint32_t *slots; /* place in @at plus 1; 0: free */
	size_t n_slots;	 /* a power of two, or 0 */
};

void said_init(struct said *st);
/* Do the flags of the device's infos mean anything? */
bool has_reinit(const struct model *m, uint32_t device);
/*
 * The last event of @c, the last chunk, into its sums; the model has taken it, and @t is the
 * track of @device (NULL: it concerns all).  0 or -ENOMEM.
 */
int sums_add(struct store *s, struct chunk *c, const struct event *ev, uint32_t device,
	     struct track *t);
/* After the model told the state of @t behind the last event. */
void sums_end(struct store *s, const struct track *t);
/* Bring the last chunk's sums up to date.  False: out of memory, they are those of before. */
bool sums_pack(struct store *s);
void sums_free(struct sums *all);
/* The bytes of a device's; NULL: it did nothing. */
const uint8_t *sums_find(const struct sums *all, uint32_t device);
/* What may concern all: it is the first. */
static inline const uint8_t *sums_of_all(const struct sums *all)
{
	return all->n && !all->key[0].device ? all->data + all->key[0].at : NULL;
}

/* Groups of complete chunks; nothing happens when memory is short. */
void groups_close(struct store *s);

/* What was left behind the events of one chunk, which are asked for in their order. */
struct left_notes {
	const struct buf *from;
	size_t pos;
	uint32_t at; /* the event of the next one, plus 1; UINT32_MAX: no more */
	uint64_t left, initial;
};

/* To the first one, where nothing but @from is set. */
void left_next(struct left_notes *l);
/* Behind event @i of the chunk, which is the device's of @st. */
void left_behind(struct left_notes *l, uint32_t i, const struct event *ev, struct said *st);

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
	/* Some just before it: most looks are a step back. */
	struct checkpoint near[4];
};

void checkpoints_init(struct checkpoints *p);
void checkpoints_free(struct checkpoints *p);
/* Keep a copy of @m, which was fed @count events, when it is time to. */
void checkpoint(struct checkpoints *p, const struct model *m, uint64_t count);

/* ---- store.c ---- */

struct cached {
	uint64_t chunk; /* UINT64_MAX: free */
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
	struct tier level[LEVELS]; /* of complete chunks */
	struct open_sums open;	   /* of the last one */
	uint64_t count;
	uint64_t looked; /* @count when the model of all was asked for last */
	uint64_t first_ns, last_ns;
	struct codec codec; /* of the chunk being filled */
	struct buf scratch;
	struct cached *cache[CACHE];

	struct model *model;
	struct checkpoints points;
	struct tracks tracks;
	struct changes moments[MOMENT_LISTS];
	struct changes states;
};

/* ---- chunk.c ---- */

/* The events of a chunk; valid until others are asked for. */
const struct cached *store_load(struct store *s, uint64_t chunk);

#endif
