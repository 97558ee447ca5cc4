// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "util/opt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/units.h"

struct parse {
	char *values;
	char *err;
};

/* Resolved: the option and where its value lies in the caller's struct. */
struct found {
	const struct opt *o;
	size_t offset;
};

static const struct opt help_opt = {
	.letter = 'h',
	.name = "help",
	.type = OPT_FLAG,
	.help = "print this help",
};

void opt_list_free(struct opt_list *l)
{
	free(l->items);
	l->items = NULL;
	l->n = 0;
}

/*
 * Look for a long name of @len bytes: an exact one wins, else the only one
 * that begins with it.  *@n counts the candidates.
 */
static void find_long(const struct opt *t, size_t base, const char *name, size_t len,
		      struct found *f, unsigned int *n, bool *exact)
{
	for (; t->type != OPT_NONE; t++) {
		if (t->type == OPT_INCLUDE) {
			find_long(t->include, base + t->offset, name, len, f, n, exact);
			continue;
		}
		if (!t->name || *exact || strncmp(t->name, name, len))
			continue;
		f->o = t;
		f->offset = base + t->offset;
		if (!t->name[len]) {
			*exact = true;
			*n = 1;
		} else {
			(*n)++;
		}
	}
}

static bool find_short(const struct opt *t, size_t base, char c, struct found *f)
{
	for (; t->type != OPT_NONE; t++) {
		if (t->type == OPT_INCLUDE) {
			if (find_short(t->include, base + t->offset, c, f))
				return true;
		} else if (t->letter == c) {
			f->o = t;
			f->offset = base + t->offset;
			return true;
		}
	}
	return false;
}

static bool takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT;
}

static int bad_value(const struct opt *o, const char *v, const char *want, char *err)
{
	snprintf(err, OPT_ERR_LEN, "--%s: '%.80s' is not %s", o->name, v, want);
	return -EINVAL;
}

static int bad_enum(const struct opt *o, const char *v, char *err)
{
	const char *near = opt_nearest(v, o->values);
	char list[128] = "";
	size_t i, len = 0;

	for (i = 0; o->values[i] && len < sizeof(list); i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "",
				o->values[i]);
	if (near)
		snprintf(err, OPT_ERR_LEN, "--%s: '%.40s' is not one of %s; did you mean '%s'?",
			 o->name, v, list, near);
	else
		snprintf(err, OPT_ERR_LEN, "--%s: '%.40s' is not one of %s", o->name, v, list);
	return -EINVAL;
}

static int store(struct parse *p, const struct found *f, const char *v)
{
	const struct opt *o = f->o;
	char *at = p->values + f->offset;
	struct opt_list *list;
	const char **items;
	uint64_t u;
	int i;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_COUNT:
		(*(unsigned int *)at)++;
		return 0;
	case OPT_STRING:
		*(const char **)at = v;
		return 0;
	case OPT_U64:
	case OPT_ORDINAL:
		if (units_parse_u64(v, &u) || (o->type == OPT_ORDINAL && !u))
			return bad_value(o, v,
					 o->type == OPT_U64 ? "a number" : "a number from 1 on",
					 p->err);
		*(uint64_t *)at = u;
		return 0;
	case OPT_SIZE:
		if (units_parse_size(v, &u))
			return bad_value(o, v, "a size (4096, 64KiB, 1.5MiB)", p->err);
		*(uint64_t *)at = u;
		return 0;
	case OPT_DURATION:
		if (units_parse_duration(v, &u))
			return bad_value(o, v, "a duration (300ms, 2s, 5m)", p->err);
		*(uint64_t *)at = u;
		return 0;
	case OPT_ENUM:
		for (i = 0; o->values[i]; i++) {
			if (!strcmp(o->values[i], v)) {
				*(int *)at = i;
				return 0;
			}
		}
		return bad_enum(o, v, p->err);
	case OPT_LIST:
		list = (struct opt_list *)at;
		items = realloc(list->items, (list->n + 1) * sizeof(*items));
		if (!items) {
			snprintf(p->err, OPT_ERR_LEN, "out of memory");
			return -EINVAL;
		}
		items[list->n++] = v;
		list->items = items;
		return 0;
	default:
		return -EINVAL;
	}
}

/* The long names of a table, for the nearest one; at most @max. */
static size_t collect_names(const struct opt *t, const char **names, size_t n, size_t max)
{
	for (; t->type != OPT_NONE; t++) {
		if (t->type == OPT_INCLUDE)
			n = collect_names(t->include, names, n, max);
		else if (t->name && n < max)
			names[n++] = t->name;
	}
	return n;
}

static int unknown_long(const struct opt *table, const char *name, size_t len, char *err)
{
	const char *names[130];
	char word[64];
	const char *near;
	size_t n;

	names[0] = "help";
	n = collect_names(table, names, 1, 128);
	names[n] = NULL;
	snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
	near = opt_nearest(word, names);
	if (near)
		snprintf(err, OPT_ERR_LEN, "unknown option '--%s'; did you mean '--%s'?", word,
			 near);
	else
		snprintf(err, OPT_ERR_LEN, "unknown option '--%s'", word);
	return -EINVAL;
}

/* "--name[=value]" at argv[*i]; moves *@i over a value of its own. */
static int parse_long(struct parse *p, const struct opt *table, int argc, char **argv, int *i,
		      bool *help)
{
	const char *name = argv[*i] + 2, *eq = strchr(name, '='), *value = NULL;
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	struct found f = { 0 };
	unsigned int n = 0;
	bool exact = false;

	find_long(table, 0, name, len, &f, &n, &exact);
	if (!exact && len && !strncmp("help", name, len)) {
		f.o = &help_opt;
		n = len == 4 ? 1 : n + 1;
	}
	if (!n || !len)
		return unknown_long(table, name, len, p->err);
	if (n > 1) {
		snprintf(p->err, OPT_ERR_LEN, "option '--%.*s' is ambiguous",
			 (int)(len < 60 ? len : 60), name);
		return -EINVAL;
	}
	if (takes_value(f.o)) {
		value = eq ? eq + 1 : *i + 1 < argc ? argv[++*i] : NULL;
		if (!value) {
			snprintf(p->err, OPT_ERR_LEN, "option '--%s' needs a value", f.o->name);
			return -EINVAL;
		}
	} else if (eq) {
		snprintf(p->err, OPT_ERR_LEN, "option '--%s' takes no value", f.o->name);
		return -EINVAL;
	}
	if (f.o == &help_opt) {
		*help = true;
		return 0;
	}
	return store(p, &f, value);
}

/* "-abc", "-ovalue", "-o value". */
static int parse_short(struct parse *p, const struct opt *table, int argc, char **argv, int *i,
		       bool *help)
{
	const char *s, *value;
	struct found f;
	int err;

	for (s = argv[*i] + 1; *s; s++) {
		if (!find_short(table, 0, *s, &f)) {
			if (*s == 'h') {
				*help = true;
				return 0;
			}
			snprintf(p->err, OPT_ERR_LEN, "unknown option '-%c'", *s);
			return -EINVAL;
		}
		if (!takes_value(f.o)) {
			err = store(p, &f, NULL);
			if (err)
				return err;
			continue;
		}
		value = s[1] ? s + 1 : *i + 1 < argc ? argv[++*i] : NULL;
		if (!value) {
			snprintf(p->err, OPT_ERR_LEN, "option '-%c' needs a value", *s);
			return -EINVAL;
		}
		return store(p, &f, value);
	}
	return 0;
}

int opt_parse(const struct opt *table, int argc, char **argv, void *values, unsigned int flags,
	      bool *help, char err[OPT_ERR_LEN])
{
	struct parse p = { .values = values, .err = err };
	char **args;
	int i, n_args = 0, n_opts = 1, ret;

	*help = false;
	err[0] = '\0';
	if (argc < 1)
		return 0;
	/* Options keep their place in front, arguments go behind them. */
	args = calloc(argc, sizeof(*args));
	if (!args) {
		snprintf(err, OPT_ERR_LEN, "out of memory");
		return -EINVAL;
	}
	for (i = 1; i < argc; i++) {
		int from = i;

		if (!strcmp(argv[i], "--")) {
			argv[n_opts++] = argv[i++];
			break;
		}
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (flags & OPTS_STOP_AT_ARG)
				break;
			args[n_args++] = argv[i];
			continue;
		}
		if (argv[i][1] == '-')
			ret = parse_long(&p, table, argc, argv, &i, help);
		else
			ret = parse_short(&p, table, argc, argv, &i, help);
		if (ret || *help) {
			free(args);
			return ret ? ret : argc;
		}
		for (; from <= i; from++)
			argv[n_opts++] = argv[from];
	}
	for (; i < argc; i++)
		args[n_args++] = argv[i];
	memcpy(argv + n_opts, args, n_args * sizeof(*args));
	free(args);
	return n_opts;
}

void opt_for_each(const struct opt *table, void (*fn)(const struct opt *o, void *ctx), void *ctx)
{
	for (; table->type != OPT_NONE; table++) {
		if (table->type == OPT_INCLUDE)
			opt_for_each(table->include, fn, ctx);
		else
			fn(table, ctx);
	}
}

#define HELP_COLUMN 28
#define HELP_WIDTH  80

/* Words of @s from column @col on, wrapped with a hanging indent. */
static void print_wrapped(FILE *f, const char *s, unsigned int col)
{
	unsigned int at = col;
	const char *sep = "";

	while (*s) {
		size_t len = strcspn(s, " ");

		if (at > col && at + 1 + len >= HELP_WIDTH) {
			fprintf(f, "\n%*s", (int)col, "");
			at = col;
			sep = "";
		}
		fputs(sep, f);
		fwrite(s, 1, len, f);
		at += strlen(sep) + len;
		sep = " ";
		s += len;
		s += strspn(s, " ");
	}
	fputc('\n', f);
}

static void print_option(const struct opt *o, void *ctx)
{
	static const char *const words[] = {
		[OPT_STRING] = "TEXT",	     [OPT_U64] = "N",
		[OPT_SIZE] = "SIZE",	     [OPT_ORDINAL] = "N",
		[OPT_DURATION] = "DURATION", [OPT_ENUM] = "WORD",
		[OPT_LIST] = "TEXT",
	};
	char left[128], values[96] = "";
	FILE *f = ctx;
	size_t len = 0, i;
	int n;

	if (!o->help)
		return;
	if (o->type == OPT_ENUM && !o->arg) {
		for (i = 0; o->values[i] && len < sizeof(values); i++)
			len += snprintf(values + len, sizeof(values) - len, "%s%s", i ? "|" : "",
					o->values[i]);
	}
	n = snprintf(left, sizeof(left), "  %c%c%s--%s", o->letter ? '-' : ' ',
		     o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name);
	if (takes_value(o))
		n += snprintf(left + n, sizeof(left) - n, " %s",
			      o->arg  ? o->arg :
			      *values ? values :
					words[o->type]);
	if (n > HELP_COLUMN - 2)
		fprintf(f, "%s\n%*s", left, HELP_COLUMN, "");
	else
		fprintf(f, "%-*s", HELP_COLUMN, left);
	print_wrapped(f, o->help, HELP_COLUMN);
}

void opt_print_help(const struct opt *table, FILE *f)
{
	opt_for_each(table, print_option, f);
	print_option(&help_opt, f);
}

/* Edits (insert, delete, replace, swap neighbours) from @a to @b. */
static unsigned int distance(const char *a, const char *b)
{
	enum { MAX = 40 };
	unsigned int d[3][MAX + 1], i, j, la = strlen(a), lb = strlen(b);

	if (la > MAX || lb > MAX)
		return MAX;
	for (j = 0; j <= lb; j++)
		d[0][j] = j;
	for (i = 1; i <= la; i++) {
		unsigned int *now = d[i % 3], *prev = d[(i + 2) % 3], *prev2 = d[(i + 1) % 3];

		now[0] = i;
		for (j = 1; j <= lb; j++) {
			unsigned int best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    prev2[j - 2] + 1 < best)
				best = prev2[j - 2] + 1;
			now[j] = best;
		}
	}
	return d[la % 3][lb];
}

const char *opt_nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	unsigned int best_d = 3, d;
	size_t len = strlen(word);

	for (; *names; names++) {
		/* What was begun and not finished is near too. */
		if (len >= 3 && !strncmp(*names, word, len))
			return *names;
		d = distance(word, *names);
		/* "to" is not near "q": half of a word may not be wrong. */
		if (d < best_d && d * 2 < strlen(*names) && d * 2 <= len + 1) {
			best_d = d;
			best = *names;
		}
	}
	return best;
}
