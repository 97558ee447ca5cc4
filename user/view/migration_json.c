// SPDX-License-Identifier: GPL-2.0-only
/*
 * migration_json.c - migrations, their sides and sessions as JSON
 *
 * Names are the contract's and the schema's (report_schema.c).  What is not known
 * is null, never 0, and "not_seen" of the same object says why.
 */
#include <stdlib.h>
#include <string.h>

#include "model/forecast.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/vmm_words.h"
#include "view/findings.h"
#include "view/sentence.h"

/* An object, and what of it was not seen. */
#define WHY_MAX 32
struct object {
	struct json *j;
	struct {
		const char *key, *why;
	} none[WHY_MAX];
	size_t n;
};

static void object_begin(struct object *o, struct json *j)
{
	o->j = j;
	o->n = 0;
	json_object_begin(j);
}

static void why(struct object *o, const char *key, const char *text)
{
	if (o->n == WHY_MAX)
		return;
	o->none[o->n].key = key;
	o->none[o->n++].why = text;
}

/* @v, or null because of @text when it is MODEL_NONE. */
static void known(struct object *o, const char *key, uint64_t v, const char *text)
{
	json_known(o->j, key, v);
	if (v == MODEL_NONE)
		why(o, key, text);
}

static void object_end(struct object *o)
{
	size_t i;

	json_key(o->j, "not_seen");
	json_object_begin(o->j);
	for (i = 0; i < o->n; i++)
		json_kstring(o->j, o->none[i].key, o->none[i].why);
	json_object_end(o->j);
	json_object_end(o->j);
}

static void put_number(struct json *j, const char *key, uint32_t n)
{
	json_known(j, key, n ? n : MODEL_NONE);
}

/* A name that may be longer than its field's NUL. */
static void put_comm(struct json *j, const char comm[EVENT_COMM_LEN])
{
	json_key(j, "comm");
	json_string_len(j, comm, strnlen(comm, EVENT_COMM_LEN));
}

static void put_time(struct json *j, const struct view_evidence *e, const char *key, uint64_t t_ns)
{
	uint64_t real = model_realtime_ns(e->model, t_ns);
	char buf[UNITS_LEN];

	json_kname(j, key, real ? units_rfc3339(buf, real) : NULL);
}

static void put_state(struct json *j, const char *key, uint32_t state)
{
	const char *name = mig_state_name(state);

	json_key(j, key);
	if (name)
		json_string(j, name);
	else
		json_u64(j, state);
}

static void put_states(struct json *j, const struct session *m)
{
	uint32_t i;

	json_key(j, "states");
	json_array_begin(j);
	for (i = 0; i < m->n_states; i++) {
		const struct session_state *s = &m->states[i];

		json_object_begin(j);
		put_state(j, "state", s->state);
		json_ku64(j, "enter_ns", s->enter_ns);
		json_ku64(j, "dwell_ns", s->dwell_ns);
		json_ku64(j, "bytes", s->bytes);
		json_ku64(j, "reads", s->reads);
		json_ku64(j, "writes", s->writes);
		json_ku64(j, "enomsg", s->enomsg);
		json_ku64(j, "zero_reads", s->zero_reads);
		json_ku64(j, "precopy_infos", s->infos);
		json_object_end(j);
	}
	json_array_end(j);
	json_ku64(j, "states_folded", m->states_folded);
}

static void put_arcs(struct json *j, const struct session *m)
{
	char buf[UNITS_LEN];
	uint32_t i;

	json_key(j, "arcs");
	json_array_begin(j);
	for (i = 0; i < m->n_arcs; i++) {
		json_object_begin(j);
		put_state(j, "from", m->arcs[i].from);
		put_state(j, "to", m->arcs[i].to);
		json_ku64(j, "start_ns", m->arcs[i].start_ns);
		json_ku64(j, "dur_ns", m->arcs[i].dur_ns);
		json_ks64(j, "ret", m->arcs[i].ret);
		json_kname(j, "errno",
			   m->arcs[i].ret < 0 ? errno_label(buf, m->arcs[i].ret) : NULL);
		json_object_end(j);
	}
	json_array_end(j);
	json_ku64(j, "arcs_folded", m->arcs_folded);
}

static void put_latency(struct json *j, const char *key, const struct session *m, bool has)
{
	json_key(j, key);
	if (!has || !m->io_measured) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_ku64(j, "p50_ns", m->io_p50_ns);
	json_ku64(j, "p99_ns", m->io_p99_ns);
	json_ku64(j, "max_ns", m->io_max_ns);
	json_ku64(j, "count", m->io_measured);
	json_object_end(j);
}

static void put_failure(struct json *j, const struct view_evidence *e, const char *key,
			const struct failure *f, uint32_t party)
{
	const struct model_process *p = model_process(e->model, f->host, f->pid);
	char buf[UNITS_LEN], text[FAILURE_TEXT_LEN], host[NAME_LEN];
	const struct session *g = model_session_peek(e->model, f->session);

	if (key)
		json_key(j, key);
	if (f->kind == EV_NONE) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_kstring(j, "text", judge_failure_text(f, text));
	json_kstring(j, "party", party_name(party));
	json_kname(j, "host", host_label(host, e, f->host, f->device, f->t_ns));
	json_key(j, "process");
	json_object_begin(j);
	json_ku64(j, "pid", f->pid);
	put_comm(j, p && p->comm[0] ? p->comm : f->comm);
	json_object_end(j);
	device_json(j, e, f->device);
	put_number(j, "session", f->session);
	put_number(j, "stream", f->stream);
	json_kname(j, "side", !g ? NULL : g->direction == DIR_SAVE ? "source" : "destination");
	json_kstring(j, "call", event_kind_name(f->kind));
	json_key(j, "target");
	if (f->target >= 0 && f->target <= UINT32_MAX && mig_state_name((uint32_t)f->target))
		json_string(j, mig_state_name((uint32_t)f->target));
	else if (f->target == EVENT_TARGET_NONE)
		json_null(j);
	else
		json_s64(j, f->target);
	json_key(j, "step");
	if (f->from == MIG_UNKNOWN && f->to == MIG_UNKNOWN) {
		json_null(j);
	} else {
		json_object_begin(j);
		put_state(j, "from", f->from);
		put_state(j, "to", f->to);
		json_object_end(j);
	}
	json_ks64(j, "ret", f->ret);
	json_kname(j, "errno", f->ret < 0 ? errno_label(buf, f->ret) : NULL);
	json_known(j, "code", f->kind == EV_PROCESS_EXIT ? f->code : MODEL_NONE);
	json_known(j, "signal", f->kind == EV_PROCESS_EXIT ? f->signal : MODEL_NONE);
	json_ku64(j, "t_ns", f->t_ns);
	put_time(j, e, "time", f->t_ns);
	json_ku64(j, "end_ns", f->end_ns);
	json_ku64(j, "seq", f->seq);
	json_ku64(j, "bytes", f->bytes);
	json_known(j, "size", event_traits(f->kind) & EVT_IO ? f->size : MODEL_NONE);
	json_object_end(j);
}

/* What is left, by each way to ask. */
static void put_left(struct json *j, const char *key, const struct left *l)
{
	enum left_source source;
	uint64_t t_ns, n = left_bytes(l, &source, &t_ns);

	json_key(j, key);
	if (n == MODEL_NONE) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_ku64(j, "bytes", n);
	json_kstring(j, "source", source == LEFT_DATA_SIZE ? "data_size" : "precopy_info");
	json_ku64(j, "t_ns", t_ns);
	json_known(j, "by_info", left_by_info(l));
	json_known(j, "by_data_size", left_by_size(l));
	json_object_end(j);
}

/* ---- a session ---- */

#define NO_INFO	    "no precopy info was answered"
#define DESTINATION "a destination cannot know"

static void put_io(struct object *o, const struct session *m, const struct model_stream *s)
{
	bool save = m->direction == DIR_SAVE, polls = s && (s->hooked & STREAM_OP_POLL);
	struct json *j = o->j;

	known(o, "bytes_precopy", save ? m->bytes_precopy : MODEL_NONE, DESTINATION);
	known(o, "bytes_stop_copy", save ? m->bytes_stop_copy : MODEL_NONE, DESTINATION);
	known(o, "bytes_unplaced", save ? m->bytes_unplaced : MODEL_NONE, DESTINATION);
	json_ku64(j, "bytes_total", m->bytes_total);
	json_ku64(j, "pace_ns", m->pace_ns);
	json_ku64(j, "pace_bytes", m->pace_bytes);
	json_ku64(j, "reads", m->reads);
	json_ku64(j, "writes", m->writes);
	json_ku64(j, "enomsg", m->enomsg);
	json_ku64(j, "empty_reads", m->empty_reads);
	json_ku64(j, "zero_reads_precopy", m->zero_reads_precopy);
	json_ku64(j, "enomsg_stop_copy", m->enomsg_stop_copy);
	json_ku64(j, "io_errors", m->io_errors);
	known(o, "polls", polls ? m->polls : MODEL_NONE,
	      !s		      ? "there is no stream" :
	      s->ops & STREAM_OP_POLL ? "the driver's .poll was not hooked" :
					"the driver has no .poll");
	json_ku64(j, "max_io_size", m->max_io_size);
	put_latency(j, "read_latency", m, save);
	put_latency(j, "write_latency", m, !save);
	json_key(j, "empty_read_runs");
	json_object_begin(j);
	json_ku64(j, "runs", m->runs.runs);
	json_ku64(j, "longest", m->runs.longest);
	json_ku64(j, "longest_ns", m->runs.longest_span_ns);
	json_ku64(j, "total_ns", m->runs.span_ns);
	json_object_end(j);
}

static void put_estimates(struct object *o, const struct session *m)
{
	const char *size =
		m->sizes_failed ? "each MIG_DATA_SIZE failed" : "MIG_DATA_SIZE was not asked for";
	const char *info = m->infos_failed ? "each GET_PRECOPY_INFO failed" : NO_INFO;
	struct json *j = o->j;

	json_ku64(j, "precopy_infos", m->precopy_infos);
	json_ku64(j, "precopy_infos_failed", m->infos_failed);
	json_ku64(j, "reinits", m->reinits);
	known(o, "initial_bytes_first", m->initial_first, info);
	known(o, "initial_bytes_last", m->initial_last, info);
	known(o, "initial_bytes_zero_ns", m->initial_zero_ns,
	      m->precopy_infos ? "initial bytes never came to 0" : info);
	known(o, "dirty_bytes_first", m->dirty_first, info);
	known(o, "dirty_bytes_last", m->dirty_last, info);
	known(o, "dirty_bytes_max", m->precopy_infos ? m->dirty_max : MODEL_NONE, info);
	json_ku64(j, "dirty_rises", m->dirty_rises);
	json_ku64(j, "dirty_falls", m->dirty_falls);
	json_ku64(j, "data_sizes", m->data_sizes);
	json_ku64(j, "data_sizes_failed", m->sizes_failed);
	known(o, "data_size_last", m->data_size_last, size);
	known(o, "left_bytes", left_bytes(&m->left, NULL, NULL),
	      m->direction == DIR_SAVE ? "the driver was not asked what is left" : DESTINATION);
	put_left(j, "left", &m->left);
	put_left(j, "left_at_switchover", &m->at_switch);
	known(o, "estimate_at_switchover", m->estimate,
	      m->switch_ns == MODEL_NONE ? "it did not come to a switchover" :
					   "no estimate was asked for");
	json_kname(j, "estimate_source",
		   m->estimate == MODEL_NONE ? NULL :
		   m->estimate_is_data_size  ? "data_size" :
					       "precopy_info");
}

static void put_session(struct json *j, const struct view_evidence *e, const struct session *m)
{
	const struct side *side = model_side(e->model, m->side);
	const struct model_stream *s = model_stream(e->model, m->stream);
	bool save = m->direction == DIR_SAVE;
	struct forecast x = { 0 };
	struct object o;
	char host[NAME_LEN];

	object_begin(&o, j);
	json_ku64(j, "id", m->id);
	json_ku64(j, "side", m->side);
	json_kstring(j, "direction", event_direction_name(m->direction));
	known(&o, "peer", m->peer ? m->peer : MODEL_NONE,
	      "no session of the other side was paired with it");
	json_kbool(j, "peer_by_order", m->peer_by_order);
	json_kname(j, "host", host_label(host, e, m->host, m->device, m->start_ns));
	json_ku64(j, "trace", view_file_of(e, m->host, m->start_ns));
	json_kname(j, "vm", m->vm);
	device_json(j, e, m->device);
	known(&o, "stream", m->stream ? m->stream : MODEL_NONE,
	      m->attempt ? "the call that should have handed it out failed" :
			   "its hand-out is not in the evidence");
	json_kname(j, "stream_name", s ? s->name : NULL);
	json_ku64(j, "pid", m->pid);
	put_comm(j, side ? side->comm : m->comm);
	json_kstring(j, "outcome", outcome_name(m->outcome));
	json_kbool(j, "attempt", m->attempt);
	json_kbool(j, "ended", m->ended);
	json_kbool(j, "joined_late", m->joined_late);
	json_ku64(j, "start_ns", m->start_ns);
	json_ku64(j, "end_ns", m->end_ns);
	known(&o, "eof_ns", m->eof ? m->eof_ns : MODEL_NONE,
	      save ? "no read() of STOP_COPY gave 0" : "a destination reads nothing");
	put_states(j, m);
	put_arcs(j, m);
	put_io(&o, m, s);
	put_estimates(&o, m);
	json_ku64(j, "dma_log_reports", m->dma_log_reports);
	window_json(j, &m->window, side && (side->dirty_log_seen || m->window.dirty_sync_ns));
	if (m->window.start_ns == MODEL_NONE)
		why(&o, "stop_window_ns",
		    m->n_arcs || !m->joined_late ? "the device was not stopped" :
						   "no change of state is in the evidence");
	else if (side && !side->dirty_log_seen && !m->window.dirty_sync_ns)
		why(&o, "dirty_sync_ns", "no dirty log of the devices is in the evidence");
	slow_calls_json(j, "slow_calls", e->model, m->id);
	inside_json(j, "inside", e->model, m->id);
	known(&o, "lead_ns", m->window.start_ns != MODEL_NONE ? m->lead_ns : MODEL_NONE,
	      "no read() in pre-copy came before a stop");
	known(&o, "load_ns", m->load_ns,
	      save ? "a source loads nothing" : "it did not come to a load");
	if (save && !m->ended)
		forecast_session(e->model, m->id, model_last_ns(e->model), &x);
	forecast_json(j, "forecast", &x);
	forecast_json(j, "forecast_at_stop", &m->forecast);
	json_ku64(j, "failures", m->failures);
	put_failure(j, e, "first_failure", &m->failure, judge_failure_party(&m->failure));
	json_ku64(j, "resets", m->resets);
	json_ku64(j, "lost", m->lost);
	json_ku64(j, "holes", m->holes);
	object_end(&o);
}

/* ---- a side ---- */

static void put_side(struct json *j, const struct view_evidence *e, const char *key, uint32_t id)
{
	const struct side *s = model_side(e->model, id);
	bool save = s && s->direction == DIR_SAVE;
	struct session_window none = { .start_ns = MODEL_NONE, .end_ns = MODEL_NONE };
	char host[NAME_LEN];
	struct object o;

	json_key(j, key);
	if (!s) {
		json_null(j);
		return;
	}
	object_begin(&o, j);
	json_ku64(j, "id", s->id);
	json_kname(j, "host", side_host(host, e, s));
	json_ku64(j, "trace", view_file_of(e, s->host, s->begin_ns));
	json_ku64(j, "pid", s->pid);
	put_comm(j, s->comm);
	json_kname(j, "vm", s->vm);
	json_kname(j, "vm_source", s->vm[0] ? event_vm_source_name(s->vm_source) : NULL);
	json_kstring(j, "outcome", outcome_name(s->outcome));
	json_kbool(j, "ended", s->ended);
	json_kbool(j, "joined_late", s->joined_late);
	json_kbool(j, "paused_before", s->paused_before);
	json_ku64(j, "begin_ns", s->begin_ns);
	json_ku64(j, "end_ns", s->end_ns);
	known(&o, "ran_again_ns", s->ran_again_ns, "it did not run again");
	known(&o, "eof_ns", s->eof_ns,
	      save ? "not every stream came to its end" : "a destination reads nothing");
	known(&o, "run_ns", s->run_ns,
	      save ? "a source's guest runs elsewhere" : "no device ran in the evidence");
	json_ku64(j, "devices", s->n_devices);
	json_ku64(j, "sessions", s->n_sessions);
	json_ku64(j, "bytes_total", s->bytes_total);
	window_json(j, save ? &s->stop : &none, s->dirty_log_seen);
	json_kbool(j, "stop_over", save && s->stop_over);
	if (!save)
		why(&o, "stop_window_ns", "a destination's guest runs elsewhere");
	else if (s->stop.start_ns == MODEL_NONE)
		why(&o, "stop_window_ns", "no device was stopped");
	else if (!s->dirty_log_seen)
		why(&o, "dirty_sync_ns",
		    "no dirty log of the devices is in the evidence: the VMM "
		    "has it elsewhere, or none");
	known(&o, "stopped_ns", s->stopped_ns, "it was not given back after a stop");
	json_kbool(j, "dirty_log_seen", s->dirty_log_seen);
	json_ku64(j, "dma_log_starts", s->dma_log_starts);
	json_ku64(j, "dma_log_refused", s->dma_log_refused);
	json_ku64(j, "dma_log_reports", s->dma_log_reports);
	json_ku64(j, "dma_log_stops", s->dma_log_stops);
	json_ku64(j, "data_sizes", s->data_sizes);
	json_ku64(j, "data_sizes_failed", s->sizes_failed);
	json_ku64(j, "resets", s->resets);
	json_ku64(j, "failures_beside", s->failures_beside);
	put_failure(j, e, "exit", &s->exit, judge_failure_party(&s->exit));
	json_ku64(j, "lost", s->lost);
	json_ku64(j, "holes", s->holes);
	object_end(&o);
}

/* ---- a migration ---- */

static void put_forecast(struct json *j, struct model *m, const struct migration *g)
{
	struct stop_forecast x;
	uint64_t devices, rest;
	bool now;

	json_key(j, "forecast");
	if (!migration_forecast(m, g, &x, &now)) {
		json_null(j);
		return;
	}
	migration_forecast_truth(m, g, &devices, &rest);
	json_object_begin(j);
	json_kbool(j, "now", now);
	json_ku64(j, "devices", x.n_devices);
	json_kstring(j, "basis", forecast_basis_text(x.basis));
	json_ku64(j, "samples", x.samples);
	json_known(j, "left_bytes", x.left_bytes);
	json_known(j, "devices_low_ns", x.devices_low_ns);
	json_known(j, "devices_ns", x.devices_mid_ns);
	json_known(j, "devices_high_ns", x.devices_high_ns);
	json_known(j, "devices_took_ns", devices);
	json_ku64(j, "rest_samples", x.rest_samples);
	json_known(j, "rest_low_ns", x.rest_low_ns);
	json_known(j, "rest_ns", x.rest_mid_ns);
	json_known(j, "rest_high_ns", x.rest_high_ns);
	json_known(j, "rest_took_ns", rest);
	/* No total while a part is not known. */
	json_known(j, "total_ns",
		   x.devices_mid_ns == MODEL_NONE || x.rest_mid_ns == MODEL_NONE ?
			   MODEL_NONE :
			   x.devices_mid_ns + x.rest_mid_ns);
	json_object_end(j);
}

static void put_causes(struct json *j, const struct view_evidence *e, const struct migration *g)
{
	static const struct failure nothing;
	uint32_t party = migration_party(e, g), i;

	put_failure(j, e, "cause", g->n_causes ? &g->cause[0] : &nothing, party);
	json_key(j, "causes");
	json_array_begin(j);
	for (i = 0; i < g->n_causes; i++)
		put_failure(j, e, NULL, &g->cause[i],
			    g->n_causes == 1 ? party : judge_failure_party(&g->cause[i]));
	json_array_end(j);
	json_kname(j, "consequence", judge_consequence_text(e->model, g));
}

static void put_migration(struct json *j, const struct view_evidence *e, const struct migration *g,
			  bool sessions)
{
	uint32_t sides[2] = { g->source, g->destination }, i, id;
	struct view_options plain = { 0 };
	char *text = NULL;
	struct words w;

	json_object_begin(j);
	json_ku64(j, "id", g->id);
	json_kname(j, "vm", g->vm);
	json_kstring(j, "outcome", outcome_name(g->outcome));
	json_kbool(j, "ended", g->ended);
	json_kbool(j, "ran_again", g->ran_again);
	if (words_open(&w)) {
		migration_sentence(w.f, e, g, &plain);
		text = words_close(&w);
	}
	json_kstring(j, "text", text ?: "");
	free(text);
	put_causes(j, e, g);
	json_ku64(j, "begin_ns", g->begin_ns);
	json_ku64(j, "end_ns", g->end_ns);
	put_time(j, e, "begin", g->begin_ns);
	put_time(j, e, "end", g->end_ns);
	json_known(j, "downtime_ns", g->downtime_ns);
	json_kname(j, "downtime_why", downtime_why_text(g->downtime_why));
	if (g->downtime_ns != MODEL_NONE)
		migration_parts_json(j, "downtime", e->model, g);
	else
		json_knull(j, "downtime");
	migration_parts_json(j, "stop", e->model, g);
	vmm_words_json(j, "checkpoints", e, g);
	json_known(j, "stopped_ns", g->stopped_ns);
	json_key(j, "joined");
	json_object_begin(j);
	json_kname(j, "how", joined_how_text(g->joined.how));
	json_kbool(j, "sure", g->joined.how && g->joined.sure);
	json_kname(j, "why", g->joined.how ? NULL : joined_why_text(g->joined.why));
	json_ku64(j, "candidates", g->joined.candidates);
	json_object_end(j);
	json_ku64(j, "devices", migration_devices(e->model, g));
	json_ku64(j, "bytes_total", migration_bytes(e->model, g));
	json_key(j, "sides");
	json_object_begin(j);
	put_side(j, e, "source", g->source);
	put_side(j, e, "destination", g->destination);
	json_object_end(j);
	put_forecast(j, e->model, g);
	if (sessions) {
		json_key(j, "sessions");
		json_array_begin(j);
		for (i = 0; i < 2; i++)
			for (id = sides[i] ? model_side_session(e->model, sides[i], 0) : 0; id;
			     id = model_side_session(e->model, sides[i], id))
				put_session(j, e, model_session(e->model, id));
		json_array_end(j);
	}
	json_object_end(j);
}

void migrations_json(struct json *j, const struct view_evidence *e, const struct view_options *opt,
		     bool sessions)
{
	uint32_t id;

	json_key(j, "migrations");
	json_array_begin(j);
	for (id = 1; id <= model_migrations(e->model); id++) {
		const struct migration *g = model_migration(e->model, id);

		if (view_wants(e, opt, g))
			put_migration(j, e, g, sessions);
	}
	json_array_end(j);
}

void outcomes_json(struct json *j, const struct view_evidence *e, const struct view_options *opt)
{
	struct outcomes n;
	size_t findings;

	outcomes_of(e, opt, &n);
	json_kname(j, "protocol",
		   e->judge ? protocol_verdict_name(view_protocol(e, opt, &findings)) : NULL);
	json_key(j, "outcomes");
	json_object_begin(j);
	json_ku64(j, "completed", n.completed);
	json_ku64(j, "failed", n.failed);
	json_ku64(j, "cancelled", n.cancelled);
	json_ku64(j, "unfinished", n.unfinished);
	json_ku64(j, "ran_again", n.ran_again);
	json_object_end(j);
}
