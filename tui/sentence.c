// SPDX-License-Identifier: GPL-2.0-only
/*
 * sentence.c - the one sentence: which VM, where to, what remains or how it ended, whose turn
 *
 * It is about a migration, all its devices and both its sides.  The most important
 * words come first: a narrow screen cuts the end, clause by clause.
 */
#include <stdarg.h>
#include <string.h>

#include "tui/internal.h"
#include "view/downtime.h"

static void add(struct sentence *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct sentence *o, const char *fmt, ...)
{
	size_t len = strlen(o->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(o->text + len, sizeof(o->text) - len, fmt, ap);
	va_end(ap);
}

/* Is there room for more than what matters most? */
/* With so many columns all of it is told at length. */
#define ROOMY 150

static bool wide(const struct scope *s)
{
	return s->cols >= 110;
}

static uint64_t since(const struct scope *s, uint64_t t_ns)
{
	return s->cursor_ns > t_ns ? s->cursor_ns - t_ns : 0;
}

/* What the sentence is about. */
struct subject {
	const struct migration *g;
	const struct side *src, *dst; /* or NULL */
	const struct side *own;	      /* the source if it is there */
};

static const struct model_device *only_device(struct model *m, const struct side *x)
{
	return x->n_devices == 1 ? model_device(m, model_side_device(m, x->id, 0)->device) : NULL;
}

/* A device as short as it still is one: its host is said elsewhere, domain 0 is no news. */
static const char *short_device(struct scope *s, struct model *m, uint32_t device,
				char buf[NAME_LEN])
{
	const char *name, *slash;

	/* A UUID gives way: the table has more of it. */
	scope_device_name(m, device, s->cols >= ROOMY ? 60 : 14, buf);
	slash = strrchr(buf, '/');
	name = slash ? slash + 1 : buf;
	if (!wide(s) && !strncmp(name, "0000:", 5))
		name += 5;
	memmove(buf, name, strlen(name) + 1);
	return buf;
}

/* "web-07", "web-07 (4 devices)", "vm0 3b:00.2"; @device: which one it is about, or 0. */
static void who(struct scope *s, struct model *m, const struct subject *j, uint32_t device,
		struct sentence *o)
{
	const struct model_device *only = only_device(m, j->own);
	char vm[NAME_LEN], dev[NAME_LEN];

	if (!device && only && (!j->g->vm || (wide(s) && !j->g->ended)))
		device = only->number;
	if (j->g->vm)
		add(o, "%s", safe_name(vm, j->g->vm));
	else if (!device)
		add(o, "pid %u", j->own->pid);
	if (device)
		add(o, "%s%s", j->g->vm ? " " : "", short_device(s, m, device, dev));
	else if (j->own->n_devices > 1 && wide(s))
		add(o, " (%u devices)", j->own->n_devices);
}

static void on_host(struct model *m, const char *before, uint32_t host, struct sentence *o)
{
	const char *name = model_hosts(m) > 1 ? model_host(m, host) : NULL;
	char safe[NAME_LEN];

	if (name)
		add(o, "%s on %s", before, safe_name(safe, name));
}

/* "; the driver's or admin's turn" */
static void turn(const struct scope *s, struct sentence *o, uint32_t party, const char *rule)
{
	static const char *const names[] = { "driver", "VMM", "admin" };
	bool any = false;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!(party & (1U << i)))
			continue;
		add(o, "%s%s's",
		    any	    ? wide(s) ? " or " : "/" :
		    wide(s) ? "; the " :
			      "; ",
		    names[i]);
		any = true;
	}
	add(o, any ? " turn" : "; whose turn: unknown");
	if (rule)
		add(o, ": %s", rule);
}

/* The rule that is most to blame, and whose turn that makes it. */
static void judged(struct scope *s, const struct subject *j, struct sentence *o)
{
	const struct finding *f = scope_worst(s, j->g);

	if (!f)
		return;
	if (f->severity == SEV_ERROR)
		o->role = ROLE_BAD;
	else if (o->role != ROLE_BAD)
		o->role = ROLE_WARN;
	turn(s, o, f->party, judge_rule(f->rule)->name);
}

/* The budget's verdict stands before what it rests on: a narrow screen keeps it. */
static void budget(struct scope *s, struct model *m, const struct subject *j, struct sentence *o)
{
	const struct judge_opts *opts = judge_options(s->judge);
	char a[UNITS_LEN];

	if (opts->max_stop_window_ns && j->src && j->src->stop.start_ns != MODEL_NONE) {
		bool over = j->src->stop.total_ns > opts->max_stop_window_ns;

		add(o, "; budget %s: %s", units_duration(a, opts->max_stop_window_ns),
		    over	      ? "OVER" :
		    j->src->stop_over ? "kept" :
					"not over yet");
		if (over)
			o->role = ROLE_BAD;
		return;
	}
	if (!opts->max_downtime_ns)
		return;
	switch (judge_downtime_budget(m, j->g, opts->max_downtime_ns)) {
	case BUDGET_EXCEEDED:
		o->role = ROLE_BAD;
		add(o, "; budget %s: OVER", units_duration(a, opts->max_downtime_ns));
		break;
	case BUDGET_KEPT:
		add(o, "; budget %s: kept", units_duration(a, opts->max_downtime_ns));
		break;
	case BUDGET_UNKNOWN:
		if (j->g->ended)
			add(o, "; budget %s: cannot be said",
			    units_duration(a, opts->max_downtime_ns));
		break;
	case BUDGET_NONE:
	case BUDGET_SKIPPED:
		break;
	}
}

/* Where most of the downtime, or of the stop on the source, went. */
static void mostly(struct model *m, const struct migration *g, bool wide, struct sentence *o)
{
	struct downtime_part part[MIGRATION_PARTS_MAX];
	const struct downtime_part *p = parts_longest(part, migration_parts(m, g, part));
	char name[UNITS_LEN], a[UNITS_LEN];

	if (!p || !p->total_ns)
		return;
	add(o, "; most of it %s: %s (%u %%%s%s)", downtime_part_name(p, name),
	    units_duration(a, p->ns), (unsigned int)sat_percent(p->ns, p->total_ns),
	    wide && p->who ? ", " : "", wide && p->who ? p->who : "");
}

/* "SET_STATE(STOP_COPY) gave EIO", without what a wide screen has room for. */
static void what_failed(struct scope *s, const struct failure *f, struct sentence *o)
{
	char text[FAILURE_TEXT_LEN], err[UNITS_LEN];

	if (s->cols >= ROOMY || f->ret >= 0) {
		add(o, "%s", judge_failure_text(f, text));
		return;
	}
	add(o, "%s", event_call_name(f->kind));
	if (f->target >= 0 && f->target < MIG_STATE_NR)
		add(o, "(%s)", mig_state_name((uint32_t)f->target));
	add(o, " gave %s", errno_label(err, f->ret));
	if (f->bytes && wide(s))
		add(o, " after %s", scope_size(s, err, f->bytes));
}

static void failed(struct scope *s, struct model *m, const struct subject *j, struct sentence *o)
{
	const struct migration *g = j->g;
	const struct finding *f = scope_worst(s, g);
	const char *after = judge_consequence_text(m, g);
	char a[UNITS_LEN], b[UNITS_LEN];

	o->role = ROLE_BAD;
	who(s, m, j, g->n_causes ? g->cause[0].device : 0, o);
	add(o, " FAILED");
	if (!g->n_causes) {
		add(o, ": nothing in the evidence says why");
		return;
	}
	if (wide(s))
		on_host(m, "", g->cause[0].host, o);
	add(o, ": ");
	what_failed(s, &g->cause[0], o);
	turn(s, o, scope_failure_party(s, g),
	     f && f->severity == SEV_ERROR ? judge_rule(f->rule)->name : NULL);
	if (!wide(s))
		on_host(m, ";", g->cause[0].host, o);
	if (g->n_causes > 1) {
		add(o, "; or first");
		on_host(m, "", g->cause[1].host, o);
		add(o, ": ");
		what_failed(s, &g->cause[1], o);
	}
	if (after)
		add(o, "; then %s", after);
	else if (j->src && j->src->ended && j->src->outcome == OUTCOME_CANCELLED)
		add(o, "; the VM runs on at the source");
	if (g->stopped_ns != MODEL_NONE)
		add(o, "; its guest stood still for %s", units_duration(a, g->stopped_ns));
	add(o, "; %s moved in %s", scope_size(s, a, j->own->bytes_total),
	    units_duration(b, g->end_ns - g->begin_ns));
}

/* What is out is told by how long it is known to be out, never by how late it is now. */
static void stuck(struct scope *s, struct model *m, const struct subject *j,
		  const struct model_flight *f, struct sentence *o)
{
	const struct finding *worst = scope_worst(s, j->g);
	char a[UNITS_LEN], b[UNITS_LEN];

	o->role = ROLE_BAD;
	who(s, m, j, f->device, o);
	add(o, " STUCK");
	if (wide(s))
		on_host(m, "", f->host, o);
	add(o, ": %s %s for %s", event_call_name(f->call), wide(s) ? "has not returned" : "out",
	    units_duration(a, f->seen_ns - f->start_ns));
	if (wide(s))
		add(o, " in %s", state_label(b, f->state));
	turn(s, o, worst ? worst->party : PARTY_DRIVER,
	     worst ? judge_rule(worst->rule)->name : NULL);
	if (j->g->still_ns != MODEL_NONE)
		add(o, "; the guest stands still for %s", units_duration(a, j->g->still_ns));
	else if (j->src && j->src->stop.start_ns != MODEL_NONE && !j->src->stop_over)
		add(o, "; the guest stands still for %s", units_duration(a, j->src->stop.total_ns));
}

static void completed(struct scope *s, struct model *m, const struct subject *j, struct sentence *o)
{
	const struct migration *g = j->g;
	char a[UNITS_LEN], b[UNITS_LEN];

	o->role = ROLE_GOOD;
	who(s, m, j, 0, o);
	if (!j->src) {
		add(o, " ARRIVED: completed in %s, %s written; its source is %s",
		    units_duration(a, g->end_ns - g->begin_ns),
		    scope_size(s, b, j->dst->bytes_total), joined_why_text(g->joined.why));
		judged(s, j, o);
		return;
	}
	add(o, " MIGRATED");
	if (g->ran_again && !(j->dst && j->dst->run_ns != MODEL_NONE)) {
		o->role = ROLE_WARN;
		add(o, ": all was read, but it runs again here: saved to a file, or taken back");
	} else if (g->downtime_ns != MODEL_NONE) {
		add(o, ": downtime %s", units_duration(a, g->downtime_ns));
		budget(s, m, j, o);
		mostly(m, g, wide(s), o);
	} else {
		add(o,
		    j->src->stop.start_ns != MODEL_NONE ? ": stopped for %s here" : ": completed",
		    units_duration(a, j->src->stop.total_ns));
		budget(s, m, j, o);
		mostly(m, g, wide(s), o);
		add(o, "; downtime: %s", downtime_why_text(g->downtime_why));
	}
	judged(s, j, o);
	add(o, "; %s read in %s", scope_size(s, a, j->src->bytes_total),
	    units_duration(b, g->end_ns - g->begin_ns));
}

static void given_back(struct scope *s, struct model *m, const struct subject *j,
		       struct sentence *o)
{
	enum left_source source;
	uint64_t left = scope_side_left(m, j->g->source, &source);
	char a[UNITS_LEN], b[UNITS_LEN];

	o->role = ROLE_WARN;
	who(s, m, j, 0, o);
	add(o, " STAYS: given back: cancelled%s after %s, %s moved",
	    j->dst ? "" : ", or failed elsewhere,",
	    units_duration(a, j->g->end_ns - j->g->begin_ns),
	    scope_size(s, b, j->own->bytes_total));
	if (j->g->stopped_ns != MODEL_NONE)
		add(o, "; its guest stood still for %s", units_duration(a, j->g->stopped_ns));
	judged(s, j, o);
	if (left != MODEL_NONE && left)
		add(o, "; %s left unread", scope_size(s, a, left));
}

static void unfinished(struct scope *s, struct model *m, const struct subject *j,
		       struct sentence *o)
{
	char a[UNITS_LEN], b[UNITS_LEN];

	o->role = ROLE_WARN;
	who(s, m, j, 0, o);
	add(o, " UNFINISHED after %s, %s moved: ", units_duration(a, j->g->end_ns - j->g->begin_ns),
	    scope_size(s, b, j->own->bytes_total));
	add(o, !j->src ? "closed before it ran here; its source would tell why" :
	       j->dst && j->dst->outcome == OUTCOME_COMPLETED ?
			 "its destination runs, and its source was not seen to give its end" :
			 "nothing in the evidence says how it ended");
	if (j->g->still_ns != MODEL_NONE)
		add(o, "; its guest stood still for %s", units_duration(a, j->g->still_ns));
	judged(s, j, o);
}

/* How far the destination is, of a source that has given all. */
static void landing(struct model *m, const struct subject *j, struct sentence *o)
{
	char a[UNITS_LEN];
	uint32_t i;

	if (!j->dst) {
		add(o, "; destination: %s", joined_why_text(j->g->joined.why));
		return;
	}
	for (i = 0; i < j->dst->n_devices; i++) {
		const struct model_device *d =
			model_device(m, model_side_device(m, j->dst->id, i)->device);

		if (d && mig_state_is_running(d->state) && d->state != MIG_RUNNING_P2P)
			continue;
		add(o, "; the destination is still in %s",
		    state_label(a, d ? d->state : MIG_UNKNOWN));
		return;
	}
}

/*
 * What stopping now would cost: the devices' part, and the rest.  While that is not known
 * there is no total, and no word about a budget but that it would be exceeded.
 */
static void say_forecast(struct scope *s, struct model *m, const struct subject *j,
			 struct sentence *o)
{
	const struct judge_opts *opts = judge_options(s->judge);
	uint64_t most = opts->max_stop_window_ns ?: opts->max_downtime_ns, sum, low, high;
	char a[UNITS_LEN], b[UNITS_LEN];
	struct stop_forecast f;
	bool whole, roomy = s->cols >= ROOMY;

	forecast_side(m, j->src->id, model_last_ns(m), &f);
	if (!f.n_devices || f.devices_mid_ns == MODEL_NONE)
		return;
	whole = stop_forecast_total(&f, &low, &sum, &high);
	/* What a stop would cost is never what has no room. */
	if (whole)
		add(o, "; stop now ≈%s", units_duration(a, sum));
	else
		add(o,
		    roomy ? "; if stopped now: devices ≈%s, the rest not known" :
			    "; devices' stop ≈%s, rest unknown",
		    units_duration(a, sum));
	if (most && sum > most) {
		o->role = ROLE_BAD;
		add(o, ", budget %s: OVER", units_duration(a, most));
	} else if (most && whole) {
		/* A downtime has the destination's part, too, which nobody forecasts. */
		add(o, ", budget %s: %s", units_duration(a, most),
		    !opts->max_stop_window_ns ? "the landing is not known" :
		    high > most		      ? "likely OK" :
						"OK");
	}
	if (whole || roomy)
		add(o, " (%s–%s)", units_duration(a, low), units_duration(b, high));
}

/* Does what is left get less, of the device that does worst? */
static enum forecast_trend trend_of(struct model *m, const struct subject *j)
{
	enum forecast_trend worst = TREND_DONE;
	struct forecast f;
	uint32_t i;

	for (i = 0; i < j->src->n_devices; i++) {
		forecast_session(m, model_side_device(m, j->src->id, i)->session, model_last_ns(m),
				 &f);
		if (f.trend == TREND_NOT_CONVERGING)
			return f.trend;
		if (f.trend == TREND_UNKNOWN ||
		    (f.trend == TREND_CONVERGING && worst == TREND_DONE))
			worst = f.trend;
	}
	return j->src->n_devices ? worst : TREND_UNKNOWN;
}

/* How much, by whose word (LEFT_NOT_SEEN: never mind), whether it gets less, and what a stop would cost. */
static void what_is_left(struct scope *s, struct model *m, const struct subject *j, uint64_t left,
			 enum left_source source, struct sentence *o)
{
	enum forecast_trend trend = trend_of(m, j);
	char a[UNITS_LEN];

	add(o, "%s left%s%s", scope_size(s, a, left), source != LEFT_NOT_SEEN ? " by " : "",
	    source != LEFT_NOT_SEEN ? left_source_name(source) : "");
	if (trend == TREND_NOT_CONVERGING)
		o->role = ROLE_WARN;
	add(o, "%s",
	    trend == TREND_DONE		  ? ", converged" :
	    trend == TREND_CONVERGING	  ? ", converging" :
	    trend == TREND_NOT_CONVERGING ? ", NOT CONVERGING" :
					    ", first pass");
	say_forecast(s, m, j, o);
}

/* All is read, or the rest of it is while the guest stands still. */
static void stopped(struct scope *s, struct model *m, const struct subject *j, uint64_t left,
		    struct sentence *o)
{
	uint64_t stop_ns = since(s, j->src->stop.start_ns);
	char a[UNITS_LEN], b[UNITS_LEN];

	if (j->src->stop_over) {
		add(o, "all %s read; stopped for %s so far", scope_size(s, a, j->src->bytes_total),
		    units_duration(b, stop_ns));
		landing(m, j, o);
		return;
	}
	o->role = ROLE_WARN;
	add(o, "STOPPED for %s", units_duration(a, stop_ns));
	if (left != MODEL_NONE)
		add(o, ", %s left to read", scope_size(s, a, left));
	add(o, "; %s read so far", scope_size(s, a, j->src->bytes_total));
	budget(s, m, j, o);
}

static void leaving(struct scope *s, struct model *m, const struct subject *j, struct sentence *o)
{
	const struct model_device *only = only_device(m, j->src);
	enum left_source source;
	uint64_t left = scope_side_left(m, j->src->id, &source);
	const struct sentence before = *o;
	char a[UNITS_LEN];
	int terse;

	/* By whose word, and in which state, yields to what a stop would cost. */
	for (terse = wide(s) ? 0 : 2; terse < 3; terse++) {
		*o = before;
		add(o, " LEAVING");
		if (only && terse < 2 && only->state == MIG_UNKNOWN)
			add(o, ", its state not yet known");
		else if (only && terse < 2)
			add(o, " in %s", state_label(a, only->state));
		add(o, ": ");
		if (j->src->stop.start_ns != MODEL_NONE)
			stopped(s, m, j, left, o);
		else if (left == MODEL_NONE)
			add(o, "%s read, what is left was not asked for",
			    scope_size(s, a, j->src->bytes_total));
		else
			what_is_left(s, m, j, left, terse ? LEFT_NOT_SEEN : source, o);
		if (cells_width(o->text) < s->cols)
			return;
	}
}

static void under_way(struct scope *s, struct model *m, const struct subject *j, struct sentence *o)
{
	const struct model_device *only;
	char a[UNITS_LEN], b[UNITS_LEN];

	o->role = ROLE_STATE;
	who(s, m, j, 0, o);
	if (j->src) {
		leaving(s, m, j, o);
	} else {
		only = only_device(m, j->dst);
		add(o, " ARRIVING");
		if (only && only->state == MIG_UNKNOWN)
			add(o, wide(s) ? ", its state not yet known" : "");
		add(o, ": ");
		if (only && only->state != MIG_UNKNOWN)
			add(o, "%s for %s, ", state_label(a, only->state),
			    units_duration(b, since(s, only->state_since_ns)));
		add(o, "%s written", scope_size(s, a, j->dst->bytes_total));
	}
	judged(s, j, o);
	/* The last word of a recording is not the last of the migration. */
	if (!s->opt.live && !s->status.loading && s->cursor == store_count(s->store))
		add(o, "; here the recording ends");
}

/* A device is chosen that is no part of any, while there are migrations. */
static void not_this_one(struct scope *s, struct model *m, const struct model_device *d,
			 struct sentence *o)
{
	const char *vm = model_vm(m, d->host, d->pid);
	char name[NAME_LEN], dev[NAME_LEN];
	size_t i, under_way = 0;

	for (i = 0; i < s->n_fleet; i++)
		under_way += !model_migration(m, s->fleet[i].migration)->ended;
	add(o, "%s%s%s has not migrated by this moment; of %zu migration%s %zu under way",
	    vm ? safe_name(name, vm) : "", vm ? " " : "", short_device(s, m, d->number, dev),
	    s->n_fleet, plural(s->n_fleet), under_way);
}

static void nothing(struct scope *s, struct model *m, struct sentence *o)
{
	unsigned int attached, hooks, n = 0;
	uint32_t i;

	if (s->n_fleet && s->device && model_device(m, s->device)) {
		not_this_one(s, m, model_device(m, s->device), o);
		return;
	}
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
			       "; } goes to where a migration begins" :
			       ", nor later");
	} else {
		add(o, s->opt.live ? "Nothing migrates" : "Nothing migrates in this recording");
	}
	if (n)
		add(o, "; %u device%s seen", n, plural(n));
	if (hooks)
		add(o, "; %u/%u hooks attached", attached, hooks);
	if (s->opt.live)
		add(o, "; start a migration, or try 'make demo'");
}

void scope_sentence(struct scope *s, struct model *m, struct sentence *out)
{
	struct subject j = { .g = scope_migration(s, m) };
	const struct model_flight *f;

	out->text[0] = '\0';
	out->role = ROLE_TEXT;
	if (s->status.error) {
		char safe[TEXT_SAFE_LEN(160)];

		out->role = ROLE_BAD;
		add(out, "%s; ", text_safe(safe, sizeof(safe), s->status.error, 160));
	}
	if (!j.g) {
		nothing(s, m, out);
		return;
	}
	j.src = j.g->source ? model_side(m, j.g->source) : NULL;
	j.dst = j.g->destination ? model_side(m, j.g->destination) : NULL;
	j.own = j.src ?: j.dst;
	f = scope_stuck(s, m, j.g);
	if (j.g->outcome == OUTCOME_FAILED)
		failed(s, m, &j, out);
	else if (f)
		stuck(s, m, &j, f, out);
	else if (!j.g->ended)
		under_way(s, m, &j, out);
	else if (j.g->outcome == OUTCOME_COMPLETED)
		completed(s, m, &j, out);
	else if (j.g->outcome == OUTCOME_CANCELLED)
		given_back(s, m, &j, out);
	else
		unfinished(s, m, &j, out);
}
