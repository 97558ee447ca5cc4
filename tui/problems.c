// SPDX-License-Identifier: GPL-2.0-only
/*
 * problems.c - what the judge says of what is on the screen
 */
#include <stdlib.h>
#include <string.h>

#include "tui/internal.h"

bool scope_finding_of(const struct finding *f, const struct migration *g)
{
	return g && f->side && (f->side == g->source || f->side == g->destination);
}

/* The n-th finding, when it is there at the cursor; or NULL. */
static const struct finding *finding(struct scope *s, size_t i)
{
	const struct finding *f = i < judge_findings(s->judge) ? judge_finding(s->judge, i) : NULL;

	return f && f->seq <= s->cursor ? f : NULL;
}

bool scope_finding_counts(const struct finding *f)
{
	return !f->because_of && !f->ignored;
}

struct worst_first {
	bool other;
	uint32_t severity;
	bool beside;
	uint64_t seq;
	size_t i;
};

static int by_severity(const void *a, const void *b)
{
	const struct worst_first *x = a, *y = b;

	if (x->other != y->other)
		return x->other ? 1 : -1;
	if (x->beside != y->beside)
		return x->beside ? 1 : -1;
	if (x->severity != y->severity)
		return x->severity < y->severity ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq ? 1 : x->i < y->i ? -1 : 1;
}

void scope_problems(struct scope *s, struct model *m)
{
	struct worst_first all[FINDINGS_MAX];
	const struct migration *g = scope_migration(s, m);
	size_t i, n = 0;
	bool own;

	s->n_own = s->n_elsewhere = 0;
	for (i = 0; i < judge_findings(s->judge) && n < FINDINGS_MAX; i++) {
		const struct finding *f = finding(s, i);

		if (!f)
			continue;
		own = scope_finding_of(f, g);
		s->n_own += own;
		/* What is of no migration is of all: a hole, a budget of the whole. */
		if (!s->problems_all && !own && f->side && g && s->n_fleet > 1) {
			s->n_elsewhere++;
			continue;
		}
		all[n++] = (struct worst_first){ !own && !s->problems_all, f->severity,
						 !scope_finding_counts(f), f->seq, i };
	}
	qsort(all, n, sizeof(*all), by_severity);
	for (i = 0; i < n; i++)
		s->found[i] = (uint16_t)all[i].i;
	s->n_found = n;
}

const struct finding *scope_worst(struct scope *s, const struct migration *g)
{
	const struct finding *worst = NULL;
	size_t i;

	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = finding(s, i);

		if (!f || !scope_finding_counts(f) || f->severity > SEV_WARNING ||
		    !scope_finding_of(f, g))
			continue;
		/* Who failed and why is said anyhow. */
		if (f->rule == RULE_MIGRATION_FAILED)
			continue;
		if (!worst || f->severity < worst->severity)
			worst = f;
	}
	return worst;
}

size_t scope_findings(struct scope *s, const struct migration *g, uint32_t device, uint32_t *worst)
{
	size_t n = 0, i;

	*worst = SEV_INCONCLUSIVE + 1;
	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = finding(s, i);

		if (!f || !scope_finding_counts(f) || (g && !scope_finding_of(f, g)) ||
		    (device && f->device != device))
			continue;
		if (f->severity < *worst)
			*worst = f->severity;
		n++;
	}
	return n;
}

uint32_t scope_failure_party(struct scope *s, const struct migration *g)
{
	uint32_t party = judge_failure_party(&g->cause[0]);
	size_t i;

	for (i = 0; i < judge_findings(s->judge); i++) {
		const struct finding *f = finding(s, i);

		if (!f || !scope_finding_of(f, g))
			continue;
		if (f->rule == RULE_MIGRATION_FAILED)
			return f->party;
		if (party == PARTY_UNKNOWN && f->severity == SEV_ERROR && f->seq == g->cause[0].seq)
			party = f->party;
	}
	return party;
}
