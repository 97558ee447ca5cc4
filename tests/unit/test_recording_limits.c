// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every bound of the recording, from both sides: what a file may make its readers keep,
 * what a frame that comes twice may do, when the writer writes and what it forgets.
 */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include "recording/budget.h"
#include "recording/codec.h"
#include "recording/fold.h"

#define NSEC 1000000000ULL

/* A header of @size bytes, as a later version may write one, and one event behind it. */
static struct bytes with_long_header(uint32_t size)
{
	struct event ev = { .kind = EV_MARK, .mark.text = "hello" };
	struct bytes b = record(&ev, 1, NULL, NULL, true);
	uint8_t *p = calloc(1, size + b.len - HEADER_LEN);

	assert_non_null(p);
	memcpy(p, b.p, HEADER_LEN - 4);
	put_le32(p + HEADER_SIZE, size);
	put_le32(p + size - 4, format_crc(p, size - 4));
	memcpy(p + size, b.p + HEADER_LEN, b.len - HEADER_LEN);
	free(b.p);
	b.p = p;
	b.len += size - HEADER_LEN;
	return b;
}

static void long_header(uint32_t size, bool damaged)
{
	struct bytes b = with_long_header(size);
	struct source_health health;
	struct event_source *src;
	struct events got;
	int end;

	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	got = read_until(src, &end);
	/* What stands behind is found whatever the header is. */
	assert_int_equal(end, -ENODATA);
	assert_true(got.n >= 1);
	src->ops->health(src, &health);
	assert_int_equal(health.frames_damaged > 0, damaged);
	src->ops->close(src);
	free(got.ev);
	free(b.p);
}

/* Behind a long header half of the magic still says what it is; less does not. */
static void test_half_a_magic(void **state)
{
	struct event_source *src;
	size_t bad, i;

	(void)state;
	for (bad = 1; bad <= FORMAT_MAGIC_LEN; bad++) {
		struct bytes b = with_long_header(HEADER_LEN + 100);

		for (i = 0; i < bad; i++)
			b.p[i] ^= 0x55;
		if (bad <= FORMAT_MAGIC_LEN / 2) {
			assert_int_equal(open_bytes(&src, b.p, b.len), 0);
			src->ops->close(src);
		} else {
			assert_int_equal(open_bytes(&src, b.p, b.len), -EINVAL);
		}
		free(b.p);
	}
}

static void test_header_max(void **state)
{
	(void)state;
	long_header(HEADER_LEN, false);
	long_header(4096, false);
	long_header(4097, true);
}

/* ---- a summary ---- */

/* Of @len bytes, as it is found in the file; how long it is. */
static size_t summary(const char *path, size_t len)
{
	struct event ev = { .kind = EV_MARK, .mark.text = "hello" };
	uint8_t *data = malloc(len), *found = NULL;
	struct recording_writer *w;
	struct recording_stat st;
	char text[256];
	uint64_t x = 1; /* what comes of it cannot be compressed */
	size_t n = 0, i;
	int err;

	assert_non_null(data);
	for (i = 0; i < len; i++)
		data[i] = (uint8_t)((x = x * 6364136223846793005ULL + 1) >> 56);
	assert_int_equal(
		recording_writer_open(&w, open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600),
				      NULL),
		0);
	assert_int_equal(recording_writer_put(w, &ev), 0);
	assert_int_equal(recording_writer_summary(w, data, len), 0);
	assert_int_equal(recording_writer_end(w), 0);
	assert_int_equal(recording_writer_close(w), 0);
	assert_int_equal(recording_stat(path, &st, NULL, NULL, text, sizeof(text)), 0);
	err = recording_summary(path, &found, &n);
	assert_int_equal(st.type[RECORDING_SUMMARY].frames, err ? 0 : 1);
	assert_true(!err || err == -ENOENT);
	assert_true(err || (n == len && !memcmp(found, data, len)));
	free(found);
	free(data);
	return err ? 0 : n;
}

static void test_summary_max(void **state)
{
	char path[] = "/tmp/vfioscope-summary-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(summary(path, 1000), 1000);
	assert_int_equal(summary(path, 1U << 20), 1U << 20);
	/* The recording is whole without it. */
	assert_int_equal(summary(path, (1U << 20) + 1), 0);
	unlink(path);
}

/* A head whose checksum is right claims more than the file has: nobody reads on behind it. */
static void test_summary_too_long(void **state)
{
	char path[] = "/tmp/vfioscope-summary-XXXXXX";
	uint8_t head[FRAME_HEAD_LEN], *found = NULL;
	int fd = mkstemp(path), broken = 0;
	struct frame_head h;
	off_t at;
	size_t n;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(summary(path, 1000), 1000);
	for (at = HEADER_LEN; pread(fd, head, sizeof(head), at) == sizeof(head); at++) {
		if (!frame_head_load(head, &h) ||
		    (h.type != RECORDING_INDEX && h.type != RECORDING_SUMMARY))
			continue;
		broken++;
		h.length = FRAME_PAYLOAD_MAX;
		frame_head_store(head, &h);
		assert_int_equal(pwrite(fd, head, sizeof(head), at), sizeof(head));
		assert_int_equal(recording_summary(path, &found, &n), -ENOENT);
	}
	assert_int_equal(broken, 2);
	close(fd);
	unlink(path);
}

/* ---- files made frame by frame ---- */

static struct buf file;

static void begin(void)
{
	struct bytes head = record(NULL, 0, NULL, NULL, true);

	buf_reset(&file);
	buf_put(&file, head.p, HEADER_LEN);
	free(head.p);
}

static void add_meta(uint32_t number, uint64_t first_seq, const char *key, const char *value,
		     uint32_t times)
{
	struct buf payload = { 0 };
	uint32_t i;

	buf_put_varint(&payload, times);
	for (i = 0; i < times; i++) {
		buf_put_bytes(&payload, key, strlen(key));
		buf_put_bytes(&payload, value, strlen(value));
	}
	add_frame(&file, RECORDING_META, number, 0, &payload, 0, first_seq);
	buf_free(&payload);
}

static void add_events(uint32_t number, uint64_t first_seq, const struct event *ev, size_t n)
{
	struct encoder *enc = encoder_new(n);
	struct buf payload = { 0 };

	assert_non_null(enc);
	assert_int_equal(encoder_encode(enc, ev, n, 0, &payload), 0);
	add_frame(&file, RECORDING_EVENTS, number, 0, &payload, (uint32_t)n, first_seq);
	buf_free(&payload);
	encoder_free(enc);
}

static void add_end(uint32_t number, uint64_t first_seq)
{
	struct buf empty = { 0 };

	add_frame(&file, RECORDING_END, number, 0, &empty, 0, first_seq);
}

static struct event_source *opened(void)
{
	struct event_source *src;

	assert_int_equal(open_bytes(&src, file.data, file.len), 0);
	return src;
}

/* What came of it; the events are the caller's. */
static struct events read_file(struct source_health *h)
{
	struct event_source *src = opened();
	struct events e = read_all(src);

	*h = health_of(src);
	src->ops->close(src);
	return e;
}

static void reads(struct event *ev, size_t n, uint64_t first)
{
	size_t i;

	memset(ev, 0, n * sizeof(*ev));
	for (i = 0; i < n; i++) {
		ev[i].kind = EV_READ;
		ev[i].t_ns = 1000 * (first + i);
		ev[i].ret = (int64_t)(first + i);
	}
}

/* A block that is in the file twice is taken once, whatever its frame holds. */
static void test_taken_once(void **state)
{
	struct event ev[6];
	struct source_health h;
	struct event_source *src;
	struct events e;
	size_t len, i;

	(void)state;
	reads(ev, 6, 1);
	begin();
	add_meta(0, 1, "k", "v", 1);
	add_events(1, 1, ev, 3);
	len = file.len;
	add_meta(0, 1, "k", "v", 1); /* an old number, with nothing that could be counted twice */
	add_meta(1, 4, "k", "v", 1);
	add_events(2, 1, ev, 3);     /* a number that fits, with events of before */
	add_events(1, 4, ev + 3, 3); /* and the other way round */
	len = file.len - len;
	add_events(2, 4, ev + 3, 3);
	add_end(3, 7);
	src = opened();
	e = read_all(src);
	h = health_of(src);
	assert_int_equal(e.n, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(e.ev[i].ret, 1 + i);
	assert_int_equal(src->ops->meta(src)->n, 1);
	assert_int_equal(h.bytes_skipped, len);
	assert_true(h.ended);
	src->ops->close(src);
	free(e.ev);
}

/* The last frames are bad: their heads say what is missing, and up to when. */
static void test_bad_at_the_end(void **state)
{
	struct event ev[9];
	struct source_health h;
	struct events e;
	struct frame_head head;
	size_t first, second, i;

	(void)state;
	reads(ev, 9, 1);
	begin();
	add_events(0, 1, ev, 3);
	first = file.len;
	add_events(1, 4, ev + 3, 2);
	second = file.len;
	add_events(2, 6, ev + 5, 4);
	for (i = 0; i < 2; i++) {
		uint8_t *p = file.data + (i ? second : first);

		assert_true(frame_head_load(p, &head));
		head.last_ns = i ? 77000 : 88000;
		frame_head_store(p, &head);
		p[FRAME_HEAD_LEN]++;
	}
	e = read_file(&h);
	assert_int_equal(e.n, 4);
	assert_int_equal(e.ev[3].kind, EV_LOSS);
	assert_int_equal(e.ev[3].loss.count, 6);
	assert_int_equal(e.ev[3].loss.t_from_ns, 3000);
	assert_int_equal(e.ev[3].loss.t_to_ns, 88000);
	assert_int_equal(h.frames_damaged, 2);
	assert_false(h.ended);
	free(e.ev);
}

/* So many entries, and one more. */
static void test_meta_entries(void **state)
{
	struct source_health h;
	struct event_source *src;
	struct event ev;

	(void)state;
	begin();
	add_meta(0, 1, "", "", 65535);
	add_meta(1, 1, "k", "v", 1);
	add_meta(2, 1, "k", "v", 1);
	add_end(3, 1);
	src = opened();
	assert_int_equal(src->ops->next(src, &ev, -1), -ENODATA);
	assert_int_equal(src->ops->meta(src)->n, 65536);
	h = health_of(src);
	assert_int_equal(h.bytes_skipped, FRAME_HEAD_LEN + 5);
	src->ops->close(src);
}

/* So many bytes, and a few more. */
static void test_meta_bytes(void **state)
{
	char *value = malloc(FRAME_PAYLOAD_MAX);
	struct event_source *src;
	struct event ev;
	uint32_t i;

	(void)state;
	assert_non_null(value);
	/* what stands around it: the number of entries, two lengths, the key */
	memset(value, 'x', FRAME_PAYLOAD_MAX);
	value[FRAME_PAYLOAD_MAX - 7] = '\0';
	begin();
	for (i = 0; i < 4; i++)
		add_meta(i, 1, "k", value, 1);
	add_meta(4, 1, "k", "v", 1);
	add_end(5, 1);
	src = opened();
	assert_int_equal(src->ops->next(src, &ev, -1), -ENODATA);
	assert_int_equal(src->ops->meta(src)->n, 4);
	src->ops->close(src);
	free(value);
}

/* A string that is longer than its field is cut, and ends. */
static void test_long_string(void **state)
{
	static char text[EVENT_TEXT_LEN + 10];
	const struct event_field *f;
	struct event ev = { .kind = EV_MARK, .t_ns = 1000 };
	struct encoder *enc = encoder_new(1);
	struct buf payload = { 0 };
	struct source_health h;
	struct events e;
	size_t n, i;

	(void)state;
	f = event_fields(EV_MARK, &n);
	for (i = 0; i < n && f[i].type != EF_STR; i++)
		;
	assert_true(i < n);
	assert_int_equal(encoder_encode(enc, &ev, 1, 0, &payload), 0);
	memset(text, 'x', sizeof(text) - 1);
	buf_put_varint(&payload, EV_MARK);
	buf_put_varint(&payload, f[i].id);
	buf_put_varint(&payload, strlen(text) + 2);
	buf_put_bytes(&payload, text, strlen(text));
	begin();
	add_frame(&file, RECORDING_EVENTS, 0, 0, &payload, 1, 1);
	add_end(1, 2);
	e = read_file(&h);
	assert_int_equal(e.n, 1);
	assert_int_equal(e.ev[0].kind, EV_MARK);
	assert_int_equal(strnlen(e.ev[0].mark.text, f[i].size), f[i].size - 1);
	free(e.ev);
	buf_free(&payload);
	encoder_free(enc);
}

/* ---- budgets ---- */

static struct event naming(uint32_t kind, uint32_t number)
{
	struct event ev = { .kind = EV_READ };

	if (kind == BUDGET_DEVICES)
		ev.device = number;
	else if (kind == BUDGET_STREAMS)
		ev.stream = number;
	else if (kind == BUDGET_TASKS)
		ev.pid = number;
	else if (kind == BUDGET_HOSTS)
		ev.host = number;
	return ev;
}

/* So many are free, so many more come with each KiB, and what is known costs nothing. */
static void test_budgets(void **state)
{
	static const struct {
		uint32_t kind, free, per_kib;
	} t[] = {
		{ BUDGET_DEVICES, 1024, 16 },
		{ BUDGET_STREAMS, 1024, 64 },
		{ BUDGET_TASKS, 4096, 128 },
		{ BUDGET_HOSTS, 64, 4 },
	};
	struct event ev;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct budget b = { 0 };
		uint32_t n;

		for (n = 1; n <= t[i].free; n++) {
			ev = naming(t[i].kind, n);
			assert_int_equal(budget_take(&b, &ev, 1023), 0);
		}
		ev = naming(t[i].kind, n);
		assert_int_equal(budget_take(&b, &ev, 1023), -EDQUOT);
		for (; n <= t[i].free + t[i].per_kib; n++) {
			ev = naming(t[i].kind, n);
			assert_int_equal(budget_take(&b, &ev, 2047), 0);
		}
		ev = naming(t[i].kind, n);
		assert_int_equal(budget_take(&b, &ev, 2047), -EDQUOT);
		ev = naming(t[i].kind, 1);
		assert_int_equal(budget_take(&b, &ev, 2047), 0);
		assert_int_equal(b.used[BUDGET_EVENTS], n);
		budget_free(&b);
	}
}

static void test_event_budget(void **state)
{
	struct event ev = { .kind = EV_READ };
	struct budget b = { 0 };
	uint32_t i;

	(void)state;
	for (i = 0; i < 1U << 20; i++)
		assert_int_equal(budget_take(&b, &ev, 0), 0);
	assert_int_equal(budget_take(&b, &ev, 0), -EDQUOT);
	for (i = 0; i < 64U << 10; i++)
		assert_int_equal(budget_take(&b, &ev, 1024), 0);
	assert_int_equal(budget_take(&b, &ev, 1024), -EDQUOT);
	budget_free(&b);
}

/* What exceeds a budget is lost, to the last event, from where it began to exceed. */
static void test_over_budget(void **state)
{
	const size_t n = 8000;
	struct event *ev = calloc(n + 20, sizeof(*ev));
	struct source_health h;
	struct events e;
	uint64_t got = 0, lost = 0, from = 0, last = 0;
	size_t i;

	(void)state;
	assert_non_null(ev);
	reads(ev, n + 20, 1);
	for (i = 0; i < n; i++)
		ev[i].stream = (uint32_t)i + 1;
	begin();
	add_events(0, 1, ev, n);
	/* the next ten are in no frame at all */
	add_events(2, n + 11, ev + n + 10, 10);
	add_end(3, n + 21);
	e = read_file(&h);
	for (i = 0; i < e.n; i++) {
		if (e.ev[i].kind != EV_LOSS) {
			got++;
			last = event_end_ns(&e.ev[i]);
			continue;
		}
		lost += e.ev[i].loss.count;
		from = from ? from : e.ev[i].loss.t_from_ns;
		assert_true(e.ev[i].loss.t_from_ns <= last);
	}
	assert_true(h.over_budget);
	assert_true(got >= 1024 + 10 && got < n);
	assert_int_equal(got + lost, n + 20);
	assert_true(from && from <= 1000 * (got - 10));
	free(e.ev);
	free(ev);
}

/* ---- the writer ---- */

static struct recording_writer *writer(const struct recording_writer_opts *o, int *fd)
{
	struct recording_writer *w;

	*fd = memfd_create("recording", MFD_CLOEXEC);
	assert_int_equal(recording_writer_open(&w, dup(*fd), o), 0);
	return w;
}

static uint32_t buffered_after(struct recording_writer *w, uint32_t kind, uint64_t t_ns)
{
	struct event ev = { .kind = kind, .t_ns = t_ns };
	struct recording_writer_stats st;

	assert_int_equal(recording_writer_put(w, &ev), 0);
	recording_writer_stats(w, &st);
	return st.buffered;
}

/* One that a reader may be waiting for is written sooner than one of many. */
static void test_deadlines(void **state)
{
	struct recording_writer *w;
	int fd;

	(void)state;
	w = writer(NULL, &fd);
	assert_int_equal(buffered_after(w, EV_READ, NSEC), 1);
	assert_int_equal(buffered_after(w, EV_READ, NSEC + 500000000 - 1), 2);
	assert_int_equal(buffered_after(w, EV_READ, NSEC + 500000000), 0);
	assert_int_equal(buffered_after(w, EV_READ, 2 * NSEC), 1);
	assert_int_equal(buffered_after(w, EV_ARC, 2 * NSEC), 2);
	assert_int_equal(buffered_after(w, EV_READ, 2 * NSEC + 100000000 - 1), 3);
	assert_int_equal(recording_writer_tick(w, 2 * NSEC + 100000000 - 1), 0);
	assert_int_equal(buffered_after(w, EV_READ, 2 * NSEC + 100000000), 0);
	assert_int_equal(recording_writer_close(w), 0);
	close(fd);
}

/* A snapshot stands behind as many frames as was said, not one more. */
static void test_snapshot_frames(void **state)
{
	static const struct recording_writer_opts o = { .frame_events = 1, .snapshot_frames = 3 };
	struct frames *fs = malloc(sizeof(*fs));
	struct event ev[9];
	struct recording_stat st;
	struct bytes b;
	size_t i;

	(void)state;
	reads(ev, 9, 1);
	ev[0].kind = EV_DEVICE;
	ev[0].device = 1;
	b = record(ev, 9, NULL, &o, false);
	stat_bytes(b.p, b.len, &st, fs);
	assert_int_equal(fs->n, 12);
	for (i = 0; i < fs->n; i++)
		assert_int_equal(fs->f[i].type, i % 4 == 3 ? RECORDING_SNAPSHOT : RECORDING_EVENTS);
	free(fs);
	free(b.p);
}

/* The index is thinned out evenly: what a reader finds with it is never further than a step. */
static void test_index_steps(void **state)
{
	static const struct recording_writer_opts o = { .frame_events = 1, .level = -1 };
	const size_t n = 3 * WRITER_INDEX_MAX;
	struct event *ev = calloc(n, sizeof(*ev));
	struct frames *fs = malloc(sizeof(*fs));
	struct frame_head h;
	const uint8_t *p, *end;
	uint64_t entries = 0, v[5] = { 0 }, step = 0, seq = 0, offset = 0, i, k;
	struct bytes b;

	(void)state;
	reads(ev, n, 1);
	b = record(ev, n, NULL, &o, true);
	p = b.p + get_le64(b.p + b.len - END_LEN + END_INDEX_OFFSET);
	assert_true(frame_head_load(p, &h));
	assert_int_equal(h.type, RECORDING_INDEX);
	p += FRAME_HEAD_LEN;
	end = p + h.length;
	assert_false(h.flags & FRAME_ZSTD);
	assert_true(varint_get(&p, end, &entries));
	assert_true(entries <= WRITER_INDEX_MAX && entries > WRITER_INDEX_MAX / 2);
	for (i = 0; i < entries; i++) {
		for (k = 0; k < 5; k++)
			assert_true(varint_get(&p, end, &v[k]));
		offset += v[1];
		seq += v[3];
		assert_int_equal(v[0], RECORDING_EVENTS);
		assert_true(frame_head_load(b.p + offset, &h));
		assert_int_equal(h.first_seq, seq);
		if (i == 1)
			step = v[3];
		if (i)
			assert_int_equal(v[3], step);
	}
	assert_int_equal(p, end);
	assert_int_equal(step, 4);
	free(fs);
	free(b.p);
	free(ev);
}

/* More META than a frame may hold goes into several. */
static void test_meta_split(void **state)
{
	char *value = malloc(WRITER_STRING_MAX + 1);
	struct frames *fs = malloc(sizeof(*fs));
	struct recording_stat st;
	struct event_source *src;
	struct meta m = { 0 };
	struct event ev;
	struct bytes b;
	size_t i;

	(void)state;
	memset(value, 'x', WRITER_STRING_MAX);
	value[WRITER_STRING_MAX] = '\0';
	for (i = 0; i < 80; i++)
		assert_int_equal(meta_add(&m, "k", value), 0);
	b = record(NULL, 0, &m, NULL, true);
	stat_bytes(b.p, b.len, &st, fs);
	assert_int_equal(st.type[RECORDING_META].frames, 5);
	for (i = 0; i < fs->n; i++)
		assert_true(fs->f[i].raw_length <= WRITER_META_MAX + WRITER_STRING_MAX + 16);
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	assert_int_equal(src->ops->next(src, &ev, -1), -ENODATA);
	assert_int_equal(src->ops->meta(src)->n, 80);
	src->ops->close(src);
	meta_clear(&m);
	free(value);
	free(fs);
	free(b.p);
}

/* ---- what is remembered of definitions ---- */

static void test_registry(void **state)
{
	struct registry r = { 0 };
	struct event ev = { .kind = EV_STREAM_OPEN };
	uint32_t i;

	(void)state;
	for (i = 1; i <= REGISTRY_MAX + 1; i++) {
		ev.stream = i;
		assert_int_equal(registry_learn(&r, &ev), 0);
		assert_int_equal(registry_count(&r), i < REGISTRY_MAX ? i : REGISTRY_MAX);
	}
	/* The oldest one goes. */
	for (i = 1; i <= REGISTRY_MAX + 1; i++) {
		ev.stream = i;
		assert_int_equal(registry_knows(&r, &ev), i > 1);
	}
	registry_free(&r);
	/* A number of a process is its own host's. */
	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_TASK;
	ev.pid = 7;
	for (i = 1; i <= 2; i++) {
		ev.host = i;
		assert_int_equal(registry_learn(&r, &ev), 0);
	}
	ev.host = 1;
	assert_true(registry_knows(&r, &ev));
	assert_int_equal(registry_count(&r), 2);
	registry_free(&r);
}

/* ---- folding ---- */

struct folded {
	struct event_sink sink;
	size_t n;
	uint64_t calls, most;
};

static int take(struct event_sink *sink, const struct event *ev)
{
	struct folded *f = (struct folded *)sink;

	f->n++;
	f->calls += event_calls(ev);
	if (event_calls(ev) > f->most)
		f->most = event_calls(ev);
	return 0;
}

/* @threads spin, in turns, on one stream each. */
static size_t fold_of(uint32_t threads, bool hosts)
{
	struct folded out = { .sink.put = take };
	struct fold *f;
	uint32_t i, k;

	assert_int_equal(fold_open(&f, &out.sink, 0), 0);
	for (i = 0; i < 3; i++) {
		for (k = 0; k < threads; k++) {
			struct event ev = { .kind = EV_READ,
					    .t_ns = 1000 * (i * threads + k),
					    .ret = -ENOMSG,
					    .io.size = 4096 };

			ev.tid = hosts ? 1 : k + 1;
			ev.stream = hosts ? 1 : k + 1;
			ev.host = hosts ? k + 1 : 0;
			assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
		}
	}
	assert_int_equal(fold_flush(f), 0);
	fold_close(f);
	assert_int_equal(out.calls, 3 * threads);
	return out.n;
}

static void test_fold_runs(void **state)
{
	(void)state;
	assert_int_equal(fold_of(FOLD_RUNS, false), FOLD_RUNS);
	/* One more than can be open at once: whose turn it is is never among them. */
	assert_int_equal(fold_of(FOLD_RUNS + 1, false), 3 * (FOLD_RUNS + 1));
	/* Threads of two hosts may have one number. */
	assert_int_equal(fold_of(2, true), 2);
}

/* So old a run may become, and not a nanosecond older. */
static void test_fold_age(void **state)
{
	struct event ev = { .kind = EV_READ, .t_ns = 1000, .ret = -ENOMSG, .io.size = 4096 };
	struct folded out = { .sink.put = take };
	struct fold *f;

	(void)state;
	assert_int_equal(fold_open(&f, &out.sink, 0), 0);
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
	assert_int_equal(fold_tick(f, 1000 + FOLD_MAX_AGE_NS - 1), 0);
	assert_int_equal(out.n, 0);
	ev.t_ns = 1000 + FOLD_MAX_AGE_NS - 1;
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
	assert_int_equal(out.n, 0);
	assert_int_equal(fold_tick(f, 1000 + FOLD_MAX_AGE_NS), 0);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.calls, 2);
	fold_close(f);
}

/* A run's count has 32 bits. */
static void test_fold_count(void **state)
{
	struct event ev = { .kind = EV_READ, .t_ns = 1000, .ret = -ENOMSG, .tid = 1 };
	struct folded out = { .sink.put = take };
	struct fold *f;

	(void)state;
	ev.io.size = 4096;
	ev.io.count = UINT32_MAX - 1;
	ev.io.t_last_ns = 2000;
	assert_int_equal(fold_open(&f, &out.sink, 0), 0);
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
	ev.io.count = 0;
	ev.io.t_last_ns = 0;
	ev.t_ns = 3000;
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
	ev.t_ns = 4000;
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
	assert_int_equal(fold_flush(f), 0);
	assert_int_equal(out.n, 2);
	assert_int_equal(out.most, UINT32_MAX);
	assert_int_equal(out.calls, (uint64_t)UINT32_MAX + 1);
	fold_close(f);
}

static int done(void **state)
{
	(void)state;
	buf_free(&file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_once),	 cmocka_unit_test(test_bad_at_the_end),
		cmocka_unit_test(test_meta_entries),	 cmocka_unit_test(test_meta_bytes),
		cmocka_unit_test(test_long_string),	 cmocka_unit_test(test_budgets),
		cmocka_unit_test(test_event_budget),	 cmocka_unit_test(test_over_budget),
		cmocka_unit_test(test_deadlines),	 cmocka_unit_test(test_snapshot_frames),
		cmocka_unit_test(test_index_steps),	 cmocka_unit_test(test_meta_split),
		cmocka_unit_test(test_registry),	 cmocka_unit_test(test_fold_runs),
		cmocka_unit_test(test_fold_age),	 cmocka_unit_test(test_fold_count),
		cmocka_unit_test(test_header_max),	 cmocka_unit_test(test_summary_max),
		cmocka_unit_test(test_summary_too_long), cmocka_unit_test(test_half_a_magic),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, done));
}
