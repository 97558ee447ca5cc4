// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_recording.c - any bytes as a recording
 *
 * The first byte of the input chooses what is repaired before the reader sees
 * the rest (repair.h), and with bit 3 it comes through a pipe instead of a file.
 *
 * Besides not crashing: seq counts, kinds are known, strings end, and whatever
 * was read is written and read again the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recording/format.h"
#include "recording/recording.h"
#include "recording/registry.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"

#define KEEP 2000

static void check_event(const struct event *ev, uint64_t seq)
{
	const struct event_field *f;
	size_t i, n;

	if (ev->seq != seq)
		fuzz_die("seq has a gap");
	if (!event_kind_name(ev->kind))
		fuzz_die("unknown kind");
	if (!memchr(ev->comm, 0, sizeof(ev->comm)))
		fuzz_die("comm does not end");
	f = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++)
		if (f[i].type == EF_STR && !memchr((const char *)ev + f[i].offset, 0, f[i].size))
			fuzz_die("string does not end");
}

static void read_again(const struct event *ev, size_t n)
{
	struct recording_writer_opts o = { .level = 1, .frame_events = 300 };
	struct recording_writer *w;
	struct event_source *src;
	struct event got;
	char msg[256];
	size_t i;
	int fd = memfd_create("again", 0);

	if (fd < 0 || recording_writer_open(&w, dup(fd), &o))
		fuzz_die("cannot write");
	for (i = 0; i < n; i++)
		if (recording_writer_put(w, &ev[i]))
			fuzz_die("put failed");
	if (recording_writer_end(w) || recording_writer_close(w))
		fuzz_die("end failed");
	lseek(fd, 0, SEEK_SET);
	if (recording_open_fd(&src, fd, "again", msg, sizeof(msg)))
		fuzz_die("%s", msg);
	for (i = 0; src->ops->next(src, &got, 0) == 1; i++)
		if (i >= n || !event_same(&got, &ev[i]))
			fuzz_die("what was written differs");
	if (i != n)
		fuzz_die("what was written is not all there");
	src->ops->close(src);
}

static int input(const uint8_t *p, size_t len, bool through_pipe)
{
	int fd[2];

	/* a pipe holds 64 KiB, and nobody reads it yet */
	if (through_pipe && len <= 65536) {
		if (pipe(fd) || write(fd[1], p, len) != (ssize_t)len)
			fuzz_die("pipe");
		close(fd[1]);
		return fd[0];
	}
	fd[0] = memfd_create("input", 0);
	if (fd[0] < 0 || pwrite(fd[0], p, len, 0) != (ssize_t)len)
		fuzz_die("memfd");
	return fd[0];
}

static int no_frame(const struct recording_frame *f, void *arg)
{
	uint64_t *end = arg;

	if (f->offset < *end)
		fuzz_die("frames overlap");
	*end = f->offset + f->length;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event keep[KEEP];
	struct recording_stat st;
	struct event_source *src;
	struct source_health h;
	uint64_t seq = 0, end = 0;
	unsigned int how;
	struct event ev;
	char msg[256], path[64];
	size_t n = 0;
	uint8_t *p;
	int fd, err;

	if (!size)
		return 0;
	fuzz_begin();
	how = *data++;
	size--;
	p = malloc(size + 1);
	if (!p)
		return 0;
	memcpy(p, data, size);
	repair(p, size, how);

	fd = input(p, size, how & 8);
	if (recording_open_fd(&src, fd, "input", msg, sizeof(msg))) {
		close(fd);
		free(p);
		return 0;
	}
	while ((err = src->ops->next(src, &ev, 0)) == 1) {
		check_event(&ev, ++seq);
		if (n < KEEP)
			keep[n++] = ev;
		if (seq > (uint64_t)size * FRAME_EVENTS_MAX + 1)
			fuzz_die("does not end");
	}
	/* -EOVERFLOW: something follows the END */
	if (err != -ENODATA && err != -EOVERFLOW)
		fuzz_die("neither event nor end");
	src->ops->health(src, &h);
	if (h.bytes_skipped > size + 65536 * (uint64_t)size)
		fuzz_die("skipped more than there is");
	src->ops->close(src);
	read_again(keep, n);

	fd = input(p, size, false);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (recording_stat(path, &st, no_frame, &end, msg, sizeof(msg))) {
		/* a file without one whole frame is refused, a pipe may go on */
		if (!(how & 8))
			fuzz_die("stat refuses what open took");
		close(fd);
		free(p);
		return 0;
	}
	if (st.events != seq || st.bytes > size || end > size)
		fuzz_die("stat differs from read");
	close(fd);
	free(p);
	return 0;
}
