// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording_damage.c - every way to hurt a recording: what is delivered is
 * true, and what is missing is counted
 */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include <sys/wait.h>

/*
 * Follow what a damaged recording delivers along what it once held.  Every
 * event must be the next of the originals, but for
 * - an EV_LOSS of the reader: its count is skipped (0: anything may be),
 * - after a loss: a definition that the loss took, from a SNAPSHOT.
 * Returns how many originals were gone through.
 */
struct walk {
	size_t at;    /* originals up to here are accounted for */
	size_t lost;  /* by exact counts */
	bool unknown; /* a loss that nobody could count */
	size_t late;  /* definitions that came late */
	bool *missing;
};

static void walk(struct walk *w, const struct events *got, const struct events *want)
{
	size_t i, k;

	memset(w, 0, sizeof(*w));
	w->missing = calloc(want->n + 1, sizeof(bool));
	for (i = 0; i < got->n; i++) {
		const struct event *ev = &got->ev[i];

		if (ev->kind == EV_LOSS && ev->loss.cause == LOSS_DAMAGE) {
			assert_false(w->unknown);
			assert_true(ev->loss.t_from_ns <= ev->loss.t_to_ns);
			if (!ev->loss.count) {
				w->unknown = true;
				continue;
			}
			assert_true(ev->loss.count <= want->n - w->at);
			for (k = 0; k < ev->loss.count; k++)
				w->missing[w->at++] = true;
			w->lost += ev->loss.count;
			continue;
		}
		if (w->at < want->n && event_same(ev, &want->ev[w->at])) {
			assert_false(w->unknown);
			w->at++;
			continue;
		}
		assert_true(w->lost && registry_cares(ev->kind));
		for (k = 0; k < w->at; k++)
			if (w->missing[k] && event_same(ev, &want->ev[k]))
				break;
		if (k == w->at)
			fail_msg("event %zu (%s) never was", i, event_kind_name(ev->kind));
		w->missing[k] = false;
		w->late++;
	}
	free(w->missing);
}

static struct events small_sample(void)
{
	return sample_events(11, 90);
}

static const struct recording_writer_opts small_frames = {
	.frame_events = 7,
	.snapshot_frames = 4,
};

/* Cut at every byte: a prefix, exactly of the frames that are whole. */
static void test_cut_everywhere(void **state)
{
	struct events e = small_sample(), got;
	struct meta m = sample_meta();
	struct bytes b = record(e.ev, e.n, &m, &small_frames, true);
	struct recording_stat st;
	struct frames *fs = malloc(sizeof(*fs));
	struct event_source *src;
	struct source_health h;
	size_t cut, i;

	(void)state;
	stat_bytes(b.p, b.len, &st, fs);
	for (cut = 0; cut < b.len; cut++) {
		size_t events = 0, whole = 0;
		uint64_t end = HEADER_LEN;
		int err;

		for (i = 0; i < fs->n && fs->f[i].offset + fs->f[i].length <= cut; i++) {
			end = fs->f[i].offset + fs->f[i].length;
			if (fs->f[i].type == RECORDING_EVENTS)
				events += fs->f[i].count;
			whole++;
		}
		err = open_bytes(&src, b.p, cut);
		if (!whole) {
			assert_int_equal(err, -ENODATA);
			continue;
		}
		assert_int_equal(err, 0);
		got = read_all(src);
		assert_int_equal(got.n, events);
		for (i = 0; i < events; i++)
			assert_true(event_same(&got.ev[i], &e.ev[i]));
		h = health_of(src);
		assert_false(h.ended);
		assert_int_equal(h.frames_damaged, 0);
		assert_int_equal(h.bytes_skipped, cut - end);
		src->ops->close(src);
		free(got.ev);
	}
	free(fs);
	free(b.p);
	free(e.ev);
	meta_clear(&m);
}

/* Every byte flipped in three ways: it is noticed, and nothing is made up. */
static void test_flip_everywhere(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct events e = small_sample(), got;
	struct meta m = sample_meta();
	struct bytes b = record(e.ev, e.n, &m, &small_frames, true);
	struct frames *fs = malloc(sizeof(*fs));
	struct recording_stat st;
	struct event_source *src;
	size_t i, k, f;

	(void)state;
	stat_bytes(b.p, b.len, &st, fs);
	for (i = 0; i < b.len; i++) {
		const struct recording_frame *hit = NULL;

		for (f = 0; f < fs->n; f++)
			if (i >= fs->f[f].offset && i < fs->f[f].offset + fs->f[f].length)
				hit = &fs->f[f];
		for (k = 0; k < sizeof(flips); k++) {
			struct source_health h;
			struct walk w;

			b.p[i] ^= flips[k];
			assert_int_equal(open_bytes(&src, b.p, b.len), 0);
			b.p[i] ^= flips[k];
			got = read_all(src);
			h = health_of(src);
			src->ops->close(src);
			walk(&w, &got, &e);
			free(got.ev);
			assert_int_equal(h.frames_damaged, 1);
			assert_int_equal(h.bytes_skipped, hit		       ? hit->length :
							  i < FORMAT_MAGIC_LEN ? FORMAT_MAGIC_LEN :
										 HEADER_LEN);
			assert_int_equal(w.at, e.n);
			assert_int_equal(w.lost,
					 hit && hit->type == RECORDING_EVENTS ? hit->count : 0);
			if (hit && hit->type == RECORDING_END) {
				assert_false(h.ended);
				/* a head that is damaged tells nothing */
				if (i - hit->offset < FRAME_HEAD_LEN)
					assert_true(w.unknown);
			} else {
				assert_true(h.ended);
				assert_false(w.unknown);
			}
		}
	}
	free(fs);
	free(b.p);
	free(e.ev);
	meta_clear(&m);
}

/* The definitions in a lost frame come back from the next snapshot, once. */
static void test_definitions_come_back(void **state)
{
	struct event ev[40];
	struct recording_writer_opts o = { .frame_events = 8, .snapshot_frames = 2 };
	struct events e = { ev, 40 }, got;
	struct frames *fs = malloc(sizeof(*fs));
	struct event_source *src;
	struct recording_stat st;
	struct bytes b;
	struct walk w;
	size_t i, lost;

	(void)state;
	memset(ev, 0, sizeof(ev));
	for (i = 0; i < 40; i++) {
		ev[i].kind = EV_READ;
		ev[i].t_ns = 1000000 + i * 1000;
		ev[i].stream = 7;
		ev[i].device = 1;
	}
	ev[0].kind = EV_DEVICE;
	strcpy(ev[0].device_def.name, "0000:01:00.0");
	ev[1].kind = EV_TASK;
	ev[1].pid = 12;
	strcpy(ev[1].task_def.vm, "vm");
	ev[2].kind = EV_CLOCK;
	ev[3].kind = EV_STREAM_OPEN;
	ev[4].kind = EV_STREAM_OPEN;
	ev[4].stream = 8;
	ev[5].kind = EV_STREAM_RELEASE;
	ev[5].stream = 8;
	b = record(ev, 40, NULL, &o, true);

	stat_bytes(b.p, b.len, &st, fs);
	assert_int_equal(st.events, 40);
	assert_int_equal(fs->f[0].type, RECORDING_EVENTS);
	assert_int_equal(fs->f[2].type, RECORDING_SNAPSHOT);
	assert_int_equal(fs->f[2].count, 4); /* stream 8 is gone */
	/* the first frame, with all definitions */
	b.p[fs->f[0].offset + FRAME_HEAD_LEN] ^= 1;
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	got = read_all(src);
	src->ops->close(src);
	walk(&w, &got, &e);
	assert_int_equal(w.lost, 8);
	assert_int_equal(w.late, 4);
	assert_int_equal(w.at, 40);
	/* the hole: from nothing at all to the end of the first good event */
	assert_int_equal(got.ev[0].kind, EV_LOSS);
	assert_int_equal(got.ev[0].loss.t_from_ns, 0);
	assert_int_equal(got.ev[0].loss.t_to_ns, ev[8].t_ns);
	/* the second snapshot brings nothing new */
	assert_int_equal(got.n, 40 - 8 + 1 + 4);
	free(got.ev);

	/* a later frame, without: nothing comes back that was never away */
	b.p[fs->f[0].offset + FRAME_HEAD_LEN] ^= 1;
	b.p[fs->f[3].offset + FRAME_HEAD_LEN] ^= 1;
	assert_int_equal(fs->f[3].type, RECORDING_EVENTS);
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	got = read_all(src);
	src->ops->close(src);
	walk(&w, &got, &e);
	assert_int_equal(w.late, 0);
	assert_int_equal(w.lost, 8);
	for (i = 0, lost = 0; i < got.n; i++) {
		if (got.ev[i].kind != EV_LOSS)
			continue;
		lost++;
		assert_int_equal(got.ev[i].loss.t_from_ns, ev[15].t_ns);
		assert_in_range(got.ev[i].loss.t_to_ns, ev[23].t_ns, ev[24].t_ns);
	}
	assert_int_equal(lost, 1);
	free(got.ev);
	free(fs);
	free(b.p);
}

/* Blocks zeroed, cut out, doubled, moved, overwritten with noise. */
static void test_random_damage(void **state)
{
	const char *s = getenv("TEST_SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 4711;
	struct gen g = { seed };
	struct events e = sample_events(12, 400), got;
	struct recording_writer_opts o = { .frame_events = 9, .snapshot_frames = 5 };
	struct bytes b = record(e.ev, e.n, NULL, &o, true);
	uint8_t *p = malloc(b.len * 2);
	int round;

	(void)state;
	printf("seed %llu\n", (unsigned long long)seed);
	for (round = 0; round < 3000; round++) {
		size_t len = b.len, at, n, k, hits = 1 + gen_below(&g, 3);
		struct event_source *src;
		struct source_health h;
		bool hurt = false;
		struct walk w;
		int err;

		memcpy(p, b.p, len);
		while (hits--) {
			at = HEADER_LEN + gen_below(&g, len - HEADER_LEN);
			n = 1 + gen_below(&g, gen_below(&g, 2) ? 64 : 4000);
			if (n > len - at)
				n = len - at;
			switch (gen_below(&g, 5)) {
			case 0:
				memset(p + at, 0, n);
				break;
			case 1:
				memmove(p + at, p + at + n, len - at - n);
				len -= n;
				break;
			case 2:
				if (len + n > b.len * 2)
					break;
				memmove(p + at + n, p + at, len - at);
				len += n;
				break;
			case 3:
				for (k = 0; k < n; k++)
					p[at + k] = gen_u64(&g);
				break;
			case 4:
				k = HEADER_LEN + gen_below(&g, len - n - HEADER_LEN + 1);
				memmove(p + k, p + at, n);
				break;
			}
		}
		/* what is behind the END does no harm to what is before */
		hurt = len < b.len || memcmp(p, b.p, b.len);
		err = open_bytes(&src, p, len);
		if (err) {
			assert_true(hurt);
			continue;
		}
		got = read_until(src, &err);
		/* What follows the END is refused, whatever it is. */
		assert_true(err == -ENODATA || err == -EOVERFLOW);
		h = health_of(src);
		src->ops->close(src);
		walk(&w, &got, &e);
		if (hurt)
			assert_true(h.bytes_skipped || h.frames_damaged || !h.ended);
		else
			assert_int_equal(w.at, e.n);
		if (h.ended && !w.unknown)
			assert_int_equal(w.at, e.n);
		free(got.ev);
	}
	free(p);
	free(b.p);
	free(e.ev);
}

/* A whole frame taken out leaves no bad byte, and is missed all the same. */
static void test_frame_taken_out(void **state)
{
	struct events e = small_sample(), got;
	struct bytes b = record(e.ev, e.n, NULL, &small_frames, true);
	struct frames *fs = malloc(sizeof(*fs));
	uint8_t *p = malloc(b.len);
	struct recording_stat st;
	size_t i;

	(void)state;
	stat_bytes(b.p, b.len, &st, fs);
	for (i = 0; i + 1 < fs->n; i++) {
		size_t off = fs->f[i].offset, n = fs->f[i].length;
		struct event_source *src;
		struct walk w;

		memcpy(p, b.p, off);
		memcpy(p + off, b.p + off + n, b.len - off - n);
		assert_int_equal(open_bytes(&src, p, b.len - n), 0);
		got = read_all(src);
		walk(&w, &got, &e);
		assert_int_equal(w.at, e.n);
		assert_int_equal(w.lost, fs->f[i].type == RECORDING_EVENTS ? fs->f[i].count : 0);
		assert_int_equal(health_of(src).frames_damaged, 1);
		assert_int_equal(health_of(src).bytes_skipped, 0);
		assert_true(health_of(src).ended);
		src->ops->close(src);
		free(got.ev);
	}
	free(fs);
	free(p);
	free(b.p);
	free(e.ev);
}

/* A head that is right but for a length that goes beyond the end: only that frame is lost. */
static void test_length_beyond_the_end(void **state)
{
	static const uint32_t more[] = { 65536, FRAME_PAYLOAD_MAX / 2 };
	struct events e = small_sample(), got;
	struct bytes b = record(e.ev, e.n, NULL, &small_frames, true);
	struct frames *fs = malloc(sizeof(*fs));
	uint8_t *p = malloc(b.len);
	struct recording_stat st;
	size_t i, k;

	(void)state;
	stat_bytes(b.p, b.len, &st, fs);
	for (i = 0; i < fs->n; i++) {
		for (k = 0; k < 2; k++) {
			const struct recording_frame *f = &fs->f[i];
			struct event_source *src;
			struct frame_head h;
			struct walk w;

			memcpy(p, b.p, b.len);
			assert_true(frame_head_load(p + f->offset, &h));
			h.length += more[k];
			h.raw_length += more[k];
			frame_head_store(p + f->offset, &h);
			assert_int_equal(open_bytes(&src, p, b.len), 0);
			got = read_all(src);
			walk(&w, &got, &e);
			assert_int_equal(w.at, e.n);
			assert_int_equal(w.lost, f->type == RECORDING_EVENTS ? f->count : 0);
			/* Behind the last one nothing can be found: that is a file cut off. */
			assert_int_equal(health_of(src).ended, i + 1 < fs->n);
			assert_int_equal(health_of(src).bytes_skipped, f->length);
			assert_int_equal(health_of(src).frames_damaged, i + 1 < fs->n);
			src->ops->close(src);
			free(got.ev);
		}
	}
	free(fs);
	free(p);
	free(b.p);
	free(e.ev);
}

/* META of @len bytes moves all that comes behind it. */
static struct bytes moved_by(const struct events *e, size_t len, struct frames *fs)
{
	struct recording_writer_opts plain = small_frames;
	struct recording_stat st;
	struct meta m = { 0 };
	char *text = malloc(len + 1);
	struct bytes b;

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	assert_int_equal(meta_add(&m, "note", text), 0);
	free(text);
	plain.level = -1;
	b = record(e->ev, e->n, &m, &plain, true);
	meta_clear(&m);
	stat_bytes(b.p, b.len, &st, fs);
	return b;
}

/*
 * A piece of the file is gone in mid-frame, and what the frame's head counts ends where a
 * read() of the reader does: whether a head comes behind is looked at all the same.
 */
static void test_piece_gone_at_a_read(void **state)
{
	const size_t read_len = 128 << 10, gone = 100, least = 200;
	struct events e = sample_events(12, 6000), got;
	struct frames *fs = malloc(sizeof(*fs));
	struct bytes b = moved_by(&e, least, fs);
	const struct recording_frame *f;
	struct event_source *src;
	struct walk w;
	size_t i, pad;

	(void)state;
	for (i = 0; fs->f[i + 1].offset <= read_len; i++)
		assert_true(i + 3 < fs->n);
	/* The last that ends before, and is told events of. */
	while (fs->f[--i].type != RECORDING_EVENTS || fs->f[i + 1].type != RECORDING_EVENTS)
		;
	pad = read_len - fs->f[i + 1].offset;
	assert_true(least + pad < 16384);
	free(b.p);
	b = moved_by(&e, least + pad, fs);
	f = &fs->f[i];
	assert_int_equal(f->offset + f->length, read_len);
	assert_in_range(gone, 1, f->length - FRAME_HEAD_LEN - 1);
	memmove(b.p + read_len - gone, b.p + read_len, b.len - read_len);
	assert_int_equal(open_bytes(&src, b.p, b.len - gone), 0);
	got = read_all(src);
	walk(&w, &got, &e);
	assert_int_equal(w.at, e.n);
	assert_int_equal(w.lost, f->count);
	src->ops->close(src);
	free(got.ev);
	free(fs);
	free(b.p);
	free(e.ev);
}

/* The tail that ext4 and xfs leave after a power cut: zeros. */
/* The magic: some of it may be bad, but what is no recording stays none. */
static void test_magic(void **state)
{
	struct events e = small_sample(), got;
	struct bytes b = record(e.ev, e.n, NULL, &small_frames, true);
	struct event_source *src;
	struct source_health h;
	int i;

	(void)state;
	/* nothing of it is left, but a good header and a good frame are */
	memset(b.p, 'x', FORMAT_MAGIC_LEN);
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	got = read_all(src);
	h = health_of(src);
	src->ops->close(src);
	assert_int_equal(got.n, e.n);
	assert_int_equal(h.bytes_skipped, FORMAT_MAGIC_LEN);
	assert_int_equal(h.frames_damaged, 1);
	free(got.ev);
	/* what the header says counts, although the magic was bad */
	put_le64(b.p + HEADER_INCOMPAT, 1);
	put_le32(b.p + HEADER_LEN - 4, 0);
	memcpy(b.p, FORMAT_MAGIC, FORMAT_MAGIC_LEN);
	put_le32(b.p + HEADER_LEN - 4, format_crc(b.p, HEADER_LEN - 4));
	b.p[2] ^= 4;
	assert_int_equal(open_bytes(&src, b.p, b.len), -ENOTSUP);
	put_le64(b.p + HEADER_INCOMPAT, 0);
	b.p[2] ^= 4;
	put_le32(b.p + HEADER_LEN - 4, format_crc(b.p, HEADER_LEN - 4));
	/* with the first frame's head gone as well, half a magic is enough */
	b.p[HEADER_LEN + 5] ^= 1;
	b.p[0] = b.p[1] = 0;
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	src->ops->close(src);
	/* and less is not */
	for (i = 0; i < 6; i++)
		b.p[i] = 0;
	assert_int_equal(open_bytes(&src, b.p, b.len), -EINVAL);
	/* as a text-mode transfer leaves it: no frame can be read */
	for (i = 0; (size_t)i < b.len; i++)
		b.p[i] &= 0x7f;
	assert_int_equal(open_bytes(&src, b.p, b.len), -EINVAL);
	free(b.p);
	free(e.ev);
}

static void test_zero_tail(void **state)
{
	struct events e = small_sample(), got;
	struct bytes b = record(e.ev, e.n, NULL, &small_frames, false);
	struct event_source *src;
	struct walk w;

	(void)state;
	b.p = realloc(b.p, b.len + 5000);
	memset(b.p + b.len, 0, 5000);
	assert_int_equal(open_bytes(&src, b.p, b.len + 5000), 0);
	got = read_all(src);
	walk(&w, &got, &e);
	assert_int_equal(w.at, e.n);
	assert_true(w.unknown);
	assert_int_equal(health_of(src).bytes_skipped, 5000);
	assert_int_equal(health_of(src).frames_damaged, 1);
	assert_false(health_of(src).ended);
	src->ops->close(src);
	free(got.ev);
	free(b.p);
	free(e.ev);
}

/*
 * Heads that all promise four megabytes and whose payload is wrong must not
 * make the reader quadratic.  alarm() is the judge.
 */
static void test_hostile_heads(void **state)
{
	size_t len = 24U << 20, at;
	uint8_t *p = calloc(1, len);
	struct event ev = { .kind = EV_MARK };
	struct bytes b = record(&ev, 1, NULL, NULL, true);
	struct frame_head h = {
		.type = RECORDING_EVENTS,
		.length = FRAME_PAYLOAD_MAX,
		.first_seq = 1,
		.raw_length = FRAME_PAYLOAD_MAX,
		.count = FRAME_EVENTS_MAX,
		.payload_crc = 1,
	};
	struct event_source *src;
	struct events got;

	(void)state;
	memcpy(p, b.p, HEADER_LEN);
	for (at = HEADER_LEN; at + FRAME_HEAD_LEN <= len; at += FRAME_HEAD_LEN + 1)
		frame_head_store(p + at, &h);
	alarm(60);
	assert_int_equal(open_bytes(&src, p, len), 0);
	got = read_all(src);
	alarm(0);
	assert_true(got.n <= 1);
	assert_int_equal(health_of(src).bytes_skipped, len - HEADER_LEN);
	src->ops->close(src);
	free(got.ev);
	free(p);
	free(b.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_everywhere),
		cmocka_unit_test(test_flip_everywhere),
		cmocka_unit_test(test_definitions_come_back),
		cmocka_unit_test(test_random_damage),
		cmocka_unit_test(test_frame_taken_out),
		cmocka_unit_test(test_length_beyond_the_end),
		cmocka_unit_test(test_piece_gone_at_a_read),
		cmocka_unit_test(test_zero_tail),
		cmocka_unit_test(test_magic),
		cmocka_unit_test(test_hostile_heads),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
