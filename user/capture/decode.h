/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - from a wire record to an event: pure, no libbpf
 *
 * The record comes from our own programs of the same build, but its strings
 * and the caller's structures in it come from the traced system.
 */
#ifndef VFIOSCOPE_DECODE_H
#define VFIOSCOPE_DECODE_H

#include "bpf/wire.h"
#include "event.h"

/*
 * Fill *@ev (but for seq, stream_open.hooked and inside.function) from the record @data of
 * @size bytes.  0, or -EINVAL for a record that this build does not know: a
 * bug, to be counted as a loss.
 */
int decode_record(const void *data, size_t size, struct event *ev);

/* Fill the body alone of an EV_WHY, but for its call, from @rec. */
void decode_why(const struct wire_why *rec, struct event *ev);

/* The event kind that a wire kind becomes, as far as that alone tells. */
uint32_t decode_kind(uint32_t wire_kind);

#endif
