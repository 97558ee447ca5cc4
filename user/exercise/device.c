// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "exercise/device.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PCI_COMMAND	   4
#define PCI_COMMAND_MEMORY 2

#define TELL(err, ...) snprintf(err, DEVICE_ERR_LEN, __VA_ARGS__)

const char *state_name(uint32_t state)
{
	static const char *const names[ST_NR] = {
		"ERROR",    "STOP",	   "RUNNING",  "STOP_COPY",
		"RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P",
	};

	return state < ST_NR ? names[state] : "?";
}

static const char *sysfs(void)
{
	const char *root = getenv("VFIOSCOPE_SYSFS");

	return root ? root : "/sys";
}

static void link_name(const char *dir, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX + 32], link[PATH_MAX];
	const char *base;
	ssize_t n;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return;
	link[n] = '\0';
	base = strrchr(link, '/');
	snprintf(buf, size, "%.*s", (int)size - 1, base ? base + 1 : link);
}

/* The device's cdev bears the name of its vfio-dev entry: "vfio3". */
static bool vfio_dev_name(const char *dir, char *buf, size_t size)
{
	char path[PATH_MAX + 16];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "%s/vfio-dev", dir);
	d = opendir(path);
	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(buf, size, "%.*s", (int)size - 1, e->d_name);
		found = true;
	}
	closedir(d);
	return found;
}

int device_look(struct device *d, const char *name, char err[DEVICE_ERR_LEN])
{
	static const char *const buses[] = {
		"pci", "mdev", "platform", "fsl-mc", "cdx", "ap", "css"
	};
	char dir[PATH_MAX], full[DEVICE_NAME_LEN], noiommu[64], vfio[32];
	unsigned int bus, slot, fn;
	int used = 0;
	size_t i;

	*d = (struct device){ .iommu = -1, .group_fd = -1, .fd = -1 };
	if (!*name || strlen(name) >= DEVICE_NAME_LEN || strchr(name, '/') || name[0] == '.') {
		TELL(err, "'%.80s' is neither a PCI address nor a UUID", name);
		return -ENOENT;
	}
	/* "3b:00.2" is what lspci prints. */
	if (sscanf(name, "%2x:%2x.%1x%n", &bus, &slot, &fn, &used) == 3 &&
	    (size_t)used == strlen(name))
		snprintf(full, sizeof(full), "0000:%.50s", name);
	else
		snprintf(full, sizeof(full), "%s", name);
	for (i = 0; full[i]; i++)
		full[i] = (char)tolower((unsigned char)full[i]);

	for (i = 0; i < sizeof(buses) / sizeof(buses[0]); i++) {
		snprintf(dir, sizeof(dir), "%s/bus/%s/devices/%s", sysfs(), buses[i], full);
		if (!access(dir, F_OK))
			break;
	}
	if (i == sizeof(buses) / sizeof(buses[0])) {
		TELL(err, "%s: there is no such device", full);
		return -ENOENT;
	}
	snprintf(d->name, sizeof(d->name), "%s", full);
	snprintf(d->bus, sizeof(d->bus), "%s", buses[i]);
	link_name(dir, "driver", d->driver, sizeof(d->driver));
	if (!d->driver[0]) {
		TELL(err,
		     "%s: is bound to no driver; it must be bound to a VFIO driver with migration",
		     full);
		return -ENODEV;
	}
	if (!vfio_dev_name(dir, vfio, sizeof(vfio))) {
		TELL(err, "%s: is bound to %s, which is not a VFIO driver: it is left alone", full,
		     d->driver);
		return -ENODEV;
	}
	link_name(dir, "iommu_group", d->group, sizeof(d->group));
	snprintf(d->cdev, sizeof(d->cdev), "/dev/vfio/devices/%s", vfio);
	if (access(d->cdev, F_OK) || access("/dev/iommu", F_OK))
		d->cdev[0] = '\0';
	/* Without an IOMMU the group's node says so in its name. */
	if (d->group[0]) {
		snprintf(noiommu, sizeof(noiommu), "/dev/vfio/noiommu-%.30s", d->group);
		if (!access(noiommu, F_OK)) {
			snprintf(noiommu, sizeof(noiommu), "noiommu-%.30s", d->group);
			memcpy(d->group, noiommu, sizeof(d->group));
		}
	}
	if (!d->group[0] && !d->cdev[0]) {
		TELL(err,
		     "%s: has no IOMMU group, and this kernel no VFIO character devices: "
		     "it cannot be opened",
		     full);
		return -ENODEV;
	}
	return 0;
}

/* Why @path could not be opened, for a person. */
static int no_open(const struct device *d, const char *path, int e, char err[DEVICE_ERR_LEN])
{
	if (e == EBUSY)
		TELL(err, "%s: is in use by another process (%s is busy)", d->name, path);
	else if (e == EACCES || e == EPERM)
		TELL(err, "%s: no permission to open %s: run it as root", d->name, path);
	else
		TELL(err, "%s: cannot open %s: %s", d->name, path, strerror(e));
	return -e;
}

static int open_cdev(struct device *d, char err[DEVICE_ERR_LEN])
{
	struct uapi_bind_iommufd bind = { .argsz = sizeof(bind) };
	int ret;

	d->fd = open(d->cdev, O_RDWR | O_CLOEXEC);
	if (d->fd < 0)
		return no_open(d, d->cdev, errno, err);
	d->iommu = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (d->iommu < 0)
		return no_open(d, "/dev/iommu", errno, err);
	bind.iommufd = d->iommu;
	if (ioctl(d->fd, UAPI_IOC_BIND_IOMMUFD, &bind)) {
		ret = -errno;
		/* A second opener of the cdev, or one of its group, has it. */
		if (ret == -EBUSY || ret == -EINVAL)
			TELL(err, "%s: is in use by another process", d->name);
		else
			TELL(err, "%s: cannot be bound to an iommufd: %s", d->name, strerror(-ret));
		return ret == -EINVAL ? -EBUSY : ret;
	}
	d->by_cdev = true;
	return 0;
}

static int open_group(struct device *d, const struct device *sibling, char err[DEVICE_ERR_LEN])
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	bool noiommu = !strncmp(d->group, "noiommu-", 8);
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "/dev/vfio/%s", d->group);
	if (sibling && sibling->group_fd >= 0 && !strcmp(sibling->group, d->group)) {
		/* A group is opened once; its devices share it. */
		d->group_fd = fcntl(sibling->group_fd, F_DUPFD_CLOEXEC, 3);
		d->iommu = fcntl(sibling->iommu, F_DUPFD_CLOEXEC, 3);
		if (d->group_fd < 0 || d->iommu < 0)
			return no_open(d, path, errno, err);
	} else {
		d->group_fd = open(path, O_RDWR | O_CLOEXEC);
		if (d->group_fd < 0)
			return no_open(d, path, errno, err);
		if (ioctl(d->group_fd, VFIO_GROUP_GET_STATUS, &status)) {
			ret = -errno;
			TELL(err, "%s: cannot ask for its group's status: %s", d->name,
			     strerror(-ret));
			return ret;
		}
		if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
			TELL(err,
			     "%s: its IOMMU group %s is not viable: another device of the group "
			     "is bound to a driver of the host",
			     d->name, d->group);
			return -EPERM;
		}
		if (status.flags & VFIO_GROUP_FLAGS_CONTAINER_SET) {
			TELL(err, "%s: is in use by another process", d->name);
			return -EBUSY;
		}
		d->iommu = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
		if (d->iommu < 0)
			return no_open(d, "/dev/vfio/vfio", errno, err);
		if (ioctl(d->group_fd, VFIO_GROUP_SET_CONTAINER, &d->iommu) ||
		    ioctl(d->iommu, VFIO_SET_IOMMU,
			  noiommu ? VFIO_NOIOMMU_IOMMU : VFIO_TYPE1v2_IOMMU)) {
			ret = -errno;
			TELL(err,
			     "%s: its group cannot be given an IOMMU: %s (is vfio_iommu_type1 loaded?)",
			     d->name, strerror(-ret));
			return ret;
		}
	}
	d->fd = ioctl(d->group_fd, VFIO_GROUP_GET_DEVICE_FD, d->name);
	if (d->fd < 0) {
		ret = -errno;
		if (ret == -EBUSY)
			TELL(err, "%s: is in use", d->name);
		else
			TELL(err, "%s: the kernel does not open it: %s", d->name, strerror(-ret));
		return ret;
	}
	return 0;
}

static int feature(struct device *d, uint32_t flags, uint64_t *data)
{
	struct uapi_feature f = { .argsz = sizeof(f), .flags = flags, .data = *data };

	if (ioctl(d->fd, UAPI_IOC_FEATURE, &f))
		return -errno;
	*data = f.data;
	return 0;
}

static int ask_abilities(struct device *d, char err[DEVICE_ERR_LEN])
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct region config = { 0 };
	uint64_t data = 0;
	int ret;

	if (ioctl(d->fd, VFIO_DEVICE_GET_INFO, &info)) {
		ret = -errno;
		TELL(err, "%s: GET_INFO: %s", d->name, strerror(-ret));
		return ret;
	}
	d->flags = info.flags;
	ret = feature(d, UAPI_GET | UAPI_MIGRATION, &data);
	d->mig = (uint32_t)data;
	if (ret || !(d->mig & UAPI_FLAG_STOP_COPY)) {
		TELL(err, "%s: %s has no migration support for it%s%s", d->name, d->driver,
		     ret && ret != -ENOTTY ? ": " : "",
		     ret && ret != -ENOTTY ? strerror(-ret) : "");
		return -EOPNOTSUPP;
	}
	data = 0;
	/* Linux 7.1; any driver without it says so. */
	d->info_v2 = (d->mig & UAPI_FLAG_PRE_COPY) &&
		     !feature(d, UAPI_SET | UAPI_PRECOPY_INFO_V2, &data);
	if (d->flags & VFIO_DEVICE_FLAGS_PCI) {
		ret = device_region(d, VFIO_PCI_CONFIG_REGION_INDEX, &config);
		if (ret) {
			TELL(err, "%s: has no configuration space: %s", d->name, strerror(-ret));
			return ret;
		}
		d->config = config.offset;
	}
	ret = device_decode(d);
	if (ret)
		TELL(err, "%s: its command register: %s", d->name, strerror(-ret));
	return ret;
}

int device_open(struct device *d, const struct device *sibling, char err[DEVICE_ERR_LEN])
{
	int ret = d->cdev[0] ? open_cdev(d, err) : -ENOENT;

	if (ret && d->group[0] && ret != -EBUSY) {
		/* Half of the other way is of no use in this one. */
		device_close(d);
		ret = open_group(d, sibling, err);
	}
	if (!ret)
		ret = ask_abilities(d, err);
	if (ret)
		device_close(d);
	return ret;
}

void device_close(struct device *d)
{
	/* The device before its group, the group before the container. */
	if (d->fd >= 0)
		close(d->fd);
	if (d->group_fd >= 0)
		close(d->group_fd);
	if (d->iommu >= 0)
		close(d->iommu);
	d->fd = d->group_fd = d->iommu = -1;
	d->by_cdev = false;
}

int device_set_state(struct device *d, uint32_t state, int *fd)
{
	struct uapi_mig_state s = {
		.argsz = sizeof(s),
		.flags = UAPI_SET | UAPI_MIG_STATE,
		.state = state,
		.data_fd = -1,
	};

	if (fd)
		*fd = -1;
	if (ioctl(d->fd, UAPI_IOC_FEATURE, &s))
		return -errno;
	if (fd)
		*fd = s.data_fd;
	else if (s.data_fd >= 0)
		close(s.data_fd); /* a driver that hands out what nobody asked for */
	return 0;
}

int device_set_state_unwritable(struct device *d, uint32_t state)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct uapi_mig_state *s;
	int ret = 0;

	s = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return -errno;
	*s = (struct uapi_mig_state){
		.argsz = sizeof(*s),
		.flags = UAPI_SET | UAPI_MIG_STATE,
		.state = state,
		.data_fd = -1,
	};
	if (mprotect(s, size, PROT_READ) || ioctl(d->fd, UAPI_IOC_FEATURE, s))
		ret = -errno;
	munmap(s, size);
	return ret;
}

int device_get_state(struct device *d)
{
	struct uapi_mig_state s = {
		.argsz = sizeof(s),
		.flags = UAPI_GET | UAPI_MIG_STATE,
		.data_fd = -1,
	};

	return ioctl(d->fd, UAPI_IOC_FEATURE, &s) ? -errno : (int)s.state;
}

int device_reset(struct device *d)
{
	if (ioctl(d->fd, VFIO_DEVICE_RESET))
		return -errno;
	return device_decode(d);
}

int device_data_size(struct device *d, uint64_t *bytes)
{
	*bytes = 0;
	return feature(d, UAPI_GET | UAPI_MIG_DATA_SIZE, bytes);
}

int device_region(struct device *d, uint32_t index, struct region *r)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	*r = (struct region){ .offset = info.offset, .size = info.size, .flags = info.flags };
	return 0;
}

int device_decode(struct device *d)
{
	off_t at = (off_t)d->config + PCI_COMMAND;
	uint16_t cmd;
	ssize_t n;

	if (!(d->flags & VFIO_DEVICE_FLAGS_PCI))
		return 0;
	n = pread(d->fd, &cmd, sizeof(cmd), at);
	if (n == sizeof(cmd) && !(cmd & PCI_COMMAND_MEMORY)) {
		cmd |= PCI_COMMAND_MEMORY;
		n = pwrite(d->fd, &cmd, sizeof(cmd), at);
	}
	if (n < 0)
		return -errno;
	return n == sizeof(cmd) ? 0 : -EIO;
}

int precopy_info(int fd, struct uapi_precopy_info *info)
{
	*info = (struct uapi_precopy_info){ .argsz = sizeof(*info) };
	return ioctl(fd, UAPI_IOC_PRECOPY_INFO, info) ? -errno : 0;
}
