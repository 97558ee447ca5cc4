// SPDX-License-Identifier: GPL-2.0-only
/*
 * judge.c - walks the events, remembers what rules need, keeps the findings
 */
#include "judge/judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/internal.h"

#define PENDING_MAX	256
/* A reset by the guest or the bus is told when it is over; it took about this. */
#define RESET_NS	(200 * NS_PER_MS)
/* A call that returned this close to the end may have overlapped one that did not. */
#define TAIL_NS		NS_PER_SEC
#define DEVICES_MAX	(1U << 22)

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
	free(j->migs);
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
	c->cap_findings = (uint32_t)c->n_findings;
	c->cap_pending = (uint32_t)c->n_pending;
	c->cap_streams = (uint32_t)c->n_streams;
	c->cap_migs = c->n_migs;
	c->findings = copy_array(j->findings, j->n_findings, sizeof(*j->findings), &failed);
	c->pending = copy_array(j->pending, j->n_pending, sizeof(*j->pending), &failed);
	c->migs = copy_array(j->migs, j->n_migs, sizeof(*j->migs), &failed);
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

bool is_interrupted(int64_t ret)
{
	return ret == -EAGAIN || ret == -EINTR || (ret <= -512 && ret >= -516);
}

bool is_fd_arc(uint32_t from, uint32_t to)
{
	return (from == MIG_RUNNING && to == MIG_PRE_COPY) ||
	       (from == MIG_RUNNING_P2P && to == MIG_PRE_COPY_P2P) ||
	       (from == MIG_STOP && (to == MIG_STOP_COPY || to == MIG_RESUMING));
}

bool ends_session(uint32_t from, uint32_t to)
{
	if (mig_state_is_saving(from))
		return !mig_state_is_saving(to);
	return from == MIG_RESUMING && to != MIG_RESUMING;
}

/* ---- what is remembered ---- */

/* Room for @need elements in the array at *@arrayp; new ones are zeroed. */
static int grow(void *arrayp, size_t need, uint32_t *cap, size_t size)
{
	void **array = arrayp;
	uint32_t n = *cap ? *cap : 16;
	void *p;

	if (need <= *cap)
		return 0;
	while (n < need)
		n *= 2;
	p = realloc(*array, n * size);
	if (!p)
		return -ENOMEM;
	memset((char *)p + *cap * size, 0, (n - *cap) * size);
	*array = p;
	*cap = n;
	return 0;
}

static struct jdev *dev_make(struct judge *j, uint32_t number)
{
	struct jdev *d;
	uint32_t i, lo = 0, hi = j->n_devs;
	struct jdev **devs;

	/* Sorted by number; new ones nearly always come last. */
	while (lo < hi) {
		i = (lo + hi) / 2;
		if (j->devs[i]->number == number)
			return j->devs[i];
		if (j->devs[i]->number < number)
			lo = i + 1;
		else
			hi = i;
	}
	d = calloc(1, sizeof(*d));
	devs = d ? realloc(j->devs, (j->n_devs + 1) * sizeof(*devs)) : NULL;
	if (!devs) {
		free(d);
		j->failed = true;
		return NULL;
	}
	memmove(devs + lo + 1, devs + lo, (j->n_devs - lo) * sizeof(*devs));
	devs[lo] = d;
	j->devs = devs;
	j->n_devs++;
	d->number = number;
	d->state = d->prev_state = MIG_UNKNOWN;
	return d;
}

struct jdev *judge_dev(struct judge *j, uint32_t number)
{
	uint32_t lo = 0, hi = j->n_devs, i;

	while (lo < hi) {
		i = (lo + hi) / 2;
		if (j->devs[i]->number == number)
			return j->devs[i];
		if (j->devs[i]->number < number)
			lo = i + 1;
		else
			hi = i;
	}
	return NULL;
}

struct jstream *judge_stream(struct judge *j, uint32_t number)
{
	size_t i;

	if (!number)
		return NULL;
	/* Few are alive, the newest is the likeliest. */
	for (i = j->n_streams; i > 0; i--)
		if (j->streams[i - 1]->number == number)
			return j->streams[i - 1];
	return NULL;
}

static struct jstream *stream_make(struct judge *j, uint32_t number)
{
	struct jstream *s = judge_stream(j, number);

	if (s || !number)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto fail;
	if (grow(&j->streams, j->n_streams + 1, &j->cap_streams, sizeof(*j->streams)))
		goto fail;
	s->number = number;
	s->tainted = true;		/* until its birth is seen */
	j->streams[j->n_streams++] = s;
	return s;
fail:
	free(s);
	j->failed = true;
	return NULL;
}

static void stream_forget(struct judge *j, struct jstream *s)
{
	size_t i;

	for (i = 0; i < j->n_streams; i++) {
		if (j->streams[i] != s)
			continue;
		memmove(j->streams + i, j->streams + i + 1,
			(j->n_streams - i - 1) * sizeof(*j->streams));
		j->n_streams--;
		free(s);
		return;
	}
}

struct jmig *judge_mig(struct judge *j, uint32_t id)
{
	return id && id <= j->n_migs ? &j->migs[id - 1] : NULL;
}

static struct jmig *mig_make(struct judge *j, uint32_t id)
{
	uint32_t i;

	if (!id)
		return NULL;
	if (id > j->n_migs) {
		if (grow(&j->migs, id, &j->cap_migs, sizeof(*j->migs))) {
			j->failed = true;
			return NULL;
		}
		for (i = j->n_migs; i < id; i++)
			j->migs[i].switch_estimate = MODEL_NONE;
		j->n_migs = id;
	}
	return &j->migs[id - 1];
}

/* ---- findings ---- */

static void keep(struct judge *j, const struct finding *f)
{
	struct finding *p;
	size_t i;

	for (i = j->n_findings; i > 0; i--) {
		p = &j->findings[i - 1];
		if (p->rule == f->rule && p->severity == f->severity &&
		    p->device == f->device && p->stream == f->stream &&
		    p->session == f->session) {
			p->count += f->count;
			return;
		}
	}
	if (j->n_findings == FINDINGS_MAX) {
		j->omitted++;
		return;
	}
	if (grow(&j->findings, j->n_findings + 1, &j->cap_findings, sizeof(*p))) {
		j->failed = true;
		return;
	}
	p = &j->findings[j->n_findings++];
	*p = *f;
	p->id = (uint32_t)j->n_findings;
	p->ignored = j->opts.ignore[f->rule];
}

static void fill(const struct look *l, struct finding *f, enum rule_id rule,
		 enum severity sev, enum party party)
{
	const struct event *ev = l->ev;

	memset(f, 0, sizeof(*f));
	f->rule = rule;
	f->severity = sev;
	f->party = party;
	f->session = l->session;
	f->count = 1;
	if (l->g) {
		f->device = l->g->device;
		f->stream = l->g->stream;
		f->t_ns = l->g->end_ns;
		f->seq = l->mig ? l->mig->last_seq : 0;
	}
	if (l->dev)
		f->device = l->dev->number;
	if (l->st)
		f->stream = l->st->number;
	if (ev) {
		f->t_ns = ev->t_ns;
		f->seq = ev->seq;
		if (ev->kind == EV_READ || ev->kind == EV_WRITE)
			f->count = event_calls(ev);
	}
}

void find_as(struct look *l, enum rule_id rule, enum severity sev, enum party party,
	     const char *fmt, ...)
{
	struct finding f;
	va_list ap;

	fill(l, &f, rule, sev, party);
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	keep(l->j, &f);
}

void find(struct look *l, enum rule_id rule, const char *fmt, ...)
{
	const struct rule *r = judge_rule(rule);
	struct finding f;
	va_list ap;

	fill(l, &f, rule, r->severity, r->party);
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	keep(l->j, &f);
}

void find_at(struct judge *j, const struct finding *proto, const char *fmt, ...)
{
	struct finding f = *proto;
	va_list ap;

	if (!f.count)
		f.count = 1;
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	keep(j, &f);
}

static void suspend(struct look *l, const struct finding *f, bool reads)
{
	struct judge *j = l->j;
	struct pending *p;
	size_t i;

	/* More of the same: the first two say all, a burst costs nothing. */
	for (i = 0; i < j->n_pending; i++) {
		p = &j->pending[i];
		if (p->f.rule != f->rule || p->f.severity != f->severity ||
		    p->f.stream != f->stream || p->f.device != f->device)
			continue;
		if (i + 1 < j->n_pending) {
			struct pending *q;
			size_t k;

			for (k = i + 1; k < j->n_pending; k++) {
				q = &j->pending[k];
				if (q->f.rule == f->rule && q->f.severity == f->severity &&
				    q->f.stream == f->stream && q->f.device == f->device) {
					q->f.count += f->count;
					if (l->end_ns > q->end_ns)
						q->end_ns = l->end_ns;
					return;
				}
			}
		}
		break;
	}
	if (j->n_pending == PENDING_MAX) {
		j->omitted++;
		return;
	}
	if (grow(&j->pending, j->n_pending + 1, &j->cap_pending, sizeof(*p))) {
		j->failed = true;
		return;
	}
	p = &j->pending[j->n_pending++];
	p->f = *f;
	p->end_ns = l->end_ns;
	p->reads = reads;
}

void suspect(struct look *l, enum rule_id rule, const char *fmt, ...)
{
	const struct rule *r = judge_rule(rule);
	struct finding f;
	va_list ap;

	fill(l, &f, rule, r->severity, r->party);
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	suspend(l, &f, false);
}

void suspect_unread(struct look *l, enum rule_id rule, const char *fmt, ...)
{
	const struct rule *r = judge_rule(rule);
	struct finding f;
	va_list ap;

	fill(l, &f, rule, r->severity, r->party);
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	suspend(l, &f, true);
}

void suspect_as(struct look *l, enum rule_id rule, enum severity sev, bool reads,
		const char *fmt, ...)
{
	struct finding f;
	va_list ap;

	fill(l, &f, rule, sev, judge_rule(rule)->party);
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	suspend(l, &f, reads);
}

/* How a pending finding comes out. */
enum fate { FATE_WAIT, FATE_STANDS, FATE_DROPPED, FATE_UNSURE };

static void settle_pending(struct judge *j, size_t i, enum fate fate)
{
	struct pending p = j->pending[i];

	memmove(j->pending + i, j->pending + i + 1,
		(j->n_pending - i - 1) * sizeof(*j->pending));
	j->n_pending--;
	if (fate == FATE_DROPPED || (fate == FATE_UNSURE && p.f.severity == SEV_ADVICE))
		return;
	if (fate == FATE_UNSURE) {
		size_t len = strlen(p.f.text);

		p.f.severity = SEV_INCONCLUSIVE;
		p.f.party = PARTY_ADMIN;
		snprintf(p.f.text + len, sizeof(p.f.text) - len,
			 "; unless a change of state was under way when the evidence ends");
	}
	keep(j, &p.f);
}

/*
 * Something that moves @device went on from @from_ns: whatever overlaps it
 * proves nothing, whatever was over before it stands.
 */
static void unsettled(struct judge *j, uint32_t device, uint64_t from_ns)
{
	size_t i = 0;

	while (i < j->n_pending) {
		struct pending *p = &j->pending[i];

		if (p->f.device != device)
			i++;
		else
			settle_pending(j, i, p->end_ns <= from_ns ? FATE_STANDS : FATE_DROPPED);
	}
}

static void drop_pending(struct judge *j, uint32_t device)
{
	size_t i = 0;

	while (i < j->n_pending) {
		if (device && j->pending[i].f.device != device)
			i++;
		else
			settle_pending(j, i, FATE_DROPPED);
	}
}

/* A read that moved data and began before a call that supposes none did. */
static void was_reading(struct judge *j, const struct event *ev)
{
	size_t i = 0;

	while (i < j->n_pending) {
		struct pending *p = &j->pending[i];

		if (p->reads && p->f.stream == ev->stream && ev->t_ns < p->end_ns)
			settle_pending(j, i, FATE_DROPPED);
		else
			i++;
	}
}

size_t judge_findings(const struct judge *j)
{
	return j->n_findings;
}

const struct finding *judge_finding(const struct judge *j, size_t i)
{
	return i < j->n_findings ? &j->findings[i] : NULL;
}

uint64_t judge_omitted(const struct judge *j)
{
	return j->omitted;
}

static bool causes(struct model *model, const struct finding *a, const struct finding *b)
{
	const enum rule_id *c = judge_rule(a->rule)->consequences;
	const struct session *g;

	/*
	 * A call is told when it returns and dated when it began: one that was
	 * seen to hang began before that, and was told of after it.
	 */
	if (a == b || !c || a->severity == SEV_INCONCLUSIVE ||
	    (a->t_ns > b->t_ns && (a->seq > b->seq || !a->seq || !b->seq)) ||
	    (a->t_ns == b->t_ns && a->seq > b->seq))
		return false;
	for (; *c != RULE_NR && *c != b->rule; c++)
		;
	if (*c == RULE_NR)
		return false;
	if (a->device == b->device)
		return !a->session || !b->session || a->session <= b->session;
	/* The other side of the same migration. */
	g = b->session ? model_session(model, b->session) : NULL;
	if (g && g->peer)
		return a->session == g->peer;
	return b->rule == RULE_RESUME_SHORT || b->rule == RULE_RESUME_REJECTED;
}

static void attach_consequences(struct judge *j, struct model *model)
{
	size_t i, k;

	for (i = 0; i < j->n_findings; i++) {
		struct finding *b = &j->findings[i];

		for (k = 0; k < j->n_findings && !b->because_of; k++) {
			struct finding *a = &j->findings[k];

			/* Never in a ring. */
			if (causes(model, a, b) && a->because_of != b->id)
				b->because_of = a->id;
		}
	}
}

bool judge_counts(const struct judge *j, const struct finding *f)
{
	if (f->ignored || f->because_of)
		return false;
	return f->severity == SEV_ERROR || f->severity == SEV_WARNING ||
	       (f->severity == SEV_ADVICE && j->opts.strict);
}

bool judge_doubts(const struct judge *j, const struct finding *f)
{
	(void)j;
	return f->severity == SEV_INCONCLUSIVE && !f->ignored && !f->because_of;
}

enum verdict judge_verdict(const struct judge *j)
{
	enum verdict v = VERDICT_PASS;
	size_t i;

	for (i = 0; i < j->n_findings; i++) {
		if (judge_counts(j, &j->findings[i]))
			return VERDICT_FINDINGS;
		if (judge_doubts(j, &j->findings[i]))
			v = VERDICT_INCONCLUSIVE;
	}
	return v;
}

int judge_expectation(struct judge *j, uint64_t completed, bool hole)
{
	const struct rule *r = judge_rule(RULE_EXPECT_COMPLETED);
	struct finding f = { .rule = RULE_EXPECT_COMPLETED, .severity = r->severity,
			     .party = r->party };

	if (!j->opts.expects_completed || j->opts.expect_completed == completed)
		return 0;
	/* What was lost may have been the missing ones, never the extra ones. */
	if (hole && completed < j->opts.expect_completed)
		f.severity = SEV_INCONCLUSIVE;
	find_at(j, &f, "%llu completed migration%s in the evidence, %llu expected",
		(unsigned long long)completed, completed == 1 ? "" : "s",
		(unsigned long long)j->opts.expect_completed);
	return j->failed ? -ENOMEM : 0;
}

/* ---- the walk ---- */

static bool is_stream_kind(uint32_t kind)
{
	return kind == EV_STREAM_OPEN || kind == EV_READ || kind == EV_WRITE ||
	       kind == EV_POLL || kind == EV_PRECOPY_INFO || kind == EV_STREAM_CLOSE ||
	       kind == EV_STREAM_RELEASE;
}

static void run_rules(struct look *l, uint64_t when)
{
	uint32_t i;

	for (i = 0; i < RULE_NR; i++)
		if (rule_code[i].when & when)
			rule_code[i].fn(l);
}

static struct jcall *call_of(struct jdev *d, uint32_t tid, bool make)
{
	struct jcall *c, *free_ = NULL;

	for (c = d->calls; c < d->calls + JCALLS; c++) {
		if (c->tid == tid && tid)
			return c;
		if (!c->tid && !free_)
			free_ = c;
	}
	if (!make || !free_)
		return NULL;
	memset(free_, 0, sizeof(*free_));
	free_->tid = tid;
	return free_;
}

/* A hole: what was counted is no longer exact, what was open is no longer known. */
static void forget_stream(struct jstream *s)
{
	s->tainted = s->holed = true;
	s->n_infos = 0;
	s->n_samples = 0;
	s->since = s->between = 0;
	s->spin = 0;
	s->eof_ns = 0;
	s->maybe_drained = true;
	memset(s->waiters, 0, sizeof(s->waiters));
	memset(&s->last_io, 0, sizeof(s->last_io));
}

static void forget_device(struct judge *j, const struct model *model, struct jdev *d)
{
	const struct model_device *md = model_device(model, d->number);

	if (!md || md->state == MIG_UNKNOWN)
		d->state = MIG_UNKNOWN;
	memset(d->calls, 0, sizeof(d->calls));
	memset(&d->undrained, 0, sizeof(d->undrained));
	memset(&d->fd_missing, 0, sizeof(d->fd_missing));
	d->thrown_away = 0;
	d->skipped_seq = 0;
	d->flight_ns = 0;
	drop_pending(j, d->number);
}

static void take_loss(struct judge *j, const struct model *model, const struct event *ev)
{
	size_t i;

	for (i = 0; i < j->n_devs; i++)
		if (!ev->device || ev->device == j->devs[i]->number)
			forget_device(j, model, j->devs[i]);
	for (i = 0; i < j->n_streams; i++)
		if (!ev->device || ev->device == j->streams[i]->device)
			forget_stream(j->streams[i]);
}

static void session_over(struct look *l, uint64_t t_ns, bool by_reset)
{
	struct jdev *d = l->dev;
	struct jstream *s = judge_stream(l->j, d->stream), *keep_st = l->st;

	d->stream = 0;
	if (!s || s->over)
		return;
	l->st = s;
	run_rules(l, ON_SESSION_OVER);
	l->st = keep_st;
	s->over = true;
	s->over_ns = t_ns;
	s->by_reset = by_reset;
}

static void take_move(struct look *l, uint32_t from, uint32_t to, uint32_t target)
{
	struct jdev *d = l->dev;
	struct jstream *s;
	struct jmig *m = l->mig;

	if (ends_session(from, to) || (is_fd_arc(from, to) && d->stream)) {
		s = judge_stream(l->j, d->stream);
		/* The birth of this arc's own stream may be told first. */
		if (ends_session(from, to) || !s || s->over || s->n_infos || s->moved ||
		    s->session != l->session)
			session_over(l, l->end_ns, false);
	}
	if (is_fd_arc(from, to))
		d->set_state_failed = false;
	if (mig_state_is_precopy(from) && !mig_state_is_saving(to))
		d->thrown_away = target == to && to == MIG_RUNNING ? 0 : d->session;
	else if (to == MIG_PRE_COPY || to == MIG_PRE_COPY_P2P || to == MIG_STOP_COPY ||
		 to == MIG_RESUMING || (to == MIG_RUNNING && target == MIG_RUNNING))
		d->thrown_away = 0;
	if (to == MIG_RUNNING || to == MIG_PRE_COPY)
		d->skipped_seq = 0;
	if (from == MIG_STOP_COPY && to == MIG_STOP && target == MIG_STOP) {
		s = judge_stream(l->j, m && l->session ? model_session_peek(l->model,
				 l->session)->stream : 0);
		if (s && !s->tainted && !s->lost && !s->maybe_drained && !s->read_failed &&
		    (s->hooked & STREAM_OP_READ)) {
			d->undrained.t_ns = l->ev->t_ns;
			d->undrained.end_ns = l->end_ns;
			d->undrained.seq = l->ev->seq;
			d->undrained.bytes = s->moved;
			d->undrained.stream = s->number;
			d->undrained.session = l->session;
		}
	} else if (to != MIG_STOP) {
		d->undrained.seq = 0;
	}
	if (m && to == MIG_STOP_COPY) {
		m->enter_stop_copy_ns = l->ev->t_ns;
		m->stop_copy_arc_ns = l->ev->dur_ns;
		m->stop_seq = l->ev->seq;
		m->switch_since_size = m->since_size;
		s = judge_stream(l->j, d->stream);
		m->switch_estimate = MODEL_NONE;
		if (s && s->n_infos && mig_state_is_precopy(from)) {
			uint64_t left = s->info.initial + s->info.dirty;

			m->switch_estimate = left > s->since ? left - s->since : 0;
		}
	}
	if (m && from == MIG_RESUMING) {
		m->loaded = to == MIG_ERROR ? -1 : 1;
		m->load_seq = l->ev->seq;
		m->load_ns = l->ev->t_ns;
		m->load_ret = 0;
	}
	d->prev_state = d->state;
	d->state = to;
	d->settled_ns = l->end_ns;
}

static void take_arc(struct look *l)
{
	const struct event *ev = l->ev;
	struct jdev *d = l->dev;
	struct jcall *c = call_of(d, ev->tid, true);

	if (c) {
		if (!c->n_arcs++) {
			c->t_ns = ev->t_ns;
			c->from0 = ev->arc.from;
		}
		c->from = ev->arc.from;
		c->to = ev->arc.to;
		c->ret = ev->ret;
	}
	unsettled(l->j, d->number, ev->t_ns);
	if (ev->ret >= 0 && ev->arc.to < MIG_STATE_NR) {
		take_move(l, ev->arc.from, ev->arc.to, ev->arc.target);
		return;
	}
	if (l->mig && ev->arc.from == MIG_RESUMING && ev->arc.to == MIG_STOP &&
	    !is_interrupted(ev->ret)) {
		l->mig->loaded = -1;
		l->mig->load_seq = ev->seq;
		l->mig->load_ns = ev->t_ns;
		l->mig->load_ret = ev->ret;
	}
	/*
	 * "current device_state may be the original operating state or some
	 * other state along the combination transition path": only a step that
	 * was refused before it had a name left everything as it was.
	 */
	if (ev->arc.to < MIG_STATE_NR)
		d->state = MIG_UNKNOWN;
	else if (d->state != ev->arc.from)
		d->state = ev->arc.from < MIG_STATE_NR ? ev->arc.from : MIG_UNKNOWN;
	d->settled_ns = l->end_ns;
}

static void take_set_state(struct look *l)
{
	const struct event *ev = l->ev;
	struct jdev *d = l->dev;
	struct jcall *c = l->call;
	struct jstream *s;

	if (ev->ret < 0) {
		d->set_state_failed = true;
		if (c && c->born) {
			s = judge_stream(l->j, c->born);
			if (s)
				s->lost = true;
		}
		if (!c)
			unsettled(l->j, d->number, ev->t_ns);
		if (l->mig && !c && d->state == MIG_RESUMING && !l->mig->loaded &&
		    ev->set_state.target != MIG_RESUMING && !is_interrupted(ev->ret)) {
			l->mig->loaded = -1;
			l->mig->load_seq = ev->seq;
			l->mig->load_ns = ev->t_ns;
			l->mig->load_ret = ev->ret;
		}
	} else if (!c || !c->n_arcs) {
		/* No arc: the driver does not walk the table, or nothing changed. */
		if (ev->set_state.target >= 0 && ev->set_state.target < MIG_STATE_NR &&
		    ev->set_state.target != d->state) {
			unsettled(l->j, d->number, ev->t_ns);
			take_move(l, d->state, (uint32_t)ev->set_state.target,
				  (uint32_t)ev->set_state.target);
		}
	}
	/* A reset meanwhile may have come before or after what this reached. */
	if (d->reset_ns > ev->t_ns)
		d->state = MIG_UNKNOWN;
	d->flight_ns = 0;
	if (c)
		memset(c, 0, sizeof(*c));
}

static void take_reset(struct look *l)
{
	const struct event *ev = l->ev;
	struct jdev *d = l->dev;
	uint64_t from = ev->t_ns;

	d->flight_ns = 0;
	if (ev->ret < 0) {
		unsettled(l->j, d->number, from);
		return;
	}
	if (ev->kind == EV_DEVICE_RESET && !ev->dur_ns)
		from = from > RESET_NS ? from - RESET_NS : 0;
	unsettled(l->j, d->number, from);
	session_over(l, l->end_ns, true);
	d->prev_state = d->state;
	d->state = MIG_RUNNING;
	d->settled_ns = l->end_ns;
	d->reset_ns = l->end_ns;
	d->thrown_away = 0;
	d->undrained.seq = 0;
	d->skipped_seq = 0;
}

static void take_close(struct look *l)
{
	const struct model_device *md = model_device(l->model, l->dev->number);
	struct jdev *d = l->dev;
	struct judge *j = l->j;
	size_t i;

	if (md && md->open_count)
		return;
	unsettled(j, d->number, l->ev->t_ns);
	for (i = 0; i < j->n_streams; i++) {
		struct jstream *s = j->streams[i];

		if (s->device != d->number || s->closed || s->lost)
			continue;
		if (!s->orphan_seq) {
			s->orphan_ns = l->ev->t_ns;
			s->orphan_seq = l->ev->seq;
		}
	}
	session_over(l, l->end_ns, false);
	d->state = d->prev_state = MIG_UNKNOWN;
	d->settled_ns = l->end_ns;
	d->open = false;
	d->undrained.seq = 0;
	d->thrown_away = 0;
	d->skipped_seq = 0;
	memset(d->calls, 0, sizeof(d->calls));
}

static void take_stream_open(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;
	struct jcall *c;

	s->defined = true;
	s->direction = ev->stream_open.direction;
	s->ops = ev->stream_open.ops;
	s->hooked = ev->stream_open.hooked;
	s->device = ev->device;
	if (ev->stream_open.adopted || s->any_read || s->n_infos)
		s->tainted = s->maybe_drained = true;
	else
		s->tainted = false;
	if (!l->dev)
		return;
	if (!ev->stream_open.adopted) {
		l->j->saw_birth = true;
		c = call_of(l->dev, ev->tid, true);
		if (c)
			c->born = s->number;
	}
	l->dev->stream = s->number;
}

static void take_info(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;
	uint32_t i;

	if (ev->ret < 0)
		return;
	s->info.t_ns = ev->t_ns;
	s->info.end_ns = l->end_ns;
	s->info.initial = ev->precopy_info.initial_bytes;
	s->info.dirty = ev->precopy_info.dirty_bytes;
	s->info.flags = ev->precopy_info.flags;
	/* A read that returned while this was under way: nobody knows which was first. */
	s->since = s->moved_end_ns > ev->t_ns ? 1 : 0;
	s->between = 0;
	s->empty_since = false;
	s->n_infos++;
	s->spin = 0;
	for (i = 0; i < JWAITERS; i++)
		s->waiters[i].tid = 0;
	if (!s->info.initial && s->info.dirty && s->n_samples &&
	    ev->t_ns < s->samples[s->n_samples - 1].t_ns + JSAMPLE_NS) {
		if (s->info.dirty < s->samples[s->n_samples - 1].least)
			s->samples[s->n_samples - 1].least = s->info.dirty;
	} else if (!s->info.initial && s->info.dirty) {
		if (s->n_samples == JSAMPLES)
			memmove(s->samples, s->samples + 1,
				(JSAMPLES - 1) * sizeof(s->samples[0]));
		else
			s->n_samples++;
		s->samples[s->n_samples - 1].t_ns = ev->t_ns;
		s->samples[s->n_samples - 1].left = s->info.dirty;
		s->samples[s->n_samples - 1].least = s->info.dirty;
		s->samples[s->n_samples - 1].moved = s->moved;
	} else if (s->info.initial) {
		s->n_samples = 0;
	}
}

static void waiter_wakes(struct jstream *s, uint32_t tid)
{
	uint32_t i;

	for (i = 0; i < JWAITERS; i++)
		if (s->waiters[i].tid == tid)
			s->waiters[i].tid = 0;
}

/* Somebody saw that the stream is readable: those who sleep should not. */
static void waiters_ready(struct jstream *s, uint32_t tid, uint64_t t_ns)
{
	uint32_t i;

	for (i = 0; i < JWAITERS; i++) {
		struct jwaiter *w = &s->waiters[i];

		if (w->tid && w->tid != tid && !w->ready_ns && t_ns >= w->since_ns)
			w->ready_ns = t_ns;
	}
}

static void take_read(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;
	struct jdev *d = l->dev;

	waiter_wakes(s, ev->tid);
	if (!ev->io.size)
		return;
	s->any_read = true;
	s->read_failed = ev->ret < 0 && !is_interrupted(ev->ret) &&
			 !(ev->ret == -ENOMSG && d && mig_state_is_precopy(d->state));
	if (event_calls(ev) <= 1) {
		if (l->end_ns >= s->last_io.end_ns || s->last_io.tid == ev->tid) {
			s->last_io.tid = ev->tid;
			s->last_io.t_ns = ev->t_ns;
			s->last_io.end_ns = l->end_ns;
			s->last_io.ret = ev->ret;
		}
	}
	if (ev->ret > 0) {
		was_reading(l->j, ev);
		s->moved += (uint64_t)ev->ret;
		if (l->end_ns > s->moved_end_ns)
			s->moved_end_ns = l->end_ns;
		s->since += (uint64_t)ev->ret;
		if (s->n_infos && ev->t_ns >= s->info.end_ns)
			s->between += (uint64_t)ev->ret;
		s->spin = 0;
		s->empty_since = false;
		waiters_ready(s, ev->tid, ev->t_ns);
		if (l->mig)
			l->mig->since_size += (uint64_t)ev->ret;
	} else if (ev->ret == 0) {
		if (!d || d->state == MIG_STOP_COPY || d->state == MIG_UNKNOWN)
			s->maybe_drained = true;
		if (l->settled && d->state == MIG_STOP_COPY && !s->eof_ns && !s->over)
			s->eof_ns = l->end_ns;
	}
	if (event_is_empty_read(ev)) {
		s->empty_since = true;
		if (d && mig_state_is_precopy(d->state)) {
			if (!s->spin) {
				s->spin_t_ns = ev->t_ns;
				s->spin_seq = ev->seq;
			}
			s->spin += event_calls(ev);
		} else {
			s->spin = 0;
		}
	}
	if (l->mig && event_calls(ev) <= 1 && ev->ret >= 0 && ev->dur_ns > l->mig->max_read_ns &&
	    d && d->state == MIG_STOP_COPY) {
		l->mig->max_read_ns = ev->dur_ns;
		l->mig->max_read_seq = ev->seq;
		l->mig->max_read_t_ns = ev->t_ns;
	}
}

static void take_write(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;

	if (event_calls(ev) <= 1 && l->end_ns >= s->last_io.end_ns) {
		s->last_io.tid = ev->tid;
		s->last_io.t_ns = ev->t_ns;
		s->last_io.end_ns = l->end_ns;
		s->last_io.ret = ev->ret;
	}
	if (ev->ret > 0)
		s->moved += (uint64_t)ev->ret;
	if (l->mig && ev->ret >= 0 && ev->dur_ns > l->mig->max_write_ns) {
		l->mig->max_write_ns = ev->dur_ns;
		l->mig->max_write_seq = ev->seq;
		l->mig->max_write_t_ns = ev->t_ns;
	}
}

static void take_poll(struct look *l)
{
	const struct event *ev = l->ev;
	struct jstream *s = l->st;
	uint32_t i;

	s->spin = 0;
	waiter_wakes(s, ev->tid);
	/* EPOLLIN and EPOLLRDNORM of include/uapi/linux/eventpoll.h */
	if (ev->poll.mask & (0x1 | 0x40)) {
		waiters_ready(s, ev->tid, ev->t_ns);
		return;
	}
	if (!ev->poll.waits || ev->poll.mask || ev->ret < 0)
		return;
	for (i = 0; i < JWAITERS; i++) {
		if (s->waiters[i].tid)
			continue;
		s->waiters[i].tid = ev->tid;
		s->waiters[i].since_ns = l->end_ns;
		s->waiters[i].ready_ns = 0;
		return;
	}
}

static void take_stream_event(struct look *l)
{
	switch (l->ev->kind) {
	case EV_STREAM_OPEN:
		take_stream_open(l);
		break;
	case EV_READ:
		take_read(l);
		break;
	case EV_WRITE:
		take_write(l);
		break;
	case EV_PRECOPY_INFO:
		take_info(l);
		break;
	case EV_POLL:
		take_poll(l);
		break;
	case EV_STREAM_CLOSE:
		l->st->closed = true;
		break;
	case EV_STREAM_RELEASE:
		run_rules(l, ON_STREAM_END);
		if (l->dev && l->dev->stream == l->st->number)
			l->dev->stream = 0;
		stream_forget(l->j, l->st);
		l->st = NULL;
		break;
	default:
		break;
	}
}

static void take_device_event(struct look *l)
{
	const struct event *ev = l->ev;
	struct jdev *d = l->dev;

	switch (ev->kind) {
	case EV_ARC:
		take_arc(l);
		break;
	case EV_SET_STATE:
		take_set_state(l);
		break;
	case EV_RESET:
	case EV_DEVICE_RESET:
		take_reset(l);
		break;
	case EV_DEVICE_OPEN:
		d->open = true;
		if (ev->ret >= 0 && l->ctx->state == MIG_RUNNING && !d->stream) {
			unsettled(l->j, d->number, ev->t_ns);
			d->state = MIG_RUNNING;
			d->settled_ns = l->end_ns;
		}
		break;
	case EV_DEVICE_CLOSE:
		take_close(l);
		break;
	case EV_GET_STATE:
		if (ev->ret >= 0 && ev->get_state.reported < MIG_STATE_NR &&
		    ev->t_ns >= d->settled_ns && ev->get_state.reported != d->state) {
			d->state = ev->get_state.reported;
			d->settled_ns = l->end_ns;
		}
		break;
	case EV_DATA_SIZE:
		if (ev->ret >= 0 && l->mig) {
			l->mig->since_size = 0;
			l->mig->size_in_session = true;
		}
		break;
	case EV_STUCK:
		if (ev->stuck.call == EV_SET_STATE || ev->stuck.call == EV_RESET) {
			uint64_t began = ev->t_ns > ev->stuck.age_ns ?
					 ev->t_ns - ev->stuck.age_ns : 0;

			if (!d->flight_ns || began < d->flight_ns)
				d->flight_ns = began;
		}
		break;
	default:
		break;
	}
}

/* The migration that was under way has ended: look at it as a whole. */
static void end_migration(struct look *l, uint32_t id)
{
	const struct session *g = model_session_peek(l->model, id);
	struct jmig *m = judge_mig(l->j, id);
	uint32_t keep_id = l->session;
	struct jstream *st = l->st;
	struct jmig *keep_mig = l->mig;

	if (!g || !m || m->ended)
		return;
	m->ended = true;
	l->g = g;
	l->mig = m;
	l->session = id;
	l->st = NULL;
	run_rules(l, ON_MIGRATION_END);
	l->g = NULL;
	l->mig = keep_mig;
	l->session = keep_id;
	l->st = st;
}

int judge_feed(struct judge *j, struct model *model, const struct event *ev,
	       const struct event_context *ctx)
{
	struct look l = { .j = j, .model = model, .ev = ev, .ctx = ctx };
	uint32_t before = 0;

	if (!event_kind_is_public(ev->kind))
		return 0;
	if (ev->kind == EV_LOSS) {
		run_rules(&l, ON(EV_LOSS));
		take_loss(j, model, ev);
		return j->failed ? -ENOMEM : 0;
	}
	l.end_ns = ev->t_ns + ev->dur_ns;
	/* Of a folded run the first call alone proves what it proves. */
	if (event_calls(ev) > 1 && l.end_ns > ev->io.t_last_ns)
		l.end_ns = ev->io.t_last_ns;
	if (ctx->device && ctx->device->number <= DEVICES_MAX) {
		l.dev = dev_make(j, ctx->device->number);
		if (!l.dev)
			return -ENOMEM;
	}
	if (ev->stream && is_stream_kind(ev->kind)) {
		l.st = stream_make(j, ev->stream);
		if (!l.st)
			return -ENOMEM;
		if (l.dev && !l.st->device)
			l.st->device = l.dev->number;
		if (ctx->session)
			l.st->session = ctx->session;
	}
	l.session = ctx->session;
	l.mig = mig_make(j, l.session);
	if (j->failed)
		return -ENOMEM;
	if (l.mig) {
		if (!l.mig->seq) {
			l.mig->seq = ev->seq;
			l.mig->t_ns = ev->t_ns;
		}
		l.mig->last_seq = ev->seq;
	}
	if (l.dev) {
		before = l.dev->session;
		if (l.dev->state != MIG_UNKNOWN && ev->t_ns >= l.dev->settled_ns)
			l.settled = true;
		if (ev->kind == EV_SET_STATE)
			l.call = call_of(l.dev, ev->tid, false);
	}
	if (ev->kind == EV_STREAM_CLOSE)
		j->saw_close = true;
	run_rules(&l, ON(ev->kind));
	if (l.dev)
		l.dev->session = ctx->device->session ? ctx->device->session : l.session;
	if (l.st)
		take_stream_event(&l);
	else if (l.dev)
		take_device_event(&l);
	if (l.dev && ev->kind != EV_READ && ev->kind != EV_WRITE && ev->kind != EV_POLL) {
		uint32_t ids[2] = { before, l.session }, i;

		for (i = 0; i < 2; i++) {
			const struct session *g = model_session_peek(model, ids[i]);

			if (g && g->ended)
				end_migration(&l, ids[i]);
		}
	}
	return j->failed ? -ENOMEM : 0;
}

int judge_finish(struct judge *j, struct model *model, const struct judge_evidence *e)
{
	static const struct judge_evidence none;
	struct look l = { .j = j, .model = model, .evidence = e ? e : &none };
	uint64_t last_ns = model_last_ns(model);
	uint32_t id;
	size_t i;

	if (j->finished)
		return 0;
	j->finished = true;
	while (j->n_pending) {
		struct pending *p = &j->pending[0];
		struct jdev *d = judge_dev(j, p->f.device);
		enum fate fate = FATE_STANDS;

		if (d && d->flight_ns && p->end_ns > d->flight_ns)
			fate = FATE_DROPPED;
		else if (p->end_ns + TAIL_NS > last_ns)
			fate = FATE_UNSURE;
		settle_pending(j, 0, fate);
	}
	for (id = 1; id <= model_sessions(model); id++) {
		mig_make(j, id);
		end_migration(&l, id);
	}
	for (i = 0; i < j->n_streams; i++) {
		l.st = j->streams[i];
		l.dev = judge_dev(j, l.st->device);
		l.session = l.st->session;
		l.mig = judge_mig(j, l.session);
		run_rules(&l, ON_STREAM_END);
	}
	l.st = NULL;
	l.dev = NULL;
	l.mig = NULL;
	l.session = 0;
	run_rules(&l, ON_FINISH);
	attach_consequences(j, model);
	return j->failed ? -ENOMEM : 0;
}
