/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peers.bpf.h - what the other threads of a process wait for, while one waits for them
 *
 * A VMM may have threads that do nothing but send, or receive: multifd's.  The thread
 * whose turn it is at the device then waits for one of those, by a futex, and why it does
 * is what that one waits for:
 * - on a source, that a thread of the process waits to send;
 * - on a destination, that one waits for data, and all others that receive, and make no
 *   calls on a device, sleep as well: one that does not may be what is waited for.
 * Or for one that runs a vCPU: when a machine is stopped, and when its state is loaded,
 * each of those threads is asked for its registers.  Such a one is known by the ioctls of
 * a vCPU that it makes besides KVM_RUN, and is waited for while it does not itself sleep
 * for another thread.
 * How long that was is one sum for a process, so that a wait's share of it is a
 * difference.
 */
#ifndef VFIOSCOPE_PEERS_BPF_H
#define VFIOSCOPE_PEERS_BPF_H

#include "bpf/record.bpf.h"
#include "bpf/sends.bpf.h"

struct why_stack {
	__u64 n;
	__u64 ip[WIRE_FRAMES];
};

/* @size: what bpf_get_stack() and its like gave. */
static __always_inline __u64 stack_frames(long size)
{
	return size > 0 ? (__u64)size / sizeof(__u64) : 0;
}

/*
 * The stack of a wait is best taken when that is over, of the thread that the scheduler
 * switches to: by then it is known to be worth it.  Such a one counts as one that runs, and
 * older kernels complain, with a WARN, of whoever asks for the frames behind a kretprobe of
 * one that runs and is another (kernel/trace/rethook.c).  There it is taken when the wait
 * begins, of the thread itself, whose first frames are then those of the asking.
 */
extern int LINUX_KERNEL_VERSION __kconfig;
#define STACK_AFTER  (6 << 16 | 12 << 8) /* the first kernel that is known not to complain */
#define STACK_ASKING 4

static __always_inline void stack_before(struct task_struct *prev, struct why_stack *to)
{
	if (LINUX_KERNEL_VERSION < STACK_AFTER)
		to->n = stack_frames(bpf_get_task_stack(prev, to->ip, sizeof(to->ip), STACK_ASKING));
}

static __always_inline void stack_after(struct task_struct *next, struct why_stack *to)
{
	if (LINUX_KERNEL_VERSION >= STACK_AFTER)
		to->n = stack_frames(bpf_get_task_stack(next, to->ip, sizeof(to->ip), 0));
}

/* A shorter wait of a peer is not worth its stack. */
#define PEER_STACK_NS 100000

/*
 * Does a thread with such a number have an entry?  A switch between two threads that
 * have none, and whose processes have none, costs these loads, and no look-up.
 */
#define WHY_MARKS 4096
extern __u8 why_marks[WHY_MARKS];
/* Does a process with such a number have an entry in why_peers? */
#define WHY_PROCESSES 4096
extern __u8 why_processes[WHY_PROCESSES];

/*
 * How long something was so, and since when it is so now, 0: it is not.  Two threads that
 * cease and begin on two cpus at the same instant may cost what the latter waits.
 */
struct why_while {
	__u64 sum_ns, since_ns;
	__u64 until_ns; /* when it last ceased to be so */
};

struct why_peers {
	__u64 resumes;	 /* a device of the process is being loaded */
	__u64 senders;	 /* threads that wait to send */
	__u64 receivers; /* threads that were seen to wait for data, and make no calls on a device */
	__u64 idle;	 /* those of them that sleep now, ... */
	__u64 receiving;	/* ... and for data */
	__u64 vcpus;		/* threads that run a vCPU, and do not sleep for another thread */
	struct why_while waits; /* somebody waits to send, or to receive, as above */
	struct why_while works; /* there are @vcpus */
	struct why_stack last;	/* of a wait of the former */
	/* Of all waits to send that are over: what limited them, and the last one's connection. */
	struct send_sums sends;
	struct send_path path;
};

/* By process number. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct why_peers);
} why_peers SEC(".maps") __weak;

/* A place to begin an entry from: it is too large for a program's stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct why_peers);
} why_peers_empty SEC(".maps") __weak;

struct why_peer {
	__u64 out_ns; /* since when it waits; 0: it does not */
	__u32 tgid;
	__u32 waits; /* enum syscall_wait */
	/* Its entry stays: */
	__u16 receives; /* one of @receivers */
	__u16 vcpu;	/* it runs a vCPU, ... */
	__u32 works;	/* ... and is one of @vcpus */
	struct send_begin send;
};

/* By thread number: those that wait to send, that were seen to receive, or that run a vCPU. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct why_peer);
} why_peer SEC(".maps") __weak;

static __always_inline struct why_peers *peers_of(__u32 tgid)
{
	if (!why_processes[tgid & (WHY_PROCESSES - 1)])
		return NULL;
	return bpf_map_lookup_elem(&why_peers, &tgid);
}

/* A thread of the current process makes its first call. */
static __always_inline void peers_begin(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, zero = 0;
	const struct why_peers *none = bpf_map_lookup_elem(&why_peers_empty, &zero);

	if (!none)
		return;
	bpf_map_update_elem(&why_peers, &tgid, none, BPF_NOEXIST);
	why_processes[tgid & (WHY_PROCESSES - 1)] = 1;
}

/* A device of the current process has come to that state. */
static __always_inline void peers_state(__u32 state)
{
	bool resumes = state == VFIO_DEVICE_STATE_RESUMING;
	bool saves = state == VFIO_DEVICE_STATE_PRE_COPY || state == VFIO_DEVICE_STATE_STOP_COPY;
	struct why_peers *p = resumes || saves ? peers_of(bpf_get_current_pid_tgid() >> 32) : NULL;

	if (!p || p->resumes == resumes)
		return;
	p->resumes = resumes;
	p->waits.since_ns = 0;
}

static __always_inline void while_set(struct why_while *w, bool is_so, __u64 now_ns)
{
	__u64 since_ns = w->since_ns;

	if (is_so && !since_ns) {
		w->since_ns = now_ns;
	} else if (!is_so && since_ns) {
		w->since_ns = 0;
		w->until_ns = now_ns;
		if (now_ns > since_ns)
			__sync_fetch_and_add(&w->sum_ns, now_ns - since_ns);
	}
}

/* What is so now has been so since @ns already. */
static __always_inline void while_since(struct why_while *w, __u64 ns)
{
	if (ns < w->until_ns)
		ns = w->until_ns;
	if (w->since_ns > ns)
		w->since_ns = ns;
}

static __always_inline __u64 while_sum(const struct why_while *w, __u64 now_ns)
{
	__u64 since_ns = w->since_ns;

	return w->sum_ns + (since_ns && now_ns > since_ns ? now_ns - since_ns : 0);
}

/* At @now_ns somebody began to wait, or ceased. */
static __always_inline void peers_changed(struct why_peers *p, __u64 now_ns)
{
	bool waits = p->resumes ? p->receiving && p->idle >= p->receivers : p->senders;

	while_set(&p->waits, waits, now_ns);
}

/* A thread that runs a vCPU has something to do from now on, or has not. */
static __always_inline void
vcpu_changed(struct why_peers *p, struct why_peer *peer, bool works, __u64 now_ns)
{
	if (!peer->vcpu || !peer->works == !works)
		return;
	peer->works = works;
	__sync_fetch_and_add(&p->vcpus, works ? 1 : -1);
	while_set(&p->works, p->vcpus, now_ns);
}

/* The current thread, which was woken at @woken_ns, makes an ioctl of a vCPU. */
static __always_inline void peer_is_vcpu(__u64 woken_ns)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct why_peers *p = peers_of(id >> 32);
	struct why_peer is = { .tgid = id >> 32 }, *peer;
	__u32 tid = id;

	if (!p)
		return;
	peer = bpf_map_lookup_elem(&why_peer, &tid);
	if (!peer && !bpf_map_update_elem(&why_peer, &tid, &is, BPF_ANY)) {
		why_marks[tid & (WHY_MARKS - 1)] = 1;
		peer = bpf_map_lookup_elem(&why_peer, &tid);
	}
	if (!peer)
		return;
	peer->vcpu = 1;
	vcpu_changed(p, peer, true, bpf_ktime_get_ns());
	while_since(&p->works, woken_ns);
}

/* It goes off the cpu, and is in no call on a device.  @calls: it makes such. */
static __always_inline void peer_out(struct task_struct *task, bool calls, __u64 now_ns)
{
	struct why_peers *p = peers_of(task->tgid);
	struct why_peer peer = { .out_ns = now_ns, .tgid = task->tgid };
	const struct why_peer *known;
	__u32 tid = task->pid;

	if (!p || !task->__state)
		return;
	peer.waits = syscall_wait(task);
	known = bpf_map_lookup_elem(&why_peer, &tid);
	if (known) {
		peer.receives = known->receives;
		peer.vcpu = known->vcpu;
		peer.works = known->works;
	}
	if (peer.waits == SYSCALL_FUTEX)
		vcpu_changed(p, &peer, false, now_ns);
	if (!peer.receives && peer.waits == SYSCALL_RECEIVES && !calls) {
		peer.receives = 1;
		__sync_fetch_and_add(&p->receivers, 1);
	}
	if (peer.waits != SYSCALL_SENDS && !peer.receives && !peer.vcpu)
		return;
	if (peer.waits == SYSCALL_SENDS)
		send_begins(task, &peer.send);
	if (peer.waits == SYSCALL_SENDS || peer.waits == SYSCALL_RECEIVES)
		stack_before(task, &p->last);
	if (bpf_map_update_elem(&why_peer, &tid, &peer, BPF_ANY)) {
		/* No room: nothing can be said of this process. */
		__sync_fetch_and_add(&p->receivers, 1);
		return;
	}
	why_marks[tid & (WHY_MARKS - 1)] = 1;
	if (peer.waits == SYSCALL_SENDS)
		__sync_fetch_and_add(&p->senders, 1);
	if (peer.receives)
		__sync_fetch_and_add(&p->idle, 1);
	if (peer.waits == SYSCALL_RECEIVES)
		__sync_fetch_and_add(&p->receiving, 1);
	peers_changed(p, now_ns);
}

/* @peer waited to send for @ns. */
static __always_inline void peer_sent(struct why_peers *p, const struct why_peer *peer, __u64 ns)
{
	struct send_sums sums = {};
	struct send_shares shares;
	struct send_path path;

	sums.retransmitted = send_ends(&peer->send, ns, &shares, &path);
	send_book(&sums, &shares, ns);
	__sync_fetch_and_add(&p->sends.receiver, sums.receiver);
	__sync_fetch_and_add(&p->sends.buffers, sums.buffers);
	__sync_fetch_and_add(&p->sends.network, sums.network);
	__sync_fetch_and_add(&p->sends.unknown, sums.unknown);
	__sync_fetch_and_add(&p->sends.retransmitted, sums.retransmitted);
	if (ns >= PEER_STACK_NS)
		p->path = path;
}

/* It is back, and its stack can be taken. */
static __always_inline void peer_in(struct task_struct *task, __u64 now_ns)
{
	struct why_peers *p = peers_of(task->tgid);
	struct why_peer *peer;
	__u32 tid = task->pid, waits;
	__u64 out_ns;

	if (!p)
		return;
	peer = bpf_map_lookup_elem(&why_peer, &tid);
	if (!peer || !peer->out_ns)
		return;
	out_ns = peer->out_ns;
	waits = peer->waits;
	if (waits == SYSCALL_SENDS) {
		peer_sent(p, peer, now_ns - out_ns);
		__sync_fetch_and_add(&p->senders, -1);
	}
	if (waits == SYSCALL_RECEIVES)
		__sync_fetch_and_add(&p->receiving, -1);
	if (peer->receives)
		__sync_fetch_and_add(&p->idle, -1);
	vcpu_changed(p, peer, true, now_ns);
	if (peer->receives || peer->vcpu)
		peer->out_ns = 0;
	else
		bpf_map_delete_elem(&why_peer, &tid);
	peers_changed(p, now_ns);
	if (now_ns - out_ns < PEER_STACK_NS)
		return;
	if (waits == SYSCALL_SENDS || waits == SYSCALL_RECEIVES)
		stack_after(task, &p->last);
}

/* The thread ends. */
static __always_inline void peer_forget(__u32 tid)
{
	struct why_peer *peer = bpf_map_lookup_elem(&why_peer, &tid);
	struct why_peers *p = peer ? peers_of(peer->tgid) : NULL;

	if (p && peer->receives) {
		__sync_fetch_and_add(&p->receivers, -1);
		peers_changed(p, bpf_ktime_get_ns());
	}
	if (p)
		vcpu_changed(p, peer, false, bpf_ktime_get_ns());
	bpf_map_delete_elem(&why_peer, &tid);
}

#endif
