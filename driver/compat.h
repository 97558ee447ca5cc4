/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels this driver builds for (6.1 to 7.3).
 *
 * Kbuild asks a kernel's headers what it has (IVSHMEM_HAS_*). The driver is
 * written against the newest kernel; what an older one lacks is supplied here
 * under the name that it has today.
 */
#ifndef IVSHMEM_VFIO_COMPAT_H
#define IVSHMEM_VFIO_COMPAT_H

#include <linux/bits.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "compat_61.h"

#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) kzalloc(sizeof(obj), gfp)
#endif

/*
 * VFIO_DEVICE_GET_REGION_INFO, which went through vfio_device_ops.ioctl as all
 * the others, was moved into the core (6.19), which needs a callback for it.
 */
#ifdef IVSHMEM_HAS_REGION_INFO_CAPS
#define IVSHMEM_REGION_INFO_OPS .get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define IVSHMEM_REGION_INFO_OPS
#endif

/*
 * The VF token check got a callback of its own when iommufd binds learned to
 * take a token (6.17). vfio_pci_core_match() calls it without looking whether it
 * is set: without it, VFIO_GROUP_GET_DEVICE_FD is a call of NULL.
 */
#ifdef IVSHMEM_HAS_MATCH_TOKEN_UUID
#define IVSHMEM_MATCH_TOKEN_OPS .match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define IVSHMEM_MATCH_TOKEN_OPS
#endif

/*
 * 7.2 maps every BAR when the device is enabled and hands out the mapping;
 * before, a BAR was mapped the first time that somebody asked.
 */
#ifndef IVSHMEM_HAS_GET_IOMAP
static inline void __iomem *
vfio_pci_core_get_iomap(struct vfio_pci_core_device *core, unsigned int bar)
{
	int ret = vfio_pci_core_setup_barmap(core, bar);

	return ret ? IOMEM_ERR_PTR(ret) : core->barmap[bar];
}
#endif

/* 7.1 shares the checks of VFIO_MIG_GET_PRECOPY_INFO between the drivers. */
#ifndef IVSHMEM_HAS_CHECK_PRECOPY_IOCTL
static inline int vfio_check_precopy_ioctl(struct vfio_device *vdev, unsigned int cmd,
					   unsigned long arg, struct vfio_precopy_info *info)
{
	unsigned long minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);

	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	if (copy_from_user(info, (void __user *)arg, minsz))
		return -EFAULT;
	if (info->argsz < minsz)
		return -EINVAL;
	return 0;
}
#endif

/*
 * 7.1 has the opt-in after which the flags field is an output. Without the opt-in
 * the field is returned as the caller left it, "for bug-compatibility reasons".
 */
static inline bool ivshmem_precopy_info_v2(struct vfio_device *vdev)
{
#ifdef IVSHMEM_HAS_PRECOPY_INFO_V2
	return READ_ONCE(vdev->precopy_info_v2);
#else
	return false;
#endif
}

#ifndef VFIO_PRECOPY_INFO_REINIT
#define VFIO_PRECOPY_INFO_REINIT BIT(0)
#endif

#endif /* IVSHMEM_VFIO_COMPAT_H */
