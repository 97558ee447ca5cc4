// SPDX-License-Identifier: GPL-2.0
/*
 * What the numbers of pre-copy mean: initial_bytes, dirty_bytes, the length of
 * a stop copy, and the two ends of the stream.
 */
#include "client.h"

static int fd;
static uint64_t full;

/* Everything that can be asked, compared with what it must be. */
static void expect(struct device *a, uint64_t initial, uint64_t dirty, const char *when)
{
	struct precopy_info info;
	bool data = initial || dirty;
	int ret, twice, ready;
	int64_t size;

	ret = precopy_info(fd, &info);
	check(!ret && info.initial_bytes == initial && info.dirty_bytes == dirty,
	      "%s: initial %llu dirty %llu, expected %llu and %llu (%d)", when,
	      (long long)info.initial_bytes, (long long)info.dirty_bytes, (long long)initial,
	      (long long)dirty, ret);
	size = device_data_size(a);
	quiet(size == (int64_t)(initial + dirty + END),
	      "%s: stop_copy_length is %lld, expected %lld", when, (long long)size,
	      (long long)(initial + dirty + END));
	twice = precopy_info(fd, &info);
	quiet(!twice && info.initial_bytes == initial && info.dirty_bytes == dirty,
	      "%s: asking changed the answer", when);
	ready = poll_now(fd, POLLIN | POLLRDNORM);
	quiet(ready == (data ? POLLIN | POLLRDNORM : 0), "%s: poll says %#x", when, ready);
}

static ssize_t take(size_t n)
{
	static uint8_t buf[1 << 20];
	ssize_t got = read(fd, buf, n);

	return got < 0 ? -errno : got;
}

/* Reads of random sizes until ENOMSG; every answer of info on the way is exact. */
static void drain_exactly(uint64_t left, const char *what)
{
	struct precopy_info info;
	uint64_t before = left;
	int steps = 0;
	ssize_t got;

	for (;;) {
		size_t n = 1 + rnd() % (rnd() % 3 ? 300000 : 5000);

		got = take(n);
		if (got < 0)
			break;
		quiet(got == (ssize_t)(n < left ? n : left),
		      "%s: a read of %zu gives %zd with %lld left", what, n, got, (long long)left);
		left -= got;
		quiet(!precopy_info(fd, &info) && info.initial_bytes + info.dirty_bytes == left,
		      "%s: %lld announced, %lld left", what,
		      (long long)(info.initial_bytes + info.dirty_bytes), (long long)left);
		if (++steps > 1000000)
			break;
	}
	check(got == -ENOMSG && !left, "%s: ENOMSG (%zd) after exactly %lld bytes", what, got,
	      (long long)before);
}

void test_precopy(struct device *a, struct device *b)
{
	struct precopy_info info;
	uint64_t last = a->bar_size / PAGE * PAGE - PAGE;
	uint32_t x = 0x12345678;
	struct blob rest = {};
	int none, state, p2p;

	full = full_bytes(a);
	check_eq(device_data_size(a), full, "stop_copy_length in RUNNING");

	if (!(a->mig & MIG_FLAG_PRE_COPY)) {
		need(device_set(a, MIG_PRE_COPY, &none) == -EINVAL, "PRE_COPY is not offered");
		goto stop_copy;
	}

	/* twice: in the P2P states and outside */
	for (p2p = 0; p2p <= !!(a->mig & MIG_FLAG_P2P); p2p++) {
		state = p2p ? MIG_PRE_COPY_P2P : MIG_PRE_COPY;
		need(!device_set(a, state, &fd), "%s", state_name(state));

		expect(a, full - END, 0, "at the start");
		bar_write(a, 0, &x, 4);
		bar_write(a, last, &x, 4);
		expect(a, full - END, 0, "written before the first read");

		need(take(1) == 1, "read of one byte");
		expect(a, full - END - 1, 0, "one byte read");
		/* in the middle of page 0's record: its content was taken */
		need(take(HEADER + RECORD + 9) == HEADER + RECORD + 9, "a bit of page 0");
		expect(a, full - END - 1 - HEADER - RECORD - 9, 0, "a bit of page 0 read");
		bar_write(a, 16, &x, 4);
		expect(a, full - END - 1 - HEADER - RECORD - 9, RECORD + PAGE,
		       "page 0 written while it is sent");
		bar_write(a, 99, &x, 4);
		expect(a, full - END - 1 - HEADER - RECORD - 9, RECORD + PAGE,
		       "page 0 written once more");
		bar_write(a, last, &x, 4);
		expect(a, full - END - 1 - HEADER - RECORD - 9, RECORD + PAGE,
		       "a page written before its turn");
		drain_exactly(full - END - 1 - HEADER - RECORD - 9 + RECORD + PAGE, "first pass");
		expect(a, 0, 0, "at the temporary end");
		check_eq(take(100), -ENOMSG, "read at the temporary end");
		check_eq(take(1), -ENOMSG, "read at the temporary end, again");
		check_eq(take(0), 0, "read of nothing at the temporary end");

		bar_write(a, last - 2, &x, 4);
		expect(a, 0, 2 * (RECORD + PAGE), "a write across two pages");
		drain_exactly(2 * (RECORD + PAGE), "two dirty pages");
		fill_bar(a, 7);
		expect(a, 0, full - END - HEADER, "everything written again");
		need(take(RECORD + PAGE - 1) == RECORD + PAGE - 1, "most of a record");
		expect(a, 0, full - END - HEADER - RECORD - PAGE + 1, "most of a record read");
		if (p2p) {
			need(!device_set(a, MIG_PRE_COPY, &none) && none == -1, "PRE_COPY");
			expect(a, 0, full - END - HEADER - RECORD - PAGE + 1, "back in PRE_COPY");
		}

		/* the same session goes on in STOP_COPY */
		need(!device_set(a, MIG_STOP_COPY, &none) && none == -1, "STOP_COPY");
		check_eq(device_data_size(a), full - HEADER - RECORD - PAGE + 1,
			 "stop_copy_length in STOP_COPY");
		check_eq(drain(fd, &rest, -1), 0, "drain in STOP_COPY");
		check_eq(rest.len, full - HEADER - RECORD - PAGE + 1, "bytes in STOP_COPY");
		check_eq(device_data_size(a), 0, "stop_copy_length at the end");
		check_eq(take(1000), 0, "read at the permanent end");
		check_eq(take(1), 0, "read at the permanent end, again");
		check_eq(poll_now(fd, POLLIN | POLLRDNORM), POLLIN | POLLRDNORM,
			 "poll at the permanent end");
		check_eq(precopy_info(fd, &info), -EINVAL, "info in STOP_COPY");
		blob_free(&rest);
		close(fd);
		need(!device_set(a, MIG_RUNNING, &none), "RUNNING");
		check_eq(device_data_size(a), full, "stop_copy_length in RUNNING again");
	}

	/* the temporary end is crossed into the permanent one */
	need(!device_set(a, MIG_PRE_COPY, &fd), "PRE_COPY");
	drain_exactly(full - END, "first pass");
	need(!device_set(a, MIG_STOP_COPY, &none), "STOP_COPY");
	check_eq(device_data_size(a), END, "stop_copy_length of an idle device");
	check_eq(take(1 << 20), END, "an idle device leaves the END record");
	check_eq(take(1 << 20), 0, "and then the end");
	close(fd);
	need(!device_set(a, MIG_RUNNING, &none), "RUNNING");

stop_copy:
	need(!device_set(a, MIG_STOP, &none), "STOP");
	check_eq(device_data_size(a), full, "stop_copy_length in STOP");
	need(!device_set(a, MIG_STOP_COPY, &fd), "STOP_COPY");
	check_eq(device_data_size(a), full, "stop_copy_length in a new STOP_COPY");
	need(take(10000) == 10000, "10000 bytes");
	check_eq(device_data_size(a), full - 10000, "stop_copy_length, 10000 bytes read");
	check_eq(drain(fd, &rest, -1), 0, "drain in STOP_COPY");
	check_eq(rest.len, full - 10000, "bytes in STOP_COPY");
	blob_free(&rest);
	close(fd);
	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	check_eq(device_data_size(a), full, "stop_copy_length in RESUMING");
	close(fd);
	device_reset(a);
}
