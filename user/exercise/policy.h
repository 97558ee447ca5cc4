/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - when the source leaves PRE_COPY, decided from what is known of it
 *
 * Pure: no call is made here and no clock is read.
 */
#ifndef VFIOSCOPE_EXERCISE_POLICY_H
#define VFIOSCOPE_EXERCISE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

enum policy_kind {
	POLICY_CONVERGED = 0, /* nothing is left, or it no longer becomes less */
	POLICY_INITIAL,	      /* the initial bytes are read */
	POLICY_BELOW,	      /* at most @value bytes are left */
	POLICY_AFTER,	      /* @value ns after it was entered */
	POLICY_AT_ONCE,	      /* as soon as it was entered */
	POLICY_NONE,	      /* it is not entered at all */
};

struct policy {
	enum policy_kind kind;
	uint64_t value;
	uint64_t limit_ns; /* the longest stay in PRE_COPY, whatever the kind */
};

/* What is known: begun with policy_begin(), told of each info and empty read. */
struct policy_view {
	uint64_t began_ns;
	bool informed; /* an info was given; else the three below are 0 */
	uint64_t initial, dirty;
	uint64_t since;	    /* bytes read since that info */
	bool empty;	    /* the last read had nothing */
	uint64_t least;	    /* that was ever left after the initial bytes */
	unsigned int stale; /* infos since then that were no better */
};

enum policy_answer {
	POLICY_STAY = 0,
	POLICY_SWITCH,	/* for the reason that the policy is about */
	POLICY_GIVE_UP, /* the limit is reached, or it does not converge */
};

/* Infos in a row that bring no improvement, until it is given up. */
#define POLICY_PATIENCE 8

void policy_begin(struct policy_view *v, uint64_t now_ns);
void policy_info(struct policy_view *v, uint64_t initial, uint64_t dirty);
/* A read gave @bytes; 0: it had nothing. */
void policy_read(struct policy_view *v, uint64_t bytes);
/* What is left to read, as far as known: the last info less what was read. */
uint64_t policy_left(const struct policy_view *v);
enum policy_answer policy_ask(const struct policy *p, const struct policy_view *v, uint64_t now_ns);
/* Time until which policy_ask() may only change its mind by an info or a read. */
uint64_t policy_deadline(const struct policy *p, const struct policy_view *v);

#endif
