/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * downtime.h - where the time went while devices stood still, in words and JSON
 */
#ifndef VFIOSCOPE_VIEW_DOWNTIME_H
#define VFIOSCOPE_VIEW_DOWNTIME_H

#include "util/json.h"
#include "util/units.h"
#include "view/view.h"
#include "view/why.h"

/*
 * The parts of the device's own stop window as lines of text.  No percentages:
 * those of a report are all of the VM's downtime.
 */
void downtime_text(FILE *f, struct model *m, const struct session *g);

/* A part of a stop, or of a downtime. */
struct downtime_part {
	const char *name; /* NULL: an arc, to @state */
	const char *key;  /* its name in JSON; lives for ever */
	uint32_t state;
	uint32_t party; /* PARTY_*: whose time it was */
	uint64_t ns;
	uint64_t total_ns;   /* that a percentage is of */
	const char *who;     /* may have caused it; or NULL */
	const char *when;    /* "between one read() and the next": in words */
	bool share;	     /* of the part before that is none */
	bool landing;	     /* after the stop window */
	struct part_why why; /* what its calls were spent on; of a part of calls */
};
#define DOWNTIME_PARTS_MAX (5 + SESSION_ARCS_MAX + GAP_NR)
/*
 * The parts of a device's own window, in order; without shares they add up to it.
 * Where the VM has other devices, what is outside is theirs, too.  0: the
 * device was not stopped.
 */
size_t session_parts(struct model *m, const struct session *g,
		     struct downtime_part out[DOWNTIME_PARTS_MAX]);
const char *downtime_part_name(const struct downtime_part *p, char buf[UNITS_LEN]);

/*
 * The parts of a migration's downtime, or of the stop on its source as far as it
 * is known: the VM's, with all its devices.  Without shares they add up to the
 * downtime, or to the stop.  A part of MODEL_NONE was not seen.  0: nothing was
 * stopped, or the source is not in the evidence.
 */
#define MIGRATION_PARTS_MAX (5 + GAP_NR + 7)
size_t migration_parts(struct model *m, const struct migration *g,
		       struct downtime_part out[MIGRATION_PARTS_MAX]);
/* The keys of all parts that there can be, but for shares: those of a stop and of a landing. */
#define MIGRATION_PART_KEYS (5 + 8)
extern const char *const migration_part_keys[MIGRATION_PART_KEYS];
/* The longest that is not made of shares; NULL: none took any time. */
const struct downtime_part *parts_longest(const struct downtime_part *p, size_t n);
/*
 * Of those that are no shares the largest, in words with its reason: "outside 232 ms (94 %):
 * 207 ms sending in ..."; harmless text.  How many; 0 where no reason of them was recorded.
 */
#define LARGEST_TOLD 3
#define LARGEST_LEN  (WHY_SENTENCE_LEN + 160)
size_t migration_largest(struct model *m, const struct migration *g,
			 char text[LARGEST_TOLD][LARGEST_LEN]);
/* A line of text for each, after @indent blanks, and what was in flight. */
void migration_parts_text(FILE *f, struct model *m, const struct migration *g, int indent);

/* The keys of a window, all null when nothing was stopped, and "gaps". */
void window_json(struct json *j, const struct session_window *w, bool dirty_log_seen);
/* The parts as an array, null when there are none. */
void migration_parts_json(struct json *j, const char *key, struct model *m,
			  const struct migration *g);

#endif
