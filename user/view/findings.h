/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * findings.h - the findings that were asked for, as a list
 */
#ifndef VFIOSCOPE_VIEW_FINDINGS_H
#define VFIOSCOPE_VIEW_FINDINGS_H

#include "model/forecast.h"
#include "util/json.h"
#include "view/view.h"

struct finding_at {
	const struct finding *f;
	uint32_t host; /* of its device; 0: the only one, or of none */
};

/* Walks the findings that @opt asks for.  False: no more. */
struct finding_walk {
	const struct view_evidence *e;
	size_t next;
	const struct view_options *opt;
	struct finding_at at;
};

void findings_begin(struct finding_walk *w, const struct view_evidence *e,
		    const struct view_options *opt);
bool findings_next(struct finding_walk *w);

/* The worst first, then what keeps the verdict open. */
#define SEVERITIES 4
extern const enum severity severity_order[SEVERITIES];

/* Why no budget of time is held against a migration; NULL: they are. */
const char *budget_skipped_text(const struct migration *g);

/* The "findings" array and the "verdict", with their keys. */
void findings_json(struct json *j, const struct view_evidence *e, const struct view_options *opt);
/*
 * The list in words: worst first, each with what followed from it behind it, then the
 * verdict; 80 columns.
 */
void findings_text(FILE *f, const struct view_evidence *e, const struct view_options *opt);
/* Only those of @migration, whose name stands above them; 0: those of none. */
void findings_of_text(FILE *f, const struct view_evidence *e, const struct view_options *opt,
		      uint32_t migration);
/* The verdict with its counts; its last line is: */
void verdict_text(FILE *f, const struct view_evidence *e, const struct view_options *opt);
/* "protocol: clean; migrations: 7 completed, 1 failed" */
void protocol_and_outcomes_text(FILE *f, const struct view_evidence *e,
				const struct view_options *opt);
/* Of what was asked for; *@n: how many findings. */
enum protocol_verdict view_protocol(const struct view_evidence *e, const struct view_options *opt,
				    size_t *n);

/*
 * The "migrations" of report and check --format json: each with its sides, with
 * @sessions also what every device did.
 */
void migrations_json(struct json *j, const struct view_evidence *e, const struct view_options *opt,
		     bool sessions);
/* "protocol" and "outcomes": what the judge and the model say of all that was asked for. */
void outcomes_json(struct json *j, const struct view_evidence *e, const struct view_options *opt);

/* Estimates against truth; the text only from two migrations on. */
void estimates_text(FILE *f, const struct view_evidence *e, const struct view_options *opt);
void estimates_json(struct json *j, const struct view_evidence *e);

/* What was forecast of the device's own part of a stop, which took @took_ns. */
void forecast_truth_text(FILE *f, const struct forecast *x, uint64_t took_ns);
/* A forecast in two lines (none when nothing is known), or as "forecast". */
void forecast_text(FILE *f, const struct forecast *x, const struct view_options *opt);
void forecast_json(struct json *j, const char *key, const struct forecast *x);

/*
 * The forecast of a migration's stop on its source: as it was made just before it,
 * else (*@now) of a switch now.  False: there is none.
 */
bool migration_forecast(struct model *m, const struct migration *g, struct stop_forecast *out,
			bool *now);
/* What came of it: the devices' part and the rest; MODEL_NONE: it is not over. */
void migration_forecast_truth(struct model *m, const struct migration *g, uint64_t *devices_ns,
			      uint64_t *rest_ns);

#endif
