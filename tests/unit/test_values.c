// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_values.c - every value that model and judge have of the recordings in the tree
 * and of the plays: as tests/data/values/ has it, and the same by whatever way they came
 * to it
 *
 * BLESS=1 writes those files anew: read the diff, it says what became different.
 */
#include "tests/unit/evidence.h"

#include "model/digest.h"

static char *text;
static size_t text_len;
static FILE *out;

static uint64_t add_bytes(uint64_t sum, const void *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		sum = (sum ^ ((const uint8_t *)p)[i]) * 1099511628211U;
	return sum;
}

/* The events themselves: how many of each kind, and a sum of all that they have. */
static void put_events(void)
{
	static const char zero[EVENT_STACK_LEN];
	uint64_t n[EV_KIND_NR] = { 0 }, sum = 14695981039346656037U;
	size_t i, k, n_fields;

	for (i = 0; i < e.n; i++) {
		const struct event *ev = &e.ev[i];
		const struct event_field *f = event_fields(ev->kind, &n_fields);
		const uint64_t head[] = { ev->t_ns,   ev->dur_ns, (uint64_t)ev->ret, ev->kind,
					  ev->cpu,    ev->pid,	  ev->tid,	     ev->device,
					  ev->stream, ev->host };

		n[ev->kind]++;
		sum = add_bytes(sum, head, sizeof(head));
		for (k = 0; k < n_fields; k++) {
			const char *p = (const char *)ev + f[k].offset;
			size_t len = f[k].type == EF_STR ? strlen(p) : f[k].size;

			/* A field that is new since then changes nothing. */
			if (len && memcmp(p, zero, len)) {
				sum = add_bytes(sum, &f[k].id, sizeof(f[k].id));
				sum = add_bytes(sum, p, len);
			}
		}
	}
	fprintf(out, "%016" PRIx64, sum);
	for (i = 0; i < EV_KIND_NR; i++)
		if (n[i])
			fprintf(out, " %s=%" PRIu64, event_kind_name((uint32_t)i), n[i]);
	fprintf(out, "\nmeta=%zu skipped=%" PRIu64 " damaged=%" PRIu64 "%s\n", e.meta.n,
		e.health.bytes_skipped, e.health.frames_damaged, e.health.ended ? " ended" : "");
}

/* Its sides as digests, in a model of such. */
static void put_digests(void)
{
	struct model *m = model_create(), *of = model_create();
	uint32_t i, id;
	size_t k;

	assert_true(m && of);
	model_set_clock_bound(of, e.bound_ns);
	for (k = 0; k < e.n; k++)
		assert_int_equal(model_feed(m, &e.ev[k], NULL), 0);
	for (i = 1; i <= model_sides(m); i++) {
		uint32_t host = model_side(m, i)->host;
		struct digest d;

		assert_int_equal(model_digest(m, i, &d), 0);
		/* On another clock and back. */
		digest_shift(&d, 1000);
		digest_shift(&d, -1000ULL);
		assert_int_equal(model_add_digest(of, &d, host, model_host(m, host), &id), 0);
		assert_int_equal(id, i);
		digest_free(&d);
	}
	fprintf(out, "of digests: devices=%u sides=%u sessions=%u hosts=%u\n", model_devices(of),
		model_sides(of), model_sessions(of), model_hosts(of));
	for (i = 0; i < model_devices(of) && i < VALUES_EACH; i++) {
		const struct model_device *d = model_device_at(of, i);

		fprintf(out, " device %u host=%u %s %s order=%u\n", d->number, d->host, d->name,
			d->driver, d->order);
	}
	values_begin_ns = model_first_ns(m);
	for (i = 1; i <= model_migrations(of); i++)
		put_migration(out, of, i);
	model_destroy(of);
	model_destroy(m);
}

static void put_evidence(const char *name)
{
	char *all, *other;
	enum way way;

	all = values(e.n, AT_ONCE);
	for (way = WITH_LOOKS; way <= AS_COPY; way++) {
		other = values(e.n, way);
		if (strcmp(other, all))
			fail_msg("%s: way %d gives something else", name, way);
		free(other);
	}
	fprintf(out, "== %s\n", name);
	put_events();
	fprintf(out, "%s%s", e.clocks ?: "", all);
	put_digests();
	free(all);
	/* What is not over yet. */
	all = values(e.n * 2 / 3, AT_ONCE);
	fprintf(out, "== %s, of %zu the first %zu\n%s", name, e.n, e.n * 2 / 3, all);
	free(all);
}

static void begin_text(void)
{
	out = open_memstream(&text, &text_len);
	assert_non_null(out);
}

static void end_text(const char *name)
{
	char path[64];

	fclose(out);
	snprintf(path, sizeof(path), "tests/data/values/%s.txt", name);
	golden(path, text);
	free(text);
}

/* The recordings of a folder; those of two hosts together. */
static void folder(const char *name, const char *pattern)
{
	char dst[256], *pair[2];
	size_t i, len;
	glob_t g;

	begin_text();
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++) {
		len = strlen(g.gl_pathv[i]);
		if (!strcmp(base(g.gl_pathv[i]), "fleet.vfs") ||
		    !strcmp(g.gl_pathv[i] + len - 8, "-dst.vfs"))
			continue;
		snprintf(dst, sizeof(dst), "%.*s-dst.vfs", (int)len - 8, g.gl_pathv[i]);
		pair[0] = g.gl_pathv[i];
		pair[1] = dst;
		evidence_of(pair, strcmp(g.gl_pathv[i] + len - 8, "-src.vfs") ? 1 : 2);
		put_evidence(base(g.gl_pathv[i]));
	}
	globfree(&g);
	end_text(name);
}

static void test_judge(void **state)
{
	(void)state;
	folder("judge", "tests/data/judge/*.vfs");
}

static void test_cases(void **state)
{
	(void)state;
	folder("cases", "tests/data/cases/*.vfs");
}

/* What was merged when merge still made one host of all, and two hosts whose clocks differ. */
static void test_merge(void **state)
{
	static const char *const second[] = { "dst", "behind", "far" };
	char *pair[] = { "tests/data/merge/src.vfs", NULL };
	char path[64];
	size_t i;

	(void)state;
	begin_text();
	evidence_of((char *[]){ "tests/data/merge/old.vfs" }, 1);
	put_evidence("old.vfs");
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "tests/data/merge/%s.vfs", second[i]);
		pair[1] = path;
		evidence_of(pair, 2);
		put_evidence(base(path));
	}
	evidence_of((char *[]){ "tests/data/merge/step.vfs", "tests/data/merge/dst.vfs" }, 2);
	put_evidence("step.vfs");
	end_text("merge");
}

static void test_cut(void **state)
{
	(void)state;
	folder("cut", "tests/data/cut/*.vfs");
}

static void plays(const char *name)
{
	begin_text();
	each_play(name, put_evidence);
	end_text(name);
}

static void test_failures(void **state)
{
	(void)state;
	plays("failures");
}

static void test_vms(void **state)
{
	(void)state;
	plays("vms");
}

static void test_play_evidence(void **state)
{
	(void)state;
	plays("evidence");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),	      cmocka_unit_test(test_cases),
		cmocka_unit_test(test_merge),	      cmocka_unit_test(test_cut),
		cmocka_unit_test(test_failures),      cmocka_unit_test(test_vms),
		cmocka_unit_test(test_play_evidence),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, forget_evidence));
}
