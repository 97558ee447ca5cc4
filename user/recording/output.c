// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "recording/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "recording/format.h"

#define TRIES 100

struct output {
	int fd;
	unsigned int flags;
	bool direct; /* standard output, a FIFO, a device */
	bool published;
	char *path;
	char *tmp; /* its hidden name; NULL: it has none */
};

static int fail(char err[OUTPUT_ERR_LEN], int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(char err[OUTPUT_ERR_LEN], int ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, OUTPUT_ERR_LEN, fmt, ap);
	va_end(ap);
	return ret;
}

static int fail_errno(char err[OUTPUT_ERR_LEN], const char *path, int ret)
{
	return fail(err, ret, "%s: %s", path, strerror(-ret));
}

/* Never waits: a FIFO's other end, a device's medium. */
static int open_quietly(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

static bool begins_as_recording(int fd)
{
	char magic[FORMAT_MAGIC_LEN];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       !memcmp(magic, FORMAT_MAGIC, sizeof(magic));
}

/*
 * What is at @path, which is a regular file: 0: it may be replaced.  One that we
 * may not look into is somebody's, perhaps a recording.
 */
static int may_replace(const char *path, unsigned int flags, char err[OUTPUT_ERR_LEN])
{
	int fd = open_quietly(path), ret = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : fail_errno(err, path, -errno);
	if (!begins_as_recording(fd))
		goto out;
	if (!(flags & OUTPUT_RECORDING))
		ret = fail(err, -EPERM, "%s: is a recording, which is not overwritten", path);
	else if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK)
		ret = fail(err, -EBUSY, "%s: is being recorded by another process", path);
out:
	close(fd);
	return ret;
}

/* 0 with *@direct: write to it as it is; else whether a file can get that name. */
static int look(const char *path, unsigned int flags, bool *direct, char err[OUTPUT_ERR_LEN])
{
	struct stat st, to;

	*direct = false;
	if (lstat(path, &st))
		return errno == ENOENT ? 0 : fail_errno(err, path, -errno);
	/* /dev/stdout is a link to what is none */
	if (S_ISLNK(st.st_mode) && !stat(path, &to) && !S_ISREG(to.st_mode))
		st = to;
	if (S_ISDIR(st.st_mode))
		return fail(err, -EISDIR, "%s: is a directory", path);
	if (S_ISLNK(st.st_mode))
		return fail(err, -ELOOP, "%s: is a symbolic link, which is not followed", path);
	if (S_ISREG(st.st_mode))
		return flags & OUTPUT_REPLACE ?
			       may_replace(path, flags, err) :
			       fail(err, -EEXIST, "%s exists; -f overwrites it", path);
	if (!(flags & OUTPUT_DEVICE))
		return fail(err, -EEXIST, "%s: is no regular file; -f writes to it all the same",
			    path);
	*direct = true;
	return 0;
}

int output_check(const char *path, unsigned int flags, char err[OUTPUT_ERR_LEN])
{
	bool direct;

	return strcmp(path, "-") ? look(path, flags, &direct, err) : 0;
}

static int open_direct(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), flags;

	if (fd < 0)
		return -errno;
	/* Only the opening was not to wait. */
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/* "DIR/.NAME.PID-N" for "DIR/NAME"; a name as long as one can be is cut. */
static char *hidden_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	static unsigned int count;
	char *tmp;

	if (asprintf(&tmp, "%.*s.%.200s.%x-%x", (int)(name - path), path, name,
		     (unsigned int)getpid(), count++) < 0)
		return NULL;
	return tmp;
}

static int create_hidden(const struct output *o)
{
	int fd = open(o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* A name for what has none: nobody else's. */
static int link_as(const struct output *o, const char *path)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", o->fd);
	return linkat(AT_FDCWD, proc, AT_FDCWD, path, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

static int link_hidden(const struct output *o)
{
	return link_as(o, o->tmp);
}

/* What @make gives with a hidden name that nobody has yet, which is o->tmp then; or -errno. */
static int under_hidden_name(struct output *o, int (*make)(const struct output *o))
{
	int i, ret;

	for (i = 0; i < TRIES; i++) {
		o->tmp = hidden_name(o->path);
		if (!o->tmp)
			return -ENOMEM;
		ret = make(o);
		if (ret >= 0)
			return ret;
		free(o->tmp);
		o->tmp = NULL;
		if (ret != -EEXIST)
			return ret;
	}
	return -EEXIST;
}

static mode_t wanted_mode(const struct output *o)
{
	struct stat st;
	mode_t mask;

	if (o->flags & OUTPUT_RECORDING)
		return 0600;
	if (o->flags & OUTPUT_SHARED)
		return 0644;
	/* A collector that may read the old one may read the new one. */
	if (!lstat(o->path, &st) && S_ISREG(st.st_mode))
		return st.st_mode & 0777;
	mask = umask(077);
	umask(mask);
	return 0666 & ~mask;
}

static int open_unnamed(struct output *o)
{
	const char *slash = strrchr(o->path, '/');
	char *dir;
	int fd;

	dir = slash ? strndup(o->path, (size_t)(slash - o->path) + 1) : strdup(".");
	if (!dir)
		return -ENOMEM;
	/* without /proc it could not be given a name */
	errno = EOPNOTSUPP;
	fd = access("/proc/self/fd", X_OK) ? -1 : open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	free(dir);
	/* what a file system without it says, and a kernel that does not know it */
	if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -errno;
	if (fd < 0)
		fd = under_hidden_name(o, create_hidden);
	if (fd < 0)
		return fd;
	fchmod(fd, wanted_mode(o)); /* vfat has no modes */
	/* Others see by it that this recording is being written; NFS may have none. */
	if (o->flags & OUTPUT_RECORDING)
		flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

int output_open(struct output **op, const char *path, unsigned int flags, char err[OUTPUT_ERR_LEN])
{
	bool is_stdout = !strcmp(path, "-"), direct = true;
	struct output *o;
	int ret;

	*op = NULL;
	ret = is_stdout ? 0 : look(path, flags, &direct, err);
	if (ret)
		return ret;
	o = calloc(1, sizeof(*o));
	if (o)
		o->path = strdup(path);
	if (!o || !o->path) {
		free(o);
		return fail_errno(err, path, -ENOMEM);
	}
	o->flags = flags;
	o->direct = direct;
	if (is_stdout) {
		o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (o->fd < 0)
			o->fd = -errno;
	} else {
		o->fd = direct ? open_direct(path) : open_unnamed(o);
	}
	if (o->fd < 0) {
		ret = o->fd == -ENXIO ? fail(err, o->fd, "%s: nobody reads it", path) :
					fail_errno(err, is_stdout ? "stdout" : path, o->fd);
		output_close(o);
		return ret;
	}
	*op = o;
	return 0;
}

int output_fd(const struct output *o)
{
	int fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? -errno : fd;
}

FILE *output_stream(const struct output *o)
{
	int fd = output_fd(o);
	FILE *f;

	if (fd < 0)
		return NULL;
	f = fdopen(fd, "w");
	if (!f)
		close(fd);
	return f;
}

/* Why an earlier write to @f failed, when nobody kept its errno; 0: not known. */
static int write_error(FILE *f)
{
	struct pollfd p = { .fd = fileno(f), .events = POLLOUT };
	struct rlimit limit;
	struct statvfs fs;
	struct stat st;

	/* A pipe whose reader has gone says so for ever. */
	if (poll(&p, 1, 0) == 1 && p.revents & POLLERR)
		return EPIPE;
	if (!fstat(p.fd, &st) && S_ISREG(st.st_mode) && !getrlimit(RLIMIT_FSIZE, &limit) &&
	    (rlim_t)st.st_size >= limit.rlim_cur)
		return EFBIG;
	if (!fstatvfs(p.fd, &fs) && fs.f_blocks && !fs.f_bavail)
		return ENOSPC;
	return 0;
}

bool output_stream_end(FILE *f, int *err)
{
	bool failed = ferror(f);

	*err = failed ? write_error(f) : 0;
	errno = 0;
	if (f == stdout ? fflush(f) : fclose(f)) {
		failed = true;
		*err = errno;
	}
	return !failed;
}

/* From its hidden name, for which one is made, to its own. */
static int rename_over(struct output *o)
{
	char err[OUTPUT_ERR_LEN];
	struct stat st;
	int ret;

	/* What came in the meantime is judged as what was there before. */
	if (!lstat(o->path, &st)) {
		ret = S_ISREG(st.st_mode) ? may_replace(o->path, o->flags, err) : 0;
		if (ret)
			return ret;
	}
	ret = o->tmp ? 0 : under_hidden_name(o, link_hidden);
	if (ret)
		return ret;
	return rename(o->tmp, o->path) ? -errno : 0;
}

/* Where nothing is yet: whoever comes first has it. */
static int link_new(struct output *o)
{
	if (!o->tmp)
		return link_as(o, o->path);
	if (!renameat2(AT_FDCWD, o->tmp, AT_FDCWD, o->path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (link(o->tmp, o->path))
		return -errno;
	unlink(o->tmp);
	return 0;
}

int output_publish(struct output *o)
{
	int ret;

	if (o->published || o->direct)
		return 0;
	ret = o->flags & OUTPUT_REPLACE ? rename_over(o) : link_new(o);
	if (ret)
		return ret;
	o->published = true;
	return 0;
}

int output_lost(const struct output *o)
{
	struct stat st;

	if (!o->published || fstat(o->fd, &st))
		return 0;
	return st.st_nlink ? 0 : -ENOENT;
}

void output_close(struct output *o)
{
	if (!o)
		return;
	if (o->tmp && !o->published)
		unlink(o->tmp);
	if (o->fd >= 0)
		close(o->fd);
	free(o->tmp);
	free(o->path);
	free(o);
}

int output_append(const char *path, char err[OUTPUT_ERR_LEN])
{
	struct stat st;
	int ret, fd = open(path,
			   O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
				   O_NOCTTY,
			   0600);

	if (fd < 0)
		return errno == ELOOP ?
			       fail(err, -ELOOP, "%s: is a symbolic link, which is not followed",
				    path) :
			       fail_errno(err, path, -errno);
	if (fstat(fd, &st))
		ret = fail_errno(err, path, -errno);
	else if (!S_ISREG(st.st_mode))
		ret = fail(err, -EEXIST, "%s: is no regular file", path);
	else if (begins_as_recording(fd))
		ret = fail(err, -EPERM, "%s: is a recording, which is not overwritten", path);
	else
		return fd;
	close(fd);
	return ret;
}
