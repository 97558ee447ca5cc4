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
#include "view/inside.h"
#include "view/report.h"
#include "view/sentence.h"
#include "view/vmm_words.h"

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

/* @text, wrapped behind a label. */
static void print_line(struct report *r, const char *label, const char *text)
{
	fprintf(r->f, LABEL, label);
	wrap_text(r->f, text, sizeof(INDENT) - 1, sizeof(INDENT) - 1, 80);
}

/* ---- a line that is put together, then wrapped ---- */

/* Behind @label; NULL: from the left edge. */
static void line_close(struct report *r, struct words *l, const char *label)
{
	char *text = words_close(l);

	if (text && label)
		print_line(r, label, text);
	else if (text)
		wrap_text(r->f, text, 0, 2, 80);
	free(text);
}

/* ---- the evidence ---- */

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
	if (health_unreadable(h))
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
	struct words l;

	if (!words_open(&l))
		return;
	fputs(text_safe(text, sizeof(text), t->path, 160), l.f);
	fprintf(l.f, "%s%s%s", t->loss_places && health_damaged(t->health) ? "" : ": ",
		t->loss_places ? "" : "loss none",
		health_damaged(t->health) ? "" :
		t->loss_places		  ? "damage none" :
					    ", damage none");
	line_close(r, &l, "recording");
	if (t->loss_places || health_damaged(t->health))
		print_holes(r, t);
	if (!words_open(&l))
		return;
	/* "(none)": what the kernel calls a host that nobody gave a name. */
	if (host && strcmp(host, "(none)"))
		fprintf(l.f, "on %s, ", text_safe(text, sizeof(text), host, 60));
	if (kernel)
		fprintf(l.f, "kernel %.*s, ",
			(int)strcspn(text_safe(text, sizeof(text), kernel, 60), " "), text);
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
	char a[UNITS_LEN];
	size_t i;

	fprintf(r->f, "\n%sEVIDENCE%s\n", paint(r->opt, C_BOLD), paint(r->opt, C_OFF));
	for (i = 0; i < r->e->n_files; i++)
		print_file(r, &r->e->files[i]);
	for (i = 0; clock && i < clock->n; i++)
		print_line(r, clock->entries[i].key, clock->entries[i].value);
	if (model_loss(r->m)->reasons)
		fprintf(r->f, LABEL "of %s call%s it was lost what they were spent on\n", "why",
			units_count(a, model_loss(r->m)->reasons),
			plural(model_loss(r->m)->reasons));
	if (model_loss(r->m)->insides)
		fprintf(r->f, LABEL "of at most %s execution%s of functions it was lost how long\n",
			"inside", units_count(a, model_loss(r->m)->insides),
			plural(model_loss(r->m)->insides));
	if (model_loss(r->m)->closes)
		fprintf(r->f, LABEL "of %s data FD%s it was not seen when the VMM closed it\n",
			"closes", units_count(a, model_loss(r->m)->closes),
			plural(model_loss(r->m)->closes));
}

/* ---- first of all ---- */

static void print_largest(struct report *r, const struct migration *g)
{
	char text[LARGEST_TOLD][LARGEST_LEN];
	size_t n = migration_largest(r->m, g, text), i;

	for (i = 0; i < n; i++) {
		fputs("  ", r->f);
		wrap_text(r->f, text[i], 2, 4, 80);
	}
}

static void print_sentences(struct report *r)
{
	bool any = false, stopped = false;
	struct words l;
	uint32_t id;

	for (id = 1; id <= model_migrations(r->m); id++) {
		const struct migration *g = model_migration(r->m, id);

		if (!view_wants(r->e, r->opt, g) || !words_open(&l))
			continue;
		migration_sentence(l.f, r->e, g, r->opt);
		line_close(r, &l, NULL);
		print_largest(r, g);
		any = true;
		stopped |= migration_stop_ns(g) != 0;
	}
	if (stopped)
		fputs("(A downtime is from the first device's stop to the last one's start; the guest's\n"
		      "vCPUs stop a little earlier and start a little later than the devices do.)\n",
		      r->f);
	if (!any)
		fprintf(r->f, "No migration %s.\n",
			model_migrations(r->m) ? "in what was asked for" : "is in this evidence");
}

static void print_troubles(struct report *r)
{
	const struct model_loss *loss = model_loss(r->m);
	const struct source_health *h = r->e->health;
	bool damage = health_damaged(h);

	if (!loss->places && !damage)
		return;
	fprintf(r->f, "%sTHE EVIDENCE HAS HOLES: %s%s%s (see below)%s\n", paint(r->opt, C_RED),
		loss->places ? "events were lost" : "", loss->places && damage ? ", and " : "",
		damage ? "a recording is damaged" : "", paint(r->opt, C_OFF));
}

/* ---- one migration ---- */

static void print_joined(struct report *r, const struct migration *g)
{
	struct words l;

	if (!words_open(&l))
		return;
	words_joined(l.f, g);
	line_close(r, &l, "joined");
}

static void print_causes(struct report *r, const struct migration *g)
{
	const char *after = judge_consequence_text(r->m, g);
	struct words l;
	uint32_t i;

	if (g->outcome != OUTCOME_FAILED || !words_open(&l))
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
	struct words l;

	if (!words_open(&l))
		return;
	if (known)
		fprintf(l.f, "%s (100 %%), from %s; where it went:", dur(a, g->downtime_ns),
			report_when(r, b, g->stop.start_ns));
	else
		words_downtime_why(l.f, g);
	line_close(r, &l, "downtime");
	if (g->stopped_ns != MODEL_NONE)
		fprintf(r->f, LABEL "%s, until the guest ran on here\n", "stood still",
			dur(a, g->stopped_ns));
	if (!known && migration_stop_ns(g)) {
		if (!words_open(&l))
			return;
		fprintf(l.f, "%s (100 %%) on the source, from %s; where it went:",
			dur(a, g->stop.total_ns), report_when(r, b, g->stop.start_ns));
		line_close(r, &l, "stop window");
	}
	if (migration_stop_ns(g))
		migration_parts_text(r->f, r->m, g, 4);
}

/* Of a log of QEMU's, where one is in the evidence. */
static void print_words(struct report *r, const struct migration *g)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	vmm_words_text(f, r->e, g, r->opt, 4);
	fclose(f);
	if (text && text[0])
		fprintf(r->f, LABEL "QEMU's checkpoints, and the devices' moments\n%s", "vmm log",
			text);
	free(text);
}

static void print_forecast(struct report *r, const struct migration *g)
{
	struct words l;

	if (!words_open(&l))
		return;
	if (words_forecast(l.f, r, g)) {
		line_close(r, &l, "forecast");
		return;
	}
	free(words_close(&l));
}

/* ---- its sides ---- */

/* What ran within the calls of all its devices, and what of that was not seen. */
static void print_inside(struct report *r, const struct side *s)
{
	uint32_t n, i;
	struct session_inside *sum = inside_of_side(r->m, s->id, &n);
	char text[INSIDE_LINE_LEN];

	for (i = 0; i < n; i++) {
		fprintf(r->f, LABEL, i ? "" : "inside");
		wrap_text(r->f, inside_words(r->m, &sum[i], text), 16, 18, 80);
	}
	free(sum);
}

static void print_log(struct report *r, const struct side *s)
{
	struct words l;

	if (!words_open(&l))
		return;
	words_dirty_log(l.f, s);
	line_close(r, &l, "dirty log");
}

static void print_stop(struct report *r, const struct side *s)
{
	struct words l;

	if (!words_open(&l))
		return;
	words_stop(l.f, r, s);
	line_close(r, &l, "stop window");
}

static void note(struct grid *grid, const struct session *g, uint32_t outcome)
{
	struct words l;
	char *text;
	bool any;

	if (!words_open(&l))
		return;
	any = words_notes(l.f, g, outcome);
	text = words_close(&l);
	if (text && any)
		grid_note(grid, text);
	free(text);
}

static const char *size_or_none(const struct report *r, char buf[UNITS_LEN], uint64_t n)
{
	return !n || n == MODEL_NONE ? "-" : report_size(r, buf, n);
}

static const char *time_or_none(char buf[UNITS_LEN], uint64_t ns)
{
	return !ns || ns == MODEL_NONE ? "-" : dur(buf, ns);
}

/* Columns whose titles need a word, as bits. */
enum { COLUMN_LEFT, COLUMN_LOAD, COLUMN_ARCS, COLUMN_CALL, COLUMNS };

static uint32_t columns_of(const struct session_row *x, bool save)
{
	return (uint32_t)(save && x->left != MODEL_NONE) << COLUMN_LEFT |
	       (uint32_t)(!save && x->load_ns && x->load_ns != MODEL_NONE) << COLUMN_LOAD |
	       (uint32_t)(x->arcs_ns && x->arcs_ns != MODEL_NONE) << COLUMN_ARCS |
	       (uint32_t)(x->p50_ns && x->p50_ns != MODEL_NONE) << COLUMN_CALL;
}

/* Below the first table that has them. */
static void explain_columns(struct report *r, bool save, uint32_t used)
{
	static const char *const words[2][COLUMNS] = {
		{
			[COLUMN_LOAD] = "Load: RESUMING to STOP, which takes the state in.",
			[COLUMN_ARCS] = "Arcs: changes of state, without the load.",
			[COLUMN_CALL] = "p50, p99: of one write().",
		},
		{
			[COLUMN_LEFT] = "Left: as the driver said, when it stopped.",
			[COLUMN_ARCS] = "Arcs: changes of state; they and read() in the stop.",
			[COLUMN_CALL] = "p50, p99: of one read().",
		},
	};
	const char *sep = "(";
	struct words l;
	char *text;
	uint32_t i;

	used &= ~r->explained[save];
	if (!used || !words_open(&l))
		return;
	r->explained[save] |= used;
	for (i = 0; i < COLUMNS; i++) {
		if (!(used >> i & 1))
			continue;
		fprintf(l.f, "%s%s", sep, words[save][i]);
		sep = " ";
	}
	fputc(')', l.f);
	text = words_close(&l);
	fprintf(r->f, "%s  ", paint(r->opt, C_DIM));
	wrap_text(r->f, text ?: "", 2, 3, 80);
	fputs(paint(r->opt, C_OFF), r->f);
	free(text);
}

/* Returns which of those it has anything in. */
static uint32_t row(struct report *r, struct grid *grid, const struct session *g, bool driver)
{
	const struct model_device *d = model_device(r->m, g->device);
	struct session_row x = session_row(g);
	char a[UNITS_LEN], name[NAME_LEN];

	grid_cell(grid, device_on_host(name, d, g->device));
	grid_cell(grid, driver && d ? safe_name(name, d->driver) : "-");
	if (g->direction == DIR_SAVE) {
		grid_cell(grid, size_or_none(r, a, x.precopy));
		/* Asked and nothing left is an answer. */
		grid_cell(grid, x.left == MODEL_NONE ? "-" : report_size(r, a, x.left));
		grid_cell(grid, size_or_none(r, a, x.stopped));
	} else {
		grid_cell(grid, size_or_none(r, a, x.written));
		grid_cell(grid, time_or_none(a, x.load_ns));
	}
	grid_cell(grid, time_or_none(a, x.arcs_ns));
	grid_cell(grid, time_or_none(a, x.io_ns));
	grid_cell(grid, time_or_none(a, x.p50_ns));
	grid_cell(grid, time_or_none(a, x.p99_ns));
	return columns_of(&x, g->direction == DIR_SAVE);
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
	uint32_t id, used = 0;

	for (id = model_side_session(r->m, s->id, 0); id;
	     id = model_side_session(r->m, s->id, id)) {
		const struct session *g = model_session(r->m, id);

		used |= row(r, grid, g, differ);
		note(grid, g, outcome);
	}
	grid_print(r->f, grid, r->opt);
	grid_destroy(grid);
	explain_columns(r, save, used);
}

static void print_side(struct report *r, const struct side *s, uint32_t outcome)
{
	bool save = s->direction == DIR_SAVE;
	struct words l;
	char *text;

	fprintf(r->f, "\n%s%s%s  ", paint(r->opt, C_BOLD), save ? "SOURCE" : "DESTINATION",
		paint(r->opt, C_OFF));
	if (words_open(&l)) {
		words_side(l.f, r, s);
		text = words_close(&l);
		wrap_text(r->f, text ?: "", save ? 8 : 13, 2, 80);
		free(text);
	}
	if (s->holes && words_open(&l)) {
		fputs(paint(r->opt, C_RED), l.f);
		words_holes(l.f, s->lost);
		fputs(paint(r->opt, C_OFF), l.f);
		line_close(r, &l, "HOLES");
	}
	if (save) {
		print_stop(r, s);
		print_log(r, s);
	}
	if (words_open(&l)) {
		if (words_beside(l.f, s))
			line_close(r, &l, "also failed");
		else
			free(words_close(&l));
	}
	if (s->n_sessions)
		print_devices(r, s, outcome);
	print_inside(r, s);
}

static void print_migration(struct report *r, const struct migration *g)
{
	const struct side *src = model_side(r->m, g->source),
			  *dst = model_side(r->m, g->destination);
	char a[UNITS_LEN], b[UNITS_LEN], *text;
	uint64_t real = model_realtime_ns(r->m, g->begin_ns);
	struct words l;

	r->prev_ns = model_first_ns(r->m);
	fprintf(r->f, "\n%sMIGRATION %u%s  ", paint(r->opt, C_BOLD), g->id, paint(r->opt, C_OFF));
	if (words_open(&l)) {
		migration_subject(l.f, r->e, g);
		text = words_close(&l);
		wrap_text(r->f, text ?: "", 13, 2, 80);
		free(text);
	}
	if (words_open(&l)) {
		fprintf(l.f, "%s%s%s %s %s%s; began %s", paint(r->opt, outcome_color(g->outcome)),
			outcome_caps(g->outcome), paint(r->opt, C_OFF),
			g->outcome == OUTCOME_COMPLETED ? "in" : "after",
			dur(a, g->end_ns - g->begin_ns),
			g->ended || g->outcome != OUTCOME_UNFINISHED ? "" :
								       ", when the evidence ends",
			report_when(r, b, g->begin_ns));
		if (real)
			fprintf(l.f, ", %.19sZ", units_rfc3339(b, real));
		line_close(r, &l, "outcome");
	}
	print_joined(r, g);
	print_causes(r, g);
	print_downtime(r, g);
	print_words(r, g);
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

/* ---- the rest ---- */

/* Devices without a migration, and requests that began none. */
void report_others(struct report *r)
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
		report_others(&r);
	if (opt->sessions)
		estimates_text(f, e, opt);
	print_files(&r);
	if (e->judge) {
		fprintf(f, "\n%sFINDINGS%s\n", paint(opt, C_BOLD), paint(opt, C_OFF));
		findings_text(f, e, opt);
	}
}
