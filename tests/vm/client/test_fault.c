// SPDX-License-Identifier: GPL-2.0
/*
 * vfio-client -f RULE: one short migration that does all that a VMM may do, of a
 * driver that has been told (debugfs, "fault") to break one rule; with "none",
 * of one that breaks none. What it meets it prints and goes on: others judge.
 *
 * Where a fault shows only to a VMM that does what none should, or waits for
 * long, that is done for this fault alone.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "client.h"

static const char *rule;
static struct blob stream;

static bool is(const char *name)
{
	return !strcmp(rule, name);
}

static int put(struct device *d, const char *file, const char *text)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/sys/kernel/debug/ivshmem_vfio_pci/%s/%s", d->bdf, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int info(int fd, const char *when)
{
	struct precopy_info i;
	int ret = precopy_info(fd, &i);

	if (ret)
		diag("%s: info: %s", when, strerror(-ret));
	else
		diag("%s: initial %llu dirty %llu flags %#x", when, (long long)i.initial_bytes,
		     (long long)i.dirty_bytes, i.flags);
	return ret ? 0 : i.initial_bytes + i.dirty_bytes > 0;
}

static void touch(struct device *a, int pages)
{
	uint64_t x = now() * 1e9;

	while (pages--)
		bar_write(a, rnd() % (a->bar_size / PAGE) * PAGE, &x, 8);
}

/* Until the temporary end; once more if that came too early. */
static void precopy(int fd, const char *when)
{
	int i, ret;

	info(fd, when);
	for (i = 0; i < 2; i++) {
		ret = drain(fd, &stream, 1 << 20);
		diag("%s: %zu bytes so far, then %d", when, stream.len, ret);
		if (!info(fd, "at the temporary end"))
			break;
	}
}

static void *waiter(void *arg)
{
	struct pollfd p = { *(int *)arg, POLLIN, 0 };
	double t0 = now();
	int ret = poll(&p, 1, 2500);

	diag("the waiter got %d after %.1f s", ret, now() - t0);
	return NULL;
}

/* Data comes while somebody waits for it, and nobody reads it for a while. */
static void wait_for_data(struct device *a, int fd)
{
	pthread_t t;

	pthread_create(&t, NULL, waiter, &fd);
	usleep(200000);
	touch(a, 1);
	poll_now(fd, POLLIN);
	usleep(1300000);
	poll_now(fd, POLLIN);
	pthread_join(t, NULL);
}

/* Returns whether the end was one. */
static bool stop_copy(struct device *a, int fd)
{
	char byte;
	int none, ret, after;

	info(fd, "in STOP_COPY");
	ret = drain(fd, &stream, 1 << 20);
	diag("STOP_COPY: %zu bytes in all, then %d", stream.len, ret);
	poll_now(fd, POLLIN);
	after = read(fd, &byte, 1);
	if (after)
		diag("after the end: %d", after);
	if (is("illegal-arc"))
		diag("STOP_COPY to PRE_COPY: %d", device_set(a, MIG_PRE_COPY, &none));
	return after <= 0;
}

/* Returns whether the source has given all that it has. */
static bool source(struct device *a)
{
	bool done = false;
	int fd, odd, i;
	char byte;

	if (device_set(a, MIG_PRE_COPY, &fd) || fd < 0) {
		diag("no data FD");
		device_set(a, MIG_RUNNING, &odd);
		return false;
	}
	if (device_state(a) != MIG_PRE_COPY) {
		diag("the state is lost");
		close(fd);
		device_set(a, MIG_RUNNING, &odd);
		return false;
	}
	precopy(fd, "first pass");
	touch(a, 20);
	precopy(fd, "dirty pages");
	put(a, "reconfigure", "1");
	precopy(fd, "new initial data");
	if (is("none") || is("poll-never-wakes"))
		wait_for_data(a, fd);
	for (i = 0; is("poll-missing") && i < 3000; i++)
		if (read(fd, &byte, 1) >= 0)
			break;
	touch(a, 20);
	info(fd, "before the switch");
	device_data_size(a);
	if (a->mig & MIG_FLAG_P2P)
		device_set(a, MIG_PRE_COPY_P2P, &odd);
	if (device_set(a, MIG_STOP_COPY, &odd)) {
		diag("no STOP_COPY: the state is %s", state_name(device_state(a)));
		device_reset(a);
		device_memory(a, true);
	} else {
		done = stop_copy(a, fd);
	}
	if (!device_set(a, MIG_STOP, &odd) && odd >= 0) {
		diag("a data FD in STOP");
		close(odd);
	}
	if (read(fd, &byte, 1) >= 0)
		diag("the session is over, and read() works");
	close(fd);
	device_set(a, MIG_RUNNING, &odd);
	return done;
}

int fault_run(struct device *a, struct device *b, const char *name)
{
	bool of_b = !strncmp(name, "resume-", 7), done;
	struct feature f = {};
	int fd, none, ret;

	rule = name;
	ret = put(a, "fault", of_b ? "none" : name) ?: put(b, "fault", of_b ? name : "none");
	if (ret) {
		fprintf(stderr, "vfio-client: no fault '%s': %s\n", name, strerror(-ret));
		return 2;
	}
	fill_bar(a, 3);
	diag("opt-in: %d", device_feature(a, FEAT_PRECOPY_INFO_V2 | FEAT_SET, &f));
	if (device_set(b, MIG_RESUMING, &fd)) {
		diag("no RESUMING");
		return 1;
	}
	done = source(a);
	if (done) {
		ret = feed(fd, &stream, 0, stream.len - (is("resume-short") ? END : 0), 1 << 20);
		if (ret)
			diag("feeding: %d", ret);
	}
	if (!done || device_set(b, MIG_RUNNING, &none)) {
		diag("nothing was resumed");
		device_reset(b);
		device_memory(b, true);
	}
	close(fd);
	if (done && !of_b) {
		uint8_t *pa = bar_copy(a), *pb = bar_copy(b);

		check(!memcmp(pa, pb, a->bar_size), "%s: the memory is the same", name);
		free(pa);
		free(pb);
	}
	put(a, "fault", "none");
	put(b, "fault", "none");
	blob_free(&stream);
	return tap_failed;
}
