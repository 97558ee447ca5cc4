/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registry.h - the definitions in force: who the small numbers are
 *
 * Internal to this folder.  The writer keeps one for its SNAPSHOT frames, the
 * reader one to know which events of a SNAPSHOT it has delivered already.
 * Bounded: the latest REGISTRY_MAX, or @max, of each class (hosts, devices, tasks,
 * streams not yet released, functions), plus the last EV_CLOCK.
 */
#ifndef VFIOSCOPE_RECORDING_REGISTRY_H
#define VFIOSCOPE_RECORDING_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

#define REGISTRY_MAX	 1024
#define REGISTRY_CLASSES 6 /* hosts, devices, tasks, streams, the clock, functions */

struct registry_class {
	struct event *ev; /* oldest first */
	size_t n, cap;
};

struct registry {
	size_t max; /* of each class; 0: REGISTRY_MAX */
	struct registry_class class[REGISTRY_CLASSES];
};

/* Which class a kind defines or releases something of; -1: of none. */
static inline int registry_class(uint32_t kind)
{
	switch (kind) {
	case EV_HOST:
		return 0;
	case EV_DEVICE:
		return 1;
	case EV_TASK:
		return 2;
	case EV_STREAM_OPEN:
	case EV_STREAM_RELEASE:
		return 3;
	case EV_CLOCK:
		return 4;
	case EV_FUNCTION:
		return 5;
	}
	return -1;
}

/* Does the kind define or release something? */
static inline bool registry_cares(uint32_t kind)
{
	return registry_class(kind) >= 0;
}

/* Note a definition or a release; other kinds do nothing.  0 or -ENOMEM. */
int registry_learn(struct registry *r, const struct event *ev);
/* Of a class the @i-th that is noted, oldest first; NULL: there are no more. */
const struct event *registry_at(const struct registry *r, uint32_t kind, size_t i);
/* What is noted under the number that @ev names, whatever else it says; NULL: nothing is. */
const struct event *registry_find(const struct registry *r, const struct event *ev);
/* Is this very definition noted? */
bool registry_knows(const struct registry *r, const struct event *ev);
size_t registry_count(const struct registry *r);
void registry_free(struct registry *r);

/* Equal in everything that a recording stores: all but seq. */
bool event_same(const struct event *a, const struct event *b);

#endif
