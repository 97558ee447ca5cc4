// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_recording.c - what a recording costs: bytes and time per event
 *
 * Usage: bench_recording [EVENTS [FILE]]
 *
 * Prints one line per workload.  "entropy" is what the nanosecond noise of the
 * workload alone needs: log2(sigma * sqrt(2 pi e)) bits for each normal number,
 * one for how long a read took and one for how long the VMM thought after it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <fcntl.h>
#include <unistd.h>

#include "recording/recording.h"
#include "tests/unit/recording_gen.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static int run(const char *name, const char *path, size_t n, int64_t read_sigma,
	       int64_t think_sigma, unsigned int empty, int level, uint64_t flush_ns,
	       double entropy)
{
	struct recording_writer_opts opts = {
		.level = level,
		.flush_ns = flush_ns,
		.urgent_ns = flush_ns,
	};
	struct recording_writer_stats st;
	struct recording_writer *w;
	struct event_source *src;
	struct gen_migration m;
	struct event *evs, ev;
	double t0, t1, t2;
	char err[256];
	uint64_t sum = 0, seen = 0;
	size_t i;
	int fd;

	evs = malloc(n * sizeof(*evs));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (!evs || fd < 0)
		return 1;
	gen_migration_init(&m, 1);
	m.read_sigma = read_sigma;
	m.think_sigma = think_sigma;
	m.empty_percent = empty;
	for (i = 0; i < n; i++)
		gen_migration_next(&m, &evs[i]);

	t0 = now();
	if (recording_writer_open(&w, fd, &opts))
		return 1;
	for (i = 0; i < n; i++)
		if (recording_writer_put(w, &evs[i]))
			return 1;
	if (recording_writer_end(w))
		return 1;
	recording_writer_stats(w, &st);
	recording_writer_close(w);
	t1 = now();
	if (recording_open(&src, path, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	while (src->ops->next(src, &ev, -1) == 1) {
		sum += ev.ret;
		seen++;
	}
	src->ops->close(src);
	t2 = now();
	printf("recording: %-28s %6.3f bytes/event", name, (double)st.bytes / n);
	if (entropy > 0)
		printf(" (entropy %.2f)", entropy);
	printf("  put %5.2f M/s  next %6.2f M/s  %llu frames%s\n", n / (t1 - t0) / 1e6,
	       seen / (t2 - t1) / 1e6, (unsigned long long)st.frames,
	       seen == n && sum ? "" : "  WRONG");
	free(evs);
	return seen != n;
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
	const char *path = argc > 2 ? argv[2] : "/tmp/bench_recording.vfs";
	double typical = 1.90 + 1.67;
	int err = 0;

	err |= run("reads, full frames", path, n, 9000, 2500, 0, 0, UINT64_MAX, typical);
	err |= run("reads, level 1", path, n, 9000, 2500, 0, 1, UINT64_MAX, typical);
	err |= run("reads, no compression", path, n, 9000, 2500, 0, -1, UINT64_MAX, typical);
	err |= run("reads, live (500 ms)", path, n, 9000, 2500, 0, 0, 0, typical);
	err |= run("reads, half of them empty", path, n, 9000, 2500, 50, 0, UINT64_MAX, 0);
	err |= run("reads, calm (1 us, 200 ns)", path, n, 1000, 200, 0, 0, UINT64_MAX, 1.50 + 1.21);
	err |= run("reads, wild (50 us, 20 us)", path, n, 50000, 20000, 0, 0, UINT64_MAX,
		   2.21 + 2.04);
	unlink(path);
	return err;
}
