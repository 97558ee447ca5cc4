// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_each_kept - record --each-migration: what is kept, what is dropped, what goes wrong
 */
#include "tests/unit/each_help.h"

static const char *kept_by(const char *conditions, bool fails, const struct judge_opts *budgets)
{
	static char why[40];
	struct opt_list list = { .items = &conditions, .n = 1 };
	struct each_opts o = { .dir = "d",
			       .watch = &watch,
			       .src = &source,
			       .argc = 1,
			       .argv = args,
			       .command = 1,
			       .budgets = budgets };
	struct each_stats st;
	struct keep_if k;
	struct each *e;
	struct synth s;

	told[0] = '\0';
	mono_ns = 1000 * SEC;
	if (keep_if_parse(&k, &list))
		return "usage";
	o.keep_if = &k;
	assert_int_equal(each_open(&e, &o), 0);
	first_vm(e, &s, "web-1");
	if (fails) {
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_read(&s, -EIO, 60 * US);
		synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	} else {
		synth_source(&s, &plan);
		synth_close(&s);
	}
	PLAY(e, &s);
	after_tail(e);
	each_end(e);
	each_stats(e, &st);
	done(e, &s, NULL);
	assert_int_equal(st.kept + st.dropped, 1);
	assert_int_equal(files(), st.kept);
	if (st.kept)
		assert_int_equal(system("rm -f d/*"), 0);
	snprintf(why, sizeof(why), "%s", st.kept ? "kept" : "dropped");
	return why;
}

static void conditions(void **state)
{
	struct judge_opts budgets;
	char err[JUDGE_ERR_LEN];

	(void)state;
	assert_string_equal(kept_by("failed", false, NULL), "dropped");
	is_told("dropped, ");
	is_told("(not failed)");
	assert_string_equal(kept_by("failed", true, NULL), "kept");
	is_told("(failed)");
	assert_string_equal(kept_by("cancelled|failed", true, NULL), "kept");
	assert_string_equal(kept_by("cancelled|finding", false, NULL), "dropped");
	is_told("(not cancelled, not finding)");
	assert_string_equal(kept_by("finding", true, NULL), "kept");
	assert_string_equal(kept_by("vm=web-*", false, NULL), "kept");
	assert_string_equal(kept_by("bytes>1GiB", false, NULL), "dropped");
	/* This host sees the source's stop; the destination's part is not in the evidence. */
	assert_string_equal(kept_by("stop>10ms", false, NULL), "kept");
	assert_string_equal(kept_by("downtime>10ms", false, NULL), "kept");
	assert_string_equal(kept_by("downtime>10s", false, NULL), "dropped");
	assert_string_equal(kept_by("downtime<10s", false, NULL), "dropped");
	assert_string_equal(kept_by("over-budget", false, NULL), "dropped");
	judge_opts_init(&budgets);
	assert_int_equal(judge_opts_set(&budgets, "max-stop-window", "10ms", err), 0);
	assert_string_equal(kept_by("over-budget", false, &budgets), "kept");
	is_told("(over-budget)");
	assert_int_equal(judge_opts_set(&budgets, "max-stop-window", "10s", err), 0);
	assert_string_equal(kept_by("over-budget", false, &budgets), "dropped");
	assert_string_equal(kept_by("", false, NULL), "usage");
	assert_string_equal(kept_by("failed|", false, NULL), "usage");
	assert_string_equal(kept_by("fail", false, NULL), "usage");
	assert_string_equal(kept_by("downtime>300", false, NULL), "usage");
	is_told("300ms");
}

static void make(const char *name, size_t size, uint64_t age_s)
{
	struct utimbuf t;
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "d/%s", name);
	f = fopen(path, "w");
	assert_non_null(f);
	while (size--)
		fputc('x', f);
	fclose(f);
	t.actime = t.modtime = (time_t)((mono_ns + real_ahead_ns) / SEC - age_s);
	assert_int_equal(utime(path, &t), 0);
}

static void limits(void **state)
{
	struct shelf_limits l = { .last = 3 };
	struct each_stats st;
	struct each *e;
	int fd;

	(void)state;
	mkdir("d", 0700);
	make("20260102T020000Z-a-completed.vfs", 100, 900);
	make("20260102T020001Z-a-failed.2.vfs", 100, 800);
	make("20260102T020002Z-b-cancelled.vfs", 100, 700);
	make("20260102T020003Z-b-completed.vfs", 100, 600);
	/* Nobody's, or somebody else's. */
	make("20260102T020000Z-a-completed.vfs.bak", 100, 1000);
	make("mine.vfs", 100, 1000);
	make("20260102-notes-completed.vfs", 100, 1000);
	make("20260102T020000Z-c-recording.vfs", 100, 1000);
	fd = open("d/20260102T020000Z-c-recording.vfs", O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	e = start(&l, NULL);
	wait_until(e, mono_ns + SEC);
	each_end(e);
	assert_int_equal(files(), 7);
	is_told("dropped the oldest 1 (100 B), 20260102T020000Z-a-completed.vfs: --keep-last");
	each_stats(e, &st);
	assert_int_equal(st.trimmed, 1);
	each_close(e);

	l = (struct shelf_limits){ .bytes = 250 };
	e = start(&l, NULL);
	wait_until(e, mono_ns + SEC);
	each_end(e);
	assert_int_equal(files(), 6);
	is_told("20260102T020001Z-a-failed.2.vfs: --keep-size");
	each_close(e);

	l = (struct shelf_limits){ .age_ns = 650 * SEC };
	e = start(&l, NULL);
	wait_until(e, mono_ns + SEC);
	each_end(e);
	assert_int_equal(files(), 5);
	is_told("20260102T020002Z-b-cancelled.vfs: --keep-age");
	/* A clock that is set makes nothing old; time that goes on does, and asleep it does, too. */
	real_ahead_ns += 86400 * SEC;
	wait_until(e, mono_ns + SEC);
	is_told("the clock was set forward by 1d00h");
	each_stats(e, &st);
	assert_int_equal(st.clock_steps, 1);
	each_end(e);
	assert_int_equal(files(), 5);
	each_close(e);

	/* The newest stays, whatever its size and age. */
	l = (struct shelf_limits){ .bytes = 1, .age_ns = SEC };
	e = start(&l, NULL);
	wait_until(e, mono_ns + SEC);
	each_end(e);
	assert_int_equal(files(), 5);
	assert_string_equal(names[3], "20260102T020003Z-b-completed.vfs");
	each_close(e);

	/* Whoever wrote that was killed. */
	close(fd);
	e = start(NULL, NULL);
	assert_int_equal(files(), 5);
	assert_string_equal(names[2], "20260102T020000Z-c-interrupted.vfs");
	is_told("its recorder was killed");
	each_close(e);
}

/* ---- what goes wrong ---- */

/* The directory goes: before, in the middle; it is made again, and the next is recorded. */
static void gone(void **state)
{
	struct each *e = start(NULL, NULL);
	struct each_stats st;
	struct synth s;

	(void)state;
	assert_int_equal(rmdir("d"), 0);
	migrate(e, 1, 4);
	assert_int_equal(files(), 1);
	/* in the middle */
	tell_clocks(e);
	vm_begins(&s, 2, "web-1", mono_ns - 1000 * SEC);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, MIB, 60 * US);
	PLAY(e, &s);
	wait_until(e, mono_ns + SEC);
	assert_int_equal(system("rm -r d"), 0);
	wait_until(e, mono_ns + SEC);
	is_told("was removed while it was recorded");
	s.now = mono_ns;
	synth_read(&s, MIB, 60 * US);
	synth_close(&s);
	PLAY(e, &s);
	after_tail(e);
	/* A file where it was: the next one is not recorded, and that is told. */
	fclose(fopen("d", "w"));
	migrate(e, 3, 4);
	is_told("NOT RECORDED");
	is_told("its migration is over, and was not recorded");
	unlink("d");
	migrate(e, 4, 4);
	each_end(e);
	assert_int_equal(files(), 1);
	assert_true(look(names[0]).ended);
	each_stats(e, &st);
	assert_int_equal(st.begun, 4);
	assert_int_equal(st.kept, 2);
	assert_int_equal(st.missed, 2);
	assert_true(st.events_missed > 20);
	done(e, &s, NULL);
}

/* A full disk: what is there is kept and called so, and when there is room the next is whole. */
static void full(void **state)
{
	uint64_t noise = 1;
	struct each_stats st;
	struct each *e;
	struct synth s;
	struct held h;
	uint32_t i;

	(void)state;
	mkdir("d", 0700);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", "d", "tmpfs", 0, "size=64k"))
		skip();
	e = start(NULL, NULL);
	first_vm(e, &s, "web-1");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	/* not to be compressed much */
	for (i = 0; i < 20000; i++) {
		noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
		synth_read(&s, (int64_t)(noise >> 44), 1000 + (noise >> 24) % 100000);
	}
	synth_close(&s);
	PLAY(e, &s);
	is_told("No space left on device");
	is_told("the rest of this migration is not recorded");
	after_tail(e);
	shelf_wait(e->shelf);
	wait_until(e, mono_ns + SEC);
	assert_int_equal(files(), 1);
	assert_string_equal(names[0], "20260102T030405Z-web-1-failed-cut.vfs");
	h = look(names[0]);
	assert_false(h.ended);
	assert_true(h.events > 100);
	is_told("(not all of it could be written)");
	/* Still full: not even a beginning. */
	assert_int_equal(system("head -c 100000 /dev/zero > d/fill 2>/dev/null; test -s d/fill"),
			 0);
	migrate(e, 2, 4);
	unlink("d/fill");
	migrate(e, 3, 4);
	each_end(e);
	assert_int_equal(files(), 2 + (strstr(told, "NOT RECORDED") == NULL));
	assert_true(look(names[files() - 1]).ended);
	each_stats(e, &st);
	assert_int_equal(st.begun, 3);
	assert_true(st.cut >= 1);
	assert_int_equal(st.kept + st.missed, 3);
	assert_true(st.events_missed > 1000);
	done(e, &s, NULL);
	umount("d");
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(conditions), T(limits), T(gone), T(full) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
