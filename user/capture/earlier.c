// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "capture/earlier.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "bpf/wire.h"
#include "capture/process.h"
#include "util/mono.h"

struct one {
	uint64_t id; /* pid << 32 | tid */
	struct wire_earlier call;
	uint64_t user_time;
	uint32_t target;
	bool has_target;
	bool told;
};

struct earlier {
	uint64_t seen_ns;
	size_t n;
	struct one calls[WIRE_EARLIER];
};

struct found {
	struct one *at;
	size_t n;
};

static void take(uint64_t id, const struct wire_earlier *call, void *arg)
{
	struct found *f = arg;

	if (f->n == WIRE_EARLIER)
		return;
	f->at[f->n++] = (struct one){
		.id = id,
		.call = *call,
		.user_time = process_user_time(id),
	};
}

/*
 * The head of a VFIO_DEVICE_FEATURE's argument, as its caller wrote it.  Read while it may
 * be: once all is attached the process gives up the memory of others.
 */
static void find_target(struct one *c)
{
	struct {
		uint32_t argsz, flags, state;
	} head;
	struct iovec to = { &head, sizeof(head) };
	struct iovec from = { (void *)(uintptr_t)c->call.user_arg, sizeof(head) };

	if (c->call.kind != WIRE_FEATURE ||
	    process_vm_readv(c->id >> 32, &to, 1, &from, 1, 0) != (ssize_t)sizeof(head) ||
	    head.flags != (VFIO_FEATURE_SET | VFIO_FEATURE_MIG_DEVICE_STATE))
		return;
	c->target = head.state;
	c->has_target = true;
}

struct earlier *earlier_create(struct attach *a)
{
	struct earlier *e = calloc(1, sizeof(*e));
	struct found f;
	size_t i;

	if (!e)
		return NULL;
	f = (struct found){ .at = e->calls };
	e->seen_ns = mono_ns();
	attach_earlier(a, take, &f);
	e->n = f.n;
	for (i = 0; i < e->n; i++)
		find_target(&e->calls[i]);
	if (e->n)
		return e;
	free(e);
	return NULL;
}

void earlier_destroy(struct earlier *e)
{
	free(e);
}

static void drop(struct earlier *e, size_t i)
{
	e->calls[i] = e->calls[--e->n];
}

void earlier_over(struct earlier *e, uint32_t tid)
{
	size_t i;

	for (i = 0; e && i < e->n; i++)
		if ((uint32_t)e->calls[i].id == tid)
			drop(e, i--);
}

static bool is_same(const struct one *a, const struct one *b)
{
	return a->id == b->id && a->user_time == b->user_time &&
	       !memcmp(&a->call, &b->call, sizeof(a->call));
}

void earlier_flights(struct earlier *e, struct attach *a,
		     void (*fn)(const struct attach_flight *f, void *arg), void *arg)
{
	struct one now[WIRE_EARLIER];
	struct found f = { .at = now };
	struct attach_flight flight;
	size_t i, k;

	if (!e || !e->n)
		return;
	attach_earlier(a, take, &f);
	for (i = 0; i < e->n; i++) {
		for (k = 0; k < f.n && !is_same(&e->calls[i], &now[k]); k++)
			;
		if (k == f.n) {
			drop(e, i--);
			continue;
		}
		flight = (struct attach_flight){
			.start_ns = e->seen_ns,
			.kind = now[k].call.kind,
			.device = now[k].call.device,
			.stream = now[k].call.stream,
			.tid = now[k].id,
			.pid = now[k].id >> 32,
			.news = !e->calls[i].told,
			.feature_target = e->calls[i].target,
			.has_target = e->calls[i].has_target,
		};
		e->calls[i].told = true;
		fn(&flight, arg);
	}
}
