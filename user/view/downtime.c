// SPDX-License-Identifier: GPL-2.0-only
#include "view/downtime.h"

#include <string.h>

#include "view/common.h"

/* ---- in words ---- */

struct part {
	FILE *f;
	uint64_t total;
};

/* @depth 1: a share of the line above it. */
static void print_part(const struct part *p, int depth, const char *name, uint64_t ns,
		       const char *what)
{
	uint64_t tenths = p->total ? (ns * 1000 + p->total / 2) / p->total : 0, bar;
	char a[UNITS_LEN], label[32];

	snprintf(label, sizeof(label), "%*s%s", 2 * depth, "", name);
	fprintf(p->f, "  %-17s", label);
	text_pad(p->f, units_duration(a, ns), 10, true);
	fprintf(p->f, " %3llu.%llu %%", (unsigned long long)tenths / 10,
		(unsigned long long)tenths % 10);
	if (what)
		fputs("  ", p->f);
	for (bar = 0; what && !depth && bar < tenths / 50; bar++)
		fputc('#', p->f);
	if (what)
		fprintf(p->f, "%*s%s", (int)(21 - bar), "", what);
	fputc('\n', p->f);
}

/* Does the arc lie in the window? */
static bool is_in_window(const struct session *g, const struct session_arc *a)
{
	return g->window.start_ns != MODEL_NONE && a->start_ns >= g->window.start_ns &&
	       a->start_ns + a->dur_ns <= g->window.end_ns;
}

struct parts {
	struct downtime_part *out;
	size_t n;
	uint64_t total;
	bool landing;
};

static void add_part(struct parts *p, const char *name, uint64_t ns, const char *who,
		     const char *when)
{
	p->out[p->n++] = (struct downtime_part) {
		.name = name, .ns = ns, .total_ns = p->total, .who = who, .when = when,
		.landing = p->landing,
	};
}

static void add_share(struct parts *p, const char *name, uint64_t ns, const char *who,
		      const char *when)
{
	if (!ns)
		return;
	add_part(p, name, ns, who, when);
	p->out[p->n - 1].share = true;
}

static void add_gaps(struct parts *p, const struct session *g)
{
	const uint64_t *gap = g->window.gap_ns;
	bool save = g->direction == DIR_SAVE;

	add_share(p, "between arcs", gap[GAP_ARCS], "VMM, other devices",
		  "between changes of state");
	add_share(p, save ? "to 1st read" : "to 1st write", gap[GAP_FIRST_IO],
		  save ? "VMM: RAM" : "the source",
		  save ? "between the last change of state and the first read()" :
		  "between the last change of state and the first write()");
	add_share(p, save ? "between reads" : "between writes", gap[GAP_IO],
		  save ? "VMM, network" : "VMM, network, source",
		  save ? "between one read() and the next" : "between one write() and the next");
	add_share(p, "to the next arc", gap[GAP_LOAD], "VMM", save ?
		  "between the last read() and the next change of state" :
		  "between the last write() and the load of the state");
	add_share(p, "arcs after it", gap[GAP_START], "VMM",
		  "between the changes of state after that");
}

size_t downtime_parts(const struct session *g, struct downtime_part out[DOWNTIME_PARTS_MAX])
{
	const struct session_window *w = &g->window;
	bool save = g->direction == DIR_SAVE;
	struct parts p = { .out = out, .total = w->total_ns };
	uint32_t i;

	if (w->start_ns == MODEL_NONE)
		return 0;
	add_part(&p, "state arcs", w->arcs_ns, "the driver", "in changes of state");
	for (i = 0; i < g->n_arcs; i++) {
		if (!is_in_window(g, &g->arcs[i]))
			continue;
		add_part(&p, NULL, g->arcs[i].dur_ns, NULL, "in this change of state");
		out[p.n - 1].state = g->arcs[i].to;
		out[p.n - 1].share = true;
	}
	add_part(&p, save ? "in read()" : "in write()", w->io_ns, "the driver",
		 save ? "in read()" : "in write()");
	add_part(&p, "dirty sync", w->dirty_sync_ns, "the dirty log", "in reports of the dirty log");
	add_part(&p, "outside", w->outside_ns, "VMM, RAM, network",
		 "while no call on the device was in flight");
	add_gaps(&p, g);
	add_part(&p, "unattributed", w->unattributed_ns, "other calls, holes",
		 "in other calls, or in a hole of the evidence");
	return p.n;
}

const char *downtime_part_name(const struct downtime_part *p, char buf[UNITS_LEN])
{
	return p->name ? p->name : state_label(buf, p->state);
}

void downtime_text(FILE *f, const struct session *g)
{
	struct downtime_part part[DOWNTIME_PARTS_MAX];
	bool save = g->direction == DIR_SAVE;
	size_t n = downtime_parts(g, part), i;
	char a[UNITS_LEN];

	for (i = 0; i < n && !part[i].landing; i++) {
		struct part p = { f, part[i].total_ns };

		print_part(&p, part[i].share, downtime_part_name(&part[i], a), part[i].ns,
			   part[i].who);
	}
	if (save && g->lead_ns != MODEL_NONE)
		fprintf(f, "  its first arc came %s after the last read() of pre-copy\n",
			units_duration(a, g->lead_ns));
}

/* ---- of a migration ---- */

static void add_landing(struct parts *p, const struct migration *g)
{
	const struct landing *l = &g->landing;

	p->landing = true;
	if (!g->parts_known) {
		add_part(p, "destination", l->total_ns, "no further evidence",
			 "after the source's last byte");
		return;
	}
	add_part(p, "on its way", l->transfer_ns, "VMM, network",
		 "between the source's last byte and the destination's last write()");
	add_part(p, "in write()", l->write_ns, "its driver",
		 "in the destination's last calls of write()");
	add_part(p, "before the load", l->before_load_ns, "VMM",
		 "between the destination's last write() and its load of the state");
	add_part(p, "final load", l->load_ns, "its driver",
		 "in the destination's load of the state");
	add_part(p, "arcs to run", l->arcs_ns, "its driver",
		 "in the destination's changes of state until it ran");
	add_part(p, "between them", l->start_ns, "VMM",
		 "between the destination's changes of state until it ran");
	if (l->unattributed_ns)
		add_part(p, "other calls", l->unattributed_ns, "other calls, holes",
			 "in other calls of the destination");
}

size_t migration_parts(struct model *m, const struct migration *g,
		       struct downtime_part out[MIGRATION_PARTS_MAX])
{
	const struct session_window *w = &g->stop;
	const struct side *src = model_side(m, g->source);
	struct parts p = { .out = out, .total = g->downtime_ns != MODEL_NONE ? g->downtime_ns :
			   w->total_ns };

	if (!src || w->start_ns == MODEL_NONE)
		return 0;
	add_part(&p, "state arcs", w->arcs_ns + w->load_ns, "the driver", "in changes of state");
	add_part(&p, "in read()", w->io_ns, "the driver", "in read()");
	add_part(&p, "dirty sync", src->dirty_log_seen ? w->dirty_sync_ns : MODEL_NONE,
		 "the dirty log", "in reports of the dirty log");
	add_part(&p, "outside", w->outside_ns, "VMM, RAM, network",
		 "while no call on a device was in flight");
	add_share(&p, "between arcs", w->gap_ns[GAP_ARCS], "VMM", "between changes of state");
	add_share(&p, "to 1st read", w->gap_ns[GAP_FIRST_IO], "VMM: RAM",
		  "between the last change of state and the first read()");
	add_share(&p, "between reads", w->gap_ns[GAP_IO], "VMM, network",
		  "between one read() and the next");
	add_share(&p, "to the next arc", w->gap_ns[GAP_LOAD], "VMM",
		  "between the last read() and the next change of state");
	add_share(&p, "arcs after it", w->gap_ns[GAP_START], "VMM",
		  "between the changes of state after that");
	add_part(&p, "unattributed", w->unattributed_ns, "other calls, holes",
		 "in other calls, or in a hole of the evidence");
	if (g->downtime_ns != MODEL_NONE)
		add_landing(&p, g);
	return p.n;
}

/* ---- JSON ---- */

static void put_gaps(struct json *j, const struct session_window *w)
{
	static const char *const names[GAP_NR] = {
		[GAP_ARCS] = "arcs_ns", [GAP_FIRST_IO] = "first_io_ns", [GAP_IO] = "io_ns",
		[GAP_LOAD] = "load_ns", [GAP_START] = "start_ns",
	};
	uint32_t i;

	json_key(j, "gaps");
	if (w->start_ns == MODEL_NONE) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	for (i = 0; i < GAP_NR; i++)
		json_ku64(j, names[i], w->gap_ns[i]);
	json_object_end(j);
}

void downtime_json(struct json *j, const struct session *g)
{
	const struct session_window *w = &g->window;
	bool known = w->start_ns != MODEL_NONE;

	json_known(j, "stop_window_ns", known ? w->total_ns : MODEL_NONE);
	json_known(j, "stop_window_start_ns", w->start_ns);
	json_known(j, "arcs_ns", known ? w->arcs_ns : MODEL_NONE);
	json_known(j, "io_ns", known ? w->io_ns : MODEL_NONE);
	json_known(j, "dirty_sync_ns", known ? w->dirty_sync_ns : MODEL_NONE);
	json_known(j, "outside_ns", known ? w->outside_ns : MODEL_NONE);
	json_known(j, "unattributed_ns", known ? w->unattributed_ns : MODEL_NONE);
	json_known(j, "in_flight_ns", known ? w->in_flight_ns : MODEL_NONE);
	put_gaps(j, w);
	json_known(j, "lead_ns", known ? g->lead_ns : MODEL_NONE);
}
