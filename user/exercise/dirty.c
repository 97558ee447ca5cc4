// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "exercise/dirty.h"
#include "util/mono.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STAMP_BYTES 64
#define TICK_NS	    5000000ULL

struct dirtier {
	pthread_t thread;
	struct device *device;
	struct region region;
	uint64_t rate;
	struct random random;
	atomic_bool stop;
	uint64_t bytes;
	int err;
};

static int write_at(struct device *d, const struct region *r, uint64_t off, const void *buf,
		    size_t n)
{
	ssize_t put;

	if (n > r->size - off)
		n = (size_t)(r->size - off);
	put = pwrite(d->fd, buf, n, (off_t)(r->offset + off));
	if (put < 0)
		return -errno;
	return (size_t)put == n ? 0 : -EIO;
}

int dirty_stamp(struct device *d, const struct region *r, struct random *random)
{
	uint8_t noise[STAMP_BYTES];
	uint64_t off;
	int err;

	for (off = 0; off < r->size; off += DIRTY_PAGE) {
		random_fill(random, noise, sizeof(noise));
		err = write_at(d, r, off, noise, sizeof(noise));
		if (err)
			return err;
	}
	return 0;
}

static void *dirty_thread(void *arg)
{
	struct dirtier *d = arg;
	uint64_t pages = (d->region.size + DIRTY_PAGE - 1) / DIRTY_PAGE, began = mono_ns();
	uint8_t page[DIRTY_PAGE];

	while (!atomic_load(&d->stop)) {
		uint64_t due = UINT64_MAX;

		if (d->rate)
			due = (uint64_t)((double)(mono_ns() - began) / 1e9 * (double)d->rate);
		if (d->bytes + DIRTY_PAGE > due) {
			nanosleep(&(struct timespec){ .tv_nsec = TICK_NS }, NULL);
			continue;
		}
		random_fill(&d->random, page, sizeof(page));
		d->err = write_at(d->device, &d->region,
				  random_below(&d->random, pages) * DIRTY_PAGE, page, sizeof(page));
		if (d->err)
			break;
		d->bytes += DIRTY_PAGE;
	}
	return NULL;
}

int dirtier_start(struct dirtier **dp, struct device *dev, const struct region *r, uint64_t rate,
		  const struct random *random)
{
	struct dirtier *d = calloc(1, sizeof(*d));
	int err;

	*dp = NULL;
	if (!d)
		return -ENOMEM;
	d->device = dev;
	d->region = *r;
	d->rate = rate;
	d->random = *random;
	err = pthread_create(&d->thread, NULL, dirty_thread, d);
	if (err) {
		free(d);
		return -err;
	}
	*dp = d;
	return 0;
}

uint64_t dirtier_stop(struct dirtier *d, int *err)
{
	uint64_t bytes;

	*err = 0;
	if (!d)
		return 0;
	atomic_store(&d->stop, true);
	pthread_join(d->thread, NULL);
	bytes = d->bytes;
	*err = d->err;
	free(d);
	return bytes;
}
