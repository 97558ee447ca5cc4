// SPDX-License-Identifier: GPL-2.0-only
#include "model/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* ---- from a model ---- */

static uint32_t put_device(struct model *m, struct digest *out, uint32_t number, uint64_t bytes,
			   bool asked)
{
	const struct model_device *d = model_device(m, number);
	struct digest_device *x = &out->device[out->n_devices];

	if (d) {
		copy_name(x->name, d->name, sizeof(x->name));
		copy_name(x->driver, d->driver, sizeof(x->driver));
		x->order = d->order;
	}
	x->bytes_total = bytes;
	x->asked = asked;
	return ++out->n_devices;
}

int model_digest(struct model *m, uint32_t id, struct digest *out)
{
	const struct side *s = model_side(m, id);
	const struct sid *sid = side_of(m, id);
	uint32_t i, at;

	memset(out, 0, sizeof(*out));
	out->device = calloc(s->n_devices + 1, sizeof(*out->device));
	if (!out->device)
		return -ENOMEM;
	out->side = *s;
	/* As far as it was seen: later evidence is not about this one. */
	if (!s->ended && m->last_ns > s->end_ns)
		out->side.end_ns = m->last_ns;
	out->n_eof = sid->n_eof;
	_Static_assert(sizeof(out->phase) == sizeof(sid->n_phase), "all phases");
	memcpy(out->phase, sid->n_phase, sizeof(out->phase));
	for (i = 0; i < s->n_devices; i++) {
		const struct side_device *d = model_side_device(m, id, i);
		const struct session *g = model_session_peek(m, d->session);

		at = put_device(m, out, d->device, g ? g->bytes_total : 0, true);
		if (s->cause.kind && s->cause.device == d->device)
			out->cause_device = at;
	}
	if (s->cause.kind && s->cause.device && !out->cause_device)
		out->cause_device = put_device(m, out, s->cause.device, 0, false);
	return 0;
}

void digest_free(struct digest *d)
{
	free(d->device);
	d->device = NULL;
}

static void shift(uint64_t *t, uint64_t by)
{
	if (*t != MODEL_NONE && *t)
		*t += by;
}

void digest_shift(struct digest *d, uint64_t ahead_ns)
{
	struct side *s = &d->side;
	uint64_t *const times[] = { &s->begin_ns,     &s->end_ns,	 &s->ran_again_ns,
				    &s->eof_ns,	      &s->run_ns,	 &s->cause.t_ns,
				    &s->cause.end_ns, &s->stop.start_ns, &s->stop.end_ns };
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		shift(times[i], ahead_ns);
}

/* ---- into one ---- */

/* Numbers of devices are given out here: none has another meaning in such a model. */
static int add_device(struct model *m, const struct digest_device *x, uint32_t host,
		      uint32_t *number)
{
	struct event ev = { .kind = EV_DEVICE, .host = host, .device = model_devices(m) + 1 };
	int err;

	memcpy(ev.device_def.name, x->name, sizeof(x->name));
	memcpy(ev.device_def.driver, x->driver, sizeof(x->driver));
	err = model_feed(m, &ev, NULL);
	if (!err)
		dev_get(m, ev.device)->pub.order = x->order;
	*number = ev.device;
	return err;
}

static int add_session(struct model *m, struct sid *s, const struct digest_device *x,
		       uint32_t device)
{
	struct sess *g = calloc(1, sizeof(*g)), *last = sess_of(m, s->pub.last_session);

	if (!g || array_room(&m->sess, m->n_sess + 1, &m->cap_sess, sizeof(*m->sess))) {
		free(g);
		return -ENOMEM;
	}
	m->sess[m->n_sess++] = g;
	g->pub.id = m->n_sess;
	g->pub.side = s->pub.id;
	g->pub.host = s->pub.host;
	g->pub.pid = s->pub.pid;
	g->pub.device = device;
	g->pub.direction = s->pub.direction;
	g->pub.ended = true;
	g->pub.bytes_total = x->bytes_total;
	g->pub.start_ns = s->pub.begin_ns;
	g->pub.end_ns = s->pub.end_ns;
	g->pub.window.start_ns = MODEL_NONE;
	if (last)
		last->next = g->pub.id;
	else
		s->pub.first_session = g->pub.id;
	s->pub.last_session = g->pub.id;
	s->pub.n_sessions++;
	s->devs[s->pub.n_devices].pub = (struct side_device){
		.device = device,
		.session = g->pub.id,
		.eof_ns = MODEL_NONE,
	};
	s->pub.n_devices++;
	return 0;
}

static int add_devices(struct model *m, struct sid *s, const struct digest *d)
{
	uint32_t i, number;
	int err;

	s->pub.cause.device = 0;
	for (i = 0; i < d->n_devices; i++) {
		err = add_device(m, &d->device[i], s->pub.host, &number);
		if (!err && d->device[i].asked)
			err = add_session(m, s, &d->device[i], number);
		if (err)
			return err;
		if (d->cause_device == i + 1)
			s->pub.cause.device = number;
	}
	return 0;
}

static int add_host(struct model *m, uint32_t host, const char *name)
{
	struct event ev = { .kind = EV_HOST, .host = host };

	snprintf(ev.host_def.name, sizeof(ev.host_def.name), "%s", name);
	return model_feed(m, &ev, NULL);
}

int model_add_digest(struct model *m, const struct digest *d, uint32_t host, const char *host_name,
		     uint32_t *id)
{
	struct sid *s = calloc(1, sizeof(*s));
	int err = 0;

	if (!s || array_room(&m->sides, m->n_sides + 1, &m->cap_sides, sizeof(*m->sides))) {
		free(s);
		return -ENOMEM;
	}
	m->sides[m->n_sides++] = s;
	s->digested = true;
	s->pub = d->side;
	s->pub.id = *id = m->n_sides;
	s->pub.host = host;
	s->pub.migration = s->pub.first_session = s->pub.last_session = 0;
	s->pub.n_sessions = s->pub.n_devices = 0;
	s->pub.cause.host = host;
	s->pub.cause.stream = s->pub.cause.session = 0;
	s->pub.stop_last_device = 0;
	s->n_eof = d->n_eof;
	memcpy(s->n_phase, d->phase, sizeof(s->n_phase));
	s->devs = calloc(d->n_devices + 1, sizeof(*s->devs));
	s->cap_devs = d->n_devices + 1;
	if (!s->devs)
		return -ENOMEM;
	if (host_name && *host_name && !model_host(m, host))
		err = add_host(m, host, host_name);
	if (!err)
		err = add_devices(m, s, d);
	m->join_dirty = true;
	return err;
}
