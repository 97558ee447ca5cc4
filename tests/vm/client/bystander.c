// SPDX-License-Identifier: GPL-2.0
/*
 * bystander: what calls that have nothing to do with VFIO cost
 *
 *	bystander [ROUNDS]
 *
 * Each call is made many times on a file or a pipe of nobody's interest, in
 * ROUNDS rounds. Prints one line of JSON: of each call the ns that one took in
 * the round that was disturbed least, and in the median round.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALLS	   200
#define MAX_ROUNDS 1000

static int fds[CALLS], there, here_r, here_w, pipe_r, pipe_w;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void do_open(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		fds[i] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static void do_read(void)
{
	char c[64];
	int i;

	for (i = 0; i < CALLS; i++)
		if (read(fds[i], c, sizeof(c)) != sizeof(c))
			die("read");
}

static void do_write(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		if (write(there, "x", 1) != 1)
			die("write");
}

static void do_ioctl(void)
{
	int i, n;

	for (i = 0; i < CALLS; i++)
		if (ioctl(pipe_r, FIONREAD, &n))
			die("ioctl");
}

static void do_close(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		if (close(fds[i]))
			die("close");
}

/* There and back: two switches to another process on this cpu. */
static void do_switch(void)
{
	char c = 0;
	int i;

	for (i = 0; i < CALLS; i++)
		if (write(here_w, &c, 1) != 1 || read(here_r, &c, 1) != 1)
			die("switch");
}

static void do_process(void)
{
	int i, status;

	for (i = 0; i < CALLS / 20; i++) {
		pid_t pid = vfork();

		if (pid < 0)
			die("vfork");
		if (!pid)
			_exit(0);
		if (waitpid(pid, &status, 0) != pid)
			die("waitpid");
	}
}

static void echo(int from, int to)
{
	char c;

	while (read(from, &c, 1) == 1 && write(to, &c, 1) == 1)
		;
	_exit(0);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* In this order: what open() opened is read and closed. */
static const struct {
	const char *name;
	void (*run)(void);
	double calls;
} kinds[] = {
	{ "open", do_open, CALLS },
	{ "read", do_read, CALLS },
	{ "write", do_write, CALLS },
	{ "ioctl", do_ioctl, CALLS },
	{ "close", do_close, CALLS },
	{ "switch", do_switch, CALLS * 2 },
	{ "process", do_process, CALLS / 20 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

int main(int argc, char **argv)
{
	static double took[KINDS][MAX_ROUNDS];
	int rounds = argc > 1 ? atoi(argv[1]) : 40, go[2], back[2], p[2], r;
	cpu_set_t cpu;
	size_t k;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "bystander: 1 to %d rounds\n", MAX_ROUNDS);
		return 2;
	}
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		die("sched_setaffinity");
	there = open("/dev/null", O_WRONLY);
	if (there < 0 || pipe(go) || pipe(back) || pipe(p))
		die("pipe");
	if (!fork()) {
		close(go[1]);
		echo(go[0], back[1]);
	}
	close(go[0]);
	here_w = go[1], here_r = back[0], pipe_r = p[0], pipe_w = p[1];
	if (write(pipe_w, "x", 1) != 1)
		die("write");

	for (r = -1; r < rounds; r++) {
		for (k = 0; k < KINDS; k++) {
			double t = now_ns();

			kinds[k].run();
			/* The first round only warms up. */
			if (r >= 0)
				took[k][r] = (now_ns() - t) / kinds[k].calls;
		}
	}
	printf("{");
	for (k = 0; k < KINDS; k++) {
		qsort(took[k], (size_t)rounds, sizeof(double), compare);
		printf("%s\"%s\": [%.2f, %.2f]", k ? ", " : "", kinds[k].name, took[k][0],
		       took[k][rounds / 2]);
	}
	printf("}\n");
	close(here_w);
	wait(NULL);
	return 0;
}
