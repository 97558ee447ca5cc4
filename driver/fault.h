/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults: one way each to break one rule of the uAPI, so that it can be shown
 * that whoever watches this driver sees it. Off unless somebody writes a name
 * to the debugfs file "fault"; off, each costs one test of a byte. And delays.
 */
#ifndef IVSHMEM_VFIO_FAULT_H
#define IVSHMEM_VFIO_FAULT_H

#include <linux/delay.h>
#include <linux/poll.h>
#include <linux/types.h>
#include <linux/vfio.h>

struct file;
struct ivshmem_device;
struct ivshmem_stream;

/* In the order of the table in fault.c. */
enum ivshmem_fault {
	IVSHMEM_FAULT_NONE,
	IVSHMEM_FAULT_ENOMSG_IN_STOP_COPY,
	IVSHMEM_FAULT_EOF_IN_PRECOPY,
	IVSHMEM_FAULT_PREMATURE_ENOMSG,
	IVSHMEM_FAULT_DATA_AFTER_EOF,
	IVSHMEM_FAULT_POLL_IDLE_AT_EOF,
	IVSHMEM_FAULT_POLL_NEVER_WAKES,
	IVSHMEM_FAULT_POLL_MISSING,
	IVSHMEM_FAULT_INITIAL_BYTES_ZERO,
	IVSHMEM_FAULT_INITIAL_BYTES_GREW,
	IVSHMEM_FAULT_INITIAL_BYTES_STUCK,
	IVSHMEM_FAULT_DIRTY_BYTES_AT_START,
	IVSHMEM_FAULT_REINIT_DIRTY_KEPT,
	IVSHMEM_FAULT_UNKNOWN_INFO_FLAGS,
	IVSHMEM_FAULT_INFO_OUTSIDE_PRECOPY,
	IVSHMEM_FAULT_INFO_MISSING,
	IVSHMEM_FAULT_FD_MISSING,
	IVSHMEM_FAULT_FD_UNEXPECTED,
	IVSHMEM_FAULT_ILLEGAL_ARC,
	IVSHMEM_FAULT_STALE_STREAM_ALIVE,
	IVSHMEM_FAULT_STATE_DESYNC,
	IVSHMEM_FAULT_ERROR_STATE,
	IVSHMEM_FAULT_CALL_STUCK,
	IVSHMEM_FAULT_SLOW_CALL,
	IVSHMEM_FAULT_SLOW_FIRST_BYTE,
	IVSHMEM_FAULT_DATA_SIZE_ABSURD,
	IVSHMEM_FAULT_DATA_SIZE_OFF,
	IVSHMEM_FAULT_ESTIMATE_OFF,
	IVSHMEM_FAULT_PRECOPY_AS_PROBE,
	IVSHMEM_FAULT_RESUME_REJECTED,
	IVSHMEM_FAULT_RESUME_SHORT,
	IVSHMEM_FAULT_NR,
};

/*
 * Delays: no rule is broken, but something takes long; so that it can be shown
 * that whoever explains a downtime puts it where it was. In ms, off by default.
 */
enum ivshmem_delay {
	IVSHMEM_DELAY_ARC,	/* the arc to STOP_COPY */
	IVSHMEM_DELAY_READ,	/* the first read() in STOP_COPY */
	IVSHMEM_DELAY_LOAD,	/* RESUMING to STOP */
	IVSHMEM_DELAY_NR,
};

#define IVSHMEM_DELAY_MAX	10000

extern const char *const ivshmem_delay_names[IVSHMEM_DELAY_NR];

static inline void ivshmem_sleep(const u16 *delay_ms, enum ivshmem_delay what)
{
	u16 ms = READ_ONCE(delay_ms[what]);

	/* msleep() counts in jiffies, and rounds up by two of them */
	if (unlikely(ms))
		usleep_range(ms * 1000, ms * 1000 + 200);
}

extern const char *const ivshmem_fault_names[IVSHMEM_FAULT_NR];

int ivshmem_fault_set(struct ivshmem_device *idev, const char *name);
bool ivshmem_fault_read_begin(struct ivshmem_stream *stream, size_t *len);
ssize_t ivshmem_fault_read(struct ivshmem_stream *stream, char __user *buf,
			   size_t len, ssize_t ret);
__poll_t ivshmem_fault_poll(struct ivshmem_stream *stream, __poll_t mask);
void ivshmem_fault_info(struct ivshmem_device *idev,
			struct vfio_precopy_info *info);
struct file *ivshmem_fault_set_state(struct ivshmem_device *idev,
				     enum vfio_device_mig_state new_state,
				     struct file *res);
enum vfio_device_mig_state ivshmem_fault_state(struct ivshmem_device *idev);
unsigned long ivshmem_fault_data_size(struct ivshmem_device *idev,
				      unsigned long size);
bool ivshmem_fault_complete(struct ivshmem_device *idev, bool complete);

#endif /* IVSHMEM_VFIO_FAULT_H */
