/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scope_help.h - a scope of made-up events, what it shows, what is typed
 */
#ifndef VFIOSCOPE_TESTS_SCOPE_HELP_H
#define VFIOSCOPE_TESTS_SCOPE_HELP_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/synth.h"
#include "tui/internal.h"

/* Fed with all of @evs, which have ended well; @o may be NULL. */
static inline struct scope *scope_of(const struct event *evs, size_t n,
				     const struct scope_options *o)
{
	static const struct scope_options none;
	struct scope *s = scope_create(o ?: &none);
	struct scope_status st = { .has_health = true, .health.ended = true };
	size_t i;

	assert_non_null(s);
	for (i = 0; i < n; i++)
		assert_int_equal(scope_feed(s, &evs[i]), 0);
	scope_set_status(s, &st);
	assert_int_equal(scope_end(s), 0);
	return s;
}

/* And drawn, on 40 rows of 120. */
static inline struct scope *
scope_drawn(const struct event *evs, size_t n, const struct scope_options *o)
{
	struct scope *s = scope_of(evs, n, o);

	scope_resize(s, 40, 120);
	scope_draw(s);
	return s;
}

/* A device that leaves, from its opening to its end, instead of what @y had. */
static inline void synth_one_migration(struct synth *y)
{
	struct synth_plan plan = { .precopy = true, .precopy_reads = 60, .stop_copy_reads = 8 };

	synth_free(y);
	synth_init(y);
	synth_task(y, 4711, "qemu-system-x86", "web-07");
	synth_device(y, 1, "0000:3b:00.2", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_open(y);
	synth_pause(y, 50 * MS);
	synth_source(y, &plan);
}

/* The screen, drawn anew, as one string; freed by the next call. */
static inline const char *screen(struct scope *s)
{
	static char *text;
	size_t len;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	cells_print(scope_draw(s), f);
	fclose(f);
	return text;
}

/* Until a search is over. */
static inline void settle(struct scope *s)
{
	unsigned int n = 0;

	while (scope_searching(s) && n++ < 10000)
		scope_tick(s, 0);
	assert_true(n < 10000);
}

#endif
