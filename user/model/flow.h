/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flow.h - the bytes of data FDs, host by host: which stream of one host is
 * which of another, and how long bytes took between them
 *
 * For align.c alone.  Streams are compared by their bytes: a source's that came
 * to its end, and a destination's that took in just as many.
 */
#ifndef VFIOSCOPE_MODEL_FLOW_H
#define VFIOSCOPE_MODEL_FLOW_H

#include <stddef.h>

#include "event.h"

struct flow;

/* A zeroed one is empty. */
struct flows {
	struct flow *f;
	size_t n, cap;
	struct flow_vm {
		size_t input;
		uint32_t host, pid;
		char name[EVENT_NAME_LEN];
	} * vm;
	size_t n_vms;
};

/* An event of @input, in order.  0 or -ENOMEM. */
int flows_event(struct flows *fs, size_t input, const struct event *ev);
void flows_free(struct flows *fs);

/* Which clock an input has, and its times on the one that they are compared by. */
struct flow_view {
	const void *arg;
	size_t (*clock)(const void *arg, size_t input);
	uint64_t (*time)(const void *arg, size_t input, uint64_t t_ns);
};

/* Source's streams of that clock's host. */
uint32_t flows_sources(const struct flows *fs, const struct flow_view *v, size_t clock);
/*
 * The least time from a read() on @from to the write() of the same bytes on @to:
 * *@way_ns; INT64_MAX when no streams are seen on both.  Returns how many are.
 */
uint32_t flows_way(const struct flows *fs, const struct flow_view *v, size_t from, size_t to,
		   int64_t *way_ns);

#endif
