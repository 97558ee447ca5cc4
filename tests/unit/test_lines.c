// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_lines.c - the lines of `live`, of every kind of event, against tests/golden/lines.log
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/recording.h"
#include "tests/unit/golden.h"
#include "view/view.h"

#define GOLDEN "tests/golden/lines.log"
#define DATA   "tests/data/"

/* @most events of a recording. */
static void put(FILE *f, const char *path, const struct view_options *opt, uint32_t most)
{
	struct lines *l = lines_create(f, opt);
	struct model *m = model_create();
	struct event_context ctx;
	struct event_source *src;
	struct event ev;
	char err[256];

	fprintf(f, "== %s, time %d%s%s\n", path, (int)opt->time, opt->bytes ? ", bytes" : "",
		opt->color ? ", colour" : "");
	assert_non_null(l);
	assert_int_equal(recording_open(&src, path, err, sizeof(err)), 0);
	while (most-- && src->ops->next(src, &ev, -1) == 1) {
		assert_int_equal(model_feed(m, &ev, &ctx), 0);
		assert_int_equal(lines_event(l, m, &ev, &ctx), 0);
	}
	src->ops->close(src);
	lines_destroy(l);
	model_destroy(m);
}

static void test_all(void **state)
{
	static const struct {
		const char *path;
		struct view_options opt;
		uint32_t most;
	} of[] = {
		{ DATA "recordings/v1-kinds.vfs", { .time = TIME_REL }, 1000 },
		{ DATA "recordings/v1-kinds.vfs", { .time = TIME_WALL, .bytes = true }, 1000 },
		{ DATA "recordings/v1-migration.vfs", { .time = TIME_MONO }, 1000 },
		{ DATA "judge/reference-qemu.vfs", { .time = TIME_DELTA }, 120 },
		{ DATA "judge/waits-to-send.vfs", { .time = TIME_DELTA, .color = true }, 1000 },
		{ DATA "cases/01-hisi-mismatch.vfs", { .time = TIME_WALL, .color = true }, 1000 },
		{ DATA "cases/11-xe-read-oops.vfs", { .time = TIME_REL, .color = true }, 60 },
		{ DATA "cases/13-vgpu-not-converging.vfs",
		  { .time = TIME_DELTA, .bytes = true },
		  80 },
		{ DATA "cases/04-mlx5-cancel-leak.vfs", { .time = TIME_REL }, 1000 },
		{ DATA "judge/killed-recorder.vfs", { .time = TIME_DELTA, .color = true }, 60 },
	};
	char *text;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		put(f, of[i].path, &of[i].opt, of[i].most);
	fclose(f);
	golden_hold(GOLDEN, text, len);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
