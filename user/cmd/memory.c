// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Threads allocate as well; a flag that only ever rises needs no more than this. */
static volatile bool failed;

bool memory_failed(void)
{
	return failed;
}

static void *got(void *p)
{
	if (!p)
		failed = true;
	return p;
}

#define WRAP(ret, name, params)   \
	ret __real_##name params; \
	ret __wrap_##name params; \
	ret __wrap_##name params

WRAP(void *, malloc, (size_t n))
{
	return got(__real_malloc(n));
}

WRAP(void *, calloc, (size_t n, size_t size))
{
	return got(__real_calloc(n, size));
}

WRAP(void *, realloc, (void *p, size_t n))
{
	void *q = __real_realloc(p, n);

	return n ? got(q) : q;
}

WRAP(char *, strdup, (const char *s))
{
	return got(__real_strdup(s));
}

WRAP(char *, strndup, (const char *s, size_t n))
{
	return got(__real_strndup(s, n));
}

/* NULL has other reasons, too. */
WRAP(FILE *, fopen, (const char *path, const char *mode))
{
	FILE *f = __real_fopen(path, mode);

	failed |= !f && errno == ENOMEM;
	return f;
}

WRAP(FILE *, fdopen, (int fd, const char *mode))
{
	FILE *f = __real_fdopen(fd, mode);

	failed |= !f && errno == ENOMEM;
	return f;
}

WRAP(FILE *, open_memstream, (char **text, size_t *size))
{
	FILE *f = __real_open_memstream(text, size);

	failed |= !f;
	return f;
}

/*
 * A stream in memory that could not grow, or be cut to its size, only says so by errno:
 * not even by its error flag.
 */
WRAP(int, fclose, (FILE * f))
{
	int ret;

	failed |= errno == ENOMEM;
	errno = 0;
	ret = __real_fclose(f);
	failed |= errno == ENOMEM;
	return ret;
}

WRAP(int, vasprintf, (char **s, const char *fmt, va_list ap))
{
	int n = __real_vasprintf(s, fmt, ap);

	failed |= n < 0;
	return n;
}

/* As the headers call them with _FORTIFY_SOURCE. */
WRAP(int, __vasprintf_chk, (char **s, int flag, const char *fmt, va_list ap))
{
	(void)flag;
	return __wrap_vasprintf(s, fmt, ap);
}

int __wrap_asprintf(char **s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap___asprintf_chk(char **s, int flag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int __wrap_asprintf(char **s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = __wrap_vasprintf(s, fmt, ap);
	va_end(ap);
	return n;
}

int __wrap___asprintf_chk(char **s, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = __wrap_vasprintf(s, fmt, ap);
	va_end(ap);
	return n;
}
