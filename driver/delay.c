// SPDX-License-Identifier: GPL-2.0
/*
 * What takes longer than it must, by debugfs:
 *
 *	delay	write a name, "=", milliseconds, and perhaps a blank and in what
 *		they go: "sleep", which is the default, "busy" or "lock"; read
 *		them all. Only a fatal signal ends a sleep early: long ones are
 *		hangs
 */

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "ivshmem.h"

#define DELAY_MAX_MS 600000
/* A cpu is not kept for longer. */
#define BUSY_MAX_MS  1000

static const char *const delay_names[IVSHMEM_DELAY_NR] = {
	[IVSHMEM_DELAY_ARC] = "arc",
	[IVSHMEM_DELAY_READ] = "read",
	[IVSHMEM_DELAY_WRITE] = "write",
	[IVSHMEM_DELAY_LOAD] = "load",
};

static const char *const how_names[IVSHMEM_DELAY_HOWS] = {
	[IVSHMEM_DELAY_SLEEP] = "sleep",
	[IVSHMEM_DELAY_BUSY] = "busy",
	[IVSHMEM_DELAY_LOCK] = "lock",
};

static int sleep_ms(u32 ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);

	/* msleep() counts in jiffies, and rounds up by two of them */
	do {
		set_current_state(TASK_KILLABLE);
		if (!schedule_hrtimeout_range(&end, 200 * NSEC_PER_USEC, HRTIMER_MODE_ABS))
			return 0;
	} while (!fatal_signal_pending(current));
	return -EINTR;
}

static void busy_ms(u32 ms)
{
	ktime_t end = ktime_add_ms(ktime_get(), ms);

	while (ktime_before(ktime_get(), end)) {
		cpu_relax();
		cond_resched();
	}
}

/* Somebody else, who has the lock. */
struct holder {
	struct work_struct work;
	struct ivshmem_device *idev;
	struct completion has_it;
	u32 ms;
};

static void hold(struct work_struct *work)
{
	struct holder *h = container_of(work, struct holder, work);
	ktime_t end;

	mutex_lock(&h->idev->faults.lock);
	end = ktime_add_ms(ktime_get(), h->ms);
	complete(&h->has_it);
	do
		set_current_state(TASK_UNINTERRUPTIBLE);
	while (schedule_hrtimeout_range(&end, 200 * NSEC_PER_USEC, HRTIMER_MODE_ABS));
	mutex_unlock(&h->idev->faults.lock);
}

static void wait_for_lock(struct ivshmem_device *idev, u32 ms)
{
	struct holder h = { .idev = idev, .ms = ms };

	INIT_WORK_ONSTACK(&h.work, hold);
	init_completion(&h.has_it);
	schedule_work(&h.work);
	wait_for_completion(&h.has_it);
	mutex_lock(&idev->faults.lock);
	mutex_unlock(&idev->faults.lock);
	flush_work(&h.work);
	destroy_work_on_stack(&h.work);
}

int ivshmem_delay(struct ivshmem_device *idev, enum ivshmem_delay what)
{
	u32 ms = READ_ONCE(idev->faults.delay_ms[what]);

	if (!ms)
		return 0;
	switch (READ_ONCE(idev->faults.delay_how[what])) {
	case IVSHMEM_DELAY_BUSY:
		busy_ms(ms);
		return 0;
	case IVSHMEM_DELAY_LOCK:
		wait_for_lock(idev, ms);
		return 0;
	default:
		return sleep_ms(ms);
	}
}

static int delay_show(struct seq_file *m, void *v)
{
	struct ivshmem_device *idev = m->private;
	int i;

	for (i = 0; i < IVSHMEM_DELAY_NR; i++)
		seq_printf(m, "%s=%u %s\n", delay_names[i], READ_ONCE(idev->faults.delay_ms[i]),
			   how_names[READ_ONCE(idev->faults.delay_how[i])]);
	return 0;
}

static ssize_t delay_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct ivshmem_device *idev = m->private;
	char buf[32], *how = buf, *value, *name;
	int what, in = IVSHMEM_DELAY_SLEEP, ret = ivshmem_fault_line(buf, sizeof(buf), from, count);
	u32 ms;

	if (ret)
		return ret;
	how = strim(buf);
	value = strsep(&how, " ");
	name = strsep(&value, "=");
	what = match_string(delay_names, IVSHMEM_DELAY_NR, name);
	if (how)
		in = match_string(how_names, IVSHMEM_DELAY_HOWS, how);
	if (what < 0 || in < 0 || !value || kstrtou32(value, 10, &ms) || ms > DELAY_MAX_MS ||
	    (in == IVSHMEM_DELAY_BUSY && ms > BUSY_MAX_MS))
		return -EINVAL;
	WRITE_ONCE(idev->faults.delay_how[what], in);
	WRITE_ONCE(idev->faults.delay_ms[what], ms);
	ivshmem_fault_wrap(idev);
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(delay);

void ivshmem_delay_init(struct ivshmem_device *idev)
{
	mutex_init(&idev->faults.lock);
}

void ivshmem_delay_debug_add(struct ivshmem_device *idev, struct dentry *dir)
{
	debugfs_create_file("delay", 0600, dir, idev, &delay_fops);
}
