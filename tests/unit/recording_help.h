/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_help.h - recordings in memory, for the recording's tests
 */
#ifndef VFIOSCOPE_TESTS_RECORDING_HELP_H
#define VFIOSCOPE_TESTS_RECORDING_HELP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording/format.h"
#include "recording/recording.h"
#include "recording/registry.h"
#include "tests/unit/recording_gen.h"
#include "util/buf.h"
#include "util/varint.h"

struct bytes {
	uint8_t *p;
	size_t len;
};

struct events {
	struct event *ev;
	size_t n;
};

static inline int bytes_fd(const uint8_t *p, size_t len)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, p, len, 0), len);
	return fd;
}

static inline struct bytes fd_bytes(int fd)
{
	struct bytes b;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	b.len = st.st_size;
	b.p = malloc(b.len + 1);
	assert_non_null(b.p);
	assert_int_equal(pread(fd, b.p, b.len, 0), b.len);
	return b;
}

/* The recording of @ev, META in front unless NULL; the END when @end. */
static inline struct bytes record(const struct event *ev, size_t n, const struct meta *m,
				  const struct recording_writer_opts *opts, bool end)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	int keep = dup(fd);
	struct recording_writer *w;
	struct bytes b;
	size_t i;

	assert_int_equal(recording_writer_open(&w, fd, opts), 0);
	if (m)
		assert_int_equal(recording_writer_meta(w, m), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(recording_writer_put(w, &ev[i]), 0);
	if (end)
		assert_int_equal(recording_writer_end(w), 0);
	assert_int_equal(recording_writer_close(w), 0);
	b = fd_bytes(keep);
	close(keep);
	return b;
}

static inline int open_bytes(struct event_source **src, const uint8_t *p, size_t len)
{
	char msg[256] = "";
	int fd = bytes_fd(p, len);
	int err = recording_open_fd(src, fd, "test", msg, sizeof(msg));

	if (err) {
		close(fd);
		assert_true(strlen(msg) > 8 && !strncmp(msg, "test: ", 6));
		assert_null(strchr(msg, '\n'));
	}
	return err;
}

/* All events of @src up to its end, and what it ends with; checks seq. */
static inline struct events read_until(struct event_source *src, int *end)
{
	struct events e = { 0 };
	struct event ev;
	size_t cap = 0;
	int err;

	while ((err = src->ops->next(src, &ev, -1)) == 1) {
		assert_int_equal(ev.seq, e.n + 1);
		if (e.n == cap) {
			cap = cap ? cap * 2 : 256;
			e.ev = realloc(e.ev, cap * sizeof(*e.ev));
			assert_non_null(e.ev);
		}
		e.ev[e.n++] = ev;
	}
	/* and it stays so */
	assert_int_equal(src->ops->next(src, &ev, 0), err);
	*end = err;
	return e;
}

static inline struct events read_all(struct event_source *src)
{
	struct events e;
	int end;

	e = read_until(src, &end);
	assert_int_equal(end, -ENODATA);
	return e;
}

static inline struct source_health health_of(struct event_source *src)
{
	struct source_health h;

	src->ops->health(src, &h);
	return h;
}

struct frames {
	struct recording_frame f[4096];
	size_t n;
};

static inline int collect_frame(const struct recording_frame *f, void *arg)
{
	struct frames *fs = arg;

	assert_true(fs->n < 4096);
	fs->f[fs->n++] = *f;
	return 0;
}

static inline void stat_bytes(const uint8_t *p, size_t len, struct recording_stat *st,
			      struct frames *fs)
{
	int fd = bytes_fd(p, len);
	char path[64], msg[256];

	if (fs)
		fs->n = 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(recording_stat(path, st, fs ? collect_frame : NULL, fs, msg, sizeof(msg)),
			 0);
	close(fd);
}

/* A frame whose checksums are right. */
static inline void add_frame(struct buf *b, uint32_t type, uint32_t number, uint32_t flags,
			     const struct buf *payload, uint32_t count, uint64_t first_seq)
{
	struct frame_head h = {
		.type = type,
		.flags = flags,
		.number = number,
		.count = count,
		.first_seq = first_seq,
		.length = payload->len,
		.raw_length = payload->len,
		.payload_crc = format_crc(payload->data, payload->len),
	};
	uint8_t head[FRAME_HEAD_LEN];

	frame_head_store(head, &h);
	buf_put(b, head, sizeof(head));
	buf_put(b, payload->data, payload->len);
}

/*
 * A trace with everything: definitions, streams that come and go, and every
 * kind with random fields, in order of completion as a source has it.
 */
static inline struct events sample_events(uint64_t seed, size_t n)
{
	struct gen g = { seed };
	struct events e = { calloc(n, sizeof(struct event)), n };
	uint64_t t = 1000000000000ULL;
	size_t i;

	assert_non_null(e.ev);
	for (i = 0; i < n; i++) {
		struct event *ev = &e.ev[i];

		gen_event(&g, gen_kind(&g), ev);
		t += gen_below(&g, 100000);
		ev->dur_ns = gen_below(&g, 50000);
		ev->t_ns = t - ev->dur_ns;
		if (ev->kind == EV_READ || ev->kind == EV_WRITE) {
			ev->io.count = 0;
			ev->io.t_last_ns = 0;
		}
		if (ev->kind == EV_LOSS)
			ev->loss.cause = LOSS_RING;
		ev->device = gen_below(&g, 4);
		ev->stream = gen_below(&g, 1000);
		ev->pid = gen_below(&g, 5);
		ev->tid = gen_below(&g, 5);
		ev->host = gen_below(&g, 3);
		ev->seq = i + 1;
	}
	return e;
}

static inline struct meta sample_meta(void)
{
	struct meta m = { 0 };

	assert_int_equal(meta_add(&m, "tool", "vfioscope"), 0);
	assert_int_equal(meta_add(&m, "host", "h\xc3\xb6st"), 0);
	assert_int_equal(meta_add(&m, "hook", "vfio vfio_ioctl fentry fentry ok"), 0);
	assert_int_equal(meta_add(&m, "hook", ""), 0);
	return m;
}

#endif
