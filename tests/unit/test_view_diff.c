// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_diff.c - which migrations are held against each other, when a
 * figure differs, and that a hole proves nothing
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
#include "view/diff.h"

static struct synth s[2];
static struct model *m[2];
static struct judge *j[2];
static struct source_health health[2];
static struct diff_options o;
static struct view_options view;
static char *out;
static size_t out_len;

static int setup(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		synth_init(&s[i]);
		m[i] = model_create();
		j[i] = judge_create(NULL);
		memset(&health[i], 0, sizeof(health[i]));
		health[i].ended = true;
	}
	diff_options_init(&o);
	memset(&view, 0, sizeof(view));
	return 0;
}

static int teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		judge_destroy(j[i]);
		model_destroy(m[i]);
		synth_free(&s[i]);
	}
	free(out);
	out = NULL;
	return 0;
}

static void vm_migration(int side, uint32_t number, const char *name, uint32_t stop_copy_mib,
			 const char *vm)
{
	synth_device(&s[side], number, name, "mlx5_vfio_pci", 7);
	synth_task(&s[side], 100, "mig", vm);
	synth_open(&s[side]);
	synth_source(&s[side], &(struct synth_plan){ 8, stop_copy_mib, true });
	synth_close(&s[side]);
}

static void migration(int side, uint32_t number, const char *name, uint32_t stop_copy_mib)
{
	vm_migration(side, number, name, stop_copy_mib, "web-07");
}

static enum diff_verdict run(bool json)
{
	struct view_evidence ab[2];
	struct view_file file[2];
	struct event_context ctx;
	enum diff_verdict v;
	FILE *f;
	size_t k;
	int i;

	for (i = 0; i < 2; i++) {
		model_destroy(m[i]);
		judge_destroy(j[i]);
		m[i] = model_create();
		j[i] = judge_create(NULL);
		for (k = 0; k < s[i].n; k++) {
			assert_int_equal(model_feed(m[i], &s[i].ev[k], &ctx), 0);
			assert_int_equal(judge_feed(j[i], m[i], &s[i].ev[k], &ctx), 0);
		}
		judge_finish(j[i], m[i], &(struct judge_evidence){ .health = &health[i] });
		view_one_file(&ab[i], &file[i], m[i], i ? "b.vfs" : "a\033.vfs", NULL, &health[i]);
		ab[i].judge = j[i];
	}
	free(out);
	f = open_memstream(&out, &out_len);
	v = json ? diff_json(f, ab, &o) : diff_text(f, ab, &o, &view);
	fclose(f);
	return v;
}

static void has(const char *what)
{
	if (!strstr(out, what))
		fail_msg("'%s' is missing in:\n%s", what, out);
}

static void lacks(const char *what)
{
	if (strstr(out, what))
		fail_msg("'%s' should not be in:\n%s", what, out);
}

static void set(const char *setting)
{
	char err[DIFF_ERR_LEN];

	if (diff_options_set(&o, setting, err))
		fail_msg("%s: %s", setting, err);
}

static void test_same(void **state)
{
	(void)state;
	migration(0, 1, "0000:3b:00.2", 4);
	migration(1, 1, "0000:3b:00.2", 4);
	assert_int_equal(run(false), DIFF_SAME);
	has("SAME");
	has("a\\x1b.vfs");
	lacks("\033");
	assert_int_equal(run(true), DIFF_SAME);
	has("\"verdict\": \"same\"");
}

static void test_thresholds(void **state)
{
	(void)state;
	/* 12.1 MiB against 13.1 MiB: 8.3 %; in STOP_COPY 4 against 5: 25 %. */
	migration(0, 1, "0000:3b:00.2", 4);
	migration(1, 1, "0000:3b:00.2", 5);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("\n  stop-copy               4.00 MiB   5.00 MiB  +1.00 MiB +25.0 %  worse\n");
	has("\n  bytes                   12.1 MiB   13.1 MiB  +1.00 MiB +8.3 %\n");
	has("DIFFERENT: 1 of 1 migration (stop-copy)\n");
	/* Who names a figure is asked of nothing else. */
	set("bytes=50%");
	assert_int_equal(run(false), DIFF_SAME);
	set("stop-copy=25%");
	assert_int_equal(run(false), DIFF_SAME);
	set("stop-copy=24.9%");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	/* An amount of its own leaves no per cent. */
	set("stop-copy=1MiB");
	assert_int_equal(run(false), DIFF_SAME);
	set("stop-copy=1048575");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	set("stop-copy=off");
	assert_int_equal(run(false), DIFF_SAME);
	has("stop-copy ");
	set("all=0%");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	set("all=off");
	assert_int_equal(run(false), DIFF_SAME);
}

/* A stop in which the VMM sent, and waited for another thread. */
static void explained(int side, uint64_t send_ns, uint64_t futex_ns)
{
	struct synth *y = &s[side];
	struct event *ev;

	synth_device(y, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(y, 100, "mig", "web-07");
	synth_open(y);
	synth_set_state(y, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_set_state(y, SYNTH_PATH(MIG_STOP_COPY), MS);
	ev = synth_between(y, send_ns + futex_ns);
	ev->why.on_cpu_ns = 0;
	ev->why.send_ns = send_ns;
	ev->why.futex_ns = futex_ns;
	synth_read(y, 0, MS);
	synth_set_state(y, SYNTH_PATH(MIG_STOP), MS);
	synth_close(y);
}

static void limited(int side, uint64_t receiver_ns)
{
	size_t i;

	for (i = 0; i < s[side].n; i++) {
		if (s[side].ev[i].kind != EV_WHY)
			continue;
		s[side].ev[i].why.send_receiver_ns = receiver_ns;
		s[side].ev[i].why.send_buffers_ns = s[side].ev[i].why.send_network_ns = 0;
	}
}

/* What grew has a name; it counts where it is asked for, and only what both recorded. */
static void test_reasons(void **state)
{
	size_t i;

	(void)state;
	explained(0, 200 * MS, 50 * MS);
	explained(1, 200 * MS, 250 * MS);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("DIFFERENT: 1 of 1 migration (stop-window, outside, duration); the reason that grew "
	    "most: waiting for another thread, +200 ms\n");
	has("\n  why-send                  200 ms     200 ms\n");
	has("\n  why-futex                50.0 ms     250 ms    +200 ms +400.0 %\n");
	lacks("why-on-cpu");
	set("why-send=10%");
	assert_int_equal(run(false), DIFF_SAME);
	lacks("the reason that grew");
	set("why-futex=10%");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("(why-futex); the reason");
	assert_int_equal(run(true), DIFF_DIFFERENT);
	has("\"name\": \"why-futex\"");
	/* What limited the sending is compared where both know it, and is never 0 where not. */
	lacks("why-send-receiver");
	limited(1, 150 * MS);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("\n  why-send-receiver              -     150 ms\n");
	lacks("why-send-network");
	limited(0, 50 * MS);
	set("why-send-receiver=10%");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("\n  why-send-receiver        50.0 ms     150 ms    +100 ms +200.0 %  worse\n");
	has("(why-futex, why-send-receiver); the reason that grew most: waiting for another thread");
	/* In one of them nothing was recorded. */
	for (i = 0; i < s[0].n; i++)
		if (s[0].ev[i].kind == EV_WHY)
			s[0].ev[i].kind = EV_MARK;
	assert_int_equal(run(false), DIFF_INCONCLUSIVE);
	has("not in both");
	diff_options_init(&o);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	lacks("the reason that grew");
}

/* What limited the sending is in that, and no reason besides. */
static void test_reason_within(void **state)
{
	(void)state;
	explained(0, 400 * MS, 50 * MS);
	explained(1, 400 * MS, 150 * MS);
	limited(0, 50 * MS);
	limited(1, 350 * MS);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("\n  why-send-receiver        50.0 ms     350 ms    +300 ms +600.0 %\n");
	has("the reason that grew most: waiting for another thread, +100 ms\n");
}

/* What there is less of has not grown, however much less it is. */
static void test_reason_that_shrank(void **state)
{
	(void)state;
	explained(0, 500 * MS, 50 * MS);
	explained(1, 20 * MS, 350 * MS);
	set("why-futex=10%");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("the reason that grew most: waiting for another thread, +300 ms\n");
}

static void test_improvement(void **state)
{
	(void)state;
	migration(0, 1, "0000:3b:00.2", 5);
	migration(1, 1, "0000:3b:00.2", 4);
	assert_int_equal(run(false), DIFF_BETTER);
	has("BETTER: nothing is worse, and 1 figure is better\n");
	assert_int_equal(run(true), DIFF_BETTER);
	has("\"verdict\": \"better\"");
	o.both_ways = true;
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("DIFFERENT: 1 of 1 migration (stop-copy)\n");
}

/* A destination whose load takes @load_ns and whose write()s take @write_ns. */
static void arrival(int side, const char *name, uint32_t mib, uint64_t load_ns, uint64_t write_ns)
{
	struct synth *x = &s[side];
	uint32_t i;

	synth_device(x, 1, name, "mlx5_vfio_pci", 7);
	synth_task(x, 100, "mig", "web-07");
	synth_open(x);
	synth_set_state(x, SYNTH_PATH(MIG_STOP, MIG_RESUMING), 90 * US);
	for (i = 0; i < mib; i++)
		synth_write(x, (int64_t)MIB, write_ns);
	synth_set_state(x, SYNTH_PATH(MIG_STOP, MIG_RUNNING), load_ns);
	synth_stream_close(x);
}

/* Less is no improvement where it is the state that did not go in. */
static void test_work_not_done(void **state)
{
	size_t i;

	(void)state;
	arrival(0, "0000:3b:00.2", 4, 20 * MS, 10 * US);
	arrival(1, "0000:86:00.1", 4, US, 10 * US);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("0000:3b:00.2 / 0000:86:00.1, destination:\n");
	has("RESUMING to STOP         20.0 ms    1.00 µs");
	has("  work not done\n");
	has("(RESUMING to STOP: work not done");
	/* Faster, but not next to nothing. */
	s[1].n = 0;
	arrival(1, "0000:86:00.1", 4, MS, 10 * US);
	assert_int_equal(run(false), DIFF_BETTER);
	/* It is in the write()s now. */
	s[1].n = 0;
	arrival(1, "0000:86:00.1", 4, US, 5 * MS);
	set("arc=10%");
	assert_int_equal(run(false), DIFF_BETTER);
	/* State that does not come. */
	diff_options_init(&o);
	s[0].n = s[1].n = 0;
	arrival(0, "0000:3b:00.2", 200, MS, 10 * US);
	arrival(1, "0000:3b:00.2", 1, MS, 10 * US);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("(bytes: work not done, device-bytes: work not done)");
	/* A hundredth is next to nothing, a byte more is not. */
	s[1].n = 0;
	arrival(1, "0000:3b:00.2", 2, MS, 10 * US);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	for (i = 0; s[1].ev[i].kind != EV_WRITE; i++)
		;
	s[1].ev[i].ret++;
	assert_int_equal(run(false), DIFF_BETTER);
}

/* Calls are those that move its bytes, and an arc's time is that of those that went. */
static void test_calls_and_arcs(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		synth_device(&s[i], 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
		synth_task(&s[i], 100, "mig", "web-07");
		synth_open(&s[i]);
		synth_set_state(&s[i], SYNTH_PATH(MIG_STOP, MIG_RESUMING), 90 * US);
		synth_write(&s[i], MIB, US);
		synth_write(&s[i], MIB, US);
		if (i) {
			synth_set_state_fails(&s[i], MIG_STOP, EAGAIN);
			s[i].ev[s[i].n - 2].dur_ns = 500 * MS;
			synth_pause(&s[i], SEC);
		}
		synth_set_state(&s[i], SYNTH_PATH(MIG_STOP, MIG_RUNNING), i ? 17 * MS : 7 * MS);
		synth_stream_close(&s[i]);
	}
	run(false);
	has("\n  calls                          2          2\n");
	has("RESUMING to STOP         7.00 ms    17.0 ms");
}

/* From ten times as much more on the per cents tell nothing. */
static void test_per_cents(void **state)
{
	(void)state;
	arrival(0, "0000:3b:00.2", 4, MS, US);
	arrival(1, "0000:3b:00.2", 4, 11 * MS, US);
	run(false);
	has("RESUMING to STOP         1.00 ms    11.0 ms   +10.0 ms > 999 %");
	s[1].n = 0;
	arrival(1, "0000:3b:00.2", 4, 10990 * US, US);
	run(false);
	has("RESUMING to STOP         1.00 ms    11.0 ms   +9.99 ms +999.0 %");
	/* Of nothing there are none. */
	s[0].n = 0;
	arrival(0, "0000:3b:00.2", 4, 0, US);
	run(false);
	has("RESUMING to STOP            0 ns    11.0 ms   +11.0 ms");
	lacks("11.0 ms   +11.0 ms >");
	lacks("11.0 ms   +11.0 ms +");
}

/* What one has and the other has not is asked of nobody, but for who names it. */
static void test_not_in_both(void **state)
{
	(void)state;
	migration(0, 1, "0000:3b:00.2", 4);
	migration(1, 1, "0000:3b:00.2", 4);
	set("downtime=10%");
	assert_int_equal(run(false), DIFF_SAME);
	s[1].n = 0;
	arrival(1, "0000:3b:00.2", 4, MS, US);
	assert_int_equal(run(false), DIFF_INCONCLUSIVE);
}

static void test_settings(void **state)
{
	static const char *const bad[] = {
		"downtime",	"downtime=",	"downtime=5",	 "outcome=", "downtime=x",
		"downtime=-1%", "downtime=1%%", "downtime=nan%", "uptime=1", "=1",
		"outcome=10%",	"all=5ms",	"calls=1MiB",
	};
	char err[DIFF_ERR_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		if (diff_options_set(&o, bad[i], err) != -EINVAL || !err[0] || strchr(err, '\n'))
			fail_msg("%s is taken, or without a word: %s", bad[i], err);
	}
	set("downtime=5ms");
	assert_int_equal(o.threshold[DIFF_DOWNTIME].absolute, 5 * MS);
	/* The first that is named disarms the others; "off" names none. */
	assert_true(o.threshold[DIFF_OUTCOME].off);
	set("findings");
	assert_false(o.threshold[DIFF_FINDINGS].off);
	assert_false(o.threshold[DIFF_DOWNTIME].off);
	diff_options_init(&o);
	set("findings=off");
	assert_true(o.threshold[DIFF_FINDINGS].off);
	assert_false(o.threshold[DIFF_OUTCOME].off);
}

/* By VM, in their order, and its devices by name; what is left over is told. */
static void test_pairing(void **state)
{
	(void)state;
	vm_migration(0, 1, "0000:3b:00.2", 4, "web-07");
	vm_migration(0, 2, "0000:3b:00.3", 6, "web-08");
	vm_migration(0, 1, "0000:3b:00.2", 4, "web-07");
	vm_migration(1, 1, "0000:3b:00.3", 6, "web-08");
	vm_migration(1, 2, "0000:3b:00.2", 4, "web-07");
	assert_int_equal(run(true), DIFF_DIFFERENT);
	has("\"a\": 1,\n      \"b\": 2,");
	has("\"a\": 2,\n      \"b\": 1,");
	has("\"a\": 3,\n      \"b\": null,");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("only in A\n");
	has("DIFFERENT: 1 of 3 migrations");
	o.by_order = true;
	assert_int_equal(run(true), DIFF_DIFFERENT);
	has("\"a\": 1,\n      \"b\": 1,");
}

static void test_outcome_and_findings(void **state)
{
	(void)state;
	set("all=off");
	migration(0, 1, "0000:3b:00.2", 4);
	synth_device(&s[1], 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s[1], 100, "mig", "web-07");
	synth_open(&s[1]);
	synth_set_state(&s[1], SYNTH_PATH(MIG_PRE_COPY), 90 * US);
	synth_info(&s[1], MIB, 0);
	synth_read(&s[1], MIB, 60 * US);
	synth_read(&s[1], 0, 2 * US);
	synth_set_state(&s[1], SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(&s[1]);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("outcome               completed -> cancelled  worse");
	has("findings              none -> eof-in-precopy  worse");
	o.threshold[DIFF_OUTCOME].off = true;
	assert_int_equal(run(false), DIFF_DIFFERENT);
	o.threshold[DIFF_FINDINGS].off = true;
	assert_int_equal(run(false), DIFF_SAME);
}

static void test_holes(void **state)
{
	(void)state;
	/* One that the other has not; of its others it may be any. */
	migration(0, 1, "0000:3b:00.2", 4);
	vm_migration(1, 1, "0000:3b:00.2", 4, "web-08");
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("only in A");
	has("only in B");
	/* Nothing at all in one of them is nothing to compare with. */
	s[1].n = 1;
	assert_int_equal(run(true), DIFF_INCONCLUSIVE);
	has("\"differs\": false");
	has("\"inconclusive\": true");
	assert_int_equal(run(false), DIFF_INCONCLUSIVE);
	has("only in A\n");
	has("INCONCLUSIVE: no migration is in B\n");
	/* It may have been lost. */
	health[1].ended = false;
	assert_int_equal(run(false), DIFF_INCONCLUSIVE);
	has("only in A; the other may have lost it");
	has("INCONCLUSIVE: no migration is in B, the evidence has a hole\n");
	/* Lower bounds prove nothing. */
	health[1].ended = true;
	migration(1, 1, "0000:3b:00.2", 9);
	assert_int_equal(run(false), DIFF_DIFFERENT);
	s[1].n = 0;
	synth_loss(&s[1], 3, 1000 * SEC, 2000 * SEC, EV_READ);
	migration(1, 1, "0000:3b:00.2", 9);
	synth_loss(&s[1], 3, s[1].now - SEC, s[1].now, EV_READ);
	assert_int_equal(run(false), DIFF_INCONCLUSIVE);
	/* What another migration proves stands. */
	vm_migration(0, 3, "0000:3b:00.4", 4, "web-08");
	s[1].n = 0;
	vm_migration(1, 3, "0000:3b:00.4", 8, "web-08");
	health[1].ended = false;
	assert_int_equal(run(false), DIFF_DIFFERENT);
	has("DIFFERENT: 1 of 2 migrations (bytes, stop-copy, device-bytes), the evidence has a hole");
	/* No migration at all is no pass. */
	health[1].ended = true;
	s[0].n = s[1].n = 1;
	assert_int_equal(run(false), DIFF_INCONCLUSIVE);
	has("no migration is in the evidence");
	assert_int_equal(run(true), DIFF_INCONCLUSIVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thresholds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reasons, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reason_that_shrank, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reason_within, setup, teardown),
		cmocka_unit_test_setup_teardown(test_improvement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_work_not_done, setup, teardown),
		cmocka_unit_test_setup_teardown(test_calls_and_arcs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_per_cents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_in_both, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pairing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_outcome_and_findings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
