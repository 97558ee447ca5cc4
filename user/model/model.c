// SPDX-License-Identifier: GPL-2.0-only
/*
 * model.c - the registry of devices, streams and processes, and the walk
 * through the events that keeps it
 */
#include "model/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"

/*
 * Numbers index directly, through a directory of pages: dense numbers cost
 * one load more than an array, and a damaged recording that claims device
 * four billion costs nothing.
 */
#define PAGE_BITS	8
#define PAGE_NR		(1U << PAGE_BITS)
#define DIR_NR		(1U << 14)
#define NUMBER_MAX	((1U << (PAGE_BITS + 14)) - 1)

struct table {
	void ***dir;
	uint32_t max;		/* highest number in use */
};

struct vm_entry {
	uint32_t pid;		/* 0: free */
	char *vm;
};

struct model {
	struct table devices, streams;
	struct mig **migs;
	uint32_t n_migs, cap_migs;
	/* the stops under way; those in which a stream came to its end */
	struct path **paths;
	uint32_t n_paths, cap_paths;
	struct model_stop *stops;
	uint32_t n_stops, cap_stops;
	struct vm_entry *vms;
	uint32_t n_vms, cap_vms;	/* a power of two */
	struct model_loss loss;
	uint64_t hole_to_ns;		/* end of the last loss */
	uint64_t first_ns, last_ns;
	uint64_t events, calls;
	uint64_t kinds[EV_KIND_NR];
	uint64_t clock_mono_ns, clock_real_ns;
	const struct model *before;	/* not ours; NULL: none */
	bool has_clock, any;
	bool pair_dirty;
	char (*hosts)[EVENT_NAME_LEN];	/* by number, from 1 */
	uint32_t n_hosts;
};

/* A process of evidence of several hosts. */
static uint32_t who(uint32_t host, uint32_t pid)
{
	return pid ? pid + host * 10000000U : 0;
}

static void *table_get(const struct table *t, uint32_t n)
{
	void **page;

	if (!n || n > t->max)
		return NULL;
	page = t->dir[n >> PAGE_BITS];
	return page ? page[n & (PAGE_NR - 1)] : NULL;
}

static int table_set(struct table *t, uint32_t n, void *p)
{
	void ***page;

	if (!t->dir) {
		t->dir = calloc(DIR_NR, sizeof(*t->dir));
		if (!t->dir)
			return -ENOMEM;
	}
	page = &t->dir[n >> PAGE_BITS];
	if (!*page) {
		*page = calloc(PAGE_NR, sizeof(**page));
		if (!*page)
			return -ENOMEM;
	}
	(*page)[n & (PAGE_NR - 1)] = p;
	if (n > t->max)
		t->max = n;
	return 0;
}

static void table_free(struct table *t)
{
	uint32_t i, k;

	for (i = 0; t->dir && i < DIR_NR; i++) {
		if (!t->dir[i])
			continue;
		for (k = 0; k < PAGE_NR; k++)
			free(t->dir[i][k]);
		free(t->dir[i]);
	}
	free(t->dir);
}

/* Room for one more element in the array at *@arrayp. */
static int room(void *arrayp, uint32_t n, uint32_t *cap, size_t size)
{
	void **array = arrayp, *p;

	if (n < *cap)
		return 0;
	p = realloc(*array, (*cap ? *cap * 2 : 16) * size);
	if (!p)
		return -ENOMEM;
	*array = p;
	*cap = *cap ? *cap * 2 : 16;
	return 0;
}

struct model *model_create(void)
{
	return calloc(1, sizeof(struct model));
}

void model_destroy(struct model *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < m->n_migs; i++)
		mig_destroy(m->migs[i]);
	free(m->migs);
	for (i = 0; i < m->cap_vms; i++)
		free(m->vms[i].vm);
	free(m->vms);
	for (i = 0; i < m->n_paths; i++)
		free(m->paths[i]);
	free(m->paths);
	free(m->stops);
	free(m->hosts);
	table_free(&m->devices);
	table_free(&m->streams);
	free(m);
}

/* ---- who is who ---- */

/* The device of a number, made when it is new; NULL: none, or no memory. */
static struct dev *device_of(struct model *m, uint32_t number)
{
	struct dev *d = table_get(&m->devices, number);

	if (d || !number || number > NUMBER_MAX)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->pub.number = number;
	d->pub.state = d->prev_state = MIG_UNKNOWN;
	d->data_size = d->data_size_ns = d->estimate = MODEL_NONE;
	d->pub.failure.target = EVENT_TARGET_NONE;
	if (table_set(&m->devices, number, d)) {
		free(d);
		return NULL;
	}
	return d;
}

static struct model_stream *stream_of(struct model *m, uint32_t number)
{
	struct model_stream *s = table_get(&m->streams, number);

	if (s || !number || number > NUMBER_MAX)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->number = number;
	s->open = true;
	if (table_set(&m->streams, number, s)) {
		free(s);
		return NULL;
	}
	return s;
}

static uint32_t vm_slot(const struct vm_entry *vms, uint32_t cap, uint32_t pid)
{
	uint32_t i = (pid * 2654435761U) & (cap - 1);

	while (vms[i].pid && vms[i].pid != pid)
		i = (i + 1) & (cap - 1);
	return i;
}

static int vm_grow(struct model *m)
{
	uint32_t cap = m->cap_vms ? m->cap_vms * 2 : 64, i;
	struct vm_entry *vms = calloc(cap, sizeof(*vms));

	if (!vms)
		return -ENOMEM;
	for (i = 0; i < m->cap_vms; i++)
		if (m->vms[i].pid)
			vms[vm_slot(vms, cap, m->vms[i].pid)] = m->vms[i];
	free(m->vms);
	m->vms = vms;
	m->cap_vms = cap;
	return 0;
}

static int vm_define(struct model *m, uint32_t pid, const char *name)
{
	struct vm_entry *e;
	char *copy;

	if (!pid)
		return 0;
	if (m->n_vms * 4 >= m->cap_vms * 3 && vm_grow(m))
		return -ENOMEM;
	e = &m->vms[vm_slot(m->vms, m->cap_vms, pid)];
	if (e->vm && !strcmp(e->vm, name))
		return 0;
	copy = strndup(name, EVENT_NAME_LEN - 1);
	if (!copy)
		return -ENOMEM;
	/* A process number that is used again is another process. */
	free(e->vm);
	e->vm = copy;
	if (!e->pid) {
		e->pid = pid;
		m->n_vms++;
	}
	return 0;
}

const char *model_vm(const struct model *m, uint32_t pid)
{
	const struct vm_entry *e;

	if (!m->cap_vms || !pid)
		return NULL;
	e = &m->vms[vm_slot(m->vms, m->cap_vms, pid)];
	return e->vm && e->vm[0] ? e->vm : NULL;
}

static void copy_name(char *dst, const char *src, size_t size)
{
	memcpy(dst, src, size);
	dst[size - 1] = '\0';
}

static void define_device(struct dev *d, const struct event *ev)
{
	d->pub.defined = true;
	d->pub.host = ev->host;
	copy_name(d->pub.name, ev->device_def.name, sizeof(d->pub.name));
	copy_name(d->pub.driver, ev->device_def.driver, sizeof(d->pub.driver));
	copy_name(d->pub.bus, ev->device_def.bus, sizeof(d->pub.bus));
	if (ev->device_def.migration_flags) {
		d->pub.migration_flags = ev->device_def.migration_flags;
		d->pub.has_flags = true;
	}
	if (ev->device_def.precopy_info_v2)
		d->pub.precopy_info_v2 = true;
}

static int host_define(struct model *m, const struct event *ev)
{
	char (*h)[EVENT_NAME_LEN];

	if (!ev->host || ev->host > NUMBER_MAX)
		return 0;
	if (ev->host > m->n_hosts) {
		h = realloc(m->hosts, ev->host * sizeof(*h));
		if (!h)
			return -ENOMEM;
		memset(h + m->n_hosts, 0, (ev->host - m->n_hosts) * sizeof(*h));
		m->hosts = h;
		m->n_hosts = ev->host;
	}
	copy_name(m->hosts[ev->host - 1], ev->host_def.name, EVENT_NAME_LEN);
	return 0;
}

const char *model_host(const struct model *m, uint32_t host)
{
	return host && host <= m->n_hosts && m->hosts[host - 1][0] ? m->hosts[host - 1] : NULL;
}

uint32_t model_hosts(const struct model *m)
{
	return m->n_hosts;
}

/* ---- migrations ---- */

static struct mig *begin_migration(struct model *m, struct dev *d, uint32_t direction,
				   const struct event *ev)
{
	const char *vm;
	struct mig *g;

	if (room(&m->migs, m->n_migs, &m->cap_migs, sizeof(*m->migs)))
		return NULL;
	g = mig_create(d, m->n_migs + 1, direction, ev);
	if (!g)
		return NULL;
	if (d->mig)
		mig_abandoned(d->mig, ev->t_ns);
	m->migs[m->n_migs++] = g;
	vm = model_vm(m, who(ev->host, ev->pid));
	if (vm)
		strncpy(g->pub.vm, vm, sizeof(g->pub.vm) - 1);
	d->mig = g;
	d->pub.session = g->pub.id;
	d->pub.sessions++;
	m->pair_dirty = true;
	return g;
}

/*
 * The migration that a call on @s belongs to.  A stream whose birth was lost,
 * or that was open before the capture began, makes a migration that joined
 * late.
 */
static struct mig *migration_of(struct model *m, struct dev *d, struct model_stream *s,
				const struct event *ev)
{
	struct mig *g;

	if (s->session)
		return m->migs[s->session - 1];
	if (!d || (ev->kind != EV_READ && ev->kind != EV_WRITE && ev->kind != EV_PRECOPY_INFO))
		return NULL;
	if (d->mig && !d->mig->pub.stream && !d->mig->pub.session_over) {
		g = d->mig;
	} else {
		g = begin_migration(m, d, ev->kind == EV_WRITE ? DIR_RESUME : DIR_SAVE, ev);
		if (!g)
			return NULL;
		g->pub.joined_late = true;
		g->pub.holes = m->loss.places != 0;
		mig_push_state(g, d->pub.state, ev->t_ns);
	}
	g->pub.stream = s->number;
	s->session = g->pub.id;
	s->device = d->pub.number;
	s->direction = g->pub.direction;
	return g;
}

/* ---- states ---- */

static void set_state(struct dev *d, uint32_t state, uint64_t t_ns)
{
	if (d->pub.state == state)
		return;
	if (t_ns < d->pub.state_since_ns)
		t_ns = d->pub.state_since_ns;
	d->prev_state = d->pub.state;
	d->pub.state = state;
	d->pub.state_since_ns = t_ns;
	if (d->mig)
		mig_push_state(d->mig, state, t_ns);
}

/* RUNNING_P2P and PRE_COPY_P2P already belong to the stop: no new P2P DMA. */
static bool runs_freely(uint32_t state)
{
	return state == MIG_RUNNING || state == MIG_PRE_COPY;
}

/* ---- where the time goes while a device is stopped ---- */

/* The device counts for the stop of its process no longer. */
static void path_ends(struct model *m, struct dev *d)
{
	struct path *p = d->path;
	uint32_t i;

	d->path = NULL;
	if (!p || --p->alive)
		return;
	for (i = 0; m->paths[i] != p; i++)
		;
	m->paths[i] = m->paths[--m->n_paths];
	free(p);
}

static void stop_ends(struct model *m, struct dev *d)
{
	d->window.active = false;
	path_ends(m, d);
}

static int path_begins(struct model *m, struct dev *d, uint32_t pid, uint64_t t_ns)
{
	struct path *p;
	uint32_t i;

	for (i = 0; i < m->n_paths && !d->path; i++)
		if (m->paths[i]->pub.pid == pid)
			d->path = m->paths[i];
	if (!d->path) {
		if (room(&m->paths, m->n_paths, &m->cap_paths, sizeof(*m->paths)))
			return -ENOMEM;
		p = path_create(0, pid, t_ns);
		if (!p)
			return -ENOMEM;
		m->paths[m->n_paths++] = d->path = p;
	}
	path_join(d->path, d->pub.number);
	return 0;
}

static int stop_begins(struct model *m, struct dev *d, uint32_t pid, uint64_t t_ns)
{
	path_ends(m, d);
	if (path_begins(m, d, pid, t_ns))
		return -ENOMEM;
	forecast_stop(m, d, t_ns, &d->forecast);
	if (d->mig)
		d->mig->pub.forecast = d->forecast;
	window_start(&d->window, t_ns);
	d->n_recent = 0;
	d->estimate = d->data_size;
	d->estimate_is_data_size = d->data_size != MODEL_NONE;
	if (d->mig) {
		struct session *g = &d->mig->pub;

		if (d->estimate == MODEL_NONE && g->precopy_infos)
			d->estimate = g->initial_last + g->dirty_last;
		g->estimate = d->estimate;
		g->estimate_is_data_size = d->estimate_is_data_size;
		g->lead_ns = MODEL_NONE;
		if (d->mig->last_io_end_ns != MODEL_NONE && d->mig->last_io_end_ns <= t_ns)
			g->lead_ns = t_ns - d->mig->last_io_end_ns;
	}
	return 0;
}

/* A call on the device, for its own window and for that of its process. */
static void spend(struct dev *d, enum window_part part, uint64_t start_ns, uint64_t end_ns)
{
	window_add(&d->window, part, start_ns, end_ns);
	if (d->path)
		path_add(d->path, d->pub.number, part, start_ns, end_ns);
}

/*
 * A sync of the container's dirty log names no device: it is that of all of
 * its process.
 */
static void take_container(struct model *m, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct dev *d;
	uint32_t i;

	for (i = 1; i <= m->devices.max; i++) {
		d = table_get(&m->devices, i);
		if (!d || d->pub.pid != ev->pid || d->pub.host != ev->host)
			continue;
		window_add(&d->window, PART_DIRTY_SYNC, ev->t_ns, end_ns);
		if (d->mig && ev->kind == EV_DMA_LOG_REPORT)
			d->mig->pub.dma_log_reports++;
	}
	for (i = 0; i < m->n_paths; i++)
		if (m->paths[i]->pub.pid == who(ev->host, ev->pid))
			path_add(m->paths[i], 0, PART_DIRTY_SYNC, ev->t_ns, end_ns);
}

/* A source has just given its last byte. */
static int stream_ended(struct model *m, struct dev *d, struct mig *g)
{
	struct session *pub = &g->pub;
	struct model_stop stop;
	uint32_t i;

	for (i = 0; i < m->n_migs; i++)
		mig_source_ended(m->migs[i], pub->id, pub->eof_ns);
	if (!d->path)
		return 0;
	if (!d->path->pub.id) {
		if (room(&m->stops, m->n_stops, &m->cap_stops, sizeof(*m->stops)))
			return -ENOMEM;
		d->path->pub.id = ++m->n_stops;
	}
	path_eof(d->path, d->pub.number, pub->id, pub->eof_ns, &stop);
	m->stops[stop.id - 1] = stop;
	pub->stop = stop.id;
	return 0;
}

static bool stop_begins_with(const struct dev *d, uint32_t from, uint32_t to)
{
	if (runs_freely(to) || !mig_state_is_running(from))
		return false;
	return runs_freely(from) || !d->window.active;
}

/* Bookkeeping after a move, by an arc or by a call whose arcs are not known. */
static void moved(struct model *m, struct dev *d, uint32_t from, uint32_t to, uint64_t t_ns,
		  bool final)
{
	set_state(d, to, t_ns);
	if (d->mig)
		mig_moved(d->mig, from, to, t_ns, final);
	if (runs_freely(to)) {
		stop_ends(m, d);
		/* Back in PRE_COPY: it was no stop, or not yet the last one. */
		if (d->mig)
			d->mig->pub.window.start_ns = MODEL_NONE;
	}
}

/* The four arcs that hand out a data FD. */
static bool is_fd_arc(uint32_t from, uint32_t to, uint32_t *direction)
{
	*direction = to == MIG_RESUMING ? DIR_RESUME : DIR_SAVE;
	return (from == MIG_RUNNING && to == MIG_PRE_COPY) ||
	       (from == MIG_RUNNING_P2P && to == MIG_PRE_COPY_P2P) ||
	       (from == MIG_STOP && (to == MIG_STOP_COPY || to == MIG_RESUMING));
}

static int take_arc(struct model *m, struct dev *d, const struct event *ev)
{
	uint32_t from = ev->arc.from, to = ev->arc.to, direction, i;
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	struct session_arc arc = {
		.from = from, .to = to, .start_ns = ev->t_ns, .dur_ns = ev->dur_ns,
	};
	bool begins;

	if (ev->ret < 0 || to >= MIG_STATE_NR) {
		/* It did not happen, but it took its time. */
		spend(d, PART_ARC, ev->t_ns, end_ns);
		return 0;
	}
	/* The table of the state machine was asked with this state. */
	if (from < MIG_STATE_NR) {
		if (d->mig && d->pub.state == MIG_UNKNOWN)
			mig_prove_start(d->mig, from);
		set_state(d, from, ev->t_ns);
	}
	begins = is_fd_arc(from, to, &direction);
	if (begins) {
		/* The stream may have been told of before its arc was over. */
		if (d->mig && !d->mig->started_by_arc && !d->mig->pub.joined_late &&
		    !d->mig->pub.n_arcs && !d->mig->pub.session_over &&
		    d->mig->pub.direction == direction) {
			d->mig->pub.start_ns = ev->t_ns;
			d->mig->pub.n_states = 0;
		} else if (!begin_migration(m, d, direction, ev)) {
			return -ENOMEM;
		}
		d->mig->started_by_arc = true;
	}
	if ((stop_begins_with(d, from, to) ||
	     (begins && from == MIG_STOP && !d->window.active)) &&
	    stop_begins(m, d, who(ev->host, ev->pid), ev->t_ns))
		return -ENOMEM;
	/* A destination stands still for longer; nobody's guest waits for that. */
	if (begins && direction == DIR_RESUME)
		path_ends(m, d);
	spend(d, PART_ARC, ev->t_ns, end_ns);
	if (begins && d->window.active) {
		/* What led here within the same stop is part of it. */
		for (i = 0; i < d->n_recent; i++)
			mig_push_arc(d->mig, &d->recent[i]);
	}
	if (d->window.active && d->n_recent < sizeof(d->recent) / sizeof(d->recent[0]))
		d->recent[d->n_recent++] = arc;
	if (d->mig) {
		mig_push_arc(d->mig, &arc);
		if (end_ns > d->mig->pub.end_ns)
			d->mig->pub.end_ns = end_ns;
		if (begins)
			d->mig->pub.n_states = 0;
	}
	moved(m, d, from, to, end_ns, to == ev->arc.target);
	return 0;
}

static int take_set_state(struct model *m, struct dev *d, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;
	int64_t target = ev->set_state.target;
	uint32_t from = d->pub.state;

	if (ev->ret < 0) {
		if (!d->mig && !(d->last_mig && ev->t_ns < d->last_mig->pub.end_ns)) {
			d->pub.failures++;
			d->pub.failure.t_ns = ev->t_ns;
			d->pub.failure.ret = ev->ret;
			d->pub.failure.target = target;
		}
	} else if (target >= 0 && target < MIG_STATE_NR && from != target) {
		/* A driver that does not walk the table, or arcs that were lost. */
		if (stop_begins_with(d, from, (uint32_t)target) &&
		    stop_begins(m, d, who(ev->host, ev->pid), ev->t_ns))
			return -ENOMEM;
		spend(d, PART_OTHER, ev->t_ns, end_ns);
		moved(m, d, from, (uint32_t)target, end_ns, true);
		return 0;
	}
	spend(d, PART_OTHER, ev->t_ns, end_ns);
	return 0;
}

static void take_reset(struct model *m, struct dev *d, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;

	if (ev->ret < 0)
		return;
	spend(d, PART_OTHER, ev->t_ns, end_ns);
	set_state(d, MIG_RUNNING, end_ns);
	if (d->mig)
		mig_reset(d->mig, end_ns);
	stop_ends(m, d);
}

static void take_open(struct dev *d, const struct event *ev)
{
	if (ev->ret < 0)
		return;
	/*
	 * The core lets the first opener find a device that runs.  During a
	 * migration this is another opener, of a device whose first open came
	 * before the capture.
	 */
	if (!d->pub.open_count++ && !d->mig)
		set_state(d, MIG_RUNNING, ev->t_ns + ev->dur_ns);
}

static void take_close(struct model *m, struct dev *d, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;

	if (d->pub.open_count && --d->pub.open_count)
		return;
	if (d->mig)
		mig_abandoned(d->mig, end_ns);
	set_state(d, MIG_UNKNOWN, end_ns);
	stop_ends(m, d);
	d->data_size = d->data_size_ns = MODEL_NONE;
}

static int take_stream_open(struct model *m, struct dev *d, struct model_stream *s,
			    const struct event *ev)
{
	struct mig *g = d ? d->mig : NULL;
	bool late = ev->stream_open.adopted ||
		    (m->loss.places && event_end_ns(ev) < m->hole_to_ns);

	s->defined = true;
	s->adopted = ev->stream_open.adopted;
	s->device = ev->device;
	s->direction = ev->stream_open.direction;
	s->ops = ev->stream_open.ops;
	s->hooked = ev->stream_open.hooked;
	copy_name(s->name, ev->stream_open.name, sizeof(s->name));
	/* A definition that comes after its first use: the migration is there. */
	if (s->session || !d)
		return 0;
	if (!g || g->pub.stream || g->pub.session_over || g->pub.direction != s->direction) {
		g = begin_migration(m, d, s->direction, ev);
		if (!g)
			return -ENOMEM;
		g->pub.joined_late = late;
		/* Not found but lost: whatever came with it is lost, too. */
		g->pub.holes = late && !s->adopted;
		if (late)
			mig_push_state(g, d->pub.state, ev->t_ns);
	}
	g->pub.stream = s->number;
	s->session = g->pub.id;
	return 0;
}

/* Can the loss of such events hide a change of state? */
static bool loss_hides_state(uint32_t what)
{
	switch (what) {
	case EV_NONE:
	case EV_DEVICE_OPEN:
	case EV_DEVICE_CLOSE:
	case EV_RESET:
	case EV_DEVICE_RESET:
	case EV_SET_STATE:
	case EV_ARC:
		return true;
	default:
		return what >= EV_KIND_NR;
	}
}

static void lose(struct dev *d, const struct event *ev)
{
	struct mig *touched[2] = { d->mig, d->last_mig };
	uint32_t i;

	for (i = 0; i < 2; i++) {
		struct mig *g = touched[i];

		if (!g || g->pub.start_ns > ev->loss.t_to_ns ||
		    (g->pub.ended && g->pub.end_ns < ev->loss.t_from_ns))
			continue;
		g->pub.lost += ev->loss.count;
		g->pub.holes++;
	}
	d->window.hole = true;
	if (loss_hides_state(ev->loss.what) && d->pub.state != MIG_UNKNOWN)
		set_state(d, MIG_UNKNOWN, ev->loss.t_from_ns);
}

static void take_loss(struct model *m, const struct event *ev)
{
	struct dev *d;
	uint32_t i;

	m->loss.events += ev->loss.count;
	m->loss.places++;
	m->loss.damage += ev->loss.cause == LOSS_DAMAGE;
	if (ev->loss.t_to_ns > m->hole_to_ns)
		m->hole_to_ns = ev->loss.t_to_ns;
	m->pair_dirty = true;
	if (ev->device) {
		d = device_of(m, ev->device);
		if (d)
			lose(d, ev);
		return;
	}
	for (i = 1; i <= m->devices.max; i++) {
		d = table_get(&m->devices, i);
		if (d)
			lose(d, ev);
	}
}

/* The state in which a call began; the last change is remembered for that. */
static uint32_t state_at(const struct dev *d, uint64_t t_ns)
{
	return t_ns < d->pub.state_since_ns ? d->prev_state : d->pub.state;
}

static int take_io(struct model *m, struct dev *d, struct mig *g, const struct event *ev)
{
	uint64_t calls = event_calls(ev), end_ns = event_end_ns(ev), first_ns;
	uint32_t state = state_at(d, ev->t_ns);
	bool eof = g && g->pub.eof;

	/*
	 * A folded run at the end of the stream: the session's window ends with
	 * its first read, so that one is accounted for by itself.
	 */
	first_ns = ev->dur_ns / calls;
	spend(d, PART_IO, ev->t_ns, ev->t_ns + first_ns);
	if (g && !g->pub.ended)
		mig_call(g, ev, state);
	if (g && g->pub.eof && !eof && stream_ended(m, d, g))
		return -ENOMEM;
	if (calls == 1)
		return 0;
	window_add_run(&d->window, PART_IO, ev->t_ns + first_ns, end_ns,
		       ev->dur_ns - first_ns);
	if (d->path)
		path_add(d->path, d->pub.number, PART_IO, ev->t_ns + first_ns,
			 ev->t_ns + ev->dur_ns);
	return 0;
}

static int take_stream_event(struct model *m, struct dev *d, struct model_stream *s,
			     const struct event *ev)
{
	struct mig *g;

	if (ev->kind == EV_STREAM_OPEN)
		return take_stream_open(m, d, s, ev);
	g = migration_of(m, d, s, ev);
	if (ev->kind == EV_STREAM_RELEASE)
		s->open = false;
	if (!d)
		return 0;
	if (ev->kind == EV_READ || ev->kind == EV_WRITE) {
		if (ev->ret == 0)
			m->pair_dirty = true;
		return take_io(m, d, g, ev);
	}
	spend(d, PART_OTHER, ev->t_ns, ev->t_ns + ev->dur_ns);
	if (g && !g->pub.ended)
		mig_call(g, ev, state_at(d, ev->t_ns));
	return 0;
}

static int take_device_event(struct model *m, struct dev *d, const struct event *ev)
{
	uint64_t end_ns = ev->t_ns + ev->dur_ns;

	/* Before the move: a call that ends the migration still belongs to it. */
	if (d->mig && ev->kind != EV_ARC && ev->kind != EV_DEVICE_CLOSE)
		mig_call(d->mig, ev, state_at(d, ev->t_ns));

	switch (ev->kind) {
	case EV_ARC:
		return take_arc(m, d, ev);
	case EV_SET_STATE:
		return take_set_state(m, d, ev);
	case EV_GET_STATE:
		spend(d, PART_OTHER, ev->t_ns, end_ns);
		if (ev->ret >= 0 && ev->get_state.reported < MIG_STATE_NR &&
		    ev->get_state.reported != d->pub.state) {
			if (d->mig && d->pub.state == MIG_UNKNOWN)
				mig_prove_start(d->mig, ev->get_state.reported);
			moved(m, d, d->pub.state, ev->get_state.reported, end_ns, true);
		}
		return 0;
	case EV_RESET:
	case EV_DEVICE_RESET:
		take_reset(m, d, ev);
		return 0;
	case EV_DEVICE_OPEN:
		take_open(d, ev);
		return 0;
	case EV_DEVICE_CLOSE:
		take_close(m, d, ev);
		return 0;
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
		spend(d, PART_DIRTY_SYNC, ev->t_ns, end_ns);
		return 0;
	case EV_MIGRATION_FLAGS:
		if (ev->ret >= 0) {
			d->pub.migration_flags = ev->migration_flags.flags;
			d->pub.has_flags = true;
		}
		break;
	case EV_PRECOPY_INFO_V2:
		if (ev->ret >= 0)
			d->pub.precopy_info_v2 = true;
		break;
	case EV_DATA_SIZE:
		if (ev->ret >= 0) {
			d->data_size = ev->data_size.stop_copy_length;
			d->data_size_ns = ev->t_ns;
		}
		break;
	case EV_STUCK:
		return 0;
	default:
		break;
	}
	spend(d, PART_OTHER, ev->t_ns, end_ns);
	return 0;
}

static bool is_stream_kind(uint32_t kind)
{
	return kind == EV_STREAM_OPEN || kind == EV_READ || kind == EV_WRITE ||
	       kind == EV_POLL || kind == EV_PRECOPY_INFO || kind == EV_STREAM_CLOSE ||
	       kind == EV_STREAM_RELEASE;
}

static void fill_context(const struct model *m, struct event_context *ctx,
			 const struct event *ev, const struct dev *d,
			 const struct mig *before, const struct model_stream *s)
{
	ctx->vm = model_vm(m, who(ev->host, ev->pid));
	ctx->stream = s;
	if (s && s->session)
		ctx->session = s->session;
	if (!d)
		return;
	ctx->device = &d->pub;
	ctx->state = d->pub.state;
	ctx->has_state = true;
	if (ctx->session)
		return;
	if (before)
		ctx->session = before->pub.id;
	else if (d->mig)
		ctx->session = d->mig->pub.id;
	/* The SET_STATE around the arc that ended it. */
	else if (d->last_mig && ev->t_ns < d->last_mig->pub.end_ns &&
		 ev->t_ns >= d->last_mig->pub.start_ns)
		ctx->session = d->last_mig->pub.id;
	/* An arc that began another session belongs to that one. */
	if (before && d->mig && before != d->mig && ev->kind == EV_ARC)
		ctx->session = d->mig->pub.id;
}

int model_feed(struct model *m, const struct event *ev, struct event_context *ctx)
{
	struct model_stream *s = NULL;
	struct dev *d = NULL;
	struct mig *before;
	uint32_t number;
	int err = 0;

	if (ctx) {
		memset(ctx, 0, sizeof(*ctx));
		ctx->state = MIG_UNKNOWN;
	}
	switch (ev->kind) {
	case EV_DEVICE:
		d = device_of(m, ev->device);
		if (!d)
			return ev->device && ev->device <= NUMBER_MAX ? -ENOMEM : 0;
		define_device(d, ev);
		if (ctx)
			ctx->device = &d->pub;
		return 0;
	case EV_TASK:
		return vm_define(m, who(ev->host, ev->pid), ev->task_def.vm);
	case EV_HOST:
		return host_define(m, ev);
	case EV_CLOCK:
		m->has_clock = true;
		m->clock_mono_ns = ev->t_ns;
		m->clock_real_ns = ev->clock.realtime_ns;
		return 0;
	}
	if (!event_kind_is_public(ev->kind))
		return 0;

	if (!m->any) {
		m->any = true;
		m->first_ns = ev->t_ns;
	}
	if (event_end_ns(ev) > m->last_ns)
		m->last_ns = event_end_ns(ev);
	m->events++;
	m->kinds[ev->kind]++;
	m->calls += event_calls(ev);

	if (ev->kind == EV_LOSS) {
		take_loss(m, ev);
		d = table_get(&m->devices, ev->device);
		if (ctx)
			fill_context(m, ctx, ev, d, NULL, NULL);
		return 0;
	}
	if (ev->stream) {
		s = stream_of(m, ev->stream);
		if (!s && ev->stream <= NUMBER_MAX)
			return -ENOMEM;
	}
	number = ev->device || !s ? ev->device : s->device;
	if (number) {
		d = device_of(m, number);
		if (!d && number <= NUMBER_MAX)
			return -ENOMEM;
	}
	if (!d && (ev->kind == EV_DMA_LOG_STOP || ev->kind == EV_DMA_LOG_REPORT))
		take_container(m, ev);
	before = d ? d->mig : NULL;
	if (d && ev->pid)
		d->pub.pid = ev->pid;
	if (d)
		d->pub.host = ev->host;
	/* A SET_STATE names the stream that it handed out, and is none of its calls. */
	if (s && is_stream_kind(ev->kind))
		err = take_stream_event(m, d, s, ev);
	else if (d)
		err = take_device_event(m, d, ev);
	if (d && d->mig != before)
		m->pair_dirty = true;
	if (ctx)
		fill_context(m, ctx, ev, d, before, s);
	return err;
}

/* ---- looking ---- */

void model_comes_after(struct model *m, const struct model *before)
{
	m->before = before;
}

const struct model *model_before(const struct model *m)
{
	return m->before;
}

uint32_t model_devices_max(const struct model *m)
{
	return m->devices.max;
}

const struct dev *model_dev(const struct model *m, uint32_t number)
{
	return table_get(&m->devices, number);
}

const struct model_device *model_device(const struct model *m, uint32_t number)
{
	const struct dev *d = table_get(&m->devices, number);

	return d ? &d->pub : NULL;
}

const struct model_stream *model_stream(const struct model *m, uint32_t number)
{
	return table_get(&m->streams, number);
}

uint32_t model_stops(const struct model *m)
{
	return m->n_stops;
}

const struct model_stop *model_stop(const struct model *m, uint32_t id)
{
	return id && id <= m->n_stops ? &m->stops[id - 1] : NULL;
}

uint32_t model_sessions(const struct model *m)
{
	return m->n_migs;
}

/* Both byte counts are exact, and the two can be sides of one migration. */
static bool may_be_pair(const struct session *src, const struct session *dst)
{
	return src->direction == DIR_SAVE && dst->direction == DIR_RESUME &&
	       src->bytes_total && src->bytes_total == dst->bytes_total &&
	       src->eof && dst->session_over && !src->holes && !dst->holes &&
	       !src->joined_late && !dst->joined_late &&
	       src->device != dst->device && src->start_ns < dst->end_ns &&
	       dst->start_ns < src->end_ns && src->window.start_ns != MODEL_NONE &&
	       src->window.start_ns < dst->end_ns;
}

/*
 * The streams carry no name that both sides know: only a pair that is the
 * single candidate of both is taken.  Two equal functions of one VM that
 * moved the same number of bytes stay unpaired.
 */
static void pair_up(struct model *m)
{
	uint32_t i, k, n;

	for (i = 0; i < m->n_migs; i++) {
		m->migs[i]->pub.peer = 0;
		m->migs[i]->pub.downtime_ns = MODEL_NONE;
		m->migs[i]->pub.landing.known = false;
		mig_refresh(m->migs[i]);
	}
	for (i = 0; i < m->n_migs; i++) {
		struct session *src = &m->migs[i]->pub, *dst = NULL;

		if (src->direction != DIR_SAVE || !src->eof)
			continue;
		for (k = 0, n = 0; k < m->n_migs && n < 2; k++) {
			if (may_be_pair(src, &m->migs[k]->pub)) {
				dst = &m->migs[k]->pub;
				n++;
			}
		}
		if (n != 1)
			continue;
		for (k = 0, n = 0; k < m->n_migs && n < 2; k++)
			n += may_be_pair(&m->migs[k]->pub, dst);
		if (n != 1)
			continue;
		src->peer = dst->id;
		dst->peer = src->id;
		if (dst->outcome == OUTCOME_COMPLETED) {
			src->downtime_ns = dst->downtime_ns =
				dst->end_ns - src->window.start_ns;
			mig_landing(m->migs[src->id - 1], m->migs[dst->id - 1]);
		}
	}
}

const struct session *model_session(struct model *m, uint32_t id)
{
	struct mig *g;
	const char *vm;

	if (!id || id > m->n_migs)
		return NULL;
	if (m->pair_dirty) {
		pair_up(m);
		m->pair_dirty = false;
	}
	g = m->migs[id - 1];
	if (!g->pub.ended)
		mig_refresh(g);
	if (!g->pub.vm[0]) {
		const struct dev *d = model_dev(m, g->pub.device);

		vm = model_vm(m, who(d ? d->pub.host : 0, g->pub.pid));
		if (vm)
			strncpy(g->pub.vm, vm, sizeof(g->pub.vm) - 1);
	}
	return &g->pub;
}

const struct session *model_session_peek(const struct model *m, uint32_t id)
{
	return id && id <= m->n_migs ? &m->migs[id - 1]->pub : NULL;
}

const struct model_loss *model_loss(const struct model *m)
{
	return &m->loss;
}

uint64_t model_first_ns(const struct model *m)
{
	return m->first_ns;
}

uint64_t model_last_ns(const struct model *m)
{
	return m->last_ns;
}

uint64_t model_events(const struct model *m)
{
	return m->events;
}

uint64_t model_events_of(const struct model *m, uint32_t kind)
{
	return kind < EV_KIND_NR ? m->kinds[kind] : 0;
}

uint64_t model_calls(const struct model *m)
{
	return m->calls;
}

uint64_t model_realtime_ns(const struct model *m, uint64_t t_ns)
{
	if (!m->has_clock)
		return 0;
	return m->clock_real_ns + (t_ns - m->clock_mono_ns);
}

/* ---- a copy ---- */

static struct mig *mig_copy(const struct mig *g)
{
	struct mig *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *g;
	if (g->io) {
		c->io = malloc(sizeof(*c->io));
		if (!c->io) {
			free(c);
			return NULL;
		}
		*c->io = *g->io;
	}
	return c;
}

static int table_copy(struct table *to, const struct table *from, size_t size)
{
	uint32_t i;
	void *p;

	for (i = 1; i <= from->max; i++) {
		if (!from->dir[i >> PAGE_BITS]) {
			i |= PAGE_NR - 1;	/* an empty page */
			continue;
		}
		if (!table_get(from, i))
			continue;
		p = malloc(size);
		if (!p)
			return -ENOMEM;
		memcpy(p, table_get(from, i), size);
		if (table_set(to, i, p)) {
			free(p);
			return -ENOMEM;
		}
	}
	return 0;
}

/* The pointers between devices and migrations, of @c instead of its original. */
static void relink(struct model *c)
{
	struct dev *d;
	uint32_t i;

	for (i = 1; i <= c->devices.max; i++) {
		d = table_get(&c->devices, i);
		if (!d)
			continue;
		d->mig = d->mig ? c->migs[d->mig->pub.id - 1] : NULL;
		d->last_mig = d->last_mig ? c->migs[d->last_mig->pub.id - 1] : NULL;
	}
	for (i = 0; i < c->n_migs; i++)
		c->migs[i]->dev = table_get(&c->devices, c->migs[i]->pub.device);
}

/* The stops, under way and over; after the devices, which point to them. */
static int stops_copy(struct model *c, const struct model *m)
{
	struct dev *d;
	uint32_t i, k;

	for (k = 1; k <= c->devices.max; k++) {
		d = table_get(&c->devices, k);
		if (d)
			d->path = NULL;
	}
	c->stops = m->n_stops ? malloc(m->n_stops * sizeof(*c->stops)) : NULL;
	c->paths = m->n_paths ? calloc(m->n_paths, sizeof(*c->paths)) : NULL;
	if ((m->n_stops && !c->stops) || (m->n_paths && !c->paths))
		return -ENOMEM;
	if (m->n_stops)
		memcpy(c->stops, m->stops, m->n_stops * sizeof(*c->stops));
	c->n_stops = c->cap_stops = m->n_stops;
	c->cap_paths = m->n_paths;
	for (i = 0; i < m->n_paths; i++) {
		c->paths[i] = malloc(sizeof(*c->paths[i]));
		if (!c->paths[i])
			return -ENOMEM;
		c->n_paths++;
		*c->paths[i] = *m->paths[i];
		for (k = 1; k <= m->devices.max; k++) {
			d = table_get(&m->devices, k);
			if (d && d->path == m->paths[i])
				((struct dev *)table_get(&c->devices, k))->path = c->paths[i];
		}
	}
	return 0;
}

struct model *model_clone(const struct model *m)
{
	struct model *c = malloc(sizeof(*c));
	uint32_t i;

	if (!c)
		return NULL;
	*c = *m;
	memset(&c->devices, 0, sizeof(c->devices));
	memset(&c->streams, 0, sizeof(c->streams));
	c->migs = NULL;
	c->vms = NULL;
	c->n_migs = c->cap_migs = c->n_vms = c->cap_vms = 0;
	c->paths = NULL;
	c->stops = NULL;
	c->hosts = NULL;
	if (m->n_hosts) {
		c->hosts = malloc(m->n_hosts * sizeof(*c->hosts));
		if (!c->hosts) {
			c->n_hosts = 0;
			c->n_paths = c->n_stops = 0;
			goto fail;
		}
		memcpy(c->hosts, m->hosts, m->n_hosts * sizeof(*c->hosts));
	}
	c->n_paths = c->cap_paths = c->n_stops = c->cap_stops = 0;
	if (m->n_migs) {
		c->migs = calloc(m->cap_migs, sizeof(*c->migs));
		if (!c->migs)
			goto fail;
		c->cap_migs = m->cap_migs;
	}
	for (i = 0; i < m->n_migs; i++) {
		c->migs[i] = mig_copy(m->migs[i]);
		if (!c->migs[i])
			goto fail;
		c->n_migs++;
	}
	if (m->cap_vms) {
		c->vms = calloc(m->cap_vms, sizeof(*c->vms));
		if (!c->vms)
			goto fail;
		c->cap_vms = m->cap_vms;
	}
	for (i = 0; i < m->cap_vms; i++) {
		c->vms[i].pid = m->vms[i].pid;
		if (!m->vms[i].vm)
			continue;
		c->vms[i].vm = strdup(m->vms[i].vm);
		if (!c->vms[i].vm)
			goto fail;
	}
	c->n_vms = m->n_vms;
	if (table_copy(&c->devices, &m->devices, sizeof(struct dev)) ||
	    table_copy(&c->streams, &m->streams, sizeof(struct model_stream)) ||
	    stops_copy(c, m))
		goto fail;
	relink(c);
	return c;
fail:
	model_destroy(c);
	return NULL;
}
