/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * toolmeta.h - what a recording says of the tool that makes it
 */
#ifndef VFIOSCOPE_CMD_TOOLMETA_H
#define VFIOSCOPE_CMD_TOOLMETA_H

#include "cmd/watch.h"

/*
 * Append to @m: tool, version and command line.
 *
 * Of @argv, what stands behind @command (the place of the program that is run;
 * @argc: there is none) are somebody else's arguments, and passwords stand in
 * such: only their number is kept.  0 or -ENOMEM.
 */
int tool_name(struct meta *m, int argc, char **argv, int command);

/*
 * Append to @m what tool_name() does, when it began, and what the capture
 * was told to leave out (@watch; docs/vfioscope-recording.5 has the keys).  The
 * rest as tool_name().
 */
int tool_meta(struct meta *m, const struct cmd_watch *watch, int argc, char **argv, int command);

#endif
