/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live_once.h - live --once: one snapshot, as the scope's screen or as JSON
 *
 * A sink that takes events for as long as the caller looks on, and then prints
 * what they add up to: the text is the scope's screen, the JSON is `report`'s.
 */
#ifndef VFIOSCOPE_CMD_LIVE_ONCE_H
#define VFIOSCOPE_CMD_LIVE_ONCE_H

#include <stdbool.h>

#include "source.h"
#include "tui/scope.h"

struct live_once;

/*
 * @src is what the events come from, asked for what it is when printing; @so is
 * as for a live scope and must outlive it.  NULL: out of memory.
 */
struct live_once *live_once_create(const struct scope_options *so, struct event_source *src,
				   bool json);
void live_once_destroy(struct live_once *o);
struct event_sink *live_once_sink(struct live_once *o);
/*
 * The source has ended at @now_ns: print to @f.  The screen is as large as the
 * terminal behind @f, else 40 rows of 120 columns.  0 or -ENOMEM.
 */
int live_once_print(struct live_once *o, uint64_t now_ns, FILE *f);

#endif
