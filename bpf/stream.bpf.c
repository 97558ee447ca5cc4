// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.bpf.c - the operations of a migration data FD
 *
 * Templates, one pair per prototype of struct file_operations; see
 * device.bpf.c for how they are loaded.  A file that is no migration data FD
 * costs one map lookup.
 */
#include "bpf/common.bpf.h"
#include <bpf/bpf_tracing.h>

static __always_inline struct wire_stream *stream_get(struct file *file)
{
	__u64 key = (__u64)file;
	__u32 *slot;

	if (!streams_alive)
		return NULL;
	slot = bpf_map_lookup_elem(&stream_slots, &key);
	if (!slot)
		return NULL;
	return bpf_map_lookup_elem(&streams, slot);
}

static __always_inline void io_begin(struct file *file, __u32 kind)
{
	struct wire_stream *st = stream_get(file);
	struct io_key key;
	struct io_val val;
	struct wire_counters *c;
	__u64 tid, owner, now;
	__u64 *cell;
	bool done = false;
	int i;

	if (!st || !task_wanted())
		return;
	tid = (__u32)bpf_get_current_pid_tgid();
	owner = tid << 8 | kind;
	now = bpf_ktime_get_ns();

	/* An unfinished entry of this task: its exit was never seen. */
#pragma unroll
	for (i = 0; i < WIRE_CELLS; i++) {
		if (st->cell[i].owner >> 8 == tid) {
			record_lost_exit(st->cell[i].owner & 0xff, st->cell[i].start_ns,
					 st->device, st->id);
			st->cell[i].start_ns = now;
			st->cell[i].owner = owner;
			return;
		}
	}
#pragma unroll
	for (i = 0; i < WIRE_CELLS; i++) {
		if (done)
			continue;
		cell = &st->cell[i].owner;
		if (!*cell && !__sync_val_compare_and_swap(cell, 0, owner)) {
			st->cell[i].start_ns = now;
			done = true;
		}
	}
	if (done)
		return;
	key.tid = tid;
	key.stream = st->id;
	val.start_ns = now;
	val.kind = kind;
	if (bpf_map_update_elem(&io_overflow, &key, &val, BPF_ANY)) {
		c = counters_get();
		if (c)
			__sync_fetch_and_add(&c->table_full, 1);
	}
}

/* When the call of this task began; 0 when its entry was not seen. */
static __always_inline __u64 io_end(struct wire_stream *st, __u32 kind)
{
	__u64 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 owner = tid << 8 | kind;
	struct io_key key;
	struct io_val *val;
	__u64 start = 0;
	int i;

#pragma unroll
	for (i = 0; i < WIRE_CELLS; i++) {
		if (st->cell[i].owner == owner) {
			start = st->cell[i].start_ns;
			st->cell[i].owner = 0;
			return start;
		}
	}
	key.tid = tid;
	key.stream = st->id;
	val = bpf_map_lookup_elem(&io_overflow, &key);
	if (val) {
		start = val->start_ns;
		bpf_map_delete_elem(&io_overflow, &key);
	}
	return start;
}

static __always_inline void io_exit(struct file *file, __u32 kind, __u64 size, __s64 ret)
{
	struct wire_stream *st = stream_get(file);
	struct wire_io *rec;
	__u64 start;

	if (!st || !task_wanted())
		return;
	start = io_end(st, kind);
	rec = record_reserve(kind, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start;
	rec->head.ret = ret;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	rec->size = size;
	/* An error or an end of the stream is what a live view waits for. */
	record_submit(rec, ret < 0 && ret != -42 /* ENOMSG */);
}

/* ssize_t (struct file *, char *, size_t, loff_t *) */
SEC("kprobe")
int read_enter(__u64 *ctx)
{
	io_begin((struct file *)ctx[0], WIRE_READ);
	return 0;
}

SEC("kprobe")
int read_exit(__u64 *ctx)
{
	io_exit((struct file *)ctx[0], WIRE_READ, ctx[2], ctx[4]);
	return 0;
}

/* ssize_t (struct file *, const char *, size_t, loff_t *) */
SEC("kprobe")
int write_enter(__u64 *ctx)
{
	io_begin((struct file *)ctx[0], WIRE_WRITE);
	return 0;
}

SEC("kprobe")
int write_exit(__u64 *ctx)
{
	io_exit((struct file *)ctx[0], WIRE_WRITE, ctx[2], ctx[4]);
	return 0;
}

/* __poll_t (struct file *, struct poll_table_struct *) */
SEC("kprobe")
int poll_enter(__u64 *ctx)
{
	io_begin((struct file *)ctx[0], WIRE_POLL);
	return 0;
}

SEC("kprobe")
int poll_exit(__u64 *ctx)
{
	struct wire_stream *st = stream_get((struct file *)ctx[0]);
	struct poll_table_struct *pt = (struct poll_table_struct *)ctx[1];
	struct wire_poll *rec;
	__u64 start;

	if (!st || !task_wanted())
		return 0;
	start = io_end(st, WIRE_POLL);
	rec = record_reserve(WIRE_POLL, sizeof(*rec));
	if (!rec)
		return 0;
	rec->head.start_ns = start;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	rec->mask = (__u32)ctx[2];
	/* poll_wait() registers the caller only when there is a callback. */
	rec->waits = BPF_CORE_READ(pt, _qproc) != NULL;
	record_submit(rec, false);
	return 0;
}

/* long (struct file *, unsigned int, unsigned long) */
SEC("kprobe")
int ioctl_enter(__u64 *ctx)
{
	if ((__u32)ctx[1] == VFIO_IOCTL_MIG_GET_PRECOPY_INFO)
		io_begin((struct file *)ctx[0], WIRE_INFO);
	return 0;
}

struct precopy_info {
	__u32 argsz;
	__u32 flags;
	__u64 initial_bytes;
	__u64 dirty_bytes;
};

SEC("kprobe")
int ioctl_exit(__u64 *ctx)
{
	struct precopy_info info = {};
	struct wire_stream *st;
	struct wire_info *rec;
	__s64 ret = ctx[3];
	__u64 start;

	if ((__u32)ctx[1] != VFIO_IOCTL_MIG_GET_PRECOPY_INFO)
		return 0;
	st = stream_get((struct file *)ctx[0]);
	if (!st || !task_wanted())
		return 0;
	start = io_end(st, WIRE_INFO);
	rec = record_reserve(WIRE_INFO, sizeof(*rec));
	if (!rec)
		return 0;
	rec->head.start_ns = start;
	rec->head.ret = ret;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	/* At the exit: copy_to_user() has just made the page resident. */
	rec->valid = ret == 0 && !bpf_probe_read_user(&info, sizeof(info), (void *)ctx[2]);
	rec->flags = info.flags;
	rec->initial_bytes = info.initial_bytes;
	rec->dirty_bytes = info.dirty_bytes;
	record_submit(rec, false);
	return 0;
}

/* int (struct inode *, struct file *): the kernel's last reference is gone */
SEC("kprobe")
int release_enter(__u64 *ctx)
{
	io_begin((struct file *)ctx[1], WIRE_STREAM_RELEASE);
	return 0;
}

SEC("kprobe")
int release_exit(__u64 *ctx)
{
	__u64 key = ctx[1];
	struct wire_stream *st = stream_get((struct file *)key);
	__u32 device, id;
	__u64 start;

	/* Whoever closes it: the stream is over, so no filter by task here. */
	if (!st)
		return 0;
	device = st->device;
	id = st->id;
	start = io_end(st, WIRE_STREAM_RELEASE);
	record_plain(WIRE_STREAM_RELEASE, start, (int)ctx[2], device, id);
	bpf_map_delete_elem(&stream_slots, &key);
	st->id = 0;
	__sync_fetch_and_add(&streams_alive, -1);
	return 0;
}

/*
 * The user's close().  This runs at every close() of the host, so it is gone
 * after one load while no data FD is alive.
 */
SEC("fexit/filp_flush")
int BPF_PROG(file_closed, struct file *file)
{
	struct wire_stream *st;

	if (!streams_alive)
		return 0;
	st = stream_get(file);
	if (st)
		record_plain(WIRE_STREAM_CLOSE, 0, 0, st->device, st->id);
	return 0;
}
