/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keep.h - live --record: the evidence goes to a file on its way to the screen
 *
 * A sink in front of another.  Promises: every event reaches the next sink, also
 * when the file cannot be written any more (a full disk ends the recording, not
 * the watching), and that is told once; the recording is complete after
 * keep_end().
 */
#ifndef VFIOSCOPE_CMD_KEEP_H
#define VFIOSCOPE_CMD_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"

struct cmd_watch;
struct keep;

/*
 * Begin the recording @path of what @src tells; what is put goes on to @next.
 * @watch says what the capture leaves out, @argv is the command line that made it.  0, or the exit code with the error told.
 */
int keep_open(struct keep **k, const char *path, bool force, const struct cmd_watch *watch,
	      struct event_source *src, struct event_sink *next, int argc, char **argv);
struct event_sink *keep_sink(struct keep *k);
/* To be called every 50 ms or so. */
void keep_tick(struct keep *k, uint64_t now_ns);
uint64_t keep_bytes(const struct keep *k);
/* Why nothing is recorded any more, or NULL. */
const char *keep_error(const struct keep *k);
/* Make the recording whole.  0 or -errno. */
int keep_end(struct keep *k);
void keep_close(struct keep *k);

#endif
