// SPDX-License-Identifier: GPL-2.0-only
/*
 * reader_window.c - the input, through a window that slides over it
 */
#include "recording/reader.h"
#include "util/mono.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WINDOW_MIN (128U << 10)
/* a frame, and the head behind it */
#define WINDOW_MAX (2 * FRAME_HEAD_LEN + FRAME_PAYLOAD_MAX)

int reader_fail(struct recording *r, int err, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(r->error, sizeof(r->error), "%s: ", r->name);
	if (n > 0 && (size_t)n < sizeof(r->error)) {
		va_start(ap, fmt);
		vsnprintf(r->error + n, sizeof(r->error) - n, fmt, ap);
		va_end(ap);
	}
	r->failed = err;
	return err;
}

int reader_fail_errno(struct recording *r, int err)
{
	return reader_fail(r, err, "%s", strerror(-err));
}

uint64_t reader_now_ms(void)
{
	return mono_ns() / 1000000;
}

int reader_fill(struct recording *r, size_t need, uint64_t deadline)
{
	while (reader_avail(r) < need) {
		ssize_t n;

		if (r->eof)
			return -ENODATA;
		if (r->pos && r->cap - r->pos < need) {
			memmove(r->data, r->data + r->pos, reader_avail(r));
			r->len -= r->pos;
			r->pos = 0;
		}
		if (r->cap < need) {
			size_t cap = r->cap ? r->cap : WINDOW_MIN;
			uint8_t *data;

			while (cap < need)
				cap *= 2;
			if (cap > WINDOW_MAX)
				cap = WINDOW_MAX;
			data = realloc(r->data, cap);
			if (!data)
				return reader_fail_errno(r, -ENOMEM);
			r->data = data;
			r->cap = cap;
		}
		if (!reader_avail(r))
			r->pos = r->len = 0;
		if (!r->regular) {
			struct pollfd p = { .fd = r->fd, .events = POLLIN };
			uint64_t now = deadline == UINT64_MAX ? 0 : reader_now_ms();
			int timeout = -1;

			if (deadline != UINT64_MAX)
				timeout = now < deadline ? (int)(deadline - now) : 0;
			n = poll(&p, 1, timeout);
			if (n < 0 && errno == EINTR)
				return 0; /* the caller may have to stop */
			if (n < 0)
				return reader_fail_errno(r, -errno);
			if (!n)
				return 0;
		}
		n = read(r->fd, r->data + r->len, r->cap - r->len);
		if (n > 0) {
			r->len += n;
		} else if (!n) {
			r->eof = true;
		} else if (errno != EINTR && errno != EAGAIN) {
			return reader_fail_errno(r, -errno);
		}
	}
	return 1;
}
