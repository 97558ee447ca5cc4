/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keep.h - the evidence goes into a recording on its way
 *
 * A sink that record, live --record and exercise --check put events into.  It
 * begins the recording (recording/output.h: whole, nobody else's), says in META
 * what made it, and goes on telling what the source says of itself.
 *
 * Promises: where there is a next sink, every event reaches it, also when the file
 * cannot be written any more (a full disk ends the recording, not the watching);
 * what went wrong is told in one line, with what is kept; the recording is
 * complete after keep_end(), and without it says that it did not end.
 */
#ifndef VFIOSCOPE_CMD_KEEP_H
#define VFIOSCOPE_CMD_KEEP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "recording/recording.h"
#include "source.h"
#include "view/summarise.h"

struct cmd_watch;
struct keep;

struct keep_opts {
	const char *path;	       /* "-": stdout */
	bool force;		       /* -f */
	const struct cmd_watch *watch; /* what the capture leaves out */
	struct event_source *src;
	/* NULL: nobody is behind; an event that cannot be written is an error then. */
	struct event_sink *next;
	/* The command line that made it; @command as tool_meta() has it. */
	int argc, command;
	char **argv;
	/* Budgets to hold it against beside, for keep_over_budget(); NULL: none. */
	const struct judge_opts *budgets;
	/* Once it is set, a reader that has stalled is waited for a second, and no more. */
	const volatile sig_atomic_t *cancel;
};

/* Can it be begun?  0, or the exit code with the error told; nothing is made. */
int keep_check(const char *path, bool force);
/* How such an output is opened: output.h's flags. */
unsigned int keep_flags(bool force);
/* Begin.  0, or the exit code with the error told, and nothing is there. */
int keep_open(struct keep **k, const struct keep_opts *o);
struct event_sink *keep_sink(struct keep *k);
/*
 * To be called every 50 ms or so.  0, or the -errno for which nothing is recorded
 * any more: the file was removed or cut by somebody else, too.
 */
int keep_tick(struct keep *k, uint64_t now_ns);
void keep_stats(const struct keep *k, struct recording_writer_stats *out);
/* Why nothing is recorded any more and what is kept, one line; NULL: all is well. */
const char *keep_error(struct keep *k);
/* @n events will not come, for nobody can take them: keep_error() counts them. */
void keep_missed(struct keep *k, uint64_t n);
/* Make the recording whole.  0 or -errno. */
int keep_end(struct keep *k);
/*
 * What it all came to, also what could not be written any more: after keep_end(), until
 * keep_close().  NULL: there was no memory for it.
 */
const struct summary *keep_summary(struct keep *k);
/* What that is summed up from. */
struct model *keep_model(const struct keep *k);
/* After keep_summary(): was one of the budgets exceeded? */
bool keep_over_budget(const struct keep *k);
/* A descriptor of the caller's own for the recording, which is locked as long as it is open. */
int keep_fd(const struct keep *k);
/* Free; the first -errno of all that went wrong, or 0.  NULL is fine. */
int keep_close(struct keep *k);

#endif
