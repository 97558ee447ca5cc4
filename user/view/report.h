/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what the parts of the text report share
 */
#ifndef VFIOSCOPE_VIEW_REPORT_H
#define VFIOSCOPE_VIEW_REPORT_H

#include "util/units.h"
#include "view/view.h"

struct report {
	FILE *f;
	const struct view_options *opt;
	const struct view_evidence *e;
	struct model *m;
	uint64_t prev_ns;		/* for --time delta */
	bool explained[2];		/* a destination's columns, a source's */
};

#define LABEL	"  %-14s"
#define INDENT	"                "

/* An instant; what is relative counts from the evidence's first event. */
const char *report_when(struct report *r, char buf[UNITS_LEN], uint64_t t_ns);

static inline const char *report_size(const struct report *r, char buf[UNITS_LEN], uint64_t bytes)
{
	return units_size(buf, bytes, r->opt->bytes);
}

/* One device's session in full. */
void report_session(struct report *r, const struct session *g);

#endif
