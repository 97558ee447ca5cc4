/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * earlier.h - calls that were under way before the capture began
 *
 * The user who calls for the tool when the hang is there already: no hook saw
 * the entry of that call.  What is looked at are the registers with which each
 * task entered the kernel (bpf/earlier.bpf.c).  They are a hint, because a task
 * on a cpu may have left the call; so a call is taken for one under way only
 * while looks, a second and more apart, find the same registers, the thread has
 * run no instruction of its own (its user time stands still), and no hook has
 * seen it call anything.  Nothing is stopped or touched for that.
 */
#ifndef VFIOSCOPE_EARLIER_H
#define VFIOSCOPE_EARLIER_H

#include "capture/attach.h"

struct earlier;

/*
 * Note which calls are under way, after attach_join(), which tells which
 * devices and data FDs there are.  NULL when there is none, or no memory: the
 * others take that.
 */
struct earlier *earlier_create(struct attach *a);
void earlier_destroy(struct earlier *e);

/* Thread @tid was seen in a call that began later, or in none. */
void earlier_over(struct earlier *e, uint32_t tid);

/*
 * Look again, and call @fn for each that is still under way.  Their start_ns is
 * when they were first seen: they are at least that old.
 */
void earlier_flights(struct earlier *e, struct attach *a,
		     void (*fn)(const struct attach_flight *f, void *arg), void *arg);

#endif
