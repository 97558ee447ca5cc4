/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list.h - the migrations of many recordings, a row each
 *
 * A pure function of the recordings' summaries.  Promises:
 * - sides that were recorded apart are joined as the model joins them, on the hosts'
 *   CLOCK_REALTIME, whose times may differ by LIST_BOUND_NS;
 * - a side that several recordings hold (a recording and its merge) is counted once;
 * - one table of keys is what rows are filtered, sorted, grouped and printed by.
 *
 * What only two recordings together show (a short stream that was accepted) is not
 * among a row's findings: check finds it when it is given both.
 */
#ifndef VFIOSCOPE_VIEW_LIST_H
#define VFIOSCOPE_VIEW_LIST_H

#include "view/summary.h"

#define LIST_BOUND_NS 1000000000ULL

struct list_file {
	const char *path;
	struct summary sum;
	const char *error; /* why it could not be read; NULL: it was */
	bool analysed;	   /* it had no summary, and was read whole */
};

struct list_row {
	struct summary_migration *l;
	bool joined;				     /* from two recordings: @l is the row's own */
	const struct list_file *file[SUMMARY_SIDES]; /* of each side; NULL: it has not that */
	char *rules;				     /* of it and of its recordings */
	enum verdict verdict;
};

struct list {
	const struct list_file *file;
	size_t n_files;
	struct list_row *row;
	size_t n;
	size_t twice; /* rows left out: another recording holds the same */
};

/*
 * The rows of @n recordings in order of time; they must outlive it.  0 or -ENOMEM;
 * list_free() is due.
 */
int list_build(struct list *list, const struct list_file *file, size_t n);
void list_free(struct list *list);
/* How many of its recordings are what; of those with an error nothing else is known. */
struct list_files {
	size_t bad, analysed, without_migration, not_ended, damaged;
};
void list_files(const struct list *list, struct list_files *out);
/* Of one row, and the order that rows are in when nobody asked for another. */
void list_row_free(struct list_row *r);
int list_by_time(const void *a, const void *b);

/* ---- keys ---- */

enum list_unit { LIST_TEXT, LIST_INSTANT, LIST_TIME, LIST_SIZE, LIST_COUNT };

struct list_key {
	const char *name, *title;
	enum list_unit unit;
	bool group; /* text of which many rows have the same */
	/* A number, MODEL_NONE: not known; of text NULL. */
	uint64_t (*number)(const struct list_row *r);
	/* The values, a newline between two; of a number NULL. */
	void (*text)(const struct list_row *r, char *buf, size_t size);
	/* What a value is one of, by number, NULL: no more.  NULL: it may be anything. */
	const char *(*word)(uint32_t number);
};

#define LIST_TEXT_LEN 1100
/* All of them, ends with one without a name. */
extern const struct list_key list_keys[];
/* NULL: there is none of that name (of @len bytes). */
const struct list_key *list_key(const char *name, size_t len);

/*
 * What is asked for.  "downtime>300ms", "outcome=failed,cancelled", "vm=web-*",
 * "driver!=mlx5*": of text = and != with patterns of which one must fit one of the
 * values; of numbers all six.  A number that is not known fits nothing.
 */
#define LIST_FILTERS_MAX 32
#define LIST_ERR_LEN	 160
struct list_filter {
	const struct list_key *key;
	enum { LIST_EQ, LIST_NE, LIST_LT, LIST_LE, LIST_GT, LIST_GE } op;
	char text[256]; /* patterns */
	uint64_t number;
};
struct list_query {
	struct list_filter filter[LIST_FILTERS_MAX];
	size_t n_filters;
	const struct list_key *sort[8]; /* the first counts most */
	bool descending[8];
	size_t n_sorts;
	bool reverse;
	uint64_t limit; /* rows that are printed; all count */
	const struct list_key *group[8];
	size_t n_groups;
	bool all_groups; /* each in full */
	const struct list_key *column[16];
	size_t n_columns;
};
/* Sorted by time, grouped by driver, host, VM and kernel, all rows. */
void list_query_init(struct list_query *q);
/* 0, or -EINVAL with one line without newline in @err. */
int list_query_where(struct list_query *q, const char *expression, char err[LIST_ERR_LEN]);
int list_query_filter(struct list_query *q, const char *key, const char *patterns,
		      char err[LIST_ERR_LEN]);
/* "time", "-downtime,vm"; keys, a comma between two. */
int list_query_sort(struct list_query *q, const char *keys, char err[LIST_ERR_LEN]);
int list_query_group(struct list_query *q, const char *keys, char err[LIST_ERR_LEN]);
int list_query_columns(struct list_query *q, const char *keys, char err[LIST_ERR_LEN]);

/* Does one row fulfil them all? */
bool list_fits(const struct list_row *r, const struct list_query *q);
/* Drop what was not asked for, and sort the rest. */
void list_apply(struct list *list, const struct list_query *q);
/* How many of the rest are to be printed. */
size_t list_printed(const struct list *list, const struct list_query *q);

/* ---- sums ---- */

struct list_spread {
	size_t n; /* of which it is known; 0: nothing below means anything */
	uint64_t p50_ns, p95_ns, p99_ns, max_ns;
};
struct list_sums {
	const char *name; /* of a group */
	size_t n, outcome[OUTCOME_FAILED + 1];
	size_t findings; /* migrations with an error or a warning */
	size_t doubtful; /* inconclusive ones */
	struct list_spread downtime, stop;
};

/* Of all rows.  0 or -ENOMEM. */
int list_sums(const struct list *list, struct list_sums *out);
/*
 * Of each value of @key, the most frequent first; a row with two values counts for
 * both, one without for "".  *@out is to be freed with list_groups_free().
 */
int list_groups(const struct list *list, const struct list_key *key, struct list_sums **out,
		size_t *n);
void list_groups_free(struct list_sums *groups, size_t n);
/* How many rows have each finding, "severity:rule", as groups: only name and n. */
int list_findings(const struct list *list, struct list_sums **out, size_t *n);

/* ---- views ---- */

int list_text(FILE *f, const struct list *list, const struct list_query *q,
	      const struct view_options *opt);
int list_csv(FILE *f, const struct list *list, const struct list_query *q);
int list_json(FILE *f, const struct list *list, const struct list_query *q);
/* JSON Schema (draft 2020-12) of it. */
void list_json_schema(FILE *f);
int list_html(FILE *f, const struct list *list, const struct list_query *q);
/* A value for people, harmless: "41.2 ms", "node-a > node-b", "-". */
void list_cell(const struct list_row *r, const struct list_key *k, bool exact, char *buf,
	       size_t size);

#endif
