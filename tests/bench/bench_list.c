// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_list.c - what list costs over a fleet's recordings: seconds and memory
 *
 * Usage: bench_list [RECORDINGS [TOOL]]
 *
 * Both hosts of each migration have a recording of their own, of some thousand events,
 * with its summary; then list is run over them, once for each format.
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/fleet_gen.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static int make(const char *dir, size_t i)
{
	char path[128], vm[32], host[32];
	struct fleet_side x = {
		.host = host,
		.vm = vm,
		.driver = i / 2 % 5 ? "mlx5_vfio_pci" : "xe_vfio_pci",
		.kernel = i / 2 % 7 ? "6.12.90" : "6.12.95",
		.pid = (uint32_t)(1000 + i),
		.destination = i % 2,
		.after_ns = i / 2 * 37 * SEC,
		.plan = { .precopy = true,
			  .precopy_reads = 40,
			  .stop_copy_reads = 4 + (uint32_t)(i / 2 % 9) },
	};

	snprintf(path, sizeof(path), "%s/%zu.vfs", dir, i);
	snprintf(vm, sizeof(vm), "vm-%zu", i / 2 % 2000);
	snprintf(host, sizeof(host), "node-%zu", (i / 2 + i % 2) % 40);
	return fleet_write(path, &x);
}

static int run(const char *tool, const char *format, const char *dir, size_t n)
{
	struct rusage u;
	double t = now();
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execl(tool, tool, "list", "--format", format, dir, NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) < 0)
		return 1;
	printf("list: %zu recordings, %-5s %6.2f s (user %.2f, sys %.2f), %ld MiB%s\n", n, format,
	       now() - t, (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec * 1e-6,
	       (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec * 1e-6, u.ru_maxrss / 1024,
	       status ? "  FAILED" : "");
	return status != 0;
}

static int drop(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000, i;
	const char *tool = argc > 2 ? argv[2] : "build/vfioscope";
	char dir[] = "/tmp/bench_list.XXXXXX";
	double t = now();
	int err = 0;

	if (!mkdtemp(dir))
		return 1;
	for (i = 0; i < n && !err; i++)
		err = make(dir, i);
	printf("list: %zu recordings written in %.1f s\n", n, now() - t);
	if (!err)
		err = run(tool, "text", dir, n) | run(tool, "json", dir, n) |
		      run(tool, "csv", dir, n) | run(tool, "html", dir, n);
	nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	return err != 0;
}
