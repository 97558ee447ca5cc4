/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view.h - the same evidence, as text, JSON, lines
 *
 * Pure functions of events and a model, printing to a FILE (open_memstream()
 * for a buffer); nothing below this floor prints.  Promises:
 * - names from the traced system come out harmless: escaped in JSON, with
 *   visible replacements in text;
 * - loss and damage are always said, also when there is none;
 * - the JSON names are those of the contract; all NDJSON fields come from the
 *   tables of event.h, and so does the schema.
 *
 * Write errors show in ferror(); the caller looks.
 */
#ifndef VFIOSCOPE_VIEW_H
#define VFIOSCOPE_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "event.h"
#include "judge/judge.h"
#include "model/model.h"
#include "source.h"

enum time_base {
	TIME_REL = 0,	/* seconds since the first event */
	TIME_WALL = 1,	/* time of day, UTC */
	TIME_MONO = 2,	/* CLOCK_MONOTONIC */
	TIME_DELTA = 3, /* seconds since the line before */
};
/* The words of --time in enum order, NULL-terminated. */
extern const char *const time_base_names[];

/* Which instants are wanted; both in CLOCK_MONOTONIC or relative. */
enum time_ref { TIME_REF_OPEN, TIME_REF_FIRST, TIME_REF_REALTIME, TIME_REF_MONO };
struct time_window {
	struct {
		uint64_t ns;
		enum time_ref ref;
	} from, to;
};
/*
 * Did the event end inside?  Did it end behind it all?  @m gives the first event's
 * time and the clocks.
 */
bool time_window_has(const struct time_window *w, const struct model *m, const struct event *ev);
bool time_window_is_over(const struct time_window *w, const struct model *m,
			 const struct event *ev);
/* Where it begins, in CLOCK_MONOTONIC; 0: it is open. */
uint64_t time_window_begin_ns(const struct time_window *w, const struct model *m);

struct view_options {
	bool color;
	bool bytes;    /* sizes exactly */
	bool sessions; /* a report in text: every session in full, too */
	enum time_base time;
	uint32_t migration; /* only this one; 0: all */
	struct time_window window;
};

/* One of the recordings (or the capture) that evidence consists of. */
struct view_file {
	const char *path;
	const struct meta *meta;	    /* or NULL */
	const struct source_health *health; /* or NULL */
	/* Hosts (event.host) whose events were in it; none: nobody counted. */
	const uint32_t *hosts;
	size_t n_hosts;
	uint64_t first_ns, last_ns; /* on the evidence's clock; 0: no event */
	uint64_t events, calls;	    /* as model_events(), model_calls() */
	uint64_t lost, loss_places;
};

/* What a view is about: one model and one judge, of however many files. */
struct view_evidence {
	struct model *model;
	const struct judge *judge;     /* finished; or NULL: nobody judged */
	const struct trends *trends;   /* for plots (trends.h); or NULL: none */
	const struct vmm_words *words; /* what its VMM said of itself (vmm_words.h); or NULL */
	const struct view_file *files; /* one at least */
	size_t n_files;
	const struct meta *meta;	    /* of all files; or NULL */
	const struct source_health *health; /* of all together; or NULL */
	/*
	 * How clocks of several hosts were tied ("clock") and how far that may be
	 * off ("bound"), and that the clock of day was set ("step"), in sentences;
	 * NULL or empty: there is one clock.
	 */
	const struct meta *clock;
	/*
	 * How far two instants of different hosts may be from the truth, ns; 0:
	 * one clock, UINT64_MAX: nothing tells.
	 */
	uint64_t bound_ns;
};

/* @e of @file alone, which is all that @m was fed; the rest of both is zeroed. */
void view_one_file(struct view_evidence *e, struct view_file *file, struct model *m,
		   const char *path, const struct meta *meta, const struct source_health *health);

/* The file that an instant of @host is in, by number from 0. */
size_t view_file_of(const struct view_evidence *e, uint32_t host, uint64_t t_ns);

/* report: the post-mortem. */
void report_text(FILE *f, const struct view_evidence *e, const struct view_options *opt);
void report_json(FILE *f, const struct view_evidence *e, const struct view_options *opt);
/* JSON Schema (draft 2020-12) of it. */
void report_json_schema(FILE *f);
/* One page that needs no network and no script. */
void report_html(FILE *f, const struct view_evidence *e, const struct view_options *opt);

/*
 * check: what the judge found, and the verdict.  @opt->migration narrows both
 * to one migration.
 */
void check_text(FILE *f, const struct view_evidence *e, const struct view_options *opt);
void check_json(FILE *f, const struct view_evidence *e, const struct view_options *opt);
/* A suite per migration and one for the evidence, a case per rule; inconclusive is an error. */
void check_junit(FILE *f, const struct view_evidence *e, const struct view_options *opt);
/* The same when nothing could be judged, and why; @real_ns: now. */
void check_junit_error(FILE *f, const char *text, uint64_t real_ns);
/* SARIF 2.1.0: a result per finding, what is inconclusive "open". */
void check_sarif(FILE *f, const struct view_evidence *e, const struct view_options *opt);
void check_sarif_error(FILE *f, const char *text);
/* Lines that a CI job's log turns into annotations ("::error ...", GitHub's). */
void check_annotations(FILE *f, const struct view_evidence *e, const struct view_options *opt);
void check_annotations_error(FILE *f, const char *text);
enum verdict view_verdict(const struct view_evidence *e, const struct view_options *opt);

/* explain: a page, or the list of all. */
struct page;
/*
 * The page of what people type or copy: a name in any spelling ("Pre_Copy",
 * "stop window"), one of the JSON ("outside_ns"), what a page says that it also
 * answers to, an errno by name or number ("42", "-42").  NULL: there is none.
 */
const struct page *explain_find(const char *word);
/* The number of an errno by its name or number; 0 when @word is none. */
int explain_errno(const char *word);
void explain_text(FILE *f, const struct page *p, const struct view_options *opt);
void explain_json(FILE *f, const struct page *p);
void explain_list_text(FILE *f, const struct view_options *opt);
void explain_list_json(FILE *f);

/*
 * info: what the recordings hold.  @notes: for each file what its reader adds
 * (frames, ...), in its order; may be NULL.
 */
void info_text(FILE *f, const struct view_evidence *e, const struct meta *notes,
	       const struct view_options *opt);
void info_json(FILE *f, const struct view_evidence *e, const struct meta *notes,
	       const struct view_options *opt);

/*
 * A stream of lines (those of export are in export.h): feed each event with what model_feed() said about it.
 * Definitions are taken but print nothing.  _finish() prints what is held
 * back; _destroy() drops it.
 */

/*
 * NDJSON.  A poll's wait_ns is only known at its task's next call, so lines
 * may be held back, in order, up to NDJSON_HOLD_MAX events.  @ended: a model of
 * the same events up to the evidence's end, from which lines have their migration;
 * NULL: it goes on, and they have none.
 */
#define NDJSON_HOLD_MAX 4096
struct ndjson;
struct ndjson *ndjson_create(FILE *f, const struct view_options *opt, struct model *ended);
int ndjson_event(struct ndjson *n, const struct model *m, const struct event *ev,
		 const struct event_context *ctx);
int ndjson_finish(struct ndjson *n);
void ndjson_destroy(struct ndjson *n);
/* JSON Schema (draft 2020-12) of one line, from the same tables. */
void ndjson_schema(FILE *f);

/* One human line per event; runs of empty reads as "ENOMSG x212 in 9 ms". */
struct lines;
struct lines *lines_create(FILE *f, const struct view_options *opt);
int lines_event(struct lines *l, const struct model *m, const struct event *ev,
		const struct event_context *ctx);
void lines_destroy(struct lines *l);
/*
 * Only what happened: "read 1.00 MiB, 61.0 µs"; no time, no device, no colour,
 * no newline.  Of @opt only @bytes counts.
 */
void lines_text(FILE *f, const struct view_options *opt, const struct event *ev,
		const struct event_context *ctx);

#endif
