// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_view_junit.c - where a finding was, as JUnit has it behind its sentence: of the device, the
 * host and the instant those that are known, in one pair of brackets or in none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "view/view.h"

#include "tests/unit/judge_help.h"

#define NONE	"no migration is in the evidence"
#define UNASKED "the device was not asked whether it can be migrated"

/* The lines of what was found about the evidence: that nothing migrated, and of a device why. */
static void place_is(bool instant, bool device, const char *host, const char *want)
{
	static const struct source_health health = { .ended = true };
	struct view_options opt = { 0 };
	struct meta meta = { 0 };
	struct view_evidence e;
	struct view_file file;
	struct synth s;
	struct model *m;
	struct judge *j;
	char *out, *at, *end;
	size_t len;
	FILE *f;

	synth_init(&s);
	if (device)
		synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", MIG_FLAG_STOP_COPY);
	/* Evidence begins with the first event that is no definition. */
	if (instant)
		synth_add(&s, EV_MARK, 0, 0)->device = 0;
	if (host)
		assert_int_equal(meta_add(&meta, "host", host), 0);
	evidence.health = &health;
	evidence.meta = &meta;
	judge_synth(&s, &m, &j);
	f = open_memstream(&out, &len);
	view_one_file(&e, &file, m, "x.vfs", &meta, &health);
	e.judge = j;
	check_junit(f, &e, &opt);
	fclose(f);
	/* Behind the element's ">", up to "party:". */
	end = strstr(out, "\nparty: ");
	assert_non_null(end);
	*end = '\0';
	at = strrchr(out, '>') + 1;
	assert_string_equal(at, want);
	free(out);
	judge_destroy(j);
	model_destroy(m);
	meta_clear(&meta);
	synth_free(&s);
}

static void test_place(void **state)
{
	(void)state;
	place_is(false, false, NULL, NONE);
	place_is(false, false, "h", NONE " [on h]");
	/* What the kernel calls a host without a name. */
	place_is(false, false, "(none)", NONE);
	place_is(false, true, NULL, NONE "\n" UNASKED " [0000:3b:00.2]");
	place_is(false, true, "h<1>",
		 NONE " [on h&lt;1&gt;]\n" UNASKED " [0000:3b:00.2 on h&lt;1&gt;]");
	place_is(true, false, NULL, NONE " [at +0.000000 s]");
	place_is(true, false, "h", NONE " [on h, at +0.000000 s]");
	place_is(true, true, NULL,
		 NONE " [at +0.000000 s]\n" UNASKED " [0000:3b:00.2, at +0.000000 s]");
	place_is(true, true, "h",
		 NONE " [on h, at +0.000000 s]\n" UNASKED " [0000:3b:00.2 on h, at +0.000000 s]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
	};

	judge_opts_init(&opts);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
