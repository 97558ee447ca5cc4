/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIOSCOPE_ARRAY_H
#define VFIOSCOPE_ARRAY_H

#include <stddef.h>

/*
 * Room for @need elements of @size bytes in the array at *@arrayp, of which there is room
 * for *@cap; what is new is zeroed.  0, or -ENOMEM: all is as it was.
 */
int array_room(void *arrayp, size_t need, size_t *cap, size_t size);

#endif
