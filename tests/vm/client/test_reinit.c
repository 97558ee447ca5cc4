// SPDX-License-Identifier: GPL-2.0
/*
 * New initial data in the middle of pre-copy: announced with
 * VFIO_PRECOPY_INFO_REINIT to whoever has opted in, and never to anybody else.
 *
 * The driver is made to have some by its debugfs file "reconfigure".
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "client.h"

#define PAGES(n) ((uint64_t)(n) * (RECORD + PAGE))
#define GARBAGE	 0xdead0000u

static struct device *dev;
static bool v2; /* opted in */
static int fd;
static uint64_t pass;	/* bytes of all pages once */
static struct blob got; /* the stream so far */

static int reconfigure(void)
{
	char path[128];
	int ret = 0, file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/ivshmem_vfio_pci/%s/reconfigure", dev->bdf);
	file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	if (write(file, "1", 1) != 1)
		ret = -errno;
	close(file);
	return ret;
}

/* With flags that the caller has left there, which without the opt-in is what it gets. */
static int info(struct precopy_info *i)
{
	*i = (struct precopy_info){ .argsz = sizeof(*i), .flags = GARBAGE };
	return ioctl(fd, IOC_PRECOPY_INFO, i) ? -errno : 0;
}

static void expect(uint64_t initial, uint64_t dirty, bool reinit, const char *when)
{
	uint32_t flags = !v2 ? GARBAGE : reinit ? PRECOPY_INFO_REINIT : 0;
	int ret, ready = poll_now(fd, POLLIN | POLLRDNORM);
	struct precopy_info i, again;
	int64_t size;

	size = device_data_size(dev);
	quiet(size == (int64_t)(initial + dirty + END),
	      "%s: stop_copy_length is %lld, expected %lld", when, (long long)size,
	      (long long)(initial + dirty + END));
	quiet(ready == (initial || dirty ? POLLIN | POLLRDNORM : 0), "%s: poll says %#x", when,
	      ready);
	ret = info(&i);
	check(!ret && i.initial_bytes == initial && i.dirty_bytes == dirty && i.flags == flags,
	      "%s: initial %llu dirty %llu flags %#x, expected %llu, %llu and %#x (%d)", when,
	      (long long)i.initial_bytes, (long long)i.dirty_bytes, i.flags, (long long)initial,
	      (long long)dirty, flags, ret);
	ret = info(&again);
	quiet(!ret && again.initial_bytes == i.initial_bytes &&
		      again.dirty_bytes == i.dirty_bytes && again.flags == (v2 ? 0 : GARBAGE),
	      "%s: asked again: initial %llu dirty %llu flags %#x (%d)", when,
	      (long long)again.initial_bytes, (long long)again.dirty_bytes, again.flags, ret);
}

static ssize_t take(size_t n)
{
	ssize_t ret;

	if (got.len + n > got.cap) {
		got.cap = (got.len + n) * 2;
		got.data = realloc(got.data, got.cap);
		if (!got.data)
			abort();
	}
	ret = read(fd, got.data + got.len, n);
	if (ret < 0)
		return -errno;
	got.len += ret;
	return ret;
}

/* To the temporary end, which must come after exactly @left bytes. */
static void drain_exactly(uint64_t left, const char *what)
{
	uint64_t before = left;
	ssize_t ret;

	while ((ret = take(1 + rnd() % 300000)) > 0)
		left -= ret;
	check(ret == -ENOMSG && !left, "%s: %zd after %lld bytes, %lld of them too few", what, ret,
	      (long long)before, (long long)left);
}

static void touch(uint64_t page)
{
	uint32_t x = rnd();

	quiet(bar_write(dev, page * PAGE + rnd() % (PAGE - 4), &x, 4) == 4, "writing page %llu",
	      (long long)page);
}

/* Of what was read from the beginning of a stream, the rest of the record is in the driver's buffer. */
static uint64_t buffered(uint64_t n)
{
	uint64_t over = (n - HEADER) % (RECORD + PAGE);

	return over ? RECORD + PAGE - over : 0;
}

static void *poller(void *arg)
{
	struct pollfd p = { fd, POLLIN, 0 };

	*(int *)arg = poll(&p, 1, 3000) == 1 ? p.revents : -1;
	return NULL;
}

static void stop(uint64_t left, const char *what)
{
	size_t before = got.len;
	ssize_t ret;
	int none;

	need(!device_set(dev, MIG_STOP_COPY, &none) && none == -1, "%s: STOP_COPY", what);
	check_eq(device_data_size(dev), left + END, "stop_copy_length in STOP_COPY");
	check_eq(reconfigure(), -EINVAL, "reconfigure in STOP_COPY");
	while ((ret = take(1 + rnd() % 300000)) > 0)
		;
	check(!ret && got.len - before == left + END,
	      "%s: STOP_COPY had %zu bytes, expected %llu (%zd)", what, got.len - before,
	      (long long)(left + END), ret);
	close(fd);
	need(!device_set(dev, MIG_RUNNING, &none), "%s: RUNNING", what);
}

static void start(void)
{
	quiet(!device_set(dev, MIG_PRE_COPY, &fd), "PRE_COPY");
	got.len = 0;
}

/* An answer that could not be delivered was not given. */
static void lost_answer(void)
{
	struct precopy_info *i =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(i != MAP_FAILED, "mmap");
	i->argsz = sizeof(*i);
	mprotect(i, PAGE, PROT_READ);
	check(ioctl(fd, IOC_PRECOPY_INFO, i) < 0 && errno == EFAULT,
	      "info into memory that is read-only");
	munmap(i, PAGE);
}

/* Every number, exactly. @mark is the record that begins new initial data. */
static void numbers(void)
{
	uint64_t n = HEADER + PAGES(20) + 1000, k = buffered(n), mark = v2 ? RECORD : 0;
	uint64_t initial = HEADER + pass, dirty = 0;
	int events = 0;
	pthread_t t;

	check_eq(reconfigure(), -EINVAL, "reconfigure in RUNNING");

	/* before the first read there is nothing old */
	start();
	check_eq(reconfigure(), 0, "reconfigure in PRE_COPY");
	expect(initial, 0, true, "new data before the first read");

	/* in the middle of the first pass, of page 20's record */
	need(take(n) == (ssize_t)n, "the first pages");
	initial -= n;
	touch(3);
	touch(20);
	expect(initial, PAGES(2), false, "written behind the reader");
	reconfigure();
	initial = v2 ? k + mark + pass : initial;
	dirty = v2 ? 0 : PAGES(21);
	expect(initial, dirty, true, "new data in the first pass");
	touch(3);
	expect(initial, dirty, false, "a page to come is written");
	reconfigure();
	reconfigure();
	lost_answer();
	expect(initial, dirty, true, "new data twice");

	n = k + mark + PAGES(100);
	need(take(n) == (ssize_t)n, "100 pages");
	initial -= n;
	touch(1);
	touch(2);
	dirty = v2 ? PAGES(2) : dirty;
	expect(initial, dirty, false, "100 pages read, 2 of them written");

	/* read on, change what was read, and only then ask */
	reconfigure();
	initial = v2 ? mark + pass : initial;
	dirty = v2 ? 0 : PAGES(121);
	n = mark + PAGES(50);
	need(take(n) == (ssize_t)n, "50 pages");
	initial -= n;
	touch(1);
	touch(2);
	initial += v2 ? PAGES(2) : 0;
	expect(initial, dirty, true, "new data, changed before the question");
	touch(1);
	expect(initial, dirty, false, "the same page again");
	touch(5);
	dirty += v2 ? PAGES(1) : 0;
	expect(initial, dirty, false, "changed after the question");
	drain_exactly(initial + dirty, "all of it");
	expect(0, 0, false, "at the temporary end");

	/* whoever waits there is woken */
	pthread_create(&t, NULL, poller, &events);
	usleep(50000);
	check_eq(reconfigure(), 0, "reconfigure at the temporary end");
	pthread_join(t, NULL);
	check_eq(events, POLLIN, "a waiter is woken");
	expect(v2 ? mark + pass : 0, v2 ? 0 : pass, true, "new data at the temporary end");
	drain_exactly(mark + pass, "the new data");
	expect(0, 0, false, "at the temporary end again");

	/* read to the end without asking: it is said all the same */
	reconfigure();
	drain_exactly(mark + pass, "without a question");
	expect(0, 0, true, "all of the new data was read");

	/* nobody asks, nobody reads */
	touch(9);
	reconfigure();
	stop(mark + pass, "unread new data");

	/* what happened in one session does not show in the next one */
	start();
	expect(HEADER + pass, 0, false, "a new session");
	need(take(HEADER + PAGES(1)) == HEADER + PAGES(1), "a page");
	reconfigure();
	stop(mark + pass, "unread new data in the first pass");
}

/* The rules of the uAPI for any two answers in a row. */
static void ask(struct precopy_info *last, bool made)
{
	struct precopy_info i;

	quiet(!info(&i), "info");
	quiet(i.flags == (!v2 ? GARBAGE : made ? PRECOPY_INFO_REINIT : 0), "flags %#x", i.flags);
	if (v2 && made)
		quiet(!i.dirty_bytes, "REINIT with %lld dirty bytes", (long long)i.dirty_bytes);
	else
		quiet(i.initial_bytes <= last->initial_bytes,
		      "initial_bytes grew from %lld to %lld", (long long)last->initial_bytes,
		      (long long)i.initial_bytes);
	*last = i;
}

static void arrives(struct device *b, unsigned int seed)
{
	struct precopy_info last = { .initial_bytes = HEADER + pass };
	int i, k, ret, rfd, none, times = 0;
	bool made = false;
	uint8_t *pa, *pb;
	size_t cut;

	fill_bar(dev, seed);
	fill_bar(b, seed + 1);
	rnd_seed(seed);
	start();
	for (i = 0; i < 60; i++) {
		for (k = rnd() % 4; k; k--)
			take(1 + rnd() % (rnd() % 2 ? 5000 : 900000));
		for (k = rnd() % 20; k; k--)
			touch(rnd() % (dev->bar_size / PAGE));
		if (rnd() % 6 == 0) {
			quiet(!reconfigure(), "reconfigure");
			made = true;
			times++;
		}
		if (rnd() % 3)
			continue;
		ask(&last, made);
		made = false;
	}
	quiet(times > 3, "reconfigured %d times only", times);
	/* one more at the very end, of which but a part is read before the stop */
	quiet(!reconfigure(), "reconfigure");
	cut = got.len;
	take(2000000);
	ask(&last, true);
	stop(last.initial_bytes + last.dirty_bytes, "new data in mid-stream");

	/* without the end of the last pass it is no device */
	need(!device_set(b, MIG_RESUMING, &rfd), "RESUMING");
	ret = feed(rfd, &got, 0, cut + 1000000, -1);
	check(!ret && device_set(b, MIG_RUNNING, &none) == -EINVAL,
	      "a stream that ends in the new data is refused (%d)", ret);
	ret = feed(rfd, &got, cut + 1000000, got.len - END, -1);
	check(!ret && device_set(b, MIG_RUNNING, &none) == -EINVAL, "so is one without END (%d)",
	      ret);
	ret = feed(rfd, &got, got.len - END, got.len, -1);
	check(!ret && !device_set(b, MIG_RUNNING, &none), "%zu bytes are accepted (%d)", got.len,
	      ret);
	close(rfd);
	if (device_state(b) != MIG_RUNNING)
		device_reset(b);
	device_memory(b, true);
	pa = bar_copy(dev);
	pb = bar_copy(b);
	check(!memcmp(pa, pb, dev->bar_size), "the memory is the same");
	free(pa);
	free(pb);
}

void test_reinit(struct device *a, struct device *b)
{
	struct feature f = {};
	struct utsname u;
	int major, minor, ret;
	bool known;

	dev = a;
	pass = full_bytes(a) - HEADER - END;
	uname(&u);
	known = sscanf(u.release, "%d.%d", &major, &minor) == 2 && major * 100 + minor >= 701;

	if (!(a->mig & MIG_FLAG_PRE_COPY)) {
		ret = device_feature(a, FEAT_PRECOPY_INFO_V2 | FEAT_SET, &f);
		check_eq(ret, known ? -EINVAL : -ENOTTY, "opt-in without PRE_COPY");
		return;
	}
	for (v2 = false;; v2 = true) {
		numbers();
		if (b) {
			arrives(b, 11);
			arrives(b, 12);
		}
		if (v2)
			break;
		ret = device_feature(a, FEAT_PRECOPY_INFO_V2 | FEAT_SET, &f);
		check_eq(ret, known ? 0 : -ENOTTY, "opt-in");
		if (ret)
			break;
		diag("opted in");
	}
	blob_free(&got);
}
