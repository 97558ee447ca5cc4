// SPDX-License-Identifier: GPL-2.0-only
#include "recording/format.h"

#include <string.h>
#include <zlib.h>

#include "util/varint.h"

uint32_t format_crc(const void *data, size_t len)
{
	/* Never more than a payload, so it fits zlib's uInt. */
	return crc32(0, data, len);
}

void frame_head_store(uint8_t *p, const struct frame_head *h)
{
	memcpy(p, FRAME_MAGIC, FRAME_MAGIC_LEN); /* NOLINT: bytes, not a string */
	put_le16(p + FRAME_TYPE, h->type);
	put_le16(p + FRAME_FLAGS, h->flags);
	put_le32(p + FRAME_LENGTH, h->length);
	put_le32(p + FRAME_RAW_LENGTH, h->raw_length);
	put_le32(p + FRAME_NUMBER, h->number);
	put_le32(p + FRAME_COUNT, h->count);
	put_le64(p + FRAME_FIRST_SEQ, h->first_seq);
	put_le64(p + FRAME_FIRST_NS, h->first_ns);
	put_le64(p + FRAME_LAST_NS, h->last_ns);
	put_le32(p + FRAME_PAYLOAD_CRC, h->payload_crc);
	put_le32(p + FRAME_HEAD_CRC, format_crc(p, FRAME_HEAD_CRC));
}

bool frame_head_load(const uint8_t *p, struct frame_head *h)
{
	if (memcmp(p, FRAME_MAGIC, FRAME_MAGIC_LEN) ||
	    get_le32(p + FRAME_HEAD_CRC) != format_crc(p, FRAME_HEAD_CRC))
		return false;
	h->type = get_le16(p + FRAME_TYPE);
	h->flags = get_le16(p + FRAME_FLAGS);
	h->length = get_le32(p + FRAME_LENGTH);
	h->raw_length = get_le32(p + FRAME_RAW_LENGTH);
	h->number = get_le32(p + FRAME_NUMBER);
	h->count = get_le32(p + FRAME_COUNT);
	h->first_seq = get_le64(p + FRAME_FIRST_SEQ);
	h->first_ns = get_le64(p + FRAME_FIRST_NS);
	h->last_ns = get_le64(p + FRAME_LAST_NS);
	h->payload_crc = get_le32(p + FRAME_PAYLOAD_CRC);
	return h->type && h->length <= FRAME_PAYLOAD_MAX && h->raw_length <= FRAME_PAYLOAD_MAX &&
	       h->count <= FRAME_EVENTS_MAX && h->first_seq && h->first_seq <= UINT64_MAX / 2 &&
	       h->number < UINT32_MAX;
}

const char *recording_frame_type_name(unsigned int type)
{
	static const char *const names[RECORDING_FRAME_TYPE_NR] = {
		[RECORDING_META] = "META",	   [RECORDING_EVENTS] = "EVENTS",
		[RECORDING_LOSS] = "LOSS",	   [RECORDING_CLOCK] = "CLOCK",
		[RECORDING_SNAPSHOT] = "SNAPSHOT", [RECORDING_MARK] = "MARK",
		[RECORDING_INDEX] = "INDEX",	   [RECORDING_END] = "END",
		[RECORDING_SUMMARY] = "SUMMARY",
	};

	return type < RECORDING_FRAME_TYPE_NR ? names[type] : NULL;
}
