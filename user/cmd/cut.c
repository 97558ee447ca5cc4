// SPDX-License-Identifier: GPL-2.0-only
/*
 * cut.c - vfioscope cut: a part of a recording, as one of its own
 *
 * Of a migration all that its devices and processes did is kept, as little before and
 * after it as the judge needs to say the same: that is tried out, from the narrowest on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/evidence.h"
#include "cmd/rewrite.h"
#include "recording/anonymise.h"
#include "util/numbers.h"
#include "util/sat.h"
#include "util/units.h"
#include "view/common.h"

struct cut_opts {
	struct cmd_common common;
	const char *output;
	bool force, anonymise;
	uint64_t migration;
	const char *from, *to, *device;
};

static const struct opt opts[] = {
	{ 'o', "output", OPT_STRING, OPT_AT(struct cut_opts, output), .arg = "FILE",
	  .help = "the recording that is made; - streams it to stdout" },
	{ 'f', "force", OPT_FLAG, OPT_AT(struct cut_opts, force),
	  .help = "overwrite an existing recording" },
	{ 0, "migration", OPT_ORDINAL, OPT_AT(struct cut_opts, migration), .arg = "N",
	  .help = "what the devices and processes of this migration did, from before it to after it" },
	{ 0, "from", OPT_STRING, OPT_AT(struct cut_opts, from), .arg = "TIME",
	  .help = "not before TIME: 1.5s from the first event, an RFC 3339 time, or @NANOSECONDS of CLOCK_MONOTONIC" },
	{ 0, "to", OPT_STRING, OPT_AT(struct cut_opts, to), .arg = "TIME",
	  .help = "not after TIME" },
	{ 0, "device", OPT_STRING, OPT_AT(struct cut_opts, device), .arg = "NAME",
	  .help = "what is about this device, and its processes' calls about none" },
	{ 0, "anonymise", OPT_FLAG, OPT_AT(struct cut_opts, anonymise),
	  .help = "replace the names of hosts, VMs, processes and devices, and say what remains" },
	OPT_TABLE(cmd_common_opts, struct cut_opts, common),
	OPT_END,
};

/* ---- what belongs together ---- */

static int add(struct numbers *set, uint64_t v)
{
	return numbers_at(set, v) ? 0 : -ENOMEM;
}

static bool has(const struct numbers *set, uint64_t v)
{
	return numbers_find(set, v);
}

/* Hosts are few: only a lie uses the topmost bit. */
static uint64_t process_key(uint32_t host, uint32_t pid)
{
	return (uint64_t)(host & INT32_MAX) << 32 | pid;
}

struct cut {
	struct cut_opts o;
	struct evidence e;
	struct time_window window;
	/* What is kept: of these, when not all; and from then to then. */
	bool some;
	struct numbers devices, processes;
	struct numbers others; /* processes of other migrations, which may have used these devices */
	uint64_t from_ns, to_ns;
	bool ends_early; /* before the recording does */
	/* What that is held against: */
	struct model *model;
	struct judge *judge;
	/* Where it goes. */
	struct rewrite *rw;
	struct anonymiser *anon;
	struct meta meta;
	struct numbers streams; /* introduced */
	uint64_t kept, all;
	int err; /* of the writing */
};

static int add_side(struct cut *c, uint32_t id)
{
	const struct side *s = model_side(c->e.view.model, id);
	uint32_t i;
	int err;

	if (!s)
		return 0;
	err = add(&c->processes, process_key(s->host, s->pid));
	for (i = 0; i < s->n_devices && !err; i++)
		err = add(&c->devices, model_side_device(c->e.view.model, id, i)->device);
	if (!err && s->cause.kind && s->cause.device)
		err = add(&c->devices, s->cause.device);
	return err;
}

static bool shares(const struct cut *c, uint32_t id)
{
	const struct side *s = model_side(c->e.view.model, id);
	uint32_t i;

	if (!s)
		return false;
	if (has(&c->processes, process_key(s->host, s->pid)))
		return true;
	for (i = 0; i < s->n_devices; i++)
		if (has(&c->devices, model_side_device(c->e.view.model, id, i)->device))
			return true;
	return false;
}

/* Not of the migration, but of another: a process of that. */
static int add_other(struct cut *c, uint32_t id)
{
	const struct side *s = model_side(c->e.view.model, id);
	uint64_t key = s ? process_key(s->host, s->pid) : 0;

	return s && !has(&c->processes, key) ? add(&c->others, key) : 0;
}

static int add_others(struct cut *c)
{
	struct model *m = c->e.view.model;
	uint32_t id;
	int err = 0;

	for (id = 1; id <= model_migrations(m) && !err; id++)
		err = add_other(c, model_migration(m, id)->source) ?:
			      add_other(c, model_migration(m, id)->destination);
	return err;
}

/* From the end of the migration before to the begin of the one after, of the same. */
static void span_of(struct cut *c, const struct migration *g)
{
	struct model *m = c->e.view.model;
	uint32_t id;

	c->from_ns = 0;
	c->to_ns = UINT64_MAX;
	for (id = 1; id <= model_migrations(m); id++) {
		const struct migration *x = model_migration(m, id);

		if (id == g->id || (!shares(c, x->source) && !shares(c, x->destination)))
			continue;
		if (x->end_ns <= g->begin_ns && x->end_ns >= c->from_ns)
			c->from_ns = x->end_ns + 1;
		if (x->begin_ns >= g->end_ns && x->begin_ns - 1 < c->to_ns)
			c->to_ns = x->begin_ns - 1;
	}
}

static bool is_of_some(const struct cut *c, const struct event *ev)
{
	/* What an earlier user of the device still did to it would be a migration of its own. */
	if (has(&c->others, process_key(ev->host, ev->pid)))
		return false;
	if (ev->device && has(&c->devices, ev->device))
		return true;
	/* Of one device alone, what its processes do to others is not. */
	if (c->o.device && ev->device)
		return false;
	return has(&c->processes, process_key(ev->host, ev->pid));
}

static bool is_wanted(const struct cut *c, const struct event *ev)
{
	uint64_t end = event_end_ns(ev);

	switch (ev->kind) {
	case EV_HOST:
		return true;
	case EV_CLOCK:
		/* It says that until then nothing more happened: not of what was cut off. */
		return !c->o.to || end <= c->to_ns;
	case EV_FUNCTION:
		return end <= c->to_ns;
	case EV_DEVICE:
		return end <= c->to_ns && (!c->some || has(&c->devices, ev->device));
	case EV_TASK:
		return end <= c->to_ns &&
		       (!c->some || has(&c->processes, process_key(ev->host, ev->pid)));
	case EV_LOSS:
		if (event_is_close_unseen(ev) && c->some && !is_of_some(c, ev))
			return false;
		/* It may have been theirs. */
		return ev->loss.t_to_ns >= c->from_ns && ev->loss.t_from_ns <= c->to_ns;
	case EV_MARK:
		return end >= c->from_ns && end <= c->to_ns;
	default:
		return end >= c->from_ns && end <= c->to_ns && (!c->some || is_of_some(c, ev));
	}
}

/* ---- does the judge say the same? ---- */

static int try_event(void *arg, struct model *m, const struct event *ev,
		     const struct event_context *ctx)
{
	struct event_context own;
	struct cut *c = arg;

	(void)m;
	(void)ctx;
	if (!is_wanted(c, ev))
		return 0;
	return model_feed(c->model, ev, &own) ?: judge_feed(c->judge, c->model, ev, &own);
}

/* The migration of the cut that is @g; 0: it is not there. */
static uint32_t same_migration(struct cut *c, const struct migration *g)
{
	uint32_t id;

	for (id = 1; id <= model_migrations(c->model); id++) {
		const struct migration *x = model_migration(c->model, id);

		if (x->begin_ns == g->begin_ns && !x->source == !g->source &&
		    !x->destination == !g->destination)
			return id;
	}
	return 0;
}

/* The findings of a migration, one line of words each, sorted. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_findings(FILE *f, const struct judge *j, uint32_t migration)
{
	char **line = calloc(judge_findings(j) + 1, sizeof(*line));
	size_t i, n = 0;

	for (i = 0; line && i < judge_findings(j); i++) {
		const struct finding *x = judge_finding(j, i);

		if (x->migration == migration &&
		    asprintf(&line[n], "%s %s %u %u %" PRIu64 " %" PRIu64 " %s",
			     judge_rule(x->rule)->name, severity_name(x->severity), x->party,
			     x->device, x->t_ns, x->count, x->text) >= 0)
			n++;
	}
	if (line)
		qsort(line, n, sizeof(*line), by_text);
	for (i = 0; i < n; i++) {
		fprintf(f, "%s\n", line[i]);
		free(line[i]);
	}
	free(line);
}

/* All that is to stay as it is; NULL: out of memory. */
static char *what_is_said(const struct migration *g, const struct judge *j)
{
	struct words w;

	if (!words_open(&w))
		return NULL;
	fprintf(w.f, "%s %d %" PRIu64 " %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n",
		outcome_name(g->outcome), g->ran_again, g->downtime_ns, g->downtime_why, g->end_ns,
		g->stop.total_ns, g->stopped_ns, g->n_causes);
	put_findings(w.f, j, g->id);
	return words_close(&w);
}

/* Every line of @few is one of @many, in the same order. */
static bool has_lines(const char *many, const char *few)
{
	while (*few) {
		size_t len = strcspn(few, "\n") + 1;

		while (*many && strncmp(many, few, len) != 0)
			many += strcspn(many, "\n") + 1;
		if (!*many)
			return false;
		many += len;
		few += len;
	}
	return true;
}

/* 1: it does, 0: not; or -errno. */
static int says_the_same(struct cut *c, const struct migration *g)
{
	struct source_health health = *c->e.view.health;
	struct judge_evidence je = { .health = &health, .meta = c->e.view.meta };
	char *whole = NULL, *part = NULL;
	uint32_t id;
	int ret = -ENOMEM;

	/* Damage is among the events. */
	if (c->to_ns != UINT64_MAX)
		health.ended = true;
	model_set_clock_bound(c->model, model_clock_bound(c->e.view.model));
	if (judge_finish(c->judge, c->model, &je))
		return ret;
	id = same_migration(c, g);
	if (!id)
		return 0;
	whole = what_is_said(g, c->e.view.judge);
	part = what_is_said(model_migration(c->model, id), c->judge);
	/* Of all migrations together more was found than is kept: then the part has more room. */
	if (whole && part)
		ret = judge_omitted(c->e.view.judge) ? has_lines(part, whole) :
						       !strcmp(whole, part);
	free(whole);
	free(part);
	return ret;
}

static int try(struct cut *c, const struct migration *g)
{
	struct evidence_opts how = { .each = try_event, .arg = c };
	int status, ret = 0;

	c->model = model_create();
	c->judge = judge_create(NULL);
	if (!c->model || !c->judge)
		status = -ENOMEM;
	else
		status = evidence_again(&c->e, &how) ? -EIO : 0;
	if (!status)
		ret = says_the_same(c, g);
	judge_destroy(c->judge);
	model_destroy(c->model);
	return status ?: ret;
}

/* Narrow, then wider, until the judge says of the migration what it says of all. */
static int choose_migration(struct cut *c)
{
	const struct migration *g = model_migration(c->e.view.model, (uint32_t)c->o.migration);
	uint64_t to;
	int same, step;

	if (!g)
		return cmd_fail(EXIT_USAGE, "cut: there is no migration %" PRIu64, c->o.migration);
	c->some = true;
	if (add_side(c, g->source) || add_side(c, g->destination) || add_others(c))
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	span_of(c, g);
	to = c->to_ns;
	for (step = 0; step < 4; step++) {
		if (step == 1) {
			c->from_ns = 0;
		} else if (step == 2) {
			c->to_ns = UINT64_MAX;
		} else if (step == 3) {
			c->some = false;
		}
		if (step == 2 && to == UINT64_MAX)
			continue;
		same = try(c, g);
		if (same == -EIO)
			return EXIT_BAD_FILE;
		if (same < 0)
			return cmd_fail(EXIT_BAD_FILE, "out of memory");
		if (same)
			break;
	}
	if (step)
		cmd_note("migration %" PRIu64 ": %s", c->o.migration,
			 step == 1 ?
				 "what was before is kept, for the judge needs it" :
			 step == 2 ?
				 "what was before and after is kept, for the judge needs it" :
				 "nothing can be left out without a change to what the judge says");
	return 0;
}

/* ---- by time and device ---- */

static int choose_device(struct cut *c)
{
	struct model *m = c->e.view.model;
	char name[NAME_LEN];
	uint32_t i, s;
	int err = 0;

	for (i = 0; i < model_devices(m) && !err; i++) {
		const struct model_device *d = model_device_at(m, i);

		if (!strcmp(d->name, c->o.device) ||
		    !strcmp(device_on_host(name, d, d->number), c->o.device))
			err = add(&c->devices, d->number);
	}
	if (!err && !c->devices.n)
		return cmd_fail(EXIT_USAGE, "cut: no device is called '%.80s' here", c->o.device);
	for (s = 1; s <= model_sessions(m) && !err; s++) {
		const struct session *g = model_session_peek(m, s);

		if (has(&c->devices, g->device))
			err = add(&c->processes, process_key(g->host, g->pid));
	}
	c->some = true;
	return err ? cmd_fail(EXIT_BAD_FILE, "out of memory") : 0;
}

static void choose_time(struct cut *c)
{
	struct model *m = c->e.view.model;
	struct time_window to = { .from = c->window.to };
	uint64_t from_ns = c->o.from ? time_window_begin_ns(&c->window, m) : 0;
	uint64_t to_ns = c->o.to ? time_window_begin_ns(&to, m) : UINT64_MAX;

	c->from_ns = from_ns > c->from_ns ? from_ns : c->from_ns;
	c->to_ns = to_ns < c->to_ns ? to_ns : c->to_ns;
}

static int choose(struct cut *c)
{
	int status = 0;

	c->to_ns = UINT64_MAX;
	if (c->o.migration)
		status = choose_migration(c);
	if (!status && c->o.device) {
		/* Of the migration's only that one. */
		numbers_free(&c->devices);
		status = choose_device(c);
	}
	if (!status)
		choose_time(c);
	c->ends_early = c->to_ns < model_last_ns(c->e.view.model);
	return status;
}

/* ---- the recording ---- */

static int put(struct cut *c, const struct event *ev)
{
	struct event copy = *ev;
	int err = c->anon ? anonymise_event(c->anon, &copy) : 0;

	c->kept += event_kind_is_public(ev->kind);
	return err ?: rewrite_put(c->rw, &copy);
}

/* A stream that was born before is found by the cut, as by a capture that begins then. */
static int introduce(struct cut *c, struct model *m, const struct event *ev)
{
	const struct model_stream *s = ev->stream ? model_stream(m, ev->stream) : NULL;
	struct event open = {
		.kind = EV_STREAM_OPEN,
		.t_ns = ev->t_ns,
		.device = ev->device,
		.stream = ev->stream,
		.host = ev->host,
		.pid = ev->pid,
		.tid = ev->tid,
	};

	if (!s || !s->defined || ev->kind == EV_STREAM_OPEN || has(&c->streams, ev->stream))
		return ev->stream ? add(&c->streams, ev->stream) : 0;
	memcpy(open.comm, ev->comm, sizeof(open.comm));
	open.stream_open.direction = s->direction;
	open.stream_open.adopted = 1;
	open.stream_open.ops = s->ops;
	open.stream_open.hooked = s->hooked;
	memcpy(open.stream_open.name, s->name, sizeof(open.stream_open.name));
	return add(&c->streams, ev->stream) ?: put(c, &open);
}

static int keep_event(void *arg, struct model *m, const struct event *ev,
		      const struct event_context *ctx)
{
	struct cut *c = arg;

	(void)ctx;
	c->all += event_kind_is_public(ev->kind);
	if (!is_wanted(c, ev))
		return 0;
	c->err = introduce(c, m, ev) ?: put(c, ev);
	return c->err ? -EIO : 0;
}

static int learn_event(void *arg, struct model *m, const struct event *ev,
		       const struct event_context *ctx)
{
	struct cut *c = arg;

	(void)m;
	(void)ctx;
	return is_wanted(c, ev) ? anonymise_learn(c->anon, ev) : 0;
}

static int make_meta(struct cut *c)
{
	const struct meta *m = c->e.view.meta;
	char from[UNITS_LEN] = "", to[UNITS_LEN] = "";
	uint64_t first = model_first_ns(c->e.view.model);
	size_t i;
	int err = 0;

	if (c->anon)
		err = anonymise_meta(c->anon, m, &c->meta);
	for (i = 0; i < m->n && !err && !c->anon; i++)
		err = meta_add(&c->meta, m->entries[i].key, m->entries[i].value);
	if (!err && c->o.migration)
		err = meta_addf(&c->meta, "cut", "migration %" PRIu64 " of %u", c->o.migration,
				model_migrations(c->e.view.model));
	if (!err && c->o.device)
		err = meta_addf(&c->meta, "cut", "%s alone", c->anon ? "one device" : c->o.device);
	if (!err && (c->from_ns || c->to_ns != UINT64_MAX))
		err = meta_addf(&c->meta, "cut", "from %s to %s of the whole",
				c->from_ns ? units_duration(from, sat_sub(c->from_ns, first)) :
					     "the begin",
				c->to_ns != UINT64_MAX ?
					units_duration(to, sat_sub(c->to_ns, first)) :
					"the end");
	if (!err && c->anon)
		err = meta_add(&c->meta, "cut",
			       "names of hosts, VMs, processes and devices replaced");
	return err;
}

static void tell(const struct cut *c)
{
	static const struct {
		enum anonymous kind;
		const char *name;
	} kinds[] = {
		{ ANON_HOST, "host" },
		{ ANON_VM, "VM" },
		{ ANON_PROCESS, "process or thread name" },
		{ ANON_DEVICE, "device" },
		{ ANON_MARK, "mark" },
	};
	size_t i;

	cmd_note("%" PRIu64 " of %" PRIu64 " events kept", c->kept, c->all);
	if (!c->anon)
		return;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (anonymise_count(c->anon, kinds[i].kind))
			cmd_note("replaced: %zu %s%s", anonymise_count(c->anon, kinds[i].kind),
				 kinds[i].name, plural(anonymise_count(c->anon, kinds[i].kind)));
	for (i = 0; anonymise_remains[i]; i++)
		cmd_note("remains: %s", anonymise_remains[i]);
}

static int write_cut(struct cut *c)
{
	struct evidence_opts how = { .each = keep_event, .arg = c };
	int status;

	if (c->o.anonymise) {
		how.each = learn_event;
		c->anon = anonymise_create();
		if (!c->anon || anonymise_learn_meta(c->anon, c->e.view.meta))
			return cmd_fail(EXIT_BAD_FILE, "out of memory");
		status = evidence_again(&c->e, &how);
		if (status)
			return status;
		how.each = keep_event;
	}
	if (make_meta(c))
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	status = rewrite_begin(&c->rw, c->o.output, c->o.force, &c->meta,
			       evidence_join_bound_ns(&c->e));
	if (status || !c->rw)
		return status;
	status = evidence_again(&c->e, &how);
	if (status && !c->err) {
		rewrite_abandon(c->rw);
		return status;
	}
	/* What the recorder could not finish does not look finished now. */
	status = rewrite_end(c->rw, c->err, c->e.view.health->ended || c->ends_early);
	if (!status && !c->err)
		tell(c);
	return status;
}

static int run(struct cut *c, char **paths, int n)
{
	struct cmd_reader reader = { .from = c->o.from, .to = c->o.to };
	struct evidence_opts how = { 0 };
	int status;

	if (n != 1)
		return cmd_fail(EXIT_USAGE,
				"cut: it takes one recording: 'vfioscope cut FILE -o OUT'");
	if (!c->o.output)
		return cmd_fail(EXIT_USAGE, "cut: where to? '-o OUT'");
	if (!c->o.migration && !c->o.from && !c->o.to && !c->o.device && !c->o.anonymise)
		return cmd_fail(EXIT_USAGE, "cut: what of it? --migration, --from, --to, --device, "
					    "or --anonymise");
	status = cmd_reader_window(&reader, &c->window);
	if (!status && c->o.migration > UINT32_MAX)
		status = cmd_fail(EXIT_USAGE, "--migration: no migration has that number");
	if (!status)
		status = rewrite_check(c->o.output, c->o.force, paths, (size_t)n);
	if (!status)
		status = evidence_open(&c->e, paths, (size_t)n, EVIDENCE_TWICE);
	if (!status)
		status = evidence_read(&c->e, &how);
	if (!status)
		status = choose(c);
	return status ?: write_cut(c);
}

int cmd_cut(int argc, char **argv)
{
	struct cut c = { 0 };
	int first, status;

	first = cmd_parse(&command_cut, argc, argv, &c.o, &status);
	if (first < 0)
		return status;
	status = run(&c, argv + first, argc - first);
	evidence_close(&c.e);
	anonymise_destroy(c.anon);
	meta_clear(&c.meta);
	numbers_free(&c.devices);
	numbers_free(&c.processes);
	numbers_free(&c.others);
	numbers_free(&c.streams);
	return status;
}

const struct command command_cut = {
	.name = "cut",
	.summary = "A part of a recording, as one of its own",
	.args = "FILE -o OUT",
	.text = "Of a migration as little before and after it is kept as the judge needs to say\n"
		"the same of it; that is tried out. Of a time or a device alone it may say less:\n"
		"a session that began before is one that was joined late.\n\n"
		"With --anonymise names are replaced, the same one the same everywhere, and what\n"
		"remains is listed on stderr; command lines and notes are left out.",
	.examples = "  vfioscope cut --migration 3 --anonymise incident.vfs -o for-the-vendor.vfs\n"
		    "  vfioscope cut --from 2m --to 3m30s long.vfs -o - | vfioscope report -",
	.opts = opts,
	.run = cmd_cut,
};
