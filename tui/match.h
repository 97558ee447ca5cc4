/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match.h - which events are meant: one small language for filter and search
 *
 * Words, all of which must hold; '!' before a word turns it around:
 *	kind=read,arc	of these kinds		dev=3b:00.2	the device's name has it
 *	err		the call failed		errno=ENOMSG	with this
 *	vm=web		the VM's name has it	pid=4711	of this process
 *	dur>1ms		took longer		size>1MiB	moved more
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
};

/* 0, or -EINVAL with one line in @err. */
int match_parse(struct match *m, const char *text, char err[MATCH_TEXT * 2]);

/*
 * Does it match?  @line gives the event's text when it is asked for (it is dear);
 * @model names devices and VMs.
 */
bool match_event(const struct match *m, const struct event *ev, const struct model *model,
		 const char *(*line)(void *arg, const struct event *ev), void *arg);

#endif
