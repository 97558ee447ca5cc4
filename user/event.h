/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - the event: what happened, in the field's own words
 *
 * One struct event is one thing that was seen: a call that returned, an arc of
 * the state machine, a loss, a mark, or a definition (who a device or a task
 * is).  Every source (a live capture, a recording, a pipe) delivers the same
 * events and every view prints the same events.
 *
 * Invariants that every source keeps:
 * - events come in order of completion; @seq counts from 1 without gaps;
 * - times are CLOCK_MONOTONIC nanoseconds; @t_ns is the start of the call and
 *   @t_ns + @dur_ns its end (for a folded run of reads: see EV_READ);
 * - @device and @stream are small numbers, unique within a trace and never
 *   reused; 0 means "none";
 * - the EV_DEVICE of a device number comes before its first other use, and so
 *   does the EV_STREAM_OPEN of a stream number.  After a loss either may be
 *   missing: a reader must live with an undefined number;
 * - char arrays are NUL-terminated, of any bytes: names from the traced system
 *   are untrusted text, and whoever prints them makes them harmless.
 *
 * Kind, state and field numbers are stored in recordings: never renumber; to
 * retire one leave a hole.
 */
#ifndef VFIOSCOPE_EVENT_H
#define VFIOSCOPE_EVENT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/sat.h"

/* enum vfio_device_mig_state of the uAPI, plus what the evidence cannot say. */
enum mig_state {
	MIG_ERROR = 0,
	MIG_STOP = 1,
	MIG_RUNNING = 2,
	MIG_STOP_COPY = 3,
	MIG_RESUMING = 4,
	MIG_RUNNING_P2P = 5,
	MIG_PRE_COPY = 6,
	MIG_PRE_COPY_P2P = 7,
	MIG_STATE_NR = 8,
	MIG_UNKNOWN = 255,
};

/* VFIO_MIGRATION_* of the uAPI: what a device can do. */
#define MIG_FLAG_STOP_COPY (1ULL << 0)
#define MIG_FLAG_P2P	   (1ULL << 1)
#define MIG_FLAG_PRE_COPY  (1ULL << 2)

/* VFIO_PRECOPY_INFO_REINIT; means something only after the v2 opt-in. */
#define PRECOPY_INFO_REINIT (1U << 0)

enum event_kind {
	EV_NONE = 0,
	/* What the contract names; one NDJSON line each. */
	EV_DEVICE_OPEN = 1,
	EV_DEVICE_CLOSE = 2,
	EV_RESET = 3,	     /* the user's call */
	EV_DEVICE_RESET = 4, /* what happened to the device */
	EV_FEATURE = 5,	     /* any VFIO_DEVICE_FEATURE without a kind */
	EV_MIGRATION_FLAGS = 6,
	EV_SET_STATE = 7,
	EV_GET_STATE = 8,
	EV_ARC = 9,
	EV_STREAM_OPEN = 10,
	EV_PRECOPY_INFO = 11,
	EV_PRECOPY_INFO_V2 = 12,
	EV_DATA_SIZE = 13,
	EV_READ = 14,
	EV_WRITE = 15,
	EV_POLL = 16,
	EV_STREAM_CLOSE = 17,
	EV_STREAM_RELEASE = 18,
	EV_DMA_LOG_START = 19,
	EV_DMA_LOG_STOP = 20,
	EV_DMA_LOG_REPORT = 21,
	EV_STUCK = 22,
	EV_LOSS = 23,
	EV_MARK = 24,
	EV_PROCESS_EXIT = 25, /* a process that held a device ended */
	EV_WHY = 26,	      /* what the time of a call was spent on */
	EV_INSIDE = 27,	      /* a kernel function, asked for by name, ran in a call */
	/* Definitions: they carry names, not happenings; no NDJSON line. */
	EV_DEVICE = 32,	  /* first sight of a device */
	EV_TASK = 33,	  /* first sight of a process: its VM */
	EV_CLOCK = 34,	  /* the clocks, read together */
	EV_HOST = 35,	  /* a host of several: its name */
	EV_FUNCTION = 36, /* a function that EV_INSIDE may tell of: is it seen? */
	EV_KIND_NR,
};

enum event_reset_how {
	RESET_DEVICE = 0, /* VFIO_DEVICE_RESET */
	RESET_HOT = 1,	  /* VFIO_DEVICE_PCI_HOT_RESET */
};

enum event_feature_op {
	FEATURE_OP_NONE = 0, /* neither GET, SET nor PROBE was asked */
	FEATURE_OP_GET = 1,
	FEATURE_OP_SET = 2,
	FEATURE_OP_PROBE = 3,
};

enum event_direction {
	DIR_SAVE = 0,	/* a data FD that is read */
	DIR_RESUME = 1, /* a data FD that is written */
};

/* Operations of a data FD, as a bit set (stream_open.ops, .hooked). */
#define STREAM_OP_READ	  (1U << 0)
#define STREAM_OP_WRITE	  (1U << 1)
#define STREAM_OP_POLL	  (1U << 2)
#define STREAM_OP_IOCTL	  (1U << 3)
#define STREAM_OP_RELEASE (1U << 4)

enum event_loss_cause {
	LOSS_RING = 0,	   /* the ring buffer was full */
	LOSS_SKIPPED = 1,  /* the kernel skipped a program (recursion) */
	LOSS_DAMAGE = 2,   /* bytes of the recording are unreadable */
	LOSS_TABLE = 3,	   /* a kernel-side table was full */
	LOSS_UNREAD = 4,   /* what a call gave its caller could not be read */
	LOSS_DETACHED = 5, /* hooks were detached; @count 0: nobody knows how many */
};

/* Why a function that was asked for is not seen. */
enum event_unseen {
	UNSEEN_NOT = 0,	     /* it is */
	UNSEEN_NO_SIGN = 1,  /* nothing migrates: it is looked at from the first sign on */
	UNSEEN_ABSENT = 2,   /* nothing has that name: it is inlined, or not loaded */
	UNSEEN_SEVERAL = 3,  /* several have it */
	UNSEEN_REFUSED = 4,  /* the kernel takes no probe on it: ret says why */
	UNSEEN_IS_CALL = 5,  /* it is what a call goes through, whose time is told anyway */
	UNSEEN_TRACING = 6,  /* what traces goes through it */
	UNSEEN_PROGRAMS = 7, /* the programs that watch it could not be loaded */
};

/* Where the name of a process's VM comes from. */
enum event_vm_source {
	VM_SOURCE_UNKNOWN = 0, /* recordings before it was kept: as VM_SOURCE_NAME */
	VM_SOURCE_NAME = 1,    /* the VMM's own -name */
	VM_SOURCE_CGROUP = 2,  /* its cgroup: no other host knows it */
};

#define EVENT_COMM_LEN	16
#define EVENT_NAME_LEN	64
#define EVENT_TEXT_LEN	128
#define EVENT_STACK_LEN 256

/* Calls that took less have no EV_WHY. */
#define EVENT_WHY_MIN_NS 1000000ULL

/* set_state.target when the call failed before it named one */
#define EVENT_TARGET_NONE  (-1LL)
/* A field that would be 0 if it had been seen: one of EFF_KNOWN */
#define EVENT_NOT_SEEN	   UINT64_MAX
/* poll.wait_ns while the same task's next call has not been seen */
#define EVENT_WAIT_UNKNOWN EVENT_NOT_SEEN

struct event {
	uint64_t seq;
	uint64_t t_ns;
	uint64_t dur_ns;
	int64_t ret;   /* raw result; negative: -errno */
	uint32_t kind; /* enum event_kind; readers skip unknown kinds */
	uint32_t cpu;
	uint32_t pid; /* process (tgid) and thread, initial namespace */
	uint32_t tid;
	uint32_t device;
	uint32_t stream;
	/*
	 * The host that it happened on, in evidence of several: a number that an
	 * EV_HOST defines.  0: the only one, or not known.  @pid and @tid are
	 * that host's own, so that a process is @host and @pid together.
	 */
	uint32_t host;
	char comm[EVENT_COMM_LEN];
	union {
		struct {
			uint32_t how;
		} reset;
		/*
		 * The call of its user in which it happened: EV_RESET, _DEVICE_OPEN,
		 * _DEVICE_CLOSE; EV_NONE: in none (a guest's FLR, sysfs, the bus).
		 */
		struct {
			uint32_t by;
		} device_reset;
		struct {
			uint32_t index;
			uint32_t op;
		} feature;
		struct {
			uint64_t flags;
		} migration_flags;
		struct {
			int64_t target;
		} set_state;
		struct {
			uint32_t reported;
		} get_state;
		/* @to is MIG_UNKNOWN when the step failed before it was named */
		struct {
			uint32_t from, to, target;
		} arc;
		struct {
			uint32_t direction;
			uint32_t adopted; /* found, not born, in the capture */
			uint32_t ops;	  /* STREAM_OP_*: it has */
			uint32_t hooked;  /* STREAM_OP_*: and is traced */
			char name[EVENT_NAME_LEN];
		} stream_open;
		struct {
			uint64_t initial_bytes, dirty_bytes;
			uint32_t flags;
		} precopy_info;
		struct {
			uint64_t stop_copy_length;
		} data_size;
		/*
		 * read and write.  @count > 1: that many identical empty reads
		 * in a row, the first begun at t_ns, the last at @t_last_ns;
		 * dur_ns is then the sum of the time inside all of them.
		 */
		struct {
			uint64_t size, t_last_ns;
			uint32_t count;
		} io;
		struct {
			uint64_t wait_ns;
			uint32_t mask, waits;
		} poll;
		/*
		 * References to the open file that remain: of other numbers and
		 * processes, of calls under way, and of the driver.  @driver_refs
		 * are those that it took when it made the data FD (commonly one)
		 * and gives back when the session ends; 0 of one that was adopted.
		 * More than these: this was not the user's last.
		 */
		struct {
			uint32_t refs, driver_refs;
		} stream_close;
		struct {
			uint64_t page_size, iova, length;
			uint32_t ranges;
		} dma_log;
		struct {
			uint64_t age_ns;
			uint32_t call;
		} stuck;
		struct {
			uint64_t count, t_from_ns, t_to_ns;
			uint32_t cause; /* enum event_loss_cause */
			uint32_t what;	/* enum event_kind, 0: unknown */
		} loss;
		struct {
			char text[EVENT_TEXT_LEN];
		} mark;
		struct {
			uint64_t migration_flags;
			uint32_t precopy_info_v2; /* opted in earlier */
			uint32_t has_dma_log;
			char name[EVENT_NAME_LEN]; /* BDF or UUID */
			char driver[EVENT_NAME_LEN];
			char bus[16];
		} device_def;
		struct {
			char vm[EVENT_NAME_LEN];
			uint32_t source; /* enum event_vm_source */
		} task_def;
		struct {
			char name[EVENT_NAME_LEN];
		} host_def;
		/* @signal: that ended it, 0: none; @code: what it gave to exit() */
		struct {
			uint32_t code, signal;
		} process_exit;
		/*
		 * Of a call, or a step, of EVENT_WHY_MIN_NS or more, the same
		 * thread's that began at t_ns: it stands before the call's own
		 * event, so that whoever is told of that knows why.  @so_far: of
		 * one that has not returned, after its EV_STUCK.
		 *
		 * The times add up to dur_ns; each can be EVENT_NOT_SEEN, and is then
		 * in another (a lock's in @blocked_ns, a page fault's in all).
		 * @asleep_ns and @blocked_ns, which is uninterruptible, are waits for
		 * anything but what has a time of its own: a lock of the kernel, a
		 * cpu, a page fault.  @stack: of the longest wait, which took
		 * @longest_ns; of one that has not returned, where it is now.  Names
		 * of the kernel's functions, innermost first:
		 * "msleep+0x2f < save_read+0x52[module]".
		 *
		 * Of @send_ns that which the receiver, the connection's buffers and the
		 * network limited; nobody knows of the rest.  EVENT_NOT_SEEN: nobody does
		 * of any of it.  @retransmits are those packets of all of these waits;
		 * @srtt_ns and @cwnd, in packets, are those of the connection at the end
		 * of the longest of them, EVENT_NOT_SEEN: that was no TCP connection.
		 * Of @futex_ns that in which a thread that runs a vCPU, one of KVM's, had
		 * something to do: the wait may have been for it.
		 */
		struct {
			uint64_t on_cpu_ns, asleep_ns, blocked_ns, lock_ns, runqueue_ns, fault_ns;
			uint64_t send_ns, receive_ns, poll_ns, futex_ns, stopped_ns, kvm_log_ns;
			uint64_t faults, longest_ns;
			uint64_t send_receiver_ns, send_buffers_ns, send_network_ns;
			uint64_t srtt_ns, cwnd, retransmits;
			uint64_t futex_vcpu_ns;
			uint32_t call, so_far;
			char stack[EVENT_STACK_LEN];
		} why;
		/*
		 * It ran from t_ns on for dur_ns in a call of the same thread, and
		 * stands before that one's own event.  @folded: @count executions of
		 * that call, each so short that they are not told one by one; t_ns and
		 * dur_ns are then the call's, as far as it had come.  @call: that, or
		 * its step (EV_ARC), which began at @call_t_ns.  @depth: in how many others of these it ran, whose
		 * time its own is a part of.
		 */
		struct {
			uint64_t count, total_ns, longest_ns, call_t_ns;
			uint32_t call, depth, folded;
			char function[EVENT_NAME_LEN];
		} inside;
		/*
		 * Of a function by its name, of its host: from t_ns on it is seen, or,
		 * with @unseen (enum event_unseen), not.  @symbol: what the kernel calls
		 * it, where a compiler made that another name, else "".
		 */
		struct {
			uint32_t unseen;
			char name[EVENT_NAME_LEN];
			char symbol[EVENT_NAME_LEN];
		} function_def;
		struct {
			uint64_t realtime_ns, boottime_ns;
		} clock;
	};
};

/* How a field of the body is stored and shown. */
enum event_field_type {
	EF_U64,	       /* uint64_t */
	EF_S64,	       /* int64_t */
	EF_U32,	       /* uint32_t */
	EF_STR,	       /* char[size] */
	EF_STATE,      /* uint32_t, enum mig_state */
	EF_TARGET,     /* int64_t, a state, or its number when it has no name */
	EF_MIG_FLAGS,  /* uint64_t, list of MIG_FLAG_* */
	EF_POLL_MASK,  /* uint32_t, list of EPOLL* without the prefix */
	EF_BOOL,       /* uint32_t */
	EF_RESET_HOW,  /* uint32_t, enum event_reset_how */
	EF_FEATURE_OP, /* uint32_t, enum event_feature_op */
	EF_DIRECTION,  /* uint32_t, enum event_direction */
	EF_KIND,       /* uint32_t, enum event_kind */
	EF_LOSS_CAUSE, /* uint32_t, enum event_loss_cause */
	EF_STREAM_OPS, /* uint32_t, list of STREAM_OP_* */
	EF_VM_SOURCE,  /* uint32_t, enum event_vm_source */
};

/* When a field means something; a view leaves it out otherwise. */
#define EFF_ON_SUCCESS (1U << 0) /* only when ret >= 0 */
#define EFF_NOT_ONE    (1U << 1) /* only in a folded event: count > 1 */
#define EFF_KNOWN      (1U << 2) /* not when EVENT_NOT_SEEN / EVENT_TARGET_NONE */
#define EFF_INTERNAL   (1U << 3) /* stored, but not part of the NDJSON */
/* EFF_KNOWN, and younger than its kind: in a recording without it EVENT_NOT_SEEN; an EF_U64 */
#define EFF_LATER      (1U << 4)

struct event_field {
	const char *name; /* as in the contract's NDJSON */
	uint16_t id;	  /* stored in recordings, unique within a kind */
	uint16_t offset;  /* in struct event */
	uint16_t size;	  /* bytes; of the array for EF_STR */
	uint8_t type;	  /* enum event_field_type */
	uint8_t flags;	  /* EFF_* */
};

/*
 * The fields of a kind's body; *@n is their number, 0 for an unknown kind.
 * Static storage.
 */
const struct event_field *event_fields(uint32_t kind, size_t *n);

/* "read", "set_state", ...; NULL for an unknown kind. */
const char *event_kind_name(uint32_t kind);
/* EV_NONE when no kind has that name. */
uint32_t event_kind_from_name(const char *name);

/* What a kind is: the one table that everybody asks. */
#define EVT_PUBLIC (1U << 0) /* it has an NDJSON line: no definition */
#define EVT_STREAM (1U << 1) /* it is about a data FD, not its device alone */
#define EVT_CALL   (1U << 2) /* a call of user space: it has a result and a time */
#define EVT_IO	   (1U << 3) /* read() or write(): it can be folded */
/* Its failure can be why a migration failed; that of other calls is told beside. */
#define EVT_CAUSE  (1U << 4)

/* Whoever adds a kind says here what it is: the compiler asks for it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wswitch"
static inline uint32_t event_traits_of(enum event_kind kind)
{
	switch (kind) {
	case EV_DEVICE_OPEN:
	case EV_DEVICE_CLOSE:
	case EV_FEATURE:
	case EV_MIGRATION_FLAGS:
	case EV_GET_STATE:
	case EV_PRECOPY_INFO_V2:
	case EV_DATA_SIZE:
	case EV_DMA_LOG_STOP:
	case EV_ARC: /* a step; what it failed with, its SET_STATE is a cause of */
		return EVT_PUBLIC | EVT_CALL;
	case EV_RESET:
	case EV_SET_STATE:
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_REPORT:
		return EVT_PUBLIC | EVT_CALL | EVT_CAUSE;
	case EV_PRECOPY_INFO:
	case EV_POLL:
	case EV_STREAM_CLOSE:
		return EVT_PUBLIC | EVT_CALL | EVT_STREAM;
	case EV_READ:
	case EV_WRITE:
		return EVT_PUBLIC | EVT_CALL | EVT_CAUSE | EVT_STREAM | EVT_IO;
	case EV_STREAM_OPEN:
	case EV_STREAM_RELEASE:
		return EVT_PUBLIC | EVT_STREAM;
	case EV_DEVICE_RESET:
	case EV_STUCK:
	case EV_LOSS:
	case EV_MARK:
	case EV_PROCESS_EXIT:
	case EV_WHY:
	case EV_INSIDE:
		return EVT_PUBLIC;
	case EV_NONE:
	case EV_DEVICE:
	case EV_TASK:
	case EV_CLOCK:
	case EV_HOST:
	case EV_FUNCTION:
	case EV_KIND_NR:
		break;
	}
	return 0;
}
#pragma GCC diagnostic pop

/* EVT_* of a kind; 0 for an unknown one. */
static inline uint32_t event_traits(uint32_t kind)
{
	return kind < EV_KIND_NR ? event_traits_of((enum event_kind)kind) : 0;
}

/* Does the kind have an NDJSON line (it is no definition)? */
static inline bool event_kind_is_public(uint32_t kind)
{
	return event_traits(kind) & EVT_PUBLIC;
}

/* What stands in sentences: "SET_STATE", "read()"; the kind's number when unknown: never NULL. */
const char *event_call_name(uint32_t kind);

/* "PRE_COPY", ...; "UNKNOWN" for MIG_UNKNOWN, NULL for any other number. */
const char *mig_state_name(uint32_t state);
/* Does the device run the guest's work in this state (RUNNING*, PRE_COPY*)? */
bool mig_state_is_running(uint32_t state);
/* A state in which a save stream may be read. */
bool mig_state_is_saving(uint32_t state);
bool mig_state_is_precopy(uint32_t state);

/* "ENOMSG", ... for a positive errno; NULL when it has no name. */
const char *errno_name(int err);

/* Of enums that a recording holds: "unknown" for a value without a name, never NULL. */
const char *event_reset_how_name(uint32_t how);
const char *event_feature_op_name(uint32_t op);
const char *event_direction_name(uint32_t direction);
const char *event_loss_cause_name(uint32_t cause);
const char *event_vm_source_name(uint32_t source);
/* In words, as they stand behind "not seen: "; "" of UNSEEN_NOT. */
const char *event_unseen_words(uint32_t unseen);

/*
 * Bit names, one at a time: the name of bit @bit (0..31) or NULL.
 * event_poll_bit_name: of an EPOLL* mask; event_mig_flag_name: of
 * MIG_FLAG_*; event_stream_op_name: of STREAM_OP_*.
 */
const char *event_poll_bit_name(unsigned int bit);
const char *event_mig_flag_name(unsigned int bit);
const char *event_stream_op_name(unsigned int bit);

/* ---- asked of every event by everybody, hence inline ---- */

/* How many calls the event stands for: the count of a folded run, else 1. */
static inline uint64_t event_calls(const struct event *ev)
{
	if ((ev->kind == EV_READ || ev->kind == EV_WRITE) && ev->io.count > 1)
		return ev->io.count;
	return 1;
}

/*
 * The end of the event, on CLOCK_MONOTONIC: a folded run ends with its last.  Never
 * before its start, whatever a recording says.
 */
static inline uint64_t event_end_ns(const struct event *ev)
{
	/*
	 * The last read of a folded run has no duration of its own: its start
	 * is the latest moment of the run that is known.
	 */
	if (event_calls(ev) > 1)
		return ev->io.t_last_ns > ev->t_ns ? ev->io.t_last_ns : ev->t_ns;
	return sat_add(ev->t_ns, ev->dur_ns);
}

/* Is it the close() of a data FD that came before its hook?  It is closed: when is not known. */
static inline bool event_is_close_unseen(const struct event *ev)
{
	return ev->kind == EV_LOSS && ev->loss.what == EV_STREAM_CLOSE &&
	       ev->loss.cause == LOSS_DETACHED && ev->stream;
}

/*
 * Does what was lost leave something unknown?  A call of which the reason alone is lost, or
 * what ran inside, is there, and so is the end of a data FD of which the close() is.
 */
static inline bool event_is_hole(const struct event *ev)
{
	return ev->kind == EV_LOSS && ev->loss.what != EV_WHY && ev->loss.what != EV_INSIDE &&
	       !event_is_close_unseen(ev);
}

/* An empty read: one that ended (0) or paused (-ENOMSG) the stream. */
static inline bool event_is_empty_read(const struct event *ev)
{
	return ev->kind == EV_READ && ev->io.size > 0 && (ev->ret == 0 || ev->ret == -ENOMSG);
}

/*
 * Was the call only interrupted: the kernel's own restarts (-512 to -516,
 * include/linux/errno.h), after which it is made again, and EAGAIN and EINTR of a
 * read() or a write(), which are made again as a matter of course?  Any other call
 * that gives these two has failed: no VMM tries a SET_STATE again for its errno, and
 * where one does, the one that succeeds makes good what failed before.
 */
static inline bool event_is_interrupted(const struct event *ev)
{
	if (ev->ret <= -512 && ev->ret >= -516)
		return true;
	return (ev->ret == -EAGAIN || ev->ret == -EINTR) && (event_traits(ev->kind) & EVT_IO);
}

/*
 * Did a call fail?  The one definition of the house: it gave an errno that is
 * neither the stream's temporary end (ENOMSG of a read()) nor an interruption.
 * What is no call never failed.
 */
static inline bool event_failed(const struct event *ev)
{
	return ev->ret < 0 && (event_traits(ev->kind) & EVT_CALL) && !event_is_interrupted(ev) &&
	       !(ev->kind == EV_READ && ev->ret == -ENOMSG);
}

#endif
