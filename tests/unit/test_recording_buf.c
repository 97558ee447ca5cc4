// SPDX-License-Identifier: GPL-2.0-only
/* test_recording_buf.c - util/buf and util/varint, and the head of a frame */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include "util/buf.h"

static void test_varint(void **state)
{
	static const uint8_t too_long[] = { 0xff, 0xff, 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff, 0xff, 0x02 };
	static const uint8_t eleven[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					  0x80, 0x80, 0x80, 0x80, 0 };
	struct gen g = { 1 };
	const uint8_t *p;
	uint64_t v;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		uint64_t x = i < 300 ? (uint64_t)i : gen_any(&g);
		uint8_t buf[VARINT_MAX];
		size_t n = varint_put(buf, x), cut;

		for (cut = 0; cut < n; cut++) {
			p = buf;
			assert_false(varint_get(&p, buf + cut, &v));
			assert_ptr_equal(p, buf);
		}
		p = buf;
		assert_true(varint_get(&p, buf + n, &v));
		assert_int_equal(v, x);
		assert_ptr_equal(p, buf + n);
		assert_int_equal(unzigzag(zigzag((int64_t)x)), (int64_t)x);
	}
	p = too_long;
	assert_false(varint_get(&p, p + sizeof(too_long), &v));
	p = eleven;
	assert_false(varint_get(&p, p + sizeof(eleven), &v));
	assert_int_equal(zigzag(0), 0);
	assert_int_equal(zigzag(-1), 1);
	assert_int_equal(zigzag(1), 2);
	assert_int_equal(zigzag(INT64_MIN), UINT64_MAX);
}

static void test_buf(void **state)
{
	struct buf b = { 0 };
	uint8_t *p;

	(void)state;
	buf_put(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	buf_put(&b, "abc", 3);
	buf_put_bytes(&b, "defg", 4);
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.data, "abc\004defg", 8);
	p = buf_room(&b, 100000);
	assert_non_null(p);
	assert_ptr_equal(p, b.data + 8);
	assert_int_equal(b.len, 8);
	memset(p, 'x', 100000);
	buf_advance(&b, 100000);
	assert_int_equal(b.len, 100008);
	/* a failure stays, and harms nothing */
	assert_null(buf_room(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_put(&b, "abc", 3);
	buf_put_varint(&b, 1);
	buf_advance(&b, 1);
	assert_int_equal(b.len, 100008);
	buf_reset(&b);
	assert_false(b.failed);
	buf_put(&b, "abc", 3);
	assert_int_equal(b.len, 3);
	buf_free(&b);
	assert_null(b.data);
	buf_put(&b, "x", 1);
	assert_int_equal(b.len, 1);
	buf_free(&b);
}

/* Each field at its bounds: what was stored is loaded, or it is no head. */
static void test_head(void **state)
{
	static const struct frame_head good = {
		.type = 1,
		.number = 7,
		.first_seq = 1,
		.first_ns = 11,
		.last_ns = 12,
		.payload_crc = 13,
	};
	static const struct {
		uint16_t type;
		uint32_t length, raw_length, number, count;
		uint64_t first_seq;
		bool loads;
	} ways[] = {
		{ 1, 0, 0, 0, 0, 1, true },
		{ 0, 0, 0, 0, 0, 1, false },
		{ UINT16_MAX, 0, 0, 0, 0, 1, true },
		{ 1, FRAME_PAYLOAD_MAX, 0, 0, 0, 1, true },
		{ 1, FRAME_PAYLOAD_MAX + 1, 0, 0, 0, 1, false },
		{ 1, 0, FRAME_PAYLOAD_MAX, 0, 0, 1, true },
		{ 1, 0, FRAME_PAYLOAD_MAX + 1, 0, 0, 1, false },
		{ 1, 0, 0, UINT32_MAX - 1, 0, 1, true },
		{ 1, 0, 0, UINT32_MAX, 0, 1, false },
		{ 1, 0, 0, 0, FRAME_EVENTS_MAX, 1, true },
		{ 1, 0, 0, 0, FRAME_EVENTS_MAX + 1, 1, false },
		{ 1, 0, 0, 0, 0, 0, false },
		{ 1, 0, 0, 0, 0, UINT64_MAX / 2, true },
		{ 1, 0, 0, 0, 0, UINT64_MAX / 2 + 1, false },
	};
	uint8_t p[FRAME_HEAD_LEN];
	struct frame_head h, got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		h = good;
		h.type = ways[i].type;
		h.flags = (uint16_t)(i * 77);
		h.length = ways[i].length;
		h.raw_length = ways[i].raw_length;
		h.number = ways[i].number;
		h.count = ways[i].count;
		h.first_seq = ways[i].first_seq;
		frame_head_store(p, &h);
		memset(&got, 0, sizeof(got));
		if (frame_head_load(p, &got) != ways[i].loads)
			fail_msg("%zu", i);
		if (ways[i].loads)
			assert_memory_equal(&got, &h, sizeof(h));
	}
	/* With any other byte it is none. */
	frame_head_store(p, &good);
	assert_true(frame_head_load(p, &got));
	for (i = 0; i < sizeof(p); i++) {
		p[i]++;
		assert_false(frame_head_load(p, &got));
		p[i]--;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_varint),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_head),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
