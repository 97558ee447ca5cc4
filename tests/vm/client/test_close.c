// SPDX-License-Identifier: GPL-2.0
/* Files that are closed too early, and files that are kept too long. */
#include <fcntl.h>

#include "client.h"

static int driver_write(const char *file, const char *bdf)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s", file);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	ret = write(fd, bdf, strlen(bdf)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static void orphan(int fd, bool save, const char *what)
{
	struct precopy_info info;
	char byte;
	ssize_t n;
	int ret;

	n = save ? read(fd, &byte, 1) : write(fd, "", 1);
	check(n < 0 && errno == ENODEV, "%s: %zd %s", what, n, strerror(errno));
	ret = poll_now(fd, POLLIN);
	quiet(ret & POLLERR, "%s: poll says %#x", what, ret);
	if (save) {
		ret = precopy_info(fd, &info);
		quiet(ret == -EINVAL, "%s: info gives %d", what, ret);
	}
}

void test_close(struct device *a, struct device *b)
{
	const char *bdf = a->bdf;
	int pre = a->mig & MIG_FLAG_PRE_COPY;
	uint32_t save = pre ? MIG_PRE_COPY : MIG_STOP_COPY;
	int fd, none, ret;
	struct blob s = {};

	/* the data FD is closed first: the state machine goes on */
	need(!device_set(a, save, &fd), "saving");
	close(fd);
	check_eq(device_set(a, MIG_STOP_COPY, &none), 0, "STOP_COPY without its FD");
	check_eq(device_set(a, MIG_RUNNING, &none), 0, "RUNNING without its FD");
	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	close(fd);
	check_eq(device_set(a, MIG_RUNNING, &none), -EINVAL, "nothing was written");
	check_eq(device_reset(a), 0, "reset");

	/* the device is closed first */
	need(!device_set(a, save, &fd), "saving");
	quiet(read(fd, &ret, 1) == 1, "reading");
	device_close(a);
	orphan(fd, true, "saving FD of a closed device");
	ret = device_open(a, bdf);
	need(!ret, "opening again: %d", ret);
	check_eq(device_state(a), MIG_RUNNING, "state after opening again");
	orphan(fd, true, "saving FD of an earlier opening");
	close(fd);

	need(!device_set(a, MIG_RESUMING, &fd), "RESUMING");
	device_close(a);
	orphan(fd, false, "resuming FD of a closed device");

	/* even the driver goes; the file remains */
	ret = driver_write("ivshmem_vfio_pci/unbind", bdf);
	if (ret) {
		diag("cannot unbind: %s", strerror(-ret));
	} else {
		orphan(fd, false, "resuming FD of an unbound device");
		check_eq(driver_write("ivshmem_vfio_pci/bind", bdf), 0, "binding again");
		orphan(fd, false, "resuming FD of a device bound again");
	}
	close(fd);
	ret = device_open(a, bdf);
	need(!ret, "opening again: %d", ret);
	need(!device_set(a, save, &fd), "saving");
	device_close(a);
	driver_write("ivshmem_vfio_pci/unbind", bdf);
	orphan(fd, true, "saving FD of an unbound device");
	close(fd);
	driver_write("ivshmem_vfio_pci/bind", bdf);
	ret = device_open(a, bdf);
	need(!ret, "opening again: %d", ret);

	check_eq(save_stopped(a, &s), 0, "a migration after all that");
	check_eq(s.len, full_bytes(a), "is complete");
	blob_free(&s);
}
