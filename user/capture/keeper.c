// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "capture/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/privs.h"

#define KEEPER_COMM "vfioscope-keep"

/* What holds a program on a function. */
static bool is_hook(const char *target)
{
	return !strcmp(target, "anon_inode:bpf_link") || !strcmp(target, "anon_inode:bpf-link") ||
	       !strcmp(target, "anon_inode:[perf_event]") ||
	       !strcmp(target, "anon_inode:bpf-raw-tracepoint") ||
	       !strcmp(target, "anon_inode:bpf-tracing-prog");
}

/* The next descriptor of @dir, a process's; -1: that was the last.  @hook: it is one. */
static int next_fd(DIR *dir, bool *hook)
{
	struct dirent *de;
	char target[64];
	ssize_t n;

	while ((de = readdir(dir))) {
		if (de->d_name[0] == '.')
			continue;
		n = readlinkat(dirfd(dir), de->d_name, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		*hook = is_hook(target);
		return atoi(de->d_name);
	}
	return -1;
}

/* The hooks, or all the rest of the table. */
static void close_all(bool hooks)
{
	bool hook;
	DIR *dir;
	int fd;

	dir = opendir("/proc/self/fd");
	if (!dir)
		return;
	while ((fd = next_fd(dir, &hook)) >= 0)
		if (hook == hooks && fd != dirfd(dir))
			close(fd);
	closedir(dir);
}

/* How many hooks the process still has; 0 also when nobody may look. */
static size_t hooks_left(const char *pid)
{
	char path[64];
	size_t n = 0;
	bool hook;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while (next_fd(dir, &hook) >= 0)
		n += hook;
	closedir(dir);
	return n;
}

static void keep(pid_t parent)
{
	sigset_t set;
	int sig;

	/* A Ctrl-C at the terminal is for the recorder. */
	setsid();
	prctl(PR_SET_NAME, KEEPER_COMM);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* To close a descriptor nothing is needed. */
	privs_drop(0, PRIVS_READ);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	/* The parent may have died before the kernel knew whom to tell. */
	if (getppid() == parent)
		sigwait(&set, &sig);
	if (getppid() != parent) {
		/* It died: whoever reads its pipe must see the end of it now. */
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
	}
	close_all(true);
	_exit(0);
}

/* Is it a keeper that sleeps in the kernel? */
static bool is_letting_go(const char *pid)
{
	char path[64], line[256], *paren, state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	paren = strrchr(line, ')');
	return paren && strstr(line, "(" KEEPER_COMM ")") &&
	       sscanf(paren + 1, " %c", &state) == 1 && state == 'D';
}

/* Is there one, and how many hooks do all of them still have? */
static bool any_letting_go(size_t *left)
{
	bool found = false;
	struct dirent *de;
	DIR *dir;

	*left = 0;
	dir = opendir("/proc");
	if (!dir)
		return false;
	while ((de = readdir(dir))) {
		if (de->d_name[0] < '1' || de->d_name[0] > '9' || !is_letting_go(de->d_name))
			continue;
		found = true;
		*left += hooks_left(de->d_name);
	}
	closedir(dir);
	return found;
}

bool keeper_hangs(int timeout_ms)
{
	const struct timespec step = { .tv_nsec = 100000000 };
	size_t left, least = SIZE_MAX;
	int waited = 0;

	/* Letting go takes a while even where nothing hangs: on a busy machine many seconds. */
	for (; any_letting_go(&left); waited += 100) {
		if (left < least) {
			least = left;
			waited = 0;
		}
		if (waited >= timeout_ms)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

pid_t keeper_start(void)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	/* From its first instruction on the keeper dies of no signal: it would leave the hooks. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	/* As fork(), but with one table of open files for both. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid)
		sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return -errno;
	if (!pid)
		keep(parent);
	return pid;
}

/*
 * The table outlives this process in a keeper that the kernel does not let go:
 * whoever reads our pipes must see the end of them all the same.
 */
static void leave_table(void)
{
	fflush(NULL);
	close_all(false);
}

int keeper_finish(pid_t keeper, int timeout_ms)
{
	const struct timespec step = { .tv_nsec = 5000000 };
	/* The table is ours, too. */
	size_t least = hooks_left("self"), left;
	int status, waited;

	kill(keeper, SIGTERM);
	for (waited = 0;; waited += 5) {
		if (waitpid(keeper, &status, WNOHANG) != 0)
			return 0;
		if (waited >= timeout_ms) {
			left = hooks_left("self");
			if (left >= least) {
				atexit(leave_table);
				return -ETIMEDOUT;
			}
			least = left;
			waited = 0;
		}
		nanosleep(&step, NULL);
	}
}
