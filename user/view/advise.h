/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * advise.h - what to set, and why: from what was seen
 *
 * A pure function of judged evidence.  Promises:
 * - each sentence has its figure, and says of which migrations and which of their parts
 *   it is;
 * - what would help is told as "at most": the time that went where it helps, and never
 *   more than that;
 * - what was not seen is said, and nothing is concluded from it.
 */
#ifndef VFIOSCOPE_VIEW_ADVISE_H
#define VFIOSCOPE_VIEW_ADVISE_H

#include "view/view.h"

struct advice;

/* Of the migrations that @opt asks for.  NULL without memory. */
struct advice *advise(const struct view_evidence *e, const struct view_options *opt);
void advice_free(struct advice *a);
/* How many migrations stopped a VM, and so have something to say. */
size_t advice_stops(const struct advice *a);

void advice_text(FILE *f, const struct advice *a, const struct view_options *opt);
void advice_json(FILE *f, const struct advice *a);

#endif
