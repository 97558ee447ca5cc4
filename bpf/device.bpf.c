// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.bpf.c - calls on the device FD, and the state machine's steps
 *
 * Every migration and feature handler of vfio.ko is inlined into
 * vfio_device_fops_unl_ioctl() in the kernels that Debian ships, so that one
 * function and vfio_mig_get_next_state(), which every driver calls once per
 * step, are all that can be relied on for any driver.
 */
#include "bpf/hook.bpf.h"
#include "bpf/who.bpf.h"

/*
 * Whether @call is the entry of the call that returns now: with the return of
 * one call and the entry of the next both skipped by the kernel (see HOOK()) it
 * is the former's.
 */
static __always_inline bool call_is(struct wire_call *call, __u32 cmd, __u32 device, __u64 arg)
{
	const __u32 set_state = VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE;
	struct feature_head head;

	if (call->cmd != cmd || call->device != device)
		return false;
	/* Begun at the driver's set_state: see set_state_on_enter(). */
	if (!call->user_arg)
		return true;
	if (call->user_arg != arg)
		return false;
	if (cmd != VFIO_IOCTL_DEVICE_FEATURE || !call->flags ||
	    bpf_probe_read_user(&head, sizeof(head), (void *)arg))
		return true;
	return head.flags == call->flags && (head.flags != set_state || head.state == call->state);
}

/* The step under way has ended now. */
static __always_inline void arc_finish(struct wire_call *call, __s64 ret)
{
	struct wire_arc *rec;
	__u64 end_ns;

	if (!call->arc_open)
		return;
	call->arc_open = 0;
	end_ns = why_arc_end(call->arc_start_ns, call->device);
	rec = record_reserve(WIRE_ARC, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = call->arc_start_ns;
	record_end(&rec->head, end_ns);
	rec->head.device = call->device;
	rec->head.ret = ret;
	if (ret >= 0) {
		why_stands(call->device, call->arc_to != VFIO_DEVICE_STATE_RUNNING &&
						 call->arc_to != VFIO_DEVICE_STATE_PRE_COPY);
		peers_state(call->arc_to);
	}
	rec->from = call->arc_from;
	rec->to = call->arc_to;
	rec->target = call->arc_target;
	rec->pad = 0;
	record_submit(rec, true);
}

/* long vfio_device_fops_unl_ioctl(struct file *, unsigned int cmd, unsigned long arg) */
static __always_inline bool device_ioctl_wants(const __u64 *a)
{
	__u32 cmd = a[1];

	return (cmd == VFIO_IOCTL_DEVICE_FEATURE || cmd == VFIO_IOCTL_DEVICE_RESET ||
		cmd == VFIO_IOCTL_DEVICE_PCI_HOT_RESET) &&
	       task_wanted();
}

static __always_inline void device_ioctl_on_enter(const __u64 *a)
{
	__u32 cmd = a[1];
	struct vfio_device *vdev = file_vdev((struct file *)a[0]);
	__u32 device = device_id(vdev);

	if (!device)
		return;
	device_used_by(vdev, bpf_get_current_pid_tgid() >> 32);
	call_begin(cmd == VFIO_IOCTL_DEVICE_FEATURE ? WIRE_FEATURE : WIRE_RESET, cmd, device, a[2],
		   0);
}

static __always_inline void feature_exit(struct wire_call *call, __u64 start_ns, __u32 device,
					 __u32 stream, __u64 arg, long ret)
{
	struct wire_feature *rec;
	__u32 head[2] = {};
	__u32 index, len = 0;
	bool readable;
	__u64 end_ns;

	/*
	 * Read at the exit, when copy_to_user() or copy_from_user() has just
	 * made the page resident: these programs must not fault.
	 */
	readable = !bpf_probe_read_user(head, sizeof(head), (void *)arg);
	end_ns = why_end(start_ns, WIRE_FEATURE,
			 call && call->has_target ?
				 VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE :
				 head[1],
			 device, stream);
	rec = record_reserve(WIRE_FEATURE, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start_ns;
	record_end(&rec->head, end_ns);
	rec->head.device = device;
	rec->head.ret = ret;
	rec->valid = 0;
	rec->target = 0;
	rec->payload[0] = 0;
	rec->payload[1] = 0;
	rec->payload[2] = 0;
	rec->payload[3] = 0;
	rec->head.stream = stream;
	if (call && call->has_target) {
		rec->target = call->target;
		rec->valid |= WIRE_FEATURE_TARGET;
	}
	if (readable) {
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

/*
 * The data FD that a SET_STATE gives its caller.  The driver's own function has
 * shown it (set_state_on_exit()), unless no program is on it, or it was
 * skipped: then it is found by its number, which user space learns only now.
 */
static __always_inline __u32 stream_given(struct wire_call *call, __u32 device, __u64 arg)
{
	struct {
		__u32 argsz, flags, state;
		__s32 fd;
	} a;
	struct wire_stream *st;
	struct file *file;
	__u32 id;

	if (bpf_probe_read_user(&a, sizeof(a), (void *)arg) || a.argsz < sizeof(a) || a.fd < 0 ||
	    a.flags != (VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE))
		return 0;
	file = task_file((struct task_struct *)bpf_get_current_task(), a.fd);
	/* Another thread may have put another file there since. */
	if (!file || !is_anonymous(file))
		return 0;
	/* A driver may have wrapped the operations after it made the file. */
	if (call && call->stream)
		stream_settled(file);
	st = stream_of(file);
	/* Shown: in this call, or in one whose entry was skipped. */
	if (st && (!call || call->stream == st->id))
		id = st->id;
	else
		id = stream_register(file, device, NULL);
	st = stream_of(file);
	/* Its user has one, and has had no time to share it. */
	if (st)
		st->driver_refs = refs_besides(file);
	return id;
}

static __always_inline void device_ioctl_on_exit(const __u64 *a, void *ctx)
{
	__u32 cmd = a[1];
	__s64 ret = a[3];
	struct wire_call *call;
	struct wire_reset *rec;
	__u64 start_ns = 0, end_ns;
	__u32 device, stream;

	device = device_id(file_vdev((struct file *)a[0]));
	if (!device)
		return;
	call = call_get();
	if (call && !call_is(call, cmd, device, a[2])) {
		call_end();
		call = NULL;
	}
	if (call) {
		arc_finish(call, ret < 0 ? ret : 0);
		start_ns = call->start_ns;
	}
	if (cmd == VFIO_IOCTL_DEVICE_FEATURE) {
		/* Who it is comes before what it was made by. */
		stream = ret ? 0 : stream_given(call, device, a[2]);
		if (!stream && call)
			stream = call->stream;
		feature_exit(call, start_ns, device, stream, a[2], ret);
	} else {
		end_ns = why_end(start_ns, WIRE_RESET, 0, device, 0);
		if (ret >= 0)
			why_stands(device, false);
		rec = record_reserve(WIRE_RESET, sizeof(*rec));
		if (rec) {
			rec->head.start_ns = start_ns;
			record_end(&rec->head, end_ns);
			rec->head.device = device;
			rec->head.ret = ret;
			rec->cmd = cmd;
			rec->pad = 0;
			record_submit(rec, true);
		}
	}
	if (call)
		call_end();
}

HOOK(device_ioctl, 3)

/*
 * long vfio_fops_unl_ioctl(struct file *, unsigned int cmd, unsigned long arg)
 *
 * The container's FD.  Without a dirty log of the device's own, that is where
 * the VMM asks for pages that DMA may have written.
 */
static __always_inline bool container_ioctl_wants(const __u64 *a)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	return (__u32)a[1] == VFIO_IOCTL_IOMMU_DIRTY_PAGES && bpf_map_lookup_elem(&holders, &pid) &&
	       task_wanted();
}

static __always_inline void container_ioctl_on_enter(const __u64 *a)
{
	struct dirty_pages d = {};

	/* Only to call it right meanwhile: its return reads it again. */
	if (bpf_probe_read_user(&d, sizeof(d), (void *)a[2]))
		__builtin_memset(&d, 0, sizeof(d));
	call_begin(WIRE_DIRTY_PAGES, a[1], 0, a[2], d.flags);
}

static __always_inline void container_ioctl_on_exit(const __u64 *a, void *ctx)
{
	struct dirty_pages d = {};

	if (bpf_probe_read_user(&d, sizeof(d), (void *)a[2]))
		__builtin_memset(&d, 0, sizeof(d));
	dirty_pages_end(a[1], a[3], &d);
}

HOOK(container_ioctl, 3)

/*
 * int vfio_mig_get_next_state(struct vfio_device *, enum cur, enum target, enum *next)
 *
 * One call per step, just before the driver makes it.  So a step lasts from
 * the return of one call to the entry of the next, the last one to the return
 * of the driver's migration_set_state (or of the ioctl, where that is not
 * traced).
 */
static __always_inline bool next_state_wants(const __u64 *a)
{
	return true;
}

/* The call under way on this device. */
static __always_inline struct wire_call *call_on(struct vfio_device *vdev)
{
	struct wire_call *call = call_get();

	return call && call->device == device_id(vdev) ? call : NULL;
}

static __always_inline void next_state_on_enter(const __u64 *a)
{
	struct wire_call *call = call_on((struct vfio_device *)a[0]);

	if (call)
		arc_finish(call, 0);
}

static __always_inline void next_state_on_exit(const __u64 *a, void *ctx)
{
	struct wire_call *call = call_on((struct vfio_device *)a[0]);
	__u32 next = WIRE_STATE_UNKNOWN;

	/* Refused: no step follows, and *next is not to be read. */
	if (!call || (int)a[4])
		return;
	bpf_probe_read_kernel(&next, sizeof(next), (void *)a[3]);
	call->arc_from = a[1];
	call->arc_to = next;
	call->arc_target = a[2];
	call->arc_start_ns = bpf_ktime_get_ns();
	call->arc_open = 1;
	why_arc_begin(call->arc_start_ns);
}

HOOK_ENTER(next_state, true)
HOOK_KPROBES(next_state, 4)

/*
 * No template: Linux 6.12's verifier refuses the enum pointer as ctx[3] ("type
 * ENUM is not a struct"), and the helper that gives it on every kernel exists
 * for fexit only.
 */
SEC("?fexit/vfio_mig_get_next_state")
int next_state_exit(__u64 *ctx)
{
	__u64 a[5] = { ctx[0], ctx[1], ctx[2] };

	if (!fexit_is_due(WIRE_HOOK_next_state))
		return 0;
	bpf_get_func_arg(ctx, 3, &a[3]);
	bpf_get_func_ret(ctx, &a[4]);
	next_state_on_exit(a, ctx);
	return 0;
}

static __always_inline void open_close_enter(__u32 kind, struct vfio_device *vdev)
{
	__u32 device = device_id(vdev);

	if (kind == WIRE_DEVICE_CLOSE)
		holder_closes();
	if (device)
		call_begin(kind, 0, device, 0, 0);
}

static __always_inline void open_close_exit(__u32 kind, struct vfio_device *vdev, __s64 ret)
{
	__u32 device = device_id(vdev);
	struct wire_call *call = call_get();
	bool begun = call && call->kind == kind && call_concerns(call, device);
	__u64 end_ns = 0;

	if (begun)
		end_ns = why_end(call->start_ns, kind, 0, device, 0);
	if (device)
		record_plain(kind, begun ? call->start_ns : 0, end_ns, ret, device, 0);
	if (call)
		call_end();
	if (!device)
		return;
	if (kind == WIRE_DEVICE_CLOSE) {
		device_used_by(vdev, 0);
		why_stands(device, false);
	} else if (!ret) {
		device_used_by(vdev, bpf_get_current_pid_tgid() >> 32);
	}
}

/* int vfio_df_open(struct vfio_device_file *), void vfio_df_close(the same): since 6.6 */
static __always_inline struct vfio_device *df_vdev(const __u64 *a)
{
	struct vfio_device_file *df = (struct vfio_device_file *)a[0];

	/* An older kernel loads these programs, too, and attaches them to nothing. */
	if (!bpf_core_type_exists(struct vfio_device_file))
		return NULL;
	return BPF_CORE_READ(df, device);
}

static __always_inline bool device_open_wants(const __u64 *a)
{
	return task_wanted();
}

static __always_inline void device_open_on_enter(const __u64 *a)
{
	struct vfio_device *vdev = df_vdev(a);

	device_prove(vdev);
	open_close_enter(WIRE_DEVICE_OPEN, vdev);
}

static __always_inline void device_open_on_exit(const __u64 *a, void *ctx)
{
	open_close_exit(WIRE_DEVICE_OPEN, df_vdev(a), (int)a[1]);
}

HOOK(device_open, 1)

static __always_inline bool device_close_wants(const __u64 *a)
{
	return task_wanted();
}

static __always_inline void device_close_on_enter(const __u64 *a)
{
	open_close_enter(WIRE_DEVICE_CLOSE, df_vdev(a));
}

static __always_inline void device_close_on_exit(const __u64 *a, void *ctx)
{
	open_close_exit(WIRE_DEVICE_CLOSE, df_vdev(a), 0);
}

HOOK(device_close, 1)

/*
 * long vfio_group_fops_unl_ioctl(struct file *, unsigned int cmd, unsigned long arg)
 *
 * Before 6.6 (6.1 is what Debian 12 has) the device is opened in functions that
 * are inlined into this one, so an open is known by the FD that it gives: one that
 * fails is not seen.
 */
static __always_inline bool group_ioctl_wants(const __u64 *a)
{
	return (__u32)a[1] == VFIO_IOCTL_GROUP_GET_DEVICE_FD && task_wanted();
}

static __always_inline void group_ioctl_on_enter(const __u64 *a)
{
	call_begin(WIRE_DEVICE_OPEN, a[1], 0, 0, 0);
}

static __always_inline void group_ioctl_on_exit(const __u64 *a, void *ctx)
{
	struct file *file = NULL;

	if ((__s64)a[3] >= 0)
		file = task_file((struct task_struct *)bpf_get_current_task(), a[3]);
	if (file)
		device_prove(file_vdev(file));
	open_close_exit(WIRE_DEVICE_OPEN, file ? file_vdev(file) : NULL, 0);
}

HOOK(group_ioctl, 3)

/* int vfio_device_fops_release(struct inode *, struct file *): what vfio_df_close() is since 6.6 */
static __always_inline bool device_release_wants(const __u64 *a)
{
	return task_wanted();
}

static __always_inline void device_release_on_enter(const __u64 *a)
{
	open_close_enter(WIRE_DEVICE_CLOSE, file_vdev((struct file *)a[1]));
}

static __always_inline void device_release_on_exit(const __u64 *a, void *ctx)
{
	open_close_exit(WIRE_DEVICE_CLOSE, file_vdev((struct file *)a[1]), 0);
}

HOOK(device_release, 2)

/*
 * void vfio_unregister_group_dev(struct vfio_device *)
 *
 * It waits for those who have the device open, and they go on calling it: at
 * its exit, and not before, nobody does any more.
 */
static __always_inline bool device_gone_wants(const __u64 *a)
{
	return true;
}

static __always_inline void device_gone_on_enter(const __u64 *a)
{
}

static __always_inline void device_gone_on_exit(const __u64 *a, void *ctx)
{
	device_forget((struct vfio_device *)a[0]);
}

HOOK(device_gone, 1)

/* struct file *(struct vfio_device *, enum vfio_device_mig_state) */
static __always_inline bool set_state_wants(const __u64 *a)
{
	return task_wanted();
}

static __always_inline void set_state_on_enter(const __u64 *a)
{
	struct vfio_device *vdev = (struct vfio_device *)a[0];
	const __u32 cmd = VFIO_IOCTL_DEVICE_FEATURE;
	struct wire_call *call = call_on(vdev);
	__u32 device;

	/* The ioctl's entry was skipped: without a call its steps would be lost. */
	if (!call || call->cmd != cmd || call->has_target) {
		device = device_id(vdev);
		if (!device)
			return;
		call_begin(WIRE_FEATURE, cmd, device, 0, 0);
		call = call_get();
		if (!call)
			return;
	}
	call->target = a[1];
	call->has_target = 1;
	why_is_set_state();
}

static __always_inline void set_state_on_exit(const __u64 *a, void *ctx)
{
	struct wire_call *call = call_on((struct vfio_device *)a[0]);
	__u64 ret = a[2];
	__s64 err = 0;
	__u32 device, stream;

	/* As IS_ERR() */
	if (ret >= (__u64)-MAX_ERRNO)
		err = ret;
	if (call)
		arc_finish(call, err);
	if (!ret || err)
		return;
	device = device_id((struct vfio_device *)a[0]);
	if (!device) {
		stream_unwanted((struct file *)ret);
		return;
	}
	stream = stream_register((struct file *)ret, device, NULL);
	if (call)
		call->stream = stream;
}

HOOK(set_state, 2)

/*
 * int __pci_reset_function_locked(struct pci_dev *)
 *
 * When a reset of one function begins, whatever its cause; one of a whole bus
 * does not come here.  All PCI devices do, so it is gone after one load while
 * none is traced.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, __u64);
} resets SEC(".maps");

static __always_inline bool pci_reset_wants(const __u64 *a)
{
	return last_device;
}

static __always_inline void pci_reset_on_enter(const __u64 *a)
{
	__u64 pdev = a[0], now = bpf_ktime_get_ns();

	bpf_map_update_elem(&resets, &pdev, &now, BPF_ANY);
}

HOOK_ENTER_ONLY(pci_reset)

/*
 * void (struct pci_dev *): a driver has several such functions (remove,
 * reset_prepare, ...); only its err_handler->reset_done says that the device
 * was reset, whatever the cause.
 */
static __always_inline bool pci_void_wants(const __u64 *a)
{
	return true;
}

static __always_inline void pci_void_on_enter(const __u64 *a)
{
}

static __always_inline void pci_void_on_exit(const __u64 *a, void *ctx)
{
	struct pci_dev *pdev = (struct pci_dev *)a[0];
	void *reset_done = BPF_CORE_READ(pdev, driver, err_handler, reset_done);
	struct wire_device_reset *rec;
	__u64 key = (__u64)pdev, *began;
	struct wire_call *call;
	__u32 device;

	if ((__u64)reset_done != bpf_get_func_ip(ctx))
		return;
	/*
	 * vfio_pci_core_register_device() refuses driver data that are not its
	 * struct vfio_pci_core_device, whose first member is the vfio_device.
	 */
	device = device_id(BPF_CORE_READ(pdev, dev.driver_data));
	if (!device)
		return;
	rec = record_reserve(WIRE_DEVICE_RESET, sizeof(*rec));
	if (!rec)
		return;
	rec->head.device = device;
	began = bpf_map_lookup_elem(&resets, &key);
	if (began) {
		rec->head.start_ns = *began;
		bpf_map_delete_elem(&resets, &key);
	}
	/* In none: a guest's FLR, the bus, sysfs. */
	call = call_get();
	rec->by = call && call_concerns(call, device) ? call->kind : WIRE_NONE;
	rec->pad = 0;
	record_submit(rec, true);
}

HOOK(pci_void, 1)
