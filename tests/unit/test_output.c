// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_output - files that are whole or not there
 *
 * Every test runs twice: on a file system that has O_TMPFILE, and with it taken
 * away (open() is wrapped), as NFS and vfat are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording/format.h"
#include "recording/output.h"
#include "tests/unit/allocs.h"
#include "tests/unit/tmpdir.h"

static bool no_tmpfile;
static char err[OUTPUT_ERR_LEN];

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_open(path, flags, mode);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *get(const char *name)
{
	static char text[64];
	FILE *f = fopen(name, "re");
	size_t n;

	if (!f)
		return "(none)";
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* How many files there are, hidden ones included. */
static int files(void)
{
	DIR *d = opendir(".");
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(d);
	return n;
}

static struct output *begin(const char *name, unsigned int flags, const char *text)
{
	struct output *o;
	FILE *f;

	assert_int_equal(output_open(&o, name, flags, err), 0);
	f = output_stream(o);
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return o;
}

static void appears_whole(void **state)
{
	struct output *o = begin("a", 0, "new");

	(void)state;
	assert_int_equal(access("a", F_OK), -1);
	assert_int_equal(output_publish(o), 0);
	assert_int_equal(output_publish(o), 0);
	assert_string_equal(get("a"), "new");
	output_close(o);
	assert_string_equal(get("a"), "new");
	assert_int_equal(files(), 1);
}

static void vanishes(void **state)
{
	struct output *o;

	(void)state;
	put("a", "old");
	o = begin("a", OUTPUT_REPLACE, "new");
	output_close(o);
	assert_string_equal(get("a"), "old");
	o = begin("b", 0, "new");
	output_close(o);
	assert_int_equal(files(), 1);
	output_close(NULL);
}

static void replaces(void **state)
{
	struct output *o;

	(void)state;
	put("a", "old");
	assert_int_equal(output_open(&o, "a", 0, err), -EEXIST);
	assert_null(o);
	assert_string_equal(err, "a exists; -f overwrites it");
	o = begin("a", OUTPUT_REPLACE, "new");
	assert_string_equal(get("a"), "old");
	assert_int_equal(output_publish(o), 0);
	output_close(o);
	assert_string_equal(get("a"), "new");
	assert_int_equal(files(), 1);
}

/* Somebody comes between the beginning and the end. */
static void races(void **state)
{
	struct output *o = begin("a", 0, "new");

	(void)state;
	put("a", "theirs");
	assert_int_equal(output_publish(o), -EEXIST);
	output_close(o);
	assert_string_equal(get("a"), "theirs");

	unlink("a");
	o = begin("a", OUTPUT_REPLACE, "new");
	put("a", FORMAT_MAGIC "and so on");
	assert_int_equal(output_publish(o), -EPERM);
	output_close(o);
	assert_int_equal(files(), 1);

	/* a link that came is not followed, but replaced by nothing either */
	unlink("a");
	put("victim", "precious");
	o = begin("a", 0, "new");
	assert_int_equal(symlink("victim", "a"), 0);
	assert_int_equal(output_publish(o), -EEXIST);
	output_close(o);
	assert_string_equal(get("victim"), "precious");
	assert_int_equal(files(), 2);
}

static void names(void **state)
{
	struct output *o;

	(void)state;
	assert_int_equal(symlink("nowhere", "l"), 0);
	assert_int_equal(output_open(&o, "l", OUTPUT_REPLACE, err), -ELOOP);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(output_open(&o, "d", OUTPUT_REPLACE, err), -EISDIR);
	assert_int_equal(output_open(&o, "no/such", 0, err), -ENOENT);
	assert_string_equal(err, "no/such: No such file or directory");
	assert_int_equal(mkfifo("f", 0600), 0);
	assert_int_equal(output_open(&o, "f", OUTPUT_REPLACE, err), -EEXIST);
	assert_int_equal(output_check("f", OUTPUT_REPLACE, err), -EEXIST);
	assert_int_equal(output_check("f", OUTPUT_DEVICE, err), 0);
	assert_int_equal(output_open(&o, "f", OUTPUT_DEVICE, err), -ENXIO);
	o = begin("/dev/null", OUTPUT_DEVICE, "x");
	assert_int_equal(output_publish(o), 0);
	output_close(o);
	assert_int_equal(files(), 3);
	/* in a directory, and with a name as long as one can be */
	o = begin("d/x", 0, "x");
	assert_int_equal(output_publish(o), 0);
	output_close(o);
	assert_string_equal(get("d/x"), "x");
	unlink("d/x");
	rmdir("d");
	{
		char name[256];

		memset(name, 'n', 255);
		name[255] = '\0';
		o = begin(name, OUTPUT_REPLACE, "x");
		assert_int_equal(output_publish(o), 0);
		output_close(o);
		o = begin(name, OUTPUT_REPLACE, "y");
		assert_int_equal(output_publish(o), 0);
		output_close(o);
		assert_string_equal(get(name), "y");
	}
}

static mode_t mode(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void modes(void **state)
{
	mode_t old = umask(0022);
	struct output *o;

	(void)state;
	o = begin("a", 0, "x");
	assert_int_equal(output_publish(o), 0);
	output_close(o);
	assert_int_equal(mode("a"), 0644);
	assert_int_equal(chmod("a", 0640), 0);
	o = begin("a", OUTPUT_REPLACE, "x");
	assert_int_equal(output_publish(o), 0);
	output_close(o);
	assert_int_equal(mode("a"), 0640);
	umask(0);
	o = begin("r", OUTPUT_RECORDING, "x");
	assert_int_equal(output_publish(o), 0);
	output_close(o);
	assert_int_equal(mode("r"), 0600);
	close(output_append("m", err));
	assert_int_equal(mode("m"), 0600);
	umask(old);
}

/* A recording is protected from text, and from anybody while it is written. */
static void evidence(void **state)
{
	struct output *o, *other;
	int fd;

	(void)state;
	put("r", FORMAT_MAGIC "old");
	assert_int_equal(output_check("r", OUTPUT_REPLACE, err), -EPERM);
	assert_int_equal(output_open(&o, "r", OUTPUT_REPLACE, err), -EPERM);
	assert_int_equal(output_append("r", err), -EPERM);
	o = begin("r", OUTPUT_REPLACE | OUTPUT_RECORDING, FORMAT_MAGIC "first");
	assert_int_equal(output_publish(o), 0);
	assert_int_equal(output_check("r", OUTPUT_REPLACE | OUTPUT_RECORDING, err), -EBUSY);
	/* it grows on, and is locked for as long as somebody has it open */
	fd = output_fd(o);
	output_close(o);
	assert_int_equal(write(fd, "!", 1), 1);
	assert_int_equal(output_open(&other, "r", OUTPUT_REPLACE | OUTPUT_RECORDING, err), -EBUSY);
	close(fd);
	assert_string_equal(get("r"), FORMAT_MAGIC "first!");
	o = begin("r", OUTPUT_REPLACE | OUTPUT_RECORDING, FORMAT_MAGIC "second");
	/* who has been recording there since then keeps it */
	other = begin("r", OUTPUT_REPLACE | OUTPUT_RECORDING, FORMAT_MAGIC "third");
	assert_int_equal(output_publish(other), 0);
	assert_int_equal(output_publish(o), -EBUSY);
	output_close(o);
	output_close(other);
	assert_string_equal(get("r"), FORMAT_MAGIC "third");
	assert_int_equal(files(), 1);
	put("t", "text");
	assert_int_equal(output_check("t", OUTPUT_REPLACE, err), 0);
	assert_int_equal(output_check("none", OUTPUT_REPLACE, err), 0);
}

static void appends(void **state)
{
	int fd;

	(void)state;
	fd = output_append("m", err);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a", 1), 1);
	close(fd);
	fd = output_append("m", err);
	assert_int_equal(write(fd, "b", 1), 1);
	close(fd);
	assert_string_equal(get("m"), "ab");
	assert_int_equal(symlink("m", "l"), 0);
	assert_int_equal(output_append("l", err), -ELOOP);
	assert_int_equal(mkfifo("f", 0600), 0);
	assert_int_equal(output_append("f", err), -EEXIST);
}

static int without(void **state)
{
	(void)state;
	no_tmpfile = true;
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, tmpdir_enter, tmpdir_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(appears_whole), T(vanishes), T(replaces), T(races),
		T(names),	  T(modes),    T(evidence), T(appends),
	};
	int failed = cmocka_run_group_tests_name("O_TMPFILE", tests, NULL, NULL);

	return all_given_back(failed + cmocka_run_group_tests_name("none", tests, without, NULL));
}
