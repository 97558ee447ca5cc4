/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rows.h - the events that are wanted, one by one and in order, complete
 *
 * What every export of events shares.  A poll's wait_ns is only known at its
 * task's next call, so events may be held back, in order, up to
 * NDJSON_HOLD_MAX of them.
 */
#ifndef VFIOSCOPE_VIEW_ROWS_H
#define VFIOSCOPE_VIEW_ROWS_H

#include "view/view.h"

struct rows;

struct row {
	const struct event *ev;
	const struct event_context *ctx; /* without its call */
	uint64_t realtime_ns;		 /* of its start; 0: no clock pair in the evidence */
	uint32_t migration;		 /* 0: of none, or nobody can say yet */
};
typedef void (*rows_put_fn)(void *arg, const struct row *row);

/*
 * @ended: a model of the same events up to the end of the evidence, which has the
 * numbers of migrations; NULL: it goes on, and there are none (nor can @opt ask for
 * one).
 */
struct rows *rows_create(const struct view_options *opt, struct model *ended, rows_put_fn put,
			 void *arg);
/* 0 or -ENOMEM.  Definitions are taken and not put. */
int rows_event(struct rows *r, const struct model *m, const struct event *ev,
	       const struct event_context *ctx);
/* Put what is held back. */
void rows_finish(struct rows *r);
void rows_destroy(struct rows *r);

#endif
