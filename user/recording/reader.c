// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader.c - frames in, events out: the source, and how it is opened
 *
 * next() hands out a decoded batch; when it is used up, the next frame is looked for.
 */
#include "recording/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/varint.h"

/* What is left of this frame, @events, is as lost as if its checksum were wrong. */
static void drop_rest(struct recording *r, uint64_t events)
{
	r->decoding = false;
	r->health.frames_damaged++;
	r->health.bytes_skipped += r->head.length;
	r->want_snapshot = true;
	if (!r->decoding_snapshot)
		reader_lose(r, events);
}

/* Decode the next batch; none left: decoding is false. */
static int next_batch(struct recording *r)
{
	int i, n, kept = 0;

	n = decoder_next(r->decoder, &r->batch);
	if (n == -ENOMEM)
		return reader_fail_errno(r, n);
	if (n < 0) {
		/* Its checksum is right, so this is a writer's mistake. */
		drop_rest(r, r->frame_left);
		if (!r->decoding_snapshot)
			reader_tell_lost(r, r->head.last_ns);
		return 0;
	}
	if (!n) {
		r->decoding = false;
		if (r->decoding_snapshot)
			r->want_snapshot = false;
		return 0;
	}
	r->frame_left -= n;
	for (i = 0; i < n; i++) {
		const struct event *ev = &r->batch[i];
		int err;

		if (!event_kind_name(ev->kind)) {
			r->unknown_events++;
			continue;
		}
		err = budget_take(&r->budget, ev, r->offset);
		if (err == -EDQUOT) {
			r->health.over_budget = true;
			drop_rest(r, r->frame_left + (n - i));
			break;
		}
		if (err)
			return reader_fail_errno(r, err);
		if (registry_cares(ev->kind)) {
			if (r->decoding_snapshot && registry_knows(&r->registry, ev))
				continue;
			err = registry_learn(&r->registry, ev);
			if (err)
				return reader_fail_errno(r, err);
		} else if (r->decoding_snapshot) {
			continue; /* a newer writer's idea */
		}
		r->order[kept++] = i;
	}
	r->batch_n = kept;
	r->batch_i = 0;
	return 0;
}

static int recording_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct recording *r = (struct recording *)src;
	uint64_t deadline = 0, end;
	int err;

	while (r->batch_i == r->batch_n) {
		if (r->failed)
			return r->failed;
		if (r->decoding) {
			err = next_batch(r);
			if (err)
				return err;
			continue;
		}
		if (r->done)
			return -ENODATA;
		if (!deadline && !r->regular)
			deadline = timeout_ms < 0 ? UINT64_MAX : reader_now_ms() + timeout_ms;
		err = reader_advance(r, deadline);
		if (err <= 0)
			return err;
		if (r->frame_ret)
			return -ECANCELED;
	}
	*ev = r->batch[r->order[r->batch_i++]];
	ev->seq = ++r->seq;
	end = event_end_ns(ev);
	if (end > r->health.last_ns)
		r->health.last_ns = end;
	return 1;
}

static const struct meta *recording_meta(struct event_source *src)
{
	return &((struct recording *)src)->meta;
}

static void recording_health(struct event_source *src, struct source_health *out)
{
	struct recording *r = (struct recording *)src;

	*out = r->health;
	health_join(out, &r->parts);
}

static const char *recording_error(struct event_source *src)
{
	return ((struct recording *)src)->error;
}

static void recording_free(struct recording *r)
{
	free(r->name);
	free(r->data);
	free(r->raw);
	decoder_free(r->decoder);
	ZSTD_freeDCtx(r->zstd);
	registry_free(&r->registry);
	budget_free(&r->budget);
	meta_clear(&r->meta);
	free(r);
}

static void recording_close(struct event_source *src)
{
	struct recording *r = (struct recording *)src;

	if (!r)
		return;
	close(r->fd);
	recording_free(r);
}

static const struct event_source_ops recording_ops = {
	.next = recording_next,
	.meta = recording_meta,
	.health = recording_health,
	.error = recording_error,
	.close = recording_close,
};

/* ------------------------------------------------------------- opening --- */

/*
 * The first bytes are not a recording's.  Is it one all the same, of which a byte or
 * two went bad?  Then its first frame stands where it should, or at least half of
 * the magic does and a good frame comes soon.  1: it is, the magic is put right in
 * the window, so that the header's own checksum can speak for the rest; 0: no;
 * -errno.
 */
static int mend_magic(struct recording *r)
{
	size_t i, same = 0, end;
	int err;

	do {
		err = reader_fill(r, HEADER_LEN + FRAME_HEAD_LEN, UINT64_MAX);
	} while (!err);
	if (err < 0)
		return err == -ENODATA ? 0 : err;
	for (i = 0; i < FORMAT_MAGIC_LEN; i++)
		same += r->data[r->pos + i] == (uint8_t)FORMAT_MAGIC[i];
	end = same < FORMAT_MAGIC_LEN / 2 ? HEADER_LEN + 1 : HEADER_LEN_MAX;
	for (i = HEADER_LEN; i < end; i++) {
		if (r->pos + i + FRAME_HEAD_LEN > r->len)
			return 0;
		if (reader_head_at(r, r->pos + i))
			break;
	}
	if (i == end)
		return 0;
	memcpy(r->data + r->pos, FORMAT_MAGIC, FORMAT_MAGIC_LEN);
	r->health.frames_damaged++;
	r->health.bytes_skipped += FORMAT_MAGIC_LEN;
	return 1;
}

static int read_header(struct recording *r)
{
	const uint8_t *p;
	uint64_t unknown;
	uint32_t size;
	size_t have;
	int err;

	/* A signal is no reason to give up here: the command has not begun. */
	do {
		err = reader_fill(r, HEADER_LEN, UINT64_MAX);
	} while (!err);
	if (err < 0 && err != -ENODATA)
		return err;
	p = r->data + r->pos;
	have = reader_avail(r);
	if (!have)
		return reader_fail(r, -ENODATA, "is empty");
	if (memcmp(p, FORMAT_MAGIC, have < FORMAT_MAGIC_LEN ? have : FORMAT_MAGIC_LEN)) {
		bool text = have > 4 && !memcmp(p + 1, "VFS", 3);

		err = mend_magic(r);
		if (err < 0)
			return err;
		if (!err)
			return reader_fail(
				r, -EINVAL,
				text ? "is a recording that a text-mode transfer has destroyed; copy it again, in binary mode" :
				       "is not a vfioscope recording");
		p = r->data + r->pos;
	}
	if (err == -ENODATA)
		return reader_fail(r, -ENODATA,
				   "is cut in the file header: it holds %zu bytes and no events",
				   have);

	size = get_le32(p + HEADER_SIZE);
	if (size >= HEADER_LEN && size <= HEADER_LEN_MAX) {
		do {
			err = reader_fill(r, size, UINT64_MAX);
		} while (!err);
		if (err < 0 && err != -ENODATA)
			return err;
		p = r->data + r->pos;
	}
	if (size < HEADER_LEN || size > HEADER_LEN_MAX || reader_avail(r) < size ||
	    get_le32(p + size - 4) != format_crc(p, size - 4)) {
		/* The frames vouch for themselves: look for them. */
		r->health.frames_damaged = 1;
		r->health.bytes_skipped = 0;
		reader_skip(r, FORMAT_MAGIC_LEN, NULL);
		reader_skip_to_magic(r);
		return 0;
	}
	r->major = get_le16(p + HEADER_MAJOR);
	r->minor = get_le16(p + HEADER_MINOR);
	r->compat = get_le64(p + HEADER_COMPAT);
	r->incompat = get_le64(p + HEADER_INCOMPAT);
	if (r->major > FORMAT_MAJOR)
		return reader_fail(r, -ENOTSUP,
				   "needs a newer vfioscope (format %u.%u, this one reads %u)",
				   r->major, r->minor, FORMAT_MAJOR);
	if (r->major < FORMAT_MAJOR)
		return reader_fail(r, -EINVAL, "is of a format that never was (%u.%u)", r->major,
				   r->minor);
	unknown = r->incompat & ~FORMAT_INCOMPAT_KNOWN;
	if (unknown)
		return reader_fail(r, -ENOTSUP, "needs a newer vfioscope (feature 0x%" PRIx64 ")",
				   unknown);
	reader_consume(r, size);
	return 0;
}

/* A file that holds nothing at all should say so at once. */
static int check_first_frame(struct recording *r)
{
	struct frame_head h;
	int err;

	err = reader_fill(r, FRAME_HEAD_LEN, 0);
	if (err < 0 && err != -ENODATA)
		return err;
	if (err == -ENODATA && !reader_avail(r))
		return reader_fail(
			r, -ENODATA,
			"holds only a file header and no events: the recorder was stopped at once");
	if (err == -ENODATA && reader_is_cut_head(r))
		return reader_fail(r, -ENODATA, "is cut in its first frame: it holds no events");
	if (err < 0 || !frame_head_load(r->data + r->pos, &h))
		return 0; /* damage: next() finds its way */
	err = reader_fill(r, FRAME_HEAD_LEN + (size_t)h.length, 0);
	if (err == -ENODATA) {
		size_t i;

		for (i = r->pos + 1; i < r->len; i++)
			if (reader_head_at(r, i))
				return 0;
		return reader_fail(r, -ENODATA, "is cut in its first frame: it holds no events");
	}
	return err < 0 ? err : 0;
}

int recording_open_fd(struct event_source **src, int fd, const char *name, char *err_msg,
		      size_t err_len)
{
	struct recording *r;
	struct stat st;
	int err;

	*src = NULL;
	r = calloc(1, sizeof(*r));
	if (!r) {
		snprintf(err_msg, err_len, "%s: %s", name, strerror(ENOMEM));
		return -ENOMEM;
	}
	r->src.ops = &recording_ops;
	r->fd = fd;
	r->next_seq = 1;
	r->parts.ended = true;
	r->name = strdup(name);
	r->decoder = decoder_new();
	r->zstd = ZSTD_createDCtx();
	if (!r->name || !r->decoder || !r->zstd) {
		snprintf(err_msg, err_len, "%s: %s", name, strerror(ENOMEM));
		recording_free(r);
		return -ENOMEM;
	}
	if (fstat(fd, &st))
		err = reader_fail_errno(r, -errno);
	else if (S_ISDIR(st.st_mode))
		err = reader_fail(r, -EISDIR, "is a directory, not a recording");
	else if (isatty(fd))
		err = reader_fail(r, -EINVAL, "is a terminal, not a recording");
	else
		err = 0;
	if (!err) {
		r->regular = S_ISREG(st.st_mode);
		err = read_header(r);
	}
	if (!err && r->regular)
		err = check_first_frame(r);
	if (err) {
		snprintf(err_msg, err_len, "%s", r->error);
		recording_free(r);
		return err;
	}
	*src = &r->src;
	return 0;
}

int recording_open(struct event_source **src, const char *path, char *err_msg, size_t err_len)
{
	int fd, err;

	*src = NULL;
	if (!strcmp(path, "-"))
		return recording_open_fd(src, STDIN_FILENO, "standard input", err_msg, err_len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		snprintf(err_msg, err_len, "%s: %s", path, strerror(-err));
		return err;
	}
	err = recording_open_fd(src, fd, path, err_msg, err_len);
	if (err)
		close(fd);
	return err;
}

/* ------------------------------------------------------------- looking --- */

struct stat_ctx {
	struct recording_stat *out;
	int (*fn)(const struct recording_frame *frame, void *arg);
	void *arg;
};

static int stat_frame(const struct recording_frame *f, void *arg)
{
	struct stat_ctx *ctx = arg;

	if (!f->damaged) {
		unsigned int type = f->type < RECORDING_FRAME_TYPE_NR ? f->type : 0;
		struct recording_type_stat *t = &ctx->out->type[type];

		ctx->out->frames++;
		t->frames++;
		t->bytes += f->length;
		t->raw_bytes += f->raw_length;
		t->events += f->count;
	}
	return ctx->fn ? ctx->fn(f, ctx->arg) : 0;
}

int recording_stat(const char *path, struct recording_stat *out,
		   int (*fn)(const struct recording_frame *frame, void *arg), void *arg,
		   char *err_msg, size_t err_len)
{
	struct stat_ctx ctx = { .out = out, .fn = fn, .arg = arg };
	struct event_source *src;
	struct recording *r;
	struct event ev = { 0 };
	struct stat st;
	int err;

	memset(out, 0, sizeof(*out));
	err = recording_open(&src, path, err_msg, err_len);
	if (!src)
		return err;
	r = (struct recording *)src;
	r->frame_fn = stat_frame;
	r->frame_arg = &ctx;
	out->major = r->major;
	out->minor = r->minor;
	out->compatible = r->compat;
	out->incompatible = r->incompat;
	while ((err = recording_next(src, &ev, -1)) >= 0) {
		if (!err)
			continue; /* a signal, on a pipe */
		if (!out->events++ || ev.t_ns < out->first_ns)
			out->first_ns = ev.t_ns;
		out->kind[ev.kind]++;
		out->calls += event_calls(&ev);
		if (ev.kind == EV_LOSS)
			out->lost += ev.loss.count;
	}
	out->bytes = r->offset;
	if (r->regular && r->health.ended && !fstat(r->fd, &st) && (uint64_t)st.st_size > r->offset)
		out->trailing_bytes = st.st_size - r->offset;
	out->unknown_events = r->unknown_events;
	out->last_ns = r->health.last_ns;
	out->has_index = r->has_index;
	recording_health(src, &out->health);
	if (err == -ENODATA || err == -EOVERFLOW)
		err = 0; /* what follows the end is counted */
	else if (err == -ECANCELED)
		err = r->frame_ret;
	else
		snprintf(err_msg, err_len, "%s", r->error);
	recording_close(src);
	return err;
}
