/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * format.h - the bytes of a recording, shared by the writer and the reader
 *
 * Internal to this folder; docs/vfioscope-recording.5 is the specification and
 * says the same in words.  All numbers are little-endian.
 */
#ifndef VFIOSCOPE_RECORDING_FORMAT_H
#define VFIOSCOPE_RECORDING_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording/recording.h"

#define FORMAT_MAJOR 1
#define FORMAT_MINOR 0

/* As PNG does: shows 8th-bit stripping and line-end conversion. */
#define FORMAT_MAGIC	 "\x89VFS\r\n\x1a\n"
#define FORMAT_MAGIC_LEN 8

/*
 * The file header; the CRC is the last word of header_size bytes, in any
 * version.
 */
#define HEADER_MAJOR	8
#define HEADER_MINOR	10
#define HEADER_SIZE	12
#define HEADER_COMPAT	16
#define HEADER_INCOMPAT 24
#define HEADER_LEN	40   /* what this version writes */
#define HEADER_LEN_MAX	4096 /* what it accepts */

#define FORMAT_COMPAT_KNOWN   0ULL
#define FORMAT_INCOMPAT_KNOWN 0ULL

/* The head of a frame. */
#define FRAME_MAGIC	  "\xabVSF"
#define FRAME_MAGIC_LEN	  4
#define FRAME_TYPE	  4
#define FRAME_FLAGS	  6
#define FRAME_LENGTH	  8  /* of the payload in the file */
#define FRAME_RAW_LENGTH  12 /* of the payload, uncompressed */
#define FRAME_NUMBER	  16 /* of the frame, from 0 */
#define FRAME_COUNT	  20 /* events in the payload */
#define FRAME_FIRST_SEQ	  24
#define FRAME_FIRST_NS	  32
#define FRAME_LAST_NS	  40
#define FRAME_PAYLOAD_CRC 48 /* of the payload as it is in the file */
#define FRAME_HEAD_CRC	  52 /* of the 52 bytes before it */
#define FRAME_HEAD_LEN	  56

/* A reader skips a frame with a flag in the low byte that it does not know. */
#define FRAME_ZSTD	     (1U << 0)
#define FRAME_FLAGS_KNOWN    FRAME_ZSTD
#define FRAME_FLAGS_INCOMPAT 0x00ffU

/* What a reader accepts. */
#define FRAME_PAYLOAD_MAX (4U << 20)
#define FRAME_EVENTS_MAX  65536U
/* What the writer makes; its worst payload stays below FRAME_PAYLOAD_MAX. */
#define WRITER_EVENTS_MAX 8192U
#define WRITER_META_MAX	  (1U << 20)
#define WRITER_STRING_MAX (64U << 10)
#define WRITER_INDEX_MAX  4096U

/* Columns common to all kinds: kind 0, and these field ids. */
enum common_column {
	COL_TASKS = 1, /* the dictionary that COL_TASK points into */
	COL_KIND = 2,
	COL_TASK = 3,
	COL_DUR = 4,
	COL_GAP = 5, /* t_ns less its prediction */
	COL_CPU = 6,
	COL_DEVICE = 7,
	COL_STREAM = 8,
	COL_RET = 9,
	COL_HOST = 10,
	COL_NR,
};

/* How the numbers of a column are coded; after it the plane count. */
enum column_mode {
	MODE_PLAIN = 0, /* value = base + r */
	MODE_DELTA = 1, /* value = value before + base + r */
	MODE_TIME = 2,	/* x = base + r; 0, or t_ns + unzigzag(x - 1) */
	MODE_DICT = 3,	/* value = dictionary[r] */
};
#define DICT_MAX 256 /* what a reader accepts */

#define END_EVENTS	 0
#define END_LOST	 8
#define END_FRAMES	 16
#define END_INDEX_OFFSET 24
#define END_LEN		 32

struct frame_head {
	uint16_t type, flags;
	uint32_t length, raw_length;
	uint32_t number, count;
	uint64_t first_seq, first_ns, last_ns;
	uint32_t payload_crc;
};

/* Store FRAME_HEAD_LEN bytes at @p, CRC included. */
void frame_head_store(uint8_t *p, const struct frame_head *h);
/* Load and check; false when @p[0..FRAME_HEAD_LEN) is no head. */
bool frame_head_load(const uint8_t *p, struct frame_head *h);

uint32_t format_crc(const void *data, size_t len);

#endif
