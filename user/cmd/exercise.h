/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exercise.h - what the two halves of the command share: the one that drives
 * (exercise.c) and the one that watches it do so (exercise_check.c)
 */
#ifndef VFIOSCOPE_CMD_EXERCISE_H
#define VFIOSCOPE_CMD_EXERCISE_H

#include "cmd/cmd.h"
#include "cmd/judging.h"
#include "exercise/exercise.h"

enum { EXERCISE_TEXT, EXERCISE_JSON, EXERCISE_JUNIT };

struct exercise_opts {
	struct cmd_common common;
	struct cmd_judging judging;
	struct exercise_plan plan;
	int format, wait, p2p, cancel, reset;
	const char *fault, *switch_, *dirty, *compare, *buffer, *output;
	struct opt_list delay;
	uint64_t repeat;
	bool check, force;
};

/*
 * Drive all migrations of @o->plan; lines and the summary go to @out.  The exit
 * code, with errors told.
 */
int exercise_drive(struct exercise_opts *o, FILE *out);

/*
 * The same in a process of its own, recorded and judged: what check prints
 * goes to stdout, what exercise_drive() prints to stderr.
 */
int exercise_check(struct exercise_opts *o, int argc, char **argv);

#endif
