// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

void fuzz_die(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	n = n < 0 ? 0 : n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2;
	line[n++] = '\n';
	/* A target may have put something else in the place of stderr. */
	if (write(STDERR_FILENO, line, (size_t)n) != n)
		_exit(1);
	abort();
}

static void too_long(int sig)
{
	(void)sig;
	fuzz_die("hangs: more than %d s of processor time", FUZZ_LIMIT_SECONDS);
}

void fuzz_begin(void)
{
	const struct itimerval limit = { .it_value.tv_sec = FUZZ_LIMIT_SECONDS };
	static bool set;

	if (!set)
		signal(SIGPROF, too_long);
	set = true;
	setitimer(ITIMER_PROF, &limit, NULL);
}

static char where[] = "/dev/shm/vfioscope-fuzz-XXXXXX";
static int dir = -1, home = -1;

static void empty(void)
{
	DIR *d = fdopendir(dup(dir));
	struct dirent *e;

	if (!d)
		return;
	rewinddir(d);
	while ((e = readdir(d)))
		unlinkat(dir, e->d_name, 0);
	closedir(d);
}

static void remove_dir(void)
{
	empty();
	rmdir(where);
}

void fuzz_dir_enter(void)
{
	if (dir < 0) {
		home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		dir = mkdtemp(where) ? open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir < 0 || home < 0)
			fuzz_die("no directory for what is written");
		atexit(remove_dir);
	}
	if (fchdir(dir))
		fuzz_die("no directory for what is written");
}

void fuzz_dir_leave(void)
{
	empty();
	/* Whoever drives names his files from where he was started. */
	if (fchdir(home))
		fuzz_die("the way back is lost");
}

int fuzz_dir_create(const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fuzz_die("%s: cannot be written", name);
	return fd;
}

uint64_t take(struct bytes *b, unsigned int width)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < width && b->n; i++, b->p++, b->n--)
		v |= (uint64_t)*b->p << 8 * i;
	return v;
}

struct bytes take_bytes(struct bytes *b, size_t n)
{
	struct bytes out = { .p = b->p, .n = n < b->n ? n : b->n };

	b->p += out.n;
	b->n -= out.n;
	return out;
}

void take_string(struct bytes *b, char *s, size_t size)
{
	/* What harms a terminal, a page, a table or a query. */
	static const char *const odd[] = {
		"",
		"\033[31m\033]0;x\007",
		"<b>&\"'</b>",
		"a\nb\r\n,;\"x\"\t",
		"\xff\xfe\x80",
		"\xe2\x80\xae\xf0\x9f\x92\xa9",
		"%s%n%d{}\\u0000",
		"../../etc",
	};
	struct bytes in;
	uint8_t how = take8(b);

	memset(s, 0, size);
	if (how < 64) {
		snprintf(s, size, "%s", odd[how % (sizeof(odd) / sizeof(odd[0]))]);
		return;
	}
	/* Often short, now and then as long as can be. */
	in = take_bytes(b, how < 224 ? how % 16 : size - 1);
	memcpy(s, in.p, in.n < size ? in.n : size - 1);
}

uint64_t take_odd(struct bytes *b, uint64_t near)
{
	static const uint64_t odd[] = {
		0,
		1,
		2,
		UINT64_MAX,
		UINT64_MAX - 1,
		INT64_MAX,
		(uint64_t)INT64_MIN,
		UINT32_MAX,
		1ULL << 32,
		INT32_MAX,
		65535,
		65536,
		1048576,
		1000000000,
		255,
		9223372036ULL * 1000000000ULL,
	};
	uint8_t how = take8(b);

	switch (how >> 5) {
	case 0:
	case 1:
		return odd[how % (sizeof(odd) / sizeof(odd[0]))];
	case 2:
		return take(b, 8);
	case 3:
		return how & 31;
	case 4:
		return near + ((uint64_t)take8(b) << (how & 31) * 2);
	case 5:
		return near - ((uint64_t)take8(b) << (how & 31) * 2);
	case 6:
		return take(b, 4);
	}
	return take(b, 2);
}

/* Of a target that needs none. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}
