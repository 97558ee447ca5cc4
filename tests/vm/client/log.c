// SPDX-License-Identifier: GPL-2.0
/*
 * Every call that the tests make on a device FD or a data FD, as a line of JSON
 * in $VFIO_CLIENT_LOG, in the words of vfioscope's own NDJSON: what a recording
 * of the same run must hold, exactly once and, thread by thread, in this order.
 *
 * The linker puts these in place of the C library's (--wrap), so that no test
 * can forget one. Not logged, because no driver sees them: read() and write()
 * that the VFS refuses (EBADF), lseek(), pread() and pwrite() of a data FD, and
 * ioctl() on one that has no ioctl (ENOTTY).
 *
 * A poll() that may wait calls the driver once or more, so its line says how
 * often: "min", and "max" where there is one.
 *
 * Threads share FDs and a number is soon another file's: a number is marked
 * before another thread can know it and unmarked before it is free.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "client.h"

#define FDS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *log_file;
static bool looked;
static bool is_device[FDS], is_data[FDS];

ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
int __real_ioctl(int fd, unsigned long cmd, ...);
int __real_close(int fd);
int __real_dup(int fd);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_epoll_ctl(int ep, int op, int fd, struct epoll_event *e);
int __real_epoll_wait(int ep, struct epoll_event *e, int max, int timeout);

ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
int __wrap_ioctl(int fd, unsigned long cmd, ...);
int __wrap_close(int fd);
int __wrap_dup(int fd);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *e);
int __wrap_epoll_wait(int ep, struct epoll_event *e, int max, int timeout);

static bool logging(void)
{
	const char *path;

	if (!looked) {
		pthread_mutex_lock(&lock);
		path = getenv("VFIO_CLIENT_LOG");
		if (!looked && path)
			log_file = fopen(path, "we");
		looked = true;
		pthread_mutex_unlock(&lock);
	}
	return log_file;
}

__attribute__((format(printf, 2, 3))) static void line(const char *kind, const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	pthread_mutex_lock(&lock);
	fprintf(log_file, "{\"tid\": %ld, \"kind\": \"%s\", ", syscall(SYS_gettid), kind);
	va_start(ap, fmt);
	vfprintf(log_file, fmt, ap);
	va_end(ap);
	fputs("}\n", log_file);
	fflush(log_file);
	pthread_mutex_unlock(&lock);
	errno = err;
}

/* For a kernel without process_vm_readv(). */
static bool peek_by_pipe(const void *from, void *to, size_t n)
{
	int fd[2];
	bool ok;

	if (pipe2(fd, O_CLOEXEC))
		return false;
	ok = __real_write(fd[1], from, n) == (ssize_t)n && __real_read(fd[0], to, n) == (ssize_t)n;
	__real_close(fd[0]);
	__real_close(fd[1]);
	return ok;
}

/* The tests pass bad pointers on purpose. */
static bool peek(const void *from, void *to, size_t n)
{
	struct iovec l = { to, n }, r = { (void *)from, n };
	int err = errno;
	ssize_t got = process_vm_readv(getpid(), &l, 1, &r, 1, 0);
	bool ok = got == (ssize_t)n || (got < 0 && errno == ENOSYS && peek_by_pipe(from, to, n));

	errno = err;
	return ok;
}

static bool marked(const bool *set, int fd)
{
	return fd >= 0 && fd < FDS && set[fd];
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	ssize_t ret = __real_read(fd, buf, n);

	if (logging() && marked(is_data, fd) && !(ret < 0 && errno == EBADF))
		line("read", "\"size\": %zu, \"ret\": %zd", n, ret < 0 ? -errno : ret);
	return ret;
}

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	ssize_t ret = __real_write(fd, buf, n);

	if (logging() && marked(is_data, fd) && !(ret < 0 && errno == EBADF))
		line("write", "\"size\": %zu, \"ret\": %zd", n, ret < 0 ? -errno : ret);
	return ret;
}

static void feature_line(const void *arg, int ret)
{
	uint32_t head[2], index, op, pay[2] = {};
	bool has_pay;

	if (!peek(arg, head, sizeof(head))) {
		line("feature", "\"index\": 65535, \"op\": \"none\", \"ret\": %d", ret);
		return;
	}
	index = head[1] & 0xffff;
	op = head[1] & (FEAT_GET | FEAT_SET | FEAT_PROBE);
	has_pay = head[0] >= 16 && peek((const char *)arg + 8, pay, sizeof(pay));

	if (op == FEAT_GET && index == FEAT_MIGRATION)
		line("migration_flags", "\"ret\": %d", ret);
	else if (op == FEAT_SET && index == FEAT_MIG_STATE && has_pay)
		line("set_state", "\"target\": %u, \"ret\": %d", pay[0], ret);
	else if (op == FEAT_SET && index == FEAT_MIG_STATE)
		line("set_state", "\"ret\": %d", ret);
	else if (op == FEAT_GET && index == FEAT_MIG_STATE && !ret)
		line("get_state", "\"reported\": %u, \"ret\": %d", pay[0], ret);
	else if (op == FEAT_GET && index == FEAT_MIG_STATE)
		line("get_state", "\"ret\": %d", ret);
	else if (op == FEAT_GET && index == FEAT_MIG_DATA_SIZE && !ret)
		line("data_size", "\"stop_copy_length\": %llu, \"ret\": %d",
		     (unsigned long long)pay[1] << 32 | pay[0], ret);
	else if (op == FEAT_GET && index == FEAT_MIG_DATA_SIZE)
		line("data_size", "\"ret\": %d", ret);
	else if (op == FEAT_SET && index == FEAT_PRECOPY_INFO_V2)
		line("precopy_info_v2", "\"ret\": %d", ret);
	else if (op == FEAT_SET && index == FEAT_LOG_START)
		line("dma_log_start", "\"ret\": %d", ret);
	else if (op == FEAT_SET && index == 7)
		line("dma_log_stop", "\"ret\": %d", ret);
	else if (op == FEAT_GET && index == 8)
		line("dma_log_report", "\"ret\": %d", ret);
	else
		line("feature", "\"index\": %u, \"op\": \"%s\", \"ret\": %d", index,
		     op & FEAT_PROBE ? "probe" :
		     op == FEAT_GET  ? "get" :
		     op == FEAT_SET  ? "set" :
		     op		     ? "get" :
				       "none",
		     ret);
}

/* A SET_STATE that handed out a data FD. */
static void mark_data(const void *arg)
{
	struct {
		uint32_t argsz, flags, state;
		int32_t fd;
	} f;

	if (peek(arg, &f, sizeof(f)) && f.flags == (FEAT_SET | FEAT_MIG_STATE) && f.fd >= 0 &&
	    f.fd < FDS)
		is_data[f.fd] = true;
}

int __wrap_ioctl(int fd, unsigned long cmd, ...)
{
	struct precopy_info info;
	int ret, err;
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	ret = __real_ioctl(fd, cmd, arg);
	if (!logging())
		return ret;
	err = ret < 0 ? -errno : ret;
	if (cmd == VFIO_GROUP_GET_DEVICE_FD && ret >= 0 && ret < FDS) {
		is_device[ret] = true;
	} else if (marked(is_device, fd) && cmd == IOC_FEATURE) {
		if (!ret)
			mark_data(arg);
		feature_line(arg, err);
	} else if (marked(is_device, fd) && cmd == VFIO_DEVICE_RESET) {
		line("reset", "\"how\": \"device\", \"ret\": %d", err);
	} else if (marked(is_device, fd) && cmd == VFIO_DEVICE_PCI_HOT_RESET) {
		line("reset", "\"how\": \"hot\", \"ret\": %d", err);
	} else if (marked(is_data, fd) && cmd == IOC_PRECOPY_INFO && err != -ENOTTY) {
		if (!ret && peek(arg, &info, sizeof(info)))
			line("precopy_info",
			     "\"initial_bytes\": %llu, \"dirty_bytes\": %llu, \"ret\": %d",
			     (unsigned long long)info.initial_bytes,
			     (unsigned long long)info.dirty_bytes, err);
		else
			line("precopy_info", "\"ret\": %d", err);
	}
	return ret;
}

int __wrap_close(int fd)
{
	bool data = marked(is_data, fd);
	int ret;

	if (fd >= 0 && fd < FDS)
		is_data[fd] = is_device[fd] = false;
	ret = __real_close(fd);
	if (data && logging())
		line("stream_close", "\"ret\": %d", ret < 0 ? -errno : ret);
	return ret;
}

/* Every test polls one FD at a time. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ret = __real_poll(fds, n, timeout);

	if (logging() && n == 1 && marked(is_data, fds->fd) && !(fds->revents & POLLNVAL)) {
		line("poll", "\"waits\": %s, \"min\": 1%s, \"wanted\": %d, \"got\": %d, \"ret\": 0",
		     timeout ? "true" : "false", timeout ? "" : ", \"max\": 1",
		     (unsigned short)(fds->events | POLLERR | POLLHUP),
		     (unsigned short)fds->revents);
	}
	return ret;
}

int __wrap_epoll_ctl(int ep, int op, int fd, struct epoll_event *e)
{
	int ret = __real_epoll_ctl(ep, op, fd, e);

	if (logging() && marked(is_data, fd) && !ret && op == EPOLL_CTL_ADD)
		line("poll",
		     "\"waits\": true, \"min\": 1, \"max\": 1, \"wanted\": 0, \"got\": 0, \"ret\": 0");
	return ret;
}

/* Only data FDs are in it: see test_poll.c. */
int __wrap_epoll_wait(int ep, struct epoll_event *e, int max, int timeout)
{
	int ret = __real_epoll_wait(ep, e, max, timeout);

	if (logging() && ret == 1)
		line("poll",
		     "\"waits\": false, \"min\": 1, \"wanted\": %d, \"got\": %d, \"ret\": 0",
		     e->events, e->events);
	return ret;
}

int __wrap_dup(int fd)
{
	int ret = __real_dup(fd);

	if (ret >= 0 && ret < FDS && marked(is_data, fd))
		is_data[ret] = true;
	return ret;
}
