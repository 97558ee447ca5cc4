// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_tui.c - the scope with ten million events: memory, keys, frames
 *
 * Usage: bench_tui [EVENTS [DEVICES]]	(without: of one device, and of 32 in 8 VMs)
 *
 * Targets: a key answered within 50 ms, also where a filter matches nothing; a frame under
 * 16 ms; taking 100,000 events a second within 10 % of a core.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/synth.h"
#include "tui/scope.h"
#include "tui/store.h"

static double now(void)
{
	struct timespec ts;

	/* What it costs, whatever else runs on the machine. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

struct stat {
	double max, sum;
	unsigned int n;
};

static void took(struct stat *st, double s)
{
	st->sum += s;
	st->n++;
	if (s > st->max)
		st->max = s;
}

/* One key and the frame that answers it. */
static void press(struct scope *s, int key, struct stat *keys, struct stat *frames)
{
	double t0 = now(), t1, t2;

	scope_key(s, key);
	t1 = now();
	scope_draw(s);
	t2 = now();
	took(keys, t2 - t0);
	took(frames, t2 - t1);
}

/* A device: what the builder knows of it while another one acts. */
struct end {
	uint32_t device, pid, stream, state;
};

static void act(struct synth *y, const struct end *e)
{
	y->device = e->device;
	y->pid = y->tid = e->pid;
	y->stream = e->stream;
	y->state = e->state;
}

static void acted(const struct synth *y, struct end *e)
{
	e->stream = y->stream;
	e->state = y->state;
}

static int take(struct scope *s, struct synth *y, uint64_t *n)
{
	size_t i;

	for (i = 0; i < y->n; i++) {
		y->ev[i].seq = ++*n;
		if (scope_feed(s, &y->ev[i]))
			return -1;
	}
	y->n = 0;
	return 0;
}

static void open_device(struct synth *y, struct end *e, uint32_t i)
{
	char name[EVENT_NAME_LEN];

	*e = (struct end){ .device = i + 1, .pid = 4711 + i / 4, .state = MIG_RUNNING };
	if (i % 4 == 0) {
		snprintf(name, sizeof(name), "web-%02u", i / 4);
		y->pid = y->tid = e->pid;
		synth_task(y, e->pid, "qemu-system-x86", name);
	}
	snprintf(name, sizeof(name), "0000:%02x:00.%u", 0x3b + i / 4, i % 4);
	synth_device(y, e->device, name, "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	act(y, e);
	synth_open(y);
	acted(y, e);
}

/* One after the other, as a VMM with several devices does it: asks, reads, finds nothing more. */
static void a_turn(struct synth *y)
{
	unsigned int i;

	synth_info(y, rnd(4) ? 0 : rnd(64) * MIB, rnd(1u << 28));
	for (i = 0; i < 20; i++)
		synth_read(y, (int64_t)MIB, (50 + rnd(40)) * US);
	synth_empty_run(y, -42, 1, US, 0);
	synth_empty_run(y, -42, (uint32_t)(2 + rnd(50)), US, 40 * US);
}

/* Long pre-copies of all devices side by side; every million events a VM has migrated once more. */
static uint64_t fill(struct scope *s, uint64_t events, uint32_t devices)
{
	struct end *end = calloc(devices, sizeof(*end));
	uint64_t n = 0, next = 0;
	struct synth y;
	uint32_t i;

	synth_init(&y);
	for (i = 0; end && i < devices; i++)
		open_device(&y, &end[i], i);
	while (end && n < events) {
		/* One after the other: the first time all, then a VM each time. */
		bool migrate = n >= next;
		uint32_t vm = (uint32_t)(next / 1000000) % ((devices + 3) / 4);

		next += migrate ? 1000000 : 0;
		for (i = 0; i < devices; i++) {
			act(&y, &end[i]);
			if (migrate && (next == 1000000 || i / 4 == vm)) {
				struct synth_plan p = { .precopy = true,
							.precopy_reads = 20,
							.stop_copy_reads = 10 };

				if (y.state != MIG_RUNNING)
					synth_reset(&y);
				synth_source(&y, &p);
				synth_reset(&y);
				synth_set_state(&y, SYNTH_PATH(MIG_PRE_COPY), MS);
			}
			a_turn(&y);
			acted(&y, &end[i]);
			if (take(s, &y, &n))
				n = events = 0;
		}
	}
	free(end);
	synth_free(&y);
	return n;
}

static long resident_kib(void)
{
	long pages = 0, skip;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%ld %ld", &skip, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * 4;
}

/* A key where there is a filter that lets nothing through, the worst that a step can meet. */
static void filtered(struct scope *s)
{
	static const int keys[] = { SKEY_LEFT, SKEY_RIGHT, SKEY_PGUP, SKEY_PGDN, 'g', 'G' };
	struct stat k = { 0 }, f = { 0 };
	size_t i, r;

	scope_command(s, "last");
	scope_command(s, "filter nothing has these words");
	scope_draw(s);
	for (r = 0; r < 20; r++)
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			press(s, keys[i], &k, &f);
	scope_command(s, "filter");
	printf("tui: a filter that matches nothing: keys mean %.2f ms, max %.2f ms (target 50)\n",
	       k.sum / k.n * 1e3, k.max * 1e3);
}

static int measure(uint64_t events, uint32_t devices)
{
	static const int keys[] = { ' ', '[', ']', '{',	       '}',	 'n',	  '+', '+', '+',
				    '+', '-', '0', '1',	       '2',	 '3',	  '4', '5', '6',
				    '7', '8', '9', 't',	       'e',	 'e',	  'd', 'v', 'V',
				    'D', 'u', 'u', SKEY_ENTER, SKEY_ESC, SKEY_ESC };
	struct scope_options o = { .live = false };
	struct stat k = { 0 }, f = { 0 }, seek = { 0 }, seek_frame = { 0 }, step = { 0 },
		    step_frame = { 0 };
	struct scope *s = scope_create(&o);
	long before = resident_kib();
	double t0, t1;
	char cmd[64];
	size_t i, r;
	uint64_t n;

	if (!s)
		return 1;
	t0 = now();
	n = fill(s, events, devices);
	t1 = now();
	if (!n)
		return 1;
	printf("tui: %u devices, %llu events taken in %.2f s: %.0f ns each; 100000/s are %.1f %% of a core\n",
	       devices, (unsigned long long)n, t1 - t0, (t1 - t0) / (double)n * 1e9,
	       (t1 - t0) / (double)n * 1e5 * 100);
	printf("tui: %ld MiB resident, %.1f bytes an event\n", (resident_kib() - before) / 1024,
	       (double)(resident_kib() - before) * 1024 / (double)n);
	scope_resize(s, 60, 200);
	for (r = 0; r < 10; r++)
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			press(s, keys[i], &k, &f);
	scope_command(s, "zoom-fit");
	for (r = 0; r < 200; r++) {
		snprintf(cmd, sizeof(cmd), "seek %llums", (unsigned long long)rnd(300000));
		t0 = now();
		scope_command(s, cmd);
		scope_draw(s);
		took(&seek, now() - t0);
		t0 = now();
		scope_draw(s);
		took(&seek_frame, now() - t0);
		for (i = 0; i < 5; i++)
			press(s, i % 2 ? SKEY_RIGHT : SKEY_LEFT, &step, &step_frame);
	}
	printf("tui: keys       mean %6.2f ms, max %6.2f ms (with the frame; target 50)\n",
	       k.sum / k.n * 1e3, k.max * 1e3);
	printf("tui: frames     mean %6.2f ms, max %6.2f ms (200x60; target 16)\n",
	       f.sum / f.n * 1e3, f.max * 1e3);
	printf("tui: random seek mean %6.2f ms, max %6.2f ms (with the frame)\n",
	       seek.sum / seek.n * 1e3, seek.max * 1e3);
	printf("tui: steps      mean %6.2f ms, max %6.2f ms (with the frame)\n",
	       step.sum / step.n * 1e3, step.max * 1e3);
	printf("tui: frames of a moment already there mean %6.2f ms, max %6.2f ms\n",
	       seek_frame.sum / seek_frame.n * 1e3, seek_frame.max * 1e3);
	filtered(s);
	scope_destroy(s);
	return 0;
}

/* In a process of its own: what one leaves behind is not the next one's. */
static int measure_apart(uint64_t events, uint32_t devices)
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		exit(measure(events, devices));
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

int main(int argc, char **argv)
{
	uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000000;

	if (argc > 2)
		return measure(events, (uint32_t)strtoul(argv[2], NULL, 0));
	return measure_apart(events, 1) || measure_apart(events, 32);
}
