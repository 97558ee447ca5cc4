// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - one migration from its first call to its last, whatever comes
 */
#define _GNU_SOURCE
#include "exercise/run.h"
#include "util/mono.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *exercise_outcome_name(uint32_t outcome)
{
	static const char *const names[] = {
		"completed", "cancelled", "reset", "faulted", "interrupted", "failed",
	};

	return outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "?";
}

const char *exercise_verified_name(uint32_t verified)
{
	static const char *const names[] = { "not-verified", "same", "differs" };

	return verified < sizeof(names) / sizeof(names[0]) ? names[verified] : "?";
}

void run_sleep(uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / 1000000000ULL),
		.tv_nsec = (long)(ns % 1000000000ULL),
	};

	/* A signal ends it: what it means is looked at by whoever slept. */
	nanosleep(&ts, NULL);
}

bool run_interrupted(const struct run *n)
{
	return n->plan->interrupted && *n->plan->interrupted;
}

void run_note(const struct run *n, int level, const char *fmt, ...)
{
	char line[EXERCISE_ERR_LEN];
	va_list ap;

	if (!n->plan->note)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n->plan->note(n->plan->ctx, level, line);
}

int run_failed(struct run *n, const struct device *d, const char *call, int err)
{
	/* The first failure is the one that the others come of. */
	if (n->r->outcome != EXERCISE_FAILED)
		snprintf(n->r->error, sizeof(n->r->error), "%s: %s: %s", d->name, call,
			 err == -EPROTO ? "against the uAPI" : strerror(-err));
	n->r->outcome = EXERCISE_FAILED;
	return err;
}

int run_set_state(struct run *n, struct device *d, uint32_t state, int *fd)
{
	uint64_t began = mono_ns();
	char call[96];
	int err, now;

	snprintf(call, sizeof(call), "SET_STATE(%s)", state_name(state));
	watchdog_enter(n->watchdog, d->name, call);
	err = device_set_state(d, state, fd);
	watchdog_leave(n->watchdog);
	if (err)
		return run_failed(n, d, call, err);
	run_note(n, 2, "%s: %s after %.3f ms", d->name, state_name(state),
		 (double)(mono_ns() - began) / 1e6);
	if (n->plan->no_probes)
		return 0;
	now = device_get_state(d);
	if (now == (int)state)
		return 0;
	snprintf(call, sizeof(call), "SET_STATE(%s) succeeded, and GET_STATE says %s",
		 state_name(state), now < 0 ? strerror(-now) : state_name((uint32_t)now));
	return run_failed(n, d, call, -EPROTO);
}

int run_reset(struct run *n, struct device *d)
{
	int err;

	watchdog_enter(n->watchdog, d->name, "VFIO_DEVICE_RESET");
	err = device_reset(d);
	watchdog_leave(n->watchdog);
	return err;
}

void run_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int run_stop_dirtying(struct run *n)
{
	int err;

	n->r->dirtied += dirtier_stop(n->dirtier, &err);
	n->dirtier = NULL;
	return err ? run_failed(n, &n->x->src, "writing to the region", err) : 0;
}

/* ---- verification ---- */

static void not_verified(struct run *n, const char *why)
{
	n->r->verified = VERIFIED_NOT;
	snprintf(n->r->why, sizeof(n->r->why), "%s", why);
}

/* What the source was in STOP, before anything that it holds is replaced. */
struct proof {
	struct print pages;
	bool by_stream;
	struct stream_print stream;
};

/* In STOP. */
static int take_print(struct run *n, struct print *p, struct device *d, const struct region *r)
{
	int err = print_take(p, d, r);

	if (!err)
		return 0;
	/* Half of one is none. */
	print_free(p);
	snprintf(n->r->why, sizeof(n->r->why), "%s: reading the region in STOP: %s", d->name,
		 strerror(-err));
	return err;
}

/* STOP to STOP_COPY and back: what the device would send now. */
static int save_again(struct run *n, struct device *d, struct stream_print *s)
{
	uint64_t size;
	int fd, err;

	/* As a VMM does before a session: what was said in the last one is not about this one. */
	device_data_size(d, &size);
	err = run_set_state(n, d, ST_STOP_COPY, &fd);
	if (!err && fd < 0)
		err = run_failed(n, d, "no data FD came with the session", -EPROTO);
	if (err) {
		run_close_fd(&fd);
		return err;
	}
	watchdog_enter(n->watchdog, d->name, "read() in STOP_COPY");
	err = stream_print_take(s, fd, n->buf, n->buf_size);
	watchdog_leave(n->watchdog);
	if (err)
		run_failed(n, d, "read() in STOP_COPY", err);
	else
		err = run_set_state(n, d, ST_STOP, NULL);
	run_close_fd(&fd);
	return err;
}

static int prove(struct run *n, struct proof *p)
{
	struct device *d = &n->x->src;
	struct stream_print again;
	int err;

	if (n->plan->no_load)
		return 0;
	if (n->x->compare_src.size)
		take_print(n, &p->pages, d, &n->x->compare_src);
	if (!n->plan->compare.stream)
		return 0;
	err = save_again(n, d, &p->stream);
	if (!err)
		err = save_again(n, d, &again);
	if (err)
		return err;
	/* Some put a time or a number into it. */
	p->by_stream = stream_print_equal(&p->stream, &again);
	if (!p->by_stream)
		not_verified(n, "two saves of the same state differ: its stream proves nothing");
	return 0;
}

static int verify_stream(struct run *n, const struct proof *p, struct device *d)
{
	struct stream_print now;
	int err;

	if (!p->by_stream)
		return 0;
	err = save_again(n, d, &now);
	if (err)
		return err;
	n->r->verified_bytes = now.bytes;
	n->r->verified = stream_print_equal(&p->stream, &now) ? VERIFIED_SAME : VERIFIED_DIFFERS;
	if (n->r->verified == VERIFIED_DIFFERS)
		snprintf(n->r->why, sizeof(n->r->why),
			 "what it saves now, %llu bytes, is not what "
			 "the source did, %llu bytes",
			 (unsigned long long)now.bytes, (unsigned long long)p->stream.bytes);
	return 0;
}

/* Of the destination in STOP, after the load. */
static int verify(struct run *n, const struct proof *p)
{
	struct exercise *x = n->x;
	struct device *d = x->has_dst ? &x->dst : &x->src;
	const struct region *r = x->has_dst ? &x->compare_dst : &x->compare_src;
	const struct exercise_region *named =
		n->plan->compare.given ? &n->plan->compare : &n->plan->dirty;
	struct print dst = { 0 };
	size_t first = 0, differ;

	if (n->plan->compare.stream && !n->plan->no_load)
		return verify_stream(n, p, d);
	if (n->plan->no_load) {
		not_verified(n, "the stream was not loaded (--no-load)");
		return 0;
	}
	if (!r->size) {
		not_verified(n, "nothing was named (--compare, --dirty)");
		return 0;
	}
	/* Why not is told already. */
	if (!p->pages.pages || take_print(n, &dst, d, r))
		return 0;
	n->r->verified_bytes = r->size;
	differ = print_compare(&p->pages, &dst, &first);
	n->r->verified = differ ? VERIFIED_DIFFERS : VERIFIED_SAME;
	if (differ)
		snprintf(n->r->why, sizeof(n->r->why),
			 "%zu of %zu pages of region %u differ, first "
			 "at %#llx",
			 differ, dst.n, named->index,
			 (unsigned long long)first * 4096 + named->offset);
	else if (n->before.pages && !print_compare(&n->before, &dst, &first))
		snprintf(n->r->why, sizeof(n->r->why),
			 "it had been the same before the load: "
			 "--dirty would make it a proof");
	print_free(&dst);
	return 0;
}

/* ---- the way back ---- */

/* Whatever state @d is in: to RUNNING. */
static int bring_back(struct run *n, struct device *d)
{
	int err, state;

	state = device_get_state(d);
	if (state == ST_RUNNING)
		return 0;
	/* Out of ERROR there is no other way; the kernel warns about a try. */
	if (state != ST_ERROR) {
		watchdog_enter(n->watchdog, d->name, "SET_STATE(RUNNING)");
		err = device_set_state(d, ST_RUNNING, NULL);
		watchdog_leave(n->watchdog);
		if (!err)
			return 0;
	}
	err = run_reset(n, d);
	if (!err && device_get_state(d) == ST_RUNNING)
		return 0;
	run_note(n, 0, "%s: it could not be brought back to RUNNING", d->name);
	return err ? err : -EIO;
}

/* The session ended before its time: nothing of it goes on. */
static int give_up(struct run *n)
{
	int err, err2, err3 = 0;

	run_stop_dirtying(n);
	/* Half a stream cannot be loaded: only a reset leads out of RESUMING. */
	err2 = target_drop(n);
	err = bring_back(n, &n->x->src);
	if (n->sfd >= 0 && !n->plan->no_probes && !err) {
		uint8_t byte;

		if (read(n->sfd, &byte, 1) > 0)
			run_note(n, 0, "%s: read() moves data after the session", n->x->src.name);
	}
	run_close_fd(&n->sfd);
	if (n->x->has_dst && !err2)
		err2 = bring_back(n, &n->x->dst);
	if (n->x->has_sib)
		err3 = bring_back(n, &n->x->sib);
	return err ? err : err2 ? err2 : err3;
}

/* The device is closed, then its data FD if that is still open. */
static int reopen_source(struct run *n)
{
	struct exercise *x = n->x;
	char err[EXERCISE_ERR_LEN];
	int ret;

	device_close(&x->src);
	if (n->sfd >= 0)
		run_sleep(50000000);
	run_close_fd(&n->sfd);
	ret = device_open(&x->src, x->has_dst ? &x->dst : NULL, err);
	if (ret)
		run_note(n, 0, "%s", err);
	return ret;
}

static int migrate(struct run *n)
{
	struct proof proof = { 0 };
	int ret;

	ret = target_begin(n);
	if (!ret)
		ret = source_begin(n);
	if (!ret)
		ret = source_precopy(n);
	if (!ret)
		ret = source_stop(n);
	if (!ret)
		ret = source_drain(n);
	if (!ret)
		ret = source_end(n);
	if (ret)
		goto out;
	if (run_fault(n, FAULT_STREAM_NOT_DRAINED)) {
		/* A device that went back to RUNNING would make a cancel of it. */
		ret = reopen_source(n);
		if (ret)
			goto out;
	}
	ret = prove(n, &proof);
	if (!ret)
		ret = target_load(n);
	if (!ret && n->r->outcome != EXERCISE_FAULTED)
		ret = verify(n, &proof);
	if (!ret && !n->plan->no_load)
		ret = target_end(n);
	if (!ret && run_fault(n, FAULT_STREAM_LEFT_OPEN))
		ret = reopen_source(n);
out:
	print_free(&proof.pages);
	/* Also after a success: source and sibling stand in STOP. */
	return give_up(n) ?: (ret < 0 && n->r->outcome != EXERCISE_FAILED ? ret : 0);
}

static void tell_late(void *ctx, const char *line)
{
	run_note(ctx, 0, "%s", line);
}

int exercise_migrate(struct exercise *x, uint32_t number, struct exercise_result *r)
{
	struct exercise_plan plan = *x->plan;
	struct run n = {
		.x = x,
		.plan = &plan,
		.r = r,
		.sfd = -1,
		.rfd = -1,
		.spool = -1,
		.began_ns = mono_ns(),
	};
	int ret = -ENOMEM;

	*r = (struct exercise_result){ .number = number };
	if (plan.vary) {
		exercise_vary(&plan, number, r->how);
		/* What cannot be left cannot be cancelled there. */
		if (plan.cancel == STAGE_PRECOPY && !device_has(&x->src, UAPI_FLAG_PRE_COPY))
			plan.cancel = STAGE_STOP_COPY;
	}
	n.read_size.fixed = n.write_size.fixed = (size_t)plan.buffer;
	random_seed(&n.read_size.random, plan.seed, number * 4ULL);
	random_seed(&n.write_size.random, plan.seed, number * 4ULL + 1);
	random_seed(&n.noise, plan.seed, number * 4ULL + 2);
	n.buf_size = plan.buffer ? (size_t)plan.buffer : SIZES_MAX;
	n.buf = malloc(n.buf_size);
	n.watchdog = watchdog_start(tell_late, &n);
	if (run_fault(&n, FAULT_RESUME_SHORT) || run_fault(&n, FAULT_RESUME_REJECTED))
		n.held = malloc(n.buf_size);
	if (!n.buf || (!n.held &&
		       (run_fault(&n, FAULT_RESUME_SHORT) || run_fault(&n, FAULT_RESUME_REJECTED))))
		run_failed(&n, &x->src, "malloc", -ENOMEM);
	else
		ret = migrate(&n);
	if (r->outcome != EXERCISE_COMPLETED && !r->why[0])
		snprintf(r->why, sizeof(r->why), "the migration did not complete");
	r->total_ns = mono_ns() - n.began_ns;
	watchdog_stop(n.watchdog);
	print_free(&n.before);
	run_close_fd(&n.spool);
	free(n.held);
	free(n.buf);
	return ret;
}
