/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * why.bpf.h - what the time of a call was spent on
 *
 * A thread that makes the calls that are traced has an entry of its own, which the
 * hooks of its calls begin and end, and which the scheduler's programs
 * (why.bpf.c) keep up to date meanwhile.  What they find out:
 * - a wait is from a switch away from the thread to the next one to it.  What of
 *   it was waiting for a cpu the kernel counts itself (sched_info.run_delay), so
 *   that no program need run at a wake-up; the rest has the name of what it waited
 *   for;
 * - the stack is taken when the wait is over, and only if it may be the longest:
 *   then the scheduler has put the thread's registers where they can be found.
 * Addresses stay in the entries, which user space never reads; the names are made
 * at the end of the call.
 *
 * The entry goes on between the thread's calls: while a device of its process stands
 * still, that is somebody's downtime, and it is told when the next call begins.
 */
#ifndef VFIOSCOPE_WHY_BPF_H
#define VFIOSCOPE_WHY_BPF_H

#include "bpf/inside.bpf.h"
#include "bpf/peers.bpf.h"

#define PF_EXITING 0x00000004 /* include/linux/sched.h */

/* Set before load: --why */
extern const volatile __u8 why_wanted;
/* What of struct wire_why the programs that are attached see: WIRE_WHY_*; 0: none is. */
extern __u32 why_seen;
/* Calls whose reason was lost. */
extern __u64 why_lost;

#define WHY_THREADS 4096

/* Of __u64 alone: see why_sums_add(). */
struct why_sums {
	__u64 asleep, blocked, locked, runqueue, fault;
	/* Between calls: */
	__u64 sends, receives, polls, futex, stopped, log;
	__u64 futex_vcpu; /* of @futex */
	__u64 faults;
	struct send_sums limits; /* of @sends; with what is unknown they are that */
};

struct why_task {
	__u64 start_ns;	  /* of the call that it is in; 0: of none */
	__u64 between_ns; /* when the last one ended; 0: it is in one, or nothing is known */
	__u64 arc_ns;	  /* of the step of that; 0: none */
	__u32 seen;	  /* as struct wire_why has it */
	__u32 torn;	  /* a switch was missed */
	__u64 out_ns;	  /* since when it is off the cpu; 0: it is on one */
	__u64 delay;	  /* its run_delay then */
	__u64 waited_ns;  /* of the last wait, until that is settled */
	/* When the scheduler last came to it, and its run_delay before that was counted. */
	__u64 in_ns, in_delay;
	__u64 held_ns;	     /* since when it is in a page fault, or a dirty log; 0: in none */
	__u64 held_runqueue; /* sums.runqueue then */
	/* Of the last wait its peers waited, and vCPUs worked, so long; while it is out, their sums. */
	__u64 peers_ns, vcpus_ns;
	__u32 out_state;
	__u32 out_in; /* enum syscall_wait; in a call SYSCALL_OTHER */
	__u32 peers;  /* that they waited for: SYSCALL_SENDS, SYSCALL_RECEIVES; else unknown */
	__u32 log;    /* @held_ns is a dirty log's */
	__u32 locks;  /* that it is waiting for: one in another */
	__u32 called; /* it has made a traced call */
	struct inside_call call; /* while it is in one */
	/* While it waits to send; and when it, or those that it waits for, did: why. */
	struct send_begin send;
	struct send_sums peers_sends; /* while it is out, theirs when it went */
	struct send_shares shares;
	/* The connection at the end of the longest wait to send. */
	struct send_path path;
	__u64 path_ns;
	/* Of the call, or since the last one; as they were when the step began. */
	struct why_sums sums, arc_sums;
	/* Between calls, of what has not been told yet: those under WIRE_WHY_MIN_NS. */
	__u64 gap_ns;
	struct why_sums gap;
	__u64 longest_ns, arc_longest_ns;
	struct why_stack last, longest, arc_longest;
};

/* By thread number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WHY_THREADS);
	__type(key, __u32);
	__type(value, struct why_task);
} why_tasks SEC(".maps") __weak;

/* A place to begin an entry from: it is too large for a program's stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct why_task);
} why_empty SEC(".maps") __weak;

/*
 * Processes of which a device stands still, or is about to run for the first time: which,
 * as bits of their numbers.  Two devices of one process that share a bit cost a reason.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} why_standing SEC(".maps") __weak;

#define STATE_UNINTERRUPTIBLE 0x0002 /* include/linux/sched.h */
#define STATE_STOPPED	      0x0004
#define STATE_TRACED	      0x0008
#define STATE_RTLOCK_WAIT     0x1000

static __always_inline struct why_task *why_of(__u32 tid)
{
	if (!why_marks[tid & (WHY_MARKS - 1)])
		return NULL;
	return bpf_map_lookup_elem(&why_tasks, &tid);
}

/* An entry for the thread; NULL: there is no room. */
static __always_inline struct why_task *why_new(__u32 tid)
{
	__u32 zero = 0;
	const struct why_task *none = bpf_map_lookup_elem(&why_empty, &zero);

	if (!none || bpf_map_update_elem(&why_tasks, &tid, none, BPF_ANY))
		return NULL;
	why_marks[tid & (WHY_MARKS - 1)] = 1;
	return bpf_map_lookup_elem(&why_tasks, &tid);
}

/* The thread has ended.  Its mark may be another's, too. */
static __always_inline void why_forget(__u32 tid)
{
	if (!why_marks[tid & (WHY_MARKS - 1)])
		return;
	bpf_map_delete_elem(&why_tasks, &tid);
	inside_forget(tid);
	peer_forget(tid);
}

/* The current process's device has come to stand still, or runs. */
static __always_inline void why_stands(__u32 device, bool stands)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 bit = 1ULL << (device % 64), *now;

	if (!why_wanted)
		return;
	now = bpf_map_lookup_elem(&why_standing, &pid);
	if (now && stands)
		__sync_fetch_and_or(now, bit);
	else if (now)
		__sync_fetch_and_and(now, ~bit);
	else if (stands)
		bpf_map_update_elem(&why_standing, &pid, &bit, BPF_ANY);
}

static __always_inline bool something_stands(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	const __u64 *now = bpf_map_lookup_elem(&why_standing, &pid);

	return now && *now;
}

static __always_inline __u64 current_run_delay(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (!bpf_core_field_exists(task->sched_info.run_delay))
		return 0;
	return BPF_CORE_READ(task, sched_info.run_delay);
}

static __always_inline void why_book_send(struct why_sums *sums, const struct why_task *w, __u64 ns)
{
	sums->sends += ns;
	send_book(&sums->limits, &w->shares, ns);
}

/*
 * It waited for another thread; of that @peers_ns with what those did that it may have
 * waited for, and of what is left @vcpus_ns while a vCPU's had something to do.
 */
static __always_inline void
why_book_futex(struct why_sums *sums, const struct why_task *w, __u64 ns)
{
	__u64 theirs = w->peers_ns < ns ? w->peers_ns : ns;

	if (w->peers == SYSCALL_SENDS)
		why_book_send(sums, w, theirs);
	else if (w->peers == SYSCALL_RECEIVES)
		sums->receives += theirs;
	else
		theirs = 0;
	ns -= theirs;
	sums->futex += ns;
	sums->futex_vcpu += w->vcpus_ns < ns ? w->vcpus_ns : ns;
}

/* The thread was off the cpu for @ns, and not for a cpu unless that is all it wanted. */
static __always_inline void why_book(struct why_sums *sums, const struct why_task *w, __u64 ns)
{
	if (!w->out_state)
		sums->runqueue += ns;
	else if (w->locks)
		sums->locked += ns;
	/* However it came there: it is stopped on its way back to user space. */
	else if (w->out_state & (STATE_STOPPED | STATE_TRACED))
		sums->stopped += ns;
	else if (w->out_in == SYSCALL_SENDS)
		why_book_send(sums, w, ns);
	else if (w->out_in == SYSCALL_RECEIVES)
		sums->receives += ns;
	else if (w->out_in == SYSCALL_POLLS)
		sums->polls += ns;
	else if (w->out_in == SYSCALL_FUTEX)
		why_book_futex(sums, w, ns);
	else if (w->out_state & (STATE_UNINTERRUPTIBLE | STATE_RTLOCK_WAIT))
		sums->blocked += ns;
	else
		sums->asleep += ns;
}

/* The last wait is over, and its waiting for a cpu is in @delay. */
static __always_inline void why_settle(struct why_task *w, __u64 delay)
{
	__u64 slept = w->waited_ns, runqueue = delay - w->delay;

	if (!slept)
		return;
	w->waited_ns = 0;
	if (runqueue > slept || !w->out_state)
		runqueue = slept;
	slept -= runqueue;
	w->sums.runqueue += runqueue;
	/* In a page fault, or a dirty log, all but that is its own. */
	if (!w->held_ns)
		why_book(&w->sums, w, slept);
	if (!w->last.n)
		return;
	if (slept > w->longest_ns) {
		w->longest_ns = slept;
		w->longest = w->last;
	}
	if (w->arc_ns && slept > w->arc_longest_ns) {
		w->arc_longest_ns = slept;
		w->arc_longest = w->last;
	}
}

static __always_inline void why_settle_current(struct why_task *w)
{
	if (w->waited_ns)
		why_settle(w, current_run_delay());
}

/* Names of the frames. */
static __always_inline void frame_names(struct wire_why *rec, const struct why_stack *stack)
{
	static const char fmt[] = "%pS";
	__u32 i, n = 0;
	__u64 ip;
	char *name;

#pragma clang loop unroll(disable)
	for (i = 0; i < WIRE_FRAMES; i++) {
		name = rec->frame[i];
		__builtin_memset(name, 0, WIRE_FRAME_LEN);
		if (i >= stack->n)
			continue;
		ip = stack->ip[i];
		bpf_snprintf(name, WIRE_FRAME_LEN, fmt, &ip, sizeof(ip));
		hide_address(name, WIRE_FRAME_LEN);
		n = i + 1;
	}
	rec->n_frames = n;
}

/*
 * In a page fault, or a dirty log, from here on: all of it is that one's, but for what it
 * waits for a cpu.
 */
static __always_inline void why_hold(struct why_task *w, bool log)
{
	why_settle_current(w);
	w->held_ns = bpf_ktime_get_ns();
	w->held_runqueue = w->sums.runqueue;
	w->log = log;
}

/* It is over: how much of it is its own. */
static __always_inline __u64 why_let_go(struct why_task *w)
{
	__u64 took, runqueue;

	why_settle_current(w);
	took = bpf_ktime_get_ns() - w->held_ns;
	runqueue = w->sums.runqueue - w->held_runqueue;
	w->held_ns = 0;
	return took > runqueue ? took - runqueue : 0;
}

static __always_inline void
why_sums_set(struct wire_why *rec, const struct why_sums *now, const struct why_sums *from)
{
	rec->asleep_ns = now->asleep - from->asleep;
	rec->blocked_ns = now->blocked - from->blocked;
	rec->locked_ns = now->locked - from->locked;
	rec->runqueue_ns = now->runqueue - from->runqueue;
	rec->fault_ns = now->fault - from->fault;
	rec->send_ns = now->sends - from->sends;
	rec->receive_ns = now->receives - from->receives;
	rec->poll_ns = now->polls - from->polls;
	rec->futex_ns = now->futex - from->futex;
	rec->futex_vcpu_ns = now->futex_vcpu - from->futex_vcpu;
	rec->stopped_ns = now->stopped - from->stopped;
	rec->log_ns = now->log - from->log;
	rec->faults = now->faults - from->faults;
	rec->send_receiver_ns = now->limits.receiver - from->limits.receiver;
	rec->send_buffers_ns = now->limits.buffers - from->limits.buffers;
	rec->send_network_ns = now->limits.network - from->limits.network;
	rec->retransmitted = now->limits.retransmitted - from->limits.retransmitted;
}

static __always_inline void why_sums_add(struct why_sums *to, const struct why_sums *more)
{
	const __u64 *from = (const __u64 *)more;
	__u64 *sum = (__u64 *)to;
	__u32 i;

#pragma unroll
	for (i = 0; i < sizeof(*to) / sizeof(*sum); i++)
		sum[i] += from[i];
}

/* The entry of the thread whose call began at @start_ns and was long enough to be told of. */
static __always_inline struct why_task *why_ended(__u64 start_ns, bool whole)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct why_task *w;

	if (!why_seen || !start_ns)
		return NULL;
	w = why_of(tid);
	if (!w || (whole ? w->start_ns : w->arc_ns) != start_ns)
		return NULL;
	if (whole)
		w->start_ns = 0;
	/* It began before the scheduler's programs were there. */
	if (!w->seen || bpf_ktime_get_ns() - start_ns < WIRE_WHY_MIN_NS)
		return NULL;
	why_settle_current(w);
	if (w->torn || w->out_ns) {
		__sync_fetch_and_add(&why_lost, 1);
		return NULL;
	}
	return w;
}

/*
 * When it ended, at @until_ns, 0: just now: what comes then takes time of its own; 0: not
 * told.
 */
static __always_inline __u64 why_tell(struct why_task *w, __u32 kind, __u32 feature, __u64 start_ns,
				      __u64 until_ns, __u32 device, __u32 stream)
{
	struct wire_why *rec = record_reserve(WIRE_WHY, sizeof(*rec));
	__u32 zero = 0;
	const struct why_task *none;
	__u64 end_ns;

	if (!rec)
		return 0;
	record_end(&rec->head, until_ns);
	end_ns = rec->head.end_ns;
	rec->head.start_ns = start_ns;
	rec->head.device = device;
	rec->head.stream = stream;
	rec->call = kind;
	rec->feature = feature;
	rec->seen = w->seen;
	rec->srtt_us = w->path.srtt_us;
	rec->cwnd = w->path.cwnd;
	if (kind == WIRE_ARC) {
		why_sums_set(rec, &w->sums, &w->arc_sums);
		rec->longest_ns = w->arc_longest_ns;
		frame_names(rec, &w->arc_longest);
	} else {
		none = bpf_map_lookup_elem(&why_empty, &zero);
		if (!none) {
			bpf_ringbuf_discard(rec, 0);
			return 0;
		}
		why_sums_set(rec, kind == WIRE_NONE ? &w->gap : &w->sums, &none->sums);
		rec->longest_ns = w->longest_ns;
		frame_names(rec, &w->longest);
	}
	/* The return from a fault was not seen: how long it took nobody knows. */
	if (w->held_ns)
		rec->seen &= ~WIRE_WHY_FAULTS;
	record_submit(rec, false);
	return end_ns;
}

/* Nothing was spent yet. */
static __always_inline void why_fresh(struct why_task *w)
{
	w->arc_ns = 0;
	w->torn = 0;
	w->out_ns = 0;
	w->waited_ns = 0;
	w->held_ns = 0;
	w->locks = 0;
	__builtin_memset(&w->sums, 0, sizeof(w->sums));
	w->longest_ns = 0;
	w->longest.n = 0;
	__builtin_memset(&w->path, 0, sizeof(w->path));
	w->path_ns = 0;
	w->seen = why_seen;
}

/*
 * The thread begins a call: what it did since its last one is told, if that may be
 * somebody's downtime.  Short times between calls add up until they are worth it.  When
 * the call begins: telling takes time of its own.
 */
static __always_inline __u64 why_gap(struct why_task *w, __u64 end_ns)
{
	if (!w->between_ns || !w->seen)
		return end_ns;
	if (!something_stands()) {
		w->gap_ns = 0;
		__builtin_memset(&w->gap, 0, sizeof(w->gap));
		return end_ns;
	}
	why_settle_current(w);
	/* Held: the return from a fault, or a dirty log, was not seen. */
	if (w->torn || w->out_ns || w->held_ns) {
		if (end_ns - w->between_ns >= WIRE_WHY_MIN_NS)
			__sync_fetch_and_add(&why_lost, 1);
		return end_ns;
	}
	w->gap_ns += end_ns - w->between_ns;
	why_sums_add(&w->gap, &w->sums);
	if (w->gap_ns < WIRE_WHY_MIN_NS)
		return end_ns;
	why_tell(w, WIRE_NONE, 0, end_ns - w->gap_ns, end_ns, 0, 0);
	w->gap_ns = 0;
	__builtin_memset(&w->gap, 0, sizeof(w->gap));
	return bpf_ktime_get_ns();
}

/* The thread begins a call.  @sign: it may be the first one of a migration.  When it begins. */
static __always_inline __u64 why_begin(__u64 start_ns, bool sign, const struct inside_call *call)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct why_task *w;

	if (!why_wanted || (!why_seen && !sign))
		return start_ns;
	w = why_of(tid);
	if (!w) {
		w = why_new(tid);
		if (!w) {
			__sync_fetch_and_add(&why_lost, 1);
			return start_ns;
		}
	}
	if (!w->called) {
		w->called = 1;
		peers_begin();
	}
	start_ns = why_gap(w, start_ns);
	why_fresh(w);
	w->start_ns = start_ns;
	w->between_ns = 0;
	w->call = *call;
	return start_ns;
}

/* Its call is over: from here on it does something else. */
static __always_inline void why_rest(__u64 start_ns)
{
	struct why_task *w;

	if (!why_seen || !start_ns)
		return;
	w = why_of(bpf_get_current_pid_tgid());
	if (!w || w->start_ns)
		return;
	why_fresh(w);
	w->between_ns = bpf_ktime_get_ns();
}

/*
 * The call of that kind that the thread began at @start_ns returns: before its own record, for
 * which it gives the end; 0: it is now.
 */
static __always_inline __u64 why_end(__u64 start_ns, __u32 kind, __u32 feature, __u32 device,
				     __u32 stream)
{
	const struct inside_call call = { kind, feature, device, stream };
	__u64 end_ns = inside_tell(start_ns, start_ns, &call, true);
	struct why_task *w = why_ended(start_ns, true);

	if (w)
		end_ns = why_tell(w, kind, feature, start_ns, end_ns, device, stream);
	why_rest(start_ns);
	return end_ns;
}

/* A step of the state machine begins, in a call. */
static __always_inline void why_arc_begin(__u64 start_ns)
{
	struct why_task *w;

	if (!why_seen)
		return;
	w = why_of(bpf_get_current_pid_tgid());
	if (!w || !w->start_ns)
		return;
	inside_tell(w->start_ns, w->start_ns, &w->call, false);
	why_settle_current(w);
	w->arc_ns = start_ns;
	w->arc_sums = w->sums;
	w->arc_longest_ns = 0;
	w->arc_longest.n = 0;
}

static __always_inline __u64 why_arc_end(__u64 start_ns, __u32 device)
{
	const struct inside_call step = { .kind = WIRE_ARC, .device = device };
	struct why_task *w = why_seen ? why_of(bpf_get_current_pid_tgid()) : NULL;
	__u64 end_ns;

	if (!w || !start_ns || w->arc_ns != start_ns)
		return 0;
	end_ns = inside_tell(w->start_ns, start_ns, &step, false);
	if (why_ended(start_ns, false))
		end_ns = why_tell(w, WIRE_ARC, 0, start_ns, end_ns, device, 0);
	w->arc_ns = 0;
	return end_ns;
}

/* The call turns out to be a SET_STATE, which could not be read off its argument. */
static __always_inline void why_is_set_state(void)
{
	struct why_task *w = why_seen ? why_of(bpf_get_current_pid_tgid()) : NULL;

	if (w && w->start_ns)
		w->call.feature = VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE;
}

#endif
