/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metrics.h - what an always-on recorder adds up, for Prometheus
 *
 * Counters and histograms over all migrations since it began, in the text format that a
 * textfile collector reads and that a scrape takes.  Promises:
 * - labels are bounded: outcomes, rules, parts, and the first METRICS_DRIVERS drivers (the
 *   rest is "other"); no VM, device or process is among them;
 * - what is not known of a migration is in no histogram, instead of a 0 in it;
 * - every series of outcomes, rules and parts is there from the beginning, and those of a
 *   driver are as soon as a device of it is known: Prometheus sees no increase in a series
 *   that begins with its first migration.
 */
#ifndef VFIOSCOPE_VIEW_METRICS_H
#define VFIOSCOPE_VIEW_METRICS_H

#include <stdio.h>

#include "view/summary.h"

#define METRICS_DRIVERS 16

struct metrics;

/* What the recorder counts itself. */
struct metrics_recorder {
	uint64_t start_real_ns; /* CLOCK_REALTIME */
	uint64_t under_way;
	uint64_t kept, dropped, trimmed, cut, missed; /* recordings */
	uint64_t events, events_missed, lost;
	uint64_t bytes; /* of the recordings kept */
	uint64_t clock_steps;
};

/* NULL without memory. */
struct metrics *metrics_create(void);
void metrics_destroy(struct metrics *m);
/* There is a device of this driver: it has migrated 0 times.  Its name is anybody's text. */
void metrics_know(struct metrics *m, const char *driver);
/* Count the migrations of a recording: @model of it, where parts of stops are from. */
void metrics_take(struct metrics *m, const struct summary *sum, struct model *model);
void metrics_print(FILE *f, const struct metrics *m, const struct metrics_recorder *r);

#endif
