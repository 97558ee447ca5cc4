/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach.h - loading the programs and putting them on their functions
 *
 * Owns the BPF object, every program and every link.  A hook that cannot be
 * attached is kept in the list with the reason: nothing is guessed, each is
 * tried.
 */
#ifndef VFIOSCOPE_ATTACH_H
#define VFIOSCOPE_ATTACH_H

#include "capture/capture.h"

struct attach;
struct wire_counters;
struct wire_earlier;

int attach_open(struct attach **out, const struct capture_opts *opts, char *err, size_t err_len);
/*
 * Detach everything.  0, or -ETIMEDOUT when the kernel has not let go of the
 * hooks in time: they are left to a process of their own (keeper.h).  @hopeless:
 * a call is known to hang, so there is little use in waiting.
 */
int attach_close(struct attach *a, bool hopeless);

/*
 * Hook drivers that were loaded since the last call.  The number of hooks
 * that were added to the list, or -errno.
 */
int attach_rescan(struct attach *a);
/*
 * Is a rescan due: has a module come since the last one?  @soon: one is coming,
 * and will be ready within milliseconds.
 */
bool attach_rescan_due(const struct attach *a, bool *soon);
/*
 * The kernel side met @symbol, "function [module]", as an operation of that
 * kind: hook it if no hook is on it, by kprobe when it is a module's, which is
 * how one without BTF is traced, and with it what else is found of its driver.
 * The number of hooks added to the list (attached or not), 0 when it was known,
 * or -errno.
 */
int attach_symbol(struct attach *a, const char *symbol, const char *kind);
/*
 * Let go of the drivers' modules, so that they can be unloaded: their hooks are
 * detached, and attached again only after a module was away.  The number of
 * modules let go; @in_use: a data FD was open, and is seen no more.
 */
int attach_let_go(struct attach *a, bool *in_use);
/*
 * Adopt the device FDs and data FDs that are open already.  Due after an
 * attach_rescan() or attach_symbol() that added hooks, and when
 * attach_strangers() grows.
 */
int attach_join(struct attach *a);
/* Calls, so far, on files that nobody knows and that may be data FDs. */
uint64_t attach_strangers(const struct attach *a);
/* Those of them that were a data FD's, whose birth no program was shown: they are lost. */
uint64_t attach_unmet(const struct attach *a);

/* "read", ..., by enum wire_op: what a hook of the operation is called. */
extern const char *const attach_op_kinds[];

const struct capture_hook *attach_hooks(const struct attach *a, size_t *n);
/*
 * Since when @symbol, "function [module]", is a hooked function of that kind, on
 * CLOCK_MONOTONIC; 0: it is none.
 */
uint64_t attach_hooked_since(const struct attach *a, const char *symbol, const char *kind);

/* No event of process @pid is wanted from now on; see filter_tasks. */
void attach_ignore_task(struct attach *a, uint32_t pid);

int attach_ring_fd(const struct attach *a);
/* Sum over the cpus. */
int attach_counters(const struct attach *a, struct wire_counters *out);
/*
 * Returns that the kernel did not show to their program (missed runs), since
 * the beginning; never less than what it was.  Exact when no call is under way.
 * When kprobes have taken over, calls that are may have been missed by one of two
 * programs: in *@at_most they count as lost.
 */
uint64_t attach_skipped(struct attach *a, uint64_t *at_most);
/*
 * The same for the user's close() of a data FD, which has no return to miss.  Its
 * program sees those of the whole host, so it is no more than that many.
 */
uint64_t attach_closes_skipped_at_most(struct attach *a);
/*
 * The same for the ends of processes that held a device or a data FD.  While the program
 * that sees them rests none is counted: nothing migrates.
 */
uint64_t attach_ends_skipped(struct attach *a);
/* It is attached again: what ended since the last look, and held something, was not seen. */
void attach_ends_rested(struct attach *a);
/*
 * How many functions there are of which a call may be missed, and nobody counts it: those
 * that only kprobes trace, on a kernel before 6.7 (dd8657894c11 "bpf: Count missed stats in
 * trace_call_bpf"), which hides them while its cpu changes a BPF map, and says nothing.
 */
unsigned int attach_uncounted(const struct attach *a);
/*
 * Is this a kernel (PREEMPT_RT) that lets other threads run in the midst of a fentry program,
 * and skips it for these?  Then kprobes, which it does not, take over from the beginning,
 * if the method may be chosen.
 */
bool attach_expects_skips(struct attach *a);
/*
 * Where the last attach_skipped() saw fentry programs skipped, let kprobes take
 * over, if the method may be chosen.  The number of hooks that changed their
 * method.
 */
int attach_avoid_skips(struct attach *a);

/* A call that has been entered and has not returned. */
struct attach_flight {
	uint64_t start_ns;
	uint32_t kind; /* enum wire_kind */
	uint32_t device, stream, tid;
	uint32_t pid;		 /* 0: not known */
	uint32_t feature_target; /* of a SET_STATE */
	bool has_target;
	bool news; /* the first word of a call that is older: see earlier.h */
};

/* Call @fn for each call in flight, in no order. */
void attach_flights(const struct attach *a, void (*fn)(const struct attach_flight *f, void *arg),
		    void *arg);

/*
 * Call @fn for each task, as pid << 32 | tid, whose registers say that it is in
 * a call that no hook saw beginning: see earlier.h, which makes something of it.
 */
void attach_earlier(struct attach *a,
		    void (*fn)(uint64_t id, const struct wire_earlier *call, void *arg), void *arg);

#endif
