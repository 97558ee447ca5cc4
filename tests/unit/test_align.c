// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_align.c - two hosts' events on one clock: what the clocks say, what
 * causality corrects, and that numbers, names and losses come through
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/align.h"
#include "model/model.h"
#include "recording/merge.h"
#include "tests/unit/allocs.h"
#include "tests/unit/synth.h"

#define WAY (5 * MS)

static struct synth a, b, c;
static struct align *m;
static const struct align_tie *al; /* of the destination's clock */
static struct event *out;
static size_t n_out;
static bool b_ends;
static const char *host[2], *boot[2];

static int setup(void **state)
{
	(void)state;
	synth_init(&a);
	synth_init(&b);
	synth_init(&c);
	m = align_create();
	b_ends = true;
	host[0] = "node7";
	host[1] = "node8";
	boot[0] = "a";
	boot[1] = "b";
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	synth_free(&a);
	synth_free(&b);
	synth_free(&c);
	align_destroy(m);
	free(out);
	out = NULL;
	return 0;
}

/* The destination's clock reads @mono less than the source's, its REALTIME @real more. */
static void clocks(int64_t mono, int64_t real)
{
	size_t i;

	for (i = 0; i < b.n; i++) {
		b.ev[i].t_ns -= (uint64_t)mono;
		if ((b.ev[i].kind == EV_READ || b.ev[i].kind == EV_WRITE) && b.ev[i].io.t_last_ns)
			b.ev[i].io.t_last_ns -= (uint64_t)mono;
		if (b.ev[i].kind == EV_LOSS) {
			b.ev[i].loss.t_from_ns -= (uint64_t)mono;
			b.ev[i].loss.t_to_ns -= (uint64_t)mono;
		}
		if (b.ev[i].kind == EV_CLOCK)
			b.ev[i].clock.realtime_ns += (uint64_t)real;
	}
}

/* A device of 3 MiB goes; each MiB is written WAY after it was read. */
static void migrate(void)
{
	uint64_t read_end[3];
	int i;

	synth_device(&a, 1, "0000:3b:00.2", "mlx5_vfio_pci", 1);
	synth_task(&a, 100, "mig", "web-07");
	synth_open(&a);
	synth_set_state(&a, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	for (i = 0; i < 3; i++) {
		synth_pause(&a, 20 * MS);
		synth_read(&a, MIB, MS);
		read_end[i] = a.ev[a.n - 1].t_ns + MS;
	}
	synth_read(&a, 0, US);
	synth_pause(&a, 300 * MS);
	synth_set_state(&a, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(&a);

	synth_device(&b, 1, "0000:3b:00.2", "mlx5_vfio_pci", 1);
	synth_task(&b, 100, "qemu", "web-07");
	synth_open(&b);
	synth_set_state(&b, SYNTH_PATH(MIG_STOP, MIG_RESUMING), MS);
	for (i = 0; i < 3; i++) {
		b.now = read_end[i] + WAY;
		synth_write(&b, MIB, MS);
		b.ev[b.n - 1].io.size = MIB;
	}
	synth_set_state(&b, SYNTH_PATH(MIG_STOP, MIG_RUNNING), 10 * MS);
	synth_stream_close(&b);
}

static struct event_source *source_of(int side)
{
	struct event_source *src = synth_as_source(side ? &b : &a);
	struct meta *meta = (struct meta *)src->ops->meta(src);

	meta_clear(meta);
	if (host[side])
		meta_add(meta, "host", host[side]);
	if (boot[side])
		meta_add(meta, "boot_id", boot[side]);
	return src;
}

static void align(void)
{
	struct event_source *src;
	int i;

	for (i = 0; i < 2; i++) {
		src = source_of(i);
		assert_int_equal(align_scan(m, src), 0);
		src->ops->close(src);
	}
	assert_int_equal(align_clocks(m), 0);
	assert_int_equal(align_reference(m), 0);
	al = align_tie(m, align_clock_of(m, 1));
}

static void no_health(struct event_source *src, struct source_health *h)
{
	(void)src;
	memset(h, 0, sizeof(*h));
	h->last_ns = b.ev[b.n - 1].t_ns + b.ev[b.n - 1].dur_ns;
}

static struct model *merged(void)
{
	struct event_source *one = source_of(0), *two = source_of(1), *all;
	struct event_source_ops ops = *two->ops;
	struct model *model = model_create();
	uint64_t last = 0, end;
	struct event ev;
	int err;

	if (!b_ends) {
		ops.health = no_health;
		two->ops = &ops;
	}
	assert_int_equal(merge_open(&all, (struct event_source *[]){ one, two }, 2,
				    &(struct merge_opts){
					    .clock = 0,
					    .to_clock = align_time,
					    .arg = m,
					    .cut_is_loss = true,
				    }),
			 0);
	free(out);
	out = calloc(a.n + b.n + 4, sizeof(*out));
	n_out = 0;
	while ((err = all->ops->next(all, &ev, -1)) > 0) {
		assert_int_equal(model_feed(model, &ev, NULL), 0);
		assert_true(n_out < a.n + b.n + 4);
		out[n_out++] = ev;
		assert_int_equal(ev.seq, n_out);
		end = event_end_ns(&ev);
		/* In order of completion, but for definitions. */
		if (event_kind_is_public(ev.kind)) {
			assert_true(end >= last);
			last = end;
		}
	}
	assert_int_equal(err, -ENODATA);
	all->ops->close(all);
	return model;
}

/* Source stopped to destination running, on a clock that both had. */
static uint64_t truth(void)
{
	uint64_t stop = 0, run = 0;
	size_t i;

	for (i = 0; i < a.n; i++)
		if (a.ev[i].kind == EV_ARC && !stop)
			stop = a.ev[i].t_ns;
	for (i = 0; i < b.n; i++)
		if (b.ev[i].kind == EV_ARC && b.ev[i].arc.to == MIG_RUNNING)
			run = b.ev[i].t_ns + b.ev[i].dur_ns;
	return run - stop;
}

static void test_realtime(void **state)
{
	struct model *model;
	uint64_t want;

	(void)state;
	migrate();
	want = truth();
	clocks(700 * (int64_t)SEC, 0);
	align();
	assert_int_equal(al->kind, ALIGN_REALTIME);
	assert_int_equal(al->offset_ns, 700 * (int64_t)SEC);
	assert_int_equal(al->drift_ns, 0);
	assert_int_equal(al->streams, 1);
	assert_true(al->has_way[ALIGN_IN]);
	assert_false(al->has_way[ALIGN_OUT]);
	assert_int_equal(al->way_ns[ALIGN_IN], WAY);
	assert_int_equal(al->correction_ns, 0);
	model = merged();
	assert_int_equal(model_sessions(model), 2);
	assert_int_equal(model_migration(model, 1)->downtime_ns, want);
	assert_int_equal(model_session(model, 1)->peer, 2);
	/* Numbers are distinct, names and processes are each host's own. */
	assert_string_equal(model_device(model, 1)->name, "0000:3b:00.2");
	assert_string_equal(model_device(model, 2)->name, "0000:3b:00.2");
	assert_string_equal(model_host(model, model_device(model, 1)->host), "node7");
	assert_string_equal(model_host(model, model_device(model, 2)->host), "node8");
	assert_int_equal(model_session(model, 1)->pid, 100);
	assert_int_equal(model_session(model, 2)->pid, 100);
	assert_string_equal(model_session(model, 2)->vm, "web-07");
	assert_int_not_equal(model_session(model, 1)->stream, model_session(model, 2)->stream);
	/* Two hosts that say their names, and nothing is gone. */
	assert_int_equal(n_out, a.n + b.n + 2);
	model_destroy(model);
}

/* NTP was 3 ms out: the downtime is, too, and no more than the way allows. */
static void test_ahead(void **state)
{
	struct model *model;
	uint64_t want;

	(void)state;
	migrate();
	want = truth();
	clocks(-50 * (int64_t)SEC, 3 * MS);
	align();
	assert_int_equal(al->way_ns[ALIGN_IN], WAY + 3 * MS);
	model = merged();
	assert_int_equal(model_migration(model, 1)->downtime_ns, want + 3 * MS);
	model_destroy(model);
}

/* 200 ms behind: bytes would have arrived before they were read. */
static void test_behind(void **state)
{
	struct model *model;
	uint64_t want;

	(void)state;
	migrate();
	want = truth();
	clocks(0, -200 * (int64_t)MS);
	align();
	assert_int_equal(al->way_ns[ALIGN_IN], (int64_t)WAY - 200 * (int64_t)MS);
	assert_int_equal(al->correction_ns, 200 * MS - WAY);
	model = merged();
	assert_int_equal(model_migration(model, 1)->downtime_ns, want - WAY);
	model_destroy(model);
}

/* Slewed clocks: each time by the pairs around it. */
static void test_drift(void **state)
{
	struct event *ev;
	uint64_t last;
	size_t i;

	(void)state;
	migrate();
	/* CLOCK_REALTIME ran 100 us less than CLOCK_MONOTONIC in the second of the second pair. */
	ev = synth_add(&b, EV_CLOCK, 0, 0);
	ev->t_ns = b.ev[0].t_ns + SEC;
	ev->clock.realtime_ns = b.ev[0].clock.realtime_ns + SEC - 100 * US;
	align();
	assert_false(al->stepped);
	model_destroy(merged());
	for (i = 0; i < n_out; i++)
		if (out[i].kind == EV_ARC && out[i].arc.to == MIG_RUNNING)
			break;
	assert_true(i < n_out);
	last = out[i].t_ns;
	for (i = 0; i < b.n; i++)
		if (b.ev[i].kind == EV_ARC && b.ev[i].arc.to == MIG_RUNNING)
			break;
	/* A ten thousandth of what had passed, to a nanosecond. */
	assert_in_range(b.ev[i].t_ns - last, (b.ev[i].t_ns - b.ev[0].t_ns) / 10000 - 1,
			(b.ev[i].t_ns - b.ev[0].t_ns) / 10000 + 1);
	/* A clock that was set: its last value counts. */
	ev = synth_add(&b, EV_CLOCK, 0, 0);
	ev->t_ns = b.ev[0].t_ns + 2 * SEC;
	ev->clock.realtime_ns = b.ev[0].clock.realtime_ns + 2 * SEC + 90 * SEC;
	align_destroy(m);
	m = align_create();
	align();
	assert_true(al->stepped);
	assert_int_equal(al->way_ns[ALIGN_IN], WAY + 90 * SEC);
}

static void test_same_boot(void **state)
{
	struct model *model;

	(void)state;
	migrate();
	boot[1] = "a";
	b.ev[0].clock.realtime_ns += 5 * SEC;
	align();
	assert_int_equal(al->kind, ALIGN_SAME);
	assert_int_equal(al->offset_ns, 0);
	model = merged();
	assert_int_equal(model_migration(model, 1)->downtime_ns, truth());
	/* One machine: names and processes mean the same. */
	assert_string_equal(model_device(model, 2)->name, "0000:3b:00.2");
	assert_int_equal(model_session(model, 2)->pid, 100);
	model_destroy(model);
}

static void test_no_pair(void **state)
{
	struct model *model;
	uint64_t want;

	(void)state;
	migrate();
	want = truth();
	/* The pair was damaged away: causality is all there is. */
	b.ev[0].kind = EV_MARK;
	memset(&b.ev[0].mark, 0, sizeof(b.ev[0].mark));
	clocks(33 * (int64_t)SEC, 0);
	align();
	assert_int_equal(al->kind, ALIGN_CAUSALITY);
	assert_int_equal(al->offset_ns, 33 * SEC - WAY);
	model = merged();
	assert_int_equal(model_migration(model, 1)->downtime_ns, want - WAY);
	model_destroy(model);
	/* And without a migration on both sides there is nothing. */
	b.n = 2;
	align_destroy(m);
	m = align_create();
	align();
	assert_int_equal(al->kind, ALIGN_NONE);
}

static void test_loss(void **state)
{
	const struct event *loss = NULL;
	struct model *model;
	size_t i;

	(void)state;
	migrate();
	synth_loss(&b, 7, b.now, b.now + MS, EV_WRITE);
	clocks(700 * (int64_t)SEC, 0);
	b_ends = false;
	align();
	model = merged();
	assert_int_equal(model_loss(model)->events, 7);
	assert_int_equal(model_loss(model)->places, 2);
	assert_int_equal(model_loss(model)->damage, 1);
	for (i = 0; i < n_out; i++)
		if (out[i].kind == EV_LOSS && !loss)
			loss = &out[i];
	assert_int_equal(loss->loss.t_from_ns, b.ev[b.n - 1].loss.t_from_ns + 700 * SEC);
	assert_int_equal(loss->loss.t_to_ns, loss->loss.t_from_ns + MS);
	model_destroy(model);
}

/* A stream that is over is compared no more if what is told as lost later can be its own. */
static void test_loss_told_late(void **state)
{
	uint64_t written_ns = 0;
	size_t i, behind;

	for (behind = 0; behind < 2; behind++) {
		teardown(state);
		setup(state);
		migrate();
		for (i = 0; i < b.n; i++)
			if (b.ev[i].kind == EV_WRITE)
				written_ns = event_end_ns(&b.ev[i]);
		synth_loss(&b, 7, written_ns + behind, b.now, EV_WRITE);
		align();
		assert_int_equal(al->streams, behind);
	}
}

/* No byte is missing where a reason alone is. */
static void test_loss_of_a_reason(void **state)
{
	(void)state;
	migrate();
	synth_loss(&b, 1, b.now - SEC, b.now, EV_WHY);
	clocks(700 * (int64_t)SEC, 0);
	align();
	assert_int_equal(al->streams, 1);
}

/* There and back: causality holds from both sides. */
static void test_both_ways(void **state)
{
	uint64_t read_end;

	(void)state;
	migrate();
	/* Back again, 2 MiB, a second later; the way takes 7 ms. */
	b.now = a.now + SEC;
	synth_set_state(&b, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(&b, 2 * MIB, MS);
	read_end = b.ev[b.n - 1].t_ns + MS;
	synth_read(&b, 0, US);
	a.now = read_end - 100 * MS;
	synth_set_state(&a, SYNTH_PATH(MIG_RESUMING), MS);
	a.now = read_end + 7 * MS;
	synth_write(&a, 2 * MIB, MS);
	synth_set_state(&a, SYNTH_PATH(MIG_STOP, MIG_RUNNING), MS);
	b.now = a.now;
	synth_set_state(&b, SYNTH_PATH(MIG_STOP), MS);
	/* The destination's clock 9 ms ahead: the way back would be -2 ms. */
	clocks(700 * (int64_t)SEC, 9 * MS);
	align();
	assert_int_equal(al->streams, 2);
	assert_int_equal(al->way_ns[ALIGN_IN], WAY + 9 * MS);
	assert_int_equal(al->way_ns[ALIGN_OUT], -2 * (int64_t)MS);
	assert_int_equal(al->correction_ns, -2 * (int64_t)MS);
	assert_false(al->contradicts);
}

/* One device: @mib are read on @from from @at on, and written on @to WAY later. */
static void one(struct synth *from, struct synth *to, uint32_t device, uint64_t mib, uint64_t at)
{
	uint64_t end;
	char name[32];

	snprintf(name, sizeof(name), "0000:3b:00.%u", device);
	synth_device(from, device, name, "mlx5_vfio_pci", 1);
	synth_device(to, device, name, "mlx5_vfio_pci", 1);
	from->now = at;
	synth_open(from);
	synth_set_state(from, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(from, (int64_t)(mib * MIB), MS);
	end = from->now - from->gap;
	synth_read(from, 0, US);
	synth_set_state(from, SYNTH_PATH(MIG_STOP), MS);
	to->now = at;
	synth_open(to);
	synth_set_state(to, SYNTH_PATH(MIG_STOP, MIG_RESUMING), MS);
	to->now = end + WAY;
	synth_write(to, (int64_t)(mib * MIB), MS);
	synth_set_state(to, SYNTH_PATH(MIG_STOP, MIG_RUNNING), MS);
}

static void scan(struct synth *s, const char *its_boot)
{
	struct event_source *src = synth_as_source(s);
	struct meta *meta = (struct meta *)src->ops->meta(src);

	meta_clear(meta);
	meta_add(meta, "boot_id", its_boot);
	assert_int_equal(align_scan(m, src), 0);
	src->ops->close(src);
}

/* @s's clock reads @ns less; its wall clock is right. */
static void behind(struct synth *s, uint64_t ns)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		s->ev[i].t_ns -= ns;
}

/* The pair was damaged away. */
static void without_pair(struct synth *s)
{
	s->ev[0].kind = EV_MARK;
	memset(&s->ev[0].mark, 0, sizeof(s->ev[0].mark));
}

/*
 * a to b, later b to c: the reference is b, which is a source like a, but c has no
 * wall clock and only b has bytes of it.
 */
static void test_three(void **state)
{
	uint64_t t0;

	(void)state;
	t0 = a.now;
	one(&a, &b, 1, 3, t0 + SEC);
	one(&a, &b, 2, 4, t0 + 2 * SEC);
	one(&b, &c, 3, 5, t0 + 60 * SEC);
	behind(&b, 100 * SEC);
	behind(&c, 200 * SEC);
	without_pair(&c);
	scan(&c, "c");
	scan(&b, "b");
	scan(&a, "a");
	assert_int_equal(align_clocks(m), 0);
	assert_int_equal(align_n(m), 3);
	assert_int_equal(align_reference(m), align_clock_of(m, 2));
	assert_int_equal(align_tie(m, 2)->kind, ALIGN_SAME);
	assert_int_equal(align_tie(m, 1)->kind, ALIGN_REALTIME);
	assert_int_equal(align_tie(m, 1)->offset_ns, 100 * SEC);
	assert_int_equal(align_tie(m, 1)->way_ns[ALIGN_IN], WAY);
	assert_int_equal(align_tie(m, 1)->streams, 3);
	/* By b, whose bytes it took: a never saw them. */
	assert_int_equal(align_tie(m, 0)->kind, ALIGN_CAUSALITY);
	assert_int_equal(align_tie(m, 0)->offset_ns, 200 * SEC - WAY);
	assert_int_equal(align_time(m, 0, c.ev[c.n - 1].t_ns),
			 c.ev[c.n - 1].t_ns + 200 * SEC - WAY);
}

/*
 * b to c, c to a, and b's wall clock is 1 s ahead: nothing binds b to a but by way of
 * c, and leaving b as it is would leave no place for c.
 */
static void test_third_decides(void **state)
{
	struct synth elsewhere;
	uint64_t t0 = a.now;
	size_t i;

	(void)state;
	synth_init(&elsewhere);
	one(&a, &elsewhere, 1, 3, t0 + SEC);
	one(&a, &elsewhere, 4, 7, t0 + 2 * SEC);
	synth_free(&elsewhere);
	one(&b, &c, 2, 4, t0 + 30 * SEC);
	one(&c, &a, 3, 5, t0 + 60 * SEC);
	for (i = 0; i < b.n; i++)
		if (b.ev[i].kind == EV_CLOCK)
			b.ev[i].clock.realtime_ns += SEC;
	scan(&a, "a");
	scan(&b, "b");
	scan(&c, "c");
	assert_int_equal(align_clocks(m), 0);
	assert_int_equal(align_reference(m), 0);
	for (i = 0; i < 3; i++)
		assert_false(align_tie(m, i)->contradicts);
	assert_int_equal(align_tie(m, 1)->correction_ns, 2 * (int64_t)WAY - (int64_t)SEC);
	assert_int_equal(align_tie(m, 2)->correction_ns, WAY);
}

/* Equal devices, written in another order than they were read: no byte too early. */
static void test_equal(void **state)
{
	struct synth elsewhere;
	uint64_t t0 = a.now;

	(void)state;
	synth_init(&elsewhere);
	one(&a, &elsewhere, 1, 3, t0 + 2 * SEC);
	one(&a, &elsewhere, 2, 3, t0 + SEC);
	one(&elsewhere, &b, 2, 3, t0 + SEC);
	one(&elsewhere, &b, 1, 3, t0 + 2 * SEC);
	synth_free(&elsewhere);
	scan(&a, "a");
	scan(&b, "b");
	assert_int_equal(align_clocks(m), 0);
	assert_int_equal(align_tie(m, 1)->streams, 2);
	assert_int_equal(align_tie(m, 1)->way_ns[ALIGN_IN], WAY);
	assert_int_equal(align_tie(m, 1)->correction_ns, 0);
	assert_int_equal(align_bound_ns(m), WAY);
	/* A third host with such a stream: nobody knows any more whose it is. */
	one(&c, &c, 1, 3, t0 + SEC);
	align_destroy(m);
	m = align_create();
	scan(&a, "a");
	scan(&b, "b");
	scan(&c, "c");
	assert_int_equal(align_clocks(m), 0);
	assert_int_equal(align_tie(m, 1)->streams, 0);
	assert_true(align_bound_ns(m) == UINT64_MAX);
}

/* Recordings of one boot are one clock; the other's ends before that had booted. */
static void test_before_boot(void **state)
{
	uint64_t t0 = a.now;
	size_t i;

	(void)state;
	one(&a, &b, 1, 3, t0 + SEC);
	/* b recorded a day before. */
	for (i = 0; i < b.n; i++)
		if (b.ev[i].kind == EV_CLOCK)
			b.ev[i].clock.realtime_ns -= 86400 * SEC;
	one(&c, &c, 2, 9, t0 + 20 * SEC);
	scan(&a, "a");
	scan(&b, "b");
	scan(&c, "a");
	assert_int_equal(align_clocks(m), 0);
	assert_int_equal(align_n(m), 2);
	assert_int_equal(align_clock_of(m, 2), 0);
	/* a has the sources, and b the clock that holds both. */
	assert_int_equal(align_reference(m), 1);
	assert_true(align_time(m, 0, t0) > t0);
}

/* Hosts that nobody named, or alike, are told apart. */
/* A recording without an event is one of its host all the same. */
static void test_nothing_recorded(void **state)
{
	uint64_t first, last;
	int same;

	(void)state;
	migrate();
	b.n = 0;
	for (same = 0; same < 2; same++) {
		align_destroy(m);
		m = align_create();
		assert_non_null(m);
		boot[1] = same ? "a" : "b";
		host[1] = same ? "node7" : "node8";
		align();
		assert_int_equal(align_n(m), same ? 1 : 2);
		assert_int_equal(align_clock_of(m, 0), 0);
		assert_int_equal(align_clock_of(m, 1), same ? 0 : 1);
		assert_int_equal(al->kind, same ? ALIGN_SAME : ALIGN_NONE);
		align_span(m, 1, &first, &last);
		assert_true(!first && !last);
		assert_int_equal(align_time(m, 1, 77), 77);
		assert_int_equal(align_bound_ns(m), same ? 0 : UINT64_MAX);
	}
}

static void test_names(void **state)
{
	struct model *model;

	(void)state;
	migrate();
	host[0] = host[1] = "node";
	align();
	model = merged();
	assert_string_equal(model_host(model, 1), "node");
	assert_string_equal(model_host(model, 2), "node (2)");
	model_destroy(model);
	host[0] = NULL;
	host[1] = "(none)";
	model = merged();
	assert_string_equal(model_host(model, 1), "host 1");
	assert_string_equal(model_host(model, 2), "host 2");
	assert_int_equal(model_hosts(model), 2);
	model_destroy(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_realtime, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drift, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_boot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loss_told_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_loss_of_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(test_both_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_recorded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_three, setup, teardown),
		cmocka_unit_test_setup_teardown(test_third_decides, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_before_boot, setup, teardown),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
