/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verify.h - is the memory of the destination what the source's was?
 *
 * A print holds a hash for each 4 KiB of a region, so that two devices that
 * are never readable at the same time can be compared.
 */
#ifndef VFIOSCOPE_EXERCISE_VERIFY_H
#define VFIOSCOPE_EXERCISE_VERIFY_H

#include "exercise/device.h"

struct print {
	uint64_t *pages;
	size_t n;
};

/* Read all of @r and remember it.  0 or -errno; print_free() in both cases. */
int print_take(struct print *p, struct device *d, const struct region *r);
void print_free(struct print *p);
/* How many pages differ; *@first: the first that does. */
size_t print_compare(const struct print *a, const struct print *b, size_t *first);

/* The same of what a device saves: its length and a hash of its bytes. */
struct stream_print {
	uint64_t bytes, hash;
};

/* Read @fd up to its end, by way of @buf.  0 or -errno. */
int stream_print_take(struct stream_print *s, int fd, void *buf, size_t size);

static inline bool stream_print_equal(const struct stream_print *a, const struct stream_print *b)
{
	return a->bytes == b->bytes && a->hash == b->hash;
}

#endif
