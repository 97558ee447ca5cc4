/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * why.h - the programs that see what calls wait for: when they are attached, and what
 * they find out of a call that does not return
 *
 * They are loaded with the others and attached around migrations (rest.h): at other times
 * the scheduler has nothing to do with us.
 */
#ifndef VFIOSCOPE_WHY_H
#define VFIOSCOPE_WHY_H

#include <stdbool.h>
#include <stdint.h>

struct attach;
struct btf;
struct vfioscope_bpf;
struct wire_why;

/* What is tried to be loaded: some kernels refuse fentry, some all of it. */
enum why_load {
	WHY_LOAD_NONE,
	WHY_LOAD_NO_FAULTS, /* page faults are seen by fentry */
	WHY_LOAD_ALL,
};

/*
 * Before load: which of the programs this kernel can have, and no more than @want.  NULL,
 * or why it can have none; static.
 */
const char *why_prepare(struct vfioscope_bpf *skel, const struct btf *vmlinux, enum why_load want);

/*
 * Attach or detach, where that is due.  @sign: there is a sign of a migration; @over: the
 * last one was long ago.
 */
void why_update(struct attach *a, bool sign, bool over);
/* Why they could not be attached: NULL, or a line that is valid until the next update. */
const char *why_error(const struct attach *a);
/* Are they attached?  What is in reach of them: WIRE_WHY_*; 0: they are not. */
uint32_t why_seen(const struct attach *a);
/* Calls, so far, whose reason was lost: it was not recorded although they were seen. */
uint64_t why_lost(struct attach *a);

/*
 * What thread @tid, which is in a call, does now: its stack, and what its time was spent on
 * as far as that was seen.  False: it is gone, or nothing can be said of it.
 */
bool why_look_at(struct attach *a, uint32_t tid, struct wire_why *out);

/* The keeper has closed the links, or is at it. */
void why_forget(struct attach *a);

#endif
