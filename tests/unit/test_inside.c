// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_inside.c - functions of the kernel within calls: from the kernel's record to the words,
 * each in its own call, and "not seen" where nobody looked
 */
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/decode.h"
#include "capture/inside.h"
#include "model/internal.h"
#include "recording/registry.h"
#include "view/downtime.h"

#include "tests/unit/why_help.h"

#define EXEC "mlx5_cmd_exec"
#define DO   "mlx5_cmd_do"

/* Of a session's list. */
static const struct session_inside *told(uint32_t session, const char *name)
{
	const struct session_inside *list;
	uint32_t n, i;

	list = model_session_inside(m, session, &n);
	for (i = 0; i < n; i++)
		if (!strcmp(model_function(m, list[i].function)->name, name))
			return &list[i];
	return NULL;
}

static void told_is(uint32_t session, const char *name, uint64_t calls, uint64_t total_ns,
		    uint64_t longest_ns)
{
	const struct session_inside *x = told(session, name);

	assert_non_null(x);
	assert_int_equal(x->unseen, UNSEEN_NOT);
	assert_int_equal(x->calls, calls);
	assert_int_equal(x->total_ns, total_ns);
	assert_int_equal(x->longest_ns, longest_ns);
}

/* A device gives a MiB in a read() of 50 ms, and a function was asked for. */
static void a_read(void)
{
	synth_function(&s, EXEC, UNSEEN_NOT);
	device(1, 100);
	to_stop_copy(4 * MS);
	synth_read(&s, MIB, 50 * MS);
}

/* Also what ran in the step that began the session, which was not there then. */
static void test_sums(void **state)
{
	const struct session_inside *x;
	struct event *ev;
	uint64_t at;

	(void)state;
	synth_function(&s, EXEC, UNSEEN_NOT);
	synth_function(&s, DO, UNSEEN_NOT);
	device(1, 100);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 5 * MS);
	synth_inside(&s, EV_ARC, EXEC, 1 * MS, 2 * MS);
	synth_read(&s, MIB, 50 * MS);
	ev = synth_inside(&s, EV_READ, DO, 2 * MS, 30 * MS);
	ev->inside.depth = 1;
	at = synth_inside(&s, EV_READ, EXEC, 1 * MS, 40 * MS)->t_ns;
	ev = synth_inside(&s, EV_READ, EXEC, 0, 50 * MS);
	ev->inside.folded = 1;
	ev->inside.count = 12;
	ev->inside.total_ns = 340 * US;
	ev->inside.longest_ns = 90 * US;
	feed(EV_READ);
	told_is(1, EXEC, 14, 42 * MS + 340 * US, 40 * MS);
	told_is(1, DO, 1, 30 * MS, 30 * MS);
	x = told(1, EXEC);
	assert_int_equal(x->longest_call, EV_READ);
	assert_int_equal(x->longest_t_ns, at);
	assert_int_equal(x->longest_to, MIG_UNKNOWN);
	assert_int_equal(model_session(m, 1)->reads, 1);
}

/* Those of a step are its own, and not also the SET_STATE's around it. */
static void test_steps(void **state)
{
	const struct session_inside *x;
	const struct call_why *w;
	uint32_t n, i, seen = 0;

	(void)state;
	synth_function(&s, EXEC, UNSEEN_NOT);
	device(1, 100);
	to_stop_copy(400 * MS);
	synth_why(&s, EV_ARC, 0, 390 * MS, 0, 0, 0, "");
	synth_inside(&s, EV_ARC, EXEC, 1 * MS, 390 * MS);
	synth_why(&s, EV_SET_STATE, 0, 0, 0, 0, 0, "");
	synth_inside(&s, EV_SET_STATE, EXEC, 1 * US, 1 * US);
	feed(EV_SET_STATE);
	told_is(1, EXEC, 2, 390 * MS + 1 * US, 390 * MS);
	x = told(1, EXEC);
	assert_int_equal(x->longest_call, EV_ARC);
	assert_int_equal(x->longest_to, MIG_STOP_COPY);
	w = model_session_slow(m, 1, &n);
	for (i = 0; i < n; i++) {
		if (w[i].call != EV_ARC && w[i].call != EV_SET_STATE)
			continue;
		seen++;
		assert_int_equal(w[i].n_inside, 1);
		assert_int_equal(w[i].inside[0].total_ns, w[i].call == EV_ARC ? 390 * MS : 1 * US);
	}
	assert_int_equal(seen, 2);
}

/* Of a call that was lost: nobody else's. */
static void test_lost_call(void **state)
{
	(void)state;
	a_read();
	synth_inside(&s, EV_READ, EXEC, 1 * MS, 40 * MS);
	/* The read() itself is not there. */
	s.n--;
	synth_read(&s, MIB, 20 * MS);
	synth_inside(&s, EV_READ, EXEC, 1 * MS, 10 * MS);
	feed(EV_READ);
	told_is(1, EXEC, 1, 10 * MS, 10 * MS);
	assert_int_equal(m->n_insides, 0);
}

/* Two threads at once, and one whose call has not returned. */
static void test_threads(void **state)
{
	struct event first, *ev;

	(void)state;
	a_read();
	first = *synth_inside(&s, EV_READ, EXEC, 1 * MS, 40 * MS);
	ev = synth_add(&s, EV_INSIDE, 7 * MS, 0);
	ev->inside = first.inside;
	ev->inside.total_ns = ev->inside.longest_ns = 7 * MS;
	ev->tid = 101;
	feed(EV_READ);
	told_is(1, EXEC, 1, 40 * MS, 40 * MS);
	assert_int_equal(m->n_insides, 1);
}

/* The largest sums of a call are kept, in their order; how many others there were. */
static void test_many(void **state)
{
	const struct call_why *w;
	char name[] = "function_a";
	uint32_t n, i;

	(void)state;
	device(1, 100);
	to_stop_copy(4 * MS);
	synth_read(&s, MIB, 500 * MS);
	synth_why(&s, EV_READ, 0, 0, 0, 0, 0, "");
	for (i = 0; i < CALL_INSIDE_MAX + 3; i++) {
		name[sizeof(name) - 2] = (char)('a' + i);
		synth_inside(&s, EV_READ, name, 0, (1 + (i * 4) % 9) * MS);
	}
	feed(EV_READ);
	w = model_session_slow(m, 1, &n);
	assert_int_equal(n, 1);
	assert_int_equal(w->n_inside, CALL_INSIDE_MAX);
	assert_int_equal(w->inside_left_out, 3);
	for (i = 0; i < CALL_INSIDE_MAX; i++)
		assert_int_equal(w->inside[i].total_ns, (9 - i) * MS);
}

/* More than there is room for: no more is told of, and what is there stays. */
static void test_functions_max(void **state)
{
	char name[32];
	uint32_t i;

	(void)state;
	for (i = 0; i < 256 + 1; i++) {
		snprintf(name, sizeof(name), "function_%u", i);
		synth_function(&s, name, UNSEEN_NOT);
	}
	device(1, 100);
	to_stop_copy(4 * MS);
	synth_read(&s, MIB, 50 * MS);
	synth_inside(&s, EV_READ, "function_255", 0, 1 * MS);
	synth_inside(&s, EV_READ, "function_256", 0, 1 * MS);
	feed(EV_READ);
	assert_int_equal(model_functions(m), 256);
	told_is(1, "function_255", 1, 1 * MS, 1 * MS);
	assert_null(told(1, "function_256"));
}

static void test_pending_max(void **state)
{
	struct event ev, call;
	uint32_t i;

	(void)state;
	a_read();
	ev = *synth_inside(&s, EV_READ, EXEC, 0, 1 * MS);
	call = s.ev[s.n - 1];
	s.n -= 2;
	feed(EV_READ);
	for (i = 0; i < 1024 + 1; i++) {
		ev.tid = 1000 + i;
		assert_int_equal(model_feed(m, &ev, NULL), 0);
	}
	assert_int_equal(m->n_insides, 1024);
	/* The last one's was not kept; that of the one before was. */
	for (i = 1024 + 1; i-- > 1023;) {
		call.tid = 1000 + i;
		assert_int_equal(model_feed(m, &call, NULL), 0);
	}
	told_is(1, EXEC, 1, 1 * MS, 1 * MS);
}

/* A session keeps what was so while it went on; of what nobody asked for there is nothing. */
static void test_unseen(void **state)
{
	struct event *ev;
	uint32_t n;

	(void)state;
	device(1, 100);
	to_stop_copy(4 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING), 20 * US);
	synth_function(&s, EXEC, UNSEEN_NO_SIGN);
	ev = synth_function(&s, DO, UNSEEN_REFUSED);
	ev->ret = -EINVAL;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 5 * MS);
	synth_function(&s, EXEC, UNSEEN_NOT);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 20 * US);
	synth_function(&s, EXEC, UNSEEN_ABSENT);
	feed(EV_ARC);
	assert_null(model_session_inside(m, 1, &n));
	assert_int_equal(n, 0);
	assert_non_null(model_session_inside(m, 2, &n));
	assert_int_equal(n, 2);
	told_is(2, EXEC, 0, 0, 0);
	assert_int_equal(told(2, DO)->unseen, UNSEEN_REFUSED);
	assert_int_equal(told(2, DO)->err, -EINVAL);
	assert_true(told(2, EXEC)->since_ns > model_session(m, 2)->start_ns);
	assert_int_equal(model_function(m, told(2, EXEC)->function)->unseen, UNSEEN_ABSENT);
}

/* Two hosts have lists of their own. */
static void test_hosts(void **state)
{
	uint32_t n;

	(void)state;
	s.host = 1;
	synth_function(&s, EXEC, UNSEEN_NOT);
	s.host = 2;
	synth_function(&s, EXEC, UNSEEN_ABSENT);
	synth_function(&s, DO, UNSEEN_NOT);
	s.host = 1;
	device(1, 100);
	to_stop_copy(4 * MS);
	s.host = 2;
	device(2, 200);
	to_stop_copy(4 * MS);
	feed(EV_ARC);
	assert_int_equal(model_functions(m), 3);
	model_session_inside(m, 1, &n);
	assert_int_equal(n, 1);
	model_session_inside(m, 2, &n);
	assert_int_equal(n, 2);
	assert_int_equal(told(1, EXEC)->unseen, UNSEEN_NOT);
	assert_int_equal(told(2, EXEC)->unseen, UNSEEN_ABSENT);
}

/* A copy goes its own way, with what waits for its call. */
static void test_clone(void **state)
{
	struct event *last;
	struct model *copy;
	size_t i;

	(void)state;
	a_read();
	synth_inside(&s, EV_READ, EXEC, 1 * MS, 40 * MS);
	last = &s.ev[s.n - 1];
	for (i = 0; i + 1 < s.n; i++)
		assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
	copy = model_clone(m);
	assert_non_null(copy);
	assert_int_equal(model_feed(m, last, NULL), 0);
	told_is(1, EXEC, 1, 40 * MS, 40 * MS);
	model_destroy(m);
	m = copy;
	told_is(1, EXEC, 0, 0, 0);
	assert_int_equal(model_feed(m, last, NULL), 0);
	told_is(1, EXEC, 1, 40 * MS, 40 * MS);
}

/* What was lost of them hides nothing else. */
static void test_loss(void **state)
{
	(void)state;
	device(1, 100);
	to_stop_copy(4 * MS);
	synth_loss(&s, 3, s.now - 2 * MS, s.now, EV_INSIDE);
	feed(EV_ARC);
	assert_int_equal(model_loss(m)->insides, 3);
	assert_int_equal(model_loss(m)->events, 0);
	assert_int_equal(model_session(m, 1)->holes, 0);
	assert_int_equal(model_device(m, 1)->state, MIG_STOP_COPY);
}

static void migration_with(void)
{
	struct event *ev;

	ev = synth_function(&s, EXEC, UNSEEN_NOT);
	strcpy(ev->function_def.symbol, EXEC ".isra.0");
	synth_function(&s, DO, UNSEEN_NOT);
	synth_function(&s, "e\x1bvil", UNSEEN_ABSENT);
	device(1, 100);
	to_stop_copy(400 * MS);
	synth_why(&s, EV_ARC, 0, 395 * MS, 0, 0, 0, "wait_func+0x1[mlx5_core]");
	synth_inside(&s, EV_ARC, EXEC, 1 * MS, 390 * MS);
	synth_inside(&s, EV_ARC, EXEC, 392 * MS, 6 * MS);
	synth_read(&s, MIB, 1 * MS);
	synth_read(&s, 0, 1 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), 20 * US);
	synth_close(&s);
	feed(EV_READ);
}

/* In all the reports. */
static void test_reports(void **state)
{
	char *out;

	(void)state;
	migration_with();
	out = report_of(report_text);
	has(out, "inside: mlx5_cmd_exec 2 times 396 ms, the longest 390 ms");
	has(out, "mlx5_cmd_exec 2 times 396 ms, the longest 390 ms in PRE_COPY ->");
	has(out, "mlx5_cmd_do not called");
	has(out, "e\\x1bvil not seen: no function has that name");
	free(out);
	out = report_of(report_json);
	has(out, "\"symbol\": \"mlx5_cmd_exec.isra.0\"");
	has(out, "\"total_ns\": 396000000");
	has(out, "\"longest_call\": \"arc\"");
	has(out, "\"longest_from\": \"PRE_COPY\"");
	has(out, "\"seen\": false");
	has(out, "\"reason\": \"no function has that name: inlined, or its module is not loaded\"");
	has(out, "\"calls\": null");
	has(out, "\"calls\": 0");
	free(out);
	out = report_of(report_html);
	has(out, "inside: mlx5_cmd_exec 2 times 396 ms, the longest 390 ms");
	has(out, "mlx5_cmd_do not called");
	free(out);
}

/* ---- from the kernel ---- */

static void test_decode(void **state)
{
	static struct wire_inside rec = {
		.head = { .kind = WIRE_INSIDE,
			  .size = sizeof(rec),
			  .start_ns = 1000,
			  .end_ns = 501000,
			  .pid = 7,
			  .tid = 8,
			  .device = 3,
			  .stream = 4 },
		.call = WIRE_FEATURE,
		.feature = VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE,
		.function = 2,
		.depth = 1,
		.count = 1,
		.total_ns = 500000,
		.longest_ns = 500000,
	};
	struct event ev;

	(void)state;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.kind, EV_INSIDE);
	assert_int_equal(ev.inside.call, EV_SET_STATE);
	assert_int_equal(ev.inside.depth, 1);
	assert_int_equal(ev.inside.folded, 0);
	assert_int_equal(ev.inside.count, 1);
	assert_int_equal(ev.dur_ns, 500000);
	assert_int_equal(ev.device, 3);
	assert_int_equal(ev.stream, 4);
	rec.call = WIRE_ARC;
	rec.folded = 1;
	rec.count = 9;
	rec.longest_ns = 90000;
	assert_int_equal(decode_record(&rec, sizeof(rec), &ev), 0);
	assert_int_equal(ev.inside.call, EV_ARC);
	assert_int_equal(ev.inside.folded, 1);
	assert_int_equal(ev.inside.count, 9);
	assert_int_equal(ev.inside.longest_ns, 90000);
	assert_int_equal(decode_record(&rec, sizeof(rec) - 1, &ev), -EINVAL);
}

static void test_find(void **state)
{
	static const char kallsyms[] =
		"0000000000000000 t twice\n"
		"0000000000000000 T plain\n"
		"0000000000000000 t made.isra.0\n"
		"0000000000000000 t made.isra.0.cold\n"
		"0000000000000000 t parts.part.0\n"
		"0000000000000000 t parts.constprop.0\n"
		"0000000000000000 t both.part.0\n"
		"0000000000000000 t both\n"
		"0000000000000000 D datum\n"
		"0000000000000000 t long.constprop.0.isra.0\t[mlx5_core]\n"
		"0000000000000000 t plainer\n"
		"0000000000000000 t twice\t[mlx5_core]\n"
		"0000000000000000 t program\t[bpf]\n";
	static const struct {
		const char *name, *symbol, *module;
		uint32_t unseen;
	} want[] = {
		{ "plain", "plain", "", UNSEEN_NO_SIGN },
		{ "made", "made.isra.0", "", UNSEEN_NO_SIGN },
		{ "parts", NULL, NULL, UNSEEN_SEVERAL },
		{ "both", "both", "", UNSEEN_NO_SIGN },
		{ "datum", NULL, NULL, UNSEEN_ABSENT },
		{ "long", "long.constprop.0.isra.0", "mlx5_core", UNSEEN_NO_SIGN },
		{ "twice", NULL, NULL, UNSEEN_SEVERAL },
		{ "program", NULL, NULL, UNSEEN_ABSENT },
		{ "made.isra.0", "made.isra.0", "", UNSEEN_NO_SIGN },
		{ "absent", NULL, NULL, UNSEEN_ABSENT },
	};
	const size_t n = sizeof(want) / sizeof(want[0]);
	struct inside_function f[sizeof(want) / sizeof(want[0])] = { 0 };
	char path[] = "/tmp/kallsyms.XXXXXX";
	int fd = mkstemp(path);
	size_t i;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, kallsyms, sizeof(kallsyms) - 1), sizeof(kallsyms) - 1);
	close(fd);
	for (i = 0; i < n; i++)
		strcpy(f[i].pub.name, want[i].name);
	inside_find(path, f, n);
	unlink(path);
	for (i = 0; i < n; i++) {
		assert_int_equal(f[i].pub.unseen, want[i].unseen);
		assert_int_equal(f[i].found, want[i].symbol != NULL);
		if (!want[i].symbol)
			continue;
		assert_string_equal(f[i].pub.symbol, want[i].symbol);
		assert_string_equal(f[i].module, want[i].module);
	}
	/* What has been found stays, whatever a later look shows. */
	inside_find(path, f, n);
	assert_int_equal(f[0].pub.unseen, UNSEEN_NO_SIGN);
	assert_int_equal(f[6].pub.unseen, UNSEEN_ABSENT);
}

/* Definitions in force: of each host and name the last one. */
static void test_registry(void **state)
{
	struct registry r = { 0 };
	struct event *ev, other;
	size_t i;

	(void)state;
	synth_function(&s, EXEC, UNSEEN_NO_SIGN);
	synth_function(&s, DO, UNSEEN_ABSENT);
	synth_function(&s, EXEC, UNSEEN_NOT);
	s.host = 2;
	synth_function(&s, EXEC, UNSEEN_SEVERAL);
	/* Behind the clock pair. */
	for (i = 1; i < s.n; i++)
		assert_int_equal(registry_learn(&r, &s.ev[i]), 0);
	assert_int_equal(registry_count(&r), 3);
	assert_string_equal(registry_at(&r, EV_FUNCTION, 0)->function_def.name, DO);
	ev = &s.ev[s.n - 2];
	assert_true(registry_knows(&r, ev));
	other = *ev;
	other.function_def.unseen = UNSEEN_NO_SIGN;
	assert_false(registry_knows(&r, &other));
	assert_null(registry_at(&r, EV_FUNCTION, 3));
	registry_free(&r);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_sums),	  T(test_steps),	 T(test_lost_call),   T(test_threads),
		T(test_many),	  T(test_unseen),	 T(test_hosts),	      T(test_clone),
		T(test_loss),	  T(test_reports),	 T(test_decode),      T(test_find),
		T(test_registry), T(test_functions_max), T(test_pending_max),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
