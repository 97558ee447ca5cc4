// SPDX-License-Identifier: GPL-2.0-only
#include "exercise/watchdog.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LATE_S 5

struct watchdog {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	void (*tell)(void *ctx, const char *line);
	void *ctx;
	bool stop;
	time_t since; /* 0: in no call, or it was told */
	char device[80], call[80];
};

static time_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	/* Never 0. */
	return ts.tv_sec + 1;
}

static void *watch(void *arg)
{
	struct watchdog *w = arg;
	struct timespec until;
	char line[240];

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&w->wake, &w->lock, &until);
		if (w->stop || !w->since || now_s() - w->since < LATE_S)
			continue;
		snprintf(line, sizeof(line), "%s: %s has not returned for %lld s", w->device,
			 w->call, (long long)(now_s() - w->since));
		w->since = 0;
		w->tell(w->ctx, line);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct watchdog *watchdog_start(void (*tell)(void *ctx, const char *line), void *ctx)
{
	struct watchdog *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	w->tell = tell;
	w->ctx = ctx;
	if (pthread_create(&w->thread, NULL, watch, w)) {
		free(w);
		return NULL;
	}
	return w;
}

void watchdog_enter(struct watchdog *w, const char *device, const char *call)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	snprintf(w->device, sizeof(w->device), "%s", device);
	snprintf(w->call, sizeof(w->call), "%s", call);
	w->since = now_s();
	pthread_mutex_unlock(&w->lock);
}

void watchdog_leave(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->since = 0;
	pthread_mutex_unlock(&w->lock);
}

void watchdog_stop(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
