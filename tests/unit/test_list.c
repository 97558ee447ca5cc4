// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_list.c - what a recording keeps at its end, that it is what its events say, and
 * the rows that many of them make
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/fleet_gen.h"
#include "util/fields.h"
#include "util/varint.h"
#include "view/list.h"

static char dir[] = "/tmp/test_list.XXXXXX";
static char path_buf[8][64];

static const char *path_of(int i)
{
	snprintf(path_buf[i], sizeof(path_buf[i]), "%s/%d.vfs", dir, i);
	return path_buf[i];
}

static struct fleet_side source(const char *vm, uint64_t after_ns)
{
	return (struct fleet_side){
		.host = "node-a",
		.vm = vm,
		.driver = "mlx5_vfio_pci",
		.kernel = "6.12.1 #1 SMP",
		.pid = 100,
		.after_ns = after_ns,
		.plan = { .precopy = true, .precopy_reads = 20, .stop_copy_reads = 4 },
	};
}

static struct fleet_side destination(const char *vm, uint64_t after_ns)
{
	struct fleet_side x = source(vm, after_ns);

	x.host = "node-b";
	x.kernel = "6.12.2 #1 SMP";
	x.pid = 200;
	x.destination = true;
	return x;
}

/* ---- fields ---- */

struct things {
	uint32_t a;
	uint64_t b, none;
	int64_t c;
	bool d;
	char text[8];
};

static const struct field things_fields[] = {
	FIELD(1, U32, struct things, a),
	FIELD(2, U64, struct things, b),
	FIELD(3, S64, struct things, c),
	FIELD(4, BOOL, struct things, d),
	FIELD(5, TEXT, struct things, text),
	FIELD(6, U64, struct things, none),
	FIELDS_END,
};
/* A reader that knows less, and has less room. */
struct fewer {
	uint64_t b;
	char text[4];
};
static const struct field fewer_fields[] = {
	FIELD(2, U64, struct fewer, b),
	FIELD(5, TEXT, struct fewer, text),
	FIELDS_END,
};

static void test_fields(void **state)
{
	struct things x = { 7, 1ULL << 40, MODEL_NONE, -5, true, "abcdefg" }, y = { 0 };
	struct fewer z = { 0 };
	struct buf b = { 0 };
	size_t i;

	(void)state;
	fields_put(&b, things_fields, &x);
	assert_true(fields_get(b.data, b.len, things_fields, &y));
	assert_int_equal(y.a, 7);
	assert_int_equal(y.b, 1ULL << 40);
	assert_true(y.none == MODEL_NONE);
	assert_int_equal(y.c, -5);
	assert_true(y.d);
	assert_string_equal(y.text, "abcdefg");
	assert_true(fields_get(b.data, b.len, fewer_fields, &z));
	assert_int_equal(z.b, 1ULL << 40);
	assert_string_equal(z.text, "abc");
	/* Cut anywhere, it is read up to there or refused, and nothing else. */
	for (i = 0; i < b.len; i++) {
		uint8_t *cut = malloc(i ? i : 1);

		memcpy(cut, b.data, i);
		memset(&y, 0, sizeof(y));
		fields_get(cut, i, things_fields, &y);
		free(cut);
	}
	/* A text where a number should be. */
	assert_false(fields_get((const uint8_t *)"\x03\x01x", 3, things_fields, &y));
	buf_free(&b);
}

/* ---- the SUMMARY ---- */

/* The recording analysed: what list does with one that has no summary. */
static void analyse(const char *path, struct summary *out)
{
	struct source_health health;
	struct judge_evidence je = { .health = &health };
	struct model *m = model_create();
	struct judge *j = judge_create(NULL);
	struct event_source *src;
	struct event_context ctx;
	struct view_evidence e;
	struct view_file file;
	struct event ev;
	char err[256];

	assert_int_equal(recording_open(&src, path, err, sizeof(err)), 0);
	while (src->ops->next(src, &ev, -1) == 1) {
		assert_int_equal(model_feed(m, &ev, &ctx), 0);
		assert_int_equal(judge_feed(j, m, &ev, &ctx), 0);
	}
	src->ops->health(src, &health);
	je.meta = src->ops->meta(src);
	assert_int_equal(judge_finish(j, m, &je), 0);
	view_one_file(&e, &file, m, path, je.meta, &health);
	e.judge = j;
	assert_int_equal(summary_of(out, &e), 0);
	src->ops->close(src);
	judge_destroy(j);
	model_destroy(m);
}

static void read_summary(const char *path, struct summary *out)
{
	uint8_t *data;
	size_t len;

	assert_int_equal(recording_summary(path, &data, &len), 0);
	assert_true(summary_decode(out, data, len));
	free(data);
}

static void encoded(const struct summary *s, struct buf *b)
{
	buf_reset(b);
	summary_encode(b, s);
	assert_false(b->failed);
}

static void test_summary_is_what_the_events_say(void **state)
{
	struct fleet_side x[2] = { source("web-1", 0), destination("web-1", 0) };
	struct buf a = { 0 }, b = { 0 };
	struct summary kept, now;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(fleet_write(path_of(i), &x[i]), 0);
		read_summary(path_of(i), &kept);
		analyse(path_of(i), &now);
		assert_int_equal(kept.n, 1);
		assert_string_equal(kept.migration[0].vm, "web-1");
		assert_string_equal(kept.migration[0].side[i].kernel, i ? "6.12.2" : "6.12.1");
		assert_int_equal(kept.migration[0].side[i].digest.n_devices, 1);
		encoded(&kept, &a);
		encoded(&now, &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		summary_free(&kept);
		summary_free(&now);
	}
	buf_free(&a);
	buf_free(&b);
}

/* Whatever is not whole has no summary, and is no error. */
static void test_no_summary(void **state)
{
	struct fleet_side x = source("web-1", 0);
	uint8_t *data, file[65536];
	size_t len, n, index, i;
	FILE *f;

	(void)state;
	x.without_summary = true;
	assert_int_equal(fleet_write(path_of(0), &x), 0);
	assert_int_equal(recording_summary(path_of(0), &data, &len), -ENOENT);
	assert_null(data);
	assert_int_equal(recording_summary("/nowhere/at/all", &data, &len), -ENOENT);
	assert_int_equal(recording_summary("/dev/null", &data, &len), -ENOENT);
	x.without_summary = false;
	assert_int_equal(fleet_write(path_of(0), &x), 0);
	f = fopen(path_of(0), "rb");
	n = fread(file, 1, sizeof(file), f);
	fclose(f);
	assert_in_range(n, 1000, sizeof(file) - 1);
	index = get_le64(file + n - 8);
	assert_in_range(index, n - 1000, n - 200);
	/* Cut, or a byte of its end gone bad. */
	for (i = 1; i <= n - index; i++) {
		f = fopen(path_of(1), "wb");
		fwrite(file, 1, n - i, f);
		fclose(f);
		assert_int_equal(recording_summary(path_of(1), &data, &len), -ENOENT);
		file[n - i] ^= 0x40;
		f = fopen(path_of(1), "wb");
		fwrite(file, 1, n, f);
		fclose(f);
		file[n - i] ^= 0x40;
		if (!recording_summary(path_of(1), &data, &len))
			fail_msg("byte %zu from the end is bad, and it has a summary", i);
	}
}

/* Any bytes are a summary or none, and never a crash. */
static void test_decode_any_bytes(void **state)
{
	struct fleet_side x = source("web-1", 0);
	uint8_t *data, *copy;
	struct summary s;
	size_t len, i, k;

	(void)state;
	assert_int_equal(fleet_write(path_of(0), &x), 0);
	assert_int_equal(recording_summary(path_of(0), &data, &len), 0);
	for (i = 0; i < len; i++) {
		copy = malloc(i + 1);
		memcpy(copy, data, i);
		summary_decode(&s, copy, i);
		summary_free(&s);
		free(copy);
		for (k = 1; k < 256; k <<= 1) {
			data[i] ^= (uint8_t)k;
			summary_decode(&s, data, len);
			summary_free(&s);
			data[i] ^= (uint8_t)k;
		}
	}
	free(data);
}

/* ---- rows ---- */

static struct list_file files[8];
static size_t n_files;
static struct list list;

static void load(const struct fleet_side *x, size_t n)
{
	size_t i;

	memset(files, 0, sizeof(files));
	for (i = 0; i < n; i++) {
		assert_int_equal(fleet_write(path_of((int)i), &x[i]), 0);
		files[i].path = path_of((int)i);
		read_summary(files[i].path, &files[i].sum);
	}
	n_files = n;
	assert_int_equal(list_build(&list, files, n), 0);
}

static void unload(void)
{
	size_t i;

	list_free(&list);
	for (i = 0; i < n_files; i++)
		summary_free(&files[i].sum);
}

static void test_two_hosts_are_one_row(void **state)
{
	struct fleet_side x[] = {
		source("web-1", 0),
		destination("web-1", 0),
		source("web-2", 60 * SEC),
		destination("web-3", 60 * SEC),
	};
	const struct list_row *r;

	(void)state;
	x[3].plan.precopy_reads++;
	load(x, 4);
	assert_int_equal(list.n, 3);
	r = &list.row[0];
	assert_string_equal(r->l->vm, "web-1");
	assert_true(r->joined);
	assert_string_equal(r->l->side[0].host, "node-a");
	assert_string_equal(r->l->side[1].host, "node-b");
	assert_string_equal(r->l->side[1].kernel, "6.12.2");
	assert_int_equal(r->l->outcome, OUTCOME_COMPLETED);
	/* The source stops with its first P2P arc, the destination runs 31 ms after its load began. */
	assert_true(r->l->downtime_ns != MODEL_NONE);
	assert_int_equal(r->l->stop_ns, list.row[1].l->stop_ns);
	assert_false(list.row[1].joined);
	assert_true(list.row[1].l->downtime_ns == MODEL_NONE);
	unload();
}

static enum verdict verdict_again(void)
{
	list_free(&list);
	assert_int_equal(list_build(&list, files, n_files), 0);
	return list.row[0].verdict;
}

/* More was found than is kept, of which migration nobody knows: no row of the file passes. */
static void test_left_out_is_no_pass(void **state)
{
	struct fleet_side x[] = { source("web-1", 0), destination("web-1", 0) };
	struct summary again;
	struct buf b = { 0 };
	size_t i;

	(void)state;
	load(x, 2);
	for (i = 0; i < 2; i++)
		files[i].sum.rules[0] = files[i].sum.migration[0].rules[0] = '\0';
	assert_int_equal(verdict_again(), VERDICT_PASS);
	for (i = 0; i < 2; i++) {
		files[i].sum.omitted = true;
		assert_int_equal(verdict_again(), VERDICT_INCONCLUSIVE);
		encoded(&files[i].sum, &b);
		assert_true(summary_decode(&again, b.data, b.len));
		assert_true(again.omitted);
		summary_free(&again);
		files[i].sum.omitted = false;
	}
	files[0].sum.omitted = true;
	snprintf(files[0].sum.rules, sizeof(files[0].sum.rules), "error:state-desync");
	assert_int_equal(verdict_again(), VERDICT_FINDINGS);
	buf_free(&b);
	unload();
}

/* Of a cell with several values each is told from the next, in one line. */
static void test_csv(void **state)
{
	struct fleet_side x[] = { source("web-1", 0), destination("web-1", 0) };
	struct list_query q;
	size_t len, lines = 0;
	char *csv, *p;
	FILE *f;

	(void)state;
	load(x, 2);
	list_query_init(&q);
	f = open_memstream(&csv, &len);
	assert_int_equal(list_csv(f, &list, &q), 0);
	fclose(f);
	assert_non_null(strstr(csv, "web-1,node-a|node-b,"));
	for (p = csv; (p = strchr(p, '\n')); p++)
		lines += p[-1] == '\r' ? 1 : 100;
	assert_int_equal(lines, 2);
	free(csv);
	unload();
}

static void test_the_same_twice(void **state)
{
	struct fleet_side x[] = { source("web-1", 0), source("web-1", 0),
				  source("web-1", 5 * SEC) };

	(void)state;
	load(x, 3);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.twice, 1);
	unload();
}

static size_t rows_where(const struct fleet_side *x, size_t n, const char *where, const char *sort,
			 char *first, size_t size)
{
	char err[LIST_ERR_LEN];
	struct list_query q;
	size_t rows;

	load(x, n);
	list_query_init(&q);
	if (where)
		assert_int_equal(list_query_where(&q, where, err), 0);
	if (sort)
		assert_int_equal(list_query_sort(&q, sort, err), 0);
	list_apply(&list, &q);
	rows = list.n;
	snprintf(first, size, "%s", rows ? list.row[0].l->vm : "");
	unload();
	return rows;
}

static void test_query(void **state)
{
	/* A word that nothing can be would fit nothing, and nobody would know. */
	static const struct {
		const char *where, *err;
	} words[] = {
		{ "outcome=failed,cancelled", NULL },
		{ "outcome!=completed", NULL },
		{ "outcome=un*,?ailed", NULL },
		{ "outcome=done",
		  "'done' is no outcome (unfinished, completed, cancelled, failed)" },
		{ "outcome=failed,faild", "'faild' is no outcome; did you mean 'failed'?" },
		{ "outcome=failed,",
		  "'' is no outcome (unfinished, completed, cancelled, failed)" },
		{ "outcome=x*", "'x*' is no outcome (unfinished, completed, cancelled, failed)" },
		{ "verdict=pass", NULL },
		{ "verdict=good", "'good' is no verdict (pass, inconclusive, findings)" },
		{ "party=admin,unknown", NULL },
		{ "party=driver, vmm", "' vmm' is no party; did you mean 'vmm'?" },
		{ "party=me", "'me' is no party (unknown, driver, vmm, admin)" },
		{ "rule=io-failed", NULL },
		{ "rule=*-failed", NULL },
		{ "rule=io-faild", "'io-faild' is no rule; did you mean 'io-failed'?" },
		{ "rule=bananas!", "'bananas!' is no rule ('vfioscope explain' lists them)" },
		{ "cause=anything", NULL },
	};
	struct fleet_side x[] = { source("web-1", 0), source("db-2", 9 * SEC),
				  source("web-3,x", 5 * SEC) };
	char first[64], err[LIST_ERR_LEN], keys[64];
	struct list_query q;
	size_t i, max;

	(void)state;
	x[1].plan.stop_copy_reads = 40;
	x[1].driver = "xe_vfio_pci";
	assert_int_equal(rows_where(x, 3, NULL, NULL, first, sizeof(first)), 3);
	assert_string_equal(first, "web-1");
	assert_int_equal(rows_where(x, 3, NULL, "-time", first, sizeof(first)), 3);
	assert_string_equal(first, "db-2");
	assert_int_equal(rows_where(x, 3, NULL, "vm", first, sizeof(first)), 3);
	assert_string_equal(first, "db-2");
	assert_int_equal(rows_where(x, 3, "vm=web-*", NULL, first, sizeof(first)), 2);
	assert_int_equal(rows_where(x, 3, "vm!=web-*", NULL, first, sizeof(first)), 1);
	assert_int_equal(rows_where(x, 3, "vm=nobody,db-?", NULL, first, sizeof(first)), 1);
	assert_int_equal(rows_where(x, 3, "vm=web-3,x", NULL, first, sizeof(first)), 1);
	assert_int_equal(rows_where(x, 3, "driver=xe*", NULL, first, sizeof(first)), 1);
	assert_int_equal(rows_where(x, 3, "bytes>40MiB", NULL, first, sizeof(first)), 1);
	assert_int_equal(rows_where(x, 3, "time>=2026-01-02T03:04:10Z", NULL, first, sizeof(first)),
			 2);
	/* Of what is alike the earlier comes first. */
	assert_int_equal(rows_where(x, 3, NULL, "host", first, sizeof(first)), 3);
	assert_string_equal(first, "web-1");
	list_query_init(&q);
	assert_int_equal(list_query_sort(&q, "host", err), 0);
	q.reverse = true;
	load(x, 3);
	list_apply(&list, &q);
	assert_string_equal(list.row[0].l->vm, "db-2");
	unload();
	x[0].after_ns = 20 * SEC;
	assert_int_equal(rows_where(x, 3, NULL, "host", first, sizeof(first)), 3);
	assert_string_equal(first, "web-3,x");
	x[0].after_ns = 0;
	/* Not known is neither less nor more. */
	assert_int_equal(rows_where(x, 3, "downtime<1h", NULL, first, sizeof(first)), 0);
	assert_int_equal(rows_where(x, 3, "downtime>=0ms", NULL, first, sizeof(first)), 0);
	list_query_init(&q);
	for (i = 0; i < 32; i++)
		assert_int_equal(list_query_where(&q, "vm=web-*", err), 0);
	assert_int_equal(list_query_where(&q, "vm=web-*", err), -EINVAL);
	assert_string_equal(err, "at most 32 conditions");
	/* As many keys as there is room for, and one more. */
	max = sizeof(q.sort) / sizeof(q.sort[0]);
	for (i = 0; i < max; i++)
		strcpy(keys + 3 * i, "vm,");
	keys[3 * max - 1] = '\0';
	assert_int_equal(list_query_sort(&q, keys, err), 0);
	assert_int_equal(q.n_sorts, max);
	strcat(keys, ",vm");
	assert_int_equal(list_query_sort(&q, keys, err), -EINVAL);
	snprintf(keys, sizeof(keys), "at most %zu keys", max);
	assert_string_equal(err, keys);
	list_query_init(&q);
	assert_int_equal(list_query_where(&q, "downtime>300", err), -EINVAL);
	assert_int_equal(list_query_where(&q, "downtme>300ms", err), -EINVAL);
	assert_non_null(strstr(err, "did you mean 'downtime'"));
	assert_int_equal(list_query_where(&q, "vm>web", err), -EINVAL);
	assert_int_equal(list_query_where(&q, "vm", err), -EINVAL);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(list_query_where(&q, words[i].where, err),
				 words[i].err ? -EINVAL : 0);
		assert_string_equal(words[i].err ? err : "", words[i].err ?: "");
	}
	assert_int_equal(q.n_filters, 8);
	assert_int_equal(list_query_sort(&q, "nothing-like-it", err), -EINVAL);
	assert_int_equal(list_query_group(&q, "downtime", err), -EINVAL);
}

/* What is not known comes before all that is, and behind it the other way. */
static void test_sort_unknown(void **state)
{
	struct fleet_side x[] = { source("web-1", 0), destination("web-1", 0),
				  source("web-2", SEC) };
	char first[64];

	(void)state;
	assert_int_equal(rows_where(x, 3, NULL, "downtime", first, sizeof(first)), 2);
	assert_string_equal(first, "web-2");
	assert_int_equal(rows_where(x, 3, NULL, "-downtime", first, sizeof(first)), 2);
	assert_string_equal(first, "web-1");
}

static void test_sums(void **state)
{
	struct fleet_side x[6];
	struct list_sums all, *g;
	size_t n, i;

	(void)state;
	for (i = 0; i < 6; i++) {
		x[i] = source("web-1", i * 60 * SEC);
		x[i].plan.stop_copy_reads = 4 + (uint32_t)i;
		x[i].driver = i % 3 ? "mlx5_vfio_pci" : "xe_vfio_pci";
	}
	load(x, 6);
	assert_int_equal(list_sums(&list, &all), 0);
	assert_int_equal(all.n, 6);
	assert_int_equal(all.outcome[OUTCOME_COMPLETED], 6);
	assert_int_equal(all.downtime.n, 0);
	assert_int_equal(all.stop.n, 6);
	assert_int_equal(all.stop.max_ns, list.row[5].l->stop_ns);
	assert_int_equal(all.stop.p50_ns, list.row[2].l->stop_ns);
	assert_int_equal(all.stop.p95_ns, list.row[5].l->stop_ns);
	assert_int_equal(list_groups(&list, list_key("driver", 6), &g, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(g[0].name, "mlx5_vfio_pci");
	assert_int_equal(g[0].n, 4);
	assert_int_equal(g[1].n, 2);
	list_groups_free(g, n);
	unload();
}

static void test_lists_of_rules(void **state)
{
	char rules[SUMMARY_RULES_LEN] = "error:io-failed", word[SUMMARY_WORD_LEN];
	const char *at;

	(void)state;
	summary_add_rules(rules, "inconclusive:evidence-ends,error:io-failed,advice:slow-call",
			  "evidence-ends");
	assert_string_equal(rules, "error:io-failed,advice:slow-call");
	assert_int_equal(summary_count(rules, SEV_ERROR), 1);
	assert_int_equal(summary_count(rules, SEV_INCONCLUSIVE), 0);
	at = summary_next(rules, word);
	assert_string_equal(word, "error:io-failed");
	assert_string_equal(summary_rule(word), "io-failed");
	at = summary_next(at, word);
	assert_string_equal(summary_rule(word), "slow-call");
	assert_string_equal(at, "");
	/* A part of a word is another. */
	summary_add_rules(rules, "advice:slow", NULL);
	assert_string_equal(rules, "error:io-failed,advice:slow-call,advice:slow");
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		unlink(path_of(i));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_summary_is_what_the_events_say),
		cmocka_unit_test(test_no_summary),
		cmocka_unit_test(test_decode_any_bytes),
		cmocka_unit_test(test_two_hosts_are_one_row),
		cmocka_unit_test(test_left_out_is_no_pass),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_the_same_twice),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_sort_unknown),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_lists_of_rules),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
