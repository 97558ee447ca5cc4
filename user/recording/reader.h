/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - what the parts of the reader share
 *
 * Internal to this folder.  reader.c hands events out and opens; reader_frame.c goes
 * from frame to frame; reader_hole.c keeps account of what could not be read;
 * reader_window.c has the bytes.
 */
#ifndef VFIOSCOPE_RECORDING_READER_H
#define VFIOSCOPE_RECORDING_READER_H

#include <zstd.h>

#include "recording/budget.h"
#include "recording/codec.h"
#include "recording/format.h"
#include "recording/registry.h"

/* A frame is whatever its checksums say; what is no good frame is in a hole. */
struct hole {
	bool open;
	uint64_t offset; /* where it begins */
	/*
	 * While only whole frames with a good head are in it, their end is
	 * known even when nothing follows.
	 */
	bool known;
	uint64_t next_seq, last_ns;
	uint32_t frames;
	struct frame_head head; /* of the first such frame */
};

struct recording {
	struct event_source src;
	char *name;
	int fd;
	bool regular;
	bool eof;	     /* of the input */
	bool done;	     /* nothing more will be delivered */
	uint64_t look_until; /* the END was read: is anything behind it?  0: not yet */
	int failed;	     /* sticky -errno */
	char error[256];

	/* the window */
	uint8_t *data;
	size_t pos, len, cap;
	uint64_t offset; /* in the file, of data[pos] */
	uint64_t waste;

	uint16_t major, minor;
	uint64_t compat, incompat;

	uint32_t next_number; /* frame expected next */
	uint64_t next_seq;    /* event expected next, as the writer counts */
	struct hole hole;
	uint64_t lost; /* to be told by an EV_LOSS */
	bool lost_unknown;
	uint64_t lost_from_ns;
	bool want_snapshot; /* after damage */

	struct decoder *decoder;
	ZSTD_DCtx *zstd;
	uint8_t *raw;
	size_t raw_cap;
	bool decoding, decoding_snapshot;
	struct frame_head head; /* of the frame being decoded */
	uint64_t frame_left;	/* its events not yet decoded */

	const struct event *batch;    /* the decoder's, or @told */
	uint8_t order[DECODER_BATCH]; /* which of it are delivered */
	int batch_n, batch_i;
	struct event told; /* what the reader has to say itself: a loss */

	uint64_t seq; /* as delivered */
	uint64_t unknown_events;
	struct registry registry;
	struct budget budget;
	struct meta meta;
	size_t meta_bytes;
	struct source_health health;
	struct source_health parts; /* of what it was made of, as META says */
	bool has_index;

	int (*frame_fn)(const struct recording_frame *frame, void *arg);
	void *frame_arg;
	int frame_ret;
};

/* ---- reader_window.c: the input, through a window that slides over it ---- */

/* Keep @err, which is returned, and one line about it: the name, ": ", @fmt. */
int reader_fail(struct recording *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int reader_fail_errno(struct recording *r, int err);
/* CLOCK_MONOTONIC in ms. */
uint64_t reader_now_ms(void);

/* Bytes at hand. */
static inline size_t reader_avail(const struct recording *r)
{
	return r->len - r->pos;
}

static inline void reader_consume(struct recording *r, size_t n)
{
	r->pos += n;
	r->offset += n;
}

/*
 * Have @need bytes in the window, which is never more than one frame of the largest
 * size and a head.  1: there are; 0: not yet, @deadline has come (in ms of
 * reader_now_ms(), UINT64_MAX: never); -ENODATA: the input ends before; -errno.
 */
int reader_fill(struct recording *r, size_t need, uint64_t deadline);

/* ---- reader_hole.c: what could not be read ---- */

/* Tell who looks at frames (recording_stat()) of one; @h: NULL where it is not known. */
void reader_tell_frame(struct recording *r, const struct frame_head *h, uint64_t offset,
		       uint64_t length, bool damaged);
/*
 * @n bytes from here on are of no use.  @h: they are a whole frame with a good head,
 * NULL: who knows.
 */
void reader_skip(struct recording *r, size_t n, const struct frame_head *h);
/* @n events are missing here: the next EV_LOSS tells of them. */
void reader_lose(struct recording *r, uint64_t n);
/* A good frame: it says what was in the hole, if there is one. */
void reader_hole_close(struct recording *r, const struct frame_head *h);
/* The input ends in, or after, a hole. */
void reader_hole_close_at_end(struct recording *r);
/* The pending EV_LOSS, if there is one, becomes the batch, which is empty. */
void reader_tell_lost(struct recording *r, uint64_t until_ns);

/* ---- reader_frame.c: from frame to frame ---- */

/* Is there a frame's head at @pos of the window? */
bool reader_head_at(struct recording *r, size_t pos);
/* Can what is at hand still be the beginning of a frame that is cut? */
bool reader_is_cut_head(const struct recording *r);
/* Skip to the next place in the window that looks like a head. */
void reader_skip_to_magic(struct recording *r);
/*
 * Go on by one frame, or by one stretch of damage.  1: something was done, 0:
 * nothing came in time, -errno.
 */
int reader_advance(struct recording *r, uint64_t deadline);

#endif
