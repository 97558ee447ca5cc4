// SPDX-License-Identifier: GPL-2.0-only
/*
 * budget.c - how much a recording may make its readers remember
 */
#include "recording/budget.h"

#include <errno.h>
#include <string.h>

/*
 * Free ones, so that no small recording is ever suspected, and so many more for each
 * KiB.  A device, a stream or a process is in a recording for the calls it made: the
 * smallest migration is some twenty events of four bytes, of which compression leaves
 * about a third.  Events that differ in nothing but a constant step compress without
 * end, so their budget is wide: it only bounds the time that reading takes.
 */
static const struct {
	uint64_t free, per_kib;
} limits[BUDGET_NR] = {
	[BUDGET_EVENTS] = { 1U << 20, 64 << 10 },
	[BUDGET_DEVICES] = { 1024, 16 },
	[BUDGET_STREAMS] = { 1024, 64 },
	[BUDGET_TASKS] = { 4096, 128 },
	[BUDGET_HOSTS] = { 64, 4 },
	/* each ten seconds one, some ten bytes long */
	[BUDGET_CLOCKS] = { 4096, 256 },
};

void budget_free(struct budget *b)
{
	numbers_free(&b->seen);
	memset(b, 0, sizeof(*b));
}

static uint64_t limit_of(uint32_t kind, uint64_t bytes)
{
	return limits[kind].free + bytes / 1024 * limits[kind].per_kib;
}

/* @number: none if 0.  The kind takes its topmost bits, which only a lie uses. */
static int take(struct budget *b, uint32_t kind, uint64_t number, uint64_t bytes)
{
	uint64_t key = (uint64_t)kind << 60 | (number & ((1ULL << 60) - 1));

	if (!number || numbers_find(&b->seen, key))
		return 0;
	if (b->used[kind] >= limit_of(kind, bytes))
		return -EDQUOT;
	if (!numbers_at(&b->seen, key))
		return -ENOMEM;
	b->used[kind]++;
	return 0;
}

int budget_take(struct budget *b, const struct event *ev, uint64_t bytes)
{
	uint32_t spread = ev->stream * 0x9e3779b1U ^ ev->device * 0x85ebca6bU;
	struct budget_who *who = &b->recent[(spread >> 16) % BUDGET_RECENT];
	int err = 0;

	if (b->used[BUDGET_EVENTS] >= limit_of(BUDGET_EVENTS, bytes))
		return -EDQUOT;
	if (who->device != ev->device || who->stream != ev->stream || who->pid != ev->pid ||
	    who->host != ev->host) {
		err = take(b, BUDGET_DEVICES, ev->device, bytes);
		err = err ?: take(b, BUDGET_STREAMS, ev->stream, bytes);
		err = err ?: take(b, BUDGET_HOSTS, ev->host, bytes);
		err = err ?: take(b, BUDGET_TASKS, (uint64_t)ev->host << 32 | ev->pid, bytes);
		if (err)
			return err;
		*who = (struct budget_who){ ev->pid, ev->device, ev->stream, ev->host };
	}
	if (ev->kind == EV_CLOCK && b->used[BUDGET_CLOCKS]++ >= limit_of(BUDGET_CLOCKS, bytes))
		return -EDQUOT;
	b->used[BUDGET_EVENTS]++;
	return 0;
}
