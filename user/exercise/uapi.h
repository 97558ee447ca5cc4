/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uapi.h - the migration part of include/uapi/linux/vfio.h (Linux 7.3), under
 * names of our own: Debian 12's header has half of it, and an enum of the
 * system's cannot be tested for.  The layouts and numbers are the kernel's.
 */
#ifndef VFIOSCOPE_EXERCISE_UAPI_H
#define VFIOSCOPE_EXERCISE_UAPI_H

#include <linux/types.h>
#include <linux/vfio.h>

enum uapi_state {
	ST_ERROR = 0,
	ST_STOP = 1,
	ST_RUNNING = 2,
	ST_STOP_COPY = 3,
	ST_RESUMING = 4,
	ST_RUNNING_P2P = 5,
	ST_PRE_COPY = 6,
	ST_PRE_COPY_P2P = 7,
	ST_NR
};

#define UAPI_FLAG_STOP_COPY (1U << 0)
#define UAPI_FLAG_P2P	    (1U << 1)
#define UAPI_FLAG_PRE_COPY  (1U << 2)

#define UAPI_GET (1U << 16)
#define UAPI_SET (1U << 17)

#define UAPI_MIGRATION	     1
#define UAPI_MIG_STATE	     2
#define UAPI_MIG_DATA_SIZE   9
#define UAPI_PRECOPY_INFO_V2 12

#define UAPI_IOC_FEATURE      _IO(';', 117)
#define UAPI_IOC_BIND_IOMMUFD _IO(';', 118)
#define UAPI_IOC_PRECOPY_INFO _IO(';', 121)

struct uapi_feature {
	__u32 argsz;
	__u32 flags;
	__u64 data;
};

struct uapi_mig_state {
	__u32 argsz;
	__u32 flags;
	__u32 state;
	__s32 data_fd;
};

struct uapi_precopy_info {
	__u32 argsz;
	__u32 flags;
	__u64 initial_bytes;
	__u64 dirty_bytes;
};

struct uapi_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};

#endif
