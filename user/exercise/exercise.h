/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exercise.h - drives whole migrations of a VFIO device, with no VMM
 *
 * The one part of the tool that makes VFIO calls.  What it promises:
 * - a device that does not exist, is bound to no VFIO driver, is in use or has
 *   no migration is refused in one line; before all devices of a plan have
 *   passed what can be looked up without opening one, none is opened;
 * - unless a fault is asked for, it does what the uAPI asks of a user, and what
 *   QEMU does where the uAPI leaves it open;
 * - nothing is written to a region that the plan does not name in @dirty;
 * - one buffer's worth of the stream is in memory at a time; a stream that goes
 *   back into its own device waits in an unlinked file ($TMPDIR, /var/tmp);
 * - everything that chance decides comes from the seed;
 * - whatever happens, a device is left in RUNNING, or is said to be lost.
 *
 * Times are nanoseconds, sizes bytes, states are told by their uAPI names.
 */
#ifndef VFIOSCOPE_EXERCISE_H
#define VFIOSCOPE_EXERCISE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "exercise/fault.h"
#include "exercise/policy.h"

enum exercise_stage {
	STAGE_NEVER = 0,
	STAGE_PRECOPY,
	STAGE_STOP_COPY,
	STAGE_RESUMING,
};

enum exercise_wait {
	WAIT_POLL = 0, /* poll() for more */
	WAIT_SPIN,     /* read again at once, as QEMU does */
	WAIT_INFO,     /* ask GET_PRECOPY_INFO now and then */
};

struct exercise_region {
	bool given;
	bool stream;		 /* no region: what the device saves once more */
	uint32_t index;		 /* as in VFIO_DEVICE_GET_REGION_INFO */
	uint64_t offset, length; /* of a part; length 0: up to the end */
	uint64_t rate;		 /* dirtying: bytes a second; 0: as fast as it goes */
};

#define EXERCISE_ERR_LEN 320

struct exercise_result;

struct exercise_plan {
	const char *device; /* PCI address, or a UUID */
	const char *to;	    /* NULL: back into the device itself */
	const char *with;   /* a sibling, or NULL */
	bool vary;	    /* exercise_vary() before each migration */
	bool no_load;	    /* save only */
	bool no_p2p;	    /* do not use the P2P states */
	bool no_probes;	    /* no look at what a VMM need not look at */
	struct policy policy;
	enum exercise_wait wait;
	uint64_t buffer;    /* of read() and write(); 0: random sizes */
	uint64_t bandwidth; /* of pre-copy, bytes a second; 0: no limit */
	struct exercise_region dirty, compare;
	uint64_t delay_read_ns; /* before each read() in STOP_COPY but the first */
	uint64_t delay_arc_ns;	/* before the arc to STOP_COPY */
	uint64_t delay_load_ns; /* before the arc from RESUMING to STOP */
	enum exercise_stage cancel, reset;
	uint64_t seed;
	uint32_t fault; /* enum fault */

	/*
	 * One line about what happens, without newline; may be NULL.  @level 0:
	 * what a driver's author wants to know; 1: more; 2: every state.
	 */
	void (*note)(void *ctx, int level, const char *line);
	/* Some times a second while data moves; may be NULL. */
	void (*progress)(void *ctx, const struct exercise_result *r);
	void *ctx;
	/* Set by a signal handler: cancel and come back. */
	const volatile sig_atomic_t *interrupted;
};

/* The words of the command line into @p's fields.  0, or -EINVAL with a line in @err. */
int exercise_parse_switch(const char *s, struct policy *p, char err[EXERCISE_ERR_LEN]);
/* "REGION[:RATE]"; RATE is "max" or bytes a second ("4MiB"), 1 MiB if not given. */
int exercise_parse_dirty(const char *s, struct exercise_region *r, char err[EXERCISE_ERR_LEN]);
/* "REGION[:OFFSET[:LENGTH]]", or "stream" */
int exercise_parse_compare(const char *s, struct exercise_region *r, char err[EXERCISE_ERR_LEN]);
/* A size, or "random". */
int exercise_parse_buffer(const char *s, uint64_t *size, char err[EXERCISE_ERR_LEN]);
/* "read=5ms", "arc=5ms", "load=5ms" */
int exercise_parse_delay(const char *s, struct exercise_plan *p, char err[EXERCISE_ERR_LEN]);
/*
 * Let chance choose what a VMM is free to do: when to switch, the sizes of its
 * buffers, its bandwidth, how it waits, whether it cancels, and the rate at
 * which @p->dirty is written to.  The same seed and number choose the same.
 */
#define EXERCISE_HOW_LEN 160
void exercise_vary(struct exercise_plan *p, uint32_t number, char how[EXERCISE_HOW_LEN]);
/* What contradicts itself in a plan, before any device is looked at. */
int exercise_plan_check(const struct exercise_plan *p, char err[EXERCISE_ERR_LEN]);

enum exercise_outcome {
	EXERCISE_COMPLETED = 0,
	EXERCISE_CANCELLED,   /* because it was asked for */
	EXERCISE_RESET,	      /* the same */
	EXERCISE_FAULTED,     /* the fault does not let it complete */
	EXERCISE_INTERRUPTED, /* a signal came; it was cancelled */
	EXERCISE_FAILED,      /* a call failed that must not */
};
const char *exercise_outcome_name(uint32_t outcome);

enum exercise_verified {
	VERIFIED_NOT = 0, /* @why says why not */
	VERIFIED_SAME,
	VERIFIED_DIFFERS,
};
/* "not-verified", "same", "differs" */
const char *exercise_verified_name(uint32_t verified);

struct exercise_result {
	uint32_t number; /* from 1 */
	enum exercise_outcome outcome;
	uint64_t total_ns;   /* all of it, verification included */
	uint64_t precopy_ns; /* PRE_COPY entered to left */
	uint64_t stop_ns;    /* first arc out of it to the end of the stream */
	uint64_t load_ns;    /* the arc from RESUMING to STOP */
	uint64_t bytes_precopy, bytes_stop_copy, bytes_written;
	uint64_t reads, writes, empty, infos;
	bool has_left; /* the last info before the switch: */
	uint64_t initial_left, dirty_left;
	bool has_data_size; /* MIG_DATA_SIZE before the switch: */
	uint64_t data_size;
	bool gave_up;	  /* the policy's limit, not its reason */
	uint64_t dirtied; /* bytes written to the region meanwhile */
	enum exercise_verified verified;
	uint64_t verified_bytes;
	char how[EXERCISE_HOW_LEN]; /* what chance chose; "" without vary */
	/* Why it was not verified, or where it differs; what call failed. */
	char why[EXERCISE_ERR_LEN], error[EXERCISE_ERR_LEN];
};

struct exercise;

/*
 * Look up the devices of @plan and their bindings, opening nothing.  0, or
 * -errno with a line in @err.
 */
int exercise_look(const struct exercise_plan *plan, char err[EXERCISE_ERR_LEN]);

/* Open the devices; @plan must live until exercise_close(). */
int exercise_open(struct exercise **x, const struct exercise_plan *plan,
		  char err[EXERCISE_ERR_LEN]);
void exercise_close(struct exercise *x);

/* How the device was opened: "iommufd", "type1"; its driver and its abilities. */
const char *exercise_method(const struct exercise *x);
const char *exercise_driver(const struct exercise *x);

/*
 * One migration.  0: *@r says how it went; another may follow.  -errno: the
 * same, and a device is lost or could not be brought back: no more.
 */
int exercise_migrate(struct exercise *x, uint32_t number, struct exercise_result *r);

#endif
