// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <time.h>

#include "client.h"

int tap_failed, tap_count;
const char *tap_test = "";
static pthread_mutex_t tap_lock = PTHREAD_MUTEX_INITIALIZER;

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

bool tap(bool pass, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&tap_lock);
	printf("%sok %d - %s: ", pass ? "" : "not ", ++tap_count, tap_test);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	if (!pass) {
		tap_failed++;
		printf(" (%s:%d)", file, line);
	}
	printf("\n");
	fflush(stdout);
	pthread_mutex_unlock(&tap_lock);
	return pass;
}

void diag(const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&tap_lock);
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	pthread_mutex_unlock(&tap_lock);
}
