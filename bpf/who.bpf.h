/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * who.bpf.h - who is who: processes, devices, data FDs, modules
 *
 * Kernel addresses are keys of maps that user space never reads; what leaves
 * is the small number that a device or a stream was given at first sight.
 *
 * An identity ends with its object, when nobody can use the address any more:
 * a device's at the exit of vfio_unregister_group_dev(), which waits for those
 * who have it open; a data FD's at the exit of its release().  Since that may
 * be missed, it is proven again: a device by its names when it is opened, a
 * data FD by its operations whenever it is met.
 */
#ifndef VFIOSCOPE_WHO_BPF_H
#define VFIOSCOPE_WHO_BPF_H

#include "bpf/record.bpf.h"
#include "bpf/why.bpf.h"

#define ANON_INODE_FS_MAGIC 0x09041934 /* include/uapi/linux/magic.h */

/* ---- what comes and goes with the migrations ---- */

/* Signs of one: user space attaches what was at rest. */
extern __u32 signs;
/* The hook on every close() of the host is not attached, and is to be at the first sign. */
extern __u8 closes_rest;
/* Of data FDs up to this one user space has told whose close() was missed. */
extern __u32 closes_told;

static __always_inline void sign_of_migration(void)
{
	__sync_fetch_and_add(&signs, 1);
	if (closes_rest || (why_wanted && !why_seen))
		wake_reader();
}

/* ---- tasks ------------------------------------------------------------------ */

/* Set before load; the empty string or 0 means no filter. */
extern const volatile __u32 filter_pid;
/* Some processes are not wanted: those in ignored_tasks. */
extern const volatile __u32 filter_tasks;
extern const volatile char filter_device[WIRE_NAME_LEN];
extern const volatile char filter_driver[WIRE_NAME_LEN];

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

/* The task is one that the user asked for. */
static __always_inline bool task_wanted(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	if (filter_pid && filter_pid != pid)
		return false;
	return !filter_tasks || !bpf_map_lookup_elem(&ignored_tasks, &pid);
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

#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

/*
 * The current thread ends.  If it is the last one of a process that holds something,
 * that is told, once: by whoever is the first to see it.
 */
static __always_inline void holder_ends(struct task_struct *task)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u32 *held = bpf_map_lookup_elem(&holders, &pid);
	struct wire_process_exit *rec;
	struct signal_struct *signal;
	struct task_struct *leader;
	bool holds;

	if (!held)
		return;
	/* do_exit() has taken this thread off the count. */
	signal = BPF_CORE_READ(task, signal);
	if (BPF_CORE_READ(signal, live.counter))
		return;
	holds = *held;
	/* The last two threads may both find the count at 0. */
	bpf_map_delete_elem(&why_standing, &pid);
	bpf_map_delete_elem(&why_peers, &pid);
	if (bpf_map_delete_elem(&holders, &pid) || !holds || !task_wanted())
		return;
	rec = record_reserve(WIRE_PROCESS_EXIT, sizeof(*rec));
	if (!rec)
		return;
	leader = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel_str(rec->head.comm, sizeof(rec->head.comm), leader->comm);
	/* As wait_task_zombie() finds it. */
	rec->status = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT ?
			      BPF_CORE_READ(signal, group_exit_code) :
			      BPF_CORE_READ(leader, exit_code);
	rec->pad = 0;
	record_submit(rec, true);
}

/*
 * The current thread closes something that is traced.  If it does so because it ends, and
 * the hook on every thread's end was at rest, then here is where that is seen.
 */
static __always_inline void holder_closes(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (BPF_CORE_READ(task, flags) & PF_EXITING)
		holder_ends(task);
}

/* ---- modules ---------------------------------------------------------------- */

/* struct wire_module -> WIRE_MODULE_*: set by user space */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct wire_module);
	__type(value, __u32);
} modules SEC(".maps") __weak;

/* WIRE_MODULE_* of the module that @file belongs to; 0: none that is looked at. */
static __always_inline __u32 file_module(struct file *file)
{
	struct module *owner = BPF_CORE_READ(file, f_op, owner);
	struct wire_module name = {};
	__u32 *what;

	/* What is built in has no owner: user space calls that "vmlinux". */
	if (owner)
		bpf_probe_read_kernel_str(name.name, sizeof(name.name), owner->name);
	else
		__builtin_memcpy(name.name, "vmlinux", sizeof("vmlinux"));
	what = bpf_map_lookup_elem(&modules, &name);
	return what ? *what : 0;
}

static __always_inline bool is_anonymous(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC;
}

/* ---- devices ---------------------------------------------------------------- */

extern __u32 last_device;

struct device_names {
	char name[WIRE_NAME_LEN];
	char driver[WIRE_NAME_LEN];
} __attribute__((aligned(8)));

struct device_val {
	__u32 id;   /* 0: filtered out */
	__u32 user; /* the process that uses it; 0: none is known */
	struct device_names names;
};

/* struct vfio_device * -> who it is */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_DEVICES);
	__type(key, __u64);
	__type(value, struct device_val);
} devices SEC(".maps") __weak;

/* Some devices are not wanted. */
static __always_inline bool devices_filtered(void)
{
	return filter_device[0] || filter_driver[0];
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

static __always_inline void device_names(struct device_names *names, struct device *dev)
{
	__builtin_memset(names, 0, sizeof(*names));
	bpf_probe_read_kernel_str(names->name, sizeof(names->name), BPF_CORE_READ(dev, kobj.name));
	bpf_probe_read_kernel_str(names->driver, sizeof(names->driver),
				  BPF_CORE_READ(dev, driver, name));
}

/* What its driver is told after a reset of any cause; NULL: not a PCI device, or nothing. */
static __always_inline void *device_reset_done(struct device *dev, const char bus[16])
{
	struct pci_dev *pdev = (void *)dev - bpf_core_field_offset(struct pci_dev, dev);

	if (bus[0] != 'p' || bus[1] != 'c' || bus[2] != 'i' || bus[3])
		return NULL;
	return BPF_CORE_READ(pdev, driver, err_handler, reset_done);
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

	if (!vdev)
		return 0;
	known = bpf_map_lookup_elem(&devices, &key);
	if (known)
		return known->id;

	rec = record_reserve(WIRE_DEVICE, sizeof(*rec));
	if (!rec)
		return 0; /* tried again at the next sight */
	dev = BPF_CORE_READ(vdev, dev);
	device_names(&val.names, dev);
	__builtin_memcpy(rec->name, val.names.name, sizeof(rec->name));
	__builtin_memcpy(rec->driver, val.names.driver, sizeof(rec->driver));
	__builtin_memset(rec->bus, 0, sizeof(rec->bus));
	__builtin_memset(rec->pad, 0, sizeof(rec->pad));
	record_of_task(&rec->head, task);
	bpf_probe_read_kernel_str(rec->bus, sizeof(rec->bus), BPF_CORE_READ(dev, bus, name));
	rec->migration_flags = BPF_CORE_READ(vdev, migration_flags);
	rec->has_dma_log = BPF_CORE_READ(vdev, log_ops) != NULL;
	symbol_name(rec->set_state, BPF_CORE_READ(vdev, mig_ops, migration_set_state));
	symbol_name(rec->reset_done, device_reset_done(dev, rec->bus));
	/* Since Linux 7.1: 56f90177573e "vfio: ... PRECOPY_INFOv2" */
	rec->precopy_info_v2 = 0;
	if (bpf_core_field_exists(vdev->precopy_info_v2))
		rec->precopy_info_v2 = BPF_CORE_READ(vdev, precopy_info_v2);

	if (name_matches(filter_device, rec->name) && name_matches(filter_driver, rec->driver))
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

/* Its address may be another device's tomorrow. */
static __always_inline void device_forget(struct vfio_device *vdev)
{
	__u64 key = (__u64)vdev;
	struct device_val *val = bpf_map_lookup_elem(&devices, &key);

	if (!val)
		return;
	if (val->user)
		holder_drop(val->user);
	bpf_map_delete_elem(&devices, &key);
}

/* Is the device still the one that the address stood for when it was first seen? */
static __always_inline void device_prove(struct vfio_device *vdev)
{
	__u64 key = (__u64)vdev;
	struct device_val *val = bpf_map_lookup_elem(&devices, &key);
	__u64 now[sizeof(struct device_names) / 8];
	const __u64 *then;
	unsigned int i;

	if (!val)
		return;
	then = (const __u64 *)&val->names;
	device_names((struct device_names *)now, BPF_CORE_READ(vdev, dev));
	for (i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		if (now[i] != then[i]) {
			device_forget(vdev);
			break;
		}
	}
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

/* ---- data FDs --------------------------------------------------------------- */

/* Data FDs alive: a global hook returns at once while there is none. */
extern __u64 streams_alive;
extern __u32 last_stream;
/* User space let go of the drivers' hooks: what is no younger is known no more. */
extern __u32 streams_retired;

/*
 * What was open when its driver was hooked has been looked for: a file that
 * nobody knows is one whose birth was not seen.  While 0 it is merely older.
 */
extern __u8 all_met;
/* Calls on such files, for which user space looks, */
extern __u64 strangers;
/* and those of them that are lost: where devices are filtered it may be another's. */
extern __u64 unmet;

struct stream_slot {
	__u32 slot; /* in streams; WIRE_STREAMS: looked at, and not wanted */
	__u32 pad;
	__u64 f_op;
};

/* struct file * of a data FD -> its slot */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_STREAMS);
	__type(key, __u64);
	__type(value, struct stream_slot);
} stream_slots SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WIRE_STREAMS);
	__type(key, __u32);
	__type(value, struct wire_stream);
} streams SEC(".maps") __weak;

/* The data FD that @file is, or NULL: it is none, or none that is alive. */
static __always_inline struct wire_stream *stream_of(struct file *file)
{
	__u64 key = (__u64)file;
	struct stream_slot *slot = bpf_map_lookup_elem(&stream_slots, &key);
	struct wire_stream *st;

	if (!slot || slot->f_op != (__u64)BPF_CORE_READ(file, f_op))
		return NULL;
	st = bpf_map_lookup_elem(&streams, &slot->slot);
	return st && st->id > streams_retired ? st : NULL;
}

/* Not to be looked at again, as long as it is the same file. */
static __always_inline void stream_unwanted(struct file *file)
{
	struct stream_slot slot = { WIRE_STREAMS, 0, (__u64)BPF_CORE_READ(file, f_op) };
	__u64 key = (__u64)file;

	bpf_map_update_elem(&stream_slots, &key, &slot, BPF_ANY);
}

/* A call on a file that is no known data FD: was it one? */
static __always_inline void stream_unmet(struct file *file)
{
	__u64 key = (__u64)file;
	struct stream_slot *slot;

	if (!all_met || !is_anonymous(file) || !task_wanted() ||
	    !(file_module(file) & WIRE_MODULE_DRIVER))
		return;
	slot = bpf_map_lookup_elem(&stream_slots, &key);
	if (slot && slot->f_op == (__u64)BPF_CORE_READ(file, f_op))
		return;
	if (!devices_filtered())
		__sync_fetch_and_add(&unmet, 1);
	__sync_fetch_and_add(&strangers, 1);
	wake_reader();
}

/* Its driver has finished making it: what it does now is what it does. */
static __always_inline void stream_settled(struct file *file)
{
	__u64 key = (__u64)file;
	struct stream_slot *slot = bpf_map_lookup_elem(&stream_slots, &key);

	if (slot)
		slot->f_op = (__u64)BPF_CORE_READ(file, f_op);
}

/* The references to a file beyond one: of other numbers, of calls, of its driver. */
static __always_inline __u32 refs_besides(struct file *file)
{
	/* Since Linux 6.13 a count of those beyond the first: 90ee6ed776c0 */
	if (bpf_core_field_exists(file->f_ref))
		return BPF_CORE_READ(file, f_ref.refcnt.counter);
	return BPF_CORE_READ(file, f_count.counter) - 1;
}

/* The file is no more, and its address may be another one's tomorrow. */
static __always_inline void stream_gone(struct file *file)
{
	__u64 key = (__u64)file;

	bpf_map_delete_elem(&stream_slots, &key);
}

static __always_inline void stream_forget(struct file *file, struct wire_stream *st)
{
	stream_gone(file);
	holder_drop(st->holder);
	st->id = 0;
	__sync_fetch_and_add(&streams_alive, -1);
}

/* One of two forms: the VFS takes either, and a hook is made for the first. */
static __always_inline void file_op(struct wire_ops *ops, __u32 nr, void *op, void *iter)
{
	char *symbol = ops->symbol[nr];

	symbol_name(symbol, op);
	if (op || iter)
		ops->ops |= 1U << nr;
	if (!op && iter)
		symbol[0] = '?';
}

static __always_inline void file_ops(struct file_operations *f_op, struct wire_ops *ops)
{
	ops->ops = 0;
	ops->pad = 0;
	file_op(ops, WIRE_OP_READ, BPF_CORE_READ(f_op, read), BPF_CORE_READ(f_op, read_iter));
	file_op(ops, WIRE_OP_WRITE, BPF_CORE_READ(f_op, write), BPF_CORE_READ(f_op, write_iter));
	file_op(ops, WIRE_OP_POLL, BPF_CORE_READ(f_op, poll), NULL);
	file_op(ops, WIRE_OP_IOCTL, BPF_CORE_READ(f_op, unlocked_ioctl), NULL);
	file_op(ops, WIRE_OP_RELEASE, BPF_CORE_READ(f_op, release), NULL);
}

/*
 * A new data FD: its number, its slot, and the record that defines it.  The
 * number, or 0 when there is no place (counted).  @task: who has it, when it
 * was found and not born.
 */
static __always_inline __u32 stream_register(struct file *file, __u32 device,
					     struct task_struct *task)
{
	struct stream_slot slot = { .f_op = (__u64)BPF_CORE_READ(file, f_op) };
	struct wire_stream *st = stream_of(file);
	struct wire_stream_open *rec;
	__u64 key = (__u64)file;
	__u32 id, old;

	if (st && task)
		return st->id; /* a hook was first */
	/* Born: what is there is of a file that went without its release being seen. */
	if (st)
		stream_forget(file, st);
	id = __sync_fetch_and_add(&last_stream, 1) + 1;
	slot.slot = id % WIRE_STREAMS;
	st = bpf_map_lookup_elem(&streams, &slot.slot);
	if (!st)
		return 0;
	/*
	 * Slots are handed out in turn: one that is still taken after 4096
	 * younger streams belongs to a data FD that nobody closes.
	 */
	old = st->id;
	if (old > streams_retired || __sync_val_compare_and_swap(&st->id, old, id) != old) {
		table_full();
		return 0;
	}
	st->device = device;
	st->driver_refs = 0;
	st->unseen_ns = closes_rest ? bpf_ktime_get_ns() : 0;
	__builtin_memset(st->cell, 0, sizeof(st->cell));
	if (bpf_map_update_elem(&stream_slots, &key, &slot, BPF_ANY)) {
		st->id = 0;
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
	rec->f_mode = BPF_CORE_READ(file, f_mode) & 3;
	__builtin_memset(rec->name, 0, sizeof(rec->name));
	bpf_probe_read_kernel_str(rec->name, sizeof(rec->name),
				  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	file_ops(BPF_CORE_READ(file, f_op), &rec->ops);
	record_submit(rec, true);
	return id;
}

/* ---- calls in flight -------------------------------------------------------- */

/* A device call of a task, from its entry to its exit. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_CALLS);
	__type(key, __u64);
	__type(value, struct wire_call);
} calls SEC(".maps") __weak;

static __always_inline struct wire_call *call_get(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&calls, &id);
}

/* The head of a VFIO_DEVICE_FEATURE's argument, and the state behind it. */
struct feature_head {
	__u32 argsz;
	__u32 flags;
	__u32 state;
};

/* Does a migration begin like this?  Rarely anything else does. */
static __always_inline bool call_is_sign(const struct wire_call *call)
{
	__u32 index = call->flags & VFIO_FEATURE_MASK;

	if (call->kind == WIRE_DIRTY_PAGES)
		return true;
	if (call->kind != WIRE_FEATURE || call->flags & VFIO_FEATURE_PROBE)
		return false;
	/* Begun at the driver's set_state, see set_state_on_enter(), or nobody knows. */
	if (!call->flags)
		return true;
	if (call->flags & VFIO_FEATURE_SET)
		return index == VFIO_FEATURE_MIG_DEVICE_STATE ||
		       index == VFIO_FEATURE_DMA_LOGGING_START;
	return index == VFIO_FEATURE_MIG_DATA_SIZE;
}

/* @dirty: of a WIRE_DIRTY_PAGES what it asks for, VFIO_DIRTY_PAGES_*; 0: not readable, or a report */
static __always_inline void call_begin(__u32 kind, __u32 cmd, __u32 device, __u64 arg, __u32 dirty)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct wire_call *old = bpf_map_lookup_elem(&calls, &id);
	struct feature_head head = {};
	struct wire_call call = {};
	struct inside_call what = { kind, 0, device, 0 };
	bool sign;

	if (old)
		record_lost_exit(old->kind, old->start_ns, old->device, 0);
	call.kind = kind;
	call.cmd = cmd;
	call.device = device;
	call.user_arg = arg;
	/* Only to know it again: a page that is not there yet is no loss. */
	if (kind == WIRE_FEATURE && !bpf_probe_read_user(&head, sizeof(head), (void *)arg)) {
		call.flags = head.flags;
		call.state = head.state;
	}
	sign = call_is_sign(&call);
	what.feature = kind == WIRE_DIRTY_PAGES ? dirty : call.flags;
	call.start_ns = why_begin(bpf_ktime_get_ns(), sign, &what);
	if (bpf_map_update_elem(&calls, &id, &call, BPF_ANY))
		table_full();
	if (sign)
		sign_of_migration();
}

/*
 * Is it a call on that device?  One that opens it through its group names none
 * before Linux 6.6: no function that is hooked there sees which it will be.
 */
static __always_inline bool call_concerns(const struct wire_call *call, __u32 device)
{
	return call->device == device || (call->kind == WIRE_DEVICE_OPEN && !call->device);
}

static __always_inline void call_end(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&calls, &id);
}

/* What a dirty log's call asked for: as a container's argument has it, up to the bitmap's address. */
struct dirty_pages {
	__u32 argsz;
	__u32 flags; /* VFIO_DIRTY_PAGES_*; 0: a report, or not readable */
	__u64 iova, length, page_size;
};

/* A dirty log's call, which names no device, returns. */
static __always_inline void dirty_pages_end(__u32 cmd, __s64 ret, const struct dirty_pages *d)
{
	struct wire_call *call = call_get();
	bool begun = call && call->kind == WIRE_DIRTY_PAGES && call->cmd == cmd;
	__u64 start_ns = begun ? call->start_ns : 0, end_ns;
	struct wire_dirty_pages *rec;

	end_ns = why_end(start_ns, WIRE_DIRTY_PAGES, d->flags, 0, 0);
	rec = record_reserve(WIRE_DIRTY_PAGES, sizeof(*rec));
	if (rec) {
		rec->head.start_ns = start_ns;
		record_end(&rec->head, end_ns);
		rec->head.ret = ret;
		rec->argsz = d->argsz;
		rec->flags = d->flags;
		rec->iova = d->iova;
		rec->length = d->length;
		rec->page_size = d->page_size;
		record_submit(rec, true);
	}
	if (call)
		call_end();
}

/* Data-FD calls that found no free cell */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_CALLS);
	__type(key, struct wire_overflow_key);
	__type(value, struct wire_overflow);
} io_overflow SEC(".maps") __weak;

#endif
