// SPDX-License-Identifier: GPL-2.0-only
#include "view/sentence.h"

#include "view/common.h"
#include "view/downtime.h"

/* ---- whose ---- */

/* What there is instead of a VM's name. */
static void put_process(FILE *f, const struct view_evidence *e, const struct migration *g)
{
	const struct side *s = model_side(e->model, g->source ? g->source : g->destination);
	char comm[NAME_LEN];

	fprintf(f, "%s (pid %u)", text_safe(comm, sizeof(comm), s->comm, sizeof(s->comm)), s->pid);
}

void migration_subject(FILE *f, const struct view_evidence *e, const struct migration *g)
{
	const struct side *src = model_side(e->model, g->source);
	const struct side *dst = model_side(e->model, g->destination);
	const struct session *first = migration_first_session(e->model, g);
	const struct model_device *d = first ? model_device(e->model, first->device) : NULL;
	uint32_t n = migration_devices(e->model, g);
	char a[NAME_LEN], b[NAME_LEN];
	const char *from = src ? side_host(a, e, src) : NULL,
		   *to = dst ? side_host(b, e, dst) : NULL;
	char name[NAME_LEN];

	if (g->vm)
		fputs(safe_name(name, g->vm), f);
	else
		put_process(f, e, g);
	if (n > 1)
		fprintf(f, " with %u devices", n);
	else if (first)
		fprintf(f, " with %s", device_on_host(name, d, first->device));
	if (first && side_driver(e->model, src && src->n_sessions ? src : dst))
		fprintf(f, " (%s)",
			safe_name(name, side_driver(e->model, src && src->n_sessions ? src : dst)));
	if (src && dst && from && to)
		fprintf(f, ", %s to %s", from, to);
	else if (src && !dst)
		fprintf(f, ", leaving %s", from ? from : "its host");
	else if (dst && !src)
		fprintf(f, ", arriving at %s", to ? to : "its host");
}

/* ---- why ---- */

void party_sentence(FILE *f, uint32_t party)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} of[] = {
		{ PARTY_DRIVER, "the driver" },
		{ PARTY_VMM, "the VMM" },
		{ PARTY_ADMIN, "the admin" },
	};
	const char *sep = "";
	size_t i;

	if (party == PARTY_UNKNOWN) {
		fputs("nothing here proves who has to act", f);
		return;
	}
	for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		if (!(party & of[i].bit))
			continue;
		fprintf(f, "%s%s", sep, of[i].name);
		sep = " or ";
	}
	fputs(" has to act", f);
}

void migration_cause(FILE *f, const struct view_evidence *e, const struct failure *c,
		     const struct view_options *opt)
{
	char text[FAILURE_TEXT_LEN], comm[NAME_LEN], name[NAME_LEN], at[UNITS_LEN];
	const struct model_process *p = model_process(e->model, c->host, c->pid);
	const char *host = host_label(name, e, c->host, c->device, c->t_ns);
	uint64_t first = model_first_ns(e->model);
	char dev[NAME_LEN];

	fputs(judge_failure_text(c, text), f);
	if (c->device)
		fprintf(f, ", on %s",
			device_on_host(dev, model_device(e->model, c->device), c->device));
	if (host && c->device)
		fprintf(f, " of %s", host);
	text_safe(comm, sizeof(comm), p && p->comm[0] ? p->comm : c->comm, EVENT_COMM_LEN);
	/* Who ended has done nothing, nor has he whose guest, or the bus, reset the device. */
	fprintf(f, "%s %s (pid %u)",
		c->kind == EV_PROCESS_EXIT ? ":" :
		c->kind == EV_DEVICE_RESET ? ", in use by" :
		c->kind == EV_DEVICE_CLOSE ? ", which was held by" :
					     ", by",
		comm, c->pid);
	if (host && !c->device)
		fprintf(f, " on %s", host);
	fprintf(f, ", at %s%s", time_label(at, opt, e->model, c->t_ns, first, first),
		opt->time == TIME_REL || opt->time == TIME_DELTA ? " s" : "");
}

static void put_failed(FILE *f, const struct view_evidence *e, const struct migration *g,
		       const struct view_options *opt)
{
	const char *after = judge_consequence_text(e->model, g);
	uint32_t i;

	for (i = 0; i < g->n_causes; i++) {
		fputs(!i ? ": " : "; and ", f);
		migration_cause(f, e, &g->cause[i], opt);
	}
	if (g->n_causes > 1)
		fputs(" (the clocks do not tell which was first)", f);
	if (!g->n_causes)
		fputs(": nothing in the evidence says why", f);
	if (!migration_devices(e->model, g))
		fputs(" (a migration, or a measurement of the dirty rate)", f);
	fputs("; ", f);
	party_sentence(f, migration_party(e, g));
	if (after)
		fprintf(f, "; then %s", after);
}

/* ---- how long ---- */

static void put_most(FILE *f, const struct view_evidence *e, const struct migration *g)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct downtime_part *p = parts_longest(part, migration_parts(e->model, g, part));

	if (!p || !p->total_ns)
		return;
	fprintf(f, ", %.0f %% of it %s", 100.0 * (double)p->ns / (double)p->total_ns, p->when);
	if (p->who)
		fprintf(f, " (%s)", p->who);
}

/* How long the VM stood still, as far as it is known, and what for. */
static void put_stop(FILE *f, const struct view_evidence *e, const struct migration *g,
		     const struct view_options *opt)
{
	char a[UNITS_LEN];

	if (g->downtime_ns != MODEL_NONE) {
		fprintf(f, "; %sdown for %s%s", paint(opt, C_BOLD),
			units_duration(a, g->downtime_ns), paint(opt, C_OFF));
		put_most(f, e, g);
		return;
	}
	if (g->stopped_ns != MODEL_NONE) {
		fprintf(f, "; its guest stood still for %s", units_duration(a, g->stopped_ns));
		return;
	}
	if (g->still_ns != MODEL_NONE && g->outcome == OUTCOME_UNFINISHED) {
		fprintf(f, "; its guest has stood still for %s%s%s so far", paint(opt, C_BOLD),
			units_duration(a, g->still_ns), paint(opt, C_OFF));
		/* Of what lies behind the last event nobody knows what it was spent on. */
		if (g->still_ns == g->stop.total_ns)
			put_most(f, e, g);
	} else if (g->stop.start_ns != MODEL_NONE && g->stop.total_ns) {
		fprintf(f, "; stopped for %s%s%s on the source", paint(opt, C_BOLD),
			units_duration(a, g->stop.total_ns), paint(opt, C_OFF));
		put_most(f, e, g);
	}
	if (g->outcome == OUTCOME_COMPLETED)
		fprintf(f, "; no downtime is known: %s", downtime_why_text(g->downtime_why));
	else if (g->downtime_why == DOWNTIME_NEVER_STOPPED)
		fputs("; no device was stopped", f);
}

/* A VMM that ended by an error of its own: neither a cause by itself nor of no interest. */
static void put_exits(FILE *f, const struct view_evidence *e, const struct migration *g)
{
	const struct side *of[] = { model_side(e->model, g->source),
				    model_side(e->model, g->destination) };
	char text[FAILURE_TEXT_LEN];
	size_t i;

	for (i = 0; i < 2; i++)
		if (of[i] && of[i]->exit.kind && (of[i]->exit.code || of[i]->exit.signal))
			fprintf(f, "; on the %s %s", i ? "destination" : "source",
				judge_failure_text(&of[i]->exit, text));
}

/* What it still waits for. */
static void put_flight(FILE *f, const struct view_evidence *e, const struct migration *g)
{
	char dev[NAME_LEN], a[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < model_flights(e->model); i++) {
		const struct model_flight *c = model_flight(e->model, i);

		if (!c->side || (c->side != g->source && c->side != g->destination))
			continue;
		fprintf(f, "; %s", event_call_name(c->call));
		if (c->device)
			fprintf(f, " on %s",
				device_on_host(dev, model_device(e->model, c->device), c->device));
		fprintf(f, " has not returned for %s", units_duration(a, c->seen_ns - c->start_ns));
		return;
	}
}

void migration_sentence(FILE *f, const struct view_evidence *e, const struct migration *g,
			const struct view_options *opt)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t bytes = migration_bytes(e->model, g);
	const struct side *dst = model_side(e->model, g->destination);
	bool done = g->outcome == OUTCOME_COMPLETED;

	migration_subject(f, e, g);
	fprintf(f, ": %s%s%s %s %s", paint(opt, outcome_color(g->outcome)),
		outcome_caps(g->outcome), paint(opt, C_OFF), done ? "in" : "after",
		units_duration(a, g->end_ns - g->begin_ns));
	if (g->outcome == OUTCOME_FAILED)
		put_failed(f, e, g, opt);
	else if (g->outcome == OUTCOME_CANCELLED)
		fputs(g->source && g->destination ? ", given back with no call that failed" :
						    ", given back: cancelled, or failed elsewhere",
		      f);
	else if (g->outcome == OUTCOME_UNFINISHED)
		fputs(!g->source ?
			      ": its source, which is not in the evidence, would tell" :
		      dst && dst->outcome == OUTCOME_COMPLETED ?
			      ": its destination runs, and its source was not seen to give its end" :
		      g->ended ? ": nothing in the evidence says how it ended" :
				 " when the evidence ends",
		      f);
	else
		fprintf(f, ", %s of device state", units_size(b, bytes, opt->bytes));
	if (g->outcome == OUTCOME_CANCELLED || g->outcome == OUTCOME_UNFINISHED)
		put_exits(f, e, g);
	if (g->outcome == OUTCOME_UNFINISHED)
		put_flight(f, e, g);
	put_stop(f, e, g, opt);
	if (g->ran_again && done)
		fputs(dst && dst->run_ns != MODEL_NONE ?
			      "; its source runs again, too" :
			      "; its source runs again (saved to a file, or taken back)",
		      f);
	fputc('.', f);
}
