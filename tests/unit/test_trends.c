// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trends.c - the parts of a session's time: what a second account, which keeps every event and
 * cuts at the end, has in each of them, whatever the session's length is
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/synth.h"
#include "view/trends.h"

#define KEPT 4096

/* What one event of the session did. */
struct happening {
	uint64_t from_ns, to_ns;
	uint64_t bytes, enomsg, zero;
	bool failed, left;
	uint64_t initial, dirty; /* with @left: behind it */
};

static struct synth s;
static struct happening kept[KEPT];
static size_t n_kept;
/* Left to read, as the last info and the reads since then have it. */
static bool has_left;
static uint64_t initial, dirty;

static int setup(void **state)
{
	(void)state;
	synth_init(&s);
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	n_kept = 0;
	has_left = false;
	initial = dirty = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	synth_free(&s);
	return 0;
}

static struct happening *keep(void)
{
	const struct event *ev = &s.ev[s.n - 1];
	struct happening *h = &kept[n_kept++];

	assert_true(n_kept <= KEPT);
	memset(h, 0, sizeof(*h));
	h->from_ns = ev->t_ns;
	h->to_ns = event_end_ns(ev);
	return h;
}

static void behind(struct happening *h)
{
	h->left = has_left;
	h->initial = initial;
	h->dirty = dirty;
}

static void info(uint64_t i, uint64_t d)
{
	synth_info(&s, i, d);
	has_left = true;
	initial = i;
	dirty = d;
	behind(keep());
}

static void info_fails(void)
{
	synth_info(&s, 7 * MIB, 7 * MIB);
	s.ev[s.n - 1].ret = -EINVAL;
	keep();
}

/* Initial bytes are read first, and there are never less than none. */
static void reads(uint64_t bytes)
{
	uint64_t of;
	struct happening *h;

	synth_read(&s, (int64_t)bytes, 50 * US);
	h = keep();
	h->bytes = bytes;
	of = bytes < initial ? bytes : initial;
	initial -= of;
	bytes -= of;
	dirty -= bytes < dirty ? bytes : dirty;
	behind(h);
}

static void read_fails(int err)
{
	synth_read(&s, -err, 50 * US);
	/* What is only asked again has not failed. */
	keep()->failed = err != EAGAIN;
}

static void empty(int ret, uint32_t count, uint64_t period_ns)
{
	struct happening *h;

	synth_empty_run(&s, ret, count, US, period_ns);
	h = keep();
	h->enomsg = ret ? count : 0;
	h->zero = !ret && s.state == MIG_PRE_COPY ? count : 0;
}

static void to_state(const uint8_t *path)
{
	size_t from = s.n, i;

	synth_set_state(&s, path, MS);
	for (i = from; i < s.n; i++) {
		assert_true(n_kept < KEPT);
		memset(&kept[n_kept], 0, sizeof(kept[0]));
		kept[n_kept].from_ns = s.ev[i].t_ns;
		kept[n_kept++].to_ns = event_end_ns(&s.ev[i]);
	}
}

/* The same by cutting at the end what was kept. */
static void cut(struct trend *want, uint64_t start_ns)
{
	uint64_t last = 0, at, end;
	size_t i;

	memset(want, 0, sizeof(*want));
	want->start_ns = start_ns;
	want->part_ns = MS;
	for (i = 0; i < n_kept; i++)
		last = kept[i].to_ns > last ? kept[i].to_ns : last;
	while ((last - start_ns) / want->part_ns >= TREND_PARTS)
		want->part_ns *= 2;
	want->n = (uint32_t)((last - start_ns) / want->part_ns) + 1;
	for (i = 0; i < n_kept; i++) {
		const struct happening *h = &kept[i];
		struct trend_part *p;

		if (h->to_ns < start_ns)
			continue;
		end = (h->to_ns - start_ns) / want->part_ns;
		at = h->from_ns < start_ns ? 0 : (h->from_ns - start_ns) / want->part_ns;
		want->part[at].enomsg += h->enomsg;
		want->part[at].zero += h->zero;
		for (; (h->enomsg || h->zero) && at <= end; at++)
			want->part[at].waited = true;
		p = &want->part[end];
		p->bytes += h->bytes;
		p->failed |= h->failed;
		if (!h->left)
			continue;
		p->has_left = true;
		p->initial_max = h->initial > p->initial_max ? h->initial : p->initial_max;
		p->dirty_max = h->dirty > p->dirty_max ? h->dirty : p->dirty_max;
		p->initial_last = h->initial;
		p->dirty_last = h->dirty;
	}
}

static void check(uint64_t part_ns)
{
	struct trends *t = trends_create();
	struct model *m = model_create();
	struct event_context ctx;
	const struct trend *got;
	static struct trend want;
	uint32_t i;
	size_t k;

	assert_non_null(t);
	for (k = 0; k < s.n; k++) {
		assert_int_equal(model_feed(m, &s.ev[k], &ctx), 0);
		assert_int_equal(trends_event(t, m, &s.ev[k], &ctx), 0);
	}
	assert_null(trends_of(t, 0));
	assert_null(trends_of(t, model_sessions(m) + 1));
	got = trends_of(t, 1);
	assert_non_null(got);
	assert_int_equal(got->start_ns, model_session_peek(m, 1)->start_ns);
	cut(&want, got->start_ns);
	assert_int_equal(want.part_ns, part_ns);
	assert_int_equal(got->part_ns, want.part_ns);
	assert_int_equal(got->n, want.n);
	for (i = 0; i < TREND_PARTS; i++) {
		const struct trend_part *a = &got->part[i], *b = &want.part[i];

		if (a->bytes != b->bytes || a->enomsg != b->enomsg || a->zero != b->zero ||
		    a->initial_max != b->initial_max || a->initial_last != b->initial_last ||
		    a->dirty_max != b->dirty_max || a->dirty_last != b->dirty_last ||
		    a->has_left != b->has_left || a->waited != b->waited || a->failed != b->failed)
			fail_msg("part %u of %llu ns is another", i, (unsigned long long)part_ns);
	}
	trends_destroy(t);
	model_destroy(m);
}

/* All that can happen, @pause between two things: the longer, the larger the parts. */
static void session(uint64_t pause, uint32_t rounds)
{
	uint32_t i;

	to_state(SYNTH_PATH(MIG_PRE_COPY));
	/* Before the first info nothing is known to be left. */
	reads(3 * KIB);
	info(MIB, 0);
	for (i = 0; i < rounds; i++) {
		synth_pause(&s, pause);
		reads(MIB / 2 + i % 3 * KIB);
		synth_pause(&s, pause);
		switch (i % 8) {
		case 0:
			empty(-ENOMSG, 1, 0);
			break;
		case 1:
			info(i % 16 == 1 ? 64 * KIB : 0, (i % 5) * MIB);
			break;
		case 2:
			empty(-ENOMSG, 7, pause + 40 * US);
			break;
		case 3:
			info_fails();
			break;
		case 4:
			empty(0, 2 + i % 3, 300 * US);
			break;
		case 5:
			reads(5 * KIB);
			info(i * KIB, i * 3 * KIB);
			break;
		case 6:
			read_fails(i % 16 == 6 ? EAGAIN : EIO);
			read_fails(EAGAIN);
			break;
		}
	}
	synth_pause(&s, pause);
	to_state(SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY));
	reads(MIB);
	empty(-ENOMSG, 3, 700 * US);
	reads(2 * MIB);
	/* The end of the stream is no wait. */
	empty(0, 1, 0);
	to_state(SYNTH_PATH(MIG_STOP));
}

static void test_any_length(void **state)
{
	static const struct {
		uint64_t pause;
		uint32_t rounds;
		uint64_t part_ns;
	} of[] = {
		{ 0, 8, MS },
		{ 100 * US, 90, MS },
		{ 300 * US, 200, MS },
		{ MS, 160, 2 * MS },
		{ 2 * MS, 200, 8 * MS },
		{ 7 * MS, 250, 32 * MS },
		{ 90 * MS, 40, 64 * MS },
		{ SEC, 200, 4096 * MS },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		teardown(NULL);
		setup(NULL);
		session(of[i].pause, of[i].rounds);
		check(of[i].part_ns);
	}
}

/* The last instant that fits 256 parts of a millisecond, and the first that does not; as a call and as a run. */
static void test_where_it_widens(void **state)
{
	uint64_t start;
	int late, run;

	(void)state;
	for (run = 0; run < 2; run++) {
		for (late = 0; late < 2; late++) {
			teardown(NULL);
			setup(NULL);
			to_state(SYNTH_PATH(MIG_PRE_COPY));
			info(MIB, MIB);
			reads(KIB);
			/* The session began with its first arc. */
			start = kept[0].from_ns;
			if (run) {
				uint64_t begin = start + TREND_PARTS * MS - 1 + (uint64_t)late -
						 10 * MS;

				s.now = begin;
				empty(-ENOMSG, 11, MS);
				s.ev[s.n - 1].dur_ns = 0;
				assert_int_equal(event_end_ns(&s.ev[s.n - 1]), begin + 10 * MS);
				kept[n_kept - 1].to_ns = begin + 10 * MS;
			} else {
				s.now = start + TREND_PARTS * MS - 1 + (uint64_t)late - 50 * US;
				reads(KIB);
			}
			check(late ? 2 * MS : MS);
		}
	}
}

/* A destination has no bytes left to read: only what was written, and what failed. */
static void test_destination(void **state)
{
	struct happening *h;
	uint32_t i;

	(void)state;
	to_state(SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING));
	for (i = 0; i < 300; i++) {
		synth_pause(&s, 700 * US);
		synth_write(&s, 32 * KIB + i, 20 * US);
		h = keep();
		h->bytes = 32 * KIB + i;
	}
	synth_write(&s, -EIO, 20 * US);
	keep()->failed = true;
	to_state(SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P));
	check(MS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_any_length),
		T(test_where_it_widens),
		T(test_destination),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
