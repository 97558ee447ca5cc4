/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.h - the recordings of a command line as one evidence: one source of
 * events, one model, one judge
 *
 * Promises:
 * - one file passes through as it is, also from a pipe that is still written;
 * - several are put on one clock: those of one boot share theirs, those of several
 *   hosts are tied as align.h does it, for which each is read twice (what comes on
 *   standard input is kept in a temporary file meanwhile); how, and how far that may
 *   be off, is part of the evidence;
 * - events of one boot that are given twice are refused, with both files' names;
 * - all functions that can fail tell the error themselves.
 */
#ifndef VFIOSCOPE_EVIDENCE_H
#define VFIOSCOPE_EVIDENCE_H

#include "cmd/cmd.h"
#include "judge/judge.h"
#include "model/align.h"
#include "model/model.h"
#include "recording/hosts.h"
#include "recording/merge.h"
#include "view/trends.h"
#include "view/vmm_words.h"

struct evidence_file;

struct evidence {
	struct view_evidence view;
	struct event_source *src; /* all of them as one, and a VMM's logs between */

	/* evidence.c's own, but merge.c may look: */
	struct evidence_file *file;
	struct view_file *files;
	size_t n;
	struct source_health health;
	struct align *align; /* of several files */
	struct hosts hosts;
	struct merge_opts how;
	struct meta clock;
	struct model *model;
	struct judge *judge;
	struct trends *trends;
	struct event_source *recorded; /* @src without logs; its own */
	const struct opt_list *logs;   /* the caller's; or NULL */
	struct vmm_words *words;
};

enum evidence_use {
	EVIDENCE_ONCE = 0,
	EVIDENCE_FOLLOW, /* several of which one is a pipe are not waited for; only
				   the wall clock ties them then */
	EVIDENCE_TWICE,	 /* evidence_again() will be called: a pipe is kept */
};

/*
 * Open @n recordings, "-" once at most among them.  0, or the exit code with the
 * error told; evidence_close() is due in both cases.
 */
int evidence_open(struct evidence *e, char *const *paths, size_t n, enum evidence_use use);
void evidence_close(struct evidence *e);
/*
 * Of all that is read from here on lines of the VMM's logs @paths, which stay the caller's,
 * are a part (recording/vmm_log.h).  0, or the exit code with the error told.
 */
int evidence_add_logs(struct evidence *e, const struct opt_list *paths);
/* Tell how many lines of each log lay in what was read. */
void evidence_tell_logs(const struct evidence *e);
extern const struct opt cmd_vmm_log_opts[]; /* of a struct opt_list */

/*
 * Feed model, judge and (@with_trends: for a view that draws) trends from the first
 * event to the last and finish them; @e->view is then complete.  What ended after
 * @window (NULL: none) does not reach them: they are those of that moment, and so is
 * every number.  @each (NULL: nobody) sees every event that the model has taken.
 */
struct evidence_opts {
	const struct judge_opts *judge; /* NULL: the defaults */
	const struct time_window *window;
	uint32_t migration; /* what is expected is expected of it alone; 0: of all */
	bool with_trends;
	bool without_judge; /* for a view that prints events alone */
	/* 0 or -errno: -EIO is its own output's failure, which it tells. */
	int (*each)(void *arg, struct model *m, const struct event *ev,
		    const struct event_context *ctx);
	void *arg;
};
int evidence_read(struct evidence *e, const struct evidence_opts *o);

/*
 * The same events once more, after evidence_read(), to @o->each and a model of their
 * own: what was learnt at the end (@e->view) is then known from the first on.  Of @o
 * nothing else counts.
 */
int evidence_again(struct evidence *e, const struct evidence_opts *o);

/*
 * For a command whose output has no place for it: tell, after the last event, which
 * files did not end cleanly or are damaged.
 */
void evidence_tell_damage(const struct evidence *e);

/* Fill in @e->view's clock alone, for who reads the events himself. */
int evidence_say_clocks(struct evidence *e);
/* After that: how far apart joined sides may be, ns; a bound beyond a second tells nothing. */
uint64_t evidence_join_bound_ns(const struct evidence *e);

/* The parts of @file in @e's own numbers of hosts; how merge.c writes them down. */
int evidence_parts(const struct evidence *e, size_t file, struct meta *out);
/* What its hosts are called, for sentences. */
const char *evidence_host(const struct evidence *e, size_t file);
const struct meta *evidence_meta(const struct evidence *e, size_t file);
/* How sound it was when it was read for its clock. */
void evidence_scanned(const struct evidence *e, size_t file, struct source_health *out);

#endif
