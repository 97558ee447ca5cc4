/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - one migration under way; what the files of this folder share
 *
 * Steps return 0 to go on, 1 when the session is over as planned (the outcome
 * is set), or -errno when a call failed that must not (told in the result).
 */
#ifndef VFIOSCOPE_EXERCISE_RUN_H
#define VFIOSCOPE_EXERCISE_RUN_H

#include "exercise/device.h"
#include "exercise/dirty.h"
#include "exercise/exercise.h"
#include "exercise/random.h"
#include "exercise/verify.h"
#include "exercise/watchdog.h"

struct exercise {
	const struct exercise_plan *plan;
	struct device src, dst, sib;
	bool has_dst, has_sib;
	struct region dirty_src, dirty_dst;	/* size 0: none */
	struct region compare_src, compare_dst; /* the same */
};

struct run {
	struct exercise *x;
	const struct exercise_plan *plan;
	struct exercise_result *r;
	uint64_t began_ns, stop_began_ns;
	struct policy_view view;
	struct sizes read_size, write_size;
	struct random noise;
	struct dirtier *dirtier;
	struct watchdog *watchdog;
	int sfd, rfd; /* the data FDs, or -1 */
	int spool;    /* where a stream waits for its own device, or -1 */
	uint8_t *buf;
	size_t buf_size;
	/* FAULT_RESUME_*: the last piece, not yet handed on */
	uint8_t *held;
	size_t held_len;
	bool deaf;	   /* the destination takes no more of a stream that is broken on purpose */
	uint64_t shown_ns; /* when progress was last told */
	struct print before; /* the destination's memory before the load */
};

void run_sleep(uint64_t ns);
bool run_interrupted(const struct run *n);
void run_note(const struct run *n, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A call on @d failed: tell it in the result and return @err. */
int run_failed(struct run *n, const struct device *d, const char *call, int err);
/* SET_STATE, told when it fails; with probes the state is asked for, too. */
int run_set_state(struct run *n, struct device *d, uint32_t state, int *fd);
/* VFIO_DEVICE_RESET.  0 or -errno, not told. */
int run_reset(struct run *n, struct device *d);
void run_close_fd(int *fd);
/* Let nobody write to the source any more. */
int run_stop_dirtying(struct run *n);

static inline bool run_fault(const struct run *n, enum fault fault)
{
	return n->plan->fault == (uint32_t)fault;
}

/* source.c: RUNNING over PRE_COPY and STOP_COPY to STOP */
int source_begin(struct run *n);
int source_precopy(struct run *n);
int source_stop(struct run *n);
int source_drain(struct run *n);
int source_end(struct run *n);

/* target.c: where the stream goes */
int target_begin(struct run *n);
/* The next @len bytes of the stream. */
int target_take(struct run *n, const uint8_t *data, size_t len);
/* All was taken: load it, up to STOP. */
int target_load(struct run *n);
/* To RUNNING, and the data FD is closed. */
int target_end(struct run *n);
/* Nothing comes of it: back to RUNNING by a reset. */
int target_drop(struct run *n);

#endif
