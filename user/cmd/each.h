/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * each.h - record --each-migration: a recording of its own for each migration of a VM
 *
 * A sink for all that a capture sees.  Promises:
 * - a recording begins with what came before the migration's first sign (recording/past.h)
 *   and ends EACH_TAIL_NS after its end, or when the next one of that VM begins; several at
 *   once each have theirs;
 * - of an event that is nobody's in particular (a loss, a mark) each has a copy;
 * - both sides on this host are one recording where the VM's name or the process is one;
 * - what goes wrong with one recording (a full disk, a directory that went away) is told
 *   and counted, and the next is begun as if nothing had been;
 * - while nothing migrates nothing is written and nothing grows.
 */
#ifndef VFIOSCOPE_CMD_EACH_H
#define VFIOSCOPE_CMD_EACH_H

#include <signal.h>

#include "cmd/keep_if.h"
#include "cmd/shelf.h"
#include "source.h"
#include "view/metrics.h"

#define EACH_TAIL_NS 5000000000ULL

struct cmd_watch;
struct each;

struct each_opts { /* all is the caller's, and outlives it */
	const char *dir;
	struct shelf_limits limits;
	const struct keep_if *keep_if;
	const struct judge_opts *budgets; /* what "over-budget" means; NULL: nothing */
	struct metrics *metrics;	  /* to count each migration in; NULL: nobody counts */
	/* As keep_opts. */
	const struct cmd_watch *watch;
	struct event_source *src;
	int argc, command;
	char **argv;
	const volatile sig_atomic_t *cancel;
};

/* 0, or the exit code with the error told. */
int each_open(struct each **e, const struct each_opts *o);
struct event_sink *each_sink(struct each *e);
/*
 * To be called every 50 ms while something is under way, every few seconds else.  @now_ns:
 * CLOCK_MONOTONIC.  0 or -ENOMEM.
 */
int each_tick(struct each *e, uint64_t now_ns);
/* The clock, the limits: as they are now. */
void each_reload(struct each *e);
/* How many recordings are under way. */
size_t each_under_way(const struct each *e);

struct each_stats {
	uint64_t begun; /* recordings: migrations */
	uint64_t ended;
	uint64_t kept, dropped; /* dropped: by --keep-if */
	uint64_t trimmed;	/* by the limits */
	uint64_t cut;		/* of the kept: not all could be written */
	uint64_t missed;	/* migrations of which there is no recording */
	uint64_t events;	/* put into recordings */
	uint64_t events_missed; /* that had one and could not be written */
	uint64_t lost;		/* told by the capture while something was under way */
	uint64_t bytes;		/* kept */
	uint64_t clock_steps;
};
void each_stats(const struct each *e, struct each_stats *out);

/* Nothing comes any more: end what is under way, and wait until all is on the disk. */
void each_end(struct each *e);
void each_close(struct each *e);

#endif
