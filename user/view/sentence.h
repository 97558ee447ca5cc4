/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sentence.h - a migration in one sentence, for people
 *
 * How long it took and where most of that went; of a failed one the call, its
 * errno, host and moment, whose turn it is, and what followed.  Every view that
 * tells a migration in words begins with it.
 */
#ifndef VFIOSCOPE_VIEW_SENTENCE_H
#define VFIOSCOPE_VIEW_SENTENCE_H

#include "view/view.h"

/*
 * Harmless text without a newline, with a full stop; of @opt its colour, time and
 * bytes count.
 */
void migration_sentence(FILE *f, const struct view_evidence *e, const struct migration *g,
			const struct view_options *opt);
/* "hpc-node-3 with 16 devices, node-a to node-b": whose migration, from where to where. */
void migration_subject(FILE *f, const struct view_evidence *e, const struct migration *g);
/* "write() of 40 B gave EFAULT after 0 B, on 0000:75:00.1 of node-b, by qemu (pid 7), at +0.07" */
void migration_cause(FILE *f, const struct view_evidence *e, const struct failure *c,
		     const struct view_options *opt);
/* "the driver has to act" */
void party_sentence(FILE *f, uint32_t party);

#endif
