// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads at once: nothing may hang, and nobody may get an answer that
 * the uAPI does not know. The chain that matters:
 *
 *	read() -> copy_to_user() -> page fault -> the core's memory_lock
 *	VFIO_DEVICE_RESET -> memory_lock -> reset_done()
 *
 * so one reader's buffer is a mapping of the device's own BAR 0.
 *
 * In a machine emulated by TCG run this with thread=single. Resets beside
 * accesses to a mapped BAR make QEMU 7.2 and 10.0 with thread=multi crash, or
 * lose a virtual cpu's timer for good, after a minute; with stock vfio-pci too.
 */
#include <sys/mman.h>
#include <time.h>

#include "client.h"

static struct device *dev;
static volatile bool stop, resetting;
static volatile int shared_fd = -1;
static pthread_mutex_t fd_lock = PTHREAD_MUTEX_INITIALIZER;
static long calls[6], bad;
static void *bar0;
static size_t bar0_len;

static void odd(const char *who, long ret)
{
	if (__sync_fetch_and_add(&bad, 1) < 5)
		diag("%s got %ld", who, ret);
}

/* A duplicate, so that the number is not reused while we are in a call. */
static int borrow(void)
{
	int fd;

	pthread_mutex_lock(&fd_lock);
	fd = shared_fd < 0 ? -1 : dup(shared_fd);
	pthread_mutex_unlock(&fd_lock);
	return fd;
}

static void *reader(void *arg)
{
	bool mapped = arg;
	uint8_t *buf = malloc(1 << 20);

	while (!stop) {
		int fd = borrow(), k;

		for (k = 0; fd >= 0 && k < 50; k++) {
			ssize_t n = mapped ? read(fd, bar0, bar0_len) : read(fd, buf, 1 << 20);

			n = n < 0 ? -errno : n;
			calls[0]++;
			if (n < 0 && n != -ENODEV && n != -ENOMSG && n != -EBADF && n != -EIO &&
			    !(mapped && n == -EFAULT))
				odd("read", n);
			if (n <= 0)
				break;
		}
		if (fd >= 0)
			close(fd);
	}
	free(buf);
	return NULL;
}

static void *poller(void *arg)
{
	while (!stop) {
		struct precopy_info info;
		struct pollfd p = { borrow(), POLLIN, 0 };
		int ret;

		if (p.fd < 0)
			continue;
		if (poll(&p, 1, 20) < 0)
			odd("poll", -errno);
		ret = precopy_info(p.fd, &info);
		if (ret && ret != -EINVAL && ret != -ENODEV && ret != -ENOTTY)
			odd("info", ret);
		device_data_size(dev);
		close(p.fd);
		calls[1]++;
	}
	return NULL;
}

static void *writer(void *arg)
{
	uint64_t x = 0;

	while (!stop) {
		int ret = bar_write(dev, (x * 7919 * 8) % dev->bar_size, &x, 8);

		/* memory is off after a reset; a stopped device takes none */
		if (ret != 8 && ret != -EIO && ret != -EBUSY)
			odd("BAR write", ret);
		x++;
		calls[2]++;
	}
	return NULL;
}

static void *stepper(void *arg)
{
	static const uint32_t want[] = {
		MIG_PRE_COPY, MIG_STOP_COPY,	MIG_RUNNING,	 MIG_STOP_COPY, MIG_STOP,
		MIG_RESUMING, MIG_PRE_COPY_P2P, MIG_RUNNING_P2P, MIG_PRE_COPY,	MIG_RUNNING,
	};
	unsigned int i = 0;

	while (!stop) {
		uint32_t to = want[i++ % ARRAY_SIZE(want)];
		int fd, ret, old;

		/* the only way out is a reset */
		if (to == MIG_RESUMING && !resetting)
			continue;
		ret = device_set(dev, to, &fd);
		calls[3]++;
		/* EINVAL: not offered, or the reset came in between */
		if (ret && ret != -EINVAL)
			odd("SET_STATE", ret);
		if (!ret && fd >= 0) {
			pthread_mutex_lock(&fd_lock);
			old = shared_fd;
			shared_fd = fd;
			pthread_mutex_unlock(&fd_lock);
			if (old >= 0)
				close(old);
		}
		usleep(i % 3 * 700);
		if (device_state(dev) == MIG_ERROR)
			odd("GET_STATE", MIG_ERROR);
	}
	return NULL;
}

static void *resetter(void *arg)
{
	while (!stop) {
		int ret = device_reset(dev);

		if (ret && ret != -EAGAIN)
			odd("reset", ret);
		calls[4]++;
		device_memory(dev, true);
		usleep(3000);
	}
	return NULL;
}

/* Half the time with resets, half without: then the sessions get further. */
static void storm(bool resets, double seconds)
{
	void *(*run[])(void *) = { reader, reader, poller, writer, stepper, resetter };
	void *arg[] = { NULL, bar0, NULL, NULL, NULL, NULL };
	pthread_t t[ARRAY_SIZE(run)];
	int n = resets ? ARRAY_SIZE(run) : ARRAY_SIZE(run) - 1, i;
	struct timespec until;

	memset(calls, 0, sizeof(calls));
	bad = 0;
	stop = false;
	resetting = resets;
	for (i = 0; i < n; i++)
		pthread_create(&t[i], NULL, run[i], arg[i]);
	usleep(seconds * 1e6);
	stop = true;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	for (i = 0; i < n; i++) {
		if (pthread_timedjoin_np(t[i], NULL, &until)) {
			printf("Bail out! thread %d of the race hangs\n", i);
			_exit(1);
		}
	}
	check(true, "nothing hangs: %ld reads, %ld polls, %ld writes, %ld states, %ld resets",
	      calls[0], calls[1], calls[2], calls[3], calls[4]);
	check_eq(bad, 0, "answers that the uAPI does not know");
	quiet(calls[0] > 10 && calls[3] > 10, "the race did not take place");
	if (shared_fd >= 0)
		close(shared_fd);
	shared_fd = -1;
}

/*
 * Not one write may be lost between the one who writes a page and the one who
 * reads it for the stream: whatever the reader gets last is what was written
 * last. The writes are long, so that the reader comes in the middle of them.
 */
static volatile int go, gone;

static void *page_writer(void *arg)
{
	static uint8_t page[PAGE];
	int i = 0;

	while (!stop) {
		if (go == i)
			continue;
		i = go;
		memset(page, i, sizeof(page));
		bar_write(dev, 3 * PAGE, page, sizeof(page));
		gone = i;
	}
	return NULL;
}

static void lost_writes(double seconds)
{
	static uint8_t rec[RECORD + PAGE];
	int fd, i, none, lost = 0, torn = 0;
	double end = now() + seconds;
	struct blob s = {};
	pthread_t t;
	size_t k;

	need(!device_set(dev, MIG_PRE_COPY, &fd), "PRE_COPY");
	need(drain(fd, &s, 1 << 20) == -ENOMSG, "the first pass");
	blob_free(&s);
	stop = false;
	go = gone = 0;
	pthread_create(&t, NULL, page_writer, NULL);
	for (i = 1; now() < end; i++) {
		bool done;

		rec[RECORD] = ~i;
		go = i;
		do {
			done = gone == i;
			while (read(fd, rec, sizeof(rec)) == sizeof(rec))
				torn += rec[RECORD] != rec[RECORD + PAGE - 1];
		} while (!done);
		for (k = RECORD; k < sizeof(rec) && rec[k] == (uint8_t)i; k++)
			;
		lost += k != sizeof(rec);
	}
	stop = true;
	pthread_join(t, NULL);
	close(fd);
	device_set(dev, MIG_RUNNING, &none);
	check(!lost, "%d of %d writes are missing from the stream (%d were seen half done)", lost,
	      i - 1, torn);
}

void test_race(struct device *a, struct device *b)
{
	struct blob s = {};

	dev = a;
	bar0_len = PAGE;
	bar0 = mmap(NULL, bar0_len, PROT_READ | PROT_WRITE, MAP_SHARED, a->fd, 0);
	if (bar0 == MAP_FAILED) {
		diag("BAR 0 cannot be mapped: %s", strerror(errno));
		bar0 = NULL;
	} else {
		diag("one reader reads into BAR 0");
	}
	if (a->mig & MIG_FLAG_PRE_COPY)
		lost_writes(3);
	storm(false, 3);
	storm(true, 5);
	if (bar0)
		munmap(bar0, bar0_len);
	device_reset(a);
	device_memory(a, true);
	check_eq(device_state(a), MIG_RUNNING, "state after the last reset");
	check_eq(save_stopped(a, &s), 0, "a migration after all that");
	check_eq(s.len, full_bytes(a), "is complete");
	blob_free(&s);
}
