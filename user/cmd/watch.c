// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/watch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/privs.h"

static const char *const why_names[] = { "on", "off", NULL };

const struct opt cmd_watch_opts[] = {
	{ 0, "device", OPT_STRING, OPT_AT(struct cmd_watch, device), .arg = "BDF|UUID",
	  .help = "only this device" },
	{ 0, "driver", OPT_STRING, OPT_AT(struct cmd_watch, driver), .arg = "NAME",
	  .help = "only devices of this driver" },
	{ 0, "pid", OPT_U64, OPT_AT(struct cmd_watch, pid), .arg = "PID",
	  .help = "only calls of this process" },
	{ 0, "vm", OPT_STRING, OPT_AT(struct cmd_watch, vm), .arg = "NAME",
	  .help = "only processes of this VM: QEMU's -name, else the cgroup's" },
	{ 0, "ring", OPT_SIZE, OPT_AT(struct cmd_watch, ring),
	  .help = "size of the kernel's ring buffer (16MiB)" },
	{ 0, "attach", OPT_ENUM, OPT_AT(struct cmd_watch, method), .values = capture_method_names,
	  .help = "how functions are traced; auto: fentry, where it cannot attach kprobe" },
	{ 0, "why", OPT_ENUM, OPT_AT(struct cmd_watch, why), .values = why_names,
	  .help = "ask the scheduler what long calls wait for (on)" },
	{ 0, "no-fold", OPT_FLAG, OPT_AT(struct cmd_watch, no_fold),
	  .help = "keep each empty read as an event of its own" },
	OPT_END,
};

volatile sig_atomic_t cmd_watch_signal;

volatile sig_atomic_t cmd_watch_reload;

static volatile sig_atomic_t let_go_asked;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		let_go_asked = 1;
	else if (sig == SIGUSR2)
		cmd_watch_reload = 1;
	else
		cmd_watch_signal = sig;
}

void cmd_watch_let_go(struct capture *c)
{
	if (!let_go_asked)
		return;
	let_go_asked = 0;
	cmd_note(
		"let go of %d driver modules: they can be unloaded, and are traced again when they are back",
		capture_let_go(c));
}

void cmd_watch_settle(bool child, bool serves)
{
	uint64_t keep = PRIVS_CAP(CAP_BPF) | PRIVS_CAP(CAP_PERFMON) | PRIVS_CAP(CAP_SYS_ADMIN) |
			PRIVS_CAP(CAP_SYS_PTRACE);
	int err = privs_drop(child ? keep | PRIVS_CAP(CAP_KILL) : keep,
			     serves ? PRIVS_SERVE : PRIVS_WATCH);

	if (err)
		cmd_note("cannot give away privileges: %s", strerror(-err));
}

void cmd_watch_close(struct capture *c)
{
	struct event_source *src;

	if (!c)
		return;
	src = capture_source(c);
	src->ops->close(src);
	if (capture_left_behind())
		cmd_note(
			"the kernel has not let go of the hooks yet (a cpu is stuck in a hooked function?); they go when it does");
}

void cmd_watch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* nohup(1): it goes on when its terminal does not */
	sigaction(SIGHUP, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void cmd_watch_reloads(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR2, &sa, NULL);
}

int cmd_watch_open(const struct cmd_watch *w, const struct cmd_common *common, struct capture **c)
{
	struct capture_opts opts = {
		.device = w->device,
		.driver = w->driver,
		.vm = w->vm,
		.pid = w->pid,
		.ring_bytes = w->ring,
		.method = w->method,
		.no_why = w->why == WATCH_WHY_OFF,
		.waits = w->waits,
		.verbose = common->verbose > 1,
	};
	char err[256];
	int ret;

	if (w->pid > INT32_MAX)
		return cmd_fail(EXIT_USAGE, "--pid: %llu is no process number",
				(unsigned long long)w->pid);
	if (w->ring > (1ULL << 30))
		return cmd_fail(EXIT_USAGE, "--ring: at most 1GiB");
	if ((w->device && strlen(w->device) >= EVENT_NAME_LEN) ||
	    (w->driver && strlen(w->driver) >= EVENT_NAME_LEN) ||
	    (w->vm && strlen(w->vm) >= EVENT_NAME_LEN))
		return cmd_fail(EXIT_USAGE, "no device, driver or VM has a name that long");
	ret = capture_open(c, &opts, err, sizeof(err));
	/* Nothing to be traced here: what else there is. */
	if (ret == -ENODEV)
		return cmd_fail(
			EXIT_NO_ATTACH,
			"%s; 'vfioscope doctor' says more, 'vfioscope replay FILE' shows a recording",
			err);
	if (ret)
		return cmd_fail(EXIT_NO_ATTACH, "%s", err);
	return 0;
}

void cmd_watch_attached(const struct capture *c, char *buf, size_t size)
{
	const struct capture_hook *hooks, *failed = NULL;
	size_t n, i, fentry = 0, kprobe = 0, others = 0, len;

	hooks = capture_hooks(c, &n);
	for (i = 0; i < n; i++) {
		if (!capture_hook_attached(&hooks[i]))
			failed = &hooks[i];
		else if (!strcmp(hooks[i].method, "kprobe"))
			kprobe++;
		else if (!strcmp(hooks[i].method, "fentry"))
			fentry++;
		else
			others++; /* a tracepoint, which is no choice */
	}
	if (fentry && kprobe)
		len = snprintf(buf, size, "attached %zu/%zu (%zu fentry, %zu kprobe)",
			       fentry + kprobe + others, n, fentry, kprobe);
	else
		len = snprintf(buf, size, "attached %zu/%zu (%s)", fentry + kprobe + others, n,
			       kprobe ? "kprobe" : "fentry");
	if (failed && len < size)
		snprintf(buf + len, size - len, ", not %s of %s: %s", failed->function,
			 failed->module, failed->reason);
}
