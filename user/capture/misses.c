// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which returns the kernel did not show to their program, and what follows.
 *
 * A fexit program is skipped while the same program is preempted on that cpu.
 * When that is seen kprobes take over the hook, and the fexit programs stay
 * where they are and stand back; what they miss from then on is not lost.  The
 * kernel goes on counting it, so a miss is held against what the kretprobes
 * told of calls whose fexit did not run (wire_counters.covered).
 *
 * A hook that has only an entry loses its event with that.  The user's close()
 * is seen at a function that every file goes through: which of its misses were
 * data FDs nobody knows, so that they are counted apart, and from above.
 */
#include "capture/attach_internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfioscope.skel.h"

#define SETTLE_TRIES	64

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
		for (k = 0; k < WIRE_HOOKS; k++)
			out->covered[k] += per_cpu[cpu].covered[k];
	}
out:
	free(per_cpu);
	return err;
}

static uint64_t prog_misses(int fd)
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

	/* Only returns: a skipped entry costs the start time, not the event. */
	if (!at->is_exit)
		return 0;	/* but see attach_skipped_closes() */
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
static void settle(struct attach *a, size_t id, uint64_t *low, uint64_t *high)
{
	struct wire_counters before, after;
	uint64_t misses;
	int tries;
	size_t i;

	*low = 0;
	*high = UINT64_MAX;
	for (tries = 0; tries < SETTLE_TRIES && *low < *high; tries++) {
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

void attach_taken_over(struct attach *a, const struct hook_type *type)
{
	size_t id = type - attach_hook_types;
	uint64_t low, high;

	if (id == WIRE_HOOK_file_closed) {
		attach_skipped_closes(a);
		a->closes.by_kprobe = true;
	}
	/* Calls that began before may still miss their fexit: see attach_skipped(). */
	settle(a, id, &low, &high);
	a->taken_over[id].misses = low;
}

static void settle_all(struct attach *a)
{
	uint64_t low, high;
	size_t id;

	for (id = 0; id < WIRE_HOOKS; id++) {
		if (!a->skel->bss->by_kprobe[id] || a->taken_over[id].settled)
			continue;
		settle(a, id, &low, &high);
		/* Never less than was lost. */
		if (high != UINT64_MAX && high > a->taken_over[id].misses)
			a->taken_over[id].misses = high;
		a->taken_over[id].settled = true;
	}
}

uint64_t attach_skipped(struct attach *a)
{
	struct bpf_program *prog;
	uint64_t sum;
	size_t i;

	settle_all(a);
	sum = a->misses_gone;
	for (i = 0; i < a->n_attached; i++)
		sum += attach_own_misses(a, &a->attached[i]);
	for (i = 0; i < WIRE_HOOKS; i++)
		sum += a->taken_over[i].misses;
	/* A program that libbpf attached is one, on however many functions. */
	for (i = 0; i < ARRAY_SIZE(attach_hook_types); i++) {
		prog = attach_hook_types[i].exit ?
		       attach_program(a, &attach_hook_types[i], "kexit") : NULL;
		if (prog)
			sum += prog_misses(bpf_program__fd(prog));
	}
	if (bpf_program__autoload(a->skel->progs.next_state_exit))
		sum += prog_misses(bpf_program__fd(a->skel->progs.next_state_exit));
	return sum;
}

uint64_t attach_skipped_closes(struct attach *a)
{
	const struct hook_type *type = &attach_hook_types[WIRE_HOOK_file_closed];
	uint64_t alive = a->skel->bss->streams_alive, born = a->skel->bss->last_stream;
	bool ours = alive || a->closes.alive || born != a->closes.born;
	struct attached *at;
	uint64_t misses;
	size_t i;

	a->closes.alive = alive;
	a->closes.born = born;
	for (i = 0; i < a->n_attached && !a->closes.by_kprobe; i++) {
		at = &a->attached[i];
		if (at->prog_fd < 0 || attach_hook_type(a->hooks[at->hook].kind) != type)
			continue;
		misses = prog_misses(at->prog_fd);
		if (ours && misses > a->closes.misses) {
			a->closes.lost += misses - a->closes.misses;
			at->misses = misses;
		}
		a->closes.misses = misses;
	}
	return a->closes.lost;
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
