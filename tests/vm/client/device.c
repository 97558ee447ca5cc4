// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "client.h"

#define PCI_COMMAND	   4
#define PCI_COMMAND_MEMORY 2

static int region(int fd, uint32_t index, struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = sizeof(*info), .index = index };
	return ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, info) ? -errno : 0;
}

/* Group and type1: what Debian's kernels have. */
int device_open(struct device *d, const char *bdf)
{
	char path[PATH_MAX], link[PATH_MAX];
	struct vfio_region_info info;
	struct feature f = {};
	ssize_t n;
	int ret;

	*d = (struct device){ .bdf = bdf, .container = -1, .group = -1, .fd = -1 };

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", bdf);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return -errno;
	link[n] = 0;
	snprintf(path, sizeof(path), "/dev/vfio/%.32s", strrchr(link, '/') + 1);

	d->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	d->group = open(path, O_RDWR | O_CLOEXEC);
	if (d->container < 0 || d->group < 0 ||
	    ioctl(d->group, VFIO_GROUP_SET_CONTAINER, &d->container) ||
	    ioctl(d->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		goto err;
	d->fd = ioctl(d->group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	if (d->fd < 0)
		goto err;

	ret = region(d->fd, VFIO_PCI_BAR2_REGION_INDEX, &info);
	if (ret)
		goto out;
	d->bar = info.offset;
	d->bar_size = info.size;
	d->bar_flags = info.flags;
	ret = region(d->fd, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	if (ret)
		goto out;
	d->config = info.offset;
	ret = device_feature(d, FEAT_MIGRATION | FEAT_GET, &f);
	if (ret)
		goto out;
	d->mig = f.data[0];
	device_memory(d, true);
	return 0;
err:
	ret = -errno;
out:
	device_close(d);
	return ret;
}

void device_close(struct device *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->group >= 0)
		close(d->group);
	if (d->container >= 0)
		close(d->container);
	d->container = d->group = d->fd = -1;
}

int device_feature(struct device *d, uint32_t flags, struct feature *f)
{
	f->argsz = sizeof(*f);
	f->flags = flags;
	return ioctl(d->fd, IOC_FEATURE, f) ? -errno : 0;
}

int device_set(struct device *d, uint32_t state, int *fd)
{
	struct {
		uint32_t argsz, flags, state;
		int32_t fd;
	} f = { sizeof(f), FEAT_MIG_STATE | FEAT_SET, state, -77 };
	int ret = ioctl(d->fd, IOC_FEATURE, &f) ? -errno : 0;

	*fd = f.fd;
	return ret;
}

int device_state(struct device *d)
{
	struct {
		uint32_t argsz, flags, state;
		int32_t fd;
	} f = { sizeof(f), FEAT_MIG_STATE | FEAT_GET, 99, -77 };

	if (ioctl(d->fd, IOC_FEATURE, &f))
		return -errno;
	return f.fd == -1 ? (int)f.state : -EPROTO;
}

int64_t device_data_size(struct device *d)
{
	struct feature f = {};
	int ret = device_feature(d, FEAT_MIG_DATA_SIZE | FEAT_GET, &f);

	return ret ? ret : (int64_t)f.data[0];
}

int device_reset(struct device *d)
{
	return ioctl(d->fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

void device_memory(struct device *d, bool on)
{
	uint16_t cmd = 0;

	if (pread(d->fd, &cmd, 2, d->config + PCI_COMMAND) != 2)
		diag("%s: cannot read the command register", d->bdf);
	cmd = on ? cmd | PCI_COMMAND_MEMORY : cmd & ~PCI_COMMAND_MEMORY;
	if (pwrite(d->fd, &cmd, 2, d->config + PCI_COMMAND) != 2)
		diag("%s: cannot write the command register", d->bdf);
}

ssize_t bar_write(struct device *d, uint64_t off, const void *buf, size_t n)
{
	ssize_t ret = pwrite(d->fd, buf, n, d->bar + off);

	return ret < 0 ? -errno : ret;
}

ssize_t bar_read(struct device *d, uint64_t off, void *buf, size_t n)
{
	ssize_t ret = pread(d->fd, buf, n, d->bar + off);

	return ret < 0 ? -errno : ret;
}

/* Is the state one that the flags provide? */
bool device_has(struct device *d, uint32_t state)
{
	switch (state) {
	case MIG_STOP:
	case MIG_RUNNING:
	case MIG_STOP_COPY:
	case MIG_RESUMING:
		return true;
	case MIG_RUNNING_P2P:
		return d->mig & MIG_FLAG_P2P;
	case MIG_PRE_COPY:
		return d->mig & MIG_FLAG_PRE_COPY;
	case MIG_PRE_COPY_P2P:
		return (d->mig & MIG_FLAG_P2P) && (d->mig & MIG_FLAG_PRE_COPY);
	default:
		return false;
	}
}

const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		"ERROR",    "STOP",	   "RUNNING",  "STOP_COPY",
		"RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P",
	};

	return state < MIG_NR ? names[state] : "?";
}

int precopy_info(int fd, struct precopy_info *info)
{
	*info = (struct precopy_info){ .argsz = sizeof(*info) };
	return ioctl(fd, IOC_PRECOPY_INFO, info) ? -errno : 0;
}

int poll_now(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}
