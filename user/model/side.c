// SPDX-License-Identifier: GPL-2.0-only
/*
 * side.c - what one process does in one direction for one migration
 *
 * Of each device that was asked for a data FD it is known how it stands; the
 * counts of that tell whether the side is over, and how it ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"
#include "util/array.h"

/* A refusal told for one device, then for the next: one try. */
#define REFUSED_AGAIN_NS 1000000000ULL

static void tail_drop(struct tail *t)
{
	if (t->path)
		path_drop(t->path);
	free(t->path);
	t->path = NULL;
}

static void tails_drop(struct sid *s)
{
	uint32_t i;

	for (i = 0; i < s->n_tails; i++)
		tail_drop(&s->tails[i]);
	free(s->tails);
	s->tails = NULL;
	s->n_tails = 0;
}

/* Nothing is added any more. */
static void tails_freeze(struct sid *s)
{
	uint32_t i;

	for (i = 0; i < s->n_tails; i++) {
		path_result(s->tails[i].path, &s->tails[i].at_end);
		tail_drop(&s->tails[i]);
	}
}

static int tail_copy(struct tail *to, const struct tail *from)
{
	*to = *from;
	if (!from->path)
		return 0;
	to->path = calloc(1, sizeof(*to->path));
	return !to->path ? -ENOMEM : path_copy(to->path, from->path);
}

bool side_tail(const struct sid *dst, uint32_t src, struct session_window *out)
{
	uint32_t i;

	for (i = 0; i < dst->n_tails; i++) {
		const struct tail *t = &dst->tails[i];

		if (t->source != src)
			continue;
		if (t->path)
			path_result(t->path, out);
		else
			*out = t->at_end;
		return true;
	}
	return false;
}

void side_destroy(struct sid *s)
{
	if (!s)
		return;
	tails_drop(s);
	free(s->devs);
	free(s);
}

struct sid *side_copy(const struct sid *s)
{
	struct sid *c = malloc(sizeof(*c));
	uint32_t i;

	if (!c)
		return NULL;
	*c = *s;
	c->devs = NULL;
	c->tails = NULL;
	c->n_tails = 0;
	c->cap_devs = s->pub.n_devices;
	if (s->pub.n_devices) {
		c->devs = malloc(s->pub.n_devices * sizeof(*c->devs));
		if (!c->devs)
			goto fail;
		memcpy(c->devs, s->devs, s->pub.n_devices * sizeof(*c->devs));
	}
	if (s->n_tails) {
		c->tails = calloc(s->n_tails, sizeof(*c->tails));
		if (!c->tails)
			goto fail;
	}
	for (i = 0; i < s->n_tails; i++) {
		c->n_tails++;
		if (tail_copy(&c->tails[i], &s->tails[i]))
			goto fail;
	}
	return c;
fail:
	side_destroy(c);
	return NULL;
}

/* ---- how it stands ---- */

bool side_is_named(const struct side *s)
{
	return s->vm[0] && s->vm_source != VM_SOURCE_CGROUP;
}

bool proc_logs(const struct proc *p)
{
	return p->n_logging || p->container_logs;
}

struct sidedev *side_of_dev(struct model *m, const struct dev *d, uint32_t direction,
			    struct sid **side)
{
	struct sid *s = side_of(m, d->in_side[direction]);

	*side = s;
	return s ? &s->devs[d->side_at[direction]] : NULL;
}

void side_set_phase(struct sid *s, struct sidedev *sd, enum phase phase)
{
	s->n_phase[sd->phase]--;
	sd->phase = phase;
	s->n_phase[phase]++;
}

/* Each device's share of the stop. */
static void take_shares(const struct model *m, struct sid *s)
{
	const struct proc *p = proc_at(m, s->proc);
	uint32_t i;

	for (i = 0; i < s->pub.n_devices; i++) {
		const struct dev *d = dev_get(m, s->devs[i].pub.device);
		struct side_device *pub = &s->devs[i].pub;

		if (!d || d->owner >= p->stop.n_devs ||
		    p->stop.devs[d->owner].device != pub->device)
			continue;
		pub->arcs_ns = p->stop.devs[d->owner].arcs_ns;
		pub->io_ns = p->stop.devs[d->owner].io_ns;
		pub->other_ns = p->stop.devs[d->owner].other_ns;
	}
}

/* The side's stop as it is now; what is out of its devices counts until it was last seen. */
static void take_stop(const struct model *m, struct sid *s, bool in_flight)
{
	const struct proc *p = proc_at(m, s->proc);
	struct session_window without;
	struct path now;
	uint32_t i;

	now = p->stop;
	now.devs = NULL;
	now.n_devs = now.cap_devs = 0;
	path_result(&now, &without);
	for (i = 0; in_flight && i < m->n_flights; i++) {
		const struct model_flight *f = &m->flights[i].pub;
		const struct dev *d = dev_get(m, f->device);

		if (f->pid == p->pub.pid && f->host == p->pub.host)
			path_add(&now, d ? d->owner : UINT32_MAX - 2, flight_part(f->call),
				 f->start_ns, f->seen_ns);
	}
	path_result(&now, &s->pub.stop);
	s->pub.stop.in_flight_ns = (s->pub.stop.total_ns - s->pub.stop.outside_ns) -
				   (without.total_ns - without.outside_ns);
	take_shares(m, s);
}

static void forget_live(struct model *m, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < m->n_live; i++) {
		if (m->live[i] != id)
			continue;
		m->live[i] = m->live[--m->n_live];
		return;
	}
}

void side_end(struct model *m, struct sid *s, uint64_t t_ns)
{
	const struct proc *p = proc_at(m, s->proc);

	if (s->pub.ended)
		return;
	if (t_ns > s->pub.end_ns)
		s->pub.end_ns = t_ns;
	if (s->pub.direction == DIR_SAVE && !s->stop_frozen && p->stop.active) {
		take_stop(m, s, false);
		s->stop_frozen = true;
	}
	s->pub.ended = true;
	m->join_dirty = true;
	side_refresh(m, s);
	if (s->pub.direction == DIR_RESUME) {
		tails_freeze(s);
		forget_live(m, s->pub.id);
	}
}

static bool source_is_over(const struct sid *s, const struct proc *p)
{
	uint32_t n = s->pub.n_devices;

	if (!n)
		return (s->pub.log_is_own || s->pub.dma_log_refused) && !proc_logs(p);
	if (s->n_phase[PHASE_ASKED])
		return false;
	if (s->n_phase[PHASE_DONE] == n)
		return !s->n_sized;
	if (s->n_phase[PHASE_BACK] == n)
		return !s->pub.log_is_own || !proc_logs(p);
	/* Some were closed, and the others are through one way or the other. */
	return s->n_phase[PHASE_GONE];
}

void side_check_end(struct model *m, struct sid *s, uint64_t t_ns)
{
	bool over;

	m->join_dirty = true;
	if (s->pub.ended)
		return;
	if (s->pub.direction == DIR_SAVE)
		over = source_is_over(s, proc_at(m, s->proc));
	else
		over = s->pub.n_devices && !s->n_phase[PHASE_ASKED];
	if (over)
		side_end(m, s, t_ns);
}

/* ---- how it ended ---- */

static bool has_gap(const struct model *m, const struct sid *s)
{
	const struct sess *g;
	uint32_t id;

	for (id = s->pub.first_session; (g = sess_of(m, id)); id = g->next)
		if (g->pub.gap)
			return true;
	return false;
}

static enum outcome source_outcome(const struct sid *s)
{
	if (s->pub.n_devices && s->n_phase[PHASE_DONE] == s->pub.n_devices)
		return OUTCOME_COMPLETED;
	if (s->pub.cause.kind)
		return OUTCOME_FAILED;
	if (!s->pub.ended || s->unsure)
		return OUTCOME_UNFINISHED;
	return s->n_phase[PHASE_BACK] || !s->pub.n_devices ? OUTCOME_CANCELLED : OUTCOME_UNFINISHED;
}

static enum outcome destination_outcome(const struct model *m, const struct sid *s)
{
	bool runs = s->pub.n_devices && s->n_phase[PHASE_DONE] == s->pub.n_devices;

	if (runs && !has_gap(m, s))
		return OUTCOME_COMPLETED;
	if (s->n_failures)
		return OUTCOME_FAILED;
	/* How a destination that is closed in RESUMING ended, its source would tell. */
	if (s->n_phase[PHASE_GONE] || s->n_phase[PHASE_ASKED] || !s->pub.ended || s->unsure)
		return s->pub.exit.kind && s->pub.exit.signal ? OUTCOME_FAILED : OUTCOME_UNFINISHED;
	return OUTCOME_CANCELLED;
}

void side_refresh(const struct model *m, struct sid *s)
{
	const struct proc *p = proc_at(m, s->proc);
	uint32_t i;

	if (s->digested)
		return;
	if (!s->pub.vm[0] && p->vm[0]) {
		memcpy(s->pub.vm, p->vm, sizeof(s->pub.vm));
		s->pub.vm_source = p->pub.vm_source;
	}
	if (s->pub.direction == DIR_SAVE && !s->stop_frozen && !s->pub.ended && p->stop.active) {
		take_stop(m, s, true);
		if (s->pub.stop.end_ns > s->pub.end_ns)
			s->pub.end_ns = s->pub.stop.end_ns;
	}
	/* What is out of it counts until it was last seen. */
	for (i = 0; i < m->n_flights && !s->pub.ended; i++)
		if (m->flights[i].pub.side == s->pub.id &&
		    m->flights[i].pub.seen_ns > s->pub.end_ns)
			s->pub.end_ns = m->flights[i].pub.seen_ns;
	failure_take_cause(s);
	s->pub.outcome =
		s->pub.direction == DIR_SAVE ? source_outcome(s) : destination_outcome(m, s);
}

/* ---- its begin ---- */

static int make_live(struct model *m, uint32_t id)
{
	if (array_room(&m->live, m->n_live + 1, &m->cap_live, sizeof(*m->live)))
		return -ENOMEM;
	m->live[m->n_live++] = id;
	return 0;
}

/* A VM that stood still before was paused: its stop begins with the side. */
static void begin_paused(struct sid *s, struct proc *p, uint64_t t_ns)
{
	if (!p->stop.active || !p->n_stopped || p->stop.start_ns >= t_ns)
		return;
	s->pub.paused_before = true;
	path_start(&p->stop, t_ns);
}

static struct sid *side_create(struct model *m, const struct event *ev, struct proc *p,
			       uint32_t direction, uint64_t t_ns)
{
	struct sid *s;

	if (array_room(&m->sides, m->n_sides + 1, &m->cap_sides, sizeof(*m->sides)))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->pub.id = m->n_sides + 1;
	if (direction == DIR_RESUME && make_live(m, s->pub.id)) {
		free(s);
		return NULL;
	}
	m->sides[m->n_sides++] = s;
	s->proc = proc_index(m, ev->host, ev->pid);
	s->pub.host = ev->host;
	s->pub.pid = ev->pid;
	memcpy(s->pub.comm, p->pub.comm_known ? p->pub.comm : ev->comm, sizeof(s->pub.comm));
	memcpy(s->pub.vm, p->vm, sizeof(s->pub.vm));
	s->pub.vm_source = p->pub.vm_source;
	s->pub.direction = direction;
	s->pub.begin_ns = s->pub.end_ns = t_ns;
	s->pub.first_seq = s->pub.last_seq = ev->seq;
	s->pub.ran_again_ns = s->pub.eof_ns = s->pub.run_ns = MODEL_NONE;
	s->pub.stop.start_ns = s->pub.stopped_ns = MODEL_NONE;
	if (direction == DIR_SAVE) {
		s->pub.log_is_own = proc_logs(p) && sat_sub(t_ns, p->log_since_ns) <= SIDE_LOG_NS;
		if (s->pub.log_is_own)
			s->pub.dma_log_starts = p->n_logging + (p->container_logs ? 1 : 0);
		s->pub.dirty_log_seen = proc_logs(p);
		begin_paused(s, p, t_ns);
	}
	p->side[direction] = s->pub.id;
	m->join_dirty = true;
	return s;
}

/* A device that is asked for its data FD when the others are through belongs to them still. */
static bool goes_on(const struct sid *s, const struct proc *p, const struct dev *d, bool fd_asked,
		    uint64_t t_ns)
{
	if (s->pub.direction != DIR_SAVE)
		return false;
	if (!s->pub.n_devices)
		return s->pub.dma_log_refused && sat_sub(t_ns, s->pub.end_ns) < REFUSED_AGAIN_NS;
	return fd_asked && d && d->in_side[DIR_SAVE] != s->pub.id && p->stop.active &&
	       p->n_stopped && p->stop.start_ns < s->pub.end_ns &&
	       s->pub.outcome == OUTCOME_COMPLETED;
}

struct sid *side_sign(struct model *m, const struct event *ev, const struct dev *d,
		      uint32_t direction, uint64_t t_ns, bool fd_asked)
{
	int err = 0;
	struct proc *p = proc_of(m, ev->host, ev->pid, &err);
	struct sid *s;

	if (!p)
		return NULL;
	s = side_of(m, p->side[direction]);
	if (s && s->pub.ended && goes_on(s, p, d, fd_asked, t_ns)) {
		s->pub.ended = false;
		s->stop_frozen = false;
	}
	/* All run where they were, and PRE_COPY is asked for anew: that one was given back. */
	if (s && !s->pub.ended && fd_asked && direction == DIR_SAVE && s->pub.n_devices &&
	    s->n_phase[PHASE_BACK] == s->pub.n_devices && d && d->in_side[DIR_SAVE] == s->pub.id &&
	    (ev->kind == EV_ARC ? mig_state_is_precopy(ev->arc.to) :
				  ev->kind == EV_SET_STATE && ev->set_state.target >= 0 &&
					  mig_state_is_precopy((uint32_t)ev->set_state.target)))
		side_end(m, s, s->pub.end_ns);
	if (!s || s->pub.ended)
		s = side_create(m, ev, p, direction, t_ns);
	return s;
}

int side_session(struct model *m, struct sid *s, struct dev *d, struct sess *g)
{
	uint32_t dir = s->pub.direction, at;

	g->pub.side = s->pub.id;
	if (s->pub.last_session)
		sess_of(m, s->pub.last_session)->next = g->pub.id;
	else
		s->pub.first_session = g->pub.id;
	s->pub.last_session = g->pub.id;
	s->pub.n_sessions++;
	if (d->sized_in == s->pub.id) {
		d->sized_in = 0;
		s->n_sized--;
	}
	if (d->in_side[dir] == s->pub.id) {
		struct sidedev *sd = &s->devs[d->side_at[dir]];

		side_set_phase(s, sd, PHASE_ASKED);
		sd->pub.session = g->pub.id;
		/* The end that it gave was that of another stream. */
		if (sd->pub.eof_ns != MODEL_NONE) {
			sd->pub.eof_ns = MODEL_NONE;
			s->n_eof--;
			s->stop_frozen = s->pub.stop_over = false;
		}
		return 0;
	}
	if (array_room(&s->devs, s->pub.n_devices + 1, &s->cap_devs, sizeof(*s->devs)))
		return -ENOMEM;
	at = s->pub.n_devices++;
	memset(&s->devs[at], 0, sizeof(s->devs[at]));
	s->devs[at].pub.device = d->pub.number;
	s->devs[at].pub.session = g->pub.id;
	s->devs[at].pub.eof_ns = MODEL_NONE;
	s->devs[at].phase = PHASE_ASKED;
	s->n_phase[PHASE_ASKED]++;
	d->in_side[dir] = s->pub.id;
	d->side_at[dir] = at;
	m->join_dirty = true;
	return 0;
}

/* ---- its course ---- */

/* The direction in which the device was used last. */
uint32_t side_direction_of(const struct model *m, const struct dev *d)
{
	const struct sess *g = sess_of(m, d->sess ? d->sess : d->last_sess);

	return g ? g->pub.direction : DIR_SAVE;
}

void side_moved(struct model *m, struct dev *d, uint32_t to, uint64_t t_ns)
{
	uint32_t dir = side_direction_of(m, d);
	struct sid *s;
	struct sidedev *sd = side_of_dev(m, d, dir, &s);
	const struct sess *g;

	if (!sd)
		return;
	g = sess_of(m, sd->pub.session);
	if (t_ns > s->pub.end_ns && !s->pub.ended)
		s->pub.end_ns = t_ns;
	if (g->pub.ended && g->pub.outcome == OUTCOME_COMPLETED && sd->phase == PHASE_ASKED)
		side_set_phase(s, sd, PHASE_DONE);
	if (to == MIG_RUNNING && dir == DIR_SAVE) {
		if (s->pub.ended && s->pub.outcome == OUTCOME_COMPLETED) {
			s->pub.ran_again_ns = t_ns;
			m->join_dirty = true;
			return;
		}
		if (!s->pub.ended && (sd->phase == PHASE_ASKED || sd->phase == PHASE_DONE)) {
			s->unsure |= g->pub.ended && g->pub.outcome == OUTCOME_UNFINISHED;
			side_set_phase(s, sd, PHASE_BACK);
		}
	} else if (to == MIG_STOP && dir == DIR_SAVE && s->pub.paused_before && g->pub.ended &&
		   sd->phase == PHASE_ASKED) {
		/* A paused VM is given back to where it was. */
		side_set_phase(s, sd, PHASE_BACK);
	} else if (to == MIG_RUNNING && sd->phase == PHASE_ASKED) {
		s->unsure |= g->pub.ended && g->pub.outcome == OUTCOME_UNFINISHED;
		side_set_phase(s, sd, g->pub.loaded ? PHASE_DONE : PHASE_BACK);
	}
	if (to == MIG_RUNNING && dir == DIR_RESUME && !s->pub.ended)
		s->pub.run_ns = t_ns;
	side_check_end(m, s, t_ns);
}

/* The reset that a close comes with was no reset of its own. */
static void forget_reset(struct sid *s, const struct dev *d, uint64_t t_ns)
{
	uint32_t i = 0;

	while (i < s->n_failures) {
		const struct failure *f = &s->failures[i];

		if (f->kind == EV_DEVICE_RESET && f->device == d->pub.number && f->t_ns >= t_ns)
			failure_forget(s, i);
		else
			i++;
	}
}

static void close_in(struct model *m, struct dev *d, uint32_t dir, const struct event *ev)
{
	struct sid *s;
	struct sidedev *sd = side_of_dev(m, d, dir, &s);
	const struct sess *g;
	bool by_reset;

	if (!sd || side_of(m, d->in_side[dir])->proc != d->proc)
		return;
	g = sess_of(m, sd->pub.session);
	forget_reset(s, d, ev->t_ns);
	/* The reset that comes with a close is told before it. */
	by_reset = g->pub.ended_by == SESSION_END_RESET && d->reset_ns >= ev->t_ns;
	if (by_reset)
		sess_was_closed(m, sd->pub.session);
	if (sd->phase == PHASE_ASKED && g->pub.outcome == OUTCOME_COMPLETED) {
		side_set_phase(s, sd, PHASE_DONE);
	} else if (sd->phase == PHASE_ASKED || (by_reset && sd->phase == PHASE_BACK)) {
		side_set_phase(s, sd, PHASE_GONE);
		/*
		 * Mid-session: one that was over before left nobody waiting, and
		 * what was lost may have been its end.
		 */
		s->unsure |= g->pub.holes != 0;
		if (!s->closed.kind && !g->pub.holes &&
		    (by_reset || g->pub.ended_by == SESSION_END_CLOSE)) {
			failure_init(&s->closed, ev);
			s->closed.session = g->pub.id;
			s->closed.stream = g->pub.stream;
			s->closed.bytes = g->pub.bytes_total;
		}
	}
	side_check_end(m, s, event_end_ns(ev));
}

void side_closed(struct model *m, struct dev *d, const struct event *ev)
{
	struct sid *s = side_of(m, d->sized_in);
	struct proc *p = proc_at(m, d->proc);

	if (d->logging && p) {
		d->logging = false;
		p->n_logging--;
		if (!proc_logs(p))
			p->log_since_ns = MODEL_NONE;
		/* Whose last device is closed while it logs has given nothing back. */
		if (s && !s->pub.ended && !s->pub.n_devices && !p->n_open)
			s->unsure = true;
	}
	close_in(m, d, DIR_SAVE, ev);
	close_in(m, d, DIR_RESUME, ev);
	d->in_side[DIR_SAVE] = d->in_side[DIR_RESUME] = 0;
	d->sized_in = 0;
	if (s) {
		s->n_sized--;
		side_check_end(m, s, event_end_ns(ev));
		/* Nothing was asked of it but its size: it has left; it was the last one. */
		if (!s->pub.ended && !s->pub.n_devices && !s->n_sized && p && !p->n_open)
			side_end(m, s, event_end_ns(ev));
	}
}

/* What comes on @s, if it is the other half, is the rest of the downtime. */
static int begin_tail(struct sid *dst, const struct sid *src, uint64_t eof_ns)
{
	struct tail *t;
	uint32_t i;

	if (dst->pub.begin_ns > eof_ns)
		return 0;
	for (i = 0; i < dst->n_tails && dst->tails[i].source != src->pub.id; i++)
		;
	if (i == SIDE_TAILS)
		return 0;
	if (i == dst->n_tails) {
		/* Commonly there is one. */
		t = realloc(dst->tails, (i + 1) * sizeof(*t));
		if (!t)
			return -ENOMEM;
		dst->tails = t;
		t[i] = (struct tail){ .source = src->pub.id, .path = calloc(1, sizeof(*t->path)) };
		if (!t[i].path)
			return -ENOMEM;
		dst->n_tails++;
	}
	path_start(dst->tails[i].path, eof_ns);
	return 0;
}

static bool may_be_one_vm(const struct side *a, const struct side *b)
{
	return !side_is_named(a) || !side_is_named(b) || !strcmp(a->vm, b->vm);
}

int side_eof(struct model *m, struct dev *d, struct sess *g)
{
	struct sid *s = side_of(m, g->pub.side), *dst;
	const struct proc *p;
	uint64_t end_ns;
	uint32_t i;

	if (!s || s->pub.direction != DIR_SAVE || s->pub.ended)
		return 0;
	p = proc_at(m, s->proc);
	if (s->devs[d->side_at[DIR_SAVE]].pub.eof_ns == MODEL_NONE)
		s->n_eof++;
	s->devs[d->side_at[DIR_SAVE]].pub.eof_ns = g->pub.eof_ns;
	if (s->pub.eof_ns == MODEL_NONE || g->pub.eof_ns > s->pub.eof_ns)
		s->pub.eof_ns = g->pub.eof_ns;
	s->pub.stop_last_device = d->pub.number;
	end_ns = s->pub.eof_ns;
	if (p->stop.active) {
		take_stop(m, s, false);
		end_ns = s->pub.stop.end_ns;
	}
	s->pub.stop_over = s->n_eof >= s->pub.n_devices;
	if (s->pub.stop_over)
		s->stop_frozen = true;
	m->join_dirty = true;
	for (i = 0; i < m->n_live; i++) {
		dst = side_of(m, m->live[i]);
		if (may_be_one_vm(&s->pub, &dst->pub) && begin_tail(dst, s, end_ns))
			return -ENOMEM;
	}
	return 0;
}

void side_spend(struct model *m, struct proc *p, uint32_t owner, enum path_part part,
		uint64_t start_ns, uint64_t end_ns)
{
	struct sid *s = side_of(m, p->side[DIR_RESUME]);
	uint32_t i;

	if (!s || s->pub.ended)
		return;
	for (i = 0; i < s->n_tails; i++)
		path_spend(m, s->tails[i].path, owner, part, start_ns, end_ns);
}

void side_stop_ended(struct model *m, struct proc *p, uint64_t t_ns)
{
	struct sid *s = side_of(m, p->side[DIR_SAVE]);

	if (!s || !p->stop.active || source_outcome(s) == OUTCOME_COMPLETED ||
	    (s->pub.ended && p->stop.start_ns >= s->pub.end_ns))
		return;
	/* Given back, or paused and continued: until now its guest stood still. */
	if (!s->pub.stop_over)
		take_stop(m, s, false);
	s->pub.stopped_ns = sat_sub(t_ns, s->pub.stop.start_ns);
	/* The next stop is another; that of a device which gave its end may have been its last. */
	if (!s->pub.ended && !s->pub.stop_over)
		s->stop_frozen = false;
}

/* Its devices were closed: it is as long as it was until then, whether or not somebody looked. */
void side_stop_left(struct model *m, struct proc *p)
{
	struct sid *s = side_of(m, p->side[DIR_SAVE]);

	if (s && !s->pub.ended && !s->stop_frozen && p->stop.active)
		take_stop(m, s, false);
}

/* ---- looking ---- */

uint32_t model_sides(const struct model *m)
{
	return m->n_sides;
}

const struct side *model_side_peek(const struct model *m, uint32_t id)
{
	const struct sid *s = side_of(m, id);

	return s ? &s->pub : NULL;
}

uint32_t model_side_session(const struct model *m, uint32_t side, uint32_t session)
{
	const struct sid *s = side_of(m, side);
	const struct sess *g = sess_of(m, session);

	if (!s)
		return 0;
	return session ? (g && g->pub.side == side ? g->next : 0) : s->pub.first_session;
}

const struct side_device *model_side_device(struct model *m, uint32_t side, uint32_t i)
{
	const struct sid *s = side_of(m, side);

	return s && i < s->pub.n_devices ? &s->devs[i].pub : NULL;
}
