/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live_scope.h - live at a terminal: the scope on a running capture
 */
#ifndef VFIOSCOPE_CMD_LIVE_SCOPE_H
#define VFIOSCOPE_CMD_LIVE_SCOPE_H

#include "cmd/watch.h"
#include "tui/config.h"
#include "tui/scope.h"

struct live_scope_opts {
	const char *record;	       /* or NULL */
	bool force;		       /* overwrite it */
	const struct cmd_watch *watch; /* what the capture was told */
	bool bytes;
	bool color;
	int time, graph;
	uint64_t duration;
	const struct judge_opts *judge; /* budgets; or NULL */
	const struct scope_config *config;
	int argc;
	char **argv;
};

/*
 * Run until somebody leaves, then take what is still under way.  The exit code;
 * -1: the terminal cannot be used, nothing has been taken from the capture.
 */
int live_scope(const struct live_scope_opts *o, struct capture *capture);

#endif
