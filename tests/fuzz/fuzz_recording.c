// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_recording.c - any bytes as a recording
 *
 * The first byte of the input chooses what is repaired before the reader sees
 * the rest: without that no mutation gets past the checksums.
 *   bit 0	CRCs of the file header and of the frames, walked by length
 *   bit 1	the frames' magic, too, and lengths that reach beyond the end
 *   bit 2	frames are numbered, from 0, and so are their events
 *   bit 3	through a pipe instead of a file
 *
 * Besides not crashing: seq counts, kinds are known, strings end, and whatever
 * was read is written and read again the same.
 *
 *	clang -fsanitize=fuzzer,address: libFuzzer
 *	-DFUZZ_REPLAY: a main() that runs the files (or folders) named
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
#include "util/varint.h"

#define KEEP 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *why)
{
	fprintf(stderr, "fuzz_recording: %s\n", why);
	abort();
}

static void repair(uint8_t *p, size_t len, unsigned int how)
{
	uint32_t number = 0;
	uint64_t seq = 1;
	size_t at, size;

	if (len < HEADER_LEN || !(how & 1))
		return;
	memcpy(p, FORMAT_MAGIC, FORMAT_MAGIC_LEN);
	size = get_le32(p + HEADER_SIZE);
	if (size < HEADER_LEN || size > len) {
		size = HEADER_LEN;
		put_le32(p + HEADER_SIZE, size);
	}
	if (how & 2) {
		put_le16(p + HEADER_MAJOR, 1);
		put_le64(p + HEADER_INCOMPAT, 0);
	}
	put_le32(p + size - 4, format_crc(p, size - 4));

	for (at = size; len - at >= FRAME_HEAD_LEN;) {
		uint8_t *h = p + at;
		uint64_t length;

		if (how & 2)
			memcpy(h, FRAME_MAGIC, FRAME_MAGIC_LEN);
		length = get_le32(h + FRAME_LENGTH);
		if (length > len - at - FRAME_HEAD_LEN) {
			if (!(how & 2))
				return;
			length = len - at - FRAME_HEAD_LEN;
			put_le32(h + FRAME_LENGTH, length);
		}
		if ((how & 2) && !(get_le16(h + FRAME_FLAGS) & FRAME_ZSTD))
			put_le32(h + FRAME_RAW_LENGTH, length);
		if (how & 4) {
			put_le32(h + FRAME_NUMBER, number++);
			put_le64(h + FRAME_FIRST_SEQ, seq);
			if (get_le16(h + FRAME_TYPE) == RECORDING_EVENTS)
				seq += get_le32(h + FRAME_COUNT) % FRAME_EVENTS_MAX;
		}
		put_le32(h + FRAME_PAYLOAD_CRC, format_crc(h + FRAME_HEAD_LEN, length));
		put_le32(h + FRAME_HEAD_CRC, format_crc(h, FRAME_HEAD_CRC));
		at += FRAME_HEAD_LEN + length;
	}
}

static void check_event(const struct event *ev, uint64_t seq)
{
	const struct event_field *f;
	size_t i, n;

	if (ev->seq != seq)
		die("seq has a gap");
	if (!event_kind_name(ev->kind))
		die("unknown kind");
	if (!memchr(ev->comm, 0, sizeof(ev->comm)))
		die("comm does not end");
	f = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++)
		if (f[i].type == EF_STR && !memchr((const char *)ev + f[i].offset, 0, f[i].size))
			die("string does not end");
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
		die("cannot write");
	for (i = 0; i < n; i++)
		if (recording_writer_put(w, &ev[i]))
			die("put failed");
	if (recording_writer_end(w) || recording_writer_close(w))
		die("end failed");
	lseek(fd, 0, SEEK_SET);
	if (recording_open_fd(&src, fd, "again", msg, sizeof(msg)))
		die(msg);
	for (i = 0; src->ops->next(src, &got, 0) == 1; i++)
		if (i >= n || !event_same(&got, &ev[i]))
			die("what was written differs");
	if (i != n)
		die("what was written is not all there");
	src->ops->close(src);
}

static int input(const uint8_t *p, size_t len, bool through_pipe)
{
	int fd[2];

	/* a pipe holds 64 KiB, and nobody reads it yet */
	if (through_pipe && len <= 65536) {
		if (pipe(fd) || write(fd[1], p, len) != (ssize_t)len)
			die("pipe");
		close(fd[1]);
		return fd[0];
	}
	fd[0] = memfd_create("input", 0);
	if (fd[0] < 0 || pwrite(fd[0], p, len, 0) != (ssize_t)len)
		die("memfd");
	return fd[0];
}

static int no_frame(const struct recording_frame *f, void *arg)
{
	uint64_t *end = arg;

	if (f->offset < *end)
		die("frames overlap");
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
			die("does not end");
	}
	/* -EOVERFLOW: something follows the END */
	if (err != -ENODATA && err != -EOVERFLOW)
		die("neither event nor end");
	src->ops->health(src, &h);
	if (h.bytes_skipped > size + 65536 * (uint64_t)size)
		die("skipped more than there is");
	src->ops->close(src);
	read_again(keep, n);

	fd = input(p, size, false);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (recording_stat(path, &st, no_frame, &end, msg, sizeof(msg))) {
		/* a file without one whole frame is refused, a pipe may go on */
		if (!(how & 8))
			die("stat refuses what open took");
		close(fd);
		free(p);
		return 0;
	}
	if (st.events != seq || st.bytes > size || end > size)
		die("stat differs from read");
	close(fd);
	free(p);
	return 0;
}

#ifdef FUZZ_REPLAY
#include <dirent.h>
#include <sys/stat.h>

static void replay(const char *path)
{
	struct stat st;
	uint8_t *p;
	FILE *f;

	if (stat(path, &st))
		die(path);
	if (S_ISDIR(st.st_mode)) {
		struct dirent *d;
		DIR *dir = opendir(path);

		while (dir && (d = readdir(dir))) {
			char sub[4096];

			if (d->d_name[0] == '.')
				continue;
			snprintf(sub, sizeof(sub), "%s/%s", path, d->d_name);
			replay(sub);
		}
		closedir(dir);
		return;
	}
	f = fopen(path, "r");
	p = malloc(st.st_size + 1);
	if (!f || !p || fread(p, 1, st.st_size, f) != (size_t)st.st_size)
		die(path);
	fclose(f);
	LLVMFuzzerTestOneInput(p, st.st_size);
	free(p);
	printf("%s\n", path);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
#endif
