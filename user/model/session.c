// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - what is known of one session
 *
 * A source's session lives in PRE_COPY, PRE_COPY_P2P and STOP_COPY, a
 * destination's in RESUMING.  When the session is over the outcome may still
 * be open: a source that reached STOP on its way to RUNNING was given back, a
 * destination is complete only when it runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/internal.h"

const char *outcome_name(uint32_t outcome)
{
	static const char *const names[] = {
		[OUTCOME_UNFINISHED] = "unfinished",
		[OUTCOME_COMPLETED] = "completed",
		[OUTCOME_CANCELLED] = "cancelled",
		[OUTCOME_FAILED] = "failed",
	};

	return outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "unknown";
}

uint64_t session_left(const struct session *g, enum left_source *source)
{
	if (source)
		*source = LEFT_NOT_SEEN;
	if (!g || g->direction != DIR_SAVE)
		return MODEL_NONE;
	/* The stream has said so itself. */
	return g->eof ? 0 : left_bytes(&g->left, source, NULL);
}

/* A hostile recording has many sessions that move nothing. */
int sess_room_for_io(struct sess *g, const struct event *ev)
{
	if (!g || g->pub.ended || !(event_traits(ev->kind) & EVT_IO))
		return 0;
	if (!g->io && ev->ret > 0) {
		g->io = calloc(1, sizeof(*g->io));
		return g->io ? 0 : -ENOMEM;
	}
	/* An end in a state that is not known, since something was lost. */
	if (!g->unknown_zero_window && !ev->ret && g->pub.holes) {
		g->unknown_zero_window = calloc(1, sizeof(*g->unknown_zero_window));
		return g->unknown_zero_window ? 0 : -ENOMEM;
	}
	return 0;
}

struct sess *sess_create(struct model *m, struct dev *d, uint32_t direction, const struct event *ev)
{
	struct sess *g = calloc(1, sizeof(*g));
	const struct model_process *p;
	struct session *s;

	if (!g)
		return NULL;
	g->unknown_zero_ns = MODEL_NONE;
	g->trend_step = 1;
	s = &g->pub;
	s->host = ev->host;
	s->device = d->pub.number;
	s->direction = direction;
	s->pid = ev->pid;
	p = model_process(m, ev->host, ev->pid);
	memcpy(s->comm, p && p->comm_known ? p->comm : ev->comm, sizeof(s->comm));
	if (p && p->vm)
		memcpy(s->vm, p->vm, sizeof(s->vm));
	s->start_ns = s->end_ns = ev->t_ns;
	s->first_seq = s->last_seq = ev->seq;
	s->eof_ns = MODEL_NONE;
	s->first_read_ns = MODEL_NONE;
	s->initial_first = s->initial_last = MODEL_NONE;
	s->dirty_first = s->dirty_last = s->dirty_max = s->dirty_max_ns = MODEL_NONE;
	s->initial_zero_ns = MODEL_NONE;
	left_init(&s->left);
	if (direction == DIR_SAVE)
		s->left = d->left;
	s->data_size_last = s->left.size_bytes;
	s->data_size_last_ns = s->left.size_bytes == MODEL_NONE ? MODEL_NONE : s->left.size_ns;
	s->estimate = d->window.active ? d->estimate : MODEL_NONE;
	s->estimate_is_data_size = d->estimate_is_data_size;
	if (d->window.active && direction == DIR_SAVE)
		s->forecast = d->forecast;
	s->window.start_ns = MODEL_NONE;
	s->lead_ns = MODEL_NONE;
	g->last_io_end_ns = s->load_start_ns = s->switch_ns = MODEL_NONE;
	s->failure.target = EVENT_TARGET_NONE;
	if (!inside_begin(m, g))
		return g;
	sess_destroy(g);
	return NULL;
}

void sess_destroy(struct sess *g)
{
	if (!g)
		return;
	free(g->io);
	why_list_drop(&g->slow);
	why_list_drop(&g->gaps);
	free(g->inside);
	free(g->unknown_zero_window);
	free(g);
}

struct sess *sess_copy(const struct sess *g)
{
	struct sess *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *g;
	c->io = NULL;
	memset(&c->slow, 0, sizeof(c->slow));
	memset(&c->gaps, 0, sizeof(c->gaps));
	c->inside = NULL;
	c->unknown_zero_window = NULL;
	if (g->unknown_zero_window) {
		c->unknown_zero_window = malloc(sizeof(*c->unknown_zero_window));
		if (!c->unknown_zero_window)
			goto out;
		*c->unknown_zero_window = *g->unknown_zero_window;
	}
	if (g->io) {
		c->io = malloc(sizeof(*c->io));
		if (!c->io)
			goto out;
		*c->io = *g->io;
	}
	if (why_list_copy(&c->slow, &g->slow) || why_list_copy(&c->gaps, &g->gaps) ||
	    inside_copy(c, g))
		goto out;
	return c;
out:
	sess_destroy(c);
	return NULL;
}

static void close_run(struct sess *g)
{
	struct session_runs *r = &g->pub.runs;
	uint64_t span = g->run_last_ns - g->run_start_ns;

	if (g->run_reads >= 2) {
		r->runs++;
		r->span_ns += span;
		if (g->run_reads > r->longest) {
			r->longest = g->run_reads;
			r->longest_start_ns = g->run_start_ns;
			r->longest_span_ns = span;
		}
	}
	g->run_reads = 0;
}

/* What is out of the device is in flight until it was last seen so. */
static void add_flights(const struct model *m, struct sess *g, const struct dev *d)
{
	struct session *s = &g->pub;
	struct session_window without;
	struct path now;
	uint32_t i;

	if (!d->window.active && !m->n_flights)
		return;
	/* The sums are all that is wanted of the copy. */
	now = d->window;
	now.devs = NULL;
	now.n_devs = now.cap_devs = 0;
	path_result(&now, &without);
	for (i = 0; i < m->n_flights; i++) {
		const struct model_flight *f = &m->flights[i].pub;

		if (f->device != s->device)
			continue;
		if (f->seen_ns > s->end_ns && f->start_ns >= s->start_ns)
			s->end_ns = f->seen_ns;
		path_add(&now, d->owner, flight_part(f->call), f->start_ns, f->seen_ns);
		if (f->why.seen)
			path_why(&now, d->owner, flight_part(f->call), f->start_ns, f->seen_ns,
				 &f->why);
	}
	if (!now.active || s->eof)
		return;
	path_result(&now, &s->window);
	s->window.in_flight_ns = (s->window.total_ns - s->window.outside_ns) -
				 (without.total_ns - without.outside_ns);
}

void sess_refresh(const struct model *m, struct sess *g)
{
	const struct dev *d = dev_get(m, g->pub.device);
	struct session *s = &g->pub;

	/* After the final read() the source's window stands as it was then. */
	if (!s->ended && d)
		add_flights(m, g, d);
	if (s->n_states) {
		struct session_state *st = &s->states[s->n_states - 1];

		st->dwell_ns = sat_sub(s->end_ns, st->enter_ns);
	}
	if (g->io) {
		s->io_measured = g->io->count;
		s->io_p50_ns = hist_percentile(g->io, 50);
		s->io_p99_ns = hist_percentile(g->io, 99);
		s->io_max_ns = g->io->max;
	}
}

static void end_session(struct sess *g, enum session_end how)
{
	if (g->pub.session_over)
		return;
	g->pub.session_over = true;
	g->pub.ended_by = how;
}

static void settle(struct model *m, struct dev *d, struct sess *g, enum outcome outcome,
		   uint64_t t_ns, enum session_end how)
{
	struct session *s = &g->pub;

	close_run(g);
	s->outcome = outcome;
	if (t_ns > s->end_ns)
		s->end_ns = t_ns;
	sess_refresh(m, g);
	/*
	 * The arcs after a complete source's last read() are clean-up; when it
	 * went back to running the guest was down until then.
	 */
	if (s->eof && (outcome == OUTCOME_CANCELLED || outcome == OUTCOME_FAILED) &&
	    d->window.active)
		path_result(&d->window, &s->window);
	end_session(g, how);
	s->ended = true;
	free(g->io);
	g->io = NULL;
	/* What was asked for this session says nothing of the next, in the same stop or not. */
	left_init(&d->left);
	d->estimate = MODEL_NONE;
	d->last_sess = s->id;
	d->sess = 0;
	d->pub.session = d->pub.stream = 0;
}

/* Has something of the session failed that nothing made good since? */
static bool has_failed(const struct model *m, const struct sess *g)
{
	const struct sid *s = side_of(m, g->pub.side);
	uint32_t i;

	for (i = 0; s && i < s->n_failures; i++)
		if (s->failures[i].session == g->pub.id)
			return true;
	return false;
}

/* The device went back to running. */
static void settle_back(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns,
			enum session_end how)
{
	settle(m, d, g, has_failed(m, g) ? OUTCOME_FAILED : OUTCOME_CANCELLED, t_ns, how);
}

static void source_moved(struct model *m, struct dev *d, struct sess *g, uint32_t from, uint32_t to,
			 uint64_t t_ns, bool final)
{
	struct session *s = &g->pub;

	if (mig_state_is_saving(to))
		return;
	end_session(g, SESSION_END_ARC);
	switch (to) {
	case MIG_RUNNING:
	case MIG_RUNNING_P2P:
		/* The arc that a loss took may have been the completion. */
		if (from == MIG_UNKNOWN && s->eof)
			settle(m, d, g, OUTCOME_UNFINISHED, t_ns, SESSION_END_ARC);
		else if (to == MIG_RUNNING || final)
			settle_back(m, d, g, t_ns, SESSION_END_ARC);
		break;
	case MIG_STOP:
		/* On the way to RUNNING this is no completion. */
		if (final && s->eof)
			settle(m, d, g, OUTCOME_COMPLETED, t_ns, SESSION_END_ARC);
		/* A VM that was paused is given back to where it was. */
		else if (final && side_of(m, s->side)->pub.paused_before)
			settle_back(m, d, g, t_ns, SESSION_END_ARC);
		break;
	default:
		break;
	}
}

static void destination_moved(struct model *m, struct dev *d, struct sess *g, uint32_t from,
			      uint32_t to, uint64_t t_ns)
{
	struct session *s = &g->pub;

	if (to == MIG_RESUMING)
		return;
	if (!s->session_over) {
		end_session(g, SESSION_END_ARC);
		/* Without arcs in the evidence STOP is passed unseen. */
		s->loaded = from == MIG_RESUMING && to != MIG_ERROR;
		s->load_tried |= from == MIG_RESUMING;
		s->gap |= s->loaded && g->write_failed;
	}
	if (to == MIG_RUNNING) {
		if (s->loaded)
			settle(m, d, g, s->gap ? OUTCOME_FAILED : OUTCOME_COMPLETED, t_ns,
			       SESSION_END_ARC);
		else if (from == MIG_UNKNOWN) /* a loss hides what happened */
			settle(m, d, g, OUTCOME_UNFINISHED, t_ns, SESSION_END_ARC);
		else
			settle_back(m, d, g, t_ns, SESSION_END_ARC);
	}
}

void sess_moved(struct model *m, struct dev *d, struct sess *g, uint32_t from, uint32_t to,
		uint64_t t_ns, bool final)
{
	if (g->pub.direction == DIR_SAVE)
		source_moved(m, d, g, from, to, t_ns, final);
	else
		destination_moved(m, d, g, from, to, t_ns);
}

void sess_reset(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns)
{
	settle_back(m, d, g, t_ns, SESSION_END_RESET);
}

void sess_abandoned(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns,
		    enum session_end how)
{
	/* Closed after its end and before anybody told it to stop: the VMM is through with it. */
	bool done = how == SESSION_END_CLOSE && g->pub.direction == DIR_SAVE && g->pub.eof;

	settle(m, d, g,
	       done		? OUTCOME_COMPLETED :
	       has_failed(m, g) ? OUTCOME_FAILED :
				  OUTCOME_UNFINISHED,
	       t_ns, how);
}

void sess_was_closed(struct model *m, uint32_t id)
{
	struct session *s = &sess_of(m, id)->pub;

	s->ended_by = SESSION_END_CLOSE;
	if (s->outcome == OUTCOME_CANCELLED)
		s->outcome = s->eof ? OUTCOME_COMPLETED : OUTCOME_UNFINISHED;
}

void sess_attempted(struct model *m, struct dev *d, struct sess *g, uint64_t t_ns)
{
	g->pub.attempt = true;
	settle(m, d, g, OUTCOME_FAILED, t_ns, SESSION_END_ARC);
}

void sess_push_state(struct sess *g, uint32_t state, uint64_t t_ns)
{
	struct session *s = &g->pub;
	struct session_state *st;

	if (s->n_states) {
		st = &s->states[s->n_states - 1];
		if (st->state == state)
			return;
		if (t_ns < st->enter_ns)
			t_ns = st->enter_ns;
		st->dwell_ns = t_ns - st->enter_ns;
	}
	if (s->n_states == SESSION_STATES_MAX)
		s->states_folded++;
	else
		s->n_states++;
	st = &s->states[s->n_states - 1];
	memset(st, 0, sizeof(*st));
	st->state = state;
	st->enter_ns = t_ns;
}

void sess_prove_start(struct sess *g, uint32_t state)
{
	struct session *s = &g->pub;
	struct session_state *st = &s->states[0];

	/* Since what was lost nothing has moved it: it gave its end in this state. */
	if (s->holes && state == MIG_STOP_COPY && s->direction == DIR_SAVE && !s->eof &&
	    g->unknown_zero_ns != MODEL_NONE && g->unknown_zero_start_ns >= g->hole_to_ns &&
	    g->unknown_zero_window) {
		s->eof = true;
		s->eof_ns = g->unknown_zero_ns;
		s->window = *g->unknown_zero_window;
	}
	if (!s->joined_late || s->holes || s->n_states != 1 || st->state != MIG_UNKNOWN)
		return;
	st->state = state;
	if (mig_state_is_precopy(state)) {
		s->bytes_precopy += s->bytes_unplaced;
		s->zero_reads_precopy += st->zero_reads;
		s->bytes_unplaced = 0;
	} else if (state == MIG_STOP_COPY && s->direction == DIR_SAVE) {
		s->bytes_stop_copy += s->bytes_unplaced;
		s->enomsg_stop_copy += st->enomsg;
		s->bytes_unplaced = 0;
		if (g->unknown_zero_ns != MODEL_NONE && !s->eof) {
			s->eof = true;
			s->eof_ns = g->unknown_zero_ns;
		}
	}
	g->unknown_zero_ns = MODEL_NONE;
}

void sess_push_arc(struct sess *g, const struct session_arc *arc)
{
	struct session *s = &g->pub;

	if (s->n_arcs == SESSION_ARCS_MAX)
		s->arcs_folded++;
	else
		s->n_arcs++;
	s->arcs[s->n_arcs - 1] = *arc;
}

/* Where a call begun in @state counts; the newest stretch of that state. */
static struct session_state *phase_of(struct session *s, uint32_t state)
{
	uint32_t i;

	for (i = s->n_states; i > 0; i--)
		if (s->states[i - 1].state == state)
			return &s->states[i - 1];
	return NULL;
}

static void note_failure(struct session *s, const struct event *ev)
{
	if (!s->failures++) {
		failure_init(&s->failure, ev);
		s->failure.session = s->id;
		s->failure.bytes = s->bytes_total;
	}
}

static void take_read(struct dev *d, struct sess *g, const struct event *ev, uint32_t state,
		      struct session_state *phase)
{
	struct session *s = &g->pub;
	uint64_t calls = event_calls(ev);

	s->reads += calls;
	if (phase)
		phase->reads += calls;
	if (state == MIG_STOP_COPY && s->first_read_ns == MODEL_NONE)
		s->first_read_ns = calls > 1 ? ev->dur_ns / calls : ev->dur_ns;
	if (ev->ret > 0) {
		s->bytes_total += (uint64_t)ev->ret;
		left_read(&s->left, (uint64_t)ev->ret);
		if (mig_state_is_precopy(state))
			s->bytes_precopy += (uint64_t)ev->ret;
		else if (state == MIG_STOP_COPY)
			s->bytes_stop_copy += (uint64_t)ev->ret;
		else
			s->bytes_unplaced += (uint64_t)ev->ret;
		if (phase)
			phase->bytes += (uint64_t)ev->ret;
		hist_add(g->io, ev->dur_ns, 1);
		if (mig_state_is_precopy(state)) {
			if (g->moved_end_ns && event_end_ns(ev) > g->moved_end_ns) {
				s->pace_ns += event_end_ns(ev) - g->moved_end_ns;
				s->pace_bytes += (uint64_t)ev->ret;
			}
			g->moved_end_ns = event_end_ns(ev);
		}
		s->eof = false;
		g->unknown_zero_ns = MODEL_NONE;
		if (g->run_reads)
			close_run(g);
		return;
	}
	g->moved_end_ns = 0;
	if (!event_is_empty_read(ev)) {
		s->io_errors += event_failed(ev) ? calls : 0;
		return;
	}
	s->empty_reads += calls;
	if (!g->run_reads)
		g->run_start_ns = ev->t_ns;
	g->run_reads += calls;
	g->run_last_ns = event_end_ns(ev);
	if (ev->ret < 0) {
		s->enomsg += calls;
		if (phase)
			phase->enomsg += calls;
		if (state == MIG_STOP_COPY)
			s->enomsg_stop_copy += calls;
		return;
	}
	if (phase)
		phase->zero_reads += calls;
	if (mig_state_is_precopy(state)) {
		s->zero_reads_precopy += calls;
	} else if (state == MIG_STOP_COPY && !s->eof) {
		s->eof = true;
		/* The first read of a folded run is the one that told. */
		s->eof_ns = calls > 1 ? ev->t_ns + ev->dur_ns / calls : event_end_ns(ev);
		if (d->window.active)
			path_result(&d->window, &s->window);
	} else if (state == MIG_UNKNOWN && g->unknown_zero_ns == MODEL_NONE) {
		g->unknown_zero_ns = event_end_ns(ev);
		g->unknown_zero_start_ns = ev->t_ns;
		if (!g->unknown_zero_window)
			return;
		*g->unknown_zero_window = s->window;
		if (d->window.active)
			path_result(&d->window, g->unknown_zero_window);
	}
}

static void take_write(struct sess *g, const struct event *ev, struct session_state *phase)
{
	uint64_t calls = event_calls(ev);
	struct session *s = &g->pub;

	s->writes += calls;
	if (phase)
		phase->writes += calls;
	if (ev->ret > 0) {
		s->gap |= g->write_failed;
		s->bytes_total += (uint64_t)ev->ret;
		if (phase)
			phase->bytes += (uint64_t)ev->ret;
		hist_add(g->io, ev->dur_ns, 1);
	} else if (event_failed(ev)) {
		s->io_errors += calls;
		if (!g->write_failed) {
			g->write_failed = true;
			s->gap_bytes = s->bytes_total;
			s->gap_seq = ev->seq;
			s->gap_ns = ev->t_ns;
		}
	}
}

/*
 * Keep a bounded number of samples: when they are full every second one goes,
 * and from then on only every second info is kept.
 */
static void sample(struct sess *g, const struct event *ev)
{
	struct session *s = &g->pub;
	uint32_t i;

	if (g->trend_skip++ % g->trend_step)
		return;
	if (s->n_trend == SESSION_TREND_MAX) {
		for (i = 0; i < SESSION_TREND_MAX / 2; i++)
			s->trend[i] = s->trend[2 * i];
		s->n_trend = SESSION_TREND_MAX / 2;
		g->trend_step *= 2;
		g->trend_skip = 1;
	}
	s->trend[s->n_trend].t_ns = ev->t_ns;
	s->trend[s->n_trend].initial_bytes = ev->precopy_info.initial_bytes;
	s->trend[s->n_trend].dirty_bytes = ev->precopy_info.dirty_bytes;
	s->trend[s->n_trend].moved = s->bytes_total;
	s->n_trend++;
}

static void take_info(const struct dev *d, struct sess *g, const struct event *ev,
		      struct session_state *phase)
{
	struct session *s = &g->pub;
	uint64_t initial = ev->precopy_info.initial_bytes;
	uint64_t dirty = ev->precopy_info.dirty_bytes;

	if (ev->ret < 0) {
		s->infos_failed++;
		return;
	}
	s->reinits += d->pub.precopy_info_v2 && (ev->precopy_info.flags & PRECOPY_INFO_REINIT);
	left_took_info(&s->left, initial, dirty, ev->t_ns);
	if (!s->precopy_infos++) {
		s->initial_first = initial;
		s->dirty_first = dirty;
		s->dirty_max = 0;
		s->dirty_max_ns = ev->t_ns;
	} else {
		s->dirty_rises += dirty > s->dirty_last;
		s->dirty_falls += dirty < s->dirty_last;
	}
	s->initial_last = initial;
	s->dirty_last = dirty;
	s->info_ns = ev->t_ns;
	s->info_moved = s->bytes_total;
	if (dirty > s->dirty_max) {
		s->dirty_max = dirty;
		s->dirty_max_ns = ev->t_ns;
	}
	if (!initial && s->initial_zero_ns == MODEL_NONE)
		s->initial_zero_ns = ev->t_ns;
	if (phase)
		phase->infos++;
	sample(g, ev);
}

void sess_call(struct dev *d, struct sess *g, const struct event *ev, uint32_t state)
{
	struct session *s = &g->pub;
	struct session_state *phase = phase_of(s, state);
	uint64_t end_ns = event_end_ns(ev);

	if (end_ns > s->end_ns)
		s->end_ns = end_ns;
	s->last_seq = ev->seq;
	if (event_failed(ev) && ev->kind != EV_ARC)
		note_failure(s, ev);
	/* Whatever comes between two reads, the second did not follow at once. */
	if (ev->kind == EV_POLL || ev->kind == EV_PRECOPY_INFO)
		g->moved_end_ns = 0;

	switch (ev->kind) {
	case EV_READ:
		if (ev->io.size > s->max_io_size)
			s->max_io_size = ev->io.size;
		g->last_io_end_ns = end_ns;
		take_read(d, g, ev, state, phase);
		break;
	case EV_WRITE:
		if (ev->io.size > s->max_io_size)
			s->max_io_size = ev->io.size;
		g->last_io_end_ns = end_ns;
		take_write(g, ev, phase);
		break;
	case EV_POLL:
		s->polls++;
		break;
	case EV_PRECOPY_INFO:
		take_info(d, g, ev, phase);
		break;
	case EV_DATA_SIZE:
		if (ev->ret < 0) {
			s->sizes_failed++;
			break;
		}
		s->data_sizes++;
		s->data_size_last = ev->data_size.stop_copy_length;
		s->data_size_last_ns = ev->t_ns;
		left_took_size(&s->left, ev->data_size.stop_copy_length, ev->t_ns);
		break;
	case EV_DMA_LOG_REPORT:
		s->dma_log_reports++;
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		s->resets++;
		break;
	default:
		break;
	}
}
