/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * each_help.h - record --each-migration on events made up, in a directory of the test's
 * own, with clocks that the test sets
 *
 * The modules themselves, and what they find around them.
 */
#ifndef VFIOSCOPE_TESTS_EACH_HELP_H
#define VFIOSCOPE_TESTS_EACH_HELP_H

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

/* CLOCK_MONOTONIC is where the events are; the others are so far ahead of it. */
static uint64_t mono_ns, real_ahead_ns, boot_ahead_ns;

static int fake_clock_gettime(clockid_t which, struct timespec *ts)
{
	uint64_t t = mono_ns;

	if (which == CLOCK_REALTIME)
		t += real_ahead_ns;
	if (which == CLOCK_BOOTTIME)
		t += boot_ahead_ns;
	ts->tv_sec = (time_t)(t / 1000000000);
	ts->tv_nsec = (long)(t % 1000000000);
	return 0;
}

#define clock_gettime fake_clock_gettime
#include "tests/unit/each_sources.h"
#undef clock_gettime

#include "cmd/watch.h"
#include "tests/unit/synth.h"
#include "tests/unit/tmpdir.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <utime.h>

#define REAL_AHEAD (1767323045ULL * SEC - 1000 * SEC) /* 1000 s: 2026-01-02T03:04:05Z */

/* ---- what the modules find around them ---- */

static char told[65536]; /* lines */

static void put_told(const char *fmt, va_list ap)
{
	size_t len = strlen(told);

	vsnprintf(told + len, sizeof(told) - len, fmt, ap);
	len = strlen(told);
	snprintf(told + len, sizeof(told) - len, "\n");
}

#define TELLER(name)                    \
	void name(const char *fmt, ...) \
	{                               \
		va_list ap;             \
                                        \
		va_start(ap, fmt);      \
		put_told(fmt, ap);      \
		va_end(ap);             \
	}
TELLER(cmd_note)
TELLER(cmd_tell)

int cmd_fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_told(fmt, ap);
	va_end(ap);
	return status;
}

static struct meta source_has;

static const struct meta *its_meta(struct event_source *src)
{
	(void)src;
	return &source_has;
}

static const struct event_source_ops its_ops = { .meta = its_meta };
static struct event_source source = { &its_ops };
static struct cmd_watch watch;
static char arg0[] = "record";
static char *args[] = { arg0, NULL };

static struct keep_if keeps_all; /* no condition */

static inline struct each *start(const struct shelf_limits *limits, const struct keep_if *keep_if)
{
	struct each_opts o = {
		.dir = "d",
		.keep_if = keep_if ?: &keeps_all,
		.watch = &watch,
		.src = &source,
		.argc = 1,
		.argv = args,
		.command = 1,
	};
	struct each *e;

	if (limits)
		o.limits = *limits;
	assert_int_equal(each_open(&e, &o), 0);
	return e;
}

/* Time goes on to @to, and the recorder looks about every 50 ms. */
static void wait_until(struct each *e, uint64_t to)
{
	while (mono_ns + 50 * MS < to) {
		mono_ns += 50 * MS;
		assert_int_equal(each_tick(e, mono_ns), 0);
	}
	if (to > mono_ns)
		mono_ns = to;
	assert_int_equal(each_tick(e, mono_ns), 0);
}

/* Events of several builders in order of completion. */
static inline int by_end(const void *a, const void *b)
{
	uint64_t x = event_end_ns(a), y = event_end_ns(b);

	return x < y ? -1 : x > y;
}

static void play(struct each *e, struct synth *const *s, size_t n)
{
	struct event *ev = NULL;
	size_t total = 0, i;

	for (i = 0; i < n; i++) {
		ev = realloc(ev, (total + s[i]->n) * sizeof(*ev));
		memcpy(ev + total, s[i]->ev, s[i]->n * sizeof(*ev));
		total += s[i]->n;
		s[i]->n = 0;
	}
	/* Stable: those of one builder stay in its order. */
	for (i = 0; i < total; i++)
		ev[i].seq = i;
	for (i = 1; i < total; i++) {
		struct event x = ev[i];
		size_t k = i;

		for (; k && by_end(&ev[k - 1], &x) > 0; k--)
			ev[k] = ev[k - 1];
		ev[k] = x;
	}
	for (i = 0; i < total; i++) {
		if (event_end_ns(&ev[i]) > mono_ns + 50 * MS)
			wait_until(e, event_end_ns(&ev[i]));
		assert_int_equal(each_sink(e)->put(each_sink(e), &ev[i]), 0);
	}
	free(ev);
}

#define PLAY(e, ...)                                    \
	play(e, (struct synth *const[]){ __VA_ARGS__ }, \
	     sizeof((struct synth *const[]){ __VA_ARGS__ }) / sizeof(struct synth *))

static const struct synth_plan plan = { .precopy_reads = 4, .stop_copy_reads = 2, .precopy = true };

/* A VM's device, opened @t after the begin; its numbers are @number's. */
static void vm_begins(struct synth *s, uint32_t number, const char *vm, uint64_t t)
{
	char bdf[16];

	synth_init(s);
	s->n = 0; /* the clocks are told once */
	s->now += t;
	s->next_stream = number * 100;
	snprintf(bdf, sizeof(bdf), "0000:%02x:00.0", number);
	synth_device(s, number, bdf, "synth_vfio_pci", 7);
	synth_task(s, 1000000 + number, "qemu-system-x86", vm);
	s->device = number;
	synth_open(s);
}

static void tell_clocks(struct each *e)
{
	struct event ev = { .kind = EV_CLOCK, .t_ns = mono_ns };

	ev.clock.realtime_ns = mono_ns + real_ahead_ns;
	ev.clock.boottime_ns = mono_ns + boot_ahead_ns;
	assert_int_equal(each_sink(e)->put(each_sink(e), &ev), 0);
}

/* The clocks, and the first VM, whose migration may begin. */
static inline void first_vm(struct each *e, struct synth *s, const char *vm)
{
	tell_clocks(e);
	vm_begins(s, 1, vm, 0);
}

/* Until what is over is ended. */
static inline void after_tail(struct each *e)
{
	wait_until(e, mono_ns + EACH_TAIL_NS + SEC);
}

static int enter(void **state)
{
	mono_ns = 1000 * SEC;
	real_ahead_ns = REAL_AHEAD;
	boot_ahead_ns = 0;
	told[0] = '\0';
	return tmpdir_enter(state);
}

/* ---- what is there afterwards ---- */

static char names[200][NAME_MAX + 1];

static inline int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Files in "d", sorted, into names[]. */
static inline size_t files(void)
{
	DIR *dir = opendir("d");
	struct dirent *d;
	size_t n = 0;

	memset(names, 0, sizeof(names));
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			snprintf(names[n++], sizeof(names[0]), "%s", d->d_name);
	if (dir)
		closedir(dir);
	qsort(names, n, sizeof(names[0]), by_name);
	return n;
}

static void is_told(const char *what)
{
	if (!strstr(told, what))
		print_message("told:\n%s", told);
	assert_non_null(strstr(told, what));
}

/* What a recording holds. */
struct held {
	uint64_t events, reads, bytes, marks, losses, opens;
	uint32_t migrations;
	uint32_t outcome;
	uint32_t devices;
	bool joined, ended;
	uint64_t first_seq_ns;
	uint32_t functions;    /* that are timed within calls */
	uint64_t inside_calls; /* of those in its first session */
	uint32_t inside_seen;
};

static inline struct held look(const char *name)
{
	struct model *m = model_create();
	struct event_source *src;
	struct source_health health;
	const struct session_inside *inside;
	struct held h = { 0 };
	uint32_t n_inside;
	char path[PATH_MAX], err[256];
	struct event ev;
	bool dated = false;
	uint64_t last = 0;
	uint32_t i;
	int n;

	snprintf(path, sizeof(path), "d/%s", name);
	assert_int_equal(recording_open(&src, path, err, sizeof(err)), 0);
	while ((n = src->ops->next(src, &ev, -1)) > 0) {
		assert_int_equal(model_feed(m, &ev, NULL), 0);
		dated |= ev.kind == EV_CLOCK;
		if (!event_kind_is_public(ev.kind))
			continue;
		/* When it was is known from the first on. */
		assert_true(dated);
		/* in order of completion */
		assert_true(event_end_ns(&ev) >= last);
		last = event_end_ns(&ev);
		h.events++;
		h.reads += ev.kind == EV_READ;
		h.marks += ev.kind == EV_MARK;
		h.losses += ev.kind == EV_LOSS;
		h.opens += ev.kind == EV_DEVICE_OPEN;
	}
	assert_int_equal(n, -ENODATA);
	src->ops->health(src, &health);
	h.ended = health.ended;
	h.migrations = model_migrations(m);
	for (i = 1; i <= model_sessions(m); i++)
		h.bytes += model_session(m, i)->bytes_total;
	h.devices = model_devices(m);
	h.functions = model_functions(m);
	inside = model_session_inside(m, 1, &n_inside);
	for (i = 0; i < n_inside; i++) {
		h.inside_calls += inside[i].calls;
		h.inside_seen += inside[i].unseen == UNSEEN_NOT;
	}
	if (h.migrations) {
		h.outcome = model_migration(m, 1)->outcome;
		h.joined = model_migration(m, 1)->joined.how != JOINED_NOT;
	}
	src->ops->close(src);
	model_destroy(m);
	return h;
}

static void done(struct each *e, struct synth *a, struct synth *b)
{
	each_close(e);
	synth_free(a);
	if (b)
		synth_free(b);
}

/* One migration of @number that begins now, to its end. */
static void migrate(struct each *e, uint32_t number, uint32_t reads)
{
	struct synth_plan p = plan;
	struct synth s;

	p.precopy_reads = reads;
	tell_clocks(e);
	vm_begins(&s, number, "web-1", mono_ns - 1000 * SEC);
	synth_source(&s, &p);
	synth_close(&s);
	PLAY(e, &s);
	wait_until(e, mono_ns + EACH_TAIL_NS + SEC);
	shelf_wait(e->shelf);
	wait_until(e, mono_ns + SEC);
	synth_free(&s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, enter, tmpdir_leave)

#endif
