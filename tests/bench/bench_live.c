// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_live.c - what the scope costs while events come at 100,000 a second
 *
 * Usage: bench_live [SECONDS [EVENTS-PER-SECOND]]
 *
 * A process at a pseudo-terminal of 200x60 is given events at that pace, each ending when it
 * is handed out; its user and system time is told.  Twice: `live --record` without the kernel (a
 * source that paces itself, folding, a recording, the scope; what the ring buffer costs is not in
 * it), and `vfioscope replay -` on a pipe.
 *
 * Targets: under 10 % of a core; a key answered within 50 ms, which a busy machine may spoil.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recording/fold.h"
#include "recording/recording.h"
#include "tests/unit/synth.h"
#include "tui/tui.h"

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

/* ---- events on time ---- */

struct paced {
	struct event_source source;
	struct synth y;
	size_t at; /* in y, which is repeated from @again on */
	size_t again;
	uint64_t given, rate, begin_ns, seconds;
	struct meta meta;
};

/* A pre-copy that reads, asks, and spins at the end of what there is. */
static void make_up(struct paced *p)
{
	uint64_t n;
	size_t i;

	synth_init(&p->y);
	synth_task(&p->y, 4711, "qemu-system-x86", "web-07");
	synth_device(&p->y, 1, "0000:3b:00.2", "mlx5_vfio_pci",
		     MIG_FLAG_STOP_COPY | MIG_FLAG_P2P | MIG_FLAG_PRE_COPY);
	synth_open(&p->y);
	synth_set_state(&p->y, SYNTH_PATH(MIG_PRE_COPY), MS);
	synth_info(&p->y, 64 * MIB, 0);
	p->again = p->y.n;
	for (n = 0; n < 4096; n++) {
		synth_info(&p->y, 0, (n * 2654435761U) % (1U << 28));
		for (i = 0; i < 20; i++)
			synth_read(&p->y, (int64_t)MIB, (n * 7 + i * 11) % 9000 + 200);
		/* Not folded yet: as the kernel tells them. */
		for (i = 0; i < 4; i++)
			synth_empty_run(&p->y, -ENOMSG, 1, US, 0);
	}
}

static int paced_next(struct event_source *src, struct event *ev, int timeout_ms)
{
	struct paced *p = (struct paced *)src;
	uint64_t now = clock_ns(CLOCK_MONOTONIC), due;

	if (!p->begin_ns)
		p->begin_ns = now;
	if (p->given >= p->seconds * p->rate)
		return -ENODATA;
	due = p->begin_ns + (uint64_t)((unsigned __int128)p->given * SEC / p->rate);
	if (due > now) {
		/* As the ring buffer, which wakes nobody for a few events. */
		if (timeout_ms)
			poll(NULL, 0, timeout_ms);
		now = clock_ns(CLOCK_MONOTONIC);
		if (due > now)
			return 0;
	}
	*ev = p->y.ev[p->at++];
	if (p->at == p->y.n)
		p->at = p->again;
	ev->seq = ++p->given;
	ev->t_ns = due - ev->dur_ns;
	return 1;
}

static const struct meta *paced_meta(struct event_source *src)
{
	return &((struct paced *)src)->meta;
}

static void paced_health(struct event_source *src, struct source_health *out)
{
	(void)src;
	*out = (struct source_health){ .ended = true };
}

static const char *paced_error(struct event_source *src)
{
	(void)src;
	return "";
}

static struct event_source *paced(struct paced *p, uint64_t seconds, uint64_t rate)
{
	static const struct event_source_ops ops = {
		.next = paced_next,
		.meta = paced_meta,
		.health = paced_health,
		.error = paced_error,
	};

	memset(p, 0, sizeof(*p));
	p->source.ops = &ops;
	p->seconds = seconds;
	p->rate = rate;
	make_up(p);
	return &p->source;
}

/* ---- the live path ---- */

struct live {
	struct event_sink sink;
	struct recording_writer *writer;
	struct scope *scope;
	struct fold *fold;
};

static int live_put(struct event_sink *sink, const struct event *ev)
{
	struct live *l = (struct live *)sink;
	int err = recording_writer_put(l->writer, ev);

	return err ?: scope_feed(l->scope, ev);
}

static int live_tick(void *arg, uint64_t now_ns, struct scope_status *st)
{
	struct live *l = arg;
	struct recording_writer_stats stats;

	fold_tick(l->fold, now_ns);
	recording_writer_stats(l->writer, &stats);
	st->recording = true;
	st->recorded_bytes = stats.bytes;
	return recording_writer_tick(l->writer, now_ns);
}

/* In the process at the terminal; its time goes to @fd. */
static int live(uint64_t seconds, uint64_t rate, int fd)
{
	struct scope_options so = { .live = true };
	struct live l = { .sink.put = live_put };
	struct tui_trace trace = { .tick = live_tick, .arg = &l };
	struct tui_options to = { .trace = &trace, .color = true, .duration_ns = seconds * SEC };
	char path[] = "/tmp/bench_live.XXXXXX", err[TUI_ERR_LEN];
	uint64_t begin, spent[2];
	struct paced p;

	trace.src = paced(&p, seconds, rate);
	trace.scope = l.scope = scope_create(&so);
	if (recording_writer_open(&l.writer, mkstemp(path), NULL) || fold_open(&l.fold, &l.sink, 0))
		return 1;
	unlink(path);
	trace.sink = fold_sink(l.fold);
	begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (tui_run(&to, err)) {
		fprintf(stderr, "bench_live: %s\n", err);
		return 1;
	}
	spent[0] = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
	spent[1] = p.given;
	return write(fd, spent, sizeof(spent)) != sizeof(spent);
}

/* ---- both ---- */

/* How long keys waited for their answer. */
struct answers {
	uint64_t sum_ns, max_ns;
	unsigned int n;
};

/*
 * Take what is written to the terminal, until nobody has it any more; how much.  Every half
 * second somebody asks for the help and looks when it comes, then closes it.
 */
static size_t drain(int fd, struct answers *a)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now, asked = 0, last = clock_ns(CLOCK_MONOTONIC) + SEC / 2;
	bool open = false;
	char buf[65536];
	size_t all = 0;
	ssize_t n;

	for (;;) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (a && !asked && now > last + SEC / 4) {
			if (write(fd, "?", 1) != 1)
				break;
			last = now;
			asked = open ? 0 : now;
			open = !open;
		}
		if (poll(&p, 1, 5) == 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		all += (size_t)n;
		if (!asked || !memmem(buf, (size_t)n, "HELP", 4))
			continue;
		now = clock_ns(CLOCK_MONOTONIC) - asked;
		a->sum_ns += now;
		a->max_ns = now > a->max_ns ? now : a->max_ns;
		a->n++;
		asked = 0;
		last = clock_ns(CLOCK_MONOTONIC);
	}
	return all;
}

static void tell(const char *what, uint64_t cpu_ns, uint64_t seconds, uint64_t events,
		 size_t written)
{
	printf("%s: %llu events in %llu s: %.2f s of cpu, %.1f %% of a core (target 10), %zu KiB/s to the terminal\n",
	       what, (unsigned long long)events, (unsigned long long)seconds, (double)cpu_ns / 1e9,
	       (double)cpu_ns / (double)seconds / 1e7, written / seconds / 1024);
	fflush(stdout);
}

static int bench_live(uint64_t seconds, uint64_t rate)
{
	struct winsize size = { .ws_row = 60, .ws_col = 200 };
	int master, fds[2], status;
	struct answers keys = { 0 };
	uint64_t spent[2];
	size_t written;
	pid_t pid;

	if (pipe(fds))
		return 1;
	pid = forkpty(&master, NULL, NULL, &size);
	if (pid == 0)
		_exit(live(seconds, rate, fds[1]));
	close(fds[1]);
	written = drain(master, &keys);
	waitpid(pid, &status, 0);
	if (status || read(fds[0], spent, sizeof(spent)) != sizeof(spent))
		return 1;
	tell("live", spent[0], seconds, spent[1], written);
	printf("live: %u keys answered in %.1f ms on average, %.1f ms at most, by the clock on the wall (target 50)\n",
	       keys.n, keys.n ? (double)keys.sum_ns / keys.n / 1e6 : 0.0,
	       (double)keys.max_ns / 1e6);
	if (spent[1] < seconds * rate * 9 / 10)
		printf("live: the pace was not kept: this machine is too slow or too busy\n");
	close(master);
	return 0;
}

/* A recorder at the other end of the pipe. */
static int record(uint64_t seconds, uint64_t rate, int fd)
{
	struct event_source *src;
	struct recording_writer *w;
	struct paced p;
	struct event ev;
	int n;

	src = paced(&p, seconds, rate);
	if (recording_writer_open(&w, fd, NULL))
		return 1;
	while ((n = paced_next(src, &ev, 20)) >= 0)
		if (n ? recording_writer_put(w, &ev) :
			recording_writer_tick(w, clock_ns(CLOCK_MONOTONIC)))
			return 1;
	return recording_writer_end(w) || recording_writer_close(w);
}

static int bench_pipe(const char *tool, uint64_t seconds, uint64_t rate)
{
	struct winsize size = { .ws_row = 60, .ws_col = 200 };
	int master, fds[2], status;
	struct rusage used;
	size_t written;
	pid_t pid, from, quit;

	if (pipe(fds))
		return 1;
	pid = forkpty(&master, NULL, NULL, &size);
	if (pid == 0) {
		dup2(fds[0], 0);
		close(fds[0]);
		close(fds[1]);
		execl(tool, tool, "replay", "-", NULL);
		_exit(127);
	}
	from = fork();
	if (from == 0) {
		close(fds[0]);
		_exit(record(seconds, rate, fds[1]));
	}
	close(fds[0]);
	close(fds[1]);
	quit = fork();
	if (quit == 0) {
		sleep((unsigned int)seconds);
		_exit(write(master, "q", 1) != 1);
	}
	written = drain(master, NULL);
	wait4(pid, &status, 0, &used);
	kill(from, SIGTERM);
	waitpid(from, NULL, 0);
	waitpid(quit, NULL, 0);
	close(master);
	if (status)
		return 1;
	tell("replay -",
	     (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SEC +
		     (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * US,
	     seconds, seconds * rate, written);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 0) : 10;
	uint64_t rate = argc > 2 ? strtoull(argv[2], NULL, 0) : 100000;

	signal(SIGPIPE, SIG_IGN);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setlocale(LC_ALL, "");
	return bench_live(seconds, rate) || bench_pipe("build/vfioscope", seconds, rate);
}
