// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct opt cmd_judging_opts[] = {
	{ 0, "max-downtime", OPT_STRING, OPT_AT(struct cmd_judging, max_downtime), .arg = "TIME",
	  .help = "budget for the downtime, both hosts together" },
	{ 0, "max-stop-window", OPT_STRING, OPT_AT(struct cmd_judging, max_stop_window),
	  .arg = "TIME", .help = "budget for one host's stop window" },
	{ 0, "max-dirty-sync", OPT_STRING, OPT_AT(struct cmd_judging, max_dirty_sync),
	  .arg = "TIME", .help = "budget for the dirty-log syncs in a stop window" },
	{ 0, "max-arc", OPT_LIST, OPT_AT(struct cmd_judging, max_arc), .arg = "[FROM:TO=]TIME",
	  .help = "budget for every arc, or for one (PRE_COPY_P2P:STOP_COPY=20ms)" },
	{ 0, "max-read", OPT_STRING, OPT_AT(struct cmd_judging, max_read), .arg = "TIME",
	  .help = "budget for one read() in STOP_COPY" },
	{ 0, "max-write", OPT_STRING, OPT_AT(struct cmd_judging, max_write), .arg = "TIME",
	  .help = "budget for one write()" },
	{ 0, "stuck-after", OPT_STRING, OPT_AT(struct cmd_judging, stuck_after), .arg = "TIME",
	  .help = "a call that is out for longer is stuck (5s)" },
	{ 0, "expect", OPT_STRING, OPT_AT(struct cmd_judging, expect), .arg = "completed=N",
	  .help = "how many migrations must have completed" },
	{ 0, "policy", OPT_STRING, OPT_AT(struct cmd_judging, policy), .arg = "FILE",
	  .help = "read 'key = value' lines with these settings; the command line wins" },
	{ 0, "profile", OPT_STRING, OPT_AT(struct cmd_judging, profile), .arg = "NAME",
	  .help = "of the policy file take the part called [NAME], too" },
	{ 0, "strict", OPT_FLAG, OPT_AT(struct cmd_judging, strict),
	  .help = "advice is a finding, too" },
	{ 0, "ignore", OPT_LIST, OPT_AT(struct cmd_judging, ignore), .arg = "RULE[@DRIVER][,...]",
	  .help = "show what the rule finds (about this driver) and do not count it" },
	OPT_END,
};

static int read_policy(const char *path, const char *profile, struct judge_opts *jo)
{
	char err[JUDGE_ERR_LEN], *text;
	FILE *f = fopen(path, "re");
	unsigned int line;
	int status = 0;
	size_t len;

	if (!f)
		return cmd_fail(EXIT_USAGE, "%s: %s", path, strerror(errno));
	text = cmd_read_text(f, path, "policy", &len, &status);
	if (text && judge_policy(jo, text, len, profile, &line, err))
		status = line ? cmd_fail(EXIT_USAGE, "%s:%u: %s", path, line, err) :
				cmd_fail(EXIT_USAGE, "%s: %s", path, err);
	fclose(f);
	free(text);
	return status;
}

static int set(const struct cmd_judging *o, struct judge_opts *jo, const char *key,
	       const char *value)
{
	char err[JUDGE_ERR_LEN];

	if (value && judge_opts_set(jo, key, value, err))
		return cmd_fail(EXIT_USAGE, "%s: --%s", o->command, err);
	return 0;
}

int cmd_judging_options(const struct cmd_judging *o, struct judge_opts *jo)
{
	const struct {
		const char *key, *value;
	} settings[] = {
		{ "max-downtime", o->max_downtime },
		{ "max-stop-window", o->max_stop_window },
		{ "max-dirty-sync", o->max_dirty_sync },
		{ "max-read", o->max_read },
		{ "max-write", o->max_write },
		{ "stuck-after", o->stuck_after },
		{ "expect", o->expect },
	};
	int status = 0;
	size_t i;

	judge_opts_init(jo);
	if (o->policy)
		status = read_policy(o->policy, o->profile, jo);
	else if (o->profile)
		status = cmd_fail(EXIT_USAGE, "%s: --profile: of which --policy?", o->command);
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]) && !status; i++)
		status = set(o, jo, settings[i].key, settings[i].value);
	for (i = 0; i < o->max_arc.n && !status; i++)
		status = set(o, jo, "max-arc", o->max_arc.items[i]);
	for (i = 0; i < o->ignore.n && !status; i++)
		status = set(o, jo, "ignore", o->ignore.items[i]);
	jo->strict |= o->strict;
	return status;
}

int cmd_judging_status(enum verdict v)
{
	static const int codes[] = {
		[VERDICT_PASS] = EXIT_OK,
		[VERDICT_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
		[VERDICT_FINDINGS] = EXIT_FINDINGS,
	};

	return codes[v];
}

void cmd_judging_free(struct cmd_judging *j)
{
	opt_list_free(&j->max_arc);
	opt_list_free(&j->ignore);
}
