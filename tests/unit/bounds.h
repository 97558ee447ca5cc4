/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bounds.h - what the tests of bounds, the model's and the judge's, have in common
 */
#ifndef VFIOSCOPE_TESTS_BOUNDS_H
#define VFIOSCOPE_TESTS_BOUNDS_H

#include "tests/unit/judged.h"

/* Long after all that was: nothing can be under way. */
static inline void much_later(void)
{
	synth_pause(&s, 20 * SEC);
	synth_add(&s, EV_MARK, 0, 0)->device = 0;
}

static inline uint32_t count_of(uint32_t rule, uint32_t severity)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		n += judge_finding(j, i)->rule == rule && judge_finding(j, i)->severity == severity;
	return n;
}

static inline const struct finding *found(uint32_t rule)
{
	size_t i;

	for (i = 0; i < judge_findings(j); i++)
		if (judge_finding(j, i)->rule == rule)
			return judge_finding(j, i);
	fail_msg("no %s in: %s", judge_rule(rule)->name, judge_line(j));
	return NULL;
}

static inline void device(uint32_t host, uint32_t pid, uint32_t number, const char *vm)
{
	s.host = host;
	synth_device(&s, number, "0000:3b:00.2", "mlx5_vfio_pci", 7);
	synth_task(&s, pid, "qemu-system-x86", vm);
	synth_open(&s);
}

static inline void stuck(uint32_t tid, uint32_t call)
{
	struct event *ev;

	s.tid = tid;
	ev = synth_add(&s, EV_STUCK, 0, 0);
	ev->stuck.call = call;
	ev->stuck.age_ns = 6 * SEC;
}

#endif
