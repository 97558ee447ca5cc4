/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmd.h - what every subcommand is and how it behaves
 *
 * Promises to scripts: data on stdout, all else on stderr; the exit codes
 * below; one line per error, as {"error": ...} on stdout under --format json;
 * a closed pipe is no error.
 *
 * One file per command: it defines its option table, its run function and its
 * `const struct command`; main.c lists the commands.
 *
 *	static const struct opt opts[] = { ..., OPT_TABLE(cmd_common_opts, struct foo_opts, common), OPT_END };
 *	int cmd_foo(int argc, char **argv)
 *	{
 *		struct foo_opts o = { ... defaults ... };
 *		int first, status;
 *
 *		first = cmd_parse(&command_foo, argc, argv, &o, &status);
 *		if (first < 0)
 *			return status;
 *		...
 *			return cmd_fail(EXIT_BAD_FILE, "%s: %s", path, err);
 *	}
 *	const struct command command_foo = { .name = "foo", .run = cmd_foo, .opts = opts, ... };
 */
#ifndef VFIOSCOPE_CMD_H
#define VFIOSCOPE_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "source.h"
#include "util/opt.h"
#include "util/text.h"
#include "view/view.h"

/* Overridden by the Makefile with -DVFIOSCOPE_VERSION=\"...\". */
#ifndef VFIOSCOPE_VERSION
#define VFIOSCOPE_VERSION "0.1.0"
#endif

enum {
	EXIT_OK = 0,
	EXIT_FINDINGS = 1,
	EXIT_USAGE = 2,
	EXIT_INCONCLUSIVE = 3,
	EXIT_NO_ATTACH = 4,
	EXIT_BAD_FILE = 5,
};

struct command {
	const char *name;
	const char *summary;  /* one line, no full stop */
	const char *args;     /* "FILE..."; NULL: none */
	const char *text;     /* what --help says before the options; or NULL */
	const char *examples; /* lines for the end of --help; or NULL */
	const struct opt *opts;
	unsigned int flags; /* OPTS_* of util/opt.h */
	bool hidden;	    /* not listed, not completed */
	/*
	 * It needs the kernel: its privileges stay until it gives them away itself.
	 * All others read what strangers wrote, and keep only what opens files.
	 */
	bool privileged;
	/* argv[0] is the command's name; returns the exit code. */
	int (*run)(int argc, char **argv);
};

/* All of them, NULL-terminated (cmd/main.c). */
extern const struct command *const cmd_table[];

extern const struct command command_advise;
extern const struct command command_check;
extern const struct command command_completion;
extern const struct command command_cut;
extern const struct command command_diff;
extern const struct command command_doctor;
extern const struct command command_exercise;
extern const struct command command_explain;
extern const struct command command_export;
extern const struct command command_info;
extern const struct command command_list;
extern const struct command command_live; /* cmd/live.c */
extern const struct command command_merge;
extern const struct command command_record; /* cmd/record.c */
extern const struct command command_replay; /* cmd/replay.c */
extern const struct command command_report;

int cmd_advise(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_cut(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_exercise(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_live(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_report(int argc, char **argv);

/*
 * Parse @cmd's options into @values.  The index of the first positional
 * argument, or -1: the command is done (--help was printed, or a mistake was
 * told) and exits with *@status.
 */
int cmd_parse(const struct command *cmd, int argc, char **argv, void *values, int *status);

/*
 * Tell an error in one line and return @status: on stderr as "vfioscope:
 * ...", or, when the command line asked for --format json or ndjson, as
 * {"error": "..."} on stdout.  The text may hold untrusted bytes.
 */
int cmd_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What was told last, untrusted as it is; "": nothing was. */
const char *cmd_last_error(void);
/* From now on keep errors to oneself, for cmd_last_error(), or tell them again. */
void cmd_hold_errors(bool hold);
/* An error that is not the command's end: the line on stderr, whatever the format. */
void cmd_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line on stderr, "vfioscope: ...", silenced by -q. */
void cmd_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * All of @f, whose name is @path: a @what ("policy"), of at most 64 KiB.  To be freed; NULL:
 * what is wrong has been said, *@status is the exit code.
 */
char *cmd_read_text(FILE *f, const char *path, const char *what, size_t *len, int *status);

/* -q, -v, --color: every command has them. */
struct cmd_common {
	bool quiet;
	unsigned int verbose;
	int color; /* enum color_when */
};
extern const struct opt cmd_common_opts[];

/* --migration, --from, --to, --time: every reader has them. */
struct cmd_reader {
	uint64_t migration;    /* 0: all */
	const char *from, *to; /* NULL: open */
	int time;	       /* enum time_base */
};
extern const struct opt cmd_reader_opts[];

/*
 * Make --from/--to absolute.  @from and @to accept: a duration from the first
 * event ("1.5s"), an RFC 3339 time ("2026-01-02T03:04:05Z"), or "@N", raw
 * CLOCK_MONOTONIC nanoseconds.  0, or the exit code with the error told, also
 * when --migration is out of range.
 */
int cmd_reader_window(const struct cmd_reader *r, struct time_window *w);

/*
 * Open @path ("-": stdin) as an event source.  0, or the exit code with the
 * error told.  Binary recordings only; the source is closed with its own op.
 */
int cmd_open(const char *path, struct event_source **src);

/*
 * Where data goes: stdout, or the file of -o, which is replaced whole or not at
 * all (recording/output.h).  NULL after telling an error.
 * cmd_close_output() flushes and returns @status, or an error's exit code
 * when the data could not be written, and the file stays what it was; a closed
 * pipe keeps @status.
 */
FILE *cmd_open_output(const char *path);
int cmd_close_output(FILE *f, int status);

#endif
