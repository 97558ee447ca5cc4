/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * modelled.h - a builder of events, and a model that is fed with them
 */
#ifndef VFIOSCOPE_TESTS_MODELLED_H
#define VFIOSCOPE_TESTS_MODELLED_H

#include "model/model.h"
#include "tests/unit/synth.h"

static struct synth s;
static struct model *m;

static inline int setup(void **state)
{
	(void)state;
	synth_init(&s);
	m = model_create();
	return m ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	synth_free(&s);
	model_destroy(m);
	return 0;
}

#endif
