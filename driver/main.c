// SPDX-License-Identifier: GPL-2.0
/*
 * ivshmem-vfio-pci: VFIO PCI with migration for QEMU's ivshmem-plain.
 *
 * The memory behind BAR 2, of any size, is the device state, and it is moved
 * for real, with pre-copy. BAR 0 of the -plain device holds interrupt registers
 * without an interrupt, and the configuration space is the VMM's to move.
 *
 * The driver is the reference for the tracer: it does what
 * include/uapi/linux/vfio.h says, and tells the truth in every number.
 */

#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "compat.h"
#include "ivshmem.h"

#define PCI_VENDOR_ID_IVSHMEM 0x1af4
#define PCI_DEVICE_ID_IVSHMEM 0x1110

/*
 * The legal combinations of VFIO_DEVICE_FEATURE_MIGRATION's flags, STOP_COPY
 * being mandatory. They are looked at when a device is bound.
 */
static bool precopy = true;
module_param(precopy, bool, 0644);
MODULE_PARM_DESC(precopy, "offer VFIO_MIGRATION_PRE_COPY (default: yes)");

static bool p2p = true;
module_param(p2p, bool, 0644);
MODULE_PARM_DESC(p2p, "offer VFIO_MIGRATION_P2P (default: yes)");

static bool dma_logging;
module_param(dma_logging, bool, 0644);
MODULE_PARM_DESC(dma_logging, "offer DMA logging, in which nothing is ever dirty (default: no)");

static struct ivshmem_device *ivshmem_drvdata(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	return container_of(core, struct ivshmem_device, core);
}

static int ivshmem_init_dev(struct vfio_device *vdev)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);
	struct pci_dev *pdev = to_pci_dev(vdev->dev);
	int ret;

	ret = vfio_pci_core_init_dev(vdev);
	if (ret)
		return ret;

	idev->bar_size = pci_resource_len(pdev, IVSHMEM_BAR);
	idev->nr_pages = DIV_ROUND_UP_ULL(idev->bar_size, IVSHMEM_PAGE_SIZE);
	ret = ivshmem_track_init(idev);
	if (ret) {
		vfio_pci_core_release_dev(vdev);
		return ret;
	}

	mutex_init(&idev->state_mutex);
	mutex_init(&idev->access);
	spin_lock_init(&idev->reset_lock);
	spin_lock_init(&idev->lock);
	idev->state = VFIO_DEVICE_STATE_RUNNING;

	vdev->mig_ops = &ivshmem_mig_ops;
	vdev->migration_flags = VFIO_MIGRATION_STOP_COPY;
	if (p2p)
		vdev->migration_flags |= VFIO_MIGRATION_P2P;
	if (precopy && IVSHMEM_HAS_PRECOPY)
		vdev->migration_flags |= VFIO_MIGRATION_PRE_COPY;
	if (dma_logging)
		vdev->log_ops = &ivshmem_log_ops;
	ivshmem_fault_init(idev);
	return 0;
}

static void ivshmem_release_dev(struct vfio_device *vdev)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);

	mutex_destroy(&idev->access);
	mutex_destroy(&idev->state_mutex);
	ivshmem_track_destroy(idev);
	vfio_pci_core_release_dev(vdev);
}

static int ivshmem_open_device(struct vfio_device *vdev)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);
	struct vfio_pci_core_device *core = &idev->core;
	int ret;

	ret = vfio_pci_core_enable(core);
	if (ret)
		return ret;

	idev->bar = vfio_pci_core_get_iomap(core, IVSHMEM_BAR);
	if (IS_ERR(idev->bar)) {
		ret = PTR_ERR(idev->bar);
		vfio_pci_core_disable(core);
		return ret;
	}

	ivshmem_state_open(idev);
	vfio_pci_core_finish_enable(core);

	/*
	 * A store through a mapping is one that nobody sees. Without this the
	 * region loses VFIO_REGION_INFO_FLAG_MMAP, and mmap() fails.
	 */
	core->bar_mmap_supported[IVSHMEM_BAR] = false;
	return 0;
}

static void ivshmem_close_device(struct vfio_device *vdev)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);

	ivshmem_state_close(idev);
	ivshmem_log_end(idev);
	vfio_pci_core_close_device(vdev);
}

static long ivshmem_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	/*
	 * An ioeventfd makes the kernel store to a BAR without passing by
	 * ivshmem_write(). Refused for all BARs: looking at the offset here
	 * would not help, for the core reads it from user memory once more.
	 */
	if (cmd == VFIO_DEVICE_IOEVENTFD)
		return -ENOTTY;

	return vfio_pci_core_ioctl(vdev, cmd, arg);
}

static ssize_t ivshmem_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			     loff_t *ppos)
{
	if (VFIO_PCI_OFFSET_TO_INDEX(*ppos) == IVSHMEM_BAR)
		return ivshmem_bar_write(to_ivshmem(vdev), buf, count, ppos);

	return vfio_pci_core_write(vdev, buf, count, ppos);
}

static const struct vfio_device_ops ivshmem_ops = {
	.name = "ivshmem-vfio-pci",
	.init = ivshmem_init_dev,
	.release = ivshmem_release_dev,
	.open_device = ivshmem_open_device,
	.close_device = ivshmem_close_device,
	.ioctl = ivshmem_ioctl,
	IVSHMEM_REGION_INFO_OPS IVSHMEM_MATCH_TOKEN_OPS.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = ivshmem_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
	IVSHMEM_IOMMUFD_OPS
};

static int ivshmem_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ivshmem_device *idev;
	int ret;

	if (!(pci_resource_flags(pdev, IVSHMEM_BAR) & IORESOURCE_MEM) ||
	    !pci_resource_len(pdev, IVSHMEM_BAR)) {
		dev_err(&pdev->dev, "no memory behind BAR %d: not an ivshmem-plain device\n",
			IVSHMEM_BAR);
		return -ENODEV;
	}

	idev = vfio_alloc_device(ivshmem_device, core.vdev, &pdev->dev, &ivshmem_ops);
	if (IS_ERR(idev))
		return PTR_ERR(idev);

	/*
	 * core.pci_ops stays NULL where it exists: a dma-buf of the BAR would
	 * be one more way to write to it unseen.
	 */
	dev_set_drvdata(&pdev->dev, &idev->core);
	ret = vfio_pci_core_register_device(&idev->core);
	if (ret) {
		vfio_put_device(&idev->core.vdev);
		return ret;
	}
	ivshmem_debug_add(idev);
	return 0;
}

static void ivshmem_remove(struct pci_dev *pdev)
{
	struct ivshmem_device *idev = ivshmem_drvdata(pdev);

	ivshmem_debug_remove(idev);
	vfio_pci_core_unregister_device(&idev->core);
	vfio_put_device(&idev->core.vdev);
}

static void ivshmem_pci_reset_prepare(struct pci_dev *pdev)
{
	ivshmem_reset_prepare(ivshmem_drvdata(pdev));
}

static void ivshmem_pci_reset_done(struct pci_dev *pdev)
{
	ivshmem_reset_done(ivshmem_drvdata(pdev));
}

static const struct pci_error_handlers ivshmem_err_handlers = {
	.error_detected = vfio_pci_core_aer_err_detected,
	.reset_prepare = ivshmem_pci_reset_prepare,
	.reset_done = ivshmem_pci_reset_done,
};

static const struct pci_device_id ivshmem_table[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_VENDOR_ID_IVSHMEM, PCI_DEVICE_ID_IVSHMEM) }, {}
};
MODULE_DEVICE_TABLE(pci, ivshmem_table);

static struct pci_driver ivshmem_driver = {
	.name = KBUILD_MODNAME,
	.id_table = ivshmem_table,
	.probe = ivshmem_probe,
	.remove = ivshmem_remove,
	.err_handler = &ivshmem_err_handlers,
	.driver_managed_dma = true,
};

static int __init ivshmem_init(void)
{
	int ret;

	ivshmem_debug_init();
	ret = pci_register_driver(&ivshmem_driver);
	if (ret)
		ivshmem_debug_exit();
	return ret;
}
module_init(ivshmem_init);

static void __exit ivshmem_exit(void)
{
	pci_unregister_driver(&ivshmem_driver);
	ivshmem_debug_exit();
}
module_exit(ivshmem_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("VFIO PCI with migration for ivshmem-plain, the reference device of vfioscope");
MODULE_AUTHOR("The vfioscope authors");
