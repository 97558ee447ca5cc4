// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording.c - what was put is what is read; who is refused; what is
 * skipped
 */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include "recording/codec.h"

static void expect_same(const struct events *got, const struct event *want, size_t n)
{
	size_t i;

	assert_int_equal(got->n, n);
	for (i = 0; i < n; i++)
		if (!event_same(&got->ev[i], &want[i]))
			fail_msg("event %zu (%s) differs", i, event_kind_name(want[i].kind));
}

static void round_trip(const struct event *ev, size_t n, const struct recording_writer_opts *opts,
		       bool end)
{
	struct bytes b = record(ev, n, NULL, opts, end);
	struct event_source *src;
	struct source_health h;
	struct events got;

	if (!n && !end) {
		assert_int_equal(open_bytes(&src, b.p, b.len), -ENODATA);
		free(b.p);
		return;
	}
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	got = read_all(src);
	expect_same(&got, ev, n);
	h = health_of(src);
	assert_int_equal(h.ended, end);
	assert_int_equal(h.bytes_skipped, 0);
	assert_int_equal(h.frames_damaged, 0);
	src->ops->close(src);
	free(got.ev);
	free(b.p);
}

static void test_round_trip_random(void **state)
{
	const char *s = getenv("TEST_SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 20261122;
	struct gen g = { seed };
	int i;

	(void)state;
	printf("seed %llu\n", (unsigned long long)seed);
	for (i = 0; i < 150; i++) {
		struct recording_writer_opts o = { 0 };
		size_t n = gen_below(&g, 10) ? gen_below(&g, 400) : gen_below(&g, 9000), j;
		struct event *ev = calloc(n + 1, sizeof(*ev));
		uint32_t kind = gen_below(&g, 2) ? gen_kind(&g) : 0;

		assert_non_null(ev);
		for (j = 0; j < n; j++) {
			/* runs of alike ones, as in life, among the noise */
			if (j && gen_below(&g, 3)) {
				ev[j] = ev[j - 1];
				ev[j].t_ns += gen_below(&g, 1000);
				if (gen_below(&g, 2))
					ev[j].dur_ns = gen_below(&g, 1000);
			} else {
				gen_event(&g, kind ? kind : gen_kind(&g), &ev[j]);
			}
		}
		o.level = gen_below(&g, 3) ? 1 : -1;
		o.frame_events = 1 + gen_below(&g, gen_below(&g, 2) ? 8192 : 10);
		o.snapshot_frames = 1 + gen_below(&g, 20);
		o.flush_ns = gen_below(&g, 2) ? UINT64_MAX : 0;
		round_trip(ev, n, &o, gen_below(&g, 2));
		free(ev);
	}
}

/* Each field of each kind alone, at its extremes: none is forgotten. */
static void test_round_trip_fields(void **state)
{
	uint32_t k;

	(void)state;
	for (k = 0; k < EV_KIND_NR; k++) {
		const struct event_field *f;
		size_t i, n;

		if (!event_kind_name(k))
			continue;
		f = event_fields(k, &n);
		for (i = 0; i < n; i++) {
			struct event ev[3] = { { .kind = k }, { .kind = k }, { .kind = k } };
			char *p = (char *)&ev[1] + f[i].offset;

			memset(p, f[i].type == EF_STR ? 'x' : 0xff, f[i].size);
			if (f[i].type == EF_STR)
				p[f[i].size - 1] = 0;
			assert_false(event_same(&ev[0], &ev[1]));
			round_trip(ev, 3, NULL, true);
			/* No event of the frame has it, or knows of it. */
			round_trip(&ev[1], 1, NULL, true);
		}
		round_trip(&(struct event){ .kind = k }, 1, NULL, true);
	}
}

static void test_round_trip_empty(void **state)
{
	(void)state;
	round_trip(NULL, 0, NULL, true);
	round_trip(NULL, 0, NULL, false);
}

static void test_migration_size(void **state)
{
	size_t n = 100000, i;
	struct event *ev = malloc(n * sizeof(*ev));
	struct recording_writer_opts o = { 0 };
	struct gen_migration m;
	struct bytes b;

	(void)state;
	assert_non_null(ev);
	gen_migration_init(&m, 7);
	for (i = 0; i < n; i++)
		gen_migration_next(&m, &ev[i]);
	round_trip(ev, n, NULL, true);
	/* The promise is 4 bytes per event; 3.8 is what it is, written live 4.0. */
	o.flush_ns = UINT64_MAX;
	b = record(ev, n, NULL, &o, true);
	assert_true(b.len < n * 4);
	free(b.p);
	b = record(ev, n, NULL, NULL, true);
	assert_true(b.len < n * 41 / 10);
	free(b.p);
	free(ev);
}

static void test_meta(void **state)
{
	struct meta m = sample_meta(), big = { 0 };
	struct event ev = { .kind = EV_MARK, .mark.text = "x" };
	int fd = memfd_create("m", 0), keep = dup(fd);
	struct recording_writer *w;
	struct event_source *src;
	const struct meta *got;
	char *huge = calloc(1, 70000);
	struct bytes b;
	size_t i;

	(void)state;
	assert_int_equal(recording_writer_open(&w, fd, NULL), 0);
	assert_int_equal(recording_writer_meta(w, &m), 0);
	assert_int_equal(recording_writer_put(w, &ev), 0);
	memset(huge, 'a', 69999);
	assert_int_equal(meta_add(&big, "big", huge), 0);
	assert_int_equal(recording_writer_meta(w, &big), -E2BIG);
	meta_clear(&big);
	huge[60000] = 0;
	for (i = 0; i < 100; i++)
		assert_int_equal(meta_add(&big, "big", huge), 0);
	assert_int_equal(recording_writer_meta(w, &big), 0);
	assert_int_equal(recording_writer_end(w), 0);
	assert_int_equal(recording_writer_close(w), 0);
	b = fd_bytes(keep);
	close(keep);

	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	assert_int_equal(src->ops->next(src, &ev, 0), 1);
	got = src->ops->meta(src);
	assert_int_equal(got->n, m.n);
	for (i = 0; i < m.n; i++) {
		assert_string_equal(got->entries[i].key, m.entries[i].key);
		assert_string_equal(got->entries[i].value, m.entries[i].value);
	}
	assert_int_equal(src->ops->next(src, &ev, 0), -ENODATA);
	got = src->ops->meta(src);
	assert_int_equal(got->n, m.n + 100);
	assert_string_equal(got->entries[m.n + 99].value, huge);
	assert_int_equal(health_of(src).frames_damaged, 0);
	src->ops->close(src);
	meta_clear(&m);
	meta_clear(&big);
	free(huge);
	free(b.p);
}

static void test_writer_manners(void **state)
{
	struct event ev = { .kind = EV_READ, .t_ns = 1000 };
	struct event bad = { .kind = 31 };
	struct recording_writer_opts o = { .frame_events = 8193 };
	struct recording_writer_stats st;
	int fd = memfd_create("m", 0);
	struct event_sink *sink;
	struct recording_writer *w;

	(void)state;
	assert_int_equal(recording_writer_open(&w, fd, &o), -EINVAL);
	assert_null(w);
	assert_int_equal(recording_writer_open(&w, fd, NULL), 0);
	assert_int_equal(recording_writer_put(w, &bad), -EINVAL);
	sink = recording_writer_sink(w);
	assert_int_equal(sink->put(sink, &ev), 0);
	ev.kind = EV_LOSS;
	ev.loss.count = 17;
	assert_int_equal(sink->put(sink, &ev), 0);
	recording_writer_stats(w, &st);
	assert_int_equal(st.events, 2);
	assert_int_equal(st.buffered, 2);
	assert_int_equal(st.lost, 17);
	assert_int_equal(st.frames, 0);
	assert_int_equal(st.bytes, HEADER_LEN);
	/* a loss is urgent: 100 ms */
	assert_int_equal(recording_writer_tick(w, 1000 + 99999999), 0);
	recording_writer_stats(w, &st);
	assert_int_equal(st.buffered, 2);
	assert_int_equal(recording_writer_tick(w, 1000 + 100000000), 0);
	recording_writer_stats(w, &st);
	assert_int_equal(st.buffered, 0);
	assert_int_equal(st.frames, 1);
	/* a read is not: 500 ms */
	ev.kind = EV_READ;
	assert_int_equal(recording_writer_put(w, &ev), 0);
	assert_int_equal(recording_writer_tick(w, 1000 + 499999999), 0);
	recording_writer_stats(w, &st);
	assert_int_equal(st.buffered, 1);
	assert_int_equal(recording_writer_tick(w, 1000 + 500000000), 0);
	recording_writer_stats(w, &st);
	assert_int_equal(st.buffered, 0);
	/* nobody ticks: the events' own times do */
	assert_int_equal(recording_writer_put(w, &ev), 0);
	ev.t_ns += 500000000;
	assert_int_equal(recording_writer_put(w, &ev), 0);
	recording_writer_stats(w, &st);
	assert_int_equal(st.buffered, 0);
	assert_int_equal(recording_writer_end(w), 0);
	assert_int_equal(recording_writer_put(w, &ev), -ESHUTDOWN);
	assert_int_equal(recording_writer_end(w), -ESHUTDOWN);
	recording_writer_stats(w, &st);
	assert_int_equal(st.frames, 5); /* 3 EVENTS, INDEX, END */
	assert_int_equal(recording_writer_close(w), 0);
	assert_int_equal(recording_writer_close(NULL), 0);
}

static void expect_refused(const char *path, int want, const char *text)
{
	struct event_source *src = (void *)1;
	char msg[256] = "";

	assert_int_equal(recording_open(&src, path, msg, sizeof(msg)), want);
	assert_null(src);
	assert_true(!strncmp(msg, path, strlen(path)));
	if (!strstr(msg, text))
		fail_msg("\"%s\" does not say \"%s\"", msg, text);
}

static void refuse_bytes(const uint8_t *p, size_t len, int want, const char *text)
{
	int fd = bytes_fd(p, len);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	expect_refused(path, want, text);
	close(fd);
}

static void header_crc(uint8_t *p)
{
	uint32_t size = get_le32(p + HEADER_SIZE);

	put_le32(p + size - 4, format_crc(p, size - 4));
}

static void test_refused(void **state)
{
	struct event ev = { .kind = EV_MARK, .mark.text = "hello" };
	struct bytes b = record(&ev, 1, NULL, NULL, true);
	uint8_t longer[512];
	struct event_source *src;
	struct events got;

	(void)state;
	expect_refused("/nonexistent/x.vfs", -ENOENT, "No such file");
	expect_refused("/tmp", -EISDIR, "is a directory");
	expect_refused("/dev/null", -ENODATA, "is empty");
	refuse_bytes(b.p, 0, -ENODATA, "is empty");
	refuse_bytes((const uint8_t *)"#!/bin/sh\necho this is not a recording, not at all\n", 52,
		     -EINVAL, "not a vfioscope recording");
	refuse_bytes((const uint8_t *)"{", 1, -EINVAL, "not a vfioscope recording");
	refuse_bytes((const uint8_t *)"\x89VFS\n\x1a\n", 7, -EINVAL, "text-mode");
	refuse_bytes(b.p, 3, -ENODATA, "cut in the file header");
	refuse_bytes(b.p, HEADER_LEN, -ENODATA, "only a file header");
	refuse_bytes(b.p, HEADER_LEN + 1, -ENODATA, "cut in its first frame");
	refuse_bytes(b.p, HEADER_LEN + FRAME_HEAD_LEN + 3, -ENODATA, "cut in its first frame");

	put_le16(b.p + HEADER_MAJOR, 2);
	header_crc(b.p);
	refuse_bytes(b.p, b.len, -ENOTSUP, "needs a newer vfioscope (format 2.0");
	put_le16(b.p + HEADER_MAJOR, 0);
	header_crc(b.p);
	refuse_bytes(b.p, b.len, -EINVAL, "never was");
	put_le16(b.p + HEADER_MAJOR, 1);
	put_le64(b.p + HEADER_INCOMPAT, 0x8000000000000010ULL);
	header_crc(b.p);
	refuse_bytes(b.p, b.len, -ENOTSUP, "needs a newer vfioscope (feature 0x8000000000000010)");

	/* A newer minor, unknown compatible features, a longer header: read. */
	put_le64(b.p + HEADER_INCOMPAT, 0);
	put_le64(b.p + HEADER_COMPAT, ~0ULL);
	put_le16(b.p + HEADER_MINOR, 9);
	memcpy(longer, b.p, HEADER_LEN);
	memset(longer + HEADER_LEN, 0xab, 16);
	put_le32(longer + HEADER_SIZE, HEADER_LEN + 16);
	header_crc(longer);
	assert_true(b.len + 16 <= sizeof(longer));
	memcpy(longer + HEADER_LEN + 16, b.p + HEADER_LEN, b.len - HEADER_LEN);
	assert_int_equal(open_bytes(&src, longer, b.len + 16), 0);
	got = read_all(src);
	expect_same(&got, &ev, 1);
	assert_int_equal(health_of(src).bytes_skipped, 0);
	src->ops->close(src);
	free(got.ev);
	free(b.p);
}

static void add_column(struct buf *b, uint32_t kind, uint32_t id)
{
	buf_put_varint(b, kind);
	buf_put_varint(b, id);
	buf_put_bytes(b, "\xff\xff whatever", 11);
}

/* What a newer vfioscope may add without asking. */
static void test_unknown_is_skipped(void **state)
{
	struct event ev[5] = {
		{ .kind = EV_MARK, .t_ns = 1, .mark.text = "a" },
		{ .kind = 61, .t_ns = 2, .device = 9 },
		{ .kind = EV_READ, .t_ns = 3, .io.size = 4096, .ret = 77 },
		{ .kind = 62, .t_ns = 4 },
		{ .kind = EV_ARC, .t_ns = 5, .arc.from = 2, .arc.to = 6 },
	};
	struct bytes head = record(NULL, 0, NULL, NULL, true);
	struct buf file = { 0 }, payload = { 0 }, rest = { 0 };
	struct encoder *enc = encoder_new(16);
	struct recording_stat st;
	struct event_source *src;
	struct events got;

	(void)state;
	buf_put(&file, head.p, HEADER_LEN);
	buf_put(&rest, "no one knows", 12);
	add_frame(&file, 4711, 0, 0, &rest, 0, 1);
	add_column(&payload, 0, 77);	/* an unknown common column */
	add_column(&payload, 61, 1);	/* of an unknown kind */
	add_column(&payload, 99999, 1); /* of a kind beyond every table */
	assert_int_equal(encoder_encode(enc, ev, 5, 0, &payload), 0);
	add_column(&payload, EV_READ, 999); /* of a known kind */
	/* a flag in the high byte means nothing to who does not know it */
	add_frame(&file, RECORDING_EVENTS, 1, 0x8000, &payload, 5, 1);
	add_frame(&file, RECORDING_MARK, 2, 0, &rest, 0, 6);
	add_frame(&file, RECORDING_END, 3, 0, &rest, 0, 6);

	assert_int_equal(open_bytes(&src, file.data, file.len), 0);
	got = read_all(src);
	assert_int_equal(got.n, 3);
	assert_true(event_same(&got.ev[0], &ev[0]));
	assert_true(event_same(&got.ev[1], &ev[2]));
	assert_true(event_same(&got.ev[2], &ev[4]));
	assert_int_equal(health_of(src).frames_damaged, 0);
	assert_int_equal(health_of(src).bytes_skipped, 0);
	assert_true(health_of(src).ended);
	src->ops->close(src);
	free(got.ev);
	stat_bytes(file.data, file.len, &st, NULL);
	assert_int_equal(st.unknown_events, 2);
	assert_int_equal(st.events, 3);
	assert_int_equal(st.type[0].frames, 1);

	/* but a flag in the low byte makes the frame unreadable, and says so */
	file.len = 0;
	buf_put(&file, head.p, HEADER_LEN);
	add_frame(&file, RECORDING_EVENTS, 0, 0x0002, &payload, 5, 1);
	add_frame(&file, RECORDING_END, 1, 0, &rest, 0, 6);
	assert_int_equal(open_bytes(&src, file.data, file.len), 0);
	got = read_all(src);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.ev[0].kind, EV_LOSS);
	assert_int_equal(got.ev[0].loss.count, 5);
	assert_int_equal(health_of(src).frames_damaged, 1);
	src->ops->close(src);
	free(got.ev);

	encoder_free(enc);
	buf_free(&file);
	buf_free(&payload);
	buf_free(&rest);
	free(head.p);
}

/* A writer's mistake under a good checksum: the rest of the frame is lost. */
static void test_malformed(void **state)
{
	struct event ev[300];
	struct bytes head = record(NULL, 0, NULL, NULL, true);
	struct buf file = { 0 }, payload = { 0 }, empty = { 0 };
	struct encoder *enc = encoder_new(300);
	struct event_source *src;
	struct events got;
	size_t i, k;

	(void)state;
	memset(ev, 0, sizeof(ev));
	for (i = 0; i < 300; i++) {
		ev[i].kind = EV_MARK;
		ev[i].t_ns = 1000 + i;
		strcpy(ev[i].mark.text, "text");
	}
	assert_int_equal(encoder_encode(enc, ev, 300, 0, &payload), 0);
	/* the last string claims more than there is: only the third batch sees it */
	assert_int_equal(payload.data[payload.len - 5], 4);
	payload.data[payload.len - 5] = 100;
	buf_put(&file, head.p, HEADER_LEN);
	add_frame(&file, RECORDING_EVENTS, 0, 0, &payload, 300, 1);
	add_frame(&file, RECORDING_END, 1, 0, &empty, 0, 301);
	assert_int_equal(open_bytes(&src, file.data, file.len), 0);
	got = read_all(src);
	k = 300 / DECODER_BATCH * DECODER_BATCH;
	assert_int_equal(got.n, k + 1);
	for (i = 0; i < k; i++)
		assert_true(event_same(&got.ev[i], &ev[i]));
	assert_int_equal(got.ev[k].kind, EV_LOSS);
	assert_int_equal(got.ev[k].loss.cause, LOSS_DAMAGE);
	assert_int_equal(got.ev[k].loss.count, 300 - k);
	assert_int_equal(health_of(src).frames_damaged, 1);
	assert_true(health_of(src).ended);
	src->ops->close(src);
	free(got.ev);
	encoder_free(enc);
	buf_free(&file);
	buf_free(&payload);
	free(head.p);
}

/*
 * Two reads, made by hand as the manual says, with one column more.  Returns
 * how many events came through; otherwise they must be one loss of two.
 */
static size_t events_with(const struct bytes *head, uint32_t kind, uint32_t field,
			  const char *column, size_t len)
{
	static const char tasks[] =
		"\x02"
		"\x01\x02\x01"
		"a"
		"\x01\x03\x01"
		"b";
	static const char reads[] = "\x00\x00\x1c"; /* plain, no planes, zigzag(14) */
	struct buf file = { 0 }, payload = { 0 }, empty = { 0 };
	struct event_source *src;
	struct events got;
	size_t n;

	buf_put_varint(&payload, 0);
	buf_put_varint(&payload, COL_TASKS);
	buf_put_bytes(&payload, tasks, sizeof(tasks) - 1);
	buf_put_varint(&payload, 0);
	buf_put_varint(&payload, COL_KIND);
	buf_put_bytes(&payload, reads, sizeof(reads) - 1);
	buf_put_varint(&payload, kind);
	buf_put_varint(&payload, field);
	buf_put_bytes(&payload, column, len);
	buf_put(&file, head->p, HEADER_LEN);
	add_frame(&file, RECORDING_EVENTS, 0, 0, &payload, 2, 1);
	add_frame(&file, RECORDING_END, 1, 0, &empty, 0, 3);
	assert_int_equal(open_bytes(&src, file.data, file.len), 0);
	got = read_all(src);
	src->ops->close(src);
	n = got.n;
	if (n == 1) {
		assert_int_equal(got.ev[0].kind, EV_LOSS);
		assert_int_equal(got.ev[0].loss.count, 2);
		n = 0;
	}
	free(got.ev);
	buf_free(&file);
	buf_free(&payload);
	return n;
}

/* A column of two indices, 0 and @last, into a dictionary of @n numbers. */
static size_t dictionary(char *column, size_t n, uint8_t last)
{
	uint8_t *p = (uint8_t *)column;
	size_t len = 2, i;

	p[0] = MODE_DICT;
	p[1] = 1;
	len += varint_put(p + len, n);
	for (i = 0; i < n; i++)
		len += varint_put(p + len, 2 * (i % 60));
	p[len++] = 0;
	p[len++] = last;
	return len;
}

static void test_malformed_columns(void **state)
{
	struct bytes head = record(NULL, 0, NULL, NULL, true);
	char column[DICT_MAX + 20];

	(void)state;
#define EXPECT(n, kind, field, column) \
	assert_int_equal(events_with(&head, kind, field, column, sizeof(column) - 1), n)
	/* good ones, so that the bad ones are known to be what is wrong */
	EXPECT(2, 0, COL_TASK, "\x00\x01\x00\x00\x01");
	EXPECT(2, 0, COL_CPU, "\x03\x01\x02\x02\x04\x00\x01");
	EXPECT(2, 0, COL_CPU, "\x01\x01\x00\x0a\x00\x07");
	EXPECT(2, EV_READ, 2, "\x00\x04\x00\x01\x02\x01\x02\x01\x02\xff\xff");
	EXPECT(0, 0, COL_TASK, "\x00\x01\x00\x00\x02");	       /* no such task */
	EXPECT(0, 0, COL_CPU, "\x03\x01\x02\x02\x04\x00\x02"); /* not in the dictionary */
	EXPECT(2, 0, COL_RET, "\x03\x01\x02\x02\x04\x00\x01");
	EXPECT(0, 0, COL_RET, "\x03\x01\x02\x02\x04\x00\x02");
	EXPECT(0, 0, COL_CPU, "\x03\x01\x00\x00\x00"); /* empty dictionary */
	/* as large as it can be, and larger */
	assert_int_equal(events_with(&head, 0, COL_CPU, column, dictionary(column, DICT_MAX, 255)),
			 2);
	assert_int_equal(
		events_with(&head, 0, COL_CPU, column, dictionary(column, DICT_MAX + 1, 255)), 0);
	assert_int_equal(events_with(&head, 0, COL_CPU, column, dictionary(column, 255, 254)), 2);
	assert_int_equal(events_with(&head, 0, COL_CPU, column, dictionary(column, 255, 255)), 0);
	EXPECT(0, 0, COL_CPU, "\x03\x02\x01\x02\x00\x00\x00\x00"); /* wide index */
	EXPECT(0, 0, COL_CPU, "\x04\x00\x00");			   /* unknown mode */
	EXPECT(0, 0, COL_CPU,
	       "\x00\x09\x00"
	       "123456789123456789");
	EXPECT(0, 0, COL_CPU, "\x00\x01\x00\x00");	   /* a plane too short */
	EXPECT(0, 0, COL_CPU, "\x00\x01\x00\x00\x00\x00"); /* too long */
	EXPECT(0, 0, COL_CPU, "\x00");
	EXPECT(0, 0, COL_CPU, "\x00\x00\x80");	/* base is cut */
	EXPECT(0, 0, COL_CPU, "\x00\x00\x01");	/* -1 is no cpu */
	EXPECT(0, 0, COL_KIND, "\x00\x00\x1c"); /* twice */
	EXPECT(0, EV_READ, 2, "\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01");
	/* columns of kinds that the frame has none of are empty, if there */
	EXPECT(2, EV_MARK, 1, "");
	EXPECT(2, EV_POLL, 1, "\x00\x01\x00");
	EXPECT(0, EV_POLL, 1, "\x00\x01\x00\x00");
#undef EXPECT
	free(head.p);
}

static void test_stat_and_index(void **state)
{
	struct events e = sample_events(3, 500);
	struct recording_writer_opts o = { .frame_events = 20, .snapshot_frames = 4, .level = -1 };
	struct meta m = sample_meta();
	struct bytes b = record(e.ev, e.n, &m, &o, true);
	struct recording_stat st;
	struct frames *fs = malloc(sizeof(*fs));
	const uint8_t *p, *end;
	uint64_t n = 0, v[5] = { 0 }, off = 0, seq = 0, ns = 0, bytes = HEADER_LEN;
	uint64_t kinds[EV_KIND_NR] = { 0 };
	size_t i, k, calls = 0;

	(void)state;
	assert_non_null(fs);
	stat_bytes(b.p, b.len, &st, fs);
	assert_int_equal(st.major, 1);
	assert_int_equal(st.bytes, b.len);
	assert_int_equal(st.events, e.n);
	assert_true(st.health.ended);
	assert_true(st.has_index);
	assert_int_equal(st.frames, fs->n);
	assert_int_equal(st.type[RECORDING_META].frames, 1);
	assert_int_equal(st.type[RECORDING_EVENTS].events, e.n);
	assert_true(st.type[RECORDING_SNAPSHOT].frames > 2);
	assert_int_equal(st.type[RECORDING_END].frames, 1);
	assert_int_equal(st.trailing_bytes, 0);
	for (i = 0; i < e.n; i++) {
		kinds[e.ev[i].kind]++;
		calls += event_calls(&e.ev[i]);
	}
	assert_memory_equal(kinds, st.kind, sizeof(kinds));
	assert_int_equal(st.calls, calls);
	for (i = 0; i < fs->n; i++) {
		assert_int_equal(fs->f[i].offset, bytes);
		bytes += fs->f[i].length;
	}
	assert_int_equal(bytes, b.len);

	/* The way to the index: the last 88 bytes, as the manual says. */
	p = b.p + b.len - FRAME_HEAD_LEN - END_LEN + FRAME_HEAD_LEN;
	assert_int_equal(get_le64(p + END_EVENTS), e.n);
	assert_int_equal(get_le64(p + END_FRAMES), fs->n);
	p = b.p + get_le64(p + END_INDEX_OFFSET);
	assert_int_equal(get_le16(p + FRAME_TYPE), RECORDING_INDEX);
	end = p + FRAME_HEAD_LEN + get_le32(p + FRAME_LENGTH);
	p += FRAME_HEAD_LEN;
	assert_true(varint_get(&p, end, &n));
	for (i = 0, k = 0; i < n; i++, k++) {
		size_t j;

		for (j = 0; j < 5; j++)
			assert_true(varint_get(&p, end, &v[j]));
		while (fs->f[k].type != RECORDING_EVENTS && fs->f[k].type != RECORDING_SNAPSHOT)
			k++;
		off += v[1];
		ns += (uint64_t)unzigzag(v[2]);
		seq += v[3];
		assert_int_equal(v[0], fs->f[k].type);
		assert_int_equal(off, fs->f[k].offset);
		assert_int_equal(ns, fs->f[k].first_ns);
		assert_int_equal(seq, fs->f[k].first_seq);
		assert_int_equal(v[4], fs->f[k].count);
	}
	assert_ptr_equal(p, end);

	/* bytes behind the END are none of ours, but are seen */
	b.p = realloc(b.p, b.len + 5);
	memcpy(b.p + b.len, "extra", 5);
	stat_bytes(b.p, b.len + 5, &st, NULL);
	assert_int_equal(st.trailing_bytes, 5);
	assert_true(st.health.ended);
	free(fs);
	free(b.p);
	free(e.ev);
	meta_clear(&m);
}

/* The index stays small however long the recording is. */
static void test_index_bounded(void **state)
{
	struct recording_writer_opts o = { .frame_events = 1, .level = -1 };
	size_t n = 20000, i;
	struct event *ev = calloc(n, sizeof(*ev));
	struct recording_stat st;
	struct bytes b;

	(void)state;
	for (i = 0; i < n; i++) {
		ev[i].kind = EV_READ;
		ev[i].t_ns = i * 1000;
	}
	b = record(ev, n, NULL, &o, true);
	stat_bytes(b.p, b.len, &st, NULL);
	assert_int_equal(st.events, n);
	assert_int_equal(st.type[RECORDING_INDEX].frames, 1);
	assert_true(st.type[RECORDING_INDEX].raw_bytes < WRITER_INDEX_MAX * 20);
	assert_true(st.type[RECORDING_INDEX].raw_bytes > 1000);
	free(b.p);
	free(ev);
}

/* So does the snapshot, when streams come and are never seen to go. */
static void test_snapshot_bounded(void **state)
{
	struct recording_writer_opts o = { .frame_events = 100, .snapshot_frames = 10 };
	size_t n = 3000, i, last = 0;
	struct event *ev = calloc(n, sizeof(*ev));
	struct frames *fs = malloc(sizeof(*fs));
	struct recording_stat st;
	struct bytes b;

	(void)state;
	for (i = 0; i < n; i++) {
		ev[i].kind = EV_STREAM_OPEN;
		ev[i].stream = i + 1;
		ev[i].t_ns = 1000 + i;
	}
	b = record(ev, n, NULL, &o, true);
	stat_bytes(b.p, b.len, &st, fs);
	for (i = 0; i < fs->n; i++) {
		if (fs->f[i].type != RECORDING_SNAPSHOT)
			continue;
		last = fs->f[i].count;
		assert_true(last <= REGISTRY_MAX);
	}
	assert_int_equal(last, REGISTRY_MAX);
	free(fs);
	free(b.p);
	free(ev);
}

/* The writer's largest frame is one that a reader accepts. */
static void test_largest_frame(void **state)
{
	size_t n = WRITER_EVENTS_MAX, i;
	struct event *ev = calloc(n, sizeof(*ev));
	struct recording_writer_opts o = { .flush_ns = UINT64_MAX,
					   .urgent_ns = UINT64_MAX,
					   .level = -1 };
	struct gen g = { 5 };

	(void)state;
	for (i = 0; i < n; i++) {
		gen_event(&g, EV_DEVICE, &ev[i]);
		memset(ev[i].device_def.name, 'n', EVENT_NAME_LEN - 1);
		memset(ev[i].device_def.driver, 'd', EVENT_NAME_LEN - 1);
		memset(ev[i].device_def.bus, 'b', 15);
		memset(ev[i].comm, 'c', 15);
		ev[i].pid = i * 4001;
		ev[i].t_ns = gen_u64(&g);
		ev[i].dur_ns = gen_u64(&g);
		ev[i].ret = gen_u64(&g);
	}
	round_trip(ev, n, &o, true);
	free(ev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip_random),
		cmocka_unit_test(test_round_trip_fields),
		cmocka_unit_test(test_round_trip_empty),
		cmocka_unit_test(test_migration_size),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_writer_manners),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown_is_skipped),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_malformed_columns),
		cmocka_unit_test(test_stat_and_index),
		cmocka_unit_test(test_index_bounded),
		cmocka_unit_test(test_snapshot_bounded),
		cmocka_unit_test(test_largest_frame),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
