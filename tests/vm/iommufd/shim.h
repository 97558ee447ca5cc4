/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shim.h - an IOMMU that claims to log what DMA writes
 *
 * The lab's emulated IOMMU cannot, so that no VMM would ever ask it.  This is included
 * into two files of the kernel's iommufd as the lab builds it: the capability is
 * claimed, and every second page is reported as written.  What is seen through it
 * are the calls and their times; which pages they report means nothing.
 */
#ifndef LAB_IOMMUFD_SHIM_H
#define LAB_IOMMUFD_SHIM_H

#include <linux/iommu.h>
#include <linux/iova_bitmap.h>
#include <uapi/linux/iommufd.h>

#define device_iommu_capable(dev, cap) \
	((cap) == IOMMU_CAP_DIRTY_TRACKING || (device_iommu_capable)(dev, cap))

/* Under its name until 6.12, and since 6.13; the IOMMU's own driver would refuse it. */
#define domain_alloc_user(dev, flags, ...) \
	domain_alloc_user(dev, (flags) & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING, __VA_ARGS__)
#define domain_alloc_paging_flags(dev, flags, ...) \
	domain_alloc_paging_flags(dev, (flags) & ~IOMMU_HWPT_ALLOC_DIRTY_TRACKING, __VA_ARGS__)

static int lab_set_dirty_tracking(struct iommu_domain *domain, bool enabled)
{
	return 0;
}

static int lab_read_and_clear_dirty(struct iommu_domain *domain, unsigned long iova, size_t size,
				    unsigned long flags, struct iommu_dirty_bitmap *dirty)
{
	size_t at;

	for (at = 0; at < size; at += 2 * PAGE_SIZE)
		iommu_dirty_bitmap_record(dirty, iova + at, PAGE_SIZE);
	return 0;
}

static const struct iommu_dirty_ops __maybe_unused lab_dirty_ops = {
	.set_dirty_tracking = lab_set_dirty_tracking,
	.read_and_clear_dirty = lab_read_and_clear_dirty,
};

#endif
