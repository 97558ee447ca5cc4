// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-storm: as many calls on one data FD as the machine can make, counted.
 *
 *	vfio-storm [-t THREADS] [-s SECONDS] [-b BYTES] [-w MICROSECONDS] BDF
 *
 * Enters PRE_COPY, or without that STOP_COPY, drains the stream to its end, then lets
 * THREADS threads read it again and again for SECONDS, or until SIGTERM, resting
 * MICROSECONDS between two reads. What was called is printed as
 * one line of JSON, for a test to hold a recording against: every read() of
 * the stream that returned, the drain included, and the data that moved.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>

#include "client.h"

static volatile bool stop;
static bool stopped; /* in STOP_COPY */
static int stream = -1;
static size_t bytes = 4096;
static unsigned int rest;
static uint64_t reads, moved, empty, odd;

static void *reader(void *arg)
{
	uint8_t *buf = malloc(bytes);
	uint64_t n_reads = 0, n_moved = 0, n_empty = 0, n_odd = 0;

	while (!stop) {
		ssize_t n = read(stream, buf, bytes);

		n_reads++;
		if (n > 0)
			n_moved += n;
		else if (stopped ? !n : n < 0 && errno == ENOMSG)
			n_empty++;
		else
			n_odd++;
		if (rest)
			usleep(rest);
	}
	__sync_fetch_and_add(&reads, n_reads);
	__sync_fetch_and_add(&moved, n_moved);
	__sync_fetch_and_add(&empty, n_empty);
	__sync_fetch_and_add(&odd, n_odd);
	free(buf);
	return NULL;
}

/* Ends the main thread's sleep. */
static void on_term(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	int threads = 1, opt, i, ret;
	double seconds = 1, began;
	pthread_t tid[64];
	struct timespec whole;
	sigset_t term, unblocked;
	struct device d;

	while ((opt = getopt(argc, argv, "t:s:b:w:")) != -1) {
		if (opt == 't')
			threads = atoi(optarg);
		else if (opt == 's')
			seconds = atof(optarg);
		else if (opt == 'b')
			bytes = strtoul(optarg, NULL, 0);
		else if (opt == 'w')
			rest = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 1 || threads < 1 || threads > (int)ARRAY_SIZE(tid) || !bytes) {
		fprintf(stderr,
			"usage: vfio-storm [-t THREADS] [-s SECONDS] [-b BYTES] [-w MICROSECONDS] BDF\n");
		return 2;
	}
	ret = device_open(&d, argv[optind]);
	if (!ret)
		ret = device_set(&d, MIG_PRE_COPY, &stream);
	if (ret == -EINVAL) {
		stopped = true;
		ret = device_set(&d, MIG_STOP_COPY, &stream);
	}
	if (ret) {
		fprintf(stderr, "vfio-storm: %s: %s\n", argv[optind], strerror(-ret));
		return 1;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = on_term }, NULL);
	sigprocmask(SIG_BLOCK, &term, &unblocked);
	began = now();
	for (i = 0; i < threads; i++)
		pthread_create(&tid[i], NULL, reader, NULL);
	/* A signal that is pending by now is no signal lost. */
	whole = (struct timespec){ (time_t)seconds, (seconds - (time_t)seconds) * 1e9 };
	ppoll(NULL, 0, &whole, &unblocked);
	stop = true;
	for (i = 0; i < threads; i++)
		pthread_join(tid[i], NULL);
	began = now() - began;
	close(stream);
	ret = device_set(&d, MIG_RUNNING, &stream);
	device_close(&d);
	printf("{\"threads\": %d, \"seconds\": %.3f, \"reads\": %llu, \"moved\": %llu, \"empty\": %llu, \"odd\": %llu}\n",
	       threads, began, (unsigned long long)reads, (unsigned long long)moved,
	       (unsigned long long)empty, (unsigned long long)odd);
	return ret || odd ? 1 : 0;
}
