/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * evidence.h - recordings, and what plays make, as events; and as text all that model
 * and judge make of those
 */
#ifndef VFIOSCOPE_TESTS_EVIDENCE_H
#define VFIOSCOPE_TESTS_EVIDENCE_H

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/align.h"
#include "recording/merge.h"
#include "recording/old_merge.h"
#include "recording/recording.h"
#include "tests/unit/allocs.h"
#include "tests/unit/golden.h"
#include "tests/unit/values.h"

#define FILES_MAX 8

static struct evidence {
	struct event *ev;
	size_t n, cap;
	struct source_health health;
	struct meta meta;
	uint64_t bound_ns;
	char *clocks; /* how they go together, as text */
} e;

static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* ---- evidence ---- */

static struct event_source *open_one(const char *path)
{
	struct event_source *src;
	char err[512];

	if (recording_open(&src, path, err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(old_merge_open(&src), 0);
	return src;
}

static void put_ties(FILE *f, const struct align *a, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t first, last;

		align_span(a, i, &first, &last);
		fprintf(f,
			"input: clock=%zu begins=%" PRIu64 " lasts=%" PRIu64 " there=%" PRIu64 "\n",
			align_clock_of(a, i), first, last - first, align_time(a, i, first));
	}
	for (i = 0; i < align_n(a); i++) {
		const struct align_tie *t = align_tie(a, i);

		fprintf(f, "clock: kind=%d offset=%" PRId64 " drift=%" PRIu64 "%s streams=%u",
			t->kind, t->offset_ns, t->drift_ns, t->stepped ? " stepped" : "",
			t->streams);
		if (t->has_way[ALIGN_IN])
			fprintf(f, " in=%" PRId64, t->way_ns[ALIGN_IN]);
		if (t->has_way[ALIGN_OUT])
			fprintf(f, " out=%" PRId64, t->way_ns[ALIGN_OUT]);
		fprintf(f, " correction=%" PRId64 "%s\n", t->correction_ns,
			t->contradicts ? " contradicts" : "");
	}
	fprintf(f, "reference=%zu bound=%" PRIu64 "\n", align_reference(a), align_bound_ns(a));
}

static void take_all(struct event_source *src)
{
	const struct meta *meta = src->ops->meta(src);
	size_t i;
	int rc;

	for (;;) {
		if (e.n == e.cap) {
			e.cap = e.cap ? 2 * e.cap : 1024;
			e.ev = realloc(e.ev, e.cap * sizeof(*e.ev));
			assert_non_null(e.ev);
		}
		rc = src->ops->next(src, &e.ev[e.n], -1);
		if (rc != 1)
			break;
		e.n++;
	}
	src->ops->health(src, &e.health);
	for (i = 0; i < meta->n; i++)
		meta_add(&e.meta, meta->entries[i].key, meta->entries[i].value);
	src->ops->close(src);
}

static void evidence_of(char *const *path, size_t n)
{
	struct event_source *src[FILES_MAX], *all;
	struct merge_opts how = { .to_clock = align_time, .cut_is_loss = true };
	struct align *a;
	size_t i, len;
	FILE *f;

	meta_clear(&e.meta);
	free(e.clocks);
	e.clocks = NULL;
	e.n = 0;
	e.bound_ns = 0;
	if (n == 1) {
		take_all(open_one(path[0]));
		return;
	}
	a = align_create();
	assert_non_null(a);
	assert_true(n <= FILES_MAX);
	for (i = 0; i < n; i++) {
		src[i] = open_one(path[i]);
		assert_int_equal(align_scan(a, src[i]), 0);
		src[i]->ops->close(src[i]);
		src[i] = open_one(path[i]);
	}
	assert_int_equal(align_clocks(a), 0);
	how.arg = a;
	while (align_clock_of(a, how.clock) != align_reference(a))
		how.clock++;
	assert_int_equal(merge_open(&all, src, n, &how), 0);
	take_all(all);
	e.bound_ns = align_bound_ns(a);
	f = open_memstream(&e.clocks, &len);
	assert_non_null(f);
	put_ties(f, a, n);
	fclose(f);
	align_destroy(a);
}

/* ---- what is made of it ---- */

enum way {
	AT_ONCE,
	WITH_LOOKS, /* at every moment */
	AS_COPY,    /* taken in the midst */
};

static inline char *values(size_t n_events, enum way way)
{
	struct judge_evidence about = { .health = &e.health, .meta = &e.meta };
	long before = allocs;
	struct model *m = model_create(), *copy;
	struct judge *j, *other;
	struct judge_opts opts;
	struct event_context ctx;
	char *text = NULL;
	size_t len, i;
	FILE *f;

	judge_opts_init(&opts);
	opts.max_downtime_ns = 300000000;
	opts.max_stop_window_ns = 200000000;
	opts.max_arc_ns = opts.max_read_ns = opts.max_write_ns = 10000000;
	opts.max_dirty_sync_ns = 5000000;
	j = judge_create(&opts);
	assert_true(m && j);
	model_set_clock_bound(m, e.bound_ns);
	for (i = 0; i < n_events; i++) {
		assert_int_equal(model_feed(m, &e.ev[i], &ctx), 0);
		assert_int_equal(judge_feed(j, m, &e.ev[i], &ctx), 0);
		if (way == WITH_LOOKS) {
			model_migrations(m);
			if (ctx.session)
				model_session(m, ctx.session);
			if (ctx.side)
				model_side(m, ctx.side);
		}
		if (way == AS_COPY && i == n_events / 2) {
			copy = model_clone(m);
			other = judge_clone(j);
			assert_true(copy && other);
			model_destroy(m);
			judge_destroy(j);
			m = copy;
			j = other;
		}
	}
	if (n_events == e.n)
		assert_int_equal(judge_finish(j, m, &about), 0);
	if (way == WITH_LOOKS)
		model_look_anew(m);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	put_values_of(f, m, j, n_events < e.n);
	fclose(f);
	judge_destroy(j);
	model_destroy(m);
	/* But for the text all was given back. */
	if (before)
		assert_int_equal(allocs, before + 1);
	return text;
}

/* ---- plays ---- */

static void forget(const char *dir)
{
	char pattern[64];
	glob_t g;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/*", dir);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (i = 0; i < g.gl_pathc; i++)
		unlink(g.gl_pathv[i]);
	globfree(&g);
	rmdir(dir);
}

/* The recordings NAME-HOST.vfs of a play; a host's name has no dash. */
static void evidence_of_play(const char *dir, const char *name)
{
	char pattern[600], *path[FILES_MAX];
	size_t i, n = 0;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/%s-*.vfs", dir, name);
	if (glob(pattern, 0, NULL, &g))
		fail_msg("%s: no recordings", name);
	for (i = 0; i < g.gl_pathc; i++) {
		if (strchr(base(g.gl_pathv[i]) + strlen(name) + 1, '-'))
			continue;
		assert_true(n < FILES_MAX);
		path[n++] = g.gl_pathv[i];
	}
	evidence_of(path, n);
	globfree(&g);
}

/* Each play of a file, all hosts of one together: @see is told its name. */
static void each_play(const char *name, void (*see)(const char *play))
{
	char exe[256], file[256], line[512];
	char dir[] = "/tmp/values-XXXXXX";
	ssize_t len;
	int status;
	FILE *in;
	pid_t pid;

	len = readlink("/proc/self/exe", exe, sizeof(exe) - 32);
	assert_true(len > 0);
	exe[len] = '\0';
	strcpy(strrchr(exe, '/'), "/../play/play");
	snprintf(file, sizeof(file), "tests/play/%s.play", name);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(
		posix_spawn(&pid, exe, NULL, NULL, (char *[]){ exe, file, dir, NULL }, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	in = fopen(file, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "== ", 3))
			continue;
		line[strcspn(line, "\n")] = '\0';
		evidence_of_play(dir, line + 3);
		see(line + 3);
	}
	fclose(in);
	forget(dir);
}

static int forget_evidence(void **state)
{
	(void)state;
	meta_clear(&e.meta);
	free(e.clocks);
	free(e.ev);
	return 0;
}

#endif
