// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_json.c - report --format json
 *
 * Names are the contract's; what is not known is null, never 0.
 */
#include <string.h>

#include "util/json.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/findings.h"

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
	uint32_t i;

	json_key(j, "arcs");
	json_array_begin(j);
	for (i = 0; i < m->n_arcs; i++) {
		json_object_begin(j);
		put_state(j, "from", m->arcs[i].from);
		put_state(j, "to", m->arcs[i].to);
		json_ku64(j, "start_ns", m->arcs[i].start_ns);
		json_ku64(j, "dur_ns", m->arcs[i].dur_ns);
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

static void put_failure(struct json *j, const struct session *m)
{
	char buf[UNITS_LEN];

	json_ku64(j, "failures", m->failures);
	json_key(j, "first_failure");
	if (m->failure.kind == EV_NONE) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_kstring(j, "kind", event_kind_name(m->failure.kind));
	json_ku64(j, "t_ns", m->failure.t_ns);
	json_ks64(j, "ret", m->failure.ret);
	json_kstring(j, "errno", errno_label(buf, m->failure.ret));
	if (m->failure.target >= 0 && m->failure.target < MIG_STATE_NR)
		put_state(j, "target", (uint32_t)m->failure.target);
	json_object_end(j);
}

static void put_migration(struct json *j, const struct view_evidence *e, const struct session *m)
{
	const struct model_device *d = model_device(e->model, m->device);
	const struct model_stream *s = model_stream(e->model, m->stream);
	bool save = m->direction == DIR_SAVE;
	char number[16];

	json_object_begin(j);
	json_ku64(j, "id", m->id);
	json_known(j, "peer", m->peer ? m->peer : MODEL_NONE);
	json_kname(j, "host", d ? model_host(e->model, d->host) : NULL);
	json_ku64(j, "trace", view_file_of(e, d ? d->host : 0, m->start_ns));
	json_kname(j, "vm", m->vm);
	json_key(j, "device");
	if (d && d->name[0]) {
		json_string(j, d->name);
	} else {
		snprintf(number, sizeof(number), "#%u", m->device);
		json_string(j, number);
	}
	json_kname(j, "driver", d ? d->driver : NULL);
	json_known(j, "stream", m->stream ? m->stream : MODEL_NONE);
	json_kname(j, "stream_name", s ? s->name : NULL);
	json_kstring(j, "direction", event_direction_name(m->direction));
	json_ku64(j, "pid", m->pid);
	json_kstring(j, "comm", m->comm);
	json_kstring(j, "outcome", outcome_name(m->outcome));
	json_kbool(j, "joined_late", m->joined_late);
	json_ku64(j, "start_ns", m->start_ns);
	json_ku64(j, "end_ns", m->end_ns);
	json_known(j, "eof_ns", m->eof ? m->eof_ns : MODEL_NONE);
	put_states(j, m);
	put_arcs(j, m);
	/* A destination cannot know what was read in which state. */
	json_known(j, "bytes_precopy", save ? m->bytes_precopy : MODEL_NONE);
	json_known(j, "bytes_stop_copy", save ? m->bytes_stop_copy : MODEL_NONE);
	json_ku64(j, "pace_ns", m->pace_ns);
	json_ku64(j, "pace_bytes", m->pace_bytes);
	json_known(j, "bytes_unplaced", save ? m->bytes_unplaced : MODEL_NONE);
	json_ku64(j, "bytes_total", m->bytes_total);
	json_ku64(j, "reads", m->reads);
	json_ku64(j, "writes", m->writes);
	json_ku64(j, "enomsg", m->enomsg);
	json_ku64(j, "empty_reads", m->empty_reads);
	json_ku64(j, "zero_reads_precopy", m->zero_reads_precopy);
	json_ku64(j, "enomsg_stop_copy", m->enomsg_stop_copy);
	json_ku64(j, "io_errors", m->io_errors);
	json_ku64(j, "polls", m->polls);
	json_kbool(j, "polls_visible", s && (s->hooked & STREAM_OP_POLL));
	json_ku64(j, "precopy_infos", m->precopy_infos);
	json_known(j, "initial_bytes_first", m->initial_first);
	json_known(j, "initial_bytes_last", m->initial_last);
	json_known(j, "initial_bytes_zero_ns", m->initial_zero_ns);
	json_known(j, "dirty_bytes_last", m->dirty_last);
	json_known(j, "dirty_bytes_max", m->dirty_max);
	json_ku64(j, "dirty_rises", m->dirty_rises);
	json_ku64(j, "dirty_falls", m->dirty_falls);
	json_ku64(j, "data_sizes", m->data_sizes);
	json_known(j, "data_size_last", m->data_size_last);
	json_known(j, "estimate_at_switchover", m->estimate);
	json_key(j, "estimate_source");
	if (m->estimate == MODEL_NONE)
		json_null(j);
	else
		json_string(j, m->estimate_is_data_size ? "data_size" : "precopy_info");
	json_ku64(j, "dma_log_reports", m->dma_log_reports);
	downtime_json(j, m);
	put_latency(j, "read_latency", m, save);
	put_latency(j, "write_latency", m, !save);
	json_key(j, "empty_read_runs");
	json_object_begin(j);
	json_ku64(j, "runs", m->runs.runs);
	json_ku64(j, "longest", m->runs.longest);
	json_ku64(j, "longest_ns", m->runs.longest_span_ns);
	json_ku64(j, "total_ns", m->runs.span_ns);
	json_object_end(j);
	{
		struct forecast x = { 0 };

		if (!m->ended)
			forecast_session(e->model, m->id, model_last_ns(e->model), &x);
		forecast_json(j, "forecast", &x);
	}
	forecast_json(j, "forecast_at_stop", &m->forecast);
	put_failure(j, m);
	json_ku64(j, "resets", m->resets);
	json_ku64(j, "lost", m->lost);
	json_ku64(j, "holes", m->holes);
	json_object_end(j);
}

static void put_trace(struct json *j, const struct view_evidence *e, const struct view_file *t)
{
	char buf[UNITS_LEN];
	uint64_t real;
	const char *v;

	json_object_begin(j);
	json_kstring(j, "path", t->path);
	v = t->meta ? meta_get(t->meta, "host") : NULL;
	json_kname(j, "host", v);
	v = t->meta ? meta_get(t->meta, "kernel") : NULL;
	json_kname(j, "kernel", v);
	v = t->meta ? meta_get(t->meta, "command") : NULL;
	json_kname(j, "command", v);
	v = t->meta ? meta_get(t->meta, "tool.version") : NULL;
	json_kname(j, "tool_version", v);
	json_ku64(j, "first_ns", t->first_ns);
	json_ku64(j, "last_ns", t->last_ns);
	json_key(j, "time");
	real = t->first_ns ? model_realtime_ns(e->model, t->first_ns) : 0;
	if (real)
		json_string(j, units_rfc3339(buf, real));
	else
		json_null(j);
	json_ku64(j, "events", t->events);
	json_ku64(j, "calls", t->calls);
	json_kbool(j, "ended", !t->health || t->health->ended);
	json_ku64(j, "bytes_skipped", t->health ? t->health->bytes_skipped : 0);
	json_ku64(j, "frames_damaged", t->health ? t->health->frames_damaged : 0);
	json_object_end(j);
}

static void put_devices(struct json *j, const struct view_evidence *e)
{
	uint32_t i, bit;

	for (i = 0; i < model_devices(e->model); i++) {
		const struct model_device *d = model_device_at(e->model, i);

		if (!d)
			continue;
		json_object_begin(j);
		json_kname(j, "host", model_host(e->model, d->host));
		json_ku64(j, "number", d->number);
		json_kname(j, "device", d->name);
		json_kname(j, "driver", d->driver);
		json_kname(j, "bus", d->bus);
		json_key(j, "flags");
		if (d->has_flags) {
			json_array_begin(j);
			for (bit = 0; bit < 32; bit++)
				if ((d->migration_flags >> bit & 1) && event_mig_flag_name(bit))
					json_string(j, event_mig_flag_name(bit));
			json_array_end(j);
		} else {
			json_null(j);
		}
		json_kbool(j, "precopy_info_v2", d->precopy_info_v2);
		put_state(j, "state", d->state);
		json_ku64(j, "migrations", d->sessions);
		json_ku64(j, "failed_set_states", d->failures);
		json_object_end(j);
	}
}

/* Does the migration lie in what was asked for? */
static bool is_wanted(const struct view_evidence *e, const struct view_options *opt,
		      const struct session *m)
{
	struct event span = { .t_ns = m->start_ns, .dur_ns = m->end_ns - m->start_ns };

	return (!opt->migration || opt->migration == m->id) &&
	       time_window_has(&opt->window, e->model, &span);
}

static void put_sentences(struct json *j, const char *key, const struct meta *m, const char *of)
{
	size_t i;

	json_key(j, key);
	json_array_begin(j);
	for (i = 0; m && i < m->n; i++)
		if (!strcmp(m->entries[i].key, of))
			json_string(j, m->entries[i].value);
	json_array_end(j);
}

void traces_json(struct json *j, const struct view_evidence *e)
{
	const struct model_loss *l = model_loss(e->model);
	const struct source_health *h = e->health;
	size_t i;

	json_key(j, "traces");
	json_array_begin(j);
	for (i = 0; i < e->n_files; i++)
		put_trace(j, e, &e->files[i]);
	json_array_end(j);
	json_key(j, "clock");
	json_object_begin(j);
	put_sentences(j, "tied", e->clock, "clock");
	put_sentences(j, "bound", e->clock, "bound");
	json_known(j, "bound_ns", e->bound_ns);
	json_object_end(j);
	json_key(j, "devices");
	json_array_begin(j);
	put_devices(j, e);
	json_array_end(j);
	json_key(j, "loss");
	json_object_begin(j);
	json_ku64(j, "events", l->events);
	json_ku64(j, "places", l->places);
	json_ku64(j, "damaged_places", l->damage);
	json_ku64(j, "bytes_skipped", h ? h->bytes_skipped : 0);
	json_kbool(j, "ended", !h || h->ended);
	json_object_end(j);
}

void report_json(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct json *j = json_create(f, true);
	uint32_t id;

	if (!j)
		return;
	json_object_begin(j);
	json_tool(j);
	traces_json(j, e);
	json_key(j, "migrations");
	json_array_begin(j);
	for (id = 1; id <= model_sessions(e->model); id++) {
		const struct session *m = model_session(e->model, id);

		if (is_wanted(e, opt, m))
			put_migration(j, e, m);
	}
	json_array_end(j);
	estimates_json(j, e);
	/* Without a judge: no findings is not "none found". */
	findings_json(j, e, opt);
	json_object_end(j);
	json_line_end(j);
	json_destroy(j);
}
