/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recording_gen.h - events for the recording's tests, benchmark and golden files
 *
 * Everything comes from one seed, and the same seed gives the same events on
 * every machine.
 */
#ifndef VFIOSCOPE_TESTS_RECORDING_GEN_H
#define VFIOSCOPE_TESTS_RECORDING_GEN_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"

struct gen {
	uint64_t s;
};

static inline uint64_t gen_u64(struct gen *g)
{
	uint64_t z = (g->s += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline uint64_t gen_below(struct gen *g, uint64_t n)
{
	return gen_u64(g) % n;
}

/* About normal, standard deviation @sigma: the sum of twelve dice. */
static inline int64_t gen_noise(struct gen *g, int64_t sigma)
{
	int64_t sum = 0;
	int i;

	for (i = 0; i < 12; i++)
		sum += (int64_t)gen_below(g, 1 << 20);
	return (sum - 6 * (1 << 20)) * sigma / (1 << 20);
}

/* A number of any size, the odd ones often. */
static inline uint64_t gen_any(struct gen *g)
{
	static const uint64_t odd[] = {
		0,
		1,
		UINT64_MAX,
		INT64_MAX,
		(uint64_t)INT64_MIN,
		UINT32_MAX,
		UINT64_MAX - 1,
		1ULL << 32,
		1048576,
	};

	uint64_t v;

	if (!gen_below(g, 3))
		return odd[gen_below(g, sizeof(odd) / sizeof(odd[0]))];
	/* One after the other: which of two comes first is the compiler's choice. */
	v = gen_u64(g);
	return v >> gen_below(g, 64);
}

static inline void gen_string(struct gen *g, char *s, size_t size)
{
	size_t n = gen_below(g, 4) ? gen_below(g, size) : size - 1, i;

	for (i = 0; i < n; i++)
		s[i] = 1 + gen_below(g, 255);
	memset(s + n, 0, size - n);
}

/* One event of @kind with every field set to anything at all. */
static inline void gen_event(struct gen *g, uint32_t kind, struct event *ev)
{
	const struct event_field *f;
	size_t i, n;

	memset(ev, 0, sizeof(*ev));
	ev->kind = kind;
	ev->t_ns = gen_any(g);
	ev->dur_ns = gen_any(g);
	ev->ret = (int64_t)gen_any(g);
	ev->cpu = gen_any(g);
	ev->pid = gen_below(g, 2) ? gen_below(g, 4) : gen_any(g);
	ev->tid = gen_below(g, 2) ? gen_below(g, 4) : gen_any(g);
	ev->device = gen_any(g);
	ev->stream = gen_any(g);
	ev->host = gen_below(g, 2) ? gen_below(g, 3) : gen_any(g);
	if (gen_below(g, 2))
		gen_string(g, ev->comm, sizeof(ev->comm));
	f = event_fields(kind, &n);
	for (i = 0; i < n; i++) {
		char *p = (char *)ev + f[i].offset;

		if (f[i].type == EF_STR) {
			gen_string(g, p, f[i].size);
		} else if (f[i].size == 8) {
			uint64_t v = gen_any(g);

			memcpy(p, &v, 8);
		} else {
			uint32_t v = gen_any(g);

			memcpy(p, &v, 4);
		}
	}
}

static inline uint32_t gen_kind(struct gen *g)
{
	uint32_t k;

	do {
		k = gen_below(g, EV_KIND_NR);
	} while (!event_kind_name(k));
	return k;
}

/*
 * A migration as QEMU drives it: one thread, pre-copy, 1 MiB reads with an
 * info query now and then, empty reads, and stop-copy; call after call, in
 * order of completion.
 */
struct gen_migration {
	struct gen g;
	uint64_t t; /* now */
	uint64_t i; /* calls so far */
	uint64_t dirty;
	int64_t read_ns, read_sigma, think_ns, think_sigma;
	unsigned int empty_percent;
};

static inline void gen_migration_init(struct gen_migration *m, uint64_t seed)
{
	*m = (struct gen_migration){
		.g = { seed },
		.t = 81234567890123ULL,
		.dirty = 3ULL << 30,
		.read_ns = 310000,
		.read_sigma = 9000,
		.think_ns = 42000,
		.think_sigma = 2500,
		.empty_percent = 0,
	};
}

static inline void gen_migration_next(struct gen_migration *m, struct event *ev)
{
	uint64_t i = m->i++;

	memset(ev, 0, sizeof(*ev));
	ev->pid = 4711;
	ev->tid = 4733;
	memcpy(ev->comm, "live_migration", 14);
	ev->cpu = (i / 5000) % 4;
	ev->device = 1;
	ev->stream = 1;
	m->t += m->think_ns + gen_noise(&m->g, m->think_sigma);
	ev->t_ns = m->t;
	if (i == 0) {
		ev->kind = EV_DEVICE;
		ev->stream = 0;
		strcpy(ev->device_def.name, "0000:3b:00.2");
		strcpy(ev->device_def.driver, "mlx5_vfio_pci");
		strcpy(ev->device_def.bus, "pci");
		ev->device_def.migration_flags = 7;
	} else if (i == 1) {
		ev->kind = EV_TASK;
		ev->device = 0;
		ev->stream = 0;
		strcpy(ev->task_def.vm, "web-17");
	} else if (i == 2) {
		ev->kind = EV_CLOCK;
		ev->device = 0;
		ev->stream = 0;
		ev->clock.realtime_ns = 1795305600000000000ULL;
		ev->clock.boottime_ns = m->t + 5;
	} else if (i == 3) {
		ev->kind = EV_ARC;
		ev->arc.from = MIG_RUNNING;
		ev->arc.to = MIG_PRE_COPY;
		ev->arc.target = MIG_PRE_COPY;
		ev->stream = 0;
	} else if (i == 4) {
		ev->kind = EV_SET_STATE;
		ev->set_state.target = MIG_PRE_COPY;
		ev->stream = 0;
	} else if (i == 5) {
		ev->kind = EV_STREAM_OPEN;
		strcpy(ev->stream_open.name, "mlx5vf_mig");
		ev->stream_open.ops = 0x1f;
		ev->stream_open.hooked = 0x1f;
	} else if (i % 64 == 0) {
		ev->kind = EV_PRECOPY_INFO;
		ev->dur_ns = 1900 + gen_noise(&m->g, 250);
		ev->precopy_info.dirty_bytes = m->dirty;
	} else if (gen_below(&m->g, 100) < m->empty_percent) {
		ev->kind = EV_READ;
		ev->ret = -ENOMSG;
		ev->io.size = 1048576;
		ev->dur_ns = 900 + gen_noise(&m->g, 90);
	} else {
		ev->kind = EV_READ;
		ev->ret = 1048576;
		ev->io.size = 1048576;
		ev->dur_ns = m->read_ns + gen_noise(&m->g, m->read_sigma);
		m->dirty -= m->dirty > 1048576 ? 1048576 : 0;
	}
	m->t += ev->dur_ns;
}

#endif
