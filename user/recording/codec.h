/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * codec.h - events to columns and back: the payload of EVENTS and SNAPSHOT
 *
 * Internal to this folder.  Both sides are driven by event_fields(), so a new
 * field needs no line here.  The decoder trusts nothing: any bytes give either
 * events or -EBADMSG.
 */
#ifndef VFIOSCOPE_RECORDING_CODEC_H
#define VFIOSCOPE_RECORDING_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "util/buf.h"

struct encoder;

/* Good for frames of up to @max events.  NULL: out of memory. */
struct encoder *encoder_new(size_t max);
void encoder_free(struct encoder *e);

/*
 * Append the payload for @ev[0..n) to @out.  @first_ns goes into the frame's
 * head and to the decoder.  0 or -ENOMEM.
 */
int encoder_encode(struct encoder *e, const struct event *ev, size_t n, uint64_t first_ns,
		   struct buf *out);

/*
 * Where bytes of one distribution end in the last payload: offsets in it, in
 * order; the compressor does better when it starts its statistics anew there.
 */
const size_t *encoder_splits(const struct encoder *e, size_t *n);

/* Events decoded at a time: small enough to stay in the cache. */
#define DECODER_BATCH 128

struct decoder;

struct decoder *decoder_new(void);
void decoder_free(struct decoder *d);

/*
 * Begin with a payload of @count events.  @payload must stay until the last
 * batch is decoded.  0, -EBADMSG, -ENOMEM.
 */
int decoder_begin(struct decoder *d, const uint8_t *payload, size_t len, uint32_t count,
		  uint64_t first_ns);

/*
 * Decode up to DECODER_BATCH further events: *@ev, the decoder's until the next
 * call of it; seq is 0, unknown kinds are among them.  Returns how many (0: all
 * done) or -EBADMSG.
 */
int decoder_next(struct decoder *d, const struct event **ev);

#endif
