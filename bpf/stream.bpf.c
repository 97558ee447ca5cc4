// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.bpf.c - the operations of a migration data FD
 *
 * A hook per prototype of struct file_operations.  A file that is no migration
 * data FD costs one map lookup.
 */
#include "bpf/hook.bpf.h"
#include "bpf/who.bpf.h"

static __always_inline struct wire_stream *stream_get(struct file *file)
{
	return streams_alive ? stream_of(file) : NULL;
}

/* The same when a call returns, which is lost when the data FD is not known. */
static __always_inline struct wire_stream *stream_met(struct file *file)
{
	struct wire_stream *st = stream_get(file);

	if (!st)
		stream_unmet(file);
	return st;
}

static __always_inline void io_begin(struct file *file, __u32 kind)
{
	struct wire_stream *st = stream_get(file);
	struct wire_overflow_key key;
	struct wire_overflow val;
	struct inside_call call = { .kind = kind };
	__u64 tid, owner, now;
	__u64 *cell;
	bool done = false;
	int i;

	if (!st || !task_wanted())
		return;
	now = bpf_ktime_get_ns();
	call.device = st->device;
	call.stream = st->id;
	/* A poll() operation asks and never waits. */
	if (kind != WIRE_POLL)
		now = why_begin(now, false, &call);
	tid = (__u32)bpf_get_current_pid_tgid();
	owner = tid << 8 | kind;

	/* An unfinished entry of this task: its exit was never seen. */
#pragma unroll
	for (i = 0; i < WIRE_CELLS; i++) {
		if (st->cell[i].owner >> 8 == tid) {
			record_lost_exit(st->cell[i].owner & 0xff, st->cell[i].start_ns, st->device,
					 st->id);
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
	val.device = st->device;
	if (bpf_map_update_elem(&io_overflow, &key, &val, BPF_ANY))
		table_full();
}

/* When the call of this task began; 0 when its entry was not seen. */
static __always_inline __u64 io_end(struct wire_stream *st, __u32 kind)
{
	__u64 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 owner = tid << 8 | kind;
	struct wire_overflow_key key;
	struct wire_overflow *val;
	__u64 start = 0;
	int i;

#pragma unroll
	for (i = 0; i < WIRE_CELLS; i++) {
		if (st->cell[i].owner == owner) {
			start = st->cell[i].start_ns;
			/* Whoever takes the cell is never seen with this start. */
			st->cell[i].start_ns = 0;
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
	struct wire_stream *st = stream_met(file);
	struct wire_io *rec;
	__u64 start, end;

	if (!st || !task_wanted())
		return;
	start = io_end(st, kind);
	end = why_end(start, kind, 0, st->device, st->id);
	rec = record_reserve(kind, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start;
	record_end(&rec->head, end);
	rec->head.ret = ret;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	rec->size = size;
	/* An error or an end of the stream is what a live view waits for. */
	record_submit(rec, ret < 0 && ret != -ENOMSG);
}

/* ssize_t (struct file *, char *, size_t, loff_t *) */
static __always_inline bool read_wants(const __u64 *a)
{
	return true;
}

static __always_inline void read_on_enter(const __u64 *a)
{
	io_begin((struct file *)a[0], WIRE_READ);
}

static __always_inline void read_on_exit(const __u64 *a, void *ctx)
{
	io_exit((struct file *)a[0], WIRE_READ, a[2], a[4]);
}

HOOK(read, 4)

/* ssize_t (struct file *, const char *, size_t, loff_t *) */
static __always_inline bool write_wants(const __u64 *a)
{
	return true;
}

static __always_inline void write_on_enter(const __u64 *a)
{
	io_begin((struct file *)a[0], WIRE_WRITE);
}

static __always_inline void write_on_exit(const __u64 *a, void *ctx)
{
	io_exit((struct file *)a[0], WIRE_WRITE, a[2], a[4]);
}

HOOK(write, 4)

/* __poll_t (struct file *, struct poll_table_struct *) */
static __always_inline bool poll_wants(const __u64 *a)
{
	return true;
}

static __always_inline void poll_on_enter(const __u64 *a)
{
	io_begin((struct file *)a[0], WIRE_POLL);
}

static __always_inline void poll_on_exit(const __u64 *a, void *ctx)
{
	struct wire_stream *st = stream_met((struct file *)a[0]);
	struct poll_table_struct *pt = (struct poll_table_struct *)a[1];
	struct wire_poll *rec;
	__u64 start;

	if (!st || !task_wanted())
		return;
	start = io_end(st, WIRE_POLL);
	rec = record_reserve(WIRE_POLL, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	rec->mask = a[2];
	/* poll_wait() registers the caller only when there is a callback. */
	rec->waits = BPF_CORE_READ(pt, _qproc) != NULL;
	record_submit(rec, false);
}

HOOK(poll, 2)

/* long (struct file *, unsigned int, unsigned long) */
static __always_inline bool ioctl_wants(const __u64 *a)
{
	return (__u32)a[1] == VFIO_IOCTL_MIG_GET_PRECOPY_INFO;
}

static __always_inline void ioctl_on_enter(const __u64 *a)
{
	io_begin((struct file *)a[0], WIRE_INFO);
}

struct precopy_info {
	__u32 argsz;
	__u32 flags;
	__u64 initial_bytes;
	__u64 dirty_bytes;
};

static __always_inline void ioctl_on_exit(const __u64 *a, void *ctx)
{
	struct wire_stream *st = stream_met((struct file *)a[0]);
	struct precopy_info info = {};
	struct wire_info *rec;
	__s64 ret = a[3];
	__u64 start, end;

	if (!st || !task_wanted())
		return;
	start = io_end(st, WIRE_INFO);
	end = why_end(start, WIRE_INFO, 0, st->device, st->id);
	rec = record_reserve(WIRE_INFO, sizeof(*rec));
	if (!rec)
		return;
	rec->head.start_ns = start;
	record_end(&rec->head, end);
	rec->head.ret = ret;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	/* At the exit: copy_to_user() has just made the page resident. */
	rec->valid = ret == 0 && !bpf_probe_read_user(&info, sizeof(info), (void *)a[2]);
	rec->flags = info.flags;
	rec->initial_bytes = info.initial_bytes;
	rec->dirty_bytes = info.dirty_bytes;
	record_submit(rec, false);
}

HOOK(ioctl, 3)

/* int (struct inode *, struct file *): the kernel's last reference is gone */
static __always_inline bool release_wants(const __u64 *a)
{
	return true;
}

/* Nobody has seen who closed it, and when: told before it is released. */
static __always_inline void close_unseen(struct wire_stream *st)
{
	__u64 since_ns = st->unseen_ns;

	if (!since_ns)
		return;
	st->unseen_ns = 0;
	if (st->id > closes_told)
		record_plain(WIRE_CLOSE_UNSEEN, since_ns, 0, 0, st->device, st->id);
}

static __always_inline void release_on_enter(const __u64 *a)
{
	struct wire_stream *st = stream_get((struct file *)a[1]);

	if (st) {
		holder_closes();
		close_unseen(st);
	}
	io_begin((struct file *)a[1], WIRE_STREAM_RELEASE);
}

static __always_inline void release_on_exit(const __u64 *a, void *ctx)
{
	struct file *file = (struct file *)a[1];
	struct wire_stream *st = stream_get(file);
	__u32 device, id;
	__u64 start, end;

	/* Whoever closes it: the stream is over, so no filter by task here. */
	if (!st) {
		stream_gone(file);
		return;
	}
	close_unseen(st);
	device = st->device;
	id = st->id;
	start = io_end(st, WIRE_STREAM_RELEASE);
	end = why_end(start, WIRE_STREAM_RELEASE, 0, device, id);
	record_plain(WIRE_STREAM_RELEASE, start, end, (int)a[2], device, id);
	stream_forget(file, st);
}

HOOK(release, 2)

/*
 * int filp_flush(struct file *, fl_owner_t): the user's close().  This runs at
 * every close() of the host, so it is gone after one load while no data FD is
 * alive, and attached only around migrations where a capture waits for them.
 * The reference that is closed is counted still.
 */
static __always_inline bool file_closed_wants(const __u64 *a)
{
	return streams_alive;
}

static __always_inline void file_closed_on_enter(const __u64 *a)
{
	struct file *file = (struct file *)a[0];
	struct wire_stream *st = stream_get(file);
	struct wire_close *rec;

	if (!st)
		return;
	/* The hook is there, and whoever closes it last will be seen. */
	st->unseen_ns = 0;
	rec = record_reserve(WIRE_STREAM_CLOSE, sizeof(*rec));
	if (!rec)
		return;
	rec->head.device = st->device;
	rec->head.stream = st->id;
	rec->refs = refs_besides(file);
	rec->driver_refs = st->driver_refs;
	record_submit(rec, true);
}

HOOK_ENTER_ONLY(file_closed)
