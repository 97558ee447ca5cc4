// SPDX-License-Identifier: GPL-2.0-only
/*
 * join.bpf.c - adopting what was open before the capture began
 *
 * An iterator over the open files of all tasks, run twice: first it takes the
 * device FDs, which are those of the vfio module itself; then the data FDs, the
 * anonymous files of a module that has a migration driver in it.
 */
#include "bpf/who.bpf.h"

#define PRIVATE_WORDS 64

/* WIRE_MODULE_*: which files this run takes. */
extern __u32 join_what;

/*
 * The device of a data FD.  Its private data is the driver's own, of a type
 * that nobody outside knows.  But vfio_alloc_device() puts the struct
 * vfio_device first into the driver's own device, and a stream keeps a pointer
 * to that; so a word among the first of the private data that equals the
 * address of an open device names it.
 */
static __always_inline __u32 private_device(struct file *file, bool *unwanted)
{
	void *priv = BPF_CORE_READ(file, private_data);
	struct device_val *known;
	__u64 word;
	int i;

	for (i = 0; i < PRIVATE_WORDS; i++) {
		if (bpf_probe_read_kernel(&word, sizeof(word), priv + i * 8))
			break;
		if (!word)
			continue;
		known = bpf_map_lookup_elem(&devices, &word);
		if (known) {
			*unwanted = !known->id;
			return known->id;
		}
	}
	return 0;
}

static __always_inline bool starts_with(const char *s, const char *prefix)
{
	int i;

	for (i = 0; i < WIRE_NAME_LEN && prefix[i]; i++)
		if (s[i] != prefix[i])
			return false;
	return true;
}

/* Vfio's module has files of groups and containers, too; built in, drivers' are of the same. */
static __always_inline bool is_device_fd(struct file *file)
{
	char symbol[WIRE_NAME_LEN];

	symbol_name(symbol, BPF_CORE_READ(file, f_op, unlocked_ioctl));
	return starts_with(symbol, "vfio_device_fops_unl_ioctl");
}

SEC("iter/task_file")
int join_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct device_val *known;
	struct vfio_device *vdev;
	struct wire_stream *st;
	bool unwanted = false;
	__u32 device;
	__u64 key;

	if (!task || !file)
		return 0;
	if (filter_pid && filter_pid != BPF_CORE_READ(task, tgid))
		return 0;
	if (!(file_module(file) & join_what))
		return 0;

	if (join_what == WIRE_MODULE_VFIO) {
		if (!is_device_fd(file))
			return 0;
		vdev = file_vdev(file);
		if (!device_id_of(vdev, task))
			return 0;
		key = (__u64)vdev;
		known = bpf_map_lookup_elem(&devices, &key);
		/* Of several that have it the first, whose children the others may be. */
		if (known && !known->user)
			device_used_by(vdev, BPF_CORE_READ(task, tgid));
		return 0;
	}

	if (!is_anonymous(file) || is_device_fd(file))
		return 0;
	st = stream_of(file);
	if (st) {
		/* It has a number still, and the hook that sees that closed is there. */
		if (!closes_rest)
			st->unseen_ns = 0;
		return 0;
	}
	device = private_device(file, &unwanted);
	/* Of what is built in nothing else tells a driver's files from others. */
	if (!device && (!BPF_CORE_READ(file, f_op, owner) || devices_filtered()))
		unwanted = true;
	if (unwanted)
		stream_unwanted(file);
	else
		stream_register(file, device, task);
	return 0;
}
