/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm_words.h - what a VMM's log says of a downtime, beside what was recorded of it
 *
 * QEMU names the moments of a downtime: its trace event vmstate_downtime_checkpoint.  Where
 * its log was put between the events, as marks, they are held beside the same moments of the
 * devices.
 */
#ifndef VFIOSCOPE_VIEW_VMM_WORDS_H
#define VFIOSCOPE_VIEW_VMM_WORDS_H

#include "util/json.h"
#include "view/view.h"

struct vmm_words;

/* NULL without memory. */
struct vmm_words *vmm_words_create(void);
void vmm_words_destroy(struct vmm_words *w);
/* An EV_MARK; those that are no checkpoint are of no interest.  0 or -ENOMEM. */
int vmm_words_take(struct vmm_words *w, const struct event *ev);

/* A line for each in @g's time, after @indent blanks; nothing when there is none. */
void vmm_words_text(FILE *f, const struct view_evidence *e, const struct migration *g,
		    const struct view_options *opt, int indent);
/* An array; null: no log that names such moments is in the evidence. */
void vmm_words_json(struct json *j, const char *key, const struct view_evidence *e,
		    const struct migration *g);

#endif
