// SPDX-License-Identifier: GPL-2.0-only
/*
 * completion.c - the shell's completion, written from the tables that parse
 *
 * The generated script asks nothing of the tool while it runs, so that a Tab
 * costs no process; only the names of devices, drivers and files are looked up.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "judge/page.h"

struct completion_opts {
	struct cmd_common common;
};

static const struct opt completion_opts[] = {
	OPT_TABLE(cmd_common_opts, struct completion_opts, common),
	OPT_END,
};

/*
 * What follows an option, in the script's words: "flag" nothing, "any"
 * something that cannot be completed, "words A B" or the name of a list.
 */
static void print_value_kind(FILE *f, const struct opt *o)
{
	size_t i;

	switch (o->type) {
	case OPT_FLAG:
	case OPT_COUNT:
		fputs("flag", f);
		return;
	case OPT_ENUM:
		fputs("words", f);
		for (i = 0; o->values[i]; i++)
			fprintf(f, " %s", o->values[i]);
		return;
	default:
		break;
	}
	if (o->values) {
		/* Words that are too many for the help's column. */
		fputs("words", f);
		for (i = 0; o->values[i]; i++)
			fprintf(f, " %s", o->values[i]);
	} else if (o->arg && !strcmp(o->arg, "FILE"))
		fputs("file", f);
	else if (o->arg && !strcmp(o->arg, "DIR"))
		fputs("dir", f);
	else if (!strcmp(o->name, "device") || !strcmp(o->name, "driver") ||
		 !strcmp(o->name, "pid"))
		fputs(o->name, f);
	else if (o->arg && !strcmp(o->arg, "DEVICE"))
		fputs("device", f);
	else
		fputs("any", f);
}

static void print_name(const struct opt *o, void *ctx)
{
	FILE *f = ctx;

	if (!o->help)
		return;
	if (o->letter)
		fprintf(f, "-%c ", o->letter);
	fprintf(f, "--%s ", o->name);
}

struct value_case {
	FILE *f;
	const char *command;
};

static void print_case(const struct opt *o, void *ctx)
{
	const struct value_case *c = ctx;

	if (!o->help)
		return;
	fprintf(c->f, "\t%s:--%s", c->command, o->name);
	if (o->letter)
		fprintf(c->f, "|%s:-%c", c->command, o->letter);
	fputs(") REPLY=\"", c->f);
	print_value_kind(c->f, o);
	fputs("\" ;;\n", c->f);
}

/* What its arguments are: the words of its usage line tell. */
static const char *argument_kind(const struct command *cmd)
{
	if (!cmd->args)
		return "any";
	if (strstr(cmd->args, "CMD"))
		return "program";
	if (strstr(cmd->args, "DEVICE"))
		return "device";
	if (strstr(cmd->args, "FILE") || strstr(cmd->args, "SRC") || !strcmp(cmd->args, "A B"))
		return "recording";
	return "any";
}

/* The pages of `explain`, as a list of words. */
static void print_pages(FILE *f)
{
	unsigned int i;

	fputs("words", f);
	for (i = 0; i < page_count; i++)
		fprintf(f, " %s", page_table[i].name);
}

/* The parts of the script that do not depend on any table. */
/* Programs of the shell: they look like what they print. */
/* clang-format off */
static const char lists[] =
"# The names of a list that fit $1, into COMPREPLY.\n"
"_vfioscope_list()\n"
"{\n"
"	local kind=$1 cur=$2 sys=${VFIOSCOPE_SYSFS:-/sys} d names=()\n"
"	case $kind in\n"
"	words) read -ra names <<<\"$3\" ;;\n"
"	device)\n"
"		for d in \"$sys\"/class/vfio-dev/*/device; do\n"
"			[ -e \"$d\" ] && names+=(\"$(cd -P \"$d\" && echo \"${PWD##*/}\")\")\n"
"		done ;;\n"
"	driver)\n"
"		for d in \"$sys\"/class/vfio-dev/*/device/driver; do\n"
"			[ -e \"$d\" ] && names+=(\"$(cd -P \"$d\" && echo \"${PWD##*/}\")\")\n"
"		done ;;\n"
"	pid)\n"
"		for d in /proc/[0-9]*; do names+=(\"${d##*/}\"); done ;;\n"
"	file)\n"
"		compopt -o filenames 2>/dev/null\n"
"		mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
"		return ;;\n"
"	dir)\n"
"		compopt -o filenames 2>/dev/null\n"
"		mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
"		return ;;\n"
"	recording)\n"
"		compopt -o filenames 2>/dev/null\n"
"		mapfile -t COMPREPLY < <(compgen -f -X '!*.vfs' -- \"$cur\"; compgen -d -- \"$cur\")\n"
"		# By custom the name ends so; a recording may have any.\n"
"		[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
"		return ;;\n"
"	program)\n"
"		mapfile -t COMPREPLY < <(compgen -c -- \"$cur\" | sort -u)\n"
"		return ;;\n"
"	*) return ;;\n"
"	esac\n"
"	mapfile -t COMPREPLY < <(compgen -W \"${names[*]}\" -- \"$cur\" | sort -u)\n"
"}\n";

static const char complete[] =
"_vfioscope()\n"
"{\n"
"	local raw=${COMP_WORDS[COMP_CWORD]} words=() cmd=live cur opt='' i w glue='' n=0 own=''\n"
"	local REPLY prefix=''\n"
"	COMPREPLY=()\n"
"	# The shell cuts words at '=' and ':'; --format=text and 0000:01:00.0 are one word.\n"
"	for ((i = 1; i <= COMP_CWORD; i++)); do\n"
"		w=${COMP_WORDS[i]}\n"
"		if [ ${#words[@]} -gt 0 ] && { [ -n \"$glue\" ] || [[ $w == [=:]* ]]; }; then\n"
"			words[${#words[@]}-1]+=$w\n"
"		else\n"
"			words+=(\"$w\")\n"
"		fi\n"
"		case $w in *[=:]) glue=y ;; *) glue= ;; esac\n"
"	done\n"
"	cur=${words[${#words[@]}-1]}\n"
"	case $raw in [=:]) raw= ;; esac\n"
"\n"
"	if [ ${#words[@]} = 1 ] && [[ $cur != -* ]]; then\n"
"		_vfioscope_list words \"$cur\" \"$_vfioscope_commands help\"\n"
"		return\n"
"	fi\n"
"	i=0\n"
"	if [[ ${words[0]} != -* ]]; then\n"
"		cmd=${words[0]}\n"
"		i=1\n"
"	fi\n"
"	if [ \"$cmd\" = help ]; then\n"
"		_vfioscope_list words \"$cur\" \"$_vfioscope_commands\"\n"
"		return\n"
"	fi\n"
"\n"
"	# What stands before the word: arguments, an option that waits for its value, \"--\".\n"
"	for ((; i < ${#words[@]} - 1; i++)); do\n"
"		w=${words[i]}\n"
"		if [ -n \"$opt\" ]; then\n"
"			opt=\n"
"		elif [ \"$w\" = -- ]; then\n"
"			own=y\n"
"		elif [ -n \"$own\" ] || [[ $w != -* ]] || [ \"$w\" = - ]; then\n"
"			n=$((n + 1))\n"
"			case $_vfioscope_stop in *\" $cmd \"*) own=y ;; esac\n"
"		elif [[ $w != --*=* ]]; then\n"
"			_vfioscope_value \"$cmd:$w\"\n"
"			[ \"$REPLY\" = flag ] || opt=$w\n"
"		fi\n"
"	done\n"
"\n"
"	if [ -z \"$opt$own\" ] && [[ $cur == --*=* ]]; then\n"
"		opt=${cur%%=*}\n"
"		prefix=$opt=\n"
"		cur=${cur#*=}\n"
"	fi\n"
"	if [ -n \"$opt\" ]; then\n"
"		_vfioscope_value \"$cmd:$opt\"\n"
"		_vfioscope_list \"${REPLY%% *}\" \"$cur\" \"${REPLY#* }\"\n"
"	elif [ -z \"$own\" ] && [[ $cur == -?* || $cur == - ]]; then\n"
"		_vfioscope_options \"$cmd\"\n"
"		[ ${#words[@]} -gt 1 ] || REPLY+=\" --version\"\n"
"		_vfioscope_list words \"$cur\" \"$REPLY\"\n"
"	else\n"
"		_vfioscope_arguments \"$cmd\"\n"
"		# A command's own arguments are mostly files.\n"
"		[ \"$REPLY\" = program ] && [ $n -gt 0 ] && REPLY=\"file\"\n"
"		_vfioscope_list \"${REPLY%% *}\" \"$cur\" \"${REPLY#* }\"\n"
"	fi\n"
"	# Give back only what the shell takes for the word.\n"
"	w=$prefix$cur\n"
"	w=${w%\"$raw\"}\n"
"	for i in \"${!COMPREPLY[@]}\"; do\n"
"		COMPREPLY[i]=$prefix${COMPREPLY[i]}\n"
"		COMPREPLY[i]=${COMPREPLY[i]#\"$w\"}\n"
"	done\n"
"}\n"
"complete -F _vfioscope vfioscope\n";
/* clang-format on */

static void print_bash(FILE *f)
{
	const struct command *const *c;
	struct value_case vc = { .f = f };

	fputs("# bash completion for vfioscope, written by 'vfioscope completion bash'\n"
	      "# shellcheck shell=bash disable=SC2034\n\n_vfioscope_commands=\"",
	      f);
	for (c = cmd_table; *c; c++)
		if (!(*c)->hidden)
			fprintf(f, "%s%s", c == cmd_table ? "" : " ", (*c)->name);
	fputs("\"\n# Their first argument ends the options.\n_vfioscope_stop=\"", f);
	for (c = cmd_table; *c; c++)
		if ((*c)->flags & OPTS_STOP_AT_ARG)
			fprintf(f, " %s ", (*c)->name);
	fputs("\"\n\n_vfioscope_options()\n{\n\tcase $1 in\n", f);
	for (c = cmd_table; *c; c++) {
		if ((*c)->hidden)
			continue;
		fprintf(f, "\t%s) REPLY=\"", (*c)->name);
		opt_for_each((*c)->opts, print_name, f);
		fputs("-h --help\" ;;\n", f);
	}
	fputs("\t*) REPLY= ;;\n\tesac\n}\n\n"
	      "# COMMAND:OPTION -> what its value is.\n"
	      "_vfioscope_value()\n{\n\tcase $1 in\n",
	      f);
	for (c = cmd_table; *c; c++) {
		vc.command = (*c)->name;
		if (!(*c)->hidden)
			opt_for_each((*c)->opts, print_case, &vc);
	}
	fputs("\t*) REPLY=flag ;;\n\tesac\n}\n\n_vfioscope_arguments()\n{\n\tcase $1 in\n", f);
	for (c = cmd_table; *c; c++) {
		if ((*c)->hidden)
			continue;
		fprintf(f, "\t%s) REPLY=\"", (*c)->name);
		if ((*c)->args && strstr((*c)->args, "WORD"))
			print_pages(f);
		else
			fputs(argument_kind(*c), f);
		fputs("\" ;;\n", f);
	}
	fprintf(f, "\t*) REPLY=\"any\" ;;\n\tesac\n}\n\n%s\n%s", lists, complete);
}

int cmd_completion(int argc, char **argv)
{
	struct completion_opts o = {};
	int first, status;

	first = cmd_parse(&command_completion, argc, argv, &o, &status);
	if (first < 0)
		return status;
	if (argc - first != 1 || strcmp(argv[first], "bash"))
		return cmd_fail(EXIT_USAGE,
				"completion: for which shell? 'vfioscope completion bash'");
	print_bash(stdout);
	return cmd_close_output(stdout, EXIT_OK);
}

const struct command command_completion = {
	.name = "completion",
	.summary = "Print the shell's completion of this tool",
	.args = "bash",
	.examples = "  . <(vfioscope completion bash)",
	.opts = completion_opts,
	.hidden = true,
	.run = cmd_completion,
};
