// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/repair.h"

#include <string.h>

#include "recording/format.h"
#include "util/varint.h"

void repair(uint8_t *p, size_t len, unsigned int how)
{
	uint32_t number = 0;
	uint64_t seq = 1;
	size_t at, size;

	if (len < HEADER_LEN || !(how & REPAIR_CRC))
		return;
	memcpy(p, FORMAT_MAGIC, FORMAT_MAGIC_LEN);
	size = get_le32(p + HEADER_SIZE);
	if (size < HEADER_LEN || size > len) {
		size = HEADER_LEN;
		put_le32(p + HEADER_SIZE, size);
	}
	if (how & REPAIR_FRAMES) {
		put_le16(p + HEADER_MAJOR, 1);
		put_le64(p + HEADER_INCOMPAT, 0);
	}
	put_le32(p + size - 4, format_crc(p, size - 4));

	for (at = size; len - at >= FRAME_HEAD_LEN;) {
		uint8_t *h = p + at;
		uint64_t length;

		if (how & REPAIR_FRAMES)
			memcpy(h, FRAME_MAGIC, FRAME_MAGIC_LEN);
		length = get_le32(h + FRAME_LENGTH);
		if (length > len - at - FRAME_HEAD_LEN) {
			if (!(how & REPAIR_FRAMES))
				return;
			length = len - at - FRAME_HEAD_LEN;
			put_le32(h + FRAME_LENGTH, length);
		}
		if ((how & REPAIR_FRAMES) && !(get_le16(h + FRAME_FLAGS) & FRAME_ZSTD))
			put_le32(h + FRAME_RAW_LENGTH, length);
		if (how & REPAIR_NUMBERS) {
			put_le32(h + FRAME_NUMBER, number++);
			put_le64(h + FRAME_FIRST_SEQ, seq);
			if (get_le16(h + FRAME_TYPE) == RECORDING_EVENTS)
				seq += get_le32(h + FRAME_COUNT) % FRAME_EVENTS_MAX;
		}
		put_le32(h + FRAME_PAYLOAD_CRC, format_crc(h + FRAME_HEAD_LEN, length));
		put_le32(h + FRAME_HEAD_CRC, format_crc(h, FRAME_HEAD_CRC));
		at += FRAME_HEAD_LEN + length;
	}
}
