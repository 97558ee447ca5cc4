// SPDX-License-Identifier: GPL-2.0
/*
 * The saving stream: one session over PRE_COPY, PRE_COPY_P2P and STOP_COPY.
 *
 * read() never waits for data. A page is copied from the device into the
 * stream's buffer when its turn comes, as many at a time as the caller has
 * room for, and from there to the user; what one call leaves of a record, the
 * next one continues.
 */

#include <linux/crc32.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "ivshmem.h"

static void put_record(u8 *to, u64 offset, u32 length, enum ivshmem_record_type type)
{
	struct ivshmem_record rec = {
		.offset = cpu_to_le64(offset),
		.length = cpu_to_le32(length),
		.type = cpu_to_le32(type),
	};

	memcpy(to, &rec, sizeof(rec));
}

/* Records that are no page's are not ivshmem_track_take()n. */
static void add_buffered(struct ivshmem_stream *stream, size_t n)
{
	struct ivshmem_device *idev = stream->idev;

	spin_lock(&idev->lock);
	if (!stream->dead)
		idev->track.buffered += n;
	spin_unlock(&idev->lock);
}

static void add_header(struct ivshmem_stream *stream)
{
	struct ivshmem_stream_header head = {
		.magic = cpu_to_le64(IVSHMEM_STREAM_MAGIC),
		.version = cpu_to_le32(IVSHMEM_STREAM_VERSION),
		.page_size = cpu_to_le32(IVSHMEM_PAGE_SIZE),
		.bar_size = cpu_to_le64(stream->idev->bar_size),
	};

	memcpy(stream->buf, &head, sizeof(head));
	stream->save.tail = sizeof(head);
	stream->save.started = true;
	add_buffered(stream, sizeof(head));
}

static void add_end(struct ivshmem_stream *stream)
{
	struct ivshmem_record_end end = {
		.pages = cpu_to_le64(stream->pages),
		.crc = cpu_to_le32(stream->crc),
	};
	u8 *to = stream->buf + stream->save.tail;

	put_record(to, 0, sizeof(end), IVSHMEM_RECORD_END);
	memcpy(to + sizeof(struct ivshmem_record), &end, sizeof(end));
	stream->save.tail += IVSHMEM_END_BYTES;
	stream->save.ended = true;
	add_buffered(stream, IVSHMEM_END_BYTES);
}

/* Copy pages from the device, up to @want bytes and at most one record more. */
static int fill_pages(struct ivshmem_stream *stream, size_t want)
{
	struct ivshmem_device *idev = stream->idev;
	enum ivshmem_record_type type;
	struct ivshmem_access acc;
	unsigned long page;
	u64 offset;
	size_t len;
	int ret;

	ret = ivshmem_bar_begin(idev, &acc);
	if (ret)
		return ret;

	while (stream->save.tail < want &&
	       stream->save.tail + IVSHMEM_RECORD_MAX + IVSHMEM_END_BYTES <= IVSHMEM_BUF_SIZE) {
		u8 *to = stream->buf + stream->save.tail;

		type = ivshmem_track_take(idev, &page);
		if (!type)
			break;

		if (type == IVSHMEM_RECORD_REINIT) {
			put_record(to, 0, 0, type);
			stream->save.tail += sizeof(struct ivshmem_record);
			continue;
		}

		offset = (u64)page << IVSHMEM_PAGE_SHIFT;
		len = ivshmem_page_len(idev, page);
		put_record(to, offset, len, type);
		memcpy_fromio(to + sizeof(struct ivshmem_record), idev->bar + offset, len);
		stream->save.tail += sizeof(struct ivshmem_record) + len;
		stream->pages++;
	}

	ivshmem_bar_end(idev, &acc);
	return 0;
}

/*
 * The buffer has been read: fill it again with what a caller wants that has
 * room for @want bytes. Returns 0 also when there is nothing to fill it with.
 */
static int fill_buffer(struct ivshmem_stream *stream, size_t want)
{
	struct ivshmem_device *idev = stream->idev;
	bool pending, stopped;
	int ret = 0;

	stream->save.head = 0;
	stream->save.tail = 0;

	/* A VMM looks every few ten microseconds: nothing costs nothing. */
	spin_lock(&idev->lock);
	if (stream->dead)
		ret = -ENODEV;
	pending = !stream->dead && ivshmem_track_pending(idev);
	stopped = stream->stopped;
	spin_unlock(&idev->lock);
	if (ret || (!pending && (!stopped || stream->save.ended)))
		return ret;

	mutex_lock(&idev->access);
	if (ivshmem_stream_dead(stream)) {
		ret = -ENODEV;
		goto out;
	}

	if (!stream->save.started)
		add_header(stream);
	if (pending && stream->save.tail < want) {
		ret = fill_pages(stream, want);
		/* the header alone will do; the next call tries again */
		if (ret && stream->save.tail)
			ret = 0;
		if (ret)
			goto out;
	}
	stream->crc = crc32_le(stream->crc, stream->buf, stream->save.tail);

	spin_lock(&idev->lock);
	/*
	 * A reset from outside VFIO does not wait for us. It declared the
	 * session dead before it began; what was copied since may be anything.
	 */
	if (stream->dead)
		ret = -ENODEV;
	else
		stopped = stream->stopped && !ivshmem_track_pending(idev);
	spin_unlock(&idev->lock);

	/* Stopped and nothing left: nothing can become dirty any more. */
	if (!ret && stopped && !stream->save.ended)
		add_end(stream);
out:
	if (ret)
		stream->save.tail = 0;
	mutex_unlock(&idev->access);
	return ret;
}

/* The user has got the next @n bytes of the buffer: they are no longer due. */
static void account_read(struct ivshmem_stream *stream, size_t n)
{
	struct ivshmem_device *idev = stream->idev;

	stream->save.head += n;

	spin_lock(&idev->lock);
	if (!stream->dead)
		ivshmem_track_read(idev, n);
	spin_unlock(&idev->lock);
}

/*
 * Gives data as long as there is some, and then
 *
 *   in PRE_COPY and PRE_COPY_P2P: ENOMSG, "when both initial_bytes and
 *	dirty_bytes are zero"; there may be more later.
 *   in STOP_COPY: "a permanent end of stream signaled in the usual way by
 *	read() always returning 0"; there never is.
 *
 * and ENODEV once the session is over. What has been copied is always reported:
 * an error that comes after some bytes is left for the next call.
 */
ssize_t ivshmem_save_give(struct ivshmem_stream *stream, char __user *buf, size_t len)
{
	struct ivshmem_device *idev = stream->idev;
	size_t done = 0, n, left;
	bool stopped;
	int ret = 0;

	if (mutex_lock_interruptible(&stream->lock))
		return -ERESTARTSYS;

	/* also for what is in the buffer, and for a read of nothing */
	spin_lock(&idev->lock);
	if (stream->dead)
		ret = -ENODEV;
	stopped = stream->stopped;
	spin_unlock(&idev->lock);

	while (!ret && done < len) {
		if (stream->save.head == stream->save.tail) {
			ret = fill_buffer(stream, len - done);
			if (ret)
				break;
		}
		n = min(len - done, stream->save.tail - stream->save.head);
		if (!n) {
			/*
			 * Judged by the state this call began in: one that
			 * overlaps the arc may say either.
			 */
			if (!stopped)
				ret = -ENOMSG;
			break;
		}

		left = copy_to_user(buf + done, stream->buf + stream->save.head, n);
		account_read(stream, n - left);
		done += n - left;
		if (left)
			ret = -EFAULT;
		else if (fatal_signal_pending(current))
			ret = -EINTR;
		else if (ivshmem_stream_dead(stream))
			ret = -ENODEV;
		cond_resched();
	}

	mutex_unlock(&stream->lock);
	return done ?: ret;
}

static ssize_t ivshmem_save_read(struct file *filp, char __user *buf, size_t len, loff_t *pos)
{
	if (pos)
		return -ESPIPE;
	return ivshmem_save_give(filp->private_data, buf, len);
}

/*
 * Readable is what read() would not answer with ENOMSG: data; in STOP_COPY
 * always ("poll always returning readable"); and after the session the error,
 * so that nobody sleeps for ever.
 */
__poll_t ivshmem_save_ready(struct ivshmem_stream *stream)
{
	struct ivshmem_device *idev = stream->idev;
	__poll_t mask = 0;

	spin_lock(&idev->lock);
	if (stream->dead)
		mask = EPOLLIN | EPOLLRDNORM | EPOLLRDHUP | EPOLLERR | EPOLLHUP;
	else if (stream->stopped || idev->track.initial_bytes || idev->track.dirty_bytes)
		mask = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&idev->lock);
	return mask;
}

static __poll_t ivshmem_save_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct ivshmem_stream *stream = filp->private_data;

	poll_wait(filp, &stream->poll_wait, wait);
	return ivshmem_save_ready(stream);
}

/*
 * VFIO_MIG_GET_PRECOPY_INFO, "valid only in PRE_COPY states and kernel driver
 * should return -EINVAL from any other migration state". The numbers are not
 * estimates: they are the bytes that read() has for the caller now. Asking
 * changes nothing, but that new initial data are announced once: by the first
 * answer after them, however much of them was read before. It says all that is
 * left as initial_bytes, as "dirty_bytes is also reset to zero": what changed
 * between the new data and the announcement is a part of the new data.
 */
long ivshmem_save_info(struct ivshmem_stream *stream, unsigned int cmd, unsigned long arg)
{
	struct ivshmem_device *idev = stream->idev;
	struct ivshmem_track *track = &idev->track;
	struct vfio_precopy_info info = {};
	bool reinit = false;
	int ret;

	ret = vfio_check_precopy_ioctl(&idev->core.vdev, cmd, arg, &info);
	if (ret)
		return ret;

	ivshmem_state_lock(idev);
	if (idev->state != VFIO_DEVICE_STATE_PRE_COPY &&
	    idev->state != VFIO_DEVICE_STATE_PRE_COPY_P2P) {
		ret = -EINVAL;
		goto out;
	}

	spin_lock(&idev->lock);
	if (stream->dead) {
		/* of an earlier session; the device is in PRE_COPY again */
		ret = -ENODEV;
	} else {
		if (track->reinit) {
			reinit = true;
			track->reinit = false;
			track->initial_bytes += track->dirty_bytes;
			track->dirty_bytes = 0;
			info.flags |= VFIO_PRECOPY_INFO_REINIT;
		}
		info.initial_bytes = track->initial_bytes;
		info.dirty_bytes = track->dirty_bytes;
	}
	spin_unlock(&idev->lock);
out:
	ivshmem_state_unlock(idev);
	if (ret)
		return ret;

	if (copy_to_user((void __user *)arg, &info,
			 offsetofend(struct vfio_precopy_info, dirty_bytes))) {
		/* nobody was told */
		spin_lock(&idev->lock);
		if (reinit && !stream->dead)
			track->reinit = true;
		spin_unlock(&idev->lock);
		return -EFAULT;
	}
	return 0;
}

static long ivshmem_save_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	return ivshmem_save_info(filp->private_data, cmd, arg);
}

static int ivshmem_save_release(struct inode *inode, struct file *filp)
{
	return ivshmem_stream_release(filp->private_data);
}

static const struct file_operations ivshmem_save_fops = {
	.owner = THIS_MODULE,
	.read = ivshmem_save_read,
	.poll = ivshmem_save_poll,
	.unlocked_ioctl = ivshmem_save_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = ivshmem_save_release,
};

struct ivshmem_stream *ivshmem_save_open(struct ivshmem_device *idev)
{
	return ivshmem_stream_create(idev, &ivshmem_save_fops, O_RDONLY);
}
