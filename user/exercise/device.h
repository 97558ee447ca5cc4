/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.h - a VFIO device: found, opened, asked, let go
 *
 * Calls return 0 (or what is asked for) or -errno; those that take @err tell a
 * failure in one line there.
 */
#ifndef VFIOSCOPE_EXERCISE_DEVICE_H
#define VFIOSCOPE_EXERCISE_DEVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "exercise/uapi.h"

#define DEVICE_NAME_LEN 64
#define DEVICE_ERR_LEN	320 /* EXERCISE_ERR_LEN */

struct device {
	/* device_look(): from sysfs alone */
	char name[DEVICE_NAME_LEN]; /* as the kernel calls it: with its domain */
	char bus[16];		    /* "pci", "mdev" */
	char driver[64];
	char group[64];		    /* /dev/vfio/GROUP, or "" */
	char cdev[DEVICE_NAME_LEN]; /* /dev/vfio/devices/..., or "" */
	/* device_open(); -1: not open */
	int iommu; /* the type1 container, or the iommufd */
	int group_fd;
	int fd;
	bool by_cdev;
	uint32_t flags;	 /* VFIO_DEVICE_FLAGS_* */
	uint32_t mig;	 /* UAPI_FLAG_* */
	bool info_v2;	 /* PRECOPY_INFOv2 is agreed */
	uint64_t config; /* offset of the configuration space; PCI only */
};

struct region {
	uint64_t offset, size; /* of the device's FD */
	uint32_t flags;	       /* VFIO_REGION_INFO_FLAG_* */
};

/*
 * Find @name (a PCI address, with or without its domain, or a UUID) and its
 * binding.  Nothing is opened.  -ENOENT: no such device; -ENODEV: not bound to
 * a VFIO driver.
 */
int device_look(struct device *d, const char *name, char err[DEVICE_ERR_LEN]);
/*
 * Open what device_look() found, by cdev and iommufd where the kernel has them,
 * else by group and type1, and ask for its abilities.  @sibling: an open device
 * whose group it may share, or NULL.  -EBUSY: in use; -EOPNOTSUPP: no migration.
 */
int device_open(struct device *d, const struct device *sibling, char err[DEVICE_ERR_LEN]);
void device_close(struct device *d);

/* SET_STATE; *@fd: the data FD, or -1.  @fd may be NULL where none can come. */
int device_set_state(struct device *d, uint32_t state, int *fd);
/* SET_STATE whose answer cannot be delivered: -EFAULT, and whatever came is lost. */
int device_set_state_unwritable(struct device *d, uint32_t state);
/* GET_STATE: the state, or -errno. */
int device_get_state(struct device *d);
/* Back to RUNNING by VFIO_DEVICE_RESET, with its memory decoded again. */
int device_reset(struct device *d);
int device_data_size(struct device *d, uint64_t *bytes);
int device_region(struct device *d, uint32_t index, struct region *r);
/* PCI: let the device answer to accesses of its memory.  No-op elsewhere. */
int device_decode(struct device *d);
int precopy_info(int fd, struct uapi_precopy_info *info);

static inline bool device_has(const struct device *d, uint32_t flags)
{
	return (d->mig & flags) == flags;
}

/* "STOP_COPY"; never NULL. */
const char *state_name(uint32_t state);

#endif
