// SPDX-License-Identifier: GPL-2.0-only
/*
 * target.c - where the stream goes: into another device as it comes, or into a
 * file and from there back into its own
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exercise/run.h"
#include "util/mono.h"

static struct device *target(struct run *n)
{
	return n->x->has_dst ? &n->x->dst : &n->x->src;
}

static int open_spool(struct run *n)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/vfioscope-exercise.XXXXXX", dir ? dir : "/var/tmp");
	n->spool = mkostemp(path, O_CLOEXEC);
	if (n->spool < 0) {
		err = -errno;
		snprintf(n->r->error, sizeof(n->r->error), "%.200s: %s", path, strerror(-err));
		n->r->outcome = EXERCISE_FAILED;
		return err;
	}
	unlink(path);
	return 0;
}

static int enter_resuming(struct run *n)
{
	int err = run_set_state(n, target(n), ST_RESUMING, &n->rfd);

	if (!err && n->rfd < 0)
		err = run_failed(n, target(n), "no data FD came with RESUMING", -EPROTO);
	return err;
}

/*
 * What the destination holds before the load: only noise that was just written
 * there needs no proof that it is something else.
 */
static int remember_before(struct run *n, struct device *d, const struct region *r)
{
	const struct exercise_plan *p = n->plan;
	int err;

	if (!r->size || n->before.pages ||
	    (p->dirty.given && (!p->compare.given || p->compare.index == p->dirty.index)))
		return 0;
	err = print_take(&n->before, d, r);
	return err ? run_failed(n, d, "reading the region", err) : 0;
}

int target_begin(struct run *n)
{
	struct exercise *x = n->x;
	int err;

	if (!x->has_dst) {
		if (n->plan->no_load || n->spool >= 0)
			return 0;
		return open_spool(n);
	}
	/* Let it hold something else, so that what arrives is seen to arrive. */
	if (x->dirty_dst.size && !n->r->reads) {
		err = dirty_stamp(&x->dst, &x->dirty_dst, &n->noise);
		if (err)
			return run_failed(n, &x->dst, "writing to the region", err);
	}
	err = remember_before(n, &x->dst, &x->compare_dst);
	return err ? err : enter_resuming(n);
}

static int write_all(struct run *n, const uint8_t *data, size_t len)
{
	int err, fd = n->rfd >= 0 ? n->rfd : n->spool;

	while (len && fd >= 0) {
		size_t part = n->rfd >= 0 ? sizes_next(&n->write_size) : len;
		ssize_t put;

		watchdog_enter(n->watchdog, target(n)->name, "write()");
		put = write(fd, data, part < len ? part : len);
		err = put < 0 ? -errno : 0;
		watchdog_leave(n->watchdog);
		if (err == -EINTR)
			continue;
		if (err)
			return run_failed(n, target(n),
					  fd == n->rfd ? "write()" : "keeping the stream", err);
		if (fd == n->rfd) {
			n->r->writes++;
			n->r->bytes_written += (uint64_t)put;
		}
		data += put;
		len -= (size_t)put;
	}
	return 0;
}

int target_take(struct run *n, const uint8_t *data, size_t len)
{
	int err = 0;

	if (run_fault(n, FAULT_CONCURRENT_IO)) {
		struct exercise_result was = *n->r;

		if (!n->deaf && write_all(n, data, len)) {
			/* The driver saw that the order is lost: that is what it is for. */
			*n->r = was;
			n->deaf = true;
		}
		return 0;
	}
	if (!n->held)
		return write_all(n, data, len);
	/* One piece behind: the last one is never written. */
	if (n->held_len)
		err = write_all(n, n->held, n->held_len);
	memcpy(n->held, data, len);
	n->held_len = len;
	return err;
}

static int replay_spool(struct run *n)
{
	struct device *d = target(n);
	bool first = true;
	ssize_t got;
	int err;

	/* As if it were another machine's: what the device holds now is not it. */
	err = run_set_state(n, d, ST_RUNNING, NULL);
	if (!err && n->x->dirty_src.size) {
		err = dirty_stamp(d, &n->x->dirty_src, &n->noise);
		if (err)
			return run_failed(n, d, "writing to the region", err);
	}
	if (!err)
		err = remember_before(n, d, &n->x->compare_src);
	if (!err)
		err = enter_resuming(n);
	if (!err && lseek(n->spool, 0, SEEK_SET) < 0)
		err = run_failed(n, d, "reading the stream again", -errno);
	while (!err && (got = read(n->spool, n->buf, sizes_next(&n->read_size))) != 0) {
		if (got < 0)
			return run_failed(n, d, "reading the stream again", -errno);
		err = write_all(n, n->buf, (size_t)got);
		if (!err && first && n->plan->reset == STAGE_RESUMING) {
			n->r->outcome = EXERCISE_RESET;
			return 1;
		}
		first = false;
		if (!err && run_interrupted(n)) {
			n->r->outcome = EXERCISE_INTERRUPTED;
			return 1;
		}
	}
	return err;
}

int target_load(struct run *n)
{
	struct device *d = target(n);
	uint64_t began;
	int err;

	if (n->plan->no_load)
		return 0;
	if (n->spool >= 0) {
		err = replay_spool(n);
		if (err)
			return err;
	}
	if (n->plan->delay_load_ns)
		run_sleep(n->plan->delay_load_ns);
	began = mono_ns();
	if (run_fault(n, FAULT_RESUME_REJECTED) || run_fault(n, FAULT_RESUME_SHORT) ||
	    run_fault(n, FAULT_STREAM_NOT_DRAINED) || run_fault(n, FAULT_CONCURRENT_IO)) {
		/* Whether the driver notices is what this is about. */
		err = device_set_state(d, ST_STOP, NULL);
		run_note(n, 1, "%s: RESUMING to STOP: %s", d->name,
			 err ? strerror(-err) : "accepted");
		n->r->outcome = EXERCISE_FAULTED;
		if (err)
			return 1;
	} else {
		err = run_set_state(n, d, ST_STOP, NULL);
	}
	n->r->load_ns = mono_ns() - began;
	return err;
}

int target_end(struct run *n)
{
	struct device *d = target(n);
	int err = 0;

	if (device_has(d, UAPI_FLAG_P2P) && !n->plan->no_p2p)
		err = run_set_state(n, d, ST_RUNNING_P2P, NULL);
	if (!err)
		err = run_set_state(n, d, ST_RUNNING, NULL);
	run_close_fd(&n->rfd);
	return err;
}

int target_drop(struct run *n)
{
	struct device *d = target(n);
	char text[EXERCISE_ERR_LEN];
	int err = 0;

	if (n->rfd < 0)
		return 0;
	if (d->flags & VFIO_DEVICE_FLAGS_RESET) {
		err = run_reset(n, d);
		run_close_fd(&n->rfd);
	} else {
		/* Its last close does the same. */
		run_close_fd(&n->rfd);
		device_close(d);
		err = device_open(d, n->x->has_dst ? &n->x->src : NULL, text);
	}
	return err ? run_failed(n, d, "bringing it back from RESUMING", err) : 0;
}
