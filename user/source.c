// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int meta_add(struct meta *m, const char *key, const char *value)
{
	struct meta_entry *e;

	if (m->n == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 16;

		e = realloc(m->entries, cap * sizeof(*e));
		if (!e)
			return -ENOMEM;
		m->entries = e;
		m->cap = cap;
	}
	e = &m->entries[m->n];
	e->key = strdup(key);
	e->value = strdup(value);
	if (!e->key || !e->value) {
		free(e->key);
		free(e->value);
		return -ENOMEM;
	}
	m->n++;
	return 0;
}

int meta_addf(struct meta *m, const char *key, const char *fmt, ...)
{
	char value[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	return meta_add(m, key, value);
}

const char *meta_get(const struct meta *m, const char *key)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (!strcmp(m->entries[i].key, key))
			return m->entries[i].value;
	return NULL;
}

void meta_clear(struct meta *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->entries[i].key);
		free(m->entries[i].value);
	}
	free(m->entries);
	memset(m, 0, sizeof(*m));
}
