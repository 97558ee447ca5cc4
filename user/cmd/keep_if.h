/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keep_if.h - which recordings of --each-migration are worth keeping
 *
 * Conditions in the language of list (KEY and =, !=, <, <=, >, >=, and a value) and a few
 * words for what is asked for most, of which one must hold.  Promises:
 * - what cannot be told is kept: a migration that did not end, or whose evidence has a
 *   hole;
 * - of one host alone the downtime is not known: "downtime>X" holds where the part that
 *   was seen, the stop, exceeds X by itself.
 */
#ifndef VFIOSCOPE_CMD_KEEP_IF_H
#define VFIOSCOPE_CMD_KEEP_IF_H

#include "cmd/cmd.h"
#include "view/list.h"

#define KEEP_IF_MAX 16

struct keep_if {
	struct {
		char text[80]; /* as it was given */
		struct list_query query;
		bool over_budget; /* that word; then @query is of no interest */
	} condition[KEEP_IF_MAX];
	size_t n; /* 0: all is kept */
};

/* "failed|downtime>300ms", several of them.  0, or the exit code with the error told. */
int keep_if_parse(struct keep_if *k, const struct opt_list *conditions);
/* Does it ask for what only a budget can tell? */
bool keep_if_wants_budgets(const struct keep_if *k);
/*
 * Is what came to @sum (NULL: nobody knows) to be kept, and in @why why: "failed", "its
 * evidence has a hole", or which condition does not hold.
 */
#define KEEP_IF_WHY_LEN 400
bool keep_if_holds(const struct keep_if *k, const struct summary *sum, bool over_budget,
		   char why[KEEP_IF_WHY_LEN]);

#endif
