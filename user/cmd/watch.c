// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/watch.h"

#include <ctype.h>
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
	{ 0, "pid", OPT_ORDINAL, OPT_AT(struct cmd_watch, pid), .arg = "PID",
	  .help = "only calls of this process" },
	{ 0, "vm", OPT_STRING, OPT_AT(struct cmd_watch, vm), .arg = "NAME",
	  .help = "only processes of this VM: QEMU's -name, else the cgroup's" },
	{ 0, "ring", OPT_SIZE, OPT_AT(struct cmd_watch, ring),
	  .help = "size of the kernel's ring buffer (16MiB)" },
	{ 0, "attach", OPT_ENUM, OPT_AT(struct cmd_watch, method), .values = capture_method_names,
	  .help = "how functions are traced; auto: fentry, where it cannot attach kprobe" },
	{ 0, "why", OPT_ENUM, OPT_AT(struct cmd_watch, why), .values = why_names,
	  .help = "ask the scheduler what long calls wait for (on)" },
	{ 0, "inside", OPT_LIST, OPT_AT(struct cmd_watch, inside), .arg = "FUNCTION[,...]",
	  .help = "time these functions of the kernel within calls: a driver's firmware commands" },
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

/* ---- --inside ---- */

struct names {
	char name[CAPTURE_FUNCTIONS_MAX][EVENT_NAME_LEN];
	size_t n;
};

/* What the kernel's list may have as a name, and C or a compiler made. */
static bool is_symbol(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_' && (s[i] != '.' || !i))
			return false;
	return len && !isdigit((unsigned char)s[0]);
}

/* 0, or the exit code with the error told. */
static int add_name(struct names *out, const char *s, size_t len)
{
	size_t i;

	if (!len)
		return cmd_fail(EXIT_USAGE, "--inside: a name is missing: FUNCTION[,FUNCTION...]");
	if (!is_symbol(s, len))
		return cmd_fail(EXIT_USAGE, "--inside: '%.*s' is no function's name",
				len < 80 ? (int)len : 80, s);
	if (len >= EVENT_NAME_LEN)
		return cmd_fail(EXIT_USAGE,
				"--inside: '%.40s...': a name has at most %d characters", s,
				EVENT_NAME_LEN - 1);
	for (i = 0; i < out->n; i++)
		if (strlen(out->name[i]) == len && !strncmp(out->name[i], s, len))
			return cmd_fail(EXIT_USAGE, "--inside: '%s' is named twice", out->name[i]);
	if (out->n == CAPTURE_FUNCTIONS_MAX)
		return cmd_fail(EXIT_USAGE, "--inside: at most %d functions",
				CAPTURE_FUNCTIONS_MAX);
	memcpy(out->name[out->n], s, len);
	out->name[out->n++][len] = '\0';
	return 0;
}

static int read_names(const struct opt_list *list, struct names *out)
{
	int status = 0;
	const char *s;
	size_t i, len;

	out->n = 0;
	for (i = 0; i < list->n && !status; i++) {
		for (s = list->items[i]; !status; s += len + 1) {
			len = strcspn(s, ",");
			status = add_name(out, s, len);
			if (!s[len])
				break;
		}
	}
	return status;
}

/* Which of them cannot be seen, as far as that is known before anything migrates. */
static void tell_unseen(const struct capture *c)
{
	const struct capture_function *f;
	size_t i;

	for (i = 0; (f = capture_function(c, i)); i++) {
		if (f->unseen != UNSEEN_NOT && f->unseen != UNSEEN_NO_SIGN)
			cmd_tell("--inside %s: not seen: %s%s%s", f->name,
				 event_unseen_words(f->unseen), f->err ? ": " : "",
				 f->err ? strerror(-f->err) : "");
		else if (strcmp(f->symbol, f->name) != 0)
			cmd_note("--inside %s: the compiler made %s of it, which is timed", f->name,
				 f->symbol);
	}
	if (capture_uncounted(c))
		cmd_tell(
			"this kernel (before 6.7) does not count the calls that it hides from kprobes: a loss may not be told");
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
	struct names inside;
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
	ret = read_names(&w->inside, &inside);
	if (ret)
		return ret;
	if (inside.n && opts.no_why)
		return cmd_fail(EXIT_USAGE, "--inside: it needs --why on");
	opts.inside = (const char(*)[EVENT_NAME_LEN])inside.name;
	opts.n_inside = inside.n;
	ret = capture_open(c, &opts, err, sizeof(err));
	/* Nothing to be traced here: what else there is. */
	if (ret == -ENODEV)
		return cmd_fail(
			EXIT_NO_ATTACH,
			"%s; 'vfioscope doctor' says more, 'vfioscope replay FILE' shows a recording",
			err);
	if (ret)
		return cmd_fail(EXIT_NO_ATTACH, "%s", err);
	tell_unseen(*c);
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
