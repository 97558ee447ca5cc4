// SPDX-License-Identifier: GPL-2.0-only
#include "recording/past.h"

#include <errno.h>
#include <stdlib.h>

#include "recording/registry.h"

struct past {
	struct registry registry;
	struct event ring[PAST_EVENTS];
	size_t first, n;
};

struct past *past_create(void)
{
	struct past *p = calloc(1, sizeof(*p));

	if (p)
		p->registry.max = PAST_DEFINITIONS;
	return p;
}

void past_destroy(struct past *p)
{
	if (!p)
		return;
	registry_free(&p->registry);
	free(p);
}

/* What is older than anybody asks for. */
static void forget(struct past *p, uint64_t now_ns)
{
	while (p->n && sat_sub(now_ns, event_end_ns(&p->ring[p->first])) > PAST_NS) {
		p->first = (p->first + 1) % PAST_EVENTS;
		p->n--;
	}
}

int past_take(struct past *p, const struct event *ev)
{
	if (!event_kind_is_public(ev->kind))
		return registry_learn(&p->registry, ev);
	forget(p, event_end_ns(ev));
	if (p->n == PAST_EVENTS) {
		p->first = (p->first + 1) % PAST_EVENTS;
		p->n--;
	}
	p->ring[(p->first + p->n++) % PAST_EVENTS] = *ev;
	return 0;
}

size_t past_count(const struct past *p)
{
	return p->n;
}

const struct event *past_event(const struct past *p, size_t i)
{
	return &p->ring[(p->first + i) % PAST_EVENTS];
}

const struct event *past_device(const struct past *p, uint32_t device)
{
	return registry_find(&p->registry, &(struct event){ .kind = EV_DEVICE, .device = device });
}

const struct event *past_task(const struct past *p, uint32_t host, uint32_t pid)
{
	return registry_find(&p->registry,
			     &(struct event){ .kind = EV_TASK, .host = host, .pid = pid });
}

const struct event *past_clock(const struct past *p)
{
	return registry_find(&p->registry, &(struct event){ .kind = EV_CLOCK });
}

const struct event *past_function(const struct past *p, size_t i)
{
	return registry_at(&p->registry, EV_FUNCTION, i);
}
