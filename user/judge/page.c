// SPDX-License-Identifier: GPL-2.0-only
#include "judge/page.h"

#include <stddef.h>
#include <string.h>

const struct page *page_find(const char *kind, const char *name)
{
	unsigned int i;

	for (i = 0; i < page_count; i++)
		if (!strcmp(page_table[i].kind, kind) && !strcmp(page_table[i].name, name))
			return &page_table[i];
	return NULL;
}
