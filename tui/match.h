/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match.h - which events are meant: one small language for filter and search
 *
 * Words, all of which must hold; '!' before a word turns it around:
 *	kind=read,arc	of these kinds		device=3b:00.2	the device's name has it (or dev=)
 *	err		the call failed		errno=ENOMSG	with this
 *	vm=web		the VM's name has it	pid=4711	of this process
 *	dur>1ms dur<1s	took longer, less	size>1MiB size<4KiB	moved more, less
 *	state=STOP_COPY	the device was in it, came to it or was asked for it
 *	t>1.5s t<2s	later, earlier than that from the first event (when it was over)
 *	outlier		took ten times as long as half of its kind do
 *	anything else	is in the line's text, capitals or not
 *
 * An empty expression matches everything.
 */
#ifndef VFIOSCOPE_TUI_MATCH_H
#define VFIOSCOPE_TUI_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "model/model.h"

#define MATCH_TERMS 8
#define MATCH_TEXT  96

struct match {
	struct match_term {
		int what;
		bool not ;
		uint64_t number;
		char text[MATCH_TEXT];
	} terms[MATCH_TERMS];
	unsigned int n;
	/* No event outside of these can match: for skipping. */
	uint64_t kinds;
	bool errors;
	uint64_t longer_ns; /* nor one that did not take longer */
};

/* 0, or -EINVAL with one line in @err. */
int match_parse(struct match *m, const char *text, char err[MATCH_TEXT * 2]);

/* What a match asks its owner. */
struct match_ask {
	const struct model *model; /* names devices and VMs */
	uint64_t first_ns;	   /* that times count from */
	/* The event's text; it is dear. */
	const char *(*line)(void *arg, const struct event *ev);
	/* The state of its device then; does it take long for its kind?  NULL: nobody knows. */
	uint32_t (*state)(void *arg, const struct event *ev);
	bool (*outlier)(void *arg, const struct event *ev);
	void *arg;
};

bool match_event(const struct match *m, const struct event *ev, const struct match_ask *ask);
/* What "err" stands for: a call that gave an errno, but for the stream's end and features. */
bool match_failed(const struct event *ev);
/* Looking at an event with it is dear: its text is needed. */
bool match_is_dear(const struct match *m);

/* The beginnings of words that mean something, NULL-terminated; for completion. */
extern const char *const match_words[];

#endif
