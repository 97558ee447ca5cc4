// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_analysis.c - what an event costs from the file to the verdict
 *
 * Usage: bench_analysis [EVENTS [FILE]]
 *
 * Migrations between two processes of one host, most of their events read(),
 * write(), poll() and precopy infos, are recorded and analysed as `report` and
 * `check` do.  One line per workload: CPU time per event of the reader alone,
 * with the model, and with the judge; the heap when all is known.
 *
 * Targets: 10 million events a second, hence 100 ns an event; a heap that does
 * not grow with a longer migration; the same time an event however many devices
 * and migrations there are.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "judge/judge.h"
#include "model/model.h"
#include "recording/recording.h"
#include "tests/unit/recording_gen.h"
#include "tests/unit/synth.h"

static double cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static size_t heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* ---- the recording ---- */

struct film {
	struct synth y;
	struct gen g;
	struct recording_writer *w;
	uint64_t events;
};

/* One end of a migration: what the builder knows of it while the other one acts. */
struct end {
	uint32_t device, pid, stream, state;
};

static void enter(struct film *f, const struct end *e)
{
	f->y.device = e->device;
	f->y.pid = f->y.tid = e->pid;
	f->y.stream = e->stream;
	f->y.state = e->state;
}

static void leave(struct film *f, struct end *e)
{
	e->stream = f->y.stream;
	e->state = f->y.state;
}

static int write_out(struct film *f)
{
	size_t i;

	for (i = 0; i < f->y.n; i++)
		if (recording_writer_put(f->w, &f->y.ev[i]))
			return -1;
	f->events += f->y.n;
	f->y.n = 0;
	return 0;
}

static uint64_t about(struct film *f, uint64_t ns)
{
	return ns + (uint64_t)(gen_noise(&f->g, (int64_t)ns / 40) + (int64_t)ns / 4);
}

static void go(struct film *f, struct end *e, const uint8_t *path)
{
	enter(f, e);
	synth_set_state(&f->y, path, about(f, MS));
	leave(f, e);
}

static void move(struct film *f, const struct end *src, const struct end *dst)
{
	enter(f, src);
	synth_read(&f->y, 16 * KIB, about(f, 300 * US));
	enter(f, dst);
	synth_write(&f->y, 16 * KIB, about(f, 100 * US));
}

static void begin(struct film *f, struct end *e, const char *vm)
{
	char name[32];

	enter(f, e);
	synth_task(&f->y, e->pid, "qemu-system-x86", vm);
	snprintf(name, sizeof(name), "0000:%02x:%02x.%x", e->device >> 8 & 0xff,
		 e->device >> 3 & 0x1f, e->device & 7);
	synth_device(&f->y, e->device, name, "mlx5_vfio_pci", 7);
	synth_open(&f->y);
	leave(f, e);
}

/* At least @events of them. */
static int migrate(struct film *f, struct end *src, struct end *dst, uint32_t vm, uint64_t events)
{
	uint64_t end = f->events + events, round;
	char name[32];
	int i;

	snprintf(name, sizeof(name), "vm-%u", vm);
	begin(f, src, name);
	begin(f, dst, name);
	go(f, src, SYNTH_PATH(MIG_PRE_COPY));
	go(f, dst, SYNTH_PATH(MIG_RUNNING_P2P, MIG_STOP, MIG_RESUMING));
	for (round = 0; f->events + f->y.n < end; round++) {
		enter(f, src);
		synth_info(&f->y, round ? 0 : 64 * KIB, round ? 48 * KIB : 0);
		for (i = 0; i < 4; i++)
			move(f, src, dst);
		enter(f, src);
		if (round % 2) {
			synth_info(&f->y, 0, 0);
			synth_empty_run(&f->y, -ENOMSG, 1, about(f, US), 0);
			synth_poll(&f->y, 0x1);
		}
		if (write_out(f))
			return -1;
	}
	go(f, src, SYNTH_PATH(MIG_PRE_COPY_P2P));
	go(f, src, SYNTH_PATH(MIG_STOP_COPY));
	for (i = 0; i < 4; i++)
		move(f, src, dst);
	enter(f, src);
	synth_read(&f->y, 0, 2 * US);
	go(f, src, SYNTH_PATH(MIG_STOP));
	go(f, dst, SYNTH_PATH(MIG_STOP, MIG_RUNNING_P2P, MIG_RUNNING));
	enter(f, src);
	synth_stream_close(&f->y);
	synth_close(&f->y);
	enter(f, dst);
	synth_stream_close(&f->y);
	synth_close(&f->y);
	return write_out(f);
}

/* 0: could not. */
static uint64_t record(const char *path, uint64_t events, uint32_t migrations, uint32_t devices)
{
	struct recording_writer_opts opts = { .flush_ns = UINT64_MAX, .urgent_ns = UINT64_MAX };
	struct film f = { .g = { 1 } };
	uint64_t n = 0;
	uint32_t i;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || recording_writer_open(&f.w, fd, &opts))
		return 0;
	synth_init(&f.y);
	f.y.ops = STREAM_OP_READ | STREAM_OP_WRITE | STREAM_OP_POLL | STREAM_OP_IOCTL |
		  STREAM_OP_RELEASE;
	for (i = 0; i < migrations; i++) {
		struct end src = { .device = 1 + 2 * i % devices, .pid = 1000 + 2 * i };
		struct end dst = { .device = src.device + 1, .pid = src.pid + 1 };

		if (migrate(&f, &src, &dst, i, events / migrations))
			break;
		/* Before the VM that the next one migrates comes to be. */
		synth_pause(&f.y, 30 * SEC);
	}
	if (i == migrations && !recording_writer_end(f.w))
		n = f.events;
	recording_writer_close(f.w);
	synth_free(&f.y);
	return n;
}

/* ---- the analysis ---- */

enum depth { READ, MODEL, JUDGE };

struct cost {
	double ns; /* an event */
	uint64_t events;
	size_t heap;
	uint32_t migrations;
	enum verdict verdict;
};

static int analyse(const char *path, enum depth depth, struct cost *c)
{
	size_t before = heap();
	double t0 = cpu_now();
	struct event_context ctx;
	struct event_source *src;
	struct judge *j = depth < JUDGE ? NULL : judge_create(NULL);
	struct model *m = depth < MODEL ? NULL : model_create();
	struct event ev;
	char err[256];
	int ret = 0;

	memset(c, 0, sizeof(*c));
	if (recording_open(&src, path, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return -1;
	}
	while (!ret && src->ops->next(src, &ev, -1) == 1) {
		c->events++;
		if (m)
			ret = model_feed(m, &ev, &ctx);
		if (j && !ret)
			ret = judge_feed(j, m, &ev, &ctx);
	}
	c->heap = heap() - before;
	if (m && !ret)
		c->migrations = model_migrations(m);
	if (j && !ret)
		ret = judge_finish(j, m, NULL);
	if (j)
		c->verdict = judge_verdict(j);
	src->ops->close(src);
	judge_destroy(j);
	model_destroy(m);
	c->ns = (cpu_now() - t0) * 1e9 / (double)(c->events ? c->events : 1);
	return ret;
}

/* Between so many pairs of devices in turn, one at least. */
static int run(const char *path, uint64_t events, uint64_t migrations, uint64_t pairs)
{
	uint32_t devices = (uint32_t)(pairs ? 2 * pairs : 2);
	struct cost c[JUDGE + 1];
	uint64_t n;
	int d;

	n = record(path, events, (uint32_t)migrations, devices);
	if (!n) {
		perror(path);
		return 1;
	}
	for (d = READ; d <= JUDGE; d++)
		if (analyse(path, (enum depth)d, &c[d]))
			return 1;
	printf("analysis: %8llu events %6u migrations %5u devices: reader %5.1f  +model %5.1f  "
	       "+judge %5.1f ns/event (%5.2f M/s)  heap %6zu KiB%s\n",
	       (unsigned long long)n, (uint32_t)migrations, devices, c[READ].ns, c[MODEL].ns,
	       c[JUDGE].ns, 1e3 / c[JUDGE].ns, c[JUDGE].heap / 1024,
	       c[JUDGE].events == n && c[JUDGE].migrations == migrations &&
			       c[JUDGE].verdict == VERDICT_PASS ?
		       "" :
		       "  WRONG");
	return c[JUDGE].events != n || c[JUDGE].migrations != migrations;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
	const char *path = argc > 2 ? argv[2] : "/tmp/bench_analysis.vfs";
	int err = 0;

	err |= run(path, n, 1, 1);
	err |= run(path, 10 * n, 1, 1);
	err |= run(path, n, n / 1000, 1);
	err |= run(path, n, n / 1000, n / 10000);
	err |= run(path, 5 * n, n / 200, n / 2000);
	err |= run(path, 20 * n, n / 50, n / 500);
	unlink(path);
	return err;
}
