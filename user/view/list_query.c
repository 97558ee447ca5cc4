// SPDX-License-Identifier: GPL-2.0-only
/*
 * list_query.c - the keys of list, and what is asked for by them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "util/opt.h"
#include "view/common.h"
#include "view/list.h"

/* ---- keys ---- */

/* Appends @s as one more value: no newline of a name makes two of it. */
static void add_value(char *buf, size_t size, const char *s)
{
	size_t len = strlen(buf), i = len;

	if (!*s)
		return;
	snprintf(buf + len, size - len, "%s%s", len ? "\n" : "", s);
	for (i += !!len; buf[i]; i++)
		if (buf[i] == '\n')
			buf[i] = '?';
}

static void text_vm(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	add_value(buf, size, r->l->vm);
}

static void text_host(const struct list_row *r, char *buf, size_t size)
{
	const struct summary_side *s = r->l->side;

	*buf = '\0';
	add_value(buf, size, s[SUMMARY_SOURCE].host);
	if (strcmp(s[SUMMARY_SOURCE].host, s[SUMMARY_DESTINATION].host))
		add_value(buf, size, s[SUMMARY_DESTINATION].host);
}

static void text_source(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	add_value(buf, size, r->l->side[SUMMARY_SOURCE].host);
}

static void text_destination(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	add_value(buf, size, r->l->side[SUMMARY_DESTINATION].host);
}

static void text_kernel(const struct list_row *r, char *buf, size_t size)
{
	const struct summary_side *s = r->l->side;

	*buf = '\0';
	add_value(buf, size, s[SUMMARY_SOURCE].kernel);
	if (strcmp(s[SUMMARY_SOURCE].kernel, s[SUMMARY_DESTINATION].kernel))
		add_value(buf, size, s[SUMMARY_DESTINATION].kernel);
}

/* A list as values. */
static void split(const char *list, const char *sep, char *buf, size_t size)
{
	char word[256];
	size_t n;

	*buf = '\0';
	while (*list) {
		n = strcspn(list, sep);
		snprintf(word, sizeof(word), "%.*s", (int)(n < 255 ? n : 255), list);
		add_value(buf, size, word);
		list += n;
		list += strspn(list, sep);
	}
}

static void text_driver(const struct list_row *r, char *buf, size_t size)
{
	split(r->l->driver, ", ", buf, size);
}

static void text_outcome(const struct list_row *r, char *buf, size_t size)
{
	snprintf(buf, size, "%s", outcome_name(r->l->outcome));
}

static void text_cause(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	add_value(buf, size, r->l->cause);
}

static void text_party(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	if (r->l->outcome == OUTCOME_FAILED)
		split(party_name(r->l->party), ", ", buf, size);
}

static void text_part(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	add_value(buf, size, r->l->part);
}

static void text_rule(const struct list_row *r, char *buf, size_t size)
{
	char word[SUMMARY_WORD_LEN];
	const char *p = r->rules;

	*buf = '\0';
	while (*p) {
		p = summary_next(p, word);
		add_value(buf, size, summary_rule(word));
	}
}

static void text_verdict(const struct list_row *r, char *buf, size_t size)
{
	snprintf(buf, size, "%s", verdict_name(r->verdict));
}

static void text_file(const struct list_row *r, char *buf, size_t size)
{
	*buf = '\0';
	if (r->file[SUMMARY_SOURCE])
		add_value(buf, size, r->file[SUMMARY_SOURCE]->path);
	if (r->file[SUMMARY_DESTINATION] && r->file[SUMMARY_DESTINATION] != r->file[SUMMARY_SOURCE])
		add_value(buf, size, r->file[SUMMARY_DESTINATION]->path);
}

#define NUMBER(name, expression)                                \
	static uint64_t number_##name(const struct list_row *r) \
	{                                                       \
		return expression;                              \
	}
NUMBER(time, r->l->begin_real_ns ? r->l->begin_real_ns : MODEL_NONE)
NUMBER(duration, r->l->duration_ns)
NUMBER(downtime, r->l->downtime_ns)
NUMBER(stop, r->l->stop_ns)
NUMBER(part, r->l->part[0] ? r->l->part_ns : MODEL_NONE)
NUMBER(bytes, r->l->bytes)
NUMBER(devices, r->l->devices)
NUMBER(findings, summary_count(r->rules, SEV_ERROR) + summary_count(r->rules, SEV_WARNING))
#undef NUMBER

static const char *word_outcome(uint32_t i)
{
	return i <= OUTCOME_FAILED ? outcome_name(i) : NULL;
}

/* Of several parties each is a value of its own. */
static const char *word_party(uint32_t i)
{
	return i <= PARTIES ? party_name(i ? 1U << (i - 1) : PARTY_UNKNOWN) : NULL;
}

static const char *word_rule(uint32_t i)
{
	const struct rule *rule = judge_rule(i);

	return rule ? rule->name : NULL;
}

static const char *word_verdict(uint32_t i)
{
	return i < VERDICT_NR ? verdict_name(i) : NULL;
}

const struct list_key list_keys[] = {
	{ "time", "Time", LIST_INSTANT, false, number_time, NULL, NULL },
	{ "vm", "VM", LIST_TEXT, true, NULL, text_vm, NULL },
	{ "host", "Host", LIST_TEXT, true, NULL, text_host, NULL },
	{ "source", "Source", LIST_TEXT, true, NULL, text_source, NULL },
	{ "destination", "Destination", LIST_TEXT, true, NULL, text_destination, NULL },
	{ "driver", "Driver", LIST_TEXT, true, NULL, text_driver, NULL },
	{ "kernel", "Kernel", LIST_TEXT, true, NULL, text_kernel, NULL },
	{ "outcome", "Outcome", LIST_TEXT, true, NULL, text_outcome, word_outcome },
	{ "cause", "Cause", LIST_TEXT, false, NULL, text_cause, NULL },
	{ "party", "Party", LIST_TEXT, true, NULL, text_party, word_party },
	{ "duration", "Duration", LIST_TIME, false, number_duration, NULL, NULL },
	{ "downtime", "Downtime", LIST_TIME, false, number_downtime, NULL, NULL },
	{ "stop", "Stop", LIST_TIME, false, number_stop, NULL, NULL },
	{ "part", "Largest part", LIST_TEXT, true, NULL, text_part, NULL },
	{ "part-time", "Its time", LIST_TIME, false, number_part, NULL, NULL },
	{ "devices", "Devices", LIST_COUNT, false, number_devices, NULL, NULL },
	{ "bytes", "Bytes", LIST_SIZE, false, number_bytes, NULL, NULL },
	{ "findings", "Findings", LIST_COUNT, false, number_findings, NULL, NULL },
	{ "rule", "Rules", LIST_TEXT, true, NULL, text_rule, word_rule },
	{ "verdict", "Verdict", LIST_TEXT, true, NULL, text_verdict, word_verdict },
	{ "file", "File", LIST_TEXT, true, NULL, text_file, NULL },
	{ NULL, NULL, 0, false, NULL, NULL, NULL },
};

const struct list_key *list_key(const char *name, size_t len)
{
	const struct list_key *k;

	for (k = list_keys; k->name; k++)
		if (strlen(k->name) == len && !strncmp(k->name, name, len))
			return k;
	return NULL;
}

void list_cell(const struct list_row *r, const struct list_key *k, bool exact, char *buf,
	       size_t size)
{
	char raw[LIST_TEXT_LEN], out[UNITS_LEN];
	uint64_t v;
	char *p;

	if (k->text) {
		k->text(r, raw, sizeof(raw));
		text_safe(buf, size, raw, sizeof(raw));
		/* What a newline became: between two values. */
		while ((p = strstr(buf, "\\x0a"))) {
			bool arrow = k->text == text_host;

			memcpy(p, arrow ? " > " : ", ", arrow ? 3 : 2);
			memmove(p + (arrow ? 3 : 2), p + 4, strlen(p + 4) + 1);
		}
		if (!*buf)
			snprintf(buf, size, "-");
		return;
	}
	v = k->number(r);
	if (v == MODEL_NONE) {
		snprintf(buf, size, "-");
		return;
	}
	switch (k->unit) {
	case LIST_INSTANT:
		units_rfc3339(out, v);
		/* To the second, as a list of files has it. */
		snprintf(buf, size, "%.19s", out);
		if (strlen(buf) == 19)
			buf[10] = ' ';
		break;
	case LIST_TIME:
		snprintf(buf, size, "%s", units_duration(out, v));
		break;
	case LIST_SIZE:
		snprintf(buf, size, "%s", units_size(out, v, exact));
		break;
	default:
		snprintf(buf, size, "%llu", (unsigned long long)v);
		break;
	}
}

/* ---- what is asked for ---- */

void list_query_init(struct list_query *q)
{
	static const char *const groups[] = { "driver", "host", "vm", "kernel" };
	static const char *const columns[] = { "time",	 "vm",	      "host",
					       "driver", "outcome",   "downtime",
					       "part",	 "part-time", "findings" };
	size_t i;

	memset(q, 0, sizeof(*q));
	q->limit = UINT64_MAX;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		q->group[q->n_groups++] = list_key(groups[i], strlen(groups[i]));
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		q->column[q->n_columns++] = list_key(columns[i], strlen(columns[i]));
}

static int unknown_key(const char *name, size_t len, char err[LIST_ERR_LEN])
{
	const char *names[32], *near;
	char word[32];
	size_t n;

	for (n = 0; list_keys[n].name; n++)
		names[n] = list_keys[n].name;
	names[n] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), name);
	near = opt_nearest(word, names);
	if (near)
		snprintf(err, LIST_ERR_LEN, "'%s' is no key; did you mean '%s'?", word, near);
	else
		snprintf(err, LIST_ERR_LEN, "'%s' is no key ('vfioscope list --help' lists them)",
			 word);
	return -EINVAL;
}

static int parse_number(struct list_filter *f, const char *s)
{
	switch (f->key->unit) {
	case LIST_TIME:
		/* Nobody knows what 300 is. */
		return !s[strspn(s, "0123456789.")] ? -EINVAL : units_parse_duration(s, &f->number);
	case LIST_SIZE:
		return units_parse_size(s, &f->number);
	case LIST_INSTANT:
		return units_parse_rfc3339(s, &f->number);
	default:
		return units_parse_u64(s, &f->number);
	}
}

/* So many that there may be are named where somebody gives another. */
#define WORDS_TOLD 4

/* Is there anything that one of the patterns, which is @len bytes long, fits? */
static int check_word(const struct list_key *k, const char *pattern, size_t len,
		      char err[LIST_ERR_LEN])
{
	const char *names[RULE_NR + 1], *near;
	char word[256];
	size_t used;
	uint32_t n;

	snprintf(word, sizeof(word), "%.*s", (int)len, pattern);
	for (n = 0; n < RULE_NR && k->word(n); n++) {
		names[n] = k->word(n);
		if (!fnmatch(word, names[n], 0))
			return 0;
	}
	names[n] = NULL;
	near = opt_nearest(word, names);
	used = (size_t)snprintf(err, LIST_ERR_LEN, "'%.40s' is no %s", word, k->name);
	if (near) {
		snprintf(err + used, LIST_ERR_LEN - used, "; did you mean '%s'?", near);
	} else if (n > WORDS_TOLD) {
		snprintf(err + used, LIST_ERR_LEN - used, " ('vfioscope explain' lists them)");
	} else {
		for (n = 0; names[n]; n++)
			used += (size_t)snprintf(err + used, LIST_ERR_LEN - used, "%s%s%s",
						 n ? ", " : " (", names[n],
						 names[n + 1] ? "" : ")");
	}
	return -EINVAL;
}

static int check_words(const struct list_key *k, const char *patterns, char err[LIST_ERR_LEN])
{
	size_t len;
	int ret;

	for (;; patterns += len + 1) {
		len = strcspn(patterns, ",");
		ret = check_word(k, patterns, len, err);
		if (ret || !patterns[len])
			return ret;
	}
}

static int add_filter(struct list_query *q, const struct list_key *k, int op, const char *value,
		      char err[LIST_ERR_LEN])
{
	struct list_filter *f = &q->filter[q->n_filters];

	if (q->n_filters == LIST_FILTERS_MAX) {
		snprintf(err, LIST_ERR_LEN, "at most %d conditions", LIST_FILTERS_MAX);
		return -EINVAL;
	}
	f->key = k;
	f->op = op;
	if (k->number && parse_number(f, value)) {
		snprintf(err, LIST_ERR_LEN, "'%.40s' is no value of %s (%s)", value, k->name,
			 k->unit == LIST_TIME	 ? "300ms, 2s" :
			 k->unit == LIST_SIZE	 ? "64MiB" :
			 k->unit == LIST_INSTANT ? "2026-01-02T03:04:05Z" :
						   "3");
		return -EINVAL;
	}
	if (k->text && op != LIST_EQ && op != LIST_NE) {
		snprintf(err, LIST_ERR_LEN, "%s is a text: it is = or !=", k->name);
		return -EINVAL;
	}
	if (strlen(value) >= sizeof(f->text)) {
		snprintf(err, LIST_ERR_LEN, "'%.40s...' is too long", value);
		return -EINVAL;
	}
	if (k->word && check_words(k, value, err))
		return -EINVAL;
	snprintf(f->text, sizeof(f->text), "%s", value);
	q->n_filters++;
	return 0;
}

int list_query_where(struct list_query *q, const char *expression, char err[LIST_ERR_LEN])
{
	static const struct {
		const char *sign;
		int op;
	} ops[] = {
		{ "!=", LIST_NE }, { "<=", LIST_LE }, { ">=", LIST_GE },
		{ "=", LIST_EQ },  { "<", LIST_LT },  { ">", LIST_GT },
	};
	size_t len = strcspn(expression, "!<>="), i;
	const struct list_key *k = list_key(expression, len);

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strncmp(expression + len, ops[i].sign, strlen(ops[i].sign)))
			break;
	if (i == sizeof(ops) / sizeof(ops[0])) {
		snprintf(err, LIST_ERR_LEN, "'%.40s' is no condition (downtime>300ms, vm=web-*)",
			 expression);
		return -EINVAL;
	}
	if (!k)
		return unknown_key(expression, len, err);
	return add_filter(q, k, ops[i].op, expression + len + strlen(ops[i].sign), err);
}

int list_query_filter(struct list_query *q, const char *key, const char *patterns,
		      char err[LIST_ERR_LEN])
{
	return add_filter(q, list_key(key, strlen(key)), LIST_EQ, patterns, err);
}

/* Keys with a comma between two into @out. */
static int parse_keys(const char *s, const struct list_key **out, bool *descending, size_t max,
		      size_t *n, char err[LIST_ERR_LEN])
{
	for (*n = 0; *s; s += *s == ',') {
		bool down = descending && (*s == '-' || *s == '+');
		size_t len;

		if (*n == max) {
			snprintf(err, LIST_ERR_LEN, "at most %zu keys", max);
			return -EINVAL;
		}
		if (descending)
			descending[*n] = *s == '-';
		s += down;
		len = strcspn(s, ",");
		out[*n] = list_key(s, len);
		if (!out[*n])
			return unknown_key(s, len, err);
		(*n)++;
		s += len;
	}
	return 0;
}

int list_query_sort(struct list_query *q, const char *keys, char err[LIST_ERR_LEN])
{
	return parse_keys(keys, q->sort, q->descending, sizeof(q->sort) / sizeof(q->sort[0]),
			  &q->n_sorts, err);
}

int list_query_group(struct list_query *q, const char *keys, char err[LIST_ERR_LEN])
{
	size_t i;
	int ret;

	q->all_groups = true;
	q->n_groups = 0;
	if (!strcmp(keys, "none"))
		return 0;
	ret = parse_keys(keys, q->group, NULL, sizeof(q->group) / sizeof(q->group[0]), &q->n_groups,
			 err);
	for (i = 0; i < q->n_groups && !ret; i++) {
		if (q->group[i]->group)
			continue;
		snprintf(err, LIST_ERR_LEN, "nobody groups by %s", q->group[i]->name);
		ret = -EINVAL;
	}
	return ret;
}

int list_query_columns(struct list_query *q, const char *keys, char err[LIST_ERR_LEN])
{
	int ret = parse_keys(keys, q->column, NULL, sizeof(q->column) / sizeof(q->column[0]),
			     &q->n_columns, err);

	if (ret || q->n_columns)
		return ret;
	snprintf(err, LIST_ERR_LEN, "no column at all");
	return -EINVAL;
}

/* Does one of the patterns fit the value? */
static bool fits_pattern(const char *patterns, const char *value)
{
	char pattern[256];
	size_t n;

	for (;; patterns++) {
		n = strcspn(patterns, ",");
		snprintf(pattern, sizeof(pattern), "%.*s", (int)n, patterns);
		if (!fnmatch(pattern, value, 0))
			return true;
		patterns += n;
		if (!*patterns)
			return false;
	}
}

static bool fits_text(const struct list_filter *f, const struct list_row *r)
{
	char buf[LIST_TEXT_LEN], *value, *next;
	bool any = false;

	f->key->text(r, buf, sizeof(buf));
	for (value = buf; value && !any; value = next) {
		next = strchr(value, '\n');
		if (next)
			*next++ = '\0';
		/* All of it, too: a name that has a comma. */
		any = !strcmp(f->text, value) || fits_pattern(f->text, value);
	}
	return any == (f->op == LIST_EQ);
}

static bool fits_number(const struct list_filter *f, uint64_t v)
{
	if (v == MODEL_NONE)
		return false;
	switch (f->op) {
	case LIST_EQ:
		return v == f->number;
	case LIST_NE:
		return v != f->number;
	case LIST_LT:
		return v < f->number;
	case LIST_LE:
		return v <= f->number;
	case LIST_GT:
		return v > f->number;
	default:
		return v >= f->number;
	}
}

bool list_fits(const struct list_row *r, const struct list_query *q)
{
	size_t i;

	for (i = 0; i < q->n_filters; i++) {
		const struct list_filter *f = &q->filter[i];

		if (f->key->text ? !fits_text(f, r) : !fits_number(f, f->key->number(r)))
			return false;
	}
	return true;
}

static int compare_key(const struct list_key *k, const struct list_row *x, const struct list_row *y)
{
	char s[LIST_TEXT_LEN], t[LIST_TEXT_LEN];
	uint64_t v, w;

	if (k->text) {
		k->text(x, s, sizeof(s));
		k->text(y, t, sizeof(t));
		return strcmp(s, t);
	}
	/* What is not known is before all: with one more it is 0. */
	v = k->number(x) + 1;
	w = k->number(y) + 1;
	return v < w ? -1 : v > w;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct list_query *q = arg;
	size_t i;
	int c = 0;

	for (i = 0; i < q->n_sorts && !c; i++) {
		c = compare_key(q->sort[i], a, b);
		if (q->descending[i])
			c = -c;
	}
	if (!c)
		c = list_by_time(a, b);
	return q->reverse ? -c : c;
}

void list_apply(struct list *list, const struct list_query *q)
{
	size_t i, n = 0;

	for (i = 0; i < list->n; i++) {
		if (list_fits(&list->row[i], q))
			list->row[n++] = list->row[i];
		else
			list_row_free(&list->row[i]);
	}
	list->n = n;
	if (list->n)
		qsort_r(list->row, list->n, sizeof(*list->row), compare, (void *)q);
}

size_t list_printed(const struct list *list, const struct list_query *q)
{
	return list->n < q->limit ? list->n : (size_t)q->limit;
}
