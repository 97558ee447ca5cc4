/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * opt.h - one table of options per command
 *
 * From one table come parsing, the --help text and shell completion, so that
 * they cannot disagree.  Promises:
 * - values land in the caller's own struct, at the offset that the table
 *   names; what is not given on the command line is left untouched, so the
 *   caller sets its defaults first;
 * - "--opt=value", "--opt value", "-ovalue", "-o value", bundled flags
 *   ("-qv"), "--" ends the options; options and positional arguments mix
 *   unless OPTS_STOP_AT_ARG is given; a lone "-" is an argument;
 * - an unambiguous prefix of a long option is accepted, as getopt_long does;
 * - the first mistake stops parsing and is told in one line, with the nearest
 *   name when there is one; nothing is printed here;
 * - strings are not copied: they point into argv.
 *
 *	struct opts { bool quiet; int format; uint64_t after; } o = { .after = 5 };
 *	static const char *const formats[] = { "text", "json", NULL };
 *	static const struct opt table[] = {
 *		{ 'q', "quiet", OPT_FLAG, OPT_AT(struct opts, quiet), .help = "say less" },
 *		{ 0, "format", OPT_ENUM, OPT_AT(struct opts, format), .values = formats,
 *		  .help = "how to print" },
 *		OPT_END
 *	};
 */
#ifndef VFIOSCOPE_UTIL_OPT_H
#define VFIOSCOPE_UTIL_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_type {
	OPT_NONE = 0, /* end of a table */
	OPT_FLAG,     /* bool: true when given */
	OPT_COUNT,    /* unsigned int: + 1 each time it is given */
	OPT_STRING,   /* const char * */
	OPT_U64,      /* uint64_t, decimal */
	OPT_ORDINAL,  /* the same, from 1 on */
	OPT_SIZE,     /* uint64_t bytes: "4096", "1MiB" (units.h) */
	OPT_DURATION, /* uint64_t nanoseconds: "300ms", "2s" */
	OPT_ENUM,     /* int: index into @values */
	OPT_LIST,     /* struct opt_list: may be given several times */
	OPT_INCLUDE,  /* no option: @values is a struct opt table, whose
			   offsets are relative to @offset */
};

struct opt {
	char letter;	  /* 0: none */
	const char *name; /* long name, without dashes */
	enum opt_type type;
	size_t offset;	  /* OPT_AT() */
	const char *arg;  /* "FILE", "N"; NULL: a word that fits the type */
	const char *help; /* one phrase, no full stop; NULL: hidden */
	/* NULL-terminated; OPT_ENUM: all that it may be; OPT_STRING: what completion offers */
	const char *const *values;
	const struct opt *include; /* OPT_INCLUDE */
};

#define OPT_AT(type, member) offsetof(type, member)
#define OPT_END                  \
	{                        \
		.type = OPT_NONE \
	}
/* Another table, for a struct that is @member of the caller's. */
#define OPT_TABLE(table_, type_, member_)                                                    \
	{                                                                                    \
		.type = OPT_INCLUDE, .offset = offsetof(type_, member_), .include = (table_) \
	}

/* Strings of an option that was given several times, in order. */
struct opt_list {
	const char **items;
	size_t n;
};

void opt_list_free(struct opt_list *l);

#define OPTS_STOP_AT_ARG (1U << 0) /* the first argument ends the options */

#define OPT_ERR_LEN 256

/*
 * Parse argv[1..argc-1] into @values.  The positional arguments are moved to
 * the end of argv in their order; returns the index of the first (argc when
 * there is none), or -EINVAL with one line without newline in @err.
 * *@help is set when --help or -h was met (both always known; parsing stops).
 */
int opt_parse(const struct opt *table, int argc, char **argv, void *values, unsigned int flags,
	      bool *help, char err[OPT_ERR_LEN]);

/* The option lines of a --help text. */
void opt_print_help(const struct opt *table, FILE *f);

/* Call @fn for each option, includes resolved; for completion and tests. */
void opt_for_each(const struct opt *table, void (*fn)(const struct opt *o, void *ctx), void *ctx);

/*
 * The name of @names (NULL-terminated) that is nearest to a mistyped @word,
 * or NULL when none is near enough to be meant.
 */
const char *opt_nearest(const char *word, const char *const *names);

#endif
