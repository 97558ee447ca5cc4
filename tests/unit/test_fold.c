// SPDX-License-Identifier: GPL-2.0-only
/* test_fold.c - folding loses no call, no nanosecond and no order */
#include "tests/unit/allocs.h"
#include "tests/unit/recording_help.h"

#include "recording/fold.h"

struct collect {
	struct event_sink sink;
	struct event *ev;
	size_t n, cap;
	size_t fail_at; /* the put that fails; 0: none */
};

static int collect_put(struct event_sink *sink, const struct event *ev)
{
	struct collect *c = (struct collect *)sink;

	if (c->fail_at && c->n + 1 == c->fail_at)
		return -EPIPE;
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 64;
		c->ev = realloc(c->ev, c->cap * sizeof(*c->ev));
		assert_non_null(c->ev);
	}
	c->ev[c->n++] = *ev;
	assert_int_equal(ev->seq, c->n);
	return 0;
}

static struct event empty_read(uint64_t t, uint32_t tid, uint32_t stream)
{
	return (struct event){
		.kind = EV_READ,
		.t_ns = t,
		.dur_ns = 900,
		.ret = -ENOMSG,
		.pid = 1,
		.tid = tid,
		.device = stream,
		.stream = stream,
		.io.size = 1048576,
		.comm = "qemu",
	};
}

static void put(struct fold *f, struct event ev)
{
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), 0);
}

static void test_run(void **state)
{
	struct collect c = { .sink.put = collect_put };
	struct event ev;
	struct fold *f;

	(void)state;
	assert_int_equal(fold_open(&f, &c.sink, 0), 0);
	put(f, empty_read(1000, 5, 1));
	put(f, empty_read(3000, 5, 1));
	ev = empty_read(6000, 5, 1);
	ev.dur_ns = 1;
	ev.cpu = 3; /* may move meanwhile */
	put(f, ev);
	assert_int_equal(c.n, 0);
	ev = empty_read(9000, 5, 1);
	ev.ret = 0; /* the end of the stream is another thing */
	put(f, ev);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.ev[0].io.count, 3);
	assert_int_equal(c.ev[0].t_ns, 1000);
	assert_int_equal(c.ev[0].io.t_last_ns, 6000);
	assert_int_equal(c.ev[0].dur_ns, 1801);
	assert_int_equal(c.ev[0].cpu, 0);
	ev.kind = EV_ARC;
	put(f, ev);
	assert_int_equal(c.n, 3);
	/* a run of one is the event itself */
	assert_int_equal(c.ev[1].ret, 0);
	assert_int_equal(c.ev[1].io.count, 0);
	assert_int_equal(c.ev[1].io.t_last_ns, 0);
	assert_int_equal(c.ev[2].kind, EV_ARC);
	fold_close(f);
	free(c.ev);
	fold_close(NULL);
}

/* Whatever differs keeps two reads apart. */
static void test_identical(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		struct collect c = { .sink.put = collect_put };
		struct event ev = empty_read(2000, 5, 1);
		bool apart = true;
		struct fold *f;

		switch (i) {
		case 0:
			ev.pid = 2;
			break;
		case 1:
			ev.tid = 6;
			break;
		case 2:
			ev.device = 2;
			break;
		case 3:
			ev.stream = 2;
			break;
		case 4:
			ev.ret = 0;
			break;
		case 5:
			ev.io.size = 4096;
			break;
		case 6:
			ev.comm[0] = 'Q';
			break;
		case 7:
			ev.io.size = 0;
			break; /* no empty read at all */
		case 8:
			apart = false;
			break;
		case 9:
			ev.host = 2;
			break;
		}
		assert_int_equal(fold_open(&f, &c.sink, 0), 0);
		put(f, empty_read(1000, 5, 1));
		put(f, ev);
		assert_int_equal(fold_flush(f), 0);
		assert_int_equal(c.n, apart ? 2 : 1);
		fold_close(f);
		free(c.ev);
	}
}

/* A VMM with two devices alternates: two runs, in order of last completion. */
static void test_alternating(void **state)
{
	struct collect c = { .sink.put = collect_put };
	struct fold *f;
	int i;

	(void)state;
	assert_int_equal(fold_open(&f, &c.sink, 0), 0);
	for (i = 0; i < 1001; i++)
		put(f, empty_read(1000 + i * 1000, 5, 1 + i % 2));
	assert_int_equal(c.n, 0);
	assert_int_equal(fold_tick(f, 1000 + FOLD_MAX_AGE_NS - 1), 0);
	assert_int_equal(c.n, 0);
	assert_int_equal(fold_tick(f, 1000 + FOLD_MAX_AGE_NS), 0);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.ev[0].stream, 2);
	assert_int_equal(c.ev[0].io.count, 500);
	assert_int_equal(c.ev[1].stream, 1);
	assert_int_equal(c.ev[1].io.count, 501);
	/* too old without a tick */
	put(f, empty_read(5000000, 5, 1));
	put(f, empty_read(5000000 + FOLD_MAX_AGE_NS, 5, 1));
	assert_int_equal(c.n, 3);
	fold_close(f);
	free(c.ev);
}

static void test_sink_error(void **state)
{
	struct collect c = { .sink.put = collect_put, .fail_at = 2 };
	struct event ev = { .kind = EV_ARC };
	struct fold *f;

	(void)state;
	assert_int_equal(fold_open(&f, &c.sink, 0), 0);
	put(f, ev);
	put(f, empty_read(1000, 5, 1));
	assert_int_equal(fold_sink(f)->put(fold_sink(f), &ev), -EPIPE);
	fold_close(f);
	free(c.ev);
}

struct key {
	uint32_t tid, stream;
};

/*
 * Random sequences against the definition: per (tid, stream) the output's
 * reads cover the input's one after the other, exactly; everything else stands
 * where it stood.
 */
static void test_random(void **state)
{
	const char *s = getenv("TEST_SEED");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 31337;
	struct gen g = { seed };
	int round;

	(void)state;
	printf("seed %llu\n", (unsigned long long)seed);
	for (round = 0; round < 400; round++) {
		size_t n = 1 + gen_below(&g, 600), i, o, k, folded = 0;
		struct event *in = calloc(n, sizeof(*in));
		size_t *done = calloc(n, sizeof(*done)); /* input gone through */
		struct collect c = { .sink.put = collect_put };
		uint32_t tids = 1 + gen_below(&g, 12);
		uint64_t t = 1000, last_end = 0;
		struct fold *f;

		assert_int_equal(fold_open(&f, &c.sink, 50000000), 0);
		for (i = 0; i < n; i++) {
			t += gen_below(&g, 200000);
			in[i] = empty_read(t, 1 + gen_below(&g, tids), 1 + gen_below(&g, 2));
			t += in[i].dur_ns = gen_below(&g, 3000);
			if (!gen_below(&g, 9))
				in[i].io.size = 4096;
			if (!gen_below(&g, 30))
				in[i].ret = 0;
			if (!gen_below(&g, 20))
				in[i].ret = 1048576;
			if (!gen_below(&g, 40))
				in[i].kind = EV_POLL;
			if (event_is_empty_read(&in[i]) && !gen_below(&g, 30)) {
				/* folded before, by somebody else */
				in[i].io.count = 2 + gen_below(&g, 5);
				in[i].io.t_last_ns = in[i].t_ns + in[i].dur_ns + 50;
				t += 60;
			}
			put(f, in[i]);
			if (!gen_below(&g, 50))
				assert_int_equal(fold_tick(f, t + gen_below(&g, 100000000)), 0);
		}
		assert_int_equal(fold_flush(f), 0);
		assert_int_equal(fold_flush(f), 0);

		for (o = 0; o < c.n; o++) {
			const struct event *ev = &c.ev[o];
			uint64_t calls = event_calls(ev), dur = 0, end = 0;

			/* the first input of its thread and stream not yet covered */
			for (i = 0; i < n; i++)
				if (!done[i] &&
				    (!event_is_empty_read(ev) ||
				     (in[i].tid == ev->tid && in[i].stream == ev->stream)))
					break;
			assert_true(i < n);
			if (!event_is_empty_read(ev)) {
				/* all before it is out, it is unchanged */
				for (k = 0; k < i; k++)
					assert_true(done[k]);
				assert_true(event_same(ev, &in[i]));
				done[i] = 1;
				continue;
			}
			assert_int_equal(ev->t_ns, in[i].t_ns);
			for (k = i; calls; k++) {
				assert_true(k < n);
				if (in[k].tid != ev->tid || in[k].stream != ev->stream)
					continue;
				assert_false(done[k]);
				assert_true(event_is_empty_read(&in[k]));
				assert_int_equal(in[k].ret, ev->ret);
				assert_int_equal(in[k].io.size, ev->io.size);
				assert_true(event_calls(&in[k]) <= calls);
				calls -= event_calls(&in[k]);
				dur += in[k].dur_ns;
				done[k] = 1;
				end = in[k].t_ns + in[k].dur_ns;
				if (event_calls(ev) > 1)
					assert_int_equal(ev->io.t_last_ns - in[k].t_ns > 60000000,
							 0);
				if (!calls && event_calls(ev) > 1)
					assert_int_equal(ev->io.t_last_ns,
							 event_calls(&in[k]) > 1 ?
								 in[k].io.t_last_ns :
								 in[k].t_ns);
			}
			assert_int_equal(ev->dur_ns, dur);
			assert_true(end >= last_end);
			last_end = end;
			folded += event_calls(ev) > 1;
		}
		for (i = 0; i < n; i++)
			assert_true(done[i]);
		if (n > 300 && tids <= 4)
			assert_true(folded > 0);
		fold_close(f);
		free(c.ev);
		free(in);
		free(done);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),	    cmocka_unit_test(test_identical),
		cmocka_unit_test(test_alternating), cmocka_unit_test(test_sink_error),
		cmocka_unit_test(test_random),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, NULL));
}
