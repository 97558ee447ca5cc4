// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_values_bent.c - the plays, bent, and what model and judge make of that
 *
 * tests/data/values/bent.txt has a sum of each text; BLESS=1 writes it anew.  To see what
 * became different, hold the texts of two builds side by side:
 *
 *	SHOW='PLAY: BENT' build/tests/unit/test_values_bent
 */
#include "tests/unit/bent.h"

static FILE *out;

static void bend(const char *play)
{
	const char *show = getenv("SHOW");
	char name[128], *text, *other;
	enum way way;
	size_t i;

	straight_keep();
	fprintf(out, "%s:\n", play);
	for (i = 0; i < BENTS; i++) {
		bend_by(&bents[i]);
		text = values(e.n, AT_ONCE);
		fprintf(out, "%s %08x\n", bents[i].name, sum_of(text));
		snprintf(name, sizeof(name), "%s: %s", play, bents[i].name);
		/* Of some of them is enough. */
		for (way = WITH_LOOKS; way <= AS_COPY && i % 4 == 0; way++) {
			other = values(e.n, way);
			if (strcmp(other, text))
				fail_msg("%s: way %d gives something else", name, way);
			free(other);
		}
		if (show && !strcmp(show, name))
			fputs(text, stdout);
		free(text);
	}
	straight_forget();
}

static void test_bent(void **state)
{
	static const char *const plays[] = { "failures", "vms", "evidence" };
	char *text = NULL;
	size_t len, i;

	(void)state;
	out = open_memstream(&text, &len);
	assert_non_null(out);
	for (i = 0; i < 3; i++)
		each_play(plays[i], bend);
	fclose(out);
	golden("tests/data/values/bent.txt", text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bent),
	};

	return all_given_back(cmocka_run_group_tests(tests, NULL, forget_evidence));
}
