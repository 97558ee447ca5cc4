// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's operations, wrapped: what VFIO and the users of the data FDs call
 * while a device has been told, by debugfs, to do something wrong.
 *
 *	fault		write the name of a rule to break, or "none"; read them
 *			all, the one in force in brackets
 *	delay		see delay.c
 *	fail		write a name, "=" and an errno (a number; 0 ends it); for
 *			"read" and "write" perhaps "@" and a byte of the stream
 *
 * A wrapper calls what the operation itself calls, and never the operation: so
 * that for a tracer of operations a call is one call here, too.
 *
 * Calls see at once what was written. A stream is wrapped from its birth on: one
 * that was there before its device was told anything remains as it is.
 */

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "ivshmem.h"

/* What a pre-copy that is but a probe gives away. */
#define PROBE_BYTES SZ_64K

enum {
	FAULT_NONE,
	FAULT_ENOMSG_IN_STOP_COPY,
	FAULT_EOF_IN_PRECOPY,
	FAULT_PREMATURE_ENOMSG,
	FAULT_DATA_AFTER_EOF,
	FAULT_POLL_IDLE_AT_EOF,
	FAULT_POLL_NEVER_WAKES,
	FAULT_POLL_MISSING,
	FAULT_INITIAL_BYTES_ZERO,
	FAULT_INITIAL_BYTES_GREW,
	FAULT_INITIAL_BYTES_STUCK,
	FAULT_DIRTY_BYTES_AT_START,
	FAULT_REINIT_DIRTY_KEPT,
	FAULT_UNKNOWN_INFO_FLAGS,
	FAULT_INFO_OUTSIDE_PRECOPY,
	FAULT_INFO_MISSING,
	FAULT_FD_MISSING,
	FAULT_FD_UNEXPECTED,
	FAULT_ILLEGAL_ARC,
	FAULT_STALE_STREAM_ALIVE,
	FAULT_STATE_DESYNC,
	FAULT_ERROR_STATE,
	FAULT_CALL_STUCK,
	FAULT_SLOW_CALL,
	FAULT_SLOW_FIRST_BYTE,
	FAULT_DATA_SIZE_ABSURD,
	FAULT_DATA_SIZE_OFF,
	FAULT_ESTIMATE_OFF,
	FAULT_PRECOPY_AS_PROBE,
	FAULT_RESUME_REJECTED,
	FAULT_RESUME_SHORT,
	FAULT_NR,
};

/* Each is named after the rule that it breaks. */
static const char *const rule_names[FAULT_NR] = {
	[FAULT_NONE] = "none",
	/* read(): after the last byte; for the permanent end; once, at first */
	[FAULT_ENOMSG_IN_STOP_COPY] = "enomsg-in-stop-copy",
	[FAULT_EOF_IN_PRECOPY] = "eof-in-precopy",
	[FAULT_PREMATURE_ENOMSG] = "premature-enomsg",
	/* one byte for each read() after the permanent end but the first */
	[FAULT_DATA_AFTER_EOF] = "data-after-eof",
	[FAULT_POLL_IDLE_AT_EOF] = "poll-idle-at-eof",
	[FAULT_POLL_NEVER_WAKES] = "poll-never-wakes",
	[FAULT_POLL_MISSING] = "poll-missing",
	/* VFIO_MIG_GET_PRECOPY_INFO */
	[FAULT_INITIAL_BYTES_ZERO] = "initial-bytes-zero",
	[FAULT_INITIAL_BYTES_GREW] = "initial-bytes-grew",
	[FAULT_INITIAL_BYTES_STUCK] = "initial-bytes-stuck",
	[FAULT_DIRTY_BYTES_AT_START] = "dirty-bytes-at-start",
	/* needs a write to "reconfigure", and the opt-in */
	[FAULT_REINIT_DIRTY_KEPT] = "reinit-dirty-kept",
	[FAULT_UNKNOWN_INFO_FLAGS] = "unknown-info-flags",
	[FAULT_INFO_OUTSIDE_PRECOPY] = "info-outside-precopy",
	[FAULT_INFO_MISSING] = "info-missing",
	/* SET_STATE: to where a session begins; to STOP; STOP_COPY to PRE_COPY */
	[FAULT_FD_MISSING] = "fd-missing",
	[FAULT_FD_UNEXPECTED] = "fd-unexpected",
	[FAULT_ILLEGAL_ARC] = "illegal-arc",
	[FAULT_STALE_STREAM_ALIVE] = "stale-stream-alive",
	/* in PRE_COPY the device returns to RUNNING when GET_STATE asks */
	[FAULT_STATE_DESYNC] = "state-desync",
	/* instead of PRE_COPY_P2P or PRE_COPY to STOP_COPY */
	[FAULT_ERROR_STATE] = "error-state",
	/* SET_STATE to PRE_COPY_P2P takes 6.5 s; 1.2 s; to STOP_COPY 0.5 s */
	[FAULT_CALL_STUCK] = "call-stuck",
	[FAULT_SLOW_CALL] = "slow-call",
	[FAULT_SLOW_FIRST_BYTE] = "slow-first-byte",
	[FAULT_DATA_SIZE_ABSURD] = "data-size-absurd",
	[FAULT_DATA_SIZE_OFF] = "data-size-off",
	/* everything is sent once more in STOP_COPY */
	[FAULT_ESTIMATE_OFF] = "estimate-off",
	[FAULT_PRECOPY_AS_PROBE] = "precopy-as-probe",
	/* of the destination: refuses what is complete; takes what is not */
	[FAULT_RESUME_REJECTED] = "resume-rejected",
	[FAULT_RESUME_SHORT] = "resume-short",
};

static const char *const fail_names[IVSHMEM_FAIL_NR] = {
	[IVSHMEM_FAIL_PRECOPY] = "precopy", [IVSHMEM_FAIL_ARC] = "arc",
	[IVSHMEM_FAIL_LOAD] = "load",	    [IVSHMEM_FAIL_READ] = "read",
	[IVSHMEM_FAIL_WRITE] = "write",	    [IVSHMEM_FAIL_INFO] = "info",
	[IVSHMEM_FAIL_SIZE] = "size",	    [IVSHMEM_FAIL_LOG] = "log",
};

static int rule(const struct ivshmem_device *idev)
{
	return READ_ONCE(idev->faults.rule);
}

/* 0, or the errno with which it fails, when @end bytes of the session are too many. */
static int failure(struct ivshmem_device *idev, enum ivshmem_fail what, u64 end)
{
	int err = READ_ONCE(idev->faults.fail[what]);

	return err && end > READ_ONCE(idev->faults.fail_at[what]) ? -err : 0;
}

static bool in_state(struct ivshmem_stream *stream, bool stopped)
{
	bool ret;

	spin_lock(&stream->idev->lock);
	ret = !stream->dead && stream->stopped == stopped;
	spin_unlock(&stream->idev->lock);
	return ret;
}

/* What is left of the probe; and whether the stream is still in pre-copy. */
static u64 probe_left(struct ivshmem_stream *stream, bool *precopy)
{
	struct ivshmem_device *idev = stream->idev;
	u64 rest = ivshmem_track_full_bytes(idev) - IVSHMEM_END_BYTES, left = 0;

	rest -= min_t(u64, rest, PROBE_BYTES);
	spin_lock(&idev->lock);
	*precopy = !stream->dead && !stream->stopped;
	if (idev->track.initial_bytes > rest)
		left = idev->track.initial_bytes - rest;
	spin_unlock(&idev->lock);
	return left;
}

/* The data FDs */

/* Before anything is read: an errno, or how much may be read. */
static int before_read(struct ivshmem_stream *stream, size_t *len)
{
	struct ivshmem_device *idev = stream->idev;
	struct ivshmem_faults *f = &idev->faults;
	bool precopy;
	u64 left;
	int ret;

	if (!f->slept && in_state(stream, true)) {
		f->slept = true;
		ret = ivshmem_delay(idev, IVSHMEM_DELAY_READ);
		if (ret)
			return ret;
	}
	ret = ivshmem_stream_dead(stream) ? 0 : failure(idev, IVSHMEM_FAIL_READ, f->moved + *len);
	if (ret)
		return ret;

	switch (rule(idev)) {
	case FAULT_PREMATURE_ENOMSG:
		return in_state(stream, false) && !f->shown++ ? -ENOMSG : 0;
	case FAULT_PRECOPY_AS_PROBE:
		left = probe_left(stream, &precopy);
		if (!precopy)
			return 0;
		*len = min_t(u64, *len, left);
		return left ? 0 : -ENOMSG;
	default:
		return 0;
	}
}

/* What to say instead of the end of the data, or of the session. */
static ssize_t after_read(struct ivshmem_stream *stream, char __user *buf, ssize_t ret)
{
	struct ivshmem_device *idev = stream->idev;

	switch (rule(idev)) {
	case FAULT_ENOMSG_IN_STOP_COPY:
		return !ret && in_state(stream, true) ? -ENOMSG : ret;
	case FAULT_EOF_IN_PRECOPY:
		return ret == -ENOMSG ? 0 : ret;
	case FAULT_DATA_AFTER_EOF:
		if (ret || !in_state(stream, true) || !idev->faults.shown++)
			return ret;
		break;
	case FAULT_STALE_STREAM_ALIVE:
		if (ret != -ENODEV)
			return ret;
		break;
	default:
		return ret;
	}
	return put_user(0, buf) ? -EFAULT : 1;
}

static ssize_t faulty_save_read(struct file *filp, char __user *buf, size_t len, loff_t *pos)
{
	struct ivshmem_stream *stream = filp->private_data;
	ssize_t ret;

	if (pos)
		return -ESPIPE;
	if (!len)
		return ivshmem_save_give(stream, buf, len);
	ret = before_read(stream, &len);
	if (!ret)
		ret = ivshmem_save_give(stream, buf, len);
	if (ret > 0)
		stream->idev->faults.moved += ret;
	else
		ret = after_read(stream, buf, ret);
	return ret;
}

static __poll_t faulty_save_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct ivshmem_stream *stream = filp->private_data;
	struct ivshmem_device *idev = stream->idev;
	struct ivshmem_track *track = &idev->track;
	bool precopy;
	__poll_t mask;
	u64 left;

	poll_wait(filp,
		  rule(idev) == FAULT_POLL_NEVER_WAKES ? &idev->faults.unwoken : &stream->poll_wait,
		  wait);
	mask = ivshmem_save_ready(stream);

	switch (rule(idev)) {
	case FAULT_POLL_IDLE_AT_EOF:
		if (!in_state(stream, true))
			return mask;
		spin_lock(&idev->lock);
		left = track->initial_bytes + track->dirty_bytes + track->end_bytes;
		spin_unlock(&idev->lock);
		return left ? mask : 0;
	case FAULT_PRECOPY_AS_PROBE:
		left = probe_left(stream, &precopy);
		return precopy && !left ? 0 : mask;
	default:
		return mask;
	}
}

/* What the driver has just told the user, told otherwise. */
static void change_info(struct ivshmem_device *idev, struct vfio_precopy_info *info)
{
	u64 all = ivshmem_track_full_bytes(idev) - IVSHMEM_END_BYTES;
	struct ivshmem_faults *f = &idev->faults;

	switch (rule(idev)) {
	case FAULT_INITIAL_BYTES_ZERO:
		info->initial_bytes = 0;
		break;
	case FAULT_INITIAL_BYTES_GREW:
		info->initial_bytes = all + f->shown++ * PAGE_SIZE;
		info->flags &= ~VFIO_PRECOPY_INFO_REINIT;
		break;
	case FAULT_INITIAL_BYTES_STUCK:
		info->initial_bytes = all;
		break;
	case FAULT_DIRTY_BYTES_AT_START:
		info->dirty_bytes += f->shown++ ? 0 : PAGE_SIZE;
		break;
	case FAULT_REINIT_DIRTY_KEPT:
		if (info->flags & VFIO_PRECOPY_INFO_REINIT)
			info->dirty_bytes += PAGE_SIZE;
		break;
	case FAULT_UNKNOWN_INFO_FLAGS:
		info->flags |= BIT(3);
		break;
	case FAULT_PRECOPY_AS_PROBE:
		all -= min_t(u64, all, PROBE_BYTES);
		info->initial_bytes -= min(info->initial_bytes, all);
		info->dirty_bytes = 0;
		break;
	default:
		break;
	}
}

static long faulty_save_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	unsigned long minsz = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct ivshmem_stream *stream = filp->private_data;
	struct ivshmem_device *idev = stream->idev;
	struct vfio_precopy_info info = {};
	long ret;

	if (rule(idev) == FAULT_INFO_MISSING)
		return -ENOTTY;
	ret = failure(idev, IVSHMEM_FAIL_INFO, 1);
	if (ret)
		return ret;
	ret = ivshmem_save_info(stream, cmd, arg);
	if (ret == -EINVAL && rule(idev) == FAULT_INFO_OUTSIDE_PRECOPY) {
		ret = vfio_check_precopy_ioctl(&idev->core.vdev, cmd, arg, &info);
		if (ret)
			return ret;
		spin_lock(&idev->lock);
		info.initial_bytes = idev->track.initial_bytes;
		info.dirty_bytes = idev->track.dirty_bytes;
		spin_unlock(&idev->lock);
	} else if (ret) {
		return ret;
	} else if (copy_from_user(&info, (void __user *)arg, minsz)) {
		return -EFAULT;
	}
	change_info(idev, &info);
	return copy_to_user((void __user *)arg, &info, minsz) ? -EFAULT : 0;
}

static ssize_t faulty_resume_write(struct file *filp, const char __user *buf, size_t len,
				   loff_t *pos)
{
	struct ivshmem_stream *stream = filp->private_data;
	struct ivshmem_faults *f = &stream->idev->faults;
	ssize_t ret = 0;

	if (pos)
		return -ESPIPE;
	if (!f->slept) {
		f->slept = true;
		ret = ivshmem_delay(stream->idev, IVSHMEM_DELAY_WRITE);
	}
	if (!ret && !ivshmem_stream_dead(stream))
		ret = failure(stream->idev, IVSHMEM_FAIL_WRITE, f->moved + len);
	if (!ret)
		ret = ivshmem_resume_take(stream, buf, len);
	if (ret > 0)
		f->moved += ret;
	return ret;
}

static __poll_t faulty_resume_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct ivshmem_stream *stream = filp->private_data;

	poll_wait(filp, &stream->poll_wait, wait);
	return ivshmem_resume_ready(stream);
}

static int faulty_release(struct inode *inode, struct file *filp)
{
	return ivshmem_stream_release(filp->private_data);
}

static const struct file_operations faulty_save_fops = {
	.owner = THIS_MODULE,
	.read = faulty_save_read,
	.poll = faulty_save_poll,
	.unlocked_ioctl = faulty_save_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = faulty_release,
};

static const struct file_operations faulty_save_fops_no_poll = {
	.owner = THIS_MODULE,
	.read = faulty_save_read,
	.unlocked_ioctl = faulty_save_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = faulty_release,
};

static const struct file_operations faulty_resume_fops = {
	.owner = THIS_MODULE,
	.write = faulty_resume_write,
	.poll = faulty_resume_poll,
	.release = faulty_release,
};

/* A session is born, and nobody but us has its file yet. The module's reference is the same one. */
static void wrap_stream(struct ivshmem_device *idev, struct file *filp)
{
	idev->faults.moved = 0;
	idev->faults.slept = false;
	if (filp->f_mode & FMODE_WRITE)
		filp->f_op = &faulty_resume_fops;
	else if (rule(idev) == FAULT_POLL_MISSING)
		filp->f_op = &faulty_save_fops_no_poll;
	else
		filp->f_op = &faulty_save_fops;
}

/* The device's state */

/* A data FD of no session. */
static struct file *odd_file(struct ivshmem_device *idev)
{
	struct ivshmem_stream *stream = ivshmem_save_open(idev);

	if (IS_ERR(stream))
		return ERR_CAST(stream);
	spin_lock(&idev->lock);
	stream->dead = true;
	spin_unlock(&idev->lock);
	return stream->filp;
}

static void force_state(struct ivshmem_device *idev, enum vfio_device_mig_state state)
{
	ivshmem_state_lock(idev);
	if (state == VFIO_DEVICE_STATE_PRE_COPY) {
		spin_lock(&idev->lock);
		if (idev->saving)
			idev->saving->stopped = false;
		spin_unlock(&idev->lock);
		ivshmem_bar_freeze(idev, false);
	}
	idev->state = state;
	ivshmem_state_unlock(idev);
}

static void say_complete(struct ivshmem_device *idev, bool complete)
{
	spin_lock(&idev->lock);
	if (idev->resuming)
		idev->resuming->complete = complete;
	spin_unlock(&idev->lock);
}

/*
 * The errno with which a SET_STATE fails in its first step. The core is asked
 * for this step, as by a driver that then finds that it cannot take it.
 */
static int failing_step(struct ivshmem_device *idev, enum vfio_device_mig_state cur,
			enum vfio_device_mig_state new_state)
{
	enum vfio_device_mig_state next;
	int err = 0, ret;

	if (cur == VFIO_DEVICE_STATE_RESUMING && new_state != cur)
		err = failure(idev, IVSHMEM_FAIL_LOAD, 1);
	else if (cur == VFIO_DEVICE_STATE_RUNNING && new_state == VFIO_DEVICE_STATE_PRE_COPY)
		err = failure(idev, IVSHMEM_FAIL_PRECOPY, 1);
	else if ((cur == VFIO_DEVICE_STATE_PRE_COPY || cur == VFIO_DEVICE_STATE_PRE_COPY_P2P ||
		  cur == VFIO_DEVICE_STATE_STOP) &&
		 new_state == VFIO_DEVICE_STATE_STOP_COPY)
		err = failure(idev, IVSHMEM_FAIL_ARC, 1);
	if (!err)
		return 0;
	ret = vfio_mig_get_next_state(&idev->core.vdev, cur, new_state, &next);
	return ret ?: err;
}

/* The result of a SET_STATE, for the rule that is to be broken. */
static struct file *break_rule(struct ivshmem_device *idev, struct file *res,
			       enum vfio_device_mig_state new_state)
{
	switch (rule(idev)) {
	case FAULT_FD_MISSING:
		if (IS_ERR_OR_NULL(res))
			return res;
		fput(res);
		return NULL;
	case FAULT_FD_UNEXPECTED:
		if (res || new_state != VFIO_DEVICE_STATE_STOP)
			return res;
		return odd_file(idev);
	case FAULT_ILLEGAL_ARC:
		if (!IS_ERR(res) || new_state != VFIO_DEVICE_STATE_PRE_COPY ||
		    ivshmem_state_get(idev) != VFIO_DEVICE_STATE_STOP_COPY)
			return res;
		force_state(idev, VFIO_DEVICE_STATE_PRE_COPY);
		return NULL;
	case FAULT_ERROR_STATE:
		if (res || new_state != VFIO_DEVICE_STATE_STOP_COPY)
			return res;
		force_state(idev, VFIO_DEVICE_STATE_ERROR);
		return ERR_PTR(-EIO);
	case FAULT_CALL_STUCK:
		if (new_state == VFIO_DEVICE_STATE_PRE_COPY_P2P)
			msleep(6500);
		return res;
	case FAULT_SLOW_CALL:
		if (new_state == VFIO_DEVICE_STATE_PRE_COPY_P2P)
			msleep(1200);
		return res;
	case FAULT_SLOW_FIRST_BYTE:
		if (new_state == VFIO_DEVICE_STATE_STOP_COPY)
			msleep(500);
		return res;
	case FAULT_ESTIMATE_OFF:
		if (res || new_state != VFIO_DEVICE_STATE_STOP_COPY)
			return res;
		spin_lock(&idev->lock);
		ivshmem_track_mark_all(idev);
		spin_unlock(&idev->lock);
		return res;
	default:
		return res;
	}
}

static struct file *faulty_set_state(struct vfio_device *vdev, enum vfio_device_mig_state new_state)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);
	enum vfio_device_mig_state cur = ivshmem_state_get(idev);
	struct file *res = NULL;
	int ret;

	/* what is to fail is the last step of this way */
	if ((cur == VFIO_DEVICE_STATE_RUNNING || cur == VFIO_DEVICE_STATE_RUNNING_P2P) &&
	    new_state == VFIO_DEVICE_STATE_STOP_COPY && failure(idev, IVSHMEM_FAIL_ARC, 1)) {
		res = ivshmem_state_go(idev, VFIO_DEVICE_STATE_STOP);
		if (IS_ERR(res))
			return res;
		cur = VFIO_DEVICE_STATE_STOP;
	}
	ret = failing_step(idev, cur, new_state);
	if (ret)
		return ERR_PTR(ret);

	if (cur == VFIO_DEVICE_STATE_RESUMING && new_state != cur) {
		if (rule(idev) == FAULT_RESUME_REJECTED || rule(idev) == FAULT_RESUME_SHORT)
			say_complete(idev, rule(idev) == FAULT_RESUME_SHORT);
		/* the delay is the first step's, in a way of several */
		if (READ_ONCE(idev->faults.delay_ms[IVSHMEM_DELAY_LOAD])) {
			res = ivshmem_state_go(idev, VFIO_DEVICE_STATE_STOP);
			ret = ivshmem_delay(idev, IVSHMEM_DELAY_LOAD);
			if (!IS_ERR(res) && ret)
				res = ERR_PTR(ret);
		}
		if (!IS_ERR(res))
			res = ivshmem_state_go(idev, new_state);
	} else {
		res = ivshmem_state_go(idev, new_state);
		if (new_state == VFIO_DEVICE_STATE_STOP_COPY && cur != new_state) {
			ret = ivshmem_delay(idev, IVSHMEM_DELAY_ARC);
			if (!res && ret)
				res = ERR_PTR(ret);
		}
	}
	if (!IS_ERR_OR_NULL(res))
		wrap_stream(idev, res);
	wake_up_interruptible(&idev->faults.unwoken);
	return break_rule(idev, res, new_state);
}

static int faulty_get_state(struct vfio_device *vdev, enum vfio_device_mig_state *state)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);

	*state = ivshmem_state_get(idev);
	if (rule(idev) == FAULT_STATE_DESYNC && *state == VFIO_DEVICE_STATE_PRE_COPY) {
		/* as after a reset that nobody saw */
		ivshmem_reset_done(idev);
		*state = VFIO_DEVICE_STATE_RUNNING;
	}
	return 0;
}

static int __maybe_unused faulty_get_data_size(struct vfio_device *vdev,
					       unsigned long *stop_copy_length)
{
	struct ivshmem_device *idev = to_ivshmem(vdev);

	*stop_copy_length = ivshmem_state_left(idev);
	switch (rule(idev)) {
	case FAULT_DATA_SIZE_ABSURD:
		*stop_copy_length = -EINVAL;
		break;
	case FAULT_DATA_SIZE_OFF:
		*stop_copy_length += SZ_64M;
		break;
	default:
		break;
	}
	return failure(idev, IVSHMEM_FAIL_SIZE, 1);
}

static const struct vfio_migration_ops faulty_mig_ops = {
	.migration_set_state = faulty_set_state,
	.migration_get_state = faulty_get_state,
	IVSHMEM_DATA_SIZE_OP(faulty_get_data_size)
};

/* DMA logging */

static int faulty_log_start(struct vfio_device *vdev, struct rb_root_cached *ranges, u32 nnodes,
			    u64 *page_size)
{
	return failure(to_ivshmem(vdev), IVSHMEM_FAIL_LOG, 1) ?:
								ivshmem_log_start(to_ivshmem(vdev));
}

static const struct vfio_log_ops faulty_log_ops = {
	.log_start = faulty_log_start,
	.log_stop = ivshmem_log_stop,
	.log_read_and_clear = ivshmem_log_read_and_clear,
};

/* Between wrapped and not: each time all operations at once, and never to none. */
void ivshmem_fault_wrap(struct ivshmem_device *idev)
{
	struct ivshmem_faults *f = &idev->faults;
	struct vfio_device *vdev = &idev->core.vdev;
	bool told = f->rule != FAULT_NONE;
	int i;

	for (i = 0; i < IVSHMEM_DELAY_NR; i++)
		told |= f->delay_ms[i];
	for (i = 0; i < IVSHMEM_FAIL_NR; i++)
		told |= f->fail[i];
	WRITE_ONCE(vdev->mig_ops, told ? &faulty_mig_ops : &ivshmem_mig_ops);
	if (vdev->log_ops)
		WRITE_ONCE(vdev->log_ops, told ? &faulty_log_ops : &ivshmem_log_ops);
}

/* The files */

/* The next line that somebody wrote, without its end. */
int ivshmem_fault_line(char *buf, size_t size, const char __user *from, size_t count)
{
	if (count >= size)
		return -EINVAL;
	if (copy_from_user(buf, from, count))
		return -EFAULT;
	buf[count] = 0;
	return 0;
}

static int fault_show(struct seq_file *m, void *v)
{
	struct ivshmem_device *idev = m->private;
	int i, now = rule(idev);

	for (i = 0; i < FAULT_NR; i++)
		seq_printf(m, i == now ? "[%s]\n" : "%s\n", rule_names[i]);
	return 0;
}

static ssize_t fault_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct ivshmem_device *idev = m->private;
	char buf[32];
	int i, ret = ivshmem_fault_line(buf, sizeof(buf), from, count);

	if (ret)
		return ret;
	i = match_string(rule_names, FAULT_NR, strim(buf));
	if (i < 0)
		return -EINVAL;
	WRITE_ONCE(idev->faults.shown, 0);
	WRITE_ONCE(idev->faults.rule, i);
	ivshmem_fault_wrap(idev);
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(fault);

static int fail_show(struct seq_file *m, void *v)
{
	struct ivshmem_device *idev = m->private;
	int i;

	for (i = 0; i < IVSHMEM_FAIL_NR; i++)
		seq_printf(m, "%s=%u@%llu\n", fail_names[i], READ_ONCE(idev->faults.fail[i]),
			   READ_ONCE(idev->faults.fail_at[i]));
	return 0;
}

static ssize_t fail_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	struct ivshmem_device *idev = m->private;
	char buf[48], *at, *name;
	int i, ret = ivshmem_fault_line(buf, sizeof(buf), from, count);
	u64 byte = 0;
	u16 err;

	if (ret)
		return ret;
	at = strim(buf);
	name = strsep(&at, "=");
	i = match_string(fail_names, IVSHMEM_FAIL_NR, name);
	if (i < 0 || !at)
		return -EINVAL;
	name = strsep(&at, "@");
	if (kstrtou16(name, 10, &err) || err > MAX_ERRNO || (at && kstrtou64(at, 10, &byte)))
		return -EINVAL;
	if (at && i != IVSHMEM_FAIL_READ && i != IVSHMEM_FAIL_WRITE)
		return -EINVAL;
	/* a device without DMA logging has none that could fail */
	if (i == IVSHMEM_FAIL_LOG && !idev->core.vdev.log_ops)
		return -EOPNOTSUPP;
	WRITE_ONCE(idev->faults.fail_at[i], byte);
	WRITE_ONCE(idev->faults.fail[i], err);
	ivshmem_fault_wrap(idev);
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(fail);

void ivshmem_fault_init(struct ivshmem_device *idev)
{
	init_waitqueue_head(&idev->faults.unwoken);
	ivshmem_delay_init(idev);
}

void ivshmem_fault_debug_add(struct ivshmem_device *idev, struct dentry *dir)
{
	debugfs_create_file("fault", 0600, dir, idev, &fault_fops);
	ivshmem_delay_debug_add(idev, dir);
	debugfs_create_file("fail", 0600, dir, idev, &fail_fops);
}
