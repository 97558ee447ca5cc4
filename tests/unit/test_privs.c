// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_privs - what is given away is gone
 *
 * Each in a child; without root there is less to lose, and the rest holds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/privs.h"
#include "tests/unit/allocs.h"

/* A line of /proc/self/status, hexadecimal unless it is a digit. */
static uint64_t status(const char *name)
{
	char line[256];
	uint64_t v = UINT64_MAX;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			v = strtoull(line + strlen(name) + 1, NULL, 16);
	if (f)
		fclose(f);
	return v;
}

#define CHECK(cond)                                                                             \
	do {                                                                                    \
		if (!(cond)) {                                                                  \
			printf("# line %d: %s (errno %s)\n", __LINE__, #cond, strerror(errno)); \
			fflush(stdout);                                                         \
			_exit(1);                                                               \
		}                                                                               \
	} while (0)

static void in_child(void (*fn)(void))
{
	int st;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFEXITED(st) && WEXITSTATUS(st) == 0);
}

static void some(void)
{
	uint64_t keep = PRIVS_CAP(CAP_KILL) | PRIVS_CAP(CAP_BPF), had = status("CapPrm"),
		 bound = status("CapBnd");

	CHECK(!privs_drop(keep, PRIVS_NO_FILTER));
	CHECK(status("CapPrm") == (had & keep));
	CHECK((status("CapEff") & ~keep) == 0);
	CHECK(status("CapInh") == 0 && status("CapAmb") == 0);
	if (had & PRIVS_CAP(CAP_SETPCAP))
		CHECK(status("CapBnd") == (bound & keep));
	CHECK(status("NoNewPrivs") == 1);
	CHECK(status("Seccomp") == 0 || getenv("container"));
	/* less can follow, more cannot */
	CHECK(!privs_drop(UINT64_MAX, PRIVS_NO_FILTER));
	CHECK(status("CapPrm") == (had & keep));
	CHECK(!privs_drop(0, PRIVS_NO_FILTER));
	CHECK(status("CapPrm") == 0 && status("CapEff") == 0);
	/* and no exec gives them back, to root either */
	CHECK(!system("grep -q '^CapEff:.0000000000000000' /proc/self/status"));
}

static bool is_forbidden(long ret)
{
	return ret == -1 && errno == EPERM;
}

static void filtered(uint64_t keep, enum privs_filter f)
{
	char *argv[] = { (char *)"true", NULL };

	CHECK(!privs_drop(keep, f));
#ifndef __SANITIZE_ADDRESS__
	CHECK(status("Seccomp") == 2);
	CHECK(is_forbidden(execve("/bin/true", argv, NULL)));
	CHECK(is_forbidden(socket(AF_UNIX, SOCK_STREAM, 0)));
	CHECK(is_forbidden(ptrace(PTRACE_TRACEME, 0, 0, 0)));
	CHECK(is_forbidden(syscall(SYS_setuid, getuid())));
	CHECK(is_forbidden(syscall(SYS_syslog, 10, NULL, 0)));
	/* EBADF: it was let through */
	CHECK(is_forbidden(accept(-1, NULL, NULL)) == (f != PRIVS_SERVE));
	CHECK(is_forbidden(accept4(-1, NULL, NULL, 0)) == (f != PRIVS_SERVE));
	CHECK(is_forbidden(bind(-1, NULL, 0)));
	/* the first and the last of the list; what a watcher goes on with is below */
	if (f == PRIVS_READ) {
		CHECK(is_forbidden(syscall(SYS_bpf, -1, NULL, 0)));
		CHECK(is_forbidden(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0)));
	}
#ifdef __x86_64__
	CHECK(is_forbidden(syscall(SYS_iopl, 0)));
	CHECK(is_forbidden(syscall(SYS_ioperm, 0, 0, 0)));
	/* the same calls by their other numbers */
	CHECK(is_forbidden(syscall(0x40000000 | SYS_getpid)));
#endif
#else
	(void)argv;
	(void)is_forbidden;
#endif
	/* and it goes on living */
	{
		FILE *t = fopen("/dev/null", "we");
		void *p = malloc(10 << 20);
		pid_t pid;

		CHECK(t && p && getpid() > 0);
		fclose(t);
		free(p);
		pid = fork();
		if (!pid)
			_exit(7);
		CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
		CHECK(kill(getpid(), 0) == 0);
	}
}

static void reading(void)
{
	filtered(0, PRIVS_READ);
}

static void watching(void)
{
	filtered(0, PRIVS_WATCH);
}

static void serving(void)
{
	filtered(0, PRIVS_SERVE);
}

/* Root would be let: it is the filter that says no, and not a capability that is gone. */
static void reading_as_is(void)
{
	filtered(UINT64_MAX, PRIVS_READ);
}

static void watching_as_is(void)
{
	filtered(UINT64_MAX, PRIVS_WATCH);
}

/* bpf() is what a watcher goes on with: it is asked, whatever the answer. */
static void watching_traces(void)
{
	CHECK(!privs_drop(UINT64_MAX, PRIVS_WATCH));
	errno = 0;
	CHECK(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0) == -1);
	CHECK(errno == EFAULT || errno == EACCES || errno == EPERM || errno == ENOENT);
	if (!geteuid() && status("CapEff") & PRIVS_CAP(CAP_SYS_ADMIN))
		CHECK(errno == EFAULT);
	CHECK(syscall(SYS_bpf, -1, NULL, 0) == -1);
	if (!geteuid() && status("CapEff") & PRIVS_CAP(CAP_SYS_ADMIN))
		CHECK(errno != EPERM);
}

static void test_capabilities(void **state)
{
	(void)state;
	in_child(some);
}

static void test_filters(void **state)
{
	(void)state;
	in_child(reading);
	in_child(watching);
	in_child(serving);
	in_child(reading_as_is);
	in_child(watching_as_is);
	in_child(watching_traces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_filters),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
