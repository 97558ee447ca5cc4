// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_recording_oom.c - every single allocation fails once
 *
 * The n-th allocation fails; n goes up until nothing fails any more.  Each time there must be -ENOMEM, or (where memory is
 * a convenience only) the right result, and never a crash.
 */
#include "tests/unit/recording_help.h"
#include "tests/unit/allocs.h"

#include "recording/fold.h"

static int write_it(const struct events *e, const struct meta *m, int fd)
{
	struct recording_writer_opts o = { .frame_events = 30, .snapshot_frames = 2 };
	struct recording_writer *w;
	struct fold *f = NULL;
	size_t i;
	int err, err2;

	err = recording_writer_open(&w, fd, &o);
	if (err) {
		close(fd);
		return err;
	}
	err = recording_writer_meta(w, m);
	if (!err)
		err = fold_open(&f, recording_writer_sink(w), 0);
	for (i = 0; i < e->n && !err; i++)
		err = fold_sink(f)->put(fold_sink(f), &e->ev[i]);
	if (!err)
		err = fold_flush(f);
	if (!err)
		err = recording_writer_end(w);
	fold_close(f);
	err2 = recording_writer_close(w);
	return err ? err : err2;
}

static int read_it(const struct events *e, int fd)
{
	struct event_source *src;
	struct event ev;
	char msg[256];
	size_t n = 0;
	int err;

	err = recording_open_fd(&src, dup(fd), "test", msg, sizeof(msg));
	if (err)
		return err;
	while ((err = src->ops->next(src, &ev, -1)) == 1) {
		assert_true(n < e->n && event_same(&ev, &e->ev[n]));
		n++;
	}
	if (err == -ENODATA) {
		err = 0;
		assert_int_equal(n, e->n);
	} else {
		assert_non_null(strstr(src->ops->error(src), "memory"));
	}
	src->ops->close(src);
	return err;
}

static void test_each_allocation_fails(void **state)
{
	struct events e;
	struct meta m;
	long n, with_error = 0;
	void *volatile probe;
	int fd, err;

	(void)state;
	/* a sanitizer or valgrind has its own */
	if (!OWN_MALLOC)
		skip();
	alloc_fails_at = 0;
	probe = malloc(1);
	alloc_fails_at = -1;
	free(probe);
	if (probe)
		skip();
	e = sample_events(3, 300);
	m = sample_meta();
	for (n = 0;; n++) {
		fd = memfd_create("r", 0);
		allocs_failed = 0;
		alloc_fails_at = n;
		err = write_it(&e, &m, dup(fd));
		alloc_fails_at = -1;
		assert_true(err == 0 || err == -ENOMEM);
		with_error += err != 0;
		if (!allocs_failed)
			break;
		close(fd);
	}
	assert_int_equal(err, 0);
	assert_true(n > 15 && with_error > 10);

	for (n = 0, with_error = 0;; n++) {
		lseek(fd, 0, SEEK_SET);
		allocs_failed = 0;
		alloc_fails_at = n;
		err = read_it(&e, fd);
		alloc_fails_at = -1;
		assert_true(err == 0 || err == -ENOMEM);
		with_error += err != 0;
		if (!allocs_failed)
			break;
	}
	assert_int_equal(err, 0);
	assert_true(n > 10 && with_error > 8);
	close(fd);
	free(e.ev);
	meta_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation_fails),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
