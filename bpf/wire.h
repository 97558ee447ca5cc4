/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wire.h - the records that cross from the kernel side to user space
 *
 * The one header that both sides share.  A record is a struct wire_head and a
 * body that its kind fixes.  Invariants:
 * - fixed layout: only __u8..__u64, explicit padding, sizes asserted below;
 * - no kernel address and no byte of migration data is ever in a record;
 * - records of one ring come in the order in which they were reserved, which
 *   is the order of completion of the calls that they tell of;
 * - @lost counts what this cpu could not store before this record, so a loss
 *   is known by the next record of that cpu, and by the counters at the end.
 *
 * The layout is private to one build of the tool: recordings never hold it.
 */
#ifndef VFIOSCOPE_WIRE_H
#define VFIOSCOPE_WIRE_H

#include <linux/types.h>

enum wire_kind {
	WIRE_NONE = 0,
	WIRE_DEVICE, /* first sight of a device */
	WIRE_DEVICE_OPEN,
	WIRE_DEVICE_CLOSE,
	WIRE_DEVICE_RESET,
	WIRE_RESET,   /* VFIO_DEVICE_RESET, VFIO_DEVICE_PCI_HOT_RESET */
	WIRE_FEATURE, /* VFIO_DEVICE_FEATURE, SET_STATE among them */
	WIRE_ARC,
	WIRE_STREAM_OPEN, /* the driver made a data FD */
	WIRE_READ,
	WIRE_WRITE,
	WIRE_POLL,
	WIRE_INFO, /* VFIO_MIG_GET_PRECOPY_INFO */
	WIRE_STREAM_CLOSE,
	WIRE_STREAM_RELEASE,
	WIRE_LOST_EXIT,	   /* a call whose return no program saw */
	WIRE_DIRTY_PAGES,  /* VFIO_IOMMU_DIRTY_PAGES of a container, or an IOMMUFD's */
	WIRE_PROCESS_EXIT, /* a process that held a device or a data FD ended */
	WIRE_WHY,	   /* what a call's time was spent on; it comes before that call */
	WIRE_CLOSE_UNSEEN, /* a data FD is released, whose close() came before its hook */
	WIRE_INSIDE,	   /* a function that was asked for ran in a call; before that call */
	WIRE_KIND_NR,
};

/* include/uapi/linux/vfio.h; Debian 12's headers lack the newer ones. */
#define VFIO_IOCTL_GROUP_GET_DEVICE_FD	0x3b6aU
#define VFIO_IOCTL_DEVICE_RESET		0x3b6fU
#define VFIO_IOCTL_DEVICE_PCI_HOT_RESET 0x3b71U
#define VFIO_IOCTL_DEVICE_FEATURE	0x3b75U
#define VFIO_IOCTL_MIG_GET_PRECOPY_INFO 0x3b79U

/* The same number, of a container's FD */
#define VFIO_IOCTL_IOMMU_DIRTY_PAGES 0x3b75U
#define VFIO_DIRTY_PAGES_START	     (1U << 0)
#define VFIO_DIRTY_PAGES_STOP	     (1U << 1)

/* include/uapi/linux/iommufd.h: the same of an IOMMUFD */
#define IOMMUFD_SET_DIRTY_TRACKING 0x3b8bU
#define IOMMUFD_GET_DIRTY_BITMAP   0x3b8cU

#define VFIO_FEATURE_MASK  0xffffU
#define VFIO_FEATURE_GET   (1U << 16)
#define VFIO_FEATURE_SET   (1U << 17)
#define VFIO_FEATURE_PROBE (1U << 18)

#define VFIO_FEATURE_MIGRATION		 1
#define VFIO_FEATURE_MIG_DEVICE_STATE	 2
#define VFIO_FEATURE_DMA_LOGGING_START	 6
#define VFIO_FEATURE_DMA_LOGGING_STOP	 7
#define VFIO_FEATURE_DMA_LOGGING_REPORT	 8
#define VFIO_FEATURE_MIG_DATA_SIZE	 9
#define VFIO_FEATURE_MIG_PRECOPY_INFO_V2 12

#define WIRE_NAME_LEN 64

#define WIRE_ASSERT(t, n) _Static_assert(sizeof(struct t) == (n), #t)

struct wire_head {
	__u16 kind; /* enum wire_kind */
	__u16 size; /* of the whole record */
	__u32 cpu;
	__u64 lost;	/* of this cpu: records that found no room */
	__u64 start_ns; /* CLOCK_MONOTONIC; 0: the entry was not seen */
	__u64 end_ns;
	__s64 ret;
	__u32 pid;
	__u32 tid;
	__u32 device;
	__u32 stream;
	char comm[16];
};

struct wire_device {
	struct wire_head head;
	__u64 migration_flags;
	__u8 precopy_info_v2;
	__u8 has_dma_log;
	__u8 pad[6];
	char name[WIRE_NAME_LEN];
	char driver[WIRE_NAME_LEN];
	char bus[16];
	/* "function [module]" of its migration_set_state, as kallsyms says it */
	char set_state[WIRE_NAME_LEN];
	char reset_done[WIRE_NAME_LEN]; /* of its PCI driver; "": there is none */
};

/* No body: DEVICE_OPEN, DEVICE_CLOSE, STREAM_RELEASE, CLOSE_UNSEEN */
struct wire_plain {
	struct wire_head head;
};

struct wire_device_reset {
	struct wire_head head;
	__u32 by; /* enum wire_kind of the call it happened in; 0: in none */
	__u32 pad;
};

struct wire_reset {
	struct wire_head head;
	__u32 cmd;
	__u32 pad;
};

/* What of the caller's structure could be read when the call returned. */
#define WIRE_FEATURE_HEADER  (1U << 0) /* argsz and flags */
#define WIRE_FEATURE_PAYLOAD (1U << 1) /* payload */
#define WIRE_FEATURE_TARGET  (1U << 2) /* target, from the driver's own call */

struct wire_feature {
	struct wire_head head;
	__u32 argsz;
	__u32 flags;	  /* VFIO_FEATURE_* | index */
	__u32 valid;	  /* WIRE_FEATURE_* */
	__u32 target;	  /* of a SET_STATE */
	__u64 payload[4]; /* the protocol's own fields: sizes, states, ranges */
};

#define WIRE_STATE_UNKNOWN 255U

struct wire_arc {
	struct wire_head head;
	__u32 from;
	__u32 to; /* WIRE_STATE_UNKNOWN: the step was refused */
	__u32 target;
	__u32 pad;
};

enum wire_op {
	WIRE_OP_READ,
	WIRE_OP_WRITE,
	WIRE_OP_POLL,
	WIRE_OP_IOCTL,
	WIRE_OP_RELEASE,
	WIRE_OP_NR,
};

/* What a struct file_operations has. */
struct wire_ops {
	__u32 ops; /* bit set of enum wire_op */
	__u32 pad;
	/*
	 * "function [module]" of each, as kallsyms says it; "?...": it has the
	 * operation, but in a form that no hook is made for.
	 */
	char symbol[WIRE_OP_NR][WIRE_NAME_LEN];
};
WIRE_ASSERT(wire_ops, 328);

struct wire_stream_open {
	struct wire_head head;
	__u32 f_mode;  /* FMODE_READ 1, FMODE_WRITE 2 */
	__u32 adopted; /* found among the open files */
	char name[WIRE_NAME_LEN];
	struct wire_ops ops;
};

struct wire_close {
	struct wire_head head;
	__u32 refs;	   /* to the file, that remain */
	__u32 driver_refs; /* of them the driver's, as long as it has them */
};

struct wire_io {
	struct wire_head head;
	__u64 size;
};

struct wire_poll {
	struct wire_head head;
	__u32 mask;
	__u32 waits;
};

struct wire_info {
	struct wire_head head;
	__u64 initial_bytes;
	__u64 dirty_bytes;
	__u32 flags;
	__u32 valid; /* the structure could be read */
};

struct wire_lost_exit {
	struct wire_head head;
	__u32 call; /* enum wire_kind; WIRE_NONE: nothing is known but its return */
	__u32 pad;
};

struct wire_dirty_pages {
	struct wire_head head;
	__u32 argsz;
	__u32 flags;		       /* VFIO_DIRTY_PAGES_*; 0: not readable, or a report */
	__u64 iova, length, page_size; /* of a report */
};

/* Its comm is that of the process: of its first thread. */
struct wire_process_exit {
	struct wire_head head;
	__u32 status; /* as wait() gives it: code << 8 | signal */
	__u32 pad;
};

/* A frame of a kernel stack: "function+0x1f/0x40 [module]", "?": nobody knows its name */
#define WIRE_FRAMES	8
#define WIRE_FRAME_LEN	96
#define WIRE_WHY_MIN_NS 1000000ULL /* calls and steps that are shorter have none */

/* What of a struct wire_why was seen; else it is 0. */
#define WIRE_WHY_SUMS	(1U << 0) /* the scheduler's events, all along */
#define WIRE_WHY_FAULTS (1U << 1)
#define WIRE_WHY_LOCKS	(1U << 2) /* else they are in @blocked_ns */
#define WIRE_WHY_LOG	(1U << 3)
#define WIRE_WHY_VCPUS	(1U << 4)

/*
 * Where the call was from the head's start to its end, but for what it ran.  Its
 * stack is that of its longest wait; of a call that is still out, that of now.
 *
 * Between two calls: the head's end is the begin of the second one, and its start so
 * much earlier as was between calls that has not been told yet.
 */
struct wire_why {
	struct wire_head head;
	__u32 call;    /* enum wire_kind; WIRE_NONE: in none, between calls */
	__u32 feature; /* of a WIRE_FEATURE: VFIO_FEATURE_* | index; of WIRE_DIRTY_PAGES: its flags */
	__u32 seen;    /* WIRE_WHY_* */
	__u32 n_frames;
	__u64 asleep_ns;
	__u64 blocked_ns; /* uninterruptible */
	__u64 locked_ns;  /* for a lock of the kernel */
	__u64 runqueue_ns;
	__u64 fault_ns; /* in page faults, but for a cpu */
	/* Between two calls; in one these are in what is above: */
	__u64 send_ns, receive_ns, poll_ns, futex_ns;
	__u64 futex_vcpu_ns; /* of @futex_ns: a thread that runs a vCPU had something to do */
	__u64 stopped_ns;    /* by a signal */
	__u64 log_ns;	     /* in KVM's dirty log, but for a cpu */
	__u64 longest_ns;
	__u32 faults;
	/*
	 * What limited the connection while @send_ns passed: its receiver, its buffers, the
	 * network; the rest of that is not known.  Where a TCP connection was seen, else 0:
	 */
	__u32 retransmitted; /* packets, in all of these waits */
	__u32 srtt_us, cwnd; /* at the end of the longest of them; cwnd in packets */
	__u64 send_receiver_ns, send_buffers_ns, send_network_ns;
	char frame[WIRE_FRAMES][WIRE_FRAME_LEN];
};

#define WIRE_INSIDE_FUNCTIONS 16
#define WIRE_INSIDE_DEPTH     8
#define WIRE_INSIDE_MIN_NS    100000ULL /* executions that are shorter are added up */

/*
 * An execution, from the head's start to its end; or, with @folded, @count shorter ones of
 * a call, or a step, which the head's times are of, until that ends.
 */
struct wire_inside {
	struct wire_head head;
	__u32 call, feature; /* as struct wire_why has them; at its entry */
	__u32 function;	     /* by its place among those that were asked for */
	__u32 depth;	     /* in how many others of them it ran; of @folded ones 0 */
	__u32 folded;
	__u32 pad;
	__u64 call_ns; /* when that call, or step, began */
	__u64 count;
	__u64 total_ns;
	__u64 longest_ns;
};

WIRE_ASSERT(wire_head, 72);
WIRE_ASSERT(wire_device, 360);
WIRE_ASSERT(wire_plain, 72);
WIRE_ASSERT(wire_reset, 80);
WIRE_ASSERT(wire_device_reset, 80);
WIRE_ASSERT(wire_feature, 120);
WIRE_ASSERT(wire_arc, 88);
WIRE_ASSERT(wire_stream_open, 472);
WIRE_ASSERT(wire_close, 80);
WIRE_ASSERT(wire_io, 80);
WIRE_ASSERT(wire_poll, 80);
WIRE_ASSERT(wire_info, 96);
WIRE_ASSERT(wire_lost_exit, 80);
WIRE_ASSERT(wire_dirty_pages, 104);
WIRE_ASSERT(wire_process_exit, 80);
WIRE_ASSERT(wire_why, 1000);
WIRE_ASSERT(wire_inside, 128);

/* The hooks of the kernel side, HOOK(NAME) of hook.bpf.h. */
enum wire_hook {
	WIRE_HOOK_device_ioctl,
	WIRE_HOOK_next_state,
	WIRE_HOOK_device_open,
	WIRE_HOOK_device_close,
	WIRE_HOOK_device_gone,
	WIRE_HOOK_file_closed,
	WIRE_HOOK_set_state,
	WIRE_HOOK_pci_void,
	WIRE_HOOK_pci_reset,
	WIRE_HOOK_read,
	WIRE_HOOK_write,
	WIRE_HOOK_poll,
	WIRE_HOOK_ioctl,
	WIRE_HOOK_release,
	WIRE_HOOK_container_ioctl,
	WIRE_HOOK_process_exit,
	WIRE_HOOK_module_load,
	WIRE_HOOK_group_ioctl,
	WIRE_HOOK_device_release,
	WIRE_HOOK_iommufd_ioctl,
	WIRE_HOOKS,
};

/* Per cpu: what found no room, by kind, and what was told after all. */
struct wire_counters {
	__u64 lost;
	__u64 lost_kind[WIRE_KIND_NR];
	__u64 table_full; /* a device or a stream that found no place */
	/* by enum wire_hook, see hook.bpf.h: */
	__u64 covered[WIRE_HOOKS];     /* fexit was skipped, and the kretprobe was not */
	__u64 stood_back[WIRE_HOOKS];  /* fexit did, less those whose kretprobe ran */
	__u64 told_beside[WIRE_HOOKS]; /* by fexit beside the kprobes, less the same */
	__u64 unheralded[WIRE_HOOKS];  /* returns that no program had seen entering */
};

/* Of a call on a hook by kprobe, see hook.bpf.h: */
struct kargs_key {
	__u64 task;
	__u64 hook;
};

/* A call between its kprobe and its kretprobe; what a skipped kretprobe left until then. */
struct kargs {
	__u64 a[4];
	__u8 tell;	  /* by the kretprobe */
	__u8 fexit_ran;	  /* and stood back, or told it when the kprobe did not see the entry */
	__u8 told_beside; /* told so, and counted */
	__u8 marked;	  /* by the fentry program: the kprobe's was skipped */
	__u8 fentry_ran;  /* and found the kprobe's entry */
	__u8 pad[3];
};

/* Attach cookie of kprobe and kretprobe on a function that has fentry and fexit programs too. */
#define WIRE_COOKIE_BESIDE_FEXIT 1

/* A data-FD call in flight: one cell of its stream. */
struct wire_cell {
	__u64 owner; /* tid << 8 | enum wire_kind; 0: free */
	__u64 start_ns;
};

#define WIRE_CELLS 6

/* The kernel side's table of streams, by slot; user space only reads it. */
struct wire_stream {
	__u32 id; /* 0: free */
	__u32 device;
	__u32 holder;	   /* the process that it was made for */
	__u32 driver_refs; /* to the file, that the driver took when it made it */
	/* Its last close() may have been missed since then; 0: it is seen, or told to be lost. */
	__u64 unseen_ns;
	struct wire_cell cell[WIRE_CELLS];
};

#define WIRE_CALLS   8192 /* calls in flight that have no cell */
#define WIRE_STREAMS 4096 /* streams alive at once */
#define WIRE_DEVICES 4096

/* A device call in flight, by pid << 32 | tid; user space only reads it. */
struct wire_call {
	__u64 start_ns;
	__u64 user_arg;
	__u32 kind; /* enum wire_kind */
	__u32 cmd;
	__u32 device;
	__u32 stream; /* the data FD that this call made */
	__u32 target; /* of the driver's migration_set_state */
	__u32 has_target;
	/* the step of the state machine that is under way */
	__u64 arc_start_ns;
	__u32 arc_open;
	__u32 arc_from;
	__u32 arc_to;
	__u32 arc_target;
	/* of a feature call's argument, at its entry; 0 when it could not be read */
	__u32 flags;
	__u32 state;
};
WIRE_ASSERT(wire_call, 72);

/* A data-FD call in flight that found no cell. */
struct wire_overflow_key {
	__u32 tid;
	__u32 stream;
};

struct wire_overflow {
	__u64 start_ns;
	__u32 kind;
	__u32 device;
};

/*
 * A call that was under way before the capture began, by pid << 32 | tid.  The
 * registers are the user's own, with which the task entered the kernel.
 */
struct wire_earlier {
	__u64 user_arg;
	__u64 sp, ip;
	__u32 kind; /* enum wire_kind */
	__u32 cmd;
	__u32 device;
	__u32 stream;
};
WIRE_ASSERT(wire_earlier, 40);

#define WIRE_EARLIER 256 /* looked at at once */

/* A module whose files are looked at when a capture joins. */
struct wire_module {
	char name[56]; /* MODULE_NAME_LEN of a 64-bit kernel */
};

/* The name of a function of a driver that is built in. */
struct wire_function {
	char name[128];
};

#define WIRE_BUILTINS 64 /* such functions */

/* What it is, a bit set. */
#define WIRE_MODULE_VFIO    1 /* its files are device FDs */
#define WIRE_MODULE_DRIVER  2 /* its anonymous files are data FDs */
#define WIRE_MODULE_UNTYPED 4 /* its file operations are looked for */

#endif
