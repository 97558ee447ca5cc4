// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the command table, and the manners that all commands share
 */
#define _GNU_SOURCE
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/memory.h"
#include "recording/output.h"
#include "recording/recording.h"
#include "util/json.h"
#include "util/privs.h"
#include "util/units.h"

const struct command *const cmd_table[] = {
	&command_live,
	&command_record,
	&command_replay,
	&command_report,
	&command_check,
	&command_advise,
	&command_explain,
	&command_list,
	&command_diff,
	&command_merge,
	&command_cut,
	&command_export,
	&command_info,
	&command_doctor,
	&command_exercise,
	&command_completion,
	NULL
};

const struct opt cmd_common_opts[] = {
	{ 'q', "quiet", OPT_FLAG, OPT_AT(struct cmd_common, quiet),
	  .help = "say nothing on stderr but errors" },
	{ 'v', "verbose", OPT_COUNT, OPT_AT(struct cmd_common, verbose),
	  .help = "say more on stderr" },
	{ 0, "color", OPT_ENUM, OPT_AT(struct cmd_common, color), .values = color_when_names,
	  .help = "colour; auto: at a terminal without NO_COLOR" },
	OPT_END,
};

const struct opt cmd_reader_opts[] = {
	{ 0, "migration", OPT_ORDINAL, OPT_AT(struct cmd_reader, migration), .arg = "N",
	  .help = "only this migration" },
	{ 0, "from", OPT_STRING, OPT_AT(struct cmd_reader, from), .arg = "TIME",
	  .help = "not before TIME: 1.5s from the first event, an RFC 3339 time, or @NANOSECONDS of CLOCK_MONOTONIC" },
	{ 0, "to", OPT_STRING, OPT_AT(struct cmd_reader, to), .arg = "TIME",
	  .help = "not after TIME" },
	{ 0, "time", OPT_ENUM, OPT_AT(struct cmd_reader, time), .values = time_base_names,
	  .help = "how times are shown: from the first event, of day (UTC), CLOCK_MONOTONIC, from the line before" },
	OPT_END,
};

/* One process runs one command: how it talks is decided once. */
static bool errors_as_json;
static bool notes_off;
static bool errors_held;

static char last_error[1024];

const char *cmd_last_error(void)
{
	return last_error;
}

int cmd_fail(int status, const char *fmt, ...)
{
	char *raw = last_error, safe[TEXT_SAFE_LEN(sizeof(last_error))];
	struct json *j;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(last_error), fmt, ap);
	va_end(ap);
	if (errors_held)
		return status;
	j = errors_as_json ? json_create(stdout, false) : NULL;
	if (j) {
		json_object_begin(j);
		json_kstring(j, "error", raw);
		json_object_end(j);
		json_line_end(j);
		json_destroy(j);
		fflush(stdout);
		return status;
	}
	fprintf(stderr, "vfioscope: %s\n", text_safe(safe, sizeof(safe), raw, sizeof(last_error)));
	return status;
}

void cmd_hold_errors(bool hold)
{
	errors_held = hold;
}

static void put_line(const char *fmt, va_list ap)
{
	char raw[1024], safe[TEXT_SAFE_LEN(sizeof(raw))];

	vsnprintf(raw, sizeof(raw), fmt, ap);
	fprintf(stderr, "vfioscope: %s\n", text_safe(safe, sizeof(safe), raw, sizeof(raw)));
}

void cmd_tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(fmt, ap);
	va_end(ap);
}

void cmd_note(const char *fmt, ...)
{
	va_list ap;

	if (notes_off)
		return;
	va_start(ap, fmt);
	put_line(fmt, ap);
	va_end(ap);
}

/* The table of @o may be anybody's; only the plain text of argv is known yet. */
static bool wants_json(int argc, char **argv)
{
	bool json = false;
	int i;

	for (i = 1; i < argc && argv[i] && strcmp(argv[i], "--"); i++) {
		const char *v = NULL;

		if (!strncmp(argv[i], "--format=", 9))
			v = argv[i] + 9;
		else if (!strcmp(argv[i], "--format") && i + 1 < argc)
			v = argv[i + 1];
		if (v)
			json = !strcmp(v, "json") || !strcmp(v, "ndjson");
	}
	return json;
}

static void print_command_help(const struct command *cmd, FILE *f)
{
	fprintf(f, "Usage: vfioscope %s [OPTIONS]%s%s\n\n%s.\n", cmd->name, cmd->args ? " " : "",
		cmd->args ? cmd->args : "", cmd->summary);
	if (cmd->text)
		fprintf(f, "\n%s\n", cmd->text);
	fputs("\nOptions:\n", f);
	opt_print_help(cmd->opts, f);
	if (cmd->examples)
		fprintf(f, "\nExamples:\n%s\n", cmd->examples);
}

/* Where in a command's own struct -q, -v and --color lie; NULL: it has none. */
static const struct cmd_common *common_of(const struct opt *o, const void *values)
{
	for (; o->type != OPT_NONE; o++)
		if (o->type == OPT_INCLUDE && o->include == cmd_common_opts)
			return (const void *)((const char *)values + o->offset);
	return NULL;
}

int cmd_parse(const struct command *cmd, int argc, char **argv, void *values, int *status)
{
	const struct cmd_common *common;
	char err[OPT_ERR_LEN];
	bool help;
	int first;

	errors_as_json = wants_json(argc, argv);
	first = opt_parse(cmd->opts, argc, argv, values, cmd->flags, &help, err);
	if (first < 0) {
		*status = cmd_fail(EXIT_USAGE, "%s: %s", cmd->name, err);
		return -1;
	}
	if (help) {
		print_command_help(cmd, stdout);
		*status = cmd_close_output(stdout, EXIT_OK);
		return -1;
	}
	common = common_of(cmd->opts, values);
	notes_off = common && common->quiet;
	return first;
}

static int parse_instant(const char *name, const char *s, uint64_t *ns, enum time_ref *ref)
{
	if (!s) {
		*ref = TIME_REF_OPEN;
		return 0;
	}
	*ref = TIME_REF_MONO;
	if (s[0] == '@' && !units_parse_u64(s + 1, ns))
		return 0;
	*ref = TIME_REF_FIRST;
	if (!units_parse_duration(s[0] == '+' ? s + 1 : s, ns))
		return 0;
	*ref = TIME_REF_REALTIME;
	if (!units_parse_rfc3339(s, ns))
		return 0;
	return cmd_fail(EXIT_USAGE,
			"--%s: '%.80s' is not a time (1.5s, 2026-01-02T03:04:05Z, @NANOSECONDS)",
			name, s);
}

int cmd_reader_window(const struct cmd_reader *r, struct time_window *w)
{
	int status;

	status = parse_instant("from", r->from, &w->from.ns, &w->from.ref);
	if (!status)
		status = parse_instant("to", r->to, &w->to.ns, &w->to.ref);
	if (status)
		return status;
	if (r->from && r->to && w->from.ref == w->to.ref && w->from.ns > w->to.ns)
		return cmd_fail(EXIT_USAGE, "--from %.60s is after --to %.60s", r->from, r->to);
	if (r->migration > UINT32_MAX)
		return cmd_fail(EXIT_USAGE, "--migration: no migration has that number");
	return 0;
}

int cmd_open(const char *path, struct event_source **src)
{
	char err[512];

	if (!strcmp(path, "-") && isatty(STDIN_FILENO))
		return cmd_fail(EXIT_USAGE,
				"standard input is a terminal; a recording is expected there");
	if (recording_open(src, path, err, sizeof(err)))
		return cmd_fail(EXIT_BAD_FILE, "%s", err);
	return 0;
}

#define TEXT_MAX 65536

char *cmd_read_text(FILE *f, const char *path, const char *what, size_t *len, int *status)
{
	char *text = malloc(TEXT_MAX + 1);

	if (!text) {
		*status = cmd_fail(EXIT_USAGE, "out of memory");
		return NULL;
	}
	*len = fread(text, 1, TEXT_MAX + 1, f);
	if (ferror(f))
		*status = cmd_fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	else if (*len > TEXT_MAX)
		*status = cmd_fail(EXIT_USAGE, "%s: a %s is shorter than that", path, what);
	else
		return text;
	free(text);
	return NULL;
}

/* The file of -o, which gets its name once it is whole. */
static struct output *output;

FILE *cmd_open_output(const char *path)
{
	char err[OUTPUT_ERR_LEN];
	FILE *f;

	if (!path || !strcmp(path, "-"))
		return stdout;
	if (output_open(&output, path, OUTPUT_REPLACE | OUTPUT_DEVICE, err)) {
		cmd_fail(EXIT_BAD_FILE, "%s", err);
		return NULL;
	}
	f = output_stream(output);
	if (!f)
		cmd_fail(EXIT_BAD_FILE, "%s: %s", path, strerror(errno));
	return f;
}

int cmd_close_output(FILE *f, int status)
{
	int err;
	bool failed = !output_stream_end(f, &err);

	/* What was printed is not all that there is to say. */
	if (memory_failed() && status != EXIT_BAD_FILE && status != EXIT_NO_ATTACH) {
		status = cmd_fail(EXIT_BAD_FILE, "out of memory");
	} else if (f != stdout && !failed && status != EXIT_BAD_FILE) {
		err = -output_publish(output);
		failed = err;
	}
	if (f != stdout) {
		output_close(output);
		output = NULL;
	}
	/* A pager that was quit: the reader has all that it wanted. */
	if (!failed || err == EPIPE)
		return status;
	errors_as_json = false;
	return cmd_fail(EXIT_BAD_FILE, "cannot write: %s", err ? strerror(err) : "a write failed");
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; cmd_table[i]; i++)
		if (!strcmp(cmd_table[i]->name, name))
			return cmd_table[i];
	return NULL;
}

static int unknown_command(const char *word)
{
	const char *names[sizeof(cmd_table) / sizeof(cmd_table[0]) + 2];
	const char *near;
	size_t i;

	for (i = 0; cmd_table[i]; i++)
		names[i] = cmd_table[i]->name;
	names[i++] = "help";
	names[i] = NULL;
	near = opt_nearest(word, names);
	if (near)
		return cmd_fail(EXIT_USAGE, "unknown command '%.60s'; did you mean '%s'?", word,
				near);
	return cmd_fail(EXIT_USAGE, "unknown command '%.60s'; 'vfioscope --help' lists them", word);
}

static void print_help(FILE *f)
{
	size_t i;

	fputs("Usage: vfioscope [COMMAND] [OPTIONS]\n\n"
	      "Watch and judge VFIO device migrations. It only watches: but for 'exercise' it\n"
	      "never issues a VFIO call of its own.\n\nCommands:\n",
	      f);
	for (i = 0; cmd_table[i]; i++)
		if (!cmd_table[i]->hidden)
			fprintf(f, "  %-10s %s\n", cmd_table[i]->name, cmd_table[i]->summary);
	fputs("  help       What a command does and which options it has\n\n"
	      "Without a command it is 'live'. 'vfioscope COMMAND --help' tells more.\n\n"
	      "Exit codes: 0 done, 1 findings, 2 usage, 3 inconclusive, 4 cannot attach\n"
	      "or cannot reach the device, 5 the file cannot be read.\n",
	      f);
}

static int cmd_help(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2 || !strcmp(argv[1], "help")) {
		print_help(stdout);
	} else {
		cmd = find_command(argv[1]);
		if (!cmd)
			return unknown_command(argv[1]);
		print_command_help(cmd, stdout);
	}
	return cmd_close_output(stdout, EXIT_OK);
}

/*
 * A descriptor of 0 to 2 that came closed would be the next file's: messages
 * for stderr in the middle of a recording.  What takes its place can neither be
 * read nor written (EBADF, as before), and a command that we run gets it closed,
 * as we did.
 */
static int occupy_standard_descriptors(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", (fd ? O_RDONLY : O_WRONLY) | O_CLOEXEC) != fd &&
		    open("/", O_PATH | O_CLOEXEC) != fd)
			return -1;
	return 0;
}

/* What reads recordings neither traces nor runs anything. */
static int run_command(const struct command *cmd, int argc, char **argv)
{
	if (!cmd->privileged)
		privs_drop(PRIVS_CAP(CAP_DAC_OVERRIDE) | PRIVS_CAP(CAP_DAC_READ_SEARCH),
			   PRIVS_READ);
	return cmd->run(argc, argv);
}

/* Whatever a command thinks of how it went. */
static int end(const struct command *cmd, int status)
{
	if (cmd->privileged || !memory_failed() || status == EXIT_BAD_FILE ||
	    status == EXIT_NO_ATTACH)
		return status;
	return cmd_fail(EXIT_BAD_FILE, "out of memory");
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	if (occupy_standard_descriptors())
		_exit(EXIT_USAGE);
	/*
	 * It attaches to the kernel, writes files by name and runs commands: a
	 * set-user-ID start would lend all that to anybody.  Capabilities of the
	 * file are another thing: who may run it is its mode's to say.
	 */
	if (getuid() != geteuid() || getgid() != getegid())
		return cmd_fail(
			EXIT_USAGE,
			"does not run set-user-ID or set-group-ID; sudo, or capabilities, give it what it needs");
	/* Widths of characters; numbers keep their point. */
	setlocale(LC_CTYPE, "");
	/* A closed pipe shows as EPIPE and is no error. */
	signal(SIGPIPE, SIG_IGN);
	/* So does a limit on the size of files (EFBIG), which is one. */
	signal(SIGXFSZ, SIG_IGN);

	if (argc < 2)
		return command_live.run(argc, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("vfioscope %s\n", VFIOSCOPE_VERSION);
		return cmd_close_output(stdout, EXIT_OK);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(1, argv);
	if (!strcmp(argv[1], "help"))
		return cmd_help(argc - 1, argv + 1);
	errors_as_json = wants_json(argc, argv);
	/* Options without a command are those of 'live'. */
	if (argv[1][0] == '-')
		return command_live.run(argc, argv);
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	return end(cmd, run_command(cmd, argc - 1, argv + 1));
}
