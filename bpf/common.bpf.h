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
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/wire.h"

#define TASK_TABLE	8192	/* calls in flight that have no cell */
#define MAX_ERRNO	4095
#define ENOMSG		42	/* include/uapi/asm-generic/errno.h */

/* Set before load; the empty string or 0 means no filter. */
extern const volatile __u32 filter_pid;
/* Some processes are not wanted: those in ignored_tasks. */
extern const volatile __u32 filter_tasks;
extern const volatile char filter_device[WIRE_NAME_LEN];
extern const volatile char filter_driver[WIRE_NAME_LEN];
/* Wake the reader when this much lies in the ring, in bytes. */
extern const volatile __u32 wake_bytes;

/* Data FDs alive: a global hook returns at once while there is none. */
extern __u64 streams_alive;
/*
 * By enum hook_id: calls are taken by the kprobes of this hook, and its fentry
 * programs, where both are attached, stand back.  Set when the kernel was seen
 * to skip fentry programs (see HOOK()).
 */
extern __u8 by_kprobe[WIRE_HOOKS];
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

/* Processes that user space found to be of another VM than the one asked for. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} ignored_tasks SEC(".maps") __weak;

/* Processes, and how many traced devices and data FDs each holds; see holder_add(). */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} holders SEC(".maps") __weak;

struct device_val {
	__u32 id;		/* 0: filtered out */
	__u32 user;		/* the process that uses it; 0: none is known */
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
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WIRE_STREAMS);
	__type(key, __u32);
	__type(value, struct wire_stream);
} streams SEC(".maps") __weak;

/* A device call of a task, from its entry to its exit. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASK_TABLE);
	__type(key, __u64);
	__type(value, struct wire_call);
} calls SEC(".maps") __weak;

/* Data-FD calls that found no free cell */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASK_TABLE);
	__type(key, struct wire_overflow_key);
	__type(value, struct wire_overflow);
} io_overflow SEC(".maps") __weak;

/* struct wire_module -> WIRE_MODULE_*: set by user space */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct wire_module);
	__type(value, __u32);
} modules SEC(".maps") __weak;

/* The arguments of a call that a kprobe saw, for its kretprobe. */
struct kargs_key {
	__u64 task;
	__u64 hook;
};

struct kargs {
	__u64 a[4];
	__u64 fexit_ran;	/* and stood back */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TASK_TABLE);
	__type(key, struct kargs_key);
	__type(value, struct kargs);
} kargs SEC(".maps") __weak;

static __always_inline struct wire_counters *counters_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

/*
 * A hook is a pair of bodies, NAME_on_enter(args, ctx) and NAME_on_exit(args,
 * ctx), on the array of the function's arguments, followed at the exit by what
 * it returned.  HOOK() makes the programs of both methods from it:
 *
 * NAME_enter, NAME_exit	templates: loaded once as kprobes, which need no
 *	target, so that libbpf relocates them; the loader takes their
 *	instructions and loads those again as fentry or fexit for every function
 *	with that prototype.  There the context is that array.
 * NAME_kenter, NAME_kexit	the same by kprobe and kretprobe, where fentry
 *	cannot attach; the arguments are kept from the entry to the return.
 *
 * NAME_wants(args) says early that a call is none of ours.
 *
 * Both methods may be on a function at once: the kernel skips a fentry program
 * while the same program is preempted on that cpu, and when that was seen the
 * kprobes, which run without preemption, take over.  A call is told by the
 * method that saw its entry, so that the change loses none and doubles none; what
 * the kernel counts as missed by a fexit program beside it is counted as covered.
 */
static __always_inline void kargs_save(__u64 hook, const __u64 *a)
{
	struct kargs_key key = { .task = bpf_get_current_pid_tgid(), .hook = hook };
	struct kargs val = { .a = { a[0], a[1], a[2], a[3] } };

	bpf_map_update_elem(&kargs, &key, &val, BPF_ANY);
}

static __always_inline void covered(__u64 hook)
{
	struct wire_counters *c = counters_get();

	if (c && hook < WIRE_HOOKS)
		__sync_fetch_and_add(&c->covered[hook], 1);
}

static __always_inline bool kargs_take(__u64 hook, __u64 *a, void *ctx)
{
	struct kargs_key key = { .task = bpf_get_current_pid_tgid(), .hook = hook };
	struct kargs *val = bpf_map_lookup_elem(&kargs, &key);

	if (!val)
		return false;
	a[0] = val->a[0];
	a[1] = val->a[1];
	a[2] = val->a[2];
	a[3] = val->a[3];
	/* Its fexit program counts a miss for this call, which is not lost. */
	if (!val->fexit_ran && bpf_get_attach_cookie(ctx) == WIRE_COOKIE_BESIDE_FEXIT)
		covered(hook);
	bpf_map_delete_elem(&kargs, &key);
	return true;
}

/* The kretprobe tells a call whose kprobe kept its arguments. */
static __always_inline bool fentry_exit_is_due(__u64 hook)
{
	struct kargs_key key = { .task = bpf_get_current_pid_tgid(), .hook = hook };
	struct kargs *val;

	if (!by_kprobe[hook])
		return true;
	val = bpf_map_lookup_elem(&kargs, &key);
	if (!val)
		return true;
	val->fexit_ran = 1;
	return false;
}

#define HOOK_ENTER(name)						\
SEC("kprobe")								\
int name##_enter(__u64 *ctx)						\
{									\
	if (!by_kprobe[WIRE_HOOK_##name] && name##_wants(ctx))		\
		name##_on_enter(ctx);					\
	return 0;							\
}

#define HOOK_EXIT(name)							\
SEC("kprobe")								\
int name##_exit(__u64 *ctx)						\
{									\
	if (name##_wants(ctx) && fentry_exit_is_due(WIRE_HOOK_##name))	\
		name##_on_exit(ctx, ctx);				\
	return 0;							\
}

#define HOOK_KPROBES(name, nargs)					\
SEC("kprobe")								\
int name##_kenter(struct pt_regs *ctx)					\
{									\
	__u64 a[4] = { PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx),		\
		       PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx) };	\
									\
	if (by_kprobe[WIRE_HOOK_##name] && name##_wants(a)) {		\
		kargs_save(WIRE_HOOK_##name, a);			\
		name##_on_enter(a);					\
	}								\
	return 0;							\
}									\
SEC("kretprobe")							\
int name##_kexit(struct pt_regs *ctx)					\
{									\
	__u64 a[5];							\
									\
	if (kargs_take(WIRE_HOOK_##name, a, ctx)) {			\
		a[nargs] = PT_REGS_RC(ctx);				\
		name##_on_exit(a, ctx);					\
	}								\
	return 0;							\
}

#define HOOK(name, nargs)	\
	HOOK_ENTER(name)	\
	HOOK_EXIT(name)		\
	HOOK_KPROBES(name, nargs)

/* A hook of the entry alone. */
#define HOOK_ENTER_ONLY(name)						\
	HOOK_ENTER(name)						\
SEC("kprobe")								\
int name##_kenter(struct pt_regs *ctx)					\
{									\
	__u64 a[4] = { PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx),		\
		       PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx) };	\
									\
	if (by_kprobe[WIRE_HOOK_##name] && name##_wants(a))		\
		name##_on_enter(a);					\
	return 0;							\
}

/* The task is one that the user asked for. */
static __always_inline bool task_wanted(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (filter_pid && filter_pid != pid)
		return false;
	return !filter_tasks || !bpf_map_lookup_elem(&ignored_tasks, &pid);
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
 * Who holds a traced device or a data FD: the process whose end is told, and
 * whose container is looked at.  A device belongs to the process that opened
 * it or called it last, for it may be handed on; a data FD to the one that it
 * was made for.
 */
static __always_inline void holder_add(__u32 pid)
{
	__u32 *held = bpf_map_lookup_elem(&holders, &pid), one = 1;

	if (held)
		__sync_fetch_and_add(held, 1);
	else
		bpf_map_update_elem(&holders, &pid, &one, BPF_ANY);
}

static __always_inline void holder_drop(__u32 pid)
{
	__u32 *held = bpf_map_lookup_elem(&holders, &pid);

	if (held && *held)
		__sync_fetch_and_add(held, -1);
}

/* @pid 0: nobody uses it any more. */
static __always_inline void device_used_by(struct vfio_device *vdev, __u32 pid)
{
	__u64 key = (__u64)vdev;
	struct device_val *val = bpf_map_lookup_elem(&devices, &key);

	if (!val || !val->id || val->user == pid)
		return;
	if (val->user)
		holder_drop(val->user);
	val->user = pid;
	if (pid)
		holder_add(pid);
}

static __always_inline void table_full(void)
{
	struct wire_counters *c = counters_get();

	if (c)
		__sync_fetch_and_add(&c->table_full, 1);
}

/*
 * "function [module]" as kallsyms knows it.  A symbol that it does not know
 * would print as a bare address: that must not leave.
 */
static __always_inline void symbol_name(char *out, void *func)
{
	static const char fmt[] = "%ps";
	__u64 arg = (__u64)func;

	__builtin_memset(out, 0, WIRE_NAME_LEN);
	if (!func)
		return;
	bpf_snprintf(out, WIRE_NAME_LEN, fmt, &arg, sizeof(arg));
	if (out[0] == '0') {
		__builtin_memset(out, 0, WIRE_NAME_LEN);
		out[0] = '?';
	}
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

/*
 * The small number of a device, given out at first sight together with a
 * record of what was agreed before the capture began.  0: filtered out, or no
 * place left (counted).
 */
static __always_inline __u32 device_id_of(struct vfio_device *vdev, struct task_struct *task)
{
	__u64 key = (__u64)vdev;
	struct device_val *known, val = {};
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
	record_of_task(&rec->head, task);
	s = BPF_CORE_READ(dev, kobj.name);
	bpf_probe_read_kernel_str(rec->name, sizeof(rec->name), s);
	s = BPF_CORE_READ(dev, driver, name);
	bpf_probe_read_kernel_str(rec->driver, sizeof(rec->driver), s);
	s = BPF_CORE_READ(dev, bus, name);
	bpf_probe_read_kernel_str(rec->bus, sizeof(rec->bus), s);
	rec->migration_flags = BPF_CORE_READ(vdev, migration_flags);
	rec->has_dma_log = BPF_CORE_READ(vdev, log_ops) != NULL;
	symbol_name(rec->set_state, BPF_CORE_READ(vdev, mig_ops, migration_set_state));
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
		table_full();
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

static __always_inline __u32 device_id(struct vfio_device *vdev)
{
	return device_id_of(vdev, NULL);
}

/*
 * A new data FD: its number, its slot, and the record that defines it.  The
 * number, or 0 when there is no place (counted).  @task: who has it, when it
 * was found and not born.
 */
static __always_inline __u32 stream_register(struct file *file, __u32 device,
					     struct task_struct *task)
{
	struct wire_stream_open *rec;
	struct file_operations *f_op;
	struct wire_stream *st;
	const char *name;
	__u64 key = (__u64)file;
	__u32 id, slot;
	void *op;

	id = __sync_fetch_and_add(&last_stream, 1) + 1;
	slot = id % WIRE_STREAMS;
	st = bpf_map_lookup_elem(&streams, &slot);
	if (!st)
		return 0;
	/*
	 * Slots are handed out in turn: one that is still taken after 4096
	 * younger streams belongs to a data FD that nobody closes.
	 */
	if (__sync_val_compare_and_swap(&st->id, 0, id)) {
		table_full();
		return 0;
	}
	st->device = device;
	__builtin_memset(st->cell, 0, sizeof(st->cell));
	/*
	 * Found: a hook may have been first.  Born: an entry that is there is
	 * of a file that has gone without its release being seen.
	 */
	if (bpf_map_update_elem(&stream_slots, &key, &slot, task ? BPF_NOEXIST : BPF_ANY)) {
		st->id = 0;
		if (!bpf_map_lookup_elem(&stream_slots, &key))
			table_full();
		return 0;
	}
	__sync_fetch_and_add(&streams_alive, 1);
	st->holder = task ? BPF_CORE_READ(task, tgid) : bpf_get_current_pid_tgid() >> 32;
	holder_add(st->holder);

	rec = record_reserve(WIRE_STREAM_OPEN, sizeof(*rec));
	if (!rec)
		return id;
	record_of_task(&rec->head, task);
	rec->head.device = device;
	rec->head.stream = id;
	rec->adopted = task != NULL;
	rec->pad = 0;
	rec->f_mode = BPF_CORE_READ(file, f_mode) & 3;
	__builtin_memset(rec->name, 0, sizeof(rec->name));
	name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel_str(rec->name, sizeof(rec->name), name);
	f_op = BPF_CORE_READ(file, f_op);
	rec->ops = 0;
#define OP(bit, member) do {				\
		op = BPF_CORE_READ(f_op, member);	\
		if (op)					\
			rec->ops |= 1U << (bit);	\
		symbol_name(rec->symbol[bit], op);	\
	} while (0)
	OP(WIRE_OP_READ, read);
	OP(WIRE_OP_WRITE, write);
	OP(WIRE_OP_POLL, poll);
	OP(WIRE_OP_IOCTL, unlocked_ioctl);
	OP(WIRE_OP_RELEASE, release);
#undef OP
	record_submit(rec, true);
	return id;
}

/*
 * The device of its FD.  Since 6.6 the file's private data is a struct
 * vfio_device_file, before that the device itself.
 */
static __always_inline struct vfio_device *file_vdev(struct file *filep)
{
	void *priv = BPF_CORE_READ(filep, private_data);

	if (!bpf_core_type_exists(struct vfio_device_file))
		return priv;
	return BPF_CORE_READ((struct vfio_device_file *)priv, device);
}

static __always_inline struct file *task_file(struct task_struct *task, __u32 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file = NULL;

	if (!fdt || fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	files = BPF_CORE_READ(fdt, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd))
		return NULL;
	return file;
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
