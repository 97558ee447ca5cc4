/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge_help.h - made-up sessions and what the judge says of them, as a line
 *
 * judge_line() gives the findings in order of rule: "rule" for an error or a
 * warning, "~rule" advice, "?rule" inconclusive, a trailing "<" for a declared
 * consequence; then the verdict: "data-after-eof | findings".
 */
#ifndef VFIOSCOPE_TESTS_JUDGE_HELP_H
#define VFIOSCOPE_TESTS_JUDGE_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/judge.h"
#include "tests/unit/synth.h"

#define OPS_POLL (STREAM_OP_READ | STREAM_OP_POLL | STREAM_OP_IOCTL | STREAM_OP_RELEASE)

static struct judge_opts opts;
static struct judge_evidence evidence;

static inline struct event *last(struct synth *s)
{
	return &s->ev[s->n - 1];
}

static inline void judge_synth(const struct synth *s, struct model **mp, struct judge **jp)
{
	struct model *m = model_create();
	struct judge *j = judge_create(&opts);
	struct event_context ctx;
	size_t i;

	if (!m || !j)
		abort();
	for (i = 0; i < s->n; i++)
		if (model_feed(m, &s->ev[i], &ctx) || judge_feed(j, m, &s->ev[i], &ctx))
			abort();
	if (judge_finish(j, m, &evidence))
		abort();
	*mp = m;
	*jp = j;
}

static inline const char *judge_line(const struct judge *j)
{
	static char line[4096];
	size_t i, len = 0;
	uint32_t rule;

	line[0] = '\0';
	for (rule = 0; rule < RULE_NR; rule++) {
		for (i = 0; i < judge_findings(j); i++) {
			const struct finding *f = judge_finding(j, i);

			/* Of very many the first say enough. */
			if (f->rule != rule || len > sizeof(line) - 256)
				continue;
			len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s%s%s ",
						f->severity == SEV_ADVICE	? "~" :
						f->severity == SEV_INCONCLUSIVE ? "?" :
										  "",
						judge_rule(rule)->name, f->because_of ? "<" : "",
						f->ignored ? "!" : "");
		}
	}
	snprintf(line + len, sizeof(line) - len, "| %s", verdict_name(judge_verdict(j)));
	return line;
}

/* A device that runs, opened by QEMU. */
static inline void begin(struct synth *s, const char *driver, uint64_t flags)
{
	synth_device(s, 1, "0000:3b:00.2", driver, flags);
	synth_task(s, 100, "mig/src/main", "web-07");
	synth_open(s);
}

static inline void precopy(struct synth *s)
{
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY), MS);
}

static inline void stop_copy(struct synth *s)
{
	synth_set_state(s, SYNTH_PATH(MIG_PRE_COPY_P2P), MS);
	synth_set_state(s, SYNTH_PATH(MIG_STOP_COPY), MS);
}

/* Clean up, and let enough time pass that nothing can be under way. */
static inline void end(struct synth *s)
{
	synth_set_state(s, SYNTH_PATH(MIG_STOP), MS);
	synth_stream_close(s);
	synth_close(s);
	synth_pause(s, 2 * SEC);
	synth_add(s, EV_MARK, 0, 0)->device = 0;
}

static inline void drain(struct synth *s)
{
	synth_read(s, MIB, 50 * US);
	synth_read(s, 0, 2 * US);
	end(s);
}

/* PRE_COPY with 4 MiB initial data, all of it read. */
static inline void initial(struct synth *s)
{
	int i;

	precopy(s);
	synth_info(s, 4 * MIB, 0);
	for (i = 0; i < 4; i++)
		synth_read(s, MIB, 50 * US);
	synth_info(s, 0, 0);
}

#endif
