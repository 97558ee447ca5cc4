// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_exercise.c - any words as options of exercise, and any figures for its decisions
 *
 * Behind the first byte, which says what it is, is a word; for the policy, numbers as a
 * device might give them.  Nothing is ever made of a word that is refused but one line;
 * what is taken is in its range; the policy's patience ends.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exercise/exercise.h"
#include "tests/fuzz/fuzz.h"

static void refused(int rc, const char *err)
{
	if (rc != -EINVAL || !memchr(err, 0, EXERCISE_ERR_LEN) || !err[0])
		fuzz_die("a word is refused, and not said why");
}

/* A source that goes on for ever is left, for whatever reason, by the limit at the latest. */
static void decide(struct bytes *b)
{
	struct policy p = { .kind = take8(b) % (POLICY_NONE + 1) };
	struct policy_view v;
	enum policy_answer a = POLICY_STAY;
	uint64_t now;

	p.value = take_odd(b, 0);
	p.limit_ns = take_odd(b, 0);
	now = take(b, 6);
	policy_begin(&v, now);
	while (b->n && a == POLICY_STAY) {
		switch (take8(b) & 3) {
		case 0:
			policy_info(&v, take_odd(b, v.initial), take_odd(b, v.dirty));
			break;
		case 1:
			policy_read(&v, take_odd(b, v.dirty));
			break;
		default:
			now += take(b, 6);
		}
		policy_left(&v);
		policy_deadline(&p, &v);
		a = policy_ask(&p, &v, now);
	}
	if (a == POLICY_STAY && policy_ask(&p, &v, UINT64_MAX) == POLICY_STAY &&
	    v.began_ns + p.limit_ns >= v.began_ns)
		fuzz_die("the limit of a stay in pre-copy is passed over");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exercise_plan p = { .device = "0000:01:00.0", .policy.limit_ns = 1000000000 };
	struct bytes b = { data, size };
	char word[400], err[EXERCISE_ERR_LEN];
	uint8_t how;
	int rc;

	if (!size)
		return 0;
	fuzz_begin();
	how = take8(&b);
	if (how % 7 == 6) {
		decide(&b);
		return 0;
	}
	memset(word, 0, sizeof(word));
	memset(err, 0, sizeof(err));
	memcpy(word, b.p, b.n < sizeof(word) ? b.n : sizeof(word) - 1);
	switch (how % 7) {
	case 0:
		rc = exercise_parse_switch(word, &p.policy, err);
		if (!rc && p.policy.kind > POLICY_NONE)
			fuzz_die("a policy that is none");
		break;
	case 1:
		rc = exercise_parse_dirty(word, &p.dirty, err);
		if (!rc && (!p.dirty.given || p.dirty.index >= 256))
			fuzz_die("region %u", p.dirty.index);
		break;
	case 2:
		rc = exercise_parse_compare(word, &p.compare, err);
		if (!rc && (!p.compare.given || p.compare.index >= 256))
			fuzz_die("region %u", p.compare.index);
		break;
	case 3:
		rc = exercise_parse_buffer(word, &p.buffer, err);
		if (!rc && p.buffer > 1ULL << 30)
			fuzz_die("a buffer of %llu bytes", (unsigned long long)p.buffer);
		break;
	case 4:
		rc = exercise_parse_delay(word, &p, err);
		break;
	default: {
		char varied[EXERCISE_HOW_LEN];

		p.seed = take_odd(&b, 0);
		p.fault = take8(&b) % FAULT_NR;
		p.cancel = take8(&b) % (STAGE_RESUMING + 1);
		p.reset = take8(&b) % (STAGE_RESUMING + 1);
		p.no_load = take8(&b) & 1;
		p.policy.kind = take8(&b) % (POLICY_NONE + 1);
		p.to = take8(&b) & 1 ? word : NULL;
		p.with = take8(&b) & 1 ? word + 1 : NULL;
		p.vary = take8(&b) & 1;
		rc = exercise_plan_check(&p, err);
		if (!rc)
			exercise_vary(&p, (uint32_t)take(&b, 4), varied);
		if (!rc && (!memchr(varied, 0, sizeof(varied)) || p.buffer > 1ULL << 30))
			fuzz_die("chance chooses what no user could");
		break;
	}
	}
	if (rc)
		refused(rc, err);
	return 0;
}
