// SPDX-License-Identifier: GPL-2.0-only
/*
 * earlier.bpf.c - calls that were under way before the capture began
 *
 * No hook saw their entry, but where a task is in a system call, the registers
 * with which it came are at the top of its kernel stack: the call's number, its
 * file and its command.  An iterator over all tasks notes those in a call on a
 * VFIO device or a data FD that no hook knows of.
 *
 * A task that is on a cpu may have left the call: its registers stay where they
 * are until it enters the kernel again.  So this is a hint, and who reads it
 * looks more than once; see capture/earlier.h.
 */
#include "bpf/syscall.bpf.h"
#include "bpf/who.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_EARLIER);
	__type(key, __u64);
	__type(value, struct wire_earlier);
} earlier SEC(".maps");

#ifdef SYS_READ
/* On a device FD: true, with the device, when it is a wanted one's. */
static __always_inline bool device_call(struct file *file, struct wire_earlier *val)
{
	struct device_val *known;
	__u64 key;

	if (!(file_module(file) & WIRE_MODULE_VFIO))
		return false;
	key = (__u64)file_vdev(file);
	known = bpf_map_lookup_elem(&devices, &key);
	if (!known || !known->id)
		return false;
	val->device = known->id;
	return true;
}

/* On a data FD: true, with the stream, when no hook saw its entry. */
static __always_inline bool stream_call(struct file *file, __u32 tid, struct wire_earlier *val)
{
	struct wire_overflow_key over = { .tid = tid };
	struct wire_stream *st = stream_of(file);
	int i;

	if (!st)
		return false;
	for (i = 0; i < WIRE_CELLS; i++)
		if (st->cell[i].owner >> 8 == tid)
			return false;
	over.stream = st->id;
	if (bpf_map_lookup_elem(&io_overflow, &over))
		return false;
	val->device = st->device;
	val->stream = st->id;
	return true;
}

SEC("iter/task")
int earlier_calls(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct wire_earlier val = {};
	user_regs regs;
	struct file *file;
	__u32 pid, tid;
	__u64 id;

	if (!task)
		return 0;
	pid = BPF_CORE_READ(task, tgid);
	tid = BPF_CORE_READ(task, pid);
	if (filter_pid && filter_pid != pid)
		return 0;
	if (bpf_probe_read_kernel(&regs, sizeof(regs), (void *)bpf_task_pt_regs(task)))
		return 0;
	switch (USER_SYSCALL(&regs)) {
	case SYS_READ:
		val.kind = WIRE_READ;
		break;
	case SYS_WRITE:
		val.kind = WIRE_WRITE;
		break;
	case SYS_IOCTL:
		val.cmd = USER_ARG2(&regs);
		if (val.cmd == VFIO_IOCTL_DEVICE_FEATURE)
			val.kind = WIRE_FEATURE;
		else if (val.cmd == VFIO_IOCTL_DEVICE_RESET ||
			 val.cmd == VFIO_IOCTL_DEVICE_PCI_HOT_RESET)
			val.kind = WIRE_RESET;
		else
			return 0;
		break;
	default:
		return 0;
	}
	file = task_file(task, USER_ARG1(&regs));
	if (!file)
		return 0;
	id = (__u64)pid << 32 | tid;
	if (filter_tasks && bpf_map_lookup_elem(&ignored_tasks, &pid))
		return 0;
	if (USER_SYSCALL(&regs) == SYS_IOCTL) {
		if (bpf_map_lookup_elem(&calls, &id) || !device_call(file, &val))
			return 0;
	} else if (!stream_call(file, tid, &val)) {
		return 0;
	}
	val.user_arg = USER_ARG3(&regs);
	val.sp = USER_SP(&regs);
	val.ip = USER_IP(&regs);
	bpf_map_update_elem(&earlier, &id, &val, BPF_ANY);
	return 0;
}
#else
/* Elsewhere the registers lie otherwise: nothing is found. */
SEC("iter/task")
int earlier_calls(struct bpf_iter__task *ctx)
{
	return 0;
}
#endif
