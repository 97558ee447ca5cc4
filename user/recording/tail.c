// SPDX-License-Identifier: GPL-2.0-only
/*
 * tail.c - what stands at the end of a recording, read from there
 *
 * END is the last thing in a complete file, and of a fixed size; it says where the
 * INDEX is, and the SUMMARY stands between the two.  Whatever is not exactly so has no
 * summary: nothing is searched for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "recording/format.h"
#include "util/varint.h"

#define END_SIZE  (FRAME_HEAD_LEN + END_LEN)
/* What most files' INDEX, SUMMARY and END fit in: one read. */
#define TAIL_SIZE 16384U
/* What any fit in: who has more of it is no recorder. */
#define TAIL_MAX  (2 * FRAME_HEAD_LEN + (1U << 20) + RECORDING_SUMMARY_MAX + END_SIZE)

struct tail {
	int fd;
	uint64_t size, from; /* of the file; where data[] begins in it */
	uint8_t *data;
	size_t len;
};

static int read_from(struct tail *t, uint64_t from)
{
	size_t want = (size_t)(t->size - from);
	uint8_t *p = realloc(t->data, want);
	ssize_t n;

	if (!p)
		return -ENOMEM;
	t->data = p;
	do {
		n = pread(t->fd, p, want, (off_t)from);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	t->from = from;
	t->len = (size_t)n;
	/* It has become shorter meanwhile. */
	return t->len == want ? 0 : -ENOENT;
}

/* A good frame of @type at @offset of the file; its payload, or NULL. */
static const uint8_t *frame_at(const struct tail *t, uint64_t offset, uint16_t type,
			       struct frame_head *h)
{
	const uint8_t *p;
	size_t left;

	if (offset < t->from || offset - t->from > t->len)
		return NULL;
	p = t->data + (offset - t->from);
	left = t->len - (size_t)(offset - t->from);
	if (left < FRAME_HEAD_LEN || !frame_head_load(p, h) || h->type != type ||
	    h->length > left - FRAME_HEAD_LEN ||
	    h->flags & FRAME_FLAGS_INCOMPAT & ~FRAME_FLAGS_KNOWN ||
	    format_crc(p + FRAME_HEAD_LEN, h->length) != h->payload_crc)
		return NULL;
	return p + FRAME_HEAD_LEN;
}

static int unpack(const struct frame_head *h, const uint8_t *payload, uint8_t **data, size_t *len)
{
	size_t n = h->raw_length;

	if (!n || n > RECORDING_SUMMARY_MAX || (!(h->flags & FRAME_ZSTD) && n != h->length))
		return -ENOENT;
	*data = malloc(n);
	if (!*data)
		return -ENOMEM;
	if (!(h->flags & FRAME_ZSTD))
		memcpy(*data, payload, n);
	else if (ZSTD_decompress(*data, n, payload, h->length) != n)
		n = 0;
	*len = n;
	if (n)
		return 0;
	free(*data);
	*data = NULL;
	return -ENOENT;
}

static int find(struct tail *t, uint8_t **data, size_t *len)
{
	struct frame_head h;
	const uint8_t *p;
	uint64_t index;
	int err;

	if (t->size < HEADER_LEN + END_SIZE)
		return -ENOENT;
	err = read_from(t, t->size > TAIL_SIZE ? t->size - TAIL_SIZE : 0);
	if (err)
		return err;
	p = frame_at(t, t->size - END_SIZE, RECORDING_END, &h);
	if (!p || h.length != END_LEN)
		return -ENOENT;
	index = get_le64(p + END_INDEX_OFFSET);
	if (index > t->size - END_SIZE || t->size - index > TAIL_MAX)
		return -ENOENT;
	if (index < t->from) {
		err = read_from(t, index);
		if (err)
			return err;
	}
	if (!frame_at(t, index, RECORDING_INDEX, &h))
		return -ENOENT;
	index += FRAME_HEAD_LEN + h.length;
	p = frame_at(t, index, RECORDING_SUMMARY, &h);
	if (!p || index + FRAME_HEAD_LEN + h.length != t->size - END_SIZE)
		return -ENOENT;
	return unpack(&h, p, data, len);
}

int recording_summary(const char *path, uint8_t **data, size_t *len)
{
	struct tail t = { 0 };
	struct stat st;
	int err;

	*data = NULL;
	*len = 0;
	/* A FIFO is not waited for, and nothing is taken out of it. */
	t.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t.fd < 0)
		return -errno;
	if (fstat(t.fd, &st)) {
		err = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		err = -ENOENT;
	} else {
		t.size = (uint64_t)st.st_size;
		err = find(&t, data, len);
	}
	free(t.data);
	close(t.fd);
	return err;
}
