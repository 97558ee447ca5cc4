// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_each - record --each-migration: which events go into which recording
 */
#include "tests/unit/each_help.h"

/* From before the first sign to after the end, and its like is not there. */
static void one(void **state)
{
	struct each *e = start(NULL, NULL);
	struct each_stats st;
	struct synth s;
	struct held h;

	(void)state;
	first_vm(e, &s, "web/1 \n");
	synth_pause(&s, 3 * SEC);
	synth_source(&s, &plan);
	synth_close(&s);
	PLAY(e, &s);
	assert_int_equal(each_under_way(e), 1);
	assert_int_equal(files(), 1);
	assert_string_equal(names[0], "20260102T030408Z-web_1__-recording.vfs");
	after_tail(e);
	assert_int_equal(each_under_way(e), 0);
	each_end(e);
	assert_int_equal(files(), 1);
	assert_string_equal(names[0], "20260102T030408Z-web_1__-completed.vfs");
	h = look(names[0]);
	assert_true(h.ended);
	assert_int_equal(h.migrations, 1);
	assert_int_equal(h.outcome, OUTCOME_COMPLETED);
	assert_int_equal(h.opens, 1); /* three seconds before */
	assert_int_equal(h.bytes, 6 * MIB + 96 * KIB);
	is_told("completed after");
	is_told("kept as 20260102T030408Z-web_1__-completed.vfs");
	each_stats(e, &st);
	assert_int_equal(st.begun, 1);
	assert_int_equal(st.kept, 1);
	assert_int_equal(st.missed, 0);
	assert_true(st.bytes > 500);
	done(e, &s, NULL);
}

/* What its end says is what list finds when it reads it all. */
/* Which functions are timed is told long before, and again while it goes on: to each of them. */
static void inside(void **state)
{
	struct each *e = start(NULL, NULL);
	struct synth s;
	struct held h;

	(void)state;
	first_vm(e, &s, "web-1");
	synth_function(&s, "cmd_exec", UNSEEN_NO_SIGN);
	synth_function(&s, "not_there", UNSEEN_ABSENT);
	synth_function(&s, "never_runs", UNSEEN_NO_SIGN);
	synth_pause(&s, 60 * SEC);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 5 * MS);
	synth_function(&s, "cmd_exec", UNSEEN_NOT);
	synth_function(&s, "never_runs", UNSEEN_NOT);
	synth_read(&s, MIB, 50 * MS);
	synth_inside(&s, EV_READ, "cmd_exec", 1 * MS, 40 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), 1 * MS);
	synth_close(&s);
	PLAY(e, &s);
	after_tail(e);
	each_end(e);
	assert_int_equal(files(), 1);
	h = look(names[0]);
	assert_int_equal(h.migrations, 1);
	assert_int_equal(h.functions, 3);
	assert_int_equal(h.inside_seen, 2);
	assert_int_equal(h.inside_calls, 1);
	done(e, &s, NULL);
}

static void summary(void **state)
{
	struct each *e = start(NULL, NULL);
	struct event_source *src;
	struct summariser *again = summariser_create(NULL);
	struct recording_writer *w;
	char err[256], path[PATH_MAX];
	struct summary a = { 0 }, b = { 0 };
	uint8_t *data;
	struct buf one_way = { 0 }, other = { 0 };
	struct meta m = { 0 };
	struct synth s;
	struct event ev;
	size_t len, i;
	int fd;

	(void)state;
	first_vm(e, &s, "web-1");
	synth_source(&s, &plan);
	PLAY(e, &s);
	after_tail(e);
	each_end(e);
	assert_int_equal(files(), 1);
	snprintf(path, sizeof(path), "d/%s", names[0]);
	assert_int_equal(recording_summary(path, &data, &len), 0);
	assert_true(summary_decode(&a, data, len));
	assert_int_equal(recording_open(&src, path, err, sizeof(err)), 0);
	while (src->ops->next(src, &ev, -1) > 0)
		summariser_take(again, &ev);
	for (i = 0; i < src->ops->meta(src)->n; i++)
		meta_add(&m, src->ops->meta(src)->entries[i].key,
			 src->ops->meta(src)->entries[i].value);
	src->ops->close(src);
	fd = open("x.vfs", O_RDWR | O_CREAT, 0600);
	assert_int_equal(recording_writer_open(&w, fd, NULL), 0);
	assert_true(summariser_write(again, w, &m, &b));
	summary_encode(&one_way, &a);
	summary_encode(&other, &b);
	assert_int_equal(one_way.len, other.len);
	assert_memory_equal(one_way.data, other.data, other.len);
	recording_writer_close(w);
	summariser_destroy(again);
	summary_free(&a);
	summary_free(&b);
	buf_free(&one_way);
	buf_free(&other);
	meta_clear(&m);
	free(data);
	done(e, &s, NULL);
}

/*
 * Three at once: each has its own events and no others', and a loss is everybody's, but for
 * a close() of which it is known whose.
 */
static void at_once(void **state)
{
	static const char *const vm[3] = { "web-1", "web-2", "" };
	struct each *e = start(NULL, NULL);
	struct synth s[3], nobody;
	uint64_t events = 0;
	struct each_stats st;
	struct held h;
	size_t i;

	(void)state;
	tell_clocks(e);
	for (i = 0; i < 3; i++) {
		vm_begins(&s[i], (uint32_t)i + 1, vm[i], i * 20 * MS);
		synth_source(&s[i], &plan);
		if (i == 1)
			synth_close_unseen(&s[i], MS);
		synth_close(&s[i]);
		events += s[i].n - 2; /* a device and a task are definitions */
	}
	synth_init(&nobody);
	nobody.n = 0;
	nobody.now += 70 * MS;
	synth_loss(&nobody, 5, nobody.now - MS, nobody.now, EV_READ);
	PLAY(e, &s[0], &s[1], &s[2], &nobody);
	assert_int_equal(each_under_way(e), 3);
	each_stats(e, &st);
	assert_int_equal(st.events, events + 3);
	after_tail(e);
	each_end(e);
	assert_int_equal(files(), 3);
	assert_string_equal(names[0], "20260102T030405Z-qemu-system-x86.1000003-completed.vfs");
	assert_string_equal(names[1], "20260102T030405Z-web-1-completed.vfs");
	assert_string_equal(names[2], "20260102T030405Z-web-2-completed.vfs");
	for (i = 0; i < 3; i++) {
		h = look(names[i]);
		assert_int_equal(h.migrations, 1);
		assert_int_equal(h.devices, 1);
		assert_int_equal(h.bytes, 6 * MIB + 96 * KIB);
		assert_int_equal(h.losses, i == 2 ? 2 : 1);
		events -= h.events - 1;
	}
	assert_int_equal(events, 0);
	is_told("5 events lost");
	for (i = 1; i < 3; i++)
		synth_free(&s[i]);
	done(e, &s[0], &nobody);
}

/* Source and destination on one host are one migration; the next one is another. */
static void both_sides(void **state)
{
	struct each *e = start(NULL, NULL);
	struct synth a, b, c;
	struct held h;

	(void)state;
	tell_clocks(e);
	vm_begins(&a, 1, "web-1", 0);
	vm_begins(&b, 2, "web-1", 20 * MS);
	synth_source(&a, &plan);
	synth_pause(&b, 30 * MS);
	synth_destination(&b, 6 * MIB + 96 * KIB);
	synth_close(&a);
	PLAY(e, &a, &b);
	assert_int_equal(each_under_way(e), 1);
	/* And on to the next, before the first one's tail is over. */
	vm_begins(&c, 3, "web-1", mono_ns - 1000 * SEC + SEC);
	b.now = c.now + MS;
	synth_source(&b, &plan);
	synth_pause(&c, 10 * MS);
	synth_destination(&c, 6 * MIB + 96 * KIB);
	PLAY(e, &b, &c);
	assert_int_equal(each_under_way(e), 1);
	each_end(e);
	assert_int_equal(files(), 2);
	h = look(names[0]);
	assert_int_equal(h.migrations, 1);
	assert_true(h.joined);
	assert_int_equal(h.outcome, OUTCOME_COMPLETED);
	h = look(names[1]);
	assert_int_equal(h.migrations, 1);
	assert_true(h.joined);
	assert_int_equal(h.outcome, OUTCOME_COMPLETED);
	synth_free(&c);
	done(e, &a, &b);
}

/* Opened before and after a migration it is nobody's; a failure has its name. */
static void failure(void **state)
{
	struct each *e = start(NULL, NULL);
	struct each_stats st;
	struct synth s;
	struct held h;

	(void)state;
	first_vm(e, &s, "web-1");
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&s, MIB, 0);
	synth_read(&s, MIB, 60 * US);
	synth_read(&s, -EIO, 60 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_RUNNING), MS);
	synth_stream_close(&s);
	PLAY(e, &s);
	after_tail(e);
	/* Nobody's: it does not migrate. */
	s.now = mono_ns;
	synth_close(&s);
	PLAY(e, &s);
	each_end(e);
	assert_int_equal(files(), 1);
	assert_string_equal(names[0], "20260102T030405Z-web-1-failed.vfs");
	h = look(names[0]);
	assert_int_equal(h.outcome, OUTCOME_FAILED);
	is_told("web-1: failed after");
	is_told("gave EIO");
	each_stats(e, &st);
	assert_int_equal(st.begun, 1);
	done(e, &s, NULL);
}

/* Without an end: the recorder ends first.  And the same second once more. */
static void unfinished(void **state)
{
	struct each *e = start(NULL, NULL);
	struct keep_if k;
	struct opt_list conditions = { 0 };
	const char *items[] = { "failed" };
	struct synth s;
	int i;

	(void)state;
	conditions.items = items;
	conditions.n = 1;
	assert_int_equal(keep_if_parse(&k, &conditions), 0);
	for (i = 0; i < 2; i++) {
		mono_ns = 1000 * SEC;
		if (i)
			e = start(NULL, &k);
		first_vm(e, &s, "web-1");
		synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
		synth_read(&s, MIB, 60 * US);
		PLAY(e, &s);
		each_end(e);
		done(e, &s, NULL);
	}
	assert_int_equal(files(), 2);
	assert_string_equal(names[0], "20260102T030405Z-web-1-unfinished.2.vfs");
	assert_string_equal(names[1], "20260102T030405Z-web-1-unfinished.vfs");
	is_told("(how it ended is not known)");
	assert_true(look(names[0]).ended);
}

/* 200 of them: nothing grows, and no descriptor stays. */
static size_t descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void flat(void **state)
{
	struct shelf_limits l = { .last = 20 };
	struct each *e = start(&l, NULL);
	struct each_stats st;
	size_t before = 0;
	uint32_t i;

	(void)state;
	for (i = 1; i <= 200; i++) {
		/* The same VM: seconds ago it was another migration. */
		migrate(e, i % 2 + 1, 4);
		if (i == 5)
			before = descriptors();
		assert_true(model_sides(e->model) <= SIDES_MAX + 1);
		told[0] = '\0';
	}
	assert_int_equal(descriptors(), before);
	assert_int_equal(files(), 20);
	for (i = 0; i < 20; i++)
		assert_int_equal(look(names[i]).migrations, 1);
	each_end(e);
	each_stats(e, &st);
	assert_int_equal(st.kept, 200);
	assert_int_equal(st.trimmed, 180);
	assert_int_equal(past_count(e->past) <= PAST_EVENTS, 1);
	each_close(e);
}

/* The last sign was lost, and its process is no more. */
static void vanished(void **state)
{
	struct each *e = start(NULL, NULL);
	struct synth s;
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		pause();
		_exit(0);
	}
	first_vm(e, &s, "web-1");
	s.n = 2; /* nobody saw the open */
	s.ev[1].pid = s.ev[1].tid = s.pid = s.tid = (uint32_t)pid;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_read(&s, MIB, 60 * US);
	PLAY(e, &s);
	wait_until(e, mono_ns + 60 * SEC);
	assert_int_equal(each_under_way(e), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	wait_until(e, mono_ns + SEC);
	assert_int_equal(each_under_way(e), 0);
	each_end(e);
	assert_int_equal(files(), 1);
	is_told("unfinished");
	done(e, &s, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one),	    T(inside),	   T(summary), T(at_once),  T(both_sides),
		T(failure), T(unfinished), T(flat),    T(vanished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
