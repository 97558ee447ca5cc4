// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_tui_store.c - every event comes back; the model at a cursor is the model
 * fed up to it; a plot's columns are what counting event by event gives
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/synth.h"
#include "tui/store.h"

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* Two devices of two VMs that migrate to and fro, with failures, resets, losses. */
static void build(struct synth *s, unsigned int rounds)
{
	struct synth_plan plan = { .precopy = true };
	unsigned int i;

	synth_init(s);
	synth_task(s, 4711, "qemu-system-x86", "web-07");
	synth_device(s, 1, "0000:3b:00.2", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_open(s);
	for (i = 0; i < rounds; i++) {
		plan.precopy_reads = (uint32_t)(20 + rnd(300));
		plan.stop_copy_reads = (uint32_t)(2 + rnd(40));
		plan.precopy = i % 3 != 2;
		synth_source(s, &plan);
		if (i % 4 == 3)
			synth_loss(s, 7, s->now - 5 * MS, s->now, EV_READ);
		synth_reset(s);
		synth_device(s, 2, "0000:5e:00.1", "mlx5_vfio_pci",
			     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P);
		synth_open(s);
		synth_destination(s, (50 + rnd(400)) * 32 * KIB);
		if (i % 5 == 4)
			synth_set_state_fails(s, MIG_STOP_COPY, 5);
		synth_close(s);
		s->device = 1;
		s->state = MIG_RUNNING;
		synth_pause(s, rnd(300) * MS);
	}
}

static struct store *filled(const struct synth *s)
{
	struct store *st = store_create();
	size_t i;

	assert_non_null(st);
	for (i = 0; i < s->n; i++)
		assert_int_equal(store_append(st, &s->ev[i], NULL), 0);
	assert_int_equal(store_count(st), s->n);
	return st;
}

static void same_event(const struct event *a, const struct event *b)
{
	const struct event_field *f;
	size_t n, i;

	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->t_ns, b->t_ns);
	assert_int_equal(a->dur_ns, b->dur_ns);
	assert_int_equal(a->ret, b->ret);
	assert_int_equal(a->cpu, b->cpu);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->device, b->device);
	assert_int_equal(a->stream, b->stream);
	assert_int_equal(a->host, b->host);
	assert_string_equal(a->comm, b->comm);
	f = event_fields(a->kind, &n);
	for (i = 0; i < n; i++) {
		const char *x = (const char *)a + f[i].offset, *y = (const char *)b + f[i].offset;

		if (f[i].type == EF_STR)
			assert_string_equal(x, y);
		else
			assert_memory_equal(x, y, f[i].size);
	}
}

static void test_round_trip(void **state)
{
	struct synth s;
	struct store *st;
	struct event ev;
	size_t i, k;

	(void)state;
	build(&s, 12);
	/* Extreme values in every field that a kind has. */
	for (k = 1; k < EV_KIND_NR; k++) {
		const struct event_field *f;
		size_t n;

		if (!event_kind_name((uint32_t)k) || k == EV_LOSS)
			continue;
		f = event_fields((uint32_t)k, &n);
		for (i = 0; i < 2; i++) {
			struct event *e =
				synth_add(&s, (uint32_t)k, UINT32_MAX, i ? INT64_MIN : -1);
			size_t j;

			e->device = e->stream = 0;
			e->cpu = (uint32_t)rnd(1u << 31);
			e->host = (uint32_t)rnd(3);
			for (j = 0; j < n; j++) {
				char *p = (char *)e + f[j].offset;

				memset(p, i ? 0xff : 0x80, f[j].size);
				if (f[j].type == EF_STR)
					p[f[j].size - 1] = '\0';
			}
		}
	}
	st = filled(&s);
	for (i = 0; i < s.n; i++) {
		assert_true(store_get(st, i, &ev));
		same_event(&ev, &s.ev[i]);
	}
	for (i = 0; i < 2000; i++) {
		size_t at = rnd(s.n);

		assert_true(store_get(st, at, &ev));
		same_event(&ev, &s.ev[at]);
	}
	assert_false(store_get(st, s.n, &ev));
	store_destroy(st);
	synth_free(&s);
}

static void same_model(struct model *a, struct model *b)
{
	uint32_t i, k;

	assert_int_equal(model_devices(a), model_devices(b));
	for (i = 0; i < model_devices(a); i++)
		assert_memory_equal(model_device_at(a, i), model_device_at(b, i),
				    sizeof(struct model_device));
	assert_int_equal(model_sessions(a), model_sessions(b));
	for (i = 1; i <= model_sessions(a); i++)
		assert_memory_equal(model_session(a, i), model_session(b, i),
				    sizeof(struct session));
	assert_int_equal(model_sides(a), model_sides(b));
	for (i = 1; i <= model_sides(a); i++) {
		assert_memory_equal(model_side(a, i), model_side(b, i), sizeof(struct side));
		for (k = 0; k < model_side(a, i)->n_devices; k++)
			assert_memory_equal(model_side_device(a, i, k), model_side_device(b, i, k),
					    sizeof(struct side_device));
	}
	assert_int_equal(model_migrations(a), model_migrations(b));
	for (i = 1; i <= model_migrations(a); i++) {
		struct migration x = *model_migration(a, i), y = *model_migration(b, i);

		/* a name is each model's own */
		assert_string_equal(x.vm ?: "", y.vm ?: "");
		x.vm = y.vm = NULL;
		assert_memory_equal(&x, &y, sizeof(x));
	}
	assert_int_equal(model_events(a), model_events(b));
	assert_int_equal(model_calls(a), model_calls(b));
	assert_int_equal(model_last_ns(a), model_last_ns(b));
	assert_memory_equal(model_loss(a), model_loss(b), sizeof(struct model_loss));
}

/* Forwards, backwards and at random: always the model of exactly these events. */
static void test_model_at_any_position(void **state)
{
	uint64_t at[300], tmp;
	struct model *m;
	struct synth s;
	struct store *st;
	size_t i, k, n = sizeof(at) / sizeof(at[0]);

	(void)state;
	build(&s, 60);
	assert_true(s.n > 20000);
	st = filled(&s);
	for (i = 0; i < n; i++)
		at[i] = rnd(s.n + 1);
	at[0] = 0;
	at[1] = s.n;
	/* One reference model fed on and on; the store is asked out of order in between. */
	for (i = 0; i < n; i++)
		for (k = i + 1; k < n; k++)
			if (at[k] < at[i]) {
				tmp = at[i];
				at[i] = at[k];
				at[k] = tmp;
			}
	m = model_create();
	for (i = 0, k = 0; i < n; i++) {
		for (; k < at[i]; k++)
			assert_int_equal(model_feed(m, &s.ev[k], NULL), 0);
		assert_non_null(store_model_at(st, rnd(s.n + 1)));
		same_model(store_model_at(st, at[i]), m);
	}
	model_destroy(m);
	store_destroy(st);
	synth_free(&s);
}

static void test_time_and_position(void **state)
{
	uint64_t t = 0, n, i;
	struct synth s;
	struct store *st;

	(void)state;
	build(&s, 10);
	st = filled(&s);
	for (n = 0; n <= s.n; n++) {
		assert_true(store_time(st, n) >= t);
		t = store_time(st, n);
	}
	for (i = 0; i < 1000; i++) {
		t = store_first_ns(st) + rnd(store_last_ns(st) - store_first_ns(st) + 1);
		n = store_position(st, t);
		if (n)
			assert_true(store_time(st, n) <= t || n == 0 || n <= 4);
		if (n < s.n)
			assert_true(store_time(st, n + 1) > t);
	}
	assert_int_equal(store_position(st, UINT64_MAX), s.n);
	store_destroy(st);
	synth_free(&s);
}

struct want {
	uint64_t bytes, calls, enomsg, errors, heat;
};

/* Counting event by event, the dumb way. */
static void count(const struct synth *s, uint32_t device, uint64_t from, uint64_t to,
		  unsigned int cols, struct want *w)
{
	size_t i;

	memset(w, 0, cols * sizeof(*w));
	for (i = 0; i < s->n; i++) {
		const struct event *ev = &s->ev[i];
		uint64_t end = event_end_ns(ev);
		struct want *c;

		if (ev->device != device || end < from || end >= to ||
		    (ev->kind != EV_READ && ev->kind != EV_WRITE))
			continue;
		c = &w[(unsigned __int128)(end - from) * cols / (to - from)];
		c->calls += event_calls(ev);
		c->heat += event_calls(ev);
		if (ev->ret > 0)
			c->bytes += (uint64_t)ev->ret;
		if (ev->ret == -42)
			c->enomsg += event_calls(ev);
	}
}

/* A folded run whose last read is said to be before its first: times do not fall. */
static void test_last_before_first(void **state)
{
	struct synth s;
	struct store *st;
	uint64_t n;

	(void)state;
	synth_init(&s);
	synth_empty_run(&s, -ENOMSG, 3, US, MS);
	s.ev[s.n - 1].io.t_last_ns = 1;
	assert_int_equal(event_end_ns(&s.ev[s.n - 1]), s.ev[s.n - 1].t_ns);
	st = filled(&s);
	for (n = 1; n <= s.n; n++)
		assert_true(store_time(st, n) >= store_time(st, n - 1));
	assert_true(store_last_ns(st) >= store_first_ns(st));
	store_destroy(st);
	synth_free(&s);
}

static void test_columns(void **state)
{
	struct store_column col[120];
	struct want want[120];
	unsigned int cols, k, i, r;
	uint64_t from, to, span, heat;
	struct synth s;
	struct store *st;
	uint32_t device;

	(void)state;
	/* enough for sums of many chunks to lie in one column */
	build(&s, 70);
	assert_true(s.n > 64 * 256);
	st = filled(&s);
	span = store_last_ns(st) - store_first_ns(st);
	for (i = 0; i < 300; i++) {
		device = 1 + (uint32_t)rnd(2);
		cols = 1 + (unsigned int)rnd(120);
		from = store_first_ns(st) + rnd(span);
		to = from + 1 + rnd(i % 2 ? span : span / 1000);
		if (i < 10) {
			from = store_first_ns(st);
			to = store_last_ns(st) + 1;
		}
		store_columns(st, device, from, to, cols, col);
		count(&s, device, from, to, cols, want);
		for (k = 0; k < cols; k++) {
			assert_int_equal(col[k].bytes, want[k].bytes);
			assert_int_equal(col[k].calls, want[k].calls);
			assert_int_equal(col[k].enomsg, want[k].enomsg);
			assert_int_equal(!!(col[k].flags & COLUMN_ENOMSG), want[k].enomsg != 0);
			for (heat = 0, r = 0; r < STORE_LATENCY_ROWS; r++)
				heat += col[k].heat[SK_READ][r] + col[k].heat[SK_WRITE][r];
			assert_int_equal(heat, want[k].heat);
			assert_true(col[k].initial_min <= col[k].initial_max);
			assert_true(col[k].rest_min <= col[k].rest_max);
		}
	}
	store_destroy(st);
	synth_free(&s);
}

/* The last to be told need not be the last that was: a clock that stepped back, or who tells late. */
static void test_told_late(void **state)
{
	struct store_column col[10];
	struct synth s;
	struct store *st;
	uint64_t from;
	uint32_t i;

	(void)state;
	synth_init(&s);
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	from = s.now;
	for (i = 0; i < 3; i++) {
		s.now = from + (i == 1 ? 95 * MS : 5 * MS);
		synth_read(&s, (int64_t)(i + 1) * 1000, US);
	}
	st = filled(&s);
	store_columns(st, 1, from, from + 100 * MS, 10, col);
	assert_int_equal(col[0].bytes, 4000);
	assert_int_equal(col[9].bytes, 2000);
	store_destroy(st);
	synth_free(&s);
}

/* A single spike between a hundred thousand quiet reads shows in its column. */
static void test_spike_survives(void **state)
{
	struct store_column col[40];
	struct synth s;
	struct store *st;
	unsigned int i, k, seen = 0;

	(void)state;
	synth_init(&s);
	synth_device(&s, 1, "a", "b", MIG_FLAG_STOP_COPY | MIG_FLAG_PRE_COPY);
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, 0, 64 * KIB);
	for (i = 0; i < 50000; i++) {
		if (i == 31234) {
			synth_info(&s, 0, 900 * MIB);
			synth_info(&s, 0, 64 * KIB);
		}
		synth_empty_run(&s, -42, 1, US, 0);
	}
	st = filled(&s);
	store_columns(st, 1, store_first_ns(st), store_last_ns(st) + 1, 40, col);
	for (k = 0; k < 40; k++) {
		if (col[k].rest_max == 900 * MIB)
			seen++;
		assert_true(col[k].rest_max == 900 * MIB || col[k].rest_max <= 64 * KIB);
	}
	assert_int_equal(seen, 1);
	store_destroy(st);
	synth_free(&s);
}

/*
 * What a plot has left at every event is what the model says at that moment, whichever
 * of its sources counts; 0 once the stream gave its end.
 */
static void test_left(void **state)
{
	static const uint32_t arcs[] = { MIG_PRE_COPY, MIG_STOP_COPY, MIG_STOP, MIG_RUNNING };
	struct store_column col;
	struct synth s;
	struct store *st;
	unsigned int i, round, known = 0, ended = 0, by_size = 0, between = 0, some = 0;
	uint64_t n, left, initial;

	(void)state;
	synth_init(&s);
	synth_device(&s, 1, "a", "b", MIG_FLAG_STOP_COPY | MIG_FLAG_PRE_COPY);
	synth_open(&s);
	for (round = 0; round < 20; round++) {
		/* What is asked before there is a data FD is of the session that follows. */
		if (round % 3 == 1)
			synth_data_size(&s, (1 + rnd(99)) * MIB);
		synth_set_state(&s, SYNTH_PATH(arcs[0]), MS);
		if (round % 5 == 4) {
			synth_read(&s, (int64_t)MIB, US);
			synth_reset(&s);
			continue;
		}
		for (i = 0; i < 40; i++) {
			switch (rnd(5)) {
			case 0:
				synth_info(&s, rnd(9) * MIB, rnd(9) * MIB);
				break;
			case 1:
				synth_data_size(&s, rnd(99) * MIB);
				break;
			case 2:
				synth_pause(&s, rnd(40) * MS);
				break;
			default:
				synth_read(&s, (int64_t)(rnd(3) * MIB + 1), US);
			}
		}
		synth_set_state(&s, SYNTH_PATH(arcs[1]), MS);
		synth_read(&s, (int64_t)MIB, US);
		synth_read(&s, 0, US);
		synth_set_state(&s, SYNTH_PATH(arcs[2]), MS);
		synth_set_state(&s, SYNTH_PATH(arcs[3]), MS);
	}
	st = filled(&s);
	for (n = 1; n < s.n; n++) {
		const struct session *g;
		enum left_source source;
		struct model *m;

		/* One event in the column, or it has what was before, too. */
		if (!event_kind_is_public(s.ev[n - 1].kind) ||
		    store_time(st, n) == store_time(st, n + 1) ||
		    store_time(st, n) == store_time(st, n - 1))
			continue;
		store_columns(st, 1, store_time(st, n), store_time(st, n) + 1, 1, &col);
		m = store_model_at(st, n);
		left = model_left(m, 1, &initial);
		assert_int_equal(col.has_left, left != MODEL_NONE);
		if (left != MODEL_NONE) {
			assert_int_equal(col.initial_last, initial);
			assert_int_equal(col.rest_last, left - initial);
		}
		g = model_session_peek(m, model_device(m, 1)->session);
		if (!g) {
			between += left != MODEL_NONE;
			continue;
		}
		assert_int_equal(left, session_left(g, &source));
		known += left != MODEL_NONE;
		ended += g->eof;
		by_size += source == LEFT_DATA_SIZE;
		some += left != MODEL_NONE && initial && initial < left;
	}
	assert_true(known > 300 && ended >= 15 && by_size > 50 && between > 20 && some > 20);
	store_destroy(st);
	synth_free(&s);
}

/* Devices are found by what exists: their numbers may be anything, losses may name any. */
static void test_any_number(void **state)
{
	static const uint32_t numbers[] = { UINT32_MAX, 7, 1u << 31, UINT32_MAX - 1 };
	struct store_column col;
	struct synth s;
	struct store *st;
	unsigned int i, k;

	(void)state;
	synth_init(&s);
	for (i = 0; i < 4; i++) {
		synth_device(&s, numbers[i], "a", "b", MIG_FLAG_STOP_COPY);
		synth_open(&s);
		s.device = numbers[i];
		for (k = 0; k < 400; k++)
			synth_reset(&s);
	}
	synth_add(&s, EV_MARK, 0, 0)->device = UINT32_MAX - 5;
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
	synth_loss(&s, 3, s.now - MS, s.now, EV_ARC);
	st = filled(&s);
	for (i = 0; i < 4; i++) {
		store_columns(st, numbers[i], store_first_ns(st), store_last_ns(st) + 1, 1, &col);
		/* What names no device concerns each, what names one only that. */
		assert_true(col.flags & COLUMN_MARK && col.flags & COLUMN_LOSS);
		for (k = 0; k < STORE_LATENCY_ROWS && !col.heat[SK_RESET][k]; k++)
			;
		assert_true(k < STORE_LATENCY_ROWS);
		assert_int_equal(col.heat[SK_RESET][k], 400);
		assert_int_equal(store_state(st, numbers[i], store_last_ns(st)), MIG_UNKNOWN);
	}
	store_destroy(st);
	synth_free(&s);
}

static void test_moments(void **state)
{
	uint64_t n = 0, arcs = 0, k = 0;
	struct event ev;
	struct synth s;
	struct store *st;
	size_t i;

	(void)state;
	build(&s, 8);
	st = filled(&s);
	for (i = 0; i < s.n; i++)
		arcs += s.ev[i].kind == EV_ARC || (s.ev[i].kind == EV_SET_STATE && s.ev[i].ret < 0);
	while ((n = store_moment(st, MOMENT_ARC, n, 1, 0)) != UINT64_MAX) {
		assert_true(store_get(st, n - 1, &ev));
		assert_true(ev.kind == EV_ARC || ev.kind == EV_SET_STATE);
		k++;
	}
	assert_int_equal(k, arcs);
	for (k = 0, n = s.n + 1; (n = store_moment(st, MOMENT_ARC, n, -1, 0)) != UINT64_MAX; k++)
		;
	assert_int_equal(k, arcs);
	assert_int_equal(store_moment(st, MOMENT_MIGRATION, s.n, 1, 0), UINT64_MAX);
	store_destroy(st);
	synth_free(&s);
}

static void begin_vm(struct synth *s)
{
	synth_init(s);
	synth_device(s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(s, 100, "qemu", "web-07");
	synth_open(s);
}

/* It is never earlier than what was told before, over the end of a chunk, too. */
static void test_time_over_chunks(void **state)
{
	uint64_t late_ns = 0, i;
	struct synth s;
	struct store *st;

	(void)state;
	begin_vm(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (i = s.n; i < 1024; i++) {
		synth_read(&s, MIB, US);
		/* Told first, and ends last. */
		if (i == 500)
			late_ns = s.ev[i].t_ns + (s.ev[i].dur_ns = SEC);
	}
	st = filled(&s);
	for (i = 501; i <= 1024; i++)
		assert_int_equal(store_time(st, i), late_ns);
	store_destroy(st);
	synth_free(&s);
}

/* A loss leaves the state unknown from when it began, which is told at its end. */
static void test_state_in_a_loss(void **state)
{
	uint64_t from_ns;
	struct synth s;
	struct store *st;

	(void)state;
	begin_vm(&s);
	synth_pause(&s, 10 * MS);
	from_ns = s.now;
	synth_pause(&s, 10 * MS);
	synth_loss(&s, 7, from_ns, s.now, EV_ARC);
	st = filled(&s);
	assert_int_equal(store_state(st, 1, from_ns - 1), MIG_RUNNING);
	assert_int_equal(store_state(st, 1, from_ns), MIG_UNKNOWN);
	assert_int_equal(store_state(st, 1, from_ns + 5 * MS), MIG_UNKNOWN);
	store_destroy(st);
	synth_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_model_at_any_position),
		cmocka_unit_test(test_time_and_position),
		cmocka_unit_test(test_last_before_first),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_told_late),
		cmocka_unit_test(test_spike_survives),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_any_number),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_time_over_chunks),
		cmocka_unit_test(test_state_in_a_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
