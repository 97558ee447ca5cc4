/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hook.bpf.h - how a function is hooked
 *
 * A hook is a pair of bodies, NAME_on_enter(args) and NAME_on_exit(args, ctx),
 * on the array of the function's arguments, followed at the exit by what it
 * returned.  NAME_wants(args) says early that a call is none of ours.  HOOK()
 * makes the programs of both methods from them:
 *
 * NAME_enter, NAME_exit	templates: loaded once as kprobes, which need no
 *	target, so that libbpf relocates them; the loader takes their
 *	instructions and loads those again as fentry or fexit for every function
 *	with that prototype.  There the context is that array.
 * NAME_kenter, NAME_kexit	the same by kprobe and kretprobe, where fentry
 *	cannot attach; the arguments are kept from the entry to the return.
 *
 * The kernel skips programs, and a call that is skipped must be counted or told
 * by the other method:
 * - a fentry or fexit program while the same program is preempted on that cpu.
 *   Without its entry a call is told, without a start; without its exit it is
 *   lost, and the program's miss counter says so;
 * - a kprobe's program while any other such program runs on that cpu, or the
 *   bpf() call changes a map there.  Without its return a call is lost, as
 *   above.  Without its entry nothing is known when it returns but that: such
 *   returns are counted, call by call ("unheralded"), and told at their place.
 *   That is why the entry notes every call, wanted or not.
 *
 * Both methods may be on a function at once: where fentry programs were seen to
 * be skipped, the kprobes, which run without preemption, take over, and the
 * fentry programs stay and stand back; where the kprobe was skipped at an entry
 * they only say that there was one.  A call is told by the method that saw its
 * entry, and by fexit when the kprobe did not.  The fexit program runs first, and
 * sees each call unless the kernel counts it as missed.  So what is lost is
 * - what fexit programs missed, but for what the kretprobe was shown then, and
 *   told, or counted: that is "covered";
 * - what fexit stood back for and the kretprobe was not shown: "stood_back" less
 *   those that it was shown.
 * Neither needs to know which calls are older than the kprobes.  What a
 * kretprobe's program missed is needed where another function of the same hook
 * has no fexit: "told_beside" is to be taken from that.
 */
#ifndef VFIOSCOPE_HOOK_BPF_H
#define VFIOSCOPE_HOOK_BPF_H

#include "bpf/record.bpf.h"

/*
 * By enum wire_hook: calls are taken by the kprobes of this hook, and its fentry
 * programs, where both are attached, stand back.
 */
extern __u8 by_kprobe[WIRE_HOOKS];

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_CALLS);
	__type(key, struct kargs_key);
	__type(value, struct kargs);
} kargs SEC(".maps") __weak;

/* Whose calls fexit has told since kprobes took the hook over. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_CALLS);
	__type(key, struct kargs_key);
	__type(value, __u8);
} told_since SEC(".maps") __weak;

static __always_inline struct kargs_key kargs_key(__u64 hook)
{
	return (struct kargs_key){ .task = bpf_get_current_pid_tgid(), .hook = hook };
}

static __always_inline bool beside_fexit(void *ctx)
{
	return bpf_get_attach_cookie(ctx) == WIRE_COOKIE_BESIDE_FEXIT;
}

static __always_inline void kargs_save(__u64 hook, const __u64 *a, bool tell)
{
	struct kargs_key key = kargs_key(hook);
	struct kargs val = { .a = { a[0], a[1], a[2], a[3] }, .tell = tell };

	bpf_map_update_elem(&kargs, &key, &val, BPF_ANY);
}

/*
 * Is a return without its entry a call that was lost?  Not where it tells of
 * none, or only of some, and where one hooked function may call another: the
 * inner one has then taken what was kept.
 */
static __always_inline bool tells_all(__u64 hook)
{
	return hook != WIRE_HOOK_device_gone && hook != WIRE_HOOK_pci_void;
}

/* The kretprobe is shown a return: what fexit does not count, or counted for nothing. */
static __always_inline void
kretprobe_ran(__u64 hook, const struct kargs *val, struct wire_counters *c)
{
	if (!val || !val->fexit_ran)
		__sync_fetch_and_add(&c->covered[hook], 1);
	else if (val->tell)
		__sync_fetch_and_add(&c->stood_back[hook], -1);
	else if (val->told_beside)
		__sync_fetch_and_add(&c->told_beside[hook], -1);
}

/* Take the arguments of the call that returns; false: it is not to be told. */
static __always_inline bool kargs_take(__u64 hook, __u64 *a, void *ctx)
{
	bool beside = beside_fexit(ctx);
	struct wire_counters *c = counters_get();
	struct kargs_key key = kargs_key(hook);
	struct kargs *val = bpf_map_lookup_elem(&kargs, &key);
	bool counts, tell;

	if (!c || hook >= WIRE_HOOKS)
		return false;
	/* The kprobes are only just coming. */
	if (!by_kprobe[hook]) {
		if (val)
			bpf_map_delete_elem(&kargs, &key);
		return false;
	}
	counts = val || tells_all(hook);
	if (beside && counts)
		kretprobe_ran(hook, val, c);
	/* Nobody has told it, nor can; beside fexit whatever is not wanted was told so. */
	if (!val || (beside && !val->tell && !val->fexit_ran)) {
		if (counts)
			__sync_fetch_and_add(&c->unheralded[hook], 1);
		/* What the kprobe noted before they took over fexit may have told. */
		if (counts && (!val || val->marked))
			record_lost_exit(WIRE_NONE, 0, 0, 0);
		if (val)
			bpf_map_delete_elem(&kargs, &key);
		return false;
	}
	a[0] = val->a[0];
	a[1] = val->a[1];
	a[2] = val->a[2];
	a[3] = val->a[3];
	tell = val->tell;
	bpf_map_delete_elem(&kargs, &key);
	return tell;
}

/*
 * The fentry program, which stands back, says that the call has begun since the
 * kprobes are there: its return is theirs, even if they were not shown its entry.
 */
static __always_inline void kargs_mark(__u64 hook)
{
	struct kargs_key key = kargs_key(hook);
	struct kargs *val = bpf_map_lookup_elem(&kargs, &key);
	struct kargs begun = { .marked = 1 };

	if (val && val->tell && !val->fexit_ran && !val->fentry_ran) {
		val->fentry_ran = 1; /* the kprobe's, of this call */
		return;
	}
	bpf_map_update_elem(&kargs, &key, &begun, BPF_ANY);
}

/*
 * Has the kretprobe been there when the call began that fexit tells now?  It has
 * if the task has had another return since kprobes took over.
 */
static __always_inline bool began_since(const struct kargs_key *key)
{
	__u8 one = 1;

	if (bpf_map_lookup_elem(&told_since, key))
		return true;
	bpf_map_update_elem(&told_since, key, &one, BPF_ANY);
	return false;
}

/* Is the call that returns the fexit program's to tell? */
static __always_inline bool fexit_is_due(__u64 hook)
{
	struct kargs *val, told = { .fexit_ran = 1 };
	struct kargs_key key = kargs_key(hook);
	struct wire_counters *c = counters_get();

	if (!by_kprobe[hook] || !c || hook >= WIRE_HOOKS)
		return true;
	val = bpf_map_lookup_elem(&kargs, &key);
	if (val && val->tell && !val->fexit_ran) {
		val->fexit_ran = 1;
		__sync_fetch_and_add(&c->stood_back[hook], 1);
		return false;
	}
	/* What is there else is no entry of this call, or the mark of it. */
	told.told_beside = began_since(&key);
	if (told.told_beside)
		__sync_fetch_and_add(&c->told_beside[hook], 1);
	bpf_map_update_elem(&kargs, &key, &told, BPF_ANY);
	return true;
}

/* Programs in macros look like those outside. */
/* clang-format off */
/* @keep: a return follows, which needs what the entry kept. */
#define HOOK_ENTER(name, keep)						\
SEC("kprobe")								\
int name##_enter(__u64 *ctx)						\
{									\
	if (!name##_wants(ctx))						\
		return 0;						\
	if (!by_kprobe[WIRE_HOOK_##name])				\
		name##_on_enter(ctx);					\
	else if (keep)							\
		kargs_mark(WIRE_HOOK_##name);				\
	return 0;							\
}

#define HOOK_EXIT(name)							\
SEC("kprobe")								\
int name##_exit(__u64 *ctx)						\
{									\
	/* In this order: what stands back is to be known of every call. */ \
	if (fexit_is_due(WIRE_HOOK_##name) && name##_wants(ctx))	\
		name##_on_exit(ctx, ctx);				\
	return 0;							\
}

#define HOOK_KENTER(name, keep)						\
SEC("kprobe")								\
int name##_kenter(struct pt_regs *ctx)					\
{									\
	__u64 a[4] = { PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx),		\
		       PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx) };	\
	bool tell = by_kprobe[WIRE_HOOK_##name] && name##_wants(a);	\
									\
	if (keep)							\
		kargs_save(WIRE_HOOK_##name, a, tell);			\
	if (tell)							\
		name##_on_enter(a);					\
	return 0;							\
}

#define HOOK_KPROBES(name, nargs)					\
HOOK_KENTER(name, true)							\
SEC("kretprobe")							\
int name##_kexit(struct pt_regs *ctx)					\
{									\
	__u64 a[5];							\
									\
	if (kargs_take(WIRE_HOOK_##name, a, ctx)) {			\
		a[nargs] = PT_REGS_RC(ctx);				\
		name##_on_exit(a, ctx);					\
	}								\
	return 0;							\
}

#define HOOK(name, nargs)		\
	HOOK_ENTER(name, true)		\
	HOOK_EXIT(name)			\
	HOOK_KPROBES(name, nargs)

/* A hook of the entry alone. */
#define HOOK_ENTER_ONLY(name)		\
	HOOK_ENTER(name, false)		\
	HOOK_KENTER(name, false)
/* clang-format on */

#endif
