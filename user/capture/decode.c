// SPDX-License-Identifier: GPL-2.0-only
#include "capture/decode.h"

#include <errno.h>
#include <string.h>

uint32_t decode_kind(uint32_t wire_kind)
{
	switch (wire_kind) {
	case WIRE_DEVICE:
		return EV_DEVICE;
	case WIRE_DEVICE_OPEN:
		return EV_DEVICE_OPEN;
	case WIRE_DEVICE_CLOSE:
		return EV_DEVICE_CLOSE;
	case WIRE_DEVICE_RESET:
		return EV_DEVICE_RESET;
	case WIRE_RESET:
		return EV_RESET;
	case WIRE_FEATURE:
		return EV_FEATURE;
	case WIRE_ARC:
		return EV_ARC;
	case WIRE_STREAM_OPEN:
		return EV_STREAM_OPEN;
	case WIRE_READ:
		return EV_READ;
	case WIRE_WRITE:
		return EV_WRITE;
	case WIRE_POLL:
		return EV_POLL;
	case WIRE_INFO:
		return EV_PRECOPY_INFO;
	case WIRE_STREAM_CLOSE:
		return EV_STREAM_CLOSE;
	case WIRE_STREAM_RELEASE:
		return EV_STREAM_RELEASE;
	case WIRE_CLOSE_UNSEEN:
	case WIRE_LOST_EXIT:
		return EV_LOSS;
	case WIRE_DIRTY_PAGES:
		return EV_DMA_LOG_REPORT;
	case WIRE_PROCESS_EXIT:
		return EV_PROCESS_EXIT;
	case WIRE_WHY:
		return EV_WHY;
	case WIRE_INSIDE:
		return EV_INSIDE;
	}
	return EV_NONE;
}

static void copy_name(char *to, size_t to_size, const char *from, size_t from_size)
{
	size_t n = from_size < to_size ? from_size : to_size - 1;

	memcpy(to, from, n);
	to[to_size - 1] = '\0';
	if (n < to_size)
		to[n] = '\0';
}

/* One call, from its begin to @end_ns. */
static void lost(struct event *ev, uint32_t kind, uint32_t cause, uint64_t end_ns)
{
	ev->kind = EV_LOSS;
	ev->loss.count = 1;
	ev->loss.t_from_ns = ev->t_ns;
	ev->loss.t_to_ns = end_ns;
	ev->loss.cause = cause;
	ev->loss.what = kind;
}

/*
 * A call that succeeded, but what it gave could not be read (its page was gone
 * by then): as good as lost, since its fields would be made up.
 */
static void unread(struct event *ev, uint32_t kind, uint64_t end_ns)
{
	lost(ev, kind, LOSS_UNREAD, end_ns);
}

/* A feature call with neither a kind of its own nor a readable header. */
#define FEATURE_INDEX_UNKNOWN 0xffff

/* Its fields are what the caller's structure held. */
static bool needs_payload(uint32_t kind)
{
	return kind == EV_MIGRATION_FLAGS || kind == EV_DMA_LOG_START ||
	       kind == EV_DMA_LOG_REPORT || kind == EV_DATA_SIZE;
}

/* By the head of its argument alone; EV_FEATURE: it has no kind of its own. */
static uint32_t feature_kind(uint32_t flags)
{
	uint32_t index = flags & VFIO_FEATURE_MASK;
	bool get = flags & VFIO_FEATURE_GET, set = flags & VFIO_FEATURE_SET;

	if (flags & VFIO_FEATURE_PROBE || get == set)
		return EV_FEATURE;
	if (index == VFIO_FEATURE_MIG_DEVICE_STATE)
		return set ? EV_SET_STATE : EV_GET_STATE;
	if (get && index == VFIO_FEATURE_MIGRATION)
		return EV_MIGRATION_FLAGS;
	if (set && index == VFIO_FEATURE_DMA_LOGGING_START)
		return EV_DMA_LOG_START;
	if (set && index == VFIO_FEATURE_DMA_LOGGING_STOP)
		return EV_DMA_LOG_STOP;
	if (get && index == VFIO_FEATURE_DMA_LOGGING_REPORT)
		return EV_DMA_LOG_REPORT;
	if (get && index == VFIO_FEATURE_MIG_DATA_SIZE)
		return EV_DATA_SIZE;
	if (set && index == VFIO_FEATURE_MIG_PRECOPY_INFO_V2)
		return EV_PRECOPY_INFO_V2;
	return EV_FEATURE;
}

/* Of a container's or an IOMMUFD's dirty log. */
static uint32_t dirty_kind(uint32_t flags)
{
	return flags & VFIO_DIRTY_PAGES_START ? EV_DMA_LOG_START :
	       flags & VFIO_DIRTY_PAGES_STOP  ? EV_DMA_LOG_STOP :
						EV_DMA_LOG_REPORT;
}

/* Of a record that tells of a call: struct wire_why, struct wire_inside. */
static uint32_t call_kind(uint32_t call, uint32_t feature)
{
	return call == WIRE_FEATURE	? feature_kind(feature) :
	       call == WIRE_DIRTY_PAGES ? dirty_kind(feature) :
					  decode_kind(call);
}

static void decode_feature(const struct wire_feature *rec, struct event *ev)
{
	uint32_t index = rec->flags & VFIO_FEATURE_MASK;
	bool get = rec->flags & VFIO_FEATURE_GET;
	bool set = rec->flags & VFIO_FEATURE_SET;
	bool payload = rec->valid & WIRE_FEATURE_PAYLOAD;

	/* The driver was asked for a state, so that is what the call was. */
	if (rec->valid & WIRE_FEATURE_TARGET) {
		ev->kind = EV_SET_STATE;
		ev->set_state.target = rec->target;
		return;
	}
	ev->kind = EV_FEATURE;
	if (!(rec->valid & WIRE_FEATURE_HEADER)) {
		ev->feature.index = FEATURE_INDEX_UNKNOWN;
		ev->feature.op = FEATURE_OP_NONE;
		return;
	}
	if (rec->flags & VFIO_FEATURE_PROBE || get == set) {
		ev->feature.index = index;
		ev->feature.op = rec->flags & VFIO_FEATURE_PROBE ? FEATURE_OP_PROBE :
				 get				 ? FEATURE_OP_GET :
								   FEATURE_OP_NONE;
		return;
	}
	ev->kind = feature_kind(rec->flags);
	switch (ev->kind) {
	case EV_MIGRATION_FLAGS:
		ev->migration_flags.flags = rec->payload[0];
		break;
	case EV_SET_STATE:
		ev->set_state.target = payload ? (uint32_t)rec->payload[0] : EVENT_TARGET_NONE;
		break;
	case EV_GET_STATE:
		ev->get_state.reported = payload ? (uint32_t)rec->payload[0] : MIG_UNKNOWN;
		break;
	case EV_DMA_LOG_START:
		ev->dma_log.page_size = rec->payload[0];
		ev->dma_log.ranges = rec->payload[1];
		break;
	case EV_DMA_LOG_REPORT:
		ev->dma_log.iova = rec->payload[0];
		ev->dma_log.length = rec->payload[1];
		ev->dma_log.page_size = rec->payload[2];
		break;
	case EV_DATA_SIZE:
		ev->data_size.stop_copy_length = rec->payload[0];
		break;
	case EV_FEATURE:
		ev->feature.index = index;
		ev->feature.op = get ? FEATURE_OP_GET : FEATURE_OP_SET;
		return;
	}
	if (!payload && !rec->head.ret && needs_payload(ev->kind))
		unread(ev, ev->kind, rec->head.end_ns);
}

static bool begins_with_one(const char *frame, const char *const *begins)
{
	for (; *begins; begins++)
		if (!strncmp(frame, *begins, strlen(*begins)))
			return true;
	return false;
}

/* What every system call has in its stack says nothing of this one. */
static bool is_entry(const char *frame)
{
	static const char *const begins[] = {
		"vfs_read+",	   "vfs_write+",
		"vfs_ioctl+",	   "ksys_read+",
		"ksys_write+",	   "__x64_sys_",
		"__arm64_sys_",	   "__se_sys_",
		"do_syscall_64+",  "x64_sys_call+",
		"entry_SYSCALL_",  "el0_svc",
		"invoke_syscall+", NULL,
	};

	return begins_with_one(frame, begins);
}

/* What is there because the function is traced, by us or by others. */
static bool is_tracer(const char *frame)
{
	static const char *const begins[] = {
		"bpf_trampoline_",	   "bpf_prog_", "arch_rethook_trampoline+",
		"__kretprobe_trampoline+", NULL,
	};

	return begins_with_one(frame, begins);
}

/* "function+0x1f/0x40 [module]", of @len bytes, as "function+0x1f[module]". */
static size_t frame_text(char out[WIRE_FRAME_LEN + 1], const char frame[WIRE_FRAME_LEN])
{
	size_t n = strnlen(frame, WIRE_FRAME_LEN), i, len = 0;
	bool in_size = false;

	for (i = 0; i < n; i++) {
		if (frame[i] == '/')
			in_size = true;
		else if (frame[i] == ' ')
			in_size = false;
		if (!in_size && frame[i] != ' ')
			out[len++] = frame[i];
	}
	out[len] = '\0';
	return len;
}

/* As many frames as have room, from the innermost. */
static void stack_text(const struct wire_why *rec, char out[EVENT_STACK_LEN])
{
	char frame[WIRE_FRAME_LEN + 1];
	size_t len = 0, n, sep, name, last = 0;
	bool traced = false;
	uint32_t i;

	out[0] = '\0';
	for (i = 0; i < rec->n_frames && i < WIRE_FRAMES; i++) {
		n = frame_text(frame, rec->frame[i]);
		sep = len ? 3 : 0;
		if (is_tracer(frame)) {
			traced = true;
			continue;
		}
		/* A function that is called by its own trampoline stands there twice. */
		name = strcspn(frame, "+");
		if (traced && len && !strncmp(out + last, frame, name) && out[last + name] == '+')
			continue;
		if (!n || is_entry(frame) || len + sep + n >= EVENT_STACK_LEN)
			return;
		traced = false;
		last = len + sep;
		memcpy(out + len, " < ", sep);
		memcpy(out + len + sep, frame, n + 1);
		len += sep + n;
	}
}

/* What limited the connection that it waited to send on. */
static void put_send(const struct wire_why *rec, bool between, struct event *ev)
{
	uint64_t told = rec->send_receiver_ns + rec->send_buffers_ns + rec->send_network_ns;
	bool known = between && (told || !rec->send_ns), tcp = between && rec->srtt_us;

	ev->why.send_receiver_ns = known ? rec->send_receiver_ns : EVENT_NOT_SEEN;
	ev->why.send_buffers_ns = known ? rec->send_buffers_ns : EVENT_NOT_SEEN;
	ev->why.send_network_ns = known ? rec->send_network_ns : EVENT_NOT_SEEN;
	ev->why.srtt_ns = tcp ? rec->srtt_us * 1000ULL : EVENT_NOT_SEEN;
	ev->why.cwnd = tcp ? rec->cwnd : EVENT_NOT_SEEN;
	ev->why.retransmits = tcp ? rec->retransmitted : EVENT_NOT_SEEN;
}

void decode_why(const struct wire_why *rec, struct event *ev)
{
	bool sums = rec->seen & WIRE_WHY_SUMS;
	bool faults = sums && rec->seen & WIRE_WHY_FAULTS;
	bool between = sums && rec->call == WIRE_NONE;
	bool log = between && rec->seen & WIRE_WHY_LOG;
	uint64_t took = sat_sub(rec->head.end_ns, rec->head.start_ns), off;

	memset(&ev->why, 0, sizeof(ev->why));
	ev->why.asleep_ns = sums ? rec->asleep_ns : EVENT_NOT_SEEN;
	ev->why.blocked_ns = sums ? rec->blocked_ns : EVENT_NOT_SEEN;
	ev->why.lock_ns = sums && rec->seen & WIRE_WHY_LOCKS ? rec->locked_ns : EVENT_NOT_SEEN;
	ev->why.runqueue_ns = sums ? rec->runqueue_ns : EVENT_NOT_SEEN;
	ev->why.fault_ns = faults ? rec->fault_ns : EVENT_NOT_SEEN;
	/* In a call these are not told apart. */
	ev->why.send_ns = between ? rec->send_ns : EVENT_NOT_SEEN;
	ev->why.receive_ns = between ? rec->receive_ns : EVENT_NOT_SEEN;
	ev->why.poll_ns = between ? rec->poll_ns : EVENT_NOT_SEEN;
	ev->why.futex_ns = between ? rec->futex_ns : EVENT_NOT_SEEN;
	ev->why.futex_vcpu_ns =
		between && rec->seen & WIRE_WHY_VCPUS ? rec->futex_vcpu_ns : EVENT_NOT_SEEN;
	ev->why.stopped_ns = between ? rec->stopped_ns : EVENT_NOT_SEEN;
	ev->why.kvm_log_ns = log ? rec->log_ns : EVENT_NOT_SEEN;
	ev->why.faults = faults ? rec->faults : EVENT_NOT_SEEN;
	ev->why.longest_ns = sums ? rec->longest_ns : EVENT_NOT_SEEN;
	put_send(rec, between, ev);
	/* The rest of the time it ran. */
	off = rec->asleep_ns + rec->blocked_ns + rec->locked_ns + rec->runqueue_ns +
	      (faults ? rec->fault_ns : 0);
	if (between)
		off += rec->send_ns + rec->receive_ns + rec->poll_ns + rec->futex_ns +
		       rec->stopped_ns + (log ? rec->log_ns : 0);
	ev->why.on_cpu_ns = sums ? sat_sub(took, off) : EVENT_NOT_SEEN;
	stack_text(rec, ev->why.stack);
}

static const uint16_t record_size[WIRE_KIND_NR] = {
	[WIRE_DEVICE] = sizeof(struct wire_device),
	[WIRE_WHY] = sizeof(struct wire_why),
	[WIRE_INSIDE] = sizeof(struct wire_inside),
	[WIRE_DEVICE_OPEN] = sizeof(struct wire_plain),
	[WIRE_DEVICE_CLOSE] = sizeof(struct wire_plain),
	[WIRE_DEVICE_RESET] = sizeof(struct wire_device_reset),
	[WIRE_RESET] = sizeof(struct wire_reset),
	[WIRE_FEATURE] = sizeof(struct wire_feature),
	[WIRE_ARC] = sizeof(struct wire_arc),
	[WIRE_STREAM_OPEN] = sizeof(struct wire_stream_open),
	[WIRE_READ] = sizeof(struct wire_io),
	[WIRE_WRITE] = sizeof(struct wire_io),
	[WIRE_POLL] = sizeof(struct wire_poll),
	[WIRE_INFO] = sizeof(struct wire_info),
	[WIRE_STREAM_CLOSE] = sizeof(struct wire_close),
	[WIRE_STREAM_RELEASE] = sizeof(struct wire_plain),
	[WIRE_CLOSE_UNSEEN] = sizeof(struct wire_plain),
	[WIRE_LOST_EXIT] = sizeof(struct wire_lost_exit),
	[WIRE_DIRTY_PAGES] = sizeof(struct wire_dirty_pages),
	[WIRE_PROCESS_EXIT] = sizeof(struct wire_process_exit),
};

int decode_record(const void *data, size_t size, struct event *ev)
{
	const struct wire_head *h = data;

	if (size < sizeof(*h) || h->kind >= WIRE_KIND_NR || !record_size[h->kind] ||
	    size < record_size[h->kind])
		return -EINVAL;
	memset(ev, 0, sizeof(*ev));
	ev->kind = decode_kind(h->kind);
	/* Without the entry only the end is known; it stands for both. */
	ev->t_ns = h->start_ns ? h->start_ns : h->end_ns;
	ev->dur_ns = h->end_ns - ev->t_ns;
	ev->ret = h->ret;
	ev->cpu = h->cpu;
	ev->pid = h->pid;
	ev->tid = h->tid;
	ev->device = h->device;
	ev->stream = h->stream;
	copy_name(ev->comm, sizeof(ev->comm), h->comm, sizeof(h->comm));

	switch (h->kind) {
	case WIRE_DEVICE: {
		const struct wire_device *rec = data;

		ev->device_def.migration_flags = rec->migration_flags;
		ev->device_def.precopy_info_v2 = rec->precopy_info_v2;
		ev->device_def.has_dma_log = rec->has_dma_log;
		copy_name(ev->device_def.name, sizeof(ev->device_def.name), rec->name,
			  sizeof(rec->name));
		copy_name(ev->device_def.driver, sizeof(ev->device_def.driver), rec->driver,
			  sizeof(rec->driver));
		copy_name(ev->device_def.bus, sizeof(ev->device_def.bus), rec->bus,
			  sizeof(rec->bus));
		break;
	}
	case WIRE_RESET: {
		const struct wire_reset *rec = data;

		ev->reset.how =
			rec->cmd == VFIO_IOCTL_DEVICE_PCI_HOT_RESET ? RESET_HOT : RESET_DEVICE;
		break;
	}
	case WIRE_FEATURE:
		decode_feature(data, ev);
		break;
	case WIRE_ARC: {
		const struct wire_arc *rec = data;

		ev->arc.from = rec->from;
		ev->arc.to = rec->to == WIRE_STATE_UNKNOWN ? MIG_UNKNOWN : rec->to;
		ev->arc.target = rec->target;
		break;
	}
	case WIRE_STREAM_OPEN: {
		const struct wire_stream_open *rec = data;

		/* FMODE_WRITE of include/linux/fs.h */
		ev->stream_open.direction = rec->f_mode & 2 ? DIR_RESUME : DIR_SAVE;
		ev->stream_open.ops = rec->ops.ops;
		ev->stream_open.adopted = rec->adopted;
		copy_name(ev->stream_open.name, sizeof(ev->stream_open.name), rec->name,
			  sizeof(rec->name));
		break;
	}
	case WIRE_READ:
	case WIRE_WRITE: {
		const struct wire_io *rec = data;

		ev->io.size = rec->size;
		ev->io.count = 1;
		ev->io.t_last_ns = ev->t_ns;
		break;
	}
	case WIRE_POLL: {
		const struct wire_poll *rec = data;

		ev->poll.mask = rec->mask;
		ev->poll.waits = rec->waits;
		ev->poll.wait_ns = EVENT_WAIT_UNKNOWN;
		break;
	}
	case WIRE_INFO: {
		const struct wire_info *rec = data;

		if (!rec->valid && !h->ret) {
			unread(ev, EV_PRECOPY_INFO, h->end_ns);
			break;
		}
		ev->precopy_info.initial_bytes = rec->initial_bytes;
		ev->precopy_info.dirty_bytes = rec->dirty_bytes;
		ev->precopy_info.flags = rec->flags;
		break;
	}
	case WIRE_DIRTY_PAGES: {
		const struct wire_dirty_pages *rec = data;

		ev->kind = dirty_kind(rec->flags);
		if (ev->kind == EV_DMA_LOG_REPORT) {
			ev->dma_log.iova = rec->iova;
			ev->dma_log.length = rec->length;
			ev->dma_log.page_size = rec->page_size;
		}
		break;
	}
	case WIRE_DEVICE_RESET: {
		const struct wire_device_reset *rec = data;

		ev->device_reset.by = decode_kind(rec->by);
		break;
	}
	case WIRE_STREAM_CLOSE: {
		const struct wire_close *rec = data;

		ev->stream_close.refs = rec->refs;
		ev->stream_close.driver_refs = rec->driver_refs;
		break;
	}
	case WIRE_PROCESS_EXIT: {
		const struct wire_process_exit *rec = data;

		/* wait(2): the signal in seven bits, then one for the core dump. */
		ev->process_exit.signal = rec->status & 0x7f;
		ev->process_exit.code = ev->process_exit.signal ? 0 : rec->status >> 8 & 0xff;
		break;
	}
	case WIRE_WHY: {
		const struct wire_why *rec = data;

		decode_why(rec, ev);
		ev->why.call = call_kind(rec->call, rec->feature);
		break;
	}
	case WIRE_INSIDE: {
		const struct wire_inside *rec = data;

		ev->inside.call = call_kind(rec->call, rec->feature);
		ev->inside.depth = rec->depth;
		ev->inside.folded = rec->folded;
		ev->inside.call_t_ns = rec->call_ns;
		ev->inside.count = rec->count;
		ev->inside.total_ns = rec->total_ns;
		ev->inside.longest_ns = rec->longest_ns;
		break;
	}
	case WIRE_CLOSE_UNSEEN:
		lost(ev, EV_STREAM_CLOSE, LOSS_DETACHED, h->end_ns);
		break;
	case WIRE_LOST_EXIT: {
		const struct wire_lost_exit *rec = data;

		lost(ev, decode_kind(rec->call), LOSS_SKIPPED, h->end_ns);
		break;
	}
	}
	return 0;
}
