// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which calls the kernel did not show to their programs, and what follows;
 * bpf/hook.bpf.h says when it skips one.  A call is lost when
 * - its fexit program was skipped.  When that is seen kprobes take over the hook,
 *   and the fexit programs stay where they are and stand back.  The kernel goes on
 *   counting what they miss, so that is held against what the kretprobes were shown
 *   (wire_counters.covered), and what they stood back for as well (stood_back);
 * - without a fexit program: its kretprobe's was skipped, or the kernel had no
 *   instance left;
 * - its kprobe's program was skipped, and fexit's: the kretprobe counts that, call by
 *   call, since the kernel's counter does not say which of them were lost, too
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
#include <sys/utsname.h>
#include <unistd.h>

#include "capture/process.h"
#include "vfioscope.skel.h"

/* Few calls are under way whenever it is looked so often, at such a distance. */
#define LOOKS	 4
#define LOOKS_US 2000

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
			out->stood_back[k] += per_cpu[cpu].stood_back[k];
			out->told_beside[k] += per_cpu[cpu].told_beside[k];
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

/* False: an older kernel, which also does not count what it hides from a kprobe's program. */
static bool get_link_info(const struct bpf_link *link, struct kprobe_link_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return !bpf_obj_get_info_by_fd(bpf_link__fd(link), info, &len) && len >= sizeof(*info);
}

/* Returns for which the kernel had no kretprobe instance left. */
static uint64_t link_misses(const struct bpf_link *link)
{
	struct kprobe_link_info info;

	return get_link_info(link, &info) ? info.perf.missed : 0;
}

static bool is_fexit(const struct attached *at)
{
	return at->is_exit && at->prog_fd >= 0;
}

/* Only of returns: a skipped entry is counted elsewhere; see above. */
static uint64_t fexit_misses(struct attached *at)
{
	return is_fexit(at) ? at->misses = prog_misses(at->prog_fd) : 0;
}

/* The same; where there is a fexit program, that tells. */
static uint64_t alone_misses(const struct attached *at)
{
	return at->is_exit && at->link && !at->beside ? link_misses(at->link) : 0;
}

unsigned int attach_uncounted(const struct attach *a)
{
	struct kprobe_link_info info;
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < a->n_attached; i++) {
		const struct attached *at = &a->attached[i];

		n += at->is_exit && at->prog_fd < 0 && at->link && !at->beside &&
		     !get_link_info(at->link, &info);
	}
	return n;
}

static const struct hook_type *type_of(const struct attach *a, const struct attached *at)
{
	return attach_hook_type(a->hooks[at->hook].kind);
}

void attach_keep_misses(struct attach *a, struct attached *at)
{
	const struct hook_type *type = type_of(a, at);

	if (!type->event)
		return;
	a->of_hook[type - attach_hook_types].misses_gone += fexit_misses(at);
	a->links_misses_gone += alone_misses(at);
}

/* What the fexit programs of each hook missed, @of[WIRE_HOOKS]; returns what links did. */
static uint64_t own_misses(struct attach *a, uint64_t *of)
{
	uint64_t links = a->links_misses_gone;
	const struct hook_type *type;
	size_t i;

	for (i = 0; i < WIRE_HOOKS; i++)
		of[i] = a->of_hook[i].misses_gone;
	for (i = 0; i < a->n_attached; i++) {
		type = type_of(a, &a->attached[i]);
		if (!type->event)
			continue;
		of[type - attach_hook_types] += fexit_misses(&a->attached[i]);
		links += alone_misses(&a->attached[i]);
	}
	return links;
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

	if (id == WIRE_HOOK_file_closed)
		attach_closes_skipped_at_most(a);
	a->skel->bss->by_kprobe[id] = 1;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t counted(uint64_t n)
{
	/* Below zero for a moment: the cpus' counts are read one after another. */
	return (int64_t)n > 0 ? n : 0;
}

uint64_t hook_skipped(const struct hook_misses *m, const struct wire_counters *c, size_t hook)
{
	uint64_t stood_back = counted(c->stood_back[hook]);
	uint64_t lost = less(m->fexit + c->unheralded[hook], c->covered[hook]) + stood_back;

	/* What both missed is in it twice: of which calls that were is not known. */
	if (m->kprobe_alone)
		lost += less(m->kexit, counted(c->told_beside[hook]) + stood_back);
	return lost;
}

static uint64_t look(struct attach *a)
{
	uint64_t sum, fexit[WIRE_HOOKS];
	struct hook_misses misses[WIRE_HOOKS];
	struct wire_counters counters;
	size_t i;

	/* Before the counters: a call that ends between the two is told late, not twice. */
	sum = own_misses(a, fexit);
	for (i = 0; i < WIRE_HOOKS; i++)
		misses[i] = (struct hook_misses){ fexit[i], kexit_misses(a, i),
						  a->of_hook[i].kprobe_alone };
	if (attach_counters(a, &counters))
		return a->skipped; /* not known now, and later */
	for (i = 0; i < WIRE_HOOKS; i++)
		sum += hook_skipped(&misses[i], &counters, i);
	if (bpf_program__autoload(a->skel->progs.next_state_exit))
		sum += prog_misses(bpf_program__fd(a->skel->progs.next_state_exit));
	return sum;
}

/* Of which hooks a kprobe stands beside a fexit program, @of[WIRE_HOOKS]; is there any? */
static bool beside_fexit(const struct attach *a, bool *of)
{
	const struct attached *at;
	bool any = false;
	size_t i, id;

	memset(of, 0, WIRE_HOOKS * sizeof(*of));
	for (i = 0; i < a->n_attached; i++) {
		at = &a->attached[i];
		id = type_of(a, at) - attach_hook_types;
		if (at->beside && a->skel->bss->by_kprobe[id])
			any = of[id] = true;
	}
	return any;
}

#define BATCH 512

/*
 * Calls of those hooks that a program was shown the entry of, and the kretprobe not
 * yet, or never.  Key by key would begin anew whenever the last one has gone.
 */
static uint64_t under_way(const struct attach *a, const bool *beside)
{
	struct kargs_key key[BATCH];
	struct kargs value[BATCH];
	int fd = bpf_map__fd(a->skel->maps.kargs), err = 0;
	__u32 at, n = BATCH, i, *from = NULL;
	uint64_t sum = 0;

	for (; !err; from = &at, n = BATCH) {
		err = bpf_map_lookup_batch(fd, from, &at, key, value, &n, NULL);
		if (err && err != -ENOENT)
			break;
		for (i = 0; i < n; i++)
			sum += key[i].hook < WIRE_HOOKS && beside[key[i].hook] && value[i].tell;
	}
	return sum;
}

uint64_t attach_skipped(struct attach *a, uint64_t *at_most)
{
	bool beside[WIRE_HOOKS], both = beside_fexit(a, beside);
	uint64_t sum, out, sure = UINT64_MAX;
	int i;

	*at_most = UINT64_MAX;
	for (i = 0; i < LOOKS; i++) {
		out = both ? under_way(a, beside) : 0;
		sum = look(a);
		if (sum < *at_most)
			*at_most = sum;
		if (less(sum, out) < sure)
			sure = less(sum, out);
		if (!both || sum <= a->skipped)
			break;
		usleep(LOOKS_US);
	}
	if (sure > a->skipped)
		a->skipped = sure;
	if (a->skipped > *at_most)
		*at_most = a->skipped;
	return a->skipped;
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
		if (at->prog_fd >= 0 && type_of(a, at) == type)
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

/* Take up to @most processes that have ended out of those that hold something; how many did. */
static uint64_t take_ended(struct attach *a, uint64_t most)
{
	int fd = bpf_map__fd(a->skel->maps.holders);
	__u32 at, pid, held, *from = NULL;
	uint64_t n = 0;

	while (n < most && !bpf_map_get_next_key(fd, from, &pid)) {
		if (bpf_map_lookup_elem(fd, &pid, &held))
			held = 0;
		if (process_has_ended(pid) && !bpf_map_delete_elem(fd, &pid)) {
			n += held != 0;
			continue; /* from the one before it */
		}
		at = pid;
		from = &at;
	}
	return n;
}

uint64_t attach_ends_skipped(struct attach *a)
{
	uint64_t missed, n;

	if (a->rests) {
		if (process_visible())
			take_ended(a, UINT64_MAX);
		return a->ends.lost;
	}
	/* The program takes each process out whose end it sees; no more are gone than it missed. */
	missed = prog_misses(bpf_program__fd(a->skel->progs.process_exit));
	n = take_ended(a, missed - a->ends.missed);
	a->ends.missed += n;
	a->ends.lost += n;
	return a->ends.lost;
}

void attach_ends_rested(struct attach *a)
{
	if (process_visible())
		a->ends.lost += take_ended(a, UINT64_MAX);
}

bool attach_expects_skips(struct attach *a)
{
	struct utsname u;
	size_t i;

	/* init/Makefile puts it into UTS_VERSION. */
	if (a->method != CAPTURE_AUTO || uname(&u) || !strstr(u.version, "PREEMPT_RT"))
		return false;
	for (i = 0; i < WIRE_HOOKS; i++)
		if (attach_hook_types[i].event && !attach_hook_types[i].tracepoint)
			attach_use_kprobes(a, &attach_hook_types[i]);
	return true;
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
		type = type_of(a, at);
		if (at->misses == at->misses_answered ||
		    a->skel->bss->by_kprobe[type - attach_hook_types])
			continue;
		at->misses_answered = at->misses;
		n += attach_use_kprobes(a, type);
	}
	return n;
}
