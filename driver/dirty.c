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

#include "ivshmem.h"

/* What a page costs in the stream. */
static u64 record_bytes(const struct ivshmem_device *idev, unsigned long page)
{
	return sizeof(struct ivshmem_record) + ivshmem_page_len(idev, page);
}

int ivshmem_track_init(struct ivshmem_device *idev)
{
	idev->track.dirty = kvcalloc(BITS_TO_LONGS(idev->nr_pages),
				     sizeof(unsigned long), GFP_KERNEL_ACCOUNT);
	return idev->track.dirty ? 0 : -ENOMEM;
}

void ivshmem_track_destroy(struct ivshmem_device *idev)
{
	kvfree(idev->track.dirty);
	idev->track.dirty = NULL;
}

/* The header and the first pass. */
static u64 first_pass_bytes(const struct ivshmem_device *idev)
{
	return IVSHMEM_HEADER_BYTES +
	       (u64)idev->nr_pages * sizeof(struct ivshmem_record) +
	       idev->bar_size;
}

/* A whole stream without pre-copy. */
u64 ivshmem_track_full_bytes(const struct ivshmem_device *idev)
{
	return first_pass_bytes(idev) + IVSHMEM_END_BYTES;
}

/*
 * All of the BAR is new to the reader, and nothing is dirty "relative to data
 * previously retrieved", for there is none.
 *
 * This is also what new initial data in the middle of a session would come to
 * (VFIO_PRECOPY_INFO_REINIT): "initial_bytes may report a non-zero value
 * irrespective of any previously reported values", "dirty_bytes is also reset
 * to zero".
 */
void ivshmem_track_start(struct ivshmem_device *idev)
{
	struct ivshmem_track *track = &idev->track;

	lockdep_assert_held(&idev->lock);

	bitmap_zero(track->dirty, idev->nr_pages);
	track->nr_dirty = 0;
	track->next = 0;
	track->rover = 0;
	track->initial_bytes = first_pass_bytes(idev);
	track->dirty_bytes = 0;
	track->end_bytes = IVSHMEM_END_BYTES;
	track->active = true;
}

void ivshmem_track_stop(struct ivshmem_device *idev)
{
	lockdep_assert_held(&idev->lock);
	idev->track.active = false;
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
	if (track->active && page < track->next &&
	    !__test_and_set_bit(page, track->dirty)) {
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
 * it. The byte counts stay: they fall when the user has got the bytes.
 *
 * Returns the record type to send it as, or zero when there is none.
 */
enum ivshmem_record_type ivshmem_track_take(struct ivshmem_device *idev,
					    unsigned long *page)
{
	struct ivshmem_track *track = &idev->track;
	enum ivshmem_record_type type = 0;

	spin_lock(&idev->lock);
	if (!track->active)
		goto out;

	if (track->next < idev->nr_pages) {
		*page = track->next++;
		type = IVSHMEM_RECORD_INITIAL;
	} else if (track->nr_dirty) {
		*page = find_next_bit(track->dirty, idev->nr_pages, track->rover);
		if (*page >= idev->nr_pages)
			*page = find_first_bit(track->dirty, idev->nr_pages);
		__clear_bit(*page, track->dirty);
		track->nr_dirty--;
		track->rover = *page + 1;
		type = IVSHMEM_RECORD_DIRTY;
	}
out:
	spin_unlock(&idev->lock);
	return type;
}
