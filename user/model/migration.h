/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * migration.h - the migration of a VM: a source, a destination, or both joined
 *
 * Outcome, cause, downtime and how the sides were joined are the migration's.
 */
#ifndef VFIOSCOPE_MODEL_MIGRATION_H
#define VFIOSCOPE_MODEL_MIGRATION_H

#include "model/side.h"

/* Why there is no downtime. */
enum downtime_why {
	DOWNTIME_KNOWN = 0,
	DOWNTIME_NO_SOURCE, /* not in the evidence */
	DOWNTIME_NO_DESTINATION,
	DOWNTIME_PAUSED_BEFORE, /* the VM stood still before the migration began */
	DOWNTIME_NEVER_STOPPED, /* it ended before any device was stopped */
	DOWNTIME_GIVEN_BACK,	/* the source runs on: see stopped_ns */
	DOWNTIME_NOT_RUNNING,	/* the destination does not run (yet) */
	DOWNTIME_HOLE,		/* what was lost may have been its begin or end */
	DOWNTIME_NO_OVERLAP,	/* sides of one VM, and at other times */
	DOWNTIME_AMBIGUOUS,	/* several could be the other side */
	DOWNTIME_JOINED_LATE,	/* it had begun before the capture */
	DOWNTIME_IN_FLIGHT,	/* a SET_STATE of the source is out: perhaps its begin */
};
/* One phrase, no full stop; "" for DOWNTIME_KNOWN. */
const char *downtime_why_text(uint32_t why);

enum joined_how {
	JOINED_NOT = 0,
	JOINED_VM_BYTES, /* the VM's name, and the bytes of each device */
	JOINED_VM_ORDER, /* the VM's name; equal devices by order of open */
	JOINED_VM,	 /* the VM's name and nothing more: no bytes tell */
	JOINED_BYTES,	 /* no name; the bytes of each device */
	JOINED_TIME,	 /* no name, no bytes that tell: the only two that fit */
	JOINED_PROCESS,	 /* one process is both */
};
/* "vm and bytes", ...; "" for JOINED_NOT. */
const char *joined_how_text(uint32_t how);

enum joined_why { /* why a side stands alone */
		  ALONE_NOT = 0,
		  ALONE_NOT_IN_EVIDENCE,
		  ALONE_NOT_YET,    /* the side is under way: it may still come */
		  ALONE_NO_OVERLAP, /* one of the same VM, at another time */
		  ALONE_AMBIGUOUS,  /* between @candidates */
};
const char *joined_why_text(uint32_t why);

/* What came after the source's last byte: with the source's stop it is the downtime. */
struct landing {
	uint64_t transfer_ns;	  /* until the last write() returned, but for: */
	uint64_t write_ns;	  /* inside write() */
	uint64_t before_load_ns;  /* from the last write() to the first arc */
	uint64_t load_ns;	  /* the arcs out of RESUMING: the drivers take the state in */
	uint64_t arcs_ns;	  /* the arcs after it */
	uint64_t start_ns;	  /* between those, until the last device runs */
	uint64_t unattributed_ns; /* other calls */
	uint64_t total_ns;	  /* their sum */
	/* as in a session_window */
	uint64_t why_ns[PART_NR][WHY_SUMS], gap_why_ns[GAP_NR][WHY_SUMS];
};

#define MIGRATION_CAUSES 2

struct migration {
	uint32_t id;		      /* from 1, in order of begin */
	uint32_t source, destination; /* sides; one of them may be 0 */
	const char *vm;		      /* or NULL; the model's, until it is fed */
	uint32_t outcome;	      /* enum outcome */
	bool ended;
	bool ran_again; /* a completed source runs again */
	uint64_t begin_ns, end_ns;

	struct {
		enum joined_how how;
		bool sure;	     /* nothing else could fit */
		enum joined_why why; /* when it is not joined */
		uint32_t candidates;
	} joined;

	/* Of a failed one: in causal order; two when the clocks cannot tell which was first. */
	struct failure cause[MIGRATION_CAUSES];
	uint32_t n_causes;
	/* What followed from it: the other side was given back; 0: nothing is known. */
	uint32_t consequence; /* side */

	uint64_t downtime_ns; /* MODEL_NONE, and then: */
	enum downtime_why downtime_why;
	/* Its parts: the source's stop (side.stop as far as it counts) and the landing. */
	struct session_window stop;
	struct landing landing;
	bool parts_known;    /* else only the sum is */
	uint64_t stopped_ns; /* of one that was given back; MODEL_NONE */
	/*
	 * Whose destination does not run, or whose source is in its stop: its guest stood
	 * still for so long at least, up to where the evidence of both hosts ends, less the
	 * clocks' bound; MODEL_NONE.
	 */
	uint64_t still_ns;
};

#endif
