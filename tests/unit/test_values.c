// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_values.c - every value that model and judge have of the recordings in the tree
 * and of the plays: as tests/data/values/ has it, and the same by whatever way they came
 * to it
 *
 * BLESS=1 writes those files anew: read the diff, it says what became different.
 */
#include "tests/unit/evidence.h"

static char *text;
static size_t text_len;
static FILE *out;

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
	fprintf(out, "== %s\n%s%s", name, e.clocks ?: "", all);
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
	fclose(out);
	compare(name, text);
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
		cmocka_unit_test(test_judge), cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),   cmocka_unit_test(test_failures),
		cmocka_unit_test(test_vms),   cmocka_unit_test(test_play_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, forget_evidence);
}
