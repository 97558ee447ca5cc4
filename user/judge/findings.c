// SPDX-License-Identifier: GPL-2.0-only
/*
 * findings.c - keeps what was found, and what may still turn out otherwise
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/internal.h"
#include "util/array.h"

#define PENDING_MAX 256
/* A call that returned this close to the end may have overlapped one that did not. */
#define TAIL_NS	    NS_PER_SEC

const struct look look_at_nothing = { .state = MIG_UNKNOWN };

struct finding finding_of(enum rule_id rule, uint64_t t_ns, uint64_t seq)
{
	const struct rule *r = judge_rule(rule);

	return (struct finding){
		.rule = rule,
		.severity = r->severity,
		.party = r->party,
		.t_ns = t_ns,
		.seq = seq,
		.count = 1,
	};
}

/* Is there one of the same rule and place?  Then @f counts for it. */
static struct finding *count_again(struct judge *j, const struct finding *f)
{
	struct finding *p;
	size_t i;

	for (i = j->n_findings; i > 0; i--) {
		p = &j->findings[i - 1];
		if (p->rule == f->rule && p->severity == f->severity && p->device == f->device &&
		    p->stream == f->stream && p->session == f->session && p->side == f->side) {
			p->count += f->count;
			return p;
		}
	}
	return NULL;
}

/* How much it matters that it is kept: of many advices none may keep a failure out. */
static unsigned int weight(const struct judge *j, enum rule_id rule, enum severity sev)
{
	if (j->opts.ignore[rule])
		return 0;
	switch (sev) {
	case SEV_ADVICE:
		return j->opts.strict ? 3 : 1;
	case SEV_INCONCLUSIVE:
		return 2;
	case SEV_WARNING:
		return 4;
	default:
		return rule == RULE_MIGRATION_FAILED ? 6 : 5;
	}
}

void finding_omitted(struct judge *j, enum rule_id rule, enum severity sev)
{
	j->omitted++;
	j->omitted_matters |= weight(j, rule, sev) > 1;
}

/* A milder one goes for it, the last of the mildest; false: there is none. */
static bool make_room(struct judge *j, const struct finding *f)
{
	const struct finding *mildest = NULL;
	unsigned int least = weight(j, f->rule, f->severity);
	size_t i;

	for (i = j->n_findings; i > 0; i--) {
		const struct finding *p = &j->findings[i - 1];
		unsigned int w = weight(j, p->rule, p->severity);

		if (w < least) {
			least = w;
			mildest = p;
		}
	}
	if (!mildest)
		return false;
	finding_omitted(j, mildest->rule, mildest->severity);
	finding_withdraw(j, mildest->id);
	return true;
}

/* One that is not there yet; its number, 0 when it is not kept. */
static uint32_t add(struct judge *j, const struct finding *f)
{
	struct finding *p;

	if (j->n_findings == FINDINGS_MAX && !make_room(j, f)) {
		finding_omitted(j, f->rule, f->severity);
		return 0;
	}
	if (array_room(&j->findings, j->n_findings + 1, &j->cap_findings, sizeof(*p))) {
		j->failed = true;
		return 0;
	}
	p = &j->findings[j->n_findings++];
	*p = *f;
	p->id = (uint32_t)j->n_findings;
	return p->id;
}

static uint32_t keep(struct judge *j, const struct finding *f)
{
	const struct finding *p = count_again(j, f);

	return p ? p->id : add(j, f);
}

static void fill(const struct look *l, struct finding *f, enum rule_id rule, enum severity sev,
		 uint32_t party)
{
	const struct event *ev = l->ev;

	memset(f, 0, offsetof(struct finding, text));
	f->text[0] = '\0';
	f->rule = rule;
	f->severity = sev;
	f->party = party;
	f->session = l->session;
	f->count = 1;
	if (l->g) {
		f->session = l->g->id;
		f->device = l->g->device;
		f->stream = l->g->stream;
		f->host = l->g->host;
		f->t_ns = l->g->end_ns;
		f->seq = l->g->last_seq;
	}
	if (l->dev)
		f->device = l->dev->number;
	if (l->st)
		f->stream = l->st->number;
	if (ev && !l->g) {
		f->host = ev->host;
		f->side = l->ctx->side;
		f->t_ns = ev->t_ns;
		f->seq = ev->seq;
		if (event_traits(ev->kind) & EVT_IO)
			f->count = event_calls(ev);
	}
}

bool find_again(struct look *l, enum rule_id rule)
{
	const struct rule *r = judge_rule(rule);
	struct finding f;

	fill(l, &f, rule, r->severity, r->party);
	return count_again(l->j, &f);
}

void find_new(struct look *l, enum rule_id rule, const char *fmt, ...)
{
	const struct rule *r = judge_rule(rule);
	struct finding f;
	va_list ap;

	fill(l, &f, rule, r->severity, r->party);
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	add(l->j, &f);
}

uint32_t find_at(struct judge *j, const struct finding *proto, const char *fmt, ...)
{
	struct finding f = *proto;
	va_list ap;

	if (!f.count)
		f.count = 1;
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	return keep(j, &f);
}

void finding_withdraw(struct judge *j, uint32_t id)
{
	uint32_t i;

	if (!id || id > j->n_findings)
		return;
	memmove(&j->findings[id - 1], &j->findings[id],
		(j->n_findings - id) * sizeof(*j->findings));
	j->n_findings--;
	for (i = id - 1; i < j->n_findings; i++)
		j->findings[i].id = i + 1;
	for (i = 0; i < j->n_stuck; i++) {
		if (j->stuck[i].finding == id)
			j->stuck[i].finding = 0;
		else if (j->stuck[i].finding > id)
			j->stuck[i].finding--;
	}
}

void finding_retell(struct judge *j, uint32_t id, const char *fmt, ...)
{
	va_list ap;

	if (!id || id > j->n_findings)
		return;
	va_start(ap, fmt);
	vsnprintf(j->findings[id - 1].text, FINDING_TEXT_LEN, fmt, ap);
	va_end(ap);
}

/* ---- what may still turn out otherwise ---- */

static bool is_like(const struct pending *p, const struct finding *f)
{
	return p->f.rule == f->rule && p->f.severity == f->severity && p->f.stream == f->stream &&
	       p->f.device == f->device;
}

/* More of the same: the first two say all, a burst costs nothing. */
bool suspect_again(struct look *l, enum rule_id rule, enum severity sev)
{
	struct judge *j = l->j;
	struct pending *second = NULL;
	struct finding f;
	size_t i, n = 0;

	fill(l, &f, rule, sev, PARTY_UNKNOWN);
	for (i = 0; i < j->n_pending && n < 2; i++) {
		if (!is_like(&j->pending[i], &f))
			continue;
		second = &j->pending[i];
		n++;
	}
	if (n < 2)
		return false;
	second->f.count += f.count;
	if (l->end_ns > second->end_ns)
		second->end_ns = l->end_ns;
	return true;
}

void suspect_new(struct look *l, enum rule_id rule, enum severity sev, uint32_t party, bool reads,
		 const char *fmt, ...)
{
	struct judge *j = l->j;
	struct pending *p;
	va_list ap;

	if (j->n_pending == PENDING_MAX) {
		finding_omitted(j, rule, sev);
		return;
	}
	if (array_room(&j->pending, j->n_pending + 1, &j->cap_pending, sizeof(*p))) {
		j->failed = true;
		return;
	}
	p = &j->pending[j->n_pending++];
	fill(l, &p->f, rule, sev, party);
	va_start(ap, fmt);
	vsnprintf(p->f.text, sizeof(p->f.text), fmt, ap);
	va_end(ap);
	p->end_ns = l->end_ns;
	p->reads = reads;
}

/* How a pending finding comes out. */
enum fate { FATE_STANDS, FATE_DROPPED, FATE_UNSURE };

static void settle_pending(struct judge *j, size_t i, enum fate fate)
{
	struct pending p = j->pending[i];

	memmove(j->pending + i, j->pending + i + 1, (j->n_pending - i - 1) * sizeof(*j->pending));
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

void pending_unsettled(struct judge *j, uint32_t device, uint64_t from_ns)
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

void pending_drop(struct judge *j, uint32_t device)
{
	size_t i = 0;

	while (i < j->n_pending) {
		if (device && j->pending[i].f.device != device)
			i++;
		else
			settle_pending(j, i, FATE_DROPPED);
	}
}

void pending_was_reading(struct judge *j, const struct event *ev)
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

void pending_finish(struct judge *j, const struct model *m)
{
	uint64_t last_ns = model_last_ns(m), flight_ns;

	while (j->n_pending) {
		struct pending *p = &j->pending[0];
		enum fate fate = FATE_STANDS;

		flight_ns = device_in_flight(m, p->f.device);
		if (flight_ns && p->end_ns > flight_ns)
			fate = FATE_DROPPED;
		else if (p->end_ns + TAIL_NS > last_ns)
			fate = FATE_UNSURE;
		settle_pending(j, 0, fate);
	}
}

/* ---- what follows from what ---- */

/* Is @b about the call that failed the migration, or did that follow from it? */
static bool is_about_cause(struct model *model, const struct finding *a, const struct finding *b)
{
	const struct migration *g = a->migration ? model_migration(model, a->migration) : NULL;
	uint32_t i;

	if (!g || a->rule != RULE_MIGRATION_FAILED || b->migration != a->migration)
		return false;
	for (i = 0; i < g->n_causes; i++) {
		const struct failure *f = &g->cause[i];

		if (b->device != f->device ||
		    (f->session && b->session && b->session != f->session))
			continue;
		/* ERROR is where a failed call leaves the device; the next call finds it there. */
		if (b->rule == RULE_ERROR_STATE && b->t_ns >= f->t_ns)
			return true;
		/* The call itself, or its step, which is told before it. */
		if (b->seq == f->seq || (b->t_ns >= f->t_ns && b->t_ns <= f->end_ns && b->seq))
			return true;
	}
	return false;
}

static bool causes(struct model *model, const struct finding *a, const struct finding *b)
{
	const enum rule_id *c = judge_rule(a->rule)->consequences;
	const struct session *g;

	/*
	 * A call is told when it returns and dated when it began: one that was
	 * seen to hang began before that, and was told of after it.
	 */
	if (a == b || !c || a->severity == SEV_INCONCLUSIVE)
		return false;
	/* What went wrong in one migration is no excuse in another. */
	if (a->migration && b->migration && a->migration != b->migration)
		return false;
	for (; *c != RULE_NR && *c != b->rule; c++)
		;
	if (*c == RULE_NR)
		return false;
	if (a->rule == RULE_MIGRATION_FAILED)
		return is_about_cause(model, a, b);
	if ((a->t_ns > b->t_ns && (a->seq > b->seq || !a->seq || !b->seq)) ||
	    (a->t_ns == b->t_ns && a->seq > b->seq))
		return false;
	if (a->device == b->device)
		return !a->session || !b->session || a->session <= b->session;
	/* The other side of the same migration. */
	g = b->session ? model_session(model, b->session) : NULL;
	if (g && g->peer)
		return a->session == g->peer;
	return b->rule == RULE_RESUME_SHORT || b->rule == RULE_RESUME_REJECTED;
}

/* Does the chain of causes of @f end, and not in a ring? */
static bool leads_to(const struct judge *j, const struct finding *f, uint32_t id)
{
	size_t n = 0;

	while (f && n++ < j->n_findings) {
		if (f->id == id)
			return true;
		f = f->because_of ? &j->findings[f->because_of - 1] : NULL;
	}
	return false;
}

void attach_consequences(struct judge *j, struct model *model)
{
	size_t i, k;

	for (i = 0; i < j->n_findings; i++) {
		struct finding *b = &j->findings[i];

		for (k = 0; k < j->n_findings && !b->because_of; k++) {
			struct finding *a = &j->findings[k];

			if (causes(model, a, b) && !leads_to(j, a, b->id))
				b->because_of = a->id;
		}
	}
}

/* ---- the verdict ---- */

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

bool judge_omitted_matters(const struct judge *j)
{
	return j->omitted_matters;
}

/* What follows from what is ignored does not count either: nor does the cause of it. */
static bool is_ignored(const struct judge *j, const struct finding *f)
{
	return f->ignored || (f->because_of && j->findings[f->because_of - 1].ignored);
}

bool judge_counts(const struct judge *j, const struct finding *f)
{
	if (is_ignored(j, f) || f->because_of)
		return false;
	return f->severity == SEV_ERROR || f->severity == SEV_WARNING ||
	       (f->severity == SEV_ADVICE && j->opts.strict);
}

bool judge_doubts(const struct judge *j, const struct finding *f)
{
	return f->severity == SEV_INCONCLUSIVE && !is_ignored(j, f) && !f->because_of;
}

enum verdict judge_verdict(const struct judge *j)
{
	enum verdict v = j->omitted_matters ? VERDICT_INCONCLUSIVE : VERDICT_PASS;
	size_t i;

	for (i = 0; i < j->n_findings; i++) {
		if (judge_counts(j, &j->findings[i]))
			return VERDICT_FINDINGS;
		if (judge_doubts(j, &j->findings[i]))
			v = VERDICT_INCONCLUSIVE;
	}
	return v;
}

bool judge_counts_for_protocol(const struct judge *j, const struct finding *f)
{
	/* What is attached to a failed migration is still what the protocol says. */
	return f->rule < RULE_NR && judge_rule(f->rule)->protocol && !is_ignored(j, f) &&
	       (f->severity == SEV_ERROR || f->severity == SEV_WARNING) &&
	       (!f->because_of || !judge_rule(j->findings[f->because_of - 1].rule)->protocol);
}

bool judge_doubts_protocol(const struct judge *j, const struct finding *f)
{
	return judge_doubts(j, f) && f->rule != RULE_NO_MIGRATION &&
	       f->rule != RULE_EVIDENCE_ENDS && f->rule != RULE_RAN_AGAIN &&
	       f->rule != RULE_DOWNTIME_BUDGET;
}

const char *protocol_verdict_name(uint32_t v)
{
	static const char *const names[] = { "clean", "findings", "cannot say" };

	return v < 3 ? names[v] : "unknown";
}
