/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * anonymise.h - the names of a recording, replaced
 *
 * Hosts, VMs, processes (and their threads), devices and marks become "host-1", "vm-1",
 * "process-1", "device-1", "mark-1": the same name the same everywhere, in events and in
 * META.  What is known to be nobody's name stays (anonymise_remains()); of META only that
 * and what can be cleaned is kept.
 */
#ifndef VFIOSCOPE_RECORDING_ANONYMISE_H
#define VFIOSCOPE_RECORDING_ANONYMISE_H

#include <stddef.h>

#include "event.h"
#include "source.h"

enum anonymous { ANON_HOST, ANON_VM, ANON_PROCESS, ANON_DEVICE, ANON_MARK, ANON_BOOT, ANON_NR };

struct anonymiser;

/* NULL without memory. */
struct anonymiser *anonymise_create(void);
void anonymise_destroy(struct anonymiser *a);
/* Learn the names of an event, of META: before the first one is replaced.  0 or -ENOMEM. */
int anonymise_learn(struct anonymiser *a, const struct event *ev);
int anonymise_learn_meta(struct anonymiser *a, const struct meta *m);
/* Replace those of *@ev.  0 or -ENOMEM. */
int anonymise_event(struct anonymiser *a, struct event *ev);
/* Append to @out what of @m may be kept.  0 or -ENOMEM. */
int anonymise_meta(struct anonymiser *a, const struct meta *m, struct meta *out);
/* How many names of a kind were replaced. */
size_t anonymise_count(const struct anonymiser *a, enum anonymous kind);
/* What is still in there, in words: a phrase each, NULL at the end. */
extern const char *const anonymise_remains[];

#endif
