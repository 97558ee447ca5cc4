// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty tracking of BAR 2.
 *
 * Every write to the BAR is a write() on the device: the BAR cannot be mapped,
 * and ioeventfds are refused (main.c). What somebody else does to the memory
 * behind it, such as a peer virtual machine sharing it, cannot be seen.
 *
 * No write is lost between the one who writes and the one who reads a page for
 * the stream: the reader takes the page off the list and then reads it; the
 * writer writes and then puts it on the list. Whichever comes second sees the
 * other. The lock orders the two on both sides.
 */

#include <linux/bitmap.h>
#include <linux/mm.h>

#include "compat.h"
#include "ivshmem.h"

/* What a page costs in the stream. */
static u64 record_bytes(const struct ivshmem_device *idev, unsigned long page)
{
	return sizeof(struct ivshmem_record) + ivshmem_page_len(idev, page);
}

int ivshmem_track_init(struct ivshmem_device *idev)
{
	idev->track.dirty =
		kvcalloc(BITS_TO_LONGS(idev->nr_pages), sizeof(unsigned long), GFP_KERNEL_ACCOUNT);
	return idev->track.dirty ? 0 : -ENOMEM;
}

void ivshmem_track_destroy(struct ivshmem_device *idev)
{
	kvfree(idev->track.dirty);
	idev->track.dirty = NULL;
}

/* The first pass. */
static u64 pass_bytes(const struct ivshmem_device *idev)
{
	return (u64)idev->nr_pages * sizeof(struct ivshmem_record) + idev->bar_size;
}

/* A whole stream without pre-copy. */
u64 ivshmem_track_full_bytes(const struct ivshmem_device *idev)
{
	return IVSHMEM_HEADER_BYTES + pass_bytes(idev) + IVSHMEM_END_BYTES;
}

/*
 * All of the BAR is new to the reader, and nothing is dirty "relative to data
 * previously retrieved", for there is none.
 */
void ivshmem_track_start(struct ivshmem_device *idev)
{
	struct ivshmem_track *track = &idev->track;

	lockdep_assert_held(&idev->lock);

	bitmap_zero(track->dirty, idev->nr_pages);
	track->nr_dirty = 0;
	track->next = 0;
	track->rover = 0;
	track->restart = false;
	track->reinit = false;
	track->buffered = 0;
	track->initial_bytes = IVSHMEM_HEADER_BYTES + pass_bytes(idev);
	track->dirty_bytes = 0;
	track->end_bytes = IVSHMEM_END_BYTES;
	track->active = true;
}

void ivshmem_track_stop(struct ivshmem_device *idev)
{
	lockdep_assert_held(&idev->lock);
	idev->track.active = false;
}

/* As if every page had been written. */
void ivshmem_track_mark_all(struct ivshmem_device *idev)
{
	struct ivshmem_track *track = &idev->track;
	unsigned long page;

	lockdep_assert_held(&idev->lock);

	for (page = 0; page < track->next; page++) {
		if (__test_and_set_bit(page, track->dirty))
			continue;
		track->nr_dirty++;
		track->dirty_bytes += record_bytes(idev, page);
	}
}

/*
 * "New initial data is present on the stream": all of the BAR is sent anew. With
 * the opt-in, the pass begins again, and "dirty_bytes is also reset to zero and
 * represents the state change of the device relative to the new initial_bytes".
 * What the reader has yet to get out of the buffer comes before it, so it counts
 * as initial, too (as in mlx5).
 *
 * "VFIO_PRECOPY_INFO_REINIT can be reported only after userspace opts in", and
 * without it initial_bytes can only "decrease as migration data is read". So for
 * anybody else this is what a write to every page would be: "dirty_bytes field
 * tracks device state changes relative to data previously retrieved".
 */
int ivshmem_track_reinit(struct ivshmem_device *idev)
{
	struct ivshmem_track *track = &idev->track;
	int ret = 0;

	spin_lock(&idev->lock);
	if (!track->active || idev->saving->stopped) {
		ret = -EINVAL;
		goto out;
	}

	if (ivshmem_precopy_info_v2(&idev->core.vdev)) {
		track->reinit = true;
		/* otherwise all of the pass is to come in any case */
		if (track->next) {
			bitmap_zero(track->dirty, idev->nr_pages);
			track->nr_dirty = 0;
			track->next = 0;
			track->restart = true;
			track->initial_bytes = track->buffered + sizeof(struct ivshmem_record) +
					       pass_bytes(idev);
			track->dirty_bytes = 0;
		}
	} else {
		ivshmem_track_mark_all(idev);
	}
	wake_up_interruptible(&idev->saving->poll_wait);
out:
	spin_unlock(&idev->lock);
	return ret;
}

/*
 * The user has got the next @n bytes. The stream has all initial bytes before
 * the first dirty one, and END last.
 */
void ivshmem_track_read(struct ivshmem_device *idev, u64 n)
{
	struct ivshmem_track *track = &idev->track;
	u64 part;

	lockdep_assert_held(&idev->lock);

	track->buffered -= n;
	part = min(n, track->initial_bytes);
	track->initial_bytes -= part;
	n -= part;
	part = min(n, track->dirty_bytes);
	track->dirty_bytes -= part;
	track->end_bytes -= n - part;
}

/*
 * The page has been written. Called after the write, and before the
 * memory_lock under which it was done is dropped.
 */
void ivshmem_track_mark(struct ivshmem_device *idev, unsigned long page)
{
	struct ivshmem_track *track = &idev->track;
	bool idle;

	spin_lock(&idev->lock);
	if (track->active && page < track->next && !__test_and_set_bit(page, track->dirty)) {
		idle = !track->initial_bytes && !track->dirty_bytes;
		track->nr_dirty++;
		track->dirty_bytes += record_bytes(idev, page);
		/* whoever waits "for more data (which may never come)" */
		if (idle)
			wake_up_interruptible(&idev->saving->poll_wait);
	}
	spin_unlock(&idev->lock);
}

/* Is there a page that the reader lacks? */
bool ivshmem_track_pending(const struct ivshmem_device *idev)
{
	const struct ivshmem_track *track = &idev->track;

	lockdep_assert_held(&idev->lock);
	return track->next < idev->nr_pages || track->nr_dirty;
}

/*
 * Choose the page to send next and take it off the list; the caller then reads
 * it, but for a REINIT record, which has none. The byte counts stay: they fall
 * when the user has got the bytes.
 *
 * Returns the record type to send it as, or zero when there is none.
 */
enum ivshmem_record_type ivshmem_track_take(struct ivshmem_device *idev, unsigned long *page)
{
	struct ivshmem_track *track = &idev->track;
	enum ivshmem_record_type type = 0;

	spin_lock(&idev->lock);
	if (!track->active)
		goto out;

	if (track->restart) {
		*page = 0;
		track->restart = false;
		track->buffered += sizeof(struct ivshmem_record);
		type = IVSHMEM_RECORD_REINIT;
	} else if (track->next < idev->nr_pages) {
		*page = track->next++;
		track->buffered += record_bytes(idev, *page);
		type = IVSHMEM_RECORD_INITIAL;
	} else if (track->nr_dirty) {
		*page = find_next_bit(track->dirty, idev->nr_pages, track->rover);
		if (*page >= idev->nr_pages)
			*page = find_first_bit(track->dirty, idev->nr_pages);
		__clear_bit(*page, track->dirty);
		track->nr_dirty--;
		track->rover = *page + 1;
		track->buffered += record_bytes(idev, *page);
		type = IVSHMEM_RECORD_DIRTY;
	}
out:
	spin_unlock(&idev->lock);
	return type;
}
