// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_lines.c - the lines of `live`, of every kind of event, against tests/golden/lines.log
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/recording.h"
#include "tests/unit/golden.h"
#include "tests/unit/synth.h"
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

/* What the recordings have not: each field at the ends of what it can be. */
static void put_made_up(FILE *f, const struct view_options *opt)
{
	static const int64_t targets[] = { EVENT_TARGET_NONE, -2,	    0,	    1,
					   MIG_STATE_NR - 1,  MIG_STATE_NR, 1 << 20 };
	static const int64_t rets[] = { 0,     -ENOMSG, -EAGAIN, -512, -EIO,
					-4095, -4096,	1,	 4096, (int64_t)MIB };
	static const uint64_t masks[] = { 0, 1, 0x2000, 1ULL << 40, UINT64_MAX };
	static const uint32_t lost[] = { EV_NONE, EV_READ, EV_ARC, EV_KIND_NR, UINT32_MAX };
	struct lines *l = lines_create(f, opt);
	struct model *m = model_create();
	struct event_context ctx;
	struct event *ev;
	struct synth s;
	size_t i, k;

	synth_init(&s);
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, 100, "mig", "web-07");
	synth_open(&s);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), MS);
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		synth_add(&s, EV_SET_STATE, 3 * US, -EBUSY)->set_state.target = targets[i];
	for (k = 0; k < 2; k++)
		for (i = 0; i < sizeof(rets) / sizeof(rets[0]); i++) {
			if (k)
				synth_write(&s, rets[i], 2 * US);
			else
				synth_read(&s, rets[i], 2 * US);
			s.ev[s.n - 1].io.size = i % 2 ? MIB : 4096;
		}
	synth_read(&s, 0, US);
	s.ev[s.n - 1].io.size = 0;
	for (i = 1; i < 4; i++)
		synth_empty_run(&s, i == 2 ? 0 : -ENOMSG, (uint32_t)i, US, 50 * US);
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		ev = synth_add(&s, EV_POLL, US, 0);
		ev->stream = s.stream;
		ev->poll.mask = (uint32_t)masks[i];
		ev->poll.waits = i % 2;
		ev->poll.wait_ns = i == 3 ? EVENT_WAIT_UNKNOWN : i * MS;
	}
	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		ev = synth_add(&s, EV_LOSS, 0, 0);
		ev->loss.count = i == 1 ? 0 : i;
		ev->loss.what = lost[i];
		ev->loss.cause = (uint32_t)i;
		ev->loss.t_from_ns = ev->t_ns - i * MS;
		ev->loss.t_to_ns = ev->t_ns;
	}
	for (i = 0; i < 3; i++) {
		ev = synth_add(&s, EV_STUCK, 0, 0);
		ev->stuck.call = i == 2 ? UINT32_MAX : i ? EV_SET_STATE : EV_NONE;
		ev->stuck.age_ns = i * SEC;
	}
	synth_why(&s, EV_READ, 300, 0, 0, 200, 0, "schedule");
	synth_between(&s, 3 * MS);
	synth_info(&s, MIB, UINT64_MAX);
	synth_data_size(&s, 0);
	synth_dma_report(&s, MS);
	synth_reset(&s);
	synth_close(&s);
	fprintf(f, "== made up, time %d%s\n", (int)opt->time, opt->color ? ", colour" : "");
	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		assert_int_equal(lines_event(l, m, &s.ev[i], &ctx), 0);
	}
	synth_free(&s);
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
	struct view_options opt = { .time = TIME_REL };
	char *text;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		put(f, of[i].path, &of[i].opt, of[i].most);
	put_made_up(f, &opt);
	opt.time = TIME_DELTA;
	opt.color = true;
	put_made_up(f, &opt);
	/* Of a window alone; times since the line before begin with its first. */
	opt.window.from.ref = TIME_REF_FIRST;
	opt.window.from.ns = 2 * MS;
	put(f, DATA "cases/01-hisi-mismatch.vfs", &opt, 1000);
	fclose(f);
	golden(GOLDEN, text);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
