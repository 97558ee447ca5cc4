// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain.c - vfioscope explain: a rule, a state or an errno in plain words
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "judge/page.h"
#include "util/units.h"

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
	OPT_END
};

/* "pre-copy", "Pre_Copy", "VFIO_DEVICE_STATE_PRE_COPY": one state. */
static const struct page *find_page(const char *word)
{
	static const char prefix[] = "VFIO_DEVICE_STATE_";
	char upper[64], lower[64];
	const struct page *p;
	const char *name = NULL;
	uint64_t number;
	size_t i;

	for (i = 0; word[i] && i < sizeof(upper) - 1; i++) {
		upper[i] = word[i] == '-' ? '_' : (char)toupper((unsigned char)word[i]);
		lower[i] = word[i] == '_' ? '-' : (char)tolower((unsigned char)word[i]);
	}
	if (word[i])
		return NULL;
	upper[i] = lower[i] = '\0';
	p = page_find("rule", lower);
	if (!p)
		p = page_find("state", strncmp(upper, prefix, sizeof(prefix) - 1) ? upper :
			      upper + sizeof(prefix) - 1);
	if (!p)
		p = page_find("errno", upper);
	/* -42, as in "ret" */
	if (!p && !units_parse_u64(word[0] == '-' ? word + 1 : word, &number) && number < 4096)
		name = errno_name((int)number);
	return p || !name ? p : page_find("errno", name);
}

static int unknown(const char *word)
{
	const char **names = calloc(page_count + 1, sizeof(*names)), *near = NULL;
	unsigned int i;

	for (i = 0; names && i < page_count; i++)
		names[i] = page_table[i].name;
	if (names)
		near = opt_nearest(word, names);
	free(names);
	if (near)
		return cmd_fail(EXIT_USAGE, "explain: nothing is known of '%.60s'; did you mean '%s'?",
				word, near);
	return cmd_fail(EXIT_USAGE, "explain: nothing is known of '%.60s'; 'vfioscope explain' "
			"lists rules, states and errnos", word);
}

int cmd_explain(int argc, char **argv)
{
	struct explain_opts o = { .format = FORMAT_TEXT };
	struct view_options view = { 0 };
	const struct page *p;
	int first, status;

	first = cmd_parse(&command_explain, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (argc - first > 1)
		return cmd_fail(EXIT_USAGE, "explain: one word at a time");
	view.color = text_use_color(o.common.color, stdout);
	if (first == argc) {
		if (o.format == FORMAT_JSON)
			explain_list_json(stdout);
		else
			explain_list_text(stdout, &view);
		return cmd_close_output(stdout, EXIT_OK);
	}
	p = find_page(argv[first]);
	if (!p)
		return unknown(argv[first]);
	if (o.format == FORMAT_JSON)
		explain_json(stdout, p);
	else
		explain_text(stdout, p, &view);
	return cmd_close_output(stdout, EXIT_OK);
}

const struct command command_explain = {
	.name = "explain",
	.summary = "What a rule, a state or an errno means here, and what to do",
	.args = "[WORD]",
	.text = "Without WORD: the list.",
	.examples = "  vfioscope explain eof-in-precopy\n"
		    "  vfioscope explain PRE_COPY\n"
		    "  vfioscope explain ENOMSG        (or -42)",
	.opts = opts,
	.run = cmd_explain,
};
