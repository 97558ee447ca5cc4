/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insight.h - what the judge and the forecast say, as the scope needs it
 *
 * A thin provider between the floors that know (judge, model) and the panes that
 * show.  Promises: findings keep their place once they are there; one that
 * stands at event seq is shown from the position after that event on.
 */
#ifndef VFIOSCOPE_TUI_INSIGHT_H
#define VFIOSCOPE_TUI_INSIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "model/model.h"
#include "source.h"

enum insight_severity {			/* as the judge's, worst first */
	INSIGHT_ERROR,
	INSIGHT_WARNING,
	INSIGHT_ADVICE,
	INSIGHT_INCONCLUSIVE,
};

struct insight_finding {
	const char *rule;
	uint32_t severity;		/* enum insight_severity */
	const char *party;		/* whose turn it is: "driver", "vmm", "admin" */
	uint32_t device, session;	/* 0: of none in particular */
	uint64_t t_ns, seq;
	uint64_t count;
	bool consequence;		/* of another finding: not counted */
	const char *text;
	const char *basis;		/* the sentence that it rests on, or "" */
};

struct insight;

struct judge_opts;
struct judge;

/* Budgets, and what is to be ignored; NULL: none.  NULL without memory. */
struct insight *insight_create(const struct judge_opts *opts);
void insight_destroy(struct insight *in);
/* The event that @m has just taken.  0 or -ENOMEM. */
int insight_feed(struct insight *in, struct model *m, const struct event *ev,
		 const struct event_context *ctx);
/* No event comes any more; once, and no further feeding.  0 or -ENOMEM. */
int insight_finish(struct insight *in, struct model *m, const struct source_health *health,
		   const struct meta *meta);

/* All findings so far, in the order of their becoming certain. */
size_t insight_findings(const struct insight *in);
/* False: there is none.  Strings are owned by the insight. */
bool insight_finding(const struct insight *in, size_t i, struct insight_finding *out);

struct insight_forecast {
	bool known;			/* the stop's length; the rest may be known without */
	uint64_t likely_ns, low_ns, high_ns;
	uint64_t left_bytes, read_bps, dirty_bps;	/* MODEL_NONE */
	int converges;			/* 1 yes, 0 no, -1 cannot be said */
	bool done;			/* nothing is left: it only waits */
	/* What likely_ns is made of, and the destination's part of then; MODEL_NONE. */
	uint64_t arcs_ns, drain_ns, other_ns, load_ns;
	char basis[128];		/* where the range comes from */
};

/* What stopping now would cost migration @id of @m, a running source. */
void insight_forecast(struct model *m, uint32_t id, uint64_t now_ns,
		      struct insight_forecast *out);

/*
 * The budget for the stop that a migration of this host is held against, and
 * whether it is the guest's whole downtime; 0: none.
 */
uint64_t insight_budget(const struct insight *in, bool *downtime);

/* The finished judge, for a report; NULL before insight_finish(). */
const struct judge *insight_judge(const struct insight *in);

#endif
