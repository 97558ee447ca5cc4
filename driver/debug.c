// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/ivshmem_vfio_pci/<PCI address>/
 *
 *	reconfigure	write 1: the device has been reconfigured, and all of it
 *			is new initial data; EINVAL unless in PRE_COPY*
 *	fault, delay, fail	see fault.c, delay.c
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "ivshmem.h"

static struct dentry *root;

static int reconfigure(void *data, u64 val)
{
	return val == 1 ? ivshmem_track_reinit(data) : -EINVAL;
}
DEFINE_DEBUGFS_ATTRIBUTE(reconfigure_fops, NULL, reconfigure, "%llu\n");

/* Removal waits for whoever is inside a file: the device outlives them. */
void ivshmem_debug_add(struct ivshmem_device *idev)
{
	idev->debugfs = debugfs_create_dir(pci_name(idev->core.pdev), root);
	debugfs_create_file("reconfigure", 0200, idev->debugfs, idev, &reconfigure_fops);
	ivshmem_fault_debug_add(idev, idev->debugfs);
}

void ivshmem_debug_remove(struct ivshmem_device *idev)
{
	debugfs_remove(idev->debugfs);
}

void ivshmem_debug_init(void)
{
	root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

void ivshmem_debug_exit(void)
{
	debugfs_remove(root);
}
