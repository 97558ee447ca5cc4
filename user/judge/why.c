// SPDX-License-Identifier: GPL-2.0-only
/*
 * why.c - in words: what a call spent its time on
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "judge/judge.h"
#include "util/sat.h"
#include "util/units.h"

/* Frames that are named in a sentence: what it waits in, and who made it. */
#define FRAMES_TOLD 3
/* Less of a call is no part of its reason. */
#define SHARE_TOLD  20

static const struct {
	const char *key, *words;
	bool waits; /* the stack says for what */
} parts[WHY_SUMS] = {
	[WHY_ON_CPU] = { "on_cpu", "on the cpu", false },
	[WHY_ASLEEP] = { "asleep", "asleep", true },
	[WHY_BLOCKED] = { "blocked", "blocked", true },
	[WHY_LOCK] = { "lock", "waiting for a lock", true },
	[WHY_RUNQUEUE] = { "runqueue", "waiting for a cpu", false },
	[WHY_FAULT] = { "fault", "in page faults", true },
	[WHY_SEND] = { "send", "sending", true },
	[WHY_RECEIVE] = { "receive", "receiving", true },
	[WHY_POLL] = { "poll", "waiting for events", true },
	[WHY_FUTEX] = { "futex", "waiting for another thread", true },
	[WHY_STOPPED] = { "stopped", "stopped by a signal", true },
	[WHY_KVM_LOG] = { "kvm_log", "in KVM's dirty log", true },
	[WHY_SEND_RECEIVER] = { "send_receiver", "its receiver", false },
	[WHY_SEND_BUFFERS] = { "send_buffers", "its buffers", false },
	[WHY_SEND_NETWORK] = { "send_network", "the network", false },
	[WHY_FUTEX_VCPU] = { "futex_vcpu", "a vCPU's", false },
	[WHY_FUTEX_OTHER] = { "futex_other", "another's", false },
};

const char *why_part_key(enum why_part part)
{
	return parts[part].key;
}

const char *why_part_words(enum why_part part)
{
	return parts[part].words;
}

const char *judge_limits_text(const uint64_t ns[WHY_SUMS], const struct call_why *w,
			      char buf[LIMITS_TEXT_LEN])
{
	uint64_t send = ns[WHY_SEND], rest = send;
	const char *before = "limited by ";
	char a[UNITS_LEN];
	size_t len = 0;
	int k;

	buf[0] = '\0';
	for (k = WHY_SEND_RECEIVER; k <= WHY_SEND_NETWORK; k++) {
		if (ns[k] == MODEL_NONE || !ns[k] || ns[k] < send / SHARE_TOLD)
			continue;
		rest = sat_sub(rest, ns[k]);
		len += (size_t)snprintf(buf + len, LIMITS_TEXT_LEN - len, "%s%s", before,
					parts[k].words);
		if (ns[k] < send - send / SHARE_TOLD)
			len += (size_t)snprintf(buf + len, LIMITS_TEXT_LEN - len, " for %s",
						units_duration(a, ns[k]));
		before = ", by ";
	}
	if (len && rest > send / SHARE_TOLD)
		len += (size_t)snprintf(buf + len, LIMITS_TEXT_LEN - len, ", not known for %s",
					units_duration(a, rest));
	if (len && w && w->srtt_ns != MODEL_NONE)
		len += (size_t)snprintf(buf + len, LIMITS_TEXT_LEN - len, "; srtt %s",
					units_duration(a, w->srtt_ns));
	if (len && w && w->srtt_ns != MODEL_NONE && w->cwnd != MODEL_NONE)
		len += (size_t)snprintf(buf + len, LIMITS_TEXT_LEN - len, ", cwnd %" PRIu64,
					w->cwnd);
	if (len && w && w->retransmits != MODEL_NONE && w->retransmits)
		snprintf(buf + len, LIMITS_TEXT_LEN - len, ", %" PRIu64 " retransmission%s",
			 w->retransmits, w->retransmits == 1 ? "" : "s");
	return buf;
}

const char *judge_detail_text(const uint64_t ns[WHY_SUMS], enum why_part part,
			      const struct call_why *w, char buf[LIMITS_TEXT_LEN])
{
	uint64_t all = ns[WHY_FUTEX], vcpu = ns[WHY_FUTEX_VCPU];
	char a[UNITS_LEN];

	if (part == WHY_SEND)
		return judge_limits_text(ns, w, buf);
	buf[0] = '\0';
	if (part != WHY_FUTEX || vcpu == MODEL_NONE || !vcpu || vcpu < all / SHARE_TOLD)
		return buf;
	if (vcpu < all - all / SHARE_TOLD)
		snprintf(buf, LIMITS_TEXT_LEN, "%s for %s", parts[WHY_FUTEX_VCPU].words,
			 units_duration(a, vcpu));
	else
		snprintf(buf, LIMITS_TEXT_LEN, "%s", parts[WHY_FUTEX_VCPU].words);
	return buf;
}

/* What the kernel's names consist of; a recording may claim others. */
static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || strchr("_.[]?-", c);
}

const char *judge_why_stack(const struct call_why *w, char buf[WHY_STACK_LEN])
{
	const char *p = w->stack, *end = w->stack + strnlen(w->stack, sizeof(w->stack));
	size_t len = 0, n, i;
	unsigned int frames;

	buf[0] = '\0';
	for (frames = 0; frames < FRAMES_TOLD && p < end; frames++) {
		char name[WHY_STACK_LEN];
		const char *next = memmem(p, (size_t)(end - p), " < ", 3);
		bool offset = false;

		if (!next)
			next = end;
		for (n = 0; p < next && n < sizeof(name) - 1; p++) {
			if (*p == '+')
				offset = true;
			else if (*p == '[')
				offset = false;
			if (!offset)
				name[n++] = is_of_name(*p) ? *p : '?';
		}
		i = len ? 3 : 0;
		if (len + i + n >= WHY_STACK_LEN)
			break;
		memcpy(buf + len, " < ", i);
		memcpy(buf + len + i, name, n);
		len += i + n;
		buf[len] = '\0';
		p = next < end ? next + 3 : end;
	}
	return buf;
}

/*
 * The part that its longest wait, which the stack is of, was in; WHY_PARTS: that may be
 * several.  Where it is not known how long it was, the most of what waits.
 */
static int part_of_longest(const struct call_why *w)
{
	bool known = w->longest_ns && w->longest_ns != MODEL_NONE;
	int k, part = WHY_PARTS;

	for (k = 0; k < WHY_PARTS; k++) {
		if (!parts[k].waits || w->ns[k] == MODEL_NONE || !w->ns[k] ||
		    (known && w->ns[k] < w->longest_ns))
			continue;
		if (part != WHY_PARTS && known)
			return WHY_PARTS;
		if (part == WHY_PARTS || w->ns[k] > w->ns[part])
			part = k;
	}
	return part;
}

const char *judge_why_text(const struct call_why *w, char buf[WHY_TEXT_LEN])
{
	char a[UNITS_LEN], stack[WHY_STACK_LEN], limits[LIMITS_TEXT_LEN];
	bool told[WHY_PARTS] = { false }, named = false;
	int longest = part_of_longest(w);
	size_t len = 0;

	buf[0] = '\0';
	judge_why_stack(w, stack);
	if (!w->seen) {
		if (stack[0])
			snprintf(buf, WHY_TEXT_LEN, "in %s", stack);
		return buf;
	}
	/* The most first; the stack goes with what it is of. */
	for (;;) {
		int best = -1, k;

		for (k = 0; k < WHY_PARTS; k++)
			if (!told[k] && w->ns[k] != MODEL_NONE &&
			    (best < 0 || w->ns[k] > w->ns[best]))
				best = k;
		if (best < 0 || !w->ns[best] || w->ns[best] < w->dur_ns / SHARE_TOLD)
			break;
		told[best] = true;
		len += (size_t)snprintf(buf + len, WHY_TEXT_LEN - len, "%s%s %s", len ? ", " : "",
					units_duration(a, w->ns[best]), parts[best].words);
		if (len < WHY_TEXT_LEN &&
		    judge_detail_text(w->ns, (enum why_part)best, w, limits)[0])
			len += (size_t)snprintf(buf + len, WHY_TEXT_LEN - len, " (%s)", limits);
		/* Of what has not returned the stack is that of now, whatever it does. */
		if (len < WHY_TEXT_LEN && stack[0] && !named && (best == longest || w->so_far)) {
			len += (size_t)snprintf(buf + len, WHY_TEXT_LEN - len, " in %s", stack);
			named = true;
		}
		if (len >= WHY_TEXT_LEN)
			return buf;
	}
	if (stack[0] && !named && w->longest_ns != MODEL_NONE && w->longest_ns &&
	    w->longest_ns >= w->dur_ns / SHARE_TOLD)
		snprintf(buf + len, WHY_TEXT_LEN - len, "%sthe longest wait, %s, in %s",
			 len ? "; " : "", units_duration(a, w->longest_ns), stack);
	return buf;
}

const char *judge_why_of(const struct event *ev, char buf[WHY_TEXT_LEN])
{
	struct call_why w;

	call_why_of(ev, &w);
	return judge_why_text(&w, buf);
}
