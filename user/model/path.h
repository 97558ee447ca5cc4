/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.h - what a stretch of time was spent on
 *
 * A path begins at an instant and is shown calls; each instant gets one owner.
 * Of one device's calls, which are nested (the arcs in a SET_STATE), the inner
 * one keeps its time; of two devices' calls the instant is that which returned
 * last, for nobody could go on before.  What no call covers is a gap, which has
 * the name of what ends it.  Calls come in order of completion: the newest spans
 * are kept, as they may still get another owner.
 *
 * One device's stop, a VM's stop with all its devices, and what comes after a
 * source's last byte are all accounted for by this.
 */
#ifndef VFIOSCOPE_MODEL_PATH_H
#define VFIOSCOPE_MODEL_PATH_H

#include "model/side.h"

#define PATH_SPANS 64
/* Those that go leave room for some time: moving the others up is what costs. */
#define PATH_ROOM  (PATH_SPANS + 32)

struct path {
	bool active;
	bool hole; /* something was lost since the last call */
	bool any_io, arc_after_io;
	uint64_t start_ns, cursor_ns;
	struct session_window sum;
	uint64_t unnamed_ns; /* gaps that nothing has ended yet; what they were spent on: */
	uint64_t unnamed_why_ns[WHY_SUMS];
	struct path_span {
		uint64_t start_ns, end_ns;
		uint32_t owner, part; /* enum path_part; of a gap enum window_gap */
	} spans[PATH_ROOM];
	/* Kept are those from @first to before @n_spans; the oldest go first. */
	uint32_t first, n_spans, n_unnamed;
	/* By owner; NULL: not wanted.  The path's. */
	struct side_device *devs;
	uint32_t n_devs;
	size_t cap_devs;
};

/* Any path but a zeroed one is to be freed with path_drop(). */
void path_start(struct path *p, uint64_t t_ns);
void path_drop(struct path *p);
/* 0 or -ENOMEM; @to is a zeroed one. */
int path_copy(struct path *to, const struct path *from);
/* Keep sums for @owner, which is @device.  0 or -ENOMEM. */
int path_know(struct path *p, uint32_t owner, uint32_t device);

/* The call of @owner from @start_ns to @end_ns; what is before the path does not count. */
void path_add(struct path *p, uint32_t owner, enum path_part part, uint64_t start_ns,
	      uint64_t end_ns);
/* A run of calls that were inside for @inside_ns of their span. */
void path_add_run(struct path *p, uint32_t owner, enum path_part part, uint64_t start_ns,
		  uint64_t end_ns, uint64_t inside_ns);
/*
 * The call that was added last, or what of it counts (@w: its time and parts), was spent so:
 * booked by what of it the path has as @owner's and @part's.
 */
void path_why(struct path *p, uint32_t owner, enum path_part part, uint64_t start_ns,
	      uint64_t end_ns, const struct call_why *w);
/*
 * Before the call that was added last, and began at @start_ns, its thread had spent @w so:
 * booked by what of it is in the gap that the call ended, and up to EVENT_WHY_MIN_NS, in
 * which it was not told yet, in the ones before.
 */
void path_gap_why(struct path *p, uint64_t start_ns, const struct call_why *w);
/* As it would be if it ended with the last call. */
void path_result(const struct path *p, struct session_window *out);

#endif
