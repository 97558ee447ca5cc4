// SPDX-License-Identifier: GPL-2.0
/* Whoever waits for data is woken, by data and by everything that ends the wait. */
#include <sys/epoll.h>

#include "client.h"

struct waiter {
	pthread_t thread;
	int fd;
	bool epoll;
	short revents;
	int ret;
	double woke;
};

static void *wait_thread(void *arg)
{
	struct waiter *w = arg;

	if (w->epoll) {
		struct epoll_event e = { .events = EPOLLIN };
		int ep = epoll_create1(EPOLL_CLOEXEC);

		if (epoll_ctl(ep, EPOLL_CTL_ADD, w->fd, &e)) {
			w->ret = -errno;
		} else {
			w->ret = epoll_wait(ep, &e, 1, 3000);
			w->revents = e.events;
		}
		close(ep);
	} else {
		struct pollfd p = { w->fd, POLLIN, 0 };

		w->ret = poll(&p, 1, 3000);
		w->revents = p.revents;
	}
	w->woke = now();
	return NULL;
}

/* Starts a waiter, does @act after it has gone to sleep, and judges it. */
static void wake(struct device *a, int fd, bool epoll, const char *what,
		 void (*act)(struct device *a), bool error)
{
	struct waiter w = { .fd = fd, .epoll = epoll };
	double t0;

	pthread_create(&w.thread, NULL, wait_thread, &w);
	usleep(50000);
	t0 = now();
	act(a);
	pthread_join(w.thread, NULL);
	/* Well before it would have given up, however slow the machine. */
	check(w.ret == 1 && w.woke > t0 && w.woke - t0 < 2.5 && (w.revents & POLLIN) &&
		      !!(w.revents & POLLERR) == error,
	      "%s wakes %s: %d, events %#x, %.1f ms", what, epoll ? "epoll" : "poll", w.ret,
	      w.revents, (w.woke - t0) * 1e3);
}

static void act_write(struct device *a)
{
	uint64_t x = 5;

	bar_write(a, PAGE, &x, 8);
}

static void act_stop_copy(struct device *a)
{
	int none;

	quiet(!device_set(a, MIG_STOP_COPY, &none), "STOP_COPY");
}

static void act_running(struct device *a)
{
	int none;

	quiet(!device_set(a, MIG_RUNNING, &none), "RUNNING");
}

static void act_reset(struct device *a)
{
	quiet(!device_reset(a), "reset");
	device_memory(a, true);
}

static int idle(struct device *a)
{
	struct blob b = {};
	int fd, ret;

	ret = device_set(a, MIG_PRE_COPY, &fd);
	quiet(!ret, "PRE_COPY: %d", ret);
	ret = drain(fd, &b, 1 << 20);
	quiet(ret == -ENOMSG, "the temporary end: %d", ret);
	blob_free(&b);
	return fd;
}

void test_poll(struct device *a, struct device *b)
{
	struct pollfd p = { -1, POLLIN, 0 };
	struct blob junk = {};
	int i, fd, none;
	char byte;

	if (a->mig & MIG_FLAG_PRE_COPY) {
		for (i = 0; i < 2; i++) {
			fd = idle(a);
			p.fd = fd;
			check_eq(poll(&p, 1, 100), 0, "poll at the temporary end times out");
			wake(a, fd, i, "a write to the BAR", act_write, false);
			check_eq(drain(fd, &junk, 1 << 20), -ENOMSG, "what woke us was data");
			check_eq(junk.len, RECORD + PAGE, "of one page");
			blob_free(&junk);
			wake(a, fd, i, "the next write", act_write, false);
			drain(fd, &junk, 1 << 20);
			blob_free(&junk);
			if (a->mig & MIG_FLAG_P2P) {
				need(!device_set(a, MIG_PRE_COPY_P2P, &none), "PRE_COPY_P2P");
				wake(a, fd, i, "a write in PRE_COPY_P2P", act_write, false);
				drain(fd, &junk, 1 << 20);
				blob_free(&junk);
			}
			wake(a, fd, i, "STOP_COPY", act_stop_copy, false);
			check_eq(drain(fd, &junk, 1 << 20), 0, "the permanent end");
			blob_free(&junk);
			/* always readable: nobody can wait here */
			check_eq(poll_now(fd, POLLIN), POLLIN, "poll at the permanent end");
			act_running(a);
			check(poll_now(fd, POLLIN) & POLLERR, "poll after the session");
			close(fd);

			fd = idle(a);
			wake(a, fd, i, "a cancelled migration", act_running, true);
			check(read(fd, &byte, 1) < 0 && errno == ENODEV, "then read gives ENODEV");
			close(fd);

			fd = idle(a);
			wake(a, fd, i, "a reset", act_reset, true);
			check(read(fd, &byte, 1) < 0 && errno == ENODEV, "then read gives ENODEV");
			close(fd);
		}
	}

	need(!device_set(a, MIG_STOP_COPY, &fd), "STOP_COPY");
	check_eq(poll_now(fd, POLLIN), POLLIN, "poll in STOP_COPY");
	check_eq(drain(fd, &junk, 1 << 20), 0, "drain");
	check_eq(poll_now(fd, POLLIN), POLLIN, "poll at the permanent end");
	blob_free(&junk);
	act_running(a);
	check(poll_now(fd, POLLIN) & POLLERR, "poll after the session");
	close(fd);
}
