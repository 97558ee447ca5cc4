/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty.h - writes to a region, as a guest's would come
 *
 * By write(2) on the device's FD, in pages chosen by the seed.  Nobody writes
 * to a device that a stream is taken from in STOP_COPY: stop it first.
 */
#ifndef VFIOSCOPE_EXERCISE_DIRTY_H
#define VFIOSCOPE_EXERCISE_DIRTY_H

#include "exercise/device.h"
#include "exercise/random.h"

#define DIRTY_PAGE 4096u

struct dirtier;

/* Noise at the head of every page of [@r->offset, +@r->size).  0 or -errno. */
int dirty_stamp(struct device *d, const struct region *r, struct random *random);

/* Begin to write @rate bytes a second (0: all it can) in whole pages.  0 or -errno. */
int dirtier_start(struct dirtier **dp, struct device *d, const struct region *r, uint64_t rate,
		  const struct random *random);
/*
 * No write comes after this.  Returns the bytes written; *@err: 0 or the
 * -errno that a write met, which ended it early.  NULL is fine.
 */
uint64_t dirtier_stop(struct dirtier *d, int *err);

#endif
