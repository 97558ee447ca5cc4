// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - the kinds, their fields, and the names of everything
 *
 * The field tables below are the one description of a kind's body: the
 * recording stores events by them and the JSON views print events by them, so
 * a new field is one line here.
 */
#define _GNU_SOURCE
#include "event.h"

#include <errno.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define FIELD(id_, name_, member, type_, flags_)                                            \
	{                                                                                   \
		.name = name_, .id = id_, .offset = offsetof(struct event, member),         \
		.size = sizeof(((struct event *)0)->member), .type = type_, .flags = flags_ \
	}

static const struct event_field reset_fields[] = {
	FIELD(1, "how", reset.how, EF_RESET_HOW, 0),
};

static const struct event_field device_reset_fields[] = {
	FIELD(1, "by", device_reset.by, EF_KIND, 0),
};

static const struct event_field feature_fields[] = {
	FIELD(1, "index", feature.index, EF_U32, 0),
	FIELD(2, "op", feature.op, EF_FEATURE_OP, 0),
};

static const struct event_field migration_flags_fields[] = {
	FIELD(1, "flags", migration_flags.flags, EF_MIG_FLAGS, EFF_ON_SUCCESS),
};

static const struct event_field set_state_fields[] = {
	FIELD(1, "target", set_state.target, EF_TARGET, EFF_KNOWN),
};

static const struct event_field get_state_fields[] = {
	FIELD(1, "reported", get_state.reported, EF_STATE, EFF_ON_SUCCESS),
};

static const struct event_field arc_fields[] = {
	FIELD(1, "from", arc.from, EF_STATE, 0),
	FIELD(2, "to", arc.to, EF_STATE, 0),
	FIELD(3, "target", arc.target, EF_STATE, 0),
};

static const struct event_field stream_open_fields[] = {
	FIELD(1, "direction", stream_open.direction, EF_DIRECTION, 0),
	FIELD(2, "name", stream_open.name, EF_STR, 0),
	FIELD(3, "adopted", stream_open.adopted, EF_BOOL, 0),
	FIELD(4, "ops", stream_open.ops, EF_STREAM_OPS, EFF_INTERNAL),
	FIELD(5, "hooked", stream_open.hooked, EF_STREAM_OPS, EFF_INTERNAL),
};

static const struct event_field precopy_info_fields[] = {
	FIELD(1, "initial_bytes", precopy_info.initial_bytes, EF_U64, EFF_ON_SUCCESS),
	FIELD(2, "dirty_bytes", precopy_info.dirty_bytes, EF_U64, EFF_ON_SUCCESS),
	FIELD(3, "flags", precopy_info.flags, EF_U32, EFF_ON_SUCCESS),
};

static const struct event_field data_size_fields[] = {
	FIELD(1, "stop_copy_length", data_size.stop_copy_length, EF_U64, EFF_ON_SUCCESS),
};

static const struct event_field io_fields[] = {
	FIELD(1, "size", io.size, EF_U64, 0),
	FIELD(2, "count", io.count, EF_U32, EFF_NOT_ONE),
	FIELD(3, "t_last_ns", io.t_last_ns, EF_U64, EFF_NOT_ONE),
};

static const struct event_field poll_fields[] = {
	FIELD(1, "mask", poll.mask, EF_POLL_MASK, 0),
	FIELD(2, "waits", poll.waits, EF_BOOL, 0),
	FIELD(3, "wait_ns", poll.wait_ns, EF_U64, EFF_KNOWN),
};

static const struct event_field stream_close_fields[] = {
	FIELD(1, "refs", stream_close.refs, EF_U32, 0),
	FIELD(2, "driver_refs", stream_close.driver_refs, EF_U32, 0),
};

static const struct event_field dma_log_start_fields[] = {
	FIELD(1, "page_size", dma_log.page_size, EF_U64, 0),
	FIELD(2, "ranges", dma_log.ranges, EF_U32, 0),
};

static const struct event_field dma_log_report_fields[] = {
	FIELD(1, "page_size", dma_log.page_size, EF_U64, 0),
	FIELD(2, "iova", dma_log.iova, EF_U64, 0),
	FIELD(3, "length", dma_log.length, EF_U64, 0),
};

static const struct event_field stuck_fields[] = {
	FIELD(1, "call", stuck.call, EF_KIND, 0),
	FIELD(2, "age_ns", stuck.age_ns, EF_U64, 0),
};

static const struct event_field loss_fields[] = {
	FIELD(1, "count", loss.count, EF_U64, 0),
	FIELD(2, "t_from_ns", loss.t_from_ns, EF_U64, 0),
	FIELD(3, "t_to_ns", loss.t_to_ns, EF_U64, 0),
	FIELD(4, "cause", loss.cause, EF_LOSS_CAUSE, 0),
	FIELD(5, "what", loss.what, EF_KIND, 0),
};

static const struct event_field mark_fields[] = {
	FIELD(1, "text", mark.text, EF_STR, 0),
};

static const struct event_field device_def_fields[] = {
	FIELD(1, "name", device_def.name, EF_STR, 0),
	FIELD(2, "driver", device_def.driver, EF_STR, 0),
	FIELD(3, "bus", device_def.bus, EF_STR, 0),
	FIELD(4, "flags", device_def.migration_flags, EF_MIG_FLAGS, 0),
	FIELD(5, "precopy_info_v2", device_def.precopy_info_v2, EF_BOOL, 0),
	FIELD(6, "dma_log", device_def.has_dma_log, EF_BOOL, 0),
};

static const struct event_field task_def_fields[] = {
	FIELD(1, "vm", task_def.vm, EF_STR, 0),
	FIELD(2, "vm_source", task_def.source, EF_VM_SOURCE, 0),
};

static const struct event_field host_def_fields[] = {
	FIELD(1, "name", host_def.name, EF_STR, 0),
};

static const struct event_field process_exit_fields[] = {
	FIELD(1, "code", process_exit.code, EF_U32, 0),
	FIELD(2, "signal", process_exit.signal, EF_U32, 0),
};

static const struct event_field why_fields[] = {
	FIELD(1, "call", why.call, EF_KIND, 0),
	FIELD(2, "so_far", why.so_far, EF_BOOL, 0),
	FIELD(3, "on_cpu_ns", why.on_cpu_ns, EF_U64, EFF_KNOWN),
	FIELD(4, "asleep_ns", why.asleep_ns, EF_U64, EFF_KNOWN),
	FIELD(5, "blocked_ns", why.blocked_ns, EF_U64, EFF_KNOWN),
	FIELD(6, "lock_ns", why.lock_ns, EF_U64, EFF_KNOWN),
	FIELD(7, "runqueue_ns", why.runqueue_ns, EF_U64, EFF_KNOWN),
	FIELD(8, "fault_ns", why.fault_ns, EF_U64, EFF_KNOWN),
	FIELD(9, "faults", why.faults, EF_U64, EFF_KNOWN),
	FIELD(10, "longest_ns", why.longest_ns, EF_U64, EFF_KNOWN),
	FIELD(11, "stack", why.stack, EF_STR, 0),
	FIELD(12, "send_ns", why.send_ns, EF_U64, EFF_KNOWN),
	FIELD(13, "receive_ns", why.receive_ns, EF_U64, EFF_KNOWN),
	FIELD(14, "poll_ns", why.poll_ns, EF_U64, EFF_KNOWN),
	FIELD(15, "futex_ns", why.futex_ns, EF_U64, EFF_KNOWN),
	FIELD(16, "stopped_ns", why.stopped_ns, EF_U64, EFF_KNOWN),
	FIELD(17, "kvm_log_ns", why.kvm_log_ns, EF_U64, EFF_KNOWN),
	FIELD(18, "send_receiver_ns", why.send_receiver_ns, EF_U64, EFF_KNOWN | EFF_LATER),
	FIELD(19, "send_buffers_ns", why.send_buffers_ns, EF_U64, EFF_KNOWN | EFF_LATER),
	FIELD(20, "send_network_ns", why.send_network_ns, EF_U64, EFF_KNOWN | EFF_LATER),
	FIELD(21, "srtt_ns", why.srtt_ns, EF_U64, EFF_KNOWN | EFF_LATER),
	FIELD(22, "cwnd", why.cwnd, EF_U64, EFF_KNOWN | EFF_LATER),
	FIELD(23, "retransmits", why.retransmits, EF_U64, EFF_KNOWN | EFF_LATER),
	FIELD(24, "futex_vcpu_ns", why.futex_vcpu_ns, EF_U64, EFF_KNOWN | EFF_LATER),
};

static const struct event_field inside_fields[] = {
	FIELD(1, "function", inside.function, EF_STR, 0),
	FIELD(2, "call", inside.call, EF_KIND, 0),
	FIELD(3, "depth", inside.depth, EF_U32, 0),
	FIELD(4, "folded", inside.folded, EF_BOOL, 0),
	FIELD(5, "count", inside.count, EF_U64, 0),
	FIELD(6, "total_ns", inside.total_ns, EF_U64, 0),
	FIELD(7, "longest_ns", inside.longest_ns, EF_U64, 0),
	FIELD(8, "call_t_ns", inside.call_t_ns, EF_U64, 0),
};

static const struct event_field function_def_fields[] = {
	FIELD(1, "name", function_def.name, EF_STR, 0),
	FIELD(2, "symbol", function_def.symbol, EF_STR, 0),
	FIELD(3, "unseen", function_def.unseen, EF_U32, 0),
};

static const struct event_field clock_fields[] = {
	FIELD(1, "realtime_ns", clock.realtime_ns, EF_U64, 0),
	FIELD(2, "boottime_ns", clock.boottime_ns, EF_U64, 0),
};

#define KIND(k, name_)	    [k] = { .name = name_ }
#define KIND_F(k, name_, f) [k] = { .name = name_, .fields = f, .n = ARRAY_SIZE(f) }

static const struct {
	const char *name;
	const struct event_field *fields;
	size_t n;
} kinds[EV_KIND_NR] = {
	KIND(EV_DEVICE_OPEN, "device_open"),
	KIND(EV_DEVICE_CLOSE, "device_close"),
	KIND_F(EV_RESET, "reset", reset_fields),
	KIND_F(EV_DEVICE_RESET, "device_reset", device_reset_fields),
	KIND_F(EV_FEATURE, "feature", feature_fields),
	KIND_F(EV_MIGRATION_FLAGS, "migration_flags", migration_flags_fields),
	KIND_F(EV_SET_STATE, "set_state", set_state_fields),
	KIND_F(EV_GET_STATE, "get_state", get_state_fields),
	KIND_F(EV_ARC, "arc", arc_fields),
	KIND_F(EV_STREAM_OPEN, "stream_open", stream_open_fields),
	KIND_F(EV_PRECOPY_INFO, "precopy_info", precopy_info_fields),
	KIND(EV_PRECOPY_INFO_V2, "precopy_info_v2"),
	KIND_F(EV_DATA_SIZE, "data_size", data_size_fields),
	KIND_F(EV_READ, "read", io_fields),
	KIND_F(EV_WRITE, "write", io_fields),
	KIND_F(EV_POLL, "poll", poll_fields),
	KIND_F(EV_STREAM_CLOSE, "stream_close", stream_close_fields),
	KIND(EV_STREAM_RELEASE, "stream_release"),
	KIND_F(EV_DMA_LOG_START, "dma_log_start", dma_log_start_fields),
	KIND(EV_DMA_LOG_STOP, "dma_log_stop"),
	KIND_F(EV_DMA_LOG_REPORT, "dma_log_report", dma_log_report_fields),
	KIND_F(EV_STUCK, "stuck", stuck_fields),
	KIND_F(EV_LOSS, "loss", loss_fields),
	KIND_F(EV_MARK, "mark", mark_fields),
	KIND_F(EV_PROCESS_EXIT, "process_exit", process_exit_fields),
	KIND_F(EV_WHY, "why", why_fields),
	KIND_F(EV_INSIDE, "inside", inside_fields),
	KIND_F(EV_DEVICE, "device", device_def_fields),
	KIND_F(EV_TASK, "task", task_def_fields),
	KIND_F(EV_CLOCK, "clock", clock_fields),
	KIND_F(EV_HOST, "host", host_def_fields),
	KIND_F(EV_FUNCTION, "function", function_def_fields),
};

const struct event_field *event_fields(uint32_t kind, size_t *n)
{
	if (kind >= EV_KIND_NR) {
		*n = 0;
		return NULL;
	}
	*n = kinds[kind].n;
	return kinds[kind].fields;
}

const char *event_kind_name(uint32_t kind)
{
	return kind < EV_KIND_NR ? kinds[kind].name : NULL;
}

uint32_t event_kind_from_name(const char *name)
{
	uint32_t k;

	for (k = 0; k < EV_KIND_NR; k++)
		if (kinds[k].name && !strcmp(kinds[k].name, name))
			return k;
	return EV_NONE;
}

const char *event_call_name(uint32_t kind)
{
	const char *name;

	switch (kind) {
	case EV_SET_STATE:
		return "SET_STATE";
	case EV_GET_STATE:
		return "GET_STATE";
	case EV_READ:
		return "read()";
	case EV_WRITE:
		return "write()";
	case EV_POLL:
		return "poll()";
	case EV_RESET:
		return "reset";
	case EV_DEVICE_RESET:
		return "device reset";
	case EV_DEVICE_OPEN:
		return "device open";
	case EV_DEVICE_CLOSE:
		return "device close";
	case EV_FEATURE:
		return "DEVICE_FEATURE";
	case EV_MIGRATION_FLAGS:
		return "MIGRATION";
	case EV_PRECOPY_INFO:
		return "GET_PRECOPY_INFO";
	case EV_PRECOPY_INFO_V2:
		return "PRECOPY_INFOv2";
	case EV_DATA_SIZE:
		return "MIG_DATA_SIZE";
	case EV_DMA_LOG_START:
		return "DMA_LOGGING_START";
	case EV_DMA_LOG_STOP:
		return "DMA_LOGGING_STOP";
	case EV_DMA_LOG_REPORT:
		return "DMA_LOGGING_REPORT";
	case EV_STREAM_CLOSE:
		return "close()";
	case EV_PROCESS_EXIT:
		return "process exit";
	}
	name = event_kind_name(kind);
	return name ? name : "unknown call";
}

const char *mig_state_name(uint32_t state)
{
	static const char *const names[MIG_STATE_NR] = {
		[MIG_ERROR] = "ERROR",	     [MIG_STOP] = "STOP",
		[MIG_RUNNING] = "RUNNING",   [MIG_STOP_COPY] = "STOP_COPY",
		[MIG_RESUMING] = "RESUMING", [MIG_RUNNING_P2P] = "RUNNING_P2P",
		[MIG_PRE_COPY] = "PRE_COPY", [MIG_PRE_COPY_P2P] = "PRE_COPY_P2P",
	};

	if (state == MIG_UNKNOWN)
		return "UNKNOWN";
	return state < MIG_STATE_NR ? names[state] : NULL;
}

bool mig_state_is_running(uint32_t state)
{
	return state == MIG_RUNNING || state == MIG_RUNNING_P2P || mig_state_is_precopy(state);
}

bool mig_state_is_precopy(uint32_t state)
{
	return state == MIG_PRE_COPY || state == MIG_PRE_COPY_P2P;
}

bool mig_state_is_saving(uint32_t state)
{
	return state == MIG_STOP_COPY || mig_state_is_precopy(state);
}

const char *errno_name(int err)
{
	/* Kernel-internal ones (include/linux/errno.h) that a hook can see. */
	switch (err) {
	case 512:
		return "ERESTARTSYS";
	case 513:
		return "ERESTARTNOINTR";
	case 514:
		return "ERESTARTNOHAND";
	case 515:
		return "ENOIOCTLCMD";
	case 516:
		return "ERESTART_RESTARTBLOCK";
	case 517:
		return "EPROBE_DEFER";
	case 524:
		return "ENOTSUPP";
	}
	return err > 0 ? strerrorname_np(err) : NULL;
}

/* A value that a recording claims and that nobody gave a name. */
static const char *name_of(const char *const *names, size_t n, uint32_t i)
{
	return i < n ? names[i] : "unknown";
}

static const char *bit_name(const char *const *names, size_t n, uint32_t i)
{
	return i < n ? names[i] : NULL;
}

const char *event_vm_source_name(uint32_t source)
{
	static const char *const names[] = { "unknown", "name", "cgroup" };

	return name_of(names, ARRAY_SIZE(names), source);
}

const char *event_unseen_words(uint32_t unseen)
{
	static const char *const words[] = {
		[UNSEEN_NOT] = "",
		[UNSEEN_NO_SIGN] = "nothing has begun to migrate",
		[UNSEEN_ABSENT] = "no function has that name: inlined, or its module is not loaded",
		[UNSEEN_SEVERAL] = "several functions have that name",
		[UNSEEN_REFUSED] = "the kernel takes no probe on it",
		[UNSEEN_IS_CALL] = "it is the call itself, whose time is told anyway",
		[UNSEEN_TRACING] = "tracing itself goes through it",
		[UNSEEN_PROGRAMS] = "the kernel refuses the programs that would see it",
	};

	return name_of(words, ARRAY_SIZE(words), unseen);
}

const char *event_reset_how_name(uint32_t how)
{
	static const char *const names[] = { "device", "hot" };

	return name_of(names, ARRAY_SIZE(names), how);
}

const char *event_feature_op_name(uint32_t op)
{
	static const char *const names[] = { "none", "get", "set", "probe" };

	return name_of(names, ARRAY_SIZE(names), op);
}

const char *event_direction_name(uint32_t direction)
{
	static const char *const names[] = { "save", "resume" };

	return name_of(names, ARRAY_SIZE(names), direction);
}

const char *event_loss_cause_name(uint32_t cause)
{
	static const char *const names[] = { "ring",  "skipped", "damage",
					     "table", "unread",	 "detached" };

	return name_of(names, ARRAY_SIZE(names), cause);
}

/* include/uapi/linux/eventpoll.h */
const char *event_poll_bit_name(unsigned int bit)
{
	static const char *const names[] = {
		"IN",	  "PRI",    "OUT",    "ERR", "HUP", "NVAL", "RDNORM",
		"RDBAND", "WRNORM", "WRBAND", "MSG", NULL,  NULL,   "RDHUP",
	};

	return bit_name(names, ARRAY_SIZE(names), bit);
}

const char *event_mig_flag_name(unsigned int bit)
{
	static const char *const names[] = { "STOP_COPY", "P2P", "PRE_COPY" };

	return bit_name(names, ARRAY_SIZE(names), bit);
}

const char *event_stream_op_name(unsigned int bit)
{
	static const char *const names[] = {
		"read", "write", "poll", "ioctl", "release",
	};

	return bit_name(names, ARRAY_SIZE(names), bit);
}
