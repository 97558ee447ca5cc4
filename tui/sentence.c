// SPDX-License-Identifier: GPL-2.0-only
/*
 * sentence.c - the one sentence: who, where, what remains, what it would cost
 *
 * The most important words come first: a narrow screen cuts the end.
 */
#include <stdarg.h>
#include <string.h>

#include "tui/internal.h"

static void add(struct sentence *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct sentence *o, const char *fmt, ...)
{
	size_t len = strlen(o->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->text + len, sizeof(o->text) - len, fmt, ap);
	va_end(ap);
}

/* Is there room for more than what matters most? */
static bool wide(const struct scope *s)
{
	return s->cols >= 110;
}

static void who(struct scope *s, struct model *m, const struct session *g, struct sentence *o)
{
	char vm[NAME_LEN], dev[NAME_LEN];

	scope_device_name(m, g->device, 18, dev);
	if (!g->vm[0])
		add(o, "%s", dev);
	else if (wide(s))
		add(o, "%s %s", safe_name(vm, g->vm), dev);
	else
		add(o, "%s", safe_name(vm, g->vm));
}

static uint64_t since(const struct scope *s, uint64_t t_ns)
{
	return s->cursor_ns > t_ns ? s->cursor_ns - t_ns : 0;
}

static void say_outside(struct sentence *o, const struct session *g)
{
	const struct session_window *w = &g->window;

	if (w->total_ns)
		add(o, " (%u %% outside driver)",
		    (unsigned int)((w->outside_ns * 100 + w->total_ns / 2) / w->total_ns));
}

static void say_failure(struct sentence *o, const struct session *g)
{
	char err[UNITS_LEN];

	add(o, "%s", event_kind_name(g->failure.kind));
	if (g->failure.target >= 0 && g->failure.target < MIG_STATE_NR)
		add(o, "(%s)", mig_state_name((uint32_t)g->failure.target));
	/* The driver gave it; whether the VMM made it so is the judge's to say. */
	add(o, " gave %s", errno_label(err, g->failure.ret));
	if (g->failures > 1)
		add(o, " (and %llu more)", (unsigned long long)g->failures - 1);
}

/* Whose turn it is, as the judge has it, and the word for `explain`. */
static void say_turn(struct scope *s, const struct session *g, struct sentence *o)
{
	struct insight_finding f;

	if (!scope_worst(s, g, &f) || (g->failures && f.severity != INSIGHT_ERROR)) {
		/*
		 * No rule has a word for it: whoever gave the error is to say why.
		 * Without an arc that failed it was not the driver who refused.
		 */
		if (g->failures)
			add(o, "; the %s's turn", g->failure.kind == EV_SET_STATE && !g->resets ?
			    "VMM" : "driver");
		return;
	}
	if (f.severity == INSIGHT_ERROR)
		o->role = ROLE_BAD;
	else if (o->role != ROLE_BAD)
		o->role = ROLE_WARN;
	add(o, "; the %s's turn: %s", strcmp(f.party, "vmm") ? f.party : "VMM", f.rule);
}

/* What the stop was, or is going to be, against what it may be. */
static void say_budget(struct scope *s, struct sentence *o, uint64_t ns, uint64_t worst_ns)
{
	bool downtime;
	uint64_t budget = insight_budget(s->insight, &downtime);
	char a[UNITS_LEN];

	if (!budget)
		return;
	add(o, ", budget %s: ", units_duration(a, budget));
	if (ns > budget)
		o->role = ROLE_BAD;
	add(o, "%s", ns > budget ? "OVER" : worst_ns > budget ? "likely OK" : "OK");
}

/* Where it goes, when that side is in the evidence and not done yet. */
static void say_arriving(struct model *m, const struct session *from, struct sentence *o)
{
	char dev[NAME_LEN], a[UNITS_LEN];
	uint32_t i;

	for (i = model_sessions(m); i > 0; i--) {
		const struct session *g = model_session(m, i);
		const struct model_device *d = model_device(m, g->device);

		if (g->ended || g->direction != DIR_RESUME || g->start_ns > from->end_ns)
			continue;
		add(o, "; %s still %s", scope_device_name(m, g->device, 14, dev),
		    state_label(a, d ? d->state : MIG_UNKNOWN));
		return;
	}
}

/* A downtime that is not known cannot be held against its budget. */
static void say_end_budget(struct scope *s, struct sentence *o, const struct session *g)
{
	uint64_t ns = g->window.start_ns != MODEL_NONE ? g->window.total_ns : MODEL_NONE;
	bool downtime;

	if (!insight_budget(s->insight, &downtime))
		return;
	if (downtime)
		ns = g->downtime_ns;
	if (ns != MODEL_NONE)
		say_budget(s, o, ns, ns);
}

static void say_left(struct scope *s, struct sentence *o, const struct session *g)
{
	enum left_source source;
	uint64_t left = scope_left(g, &source);
	char a[UNITS_LEN];

	if (left != MODEL_NONE && g->outcome != OUTCOME_COMPLETED)
		add(o, "; %s left unread", scope_size(s, a, left));
}

static void ended(struct scope *s, struct model *m, const struct session *g,
		  struct sentence *o)
{
	bool save = g->direction == DIR_SAVE;
	char a[UNITS_LEN], b[UNITS_LEN];

	who(s, m, g, o);
	switch (g->outcome) {
	case OUTCOME_COMPLETED:
		o->role = ROLE_GOOD;
		if (!save) {
			add(o, " ARRIVED: completed in %s, %s written",
			    units_duration(a, g->end_ns - g->start_ns),
			    scope_size(s, b, g->bytes_total));
			if (g->downtime_ns != MODEL_NONE)
				add(o, "; downtime %s", units_duration(a, g->downtime_ns));
			return;
		}
		add(o, " LEFT: completed");
		if (g->window.start_ns != MODEL_NONE) {
			add(o, "; stop window %s", units_duration(a, g->window.total_ns));
			say_outside(o, g);
		}
		if (g->downtime_ns != MODEL_NONE)
			add(o, ", downtime %s", units_duration(a, g->downtime_ns));
		say_end_budget(s, o, g);
		say_turn(s, g, o);
		if (g->downtime_ns == MODEL_NONE)
			say_arriving(m, g, o);
		add(o, "; %s read in %s", scope_size(s, a, g->bytes_total),
		    units_duration(b, g->end_ns - g->start_ns));
		return;
	case OUTCOME_FAILED:
		o->role = ROLE_BAD;
		add(o, " FAILED: ");
		say_failure(o, g);
		say_turn(s, g, o);
		say_left(s, o, g);
		add(o, "; after %s, %s moved", units_duration(a, g->failure.t_ns > g->start_ns ?
							      g->failure.t_ns - g->start_ns : 0),
		    scope_size(s, b, g->bytes_total));
		return;
	case OUTCOME_CANCELLED:
		o->role = ROLE_WARN;
		add(o, " STAYS: cancelled after %s, %s moved; the device runs again",
		    units_duration(a, g->end_ns - g->start_ns), scope_size(s, b, g->bytes_total));
		say_left(s, o, g);
		say_turn(s, g, o);
		return;
	default:
		o->role = ROLE_WARN;
		add(o, " UNFINISHED: given up after %s, %s moved",
		    units_duration(a, g->end_ns - g->start_ns), scope_size(s, b, g->bytes_total));
	}
}

/* Stopped, and not all of it is read yet. */
static void stopped(struct scope *s, const struct session *g, const struct model_device *d,
		    bool known, uint64_t left, struct sentence *o)
{
	char a[UNITS_LEN], b[UNITS_LEN];
	uint64_t began = g->window.start_ns != MODEL_NONE ? g->window.start_ns : d->state_since_ns;
	const struct insight_forecast *f = scope_switch_forecast(s, g->id);
	bool still = d->state == MIG_STOP_COPY || d->state == MIG_STOP;

	o->role = ROLE_WARN;
	add(o, "%s for %s", still ? "STOPPED" : "SWITCHING", units_duration(a, since(s, began)));
	if (known)
		add(o, ", %s left to read", scope_size(s, a, left));
	if (still && wide(s))
		add(o, ", nothing gets dirty any more");
	if (still)
		add(o, "; %s read of it", scope_size(s, b, g->bytes_stop_copy));
	/* What it looked like when somebody decided to stop. */
	if (f && !still && f->converges >= 0)
		add(o, f->converges ? ", was converging" : ", was NOT CONVERGING");
}

static void under_way(struct scope *s, struct model *m, const struct session *g,
		      struct sentence *o)
{
	const struct model_device *d = model_device(m, g->device);
	uint64_t initial, dirty = 0;
	enum left_source source;
	struct insight_forecast f;
	char a[UNITS_LEN], b[UNITS_LEN];
	bool left;

	who(s, m, g, o);
	o->role = ROLE_STATE;
	add(o, g->direction == DIR_RESUME ? " ARRIVING" : " LEAVING");
	/* A capture that began in mid-migration: nothing has proved a state yet. */
	if (d->state == MIG_UNKNOWN)
		add(o, wide(s) ? ", its state not yet known" : "");
	else if (wide(s) && g->direction != DIR_RESUME)
		add(o, " in %s", state_label(a, d->state));
	add(o, ": ");
	if (g->direction == DIR_RESUME) {
		if (d->state != MIG_UNKNOWN)
			add(o, "%s for %s, ", state_label(a, d->state),
			    units_duration(b, since(s, d->state_since_ns)));
		add(o, "%s written", scope_size(s, a, g->bytes_total));
		goto failures;
	}
	initial = scope_left(g, &source);
	left = initial != MODEL_NONE;
	if (g->eof) {
		add(o, "all %s read; stopped %s", scope_size(s, a, g->bytes_total),
		    units_duration(b, g->window.total_ns));
		say_outside(o, g);
		goto failures;
	}
	if (d->state == MIG_STOP_COPY || d->state == MIG_PRE_COPY_P2P) {
		stopped(s, g, d, left, initial + dirty, o);
		goto failures;
	}
	insight_forecast(m, g->id, s->cursor_ns, &f);
	if (left)
		add(o, "%s left", scope_size(s, a, initial + dirty));
	else
		add(o, "%s read, what is left was not asked for",
		    scope_size(s, a, g->bytes_total));
	if (f.done)
		add(o, ", converged: all is read%s", g->enomsg && wide(s) ? " (ENOMSG)" : "");
	else if (f.converges >= 0)
		add(o, f.converges ? ", converging" : ", NOT CONVERGING");
	else if (left && initial)
		add(o, wide(s) ? ", first pass (initial data)" : ", first pass");
	else if (left)
		add(o, ", trend unknown");
	if (!f.converges)
		o->role = ROLE_WARN;
	if (f.known) {
		add(o, ". Stop now ≈%s", units_duration(a, f.likely_ns));
		add(o, " (%s", units_duration(a, f.low_ns));
		add(o, "–%s)", units_duration(a, f.high_ns));
		say_budget(s, o, f.likely_ns, f.high_ns);
	} else if (d->state != MIG_UNKNOWN) {
		add(o, "; %s for %s", state_label(a, d->state),
		    units_duration(b, since(s, d->state_since_ns)));
	}
failures:
	if (g->failures) {
		o->role = ROLE_BAD;
		add(o, "; ");
		say_failure(o, g);
	}
	say_turn(s, g, o);
	/* The last word of a recording is not the last of the migration. */
	if (!s->opt.live && !s->status.loading && s->cursor == store_count(s->store))
		add(o, "; here the recording ends");
}

static void nothing(struct scope *s, struct model *m, struct sentence *o)
{
	unsigned int attached, hooks, n = 0;
	uint32_t i;

	scope_hooks(s, &attached, &hooks);
	for (i = 0; i < model_devices(m); i++)
		n += scope_device_shown(m, model_device_at(m, i)->number);
	if (s->status.loading && !s->opt.live) {
		add(o, "Reading the recording ...");
		return;
	}
	if (scope_is_empty(s) && !s->opt.live) {
		o->role = ROLE_WARN;
		add(o, "There is no event in this recording");
		return;
	}
	if (!s->opt.live && s->cursor < store_count(s->store)) {
		add(o, "Nothing migrates yet at this moment");
		add(o, store_moment(s->store, MOMENT_MIGRATION, s->cursor, 1, 0) != UINT64_MAX ?
		    "; } goes to where a migration begins" : ", nor later");
	} else {
		add(o, s->opt.live ? "Nothing migrates" : "Nothing migrates in this recording");
	}
	if (n)
		add(o, "; %u device%s seen", n, n == 1 ? "" : "s");
	if (hooks)
		add(o, "; %u/%u hooks attached", attached, hooks);
	if (s->opt.live)
		add(o, "; start a migration, or try 'make demo'");
}

void scope_sentence(struct scope *s, struct model *m, struct sentence *out)
{
	const struct session *g = scope_migration(s, m);

	out->text[0] = '\0';
	out->role = ROLE_TEXT;
	if (s->status.error) {
		char safe[TEXT_SAFE_LEN(160)];

		out->role = ROLE_BAD;
		add(out, "%s; ", text_safe(safe, sizeof(safe), s->status.error, 160));
	}
	if (!g)
		nothing(s, m, out);
	else if (g->ended)
		ended(s, m, g, out);
	else
		under_way(s, m, g, out);
}
