/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * repair.h - what a mutation breaks in a recording before a reader gets to see it
 */
#ifndef VFIOSCOPE_TESTS_REPAIR_H
#define VFIOSCOPE_TESTS_REPAIR_H

#include <stddef.h>
#include <stdint.h>

#define REPAIR_CRC     (1U << 0) /* of the file header and the frames, walked by length */
#define REPAIR_FRAMES  (1U << 1) /* their magic, and lengths that reach beyond the end */
#define REPAIR_NUMBERS (1U << 2) /* frames from 0, and their events */

/* Without REPAIR_CRC nothing is. */
void repair(uint8_t *p, size_t len, unsigned int how);

#endif
