// SPDX-License-Identifier: GPL-2.0
/*
 * Reaching the memory behind BAR 2.
 *
 * The device answers only in D0 and with PCI_COMMAND_MEMORY set, and neither
 * can be taken for granted while a stream is running. A VMM resets the device
 * with decoding off, and on the destination nothing turns it on before the
 * guest's configuration space arrives, which is after the stream. So a stream
 * turns it on for the time of a batch, as vfio_pci_core does for itself when
 * it needs to look at a ROM or at an MSI-X table: with memory_lock held for
 * write, so that no user can reach the device meanwhile or change the command
 * register under our hands. With decoding already on, memory_lock for read is
 * enough, and the guest goes on undisturbed.
 *
 * A reset through VFIO holds memory_lock, too. One that comes from elsewhere
 * (sysfs) does not; it takes the lock on configuration accesses, so we hold
 * that as well while the command register is not as the user wants it.
 */

#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else /* before 6.12 */
#include <asm/unaligned.h>
#endif

#include "ivshmem.h"

/**
 * ivshmem_bar_begin() - make BAR 2 reachable for a stream
 * @idev: the device
 * @acc: filled in, for ivshmem_bar_end()
 *
 * Call with &ivshmem_device.access held and the session alive; the device is
 * open then. On success memory_lock is held: do not touch user memory.
 *
 * Return: 0, or -EIO when the device cannot be brought to answer.
 */
int ivshmem_bar_begin(struct ivshmem_device *idev, struct ivshmem_access *acc)
{
	struct vfio_pci_core_device *core = &idev->core;
	struct pci_dev *pdev = core->pdev;

	lockdep_assert_held(&idev->access);

	/*
	 * Before memory_lock: the core's resume callback takes it. The ioctls of
	 * a device do this in the core, but the data FD's calls do not go there.
	 */
	if (pm_runtime_resume_and_get(&pdev->dev) < 0)
		return -EIO;

	down_read(&core->memory_lock);
	pci_read_config_word(pdev, PCI_COMMAND, &acc->cmd);
	if (pdev->current_state < PCI_D3hot && (acc->cmd & PCI_COMMAND_MEMORY)) {
		acc->exclusive = false;
		return 0;
	}
	up_read(&core->memory_lock);

	down_write(&core->memory_lock);
	/*
	 * A D3hot that the user asked for: waking the device behind the core's
	 * back would lose what the core saved. ivshmem has no PM capability,
	 * so this is for other devices with the same BAR.
	 */
	if (pdev->current_state >= PCI_D3hot) {
		up_write(&core->memory_lock);
		pm_runtime_put(&pdev->dev);
		return -EIO;
	}

	pci_cfg_access_lock(pdev);
	pci_read_config_word(pdev, PCI_COMMAND, &acc->cmd);
	if (!(acc->cmd & PCI_COMMAND_MEMORY))
		pci_write_config_word(pdev, PCI_COMMAND, acc->cmd | PCI_COMMAND_MEMORY);
	acc->exclusive = true;
	return 0;
}

void ivshmem_bar_end(struct ivshmem_device *idev, struct ivshmem_access *acc)
{
	struct vfio_pci_core_device *core = &idev->core;
	struct pci_dev *pdev = core->pdev;

	if (acc->exclusive) {
		if (!(acc->cmd & PCI_COMMAND_MEMORY))
			pci_write_config_word(pdev, PCI_COMMAND, acc->cmd);
		pci_cfg_access_unlock(pdev);
		up_write(&core->memory_lock);
	} else {
		up_read(&core->memory_lock);
	}
	pm_runtime_put(&pdev->dev);
}

/*
 * Refuse, or admit again, writes to BAR 2. Once this returns, every write is
 * either complete and accounted for, or will find the new rule.
 */
void ivshmem_bar_freeze(struct ivshmem_device *idev, bool frozen)
{
	down_write(&idev->core.memory_lock);
	WRITE_ONCE(idev->frozen, frozen);
	up_write(&idev->core.memory_lock);
}

/*
 * May the user reach the BAR? As the core decides it for all other BARs: by
 * the command register that the user sees, and the power state.
 */
static bool user_may_access(struct vfio_pci_core_device *core)
{
	__le16 *cmd = (__le16 *)&core->vconfig[PCI_COMMAND];

	return core->pdev->current_state < PCI_D3hot &&
	       (core->pdev->no_command_memory || (le16_to_cpu(*cmd) & PCI_COMMAND_MEMORY));
}

/*
 * Naturally aligned accesses of up to 8 bytes stay whole, as in the core: for
 * whoever shares the memory a store of the guest is still one store.
 */
static void copy_to_bar(void __iomem *io, loff_t pos, const u8 *buf, size_t count)
{
	size_t n;

	for (; count; count -= n, pos += n, buf += n) {
		if (count >= 8 && !(pos % 8)) {
			writeq(get_unaligned_le64(buf), io + pos);
			n = 8;
		} else if (count >= 4 && !(pos % 4)) {
			writel(get_unaligned_le32(buf), io + pos);
			n = 4;
		} else if (count >= 2 && !(pos % 2)) {
			writew(get_unaligned_le16(buf), io + pos);
			n = 2;
		} else {
			writeb(*buf, io + pos);
			n = 1;
		}
	}
}

static int write_chunk(struct ivshmem_device *idev, loff_t pos, const u8 *buf, size_t count)
{
	struct vfio_pci_core_device *core = &idev->core;
	int ret = 0;

	down_read(&core->memory_lock);
	if (!user_may_access(core)) {
		ret = -EIO;
	} else if (READ_ONCE(idev->frozen)) {
		/*
		 * STOP_COPY or RESUMING. "The user should take steps to
		 * restrict access to vfio device regions while the device is in
		 * STOP_COPY or risk corruption of the device migration data
		 * stream." A write that comes after its page was sent would
		 * have to be sent again, and after the permanent end it would
		 * be lost without a word; in RESUMING it would be mixed into
		 * what the stream brings. So it is the writer who hears of it.
		 */
		ret = -EBUSY;
	} else {
		copy_to_bar(idev->bar, pos, buf, count);
		ivshmem_track_mark(idev, pos >> IVSHMEM_PAGE_SHIFT);
	}
	up_read(&core->memory_lock);
	return ret;
}

/**
 * ivshmem_bar_write() - a write of the user to BAR 2, followed by the tracker
 * @idev: the device
 * @buf: what to write
 * @count: how much
 * @ppos: offset of the region plus the offset in it; moved on
 *
 * The core's own write does for all other regions. It copies from user memory
 * and writes to the device in one go, too finely to be atomic towards the
 * state machine: a write could begin in PRE_COPY and end in STOP_COPY after
 * the stream has. Here each piece is fetched first, and then written and
 * accounted for under one hold of memory_lock.
 *
 * Return: bytes written, or a negative errno if there was none.
 */
ssize_t ivshmem_bar_write(struct ivshmem_device *idev, const char __user *buf, size_t count,
			  loff_t *ppos)
{
	struct device *dev = &idev->core.pdev->dev;
	u64 pos = *ppos & VFIO_PCI_OFFSET_MASK;
	size_t done = 0;
	int ret = 0;
	u8 *tmp;

	if (!count)
		return 0;
	if (pos >= idev->bar_size)
		return -EINVAL;
	count = min_t(u64, count, idev->bar_size - pos);

	tmp = kmalloc(min(count, IVSHMEM_PAGE_SIZE), GFP_KERNEL);
	if (!tmp)
		return -ENOMEM;

	if (pm_runtime_resume_and_get(dev) < 0) {
		kfree(tmp);
		return -EIO;
	}

	while (done < count) {
		size_t n = min(count - done, IVSHMEM_PAGE_SIZE - (size_t)(pos % IVSHMEM_PAGE_SIZE));

		if (copy_from_user(tmp, buf + done, n)) {
			ret = -EFAULT;
			break;
		}
		ret = write_chunk(idev, pos, tmp, n);
		if (ret)
			break;
		done += n;
		pos += n;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}

	pm_runtime_put(dev);
	kfree(tmp);
	*ppos += done;
	return done ?: ret;
}
