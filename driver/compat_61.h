/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Debian 12's 6.1 lacks, and vendors' kernels that took migration from there:
 * PRE_COPY and MIG_DATA_SIZE (6.2), iommufd (6.2), the shared mapping of a BAR (6.8).
 * There the device migrates by STOP_COPY alone; the code of PRE_COPY is built, and
 * never reached.
 */
#ifndef IVSHMEM_VFIO_COMPAT_61_H
#define IVSHMEM_VFIO_COMPAT_61_H

#ifdef VFIO_MIG_GET_PRECOPY_INFO
#define IVSHMEM_HAS_PRECOPY true
#else
#define IVSHMEM_HAS_PRECOPY	       false
#define VFIO_MIGRATION_PRE_COPY	       BIT(2)
#define VFIO_DEVICE_STATE_PRE_COPY     ((enum vfio_device_mig_state)6)
#define VFIO_DEVICE_STATE_PRE_COPY_P2P ((enum vfio_device_mig_state)7)
#define VFIO_MIG_GET_PRECOPY_INFO      _IO(VFIO_TYPE, VFIO_BASE + 21)
struct vfio_precopy_info {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 initial_bytes;
	__aligned_u64 dirty_bytes;
};
#endif

#ifdef IVSHMEM_HAS_DATA_SIZE
#define IVSHMEM_DATA_SIZE_OP(func) .migration_get_data_size = func,
#else
#define IVSHMEM_DATA_SIZE_OP(func)
#endif

#ifdef IVSHMEM_HAS_DETACH_IOAS
#define IVSHMEM_IOMMUFD_OPS                               \
	.bind_iommufd = vfio_iommufd_physical_bind,       \
	.unbind_iommufd = vfio_iommufd_physical_unbind,   \
	.attach_ioas = vfio_iommufd_physical_attach_ioas, \
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#else
#define IVSHMEM_IOMMUFD_OPS
#endif

/* The core unmaps what it finds here when the device is disabled. */
#if !defined(IVSHMEM_HAS_SETUP_BARMAP) && !defined(IVSHMEM_HAS_GET_IOMAP)
static inline int vfio_pci_core_setup_barmap(struct vfio_pci_core_device *core, int bar)
{
	int ret;

	if (core->barmap[bar])
		return 0;
	ret = pci_request_selected_regions(core->pdev, 1 << bar, "vfio");
	if (ret)
		return ret;
	core->barmap[bar] = pci_iomap(core->pdev, bar, 0);
	if (core->barmap[bar])
		return 0;
	pci_release_selected_regions(core->pdev, 1 << bar);
	return -ENOMEM;
}
#endif

/* 6.7 */
#ifndef DEFINE_SHOW_STORE_ATTRIBUTE
#define DEFINE_SHOW_STORE_ATTRIBUTE(name)                                \
	static int name##_open(struct inode *inode, struct file *file)   \
	{                                                                \
		return single_open(file, name##_show, inode->i_private); \
	}                                                                \
	static const struct file_operations name##_fops = {              \
		.owner = THIS_MODULE,                                    \
		.open = name##_open,                                     \
		.read = seq_read,                                        \
		.write = name##_write,                                   \
		.llseek = seq_lseek,                                     \
		.release = single_release,                               \
	}
#endif

#endif /* IVSHMEM_VFIO_COMPAT_61_H */
