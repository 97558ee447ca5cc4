/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registry.h - the definitions in force: who the small numbers are
 *
 * Internal to this folder.  The writer keeps one for its SNAPSHOT frames, the
 * reader one to know which events of a SNAPSHOT it has delivered already.
 * Bounded: the latest REGISTRY_MAX of each class (hosts, devices, tasks, streams
 * not yet released), plus the last EV_CLOCK.
 */
#ifndef VFIOSCOPE_RECORDING_REGISTRY_H
#define VFIOSCOPE_RECORDING_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

#define REGISTRY_MAX	 1024
#define REGISTRY_CLASSES 5 /* hosts, devices, tasks, streams, the clock */

struct registry_class {
	struct event *ev; /* oldest first */
	size_t n, cap;
};

struct registry {
	struct registry_class class[REGISTRY_CLASSES];
};

/* Does the kind define or release something? */
bool registry_cares(uint32_t kind);
/* Note a definition or a release; other kinds do nothing.  0 or -ENOMEM. */
int registry_learn(struct registry *r, const struct event *ev);
/* Is this very definition noted? */
bool registry_knows(const struct registry *r, const struct event *ev);
size_t registry_count(const struct registry *r);
void registry_free(struct registry *r);

/* Equal in everything that a recording stores: all but seq. */
bool event_same(const struct event *a, const struct event *b);

#endif
