// SPDX-License-Identifier: GPL-2.0-only
/*
 * openmetrics.c - the sums of a trace as OpenMetrics text
 *
 * For a textfile collector, so it means the same in the older Prometheus text format:
 * that names a counter's TYPE otherwise, and these are sums of what is over, so all
 * are gauges.  Several files may lie in one folder: a family's TYPE and HELP are
 * always the same, and every sample says which recording it is of and when that began.
 * Durations are in seconds, sizes in bytes; what is not known has no sample, instead
 * of a 0.
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
	const char *family;
	char recording[EVENT_TEXT_LEN], began[UNITS_LEN];
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

static void begin(struct om *o, const char *family, const char *unit, const char *help)
{
	o->family = family;
	fprintf(o->f, "# TYPE vfioscope_%s gauge\n", family);
	if (unit)
		fprintf(o->f, "# UNIT vfioscope_%s %s\n", family, unit);
	fprintf(o->f, "# HELP vfioscope_%s %s\n", family, help);
}

static void put_label(const struct om *o, const char *key, const char *value, size_t len)
{
	fprintf(o->f, "%s=\"", key);
	put_label_text(o->f, value, len);
	fputs("\",", o->f);
}

static void put_number(const struct om *o, const char *key, uint64_t v)
{
	fprintf(o->f, "%s=\"%llu\",", key, (unsigned long long)v);
}

static void put_name(const struct om *o)
{
	fprintf(o->f, "vfioscope_%s{", o->family);
	put_label(o, "recording", o->recording, sizeof(o->recording));
	put_label(o, "began", o->began, sizeof(o->began));
}

static void put_host(const struct om *o, uint32_t host)
{
	const char *name = model_host(o->e->model, host);

	/* Of one host alone the recording says which. */
	if (!name && o->e->n_files == 1 && o->e->meta)
		name = meta_get(o->e->meta, "host");
	if (name)
		put_label(o, "host", name, EVENT_NAME_LEN);
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
	const struct migration *m;
	const struct side *s;	 /* NULL in a family of migrations */
	const struct session *g; /* NULL in one of sides */
};

static const char *role(uint32_t direction)
{
	return direction == DIR_SAVE ? "source" : "destination";
}

static void put_migration_labels(const struct om *o, const struct at *at)
{
	put_name(o);
	if (at->m->vm)
		put_label(o, "vm", at->m->vm, EVENT_NAME_LEN);
}

static void put_migration_end(const struct om *o, const struct at *at)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", at->m->id);
	put_last(o, "migration", number);
}

static void put_side_labels(const struct om *o, const struct at *at)
{
	put_name(o);
	put_host(o, at->s->host);
	if (at->s->vm[0])
		put_label(o, "vm", at->s->vm, sizeof(at->s->vm));
	put_number(o, "migration", at->m->id);
	put_number(o, "side", at->s->id);
}

static void put_session_labels(const struct om *o, const struct at *at)
{
	const struct model_device *d = model_device(o->e->model, at->g->device);
	char dev[NAME_LEN];

	put_side_labels(o, at);
	put_number(o, "session", at->g->id);
	put_label(o, "device", d && d->name[0] ? d->name : device_label(dev, d, at->g->device),
		  EVENT_NAME_LEN);
	if (d && d->driver[0])
		put_label(o, "driver", d->driver, sizeof(d->driver));
}

static void put_role(const struct om *o, const struct at *at)
{
	put_last(o, "role", role(at->s->direction));
}

enum per { PER_MIGRATION, PER_SIDE, PER_SESSION };

static void each_of(struct om *o, enum per per,
		    void (*put)(const struct om *o, const struct at *at))
{
	struct at at = { 0 };
	struct model *m = o->e->model;
	uint32_t id, i, k;

	for (id = 1; id <= model_migrations(m); id++) {
		at.m = model_migration(m, id);
		if (!view_wants(o->e, o->opt, at.m))
			continue;
		if (per == PER_MIGRATION) {
			put(o, &at);
			continue;
		}
		for (i = 0; i < 2; i++) {
			at.s = model_side(m, i ? at.m->destination : at.m->source);
			if (at.s && per == PER_SIDE)
				put(o, &at);
			for (k = 0; at.s && per == PER_SESSION &&
				    (k = model_side_session(m, at.s->id, k));) {
				at.g = model_session(m, k);
				put(o, &at);
			}
		}
	}
}

static void put_info(const struct om *o, const struct at *at)
{
	put_migration_labels(o, at);
	put_label(o, "outcome", outcome_name(at->m->outcome), UNITS_LEN);
	put_label(o, "sides",
		  !at->m->destination ? "source" :
		  !at->m->source      ? "destination" :
					"both",
		  UNITS_LEN);
	put_migration_end(o, at);
	fputs("1\n", o->f);
}

static void put_start(const struct om *o, const struct at *at)
{
	uint64_t real = model_realtime_ns(o->e->model, at->m->begin_ns);

	if (!real)
		return;
	put_migration_labels(o, at);
	put_migration_end(o, at);
	put_seconds(o, real);
}

static void put_duration(const struct om *o, const struct at *at)
{
	put_migration_labels(o, at);
	put_migration_end(o, at);
	put_seconds(o, at->m->end_ns - at->m->begin_ns);
}

static void put_known(const struct om *o, const struct at *at, uint64_t ns)
{
	if (ns == MODEL_NONE)
		return;
	put_migration_labels(o, at);
	put_migration_end(o, at);
	put_seconds(o, ns);
}

static void put_downtime(const struct om *o, const struct at *at)
{
	put_known(o, at, at->m->downtime_ns);
}

static void put_stopped(const struct om *o, const struct at *at)
{
	put_known(o, at, at->m->stopped_ns);
}

static void put_downtime_parts(const struct om *o, const struct at *at)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	char name[UNITS_LEN];
	size_t n, i;

	n = at->m->downtime_ns != MODEL_NONE ? migration_parts(o->e->model, at->m, part) : 0;
	for (i = 0; i < n; i++) {
		if (part[i].share || part[i].ns == MODEL_NONE)
			continue;
		put_migration_labels(o, at);
		put_label(o, "part", downtime_part_name(&part[i], name), UNITS_LEN);
		put_migration_end(o, at);
		put_seconds(o, part[i].ns);
	}
}

static void put_side_info(const struct om *o, const struct at *at)
{
	put_side_labels(o, at);
	put_number(o, "pid", at->s->pid);
	put_label(o, "comm", at->s->comm, sizeof(at->s->comm));
	put_label(o, "outcome", outcome_name(at->s->outcome), UNITS_LEN);
	put_role(o, at);
	fputs("1\n", o->f);
}

static void put_side_duration(const struct om *o, const struct at *at)
{
	put_side_labels(o, at);
	put_role(o, at);
	put_seconds(o, at->s->end_ns - at->s->begin_ns);
}

/* A destination has none: while it waits for the state its guest runs elsewhere. */
static void put_side_stop(const struct om *o, const struct at *at)
{
	if (at->s->stop.start_ns == MODEL_NONE)
		return;
	put_side_labels(o, at);
	put_role(o, at);
	put_seconds(o, at->s->stop.total_ns);
}

static void put_session_info(const struct om *o, const struct at *at)
{
	put_session_labels(o, at);
	put_label(o, "outcome", outcome_name(at->g->outcome), UNITS_LEN);
	put_role(o, at);
	fputs("1\n", o->f);
}

static bool was_stopped(const struct session *g)
{
	return g->direction == DIR_SAVE && g->window.start_ns != MODEL_NONE;
}

static void put_window(const struct om *o, const struct at *at)
{
	if (!was_stopped(at->g))
		return;
	put_session_labels(o, at);
	put_role(o, at);
	put_seconds(o, at->g->window.total_ns);
}

static void put_parts(const struct om *o, const struct at *at)
{
	const struct session_window *w = &at->g->window;
	const struct {
		const char *name;
		uint64_t ns;
		bool known;
	} parts[] = {
		{ "arcs", w->arcs_ns, true },
		{ "io", w->io_ns, true },
		{ "dirty_sync", w->dirty_sync_ns, at->s->dirty_log_seen },
		{ "outside", w->outside_ns, true },
		{ "unattributed", w->unattributed_ns, true },
	};
	size_t i;

	for (i = 0; was_stopped(at->g) && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i].known)
			continue;
		put_session_labels(o, at);
		put_label(o, "part", parts[i].name, UNITS_LEN);
		put_role(o, at);
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
		put_session_labels(o, at);
		put_label(o, "state", mig_state_name(i), UNITS_LEN);
		put_role(o, at);
		put_seconds(o, ns[i]);
	}
}

static void put_phase_bytes(const struct om *o, const struct at *at, const char *phase, uint64_t n)
{
	put_session_labels(o, at);
	put_label(o, "phase", phase, UNITS_LEN);
	put_role(o, at);
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
	const struct {
		const char *name;
		uint64_t n;
	} calls[] = {
		{ "read", g->reads },		{ "write", g->writes },
		{ "poll", g->polls },		{ "precopy_info", g->precopy_infos },
		{ "data_size", g->data_sizes }, { "dma_log_report", g->dma_log_reports },
	};
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		put_session_labels(o, at);
		put_label(o, "call", calls[i].name, UNITS_LEN);
		put_role(o, at);
		put_u64(o, calls[i].n);
	}
}

static void put_empty(const struct om *o, const struct at *at)
{
	if (at->g->direction != DIR_SAVE)
		return;
	put_session_labels(o, at);
	put_label(o, "gave", "ENOMSG", UNITS_LEN);
	put_role(o, at);
	put_u64(o, at->g->enomsg);
	put_session_labels(o, at);
	put_label(o, "gave", "0", UNITS_LEN);
	put_role(o, at);
	put_u64(o, at->g->empty_reads - at->g->enomsg);
}

static void put_failures(const struct om *o, const struct at *at)
{
	put_session_labels(o, at);
	put_role(o, at);
	put_u64(o, at->g->failures);
}

static void put_latency(const struct om *o, const struct at *at)
{
	const struct session *g = at->g;
	const struct {
		const char *name;
		uint64_t ns;
	} q[] = {
		{ "50", g->io_p50_ns },
		{ "99", g->io_p99_ns },
		{ "100", g->io_max_ns },
	};
	size_t i;

	for (i = 0; g->io_measured && i < sizeof(q) / sizeof(q[0]); i++) {
		put_session_labels(o, at);
		put_label(o, "percentile", q[i].name, UNITS_LEN);
		put_role(o, at);
		put_seconds(o, q[i].ns);
	}
}

static void put_estimate(const struct om *o, const struct at *at)
{
	if (at->g->estimate == MODEL_NONE)
		return;
	put_session_labels(o, at);
	put_label(o, "source", at->g->estimate_is_data_size ? "data_size" : "precopy_info",
		  UNITS_LEN);
	put_role(o, at);
	put_u64(o, at->g->estimate);
}

static void put_left(const struct om *o, const struct at *at)
{
	const struct {
		const char *name;
		uint64_t n;
	} left[] = {
		{ "initial", at->g->initial_last },
		{ "dirty", at->g->dirty_last },
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!at->g->precopy_infos || left[i].n == MODEL_NONE)
			continue;
		put_session_labels(o, at);
		put_label(o, "bytes", left[i].name, UNITS_LEN);
		put_role(o, at);
		put_u64(o, left[i].n);
	}
}

static void put_lost(const struct om *o, const struct at *at)
{
	put_session_labels(o, at);
	put_role(o, at);
	put_u64(o, at->g->lost);
}

/* ---- devices, the evidence, the judge ---- */

static void each_device(struct om *o, void (*put)(const struct om *o, const struct model_device *d))
{
	uint32_t k;

	for (k = 0; k < model_devices(o->e->model); k++) {
		const struct model_device *d = model_device_at(o->e->model, k);

		if (d)
			put(o, d);
	}
}

static void put_device_labels(const struct om *o, const struct model_device *d)
{
	char name[NAME_LEN];

	put_name(o);
	put_host(o, d->host);
	put_label(o, "device", d->name[0] ? d->name : device_label(name, d, d->number),
		  EVENT_NAME_LEN);
	if (d->driver[0])
		put_label(o, "driver", d->driver, sizeof(d->driver));
}

static void put_device_end(const struct om *o, const struct model_device *d)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", d->number);
	put_last(o, "number", number);
}

static void put_state(const struct om *o, const struct model_device *d)
{
	char state[UNITS_LEN];

	put_device_labels(o, d);
	put_label(o, "state", state_label(state, d->state), UNITS_LEN);
	put_device_end(o, d);
	fputs("1\n", o->f);
}

static void put_device_sessions(const struct om *o, const struct model_device *d)
{
	put_device_labels(o, d);
	put_device_end(o, d);
	put_u64(o, d->sessions);
}

static void put_device_failures(const struct om *o, const struct model_device *d)
{
	put_device_labels(o, d);
	put_device_end(o, d);
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

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ?: "-";
}

static void put_evidence(struct om *o, const char *family, const char *unit, const char *help)
{
	const char *host;
	char trace[24];
	size_t i;

	begin(o, family, unit, help);
	for (i = 0; i < o->e->n_files; i++) {
		host = o->e->files[i].meta ? meta_get(o->e->files[i].meta, "host") : NULL;
		put_name(o);
		if (host)
			put_label(o, "host", host, strlen(host));
		put_label(o, "file", base_name(o->e->files[i].path), EVENT_TEXT_LEN);
		snprintf(trace, sizeof(trace), "%zu", i);
		put_last(o, "trace", trace);
		put_u64(o, trace_value(&o->e->files[i], family));
	}
}

static void put_findings(struct om *o)
{
	uint64_t count[RULE_NR][SEV_INCONCLUSIVE + 1] = { { 0 } };
	uint32_t party[RULE_NR] = { 0 }, r, s, verdict;
	struct finding_walk w;

	if (!o->e->judge)
		return;
	verdict = view_verdict(o->e, o->opt);
	findings_begin(&w, o->e, o->opt);
	while (findings_next(&w)) {
		count[w.at.f->rule][w.at.f->severity]++;
		party[w.at.f->rule] = w.at.f->party;
	}
	begin(o, "findings", NULL, "Findings of the protocol judge, by rule.");
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
	begin(o, "verdict", NULL, "The judge's verdict: 1 for the one that it is.");
	for (s = VERDICT_PASS; s <= VERDICT_FINDINGS; s++) {
		put_name(o);
		put_last(o, "verdict", verdict_name(s));
		put_u64(o, verdict == s);
	}
}

static const struct {
	const char *family, *unit, *help;
	enum per per;
	void (*put)(const struct om *o, const struct at *at);
} families[] = {
	{ "migration_info", NULL,
	  "A migration of a VM, its outcome, and which sides are in the evidence.", PER_MIGRATION,
	  put_info },
	{ "migration_start_timestamp_seconds", "seconds",
	  "When the migration began, since the epoch.", PER_MIGRATION, put_start },
	{ "migration_duration_seconds", "seconds", "From the migration's first sign to its end.",
	  PER_MIGRATION, put_duration },
	{ "downtime_seconds", "seconds", "How long the VM's devices ran on neither host.",
	  PER_MIGRATION, put_downtime },
	{ "downtime_part_seconds", "seconds", "The parts of the downtime, which add up to it.",
	  PER_MIGRATION, put_downtime_parts },
	{ "stopped_seconds", "seconds",
	  "How long the VM stood still in a migration that was given back.", PER_MIGRATION,
	  put_stopped },
	{ "side_info", NULL, "What one process did for a migration, as source or destination.",
	  PER_SIDE, put_side_info },
	{ "side_duration_seconds", "seconds", "From the side's first sign to its end.", PER_SIDE,
	  put_side_duration },
	{ "side_stop_seconds", "seconds", "How long the VM was stopped on its source.", PER_SIDE,
	  put_side_stop },
	{ "session_info", NULL, "One device and one data FD.", PER_SESSION, put_session_info },
	{ "stop_window_seconds", "seconds", "How long the device was stopped on its source.",
	  PER_SESSION, put_window },
	{ "stop_window_part_seconds", "seconds", "The parts of the stop window.", PER_SESSION,
	  put_parts },
	{ "state_seconds", "seconds", "How long the device stayed in a state.", PER_SESSION,
	  put_dwell },
	{ "moved_bytes", "bytes", "Bytes of migration data read or written.", PER_SESSION,
	  put_bytes },
	{ "calls", NULL, "Calls of the session, folded ones one by one.", PER_SESSION, put_calls },
	{ "empty_reads", NULL, "Reads that moved nothing, by what they gave.", PER_SESSION,
	  put_empty },
	{ "failed_calls", NULL, "Calls of the session that failed.", PER_SESSION, put_failures },
	{ "io_latency_seconds", "seconds",
	  "Latency of the reads or writes that moved data; percentile 100 is the slowest.",
	  PER_SESSION, put_latency },
	{ "estimate_bytes", "bytes", "What was estimated at the switchover to be left.",
	  PER_SESSION, put_estimate },
	{ "left_bytes", "bytes", "Initial and dirty bytes of the last precopy info.", PER_SESSION,
	  put_left },
	{ "session_lost_events", NULL, "Lost events that may have been the session's own.",
	  PER_SESSION, put_lost },
};

/* Two recordings may have the same name, one that came on a pipe has none. */
static void name_recording(struct om *o)
{
	uint64_t first = model_first_ns(o->e->model), real = model_realtime_ns(o->e->model, first);
	size_t i, n = 0;

	for (i = 0; i < o->e->n_files && n < sizeof(o->recording); i++)
		n += (size_t)snprintf(o->recording + n, sizeof(o->recording) - n, "%s%s",
				      i ? "," : "", base_name(o->e->files[i].path));
	if (real)
		units_rfc3339(o->began, real);
	else
		snprintf(o->began, sizeof(o->began), "%llu ns", (unsigned long long)first);
}

static void openmetrics(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct om o = { .f = f, .e = e, .opt = opt };
	size_t i;

	name_recording(&o);
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		begin(&o, families[i].family, families[i].unit, families[i].help);
		each_of(&o, families[i].per, families[i].put);
	}
	begin(&o, "device_state", NULL, "The device's migration state at the end.");
	each_device(&o, put_state);
	begin(&o, "device_sessions", NULL, "Sessions of the device.");
	each_device(&o, put_device_sessions);
	begin(&o, "device_failed_set_states", NULL, "SET_STATEs that failed outside any session.");
	each_device(&o, put_device_failures);
	put_evidence(&o, "events", NULL, "Events in the evidence.");
	put_evidence(&o, "lost_events", NULL, "Events that could not be recorded.");
	put_evidence(&o, "loss_places", NULL, "Places at which events were lost.");
	put_evidence(&o, "unreadable_bytes", "bytes",
		     "Bytes of the recording that could not be read.");
	put_evidence(&o, "ended", NULL, "1 when the recording ended cleanly.");
	put_findings(&o);
	fputs("# EOF\n", f);
}

const struct export_format export_openmetrics = { .judged = true, .sums = openmetrics };
