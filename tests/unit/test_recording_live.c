// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording_live.c - pipes that grow, writers that die, disks that fill
 */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"
#include "util/mono.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct event read_event(uint64_t i)
{
	return (struct event){
		.kind = EV_READ,
		.t_ns = mono_ns(),
		.dur_ns = 10,
		.pid = 1,
		.tid = 2,
		.device = 1,
		.stream = 1,
		.ret = (int64_t)i,
		.io.size = 4096,
	};
}

/* One process, both ends: what is due is there, what is not is not. */
static void test_pipe_grows(void **state)
{
	struct event ev = read_event(0), got;
	struct recording_writer *w;
	struct event_source *src;
	char msg[256];
	uint64_t t0;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(recording_writer_open(&w, p[1], NULL), 0);
	assert_int_equal(recording_open_fd(&src, p[0], "pipe", msg, sizeof(msg)), 0);
	assert_int_equal(src->ops->next(src, &got, 0), 0);
	assert_int_equal(recording_writer_put(w, &ev), 0);
	assert_int_equal(src->ops->next(src, &got, 0), 0);
	assert_int_equal(recording_writer_tick(w, ev.t_ns + 600000000), 0);
	assert_int_equal(src->ops->next(src, &got, 0), 1);
	assert_true(event_same(&got, &ev));
	t0 = mono_ns();
	assert_int_equal(src->ops->next(src, &got, 50), 0);
	assert_true(mono_ns() - t0 >= 45000000);
	/* a state change is there within 100 ms */
	ev.kind = EV_SET_STATE;
	assert_int_equal(recording_writer_put(w, &ev), 0);
	assert_int_equal(recording_writer_tick(w, ev.t_ns + 110000000), 0);
	assert_int_equal(src->ops->next(src, &got, -1), 1);
	assert_int_equal(got.seq, 2);
	assert_false(health_of(src).ended);
	assert_int_equal(recording_writer_end(w), 0);
	/* END is enough: the pipe is still open */
	assert_int_equal(src->ops->next(src, &got, -1), -ENODATA);
	assert_true(health_of(src).ended);
	assert_int_equal(recording_writer_close(w), 0);
	src->ops->close(src);
}

/* Bytes one at a time, with time-outs between them. */
static void test_pipe_drips(void **state)
{
	struct events e = sample_events(5, 30), got = { calloc(64, sizeof(struct event)), 0 };
	struct recording_writer_opts o = { .frame_events = 4, .snapshot_frames = 3 };
	struct bytes b = record(e.ev, e.n, NULL, &o, true);
	struct event_source *src;
	char msg[256];
	size_t i;
	int p[2], err = 0;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], b.p, HEADER_LEN), HEADER_LEN);
	assert_int_equal(recording_open_fd(&src, p[0], "pipe", msg, sizeof(msg)), 0);
	for (i = HEADER_LEN; i < b.len; i++) {
		assert_int_equal(write(p[1], b.p + i, 1), 1);
		while ((err = src->ops->next(src, &got.ev[got.n], 0)) == 1)
			got.n++;
		assert_int_equal(err, 0);
	}
	/* The pipe stays open, but nothing follows. */
	assert_int_equal(src->ops->next(src, &got.ev[got.n], -1), -ENODATA);
	assert_int_equal(got.n, e.n);
	for (i = 0; i < e.n; i++)
		assert_true(event_same(&got.ev[i], &e.ev[i]));
	src->ops->close(src);
	close(p[1]);
	free(got.ev);
	free(e.ev);
	free(b.p);
}

/* Two recordings behind one another in a pipe, or a broken copy: said, not dropped. */
static void test_behind_end(void **state)
{
	struct events e = sample_events(5, 30), got;
	struct bytes b = record(e.ev, e.n, NULL, NULL, true);
	struct event_source *src;
	char msg[256], want[256];
	int p[2], err, more;

	(void)state;
	for (more = 0; more < 3; more++) {
		assert_int_equal(pipe(p), 0);
		assert_int_equal(write(p[1], b.p, b.len), b.len);
		assert_int_equal(write(p[1], more == 2 ? b.p : (const uint8_t *)"junk", more * 4),
				 more * 4);
		assert_int_equal(recording_open_fd(&src, p[0], "pipe", msg, sizeof(msg)), 0);
		got = read_until(src, &err);
		assert_int_equal(got.n, e.n);
		assert_int_equal(err, more ? -EOVERFLOW : -ENODATA);
		snprintf(want, sizeof(want),
			 "pipe: at least %d bytes%s follow the end of the recording, "
			 "at byte %zu",
			 more * 4, more == 2 ? " of another recording" : "", b.len);
		assert_string_equal(src->ops->error(src), more ? want : "");
		assert_true(health_of(src).ended);
		src->ops->close(src);
		close(p[1]);
		free(got.ev);
	}
	free(e.ev);
	free(b.p);
}

/* The head that ends a stretch of damage comes in pieces, too. */
static void test_damage_drips(void **state)
{
	struct events e = sample_events(5, 30);
	struct recording_writer_opts o = { .frame_events = 4 };
	struct bytes b = record(e.ev, e.n, NULL, &o, true);
	struct event_source *src;
	struct event ev;
	size_t i, n = 0, lost = 0;
	char msg[256];
	int p[2], err = 0;

	(void)state;
	b.p[HEADER_LEN + FRAME_TYPE] ^= 1;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], b.p, HEADER_LEN), HEADER_LEN);
	assert_int_equal(recording_open_fd(&src, p[0], "pipe", msg, sizeof(msg)), 0);
	for (i = HEADER_LEN; i < b.len; i++) {
		assert_int_equal(write(p[1], b.p + i, 1), 1);
		while ((err = src->ops->next(src, &ev, 0)) == 1) {
			if (ev.kind == EV_LOSS && ev.loss.cause == LOSS_DAMAGE)
				lost += ev.loss.count;
			else
				n++;
		}
	}
	assert_int_equal(src->ops->next(src, &ev, -1), -ENODATA);
	assert_int_equal(lost, 4);
	assert_int_equal(n, e.n - 4);
	assert_int_equal(health_of(src).frames_damaged, 1);
	src->ops->close(src);
	close(p[1]);
	free(e.ev);
	free(b.p);
}

/* A pipe that ends without END, or in the middle of a frame. */
static void test_pipe_breaks_off(void **state)
{
	struct events e = sample_events(6, 30), got;
	struct bytes b = record(e.ev, e.n, NULL, NULL, false);
	struct event_source *src;
	char msg[256];
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], b.p, b.len), b.len);
	assert_int_equal(write(p[1], b.p + HEADER_LEN, 70), 70);
	close(p[1]);
	assert_int_equal(recording_open_fd(&src, p[0], "pipe", msg, sizeof(msg)), 0);
	got = read_all(src);
	assert_int_equal(got.n, e.n);
	assert_false(health_of(src).ended);
	assert_int_equal(health_of(src).bytes_skipped, 70);
	src->ops->close(src);
	free(got.ev);
	free(e.ev);
	free(b.p);
}

/* A slow reader behind a full, non-blocking pipe (or socket): nothing is lost. */
static void slow_reader(int rd, int wr)
{
	struct recording_writer_opts o = { .level = -1 };
	size_t n = 20000, i;
	int status;
	pid_t pid;

	assert_int_equal(fcntl(wr, F_SETFL, O_NONBLOCK), 0);
	pid = fork();
	if (!pid) {
		struct event_source *src;
		struct event ev;
		char msg[256];

		close(wr);
		if (recording_open_fd(&src, rd, "pipe", msg, sizeof(msg)))
			_exit(1);
		for (i = 0; src->ops->next(src, &ev, -1) == 1; i++) {
			if (ev.ret != (int64_t)i)
				_exit(2);
			if (i % 1000 == 0)
				usleep(2000);
		}
		_exit(i == n && health_of(src).ended ? 0 : 3);
	} else {
		struct recording_writer *w;
		struct gen g = { 1 };

		close(rd);
		assert_int_equal(recording_writer_open(&w, wr, &o), 0);
		for (i = 0; i < n; i++) {
			struct event ev = read_event(i);

			ev.dur_ns = gen_u64(&g); /* so that it is many bytes */
			assert_int_equal(recording_writer_put(w, &ev), 0);
		}
		assert_int_equal(recording_writer_end(w), 0);
		assert_int_equal(recording_writer_close(w), 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_slow_reader(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	slow_reader(p[0], p[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	slow_reader(p[0], p[1]);
}

static void test_closed_pipe(void **state)
{
	struct event ev = read_event(0);
	struct recording_writer *w;
	int p[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(recording_writer_open(&w, p[1], NULL), 0);
	close(p[0]);
	assert_int_equal(recording_writer_put(w, &ev), 0);
	assert_int_equal(recording_writer_flush(w), -EPIPE);
	assert_int_equal(recording_writer_put(w, &ev), -EPIPE);
	assert_int_equal(recording_writer_tick(w, UINT64_MAX), -EPIPE);
	assert_int_equal(recording_writer_end(w), -EPIPE);
	assert_int_equal(recording_writer_close(w), -EPIPE);

	assert_int_equal(pipe(p), 0);
	close(p[0]);
	assert_int_equal(recording_writer_open(&w, p[1], NULL), -EPIPE);
	assert_null(w);
	close(p[1]);
}

static volatile sig_atomic_t cancelled;

static void on_alarm(int sig)
{
	(void)sig;
	cancelled = 1;
}

/* Nobody reads: the user's second Ctrl-C ends it. */
static void test_cancel(void **state)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct recording_writer_opts o = { .level = -1, .cancel = &cancelled };
	struct recording_writer *w;
	struct gen g = { 1 };
	int p[2], err = 0;
	size_t i;

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(recording_writer_open(&w, p[1], &o), 0);
	alarm(1);
	for (i = 0; i < 100000 && !err; i++) {
		struct event ev = read_event(i);

		ev.dur_ns = gen_u64(&g);
		err = recording_writer_put(w, &ev);
	}
	alarm(0);
	assert_int_equal(err, -EINTR);
	assert_int_equal(recording_writer_close(w), -EINTR);
	close(p[0]);
}

static void test_disk_full(void **state)
{
	char path[] = "/tmp/vfioscope-full-XXXXXX";
	struct recording_writer *w;
	struct recording_stat st;
	char msg[256];
	int fd, status;
	pid_t pid;

	(void)state;
	fd = open("/dev/full", O_WRONLY);
	if (fd >= 0) {
		assert_int_equal(recording_writer_open(&w, fd, NULL), -ENOSPC);
		close(fd);
	}

	fd = mkstemp(path);
	assert_true(fd >= 0);
	pid = fork();
	if (!pid) {
		struct recording_writer_opts o = {
			.flush_ns = UINT64_MAX,
			.urgent_ns = UINT64_MAX,
		};
		struct rlimit l = { 50000, 50000 };
		struct gen g = { 1 };
		int err = 0, i;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &l);
		if (recording_writer_open(&w, fd, &o))
			_exit(1);
		for (i = 0; i < 100000 && !err; i++) {
			struct event ev = read_event(i);

			ev.dur_ns = gen_u64(&g);
			err = recording_writer_put(w, &ev);
			if (!err && i % 500 == 499)
				err = recording_writer_flush(w);
		}
		if (err != -EFBIG || recording_writer_end(w) != -EFBIG ||
		    recording_writer_close(w) != -EFBIG)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(recording_stat(path, &st, NULL, NULL, msg, sizeof(msg)), 0);
	assert_true(st.events >= 500);
	assert_int_equal(st.events % 500, 0);
	assert_false(st.health.ended);
	/* the frame that did not fit is gone: not a byte is bad */
	assert_int_equal(st.health.bytes_skipped, 0);
	assert_true(st.bytes <= 50000);
	close(fd);
	unlink(path);
}

/* SIGKILL at any moment: what was put a second ago is there. */
static void test_killed(void **state)
{
	struct gen g = { 99 };
	int round;

	(void)state;
	for (round = 0; round < 25; round++) {
		char path[] = "/tmp/vfioscope-kill-XXXXXX", msg[256];
		struct event_source *src;
		int fd = mkstemp(path), p[2], status, err;
		struct events got;
		uint64_t put = 0, killed;
		pid_t pid;
		size_t i;

		assert_true(fd >= 0);
		assert_int_equal(pipe(p), 0);
		pid = fork();
		if (!pid) {
			struct recording_writer_opts o = {
				.flush_ns = 5000000,
				.urgent_ns = 1000000,
			};
			struct recording_writer *w;

			if (recording_writer_open(&w, fd, &o))
				_exit(1);
			for (i = 0;; i++) {
				struct event ev = read_event(i);

				if (recording_writer_put(w, &ev) ||
				    recording_writer_tick(w, mono_ns()))
					_exit(1);
				if (i % 64 == 0 && write(p[1], &i, sizeof(i)) < 0)
					_exit(1);
			}
		}
		close(p[1]);
		usleep(3000 + gen_below(&g, 40000));
		killed = mono_ns();
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(p[0], &put, sizeof(put)) == sizeof(put))
			;
		close(p[0]);
		close(fd);
		err = recording_open(&src, path, msg, sizeof(msg));
		unlink(path);
		if (err) {
			assert_int_equal(err, -ENODATA);
			continue;
		}
		got = read_all(src);
		for (i = 0; i < got.n; i++)
			assert_int_equal(got.ev[i].ret, i);
		assert_false(health_of(src).ended);
		assert_int_equal(health_of(src).frames_damaged, 0);
		assert_true(got.n > 0);
		/* generous: two cores, shared */
		assert_true(got.ev[got.n - 1].t_ns + 500000000 > killed);
		src->ops->close(src);
		free(got.ev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe_grows),	cmocka_unit_test(test_pipe_drips),
		cmocka_unit_test(test_damage_drips),	cmocka_unit_test(test_behind_end),
		cmocka_unit_test(test_pipe_breaks_off), cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_closed_pipe),	cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_disk_full),	cmocka_unit_test(test_killed),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
