/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * why_help.h - made-up calls with what they were spent on, and a model of them
 */
#ifndef VFIOSCOPE_TESTS_WHY_HELP_H
#define VFIOSCOPE_TESTS_WHY_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/modelled.h"
#include "view/view.h"

/* All events; the context of the last one of @kind. */
static inline struct event_context feed(uint32_t kind)
{
	struct event_context ctx, found = { 0 };
	size_t i;

	for (i = 0; i < s.n; i++) {
		assert_int_equal(model_feed(m, &s.ev[i], &ctx), 0);
		if (s.ev[i].kind == kind)
			found = ctx;
	}
	return found;
}

static inline void device(uint32_t number, uint32_t tid)
{
	s.pid = 100;
	s.tid = tid;
	synth_device(&s, number, number == 1 ? "0000:3b:00.2" : "0000:3b:00.3", "mlx5_vfio_pci", 7);
	synth_open(&s);
}

/* Of which the steps take @ns. */
static inline void to_stop_copy(uint64_t ns)
{
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 20 * US);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), ns);
}

static inline uint64_t sum_of(const uint64_t ns[WHY_PARTS])
{
	uint64_t sum = 0;
	int k;

	for (k = 0; k < WHY_PARTS; k++)
		sum += ns[k];
	return sum;
}

static inline char *
report_of(void (*report)(FILE *f, const struct view_evidence *e, const struct view_options *opt))
{
	static const struct source_health health = { .ended = true };
	struct view_options view = { 0 };
	struct view_evidence e;
	struct view_file file;
	struct meta meta = { 0 };
	size_t len;
	char *out;
	FILE *f = open_memstream(&out, &len);

	view_one_file(&e, &file, m, "x.vfs", &meta, &health);
	view.sessions = true;
	report(f, &e, &view);
	fclose(f);
	return out;
}

static inline void has(const char *out, const char *what)
{
	if (!strstr(out, what))
		fail_msg("'%s' is missing in:\n%s", what, out);
}

#endif
