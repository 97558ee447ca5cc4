// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader.c - frames in, events out
 *
 * The reader looks at the input through a window that slides over it; the
 * window never holds more than one frame of the largest size and a head.  next() hands out
 * a decoded batch; when it is used up, the next frame is looked for.
 *
 * Damage: whatever is no good frame opens a "hole".  The next good frame closes
 * it and says by its number and its first seq exactly what was in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "recording/budget.h"
#include "recording/codec.h"
#include "recording/format.h"
#include "recording/registry.h"
#include "util/varint.h"

#define WINDOW_MIN (128U << 10)
/* a frame, and the head behind it */
#define WINDOW_MAX (2 * FRAME_HEAD_LEN + FRAME_PAYLOAD_MAX)

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

struct hole {
	bool open;
	uint64_t offset; /* where it begins */
	/*
	 * While only whole frames with a good head are in it, their end is
	 * known even when nothing follows.
	 */
	bool known;
	uint64_t next_seq, last_ns;
	uint32_t frames;
	struct frame_head head; /* of the first such frame */
};

struct recording {
	struct event_source src;
	char *name;
	int fd;
	bool regular;
	bool eof;	     /* of the input */
	bool done;	     /* nothing more will be delivered */
	uint64_t look_until; /* the END was read: is anything behind it?  0: not yet */
	int failed;	     /* sticky -errno */
	char error[256];

	/* the window */
	uint8_t *data;
	size_t pos, len, cap;
	uint64_t offset; /* in the file, of data[pos] */
	uint64_t waste;

	uint16_t major, minor;
	uint64_t compat, incompat;

	uint32_t next_number; /* frame expected next */
	uint64_t next_seq;    /* event expected next, as the writer counts */
	struct hole hole;
	uint64_t lost; /* to be told by an EV_LOSS */
	bool lost_unknown;
	uint64_t lost_from_ns;
	bool want_snapshot; /* after damage */

	struct decoder *decoder;
	ZSTD_DCtx *zstd;
	uint8_t *raw;
	size_t raw_cap;
	bool decoding, decoding_snapshot;
	struct frame_head head; /* of the frame being decoded */
	uint64_t frame_left;	/* its events not yet decoded */

	const struct event *batch;    /* the decoder's, or @told */
	uint8_t order[DECODER_BATCH]; /* which of it are delivered */
	int batch_n, batch_i;
	struct event told; /* what the reader has to say itself: a loss */

	uint64_t seq; /* as delivered */
	uint64_t unknown_events;
	struct registry registry;
	struct budget budget;
	struct meta meta;
	size_t meta_bytes;
	struct source_health health;
	bool has_index;

	int (*frame_fn)(const struct recording_frame *frame, void *arg);
	void *frame_arg;
	int frame_ret;
};

static int fail(struct recording *r, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct recording *r, int err, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(r->error, sizeof(r->error), "%s: ", r->name);
	if (n > 0 && (size_t)n < sizeof(r->error)) {
		va_start(ap, fmt);
		vsnprintf(r->error + n, sizeof(r->error) - n, fmt, ap);
		va_end(ap);
	}
	r->failed = err;
	return err;
}

static int fail_errno(struct recording *r, int err)
{
	return fail(r, err, "%s", strerror(-err));
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---------------------------------------------------------- the window --- */

static size_t avail(const struct recording *r)
{
	return r->len - r->pos;
}

static void consume(struct recording *r, size_t n)
{
	r->pos += n;
	r->offset += n;
}

/*
 * Have @need bytes in the window.  1: there are; 0: not yet, @deadline has come
 * (in ms of now_ms(), UINT64_MAX: never); -ENODATA: the input ends before;
 * -errno.
 */
static int fill(struct recording *r, size_t need, uint64_t deadline)
{
	while (avail(r) < need) {
		ssize_t n;

		if (r->eof)
			return -ENODATA;
		if (r->pos && r->cap - r->pos < need) {
			memmove(r->data, r->data + r->pos, avail(r));
			r->len -= r->pos;
			r->pos = 0;
		}
		if (r->cap < need) {
			size_t cap = r->cap ? r->cap : WINDOW_MIN;
			uint8_t *data;

			while (cap < need)
				cap *= 2;
			if (cap > WINDOW_MAX)
				cap = WINDOW_MAX;
			data = realloc(r->data, cap);
			if (!data)
				return fail_errno(r, -ENOMEM);
			r->data = data;
			r->cap = cap;
		}
		if (!avail(r))
			r->pos = r->len = 0;
		if (!r->regular) {
			struct pollfd p = { .fd = r->fd, .events = POLLIN };
			uint64_t now = deadline == UINT64_MAX ? 0 : now_ms();
			int timeout = -1;

			if (deadline != UINT64_MAX)
				timeout = now < deadline ? (int)(deadline - now) : 0;
			n = poll(&p, 1, timeout);
			if (n < 0 && errno == EINTR)
				return 0; /* the caller may have to stop */
			if (n < 0)
				return fail_errno(r, -errno);
			if (!n)
				return 0;
		}
		n = read(r->fd, r->data + r->len, r->cap - r->len);
		if (n > 0) {
			r->len += n;
		} else if (!n) {
			r->eof = true;
		} else if (errno != EINTR && errno != EAGAIN) {
			return fail_errno(r, -errno);
		}
	}
	return 1;
}

/* --------------------------------------------------------------- holes --- */

static void tell_frame(struct recording *r, const struct frame_head *h, uint64_t offset,
		       uint64_t length, bool damaged)
{
	struct recording_frame f = { .offset = offset, .length = length, .damaged = damaged };

	if (!r->frame_fn || r->frame_ret)
		return;
	if (h) {
		f.type = h->type;
		f.count = h->count;
		f.raw_length = h->raw_length;
		f.first_seq = h->first_seq;
		f.first_ns = h->first_ns;
		f.last_ns = h->last_ns;
	}
	r->frame_ret = r->frame_fn(&f, r->frame_arg);
}

/*
 * @n bytes from here on are of no use.  @h: they are a whole frame with a good
 * head, NULL: who knows.
 */
static void skip(struct recording *r, size_t n, const struct frame_head *h)
{
	struct hole *hole = &r->hole;

	if (!hole->open) {
		memset(hole, 0, sizeof(*hole));
		hole->open = true;
		hole->offset = r->offset;
		hole->known = true;
	}
	if (h) {
		uint64_t next = h->first_seq;

		if (h->type == RECORDING_EVENTS)
			next += h->count;
		if (next > hole->next_seq)
			hole->next_seq = next;
		if (h->last_ns > hole->last_ns)
			hole->last_ns = h->last_ns;
		if (!hole->frames++)
			hole->head = *h;
	} else {
		hole->known = false;
	}
	consume(r, n);
	r->health.bytes_skipped += n;
}

static void hole_told(struct recording *r)
{
	struct hole *hole = &r->hole;

	if (hole->open)
		tell_frame(r, hole->known && hole->frames == 1 ? &hole->head : NULL, hole->offset,
			   r->offset - hole->offset, true);
	hole->open = false;
}

/* Events from next_seq up to @seq are missing: to be told before the next. */
static void lost_up_to(struct recording *r, uint64_t seq)
{
	if (seq <= r->next_seq)
		return;
	if (!r->lost && !r->lost_unknown)
		r->lost_from_ns = r->health.last_ns;
	r->lost += seq - r->next_seq;
	r->next_seq = seq;
}

/* A good frame: it says what was in the hole, if there is one. */
static void hole_close(struct recording *r, const struct frame_head *h)
{
	if (h->number > r->next_number)
		r->health.frames_damaged += h->number - r->next_number;
	if (h->number > r->next_number || r->hole.open)
		r->want_snapshot = true;
	lost_up_to(r, h->first_seq);
	hole_told(r);
}

/* The input ends in, or after, a hole. */
static void hole_close_at_end(struct recording *r)
{
	struct hole *hole = &r->hole;

	if (!hole->open)
		return;
	r->health.frames_damaged += hole->frames ? hole->frames : 1;
	if (hole->known) {
		lost_up_to(r, hole->next_seq);
	} else {
		if (!r->lost)
			r->lost_from_ns = r->health.last_ns;
		r->lost_unknown = true;
	}
	hole_told(r);
}

/* The pending EV_LOSS becomes the batch, which is empty. */
static bool tell_lost(struct recording *r, uint64_t until_ns)
{
	struct event *ev = &r->told;

	if (!r->lost && !r->lost_unknown)
		return false;
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_LOSS;
	ev->loss.cause = LOSS_DAMAGE;
	ev->loss.count = r->lost_unknown ? 0 : r->lost;
	ev->loss.t_from_ns = r->lost_from_ns;
	ev->loss.t_to_ns = until_ns > r->lost_from_ns ? until_ns : r->lost_from_ns;
	ev->t_ns = ev->loss.t_to_ns;
	r->lost = 0;
	r->lost_unknown = false;
	r->batch = ev;
	r->order[0] = 0;
	r->batch_n = 1;
	r->batch_i = 0;
	return true;
}

/* -------------------------------------------------------------- frames --- */

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
			*err = fail_errno(r, -ENOMEM);
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
			free(key);
			free(value);
			if (err)
				return fail_errno(r, err);
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
			fail_errno(r, err);
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
		r->look_until = r->regular ? UINT64_MAX : now_ms() + BEHIND_END_MS;
		return 0;
	}
	return 0;
}

static bool head_at(struct recording *r, size_t pos)
{
	struct frame_head h;

	return r->len - pos >= FRAME_HEAD_LEN && frame_head_load(r->data + pos, &h);
}

/* What can still be the beginning of a frame that is cut. */
static bool is_cut_head(const struct recording *r)
{
	size_t n = avail(r) < FRAME_MAGIC_LEN ? avail(r) : FRAME_MAGIC_LEN;

	return avail(r) < FRAME_HEAD_LEN && !memcmp(r->data + r->pos, FRAME_MAGIC, n);
}

/* Skip to the next place in the window that looks like a head. */
static void skip_to_magic(struct recording *r)
{
	const uint8_t *from = r->data + r->pos + 1, *p = from;
	const uint8_t *end = r->data + r->len;

	while (p < end) {
		p = memchr(p, FRAME_MAGIC[0], end - p);
		if (!p)
			break;
		if (end - p < FRAME_HEAD_LEN || head_at(r, p - r->data)) {
			skip(r, p - r->data - r->pos, NULL);
			return;
		}
		p++;
	}
	skip(r, avail(r), NULL);
}

static void at_end(struct recording *r)
{
	r->done = true;
	hole_close_at_end(r);
	tell_lost(r, r->hole.last_ns);
	r->health.bytes_skipped += avail(r);
	if (avail(r)) {
		tell_frame(r, NULL, r->offset, avail(r), true);
		consume(r, avail(r));
	}
}

/*
 * The recording is over.  Nothing may follow: another recording behind it (of
 * "cat a b") would be lost without a word, and so would what a broken copy left.
 * Returns as advance().
 */
static int look_behind(struct recording *r, uint64_t deadline)
{
	bool last = deadline >= r->look_until;
	uint64_t more = 0;
	struct stat st;
	int err;

	err = fill(r, FORMAT_MAGIC_LEN, last ? r->look_until : deadline);
	if (err < 0 && err != -ENODATA)
		return err;
	if (!err && !avail(r) && now_ms() < r->look_until)
		return 0;
	r->done = true;
	if (!avail(r))
		return 1;
	if (r->regular && !fstat(r->fd, &st) && (uint64_t)st.st_size > r->offset)
		more = (uint64_t)st.st_size - r->offset;
	return fail(r, -EOVERFLOW,
		    "%s%" PRIu64 " bytes%s follow the end of the recording, at byte %" PRIu64,
		    r->regular ? "" : "at least ", more ? more : (uint64_t)avail(r),
		    avail(r) >= FORMAT_MAGIC_LEN &&
				    !memcmp(r->data + r->pos, FORMAT_MAGIC, FORMAT_MAGIC_LEN) ?
			    " of another recording" :
			    "",
		    r->offset);
}

/*
 * Go on by one frame, or by one stretch of damage.  1: something was done, 0:
 * nothing came in time, -errno.
 */
static int advance(struct recording *r, uint64_t deadline)
{
	struct frame_head h;
	uint64_t offset;
	size_t size;
	int err;

	if (r->look_until)
		return look_behind(r, deadline);
	err = fill(r, FRAME_HEAD_LEN, deadline);
	if (!err)
		return 0;
	if (err == -ENODATA) {
		if (!avail(r) || is_cut_head(r))
			at_end(r);
		else
			skip_to_magic(r);
		return 1;
	}
	if (err < 0)
		return err;
	if (!frame_head_load(r->data + r->pos, &h)) {
		skip_to_magic(r);
		return 1;
	}
	size = FRAME_HEAD_LEN + (size_t)h.length;
	err = fill(r, size, deadline);
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
			if (head_at(r, p - r->data)) {
				skip(r, p - r->data - r->pos, NULL);
				return 1;
			}
			p++;
		}
		if (r->hole.open)
			hole_close(r, &h); /* its head still tells */
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
		err = fill(r, size + FRAME_HEAD_LEN, r->regular ? deadline : now_ms());
		if (err < 0 && err != -ENODATA)
			return err;
		r->waste += size;
		if (avail(r) <= size || head_at(r, r->pos + size) ||
		    r->waste > WASTE_FREE + WASTE_PER_BYTE * r->offset)
			skip(r, size, &h);
		else
			skip_to_magic(r);
		return 1;
	}
	err = take_frame(r, &h, r->data + r->pos + FRAME_HEAD_LEN);
	if (err == -EBADMSG) {
		skip(r, size, &h);
		return 1;
	}
	if (err)
		return err;
	hole_close(r, &h);
	offset = r->offset;
	consume(r, size);
	tell_frame(r, &h, offset, size, false);
	r->next_number = h.number + 1;
	tell_lost(r, h.first_ns);
	if (h.type == RECORDING_EVENTS)
		r->next_seq = h.first_seq + h.count;
	return 1;
}

/* What is left of this frame, @events, is as lost as if its checksum were wrong. */
static void drop_rest(struct recording *r, uint64_t events)
{
	r->decoding = false;
	r->health.frames_damaged++;
	r->health.bytes_skipped += r->head.length;
	r->want_snapshot = true;
	if (r->decoding_snapshot)
		return;
	if (!r->lost && !r->lost_unknown)
		r->lost_from_ns = r->health.last_ns;
	r->lost += events;
}

/* Decode the next batch; none left: decoding is false. */
static int next_batch(struct recording *r)
{
	int i, n, kept = 0;

	n = decoder_next(r->decoder, &r->batch);
	if (n == -ENOMEM)
		return fail_errno(r, n);
	if (n < 0) {
		/* Its checksum is right, so this is a writer's mistake. */
		drop_rest(r, r->frame_left);
		if (!r->decoding_snapshot)
			tell_lost(r, r->head.last_ns);
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
			return fail_errno(r, err);
		if (registry_cares(ev->kind)) {
			if (r->decoding_snapshot && registry_knows(&r->registry, ev))
				continue;
			err = registry_learn(&r->registry, ev);
			if (err)
				return fail_errno(r, err);
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
			deadline = timeout_ms < 0 ? UINT64_MAX : now_ms() + timeout_ms;
		err = advance(r, deadline);
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
	*out = ((struct recording *)src)->health;
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
		err = fill(r, HEADER_LEN + FRAME_HEAD_LEN, UINT64_MAX);
	} while (!err);
	if (err < 0)
		return err == -ENODATA ? 0 : err;
	for (i = 0; i < FORMAT_MAGIC_LEN; i++)
		same += r->data[r->pos + i] == (uint8_t)FORMAT_MAGIC[i];
	end = same < FORMAT_MAGIC_LEN / 2 ? HEADER_LEN + 1 : HEADER_LEN_MAX;
	for (i = HEADER_LEN; i < end; i++) {
		if (r->pos + i + FRAME_HEAD_LEN > r->len)
			return 0;
		if (head_at(r, r->pos + i))
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
		err = fill(r, HEADER_LEN, UINT64_MAX);
	} while (!err);
	if (err < 0 && err != -ENODATA)
		return err;
	p = r->data + r->pos;
	have = avail(r);
	if (!have)
		return fail(r, -ENODATA, "is empty");
	if (memcmp(p, FORMAT_MAGIC, have < FORMAT_MAGIC_LEN ? have : FORMAT_MAGIC_LEN)) {
		bool text = have > 4 && !memcmp(p + 1, "VFS", 3);

		err = mend_magic(r);
		if (err < 0)
			return err;
		if (!err)
			return fail(
				r, -EINVAL,
				text ? "is a recording that a text-mode transfer has destroyed; copy it again, in binary mode" :
				       "is not a vfioscope recording");
		p = r->data + r->pos;
	}
	if (err == -ENODATA)
		return fail(r, -ENODATA,
			    "is cut in the file header: it holds %zu bytes and no events", have);

	size = get_le32(p + HEADER_SIZE);
	if (size >= HEADER_LEN && size <= HEADER_LEN_MAX) {
		do {
			err = fill(r, size, UINT64_MAX);
		} while (!err);
		if (err < 0 && err != -ENODATA)
			return err;
		p = r->data + r->pos;
	}
	if (size < HEADER_LEN || size > HEADER_LEN_MAX || avail(r) < size ||
	    get_le32(p + size - 4) != format_crc(p, size - 4)) {
		/* The frames vouch for themselves: look for them. */
		r->health.frames_damaged = 1;
		r->health.bytes_skipped = 0;
		skip(r, FORMAT_MAGIC_LEN, NULL);
		skip_to_magic(r);
		return 0;
	}
	r->major = get_le16(p + HEADER_MAJOR);
	r->minor = get_le16(p + HEADER_MINOR);
	r->compat = get_le64(p + HEADER_COMPAT);
	r->incompat = get_le64(p + HEADER_INCOMPAT);
	if (r->major > FORMAT_MAJOR)
		return fail(r, -ENOTSUP,
			    "needs a newer vfioscope (format %u.%u, this one reads %u)", r->major,
			    r->minor, FORMAT_MAJOR);
	if (r->major < FORMAT_MAJOR)
		return fail(r, -EINVAL, "is of a format that never was (%u.%u)", r->major,
			    r->minor);
	unknown = r->incompat & ~FORMAT_INCOMPAT_KNOWN;
	if (unknown)
		return fail(r, -ENOTSUP, "needs a newer vfioscope (feature 0x%" PRIx64 ")",
			    unknown);
	consume(r, size);
	return 0;
}

/* A file that holds nothing at all should say so at once. */
static int check_first_frame(struct recording *r)
{
	struct frame_head h;
	int err;

	err = fill(r, FRAME_HEAD_LEN, 0);
	if (err < 0 && err != -ENODATA)
		return err;
	if (err == -ENODATA && !avail(r))
		return fail(
			r, -ENODATA,
			"holds only a file header and no events: the recorder was stopped at once");
	if (err == -ENODATA && is_cut_head(r))
		return fail(r, -ENODATA, "is cut in its first frame: it holds no events");
	if (err < 0 || !frame_head_load(r->data + r->pos, &h))
		return 0; /* damage: next() finds its way */
	err = fill(r, FRAME_HEAD_LEN + (size_t)h.length, 0);
	if (err == -ENODATA) {
		size_t i;

		for (i = r->pos + 1; i < r->len; i++)
			if (head_at(r, i))
				return 0;
		return fail(r, -ENODATA, "is cut in its first frame: it holds no events");
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
	r->name = strdup(name);
	r->decoder = decoder_new();
	r->zstd = ZSTD_createDCtx();
	if (!r->name || !r->decoder || !r->zstd) {
		snprintf(err_msg, err_len, "%s: %s", name, strerror(ENOMEM));
		recording_free(r);
		return -ENOMEM;
	}
	if (fstat(fd, &st))
		err = fail_errno(r, -errno);
	else if (S_ISDIR(st.st_mode))
		err = fail(r, -EISDIR, "is a directory, not a recording");
	else if (isatty(fd))
		err = fail(r, -EINVAL, "is a terminal, not a recording");
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
	struct event ev;
	struct stat st;
	int err;

	memset(out, 0, sizeof(*out));
	err = recording_open(&src, path, err_msg, err_len);
	if (err)
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
	out->health = r->health;
	if (err == -ENODATA || err == -EOVERFLOW)
		err = 0; /* what follows the end is counted */
	else if (err == -ECANCELED)
		err = r->frame_ret;
	else
		snprintf(err_msg, err_len, "%s", r->error);
	recording_close(src);
	return err;
}
