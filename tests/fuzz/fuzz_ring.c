// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_ring.c - any bytes as records of the kernel side's ring
 *
 * The input is records one after the other, each behind its length (2 bytes).  What is
 * taken has an end, a kind that event.h names, strings that end, and can be written into
 * a recording and read again; a record that is cut is refused.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "capture/decode.h"
#include "recording/fold.h"
#include "recording/recording.h"
#include "recording/registry.h"
#include "tests/fuzz/fuzz.h"

#define KEEP 200

/* The kind of the longest record; the lengths of an input's records go somewhat beyond. */
#define LONGEST sizeof(struct wire_why)
#define LENGTHS 1200
_Static_assert(LENGTHS > LONGEST + 100, "records that are whole, and longer");

static void check(const struct event *ev, const struct wire_head *h)
{
	const struct event_field *f;
	size_t i, n;

	if (!event_kind_name(ev->kind))
		fuzz_die("wire kind %u becomes no event's kind: %u", h->kind, ev->kind);
	f = event_fields(ev->kind, &n);
	for (i = 0; i < n; i++)
		if (f[i].type == EF_STR && !memchr((const char *)ev + f[i].offset, 0, f[i].size))
			fuzz_die("wire kind %u: %s does not end", h->kind, f[i].name);
	if (!memchr(ev->comm, 0, sizeof(ev->comm)))
		fuzz_die("comm does not end");
	if (ev->kind != EV_LOSS && ev->kind != EV_SET_STATE && ev->kind != EV_FEATURE &&
	    h->kind != WIRE_FEATURE && h->kind != WIRE_DIRTY_PAGES &&
	    ev->kind != decode_kind(h->kind))
		fuzz_die("wire kind %u becomes %s", h->kind, event_kind_name(ev->kind));
	if (h->end_ns >= h->start_ns && event_end_ns(ev) != h->end_ns)
		fuzz_die("wire kind %u: the end is %llu, not %llu", h->kind,
			 (unsigned long long)event_end_ns(ev), (unsigned long long)h->end_ns);
}

static void write_and_read(const struct event *ev, size_t n)
{
	const struct recording_writer_opts o = { .level = -1 };
	struct recording_writer *w;
	struct event_source *src;
	struct event got;
	char err[256];
	int fd = memfd_create("ring", MFD_CLOEXEC), copy = dup(fd);
	size_t i;

	if (fd < 0 || copy < 0 || recording_writer_open(&w, copy, &o))
		fuzz_die("a recording cannot be begun");
	for (i = 0; i < n; i++)
		if (recording_writer_put(w, &ev[i]))
			fuzz_die("a decoded event cannot be written");
	if (recording_writer_end(w) || recording_writer_close(w))
		fuzz_die("a recording cannot be ended");
	lseek(fd, 0, SEEK_SET);
	if (recording_open_fd(&src, fd, "ring", err, sizeof(err)))
		fuzz_die("%s", err);
	for (i = 0; src->ops->next(src, &got, 0) == 1; i++)
		if (i >= n || !event_same(&got, &ev[i]))
			fuzz_die("decoded event %zu is read as another", i + 1);
	if (i != n)
		fuzz_die("%zu of %zu decoded events are read", i, n);
	src->ops->close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event keep[KEEP];
	struct bytes b = { data, size };
	size_t n = 0;

	fuzz_begin();
	while (b.n > 2 && n < KEEP) {
		struct bytes rec = take_bytes(&b, take(&b, 2) % LENGTHS);
		struct wire_head h = { 0 };
		uint8_t *exact = malloc(rec.n ? rec.n : 1);
		struct event ev;

		if (!exact)
			return 0;
		memcpy(exact, rec.p, rec.n);
		memcpy(&h, exact, rec.n < sizeof(h) ? rec.n : sizeof(h));
		if (!decode_record(exact, rec.n, &ev)) {
			check(&ev, &h);
			keep[n++] = ev;
		} else if (rec.n >= LONGEST && h.kind > WIRE_NONE && h.kind < WIRE_KIND_NR) {
			fuzz_die("a whole record of wire kind %u is refused", h.kind);
		}
		free(exact);
	}
	write_and_read(keep, n);
	return 0;
}
