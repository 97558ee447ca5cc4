// SPDX-License-Identifier: GPL-2.0
/* What the driver can be told to fail (debugfs, "fail"): the errno is as told, and nothing else happens. */
#include <fcntl.h>

#include "client.h"

static int tell(const struct device *d, const char *text)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/kernel/debug/ivshmem_vfio_pci/%s/fail", d->bdf);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static void bad_input(struct device *a)
{
	static const char *const bad[] = {
		"arc",	   "arc=",	"arc=x",   "arc=4096", "arc=70000",
		"arc=5@3", "nothing=5", "read=5@", "read=5@x", "read=-5",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		quiet(tell(a, bad[i]) == -EINVAL, "'%s' was taken", bad[i]);
	check_eq(tell(a, "log=22"), -EOPNOTSUPP,
		 "a failure of the DMA logging that the device has not");
}

static void of_saving(struct device *a)
{
	struct precopy_info info;
	struct feature f = {};
	struct blob s = {};
	int fd, none;

	if (a->mig & MIG_FLAG_PRE_COPY) {
		need(!tell(a, "precopy=12\n"), "telling");
		check_eq(device_set(a, MIG_PRE_COPY, &fd), -ENOMEM, "RUNNING to PRE_COPY");
		check_eq(device_state(a), MIG_RUNNING, "the state then");
		tell(a, "precopy=0");

		/* a stream that was there before remains as it is */
		need(!device_set(a, MIG_PRE_COPY, &fd), "PRE_COPY");
		tell(a, "read=5");
		check_eq(drain(fd, &s, 4096), -ENOMSG, "the stream of before");
		close(fd);
		device_set(a, MIG_RUNNING, &none);
		s.len = 0;

		tell(a, "read=5@8192");
		need(!device_set(a, MIG_PRE_COPY, &fd), "PRE_COPY");
		check_eq(drain(fd, &s, 4096), -EIO, "read() beyond 8 KiB");
		check_eq(s.len, 8192, "bytes before that");
		check_eq(drain(fd, &s, 4096), -EIO, "and once more");
		tell(a, "info=110");
		check_eq(precopy_info(fd, &info), -ETIMEDOUT, "an info");
		tell(a, "info=0");
		tell(a, "read=0");
		check_eq(drain(fd, &s, 4096), -ENOMSG, "told nothing any more");

		tell(a, "arc=5");
		check_eq(device_set(a, MIG_STOP_COPY, &none), -EIO, "PRE_COPY to STOP_COPY");
		check_eq(device_state(a), MIG_PRE_COPY, "the state then");
		tell(a, "arc=0");
		check_eq(device_set(a, MIG_STOP_COPY, &none), 0, "and then");
		check_eq(drain(fd, &s, 4096), 0, "the whole stream");
		check_eq(s.len, full_bytes(a), "its size");
		close(fd);
		device_set(a, MIG_RUNNING, &none);
	}
	tell(a, "arc=5");
	check_eq(device_set(a, MIG_STOP_COPY, &none), -EIO, "RUNNING to STOP_COPY");
	check_eq(device_state(a), MIG_STOP, "the state then: where the last step begins");
	tell(a, "arc=0");
	device_set(a, MIG_RUNNING, &none);
	tell(a, "size=22");
	check_eq(device_feature(a, FEAT_MIG_DATA_SIZE | FEAT_GET, &f), -EINVAL, "MIG_DATA_SIZE");
	tell(a, "size=0");
	blob_free(&s);
}

static void of_resuming(struct device *a)
{
	struct blob s = {};
	int fd, none;

	need(!save_stopped(a, &s), "a stream");
	tell(a, "write=14@12288");
	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	check_eq(feed(fd, &s, 0, s.len, 4096), -EFAULT, "write() beyond 12 KiB");
	check_eq(write(fd, s.data, 1) < 0 ? -errno : 0, -EFAULT, "and once more");
	/* what failed was not taken */
	tell(a, "write=0");
	check_eq(feed(fd, &s, 12288, s.len, 65536), 0, "from there on");
	tell(a, "load=22");
	check_eq(device_set(a, MIG_STOP, &none), -EINVAL, "RESUMING to STOP");
	check_eq(device_state(a), MIG_RESUMING, "the state then");
	tell(a, "load=0");
	check_eq(device_set(a, MIG_RUNNING, &none), 0, "and then");
	close(fd);
	blob_free(&s);
}

void test_fail(struct device *a, struct device *b)
{
	(void)b;
	bad_input(a);
	fill_bar(a, 11);
	of_saving(a);
	of_resuming(a);
}
