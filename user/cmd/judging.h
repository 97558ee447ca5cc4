/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judging.h - what check and exercise --check share: budgets, the policy file,
 * and what a verdict is worth as an exit code
 */
#ifndef VFIOSCOPE_CMD_JUDGING_H
#define VFIOSCOPE_CMD_JUDGING_H

#include "cmd/cmd.h"
#include "judge/judge.h"

/* --max-..., --stuck-after, --expect, --policy, --profile, --strict, --ignore */
struct cmd_judging {
	const char *command; /* whose mistakes are told; set by the caller */
	const char *policy, *profile;
	const char *max_downtime, *max_stop_window, *max_dirty_sync, *max_read, *max_write;
	const char *stuck_after, *expect;
	struct opt_list max_arc, ignore;
	bool strict;
};

extern const struct opt cmd_judging_opts[];

/* 0, or the exit code with the error told. */
int cmd_judging_options(const struct cmd_judging *j, struct judge_opts *jo);
int cmd_judging_status(enum verdict v);
void cmd_judging_free(struct cmd_judging *j);

#endif
