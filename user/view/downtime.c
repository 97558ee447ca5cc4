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
	/* Where its calls are to be found: the session is 0 when all of the side's are its own. */
	const struct model *m;
	uint32_t side, session;
	uint64_t from_ns, to_ns;
};

/* How the parts are told; those of a landing are the destination's. */
static const struct {
	const char *key, *name;
	uint32_t party;
	const char *who, *when;
} part_words[STOP_PARTS] = {
	[STOP_ARCS] = { "arcs", "state arcs", PARTY_DRIVER, "the driver", "in changes of state" },
	[STOP_IO] = { "io", "in read()", PARTY_DRIVER, "the driver", "in read()" },
	[STOP_DIRTY_SYNC] = { "dirty_sync", "dirty sync", PARTY_DRIVER, "the driver",
			      "in reports of the dirty log" },
	[STOP_OUTSIDE] = { "outside", "outside", PARTY_VMM, "VMM, RAM, network",
			   "while no call on a device was in flight" },
	[STOP_OTHER] = { "unattributed", "unattributed", PARTY_UNKNOWN, "other calls, holes",
			 "in other calls, or in a hole of the evidence" },
	[LAND_TRANSFER] = { "transfer", "on its way", PARTY_VMM, "VMM, network",
			    "between the source's last byte and the destination's last write()" },
	[LAND_WRITE] = { "write", "in write()", PARTY_DRIVER, "its driver",
			 "in the destination's last calls of write()" },
	[LAND_BEFORE_LOAD] = { "before_load", "before the load", PARTY_VMM, "VMM",
			       "between the destination's last write() and its load of the state" },
	[LAND_LOAD] = { "load", "final load", PARTY_DRIVER, "its driver",
			"in the destination's load of the state" },
	[LAND_ARCS] = { "arcs_to_run", "arcs to run", PARTY_DRIVER, "its driver",
			"in the destination's changes of state until it ran" },
	[LAND_BETWEEN] = { "between_arcs_to_run", "between them", PARTY_VMM, "VMM",
			   "between the destination's changes of state until it ran" },
	[LAND_OTHER] = { "other_calls", "other calls", PARTY_UNKNOWN, "other calls, holes",
			 "in other calls of the destination" },
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

/* A part as its words have it, with what it was spent on; what was added, for other words. */
static struct downtime_part *add_spent(struct parts *p, enum stop_part part,
				       const struct spent *spent)
{
	struct downtime_part *last = &p->out[p->n];

	add_part(p, part_words[part].key, part_words[part].name, spent->ns, part_words[part].party,
		 part_words[part].who, part_words[part].when);
	part_why(&last->why, p->m, part, spent, p->side, p->session, p->from_ns, p->to_ns);
	return last;
}

static void add_share(struct parts *p, const char *key, const char *name, uint64_t ns,
		      const char *who, const char *when)
{
	if (!ns)
		return;
	add_part(p, key, name, ns, PARTY_VMM, who, when);
	p->out[p->n - 1].share = true;
}

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

/* A log that was not seen did not take 0 ns. */
static void add_dirty_sync(struct parts *p, const struct spent *spent, const struct side *s)
{
	struct downtime_part *part = add_spent(p, STOP_DIRTY_SYNC, spent);

	if (s && !s->dirty_log_seen)
		part->ns = MODEL_NONE;
}

size_t session_parts(struct model *m, const struct session *g,
		     struct downtime_part out[DOWNTIME_PARTS_MAX])
{
	const struct side *side = model_side_peek(m, g->side);
	const struct session_window *w = &g->window;
	bool save = g->direction == DIR_SAVE, others = !side || side->n_devices > 1;
	struct parts p = { .out = out,
			   .total = w->total_ns,
			   .m = m,
			   .side = g->side,
			   .session = g->id,
			   .from_ns = w->start_ns,
			   .to_ns = w->end_ns };
	struct spent spent[STOP_OTHER + 1];
	struct downtime_part *part;
	uint32_t i;

	if (w->start_ns == MODEL_NONE)
		return 0;
	for (i = 0; i <= STOP_OTHER; i++)
		window_spent(w, (enum stop_part)i, &spent[i]);
	add_spent(&p, STOP_ARCS, &spent[STOP_ARCS]);
	for (i = 0; i < g->n_arcs; i++) {
		if (!is_in_window(g, &g->arcs[i]))
			continue;
		add_part(&p, "arc", NULL, g->arcs[i].dur_ns, PARTY_DRIVER, NULL,
			 "in this change of state");
		out[p.n - 1].state = g->arcs[i].to;
		out[p.n - 1].share = true;
	}
	part = add_spent(&p, STOP_IO, &spent[STOP_IO]);
	if (!save)
		part->name = part->when = part_words[LAND_WRITE].name;
	add_dirty_sync(&p, &spent[STOP_DIRTY_SYNC], side);
	part = add_spent(&p, STOP_OUTSIDE, &spent[STOP_OUTSIDE]);
	part->when = "while no call on the device was in flight";
	if (others)
		part->who = "other devices, VMM, network";
	add_gaps(&p, w->gap_ns, save, others);
	add_spent(&p, STOP_OTHER, &spent[STOP_OTHER]);
	return p.n;
}

const char *downtime_part_name(const struct downtime_part *p, char buf[UNITS_LEN])
{
	return p->name ? p->name : state_label(buf, p->state);
}

static void add_landing(struct parts *p, const struct migration *g)
{
	struct spent spent;
	uint32_t i;

	p->landing = true;
	p->side = g->destination;
	p->from_ns = g->stop.end_ns;
	p->to_ns = sat_add(g->stop.end_ns, g->landing.total_ns);
	if (!g->parts_known) {
		add_part(p, "destination", "destination", g->landing.total_ns, PARTY_UNKNOWN,
			 "no further evidence", "after the source's last byte");
		return;
	}
	for (i = LAND_TRANSFER; i <= LAND_OTHER; i++) {
		migration_spent(g, (enum stop_part)i, &spent);
		if (i != LAND_OTHER || spent.ns)
			add_spent(p, (enum stop_part)i, &spent);
	}
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
	struct parts p = { .out = out,
			   .total = migration_stop_ns(g),
			   .m = m,
			   .side = g->source,
			   .from_ns = w->start_ns,
			   .to_ns = w->end_ns };
	struct spent spent;
	uint32_t i;

	if (!src || w->start_ns == MODEL_NONE)
		return 0;
	for (i = STOP_ARCS; i <= STOP_OTHER; i++) {
		migration_spent(g, (enum stop_part)i, &spent);
		if (i == STOP_DIRTY_SYNC)
			add_dirty_sync(&p, &spent, src);
		else
			add_spent(&p, (enum stop_part)i, &spent);
		if (i == STOP_OUTSIDE)
			add_gaps(&p, w->gap_ns, true, false);
	}
	if (g->downtime_ns != MODEL_NONE)
		add_landing(&p, g);
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
	return total ? sat_u64((double)ns * 1000 / (double)total + 0.5) : 0;
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
		part_why_text(f, &part[i].why, 6);
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
		part_why_text(f, &part[i].why, indent + 4);
	}
	print_small(f, part, n, indent);
	print_in_flight(f, &g->stop, indent);
}

/* The longest that is no share and is not @told, a bit each; NULL: what is left is small. */
static const struct downtime_part *
next_largest(const struct downtime_part *p, size_t n, uint32_t told)
{
	const struct downtime_part *best = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (!p[i].share && !(told >> i & 1) && p[i].ns != MODEL_NONE &&
		    p[i].ns >= p[i].total_ns / 100 && p[i].ns && (!best || p[i].ns > best->ns))
			best = &p[i];
	return best;
}

size_t migration_largest(struct model *m, const struct migration *g,
			 char text[LARGEST_TOLD][LARGEST_LEN])
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	char a[UNITS_LEN], name[UNITS_LEN], why[WHY_SENTENCE_LEN];
	size_t n = migration_parts(m, g, part), k;
	const struct downtime_part *p;
	uint32_t told = 0;
	bool any = false;

	_Static_assert(MIGRATION_PARTS_MAX <= 32, "a bit for each part");
	for (k = 0; k < LARGEST_TOLD && (p = next_largest(part, n, told)); k++) {
		told |= 1U << (p - part);
		any |= p->why.spent.any;
		snprintf(text[k], LARGEST_LEN, "%s%s %s (%.0f %%): %s", downtime_part_name(p, name),
			 p->landing ? ", on the destination," : "", units_duration(a, p->ns),
			 100.0 * (double)p->ns / (double)p->total_ns,
			 part_why_sentence(&p->why, why)[0] ? why : "why is not recorded");
	}
	return any ? k : 0;
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
