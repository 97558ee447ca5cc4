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
static int is_hook(const char *target)
{
	return !strcmp(target, "anon_inode:bpf_link") || !strcmp(target, "anon_inode:bpf-link") ||
	       !strcmp(target, "anon_inode:[perf_event]") ||
	       !strcmp(target, "anon_inode:bpf-raw-tracepoint") ||
	       !strcmp(target, "anon_inode:bpf-tracing-prog");
}

/* The hooks, or all the rest of the table. */
static void close_all(int hooks)
{
	char target[64], path[64];
	struct dirent *de;
	ssize_t n;
	DIR *dir;

	dir = opendir("/proc/self/fd");
	if (!dir)
		return;
	while ((de = readdir(dir))) {
		if (de->d_name[0] == '.' || atoi(de->d_name) == dirfd(dir))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%.20s", de->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (is_hook(target) == hooks)
			close(atoi(de->d_name));
	}
	closedir(dir);
}

static void keep(pid_t parent)
{
	sigset_t set;
	int sig;

	/* A Ctrl-C at the terminal is for the recorder. */
	setsid();
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
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
	close_all(1);
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

static bool any_letting_go(void)
{
	bool found = false;
	struct dirent *de;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return false;
	while (!found && (de = readdir(dir)))
		if (de->d_name[0] >= '1' && de->d_name[0] <= '9')
			found = is_letting_go(de->d_name);
	closedir(dir);
	return found;
}

bool keeper_hangs(int timeout_ms)
{
	const struct timespec step = { .tv_nsec = 100000000 };
	int waited;

	/* Letting go takes a while even where nothing hangs. */
	for (waited = 0; any_letting_go(); waited += 100) {
		if (waited >= timeout_ms)
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

pid_t keeper_start(void)
{
	pid_t parent = getpid(), pid;

	/* As fork(), but with one table of open files for both. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
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
	close_all(0);
}

int keeper_finish(pid_t keeper, int timeout_ms)
{
	const struct timespec step = { .tv_nsec = 5000000 };
	int status, waited;

	kill(keeper, SIGTERM);
	for (waited = 0;; waited += 5) {
		if (waitpid(keeper, &status, WNOHANG) != 0)
			return 0;
		if (waited >= timeout_ms) {
			atexit(leave_table);
			return -ETIMEDOUT;
		}
		nanosleep(&step, NULL);
	}
}
