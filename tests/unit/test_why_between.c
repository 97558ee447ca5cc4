// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_why_between.c - what a thread did between two calls, booked into the gaps of a stop
 */
#include <errno.h>
#include <locale.h>

#include "tests/unit/judge_help.h"

/* Behind those whose functions have an s of their own. */
#include "tests/unit/why_help.h"
#include "view/advise.h"
#include "view/downtime.h"

/* What the thread of the next call did since its last one, for @ns: sent, and ran. */
static void between(uint64_t ns, uint64_t send_ns)
{
	struct event *ev = synth_between(&s, ns);

	ev->why.send_ns = send_ns;
	ev->why.on_cpu_ns = ns - send_ns;
	ev->why.longest_ns = send_ns;
	strcpy(ev->why.stack, "sk_stream_wait_memory+0x1 < tcp_sendmsg_locked+0x2");
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

/*
 * Both sides; the source sent before its last byte, and after that it took so long until the
 * write(), load and run.  @err: the load fails with it.
 */
static void play_landing(uint64_t send_ns, uint64_t receive_ns, uint64_t futex_ns, uint64_t cpu_ns,
			 int err)
{
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
	if (send_ns)
		between(send_ns, send_ns);
	synth_read(&s, 0, 1 * MS);
	s.device = 2;
	s.pid = s.tid = 200;
	s.stream = 2;
	synth_between(&s, receive_ns)->why.on_cpu_ns = 0;
	last(&s)->why.receive_ns = receive_ns;
	synth_write(&s, MIB, 1 * MS);
	synth_between(&s, futex_ns)->why.on_cpu_ns = 0;
	last(&s)->why.futex_ns = futex_ns;
	if (err) {
		synth_set_state_fails(&s, MIG_STOP, err);
		return;
	}
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_between(&s, cpu_ns);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 20 * US);
}

/* The destination's part: on its way it received, before the load it waited for a thread. */
static void test_between_landing(void **state)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct landing *l;
	size_t n, i, found = 0;

	(void)state;
	play_landing(0, 40 * MS, 25 * MS, 9 * MS, 0);
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

/* First of all: the three largest parts of both hosts, and why. */
static void test_largest(void **state)
{
	char *out;
	size_t i;

	(void)state;
	play_landing(60 * MS, 140 * MS, 25 * MS, 9 * MS, 0);
	feed(EV_READ);
	out = report_of(report_text);
	has(out, "\n  on its way, on the destination, 140 ms (59 %): between two calls 140 ms:\n"
		 "    140 ms receiving\n"
		 "  outside 60.3 ms (25 %): between two calls 60.0 ms: 60.0 ms sending in\n"
		 "    sk_stream_wait_memory < tcp_sendmsg_locked\n"
		 "  before the load, on the destination, 25.0 ms (11 %): between two calls\n"
		 "    25.0 ms: 25.0 ms waiting for another thread\n(");
	free(out);
	/* Where nothing was recorded there are no such lines. */
	model_destroy(m);
	m = model_create();
	for (i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_WHY)
			s.ev[i].kind = EV_MARK;
	feed(EV_READ);
	out = report_of(report_text);
	assert_null(strstr(out, "on the destination, 140 ms"));
	assert_null(strstr(out, "why is not recorded"));
	free(out);
}

/* The one finding of @rule of what was played, and it is forgotten; NULL: there is none. */
static const char *told_of(enum rule_id rule, struct finding *f)
{
	static char text[FINDING_TEXT_LEN];
	const char *found = NULL;
	struct judge *j;
	size_t i;

	model_destroy(m);
	judge_synth(&s, &m, &j);
	for (i = 0; i < judge_findings(j); i++) {
		if (judge_finding(j, i)->rule != rule)
			continue;
		assert_null(found);
		*f = *judge_finding(j, i);
		memcpy(text, f->text, sizeof(text));
		found = text;
	}
	judge_destroy(j);
	synth_free(&s);
	synth_init(&s);
	return found;
}

/* A source's stop of @ns, of which it waited to send for @send_ns. */
static void play_stop(uint64_t ns, uint64_t send_ns)
{
	device(1, 100);
	to_stop_copy(20 * US);
	/* The arc, what its call has after it, and the read() are part of it. */
	between(ns - 52 * US, send_ns);
	synth_read(&s, 0, 30 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_close(&s);
}

/* Over half of a stop of 100 ms, and not a nanosecond less. */
static void test_bound_limits(void **state)
{
	struct finding f;

	(void)state;
	play_stop(100 * MS, 50 * MS + 1);
	assert_string_equal(told_of(RULE_NETWORK_BOUND, &f),
			    "the VMM waited 50.0 ms of the stop on the source of 100 ms (50 %): "
			    "50.0 ms to send on the source");
	assert_int_equal(f.party, PARTY_ADMIN);
	assert_int_equal(f.severity, SEV_ADVICE);
	assert_int_equal(f.side, 1);
	play_stop(100 * MS, 50 * MS);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	play_stop(100 * MS - 1, 90 * MS);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* What nobody recorded is nobody's. */
	play_stop(100 * MS, 90 * MS);
	s.ev[s.n - 1].kind = EV_MARK;
	for (size_t i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_WHY)
			s.ev[i].kind = EV_MARK;
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
}

/* The last wait to send was limited so; of a connection with such a round trip. */
static void limited(struct event *ev, uint64_t receiver, uint64_t buffers, uint64_t network,
		    uint64_t srtt)
{
	ev->why.send_receiver_ns = receiver;
	ev->why.send_buffers_ns = buffers;
	ev->why.send_network_ns = network;
	ev->why.srtt_ns = srtt;
	ev->why.cwnd = 10;
	ev->why.retransmits = 12;
}

static struct event *last_why(void)
{
	size_t i = s.n;

	while (s.ev[--i].kind != EV_WHY)
		;
	return &s.ev[i];
}

/* What limited a wait to send: in the sums, in words, in JSON. */
static void test_limits(void **state)
{
	char *out;

	(void)state;
	play_stop(500 * MS, 405 * MS);
	limited(last_why(), 370 * MS, 0, 35 * MS, 40 * MS);
	feed(EV_READ);
	assert_int_equal(model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO][WHY_SEND], 405 * MS);
	assert_int_equal(model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO][WHY_SEND_RECEIVER],
			 370 * MS);
	assert_int_equal(model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO][WHY_SEND_NETWORK],
			 35 * MS);
	/* It is in that of sending, not besides. */
	assert_int_equal(sum_of(model_session(m, 1)->window.gap_why_ns[GAP_FIRST_IO]),
			 500 * MS - 52 * US);
	out = report_of(report_text);
	has(out, "405 ms sending (limited by\n"
		 "    its receiver for 370 ms, by the network for 35.0 ms; srtt 40.0 ms, cwnd 10,\n"
		 "    12 retransmissions) in sk_stream");
	free(out);
	out = report_of(report_json);
	has(out, "\"send_receiver_ns\": 370000000");
	has(out, "\"send_buffers_ns\": 0");
	has(out, "\"send_network_ns\": 35000000");
	has(out, "\"srtt_ns\": 40000000");
	has(out, "\"cwnd\": 10");
	has(out, "\"retransmits\": 12");
	free(out);
	out = report_of(report_html);
	has(out, "limited by its receiver for 370 ms, by the network for 35.0 ms; srtt 40.0 ms");
	free(out);
}

/* Nobody knows of a part of it; or of all, as of old recordings; or what is said is a lie. */
static void test_limits_not_known(void **state)
{
	struct call_why w;
	struct spent sp;
	char text[WHY_TEXT_LEN];
	char *out;
	int old;

	(void)state;
	for (old = 0; old <= 1; old++) {
		synth_free(&s);
		synth_init(&s);
		play_stop(500 * MS, 405 * MS);
		if (!old) {
			limited(last_why(), 0, 300 * MS, 0, EVENT_NOT_SEEN);
			last_why()->why.cwnd = last_why()->why.retransmits = EVENT_NOT_SEEN;
		}
		model_destroy(m);
		m = model_create();
		feed(EV_READ);
		window_spent(&model_session(m, 1)->window, STOP_OUTSIDE, &sp);
		assert_int_equal(why_detail_known(sp.why_ns, WHY_SEND_NETWORK), !old);
		out = report_of(report_text);
		if (old)
			assert_null(strstr(out, "limited"));
		else
			has(out, "405 ms sending (limited by\n"
				 "    its buffers for 300 ms, not known for 105 ms) in");
		free(out);
		out = report_of(report_json);
		has(out, old ? "\"send_receiver_ns\": null" : "\"send_buffers_ns\": 300000000");
		has(out, "\"srtt_ns\": null");
		if (old)
			assert_null(strstr(out, "\"send_receiver_ns\": 0"));
		free(out);
	}
	play_stop(500 * MS, 405 * MS);
	limited(last_why(), 405 * MS, 0, 0, 40 * MS);
	call_why_of(last_why(), &w);
	has(judge_why_text(&w, text), "405 ms sending (limited by its receiver; srtt 40.0 ms");
	last_why()->why.retransmits = 1;
	last_why()->why.cwnd = EVENT_NOT_SEEN;
	call_why_of(last_why(), &w);
	has(judge_why_text(&w, text), "(limited by its receiver; srtt 40.0 ms, 1 retransmission)");
	last_why()->why.retransmits = 0;
	call_why_of(last_why(), &w);
	has(judge_why_text(&w, text), "(limited by its receiver; srtt 40.0 ms)");
	/* More than all of it. */
	limited(last_why(), 405 * MS, 1, 0, 40 * MS);
	call_why_of(last_why(), &w);
	assert_int_equal(w.ns[WHY_SEND_RECEIVER], MODEL_NONE);
	assert_int_equal(w.ns[WHY_SEND_BUFFERS], MODEL_NONE);
	assert_null(strstr(judge_why_text(&w, text), "limited"));
	limited(last_why(), UINT64_MAX - 1, 5, 0, 40 * MS);
	call_why_of(last_why(), &w);
	assert_int_equal(w.ns[WHY_SEND_RECEIVER], MODEL_NONE);
	/* A call does not know that it sent. */
	last_why()->why.send_ns = EVENT_NOT_SEEN;
	limited(last_why(), 5, 0, 0, 40 * MS);
	call_why_of(last_why(), &w);
	assert_int_equal(w.ns[WHY_SEND_RECEIVER], MODEL_NONE);
}

/* Where two threads tell of an instant the limits shrink with what they are of. */
static void test_limits_fit(void **state)
{
	struct session_window w = { .start_ns = 1, .outside_ns = 100 };
	struct spent sp;

	(void)state;
	w.gap_why_ns[GAP_IO][WHY_SEND] = 150;
	w.gap_why_ns[GAP_IO][WHY_SEND_RECEIVER] = 101;
	w.gap_why_ns[GAP_IO][WHY_SEND_NETWORK] = 49;
	w.gap_why_ns[GAP_LOAD][WHY_ON_CPU] = 50;
	window_spent(&w, STOP_OUTSIDE, &sp);
	assert_int_equal(sp.why_ns[WHY_SEND], 75);
	assert_int_equal(sp.why_ns[WHY_SEND_RECEIVER], 50);
	assert_int_equal(sp.why_ns[WHY_SEND_NETWORK], 24);
	assert_int_equal(sp.rest_ns, 0);
}

/* Whose fault it is that a stop was bound by sending. */
static void test_bound_limited(void **state)
{
	struct finding f;

	(void)state;
	play_stop(500 * MS, 400 * MS);
	limited(last_why(), 300 * MS, 0, 100 * MS, 40 * MS);
	assert_string_equal(told_of(RULE_NETWORK_BOUND, &f),
			    "the VMM waited 400 ms of the stop on the source of 500 ms (80 %): "
			    "400 ms to send on the source (limited by its receiver for 300 ms, by "
			    "the network for 100 ms: its receiver is slow, not the network)");
	assert_int_equal(f.party, PARTY_ADMIN | PARTY_VMM);
	/* Half of it is not most of it. */
	play_stop(500 * MS, 400 * MS);
	limited(last_why(), 200 * MS, 200 * MS, 0, 40 * MS);
	has(told_of(RULE_NETWORK_BOUND, &f), "by its buffers for 200 ms)");
	assert_int_equal(f.party, PARTY_ADMIN);
	play_stop(500 * MS, 400 * MS);
	limited(last_why(), 0, 390 * MS, 10 * MS, 40 * MS);
	has(told_of(RULE_NETWORK_BOUND, &f),
	    "(limited by its buffers: they are small for that round trip)");
	assert_int_equal(f.party, PARTY_ADMIN);
	play_stop(500 * MS, 400 * MS);
	limited(last_why(), 0, 0, 400 * MS, 40 * MS);
	has(told_of(RULE_NETWORK_BOUND, &f), "on the source (limited by the network)");
	assert_int_equal(f.party, PARTY_ADMIN);
	/* Where most of it is the destination's wait, what limited the rest explains nothing. */
	play_landing(100 * MS, 240 * MS, 5 * MS, 10 * MS, 0);
	for (size_t i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_WHY && s.ev[i].why.send_ns)
			limited(&s.ev[i], 100 * MS, 0, 0, 40 * MS);
	assert_null(strstr(told_of(RULE_NETWORK_BOUND, &f), "limited"));
}

/* What a faster network would give is not what the receiver took. */
static void test_limits_advice(void **state)
{
	static const struct source_health health = { .ended = true };
	struct view_options opt = { 0 };
	struct view_evidence e;
	struct view_file file;
	struct meta meta = { 0 };
	struct spent sp;
	struct advice *a;
	struct judge *j;
	size_t len;
	char *out;
	FILE *f;

	(void)state;
	play_stop(500 * MS, 400 * MS);
	limited(last_why(), 300 * MS, 60 * MS, 40 * MS, 40 * MS);
	model_destroy(m);
	judge_synth(&s, &m, &j);
	window_gap_spent(&model_session(m, 1)->window, GAP_FIRST_IO, &sp);
	assert_int_equal(sp.ns, 500 * MS - 52 * US);
	assert_int_equal(sp.why_ns[WHY_SEND_RECEIVER], 300 * MS);
	assert_int_equal(sp.rest_ns, 0);
	view_one_file(&e, &file, m, "x.vfs", &meta, &health);
	e.judge = j;
	a = advise(&e, &opt);
	assert_non_null(a);
	f = open_memstream(&out, &len);
	advice_text(f, a, &opt);
	fclose(f);
	has(out, "a faster network: at most 200 ms of 500 ms");
	free(out);
	advice_free(a);
	judge_destroy(j);
}

/* As if the evidence ended there. */
static void cut_after_read(void)
{
	while (s.ev[s.n - 1].kind != EV_READ)
		s.n--;
}

/* A stop that was no guest's wait, or is not known as a whole, is bound by nothing. */
static void test_bound_not(void **state)
{
	struct finding f;
	size_t i;

	(void)state;
	/* Given back. */
	play_stop(300 * MS, 290 * MS);
	cut_after_read();
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING), 20 * US);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* Saved to a file: it runs on. */
	play_stop(300 * MS, 290 * MS);
	s.n--;
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 20 * US);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* Paused by its user. */
	device(1, 100);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 20 * US);
	between(300 * MS, 290 * MS);
	synth_read(&s, 0, 30 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_close(&s);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* Failed. */
	play_landing(290 * MS, 20 * MS, 5 * MS, 0, EIO);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	play_landing(290 * MS, 20 * MS, 5 * MS, 10 * MS, 0);
	assert_non_null(told_of(RULE_NETWORK_BOUND, &f));
	assert_int_equal(f.side, 1);
	/* Something was lost. */
	play_stop(300 * MS, 290 * MS);
	synth_loss(&s, 1, s.now - 100 * MS, s.now, EV_READ);
	for (i = s.n - 1; s.ev[i - 1].kind != EV_READ; i--) {
		struct event ev = s.ev[i];

		s.ev[i] = s.ev[i - 1];
		s.ev[i - 1] = ev;
	}
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* The capture came late. */
	play_stop(300 * MS, 290 * MS);
	for (i = 0; i < s.n; i++) {
		if (s.ev[i].kind == EV_STREAM_OPEN)
			s.ev[i].stream_open.adopted = 1;
		else if (s.ev[i].kind == EV_ARC && s.ev[i].arc.to == MIG_PRE_COPY)
			s.ev[i].kind = EV_MARK;
	}
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* It is not over. */
	play_stop(300 * MS, 290 * MS);
	cut_after_read();
	s.ev[s.n - 1].ret = MIB;
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
}

/* Both sides add up; it is told where the most of it was, and whose turn that may have been. */
static void test_bound_both_sides(void **state)
{
	struct finding f;
	size_t i;

	(void)state;
	play_landing(0, 140 * MS, 25 * MS, 9 * MS, 0);
	assert_string_equal(told_of(RULE_NETWORK_BOUND, &f),
			    "the VMM waited 140 ms of the downtime of 177 ms (79 %): "
			    "140 ms for what was sent on the destination");
	assert_int_equal(f.party, PARTY_ADMIN | PARTY_VMM);
	assert_int_equal(f.side, 2);
	/* That its source runs again, too, makes it no save to a file. */
	play_landing(0, 140 * MS, 25 * MS, 9 * MS, 0);
	s.device = 1;
	s.pid = s.tid = 100;
	s.stream = 1;
	s.state = MIG_STOP_COPY;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 20 * US);
	assert_non_null(told_of(RULE_NETWORK_BOUND, &f));
	/* Before the load it may wait for whoever lets its guest go on, and so between its arcs. */
	play_landing(0, 40 * MS, 100 * MS, 9 * MS, 0);
	for (i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_WHY && s.ev[i].why.futex_ns)
			s.ev[i].why.poll_ns = s.ev[i].why.futex_ns, s.ev[i].why.futex_ns = 0;
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	play_landing(0, 40 * MS, 10 * MS, 100 * MS, 0);
	for (i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_WHY && s.ev[i].why.on_cpu_ns)
			s.ev[i].why.poll_ns = s.ev[i].why.on_cpu_ns, s.ev[i].why.on_cpu_ns = 0;
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* Nor is a wait for another thread the network's. */
	play_landing(0, 40 * MS, 140 * MS, 9 * MS, 0);
	assert_null(told_of(RULE_NETWORK_BOUND, &f));
	/* A cpu that is missed on either host is. */
	play_landing(0, 140 * MS, 25 * MS, 9 * MS, 0);
	for (i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_WHY && s.ev[i].why.receive_ns)
			s.ev[i].why.runqueue_ns = s.ev[i].why.receive_ns,
			s.ev[i].why.receive_ns = 0;
	assert_string_equal(told_of(RULE_CPU_STARVED, &f),
			    "the VMM's threads waited for a cpu for 140 ms of the downtime of "
			    "177 ms (79 %): 140 ms on the destination");
	assert_int_equal(f.side, 2);
}

/* The devices' logs are their drivers' time, KVM's is the guest's size. */
static void test_bound_dirty_logs(void **state)
{
	struct finding f;

	(void)state;
	device(1, 100);
	to_stop_copy(20 * US);
	synth_dma_report(&s, 150 * MS);
	synth_between(&s, 30 * MS)->why.kvm_log_ns = 30 * MS;
	last(&s)->why.on_cpu_ns = 0;
	synth_read(&s, 0, 10 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_close(&s);
	assert_string_equal(told_of(RULE_DIRTY_LOG_BOUND, &f),
			    "dirty logs took 180 ms of the stop on the source of 180 ms (100 %): "
			    "150 ms that of the devices' DMA, 30.0 ms KVM's");
	assert_int_equal(f.party, PARTY_ADMIN | PARTY_DRIVER);
	assert_int_equal(f.side, 1);
}

/* What was not recorded has not passed. */
static void test_bound_junit(void **state)
{
	static const struct source_health health = { .ended = true };
	struct view_options opt = { 0 };
	struct view_evidence e;
	struct view_file file;
	struct meta meta = { 0 };
	struct judge *j;
	const char *p;
	size_t len, i;
	int with, n;
	char *out;
	FILE *f;

	(void)state;
	for (with = 1; with >= 0; with--) {
		synth_free(&s);
		synth_init(&s);
		play_stop(300 * MS, 290 * MS);
		for (i = 0; i < s.n && !with; i++)
			if (s.ev[i].kind == EV_WHY)
				s.ev[i].kind = EV_MARK;
		model_destroy(m);
		judge_synth(&s, &m, &j);
		f = open_memstream(&out, &len);
		view_one_file(&e, &file, m, "x.vfs", &meta, &health);
		e.judge = j;
		check_junit(f, &e, &opt);
		fclose(f);
		for (n = 0, p = out; (p = strstr(p, "what its stop was spent on was not recorded"));
		     n++, p++)
			;
		assert_int_equal(n, with ? 0 : 3);
		assert_true((strstr(out, "advice: the VMM waited 290 ms") != NULL) == with);
		free(out);
		judge_destroy(j);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_between),	  T(test_between_before),  T(test_between_threads),
		T(test_between_unnamed),  T(test_between_landing), T(test_largest),
		T(test_bound_limits),	  T(test_bound_not),	   T(test_bound_both_sides),
		T(test_bound_dirty_logs), T(test_bound_junit),	   T(test_limits),
		T(test_limits_not_known), T(test_limits_fit),	   T(test_bound_limited),
		T(test_limits_advice),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
