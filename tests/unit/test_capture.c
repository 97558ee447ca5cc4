// SPDX-License-Identifier: GPL-2.0-only
/*
 * What of the capture can be tested without a kernel: wire records into
 * events, and the names of processes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/decode.h"
#include "capture/process.h"
#include "tests/unit/allocs.h"

static struct wire_head head(unsigned int kind, size_t size)
{
	return (struct wire_head){
		.kind = kind,
		.size = size,
		.cpu = 3,
		.start_ns = 1000,
		.end_ns = 1500,
		.pid = 10,
		.tid = 11,
		.device = 1,
		.stream = 2,
		.comm = "mig/src/main",
	};
}

static void test_read(void **state)
{
	struct wire_io rec = { .head = head(WIRE_READ, sizeof(rec)), .size = 1 << 20 };
	struct event ev;

	(void)state;
	rec.head.ret = 4096;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_READ);
	assert_int_equal(ev.t_ns, 1000);
	assert_int_equal(ev.dur_ns, 500);
	assert_int_equal(ev.ret, 4096);
	assert_int_equal(ev.io.size, 1 << 20);
	assert_int_equal(event_calls(&ev), 1);
	assert_int_equal(ev.cpu, 3);
	assert_int_equal(ev.pid, 10);
	assert_int_equal(ev.tid, 11);
	assert_int_equal(ev.device, 1);
	assert_int_equal(ev.stream, 2);
	assert_string_equal(ev.comm, "mig/src/main");
}

/* A skipped entry costs the start, and the event says nothing false. */
static void test_unknown_start(void **state)
{
	struct wire_io rec = { .head = head(WIRE_READ, sizeof(rec)) };
	struct event ev;

	(void)state;
	rec.head.start_ns = 0;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.t_ns, 1500);
	assert_int_equal(ev.dur_ns, 0);
}

struct feature_case {
	uint32_t flags, valid, target;
	uint64_t payload[4];
	uint32_t kind;
	int64_t value; /* what the kind's first field must be */
};

static int64_t first_field(const struct event *ev)
{
	switch (ev->kind) {
	case EV_SET_STATE:
		return ev->set_state.target;
	case EV_GET_STATE:
		return ev->get_state.reported;
	case EV_MIGRATION_FLAGS:
		return ev->migration_flags.flags;
	case EV_DATA_SIZE:
		return ev->data_size.stop_copy_length;
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_REPORT:
		return ev->dma_log.page_size;
	case EV_FEATURE:
		return ev->feature.index;
	}
	return 0;
}

/* A container's dirty log is told as a device's, with no device. */
static void test_dirty_pages(void **state)
{
	static const struct {
		uint32_t flags, kind;
	} cases[] = {
		{ VFIO_DIRTY_PAGES_START, EV_DMA_LOG_START },
		{ VFIO_DIRTY_PAGES_STOP, EV_DMA_LOG_STOP },
		{ 4, EV_DMA_LOG_REPORT },
		{ 0, EV_DMA_LOG_REPORT },
	};
	struct event ev;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_dirty_pages rec = { .head = head(WIRE_DIRTY_PAGES, sizeof(rec)) };

		rec.head.device = 0;
		rec.flags = cases[i].flags;
		rec.iova = 0x100000;
		rec.length = 0x200000;
		rec.page_size = 4096;
		assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
		assert_int_equal(ev.kind, cases[i].kind);
		assert_int_equal(ev.device, 0);
		if (ev.kind == EV_DMA_LOG_REPORT) {
			assert_int_equal(ev.dma_log.iova, 0x100000);
			assert_int_equal(ev.dma_log.length, 0x200000);
			assert_int_equal(ev.dma_log.page_size, 4096);
		}
		assert_int_equal(decode_record(&rec, sizeof(rec) - 1, &ev), -EINVAL);
	}
}

static void test_features(void **state)
{
	const uint32_t hp = WIRE_FEATURE_HEADER | WIRE_FEATURE_PAYLOAD;
	const uint32_t get = VFIO_FEATURE_GET, set = VFIO_FEATURE_SET;
	const struct feature_case cases[] = {
		{ get | 1, hp, 0, { 7 }, EV_MIGRATION_FLAGS, 7 },
		/* data_fd -1 stands in the upper half of the payload */
		{ set | 2, hp, 0, { 0xffffffff00000006 }, EV_SET_STATE, 6 },
		{ set | 2, hp | WIRE_FEATURE_TARGET, 3, { 6 }, EV_SET_STATE, 3 },
		{ set | 2, hp, 0, { 0xffffffff }, EV_SET_STATE, 0xffffffff },
		{ set | 2, WIRE_FEATURE_HEADER, 0, { 0 }, EV_SET_STATE, EVENT_TARGET_NONE },
		/* the header could not be read, but the driver was asked */
		{ 0, WIRE_FEATURE_TARGET, 4, { 0 }, EV_SET_STATE, 4 },
		{ get | 2, hp, 0, { 0xffffffff00000002 }, EV_GET_STATE, 2 },
		{ get | 9, hp, 0, { 1ULL << 40 }, EV_DATA_SIZE, 1LL << 40 },
		{ set | 12, WIRE_FEATURE_HEADER, 0, { 0 }, EV_PRECOPY_INFO_V2, 0 },
		{ set | 6, hp, 0, { 4096, 3 }, EV_DMA_LOG_START, 4096 },
		{ set | 7, WIRE_FEATURE_HEADER, 0, { 0 }, EV_DMA_LOG_STOP, 0 },
		{ get | 8, hp, 0, { 0x1000, 0x2000, 4096 }, EV_DMA_LOG_REPORT, 4096 },
		{ set | VFIO_FEATURE_PROBE | 6, WIRE_FEATURE_HEADER, 0, { 0 }, EV_FEATURE, 6 },
		{ get | set | 2, WIRE_FEATURE_HEADER, 0, { 0 }, EV_FEATURE, 2 },
		{ set | 3, WIRE_FEATURE_HEADER, 0, { 0 }, EV_FEATURE, 3 },
		{ 0, 0, 0, { 0 }, EV_FEATURE, 0xffff },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct feature_case *c = &cases[i];
		struct wire_feature rec = { .head = head(WIRE_FEATURE, sizeof(rec)) };
		struct event ev;

		rec.flags = c->flags;
		rec.valid = c->valid;
		rec.target = c->target;
		memcpy(rec.payload, c->payload, sizeof(rec.payload));
		assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
		if (ev.kind != c->kind || first_field(&ev) != c->value)
			fail_msg("case %zu: kind %u value %lld", i, ev.kind,
				 (long long)first_field(&ev));
	}
}

static void test_feature_ops(void **state)
{
	struct wire_feature rec = { .head = head(WIRE_FEATURE, sizeof(rec)) };
	struct event ev;

	(void)state;
	rec.valid = WIRE_FEATURE_HEADER;
	rec.flags = VFIO_FEATURE_PROBE | VFIO_FEATURE_SET | 6;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.feature.op, FEATURE_OP_PROBE);
	rec.flags = VFIO_FEATURE_GET | 11;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.feature.op, FEATURE_OP_GET);
	/* Both ways at once is neither, also for what is known. */
	rec.flags = VFIO_FEATURE_GET | VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_FEATURE);
	assert_int_equal(ev.feature.index, VFIO_FEATURE_MIG_DEVICE_STATE);
}

/* Strings may fill their array: they end all the same. */
static void test_full_strings(void **state)
{
	struct wire_device rec = { .head = head(WIRE_DEVICE, sizeof(rec)) };
	struct event ev;

	(void)state;
	memset(rec.name, 'n', sizeof(rec.name));
	memset(rec.driver, 'd', sizeof(rec.driver));
	memset(rec.bus, 'b', sizeof(rec.bus));
	memset(rec.head.comm, 'c', sizeof(rec.head.comm));
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(strlen(ev.device_def.name), EVENT_NAME_LEN - 1);
	assert_int_equal(strlen(ev.device_def.driver), EVENT_NAME_LEN - 1);
	assert_int_equal(strlen(ev.device_def.bus), sizeof(ev.device_def.bus) - 1);
	assert_int_equal(strlen(ev.comm), EVENT_COMM_LEN - 1);
}

static void test_direction(void **state)
{
	struct wire_stream_open rec = { .head = head(WIRE_STREAM_OPEN, sizeof(rec)) };
	struct event ev;

	(void)state;
	rec.f_mode = 1;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.stream_open.direction, DIR_SAVE);
	rec.f_mode = 2;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.stream_open.direction, DIR_RESUME);
}

/* A call that succeeded but whose answer could not be read: lost, never zeros. */
static void test_unread(void **state)
{
	struct wire_info info = { .head = head(WIRE_INFO, sizeof(info)) };
	struct wire_feature rec = { .head = head(WIRE_FEATURE, sizeof(rec)) };
	struct event ev;

	(void)state;
	info.head.ret = 0;
	assert_int_equal(decode_record(&info, sizeof(info), &ev), 0);
	assert_int_equal(ev.kind, EV_LOSS);
	assert_int_equal(ev.loss.cause, LOSS_UNREAD);
	assert_int_equal(ev.loss.what, EV_PRECOPY_INFO);
	assert_int_equal(ev.loss.count, 1);
	/* One that failed gave nothing, and that is known. */
	info.head.ret = -EINVAL;
	assert_int_equal(decode_record(&info, sizeof(info), &ev), 0);
	assert_int_equal(ev.kind, EV_PRECOPY_INFO);
	info.head.ret = 0;
	info.valid = 1;
	info.dirty_bytes = 4096;
	assert_int_equal(decode_record(&info, sizeof(info), &ev), 0);
	assert_int_equal(ev.kind, EV_PRECOPY_INFO);
	assert_int_equal(ev.precopy_info.dirty_bytes, 4096);

	/* One that failed gave nothing, so nothing was lost. */
	rec.head.ret = -EINVAL;
	rec.valid = WIRE_FEATURE_HEADER;
	rec.flags = VFIO_FEATURE_GET | VFIO_FEATURE_MIG_DATA_SIZE;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_DATA_SIZE);
	rec.head.ret = 0;
	rec.valid = WIRE_FEATURE_HEADER;
	rec.flags = VFIO_FEATURE_GET | VFIO_FEATURE_MIG_DATA_SIZE;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_LOSS);
	assert_int_equal(ev.loss.what, EV_DATA_SIZE);
	rec.valid |= WIRE_FEATURE_PAYLOAD;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_DATA_SIZE);
}

static void test_lost_exit(void **state)
{
	struct wire_lost_exit rec = { .head = head(WIRE_LOST_EXIT, sizeof(rec)) };
	struct event ev;

	(void)state;
	rec.call = WIRE_READ;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_LOSS);
	assert_int_equal(ev.loss.count, 1);
	assert_int_equal(ev.loss.cause, LOSS_SKIPPED);
	assert_int_equal(ev.loss.what, EV_READ);
	assert_int_equal(ev.loss.t_from_ns, 1000);
	assert_int_equal(ev.loss.t_to_ns, 1500);
	/* A return whose entry was skipped: nothing else is known of it. */
	rec.call = WIRE_NONE;
	rec.head.start_ns = 0;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.loss.what, EV_NONE);
	assert_int_equal(ev.loss.t_from_ns, 1500);
	assert_int_equal(ev.loss.t_to_ns, 1500);
}

/* It is known of which data FD, and no more than that it was between two moments. */
static void test_close_unseen(void **state)
{
	struct wire_plain rec = { .head = head(WIRE_CLOSE_UNSEEN, sizeof(rec)) };
	struct event ev;

	(void)state;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_true(event_is_close_unseen(&ev));
	assert_false(event_is_hole(&ev));
	assert_int_equal(ev.loss.count, 1);
	assert_int_equal(ev.loss.t_from_ns, 1000);
	assert_int_equal(ev.loss.t_to_ns, 1500);
	assert_int_equal(ev.device, 1);
	assert_int_equal(ev.stream, 2);
	/* Of nobody knows which it may be anyone's, and so may one that the kernel skipped. */
	ev.stream = 0;
	assert_true(event_is_hole(&ev));
	ev.stream = 2;
	ev.loss.cause = LOSS_SKIPPED;
	assert_true(event_is_hole(&ev));
	/* A reason alone is none. */
	ev.loss.what = EV_WHY;
	assert_false(event_is_hole(&ev));
}

/* As waitpid() would have told it, core dump or none. */
static void test_process_exit(void **state)
{
	static const struct {
		uint32_t status, code, signal;
	} cases[] = {
		{ 0, 0, 0 },
		{ 3 << 8, 3, 0 },
		{ 255 << 8, 255, 0 },
		{ SIGKILL, 0, SIGKILL },
		{ SIGSEGV | 0x80, 0, SIGSEGV },
	};
	struct wire_process_exit rec = { .head = head(WIRE_PROCESS_EXIT, sizeof(rec)) };
	struct event ev;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rec.status = cases[i].status;
		assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
		assert_int_equal(ev.kind, EV_PROCESS_EXIT);
		assert_int_equal(ev.process_exit.code, cases[i].code);
		assert_int_equal(ev.process_exit.signal, cases[i].signal);
	}
}

static void test_closes_and_resets(void **state)
{
	struct wire_close close = { .head = head(WIRE_STREAM_CLOSE, sizeof(close)) };
	struct wire_device_reset reset = { .head = head(WIRE_DEVICE_RESET, sizeof(reset)) };
	struct event ev;

	(void)state;
	close.refs = 3;
	close.driver_refs = 1;
	assert_int_equal(decode_record(&close, sizeof(close), &ev), 0);
	assert_int_equal(ev.stream_close.refs, 3);
	assert_int_equal(ev.stream_close.driver_refs, 1);
	/* A guest's FLR is in no call of its VMM's that we know. */
	assert_int_equal(decode_record(&reset, sizeof(reset), &ev), 0);
	assert_int_equal(ev.device_reset.by, EV_NONE);
	assert_int_equal(ev.dur_ns, 500);
	reset.by = WIRE_DEVICE_OPEN;
	assert_int_equal(decode_record(&reset, sizeof(reset), &ev), 0);
	assert_int_equal(ev.device_reset.by, EV_DEVICE_OPEN);
}

static void test_arc(void **state)
{
	struct wire_arc rec = { .head = head(WIRE_ARC, sizeof(rec)) };
	struct event ev;

	(void)state;
	rec.from = 6;
	rec.to = WIRE_STATE_UNKNOWN;
	rec.target = 3;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.arc.from, MIG_PRE_COPY);
	assert_int_equal(ev.arc.to, MIG_UNKNOWN);
	assert_int_equal(ev.arc.target, MIG_STOP_COPY);
}

/* Every kind has a size and an event; a short or unknown record is refused. */
static void test_every_kind(void **state)
{
	static const struct {
		unsigned int kind;
		size_t size;
	} sizes[] = {
		{ WIRE_DEVICE, sizeof(struct wire_device) },
		{ WIRE_DEVICE_OPEN, sizeof(struct wire_plain) },
		{ WIRE_DEVICE_RESET, sizeof(struct wire_device_reset) },
		{ WIRE_RESET, sizeof(struct wire_reset) },
		{ WIRE_FEATURE, sizeof(struct wire_feature) },
		{ WIRE_ARC, sizeof(struct wire_arc) },
		{ WIRE_STREAM_OPEN, sizeof(struct wire_stream_open) },
		{ WIRE_READ, sizeof(struct wire_io) },
		{ WIRE_WRITE, sizeof(struct wire_io) },
		{ WIRE_POLL, sizeof(struct wire_poll) },
		{ WIRE_INFO, sizeof(struct wire_info) },
		{ WIRE_STREAM_CLOSE, sizeof(struct wire_close) },
		{ WIRE_CLOSE_UNSEEN, sizeof(struct wire_plain) },
		{ WIRE_LOST_EXIT, sizeof(struct wire_lost_exit) },
		{ WIRE_DIRTY_PAGES, sizeof(struct wire_dirty_pages) },
		{ WIRE_PROCESS_EXIT, sizeof(struct wire_process_exit) },
	};
	static union {
		struct wire_head head;
		char bytes[1024];
	} rec;
	struct event ev;
	unsigned int k;

	(void)state;
	for (k = 1; k < WIRE_KIND_NR; k++) {
		memset(&rec, 0, sizeof(rec));
		rec.head = head(k, sizeof(rec));
		assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
		assert_non_null(event_kind_name(ev.kind));
		assert_int_equal(decode_record(&rec, sizeof(rec.head) - 1, &ev), -EINVAL);
	}
	/* As long as it must be, and not one byte less. */
	for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		rec.head = head(sizes[k].kind, sizes[k].size);
		assert_int_equal(decode_record(&rec, sizes[k].size, &ev), 0);
		assert_int_equal(decode_record(&rec, sizes[k].size - 1, &ev), -EINVAL);
	}
	rec.head.kind = WIRE_KIND_NR;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), -EINVAL);
	rec.head.kind = 0;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), -EINVAL);
	rec.head.kind = WIRE_FEATURE;
	assert_int_equal(decode_record(&rec, sizeof(struct wire_feature) - 1, &ev), -EINVAL);
}

#define CMDLINE(s, want)                                                                  \
	do {                                                                              \
		char vm_[EVENT_NAME_LEN] = "";                                            \
		bool found_ = process_vm_from_cmdline(s, sizeof(s), vm_);                 \
		if (found_ != (want[0] != '\0') || strcmp(vm_, want))                     \
			fail_msg("'%s': found %d '%s', not '%s'", #s, found_, vm_, want); \
	} while (0)

static void test_cmdline(void **state)
{
	(void)state;
	CMDLINE("qemu\0-name\0web\0-m\0"
		"1",
		"web");
	CMDLINE("qemu\0-name\0web,debug-threads=on", "web");
	CMDLINE("qemu\0-name\0guest=db-02,debug-threads=on", "db-02");
	CMDLINE("qemu\0-name\0debug-threads=on,guest=db", "db");
	CMDLINE("qemu\0--name\0x", "x");
	CMDLINE("qemu\0-name", "");
	CMDLINE("qemu\0-name\0", "");
	CMDLINE("qemu\0-n\0x", "");
	CMDLINE("qemu\0-name-not\0x", "");
	CMDLINE("qemu\0-m\0-names\0x", "");
	CMDLINE("", "");
	CMDLINE("qemu\0-name\0debug-threads=on", "");
}

static void test_cgroup(void **state)
{
	char vm[EVENT_NAME_LEN];

	(void)state;
	assert_true(process_vm_from_cgroup("0::/machine.slice/qemu-1.scope\n", vm));
	assert_string_equal(vm, "qemu-1.scope");
	assert_true(process_vm_from_cgroup("12:pids:/a\n0::/b/c\n", vm));
	assert_string_equal(vm, "c");
	assert_false(process_vm_from_cgroup("0::/\n", vm));
	assert_false(process_vm_from_cgroup("", vm));
	assert_false(process_vm_from_cgroup("12:pids:/a\n", vm));
}

static void test_first_sight(void **state)
{
	struct processes *p = processes_create();
	struct process_name name;
	uint32_t pid;

	(void)state;
	/* Numbers that no process has: no name, but told once all the same. */
	for (pid = 1U << 30; pid < (1U << 30) + 10000; pid++) {
		assert_true(processes_first_sight(p, pid, &name));
		assert_string_equal(name.vm, "");
		assert_string_equal(name.comm, "");
		assert_int_equal(name.source, VM_SOURCE_UNKNOWN);
		assert_false(processes_first_sight(p, pid, &name));
	}
	processes_forget(p, pid - 1);
	assert_true(processes_first_sight(p, pid - 1, &name));
	assert_false(processes_first_sight(p, pid - 1, &name));
	/* One that has ended is known until its number is seen at work again. */
	processes_used(p, pid - 1);
	assert_false(processes_first_sight(p, pid - 1, &name));
	processes_ended(p, pid - 1);
	assert_false(processes_first_sight(p, pid - 1, &name));
	processes_used(p, pid - 1);
	assert_true(processes_first_sight(p, pid - 1, &name));
	processes_used(p, pid - 1);
	assert_false(processes_first_sight(p, pid - 1, &name));
	/* What was never seen is nothing. */
	processes_forget(p, 77);
	processes_used(p, 78);
	processes_ended(p, 78);
	assert_true(processes_first_sight(p, 77, &name));
	assert_true(processes_first_sight(p, 78, &name));
	/* This one has a name of its own, and none of a VM but its cgroup's. */
	assert_true(processes_first_sight(p, getpid(), &name));
	assert_string_equal(name.comm, "test_capture");
	assert_true(name.source == (name.vm[0] ? VM_SOURCE_CGROUP : VM_SOURCE_UNKNOWN));
	processes_destroy(p);
}

/* The name of the VMM outranks its cgroup's, and is that of all its threads. */
static void test_named_vm(void **state)
{
	struct processes *p = processes_create();
	struct process_name name;
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		dup2(fds[0], STDIN_FILENO);
		execl("/bin/sh", "sh", "-c", "read x", "-name", "guest=web", NULL);
		_exit(1);
	}
	/* Until it is the other program. */
	do {
		usleep(1000);
		processes_forget(p, pid);
		assert_true(processes_first_sight(p, pid, &name));
	} while (name.source != VM_SOURCE_NAME && !waitpid(pid, NULL, WNOHANG));
	assert_string_equal(name.vm, "web");
	assert_string_equal(name.comm, "sh");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	processes_destroy(p);
}

static void test_in_file_call(void **state)
{
	int fds[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_false(process_in_file_call(1U << 30));
	assert_int_equal(pipe(fds), 0);
	/* One child waits in read(), one elsewhere. */
	pid = fork();
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) != 0);
	}
	usleep(200000);
	assert_true(process_in_file_call(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(process_in_file_call(pid));
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	usleep(200000);
	assert_false(process_in_file_call(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
}

static bool first_thread_is_zombie(pid_t pid)
{
	char line[64], state = 0;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/status", pid);
	f = fopen(line, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "State: %c", &state) == 1)
			break;
	if (f)
		fclose(f);
	return state == 'Z';
}

static void *stay(void *none)
{
	pause();
	return none;
}

static void test_ended(void **state)
{
	pthread_t thread;
	siginfo_t info;
	bool ended;
	pid_t pid;

	(void)state;
	assert_false(process_has_ended(getpid()));

	/* A zombie has ended although its number still stands. */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(0);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(process_has_ended(pid));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(process_has_ended(pid));

	/* Its first thread being one, a process has not. */
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (pthread_create(&thread, NULL, stay, NULL))
			_exit(1);
		pthread_exit(NULL);
	}
	while (!first_thread_is_zombie(pid))
		usleep(1000);
	ended = process_has_ended(pid);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	     cmocka_unit_test(test_unknown_start),
		cmocka_unit_test(test_features),     cmocka_unit_test(test_dirty_pages),
		cmocka_unit_test(test_feature_ops),  cmocka_unit_test(test_full_strings),
		cmocka_unit_test(test_direction),    cmocka_unit_test(test_unread),
		cmocka_unit_test(test_lost_exit),    cmocka_unit_test(test_arc),
		cmocka_unit_test(test_every_kind),   cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_cgroup),	     cmocka_unit_test(test_first_sight),
		cmocka_unit_test(test_process_exit), cmocka_unit_test(test_closes_and_resets),
		cmocka_unit_test(test_named_vm),     cmocka_unit_test(test_in_file_call),
		cmocka_unit_test(test_ended),	     cmocka_unit_test(test_close_unseen),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
