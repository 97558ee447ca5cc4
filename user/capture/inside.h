/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inside.h - kernel functions that somebody named, timed within the calls in flight
 *
 * No name is known here: each is looked for in the kernel's own list, a plain one also as
 * the single variant that a compiler made of it (NAME.isra.0), and tried.  They are
 * attached with the scheduler's programs (why.h), and one that was not there is looked for
 * again whenever those come: a driver may have been loaded since.
 */
#ifndef VFIOSCOPE_INSIDE_H
#define VFIOSCOPE_INSIDE_H

#include "capture/capture.h"
#include "event.h"

struct attach;
struct bpf_link;
struct vfioscope_bpf;

struct inside_function {
	struct capture_function pub;
	char module[64]; /* "": the kernel's own */
	bool found;	 /* by its symbol, at the last look into the list */
	bool news;	 /* @pub has changed and was not told */
	uint64_t since_ns;
	struct bpf_link *link[2]; /* entry, return */
};

/*
 * Look for the functions in a list as /proc/kallsyms is: @path.  Of each: found, symbol and
 * module, or unseen: UNSEEN_ABSENT, UNSEEN_SEVERAL.  One that has been found is left alone.
 */
void inside_find(const char *path, struct inside_function *f, size_t n);

/* Before load: can they be had?  @why: the scheduler's programs are loaded. */
void inside_prepare(struct vfioscope_bpf *skel, bool why, size_t n);
/* Once all is loaded: those that are asked for, and which of them can be had.  0 or -ENOMEM. */
int inside_open(struct attach *a, const struct capture_opts *opts);
/* With the scheduler's programs: those that are known; and, which takes its time, the others. */
void inside_attach(struct attach *a);
void inside_attach_others(struct attach *a);
void inside_detach(struct attach *a);
/* The scheduler's programs cannot be attached: nor can these. */
void inside_fail(struct attach *a);

/* Of number @i, from 0; NULL: there is none. */
struct inside_function *inside_function(struct attach *a, size_t i);
/* Executions, so far, that were not recorded although their call was seen: at most so many. */
uint64_t inside_lost(const struct attach *a);
/* The keeper has closed the links, or is at it. */
void inside_forget(struct attach *a);

#endif
