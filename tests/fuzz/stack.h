/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack.h - the parts of the whole-stack target (fuzz_stack.c)
 *
 * Each ends the process when what it looks at does not hold.
 */
#ifndef VFIOSCOPE_TESTS_STACK_H
#define VFIOSCOPE_TESTS_STACK_H

#include <stdbool.h>

#include "event.h"
#include "source.h"
#include "tests/fuzz/fuzz.h"

/* In the directory that a run has for itself. */
#define STACK_A	     "a.vfs"
#define STACK_B	     "b.vfs"
#define STACK_MERGED "merged.vfs"

/* What was read of a recording, as far as there is room. */
#define STACK_EVENTS 4000
struct trace {
	struct event ev[STACK_EVENTS];
	size_t n;
	bool readable, whole; /* it could be opened; there is no more of it */
	struct source_health health;
};

/*
 * Of what costs most an input gets a part: true once in @one_in times, by a chance that is
 * the same for the same input.  With FUZZ_THOROUGH in the environment always.
 */
bool stack_some(unsigned int one_in);

/* stack_model.c: sums are exact, and a copy goes the way of its original. */
void stack_model(const struct trace *t, struct bytes *in);
/* The store's model of a moment is that of the events until then. */
void stack_store(const struct trace *t, struct bytes *in);
/* stack_scope.c: keys by chance, at sizes by chance. */
void stack_scope(const struct trace *t, struct bytes *script);

/* stack_views.c: everything that is printed. */
void stack_views_begin(void);
/*
 * The verdict, then a view of those that @which names (8 bits each), now and then all of
 * them and the verdict twice; they agree.  @two: there is a second recording.
 */
#define STACK_VIEWS 3
void stack_views(const struct trace *t, const uint8_t which[STACK_VIEWS], struct bytes *in,
		 bool two);

#endif
