// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_html.c - the post-mortem as one page, for people who were not there
 *
 * The verdict and a sentence per migration come first; then each migration, its
 * downtime, its sides, a row per device, and behind that, folded, each session.
 * Numbers are those of the text report, from the same functions.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "judge/page.h"
#include "util/sat.h"
#include "view/common.h"
#include "view/downtime.h"
#include "view/findings.h"
#include "view/html.h"
#include "view/report_html.h"
#include "view/sentence.h"

/* Of what one migration can have without end only so much is drawn; all is in the tables. */
#define PINS_MAX 64
/* Sessions are unfolded where there are no more than a source and a destination. */
#define OPEN_MAX 2

const char *outcome_class(uint32_t outcome)
{
	return outcome == OUTCOME_COMPLETED ? "good" : outcome == OUTCOME_FAILED ? "bad" : "warn";
}

const char *severity_class(uint32_t severity)
{
	return severity == SEV_ERROR ? "bad" : severity == SEV_ADVICE ? "dim" : "warn";
}

/* Not all is on the page: what would be pointed to may be missing. */
static bool is_narrowed(const struct view_options *opt)
{
	return opt->migration || opt->window.from.ref != TIME_REF_OPEN ||
	       opt->window.to.ref != TIME_REF_OPEN;
}

static bool is_shown(const struct report *r, uint32_t migration)
{
	const struct migration *g = model_migration(r->m, migration);

	return g && view_wants(r->e, r->opt, g);
}

/* ---- what another view says in words ---- */

static void put_words(FILE *f, struct words *w)
{
	char *text = words_close(w);

	if (text)
		html_painted(f, text);
	free(text);
}

/* As "<dt>label<dd>words"; @loud: in red. */
static void fact_open(struct report *r, struct words *w, const char *label, bool loud)
{
	fprintf(r->f, "<dt>%s<dd%s>", label, loud ? " class=loud" : "");
	if (!words_open(w))
		w->f = NULL;
}

static void fact_close(struct report *r, struct words *w)
{
	if (w->f)
		put_words(r->f, w);
	fputc('\n', r->f);
}

/* ---- findings on an axis ---- */

void html_pins(struct report *r, const struct axis *x, uint32_t migration, uint32_t session)
{
	struct finding_walk w;
	uint32_t n = 0;

	findings_begin(&w, r->e, r->opt);
	while (n < PINS_MAX && findings_next(&w)) {
		const struct finding *f = w.at.f;

		if (f->severity == SEV_INCONCLUSIVE || f->migration != migration || !f->t_ns ||
		    (session && f->session != session))
			continue;
		if (!n++)
			fputs("<div class=lane><div class=cap>findings</div><div class=pins>",
			      r->f);
		fprintf(r->f, "<a href=\"#f%u\" class=t-%s style=\"left:%.3f%%\" title=\"", f->id,
			severity_class(f->severity), fmax(1, fmin(99, axis_x(x, f->t_ns))));
		html_printf(r->f, "%s", judge_rule(f->rule)->name);
		fprintf(r->f, "\">%u</a>", f->id);
	}
	if (n)
		fputs("</div></div>\n", r->f);
}

/* ---- its sides ---- */

static void put_cell(FILE *f, const char *text)
{
	fputs("<td class=num>", f);
	html_printf(f, "%s", text);
}

static const char *size_cell(const struct report *r, char buf[UNITS_LEN], uint64_t n)
{
	return n == MODEL_NONE ? "-" : report_size(r, buf, n);
}

static const char *time_cell(char buf[UNITS_LEN], uint64_t ns)
{
	return ns == MODEL_NONE ? "-" : units_duration(buf, ns);
}

static void put_device(struct report *r, const struct session *g, uint32_t outcome)
{
	const struct model_device *d = model_device(r->m, g->device);
	struct session_row x = session_row(g);
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], dev[NAME_LEN];
	struct words w;
	FILE *f = r->f;
	bool any;

	fprintf(f, "<tr><td><a href=\"#s%u\">", g->id);
	html_printf(f, "%s", device_on_host(dev, d, g->device));
	fputs("</a><td>", f);
	html_text(f, d && d->driver[0] ? d->driver : "-", sizeof(d->driver));
	fprintf(f, "<td class=t-%s>%s", outcome_class(g->outcome), outcome_name(g->outcome));
	if (save) {
		put_cell(f, size_cell(r, a, x.precopy));
		put_cell(f, size_cell(r, a, x.left));
		put_cell(f, size_cell(r, a, x.stopped));
	} else {
		put_cell(f, size_cell(r, a, x.written));
		put_cell(f, time_cell(a, x.load_ns));
	}
	put_cell(f, time_cell(a, x.arcs_ns));
	put_cell(f, time_cell(a, x.io_ns));
	put_cell(f, time_cell(a, x.p50_ns));
	put_cell(f, time_cell(a, x.p99_ns));
	fputs("</tr>\n", f);
	if (!words_open(&w))
		return;
	any = words_notes(w.f, g, outcome);
	if (any)
		fprintf(f, "<tr class=note><td colspan=%d><span>", save ? 10 : 9);
	put_words(f, &w);
	if (any)
		fputs("</span></tr>\n", f);
}

static void put_side(struct report *r, const struct side *s, uint32_t outcome, bool open)
{
	bool save = s->direction == DIR_SAVE;
	struct words w;
	FILE *f = r->f;
	uint32_t id;

	fprintf(f, "<h3>%s: ", save ? "Source" : "Destination");
	if (words_open(&w)) {
		words_side(w.f, r, s);
		put_words(f, &w);
	}
	fputs("</h3>\n<dl>", f);
	if (save) {
		fact_open(r, &w, "stop window", false);
		if (w.f)
			words_stop(w.f, r, s);
		fact_close(r, &w);
		fact_open(r, &w, "dirty log", false);
		if (w.f)
			words_dirty_log(w.f, s);
		fact_close(r, &w);
	}
	if (s->holes) {
		fputs("<dt>holes<dd class=loud>", f);
		words_holes(f, s->lost);
	}
	if (s->sizes_failed || s->failures_beside) {
		fputs("<dt>also failed<dd>", f);
		words_beside(f, s);
	}
	fputs("</dl>\n", f);
	if (!s->n_sessions)
		return;
	fprintf(f,
		"<div class=scroll><table><tr><th>device<th>driver<th>outcome%s"
		"<th class=num>arcs<th class=num>%s<th class=num>p50<th class=num>p99</tr>\n",
		save ? "<th class=num>pre-copy<th class=num>left<th class=num>stopped" :
		       "<th class=num>written<th class=num>load",
		save ? "read()" : "write()");
	for (id = model_side_session(r->m, s->id, 0); id; id = model_side_session(r->m, s->id, id))
		put_device(r, model_session(r->m, id), outcome);
	fprintf(f, "</table></div>\n<p class=dim>%s</p>\n",
		save ? "Pre-copy, stopped: read until the stop and in it. Left: as the driver said "
		       "when it stopped. Arcs, read(): time of the stop. p50, p99: of one read()." :
		       "Load: RESUMING to STOP, which takes the state in. Arcs, write(): all of "
		       "it. p50, p99: of one write().");
	if (s->n_sessions > OPEN_MAX)
		fprintf(f, "<details><summary>Each of the %u sessions in full</summary>\n",
			s->n_sessions);
	for (id = model_side_session(r->m, s->id, 0); id; id = model_side_session(r->m, s->id, id))
		html_session(r, model_session(r->m, id), open);
	if (s->n_sessions > OPEN_MAX)
		fputs("</details>\n", f);
}

/* ---- one migration ---- */

static void put_tile(FILE *f, const char *value, const char *what)
{
	fputs("<div class=tile><b>", f);
	html_printf(f, "%s", value);
	fputs("</b><span>", f);
	html_printf(f, "%s", what);
	fputs("</span></div>\n", f);
}

static void put_tiles(struct report *r, const struct migration *g)
{
	uint32_t n = migration_devices(r->m, g);
	char a[UNITS_LEN];
	FILE *f = r->f;

	fputs("<div class=tiles>\n", f);
	if (g->downtime_ns != MODEL_NONE)
		put_tile(f, units_duration(a, g->downtime_ns), "downtime of the VM, both hosts");
	else if (g->stopped_ns != MODEL_NONE)
		put_tile(f, units_duration(a, g->stopped_ns), "stood still, then ran on");
	else if (migration_stop_ns(g))
		put_tile(f, units_duration(a, g->stop.total_ns),
			 "stopped, as far as the source tells");
	put_tile(f, units_duration(a, sat_sub(g->end_ns, g->begin_ns)), "the whole migration");
	put_tile(f, report_size(r, a, migration_bytes(r->m, g)), "of device state");
	snprintf(a, sizeof(a), "%u", n);
	put_tile(f, a, n == 1 ? "device" : "devices");
	fputs("</div>\n", f);
}

static void put_causes(struct report *r, const struct migration *g)
{
	const char *after = judge_consequence_text(r->m, g);
	struct words w;

	if (g->outcome != OUTCOME_FAILED)
		return;
	fact_open(r, &w, "cause", true);
	if (w.f)
		words_causes(w.f, r, g);
	fact_close(r, &w);
	fact_open(r, &w, "whose turn", false);
	if (w.f)
		party_sentence(w.f, migration_party(r->e, g));
	fact_close(r, &w);
	if (after)
		fprintf(r->f, "<dt>what followed<dd>%s\n", after);
}

static void put_facts(struct report *r, const struct migration *g)
{
	uint64_t real = model_realtime_ns(r->m, g->begin_ns);
	char a[UNITS_LEN];
	struct words w;
	FILE *f = r->f;

	fprintf(f, "<dl><dt>began<dd>%s s after the first event", report_when(r, a, g->begin_ns));
	if (real)
		fprintf(f, ", %.19sZ", units_rfc3339(a, real));
	if (!g->ended && g->outcome == OUTCOME_UNFINISHED)
		fputs("; it is not over when the evidence ends", f);
	fputc('\n', f);
	put_causes(r, g);
	fact_open(r, &w, "joined", false);
	if (w.f)
		words_joined(w.f, g);
	fact_close(r, &w);
	if (g->downtime_ns == MODEL_NONE) {
		fputs("<dt>downtime<dd>", f);
		words_downtime_why(f, g);
		fputc('\n', f);
	}
	if (words_open(&w)) {
		if (words_forecast(w.f, r, g))
			fputs("<dt>forecast<dd>", f);
		put_words(f, &w);
	}
	fputs("</dl>\n", f);
}

static void put_migration(struct report *r, const struct migration *g)
{
	const struct side *src = model_side(r->m, g->source),
			  *dst = model_side(r->m, g->destination);
	uint32_t rows = (src ? src->n_sessions : 0) + (dst ? dst->n_sessions : 0);
	bool open = rows <= OPEN_MAX;
	struct words w;
	FILE *f = r->f;

	r->prev_ns = model_first_ns(r->m);
	fprintf(f, "<section class=mig id=\"m%u\">\n<h2>Migration %u: ", g->id, g->id);
	if (words_open(&w)) {
		migration_subject(w.f, r->e, g);
		put_words(f, &w);
	}
	fprintf(f, " <span class=\"tag t-%s\">%s</span></h2>\n", outcome_class(g->outcome),
		outcome_caps(g->outcome));
	put_facts(r, g);
	put_tiles(r, g);
	html_waterfall(r, g);
	html_words(r, g);
	if (rows)
		html_timelines(r, g, rows);
	if (src)
		put_side(r, src, g->outcome, open);
	if (dst)
		put_side(r, dst, g->outcome, open);
	fputs("</section>\n", f);
}

/* ---- the head ---- */

#define HEADLINES 6

/* What makes the verdict: the worst first, each rule once with how many there are. */
static void put_headlines(struct report *r)
{
	const struct finding *first[RULE_NR] = { NULL }, *x;
	uint64_t n[RULE_NR] = { 0 }, lines = 0, more = 0;
	struct finding_walk w;
	char a[UNITS_LEN];
	uint32_t i, rule;

	findings_begin(&w, r->e, r->opt);
	while (findings_next(&w)) {
		x = w.at.f;
		if (!judge_counts(r->e->judge, x) && !judge_doubts(r->e->judge, x))
			continue;
		n[x->rule]++;
		if (!first[x->rule] || x->severity < first[x->rule]->severity)
			first[x->rule] = x;
	}
	for (i = 0; i < 4 * RULE_NR; i++) {
		rule = i % RULE_NR;
		x = first[rule];
		if (!x || x->severity != (uint32_t)severity_order[i / RULE_NR])
			continue;
		if (++lines > HEADLINES) {
			more += n[rule];
			continue;
		}
		fprintf(r->f, "<li><a href=\"#f%u\">%s</a>, ", x->id, judge_rule(rule)->name);
		if (x->severity == SEV_INCONCLUSIVE)
			fputs("inconclusive: ", r->f);
		else
			fprintf(r->f, "<b class=t-%s>%s</b> (%s): ", severity_class(x->severity),
				severity_name(x->severity), party_name(x->party));
		html_printf(r->f, "%s", x->text);
		if (n[rule] > 1)
			fprintf(r->f, "; and %s more of this rule", units_count(a, n[rule] - 1));
		fputs(".</li>\n", r->f);
	}
	if (more)
		fprintf(r->f, "<li><a href=\"#findings\">and %s of other rules</a></li>\n",
			units_count(a, more));
}

/* The largest parts of its stop, and why. */
static void put_largest(struct report *r, const struct migration *g)
{
	char text[LARGEST_TOLD][LARGEST_LEN];
	size_t n = migration_largest(r->m, g, text), i;

	if (n)
		fputs("\n<ul>\n", r->f);
	for (i = 0; i < n; i++) {
		fputs("<li>", r->f);
		html_printf(r->f, "%s", text[i]);
		fputs("</li>\n", r->f);
	}
	if (n)
		fputs("</ul>\n", r->f);
}

static void put_sentences(struct report *r)
{
	bool stopped = false, any = false;
	struct view_options painted = *r->opt;
	struct words w;
	uint32_t id;

	painted.color = true;
	fputs("<ul>\n", r->f);
	for (id = 1; id <= model_migrations(r->m); id++) {
		const struct migration *g = model_migration(r->m, id);

		if (!view_wants(r->e, r->opt, g) || !words_open(&w))
			continue;
		fprintf(r->f, "<li><a href=\"#m%u\">Migration %u</a>: ", id, id);
		migration_sentence(w.f, r->e, g, &painted);
		put_words(r->f, &w);
		put_largest(r, g);
		fputs("</li>\n", r->f);
		any = true;
		stopped |= migration_stop_ns(g) != 0;
	}
	if (!any)
		fprintf(r->f, "<li>No migration %s.</li>\n",
			model_migrations(r->m) ? "in what was asked for" : "is in this evidence");
	fputs("</ul>\n", r->f);
	if (stopped)
		fputs("<p class=dim>A downtime is from the first device's stop to the last one's start; "
		      "the guest's vCPUs stop a little earlier and start a little later than the "
		      "devices do.</p>\n",
		      r->f);
}

static void put_verdict(struct report *r)
{
	static const char *const classes[] = { "good", "warn", "bad" };
	uint64_t counts[4] = { 0 };
	struct finding_walk w;
	enum verdict v = view_verdict(r->e, r->opt);
	const char *sep;
	size_t i;

	if (!r->e->judge) {
		fputs("<section class=verdict>\n", r->f);
		put_sentences(r);
		fputs("</section>\n", r->f);
		return;
	}
	findings_begin(&w, r->e, r->opt);
	while (findings_next(&w))
		if (!w.at.f->ignored && !w.at.f->because_of)
			counts[w.at.f->severity]++;
	fprintf(r->f, "<section class=\"verdict %s\"><span class=big>%s</span>\n", classes[v],
		verdict_caps(v));
	if (v == VERDICT_INCONCLUSIVE)
		fputs("a pass cannot be claimed", r->f);
	else if (v == VERDICT_PASS)
		fputs("no rule of the protocol was broken", r->f);
	sep = v == VERDICT_FINDINGS ? "" : ": ";
	for (i = 0; i < 4; i++) {
		if (!counts[i])
			continue;
		fprintf(r->f, "%s<a href=\"#findings\">%llu %s%s</a>", sep,
			(unsigned long long)counts[i], severity_name((uint32_t)i),
			i <= SEV_WARNING ? plural(counts[i]) : "");
		sep = ", ";
	}
	fputs("\n<p class=both>", r->f);
	protocol_and_outcomes_text(r->f, r->e, r->opt);
	fputs("</p>\n", r->f);
	put_sentences(r);
	fputs("<ul>\n", r->f);
	put_headlines(r);
	fputs("</ul></section>\n", r->f);
}

static void put_evidence(struct report *r)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	FILE *f = r->f;
	size_t i;

	fputs("<section><h2>The evidence</h2><div class=scroll><table><tr><th>recording<th>host<th>kernel"
	      "<th>covers<th>loss<th>damage</tr>\n",
	      f);
	for (i = 0; i < r->e->n_files; i++) {
		const struct view_file *t = &r->e->files[i];
		const struct source_health *h = t->health;
		const char *host = t->meta ? meta_get(t->meta, "host") : NULL;
		const char *kernel = t->meta ? meta_get(t->meta, "kernel") : NULL;
		uint64_t real = t->first_ns ? model_realtime_ns(r->m, t->first_ns) : 0;

		fputs("<tr><td>", f);
		html_printf(f, "%s", t->path);
		fputs("<td>", f);
		/* "(none)": what the kernel calls a host that nobody gave a name. */
		html_printf(f, "%s", host && strcmp(host, "(none)") ? host : "not known");
		fputs("<td>", f);
		html_text(f, kernel ? kernel : "not known", kernel ? strcspn(kernel, " ") : 16);
		fprintf(f, "<td>%s, %s events", units_duration(a, sat_sub(t->last_ns, t->first_ns)),
			units_count(b, t->events));
		if (real)
			fprintf(f, ", from %s", units_rfc3339(a, real));
		if (t->loss_places && t->lost)
			fprintf(f, "<td class=loud>%s EVENTS LOST in %llu place%s",
				units_count(a, t->lost), (unsigned long long)t->loss_places,
				t->loss_places == 1 ? "" : "s");
		else
			fputs(t->loss_places ? "<td class=loud>EVENTS LOST, nobody knows how many" :
					       "<td>none",
			      f);
		if (!health_damaged(h)) {
			fputs("<td>none</tr>\n", f);
			continue;
		}
		fputs("<td class=loud>", f);
		if (health_unreadable(h))
			fprintf(f, "%s SKIPPED as unreadable. ",
				units_size(a, h->bytes_skipped, r->opt->bytes));
		fputs(h->ended ? "</tr>\n" : "IT DID NOT END CLEANLY</tr>\n", f);
	}
	fputs("</table></div>\n", f);
	for (i = 0; r->e->clock && i < r->e->clock->n; i++) {
		fprintf(f, "<p>%s: ", r->e->clock->entries[i].key);
		html_printf(f, "%s", r->e->clock->entries[i].value);
		fputs(".</p>\n", f);
	}
	fputs("</section>\n", f);
}

/* ---- findings ---- */

static void put_place(struct report *r, const struct finding_at *at)
{
	const struct finding *x = at->f;
	const struct model_device *d = model_device(r->m, x->device);
	char dev[NAME_LEN], host[NAME_LEN], a[UNITS_LEN];
	const char *on = host_label(host, r->e, at->host, x->device, x->t_ns);
	FILE *f = r->f;

	fputs("<p class=dim>", f);
	if (x->migration && is_shown(r, x->migration))
		fprintf(f, "<a href=\"#m%u\">migration %u</a>, ", x->migration, x->migration);
	else if (x->migration)
		fprintf(f, "migration %u, ", x->migration);
	if (x->device)
		html_printf(f, "%s, ", device_on_host(dev, d, x->device));
	if (on)
		html_printf(f, "on %s, ", on);
	fprintf(f, "at %s", report_when(r, a, x->t_ns));
	if (x->seq)
		fprintf(f, ", event %llu", (unsigned long long)x->seq);
	if (x->count > 1)
		fprintf(f, ", %s times", units_count(a, x->count));
	if (x->because_of && is_narrowed(r->opt))
		fprintf(f, "; because of %u, not counted", x->because_of);
	else if (x->because_of)
		fprintf(f, "; because of <a href=\"#f%u\">%u</a>, not counted", x->because_of,
			x->because_of);
	fputs("</p>\n", f);
}

static void put_finding(struct report *r, const struct finding_at *at)
{
	const struct finding *x = at->f;
	const struct rule *rule = judge_rule(x->rule);
	const struct page *page = page_find("rule", rule->name);
	struct words w;
	FILE *f = r->f;

	fprintf(f,
		"<div class=\"finding %s\" id=\"f%u\"><h3>%u. %s</h3> <span class=\"tag t-%s\">%s</span> ",
		severity_class(x->severity), x->id, x->id, rule->name, severity_class(x->severity),
		severity_name(x->severity));
	if (x->severity != SEV_INCONCLUSIVE && words_open(&w)) {
		party_sentence(w.f, x->party);
		put_words(f, &w);
	}
	if (x->ignored)
		fputs(" <b>ignored</b>", f);
	fputs("\n<p>", f);
	html_printf(f, "%s", x->text);
	fputs(".</p>\n", f);
	put_place(r, at);
	if (page) {
		fputs("<details><summary>What it means, and what to change</summary>"
		      "<h4>What it means</h4>",
		      f);
		html_page_section(f, page->text, "What it means");
		if (html_page_section(f, page->text, "The sentence"))
			fputs("<h4>What to change</h4>", f);
		html_page_section(f, page->text, "What to change");
		fputs("</details>\n", f);
	}
	fputs("</div>\n", f);
}

static void put_findings(struct report *r)
{
	uint64_t omitted = judge_omitted(r->e->judge);
	struct finding_walk w;
	bool any = false;
	size_t i;

	fputs("<section id=findings><h2>Findings</h2>\n", r->f);
	for (i = 0; i < 4; i++) {
		findings_begin(&w, r->e, r->opt);
		while (findings_next(&w)) {
			if (w.at.f->severity != severity_order[i])
				continue;
			put_finding(r, &w.at);
			any = true;
		}
	}
	if (!any)
		fputs("<p>None.</p>\n", r->f);
	if (omitted)
		fprintf(r->f, "<p>%llu more findings were not kept.</p>\n",
			(unsigned long long)omitted);
	fputs("</section>\n", r->f);
}

/* What another view says in columns, folded, but for its title; nothing when it says nothing. */
static void put_columns(struct report *r, const char *title, const char *its_title,
			void (*print)(struct report *r))
{
	struct report text = *r;
	const char *line;
	struct words w;
	char *its_text;

	text.f = words_open(&w);
	if (!text.f)
		return;
	print(&text);
	its_text = words_close(&w);
	if (its_text && *its_text) {
		fprintf(r->f, "<details><summary>%s</summary><pre>", title);
		line = its_text + strspn(its_text, "\n");
		if (its_title && !strncmp(line, its_title, strlen(its_title)))
			line += strlen(its_title) + strspn(line + strlen(its_title), "\n");
		for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			html_text(r->f, line, strcspn(line, "\n"));
			fputc('\n', r->f);
		}
		fputs("</pre></details>\n", r->f);
	}
	free(its_text);
}

static void print_estimates(struct report *r)
{
	estimates_text(r->f, r->e, r->opt);
}

void report_html(FILE *f, const struct view_evidence *e, const struct view_options *opt)
{
	struct view_options plain = *opt;
	struct report r = { .f = f, .opt = &plain, .e = e, .m = e->model };
	uint32_t id;

	plain.color = false;
	r.prev_ns = model_first_ns(r.m);
	html_begin(f, "vfioscope report");
	fputs("<h1>vfioscope: what happened to the migration</h1>\n", f);
	put_verdict(&r);
	for (id = 1; id <= model_migrations(r.m); id++) {
		const struct migration *g = model_migration(r.m, id);

		if (view_wants(e, opt, g))
			put_migration(&r, g);
	}
	if (!opt->migration)
		put_columns(&r, "Devices without a migration", NULL, report_others);
	put_columns(&r, "Estimates against truth", "ESTIMATES AGAINST TRUTH", print_estimates);
	if (e->judge)
		put_findings(&r);
	put_evidence(&r);
	fprintf(f,
		"<p class=dim>Made by vfioscope %s. The page needs no network and no script.</p>\n",
		VFIOSCOPE_VERSION);
	html_end(f);
}
