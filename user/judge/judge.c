// SPDX-License-Identifier: GPL-2.0-only
/*
 * judge.c - shows each event to the rules, with what the model says of it, and
 * keeps what they remember
 */
#include "judge/judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/internal.h"
#include "util/array.h"
#include "util/text.h"
#include "util/units.h"

/* A reset by the guest or the bus is told when it is over; it took about this. */
#define RESET_NS (200 * NS_PER_MS)

/*
 * The rules of each moment, in the table's order, up to a NULL: most events concern
 * few of them.  By whether the event moved data.
 */
static rule_fn rules_of[64][2][RULE_NR + 1];

static void index_rules(void)
{
	uint32_t i, bit, moved, n;

	for (bit = 0; bit < 64; bit++) {
		for (moved = 0; moved < 2; moved++) {
			for (i = n = 0; i < RULE_NR; i++)
				if ((rule_code[i].when >> bit & 1) &&
				    rule_code[i].result != (moved ? MOVED_NONE : MOVED_DATA))
					rules_of[bit][moved][n++] = rule_code[i].fn;
			rules_of[bit][moved][n] = NULL;
		}
	}
}

/* @when is one moment. */
static void run_rules(struct look *l, uint64_t when)
{
	const rule_fn *fn = rules_of[__builtin_ctzll(when)][l->ev && l->ev->ret > 0];

	for (; *fn; fn++)
		(*fn)(l);
}

void judge_opts_init(struct judge_opts *o)
{
	memset(o, 0, sizeof(*o));
	o->stuck_after_ns = 5 * NS_PER_SEC;
}

struct judge *judge_create(const struct judge_opts *opts)
{
	struct judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	index_rules();
	if (opts)
		j->opts = *opts;
	else
		judge_opts_init(&j->opts);
	return j;
}

void judge_destroy(struct judge *j)
{
	size_t i;

	if (!j)
		return;
	for (i = 0; i < j->n_devs; i++)
		free(j->devs[i]);
	for (i = 0; i < j->n_streams; i++)
		free(j->streams[i]);
	free(j->devs);
	free(j->streams);
	free(j->sess);
	free(j->stuck);
	free(j->findings);
	free(j->pending);
	free(j);
}

const struct judge_opts *judge_options(const struct judge *j)
{
	return &j->opts;
}

static void *copy_array(const void *src, size_t n, size_t size, bool *failed)
{
	void *p = n ? malloc(n * size) : NULL;

	if (p)
		memcpy(p, src, n * size);
	else if (n)
		*failed = true;
	return p;
}

struct judge *judge_clone(const struct judge *j)
{
	struct judge *c = malloc(sizeof(*c));
	bool failed = false;
	size_t i;

	if (!c)
		return NULL;
	*c = *j;
	memset(c->recent_dev, 0, sizeof(c->recent_dev));
	memset(c->recent_stream, 0, sizeof(c->recent_stream));
	c->cap_findings = (uint32_t)c->n_findings;
	c->cap_pending = (uint32_t)c->n_pending;
	c->cap_streams = (uint32_t)c->n_streams;
	c->cap_devs = c->n_devs;
	c->cap_sess = c->n_sess;
	c->cap_stuck = c->n_stuck;
	c->findings = copy_array(j->findings, j->n_findings, sizeof(*j->findings), &failed);
	c->pending = copy_array(j->pending, j->n_pending, sizeof(*j->pending), &failed);
	c->sess = copy_array(j->sess, j->n_sess, sizeof(*j->sess), &failed);
	c->stuck = copy_array(j->stuck, j->n_stuck, sizeof(*j->stuck), &failed);
	c->devs = j->n_devs ? calloc(j->n_devs, sizeof(*c->devs)) : NULL;
	c->streams = j->n_streams ? calloc(j->n_streams, sizeof(*c->streams)) : NULL;
	if ((j->n_devs && !c->devs) || (j->n_streams && !c->streams))
		failed = true;
	for (i = 0; c->devs && i < j->n_devs; i++)
		c->devs[i] = copy_array(j->devs[i], 1, sizeof(*j->devs[i]), &failed);
	for (i = 0; c->streams && i < j->n_streams; i++)
		c->streams[i] = copy_array(j->streams[i], 1, sizeof(*j->streams[i]), &failed);
	if (!failed)
		return c;
	if (!c->devs)
		c->n_devs = 0;
	if (!c->streams)
		c->n_streams = 0;
	judge_destroy(c);
	return NULL;
}

/* ---- words ---- */

const char *ms_text(char *buf, uint64_t ns)
{
	return units_duration(buf, ns);
}

const char *size_text(char *buf, uint64_t bytes)
{
	return units_size(buf, bytes, false);
}

const char *state_text(uint32_t state, char buf[32])
{
	const char *name = mig_state_name(state);

	if (name)
		return name;
	snprintf(buf, sizeof(char[32]), "state %u", state);
	return buf;
}

const char *errno_text(int64_t ret, char buf[32])
{
	const char *name = ret < 0 && ret > -4096 ? errno_name((int)-ret) : NULL;

	if (name)
		return name;
	snprintf(buf, sizeof(char[32]), "error %lld", (long long)ret);
	return buf;
}

const char *device_text(const struct model *m, uint32_t number, char buf[DEVICE_TEXT_LEN])
{
	const struct model_device *d = model_device(m, number);

	if (d && d->name[0])
		return text_safe(buf, DEVICE_TEXT_LEN, d->name, sizeof(d->name));
	snprintf(buf, DEVICE_TEXT_LEN, "device %u", number);
	return buf;
}

/* ---- what is remembered ---- */

/* Where in the sorted list a device is, or belongs. */
static uint32_t dev_place(const struct judge *j, uint32_t number)
{
	uint32_t lo = 0, hi = j->n_devs, i;

	while (lo < hi) {
		i = (lo + hi) / 2;
		if (j->devs[i]->number < number)
			lo = i + 1;
		else
			hi = i;
	}
	return lo;
}

struct jdev *judge_dev(struct judge *j, uint32_t number)
{
	uint32_t i = dev_place(j, number);

	return i < j->n_devs && j->devs[i]->number == number ? j->devs[i] : NULL;
}

static struct jdev *dev_make(struct judge *j, uint32_t number)
{
	struct jdev *d = j->recent_dev[number % JRECENT];
	uint32_t at;

	if (d && d->number == number)
		return d;
	at = dev_place(j, number);
	if (at < j->n_devs && j->devs[at]->number == number) {
		j->recent_dev[number % JRECENT] = j->devs[at];
		return j->devs[at];
	}
	d = calloc(1, sizeof(*d));
	if (!d || array_room(&j->devs, j->n_devs + 1, &j->cap_devs, sizeof(*j->devs))) {
		free(d);
		j->failed = true;
		return NULL;
	}
	/* New ones nearly always come last. */
	memmove(j->devs + at + 1, j->devs + at, (j->n_devs - at) * sizeof(*j->devs));
	j->devs[at] = d;
	j->n_devs++;
	d->number = number;
	return d;
}

/* The same, of a stream; hostile evidence has many that are never released. */
static size_t stream_place(const struct judge *j, uint32_t number)
{
	size_t lo = 0, hi = j->n_streams, i;

	while (lo < hi) {
		i = (lo + hi) / 2;
		if (j->streams[i]->number < number)
			lo = i + 1;
		else
			hi = i;
	}
	return lo;
}

struct jstream *judge_stream(struct judge *j, uint32_t number)
{
	size_t i = stream_place(j, number);

	return number && i < j->n_streams && j->streams[i]->number == number ? j->streams[i] : NULL;
}

static struct jstream *stream_make(struct judge *j, uint32_t number)
{
	struct jstream *s = j->recent_stream[number % JRECENT];
	size_t at;

	if (s && s->number == number)
		return s;
	s = judge_stream(j, number);
	j->recent_stream[number % JRECENT] = s;
	if (s || !number)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s || array_room(&j->streams, j->n_streams + 1, &j->cap_streams, sizeof(*j->streams))) {
		free(s);
		j->failed = true;
		return NULL;
	}
	at = stream_place(j, number);
	memmove(j->streams + at + 1, j->streams + at, (j->n_streams - at) * sizeof(*j->streams));
	j->streams[at] = s;
	j->n_streams++;
	s->number = number;
	s->tainted = true; /* until its birth is seen */
	return s;
}

static void stream_forget(struct judge *j, struct jstream *s)
{
	size_t i = stream_place(j, s->number);

	j->recent_stream[s->number % JRECENT] = NULL;
	memmove(j->streams + i, j->streams + i + 1, (j->n_streams - i - 1) * sizeof(*j->streams));
	j->n_streams--;
	free(s);
}

struct jstream *stream_under_way(struct look *l)
{
	const struct model_device *d = l->ctx ? l->ctx->device : NULL;

	return d ? judge_stream(l->j, d->stream) : NULL;
}

struct jsess *judge_sess(struct judge *j, uint32_t id)
{
	return id && id <= j->n_sess ? &j->sess[id - 1] : NULL;
}

static struct jsess *sess_make(struct judge *j, uint32_t id)
{
	if (!id)
		return NULL;
	if (id > j->n_sess) {
		if (array_room(&j->sess, id, &j->cap_sess, sizeof(*j->sess))) {
			j->failed = true;
			return NULL;
		}
		j->n_sess = id;
	}
	return &j->sess[id - 1];
}

uint64_t device_in_flight(const struct model *m, uint32_t device)
{
	uint64_t since = 0;
	uint32_t i;

	for (i = 0; i < model_flights(m); i++) {
		const struct model_flight *f = model_flight(m, i);

		if (f->device == device && (f->call == EV_SET_STATE || f->call == EV_RESET) &&
		    (!since || f->start_ns < since))
			since = f->start_ns;
	}
	return since;
}

/* ---- one event ---- */

static void take_loss(struct judge *j, const struct event *ev)
{
	size_t i;

	if (event_is_close_unseen(ev))
		for (i = 0; i < j->n_streams; i++)
			j->streams[i]->closed |= j->streams[i]->number == ev->stream;
	if (!event_is_hole(ev))
		return;
	for (i = 0; i < j->n_devs; i++)
		if (!ev->device || ev->device == j->devs[i]->number)
			forget_device(j, j->devs[i]);
	for (i = 0; i < j->n_streams; i++)
		if (!ev->device || ev->device == j->streams[i]->device)
			forget_stream(j->streams[i]);
}

/* What moves the device proves whatever overlaps it to be no finding. */
static void disturb(struct look *l)
{
	const struct event *ev = l->ev;
	uint64_t from = ev->t_ns;

	switch (ev->kind) {
	case EV_ARC:
		break;
	case EV_SET_STATE:
		if (!l->ctx->move.any && !(ev->ret < 0 && !l->call))
			return;
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		if (ev->ret >= 0 && ev->kind == EV_DEVICE_RESET && !ev->dur_ns)
			from = from > RESET_NS ? from - RESET_NS : 0;
		break;
	case EV_DEVICE_OPEN:
		if (ev->ret < 0 || l->ctx->device->settled_ns != l->end_ns)
			return;
		break;
	case EV_DEVICE_CLOSE:
		if (l->ctx->device->open_count)
			return;
		break;
	default:
		return;
	}
	pending_unsettled(l->j, l->dev->number, from);
}

/* A session has ended: look at it as a whole. */
static void end_session(struct judge *j, struct model *model, uint32_t id)
{
	struct jsess *s = sess_make(j, id);
	struct look l = { .j = j, .model = model, .session = id, .sess = s };

	if (!s || s->ended)
		return;
	s->ended = true;
	/* What the session is by itself: joining belongs to the end of the evidence. */
	l.g = model_session_peek(model, id);
	run_rules(&l, ON_SESSION_END);
}

static void remember(struct look *l)
{
	if (l->ev->kind == EV_STREAM_CLOSE)
		l->j->saw_close = true;
	if (l->dev)
		disturb(l);
	remember_state(l);
	if (l->st) {
		remember_stream(l);
		remember_info(l);
		remember_time(l);
	} else if (l->dev) {
		remember_vmm(l);
	}
	if (l->st && l->ev->kind == EV_STREAM_RELEASE) {
		run_rules(l, ON_STREAM_END);
		stream_forget(l->j, l->st);
		l->st = NULL;
	}
}

/* A call that was out has come back, or its process ended: it was slow, not stuck. */
static void check_stuck(struct judge *j, const struct event *ev)
{
	uint32_t i = 0;

	if (ev->kind == EV_STUCK || ev->kind == EV_ARC || !(event_traits(ev->kind) & EVT_CALL))
		return;
	while (i < j->n_stuck) {
		struct jstuck gone = j->stuck[i];

		if (gone.tid != ev->tid || gone.host != ev->host) {
			i++;
			continue;
		}
		memmove(&j->stuck[i], &j->stuck[i + 1], (j->n_stuck - i - 1) * sizeof(*j->stuck));
		j->n_stuck--;
		finding_withdraw(j, gone.finding);
	}
}

int judge_feed(struct judge *j, struct model *model, const struct event *ev,
	       const struct event_context *ctx)
{
	struct look l;

	if (!event_kind_is_public(ev->kind))
		return 0;
	l = look_at_nothing;
	l.j = j;
	l.model = model;
	l.ev = ev;
	l.ctx = ctx;
	if (ev->kind == EV_LOSS) {
		run_rules(&l, ON(EV_LOSS));
		take_loss(j, ev);
		return j->failed ? -ENOMEM : 0;
	}
	if (j->n_stuck)
		check_stuck(j, ev);
	l.end_ns = ev->t_ns + ev->dur_ns;
	/* Of a folded run the first call alone proves what it proves. */
	if (event_calls(ev) > 1 && l.end_ns > ev->io.t_last_ns)
		l.end_ns = ev->io.t_last_ns;
	if (ctx->device) {
		l.dev = dev_make(j, ctx->device->number);
		if (!l.dev)
			return -ENOMEM;
		l.state = ctx->state_before;
		l.settled = ctx->settled;
		l.call = ctx->call;
	}
	if (ev->stream && (event_traits(ev->kind) & EVT_STREAM)) {
		l.st = stream_make(j, ev->stream);
		if (!l.st)
			return -ENOMEM;
		l.ms = ctx->stream;
		if (l.dev && !l.st->device)
			l.st->device = l.dev->number;
		if (ctx->session)
			l.st->session = ctx->session;
	}
	l.session = ctx->session;
	l.sess = sess_make(j, l.session);
	if (j->failed)
		return -ENOMEM;
	run_rules(&l, ON(ev->kind));
	remember(&l);
	if (ctx->session_ended)
		end_session(j, model, ctx->session_ended);
	return j->failed ? -ENOMEM : 0;
}

/* ---- the end ---- */

static bool is_ignored(const struct judge *j, struct model *model, const struct finding *f)
{
	const struct model_device *d = model_device(model, f->device);
	uint32_t i;

	if (j->opts.ignore[f->rule])
		return true;
	for (i = 0; d && i < j->opts.n_ignore_at; i++)
		if (j->opts.ignore_at[i].rule == f->rule &&
		    !strcmp(j->opts.ignore_at[i].driver, d->driver))
			return true;
	return false;
}

/* Whose each finding is: known when the sides are joined. */
static void place(struct judge *j, struct model *model)
{
	size_t i;

	model_migrations(model);
	for (i = 0; i < j->n_findings; i++) {
		struct finding *f = &j->findings[i];
		const struct session *g = model_session_peek(model, f->session);
		const struct side *s;

		if (g && g->side)
			f->side = g->side;
		s = model_side_peek(model, f->side);
		if (s && !f->migration)
			f->migration = s->migration;
		if (s && !f->host)
			f->host = s->host;
		f->ignored = is_ignored(j, model, f);
	}
}

int judge_finish(struct judge *j, struct model *model, const struct judge_evidence *e)
{
	static const struct judge_evidence none;
	struct look l = { .j = j, .model = model, .evidence = e ? e : &none, .state = MIG_UNKNOWN };
	uint32_t id;
	size_t i;

	if (j->finished)
		return 0;
	j->finished = true;
	/* Whoever looked while it grew has no say in how sides are joined at the end. */
	model_look_anew(model);
	if (model_join_error(model))
		return model_join_error(model);
	pending_finish(j, model);
	for (id = 1; id <= model_sessions(model); id++)
		end_session(j, model, id);
	for (i = 0; i < j->n_streams; i++) {
		l.st = j->streams[i];
		l.ms = model_stream(model, l.st->number);
		l.dev = judge_dev(j, l.st->device);
		l.session = l.st->session;
		l.sess = judge_sess(j, l.session);
		run_rules(&l, ON_STREAM_END);
	}
	l.st = NULL;
	l.ms = NULL;
	l.dev = NULL;
	l.sess = NULL;
	l.session = 0;
	run_rules(&l, ON_FINISH);
	place(j, model);
	attach_consequences(j, model);
	return j->failed ? -ENOMEM : 0;
}

int judge_expectation(struct judge *j, uint64_t completed, bool hole)
{
	struct finding f = finding_of(RULE_EXPECT_COMPLETED, 0, 0);

	if (!j->opts.expects_completed || j->opts.expect_completed == completed)
		return 0;
	/* What was lost may have been the missing ones, never the extra ones. */
	if (hole && completed < j->opts.expect_completed)
		f.severity = SEV_INCONCLUSIVE;
	f.ignored = j->opts.ignore[f.rule];
	find_at(j, &f, "%llu completed migration%s in the evidence, %llu expected", ULL(completed),
		completed == 1 ? "" : "s", ULL(j->opts.expect_completed));
	return j->failed ? -ENOMEM : 0;
}
