/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.h - what a recording comes to: a line per migration, and the sides by which
 * those of many recordings are joined
 *
 * The recorder keeps it at the recording's end (docs/vfioscope-recording.5, SUMMARY), so
 * that who has ten thousand of them need not read their events.  Promises:
 * - the same of a recording with it as of one that is analysed now;
 * - what is not known is MODEL_NONE, "" or 0 as said below, never a guess;
 * - all text is untrusted, also that of a summary that was read.
 */
#ifndef VFIOSCOPE_VIEW_SUMMARY_H
#define VFIOSCOPE_VIEW_SUMMARY_H

#include "model/digest.h"
#include "util/buf.h"
#include "view/view.h"

#define SUMMARY_RULES_LEN 1024
#define SUMMARY_CAUSE_LEN 256

enum { SUMMARY_SOURCE, SUMMARY_DESTINATION, SUMMARY_SIDES };

struct summary_side {
	bool is; /* else there is none */
	char host[EVENT_NAME_LEN];
	char kernel[EVENT_NAME_LEN]; /* release */
	struct digest digest;	     /* on the recording's own clock */
};

struct summary_migration {
	char vm[EVENT_NAME_LEN]; /* "": not known; then @process */
	char process[EVENT_COMM_LEN];
	char driver[128]; /* each that a device had once, ", " between them */
	uint32_t outcome; /* enum outcome */
	bool ended, ran_again;
	uint64_t begin_real_ns, end_real_ns; /* CLOCK_REALTIME; 0: not known */
	uint64_t duration_ns;
	uint64_t downtime_ns; /* MODEL_NONE, and then: */
	uint32_t downtime_why;
	uint64_t stop_ns;    /* of the source, as far as it was seen; MODEL_NONE */
	uint64_t stopped_ns; /* of one that was given back; MODEL_NONE */
	char part[32];	     /* where most of the downtime, or of the stop, went */
	uint64_t part_ns;
	uint32_t devices;
	uint64_t bytes;
	uint32_t joined;	       /* enum joined_how */
	char cause[SUMMARY_CAUSE_LEN]; /* of a failed one, in words */
	uint32_t party;		       /* PARTY_*: who has to act on that */
	/* What was found, "severity:rule", a comma between them, each once; no consequences. */
	char rules[SUMMARY_RULES_LEN];
	struct summary_side side[SUMMARY_SIDES];
};

struct summary {
	char host[EVENT_NAME_LEN];
	uint64_t ahead_ns;   /* CLOCK_REALTIME less the recording's clock, modulo 2^64 */
	bool has_clock;	     /* else that is not known */
	bool ended;	     /* cleanly */
	uint64_t lost;	     /* events */
	uint64_t unreadable; /* bytes */
	bool omitted;	     /* findings that matter were more than are kept: of some migration */
	char rules[SUMMARY_RULES_LEN]; /* what was found of no migration */
	struct summary_migration *migration;
	size_t n;
};

/* Of evidence that was read and judged.  0 or -ENOMEM; summary_free() is due. */
int summary_of(struct summary *s, const struct view_evidence *e);
void summary_free(struct summary *s);

/*
 * Fill in what the model says of @g: all but rules, and of the sides all but the digest.
 * @ahead_ns as above, 0 with @real for a model whose clock is CLOCK_REALTIME.
 */
void summary_line(struct summary_migration *l, const struct view_evidence *e,
		  const struct migration *g, bool real, uint64_t ahead_ns);

/* As bytes, and back.  False: it is none; summary_free() is due all the same. */
void summary_encode(struct buf *out, const struct summary *s);
bool summary_decode(struct summary *s, const uint8_t *data, size_t len);

/* How many of the severity are in such a list. */
uint32_t summary_count(const char *rules, enum severity severity);
/* The first "severity:rule" of @rules, which may be empty, into @word; returns the rest. */
#define SUMMARY_WORD_LEN 64
const char *summary_next(const char *rules, char word[SUMMARY_WORD_LEN]);
/* The rule of such a word. */
const char *summary_rule(const char *word);
/* Add those of @from that it has not, but for the rule @except (NULL: none). */
void summary_add_rules(char rules[SUMMARY_RULES_LEN], const char *from, const char *except);

#endif
