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

static void print_share(const struct part *p, const char *name, uint64_t ns, const char *what)
{
	if (ns)
		print_part(p, 1, name, ns, what);
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

static void add_landing(struct parts *p, const struct session *g)
{
	const struct session_landing *l = &g->landing;

	p->total = g->downtime_ns;
	p->landing = true;
	if (!l->known) {
		add_part(p, "destination", g->downtime_ns - g->window.total_ns,
			 "no further evidence", "after the source's last byte");
		return;
	}
	add_part(p, "on its way", l->transfer_ns, "VMM, network",
		 "between the source's last byte and the destination's last write()");
	add_part(p, "in write()", l->write_ns, "its driver",
		 "in the destination's last calls of write()");
	add_part(p, "before the load", l->before_load_ns, "VMM, other devices",
		 "between the destination's last write() and its load of the state");
	add_part(p, "final load", l->load_ns, "its driver",
		 "in the destination's load of the state");
	add_part(p, "arcs to run", l->arcs_ns, "its driver",
		 "in the destination's changes of state until it ran");
	add_part(p, "between them", l->start_ns, "VMM",
		 "between the destination's changes of state until it ran");
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
	if (save && g->downtime_ns != MODEL_NONE)
		add_landing(&p, g);
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
	if (i < n)
		fprintf(f, "  downtime %s on both hosts: the stop window and, after it,\n",
			units_duration(a, g->downtime_ns));
	else if (g->downtime_ns == MODEL_NONE && g->eof)
		fputs("  The destination's part of the downtime is not in the evidence.\n", f);
	for (; i < n; i++) {
		struct part p = { f, part[i].total_ns };

		print_part(&p, 0, part[i].name, part[i].ns, part[i].who);
	}
}

/* The longest of all parts of the path. */
struct longest {
	const struct model_stop_device *device;	/* or NULL */
	const char *part;
	uint64_t ns;
};

static void longer(struct longest *l, const struct model_stop_device *d, const char *part,
		   uint64_t ns)
{
	if (ns <= l->ns)
		return;
	l->device = d;
	l->part = part;
	l->ns = ns;
}

static struct longest longest_of(const struct model_stop *s)
{
	struct longest l = { NULL, "outside", s->outside_ns };
	uint32_t i;

	longer(&l, NULL, "dirty_sync", s->dirty_sync_ns);
	for (i = 0; i < s->n_devices; i++) {
		longer(&l, &s->devices[i], "arcs", s->devices[i].arcs_ns);
		longer(&l, &s->devices[i], "io", s->devices[i].io_ns);
		longer(&l, &s->devices[i], "other", s->devices[i].other_ns);
	}
	return l;
}

static void print_stop(FILE *f, const struct view_evidence *t, const struct model_stop *s,
		       const struct view_options *opt)
{
	struct part p = { f, s->end_ns - s->start_ns };
	const char *vm = model_vm(t->model, s->pid);
	char a[UNITS_LEN], dev[NAME_LEN];
	struct longest l = longest_of(s);
	uint32_t i;

	fprintf(f, "\n%sSTOP OF %s%s, pid %u: %s for its %u devices\n", paint(opt, C_BOLD),
		vm ? safe_name(dev, vm) : "the process", paint(opt, C_OFF), s->pid,
		units_duration(a, p.total), s->n_devices);
	fputs("  What was waited for; of calls at once, for that which returned last.\n", f);
	for (i = 0; i < s->n_devices; i++) {
		const struct model_stop_device *d = &s->devices[i];

		fprintf(f, "  %s", device_label(dev, model_device(t->model, d->device), d->device));
		if (d->session)
			fprintf(f, ", migration %u", d->session);
		fputs(d->eof_ns == MODEL_NONE ? ": its stream did not end\n" :
		      i == s->last ? ": gave the last byte of all\n" : "\n", f);
		print_part(&p, 0, "  state arcs", d->arcs_ns, "the driver");
		print_part(&p, 0, "  in read()", d->io_ns, "the driver");
		print_share(&p, "other calls", d->other_ns, NULL);
	}
	print_part(&p, 0, "dirty sync", s->dirty_sync_ns, "the dirty log");
	print_part(&p, 0, "outside", s->outside_ns, "VMM, RAM, network");
	print_share(&p, "other devices", s->rest_ns, NULL);
	fprintf(f, "  most of it: %s%s%s, %s\n",
		!strcmp(l.part, "outside") ? "outside of all devices" :
		!strcmp(l.part, "dirty_sync") ? "dirty-log syncs" :
		!strcmp(l.part, "arcs") ? "state arcs" :
		!strcmp(l.part, "io") ? "read()" : "other calls", l.device ? " of " : "",
		l.device ? device_label(dev, model_device(t->model, l.device->device),
					l.device->device) : "",
		units_duration(a, l.ns));
}

static bool is_wanted(const struct model_stop *s, const struct view_options *opt)
{
	uint32_t i;

	for (i = 0; i < s->n_devices; i++)
		if (s->devices[i].session && opt->migration == s->devices[i].session)
			return true;
	return !opt->migration;
}

void stops_text(FILE *f, const struct view_evidence *t, const struct view_options *opt)
{
	uint32_t id;

	for (id = 1; id <= model_stops(t->model); id++) {
		const struct model_stop *s = model_stop(t->model, id);

		if (s->n_devices > 1 && is_wanted(s, opt))
			print_stop(f, t, s, opt);
	}
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
	const struct session_landing *l = &g->landing;
	bool known = w->start_ns != MODEL_NONE;

	json_known(j, "stop_window_ns", known ? w->total_ns : MODEL_NONE);
	json_known(j, "stop_window_start_ns", w->start_ns);
	json_known(j, "arcs_ns", known ? w->arcs_ns : MODEL_NONE);
	json_known(j, "io_ns", known ? w->io_ns : MODEL_NONE);
	json_known(j, "dirty_sync_ns", known ? w->dirty_sync_ns : MODEL_NONE);
	json_known(j, "outside_ns", known ? w->outside_ns : MODEL_NONE);
	json_known(j, "unattributed_ns", known ? w->unattributed_ns : MODEL_NONE);
	put_gaps(j, w);
	json_known(j, "lead_ns", known ? g->lead_ns : MODEL_NONE);
	json_known(j, "stop", g->stop ? g->stop : MODEL_NONE);
	json_known(j, "downtime_ns", g->downtime_ns);
	json_key(j, "landing");
	if (!l->known) {
		json_null(j);
		return;
	}
	json_object_begin(j);
	json_ku64(j, "transfer_ns", l->transfer_ns);
	json_ku64(j, "write_ns", l->write_ns);
	json_ku64(j, "before_load_ns", l->before_load_ns);
	json_ku64(j, "load_ns", l->load_ns);
	json_ku64(j, "arcs_ns", l->arcs_ns);
	json_ku64(j, "start_ns", l->start_ns);
	json_object_end(j);
}

static void put_device(struct json *j, const struct view_evidence *t, uint32_t number)
{
	const struct model_device *d = model_device(t->model, number);
	char label[16];

	json_key(j, "device");
	snprintf(label, sizeof(label), "#%u", number);
	json_string(j, d && d->name[0] ? d->name : label);
}

static uint32_t host_of(const struct view_evidence *t, const struct model_stop *s)
{
	const struct model_device *d = s->n_devices ? model_device(t->model, s->devices[0].device) : NULL;

	return d ? d->host : 0;
}

static void put_stop(struct json *j, const struct view_evidence *t, const struct model_stop *s)
{
	const char *vm = model_vm(t->model, s->pid);
	struct longest l = longest_of(s);
	uint32_t i;

	json_object_begin(j);
	json_ku64(j, "id", s->id);
	json_ku64(j, "trace", view_file_of(t, host_of(t, s), s->start_ns));
	json_ku64(j, "pid", s->pid);
	json_key(j, "vm");
	if (vm)
		json_string(j, vm);
	else
		json_null(j);
	json_ku64(j, "start_ns", s->start_ns);
	json_ku64(j, "end_ns", s->end_ns);
	json_ku64(j, "stop_window_ns", s->end_ns - s->start_ns);
	json_key(j, "devices");
	json_array_begin(j);
	for (i = 0; i < s->n_devices; i++) {
		const struct model_stop_device *d = &s->devices[i];

		json_object_begin(j);
		put_device(j, t, d->device);
		json_known(j, "migration", d->session ? d->session : MODEL_NONE);
		json_known(j, "eof_ns", d->eof_ns);
		json_kbool(j, "last", i == s->last);
		json_ku64(j, "arcs_ns", d->arcs_ns);
		json_ku64(j, "io_ns", d->io_ns);
		json_ku64(j, "other_ns", d->other_ns);
		json_object_end(j);
	}
	json_array_end(j);
	json_ku64(j, "dirty_sync_ns", s->dirty_sync_ns);
	json_ku64(j, "outside_ns", s->outside_ns);
	json_ku64(j, "other_devices_ns", s->rest_ns);
	json_key(j, "longest");
	json_object_begin(j);
	if (l.device) {
		put_device(j, t, l.device->device);
	} else {
		json_key(j, "device");
		json_null(j);
	}
	json_kstring(j, "part", l.part);
	json_ku64(j, "ns", l.ns);
	json_object_end(j);
	json_object_end(j);
}

void stops_json(struct json *j, const struct view_evidence *t, const struct view_options *opt)
{
	uint32_t id;

	json_key(j, "stops");
	json_array_begin(j);
	for (id = 1; id <= model_stops(t->model); id++)
		if (is_wanted(model_stop(t->model, id), opt))
			put_stop(j, t, model_stop(t->model, id));
	json_array_end(j);
}
