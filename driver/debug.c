// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/ivshmem_vfio_pci/<PCI address>/
 *
 *	reconfigure	write 1: the device has been reconfigured, and all of it
 *			is new initial data; EINVAL unless in PRE_COPY*
 *	fault		write the name of a rule to break, or "none"; read them
 *			all, the one in force in brackets
 *	delay		write "arc", "read" or "load", "=" and milliseconds: so
 *			long takes the arc to STOP_COPY, the first read() there,
 *			RESUMING to STOP; read all three
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ivshmem.h"

static struct dentry *root;

static int reconfigure(void *data, u64 val)
{
	return val == 1 ? ivshmem_track_reinit(data) : -EINVAL;
}
DEFINE_DEBUGFS_ATTRIBUTE(reconfigure_fops, NULL, reconfigure, "%llu\n");

static int fault_show(struct seq_file *m, void *v)
{
	struct ivshmem_device *idev = m->private;
	int i, now = READ_ONCE(idev->fault);

	for (i = 0; i < IVSHMEM_FAULT_NR; i++)
		seq_printf(m, i == now ? "[%s]\n" : "%s\n", ivshmem_fault_names[i]);
	return 0;
}

static ssize_t fault_write(struct file *file, const char __user *from,
			   size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	char buf[32];
	int ret;

	if (count >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, from, count))
		return -EFAULT;
	buf[count] = 0;
	ret = ivshmem_fault_set(m->private, strim(buf));
	return ret ?: count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(fault);

static int delay_show(struct seq_file *m, void *v)
{
	struct ivshmem_device *idev = m->private;
	int i;

	for (i = 0; i < IVSHMEM_DELAY_NR; i++)
		seq_printf(m, "%s=%u\n", ivshmem_delay_names[i],
			   READ_ONCE(idev->delay_ms[i]));
	return 0;
}

static ssize_t delay_write(struct file *file, const char __user *from,
			   size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct ivshmem_device *idev = m->private;
	char buf[32], *value, *name;
	u16 ms;
	int i;

	if (count >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, from, count))
		return -EFAULT;
	buf[count] = 0;
	value = strim(buf);
	name = strsep(&value, "=");
	i = match_string(ivshmem_delay_names, IVSHMEM_DELAY_NR, name);
	if (i < 0 || !value || kstrtou16(value, 10, &ms) || ms > IVSHMEM_DELAY_MAX)
		return -EINVAL;
	WRITE_ONCE(idev->delay_ms[i], ms);
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(delay);

/* Removal waits for whoever is inside a file: the device outlives them. */
void ivshmem_debug_add(struct ivshmem_device *idev)
{
	idev->debugfs = debugfs_create_dir(pci_name(idev->core.pdev), root);
	debugfs_create_file("reconfigure", 0200, idev->debugfs, idev,
			    &reconfigure_fops);
	debugfs_create_file("fault", 0600, idev->debugfs, idev, &fault_fops);
	debugfs_create_file("delay", 0600, idev->debugfs, idev, &delay_fops);
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
