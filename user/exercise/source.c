// SPDX-License-Identifier: GPL-2.0-only
/*
 * source.c - the saving side
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "exercise/run.h"
#include "util/mono.h"

/* While data comes, an info is asked for so often. */
#define INFO_PERIOD_NS	 100000000ULL
/* And while none comes, this is how long one waits at most. */
#define WAIT_MS		 50
/* A driver without .poll says "readable" at once, and then there is nothing. */
#define NO_POLL_NS	 1000000ULL
#define PROGRESS_NS	 200000000ULL
/* More than the judge's hundred, and over in no time. */
#define SPIN_READS	 2000
#define CONCURRENT_READS 24

static bool has_precopy(const struct run *n)
{
	return device_has(&n->x->src, UAPI_FLAG_PRE_COPY) && n->plan->policy.kind != POLICY_NONE;
}

static bool uses_p2p(const struct run *n)
{
	return device_has(&n->x->src, UAPI_FLAG_P2P) && !n->plan->no_p2p &&
	       !run_fault(n, FAULT_P2P_SKIPPED);
}

/* With no descriptor free. */
static int set_state_without_fds(struct run *n, uint32_t state)
{
	struct rlimit was, none;
	int err, lowest = dup(n->x->src.fd);

	if (lowest < 0)
		return -errno;
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &was);
	none = was;
	none.rlim_cur = (rlim_t)lowest;
	setrlimit(RLIMIT_NOFILE, &none);
	err = device_set_state(&n->x->src, state, &n->sfd);
	setrlimit(RLIMIT_NOFILE, &was);
	return err;
}

/* The driver makes the file, and nobody gets it: EMFILE, and every other time EFAULT. */
static int lose_fd(struct run *n, uint32_t state)
{
	int err = n->r->number % 2 ? set_state_without_fds(n, state) :
				     device_set_state_unwritable(&n->x->src, state);

	if (!err)
		return run_failed(n, &n->x->src, "SET_STATE delivered its data FD", -EPROTO);
	run_note(n, 1, "SET_STATE(%s): %s; the device is in %s", state_name(state), strerror(-err),
		 state_name((uint32_t)device_get_state(&n->x->src)));
	n->r->outcome = EXERCISE_FAULTED;
	return 1;
}

static int begin_session(struct run *n, uint32_t state)
{
	int err;

	if (run_fault(n, FAULT_FD_LOST))
		return lose_fd(n, state);
	err = run_set_state(n, &n->x->src, state, &n->sfd);
	if (!err && n->sfd < 0)
		err = run_failed(n, &n->x->src, "no data FD came with the session", -EPROTO);
	return err;
}

int source_begin(struct run *n)
{
	struct exercise *x = n->x;
	int err;

	n->r->has_data_size = !device_data_size(&x->src, &n->r->data_size);
	if (x->dirty_src.size) {
		err = dirty_stamp(&x->src, &x->dirty_src, &n->noise);
		if (!err)
			err = dirtier_start(&n->dirtier, &x->src, &x->dirty_src,
					    n->plan->dirty.rate, &n->noise);
		if (err)
			return run_failed(n, &x->src, "writing to the region", err);
	}
	policy_begin(&n->view, mono_ns());
	return has_precopy(n) ? begin_session(n, ST_PRE_COPY) : 0;
}

static int ask_info(struct run *n)
{
	struct uapi_precopy_info info;
	int err = precopy_info(n->sfd, &info);

	if (err) {
		/* Mandatory; but the stream can be read without it. */
		if (!n->r->infos)
			run_note(n, 0, "%s: GET_PRECOPY_INFO: %s", n->x->src.name, strerror(-err));
		return err;
	}
	n->r->infos++;
	policy_info(&n->view, info.initial_bytes, info.dirty_bytes);
	return 0;
}

/* One read() and what becomes of it.  The bytes, 0 for an empty one, or -errno. */
static ssize_t read_once(struct run *n, size_t size, bool precopy)
{
	ssize_t got;
	int err;

	watchdog_enter(n->watchdog, n->x->src.name,
		       precopy ? "read() in PRE_COPY" : "read() in STOP_COPY");
	got = read(n->sfd, n->buf, size);
	err = got < 0 ? -errno : 0;
	watchdog_leave(n->watchdog);
	if (got < 0) {
		if (err == -EINTR)
			return -EINTR;
		/* Some drivers say 0 for the temporary end, too. */
		if (!precopy || err != -ENOMSG) {
			run_failed(n, &n->x->src,
				   precopy ? "read() in PRE_COPY" : "read() in STOP_COPY", err);
			return err;
		}
		got = 0;
	}
	n->r->reads++;
	if (!got)
		n->r->empty++;
	else if (precopy)
		n->r->bytes_precopy += (uint64_t)got;
	else
		n->r->bytes_stop_copy += (uint64_t)got;
	if (got > 0) {
		err = target_take(n, n->buf, (size_t)got);
		if (err)
			return err;
	}
	if (n->plan->progress && mono_ns() - n->shown_ns > PROGRESS_NS) {
		n->shown_ns = mono_ns();
		n->plan->progress(n->plan->ctx, n->r);
	}
	return got;
}

/* There was nothing to read: wait for more, as the plan says. */
static void wait_for_data(struct run *n)
{
	uint64_t now = mono_ns(), until = policy_deadline(&n->plan->policy, &n->view);
	struct pollfd p = { .fd = n->sfd, .events = POLLIN };
	int ms = WAIT_MS;

	if (until <= now)
		return;
	if (until - now < (uint64_t)ms * 1000000)
		ms = (int)((until - now) / 1000000) + 1;
	switch (n->plan->wait) {
	case WAIT_SPIN:
		break;
	case WAIT_INFO:
		run_sleep(NO_POLL_NS * 5);
		break;
	case WAIT_POLL:
		if (poll(&p, 1, ms) > 0 && n->view.empty && mono_ns() - now < NO_POLL_NS)
			run_sleep(NO_POLL_NS);
		break;
	}
}

struct two {
	struct run *n;
	pthread_mutex_t lock;
	uint64_t *bytes;
};

static void *read_along(void *arg)
{
	struct two *t = arg;
	struct run *n = t->n;
	uint8_t *buf = malloc(n->buf_size);
	int i;

	for (i = 0; buf && i < CONCURRENT_READS; i++) {
		ssize_t got = read(n->sfd, buf, n->buf_size);

		if (got <= 0)
			break;
		/* Whoever comes first: the order is lost before this. */
		pthread_mutex_lock(&t->lock);
		n->r->reads++;
		*t->bytes += (uint64_t)got;
		target_take(n, buf, (size_t)got);
		pthread_mutex_unlock(&t->lock);
	}
	free(buf);
	return NULL;
}

static int read_concurrently(struct run *n, uint64_t *bytes)
{
	struct two t = { .n = n, .lock = PTHREAD_MUTEX_INITIALIZER, .bytes = bytes };
	pthread_t other;
	int err;

	err = pthread_create(&other, NULL, read_along, &t);
	if (err)
		return run_failed(n, &n->x->src, "pthread_create", -err);
	read_along(&t);
	pthread_join(other, NULL);
	return 0;
}

/* The bandwidth that the plan gives to pre-copy. */
static void pace(struct run *n)
{
	uint64_t due, spent = mono_ns() - n->view.began_ns;

	if (!n->plan->bandwidth)
		return;
	due = (uint64_t)((double)n->r->bytes_precopy / (double)n->plan->bandwidth * 1e9);
	if (due > spent)
		run_sleep(due - spent);
}

static int spin(struct run *n)
{
	ssize_t got;
	int i;

	for (i = 0; i < SPIN_READS; i++) {
		got = read_once(n, n->buf_size, true);
		if (got < 0 && got != -EINTR)
			return (int)got;
	}
	return 0;
}

/* A planned end of the session at @stage. */
static int end_here(struct run *n, enum exercise_stage stage)
{
	const struct exercise_plan *p = n->plan;
	int err;

	if (p->cancel == stage) {
		n->r->outcome = EXERCISE_CANCELLED;
		return 1;
	}
	/* What is being loaded can be reset as soon as some of it is there. */
	if (p->reset == STAGE_RESUMING && n->x->has_dst && stage == STAGE_STOP_COPY) {
		n->r->outcome = EXERCISE_RESET;
		return 1;
	}
	if (p->reset == stage || run_fault(n, FAULT_RESET_IN_SESSION)) {
		err = run_stop_dirtying(n);
		if (!err)
			err = run_reset(n, &n->x->src);
		if (err)
			return run_failed(n, &n->x->src, "VFIO_DEVICE_RESET", err);
		n->r->outcome = p->reset ? EXERCISE_RESET : EXERCISE_FAULTED;
		return 1;
	}
	return 0;
}

int source_precopy(struct run *n)
{
	uint64_t asked_ns = mono_ns();
	enum policy_answer answer;
	ssize_t got;
	int err;

	if (!has_precopy(n))
		return 0;
	ask_info(n);
	if (run_fault(n, FAULT_CONCURRENT_IO)) {
		err = read_concurrently(n, &n->r->bytes_precopy);
		if (err)
			return err;
	}
	for (;;) {
		if (run_interrupted(n)) {
			n->r->outcome = EXERCISE_INTERRUPTED;
			return 1;
		}
		if (run_fault(n, FAULT_LEFT_PRECOPY_EARLY))
			break;
		answer = policy_ask(&n->plan->policy, &n->view, mono_ns());
		n->r->gave_up = answer == POLICY_GIVE_UP;
		if (answer != POLICY_STAY)
			break;
		got = read_once(n, sizes_next(&n->read_size), true);
		if (got == -EINTR)
			continue;
		if (got < 0)
			return (int)got;
		policy_read(&n->view, (uint64_t)got);
		if (got)
			pace(n);
		else
			wait_for_data(n);
		/* What the last info told of has come, or it is some time ago. */
		if (!n->view.informed ?
			    n->r->infos > 0 :
			    (n->plan->wait != WAIT_SPIN && n->view.empty) ||
				    (!n->view.empty &&
				     n->view.since >= n->view.initial + n->view.dirty) ||
				    mono_ns() - asked_ns > INFO_PERIOD_NS) {
			ask_info(n);
			asked_ns = mono_ns();
		}
	}
	/* What a driver answers when it has said that nothing is left: ENOMSG, or more. */
	if (!n->plan->no_probes && !n->r->empty && n->view.informed && !policy_left(&n->view)) {
		got = read_once(n, sizes_next(&n->read_size), true);
		if (got < 0 && got != -EINTR)
			return (int)got;
	}
	if (run_fault(n, FAULT_ENOMSG_SPIN)) {
		err = spin(n);
		if (err)
			return err;
	}
	return end_here(n, STAGE_PRECOPY);
}

static int stop_sibling(struct run *n, uint32_t state)
{
	struct device *sib = &n->x->sib;

	if (!n->x->has_sib)
		return 0;
	if (state == ST_RUNNING_P2P &&
	    (!device_has(sib, UAPI_FLAG_P2P) || n->plan->no_p2p || run_fault(n, FAULT_P2P_SKIPPED)))
		return 0;
	return run_set_state(n, sib, state, NULL);
}

/* PRE_COPY is left through RUNNING, and all it moved is moved again. */
static int throw_away(struct run *n)
{
	int err;

	err = run_set_state(n, &n->x->src, ST_STOP, NULL);
	run_close_fd(&n->sfd);
	if (!err)
		err = target_drop(n);
	if (!err)
		err = target_begin(n);
	if (!err)
		err = begin_session(n, ST_STOP_COPY);
	return err;
}

int source_stop(struct run *n)
{
	struct device *d = &n->x->src;
	int err;

	err = run_stop_dirtying(n);
	if (err)
		return err;
	if (n->plan->delay_arc_ns)
		run_sleep(n->plan->delay_arc_ns);
	if (has_precopy(n) && !ask_info(n)) {
		n->r->has_left = true;
		n->r->initial_left = n->view.initial;
		n->r->dirty_left = n->view.dirty;
	}
	n->r->has_data_size = !device_data_size(d, &n->r->data_size);
	n->stop_began_ns = mono_ns();
	n->r->precopy_ns = has_precopy(n) ? n->stop_began_ns - n->view.began_ns : 0;

	/* First all are quiet towards each other, then the first one stops. */
	err = stop_sibling(n, ST_RUNNING_P2P);
	if (!err && run_fault(n, FAULT_PRECOPY_THROWN_AWAY))
		return throw_away(n);
	if (!err && uses_p2p(n))
		err = run_set_state(n, d, has_precopy(n) ? ST_PRE_COPY_P2P : ST_RUNNING_P2P, NULL);
	if (!err && has_precopy(n))
		err = run_set_state(n, d, ST_STOP_COPY, NULL);
	else if (!err)
		err = run_set_state(n, d, ST_STOP, NULL) ?: begin_session(n, ST_STOP_COPY);
	if (!err)
		err = stop_sibling(n, ST_STOP);
	return err;
}

/* What a VMM has no reason to look at, and a driver has to answer all the same. */
static void look_at_end(struct run *n)
{
	struct pollfd p = { .fd = n->sfd, .events = POLLIN };
	struct uapi_precopy_info info;
	uint8_t byte;
	ssize_t got;

	if (n->plan->no_probes)
		return;
	if (poll(&p, 1, 0) <= 0)
		run_note(n, 0, "%s: poll says not readable at the end of the stream",
			 n->x->src.name);
	got = read(n->sfd, &byte, 1);
	if (got)
		run_note(n, 0, "%s: read() after the end of the stream gave %s", n->x->src.name,
			 got > 0 ? "data" : strerror(errno));
	if (device_has(&n->x->src, UAPI_FLAG_PRE_COPY) && !precopy_info(n->sfd, &info))
		run_note(n, 0, "%s: GET_PRECOPY_INFO succeeded in STOP_COPY", n->x->src.name);
}

static void look_behind_end(struct run *n)
{
	uint8_t byte;

	if (!n->plan->no_probes && read(n->sfd, &byte, 1) > 0)
		run_note(n, 0, "%s: read() moves data after the session", n->x->src.name);
}

int source_drain(struct run *n)
{
	bool first = true;
	ssize_t got;
	int err;

	if (run_fault(n, FAULT_CONCURRENT_IO) && !n->r->bytes_precopy) {
		err = read_concurrently(n, &n->r->bytes_stop_copy);
		if (err)
			return err;
	}
	for (;;) {
		if (!first && n->plan->delay_read_ns)
			run_sleep(n->plan->delay_read_ns);
		/* So little that it is not all. */
		got = read_once(
			n, run_fault(n, FAULT_STREAM_NOT_DRAINED) ? 16 : sizes_next(&n->read_size),
			false);
		if (got == -EINTR)
			continue;
		if (got < 0)
			return (int)got;
		if (first) {
			err = end_here(n, STAGE_STOP_COPY);
			if (err)
				return err;
		}
		first = false;
		if (!got)
			break;
		if (run_fault(n, FAULT_STREAM_NOT_DRAINED)) {
			n->r->outcome = EXERCISE_FAULTED;
			return 0;
		}
		if (run_interrupted(n)) {
			n->r->outcome = EXERCISE_INTERRUPTED;
			return 1;
		}
	}
	n->r->stop_ns = mono_ns() - n->stop_began_ns;
	look_at_end(n);
	return 0;
}

int source_end(struct run *n)
{
	int err;

	err = run_set_state(n, &n->x->src, ST_STOP, NULL);
	if (err)
		return err;
	if (run_fault(n, FAULT_STREAM_LEFT_OPEN))
		return 0;
	look_behind_end(n);
	run_close_fd(&n->sfd);
	return 0;
}
