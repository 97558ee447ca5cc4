// SPDX-License-Identifier: GPL-2.0
/* What the file descriptors answer when asked the wrong thing. */
#include <sys/ioctl.h>

#include "client.h"

/* not a constant, or the compiler objects */
static void *volatile nowhere = (void *)8;

static void data_fd(int fd, bool save, const char *what)
{
	char byte = 0, text[100];
	ssize_t n;

#define say(s) (snprintf(text, sizeof(text), "%s: %s", what, s), text)
	n = save ? write(fd, &byte, 1) : read(fd, &byte, 1);
	check_eq(n < 0 ? -errno : n, -EBADF, say("the wrong direction"));
	n = save ? pread(fd, &byte, 1, 0) : pwrite(fd, &byte, 1, 0);
	check_eq(n < 0 ? -errno : n, -ESPIPE, say("with a position"));
	n = lseek(fd, 0, SEEK_SET);
	check_eq(n < 0 ? -errno : n, -ESPIPE, say("lseek"));
	n = ioctl(fd, IOC_FEATURE, &byte);
	check_eq(n < 0 ? -errno : n, -ENOTTY, say("another ioctl"));
#undef say
}

static void features(struct device *a)
{
	struct feature f = {};
	uint32_t probe[] = { FEAT_MIGRATION | FEAT_GET, FEAT_MIG_STATE | FEAT_GET,
			     FEAT_MIG_STATE | FEAT_SET, FEAT_MIG_DATA_SIZE | FEAT_GET };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(probe); i++)
		check_eq(device_feature(a, FEAT_PROBE | probe[i], &f), 0, "PROBE");
	check_eq(device_feature(a, FEAT_MIG_DATA_SIZE | FEAT_SET, &f), -EINVAL,
		 "SET of a feature that has GET only");
	check_eq(device_feature(a, FEAT_PROBE | FEAT_LOG_START | FEAT_SET, &f), -ENOTTY,
		 "DMA logging, which the driver does not have");
}

static void v2(struct device *a)
{
	struct feature f = {};
	struct precopy_info info;
	int fd, ret;

	ret = device_feature(a, FEAT_PROBE | FEAT_PRECOPY_INFO_V2 | FEAT_SET, &f);
	if (!(a->mig & MIG_FLAG_PRE_COPY)) {
		check(ret == -ENOTTY || ret == -EINVAL, "PRECOPY_INFOv2 without PRE_COPY: %d", ret);
		return;
	}
	need(!device_set(a, MIG_PRE_COPY, &fd), "PRE_COPY");
	info = (struct precopy_info){ .argsz = sizeof(info), .flags = 0xdead };
	need(!ioctl(fd, IOC_PRECOPY_INFO, &info), "info with garbage in flags");
	check(info.flags == 0xdead || !info.flags, "flags without the opt-in are %#x", info.flags);
	if (ret == -ENOTTY) {
		diag("this kernel has no PRECOPY_INFOv2");
	} else {
		check_eq(ret, 0, "PROBE PRECOPY_INFOv2");
		check_eq(device_feature(a, FEAT_PRECOPY_INFO_V2 | FEAT_SET, &f), 0,
			 "opt in to PRECOPY_INFOv2");
		info = (struct precopy_info){ .argsz = sizeof(info), .flags = 0xdead };
		need(!ioctl(fd, IOC_PRECOPY_INFO, &info), "info after the opt-in");
		check_eq(info.flags, 0, "flags after the opt-in");
	}
	close(fd);
	device_set(a, MIG_RUNNING, &fd);
}

void test_errno(struct device *a, struct device *b)
{
	struct precopy_info info = { .argsz = sizeof(info) };
	int fd, ret, none;
	ssize_t n;
	char byte;

	features(a);
	v2(a);

	if (a->mig & MIG_FLAG_PRE_COPY) {
		int stale;

		need(!device_set(a, MIG_PRE_COPY, &fd), "PRE_COPY");
		data_fd(fd, true, "saving FD");
		ret = ioctl(fd, IOC_PRECOPY_INFO, nowhere) ? -errno : 0;
		check_eq(ret, -EFAULT, "info to nowhere");
		info.argsz = sizeof(info) - 1;
		ret = ioctl(fd, IOC_PRECOPY_INFO, &info) ? -errno : 0;
		check_eq(ret, -EINVAL, "info with argsz 23");
		info.argsz = 0;
		ret = ioctl(fd, IOC_PRECOPY_INFO, &info) ? -errno : 0;
		check_eq(ret, -EINVAL, "info with argsz 0");
		info.argsz = 4096;
		ret = ioctl(fd, IOC_PRECOPY_INFO, &info) ? -errno : 0;
		check_eq(ret, 0, "info with a larger argsz");

		n = read(fd, nowhere, 100);
		check_eq(n < 0 ? -errno : n, -EFAULT, "read to nowhere");
		check_eq(read(fd, &byte, 0), 0, "read of nothing");
		check_eq(precopy_info(fd, &info), 0, "info");
		check_eq(info.initial_bytes + END, full_bytes(a),
			 "initial_bytes after a read that failed");

		need(!device_set(a, MIG_STOP_COPY, &none), "STOP_COPY");
		check_eq(precopy_info(fd, &info), -EINVAL, "info in STOP_COPY");
		need(!device_set(a, MIG_RUNNING, &none), "RUNNING");
		stale = fd;
		n = read(stale, &byte, 1);
		check_eq(n < 0 ? -errno : n, -ENODEV, "read of a stale FD");
		check_eq(precopy_info(stale, &info), -EINVAL, "info of a stale FD in RUNNING");
		need(!device_set(a, MIG_PRE_COPY, &fd), "PRE_COPY again");
		check_eq(precopy_info(stale, &info), -ENODEV, "info of a stale FD in PRE_COPY");
		n = read(stale, &byte, 1);
		check_eq(n < 0 ? -errno : n, -ENODEV, "read of a stale FD in PRE_COPY");
		check_eq(precopy_info(fd, &info), 0, "info of the new FD");
		close(stale);
		close(fd);
		device_set(a, MIG_RUNNING, &none);
	}

	need(!device_set(a, MIG_STOP_COPY, &fd), "STOP_COPY without pre-copy");
	data_fd(fd, true, "STOP_COPY FD");
	check_eq(precopy_info(fd, &info), -EINVAL, "info in STOP_COPY");
	close(fd);
	device_set(a, MIG_RUNNING, &none);

	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	data_fd(fd, false, "resuming FD");
	check_eq(precopy_info(fd, &info), -ENOTTY, "info of a resuming FD");
	n = write(fd, nowhere, 100);
	check_eq(n < 0 ? -errno : n, -EFAULT, "write from nowhere");
	check_eq(write(fd, &byte, 0), 0, "write of nothing");
	check_eq(device_reset(a), 0, "reset");
	n = write(fd, &byte, 1);
	check_eq(n < 0 ? -errno : n, -ENODEV, "write to a stale FD");
	check(poll_now(fd, POLLOUT) & POLLERR, "a stale resuming FD polls as an error");
	close(fd);
}
