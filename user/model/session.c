// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration.c - what a migration is, and what is known of one
 *
 * A source's session lives in PRE_COPY, PRE_COPY_P2P and STOP_COPY, a
 * destination's in RESUMING.  When the session is over the outcome may still
 * be open: a source that reached STOP on its way to RUNNING was cancelled, a
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

	return outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : NULL;
}

struct mig *mig_create(struct dev *dev, uint32_t id, uint32_t direction,
		       const struct event *ev)
{
	struct mig *g = calloc(1, sizeof(*g));
	struct session *m;

	if (!g)
		return NULL;
	g->io = calloc(1, sizeof(*g->io));
	if (!g->io) {
		free(g);
		return NULL;
	}
	g->dev = dev;
	g->unknown_zero_ns = MODEL_NONE;
	g->trend_step = 1;
	m = &g->pub;
	m->id = id;
	m->device = dev->pub.number;
	m->direction = direction;
	m->pid = ev->pid;
	memcpy(m->comm, ev->comm, sizeof(m->comm));
	m->start_ns = m->end_ns = ev->t_ns;
	m->eof_ns = MODEL_NONE;
	m->first_read_ns = MODEL_NONE;
	m->initial_first = m->initial_last = MODEL_NONE;
	m->dirty_first = m->dirty_last = m->dirty_max = m->dirty_max_ns = MODEL_NONE;
	m->initial_zero_ns = MODEL_NONE;
	m->data_size_last = dev->data_size;
	m->data_size_last_ns = dev->data_size_ns;
	m->estimate = dev->window.active ? dev->estimate : MODEL_NONE;
	m->estimate_is_data_size = dev->estimate_is_data_size;
	if (dev->window.active && direction == DIR_SAVE)
		m->forecast = dev->forecast;
	m->window.start_ns = MODEL_NONE;
	m->lead_ns = MODEL_NONE;
	g->last_io_end_ns = g->load_start_ns = MODEL_NONE;
	m->downtime_ns = MODEL_NONE;
	m->failure.target = EVENT_TARGET_NONE;
	return g;
}

void mig_destroy(struct mig *g)
{
	if (!g)
		return;
	free(g->io);
	free(g);
}

static void close_run(struct mig *g)
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

void mig_refresh(struct mig *g)
{
	struct session *m = &g->pub;

	if (m->n_states) {
		struct session_state *s = &m->states[m->n_states - 1];

		s->dwell_ns = m->end_ns > s->enter_ns ? m->end_ns - s->enter_ns : 0;
	}
	if (g->io) {
		m->io_measured = g->io->count;
		m->io_p50_ns = hist_percentile(g->io, 50);
		m->io_p99_ns = hist_percentile(g->io, 99);
		m->io_max_ns = g->io->max;
	}
	/* After the final read() the source's window stands as it was then. */
	if (!m->ended && !m->eof && g->dev->window.active)
		window_result(&g->dev->window, &m->window);
}

static void settle(struct mig *g, enum outcome outcome, uint64_t t_ns)
{
	struct session *m = &g->pub;

	close_run(g);
	m->outcome = outcome;
	if (t_ns > m->end_ns)
		m->end_ns = t_ns;
	mig_refresh(g);
	/*
	 * The arcs after a complete source's last read() are clean-up; when it
	 * went back to running the guest was down until then.
	 */
	if (m->eof && (outcome == OUTCOME_CANCELLED || outcome == OUTCOME_FAILED) &&
	    g->dev->window.active)
		window_result(&g->dev->window, &m->window);
	m->session_over = true;
	m->ended = true;
	free(g->io);
	g->io = NULL;
	/* What was asked for this session says nothing of the next, in the same stop or not. */
	g->dev->data_size = g->dev->data_size_ns = g->dev->estimate = MODEL_NONE;
	g->dev->last_mig = g;
	g->dev->mig = NULL;
	g->dev->pub.session = 0;
}

/* The device went back to running. */
static void settle_back(struct mig *g, uint64_t t_ns)
{
	settle(g, g->pub.failures ? OUTCOME_FAILED : OUTCOME_CANCELLED, t_ns);
}

static void source_moved(struct mig *g, uint32_t from, uint32_t to, uint64_t t_ns,
			 bool final)
{
	struct session *m = &g->pub;

	if (mig_state_is_saving(to))
		return;
	m->session_over = true;
	switch (to) {
	case MIG_RUNNING:
	case MIG_RUNNING_P2P:
		/* The arc that a loss took may have been the completion. */
		if (from == MIG_UNKNOWN && m->eof)
			settle(g, OUTCOME_UNFINISHED, t_ns);
		else if (to == MIG_RUNNING || final)
			settle_back(g, t_ns);
		break;
	case MIG_STOP:
		/* On the way to RUNNING this is no completion. */
		if (final && m->eof)
			settle(g, OUTCOME_COMPLETED, t_ns);
		break;
	default:
		break;
	}
}

static void destination_moved(struct mig *g, uint32_t from, uint32_t to, uint64_t t_ns)
{
	struct session *m = &g->pub;

	if (to == MIG_RESUMING)
		return;
	if (!m->session_over) {
		m->session_over = true;
		/* Without arcs in the evidence STOP is passed unseen. */
		g->loaded = from == MIG_RESUMING && to != MIG_ERROR;
	}
	if (to == MIG_RUNNING) {
		if (g->loaded)
			settle(g, OUTCOME_COMPLETED, t_ns);
		else if (from == MIG_UNKNOWN)	/* a loss hides what happened */
			settle(g, OUTCOME_UNFINISHED, t_ns);
		else
			settle_back(g, t_ns);
	}
}

void mig_moved(struct mig *g, uint32_t from, uint32_t to, uint64_t t_ns, bool final)
{
	if (g->pub.direction == DIR_SAVE)
		source_moved(g, from, to, t_ns, final);
	else
		destination_moved(g, from, to, t_ns);
}

void mig_reset(struct mig *g, uint64_t t_ns)
{
	settle_back(g, t_ns);
}

void mig_abandoned(struct mig *g, uint64_t t_ns)
{
	settle(g, g->pub.failures ? OUTCOME_FAILED : OUTCOME_UNFINISHED, t_ns);
}

void mig_push_state(struct mig *g, uint32_t state, uint64_t t_ns)
{
	struct session *m = &g->pub;
	struct session_state *s;

	if (m->n_states) {
		s = &m->states[m->n_states - 1];
		if (s->state == state)
			return;
		if (t_ns < s->enter_ns)
			t_ns = s->enter_ns;
		s->dwell_ns = t_ns - s->enter_ns;
	}
	if (m->n_states == SESSION_STATES_MAX)
		m->states_folded++;
	else
		m->n_states++;
	s = &m->states[m->n_states - 1];
	memset(s, 0, sizeof(*s));
	s->state = state;
	s->enter_ns = t_ns;
}

void mig_prove_start(struct mig *g, uint32_t state)
{
	struct session *m = &g->pub;
	struct session_state *s = &m->states[0];

	if (!m->joined_late || m->holes || m->n_states != 1 || s->state != MIG_UNKNOWN)
		return;
	s->state = state;
	if (mig_state_is_precopy(state)) {
		m->bytes_precopy += m->bytes_unplaced;
		m->zero_reads_precopy += s->zero_reads;
		m->bytes_unplaced = 0;
	} else if (state == MIG_STOP_COPY && m->direction == DIR_SAVE) {
		m->bytes_stop_copy += m->bytes_unplaced;
		m->enomsg_stop_copy += s->enomsg;
		m->bytes_unplaced = 0;
		if (g->unknown_zero_ns != MODEL_NONE && !m->eof) {
			m->eof = true;
			m->eof_ns = g->unknown_zero_ns;
		}
	}
	g->unknown_zero_ns = MODEL_NONE;
}

void mig_push_arc(struct mig *g, const struct session_arc *arc)
{
	struct session *m = &g->pub;

	if (m->n_arcs == SESSION_ARCS_MAX)
		m->arcs_folded++;
	else
		m->n_arcs++;
	m->arcs[m->n_arcs - 1] = *arc;
	if (arc->from == MIG_RESUMING && arc->to == MIG_STOP) {
		g->load_start_ns = arc->start_ns;
		g->load_ns = arc->dur_ns;
		g->arcs_after_load_ns = 0;
	} else {
		g->arcs_after_load_ns += arc->dur_ns;
	}
}

void mig_source_ended(struct mig *g, uint32_t source, uint64_t eof_ns)
{
	if (g->pub.direction != DIR_RESUME || g->pub.ended || g->n_tails == MIG_TAILS)
		return;
	g->tails[g->n_tails].source = source;
	g->tails[g->n_tails].eof_ns = eof_ns;
	g->tails[g->n_tails++].write_ns = 0;
}

static uint64_t after(uint64_t later, uint64_t earlier)
{
	return later > earlier ? later - earlier : 0;
}

void mig_landing(struct mig *src, const struct mig *dst)
{
	uint64_t eof_ns = src->pub.eof_ns, load_end_ns = dst->load_start_ns + dst->load_ns;
	struct session_landing *l = &src->pub.landing;
	uint64_t sent_ns = dst->last_io_end_ns;
	uint32_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < dst->n_tails && dst->tails[i].source != src->pub.id; i++)
		;
	/* An arc that was lost, or a source whose end came after all that. */
	if (i == dst->n_tails || dst->load_start_ns == MODEL_NONE || dst->pub.holes ||
	    src->pub.holes || dst->load_start_ns < eof_ns ||
	    src->pub.window.end_ns != eof_ns || sent_ns > dst->load_start_ns)
		return;
	if (sent_ns < eof_ns)
		sent_ns = eof_ns;
	l->known = true;
	l->write_ns = dst->tails[i].write_ns;
	if (l->write_ns > sent_ns - eof_ns)
		l->write_ns = sent_ns - eof_ns;
	l->transfer_ns = sent_ns - eof_ns - l->write_ns;
	l->before_load_ns = dst->load_start_ns - sent_ns;
	l->load_ns = dst->load_ns;
	l->arcs_ns = dst->arcs_after_load_ns;
	l->start_ns = after(dst->pub.end_ns, load_end_ns + l->arcs_ns);
}

/* Where a call begun in @state counts; the newest stretch of that state. */
static struct session_state *phase_of(struct session *m, uint32_t state)
{
	uint32_t i;

	for (i = m->n_states; i > 0; i--)
		if (m->states[i - 1].state == state)
			return &m->states[i - 1];
	return NULL;
}

static bool is_interruption(int64_t ret)
{
	/* ERESTARTSYS and its kin: the call is made again, or it is EINTR. */
	return ret == -EAGAIN || ret == -EINTR || (ret <= -512 && ret >= -516);
}

static void note_failure(struct session *m, const struct event *ev)
{
	switch (ev->kind) {
	case EV_READ:
		if (ev->ret == -ENOMSG)
			return;
		/* fall through */
	case EV_WRITE:
	case EV_SET_STATE:
	case EV_GET_STATE:
	case EV_RESET:
	case EV_PRECOPY_INFO:
	case EV_DATA_SIZE:
	case EV_DMA_LOG_START:
	case EV_DMA_LOG_STOP:
	case EV_DMA_LOG_REPORT:
		break;
	default:
		return;
	}
	if (ev->ret >= 0 || is_interruption(ev->ret))
		return;
	if (!m->failures++) {
		m->failure.t_ns = ev->t_ns;
		m->failure.kind = ev->kind;
		m->failure.ret = ev->ret;
		m->failure.target = ev->kind == EV_SET_STATE ? ev->set_state.target
							     : EVENT_TARGET_NONE;
	}
}

static void take_read(struct mig *g, const struct event *ev, uint32_t state,
		      struct session_state *phase)
{
	struct session *m = &g->pub;
	uint64_t calls = event_calls(ev);

	m->reads += calls;
	if (phase)
		phase->reads += calls;
	if (state == MIG_STOP_COPY && m->first_read_ns == MODEL_NONE)
		m->first_read_ns = calls > 1 ? ev->dur_ns / calls : ev->dur_ns;
	if (ev->ret > 0) {
		m->bytes_total += (uint64_t)ev->ret;
		if (mig_state_is_precopy(state))
			m->bytes_precopy += (uint64_t)ev->ret;
		else if (state == MIG_STOP_COPY)
			m->bytes_stop_copy += (uint64_t)ev->ret;
		else
			m->bytes_unplaced += (uint64_t)ev->ret;
		if (phase)
			phase->bytes += (uint64_t)ev->ret;
		hist_add(g->io, ev->dur_ns, 1);
		if (mig_state_is_precopy(state)) {
			if (g->moved_end_ns && event_end_ns(ev) > g->moved_end_ns) {
				m->pace_ns += event_end_ns(ev) - g->moved_end_ns;
				m->pace_bytes += (uint64_t)ev->ret;
			}
			g->moved_end_ns = event_end_ns(ev);
		}
		m->eof = false;
		g->unknown_zero_ns = MODEL_NONE;
		if (g->run_reads)
			close_run(g);
		return;
	}
	g->moved_end_ns = 0;
	if (!event_is_empty_read(ev)) {
		m->io_errors += ev->ret < 0 && !is_interruption(ev->ret) ? calls : 0;
		return;
	}
	m->empty_reads += calls;
	if (!g->run_reads)
		g->run_start_ns = ev->t_ns;
	g->run_reads += calls;
	g->run_last_ns = event_end_ns(ev);
	if (ev->ret < 0) {
		m->enomsg += calls;
		if (phase)
			phase->enomsg += calls;
		if (state == MIG_STOP_COPY)
			m->enomsg_stop_copy += calls;
		return;
	}
	if (phase)
		phase->zero_reads += calls;
	if (mig_state_is_precopy(state)) {
		m->zero_reads_precopy += calls;
	} else if (state == MIG_STOP_COPY && !m->eof) {
		m->eof = true;
		/* The first read of a folded run is the one that told. */
		m->eof_ns = calls > 1 ? ev->t_ns + ev->dur_ns / calls : event_end_ns(ev);
		if (g->dev->window.active)
			window_result(&g->dev->window, &m->window);
	} else if (state == MIG_UNKNOWN && g->unknown_zero_ns == MODEL_NONE) {
		g->unknown_zero_ns = event_end_ns(ev);
	}
}

static void take_write(struct mig *g, const struct event *ev, struct session_state *phase)
{
	uint64_t calls = event_calls(ev), end_ns = ev->t_ns + ev->dur_ns;
	struct session *m = &g->pub;
	uint32_t i;

	/* Writes of one stream do not overlap; that they did would be a finding. */
	for (i = 0; i < g->n_tails; i++)
		g->tails[i].write_ns += after(end_ns, ev->t_ns > g->tails[i].eof_ns ? ev->t_ns :
					      g->tails[i].eof_ns);

	m->writes += calls;
	if (phase)
		phase->writes += calls;
	if (ev->ret > 0) {
		m->bytes_total += (uint64_t)ev->ret;
		if (phase)
			phase->bytes += (uint64_t)ev->ret;
		hist_add(g->io, ev->dur_ns, 1);
	} else if (ev->ret < 0 && !is_interruption(ev->ret)) {
		m->io_errors += calls;
	}
}

/*
 * Keep a bounded number of samples: when they are full every second one goes,
 * and from then on only every second info is kept.
 */
static void sample(struct mig *g, const struct event *ev)
{
	struct session *m = &g->pub;
	uint32_t i;

	if (g->trend_skip++ % g->trend_step)
		return;
	if (m->n_trend == SESSION_TREND_MAX) {
		for (i = 0; i < SESSION_TREND_MAX / 2; i++)
			m->trend[i] = m->trend[2 * i];
		m->n_trend = SESSION_TREND_MAX / 2;
		g->trend_step *= 2;
		g->trend_skip = 1;
	}
	m->trend[m->n_trend].t_ns = ev->t_ns;
	m->trend[m->n_trend].initial_bytes = ev->precopy_info.initial_bytes;
	m->trend[m->n_trend].dirty_bytes = ev->precopy_info.dirty_bytes;
	m->trend[m->n_trend].moved = m->bytes_total;
	m->n_trend++;
}

static void take_info(struct mig *g, const struct event *ev, struct session_state *phase)
{
	struct session *m = &g->pub;
	uint64_t initial = ev->precopy_info.initial_bytes;
	uint64_t dirty = ev->precopy_info.dirty_bytes;

	if (ev->ret < 0)
		return;
	if (!m->precopy_infos++) {
		m->initial_first = initial;
		m->dirty_first = dirty;
		m->dirty_max = 0;
		m->dirty_max_ns = ev->t_ns;
	} else {
		m->dirty_rises += dirty > m->dirty_last;
		m->dirty_falls += dirty < m->dirty_last;
	}
	m->initial_last = initial;
	m->dirty_last = dirty;
	m->info_ns = ev->t_ns;
	m->info_moved = m->bytes_total;
	if (dirty > m->dirty_max) {
		m->dirty_max = dirty;
		m->dirty_max_ns = ev->t_ns;
	}
	if (!initial && m->initial_zero_ns == MODEL_NONE)
		m->initial_zero_ns = ev->t_ns;
	if (phase)
		phase->infos++;
	sample(g, ev);
}

void mig_call(struct mig *g, const struct event *ev, uint32_t state)
{
	struct session *m = &g->pub;
	struct session_state *phase = phase_of(m, state);
	uint64_t end_ns = event_end_ns(ev);

	if (end_ns > m->end_ns)
		m->end_ns = end_ns;
	if (ev->ret < 0)
		note_failure(m, ev);
	/* Whatever comes between two reads, the second did not follow at once. */
	if (ev->kind == EV_POLL || ev->kind == EV_PRECOPY_INFO)
		g->moved_end_ns = 0;

	switch (ev->kind) {
	case EV_READ:
		if (ev->io.size > m->max_io_size)
			m->max_io_size = ev->io.size;
		g->last_io_end_ns = end_ns;
		take_read(g, ev, state, phase);
		break;
	case EV_WRITE:
		if (ev->io.size > m->max_io_size)
			m->max_io_size = ev->io.size;
		g->last_io_end_ns = end_ns;
		take_write(g, ev, phase);
		break;
	case EV_POLL:
		m->polls++;
		break;
	case EV_PRECOPY_INFO:
		take_info(g, ev, phase);
		break;
	case EV_DATA_SIZE:
		if (ev->ret >= 0) {
			m->data_sizes++;
			m->data_size_last = ev->data_size.stop_copy_length;
			m->data_size_last_ns = ev->t_ns;
		}
		break;
	case EV_DMA_LOG_REPORT:
		m->dma_log_reports++;
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		m->resets++;
		break;
	default:
		break;
	}
}
