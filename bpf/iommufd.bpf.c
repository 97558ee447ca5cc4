// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd.bpf.c - the dirty log that an IOMMU keeps
 *
 * A device opened by its cdev has no container, but an IOMMUFD, whose pages of
 * translations may log what DMA wrote.  As with a container's log, a call names no
 * device, so it is told of the process; and a start or a report of it looks the
 * same in a recording.
 */
#include "bpf/hook.bpf.h"
#include "bpf/who.bpf.h"

/* include/uapi/linux/iommufd.h: struct iommu_hwpt_set_dirty_tracking */
struct set_dirty_tracking {
	__u32 size, flags, hwpt_id, reserved;
};

#define DIRTY_TRACKING_ENABLE 1U

/* struct iommu_hwpt_get_dirty_bitmap, up to the bitmap's address */
struct get_dirty_bitmap {
	__u32 size, hwpt_id, flags, reserved;
	__u64 iova, length, page_size;
};

/* long iommufd_fops_ioctl(struct file *, unsigned int cmd, unsigned long arg) */
static __always_inline bool iommufd_ioctl_wants(const __u64 *a)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u32 cmd = a[1];

	return (cmd == IOMMUFD_SET_DIRTY_TRACKING || cmd == IOMMUFD_GET_DIRTY_BITMAP) &&
	       bpf_map_lookup_elem(&holders, &pid) && task_wanted();
}

/* What a call of the switch asks for: VFIO_DIRTY_PAGES_* */
static __always_inline __u32 switch_flags(__u64 arg)
{
	struct set_dirty_tracking set = {};

	bpf_probe_read_user(&set, sizeof(set), (void *)arg);
	return set.flags & DIRTY_TRACKING_ENABLE ? VFIO_DIRTY_PAGES_START : VFIO_DIRTY_PAGES_STOP;
}

static __always_inline void iommufd_ioctl_on_enter(const __u64 *a)
{
	call_begin(WIRE_DIRTY_PAGES, a[1], 0, a[2],
		   (__u32)a[1] == IOMMUFD_SET_DIRTY_TRACKING ? switch_flags(a[2]) : 0);
}

static __always_inline void iommufd_ioctl_on_exit(const __u64 *a, void *ctx)
{
	struct get_dirty_bitmap get = {};
	struct dirty_pages d = {};

	/* Read at the exit, when copy_from_user() has made the page resident. */
	if ((__u32)a[1] == IOMMUFD_SET_DIRTY_TRACKING) {
		d.flags = switch_flags(a[2]);
	} else {
		bpf_probe_read_user(&get, sizeof(get), (void *)a[2]);
		d.iova = get.iova;
		d.length = get.length;
		d.page_size = get.page_size;
	}
	dirty_pages_end(a[1], a[3], &d);
}

HOOK(iommufd_ioctl, 3)
