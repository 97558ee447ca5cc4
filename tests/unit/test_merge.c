// SPDX-License-Identifier: GPL-2.0-only
/* test_merge.c - several recordings as one: every event once, in order, told apart */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include "recording/merge.h"

/* A recording in memory. */
struct tape {
	struct event_source source;
	struct meta meta;
	struct event ev[16];
	size_t n, at;
	size_t hold_at; /* has nothing to say in front of this event, once; 0: never */
	int end;	/* what it ends with */
	bool cut;	/* where it ends is not its end */
	bool closed;
};

static int tape_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct tape *t = (struct tape *)src;

	(void)timeout_ms;
	if (t->hold_at && t->at == t->hold_at) {
		t->hold_at = 0;
		return 0;
	}
	if (t->at == t->n)
		return t->end ?: -ENODATA;
	*ev = t->ev[t->at++];
	ev->seq = t->at;
	return 1;
}

static const struct meta *tape_meta(struct event_source *src)
{
	return &((struct tape *)src)->meta;
}

static void tape_health(struct event_source *src, struct source_health *out)
{
	struct tape *t = (struct tape *)src;

	*out = (struct source_health){ .ended = !t->end && !t->cut,
				       .bytes_skipped = 7,
				       .last_ns = 1000 };
}

static const char *tape_error(struct event_source *src)
{
	(void)src;
	return "torn";
}

static void tape_close(struct event_source *src)
{
	struct tape *t = (struct tape *)src;

	t->closed = true;
	meta_clear(&t->meta);
}

static void tape(struct tape *t, const char *boot, const char *host, uint64_t mono, uint64_t real)
{
	static const struct event_source_ops ops = {
		.next = tape_next,
		.meta = tape_meta,
		.health = tape_health,
		.error = tape_error,
		.close = tape_close,
	};

	memset(t, 0, sizeof(*t));
	t->source.ops = &ops;
	meta_add(&t->meta, "boot_id", boot);
	meta_add(&t->meta, "host", host);
	t->ev[t->n++] = (struct event){ .kind = EV_CLOCK, .t_ns = mono, .clock.realtime_ns = real };
	t->ev[t->n] = (struct event){ .kind = EV_DEVICE, .t_ns = mono, .device = 1, .pid = 77 };
	strcpy(t->ev[t->n++].device_def.name, "0000:3b:00.2");
}

static void add_read(struct tape *t, uint64_t end_ns)
{
	t->ev[t->n++] = (struct event){
		.kind = EV_READ,
		.t_ns = end_ns - 10,
		.dur_ns = 10,
		.device = 1,
		.stream = 4,
		.pid = 77,
		.tid = 78,
		.ret = 1
	};
}

/* Everything up to the end, which is returned; definitions and all. */
static int drain(struct event_source *s, struct event *out, size_t *n)
{
	int rc, idle = 0;

	*n = 0;
	while ((rc = s->ops->next(s, &out[*n], 0)) >= 0) {
		assert_true(rc || ++idle < 10);
		if (rc) {
			assert_int_equal(out[*n].seq, *n + 1);
			++*n;
		}
	}
	return rc;
}

static const struct event *first_of(const struct event *ev, size_t n, uint32_t kind,
				    uint32_t device)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ev[i].kind == kind && ev[i].device == device)
			return &ev[i];
	fail();
	return NULL;
}

/* Its name is the first that is heard of a host. */
static void introduced(const struct event *ev, size_t n, uint32_t host, const char *name)
{
	size_t i, times = 0;

	for (i = 0; i < n; i++) {
		if (ev[i].host != host)
			continue;
		if (!times)
			assert_int_equal(ev[i].kind, EV_HOST);
		if (ev[i].kind == EV_HOST) {
			assert_string_equal(ev[i].host_def.name, name);
			times++;
		}
	}
	assert_int_equal(times, 1);
}

/* Two hosts: the second booted 1000 ns of wall clock before the first. */
static void test_hosts(void **state)
{
	struct tape a, b;
	struct event_source *both[] = { &a.source, &b.source }, *s;
	struct source_health health;
	struct event ev[32];
	uint64_t last = 0;
	size_t n, i, reads = 0, clocks = 0;

	(void)state;
	tape(&a, "boot-a", "node1", 100, 10000100);
	tape(&b, "boot-b", "node2", 1100, 10000100);
	add_read(&a, 200); /* 1200 on the clock of b */
	add_read(&a, 400);
	add_read(&b, 1300);
	add_read(&b, 1500);
	assert_int_equal(merge_open(&s, both, 2, NULL), 0);
	assert_int_equal(drain(s, ev, &n), -ENODATA);
	assert_int_equal(n, 9);
	for (i = 0; i < n; i++) {
		clocks += ev[i].kind == EV_CLOCK;
		if (ev[i].kind == EV_CLOCK)
			assert_int_equal(ev[i].t_ns, 1100);
		if (ev[i].kind != EV_READ)
			continue;
		assert_true(event_end_ns(&ev[i]) > last);
		last = event_end_ns(&ev[i]);
		/* 1200 a, 1300 b, 1400 a, 1500 b */
		assert_int_equal(last, 1200 + 100 * reads);
		reads++;
	}
	assert_int_equal(reads, 4);
	assert_int_equal(clocks, 1);
	/* Two devices and streams; names and processes are what they were on their host. */
	assert_string_equal(first_of(ev, n, EV_DEVICE, 1)->device_def.name, "0000:3b:00.2");
	assert_string_equal(first_of(ev, n, EV_DEVICE, 2)->device_def.name, "0000:3b:00.2");
	for (i = 1; i <= 2; i++) {
		assert_int_equal(first_of(ev, n, EV_DEVICE, i)->host, i);
		assert_int_equal(first_of(ev, n, EV_READ, i)->host, i);
	}
	introduced(ev, n, 1, "node1");
	introduced(ev, n, 2, "node2");
	assert_int_equal(first_of(ev, n, EV_READ, 1)->stream, 1);
	assert_int_equal(first_of(ev, n, EV_READ, 2)->stream, 2);
	assert_int_equal(first_of(ev, n, EV_READ, 1)->pid, 77);
	assert_int_equal(first_of(ev, n, EV_READ, 2)->pid, 77);
	assert_int_equal(first_of(ev, n, EV_READ, 2)->tid, 78);
	assert_string_equal(meta_get(s->ops->meta(s), "host"), "node1");
	assert_int_equal(s->ops->meta(s)->n, 4);
	s->ops->health(s, &health);
	assert_true(health.ended);
	assert_int_equal(health.bytes_skipped, 14);
	assert_int_equal(health.last_ns, 2000);
	s->ops->close(s);
	assert_true(a.closed && b.closed);
}

/* Of one boot: the clock and the processes are the same, and there is one host. */
static void test_one_boot(void **state)
{
	struct tape a, b;
	struct event_source *both[] = { &a.source, &b.source }, *s;
	struct event ev[32];
	size_t n;

	(void)state;
	tape(&a, "boot", "node1", 100, 10000100);
	/* The wall clock was set in between: that is no matter. */
	tape(&b, "boot", "node1", 100, 99990100);
	add_read(&a, 150);
	add_read(&b, 200);
	assert_int_equal(merge_open(&s, both, 2, NULL), 0);
	assert_int_equal(drain(s, ev, &n), -ENODATA);
	assert_int_equal(event_end_ns(first_of(ev, n, EV_READ, 1)) +
				 event_end_ns(first_of(ev, n, EV_READ, 2)),
			 350);
	assert_int_equal(first_of(ev, n, EV_READ, 1)->pid, 77);
	assert_int_equal(first_of(ev, n, EV_READ, 2)->pid, 77);
	assert_string_equal(first_of(ev, n, EV_DEVICE, 1)->device_def.name, "0000:3b:00.2");
	assert_string_equal(first_of(ev, n, EV_DEVICE, 2)->device_def.name, "0000:3b:00.2");
	while (n--) {
		assert_int_equal(ev[n].host, 0);
		assert_int_not_equal(ev[n].kind, EV_HOST);
	}
	s->ops->close(s);
}

/* One that breaks ends; the other goes on; the failure is told, and whose it is. */
static void test_broken(void **state)
{
	struct tape a, b;
	struct event_source *both[] = { &a.source, &b.source }, *s;
	struct source_health health;
	struct event ev[32];
	size_t n;

	(void)state;
	tape(&a, "boot-a", "node1", 100, 100);
	tape(&b, "boot-b", "node2", 100, 100);
	add_read(&a, 200);
	add_read(&a, 300);
	add_read(&b, 150);
	b.end = -EBADMSG;
	assert_int_equal(merge_open(&s, both, 2, NULL), 0);
	assert_int_equal(drain(s, ev, &n), -EBADMSG);
	assert_int_equal(n, 8);
	assert_string_equal(s->ops->error(s), "torn");
	s->ops->health(s, &health);
	assert_false(health.ended);
	s->ops->close(s);
}

/* A stream that is silent for a while loses nothing and keeps nobody waiting. */
static void test_silent(void **state)
{
	struct tape a, b;
	struct event_source *both[] = { &a.source, &b.source }, *s;
	struct event ev[32];
	size_t n, i, reads = 0;

	(void)state;
	tape(&a, "boot-a", "node1", 100, 100);
	tape(&b, "boot-b", "node2", 100, 100);
	for (i = 0; i < 4; i++) {
		add_read(&a, 200 + 100 * i);
		add_read(&b, 250 + 100 * i);
	}
	b.hold_at = 4;
	assert_int_equal(merge_open(&s, both, 2, NULL), 0);
	assert_int_equal(drain(s, ev, &n), -ENODATA);
	for (i = 0; i < n; i++)
		reads += ev[i].kind == EV_READ;
	assert_int_equal(reads, 8);
	/* Not even its first word has come yet: nothing is guessed of it. */
	s->ops->close(s);
	tape(&a, "boot-a", "node1", 100, 100);
	tape(&b, "boot-b", "node2", 100, 100);
	add_read(&a, 200);
	memmove(b.ev + 1, b.ev, b.n * sizeof(*b.ev));
	b.at = b.hold_at = 1;
	b.n++;
	assert_int_equal(merge_open(&s, both, 2, NULL), 0);
	assert_int_equal(s->ops->next(s, ev, 0), 0);
	assert_int_equal(drain(s, ev, &n), -ENODATA);
	assert_int_equal(n, 6);
	s->ops->close(s);
}

static uint64_t as_it_is(const void *arg, size_t i, uint64_t t_ns)
{
	(void)arg;
	(void)i;
	return t_ns;
}

/* When something was lost is a time, too: it goes to the clock of all. */
static void test_loss(void **state)
{
	struct tape a, b;
	struct event_source *both[] = { &a.source, &b.source }, *s;
	struct event ev[32];
	size_t n, i, losses = 0;

	(void)state;
	tape(&a, "boot-a", "node1", 100, 10000100);
	tape(&b, "boot-b", "node2", 1100, 10000100);
	a.ev[a.n++] = (struct event){ .kind = EV_LOSS,
				      .t_ns = 300,
				      .loss.count = 5,
				      .loss.t_from_ns = 200,
				      .loss.t_to_ns = 300 };
	add_read(&b, 1300);
	assert_int_equal(merge_open(&s, both, 2, NULL), 0);
	assert_int_equal(drain(s, ev, &n), -ENODATA);
	for (i = 0; i < n; i++) {
		if (ev[i].kind != EV_LOSS)
			continue;
		losses++;
		assert_int_equal(ev[i].host, 1);
		assert_int_equal(ev[i].t_ns, 1300);
		assert_int_equal(ev[i].loss.t_from_ns, 1200);
		assert_int_equal(ev[i].loss.t_to_ns, 1300);
	}
	assert_int_equal(losses, 1);
	s->ops->close(s);
}

/* Where a source was cut there may have been more: only an end says that there was not. */
static void test_cut(void **state)
{
	static const struct merge_opts opts = { .to_clock = as_it_is, .cut_is_loss = true };
	struct tape a, b;
	struct event_source *both[] = { &a.source, &b.source }, *s;
	struct event ev[32];
	size_t n, i, losses = 0;

	(void)state;
	tape(&a, "boot-a", "node1", 100, 100);
	tape(&b, "boot-b", "node2", 100, 100);
	add_read(&a, 200);
	add_read(&b, 250);
	a.cut = true;
	assert_int_equal(merge_open(&s, both, 2, &opts), 0);
	assert_int_equal(drain(s, ev, &n), -ENODATA);
	for (i = 0; i < n; i++) {
		if (ev[i].kind != EV_LOSS)
			continue;
		losses++;
		assert_int_equal(ev[i].host, 1);
		assert_int_equal(ev[i].t_ns, 1000);
		assert_int_equal(ev[i].loss.count, 0);
		assert_int_equal(ev[i].loss.cause, LOSS_DAMAGE);
	}
	assert_int_equal(losses, 1);
	s->ops->close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),  cmocka_unit_test(test_one_boot),
		cmocka_unit_test(test_broken), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_loss),   cmocka_unit_test(test_cut),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
