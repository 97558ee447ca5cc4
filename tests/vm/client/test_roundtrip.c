// SPDX-License-Identifier: GPL-2.0
/* Migrations from A to B; the memory must arrive byte for byte. */
#include "client.h"

struct writer {
	struct device *d;
	pthread_t thread;
	volatile bool stop;
	uint64_t writes;
};

static void *write_thread(void *arg)
{
	struct writer *w = arg;
	uint32_t x = 0x9e3779b9;
	uint8_t buf[5000];

	memset(buf, 0, sizeof(buf));
	while (!w->stop) {
		uint64_t off;
		size_t n;

		x = x * 1664525 + 1013904223;
		off = (uint64_t)x * 4099 % w->d->bar_size;
		n = 1 + (x >> 8) % (x & 0x80 ? sizeof(buf) : 8);
		memcpy(buf, &x, 4);
		if (bar_write(w->d, off, buf, n) <= 0) {
			check(false, "a write in pre-copy failed");
			break;
		}
		w->writes++;
		if (!(x >> 29))
			usleep(1000);
	}
	return NULL;
}

static void same(struct device *a, struct device *b, const char *what)
{
	uint8_t *pa = bar_copy(a), *pb = bar_copy(b);
	uint64_t i;

	for (i = 0; i < a->bar_size && pa[i] == pb[i]; i++)
		;
	check(i == a->bar_size, "%s: %lld of %lld bytes of the memory are the same", what,
	      (long long)i, (long long)a->bar_size);
	free(pa);
	free(pb);
}

struct how {
	const char *what;
	bool precopy;
	bool concurrent;     /* a thread writes all through pre-copy */
	bool nomem;	     /* memory off in STOP_COPY and RESUMING */
	long rchunk, wchunk; /* as in drain() and feed() */
	int rounds;
};

static void migrate(struct device *a, struct device *b, const struct how *how)
{
	struct writer w = { .d = a };
	struct blob s = {};
	int fd, rfd, none, i, ret;
	size_t sent = 0;
	double t0;

	fill_bar(a, 1000 + how->rounds);
	fill_bar(b, 2000);
	device_reset(b);
	device_memory(b, !how->nomem);

	/* the destination is loaded while the source is still running */
	need(!device_set(b, MIG_RESUMING, &rfd), "%s: RESUMING", how->what);
	t0 = now();
	if (how->precopy) {
		need(!device_set(a, MIG_PRE_COPY, &fd), "%s: PRE_COPY", how->what);
		if (how->concurrent)
			pthread_create(&w.thread, NULL, write_thread, &w);
		for (i = 0; i < how->rounds; i++) {
			if (how->concurrent) {
				/* the writer never lets it end: take a share */
				uint8_t *p = malloc(200000);
				int k;

				for (k = 0; k < 100; k++) {
					ssize_t n = read(fd, p, 1 + rnd() % 200000);

					if (n < 0)
						break;
					s.data = realloc(s.data, s.len + n);
					memcpy(s.data + s.len, p, n);
					s.len += n;
					s.cap = s.len;
				}
				free(p);
			} else {
				ret = drain(fd, &s, how->rchunk);
				quiet(ret == -ENOMSG, "%s: round %d ends with %d", how->what, i,
				      ret);
				if (i + 1 < how->rounds) {
					int k;

					for (k = 0; k < 50; k++) {
						uint64_t off = rnd() % (a->bar_size - 8);
						uint64_t x = rnd() * 0x100000001ull;

						bar_write(a, off, &x, 1 + rnd() % 8);
					}
				}
			}
			ret = feed(rfd, &s, sent, s.len, how->wchunk);
			quiet(!ret, "%s: feeding round %d: %d", how->what, i, ret);
			sent = s.len;
		}
		if (how->concurrent) {
			usleep(20000);
			w.stop = true;
			pthread_join(w.thread, NULL);
			diag("%s: %lld writes meanwhile", how->what, (long long)w.writes);
		}
		if (a->mig & MIG_FLAG_P2P)
			need(!device_set(a, MIG_PRE_COPY_P2P, &none), "%s: P2P", how->what);
		need(!device_set(a, MIG_STOP_COPY, &none), "%s: STOP_COPY", how->what);
	} else {
		need(!device_set(a, MIG_STOP_COPY, &fd), "%s: STOP_COPY", how->what);
	}
	if (how->nomem)
		device_memory(a, false);
	ret = drain(fd, &s, how->rchunk);
	quiet(!ret, "%s: draining: %d", how->what, ret);
	ret = feed(rfd, &s, sent, s.len, how->wchunk);
	quiet(!ret, "%s: feeding the rest: %d", how->what, ret);
	ret = device_set(b, MIG_RUNNING, &none);
	check(!ret, "%s: %zu bytes, %.0f MB/s there and back: accepted (%d)", how->what, s.len,
	      s.len / (now() - t0) / 1e6, ret);
	need(!device_set(a, MIG_RUNNING, &none), "%s: RUNNING", how->what);
	close(fd);
	close(rfd);
	device_memory(a, true);
	device_memory(b, true);
	same(a, b, how->what);
	if (device_state(b) != MIG_RUNNING)
		device_reset(b);
	blob_free(&s);
}

void test_roundtrip(struct device *a, struct device *b)
{
	static const struct how hows[] = {
		{ "stop copy, as QEMU reads and writes", .rchunk = 1 << 20, .wchunk = 32768 },
		{ "stop copy, odd chunks", .rchunk = -1, .wchunk = -1 },
		{ "stop copy, memory off", .nomem = true, .rchunk = 1 << 20, .wchunk = 32768 },
		{ "stop copy, 4099 and 1 MiB", .rchunk = 4099, .wchunk = 1 << 20 },
		{ "pre-copy, as QEMU", .precopy = true, .rchunk = 1 << 20, .wchunk = 32768,
		  .rounds = 4 },
		{ "pre-copy, odd chunks", .precopy = true, .rchunk = -1, .wchunk = -1,
		  .rounds = 8 },
		{ "pre-copy, memory off at the end", .precopy = true, .nomem = true, .rchunk = -1,
		  .wchunk = -1, .rounds = 2 },
		{ "pre-copy, written all the time", .precopy = true, .concurrent = true,
		  .rchunk = -1, .wchunk = -1, .rounds = 6 },
		{ "pre-copy, not read before the stop", .precopy = true, .rchunk = 1 << 20,
		  .wchunk = 1 << 20, .rounds = 0 },
	};
	uint8_t *before, *after;
	struct blob s = {};
	size_t i, head, tail;
	int fd, none;

	if (!b) {
		diag("no second device: skipped");
		return;
	}
	need(a->bar_size == b->bar_size, "the devices are of the same size");
	for (i = 0; i < ARRAY_SIZE(hows); i++)
		if (!hows[i].precopy || (a->mig & MIG_FLAG_PRE_COPY))
			migrate(a, b, &hows[i]);

	/* one byte at a time: the beginning, and the end */
	fill_bar(a, 42);
	need(!device_set(a, MIG_STOP_COPY, &fd), "STOP_COPY");
	s.cap = full_bytes(a) + 10;
	head = s.cap / 4 < 20000 ? s.cap / 4 : 20000;
	tail = s.cap / 4 < 9000 ? s.cap / 4 : 9000;
	s.data = malloc(s.cap);
	while (s.len < head && read(fd, s.data + s.len, 1) == 1)
		s.len++;
	while (s.len < full_bytes(a) - tail &&
	       read(fd, s.data + s.len, full_bytes(a) - tail - s.len) > 0)
		s.len = full_bytes(a) - tail;
	while (read(fd, s.data + s.len, 1) == 1)
		s.len++;
	check_eq(s.len, full_bytes(a), "bytes read one at a time");
	close(fd);
	device_set(a, MIG_RUNNING, &none);
	need(!device_set(b, MIG_RESUMING, &fd), "RESUMING");
	check_eq(feed(fd, &s, 0, head, 1), 0, "written one at a time");
	check_eq(feed(fd, &s, head, s.len - tail, -1), 0, "in odd chunks");
	check_eq(feed(fd, &s, s.len - tail, s.len, 1), 0, "one at a time again");
	check_eq(device_set(b, MIG_RUNNING, &none), 0, "accepted");
	same(a, b, "one byte at a time");
	close(fd);

	/* a device that was saved is as it was */
	before = bar_copy(a);
	blob_free(&s);
	quiet(!save_stopped(a, &s), "saving");
	after = bar_copy(a);
	check(!memcmp(before, after, a->bar_size), "saving leaves the source alone");
	free(before);
	free(after);
	blob_free(&s);
}
