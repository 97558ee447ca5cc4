// SPDX-License-Identifier: GPL-2.0
/*
 * DMA logging: what of the guest's memory the device has written to. It has no
 * DMA, so nothing of it, ever, and that is exact. It is there for VMMs that go
 * other ways with a device that can say so (module parameter dma_logging).
 *
 * The core "does not track logging state relative to the device, therefore the
 * device implementation of vfio_log_ops must handle arbitrary user requests. This
 * includes rejecting subsequent calls to log_start without an intervening
 * log_stop, as well as graceful handling of log_stop and log_read_and_clear from
 * invalid states" (include/linux/vfio.h).
 */

#include <linux/vfio.h>

#include "ivshmem.h"

int ivshmem_log_start(struct ivshmem_device *idev)
{
	int ret = 0;

	spin_lock(&idev->lock);
	if (idev->logging)
		ret = -EINVAL;
	idev->logging = true;
	spin_unlock(&idev->lock);
	return ret;
}

void ivshmem_log_end(struct ivshmem_device *idev)
{
	spin_lock(&idev->lock);
	idev->logging = false;
	spin_unlock(&idev->lock);
}

/* Any ranges and any size of pages will do. */
static int ivshmem_log_device_start(struct vfio_device *vdev, struct rb_root_cached *ranges,
				    u32 nnodes, u64 *page_size)
{
	return ivshmem_log_start(to_ivshmem(vdev));
}

int ivshmem_log_stop(struct vfio_device *vdev)
{
	ivshmem_log_end(to_ivshmem(vdev));
	return 0;
}

int ivshmem_log_read_and_clear(struct vfio_device *vdev, unsigned long iova, unsigned long length,
			       struct iova_bitmap *dirty)
{
	return READ_ONCE(to_ivshmem(vdev)->logging) ? 0 : -EINVAL;
}

const struct vfio_log_ops ivshmem_log_ops = {
	.log_start = ivshmem_log_device_start,
	.log_stop = ivshmem_log_stop,
	.log_read_and_clear = ivshmem_log_read_and_clear,
};
