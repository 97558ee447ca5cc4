// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_judge.c - every rule fires when it must and is silent when it must be
 *
 * One table: a session in a few calls, and the exact line that the judge has
 * to say of it: a rule that fires beside the expected one is a failure, too.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge/page.h"
#include "tests/unit/allocs.h"
#include "tests/unit/judge_help.h"

#define MLX5(s) begin(s, "mlx5_vfio_pci", 7)

static void conforming(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_read(s, -ENOMSG, US);
	synth_info(s, 0, MIB);
	synth_read(s, MIB, 50 * US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

/* ---- the stream ---- */

static void enomsg_in_stop_copy(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, 50 * US);
	synth_read(s, -ENOMSG, US);
	drain(s);
}

/* Begun in PRE_COPY, ended after the arc to STOP_COPY: proves nothing. */
static void enomsg_across_the_arc(struct synth *s)
{
	uint64_t t;

	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	t = s->now;
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 10 * MS);
	synth_read(s, -ENOMSG, US);
	last(s)->t_ns = t + MS;
	last(s)->dur_ns = 20 * MS;
	last(s)->tid = 101;
	synth_pause(s, 20 * MS);
	drain(s);
}

static void eof_in_precopy(struct synth *s)
{
	begin(s, "mtty", 7);
	initial(s);
	synth_read(s, 0, US);
	synth_read(s, 0, US);
	stop_copy(s);
	drain(s);
}

static void eof_under_the_arc(struct synth *s)
{
	uint64_t t;

	MLX5(s);
	initial(s);
	t = s->now;
	/* told before the arc, which was longer */
	synth_read(s, 0, US);
	last(s)->t_ns = t + 5 * MS;
	last(s)->tid = 101;
	s->now = t;
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), 10 * MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

static void zero_size_read(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_read(s, 0, US);
	last(s)->io.size = 0;
	stop_copy(s);
	drain(s);
}

static void eof_at_the_end(struct synth *s)
{
	begin(s, "mtty", 7);
	initial(s);
	synth_read(s, 0, US);
}

static void premature_enomsg(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_info(s, 0, 2 * MIB);
	synth_read(s, -ENOMSG, US);
	synth_read(s, MIB, US);
	synth_read(s, MIB, US);
	stop_copy(s);
	drain(s);
}

static void shortfall(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_info(s, 0, 2 * MIB);
	synth_read(s, MIB, US);
	synth_read(s, -ENOMSG, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

/* A read in flight took the announced bytes. */
static void enomsg_beside_a_read(struct synth *s)
{
	uint64_t t;

	MLX5(s);
	initial(s);
	synth_info(s, 0, MIB);
	t = s->now;
	synth_read(s, -ENOMSG, US);
	synth_read(s, MIB, 50 * US);
	last(s)->t_ns = t;
	last(s)->dur_ns = s->now - t;
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void data_after_eof(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	drain(s);
}

static void poll_at_eof(struct synth *s, uint32_t mask)
{
	MLX5(s);
	s->ops = OPS_POLL;
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	synth_poll(s, mask);
	end(s);
}

static void poll_idle_at_eof(struct synth *s)
{
	poll_at_eof(s, 0);
}

static void poll_ready_at_eof(struct synth *s)
{
	poll_at_eof(s, 0x41);
}

static void poll_sleeper(struct synth *s, uint64_t sleep, bool info)
{
	MLX5(s);
	s->ops = OPS_POLL;
	initial(s);
	synth_poll(s, 0);
	last(s)->tid = 101;
	if (info)
		synth_info(s, 0, 64 * KIB);
	synth_read(s, 64 * KIB, US);
	synth_pause(s, sleep);
	synth_poll(s, 0x41);
	last(s)->tid = 101;
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void poll_never_wakes(struct synth *s)
{
	poll_sleeper(s, 1500 * MS, false);
}

static void poll_wakes(struct synth *s)
{
	poll_sleeper(s, 100 * MS, false);
}

static void poll_with_info(struct synth *s)
{
	poll_sleeper(s, 1500 * MS, true);
}

static void stale_stream(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_read(s, 4096, US);
	synth_stream_close(s);
	synth_close(s);
}

static void stale_after_reset(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_reset(s);
	synth_read(s, 4096, US);
	synth_stream_close(s);
	synth_close(s);
}

static void stale_is_dead(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_read(s, -ENODEV, US);
	synth_stream_close(s);
	synth_close(s);
}

static void read_after_end(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_read(s, -ENODEV, US);
	synth_read(s, -ENODEV, US);
	synth_stream_close(s);
	synth_close(s);
}

/* What overlaps a change of state may well fail. */
static void read_fails_under_the_arc(struct synth *s)
{
	uint64_t t;

	MLX5(s);
	initial(s);
	t = s->now;
	synth_read(s, -ENODEV, 100 * US);
	s->now = t + 50 * US;
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(s);
	synth_close(s);
}

/* ---- outcomes ---- */

static void gap_in_the_stream(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(s, MIB, 50 * US);
	synth_write(s, -EIO, 50 * US);
	synth_write(s, MIB, 50 * US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_stream_close(s);
}

static void interrupted_write(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(s, MIB, 50 * US);
	synth_write(s, -512, 50 * US);
	synth_write(s, MIB, 50 * US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_stream_close(s);
}

static void precopy_unused(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
	synth_read(s, MIB, 50 * US);
	synth_read(s, MIB, 50 * US);
	drain(s);
}

/* A VM that was paused first had nothing to run on with. */
static void paused_before(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_pause(s, SEC);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	synth_read(s, 2 * MIB, 50 * US);
	drain(s);
}

static void ran_again(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, 0, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(s);
	synth_pause(s, SEC);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
}

static void evidence_ends(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_pause(s, SEC);
	synth_add(s, EV_MARK, 0, 0);
}

/* ---- infos ---- */

static void info_then(struct synth *s, uint64_t init, uint64_t dirty)
{
	MLX5(s);
	precopy(s);
	synth_info(s, init, dirty);
}

static void initial_bytes_zero(struct synth *s)
{
	info_then(s, 0, 0);
	synth_read(s, MIB, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void initial_zero_after_a_read(struct synth *s)
{
	MLX5(s);
	precopy(s);
	synth_read(s, MIB, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void initial_zero_beside_a_read(struct synth *s)
{
	uint64_t t;

	MLX5(s);
	precopy(s);
	t = s->now;
	synth_info(s, 0, 0);
	synth_read(s, MIB, US);
	last(s)->t_ns = t - US;
	last(s)->dur_ns = s->now - t;
	last(s)->tid = 101;
	stop_copy(s);
	drain(s);
}

static void initial_bytes_grew(struct synth *s)
{
	info_then(s, MIB, 0);
	synth_info(s, 2 * MIB, 0);
	synth_read(s, MIB, US);
	synth_read(s, MIB, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void v2(struct synth *s)
{
	synth_add(s, EV_PRECOPY_INFO_V2, US, 0);
}

static void reinit(struct synth *s, uint64_t dirty, uint32_t flags, bool opted)
{
	MLX5(s);
	if (opted)
		v2(s);
	initial(s);
	synth_info(s, 2 * MIB, dirty);
	last(s)->precopy_info.flags = flags;
	synth_read(s, MIB, US);
	synth_read(s, MIB, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void reinit_conforming(struct synth *s)
{
	reinit(s, 0, PRECOPY_INFO_REINIT, true);
}

static void reinit_without_opt_in(struct synth *s)
{
	reinit(s, 0, PRECOPY_INFO_REINIT, false);
}

static void reinit_dirty_kept(struct synth *s)
{
	reinit(s, 4096, PRECOPY_INFO_REINIT, true);
}

static void flags_of_info(struct synth *s, uint32_t flags, bool opted)
{
	MLX5(s);
	if (opted)
		v2(s);
	initial(s);
	last(s)->precopy_info.flags = flags;
	stop_copy(s);
	drain(s);
}

static void unknown_info_flags(struct synth *s)
{
	flags_of_info(s, 0xdead, true);
}

static void flags_without_opt_in(struct synth *s)
{
	flags_of_info(s, 0xdead, false);
}

static void initial_bytes_stuck(struct synth *s)
{
	info_then(s, MIB, 0);
	synth_read(s, MIB, US);
	synth_info(s, MIB, 0);
	synth_read(s, MIB, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void initial_bytes_unread(struct synth *s)
{
	info_then(s, 2 * MIB, 0);
	synth_read(s, MIB, US);
	synth_info(s, 2 * MIB, 0);
	synth_read(s, MIB, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

/* Something was read before the first info: then there may be dirty bytes. */
static void dirty_after_a_read(struct synth *s)
{
	MLX5(s);
	precopy(s);
	synth_read(s, MIB, 50 * US);
	synth_info(s, 0, MIB);
	synth_read(s, MIB, 50 * US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void dirty_bytes_at_start(struct synth *s)
{
	info_then(s, MIB, 4096);
	synth_read(s, MIB, US);
	synth_read(s, 4096, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void info_outside_precopy(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_info(s, 0, 0);
	drain(s);
}

static void info_refused_outside(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_info(s, 0, 0);
	last(s)->ret = -EINVAL;
	drain(s);
}

static void info_missing(struct synth *s)
{
	MLX5(s);
	precopy(s);
	synth_info(s, 0, 0);
	last(s)->ret = -ENOTTY;
	synth_read(s, MIB, US);
	stop_copy(s);
	drain(s);
}

static void info_has_no_ioctl(struct synth *s)
{
	MLX5(s);
	s->ops = STREAM_OP_READ | STREAM_OP_RELEASE;
	precopy(s);
	synth_read(s, MIB, US);
	stop_copy(s);
	drain(s);
}

static void info_not_claimed(struct synth *s)
{
	begin(s, "pds_vfio_pci", 3);
	s->ops = STREAM_OP_READ | STREAM_OP_RELEASE;
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_STOP_COPY), MS);
	drain(s);
}

static void size_then(struct synth *s, uint64_t size, uint32_t reads)
{
	MLX5(s);
	initial(s);
	synth_data_size(s, size);
	stop_copy(s);
	while (reads--)
		synth_read(s, MIB, US);
	synth_read(s, 0, US);
	end(s);
}

static void data_size_absurd(struct synth *s)
{
	size_then(s, (uint64_t)-ENOTCONN, 1);
}

static void data_size_off(struct synth *s)
{
	size_then(s, 64 * MIB, 4);
}

static void data_size_near(struct synth *s)
{
	size_then(s, 6 * MIB, 4);
}

static void data_size_small(struct synth *s)
{
	size_then(s, 64, 1);
}

static void estimate_off(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_info(s, 0, MIB);
	stop_copy(s);
	synth_read(s, 4 * MIB, US);
	synth_read(s, 0, US);
	end(s);
}

/* Neither of the two answers came near it. */
static void both_estimates_off(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_data_size(s, 64 * KIB);
	stop_copy(s);
	synth_read(s, 4 * MIB, US);
	synth_read(s, 0, US);
	end(s);
}

/* Nobody asked for a size; one tail is no lie, a driver that does so each time misleads. */
static void estimates_off(struct synth *s)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (i)
			synth_open(s);
		else
			MLX5(s);
		s->state = MIG_RUNNING;
		initial(s);
		stop_copy(s);
		synth_read(s, 4 * MIB, US);
		synth_read(s, 0, US);
		end(s);
	}
}

/* Pre-copy moves 40 bytes, of which @announced were announced, and the stop all the rest. */
static void probe_of(struct synth *s, uint64_t announced)
{
	begin(s, "hisi_acc_vfio_pci", 7);
	precopy(s);
	synth_info(s, announced, 0);
	synth_read(s, 40, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	synth_read(s, 8 * MIB, US);
	synth_read(s, 0, US);
	end(s);
}

static void precopy_as_probe(struct synth *s)
{
	probe_of(s, 40);
}

/* What the estimates of one migration lacked is its own matter, and that of no later one. */
static void probe_after_a_vague_migration(struct synth *s)
{
	initial_bytes_zero(s);
	precopy_as_probe(s);
}

static void vague_probe(struct synth *s)
{
	probe_of(s, 0);
}

static void probe_of_a_tiny_state(struct synth *s)
{
	begin(s, "hisi_acc_vfio_pci", 7);
	precopy(s);
	synth_info(s, 40, 0);
	synth_read(s, 40, US);
	synth_info(s, 0, 0);
	stop_copy(s);
	synth_read(s, 136, US);
	synth_read(s, 0, US);
	end(s);
}

/* ---- the state machine ---- */

/* Take the birth out of the last SET_STATE. */
static void unborn(struct synth *s)
{
	size_t i;

	for (i = s->n; i > 0 && s->ev[i - 1].kind != EV_STREAM_OPEN; i--)
		;
	memset(&s->ev[i - 1], 0, sizeof(s->ev[0]));
	s->ev[i - 1].kind = EV_MARK;
	s->ev[i - 1].seq = i;
	s->ev[i - 1].t_ns = s->now;
	last(s)->stream = 0;
}

static void fd_missing(struct synth *s)
{
	MLX5(s);
	precopy(s);
	unborn(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_close(s);
}

static void fd_unexpected(struct synth *s)
{
	struct event *ev;

	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	ev = synth_add(s, EV_STREAM_OPEN, 0, 0);
	/* between the last arc and the call's return */
	ev->stream = ++s->next_stream;
	ev->stream_open.ops = ev->stream_open.hooked = OPS_POLL;
	{
		struct event a = s->ev[s->n - 1], b = s->ev[s->n - 2];

		s->ev[s->n - 2] = a;
		s->ev[s->n - 1] = b;
		s->ev[s->n - 1].stream = a.stream;
	}
	synth_add(s, EV_STREAM_CLOSE, US, 0)->stream = s->next_stream;
	synth_add(s, EV_STREAM_RELEASE, US, 0)->stream = s->next_stream;
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

static void fd_lost(struct synth *s)
{
	MLX5(s);
	precopy(s);
	last(s)->ret = -EMFILE;
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_close(s);
}

static void set_state_fails(struct synth *s)
{
	MLX5(s);
	synth_set_state_fails(s, MIG_PRE_COPY, EIO);
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_RUNNING;
	initial(s);
	stop_copy(s);
	drain(s);
}

static void illegal_arc(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	synth_add(s, EV_SET_STATE, MS, 0)->set_state.target = MIG_PRE_COPY;
	s->state = MIG_PRE_COPY;
	stop_copy(s);
	synth_read(s, 0, US);
	end(s);
}

static void illegal_unclaimed(struct synth *s)
{
	begin(s, "xe_vfio_pci", 1);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P), MS);
	synth_close(s);
}

static void illegal_refused(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_set_state_fails(s, MIG_PRE_COPY, EINVAL);
	s->ev[s->n - 2].arc.to = MIG_UNKNOWN;
	drain(s);
}

static void state_desync(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_pause(s, SEC);
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_RUNNING;
	synth_pause(s, SEC);
	synth_stream_close(s);
	synth_close(s);
}

static void desync_to_error(struct synth *s)
{
	begin(s, "pds_vfio_pci", 3);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_ERROR;
	synth_pause(s, 2 * SEC);
	synth_reset(s);
	synth_close(s);
}

static void reset_between(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P), MS);
	synth_add(s, EV_DEVICE_RESET, 0, 0); /* a guest's FLR */
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_RUNNING;
	s->state = MIG_RUNNING;
	initial(s);
	stop_copy(s);
	drain(s);
}

static void error_state(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	synth_set_state_fails(s, MIG_STOP, EIO);
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_ERROR;
	synth_stream_close(s);
	synth_reset(s);
	synth_close(s);
}

static void stuck(struct synth *s, uint32_t call, uint64_t age)
{
	struct event *ev;

	synth_pause(s, age);
	ev = synth_add(s, EV_STUCK, 0, 0);
	ev->stuck.call = call;
	ev->stuck.age_ns = age;
}

static void call_stuck(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	stuck(s, EV_SET_STATE, 6 * SEC);
}

/* It comes back in the end: dated before it was seen to hang, told after. */
static void call_stuck_returns(struct synth *s)
{
	struct event *ev;

	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), 6 * SEC);
	/* The arc and the call are told when they are over. */
	synth_add(s, EV_MARK, 0, 0);
	s->ev[s->n - 1] = s->ev[s->n - 2];
	s->ev[s->n - 2] = s->ev[s->n - 3];
	ev = &s->ev[s->n - 3];
	memset(ev, 0, sizeof(*ev));
	ev->kind = EV_STUCK;
	ev->device = s->device;
	ev->pid = ev->tid = s->pid;
	ev->t_ns = s->ev[s->n - 1].t_ns + 5500 * MS;
	ev->stuck.call = EV_SET_STATE;
	ev->stuck.age_ns = 5500 * MS;
	for (size_t i = s->n - 3; i < s->n; i++)
		s->ev[i].seq = i + 1;
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

static void read_waits_in_precopy(struct synth *s)
{
	MLX5(s);
	initial(s);
	stuck(s, EV_READ, 60 * SEC);
	last(s)->stream = s->stream;
	stop_copy(s);
	drain(s);
}

static void stuck_for_a_moment(struct synth *s)
{
	MLX5(s);
	initial(s);
	stuck(s, EV_SET_STATE, 3 * SEC);
	stop_copy(s);
	drain(s);
}

static void nearly_slow_call(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), 990 * MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

static void slow_call(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), 1500 * MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

/* ---- both sides ---- */

static void two_sides(struct synth *s, uint64_t written, int err, bool eof)
{
	uint64_t src_stream;

	MLX5(s);
	initial(s);
	src_stream = s->stream;
	synth_device(s, 2, "0000:3b:00.3", "mlx5_vfio_pci", 7);
	synth_task(s, 200, "qemu-system-x86", "web-07");
	synth_open(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(s, (int64_t)written, 50 * US);
	/* the source goes on to its end */
	s->device = 1;
	s->pid = s->tid = 100;
	s->stream = (uint32_t)src_stream;
	s->state = MIG_PRE_COPY;
	stop_copy(s);
	synth_read(s, MIB, US);
	if (eof)
		synth_read(s, 0, US);
	s->device = 2;
	s->pid = s->tid = 200;
	s->stream = (uint32_t)src_stream + 1;
	s->state = MIG_RESUMING;
	if (err) {
		synth_set_state_fails(s, MIG_STOP, err);
		synth_reset(s);
	} else {
		synth_set_state(s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P), MS);
		synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	}
	synth_stream_close(s);
	synth_close(s);
	s->device = 1;
	s->pid = s->tid = 100;
	s->stream = (uint32_t)src_stream;
	s->state = MIG_STOP_COPY;
	end(s);
}

static void resume_whole(struct synth *s)
{
	two_sides(s, 5 * MIB, 0, true);
}

static void resume_short(struct synth *s)
{
	two_sides(s, 4 * MIB, 0, true);
}

/* The source gave more after its end; the VMM had stopped sending there. */
static void short_after_eof(struct synth *s)
{
	size_t i, k;

	two_sides(s, 4 * MIB, 0, true);
	/* Once more, after the read() of 0, what the source gave last. */
	for (i = s->n - 1; s->ev[i].kind != EV_READ || s->ev[i].ret; i--)
		;
	synth_read(s, 0, US);
	for (k = s->n - 1; k > i + 1; k--)
		s->ev[k] = s->ev[k - 1];
	s->ev[i + 1] = s->ev[i];
	s->ev[i + 1].ret = (int64_t)MIB;
	s->ev[i + 1].t_ns = s->ev[i].t_ns + s->ev[i].dur_ns + US;
	for (k = 0; k < s->n; k++)
		s->ev[k].seq = k + 1;
}

static void rejected_short(struct synth *s)
{
	two_sides(s, 4 * MIB, EINVAL, true);
}

static void rejected_whole(struct synth *s)
{
	two_sides(s, 5 * MIB, EINVAL, true);
}

static void rejected_alone(struct synth *s)
{
	begin(s, "qat_vfio_pci", 7);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(s, 4096, US);
	synth_set_state_fails(s, MIG_STOP, EINVAL);
	synth_reset(s);
	synth_stream_close(s);
	synth_close(s);
}

/* ---- the VMM ---- */

static void not_drained(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	end(s);
}

static void cancelled_in_stop_copy(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_stream_close(s);
	synth_close(s);
}

static void cancelled_in_two_calls(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_stream_close(s);
	synth_close(s);
}

static void last_read_failed(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, -EIO, US);
	end(s);
}

static void undrained_at_the_end(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
}

static void thrown_away(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING, MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_stream_close(s);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

static void retried(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(s);
	synth_pause(s, SEC);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
}

static void left_early(struct synth *s)
{
	info_then(s, 4 * MIB, 0);
	synth_read(s, MIB, US);
	stop_copy(s);
	synth_read(s, 3 * MIB, US);
	drain(s);
}

/* It read what was announced and did not ask again, as QEMU does. */
static void left_knowingly(struct synth *s)
{
	info_then(s, 2 * MIB, 0);
	synth_read(s, MIB, US);
	synth_read(s, MIB, US);
	stop_copy(s);
	drain(s);
}

static void spin(struct synth *s, uint32_t ops, uint64_t period)
{
	MLX5(s);
	s->ops = ops;
	initial(s);
	synth_empty_run(s, -ENOMSG, 500, US, period);
	stop_copy(s);
	drain(s);
}

static void enomsg_spin(struct synth *s)
{
	spin(s, OPS_POLL, 30 * US);
}

static void enomsg_slowly(struct synth *s)
{
	spin(s, OPS_POLL, 20 * MS);
}

static void poll_missing(struct synth *s)
{
	spin(s, 0, 30 * US);
}

static void reset_in_session(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_reset(s);
	synth_stream_close(s);
	synth_close(s);
}

static void reset_after_failure(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state_fails(s, MIG_STOP_COPY, EIO);
	synth_reset(s);
	synth_stream_close(s);
	synth_close(s);
}

static void reset_in_resuming(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING), MS);
	synth_write(s, 4096, US);
	synth_reset(s);
	synth_stream_close(s);
	synth_close(s);
}

/* The data FD of the second is open still. */
static void two_sessions(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
}

static void left_open_at_close(struct synth *s)
{
	two_sessions(s);
	synth_close(s);
	synth_pause(s, 2 * SEC);
	synth_add(s, EV_MARK, 0, 0);
}

/* Closed before the hook on close() was there; a call that hangs holds on to it. */
static void close_unseen(struct synth *s)
{
	two_sessions(s);
	synth_close_unseen(s, 5 * MS);
	synth_close(s);
	synth_pause(s, 2 * SEC);
	synth_add(s, EV_MARK, 0, 0);
}

static void close_unseen_for_long(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_close_unseen(s, 5 * MS);
	synth_pause(s, 20 * SEC);
	synth_add(s, EV_MARK, 0, 0);
}

/* A call is there of which the reason is lost: what was known stays known. */
static void left_open_and_a_reason_lost(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_loss(s, 3, s->now - 5 * MS, s->now, EV_WHY);
	synth_pause(s, 20 * SEC);
	synth_stream_close(s);
	synth_close(s);
}

static void left_open_for_long(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_pause(s, 20 * SEC);
	synth_stream_close(s);
	synth_close(s);
}

/* A close while @others numbers of it remain; the driver has a reference, too. */
static void close_one(struct synth *s, uint32_t others)
{
	struct event *ev = synth_add(s, EV_STREAM_CLOSE, US, 0);

	ev->stream = s->stream;
	ev->stream_close.refs = others + 1;
	ev->stream_close.driver_refs = 1;
}

/* A child closes its copy, its user never does. */
static void left_open_by_its_user(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(s);
	initial(s);
	close_one(s, 1);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_close(s);
	synth_pause(s, 2 * SEC);
	synth_add(s, EV_MARK, 0, 0);
}

static void copy_closed_first(struct synth *s)
{
	MLX5(s);
	initial(s);
	close_one(s, 1);
	close_one(s, 0);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_add(s, EV_STREAM_RELEASE, US, 0)->stream = s->stream;
	synth_close(s);
}

static void siblings(struct synth *s, bool quiet)
{
	uint32_t one;

	MLX5(s);
	initial(s);
	one = s->stream;
	synth_device(s, 2, "0000:3b:00.3", "mlx5_vfio_pci", 7);
	synth_open(s);
	initial(s);
	if (quiet)
		synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	s->device = 1;
	s->state = MIG_PRE_COPY;
	s->stream = one;
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	s->device = 2;
	s->state = quiet ? MIG_PRE_COPY_P2P : MIG_PRE_COPY;
	s->stream = one + 1;
	if (!quiet)
		synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	drain(s);
	s->device = 1;
	s->state = MIG_STOP_COPY;
	s->stream = one;
	drain(s);
}

static void p2p_skipped(struct synth *s)
{
	siblings(s, false);
}

/* Two recordings of one host count the same device twice. */
static void p2p_of_the_same(struct synth *s)
{
	char name[EVENT_NAME_LEN] = "";
	size_t i;

	siblings(s, false);
	for (i = 0; i < s->n; i++) {
		if (s->ev[i].kind != EV_DEVICE)
			continue;
		if (*name)
			strcpy(s->ev[i].device_def.name, name);
		strcpy(name, s->ev[i].device_def.name);
	}
}

static void p2p_kept(struct synth *s)
{
	siblings(s, true);
}

static void overlapping(struct synth *s, int64_t second)
{
	uint64_t t;

	MLX5(s);
	initial(s);
	stop_copy(s);
	t = s->now;
	synth_read(s, MIB, 50 * US);
	synth_read(s, second, 50 * US);
	last(s)->tid = 101;
	last(s)->t_ns = t + 20 * US;
	synth_pause(s, MS);
	drain(s);
}

static void concurrent_io(struct synth *s)
{
	overlapping(s, MIB);
}

static void concurrent_and_refused(struct synth *s)
{
	overlapping(s, -EBUSY);
}

/* ---- time ---- */

static void dirtying_each(struct synth *s, int n, uint64_t period, uint64_t first, uint64_t step)
{
	uint64_t left = first;
	int i;

	MLX5(s);
	initial(s);
	for (i = 0; i < n; i++, left -= step) {
		synth_pause(s, period);
		synth_info(s, 0, left);
		synth_read(s, (int64_t)left, 50 * US);
	}
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void dirtying(struct synth *s, uint64_t first, uint64_t step)
{
	dirtying_each(s, 6, SEC, first, step);
}

static void not_converging(struct synth *s)
{
	dirtying(s, 2 * MIB, 0);
}

/* A VMM that asks often sees the same trend. */
static void not_converging_often_asked(struct synth *s)
{
	dirtying_each(s, 20, 100 * MS, 2 * MIB, 0);
}

static void not_converging_for_a_moment(struct synth *s)
{
	dirtying_each(s, 9, 100 * MS, 2 * MIB, 0);
}

static void converging_often_asked(struct synth *s)
{
	dirtying_each(s, 20, 100 * MS, 2 * MIB, 100 * KIB);
}

/* In one round of five it was read nearly empty. */
static void dirtying_but_once(struct synth *s, int once)
{
	int i;

	MLX5(s);
	initial(s);
	for (i = 0; i < 5; i++) {
		synth_pause(s, 300 * MS);
		synth_info(s, 0, 2 * MIB);
		synth_read(s, (int64_t)(2 * MIB - 100 * KIB), 50 * US);
		if (i == once)
			synth_info(s, 0, 100 * KIB);
		synth_read(s, (int64_t)(100 * KIB), 50 * US);
	}
	synth_info(s, 0, 0);
	stop_copy(s);
	drain(s);
}

static void not_converging_in_five(struct synth *s)
{
	dirtying_but_once(s, 5);
}

static void converging_at_first(struct synth *s)
{
	dirtying_but_once(s, 0);
}

static void converging_at_last(struct synth *s)
{
	dirtying_but_once(s, 3);
}

static void converging(struct synth *s)
{
	dirtying(s, 2 * MIB, 350 * KIB);
}

static void first_byte(struct synth *s, uint64_t arc, uint64_t read)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), arc);
	synth_read(s, MIB, read);
	drain(s);
}

static void slow_first_byte(struct synth *s)
{
	first_byte(s, 30 * MS, 40 * MS);
}

static void first_byte_of_many(struct synth *s)
{
	int i;

	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), 30 * MS);
	for (i = 0; i < 4; i++)
		synth_read(s, 256 * KIB, 40 * MS);
	synth_read(s, 0, US);
	end(s);
}

/* In its stop, before the next read(), the VMM's thread spent @ns: on the cpu, if nothing is said. */
static struct event *stopped_for(struct synth *s, uint64_t ns)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, 50 * US);
	return synth_between(s, ns);
}

static void network_bound(struct synth *s)
{
	stopped_for(s, 200 * MS)->why.send_ns = 150 * MS;
	last(s)->why.on_cpu_ns = 50 * MS;
	drain(s);
}

/* What a source waits for in poll(), or receives, is an answer. */
static void source_waits_for_an_answer(struct synth *s)
{
	stopped_for(s, 200 * MS)->why.poll_ns = 100 * MS;
	last(s)->why.receive_ns = 100 * MS;
	last(s)->why.on_cpu_ns = 0;
	drain(s);
}

static void cpu_starved(struct synth *s)
{
	stopped_for(s, 200 * MS)->why.runqueue_ns = 150 * MS;
	last(s)->why.on_cpu_ns = 50 * MS;
	drain(s);
}

static void busy_in_the_stop(struct synth *s)
{
	stopped_for(s, 200 * MS);
	drain(s);
}

static void dirty_log_bound(struct synth *s)
{
	stopped_for(s, 200 * MS)->why.kvm_log_ns = 70 * MS;
	last(s)->why.on_cpu_ns = 130 * MS;
	synth_dma_report(s, 80 * MS);
	drain(s);
}

/* Most of the stop is a report of the dirty log, and most of that had no cpu. */
static void dirty_log_has_no_cpu(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_dma_report(s, 200 * MS);
	synth_why(s, EV_DMA_LOG_REPORT, 0, 0, 0, 150 * MS, 0, "");
	drain(s);
}

/* ---- the evidence ---- */

static void lost_in_session(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_loss(s, 3, s->now - 10, s->now, EV_READ);
	stop_copy(s);
	drain(s);
}

/* What its device said of its initial data, and what was read of it since, is not known any more. */
static void lost_of_the_device(struct synth *s)
{
	MLX5(s);
	precopy(s);
	synth_info(s, 4 * MIB, 0);
	synth_read(s, MIB, 50 * US);
	synth_loss(s, 3, s->now - 10, s->now, EV_READ);
	last(s)->device = 1;
	stop_copy(s);
	drain(s);
}

static void lost_before(struct synth *s)
{
	MLX5(s);
	synth_loss(s, 3, s->now - 10, s->now, EV_FEATURE);
	initial(s);
	stop_copy(s);
	drain(s);
}

static void lost_while_idle(struct synth *s)
{
	MLX5(s);
	synth_loss(s, 3, s->now - 10, s->now, 0);
	synth_add(s, EV_GET_STATE, US, 0)->get_state.reported = MIG_RUNNING;
	initial(s);
	stop_copy(s);
	drain(s);
}

static void proven_beside_a_hole(struct synth *s)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, -ENOMSG, US);
	synth_read(s, 0, US);
	end(s);
	synth_loss(s, 1, s->now - SEC, s->now, 0);
}

static void joined_late(struct synth *s)
{
	struct event *ev;

	synth_device(s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(s, 100, "mig/src/main", "web-07");
	ev = synth_add(s, EV_STREAM_OPEN, 0, 0);
	ev->stream = s->stream = s->next_stream = 1;
	ev->stream_open.adopted = 1;
	ev->stream_open.ops = ev->stream_open.hooked = OPS_POLL;
	synth_read(s, MIB, US);
	s->state = MIG_PRE_COPY;
	stop_copy(s);
	drain(s);
}

/* The first data FD of a driver without BTF: an arc, no birth, and there it is. */
static void found_later(struct synth *s)
{
	struct event *ev;

	MLX5(s);
	precopy(s);
	unborn(s);
	ev = synth_add(s, EV_STREAM_OPEN, 0, 0);
	ev->stream = s->stream;
	ev->stream_open.adopted = 1;
	ev->stream_open.ops = ev->stream_open.hooked = OPS_POLL;
	synth_read(s, MIB, US);
	stop_copy(s);
	drain(s);
}

static void hook_missing(struct synth *s)
{
	size_t i;

	conforming(s);
	for (i = 0; i < s->n; i++)
		if (s->ev[i].kind == EV_STREAM_OPEN)
			s->ev[i].stream_open.hooked &= ~STREAM_OP_IOCTL;
}

static void no_migration(struct synth *s)
{
	MLX5(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
	synth_close(s);
}

static void stuck_in(struct synth *s, uint32_t call)
{
	MLX5(s);
	initial(s);
	stop_copy(s);
	synth_read(s, MIB, US);
	synth_read(s, 0, US);
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(s);
	stuck(s, call, 6 * SEC);
}

static void reset_stuck(struct synth *s)
{
	stuck_in(s, EV_RESET);
}

static void write_stuck(struct synth *s)
{
	stuck_in(s, EV_WRITE);
}

/* A mlx5 before 6.7: the reader was not woken when its session ended. */
static void reader_stuck(struct synth *s)
{
	stuck_in(s, EV_READ);
}

static void poll_sleeps(struct synth *s)
{
	stuck_in(s, EV_POLL);
}

static void stale_gives_zero(struct synth *s)
{
	MLX5(s);
	initial(s);
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_read(s, 0, US);
	synth_stream_close(s);
	synth_close(s);
}

static void error_by_request(struct synth *s)
{
	MLX5(s);
	synth_add(s, EV_SET_STATE, MS, 0)->set_state.target = MIG_ERROR;
	synth_reset(s);
	conforming(s);
}

/* Of another process, or without P2P: no sibling that one has to wait for. */
static void neighbours(struct synth *s, uint32_t pid, uint64_t flags)
{
	uint32_t one;

	MLX5(s);
	initial(s);
	one = s->stream;
	synth_device(s, 2, "0000:3b:00.3", "mlx5_vfio_pci", flags);
	synth_task(s, pid, "qemu", "other");
	synth_open(s);
	s->device = 1;
	s->pid = s->tid = 100;
	s->state = MIG_PRE_COPY;
	s->stream = one;
	stop_copy(s);
	drain(s);
}

static void another_process(struct synth *s)
{
	neighbours(s, 200, 7);
}

static void sibling_without_p2p(struct synth *s)
{
	neighbours(s, 100, 5);
}

/* First a pause, device by device; then, still stopped, the save. */
static void skipped_in_a_pause(struct synth *s, bool save)
{
	MLX5(s);
	synth_device(s, 2, "0000:3b:00.3", "mlx5_vfio_pci", 7);
	synth_open(s);
	s->device = 1;
	s->state = MIG_RUNNING;
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	s->device = 2;
	s->state = MIG_RUNNING;
	synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP), MS);
	s->device = 1;
	s->state = MIG_STOP;
	if (!save) {
		synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P, MIG_RUNNING), MS);
		initial(s);
		s->device = 2;
		s->state = MIG_STOP;
		synth_set_state(s, SYNTH_PATH(MIG_RUNNING_P2P), MS);
		s->device = 1;
		s->state = MIG_PRE_COPY;
		stop_copy(s);
	} else {
		synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
	}
	drain(s);
}

static void paused_then_saved(struct synth *s)
{
	skipped_in_a_pause(s, true);
}

static void paused_then_ran(struct synth *s)
{
	skipped_in_a_pause(s, false);
}

/* The two ends may not be taken for each other's when they cannot be. */
static void other_driver_short(struct synth *s)
{
	size_t i;

	two_sides(s, 4 * MIB, 0, true);
	for (i = 0; i < s->n; i++)
		if (s->ev[i].kind == EV_DEVICE && s->ev[i].device == 2)
			strcpy(s->ev[i].device_def.driver, "qat_vfio_pci");
}

static void short_beside_a_hole(struct synth *s)
{
	two_sides(s, 4 * MIB, 0, true);
	synth_loss(s, 1, s->ev[0].t_ns, s->now, EV_WRITE);
}

static const struct {
	const char *name;
	void (*play)(struct synth *s);
	const char *want;
} cases[] = {
#define C(fn, want)           \
	{                     \
#fn, fn, want \
	}
	C(conforming, "| pass"),
	C(enomsg_in_stop_copy, "enomsg-in-stop-copy | findings"),
	C(enomsg_across_the_arc, "| pass"),
	C(eof_in_precopy, "eof-in-precopy | findings"),
	C(eof_under_the_arc, "| pass"),
	C(eof_at_the_end, "?eof-in-precopy ?evidence-ends | inconclusive"),
	C(zero_size_read, "| pass"),
	C(premature_enomsg, "premature-enomsg | findings"),
	C(shortfall, "~premature-enomsg | pass"),
	C(enomsg_beside_a_read, "| pass"),
	C(data_after_eof, "data-after-eof | findings"),
	C(poll_idle_at_eof, "poll-idle-at-eof | findings"),
	C(poll_ready_at_eof, "| pass"),
	C(poll_never_wakes, "poll-never-wakes | findings"),
	C(poll_wakes, "| pass"),
	C(poll_with_info, "| pass"),
	C(stale_stream, "stale-stream-alive | findings"),
	C(stale_after_reset, "stale-stream-alive migration-failed ~reset-in-session< | findings"),
	C(stale_is_dead, "| pass"),
	C(read_after_end, "~read-after-end | pass"),
	C(read_fails_under_the_arc, "migration-failed | findings"),
	C(gap_in_the_stream, "io-failed< migration-failed write-after-error< | findings"),
	C(interrupted_write, "| pass"),
	C(precopy_unused, "~precopy-unused | pass"),
	C(paused_before, "| pass"),
	C(ran_again, "?ran-again | inconclusive"),
	C(evidence_ends, "?evidence-ends | inconclusive"),
	C(initial_bytes_zero, "initial-bytes-zero | findings"),
	C(initial_zero_after_a_read, "| pass"),
	C(initial_zero_beside_a_read, "| pass"),
	C(initial_bytes_grew, "initial-bytes-grew | findings"),
	C(reinit_conforming, "| pass"),
	C(reinit_without_opt_in, "initial-bytes-grew | findings"),
	C(reinit_dirty_kept, "reinit-dirty-kept | findings"),
	C(unknown_info_flags, "unknown-info-flags | findings"),
	C(flags_without_opt_in, "| pass"),
	C(initial_bytes_stuck, "initial-bytes-stuck | findings"),
	C(initial_bytes_unread, "| pass"),
	C(dirty_bytes_at_start, "dirty-bytes-at-start | findings"),
	C(dirty_after_a_read, "| pass"),
	C(info_outside_precopy, "info-outside-precopy | findings"),
	C(info_refused_outside, "| pass"),
	C(info_missing, "info-missing | findings"),
	C(info_has_no_ioctl, "info-missing | findings"),
	C(info_not_claimed, "| pass"),
	C(data_size_absurd, "data-size-absurd | findings"),
	C(data_size_off, "~data-size-off | pass"),
	C(data_size_near, "| pass"),
	C(data_size_small, "| pass"),
	C(estimate_off, "| pass"),
	C(both_estimates_off, "~data-size-off ~estimate-off | pass"),
	C(estimates_off, "~estimate-off ~estimate-off ~estimate-off | pass"),
	C(precopy_as_probe, "~precopy-as-probe | pass"),
	C(probe_after_a_vague_migration, "initial-bytes-zero ~precopy-as-probe | findings"),
	C(vague_probe, "initial-bytes-zero ~precopy-as-probe< | findings"),
	C(probe_of_a_tiny_state, "| pass"),
	C(fd_missing, "fd-missing | findings"),
	C(fd_unexpected, "fd-unexpected | findings"),
	C(fd_lost, "fd-lost migration-failed | findings"),
	C(set_state_fails, "migration-failed | findings"),
	C(illegal_arc, "illegal-arc | findings"),
	C(illegal_unclaimed, "illegal-arc ?no-migration ?no-migration | findings"),
	C(illegal_refused, "| pass"),
	C(state_desync, "state-desync | findings"),
	C(desync_to_error, "state-desync error-state< ?no-migration ?no-migration | findings"),
	C(reset_between, "| pass"),
	C(error_state, "error-state< migration-failed | findings"),
	C(call_stuck, "call-stuck ?evidence-ends | findings"),
	C(call_stuck_returns, "~slow-call | pass"),
	C(read_waits_in_precopy, "| pass"),
	C(stuck_for_a_moment, "| pass"),
	C(nearly_slow_call, "| pass"),
	C(slow_call, "~slow-call | pass"),
	C(resume_whole, "| pass"),
	C(resume_short, "resume-short | findings"),
	C(short_after_eof, "data-after-eof resume-short< | findings"),
	C(rejected_short, "migration-failed resume-rejected< | findings"),
	C(rejected_whole, "migration-failed resume-rejected< | findings"),
	C(rejected_alone, "migration-failed resume-rejected< | findings"),
	C(not_drained, "?evidence-ends stream-not-drained | findings"),
	C(cancelled_in_stop_copy, "| pass"),
	C(cancelled_in_two_calls, "| pass"),
	C(last_read_failed, "io-failed< migration-failed | findings"),
	C(undrained_at_the_end, "?evidence-ends ?stream-not-drained | inconclusive"),
	C(thrown_away, "~precopy-thrown-away | pass"),
	C(retried, "| pass"),
	C(left_early, "~left-precopy-early | pass"),
	C(left_knowingly, "| pass"),
	C(enomsg_spin, "~enomsg-spin | pass"),
	C(enomsg_slowly, "| pass"),
	C(poll_missing, "~poll-missing | pass"),
	C(reset_in_session, "migration-failed ~reset-in-session< | findings"),
	C(reset_after_failure, "migration-failed | findings"),
	C(reset_in_resuming, "| pass"),
	C(left_open_at_close, "stream-left-open | findings"),
	C(left_open_for_long, "stream-left-open | findings"),
	C(close_unseen, "| pass"),
	C(close_unseen_for_long, "| pass"),
	C(left_open_and_a_reason_lost, "stream-left-open | findings"),
	C(left_open_by_its_user, "stream-left-open | findings"),
	C(copy_closed_first, "| pass"),
	C(p2p_skipped, "~p2p-skipped | pass"),
	C(p2p_of_the_same, "| pass"),
	C(p2p_kept, "| pass"),
	C(concurrent_io, "concurrent-io | findings"),
	C(concurrent_and_refused, "| pass"),
	C(not_converging, "~not-converging | pass"),
	C(not_converging_often_asked, "~not-converging | pass"),
	C(not_converging_for_a_moment, "| pass"),
	C(converging, "| pass"),
	C(converging_often_asked, "| pass"),
	C(not_converging_in_five, "~not-converging | pass"),
	C(converging_at_first, "| pass"),
	C(converging_at_last, "| pass"),
	C(slow_first_byte, "~slow-first-byte | pass"),
	C(first_byte_of_many, "| pass"),
	C(network_bound, "~network-bound | pass"),
	C(source_waits_for_an_answer, "| pass"),
	C(cpu_starved, "~cpu-starved | pass"),
	C(busy_in_the_stop, "| pass"),
	C(dirty_log_bound, "~dirty-log-bound | pass"),
	C(dirty_log_has_no_cpu, "~cpu-starved | pass"),
	C(lost_in_session, "?lost-events | inconclusive"),
	C(lost_of_the_device, "?lost-events | inconclusive"),
	C(lost_before, "| pass"),
	C(lost_while_idle, "?lost-events | inconclusive"),
	C(proven_beside_a_hole, "enomsg-in-stop-copy ?lost-events | findings"),
	C(joined_late, "?joined-late | inconclusive"),
	C(found_later, "?joined-late | inconclusive"),
	C(hook_missing, "?hook-missing | inconclusive"),
	C(no_migration, "?no-migration ?no-migration | inconclusive"),
	C(reset_stuck, "call-stuck | findings"),
	C(write_stuck, "call-stuck | findings"),
	C(reader_stuck, "call-stuck | findings"),
	C(poll_sleeps, "| pass"),
	C(stale_gives_zero, "| pass"),
	C(error_by_request, "illegal-arc error-state< | findings"),
	C(another_process, "| pass"),
	C(sibling_without_p2p, "| pass"),
	C(paused_then_saved, "~p2p-skipped | pass"),
	C(paused_then_ran, "| pass"),
	C(other_driver_short, "| pass"),
	C(short_beside_a_hole, "?lost-events ?lost-events | inconclusive"),
#undef C
};

static const char *line_of(void (*play)(struct synth *))
{
	static char line[4096];
	struct synth s;
	struct model *m;
	struct judge *j;

	synth_init(&s);
	play(&s);
	judge_synth(&s, &m, &j);
	snprintf(line, sizeof(line), "%s", judge_line(j));
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
	return line;
}

static int setup(void **state)
{
	(void)state;
	judge_opts_init(&opts);
	memset(&evidence, 0, sizeof(evidence));
	return 0;
}

static void test_rules(void **state)
{
	unsigned int bad = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = line_of(cases[i].play);

		if (strcmp(got, cases[i].want)) {
			print_message("%s:\n  want %s\n  got  %s\n", cases[i].name, cases[i].want,
				      got);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

/* Every rule but those that options make is in the table, fired. */
static void test_all_fire(void **state)
{
	uint32_t rule;
	size_t i;

	(void)state;
	for (rule = 0; rule < RULE_NR; rule++) {
		const char *name = judge_rule(rule)->name;
		bool seen = rule == RULE_DOWNTIME_BUDGET || rule == RULE_ARC_BUDGET ||
			    rule == RULE_EXPECT_COMPLETED || rule == RULE_DAMAGED_TRACE;

		for (i = 0; i < sizeof(cases) / sizeof(cases[0]) && !seen; i++)
			seen = strstr(cases[i].want, name) != NULL;
		if (!seen)
			print_message("%s never fires\n", name);
		assert_true(seen);
		assert_int_equal(judge_rule_from_name(name), rule);
	}
}

/*
 * The other half: for each rule a session that comes near to breaking it, and of
 * which it says nothing.
 */
static const char *const silent[RULE_NR] = {
	[RULE_ENOMSG_IN_STOP_COPY] = "enomsg_across_the_arc",
	[RULE_EOF_IN_PRECOPY] = "eof_under_the_arc",
	[RULE_PREMATURE_ENOMSG] = "enomsg_beside_a_read",
	[RULE_DATA_AFTER_EOF] = "poll_ready_at_eof",
	[RULE_POLL_IDLE_AT_EOF] = "poll_ready_at_eof",
	[RULE_POLL_NEVER_WAKES] = "poll_with_info",
	[RULE_STALE_STREAM_ALIVE] = "stale_gives_zero",
	[RULE_IO_FAILED] = "read_fails_under_the_arc",
	[RULE_READ_AFTER_END] = "stale_is_dead",
	[RULE_MIGRATION_FAILED] = "cancelled_in_two_calls",
	[RULE_EVIDENCE_ENDS] = "conforming",
	[RULE_RAN_AGAIN] = "cancelled_in_two_calls",
	[RULE_WRITE_AFTER_ERROR] = "interrupted_write",
	[RULE_PRECOPY_UNUSED] = "paused_before",
	[RULE_INITIAL_BYTES_ZERO] = "initial_zero_beside_a_read",
	[RULE_INITIAL_BYTES_GREW] = "reinit_conforming",
	[RULE_INITIAL_BYTES_STUCK] = "initial_bytes_unread",
	[RULE_DIRTY_BYTES_AT_START] = "dirty_after_a_read",
	[RULE_REINIT_DIRTY_KEPT] = "reinit_conforming",
	[RULE_UNKNOWN_INFO_FLAGS] = "flags_without_opt_in",
	[RULE_INFO_OUTSIDE_PRECOPY] = "info_refused_outside",
	[RULE_INFO_MISSING] = "info_not_claimed",
	[RULE_DATA_SIZE_ABSURD] = "data_size_off",
	[RULE_DATA_SIZE_OFF] = "data_size_near",
	[RULE_ESTIMATE_OFF] = "data_size_small",
	[RULE_PRECOPY_AS_PROBE] = "probe_of_a_tiny_state",
	[RULE_FD_MISSING] = "found_later",
	[RULE_FD_UNEXPECTED] = "illegal_refused",
	[RULE_FD_LOST] = "set_state_fails",
	[RULE_ILLEGAL_ARC] = "illegal_refused",
	[RULE_STATE_DESYNC] = "reset_between",
	[RULE_ERROR_STATE] = "set_state_fails",
	[RULE_CALL_STUCK] = "stuck_for_a_moment",
	[RULE_SLOW_CALL] = "nearly_slow_call",
	[RULE_RESUME_SHORT] = "other_driver_short",
	[RULE_RESUME_REJECTED] = "resume_whole",
	[RULE_STREAM_NOT_DRAINED] = "cancelled_in_two_calls",
	[RULE_PRECOPY_THROWN_AWAY] = "retried",
	[RULE_LEFT_PRECOPY_EARLY] = "left_knowingly",
	[RULE_ENOMSG_SPIN] = "enomsg_slowly",
	[RULE_POLL_MISSING] = "enomsg_spin",
	[RULE_RESET_IN_SESSION] = "reset_in_resuming",
	[RULE_STREAM_LEFT_OPEN] = "stale_is_dead",
	[RULE_P2P_SKIPPED] = "sibling_without_p2p",
	[RULE_CONCURRENT_IO] = "concurrent_and_refused",
	[RULE_NOT_CONVERGING] = "converging",
	[RULE_SLOW_FIRST_BYTE] = "first_byte_of_many",
	[RULE_NETWORK_BOUND] = "source_waits_for_an_answer",
	[RULE_CPU_STARVED] = "busy_in_the_stop",
	[RULE_DIRTY_LOG_BOUND] = "dirty_log_has_no_cpu",
	[RULE_LOST_EVENTS] = "lost_before",
	[RULE_JOINED_LATE] = "conforming",
	[RULE_HOOK_MISSING] = "conforming",
	[RULE_NO_MIGRATION] = "conforming",
};

static void test_all_stay_silent(void **state)
{
	uint32_t rule;
	size_t i;

	(void)state;
	for (rule = 0; rule < RULE_NR; rule++) {
		/* Options and the recording's health: tests of their own, below. */
		if (rule == RULE_DOWNTIME_BUDGET || rule == RULE_ARC_BUDGET ||
		    rule == RULE_EXPECT_COMPLETED || rule == RULE_DAMAGED_TRACE)
			continue;
		assert_non_null(silent[rule]);
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			if (!strcmp(cases[i].name, silent[rule]))
				break;
		if (i == sizeof(cases) / sizeof(cases[0]) ||
		    strstr(cases[i].want, judge_rule(rule)->name))
			fail_msg("%s has no session in which it is silent", judge_rule(rule)->name);
	}
}

static void test_parties(void **state)
{
	struct synth s;
	struct model *m;
	struct judge *j;

	(void)state;
	synth_init(&s);
	rejected_short(&s);
	judge_synth(&s, &m, &j);
	assert_int_equal(judge_finding(j, 0)->party, PARTY_VMM);
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
	synth_init(&s);
	rejected_whole(&s);
	judge_synth(&s, &m, &j);
	assert_int_equal(judge_finding(j, 0)->party, PARTY_DRIVER | PARTY_ADMIN);
	assert_string_equal(party_name(judge_finding(j, 0)->party), "driver, admin");
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
}

static void test_options(void **state)
{
	static const char text[] =
		"# a policy\n\n max-arc = 500us # all\nmax-arc=PRE_COPY_P2P:STOP_COPY=2ms\n"
		"ignore = eof-in-precopy, poll-missing\nstrict = yes\nexpect = completed=1\n";
	char err[JUDGE_ERR_LEN];
	unsigned int line;

	(void)state;
	assert_int_equal(judge_policy(&opts, text, sizeof(text) - 1, NULL, &line, err), 0);
	assert_int_equal(opts.max_arc_ns, 500 * US);
	assert_int_equal(opts.n_arcs, 1);
	assert_true(opts.strict && opts.ignore[RULE_EOF_IN_PRECOPY] && opts.expects_completed);
	assert_string_equal(line_of(eof_in_precopy), "eof-in-precopy! arc-budget | findings");
	assert_string_equal(line_of(left_early), "~left-precopy-early arc-budget | findings");
	judge_opts_init(&opts);
	opts.ignore[RULE_EOF_IN_PRECOPY] = true;
	assert_string_equal(line_of(eof_in_precopy), "eof-in-precopy! | pass");

	/* Of PRE_COPY and of STOP_COPY, but not of the arc between the two. */
	assert_int_equal(judge_opts_set(&opts, "max-arc", "PRE_COPY:STOP_COPY=1us", err), 0);
	assert_int_equal(judge_opts_set(&opts, "max-arc", "RUNNING:STOP_COPY=1us", err), 0);
	assert_string_equal(line_of(conforming), "| pass");
	assert_int_equal(judge_opts_set(&opts, "max-arc", "PRE_COPY_P2P:STOP_COPY=1us", err), 0);
	assert_string_equal(line_of(conforming), "arc-budget | findings");
	judge_opts_init(&opts);
	assert_int_equal(judge_opts_set(&opts, "max-read", "49us", err), 0);
	assert_string_equal(line_of(conforming), "arc-budget | findings");
	judge_opts_init(&opts);
	assert_int_equal(judge_opts_set(&opts, "max-write", "49us", err), 0);
	assert_string_equal(line_of(conforming), "| pass");
	assert_string_equal(line_of(resume_whole), "arc-budget | findings");
	judge_opts_init(&opts);
	opts.max_stop_window_ns = MS;
	assert_string_equal(line_of(conforming), "downtime-budget | findings");
	judge_opts_init(&opts);
	opts.max_downtime_ns = MS;
	assert_string_equal(line_of(conforming), "downtime-budget | findings");
	opts.max_downtime_ns = SEC;
	assert_string_equal(line_of(conforming), "?downtime-budget | inconclusive");
	assert_string_equal(line_of(resume_whole), "| pass");
	opts.max_downtime_ns = 2 * MS;
	assert_string_equal(line_of(resume_whole), "downtime-budget | findings");

	assert_int_equal(judge_policy(&opts, "strict = yes\nmax-arc = soon\n", 29, NULL, &line, err),
			 -EINVAL);
	assert_int_equal(line, 2);
	assert_string_equal(err, "max-arc: 'soon' is no duration (300ms, 1.5s)");
	assert_int_equal(judge_policy(&opts, "nonsense", 8, NULL, &line, err), -EINVAL);
	assert_int_equal(judge_opts_set(&opts, "ignore", "no-such-rule", err), -EINVAL);
	/* Of a list that ends with a mistake nothing is taken. */
	opts.ignore[RULE_IO_FAILED] = false;
	assert_int_equal(judge_opts_set(&opts, "ignore", "io-failed, no-such-rule", err), -EINVAL);
	assert_false(opts.ignore[RULE_IO_FAILED]);
	assert_int_equal(judge_opts_set(&opts, "max-arc", "FOO:STOP=1ms", err), -EINVAL);
	assert_int_equal(judge_opts_set(&opts, "expect", "done=1", err), -EINVAL);
}

static void test_expectation(void **state)
{
	struct judge *j;

	(void)state;
	opts.expects_completed = true;
	opts.expect_completed = 2;
	j = judge_create(&opts);
	judge_expectation(j, 2, true);
	assert_string_equal(judge_line(j), "| pass");
	judge_expectation(j, 1, true);
	assert_string_equal(judge_line(j), "?expect-completed | inconclusive");
	judge_expectation(j, 3, true);
	assert_string_equal(judge_line(j), "?expect-completed expect-completed | findings");
	judge_destroy(j);
}

static void test_health(void **state)
{
	struct source_health h = { .ended = false };

	(void)state;
	evidence.health = &h;
	assert_string_equal(line_of(conforming), "?damaged-trace | inconclusive");
	h.ended = true;
	assert_string_equal(line_of(conforming), "| pass");
	h.bytes_skipped = 1;
	assert_string_equal(line_of(conforming), "?damaged-trace | inconclusive");
}

/* A clone goes its own way and comes to the same end. */
static void test_clone(void **state)
{
	struct event_context ctx;
	struct judge *j = judge_create(&opts), *c;
	struct model *m = model_create();
	char first[4096];
	struct synth s;
	size_t i;

	(void)state;
	synth_init(&s);
	data_after_eof(&s);
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(judge_feed(j, m, &s.ev[i], &ctx), 0);
		c = judge_clone(j);
		assert_non_null(c);
		judge_destroy(j);
		j = c;
	}
	c = judge_clone(j);
	judge_finish(j, m, &evidence);
	snprintf(first, sizeof(first), "%s", judge_line(j));
	judge_finish(c, m, &evidence);
	assert_string_equal(first, judge_line(c));
	assert_string_equal(first, "data-after-eof | findings");
	judge_destroy(c);
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
}

/* The lines of @text that begin with @prefix, joined. */
static void joined(const char *text, const char *prefix, char *out, size_t size)
{
	size_t len = 0, n = strlen(prefix);

	out[0] = '\0';
	while (*text) {
		int line = (int)strcspn(text, "\n");

		if (!strncmp(text, prefix, n))
			len += (size_t)snprintf(out + len, size - len, "%s%.*s", len ? " " : "",
						line - (int)n, text + n);
		text += line;
		text += *text == '\n';
	}
}

/* The page and the table say the same. */
static void test_pages(void **state)
{
	static const char *const heads[] = {
		"## What it means\n",
		"## The sentence\n",
		"## How to confirm it\n",
		"## What to change\n",
	};
	char quote[1024], name[64];
	uint32_t rule;
	size_t i;

	(void)state;
	for (rule = 0; rule < RULE_NR; rule++) {
		const struct rule *r = judge_rule(rule);
		const struct page *p = page_find("rule", r->name);
		const char *may = p ? strstr(p->text, "## What may follow") : NULL;
		const enum rule_id *c;
		size_t n = 0;

		assert_non_null(p);
		for (i = 0; i < 4; i++)
			assert_non_null(strstr(p->text, heads[i]));
		joined(p->text, "> ", quote, sizeof(quote));
		assert_string_equal(quote, r->basis);
		assert_true((r->consequences != NULL) == (may != NULL));
		for (c = r->consequences; c && *c != RULE_NR; c++, n++) {
			snprintf(name, sizeof(name), "`%s`", judge_rule(*c)->name);
			assert_non_null(strstr(may, name));
		}
		for (i = 0; may && *may; may++)
			i += *may == '`';
		assert_int_equal(r->consequences ? i / 2 : 0, n);
	}
	for (i = 0; i < MIG_STATE_NR; i++)
		assert_non_null(page_find("state", mig_state_name((uint32_t)i)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_rules, setup),
		cmocka_unit_test_setup(test_all_fire, setup),
		cmocka_unit_test_setup(test_all_stay_silent, setup),
		cmocka_unit_test_setup(test_parties, setup),
		cmocka_unit_test_setup(test_options, setup),
		cmocka_unit_test_setup(test_expectation, setup),
		cmocka_unit_test_setup(test_health, setup),
		cmocka_unit_test_setup(test_clone, setup),
		cmocka_unit_test_setup(test_pages, setup),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
