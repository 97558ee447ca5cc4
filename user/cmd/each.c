// SPDX-License-Identifier: GPL-2.0-only
/*
 * each.c - record --each-migration: a recording of its own for each migration of a VM
 *
 * One model sees everything and tells where a side begins and ends; it is made anew when
 * nothing is under way, so that it does not remember all that ever was.  Each recording has
 * its own, which sums it up (keep.h).
 */
#define _GNU_SOURCE
#include "cmd/each.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/keep.h"
#include "cmd/watch.h"
#include "recording/past.h"
#include "util/array.h"
#include "util/numbers.h"
#include "util/units.h"
#include "view/common.h"

/* A process that ended unseen ends its migration so long after its last event. */
#define GONE_NS	    10000000000ULL
/* The clock of day goes its own way by more than any slewing. */
#define STEP_NS	    1000000000ULL
/* Sides that the model remembers before it is made anew. */
#define SIDES_MAX   8
/* Processes of migrations that ended lately: those of several VMs at once, and more. */
#define THROUGH_MAX 64

struct chapter {
	struct chapter *next; /* the older one */
	struct keep *keep;    /* NULL: it could not be begun */
	char path[PATH_MAX];
	char who[EVENT_NAME_LEN + 16]; /* as it is told */
	char vm[EVENT_NAME_LEN];       /* "": only the processes tell what is its */
	struct numbers pids, devices;  /* 1: its own */
	struct numbers told_devices, told_tasks;
	uint32_t *side;
	size_t n_sides, cap_sides;
	uint64_t seq;
	uint64_t begin_ns, last_ns, over_ns; /* 0: not over */
	uint64_t lost;
	bool seen; /* its processes were there when it began */
	bool failed;
};

struct each {
	struct event_sink sink;
	struct each_opts o;
	struct shelf *shelf;
	struct model *model;
	struct past *past;
	struct numbers told_tasks; /* to the model */
	struct chapter *chapter;   /* the newest first */
	size_t n;
	struct each_stats stats;
	bool settled;
	struct {
		uint32_t pid;
		uint64_t ns;
	} through[THROUGH_MAX]; /* who was last, and until when */
	size_t next_through;
	int64_t ahead_ns, slept_ns; /* CLOCK_REALTIME less _BOOTTIME, that less _MONOTONIC */
};

static uint64_t clock_ns(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

/* ---- one recording ---- */

static void chapter_free(struct chapter *c)
{
	keep_close(c->keep);
	numbers_free(&c->pids);
	numbers_free(&c->devices);
	numbers_free(&c->told_devices);
	numbers_free(&c->told_tasks);
	free(c->side);
	free(c);
}

/* The first time that it goes wrong is told at once, and what it costs at the end. */
static void tell_failed(struct chapter *c)
{
	if (c->failed || !c->keep || !keep_error(c->keep))
		return;
	c->failed = true;
	cmd_tell("%s: %s; the rest of this migration is not recorded", c->who, keep_error(c->keep));
}

static void chapter_put(struct each *e, struct chapter *c, const struct event *ev)
{
	struct event copy = *ev;

	copy.seq = ++c->seq;
	if (event_kind_is_public(ev->kind)) {
		e->stats.events++;
		c->last_ns = event_end_ns(ev);
	}
	if (ev->kind == EV_LOSS) {
		sat_inc(&c->lost, ev->loss.count);
		sat_inc(&e->stats.lost, ev->loss.count);
	}
	if (!c->keep) {
		e->stats.events_missed++;
		return;
	}
	if (keep_sink(c->keep)->put(keep_sink(c->keep), &copy)) {
		e->stats.events_missed++;
		tell_failed(c);
	}
}

static int own(struct numbers *set, uint64_t key)
{
	uint32_t *v = numbers_at(set, key);

	if (!v)
		return -ENOMEM;
	*v = 1;
	return 0;
}

static bool owns(const struct numbers *set, uint64_t key)
{
	const uint32_t *v = numbers_find(set, key);

	return v && *v;
}

static void disown(struct numbers *set, uint64_t key)
{
	uint32_t *v = numbers_find(set, key);

	if (v)
		*v = 0;
}

/* Who the numbers of @ev are stands before it. */
static int introduce(struct each *e, struct chapter *c, const struct event *ev)
{
	const struct event *def;

	if (ev->pid && !owns(&c->told_tasks, ev->pid)) {
		def = past_task(e->past, ev->host, ev->pid);
		if (def)
			chapter_put(e, c, def);
		if (own(&c->told_tasks, ev->pid))
			return -ENOMEM;
	}
	if (ev->device && !owns(&c->told_devices, ev->device)) {
		def = past_device(e->past, ev->device);
		if (def)
			chapter_put(e, c, def);
		if (own(&c->told_devices, ev->device))
			return -ENOMEM;
	}
	return 0;
}

/* An event of one of its processes, or about one of its devices. */
static int give(struct each *e, struct chapter *c, const struct event *ev)
{
	int err = introduce(e, c, ev);

	if (!err && ev->device && owns(&c->pids, ev->pid))
		err = own(&c->devices, ev->device);
	if (!err)
		chapter_put(e, c, ev);
	return err;
}

static const char *vm_of(struct each *e, const struct event *ev)
{
	return ev->pid ? model_vm(e->model, ev->host, ev->pid) : NULL;
}

static bool is_vm(const struct chapter *c, const char *vm)
{
	return vm && vm[0] && !strcmp(c->vm, vm);
}

/* When the process was last through with a migration; 0: it was in none lately. */
static uint64_t through_ns(const struct each *e, uint32_t pid)
{
	uint64_t through = 0;
	size_t i;

	for (i = 0; i < THROUGH_MAX; i++)
		if (e->through[i].pid == pid && e->through[i].ns > through)
			through = e->through[i].ns;
	return through;
}

/* Its sides are over: what was before is not the next one's. */
static void note_through(struct each *e, const struct chapter *c)
{
	size_t i;

	for (i = 0; i < c->n_sides; i++) {
		const struct side *s = model_side_peek(e->model, c->side[i]);

		if (!s->ended)
			continue;
		e->through[e->next_through % THROUGH_MAX].pid = s->pid;
		e->through[e->next_through++ % THROUGH_MAX].ns = s->end_ns;
	}
}

/* What is nobody's in particular may have been anybody's: of a close() it is known whose. */
static bool is_everybodys(const struct event *ev)
{
	return (ev->kind == EV_LOSS && !event_is_close_unseen(ev)) || ev->kind == EV_MARK ||
	       ev->kind == EV_CLOCK || ev->kind == EV_HOST || ev->kind == EV_FUNCTION;
}

/* All that its processes did in the last seconds, but for the migration before. */
static int give_past(struct each *e, struct chapter *c)
{
	const struct event *clock = past_clock(e->past), *function;
	size_t i;
	int err = 0;

	if (clock)
		chapter_put(e, c, clock);
	for (i = 0; (function = past_function(e->past, i)); i++)
		chapter_put(e, c, function);
	for (i = 0; i < past_count(e->past) && !err; i++) {
		const struct event *ev = past_event(e->past, i);

		if (ev->pid && ev->t_ns <= through_ns(e, ev->pid))
			continue;
		if (is_everybodys(ev) || owns(&c->pids, ev->pid)) {
			err = give(e, c, ev);
		} else if (is_vm(c, vm_of(e, ev))) {
			err = own(&c->pids, ev->pid) ?: give(e, c, ev);
		} else if (ev->device && owns(&c->devices, ev->device) && !ev->pid) {
			err = give(e, c, ev);
		}
	}
	return err;
}

static void name_chapter(struct chapter *c, const struct side *s)
{
	snprintf(c->vm, sizeof(c->vm), "%s", s->vm);
	if (s->vm[0])
		snprintf(c->who, sizeof(c->who), "%s", s->vm);
	else
		snprintf(c->who, sizeof(c->who), "%s.%u", s->comm[0] ? s->comm : "process", s->pid);
}

/* Nothing may come of it, and that is told: c->keep is NULL then. */
static void open_file(struct each *e, struct chapter *c)
{
	uint64_t before = sat_sub(clock_ns(CLOCK_MONOTONIC), c->begin_ns);
	int err = shelf_name(e->shelf, sat_sub(clock_ns(CLOCK_REALTIME), before), c->who, c->path,
			     sizeof(c->path));

	if (err)
		cmd_tell("%s: %s", e->o.dir, strerror(-err));
	else
		keep_open(&c->keep,
			  &(struct keep_opts){
				  .path = c->path,
				  .watch = e->o.watch,
				  .src = e->o.src,
				  .argc = e->o.argc,
				  .argv = e->o.argv,
				  .command = e->o.command,
				  .budgets = e->o.budgets,
				  .cancel = e->o.cancel,
			  });
	if (c->keep)
		return;
	cmd_tell("%s: a migration begins that is NOT RECORDED", c->who);
	e->stats.missed++;
}

static int add_side(struct chapter *c, uint32_t side, uint32_t pid)
{
	if (array_room(&c->side, c->n_sides + 1, &c->cap_sides, sizeof(*c->side)))
		return -ENOMEM;
	c->side[c->n_sides++] = side;
	c->over_ns = 0;
	return own(&c->pids, pid);
}

static int begin(struct each *e, const struct side *s, struct chapter **out)
{
	struct chapter *c = calloc(1, sizeof(*c));
	int err;

	*out = c;
	if (!c)
		return -ENOMEM;
	c->begin_ns = c->last_ns = s->begin_ns;
	name_chapter(c, s);
	/* In a PID namespace of its own the numbers are others'. */
	c->seen = !kill((pid_t)s->pid, 0) || errno == EPERM;
	err = add_side(c, s->id, s->pid);
	if (err) {
		chapter_free(c);
		return err;
	}
	open_file(e, c);
	c->next = e->chapter;
	e->chapter = c;
	e->n++;
	e->stats.begun++;
	return give_past(e, c);
}

/* ---- its end ---- */

/* What it came to, in a few words: @text; and in one, for its name. */
static void describe(const struct chapter *c, const struct summary *sum, char *text, size_t size,
		     char *word, size_t word_size)
{
	const struct summary_migration *l = NULL;
	char time[UNITS_LEN], rules[SUMMARY_RULES_LEN] = "";
	uint32_t findings;
	size_t i, len;

	/* The worst, should there be more than one. */
	for (i = 0; sum && i < sum->n; i++) {
		if (!l || sum->migration[i].outcome > l->outcome)
			l = &sum->migration[i];
		summary_add_rules(rules, sum->migration[i].rules, NULL);
	}
	if (!l) {
		snprintf(text, size, "%s: not summed up", c->who);
		snprintf(word, word_size, "unknown");
		return;
	}
	snprintf(word, word_size, "%s", outcome_name(l->outcome));
	snprintf(text, size, "%s: %s after %s", c->who, outcome_name(l->outcome),
		 units_duration(time, l->duration_ns));
	len = strlen(text);
	if (l->downtime_ns != MODEL_NONE || l->stop_ns != MODEL_NONE) {
		units_duration(time, l->downtime_ns != MODEL_NONE ? l->downtime_ns : l->stop_ns);
		snprintf(text + len, size - len, ", %s %s",
			 l->downtime_ns != MODEL_NONE ? "down for" : "stopped for", time);
		len = strlen(text);
	}
	if (l->cause[0]) {
		snprintf(text + len, size - len, ", %.200s", l->cause);
		len = strlen(text);
	}
	findings = summary_count(rules, SEV_ERROR) + summary_count(rules, SEV_WARNING);
	if (findings) {
		snprintf(text + len, size - len, ", %u finding%s", findings, plural(findings));
		len = strlen(text);
	}
	if (c->lost)
		snprintf(text + len, size - len, ", %llu events lost", (unsigned long long)c->lost);
}

/* It is over: @c is unlinked already, and freed here. */
static void chapter_end(struct each *e, struct chapter *c)
{
	char text[500], word[32], why[KEEP_IF_WHY_LEN] = "", final[40];
	const struct summary *sum;
	int fd = -1;
	bool keep;

	e->stats.ended++;
	if (!c->keep) {
		cmd_tell("%s: its migration is over, and was not recorded", c->who);
		chapter_free(c);
		return;
	}
	keep_end(c->keep);
	tell_failed(c);
	sum = keep_summary(c->keep);
	if (sum && e->o.metrics)
		metrics_take(e->o.metrics, sum, keep_model(c->keep));
	describe(c, sum, text, sizeof(text), word, sizeof(word));
	keep = keep_if_holds(e->o.keep_if, sum, keep_over_budget(c->keep), why);
	if (!e->o.keep_if->n)
		why[0] = '\0';
	if (c->failed) {
		keep = true;
		snprintf(why, sizeof(why), "not all of it could be written");
	}
	snprintf(final, sizeof(final), "%s%s", word, c->failed ? "-cut" : "");
	fd = keep_fd(c->keep);
	if (fd < 0)
		cmd_tell("%s: %s: it stays under this name", c->path, strerror(-fd));
	else
		shelf_put(e->shelf, fd, c->path, final, keep, text, why);
	if (keep)
		e->stats.cut += c->failed;
	chapter_free(c);
}

static void end_at(struct each *e, struct chapter **at)
{
	struct chapter *c = *at;

	*at = c->next;
	e->n--;
	note_through(e, c);
	chapter_end(e, c);
}

static bool chapter_is_over(struct each *e, const struct chapter *c)
{
	size_t i;

	for (i = 0; i < c->n_sides; i++)
		if (!model_side_peek(e->model, c->side[i])->ended)
			return false;
	return true;
}

/* Have all its processes gone, and nobody saw it? */
static bool is_gone(const struct chapter *c, uint64_t now_ns)
{
	size_t i;

	if (!c->seen || sat_sub(now_ns, c->last_ns) < GONE_NS)
		return false;
	for (i = 0; i < c->pids.n_slots; i++)
		if (c->pids.at[i].key && c->pids.at[i].value &&
		    (!kill((pid_t)(c->pids.at[i].key - 1), 0) || errno != ESRCH))
			return false;
	return true;
}

/* ---- what is whose ---- */

static bool has_direction(struct each *e, const struct chapter *c, uint32_t direction)
{
	size_t i;

	for (i = 0; i < c->n_sides; i++)
		if (model_side_peek(e->model, c->side[i])->direction == direction)
			return true;
	return false;
}

/* A side began: it is the other one of a migration that is under way, or another's. */
static int side_began(struct each *e, uint32_t id)
{
	const struct side *s = model_side_peek(e->model, id);
	struct chapter **at = &e->chapter, *c;

	while ((c = *at)) {
		if (!is_vm(c, s->vm) && !owns(&c->pids, s->pid)) {
			at = &c->next;
			continue;
		}
		if (chapter_is_over(e, c)) {
			end_at(e, at);
			continue;
		}
		if (!has_direction(e, c, s->direction))
			return add_side(c, id, s->pid);
		/* What is left of that one is its other side. */
		note_through(e, c);
		disown(&c->pids, s->pid);
		at = &c->next;
	}
	return begin(e, s, &c);
}

static int deliver_definition(struct each *e, const struct event *ev)
{
	struct chapter *c;

	/* Who has the old one gets the new one; who asks later finds it. */
	for (c = e->chapter; c; c = c->next)
		if (ev->kind == EV_TASK	  ? owns(&c->told_tasks, ev->pid) :
		    ev->kind == EV_DEVICE ? owns(&c->told_devices, ev->device) :
					    is_everybodys(ev))
			chapter_put(e, c, ev);
	return 0;
}

static int deliver(struct each *e, const struct event *ev)
{
	uint32_t device = model_event_device(e->model, ev);
	struct chapter *c;
	bool any = false;
	const char *vm;
	int err = 0;

	for (c = e->chapter; c && !err; c = c->next) {
		if (!is_everybodys(ev) && !owns(&c->pids, ev->pid))
			continue;
		err = give(e, c, ev);
		any = true;
	}
	/* A process that does not migrate yet, of a VM that does. */
	vm = any ? NULL : vm_of(e, ev);
	for (c = e->chapter; vm && c && !err && !any; c = c->next) {
		if (!is_vm(c, vm))
			continue;
		err = own(&c->pids, ev->pid) ?: give(e, c, ev);
		any = true;
	}
	for (c = e->chapter; c && !err && !any && device; c = c->next) {
		/* It is somebody else's from now on. */
		if (ev->kind == EV_DEVICE_OPEN)
			disown(&c->devices, device);
		else if (owns(&c->devices, device))
			err = give(e, c, ev);
	}
	return err;
}

/* ---- the model of all ---- */

static int feed(struct each *e, const struct event *ev, struct event_context *ctx)
{
	const struct event *def;
	int err = 0;

	/* One that was made anew knows nobody. */
	if (ev->pid && event_kind_is_public(ev->kind) && !owns(&e->told_tasks, ev->pid)) {
		def = past_task(e->past, ev->host, ev->pid);
		err = def ? model_feed(e->model, def, NULL) : 0;
		err = err ?: own(&e->told_tasks, ev->pid);
	}
	return err ?: model_feed(e->model, ev, ctx);
}

static int renew(struct each *e)
{
	struct model *m = model_create();

	if (!m)
		return -ENOMEM;
	model_destroy(e->model);
	e->model = m;
	numbers_free(&e->told_tasks);
	return 0;
}

/* Nothing under way, and nothing that it would be missed for. */
static bool may_renew(struct each *e)
{
	uint32_t i;

	if (e->chapter || model_sides(e->model) < SIDES_MAX)
		return false;
	for (i = model_sessions(e->model); i; i--)
		if (!model_session_peek(e->model, i)->ended)
			return false;
	return true;
}

static void end_all(struct each *e)
{
	while (e->chapter)
		end_at(e, &e->chapter);
}

/* Without memory what is under way ends here, and all begins anew. */
static int begin_anew(struct each *e)
{
	cmd_tell("out of memory: what is under way is recorded up to here");
	end_all(e);
	return renew(e);
}

static int take(struct each *e, const struct event *ev)
{
	struct event_context ctx;
	int err;

	if (!event_kind_is_public(ev->kind)) {
		if (ev->kind == EV_DEVICE && ev->device_def.migration_flags && e->o.metrics)
			metrics_know(e->o.metrics, ev->device_def.driver);
		err = past_take(e->past, ev) ?: feed(e, ev, &ctx);
		return err ?: deliver_definition(e, ev);
	}
	err = feed(e, ev, &ctx);
	if (!err && ctx.side_began)
		err = side_began(e, ctx.side_began);
	if (!err)
		err = deliver(e, ev);
	return err ?: past_take(e->past, ev);
}

static int each_put(struct event_sink *sink, const struct event *ev)
{
	struct each *e = (struct each *)sink;

	return take(e, ev) ? begin_anew(e) : 0;
}

/* ---- time ---- */

/* Names and ages go by the clock of day: that it was set is worth a line. */
static void look_at_clocks(struct each *e)
{
	int64_t mono = (int64_t)clock_ns(CLOCK_MONOTONIC), boot = (int64_t)clock_ns(CLOCK_BOOTTIME);
	int64_t ahead = (int64_t)clock_ns(CLOCK_REALTIME) - boot, slept = boot - mono;
	int64_t by = ahead - e->ahead_ns, asleep = slept - e->slept_ns;
	char time[UNITS_LEN];

	e->ahead_ns = ahead;
	e->slept_ns = slept;
	if (!e->settled)
		return;
	if (by > (int64_t)STEP_NS || by < -(int64_t)STEP_NS) {
		e->stats.clock_steps++;
		cmd_note(
			"the clock was set %s by %s: recordings are named by it from now on; their ages (--keep-age) are counted as if it had not been",
			by > 0 ? "forward" : "back",
			units_duration(time, (uint64_t)(by > 0 ? by : -by)));
	}
	if (asleep > (int64_t)STEP_NS)
		cmd_note("the machine was suspended for %s",
			 units_duration(time, (uint64_t)asleep));
}

static void tell_news(struct each *e)
{
	struct shelf_news *n;

	while ((n = shelf_news(e->shelf))) {
		e->stats.kept += n->kept;
		e->stats.dropped += n->dropped;
		e->stats.trimmed += n->trimmed;
		e->stats.bytes += n->bytes;
		e->stats.missed += n->err == -ENOENT;
		if (n->err)
			cmd_tell("%s", n->text);
		else
			cmd_note("%s", n->text);
		shelf_news_free(n);
	}
}

static void settle(struct each *e)
{
	int err = shelf_reload(e->shelf);

	if (err)
		cmd_tell("%s: %s: nothing can be kept there, whoever owns it must let root",
			 e->o.dir, strerror(-err));
	look_at_clocks(e);
	e->settled = true;
}

int each_tick(struct each *e, uint64_t now_ns)
{
	struct chapter **at = &e->chapter, *c;

	if (!e->settled)
		settle(e);
	look_at_clocks(e);
	while ((c = *at)) {
		if (c->keep && keep_tick(c->keep, now_ns))
			tell_failed(c);
		if (!chapter_is_over(e, c))
			c->over_ns = 0;
		else if (!c->over_ns)
			c->over_ns = now_ns;
		if ((c->over_ns && sat_sub(now_ns, c->over_ns) >= EACH_TAIL_NS) ||
		    is_gone(c, now_ns))
			end_at(e, at);
		else
			at = &c->next;
	}
	tell_news(e);
	return may_renew(e) ? renew(e) : 0;
}

void each_reload(struct each *e)
{
	e->settled = false;
}

/* ---- the rest ---- */

struct event_sink *each_sink(struct each *e)
{
	return &e->sink;
}

size_t each_under_way(const struct each *e)
{
	return e->n;
}

void each_stats(const struct each *e, struct each_stats *out)
{
	*out = e->stats;
}

int each_open(struct each **out, const struct each_opts *o)
{
	struct each *e = calloc(1, sizeof(*e));
	int status;

	*out = NULL;
	if (!e)
		return cmd_fail(EXIT_BAD_FILE, "out of memory");
	e->sink.put = each_put;
	e->o = *o;
	e->model = model_create();
	e->past = past_create();
	status = e->model && e->past ? shelf_open(&e->shelf, o->dir, &o->limits) :
				       cmd_fail(EXIT_BAD_FILE, "out of memory");
	if (status) {
		each_close(e);
		return status;
	}
	*out = e;
	return 0;
}

void each_end(struct each *e)
{
	end_all(e);
	shelf_wait(e->shelf);
	tell_news(e);
}

void each_close(struct each *e)
{
	struct chapter *c;

	if (!e)
		return;
	while ((c = e->chapter)) {
		e->chapter = c->next;
		chapter_free(c);
	}
	shelf_close(e->shelf);
	past_destroy(e->past);
	model_destroy(e->model);
	numbers_free(&e->told_tasks);
	free(e);
}
