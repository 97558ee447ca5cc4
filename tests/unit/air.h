/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * air.h - devices that are made of air, for exercise to run on
 *
 * The linker sends the system calls of whoever includes this here (Makefile, ON_AIR).
 * Each call on a device is told to @heard, if there is one, and can be made to fail.
 */
#ifndef VFIOSCOPE_TESTS_AIR_H
#define VFIOSCOPE_TESTS_AIR_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exercise/exercise.h"
#include "exercise/uapi.h"
#include "event.h"

#define PAGE	  4096u
#define PAGES	  12u
#define REGION_AT (1ULL << 20)
#define CONFIG_AT (2ULL << 20)
#define RECORD	  (4 + PAGE)
#define END_MARK  0xffffffffu

/* ---- the devices: the simplest driver that keeps to the uAPI ---- */

struct air {
	char name[16], group[24];
	bool open;
	unsigned int group_holds;
	uint32_t mig; /* UAPI_FLAG_* */
	int state;
	uint8_t mem[PAGES * PAGE];
	uint16_t command;
	unsigned int resets;
	/* saving */
	bool session;	   /* of either kind, alive */
	unsigned int next; /* page of the first pass */
	bool dirty[PAGES];
	bool ended;
	uint8_t out[RECORD];
	size_t out_at, out_len;
	/* resuming */
	uint8_t in[RECORD];
	size_t in_len;
	bool complete, broken;
};

enum what { NOTHING, CONTAINER, GROUP, DEVICE, SAVE, RESUME };

static struct air air[3];
static struct {
	enum what what;
	struct air *of;
	bool unbound;
} fds[256];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int calls, fail_at; /* the call that fails; 0: none */
static int fails_with = EIO;
static bool has_cdevs;	   /* the kernel has iommufd */
static bool not_viable;	   /* a group has a device of the host's */
static bool fail_to_error; /* and it leaves the device in ERROR */
static unsigned int n_open;
static void (*heard)(const char *line);
static void (*waited)(int ms); /* in its place a poll() that waits really does */

static int new_fd(enum what what, struct air *a)
{
	int fd = memfd_create("air", MFD_CLOEXEC);

	if (fd < 0)
		return fd;
	assert_in_range(fd, 0, 255);
	fds[fd].what = what;
	fds[fd].of = a;
	fds[fd].unbound = false;
	n_open++;
	return fd;
}

static struct air *of_fd(int fd, enum what what)
{
	return fd >= 0 && fd < 256 && fds[fd].what == what ? fds[fd].of : NULL;
}

static void __attribute__((format(printf, 1, 2))) tell(const char *fmt, ...)
{
	int was = errno;
	char line[200];
	va_list ap;

	if (!heard)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	heard(line);
	errno = was;
}

static const char *of_ret(long ret)
{
	static char text[32];

	if (ret < 0)
		return errno_name(errno) ?: "?";
	snprintf(text, sizeof(text), "%ld", ret);
	return text;
}

/* "0": the first of the devices; "-": none in particular. */
static const char *name_of(const struct air *a)
{
	static char name[2];

	name[0] = '-';
	if (a)
		name[0] = (char)('0' + (a - air));
	return name;
}

static bool fails(void)
{
	if (++calls != fail_at)
		return false;
	errno = fails_with;
	return true;
}

static int no(int err)
{
	errno = err;
	return -1;
}

static bool precopy(const struct air *a)
{
	return a->state == ST_PRE_COPY || a->state == ST_PRE_COPY_P2P;
}

static void begin_saving(struct air *a)
{
	a->session = true;
	a->next = 0;
	a->ended = false;
	a->out_at = a->out_len = 0;
	memset(a->dirty, 0, sizeof(a->dirty));
}

/* The bytes that read() has now, but for END. */
static uint64_t left(const struct air *a, bool initial)
{
	uint64_t n = initial ? (uint64_t)(PAGES - a->next) * RECORD + a->out_len - a->out_at : 0;
	unsigned int i;

	for (i = 0; !initial && i < PAGES; i++)
		n += a->dirty[i] ? RECORD : 0;
	return n;
}

static void fill_out(struct air *a)
{
	uint32_t page = END_MARK, i;

	if (a->next < PAGES) {
		page = a->next++;
	} else {
		for (i = 0; i < PAGES && page == END_MARK; i++)
			if (a->dirty[i])
				page = i;
		if (page == END_MARK && (a->state != ST_STOP_COPY || a->ended))
			return;
		if (page != END_MARK)
			a->dirty[page] = false;
	}
	memcpy(a->out, &page, 4);
	a->out_at = 0;
	a->out_len = 4;
	if (page == END_MARK) {
		a->ended = true;
		return;
	}
	memcpy(a->out + 4, a->mem + page * PAGE, PAGE);
	a->out_len = RECORD;
}

static int take_in(struct air *a, const uint8_t *data, size_t n)
{
	uint32_t page;

	while (n--) {
		if (a->broken || a->complete)
			return -EINVAL;
		a->in[a->in_len++] = *data++;
		if (a->in_len < 4)
			continue;
		memcpy(&page, a->in, 4);
		if (page == END_MARK) {
			a->complete = true;
			a->in_len = 0;
		} else if (page >= PAGES) {
			a->broken = true;
		} else if (a->in_len == RECORD) {
			memcpy(a->mem + page * PAGE, a->in + 4, PAGE);
			a->in_len = 0;
		}
	}
	return 0;
}

/* Whether the table has a way; every way is one step here. */
static int set_state(struct air *a, uint32_t to, int *fd)
{
	bool was_saving = precopy(a) || a->state == ST_STOP_COPY;

	*fd = -1;
	/* The kernel WARNs about whoever asks. */
	assert_int_not_equal(a->state, ST_ERROR);
	if (to == (uint32_t)a->state)
		return 0;
	if (to == ST_ERROR || to >= ST_NR ||
	    (a->state == ST_STOP_COPY && (to == ST_PRE_COPY || to == ST_PRE_COPY_P2P)))
		return -EINVAL;
	if (a->state == ST_RESUMING && (!a->complete || a->broken))
		return -EINVAL;
	if (was_saving && (to == ST_STOP_COPY || to == ST_PRE_COPY || to == ST_PRE_COPY_P2P)) {
		a->state = (int)to;
		return 0;
	}
	a->session = false;
	a->state = (int)to;
	if (to == ST_PRE_COPY || to == ST_PRE_COPY_P2P || to == ST_STOP_COPY) {
		begin_saving(a);
		*fd = new_fd(SAVE, a);
		/* As in the core: the state has changed all the same. */
		if (*fd < 0)
			return -errno;
	} else if (to == ST_RESUMING) {
		a->session = true;
		a->complete = a->broken = false;
		a->in_len = 0;
		*fd = new_fd(RESUME, a);
	}
	return 0;
}

static void reset(struct air *a)
{
	a->session = false;
	a->state = ST_RUNNING;
	a->command = 0;
	a->resets++;
}

/* ---- the system calls ---- */

int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
ssize_t __real_pread(int fd, void *buf, size_t n, off_t off);
ssize_t __real_pwrite(int fd, const void *buf, size_t n, off_t off);
int __real_poll(struct pollfd *p, nfds_t n, int timeout);
int __real_ioctl(int fd, unsigned long req, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t off);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t off);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);
int __wrap_ioctl(int fd, unsigned long req, ...);
/* What the sanitizers' build calls in their place. */
ssize_t __wrap___read_chk(int fd, void *buf, size_t n, size_t size);
ssize_t __wrap___pread_chk(int fd, void *buf, size_t n, off_t off, size_t size);
int __wrap___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t size);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

int __wrap_access(const char *path, int mode)
{
	if (!strncmp(path, "/dev/vfio/devices/", 18) || !strcmp(path, "/dev/iommu"))
		return has_cdevs ? 0 : no(ENOENT);
	return __real_access(path, mode);
}

int __real_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...);

ssize_t __wrap___read_chk(int fd, void *buf, size_t n, size_t size)
{
	assert_true(n <= size);
	return __wrap_read(fd, buf, n);
}

ssize_t __wrap___pread_chk(int fd, void *buf, size_t n, off_t off, size_t size)
{
	assert_true(n <= size);
	return __wrap_pread(fd, buf, n, off);
}

int __wrap___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t size)
{
	assert_true(n * sizeof(*p) <= size);
	return __wrap_poll(p, n, timeout);
}

/* A second hold on the same thing. */
int __wrap_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	int arg, copy;

	va_start(ap, cmd);
	arg = va_arg(ap, int);
	va_end(ap);
	if (cmd != F_DUPFD_CLOEXEC || fd < 0 || fd >= 256 || fds[fd].what == NOTHING)
		return __real_fcntl(fd, cmd, arg);
	if (fails())
		return -1;
	copy = new_fd(fds[fd].what, fds[fd].of);
	if (copy >= 0 && fds[fd].what == GROUP)
		fds[fd].of->group_holds++;
	return copy;
}

int __wrap_open(const char *path, int flags, ...)
{
	int mode = 0, fd = -1;
	va_list ap;
	size_t i;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, int);
		va_end(ap);
	}
	if (strncmp(path, "/dev/vfio/", 10) && strcmp(path, "/dev/iommu"))
		return __real_open(path, flags, mode);
	tell("open %s", path);
	if (fails())
		return -1;
	if (!strcmp(path, "/dev/iommu"))
		return new_fd(CONTAINER, NULL);
	if (sscanf(path, "/dev/vfio/devices/vfio-air%zu", &i) == 1) {
		fd = new_fd(DEVICE, &air[i]);
		fds[fd].unbound = true;
		return fd;
	}
	if (!strcmp(path, "/dev/vfio/vfio"))
		return new_fd(CONTAINER, NULL);
	for (i = 0; i < 3; i++) {
		if (strcmp(path + 10, air[i].group))
			continue;
		/* The first one of the group stands for it. */
		if (air[i].group_holds)
			return no(EBUSY);
		air[i].group_holds++;
		fd = new_fd(GROUP, &air[i]);
		break;
	}
	return fd < 0 ? no(ENOENT) : fd;
}

int __wrap_close(int fd)
{
	static const char *const names[] = { "", "container", "group", "device", "save", "resume" };
	struct air *a;

	pthread_mutex_lock(&lock);
	if (fd >= 0 && fd < 256 && fds[fd].what != NOTHING) {
		a = fds[fd].of;
		tell("close %s %s", names[fds[fd].what], name_of(a));
		if (fds[fd].what == GROUP)
			a->group_holds--;
		if (fds[fd].what == DEVICE && !fds[fd].unbound) {
			a->open = false;
			reset(a);
		}
		fds[fd].what = NOTHING;
		n_open--;
	}
	pthread_mutex_unlock(&lock);
	return __real_close(fd);
}

static ssize_t save_read(struct air *a, uint8_t *buf, size_t n)
{
	size_t done = 0, part;

	if (!a->session)
		return no(ENODEV);
	while (done < n) {
		if (a->out_at == a->out_len) {
			a->out_at = a->out_len = 0;
			fill_out(a);
			if (!a->out_len)
				break;
		}
		part = a->out_len - a->out_at;
		part = part < n - done ? part : n - done;
		memcpy(buf + done, a->out + a->out_at, part);
		a->out_at += part;
		done += part;
	}
	return done ? (ssize_t)done : a->state == ST_STOP_COPY ? 0 : no(ENOMSG);
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	struct air *a;
	ssize_t ret;

	pthread_mutex_lock(&lock);
	a = of_fd(fd, SAVE);
	if (a) {
		ret = fails() ? -1 : save_read(a, buf, n);
		tell("read %s %zu = %s", name_of(a), n, of_ret(ret));
	} else {
		ret = __real_read(fd, buf, n);
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	struct air *a;
	ssize_t ret;
	int err;

	pthread_mutex_lock(&lock);
	a = of_fd(fd, RESUME);
	if (!a) {
		ret = __real_write(fd, buf, n);
	} else if (fails()) {
		ret = -1;
	} else if (!a->session) {
		ret = no(ENODEV);
	} else {
		/* Short ones are allowed. */
		n = n > 5000 ? n - 1 : n;
		err = take_in(a, buf, n);
		ret = err ? no(-err) : (ssize_t)n;
	}
	if (a)
		tell("write %s %zu = %s", name_of(a), n, of_ret(ret));
	pthread_mutex_unlock(&lock);
	return ret;
}

ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t off)
{
	struct air *a;
	ssize_t ret;

	pthread_mutex_lock(&lock);
	a = of_fd(fd, DEVICE);
	if (!a) {
		ret = __real_pread(fd, buf, n, off);
	} else if (fails()) {
		ret = -1;
	} else if ((uint64_t)off >= CONFIG_AT) {
		memcpy(buf, &a->command, 2);
		ret = 2;
	} else {
		assert_true(a->command & 2);
		assert_in_range((uint64_t)off, REGION_AT, REGION_AT + sizeof(a->mem) - n);
		memcpy(buf, a->mem + (off - (off_t)REGION_AT), n);
		ret = (ssize_t)n;
	}
	if (a)
		tell("pread %s %zu at %llx = %s", name_of(a), n, (unsigned long long)off,
		     of_ret(ret));
	pthread_mutex_unlock(&lock);
	return ret;
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t off)
{
	struct air *a;
	ssize_t ret = (ssize_t)n;

	pthread_mutex_lock(&lock);
	a = of_fd(fd, DEVICE);
	if (!a) {
		ret = __real_pwrite(fd, buf, n, off);
	} else if (fails()) {
		ret = -1;
	} else if ((uint64_t)off >= CONFIG_AT) {
		memcpy(&a->command, buf, 2);
	} else {
		size_t at = (size_t)((uint64_t)off - REGION_AT);

		/* Nobody writes to a device whose stream would not have it. */
		assert_true(a->state == ST_RUNNING || precopy(a));
		assert_true(a->command & 2);
		assert_in_range(at, 0, sizeof(a->mem) - n);
		memcpy(a->mem + at, buf, n);
		if (precopy(a) && at / PAGE < a->next)
			a->dirty[at / PAGE] = true;
	}
	if (a)
		tell("pwrite %s %zu at %llx = %s", name_of(a), n, (unsigned long long)off,
		     of_ret(ret));
	pthread_mutex_unlock(&lock);
	return ret;
}

int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	struct air *a;
	int ret = 0;

	pthread_mutex_lock(&lock);
	a = of_fd(p->fd, SAVE);
	if (a) {
		p->revents = !a->session ? POLLIN | POLLERR :
			     a->state == ST_STOP_COPY || left(a, true) || left(a, false) ? POLLIN :
											   0;
		ret = p->revents ? 1 : 0;
		tell("poll %s = %d", name_of(a), ret);
	}
	pthread_mutex_unlock(&lock);
	if (!a)
		return __real_poll(p, n, timeout);
	if (!ret && waited)
		waited(timeout);
	else if (!ret)
		usleep(1000);
	return ret;
}

static int device_ioctl(struct air *a, unsigned long req, void *arg)
{
	struct vfio_device_info *info = arg;
	struct vfio_region_info *region = arg;
	struct uapi_feature *f = arg;
	struct uapi_mig_state *s = arg;
	int err;

	switch (req) {
	case VFIO_DEVICE_GET_INFO:
		info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		region->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
		region->offset = region->index == 7 ? CONFIG_AT : REGION_AT;
		region->size = region->index == 7 ? 256 : region->index == 2 ? sizeof(a->mem) : 0;
		return 0;
	case VFIO_DEVICE_RESET:
		reset(a);
		return 0;
	}
	assert_int_equal(req, UAPI_IOC_FEATURE);
	switch (f->flags) {
	case UAPI_GET | UAPI_MIGRATION:
		f->data = a->mig;
		return 0;
	case UAPI_GET | UAPI_MIG_DATA_SIZE:
		f->data = sizeof(a->mem);
		return 0;
	case UAPI_GET | UAPI_MIG_STATE:
		s->state = (uint32_t)a->state;
		return 0;
	case UAPI_SET | UAPI_MIG_STATE:
		err = set_state(a, s->state, &s->data_fd);
		return err ? no(-err) : 0;
	default:
		return no(ENOTTY);
	}
}

/* What a device is asked for; NULL: it is none of ours. */
static const char *name_of_call(int fd, unsigned long req, const void *arg)
{
	static const struct {
		unsigned long req;
		const char *name;
	} known[] = {
		{ VFIO_GROUP_GET_STATUS, "GROUP_GET_STATUS" },
		{ VFIO_GROUP_SET_CONTAINER, "GROUP_SET_CONTAINER" },
		{ VFIO_GROUP_GET_DEVICE_FD, "GROUP_GET_DEVICE_FD" },
		{ VFIO_SET_IOMMU, "SET_IOMMU" },
		{ VFIO_DEVICE_GET_INFO, "GET_INFO" },
		{ VFIO_DEVICE_RESET, "RESET" },
		{ UAPI_IOC_BIND_IOMMUFD, "BIND_IOMMUFD" },
		{ UAPI_IOC_PRECOPY_INFO, "PRECOPY_INFO" },
	};
	const struct uapi_mig_state *s = arg;
	static char text[64];
	const char *name;
	size_t i;

	if (fd < 0 || fd >= 256 || fds[fd].what == NOTHING)
		return NULL;
	name = name_of(fds[fd].of);
	snprintf(text, sizeof(text), "%s ioctl %lx", name, req);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].req == req)
			snprintf(text, sizeof(text), "%s %s", name, known[i].name);
	if (req == VFIO_DEVICE_GET_REGION_INFO)
		snprintf(text, sizeof(text), "%s REGION %u", name,
			 ((const struct vfio_region_info *)arg)->index);
	if (req == UAPI_IOC_FEATURE)
		snprintf(text, sizeof(text), "%s %s %u", name, s->flags & UAPI_SET ? "SET" : "GET",
			 s->flags & 0xffff);
	if (req == UAPI_IOC_FEATURE && s->flags == (UAPI_SET | UAPI_MIG_STATE))
		snprintf(text, sizeof(text), "%s STATE %u", name, s->state);
	return text;
}

int __wrap_ioctl(int fd, unsigned long req, ...)
{
	struct uapi_precopy_info *info;
	struct vfio_group_status *st;
	const char *name;
	struct air *a;
	void *arg;
	va_list ap;
	int ret = 0;

	va_start(ap, req);
	arg = va_arg(ap, void *);
	va_end(ap);
	pthread_mutex_lock(&lock);
	name = name_of_call(fd, req, arg);
	if (fd < 0 || fd >= 256 || fds[fd].what == NOTHING) {
		ret = __real_ioctl(fd, req, arg);
	} else if (fails()) {
		ret = -1;
		a = of_fd(fd, DEVICE);
		if (a && fail_to_error && req == UAPI_IOC_FEATURE &&
		    ((struct uapi_feature *)arg)->flags == (UAPI_SET | UAPI_MIG_STATE)) {
			a->session = false;
			a->state = ST_ERROR;
		}
	} else if ((a = of_fd(fd, GROUP))) {
		st = arg;
		if (req == VFIO_GROUP_GET_STATUS) {
			st->flags = not_viable ? 0 : VFIO_GROUP_FLAGS_VIABLE;
		} else if (req == VFIO_GROUP_GET_DEVICE_FD) {
			const char *group = a->group;

			for (a = air; strcmp(arg, a->name); a++)
				assert_true(a < air + 3);
			assert_string_equal(a->group, group);
			assert_false(a->open);
			a->open = true;
			reset(a);
			ret = new_fd(DEVICE, a);
		}
	} else if ((a = of_fd(fd, DEVICE)) && fds[fd].unbound) {
		/* Nothing else before; nothing at all for a second one. */
		assert_int_equal(req, UAPI_IOC_BIND_IOMMUFD);
		assert_int_equal(fds[((struct uapi_bind_iommufd *)arg)->iommufd].what, CONTAINER);
		if (a->open || a->group_holds) {
			ret = no(a->open ? EINVAL : EBUSY);
		} else {
			fds[fd].unbound = false;
			a->open = true;
			reset(a);
		}
	} else if (a) {
		ret = device_ioctl(a, req, arg);
	} else if ((a = of_fd(fd, SAVE))) {
		info = arg;
		assert_int_equal(req, UAPI_IOC_PRECOPY_INFO);
		info->initial_bytes = left(a, true);
		info->dirty_bytes = left(a, false);
		ret = precopy(a) ? 0 : no(EINVAL);
	}
	if (name)
		tell("%s = %s", name, ret > 0 ? "fd" : of_ret(ret));
	pthread_mutex_unlock(&lock);
	return ret;
}

/* ---- the tests ---- */

#define ALL (UAPI_FLAG_STOP_COPY | UAPI_FLAG_P2P | UAPI_FLAG_PRE_COPY)

static char sysfs_dir[] = "/tmp/vfioscope-air.XXXXXX";

static void make_link(const char *target, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	assert_int_equal(symlink(target, path), 0);
}

static int setup(void **state)
{
	char cmd[256];
	unsigned int i;

	(void)state;
	assert_non_null(mkdtemp(sysfs_dir));
	setenv("VFIOSCOPE_SYSFS", sysfs_dir, 1);
	for (i = 0; i < 3; i++) {
		snprintf(air[i].name, sizeof(air[i].name), "0000:0%u:00.0", i);
		snprintf(air[i].group, sizeof(air[i].group), "air%u", i);
		snprintf(cmd, sizeof(cmd), "mkdir -p %s/bus/pci/devices/%.15s/vfio-dev/vfio-air%u",
			 sysfs_dir, air[i].name, i);
		assert_int_equal(system(cmd), 0);
		make_link("/drivers/air", "%s/bus/pci/devices/%s/driver", sysfs_dir, air[i].name);
		make_link(air[i].group, "%s/bus/pci/devices/%s/iommu_group", sysfs_dir,
			  air[i].name);
	}
	return 0;
}

static int teardown(void **state)
{
	char cmd[256];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", sysfs_dir);
	return system(cmd);
}

static void prepare(uint32_t flags)
{
	unsigned int i;
	size_t at;

	calls = fail_at = 0;
	for (i = 0; i < 3; i++) {
		air[i].mig = flags;
		for (at = 0; at < sizeof(air[i].mem); at++)
			air[i].mem[at] = (uint8_t)(at / 7 + i * 31);
	}
	memset(air[1].mem, 0xee, sizeof(air[1].mem));
}

static struct exercise_plan plan_of(bool to)
{
	return (struct exercise_plan){
		.device = "00:00.0",
		.to = to ? "01:00.0" : NULL,
		.buffer = 3000,
		.seed = 1,
		.policy.limit_ns = 2000000000ULL,
		.compare = { .given = true, .index = 2 },
	};
}

/* All of it; the result of the last one. */
static int run(const struct exercise_plan *p, struct exercise_result *r, char err[EXERCISE_ERR_LEN])
{
	struct exercise *x;
	int ret;

	*r = (struct exercise_result){ 0 };
	ret = exercise_open(&x, p, err);
	if (ret)
		return ret;
	ret = exercise_migrate(x, 1, r);
	/* A device is in RUNNING, or it is said to be lost. */
	if (!ret) {
		assert_int_equal(air[0].state, ST_RUNNING);
		if (p->to)
			assert_int_equal(air[1].state, ST_RUNNING);
		if (p->with)
			assert_int_equal(air[2].state, ST_RUNNING);
	}
	exercise_close(x);
	return ret;
}

static inline struct exercise_result fine(const struct exercise_plan *p)
{
	char err[EXERCISE_ERR_LEN] = "";
	struct exercise_result r;

	if (run(p, &r, err))
		fail_msg("%s%s", err, r.error);
	assert_string_equal(r.error, "");
	assert_int_equal(n_open, 0);
	return r;
}

#endif
