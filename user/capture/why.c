// SPDX-License-Identifier: GPL-2.0-only
#include "capture/why.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "capture/attach_internal.h"
#include "capture/inside.h"
#include "vfioscope.skel.h"

/* A thread that runs is on its cpu for some of this. */
#define SAMPLE_NS    1000000ULL
#define SAMPLE_TRIES 20

static bool has_tracepoint(const struct btf *vmlinux, const char *name)
{
	char type[64];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return btf__find_by_name_kind(vmlinux, type, BTF_KIND_TYPEDEF) > 0;
}

static bool has_member(const struct btf *btf, const char *type, const char *member)
{
	const struct btf_type *t;
	const struct btf_member *m;
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	uint32_t i;

	if (id < 0)
		return false;
	t = btf__type_by_id(btf, id);
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), member))
			return true;
	return false;
}

const char *why_prepare(struct vfioscope_bpf *skel, const struct btf *vmlinux, enum why_load load)
{
	bool faults = load == WHY_LOAD_ALL &&
		      btf__find_by_name_kind(vmlinux, "handle_mm_fault", BTF_KIND_FUNC) > 0;
	bool locks = has_tracepoint(vmlinux, "contention_begin");
	bool want = load != WHY_LOAD_NONE;
	const char *why = NULL;

	if (!has_tracepoint(vmlinux, "sched_switch"))
		why = "this kernel has no tracepoint sched_switch";
	else if (!has_member(vmlinux, "sched_info", "run_delay"))
		why = "this kernel does not count what a thread waits for a cpu (CONFIG_SCHED_INFO)";
	want = want && !why;
	skel->rodata->why_wanted = want;
	bpf_program__set_autoload(skel->progs.why_switch, want);
	bpf_program__set_autoload(skel->progs.why_fault_enter, want && faults);
	bpf_program__set_autoload(skel->progs.why_fault_exit, want && faults);
	bpf_program__set_autoload(skel->progs.why_lock_begin, want && locks);
	bpf_program__set_autoload(skel->progs.why_lock_end, want && locks);
	bpf_program__set_autoload(skel->progs.why_log_enter, want);
	bpf_program__set_autoload(skel->progs.why_log_exit, want);
	bpf_program__set_autoload(skel->progs.why_vcpu, want);
	bpf_program__set_autoload(skel->progs.why_look, want);
	bpf_program__set_autoload(skel->progs.why_seed, want);
	bpf_program__set_autoload(skel->progs.why_sample, want);
	return why;
}

/* ---- attaching ---- */

static int put_on(struct bpf_program *prog, struct bpf_link **link)
{
	int err;

	if (!bpf_program__autoload(prog))
		return -ENOENT;
	*link = bpf_program__attach(prog);
	err = libbpf_get_error(*link);
	if (err)
		*link = NULL;
	return err;
}

static void take_off(struct bpf_link **link)
{
	bpf_link__destroy(*link);
	*link = NULL;
}

/* Two programs that are worth nothing without each other. */
static bool put_both(struct bpf_program *first, struct bpf_program *second,
		     struct bpf_link *link[2])
{
	if (put_on(first, &link[0]))
		return false;
	if (!put_on(second, &link[1]))
		return true;
	take_off(&link[0]);
	return false;
}

static void put_all(struct attach *a)
{
	struct vfioscope_bpf *s = a->skel;
	char buf[64];
	int err;

	/* First what comes at once: fentry takes the kernel some tenths of a second. */
	err = put_on(s->progs.why_switch, &a->why.link[WHY_LINK_SWITCH]);
	if (err) {
		snprintf(a->why.error, sizeof(a->why.error), "sched_switch cannot be traced: %s",
			 strerror(-err));
		a->why.failed = true;
		inside_fail(a);
		return;
	}
	s->bss->why_seen = WIRE_WHY_SUMS;
	/* Calls that are under way; it prints nothing, reading is what makes it go on. */
	attach_iterate(a, s->progs.why_seed, buf, sizeof(buf), NULL, NULL);
	inside_attach(a);
	/* The exit first: an entry without its exit would look lost. */
	if (put_both(s->progs.why_lock_end, s->progs.why_lock_begin, &a->why.link[WHY_LINK_LOCKS]))
		s->bss->why_seen |= WIRE_WHY_LOCKS;
	/* Where there is no KVM there is no dirty log of its. */
	if (put_both(s->progs.why_log_exit, s->progs.why_log_enter, &a->why.link[WHY_LINK_LOG]))
		s->bss->why_seen |= WIRE_WHY_LOG;
	if (!put_on(s->progs.why_vcpu, &a->why.link[WHY_LINK_VCPUS]))
		s->bss->why_seen |= WIRE_WHY_VCPUS;
	if (put_both(s->progs.why_fault_exit, s->progs.why_fault_enter,
		     &a->why.link[WHY_LINK_FAULTS]))
		s->bss->why_seen |= WIRE_WHY_FAULTS;
	inside_attach_others(a);
}

static void empty(const struct bpf_map *map)
{
	int fd = bpf_map__fd(map);
	__u32 key;

	while (!bpf_map_get_next_key(fd, NULL, &key) && !bpf_map_delete_elem(fd, &key))
		;
}

static void take_all_off(struct attach *a)
{
	struct vfioscope_bpf *s = a->skel;
	int i;

	s->bss->why_seen = 0;
	inside_detach(a);
	for (i = 0; i < WHY_LINKS; i++)
		take_off(&a->why.link[i]);
	empty(s->maps.why_tasks);
	empty(s->maps.inside_tasks);
	empty(s->maps.why_peer);
	empty(s->maps.why_peers);
	memset(s->bss->why_marks, 0, sizeof(s->bss->why_marks));
	memset(s->bss->why_processes, 0, sizeof(s->bss->why_processes));
}

void why_update(struct attach *a, bool sign, bool over)
{
	bool on = a->skel->bss->why_seen != 0;

	if (!a->skel->rodata->why_wanted || a->why.failed)
		return;
	if (sign && !on)
		put_all(a);
	else if (on && over)
		take_all_off(a);
}

const char *why_error(const struct attach *a)
{
	return a->why.error[0] ? a->why.error : NULL;
}

uint32_t why_seen(const struct attach *a)
{
	return a->skel->bss->why_seen;
}

uint64_t why_lost(struct attach *a)
{
	return a->skel->bss->why_lost + prog_misses(bpf_program__fd(a->skel->progs.why_switch));
}

void why_forget(struct attach *a)
{
	int i;

	for (i = 0; i < WHY_LINKS; i++) {
		if (a->why.link[i]) {
			bpf_link__disconnect(a->why.link[i]);
			bpf_link__destroy(a->why.link[i]);
		}
		a->why.link[i] = NULL;
	}
}

/* ---- a call that does not return ---- */

/*
 * Nobody can unwind what runs but the cpu that it runs on: a timer of that looks, in the
 * midst of it.
 */
static void sample(struct attach *a, uint32_t tid, struct wire_why *out)
{
	const struct timespec step = { .tv_nsec = 2 * SAMPLE_NS };
	int map = bpf_map__fd(a->skel->maps.why_now), fd, i;
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = SAMPLE_NS,
		.exclude_user = 1,
		.disabled = 1,
	};
	static struct wire_why none, found;
	__u32 one = 1;

	fd = syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return;
	bpf_map_update_elem(map, &one, &none, BPF_ANY);
	if (!ioctl(fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(a->skel->progs.why_sample)) &&
	    !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		for (i = 0; i < SAMPLE_TRIES; i++) {
			nanosleep(&step, NULL);
			if (bpf_map_lookup_elem(map, &one, &found) || !found.call)
				continue;
			memcpy(out->frame, found.frame, sizeof(out->frame));
			out->n_frames = found.n_frames;
			break;
		}
	}
	close(fd);
}

bool why_look_at(struct attach *a, uint32_t tid, struct wire_why *out)
{
	int map = bpf_map__fd(a->skel->maps.why_now);
	static const struct wire_why none;
	__u32 zero = 0;
	char buf[64];

	if (!a->skel->rodata->why_wanted)
		return false;
	a->skel->bss->why_tid = tid;
	if (bpf_map_update_elem(map, &zero, &none, BPF_ANY) ||
	    attach_iterate(a, a->skel->progs.why_look, buf, sizeof(buf), NULL, NULL) ||
	    bpf_map_lookup_elem(map, &zero, out) || !out->call)
		return false;
	if (!out->n_frames)
		sample(a, tid, out);
	return true;
}
