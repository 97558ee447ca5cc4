// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain.c - vfioscope explain: a rule, a word of the reports, a state or an
 *	errno in plain words
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "judge/page.h"

struct explain_opts {
	struct cmd_common common;
	int format;
};

enum { FORMAT_TEXT, FORMAT_JSON };

static const char *const formats[] = { "text", "json", NULL };

static const struct opt opts[] = {
	{ 0, "format", OPT_ENUM, OPT_AT(struct explain_opts, format), .values = formats,
	  .help = "how to print" },
	OPT_TABLE(cmd_common_opts, struct explain_opts, common),
	OPT_END,
};

static int unknown(const char *word)
{
	const char **names = calloc(page_count + 1, sizeof(*names)), *near = NULL;
	int err = explain_errno(word);
	unsigned int i;

	if (err) {
		free(names);
		return cmd_fail(EXIT_USAGE,
				"explain: errno %d is %s (%s), which no driver is known to give",
				err, errno_name(err), strerror(err));
	}
	for (i = 0; names && i < page_count; i++)
		names[i] = page_table[i].name;
	if (names)
		near = opt_nearest(word, names);
	free(names);
	if (near)
		return cmd_fail(EXIT_USAGE,
				"explain: nothing is known of '%.60s'; did you mean '%s'?", word,
				near);
	return cmd_fail(EXIT_USAGE,
			"explain: nothing is known of '%.60s'; 'vfioscope explain' "
			"lists rules, words, states and errnos",
			word);
}

/*
 * An errno as a result shows it, "-42", is an argument here: no option begins
 * with a digit.
 */
static void numbers_are_words(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (argv[i][0] == '-' && isdigit((unsigned char)argv[i][1]))
			argv[i]++;
}

/* Several arguments are one word: "stop window". */
static void join(char *out, size_t size, int argc, char **argv)
{
	size_t len = 0;
	int i;

	for (i = 0; i < argc && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? " " : "", argv[i]);
}

int cmd_explain(int argc, char **argv)
{
	struct explain_opts o = { .format = FORMAT_TEXT };
	struct view_options view = { 0 };
	const struct page *p;
	char word[128];
	int first, status;

	numbers_are_words(argc, argv);
	first = cmd_parse(&command_explain, argc, argv, &o, &status);
	if (first < 0)
		return status;
	view.color = text_use_color(o.common.color, stdout);
	if (first == argc) {
		if (o.format == FORMAT_JSON)
			explain_list_json(stdout);
		else
			explain_list_text(stdout, &view);
		return cmd_close_output(stdout, EXIT_OK);
	}
	join(word, sizeof(word), argc - first, argv + first);
	p = explain_find(word);
	if (!p && argc - first > 1)
		return cmd_fail(EXIT_USAGE, "explain: one word at a time");
	if (!p)
		return unknown(word);
	if (o.format == FORMAT_JSON)
		explain_json(stdout, p);
	else
		explain_text(stdout, p, &view);
	return cmd_close_output(stdout, EXIT_OK);
}

const struct command command_explain = {
	.name = "explain",
	.summary = "What a rule, a word of the reports, a state or an errno means, and what to do",
	.args = "[WORD]",
	.text = "Without WORD: the list.",
	.examples = "  vfioscope explain eof-in-precopy\n"
		    "  vfioscope explain stop window\n"
		    "  vfioscope explain PRE_COPY\n"
		    "  vfioscope explain ENOMSG        (or 42, or -42)",
	.opts = opts,
	.run = cmd_explain,
};
