// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which calls the kernel did not show to their programs, and what follows;
 * bpf/hook.bpf.h says when it skips one.  A call is lost when
 * - its fexit program was skipped.  When that is seen kprobes take over the hook,
 *   and the fexit programs stay where they are and stand back; what they miss
 *   from then on is not lost.  The kernel goes on counting it, so a miss is held
 *   against what the kretprobes knew (wire_counters.covered);
 * - its kretprobe's program was skipped, or the kernel had no instance left;
 * - its kprobe's program was skipped: the kretprobe counts that, call by call,
 *   since the kernel's counter does not say which of them were lost, too
 *   (wire_counters.unheralded).
 *
 * A hook that has only an entry loses its event with that.  Every close() of the
 * host goes through one: which of the misses were ours nobody knows, so that they
 * are counted apart, and from above.  Every thread's end goes through the other;
 * there the processes that hold something tell: see attach_ends_skipped().
 */
#include "capture/attach_internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/process.h"
#include "vfioscope.skel.h"

#define SETTLE_TRIES 64
#define SETTLE_LOOKS 4 /* once it was known */

int attach_counters(const struct attach *a, struct wire_counters *out)
{
	struct wire_counters *per_cpu;
	__u32 zero = 0;
	int cpu, k, err = 0;

	memset(out, 0, sizeof(*out));
	per_cpu = calloc(a->ncpus, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(bpf_map__fd(a->skel->maps.counters), &zero, per_cpu)) {
		err = -errno;
		goto out;
	}
	for (cpu = 0; cpu < a->ncpus; cpu++) {
		out->lost += per_cpu[cpu].lost;
		out->table_full += per_cpu[cpu].table_full;
		for (k = 0; k < WIRE_KIND_NR; k++)
			out->lost_kind[k] += per_cpu[cpu].lost_kind[k];
		for (k = 0; k < WIRE_HOOKS; k++) {
			out->covered[k] += per_cpu[cpu].covered[k];
			out->by_fexit[k] += per_cpu[cpu].by_fexit[k];
			out->unheralded[k] += per_cpu[cpu].unheralded[k];
		}
	}
out:
	free(per_cpu);
	return err;
}

uint64_t prog_misses(int fd)
{
	struct bpf_prog_info info;
	__u32 len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		return 0;
	return info.recursion_misses;
}

/*
 * What struct bpf_link_info says of a kprobe since Linux 6.6 (1b715e1b0ec5),
 * its misses since 6.7 (3acf8ace6823); Debian 12's header knows neither.
 */
struct kprobe_link_info {
	__u32 type, id, prog_id, pad;
	struct {
		__u32 type, pad;
		__u64 func_name;
		__u32 name_len, offset;
		__u64 addr;
		__u64 missed;
		__u64 cookie;
	} perf;
};

/* Returns for which the kernel had no kretprobe instance left. */
static uint64_t link_misses(const struct bpf_link *link)
{
	struct kprobe_link_info info;
	__u32 len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len) || len < sizeof(info))
		return 0;
	return info.perf.missed;
}

static bool is_fexit(const struct attached *at)
{
	return at->is_exit && at->prog_fd >= 0;
}

uint64_t attach_own_misses(const struct attach *a, struct attached *at)
{
	const struct hook_type *type = attach_hook_type(a->hooks[at->hook].kind);
	uint64_t sum = 0;

	/* Only returns: a skipped entry is counted elsewhere; see above. */
	if (!at->is_exit || !type->event)
		return 0;
	if (is_fexit(at) && !a->skel->bss->by_kprobe[type - attach_hook_types])
		sum += at->misses = prog_misses(at->prog_fd);
	if (at->link)
		sum += link_misses(at->link);
	return sum;
}

/*
 * What the fexit programs of a hook missed that no kretprobe told.  The two
 * counts cannot be read in one moment, so each look gives a bound from below
 * and one from above; a few looks bring them together unless the machine is
 * very busy.
 */
static void settle(struct attach *a, size_t id, int tries, uint64_t *low, uint64_t *high)
{
	struct wire_counters before, after;
	uint64_t misses;
	size_t i;

	*low = 0;
	*high = UINT64_MAX;
	for (; tries && *low < *high; tries--) {
		if (attach_counters(a, &before))
			break;
		misses = 0;
		for (i = 0; i < a->n_attached; i++)
			if (is_fexit(&a->attached[i]) &&
			    attach_hook_type(a->hooks[a->attached[i].hook].kind) ==
				    &attach_hook_types[id])
				misses += prog_misses(a->attached[i].prog_fd);
		if (attach_counters(a, &after))
			break;
		if (misses > after.covered[id] && misses - after.covered[id] > *low)
			*low = misses - after.covered[id];
		if (misses < before.covered[id])
			*high = 0;
		else if (misses - before.covered[id] < *high)
			*high = misses - before.covered[id];
	}
}

/* Of the program that kretprobes of a hook run, on however many functions. */
static uint64_t kexit_misses(const struct attach *a, size_t id)
{
	const struct hook_type *type = &attach_hook_types[id];

	if (!type->exit || !type->event)
		return 0;
	return prog_misses(bpf_program__fd(attach_program(a, type, "kexit")));
}

void attach_take_over(struct attach *a, const struct hook_type *type)
{
	size_t id = type - attach_hook_types;
	uint64_t low, high;

	if (id == WIRE_HOOK_file_closed)
		attach_closes_skipped_at_most(a);
	a->taken_over[id].kexit_before = kexit_misses(a, id);
	a->skel->bss->by_kprobe[id] = 1;
	/* Calls that began before may still miss their fexit: see attach_skipped(). */
	settle(a, id, SETTLE_TRIES, &low, &high);
	a->taken_over[id].misses = low;
}

/*
 * A loss that was told is never taken back, so until the last time no more is told
 * than the lower bound; the last time, when there are few calls, never less than was lost.
 */
static void settle_all(struct attach *a, bool last)
{
	uint64_t low, high, lost;
	size_t id;
	int tries;

	for (id = 0; id < WIRE_HOOKS; id++) {
		if (!a->skel->bss->by_kprobe[id] || a->taken_over[id].settled)
			continue;
		tries = a->taken_over[id].agreed && !last ? SETTLE_LOOKS : SETTLE_TRIES;
		settle(a, id, tries, &low, &high);
		lost = last && high != UINT64_MAX ? high : low;
		if (lost > a->taken_over[id].misses)
			a->taken_over[id].misses = lost;
		a->taken_over[id].agreed |= low == high;
		a->taken_over[id].settled = last;
	}
}

uint64_t attach_skipped(struct attach *a, bool last)
{
	uint64_t sum, kexit[WIRE_HOOKS];
	struct wire_counters counters;
	size_t i;

	settle_all(a, last);
	sum = a->misses_gone;
	for (i = 0; i < a->n_attached; i++)
		sum += attach_own_misses(a, &a->attached[i]);
	/* Before the counters: a call that ends between the two is told late, not twice. */
	for (i = 0; i < WIRE_HOOKS; i++)
		kexit[i] = kexit_misses(a, i);
	if (attach_counters(a, &counters))
		memset(&counters, 0, sizeof(counters));
	for (i = 0; i < WIRE_HOOKS; i++) {
		sum += a->taken_over[i].misses;
		sum += counters.unheralded[i];
		kexit[i] -= a->taken_over[i].kexit_before;
		/* Below zero: such a call is between its fexit and its kretprobe. */
		if ((int64_t)counters.by_fexit[i] > 0)
			kexit[i] -=
				counters.by_fexit[i] < kexit[i] ? counters.by_fexit[i] : kexit[i];
		sum += kexit[i];
	}
	if (bpf_program__autoload(a->skel->progs.next_state_exit))
		sum += prog_misses(bpf_program__fd(a->skel->progs.next_state_exit));
	return sum;
}

/* The misses of the programs that see every close(). */
static uint64_t close_misses(struct attach *a)
{
	const struct hook_type *type = &attach_hook_types[WIRE_HOOK_file_closed];
	struct attached *at;
	uint64_t sum = 0;
	size_t i;

	if (a->skel->bss->by_kprobe[WIRE_HOOK_file_closed])
		return prog_misses(bpf_program__fd(attach_program(a, type, "kenter")));
	for (i = 0; i < a->n_attached; i++) {
		at = &a->attached[i];
		if (at->prog_fd >= 0 && attach_hook_type(a->hooks[at->hook].kind) == type)
			sum += at->misses = prog_misses(at->prog_fd);
	}
	return sum;
}

uint64_t attach_closes_skipped_at_most(struct attach *a)
{
	uint64_t alive = a->skel->bss->streams_alive, born = a->skel->bss->last_stream;
	/* Was there any that it could have been of? */
	bool ours = alive || a->closes.alive || born != a->closes.born;
	uint64_t misses = close_misses(a);

	/* From another program since the last look: it counts from 0. */
	if (misses < a->closes.misses)
		a->closes.misses = 0;
	if (ours)
		a->closes.lost += misses - a->closes.misses;
	a->closes.misses = misses;
	a->closes.alive = alive;
	a->closes.born = born;
	return a->closes.lost;
}

uint64_t attach_ends_skipped(struct attach *a)
{
	/* The program takes each process out whose end it sees; no more are gone than it missed. */
	uint64_t most = prog_misses(bpf_program__fd(a->skel->progs.process_exit));
	int fd = bpf_map__fd(a->skel->maps.holders);
	__u32 at, pid, *from = NULL;

	while (a->ends_lost < most && !bpf_map_get_next_key(fd, from, &pid)) {
		if (process_has_ended(pid) && !bpf_map_delete_elem(fd, &pid)) {
			a->ends_lost++;
			continue; /* from the one before it */
		}
		at = pid;
		from = &at;
	}
	return a->ends_lost;
}

int attach_avoid_skips(struct attach *a)
{
	const struct hook_type *type;
	struct attached *at;
	int n = 0;
	size_t i;

	if (a->method != CAPTURE_AUTO)
		return 0;
	for (i = 0; i < a->n_attached; i++) {
		at = &a->attached[i];
		type = attach_hook_type(a->hooks[at->hook].kind);
		if (at->misses == at->misses_answered ||
		    a->skel->bss->by_kprobe[type - attach_hook_types])
			continue;
		at->misses_answered = at->misses;
		n += attach_use_kprobes(a, type);
	}
	return n;
}
