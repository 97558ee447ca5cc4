// SPDX-License-Identifier: GPL-2.0-only
#include "recording/old_merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/hosts.h"
#include "util/array.h"
#include "util/numbers.h"

/* More than any kernel's pid_max (4194304). */
#define TASK_STEP 10000000U
#define LABEL_LEN 24 /* what a device's name had of it */
#define HOSTS	  2

/* A process as the recording numbers it. */
struct proc {
	uint32_t host; /* 0: not known yet */
	bool waits;    /* @task was not delivered yet */
	struct event task;
};

struct old_merge {
	struct event_source source;
	struct event_source *in;
	bool begun, is_old;
	char label[HOSTS][EVENT_NAME_LEN];
	bool introduced[HOSTS];
	uint8_t *device; /* its host, by number */
	uint32_t n_devices;
	struct proc *proc;
	size_t n_procs, proc_cap;
	struct numbers procs;	    /* by pid: the place in proc, and one */
	struct event ev[HOSTS + 2]; /* read and not delivered yet */
	size_t n, at;
	uint64_t seq;
	struct meta meta;
	size_t meta_n; /* entries of @in's that are in it */
};

/* Is it one?  Then it names both hosts, each in front of what it says of its recording. */
static bool is_old_merge(struct old_merge *o)
{
	const struct meta *m = o->in->ops->meta(o->in);
	bool several = false;
	size_t i, n = 0;

	for (i = 0; i < m->n; i++) {
		const char *value = m->entries[i].value;

		if (!strcmp(m->entries[i].key, "part"))
			return false;
		if (strcmp(m->entries[i].key, "merged") || !strncmp(value, "bound: ", 7))
			continue;
		if (!strncmp(value, "clock: ", 7))
			several = strncmp(value + 7, "both ", 5);
		else if (n++ < HOSTS)
			snprintf(o->label[n - 1], sizeof(o->label[0]), "%.*s",
				 (int)strcspn(value, ":"), value);
	}
	return several && n == HOSTS;
}

static uint32_t host_of_name(const struct old_merge *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < HOSTS; i++) {
		size_t len = strnlen(o->label[i], LABEL_LEN);

		if (len && !strncmp(name, o->label[i], len) && name[len] == '/')
			return i + 1;
	}
	return 0;
}

/* ---- one event ---- */

static int define_device(struct old_merge *o, struct event *ev)
{
	char *name = ev->device_def.name;
	uint8_t *d;
	size_t len;

	name[sizeof(ev->device_def.name) - 1] = '\0';
	ev->host = host_of_name(o, name);
	if (!ev->host || !ev->device || ev->device > UINT16_MAX)
		return 0;
	if (ev->device >= o->n_devices) {
		d = realloc(o->device, ev->device + 1);
		if (!d)
			return -ENOMEM;
		memset(d + o->n_devices, 0, ev->device + 1 - o->n_devices);
		o->device = d;
		o->n_devices = ev->device + 1;
	}
	o->device[ev->device] = (uint8_t)ev->host;
	len = strnlen(o->label[ev->host - 1], LABEL_LEN) + 1;
	memmove(name, name + len, strlen(name + len) + 1);
	return 0;
}

static int proc_of(struct old_merge *o, uint32_t pid, struct proc **out)
{
	uint32_t *at;

	*out = NULL;
	if (!pid)
		return 0;
	if (array_room(&o->proc, o->n_procs + 1, &o->proc_cap, sizeof(*o->proc)))
		return -ENOMEM;
	at = numbers_at(&o->procs, pid);
	if (!at)
		return -ENOMEM;
	if (!*at) {
		*at = (uint32_t)++o->n_procs;
		o->proc[*at - 1].host = pid > TASK_STEP ? 2 : 0;
	}
	*out = &o->proc[*at - 1];
	return 0;
}

static void put(struct old_merge *o, const struct event *ev)
{
	struct event *e = &o->ev[o->n++];

	*e = *ev;
	if (e->pid > TASK_STEP)
		e->pid -= TASK_STEP;
	if (e->tid > TASK_STEP)
		e->tid -= TASK_STEP;
}

/* *@ev, with its host and behind what has to be known before it. */
static int take(struct old_merge *o, struct event *ev)
{
	struct proc *p;
	int err;

	o->n = o->at = 0;
	err = proc_of(o, ev->pid, &p);
	if (!err && ev->kind == EV_DEVICE)
		err = define_device(o, ev);
	if (err)
		return err;
	if (ev->device < o->n_devices && ev->device)
		ev->host = o->device[ev->device];
	else if (p && !ev->host)
		ev->host = p->host;
	if (ev->kind == EV_CLOCK)
		ev->host = 1; /* the source's is the clock of all */
	if (ev->kind == EV_TASK && p && !ev->host) {
		p->task = *ev;
		p->waits = true;
		return 0;
	}
	if (ev->host && !o->introduced[ev->host - 1]) {
		struct event def = { .kind = EV_HOST, .host = ev->host, .t_ns = ev->t_ns };

		memcpy(def.host_def.name, o->label[ev->host - 1], sizeof(def.host_def.name));
		o->introduced[ev->host - 1] = true;
		put(o, &def);
	}
	if (p && ev->host && ev->kind != EV_DEVICE) {
		p->host = ev->host;
		if (p->waits) {
			p->task.host = p->host;
			put(o, &p->task);
			p->waits = false;
		}
	}
	put(o, ev);
	return 0;
}

static int old_merge_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct old_merge *o = (struct old_merge *)src;
	int rc;

	while (o->at == o->n) {
		rc = o->in->ops->next(o->in, ev, timeout_ms);
		if (rc <= 0)
			return rc;
		/* META is in front. */
		if (!o->begun)
			o->is_old = is_old_merge(o);
		o->begun = true;
		if (!o->is_old)
			return rc;
		rc = take(o, ev);
		if (rc)
			return rc;
	}
	*ev = o->ev[o->at++];
	ev->seq = ++o->seq;
	return 1;
}

static const struct meta *old_merge_meta(struct event_source *src)
{
	struct old_merge *o = (struct old_merge *)src;
	const struct meta *m = o->in->ops->meta(o->in);
	struct host_part p = { 0 };
	size_t i;

	if (!o->is_old)
		return m;
	if (o->meta_n == m->n)
		return &o->meta;
	meta_clear(&o->meta);
	for (i = 0; i < m->n; i++)
		if (meta_add(&o->meta, m->entries[i].key, m->entries[i].value))
			break;
	for (p.host = 1; p.host <= HOSTS; p.host++) {
		memcpy(p.name, o->label[p.host - 1], sizeof(p.name));
		if (host_part_add(&o->meta, &p))
			break;
	}
	o->meta_n = m->n;
	return &o->meta;
}

static void old_merge_health(struct event_source *src, struct source_health *out)
{
	struct old_merge *o = (struct old_merge *)src;

	o->in->ops->health(o->in, out);
}

static const char *old_merge_error(struct event_source *src)
{
	struct old_merge *o = (struct old_merge *)src;

	return o->in->ops->error(o->in);
}

static void old_merge_close(struct event_source *src)
{
	struct old_merge *o = (struct old_merge *)src;

	o->in->ops->close(o->in);
	free(o->device);
	free(o->proc);
	numbers_free(&o->procs);
	meta_clear(&o->meta);
	free(o);
}

int old_merge_open(struct event_source **src)
{
	static const struct event_source_ops ops = {
		.next = old_merge_next,
		.meta = old_merge_meta,
		.health = old_merge_health,
		.error = old_merge_error,
		.close = old_merge_close,
	};
	struct old_merge *o = calloc(1, sizeof(*o));

	if (!o) {
		(*src)->ops->close(*src);
		*src = NULL;
		return -ENOMEM;
	}
	o->source.ops = &ops;
	o->in = *src;
	*src = (struct event_source *)o;
	return 0;
}
