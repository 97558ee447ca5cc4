// SPDX-License-Identifier: GPL-2.0-only
/*
 * moments.c - from one moment that matters to the next, and on by itself
 */
#include <errno.h>
#include <string.h>

#include "tui/internal.h"

/* ---- the next one of its kind ---- */

const char *const moment_names[] = { "failure", "finding",   "outlier", "slow",
				     "arc",	"migration", "mark",	NULL };

static int next_finding(struct scope *s, int dir)
{
	const struct finding *best = NULL, *f;
	size_t i;

	for (i = 0; i < judge_findings(s->judge); i++) {
		f = judge_finding(s->judge, i);
		if (!scope_finding_counts(f) || !f->seq ||
		    (dir > 0 ? f->seq <= s->cursor : f->seq >= s->cursor))
			continue;
		if (!best || (dir > 0 ? f->seq < best->seq : f->seq > best->seq))
			best = f;
	}
	if (!best) {
		scope_say(s, false, "no finding %s this", dir > 0 ? "behind" : "before");
		return 0;
	}
	scope_remember(s);
	scope_seek_event(s, best->seq);
	if (best->device)
		scope_pin(s, best->side, best->device);
	scope_say(s, false, "%s (%s): %s", judge_rule(best->rule)->name, party_name(best->party),
		  best->text);
	return 0;
}

int scope_next(struct scope *s, const char *what, int dir)
{
	char words[64], name[80], a[UNITS_LEN];

	if (!strcmp(what, "failure")) {
		scope_hunt(s, "err", "failure", dir);
	} else if (!strcmp(what, "finding")) {
		return next_finding(s, dir);
	} else if (!strcmp(what, "outlier")) {
		scope_hunt(s, "outlier", "outlier", dir);
	} else if (!strcmp(what, "slow")) {
		snprintf(words, sizeof(words), "dur>%lluns", (unsigned long long)s->slow_ns);
		snprintf(name, sizeof(name), "call of over %s", units_duration(a, s->slow_ns));
		scope_hunt(s, words, name, dir);
	} else if (!strcmp(what, "arc")) {
		scope_step_moment(s, MOMENT_ARC, dir);
	} else if (!strcmp(what, "migration")) {
		scope_step_moment(s, MOMENT_MIGRATION, dir);
	} else if (!strcmp(what, "mark") && dir > 0) {
		scope_next_mark(s);
	} else {
		scope_say(s, true,
			  "there are failure, finding, outlier, slow, arc, migration, mark");
		return -EINVAL;
	}
	return 0;
}

int scope_set_slow(struct scope *s, const char *arg)
{
	char a[UNITS_LEN];
	uint64_t ns;

	if (arg && units_parse_duration(arg, &ns)) {
		scope_say(s, true, "'%s' is not a duration (50ms)", arg);
		return -EINVAL;
	}
	if (arg)
		s->slow_ns = ns;
	scope_say(s, false, "slow is a call of over %s", units_duration(a, s->slow_ns));
	return 0;
}

/* ---- the axis to what matters ---- */

const char *const zoom_names[] = { "stop", "state", "marks", "migration", "all", NULL };

void scope_set_axis(struct scope *s, uint64_t from, uint64_t to)
{
	s->fit = FIT_MANUAL;
	s->from_ns = from;
	s->to_ns = to > from ? to : from + 1000;
	if (s->cursor_ns < s->from_ns || s->cursor_ns > s->to_ns)
		scope_seek_time(s, s->to_ns);
}

static int zoom_around(struct scope *s, uint64_t from, uint64_t to)
{
	uint64_t pad = (to - from) / 20;

	scope_remember(s);
	scope_set_axis(s, from > pad ? from - pad : 0, to + pad);
	/* The pad is for the eye: the cursor goes to what was zoomed to. */
	if (s->cursor_ns < from || s->cursor_ns > to)
		scope_seek_time(s, to);
	return 0;
}

static int zoom_stop(struct scope *s)
{
	struct model *whole = store_model(s->store);
	const struct migration *g = scope_migration(s, whole);
	uint64_t ns;

	if (!g || g->stop.start_ns == MODEL_NONE) {
		scope_say(s, false, g ? "nothing was stopped in this migration" : "no migration");
		return 0;
	}
	/* Source and destination: from the first arc of the stop until it runs there. */
	ns = g->downtime_ns != MODEL_NONE ? g->downtime_ns : g->stop.total_ns;
	return zoom_around(s, g->stop.start_ns, g->stop.start_ns + ns);
}

static int zoom_state(struct scope *s)
{
	uint64_t from, to;

	if (!s->device || !store_state_span(s->store, s->device, s->cursor_ns, &from, &to)) {
		scope_say(s, false, "the device's state is not known here");
		return 0;
	}
	return zoom_around(s, from, to);
}

int scope_zoom_to(struct scope *s, const char *what)
{
	uint64_t from, to;

	if (!strcmp(what, "stop"))
		return zoom_stop(s);
	if (!strcmp(what, "state"))
		return zoom_state(s);
	if (!strcmp(what, "migration") || !strcmp(what, "all")) {
		s->fit = *what == 'a' ? FIT_ALL : FIT_MIGRATION;
		s->fit_side = 0;
		return 0;
	}
	if (strcmp(what, "marks")) {
		scope_say(s, true, "zoom to stop, state, marks, migration or all");
		return -EINVAL;
	}
	if (!scope_between_marks(s, &from, &to)) {
		scope_say(s, false, "no two marks; m makes one");
		return 0;
	}
	return zoom_around(s, from, to);
}

/* ---- on by itself ---- */

int scope_play(struct scope *s, const char *arg)
{
	static const double speeds[] = { 1, 10, 100, 0.01, 0.1 };
	double speed;
	size_t i;
	char end;

	if (!arg) {
		/* Faster around to slow motion. */
		for (i = 0; i < 5 && speeds[i] != s->speed; i++)
			;
		s->speed = speeds[i < 5 ? (i + 1) % 5 : 0];
	} else if (!strcmp(arg, "stop")) {
		s->playing = false;
		return 0;
	} else if (sscanf(arg, "%lf%c", &speed, &end) >= 1 && speed > 0 && speed <= 1e6) {
		s->speed = speed;
	} else {
		scope_say(s, true, "play SPEED: 1x, 10x, 0.1x; or stop");
		return -EINVAL;
	}
	s->playing = true;
	s->played_ns = 0;
	scope_say(s, false, "playing at %gx; p stops", s->speed);
	return 0;
}

void scope_play_toggle(struct scope *s)
{
	char text[16];

	if (s->playing) {
		s->playing = false;
		return;
	}
	snprintf(text, sizeof(text), "%g", s->speed > 0 ? s->speed : 1);
	scope_play(s, text);
}

void scope_play_step(struct scope *s, uint64_t now_ns)
{
	uint64_t last = store_last_ns(s->store);

	if (s->played_ns && now_ns > s->played_ns) {
		if (s->cursor_ns >= last && !s->opt.live)
			s->playing = false;
		else
			scope_seek_time(s, sat_add(s->cursor_ns,
						   sat_u64((double)(now_ns - s->played_ns) *
							   s->speed)));
	}
	s->played_ns = now_ns;
}
