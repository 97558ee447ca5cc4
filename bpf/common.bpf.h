/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * common.bpf.h - the maps, and how a record is made
 *
 * Every program here runs on a migration's critical path: no lock, no sleep,
 * no unbounded loop.  What finds no room is counted and the call goes on.
 *
 * Kernel addresses are keys of maps that user space never reads; what leaves
 * is the small number that a device or a stream was given at first sight.
 */
#ifndef VFIOSCOPE_COMMON_BPF_H
#define VFIOSCOPE_COMMON_BPF_H

#include "vmlinux/vmlinux.h"
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/wire.h"

#define TASK_TABLE	8192	/* calls in flight that have no cell */

/* Set before load; the empty string or 0 means no filter. */
extern const volatile __u32 filter_pid;
extern const volatile char filter_device[WIRE_NAME_LEN];
extern const volatile char filter_driver[WIRE_NAME_LEN];
/* Wake the reader when this much lies in the ring, in bytes. */
extern const volatile __u32 wake_bytes;

/* Data FDs alive: a global hook returns at once while there is none. */
extern __u64 streams_alive;
extern __u32 last_device;
extern __u32 last_stream;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} ring SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wire_counters);
} counters SEC(".maps") __weak;

struct device_val {
	__u32 id;		/* 0: filtered out */
};

/* struct vfio_device * -> who it is */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_DEVICES);
	__type(key, __u64);
	__type(value, struct device_val);
} devices SEC(".maps") __weak;

/* struct file * of a data FD -> its slot in streams */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_STREAMS);
	__type(key, __u64);
	__type(value, __u32);
} stream_slots SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_STREAMS);
	__type(key, __u32);
	__type(value, struct wire_stream);
} streams SEC(".maps") __weak;

/* A device call of a task, from its entry to its exit. */
struct task_call {
	__u64 start_ns;
	__u64 user_arg;
	__u32 kind;		/* enum wire_kind */
	__u32 cmd;
	__u32 device;
	__u32 stream;		/* the data FD that this call made */
	__u32 target;		/* of the driver's migration_set_state */
	__u32 has_target;
	/* the step of the state machine that is under way */
	__u64 arc_start_ns;
	__u32 arc_open;
	__u32 arc_from;
	__u32 arc_to;
	__u32 arc_target;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASK_TABLE);
	__type(key, __u64);
	__type(value, struct task_call);
} calls SEC(".maps") __weak;

/* Data-FD calls that found no free cell: (tid, stream) -> start */
struct io_key {
	__u32 tid;
	__u32 stream;
};

struct io_val {
	__u64 start_ns;
	__u64 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASK_TABLE);
	__type(key, struct io_key);
	__type(value, struct io_val);
} io_overflow SEC(".maps") __weak;

static __always_inline struct wire_counters *counters_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

/* The task is one that the user asked for. */
static __always_inline bool task_wanted(void)
{
	return !filter_pid || filter_pid == bpf_get_current_pid_tgid() >> 32;
}

/*
 * The one place where a record gets its room.  NULL: there was none, and the
 * loss is counted.  The head is filled but for ret, device, stream, start.
 */
static __always_inline void *record_reserve(__u32 kind, __u32 size)
{
	struct wire_counters *c = counters_get();
	struct wire_head *h;
	__u64 id, seq;

	if (!c || kind >= WIRE_KIND_NR)
		return NULL;
	/* Atomic: a program that is preempted here meets others on its cpu. */
	seq = __sync_fetch_and_add(&c->seq, 1) + 1;
	h = bpf_ringbuf_reserve(&ring, size, 0);
	if (!h) {
		__sync_fetch_and_add(&c->lost, 1);
		__sync_fetch_and_add(&c->lost_kind[kind], 1);
		return NULL;
	}
	h->kind = kind;
	h->size = size;
	h->cpu = bpf_get_smp_processor_id();
	h->seq = seq;
	h->lost = c->lost;
	h->end_ns = bpf_ktime_get_ns();
	h->start_ns = h->end_ns;
	h->ret = 0;
	h->device = 0;
	h->stream = 0;
	id = bpf_get_current_pid_tgid();
	h->pid = id >> 32;
	h->tid = id;
	bpf_get_current_comm(h->comm, sizeof(h->comm));
	return h;
}

/* @now: somebody may be waiting for this very record. */
static __always_inline void record_submit(void *rec, bool now)
{
	__u64 flags = BPF_RB_FORCE_WAKEUP;

	if (!now && bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < wake_bytes)
		flags = BPF_RB_NO_WAKEUP;
	bpf_ringbuf_submit(rec, flags);
}

/* @a is "" or equals @b; both hold WIRE_NAME_LEN bytes. */
static __always_inline bool name_matches(const volatile char *a, const char *b)
{
	int i;

	if (!a[0])
		return true;
	for (i = 0; i < WIRE_NAME_LEN; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			break;
	}
	return true;
}

/*
 * The small number of a device, given out at first sight together with a
 * record of what was agreed before the capture began.  0: filtered out, or no
 * place left (counted).
 */
static __always_inline __u32 device_id(struct vfio_device *vdev)
{
	__u64 key = (__u64)vdev;
	struct device_val *known, val = {};
	struct wire_counters *c;
	struct wire_device *rec;
	struct device *dev;
	const char *s;

	if (!vdev)
		return 0;
	known = bpf_map_lookup_elem(&devices, &key);
	if (known)
		return known->id;

	rec = record_reserve(WIRE_DEVICE, sizeof(*rec));
	if (!rec)
		return 0;	/* tried again at the next sight */
	dev = BPF_CORE_READ(vdev, dev);
	__builtin_memset(rec->name, 0, sizeof(rec->name));
	__builtin_memset(rec->driver, 0, sizeof(rec->driver));
	__builtin_memset(rec->bus, 0, sizeof(rec->bus));
	__builtin_memset(rec->pad, 0, sizeof(rec->pad));
	s = BPF_CORE_READ(dev, kobj.name);
	bpf_probe_read_kernel_str(rec->name, sizeof(rec->name), s);
	s = BPF_CORE_READ(dev, driver, name);
	bpf_probe_read_kernel_str(rec->driver, sizeof(rec->driver), s);
	s = BPF_CORE_READ(dev, bus, name);
	bpf_probe_read_kernel_str(rec->bus, sizeof(rec->bus), s);
	rec->migration_flags = BPF_CORE_READ(vdev, migration_flags);
	rec->has_dma_log = BPF_CORE_READ(vdev, log_ops) != NULL;
	/* Since Linux 7.1: 56f90177573e "vfio: ... PRECOPY_INFOv2" */
	rec->precopy_info_v2 = 0;
	if (bpf_core_field_exists(vdev->precopy_info_v2))
		rec->precopy_info_v2 = BPF_CORE_READ(vdev, precopy_info_v2);

	if (name_matches(filter_device, rec->name) &&
	    name_matches(filter_driver, rec->driver))
		val.id = __sync_fetch_and_add(&last_device, 1) + 1;
	if (bpf_map_update_elem(&devices, &key, &val, BPF_NOEXIST)) {
		/* Another cpu was first, or the table is full. */
		bpf_ringbuf_discard(rec, 0);
		known = bpf_map_lookup_elem(&devices, &key);
		if (known)
			return known->id;
		c = counters_get();
		if (c)
			__sync_fetch_and_add(&c->table_full, 1);
		return 0;
	}
	if (!val.id) {
		bpf_ringbuf_discard(rec, 0);
		return 0;
	}
	rec->head.device = val.id;
	record_submit(rec, true);
	return val.id;
}

/* A record without a body. */
static __always_inline void record_plain(__u32 kind, __u64 start_ns, __s64 ret,
					 __u32 device, __u32 stream)
{
	struct wire_plain *rec = record_reserve(kind, sizeof(*rec));

	if (!rec)
		return;
	if (start_ns)
		rec->head.start_ns = start_ns;
	rec->head.ret = ret;
	rec->head.device = device;
	rec->head.stream = stream;
	record_submit(rec, true);
}

/* The return of a call was not seen: said at its place in the trace. */
static __always_inline void record_lost_exit(__u32 call, __u64 start_ns,
					     __u32 device, __u32 stream)
{
	struct wire_counters *c = counters_get();
	struct wire_lost_exit *rec;

	if (c)
		__sync_fetch_and_add(&c->unfinished, 1);
	rec = record_reserve(WIRE_LOST_EXIT, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start_ns;
	rec->head.device = device;
	rec->head.stream = stream;
	rec->call = call;
	rec->pad = 0;
	record_submit(rec, true);
}

#endif
