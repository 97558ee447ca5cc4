/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inside.bpf.h - functions that somebody named, timed within the calls that are traced
 *
 * A pair of programs (inside.bpf.c) is on each of them.  A thread that is in a call has a
 * stack here of those that it has entered and not left: a function that is left is the
 * innermost of its name, and whatever was entered after it, and is still there, returned
 * unseen, which is counted.  An execution of WIRE_INSIDE_MIN_NS or more is told when it
 * returns; shorter ones are added up by function, and told when their step or their call
 * ends.  So what is kept of a call is bounded, whatever it calls, and how often.
 */
#ifndef VFIOSCOPE_INSIDE_BPF_H
#define VFIOSCOPE_INSIDE_BPF_H

#include "bpf/record.bpf.h"

/* Set before load: --inside */
extern const volatile __u8 inside_wanted;
/* Since when both programs of a function are attached, by its place; 0: they are not. */
extern __u64 inside_since[WIRE_INSIDE_FUNCTIONS];
/* Executions that were lost: their return, or their entry, was not seen, or there was no room. */
extern __u64 inside_lost;

/* A traced call, as far as it is known when it begins. */
struct inside_call {
	__u32 kind, feature, device, stream; /* as struct wire_why has them */
};

struct inside_frame {
	__u64 start_ns;
	__u64 function;
};

struct inside_sum {
	__u64 count, total_ns, longest_ns;
};

struct inside_task {
	__u64 call_ns; /* when the call began that all of this is of */
	__u32 n;       /* frames */
	__u32 deeper;  /* entered, and not left, that found no frame */
	__u64 shorter; /* executions in @sum */
	struct inside_frame frame[WIRE_INSIDE_DEPTH];
	struct inside_sum sum[WIRE_INSIDE_FUNCTIONS];
};

/* By thread number; user space makes it as large as why_tasks where it is wanted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct inside_task);
} inside_tasks SEC(".maps") __weak;

static __always_inline struct inside_task *inside_of(__u32 tid)
{
	return inside_wanted ? bpf_map_lookup_elem(&inside_tasks, &tid) : NULL;
}

static __always_inline void inside_forget(__u32 tid)
{
	if (inside_wanted)
		bpf_map_delete_elem(&inside_tasks, &tid);
}

/* So many executions of a function, in @call, which began at @call_ns; all short ones together are @folded. */
static __always_inline void
inside_put(const struct inside_call *call, __u64 call_ns, __u64 start_ns, __u64 end_ns,
	   __u32 function, __u32 depth, bool folded, const struct inside_sum *sum)
{
	struct wire_inside *rec = record_reserve(WIRE_INSIDE, sizeof(*rec));

	if (!rec)
		return;
	rec->head.start_ns = start_ns;
	record_end(&rec->head, end_ns);
	rec->head.device = call->device;
	rec->head.stream = call->stream;
	rec->call = call->kind;
	rec->feature = call->feature;
	rec->function = function;
	rec->depth = depth;
	rec->folded = folded;
	rec->pad = 0;
	rec->call_ns = call_ns;
	rec->count = sum->count;
	rec->total_ns = sum->total_ns;
	rec->longest_ns = sum->longest_ns;
	record_submit(rec, false);
}

/*
 * The call of the current thread that began at @call_ns, or a step of it, @call, which
 * began at @from_ns, ends, or its first step begins: its short executions are told.
 * @over: it is the call that ends.  When it did, if that took time; 0: nothing was told.
 */
static __always_inline __u64 inside_tell(__u64 call_ns, __u64 from_ns,
					 const struct inside_call *call, bool over)
{
	struct inside_task *t = inside_of(bpf_get_current_pid_tgid());
	struct inside_sum *s;
	__u64 now;
	__u32 i;

	if (!t || !call_ns || t->call_ns != call_ns)
		return 0;
	if (over && t->n)
		__sync_fetch_and_add(&inside_lost, t->n);
	if (over) {
		t->n = 0;
		t->deeper = 0;
	}
	if (!t->shorter)
		return 0;
	t->shorter = 0;
	now = bpf_ktime_get_ns();
#pragma clang loop unroll(disable)
	for (i = 0; i < WIRE_INSIDE_FUNCTIONS; i++) {
		s = &t->sum[i];
		if (!s->count)
			continue;
		inside_put(call, from_ns, from_ns, now, i, 0, true, s);
		s->count = 0;
	}
	return now;
}

#endif
