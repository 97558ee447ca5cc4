/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judged.h - a builder of events, and what model and judge make of all that it has
 */
#ifndef VFIOSCOPE_TESTS_JUDGED_H
#define VFIOSCOPE_TESTS_JUDGED_H

#include "tests/unit/judge_help.h"

static struct synth s;
static struct model *m;
static struct judge *j;

static inline int setup(void **state)
{
	(void)state;
	judge_opts_init(&opts);
	memset(&evidence, 0, sizeof(evidence));
	synth_init(&s);
	m = NULL;
	j = NULL;
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	judge_destroy(j);
	model_destroy(m);
	synth_free(&s);
	return 0;
}

/* Anew, with what the builder has now. */
static inline void look(void)
{
	judge_destroy(j);
	model_destroy(m);
	judge_synth(&s, &m, &j);
}

static inline void begin_anew(void)
{
	synth_free(&s);
	synth_init(&s);
}

#endif
