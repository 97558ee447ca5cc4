/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIOSCOPE_BUDGET_H
#define VFIOSCOPE_BUDGET_H

#include <stdint.h>

#include "event.h"
#include "util/numbers.h"

/*
 * What a recording may make its readers remember, in relation to its size: whatever
 * stands behind the reader keeps something for each device, stream and process, and a
 * few hundred bytes can name millions of them.  A recording that was made by watching
 * stays far below: see budget.c for what one of each costs in a file.
 */
enum budget_kind {
	BUDGET_EVENTS = 0,
	BUDGET_DEVICES,
	BUDGET_STREAMS,
	BUDGET_TASKS,
	BUDGET_HOSTS,
	BUDGET_CLOCKS,
	BUDGET_NR
};

#define BUDGET_RECENT 16 /* a power of two */

/* Whom an event named that was taken into account: most name one of those again. */
struct budget_who {
	uint32_t pid, device, stream, host;
};

struct budget {
	struct numbers seen; /* a set: the kind above, the number below */
	struct budget_who recent[BUDGET_RECENT];
	uint64_t used[BUDGET_NR];
};

void budget_free(struct budget *b);
/*
 * Takes what @ev names into account; @bytes: of the recording so far.  0, -EDQUOT: it
 * is more than a recording of this size can have seen (nothing was counted of what
 * exceeds), or -ENOMEM.
 */
int budget_take(struct budget *b, const struct event *ev, uint64_t bytes);

#endif
