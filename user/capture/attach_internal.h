/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach_internal.h - what loading (load.c), attaching (attach.c, core.c), what comes and
 * goes with the migrations (rest.c), its misses (misses.c), the calls in flight
 * (flights.c), what these wait for (why.c) and what runs in them (inside.c) share
 */
#ifndef VFIOSCOPE_ATTACH_INTERNAL_H
#define VFIOSCOPE_ATTACH_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/wire.h"
#include "capture/attach.h"
#include "capture/discover.h"

#define DETACH_MS     10000 /* without one of some 60 links gone, each an RCU grace period or two */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct bpf_link;
struct inside_function;
struct btf;
struct bpf_program;
struct vfioscope_bpf;

/*
 * What is hooked, and with which programs: those of the kernel side's HOOK()
 * of that name.  A hook of the entry alone has no exit, and the other way round.
 */
struct hook_type {
	const char *kind;     /* what people read */
	const char *programs; /* NAME of HOOK(NAME) */
	bool enter, exit;
	bool event;	 /* it tells something, which is lost when it is skipped */
	bool tracepoint; /* one program, NAME, where its section says */
	bool rests;	 /* all of the host goes through it: see rest.h */
};

extern const struct hook_type attach_hook_types[WIRE_HOOKS];

/* A program on a function. */
struct attached {
	struct bpf_link *link; /* libbpf's, or NULL */
	int link_fd, prog_fd;  /* our own when link is NULL */
	bool is_exit;
	bool beside;		  /* a kprobe of a function that has fentry programs, too */
	size_t hook;		  /* index of what it serves */
	uint64_t misses;	  /* of a fentry program that tells: at the last look */
	uint64_t misses_answered; /* what attach_avoid_skips() knows of them */
};

/* The scheduler's programs, see why.h: pairs of two, the exit first. */
enum why_link {
	WHY_LINK_SWITCH,
	WHY_LINK_FAULTS,
	WHY_LINK_LOCKS = WHY_LINK_FAULTS + 2,
	WHY_LINK_LOG = WHY_LINK_LOCKS + 2,
	WHY_LINK_VCPUS = WHY_LINK_LOG + 2,
	WHY_LINKS,
};

struct attach {
	struct vfioscope_bpf *skel;
	enum capture_method method;
	bool builtin;	  /* vfio is built into the kernel */
	const char *vfio; /* whose functions are vfio's: "vfio", or "vmlinux" */
	struct attached *attached;
	size_t n_attached;
	struct capture_hook *hooks;
	size_t n_hooks;
	/* modules that were looked at; one that left is looked at again */
	struct found_module modules[MAX_MODULES];
	int n_modules;
	uint32_t modules_seen;		   /* as the kernel side counts them */
	bool modules_coming;		   /* one was not live yet at the last look */
	const struct wire_stream *streams; /* the kernel side's table */
	size_t streams_len;
	int ncpus;
	pid_t keeper;		    /* closes the links; see keeper.h */
	uint64_t skipped;	    /* attach_skipped(): at the last look */
	uint64_t links_misses_gone; /* of what was detached; see attach_skipped() */
	struct {
		uint64_t misses_gone; /* the same of its fexit programs */
		bool kprobe_alone;    /* a function of it has no fexit program */
		int btf_err;	      /* of one that rests, as attach_hook() */
		uint32_t btf_id;
	} of_hook[WIRE_HOOKS];
	/* attach_closes_skipped_at_most(): at the last look */
	struct {
		uint64_t misses, lost;
		uint64_t alive, born;
	} closes;
	/* attach_ends_skipped() */
	struct {
		uint64_t lost;	 /* in all, */
		uint64_t missed; /* and of those the program's own */
	} ends;
	uint32_t signs;	  /* of a migration, as the kernel side counts them: at the last look */
	uint64_t sign_ns; /* when there was one last */
	bool rests;	  /* the hooks that rest do so now */
	struct {
		struct bpf_link *link[WHY_LINKS];
		bool failed; /* not tried again */
		char error[128];
	} why;
	struct {
		struct inside_function *f;
		size_t n;
	} inside;
};

/*
 * Load the programs, and the types: @vmlinux the kernel's, @vfio those of the
 * module, NULL when it is built in; btf__free() both.  0, or -errno with a line
 * in @err, or without one ("").
 */
int attach_load(struct attach *a, const struct capture_opts *opts, struct btf **vmlinux,
		struct btf **vfio, char *err, size_t err_len);

/*
 * Trace @function by the best method that works, and list it.  @btf_err: why
 * there is no BTF to attach by, or 0 with @btf_fd and @btf_id; -ENOTUNIQ: nor by
 * its name, which is another function's, too.
 */
int attach_hook(struct attach *a, const char *module, const char *function, const char *kind,
		int btf_err, int btf_fd, uint32_t btf_id);
/*
 * Detach a.attached[@i]; what it served stays in the list, as it was.  Of a pair the later
 * one first.
 */
void attach_detach(struct attach *a, size_t i);
/* Trace @h, which is in the list and detached, as attach_hook() did. */
void attach_again(struct attach *a, const struct hook_type *type, struct capture_hook *h,
		  int btf_err, int btf_fd, uint32_t btf_id);
/*
 * Run an iterator of the kernel side to its end; what it writes goes to @buf,
 * @size at a time, and each time to @fn, with @arg, unless that is NULL.  0, or
 * -errno.
 */
int attach_iterate(struct attach *a, const struct bpf_program *prog, void *buf, size_t size,
		   int (*fn)(struct attach *a, const void *buf, void *arg), void *arg);
/* Is that hook in the list, attached or not? */
bool attach_has(const struct attach *a, const char *module, const char *function, const char *kind);
/* A file descriptor of the BTF that the kernel holds for @module, or -errno. */
int attach_btf_fd(const char *module);
/*
 * The hooks that every migration goes through (core.c); @vfio is vfio's BTF,
 * NULL when it is built in, @vmlinux the kernel's.  As attach_load().
 */
int attach_core(struct attach *a, struct btf *vmlinux, struct btf *vfio, char *err, size_t err_len);

/* One of the functions of that, as this kernel may have them. */
bool core_has(const char *function);

/*
 * Drivers that are built in, @vmlinux is the kernel's BTF.  -ENOMEM, or 0: one that
 * cannot be hooked is in the list.
 */
int builtin_hook_drivers(struct attach *a, struct btf *vmlinux);
/* @function, which has no module, was met: what attach_symbol() does with it.  0 or -errno. */
int builtin_hook_met(struct attach *a, const char *function, const char *kind);

/* Can a data FD have these?  It can be read or written, and closed. */
bool attach_is_data_fd(const struct wire_ops *ops);
/* In what order a driver is hooked: somebody may be waiting to use it. */
extern const enum proto attach_order[PROTO_NR];

/* The type that people read as @kind, or NULL. */
const struct hook_type *attach_hook_type(const char *kind);
/* The program @suffix (enter, exit, kenter, kexit) of the hook, NULL: its only one; or NULL. */
struct bpf_program *attach_program(const struct attach *a, const struct hook_type *type,
				   const char *suffix);
/*
 * From now on the calls of this hook are taken by kprobes: on all of its
 * functions, since the kernel side decides by hook.  The number of functions
 * that changed; a function that takes no kprobe leaves all as it is.
 */
int attach_use_kprobes(struct attach *a, const struct hook_type *type);

/* Of one hook: what the kernel counts as skipped. */
struct hook_misses {
	uint64_t fexit;	   /* runs of its fexit programs */
	uint64_t kexit;	   /* of the program that all its kretprobes run */
	bool kprobe_alone; /* a function of it has kprobes and no fexit program */
};

/*
 * Calls that neither method has told, by that and by what the programs count; see
 * hook.bpf.h.  Exact when none is under way and all functions of the hook are traced
 * alike; never less else.
 */
uint64_t hook_skipped(const struct hook_misses *m, const struct wire_counters *c, size_t hook);

/* @at is about to be detached: what it missed is kept. */
void attach_keep_misses(struct attach *a, struct attached *at);
/* Runs of a program that the kernel skipped; 0 of one that is not loaded (@fd < 0). */
uint64_t prog_misses(int fd);
/* The kprobes, which are attached, take over the hook. */
void attach_take_over(struct attach *a, const struct hook_type *type);

#endif
