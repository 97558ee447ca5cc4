/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program.h - bytes as a program that makes events: migrations that might have been,
 * with odd values, orders and clocks in them
 *
 * Two hosts have a recording each.  Most instructions do what a VMM does
 * (tests/unit/synth.h), to a device and a data FD in the state that the ones before
 * left them in; some make what was done last odd: any field of it any number, its
 * place another, twice, or not at all; some make any event of any kind.  So a
 * recording is plausible for a while, joins late, loses, and lies.
 */
#ifndef VFIOSCOPE_TESTS_PROGRAM_H
#define VFIOSCOPE_TESTS_PROGRAM_H

#include "tests/fuzz/fuzz.h"
#include "tests/unit/synth.h"

#define PROGRAM_HOSTS	2
#define PROGRAM_DEVICES 6
/* No instruction adds more once there are so many. */
#define PROGRAM_EVENTS	1500

struct program {
	struct program_host {
		struct synth s;
		struct {
			uint32_t state, stream;
			bool known;
		} device[PROGRAM_DEVICES];
		struct meta meta;
		/* How it is written. */
		uint32_t frame_events; /* 0: as many as fit */
		bool compressed, cut;  /* without its end */
	} host[PROGRAM_HOSTS];
};

/* Run the instructions of @b, all of them. */
void program_run(struct program *p, struct bytes *b);
/* Write one host's recording into @fd, which it owns. */
void program_write(const struct program *p, unsigned int host, int fd);
void program_free(struct program *p);

#endif
