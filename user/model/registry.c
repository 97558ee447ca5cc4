// SPDX-License-Identifier: GPL-2.0-only
/*
 * registry.c - who is who: devices, streams, processes and hosts, and the copy
 * of all of it
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* ---- things by the numbers that a recording chose ---- */

static void map_enter(struct map *t, uint64_t key, uint32_t at)
{
	uint32_t i = map_hash(key, t->n_slots);

	while (t->slot[i])
		i = (i + 1) & (t->n_slots - 1);
	t->slot[i] = at + 1;
}

static int map_rehash(struct map *t, uint32_t n_slots)
{
	uint32_t *slot = calloc(n_slots, sizeof(*slot)), i;

	if (!slot)
		return -ENOMEM;
	free(t->slot);
	t->slot = slot;
	t->n_slots = n_slots;
	for (i = 0; i < t->n; i++)
		map_enter(t, t->key[i], i);
	return 0;
}

int map_put(struct map *t, uint64_t key, void *item)
{
	if (t->n == t->cap) {
		uint32_t cap = t->cap ? t->cap * 2 : 16;
		void **items = realloc(t->item, cap * sizeof(*items));
		uint64_t *keys;

		if (!items)
			return -ENOMEM;
		t->item = items;
		keys = realloc(t->key, cap * sizeof(*keys));
		if (!keys)
			return -ENOMEM;
		t->key = keys;
		t->cap = cap;
	}
	if ((t->n + 1) * 4 > t->n_slots * 3 && map_rehash(t, t->n_slots ? t->n_slots * 2 : 32))
		return -ENOMEM;
	t->item[t->n] = item;
	t->key[t->n] = key;
	map_enter(t, key, t->n++);
	return 0;
}

static void map_free(struct map *t, void (*drop)(void *))
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		drop(t->item[i]);
	free(t->item);
	free(t->key);
	free(t->slot);
	memset(t, 0, sizeof(*t));
}

/* ---- devices and streams ---- */

const struct event_context context_of_nothing = {
	.state = MIG_UNKNOWN,
	.state_before = MIG_UNKNOWN,
};

struct dev *dev_make(struct model *m, uint32_t number)
{
	struct dev *d = calloc(1, sizeof(*d));

	if (!d || map_put(&m->devices, number, d)) {
		free(d);
		return NULL;
	}
	d->pub.number = number;
	d->pub.state = d->pub.likely = d->prev_likely = MIG_UNKNOWN;
	d->estimate = MODEL_NONE;
	d->pub.failure.target = EVENT_TARGET_NONE;
	left_init(&d->left);
	return d;
}

struct model_stream *stream_make(struct model *m, uint32_t number)
{
	struct model_stream *s = calloc(1, sizeof(*s));

	if (!s || map_put(&m->streams, number, s)) {
		free(s);
		return NULL;
	}
	s->number = number;
	s->open = true;
	return s;
}

void copy_name(char *dst, const char *src, size_t size)
{
	memcpy(dst, src, size);
	dst[size - 1] = '\0';
}

/* ---- processes and hosts ---- */

static uint64_t proc_key(uint32_t host, uint32_t pid)
{
	return (uint64_t)host << 32 | pid;
}

struct proc *proc_of(struct model *m, uint32_t host, uint32_t pid, int *err)
{
	struct proc *p = map_get(&m->procs, proc_key(host, pid));

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p || map_put(&m->procs, proc_key(host, pid), p)) {
		free(p);
		*err = -ENOMEM;
		return NULL;
	}
	p->pub.host = host;
	p->pub.pid = pid;
	p->log_since_ns = MODEL_NONE;
	return p;
}

struct proc *proc_of_event(struct model *m, const struct dev *d, const struct event *ev, int *err)
{
	return proc_if_same(m, d, ev) ?: proc_of(m, ev->host, ev->pid, err);
}

uint32_t proc_index(const struct model *m, uint32_t host, uint32_t pid)
{
	return map_find(&m->procs, proc_key(host, pid));
}

int dev_changes_hands(struct model *m, struct dev *d, const struct event *ev)
{
	struct proc *old = proc_at(m, d->proc), *p;
	int err = 0;

	p = proc_of(m, ev->host, ev->pid, &err);
	if (!p)
		return err;
	/* One that only looks (a child that closes its copy) does not take it over. */
	if (old && (d->sess || d->stopped))
		return 0;
	d->proc = proc_index(m, ev->host, ev->pid);
	d->owner = p->n_owners++;
	return 0;
}

static void define_device(struct dev *d, const struct event *ev)
{
	d->pub.defined = true;
	copy_name(d->pub.name, ev->device_def.name, sizeof(d->pub.name));
	copy_name(d->pub.driver, ev->device_def.driver, sizeof(d->pub.driver));
	copy_name(d->pub.bus, ev->device_def.bus, sizeof(d->pub.bus));
	d->pub.host = ev->host;
	if (ev->device_def.migration_flags) {
		d->pub.migration_flags = ev->device_def.migration_flags;
		d->pub.has_flags = true;
	}
	if (ev->device_def.precopy_info_v2)
		d->pub.precopy_info_v2 = true;
}

static int define_process(struct model *m, const struct event *ev)
{
	int err = 0;
	struct proc *p = proc_of(m, ev->host, ev->pid, &err);

	if (!p)
		return err;
	/* A process number that is used again is another process. */
	copy_name(p->vm, ev->task_def.vm, sizeof(p->vm));
	p->pub.vm_source = ev->task_def.source;
	if (ev->comm[0]) {
		copy_name(p->pub.comm, ev->comm, sizeof(p->pub.comm));
		p->pub.comm_known = true;
	}
	return 0;
}

#define HOSTS_MAX 4096

/* All up to @host. */
static int know_hosts(struct model *m, uint32_t host)
{
	while (m->n_hosts <= host) {
		if (array_room(&m->hosts, m->n_hosts + 1, &m->cap_hosts, sizeof(*m->hosts)))
			return -ENOMEM;
		m->hosts[m->n_hosts++] = (struct host){ .name = "" };
	}
	return 0;
}

static int define_host(struct model *m, const struct event *ev)
{
	if (!ev->host || ev->host > HOSTS_MAX)
		return 0;
	if (know_hosts(m, ev->host))
		return -ENOMEM;
	copy_name(m->hosts[ev->host].name, ev->host_def.name, sizeof(m->hosts->name));
	return 0;
}

uint64_t host_seen_ns(const struct model *m, uint32_t host)
{
	return host < m->n_hosts ? m->hosts[host].seen_ns : 0;
}

int define(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct dev *d;
	int err = 0;

	switch (ev->kind) {
	case EV_DEVICE:
		d = dev_of(m, ev->device, &err);
		if (!d)
			return err;
		define_device(d, ev);
		if (ctx)
			ctx->device = &d->pub;
		return 0;
	case EV_TASK:
		return define_process(m, ev);
	case EV_HOST:
		return define_host(m, ev);
	case EV_FUNCTION:
		return inside_define(m, ev);
	default:
		return 0;
	}
}

/* ---- looking ---- */

const struct model_process *model_process(const struct model *m, uint32_t host, uint32_t pid)
{
	struct proc *p = map_get(&m->procs, proc_key(host, pid));

	if (!p)
		return NULL;
	p->pub.vm = p->vm[0] ? p->vm : NULL;
	return &p->pub;
}

const char *model_vm(const struct model *m, uint32_t host, uint32_t pid)
{
	const struct model_process *p = model_process(m, host, pid);

	return p ? p->vm : NULL;
}

const char *model_host(const struct model *m, uint32_t host)
{
	return host && host < m->n_hosts && m->hosts[host].name[0] ? m->hosts[host].name : NULL;
}

uint32_t model_hosts(const struct model *m)
{
	return m->n_hosts - 1;
}

uint32_t model_devices(const struct model *m)
{
	return m->devices.n;
}

const struct model_device *model_device_at(const struct model *m, uint32_t i)
{
	const struct dev *d = i < m->devices.n ? m->devices.item[i] : NULL;

	return d ? &d->pub : NULL;
}

const struct model_device *model_device(const struct model *m, uint32_t number)
{
	const struct dev *d = dev_get(m, number);

	return d ? &d->pub : NULL;
}

const struct model_stream *model_stream(const struct model *m, uint32_t number)
{
	return number ? map_get(&m->streams, number) : NULL;
}

uint32_t model_event_device(const struct model *m, const struct event *ev)
{
	const struct model_stream *s;

	if (ev->device || !ev->stream)
		return ev->device;
	s = model_stream(m, ev->stream);
	return s ? s->device : 0;
}

/* ---- beginning, end, and a copy ---- */

static void dev_drop(void *p)
{
	path_drop(&((struct dev *)p)->window);
	free(p);
}

static void proc_drop(void *p)
{
	path_drop(&((struct proc *)p)->stop);
	free(p);
}

struct model *model_create(void)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->join_dirty = true;
	if (!know_hosts(m, 0))
		return m;
	free(m);
	return NULL;
}

void model_destroy(struct model *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < m->n_sess; i++)
		sess_destroy(m->sess[i]);
	for (i = 0; i < m->n_sides; i++)
		side_destroy(m->sides[i]);
	free(m->sess);
	free(m->sides);
	free(m->live);
	free(m->flights);
	free(m->functions);
	free(m->insides);
	free(m->hosts);
	free(m->clocks);
	free(m->migs);
	map_free(&m->devices, dev_drop);
	map_free(&m->streams, free);
	map_free(&m->procs, proc_drop);
	free(m);
}

static void *dup(const void *src, size_t n, size_t size, bool *failed)
{
	void *p = n ? malloc(n * size) : NULL;

	if (p)
		memcpy(p, src, n * size);
	else if (n)
		*failed = true;
	return p;
}

static void *dev_copy(const void *src)
{
	const struct dev *d = src;
	struct dev *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *d;
	if (!path_copy(&c->window, &d->window))
		return c;
	free(c);
	return NULL;
}

static void *proc_copy(const void *src)
{
	const struct proc *p = src;
	struct proc *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *p;
	if (!path_copy(&c->stop, &p->stop))
		return c;
	free(c);
	return NULL;
}

static void *stream_copy(const void *src)
{
	bool failed = false;

	return dup(src, 1, sizeof(struct model_stream), &failed);
}

static int map_copy(struct map *to, const struct map *from, void *(*copy)(const void *),
		    void (*drop)(void *))
{
	uint32_t i;
	void *p;

	memset(to, 0, sizeof(*to));
	for (i = 0; i < from->n; i++) {
		p = copy(from->item[i]);
		if (p && !map_put(to, from->key[i], p))
			continue;
		if (p)
			drop(p);
		return -ENOMEM;
	}
	return 0;
}

/* Empty all that @c would share with its original. */
static void disown(struct model *c)
{
	memset(&c->devices, 0, sizeof(c->devices));
	memset(&c->streams, 0, sizeof(c->streams));
	memset(&c->procs, 0, sizeof(c->procs));
	c->sess = NULL;
	c->sides = NULL;
	c->live = NULL;
	c->flights = NULL;
	c->functions = NULL;
	c->insides = NULL;
	c->hosts = NULL;
	c->clocks = NULL;
	c->migs = NULL;
	c->n_sess = c->n_sides = c->n_migs = 0;
	c->join_dirty = true;
}

struct model *model_clone(const struct model *m)
{
	struct model *c = malloc(sizeof(*c));
	bool failed = false;
	uint32_t i;

	if (!c)
		return NULL;
	*c = *m;
	disown(c);
	c->live = dup(m->live, m->n_live, sizeof(*m->live), &failed);
	c->cap_live = m->n_live;
	c->flights = dup(m->flights, m->n_flights, sizeof(*m->flights), &failed);
	c->cap_flights = m->n_flights;
	c->functions = dup(m->functions, m->n_functions, sizeof(*m->functions), &failed);
	c->cap_functions = m->n_functions;
	c->insides = dup(m->insides, m->n_insides, sizeof(*m->insides), &failed);
	c->cap_insides = m->n_insides;
	c->hosts = dup(m->hosts, m->n_hosts, sizeof(*m->hosts), &failed);
	c->cap_hosts = m->n_hosts;
	c->clocks = dup(m->clocks, m->n_clocks, sizeof(*m->clocks), &failed);
	c->cap_clocks = m->n_clocks;
	c->sess = m->n_sess ? malloc(m->n_sess * sizeof(*c->sess)) : NULL;
	c->sides = m->n_sides ? malloc(m->n_sides * sizeof(*c->sides)) : NULL;
	c->cap_sess = m->n_sess;
	c->cap_sides = m->n_sides;
	if (failed || (m->n_sess && !c->sess) || (m->n_sides && !c->sides))
		goto fail;
	for (i = 0; i < m->n_sess; i++, c->n_sess++) {
		c->sess[i] = sess_copy(m->sess[i]);
		if (!c->sess[i])
			goto fail;
	}
	for (i = 0; i < m->n_sides; i++, c->n_sides++) {
		c->sides[i] = side_copy(m->sides[i]);
		if (!c->sides[i])
			goto fail;
	}
	if (map_copy(&c->devices, &m->devices, dev_copy, dev_drop) ||
	    map_copy(&c->streams, &m->streams, stream_copy, free) ||
	    map_copy(&c->procs, &m->procs, proc_copy, proc_drop))
		goto fail;
	return c;
fail:
	model_destroy(c);
	return NULL;
}
