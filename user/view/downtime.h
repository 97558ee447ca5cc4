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
 * The parts of the device's own stop window.  Text: a line for each; JSON: keys
 * of the session's object.
 */
void downtime_text(FILE *f, const struct session *g);
void downtime_json(struct json *j, const struct session *g);

/*
 * The same parts as a list, in the order of the text.  Without shares they add up
 * to the window.
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
#define DOWNTIME_PARTS_MAX	(5 + SESSION_ARCS_MAX + GAP_NR)
/* How many there are; 0 when the device was not stopped. */
size_t downtime_parts(const struct session *g, struct downtime_part out[DOWNTIME_PARTS_MAX]);
const char *downtime_part_name(const struct downtime_part *p, char buf[UNITS_LEN]);

/*
 * The parts of a migration's downtime, or of the stop on its source as far as it
 * is known: the VM's, with all its devices.  Without shares they add up to the
 * downtime, or to the stop.  A part of MODEL_NONE was not seen.  0: nothing was
 * stopped, or the source is not in the evidence.
 */
#define MIGRATION_PARTS_MAX	(5 + GAP_NR + 7)
size_t migration_parts(struct model *m, const struct migration *g,
		       struct downtime_part out[MIGRATION_PARTS_MAX]);

#endif
