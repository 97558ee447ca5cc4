/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privs.h - what a process is not going to need again, it gives away
 *
 * The tool runs as root and then looks at what others wrote: recordings, names of
 * processes, a terminal's keys.  Promises:
 * - what is dropped cannot come back: not in the bounding set, not by an exec
 *   (no_new_privs), not in a child;
 * - to have less to begin with is no error;
 * - nothing here needs a library.
 * docs/threat-model.md has the table of who keeps what.
 */
#ifndef VFIOSCOPE_UTIL_PRIVS_H
#define VFIOSCOPE_UTIL_PRIVS_H

#include <linux/capability.h>
#include <stdint.h>

#define PRIVS_CAP(cap) (1ULL << (cap))

/* What a filter lets through: all system calls but these. */
enum privs_filter {
	PRIVS_NO_FILTER,
	/*
	 * Programs run, other processes' memory and control, sockets, namespaces and
	 * mounts, modules and kernels, users, keys.
	 */
	PRIVS_WATCH,
	/* The same, but for accept() on a socket that listens already. */
	PRIVS_SERVE,
	/* And what traces: bpf(), perf_event_open(). */
	PRIVS_READ,
};

/*
 * Keep of the capabilities the set @keep (PRIVS_CAP()s) and run under @filter from
 * now on: what it forbids fails with EPERM.  Under the address sanitizer, which
 * traces its own process at the end, there is no filter.  0 or -errno: something
 * could not be given away; what could, is.
 */
int privs_drop(uint64_t keep, enum privs_filter filter);

#endif
