// SPDX-License-Identifier: GPL-2.0-only
/*
 * vary.c - a plan that chance makes up, of what the uAPI leaves to the user
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exercise/exercise.h"
#include "exercise/random.h"
#include "util/units.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define MS  1000000ULL

/* True in @percent of all cases. */
static bool chance(struct random *r, unsigned int percent)
{
	return random_below(r, 100) < percent;
}

/* From @low to @high, each order of magnitude as likely as the next. */
static uint64_t between(struct random *r, uint64_t low, uint64_t high)
{
	double at = (double)random_below(r, 1 << 20) / (1 << 20);

	return (uint64_t)((double)low * pow((double)high / (double)low, at));
}

__attribute__((format(printf, 2, 3))) static void
say(char how[EXERCISE_HOW_LEN], const char *fmt, ...)
{
	size_t len = strlen(how);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(how + len, EXERCISE_HOW_LEN - len, fmt, ap);
	va_end(ap);
}

static void vary_switch(struct exercise_plan *p, struct random *r, char *how)
{
	char text[UNITS_LEN];

	if (chance(r, 30)) {
		p->policy.kind = POLICY_AFTER;
		p->policy.value = between(r, MS, 1500 * MS);
		say(how, "after=%s", units_duration(text, p->policy.value));
	} else if (chance(r, 30)) {
		p->policy.kind = POLICY_BELOW;
		p->policy.value = between(r, 4 * KIB, 16 * MIB);
		say(how, "below=%s", units_size(text, p->policy.value, false));
	} else if (chance(r, 20)) {
		p->policy.kind = POLICY_NONE;
		say(how, "no-precopy");
	} else if (chance(r, 30)) {
		p->policy.kind = POLICY_INITIAL;
		say(how, "initial");
	} else {
		p->policy.kind = POLICY_CONVERGED;
		say(how, "converged");
	}
}

void exercise_vary(struct exercise_plan *p, uint32_t number, char how[EXERCISE_HOW_LEN])
{
	char text[UNITS_LEN];
	struct random r;

	how[0] = '\0';
	random_seed(&r, p->seed, number * 4ULL + 3);
	vary_switch(p, &r, how);
	p->buffer = chance(&r, 50) ? 0 : between(&r, 512, 4 * MIB);
	say(how, p->buffer ? ", buffer %s" : ", random buffers", units_size(text, p->buffer, true));
	p->bandwidth = chance(&r, 40) ? between(&r, 2 * MIB, 64 * MIB) : 0;
	if (p->bandwidth && p->policy.kind != POLICY_NONE)
		say(how, ", %s/s", units_size(text, p->bandwidth, false));
	p->wait = chance(&r, 33) ? WAIT_INFO : WAIT_POLL;
	if (p->wait == WAIT_INFO && p->policy.kind != POLICY_NONE)
		say(how, ", asking");
	if (p->dirty.given) {
		p->dirty.rate = chance(&r, 10) ? 0 : between(&r, 4 * KIB, 8 * MIB);
		say(how, ", dirty %s%s",
		    p->dirty.rate ? units_size(text, p->dirty.rate, false) : "max",
		    p->dirty.rate ? "/s" : "");
	}
	/* With a sibling the P2P states are no free choice. */
	if (!p->with && !p->no_p2p && chance(&r, 10)) {
		p->no_p2p = true;
		say(how, ", no P2P");
	}
	if (chance(&r, 10)) {
		p->cancel = p->policy.kind == POLICY_NONE || chance(&r, 50) ? STAGE_STOP_COPY :
									      STAGE_PRECOPY;
		say(how, ", cancel");
	}
}
