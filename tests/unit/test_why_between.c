// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_why_between.c - what a thread did between two calls, booked into the gaps of a stop
 */
#include <locale.h>

#include "tests/unit/why_help.h"
#include "view/downtime.h"

/* What the thread of the next call did since its last one, for @ns: sent, and ran. */
static void between(uint64_t ns, uint64_t send_ns)
{
	uint64_t now = s.now + ns - s.gap;
	struct event *ev;

	/* The gap that every call leaves is part of it. */
	s.now -= s.gap;
	ev = synth_add(&s, EV_WHY, ns, 0);
	ev->device = ev->stream = 0;
	memset(&ev->why, 0, sizeof(ev->why));
	ev->why.call = EV_NONE;
	ev->why.send_ns = send_ns;
	ev->why.on_cpu_ns = ns - send_ns;
	ev->why.longest_ns = send_ns;
	strcpy(ev->why.stack, "sk_stream_wait_memory+0x1 < tcp_sendmsg_locked+0x2");
	s.now = now;
}

/* Between two read()s of a stop the thread sent what it had read: that is what the gap was. */
static void test_between(void **state)
{
	const struct call_why *w;
	const struct session *g;
	struct event_context ctx;
	uint32_t n;
	char *out;

	(void)state;
	device(1, 100);
	to_stop_copy(20 * US);
	synth_read(&s, MIB, 1 * MS);
	between(300 * MS, 290 * MS);
	synth_read(&s, MIB, 1 * MS);
	between(2 * MS, 0);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	ctx = feed(EV_READ);
	/* It is no reason of the call. */
	assert_null(ctx.why);
	g = model_session(m, 1);
	assert_int_equal(g->window.gap_ns[GAP_IO], 300 * MS);
	assert_int_equal(g->window.gap_why_ns[GAP_IO][WHY_SEND], 290 * MS);
	assert_int_equal(g->window.gap_why_ns[GAP_IO][WHY_ON_CPU], 10 * MS);
	assert_int_equal(sum_of(g->window.why_ns[PART_IO]), 0);
	w = model_session_gaps(m, 1, &n);
	assert_int_equal(n, 2);
	assert_int_equal(w[0].call, EV_NONE);
	assert_int_equal(w[0].dur_ns, 300 * MS);
	/* The lists are two: calls keep their places. */
	assert_null(model_session_slow(m, 1, &n));
	out = report_of(report_text);
	has(out, "between two calls 300 ms: 290 ms");
	free(out);
}

/* In pre-copy nobody waits for it, and what came before the stop began is no part of that. */
static void test_between_before(void **state)
{
	const struct session *g;
	uint32_t n;

	(void)state;
	device(1, 100);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 20 * US);
	synth_read(&s, MIB, 1 * MS);
	between(300 * MS, 290 * MS);
	synth_read(&s, MIB, 1 * MS);
	between(50 * MS, 0);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 20 * US);
	synth_read(&s, MIB, 1 * MS);
	feed(EV_READ);
	g = model_session(m, 1);
	for (n = 0; n < GAP_NR; n++)
		assert_int_equal(sum_of(g->window.gap_why_ns[n]), 0);
	assert_null(model_session_gaps(m, 1, &n));
}

/* Whose call ends a gap, its time it was: what another thread did all along says nothing of that. */
static void test_between_threads(void **state)
{
	struct downtime_part part[DOWNTIME_PARTS_MAX];
	const struct session *g;
	uint64_t sum, n, i;
	char *out;

	(void)state;
	device(1, 100);
	to_stop_copy(20 * US);
	synth_read(&s, MIB, 1 * MS);
	between(100 * MS, 100 * MS);
	synth_read(&s, MIB, 1 * MS);
	/* Another one slept since long before, and has the last 20 ms of it. */
	s.tid = 101;
	synth_pause(&s, 20 * MS);
	s.now -= 121 * MS;
	between(121 * MS, 0);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	feed(EV_READ);
	g = model_session(m, 1);
	assert_in_range(g->window.gap_ns[GAP_LOAD], 20 * MS, 21 * MS);
	/* Of the gaps before no more than what had not been told yet. */
	assert_int_equal(g->window.gap_why_ns[GAP_IO][WHY_SEND], 100 * MS);
	assert_int_equal(g->window.gap_why_ns[GAP_IO][WHY_ON_CPU], 1 * MS);
	assert_in_range(g->window.gap_why_ns[GAP_LOAD][WHY_ON_CPU], 20 * MS, 21 * MS);
	/* Yet an instant is told once. */
	n = session_parts(m, g, part);
	for (i = 0; i < n && strcmp(part[i].key, "outside") != 0; i++)
		;
	assert_true(i < n && part[i].why.spent.any);
	for (sum = part[i].why.spent.rest_ns, n = 0; n < WHY_PARTS; n++)
		sum += part[i].why.spent.why_ns[n];
	assert_int_equal(sum, part[i].ns);
	assert_true(part[i].why.worst && part[i].why.worst->call == EV_NONE);
	out = report_of(report_json);
	has(out, "\"send_ns\":");
	free(out);
}

/* A call that has no part of its own ends a gap, too, which gets its name from the next that has. */
static void test_between_unnamed(void **state)
{
	const struct session *g;

	(void)state;
	device(1, 100);
	to_stop_copy(20 * US);
	between(30 * MS, 30 * MS);
	synth_data_size(&s, MIB);
	feed(EV_READ);
	/* It ends with that, for now. */
	assert_int_equal(model_session(m, 1)->window.gap_ns[GAP_FIRST_IO], 30 * MS);
	assert_int_equal(model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO][WHY_SEND], 30 * MS);
	model_destroy(m);
	m = model_create();
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	feed(EV_READ);
	g = model_session(m, 1);
	assert_int_equal(g->window.gap_why_ns[GAP_ARCS][WHY_SEND], 30 * MS);
	assert_int_equal(g->window.gap_why_ns[GAP_FIRST_IO][WHY_SEND], 0);
}

/* The destination's part: on its way it received, before the load it waited for a thread. */
static void test_between_landing(void **state)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct landing *l;
	size_t n, i, found = 0;

	(void)state;
	device(1, 100);
	to_stop_copy(20 * US);
	synth_read(&s, MIB, 1 * MS);
	device(2, 200);
	s.pid = 200;
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RESUMING), 20 * US);
	s.device = 1;
	s.pid = s.tid = 100;
	s.stream = 1;
	synth_read(&s, 0, 1 * MS);
	s.device = 2;
	s.pid = s.tid = 200;
	s.stream = 2;
	between(40 * MS, 0);
	s.ev[s.n - 1].why.receive_ns = 40 * MS;
	s.ev[s.n - 1].why.on_cpu_ns = 0;
	synth_write(&s, MIB, 1 * MS);
	between(25 * MS, 0);
	s.ev[s.n - 1].why.futex_ns = 25 * MS;
	s.ev[s.n - 1].why.on_cpu_ns = 0;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	between(9 * MS, 0);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 20 * US);
	feed(EV_READ);
	assert_int_equal(model_migrations(m), 1);
	l = &model_migration(m, 1)->landing;
	assert_int_equal(l->gap_why_ns[GAP_FIRST_IO][WHY_RECEIVE], 40 * MS);
	assert_int_equal(l->gap_why_ns[GAP_LOAD][WHY_FUTEX], 25 * MS);
	assert_int_equal(l->gap_why_ns[GAP_START][WHY_ON_CPU], 9 * MS);
	/* Each part has the longest of its own: what is longer than it is another's. */
	n = migration_parts(m, model_migration(m, 1), part);
	for (i = 0; i < n; i++) {
		if (strcmp(part[i].key, "before_load") != 0 &&
		    strcmp(part[i].key, "between_arcs_to_run") != 0)
			continue;
		assert_non_null(part[i].why.worst);
		assert_int_equal(part[i].why.worst->dur_ns,
				 part[i].key[2] == 'f' ? 25 * MS : 9 * MS);
		found++;
	}
	assert_int_equal(found, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_between),	 T(test_between_before),  T(test_between_threads),
		T(test_between_unnamed), T(test_between_landing),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
