/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process.h - who a process is: its name, and its VM's: QEMU's -name, else its cgroup
 *
 * Reads /proc at the first sight of a process; one that has gone by then has no
 * name.
 */
#ifndef VFIOSCOPE_PROCESS_H
#define VFIOSCOPE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"

/* PROC_PID_INIT_INO: the host's PID namespace has this inode on every kernel. */
#define PROCESS_INIT_PIDNS_INO 0xeffffffcU

/*
 * Can the host's processes be looked at here?  Not from within another PID
 * namespace, a container's: events tell the host's numbers, and /proc others.
 */
bool process_visible(void);

struct processes;

struct processes *processes_create(void);
void processes_destroy(struct processes *p);

struct process_name {
	char comm[EVENT_COMM_LEN]; /* of its first thread; "" when it has gone */
	char vm[EVENT_NAME_LEN];   /* "" when it has none */
	uint32_t source;	   /* enum event_vm_source, of @vm */
};

/*
 * True the first time that @pid is seen: @name is then filled.  Memory is
 * bounded, so that an old process may be seen anew.
 */
bool processes_first_sight(struct processes *p, uint32_t pid, struct process_name *name);

/*
 * Whether a process is wanted at all: true until processes_unwant() said
 * otherwise, and again after processes_forget().
 */
void processes_unwant(struct processes *p, uint32_t pid);
bool processes_wanted(const struct processes *p, uint32_t pid);

/* The next sight of @pid is a first one again. */
void processes_forget(struct processes *p, uint32_t pid);
/*
 * The process has ended.  What it closes thereby it closes under its name; the
 * number's next use is another process's: processes_used() says when.
 */
void processes_ended(struct processes *p, uint32_t pid);
/* @pid was seen in something that no process does that has ended. */
void processes_used(struct processes *p, uint32_t pid);

/* The process that thread @tid belongs to, and its name; 0 and "" when it has gone. */
uint32_t process_of_thread(uint32_t tid, char comm[EVENT_COMM_LEN]);

/*
 * May thread @tid be inside a call on a file right now?  False when it has gone
 * or is known to be elsewhere: a call whose return was lost would otherwise
 * look stuck for ever.
 */
bool process_in_file_call(uint32_t tid);

/* Has process @pid ended: is it gone, or a zombie without a thread that goes on? */
bool process_has_ended(uint32_t pid);

/* What thread @tid has run outside the kernel, in clock ticks; 0 when it has gone. */
uint64_t process_user_time(uint32_t tid);

/*
 * The VM's name in a command line as /proc/PID/cmdline has it: @len bytes,
 * words separated by NUL.  QEMU: "-name web,debug-threads=on" or "-name
 * guest=web,...".  False when it has none.
 */
bool process_vm_from_cmdline(const char *cmdline, size_t len, char vm[EVENT_NAME_LEN]);

/* The last part of a cgroup v2 path ("0::/machine.slice/x.scope\n" -> "x.scope"). */
bool process_vm_from_cgroup(const char *cgroup, char vm[EVENT_NAME_LEN]);

#endif
