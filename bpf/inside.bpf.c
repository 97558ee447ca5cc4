// SPDX-License-Identifier: GPL-2.0-only
/*
 * inside.bpf.c - functions that somebody named, entered and left
 *
 * One pair of programs for all of them: the attach cookie is a function's place among
 * those that were asked for.  Kprobes, since a driver that is watched must be free to go:
 * they hold no module.  Whoever is in no traced call is gone after one load, or a look-up.
 */
#include "bpf/why.bpf.h"

/* The current thread's entry, if it is in a call. */
static __always_inline struct why_task *in_call(void)
{
	struct why_task *w = why_of(bpf_get_current_pid_tgid());

	return w && w->start_ns ? w : NULL;
}

static __always_inline void lose(__u64 n)
{
	__sync_fetch_and_add(&inside_lost, n);
}

/* What a thread has of its call; what is there of an earlier one, whose end was not seen, is lost. */
static __always_inline struct inside_task *inside_begin(__u64 call_ns)
{
	static const struct inside_task none;
	__u32 tid = bpf_get_current_pid_tgid();
	struct inside_task *t = inside_of(tid);

	if (!t) {
		if (bpf_map_update_elem(&inside_tasks, &tid, &none, BPF_ANY))
			return NULL;
		t = inside_of(tid);
		if (!t)
			return NULL;
	}
	if (t->call_ns != call_ns) {
		if (t->n || t->shorter) {
			lose(t->n + t->shorter);
			__builtin_memset(t->sum, 0, sizeof(t->sum));
		}
		t->call_ns = call_ns;
		t->n = 0;
		t->deeper = 0;
		t->shorter = 0;
	}
	return t;
}

SEC("?kprobe")
int inside_enter(struct pt_regs *ctx)
{
	__u64 function = bpf_get_attach_cookie(ctx);
	struct why_task *w = in_call();
	struct inside_task *t;
	__u32 n;

	if (!w || function >= WIRE_INSIDE_FUNCTIONS || !inside_since[function])
		return 0;
	t = inside_begin(w->start_ns);
	if (!t) {
		lose(1);
		return 0;
	}
	n = t->n;
	if (n >= WIRE_INSIDE_DEPTH) {
		lose(1);
		t->deeper++;
		return 0;
	}
	t->frame[n].function = function;
	t->n = n + 1;
	/* At last: what we take ourselves is none of its time. */
	t->frame[n].start_ns = bpf_ktime_get_ns();
	return 0;
}

/* The innermost frame of that function; WIRE_INSIDE_DEPTH: it has none. */
static __always_inline __u32 frame_of(const struct inside_task *t, __u64 function)
{
	__u32 found = WIRE_INSIDE_DEPTH, i;

#pragma unroll
	for (i = 0; i < WIRE_INSIDE_DEPTH; i++)
		if (i < t->n && t->frame[i].function == function)
			found = i;
	return found;
}

static __always_inline void tell(const struct why_task *w, __u32 function, __u32 depth,
				 __u64 start_ns, __u64 now)
{
	const struct inside_sum once = { 1, now - start_ns, now - start_ns };
	struct inside_call call = w->call;
	__u64 call_ns = w->start_ns;

	if (w->arc_ns && start_ns >= w->arc_ns) {
		call.kind = WIRE_ARC;
		call.feature = 0;
		call_ns = w->arc_ns;
	}
	inside_put(&call, call_ns, start_ns, now, function, depth, false, &once);
}

SEC("?kretprobe")
int inside_exit(struct pt_regs *ctx)
{
	__u64 now = bpf_ktime_get_ns(), took, function = bpf_get_attach_cookie(ctx);
	struct why_task *w = in_call();
	struct inside_task *t;
	struct inside_sum *s;
	__u64 start_ns;
	__u32 at;

	if (!w || function >= WIRE_INSIDE_FUNCTIONS || !inside_since[function])
		return 0;
	t = inside_of(bpf_get_current_pid_tgid());
	/* It is not the innermost that is known by its name, but one that found no frame. */
	if (t && t->call_ns == w->start_ns && t->deeper) {
		t->deeper--;
		return 0;
	}
	at = t && t->call_ns == w->start_ns ? frame_of(t, function) : WIRE_INSIDE_DEPTH;
	if (!t || at >= WIRE_INSIDE_DEPTH) {
		/* Entered in this call, unless that is older than the programs. */
		if (w->start_ns > inside_since[function])
			lose(1);
		return 0;
	}
	if (t->n > at + 1)
		lose(t->n - at - 1);
	t->n = at;
	start_ns = t->frame[at].start_ns;
	took = now - start_ns;
	if (took >= WIRE_INSIDE_MIN_NS) {
		tell(w, function, at, start_ns, now);
		return 0;
	}
	s = &t->sum[function];
	/* The first one since they were told: what is there is theirs. */
	if (!s->count) {
		s->total_ns = 0;
		s->longest_ns = 0;
	}
	s->count++;
	s->total_ns += took;
	if (took > s->longest_ns)
		s->longest_ns = took;
	t->shorter++;
	return 0;
}
