/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * traces.h - what report and check share: all recordings of a command line,
 * read into models and judged
 */
#ifndef VFIOSCOPE_TRACES_H
#define VFIOSCOPE_TRACES_H

#include "cmd/cmd.h"
#include "judge/judge.h"
#include "model/model.h"
#include "view/trends.h"

struct trace {
	struct event_source *src;
	struct source_health health;
	struct model *model;
	struct judge *judge;
	struct trends *trends;
};

struct traces {
	struct trace *t;
	struct view_trace *view;
	size_t n;
	bool with_trends;		/* set before reading: for a view that draws */
};

/*
 * Read @n recordings to their ends.  What ended after @window (NULL: none) does not
 * reach the models: they are those of that moment, and so is every number.  0, or
 * the exit code with the error told; traces_close() is due in both cases.
 */
int traces_read(struct traces *ts, char **paths, int n, const struct judge_opts *opts,
		const struct time_window *window);
void traces_close(struct traces *ts);

#endif
