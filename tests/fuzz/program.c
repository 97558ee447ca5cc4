// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "tests/fuzz/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording.h"
#include "util/varint.h"

struct run {
	struct program *p;
	struct program_host *h;
	struct synth *s; /* of @h */
	struct bytes *b;
};

static void use_device(struct run *r, unsigned int n)
{
	static const char *const names[] = { "0000:3b:00.1", "0000:3b:00.2", "0000:75:00.1",
					     "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001" };
	static const char *const drivers[] = { "mlx5_vfio_pci", "hisi_acc_vfio_pci", "mtty",
					       "qat_vfio_pci" };
	struct program_host *h = r->h;
	struct synth *s = r->s;
	uint8_t how;

	h->device[s->device - 1].state = s->state;
	h->device[s->device - 1].stream = s->stream;
	n %= PROGRAM_DEVICES;
	s->device = n + 1;
	s->state = h->device[n].state;
	s->stream = h->device[n].stream;
	if (h->device[n].known)
		return;
	h->device[n].known = true;
	how = take8(r->b);
	if (how >= 240)
		return; /* nobody ever saw who it is */
	synth_device(s, s->device, names[n % 4], drivers[how % 4], how >> 2 & 7);
	s->ev[s->n - 1].device_def.precopy_info_v2 = how >> 5 & 1;
}

static void use_task(struct run *r, uint8_t n)
{
	static const char *const vms[] = { "web-1", "web-2", "db", "" };
	char comm[EVENT_COMM_LEN], vm[EVENT_NAME_LEN];

	if (n < 32) {
		synth_task(r->s, 100 + n % 4, "qemu-system-x86", vms[n / 4 % 4]);
		r->s->ev[r->s->n - 1].task_def.source = n / 16;
	} else if (n < 64) {
		take_string(r->b, comm, sizeof(comm));
		take_string(r->b, vm, sizeof(vm));
		synth_task(r->s, 100 + n % 4, comm, vm);
	} else {
		r->s->pid = 100 + n % 4;
		r->s->tid = r->s->pid + (n & 64 ? n / 4 % 4 : 0);
	}
}

static void set_state(struct run *r)
{
	uint8_t path[8] = { 0 }, how = take8(r->b);
	unsigned int n = 1 + how % 3, i;

	for (i = 0; i < n; i++)
		path[i] = take8(r->b) % (MIG_STATE_NR + 1);
	path[n] = 255;
	synth_set_state(r->s, path, ((uint64_t)take8(r->b) + 1) * 100 * US);
}

/* One of the steps that a VMM takes next. */
static void next_state(struct run *r)
{
	static const uint8_t next[MIG_STATE_NR][4] = {
		[MIG_ERROR] = { MIG_RUNNING, MIG_STOP, MIG_ERROR, MIG_STOP },
		[MIG_STOP] = { MIG_RUNNING_P2P, MIG_STOP_COPY, MIG_RESUMING, MIG_RUNNING },
		[MIG_RUNNING] = { MIG_PRE_COPY, MIG_RUNNING_P2P, MIG_STOP, MIG_PRE_COPY },
		[MIG_STOP_COPY] = { MIG_STOP, MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING },
		[MIG_RESUMING] = { MIG_STOP, MIG_STOP, MIG_RUNNING, MIG_ERROR },
		[MIG_RUNNING_P2P] = { MIG_RUNNING, MIG_STOP, MIG_PRE_COPY_P2P, MIG_RESUMING },
		[MIG_PRE_COPY] = { MIG_PRE_COPY_P2P, MIG_STOP_COPY, MIG_RUNNING, MIG_STOP_COPY },
		[MIG_PRE_COPY_P2P] = { MIG_STOP_COPY, MIG_STOP_COPY, MIG_PRE_COPY, MIG_RUNNING_P2P },
	};
	static const int errnos[] = { EINVAL, EIO, EBUSY, ENOMSG, EAGAIN, ENOTTY, 512, 4095 };
	uint32_t from = r->s->state < MIG_STATE_NR ? r->s->state : MIG_RUNNING;
	uint8_t how = take8(r->b);

	if (how >= 240)
		synth_set_state_fails(r->s, next[from][how % 4], errnos[how / 4 % 8]);
	else
		synth_set_state(r->s, SYNTH_PATH(next[from][how % 4]),
				((uint64_t)how + 1) * 50 * US);
}

/* Why the next call takes its time, or one that is out has taken it so far. */
static void put_why(struct run *r, struct event *ev, uint64_t dur)
{
	uint8_t how = take8(r->b);

	memset(&ev->why, 0, sizeof(ev->why));
	ev->kind = EV_WHY;
	ev->dur_ns = dur;
	ev->why.call = how % EV_KIND_NR;
	ev->why.so_far = how >> 7;
	ev->why.asleep_ns = take(r->b, 3);
	ev->why.runqueue_ns = take(r->b, 2);
	ev->why.on_cpu_ns = dur - ev->why.asleep_ns - ev->why.runqueue_ns;
	take_string(r->b, ev->why.stack, sizeof(ev->why.stack));
	/* Between two calls it sent, and what it says of that may be a lie. */
	if (ev->why.call == EV_NONE) {
		ev->why.send_ns = ev->why.asleep_ns / 2;
		ev->why.futex_ns = ev->why.asleep_ns - ev->why.send_ns;
		ev->why.asleep_ns = 0;
		ev->why.futex_vcpu_ns = how & 16 ? EVENT_NOT_SEEN : ev->why.runqueue_ns;
		ev->why.send_receiver_ns = how & 4 ? EVENT_NOT_SEEN : ev->why.send_ns / 2;
		ev->why.send_network_ns = ev->why.runqueue_ns;
		ev->why.srtt_ns = how & 8 ? EVENT_NOT_SEEN : ev->why.runqueue_ns;
		ev->why.retransmits = ev->why.send_ns;
	}
}

/* What ran within the next call, or pretends to. */
static void put_inside(struct run *r, struct event *ev, uint64_t dur)
{
	uint8_t how = take8(r->b);

	memset(&ev->inside, 0, sizeof(ev->inside));
	ev->kind = EV_INSIDE;
	ev->dur_ns = dur;
	ev->inside.call = how % EV_KIND_NR;
	ev->inside.call_t_ns = how & 16 ? ev->t_ns : take(r->b, 4);
	ev->inside.folded = how >> 7;
	ev->inside.depth = how >> 5 & 3;
	ev->inside.count = take(r->b, 1 + (how & 7));
	ev->inside.total_ns = take(r->b, 3);
	ev->inside.longest_ns = how & 1 ? dur : take(r->b, 3);
	take_string(r->b, ev->inside.function, sizeof(ev->inside.function));
}

static void put_function(struct run *r, struct event *ev)
{
	uint8_t how = take8(r->b);

	memset(&ev->function_def, 0, sizeof(ev->function_def));
	ev->kind = EV_FUNCTION;
	ev->ret = how & 64 ? -(int64_t)take8(r->b) : 0;
	ev->function_def.unseen = how % 10;
	take_string(r->b, ev->function_def.name, sizeof(ev->function_def.name));
	if (how & 128)
		take_string(r->b, ev->function_def.symbol, sizeof(ev->function_def.symbol));
}

/* A source and its destination: the devices of a VM, one after the other, on both hosts. */
static void migration(struct run *r)
{
	struct synth_plan plan;
	struct program_host *from = r->h, *to = &r->p->host[from == &r->p->host[0]];
	unsigned int n = 1 + take8(r->b) % 3, first = r->s->device - 1, i;
	uint8_t how = take8(r->b);

	plan.precopy = how & 1;
	plan.precopy_reads = how >> 1 & 7;
	plan.stop_copy_reads = how >> 4 & 7;
	for (i = 0; i < n; i++) {
		r->h = from;
		r->s = &from->s;
		use_device(r, first + i);
		from->s.state = MIG_RUNNING;
		synth_source(&from->s, &plan);
		r->h = to;
		r->s = &to->s;
		use_device(r, first + i);
		to->s.state = MIG_RUNNING;
		synth_destination(&to->s, how >= 128 ? 96 * KIB : 300 * KIB);
	}
	r->h = from;
	r->s = &from->s;
}

static void simple(struct run *r, uint8_t op)
{
	static const int64_t rets[] = { 0, -ENOMSG, -EIO, -EAGAIN, -EINTR, -512, -EFAULT, -ENODEV };
	struct synth *s = r->s;
	uint64_t dur = ((uint64_t)take8(r->b) + 1) << (op & 7) * 3;
	struct event *ev;
	uint8_t how;

	switch (op >> 3 & 15) {
	case 0:
		synth_read(s, (int64_t)take(r->b, 3), dur);
		return;
	case 1:
		synth_write(s, (int64_t)take(r->b, 3), dur);
		return;
	case 2:
		how = take8(r->b);
		if (how & 1)
			synth_read(s, rets[how >> 1 & 7], dur);
		else
			synth_write(s, rets[how >> 1 & 7], dur);
		return;
	case 3:
		synth_empty_run(s, rets[take8(r->b) & 1], 1 + take8(r->b), dur, dur * 8);
		return;
	case 4:
		synth_info(s, take(r->b, 3), take(r->b, 3));
		s->ev[s->n - 1].precopy_info.flags = take8(r->b) & 1;
		return;
	case 5:
		synth_data_size(s, take(r->b, 4));
		return;
	case 6:
		synth_poll(s, take8(r->b));
		return;
	case 7:
		how = take8(r->b);
		ev = synth_add(s, how & 1 ? EV_STREAM_CLOSE : EV_STREAM_RELEASE, dur, 0);
		ev->stream = s->stream;
		if (how & 1)
			ev->stream_close.refs = how >> 1 & 3;
		return;
	case 8:
		how = take8(r->b);
		ev = synth_add(s, EV_DMA_LOG_START + how % 3, dur, how >= 192 ? -EINVAL : 0);
		ev->dma_log.length = MIB;
		return;
	case 9:
		synth_open(s);
		return;
	case 10:
		how = take8(r->b);
		if (how & 1)
			synth_reset(s);
		else
			synth_add(s, EV_DEVICE_RESET, dur, 0)->device_reset.by = how >> 1 & 3;
		return;
	case 11:
		synth_close(s);
		return;
	case 12:
		ev = synth_add(s, EV_PROCESS_EXIT, 0, 0);
		ev->process_exit.signal = take8(r->b) % 65;
		return;
	case 13:
		ev = synth_add(s, EV_STUCK, 0, 0);
		ev->stream = s->stream;
		ev->stuck.call = take8(r->b) % EV_KIND_NR;
		ev->stuck.age_ns = dur << 22;
		if (ev->stuck.call == EV_WHY)
			put_why(r, ev, dur);
		else if (ev->stuck.call == EV_INSIDE)
			put_inside(r, ev, dur);
		else if (ev->stuck.call == EV_FUNCTION)
			put_function(r, ev);
		return;
	case 14:
		ev = synth_add(s, EV_MARK, 0, 0);
		take_string(r->b, ev->mark.text, sizeof(ev->mark.text));
		return;
	default:
		synth_loss(s, take8(r->b), s->now - dur, s->now, take8(r->b) % EV_KIND_NR);
		return;
	}
}

/* Whatever stands in a field of @ev that event.h's tables name, or that all have. */
static void spoil_field(struct run *r, struct event *ev)
{
	uint8_t which = take8(r->b), *p;
	const struct event_field *f;
	size_t n;

	f = event_fields(ev->kind, &n);
	if (which < 128 && n) {
		f += which % n;
		p = (uint8_t *)ev + f->offset;
		if (f->type == EF_STR)
			take_string(r->b, (char *)p, f->size);
		else if (f->size == 8)
			put_le64(p, take_odd(r->b, get_le64(p)));
		else
			put_le32(p, (uint32_t)take_odd(r->b, get_le32(p)));
		return;
	}
	switch (which % 11) {
	case 0:
	case 1:
		ev->t_ns = take_odd(r->b, ev->t_ns);
		return;
	case 2:
		ev->dur_ns = take_odd(r->b, ev->dur_ns);
		return;
	case 3:
	case 4:
		ev->ret = (int64_t)take_odd(r->b, 0);
		return;
	case 5:
		ev->cpu = (uint32_t)take_odd(r->b, 0);
		return;
	case 6:
		ev->pid = (uint32_t)take_odd(r->b, ev->pid);
		return;
	case 7:
		ev->tid = (uint32_t)take_odd(r->b, ev->tid);
		return;
	case 8:
		ev->device = (uint32_t)take_odd(r->b, ev->device);
		return;
	case 9:
		ev->stream = (uint32_t)take_odd(r->b, ev->stream);
		return;
	default:
		ev->host = (uint32_t)take_odd(r->b, ev->host);
		return;
	}
}

static void any_event(struct run *r)
{
	uint32_t kind = take8(r->b) % EV_KIND_NR;
	struct event *ev;
	unsigned int n;

	if (!event_kind_name(kind))
		kind = EV_MARK;
	ev = synth_add(r->s, kind, take8(r->b), 0);
	ev->stream = r->s->stream;
	for (n = take8(r->b) % 8; n; n--)
		spoil_field(r, ev);
}

/* The order of what has happened. */
static void reorder(struct run *r)
{
	struct synth *s = r->s;
	size_t a = s->n - 1 - take8(r->b) % s->n, b = s->n - 1 - take8(r->b) % s->n;
	struct event ev = s->ev[a];

	switch (take8(r->b) % 4) {
	case 0:
		s->ev[a] = s->ev[b];
		s->ev[b] = ev;
		return;
	case 1: /* was not seen */
		memmove(&s->ev[a], &s->ev[a + 1], (s->n - a - 1) * sizeof(ev));
		s->n--;
		return;
	case 2: /* the capture began there */
		memmove(s->ev, &s->ev[a], (s->n - a) * sizeof(ev));
		s->n -= a;
		return;
	default: /* twice */
		*synth_add(s, ev.kind, 0, 0) = ev;
		return;
	}
}

static void clocks(struct run *r)
{
	struct synth *s = r->s;
	struct event *ev;
	uint8_t how = take8(r->b);

	if (how < 96) {
		synth_pause(s, (uint64_t)take8(r->b) << how % 40);
		return;
	}
	if (how < 112) {
		s->now = take_odd(r->b, s->now);
		return;
	}
	ev = synth_add(s, EV_CLOCK, how & 15, 0);
	ev->clock.realtime_ns = s->ev[0].clock.realtime_ns + (s->now - s->ev[0].t_ns);
	ev->clock.boottime_ns = s->now;
	if (how >= 192)
		ev->clock.realtime_ns = take_odd(r->b, ev->clock.realtime_ns);
}

/* What the recording says of itself, and how it is written. */
static void about(struct run *r)
{
	static const char *const keys[] = {
		"tool",	   "tool.version", "command", "started", "host",   "kernel",
		"machine", "boot_id",	   "hook",    "driver",	 "filter", "merged",
		"part",	   "clock.bound",  "note",    "???"
	};
	static const char *const values[] = {
		"host-b",
		"vfio vfio_pci_core_ioctl read fentry ok",
		"vfio x read none failed no such function",
		"clock: by CLOCK_REALTIME of both hosts",
		"bound: 3 ms",
		"1 0 18446744073709551615 - b",
		"2 1000000000000 1000000000001 5f3a name",
		"18446744073709551615",
	};
	char text[100];
	uint8_t how = take8(r->b);

	if (how >= 240) {
		struct event *ev = synth_add(r->s, EV_HOST, 0, 0);

		ev->host = how & 3;
		take_string(r->b, ev->host_def.name, sizeof(ev->host_def.name));
		r->s->host = ev->host;
	} else if (how >= 224) {
		r->h->frame_events = 1 + take8(r->b);
		r->h->compressed = how & 1;
		r->h->cut = how & 2;
	} else {
		if (how & 16)
			take_string(r->b, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "%s", values[how >> 5 & 7]);
		if (meta_add(&r->h->meta, keys[how & 15], text))
			fuzz_die("out of memory");
	}
}

static void one(struct run *r)
{
	uint8_t op = take8(r->b);

	if (op < 128)
		simple(r, op);
	else if (op < 144)
		next_state(r);
	else if (op < 152)
		set_state(r);
	else if (op < 164)
		use_device(r, op);
	else if (op < 172)
		use_task(r, take8(r->b));
	else if (op < 180)
		migration(r);
	else if (op < 184)
		synth_source(r->s, &(struct synth_plan){ op & 3, take8(r->b) & 3, op & 1 });
	else if (op < 188)
		synth_destination(r->s, take(r->b, 2));
	else if (op < 200)
		clocks(r);
	else if (op < 222)
		spoil_field(r, &r->s->ev[r->s->n - 1 - (op & 1 ? take8(r->b) % r->s->n : 0)]);
	else if (op < 232)
		any_event(r);
	else if (op < 242)
		reorder(r);
	else if (op < 248)
		about(r);
	else if (op < 250)
		r->s->gap = take(r->b, 2);
	else { /* the other host */
		r->h = &r->p->host[op & 1];
		r->s = &r->h->s;
	}
}

void program_run(struct program *p, struct bytes *b)
{
	static const char *const boot[] = { "0f8fad5b-d9cb-469f-a165-70867728950e",
					    "7c9e6679-7425-40de-944b-e07fc1f90ae7" };
	struct run r = { .p = p, .b = b };
	unsigned int i, k;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < PROGRAM_HOSTS; i++) {
		struct program_host *h = &p->host[i];

		synth_init(&h->s);
		h->s.device = 1;
		for (k = 0; k < PROGRAM_DEVICES; k++)
			h->device[k].state = MIG_UNKNOWN;
		/* The other machine has run for 77 s. */
		if (i) {
			h->s.now = 77 * SEC;
			h->s.ev[0].t_ns = h->s.ev[0].clock.boottime_ns = h->s.now;
		}
		if (meta_add(&h->meta, "host", i ? "node-b" : "node-a") ||
		    meta_add(&h->meta, "boot_id", boot[i]))
			fuzz_die("out of memory");
	}
	r.h = &p->host[0];
	r.s = &r.h->s;
	while (b->n && p->host[0].s.n + p->host[1].s.n < PROGRAM_EVENTS) {
		one(&r);
		if (!r.s->n)
			synth_add(r.s, EV_MARK, 0, 0);
	}
}

void program_write(const struct program *p, unsigned int host, int fd)
{
	const struct program_host *h = &p->host[host];
	const struct recording_writer_opts o = {
		.level = h->compressed ? 1 : -1,
		.frame_events = h->frame_events,
		.flush_ns = UINT64_MAX,
		.urgent_ns = UINT64_MAX,
		.snapshot_frames = 2,
	};
	struct recording_writer *w;
	size_t i;

	if (recording_writer_open(&w, fd, &o) || recording_writer_meta(w, &h->meta))
		fuzz_die("a recording cannot be begun");
	for (i = 0; i < h->s.n; i++)
		if (recording_writer_put(w, &h->s.ev[i]))
			fuzz_die("an event cannot be written");
	if ((!h->cut && recording_writer_end(w)) || recording_writer_close(w))
		fuzz_die("a recording cannot be ended");
}

void program_free(struct program *p)
{
	unsigned int i;

	for (i = 0; i < PROGRAM_HOSTS; i++) {
		synth_free(&p->host[i].s);
		meta_clear(&p->host[i].meta);
	}
}
