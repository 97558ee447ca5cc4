/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * downtime.h - where the time went while devices stood still, in words and JSON
 */
#ifndef VFIOSCOPE_VIEW_DOWNTIME_H
#define VFIOSCOPE_VIEW_DOWNTIME_H

#include "util/json.h"
#include "view/view.h"

/*
 * The parts of @g's stop window, and of the downtime beyond it.  Text: a line
 * for each; JSON: keys of the migration's object.
 */
void downtime_text(FILE *f, const struct migration *g);
void downtime_json(struct json *j, const struct migration *g);

/*
 * The stops of processes with their critical paths; in text only those of two
 * devices and more.  @base is added to the trace's migration numbers.
 */
void stops_text(FILE *f, const struct view_trace *t, uint32_t base,
		const struct view_options *opt);
/* The "stops" array with its key, of the migrations that @opt asks for. */
void stops_json(struct json *j, const struct view_trace *traces, size_t n,
		const struct view_options *opt);

#endif
