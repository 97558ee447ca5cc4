// SPDX-License-Identifier: GPL-2.0-only
#include "util/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int array_room(void *arrayp, size_t need, size_t *cap, size_t size)
{
	void **array = arrayp, *p;
	size_t n = *cap ? *cap : 16;

	if (need <= *cap)
		return 0;
	while (n < need)
		n *= 2;
	p = realloc(*array, n * size);
	if (!p)
		return -ENOMEM;
	memset((char *)p + *cap * size, 0, (n - *cap) * size);
	*array = p;
	*cap = n;
	return 0;
}
