// SPDX-License-Identifier: GPL-2.0-only
#include "view/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/sat.h"
#include "util/text.h"
#include "view/downtime.h"

/* As summary_migration.driver: one, or a list. */
#define DRIVER_LEN 128

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Upper bounds, ns: from a driver's arc to a VM that does not converge. */
static const uint64_t stop_bounds[] = {
	1000000,    2500000,	5000000,    10000000,	 25000000,
	50000000,   100000000,	200000000,  300000000,	 500000000,
	1000000000, 2000000000, 5000000000, 10000000000, 30000000000,
};
static const uint64_t duration_bounds[] = {
	500000000,   1000000000,   2000000000,	 5000000000,   10000000000,   30000000000,
	60000000000, 120000000000, 300000000000, 600000000000, 1800000000000, 3600000000000,
};
#define BOUNDS_MAX 15

struct histogram {
	uint64_t in[BOUNDS_MAX + 1]; /* each bucket's own; the last: above all bounds */
	uint64_t sum_ns, n;
};

#define OUTCOMES (OUTCOME_FAILED + 1)

struct metrics {
	char driver[METRICS_DRIVERS][DRIVER_LEN]; /* the rest is "other" */
	size_t n_drivers;
	uint64_t migrations[METRICS_DRIVERS + 1][OUTCOMES];
	uint64_t bytes[METRICS_DRIVERS + 1];
	uint64_t findings[RULE_NR][SEV_INCONCLUSIVE + 1];
	struct histogram downtime, stop, duration[OUTCOMES];
	struct histogram part[MIGRATION_PART_KEYS]; /* as migration_part_keys has them */
	struct {				    /* the last migration of that outcome */
		uint64_t end_real_ns, downtime_ns, stop_ns, duration_ns;
	} last[OUTCOMES];
};

struct metrics *metrics_create(void)
{
	struct metrics *m = calloc(1, sizeof(*m));
	size_t i;

	for (i = 0; m && i < OUTCOMES; i++)
		m->last[i].downtime_ns = m->last[i].stop_ns = MODEL_NONE;
	return m;
}

void metrics_destroy(struct metrics *m)
{
	free(m);
}

/* ---- counting ---- */

static void observe(struct histogram *h, const uint64_t *bounds, size_t n, uint64_t ns)
{
	size_t i;

	if (ns == MODEL_NONE)
		return;
	for (i = 0; i < n && ns > bounds[i]; i++)
		;
	h->in[i]++;
	h->n++;
	sat_inc(&h->sum_ns, ns);
}

/* Of several drivers in one migration it is counted for their list as it stands. */
static size_t driver_index(struct metrics *m, const char *driver)
{
	size_t i;

	for (i = 0; i < m->n_drivers; i++)
		if (!strcmp(m->driver[i], driver))
			return i;
	if (m->n_drivers == METRICS_DRIVERS)
		return METRICS_DRIVERS;
	snprintf(m->driver[i], sizeof(m->driver[i]), "%s", driver);
	m->n_drivers++;
	return i;
}

static void take_findings(struct metrics *m, const char *rules)
{
	char word[SUMMARY_WORD_LEN];
	uint32_t rule, severity;

	while (*rules) {
		rules = summary_next(rules, word);
		rule = judge_rule_from_name(summary_rule(word));
		for (severity = 0; severity <= SEV_INCONCLUSIVE; severity++)
			if (rule < RULE_NR && summary_count(word, severity))
				m->findings[rule][severity]++;
	}
}

static void take_parts(struct metrics *m, struct model *model, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(model, g, part), i, k;

	for (i = 0; i < n; i++) {
		if (part[i].share || part[i].ns == MODEL_NONE)
			continue;
		for (k = 0; strcmp(migration_part_keys[k], part[i].key); k++)
			assert(k + 1 < MIGRATION_PART_KEYS);
		observe(&m->part[k], stop_bounds, ARRAY_SIZE(stop_bounds), part[i].ns);
	}
}

static void take_migration(struct metrics *m, const struct summary_migration *l)
{
	uint32_t outcome = l->outcome < OUTCOMES ? l->outcome : OUTCOME_UNFINISHED;
	size_t d = driver_index(m, l->driver);

	m->migrations[d][outcome]++;
	sat_inc(&m->bytes[d], l->bytes);
	take_findings(m, l->rules);
	observe(&m->downtime, stop_bounds, ARRAY_SIZE(stop_bounds), l->downtime_ns);
	observe(&m->stop, stop_bounds, ARRAY_SIZE(stop_bounds), l->stop_ns);
	observe(&m->duration[outcome], duration_bounds, ARRAY_SIZE(duration_bounds),
		l->duration_ns);
	m->last[outcome].end_real_ns = l->end_real_ns;
	m->last[outcome].downtime_ns = l->downtime_ns;
	m->last[outcome].stop_ns = l->stop_ns;
	m->last[outcome].duration_ns = l->duration_ns;
}

void metrics_know(struct metrics *m, const char *driver)
{
	/* Of one beyond the bound, and of several in one VM, a series begins with a migration. */
	if (*driver)
		driver_index(m, driver);
}

void metrics_take(struct metrics *m, const struct summary *sum, struct model *model)
{
	uint32_t id;
	size_t i;

	for (i = 0; i < sum->n; i++)
		take_migration(m, &sum->migration[i]);
	take_findings(m, sum->rules);
	for (id = 1; id <= model_migrations(model); id++)
		take_parts(m, model, model_migration(model, id));
}

/* ---- printing ---- */

static void family(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP vfioscope_recorder_%s %s\n# TYPE vfioscope_recorder_%s %s\n", name, help,
		name, type);
}

/* Inside quotes: harmless as everywhere, then the format's own escapes. */
static void put_text(FILE *f, const char *s)
{
	char safe[TEXT_SAFE_LEN(DRIVER_LEN)], *p;

	text_safe(safe, sizeof(safe), s, DRIVER_LEN);
	for (p = safe; *p; p++) {
		if (*p == '\\' || *p == '"')
			fputc('\\', f);
		fputc(*p, f);
	}
}

static void put_seconds(FILE *f, uint64_t ns)
{
	fprintf(f, "%llu.%09llu\n", (unsigned long long)(ns / 1000000000),
		(unsigned long long)(ns % 1000000000));
}

static void one(FILE *f, const char *name, const char *type, const char *help, uint64_t v)
{
	family(f, name, type, help);
	fprintf(f, "vfioscope_recorder_%s %llu\n", name, (unsigned long long)v);
}

/* @label: "part=\"arcs\"", or "". */
static void put_histogram(FILE *f, const char *name, const char *label, const struct histogram *h,
			  const uint64_t *bounds, size_t n)
{
	const char *comma = *label ? "," : "", *open = *label ? "{" : "",
		   *close = *label ? "}" : "";
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		total += h->in[i];
		/* As short as a number can be: le is text to who compares it. */
		fprintf(f, "vfioscope_recorder_%s_bucket{%s%sle=\"%.4g\"} %llu\n", name, label,
			comma, (double)bounds[i] / 1e9, (unsigned long long)total);
	}
	fprintf(f, "vfioscope_recorder_%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, label, comma,
		(unsigned long long)h->n);
	fprintf(f, "vfioscope_recorder_%s_sum%s%s%s ", name, open, label, close);
	put_seconds(f, h->sum_ns);
	fprintf(f, "vfioscope_recorder_%s_count%s%s%s %llu\n", name, open, label, close,
		(unsigned long long)h->n);
}

static const char *driver_name(const struct metrics *m, size_t d)
{
	return d == METRICS_DRIVERS ? "other" : m->driver[d][0] ? m->driver[d] : "unknown";
}

static void put_migrations(FILE *f, const struct metrics *m)
{
	uint64_t other = 0;
	size_t d, o;

	for (o = 0; o < OUTCOMES; o++)
		other += m->migrations[METRICS_DRIVERS][o];
	family(f, "migrations_total", "counter",
	       "Migrations that are over, by driver and outcome.");
	for (d = 0; d <= METRICS_DRIVERS; d++) {
		if (d == METRICS_DRIVERS ? !other : d >= m->n_drivers)
			continue;
		for (o = 0; o < OUTCOMES; o++) {
			fputs("vfioscope_recorder_migrations_total{driver=\"", f);
			put_text(f, driver_name(m, d));
			fprintf(f, "\",outcome=\"%s\"} %llu\n", outcome_name((uint32_t)o),
				(unsigned long long)m->migrations[d][o]);
		}
	}
	family(f, "migration_bytes_total", "counter",
	       "Bytes of device state that went through the data FDs, by driver.");
	for (d = 0; d <= METRICS_DRIVERS; d++) {
		if (d == METRICS_DRIVERS ? !other : d >= m->n_drivers)
			continue;
		fputs("vfioscope_recorder_migration_bytes_total{driver=\"", f);
		put_text(f, driver_name(m, d));
		fprintf(f, "\"} %llu\n", (unsigned long long)m->bytes[d]);
	}
}

static void put_findings(FILE *f, const struct metrics *m)
{
	uint32_t r, s;

	family(f, "findings_total", "counter",
	       "Recordings with such a finding, by rule and severity.");
	for (r = 0; r < RULE_NR; r++)
		for (s = 0; s <= SEV_INCONCLUSIVE; s++)
			if (m->findings[r][s] || s == judge_rule(r)->severity)
				fprintf(f,
					"vfioscope_recorder_findings_total{rule=\"%s\",severity=\"%s\"} %llu\n",
					judge_rule(r)->name, severity_name(s),
					(unsigned long long)m->findings[r][s]);
}

static void put_last(FILE *f, const struct metrics *m, const char *name, const char *help,
		     size_t offset, uint64_t unknown)
{
	size_t o;

	family(f, name, "gauge", help);
	for (o = 0; o < OUTCOMES; o++) {
		uint64_t v = *(const uint64_t *)((const char *)&m->last[o] + offset);

		if (v == unknown || !m->duration[o].n)
			continue;
		fprintf(f, "vfioscope_recorder_%s{outcome=\"%s\"} ", name,
			outcome_name((uint32_t)o));
		put_seconds(f, v);
	}
}

static void put_recorder(FILE *f, const struct metrics_recorder *r)
{
	const struct {
		const char *result;
		uint64_t n;
	} recordings[] = {
		{ "kept", r->kept },
		{ "dropped", r->dropped },
		{ "cut", r->cut },
		{ "missed", r->missed },
	};
	size_t i;

	family(f, "recordings_total", "counter",
	       "Recordings: kept, of these cut (not all of it could be written), dropped by --keep-if, missed (a migration without one).");
	for (i = 0; i < ARRAY_SIZE(recordings); i++)
		fprintf(f, "vfioscope_recorder_recordings_total{result=\"%s\"} %llu\n",
			recordings[i].result, (unsigned long long)recordings[i].n);
	one(f, "trimmed_total", "counter", "Recordings that the limits dropped.", r->trimmed);
	one(f, "recorded_bytes_total", "counter", "Bytes of recordings kept.", r->bytes);
	one(f, "events_total", "counter", "Events of migrations.", r->events);
	one(f, "lost_events_total", "counter",
	    "Events that the capture lost while something was under way.", r->lost);
	one(f, "unwritten_events_total", "counter", "Events that could not be written.",
	    r->events_missed);
	one(f, "clock_steps_total", "counter", "How often the clock of day was set.",
	    r->clock_steps);
	one(f, "under_way", "gauge", "Migrations under way.", r->under_way);
	family(f, "start_time_seconds", "gauge", "When the recorder began.");
	fputs("vfioscope_recorder_start_time_seconds ", f);
	put_seconds(f, r->start_real_ns);
}

void metrics_print(FILE *f, const struct metrics *m, const struct metrics_recorder *r)
{
	char label[64];
	size_t i;

	put_migrations(f, m);
	put_findings(f, m);
	family(f, "downtime_seconds", "histogram", "Downtime, where both sides were on this host.");
	put_histogram(f, "downtime_seconds", "", &m->downtime, stop_bounds,
		      ARRAY_SIZE(stop_bounds));
	family(f, "stop_seconds", "histogram", "Stop of the devices on the source.");
	put_histogram(f, "stop_seconds", "", &m->stop, stop_bounds, ARRAY_SIZE(stop_bounds));
	family(f, "part_seconds", "histogram", "A part of the stop or of the downtime.");
	for (i = 0; i < MIGRATION_PART_KEYS; i++) {
		snprintf(label, sizeof(label), "part=\"%s\"", migration_part_keys[i]);
		put_histogram(f, "part_seconds", label, &m->part[i], stop_bounds,
			      ARRAY_SIZE(stop_bounds));
	}
	family(f, "migration_duration_seconds", "histogram", "From the first sign to the end.");
	for (i = 0; i < OUTCOMES; i++) {
		snprintf(label, sizeof(label), "outcome=\"%s\"", outcome_name((uint32_t)i));
		put_histogram(f, "migration_duration_seconds", label, &m->duration[i],
			      duration_bounds, ARRAY_SIZE(duration_bounds));
	}
#define AT(member) offsetof(__typeof__(m->last[0]), member)
	put_last(f, m, "last_end_timestamp_seconds", "When the last migration ended.",
		 AT(end_real_ns), 0);
	put_last(f, m, "last_downtime_seconds", "Downtime of the last migration.", AT(downtime_ns),
		 MODEL_NONE);
	put_last(f, m, "last_stop_seconds", "Stop of the last migration.", AT(stop_ns), MODEL_NONE);
	put_last(f, m, "last_duration_seconds", "Duration of the last migration.", AT(duration_ns),
		 MODEL_NONE);
#undef AT
	put_recorder(f, r);
}
