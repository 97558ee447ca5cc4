/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bent.h - evidence, bent: on a coarse clock (so that instants are equal), ten thousand times
 * as slow, again and again, with events left out, calls that fail, losses, and without names
 */
#ifndef VFIOSCOPE_TESTS_BENT_H
#define VFIOSCOPE_TESTS_BENT_H

#include "tests/unit/evidence.h"

/* What e was before. */
static struct event *straight;
static size_t n_straight;

/* Events come in order of completion, and begin no later than they end. */
static uint64_t coarse(uint64_t t_ns, uint64_t grid_ns)
{
	return t_ns == EVENT_NOT_SEEN ? t_ns : t_ns / grid_ns * grid_ns;
}

static void each_time(struct event *ev, uint64_t (*f)(uint64_t t_ns, uint64_t arg), uint64_t arg)
{
	uint64_t end_ns = f(ev->t_ns + ev->dur_ns, arg);

	ev->t_ns = f(ev->t_ns, arg);
	ev->dur_ns = end_ns - ev->t_ns;
	if (event_traits(ev->kind) & EVT_IO)
		ev->io.t_last_ns = f(ev->io.t_last_ns, arg);
	if (ev->kind == EV_LOSS) {
		ev->loss.t_from_ns = f(ev->loss.t_from_ns, arg);
		ev->loss.t_to_ns = f(ev->loss.t_to_ns, arg);
	}
	if (ev->kind == EV_STUCK)
		ev->stuck.age_ns = ev->dur_ns;
}

static void on_coarse_clock(uint64_t grid_ns)
{
	size_t i;

	for (i = 0; i < e.n; i++)
		each_time(&e.ev[i], coarse, grid_ns);
}

static uint64_t from_begin(uint64_t t_ns, uint64_t by)
{
	uint64_t begin = straight[0].t_ns;

	return t_ns == EVENT_NOT_SEEN || t_ns < begin ? t_ns : begin + (t_ns - begin) * by;
}

static void slower(uint64_t by)
{
	size_t i;

	for (i = 0; i < e.n; i++)
		each_time(&e.ev[i], from_begin, by);
}

/* But for who is who: those are definitions. */
static void without_each(uint64_t nth, uint64_t rest)
{
	size_t i, n = 0;

	for (i = 0; i < e.n; i++)
		if (!event_kind_is_public(e.ev[i].kind) || i % nth != rest)
			e.ev[n++] = e.ev[i];
	e.n = n;
}

static void from(uint64_t part)
{
	size_t i, n = 0;

	for (i = 0; i < e.n; i++)
		if (!event_kind_is_public(e.ev[i].kind) || i * 4 >= e.n * part)
			e.ev[n++] = e.ev[i];
	e.n = n;
}

static void undefined(uint64_t unused)
{
	size_t i, n = 0;

	(void)unused;
	for (i = 0; i < e.n; i++)
		if (event_kind_is_public(e.ev[i].kind) && e.ev[i].kind != EV_STREAM_OPEN)
			e.ev[n++] = e.ev[i];
	e.n = n;
}

static void each_fails(uint64_t nth, uint64_t rest)
{
	static const int errs[] = { -EIO, -EINTR, -EINVAL, -ENODEV, -512, -EAGAIN };
	size_t i, k = 0;

	for (i = 0; i < e.n; i++)
		if ((event_traits(e.ev[i].kind) & EVT_CALL) && event_calls(&e.ev[i]) == 1 &&
		    i % nth == rest)
			e.ev[i].ret = errs[k++ % 6];
}

/* An event after each @nth is a loss: of its device, else of all. */
static void with_losses(uint64_t nth, uint64_t what)
{
	size_t i;

	for (i = nth; i < e.n; i += nth) {
		struct event *ev = &e.ev[i];
		uint64_t end_ns = event_end_ns(ev);

		if (!event_kind_is_public(ev->kind) || event_calls(ev) > 1)
			continue;
		ev->kind = EV_LOSS;
		ev->ret = 0;
		memset(&ev->loss, 0, sizeof(ev->loss));
		ev->loss.count = i;
		ev->loss.t_from_ns = ev->t_ns;
		ev->loss.t_to_ns = end_ns;
		ev->loss.what = (uint32_t)what;
		ev->loss.cause = i % 2 ? LOSS_RING : LOSS_DAMAGE;
		ev->t_ns = end_ns;
		ev->dur_ns = 0;
		if (i % 3)
			ev->device = ev->stream = 0;
	}
}

static void by_two_threads(uint64_t nth)
{
	size_t i;

	for (i = 0; i < e.n; i++)
		if (i % nth == 0 && e.ev[i].tid)
			e.ev[i].tid += 1000;
}

/* Room for @more events before @i. */
static struct event *insert(size_t i, size_t more)
{
	if (e.n + more > e.cap) {
		e.cap = 2 * (e.n + more);
		e.ev = realloc(e.ev, e.cap * sizeof(*e.ev));
		assert_non_null(e.ev);
	}
	memmove(e.ev + i + more, e.ev + i, (e.n - i) * sizeof(*e.ev));
	e.n += more;
	return e.ev + i;
}

/* Each time some seconds later and slower, with other streams. */
static void again(uint64_t times)
{
	size_t i, n = e.n, k;

	for (k = 1; k < times; k++) {
		uint64_t later = event_end_ns(&e.ev[e.n - 1]) - e.ev[0].t_ns + 30000000000ULL;
		struct event *ev = insert(e.n, n);

		for (i = 0; i < n; i++) {
			ev[i] = e.ev[i];
			each_time(&ev[i], from_begin, k + 1);
			ev[i].t_ns += later;
			if (event_traits(ev[i].kind) & EVT_IO && ev[i].io.t_last_ns)
				ev[i].io.t_last_ns += later;
			if (ev[i].kind == EV_LOSS) {
				ev[i].loss.t_from_ns += later;
				ev[i].loss.t_to_ns += later;
			}
			if (ev[i].kind == EV_CLOCK) {
				ev[i].clock.realtime_ns += later;
				ev[i].clock.boottime_ns += later;
			}
			if (ev[i].stream)
				ev[i].stream += 50 * k;
			if (ev[i].kind == EV_READ && ev[i].ret > 1000)
				ev[i].ret -= k;
			if (ev[i].kind == EV_WRITE && ev[i].ret > 1000)
				ev[i].ret -= k;
		}
	}
}

/* Calls were out for long before they returned. */
static void stuck(uint64_t nth)
{
	size_t i;

	for (i = nth; i < e.n; i += nth) {
		const struct event *of = &e.ev[i];
		struct event *ev;

		if (!(event_traits(of->kind) & EVT_CALL) || of->kind == EV_ARC ||
		    event_calls(of) > 1)
			continue;
		ev = insert(i, 1);
		*ev = ev[1];
		ev->kind = EV_STUCK;
		ev->ret = 0;
		memset(&ev->stuck, 0, sizeof(ev->stuck));
		ev->stuck.call = ev[1].kind;
		ev->stuck.age_ns = ev[1].dur_ns / 2;
		ev->dur_ns = ev->stuck.age_ns;
	}
}

/* What calls were spent on, where that can be: each has another mix. */
static void with_reasons(uint64_t by)
{
	size_t i, n = 0;

	slower(by);
	for (i = 0; i < e.n; i++) {
		const struct event *of = &e.ev[i];
		struct event *ev;
		uint64_t part;

		if (!(event_traits(of->kind) & EVT_CALL) || of->dur_ns < EVENT_WHY_MIN_NS ||
		    event_calls(of) > 1)
			continue;
		ev = insert(i, 1);
		*ev = ev[1];
		ev->kind = EV_WHY;
		ev->ret = 0;
		memset(&ev->why, 0, sizeof(ev->why));
		ev->why.call = ev[1].kind;
		part = ev->dur_ns / 16;
		ev->why.asleep_ns = part * (n % 5);
		ev->why.blocked_ns = part * (n % 3);
		ev->why.lock_ns = n % 7 ? part : EVENT_NOT_SEEN;
		ev->why.runqueue_ns = part * (n % 2);
		ev->why.fault_ns = part * (n % 4);
		ev->why.faults = n % 4;
		ev->why.on_cpu_ns = ev->dur_ns - ev->why.asleep_ns - ev->why.blocked_ns -
				    (n % 7 ? part : 0) - ev->why.runqueue_ns - ev->why.fault_ns;
		ev->why.longest_ns = part * (n % 5);
		snprintf(ev->why.stack, sizeof(ev->why.stack), "f%zu+0x2f < save+0x5[core]", n % 9);
		n++;
		i++;
	}
}

/*
 * After every seventh event one more call of its thread, at once: of the kind @kind, on the
 * device and the data FD that were seen last.  @grid_ns: on a coarse clock.
 */
static void more_of(uint64_t kind, uint64_t grid_ns)
{
	uint32_t stream = 0, state = MIG_RUNNING;
	size_t i, k = 0;

	for (i = 0; i < e.n; i++) {
		struct event *ev = &e.ev[i];

		if (ev->stream)
			stream = ev->stream;
		if (ev->kind == EV_ARC)
			state = ev->arc.to;
		if (!ev->device || !event_kind_is_public(ev->kind) || i % 7 != 3)
			continue;
		ev = insert(i + 1, 1);
		*ev = ev[-1];
		memset((char *)ev + offsetof(struct event, reset), 0,
		       sizeof(*ev) - offsetof(struct event, reset));
		ev->kind = (uint32_t)kind;
		ev->t_ns = event_end_ns(ev - 1);
		ev->dur_ns = k % 3 ? 0 : 2000;
		ev->ret = k % 4 == 1 ? -EINVAL : 0;
		ev->stream = event_traits(ev->kind) & EVT_STREAM ? stream : 0;
		switch (kind) {
		case EV_GET_STATE:
			ev->get_state.reported = k % 4 ? state : (state + 1) % MIG_STATE_NR;
			break;
		case EV_SET_STATE:
			ev->set_state.target = state;
			break;
		case EV_READ:
		case EV_WRITE:
			ev->io.size = 4096;
			ev->ret = k % 3 == 0 ? 512 : k % 3 == 1 ? 0 : -ENODEV;
			break;
		case EV_PRECOPY_INFO:
			ev->precopy_info.initial_bytes = k * 100;
			ev->precopy_info.dirty_bytes = 5000 - k;
			ev->precopy_info.flags = k % 3;
			break;
		case EV_DATA_SIZE:
			ev->data_size.stop_copy_length = k % 5 ? 1 << 20 : UINT64_MAX;
			break;
		case EV_POLL:
			ev->poll.mask = k % 3;
			ev->ret = ev->poll.mask;
			ev->poll.waits = !ev->ret;
			ev->poll.wait_ns = EVENT_WAIT_UNKNOWN;
			break;
		case EV_MIGRATION_FLAGS:
			ev->migration_flags.flags = k % 8;
			break;
		case EV_DEVICE_RESET:
			ev->ret = 0;
			if (k % 2)
				break;
			/* In the user's call, which is told after it. */
			ev->device_reset.by = EV_RESET;
			ev = insert(i + 2, 1);
			*ev = ev[-1];
			ev->kind = EV_RESET;
			ev->dur_ns += 1000;
			memset(&ev->reset, 0, sizeof(ev->reset));
			i++;
			break;
		case EV_PROCESS_EXIT:
			ev->device = ev->stream = 0;
			ev->ret = 0;
			ev->process_exit.signal = k % 2 ? 9 : 0;
			ev->process_exit.code = k % 3;
			break;
		}
		k++;
		i++;
	}
	if (grid_ns)
		on_coarse_clock(grid_ns);
}

/*
 * The capture began at @part eighths: what was open then was found.  @kind: and after every
 * seventh event there is one of this kind.
 */
static void joined_at(uint64_t part, uint64_t kind)
{
	size_t i, k, n = 0, from = e.n * part / 8;
	struct event *ev;

	for (i = 0; i < from; i++) {
		if (straight[i].kind != EV_STREAM_OPEN) {
			if (!event_kind_is_public(straight[i].kind))
				e.ev[n++] = straight[i];
			continue;
		}
		for (k = i; k < from; k++)
			if (straight[k].kind == EV_STREAM_RELEASE &&
			    straight[k].stream == straight[i].stream)
				break;
		if (k < from)
			continue;
		ev = &e.ev[n++];
		*ev = straight[i];
		ev->t_ns = straight[from].t_ns;
		ev->dur_ns = 0;
		ev->stream_open.adopted = 1;
	}
	for (; i < n_straight; i++)
		e.ev[n++] = straight[i];
	e.n = n;
	if (kind)
		more_of(kind, 0);
}

enum hidden { VM_NAMES = 1, DEVICE_NAMES = 2, HOSTS = 4, FLAGS = 8, CLOCKS = 16 };

static void hide(uint64_t what)
{
	size_t i;

	for (i = 0; i < e.n; i++) {
		struct event *ev = &e.ev[i];

		if (ev->kind == EV_TASK && what & VM_NAMES)
			memset(ev->task_def.vm, 0, sizeof(ev->task_def.vm));
		if (ev->kind == EV_DEVICE && what & DEVICE_NAMES)
			snprintf(ev->device_def.name, sizeof(ev->device_def.name), "0000:00:00.0");
		if (ev->kind == EV_DEVICE && what & FLAGS)
			ev->device_def.migration_flags = 0;
		if (what & HOSTS)
			ev->host = 0;
		if (ev->kind == EV_CLOCK && what & CLOCKS)
			ev->clock.realtime_ns += i * 1000000000;
	}
}

static const struct bent {
	const char *name;
	void (*one)(uint64_t arg);
	void (*two)(uint64_t arg, uint64_t more);
	uint64_t arg, more;
} bents[] = {
	{ "grid-100us", .one = on_coarse_clock, .arg = 100000 },
	{ "grid-1ms", .one = on_coarse_clock, .arg = 1000000 },
	{ "grid-10ms", .one = on_coarse_clock, .arg = 10000000 },
	{ "slow-50", .one = slower, .arg = 50 },
	{ "slow-10000", .one = slower, .arg = 10000 },
	{ "less-0", .two = without_each, .arg = 6, .more = 0 },
	{ "less-1", .two = without_each, .arg = 6, .more = 1 },
	{ "less-2", .two = without_each, .arg = 6, .more = 2 },
	{ "less-3", .two = without_each, .arg = 6, .more = 3 },
	{ "less-4", .two = without_each, .arg = 6, .more = 4 },
	{ "less-5", .two = without_each, .arg = 6, .more = 5 },
	{ "from-1", .one = from, .arg = 1 },
	{ "from-2", .one = from, .arg = 2 },
	{ "from-3", .one = from, .arg = 3 },
	{ "joined-1", .two = joined_at, .arg = 1 },
	{ "joined-2", .two = joined_at, .arg = 2 },
	{ "joined-3", .two = joined_at, .arg = 3 },
	{ "joined-4", .two = joined_at, .arg = 4 },
	{ "joined-5", .two = joined_at, .arg = 5 },
	{ "joined-6", .two = joined_at, .arg = 6 },
	{ "joined-7", .two = joined_at, .arg = 7 },
	{ "joined-1-asked", .two = joined_at, .arg = 1, .more = EV_GET_STATE },
	{ "joined-3-asked", .two = joined_at, .arg = 3, .more = EV_GET_STATE },
	{ "joined-4-asked", .two = joined_at, .arg = 4, .more = EV_GET_STATE },
	{ "joined-5-asked", .two = joined_at, .arg = 5, .more = EV_GET_STATE },
	{ "joined-6-asked", .two = joined_at, .arg = 6, .more = EV_GET_STATE },
	{ "joined-7-asked", .two = joined_at, .arg = 7, .more = EV_GET_STATE },
	{ "undefined", .one = undefined },
	{ "fail-0", .two = each_fails, .arg = 9, .more = 0 },
	{ "fail-2", .two = each_fails, .arg = 9, .more = 2 },
	{ "fail-4", .two = each_fails, .arg = 9, .more = 4 },
	{ "fail-6", .two = each_fails, .arg = 9, .more = 6 },
	{ "lost", .two = with_losses, .arg = 11 },
	{ "lost-reads", .two = with_losses, .arg = 7, .more = EV_READ },
	{ "lost-arcs", .two = with_losses, .arg = 13, .more = EV_ARC },
	{ "device-open", .two = more_of, .arg = EV_DEVICE_OPEN },
	{ "device-close", .two = more_of, .arg = EV_DEVICE_CLOSE },
	{ "reset", .two = more_of, .arg = EV_RESET },
	{ "device-reset", .two = more_of, .arg = EV_DEVICE_RESET },
	{ "migration-flags", .two = more_of, .arg = EV_MIGRATION_FLAGS },
	{ "set-state", .two = more_of, .arg = EV_SET_STATE },
	{ "get-state", .two = more_of, .arg = EV_GET_STATE },
	{ "precopy-info", .two = more_of, .arg = EV_PRECOPY_INFO },
	{ "precopy-info-v2", .two = more_of, .arg = EV_PRECOPY_INFO_V2 },
	{ "data-size", .two = more_of, .arg = EV_DATA_SIZE },
	{ "read", .two = more_of, .arg = EV_READ },
	{ "write", .two = more_of, .arg = EV_WRITE },
	{ "poll", .two = more_of, .arg = EV_POLL },
	{ "stream-close", .two = more_of, .arg = EV_STREAM_CLOSE },
	{ "stream-release", .two = more_of, .arg = EV_STREAM_RELEASE },
	{ "dma-log-start", .two = more_of, .arg = EV_DMA_LOG_START },
	{ "dma-log-stop", .two = more_of, .arg = EV_DMA_LOG_STOP },
	{ "dma-log-report", .two = more_of, .arg = EV_DMA_LOG_REPORT },
	{ "process-exit", .two = more_of, .arg = EV_PROCESS_EXIT },
	{ "read-1ms", .two = more_of, .arg = EV_READ, .more = 1000000 },
	{ "write-1ms", .two = more_of, .arg = EV_WRITE, .more = 1000000 },
	{ "poll-1ms", .two = more_of, .arg = EV_POLL, .more = 1000000 },
	{ "get-state-1ms", .two = more_of, .arg = EV_GET_STATE, .more = 1000000 },
	{ "reset-1ms", .two = more_of, .arg = EV_RESET, .more = 1000000 },
	{ "set-state-1ms", .two = more_of, .arg = EV_SET_STATE, .more = 1000000 },
	{ "data-size-1ms", .two = more_of, .arg = EV_DATA_SIZE, .more = 1000000 },
	{ "again-2", .one = again, .arg = 2 },
	{ "again-5", .one = again, .arg = 5 },
	{ "stuck", .one = stuck, .arg = 5 },
	{ "stuck-often", .one = stuck, .arg = 2 },
	{ "reasons", .one = with_reasons, .arg = 1 },
	{ "reasons-20", .one = with_reasons, .arg = 20 },
	{ "no-names", .one = hide, .arg = VM_NAMES },
	{ "same-devices", .one = hide, .arg = DEVICE_NAMES | FLAGS },
	{ "one-host", .one = hide, .arg = HOSTS | CLOCKS },
	{ "nothing-known", .one = hide, .arg = VM_NAMES | DEVICE_NAMES | HOSTS },
	{ "threads", .one = by_two_threads, .arg = 3 },
};

#define BENTS (sizeof(bents) / sizeof(bents[0]))

/* e as it is now is what is bent, until straight_forget(). */
static void straight_keep(void)
{
	straight = malloc(e.n * sizeof(*straight));
	assert_non_null(straight);
	n_straight = e.n;
	memcpy(straight, e.ev, e.n * sizeof(*straight));
}

static void straight_forget(void)
{
	free(straight);
	straight = NULL;
}

static void straight_again(void)
{
	memcpy(e.ev, straight, n_straight * sizeof(*straight));
	e.n = n_straight;
}

static void bend_by(const struct bent *by)
{
	size_t i;

	straight_again();
	if (by->one)
		by->one(by->arg);
	else
		by->two(by->arg, by->more);
	for (i = 0; i < e.n; i++)
		e.ev[i].seq = i + 1;
}

static uint32_t sum_of(const char *text)
{
	uint32_t sum = 2166136261U;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619U;
	return sum;
}

#endif
