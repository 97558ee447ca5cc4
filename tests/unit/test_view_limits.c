// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounds of the exports: what overlaps in a Perfetto trace has a track of its own, and
 * what lies inside another lies on it; lines that wait for what is not known yet.
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
#include "util/varint.h"
#include "view/export.h"
#include "view/perfetto_pack.h"

static struct synth s;
static struct model *m;
static struct view_options opt;

/* ---- a reader of traces, as much of one as is needed ---- */

struct mark {
	uint64_t track, t_ns, type, flow_end;
	char name[64];
};

static struct mark marks[4096];
static size_t n_marks;

struct field {
	uint64_t id, number; /* a varint, or a fixed64 */
	const uint8_t *p;
	size_t len;
};

static bool next_field(const uint8_t **p, const uint8_t *end, struct field *f)
{
	uint64_t key = 0;

	if (*p == end)
		return false;
	assert_true(varint_get(p, end, &key));
	f->id = key >> 3;
	switch (key & 7) {
	case 0:
		assert_true(varint_get(p, end, &f->number));
		return true;
	case 1:
		assert_true(end - *p >= 8);
		memcpy(&f->number, *p, 8);
		*p += 8;
		return true;
	default:
		assert_int_equal(key & 7, 2);
		assert_true(varint_get(p, end, &f->number));
		assert_true(f->number <= (uint64_t)(end - *p));
		f->p = *p;
		f->len = f->number;
		*p += f->len;
		return true;
	}
}

static void take_event(const uint8_t *p, size_t len, uint64_t t_ns)
{
	struct mark *k = &marks[n_marks++];
	const uint8_t *end = p + len;
	struct field f;

	assert_true(n_marks <= sizeof(marks) / sizeof(marks[0]));
	memset(k, 0, sizeof(*k));
	k->t_ns = t_ns;
	while (next_field(&p, end, &f)) {
		if (f.id == 9)
			k->type = f.number;
		else if (f.id == 11)
			k->track = f.number;
		else if (f.id == EVENT_FLOW_END)
			k->flow_end = f.number;
		else if (f.id == EVENT_NAME && f.len < sizeof(k->name))
			memcpy(k->name, f.p, f.len);
	}
}

static void read_trace(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	struct field packet, f, event;

	n_marks = 0;
	while (next_field(&p, end, &packet)) {
		const uint8_t *q = packet.p;
		uint64_t t_ns = 0;

		event.p = NULL;
		while (next_field(&q, packet.p + packet.len, &f)) {
			if (f.id == 8)
				t_ns = f.number;
			else if (f.id == 11)
				event = f;
		}
		if (event.p)
			take_event(event.p, event.len, t_ns);
	}
}

static void export(void)
{
	struct model *again = model_create();
	struct event_context ctx;
	struct view_evidence e;
	struct view_file file;
	char *out = NULL;
	size_t len, i;
	FILE *f = open_memstream(&out, &len);
	void *x;

	model_destroy(m);
	m = model_create();
	for (i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	view_one_file(&e, &file, m, "x.vfs", NULL, NULL);
	x = export_perfetto.create(f, &opt, &e);
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(again, &s.ev[i], &ctx), 0);
		assert_int_equal(export_perfetto.event(x, again, &s.ev[i], &ctx), 0);
	}
	assert_int_equal(export_perfetto.finish(x), 0);
	export_perfetto.destroy(x);
	model_destroy(again);
	fclose(f);
	read_trace((const uint8_t *)out, len);
	free(out);
}

/* The @nth slice of that name. */
static const struct mark *slice(const char *name, size_t nth)
{
	size_t i;

	for (i = 0; i < n_marks; i++)
		if (marks[i].type == TYPE_SLICE_BEGIN && !strcmp(marks[i].name, name) && !nth--)
			return &marks[i];
	fail_msg("no slice '%s'", name);
	return NULL;
}

static size_t slices(const char *name)
{
	size_t i, n = 0;

	for (i = 0; i < n_marks; i++)
		n += marks[i].type == TYPE_SLICE_BEGIN && !strcmp(marks[i].name, name);
	return n;
}

/* When the slice ends that began at @k, read as an importer does. */
static uint64_t end_of(const struct mark *k)
{
	size_t i, depth = 0;

	for (i = (size_t)(k - marks); i < n_marks; i++) {
		if (marks[i].track != k->track)
			continue;
		depth += marks[i].type == TYPE_SLICE_BEGIN;
		if (marks[i].type == TYPE_SLICE_END && !--depth)
			return marks[i].t_ns;
	}
	fail_msg("'%s' has no end", k->name);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	synth_init(&s);
	memset(&opt, 0, sizeof(opt));
	m = NULL;
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	s.gap = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	model_destroy(m);
	synth_free(&s);
	return 0;
}

/* A read of so many bytes from @from to @to, in microseconds after @base. */
static void reads(uint64_t base, uint64_t from, uint64_t to)
{
	s.now = base + from * US;
	synth_read(&s, MIB, (to - from) * US);
}

static void test_lanes(void **state)
{
	static const struct {
		uint64_t from, to;
		int lane;
	} t[] = {
		{ 0, 100, 0 },	 { 50, 150, 1 },  { 60, 70, 2 },   { 100, 120, 0 },
		{ 119, 130, 2 }, { 130, 131, 0 }, { 149, 151, 0 }, { 150, 151, 1 },
	};
	uint64_t base = s.now, lanes[3] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		reads(base, t[i].from, t[i].to);
	export();
	/* The migration's own slice begins with it. */
	assert_int_equal(slice(outcome_name(model_migration(m, 1)->outcome), 0)->t_ns,
			 model_migration(m, 1)->begin_ns);
	assert_int_equal(slices("read"), sizeof(t) / sizeof(t[0]));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct mark *k = slice("read", i);

		assert_int_equal(k->t_ns, base + t[i].from * US);
		assert_int_equal(end_of(k), base + t[i].to * US);
		if (!lanes[t[i].lane])
			lanes[t[i].lane] = k->track;
		if (k->track != lanes[t[i].lane])
			fail_msg("read %zu is not on track %d", i, t[i].lane);
	}
	assert_true(lanes[0] != lanes[1] && lanes[1] != lanes[2] && lanes[0] != lanes[2]);
}

/* More at once than there are tracks for: each is there all the same. */
static void test_lanes_max(void **state)
{
	uint64_t base = s.now;
	uint32_t i;

	(void)state;
	for (i = 0; i < 260; i++)
		reads(base, i, 1000);
	export();
	assert_int_equal(slices("read"), 260);
	assert_true(slice("read", 254)->track != slice("read", 255)->track);
	assert_int_equal(slice("read", 255)->track, slice("read", 259)->track);
}

/* Losses, and stretches of empty reads, have tracks of their own; they overlap, too. */
static void test_apart(void **state)
{
	uint64_t base = s.now;
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		s.tid = 7 + i;
		s.now = base + i * 100 * US;
		synth_empty_run(&s, -ENOMSG, 3, US, 75 * US);
		synth_loss(&s, 5, base + i * 100 * US, base + (150 + i * 100) * US, EV_READ);
	}
	export();
	for (i = 0; i < 2; i++) {
		const char *name = i ? "5 events lost" : "read ENOMSG x3";

		assert_int_equal(slices(name), 3);
		assert_true(slice(name, 0)->track != slice(name, 1)->track);
		assert_int_equal(slice(name, 0)->track, slice(name, 2)->track);
		assert_int_equal(end_of(slice(name, 0)), base + 150 * US);
		assert_int_equal(end_of(slice(name, 1)), base + 250 * US);
	}
}

/* Arcs lie inside their SET_STATE also where one begins as the other ends. */
static void test_arcs_inside(void **state)
{
	const struct mark *call, *a, *b;

	(void)state;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), 90 * US);
	export();
	call = slice("set_state(STOP_COPY)", 0);
	a = slice("PRE_COPY -> PRE_COPY_P2P", 0);
	b = slice("PRE_COPY_P2P -> STOP_COPY", 0);
	assert_int_equal(call->track, a->track);
	assert_int_equal(call->track, b->track);
	assert_true(call < a && a < b);
	assert_int_equal(end_of(a), b->t_ns);
	assert_true(end_of(b) < end_of(call));
}

/* One that ends after its SET_STATE, as clocks may have it, does not. */
static void test_arc_beyond(void **state)
{
	const struct mark *call, *a;

	(void)state;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), 90 * US);
	s.ev[s.n - 1].dur_ns = 50 * US;
	export();
	call = slice("set_state(PRE_COPY_P2P)", 0);
	a = slice("PRE_COPY -> PRE_COPY_P2P", 0);
	assert_int_equal(end_of(call), call->t_ns + 50 * US);
	assert_int_equal(end_of(a), a->t_ns + 90 * US);
	assert_true(call->track != a->track);
}

/* More threads are in an arc than are remembered: none is forgotten. */
static void test_arcs_max(void **state)
{
	struct event *ev;
	uint32_t i;

	(void)state;
	for (i = 0; i < INSIDE_MAX + 3; i++) {
		s.tid = 1000 + i;
		ev = synth_add(&s, EV_ARC, 10 * US, 0);
		ev->arc.from = MIG_RUNNING_P2P;
		ev->arc.to = ev->arc.target = MIG_STOP;
	}
	export();
	assert_int_equal(slices("RUNNING_P2P -> STOP"), INSIDE_MAX + 3);
}

/* A load that failed and was tried again: the flow leads to the one that loaded. */
static void test_flow(void **state)
{
	const struct mark *end = NULL;
	uint64_t load_ns;
	size_t i;

	(void)state;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P, MIG_STOP_COPY), 90 * US);
	synth_device(&s, 2, "0000:86:00.1", "mlx5_vfio_pci", 7);
	synth_task(&s, 200, "qemu", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), 90 * US);
	s.device = 1;
	s.pid = s.tid = 100;
	s.stream = 1;
	s.state = MIG_STOP_COPY;
	synth_read(&s, MIB, US);
	synth_read(&s, 0, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), US);
	s.device = 2;
	s.pid = s.tid = 200;
	s.stream = 2;
	s.state = MIG_RESUMING;
	synth_write(&s, MIB, US);
	synth_set_state_fails(&s, MIG_STOP, EAGAIN);
	load_ns = s.now + 2 * US;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING), 90 * US);
	export();
	for (i = 0; i < n_marks; i++) {
		if (!marks[i].flow_end)
			continue;
		assert_null(end);
		end = &marks[i];
	}
	assert_non_null(end);
	assert_int_equal(end->t_ns, load_ns);
}

/* ---- rows ---- */

static uint32_t known, unknown, losses;

static void put_row(void *arg, const struct row *row)
{
	(void)arg;
	losses += row->ev->kind == EV_LOSS;
	if (row->ev->kind != EV_POLL)
		return;
	if (row->ev->poll.wait_ns == EVENT_WAIT_UNKNOWN) {
		/* Whoever waits longest is given up first. */
		assert_int_equal(known, 0);
		unknown++;
	} else {
		assert_int_equal(row->ev->poll.wait_ns, row->ev->tid * US);
		known++;
	}
}

static void rows_of(struct model *ended)
{
	struct rows *r = rows_create(&opt, ended, put_row, NULL);
	struct model *x = model_create();
	struct event_context ctx;
	size_t i;

	known = unknown = losses = 0;
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(x, &s.ev[i], &ctx), 0);
		assert_int_equal(rows_event(r, x, &s.ev[i], &ctx), 0);
	}
	rows_finish(r);
	rows_destroy(r);
	model_destroy(x);
}

static void polls(uint32_t n)
{
	size_t first = s.n;
	uint32_t i;

	for (i = 1; i <= n; i++) {
		s.tid = i;
		synth_poll(&s, 0);
	}
	for (i = 1; i <= n; i++) {
		s.tid = i;
		s.now = event_end_ns(&s.ev[first + i - 1]) + i * US;
		synth_read(&s, 5, US);
	}
}

static void test_waiters(void **state)
{
	(void)state;
	polls(64);
	rows_of(NULL);
	assert_int_equal(known, 64);
	assert_int_equal(unknown, 0);
	polls(67);
	s.n -= 67 + 67 + 64 + 64;
	polls(67);
	rows_of(NULL);
	assert_int_equal(known, 64);
	assert_int_equal(unknown, 3);
}

/* A loss is everybody's: asking for one migration does not hide it. */
static void test_loss_is_everybodys(void **state)
{
	(void)state;
	synth_loss(&s, 3, s.now, s.now, EV_READ);
	s.device = 1;
	s.pid = s.tid = 100;
	synth_read(&s, 5, US);
	m = model_create();
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	opt.migration = 1;
	rows_of(m);
	assert_int_equal(losses, 1);
	opt.migration = 2;
	rows_of(m);
	assert_int_equal(losses, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_lanes),	     T(test_lanes_max),	 T(test_apart),
		T(test_arcs_inside), T(test_arc_beyond), T(test_arcs_max),
		T(test_flow),	     T(test_waiters),	 T(test_loss_is_everybodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
