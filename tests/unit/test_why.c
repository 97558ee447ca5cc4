// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_why.c - what calls spend their time on: from the kernel's record to the words, in
 * parts that add up, and never where it was not seen
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/decode.h"
#include "model/internal.h"
#include "tests/unit/judge_help.h"
#include "tests/unit/scope_help.h"
#include "view/downtime.h"

/* Behind those whose functions have an s of their own. */
#include "tests/unit/why_help.h"

#define STACK "cmd_exec+0x21[mlx5_core] < save_state+0x1a2[mlx5_vfio_pci] < vfio_ioctl+0x5[vfio]"

/* The last read() of the stop is explained, and so is the window that it lies in. */
static void test_read(void **state)
{
	const struct call_why *w;
	const struct session *g;
	struct event_context ctx;
	uint32_t n;

	(void)state;
	device(1, 100);
	to_stop_copy(412 * MS);
	synth_read(&s, MIB, 50 * MS);
	synth_why(&s, EV_READ, 1 * MS, 40 * MS, 2 * MS, 3 * MS, 0, STACK);
	ctx = feed(EV_READ);
	assert_non_null(ctx.why);
	assert_int_equal(ctx.why->dur_ns, 50 * MS);
	assert_int_equal(sum_of(ctx.why->ns), 50 * MS);
	g = model_session(m, 1);
	assert_int_equal(sum_of(g->window.why_ns[PART_IO]), 50 * MS);
	assert_int_equal(g->window.why_ns[PART_IO][WHY_ON_CPU], 4 * MS);
	assert_int_equal(g->window.why_ns[PART_IO][WHY_BLOCKED], 40 * MS);
	assert_int_equal(sum_of(g->window.why_ns[PART_ARC]), 0);
	w = model_session_slow(m, 1, &n);
	assert_int_equal(n, 1);
	assert_int_equal(w->call, EV_READ);
	assert_true(w->in_stop);
	assert_string_equal(w->stack, STACK);
	/* The VM's stop has the same. */
	assert_int_equal(model_side(m, 1)->stop.why_ns[PART_IO][WHY_BLOCKED], 40 * MS);
}

/* In pre-copy nothing stands still. */
static void test_precopy(void **state)
{
	const struct call_why *w;
	uint32_t n;

	(void)state;
	device(1, 100);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 20 * US);
	synth_read(&s, MIB, 900 * MS);
	synth_why(&s, EV_READ, 900 * MS, 0, 0, 0, 0, STACK);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 20 * US);
	synth_read(&s, MIB, 5 * MS);
	synth_why(&s, EV_READ, 0, 0, 0, 0, 0, "");
	feed(EV_READ);
	assert_int_equal(sum_of(model_session(m, 1)->window.why_ns[PART_IO]), 5 * MS);
	/* What the guest waited for comes first. */
	w = model_session_slow(m, 1, &n);
	assert_int_equal(n, 2);
	assert_int_equal(w[0].dur_ns, 5 * MS);
	assert_true(w[0].in_stop);
	assert_int_equal(w[1].dur_ns, 900 * MS);
	assert_false(w[1].in_stop);
}

/* As many as there is room for: the longest, in order. */
static void test_slowest(void **state)
{
	const struct call_why *w;
	uint32_t n, i;

	(void)state;
	device(1, 100);
	to_stop_copy(412 * MS);
	for (i = 0; i < SESSION_SLOW_MAX + 1; i++) {
		/* The shortest neither first nor last. */
		synth_read(&s, MIB, (2 + (i + 3) % (SESSION_SLOW_MAX + 1)) * MS);
		synth_why(&s, EV_READ, 0, 0, 0, 0, 0, "");
	}
	feed(EV_READ);
	w = model_session_slow(m, 1, &n);
	assert_int_equal(n, SESSION_SLOW_MAX);
	for (i = 0; i < n; i++)
		assert_int_equal(w[i].dur_ns, (SESSION_SLOW_MAX + 2 - i) * MS);
}

/* So many reasons wait for their calls; when one more comes the oldest call was lost. */
static void test_pending(void **state)
{
	struct event *ev;
	uint32_t more, i;

	(void)state;
	for (more = 0; more < 2; more++) {
		synth_free(&s);
		synth_init(&s);
		device(1, 100);
		to_stop_copy(412 * MS);
		synth_read(&s, MIB, 50 * MS);
		synth_why(&s, EV_READ, 50 * MS, 0, 0, 0, 0, STACK);
		/* Between it and its call there are those of other threads. */
		for (i = 0; i < WHY_PENDING - 1 + more; i++) {
			ev = synth_why(&s, EV_READ, 0, 0, 0, 0, 0, "");
			ev->tid = 1000 + i;
		}
		model_destroy(m);
		m = model_create();
		assert_int_equal(feed(EV_READ).why != NULL, !more);
	}
}

/* A step's is the step's, and of its SET_STATE the rest. */
static void test_arc(void **state)
{
	struct event_context ctx;
	const struct session *g;
	struct event *ev;

	(void)state;
	device(1, 100);
	to_stop_copy(412 * MS);
	/* 3 ms in the call that no arc has. */
	last(&s)->dur_ns += 3 * MS;
	synth_why(&s, EV_ARC, 0, 405 * MS, 0, 0, 0, STACK);
	ev = synth_why(&s, EV_SET_STATE, 0, 405 * MS, 0, 0, 3 * MS, STACK);
	assert_int_equal(ev->why.on_cpu_ns, 7 * MS + 4 * US);
	ctx = feed(EV_SET_STATE);
	assert_non_null(ctx.why);
	assert_int_equal(ctx.why->ns[WHY_BLOCKED], 405 * MS);
	g = model_session(m, 1);
	assert_int_equal(sum_of(g->window.why_ns[PART_ARC]), 412 * MS);
	assert_int_equal(g->window.why_ns[PART_ARC][WHY_BLOCKED], 405 * MS);
	assert_int_equal(g->window.why_ns[PART_OTHER][WHY_BLOCKED], 0);
	assert_int_equal(g->window.why_ns[PART_OTHER][WHY_FAULT],
			 3 * MS * g->window.unattributed_ns / (3 * MS + 4 * US));
}

/* The reason of a call that was lost is no other's, whatever comes then. */
static void test_lost_call(void **state)
{
	struct event_context ctx;
	struct event *ev;

	(void)state;
	device(1, 100);
	to_stop_copy(412 * MS);
	synth_read(&s, MIB, 50 * MS);
	ev = synth_why(&s, EV_READ, 50 * MS, 0, 0, 0, 0, STACK);
	ev->t_ns -= 60 * MS;
	ctx = feed(EV_READ);
	assert_null(ctx.why);
	assert_int_equal(sum_of(model_session(m, 1)->window.why_ns[PART_IO]), 0);
	/* Nor another thread's. */
	synth_free(&s);
	synth_init(&s);
	device(2, 100);
	to_stop_copy(412 * MS);
	synth_read(&s, MIB, 50 * MS);
	ev = synth_why(&s, EV_READ, 50 * MS, 0, 0, 0, 0, STACK);
	ev->tid = 101;
	ctx = feed(EV_READ);
	assert_null(ctx.why);
}

/* Two devices read at once: an instant has one owner, and the reasons are no more than it. */
static void test_overlap(void **state)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct migration *g;
	size_t n, i;

	(void)state;
	device(1, 100);
	device(2, 101);
	s.device = 1;
	s.tid = 100;
	s.state = MIG_RUNNING;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), 20 * US);
	s.device = 2;
	s.tid = 101;
	s.state = MIG_RUNNING;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), 20 * US);
	s.device = 1;
	s.stream = 1;
	s.tid = 100;
	synth_read(&s, MIB, 50 * MS);
	synth_why(&s, EV_READ, 50 * MS, 0, 0, 0, 0, STACK);
	s.now -= 40 * MS + s.gap;
	s.device = 2;
	s.stream = 2;
	s.tid = 101;
	synth_read(&s, MIB, 50 * MS);
	synth_why(&s, EV_READ, 0, 50 * MS, 0, 0, 0, STACK);
	feed(EV_READ);
	g = model_migration(m, 1);
	n = migration_parts(m, g, part);
	for (i = 0; i < n && strcmp(part[i].key, "io"); i++)
		;
	assert_true(i < n);
	assert_int_equal(part[i].ns, 60 * MS);
	assert_true(part[i].why.spent.any);
	assert_true(part[i].why.spent.why_ns[WHY_ASLEEP] && part[i].why.spent.why_ns[WHY_BLOCKED]);
	assert_int_equal(sum_of(part[i].why.spent.why_ns) + part[i].why.spent.rest_ns, 60 * MS);
	assert_non_null(part[i].why.worst);
}

/* A loss of reasons is no hole: the calls are there. */
static void test_loss(void **state)
{
	struct judge *j;
	char *out;

	(void)state;
	s.ops = OPS_POLL;
	device(1, 100);
	synth_source(&s, &(struct synth_plan){ 2, 2, true });
	synth_loss(&s, 3, s.now - 5 * MS, s.now, EV_WHY);
	model_destroy(m);
	judge_synth(&s, &m, &j);
	assert_int_equal(model_loss(m)->places, 0);
	assert_int_equal(model_loss(m)->reasons, 3);
	assert_int_equal(model_session(m, 1)->holes, 0);
	out = report_of(report_text);
	has(out, "  why           of 3 calls it was lost what they were spent on\n");
	has(out, "loss none");
	free(out);
	assert_non_null(strstr(judge_line(j), "| pass"));
	judge_destroy(j);
}

/* A whole migration: its report says why, in each of its forms, and without reasons it does not. */
static void test_reports(void **state)
{
	char *out;
	int with;

	(void)state;
	for (with = 0; with < 2; with++) {
		synth_free(&s);
		synth_init(&s);
		device(1, 100);
		to_stop_copy(412 * MS);
		if (with) {
			synth_why(&s, EV_ARC, 0, 405 * MS, 0, 0, 0, STACK);
			synth_why(&s, EV_SET_STATE, 0, 405 * MS, 0, 0, 0, STACK);
		}
		synth_read(&s, MIB, 2 * MS);
		if (with)
			synth_why(&s, EV_READ, 0, 0, 0, 0, 0, "");
		synth_read(&s, MIB, 900 * US);
		synth_read(&s, 0, 10 * US);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
		synth_close(&s);
		model_destroy(m);
		m = model_create();
		feed(EV_READ);
		out = report_of(report_text);
		if (with) {
			has(out, "arc to STOP_COPY 412 ms: 405 ms blocked in cmd_exec[mlx5_core]");
			has(out, "2.00 ms on the cpu, 910 µs not recorded");
			/* What its step has is not told of it again. */
			if (strstr(out, "SET_STATE(STOP_COPY) 4"))
				fail_msg("the call has what its step has:\n%s", out);
		} else if (strstr(out, "blocked") || strstr(out, "not recorded")) {
			fail_msg("nothing was recorded, and yet:\n%s", out);
		}
		free(out);
		out = report_of(report_html);
		if (with)
			has(out,
			    "arc to STOP_COPY 412 ms: 405 ms blocked in cmd_exec[mlx5_core] &lt; ");
		else if (strstr(out, "class=why"))
			fail_msg("nothing was recorded, and the page says why");
		free(out);
		out = report_of(report_json);
		if (with) {
			has(out, "\"blocked_ns\": 405000000");
			has(out, "\"not_recorded_ns\": 910000");
			has(out, "\"stack\": \"" STACK "\"");
		} else if (strstr(out, "blocked_ns")) {
			fail_msg("nothing was recorded, and yet:\n%s", out);
		}
		free(out);
	}
}

/* On the scope: in the log beside its call, and under its part of the stop. */
static void test_scope(void **state)
{
	struct scope *scope;
	const char *text;

	(void)state;
	device(1, 100);
	to_stop_copy(412 * MS);
	synth_why(&s, EV_ARC, 0, 405 * MS, 0, 0, 0, STACK);
	synth_read(&s, MIB, 2 * MS);
	synth_read(&s, 0, 10 * US);
	scope = scope_drawn(s.ev, s.n, NULL);
	scope_resize(scope, 60, 160);
	text = screen(scope);
	has(text, "why: arc 412 ms: 405 ms blocked in cmd_exec");
	has(text, "arc to STOP_COPY 412 ms: 405 ms blocked in ");
	scope_destroy(scope);
}

static const char *finding_text(const struct judge *j, enum rule_id rule)
{
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		if (judge_finding(j, i)->rule == rule)
			return judge_finding(j, i)->text;
	return "";
}

static void test_findings(void **state)
{
	struct judge *j;
	struct event *ev;

	(void)state;
	device(1, 100);
	to_stop_copy(20 * US);
	synth_read(&s, MIB, 1412 * MS);
	synth_why(&s, EV_READ, 0, 1405 * MS, 0, 0, 0, STACK);
	synth_read(&s, 0, 10 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_close(&s);
	model_destroy(m);
	judge_synth(&s, &m, &j);
	assert_string_equal(
		finding_text(j, RULE_SLOW_CALL),
		"read() took 1.412 s: 1.405 s blocked in cmd_exec[mlx5_core] < save_state[mlx5_vfio_pci] < vfio_ioctl[vfio]");
	assert_non_null(strstr(finding_text(j, RULE_SLOW_FIRST_BYTE),
			       ": 1.405 s blocked in cmd_exec"));
	judge_destroy(j);
	/* One that does not return. */
	synth_free(&s);
	synth_init(&s);
	device(1, 100);
	to_stop_copy(412 * MS);
	synth_pause(&s, 6 * SEC);
	ev = synth_add(&s, EV_STUCK, 0, 0);
	ev->stuck.call = EV_SET_STATE;
	ev->stuck.age_ns = 6 * SEC;
	synth_why(&s, EV_STUCK, 0, 0, 0, 0, 0, "next_state+0x52[vfio]");
	/* It comes after it, and began when the call did. */
	s.ev[s.n - 1] = s.ev[s.n - 2];
	s.ev[s.n - 2] = *ev;
	ev = &s.ev[s.n - 1];
	s.ev[s.n - 2].kind = EV_STUCK;
	s.ev[s.n - 2].stuck.call = EV_SET_STATE;
	s.ev[s.n - 2].stuck.age_ns = 6 * SEC;
	ev->kind = EV_WHY;
	ev->t_ns = s.ev[s.n - 2].t_ns - 6 * SEC;
	ev->dur_ns = 6 * SEC;
	memset(&ev->why, 0, sizeof(ev->why));
	ev->why.call = EV_SET_STATE;
	ev->why.so_far = 1;
	ev->why.on_cpu_ns = 6 * SEC;
	strcpy(ev->why.stack, "next_state+0x52[vfio] < set_state+0x1[driver]");
	model_destroy(m);
	judge_synth(&s, &m, &j);
	assert_string_equal(
		finding_text(j, RULE_CALL_STUCK),
		"SET_STATE has not returned for 6.000 s: 6.000 s on the cpu in next_state[vfio] < set_state[driver]");
	judge_destroy(j);
}

static struct call_why why_with(const char *stack)
{
	struct call_why w = { .call = EV_READ, .seen = true, .dur_ns = 100 * MS };
	size_t n = strlen(stack);

	w.ns[WHY_ASLEEP] = 95 * MS;
	w.ns[WHY_FAULT] = 5 * MS;
	memcpy(w.stack, stack, n < sizeof(w.stack) ? n : sizeof(w.stack));
	return w;
}

/* A recording claims what it likes: what is said of it is harmless, and has an end. */
static void test_words(void **state)
{
	char text[WHY_TEXT_LEN], stack[WHY_STACK_LEN], full[EVENT_STACK_LEN];
	struct call_why w = why_with(STACK);

	(void)state;
	assert_string_equal(judge_why_text(&w, text),
			    "95.0 ms asleep in cmd_exec[mlx5_core] < save_state[mlx5_vfio_pci] < "
			    "vfio_ioctl[vfio], 5.00 ms in page faults");
	w = why_with("\x1b[31mred\n < %s%n");
	assert_string_equal(judge_why_stack(&w, stack), "?[31mred? < ?s?n");
	memset(full, 'x', sizeof(full));
	w = why_with("");
	memcpy(w.stack, full, sizeof(full));
	assert_true(strlen(judge_why_stack(&w, stack)) < WHY_STACK_LEN);
	w = why_with("");
	assert_string_equal(judge_why_text(&w, text), "95.0 ms asleep, 5.00 ms in page faults");
	/* What was not seen is not there. */
	w.ns[WHY_FAULT] = MODEL_NONE;
	assert_string_equal(judge_why_text(&w, text), "95.0 ms asleep");
	w = why_with("f+0x1[m]");
	w.seen = false;
	assert_string_equal(judge_why_text(&w, text), "in f[m]");
	w.stack[0] = '\0';
	assert_string_equal(judge_why_text(&w, text), "");
}

/* The stack is of the longest wait, and goes with the part that this was in; where that may be several, with none. */
static void test_whose_stack(void **state)
{
	struct call_why w = why_with("futex_wait+0x1");
	char text[WHY_TEXT_LEN];

	(void)state;
	/* Many short page faults, and one wait that is longer than each of them, and not than all. */
	w.ns[WHY_ASLEEP] = 0;
	w.ns[WHY_FAULT] = 60 * MS;
	w.ns[WHY_FUTEX] = 40 * MS;
	w.longest_ns = 30 * MS;
	assert_string_equal(judge_why_text(&w, text),
			    "60.0 ms in page faults, 40.0 ms waiting for another thread; "
			    "the longest wait, 30.0 ms, in futex_wait");
	w.longest_ns = 40 * MS;
	w.ns[WHY_FAULT] = 39 * MS;
	w.ns[WHY_ON_CPU] = 21 * MS;
	assert_string_equal(
		judge_why_text(&w, text),
		"40.0 ms waiting for another thread in futex_wait, 39.0 ms in page faults, 21.0 ms on the cpu");
	/* The largest part may be the one that it cannot have been in. */
	w.ns[WHY_FAULT] = 0;
	w.ns[WHY_ON_CPU] = 60 * MS;
	assert_string_equal(judge_why_text(&w, text),
			    "60.0 ms on the cpu, 40.0 ms waiting for another thread in futex_wait");
	/* What is next to nothing of it is no reason, whatever it waited in. */
	w.ns[WHY_ON_CPU] = 96 * MS;
	w.ns[WHY_FUTEX] = w.longest_ns = 4 * MS;
	assert_string_equal(judge_why_text(&w, text), "96.0 ms on the cpu");
	/* Not known: with the most of what waits. */
	w.ns[WHY_ON_CPU] = 0;
	w.ns[WHY_FUTEX] = 40 * MS;
	w.ns[WHY_FAULT] = 60 * MS;
	w.longest_ns = MODEL_NONE;
	assert_string_equal(
		judge_why_text(&w, text),
		"60.0 ms in page faults in futex_wait, 40.0 ms waiting for another thread");
}

static void put_frame(struct wire_why *rec, unsigned int i, const char *name)
{
	strncpy(rec->frame[i], name, WIRE_FRAME_LEN);
	rec->n_frames = i + 1;
}

static void begin_why(struct wire_why *rec)
{
	memset(rec, 0, sizeof(*rec));
	rec->head.kind = WIRE_WHY;
	rec->head.size = sizeof(*rec);
}

/* Frames that fill the text to its last byte: the end needs that one. */
static void test_stack_full(void **state)
{
	static struct wire_why rec;
	char name[40] = "";
	struct event ev;
	unsigned int i;

	(void)state;
	begin_why(&rec);
	rec.call = WIRE_READ;
	rec.seen = WIRE_WHY_SUMS;
	/* 7 times 34, and 3 between two. */
	memset(name, 'x', 34);
	for (i = 0; i < 7; i++)
		put_frame(&rec, i, name);
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(strnlen(ev.why.stack, EVENT_STACK_LEN), 6 * 37 - 3);
	name[33] = '\0';
	put_frame(&rec, 6, name);
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(strnlen(ev.why.stack, EVENT_STACK_LEN), EVENT_STACK_LEN - 1);
}

static void test_decode(void **state)
{
	static struct wire_why rec;
	struct event ev;
	unsigned int i;

	(void)state;
	begin_why(&rec);
	rec.head.start_ns = 1000;
	rec.head.end_ns = 51000;
	rec.call = WIRE_FEATURE;
	rec.feature = VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE;
	rec.seen = WIRE_WHY_SUMS | WIRE_WHY_FAULTS | WIRE_WHY_LOCKS;
	rec.asleep_ns = 10000;
	rec.runqueue_ns = 5000;
	rec.fault_ns = 2000;
	rec.faults = 3;
	put_frame(&rec, 0, "msleep+0x2f/0x40");
	put_frame(&rec, 1, "save_read+0x52/0x100 [mtty]");
	/* It is traced, which is no news of what it waits for. */
	put_frame(&rec, 2, "bpf_trampoline_79457009080+0x89/0x100");
	put_frame(&rec, 3, "save_read+0x9/0x100 [mtty]");
	put_frame(&rec, 4, "?");
	put_frame(&rec, 5, "vfs_read+0xb0/0x370");
	put_frame(&rec, 6, "ksys_read+0x6f/0xf0");
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_WHY);
	assert_int_equal(ev.why.call, EV_SET_STATE);
	assert_int_equal(ev.dur_ns, 50000);
	assert_int_equal(ev.why.on_cpu_ns, 33000);
	assert_int_equal(ev.why.faults, 3);
	assert_string_equal(ev.why.stack, "msleep+0x2f < save_read+0x52[mtty] < ?");
	/* In a call they are not told apart; between two they are. */
	assert_int_equal(ev.why.send_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.kvm_log_ns, EVENT_NOT_SEEN);
	rec.call = WIRE_NONE;
	rec.send_ns = 1000;
	rec.receive_ns = 2000;
	rec.poll_ns = 3000;
	rec.futex_ns = 4000;
	rec.stopped_ns = 5000;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.call, EV_NONE);
	assert_int_equal(ev.why.stopped_ns, 5000);
	assert_int_equal(ev.why.kvm_log_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.on_cpu_ns, 18000);
	/* It waited to send to what is no socket; then on one, and nobody knows of the rest. */
	assert_int_equal(ev.why.send_receiver_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.send_buffers_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.send_network_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.srtt_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.cwnd, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.retransmits, EVENT_NOT_SEEN);
	rec.send_receiver_ns = 700;
	rec.send_network_ns = 200;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.send_receiver_ns, 700);
	assert_int_equal(ev.why.send_buffers_ns, 0);
	assert_int_equal(ev.why.send_network_ns, 200);
	/* They are in send_ns. */
	assert_int_equal(ev.why.on_cpu_ns, 18000);
	assert_int_equal(ev.why.srtt_ns, EVENT_NOT_SEEN);
	rec.srtt_us = 40000;
	rec.cwnd = 10;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.srtt_ns, 40 * MS);
	assert_int_equal(ev.why.cwnd, 10);
	assert_int_equal(ev.why.retransmits, 0);
	rec.retransmitted = 12;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.retransmits, 12);
	rec.seen |= WIRE_WHY_LOG;
	rec.log_ns = 6000;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.kvm_log_ns, 6000);
	assert_int_equal(ev.why.on_cpu_ns, 12000);
	/* Nobody looked for threads that run a vCPU; then somebody did. */
	assert_int_equal(ev.why.futex_vcpu_ns, EVENT_NOT_SEEN);
	rec.seen |= WIRE_WHY_VCPUS;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.futex_vcpu_ns, 0);
	rec.futex_vcpu_ns = 1234;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.futex_vcpu_ns, 1234);
	/* It is in futex_ns. */
	assert_int_equal(ev.why.on_cpu_ns, 12000);
	/* Who never waited to send was limited by nothing. */
	rec.send_ns = rec.send_receiver_ns = rec.send_network_ns = 0;
	rec.poll_ns += 1000;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.send_receiver_ns, 0);
	rec.call = WIRE_FEATURE;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.send_receiver_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.srtt_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.futex_vcpu_ns, EVENT_NOT_SEEN);
	/* Which other call of VFIO_DEVICE_FEATURE. */
	rec.feature = VFIO_FEATURE_GET | VFIO_FEATURE_MIG_DATA_SIZE;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.call, EV_DATA_SIZE);
	rec.call = WIRE_DIRTY_PAGES;
	rec.feature = VFIO_DIRTY_PAGES_START;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.call, EV_DMA_LOG_START);
	rec.call = WIRE_READ;
	/* Without the programs that see page faults there is no number of them, nor their time. */
	rec.seen = WIRE_WHY_SUMS;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.call, EV_READ);
	assert_int_equal(ev.why.faults, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.on_cpu_ns, 50000 - rec.asleep_ns - rec.locked_ns - rec.runqueue_ns);
	assert_int_equal(ev.why.fault_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.lock_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.on_cpu_ns, 35000);
	rec.seen = 0;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.why.on_cpu_ns, EVENT_NOT_SEEN);
	assert_int_equal(ev.why.asleep_ns, EVENT_NOT_SEEN);
	/* More than there is room for ends with a whole frame. */
	for (i = 0; i < WIRE_FRAMES; i++)
		put_frame(&rec, i,
			  "a_function_with_a_name_of_some_forty_letters_in_all+0x1/0x2 [driver_x]");
	rec.n_frames = 99;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_true(strlen(ev.why.stack) < EVENT_STACK_LEN);
	assert_string_equal(ev.why.stack + strlen(ev.why.stack) - 9, "driver_x]");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_read),	    T(test_precopy),   T(test_slowest),	    T(test_pending),
		T(test_arc),	    T(test_lost_call), T(test_overlap),	    T(test_loss),
		T(test_findings),   T(test_words),     T(test_whose_stack), T(test_decode),
		T(test_stack_full), T(test_reports),   T(test_scope),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
