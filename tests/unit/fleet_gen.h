/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fleet_gen.h - recordings of a fleet, made up: one side of one migration each
 */
#ifndef VFIOSCOPE_TESTS_FLEET_GEN_H
#define VFIOSCOPE_TESTS_FLEET_GEN_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording/recording.h"
#include "tests/unit/synth.h"
#include "view/summarise.h"

struct fleet_side {
	const char *host, *vm, *driver, *kernel;
	uint32_t pid;
	bool destination;
	uint64_t after_ns; /* of the fleet's first moment it begins */
	struct synth_plan plan;
	uint64_t arc_ns; /* more in the last arc of the source: a driver that is slower */
	bool without_summary;
};

static inline void fleet_events(struct synth *s, const struct fleet_side *x)
{
	size_t i;

	synth_init(s);
	for (i = 0; i < s->n; i++)
		if (s->ev[i].kind == EV_CLOCK)
			s->ev[i].clock.realtime_ns += x->after_ns;
	synth_device(s, 1, x->destination ? "0000:02:00.0" : "0000:01:00.0", x->driver,
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_task(s, x->pid, "qemu", x->vm);
	synth_open(s);
	if (!x->destination) {
		synth_source(s, &x->plan);
		return;
	}
	/* It is asked for its data FD with the source, and gets its bytes later. */
	synth_pause(s, 15 * MS);
	synth_destination(s, (x->plan.precopy_reads + x->plan.stop_copy_reads) * MIB +
				     (x->plan.precopy ? 96 * KIB : 0));
}

static inline int fleet_write(const char *path, const struct fleet_side *x)
{
	struct summariser *sum = x->without_summary ? NULL : summariser_create(NULL);
	struct recording_writer *w;
	struct meta meta = { 0 };
	struct synth s;
	size_t i;
	int fd, err;

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || recording_writer_open(&w, fd, NULL))
		return -1;
	fleet_events(&s, x);
	meta_add(&meta, "host", x->host);
	meta_add(&meta, "kernel", x->kernel);
	meta_addf(&meta, "boot_id", "boot-of-%s", x->host);
	err = recording_writer_meta(w, &meta);
	for (i = 0; i < s.n && !err; i++) {
		summariser_take(sum, &s.ev[i]);
		err = recording_writer_put(w, &s.ev[i]);
	}
	summariser_write(sum, w, &meta, NULL);
	if (!err)
		err = recording_writer_end(w);
	if (recording_writer_close(w))
		err = -1;
	summariser_destroy(sum);
	synth_free(&s);
	meta_clear(&meta);
	return err;
}

#endif
