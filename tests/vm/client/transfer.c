// SPDX-License-Identifier: GPL-2.0
#include "client.h"

static uint32_t rnd_state = 1;

void rnd_seed(uint32_t seed)
{
	rnd_state = seed ? seed : 1;
}

uint32_t rnd(void)
{
	uint32_t x = rnd_state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return rnd_state = x;
}

/* Small ones, odd ones, and some that span many records. */
static size_t chunk(long max)
{
	if (max > 0)
		return max;
	switch (rnd() % 4) {
	case 0:
		return 1 + rnd() % 7;
	case 1:
		return 1 + rnd() % 500;
	case 2:
		return 1 + rnd() % 20000;
	default:
		return 1 + rnd() % 700000;
	}
}

void blob_free(struct blob *b)
{
	free(b->data);
	*b = (struct blob){};
}

int drain(int fd, struct blob *b, long max)
{
	for (;;) {
		size_t n = chunk(max);
		ssize_t got;

		if (b->len + n > b->cap) {
			b->cap = (b->len + n) * 2;
			b->data = realloc(b->data, b->cap);
			if (!b->data)
				abort();
		}
		got = read(fd, b->data + b->len, n);
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		b->len += got;
	}
}

int feed(int fd, const struct blob *b, size_t from, size_t to, long max)
{
	while (from < to) {
		size_t n = chunk(max);
		ssize_t put;

		if (n > to - from)
			n = to - from;
		put = write(fd, b->data + from, n);
		if (put < 0)
			return -errno;
		from += put;
	}
	return 0;
}

int save_stopped(struct device *d, struct blob *b)
{
	int fd, ret, ret2, none;

	ret = device_set(d, MIG_STOP_COPY, &fd);
	if (ret)
		return ret;
	ret = drain(fd, b, 1 << 20);
	close(fd);
	ret2 = device_set(d, MIG_RUNNING, &none);
	return ret ? ret : ret2;
}

void fill_bar(struct device *d, unsigned int seed)
{
	static uint8_t buf[1 << 16];
	uint64_t off;
	size_t i;

	rnd_seed(seed);
	for (off = 0; off < d->bar_size; off += sizeof(buf)) {
		size_t n = d->bar_size - off;

		if (n > sizeof(buf))
			n = sizeof(buf);
		for (i = 0; i < sizeof(buf); i += 4) {
			uint32_t x = rnd();

			memcpy(buf + i, &x, 4);
		}
		if (bar_write(d, off, buf, n) != (ssize_t)n)
			check(false, "writing BAR 2 at %#llx", (long long)off);
	}
}

uint8_t *bar_copy(struct device *d)
{
	uint8_t *p = malloc(d->bar_size);
	uint64_t off;

	for (off = 0; off < d->bar_size;) {
		size_t n = d->bar_size - off;
		ssize_t got = bar_read(d, off, p + off, n < 1 << 20 ? n : 1 << 20);

		if (got <= 0) {
			check(false, "reading BAR 2 at %#llx: %zd", (long long)off, got);
			break;
		}
		off += got;
	}
	return p;
}

uint64_t full_bytes(struct device *d)
{
	return HEADER + (d->bar_size + PAGE - 1) / PAGE * RECORD + d->bar_size + END;
}
