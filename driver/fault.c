// SPDX-License-Identifier: GPL-2.0
/*
 * Faults, each named after the rule that it breaks. See fault.h.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "ivshmem.h"

/* What a pre-copy that is but a probe gives away. */
#define PROBE_BYTES	SZ_64K

const char *const ivshmem_fault_names[IVSHMEM_FAULT_NR] = {
	[IVSHMEM_FAULT_NONE] = "none",
	/* read(): after the last byte; for the permanent end; once, at first */
	[IVSHMEM_FAULT_ENOMSG_IN_STOP_COPY] = "enomsg-in-stop-copy",
	[IVSHMEM_FAULT_EOF_IN_PRECOPY] = "eof-in-precopy",
	[IVSHMEM_FAULT_PREMATURE_ENOMSG] = "premature-enomsg",
	/* one byte for each read() after the permanent end but the first */
	[IVSHMEM_FAULT_DATA_AFTER_EOF] = "data-after-eof",
	[IVSHMEM_FAULT_POLL_IDLE_AT_EOF] = "poll-idle-at-eof",
	[IVSHMEM_FAULT_POLL_NEVER_WAKES] = "poll-never-wakes",
	[IVSHMEM_FAULT_POLL_MISSING] = "poll-missing",
	/* VFIO_MIG_GET_PRECOPY_INFO */
	[IVSHMEM_FAULT_INITIAL_BYTES_ZERO] = "initial-bytes-zero",
	[IVSHMEM_FAULT_INITIAL_BYTES_GREW] = "initial-bytes-grew",
	[IVSHMEM_FAULT_INITIAL_BYTES_STUCK] = "initial-bytes-stuck",
	[IVSHMEM_FAULT_DIRTY_BYTES_AT_START] = "dirty-bytes-at-start",
	/* needs a write to "reconfigure", and the opt-in */
	[IVSHMEM_FAULT_REINIT_DIRTY_KEPT] = "reinit-dirty-kept",
	[IVSHMEM_FAULT_UNKNOWN_INFO_FLAGS] = "unknown-info-flags",
	[IVSHMEM_FAULT_INFO_OUTSIDE_PRECOPY] = "info-outside-precopy",
	[IVSHMEM_FAULT_INFO_MISSING] = "info-missing",
	/* SET_STATE: to where a session begins; to STOP; STOP_COPY to PRE_COPY */
	[IVSHMEM_FAULT_FD_MISSING] = "fd-missing",
	[IVSHMEM_FAULT_FD_UNEXPECTED] = "fd-unexpected",
	[IVSHMEM_FAULT_ILLEGAL_ARC] = "illegal-arc",
	[IVSHMEM_FAULT_STALE_STREAM_ALIVE] = "stale-stream-alive",
	/* in PRE_COPY the device returns to RUNNING when GET_STATE asks */
	[IVSHMEM_FAULT_STATE_DESYNC] = "state-desync",
	/* instead of PRE_COPY_P2P or PRE_COPY to STOP_COPY */
	[IVSHMEM_FAULT_ERROR_STATE] = "error-state",
	/* SET_STATE to PRE_COPY_P2P takes 6.5 s; 1.2 s; to STOP_COPY 0.5 s */
	[IVSHMEM_FAULT_CALL_STUCK] = "call-stuck",
	[IVSHMEM_FAULT_SLOW_CALL] = "slow-call",
	[IVSHMEM_FAULT_SLOW_FIRST_BYTE] = "slow-first-byte",
	[IVSHMEM_FAULT_DATA_SIZE_ABSURD] = "data-size-absurd",
	[IVSHMEM_FAULT_DATA_SIZE_OFF] = "data-size-off",
	/* everything is sent once more in STOP_COPY */
	[IVSHMEM_FAULT_ESTIMATE_OFF] = "estimate-off",
	[IVSHMEM_FAULT_PRECOPY_AS_PROBE] = "precopy-as-probe",
	/* of the destination: refuses what is complete; takes what is not */
	[IVSHMEM_FAULT_RESUME_REJECTED] = "resume-rejected",
	[IVSHMEM_FAULT_RESUME_SHORT] = "resume-short",
};

const char *const ivshmem_delay_names[IVSHMEM_DELAY_NR] = {
	[IVSHMEM_DELAY_ARC] = "arc",
	[IVSHMEM_DELAY_READ] = "read",
	[IVSHMEM_DELAY_LOAD] = "load",
};

int ivshmem_fault_set(struct ivshmem_device *idev, const char *name)
{
	int i = match_string(ivshmem_fault_names, IVSHMEM_FAULT_NR, name);

	if (i < 0)
		return -EINVAL;
	WRITE_ONCE(idev->fault_count, 0);
	WRITE_ONCE(idev->fault, i);
	return 0;
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

static bool stopped(struct ivshmem_stream *stream)
{
	bool ret;

	spin_lock(&stream->idev->lock);
	ret = !stream->dead && stream->stopped;
	spin_unlock(&stream->idev->lock);
	return ret;
}

/* Before anything is read: whether to say ENOMSG, and how much may be read. */
bool ivshmem_fault_read_begin(struct ivshmem_stream *stream, size_t *len)
{
	struct ivshmem_device *idev = stream->idev;
	bool precopy;
	u64 left;

	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_PREMATURE_ENOMSG:
		return !stopped(stream) && !ivshmem_stream_dead(stream) &&
		       !idev->fault_count++;
	case IVSHMEM_FAULT_PRECOPY_AS_PROBE:
		left = probe_left(stream, &precopy);
		if (!precopy)
			return false;
		*len = min_t(u64, *len, left);
		return !left;
	default:
		return false;
	}
}

/* The result of a read. */
ssize_t ivshmem_fault_read(struct ivshmem_stream *stream, char __user *buf,
			   size_t len, ssize_t ret)
{
	struct ivshmem_device *idev = stream->idev;

	if (!len)
		return ret;

	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_ENOMSG_IN_STOP_COPY:
		return !ret && stopped(stream) ? -ENOMSG : ret;
	case IVSHMEM_FAULT_EOF_IN_PRECOPY:
		return ret == -ENOMSG ? 0 : ret;
	case IVSHMEM_FAULT_DATA_AFTER_EOF:
		if (ret || !stopped(stream) || !idev->fault_count++)
			return ret;
		break;
	case IVSHMEM_FAULT_STALE_STREAM_ALIVE:
		if (ret != -ENODEV)
			return ret;
		break;
	default:
		return ret;
	}
	return put_user(0, buf) ? -EFAULT : 1;
}

__poll_t ivshmem_fault_poll(struct ivshmem_stream *stream, __poll_t mask)
{
	struct ivshmem_device *idev = stream->idev;
	struct ivshmem_track *track = &idev->track;
	bool precopy;
	u64 left;

	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_POLL_IDLE_AT_EOF:
		if (!stopped(stream))
			return mask;
		spin_lock(&idev->lock);
		left = track->initial_bytes + track->dirty_bytes + track->end_bytes;
		spin_unlock(&idev->lock);
		return left ? mask : 0;
	case IVSHMEM_FAULT_PRECOPY_AS_PROBE:
		left = probe_left(stream, &precopy);
		return precopy && !left ? 0 : mask;
	default:
		return mask;
	}
}

void ivshmem_fault_info(struct ivshmem_device *idev,
			struct vfio_precopy_info *info)
{
	u64 all = ivshmem_track_full_bytes(idev) - IVSHMEM_END_BYTES;

	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_INITIAL_BYTES_ZERO:
		info->initial_bytes = 0;
		break;
	case IVSHMEM_FAULT_INITIAL_BYTES_GREW:
		info->initial_bytes = all + idev->fault_count++ * PAGE_SIZE;
		info->flags &= ~VFIO_PRECOPY_INFO_REINIT;
		break;
	case IVSHMEM_FAULT_INITIAL_BYTES_STUCK:
		info->initial_bytes = all;
		break;
	case IVSHMEM_FAULT_DIRTY_BYTES_AT_START:
		info->dirty_bytes += idev->fault_count++ ? 0 : PAGE_SIZE;
		break;
	case IVSHMEM_FAULT_REINIT_DIRTY_KEPT:
		if (info->flags & VFIO_PRECOPY_INFO_REINIT)
			info->dirty_bytes += PAGE_SIZE;
		break;
	case IVSHMEM_FAULT_UNKNOWN_INFO_FLAGS:
		info->flags |= BIT(3);
		break;
	case IVSHMEM_FAULT_PRECOPY_AS_PROBE:
		all -= min_t(u64, all, PROBE_BYTES);
		info->initial_bytes -= min(info->initial_bytes, all);
		info->dirty_bytes = 0;
		break;
	default:
		break;
	}
}

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

static void back_to_precopy(struct ivshmem_device *idev)
{
	spin_lock(&idev->lock);
	if (idev->saving)
		idev->saving->stopped = false;
	spin_unlock(&idev->lock);
	ivshmem_bar_freeze(idev, false);
	idev->state = VFIO_DEVICE_STATE_PRE_COPY;
}

/* The result of a SET_STATE. */
struct file *ivshmem_fault_set_state(struct ivshmem_device *idev,
				     enum vfio_device_mig_state new_state,
				     struct file *res)
{
	lockdep_assert_held(&idev->state_mutex);

	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_FD_MISSING:
		if (IS_ERR_OR_NULL(res))
			return res;
		fput(res);
		return NULL;
	case IVSHMEM_FAULT_FD_UNEXPECTED:
		if (res || idev->state != VFIO_DEVICE_STATE_STOP)
			return res;
		return odd_file(idev);
	case IVSHMEM_FAULT_ILLEGAL_ARC:
		if (!IS_ERR(res) || new_state != VFIO_DEVICE_STATE_PRE_COPY ||
		    idev->state != VFIO_DEVICE_STATE_STOP_COPY)
			return res;
		back_to_precopy(idev);
		return NULL;
	case IVSHMEM_FAULT_ERROR_STATE:
		if (res || new_state != VFIO_DEVICE_STATE_STOP_COPY)
			return res;
		idev->state = VFIO_DEVICE_STATE_ERROR;
		return ERR_PTR(-EIO);
	case IVSHMEM_FAULT_CALL_STUCK:
		if (new_state == VFIO_DEVICE_STATE_PRE_COPY_P2P)
			msleep(6500);
		return res;
	case IVSHMEM_FAULT_SLOW_CALL:
		if (new_state == VFIO_DEVICE_STATE_PRE_COPY_P2P)
			msleep(1200);
		return res;
	case IVSHMEM_FAULT_SLOW_FIRST_BYTE:
		if (new_state == VFIO_DEVICE_STATE_STOP_COPY)
			msleep(500);
		return res;
	case IVSHMEM_FAULT_ESTIMATE_OFF:
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

/* The answer to GET_STATE. */
enum vfio_device_mig_state ivshmem_fault_state(struct ivshmem_device *idev)
{
	lockdep_assert_held(&idev->state_mutex);

	if (READ_ONCE(idev->fault) != IVSHMEM_FAULT_STATE_DESYNC ||
	    idev->state != VFIO_DEVICE_STATE_PRE_COPY)
		return idev->state;

	/* as after a reset; ivshmem_state_unlock() does it */
	spin_lock(&idev->reset_lock);
	idev->deferred_reset = true;
	spin_unlock(&idev->reset_lock);
	return VFIO_DEVICE_STATE_RUNNING;
}

unsigned long ivshmem_fault_data_size(struct ivshmem_device *idev,
				      unsigned long size)
{
	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_DATA_SIZE_ABSURD:
		return -EINVAL;
	case IVSHMEM_FAULT_DATA_SIZE_OFF:
		return size + SZ_64M;
	case IVSHMEM_FAULT_ESTIMATE_OFF:
		/* that one is true */
		return ivshmem_track_full_bytes(idev);
	default:
		return size;
	}
}

/* Is the stream complete? */
bool ivshmem_fault_complete(struct ivshmem_device *idev, bool complete)
{
	switch (READ_ONCE(idev->fault)) {
	case IVSHMEM_FAULT_RESUME_REJECTED:
		return false;
	case IVSHMEM_FAULT_RESUME_SHORT:
		return true;
	default:
		return complete;
	}
}
