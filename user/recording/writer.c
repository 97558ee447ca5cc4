// SPDX-License-Identifier: GPL-2.0-only
/*
 * writer.c - events in, frames out
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "recording/codec.h"
#include "recording/format.h"
#include "recording/registry.h"
#include "util/buf.h"
#include "util/mono.h"
#include "util/sat.h"
#include "util/varint.h"

#define NSEC_PER_SEC 1000000000ULL

struct index_entry {
	uint64_t offset, first_ns, first_seq;
	uint32_t type, count;
};

struct recording_writer {
	struct event_sink sink;
	int fd;
	bool regular;
	bool ended;
	int err; /* sticky */
	struct recording_writer_opts opts;
	uint64_t base;	     /* where in a file it begins: stdout may be one */
	uint64_t offset;     /* bytes written */
	uint64_t give_up_ns; /* on a stalled reader; 0: not cancelled */
	uint64_t seq;	     /* of the last event put */
	uint64_t lost;
	uint64_t frames;
	uint64_t last_ns; /* latest completion put */

	struct event *ev;
	size_t n, cap;
	uint64_t deadline_ns; /* when ev[] must be written */

	struct registry registry;
	uint64_t snapshot_seq; /* seq when the last one was written */
	uint64_t snapshot_at_ns;
	uint64_t snapshot_at_frame;

	struct encoder *encoder;
	ZSTD_CCtx *zstd;
	struct buf raw, out;

	struct buf summary;
	struct index_entry *index;
	size_t n_index;
	uint32_t index_every, index_skip; /* thinned out to bound it */
};

/*
 * Is someone who watches waiting for it?  Reads, writes, polls and the queries
 * of a spinning VMM are what there are many of; all else is rare.
 */
static bool is_urgent(uint32_t kind)
{
	switch (kind) {
	case EV_READ:
	case EV_WRITE:
	case EV_POLL:
	case EV_PRECOPY_INFO:
	case EV_DATA_SIZE:
	case EV_GET_STATE:
	case EV_DMA_LOG_REPORT:
	case EV_FEATURE:
	case EV_CLOCK:
		return false;
	}
	return true;
}

/*
 * Wait until a pipe takes something.  -EINTR: it was cancelled, and the reader had
 * its time since then.
 */
static int wait_writable(struct recording_writer *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLOUT };

	for (;;) {
		int n = poll(&p, 1, w->opts.cancel ? 50 : -1);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!w->opts.cancel || !*w->opts.cancel)
			continue;
		if (!w->give_up_ns)
			w->give_up_ns = mono_ns() + RECORDING_STALL_NS;
		if (mono_ns() >= w->give_up_ns)
			return -EINTR;
	}
}

/* Is a file still as we left it?  Somebody may have cut it, or written to it. */
static int check_file(const struct recording_writer *w)
{
	struct stat st;

	if (fstat(w->fd, &st))
		return -errno;
	return (uint64_t)st.st_size == w->base + w->offset ? 0 : -ESTALE;
}

/*
 * What is no file is written in pieces that fit where poll() sees room: a larger
 * one would wait for a reader that has stalled, and no signal that came before
 * it would end that.
 */
static int write_all(struct recording_writer *w, const uint8_t *data, size_t len)
{
	size_t done = 0;
	int err = w->regular ? check_file(w) : 0;

	while (!err && done < len) {
		size_t piece = len - done;
		ssize_t n;

		if (!w->regular) {
			err = wait_writable(w);
			if (err)
				break;
			if (piece > PIPE_BUF)
				piece = PIPE_BUF;
		}
		n = write(w->fd, data + done, piece);
		if (n > 0)
			done += (size_t)n;
		else if (!n || (errno != EINTR && errno != EAGAIN))
			err = n ? -errno : -EIO;
	}
	if (!err) {
		w->offset += len;
		return 0;
	}
	/*
	 * Half a frame is no harm to a reader, but a whole file is better, and
	 * on a full disk the room may be wanted.
	 */
	if (done && w->regular && !ftruncate(w->fd, (off_t)(w->base + w->offset)))
		lseek(w->fd, (off_t)(w->base + w->offset), SEEK_SET);
	w->err = err;
	return w->err;
}

/* Compress w->raw behind the head in w->out; false: keep it as it is. */
static bool compress(struct recording_writer *w, const size_t *splits, size_t n_splits)
{
	size_t bound = w->raw.len + 64, i;
	ZSTD_inBuffer in = { w->raw.data, 0, 0 };
	ZSTD_outBuffer out = { 0 };

	if (w->opts.level < 0 || w->raw.len < 64)
		return false;
	out.dst = buf_room(&w->out, bound);
	out.size = bound;
	if (!out.dst) {
		w->out.failed = false;
		return false;
	}
	ZSTD_CCtx_reset(w->zstd, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(w->zstd, w->raw.len)))
		return false;
	for (i = 0; i <= n_splits; i++) {
		ZSTD_EndDirective dir = i < n_splits ? ZSTD_e_flush : ZSTD_e_end;
		size_t left;

		in.size = i < n_splits ? splits[i] : w->raw.len;
		do {
			left = ZSTD_compressStream2(w->zstd, &out, &in, dir);
			if (ZSTD_isError(left) || (left && out.pos == out.size))
				return false; /* too big: not worth it */
		} while (left);
	}
	if (out.pos >= w->raw.len)
		return false;
	buf_advance(&w->out, out.pos);
	return true;
}

static void index_add(struct recording_writer *w, const struct frame_head *h)
{
	struct index_entry *e;
	size_t i;

	if (h->type != RECORDING_EVENTS && h->type != RECORDING_SNAPSHOT)
		return;
	if (w->index_skip++ % w->index_every)
		return;
	if (w->n_index == WRITER_INDEX_MAX) {
		for (i = 0; i < w->n_index / 2; i++)
			w->index[i] = w->index[2 * i];
		w->n_index /= 2;
		w->index_every *= 2;
	}
	e = &w->index[w->n_index++];
	e->offset = w->offset;
	e->first_ns = h->first_ns;
	e->first_seq = h->first_seq;
	e->type = h->type;
	e->count = h->count;
}

/* Write w->raw as a frame. */
static int write_frame(struct recording_writer *w, uint32_t type, uint32_t count,
		       uint64_t first_seq, uint64_t first_ns, uint64_t last_ns)
{
	struct frame_head h = {
		.type = type,
		.count = count,
		.number = w->frames,
		.first_seq = first_seq,
		.first_ns = first_ns,
		.last_ns = last_ns,
		.raw_length = w->raw.len,
	};
	const size_t *splits = NULL;
	size_t n_splits = 0;
	uint8_t *p;
	int err;

	if (w->err)
		return w->err;
	if (type == RECORDING_EVENTS)
		splits = encoder_splits(w->encoder, &n_splits);
	buf_reset(&w->out);
	if (!w->raw.failed && buf_room(&w->out, FRAME_HEAD_LEN)) {
		buf_advance(&w->out, FRAME_HEAD_LEN);
		/* END stays in the clear: its place is found from the file's end */
		if (type != RECORDING_END && compress(w, splits, n_splits))
			h.flags |= FRAME_ZSTD;
		else
			buf_put(&w->out, w->raw.data, w->raw.len);
	}
	if (w->raw.failed || w->out.failed) {
		w->err = -ENOMEM;
		return w->err;
	}
	p = w->out.data;
	h.length = w->out.len - FRAME_HEAD_LEN;
	h.payload_crc = format_crc(p + FRAME_HEAD_LEN, h.length);
	frame_head_store(p, &h);
	index_add(w, &h);
	err = write_all(w, p, w->out.len);
	if (!err)
		w->frames++;
	return err;
}

static int write_snapshot(struct recording_writer *w)
{
	size_t i, n = 0, total = registry_count(&w->registry);
	struct event *ev;
	int err;

	w->snapshot_seq = w->seq;
	w->snapshot_at_ns = w->last_ns;
	w->snapshot_at_frame = w->frames + 1;
	if (!total)
		return 0;
	ev = malloc(total * sizeof(*ev));
	if (!ev) {
		w->err = -ENOMEM;
		return w->err;
	}
	for (i = 0; i < REGISTRY_CLASSES; i++) {
		const struct registry_class *c = &w->registry.class[i];

		if (c->n)
			memcpy(ev + n, c->ev, c->n * sizeof(*ev));
		n += c->n;
	}
	buf_reset(&w->raw);
	err = encoder_encode(w->encoder, ev, n, w->last_ns, &w->raw);
	if (!err)
		err = write_frame(w, RECORDING_SNAPSHOT, n, w->seq + 1, w->last_ns, w->last_ns);
	else
		w->err = err;
	free(ev);
	return err;
}

/* Write ev[]; it keeps what it had when that failed, but then nobody asks. */
static int write_events(struct recording_writer *w)
{
	uint64_t first = UINT64_MAX, last = 0;
	size_t i;
	int err;

	if (w->err || !w->n)
		return w->err;
	for (i = 0; i < w->n; i++) {
		uint64_t t = event_end_ns(&w->ev[i]);

		if (t < first)
			first = t;
		if (t > last)
			last = t;
	}
	buf_reset(&w->raw);
	err = encoder_encode(w->encoder, w->ev, w->n, first, &w->raw);
	if (err) {
		w->err = err;
		return err;
	}
	err = write_frame(w, RECORDING_EVENTS, w->n, w->seq - w->n + 1, first, last);
	if (err)
		return err;
	w->n = 0;
	w->deadline_ns = UINT64_MAX;
	/*
	 * Behind the frame: what it defined is in the snapshot, and a reader
	 * that loses the frame gets it back at once.
	 */
	if (w->frames - w->snapshot_at_frame >= w->opts.snapshot_frames ||
	    w->last_ns >= sat_add(w->snapshot_at_ns, w->opts.snapshot_ns))
		return write_snapshot(w);
	return 0;
}

int recording_writer_open(struct recording_writer **wp, int fd,
			  const struct recording_writer_opts *opts)
{
	uint8_t head[HEADER_LEN] = FORMAT_MAGIC;
	struct recording_writer *w;
	struct stat st;
	int err;

	*wp = NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = fd;
	if (opts)
		w->opts = *opts;
	if (!w->opts.flush_ns)
		w->opts.flush_ns = NSEC_PER_SEC / 2;
	if (!w->opts.urgent_ns)
		w->opts.urgent_ns = NSEC_PER_SEC / 10;
	if (!w->opts.snapshot_ns)
		w->opts.snapshot_ns = 10 * NSEC_PER_SEC;
	if (!w->opts.snapshot_frames)
		w->opts.snapshot_frames = 256;
	if (!w->opts.frame_events)
		w->opts.frame_events = WRITER_EVENTS_MAX;
	if (!w->opts.level)
		w->opts.level = 3;
	err = -EINVAL;
	if (w->opts.frame_events > WRITER_EVENTS_MAX || w->opts.level < -1 || w->opts.level > 19)
		goto fail;
	if (fstat(fd, &st)) {
		err = -errno;
		goto fail;
	}
	w->regular = S_ISREG(st.st_mode);
	w->base = w->regular ? (uint64_t)st.st_size : 0;
	w->deadline_ns = UINT64_MAX;
	w->index_every = 1;

	err = -ENOMEM;
	/* a snapshot goes through the same encoder */
	w->encoder = encoder_new(WRITER_EVENTS_MAX);
	w->index = malloc(WRITER_INDEX_MAX * sizeof(*w->index));
	w->zstd = ZSTD_createCCtx();
	if (!w->encoder || !w->index || !w->zstd)
		goto fail;
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel,
			       w->opts.level < 0 ? 1 : w->opts.level);

	put_le16(head + HEADER_MAJOR, FORMAT_MAJOR);
	put_le16(head + HEADER_MINOR, FORMAT_MINOR);
	put_le32(head + HEADER_SIZE, HEADER_LEN);
	put_le64(head + HEADER_COMPAT, FORMAT_COMPAT_KNOWN);
	put_le64(head + HEADER_INCOMPAT, FORMAT_INCOMPAT_KNOWN);
	put_le32(head + HEADER_LEN - 4, format_crc(head, HEADER_LEN - 4));
	err = write_all(w, head, sizeof(head));
	if (err)
		goto fail;
	*wp = w;
	return 0;
fail:
	w->fd = -1;
	recording_writer_close(w);
	return err;
}

static int check_open(const struct recording_writer *w)
{
	if (w->err)
		return w->err;
	return w->ended ? -ESHUTDOWN : 0;
}

static int write_meta(struct recording_writer *w, const struct meta *m, size_t from, size_t to)
{
	size_t i;

	buf_reset(&w->raw);
	buf_put_varint(&w->raw, to - from);
	for (i = from; i < to; i++) {
		buf_put_bytes(&w->raw, m->entries[i].key, strlen(m->entries[i].key));
		buf_put_bytes(&w->raw, m->entries[i].value, strlen(m->entries[i].value));
	}
	return write_frame(w, RECORDING_META, 0, w->seq + 1, w->last_ns, w->last_ns);
}

int recording_writer_meta(struct recording_writer *w, const struct meta *m)
{
	size_t i, from = 0, size = 0;
	int err = check_open(w);

	if (err)
		return err;
	for (i = 0; i < m->n; i++)
		if (strlen(m->entries[i].key) > WRITER_STRING_MAX ||
		    strlen(m->entries[i].value) > WRITER_STRING_MAX)
			return -E2BIG;
	err = write_events(w);
	for (i = 0; i < m->n && !err; i++) {
		size += strlen(m->entries[i].key) + strlen(m->entries[i].value) + 8;
		if (size < WRITER_META_MAX && i + 1 < m->n)
			continue;
		err = write_meta(w, m, from, i + 1);
		from = i + 1;
		size = 0;
	}
	return err;
}

int recording_writer_put(struct recording_writer *w, const struct event *ev)
{
	uint64_t end, due;
	int err = check_open(w);

	if (err)
		return err;
	if (!event_kind_name(ev->kind))
		return -EINVAL;
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 256;
		struct event *e;

		if (cap > w->opts.frame_events)
			cap = w->opts.frame_events;
		e = realloc(w->ev, cap * sizeof(*e));
		if (!e) {
			w->err = -ENOMEM;
			return w->err;
		}
		w->ev = e;
		w->cap = cap;
	}
	if (registry_cares(ev->kind)) {
		err = registry_learn(&w->registry, ev);
		if (err) {
			w->err = err;
			return err;
		}
	}
	if (ev->kind == EV_LOSS)
		w->lost = sat_add(w->lost, ev->loss.count);
	w->ev[w->n++] = *ev;
	w->seq++;

	end = event_end_ns(ev);
	if (end > w->last_ns)
		w->last_ns = end;
	if (!w->snapshot_at_ns)
		w->snapshot_at_ns = end;
	due = sat_add(end, is_urgent(ev->kind) ? w->opts.urgent_ns : w->opts.flush_ns);
	if (due < w->deadline_ns)
		w->deadline_ns = due;
	/* end == UINT64_MAX is no time, and UINT64_MAX no deadline */
	if (w->n == w->opts.frame_events || (end >= w->deadline_ns && end != UINT64_MAX))
		return write_events(w);
	return 0;
}

int recording_writer_tick(struct recording_writer *w, uint64_t now_ns)
{
	int err = check_open(w);

	if (err)
		return err;
	if (w->n && now_ns >= w->deadline_ns)
		return write_events(w);
	return 0;
}

int recording_writer_flush(struct recording_writer *w)
{
	int err = check_open(w);

	return err ? err : write_events(w);
}

static int write_index(struct recording_writer *w)
{
	uint64_t offset = 0, ns = 0, seq = 0;
	size_t i;

	buf_reset(&w->raw);
	buf_put_varint(&w->raw, w->n_index);
	for (i = 0; i < w->n_index; i++) {
		const struct index_entry *e = &w->index[i];

		buf_put_varint(&w->raw, e->type);
		buf_put_varint(&w->raw, e->offset - offset);
		buf_put_varint(&w->raw, zigzag((int64_t)(e->first_ns - ns)));
		buf_put_varint(&w->raw, e->first_seq - seq);
		buf_put_varint(&w->raw, e->count);
		offset = e->offset;
		ns = e->first_ns;
		seq = e->first_seq;
	}
	return write_frame(w, RECORDING_INDEX, 0, w->seq + 1, w->last_ns, w->last_ns);
}

int recording_writer_summary(struct recording_writer *w, const void *data, size_t len)
{
	buf_reset(&w->summary);
	if (len <= RECORDING_SUMMARY_MAX)
		buf_put(&w->summary, data, len);
	return w->summary.failed ? -ENOMEM : 0;
}

static int write_summary(struct recording_writer *w)
{
	if (w->summary.failed || !w->summary.len)
		return 0;
	buf_reset(&w->raw);
	buf_put(&w->raw, w->summary.data, w->summary.len);
	return write_frame(w, RECORDING_SUMMARY, 0, w->seq + 1, w->last_ns, w->last_ns);
}

int recording_writer_end(struct recording_writer *w)
{
	uint8_t end[END_LEN];
	uint64_t index_offset;
	int err = check_open(w);

	if (err)
		return err;
	err = write_events(w);
	if (err)
		return err;
	index_offset = w->offset;
	err = write_index(w) ?: write_summary(w);
	if (err)
		return err;
	put_le64(end + END_EVENTS, w->seq);
	put_le64(end + END_LOST, w->lost);
	put_le64(end + END_FRAMES, w->frames + 1);
	put_le64(end + END_INDEX_OFFSET, index_offset);
	buf_reset(&w->raw);
	buf_put(&w->raw, end, sizeof(end));
	err = write_frame(w, RECORDING_END, 0, w->seq + 1, w->last_ns, w->last_ns);
	if (!err)
		w->ended = true;
	return err;
}

int recording_writer_close(struct recording_writer *w)
{
	int err;

	if (!w)
		return 0;
	err = w->err;
	if (w->fd >= 0) {
		if (!err && !w->ended)
			err = write_events(w);
		/* some file systems tell of a full disk only now */
		if (close(w->fd) && !err)
			err = -errno;
	}
	free(w->ev);
	registry_free(&w->registry);
	encoder_free(w->encoder);
	ZSTD_freeCCtx(w->zstd);
	buf_free(&w->raw);
	buf_free(&w->out);
	buf_free(&w->summary);
	free(w->index);
	free(w);
	return err;
}

static int sink_put(struct event_sink *sink, const struct event *ev)
{
	return recording_writer_put((struct recording_writer *)sink, ev);
}

struct event_sink *recording_writer_sink(struct recording_writer *w)
{
	_Static_assert(offsetof(struct recording_writer, sink) == 0, "the sink is the writer");
	w->sink.put = sink_put;
	return &w->sink;
}

void recording_writer_stats(const struct recording_writer *w, struct recording_writer_stats *out)
{
	out->events = w->seq;
	out->bytes = w->offset;
	out->frames = w->frames;
	out->lost = w->lost;
	out->buffered = w->n;
}
