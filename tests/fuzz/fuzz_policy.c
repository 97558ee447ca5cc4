// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_policy.c - any bytes as a policy file, as diff's thresholds, and as one option
 *
 * What is taken holds: a budget is not 0, an arc's states have names; the lines that were
 * taken one by one are taken as a file and say the same; an error is one line.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "judge/judge.h"
#include "tests/fuzz/fuzz.h"
#include "util/units.h"
#include "view/diff.h"

/* What the text was is quoted as it is: whoever prints it makes it harmless. */
static void one_line(const char *err, size_t size, bool text_is_one)
{
	const char *end = memchr(err, 0, size);

	if (!end || !err[0])
		fuzz_die("an error does not say what is wrong");
	if (text_is_one && memchr(err, '\n', (size_t)(end - err)))
		fuzz_die("an error has more than one line: %s", err);
}

static void plausible(const struct judge_opts *o)
{
	uint32_t i;

	if (o->n_arcs > JUDGE_ARC_BUDGETS || o->n_ignore_at > JUDGE_IGNORES_AT)
		fuzz_die("more arcs or rules than there is room for");
	for (i = 0; i < o->n_arcs; i++)
		if (!o->arc[i].ns || o->arc[i].from >= MIG_STATE_NR || o->arc[i].to >= MIG_STATE_NR)
			fuzz_die("a budget of nothing, or of no state");
	for (i = 0; i < o->n_ignore_at; i++)
		if (o->ignore_at[i].rule >= RULE_NR || !o->ignore_at[i].driver[0])
			fuzz_die("no rule or no driver is ignored");
}

static void policy(const char *text, size_t len)
{
	struct judge_opts all, lines;
	char err[JUDGE_ERR_LEN];
	unsigned int line = 0, n;
	int rc;

	memset(&all, 0, sizeof(all));
	judge_opts_init(&all);
	lines = all;
	rc = judge_policy(&all, text, len, "p", &line, err);
	plausible(&all);
	if (rc)
		one_line(err, sizeof(err), true);
	all = lines;
	rc = judge_policy(&all, text, len, NULL, &line, err);
	plausible(&all);
	if (rc) {
		one_line(err, sizeof(err), true);
		if (rc != -EINVAL || (!line && !memchr(text, '[', len)))
			fuzz_die("a policy is refused, and not said why and where");
	}
	/* A profile is more than its lines. */
	if (len && memchr(text, '[', len))
		return;
	/* Line by line it is the same. */
	for (n = 1; len && !(rc && n == line); n++) {
		const char *end = memchr(text, '\n', len);
		size_t size = end ? (size_t)(end - text) + 1 : len;
		unsigned int of;

		if (judge_policy(&lines, text, size, NULL, &of, err))
			fuzz_die("line %u is refused when it is alone", n);
		text += size;
		len -= size;
	}
	if (memcmp(&all, &lines, sizeof(all)))
		fuzz_die("a policy says something else than its lines");
}

static void values(const char *text)
{
	char err[DIFF_ERR_LEN], buf[UNITS_LEN], again[UNITS_LEN];
	struct diff_options d;
	uint64_t ns, back;

	diff_options_init(&d);
	if (diff_options_set(&d, text, err))
		one_line(err, sizeof(err), !strchr(text, '\n'));
	if (!units_parse_duration(text, &ns) && strlen(units_duration(buf, ns)) >= UNITS_LEN)
		fuzz_die("a duration is too long");
	if (!units_parse_size(text, &ns) && strlen(units_size(buf, ns, false)) >= UNITS_LEN)
		fuzz_die("a size is too long");
	if (!units_parse_u64(text, &ns)) {
		snprintf(again, sizeof(again), "%llu", (unsigned long long)ns);
		if (units_parse_u64(again, &back) || back != ns)
			fuzz_die("%s is read as %llu", again, (unsigned long long)back);
	}
	if (!units_parse_rfc3339(text, &ns)) {
		units_rfc3339(again, ns);
		if (units_parse_rfc3339(again, &back) || back != ns)
			fuzz_die("%.60s is printed as %s, which is another time", text, again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	char text[120];

	if (!size)
		return 0;
	fuzz_begin();
	if (take8(&b) & 1) {
		policy((const char *)b.p, b.n);
		return 0;
	}
	memset(text, 0, sizeof(text));
	memcpy(text, b.p, b.n < sizeof(text) ? b.n : sizeof(text) - 1);
	values(text);
	return 0;
}
