/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * downtime.h - where the time went while devices stood still, in words and JSON
 */
#ifndef VFIOSCOPE_VIEW_DOWNTIME_H
#define VFIOSCOPE_VIEW_DOWNTIME_H

#include "util/json.h"
#include "util/units.h"
#include "view/view.h"

/*
 * The parts of @g's stop window, and of the downtime beyond it.  Text: a line
 * for each; JSON: keys of the migration's object.
 */
void downtime_text(FILE *f, const struct session *g);
void downtime_json(struct json *j, const struct session *g);

/*
 * The same parts as a list, in the order of the text: those of the stop window
 * and, for a source with a downtime, what came after it until the destination
 * ran.  Without shares the former add up to the window, all to the downtime.
 */
struct downtime_part {
	const char *name;		/* NULL: an arc, to @state */
	uint32_t state;
	uint64_t ns;
	uint64_t total_ns;		/* that a percentage is of */
	const char *who;		/* may have caused it; or NULL */
	const char *when;		/* "between one read() and the next": in words */
	bool share;			/* of the part before that is none */
	bool landing;			/* after the stop window */
};
#define DOWNTIME_PARTS_MAX	(5 + SESSION_ARCS_MAX + GAP_NR + 6)
/* How many there are; 0 when the device was not stopped. */
size_t downtime_parts(const struct session *g, struct downtime_part out[DOWNTIME_PARTS_MAX]);
const char *downtime_part_name(const struct downtime_part *p, char buf[UNITS_LEN]);

/*
 * The stops of processes with their critical paths; in text only those of two
 * devices and more.
 */
void stops_text(FILE *f, const struct view_evidence *e, const struct view_options *opt);
/* The "stops" array with its key, of the migrations that @opt asks for. */
void stops_json(struct json *j, const struct view_evidence *e, const struct view_options *opt);

#endif
