/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.bpf.h - how a record is made
 *
 * Every program here runs on a migration's critical path: no lock, no sleep,
 * no unbounded loop.  What finds no room is counted and the call goes on.
 */
#ifndef VFIOSCOPE_RECORD_BPF_H
#define VFIOSCOPE_RECORD_BPF_H

#include "vmlinux/vmlinux.h"
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/wire.h"

#define MAX_ERRNO 4095
#define ENOMSG	  42 /* include/uapi/asm-generic/errno.h */

/* Wake the reader when this much lies in the ring, in bytes. */
extern const volatile __u32 wake_bytes;

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

static __always_inline struct wire_counters *counters_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

static __always_inline void table_full(void)
{
	struct wire_counters *c = counters_get();

	if (c)
		__sync_fetch_and_add(&c->table_full, 1);
}

/*
 * The one place where a record gets its room.  NULL: there was none, and the
 * loss is counted.  The head is filled but for ret, device, stream, start.
 */
static __always_inline void *record_reserve(__u32 kind, __u32 size)
{
	struct wire_counters *c = counters_get();
	struct wire_head *h;
	__u64 id;

	if (!c || kind >= WIRE_KIND_NR)
		return NULL;
	h = bpf_ringbuf_reserve(&ring, size, 0);
	if (!h) {
		/* Atomic: a program that is preempted here meets others on its cpu. */
		__sync_fetch_and_add(&c->lost, 1);
		__sync_fetch_and_add(&c->lost_kind[kind], 1);
		return NULL;
	}
	h->kind = kind;
	h->size = size;
	h->cpu = bpf_get_smp_processor_id();
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

/* There is something to look at that is in no record. */
static __always_inline void wake_reader(void)
{
	void *nothing = bpf_ringbuf_reserve(&ring, 8, 0);

	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

/* What kallsyms has no name for is printed as a bare address, which must not leave. */
static __always_inline void hide_address(char *name, __u32 len)
{
	if (name[0] != '0')
		return;
	__builtin_memset(name, 0, len);
	name[0] = '?';
}

/* "function [module]" as kallsyms knows it. */
static __always_inline void symbol_name(char *out, void *func)
{
	static const char fmt[] = "%ps";
	__u64 arg = (__u64)func;

	__builtin_memset(out, 0, WIRE_NAME_LEN);
	if (!func)
		return;
	bpf_snprintf(out, WIRE_NAME_LEN, fmt, &arg, sizeof(arg));
	hide_address(out, WIRE_NAME_LEN);
}

/* What it tells of ended at @end_ns, before we did something else; 0: just now. */
static __always_inline void record_end(struct wire_head *h, __u64 end_ns)
{
	if (end_ns)
		h->end_ns = end_ns;
}

/* A record of what another task has: found by the iterator, not by a hook. */
static __always_inline void record_of_task(struct wire_head *h, struct task_struct *task)
{
	if (!task)
		return;
	h->pid = BPF_CORE_READ(task, tgid);
	h->tid = BPF_CORE_READ(task, pid);
	bpf_probe_read_kernel_str(h->comm, sizeof(h->comm), task->comm);
}

/* A record without a body.  @end_ns: as record_end() */
static __always_inline void
record_plain(__u32 kind, __u64 start_ns, __u64 end_ns, __s64 ret, __u32 device, __u32 stream)
{
	struct wire_plain *rec = record_reserve(kind, sizeof(*rec));

	if (!rec)
		return;
	if (start_ns)
		rec->head.start_ns = start_ns;
	record_end(&rec->head, end_ns);
	rec->head.ret = ret;
	rec->head.device = device;
	rec->head.stream = stream;
	record_submit(rec, true);
}

/* The return of a call was not seen: said at its place in the trace. */
static __always_inline void record_lost_exit(__u32 call, __u64 start_ns, __u32 device, __u32 stream)
{
	struct wire_lost_exit *rec;

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
