// SPDX-License-Identifier: GPL-2.0-only
/*
 * Edge cases of what a migration is, played event by event: each is a thing that
 * operators and VMMs do, and its one right answer.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judged.h"

/* ---- actors: a VMM process with devices ---- */

#define VMM_DEVICES 4

struct vmm {
	uint32_t host, pid, first, n;
	struct {
		uint32_t stream, state;
	} dev[VMM_DEVICES];
};

/* The next events are of device @i of @v. */
static void as(const struct vmm *v, uint32_t i)
{
	s.host = v->host;
	s.pid = s.tid = v->pid;
	s.device = v->first + i;
	s.stream = v->dev[i].stream;
	s.state = v->dev[i].state;
}

static void was(struct vmm *v, uint32_t i)
{
	v->dev[i].stream = s.stream;
	v->dev[i].state = s.state;
}

static struct vmm vmm(uint32_t host, uint32_t pid, uint32_t first, uint32_t n, const char *vm,
		      const char *driver)
{
	struct vmm v = { .host = host, .pid = pid, .first = first, .n = n };
	char name[32];
	uint32_t i;

	s.host = host;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "0000:3b:%02x.%x", first, i);
		synth_device(&s, first + i, name, driver, 7);
		synth_task(&s, pid, "qemu-system-x86", vm);
		synth_open(&s);
		was(&v, i);
	}
	return v;
}

static void go(struct vmm *v, uint32_t i, const uint8_t *path)
{
	uint32_t from = v->dev[i].state, old = v->dev[i].stream;

	as(v, i);
	synth_set_state(&s, path, MS);
	/* A VMM closes its data FD when the session is over. */
	if (old && s.stream == old && protocol_ends_session(from, s.state)) {
		synth_stream_close(&s);
		s.stream = 0;
	}
	was(v, i);
}

#define GO(v, i, ...) go(v, i, SYNTH_PATH(__VA_ARGS__))

static void all(struct vmm *v, const uint8_t *path)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		go(v, i, path);
}

#define ALL(v, ...) all(v, SYNTH_PATH(__VA_ARGS__))

static void move(struct vmm *v, uint32_t i, int64_t ret, bool write)
{
	as(v, i);
	if (write)
		synth_write(&s, ret, 50 * US);
	else
		synth_read(&s, ret, 50 * US);
}

static struct event *call(struct vmm *v, uint32_t i, uint32_t kind, int64_t ret)
{
	as(v, i);
	return synth_add(&s, kind, 20 * US, ret);
}

static void size(struct vmm *v, uint32_t i)
{
	as(v, i);
	synth_data_size(&s, 4 * MIB);
}

static void closes(struct vmm *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++) {
		as(v, i);
		if (s.stream)
			synth_stream_close(&s);
		synth_close(&s);
		was(v, i);
	}
}

static void ends(struct vmm *v, uint32_t code, uint32_t signal)
{
	struct event *ev = call(v, 0, EV_PROCESS_EXIT, 0);

	ev->device = 0;
	ev->process_exit.code = code;
	ev->process_exit.signal = signal;
}

/* A source from its first sign to PRE_COPY, with its pre-copy read. */
static void leave(struct vmm *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++) {
		call(v, i, EV_DMA_LOG_START, 0);
		size(v, i);
		GO(v, i, MIG_PRE_COPY);
		as(v, i);
		synth_info(&s, MIB, 0);
		move(v, i, MIB, false);
		as(v, i);
		synth_info(&s, 0, 0);
	}
}

/* The last @mib of each device. */
static void drain_all(struct vmm *v, uint32_t mib)
{
	uint32_t i, k;

	for (i = 0; i < v->n; i++) {
		for (k = 0; k < mib; k++)
			move(v, i, MIB, false);
		move(v, i, 0, false);
	}
}

static void stop(struct vmm *v)
{
	ALL(v, MIG_PRE_COPY_P2P);
	ALL(v, MIG_STOP_COPY);
}

static void log_stops(struct vmm *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		call(v, i, EV_DMA_LOG_STOP, 0);
}

static void completes(struct vmm *v)
{
	ALL(v, MIG_STOP);
	log_stops(v);
}

static void arrive(struct vmm *v)
{
	ALL(v, MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING);
}

static void fill(struct vmm *v, uint32_t mib)
{
	uint32_t i, k;

	for (i = 0; i < v->n; i++)
		for (k = 0; k < mib; k++)
			move(v, i, MIB, true);
}

static void starts(struct vmm *v)
{
	ALL(v, MIG_STOP, MIG_RUNNING_P2P);
	ALL(v, MIG_RUNNING);
}

/* A whole good one of both, from RUNNING to RUNNING, and the source's end. */
static void migrate(struct vmm *src, struct vmm *dst)
{
	arrive(dst);
	leave(src);
	fill(dst, 1);
	stop(src);
	drain_all(src, 2);
	fill(dst, 2);
	completes(src);
	starts(dst);
}

/* ---- what came of it ---- */

/* Who looked at every event, as live does, knows the same at the end. */
static void looked_at(void)
{
	struct model *seen = model_create();
	struct judge *of = judge_create(NULL);
	uint32_t id;
	size_t i;

	for (i = 0; i < s.n; i++) {
		struct event_context ctx;

		assert_int_equal(model_feed(seen, &s.ev[i], &ctx), 0);
		assert_int_equal(judge_feed(of, seen, &s.ev[i], &ctx), 0);
		model_migrations(seen);
	}
	assert_int_equal(judge_finish(of, seen, NULL), 0);
	assert_int_equal(model_migrations(seen), model_migrations(m));
	for (id = 1; id <= model_migrations(m); id++) {
		assert_int_equal(model_migration(seen, id)->outcome,
				 model_migration(m, id)->outcome);
		assert_int_equal(model_migration(seen, id)->joined.how,
				 model_migration(m, id)->joined.how);
		assert_true(model_migration(seen, id)->downtime_ns ==
			    model_migration(m, id)->downtime_ns);
	}
	judge_destroy(of);
	model_destroy(seen);
}

static void judge_all(void)
{
	synth_pause(&s, 20 * SEC);
	s.device = s.pid = s.tid = 0;
	synth_add(&s, EV_MARK, 0, 0);
	judge_synth(&s, &m, &j);
	looked_at();
}

/* "vm outcome[ by CALL ERRNO][ joined][ downtime]; ... | findings | verdict" */
static const char *story(void)
{
	static char line[8192];
	size_t len = 0;
	uint32_t id;

	line[0] = '\0';
	for (id = 1; id <= model_migrations(m); id++) {
		const struct migration *g = model_migration(m, id);
		const struct failure *f = &g->cause[0];

		len += (size_t)snprintf(
			line + len, sizeof(line) - len, "%s%s %s%s%s%s%s%s%s%s", id > 1 ? "; " : "",
			g->vm ?: "-", outcome_name(g->outcome), g->n_causes ? " by " : "",
			g->n_causes ? event_call_name(f->kind) : "",
			g->n_causes && f->ret ? " " : "",
			g->n_causes && f->ret ? errno_name((int)-f->ret) : "",
			g->joined.how ? " joined" : "",
			g->downtime_ns != MODEL_NONE ? " downtime" : "",
			g->n_causes > 1 ? " and another" : "");
	}
	snprintf(line + len, sizeof(line) - len, "%s%s", len ? " " : "", judge_line(j));
	return line;
}

#define STORY(want)                                 \
	do {                                        \
		judge_all();                        \
		assert_string_equal(story(), want); \
	} while (0)

static const struct migration *migration(uint32_t id)
{
	const struct migration *g = model_migration(m, id);

	assert_non_null(g);
	return g;
}

/* Its parts are the downtime, to the nanosecond. */
static void assert_adds_up(const struct migration *g)
{
	const struct session_window *w = &g->stop;
	const struct landing *l = &g->landing;

	assert_int_equal(w->total_ns, w->arcs_ns + w->load_ns + w->io_ns + w->dirty_sync_ns +
					      w->outside_ns + w->unattributed_ns);
	assert_true(g->parts_known);
	assert_int_equal(l->total_ns,
			 l->transfer_ns + l->write_ns + l->before_load_ns + l->load_ns +
				 l->arcs_ns + l->start_ns + l->unattributed_ns);
	assert_int_equal(g->downtime_ns, w->total_ns + l->total_ns);
}

/* ---- none, or not yet one ---- */

static void test_no_capability(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "vfio-pci");
	call(&v, 0, EV_MIGRATION_FLAGS, -ENOTTY);
	STORY("?no-migration ?no-migration | inconclusive");
	assert_non_null(strstr(judge_finding(j, 1)->text, "ENOTTY"));
	assert_int_equal(judge_finding(j, 1)->device, 1);
}

static void test_dirty_rate(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	call(&v, 0, EV_DMA_LOG_START, 0);
	call(&v, 0, EV_DMA_LOG_REPORT, 0);
	call(&v, 0, EV_DMA_LOG_STOP, 0);
	STORY("?no-migration ?no-migration | inconclusive");
}

/* A dirty limit runs for hours: the migration begins at its own first sign. */
static void test_dirty_limit(void **state)
{
	struct vmm v;
	uint64_t sign;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	call(&v, 0, EV_DMA_LOG_START, 0);
	synth_pause(&s, 7200 * SEC);
	sign = s.now;
	size(&v, 0);
	GO(&v, 0, MIG_PRE_COPY);
	move(&v, 0, MIB, false);
	/* Given back, and the log goes on: it was none of its own. */
	GO(&v, 0, MIG_RUNNING);
	STORY("web cancelled | pass");
	assert_int_equal(migration(1)->begin_ns, sign);
	assert_false(model_side(m, 1)->log_is_own);
	assert_true(model_side(m, 1)->ended);
}

/* Its own log: begun well, it belongs to the side whose sign follows. */
static void test_log_before_sign(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	call(&v, 0, EV_DMA_LOG_START, 0);
	synth_pause(&s, 9 * SEC);
	size(&v, 0);
	GO(&v, 0, MIG_PRE_COPY);
	GO(&v, 0, MIG_RUNNING);
	judge_all();
	assert_true(model_side(m, 1)->log_is_own);
	/* All devices run, but its log has not stopped: nobody knows. */
	assert_false(model_side(m, 1)->ended);
}

static void test_sizes_only(void **state)
{
	struct vmm v;
	int i;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "pds_vfio_pci");
	call(&v, 0, EV_DMA_LOG_START, 0);
	for (i = 0; i < 200; i++) {
		size(&v, 0);
		call(&v, 0, EV_DMA_LOG_REPORT, 0);
		synth_pause(&s, SEC);
	}
	call(&v, 0, EV_DMA_LOG_STOP, 0);
	STORY("web cancelled | pass");
	assert_int_equal(model_sessions(m), 0);
}

static void test_size_fails(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	call(&v, 0, EV_DMA_LOG_START, 0);
	call(&v, 0, EV_DATA_SIZE, -EIO);
	GO(&v, 0, MIG_PRE_COPY);
	move(&v, 0, MIB, false);
	synth_pause(&s, 600 * SEC);
	GO(&v, 0, MIG_RUNNING);
	log_stops(&v);
	STORY("web cancelled | pass");
	assert_int_equal(model_side(m, 1)->failures_beside, 1);
}

static void test_log_refused(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 2, "web", "mlx5_vfio_pci");
	call(&v, 0, EV_DMA_LOG_START, 0);
	call(&v, 1, EV_DMA_LOG_START, -EINVAL);
	call(&v, 0, EV_DMA_LOG_STOP, 0);
	STORY("web failed by DMA_LOGGING_START EINVAL migration-failed | findings");
	assert_true(migration(1)->ended);
}

/* The source fails at once; the destination learns of it before it has a byte. */
static void test_refused_and_late(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	call(&src, 0, EV_DMA_LOG_START, -EINVAL);
	synth_pause(&s, 38 * MS);
	arrive(&dst);
	synth_pause(&s, 80 * MS);
	closes(&dst);
	STORY("web failed by DMA_LOGGING_START EINVAL joined migration-failed | findings");
}

/* ---- pauses ---- */

static void test_saved_to_a_file(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&v);
	stop(&v);
	drain_all(&v, 1);
	completes(&v);
	synth_pause(&s, SEC);
	ALL(&v, MIG_RUNNING_P2P, MIG_RUNNING);
	STORY("web completed ?ran-again | inconclusive");
}

static void test_paused_before(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 100, 11, 1, "web", "mlx5_vfio_pci");
	ALL(&src, MIG_RUNNING_P2P, MIG_STOP);
	synth_pause(&s, 60 * SEC);
	arrive(&dst);
	size(&src, 0);
	GO(&src, 0, MIG_STOP_COPY);
	drain_all(&src, 3);
	fill(&dst, 3);
	ALL(&src, MIG_STOP);
	STORY("web unfinished joined ?evidence-ends | inconclusive");
	assert_true(migration(1)->downtime_ns == MODEL_NONE);
	assert_int_equal(migration(1)->downtime_why, DOWNTIME_PAUSED_BEFORE);
	assert_non_null(strstr(judge_finding(j, 0)->text, "loaded, not started"));
	/* Its stop begins with the side. */
	assert_true(model_side(m, migration(1)->source)->stop.total_ns < SEC);
}

static void test_paused_and_cancelled(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	ALL(&v, MIG_RUNNING_P2P, MIG_STOP);
	synth_pause(&s, 60 * SEC);
	GO(&v, 0, MIG_STOP_COPY);
	move(&v, 0, MIB, false);
	GO(&v, 0, MIG_STOP);
	STORY("web cancelled | pass");
	assert_true(migration(1)->ended);
}

static void test_pause_and_continue(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&v);
	stop(&v);
	move(&v, 0, MIB, false);
	synth_pause(&s, SEC);
	ALL(&v, MIG_STOP, MIG_RUNNING_P2P);
	ALL(&v, MIG_RUNNING);
	synth_pause(&s, 5 * SEC);
	ALL(&v, MIG_RUNNING_P2P, MIG_STOP);
	ALL(&v, MIG_STOP_COPY);
	drain_all(&v, 3);
	completes(&v);
	judge_all();
	assert_int_equal(model_migrations(m), 1);
	assert_int_equal(model_sessions(m), 2);
	assert_int_equal(migration(1)->outcome, OUTCOME_COMPLETED);
	/* The stop that counts is the last one. */
	assert_true(model_side(m, 1)->stop.total_ns < SEC);
	assert_int_not_equal(judge_verdict(j), VERDICT_FINDINGS);
}

static void test_suspended_in_precopy(void **state)
{
	struct vmm src, dst;
	uint64_t from;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&dst);
	leave(&src);
	fill(&dst, 1);
	from = s.now + 2 * US;
	stop(&src);
	/* Its RAM takes a minute more. */
	synth_pause(&s, 60 * SEC);
	drain_all(&src, 2);
	fill(&dst, 2);
	completes(&src);
	starts(&dst);
	STORY("web completed joined downtime | pass");
	assert_int_equal(migration(1)->stop.start_ns, from);
	assert_true(migration(1)->downtime_ns > 60 * SEC);
	assert_adds_up(migration(1));
}

/* ---- failures ---- */

static void test_source_killed(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 2, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 2, "web", "mlx5_vfio_pci");
	arrive(&dst);
	leave(&src);
	fill(&dst, 1);
	ends(&src, 0, 9);
	closes(&src);
	synth_pause(&s, 10 * MS);
	closes(&dst);
	ends(&dst, 1, 0);
	STORY("web failed by process exit joined migration-failed | findings");
	assert_int_equal(migration(1)->cause[0].signal, 9);
	assert_int_equal(migration(1)->cause[0].host, 1);
	assert_non_null(strstr(judge_finding(j, 0)->text, "KILL"));
}

static void test_destination_killed(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&dst);
	leave(&src);
	fill(&dst, 1);
	ends(&dst, 0, 9);
	closes(&dst);
	synth_pause(&s, 10 * MS);
	ALL(&src, MIG_RUNNING);
	log_stops(&src);
	STORY("web failed by process exit joined migration-failed | findings");
	assert_int_equal(migration(1)->cause[0].host, 2);
	assert_int_equal(migration(1)->consequence, migration(1)->source);
}

/* The user cancels: the destination's VMM gives up, and ends with its own code. */
static void test_cancelled(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&dst);
	leave(&src);
	fill(&dst, 1);
	closes(&dst);
	ends(&dst, 1, 0);
	ALL(&src, MIG_RUNNING);
	log_stops(&src);
	STORY("web cancelled joined | pass");
}

static void test_destination_alone(void **state)
{
	struct vmm dst;

	(void)state;
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&dst);
	fill(&dst, 1);
	closes(&dst);
	STORY("web unfinished ?evidence-ends | inconclusive");
}

static void refuse(struct vmm *v, int err)
{
	as(v, 0);
	synth_set_state_fails(&s, MIG_STOP, err);
}

static void test_refused_at_cont(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&dst);
	leave(&src);
	fill(&dst, 1);
	stop(&src);
	drain_all(&src, 2);
	fill(&dst, 2);
	completes(&src);
	refuse(&dst, EINVAL);
	closes(&dst);
	synth_pause(&s, SEC);
	ALL(&src, MIG_RUNNING_P2P, MIG_RUNNING);
	STORY("web failed by SET_STATE EINVAL joined migration-failed resume-rejected< | findings");
	assert_int_equal(migration(1)->consequence, migration(1)->source);
	assert_int_equal(migration(1)->downtime_why, DOWNTIME_GIVEN_BACK);
	assert_true(migration(1)->stopped_ns > SEC);
	assert_int_equal(judge_finding(j, 0)->party, PARTY_DRIVER | PARTY_ADMIN);
}

static void test_guest_flr(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&v);
	call(&v, 0, EV_DEVICE_RESET, 0);
	v.dev[0].state = MIG_RUNNING;
	move(&v, 0, -ENODEV, false);
	as(&v, 0);
	synth_stream_close(&s);
	log_stops(&v);
	STORY("web failed by device reset migration-failed ~reset-in-session< | findings");
}

/* Closing resets the device, too: that is no reset in mid-session. */
static void test_reset_by_close(void **state)
{
	struct vmm v;
	uint64_t begin;

	(void)state;
	v = vmm(0, 200, 1, 1, "web", "mlx5_vfio_pci");
	arrive(&v);
	fill(&v, 1);
	begin = s.now;
	s.now += 5 * US;
	call(&v, 0, EV_DEVICE_RESET, 0);
	s.now = begin;
	as(&v, 0);
	synth_close(&s);
	STORY("web unfinished ?evidence-ends | inconclusive");
}

/* An attempt that failed, then one that did not: two migrations. */
static void test_tried_again(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	as(&v, 0);
	synth_set_state_fails(&s, MIG_PRE_COPY, EBUSY);
	synth_pause(&s, 5 * SEC);
	leave(&v);
	stop(&v);
	drain_all(&v, 1);
	completes(&v);
	STORY("web failed by SET_STATE EBUSY; web completed migration-failed | findings");
}

/* A call that failed and then went well in the same migration is no cause. */
static void test_made_good(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&v);
	as(&v, 0);
	synth_set_state_fails(&s, MIG_PRE_COPY_P2P, EBUSY);
	stop(&v);
	drain_all(&v, 1);
	completes(&v);
	STORY("web completed | pass");
}

/* ---- which belong together ---- */

static void test_two_destinations(void **state)
{
	struct vmm src, d1, d2;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	d1 = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&d1);
	leave(&src);
	move(&d1, 0, -EIO, true);
	closes(&d1);
	ALL(&src, MIG_RUNNING);
	log_stops(&src);
	synth_pause(&s, 30 * SEC);
	d2 = vmm(3, 300, 21, 1, "web", "mlx5_vfio_pci");
	migrate(&src, &d2);
	STORY("web failed by write() EIO joined; web completed joined downtime "
	      "io-failed< migration-failed | findings");
	assert_adds_up(migration(2));
}

static void test_there_and_back(void **state)
{
	struct vmm a, b, c;

	(void)state;
	a = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	b = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	migrate(&a, &b);
	closes(&a);
	synth_pause(&s, 60 * SEC);
	c = vmm(1, 101, 1, 1, "web", "mlx5_vfio_pci");
	c.dev[0].state = MIG_RUNNING;
	migrate(&b, &c);
	STORY("web completed joined downtime; web completed joined downtime | pass");
	assert_int_equal(model_side(m, migration(1)->source)->host, 1);
	assert_int_equal(model_side(m, migration(2)->source)->host, 2);
}

static void test_one_host(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(0, 200, 11, 1, "web", "mlx5_vfio_pci");
	migrate(&src, &dst);
	STORY("web completed joined downtime | pass");
	assert_adds_up(migration(1));
}

static void test_one_process(void **state)
{
	struct vmm both, dst;

	(void)state;
	both = vmm(0, 100, 1, 1, "", "mlx5_vfio_pci");
	dst = vmm(0, 100, 11, 1, "", "mlx5_vfio_pci");
	migrate(&both, &dst);
	STORY("- completed joined downtime | pass");
	assert_int_equal(migration(1)->joined.how, JOINED_PROCESS);
	assert_int_equal(model_sides(m), 2);
	assert_adds_up(migration(1));
}

static void test_two_drivers(void **state)
{
	struct vmm s1, s2, d1, d2;

	(void)state;
	s1 = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	s2 = vmm(1, 100, 2, 1, "web", "hisi_acc_vfio_pci");
	/* The other host opens them, and hands out their FDs, in another order. */
	d2 = vmm(2, 200, 11, 1, "web", "hisi_acc_vfio_pci");
	d1 = vmm(2, 200, 12, 1, "web", "mlx5_vfio_pci");
	arrive(&d2);
	arrive(&d1);
	leave(&s1);
	leave(&s2);
	fill(&d1, 1);
	fill(&d2, 1);
	ALL(&s1, MIG_PRE_COPY_P2P);
	ALL(&s2, MIG_PRE_COPY_P2P);
	ALL(&s1, MIG_STOP_COPY);
	ALL(&s2, MIG_STOP_COPY);
	drain_all(&s1, 5);
	drain_all(&s2, 1);
	fill(&d2, 1);
	fill(&d1, 5);
	completes(&s1);
	completes(&s2);
	starts(&d2);
	starts(&d1);
	STORY("web completed joined downtime | pass");
	assert_int_equal(model_sides(m), 2);
	/* No bytes are mis-paired. */
	for (uint32_t id = 1; id <= model_sessions(m); id++) {
		const struct session *g = model_session(m, id), *peer = model_session(m, g->peer);

		assert_non_null(peer);
		assert_int_equal(g->bytes_total, peer->bytes_total);
		assert_string_equal(model_device(m, g->device)->driver,
				    model_device(m, peer->device)->driver);
	}
	assert_adds_up(migration(1));
}

/* Equal devices that move equal bytes: by the order in which they were opened. */
static void test_alike(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 4, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 4, "web", "mlx5_vfio_pci");
	migrate(&src, &dst);
	STORY("web completed joined downtime | pass");
	assert_int_equal(migration(1)->joined.how, JOINED_VM_ORDER);
	assert_true(migration(1)->joined.sure);
	assert_adds_up(migration(1));
}

/* Of those, one gets too little: the sums tell. */
static void test_alike_and_short(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 2, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 2, "web", "mlx5_vfio_pci");
	arrive(&dst);
	leave(&src);
	fill(&dst, 1);
	stop(&src);
	drain_all(&src, 2);
	fill(&dst, 1);
	move(&dst, 0, MIB, true);
	completes(&src);
	starts(&dst);
	judge_all();
	assert_int_equal(judge_verdict(j), VERDICT_FINDINGS);
	assert_non_null(strstr(judge_line(j), "resume-short"));
}

static void test_failover(void **state)
{
	struct vmm net, vf, dst;

	(void)state;
	net = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	vf = vmm(1, 100, 2, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "web", "mlx5_vfio_pci");
	size(&vf, 0);
	closes(&vf);
	migrate(&net, &dst);
	STORY("web completed joined downtime | pass");
	assert_int_equal(model_side(m, migration(1)->source)->n_devices, 1);
}

static void test_snapshot_and_restore(void **state)
{
	struct vmm a, b;

	(void)state;
	a = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&a);
	stop(&a);
	drain_all(&a, 2);
	completes(&a);
	closes(&a);
	synth_pause(&s, 600 * SEC);
	b = vmm(0, 101, 11, 1, "web", "mlx5_vfio_pci");
	arrive(&b);
	fill(&b, 3);
	starts(&b);
	STORY("web completed; web completed | pass");
	assert_int_equal(migration(1)->joined.why, ALONE_NO_OVERLAP);
	assert_int_equal(migration(2)->joined.why, ALONE_NO_OVERLAP);
}

static void test_other_name(void **state)
{
	struct vmm src, dst;

	(void)state;
	src = vmm(1, 100, 1, 1, "web", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "db", "mlx5_vfio_pci");
	migrate(&src, &dst);
	judge_all();
	assert_int_equal(model_migrations(m), 2);
}

/* Names that only their host knows forbid nothing. */
static void test_cgroup_names(void **state)
{
	struct vmm src, dst;
	size_t i;

	(void)state;
	src = vmm(1, 100, 1, 1, "machine-1", "mlx5_vfio_pci");
	dst = vmm(2, 200, 11, 1, "machine-7", "mlx5_vfio_pci");
	for (i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_TASK)
			s.ev[i].task_def.source = VM_SOURCE_CGROUP;
	migrate(&src, &dst);
	judge_all();
	assert_int_equal(model_migrations(m), 1);
	assert_int_equal(migration(1)->joined.how, JOINED_BYTES);
}

/* Several VMs with equal devices at once, on two hosts, named or not. */
static void many_at_once(const char *const names[3])
{
	struct vmm src[3], dst[3];
	uint32_t i, n = 1;

	for (i = 0; i < 3; i++) {
		src[i] = vmm(1, 100 + i, n++, 1, names[i], "mlx5_vfio_pci");
		dst[i] = vmm(2, 100 + i, n++, 1, names[i], "mlx5_vfio_pci");
	}
	for (i = 0; i < 3; i++)
		arrive(&dst[i]);
	for (i = 0; i < 3; i++)
		leave(&src[i]);
	for (i = 0; i < 3; i++)
		fill(&dst[i], 1);
	for (i = 0; i < 3; i++)
		stop(&src[i]);
	for (i = 0; i < 3; i++)
		drain_all(&src[i], 2 + i);
	for (i = 0; i < 3; i++)
		fill(&dst[2 - i], 4 - i);
	for (i = 0; i < 3; i++)
		completes(&src[i]);
	for (i = 0; i < 3; i++)
		starts(&dst[2 - i]);
	judge_all();
	assert_int_equal(model_migrations(m), 3);
	for (i = 1; i <= 3; i++) {
		const struct migration *g = migration(i);

		assert_int_equal(g->outcome, OUTCOME_COMPLETED);
		assert_int_equal(model_side(m, g->source)->pid, model_side(m, g->destination)->pid);
		assert_adds_up(g);
	}
}

static void test_many_named(void **state)
{
	static const char *const names[] = { "a", "b", "c" };

	(void)state;
	many_at_once(names);
}

static void test_many_nameless(void **state)
{
	static const char *const names[] = { "", "", "" };

	(void)state;
	many_at_once(names);
}

/* Bytes that come after the last state, and that alone tell who is whose. */
static void test_told_by_the_last_bytes(void **state)
{
	struct vmm a, b, c;

	(void)state;
	a = vmm(1, 100, 1, 1, "", "mlx5_vfio_pci");
	b = vmm(1, 101, 2, 1, "", "mlx5_vfio_pci");
	c = vmm(2, 200, 11, 1, "", "mlx5_vfio_pci");
	arrive(&c);
	leave(&a);
	leave(&b);
	stop(&a);
	stop(&b);
	drain_all(&a, 2);
	drain_all(&b, 4);
	fill(&c, 5);
	judge_all();
	assert_int_equal(model_migrations(m), 2);
}

/* Nothing tells them apart: neither is taken for the other. */
static void test_ambiguous(void **state)
{
	struct vmm a, b, c, d;

	(void)state;
	a = vmm(1, 100, 1, 1, "", "mlx5_vfio_pci");
	b = vmm(1, 101, 2, 1, "", "mlx5_vfio_pci");
	c = vmm(2, 200, 11, 1, "", "mlx5_vfio_pci");
	d = vmm(2, 201, 12, 1, "", "mlx5_vfio_pci");
	arrive(&c);
	arrive(&d);
	leave(&a);
	leave(&b);
	fill(&c, 1);
	fill(&d, 1);
	stop(&a);
	stop(&b);
	drain_all(&a, 2);
	drain_all(&b, 2);
	fill(&c, 2);
	fill(&d, 2);
	completes(&a);
	completes(&b);
	starts(&c);
	starts(&d);
	judge_all();
	assert_int_equal(model_migrations(m), 4);
	assert_int_equal(migration(1)->joined.why, ALONE_AMBIGUOUS);
	assert_int_equal(migration(1)->joined.candidates, 2);
}

/* ---- silence ---- */

static void test_restarted_read(void **state)
{
	struct vmm v;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&v);
	move(&v, 0, -512, false);
	move(&v, 0, -ENOMSG, false);
	stop(&v);
	drain_all(&v, 1);
	completes(&v);
	STORY("web completed | pass");
}

static void test_slow_load(void **state)
{
	struct vmm v;
	struct event *ev;

	(void)state;
	v = vmm(0, 200, 1, 1, "web", "mlx5_vfio_pci");
	arrive(&v);
	fill(&v, 2);
	ev = call(&v, 0, EV_STUCK, 0);
	ev->t_ns += 5500 * MS;
	ev->stuck.call = EV_SET_STATE;
	ev->stuck.age_ns = 5500 * MS;
	as(&v, 0);
	s.now -= 30 * US;
	synth_set_state(&s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), 2 * SEC);
	synth_stream_close(&s);
	STORY("web completed ~slow-call | pass");
	assert_int_equal(model_flights(m), 0);
}

static void test_hangs(void **state)
{
	struct vmm v;
	struct event *ev;
	uint64_t begin;

	(void)state;
	v = vmm(0, 100, 1, 1, "web", "mlx5_vfio_pci");
	leave(&v);
	stop(&v);
	move(&v, 0, MIB, false);
	begin = s.now;
	for (uint32_t i = 1; i <= 42; i++) {
		s.now = begin + i * SEC;
		ev = call(&v, 0, EV_STUCK, 0);
		ev->dur_ns = 0;
		ev->stuck.call = EV_READ;
		ev->stuck.age_ns = i * SEC;
	}
	opts.max_stop_window_ns = 10 * SEC;
	judge_synth(&s, &m, &j);
	assert_string_equal(story(), "web unfinished call-stuck ?evidence-ends downtime-budget | "
				     "findings");
	assert_int_equal(model_side(m, 1)->stop.in_flight_ns, 42 * SEC);
	assert_true(model_side(m, 1)->stop.total_ns > 42 * SEC);
	assert_true(model_session(m, 1)->window.total_ns > 42 * SEC);
	assert_int_equal(model_session(m, 1)->states[model_session(m, 1)->n_states - 1].state,
			 MIG_STOP_COPY);
	assert_true(model_session(m, 1)->states[model_session(m, 1)->n_states - 1].dwell_ns >
		    42 * SEC);
	for (size_t i = 0; i < judge_findings(j); i++)
		assert_int_equal(judge_finding(j, i)->count, 1);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_no_capability),
		T(test_dirty_rate),
		T(test_dirty_limit),
		T(test_log_before_sign),
		T(test_sizes_only),
		T(test_size_fails),
		T(test_log_refused),
		T(test_refused_and_late),
		T(test_saved_to_a_file),
		T(test_paused_before),
		T(test_paused_and_cancelled),
		T(test_pause_and_continue),
		T(test_suspended_in_precopy),
		T(test_source_killed),
		T(test_destination_killed),
		T(test_cancelled),
		T(test_destination_alone),
		T(test_refused_at_cont),
		T(test_guest_flr),
		T(test_reset_by_close),
		T(test_tried_again),
		T(test_made_good),
		T(test_two_destinations),
		T(test_there_and_back),
		T(test_one_host),
		T(test_one_process),
		T(test_two_drivers),
		T(test_alike),
		T(test_alike_and_short),
		T(test_failover),
		T(test_snapshot_and_restore),
		T(test_other_name),
		T(test_cgroup_names),
		T(test_many_named),
		T(test_many_nameless),
		T(test_told_by_the_last_bytes),
		T(test_ambiguous),
		T(test_restarted_read),
		T(test_slow_load),
		T(test_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
