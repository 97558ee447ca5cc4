/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * synth.h - migrations made up, event by event
 *
 * A builder with a clock: each call appends the events that one call of a VMM
 * would have made, in order of completion, and moves the clock on.  Times are
 * exact, so that tests can compute every figure by hand.
 *
 * synth_source() and synth_destination() play what QEMU 10.2 does (VMM notes
 * 1.2); everything smaller is there to play something else.
 */
#ifndef VFIOSCOPE_TESTS_SYNTH_H
#define VFIOSCOPE_TESTS_SYNTH_H

#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "source.h"

#define US  1000ULL
#define MS  1000000ULL
#define SEC 1000000000ULL
#define KIB 1024ULL
#define MIB 1048576ULL

struct synth {
	struct event *ev;
	size_t n, cap;
	uint64_t now; /* CLOCK_MONOTONIC; the next call begins here */
	uint64_t gap; /* between two calls: 10 us */
	/* What the next events carry. */
	uint32_t device, stream, pid, tid, cpu, host;
	char comm[EVENT_COMM_LEN];
	uint32_t state; /* of @device, as the builder drives it */
	uint32_t next_stream;
	uint32_t ops; /* STREAM_OP_* of the next data FDs; 0: no .poll */
};

/* Begins at 1000 s with a clock pair (2026-01-02T03:04:05Z). */
void synth_init(struct synth *s);
void synth_free(struct synth *s);

/* A zeroed event with the common fields filled, appended. */
struct event *synth_add(struct synth *s, uint32_t kind, uint64_t dur_ns, int64_t ret);
void synth_pause(struct synth *s, uint64_t ns);

void synth_device(struct synth *s, uint32_t number, const char *name, const char *driver,
		  uint64_t flags);
void synth_task(struct synth *s, uint32_t pid, const char *comm, const char *vm);
void synth_open(struct synth *s); /* of the device; it runs */
void synth_close(struct synth *s);
void synth_reset(struct synth *s);

/*
 * A SET_STATE: the arcs on the way, each @arc_ns long, the birth of the data
 * FD where one is handed out, then the call.  @path ends with 255 and begins
 * with the first state reached.
 */
void synth_set_state(struct synth *s, const uint8_t *path, uint64_t arc_ns);
#define SYNTH_PATH(...)          \
	(const uint8_t[])        \
	{                        \
		__VA_ARGS__, 255 \
	}
/* A SET_STATE that fails in its first arc. */
void synth_set_state_fails(struct synth *s, uint32_t target, int err);

void synth_info(struct synth *s, uint64_t initial, uint64_t dirty);
void synth_data_size(struct synth *s, uint64_t bytes);
void synth_read(struct synth *s, int64_t ret, uint64_t dur_ns);
void synth_write(struct synth *s, int64_t ret, uint64_t dur_ns);
/* @count equal empty reads of @each_ns every @period_ns, folded. */
void synth_empty_run(struct synth *s, int64_t ret, uint32_t count, uint64_t each_ns,
		     uint64_t period_ns);
void synth_dma_report(struct synth *s, uint64_t dur_ns);
void synth_poll(struct synth *s, uint32_t mask);
void synth_stream_close(struct synth *s);
void synth_loss(struct synth *s, uint64_t count, uint64_t from_ns, uint64_t to_ns, uint32_t what);
/* The close() of the data FD came before its hook, @ago_ns before now or less. */
void synth_close_unseen(struct synth *s, uint64_t ago_ns);

/*
 * Why the last event of @kind took its time, told before it: @ns in the order of enum
 * why_part; the rest of it was on the cpu.  The EV_WHY, to be changed.
 */
struct event *synth_why(struct synth *s, uint32_t kind, uint64_t asleep_ns, uint64_t blocked_ns,
			uint64_t lock_ns, uint64_t runqueue_ns, uint64_t fault_ns,
			const char *stack);

/* A function that is timed within calls, on the host: seen from now on, or not (enum event_unseen). */
struct event *synth_function(struct synth *s, const char *name, uint32_t unseen);
/*
 * In the last event of @kind, or of one of its steps, it ran from @at_ns after that one's begin
 * on, told before it: after what was told of it already.  The EV_INSIDE, to be changed.
 */
struct event *synth_inside(struct synth *s, uint32_t kind, const char *function, uint64_t at_ns,
			   uint64_t dur_ns);

/*
 * Before the next call its thread spent @ns, which the gap that calls leave is part of: on the
 * cpu, as long as nothing else is filled in.  The EV_WHY, to be changed.
 */
struct event *synth_between(struct synth *s, uint64_t ns);

/* What a played migration moved. */
struct synth_plan {
	uint32_t precopy_reads;	  /* of 1 MiB each */
	uint32_t stop_copy_reads; /* of 1 MiB each */
	bool precopy;		  /* else STOP_COPY only */
};

/* From RUNNING to STOP and close(); the device must run. */
void synth_source(struct synth *s, const struct synth_plan *p);
/* From RUNNING to RUNNING; @bytes are written in 32 KiB pieces. */
void synth_destination(struct synth *s, uint64_t bytes);

/* The events as a source; the synth must live longer. */
struct event_source *synth_as_source(struct synth *s);

#endif
