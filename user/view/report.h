/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what the reports share: in text and in HTML
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
	uint64_t prev_ns;      /* for --time delta */
	uint32_t explained[2]; /* columns of a destination, of a source, as bits */
};

#define LABEL  "  %-14s"
#define INDENT "                "

/* An instant; what is relative counts from the evidence's first event. */
const char *report_when(struct report *r, char buf[UNITS_LEN], uint64_t t_ns);

static inline const char *report_size(const struct report *r, char buf[UNITS_LEN], uint64_t bytes)
{
	return units_size(buf, bytes, r->opt->bytes);
}

/*
 * report_words.c: phrases without a newline, harmless.  Those that return false had
 * nothing to say, and wrote nothing.
 */
void words_joined(FILE *f, const struct migration *g);
/* Why its downtime is not known, or there was none. */
void words_downtime_why(FILE *f, const struct migration *g);
/* What failed: of one that did. */
void words_causes(FILE *f, struct report *r, const struct migration *g);
/* "node-a: qemu, pid 7, +1.0 to +3.0": of a side. */
void words_side(FILE *f, struct report *r, const struct side *s);
void words_stop(FILE *f, struct report *r, const struct side *s);
void words_dirty_log(FILE *f, const struct side *s);
bool words_forecast(FILE *f, struct report *r, const struct migration *g);
/* What a hole means for the figures beside it; @lost 0: nobody has counted. */
void words_holes(FILE *f, uint64_t lost);
/* What a device's row has no column for; @outcome: of its migration. */
bool words_notes(FILE *f, const struct session *g, uint32_t outcome);
/* Calls of a side that failed and are no cause. */
bool words_beside(FILE *f, const struct side *s);
/* A device's figures in a table of a side; MODEL_NONE: none, or not of this direction. */
struct session_row {
	uint64_t precopy, left, stopped; /* bytes of a source: left when it stopped */
	uint64_t written, load_ns;	 /* of a destination */
	uint64_t arcs_ns, io_ns;	 /* of the time that it stood still */
	uint64_t p50_ns, p99_ns;	 /* of one call that moved data */
};
struct session_row session_row(const struct session *g);

/* In text: devices without a migration, and requests that began none. */
void report_others(struct report *r);
/* In text: one device's session in full. */
void report_session(struct report *r, const struct session *g);

#endif
