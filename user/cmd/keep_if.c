// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/keep_if.h"

#include <string.h>

/* What stands for a condition of list. */
static const struct {
	const char *word, *condition;
} words[] = {
	{ "completed", "outcome=completed" },
	{ "failed", "outcome=failed" },
	{ "cancelled", "outcome=cancelled" },
	{ "unfinished", "outcome=unfinished" },
	{ "finding", "findings>0" },
	{ "over-budget", NULL },
	{ "inconclusive", "verdict=inconclusive" },
};

static int add(struct keep_if *k, const char *text, size_t len)
{
	char err[LIST_ERR_LEN];
	const char *condition;
	size_t i;

	if (k->n == KEEP_IF_MAX)
		return cmd_fail(EXIT_USAGE, "record: --keep-if: at most %d conditions",
				KEEP_IF_MAX);
	if (!len || len >= sizeof(k->condition[0].text))
		return cmd_fail(EXIT_USAGE, "record: --keep-if: '%.*s' is no condition",
				(int)(len < 60 ? len : 60), text);
	condition = k->condition[k->n].text;
	memcpy(k->condition[k->n].text, text, len);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, k->condition[k->n].text))
			continue;
		condition = words[i].condition;
		k->condition[k->n].over_budget = !condition;
	}
	if (condition && list_query_where(&k->condition[k->n].query, condition, err))
		return cmd_fail(EXIT_USAGE, "record: --keep-if: %s", err);
	k->n++;
	return 0;
}

int keep_if_parse(struct keep_if *k, const struct opt_list *conditions)
{
	const char *p;
	size_t i, len;
	int status = 0;

	memset(k, 0, sizeof(*k));
	for (i = 0; i < conditions->n; i++) {
		for (p = conditions->items[i]; !status; p += len + 1) {
			len = strcspn(p, "|");
			status = add(k, p, len);
			if (!p[len])
				break;
		}
	}
	return status;
}

bool keep_if_wants_budgets(const struct keep_if *k)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (k->condition[i].over_budget)
			return true;
	return false;
}

/* The part of a downtime that this host sees, where the other's is not in the evidence. */
static bool stop_alone_holds(const struct list_row *r, const struct list_query *q)
{
	struct summary_migration l = *r->l;
	struct list_row row = *r;

	if (l.downtime_ns != MODEL_NONE || l.downtime_why != DOWNTIME_NO_DESTINATION ||
	    (q->filter[0].op != LIST_GT && q->filter[0].op != LIST_GE))
		return false;
	l.downtime_ns = l.stop_ns;
	row.l = &l;
	return list_fits(&row, q);
}

static bool holds(const struct keep_if *k, const struct list_row *r, bool over_budget,
		  char why[KEEP_IF_WHY_LEN])
{
	size_t i;

	if (r->verdict == VERDICT_INCONCLUSIVE || r->l->outcome == OUTCOME_UNFINISHED) {
		snprintf(why, KEEP_IF_WHY_LEN, "%s",
			 r->l->outcome == OUTCOME_UNFINISHED ? "how it ended is not known" :
							       "its evidence has a hole");
		return true;
	}
	for (i = 0; i < k->n; i++) {
		if (k->condition[i].over_budget ?
			    !over_budget :
			    !list_fits(r, &k->condition[i].query) &&
				    !stop_alone_holds(r, &k->condition[i].query))
			continue;
		snprintf(why, KEEP_IF_WHY_LEN, "%s", k->condition[i].text);
		return true;
	}
	return false;
}

static void say_none_holds(const struct keep_if *k, char why[KEEP_IF_WHY_LEN])
{
	size_t i, len;

	snprintf(why, KEEP_IF_WHY_LEN, "not ");
	for (i = 0; i < k->n; i++) {
		len = strlen(why);
		snprintf(why + len, KEEP_IF_WHY_LEN - len, "%s%s", i ? ", not " : "",
			 k->condition[i].text);
	}
}

bool keep_if_holds(const struct keep_if *k, const struct summary *sum, bool over_budget,
		   char why[KEEP_IF_WHY_LEN])
{
	struct list_file file = { .path = "" };
	struct list list = { 0 };
	bool any = false;
	size_t i;

	snprintf(why, KEEP_IF_WHY_LEN, "all are");
	if (!k->n)
		return true;
	snprintf(why, KEEP_IF_WHY_LEN, "how it ended is not known");
	if (!sum || !sum->n)
		return true;
	file.sum = *sum;
	if (list_build(&list, &file, 1))
		any = true;
	for (i = 0; i < list.n && !any; i++)
		any = holds(k, &list.row[i], over_budget, why);
	list_free(&list);
	if (!any)
		say_none_holds(k, why);
	return any;
}
