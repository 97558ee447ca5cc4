// SPDX-License-Identifier: GPL-2.0-only
/*
 * Places where the code was broken by chance (tests/mutate --random) and every test passed:
 * what a finding names, the edge of a time, an order that nobody had asked for.
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

#include "model/digest.h"
#include "model/path.h"
#include "recording/hosts.h"
#include "tests/unit/allocs.h"
#include "tests/unit/judged.h"

static struct source_health health;
static struct meta meta;

static int whole(void **state)
{
	memset(&health, 0, sizeof(health));
	health.ended = true;
	setup(state);
	evidence.health = &health;
	return 0;
}

static int end_of_whole(void **state)
{
	meta_clear(&meta);
	return teardown(state);
}

static void precopy_anew(void)
{
	end_of_whole(NULL);
	whole(NULL);
	begin(&s, "mlx5_vfio_pci", 7);
	precopy(&s);
}

static const struct finding *found(uint32_t rule)
{
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		if (judge_finding(j, i)->rule == rule)
			return judge_finding(j, i);
	return NULL;
}

static void device(uint32_t host, uint32_t pid, uint32_t number)
{
	char name[32];

	s.host = host;
	snprintf(name, sizeof(name), "0000:3b:00.%u", 1 + number);
	synth_device(&s, number, name, "mlx5_vfio_pci", 7);
	synth_task(&s, pid, "qemu-system-x86", "");
	synth_open(&s);
}

static void back_to(uint32_t host, uint32_t pid, uint32_t number, uint32_t stream, uint32_t state)
{
	s.host = host;
	s.pid = s.tid = pid;
	s.device = number;
	s.stream = stream;
	s.state = state;
}

/* ---- the judge ---- */

/* What was under way when the recording was cut off is named. */
static void test_cut_off_in(void **state)
{
	const struct finding *f;

	(void)state;
	begin(&s, "mlx5_vfio_pci", 7);
	precopy(&s);
	drain(&s);
	begin(&s, "mlx5_vfio_pci", 7);
	precopy(&s);
	health.ended = false;
	look();
	f = found(RULE_DAMAGED_TRACE);
	assert_non_null(f);
	for (size_t i = 0; i < judge_findings(j); i++)
		if (judge_finding(j, i)->rule == RULE_DAMAGED_TRACE && judge_finding(j, i)->device)
			f = judge_finding(j, i);
	assert_int_equal(f->device, 1);
	assert_int_equal(f->session, 2);
	assert_int_equal(f->stream, 2);
}

/* A rule that is ignored of a driver: that rule, and of that driver. */
static void test_ignored_at(void **state)
{
	static const struct {
		const char *what;
		bool ignored;
	} of[] = { { "eof-in-precopy@mlx5_vfio_pci", true },
		   { "eof-in-precopy@hisi_acc_vfio_pci", false },
		   { "slow-call@mlx5_vfio_pci", false } };
	char err[JUDGE_ERR_LEN];
	size_t i;

	(void)state;
	begin(&s, "mlx5_vfio_pci", 7);
	precopy(&s);
	synth_read(&s, 0, US);
	stop_copy(&s);
	drain(&s);
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		judge_opts_init(&opts);
		assert_int_equal(judge_opts_set(&opts, "ignore", of[i].what, err), 0);
		look();
		assert_non_null(found(RULE_EOF_IN_PRECOPY));
		assert_int_equal(found(RULE_EOF_IN_PRECOPY)->ignored, of[i].ignored);
	}
}

/* A read() that begins when the info has returned knows of it; one that began before does not. */
static void test_info_and_read(void **state)
{
	uint64_t early;

	(void)state;
	for (early = 0; early < 2; early++) {
		precopy_anew();
		s.gap = 0;
		synth_info(&s, 4 * MIB, 0);
		s.now -= early;
		synth_read(&s, -ENOMSG, US);
		s.gap = 10 * US;
		synth_read(&s, 4 * MIB, US);
		stop_copy(&s);
		drain(&s);
		look();
		assert_int_equal(found(RULE_PREMATURE_ENOMSG) != NULL, !early);
	}
}

/* Data of a read() that begins in the instant in which the end was given is data after it. */
static void test_data_at_the_end(void **state)
{
	uint64_t early;

	(void)state;
	for (early = 0; early < 2; early++) {
		precopy_anew();
		stop_copy(&s);
		s.gap = 0;
		synth_read(&s, 0, 2 * US);
		s.now -= early;
		synth_read(&s, MIB, US);
		s.gap = 10 * US;
		end(&s);
		look();
		assert_int_equal(found(RULE_DATA_AFTER_EOF) != NULL, !early);
	}
}

/* A read() that failed before another thread's began, and is told after it, was alone. */
static void test_failed_alone(void **state)
{
	uint64_t into, at;

	(void)state;
	for (into = 0; into < 2; into++) {
		precopy_anew();
		at = s.now;
		synth_pause(&s, 20 * US);
		synth_read(&s, MIB, 20 * US);
		s.tid++;
		s.now = at;
		synth_read(&s, -EIO, 20 * US + into);
		s.tid--;
		synth_pause(&s, SEC);
		stop_copy(&s);
		drain(&s);
		look();
		assert_int_equal(found(RULE_IO_FAILED) != NULL, !into);
	}
}

/* A data FD is lost when the state has changed; with a step that failed it has not. */
static void test_fd_of_a_failed_step(void **state)
{
	size_t i, failed;

	(void)state;
	for (failed = 0; failed < 2; failed++) {
		precopy_anew();
		last(&s)->ret = -EIO;
		for (i = 0; i < s.n && failed; i++)
			if (s.ev[i].kind == EV_ARC)
				s.ev[i].ret = -EIO;
		end(&s);
		look();
		assert_int_equal(found(RULE_FD_LOST) != NULL, !failed);
	}
}

/* Who has read the device empty since its last word knows that nothing initial is left. */
static void test_left_after_empty(void **state)
{
	size_t empty;

	(void)state;
	for (empty = 0; empty < 2; empty++) {
		precopy_anew();
		synth_info(&s, 4 * MIB, 0);
		synth_read(&s, MIB, US);
		if (empty)
			synth_read(&s, -ENOMSG, US);
		stop_copy(&s);
		drain(&s);
		look();
		assert_int_equal(found(RULE_LEFT_PRECOPY_EARLY) != NULL, !empty);
	}
}

/* Two threads that get the end at a time have lost no order of bytes. */
static void test_two_at_the_end(void **state)
{
	uint32_t data;

	(void)state;
	for (data = 0; data < 2; data++) {
		precopy_anew();
		stop_copy(&s);
		s.gap = 0;
		synth_read(&s, data ? MIB : 0, 20 * US);
		s.tid++;
		s.now -= 10 * US;
		synth_read(&s, 0, 20 * US);
		s.tid--;
		s.gap = 10 * US;
		end(&s);
		look();
		assert_int_equal(found(RULE_CONCURRENT_IO) != NULL, data);
	}
}

/* A device that was stopped beside one that ran, and ran again, has skipped nothing of what comes. */
static void test_pause_before(void **state)
{
	uint32_t again;

	(void)state;
	for (again = 0; again < 2; again++) {
		end_of_whole(NULL);
		whole(NULL);
		device(1, 100, 1);
		device(1, 100, 2);
		back_to(1, 100, 1, 0, MIG_RUNNING);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
		if (again)
			synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
		back_to(1, 100, 2, 0, MIG_RUNNING);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P), MS);
		back_to(1, 100, 1, 0, again ? MIG_RUNNING : MIG_STOP);
		if (again)
			synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P), MS);
		synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_STOP_COPY), MS);
		look();
		assert_int_equal(found(RULE_P2P_SKIPPED) != NULL, !again);
	}
}

/* A load that fails of a stream which was not read to its end is the VMM's, of a whole one it is not. */
static void test_whose_load(void **state)
{
	uint32_t whole_stream;

	(void)state;
	for (whole_stream = 0; whole_stream < 2; whole_stream++) {
		end_of_whole(NULL);
		whole(NULL);
		device(1, 100, 1);
		precopy(&s);
		stop_copy(&s);
		synth_read(&s, MIB, US);
		if (whole_stream)
			synth_read(&s, 0, US);
		device(2, 200, 2);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
		synth_write(&s, MIB, US);
		synth_set_state_fails(&s, MIG_STOP, EINVAL);
		synth_stream_close(&s);
		synth_close(&s);
		look();
		assert_int_equal(found(RULE_MIGRATION_FAILED)->party,
				 whole_stream ? PARTY_DRIVER | PARTY_ADMIN : PARTY_VMM);
	}
}

/* Of devices that are paired by nothing but their order sums are compared, if there are as many. */
static void test_short_of_how_many(void **state)
{
	uint32_t n, i;

	(void)state;
	for (n = 1; n < 3; n++) {
		end_of_whole(NULL);
		whole(NULL);
		for (i = 1; i < 3; i++) {
			device(1, 100, i);
			precopy(&s);
			stop_copy(&s);
			synth_read(&s, MIB, US);
			synth_read(&s, 0, US);
		}
		for (i = 1; i <= n; i++) {
			device(2, 200, 2 + i);
			synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING),
					MS);
			synth_write(&s, MIB / 2, US);
		}
		for (i = 1; i <= n; i++) {
			back_to(2, 200, 2 + i, 2 + i, MIG_RESUMING);
			synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
		}
		look();
		assert_true(model_session(m, 3)->peer && model_session(m, 3)->peer_by_order);
		assert_int_equal(found(RULE_RESUME_SHORT) != NULL, n == 2);
	}
}

/* No data FD was seen, where none can be seen, is not that there was none. */
static void test_births_unseen(void **state)
{
	static const char *const hooks[] = { "mlx5_vfio_pci set_state set_state none no BTF",
					     "mlx5_vfio_pci set_state set_state fexit ok" };
	struct event *ev;
	size_t i;

	(void)state;
	begin(&s, "mlx5_vfio_pci", 7);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	ev = synth_add(&s, EV_ARC, MS, 0);
	ev->arc.from = MIG_STOP;
	ev->arc.to = ev->arc.target = MIG_STOP_COPY;
	ev->t_ns += US;
	ev = synth_add(&s, EV_SET_STATE, 2 * MS, 0);
	ev->t_ns = s.ev[s.n - 2].t_ns - US;
	ev->set_state.target = MIG_STOP_COPY;
	synth_pause(&s, 20 * SEC);
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
	for (i = 0; i < 2; i++) {
		meta_clear(&meta);
		meta_add(&meta, "hook", hooks[i]);
		evidence.meta = &meta;
		look();
		assert_int_equal(found(RULE_FD_MISSING) != NULL, i);
	}
}

/* ---- the model ---- */

/* What was lost on one host is a hole of what that host saw, and of nothing else. */
static void test_loss_of_one_host(void **state)
{
	(void)state;
	device(1, 100, 1);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	device(2, 200, 2);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_loss(&s, 7, s.now - US, s.now, EV_READ);
	last(&s)->device = 0;
	look();
	assert_int_equal(model_session(m, 1)->holes, 0);
	assert_int_equal(model_session(m, 2)->holes, 1);
	assert_int_equal(model_session(m, 2)->lost, 7);
}

/* A data FD that is born in a hole may have had a life before; one behind the last hole has not. */
static void test_born_in_a_hole(void **state)
{
	const uint64_t ends[] = { 5 * SEC, MS };
	struct event *ev;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		end_of_whole(NULL);
		whole(NULL);
		device(1, 100, 1);
		synth_loss(&s, 1, s.now, s.now + ends[i], EV_READ);
		/* An earlier one that is told later does not shorten it. */
		synth_loss(&s, 1, s.now, s.now + US, EV_READ);
		synth_pause(&s, 100 * MS);
		/* Its arc was lost, or was not hooked. */
		ev = synth_add(&s, EV_STREAM_OPEN, 0, 0);
		ev->stream = 1;
		ev->stream_open.direction = DIR_SAVE;
		look();
		assert_int_equal(model_session(m, 1)->joined_late, !i);
	}
}

/* Migrations are counted as they begin, and that is with the first of both sides. */
static void test_order_of_migrations(void **state)
{
	(void)state;
	device(2, 200, 1);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	device(3, 300, 2);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, 3 * MIB, US);
	device(1, 100, 3);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(&s, MIB, US);
	synth_read(&s, 0, US);
	back_to(2, 200, 1, 1, MIG_RESUMING);
	synth_write(&s, MIB, US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	look();
	assert_int_equal(model_migrations(m), 2);
	assert_int_equal(model_migration(m, 1)->destination, 1);
	assert_int_equal(model_migration(m, 1)->source, 3);
	assert_int_equal(model_migration(m, 2)->source, 2);
	assert_true(model_migration(m, 1)->begin_ns < model_migration(m, 2)->begin_ns);
	assert_int_equal(model_side(m, 2)->migration, 2);
}

/* One device is read to its end, the other never is: the stop is as long as calls of it are seen. */
static void test_stop_of_two(void **state)
{
	uint64_t last_ns;

	(void)state;
	device(1, 100, 1);
	precopy(&s);
	device(1, 100, 2);
	precopy(&s);
	back_to(1, 100, 1, 1, MIG_PRE_COPY);
	stop_copy(&s);
	back_to(1, 100, 2, 2, MIG_PRE_COPY);
	stop_copy(&s);
	back_to(1, 100, 1, 1, MIG_STOP_COPY);
	synth_read(&s, MIB, US);
	synth_read(&s, 0, US);
	synth_pause(&s, 50 * MS);
	back_to(1, 100, 2, 2, MIG_STOP_COPY);
	synth_read(&s, MIB, US);
	last_ns = event_end_ns(last(&s));
	synth_stream_close(&s);
	synth_close(&s);
	back_to(1, 100, 1, 1, MIG_STOP_COPY);
	synth_stream_close(&s);
	synth_close(&s);
	look();
	assert_int_equal(model_sides(m), 1);
	assert_true(model_side(m, 1)->ended);
	assert_false(model_side(m, 1)->stop_over);
	assert_true(model_side(m, 1)->stop.end_ns >= last_ns);
}

/* A device that has given its end and is asked for another stream: the stop is not over. */
static void test_asked_again(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		device(1, 100, i);
		precopy(&s);
		stop_copy(&s);
		synth_read(&s, MIB, US);
		synth_read(&s, 0, US);
	}
	look();
	assert_true(model_side(m, 1)->stop_over);
	back_to(1, 100, 1, 1, MIG_STOP_COPY);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP), MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(&s, MIB, US);
	look();
	assert_int_equal(model_sides(m), 1);
	assert_int_equal(model_side(m, 1)->n_sessions, 3);
	assert_false(model_side(m, 1)->stop_over);
}

/* One that comes a second after its source has failed is its destination if it got no bytes. */
static void test_late_and_empty(void **state)
{
	uint32_t bytes;

	(void)state;
	for (bytes = 0; bytes < 2; bytes++) {
		end_of_whole(NULL);
		whole(NULL);
		s.host = 1;
		begin(&s, "mlx5_vfio_pci", 7);
		precopy(&s);
		synth_read(&s, MIB, US);
		synth_read(&s, -EIO, US);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
		synth_stream_close(&s);
		synth_close(&s);
		synth_pause(&s, SEC);
		s.host = 2;
		synth_device(&s, 2, "0000:3b:00.2", "mlx5_vfio_pci", 7);
		synth_task(&s, 200, "qemu", "web-07");
		synth_open(&s);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
		if (bytes)
			synth_write(&s, 32 * KIB, US);
		synth_stream_close(&s);
		synth_close(&s);
		look();
		assert_int_equal(model_side(m, 1)->outcome, OUTCOME_FAILED);
		assert_int_equal(model_migrations(m), 1 + bytes);
	}
}

/* Two devices of a driver came from two of it: one of it and one of another are no source. */
static void test_drivers_fit(void **state)
{
	static const char *const drivers[] = { "mlx5_vfio_pci", "xe_vfio_pci", "" };
	uint32_t other, i;

	(void)state;
	for (other = 0; other < 3; other++) {
		end_of_whole(NULL);
		whole(NULL);
		for (i = 0; i < 4; i++) {
			s.host = 1 + i / 2;
			synth_device(&s, 1 + i, "0000:3b:00.2", drivers[i == 1 ? other : 0], 7);
			synth_task(&s, 100 * s.host, "qemu", "web-07");
			synth_open(&s);
			if (i < 2)
				precopy(&s);
			else
				synth_set_state(&s,
						SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING),
						MS);
		}
		look();
		assert_int_equal(model_sides(m), 2);
		assert_int_equal(model_migrations(m), other == 1 ? 2 : 1);
		/* One whose driver is not known may be any. */
		for (i = 1; i <= 4; i++)
			assert_int_equal(!model_session(m, i)->peer, other == 1);
	}
}

/* How long before the stop the last read() ended: one that goes on into it has not. */
static void test_lead(void **state)
{
	uint32_t into;

	(void)state;
	for (into = 0; into < 2; into++) {
		end_of_whole(NULL);
		whole(NULL);
		device(1, 100, 1);
		precopy(&s);
		synth_read(&s, MIB, 100 * US);
		s.now -= 2 * s.gap * into;
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
		look();
		if (into)
			assert_true(model_session(m, 1)->lead_ns == MODEL_NONE);
		else
			assert_in_range(model_session(m, 1)->lead_ns, s.gap, s.gap + 2 * US);
	}
}

/* A call that is told late takes nothing of a hole: what was lost there may have been another. */
static void test_late_into_a_hole(void **state)
{
	static struct path p;
	struct session_window w;

	(void)state;
	path_start(&p, 1000);
	p.hole = true;
	path_add(&p, 0, PART_IO, 1100, 1110);
	path_add(&p, 1, PART_ARC, 1050, 1105);
	path_result(&p, &w);
	assert_int_equal(w.total_ns, 110);
	assert_int_equal(w.unattributed_ns, 100);
	assert_int_equal(w.arcs_ns, 5);
	assert_int_equal(w.io_ns, 5);
	path_drop(&p);
}

/* By its clock a source begins after its destination has ended: within the bound they are one. */
static void test_within_the_bound(void **state)
{
	uint32_t bound;
	size_t i;

	(void)state;
	device(2, 200, 2);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_close(&s);
	synth_pause(&s, MS);
	device(1, 100, 1);
	precopy(&s);
	for (bound = 0; bound < 2; bound++) {
		model_destroy(m);
		m = model_create();
		model_set_clock_bound(m, bound ? 20 * MS : 0);
		for (i = 0; i < s.n; i++)
			assert_int_equal(model_feed(m, &s.ev[i], NULL), 0);
		assert_int_equal(model_migrations(m), 2 - bound);
	}
}

/* A source that is reset after its end was down until then, whatever that made of it. */
static void test_reset_after_the_end(void **state)
{
	(void)state;
	device(1, 100, 1);
	precopy(&s);
	stop_copy(&s);
	synth_read(&s, MIB, US);
	synth_read(&s, 0, US);
	synth_pause(&s, 50 * MS);
	synth_reset(&s);
	look();
	assert_int_equal(model_session(m, 1)->outcome, OUTCOME_FAILED);
	assert_true(model_session(m, 1)->window.total_ns >= 50 * MS);
}

/* CLOCK_REALTIME is put forward by an hour: of that hour nothing is, and it is where it was left out. */
static void test_hour_that_was_not(void **state)
{
	uint64_t before, after, t;
	struct event *ev;

	(void)state;
	before = s.ev[0].clock.realtime_ns;
	synth_pause(&s, 10 * SEC);
	ev = synth_add(&s, EV_CLOCK, 0, 0);
	ev->clock = s.ev[0].clock;
	ev->clock.realtime_ns = before + 10 * SEC + 3600 * SEC;
	ev->clock.boottime_ns += 10 * SEC;
	after = ev->t_ns;
	synth_pause(&s, 10 * SEC);
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
	look();
	assert_true(model_instant_of(m, before + 5 * SEC, &t));
	assert_int_equal(t, s.ev[0].t_ns + 5 * SEC);
	assert_true(model_instant_of(m, before + 1800 * SEC, &t));
	assert_in_range(t, s.ev[0].t_ns, after);
	assert_true(t > s.ev[0].t_ns + 5 * SEC);
	assert_true(model_instant_of(m, before + 3600 * SEC + 15 * SEC, &t));
	assert_in_range(t, after, after + 6 * SEC);
}

/* A side that is made of its digest: its sessions, its host, and what failed on it. */
static void test_digest(void **state)
{
	const struct side *of;
	struct digest d;
	struct model *all;
	uint32_t id;

	(void)state;
	device(1, 100, 1);
	precopy(&s);
	device(1, 100, 2);
	synth_set_state_fails(&s, MIG_PRE_COPY, EIO);
	synth_close(&s);
	back_to(1, 100, 1, 1, MIG_PRE_COPY);
	synth_stream_close(&s);
	synth_close(&s);
	look();
	assert_int_equal(model_side(m, 1)->cause.host, 1);
	assert_int_equal(model_digest(m, 1, &d), 0);
	all = model_create();
	assert_int_equal(model_add_digest(all, &d, 7, "node7", &id), 0);
	of = model_side(all, id);
	assert_int_equal(of->host, 7);
	assert_int_equal(of->cause.host, 7);
	assert_int_equal(of->n_sessions, 2);
	id = model_side_session(all, id, 0);
	assert_int_equal(id, 1);
	id = model_side_session(all, of->id, id);
	assert_int_equal(id, 2);
	assert_int_equal(model_side_session(all, of->id, id), 0);
	model_destroy(all);
	digest_free(&d);
}

/* ---- the recording ---- */

/* Boots that nobody named are each its own, and two hosts of one name are told apart. */
static void test_hosts_alike(void **state)
{
	struct host_part part[] = {
		{ .boot = "a", .name = "node7" },
		{ .boot = "b", .name = "node8" },
		{ .boot = "c", .name = "node8" },
		{ .name = "node9" },
		{ .name = "node10" },
		{ .boot = "b", .name = "node8" },
	};
	static const uint32_t want[] = { 1, 2, 3, 4, 5, 2 };
	struct hosts hosts = { 0 };
	uint32_t number;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		assert_int_equal(hosts_number(&hosts, &part[i], &number), 0);
		assert_int_equal(number, want[i]);
	}
	assert_string_equal(hosts.h[1].name, "node8");
	assert_string_equal(hosts.h[2].name, "node8 (3)");
	free(hosts.h);
}

/* What a part said of its damage in words that nobody knows is damage all the same. */
static void test_damage_in_words(void **state)
{
	(void)state;
	host_damage_read("something is wrong", &health);
	assert_int_equal(health.frames_damaged, 1);
	assert_true(health.ended);
	host_damage_read("12 bytes, 3 frames: node7", &health);
	assert_int_equal(health.bytes_skipped, 12);
	assert_int_equal(health.frames_damaged, 4);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, whole, end_of_whole)
	const struct CMUnitTest tests[] = {
		T(test_cut_off_in),	     T(test_ignored_at),
		T(test_info_and_read),	     T(test_births_unseen),
		T(test_data_at_the_end),     T(test_failed_alone),
		T(test_fd_of_a_failed_step), T(test_left_after_empty),
		T(test_loss_of_one_host),    T(test_born_in_a_hole),
		T(test_order_of_migrations), T(test_stop_of_two),
		T(test_hour_that_was_not),   T(test_digest),
		T(test_damage_in_words),     T(test_hosts_alike),
		T(test_asked_again),	     T(test_late_and_empty),
		T(test_within_the_bound),    T(test_reset_after_the_end),
		T(test_short_of_how_many),   T(test_drivers_fit),
		T(test_whose_load),	     T(test_two_at_the_end),
		T(test_pause_before),	     T(test_lead),
		T(test_late_into_a_hole),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
