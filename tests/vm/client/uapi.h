/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The migration part of include/uapi/linux/vfio.h (7.3), under names of our
 * own: Debian 12's header has half of it, and an enum cannot be tested for.
 */
#ifndef CLIENT_UAPI_H
#define CLIENT_UAPI_H

#include <linux/types.h>
#include <linux/vfio.h>

enum mig_state {
	MIG_ERROR,
	MIG_STOP,
	MIG_RUNNING,
	MIG_STOP_COPY,
	MIG_RESUMING,
	MIG_RUNNING_P2P,
	MIG_PRE_COPY,
	MIG_PRE_COPY_P2P,
	MIG_NR
};

#define MIG_FLAG_STOP_COPY 1
#define MIG_FLAG_P2P	   2
#define MIG_FLAG_PRE_COPY  4

#define FEAT_GET   (1u << 16)
#define FEAT_SET   (1u << 17)
#define FEAT_PROBE (1u << 18)

#define FEAT_MIGRATION	     1
#define FEAT_MIG_STATE	     2
#define FEAT_LOG_START	     6
#define FEAT_MIG_DATA_SIZE   9
#define FEAT_DMA_BUF	     11
#define FEAT_PRECOPY_INFO_V2 12

#define IOC_FEATURE	 _IO(';', 117)
#define IOC_PRECOPY_INFO _IO(';', 121)

#define PRECOPY_INFO_REINIT 1

struct feature {
	__u32 argsz;
	__u32 flags;
	__u64 data[4];
};

struct precopy_info {
	__u32 argsz;
	__u32 flags;
	__u64 initial_bytes;
	__u64 dirty_bytes;
};

#endif
