// SPDX-License-Identifier: GPL-2.0-only
/*
 * make.c - writes src.vfs, dst.vfs, behind.vfs, far.vfs and step.vfs: ../judge/reference-qemu.vfs,
 * a migration of QEMU within one machine, as two machines would have recorded it
 *
 * The source's host keeps its clocks.  The destination's CLOCK_MONOTONIC is 15 s
 * behind and runs 20 ppm faster; its CLOCK_REALTIME is 3 ms ahead of the
 * source's, in behind.vfs 200 ms behind, in far.vfs 60 s ahead.  In step.vfs, the source's, CLOCK_REALTIME is
 * set forward by 2 h after 5 s.  Processes, devices and streams have the
 * same numbers on both.  old.vfs is src.vfs and dst.vfs as merge wrote them before
 * events had a host.  Not part of any build: the recordings are in the tree,
 * this says what is in them.  By hand:
 *
 *	gcc -std=gnu11 -I. -Iuser -o /tmp/make tests/data/merge/make.c \
 *		build/libvfioscope.a -lzstd -lz && /tmp/make
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "recording/recording.h"

#define DIR	"tests/data/merge/"
#define BASE_NS 20000000000ULL
#define MS	1000000

static uint64_t theirs(uint64_t t)
{
	return t + (t - BASE_NS) / 50000 - 15000000000ULL;
}

static int put(struct recording_writer *w, struct event ev, int side, int64_t ahead_ns)
{
	uint32_t mine = side ? 2 : 1;

	if ((ev.device && ev.device != mine) ||
	    (ev.kind == EV_TASK && ev.pid != (side ? 256 : 252)))
		return 0;
	if (!side)
		return recording_writer_put(w, &ev);
	/* The numbers are given out anew on each host. */
	ev.device = ev.device ? 1 : 0;
	ev.stream = ev.stream ? 1 : 0;
	ev.tid = ev.tid == ev.pid ? 252 : ev.tid;
	ev.pid = ev.pid ? 252 : 0;
	if (ev.kind == EV_CLOCK)
		ev.clock.realtime_ns += (uint64_t)ahead_ns;
	if ((ev.kind == EV_READ || ev.kind == EV_WRITE) && ev.io.t_last_ns)
		ev.io.t_last_ns = theirs(ev.io.t_last_ns);
	ev.dur_ns = theirs(ev.t_ns + ev.dur_ns) - theirs(ev.t_ns);
	ev.t_ns = theirs(ev.t_ns);
	if (ev.kind == EV_DEVICE)
		strcpy(ev.device_def.name, "0000:01:00.0");
	return recording_writer_put(w, &ev);
}

/* In front of the first that ends later than @after_ns: the clock was set by @by_ns. */
static int step(struct recording_writer *w, struct event *ev, uint64_t after_ns, uint64_t by_ns)
{
	static uint64_t first_ns;
	static struct event pair;

	if (ev->kind == EV_CLOCK && !first_ns)
		pair = *ev;
	if (event_kind_is_public(ev->kind) && !first_ns)
		first_ns = ev->t_ns;
	if (first_ns && by_ns && pair.kind && event_end_ns(ev) > first_ns + after_ns) {
		pair.clock.realtime_ns += by_ns + event_end_ns(ev) - pair.t_ns;
		pair.clock.boottime_ns += event_end_ns(ev) - pair.t_ns;
		pair.t_ns = event_end_ns(ev);
		if (recording_writer_put(w, &pair))
			return -1;
		pair.kind = EV_NONE;
	}
	if (ev->kind == EV_CLOCK && !pair.kind)
		ev->clock.realtime_ns += by_ns;
	return 0;
}

static int make(const char *path, int side, int64_t ahead_ns, uint64_t step_ns)
{
	struct event_source *src;
	struct recording_writer *w;
	struct meta m = { 0 };
	char err[256];
	struct event ev;
	int r;

	r = recording_open(&src, "tests/data/judge/reference-qemu.vfs", err, sizeof(err));
	if (r)
		return r;
	r = recording_writer_open(&w, open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), NULL);
	if (r)
		return r;
	meta_add(&m, "host", side ? "node8" : "node7");
	meta_add(&m, "kernel", side ? "7.3.0 #1 SMP" : "6.12.117 #1 SMP");
	meta_add(&m, "boot_id", side ? "b" : "a");
	meta_add(&m, "command",
		 side ? "vfioscope record -o dst.vfs" : "vfioscope record -o src.vfs");
	recording_writer_meta(w, &m);
	meta_clear(&m);
	while ((r = src->ops->next(src, &ev, -1)) > 0) {
		r = step_ns ? step(w, &ev, 5000000000ULL, step_ns) : 0;
		r = r ?: put(w, ev, side, ahead_ns);
		if (r)
			return r;
	}
	src->ops->close(src);
	recording_writer_end(w);
	return r == -ENODATA ? recording_writer_close(w) : r;
}

int main(void)
{
	int err = make(DIR "src.vfs", 0, 0, 0);

	err = err ?: make(DIR "dst.vfs", 1, 3 * MS, 0);
	err = err ?: make(DIR "behind.vfs", 1, -200 * MS, 0);
	err = err ?: make(DIR "far.vfs", 1, 60000LL * MS, 0);
	err = err ?: make(DIR "step.vfs", 0, 0, 7200000000000ULL);

	if (err)
		fprintf(stderr, "make: %s\n", strerror(-err));
	return err != 0;
}
