// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/synth.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_NS (1000 * SEC)
#define REAL_NS	 (1767323045ULL * SEC) /* 2026-01-02T03:04:05Z */

struct event *synth_add(struct synth *s, uint32_t kind, uint64_t dur_ns, int64_t ret)
{
	struct event *ev;

	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->ev = realloc(s->ev, s->cap * sizeof(*s->ev));
		assert(s->ev);
	}
	ev = &s->ev[s->n++];
	memset(ev, 0, sizeof(*ev));
	ev->seq = s->n;
	ev->kind = kind;
	ev->t_ns = s->now;
	ev->dur_ns = dur_ns;
	ev->ret = ret;
	ev->device = s->device;
	ev->pid = s->pid;
	ev->tid = s->tid;
	ev->cpu = s->cpu;
	ev->host = s->host;
	memcpy(ev->comm, s->comm, sizeof(ev->comm));
	s->now += dur_ns + s->gap;
	return ev;
}

/* An event that takes no time of anybody's. */
static struct event *add_now(struct synth *s, uint32_t kind)
{
	struct event *ev = synth_add(s, kind, 0, 0);

	s->now -= s->gap;
	return ev;
}

void synth_init(struct synth *s)
{
	struct event *ev;

	memset(s, 0, sizeof(*s));
	s->now = BEGIN_NS;
	s->gap = 10 * US;
	s->state = MIG_UNKNOWN;
	ev = add_now(s, EV_CLOCK);
	ev->clock.realtime_ns = REAL_NS;
	ev->clock.boottime_ns = BEGIN_NS;
}

void synth_free(struct synth *s)
{
	free(s->ev);
	memset(s, 0, sizeof(*s));
}

void synth_pause(struct synth *s, uint64_t ns)
{
	s->now += ns;
}

static void put_string(char *dst, size_t n, const char *src)
{
	memset(dst, 0, n);
	strncpy(dst, src, n - 1);
}

void synth_device(struct synth *s, uint32_t number, const char *name, const char *driver,
		  uint64_t flags)
{
	struct event *ev;

	s->device = number;
	s->state = MIG_UNKNOWN;
	ev = add_now(s, EV_DEVICE);
	put_string(ev->device_def.name, sizeof(ev->device_def.name), name);
	put_string(ev->device_def.driver, sizeof(ev->device_def.driver), driver);
	put_string(ev->device_def.bus, sizeof(ev->device_def.bus), "pci");
	ev->device_def.migration_flags = flags;
}

void synth_task(struct synth *s, uint32_t pid, const char *comm, const char *vm)
{
	struct event *ev;

	s->pid = s->tid = pid;
	put_string(s->comm, sizeof(s->comm), comm);
	ev = add_now(s, EV_TASK);
	ev->device = 0;
	put_string(ev->task_def.vm, sizeof(ev->task_def.vm), vm);
}

void synth_open(struct synth *s)
{
	synth_add(s, EV_DEVICE_OPEN, 100 * US, 3);
	s->state = MIG_RUNNING;
}

void synth_close(struct synth *s)
{
	synth_add(s, EV_DEVICE_CLOSE, 100 * US, 0);
	s->state = MIG_UNKNOWN;
}

void synth_reset(struct synth *s)
{
	synth_add(s, EV_RESET, 500 * US, 0);
	s->state = MIG_RUNNING;
}

static bool hands_out(uint32_t from, uint32_t to)
{
	return (from == MIG_RUNNING && to == MIG_PRE_COPY) ||
	       (from == MIG_RUNNING_P2P && to == MIG_PRE_COPY_P2P) ||
	       (from == MIG_STOP && (to == MIG_STOP_COPY || to == MIG_RESUMING));
}

void synth_set_state(struct synth *s, const uint8_t *path, uint64_t arc_ns)
{
	uint64_t begin = s->now, gap = s->gap;
	uint32_t target = path[0], born = 0;
	struct event *ev;
	size_t i;

	for (i = 0; path[i] != 255; i++)
		target = path[i];
	/* The ioctl has 2 us of its own before and after the arcs. */
	s->now += 2 * US;
	s->gap = 0;
	for (i = 0; path[i] != 255; i++) {
		ev = synth_add(s, EV_ARC, arc_ns, 0);
		ev->arc.from = s->state;
		ev->arc.to = path[i];
		ev->arc.target = target;
		if (hands_out(s->state, path[i])) {
			bool resume = path[i] == MIG_RESUMING;

			ev = add_now(s, EV_STREAM_OPEN);
			ev->stream = s->stream = born = ++s->next_stream;
			ev->stream_open.direction = resume ? DIR_RESUME : DIR_SAVE;
			ev->stream_open.ops =
				STREAM_OP_RELEASE |
				(resume ? STREAM_OP_WRITE : STREAM_OP_READ | STREAM_OP_IOCTL);
			if (s->ops)
				ev->stream_open.ops = s->ops;
			ev->stream_open.hooked = ev->stream_open.ops;
			put_string(ev->stream_open.name, sizeof(ev->stream_open.name), "synth_mig");
		}
		s->state = path[i];
	}
	s->gap = gap;
	s->now = begin;
	ev = synth_add(s, EV_SET_STATE, i * arc_ns + 4 * US, 0);
	ev->stream = born;
	ev->set_state.target = target;
}

struct event *synth_why(struct synth *s, uint32_t kind, uint64_t asleep_ns, uint64_t blocked_ns,
			uint64_t lock_ns, uint64_t runqueue_ns, uint64_t fault_ns,
			const char *stack)
{
	uint64_t now = s->now;
	struct event *ev;
	size_t i = s->n, k;

	while (i && s->ev[i - 1].kind != kind)
		i--;
	assert(i);
	synth_add(s, EV_WHY, 0, 0);
	s->now = now;
	memmove(&s->ev[i], &s->ev[i - 1], (s->n - i) * sizeof(*s->ev));
	ev = &s->ev[i - 1];
	memset(&ev->why, 0, sizeof(ev->why));
	ev->why.send_receiver_ns = ev->why.send_buffers_ns = ev->why.send_network_ns =
		EVENT_NOT_SEEN;
	ev->why.srtt_ns = ev->why.cwnd = ev->why.retransmits = ev->why.futex_vcpu_ns =
		EVENT_NOT_SEEN;
	ev->kind = EV_WHY;
	ev->ret = 0;
	for (k = i - 1; k < s->n; k++)
		s->ev[k].seq = k + 1;
	ev->why.call = kind;
	ev->why.asleep_ns = asleep_ns;
	ev->why.blocked_ns = blocked_ns;
	ev->why.lock_ns = lock_ns;
	ev->why.runqueue_ns = runqueue_ns;
	ev->why.fault_ns = fault_ns;
	ev->why.faults = fault_ns != 0;
	ev->why.on_cpu_ns = ev->dur_ns - asleep_ns - blocked_ns - lock_ns - runqueue_ns - fault_ns;
	ev->why.longest_ns = asleep_ns > blocked_ns ? asleep_ns : blocked_ns;
	put_string(ev->why.stack, sizeof(ev->why.stack), stack);
	return ev;
}

struct event *synth_function(struct synth *s, const char *name, uint32_t unseen)
{
	uint64_t now = s->now;
	struct event *ev = synth_add(s, EV_FUNCTION, 0, 0);

	s->now = now;
	ev->pid = ev->tid = ev->device = ev->stream = 0;
	ev->t_ns = now;
	ev->function_def.unseen = unseen;
	put_string(ev->function_def.name, sizeof(ev->function_def.name), name);
	return ev;
}

struct event *synth_inside(struct synth *s, uint32_t kind, const char *function, uint64_t at_ns,
			   uint64_t dur_ns)
{
	struct event *ev = synth_why(s, kind, 0, 0, 0, 0, 0, "");

	memset(&ev->why, 0, sizeof(ev->why));
	ev->kind = EV_INSIDE;
	ev->inside.call_t_ns = ev->t_ns;
	ev->t_ns += at_ns;
	ev->dur_ns = dur_ns;
	ev->inside.call = kind;
	ev->inside.count = 1;
	ev->inside.total_ns = ev->inside.longest_ns = dur_ns;
	put_string(ev->inside.function, sizeof(ev->inside.function), function);
	return ev;
}

struct event *synth_between(struct synth *s, uint64_t ns)
{
	uint64_t now = s->now + ns - s->gap;
	struct event *ev;

	s->now -= s->gap;
	ev = synth_add(s, EV_WHY, ns, 0);
	ev->device = ev->stream = 0;
	memset(&ev->why, 0, sizeof(ev->why));
	ev->why.call = EV_NONE;
	ev->why.on_cpu_ns = ns;
	ev->why.send_receiver_ns = ev->why.send_buffers_ns = ev->why.send_network_ns =
		EVENT_NOT_SEEN;
	ev->why.srtt_ns = ev->why.cwnd = ev->why.retransmits = ev->why.futex_vcpu_ns =
		EVENT_NOT_SEEN;
	s->now = now;
	return ev;
}

void synth_set_state_fails(struct synth *s, uint32_t target, int err)
{
	uint64_t begin = s->now;
	struct event *ev;

	s->now += 2 * US;
	ev = synth_add(s, EV_ARC, 10 * US, -err);
	ev->arc.from = s->state;
	ev->arc.to = target;
	ev->arc.target = target;
	s->now = begin;
	ev = synth_add(s, EV_SET_STATE, 14 * US, -err);
	ev->set_state.target = target;
}

void synth_info(struct synth *s, uint64_t initial, uint64_t dirty)
{
	struct event *ev = synth_add(s, EV_PRECOPY_INFO, 5 * US, 0);

	ev->stream = s->stream;
	ev->precopy_info.initial_bytes = initial;
	ev->precopy_info.dirty_bytes = dirty;
}

void synth_data_size(struct synth *s, uint64_t bytes)
{
	synth_add(s, EV_DATA_SIZE, 5 * US, 0)->data_size.stop_copy_length = bytes;
}

void synth_read(struct synth *s, int64_t ret, uint64_t dur_ns)
{
	struct event *ev = synth_add(s, EV_READ, dur_ns, ret);

	ev->stream = s->stream;
	ev->io.size = MIB;
}

void synth_write(struct synth *s, int64_t ret, uint64_t dur_ns)
{
	struct event *ev = synth_add(s, EV_WRITE, dur_ns, ret);

	ev->stream = s->stream;
	ev->io.size = 32 * KIB;
}

void synth_empty_run(struct synth *s, int64_t ret, uint32_t count, uint64_t each_ns,
		     uint64_t period_ns)
{
	struct event *ev = synth_add(s, EV_READ, count * each_ns, ret);

	ev->stream = s->stream;
	ev->io.size = MIB;
	if (count > 1) {
		ev->io.count = count;
		ev->io.t_last_ns = ev->t_ns + (count - 1) * period_ns;
		s->now = ev->io.t_last_ns + each_ns + s->gap;
	}
}

void synth_dma_report(struct synth *s, uint64_t dur_ns)
{
	struct event *ev = synth_add(s, EV_DMA_LOG_REPORT, dur_ns, 0);

	ev->dma_log.page_size = 4096;
	ev->dma_log.length = MIB;
}

void synth_poll(struct synth *s, uint32_t mask)
{
	struct event *ev = synth_add(s, EV_POLL, US, mask);

	ev->stream = s->stream;
	ev->poll.mask = mask;
	ev->poll.waits = !mask;
	ev->poll.wait_ns = EVENT_WAIT_UNKNOWN;
}

void synth_stream_close(struct synth *s)
{
	synth_add(s, EV_STREAM_CLOSE, US, 0)->stream = s->stream;
	synth_add(s, EV_STREAM_RELEASE, US, 0)->stream = s->stream;
}

void synth_loss(struct synth *s, uint64_t count, uint64_t from_ns, uint64_t to_ns, uint32_t what)
{
	struct event *ev = add_now(s, EV_LOSS);

	ev->device = 0;
	ev->pid = ev->tid = 0;
	memset(ev->comm, 0, sizeof(ev->comm));
	ev->loss.count = count;
	ev->loss.t_from_ns = from_ns;
	ev->loss.t_to_ns = to_ns;
	ev->loss.what = what;
}

void synth_close_unseen(struct synth *s, uint64_t ago_ns)
{
	struct event *ev;

	synth_loss(s, 1, s->now - ago_ns, s->now, EV_STREAM_CLOSE);
	ev = &s->ev[s->n - 1];
	ev->t_ns = s->now - ago_ns;
	ev->dur_ns = ago_ns;
	ev->loss.cause = LOSS_DETACHED;
	ev->device = s->device;
	ev->stream = s->stream;
}

void synth_source(struct synth *s, const struct synth_plan *p)
{
	uint32_t i;

	synth_data_size(s, p->stop_copy_reads * MIB);
	if (p->precopy) {
		synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY), 900 * US);
		synth_info(s, p->precopy_reads * MIB, 0);
		for (i = 0; i < p->precopy_reads; i++)
			synth_read(s, MIB, 60 * US);
		synth_info(s, 0, 0);
		synth_empty_run(s, -ENOMSG, 212, US, 40 * US);
		synth_info(s, 0, 96 * KIB);
		synth_read(s, 96 * KIB, 30 * US);
		synth_data_size(s, p->stop_copy_reads * MIB);
		synth_info(s, 0, 0);
		synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), 3 * MS);
		synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 12 * MS);
	} else {
		synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), 3 * MS);
		synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 12 * MS);
	}
	synth_dma_report(s, 2 * MS);
	synth_pause(s, 20 * MS); /* the rest of the RAM */
	for (i = 0; i < p->stop_copy_reads; i++)
		synth_read(s, MIB, 80 * US);
	synth_read(s, 0, 2 * US);
	synth_pause(s, 150 * MS); /* the destination starts */
	synth_set_state(s, SYNTH_PATH(MIG_STOP), 1 * MS);
	synth_stream_close(s);
}

void synth_destination(struct synth *s, uint64_t bytes)
{
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), 1 * MS);
	while (bytes) {
		uint64_t n = bytes < 32 * KIB ? bytes : 32 * KIB;

		synth_write(s, (int64_t)n, 8 * US);
		bytes -= n;
	}
	synth_set_state(s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P), 30 * MS);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), 1 * MS);
	synth_stream_close(s);
}

struct synth_source {
	struct event_source src;
	struct synth *synth;
	size_t at;
	struct meta meta;
};

static int source_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct synth_source *ss = (struct synth_source *)src;

	(void)timeout_ms;
	if (ss->at == ss->synth->n)
		return -ENODATA;
	*ev = ss->synth->ev[ss->at++];
	return 1;
}

static const struct meta *source_meta(struct event_source *src)
{
	return &((struct synth_source *)src)->meta;
}

static void source_health(struct event_source *src, struct source_health *out)
{
	(void)src;
	memset(out, 0, sizeof(*out));
	out->ended = true;
}

static const char *source_error(struct event_source *src)
{
	(void)src;
	return "";
}

static void source_close(struct event_source *src)
{
	meta_clear(&((struct synth_source *)src)->meta);
	free(src);
}

struct event_source *synth_as_source(struct synth *s)
{
	static const struct event_source_ops ops = {
		.next = source_next,
		.meta = source_meta,
		.health = source_health,
		.error = source_error,
		.close = source_close,
	};
	struct synth_source *ss = calloc(1, sizeof(*ss));

	assert(ss);
	ss->src.ops = &ops;
	ss->synth = s;
	meta_add(&ss->meta, "host", "synth");
	return &ss->src;
}
