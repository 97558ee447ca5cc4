// SPDX-License-Identifier: GPL-2.0-only
/*
 * openmetrics.c - the sums of a trace as OpenMetrics text
 *
 * For a textfile collector, so it keeps to what the older Prometheus text
 * format reads as well: counters and gauges only.  Durations are in seconds,
 * sizes in bytes; what is not known has no sample, instead of a 0.
 */
#include <string.h>

#include "view/common.h"
#include "view/downtime.h"
#include "view/export.h"
#include "view/findings.h"

struct om {
	FILE *f;
	const struct view_evidence *e;
	const struct view_options *opt;
	const char *family, *suffix;
};

/* Inside quotes: harmless as everywhere, then the format's own escapes. */
static void put_label_text(FILE *f, const char *s, size_t len)
{
	char safe[TEXT_SAFE_LEN(EVENT_TEXT_LEN)], *p;

	text_safe(safe, sizeof(safe), s, len < EVENT_TEXT_LEN ? len : EVENT_TEXT_LEN);
	for (p = safe; *p; p++) {
		if (*p == '\\' || *p == '"')
			fputc('\\', f);
		fputc(*p, f);
	}
}

static void begin(struct om *o, const char *family, const char *type, const char *unit,
		  const char *help)
{
	o->family = family;
	o->suffix = !strcmp(type, "counter") ? "_total" : "";
	fprintf(o->f, "# TYPE vfioscope_%s %s\n", family, type);
	if (unit)
		fprintf(o->f, "# UNIT vfioscope_%s %s\n", family, unit);
	fprintf(o->f, "# HELP vfioscope_%s %s\n", family, help);
}

static void put_name(const struct om *o)
{
	fprintf(o->f, "vfioscope_%s%s{", o->family, o->suffix);
}

static void put_label(const struct om *o, const char *key, const char *value, size_t len)
{
	fprintf(o->f, "%s=\"", key);
	put_label_text(o->f, value, len);
	fputs("\",", o->f);
}

/* Ends the labels; a trailing comma is allowed by neither format's reader. */
static void put_last(const struct om *o, const char *key, const char *value)
{
	fprintf(o->f, "%s=\"", key);
	put_label_text(o->f, value, strlen(value));
	fputs("\"} ", o->f);
}

static void put_u64(const struct om *o, uint64_t v)
{
	fprintf(o->f, "%llu\n", (unsigned long long)v);
}

static void put_seconds(const struct om *o, uint64_t ns)
{
	fprintf(o->f, "%llu.%09llu\n", (unsigned long long)(ns / 1000000000),
		(unsigned long long)(ns % 1000000000));
}

/* ---- migrations ---- */

struct at {
	const struct view_evidence *t;
	const struct session *g;
};

static void put_migration_labels(const struct om *o, const struct at *at)
{
	const struct model_device *d = model_device(at->t->model, at->g->device);
	char number[16], dev[NAME_LEN];

	put_name(o);
	snprintf(number, sizeof(number), "%u", at->g->id);
	put_label(o, "migration", number, sizeof(number));
	put_label(o, "device", d && d->name[0] ? d->name : device_label(dev, d, at->g->device),
		  EVENT_NAME_LEN);
	if (d && d->driver[0])
		put_label(o, "driver", d->driver, sizeof(d->driver));
	if (at->g->vm[0])
		put_label(o, "vm", at->g->vm, sizeof(at->g->vm));
}

static void put_direction(const struct om *o, const struct at *at)
{
	put_last(o, "direction", event_direction_name(at->g->direction));
}

static void each_migration(struct om *o, void (*put)(const struct om *o, const struct at *at))
{
	struct at at = { .t = o->e };
	uint32_t id;

	for (id = 1; id <= model_sessions(at.t->model); id++) {
		struct event span = { 0 };

		at.g = model_session(at.t->model, id);
		span.t_ns = at.g->start_ns;
		span.dur_ns = at.g->end_ns - at.g->start_ns;
		if ((!o->opt->migration || o->opt->migration == id) &&
		    time_window_has(&o->opt->window, at.t->model, &span))
			put(o, &at);
	}
}

static void put_info(const struct om *o, const struct at *at)
{
	put_migration_labels(o, at);
	put_label(o, "outcome", outcome_name(at->g->outcome), UNITS_LEN);
	put_direction(o, at);
	fputs("1\n", o->f);
}

static void put_start(const struct om *o, const struct at *at)
{
	uint64_t real = model_realtime_ns(at->t->model, at->g->start_ns);

	if (!real)
		return;
	put_migration_labels(o, at);
	put_direction(o, at);
	put_seconds(o, real);
}

static void put_duration(const struct om *o, const struct at *at)
{
	put_migration_labels(o, at);
	put_direction(o, at);
	put_seconds(o, at->g->end_ns - at->g->start_ns);
}

static void put_downtime(const struct om *o, const struct at *at)
{
	if (at->g->downtime_ns == MODEL_NONE)
		return;
	put_migration_labels(o, at);
	put_direction(o, at);
	put_seconds(o, at->g->downtime_ns);
}

static void put_window(const struct om *o, const struct at *at)
{
	if (at->g->window.start_ns == MODEL_NONE)
		return;
	put_migration_labels(o, at);
	put_direction(o, at);
	put_seconds(o, at->g->window.total_ns);
}

static void put_parts(const struct om *o, const struct at *at)
{
	const struct session_window *w = &at->g->window;
	const struct { const char *name; uint64_t ns; } parts[] = {
		{ "arcs", w->arcs_ns }, { "io", w->io_ns }, { "dirty_sync", w->dirty_sync_ns },
		{ "outside", w->outside_ns }, { "unattributed", w->unattributed_ns },
	};
	size_t i;

	for (i = 0; w->start_ns != MODEL_NONE && i < sizeof(parts) / sizeof(parts[0]); i++) {
		put_migration_labels(o, at);
		put_label(o, "part", parts[i].name, UNITS_LEN);
		put_direction(o, at);
		put_seconds(o, parts[i].ns);
	}
}

static void put_dwell(const struct om *o, const struct at *at)
{
	uint64_t ns[MIG_STATE_NR] = { 0 };
	uint32_t i;

	for (i = 0; i < at->g->n_states; i++)
		if (at->g->states[i].state < MIG_STATE_NR)
			ns[at->g->states[i].state] += at->g->states[i].dwell_ns;
	for (i = 0; i < MIG_STATE_NR; i++) {
		if (!ns[i])
			continue;
		put_migration_labels(o, at);
		put_label(o, "state", mig_state_name(i), UNITS_LEN);
		put_direction(o, at);
		put_seconds(o, ns[i]);
	}
}

static void put_phase_bytes(const struct om *o, const struct at *at, const char *phase, uint64_t n)
{
	put_migration_labels(o, at);
	put_label(o, "phase", phase, UNITS_LEN);
	put_direction(o, at);
	put_u64(o, n);
}

static void put_bytes(const struct om *o, const struct at *at)
{
	/* A destination cannot know what was read in which state. */
	if (at->g->direction != DIR_SAVE) {
		put_phase_bytes(o, at, "all", at->g->bytes_total);
		return;
	}
	put_phase_bytes(o, at, "precopy", at->g->bytes_precopy);
	put_phase_bytes(o, at, "stop_copy", at->g->bytes_stop_copy);
	if (at->g->bytes_unplaced)
		put_phase_bytes(o, at, "unknown", at->g->bytes_unplaced);
}

static void put_calls(const struct om *o, const struct at *at)
{
	const struct session *g = at->g;
	const struct { const char *name; uint64_t n; } calls[] = {
		{ "read", g->reads }, { "write", g->writes }, { "poll", g->polls },
		{ "precopy_info", g->precopy_infos }, { "data_size", g->data_sizes },
		{ "dma_log_report", g->dma_log_reports },
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		put_migration_labels(o, at);
		put_label(o, "call", calls[i].name, UNITS_LEN);
		put_direction(o, at);
		put_u64(o, calls[i].n);
	}
}

static void put_empty(const struct om *o, const struct at *at)
{
	if (at->g->direction != DIR_SAVE)
		return;
	put_migration_labels(o, at);
	put_label(o, "gave", "ENOMSG", UNITS_LEN);
	put_direction(o, at);
	put_u64(o, at->g->enomsg);
	put_migration_labels(o, at);
	put_label(o, "gave", "0", UNITS_LEN);
	put_direction(o, at);
	put_u64(o, at->g->empty_reads - at->g->enomsg);
}

static void put_failures(const struct om *o, const struct at *at)
{
	put_migration_labels(o, at);
	put_direction(o, at);
	put_u64(o, at->g->failures);
}

static void put_latency(const struct om *o, const struct at *at)
{
	const struct session *g = at->g;
	const struct { const char *name; uint64_t ns; } q[] = {
		{ "0.5", g->io_p50_ns }, { "0.99", g->io_p99_ns }, { "1", g->io_max_ns },
	};
	size_t i;

	for (i = 0; g->io_measured && i < sizeof(q) / sizeof(q[0]); i++) {
		put_migration_labels(o, at);
		put_label(o, "quantile", q[i].name, UNITS_LEN);
		put_direction(o, at);
		put_seconds(o, q[i].ns);
	}
}

static void put_estimate(const struct om *o, const struct at *at)
{
	if (at->g->estimate == MODEL_NONE)
		return;
	put_migration_labels(o, at);
	put_label(o, "source", at->g->estimate_is_data_size ? "data_size" : "precopy_info", UNITS_LEN);
	put_direction(o, at);
	put_u64(o, at->g->estimate);
}

static void put_left(const struct om *o, const struct at *at)
{
	const struct { const char *name; uint64_t n; } left[] = {
		{ "initial", at->g->initial_last }, { "dirty", at->g->dirty_last },
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!at->g->precopy_infos || left[i].n == MODEL_NONE)
			continue;
		put_migration_labels(o, at);
		put_label(o, "bytes", left[i].name, UNITS_LEN);
		put_direction(o, at);
		put_u64(o, left[i].n);
	}
}

static void put_lost(const struct om *o, const struct at *at)
{
	put_migration_labels(o, at);
	put_direction(o, at);
	put_u64(o, at->g->lost);
}

/* ---- devices, the evidence, the judge ---- */

static void each_device(struct om *o, void (*put)(const struct om *o, const struct model_device *d,
						   const char *trace))
{
	char trace[24];
	uint32_t k;

	for (k = 0; k < model_devices(o->e->model); k++) {
		const struct model_device *d = model_device_at(o->e->model, k);

		if (!d)
			continue;
		snprintf(trace, sizeof(trace), "%zu",
			 view_file_of(o->e, d->host, model_last_ns(o->e->model)));
		put(o, d, trace);
	}
}

static void put_device_labels(const struct om *o, const struct model_device *d)
{
	char name[NAME_LEN], number[16];

	put_name(o);
	put_label(o, "device", d->name[0] ? d->name : device_label(name, d, d->number),
		  EVENT_NAME_LEN);
	if (d->driver[0])
		put_label(o, "driver", d->driver, sizeof(d->driver));
	snprintf(number, sizeof(number), "%u", d->number);
	put_label(o, "number", number, sizeof(number));
}

static void put_state(const struct om *o, const struct model_device *d, const char *trace)
{
	char state[UNITS_LEN];

	put_device_labels(o, d);
	put_label(o, "state", state_label(state, d->state), UNITS_LEN);
	put_last(o, "trace", trace);
	fputs("1\n", o->f);
}

static void put_device_migrations(const struct om *o, const struct model_device *d,
				  const char *trace)
{
	put_device_labels(o, d);
	put_last(o, "trace", trace);
	put_u64(o, d->sessions);
}

static void put_device_failures(const struct om *o, const struct model_device *d, const char *trace)
{
	put_device_labels(o, d);
	put_last(o, "trace", trace);
	put_u64(o, d->failures);
}

static uint64_t trace_value(const struct view_file *t, const char *what)
{
	if (!strcmp(what, "events"))
		return t->events;
	if (!strcmp(what, "lost_events"))
		return t->lost;
	if (!strcmp(what, "loss_places"))
		return t->loss_places;
	if (!strcmp(what, "unreadable_bytes"))
		return t->health ? t->health->bytes_skipped : 0;
	return !t->health || t->health->ended;
}

static void put_evidence(struct om *o, const char *family, const char *type, const char *unit,
			 const char *help)
{
	const char *host;
	char trace[24];
	size_t i;

	begin(o, family, type, unit, help);
	for (i = 0; i < o->e->n_files; i++) {
		host = o->e->files[i].meta ? meta_get(o->e->files[i].meta, "host") : NULL;
		put_name(o);
		if (host)
			put_label(o, "host", host, strlen(host));
		snprintf(trace, sizeof(trace), "%zu", i);
		put_last(o, "trace", trace);
		put_u64(o, trace_value(&o->e->files[i], family));
	}
}

static void put_findings(struct om *o)
{
	uint64_t count[RULE_NR][SEV_INCONCLUSIVE + 1] = { { 0 } };
	uint32_t party[RULE_NR] = { 0 }, r, s;
	struct finding_walk w;

	if (!o->e->judge)
		return;
	findings_begin(&w, o->e, o->opt);
	while (findings_next(&w)) {
		count[w.at.f->rule][w.at.f->severity]++;
		party[w.at.f->rule] = w.at.f->party;
	}
	begin(o, "findings", "gauge", NULL, "Findings of the protocol judge, by rule.");
	for (r = 0; r < RULE_NR; r++) {
		for (s = 0; s <= SEV_INCONCLUSIVE; s++) {
			if (!count[r][s])
				continue;
			put_name(o);
			put_label(o, "rule", judge_rule(r)->name, UNITS_LEN);
			put_label(o, "severity", severity_name(s), UNITS_LEN);
			put_last(o, "party", party_name(party[r]));
			put_u64(o, count[r][s]);
		}
	}
	begin(o, "verdict", "gauge", NULL, "The judge's verdict: 1 for the one that it is.");
	for (s = VERDICT_PASS; s <= VERDICT_FINDINGS; s++) {
		put_name(o);
		put_last(o, "verdict", verdict_name(s));
		put_u64(o, view_verdict(o->e, o->opt) == s);
	}
}

static const struct {
	const char *family, *type, *unit, *help;
	void (*put)(const struct om *o, const struct at *at);
} families[] = {
	{ "migration_info", "gauge", NULL, "A migration: its device, VM, direction and outcome.",
	  put_info },
	{ "migration_start_timestamp_seconds", "gauge", "seconds",
	  "When the migration began, since the epoch.", put_start },
	{ "migration_duration_seconds", "gauge", "seconds",
	  "From the arc that handed out the data FD to the end of the migration.", put_duration },
	{ "downtime_seconds", "gauge", "seconds",
	  "The downtime, when both sides are in the evidence.", put_downtime },
	{ "stop_window_seconds", "gauge", "seconds",
	  "How long the device was stopped on this host.", put_window },
	{ "stop_window_part_seconds", "gauge", "seconds",
	  "The parts of the stop window, which add up to it.", put_parts },
	{ "state_seconds", "gauge", "seconds", "How long the device stayed in a state.", put_dwell },
	{ "moved_bytes", "counter", "bytes", "Bytes of migration data read or written.", put_bytes },
	{ "calls", "counter", NULL, "Calls of the migration, folded ones one by one.", put_calls },
	{ "empty_reads", "counter", NULL, "Reads that moved nothing, by what they gave.", put_empty },
	{ "failed_calls", "counter", NULL, "Calls of the migration that failed.", put_failures },
	{ "io_latency_seconds", "gauge", "seconds",
	  "Latency of the reads or writes that moved data; quantile 1 is the slowest.", put_latency },
	{ "estimate_bytes", "gauge", "bytes",
	  "What was estimated at the switchover to be left.", put_estimate },
	{ "left_bytes", "gauge", "bytes", "Initial and dirty bytes of the last precopy info.",
	  put_left },
	{ "migration_lost_events", "counter", NULL,
	  "Lost events that may have been the migration's own.", put_lost },
};

static void openmetrics(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct om o = { .f = f, .e = e, .opt = opt };
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		begin(&o, families[i].family, families[i].type, families[i].unit, families[i].help);
		each_migration(&o, families[i].put);
	}
	begin(&o, "device_state", "gauge", NULL, "The device's migration state at the end.");
	each_device(&o, put_state);
	begin(&o, "device_migrations", "counter", NULL, "Migrations of the device.");
	each_device(&o, put_device_migrations);
	begin(&o, "device_failed_set_states", "counter", NULL,
	      "SET_STATEs that failed outside any migration.");
	each_device(&o, put_device_failures);
	put_evidence(&o, "events", "counter", NULL, "Events in the evidence.");
	put_evidence(&o, "lost_events", "counter", NULL, "Events that could not be recorded.");
	put_evidence(&o, "loss_places", "counter", NULL, "Places at which events were lost.");
	put_evidence(&o, "unreadable_bytes", "counter", "bytes",
		     "Bytes of the recording that could not be read.");
	put_evidence(&o, "ended", "gauge", NULL, "1 when the recording ended cleanly.");
	put_findings(&o);
	fputs("# EOF\n", f);
}

const struct export_format export_openmetrics = { .judged = true, .sums = openmetrics };
