// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_vmm_log.c - lines of a VMM's log between the events: which, when, and as what
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "recording/vmm_log.h"
#include "tests/unit/synth.h"
#include "tests/unit/tmpdir.h"

static struct synth s;

static int setup(void **state)
{
	int err = tmpdir_enter(state);

	synth_init(&s);
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_open(&s);
	synth_pause(&s, SEC);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_pause(&s, SEC);
	synth_read(&s, MIB, MS);
	return err;
}

static int teardown(void **state)
{
	synth_free(&s);
	return tmpdir_leave(state);
}

static void put(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

#define PUT(name, text) put(name, text, sizeof(text) - 1)

static char marks[16][EVENT_TEXT_LEN];
static uint64_t at[16];
static size_t n_marks, n_others;

/* All events of it; the marks into those. */
static void read_all(const char *const *paths, size_t n)
{
	struct event_source *src = synth_as_source(&s);
	uint64_t last = 0, sum = 0;
	char err[VMM_LOG_ERR_LEN];
	struct event ev;
	size_t i;

	n_marks = n_others = 0;
	if (vmm_log_open(&src, paths, n, err))
		fail_msg("%s", err);
	while (src->ops->next(src, &ev, -1) > 0) {
		if (!vmm_log_is_line(src)) {
			assert_int_not_equal(ev.kind, EV_MARK);
			n_others++;
			continue;
		}
		assert_int_equal(ev.kind, EV_MARK);
		assert_true(n_marks < 16);
		assert_non_null(memchr(ev.mark.text, '\0', sizeof(ev.mark.text)));
		strcpy(marks[n_marks], ev.mark.text);
		at[n_marks++] = ev.t_ns;
		assert_true(ev.t_ns >= last);
		last = ev.t_ns;
	}
	for (i = 0; i < n; i++)
		sum += vmm_log_marks(src, i);
	assert_int_equal(sum, n_marks);
	assert_int_equal(n_others, s.n);
	src->ops->close(src);
}

static void read_one(const char *name)
{
	read_all(&name, 1);
}

/* Each way to say a time of day, and what lies before the first event or behind the last. */
static void test_times(void **state)
{
	size_t i;

	(void)state;
	PUT("dir.log",
	    "222@1767323044.999999:too early\n"
	    "222@1767323045.500000:vmstate_downtime_checkpoint src-downtime-start\n"
	    "no time at all\n"
	    "2026-01-02T03:04:05.600000Z vfio_save_block (0000:00:01.0) data_size 1\n"
	    "2026-01-02 03:04:05.700+0000: 4711: info : says libvirt\n"
	    "2026-01-02T05:04:05.800+02:00 in another zone\n"
	    "2026-01-02T03:04:05.9Z qemu-system-x86_64: a message\r\n"
	    "1@1767323099.0:too late");
	read_one("dir.log");
	assert_int_equal(n_marks, 5);
	assert_string_equal(marks[0], "dir.log: vmstate_downtime_checkpoint src-downtime-start");
	assert_string_equal(marks[1], "dir.log: vfio_save_block (0000:00:01.0) data_size 1");
	assert_string_equal(marks[2], "dir.log: 4711: info : says libvirt");
	assert_string_equal(marks[3], "dir.log: in another zone");
	assert_string_equal(marks[4], "dir.log: qemu-system-x86_64: a message");
	for (i = 0; i < 5; i++)
		assert_int_equal(at[i], 1000 * SEC + (5 + i) * 100 * MS);
}

/* Two logs are one: in order of time. */
static void test_two(void **state)
{
	static const char *const paths[] = { "a", "b" };

	(void)state;
	PUT("a", "1@1767323045.3:x\n1@1767323045.5:y\n");
	PUT("b", "1@1767323045.2:x\n1@1767323045.4:y\n1@1767323046.4:z\n");
	read_all(paths, 2);
	assert_int_equal(n_marks, 5);
	assert_string_equal(marks[0], "b: x");
	assert_string_equal(marks[1], "a: x");
	assert_string_equal(marks[2], "b: y");
	assert_string_equal(marks[4], "b: z");
}

/* What a log holds is anybody's: it ends where a mark ends, and is harmless. */
static void test_hostile(void **state)
{
	static char text[1 << 20];
	size_t len;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text), "1@1767323045.2:");
	memset(text + len, 'x', sizeof(text) - len);
	text[sizeof(text) - 1] = '\n';
	put("long", text, sizeof(text));
	read_one("long");
	assert_int_equal(n_marks, 1);
	assert_int_equal(strlen(marks[0]), EVENT_TEXT_LEN - 1);
	PUT("odd",
	    "1@1767323045.2:\0a\x1b[31m\xff\n"
	    "@1.2:x\n1@x\n1@1:x\n1@1.x\n1@99999999999999999999999.1:x\n1@.5:x\n1@1767323045.2\n"
	    "2026-02-30T03:04:05Z no such day\n2026-01-02T03:04:05 no zone\n"
	    "2026-01-02T03:04:05.\n2026-01-02T03:04:05+\n2026-01-02T03:04:05+00:\n"
	    "2026-01-02T03:04:05.000000000000000000000000000000000000000000000000000000000Z\n"
	    "1@1767323045.29999999999999999999999:\n");
	read_one("odd");
	assert_int_equal(n_marks, 2);
	assert_string_equal(marks[0], "odd: a?[31m?");
	assert_string_equal(marks[1], "odd:");
	assert_in_range(at[1], 1000 * SEC + 299 * MS, 1000 * SEC + 300 * MS);
}

static void refused(const char *name, int want, const char *says)
{
	struct event_source *src = synth_as_source(&s), *was = src;
	char err[VMM_LOG_ERR_LEN];

	assert_int_equal(vmm_log_open(&src, &name, 1, err), want);
	assert_ptr_equal(src, was);
	assert_string_equal(err, says);
	src->ops->close(src);
}

/* What is no log is refused before anything is read of the recording. */
static void test_refused(void **state)
{
	(void)state;
	refused("none", -ENOENT, "none: No such file or directory");
	assert_int_equal(mkdir("dir", 0700), 0);
	refused("dir", -EISDIR, "dir: Is a directory");
	PUT("empty", "");
	refused("empty", -EINVAL,
		"empty: no line of it begins with a time of day, as in a log of QEMU's or libvirt's");
	PUT("text", "# Readme\n\nNothing of a time.\n");
	refused("text", -EINVAL,
		"text: no line of it begins with a time of day, as in a log of QEMU's or libvirt's");
}

/* Without a clock pair nothing says when a time of day was. */
static void test_no_pair(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < s.n; i++)
		if (s.ev[i].kind == EV_CLOCK)
			s.ev[i].kind = EV_HOST;
	PUT("a", "1@1767323045.3:x\n");
	read_one("a");
	assert_int_equal(n_marks, 0);
}

static const struct event_source_ops *whole;

static int breaks_off(struct event_source *src, struct event *ev, int timeout_ms)
{
	int err = whole->next(src, ev, timeout_ms);

	return err == -ENODATA ? -EBADMSG : err;
}

/* That a log broke off is told at the end of the recording: not in place of what that broke off with. */
static void test_breaks_off(void **state)
{
	char text[2 * BUFSIZ], err[VMM_LOG_ERR_LEN];
	const char *name = "a";
	uint32_t broken;

	(void)state;
	/* Its beginning is read at once, the rest when all before it has been told. */
	memset(text, '\n', sizeof(text));
	memcpy(text, "1@1767323045.3:x", 16);
	put(name, text, sizeof(text));
	for (broken = 0; broken < 2; broken++) {
		struct event_source *src = synth_as_source(&s);
		struct event_source_ops ops = *src->ops;
		int dir, log, got;
		struct event ev;

		whole = src->ops;
		if (broken) {
			ops.next = breaks_off;
			src->ops = &ops;
		}
		dir = open(".", O_RDONLY | O_DIRECTORY);
		log = dup(dir);
		assert_true(dir >= 0 && log >= 0);
		close(log);
		assert_int_equal(vmm_log_open(&src, &name, 1, err), 0);
		assert_int_equal(dup2(dir, log), log);
		while ((got = src->ops->next(src, &ev, -1)) > 0)
			;
		assert_int_equal(got, broken ? -EBADMSG : -EIO);
		if (!broken)
			assert_string_equal(src->ops->error(src), "a: it cannot be read");
		src->ops->close(src);
		close(dir);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_times),	 T(test_two),	  T(test_hostile),
		T(test_refused), T(test_no_pair), T(test_breaks_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
