// SPDX-License-Identifier: GPL-2.0-only
#include "capture/rest.h"

#include <string.h>

#include "capture/attach_internal.h"
#include "capture/why.h"
#include "util/mono.h"
#include "vfioscope.skel.h"

static bool saw_sign(struct attach *a, uint64_t now_ns)
{
	uint32_t signs = a->skel->bss->signs;
	bool sign = a->skel->bss->streams_alive || signs != a->signs;

	a->signs = signs;
	if (sign)
		a->sign_ns = now_ns;
	return sign;
}

/* The hook of that type in the list, where it stays: core.c has no more than one; NULL: none. */
static struct capture_hook *hook_of(const struct attach *a, const struct hook_type *type)
{
	size_t i;

	for (i = 0; i < a->n_hooks; i++)
		if (!strcmp(a->hooks[i].kind, type->kind))
			return &a->hooks[i];
	return NULL;
}

static void rest(struct attach *a)
{
	size_t i;

	a->rests = true;
	/* First: a data FD that is born from here on is one whose close() may be missed. */
	a->skel->bss->closes_rest = 1;
	attach_closes_skipped_at_most(a);
	for (i = a->n_attached; i--;)
		if (attach_hook_type(a->hooks[a->attached[i].hook].kind)->rests)
			attach_detach(a, i);
	/* The next program counts from 0. */
	attach_closes_skipped_at_most(a);
}

/*
 * The hook on close() is there.  Which of the data FDs that were born before it have no
 * number any more, in any process, and are held by something else: a call that hangs?
 */
static void find_closed(struct attach *a, struct rest_told *told)
{
	struct rest_close close;
	__u32 last = a->skel->bss->last_stream, retired = a->skel->bss->streams_retired;
	const volatile struct wire_stream *st;
	bool any = false, all = true;
	size_t i;

	close.to_ns = mono_ns();
	for (i = 0; i < WIRE_STREAMS; i++)
		any |= a->streams[i].id > retired && a->streams[i].unseen_ns;
	/* The walk over all open files takes away the mark of those that it meets. */
	if (!any || attach_join(a))
		return;
	for (i = 0; i < WIRE_STREAMS; i++) {
		st = &a->streams[i];
		close.from_ns = st->unseen_ns;
		close.device = st->device;
		close.stream = st->id;
		if (close.stream > retired && close.from_ns)
			all &= told->closed(&close, told->arg);
	}
	if (all)
		a->skel->bss->closes_told = last;
}

static void wake(struct attach *a, struct rest_told *told)
{
	const struct hook_type *type;
	struct capture_hook *h;
	size_t id, n = 0;
	bool was;

	for (id = 0; id < WIRE_HOOKS; id++) {
		type = &attach_hook_types[id];
		h = type->rests ? hook_of(a, type) : NULL;
		if (!h)
			continue;
		was = capture_hook_attached(h);
		/* It is the kernel's own, whose BTF needs no descriptor. */
		attach_again(a, type, h, a->of_hook[id].btf_err, 0, a->of_hook[id].btf_id);
		if (was && !capture_hook_attached(h) && n < ARRAY_SIZE(told->failed))
			told->failed[n++] = h;
	}
	a->rests = false;
	a->skel->bss->closes_rest = 0;
	attach_ends_rested(a);
	find_closed(a, told);
}

void rest_update(struct attach *a, uint64_t now_ns, bool waits, bool hangs, struct rest_told *told)
{
	bool sign = saw_sign(a, now_ns), over = now_ns - a->sign_ns > REST_NS && !hangs;

	memset(told->failed, 0, sizeof(told->failed));
	if (sign && a->rests)
		wake(a, told);
	why_update(a, sign, over);
	if (over && waits && !sign && !a->rests)
		rest(a);
}
