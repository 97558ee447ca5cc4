// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_text.c - the post-mortem, for somebody at 3 am
 *
 * First a sentence per migration, then each migration, its sides and a row per
 * device; then the evidence and what the judge found.  80 columns.
 */
#include <stdlib.h>
#include <string.h>

#include "view/common.h"
#include "view/downtime.h"
#include "view/findings.h"
#include "view/grid.h"
#include "view/report.h"
#include "view/sentence.h"

static const char *dur(char buf[UNITS_LEN], uint64_t ns)
{
	return units_duration(buf, ns);
}

const char *report_when(struct report *r, char buf[UNITS_LEN], uint64_t t_ns)
{
	time_label(buf, r->opt, r->m, t_ns, model_first_ns(r->m), r->prev_ns);
	r->prev_ns = t_ns;
	return buf;
}

/* What @print writes, wrapped behind a label. */
static void print_line(struct report *r, const char *label, const char *text)
{
	fprintf(r->f, LABEL, label);
	wrap_text(r->f, text, sizeof(INDENT) - 1, sizeof(INDENT) - 1, 80);
}

/* ---- a line that is put together, then wrapped ---- */

struct line {
	FILE *f;
	char *text;
	size_t len;
};

static FILE *line_open(struct line *l)
{
	l->text = NULL;
	l->f = open_memstream(&l->text, &l->len);
	return l->f;
}

/* Behind @label; NULL: from the left edge. */
static void line_close(struct report *r, struct line *l, const char *label)
{
	if (fclose(l->f) || !l->text)
		goto out;
	if (label)
		print_line(r, label, l->text);
	else
		wrap_text(r->f, l->text, 0, 2, 80);
out:
	free(l->text);
}

/* ---- the evidence ---- */

static bool is_damaged(const struct source_health *h)
{
	return h && (h->frames_damaged || h->bytes_skipped || !h->ended);
}

/* Each in a line of its own: such words must be found. */
static void print_holes(struct report *r, const struct view_file *t)
{
	const struct source_health *h = t->health;
	char a[UNITS_LEN];

	fputs(paint(r->opt, C_RED), r->f);
	if (t->loss_places && t->lost)
		fprintf(r->f, INDENT "%s EVENT%s LOST in %llu place%s\n", units_count(a, t->lost),
			t->lost == 1 ? "" : "S", (unsigned long long)t->loss_places,
			plural(t->loss_places));
	else if (t->loss_places)
		fprintf(r->f, INDENT "EVENTS LOST in %llu place%s, nobody knows how many\n",
			(unsigned long long)t->loss_places, plural(t->loss_places));
	if (t->loss_places)
		fputs(INDENT "figures marked HOLES are lower bounds\n", r->f);
	if (h && (h->frames_damaged || h->bytes_skipped))
		fprintf(r->f, INDENT "%s SKIPPED as unreadable (%llu damaged frame%s)\n",
			units_size(a, h->bytes_skipped, r->opt->bytes),
			(unsigned long long)h->frames_damaged, plural(h->frames_damaged));
	if (h && !h->ended)
		fprintf(r->f, INDENT "THE RECORDING DID NOT END CLEANLY, %s kept\n",
			dur(a, t->last_ns - t->first_ns));
	fputs(paint(r->opt, C_OFF), r->f);
}

static void print_file(struct report *r, const struct view_file *t)
{
	char a[UNITS_LEN], b[UNITS_LEN], text[TEXT_SAFE_LEN(160)];
	const struct meta *meta = t->meta;
	const char *host = meta ? meta_get(meta, "host") : NULL;
	const char *kernel = meta ? meta_get(meta, "kernel") : NULL;
	struct line l;

	if (!line_open(&l))
		return;
	fputs(text_safe(text, sizeof(text), t->path, 160), l.f);
	fprintf(l.f, "%s%s%s", t->loss_places && is_damaged(t->health) ? "" : ": ",
		t->loss_places ? "" : "loss none", is_damaged(t->health) ? "" :
		t->loss_places ? "damage none" : ", damage none");
	line_close(r, &l, "recording");
	if (t->loss_places || is_damaged(t->health))
		print_holes(r, t);
	if (!line_open(&l))
		return;
	if (host)
		fprintf(l.f, "on %s, ", text_safe(text, sizeof(text), host, 60));
	if (kernel)
		fprintf(l.f, "kernel %.*s, ", (int)strcspn(text_safe(text, sizeof(text), kernel, 60),
							   " "), text);
	if (t->events)
		fprintf(l.f, "%s, %s event%s", dur(a, t->last_ns - t->first_ns),
			units_count(b, t->events), plural(t->events));
	else
		fputs("nothing: no event", l.f);
	line_close(r, &l, "");
}

static void print_files(struct report *r)
{
	const struct meta *clock = r->e->clock;
	size_t i;

	fprintf(r->f, "\n%sEVIDENCE%s\n", paint(r->opt, C_BOLD), paint(r->opt, C_OFF));
	for (i = 0; i < r->e->n_files; i++)
		print_file(r, &r->e->files[i]);
	for (i = 0; clock && i < clock->n; i++)
		print_line(r, clock->entries[i].key, clock->entries[i].value);
}

/* ---- first of all ---- */

static void print_sentences(struct report *r)
{
	bool any = false, stopped = false;
	struct line l;
	uint32_t id;

	for (id = 1; id <= model_migrations(r->m); id++) {
		const struct migration *g = model_migration(r->m, id);

		if (!view_wants(r->e, r->opt, g) || !line_open(&l))
			continue;
		migration_sentence(l.f, r->e, g, r->opt);
		line_close(r, &l, NULL);
		any = true;
		stopped |= migration_stop_ns(g) != 0;
	}
	if (stopped)
		fputs("(A downtime is from the first device's stop to the last one's start; the guest's\n"
		      "vCPUs stop a little earlier and start a little later than the devices do.)\n",
		      r->f);
	if (!any)
		fprintf(r->f, "No migration %s.\n", model_migrations(r->m) ?
			"in what was asked for" : "is in this evidence");
}

static void print_troubles(struct report *r)
{
	const struct model_loss *loss = model_loss(r->m);
	const struct source_health *h = r->e->health;
	bool damage = is_damaged(h);

	if (!loss->places && !damage)
		return;
	fprintf(r->f, "%sTHE EVIDENCE HAS HOLES: %s%s%s (see below)%s\n",
		paint(r->opt, C_RED), loss->places ? "events were lost" : "",
		loss->places && damage ? ", and " : "", damage ? "a recording is damaged" : "",
		paint(r->opt, C_OFF));
}

/* ---- one migration ---- */

static void print_joined(struct report *r, const struct migration *g)
{
	struct line l;

	if (!line_open(&l))
		return;
	if (g->joined.how)
		fprintf(l.f, "source and destination, by %s%s",
			joined_how_text(g->joined.how), g->joined.sure ? "" :
			"; that is likely, and not sure");
	else
		fprintf(l.f, "to no %s: %s", g->source ? "destination" : "source",
			joined_why_text(g->joined.why));
	if (!g->joined.how && g->joined.why == ALONE_AMBIGUOUS)
		fprintf(l.f, " (%u)", g->joined.candidates);
	line_close(r, &l, "joined");
}

static void print_causes(struct report *r, const struct migration *g)
{
	const char *after = migration_consequence(r->e, g);
	struct line l;
	uint32_t i;

	if (g->outcome != OUTCOME_FAILED || !line_open(&l))
		return;
	fputs(paint(r->opt, C_RED), l.f);
	for (i = 0; i < g->n_causes; i++) {
		fputs(i ? "; or: " : "", l.f);
		migration_cause(l.f, r->e, &g->cause[i], r->opt);
	}
	fprintf(l.f, "%s%s; ", g->n_causes ? "" : "nothing in the evidence says why",
		paint(r->opt, C_OFF));
	party_sentence(l.f, migration_party(r->e, g));
	if (after)
		fprintf(l.f, "; then %s", after);
	line_close(r, &l, "cause");
}

static void print_downtime(struct report *r, const struct migration *g)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	bool known = g->downtime_ns != MODEL_NONE;
	struct line l;

	if (!line_open(&l))
		return;
	if (known)
		fprintf(l.f, "%s (100 %%), from %s; where it went:",
			dur(a, g->downtime_ns), report_when(r, b, g->stop.start_ns));
	else
		fprintf(l.f, "%s%s", g->downtime_why == DOWNTIME_GIVEN_BACK ? "" :
			g->downtime_why == DOWNTIME_NEVER_STOPPED ||
			g->downtime_why == DOWNTIME_PAUSED_BEFORE ? "none: " : "not known: ",
			downtime_why_text(g->downtime_why));
	line_close(r, &l, "downtime");
	if (g->stopped_ns != MODEL_NONE)
		fprintf(r->f, LABEL "%s, until the guest ran on here\n", "stood still",
			dur(a, g->stopped_ns));
	if (!known && migration_stop_ns(g)) {
		if (!line_open(&l))
			return;
		fprintf(l.f, "%s (100 %%) on the source, from %s; where it went:",
			dur(a, g->stop.total_ns), report_when(r, b, g->stop.start_ns));
		line_close(r, &l, "stop window");
	}
	if (migration_stop_ns(g))
		migration_parts_text(r->f, r->m, g, 4);
}

static void put_forecast(FILE *f, const char *what, const uint64_t ns[3], uint64_t took_ns)
{
	char a[UNITS_LEN], b[UNITS_LEN];

	if (ns[1] == MODEL_NONE) {
		fprintf(f, "%s not known", what);
	} else {
		fprintf(f, "%s %s", what, dur(a, ns[1]));
		if (ns[0] != MODEL_NONE && ns[2] != MODEL_NONE)
			fprintf(f, " (%s to %s)", dur(a, ns[0]), dur(b, ns[2]));
	}
	if (took_ns != MODEL_NONE)
		fprintf(f, ", took %s", dur(a, took_ns));
}

static void print_forecast(struct report *r, const struct migration *g)
{
	struct stop_forecast x;
	uint64_t devices, rest;
	char a[UNITS_LEN];
	struct line l;
	bool now;

	if (!migration_forecast(r->m, g, &x, &now) || !line_open(&l))
		return;
	migration_forecast_truth(r->m, g, &devices, &rest);
	if (now && x.left_bytes != MODEL_NONE)
		fprintf(l.f, "%s to move if it switched now; ", report_size(r, a, x.left_bytes));
	put_forecast(l.f, "the devices' part", (uint64_t[]){ x.devices_low_ns, x.devices_mid_ns,
		     x.devices_high_ns }, devices);
	fputs("; ", l.f);
	put_forecast(l.f, "the rest (VMM, RAM, dirty sync, network)", (uint64_t[]){
		     x.rest_low_ns, x.rest_mid_ns, x.rest_high_ns }, rest);
	line_close(r, &l, "forecast");
}

/* ---- its sides ---- */

static void put_times(FILE *f, const char *what, uint64_t n, const char **sep)
{
	char a[UNITS_LEN];

	if (!n)
		return;
	fprintf(f, "%s%s %s time%s", *sep, what, units_count(a, n), plural(n));
	*sep = ", ";
}

static void print_log(struct report *r, const struct side *s)
{
	char a[UNITS_LEN];
	const char *sep = "";
	struct line l;

	if (!line_open(&l))
		return;
	if (!s->dirty_log_seen && !s->dma_log_starts && !s->dma_log_refused) {
		fputs("not seen on the devices: it is the IOMMU's, or there is none", l.f);
	} else {
		put_times(l.f, "started", s->dma_log_starts, &sep);
		put_times(l.f, "REFUSED", s->dma_log_refused, &sep);
		put_times(l.f, "reported", s->dma_log_reports, &sep);
		put_times(l.f, "stopped", s->dma_log_stops, &sep);
		if (!*sep)
			fputs("seen", l.f);
		if (s->stop.start_ns != MODEL_NONE)
			fprintf(l.f, "; %s of the stop", dur(a, s->stop.dirty_sync_ns));
	}
	line_close(r, &l, "dirty log");
}

static void print_stop(struct report *r, const struct side *s)
{
	const struct session_window *w = &s->stop;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], dev[NAME_LEN];
	struct line l;

	if (!line_open(&l))
		return;
	if (w->start_ns == MODEL_NONE) {
		fputs("none: no device was stopped", l.f);
	} else {
		fprintf(l.f, "%s, %s", dur(a, w->total_ns), report_when(r, b, w->start_ns));
		fprintf(l.f, " to %s", report_when(r, c, w->end_ns));
		if (s->stopped_ns != MODEL_NONE)
			fputs(", when all ran again", l.f);
		else if (s->stop_over && s->eof_ns != MODEL_NONE && s->stop_last_device)
			fprintf(l.f, ", the last byte of %s", device_on_host(dev,
				model_device(r->m, s->stop_last_device), s->stop_last_device));
		else if (!s->stop_over && !s->ended)
			fputs(", where the evidence ends", l.f);
		if (s->paused_before)
			fputs("; the guest had been paused before", l.f);
	}
	line_close(r, &l, "stop window");
}

/* What a row has no column for. */
static void note(struct grid *grid, const struct session *g, uint32_t outcome)
{
	struct line l;
	char a[UNITS_LEN], b[UNITS_LEN], text[FAILURE_TEXT_LEN];
	const char *sep = "";
	uint32_t i;

	if (!line_open(&l))
		return;
#define NOTE(...)	(fprintf(l.f, "%s", sep), fprintf(l.f, __VA_ARGS__), sep = "; ")
	if (g->attempt)
		NOTE("it was asked for a data FD, and gave none");
	/* What the other side did to it is no news of this device. */
	if (g->outcome != outcome && (g->outcome == OUTCOME_FAILED || outcome == OUTCOME_COMPLETED))
		NOTE("this device: %s", outcome_caps(g->outcome));
	for (i = 0; i < g->n_arcs; i++)
		if (g->arcs[i].ret < 0)
			NOTE("FAILED STEP %s to %s: %s", state_label(a, g->arcs[i].from),
			     g->arcs[i].to == MIG_UNKNOWN ? "?" : state_label(b, g->arcs[i].to),
			     errno_label(text, g->arcs[i].ret));
	if (g->failures && g->failure.kind != EV_SET_STATE && g->failure.kind != EV_ARC)
		NOTE("FAILED: %s", judge_failure_text(&g->failure, text));
	if (g->infos_failed)
		NOTE("%s precopy info%s failed", units_count(a, g->infos_failed),
		     plural(g->infos_failed));
	if (g->sizes_failed)
		NOTE("%s MIG_DATA_SIZE failed", units_count(a, g->sizes_failed));
	if (g->reinits)
		NOTE("REINIT told %s time%s: its initial bytes began anew",
		     units_count(a, g->reinits), plural(g->reinits));
	if (g->resets)
		NOTE("reset %s time%s in mid-session", units_count(a, g->resets), plural(g->resets));
	if (g->joined_late)
		NOTE("joined late: its begin is not in the evidence");
	if (g->holes)
		NOTE("HOLES: %s event%s lost that may be its own: lower bounds",
		     units_count(a, g->lost), plural(g->lost));
#undef NOTE
	if (!fclose(l.f) && l.text && *sep)
		grid_note(grid, l.text);
	free(l.text);
}

static const char *size_or_none(const struct report *r, char buf[UNITS_LEN], uint64_t n)
{
	return !n || n == MODEL_NONE ? "-" : report_size(r, buf, n);
}

static const char *time_or_none(char buf[UNITS_LEN], uint64_t ns)
{
	return !ns || ns == MODEL_NONE ? "-" : dur(buf, ns);
}

static void row(struct report *r, struct grid *grid, const struct session *g, bool driver)
{
	const struct model_device *d = model_device(r->m, g->device);
	const struct session_window *w = &g->window;
	bool save = g->direction == DIR_SAVE, stopped = w->start_ns != MODEL_NONE;
	uint64_t left = save ? left_bytes(g->switch_ns != MODEL_NONE ? &g->at_switch : &g->left,
					  NULL, NULL) : MODEL_NONE;
	char a[UNITS_LEN], name[NAME_LEN];

	grid_cell(grid, device_on_host(name, d, g->device));
	grid_cell(grid, driver && d ? safe_name(name, d->driver) : "-");
	if (save) {
		grid_cell(grid, size_or_none(r, a, g->bytes_precopy));
		/* Asked and nothing left is an answer. */
		grid_cell(grid, left == MODEL_NONE ? "-" : report_size(r, a, left));
		grid_cell(grid, size_or_none(r, a, g->bytes_stop_copy));
	} else {
		grid_cell(grid, size_or_none(r, a, g->bytes_total));
		grid_cell(grid, time_or_none(a, g->load_ns));
	}
	grid_cell(grid, time_or_none(a, stopped ? w->arcs_ns - (save || g->load_ns == MODEL_NONE ||
				     g->load_ns > w->arcs_ns ? 0 : g->load_ns) : 0));
	grid_cell(grid, time_or_none(a, stopped ? w->io_ns : 0));
	grid_cell(grid, time_or_none(a, g->io_measured ? g->io_p50_ns : 0));
	grid_cell(grid, time_or_none(a, g->io_measured ? g->io_p99_ns : 0));
}

static void print_devices(struct report *r, const struct side *s, uint32_t outcome)
{
	bool differ = !side_driver(r->m, s), save = s->direction == DIR_SAVE;
	static const char *const saves[] = {
		"Device", "Driver", "Pre-copy", "Left", "Stopped", "Arcs", "read()", "p50", "p99", NULL,
	}, *const resumes[] = {
		"Device", "Driver", "Written", "Load", "Arcs", "write()", "p50", "p99", NULL,
	};
	struct grid *grid = grid_create(save ? saves : resumes);
	uint32_t id;

	for (id = model_side_session(r->m, s->id, 0); id; id = model_side_session(r->m, s->id, id)) {
		const struct session *g = model_session(r->m, id);

		row(r, grid, g, differ);
		note(grid, g, outcome);
	}
	grid_print(r->f, grid, r->opt);
	grid_destroy(grid);
	if (!s->bytes_total)
		return;
	if (!r->explained[save])
		fprintf(r->f, "  %s%s%s\n", paint(r->opt, C_DIM), save ?
			"(Left: as the driver said, when it stopped. Arcs, read(): time of the stop.)" :
			"(Load: RESUMING to STOP, which takes the state in. p50, p99: of one write().)",
			paint(r->opt, C_OFF));
	r->explained[save] = true;
}

static void print_side(struct report *r, const struct side *s, uint32_t outcome)
{
	char host[NAME_LEN], comm[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN];
	const char *on = side_host(host, r->e, s);
	bool save = s->direction == DIR_SAVE;
	struct line l;

	fprintf(r->f, "\n%s%s%s  ", paint(r->opt, C_BOLD), save ? "SOURCE" : "DESTINATION",
		paint(r->opt, C_OFF));
	if (line_open(&l)) {
		fprintf(l.f, "%s%s%s, pid %u, %s to ", on ? on : "", on ? ": " : "",
			text_safe(comm, sizeof(comm), s->comm, sizeof(s->comm)), s->pid,
			report_when(r, a, s->begin_ns));
		fprintf(l.f, "%s%s", report_when(r, b, s->end_ns), s->ended ? "" :
			", where the evidence ends");
		if (s->n_devices != migration_devices(r->m, model_migration(r->m, s->migration)))
			fprintf(l.f, ", %u device%s", s->n_devices, plural(s->n_devices));
		if (s->run_ns != MODEL_NONE && !save && s->run_ns != s->end_ns)
			fprintf(l.f, "; the last device ran at %s", report_when(r, a, s->run_ns));
		if (s->ran_again_ns != MODEL_NONE)
			fprintf(l.f, "; ran again at %s", report_when(r, a, s->ran_again_ns));
		if (s->exit.kind)
			fprintf(l.f, "; its process ended at %s", report_when(r, a, s->exit.t_ns));
		if (s->joined_late)
			fputs("; JOINED LATE: it had begun before the capture", l.f);
		if (s->resets)
			fprintf(l.f, "; %s reset%s in mid-session", units_count(a, s->resets),
				plural(s->resets));
		fclose(l.f);
		wrap_text(r->f, l.text ?: "", save ? 8 : 13, 2, 80);
		free(l.text);
	}
	if (s->holes)
		fprintf(r->f, LABEL "%s%llu event%s lost that may be its own: lower bounds%s\n",
			"HOLES", paint(r->opt, C_RED), (unsigned long long)s->lost,
			plural(s->lost), paint(r->opt, C_OFF));
	if (save) {
		print_stop(r, s);
		print_log(r, s);
	}
	if (s->sizes_failed || s->failures_beside)
		fprintf(r->f, LABEL "%s MIG_DATA_SIZE, %s other calls that cannot be the cause\n",
			"also failed", units_count(a, s->sizes_failed),
			units_count(b, s->failures_beside));
	if (s->n_sessions)
		print_devices(r, s, outcome);
}

static void print_migration(struct report *r, const struct migration *g)
{
	const struct side *src = model_side(r->m, g->source), *dst = model_side(r->m, g->destination);
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t real = model_realtime_ns(r->m, g->begin_ns);
	struct line l;

	r->prev_ns = model_first_ns(r->m);
	fprintf(r->f, "\n%sMIGRATION %u%s  ", paint(r->opt, C_BOLD), g->id, paint(r->opt, C_OFF));
	if (line_open(&l)) {
		migration_subject(l.f, r->e, g);
		fclose(l.f);
		wrap_text(r->f, l.text ?: "", 13, 2, 80);
		free(l.text);
	}
	if (line_open(&l)) {
		fprintf(l.f, "%s%s%s %s %s%s; began %s", paint(r->opt, outcome_color(g->outcome)),
			outcome_caps(g->outcome), paint(r->opt, C_OFF),
			g->outcome == OUTCOME_COMPLETED ? "in" : "after",
			dur(a, g->end_ns - g->begin_ns), g->ended ? "" :
			", when the evidence ends", report_when(r, b, g->begin_ns));
		if (real)
			fprintf(l.f, ", %.19sZ", units_rfc3339(b, real));
		line_close(r, &l, "outcome");
	}
	print_joined(r, g);
	print_causes(r, g);
	print_downtime(r, g);
	print_forecast(r, g);
	if (src)
		print_side(r, src, g->outcome);
	if (dst)
		print_side(r, dst, g->outcome);
}

static void print_sessions(struct report *r, const struct migration *g)
{
	uint32_t sides[2] = { g->source, g->destination }, i, id;

	for (i = 0; i < 2; i++)
		for (id = sides[i] ? model_side_session(r->m, sides[i], 0) : 0; id;
		     id = model_side_session(r->m, sides[i], id))
			report_session(r, model_session(r->m, id));
}

/* ---- the end ---- */

static void print_verdict(struct report *r)
{
	struct outcomes n;
	const char *sep = "";
	size_t findings;
	uint32_t protocol;
	FILE *f = r->f;

	outcomes_of(r->e, r->opt, &n);
	protocol = judge_protocol(r->e->judge, &findings);
	fputs("protocol: ", f);
	if (protocol == PROTOCOL_FINDINGS)
		fprintf(f, "%zu finding%s", findings, plural(findings));
	else
		fputs(protocol_verdict_name(protocol), f);
	fputs("; migrations: ", f);
	if (!n.total)
		fputs("none", f);
#define COUNT(what, word)						\
	do {								\
		if (what) {						\
			fprintf(f, "%s%llu %s", sep, (unsigned long long)(what), word);	\
			sep = ", ";					\
		}							\
	} while (0)
	COUNT(n.completed, "completed");
	COUNT(n.failed, "failed");
	COUNT(n.cancelled, "cancelled");
	COUNT(n.unfinished, "unfinished");
	COUNT(n.ran_again, "of them ran again on the source");
#undef COUNT
	fputc('\n', f);
}

/* ---- the rest ---- */

/* Devices without a migration, and requests that began none. */
static void print_others(struct report *r)
{
	char dev[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN];
	uint32_t i;

	for (i = 0; i < model_devices(r->m); i++) {
		const struct model_device *d = model_device_at(r->m, i);

		if (!d || (d->sessions && !d->failures))
			continue;
		fprintf(r->f, "\n  %s", device_label(dev, d, i));
		if (!d->sessions)
			fprintf(r->f, ": no data FD was asked for; %s at the end",
				state_label(a, d->state));
		if (d->flags_asked && d->flags_ret < 0)
			fprintf(r->f, ";\n    GET MIGRATION gave %s: it cannot be migrated",
				errno_label(b, d->flags_ret));
		if (d->failures) {
			fprintf(r->f, "%s %llu SET_STATE%s failed outside any migration",
				d->sessions ? ":" : ",\n   ", (unsigned long long)d->failures,
				plural(d->failures));
			if (d->failure.target >= 0 && d->failure.target < MIG_STATE_NR)
				fprintf(r->f, ",\n    the last: %s gave %s",
					mig_state_name((uint32_t)d->failure.target),
					errno_label(b, d->failure.ret));
		}
		fputc('\n', r->f);
	}
}

void report_text(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct report r = { .f = f, .opt = opt, .e = e, .m = e->model };
	uint32_t id;

	print_sentences(&r);
	print_troubles(&r);
	for (id = 1; id <= model_migrations(r.m); id++) {
		const struct migration *g = model_migration(r.m, id);

		if (!view_wants(e, opt, g))
			continue;
		print_migration(&r, g);
		if (opt->sessions)
			print_sessions(&r, g);
	}
	if (!opt->migration)
		print_others(&r);
	if (opt->sessions)
		estimates_text(f, e, opt);
	print_files(&r);
	if (e->judge) {
		fprintf(f, "\n%sFINDINGS%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
		findings_text(f, e, opt);
		print_verdict(&r);
	}
}
