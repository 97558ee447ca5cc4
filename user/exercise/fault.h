/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fault.h - what a VMM must not do, and `exercise` does when it is told to
 *
 * Each fault bears the name of the rule that it breaks ("vfioscope explain").
 */
#ifndef VFIOSCOPE_EXERCISE_FAULT_H
#define VFIOSCOPE_EXERCISE_FAULT_H

#include <stdint.h>

enum fault {
	FAULT_NONE = 0,
	FAULT_FD_LOST,
	FAULT_RESUME_SHORT,
	FAULT_RESUME_REJECTED,
	FAULT_STREAM_NOT_DRAINED,
	FAULT_PRECOPY_THROWN_AWAY,
	FAULT_LEFT_PRECOPY_EARLY,
	FAULT_ENOMSG_SPIN,
	FAULT_RESET_IN_SESSION,
	FAULT_STREAM_LEFT_OPEN,
	FAULT_P2P_SKIPPED,
	FAULT_CONCURRENT_IO,
	FAULT_NOT_CONVERGING,
	FAULT_NR
};

/* What a fault cannot be shown without. */
#define FAULT_NEEDS_TO	    (1U << 0) /* a second device to load into */
#define FAULT_NEEDS_WITH    (1U << 1) /* a sibling */
#define FAULT_NEEDS_DIRTY   (1U << 2) /* a region to write to */
#define FAULT_NEEDS_PRECOPY (1U << 3) /* the device has PRE_COPY */
#define FAULT_NEEDS_P2P	    (1U << 4) /* both have the P2P states */

struct fault_info {
	const char *name; /* the rule's */
	const char *what; /* one line, no full stop */
	uint32_t needs;
};

/* "none", the faults' names in enum order, then "list", then NULL: for an option. */
#define FAULT_WORD_LIST FAULT_NR
extern const char *const fault_words[];

/* Static storage; NULL for FAULT_NONE and numbers that are no fault. */
const struct fault_info *fault_info(uint32_t fault);
/* FAULT_NR when no fault has that name. */
uint32_t fault_from_name(const char *name);

#endif
