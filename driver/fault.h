/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults, failures and delays: what the driver can be told to do wrong, so that
 * it can be shown that whoever watches it sees it. fault.c wraps the driver's
 * operations and is, but for delay.c, the only file that knows any of them; a device that was told
 * nothing runs without it.
 */
#ifndef IVSHMEM_VFIO_FAULT_H
#define IVSHMEM_VFIO_FAULT_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

struct dentry;
struct ivshmem_device;

/* Delays: no rule is broken and nothing fails, but something takes long. */
enum ivshmem_delay {
	IVSHMEM_DELAY_ARC,   /* the arc to STOP_COPY */
	IVSHMEM_DELAY_READ,  /* the first read() in STOP_COPY */
	IVSHMEM_DELAY_WRITE, /* the first write() */
	IVSHMEM_DELAY_LOAD,  /* RESUMING to STOP */
	IVSHMEM_DELAY_NR,
};

/* In what the time goes. */
enum ivshmem_delay_how {
	IVSHMEM_DELAY_SLEEP,
	IVSHMEM_DELAY_BUSY, /* on the cpu, which others may have meanwhile */
	IVSHMEM_DELAY_LOCK, /* somebody else holds a lock for so long */
	IVSHMEM_DELAY_HOWS,
};

/* Failures: a call gives an errno that the uAPI allows, or at least not forbids. */
enum ivshmem_fail {
	IVSHMEM_FAIL_PRECOPY, /* SET_STATE from RUNNING to PRE_COPY */
	IVSHMEM_FAIL_ARC,     /* SET_STATE to STOP_COPY */
	IVSHMEM_FAIL_LOAD,    /* RESUMING to STOP */
	IVSHMEM_FAIL_READ,
	IVSHMEM_FAIL_WRITE,
	IVSHMEM_FAIL_INFO, /* VFIO_MIG_GET_PRECOPY_INFO */
	IVSHMEM_FAIL_SIZE, /* VFIO_DEVICE_FEATURE_MIG_DATA_SIZE */
	IVSHMEM_FAIL_LOG,  /* VFIO_DEVICE_FEATURE_DMA_LOGGING_START */
	IVSHMEM_FAIL_NR,
};

/**
 * struct ivshmem_faults - what a device was told
 * @rule: the rule to break
 * @shown: times that it was
 * @delay_ms: what takes longer, by how much
 * @delay_how: and in what
 * @lock: is held by another as long as a delay of that kind lasts
 * @fail: what fails, with which errno (positive; 0: does not)
 * @fail_at: for read() and write(): from which byte of the stream on
 * @moved: bytes of the session so far
 * @slept: the session's read() or write() that is delayed has been
 * @unwoken: who waits here is not woken by data
 *
 * No locks: all but @unwoken and @lock is set by who debugs, or by a session's one user.
 */
struct ivshmem_faults {
	u8 rule;
	unsigned int shown;
	u32 delay_ms[IVSHMEM_DELAY_NR];
	u8 delay_how[IVSHMEM_DELAY_NR];
	struct mutex lock;
	u16 fail[IVSHMEM_FAIL_NR];
	u64 fail_at[IVSHMEM_FAIL_NR];
	u64 moved;
	bool slept;
	wait_queue_head_t unwoken;
};

void ivshmem_fault_init(struct ivshmem_device *idev);
void ivshmem_fault_debug_add(struct ivshmem_device *idev, struct dentry *dir);
/* What a device was told has changed. */
void ivshmem_fault_wrap(struct ivshmem_device *idev);
/* The line that somebody wrote, for @buf of @size.  0 or an errno. */
int ivshmem_fault_line(char *buf, size_t size, const char __user *from, size_t count);

/* delay.c: 0, or -EINTR when the caller is to die. */
int ivshmem_delay(struct ivshmem_device *idev, enum ivshmem_delay what);
void ivshmem_delay_init(struct ivshmem_device *idev);
void ivshmem_delay_debug_add(struct ivshmem_device *idev, struct dentry *dir);

#endif /* IVSHMEM_VFIO_FAULT_H */
