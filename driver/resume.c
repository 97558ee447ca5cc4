// SPDX-License-Identifier: GPL-2.0
/*
 * The resuming stream: takes what the saving one gave, in pieces of any size
 * ("The user is not required to preserve buffer segmentation").
 *
 * Bytes are collected in the stream's buffer and checked record by record as
 * they become complete. Nothing reaches the device that has not been checked.
 * Whole batches go to the device, when the buffer is full and at the end, so
 * that turning on memory decoding (bar.c) is paid for once in a while only.
 */

#include <linux/crc32.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "ivshmem.h"

static_assert(IVSHMEM_BUF_SIZE >= 2 * IVSHMEM_RECORD_MAX);

/*
 * Check the header at @data if it is all there. Returns the bytes used, 0 if
 * more are needed, or -EINVAL.
 */
static ssize_t check_header(struct ivshmem_stream *stream, const u8 *data, size_t avail)
{
	struct ivshmem_stream_header head;

	if (avail < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));

	if (le64_to_cpu(head.magic) != IVSHMEM_STREAM_MAGIC ||
	    le32_to_cpu(head.version) != IVSHMEM_STREAM_VERSION ||
	    le32_to_cpu(head.page_size) != IVSHMEM_PAGE_SIZE ||
	    le64_to_cpu(head.bar_size) != stream->idev->bar_size || head.reserved)
		return -EINVAL;

	stream->resume.started = true;
	stream->resume.skip = sizeof(head);
	stream->crc = crc32_le(stream->crc, data, sizeof(head));
	return sizeof(head);
}

/* The same for the record at @data. */
static ssize_t check_record(struct ivshmem_stream *stream, const u8 *data, size_t avail)
{
	struct ivshmem_device *idev = stream->idev;
	struct ivshmem_record_end end;
	struct ivshmem_record rec;
	u32 length, type;
	u64 offset, page;

	if (avail < sizeof(rec))
		return 0;
	memcpy(&rec, data, sizeof(rec));
	offset = le64_to_cpu(rec.offset);
	length = le32_to_cpu(rec.length);
	type = le32_to_cpu(rec.type);
	page = offset >> IVSHMEM_PAGE_SHIFT;

	switch (type) {
	case IVSHMEM_RECORD_INITIAL:
		/* every page, in order: none can be missing at the end */
		if (page != stream->resume.next)
			return -EINVAL;
		fallthrough;
	case IVSHMEM_RECORD_DIRTY:
		if (offset % IVSHMEM_PAGE_SIZE || page >= idev->nr_pages ||
		    length != ivshmem_page_len(idev, page))
			return -EINVAL;
		if (type == IVSHMEM_RECORD_DIRTY && stream->resume.next != idev->nr_pages)
			return -EINVAL;
		if (avail < sizeof(rec) + length)
			return 0;
		stream->crc = crc32_le(stream->crc, data, sizeof(rec) + length);
		stream->pages++;
		if (type == IVSHMEM_RECORD_INITIAL)
			stream->resume.next++;
		break;
	case IVSHMEM_RECORD_REINIT:
		if (offset || length)
			return -EINVAL;
		/* every page once more, and none may be missing this time */
		stream->crc = crc32_le(stream->crc, data, sizeof(rec));
		stream->resume.next = 0;
		break;
	case IVSHMEM_RECORD_END:
		if (offset || length != sizeof(end) || stream->resume.next != idev->nr_pages)
			return -EINVAL;
		if (avail < sizeof(rec) + length)
			return 0;
		memcpy(&end, data + sizeof(rec), sizeof(end));
		if (le64_to_cpu(end.pages) != stream->pages ||
		    le32_to_cpu(end.crc) != stream->crc || end.reserved)
			return -EINVAL;
		stream->resume.ended = true;
		break;
	default:
		return -EINVAL;
	}
	return sizeof(rec) + length;
}

/* Check what has become complete since the last time. */
static int check_buffer(struct ivshmem_stream *stream)
{
	ssize_t used;

	while (stream->resume.checked < stream->resume.fill) {
		const u8 *data = stream->buf + stream->resume.checked;
		size_t avail = stream->resume.fill - stream->resume.checked;

		if (stream->resume.ended)
			return -EINVAL; /* something after END */
		if (!stream->resume.started)
			used = check_header(stream, data, avail);
		else
			used = check_record(stream, data, avail);
		if (used < 0)
			return used;
		if (!used)
			break;
		stream->resume.checked += used;
	}
	return 0;
}

/* Hand the checked part of the buffer to the device, and keep the rest. */
static int apply_buffer(struct ivshmem_stream *stream)
{
	struct ivshmem_device *idev = stream->idev;
	size_t rest = stream->resume.fill - stream->resume.checked;
	size_t at = stream->resume.skip;
	struct ivshmem_access acc;
	int ret = 0;

	mutex_lock(&idev->access);
	if (ivshmem_stream_dead(stream)) {
		ret = -ENODEV;
		goto out;
	}
	ret = ivshmem_bar_begin(idev, &acc);
	if (ret)
		goto out;

	while (at < stream->resume.checked) {
		struct ivshmem_record rec;

		memcpy(&rec, stream->buf + at, sizeof(rec));
		at += sizeof(rec);
		if (le32_to_cpu(rec.type) != IVSHMEM_RECORD_END)
			memcpy_toio(idev->bar + le64_to_cpu(rec.offset), stream->buf + at,
				    le32_to_cpu(rec.length));
		at += le32_to_cpu(rec.length);
	}
	ivshmem_bar_end(idev, &acc);

	memmove(stream->buf, stream->buf + stream->resume.checked, rest);
	stream->resume.skip = 0;
	stream->resume.checked = 0;
	stream->resume.fill = rest;
out:
	mutex_unlock(&idev->access);
	return ret;
}

static ssize_t take_bytes(struct ivshmem_stream *stream, const char __user *buf, size_t len)
{
	size_t done = 0, n, left;
	int ret;

	while (done < len) {
		n = min(len - done, IVSHMEM_BUF_SIZE - stream->resume.fill);
		left = copy_from_user(stream->buf + stream->resume.fill, buf + done, n);
		n -= left;
		stream->resume.fill += n;
		done += n;

		ret = check_buffer(stream);
		if (!ret && (stream->resume.ended || stream->resume.fill == IVSHMEM_BUF_SIZE))
			ret = apply_buffer(stream);
		/*
		 * However much of this call was good: the stream is not, and
		 * will never be. Let the VMM know now.
		 */
		if (ret) {
			stream->resume.err = ret;
			return ret;
		}
		if (left)
			return done ?: -EFAULT;
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
		cond_resched();
	}
	return done;
}

/*
 * ENODEV after the session; EINVAL for a stream that this device did not make,
 * or that is damaged, from the first byte on that shows it. The device state
 * does not change by that: RESUMING to STOP will then fail (state.c).
 */
ssize_t ivshmem_resume_take(struct ivshmem_stream *stream, const char __user *buf, size_t len)
{
	struct ivshmem_device *idev = stream->idev;
	ssize_t ret;

	if (mutex_lock_interruptible(&stream->lock))
		return -ERESTARTSYS;

	if (ivshmem_stream_dead(stream)) {
		ret = -ENODEV;
	} else if (stream->resume.err) {
		ret = stream->resume.err;
	} else {
		ret = take_bytes(stream, buf, len);
		spin_lock(&idev->lock);
		stream->complete = stream->resume.ended && !stream->resume.err;
		spin_unlock(&idev->lock);
	}

	mutex_unlock(&stream->lock);
	return ret;
}

static ssize_t ivshmem_resume_write(struct file *filp, const char __user *buf, size_t len,
				    loff_t *pos)
{
	if (pos)
		return -ESPIPE;
	return ivshmem_resume_take(filp->private_data, buf, len);
}

/* Always writable, until the session is over and write() would say so. */
__poll_t ivshmem_resume_ready(struct ivshmem_stream *stream)
{
	if (ivshmem_stream_dead(stream))
		return EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP;
	return EPOLLOUT | EPOLLWRNORM;
}

static __poll_t ivshmem_resume_poll(struct file *filp, struct poll_table_struct *wait)
{
	struct ivshmem_stream *stream = filp->private_data;

	poll_wait(filp, &stream->poll_wait, wait);
	return ivshmem_resume_ready(stream);
}

static int ivshmem_resume_release(struct inode *inode, struct file *filp)
{
	return ivshmem_stream_release(filp->private_data);
}

static const struct file_operations ivshmem_resume_fops = {
	.owner = THIS_MODULE,
	.write = ivshmem_resume_write,
	.poll = ivshmem_resume_poll,
	.release = ivshmem_resume_release,
};

struct ivshmem_stream *ivshmem_resume_open(struct ivshmem_device *idev)
{
	return ivshmem_stream_create(idev, &ivshmem_resume_fops, O_WRONLY);
}
