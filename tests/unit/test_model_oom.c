// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_model_oom.c - every single allocation of model, judge, align and merge fails once
 *
 * Whoever had it says -ENOMEM, or does as well without (as qsort() can), and gives back
 * all that it has.
 */
#include "tests/unit/evidence.h"

#include "model/digest.h"

static uint64_t digested;

/* Of what is asked beside: the copies of both, and the sides as digests. */
static int ask_beside(struct model *m, struct judge *j)
{
	struct model *copy = model_clone(m), *of_digests = model_create();
	struct judge *other = judge_clone(j);
	int err = copy && other && of_digests ? 0 : -ENOMEM;
	uint32_t i, id;

	for (i = 1; i <= model_sides(m) && !err; i++) {
		struct digest d;

		err = model_digest(m, i, &d);
		if (!err)
			err = model_add_digest(of_digests, &d, 1, "one", &id);
		digest_free(&d);
	}
	if (!err)
		err = model_join_error(of_digests);
	for (i = 1; !err && i <= model_migrations(of_digests); i++) {
		const struct migration *g = model_migration(of_digests, i);

		digested = digested * 31 + g->outcome + g->begin_ns + g->end_ns + g->downtime_ns;
	}
	model_destroy(copy);
	model_destroy(of_digests);
	judge_destroy(other);
	return err;
}

/* What came of it, when it went well. */
static char *said;
static size_t said_len;

static int feed_all(void)
{
	struct judge_evidence about = { .health = &e.health, .meta = &e.meta };
	struct model *m = model_create();
	struct judge *j = judge_create(NULL);
	struct event_context ctx;
	int err = m && j ? 0 : -ENOMEM;
	size_t i;

	digested = 0;
	for (i = 0; i < e.n && !err; i++) {
		err = model_feed(m, &e.ev[i], &ctx);
		if (!err)
			err = judge_feed(j, m, &e.ev[i], &ctx);
		if (!err && i == e.n / 2)
			err = ask_beside(m, j);
	}
	if (!err)
		err = model_join_error(m);
	if (!err)
		err = judge_finish(j, m, &about);
	alloc_fails_at = -1;
	if (!err) {
		FILE *f = open_memstream(&said, &said_len);

		assert_non_null(f);
		put_values_of(f, m, j, false);
		fprintf(f, "%" PRIu64, digested);
		fclose(f);
	}
	judge_destroy(j);
	model_destroy(m);
	return err;
}

static struct event *ev[2];
static size_t n_ev[2];

struct kept {
	struct event_source src;
	struct meta meta;
	size_t side, at;
};

static int kept_next(struct event_source *src, struct event *out, int timeout_ms)
{
	struct kept *k = (struct kept *)src;

	(void)timeout_ms;
	if (k->at == n_ev[k->side])
		return -ENODATA;
	*out = ev[k->side][k->at++];
	return 1;
}

static const struct meta *kept_meta(struct event_source *src)
{
	return &((struct kept *)src)->meta;
}

static void kept_health(struct event_source *src, struct source_health *out)
{
	(void)src;
	*out = (struct source_health){ .ended = true };
}

static const char *kept_error(struct event_source *src)
{
	(void)src;
	return "";
}

static void kept_close(struct event_source *src)
{
	(void)src;
}

static const struct event_source_ops kept_ops = {
	.next = kept_next,
	.meta = kept_meta,
	.health = kept_health,
	.error = kept_error,
	.close = kept_close,
};

/* Both sides' events on one clock. */
static int align_both(void)
{
	struct kept side[2] = {
		{ .src.ops = &kept_ops, .side = 0 },
		{ .src.ops = &kept_ops, .side = 1 },
	};
	struct merge_opts how = { .to_clock = align_time, .cut_is_loss = true };
	struct event_source *both[2] = { &side[0].src, &side[1].src }, *all;
	struct align *a = align_create();
	struct event got;
	uint64_t sum = 0;
	int err = a ? 0 : -ENOMEM, i;

	for (i = 0; i < 2 && !err; i++)
		err = align_scan(a, both[i]);
	if (!err)
		err = align_clocks(a);
	side[0].at = side[1].at = 0;
	how.arg = a;
	if (!err)
		err = merge_open(&all, both, 2, &how);
	if (!err) {
		FILE *f;

		while ((err = all->ops->next(all, &got, -1)) == 1)
			sum = sum * 31 + got.t_ns + got.kind + got.device + got.stream + got.host;
		all->ops->close(all);
		err = err == -ENODATA ? 0 : err;
		alloc_fails_at = -1;
		f = open_memstream(&said, &said_len);
		assert_non_null(f);
		fprintf(f, "%" PRIu64, sum);
		fclose(f);
	}
	align_destroy(a);
	return err;
}

/* @least: so many allocations there are at least. */
static void each_fails(const char *name, int (*f)(void), long least)
{
	long n, before, told = 0;
	char *right;
	int err;

	assert_int_equal(f(), 0);
	right = said;
	said = NULL;
	before = allocs;
	for (n = 0;; n++) {
		allocs_failed = 0;
		alloc_fails_at = n;
		err = f();
		alloc_fails_at = -1;
		if (!err && strcmp(said, right))
			fail_msg("%s: allocation %ld failed: it is another, and nobody said so",
				 name, n);
		free(said);
		said = NULL;
		if (allocs != before)
			fail_msg("%s: %ld blocks not given back after allocation %ld failed", name,
				 allocs - before, n);
		if (!allocs_failed)
			break;
		assert_true(!err || err == -ENOMEM);
		told += err != 0;
	}
	assert_int_equal(err, 0);
	assert_true(n >= least && told * 10 >= n * 8);
	free(right);
}

static void see(const char *play)
{
	static const char *const some[] = {
		"eight-at-once",	  "lost-near-an-arc",	     "p2p-and-not",
		"there-and-back-at-once", "first-step-of-one-hangs", "two-destinations"
	};
	size_t i;

	for (i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		if (!strcmp(play, some[i]))
			each_fails(play, feed_all, 20);
}

static void test_feed(void **state)
{
	size_t i, n;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	each_play("vms", see);
	each_play("evidence", see);
	evidence_of((char *[]){ "tests/data/cases/S6-mlx5-4vf-alike.vfs" }, 1);
	each_fails("S6", feed_all, 20);
	/* The same, joined late: what begins a session was not seen. */
	for (i = n = 0; i < e.n; i++)
		if (e.ev[i].kind != EV_STREAM_OPEN && e.ev[i].kind != EV_ARC &&
		    e.ev[i].kind != EV_SET_STATE)
			e.ev[n++] = e.ev[i];
	e.n = n;
	each_fails("S6, joined late", feed_all, 20);
}

static void test_align(void **state)
{
	static char *const path[] = { "tests/data/cases/S3-hisi-tiny-src.vfs",
				      "tests/data/cases/S3-hisi-tiny-dst.vfs" };
	size_t i;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	for (i = 0; i < 2; i++) {
		evidence_of((char **)&path[i], 1);
		ev[i] = malloc(e.n * sizeof(*e.ev));
		assert_non_null(ev[i]);
		memcpy(ev[i], e.ev, e.n * sizeof(*e.ev));
		n_ev[i] = e.n;
	}
	each_fails("both", align_both, 8);
	free(ev[0]);
	free(ev[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feed),
		cmocka_unit_test(test_align),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, forget_evidence));
}
