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

#endif
