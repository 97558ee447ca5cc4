// SPDX-License-Identifier: GPL-2.0-only
#include "view/downtime.h"

#include <string.h>

#include "view/common.h"

/* ---- lists ---- */

struct parts {
	struct downtime_part *out;
	size_t n;
	uint64_t total;
	bool landing;
};

static void add_part(struct parts *p, const char *key, const char *name, uint64_t ns,
		     uint32_t party, const char *who, const char *when)
{
	p->out[p->n++] = (struct downtime_part){
		.key = key,
		.name = name,
		.ns = ns,
		.total_ns = p->total,
		.party = party,
		.who = who,
		.when = when,
		.landing = p->landing,
	};
}

static void add_share(struct parts *p, const char *key, const char *name, uint64_t ns,
		      const char *who, const char *when)
{
	if (!ns)
		return;
	add_part(p, key, name, ns, PARTY_VMM, who, when);
	p->out[p->n - 1].share = true;
}

#define BIT(part) (1U << (part))

/* The last part is the time of calls: of which kinds, and where they are to be found. */
static void add_why(struct parts *p, const struct model *m, const struct session_window *w,
		    uint32_t kinds, uint32_t side, uint32_t session)
{
	struct downtime_part *last = &p->out[p->n - 1];

	part_why(&last->why, m, w->why_ns, kinds, last->ns, side, session, w->start_ns, w->end_ns);
}

/* The last part is time between calls: in which gaps. */
static void add_gap_why(struct parts *p, const struct model *m, const struct session_window *w,
			uint32_t gaps, uint32_t side, uint32_t session)
{
	struct downtime_part *last = &p->out[p->n - 1];

	gap_why(&last->why, m, w->gap_why_ns, gaps, last->ns, side, session, w->start_ns,
		w->end_ns);
}

#define ALL_GAPS (BIT(GAP_NR) - 1)

static const char *const gap_keys[GAP_NR] = {
	[GAP_ARCS] = "between_arcs", [GAP_FIRST_IO] = "to_first_io",	 [GAP_IO] = "between_io",
	[GAP_LOAD] = "to_next_arc",  [GAP_START] = "between_later_arcs",
};

/* @others: what is outside one device's calls may be inside another's. */
static void add_gaps(struct parts *p, const uint64_t gap[GAP_NR], bool save, bool others)
{
	add_share(p, gap_keys[GAP_ARCS], "between arcs", gap[GAP_ARCS],
		  others ? "other devices, VMM" : "VMM", "between changes of state");
	add_share(p, gap_keys[GAP_FIRST_IO], save ? "to 1st read" : "to 1st write",
		  gap[GAP_FIRST_IO],
		  !save	 ? "the source" :
		  others ? "other devices, VMM, RAM" :
			   "VMM: RAM",
		  save ? "between the last change of state and the first read()" :
			 "between the last change of state and the first write()");
	add_share(p, gap_keys[GAP_IO], save ? "between reads" : "between writes", gap[GAP_IO],
		  others ? "other devices, VMM, network" :
		  save	 ? "VMM, network" :
			   "VMM, network, source",
		  save ? "between one read() and the next" : "between one write() and the next");
	add_share(p, gap_keys[GAP_LOAD], "to the next arc", gap[GAP_LOAD],
		  others ? "other devices, VMM" : "VMM",
		  save ? "between the last read() and the next change of state" :
			 "between the last write() and the load of the state");
	add_share(p, gap_keys[GAP_START], "arcs after it", gap[GAP_START],
		  others ? "other devices, VMM" : "VMM", "between the changes of state after that");
}

/* Does the arc lie in the window? */
static bool is_in_window(const struct session *g, const struct session_arc *a)
{
	return g->window.start_ns != MODEL_NONE && a->start_ns >= g->window.start_ns &&
	       a->start_ns + a->dur_ns <= g->window.end_ns;
}

size_t session_parts(struct model *m, const struct session *g,
		     struct downtime_part out[DOWNTIME_PARTS_MAX])
{
	const struct side *side = model_side_peek(m, g->side);
	const struct session_window *w = &g->window;
	bool save = g->direction == DIR_SAVE, others = !side || side->n_devices > 1;
	struct parts p = { .out = out, .total = w->total_ns };
	uint32_t i;

	if (w->start_ns == MODEL_NONE)
		return 0;
	add_part(&p, "arcs", "state arcs", w->arcs_ns, PARTY_DRIVER, "the driver",
		 "in changes of state");
	add_why(&p, m, w, BIT(PART_ARC), g->side, g->id);
	for (i = 0; i < g->n_arcs; i++) {
		if (!is_in_window(g, &g->arcs[i]))
			continue;
		add_part(&p, "arc", NULL, g->arcs[i].dur_ns, PARTY_DRIVER, NULL,
			 "in this change of state");
		out[p.n - 1].state = g->arcs[i].to;
		out[p.n - 1].share = true;
	}
	add_part(&p, "io", save ? "in read()" : "in write()", w->io_ns, PARTY_DRIVER, "the driver",
		 save ? "in read()" : "in write()");
	add_why(&p, m, w, BIT(PART_IO), g->side, g->id);
	/* A log that was not seen did not take 0 ns. */
	add_part(&p, "dirty_sync", "dirty sync",
		 side && !side->dirty_log_seen ? MODEL_NONE : w->dirty_sync_ns, PARTY_DRIVER,
		 "the driver", "in reports of the dirty log");
	add_why(&p, m, w, BIT(PART_DIRTY_SYNC), g->side, g->id);
	add_part(&p, "outside", "outside", w->outside_ns, PARTY_VMM,
		 others ? "other devices, VMM, network" : "VMM, RAM, network",
		 "while no call on the device was in flight");
	add_gap_why(&p, m, w, ALL_GAPS, g->side, g->id);
	add_gaps(&p, w->gap_ns, save, others);
	add_part(&p, "unattributed", "unattributed", w->unattributed_ns, PARTY_UNKNOWN,
		 "other calls, holes", "in other calls, or in a hole of the evidence");
	add_why(&p, m, w, BIT(PART_OTHER), g->side, g->id);
	return p.n;
}

const char *downtime_part_name(const struct downtime_part *p, char buf[UNITS_LEN])
{
	return p->name ? p->name : state_label(buf, p->state);
}

static void add_landing(struct parts *p, const struct model *m, const struct migration *g)
{
	const struct landing *l = &g->landing;
	struct session_window w = {
		.start_ns = g->stop.end_ns,
		.end_ns = sat_add(g->stop.end_ns, l->total_ns),
	};

	p->landing = true;
	if (!g->parts_known) {
		add_part(p, "destination", "destination", l->total_ns, PARTY_UNKNOWN,
			 "no further evidence", "after the source's last byte");
		return;
	}
	memcpy(w.why_ns, l->why_ns, sizeof(w.why_ns));
	memcpy(w.gap_why_ns, l->gap_why_ns, sizeof(w.gap_why_ns));
	add_part(p, "transfer", "on its way", l->transfer_ns, PARTY_VMM, "VMM, network",
		 "between the source's last byte and the destination's last write()");
	add_gap_why(p, m, &w, BIT(GAP_FIRST_IO) | BIT(GAP_IO), g->destination, 0);
	add_part(p, "write", "in write()", l->write_ns, PARTY_DRIVER, "its driver",
		 "in the destination's last calls of write()");
	add_why(p, m, &w, BIT(PART_IO), g->destination, 0);
	add_part(p, "before_load", "before the load", l->before_load_ns, PARTY_VMM, "VMM",
		 "between the destination's last write() and its load of the state");
	add_gap_why(p, m, &w, BIT(GAP_ARCS) | BIT(GAP_LOAD), g->destination, 0);
	add_part(p, "load", "final load", l->load_ns, PARTY_DRIVER, "its driver",
		 "in the destination's load of the state");
	add_why(p, m, &w, BIT(PART_LOAD), g->destination, 0);
	add_part(p, "arcs_to_run", "arcs to run", l->arcs_ns, PARTY_DRIVER, "its driver",
		 "in the destination's changes of state until it ran");
	add_why(p, m, &w, BIT(PART_ARC), g->destination, 0);
	add_part(p, "between_arcs_to_run", "between them", l->start_ns, PARTY_VMM, "VMM",
		 "between the destination's changes of state until it ran");
	add_gap_why(p, m, &w, BIT(GAP_START), g->destination, 0);
	if (l->unattributed_ns)
		add_part(p, "other_calls", "other calls", l->unattributed_ns, PARTY_UNKNOWN,
			 "other calls, holes", "in other calls of the destination");
}

uint64_t migration_stop_ns(const struct migration *g)
{
	if (g->downtime_ns != MODEL_NONE)
		return g->downtime_ns;
	return g->stop.start_ns == MODEL_NONE ? 0 : g->stop.total_ns;
}

const char *const migration_part_keys[MIGRATION_PART_KEYS] = {
	"arcs",
	"io",
	"dirty_sync",
	"outside",
	"unattributed",
	"transfer",
	"write",
	"before_load",
	"load",
	"arcs_to_run",
	"between_arcs_to_run",
	"other_calls",
	"destination",
};

size_t migration_parts(struct model *m, const struct migration *g,
		       struct downtime_part out[MIGRATION_PARTS_MAX])
{
	const struct session_window *w = &g->stop;
	const struct side *src = model_side(m, g->source);
	struct parts p = { .out = out, .total = migration_stop_ns(g) };

	if (!src || w->start_ns == MODEL_NONE)
		return 0;
	add_part(&p, "arcs", "state arcs", w->arcs_ns + w->load_ns, PARTY_DRIVER, "the driver",
		 "in changes of state");
	add_why(&p, m, w, BIT(PART_ARC) | BIT(PART_LOAD), src->id, 0);
	add_part(&p, "io", "in read()", w->io_ns, PARTY_DRIVER, "the driver", "in read()");
	add_why(&p, m, w, BIT(PART_IO), src->id, 0);
	add_part(&p, "dirty_sync", "dirty sync",
		 src->dirty_log_seen ? w->dirty_sync_ns : MODEL_NONE, PARTY_DRIVER, "the driver",
		 "in reports of the dirty log");
	add_why(&p, m, w, BIT(PART_DIRTY_SYNC), src->id, 0);
	add_part(&p, "outside", "outside", w->outside_ns, PARTY_VMM, "VMM, RAM, network",
		 "while no call on a device was in flight");
	add_gap_why(&p, m, w, ALL_GAPS, src->id, 0);
	add_gaps(&p, w->gap_ns, true, false);
	add_part(&p, "unattributed", "unattributed", w->unattributed_ns, PARTY_UNKNOWN,
		 "other calls, holes", "in other calls, or in a hole of the evidence");
	add_why(&p, m, w, BIT(PART_OTHER), src->id, 0);
	if (g->downtime_ns != MODEL_NONE)
		add_landing(&p, m, g);
	return p.n;
}

const struct downtime_part *parts_longest(const struct downtime_part *p, size_t n)
{
	const struct downtime_part *best = NULL;
	bool whole;
	size_t i;

	for (i = 0; i < n; i++) {
		whole = !p[i].share && i + 1 < n && p[i + 1].share;
		if (!whole && p[i].ns != MODEL_NONE && (!best || p[i].ns > best->ns))
			best = &p[i];
	}
	return best && best->ns ? best : NULL;
}

/* ---- in words ---- */

static uint64_t tenths_of(uint64_t ns, uint64_t total)
{
	return total ? (uint64_t)((double)ns * 1000 / (double)total + 0.5) : 0;
}

/* @indent blanks, and two more for a share of the line above it. */
static void print_part(FILE *f, const struct downtime_part *p, int indent, bool percent)
{
	uint64_t tenths = tenths_of(p->ns, p->total_ns), bar = 0;
	char a[UNITS_LEN], name[UNITS_LEN], label[64];

	snprintf(label, sizeof(label), "%s%s", p->share ? "  " : "", downtime_part_name(p, name));
	fprintf(f, "%*s%-17s", indent, "", label);
	if (p->ns == MODEL_NONE) {
		text_pad(f, "not seen", 10, true);
		fputs("\n", f);
		return;
	}
	text_pad(f, units_duration(a, p->ns), 10, true);
	if (percent)
		fprintf(f, " %3llu.%llu %%", (unsigned long long)tenths / 10,
			(unsigned long long)tenths % 10);
	if (p->who) {
		fputs("  ", f);
		for (; !p->share && bar < tenths / 62; bar++)
			fputc('#', f);
		fprintf(f, "%*s%s", (int)(17 - bar), "", p->who);
	}
	fputc('\n', f);
}

static void print_in_flight(FILE *f, const struct session_window *w, int indent)
{
	char a[UNITS_LEN];

	if (w->start_ns != MODEL_NONE && w->in_flight_ns)
		fprintf(f, "%*s%s of it in a call that had not returned when it was last seen\n",
			indent, "", units_duration(a, w->in_flight_ns));
}

void downtime_text(FILE *f, struct model *m, const struct session *g)
{
	struct downtime_part part[DOWNTIME_PARTS_MAX];
	size_t n = session_parts(m, g, part), i;
	char a[UNITS_LEN];

	for (i = 0; i < n; i++) {
		print_part(f, &part[i], 2, false);
		part_why_text(f, &part[i].why, part[i].ns, 6);
	}
	print_in_flight(f, &g->window, 2);
	if (g->direction == DIR_SAVE && g->lead_ns != MODEL_NONE)
		fprintf(f, "  its first arc came %s after the last read() of pre-copy\n",
			units_duration(a, g->lead_ns));
}

/* Too little to deserve a line. */
static bool is_small(const struct downtime_part *p)
{
	return p->ns != MODEL_NONE && p->ns < p->total_ns / 1000;
}

/* The small ones in one line, so that all that is printed still adds up. */
static void print_small(FILE *f, const struct downtime_part *p, size_t n, int indent)
{
	struct downtime_part rest = { .name = "all else" };
	char who[160] = "", a[UNITS_LEN];
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		if (p[i].share || !is_small(&p[i]) || !p[i].ns)
			continue;
		rest.total_ns = p[i].total_ns;
		rest.ns += p[i].ns;
		len += (size_t)snprintf(who + len, sizeof(who) - len, "%s%s", len ? ", " : "",
					downtime_part_name(&p[i], a));
		if (len >= sizeof(who))
			len = sizeof(who) - 1;
	}
	if (len > 22)
		snprintf(who, sizeof(who), "parts under 0.1 %%");
	rest.who = who;
	if (rest.ns)
		print_part(f, &rest, indent, true);
}

void migration_parts_text(FILE *f, struct model *m, const struct migration *g, int indent)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(m, g, part), i;
	bool landing = false;

	for (i = 0; i < n; i++) {
		if (is_small(&part[i]))
			continue;
		if (part[i].landing && !landing)
			fprintf(f, "%*safter the source's last byte, the destination:\n", indent,
				"");
		landing = part[i].landing;
		print_part(f, &part[i], indent, true);
		part_why_text(f, &part[i].why, part[i].ns, indent + 4);
	}
	print_small(f, part, n, indent);
	print_in_flight(f, &g->stop, indent);
}

/* ---- JSON ---- */

void window_json(struct json *j, const struct session_window *w, bool dirty_log_seen)
{
	bool known = w->start_ns != MODEL_NONE;
	uint32_t i;

	json_known(j, "stop_window_ns", known ? w->total_ns : MODEL_NONE);
	json_known(j, "stop_window_start_ns", w->start_ns);
	json_known(j, "arcs_ns", known ? w->arcs_ns + w->load_ns : MODEL_NONE);
	json_known(j, "io_ns", known ? w->io_ns : MODEL_NONE);
	json_known(j, "dirty_sync_ns", known && dirty_log_seen ? w->dirty_sync_ns : MODEL_NONE);
	json_known(j, "outside_ns", known ? w->outside_ns : MODEL_NONE);
	json_known(j, "unattributed_ns", known ? w->unattributed_ns : MODEL_NONE);
	json_known(j, "in_flight_ns", known ? w->in_flight_ns : MODEL_NONE);
	json_key(j, "gaps");
	if (!known) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	for (i = 0; i < GAP_NR; i++) {
		char key[40];

		snprintf(key, sizeof(key), "%s_ns", gap_keys[i]);
		json_ku64(j, key, w->gap_ns[i]);
	}
	json_object_end(j);
}

void migration_parts_json(struct json *j, const char *key, struct model *m,
			  const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	size_t n = migration_parts(m, g, part), i;

	json_key(j, key);
	if (!n) {
		json_null(j);
		return;
	}
	json_array_begin(j);
	for (i = 0; i < n; i++) {
		json_object_begin(j);
		json_kstring(j, "part", part[i].key);
		json_known(j, "ns", part[i].ns);
		json_kstring(j, "party", party_name(part[i].party));
		json_kstring(j, "side", part[i].landing ? "destination" : "source");
		json_kstring(j, "text", part[i].when);
		part_why_json(j, "why", &part[i].why);
		json_key(j, "shares");
		json_array_begin(j);
		for (; i + 1 < n && part[i + 1].share; i++) {
			json_object_begin(j);
			json_kstring(j, "part", part[i + 1].key);
			json_ku64(j, "ns", part[i + 1].ns);
			json_kstring(j, "party", party_name(part[i + 1].party));
			json_kstring(j, "text", part[i + 1].when);
			json_object_end(j);
		}
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
}
