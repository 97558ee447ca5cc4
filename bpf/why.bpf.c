// SPDX-License-Identifier: GPL-2.0-only
/*
 * why.bpf.c - what threads wait for, in a call and between two
 *
 * Attached while a migration is under way, and only then: the scheduler's switches,
 * page faults and contended locks of the whole host come here, and those of threads
 * without an entry leave after two loads.
 */
#include "bpf/why.bpf.h"

/* include/uapi/linux/kvm.h */
#define KVM_GET_DIRTY_LOG     0x4010ae42
#define KVM_CLEAR_DIRTY_LOG   0xc018aec0
#define KVM_RESET_DIRTY_RINGS 0xaec7

static __always_inline void went_out(struct task_struct *prev, __u64 now)
{
	struct why_task *w = why_of(prev->pid);
	const struct why_peers *peers;

	if (!w || !w->start_ns)
		peer_out(prev, w && w->called, now);
	if (!w || !(w->start_ns | w->between_ns))
		return;
	if (w->out_ns)
		w->torn = 1;
	why_settle(w, prev->sched_info.run_delay);
	w->delay = prev->sched_info.run_delay;
	w->out_state = prev->__state;
	w->out_in = w->between_ns && w->out_state ? syscall_wait(prev) : SYSCALL_OTHER;
	w->peers = SYSCALL_OTHER;
	w->vcpus_ns = 0;
	peers = w->out_in == SYSCALL_FUTEX ? peers_of(prev->tgid) : NULL;
	if (peers) {
		w->peers = peers->resumes ? SYSCALL_RECEIVES : SYSCALL_SENDS;
		w->peers_ns = while_sum(&peers->waits, now);
		w->vcpus_ns = while_sum(&peers->works, now);
		w->peers_sends = peers->sends;
	}
	if (w->out_in == SYSCALL_SENDS)
		send_begins(prev, &w->send);
	w->last.n = 0;
	if (w->out_state)
		stack_before(prev, &w->last);
	w->out_ns = now;
}

/* It waited to send for @ns, or those did that it waited for: what limited them. */
static __always_inline void why_sent(struct why_task *w, const struct why_peers *peers)
{
	struct send_path path;
	__u64 ns, retransmitted;

	if (w->out_in == SYSCALL_SENDS) {
		ns = w->waited_ns;
		retransmitted = send_ends(&w->send, ns, &w->shares, &path);
	} else if (peers && w->peers == SYSCALL_SENDS) {
		ns = w->peers_ns;
		send_shares_since(&w->peers_sends, &peers->sends, &w->shares);
		path = peers->path;
		retransmitted = peers->sends.retransmitted - w->peers_sends.retransmitted;
	} else {
		return;
	}
	w->sums.limits.retransmitted += retransmitted;
	if (path.srtt_us && ns > w->path_ns) {
		w->path = path;
		w->path_ns = ns;
	}
}

/* How long of its wait others waited; NULL: it did not wait for others. */
static __always_inline const struct why_peers *
waited_for_peers(struct why_task *w, __u32 tgid, __u64 now)
{
	const struct why_peers *peers = w->peers != SYSCALL_OTHER ? peers_of(tgid) : NULL;

	if (!peers) {
		w->peers = SYSCALL_OTHER;
		w->vcpus_ns = 0;
		return NULL;
	}
	w->peers_ns = while_sum(&peers->waits, now) - w->peers_ns;
	w->vcpus_ns = while_sum(&peers->works, now) - w->vcpus_ns;
	return peers;
}

/*
 * A thread of a process that makes calls may make its first one while a device stands
 * still, as multifd's do: what it did before is told then, from here on.
 */
static __always_inline struct why_task *why_adopt(struct task_struct *task, __u64 now)
{
	struct why_task *w;

	/* What ends has been forgotten, and makes no call any more. */
	if (task->flags & PF_EXITING || !peers_of(task->tgid))
		return NULL;
	w = why_new(task->pid);
	if (!w)
		return NULL;
	w->between_ns = now;
	w->seen = why_seen;
	return w;
}

static __always_inline void came_in(struct task_struct *next, __u64 now)
{
	struct why_task *w = why_of(next->pid);
	const struct why_peers *peers;

	peer_in(next, now);
	if (!w)
		w = why_adopt(next, now);
	if (!w)
		return;
	w->in_ns = now;
	w->in_delay = next->sched_info.run_delay;
	if (!w->out_ns)
		return;
	w->waited_ns = now - w->out_ns;
	w->out_ns = 0;
	peers = waited_for_peers(w, next->tgid, now);
	why_sent(w, peers);
	if (!w->out_state ||
	    (w->waited_ns <= w->longest_ns && (!w->arc_ns || w->waited_ns <= w->arc_longest_ns))) {
		w->last.n = 0;
		return;
	}
	/* Where theirs was most of it, so is the stack. */
	if (peers && w->peers_ns > w->waited_ns / 2 && peers->last.n)
		w->last = peers->last;
	else
		stack_after(next, &w->last);
}

/* bool preempt, struct task_struct *prev, struct task_struct *next, ... */
SEC("tp_btf/sched_switch")
int why_switch(__u64 *ctx)
{
	struct task_struct *prev = (struct task_struct *)ctx[1];
	struct task_struct *next = (struct task_struct *)ctx[2];
	__u64 now;

	if (!(why_marks[prev->pid & (WHY_MARKS - 1)] | why_marks[next->pid & (WHY_MARKS - 1)] |
	      why_processes[prev->tgid & (WHY_PROCESSES - 1)] |
	      why_processes[next->tgid & (WHY_PROCESSES - 1)]))
		return 0;
	now = bpf_ktime_get_ns();
	went_out(prev, now);
	came_in(next, now);
	return 0;
}

/* The entry of the thread, if it is in a traced call, or was. */
static __always_inline struct why_task *why_current(void)
{
	struct why_task *w = why_of(bpf_get_current_pid_tgid());

	return w && (w->start_ns | w->between_ns) ? w : NULL;
}

SEC("?fentry/handle_mm_fault")
int why_fault_enter(__u64 *ctx)
{
	struct why_task *w = why_current();

	/* A fault of a dirty log's is part of that. */
	if (!w || (w->held_ns && w->log))
		return 0;
	/* The return from the last one was not seen. */
	if (w->held_ns)
		w->seen &= ~WIRE_WHY_FAULTS;
	why_hold(w, false);
	return 0;
}

SEC("?fexit/handle_mm_fault")
int why_fault_exit(__u64 *ctx)
{
	struct why_task *w = why_current();

	if (!w || !w->held_ns || w->log)
		return 0;
	w->sums.fault += why_let_go(w);
	w->sums.faults++;
	return 0;
}

/*
 * long kvm_vm_ioctl(struct file *, unsigned int cmd, unsigned long arg), of a module that
 * must be free to go: a kprobe holds none.
 */
SEC("?kprobe/kvm_vm_ioctl")
int why_log_enter(struct pt_regs *ctx)
{
	struct why_task *w = why_current();
	__u32 cmd = PT_REGS_PARM2(ctx);

	if (w && w->between_ns && !w->held_ns &&
	    (cmd == KVM_GET_DIRTY_LOG || cmd == KVM_CLEAR_DIRTY_LOG ||
	     cmd == KVM_RESET_DIRTY_RINGS))
		why_hold(w, true);
	return 0;
}

SEC("?kretprobe/kvm_vm_ioctl")
int why_log_exit(struct pt_regs *ctx)
{
	struct why_task *w = why_current();

	if (w && w->held_ns && w->log)
		w->sums.log += why_let_go(w);
	return 0;
}

/*
 * int kvm_arch_vcpu_ioctl(struct file *, ...): those for which a vCPU's state is read and
 * written, and not KVM_RUN, which would cost a guest.  A thread that makes them, and calls
 * on a device as well, is nobody that another one waits for.  Others wait for it from when
 * it is woken on, and also while it waits for a cpu.
 */
SEC("?kprobe/kvm_arch_vcpu_ioctl")
int why_vcpu(struct pt_regs *ctx)
{
	const struct why_task *w = why_of(bpf_get_current_pid_tgid());

	if (w && !w->called)
		peer_is_vcpu(w->in_ns - (current_run_delay() - w->in_delay));
	return 0;
}

/* Since Linux 5.19: 16edd9b511a1 "locking: Add lock contention tracepoints" */
SEC("?tp_btf/contention_begin")
int why_lock_begin(__u64 *ctx)
{
	struct why_task *w = why_current();

	if (!w)
		return 0;
	why_settle_current(w);
	w->locks++;
	return 0;
}

SEC("?tp_btf/contention_end")
int why_lock_end(__u64 *ctx)
{
	struct why_task *w = why_current();

	if (!w || !w->locks)
		return 0;
	why_settle_current(w);
	w->locks--;
	return 0;
}

/* ---- a call that does not return ---- */

/* Whose: set by user space, which then reads why_now. */
__u32 why_tid;

/* [0]: what the iterator below found, [1]: what the sample did; names, and no address */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct wire_why);
} why_now SEC(".maps");

/* The stack of another thread, or that of a sample. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct why_stack);
} why_scratch SEC(".maps");

SEC("iter/task")
int why_look(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct why_stack *stack;
	struct wire_why *rec;
	struct why_task *w;
	struct why_sums sums;
	const struct why_task *none;
	__u32 zero = 0;
	__u64 out_ns;

	if (!task || task->pid != why_tid)
		return 0;
	rec = bpf_map_lookup_elem(&why_now, &zero);
	stack = bpf_map_lookup_elem(&why_scratch, &zero);
	none = bpf_map_lookup_elem(&why_empty, &zero);
	if (!rec || !stack || !none)
		return 0;
	rec->call = WIRE_WHY; /* it was found */
	rec->seen = 0;
	/* What runs cannot be unwound from here. */
	stack->n = 0;
	if (task->__state)
		stack->n = stack_frames(bpf_get_task_stack(task, stack->ip, sizeof(stack->ip), 0));
	frame_names(rec, stack);
	rec->head.end_ns = bpf_ktime_get_ns();
	w = why_of(task->pid);
	if (!w || !w->start_ns || !w->seen || w->torn)
		return 0;
	rec->head.start_ns = w->start_ns;
	sums = w->sums;
	out_ns = w->out_ns;
	rec->longest_ns = w->longest_ns;
	/* The wait that it is in, and that of before, which nobody has settled yet. */
	why_book(&sums, w, w->waited_ns);
	if (out_ns && out_ns < rec->head.end_ns) {
		__u64 out = rec->head.end_ns - out_ns;

		why_book(&sums, w, out);
		if (out > rec->longest_ns)
			rec->longest_ns = out;
	}
	why_sums_set(rec, &sums, &none->sums);
	rec->seen = w->seen;
	return 0;
}

/* Of the thread, while it runs: a timer of the cpu that it is on. */
SEC("perf_event")
int why_sample(void *ctx)
{
	__u32 zero = 0, one = 1;
	struct why_stack *stack = bpf_map_lookup_elem(&why_scratch, &zero);
	struct wire_why *rec = bpf_map_lookup_elem(&why_now, &one);

	if (!rec || !stack || rec->call)
		return 0;
	stack->n = stack_frames(bpf_get_stack(ctx, stack->ip, sizeof(stack->ip), 0));
	if (!stack->n)
		return 0;
	frame_names(rec, stack);
	rec->call = WIRE_WHY;
	return 0;
}

/* ---- */

/*
 * The scheduler's programs have come while calls were under way: what those of them
 * that are asleep have been since.  One that began long before is not told of at all.
 */
#define SEED_NS 100000000ULL

SEC("iter/task")
int why_seed(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct why_task *w;
	__u64 now;

	if (!task)
		return 0;
	w = why_of(task->pid);
	now = bpf_ktime_get_ns();
	if (!w || !w->start_ns || w->seen || now - w->start_ns > SEED_NS)
		return 0;
	if (task->__state && !w->out_ns) {
		w->delay = BPF_CORE_READ(task, sched_info.run_delay);
		w->out_state = task->__state;
		w->out_ns = w->start_ns;
	}
	w->seen = why_seen;
	return 0;
}
