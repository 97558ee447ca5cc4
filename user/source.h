/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * source.h - where events come from and where they go
 *
 * A source (a live capture, a recording, a stream on stdin) delivers events
 * one by one; a sink takes them.  Nothing that consumes events needs to know
 * which source it has.
 */
#ifndef VFIOSCOPE_SOURCE_H
#define VFIOSCOPE_SOURCE_H

#include <errno.h>

#include "event.h"
#include "util/sat.h"

/*
 * What a source says about itself: an ordered list of key/value strings, the
 * same key may come more than once.  Keys in use are listed in
 * docs/vfioscope-recording.5.  Values are untrusted text.
 */
struct meta_entry {
	char *key;
	char *value;
};

struct meta {
	struct meta_entry *entries;
	size_t n, cap;
};

/* Append a copy of both strings.  0 or -ENOMEM. */
int meta_add(struct meta *m, const char *key, const char *value);
/* As meta_add() with a printf format for the value. */
int meta_addf(struct meta *m, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The first value of @key, or NULL; owned by @m. */
const char *meta_get(const struct meta *m, const char *key);
/* Free all entries; @m is empty and usable again. */
void meta_clear(struct meta *m);

/* How sound the evidence is that a source delivered so far. */
struct source_health {
	bool ended;		/* an END was seen (always for a live capture) */
	uint64_t bytes_skipped; /* unreadable bytes */
	uint64_t frames_damaged;
	bool over_budget; /* of these: they name more than such a size can hold */
	uint64_t last_ns; /* end of the last event kept */
};

/* Is a part of it unreadable?  NULL: nobody counted, so no. */
static inline bool health_unreadable(const struct source_health *h)
{
	return h && (h->bytes_skipped || h->frames_damaged);
}

/* Is anything of it missing, be it only its end? */
static inline bool health_damaged(const struct source_health *h)
{
	return h && (!h->ended || health_unreadable(h));
}

/* Make @h that of @one, too: all but last_ns. */
static inline void health_join(struct source_health *h, const struct source_health *one)
{
	h->ended &= one->ended;
	sat_inc(&h->bytes_skipped, one->bytes_skipped);
	sat_inc(&h->frames_damaged, one->frames_damaged);
	h->over_budget |= one->over_budget;
}

struct event_source;

struct event_source_ops {
	/*
	 * Wait up to @timeout_ms (-1: for ever; a recording never waits) for
	 * the next event and store it in *@ev.
	 * 1: stored; 0: none came in time; -ENODATA: the source has ended;
	 * any other negative errno: it failed, and error() says why.
	 */
	int (*next)(struct event_source *src, struct event *ev, int timeout_ms);
	/* Owned by the source; may grow while events are read. */
	const struct meta *(*meta)(struct event_source *src);
	void (*health)(struct event_source *src, struct source_health *out);
	/* One line, without newline, about the last failure; never NULL. */
	const char *(*error)(struct event_source *src);
	void (*close)(struct event_source *src);
};

struct event_source {
	const struct event_source_ops *ops;
};

struct event_sink {
	/* Take one event (copied if kept).  0 or -errno, which ends the run. */
	int (*put)(struct event_sink *sink, const struct event *ev);
};

#endif
