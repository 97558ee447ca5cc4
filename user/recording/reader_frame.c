// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_frame.c - from frame to frame, over whatever lies between them
 */
#include "recording/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recording/hosts.h"
#include "util/varint.h"

/* What META may make the reader keep. */
#define META_ENTRIES_MAX 65536U
#define META_BYTES_MAX	 (16U << 20)

/*
 * Checksums that fail cost time without bringing the reader on.  An input made
 * of heads that promise long payloads would make it quadratic; beyond this
 * credit the reader believes the length of such a head.
 */
#define WASTE_FREE     (64ULL << 20)
#define WASTE_PER_BYTE 8

/* How long a pipe that stays open behind the END is looked at for more. */
#define BEHIND_END_MS 200

/* The payload as the writer had it; NULL with *@err. */
static const uint8_t *unpack(struct recording *r, const struct frame_head *h,
			     const uint8_t *payload, int *err)
{
	size_t n;

	*err = -EBADMSG;
	if (!(h->flags & FRAME_ZSTD))
		return h->length == h->raw_length ? payload : NULL;
	if (h->raw_length > r->raw_cap) {
		uint8_t *raw = realloc(r->raw, h->raw_length);

		if (!raw) {
			*err = reader_fail_errno(r, -ENOMEM);
			return NULL;
		}
		r->raw = raw;
		r->raw_cap = h->raw_length;
	}
	n = ZSTD_decompressDCtx(r->zstd, r->raw, h->raw_length, payload, h->length);
	if (ZSTD_isError(n) || n != h->raw_length)
		return NULL;
	return r->raw;
}

static char *copy_string(const uint8_t *p, size_t len)
{
	char *s = malloc(len + 1);

	if (s) {
		memcpy(s, p, len);
		s[len] = 0;
	}
	return s;
}

/* A malformed META gives no entry at all: first a look, then the copies. */
static int read_meta(struct recording *r, const uint8_t *p, size_t size)
{
	const uint8_t *start = p, *end = p + size;
	uint64_t n, i, len;
	int pass, err = 0;

	for (pass = 0; pass < 2; pass++) {
		p = start;
		if (!varint_get(&p, end, &n) || n > size)
			return -EBADMSG;
		if (r->meta.n + n > META_ENTRIES_MAX || r->meta_bytes + size > META_BYTES_MAX)
			return -EBADMSG;
		for (i = 0; i < n; i++) {
			const uint8_t *s[2];
			size_t l[2];
			char *key, *value;
			int k;

			for (k = 0; k < 2; k++) {
				if (!varint_get(&p, end, &len) || len > (uint64_t)(end - p))
					return -EBADMSG;
				s[k] = p;
				l[k] = len;
				p += len;
			}
			if (!pass)
				continue;
			key = copy_string(s[0], l[0]);
			value = copy_string(s[1], l[1]);
			if (!key || !value || meta_add(&r->meta, key, value))
				err = -ENOMEM;
			else if (!strcmp(key, HOST_DAMAGE_KEY))
				host_damage_read(value, &r->parts);
			free(key);
			free(value);
			if (err)
				return reader_fail_errno(r, err);
		}
	}
	r->meta_bytes += size;
	return 0;
}

/*
 * A frame whose checksums are right.  0: gone through, -EBADMSG: it is no good
 * after all, or -errno.
 */
static int take_frame(struct recording *r, const struct frame_head *h, const uint8_t *payload)
{
	const uint8_t *raw;
	int err;

	if (h->flags & FRAME_FLAGS_INCOMPAT & ~FRAME_FLAGS_KNOWN)
		return -EBADMSG;
	/* Older than what was read already: somebody's copy of a block. */
	if (h->number < r->next_number || h->first_seq < r->next_seq)
		return -EBADMSG;

	switch (h->type) {
	case RECORDING_SNAPSHOT:
		if (!r->want_snapshot && h->number == r->next_number && !r->hole.open)
			return 0;
		/* fall through */
	case RECORDING_EVENTS:
		raw = unpack(r, h, payload, &err);
		if (!raw)
			return err;
		err = decoder_begin(r->decoder, raw, h->raw_length, h->count, h->first_ns);
		if (err == -ENOMEM)
			reader_fail_errno(r, err);
		if (err)
			return err;
		r->decoding = true;
		r->decoding_snapshot = h->type == RECORDING_SNAPSHOT;
		r->head = *h;
		r->frame_left = h->count;
		return 0;
	case RECORDING_META:
		raw = unpack(r, h, payload, &err);
		return raw ? read_meta(r, raw, h->raw_length) : err;
	case RECORDING_INDEX:
		r->has_index = true;
		return 0;
	case RECORDING_END:
		r->health.ended = true;
		r->look_until = r->regular ? UINT64_MAX : reader_now_ms() + BEHIND_END_MS;
		return 0;
	}
	return 0;
}

bool reader_head_at(struct recording *r, size_t pos)
{
	struct frame_head h;

	return r->len - pos >= FRAME_HEAD_LEN && frame_head_load(r->data + pos, &h);
}

bool reader_is_cut_head(const struct recording *r)
{
	size_t n = reader_avail(r) < FRAME_MAGIC_LEN ? reader_avail(r) : FRAME_MAGIC_LEN;

	return reader_avail(r) < FRAME_HEAD_LEN && !memcmp(r->data + r->pos, FRAME_MAGIC, n);
}

void reader_skip_to_magic(struct recording *r)
{
	const uint8_t *from = r->data + r->pos + 1, *p = from;
	const uint8_t *end = r->data + r->len;

	while (p < end) {
		p = memchr(p, FRAME_MAGIC[0], end - p);
		if (!p)
			break;
		if (end - p < FRAME_HEAD_LEN || reader_head_at(r, p - r->data)) {
			reader_skip(r, p - r->data - r->pos, NULL);
			return;
		}
		p++;
	}
	reader_skip(r, reader_avail(r), NULL);
}

static void at_end(struct recording *r)
{
	r->done = true;
	reader_hole_close_at_end(r);
	reader_tell_lost(r, r->hole.last_ns);
	r->health.bytes_skipped += reader_avail(r);
	if (reader_avail(r)) {
		reader_tell_frame(r, NULL, r->offset, reader_avail(r), true);
		reader_consume(r, reader_avail(r));
	}
}

/*
 * The recording is over.  Nothing may follow: another recording behind it (of
 * "cat a b") would be lost without a word, and so would what a broken copy left.
 * Returns as reader_advance().
 */
static int look_behind(struct recording *r, uint64_t deadline)
{
	bool last = deadline >= r->look_until;
	uint64_t more = 0;
	struct stat st;
	int err;

	err = reader_fill(r, FORMAT_MAGIC_LEN, last ? r->look_until : deadline);
	if (err < 0 && err != -ENODATA)
		return err;
	if (!err && !reader_avail(r) && reader_now_ms() < r->look_until)
		return 0;
	r->done = true;
	if (!reader_avail(r))
		return 1;
	if (r->regular && !fstat(r->fd, &st) && (uint64_t)st.st_size > r->offset)
		more = (uint64_t)st.st_size - r->offset;
	return reader_fail(
		r, -EOVERFLOW,
		"%s%" PRIu64 " bytes%s follow the end of the recording, at byte %" PRIu64,
		r->regular ? "" : "at least ", more ? more : (uint64_t)reader_avail(r),
		reader_avail(r) >= FORMAT_MAGIC_LEN &&
				!memcmp(r->data + r->pos, FORMAT_MAGIC, FORMAT_MAGIC_LEN) ?
			" of another recording" :
			"",
		r->offset);
}

int reader_advance(struct recording *r, uint64_t deadline)
{
	struct frame_head h;
	uint64_t offset;
	size_t size;
	int err;

	if (r->look_until)
		return look_behind(r, deadline);
	err = reader_fill(r, FRAME_HEAD_LEN, deadline);
	if (!err)
		return 0;
	if (err == -ENODATA) {
		if (!reader_avail(r) || reader_is_cut_head(r))
			at_end(r);
		else
			reader_skip_to_magic(r);
		return 1;
	}
	if (err < 0)
		return err;
	if (!frame_head_load(r->data + r->pos, &h)) {
		reader_skip_to_magic(r);
		return 1;
	}
	size = FRAME_HEAD_LEN + (size_t)h.length;
	err = reader_fill(r, size, deadline);
	if (!err)
		return 0;
	if (err == -ENODATA) {
		/*
		 * Cut, if nothing good follows.  The frame was the last then,
		 * and the scan comes to the end of the input.
		 */
		const uint8_t *p = r->data + r->pos + 1;
		const uint8_t *end = r->data + r->len;

		while (p < end && (p = memchr(p, FRAME_MAGIC[0], end - p))) {
			if (reader_head_at(r, p - r->data)) {
				reader_skip(r, p - r->data - r->pos, NULL);
				return 1;
			}
			p++;
		}
		if (r->hole.open)
			reader_hole_close(r, &h); /* its head still tells */
		at_end(r);
		return 1;
	}
	if (err < 0)
		return err;

	if (format_crc(r->data + r->pos + FRAME_HEAD_LEN, h.length) != h.payload_crc) {
		/*
		 * In place, or is a piece of the file gone?  What comes behind
		 * tells, if it is there already.
		 */
		err = reader_fill(r, size + FRAME_HEAD_LEN,
				  r->regular ? deadline : reader_now_ms());
		if (err < 0 && err != -ENODATA)
			return err;
		r->waste += size;
		if (reader_avail(r) <= size || reader_head_at(r, r->pos + size) ||
		    r->waste > WASTE_FREE + WASTE_PER_BYTE * r->offset)
			reader_skip(r, size, &h);
		else
			reader_skip_to_magic(r);
		return 1;
	}
	err = take_frame(r, &h, r->data + r->pos + FRAME_HEAD_LEN);
	if (err == -EBADMSG) {
		reader_skip(r, size, &h);
		return 1;
	}
	if (err)
		return err;
	reader_hole_close(r, &h);
	offset = r->offset;
	reader_consume(r, size);
	reader_tell_frame(r, &h, offset, size, false);
	r->next_number = h.number + 1;
	reader_tell_lost(r, h.first_ns);
	if (h.type == RECORDING_EVENTS)
		r->next_seq = h.first_seq + h.count;
	return 1;
}
