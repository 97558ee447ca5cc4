// SPDX-License-Identifier: GPL-2.0-only
/*
 * failmalloc - one allocation of a program fails (LD_PRELOAD)
 *
 * FAILMALLOC_AT=N: the N-th call of malloc(), calloc(), realloc() and their kin
 * returns NULL with ENOMEM; with FAILMALLOC_ON=1 so does every later one.
 * FAILMALLOC_COUNT=FILE: their number goes there at the end.  Whose allocation it is,
 * ours or a library's, is no difference: the tool has to bear both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static unsigned long count, fail_at;
static int on;

__attribute__((constructor)) static void start(void)
{
	const char *at = getenv("FAILMALLOC_AT");

	count = 0;
	fail_at = at ? strtoul(at, NULL, 10) : 0;
	on = getenv("FAILMALLOC_ON") != NULL;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("FAILMALLOC_COUNT");
	char text[32];
	int fd, n;

	if (!path)
		return;
	n = snprintf(text, sizeof(text), "%lu\n", count);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		abort();
	close(fd);
}

static int fails(void)
{
	count++;
	if (!fail_at || (on ? count < fail_at : count != fail_at))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
	if (fails())
		return ENOMEM;
	*p = __libc_memalign(align, n);
	return *p ? 0 : ENOMEM;
}

void *aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __libc_memalign(align, n);
}
