// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording_bytes.c - which bytes events become, and what becomes of bytes that are
 * changed, one by one: as tests/data/recordings/bytes.txt has it, in sums
 *
 * The first part holds how the encoder chooses, which no reader can see: another choice
 * is no fault, but a larger file.  The second has what the reader makes of each byte of
 * two recordings when it is another, all checksums right; of each length that they are cut
 * to; and of each byte without the checksums.  BLESS=1 writes the file anew.
 */
#include "tests/unit/recording_help.h"

#include "tests/fuzz/repair.c"
#include "tests/unit/allocs.h"
#include "tests/unit/golden.h"

static FILE *out;

struct sum {
	uint64_t of;
};

static void add(struct sum *s, const void *p, size_t len)
{
	const uint8_t *b = p;

	while (len--)
		s->of = (s->of ^ *b++) * 1099511628211U;
}

static void add_number(struct sum *s, uint64_t n)
{
	add(s, &n, sizeof(n));
}

static void add_text(struct sum *s, const char *text)
{
	add(s, text, strlen(text) + 1);
}

static void add_event(struct sum *s, const struct event *ev)
{
	size_t i, n;
	const struct event_field *f = event_fields(ev->kind, &n);
	const uint64_t head[] = { ev->t_ns, ev->dur_ns, (uint64_t)ev->ret, ev->kind,   ev->cpu,
				  ev->pid,  ev->tid,	ev->device,	   ev->stream, ev->host };

	add(s, head, sizeof(head));
	add_text(s, ev->comm);
	for (i = 0; i < n; i++) {
		const char *p = (const char *)ev + f[i].offset;

		add(s, p, f[i].type == EF_STR ? strlen(p) + 1 : f[i].size);
	}
}

/* ---- which bytes ---- */

/* Columns of all kinds of content: @n_values different numbers of @width bytes. */
static struct events columns(uint64_t seed, size_t n, uint64_t n_values, unsigned int width)
{
	struct events e = { calloc(n, sizeof(struct event)), n };
	struct gen g = { seed };
	size_t i;

	assert_non_null(e.ev);
	for (i = 0; i < n; i++) {
		uint64_t v = gen_below(&g, n_values) * 0x0123456789abcdefULL;

		if (width < 8)
			v &= (1ULL << (8 * width)) - 1;
		e.ev[i].kind = i % 3 ? EV_READ : EV_PRECOPY_INFO;
		e.ev[i].t_ns = 1000000 * (i + 1) + gen_below(&g, 500000);
		e.ev[i].dur_ns = v % 400000;
		e.ev[i].ret = (int64_t)v;
		e.ev[i].cpu = (uint32_t)(v % 64);
		e.ev[i].device = 1;
		e.ev[i].stream = (uint32_t)(i / 100 + 1);
		e.ev[i].pid = e.ev[i].tid = 7;
		if (i % 3) {
			e.ev[i].io.size = v;
			/* Some of them are times. */
			e.ev[i].io.count = i % 7 == 1 ? 2 : 0;
			e.ev[i].io.t_last_ns = i % 7 == 1 ? e.ev[i].t_ns + v % 1000 : 0;
		} else {
			e.ev[i].precopy_info.initial_bytes = v + i * 4096;
			e.ev[i].precopy_info.dirty_bytes = i * 4096;
		}
	}
	return e;
}

static void put_bytes(const char *what, uint64_t arg, const struct events *e,
		      const struct recording_writer_opts *o)
{
	struct bytes b = record(e->ev, e->n, NULL, o, true);
	struct event_source *src;
	struct sum s = { 1 };
	struct events got;
	size_t i;

	add(&s, b.p, b.len);
	fprintf(out, "%s %llu: %zu bytes %016llx\n", what, (unsigned long long)arg, b.len,
		(unsigned long long)s.of);
	assert_int_equal(open_bytes(&src, b.p, b.len), 0);
	got = read_all(src);
	assert_int_equal(got.n, e->n);
	for (i = 0; i < e->n; i++)
		assert_true(event_same(&got.ev[i], &e->ev[i]));
	src->ops->close(src);
	free(got.ev);
	free(b.p);
	free(e->ev);
}

static void which_bytes(void)
{
	static const uint64_t n_values[] = { 1,	 2,  3,	 4,  5,	 15,  16,  17,	31,    32,
					     33, 48, 63, 64, 65, 127, 128, 256, 100000 };
	struct recording_writer_opts o = { .level = -1, .snapshot_frames = 3, .frame_events = 100 };
	struct gen_migration mig;
	struct events e;
	size_t i, k;

	for (i = 0; i < sizeof(n_values) / sizeof(n_values[0]); i++) {
		for (k = 1; k <= 8; k++) {
			e = columns(i * 8 + k, 250, n_values[i], (unsigned int)k);
			put_bytes("columns", n_values[i] * 10 + k, &e, &o);
		}
	}
	for (i = 1; i < 6; i++) {
		e = sample_events(i, 220);
		o.frame_events = (uint32_t)(20 * i + 1);
		put_bytes("all kinds", i, &e, &o);
		gen_migration_init(&mig, i);
		mig.empty_percent = (unsigned int)(10 * i);
		e.n = 400;
		e.ev = calloc(e.n, sizeof(*e.ev));
		for (k = 0; k < e.n; k++)
			gen_migration_next(&mig, &e.ev[k]);
		put_bytes("a migration", i, &e, &o);
	}
}

/* ---- other bytes ---- */

static void read_into(struct sum *s, const uint8_t *p, size_t len)
{
	static char path[64], msg[256];
	int fd = bytes_fd(p, len), err;
	struct source_health h = { 0 };
	struct event_source *src;
	struct recording_stat st;
	const struct meta *m;
	struct event ev;
	uint8_t *data;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = recording_summary(path, &data, &n);
	add_number(s, (uint64_t)err);
	if (!err) {
		add(s, data, n);
		free(data);
	}
	msg[0] = '\0';
	memset(&st, 0, sizeof(st));
	err = recording_stat(path, &st, NULL, NULL, msg, sizeof(msg));
	add_number(s, (uint64_t)err);
	if (!err) {
		add_number(s, st.frames);
		add_number(s, st.events);
		add_number(s, st.unknown_events);
		add_number(s, st.trailing_bytes);
		add_number(s, st.first_ns);
		add_number(s, st.last_ns);
		add_number(s, st.calls);
		add_number(s, st.lost);
		add_number(s, st.has_index);
		for (n = 0; n < RECORDING_FRAME_TYPE_NR; n++)
			add_number(s, st.type[n].frames + st.type[n].bytes * 3 +
					      st.type[n].raw_bytes * 5 + st.type[n].events * 7);
	}
	err = recording_open_fd(&src, fd, "x", msg, sizeof(msg));
	add_number(s, (uint64_t)err);
	if (err) {
		add_text(s, msg);
		close(fd);
		return;
	}
	while ((err = src->ops->next(src, &ev, -1)) == 1)
		add_event(s, &ev);
	add_number(s, (uint64_t)err);
	add_text(s, src->ops->error(src));
	m = src->ops->meta(src);
	for (n = 0; n < m->n; n++) {
		add_text(s, m->entries[n].key);
		add_text(s, m->entries[n].value);
	}
	src->ops->health(src, &h);
	add_number(s, h.ended);
	add_number(s, h.bytes_skipped);
	add_number(s, h.frames_damaged);
	src->ops->close(src);
}

/* Frees @e's. */
static struct bytes one_to_change(struct events e, uint32_t frame_events)
{
	struct recording_writer_opts o = {
		.level = -1,
		.snapshot_frames = 2,
		.frame_events = frame_events,
	};
	int fd = memfd_create("recording", MFD_CLOEXEC), keep = dup(fd);
	struct recording_writer *w;
	struct meta m = sample_meta();
	struct bytes b;
	size_t i;

	assert_int_equal(recording_writer_open(&w, fd, &o), 0);
	assert_int_equal(recording_writer_meta(w, &m), 0);
	for (i = 0; i < e.n; i++)
		assert_int_equal(recording_writer_put(w, &e.ev[i]), 0);
	assert_int_equal(recording_writer_summary(w, "what it comes to", 16), 0);
	assert_int_equal(recording_writer_end(w), 0);
	assert_int_equal(recording_writer_close(w), 0);
	b = fd_bytes(keep);
	close(keep);
	meta_clear(&m);
	free(e.ev);
	return b;
}

#define STEP 64

/* A line for each STEP bytes. */
static void change_each(const char *name, const struct bytes *b, unsigned int how)
{
	uint8_t *p = malloc(b->len);
	struct sum s = { 1 };
	size_t i;
	int k;

	assert_non_null(p);
	for (i = 0; i < b->len; i++) {
		/* Where checksums are wrong any other byte will do. */
		for (k = 0; k < (how ? 3 : 1); k++) {
			const uint8_t other[] = { (uint8_t)(b->p[i] + 1), (uint8_t)(b->p[i] - 1),
						  0xff };

			memcpy(p, b->p, b->len);
			p[i] = other[k];
			repair(p, b->len, how);
			read_into(&s, p, b->len);
		}
		if (i % STEP == STEP - 1 || i + 1 == b->len) {
			fprintf(out, "%s, repaired %u, %zu: %016llx\n", name, how, i / STEP * STEP,
				(unsigned long long)s.of);
			s.of = 1;
		}
	}
	free(p);
}

static void cut_each(const char *name, const struct bytes *b)
{
	struct sum s = { 1 };
	size_t i;

	for (i = 0; i <= b->len; i++) {
		read_into(&s, b->p, i);
		if (i % STEP == STEP - 1 || i == b->len) {
			fprintf(out, "%s, cut at %zu: %016llx\n", name, i / STEP * STEP,
				(unsigned long long)s.of);
			s.of = 1;
		}
	}
}

static void other_bytes(void)
{
	struct bytes b = one_to_change(sample_events(3, 13), 6);

	change_each("small", &b, REPAIR_CRC);
	change_each("small", &b, 0);
	cut_each("small", &b);
	free(b.p);
	/* Columns of few, and long, numbers. */
	b = one_to_change(columns(5, 48, 4, 6), 48);
	change_each("columns", &b, REPAIR_CRC);
	free(b.p);
}

static void test_bytes(void **state)
{
	char *text = NULL;
	size_t len;

	(void)state;
	out = open_memstream(&text, &len);
	assert_non_null(out);
	which_bytes();
	other_bytes();
	fclose(out);
	golden("tests/data/recordings/bytes.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
