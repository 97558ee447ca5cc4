// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.bpf.c - calls on the device FD, and the state machine's steps
 *
 * Every migration and feature handler of vfio.ko is inlined into
 * vfio_device_fops_unl_ioctl() in the kernels that Debian ships, so that one
 * function and vfio_mig_get_next_state(), which every driver calls once per
 * step, are all that can be relied on for any driver.
 */
#include "bpf/common.bpf.h"
#include <bpf/bpf_tracing.h>

static __always_inline struct task_call *call_get(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&calls, &id);
}

static __always_inline void call_begin(__u32 kind, __u32 cmd, __u32 device, __u64 arg)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct task_call *old = bpf_map_lookup_elem(&calls, &id);
	struct wire_counters *c;
	struct task_call call = {};

	if (old)
		record_lost_exit(old->kind, old->start_ns, old->device, 0);
	call.start_ns = bpf_ktime_get_ns();
	call.kind = kind;
	call.cmd = cmd;
	call.device = device;
	call.user_arg = arg;
	if (bpf_map_update_elem(&calls, &id, &call, BPF_ANY)) {
		c = counters_get();
		if (c)
			__sync_fetch_and_add(&c->table_full, 1);
	}
}

static __always_inline void call_end(void)
{
	__u64 id = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&calls, &id);
}

/* The step under way has ended now. */
static __always_inline void arc_finish(struct task_call *call, __s64 ret)
{
	struct wire_arc *rec;

	if (!call->arc_open)
		return;
	call->arc_open = 0;
	rec = record_reserve(WIRE_ARC, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = call->arc_start_ns;
	rec->head.device = call->device;
	rec->head.ret = ret;
	rec->from = call->arc_from;
	rec->to = call->arc_to;
	rec->target = call->arc_target;
	rec->pad = 0;
	record_submit(rec, true);
}

static __always_inline struct vfio_device *file_vdev(struct file *filep)
{
	/* Since 6.6 the device FD's private data is a struct vfio_device_file. */
	struct vfio_device_file *df = BPF_CORE_READ(filep, private_data);

	return BPF_CORE_READ(df, device);
}

SEC("fentry/vfio_device_fops_unl_ioctl")
int BPF_PROG(device_ioctl_enter, struct file *filep, unsigned int cmd, unsigned long arg)
{
	__u32 kind, device;

	if (cmd == VFIO_IOCTL_DEVICE_FEATURE)
		kind = WIRE_FEATURE;
	else if (cmd == VFIO_IOCTL_DEVICE_RESET || cmd == VFIO_IOCTL_DEVICE_PCI_HOT_RESET)
		kind = WIRE_RESET;
	else
		return 0;
	if (!task_wanted())
		return 0;
	device = device_id(file_vdev(filep));
	if (device)
		call_begin(kind, cmd, device, arg);
	return 0;
}

static __always_inline void feature_exit(struct task_call *call, __u64 start_ns,
					 __u32 device, __u64 arg, long ret)
{
	struct wire_feature *rec;
	__u32 head[2] = {};
	__u32 index, len = 0;

	rec = record_reserve(WIRE_FEATURE, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start_ns;
	rec->head.device = device;
	rec->head.ret = ret;
	rec->valid = 0;
	rec->target = 0;
	rec->payload[0] = 0;
	rec->payload[1] = 0;
	rec->payload[2] = 0;
	rec->payload[3] = 0;
	if (call) {
		rec->head.stream = call->stream;
		if (call->has_target) {
			rec->target = call->target;
			rec->valid |= WIRE_FEATURE_TARGET;
		}
	}
	/*
	 * Read at the exit, when copy_to_user() or copy_from_user() has just
	 * made the page resident: these programs must not fault.
	 */
	if (!bpf_probe_read_user(head, sizeof(head), (void *)arg)) {
		rec->valid |= WIRE_FEATURE_HEADER;
		index = head[1] & VFIO_FEATURE_MASK;
		if (head[1] & VFIO_FEATURE_PROBE)
			len = 0;
		else if (index == VFIO_FEATURE_MIGRATION ||
			 index == VFIO_FEATURE_MIG_DEVICE_STATE ||
			 index == VFIO_FEATURE_MIG_DATA_SIZE)
			len = 8;
		else if (index == VFIO_FEATURE_DMA_LOGGING_START)
			len = 16;
		else if (index == VFIO_FEATURE_DMA_LOGGING_REPORT)
			len = 24;
		if (len == 8 && head[0] >= 16) {
			if (!bpf_probe_read_user(rec->payload, 8, (void *)(arg + 8)))
				rec->valid |= WIRE_FEATURE_PAYLOAD;
		} else if (len == 16 && head[0] >= 24) {
			if (!bpf_probe_read_user(rec->payload, 16, (void *)(arg + 8)))
				rec->valid |= WIRE_FEATURE_PAYLOAD;
		} else if (len == 24 && head[0] >= 32) {
			if (!bpf_probe_read_user(rec->payload, 24, (void *)(arg + 8)))
				rec->valid |= WIRE_FEATURE_PAYLOAD;
		}
	}
	rec->argsz = head[0];
	rec->flags = head[1];
	record_submit(rec, true);
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(device_ioctl_exit, struct file *filep, unsigned int cmd, unsigned long arg,
	     long ret)
{
	struct task_call *call;
	struct wire_reset *rec;
	__u64 start_ns = 0;
	__u32 device;

	if (cmd != VFIO_IOCTL_DEVICE_FEATURE && cmd != VFIO_IOCTL_DEVICE_RESET &&
	    cmd != VFIO_IOCTL_DEVICE_PCI_HOT_RESET)
		return 0;
	if (!task_wanted())
		return 0;
	device = device_id(file_vdev(filep));
	if (!device)
		return 0;
	call = call_get();
	if (call) {
		arc_finish(call, ret < 0 ? ret : 0);
		start_ns = call->start_ns;
	}
	if (cmd == VFIO_IOCTL_DEVICE_FEATURE) {
		feature_exit(call, start_ns, device, arg, ret);
	} else {
		rec = record_reserve(WIRE_RESET, sizeof(*rec));
		if (rec) {
			rec->head.start_ns = start_ns;
			rec->head.device = device;
			rec->head.ret = ret;
			rec->cmd = cmd;
			rec->pad = 0;
			record_submit(rec, true);
		}
	}
	if (call)
		call_end();
	return 0;
}

/*
 * One call per step, just before the driver makes it.  So a step lasts from
 * the return of one call to the entry of the next, the last one to the return
 * of the driver's migration_set_state (or of the ioctl, where that is not
 * traced).
 */
SEC("fentry/vfio_mig_get_next_state")
int BPF_PROG(next_state_enter, struct vfio_device *vdev)
{
	struct task_call *call = call_get();

	if (call)
		arc_finish(call, 0);
	return 0;
}

SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(next_state_exit, struct vfio_device *vdev, __u32 cur, __u32 target)
{
	struct task_call *call = call_get();
	__u64 next_ptr = 0, ret = 0;
	__u32 next = WIRE_STATE_UNKNOWN;

	if (!call)
		return 0;
	/*
	 * Linux 6.12's verifier refuses the enum pointer as ctx[3] ("type ENUM
	 * is not a struct"); the helper gives it on every kernel.
	 */
	bpf_get_func_ret(ctx, &ret);
	bpf_get_func_arg(ctx, 3, &next_ptr);
	if ((int)ret)
		return 0;	/* refused: no step follows, *next is not to be read */
	bpf_probe_read_kernel(&next, sizeof(next), (void *)next_ptr);
	call->arc_from = cur;
	call->arc_to = next;
	call->arc_target = target;
	call->arc_start_ns = bpf_ktime_get_ns();
	call->arc_open = 1;
	return 0;
}

SEC("fentry/vfio_df_open")
int BPF_PROG(device_open_enter, struct vfio_device_file *df)
{
	__u32 device;

	if (!task_wanted())
		return 0;
	device = device_id(BPF_CORE_READ(df, device));
	if (device)
		call_begin(WIRE_DEVICE_OPEN, 0, device, 0);
	return 0;
}

static __always_inline void device_open_close(__u32 kind, struct vfio_device_file *df,
					      long ret)
{
	struct task_call *call;
	__u32 device;

	if (!task_wanted())
		return;
	device = device_id(BPF_CORE_READ(df, device));
	if (!device)
		return;
	call = call_get();
	record_plain(kind, call ? call->start_ns : 0, ret, device, 0);
	if (call)
		call_end();
}

SEC("fexit/vfio_df_open")
int BPF_PROG(device_open_exit, struct vfio_device_file *df, int ret)
{
	device_open_close(WIRE_DEVICE_OPEN, df, ret);
	return 0;
}

SEC("fentry/vfio_df_close")
int BPF_PROG(device_close_enter, struct vfio_device_file *df)
{
	__u32 device;

	if (!task_wanted())
		return 0;
	device = device_id(BPF_CORE_READ(df, device));
	if (device)
		call_begin(WIRE_DEVICE_CLOSE, 0, device, 0);
	return 0;
}

SEC("fexit/vfio_df_close")
int BPF_PROG(device_close_exit, struct vfio_device_file *df)
{
	device_open_close(WIRE_DEVICE_CLOSE, df, 0);
	return 0;
}

/* The address may be another device's tomorrow. */
SEC("fentry/vfio_unregister_group_dev")
int BPF_PROG(device_gone, struct vfio_device *vdev)
{
	__u64 key = (__u64)vdev;

	bpf_map_delete_elem(&devices, &key);
	return 0;
}

/*
 * Templates.  A program below is loaded once as a kprobe, which needs no
 * target, so that libbpf relocates it; the loader then takes its instructions
 * and loads them again as fentry or fexit for every driver function with that
 * prototype.  So the context is the plain array of arguments, followed at exit
 * by the returned value, and pointers are read with probe reads only.
 */

/* struct file *(struct vfio_device *, enum vfio_device_mig_state) */
SEC("kprobe")
int set_state_enter(__u64 *ctx)
{
	struct task_call *call = call_get();

	if (!call)
		return 0;
	call->target = (__u32)ctx[1];
	call->has_target = 1;
	return 0;
}

#define MAX_ERRNO	4095UL

static const char symbol_fmt[] = "%ps";

/*
 * "function [module]" as kallsyms knows it.  A symbol that it does not know
 * would print as a bare address: that must not leave.
 */
static __always_inline void symbol_name(char *out, void *func)
{
	__u64 arg = (__u64)func;

	__builtin_memset(out, 0, WIRE_NAME_LEN);
	if (!func)
		return;
	bpf_snprintf(out, WIRE_NAME_LEN, symbol_fmt, &arg, sizeof(arg));
	if (out[0] == '0') {
		__builtin_memset(out, 0, WIRE_NAME_LEN);
		out[0] = '?';
	}
}

static __always_inline void stream_born(struct task_call *call, struct file *file,
					__u32 device)
{
	struct wire_stream_open *rec;
	struct wire_counters *c;
	struct wire_stream *st;
	struct file_operations *f_op;
	const unsigned char *name;
	__u64 key = (__u64)file;
	__u32 id, slot;
	void *op;

	id = __sync_fetch_and_add(&last_stream, 1) + 1;
	slot = id % WIRE_STREAMS;
	st = bpf_map_lookup_elem(&streams, &slot);
	if (!st)
		return;
	/*
	 * Slots are handed out in turn: one that is still taken after 4096
	 * younger streams belongs to a data FD that nobody closes.
	 */
	if (__sync_val_compare_and_swap(&st->id, 0, id)) {
		c = counters_get();
		if (c)
			__sync_fetch_and_add(&c->table_full, 1);
		return;
	}
	st->device = device;
	__builtin_memset(st->cell, 0, sizeof(st->cell));
	if (bpf_map_update_elem(&stream_slots, &key, &slot, BPF_ANY)) {
		st->id = 0;
		c = counters_get();
		if (c)
			__sync_fetch_and_add(&c->table_full, 1);
		return;
	}
	__sync_fetch_and_add(&streams_alive, 1);
	if (call)
		call->stream = id;

	rec = record_reserve(WIRE_STREAM_OPEN, sizeof(*rec));
	if (!rec)
		return;
	rec->head.device = device;
	rec->head.stream = id;
	rec->f_mode = BPF_CORE_READ(file, f_mode) & 3;
	__builtin_memset(rec->name, 0, sizeof(rec->name));
	name = (const unsigned char *)BPF_CORE_READ(file, f_path.dentry, d_name.name);
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
}

SEC("kprobe")
int set_state_exit(__u64 *ctx)
{
	struct task_call *call = call_get();
	struct file *file = (struct file *)ctx[2];
	__u64 ret = ctx[2];
	__s64 err = 0;
	__u32 device;

	if (!task_wanted())
		return 0;
	if (ret > (__u64)-MAX_ERRNO - 1)
		err = (__s64)ret;
	if (call)
		arc_finish(call, err);
	if (!ret || err)
		return 0;
	device = device_id((struct vfio_device *)ctx[0]);
	if (device)
		stream_born(call, file, device);
	return 0;
}

/*
 * void (struct pci_dev *): a driver has several such functions (remove,
 * reset_prepare, ...); only its err_handler->reset_done says that the device
 * was reset, whatever the cause.
 */
SEC("kprobe")
int pci_void_exit(__u64 *ctx)
{
	struct pci_dev *pdev = (struct pci_dev *)ctx[0];
	void *reset_done = BPF_CORE_READ(pdev, driver, err_handler, reset_done);
	struct vfio_device *vdev;
	__u32 device;

	if ((__u64)reset_done != bpf_get_func_ip(ctx))
		return 0;
	/*
	 * "the driver data must point to the vfio_pci_core_device":
	 * vfio_pci_core_register_device() refuses anything else, and the
	 * struct vfio_device is its first member.
	 */
	vdev = BPF_CORE_READ(pdev, dev.driver_data);
	device = device_id(vdev);
	if (device)
		record_plain(WIRE_DEVICE_RESET, 0, 0, device, 0);
	return 0;
}
