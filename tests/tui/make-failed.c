// SPDX-License-Identifier: GPL-2.0-only
/*
 * make-failed.c - writes data/failed.vfs: a made-up migration that fails
 *
 * Two functions of one VM leave; the first one's read() gives EIO in STOP_COPY, the
 * VMM resets it and goes back to running.  Not part of any build: the recording is
 * in the tree, this says what is in it.  By hand:
 *
 *	gcc -std=gnu11 -I. -Iuser -o /tmp/make-failed tests/tui/make-failed.c \
 *		tests/unit/synth.c build/libvfioscope.a -lzstd -lz && /tmp/make-failed OUT.vfs
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "recording/recording.h"
#include "tests/unit/synth.h"

static void precopy(struct synth *s, uint32_t device, uint32_t stream)
{
	unsigned int i, round;

	s->device = device;
	s->stream = stream;
	for (round = 0; round < 6; round++) {
		synth_info(s, round ? 0 : 96 * MIB, round ? (40 - 5 * round) * MIB : 0);
		for (i = 0; i < (round ? 40 - 5 * round : 96); i++)
			synth_read(s, (int64_t)MIB, (400 + (i * 37) % 300) * US);
		synth_empty_run(s, -ENOMSG, 90 + 40 * round, 2 * US, 300 * US);
		synth_pause(s, 60 * MS);
	}
}

int main(int argc, char **argv)
{
	static const uint64_t flags = MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY;
	struct recording_writer *w;
	struct meta meta = { 0 };
	struct synth s;
	unsigned int i;
	size_t n;
	int fd;

	if (argc != 2)
		return 2;
	synth_init(&s);
	synth_task(&s, 4711, "qemu-system-x86", "web-07");
	synth_device(&s, 1, "0000:3b:00.2", "mlx5_vfio_pci", flags);
	synth_open(&s);
	synth_device(&s, 2, "0000:3b:00.3", "mlx5_vfio_pci", flags);
	synth_open(&s);
	synth_pause(&s, 700 * MS);
	s.device = 1;
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY), 900 * US);
	precopy(&s, 1, s.stream);
	synth_data_size(&s, 12 * MIB);
	synth_set_state(&s, SYNTH_PATH(MIG_PRE_COPY_P2P), 3 * MS);
	synth_set_state(&s, SYNTH_PATH(MIG_STOP_COPY), 12 * MS);
	for (i = 0; i < 5; i++)
		synth_read(&s, (int64_t)MIB, 700 * US);
	synth_read(&s, -EIO, 31 * MS);
	synth_set_state_fails(&s, MIG_RUNNING, EIO);
	synth_pause(&s, 20 * MS);
	synth_reset(&s);
	synth_stream_close(&s);
	synth_pause(&s, 400 * MS);

	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || recording_writer_open(&w, fd, NULL))
		return 1;
	meta_add(&meta, "tool", "vfioscope");
	meta_add(&meta, "host", "node7");
	meta_add(&meta, "note", "made up: tests/tui/make-failed.c");
	meta_add(&meta, "hook", "vfio vfio_mig_get_next_state arc fentry ok");
	meta_add(&meta, "hook", "mlx5_vfio_pci mlx5vf_save_read read fentry ok");
	recording_writer_meta(w, &meta);
	for (n = 0; n < s.n; n++)
		if (recording_writer_put(w, &s.ev[n]))
			return 1;
	if (recording_writer_end(w))
		return 1;
	meta_clear(&meta);
	synth_free(&s);
	return recording_writer_close(w) ? 1 : 0;
}
