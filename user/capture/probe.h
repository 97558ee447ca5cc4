/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - what this machine lets itself be traced with
 *
 * Looks and tries; judges nothing.  Promises:
 * - only /proc, /sys and /boot are read; no device and no /dev/vfio is opened;
 * - what could not be looked at is PROBE_UNKNOWN, never a guess;
 * - what is tried is tried for real: a program is loaded and attached, and
 *   taken off again at once.  The functions of vfio are held meanwhile, as by
 *   any capture;
 * - works without root, without vfio, without /sys and without /proc.
 */
#ifndef VFIOSCOPE_PROBE_H
#define VFIOSCOPE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum probe_answer {
	PROBE_UNKNOWN = 0,
	PROBE_NO,
	PROBE_YES,
};

/* A thing that was tried. */
struct probe_try {
	enum probe_answer works;
	char why[160]; /* when it does not, or was not tried */
};

struct probe_module {
	char name[64];
	bool builtin;
	enum probe_answer btf;
	enum probe_answer migrates; /* has a function of migration_set_state's prototype */
	char set_state[128];	    /* that function */
};

struct probe_device {
	char name[64]; /* BDF or UUID */
	char driver[64], module[64];
	char group[16];		    /* "" when the device has none */
	enum probe_answer migrates; /* its driver does */
};

struct probe_hook {
	char module[64], function[128];
	const char *kind; /* static */
	struct probe_try fentry, kprobe;
	bool tracepoint; /* it works, and is neither of them */
};

/* Which of the capabilities that matter this process has. */
enum probe_cap { PROBE_CAP_BPF, PROBE_CAP_PERFMON, PROBE_CAP_SYS_ADMIN, PROBE_CAP_NR };
extern const char *const probe_cap_names[PROBE_CAP_NR];

struct probe {
	char release[72], machine[72];
	bool sys, proc; /* are they mounted? */
	enum probe_answer vmlinux_btf;
	char lockdown[32]; /* "none", "integrity", ...; "" not known */
	bool has_lockdown; /* the kernel has it at all, as far as can be seen */
	/* sysctls; -1: could not be read */
	int bpf_jit, ftrace, unprivileged_bpf, perf_paranoid;
	enum probe_answer kprobes_armed; /* debugfs' switch for all kprobes */

	uid_t uid;
	enum probe_answer cap[PROBE_CAP_NR];
	enum probe_answer init_userns; /* capabilities count only there */
	enum probe_answer init_pidns;  /* elsewhere the host's processes are not to be seen */
	bool seccomp;

	enum probe_answer vfio; /* loaded or built in */
	/*
	 * vfio, what depends on it, iommufd; "vmlinux" for each driver that is
	 * built in, of which only its function is known
	 */
	struct probe_module *modules;
	size_t n_modules;
	struct probe_device *devices;
	size_t n_devices;

	struct probe_try fentry, kprobe; /* on a function that nobody calls */
	/* A capture: by the best method for each function, and by kprobes alone. */
	struct probe_try capture, by_kprobe;
	struct probe_hook *hooks;
	size_t n_hooks;

	char *config; /* the kernel's, or NULL */
};

struct probe_opts {
	const char *root; /* where proc, sys and boot are; NULL or "": here.
				   A test's tree: then nothing is tried */
	bool verbose;	  /* libbpf's messages on stderr */
};

/* NULL only without memory. */
struct probe *probe_run(const struct probe_opts *opts);
void probe_free(struct probe *p);

/* "y", "m", "n", or NULL when the kernel's configuration is not to be read. */
const char *probe_config(const struct probe *p, const char *option);

#endif
