// SPDX-License-Identifier: GPL-2.0-only
#include "exercise/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE  4096u
#define CHUNK (64 * PAGE)

/* Not against an enemy: against a page that was forgotten, or half of one. */
static uint64_t hash(const uint8_t *data, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ULL, x;

	while (n) {
		size_t part = n < 8 ? n : 8;

		x = 0;
		memcpy(&x, data, part);
		h = (h ^ x) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
		data += part;
		n -= part;
	}
	return h;
}

int print_take(struct print *p, struct device *d, const struct region *r)
{
	uint8_t *buf = malloc(CHUNK);
	uint64_t off = 0;
	int err = 0;

	p->n = 0;
	p->pages = calloc((size_t)((r->size + PAGE - 1) / PAGE), sizeof(*p->pages));
	if (!buf || !p->pages)
		err = -ENOMEM;
	while (!err && off < r->size) {
		size_t want = r->size - off < CHUNK ? (size_t)(r->size - off) : CHUNK, have = 0, at;

		while (!err && have < want) {
			ssize_t got = pread(d->fd, buf + have, want - have,
					    (off_t)(r->offset + off + have));

			if (got > 0)
				have += (size_t)got;
			else
				err = got ? -errno : -EIO;
		}
		for (at = 0; !err && at < have; at += PAGE)
			p->pages[p->n++] = hash(buf + at, have - at < PAGE ? have - at : PAGE);
		off += want;
	}
	free(buf);
	return err;
}

void print_free(struct print *p)
{
	free(p->pages);
	*p = (struct print){ 0 };
}

size_t print_compare(const struct print *a, const struct print *b, size_t *first)
{
	size_t most = a->n > b->n ? a->n : b->n, differ = 0, i;

	for (i = 0; i < most; i++) {
		if (i < a->n && i < b->n && a->pages[i] == b->pages[i])
			continue;
		if (!differ++)
			*first = i;
	}
	return differ;
}

/* Byte by byte (FNV-1a): reads may end anywhere. */
int stream_print_take(struct stream_print *s, int fd, void *buf, size_t size)
{
	ssize_t got, i;

	*s = (struct stream_print){ .hash = 0xcbf29ce484222325ULL };
	while ((got = read(fd, buf, size)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (i = 0; i < got; i++)
			s->hash = (s->hash ^ ((uint8_t *)buf)[i]) * 0x100000001b3ULL;
		s->bytes += (uint64_t)got;
	}
	return 0;
}
