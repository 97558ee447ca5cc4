/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - what record and live share: the capture's options, its opening,
 * and how it is told to stop
 */
#ifndef VFIOSCOPE_WATCH_H
#define VFIOSCOPE_WATCH_H

#include <signal.h>

#include "capture/capture.h"
#include "cmd/cmd.h"

/* --device, --driver, --pid, --vm, --ring, --attach, --why, --inside, --no-fold */
enum watch_why { WATCH_WHY_ON, WATCH_WHY_OFF };

struct cmd_watch {
	const char *device, *driver, *vm;
	uint64_t pid;
	uint64_t ring;
	int method; /* enum capture_method */
	int why;    /* enum watch_why */
	struct opt_list inside;
	bool waits; /* as struct capture_opts */
	bool no_fold;
};

extern const struct opt cmd_watch_opts[];

/*
 * Open the capture.  0, or the exit code with the error told.
 */
int cmd_watch_open(const struct cmd_watch *w, const struct cmd_common *common, struct capture **c);

/* "attached 14/14 (fentry)", or with what failed; @buf of @size bytes. */
void cmd_watch_attached(const struct capture *c, char *buf, size_t size);

/* The number of the last SIGINT, SIGTERM or SIGHUP, or 0. */
extern volatile sig_atomic_t cmd_watch_signal;
/* Catch them (without SA_RESTART) and ignore SIGPIPE. */
void cmd_watch_signals(void);

/* Set by a SIGUSR2, once cmd_watch_reloads() was called: what can change is to be looked at. */
extern volatile sig_atomic_t cmd_watch_reload;
void cmd_watch_reloads(void);

/*
 * SIGUSR1 asks to let go of the drivers' modules (capture_let_go()): done here
 * if it came, and told.
 */
void cmd_watch_let_go(struct capture *c);

/*
 * After attaching, and after whatever was to be started and opened: give away what
 * watching does not need.  Kept: what attaches to a driver that is loaded later
 * (CAP_BPF, CAP_PERFMON; CAP_SYS_ADMIN for a module's BTF), what looks into /proc of
 * the processes that have devices (CAP_SYS_PTRACE), and what ends @child.  @serves: connections to a
 * socket that listens are still taken.
 */
void cmd_watch_settle(bool child, bool serves);

/* Close the capture, and tell if the kernel did not let go of its hooks. */
void cmd_watch_close(struct capture *c);

#endif
