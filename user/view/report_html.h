/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_html.h - what the parts of the HTML report share
 */
#ifndef VFIOSCOPE_VIEW_REPORT_HTML_H
#define VFIOSCOPE_VIEW_REPORT_HTML_H

#include "view/plots.h"
#include "view/report.h"

/* An element's class by what it is about. */
const char *outcome_class(uint32_t outcome);
const char *severity_class(uint32_t severity);
/*
 * Numbers of the findings on an axis, linked to their texts: those of a session, or,
 * with @session 0, all of a migration.
 */
void html_pins(struct report *r, const struct axis *x, uint32_t migration, uint32_t session);
/* Where the downtime went, or the stop as far as it is known; nothing when there is none. */
void html_waterfall(struct report *r, const struct migration *g);
/* What a log of QEMU's says of it; nothing where there is none. */
void html_words(struct report *r, const struct migration *g);
/* The states of all its devices, @rows of them. */
void html_timelines(struct report *r, const struct migration *g, uint32_t rows);
/* One device's session in full, folded; @open: not. */
void html_session(struct report *r, const struct session *g, bool open);

#endif
