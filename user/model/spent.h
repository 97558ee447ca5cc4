/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spent.h - the parts of a stop, and what each was spent on as far as that was recorded
 */
#ifndef VFIOSCOPE_MODEL_SPENT_H
#define VFIOSCOPE_MODEL_SPENT_H

#include "model/migration.h"

/* In their order; those of a source's stop, then those of the landing after it. */
enum stop_part {
	STOP_ARCS, /* those of a load, too */
	STOP_IO,
	STOP_DIRTY_SYNC,
	STOP_OUTSIDE,
	STOP_OTHER,
	LAND_TRANSFER,
	LAND_WRITE,
	LAND_BEFORE_LOAD,
	LAND_LOAD,
	LAND_ARCS,
	LAND_BETWEEN, /* its arcs */
	LAND_OTHER,
	STOP_PARTS,
};

struct spent {
	uint64_t ns; /* the part */
	bool any;    /* something of it was recorded; else @why_ns is 0 and says nothing */
	uint64_t why_ns[WHY_SUMS];
	uint64_t rest_ns; /* with these it is the part: not recorded */
};

/*
 * The part that what is after WHY_PARTS is a detail of; and is anything known of the
 * details of that part, or is there nothing of it?
 */
enum why_part why_detail_of(enum why_part detail);
bool why_detail_known(const uint64_t ns[WHY_SUMS], enum why_part detail);
/* Which calls the part consists of: bits of enum path_part; of time between calls PART_GAP's. */
uint32_t stop_part_calls(enum stop_part part);
/* Of a device's own window, or of a side's stop: those up to STOP_OTHER; else nothing. */
void window_spent(const struct session_window *w, enum stop_part part, struct spent *out);
/* The same of one of its gaps, which have the names of what ended them. */
void window_gap_spent(const struct session_window *w, enum window_gap gap, struct spent *out);
/*
 * Of a migration: each instant is in it once, whatever two threads tell of it.  Nothing
 * where it has no such part.
 */
void migration_spent(const struct migration *g, enum stop_part part, struct spent *out);
/*
 * What the parts from @first to @last were spent on is added to @ns.  False: nothing of
 * them was recorded.
 */
bool migration_spent_on(const struct migration *g, enum stop_part first, enum stop_part last,
			uint64_t ns[WHY_SUMS]);

/*
 * What the parts of a migration add up to, and what every percentage is of: its downtime, or
 * the stop on its source while that is all that is known; 0: nothing was stopped.
 */
uint64_t migration_stop_ns(const struct migration *g);

#endif
