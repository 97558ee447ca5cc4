// SPDX-License-Identifier: GPL-2.0-only
#include "capture/capture.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "capture/attach.h"
#include "capture/decode.h"
#include "capture/earlier.h"
#include "capture/inside.h"
#include "capture/process.h"
#include "capture/rest.h"
#include "capture/why.h"
#include "util/mono.h"

/* The ring is looked at at least this often, whatever wakes us. */
#define LOOK_MS	    50
#define IDLE_MS	    5000
#define SOON_MS	    2 /* a module is being loaded */
#define TICK_NS	    1000000000ULL
#define IDLE_NS	    30000000000ULL /* the counters of each program take their time */
#define JOIN_NS	    100000000ULL   /* between two looks for a data FD that is not known */
#define CLOCK_NS    10000000000ULL
#define QUEUE_LEN   8192
/* A record can become three events: a loss before it, a task, itself. */
#define QUEUE_SPARE 4
#define MAX_CPUS    8192	  /* NR_CPUS, where it is largest */
#define STUCK_NS    1000000000ULL /* a call this old is told */

struct capture {
	struct event_source src;
	struct attach *attach;
	struct ring_buffer *rb;
	struct meta meta;
	struct processes *procs;
	struct earlier *earlier; /* NULL: no call was under way */
	char vm[EVENT_NAME_LEN]; /* the only one wanted; "": all */

	struct event queue[QUEUE_LEN + QUEUE_SPARE];
	unsigned int head, tail; /* head: next to hand out */
	uint64_t seq;
	uint64_t last_ns;

	/* loss, see tell_lost() and tell_skipped() */
	uint64_t cpu_lost[MAX_CPUS];
	uint64_t ring_seen; /* sum of cpu_lost */
	uint64_t ring_told;
	uint64_t skipped_told; /* of the programs' misses */
	uint64_t unsure_ns;    /* since when some may be lost that are not told; 0: none is */
	uint64_t skipped_seen; /* unfinished entries in the ring */
	/* attach_closes_skipped_at_most(), attach_ends_skipped(), attach_unmet() */
	uint64_t closes_told, ends_told, unmet_told;
	uint64_t why_told;    /* why_lost() */
	uint64_t inside_told; /* inside_lost() */
	bool why_failed;      /* that is in the notes */
	bool uncounted;	      /* so is that */
	bool waits;	      /* as struct capture_opts */
	bool hangs;	      /* a call was out for STUCK_NS at the last look */
	uint64_t table_told;
	uint64_t checked_ns; /* when the counters were last read */

	bool join_wanted;   /* a data FD is open that nobody saw being born */
	uint64_t strangers; /* attach_strangers() when they were looked for */
	uint64_t joined_ns;
	uint64_t tick_ns;
	uint64_t looked_ns; /* at the calls in flight */
	uint64_t clock_ns;  /* when the clocks were told */
	bool idle;
	uint64_t stop_ns; /* 0: running */
	bool drained;
	bool stuck_at_end; /* a call hung when the capture ended */
	char error[256];
};

static struct event *queue_add(struct capture *c)
{
	return &c->queue[c->tail++];
}

static void tell_loss(struct capture *c, uint64_t count, uint64_t from, uint64_t to, uint32_t cause,
		      uint32_t what, uint32_t cpu)
{
	struct event *ev = queue_add(c);

	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_LOSS;
	ev->t_ns = from;
	ev->dur_ns = to - from;
	ev->cpu = cpu;
	ev->loss.count = count;
	ev->loss.t_from_ns = from;
	ev->loss.t_to_ns = to;
	ev->loss.cause = cause;
	ev->loss.what = what;
}

static void tell_clock(struct capture *c)
{
	struct event *ev = queue_add(c);
	struct timespec real, boot;

	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_CLOCK;
	ev->t_ns = mono_ns();
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	ev->clock.realtime_ns = real.tv_sec * 1000000000ULL + real.tv_nsec;
	ev->clock.boottime_ns = boot.tv_sec * 1000000000ULL + boot.tv_nsec;
}

/* Of a kind that has a count of its own. */
static void tell_skipped(struct capture *c, uint64_t skipped, uint64_t *told, uint32_t kind,
			 uint64_t now)
{
	if (skipped <= *told)
		return;
	tell_loss(c, skipped - *told, c->checked_ns, now, LOSS_SKIPPED, kind, 0);
	*told = skipped;
}

/* What the tables and the rings could not take since the last look. */
static void tell_counters(struct capture *c)
{
	struct wire_counters now;
	uint64_t skipped, at_most, t = mono_ns();

	skipped = attach_skipped(c->attach, &at_most);
	/* Nothing is under way any more that we would be told of. */
	if (c->drained)
		skipped = at_most;
	if (at_most > c->skipped_told && !c->unsure_ns)
		c->unsure_ns = c->checked_ns;
	if (attach_counters(c->attach, &now))
		return;
	/*
	 * The next record of a cpu tells what that cpu lost before it; a cpu
	 * that stays silent is caught up with here.
	 */
	if (now.lost > c->ring_told) {
		tell_loss(c, now.lost - c->ring_told, c->checked_ns, t, LOSS_RING, EV_NONE, 0);
		c->ring_told = now.lost;
	}
	/*
	 * A skipped return shows twice: in its program's miss counter, and when
	 * the task's next call meets the unfinished one.  Told once.
	 */
	if (skipped > c->skipped_told) {
		tell_loss(c, skipped - c->skipped_told, c->unsure_ns, t, LOSS_SKIPPED, EV_NONE, 0);
		c->skipped_told = skipped;
	}
	if (at_most <= c->skipped_told)
		c->unsure_ns = 0;
	tell_skipped(c, attach_unmet(c->attach), &c->unmet_told, EV_NONE, t);
	tell_skipped(c, attach_closes_skipped_at_most(c->attach), &c->closes_told, EV_STREAM_CLOSE,
		     t);
	tell_skipped(c, attach_ends_skipped(c->attach), &c->ends_told, EV_PROCESS_EXIT, t);
	tell_skipped(c, why_lost(c->attach), &c->why_told, EV_WHY, t);
	tell_skipped(c, inside_lost(c->attach), &c->inside_told, EV_INSIDE, t);
	if (now.table_full > c->table_told) {
		tell_loss(c, now.table_full - c->table_told, c->checked_ns, t, LOSS_TABLE, EV_NONE,
			  0);
		c->table_told = now.table_full;
	}
	c->checked_ns = t;
}

/* Ages at which a call that has not returned is told, in seconds. */
static bool age_is_told(uint64_t before_ns, uint64_t now_ns)
{
	static const unsigned int ages[] = {
		1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600, 3 * 3600, 12 * 3600, 24 * 3600,
	};
	size_t i;

	for (i = 0; i < sizeof(ages) / sizeof(ages[0]); i++)
		if (before_ns < ages[i] * 1000000000ULL && now_ns >= ages[i] * 1000000000ULL)
			return true;
	return false;
}

/* Of the functions that are timed within calls: which are seen, as far as that is news. */
static void tell_functions(struct capture *c)
{
	struct inside_function *f;
	struct event *ev;
	size_t i;

	for (i = 0; (f = inside_function(c->attach, i)); i++) {
		if (!f->news || c->tail >= QUEUE_LEN - QUEUE_SPARE)
			continue;
		f->news = false;
		ev = queue_add(c);
		memset(ev, 0, sizeof(*ev));
		ev->kind = EV_FUNCTION;
		ev->t_ns = f->pub.unseen == UNSEEN_NOT ? f->since_ns : mono_ns();
		ev->ret = f->pub.err;
		ev->function_def.unseen = f->pub.unseen;
		memcpy(ev->function_def.name, f->pub.name, sizeof(ev->function_def.name));
		if (strcmp(f->pub.symbol, f->pub.name) != 0)
			memcpy(ev->function_def.symbol, f->pub.symbol,
			       sizeof(ev->function_def.symbol));
	}
}

static void tell_task(struct capture *c, uint32_t pid)
{
	struct process_name name;
	struct event *ev;

	if (!pid || !processes_first_sight(c->procs, pid, &name))
		return;
	if (c->vm[0] && strcmp(c->vm, name.vm)) {
		processes_unwant(c->procs, pid);
		attach_ignore_task(c->attach, pid);
		return;
	}
	ev = queue_add(c);
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_TASK;
	ev->t_ns = mono_ns();
	ev->pid = pid;
	ev->tid = pid;
	memcpy(ev->comm, name.comm, sizeof(ev->comm));
	memcpy(ev->task_def.vm, name.vm, sizeof(ev->task_def.vm));
	ev->task_def.source = name.source;
}

/* What the call of @stuck, which has just been told, does and has done. */
static void tell_why(struct capture *c, const struct event *stuck, uint64_t start_ns)
{
	static struct wire_why rec;
	struct event *ev;

	if (!why_look_at(c->attach, stuck->tid, &rec))
		return;
	ev = queue_add(c);
	*ev = *stuck;
	decode_why(&rec, ev);
	ev->kind = EV_WHY;
	ev->t_ns = start_ns;
	ev->dur_ns = stuck->stuck.age_ns;
	ev->why.call = stuck->stuck.call;
	ev->why.so_far = 1;
}

struct stuck_look {
	struct capture *c;
	uint64_t now, before; /* this look and the one before; before 0: the last look */
};

static void tell_flight(const struct attach_flight *f, void *arg)
{
	struct stuck_look *look = arg;
	struct capture *c = look->c;
	uint64_t age, before = 0;
	struct event *ev;

	/* A free cell that was just taken has no start yet. */
	if (!f->start_ns || f->start_ns > look->now || c->tail >= QUEUE_LEN - 2 * QUEUE_SPARE)
		return;
	age = look->now - f->start_ns;
	if (look->before > f->start_ns)
		before = look->before - f->start_ns;
	c->hangs |= age >= STUCK_NS;
	if (age < STUCK_NS || (look->before && !age_is_told(before, age)) ||
	    !process_in_file_call(f->tid))
		return;
	/* What the hooks' filter has not seen, it has not filtered. */
	tell_task(c, f->pid);
	if (!processes_wanted(c->procs, f->pid))
		return;
	ev = queue_add(c);
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_STUCK;
	ev->t_ns = look->now;
	ev->tid = f->tid;
	ev->pid = process_of_thread(f->tid, ev->comm);
	if (!ev->pid)
		ev->pid = f->pid;
	ev->device = f->device;
	ev->stream = f->stream;
	/* A read may wait for data; a change of state or a reset that hangs spins. */
	if (!look->before && f->kind != WIRE_READ && f->kind != WIRE_POLL)
		c->stuck_at_end = true;
	ev->stuck.call = f->has_target ? EV_SET_STATE : decode_kind(f->kind);
	ev->stuck.age_ns = age;
	tell_why(c, ev, f->start_ns);
	if (f->news)
		meta_addf(
			&c->meta, "note",
			"a %s of thread %u was under way when the capture began: it is older than its stuck events say",
			event_kind_name(ev->stuck.call), f->tid);
}

/* @last: the capture ends, so whatever is old enough is told once more. */
static void tell_stuck(struct capture *c, bool last)
{
	struct stuck_look look = { .c = c, .now = mono_ns(), .before = c->looked_ns };

	if (last)
		look.before = 0;
	c->hangs = false;
	attach_flights(c->attach, tell_flight, &look);
	earlier_flights(c->earlier, c->attach, tell_flight, &look);
	c->looked_ns = look.now;
}

static void tell_hook(struct capture *c, const struct capture_hook *h)
{
	meta_addf(&c->meta, "hook", "%s %s %s %s %s%s%s", h->module, h->function, h->kind,
		  h->method, capture_hook_attached(h) ? "ok" : "failed", h->reason[0] ? " " : "",
		  h->reason);
}

/* The last @added hooks of the list are new. */
static void tell_hooks(struct capture *c, size_t added)
{
	unsigned int uncounted = attach_uncounted(c->attach);
	const struct capture_hook *hooks;
	size_t n, i;

	if (uncounted && !c->uncounted)
		meta_addf(
			&c->meta, "note",
			"this kernel does not count the calls that it hides from kprobes while its cpu changes a BPF map: of the %u functions that only they trace some may be missing without a loss",
			uncounted);
	c->uncounted |= uncounted;

	hooks = attach_hooks(c->attach, &n);
	for (i = n - added; i < n; i++)
		tell_hook(c, &hooks[i]);
}

/*
 * A SET_STATE gave its caller a data FD whose birth no hook saw: the program was
 * skipped, or there is none on that driver.
 */
static bool unseen_birth(const struct wire_feature *rec)
{
	const uint32_t set = VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE;

	return rec->head.ret == 0 && !rec->head.stream && rec->flags == set &&
	       rec->valid & WIRE_FEATURE_PAYLOAD && (int32_t)(rec->payload[0] >> 32) >= 0;
}

/* What became of a function that the kernel side met. */
enum met { MET_NOT_TRACED, MET_TRACED, MET_TRACED_SINCE };

/* @t_ns: when it was met.  A hook may have come between that and now. */
static enum met met_symbol(struct capture *c, const char field[WIRE_NAME_LEN], const char *kind,
			   uint64_t t_ns)
{
	char symbol[WIRE_NAME_LEN];
	uint64_t since;
	int added;

	memcpy(symbol, field, sizeof(symbol));
	symbol[sizeof(symbol) - 1] = '\0';
	since = attach_hooked_since(c->attach, symbol, kind);
	if (!since) {
		added = attach_symbol(c->attach, symbol, kind);
		if (added > 0)
			tell_hooks(c, added);
		since = attach_hooked_since(c->attach, symbol, kind);
	}
	return !since ? MET_NOT_TRACED : since <= t_ns ? MET_TRACED : MET_TRACED_SINCE;
}

static void finish_stream_open(struct capture *c, const struct wire_stream_open *rec,
			       struct event *ev)
{
	unsigned int op;
	enum met met;

	/*
	 * The first data FD of a driver that was hooked when it was met, or that
	 * was used while its hooks came: what was called between its birth and its
	 * hooks was not seen.  Of one that was found nobody expects it.
	 */
	for (op = 0; op < WIRE_OP_NR; op++) {
		if (!(rec->ops.ops & (1U << op)))
			continue;
		met = met_symbol(c, rec->ops.symbol[op], attach_op_kinds[op], rec->head.end_ns);
		if (met == MET_TRACED || (met == MET_TRACED_SINCE && rec->adopted))
			ev->stream_open.hooked |= 1U << op;
	}
}

/* What a process that has ended still does. */
static bool closes(uint32_t wire_kind)
{
	return wire_kind == WIRE_STREAM_CLOSE || wire_kind == WIRE_STREAM_RELEASE ||
	       wire_kind == WIRE_DEVICE_CLOSE || wire_kind == WIRE_DEVICE_RESET ||
	       wire_kind == WIRE_LOST_EXIT;
}

static int on_record(void *ctx, void *data, size_t size)
{
	const struct wire_head *h = data;
	struct capture *c = ctx;
	struct event ev;
	uint64_t lost;

	/* These two may tell what the thread has, not what it did. */
	if (h->kind != WIRE_DEVICE && h->kind != WIRE_STREAM_OPEN)
		earlier_over(c->earlier, h->tid);
	/* What ended after the stop is not part of this capture. */
	if (c->stop_ns && h->end_ns > c->stop_ns) {
		c->drained = true;
		return -EAGAIN;
	}
	if (decode_record(data, size, &ev)) {
		tell_loss(c, 1, c->last_ns, mono_ns(), LOSS_RING, EV_NONE, 0);
		goto out;
	}
	if (h->cpu < MAX_CPUS && h->lost > c->cpu_lost[h->cpu]) {
		lost = h->lost - c->cpu_lost[h->cpu];
		c->cpu_lost[h->cpu] = h->lost;
		c->ring_seen += lost;
		/* tell_counters() may have told them already. */
		if (c->ring_seen > c->ring_told) {
			tell_loss(c, c->ring_seen - c->ring_told, c->last_ns, h->end_ns, LOSS_RING,
				  EV_NONE, h->cpu);
			c->ring_told = c->ring_seen;
		}
	}
	if (h->kind == WIRE_LOST_EXIT && ++c->skipped_seen <= c->skipped_told)
		goto out; /* told by tell_counters() already */
	if (h->kind == WIRE_LOST_EXIT)
		c->skipped_told = c->skipped_seen;
	if (h->kind == WIRE_STREAM_OPEN)
		finish_stream_open(c, data, &ev);
	if (h->kind == WIRE_INSIDE) {
		const struct wire_inside *rec = data;
		const struct inside_function *f = inside_function(c->attach, rec->function);

		if (f)
			memcpy(ev.inside.function, f->pub.name, sizeof(ev.inside.function));
	}
	if (h->kind == WIRE_FEATURE && unseen_birth(data))
		c->join_wanted = true;
	/* A driver without BTF: only now is it known which files are data FDs. */
	if (h->kind == WIRE_DEVICE) {
		const struct wire_device *rec = data;

		if (met_symbol(c, rec->set_state, "set_state", h->end_ns) == MET_TRACED_SINCE)
			c->join_wanted = true;
		met_symbol(c, rec->reset_done, "device_reset", h->end_ns);
	}
	if (h->kind == WIRE_DEVICE_OPEN)
		processes_forget(c->procs, ev.pid); /* it may have changed its name */
	else if (!closes(h->kind))
		processes_used(c->procs, ev.pid);
	tell_task(c, ev.pid);
	/* A device is told all the same: a wanted process may come to use it. */
	if (ev.kind != EV_DEVICE && !processes_wanted(c->procs, ev.pid))
		goto out;
	if (h->kind == WIRE_PROCESS_EXIT)
		processes_ended(c->procs, ev.pid);
	*queue_add(c) = ev;
out:
	/* Full: leave the rest in the ring; this record is consumed. */
	return c->tail >= QUEUE_LEN - 2 * QUEUE_SPARE ? -EAGAIN : 0;
}

static bool tell_close_unseen(const struct rest_close *close, void *arg)
{
	struct capture *c = arg;
	struct event *ev;

	if (c->tail >= QUEUE_LEN - 2 * QUEUE_SPARE)
		return false;
	tell_loss(c, 1, close->from_ns, close->to_ns, LOSS_DETACHED, EV_STREAM_CLOSE, 0);
	ev = &c->queue[c->tail - 1];
	ev->device = close->device;
	ev->stream = close->stream;
	return true;
}

/* What is attached around migrations comes and goes with them. */
static void follow_migrations(struct capture *c)
{
	struct rest_told told = { .closed = tell_close_unseen, .arg = c };
	size_t i;

	rest_update(c->attach, mono_ns(), c->waits, c->hangs, &told);
	for (i = 0; i < sizeof(told.failed) / sizeof(told.failed[0]); i++)
		if (told.failed[i])
			tell_hook(c, told.failed[i]);
	tell_functions(c);
	if (c->why_failed || !why_error(c->attach))
		return;
	c->why_failed = true;
	meta_addf(&c->meta, "note", "why calls take their time is not seen: %s",
		  why_error(c->attach));
}

bool capture_uncounted(const struct capture *c)
{
	return c->uncounted;
}

static void rescan(struct capture *c)
{
	int added = attach_rescan(c->attach);

	if (added <= 0)
		return;
	tell_hooks(c, added);
	/* What it has open may be older than its hooks. */
	attach_join(c->attach);
}

static void tick(struct capture *c)
{
	uint64_t t = mono_ns();
	int changed;

	if (t - c->tick_ns < (c->idle ? IDLE_NS : TICK_NS))
		return;
	c->tick_ns = t;
	tell_counters(c);
	tell_stuck(c, false);
	changed = attach_avoid_skips(c->attach);
	if (changed > 0)
		meta_addf(
			&c->meta, "note",
			"fentry programs were skipped by the kernel: %d functions traced by kprobes from monotonic %llu ns on",
			changed, (unsigned long long)mono_ns());
	if (t - c->clock_ns >= CLOCK_NS) {
		c->clock_ns = t;
		tell_clock(c);
	}
	rescan(c);
}

/* One that nobody has a number of, a file of io_uring's, is looked for in vain. */
static void join_strangers(struct capture *c)
{
	uint64_t strangers = attach_strangers(c->attach), t = mono_ns();

	if (!c->join_wanted && (strangers == c->strangers || t - c->joined_ns < JOIN_NS))
		return;
	c->join_wanted = false;
	c->strangers = strangers;
	c->joined_ns = t;
	attach_join(c->attach);
}

static int capture_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct capture *c = (struct capture *)src;
	uint64_t deadline = mono_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * 1000000;
	int look_ms = c->idle ? IDLE_MS : LOOK_MS, wait, err;
	uint64_t end, t;
	bool soon;

	while (c->head == c->tail) {
		c->head = 0;
		c->tail = 0;
		if (c->drained)
			return -ENODATA;
		if (c->stop_ns) {
			err = ring_buffer__consume(c->rb);
			if (err == 0)
				c->drained = true;
			if (c->drained) {
				tell_counters(c);
				tell_stuck(c, true);
				tell_clock(c);
			}
		} else {
			t = mono_ns();
			if (attach_rescan_due(c->attach, &soon))
				rescan(c);
			wait = attach_rescan_due(c->attach, &soon) && soon ? SOON_MS : look_ms;
			if (timeout_ms >= 0 && deadline < t + (uint64_t)look_ms * 1000000)
				wait = deadline > t ? (deadline - t) / 1000000 : 0;
			err = ring_buffer__poll(c->rb, wait);
			/* Wake-ups are rare by design: look at the ring anyway. */
			if (err == 0)
				err = ring_buffer__consume(c->rb);
			follow_migrations(c);
			tick(c);
			join_strangers(c);
		}
		if (err < 0 && err != -EAGAIN && err != -EINTR) {
			snprintf(c->error, sizeof(c->error), "the ring buffer: %s", strerror(-err));
			return err;
		}
		if (c->head == c->tail && !c->stop_ns &&
		    (err == -EINTR || (timeout_ms >= 0 && mono_ns() >= deadline)))
			return 0;
	}
	*ev = c->queue[c->head++];
	ev->seq = ++c->seq;
	end = event_end_ns(ev);
	if (end > c->last_ns)
		c->last_ns = end;
	return 1;
}

static const struct meta *capture_meta(struct event_source *src)
{
	return &((struct capture *)src)->meta;
}

static void capture_health(struct event_source *src, struct source_health *out)
{
	memset(out, 0, sizeof(*out));
	out->ended = true;
	out->last_ns = ((struct capture *)src)->last_ns;
}

static const char *capture_error(struct event_source *src)
{
	return ((struct capture *)src)->error;
}

/* Of the last close(): the capture itself is gone by then. */
static bool left_behind;

bool capture_left_behind(void)
{
	return left_behind;
}

int capture_let_go(struct capture *c)
{
	uint64_t from = mono_ns();
	bool in_use;
	int n = attach_let_go(c->attach, &in_use);

	/* The data FDs that are open go on unseen: how much, nobody knows. */
	if (in_use)
		tell_loss(c, 0, from, mono_ns(), LOSS_DETACHED, EV_NONE, 0);
	return n;
}

static void capture_close(struct event_source *src)
{
	struct capture *c = (struct capture *)src;

	if (!c)
		return;
	ring_buffer__free(c->rb);
	left_behind = attach_close(c->attach, c->stuck_at_end) != 0;
	earlier_destroy(c->earlier);
	processes_destroy(c->procs);
	meta_clear(&c->meta);
	free(c);
}

static const struct event_source_ops capture_ops = {
	.next = capture_next,
	.meta = capture_meta,
	.health = capture_health,
	.error = capture_error,
	.close = capture_close,
};

static void read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	buf[0] = '\0';
	if (!f)
		return;
	if (fgets(buf, size, f))
		buf[strcspn(buf, "\n")] = '\0';
	fclose(f);
}

static int describe(struct capture *c)
{
	struct utsname u;
	char line[128];
	int err = 0;

	if (!uname(&u)) {
		err |= meta_add(&c->meta, "host", u.nodename);
		err |= meta_addf(&c->meta, "kernel", "%s %s", u.release, u.version);
		err |= meta_add(&c->meta, "machine", u.machine);
	}
	read_line("/proc/sys/kernel/random/boot_id", line, sizeof(line));
	if (line[0])
		err |= meta_add(&c->meta, "boot_id", line);
	return err ? -ENOMEM : 0;
}

int capture_open(struct capture **out, const struct capture_opts *opts, char *err, size_t err_len)
{
	struct capture *c;
	size_t n_hooks;
	int ret;

	*out = NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	c->src.ops = &capture_ops;
	c->waits = opts->waits;
	c->procs = processes_create();
	if (opts->vm)
		snprintf(c->vm, sizeof(c->vm), "%s", opts->vm);
	ret = c->procs ? describe(c) : -ENOMEM;
	if (ret) {
		snprintf(err, err_len, "out of memory");
		goto fail;
	}
	ret = attach_open(&c->attach, opts, err, err_len);
	if (ret)
		goto fail;
	if (!process_visible())
		meta_add(
			&c->meta, "note",
			"recorded in a PID namespace of its own: the names of processes and of their VMs, and which calls hang, could not be seen");
	c->earlier = earlier_create(c->attach);
	/* What is open already may be used at once. */
	follow_migrations(c);
	if (!c->why_failed)
		meta_add(&c->meta, "why", opts->no_why ? "off" : "on");
	if (attach_expects_skips(c->attach))
		meta_add(
			&c->meta, "note",
			"PREEMPT_RT: kprobes trace, since this kernel would skip fentry programs now and then");
	attach_hooks(c->attach, &n_hooks);
	tell_hooks(c, n_hooks);
	c->rb = ring_buffer__new(attach_ring_fd(c->attach), on_record, c, NULL);
	if (!c->rb) {
		ret = -errno;
		snprintf(err, err_len, "the ring buffer: %s", strerror(-ret));
		goto fail;
	}
	c->tick_ns = mono_ns();
	c->clock_ns = c->tick_ns;
	c->checked_ns = c->tick_ns;
	c->looked_ns = c->tick_ns;
	c->last_ns = c->tick_ns;
	tell_clock(c);
	*out = c;
	return 0;
fail:
	capture_close(&c->src);
	return ret;
}

struct event_source *capture_source(struct capture *c)
{
	return &c->src;
}

const struct capture_hook *capture_hooks(const struct capture *c, size_t *n)
{
	return attach_hooks(c->attach, n);
}

const struct capture_function *capture_function(const struct capture *c, size_t i)
{
	const struct inside_function *f = inside_function(c->attach, i);

	return f ? &f->pub : NULL;
}

void capture_idle(struct capture *c, bool idle)
{
	c->idle = idle;
}

void capture_stop(struct capture *c)
{
	if (!c->stop_ns)
		c->stop_ns = mono_ns();
}
