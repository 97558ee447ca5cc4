// SPDX-License-Identifier: GPL-2.0-only
/*
 * report_words.c - what the reports in text and in HTML say in the same words
 */
#include "view/common.h"
#include "view/findings.h"
#include "view/report.h"
#include "view/sentence.h"

static const char *dur(char buf[UNITS_LEN], uint64_t ns)
{
	return units_duration(buf, ns);
}

void words_downtime_why(FILE *f, const struct migration *g)
{
	bool none = g->downtime_why == DOWNTIME_NEVER_STOPPED ||
		    g->downtime_why == DOWNTIME_PAUSED_BEFORE;

	fprintf(f, "%s%s",
		g->downtime_why == DOWNTIME_GIVEN_BACK ? "" :
		none				       ? "none: " :
							 "not known: ",
		downtime_why_text(g->downtime_why));
}

void words_causes(FILE *f, struct report *r, const struct migration *g)
{
	uint32_t i;

	for (i = 0; i < g->n_causes; i++) {
		fputs(i ? "; or: " : "", f);
		migration_cause(f, r->e, &g->cause[i], r->opt);
	}
	if (!g->n_causes)
		fputs("nothing in the evidence says why", f);
}

void words_joined(FILE *f, const struct migration *g)
{
	if (g->joined.how)
		fprintf(f, "source and destination, by %s%s", joined_how_text(g->joined.how),
			g->joined.sure ? "" : "; that is likely, and not sure");
	else
		fprintf(f, "to no %s: %s", g->source ? "destination" : "source",
			joined_why_text(g->joined.why));
	if (!g->joined.how && g->joined.why == ALONE_AMBIGUOUS)
		fprintf(f, " (%u)", g->joined.candidates);
}

void words_stop(FILE *f, struct report *r, const struct side *s)
{
	const struct session_window *w = &s->stop;
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], dev[NAME_LEN];

	if (w->start_ns == MODEL_NONE) {
		fputs(s->joined_late ? "not seen: no device was stopped after the capture began" :
				       "none: no device was stopped",
		      f);
	} else {
		fprintf(f, "%s, %s", dur(a, w->total_ns), report_when(r, b, w->start_ns));
		fprintf(f, " to %s", report_when(r, c, w->end_ns));
		if (s->stopped_ns != MODEL_NONE && !s->stop_over)
			fputs(", when all ran again", f);
		else if (s->stop_over && s->eof_ns != MODEL_NONE && s->stop_last_device)
			fprintf(f, ", the last byte of %s",
				device_on_host(dev, model_device(r->m, s->stop_last_device),
					       s->stop_last_device));
		else if (!s->stop_over && !s->ended)
			fputs(", where the evidence ends", f);
		if (s->paused_before)
			fputs("; the guest had been paused before", f);
	}
}

static void put_times(FILE *f, const char *what, uint64_t n, const char **sep)
{
	char a[UNITS_LEN];

	if (!n)
		return;
	fprintf(f, "%s%s %s time%s", *sep, what, units_count(a, n), plural(n));
	*sep = ", ";
}

void words_dirty_log(FILE *f, const struct side *s)
{
	char a[UNITS_LEN];
	const char *sep = "";

	if (!s->dirty_log_seen && !s->dma_log_starts && !s->dma_log_refused) {
		fputs("not seen on the devices: it is the IOMMU's, or there is none", f);
	} else {
		put_times(f, "started", s->dma_log_starts, &sep);
		put_times(f, "REFUSED", s->dma_log_refused, &sep);
		put_times(f, "reported", s->dma_log_reports, &sep);
		put_times(f, "stopped", s->dma_log_stops, &sep);
		if (!*sep)
			fputs("seen", f);
		if (s->stop.start_ns != MODEL_NONE)
			fprintf(f, "; %s of the stop", dur(a, s->stop.dirty_sync_ns));
	}
}

bool words_beside(FILE *f, const struct side *s)
{
	char a[UNITS_LEN];

	if (s->sizes_failed)
		fprintf(f, "%s MIG_DATA_SIZE%s", units_count(a, s->sizes_failed),
			s->failures_beside ? " and " : "");
	if (s->failures_beside)
		fprintf(f, "%s %scall%s", units_count(a, s->failures_beside),
			s->sizes_failed ? "other " : "", plural(s->failures_beside));
	if (s->sizes_failed || s->failures_beside)
		fputs(", which cannot be the cause", f);
	return s->sizes_failed || s->failures_beside;
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

bool words_forecast(FILE *f, struct report *r, const struct migration *g)
{
	struct stop_forecast x;
	uint64_t devices, rest;
	char a[UNITS_LEN];
	bool now;

	if (!migration_forecast(r->m, g, &x, &now))
		return false;
	migration_forecast_truth(r->m, g, &devices, &rest);
	if (now && x.left_bytes != MODEL_NONE)
		fprintf(f, "%s to move if it switched now; ", report_size(r, a, x.left_bytes));
	put_forecast(f, "the devices' part",
		     (uint64_t[]){ x.devices_low_ns, x.devices_mid_ns, x.devices_high_ns },
		     devices);
	fputs("; ", f);
	put_forecast(f, "the rest (VMM, RAM, dirty sync, network)",
		     (uint64_t[]){ x.rest_low_ns, x.rest_mid_ns, x.rest_high_ns }, rest);
	return true;
}

void words_holes(FILE *f, uint64_t lost)
{
	char a[UNITS_LEN];

	/* What a damaged part of a recording held nobody has counted. */
	if (lost)
		fprintf(f, "%s event%s lost", units_count(a, lost), plural(lost));
	else
		fputs("events lost, nobody knows how many,", f);
	fputs(" that may be its own: lower bounds", f);
}

/* Another session follows one that was given back: the device itself was not cancelled. */
static const char *device_stands(char buf[FAILURE_TEXT_LEN], const struct session *g)
{
	if (g->outcome == OUTCOME_CANCELLED)
		return "this session: given back";
	snprintf(buf, FAILURE_TEXT_LEN, "this device: %s", outcome_caps(g->outcome));
	return buf;
}

bool words_notes(FILE *f, const struct session *g, uint32_t outcome)
{
	char a[UNITS_LEN], b[UNITS_LEN], text[FAILURE_TEXT_LEN];
	const char *sep = "";
	uint32_t i;

#define NOTE(...) (fprintf(f, "%s", sep), fprintf(f, __VA_ARGS__), sep = "; ")
	if (g->attempt)
		NOTE("it was asked for a data FD, and gave none");
	/* What the other side did to it is no news of this device. */
	if (g->outcome != outcome && !(g->eof && outcome == OUTCOME_COMPLETED) &&
	    (g->outcome == OUTCOME_FAILED || outcome == OUTCOME_COMPLETED))
		NOTE("%s", device_stands(text, g));
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
		NOTE("reset %s time%s in mid-session", units_count(a, g->resets),
		     plural(g->resets));
	if (g->joined_late)
		NOTE("joined late: its begin is not in the evidence");
	if (g->holes) {
		NOTE("HOLES: ");
		words_holes(f, g->lost);
	}
#undef NOTE
	return *sep;
}

void words_side(FILE *f, struct report *r, const struct side *s)
{
	char host[NAME_LEN], comm[NAME_LEN], a[UNITS_LEN], b[UNITS_LEN], text[FAILURE_TEXT_LEN];
	const char *on = side_host(host, r->e, s);
	bool save = s->direction == DIR_SAVE;

	fprintf(f, "%s%s%s, pid %u, %s to ", on ? on : "", on ? ": " : "",
		text_safe(comm, sizeof(comm), s->comm, sizeof(s->comm)), s->pid,
		report_when(r, a, s->begin_ns));
	fprintf(f, "%s%s", report_when(r, b, s->end_ns),
		s->ended ? "" : ", where the evidence ends");
	if (s->n_devices != migration_devices(r->m, model_migration(r->m, s->migration)))
		fprintf(f, ", %u device%s", s->n_devices, plural(s->n_devices));
	if (s->run_ns != MODEL_NONE && !save && s->run_ns != s->end_ns)
		fprintf(f, "; the %s device ran at %s",
			s->outcome == OUTCOME_COMPLETED ? "last" : "latest",
			report_when(r, a, s->run_ns));
	if (s->ran_again_ns != MODEL_NONE)
		fprintf(f, "; ran again at %s", report_when(r, a, s->ran_again_ns));
	if (s->exit.kind)
		fprintf(f, "; %s at %s", judge_failure_text(&s->exit, text),
			report_when(r, a, s->exit.t_ns));
	if (s->joined_late)
		fputs("; JOINED LATE: it had begun before the capture", f);
	if (s->resets)
		fprintf(f, "; %s reset%s in mid-session", units_count(a, s->resets),
			plural(s->resets));
}

struct session_row session_row(const struct session *g)
{
	const struct session_window *w = &g->window;
	bool save = g->direction == DIR_SAVE, stopped = w->start_ns != MODEL_NONE;
	/* A destination's load stands in a column of its own. */
	uint64_t load = save || g->load_ns == MODEL_NONE ? 0 : g->load_ns;

	return (struct session_row){
		.precopy = save ? g->bytes_precopy : MODEL_NONE,
		.left = save ? left_bytes(g->switch_ns != MODEL_NONE ? &g->at_switch : &g->left,
					  NULL, NULL) :
			       MODEL_NONE,
		.stopped = save ? g->bytes_stop_copy : MODEL_NONE,
		.written = save ? MODEL_NONE : g->bytes_total,
		.load_ns = save || !g->load_tried ? MODEL_NONE : g->load_ns,
		.arcs_ns = stopped ? w->arcs_ns - (load > w->arcs_ns ? 0 : load) : MODEL_NONE,
		.io_ns = stopped ? w->io_ns : MODEL_NONE,
		.p50_ns = g->io_measured ? g->io_p50_ns : MODEL_NONE,
		.p99_ns = g->io_measured ? g->io_p99_ns : MODEL_NONE,
	};
}
