/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ivshmem-vfio-pci: a VFIO variant driver that migrates QEMU's ivshmem-plain,
 * a device whose whole state is the memory behind its BAR 2.
 *
 * Locking
 * =======
 *
 * Outermost first; a lock is only ever waited for while holding ones above it.
 *
 *   state_mutex	the state machine. Held across SET_STATE, never while
 *			user memory is touched.
 *   stream->lock	one read() or write() of a stream at a time. Held across
 *			copy_to_user()/copy_from_user(), so it may be held for
 *			as long as a user fault handler pleases; therefore
 *			nobody but read() and write() takes it.
 *   access		a stream's use of the device. A stream touches the
 *			device only with this held, having found its session
 *			alive; ending a session takes it, so that afterwards
 *			nothing is in flight.
 *   memory_lock	vfio_pci_core's: memory decoding and power state do not
 *			change while it is held. The core holds it for write
 *			across a reset and takes it in page faults of a mapped
 *			BAR, that is, inside mmap_lock. No user memory is
 *			touched under it.
 *   lock		a spinlock: session liveness, dirty pages, byte counts,
 *			DMA logging.
 *
 * stream->lock -> mmap_lock -> memory_lock (a fault in copy_to_user()) and
 * memory_lock -> reset_done() make a cycle for a driver whose reset_done() waits
 * for its state mutex or its streams. Ours waits for neither: it marks the
 * sessions dead under the spinlock, and leaves the rest to the holder of
 * state_mutex if there is one (reset_lock, deferred_reset, as in mlx5).
 */
#ifndef IVSHMEM_VFIO_H
#define IVSHMEM_VFIO_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>
#include <linux/wait.h>

#include "fault.h"
#include "stream.h"

#define IVSHMEM_BAR VFIO_PCI_BAR2_REGION_INDEX

/* One buffer of a stream: large enough to make a batch of pages worth while. */
#define IVSHMEM_BUF_SIZE (256 * 1024)

struct ivshmem_device;

/**
 * struct ivshmem_track - which of BAR 2 the reader of a saving stream lacks
 * @active: a saving session is open; all below is meaningless otherwise
 * @dirty: one bit per page that was written after it had been sent
 * @nr_dirty: bits set in @dirty
 * @next: pages below have been sent once; a write above needs no bit, since
 *	the first pass has yet to come by
 * @rover: where to look for the next dirty page
 * @restart: a REINIT record is due before page @next, which is 0
 * @reinit: the user has yet to be told of new initial data
 * @buffered: bytes that were taken, and read() has yet to return
 * @initial_bytes: what read() has yet to return of the header and the first
 *	pass, exactly
 * @dirty_bytes: the same for the dirty pages, which come after those
 * @end_bytes: the same for the END record, which is read in STOP_COPY only
 *
 * All protected by ivshmem_device.lock.
 */
struct ivshmem_track {
	bool active;
	unsigned long *dirty;
	unsigned long nr_dirty;
	unsigned long next;
	unsigned long rover;
	bool restart;
	bool reinit;
	u64 buffered;
	u64 initial_bytes;
	u64 dirty_bytes;
	u64 end_bytes;
};

/**
 * struct ivshmem_stream - a data transfer session
 * @filp: its file; the driver holds a reference for as long as it is alive
 * @idev: the device; the stream holds a reference, since a user may keep the
 *	file open for longer than the device
 * @dead: the session is over: read(), write() and ioctl() give ENODEV
 * @stopped: saving: the device is in STOP_COPY; nothing gets dirty any more
 * @complete: resuming: all was received and applied, up to END, nothing after
 * @poll_wait: who waits for data, or for the end
 * @lock: see above; protects all that follows
 * @buf: IVSHMEM_BUF_SIZE bytes
 * @crc: of the stream up to here
 * @pages: page records in the stream up to here
 *
 * @dead, @stopped and @complete are protected by ivshmem_device.lock.
 */
struct ivshmem_stream {
	struct file *filp;
	struct ivshmem_device *idev;
	bool dead;
	bool stopped;
	bool complete;
	wait_queue_head_t poll_wait;

	struct mutex lock; /* reader against reader */
	u8 *buf;
	u32 crc;
	u64 pages;
	union {
		/* read() returns buf[head..tail) and refills */
		struct {
			size_t head;
			size_t tail;
			bool started; /* the header was built */
			bool ended;   /* the END record was built */
		} save;
		/*
		 * write() fills buf[..fill); buf[skip..checked) are records
		 * that are good and have yet to go to the device
		 */
		struct {
			size_t fill;
			size_t skip;
			size_t checked;
			unsigned long next; /* page the first pass is at */
			bool started;	    /* the header was checked */
			bool ended;	    /* the END record was checked */
			int err;	    /* the stream was refused */
		} resume;
	};
};

struct ivshmem_device {
	struct vfio_pci_core_device core; /* must be first */
	struct dentry *debugfs;
	struct ivshmem_faults faults; /* fault.c's own */

	/* fixed from probe on, respectively from open to close */
	resource_size_t bar_size;
	unsigned long nr_pages;
	void __iomem *bar;

	struct mutex state_mutex; /* the next four */
	enum vfio_device_mig_state state;
	struct ivshmem_stream *saving;	 /* written with lock held, too */
	struct ivshmem_stream *resuming; /* the same */

	spinlock_t reset_lock; /* deferred_reset, trylock/unlock */
	bool deferred_reset;

	struct mutex access; /* the device, for streams */
	bool frozen;	     /* written under memory_lock */

	spinlock_t lock; /* track, stream liveness */
	struct ivshmem_track track;
	bool logging; /* of the DMA that there is not */
};

static inline struct ivshmem_device *to_ivshmem(struct vfio_device *vdev)
{
	return container_of(vdev, struct ivshmem_device, core.vdev);
}

/* Length of a page: IVSHMEM_PAGE_SIZE but for the last one of an odd BAR. */
static inline size_t ivshmem_page_len(const struct ivshmem_device *idev, unsigned long page)
{
	resource_size_t left = idev->bar_size - ((resource_size_t)page << IVSHMEM_PAGE_SHIFT);

	return min_t(resource_size_t, left, IVSHMEM_PAGE_SIZE);
}

/* bar.c: reaching the memory */

/**
 * struct ivshmem_access - what ivshmem_bar_begin() did and _end() undoes
 */
struct ivshmem_access {
	bool exclusive;
	u16 cmd;
};

int ivshmem_bar_begin(struct ivshmem_device *idev, struct ivshmem_access *acc);
void ivshmem_bar_end(struct ivshmem_device *idev, struct ivshmem_access *acc);
void ivshmem_bar_freeze(struct ivshmem_device *idev, bool frozen);
ssize_t ivshmem_bar_write(struct ivshmem_device *idev, const char __user *buf, size_t count,
			  loff_t *ppos);

/* dirty.c: what the reader of a saving stream lacks */

int ivshmem_track_init(struct ivshmem_device *idev);
void ivshmem_track_destroy(struct ivshmem_device *idev);
u64 ivshmem_track_full_bytes(const struct ivshmem_device *idev);
void ivshmem_track_start(struct ivshmem_device *idev);
void ivshmem_track_stop(struct ivshmem_device *idev);
void ivshmem_track_mark_all(struct ivshmem_device *idev);
int ivshmem_track_reinit(struct ivshmem_device *idev);
void ivshmem_track_read(struct ivshmem_device *idev, u64 n);
void ivshmem_track_mark(struct ivshmem_device *idev, unsigned long page);
enum ivshmem_record_type ivshmem_track_take(struct ivshmem_device *idev, unsigned long *page);
bool ivshmem_track_pending(const struct ivshmem_device *idev);

/* save.c, resume.c: the data FDs, and what their operations do */

struct ivshmem_stream *ivshmem_save_open(struct ivshmem_device *idev);
ssize_t ivshmem_save_give(struct ivshmem_stream *stream, char __user *buf, size_t len);
__poll_t ivshmem_save_ready(struct ivshmem_stream *stream);
long ivshmem_save_info(struct ivshmem_stream *stream, unsigned int cmd, unsigned long arg);
struct ivshmem_stream *ivshmem_resume_open(struct ivshmem_device *idev);
ssize_t ivshmem_resume_take(struct ivshmem_stream *stream, const char __user *buf, size_t len);
__poll_t ivshmem_resume_ready(struct ivshmem_stream *stream);

/* log.c: DMA logging */

int ivshmem_log_start(struct ivshmem_device *idev);
void ivshmem_log_end(struct ivshmem_device *idev);
int ivshmem_log_stop(struct vfio_device *vdev);
int ivshmem_log_read_and_clear(struct vfio_device *vdev, unsigned long iova, unsigned long length,
			       struct iova_bitmap *dirty);

extern const struct vfio_log_ops ivshmem_log_ops;

/* debug.c: /sys/kernel/debug/ivshmem_vfio_pci */

void ivshmem_debug_init(void);
void ivshmem_debug_exit(void);
void ivshmem_debug_add(struct ivshmem_device *idev);
void ivshmem_debug_remove(struct ivshmem_device *idev);

/* state.c: the state machine */

struct ivshmem_stream *
ivshmem_stream_create(struct ivshmem_device *idev, const struct file_operations *fops, int flags);
int ivshmem_stream_release(struct ivshmem_stream *stream);
bool ivshmem_stream_dead(struct ivshmem_stream *stream);
void ivshmem_state_lock(struct ivshmem_device *idev);
void ivshmem_state_unlock(struct ivshmem_device *idev);
void ivshmem_state_open(struct ivshmem_device *idev);
void ivshmem_state_close(struct ivshmem_device *idev);
struct file *ivshmem_state_go(struct ivshmem_device *idev, enum vfio_device_mig_state new_state);
enum vfio_device_mig_state ivshmem_state_get(struct ivshmem_device *idev);
unsigned long ivshmem_state_left(struct ivshmem_device *idev);
void ivshmem_reset_prepare(struct ivshmem_device *idev);
void ivshmem_reset_done(struct ivshmem_device *idev);

extern const struct vfio_migration_ops ivshmem_mig_ops;

#endif /* IVSHMEM_VFIO_H */
