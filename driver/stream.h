/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The migration stream of ivshmem-vfio-pci, version 1. All fields are little
 * endian, and nothing is aligned to anything.
 *
 *	header
 *	{ record head, page }	INITIAL: every page of BAR 2 once, in order
 *	{ record head, page }	DIRTY: pages that changed after they were sent,
 *				any number, only after the last INITIAL one
 *	{ record head }		REINIT: anywhere among those, any number; all
 *				begins anew with the INITIAL record of page 0
 *	{ record head, end }	END: nothing follows; never in the middle of
 *				the INITIAL records
 *
 * A page is IVSHMEM_PAGE_SIZE bytes whatever the kernel's page size; only the
 * last one may be shorter, when the BAR is not a multiple. A reader must
 * refuse a stream whose header does not describe its own BAR, and one that
 * stops before END.
 */
#ifndef IVSHMEM_VFIO_STREAM_H
#define IVSHMEM_VFIO_STREAM_H

#include <linux/build_bug.h>
#include <linux/const.h>
#include <linux/types.h>

#define IVSHMEM_STREAM_MAGIC   0x5246474d4d485356ULL /* "VSHMMGFR" */
#define IVSHMEM_STREAM_VERSION 1
#define IVSHMEM_PAGE_SHIFT     12
#define IVSHMEM_PAGE_SIZE      (_AC(1, UL) << IVSHMEM_PAGE_SHIFT)

struct ivshmem_stream_header {
	__le64 magic;
	__le32 version;
	__le32 page_size;
	__le64 bar_size;
	__le64 reserved; /* zero */
};

enum ivshmem_record_type {
	IVSHMEM_RECORD_INITIAL = 1,
	IVSHMEM_RECORD_DIRTY = 2,
	IVSHMEM_RECORD_END = 3,
	IVSHMEM_RECORD_REINIT = 4,
};

struct ivshmem_record {
	__le64 offset; /* into the BAR; zero for END and REINIT */
	__le32 length; /* of the data that follows; zero for REINIT */
	__le32 type;
};

struct ivshmem_record_end {
	__le64 pages;	 /* INITIAL and DIRTY records in the stream */
	__le32 crc;	 /* crc32_le(~0) of all before the END record */
	__le32 reserved; /* zero */
};

#define IVSHMEM_HEADER_BYTES sizeof(struct ivshmem_stream_header)
#define IVSHMEM_END_BYTES    (sizeof(struct ivshmem_record) + sizeof(struct ivshmem_record_end))
#define IVSHMEM_RECORD_MAX   (sizeof(struct ivshmem_record) + IVSHMEM_PAGE_SIZE)

static_assert(sizeof(struct ivshmem_stream_header) == 32);
static_assert(sizeof(struct ivshmem_record) == 16);
static_assert(sizeof(struct ivshmem_record_end) == 16);

#endif /* IVSHMEM_VFIO_STREAM_H */
